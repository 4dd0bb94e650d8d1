"""The package starts at once: times are the least of five runs, so that other work on the machine counts little."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).parent / "hconsist"
HEAVY = ("sympy", "matplotlib.pyplot", "scipy.optimize", "flint", "mpmath")


def python(code):
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout


def test_import_takes_less_than_three_tenths_of_a_second():
    code = "import time; start = time.perf_counter(); import hconsist; print(time.perf_counter() - start)"
    assert min(float(python(code)) for _ in range(5)) < 0.3


def test_help_takes_less_than_half_a_second():
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        found = subprocess.run([COMMAND, "--help"], capture_output=True, text=True)
        seconds.append(time.perf_counter() - start)
        assert found.returncode == 0 and "Usage" in found.stdout
    assert min(seconds) < 0.5


@pytest.mark.parametrize(
    "module", ["hconsist", *(f"hconsist.{name}" for name in ("losses", "transforms", "bounds", "cli"))]
)
def test_heavy_modules_wait_until_they_are_needed(module):
    loaded = python(f"import sys, {module}; print(*sys.modules)").split()
    assert not set(HEAVY) & set(loaded)
