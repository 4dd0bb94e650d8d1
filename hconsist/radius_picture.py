"""Zeros of the softmax partition function of one row in the complex plane, with what is free of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from hconsist.domains import InputError
from hconsist.plotting import MUTED, SHADE, label, marks, style
from hconsist.singularities import radius, zeros

__all__ = ["draw_zeros", "picture"]

_COUNT = 3
"""Zeros above the real axis that are drawn."""


def draw_zeros(axes: Axes, logits: Any, slopes: Any, count: int = _COUNT) -> None:
    """The first zeros, the certified disc, and the strip where all terms lie in one half-plane and cannot cancel."""
    found = radius(logits, slopes)
    nearest = float(found.radius[0])
    if not np.isfinite(nearest):
        raise InputError("row", f"one whose radius is finite and certified ({found.status[0]})", nearest)
    try:
        places = np.array([zero.x for zero in zeros(logits, slopes, count)])
    except ArithmeticError:  # further out the zeros could not be told apart
        places = found.zero
    span = float(np.ptp(np.asarray(slopes)[np.asarray(logits) > -np.inf]))
    reach = 1.15 * float(np.max(np.abs(places)))
    axes.axhspan(-np.pi / span, np.pi / span, color=SHADE, linewidth=0)
    axes.add_patch(Circle((0, 0), nearest, fill=False, linewidth=0.9))
    axes.axhline(0, color=MUTED, linewidth=0.6)
    marks(axes, places.real, places.imag, "vermillion")
    marks(axes, places.real, -places.imag, "vermillion")
    label(axes, reach, np.pi / span, r"$|\mathrm{Im}\,t| < \pi/\Delta$: no zero", MUTED, ha="right", va="bottom",
          offset=(-3, 2))  # fmt: skip
    label(axes, nearest * 0.72, -nearest * 0.72, f"radius {nearest:.4g}", va="top", offset=(3, -2))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xlabel="Re $t$", ylabel="Im $t$")


def picture(logits: Any, slopes: Any, row: int) -> Figure:
    """One row as a figure of its own."""
    with style():
        figure = Figure(figsize=(4.6, 4.6))
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        figure.suptitle(f"Zeros of the partition function, row {row}", x=0.01, ha="left")
        draw_zeros(axes, logits, slopes)
    return figure
