"""Many small convex minimisations at once: damped Newton steps on columns, converged columns leave.

A column is one conditional law, its unknowns are scores.  The Hessian is raised by a multiple of the gradient, which
keeps steps finite where Phi is flat and vanishes fast enough for quadratic convergence (Li, Fukushima, Qi and
Yamashita 2004, Regularized Newton methods for convex minimization problems with singular solutions; recalled).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

import numpy as np

from hconsist.domains import UnsupportedError
from hconsist.losses.arrays import quiet
from hconsist.losses.phi import Phi

__all__ = ["NEGLIGIBLE", "Forms", "ZeroSum", "minimise"]

NEGLIGIBLE = 1e-300
"""Smaller weights count as 0: their products with slopes would leave the normal numbers."""

_ITERATIONS, _HALVINGS = 1000, 60
_CHUNK = 1 << 16
"""Entries (forms times laws) that are treated together: a few arrays of that size stay in the processor's cache."""
_TOLERANCE = 1e-13
"""Newton decrement, relative to the value, below which the step taken is the last one: it squares the error."""
_STUCK = 1e-9
"""A step that does not pay ends in an error if it promised more than this, relative to the value ..."""
_FLOOR = 1e-15
"""... and this relative to the weights: a minimiser next to a kink of the slope may lie between two doubles."""
_RAISE, _TINY = 1e-2, float(np.finfo(float).tiny)
_UNROLLED = 6


