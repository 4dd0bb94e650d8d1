"""What a fit leaves open: profiles of the objective over pairs of parameters, and resamples on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.figures.bands import ticks
from hconsist.figures.synthetic_runs import SEED, TRUTH, study
from hconsist.plotting import INK, label, marks
from hconsist.scaling import Chinchilla
from hconsist.scaling.fitting import solve_many

TITLE = "The coefficient A is a shadow of its exponent; the term at the middle of the runs is known four times better"
CAPTION = (
    "Level: simulated, one seed. Chinchilla's law fitted to 180 synthetic runs. Lines: the objective F, minimised over "
    "the three other parameters, where 2 n ln(F / F_min) is 2.28 and 5.99 (68 and 95 per cent if errors were "
    "independent, Laplace and of one scale; they are not). Dots: bootstrap resamples of the runs; cross: the truth. "
    "Left: A, the term at one parameter, and alpha, on a narrow ridge. Middle: the same fits with the term at the "
    "geometric mean N_0 of the sizes in place of A, over the same range of ratios; what is left of the ridge is the "
    "trade between this term and E. Right: the two exponents. The condition is that of the Jacobian with columns of "
    "one length, for all five parameters."
)

LEVELS = (-2 * np.log(0.32), -2 * np.log(0.05))
"""Quantiles of chi-square with two degrees of freedom, an exponential law."""
SPAN, WIDE = 3.6, 1.7
"""The mesh reaches so many standard deviations of the resamples along both axes; ratios shown on each side."""
CROSS: dict[str, Any] = {"markersize": 6, "markeredgewidth": 1.4, "zorder": 5}
NAMES, PAIRS = ("A", "alpha", "beta"), (("A", "alpha"), ("alpha", "beta"))


def data(resamples: int = 1000, points: int = 31, per_size: int = 30) -> dict[str, np.ndarray]:
    """``middle`` = ln N_0; resamples ``A, alpha, beta (m,)``; for ln(A N_0^-alpha) and alpha (k = 0), and for alpha and

    beta (k = 1), a mesh ``x_k, y_k`` with the statistic ``z_k``, (points, points), and ``within_k``, the share of
    resamples under the 95 per cent level; ``fit, truth (3,)``: A, alpha, beta; ``condition (2,)`` without and with
    centring.
    """
    columns, losses = study(per_size)
    fit = Chinchilla(resamples=resamples, rng=SEED).fit(columns, losses)
    found, names = fit.bootstrap(), fit.law().parameters
    centre = {name: float(np.log(columns[name]).mean()) for name in fit.columns}
    table, cloud = {name: found[name] for name in NAMES}, _centred(found, centre)
    for k, pair in enumerate(PAIRS):
        at = [names.index(name) for name in pair]
        u, v = np.meshgrid(*[np.linspace(-SPAN, SPAN, points)] * 2, indexing="ij")
        mesh = fit.centred_[at][:, None] + np.linalg.cholesky(np.cov(cloud[at])) @ np.stack([u.ravel(), v.ravel()])
        values = (*mesh, _profile(fit, at, mesh, cloud))
        table |= dict(zip((f"x_{k}", f"y_{k}", f"z_{k}"), (w.reshape(u.shape) for w in values)))
        table[f"within_{k}"] = np.mean(_profile(fit, at, cloud[at], cloud) < LEVELS[1])
    jacobian = fit.problem_.evaluate(fit.centred_[None]).jacobian()[0]
    for term, exponent, column in (("A", "alpha", "params"), ("B", "beta", "tokens")):
        jacobian[names.index(exponent)] -= centre[column] * jacobian[names.index(term)]  # from ln A N_0^-alpha to ln A
    plain = float(np.linalg.cond(jacobian / np.linalg.norm(jacobian, axis=1)[:, None]))
    return table | {
        "middle": np.array(centre["params"]),
        "fit": np.array([fit.parameters_[name] for name in NAMES]),
        "truth": np.array([TRUTH[name] for name in NAMES]),
        "condition": np.array([plain, fit.condition_]),
    }


def _centred(found: Mapping[str, np.ndarray], centre: Mapping[str, float]) -> np.ndarray:
    """Resamples in the coordinates of the fit: logarithms of the three terms at the middle, alpha, beta: (5, m)."""
    size = np.log(found["A"]) - found["alpha"] * centre["params"]
    amount = np.log(found["B"]) - found["beta"] * centre["tokens"]
    return np.stack([np.log(found["E"]), size, amount, found["alpha"], found["beta"]])


def _profile(fit: Chinchilla, at: list[int], values: np.ndarray, cloud: np.ndarray) -> np.ndarray:
    """2 n ln(F / F_min) with the parameters ``at`` held at the columns of ``values`` (2, m).

    The other parameters start where the resamples have them on average, given these two.
    """
    best = fit.centred_[:, None]
    slopes = np.linalg.lstsq((cloud - best)[at].T, (cloud - best).T, rcond=None)[0]
    start = (best + slopes.T @ (values - best[at])).T
    start[:, at] = values.T
    free = np.ones(start.shape, bool)
    free[:, at] = False
    objective = solve_many(fit.problem_, start, fit.delta, free=free).objective
    return 2 * len(fit.losses_) * np.log(np.maximum(objective / fit.objective_, 1.0))


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Uncentred, centred, exponents."""
    figure.set_size_inches(9.6, 4.4)
    panels = figure.subplots(1, 3)
    middle, alpha, beta = float(table["middle"]), table["alpha"], table["beta"]
    x, y, z = (table[f"{name}_0"] for name in "xyz")
    names = (r"$A$, the term at one parameter", r"$A\,N_0^{-\alpha}$, the term at the middle, nats")
    titles = ("coefficient and exponent", "the same fits, centred")
    places = ((300, 400, 500, 600, 800), (0.25, 0.3, 0.4, 0.5, 0.6))
    for k, shift in enumerate((0.0, middle)):
        axes = panels[k]
        term, best, truth = (a * np.exp(-shift * s) for a, s in (
            (table["A"], alpha), table["fit"][:2], table["truth"][:2]))  # fmt: skip
        _panel(axes, np.exp(x + y * (middle - shift)), y, z, term, alpha, (truth, table["truth"][1]))
        axes.set(xscale="log", xlim=(best / WIDE, best * WIDE), xlabel=names[k], ylabel=r"$\alpha$", title=titles[k])
        axes.set_ylim(alpha.min() - 0.004, alpha.max() + 0.01)
        ticks(axes.xaxis, places[k])
        low, high = np.quantile(term, (0.025, 0.975)) / best
        lines = (f"$\\pm${50 * (high - low):.0f} %, correlation {np.corrcoef(np.log(term), alpha)[0, 1]:.3f}".replace(
            "-", "\u2212"), f"condition {table['condition'][k]:.0f}")  # fmt: skip
        for row, text in enumerate(lines):
            label(axes, 0.03, 0.97 - 0.06 * row, text, xycoords="axes fraction")
    x, y, z = (table[f"{name}_1"] for name in "xyz")
    _panel(panels[2], x, y, z, alpha, beta, table["truth"][1:])
    panels[2].set(xlabel=r"$\alpha$", ylabel=r"$\beta$", title="the two exponents")
    label(panels[2], 0.03, 0.97, "lines: the profile at 68 and 95 %;", xycoords="axes fraction")
    share = f"dots: resamples, {100 * table['within_1']:.0f} % inside the outer one"
    label(panels[2], 0.03, 0.91, share, xycoords="axes fraction")
    marks(panels[2], 0.055, 0.04, "vermillion", "x", transform=panels[2].transAxes, **CROSS)
    label(panels[2], 0.055, 0.04, "truth", "vermillion", xycoords="axes fraction", offset=(7, 0))


def _panel(axes: Axes, x: Any, y: Any, z: Any, across: Any, up: Any, truth: Any) -> None:
    marks(axes, across, up, "sky", markersize=1.8, clip_on=True, rasterized=True)
    axes.contour(x, y, z, levels=LEVELS, colors=INK, linewidths=(0.7, 0.9), zorder=4)
    marks(axes, truth[0], truth[1], "vermillion", "x", **CROSS)
