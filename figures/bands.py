"""Fits in pictures: a line and its band in one colour, the truth dashed, counts as people write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.plotting import COLOURS, INK, MUTED, SHADE, band, theory

__all__ = ["bar", "count", "fitted", "shade_beyond", "ticks", "true"]


def fitted(axes: Axes, x: Any, y: Any, colour: str, lower: Any = None, upper: Any = None, **options: Any) -> None:
    """A fitted law: a line, and its interval shaded."""
    if lower is not None:
        band(axes, x, lower, upper, colour)
    base: dict[str, Any] = {"color": COLOURS[colour], "linewidth": 1.1, "zorder": 2.5}
    axes.plot(x, y, **base | options)


def true(axes: Axes, x: Any, y: Any, **options: Any) -> None:
    """What the data were drawn from: a thin dashed black line."""
    theory(axes, x, y, **{"dashes": (3.5, 2), "color": INK, "zorder": 2.8} | options)


def bar(axes: Axes, x: Sequence[float], y: Sequence[float], colour: str, **options: Any) -> None:
    """An interval, from (x0, y0) to (x1, y1)."""
    base: dict[str, Any] = {"color": COLOURS[colour], "linewidth": 1.2, "zorder": 2.4, "solid_capstyle": "butt"}
    axes.plot(x, y, **base | options)


def shade_beyond(axes: Axes, start: float, end: float) -> None:
    """Grey from ``start`` to ``end``: no data there."""
    axes.axvspan(start, end, color=SHADE, linewidth=0, zorder=0)
    axes.axvline(start, color=MUTED, linewidth=0.7, dashes=(1, 2), zorder=1)


def count(value: float, place: Any = None) -> str:
    """50M, 1.2B, 3T."""
    for scale, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * scale:
            return f"{value / scale:.3g}{letter}"
    return f"{value:.3g}"


def ticks(axis: Any, places: Sequence[float], form: Any = None) -> None:
    """Ticks at ``places`` only, written plainly or by ``form``."""
    axis.set_major_locator(FixedLocator(places))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(form or (lambda value, place: f"{value:g}".replace("-", "\u2212")))