class Problem(Protocol):
    """Columns of convex functions."""

    size: int
    """Entries per column."""
    weights: np.ndarray
    """Of the terms ``(R, B)``."""

    def value(self, x: np.ndarray) -> np.ndarray:
        """The functions at x ``(m, B)``; ``(B,)``."""
        ...

    def step(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A Newton step ``(m, B)``, and how steeply the function falls along it ``(B,)``."""
        ...

    def along(self, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """The derivatives in a direction; ``(B,)``."""
        ...

    def columns(self, chosen: Any) -> Problem:
        """The problem of some columns."""
        ...


def minimise(problem: Problem, x: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Minimisers ``(m, B)`` and minima ``(B,)`` from the start x; UnsupportedError where they are not found."""
    width = max(1, _CHUNK // problem.size)
    parts = [
        _minimise(problem.columns(slice(i, i + width)), x[:, i : i + width], name)
        for i in range(0, x.shape[1], width)
    ]  # fmt: skip
    return tuple(np.concatenate(part, axis=-1) for part in zip(*parts))  # type: ignore[return-value]


def _minimise(problem: Problem, x: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    x, value = x.copy(), problem.value(x)
    active = np.arange(x.shape[1])
    for _ in range(_ITERATIONS):
        here, now = x[:, active], value[active]
        step, fall = problem.step(here)
        last = fall <= _TOLERANCE * np.abs(now)
        new, reached, stuck = _search(problem, here, now, step, fall)
        if np.any(stuck & (fall > _STUCK * np.abs(now) + _FLOOR * np.sum(problem.weights, axis=0))):
            break
        x[:, active], value[active] = new, reached
        left = ~(last | stuck)
        if not np.any(left):
            return x, value
        if not np.all(left):
            active, problem = active[left], problem.columns(left)
    raise UnsupportedError("phi", "one whose conditional risks Newton's method can minimise", name)


def _search(
    problem: Problem, x: np.ndarray, now: np.ndarray, step: np.ndarray, fall: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shorten the steps that do not pay; where only rounding is left the step is not taken, and the column is done."""
    new = x + step
    reached = problem.value(new)
    long = np.flatnonzero(~(reached <= now - 1e-4 * fall + 4 * np.finfo(float).eps * np.abs(now)))
    if long.size:
        new[:, long] = _shorter(problem.columns(long), x[:, long], step[:, long], fall[long])
        reached[long] = problem.columns(long).value(new[:, long])
    worse = ~(reached < now)
    new[:, worse], reached[worse] = x[:, worse], now[worse]
    return new, reached, worse


def _shorter(problem: Problem, x: np.ndarray, step: np.ndarray, fall: np.ndarray) -> np.ndarray:
    """Bisect the lengths in (0, 1) by the sign of the derivative, until its size has halved.

    The function falls up to the last length with a negative derivative; a curvature that jumps, as that of the squared
    hinge does, may let it turn within any small part of the step.
    """
    low, high = np.zeros_like(fall), np.ones_like(fall)
    open_ = np.arange(fall.size)
    for _ in range(_HALVINGS):
        middle = (low[open_] + high[open_]) / 2
        slope = problem.along(x[:, open_] + middle * step[:, open_], step[:, open_])
        falls = slope <= 0
        low[open_], high[open_] = np.where(falls, middle, low[open_]), np.where(falls, high[open_], middle)
        left = ~(falls & (slope >= -fall[open_] / 2))
        open_, problem = open_[left], problem.columns(left)
        if not open_.size:
            break
    return x + low * step


class Forms:
    """sum_r w_r Phi(a_r . x): linear forms ``(R, m)``, weights ``(R, B)``; terms of weight 0 count nothing."""

    def __init__(self, phi: Phi, forms: np.ndarray, weights: np.ndarray):
        self.phi, self.forms, self.weights = phi, forms, weights
        self.size = weights.shape[0] * (1 if self._unrolled else forms.shape[1])

    def value(self, x: np.ndarray) -> np.ndarray:
        """The sums at x ``(m, B)``."""
        return np.sum(_times(self.weights, self.phi(self.forms @ x, np)), axis=0)

    def step(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Newton's step, Hessian raised."""
        u = self.forms @ x
        gradient = self.forms.T @ _times(self.weights, self.phi.slope(u, np))
        curvature = _times(self.weights, np.maximum(self.phi.curvature(u, np), 0.0))
        raised = _RAISE * np.abs(gradient) + _TINY
        step = self._small(curvature, gradient, raised) if self._unrolled else self._large(curvature, gradient, raised)
        return step, -np.sum(gradient * step, axis=0)

    def along(self, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """The derivatives in a direction."""
        slopes = _times(self.weights, self.phi.slope(self.forms @ x, np))
        return np.sum(slopes * (self.forms @ direction), axis=0)

    def columns(self, chosen: Any) -> Forms:
        """Some laws."""
        part = Forms(self.phi, self.forms, self.weights[:, chosen])
        if "_products" in self.__dict__:
            part.__dict__["_products"] = self._products
        return part

    @property
    def _unrolled(self) -> bool:
        return self.forms.shape[1] <= _UNROLLED

    @cached_property
    def _products(self) -> np.ndarray:
        """a_i a_j for the entries i >= j of the Hessian, row by row: ``(m(m+1)/2, R)``."""
        m = self.forms.shape[1]
        return np.stack([self.forms[:, i] * self.forms[:, j] for i in range(m) for j in range(i + 1)])

    def _small(self, curvature: np.ndarray, gradient: np.ndarray, raised: np.ndarray) -> np.ndarray:
        """-(Hessian + raised)^{-1} gradient by L D L^T, one operation per entry for all laws."""
        m = self.forms.shape[1]
        entries = iter(self._products @ curvature)
        low = [[next(entries) for _ in range(i + 1)] for i in range(m)]
        diagonal: list[np.ndarray] = []
        step = [-g for g in gradient]
        for j in range(m):
            pivot, rounding = low[j][j] + raised[j], 1e-15 * low[j][j]
            scaled = [low[j][k] * diagonal[k] for k in range(j)]
            for k in range(j):
                pivot = pivot - low[j][k] * scaled[k]
            diagonal.append(np.maximum(pivot, raised[j] + rounding))
            for i in range(j + 1, m):
                for k in range(j):
                    low[i][j] = low[i][j] - low[i][k] * scaled[k]
                low[i][j] = low[i][j] / diagonal[j]
            for k in range(j):
                step[j] = step[j] - low[j][k] * step[k]
        step = [s / d for s, d in zip(step, diagonal)]
        for j in reversed(range(m)):
            for i in range(j + 1, m):
                step[j] = step[j] - low[i][j] * step[i]
        return np.stack(step)

    def _large(self, curvature: np.ndarray, gradient: np.ndarray, raised: np.ndarray) -> np.ndarray:
        """The same by LAPACK, the diagonal raised by rounding too, so that no matrix is singular."""
        hessian = (self.forms.T * curvature.T[:, None, :]) @ self.forms
        diagonal = np.einsum("bii->bi", hessian)
        diagonal += raised.T + 1e-14 * diagonal
        return -np.linalg.solve(hessian, gradient.T[..., None])[..., 0].T


class ZeroSum:
    """sum_g w_g Phi(-h_g) on scores with sum_g c_g h_g = 0: all ``(G, B)``, weights w > 0 where counts c > 0."""

    def __init__(self, phi: Phi, weights: np.ndarray, counts: np.ndarray):
        self.phi, self.weights, self.counts = phi, weights, counts
        self.size = weights.shape[0]

    def value(self, x: np.ndarray) -> np.ndarray:
        """The sums at h."""
        return np.sum(_times(self.weights, self.phi(-x, np)), axis=0)

    def step(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The quadratic model on the hyperplane has a diagonal Hessian and one multiplier."""
        gradient = -_times(self.weights, self.phi.slope(-x, np))
        curvature = _times(self.weights, np.maximum(self.phi.curvature(-x, np), 0.0))
        present = self.counts > 0
        c = np.where(present, self.counts, 1.0)
        multiplier = np.sum(gradient, axis=0) / np.sum(self.counts, axis=0)
        off = np.where(present, np.abs(gradient / c - multiplier), 0.0)
        inverse = np.where(present, 1 / (curvature + c * (_RAISE * np.max(off, axis=0) + _TINY)), 0.0)
        weight = c * inverse
        multiplier = np.sum(weight * gradient, axis=0) / np.sum(weight * self.counts, axis=0)
        step = -(gradient - multiplier * self.counts) * inverse
        # the flattest score takes what rounding leaves of the constraint
        flattest = np.argmax(weight, axis=0)[None]
        excess = np.sum(self.counts * step, axis=0) / np.take_along_axis(c, flattest, axis=0)
        np.put_along_axis(step, flattest, np.take_along_axis(step, flattest, axis=0) - excess, axis=0)
        return step, -np.sum(gradient * step, axis=0)

    def along(self, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """The derivatives in a direction."""
        return -np.sum(_times(self.weights, self.phi.slope(-x, np)) * direction, axis=0)

    def columns(self, chosen: Any) -> ZeroSum:
        """Some laws."""
        return ZeroSum(self.phi, self.weights[:, chosen], self.counts[:, chosen])


def _times(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """0 x infinity = 0."""
    with quiet():
        return np.where(weights > 0, weights * values, 0.0)
