"""Least absolute deviations: a walk from vertex to vertex, and the subgradient that proves where it ends.

At a vertex as many residuals are exactly 0 as there are free parameters.  With multipliers l_i for these points it is
a local minimum of sum_i w_i |r_i(theta)| where

    sum_{others} w_i sign(r_i) grad r_i + sum_{met} l_i grad r_i = 0   and   |l_i| <= w_i.

Where |l_i| > w_i, point i is given up: along the edge that keeps the other points, the sum falls until enough other
residuals have changed sign (a weighted median), and the last of them is met instead.  Newton's method puts the
parameters on the new vertex of the curved problem.  This is Barrodale and Roberts' simplex step (recalled), batched.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hconsist.scaling.laws import Problem

__all__ = ["ZERO_SUM", "Certificate", "descend"]

ZERO_SUM = 1e-12
"""A sum of absolute residuals that is zero to rounding: then there is nothing to certify."""
_MET = 1e-12
_NEWTON = 4


@dataclass
class Certificate:
    """For each member: parameters (m, p), sum w|r| (m,), |subgradient| / W (m,), certified (m,), pivots (m,)."""

    theta: np.ndarray
    objective: np.ndarray
    subgradient: np.ndarray
    certified: np.ndarray
    pivots: np.ndarray


def descend(
    problem: Problem,
    theta: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    free: np.ndarray | None = None,
    max_pivots: int = 200,
) -> Certificate:
    """The vertex reached from each row of ``theta`` (m, p), which should be near an optimum for a small threshold."""
    theta = np.array(theta, float, ndmin=2)
    m, _ = theta.shape
    w = problem.merged(np.ones((m, problem.n_points)) if weights is None else weights)
    loose = np.ones(theta.shape, bool) if free is None else free
    state = problem.evaluate(theta)
    sums = (w * np.abs(state.residual)).sum(-1)
    result = Certificate(theta.copy(), sums, np.full(m, np.inf), np.zeros(m, bool), np.zeros(m, int))
    rows = np.flatnonzero(sums > 0)
    theta, w, loose = theta[rows], w[rows], loose[rows]
    met = _first_vertex(state.jacobian()[rows], state.residual[rows], w, loose)
    theta = _onto_vertex(problem, theta, met, loose)
    for pivot in range(max_pivots):
        if not len(rows):
            break
        state = problem.evaluate(theta)
        jacobian, residual = state.jacobian(), state.residual
        at_vertex = np.zeros(residual.shape, bool)
        for slot in range(met.shape[-1]):  # the slots of fixed parameters name points that are not met
            at_vertex[np.arange(len(rows)), met[:, slot]] |= loose[:, slot]
        at_vertex &= w > 0
        objective = np.where(at_vertex, 0.0, w * np.abs(residual)).sum(-1)
        matrix = _rows(jacobian, met, loose)
        pull = np.einsum("mpn,mn->mp", jacobian, np.where(at_vertex, 0.0, w * np.sign(residual)))
        multiplier = _solved(matrix.transpose(0, 2, 1), -pull)
        worth = np.take_along_axis(w, met, -1)
        excess = np.where(loose, np.abs(multiplier) - worth * (1 + 1e-9), -np.inf)
        # a vertex off which Newton fell, or one that is no lower than before, ends the walk without a certificate
        missed = np.abs(np.where(loose, np.take_along_axis(residual, met, -1), 0.0)).max(-1) > _MET
        lower = objective < result.objective[rows] * (1 - 1e-15) if pivot else ~missed
        take = lower & ~missed
        left = rows[take]
        result.theta[left], result.objective[left], result.pivots[left] = theta[take], objective[take], pivot
        balance = np.abs(np.where(loose, pull + np.einsum("mk,mkp->mp", multiplier, matrix), 0.0)).max(-1) / w.sum(-1)
        ends = excess.max(-1) <= 0
        good = rows[take & ends]
        result.certified[good] = balance[take & ends] < 1e-9
        result.subgradient[good] = balance[take & ends]
        going = take & ~ends
        if not going.any():
            break
        rows, theta, w, loose, met = rows[going], theta[going], w[going], loose[going], met[going]
        matrix, multiplier, excess = matrix[going], multiplier[going], excess[going]
        jacobian, residual, at_vertex = jacobian[going], residual[going], at_vertex[going]
        leaving = excess.argmax(-1)
        each = np.arange(len(rows))
        right = np.zeros(theta.shape)
        right[each, leaving] = np.sign(multiplier[each, leaving])
        edge = _solved(matrix, right)
        rate = np.einsum("mp,mpn->mn", edge, jacobian)
        with np.errstate(divide="ignore", invalid="ignore"):
            crossing = np.where(at_vertex | (w <= 0) | (rate == 0), np.inf, -residual / rate)
        crossing = np.where(crossing > 0, crossing, np.inf)
        order = np.argsort(crossing, axis=-1)
        gain = 2 * np.take_along_axis(w * np.abs(rate), order, -1)
        slope = -excess[each, leaving][:, None] + np.cumsum(gain, -1)
        entering = order[each, (slope >= 0).argmax(-1)]
        length = crossing[each, entering]
        reached = np.isfinite(length)
        length = np.where(reached, np.minimum(length, 1.0 / np.maximum(np.abs(edge).max(-1), 1e-300)), 0.0)
        met[each, leaving] = entering
        theta = _onto_vertex(problem, theta + length[:, None] * edge, met, loose)
    zero = result.objective <= ZERO_SUM
    result.certified[zero], result.subgradient[zero] = True, 0.0
    return result


def _first_vertex(jacobian: np.ndarray, residual: np.ndarray, w: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Points (m, p) with small residuals and independent gradients; a fixed parameter keeps its place unused."""
    m, p, _ = jacobian.shape
    order = np.argsort(np.where(w > 0, np.abs(residual), np.inf), axis=-1)
    met = order[:, :p].copy()
    each = np.arange(m)
    slots = np.argsort(~loose, axis=-1, kind="stable")  # free parameters first
    filled = np.zeros(m, int)
    wanted = loose.sum(-1)
    scale = np.sqrt(np.einsum("mpn,mpn->mp", jacobian, jacobian)) + 1e-300
    basis = np.zeros((m, p, p))
    for c in range(order.shape[1]):
        point = order[:, c]
        v = jacobian[each, :, point] / scale * loose
        size = np.sqrt((v**2).sum(-1))
        for _ in range(2):
            v = v - np.einsum("mkp,mk->mp", basis, np.einsum("mkp,mp->mk", basis, v))
        rest = np.sqrt((v**2).sum(-1))
        accept = (rest > 0.1 * size) & (filled < wanted) & (w[each, point] > 0)
        index = each[accept]
        basis[index, filled[accept]] = v[accept] / rest[accept, None]
        met[index, slots[index, filled[accept]]] = point[accept]
        filled[accept] += 1
        if (filled == wanted).all():
            break
    return met


