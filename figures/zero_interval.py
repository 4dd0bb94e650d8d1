"""Scores in a box and three labels or more: the transformation of cross-entropy vanishes on an interval."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.figures.box_search import regret
from hconsist.plotting import COLOURS, MUTED, key, label, label_along, marks, published, theory
from hconsist.transforms import transform

TITLE = "Bounded scores: from three labels on, small mistakes cost the surrogate nothing"
CAPTION = (
    "T for cross-entropy with scores in [-lam, lam], against the zero-one regret t. Black: Theorem 11 (derived here). "
    "Marks: direct minimisation over laws and scores, sharing no code with the curves. Coloured bars below zero: "
    "[0, t0], where T = 0, so that a surrogate regret of 0 leaves a zero-one regret of t0 possible; none for two "
    "labels. Dashed grey: scores without a limit, where T > 0 for every t > 0 and every n."
)

RANGES = (0.5, 1.0, 2.0)
LABELS = (2, 3, 10)
HUES = ("blue", "green", "vermillion")
MARKERS = ("o", "s", "^")
BARS, STEP = -0.025, 0.02
"""Where the bars lie below the axis."""


def data(
    ranges: tuple[float, ...] = RANGES, n: tuple[int, ...] = LABELS, points: int = 401, marked: int = 13
) -> dict[str, np.ndarray]:
    """Curves, ends of the zero intervals and marks.

    ``lam (k,)``, ``n (m,)``, ``t (points,)``, ``complete (points,)``; ``T (m, k, points)``, ``t0 (m, k)``; marks
    ``t_marks (marked,)`` and ``found (m, k, marked)``.
    """
    t, at = np.linspace(0, 1, points), np.linspace(0.04, 1, marked)
    table = {"lam": np.asarray(ranges), "n": np.asarray(n), "t": t, "t_marks": at}
    table["complete"] = transform("logistic", n_classes=3)(t)
    curves = [[transform("logistic", n_classes=k, hypotheses=f"bounded:lam={lam}") for lam in ranges] for k in n]
    table["T"] = np.array([[curve(t) for curve in row] for row in curves])
    table["t0"] = np.array([[curve.zero_interval.value for curve in row] for row in curves])
    table["found"] = np.array([[regret(at, k, 1.0, lam, points=7) for lam in ranges] for k in n])
    return table


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """One panel a number of labels."""
    figure.set_size_inches(7.4, 3.6)
    panels = figure.subplots(1, len(table["n"]), sharex=True, sharey=True)
    for row, axes in enumerate(panels):
        _curves(axes, table, row)
        axes.set_xlabel("$t$, zero-one regret")
    panels[0].set_ylabel("$T(t)$, surrogate regret (nats)")
    entries = [(rf"$\Lambda={lam:g}$", hue, marker) for lam, hue, marker in zip(table["lam"], HUES, MARKERS)]
    key(panels[0], 0.08, 0.92, entries)
    figure.draw_without_rendering()
    label_along(panels[-1], table["t"], table["complete"], 0.62, "scores without a limit", MUTED, offset=(-3, 4))
    widest = int(np.argmax(table["t0"].max(axis=1)))
    label(panels[widest], table["t0"][widest].max(), BARS - STEP, "$[0, t_0]$: $T=0$")


def _curves(axes: Axes, table: dict[str, np.ndarray], row: int) -> None:
    published(axes, table["t"], table["complete"])
    for column, (hue, marker) in enumerate(zip(HUES, MARKERS)):
        theory(axes, table["t"], table["T"][row, column])
        marks(axes, table["t_marks"], table["found"][row, column], hue, marker)
        end, height = table["t0"][row, column], BARS - STEP * column
        if end > 0:
            axes.plot([0, end], [height, height], color=COLOURS[hue], linewidth=3, solid_capstyle="butt", zorder=2.5)
    axes.set(xlim=(0, 1), ylim=(BARS - 3 * STEP, 0.72), title=f"$n={table['n'][row]}$")
