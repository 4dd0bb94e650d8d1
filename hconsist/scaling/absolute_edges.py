"""Least absolute deviations where the minimum may be no vertex: a walk along curved edges and faces.

A curved law can have its minimum inside an edge (or a face) of the arrangement r_i = 0: fewer points are met than there
are parameters.  On the surface r_i = 0 (i in A) the sum of the others is smooth until another point is met:

    minimise F(theta) = sum_{i not in A} w_i |r_i(theta)|   subject to r_i(theta) = 0 for i in A.

One step is Newton's for this problem (gradient g and Hessian of the Lagrangian in the null space of the gradients of
A), cut where the piecewise quadratic model along it is least; where that is at the zero of another residual, its point
joins A.  At a minimum on the surface the multipliers l_i decide: |l_i| <= w_i for all i is the certificate of
:mod:`hconsist.scaling.absolute`; otherwise the worst point leaves A on the side of sign(l_i), and F falls again.
"""

from __future__ import annotations

import numpy as np

from hconsist.scaling.absolute import ZERO_SUM, Certificate
from hconsist.scaling.laws import Problem

__all__ = ["follow_edges"]

_MET = 1e-12
_BALANCE = 1e-9
_LEAST_GAIN = 1e-12
_STEPS = 400
_LONGEST = 0.5
_DEPENDENT = 1e-9
_NO_EFFECT = 1e-12


def follow_edges(
    problem: Problem, theta: np.ndarray, *, weights: np.ndarray | None = None, free: np.ndarray
) -> Certificate:
    """The minimum reached from each row of ``theta`` (m, p), one after the other: meant for the few that need it."""
    theta = np.array(theta, float, ndmin=2)
    m = len(theta)
    w = problem.merged(np.ones((m, problem.n_points)) if weights is None else weights)
    result = Certificate(
        theta.copy(), np.full(m, np.inf), np.full(m, np.inf), np.zeros(m, bool), np.zeros(m, int)
    )  # fmt: skip
    for k in range(m):
        walk = _Walk(problem, theta[k], w[k], np.flatnonzero(free[k]))
        result.pivots[k] = walk.run()
        result.theta[k], result.objective[k] = walk.theta, walk.value
        result.subgradient[k], result.certified[k] = walk.balance, walk.certified
    return result


