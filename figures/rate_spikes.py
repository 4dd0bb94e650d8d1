"""Simulation: the learning rate jumps a thousandfold and stays there; caps by radii against a plain trust region."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.figures.small_networks import Adam, Digits, Network, accuracy, batches, cross_entropy, split
from hconsist.figures.table_panel import table_panel
from hconsist.plotting import COLOURS, MUTED, label, marks
from hconsist.singularities.controllers import cap

TITLE = "Capped steps survive a thousandfold learning rate; a plain limit on logit gaps does as well as any radius"
CAPTION = (
    "Level: simulated, seeds 2026 to 2028. A tanh network (32 units) learns the ten scores of 600 bundled digits by "
    "Adam, batches of 64; from step 50 on (dotted) the rate is a thousand times the base rate. Each cap shortens the "
    "proposed step by what the slopes of the logits of the batch along it allow: the batch radius or a lower bound on "
    "it, the step of proved descent, or, the control, a fixed change of logit gaps (gap 3 is 0.955 of pi/Delta, and no "
    "complex number enters it). Left and middle: training loss for two base rates, medians over seeds. Right: accuracy "
    "on 299 other digits at the end, all seeds (full: base rate 0.001, hollow: 0.01). A trust region on the logits is "
    "worth having; that complex zeros explain it is not shown: a limit on gaps does as well, and the longer radii "
    "bring nothing. The network is not linear in its parameters, so that no cap is a guarantee here."
)

SEEDS, RATES, SPIKE, START, STEPS, EVERY = (2026, 2027, 2028), (1e-3, 1e-2), 1000.0, 50, 100, 5
RULES = (
    ("no cap", "black", "x"),
    ("gradient clip 1", "purple", "v"),
    (r"cap $\pi/\Delta$", "orange", "D"),
    (r"cap $\rho_\sigma$", "blue", "o"),
    (r"cap $\rho$, exact", "sky", "s"),
    ("cap gap 3", "vermillion", "^"),
    ("cap gap 1", "vermillion", "<"),
    ("cap descent", "green", "P"),
)
_CAPS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"by": "pi"},
    {"by": "sigma"},
    {"by": "exact"},
    {"by": "gap", "gap": 3.0},
    {"by": "gap", "gap": 1.0},
    {"by": "descent"},
)


def data(seeds: tuple[int, ...] = SEEDS, rates: tuple[float, ...] = RATES, steps: int = STEPS) -> dict[str, np.ndarray]:
    """``step (q,)``, ``rates (p,)``; for each rule (k), rate and seed (s) the training loss ``path (k, p, s, q)``,

    ``accuracy (k, p, s)`` at the end, and ``longest (k, p, s)``, the largest r of a step taken, r = 1 being pi/Delta of
    the batch.
    """
    at = np.arange(0, steps + 1, EVERY)
    shape = (len(RULES), len(rates), len(seeds))
    path, right, longest = np.empty((*shape, at.size)), np.empty(shape), np.empty(shape)
    for k in range(len(RULES)):
        for p, rate in enumerate(rates):
            for s, seed in enumerate(seeds):
                path[k, p, s], right[k, p, s], longest[k, p, s] = _train(k, rate, seed, steps)
    return {"step": at, "rates": np.asarray(rates), "path": path, "accuracy": right, "longest": longest}


def _train(rule: int, rate: float, seed: int, steps: int) -> tuple[np.ndarray, float, float]:
    """Losses every ``EVERY`` steps, final test accuracy, largest r."""
    rng = np.random.default_rng(seed)
    digits, network = split(rng), Network(32)
    theta, longest = network.start(rng), 0.0
    adam, path = Adam(theta.size), [_loss(network, theta, digits)]
    for count, rows in enumerate(batches(rng, len(digits.y), 64, steps)):
        x, y = digits.x[rows], digits.y[rows]
        g = network.gradient(theta, x, y)
        if rule == 1:
            g = g / max(1.0, float(np.linalg.norm(g)))
        move = rate * (SPIKE if count >= START else 1.0) * adam.step(g)
        a = network.slopes(theta, x, move)
        factor = _factor(_CAPS[rule], network.logits(theta, x), a, y)
        longest = max(longest, factor * float(np.max(np.ptp(a, axis=1))) / math.pi)
        theta = theta + factor * move
        if (count + 1) % EVERY == 0:
            path.append(_loss(network, theta, digits))
    return np.array(path), accuracy(network.logits(theta, digits.x_test), digits.y_test), longest


def _factor(rule: dict[str, Any], z: np.ndarray, a: np.ndarray, y: np.ndarray) -> float:
    if not rule or (rule["by"] == "exact" and cap(1.0, z, a, by="sigma").factor == 1):  # a bound that allows it will do
        return 1.0
    return cap(1.0, z, a, y, **rule).factor


def _loss(network: Network, theta: np.ndarray, digits: Digits) -> float:
    return cross_entropy(network.logits(theta, digits.x), digits.y)


def rows(table: dict[str, np.ndarray]) -> list[dict[str, str]]:
    """Medians over seeds, and the largest r of all seeds, for each rule."""
    out = []
    for k, (name, _, _) in enumerate(RULES):
        row = {"rule": name}
        for p, rate in enumerate(table["rates"]):
            head = f"base {rate:g}: "
            row[head + "loss"] = f"{np.median(table['path'][k, p, :, -1]):.3g}"
            row[head + "accuracy"] = f"{np.median(table['accuracy'][k, p]):.3f}"
            row[head + "largest $r$"] = (
                f"{np.max(table['longest'][k, p]):.{0 if np.max(table['longest'][k, p]) > 100 else 2}f}"
            )
        out.append(row)
    return out


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Losses during training, accuracies at the end, and the table."""
    figure.set_size_inches(9.6, 6.6)
    count = len(table["rates"])
    grid = figure.add_gridspec(2, count + 1, height_ratios=(1.6, 1), width_ratios=[1] * count + [0.8])
    for p, rate in enumerate(table["rates"]):
        axes = figure.add_subplot(grid[0, p])
        _paths(axes, table, p)
        axes.set_title(f"rate {rate:g}, then {rate * SPIKE:g}")
        if not p:
            axes.set_ylabel("training loss")
    _ends(figure.add_subplot(grid[0, count]), table)
    first = (0.0, *np.linspace(0.38, 1.0, 3 * count))
    note = f"level: simulated, {len(table['path'][0, 0])} seeds from {SEEDS[0]}; $r=1$ is $\\pi/\\Delta$ of the batch"
    table_panel(figure.add_subplot(grid[1, :]), rows(table), first, note, [hue for _, hue, _ in RULES])


