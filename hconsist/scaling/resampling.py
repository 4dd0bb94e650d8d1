"""Bootstrap and jackknife: all resamples are members of one batch; percentile and BCa intervals.

A resample of the points with replacement is a row of integer weights.  Percentile: quantiles of the resampled values.
BCa (Efron 1987, recalled): the quantile levels are moved by z0 = ndtri(share below the estimate) and by the
acceleration a = sum d^3 / (6 (sum d^2)^1.5), d = mean - leave-one-out values:

    level = ndtr(z0 + (z0 + z) / (1 - a (z0 + z))).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.scaling.fitting import solve_many
from hconsist.scaling.laws import Problem
from hconsist.scaling.robust import losses
from hconsist.scaling.solver import Solution

__all__ = ["bca_levels", "bootstrap", "leave_one_out", "percentile_levels", "quantiles", "resample_weights"]


_CONFIDENCE = Domain(0, 1, lower_open=True, upper_open=True)
_EXCHANGES, _OFFERED = 5, 256
"""Rounds in which members try the optima of others, and of how many others."""


def resample_weights(n_points: int, resamples: int, rng: np.random.Generator | int | None) -> np.ndarray:
    """(resamples, n): how often each point is drawn."""
    try:
        generator = np.random.default_rng(rng)
    except (TypeError, ValueError):
        raise InputError("rng", "a seed >= 0 or a numpy Generator", rng) from None
    return generator.multinomial(n_points, np.full(n_points, 1.0 / n_points), size=resamples).astype(float)


def bootstrap(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    *,
    resamples: int,
    rng: np.random.Generator | int | None = 0,
    weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    workers: int | Callable = 1,
) -> Solution:
    """Fits to resamples, from the full fit's parameters ``theta`` (p,) and from the optima of other resamples.

    ``weights`` (n,) multiply the counts.  With few and noisy points a resample may have a lower minimum elsewhere.
    """
    counts = resample_weights(problem.n_points, resamples, rng)
    return _weighted(problem, theta, delta, counts if weights is None else counts * weights, free, workers)


def leave_one_out(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    *,
    weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    workers: int | Callable = 1,
) -> Solution:
    """Fits to all points but one, in the order of the points."""
    counts = 1.0 - np.eye(problem.n_points)
    return _weighted(problem, theta, delta, counts if weights is None else counts * weights, free, workers)


def _weighted(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    weights: np.ndarray,
    free: np.ndarray | None,
    workers: int | Callable,
) -> Solution:
    m = len(weights)
    loose = None if free is None else np.repeat(free[None], m, 0)
    found = solve_many(problem, np.repeat(theta[None], m, 0), delta, weights=weights, free=loose, workers=workers)
    for _ in range(_EXCHANGES):
        rows, start = _lower_elsewhere(problem, found, delta, weights)
        if not len(rows):
            break
        again = solve_many(
            problem, start, delta, weights=weights[rows], free=None if loose is None else loose[rows], workers=workers
        )
        lower = again.objective < found.objective[rows]
        found.put(rows[lower], again.take(lower))
        if not lower.any():
            break
    return found


def _lower_elsewhere(
    problem: Problem, found: Solution, delta: float, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Members whose own sum is lower at the optimum of another, and that optimum.

    Where a sum has several minima a member near one start may rest in the wrong one; another member has often found the
    right one.  For all pairs this is one product of matrices.
    """
    offered = found.theta[np.unique(np.linspace(0, len(found.theta) - 1, _OFFERED).astype(int))]
    sums = weights @ losses(problem.evaluate(offered).residual, delta).T
    best = sums.argmin(-1)
    rows = np.flatnonzero(sums.min(-1) < found.objective * (1 - 1e-6) - 1e-18)
    return rows, offered[best[rows]]


def percentile_levels(confidence: float) -> np.ndarray:
    """The two quantile levels of the percentile interval; InputError for a ``confidence`` outside (0, 1)."""
    tail = (1 - float(_CONFIDENCE.check_scalar("confidence", confidence))) / 2
    return np.array([tail, 1 - tail])


def bca_levels(estimate: float, resampled: np.ndarray, left_out: np.ndarray, confidence: float) -> np.ndarray:
    """The two quantile levels of the BCa interval."""
    from scipy.special import ndtr, ndtri

    m = len(resampled)
    left_out = left_out[np.isfinite(left_out)]  # a fit without one point may leave a quantity undefined
    below = (np.sum(resampled < estimate) + 0.5 * np.sum(resampled == estimate)) / m
    bias = ndtri(np.clip(below, 0.5 / m, 1 - 0.5 / m))
    spread = left_out.mean() - left_out if len(left_out) else left_out
    square = np.sum(spread**2)
    acceleration = np.sum(spread**3) / (6 * square**1.5) if square > 0 else 0.0
    z = bias + ndtri(np.array([0.5 - confidence / 2, 0.5 + confidence / 2]))
    return ndtr(bias + z / (1 - acceleration * z))


def quantiles(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles over the first axis; a resample whose value is undefined (NaN) counts as both extremes."""
    low = np.quantile(np.where(np.isnan(values), -np.inf, values), levels[0], axis=0, method="lower")
    high = np.quantile(np.where(np.isnan(values), np.inf, values), levels[1], axis=0, method="higher")
    return np.stack([low, high])
