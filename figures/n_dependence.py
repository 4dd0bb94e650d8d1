"""Two losses whose transformation depends on the number of labels, one way and the other: squentropy and 3-entmax."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from scipy.optimize import brentq

from hconsist.engine import optimize
from hconsist.figures.gallery import square_root_axis
from hconsist.figures.score_search import constant, entmax
from hconsist.plotting import INK, MUTED, key, label, label_along, marks, theory

TITLE = "More labels make small mistakes dearer for squentropy, up to 14 labels, and ever cheaper for 3-entmax"
CAPTION = (
    "Left and middle: T on a square-root axis, on which c t^2 is a straight line, for 2, 3, 4 and 5 labels. Black: the "
    "least regret that the search of the package finds; marks: a direct search over laws and scores that knows a loss "
    "by its risk alone. Right: the constant c in T(t) = c t^2 + o(t^2). Lines: a second-order expansion of the regret "
    "at laws near those of k equally likely labels (derived here; that no other laws do better is searched for, not "
    "proved), for squentropy n/12 with k = n, and the curve of k = 2, which is the lower one from 14 labels on and "
    "falls to the 1/2 of cross-entropy; for entmax 1/(4n). Marks: the direct search at t = 1/200, or 1/(5n) if that is "
    "less. Rings: values found earlier by another program, 1/6 and 1/4; .125, .0833 and .05."
)

LOSSES = (("squentropy", "squentropy"), ("entmax:alpha=3", r"entmax, $\alpha=3$"))
LABELS, MANY = (2, 3, 4, 5), (2, 3, 4, 5, 7, 10, 14, 20, 50, 100, 300)
HUES = {2: "blue", 3: "green", 4: "orange", 5: "purple"}
MARKERS = {2: "o", 3: "s", 4: "D", 5: "v"}
BEYOND, BEYOND_MARKER = "vermillion", "^"
REPORTED = (((2, 1 / 6), (3, 1 / 4)), ((2, 0.125), (3, 0.0833), (5, 0.05)))
SCALES = ((1.5, (0, 0.01, 0.1, 0.25, 0.5, 1)), (0.15, (0, 0.001, 0.01, 0.05, 0.1)))
"""The highest T and the ticks."""


def squentropy(p: np.ndarray, h: np.ndarray, k: int) -> np.ndarray:
    """-log softmax(h)_y plus the mean square of the other scores: the risk, for the direct search."""
    count = np.array([1, 1, k])
    top = np.max(h if k else h[..., :2], axis=-1, keepdims=True)
    log_sum = top[..., 0] + np.log(np.sum(count * np.exp(np.minimum(h - top, 0)), axis=-1))
    return np.sum(count * (p * (log_sum[..., None] - h) + (1 - p) * h**2 / (k + 1)), axis=-1)


RISKS = ((squentropy, True), (entmax(3.0), False))
"""The risk, and whether adding a number to all scores matters."""


def near_uniform(n: int, k: int) -> float:
    """The constant of squentropy at laws near (1/k, ..., 1/k, 0, ..., 0).

    Best scores are a for the k labels and b for the others, with (k - 1) a + (n - k) b = 0 and s_b + 2 b/(n - 1) = 0.
    There the risk has the second derivative s_a + 2 (1 - 1/k)/(n - 1) along e_1 - e_2, and its slope in h_1 changes
    with p_1 by -(1 + 2 a/(n - 1)); so a change of the law by (t/2, -t/2) costs
    c t^2 = (1 + 2 a/(n - 1))^2 t^2/(4 (s_a + 2 (1 - 1/k)/(n - 1))).
    """
    m = n - 1

    def below(a: float) -> float:
        return -(k - 1) * a / (n - k)

    def slope(a: float) -> float:
        b = below(a)
        return 1 / (k * np.exp(a - b) + n - k) + 2 * b / m

    a = 0.0 if k == n else brentq(slope, 0.0, m / (2 * (k - 1)), xtol=1e-14)  # s_b is at most 1/(n - k)
    share = 1 / n if k == n else 1 / (k + (n - k) * np.exp(below(a) - a))
    return float((1 + 2 * a / m) ** 2 / (4 * (share + 2 * (1 - 1 / k) / m)))


def data(
    n: tuple[int, ...] = LABELS, many: tuple[int, ...] = MANY, points: int = 61, marked: int = 7
) -> dict[str, np.ndarray]:
    """Curves and constants of both losses.

    ``t (points,)``, ``n (m,)``, ``t_marks (marked,)``; for loss k ``T_k (m, points)`` by the engine and
    ``found_k (m, marked)`` by the direct search; ``many (q,)`` with ``small (q,)`` the t at which the constants
    ``engine_k`` and ``constants_k (q,)`` are found by both; ``reported_k (r, 2)``; lines over ``axis``: ``uniform`` and
    ``pair`` for squentropy, ``falling`` for entmax.
    """
    t, at, small = np.linspace(0, 1, points), np.linspace(0.1, 1, marked), np.minimum(1 / 200, 1 / (5 * np.array(many)))
    axis = np.unique(np.round(np.geomspace(2, many[-1], 60)).astype(int))
    table = {"t": t, "t_marks": at, "n": np.asarray(n), "many": np.asarray(many), "small": small, "axis": axis}
    for k, ((name, _), (risk, level)) in enumerate(zip(LOSSES, RISKS)):
        table[f"T_{k}"] = np.array([optimize(name, m, t).value for m in n])
        found = [[constant(risk, m, level=level, t=x) * x**2 for x in at.tolist()] for m in n]
        table[f"found_{k}"] = np.array(found)
        pairs = list(zip(many, small.tolist()))
        table[f"engine_{k}"] = np.array([optimize(name, m, x).value[0] / x**2 for m, x in pairs])
        table[f"constants_{k}"] = np.array([constant(risk, m, level=level, t=x) for m, x in pairs])
        table[f"reported_{k}"] = np.array(REPORTED[k])
    table["uniform"] = np.array([near_uniform(m, m) for m in axis.tolist()])
    table["pair"] = np.array([near_uniform(m, 2) for m in axis.tolist()])
    table["falling"] = 1 / (4 * axis)
    return table


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Two panels of curves, one of constants."""
    figure.set_size_inches(8.4, 3.9)
    panels = figure.subplots(1, 3, width_ratios=(1, 1, 1.35))
    for k, axes in enumerate(panels[:2]):
        _curves(axes, table, k)
    panels[0].set_ylabel("$T(t)$, surrogate regret")
    key(panels[0], 0.1, 0.95, [(f"$n={n}$", HUES[n], MARKERS[n]) for n in table["n"]], step=0.07)
    _constants(panels[2], table)
    figure.draw_without_rendering()
    n = table["axis"]
    label_along(panels[2], n, table["uniform"], 24, "all likely: $n/12$", MUTED)
    label_along(panels[2], n, table["pair"], 70, "two likely labels", MUTED)
    label_along(panels[2], n, table["falling"], 22, "$1/(4n)$", MUTED)


