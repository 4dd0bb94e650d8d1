"""IsoFLOP parabolas: where their vertices lie, where the minima are, and how the bias grows with the width."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.figures.bands import count, fitted, ticks, true
from hconsist.figures.synthetic_runs import SEED, law, noisy
from hconsist.plotting import COLOURS, MUTED, label, marks, published, theory
from hconsist.scaling import Chinchilla, IsoFlop, optimum, vertex_shift

TITLE = "The vertex of an IsoFLOP parabola is not the optimum: its bias grows with the square of the width"
CAPTION = (
    "Level: simulated, one seed. Left: losses of fifteen sizes at each of five budgets (marks; alpha = 0.465, beta = "
    "0.155, far apart on purpose; noise of sd 0.003 on ln L), from a sixteenth to sixteen times the optimum N*; the "
    "least-squares parabola in ln N (coloured) and the law itself (dashed); minima of the law (ticks), vertices "
    "(hollow), and vertices corrected with the exponents of an approach-3 fit to the same runs (full). Right, above: "
    "N* by the line through the vertices over the true N*, with 95 per cent bootstrap bands (the exponents held); "
    "black: 1, and e^du, the vertex without noise. It is off by one factor at every budget: the exponent of N* is "
    "right and the size is wrong. Below: e^du - 1 against the half-width w for three pairs of exponents, exact for a "
    "dense design (black), by w^2 (alpha - beta)/10 (grey), and by least squares on 401 points of the law (marks). "
    "With fifteen sizes the bias is a little larger."
)

ASYMMETRIC = {"E": 1.5, "A": 1500.0, "B": 11.3, "alpha": 0.465, "beta": 0.155}
BUDGETS = (1e18, 1e19, 1e20, 1e21, 1e22)
HUES, MARKERS = ("purple", "orange", "green", "sky", "blue"), ("v", "D", "s", "<", "o")
WIDTH, SIZES, DENSE, NOISE = float(np.log(16)), 15, 401, 0.003
TICK: dict[str, Any] = {"markersize": 15, "markeredgewidth": 1.2, "zorder": 4}
FULL: dict[str, Any] = {"markersize": 5.5, "zorder": 5}
HOLLOW = FULL | {"markerfacecolor": "white", "markeredgecolor": COLOURS["vermillion"], "markeredgewidth": 0.9}
KINDS = (
    ("best", "minimum of the law (dashed)", "black", "|", TICK),
    ("vertex", "vertex of the parabola", "vermillion", "o", HOLLOW),
    ("corrected", "vertex corrected", "vermillion", "o", FULL),
)
PAIRS = (((0.465, 0.155), "vermillion", "o"), ((0.34, 0.28), "blue", "s"), ((0.35, 0.37), "green", "^"))


def data(
    resamples: int = 2000, points: int = 61, widths: int = 12, budgets: Sequence[float] = BUDGETS
) -> dict[str, np.ndarray]:
    """``budget (b,)``; runs ``params, loss (b, m)``; ``N, parabola, truth (b, points)``; minima ``best (b, 2)`` as

    size and loss, ``vertex`` and ``corrected`` (b, 2); ``exponents (2,)`` used; ``raw, right (b, 3)``: N* of the line
    and its limits over the true N*, ``expected`` that without noise; ``w (points,), exact, leading (k, points)`` and
    ``w_marks (widths,), found (k, widths)`` of the bias du.
    """
    C = np.asarray(budgets)
    best = optimum(ASYMMETRIC, C)
    u, fine = np.linspace(-WIDTH, WIDTH, SIZES), np.linspace(-WIDTH, WIDTH, points)
    params, N = (best["params"][:, None] * np.exp(x) for x in (u, fine))
    loss = noisy(_at(params, C), np.random.default_rng(SEED), NOISE, 0.0)
    runs = {"params": params.ravel(), "flop": np.repeat(C, SIZES)}
    free = Chinchilla(loss="squares").fit(runs, loss.ravel())
    exponents = (free.parameters_["alpha"], free.parameters_["beta"])
    lines = [IsoFlop(exponents=own, resamples=resamples, rng=SEED).fit(runs, loss.ravel()) for own in (None, exponents)]
    tops = [np.array([(v.params, v.loss) for v in fit.vertices_]) for fit in lines]
    plans = [[fit.plan(c)["params"] for c in C] for fit in lines]
    ratios = [np.array([(i.value, i.lower, i.upper) for i in plan]) / best["params"][:, None] for plan in plans]
    w, places = np.linspace(0.02, np.log(64), points), np.linspace(0.3, np.log(64), widths)
    return {
        "budget": C, "params": params, "loss": loss, "N": N, "truth": _at(N, C),
        "parabola": np.array([np.polyval(np.polyfit(u, row, 2), fine) for row in loss]),
        "best": np.stack([best["params"], best["loss"]], axis=-1), "vertex": tops[0], "corrected": tops[1],
        "raw": ratios[0], "right": ratios[1], "exponents": np.array(exponents),
        "expected": np.exp(_vertex(ASYMMETRIC["alpha"], ASYMMETRIC["beta"], WIDTH, SIZES)), "w": w, "w_marks": places,
        "exact": np.array([vertex_shift(*pair, w) for pair, _, _ in PAIRS]),
        "leading": np.array([w**2 * (pair[0] - pair[1]) / 10 for pair, _, _ in PAIRS]),
        "found": np.array([[_vertex(*pair, float(x), DENSE) for x in places] for pair, _, _ in PAIRS]),
    }  # fmt: skip


def _at(params: np.ndarray, budget: np.ndarray) -> np.ndarray:
    return law(params, budget[:, None] / (6 * params), ASYMMETRIC)


def _vertex(alpha: float, beta: float, w: float, sizes: int) -> float:
    """The vertex of the least-squares parabola through the law's values around its minimum, at evenly spaced u."""
    u = np.linspace(-w, w, sizes)
    second, first, _ = np.polyfit(u, beta * np.exp(-alpha * u) + alpha * np.exp(beta * u), 2)
    return float(-first / (2 * second))


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Curves; sizes over the optimum; bias over width."""
    figure.set_size_inches(9.6, 5.2)
    panels = figure.subplot_mosaic([["curves", "ratio"], ["curves", "bias"]], width_ratios=(1.35, 1))
    _curves(panels["curves"], table)
    _ratios(panels["ratio"], table)
    _bias(panels["bias"], table)


def _curves(axes: Axes, table: dict[str, np.ndarray]) -> None:
    for k, (C, hue, marker) in enumerate(zip(table["budget"], HUES, MARKERS)):
        marks(axes, table["params"][k], table["loss"][k], hue, marker, markersize=3)
        fitted(axes, table["N"][k], table["parabola"][k], hue)
        true(axes, table["N"][k], table["truth"][k], linewidth=0.6)
        label(axes, table["N"][k][-1], table["parabola"][k][-1], f"$10^{{{np.log10(C):.0f}}}$ FLOP", hue)
    for row, (name, text, hue, marker, options) in enumerate(KINDS):
        for size, loss in table[name]:
            marks(axes, size, loss, hue, marker, **options)
        marks(axes, 0.62, 0.96 - 0.05 * row, hue, marker, transform=axes.transAxes, **options)
        label(axes, 0.62, 0.96 - 0.05 * row, text, hue, xycoords="axes fraction", offset=(8, 0))
    axes.set(xscale="log", ylim=(None, 2.48), xlabel="model parameters $N$", ylabel="loss, nats per token")
    axes.set_title("one budget a curve")
    ticks(axes.xaxis, 10.0 ** np.arange(7, 12), count)


def _ratios(axes: Axes, table: dict[str, np.ndarray]) -> None:
    C = table["budget"]
    for name, height, hue, text in (("raw", float(table["expected"]), "orange", "vertices"),
                                    ("right", 1.0, "vermillion", "corrected")):  # fmt: skip
        fitted(axes, C, table[name][:, 0], hue, *table[name][:, 1:].T)
        theory(axes, C[[0, -1]], [height, height])
        label(axes, C[-1], height, text, hue)
    axes.set(xscale="log", xlabel="budget $C$, FLOP", ylabel=r"fitted over true $N^{\!*}$")
    axes.set_title("one factor at all budgets")
    ticks(axes.xaxis, C, lambda value, place: f"$10^{{{np.log10(value):.0f}}}$")


def _bias(axes: Axes, table: dict[str, np.ndarray]) -> None:
    w, places = np.exp(table["w"]), np.exp(table["w_marks"])
    for k, ((alpha, beta), hue, marker) in enumerate(PAIRS):
        exact, leading, found = (100 * np.expm1(table[name][k]) for name in ("exact", "leading", "found"))
        published(axes, w, leading)
        theory(axes, w, exact)
        marks(axes, places, found, hue, marker, markersize=3.6)
        text = rf"$\alpha={alpha:g}$, $\beta={beta:g}$"
        label(axes, w[-1], exact[-1], text, hue, offset=(5, 0 if k else -4))
    label(axes, w[-1], 100 * np.expm1(table["leading"][0, -1]), r"$w^2(\alpha-\beta)/10$", MUTED, offset=(5, 4))
    axes.set(xscale="log", xlabel="half-width of the sizes, as a factor $e^w$", ylabel="vertex above minimum, %")
    axes.set_title("wider is worse")
    ticks(axes.xaxis, (1, 2, 4, 8, 16, 32, 64))
