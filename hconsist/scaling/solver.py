"""One batched Newton solver for every fit: starts, resamples, dropped points, profile points are members of a batch.

Each member minimises F(theta) = sum_i w_i rho(r_i(theta)) over its free parameters, with exact gradients and
Hessians. A step solves the Hessian scaled by the Jacobian's column norms, with eigenvalues made positive and damping
raised after a rejected step.  A member is done when its scaled gradient is below the tolerance, never because a step
was short:

    scaled gradient = max_k |dF/dtheta_k| / (W s),   W = sum_i w_i,   s = min(delta, max(rms r, 1e-6)).

Where the Hessian is ill-conditioned (a ridge: D = 20 N, say) the gradient is small far from the minimum along the
ridge; there a member goes on until the undamped step promises no more than 1e-10 of F, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hconsist.scaling.laws import Problem
from hconsist.scaling.robust import influence, loss_sums

__all__ = ["TOLERANCE", "Solution", "minimise"]

TOLERANCE = 1e-9
_LEAST_RMS = 1e-6  # below this a residual is noise-free to the digits that a loss is ever written with
_LEAST_EIGENVALUE = 1e-11
_LEAST_CURVATURE = 1e-3  # of the curvature of reweighted least squares: a flatter direction is mostly rounding
_LEAST_GAIN = 1e-10
_SOUND = 1e-4  # ratio of eigenvalues above which the undamped Newton step can be trusted near the optimum


@dataclass
class Solution:
    """Members of a batch: parameters (m, p), objectives (m,), scaled gradients (m,), steps (m,)."""

    theta: np.ndarray
    objective: np.ndarray
    scaled_gradient: np.ndarray
    steps: np.ndarray

    def take(self, rows: np.ndarray) -> Solution:
        """Some members (a mask or places, which may repeat)."""
        return Solution(self.theta[rows], self.objective[rows], self.scaled_gradient[rows], self.steps[rows])

    def best(self, rows: np.ndarray | None = None) -> int:
        """The member of lowest objective (among ``rows``); of those equal to rounding, the steadiest."""
        places = np.arange(len(self.objective)) if rows is None else rows
        objective = self.objective[places]
        tied = places[objective <= objective.min() * (1 + 1e-12)]
        return int(tied[np.argmin(self.scaled_gradient[tied])])

    @classmethod
    def joined(cls, parts: Sequence[Solution]) -> Solution:
        """The members of several solutions, one after the other."""
        names = ("theta", "objective", "scaled_gradient", "steps")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def put(self, rows: np.ndarray, other: Solution) -> None:
        """Overwrite the members ``rows`` with those of another solution of that size."""
        self.theta[rows], self.objective[rows] = other.theta, other.objective
        self.scaled_gradient[rows], self.steps[rows] = other.scaled_gradient, other.steps


def minimise(
    problem: Problem,
    theta: np.ndarray,
    delta: float,
    *,
    weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    max_steps: int = 200,
) -> Solution:
    """Minimise from each row of ``theta`` (m, p); ``weights`` (m, n) or None, ``free`` (m, p) of booleans or None."""
    theta = np.array(theta, float, ndmin=2)
    m, p = theta.shape
    result = Solution(theta.copy(), np.full(m, np.inf), np.full(m, np.inf), np.zeros(m, int))
    rows = np.arange(m)
    total = np.full(m, float(problem.n_points)) if weights is None else weights.sum(-1)
    damping = np.zeros(m)
    sound, promise = np.ones(m, bool), np.zeros(m)
    state = problem.evaluate(theta)
    objective = _finite(loss_sums(state.residual, delta, weights))
    identity = np.eye(p)
    for step in range(max_steps + 1):
        psi = influence(state.residual, delta)
        inside = psi == state.residual
        jacobian = state.jacobian()
        weighted = psi if weights is None else weights * psi
        gradient = np.matmul(jacobian, weighted[:, :, None])[:, :, 0]
        if free is not None:
            gradient = np.where(free, gradient, 0.0)
        squares = state.residual**2
        rms = np.sqrt((squares.sum(-1) if weights is None else np.einsum("mn,mn->m", squares, weights)) / total)
        scaled = np.abs(gradient).max(-1) / (total * np.minimum(delta, np.maximum(rms, _LEAST_RMS)))
        # on a flat ridge a small gradient says little: there the last step must have promised next to nothing, too
        level = sound | (promise < _LEAST_GAIN * objective + 1e-24) | (tolerance > TOLERANCE)
        going = ~((scaled < tolerance) & level) & (damping < 1e12) & np.isfinite(objective)
        if step == max_steps:
            going[:] = False
        if not going.all():
            done = ~going
            _store(result, rows[done], theta[done], objective[done], scaled[done], step)
            if not going.any():
                break
            rows, theta, objective, damping = rows[going], theta[going], objective[going], damping[going]
            promise = promise[going]
            state, jacobian, gradient = state.take(going), jacobian[going], gradient[going]
            weighted, inside, total = weighted[going], inside[going], total[going]
            weights = None if weights is None else weights[going]
            free = None if free is None else free[going]
        curved = inside.astype(float) if weights is None else weights * inside
        hessian = state.hessian(jacobian, curved, weighted)
        # Jacobian metric with robust weights |psi / r|, never zero: the size of each parameter's effect
        size = (
            np.sqrt(np.einsum("mpn,mpn->mp", jacobian, jacobian))
            * np.sqrt(
                np.maximum(np.abs(weighted).sum(-1), 1e-300) / np.maximum(np.abs(state.residual).sum(-1), 1e-300)
            )[:, None]
        )
        size = np.where(size > 1e-120, size, 1.0)  # a parameter without effect: its square must not underflow
        if free is not None:
            size = np.where(free, size, 1.0)
            both = free[:, :, None] & free[:, None, :]
            hessian = np.where(both, hessian, identity)
        scale = size[:, :, None] * size[:, None, :]
        move, slope, sound = _newton(hessian / scale, gradient / size)
        promise = -slope
        damped = np.flatnonzero(damping > 0)
        if len(damped):
            some = jacobian[damped] if free is None else jacobian[damped] * free[damped][:, :, None]
            move[damped], slope[damped], promise[damped] = _damped(
                problem, theta[damped], state.residual[damped], some, weighted[damped], hessian[damped],
                gradient[damped], size[damped], damping[damped],
            )  # fmt: skip
        move /= size
        if free is not None:
            move = np.where(free, move, 0.0)
        length = np.abs(move).max(-1)
        cut = np.minimum(1.0, 1.0 / np.maximum(length, 1e-300))
        move *= cut[:, None]
        trial = theta + move
        trial_state = problem.evaluate(trial)
        trial_objective = _finite(loss_sums(trial_state.residual, delta, weights))
        # rounding of the sums and of the residuals: near the optimum no decrease can be seen
        rounding = 4e-15 * np.abs(objective) + 1e-15 * np.abs(weighted).sum(-1)
        accepted = trial_objective <= objective + 1e-4 * cut * slope + rounding
        theta = np.where(accepted[:, None], trial, theta)
        objective = np.where(accepted, trial_objective, objective)
        if accepted.all():
            state = trial_state
        else:
            state.put(accepted, trial_state)
        eased = np.where(sound & (damping < 1e-3), 0.0, np.where(damping > 1e-20, 0.1 * damping, damping))
        damping = np.where(accepted, eased, np.maximum(4 * damping, np.where(damping > 0, 0.0, 0.02)))
    return result


def _newton(hessian: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The step -|H|^{-1} g, its slope g . step (negative), and whether the Hessian is conditioned well enough."""
    values, vectors = np.linalg.eigh(hessian)
    values = np.abs(values)
    largest = values.max(-1, keepdims=True)
    sound = (values > _SOUND * largest).all(-1)
    values = np.maximum(values, _LEAST_EIGENVALUE * largest + 1e-300)
    along = np.matmul(gradient[:, None], vectors)[:, 0]
    move = -np.matmul(vectors, (along / values)[:, :, None])[:, :, 0]
    return move, -(along**2 / values).sum(-1), sound


