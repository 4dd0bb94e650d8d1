"""Numbers as text with no more digits than the data carry."""

from __future__ import annotations

import math

from hconsist.results import Interval

__all__ = ["carried", "rounded", "with_interval"]


def carried(value: float, lower: float, upper: float) -> int:
    """Significant digits of ``value`` such that the last one is about a tenth of the interval's half-width."""
    width = upper - lower
    if not (math.isfinite(width) and width > 0 and math.isfinite(value) and value != 0):
        return 3
    return max(1, min(10, math.floor(math.log10(abs(value))) - math.floor(math.log10(width / 20)) + 1))


def with_interval(value: float, lower: float, upper: float) -> str:
    """``0.347 [0.317, 0.373]``."""
    if value == 0 or not math.isfinite(value):
        return f"{value:.3g} [{lower:.3g}, {upper:.3g}]"
    last = _last(value, lower, upper)
    return f"{_rounded(value, last)} [{_rounded(lower, last)}, {_rounded(upper, last)}]"


def rounded(number: float, like: Interval) -> str:
    """``number`` to the last digit that the interval ``like`` lets its own value carry."""
    if like.value == 0 or not math.isfinite(like.value):
        return f"{number:.3g}"
    return _rounded(number, _last(like.value, like.lower, like.upper))


def _last(value: float, lower: float, upper: float) -> int:
    """The decimal place of the last digit carried."""
    return math.floor(math.log10(abs(value))) - carried(value, lower, upper) + 1


def _rounded(value: float, last: int) -> str:
    if not math.isfinite(value):
        return "inf" if value > 0 else "-inf"
    size = math.floor(math.log10(abs(value))) if value else last
    if size - last > 4:  # an end far larger than the value: its own leading digits say enough
        return f"{value:.2g}"
    if size < last:  # and one far smaller
        return f"{value:.1g}"
    if last >= -6 and size < 5:
        return f"{round(value, -last):.{max(0, -last)}f}"
    return f"{value:.{max(0, size - last)}e}"