def _curves(axes: Axes, table: dict[str, np.ndarray], k: int) -> None:
    top, ticks = SCALES[k]
    square_root_axis(axes, 0.0, top, ticks)
    for row, n in enumerate(table["n"]):
        theory(axes, table["t"], table[f"T_{k}"][row])
        marks(axes, table["t_marks"], table[f"found_{k}"][row], HUES[n], MARKERS[n], markersize=3.4)
    axes.set(xlabel="$t$, zero-one regret", title=LOSSES[k][1])


def _constants(axes: Axes, table: dict[str, np.ndarray]) -> None:
    n, uniform, pair = (table[name] for name in ("axis", "uniform", "pair"))
    for line in (uniform, pair):
        axes.plot(n, line, color=MUTED, linewidth=0.9, zorder=1.5)
    theory(axes, n, np.minimum(uniform, pair))
    theory(axes, n, table["falling"])
    for k, (m, c) in enumerate(zip((30, 30), (0.55, 0.0035))):
        axes.plot(*table[f"reported_{k}"].T, marker="o", markersize=8, markerfacecolor="none", markeredgecolor=INK,
                  markeredgewidth=0.7, linestyle="none", zorder=2.8)  # fmt: skip
        label(axes, m, c, LOSSES[k][1], ha="right" if k else "left", va="top", offset=(0, 0))
        for m, c in zip(table["many"], table[f"constants_{k}"]):
            marks(axes, m, c, HUES.get(m, BEYOND), MARKERS.get(m, BEYOND_MARKER), markersize=3.4)
    axes.set(xscale="log", yscale="log", xlim=(1.7, 330), ylim=(6e-4, 4), xlabel="$n$, number of labels")
    axes.set(ylabel="$c$, surrogate regret over $t^2$", title="$T(t)\\approx c\\,t^2$ for small $t$")
    for axis, ticks in ((axes.xaxis, (2, 3, 5, 10, 30, 100, 300)), (axes.yaxis, (0.001, 0.01, 0.1, 1))):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, place: f"{value:g}")
