"""From starts to optima: continuation, terms that vanish and terms that enter, chunks of members over workers."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hconsist.domains import InputError
from hconsist.scaling.continuation import MOST_STEPS, continued, vertices
from hconsist.scaling.laws import LOG_ZERO, Problem
from hconsist.scaling.robust import influence
from hconsist.scaling.solver import TOLERANCE, Solution

__all__ = ["CHUNK", "solve", "solve_many", "worker_map"]

CHUNK = 128
"""Members solved together: as many as stay in the cache."""
_EARLY_STEPS = 40
_SMALL_SHARE = 0.02
_TRACE = -40.0
"""The log-coefficient of a term so small that it changes no residual, yet has a derivative."""
_ENTERING = np.geomspace(0.02, 30.0, 30)
_SLACK = (1e-12, 1e-9)
"""How much higher, relatively, a fit with a term at exactly zero may be: rounding of sums; of absolute values."""
_ROUNDING = 1e-22
_NEAR_ABSOLUTE = 3e-4
"""The Huber threshold from whose optimum least absolute deviations are sought."""


def solve(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    *,
    weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    warm: bool = False,
    most_steps: int = MOST_STEPS,
) -> Solution:
    """An optimum from each row of ``theta``; ``delta`` = 0 means least absolute deviations, infinity least squares.

    Coefficients are sought in [0, inf), and so are the exponents that the problem calls ``decaying``.  Coefficients
    whose share becomes small are tried at exactly zero; a term whose exponent came out negative joins the constant,
    which it equals at exponent 0; and a term at zero enters again where the objective falls with its coefficient.
    """
    theta = np.array(theta, float, ndmin=2)
    given = np.ones(theta.shape, bool) if free is None else np.array(free, bool)
    if delta:
        return _Members(problem, delta, weights, given, most_steps=most_steps).bounded(theta, warm)
    near = _Members(problem, _NEAR_ABSOLUTE, weights, given, False).bounded(theta, warm)
    return _Members(problem, 0.0, weights, given).bounded(near.theta, True)


@dataclass
class _Members:
    """What all the members of a batch share, and their weights (m, n) and parameters to be found (m, p)."""

    problem: Problem
    delta: float
    weights: np.ndarray | None
    given: np.ndarray
    precise: bool = True
    most_steps: int = MOST_STEPS

    def some(self, rows: np.ndarray) -> _Members:
        weights = None if self.weights is None else self.weights[rows]
        return replace(self, weights=weights, given=self.given[rows])

    def reach(self, theta: np.ndarray, warm: bool) -> Solution:
        """Optima over the parameters of the terms that are not at zero."""
        free = self.given.copy()
        for k in self.problem.coefficients:
            free[:, k] &= theta[:, k] > LOG_ZERO
        for exponent, terms in self.problem.decaying:
            free[:, exponent] &= (theta[:, terms] > LOG_ZERO).any(-1)
        if self.delta == 0:
            return vertices(self.problem, theta, self.weights, free)
        return continued(
            self.problem, theta, self.delta, self.weights, free, warm=warm, precise=self.precise,
            most_steps=self.most_steps,
        )  # fmt: skip

    def bounded(self, theta: np.ndarray, warm: bool) -> Solution:
        solution = self.reach(theta, warm)
        shares = self.problem.evaluate(solution.theta).shares()
        for position, k in enumerate(self.problem.coefficients):
            small = (shares[:, position] < _SMALL_SHARE) & (solution.theta[:, k] > LOG_ZERO) & self.given[:, k]
            rows = np.flatnonzero(small)
            if len(rows):
                before = solution.take(rows)
                start = before.theta.copy()
                start[:, k] = LOG_ZERO
                zero = self.some(rows).reach(start, True)
                kept = zero.objective <= before.objective * (1 + _SLACK[self.delta == 0]) + _ROUNDING
                solution.put(rows[kept], zero.take(kept))
        for exponent, terms in self.problem.decaying:
            rows = np.flatnonzero((solution.theta[:, exponent] < 0) & self.given[:, exponent])
            if len(rows):
                solution.put(rows, self.some(rows).joined(solution.theta[rows], exponent, terms))
        if self.delta:  # absolute values: settled at the threshold from which they were approached
            for k in self.problem.coefficients:
                rows = np.flatnonzero((solution.theta[:, k] <= LOG_ZERO) & self.given[:, k])
                if len(rows):
                    self.some(rows).enter(solution, rows, k)
        return solution

    def joined(self, theta: np.ndarray, exponent: int, terms: tuple[int, ...]) -> Solution:
        """Optima with a negative exponent raised to 0, where its terms are constants: they join a constant to be found.

        Beside a constant that is held fixed they stay, as constants of their own.
        """
        start, constant = theta.copy(), self.problem.constant
        start[:, exponent] = 0.0
        open_ = self.given[:, constant]
        total = np.logaddexp.reduce(start[:, [constant, *terms]], axis=-1)
        start[open_, constant] = total[open_]
        for k in terms:
            start[open_, k] = LOG_ZERO
        given = self.given.copy()
        given[~open_, exponent] = False
        return replace(self, given=given).reach(start, True)

    def enter(self, solution: Solution, rows: np.ndarray, k: int) -> None:
        """Bring in coefficient k where the derivative by it at zero is negative, at the exponent that promises most."""
        theta = solution.theta[rows]
        exponents = [e for e, terms in self.problem.decaying if k in terms]
        loose = exponents and (theta[:, exponents[0]] == 0).all()
        gain, start = np.zeros(len(theta)), theta.copy()
        for value in _ENTERING if loose else (None,):
            trial = theta.copy()
            trial[:, k] = _TRACE
            if value is not None:
                trial[:, exponents[0]] = value
            state = self.problem.evaluate(trial)
            effect = state.jacobian()[:, k]
            psi, square = influence(state.residual, self.delta), effect**2
            if self.weights is not None:
                psi, square = self.weights * psi, self.weights * square
            slope, curvature = (psi * effect).sum(-1), square.sum(-1)
            better = (slope < -1e-9 * np.abs(psi * effect).sum(-1)) & (slope**2 > gain * curvature)
            gain[better] = slope[better] ** 2 / curvature[better]
            start[better] = trial[better]
            start[better, k] += np.log(-slope[better] / curvature[better])
        places = np.flatnonzero(0.5 * gain > _SLACK[0] * solution.objective[rows] + _ROUNDING)
        if len(places):
            found = self.some(places).reach(start[places], True)
            lower = found.objective < solution.objective[rows[places]]
            for exponent, _ in self.problem.decaying:
                lower &= (found.theta[:, exponent] >= 0) | ~self.given[places, exponent]
            solution.put(rows[places[lower]], found.take(lower))


def _chunk(
    problem: Problem,
    delta: float,
    most_steps: int,
    parts: tuple[np.ndarray, np.ndarray | None, np.ndarray | None],
) -> Solution:
    theta, weights, free = parts
    return solve(problem, theta, delta, weights=weights, free=free, warm=True, most_steps=most_steps)


def solve_many(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    *,
    weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    workers: int | Callable = 1,
) -> Solution:
    """:func:`solve` from warm starts in chunks of :data:`CHUNK` members, over ``workers``.

    The few members that need many steps go on in chunks of their own: a chunk takes as long as its slowest member.
    """
    theta = np.asarray(theta, float)

    def solved(places: np.ndarray, start: np.ndarray, most_steps: int) -> Solution:
        cuts = [slice(i, i + CHUNK) for i in range(0, len(places), CHUNK)]
        parts = [(start[c], *(None if a is None else a[places[c]] for a in (weights, free))) for c in cuts]
        return Solution.joined(list(mapped(functools.partial(_chunk, problem, delta, most_steps), parts)))

    with worker_map(workers) as mapped:
        found = solved(np.arange(len(theta)), theta, _EARLY_STEPS)
        left = np.flatnonzero(~(found.scaled_gradient < TOLERANCE))
        if len(left):
            again = solved(left, found.theta[left], MOST_STEPS)
            better = (again.scaled_gradient < TOLERANCE) | (again.objective < found.objective[left])
            again.steps += found.steps[left]
            found.put(left[better], again.take(better))
    return found


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