def _rows(jacobian: np.ndarray, met: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """(m, p, p): gradients of the points met by the free parameters; unit rows hold the fixed parameters."""
    rows = np.take_along_axis(jacobian, met[:, None], -1).transpose(0, 2, 1)
    return np.where(loose[:, :, None], rows * loose[:, None], np.eye(met.shape[-1]))


def _onto_vertex(problem: Problem, theta: np.ndarray, met: np.ndarray, loose: np.ndarray) -> np.ndarray:
    for _ in range(_NEWTON):
        if not len(theta):
            break
        state = problem.evaluate(theta)
        right = np.where(loose, -np.take_along_axis(state.residual, met, -1), 0.0)
        move = _solved(_rows(state.jacobian(), met, loose), right)
        theta = theta + move * np.minimum(1.0, 1.0 / np.maximum(np.abs(move).max(-1, keepdims=True), 1e-300))
    return theta


def _solved(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Batched solution; a singular member gives infinities (its walk ends) and not an exception for all."""
    bad = ~np.isfinite(matrix).all((-1, -2)) | (np.linalg.svd(_zero(matrix), compute_uv=False)[:, -1] < 1e-13)
    usable = np.where(bad[:, None, None], np.eye(matrix.shape[-1]), matrix)
    return np.where(bad[:, None], 0.0, np.linalg.solve(usable, right[..., None])[..., 0])


def _zero(matrix: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(matrix), matrix, 0.0)
