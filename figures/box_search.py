"""The least conditional regret with scores in a box, by a direct search that shares no code with the package's kernels.

Scores are searched on a grid in [-lam, lam] that is shrunk around its best point; equal labels share a score.  The laws
with gap t are p = (x, x - t, y, ..., y, 0, ...) with k labels of mass y <= x.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["least_cost", "regret"]

GRID, SHRINK, ROUNDS = 7, 0.5, 26


def least_cost(p: np.ndarray, counts: Sequence[int], tau: float, lam: float, top: int) -> np.ndarray:
    """The least conditional risk found with the score of group ``top`` at lam and the others in [-lam, lam].

    ``p (m, g)``: masses of one label in each of g groups of ``counts`` labels.  With ``top`` a most probable label this
    is the free minimum (exchanging scores so that it has the largest one costs nothing).
    """
    counts = np.asarray(counts, dtype=float)
    others = [g for g in range(p.shape[1]) if g != top and counts[g] > 0]
    offsets = np.linspace(-0.5, 0.5, GRID)
    mesh = np.stack(np.meshgrid(*[offsets] * len(others), indexing="ij"), axis=-1).reshape(-1, len(others))
    centre, width = np.zeros((len(p), len(others))), 2 * lam
    best = np.full(len(p), np.inf)
    for _ in range(ROUNDS):
        points = np.clip(centre[:, None] + width * mesh, -lam, lam)
        scores = np.full((len(p), len(mesh), p.shape[1]), lam)
        scores[:, :, others] = points
        values = _risk(p[:, None], counts, scores, tau)
        place = np.argmin(values, axis=1)
        rows = np.arange(len(p))
        best = np.minimum(best, values[rows, place])
        centre, width = points[rows, place], width * SHRINK
    return best


def _risk(p: np.ndarray, counts: np.ndarray, scores: np.ndarray, tau: float) -> np.ndarray:
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    s = exponentials / np.sum(counts * exponentials, axis=-1, keepdims=True)
    psi = -np.log(s) if tau == 1 else (1 - s ** (tau - 1)) / (tau - 1)
    return np.sum(counts * p * psi, axis=-1)


def regret(t: np.ndarray, n: int, tau: float, lam: float, points: int = 25) -> np.ndarray:
    """The least regret found at ``t (m,)`` in [0, 1], with 0, 1, 2 and all n - 2 of the other labels in use."""
    t = np.asarray(t, dtype=float)
    found = [np.full(t.shape, np.inf)]
    for k in sorted({0, 1, 2, n - 2} & set(range(n - 1))):
        lowest = np.maximum(t, (1 + t) / (k + 2)) if k else (1 + t) / 2  # y <= x, and p_j >= 0
        for share in np.linspace(0, 1, points if k else 1):
            x = lowest + share * ((1 + t) / 2 - lowest)
            y = np.maximum((1 + t - 2 * x) / max(k, 1), 0)
            p = np.stack([x, np.maximum(x - t, 0), y, np.zeros_like(x)], axis=1)
            counts = (1, 1, k, n - 2 - k)
            found.append(least_cost(p, counts, tau, lam, 1) - least_cost(p, counts, tau, lam, 0))
    return np.min(found, axis=0)
