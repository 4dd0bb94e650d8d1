"""Transformations found by computation: enclosures of T for three labels."""
