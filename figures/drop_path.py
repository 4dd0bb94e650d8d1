"""How few runs decide an exponent: fits without the runs of largest loss, and with other Huber thresholds."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.figures.bands import bar, ticks, true
from hconsist.figures.synthetic_runs import NOISE, SEED, TRUTH, law, noisy, study
from hconsist.plotting import MUTED, label, marks
from hconsist.scaling import Chinchilla, PathPoint

TITLE = "Five short runs of 185 move beta by a tenth, whatever the Huber threshold; leaving out large losses shows it"
CAPTION = (
    "Level: simulated, one seed. To 180 synthetic runs of Chinchilla's law come five short ones, of 0.1 to 0.35 tokens "
    "per parameter, whose losses lie above the law. Left: losses over those of the law, outliers of 5 per cent "
    "included. Middle: beta, and a = beta / (alpha + beta), the exponent of N* in C, fitted without the k largest "
    "losses (Huber's loss, delta = 0.001, summed), with 95 per cent bootstrap bars of the runs left; dashed: the "
    "truth. With all runs the bar of beta misses it; when the five are gone the path stays within its bars. Right: "
    "beta over the threshold delta: a small threshold protects from large residuals, not from few runs far from all "
    "others, which alone tell the slope there."
)

SHORT = ((5e7, 0.15), (5e7, 0.35), (1.3e8, 0.1), (1.3e8, 0.25), (3.3e8, 0.15))
"""Sizes and tokens per parameter of the short runs."""
EXCESS, LAWFUL = 0.12, 0.5
"""A short run with r tokens per parameter has (LAWFUL / r)^EXCESS times the loss of the law."""
DELTAS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)


def runs(per_size: int = 30) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The runs of :func:`hconsist.figures.synthetic_runs.study`, and the short ones last."""
    columns, losses = study(per_size)
    size, ratio = np.array(SHORT).T
    short = law(size, ratio * size) * (LAWFUL / ratio) ** EXCESS
    columns = {"params": np.append(columns["params"], size), "tokens": np.append(columns["tokens"], ratio * size)}
    return columns, np.append(losses, noisy(short, np.random.default_rng(SEED + 1), share=0.0))


def data(
    resamples: int = 600, largest: int = 10, per_size: int = 30, deltas: tuple[float, ...] = DELTAS
) -> dict[str, np.ndarray]:
    """``ratio, over (n,)``: tokens per parameter, loss over the law, the short runs last; ``k (m,)`` with ``beta, a

    (m, 3)``: estimate and limits; ``delta (d,)`` with ``with_short, without (d,)``, beta.
    """
    columns, losses = runs(per_size)
    order = np.argsort(-losses, kind="stable")
    fits = []
    for k in range(largest + 1):
        left = {name: column[order[k:]] for name, column in columns.items()}
        fits.append(Chinchilla(resamples=resamples, rng=SEED).fit(left, losses[order[k:]]))
    path = fits[0].drop_path(largest)
    bars = {name: [fit.interval(name) for fit in fits] for name in ("beta", "a")}
    count = len(SHORT)
    lawful = Chinchilla().fit({name: column[:-count] for name, column in columns.items()}, losses[:-count])
    return {
        "ratio": columns["tokens"] / columns["params"],
        "over": losses / law(columns["params"], columns["tokens"]),
        "k": np.array([point.at for point in path]),
        "beta": np.array([(_beta(point), i.lower, i.upper) for point, i in zip(path, bars["beta"])]),
        "a": np.array([(_a(point), i.lower, i.upper) for point, i in zip(path, bars["a"])]),
        "delta": np.array(deltas),
        "with_short": np.array([_beta(point) for point in fits[0].delta_path(deltas)]),
        "without": np.array([_beta(point) for point in lawful.delta_path(deltas)]),
    }


def _beta(point: PathPoint) -> float:
    return point.parameters["beta"]


def _a(point: PathPoint) -> float:
    return point.parameters["beta"] / (point.parameters["alpha"] + point.parameters["beta"])


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Runs; paths over k; path over delta."""
    figure.set_size_inches(9.6, 4.6)
    panels = figure.subplot_mosaic([["runs", "beta", "delta"], ["runs", "a", "delta"]], width_ratios=(1, 1.15, 1))
    panels["beta"].sharex(panels["a"])
    _runs(panels["runs"], table)
    exponent = TRUTH["beta"] / (TRUTH["alpha"] + TRUTH["beta"])
    _path(panels["beta"], table["k"], table["beta"], TRUTH["beta"], r"$\beta$")
    _path(panels["a"], table["k"], table["a"], exponent, r"$a=\beta/(\alpha+\beta)$")
    panels["beta"].set(title="without the $k$ largest losses")
    panels["beta"].tick_params(labelbottom=False)
    panels["a"].set_xlabel("runs left out, $k$")
    _deltas(panels["delta"], table, panels["beta"].get_ylim())


def _runs(axes: Axes, table: dict[str, np.ndarray]) -> None:
    short = np.arange(len(table["over"])) >= len(table["over"]) - len(SHORT)
    true(axes, [0.07, 400], [0, 0])
    for own, hue, marker, size in ((~short, "blue", "o", 2.6), (short, "vermillion", "^", 5)):
        marks(axes, table["ratio"][own], 100 * (table["over"][own] - 1), hue, marker, markersize=size)
    label(axes, 0.1, 0, "the law", va="top", offset=(0, -4))
    label(axes, 0.4, 14, "five short runs", "vermillion", offset=(8, 0))
    label(axes, 4, 3, f"{np.sum(~short)} runs", "blue")
    axes.set(xscale="log", xlim=(0.07, 400), xlabel="tokens per parameter", ylabel="loss above the law, %")
    axes.set_title("where the runs lie")
    ticks(axes.xaxis, (0.1, 1, 10, 100))


def _path(axes: Axes, k: np.ndarray, found: np.ndarray, truth: float, name: str) -> None:
    true(axes, [k[0] - 0.5, k[-1] + 0.5], [truth, truth])
    axes.axvline(len(SHORT) - 0.5, color=MUTED, linewidth=0.7, dashes=(1, 2), zorder=1)
    for at, (value, low, high) in zip(k, found):
        hue, marker = ("vermillion", "^") if at < len(SHORT) else ("blue", "o")
        bar(axes, [at, at], [low, high], hue)
        marks(axes, at, value, hue, marker)
    label(axes, k[-1] + 0.5, truth, "truth", offset=(2, 0))
    axes.set(xlim=(k[0] - 0.5, k[-1] + 0.5), ylabel=name)
    ticks(axes.xaxis, k[::2])


def _deltas(axes: Axes, table: dict[str, np.ndarray], limits: tuple[float, float]) -> None:
    delta = table["delta"]
    true(axes, delta[[0, -1]], [TRUTH["beta"]] * 2)
    axes.axvline(NOISE, color=MUTED, linewidth=0.7, dashes=(1, 2), zorder=1)
    for name, text, hue, marker in (("with_short", "with the five", "vermillion", "^"),
                                    ("without", "without them", "blue", "o")):  # fmt: skip
        marks(axes, delta, table[name], hue, marker)
        label(axes, delta[0], table[name][0], text, hue, va="bottom", offset=(0, 8))
    label(axes, NOISE, limits[1], "sd of the noise", MUTED, va="top")
    axes.set(xscale="log", ylim=limits, xlabel=r"Huber threshold $\delta$", ylabel=r"$\beta$", title="other thresholds")
    ticks(axes.xaxis, 10.0 ** np.arange(-4, 1), lambda value, place: f"$10^{{{np.log10(value):.0f}}}$")
