"""The transformations of all families of losses, on an axis on which quadratic growth is a straight line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.plotting import COLOURS, INK, MUTED, key, label, label_along, marks, theory
from hconsist.transforms import transform

TITLE = "What a mistake costs: straight is quadratic, steep at zero is linear, flat is not calibrated"
CAPTION = (
    "The transformation T of the losses of the package (its convex hull, complete score sets) against the zero-one "
    "regret t, on a square-root axis: c t^2 is a straight line of slope sqrt c, c t leaves zero upright, and a loss "
    "that is not calibrated stays at zero up to some t0 (bars below the axis, in the colour of n). Black: two labels, "
    "by a theorem where one is known. Marks: three and ten labels, the least regrets that a search over laws and "
    "scores finds, hence upper estimates; where they sit on the line, more labels change nothing. Sum-logistic has the "
    "T of cross-entropy. Class weights are 1, 3 for two labels and 1, 1, 3 for three; ten labels are beyond the search "
    "which that loss needs."
)

LABELS = (2, 3, 10)
HUES, MARKERS = {3: "green", 10: "vermillion"}, {3: "s", 10: "^"}
TOP, FLOOR, SPACE = 2.2, -0.04, 0.05
"""The highest T shown; below T = 0 the lower end of the axis, and the distance of the bars."""
_HALO = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.8}
TICKS = (0, 0.01, 0.1, 0.25, 0.5, 1, 2)


@dataclass(frozen=True)
class Entry:
    """A loss: its name in the picture and in the package, and where the name stands: at t, points above its line.

    ``losses`` has the names for 2, 3, ... labels where the parameters fix the number of labels; none for the others.
    """

    name: str
    loss: str = ""
    at: float = 0.5
    above: float = 2
    losses: tuple[tuple[int, str], ...] = ()

    def loss_for(self, n: int) -> str:
        """The loss for n labels, empty if there is none."""
        return dict(self.losses).get(n, "") if self.losses else self.loss


PANELS = (
    ("comp-sum: the power family", (
        Entry(r"mean absolute error, $\tau=2$", "mae", 0.42),
        Entry(r"cross-entropy, $\tau=1$", "logistic", 0.55, -3),
    )),
    (r"comp-sum: other $\psi$", (
        Entry(r"poly-1, $\epsilon=2$", "poly-1:eps=2", 0.6),
        Entry("Taylor, order 2", "taylor:order=2", 0.72, -3),
        Entry(r"focal, $\gamma=2$", "focal:gamma=2", 0.6, -3),
    )),
    ("sums over pairs", (
        Entry("squared hinge", "sum-squared-hinge", 0.8, -14),
        Entry("hinge (Weston, Watkins)", "sum-hinge", 0.4),
    )),
    ("constrained: scores of sum 0", (
        Entry("exponential", "constrained-exponential", 0.6),
        Entry("hinge (Lee, Lin, Wahba)", "constrained-hinge", 0.62, -3),
    )),
    ("one versus all", (
        Entry("logistic", "ova-logistic", 0.85, -3),
        Entry("hinge", "ova-hinge", 0.3),
    )),
    ("maximum over the other labels", (
        Entry("logistic", "max-logistic", 0.38),
        Entry("hinge (Crammer, Singer)", "max-hinge", 0.45),
    )),
    ("from entropies (Fenchel-Young)", (
        Entry(r"entmax, $\alpha=1.5$", "entmax:alpha=1.5", 0.4),
        Entry(r"entmax, $\alpha=3$", "entmax:alpha=3", 0.8, -11),
    )),
    ("cross-entropy, changed", (
        Entry("squentropy", "squentropy", 0.36, -3),
        Entry(r"label smoothing, $\epsilon=0.3$", "label-smoothing:eps=0.3", 0.4),
        Entry("class weights", at=0.72, above=-3,
              losses=((2, "class-weights:w=1;3"), (3, "class-weights:w=1;1;3"))),
    )),
)  # fmt: skip


def data(n: tuple[int, ...] = LABELS, points: int = 101, marked: int = 49) -> dict[str, np.ndarray]:
    """``t (points,)``, ``t_marks (marked,)``, ``n (m,)``, n[0] = 2, and for loss i of panel k:

    ``line_k_i (points,)`` for two labels, ``marks_k_i (m - 1, marked)`` for the others, and ``t0_k_i (m,)``, the end of
    the interval on which T = 0 (for two labels among ``t``); NaN: no such loss.
    """
    t, at = np.linspace(0, 1, points), np.linspace(0.04, 1, marked)
    table = {"t": t, "t_marks": at, "n": np.asarray(n)}
    for k, (_, entries) in enumerate(PANELS):
        for i, entry in enumerate(entries):
            line = transform(entry.loss_for(2), n_classes=2)(t)
            names = [(m, entry.loss_for(m)) for m in n if m > 2]
            curves = [transform(x, n_classes=m, method="optimize") if x else None for m, x in names]
            table[f"line_{k}_{i}"] = line
            table[f"marks_{k}_{i}"] = np.array([c(at) if c else np.full(at.shape, np.nan) for c in curves])
            ends = [c.zero_interval.value if c else np.nan for c in curves]
            table[f"t0_{k}_{i}"] = np.array([t[np.flatnonzero(line <= 0)[-1]], *ends])
    return table


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """How to read it, and one panel a family."""
    figure.set_size_inches(8.4, 8.6)
    panels = figure.subplots(3, 3, sharex=True, sharey=True).ravel()
    for axes in panels:
        square_root_axis(axes, FLOOR)
        axes.axhline(0, color=MUTED, linewidth=0.5, zorder=1)
    for axes in panels[6:]:
        axes.set_xlabel("$t$, zero-one regret")
    for axes in panels[::3]:
        axes.set_ylabel("$T(t)$, surrogate regret")
    for k, (title, entries) in enumerate(PANELS):
        panels[k + 1].set_title(title)
        for i in range(len(entries)):
            _curve(panels[k + 1], table, k, i)
        _bars(panels[k + 1], table, k)
    figure.draw_without_rendering()
    _guide(panels[0], table)
    for k, (_, entries) in enumerate(PANELS):
        for i, entry in enumerate(entries):
            side, line = "bottom" if entry.above > 0 else "top", table[f"line_{k}_{i}"]
            label_along(panels[k + 1], table["t"], line, entry.at, entry.name, fontsize=8, bbox=_HALO, va=side,
                        offset=(0, entry.above))  # fmt: skip


def square_root_axis(axes: Axes, floor: float = 0.0, top: float = TOP, ticks: tuple[float, ...] = TICKS) -> None:
    """T on a square-root axis, t from 0 to 1."""
    axes.set_yscale("function", functions=(lambda y: np.sign(y) * np.sqrt(np.abs(y)), lambda y: np.sign(y) * y**2))
    axes.set(xlim=(0, 1), ylim=(floor, top))
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, place: f"{value:g}")


def _curve(axes: Axes, table: dict[str, np.ndarray], k: int, i: int) -> None:
    theory(axes, table["t"], table[f"line_{k}_{i}"])
    others = table["n"][1:]
    for row, n in enumerate(others):
        own = slice(row, None, len(others))  # staggered, since curves coincide
        t, value = table["t_marks"][own], table[f"marks_{k}_{i}"][row, own]
        shown = value <= TOP
        if np.any(shown):
            marks(axes, t[shown], value[shown], HUES[n], MARKERS[n], markersize=2.6)


def _bars(axes: Axes, table: dict[str, np.ndarray], k: int) -> None:
    """[0, t0] below T = 0, for each number of labels the longest one of the panel."""
    found = np.array([table[name] for name in table if name.startswith(f"t0_{k}_")])
    longest = np.max(np.nan_to_num(found), axis=0)
    for row, (n, end) in enumerate(zip(table["n"], longest)):
        if end > 0:
            height = -((SPACE * (row + 1)) ** 2)  # on the square-root axis at equal distances
            colour = COLOURS[HUES[n]] if n in HUES else INK
            axes.plot([0, end], [height, height], color=colour, linewidth=2.4, solid_capstyle="butt", zorder=2.5)


def _guide(axes: Axes, table: dict[str, np.ndarray]) -> None:
    t, end = table["t"], 0.4
    axes.set_title("how to read this", color=MUTED)
    for curve, at, text, side, shift in (
        (t, 0.35, "linear: $T=t$", "bottom", 2),
        (t**2 / 2, 0.75, "quadratic: $T=t^2/2$", "top", -3),
        (np.maximum(t - end, 0) ** 2 / 2, 0.72, "not calibrated", "top", -3),
    ):
        theory(axes, t, curve)
        label_along(axes, t, curve, at, text, fontsize=8, va=side, offset=(0, shift))
    axes.plot([0, end], [-(SPACE**2)] * 2, color=INK, linewidth=2.4, solid_capstyle="butt", zorder=2.5)
    label(axes, end, -(SPACE**2), "$[0, t_0]$: $T=0$", offset=(4, -2), fontsize=8)
    theory(axes, [0.075, 0.115], [0.93, 0.93], transform=axes.transAxes)
    label(axes, 0.095, 0.93, "$n=2$", xycoords="axes fraction", offset=(7, 0))
    key(axes, 0.095, 0.85, [(f"$n={n}$", HUES[n], MARKERS[n]) for n in table["n"][1:]], step=0.08)
