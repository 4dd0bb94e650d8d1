"""One batched Newton solver for every fit: starts, resamples, dropped points, profile points are members of a batch.

Each member minimises F(theta) = sum_i w_i rho(r_i(theta)) over its free parameters, with exact gradients and
Hessians. A step solves the Hessian scaled by the Jacobian's column norms, with eigenvalues made positive and damping
raised after a rejected step.  A member is done when its scaled gradient is below the tolerance, never because a step
was short:

    scaled gradient = max_k |dF/dtheta_k| / (W s),   W = sum_i w_i,   s = min(delta, max(rms r, 1e-6)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hconsist.scaling.laws import Problem
from hconsist.scaling.robust import influence, loss_sums

__all__ = ["TOLERANCE", "Solution", "minimise"]

TOLERANCE = 1e-9
_LEAST_RMS = 1e-6  # below this a residual is noise-free to the digits that a loss is ever written with
_LEAST_EIGENVALUE = 1e-11


@dataclass
class Solution:
    """Members of a batch: parameters (m, p), objectives (m,), scaled gradients (m,), steps (m,)."""

    theta: np.ndarray
    objective: np.ndarray
    scaled_gradient: np.ndarray
    steps: np.ndarray

    def better_of(self, other: Solution, where: np.ndarray) -> None:
        """Take over the members of ``other`` for which ``where`` holds."""
        for name in ("theta", "objective", "scaled_gradient", "steps"):
            getattr(self, name)[where] = getattr(other, name)[where]


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
        going = ~(scaled < tolerance) & (damping < 1e12) & np.isfinite(objective)
        if step == max_steps:
            going[:] = False
        if not going.all():
            done = ~going
            _store(result, rows[done], theta[done], objective[done], scaled[done], step)
            if not going.any():
                break
            rows, theta, objective, damping = rows[going], theta[going], objective[going], damping[going]
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
        move, slope = _newton(hessian / scale, gradient / size)
        damped = np.flatnonzero(damping > 0)
        if len(damped):
            some = jacobian[damped] if free is None else jacobian[damped] * free[damped][:, :, None]
            move[damped], slope[damped] = _damped(
                problem, theta[damped], state.residual[damped], some, weighted[damped], hessian[damped],
                gradient[damped], size[damped], damping[damped],
            )  # fmt: skip
        move /= size
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
        damping = np.where(accepted, np.where(damping < 1e-3, 0.0, 0.2 * damping), np.maximum(8 * damping, 0.02))
    return result


def _newton(hessian: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The step -|H|^{-1} g, and its slope g . step (negative)."""
    values, vectors = np.linalg.eigh(hessian)
    values = np.abs(values)
    values = np.maximum(values, _LEAST_EIGENVALUE * values.max(-1, keepdims=True) + 1e-300)
    along = np.matmul(gradient[:, None], vectors)[:, 0]
    move = -np.matmul(vectors, (along / values)[:, :, None])[:, :, 0]
    return move, -(along**2 / values).sum(-1)


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
) -> tuple[np.ndarray, np.ndarray]:
    """A step (|H|_M + damping M)^{-1} in units of ``size``, bent along the valley, and its slope.

    M = J diag(w psi / r) J^T, the matrix of reweighted least squares, measures eigenvalues and damping whatever the
    conditioning.  The bend is geodesic acceleration (Transtrum and Sethna, recalled): half the correction for the
    second derivative of the residuals along the step, taken where it is small beside the step.
    """
    p = theta.shape[-1]
    scale = size[:, :, None] * size[:, None]
    ratio = np.divide(weighted, residual, out=np.ones_like(residual), where=np.abs(residual) > 1e-300)
    metric = (jacobian * ratio[:, None]) @ jacobian.transpose(0, 2, 1) / scale
    largest = np.einsum("mpp->mp", metric).max(-1)[:, None, None]
    factor = np.linalg.cholesky(metric + (_LEAST_EIGENVALUE * largest + 1e-300) * np.eye(p))
    inverse = np.linalg.inv(factor)
    values, vectors = np.linalg.eigh(inverse @ (hessian / scale) @ inverse.transpose(0, 2, 1))
    values = np.abs(values) + damping[:, None]
    basis = vectors.transpose(0, 2, 1) @ inverse
    along = np.einsum("mkp,mp->mk", basis, gradient / size)
    move = -np.einsum("mkp,mk->mp", basis, along / values)
    h = 0.1
    ahead = problem.evaluate(theta + h * move / size).residual
    first = np.einsum("mp,mpn->mn", move / size, jacobian)
    second = np.nan_to_num(2 / h * ((ahead - residual) / h - first), posinf=0.0, neginf=0.0)
    pull = np.einsum("mkp,mp->mk", basis, np.einsum("mpn,mn->mp", jacobian, ratio * second) / size)
    bend = -0.5 * np.einsum("mkp,mk->mp", basis, pull / values)
    gentle = np.abs(bend / size).max(-1) < 0.4 * np.abs(move / size).max(-1)
    return np.where(gentle[:, None], move + bend, move), -(along**2 / values).sum(-1)


def _finite(objective: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(objective), np.inf, objective)


def _store(
    result: Solution, rows: np.ndarray, theta: np.ndarray, objective: np.ndarray, scaled: np.ndarray, step: int
) -> None:
    result.theta[rows], result.objective[rows] = theta, objective
    result.scaled_gradient[rows], result.steps[rows] = scaled, step
