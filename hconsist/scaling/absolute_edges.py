"""Least absolute deviations where the minimum is no vertex: fewer points are met than there are parameters.

A curved law can have its minimum inside an edge (or a face) of the arrangement r_i = 0.  Newton's method on the
Lagrange conditions of "minimise the other points' sum subject to r = 0 at the points met" finds it to rounding, and its
multipliers are the subgradient certificate of :mod:`hconsist.scaling.absolute`.
"""

from __future__ import annotations

import numpy as np

from hconsist.scaling.absolute import Certificate
from hconsist.scaling.laws import Problem

__all__ = ["polish"]

_MET = 1e-12
_STEPS = 12


def polish(
    problem: Problem, theta: np.ndarray, tube: float, *, weights: np.ndarray | None = None, free: np.ndarray
) -> Certificate:
    """The minimum near each row of ``theta`` (m, p) that meets the points whose residuals are within ``tube``."""
    start = theta = np.array(theta, float, ndmin=2)
    m, p = theta.shape
    w = problem.merged(np.ones((m, problem.n_points)) if weights is None else weights)
    state = problem.evaluate(theta)
    before = (w * np.abs(state.residual)).sum(-1)
    key = np.where(w > 0, np.abs(state.residual), np.inf)
    order = np.argsort(key, axis=-1)[:, :p]
    active = np.take_along_axis(key, order, -1) < tube
    met = np.zeros((m, problem.n_points), bool)
    np.put_along_axis(met, order, active, -1)
    multipliers = np.zeros(order.shape)
    for step in range(_STEPS + 1):
        jacobian = state.jacobian()
        rows = np.take_along_axis(jacobian, order[:, None], -1).transpose(0, 2, 1) * active[:, :, None] * free[:, None]
        pull = np.where(met, 0.0, w * np.sign(state.residual))
        gradient = np.einsum("mpn,mn->mp", jacobian, pull) * free
        if step == _STEPS:
            break
        spread = pull.copy()
        np.put_along_axis(spread, order, np.where(active, multipliers, np.take_along_axis(pull, order, -1)), -1)
        hessian = state.hessian(jacobian, np.zeros_like(pull), spread)
        k = order.shape[1]
        system = np.zeros((m, p + k, p + k))
        system[:, :p, :p] = np.where(free[:, :, None] & free[:, None], hessian, np.eye(p))
        system[:, p:, :p], system[:, :p, p:] = rows, rows.transpose(0, 2, 1)
        system[:, p:, p:] = np.eye(k) * ~active[:, None]
        right = np.concatenate([-gradient, -np.take_along_axis(state.residual, order, -1) * active], axis=-1)
        # points with equal columns give equal rows: least norm shares their multiplier
        solved = np.stack([np.linalg.lstsq(a, b, rcond=1e-13)[0] for a, b in zip(system, right)])
        move, multipliers = solved[:, :p], solved[:, p:] * active
        move = move * np.minimum(1.0, 0.3 / np.maximum(np.abs(move).max(-1, keepdims=True), 1e-300))
        theta = np.where(free, theta + move, theta)
        state = problem.evaluate(theta)
    balance = np.abs(gradient + np.einsum("mk,mkp->mp", multipliers, rows)).max(-1) / w.sum(-1)
    missed = np.abs(np.take_along_axis(state.residual, order, -1) * active).max(-1) > _MET
    inside = (np.abs(multipliers) <= np.take_along_axis(w, order, -1) * (1 + 1e-9)).all(-1)
    objective = (np.where(met, 0.0, w) * np.abs(state.residual)).sum(-1)
    lower = objective <= before * (1 + 1e-12) + 1e-12
    certified = lower & ~missed & inside & (balance < 1e-9)
    return Certificate(
        np.where(certified[:, None], theta, start), np.where(certified, objective, before), balance, certified,
        np.full(m, _STEPS),
    )  # fmt: skip
