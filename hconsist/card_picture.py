"""The picture of a verdict card: T with what is proved below it, and Gamma, from small excesses on."""

from __future__ import annotations

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hconsist.cards import Card
from hconsist.domains import UnsupportedError
from hconsist.plotting import MUTED, SHADE, label, published, style, theory
from hconsist.results import Side

__all__ = ["picture"]

_POINTS = 201


def picture(card: Card) -> Figure:
    """Two panels; UnsupportedError for a card without a curve."""
    main = card.main
    if main is None:
        raise UnsupportedError("--plot", f"asked for a loss with a transformation ({card.status})", card.loss.name)
    t = np.linspace(0, 1, _POINTS)
    curve = main.curve(t)
    excess = np.geomspace(1e-5, 1.2, _POINTS) * curve.value[-1]
    with style():
        figure = Figure(figsize=(7.4, 3.6))
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2)
        figure.suptitle(f"{card.loss.name}, n = {card.n_classes}: {_what(main.method, main.side)}", x=0.01, ha="left")
        left.fill_between(t, 0, curve.lower, color=SHADE, linewidth=0)
        theory(left, t, curve.value)
        theory(right, excess, main.inverse(excess))
        other = card.curves.get("published")
        if other is not None and other is not main:
            published(left, t, other(t))
            published(right, excess, other.inverse(excess))
            label(left, t[-1], float(other(1.0)), "published", MUTED, ha="right", va="bottom", offset=(0, 3))
        left.set(xlim=(0, 1), ylim=(0, None), xlabel="zero-one regret $t$", title="$T(t)$, grey: proved from below")
        right.set(xscale="log", yscale="log", xlabel="surrogate excess", title=r"$\Gamma$: zero-one error left")
        right.set_xlim(excess[0], excess[-1])
    return figure


def _what(method: str, side: Side) -> str:
    return "sharp" if side is Side.EXACT else f"{method}, {side.value}"
