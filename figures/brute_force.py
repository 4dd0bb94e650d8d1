"""The least conditional regret by a direct search over (p, s), sharing no code with the package's kernels.

The search runs over laws p = (x, x - t, y, ..., y, 0, ...) with k labels of mass y <= x, and over softmax vectors
s proportional to (a, 1, c, ..., c, 0, ...) with a, c <= 1, so that label 2, whose zero-one regret is t, is predicted.
A box in (y, a, c) is laid out as a grid and shrunk around the best point until its sides are below 1e-8.
"""

from __future__ import annotations

import numpy as np

__all__ = ["lower_hull", "regret"]

GRID, SHRINK, ROUNDS = 7, 0.45, 22


def regret(t: np.ndarray, k: int, tau: float, grid: int = GRID) -> np.ndarray:
    """The least regret found at ``t (m,)`` in (0, 1], with ``k`` labels beside the first two; ``0 <= tau <= 2``.

    ``grid`` points a side: more of them where several minima compete.
    """
    t = np.asarray(t, dtype=float)[:, None, None, None]
    ceiling = np.minimum((1 + t) / (k + 2), (1 - t) / k) if k else np.zeros_like(t)
    unit = np.linspace(0, 1, grid)
    axes = unit[:, None, None], unit[:, None], unit
    low = [np.zeros_like(t) for _ in range(3)]
    high = [ceiling, np.ones_like(t), np.ones_like(t) if k else np.zeros_like(t)]
    best = np.full(t.shape, np.inf)
    width = list(high)
    for _ in range(ROUNDS):
        point = [lo + (hi - lo) * axis for lo, hi, axis in zip(low, high, axes)]
        values = _regret(t, k, tau, *point).reshape(t.size, -1)
        place = np.argmin(values, axis=1)
        best = np.minimum(best, values[np.arange(t.size), place].reshape(t.shape))
        width = [SHRINK * w for w in width]
        for i, limit in enumerate((ceiling, 1.0, 1.0 if k else 0.0)):
            centre = np.broadcast_to(point[i], (t.size, *3 * (grid,))).reshape(t.size, -1)[np.arange(t.size), place]
            centre = centre.reshape(t.shape)
            low[i] = np.clip(centre - width[i] / 2, 0, limit)
            high[i] = np.clip(centre + width[i] / 2, 0, limit)
    return best[:, 0, 0, 0]


def _regret(t: np.ndarray, k: int, tau: float, y: np.ndarray, a: np.ndarray, c: np.ndarray) -> np.ndarray:
    x = (1 + t - k * y) / 2
    total = 1 + a + k * c
    risk = _risk(x, a / total, tau) + _risk(x - t, 1 / total, tau)
    return risk + (k * _risk(y, c / total, tau) if k else 0) - _entropy(x, x - t, y, k, tau)


def _risk(p: np.ndarray, s: np.ndarray, tau: float) -> np.ndarray:
    """p psi(s), with 0 x infinity = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        psi = -np.log(s) if tau == 1 else (1 - s ** (tau - 1)) / (tau - 1)
        return np.where(p > 0, p * psi, 0.0)


def _entropy(x: np.ndarray, z: np.ndarray, y: np.ndarray, k: int, tau: float) -> np.ndarray:
    """The least conditional risk of the law (x, z, y, ..., y) over all softmax vectors: Hoelder's inequality."""
    masses = ((x, 1), (z, 1), (y, k))
    if tau == 1:
        return -sum(count * np.where(p > 0, p * np.log(np.where(p > 0, p, 1)), 0.0) for p, count in masses)
    if tau == 2:
        return 1 - x
    a = 1 / (2 - tau)
    norm = x * sum(count * (np.maximum(p, 0) / x) ** a for p, count in masses) ** (1 / a)
    return (1 - norm) / (tau - 1)


def lower_hull(t: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The largest convex function below (0, 0) and the points (t, values), at ``t`` increasing."""
    hull: list[tuple[float, float]] = []
    for point in zip((0.0, *t), (0.0, *values)):
        while len(hull) > 1 and _turns_down(hull[-2], hull[-1], point):
            hull.pop()
        hull.append(point)
    return np.interp(t, *zip(*hull))


def _turns_down(first: tuple[float, float], middle: tuple[float, float], last: tuple[float, float]) -> bool:
    return (middle[1] - first[1]) * (last[0] - first[0]) >= (last[1] - first[1]) * (middle[0] - first[0])
