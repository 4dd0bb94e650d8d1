"""A scaling-law fit with its bootstrap band, and what the data tell of each parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.figures.bands import bar, count, fitted, ticks, true
from hconsist.figures.synthetic_runs import SEED, TRUTH, law, study
from hconsist.plotting import INK, MUTED, SHADE, label, marks
from hconsist.scaling import Chinchilla

TITLE = "Among its runs a scaling law is known to half a per cent, its coefficients A and B to twenty or thirty"
CAPTION = (
    "Level: simulated, one seed. Chinchilla's law L = E + A N^-alpha + B D^-beta fitted to synthetic runs of six "
    "model sizes, drawn from a stated truth with noise of sd 0.005 on ln L and one gross outlier in twenty-five "
    "(Huber's loss, delta = 0.001, summed). Left: losses (marks), the fit (coloured lines, thin beyond the data of a "
    "size) with its pointwise 95 per cent bootstrap band, the truth (dashed); below, the irreducible loss E with its "
    "95 per cent interval. Right: estimates and intervals over the true values. A and B are the terms at one parameter "
    "and one token, far from any run; the terms at the geometric mean of the runs are what the losses tell. Intervals "
    "are of the law, not of the noise of a further run."
)

HUES = ("purple", "vermillion", "orange", "green", "sky", "blue")
MARKERS = ("v", "^", "D", "s", "<", "o")
REACH = (1e8, 3e13)
QUANTITIES = ("$A$", "$B$", r"$\alpha$", r"$\beta$", "$E$", r"$A\,\bar N^{-\alpha}$", r"$B\,\bar D^{-\beta}$")


def data(resamples: int = 2000, per_size: int = 30, points: int = 60) -> dict[str, np.ndarray]:
    """Runs ``params, tokens, loss (n,)``; ``D (points,)`` and at each of the sizes (s) the curves ``fit, lower, upper,

    truth (s, points)``; ``quantity (q, 4)``: estimate, lower and upper limit, and truth of the ``QUANTITIES``.
    """
    columns, losses = study(per_size)
    fit = Chinchilla(resamples=resamples, rng=SEED).fit(columns, losses)
    mesh = np.meshgrid(np.unique(columns["params"]), np.geomspace(*REACH, points), indexing="ij")
    size, D = (axis.ravel() for axis in mesh)
    band = fit.prediction_interval({"params": size, "tokens": D})
    curves = {"fit": band.value, "lower": band.lower, "upper": band.upper, "truth": law(size, D)}
    found = [(fit.interval(of), of(TRUTH)) for of in _quantities(columns)]
    return (
        {**columns, "loss": losses, "D": D[:points]}
        | {name: values.reshape(-1, points) for name, values in curves.items()}
        | {"quantity": np.array([(i.value, i.lower, i.upper, truth) for i, truth in found])}
    )


def _quantities(columns: Mapping[str, np.ndarray]) -> list[Callable[[Mapping[str, Any]], Any]]:
    n, d = (float(np.exp(np.log(columns[name]).mean())) for name in ("params", "tokens"))
    return [
        *(partial(lambda name, p: p[name], name) for name in ("A", "B", "alpha", "beta", "E")),
        lambda p: p["A"] * n ** -p["alpha"],
        lambda p: p["B"] * d ** -p["beta"],
    ]


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Losses over tokens; parameters over their truth."""
    figure.set_size_inches(9.6, 4.8)
    left, right = figure.subplots(1, 2, width_ratios=(1.9, 1))
    _curves(left, table)
    _parameters(right, table["quantity"])


def _curves(axes: Axes, table: dict[str, np.ndarray]) -> None:
    D = table["D"]
    for k, (size, hue, marker) in enumerate(zip(np.unique(table["params"]), HUES, MARKERS)):
        own = table["params"] == size
        tokens, fit = table["tokens"][own], table["fit"][k]
        seen = (tokens.min() <= D) & (tokens.max() >= D)
        fitted(axes, D, fit, hue, table["lower"][k], table["upper"][k], linewidth=0.5)
        fitted(axes, D[seen], fit[seen], hue)
        true(axes, D, table["truth"][k], linewidth=0.5)
        marks(axes, tokens, table["loss"][own], hue, marker, markersize=3)
        label(axes, D[-1], fit[-1], count(size), hue)
    value, low, high, truth = table["quantity"][QUANTITIES.index("$E$")]
    axes.axhspan(low, high, color=MUTED, alpha=0.35, linewidth=0, zorder=0)
    true(axes, REACH, [truth, truth], linewidth=0.5)
    label(axes, D[0], high, f"irreducible loss $E={value:.3f}$ in [{low:.3f}, {high:.3f}]", va="bottom", offset=(3, 2))
    label(axes, D[-1], value, "$E$", MUTED)
    label(axes, 0.97, 0.95, "dashed: the law that the runs were drawn from", xycoords="axes fraction", ha="right")
    axes.set(xscale="log", yscale="log", xlim=REACH, ylim=(0.98 * low, 1.04 * table["loss"].max()))
    ticks(axes.yaxis, (2, 2.5, 3, 4, 5))
    ticks(axes.xaxis, 10.0 ** np.arange(8, 14), count)
    axes.set(xlabel="training tokens $D$", ylabel="loss $L$, nats per token")
    axes.set_title("six model sizes $N$, in parameters")


def _parameters(axes: Axes, quantity: np.ndarray) -> None:
    height = -np.arange(float(len(quantity)))
    true(axes, [1, 1], [height[-1] - 0.5, 0.5])
    for y, (value, low, high, truth), name in zip(height, quantity, QUANTITIES):
        axes.axhline(y, color=SHADE, linewidth=0.9, zorder=0)
        bar(axes, [low / truth, high / truth], [y, y], "blue")
        marks(axes, value / truth, y, "blue")
        label(axes, 0, y, name, xycoords=("axes fraction", "data"), offset=(-5, 0), ha="right", fontsize=10)
        spread = f"$\\pm${50 * (high - low) / truth:.1f} %"
        label(axes, 1, y, spread, INK, xycoords=("axes fraction", "data"), offset=(2, 0))
    axes.set(xscale="log", xlim=(0.62, 1.6), ylim=(height[-1] - 0.6, 0.6), yticks=[], xlabel="estimate over truth")
    ticks(axes.xaxis, (0.7, 0.8, 0.9, 1, 1.2, 1.5))
    axes.spines["left"].set_visible(False)
    axes.set_title("95 % intervals of the parameters")
