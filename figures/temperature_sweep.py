"""Simulation: at which step the loss doubles, for models trained at a temperature and for one model read at several."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.figures.small_networks import Digits, Network, cross_entropy, fit, split
from hconsist.figures.table_panel import table_panel
from hconsist.plotting import key, marks, theory
from hconsist.singularities import batch_radius, lower_pi

TITLE = "Measured in radii, the step at which the loss doubles varies less with temperature, but still tenfold"
CAPTION = (
    "Level: simulated, seeds 2026 to 2028. The step along -g at which the mean training loss of logits over T reaches "
    "twice its start, as a length, in units of pi T/Delta and in units of the exact radius (a certified batch "
    "minimum), each over its geometric mean; on the line all temperatures would agree. Left: a tanh network (32 "
    "units) trained at each T for 120 steps. Right: one network, trained at T = 1, whose logits are divided by T "
    "afterwards. Table: standard deviation of the logarithms over temperatures, median over seeds. The radius accounts "
    "for part of the effect of temperature on the step, not for all of it: it knows neither the labels nor the "
    "gradient, and the doubling of a loss is no event of complex analysis."
)

SEEDS, TEMPERATURES, COUNT = (2026, 2027, 2028), (0.25, 0.5, 1.0, 2.0, 4.0, 8.0), 120
SCALES = (("step", "purple", "v"), (r"step over $\pi T/\Delta$", "orange", "D"), (r"step over $\rho$", "sky", "s"))
CASES = ("trained at each temperature", "one model, read at each temperature")


def data(
    seeds: tuple[int, ...] = SEEDS, temperatures: tuple[float, ...] = TEMPERATURES, count: int = COUNT
) -> dict[str, np.ndarray]:
    """``T (q,)``; ``onset (2, s, 3, q)``: for both cases and each seed the three steps; ``deviation (2, 3)``."""
    onset = np.empty((2, len(seeds), len(SCALES), len(temperatures)))
    for s, seed in enumerate(seeds):
        for case in range(2):
            for q, t in enumerate(temperatures):
                rng = np.random.default_rng(seed)
                digits, network = split(rng), Network(32)
                theta = fit(network, digits, rng, count, temperature=1.0 if case else t)
                onset[case, s, :, q] = _onset(network, digits, theta, t)
    deviation = np.median(np.std(np.log(onset), axis=-1, ddof=1), axis=1)
    return {"T": np.asarray(temperatures), "onset": onset, "deviation": deviation}


def _onset(network: Network, digits: Digits, theta: np.ndarray, t: float) -> tuple[float, float, float]:
    """Where the loss first doubles along -g: a grid, then bisection."""
    g = network.gradient(theta, digits.x, digits.y, t)
    v = -g / np.linalg.norm(g)

    def loss(step: float) -> float:
        return cross_entropy(network.logits(theta + step * v, digits.x) / t, digits.y)

    z, a = network.logits(theta, digits.x) / t, network.slopes(theta, digits.x, v) / t
    unit, aim = float(np.min(lower_pi(z, a))), 2 * loss(0.0)
    high = unit * 0.05
    while loss(high) < aim:
        high *= 1.1
    low = high / 1.1
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if loss(middle) < aim else (low, middle)
    return high, high / unit, high / batch_radius(z, a).radius


def rows(table: dict[str, np.ndarray]) -> list[dict[str, str]]:
    """Deviations of the logarithms."""
    return [
        {"standard deviation of the logarithm over temperatures": name}
        | {case: f"{table['deviation'][k, m]:.2f}" for k, case in enumerate(CASES)}
        for m, (name, _, _) in enumerate(SCALES)
    ]


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """A panel for each case, and the table."""
    figure.set_size_inches(8.4, 4.9)
    grid = figure.add_gridspec(2, 2, height_ratios=(3, 1))
    panels = [figure.add_subplot(grid[0, k]) for k in range(2)]
    low, high = math.inf, 0.0
    for k, axes in enumerate(panels):
        shown = _case(axes, table, k)
        low, high = min(low, shown[0]), max(high, shown[1])
        axes.set_title(CASES[k])
    for axes in panels:
        axes.set_ylim(low / 1.15, high * 1.15)
    panels[0].set_ylabel("step at which the loss doubles")
    key(panels[1], 0.08, 0.93, [(name, hue, marker) for name, hue, marker in SCALES], step=0.09)
    note = f"level: simulated, {len(table['onset'][0])} seeds from {SEEDS[0]}"
    table_panel(figure.add_subplot(grid[1, :]), rows(table), (0, 0.68, 1.0), note, [hue for _, hue, _ in SCALES])


def _case(axes: Axes, table: dict[str, np.ndarray], k: int) -> tuple[float, float]:
    """The lowest and the highest mark."""
    found = table["onset"][k]
    ratio = found / np.exp(np.mean(np.log(found), axis=-1, keepdims=True))
    theory(axes, table["T"][[0, -1]], [1, 1])
    for m, (_, hue, marker) in enumerate(SCALES):
        for line in ratio[:, m]:
            marks(axes, table["T"] * 1.06 ** (m - 1), line, hue, marker, markersize=3.8)
    axes.set(xscale="log", yscale="log", xlabel="temperature $T$")
    for axis, ticks in ((axes.xaxis, (0.25, 0.5, 1, 2, 4, 8)), (axes.yaxis, (0.1, 0.2, 0.5, 1, 2, 5, 10))):
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, place: f"{value:g}")
    return float(np.min(ratio)), float(np.max(ratio))
