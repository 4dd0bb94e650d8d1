"""Starts by variable projection: on a grid of exponents the coefficients are a small least-squares problem each.

With the exponents fixed, a sum of powers is linear in its coefficients.  All nodes of a grid are solved at once by
normal equations, for the full set of terms and with each term left out (so that no coefficient need be negative).
Local minima of the node objectives, least squares and once reweighted against outliers, are the starts.
"""

from __future__ import annotations

import itertools

import numpy as np

from hconsist.scaling.laws import SumOfPowersProblem

__all__ = ["exponent_grid", "projected_coefficients", "starts"]

_RANGE = (0.02, 3.0)
_NODES = {1: 80, 2: 18, 3: 12}
_COUNT = 5


def exponent_grid(count: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """Nodes (g, count), spaced evenly in the logarithm of every exponent, and the shape of the grid."""
    side = _NODES.get(count, 6)
    axis = np.geomspace(*_RANGE, side)
    mesh = np.stack(np.meshgrid(*[axis] * count, indexing="ij"), axis=-1)
    return mesh.reshape(-1, count), (side,) * count


def projected_coefficients(
    problem: SumOfPowersProblem, exponents: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Nonnegative coefficients (g, terms) minimising sum w (f - L)^2 at each node, and the residuals f - L (g, n).

    ``weights`` is (n,) or (g, n).  Nonnegativity is met by the best of the full set of terms and of all its subsets.
    """
    terms = len(problem.coefficients)
    basis = np.exp(np.einsum("gk,jkn->gjn", exponents, problem.slopes[:, terms:])) * problem.factor
    weighted = basis * np.broadcast_to(weights, (len(exponents), problem.n_points))[:, None]
    normal = weighted @ basis.transpose(0, 2, 1)
    right = weighted @ problem.observed
    best = np.full(len(exponents), np.inf)
    coefficients = np.zeros((len(exponents), terms))
    for size in range(terms, 0, -1):
        for chosen in itertools.combinations(range(terms), size):
            pick = np.array(chosen)
            matrix = normal[:, pick[:, None], pick]
            scale = np.sqrt(np.einsum("gii->gi", matrix))
            scaled = matrix / (scale[:, :, None] * scale[:, None]) + 1e-13 * np.eye(size)
            found = np.linalg.solve(scaled, (right[:, pick] / scale)[..., None])[..., 0] / scale
            # the objective up to a constant: -b.c for the solution of the normal equations
            value = np.where((found > 0).all(-1), -np.einsum("gj,gj->g", right[:, pick], found), np.inf)
            better = value < best
            best[better] = value[better]
            coefficients[better] = 0.0
            coefficients[np.ix_(better, pick)] = found[better]
    return coefficients, np.einsum("gj,gjn->gn", coefficients, basis) - problem.observed


def starts(problem: SumOfPowersProblem, count: int = _COUNT) -> np.ndarray:
    """At most 2 ``count`` centred parameter vectors: separated minima, by least squares and by a robust pass."""
    nodes, shape = exponent_grid(len(problem.names) - len(problem.coefficients))
    base = 1.0 / problem.observed**2 if problem.log else np.ones(problem.n_points)
    coefficients, residual = projected_coefficients(problem, nodes, base)
    chosen = [_at(problem, nodes, coefficients, _minima((base * residual**2).sum(-1), shape, count))]
    relative = np.abs(residual) * np.sqrt(base)
    middle = np.median(relative, axis=-1, keepdims=True)
    robust = base / np.maximum(relative, np.maximum(middle, 1e-12 * np.sqrt(base) * np.abs(problem.observed)))
    coefficients, residual = projected_coefficients(problem, nodes, robust)
    chosen.append(_at(problem, nodes, coefficients, _minima((np.sqrt(base) * np.abs(residual)).sum(-1), shape, count)))
    return np.concatenate(chosen)


def _at(problem: SumOfPowersProblem, nodes: np.ndarray, coefficients: np.ndarray, index: np.ndarray) -> np.ndarray:
    least = 1e-3 * np.abs(problem.observed).mean()
    return np.concatenate([np.log(np.maximum(coefficients[index], least)), nodes[index]], axis=-1)


def _minima(values: np.ndarray, shape: tuple[int, ...], count: int) -> np.ndarray:
    """Indices of the ``count`` lowest nodes of which no two are neighbours on the grid."""
    places = np.stack(np.unravel_index(np.arange(values.size), shape), axis=-1)
    index: list[int] = []
    for i in np.argsort(values, kind="stable"):
        if np.isfinite(values[i]) and all(np.abs(places[i] - places[k]).max() > 2 for k in index):
            index.append(int(i))
            if len(index) == count:
                break
    return np.array(index)
