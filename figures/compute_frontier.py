"""The compute-optimal frontier of a fit, its bootstrap band, and how the band opens beyond the data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.figures.bands import count, fitted, shade_beyond, ticks, true
from hconsist.figures.synthetic_runs import SEED, TRUTH, study
from hconsist.plotting import MUTED, label, marks
from hconsist.scaling import Chinchilla, optimum
from hconsist.scaling.columns import FLOP_PER_PARAMETER_TOKEN
from hconsist.scaling.resampling import quantiles

TITLE = (
    "Four orders of magnitude beyond the runs the loss is known to a per cent, tokens per parameter to a factor of 3"
)
CAPTION = (
    "Level: simulated, one seed. Chinchilla's law fitted to 180 synthetic runs (dots) of at most 1e22 FLOP; size N*, "
    "tokens D* and loss at the optimum for budgets C = 6 N D up to 1e26, with pointwise 95 per cent bootstrap bands; "
    "dashed: the truth; grey: no runs; at the edge, estimates and intervals for 1e26 FLOP. Left: N* and D*, and the "
    "sizes of the runs. Middle: the optimal loss below those of the runs, and the irreducible loss E with its "
    "interval. Right: D*/N*. Bands hold what the law's form leaves open and no more: whether the law itself goes on "
    "beyond the runs is not a question that resampling can answer."
)

REACH = (1e18, 1e26)
QUANTITIES = ("params", "tokens", "loss", "tokens_per_param")
CONFIDENCE = 0.95


def data(resamples: int = 2000, points: int = 61, per_size: int = 30) -> dict[str, np.ndarray]:
    """Runs ``params, tokens, loss (n,)``; ``C (points,)`` and for each of the ``QUANTITIES`` at the optimum ``NAME_at

    (4, points)``: estimate, lower and upper limit, truth; ``E (4,)`` likewise.
    """
    columns, losses = study(per_size)
    fit = Chinchilla(resamples=resamples, rng=SEED).fit(columns, losses)
    C = np.geomspace(*REACH, points)
    found = optimum({name: values[:, None] for name, values in fit.bootstrap().items()}, C)
    best, true_best = optimum(fit.parameters_, C), optimum(TRUTH, C)
    levels = np.array([(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    floor = fit.interval("E", confidence=CONFIDENCE)
    return {**columns, "loss": losses, "C": C, "E": np.array([floor.value, floor.lower, floor.upper, TRUTH["E"]])} | {
        f"{name}_at": np.stack([best[name], *quantiles(found[name], levels), true_best[name]]) for name in QUANTITIES
    }


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Sizes and tokens; losses; their ratio."""
    figure.set_size_inches(9.6, 4.4)
    sizes, losses, ratio = figure.subplots(1, 3)
    flop = FLOP_PER_PARAMETER_TOKEN * table["params"] * table["tokens"]
    for axes in (sizes, losses, ratio):
        shade_beyond(axes, flop.max(), REACH[1])
        axes.set(xscale="log", xlim=REACH, xlabel="budget $C$, FLOP")
        ticks(axes.xaxis, 10.0 ** np.arange(18, 27, 2), lambda value, place: f"$10^{{{np.log10(value):.0f}}}$")
    marks(sizes, flop, table["params"], "sky", markersize=2, clip_on=True)
    _line(sizes, table, "params", "blue")
    _line(sizes, table, "tokens", "vermillion")
    sizes.set(yscale="log", ylim=(2e7, 3e14), title="optimal size and tokens", ylabel="parameters, tokens")
    ticks(sizes.yaxis, 10.0 ** np.arange(8, 15), count)
    marks(losses, flop, table["loss"], "sky", markersize=2, clip_on=True)
    low, high, truth = table["E"][1:]
    losses.axhspan(low, high, color=MUTED, alpha=0.35, linewidth=0, zorder=0.5)
    true(losses, REACH, [truth, truth], linewidth=0.5)
    label(losses, REACH[0], high, f"$E$ in [{low:.2f}, {high:.2f}]", va="bottom", offset=(3, 2))
    _line(losses, table, "loss", "blue")
    losses.set(ylim=(0.98 * low, 3.2), title="optimal loss", ylabel="loss, nats per token")
    _line(ratio, table, "tokens_per_param", "blue")
    ratio.set(yscale="log", ylim=(5, 50), title="tokens per parameter", ylabel=r"$D^{\!*}/N^{\!*}$")
    ticks(ratio.yaxis, (5, 10, 20, 50))
    label(ratio, 0.04, 0.05, "dashed: the truth", xycoords="axes fraction", offset=(0, 0))
    _edge(sizes, table, "tokens", "vermillion", r"$D^{\!*}$", short, 1, "bottom", 5)
    _edge(sizes, table, "params", "blue", r"$N^{\!*}$", short, 0, "top", -38)
    _edge(losses, table, "loss", "blue", "$L$", lambda x: f"{x:.2f}", 1, "bottom", 22)
    _edge(ratio, table, "tokens_per_param", "blue", r"$D^{\!*}/N^{\!*}$", lambda x: f"{x:.0f}", 1, "bottom", 5)


def short(value: float) -> str:
    """Two digits: 830B, 1.5T."""
    return count(float(f"{value:.2g}"))


def _line(axes: Axes, table: dict[str, np.ndarray], name: str, hue: str) -> None:
    value, low, high, truth = table[f"{name}_at"]
    fitted(axes, table["C"], value, hue, low, high)
    true(axes, table["C"], truth, linewidth=0.7)


def _edge(
    axes: Axes, table: dict[str, np.ndarray], name: str, hue: str, symbol: str, form: Callable[[float], str],
    above: int, side: str, shift: float,
) -> None:  # fmt: skip
    """Estimate and interval at the largest budget, above or below the band."""
    value, low, high = (float(row[-1]) for row in table[f"{name}_at"][:3])
    text = f"{symbol} = {form(value)}\n[{form(low)}, {form(high)}]"
    label(axes, REACH[1], (low, high)[above], text, hue, ha="right", va=side, offset=(-2, shift))