def _damped(
    problem: Problem,
    theta: np.ndarray,
    residual: np.ndarray,
    jacobian: np.ndarray,
    weighted: np.ndarray,
    hessian: np.ndarray,
    gradient: np.ndarray,
    size: np.ndarray,
    damping: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A step -(|H|_M + damping)^{-1} g in units of ``size``, bent along the valley, its slope, and g |H|_M^{-1} g.

    Eigenvalues of H are measured by M = J diag(w psi / r) J^T, the matrix of reweighted least squares, through the
    singular values of J, so that their signs are right whatever the conditioning; the damping is Marquardt's, which
    holds back the flat directions and not the steep ones.  The bend is geodesic acceleration (Transtrum and Sethna,
    recalled): half the correction for the second derivative of the residuals along the step, where it is small.
    """
    scale = size[:, :, None] * size[:, None]
    ratio = np.divide(weighted, residual, out=np.ones_like(residual), where=np.abs(residual) > 1e-300)
    scaled_jacobian = jacobian / size[:, :, None]
    basis = _orthonormal(scaled_jacobian * np.sqrt(ratio)[:, None])
    values, vectors = np.linalg.eigh(basis.transpose(0, 2, 1) @ (hessian / scale) @ basis)
    values = np.maximum(np.abs(values), _LEAST_CURVATURE)
    basis = basis @ vectors
    unit = basis.transpose(0, 2, 1) @ basis
    system = damping[:, None, None] * unit
    diagonal = np.arange(theta.shape[-1])
    system[:, diagonal, diagonal] += values

    def solved(right: np.ndarray) -> np.ndarray:
        along = np.einsum("mpk,mp->mk", basis, right)
        return -np.einsum("mpk,mk->mp", basis, np.linalg.solve(system, along[..., None])[..., 0])

    move = solved(gradient / size)
    h = 0.1
    ahead = problem.evaluate(theta + h * move / size).residual
    first = np.einsum("mp,mpn->mn", move, scaled_jacobian)
    second = np.nan_to_num(2 / h * ((ahead - residual) / h - first), posinf=0.0, neginf=0.0)
    bend = 0.5 * solved(np.einsum("mpn,mn->mp", scaled_jacobian, ratio * second))
    gentle = np.abs(bend / size).max(-1) < 0.4 * np.abs(move / size).max(-1)
    promise = (np.einsum("mpk,mp->mk", basis, gradient / size) ** 2 / values).sum(-1)
    return np.where(gentle[:, None], move + bend, move), np.einsum("mp,mp->m", gradient / size, move), promise


def _orthonormal(jacobian: np.ndarray) -> np.ndarray:
    """T (m, p, p) with T^T J J^T T = 1 on what J (m, p, n) spans; small singular values are raised to rounding."""
    _, values, rows = np.linalg.svd(np.linalg.qr(jacobian.transpose(0, 2, 1), mode="r"))
    values = np.maximum(values, 1e-12 * values[:, :1] + 1e-100)
    return rows.transpose(0, 2, 1) / values[:, None]


def _finite(objective: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(objective), np.inf, objective)


def _store(
    result: Solution, rows: np.ndarray, theta: np.ndarray, objective: np.ndarray, scaled: np.ndarray, step: int
) -> None:
    result.theta[rows], result.objective[rows] = theta, objective
    result.scaled_gradient[rows], result.steps[rows] = scaled, step
