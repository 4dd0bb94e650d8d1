"""Settings shared by all tests: no display, reproducible draws, no deadline on a busy machine."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
settings.register_profile("hconsist", deadline=None, derandomize=True)
settings.load_profile("hconsist")
