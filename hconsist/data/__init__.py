"""Bundled scores and labels; README.md beside this file says where each comes from."""
