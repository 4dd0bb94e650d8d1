"""The quadratic constants at zero, T(t) = c t^2 + o(t^2), of all losses of the package's scope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.figures.score_search import (
    Risk,
    constant,
    constrained,
    entmax,
    focal,
    one_versus_all,
    poly_one,
    power,
    smoothed,
    sums,
)
from hconsist.plotting import INK, MUTED, SHADE, key, label, marks

TITLE = r"How much a small mistake costs: the constant $c$ in $T(t)\approx c\,t^2$"
CAPTION = (
    "The surrogate regret that a small zero-one regret t costs at least, divided by t^2, in the limit t -> 0, for "
    "complete score sets. Black ticks: the constants derived here, in the formula at the right. Marks: the least "
    "regret found at t = 1/200 by a direct search over laws and scores that knows each loss by its risk alone, for 2, "
    "3 and 10 labels. Where the three marks stand on one tick the constant does not depend on the number of labels. "
    "Vertical lines: T(t) >= c t^2 for all t and every n, with c = (e log 2)/4 on 0 <= tau <= 2 and 1/2 on 1 <= tau <= "
    "2. The losses differ in scale, so that a larger constant alone does not make a better loss."
)

LABELS = (2, 3, 10)
HUES, MARKERS = ("blue", "green", "vermillion"), ("o", "s", "^")
STAGGER = (-0.22, 0.0, 0.22)
LOG2, WORST = np.log(2), 2 - 1 / np.log(2)
FLOORS = (np.e * LOG2 / 4, 0.5)


@dataclass(frozen=True)
class Rung:
    """A loss: its name, the constant as a function of n and in print, and its risk for the search."""

    name: str
    formula: str
    theory: Callable[[int], float]
    risk: Risk
    level: bool = False


def _power(name: str, tau: float) -> Rung:
    return Rung(name, r"$1/(2^\tau(2-\tau))$", lambda n: 1 / (2**tau * (2 - tau)), power(tau))


def _focal(gamma: float) -> Rung:
    value = 2 ** (-gamma - 1) * (1 + gamma * LOG2) ** 2 / (1 + 2 * gamma + gamma * (gamma - 1) * LOG2)
    return Rung(
        rf"focal, $\gamma={gamma:g}$", r"$\psi^\prime(1/2)^2/2\psi^{\prime\prime}(1/2)$", lambda n: value, focal(gamma)
    )


def _poly(eps: float) -> Rung:
    return Rung(rf"poly-1, $\epsilon={eps:g}$", r"$(2+\epsilon)^2/8$", lambda n: (2 + eps) ** 2 / 8, poly_one(eps))


GROUPS = (
    ("comp-sum", (
        _power(r"sum-exponential, $\tau=0$", 0.0), _power(rf"$\tau=2-1/\log 2={WORST:.3f}$", WORST),
        _power(r"cross-entropy, $\tau=1$", 1.0), _power(r"GCE, $\tau=1.5$", 1.5), _power(r"GCE, $\tau=1.75$", 1.75),
    )),
    (r"other $\psi$", (*map(_poly, (1.0, 2.0)), *map(_focal, (0.5, 1.0, 2.0, 5.0)))),
    ("from entropies", (
        Rung("sparsemax", "$1/4$", lambda n: 0.25, entmax(2.0)),
        Rung(r"entmax, $\alpha=1.5$", r"$2^{2-\alpha}/4$", lambda n: 2**0.5 / 4, entmax(1.5)),
        Rung(r"entmax, $\alpha=3$", r"$n^{2-\alpha}/4$", lambda n: 1 / (4 * n), entmax(3.0)),
    )),
    ("sums of binary losses", (
        Rung("one-versus-all logistic", "$1$", lambda n: 1.0, one_versus_all(), level=True),
        Rung("sum-logistic", "$1/2$", lambda n: 0.5, sums(lambda u: np.logaddexp(0, -u))),
        Rung("sum squared hinge", "$4/(n+2)$", lambda n: 4 / (n + 2), sums(lambda u: np.maximum(0, 1 - u) ** 2)),
    )),
    ("smoothed and constrained", (
        Rung(r"label smoothing, $\epsilon=0.1$", r"$(1-\epsilon)^2/(2M)$",
             lambda n: 0.9**2 / (2 * (1 - (n - 2) * 0.1 / n)), smoothed(0.1)),
        Rung("constrained exponential", "$n/(4(n-1))$", lambda n: n / (4 * (n - 1)), constrained(lambda u: np.exp(-u))),
        Rung("constrained squared hinge", "$n/(2(n-1))$", lambda n: n / (2 * (n - 1)),
             constrained(lambda u: np.maximum(0, 1 - u) ** 2)),
    )),
)  # fmt: skip


def data(n: tuple[int, ...] = LABELS, t: float = 0.005) -> dict[str, np.ndarray]:
    """``name, formula, group (r,)`` text; ``n (m,)``; ``theory``, ``found`` of shape ``(r, m)``."""
    rungs = [(group, rung) for group, members in GROUPS for rung in members]
    return {
        "group": np.array([group for group, _ in rungs]),
        "name": np.array([rung.name for _, rung in rungs]),
        "formula": np.array([rung.formula for _, rung in rungs]),
        "n": np.asarray(n),
        "theory": np.array([[rung.theory(k) for k in n] for _, rung in rungs]),
        "found": np.array([[constant(rung.risk, k, level=rung.level, t=t) for k in n] for _, rung in rungs]),
    }


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """One row a loss, groups apart, on a logarithmic axis."""
    figure.set_size_inches(7.4, 7.4)
    axes = figure.subplots()
    starts = np.append(True, table["group"][1:] != table["group"][:-1])
    height, shown = np.arange(starts.size) + 1.2 * np.cumsum(starts), ""
    for y, name, formula, theory, found in zip(
        height, table["name"], table["formula"], table["theory"], table["found"]
    ):
        _rung(axes, y, theory, found)
        label(axes, 0, y, name, xycoords=("axes fraction", "data"), offset=(-6, 0), ha="right")
        if formula != shown:
            label(axes, 1, y, formula, MUTED, xycoords=("axes fraction", "data"), offset=(8, 0))
        shown = formula
    for y, group in zip(height[starts], table["group"][starts]):
        label(axes, 0, y - 0.95, group, MUTED, xycoords=("axes fraction", "data"), offset=(-6, 0), ha="right",
              style="italic")  # fmt: skip
    _floors(axes, height[table["group"] == table["group"][0]])
    axes.set(xscale="log", xlim=(0.01, 2.6), ylim=(height[-1] + 0.7, 0.2), xlabel="$c$, surrogate regret over $t^2$")
    axes.xaxis.set_major_locator(FixedLocator([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, place: f"{value:g}")
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    key(axes, 0.06, 0.93, [(f"$n={n}$", c, m) for n, c, m in zip(table["n"], HUES, MARKERS)], step=0.032)


def _rung(axes: Axes, y: float, theory: np.ndarray, found: np.ndarray) -> None:
    axes.axhline(y, color=SHADE, linewidth=0.9, zorder=0)
    for shift, hue, marker, line, mark in zip(STAGGER, HUES, MARKERS, theory, found):
        axes.plot([line, line], [y - 0.42, y + 0.42], color=INK, linewidth=0.9, zorder=2)
        marks(axes, mark, y + shift, hue, marker, markersize=3.4)


def _floors(axes: Axes, rows: np.ndarray) -> None:
    """The floors of the comp-sum family, over the rows they hold for."""
    texts = (r"$(e\,\log 2)/4$, a floor for $0\leq\tau\leq 2$", r"$1/2$, a floor for $1\leq\tau\leq 2$")
    for floor, top, text, side in zip(FLOORS, rows[[0, 2]], texts, (1, -1)):
        axes.plot([floor, floor], [top - 0.5, rows[-1] + 0.9], color=MUTED, linewidth=0.9, dashes=(4, 2.2), zorder=1)
        label(axes, floor, rows[-1] + 0.8, text, MUTED, ha="right" if side > 0 else "left", offset=(-4 * side, 0))
