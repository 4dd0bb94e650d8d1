"""Profile intervals: the objective minimised over the other parameters, as a function of one.

With Laplace errors of unknown scale the log-likelihood of a sum F of absolute residuals is -n ln F + constant, so 2 n
ln(F(theta_k) / F_min) is compared with the chi-square quantile; with Gaussian errors it is n ln(F / F_min), F the sum
of squares.  Huber's sum is treated as the Laplace case.  Both assume independent errors of one scale: where this
fails (it mostly does) the interval is too narrow, which is why the bootstrap is the default and both are shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hconsist.scaling.fitting import solve_many
from hconsist.scaling.laws import LOG_ZERO, Problem, SumOfPowersProblem
from hconsist.scaling.solver import Solution

__all__ = ["Profile", "boundary_limit", "effective_count", "profile", "profile_interval"]

_GRID = np.concatenate([np.linspace(0.2, 2, 10), np.geomspace(2.5, 200, 14)])


@dataclass(frozen=True)
class Profile:
    """Values of one parameter, the statistic there, and the other parameters at each: arrays (k,), (k,), (k, p)."""

    values: np.ndarray
    statistic: np.ndarray
    theta: np.ndarray


def profile(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    index: int,
    values: np.ndarray,
    *,
    weights: np.ndarray | None = None,
) -> Profile:
    """The profile of parameter ``index`` (centred coordinates) at ``values``, all in one batch."""
    m = len(values)
    start = np.repeat(theta[None], m, 0)
    start[:, index] = values
    free = start > LOG_ZERO
    free[:, index] = False
    w = None if weights is None else np.repeat(weights[None], m, 0)
    found = solve_many(problem, start, delta, weights=w, free=free)
    return Profile(values, _statistic(problem, found, theta, delta, weights), found.theta)


def _statistic(
    problem: Problem, found: Solution, theta: np.ndarray, delta: float, weights: np.ndarray | None
) -> np.ndarray:
    from hconsist.scaling.robust import loss_sums

    least = loss_sums(problem.evaluate(theta[None]).residual, delta, None if weights is None else weights[None])[0]
    n = problem.n_points if weights is None else effective_count(weights)
    if least == 0:  # without noise any other value is excluded
        return np.where(found.objective > 0, np.inf, 0.0)
    return (1.0 if math.isinf(delta) else 2.0) * n * np.log(np.maximum(found.objective / least, 1.0))


def effective_count(weights: np.ndarray) -> float:
    """(sum w)^2 / sum w^2: how many points of one weight tell as much (Kish), whatever the scale of the weights."""
    share = weights / weights.max()
    return float(share.sum() ** 2 / (share**2).sum())


def profile_interval(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    index: int,
    confidence: float = 0.95,
    *,
    weights: np.ndarray | None = None,
) -> tuple[float, float]:
    """Where the profile statistic stays under the chi-square quantile; +-infinity where it never leaves it."""
    from scipy.special import ndtri

    limit = float(ndtri(0.5 + confidence / 2)) ** 2
    centre = theta[index]
    state = problem.evaluate(theta[None])
    jacobian = state.jacobian()[0]
    free = theta > LOG_ZERO
    spread = float(np.sqrt(np.mean(state.residual**2)))
    covariance = np.linalg.pinv(jacobian[free] @ jacobian[free].T) * spread**2
    step = max(
        float(
            np.sqrt(covariance[np.flatnonzero(free).tolist().index(index)][np.flatnonzero(free).tolist().index(index)])
        ),
        1e-9,
    )
    ends = []
    for side in (-1.0, 1.0):
        low, high = 0.0, math.inf
        grid = _GRID
        for _ in range(3):
            found = profile(problem, theta, delta, index, centre + side * step * grid, weights=weights)
            beyond = np.flatnonzero(found.statistic > limit)
            if not len(beyond):
                break
            first = int(beyond[0])
            high = float(grid[first])
            low = float(grid[first - 1]) if first else low
            grid = np.linspace(low, high, 12)[1:]
        ends.append(centre + side * step * (0.5 * (low + high) if math.isfinite(high) else math.inf))
    return ends[0], ends[1]


def boundary_limit(
    problem: SumOfPowersProblem,
    theta: np.ndarray,
    delta: float,
    index: int,
    confidence: float = 0.95,
    *,
    weights: np.ndarray | None = None,
) -> float:
    """The upper limit of a log-coefficient that is at zero: where the statistic exceeds its one-sided quantile.

    At the boundary the statistic is 0 half of the time (Self and Liang 1987, recalled), so its quantile is that of the
    normal law squared, on one side.  Infinity where no value up to the largest of the grid is excluded.
    """
    from scipy.special import ndtri

    limit = float(ndtri(confidence)) ** 2
    grid = np.log(np.geomspace(1e-6, 1.0, 25) * float(problem.observed.max()))
    high = math.inf
    for _ in range(3):
        beyond = np.flatnonzero(profile(problem, theta, delta, index, grid, weights=weights).statistic > limit)
        if not len(beyond):
            break
        first = int(beyond[0])
        high = float(grid[first])
        if first == 0:
            break
        grid = np.linspace(grid[first - 1], high, 12)[1:]
    return high