def _paths(axes: Axes, table: dict[str, np.ndarray], p: int) -> None:
    low, high = 4e-3, 1e2
    axes.axvline(START, color=MUTED, linewidth=0.7, dashes=(1, 2), zorder=1)
    for k, (_, hue, marker) in enumerate(RULES):
        loss = np.median(table["path"][k, p], axis=0)
        shown = (loss > low) & (loss < high)
        edge = 0.9 if marker == "x" else 0.0
        marks(axes, table["step"][shown], loss[shown], hue, marker, markersize=3.6, markeredgewidth=edge)
    axes.set(yscale="log", ylim=(low, high), xlabel="step")
    axes.yaxis.set_minor_locator(NullLocator())


def _ends(axes: Axes, table: dict[str, np.ndarray]) -> None:
    low = 0.7
    for k, (name, hue, marker) in enumerate(RULES):
        y = len(RULES) - k
        axes.plot([low, 1], [y, y], color="#dddddd", linewidth=0.5, zorder=1)
        for p in range(len(table["rates"])):
            found = np.maximum(table["accuracy"][k, p], low)
            face = {} if p == 0 or marker == "x" else {"markerfacecolor": "white"}
            marks(axes, found, np.full(found.shape, y + 0.16 - 0.32 * p), hue, marker, markersize=4,
                  markeredgewidth=0.9, markeredgecolor=COLOURS[hue], **face)  # fmt: skip
        label(axes, low, y, name, hue, offset=(0, 9), fontsize=8.5)
    axes.set(xlim=(low, 1), ylim=(0.5, len(RULES) + 0.9), yticks=[], xlabel="test accuracy", title="at the end")
    axes.xaxis.set_major_locator(FixedLocator([0.7, 0.8, 0.9, 1]))
    axes.spines["left"].set_visible(False)