class _Walk:
    """The state of one walk: parameters, the points met, and the sides of the others."""

    def __init__(self, problem: Problem, theta: np.ndarray, w: np.ndarray, free: np.ndarray) -> None:
        self.problem, self.theta, self.w, self.free = problem, theta, w, free
        self.balance, self.certified = np.inf, False
        self._evaluate(theta)
        self.met = self._already_met()
        self.side = np.sign(self.residual)
        self.value = float(w @ np.abs(self.residual))

    def _already_met(self) -> list[int]:
        """Points at zero from the start, those whose gradients are independent."""
        met: list[int] = []
        for point in np.flatnonzero((np.abs(self.residual) <= _MET) & (self.w > 0)):
            values = np.linalg.svd(self.slopes[:, [*met, point]], compute_uv=False)
            if len(met) < len(self.free) and values[-1] > _DEPENDENT * values[0]:
                met.append(int(point))
        return met

    def _evaluate(self, theta: np.ndarray) -> None:
        self.state = self.problem.evaluate(theta[None])
        self.residual = self.state.residual[0]
        self.jacobian = self.state.jacobian()[0]
        columns = self.jacobian[self.free]
        size = np.sqrt((columns**2).sum(-1))
        # a parameter without effect (of a term that has died away) stays where it is
        self.size = np.where(size > _NO_EFFECT * size.max(initial=0.0), size, np.inf)
        self.slopes = columns / self.size[:, None]

    def run(self) -> int:
        """Steps taken; :attr:`certified` says whether the walk has ended at a minimum."""
        for step in range(_STEPS):
            if self.value <= ZERO_SUM:
                self.balance, self.certified = 0.0, True
                return step
            met = np.array(self.met, int)
            others = np.ones(len(self.w), bool)
            others[met] = False
            pull = np.where(others, self.w * self.side, 0.0)
            gradient = self.slopes @ pull
            q, r = np.linalg.qr(self.slopes[:, met], mode="complete")
            k = len(met)
            inner, null = q[:, :k], q[:, k:]
            multipliers = -np.linalg.solve(r[:k], inner.T @ gradient)
            spread = pull.copy()
            spread[met] = multipliers
            hessian = self.state.hessian(self.jacobian[None], np.zeros_like(pull)[None], spread[None])[0]
            hessian = hessian[np.ix_(self.free, self.free)] / self.size[:, None] / self.size
            along = null.T @ gradient
            values, vectors = np.linalg.eigh(null.T @ hessian @ null)
            parts = vectors.T @ along
            curvature = np.maximum(np.abs(values), 1e-12 * np.abs(pull).sum())
            move = null @ (vectors @ (-parts / curvature))
            promise = float((parts**2 / curvature).sum())
            size = np.where(np.isfinite(self.size), self.size, 0.0)
            self.balance = float(np.abs((null @ along) * size).max(initial=0.0) / self.w.sum())
            if self.balance < _BALANCE and promise < _LEAST_GAIN * self.value:
                excess = np.abs(multipliers) - self.w[met] * (1 + 1e-9)
                if not k or excess.max() <= 0:
                    self.certified = True
                    return step
                worst = int(excess.argmax())
                point = self.met.pop(worst)
                self.side[point] = np.sign(multipliers[worst])
                continue
            if not self._advance(move, float(along @ (null.T @ move)), float(move @ hessian @ move)):
                return step
        return _STEPS

    def _advance(self, move: np.ndarray, slope: float, bend: float) -> bool:
        """Go where the model slope t + bend t^2 / 2 + (kinks) is least; shorter steps until F itself is lower."""
        rate = self.slopes.T @ move
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = -self.residual / rate
        ahead = (self.w > 0) & (self.side * rate < 0) & (crossing > 0) & np.isfinite(crossing)
        ahead[self.met] = False
        points = np.flatnonzero(ahead)
        points = points[np.argsort(crossing[points], kind="stable")]
        longest = _LONGEST / max(float(np.abs(move / self.size).max()), 1e-300)
        length, entering, risen = 0.0, None, slope
        for point in points:
            t = float(crossing[point])
            if t > longest or risen + bend * t >= 0:
                break
            length, risen = t, risen + 2 * self.w[point] * abs(rate[point])
            entering = int(point)
            if risen + bend * t >= 0:
                break
        else:
            point = None
        if risen + bend * length < 0:  # between two kinks, or beyond the last
            entering = None
            length = min(longest, -risen / bend) if bend > 0 else longest
        for _ in range(30):
            met = [*self.met, entering] if entering is not None else self.met
            if self._take(self.theta_at(length * move), met):
                return True
            length, entering = length / 4, None
        return False

    def theta_at(self, move: np.ndarray) -> np.ndarray:
        theta = self.theta.copy()
        theta[self.free] += move / self.size
        return theta

    def _take(self, theta: np.ndarray, met: list[int]) -> bool:
        """Bring the points ``met`` to zero from ``theta``; accept that where F is lower than before."""
        kept = self.theta, self.state, self.residual, self.jacobian, self.size, self.slopes
        self.theta = theta
        finite = True
        for _ in range(8):
            self._evaluate(self.theta)
            finite = bool(np.isfinite(self.residual).all())
            if not finite:
                break
            gap = self.residual[met]
            if not len(met) or np.abs(gap).max() <= 0.1 * _MET:
                break
            rows = self.slopes[:, met]
            u, s, vt = np.linalg.svd(rows, full_matrices=False)
            if s[-1] < _DEPENDENT * s[0]:
                break
            self.theta = self.theta_at(-u @ ((vt @ gap) / s))
        off = np.ones(len(self.w), bool)
        off[met] = False
        value = float(self.w[off] @ np.abs(self.residual[off])) if finite else np.inf
        missed = np.abs(self.residual[met]).max(initial=0.0) > _MET
        if not missed and value < self.value * (1 - 1e-15):
            self.value, self.met = value, met
            away = off & (np.abs(self.residual) > 1e-13)
            self.side[away] = np.sign(self.residual[away])
            return True
        self.theta, self.state, self.residual, self.jacobian, self.size, self.slopes = kept
        return False
