"""Starts by variable projection: on a grid of exponents the coefficients are a small least-squares problem each.

With the exponents fixed, a sum of powers is linear in its coefficients.  All nodes of a grid are solved at once by
normal equations, for the full set of terms and with each term left out (so that no coefficient need be negative).
The lowest separated nodes, by least squares and after two reweightings against outliers, are the starts.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from hconsist.scaling.laws import SumOfPowersProblem

__all__ = ["Grid", "projected_starts"]

_RANGE = (0.02, 3.0)
_NODES = {1: 80, 2: 18, 3: 12}
_LEAST, _MOST, _POINTS = 3, 8, 600
"""Separated nodes: at least ``_LEAST``, and up to ``_MOST`` where points are few, so that minima are many."""
_APART = 2


class Grid:
    """Nodes (g, exponents), spaced evenly in the logarithm of every exponent, and the terms' powers at them.

    A term depends on its own exponents only: its powers (own nodes, n) are formed once, and the inner products of two
    terms for all pairs of their own nodes are one matrix product.
    """

    def __init__(self, problem: SumOfPowersProblem) -> None:
        terms = len(problem.coefficients)
        count = len(problem.names) - terms
        side = _NODES.get(count, 6)
        axis = np.geomspace(*_RANGE, side)
        self.problem, self.shape = problem, (side,) * count
        self.places = np.stack(np.meshgrid(*[np.arange(side)] * count, indexing="ij"), axis=-1).reshape(-1, count)
        self.nodes = axis[self.places]
        self.own: list[np.ndarray] = []
        self.powers: list[np.ndarray] = []
        for j in range(terms):
            slopes = problem.slopes[j, terms:]
            used = np.flatnonzero(slopes.any(-1))
            known, own = np.unique(self.places[:, used], axis=0, return_inverse=True)
            self.own.append(own.ravel())
            self.powers.append(np.exp(axis[known] @ slopes[used]) * problem.factor[j])

    def projected(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Nonnegative coefficients (g, terms) minimising sum w (f - L)^2 at each node, and these minima (g,).

        Nonnegativity is met by the best of the full set of terms and of all its subsets.
        """
        terms, g = len(self.powers), len(self.nodes)
        normal, right = np.empty((g, terms, terms)), np.empty((g, terms))
        for j in range(terms):
            weighted = self.powers[j] * weights
            right[:, j] = (weighted @ self.problem.observed)[self.own[j]]
            for k in range(j, terms):
                products = weighted @ self.powers[k].T
                normal[:, j, k] = normal[:, k, j] = products[self.own[j], self.own[k]]
        gained = np.full(g, -np.inf)
        coefficients = np.zeros((g, terms))
        for size in range(terms, 0, -1):
            for chosen in itertools.combinations(range(terms), size):
                pick = np.array(chosen)
                matrix = normal[:, pick[:, None], pick]
                scale = np.sqrt(np.einsum("gii->gi", matrix))
                scaled = matrix / (scale[:, :, None] * scale[:, None]) + 1e-13 * np.eye(size)
                found = np.linalg.solve(scaled, (right[:, pick] / scale)[..., None])[..., 0] / scale
                # the minimum is sum w L^2 less b.c for the solution c of the normal equations
                value = np.where((found > 0).all(-1), np.einsum("gj,gj->g", right[:, pick], found), -np.inf)
                better = value > gained
                gained[better] = value[better]
                coefficients[better] = 0.0
                coefficients[np.ix_(better, pick)] = found[better]
        return coefficients, weights @ self.problem.observed**2 - gained

    def residual(self, node: int, coefficients: np.ndarray) -> np.ndarray:
        """f - L (n,) at one node."""
        parts = [c * powers[own[node]] for c, powers, own in zip(coefficients, self.powers, self.own)]
        return np.sum(parts, axis=0) - self.problem.observed

    def lowest(self, values: np.ndarray) -> np.ndarray:
        """Nodes lower than their neighbours (at most ``_MOST``); where these are few, the lowest of the others."""
        left = np.where(np.isfinite(values), values, np.inf)
        table = np.pad(left.reshape(self.shape), 1, constant_values=np.inf)
        middle = table[(slice(1, -1),) * table.ndim]
        minimal = np.isfinite(middle)
        for shift in itertools.product((0, 1, 2), repeat=table.ndim):
            minimal &= middle <= table[tuple(slice(s, s + k) for s, k in zip(shift, self.shape))]
        minimal = minimal.ravel()
        index: list[int] = []
        least = min(max(_LEAST, _POINTS // self.problem.n_points), _MOST)
        while len(index) < _MOST and np.isfinite(left.min()):
            candidates = np.where(minimal, left, np.inf)
            node = int(candidates.argmin() if np.isfinite(candidates.min()) else left.argmin())
            if len(index) >= least and not minimal[node]:
                break
            index.append(node)
            left[np.abs(self.places - self.places[node]).max(-1) <= _APART] = np.inf
        return np.array(index, int)


def projected_starts(problem: SumOfPowersProblem) -> np.ndarray:
    """Centred parameter vectors (m, p): separated minima, by least squares and by a robust pass."""
    grid = Grid(problem)
    base = 1.0 / problem.observed**2 if problem.log else np.ones(problem.n_points)
    least = 1e-3 * np.abs(problem.observed).mean()
    weights, found = base, []
    for _ in range(3):
        coefficients, values = grid.projected(weights)
        index = grid.lowest(values)
        found.append(np.concatenate([np.log(np.maximum(coefficients[index], least)), grid.nodes[index]], axis=-1))
        relative = np.abs(grid.residual(index[0], coefficients[index[0]])) * np.sqrt(base)
        weights = base / np.maximum(relative, max(np.median(relative), 1e-12))
    return np.concatenate([found[0], found[-1]])
