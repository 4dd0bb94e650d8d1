"""Bootstrap and jackknife: all resamples are members of one batch; percentile and BCa intervals.

A resample of the points with replacement is a row of integer weights.  Percentile: quantiles of the resampled values.
BCa (Efron 1987, recalled): the quantile levels are moved by z0 = ndtri(share below the estimate) and by the
acceleration a = sum d^3 / (6 (sum d^2)^1.5), d = mean - leave-one-out values:

    level = ndtr(z0 + (z0 + z) / (1 - a (z0 + z))).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hconsist.scaling.fitting import solve_many
from hconsist.scaling.laws import Problem
from hconsist.scaling.solver import Solution

__all__ = ["bca_levels", "bootstrap", "leave_one_out", "quantiles", "resample_weights"]


def resample_weights(n_points: int, resamples: int, rng: np.random.Generator | int | None) -> np.ndarray:
    """(resamples, n): how often each point is drawn."""
    generator = np.random.default_rng(rng)
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
    """Fits to resamples, each from the full fit's parameters ``theta`` (p,); ``weights`` (n,) multiply the counts."""
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
    return solve_many(problem, np.repeat(theta[None], m, 0), delta, weights=weights, free=loose, workers=workers)


def bca_levels(estimate: float, resampled: np.ndarray, left_out: np.ndarray, confidence: float) -> np.ndarray:
    """The two quantile levels of the BCa interval."""
    from scipy.special import ndtr, ndtri

    m = len(resampled)
    below = (np.sum(resampled < estimate) + 0.5 * np.sum(resampled == estimate)) / m
    bias = ndtri(np.clip(below, 0.5 / m, 1 - 0.5 / m))
    spread = left_out.mean() - left_out
    square = np.sum(spread**2)
    acceleration = np.sum(spread**3) / (6 * square**1.5) if square > 0 else 0.0
    z = bias + ndtri(np.array([0.5 - confidence / 2, 0.5 + confidence / 2]))
    return ndtr(bias + z / (1 - acceleration * z))


def quantiles(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Quantiles over the first axis; a resample whose value is undefined (NaN) counts as both extremes."""
    low = np.quantile(np.where(np.isnan(values), -np.inf, values), levels[0], axis=0, method="lower")
    high = np.quantile(np.where(np.isnan(values), np.inf, values), levels[1], axis=0, method="higher")
    return np.stack([low, high])
