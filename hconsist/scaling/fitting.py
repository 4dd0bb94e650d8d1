"""From starts to optima: continuation in Huber's threshold, terms that vanish, least absolute deviations, chunks."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from hconsist.domains import InputError
from hconsist.scaling.absolute import descend
from hconsist.scaling.absolute_edges import polish
from hconsist.scaling.laws import LOG_ZERO, Problem
from hconsist.scaling.robust import influence
from hconsist.scaling.solver import Solution, minimise

__all__ = ["CHUNK", "solve", "solve_many", "worker_map"]

CHUNK = 128
"""Members solved together: as many as stay in the cache."""
_LOOSE_STEPS = 6
_MOST_STEPS = 1000
_FULL = (100.0, 20.0, 4.0, 1.0)
_SHORT = (10.0, 3.0, 1.0)
_ABSOLUTE = (0.1, 0.02, 0.004, 1e-3, 3e-4)
"""Thresholds from which least absolute deviations are approached."""
_FINER = (1e-4, 1e-5, 1e-6, 1e-7)
_FINE_STEPS = 100
_TUBE = 1e-8
_SMALL_SHARE = 0.02


def solve(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    *,
    weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    warm: bool = False,
) -> Solution:
    """An optimum from each row of ``theta``; ``delta`` = 0 means least absolute deviations, infinity least squares.

    Coefficients whose share becomes small are tried at exactly zero, and stay there where that is no worse and the
    derivative by the coefficient is not negative (the condition for a minimum at the boundary).
    """
    loose = np.ones(np.shape(theta), bool) if free is None else np.array(free, bool)
    solution = _continued(problem, theta, delta, weights, loose, warm)
    state = problem.evaluate(solution.theta)
    jacobian = state.jacobian()
    share = np.abs(jacobian[:, list(problem.coefficients)]).max(-1)
    if not problem_is_log(problem):
        share = share / np.abs(jacobian[:, list(problem.coefficients)]).sum(1).max(-1, keepdims=True)
    for position, k in enumerate(problem.coefficients):
        small = (share[:, position] < _SMALL_SHARE) & loose[:, k] & (solution.theta[:, k] > LOG_ZERO)
        if not small.any():
            continue
        start, open_ = solution.theta[small].copy(), loose[small].copy()
        start[:, k], open_[:, k] = LOG_ZERO, False
        some = None if weights is None else weights[small]
        zero = _continued(problem, start, delta, some, open_, warm)
        kept = zero.objective <= solution.objective[small] * (1 + 1e-12) + 1e-22
        if delta:  # the one-sided derivative of absolute values depends on the multipliers: there the objective decides
            kept &= _boundary_minimum(problem, zero, k, delta, some)
        rows = np.flatnonzero(small)[kept]
        for name in ("theta", "objective", "scaled_gradient", "steps"):
            getattr(solution, name)[rows] = getattr(zero, name)[kept]
        loose[rows, k] = False
    return solution


def problem_is_log(problem: Problem) -> bool:
    """Whether residuals are logarithms, so that derivatives by log-coefficients are shares."""
    return bool(getattr(problem, "log", True))


def _boundary_minimum(problem: Problem, zero: Solution, k: int, delta: float, weights: np.ndarray | None) -> np.ndarray:
    """Whether the derivative by coefficient k at zero is >= 0, read off at a share of e^-40 or so."""
    theta = zero.theta.copy()
    theta[:, k] = -40.0
    state = problem.evaluate(theta)
    psi = influence(state.residual, delta)
    effect = state.jacobian()[:, k]
    weighted = psi * effect if weights is None else weights * psi * effect
    return weighted.sum(-1) >= -1e-9 * np.abs(weighted).sum(-1)


def _continued(
    problem: Problem, theta: np.ndarray, delta: float, weights: np.ndarray | None, free: np.ndarray, warm: bool
) -> Solution:
    theta = np.array(theta, float, ndmin=2)
    tight = None if free.all() else free
    stages: tuple[float, ...]
    if delta == 0:
        stages = _ABSOLUTE[3:] if warm else _ABSOLUTE
    elif math.isinf(delta):
        stages = (delta,)
    else:
        stages = tuple(delta * s for s in (_SHORT if warm else _FULL))
    steps = np.zeros(len(theta), int)
    for stage in stages:
        last = stage == stages[-1]
        found = minimise(
            problem,
            theta,
            stage,
            weights=weights,
            free=tight,
            max_steps=_MOST_STEPS if last and delta else _LOOSE_STEPS,
        )
        theta, steps = found.theta, steps + found.steps
    found.steps = steps
    return _vertices(problem, found, weights, free) if delta == 0 else found


def _vertices(problem: Problem, near: Solution, weights: np.ndarray | None, free: np.ndarray) -> Solution:
    """Least absolute deviations from optima for a small threshold; smaller ones where the walk found no certificate."""
    theta = near.theta
    found = Solution(theta.copy(), np.full(len(theta), np.inf), np.full(len(theta), np.inf), near.steps)
    left = np.arange(len(theta))
    for stage in (None, *_FINER):
        some = None if weights is None else weights[left]
        if stage is not None:
            theta = minimise(problem, theta, stage, weights=some, free=free[left], max_steps=_FINE_STEPS).theta
        exact = descend(problem, theta, weights=some, free=free[left])
        better = (exact.objective < found.objective[left]) | exact.certified
        rows = left[better]
        found.theta[rows], found.objective[rows] = exact.theta[better], exact.objective[better]
        found.scaled_gradient[rows] = exact.subgradient[better]
        found.steps[left] += exact.pivots
        left, theta = left[~exact.certified], theta[~exact.certified]
        if not len(left):
            return found
    some, open_ = (None if weights is None else weights[left]), free[left]
    theta = minimise(problem, theta, _TUBE, weights=some, free=open_, max_steps=_FINE_STEPS).theta
    exact = polish(problem, theta, 1.01 * _TUBE, weights=some, free=open_)
    better = (exact.objective < found.objective[left]) | exact.certified
    rows = left[better]
    found.theta[rows], found.objective[rows] = exact.theta[better], exact.objective[better]
    found.scaled_gradient[rows] = np.where(exact.certified, exact.subgradient, np.inf)[better]
    return found


def _chunk(
    problem: Problem,
    delta: float,
    warm: bool,
    parts: tuple[np.ndarray, np.ndarray | None, np.ndarray | None],
) -> Solution:
    theta, weights, free = parts
    return solve(problem, theta, delta, weights=weights, free=free, warm=warm)


def solve_many(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    *,
    weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    workers: int | Callable = 1,
) -> Solution:
    """:func:`solve` from warm starts in chunks of :data:`CHUNK` members, over ``workers``."""
    theta = np.asarray(theta, float)
    cuts = [slice(i, i + CHUNK) for i in range(0, len(theta), CHUNK)]
    parts = [(theta[c], None if weights is None else weights[c], None if free is None else free[c]) for c in cuts]
    with worker_map(workers) as mapped:
        found = list(mapped(functools.partial(_chunk, problem, delta, True), parts))
    return Solution(
        *[np.concatenate([getattr(s, k) for s in found]) for k in ("theta", "objective", "scaled_gradient", "steps")]
    )


@contextmanager
def worker_map(workers: int | Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """``workers`` as in SciPy: a number of processes (-1 for all cores), or anything that maps as ``map`` does."""
    if callable(workers):
        yield workers
        return
    if isinstance(workers, bool) or not isinstance(workers, int) or workers == 0 or workers < -1:
        raise InputError("workers", "a positive integer, -1 for all cores, or a callable like map", workers)
    if workers == 1:
        yield map
        return
    import multiprocessing

    # fork would copy the threads' locks of a linear-algebra library
    with multiprocessing.get_context("spawn").Pool(workers if workers > 0 else os.cpu_count()) as pool:
        yield pool.map
