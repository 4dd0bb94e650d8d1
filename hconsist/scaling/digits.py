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
    return (
        f"{_like(value, value, lower, upper)} [{', '.join(_like(end, value, lower, upper) for end in (lower, upper))}]"
    )


def rounded(number: float, like: Interval) -> str:
    """``number`` to the last digit that the interval ``like`` lets its own value carry."""
    return _like(number, like.value, like.lower, like.upper)


def _like(number: float, value: float, lower: float, upper: float) -> str:
    """``number`` with the last decimal place that ``value`` carries; a number of other size by its leading digits."""
    if not math.isfinite(number):
        return str(number)
    if value == 0 or not math.isfinite(value):
        return f"{number:.3g}"
    size = _size(value)
    last = size - carried(value, lower, upper) + 1
    own = _size(number) if number else last
    if own > size + 1:
        return f"{number:.2g}"
    if own < last:
        return f"{number:.1g}"
    if last >= -6 and own < 5:
        return f"{round(number, -last):.{max(0, -last)}f}"
    return f"{number:.{own - last}e}"


def _size(number: float) -> int:
    return math.floor(math.log10(abs(number)))
