"""Continuation: loose minimisations for falling thresholds of the loss, members that agree merged on the way.

From a start far away the sum for a large Huber threshold (nearly least squares) is the easy one; its minimum is the
start for the next smaller threshold.  Least absolute deviations (threshold 0) end in a walk over vertices.
"""

from __future__ import annotations

import math

import numpy as np

from hconsist.scaling.absolute import descend
from hconsist.scaling.absolute_edges import follow_edges
from hconsist.scaling.laws import Problem
from hconsist.scaling.solver import TOLERANCE, Solution, minimise

__all__ = ["MOST_STEPS", "continued", "vertices"]

_FIRST_STEPS = 40
_LOOSE_STEPS = 6
MOST_STEPS = 1000
_LOOSE = 1e-4
_SAME = 0.01
_FAR, _NEAR = (0.1, 100.0, 10.0), (0.01, 10.0, 10**0.5)
"""Where thresholds begin, at least and as a multiple of the last, and by which factor they fall."""


def continued(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    weights: np.ndarray | None,
    free: np.ndarray,
    *,
    warm: bool,
    precise: bool = True,
    most_steps: int = MOST_STEPS,
) -> Solution:
    """Optima for a threshold ``delta`` > 0 from far or, ``warm``, from near (see :data:`_FAR`).

    Without ``precise`` the last stage is a loose one, too.
    """
    stages = (delta,) if math.isinf(delta) else _thresholds(delta, *(_NEAR if warm else _FAR))
    leader = np.arange(len(theta))
    alike = not warm and _alike(free) and (weights is None or _alike(weights))
    steps = np.zeros(len(theta), int)
    for number, stage in enumerate(stages):
        last = number == len(stages) - 1
        most = _LOOSE_STEPS if warm or number else _FIRST_STEPS
        if last:
            most = most_steps if precise else _FIRST_STEPS
        open_ = free[: len(theta)]
        found = minimise(
            problem, theta, stage, weights=None if weights is None else weights[: len(theta)],
            free=None if open_.all() else open_, max_steps=most, tolerance=TOLERANCE if last and precise else _LOOSE,
        )  # fmt: skip
        theta, steps = found.theta, steps + found.steps
        if alike and not last and len(theta) > 1:
            kept, group = _distinct(problem, found, stage)
            theta, steps, leader = theta[kept], steps[kept], group[leader]
    found.steps = steps
    return found.take(leader)


def vertices(problem: Problem, theta: np.ndarray, weights: np.ndarray | None, free: np.ndarray) -> Solution:
    """Least absolute deviations from optima for a small threshold: vertices, and edges where no vertex is a minimum."""
    leader = np.arange(len(theta))
    if _alike(free) and (weights is None or _alike(weights)):
        _, kept, leader = np.unique(theta, axis=0, return_index=True, return_inverse=True)
        theta, free = theta[kept], free[kept]
        weights = None if weights is None else weights[kept]
    exact = descend(problem, theta, weights=weights, free=free)
    found = Solution(
        exact.theta, exact.objective, np.where(exact.certified, exact.subgradient, np.inf), exact.pivots
    )  # fmt: skip
    left = np.flatnonzero(~exact.certified)
    if len(left):
        some = None if weights is None else weights[left]
        exact = follow_edges(problem, theta[left], weights=some, free=free[left])
        ended = np.where(exact.certified, exact.subgradient, np.inf)
        found.put(left, Solution(exact.theta, exact.objective, ended, found.steps[left] + exact.pivots))
    return found.take(leader.ravel())


def _thresholds(delta: float, least: float, multiple: float, factor: float) -> tuple[float, ...]:
    """From max(least, multiple delta) down to ``delta`` by about ``factor``."""
    reach = math.log(max(least, multiple * delta) / delta)
    count = max(1, round(reach / math.log(factor)))
    return (*(delta * math.exp(reach * (1 - k / count)) for k in range(count)), delta)


def _alike(rows: np.ndarray) -> bool:
    return bool((rows == rows[:1]).all())


def _distinct(problem: Problem, found: Solution, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Members that predict different losses, the lowest of each kind, and for every member which of them is like it."""
    residual = problem.evaluate(found.theta).residual
    size = np.minimum(scale, np.sqrt((residual**2).mean(-1)))
    near = np.abs(residual[:, None] - residual[None]).max(-1) < _SAME * np.minimum(size[:, None], size[None])
    kept: list[int] = []
    group = np.zeros(len(residual), int)
    for i in np.argsort(found.objective, kind="stable"):
        like = [k for k, j in enumerate(kept) if near[i, j]]
        group[i] = like[0] if like else len(kept)
        if not like:
            kept.append(int(i))
    return np.array(kept), group
