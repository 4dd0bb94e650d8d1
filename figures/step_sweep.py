"""Simulation: one step of every length from trained models, along minus and plus the gradient and at random."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.figures.small_networks import Digits, Network, accuracy, cross_entropy, fit, split
from hconsist.figures.table_panel import table_panel
from hconsist.plotting import INK, MUTED, key, label, marks, theory
from hconsist.simulation import half_width, simulate
from hconsist.singularities import batch_radius, lower_pi, lower_sigma
from hconsist.singularities.descent import descent_step

TITLE = "One step: inside the radius the predictions survive; whether the loss falls is another question"
CAPTION = (
    "Level: simulated, one seed. Softmax regression and a tanh network (32 units) on the ten scores of 600 bundled "
    "digits, at three stages of training; steps of length r pi/Delta, Delta the largest spread of the slopes of the "
    "logits over the training rows. Above: mean training loss over its start; line: (L0 + pi r)/L0, the limit that "
    "holds for every direction (for the network: of its linearisation). Below: accuracy on 299 other digits. Dotted: "
    "the exact radius along g, a certified batch minimum. The ring is the step up to which descent along -g is proved "
    "(again, for the linearisation). Nothing happens to the real loss at the radius, and below it it may rise. What a "
    "step r does control is the logit gaps, which change by at most pi r. Table: the least r at which the loss "
    "exceeds its start; the accuracy lost at r = 0.9; and of 300 batches of 64 the share whose step along minus their "
    "own gradient raises the whole training loss, with limits of confidence 0.999 for its probability."
)

SEED = 2026
MODELS = (
    ("softmax regression, 300 steps", 0, 300),
    ("tanh network, 300 steps", 32, 300),
    ("tanh network, 1500 steps", 32, 1500),
)
DIRECTIONS = (("$-g$", "blue", "o"), ("$+g$", "vermillion", "^"), ("random", "green", "s"))
REACH = (0.03, 100.0)
SHARES, BATCH, CONFIDENCE = (0.25, 0.5, 0.99), 64, 0.999
"""The r of steps along minus the gradient of a batch, whose effect on the whole training loss is counted."""


def data(points: int = 27, grid: int = 200, samples: int = 300) -> dict[str, np.ndarray]:
    """``r (points,)``; for the models (k) and three directions ``loss (k, 3, points)``, ``accuracy (k, 3, points)``;

    ``start (k, 2)`` loss and accuracy; ``exact, sigma (k, 3)`` radii over pi/Delta; ``descent (k,)`` the r proved for
    -g; ``rises (k, 3)`` the least r of a grid with more loss than at 0, inf if none below 100; ``lost (k, 3)``;
    ``raised (k, s)``: of ``samples`` batches the share whose step at r = SHARES raises the training loss, ``limits
    (k, s, 2)`` for its probability, and ``verdict (k,)`` of the statement that at r = 1/2 it is at least 1/2.
    """
    r, fine = np.geomspace(*REACH, points), np.geomspace(0.01, REACH[1], grid)
    found = [_model(hidden, count, r, fine, samples) for _, hidden, count in MODELS]
    return {"r": r} | {name: np.array([one[name] for one in found]) for name in found[0]}


def _model(hidden: int, count: int, r: np.ndarray, fine: np.ndarray, samples: int) -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    digits, network = split(rng), Network(hidden)
    theta = fit(network, digits, rng, count)
    g, z = network.gradient(theta, digits.x, digits.y), network.logits(theta, digits.x)
    start = _measure(network, digits, theta)
    out: dict[str, Any] = {name: [] for name in ("loss", "accuracy", "exact", "sigma", "rises", "lost")}
    for v in (-g, g, rng.normal(size=g.size)):
        a = network.slopes(theta, digits.x, v)
        unit = float(np.min(lower_pi(z, a)))
        out["exact"].append(batch_radius(z, a).radius / unit)
        out["sigma"].append(float(np.min(lower_sigma(z, a))) / unit)
        at = np.array([_measure(network, digits, theta + s * unit * v) for s in r])
        out["loss"].append(at[:, 0])
        out["accuracy"].append(at[:, 1])
        out["rises"].append(_first(network, digits, theta, unit * v, fine, start[0]))
        out["lost"].append(start[1] - _measure(network, digits, theta + 0.9 * unit * v)[1])
    out |= {"start": start, "descent": descent_step(z, network.slopes(theta, digits.x, -g), digits.y).share}

    def rise(share: float, draws: np.random.Generator, size: int) -> np.ndarray:
        """1/2 where a step along minus the gradient of a random batch raises the training loss, else -1/2."""
        up = np.empty(size)
        for k in range(size):
            rows = draws.choice(len(digits.y), BATCH, replace=False)
            v = -network.gradient(theta, digits.x[rows], digits.y[rows])
            step = share * float(np.min(lower_pi(z, network.slopes(theta, digits.x, v))))
            up[k] = cross_entropy(network.logits(theta + step * v, digits.x), digits.y) > start[0]
        return up - 0.5

    raised, limits = [], []
    for share in SHARES:
        up = rise(share, np.random.default_rng(SEED), samples)
        reach, mean = half_width(float(np.var(up, ddof=1)), 1, samples, CONFIDENCE), float(np.mean(up)) + 0.5
        raised.append(mean)
        limits.append((max(mean - reach, 0.0), min(mean + reach, 1.0)))
    decided = simulate(partial(rise, 0.5), rng=SEED, samples=samples, bounds=(-0.5, 0.5), confidence=CONFIDENCE)
    return out | {"raised": raised, "limits": limits, "verdict": decided.verdict.value}


def _measure(network: Network, digits: Digits, theta: np.ndarray) -> tuple[float, float]:
    """Training loss and test accuracy."""
    return (
        cross_entropy(network.logits(theta, digits.x), digits.y),
        accuracy(network.logits(theta, digits.x_test), digits.y_test),
    )


def _first(
    network: Network, digits: Digits, theta: np.ndarray, v: np.ndarray, steps: np.ndarray, start: float
) -> float:
    for s in steps:
        if cross_entropy(network.logits(theta + s * v, digits.x), digits.y) > start:
            return float(s)
    return math.inf


def rows(table: dict[str, np.ndarray]) -> list[dict[str, str]]:
    """The table below the panels, a row for each quantity."""
    names = [name for name, _, _ in MODELS]

    def row(text: str, cells: list[str]) -> dict[str, str]:
        return {"": text} | dict(zip(names, cells))

    def three(values: np.ndarray, digits: str) -> list[str]:
        return [
            " / ".join(format(x, digits) if math.isfinite(x) else "none" for x in line).replace("-", "\u2212")
            for line in values
        ]

    out = [
        row("loss and accuracy at the start", [f"{a:.3g}, {b:.3f}" for a, b in table["start"]]),
        row(r"exact radius over $\pi/\Delta$: $-g$ / $+g$ / random", three(table["exact"], ".2f")),
        row(r"$\rho_\sigma$ over $\pi/\Delta$", three(table["sigma"], ".2f")),
        row(r"least $r$ at which the loss is above its start", three(table["rises"], ".2g")),
        row("accuracy lost at $r=0.9$", three(table["lost"], ".3f")),
    ]
    for k, share in enumerate(SHARES):
        cells = [f"{m[k]:.2f}  [{low:.2f}, {high:.2f}]" for m, (low, high) in
                 zip(table["raised"], table["limits"][:, k])]  # fmt: skip
        out.append(row(f"share of batches that raise the training loss at $r={share:g}$", cells))
    return out


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Loss over accuracy for each model, and the table."""
    figure.set_size_inches(9.6, 7.0)
    grid = figure.add_gridspec(3, len(MODELS), height_ratios=(1.35, 1, 1.1))
    for k, (name, _, _) in enumerate(MODELS):
        loss = figure.add_subplot(grid[0, k])
        right = figure.add_subplot(grid[1, k], sharex=loss)
        _loss(loss, table, k)
        _accuracy(right, table, k)
        loss.set_title(name)
        if not k:
            loss.set_ylabel("training loss over its start")
            right.set_ylabel("test accuracy")
            key(loss, 0.08, 0.93, DIRECTIONS, step=0.09)
    note = f"level: simulated, seed {SEED}; limits hold with confidence {CONFIDENCE} each"
    table_panel(figure.add_subplot(grid[2, :]), rows(table), (0, 0.58, 0.79, 1.0), note)


