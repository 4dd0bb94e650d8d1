"""Learning-rate schedules above, losses along them below: the annealing law fitted on two and predicted on two."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.figures.bands import fitted, ticks, true
from hconsist.figures.synthetic_runs import SEED
from hconsist.plotting import COLOURS, MUTED, label, marks, published
from hconsist.scaling import AnnealingLaw, Constant, Cosine, Schedule, StepDown, WarmupStableDecay, areas

TITLE = (
    "Fitted along two schedules, the annealing law foretells the loss along two others to two thousandths of its value"
)
CAPTION = (
    "Level: simulated, one seed. Above: the learning rate of four schedules of 24000 steps, with 500 steps of warm-up. "
    "Below: losses drawn from L(s) = L0 + A S1^-alpha - C S2 (Tissue et al. 2024; L0 = 2.9, A = 0.55, alpha = 0.5, C = "
    "0.42, lambda = 0.999) with independent noise of sd 0.003 on ln L. S1 is the sum of the rates so far; S2 grows "
    "where they fall. Full marks: the losses the law is fitted to (constant and cosine); hollow marks: losses it has "
    "not seen. Coloured: fit and prediction with 95 per cent bootstrap bands; dashed black: the truth; grey: the fit "
    "without C S2. The gap opens as the rate comes down: it is what the end of a schedule wins, against slower gains "
    "of S1. Off by: the largest distance of fit and truth. Losses of true runs are correlated; their law may differ."
)

TRUTH = {"L0": 2.9, "A": 0.55, "alpha": 0.5, "C": 0.42}
DECAY, STEPS, WARMUP, PEAK, NOISE = 0.999, 24000, 500, 3e-4, 0.003
SCHEDULES: tuple[tuple[str, Schedule, str], ...] = (
    ("constant", Constant(PEAK, STEPS, WARMUP), "blue"),
    ("cosine", Cosine(PEAK, STEPS, WARMUP, final=PEAK / 10), "green"),
    (
        "warm-up, stable, decay",
        WarmupStableDecay(PEAK, STEPS, WARMUP, decay_start=18000, final=PEAK / 10),
        "vermillion",
    ),
    ("step", StepDown(PEAK, STEPS, WARMUP, drop=12000, final=PEAK / 5), "purple"),
)
FITTED, FIRST = (0, 1), 2000


def data(resamples: int = 600, every: int = 400, points: int = 260) -> dict[str, np.ndarray]:
    """``at (points,)`` with the rates ``eta (4, points)`` and, NaN before step FIRST, the curves ``fit, lower, upper,

    plain, truth (4, points)``, ``plain`` being L0 + A S1^-alpha; ``step (q,)`` with the losses ``loss (4, q)``;
    ``parameters (4, 4)``: estimate, limits and truth of L0, A, C, alpha; ``error (4,)``: the largest
    |fit / truth - 1|.
    """
    step, at = np.arange(FIRST, STEPS, every), np.linspace(0, STEPS - 1, points).astype(int)
    schedules, shown = [schedule for _, schedule, _ in SCHEDULES], at >= FIRST
    noise = np.exp(NOISE * np.random.default_rng(SEED).normal(size=(len(schedules), step.size)))
    loss = np.array([_truth(schedule, step) for schedule in schedules]) * noise
    law = AnnealingLaw(decay=DECAY, resamples=resamples, rng=SEED)
    law.fit([(schedules[k], step) for k in FITTED], np.concatenate([loss[k] for k in FITTED]))
    curves = np.full((5, len(schedules), at.size), np.nan)
    for k, schedule in enumerate(schedules):
        run = law.areas_of([(schedule, at[shown])])
        band, own = law.prediction_interval(run), law.parameters_
        plain = own["L0"] + own["A"] * run["S1"] ** -own["alpha"]
        curves[:, k, shown] = band.value, band.lower, band.upper, plain, _truth(schedule, at[shown])
    intervals = [(law.interval(name), TRUTH[name]) for name in law.parameters_]
    return dict(zip(("fit", "lower", "upper", "plain", "truth"), curves)) | {
        "at": at,
        "eta": np.array([schedule.rates()[at] for schedule in schedules]),
        "step": step,
        "loss": loss,
        "parameters": np.array([(i.value, i.lower, i.upper, truth) for i, truth in intervals]),
        "error": np.max(np.abs(curves[0][:, shown] / curves[4][:, shown] - 1), axis=1),
    }


def _truth(schedule: Schedule, steps: np.ndarray) -> np.ndarray:
    first, second = (area[steps] for area in areas(schedule.rates(), DECAY, warmup=schedule.warmup))
    return TRUTH["L0"] + TRUTH["A"] * first ** -TRUTH["alpha"] - TRUTH["C"] * second


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """A column a schedule."""
    figure.set_size_inches(9.6, 4.8)
    rates, losses = figure.subplots(2, len(SCHEDULES), sharex=True, sharey="row", height_ratios=(1, 2.6))
    for k, (above, below) in enumerate(zip(rates, losses)):
        _rate(above, table, k)
        _loss(below, table, k)
    rates[0].set_ylabel(r"rate $\eta$, $10^{-4}$")
    losses[0].set_ylabel("loss $L$, nats per token")


def _rate(axes: Axes, table: dict[str, np.ndarray], k: int) -> None:
    name, _, hue = SCHEDULES[k]
    fitted(axes, table["at"] / 1000, 1e4 * table["eta"][k], hue)
    axes.set(ylim=(0, 1.15e4 * PEAK), title=name)
    ticks(axes.yaxis, (0, 1, 2, 3))


def _loss(axes: Axes, table: dict[str, np.ndarray], k: int) -> None:
    hue, s, seen = SCHEDULES[k][2], table["at"] / 1000, k in FITTED
    published(axes, s, table["plain"][k])
    fitted(axes, s, table["fit"][k], hue, table["lower"][k], table["upper"][k])
    true(axes, s, table["truth"][k], linewidth=0.6)
    face: dict[str, Any] = (
        {} if seen else {"markerfacecolor": "white", "markeredgecolor": COLOURS[hue], "markeredgewidth": 0.7}
    )
    marks(axes, table["step"] / 1000, table["loss"][k], hue, markersize=2.8, **face)
    gap = table["plain"][k, -1] - table["fit"][k, -1]
    if gap > 0.02:
        arrow = {"arrowstyle": "->", "color": MUTED, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", (s[-1], table["fit"][k, -1]), (s[-1], table["plain"][k, -1]), arrowprops=arrow)
        text = f"$C\\,S_2={gap:.2f}$"
        label(axes, s[-1], table["plain"][k, -1], text, MUTED, ha="right", va="bottom", offset=(4, 5))
    words = "fitted, off by" if seen else "not seen, off by"
    label(axes, 0.98, 0.95, f"{words} {100 * table['error'][k]:.2f} %", hue, xycoords="axes fraction", ha="right")
    axes.set(xlabel="step, thousands", ylim=(2.97, 3.78))
    ticks(axes.xaxis, (0, 6, 12, 18, 24))