def _axis(axes: Axes, table: dict[str, np.ndarray], k: int) -> None:
    axes.axvline(float(table["exact"][k, 0]), color=MUTED, linewidth=0.7, dashes=(1, 2), zorder=1)
    axes.set(xscale="log", xlim=(REACH[0] / 1.2, REACH[1] * 1.2))
    axes.xaxis.set_major_locator(FixedLocator([0.1, 1, 10, 100]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, place: f"{value:g}")


def _loss(axes: Axes, table: dict[str, np.ndarray], k: int) -> None:
    r, low, high = table["r"], 0.5, 40.0
    theory(axes, r, 1 + math.pi * r / table["start"][k, 0], clip_on=True)
    theory(axes, REACH, (1, 1), linewidth=0.5)
    ratios = table["loss"][k] / table["start"][k, 0]
    for (_, hue, marker), line in zip(DIRECTIONS, ratios):
        shown = (line > low) & (line < high)
        marks(axes, r[shown], line[shown], hue, marker, markersize=3.4)
    proved = float(table["descent"][k])
    height = np.exp(np.interp(np.log(proved), np.log(r), np.log(ratios[0])))
    axes.plot([proved], [height], "o", markersize=8, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=0.7)
    label(axes, float(table["exact"][k, 0]), high, r"$\rho$", va="top", offset=(3, 0))
    _axis(axes, table, k)
    axes.set(yscale="log", ylim=(low, high))
    axes.tick_params(labelbottom=False)
    axes.yaxis.set_major_locator(FixedLocator([0.5, 1, 2, 5, 10, 20]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, place: f"{value:g}")


def _accuracy(axes: Axes, table: dict[str, np.ndarray], k: int) -> None:
    theory(axes, REACH, [table["start"][k, 1]] * 2, linewidth=0.5)
    for (_, hue, marker), line in zip(DIRECTIONS, table["accuracy"][k]):
        marks(axes, table["r"], line, hue, marker, markersize=3.4)
    _axis(axes, table, k)
    axes.set(ylim=(0, 1), xlabel=r"$r$, step over $\pi/\Delta$")
