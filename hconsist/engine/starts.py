"""Where the search for the least regret starts: lists of sizes, grids of coordinates, and their local minima."""

from __future__ import annotations

import numpy as np

from hconsist.engine.laws import Family, Laws
from hconsist.engine.pools import PoolCurves

__all__ = ["Pools", "Rests", "best_pools"]

_A = np.array([0.0, 0.5, 1.0])
_B = np.array([0.1, 0.4, 0.7, 1.0])
ALL_SIZES = 10
"""Up to so many labels all sizes are tried."""


class Pools:
    """Laws whose probabilities outside the pool are 0, for pools of all sizes up to 8 and by quarters beyond."""

    def __init__(self, family: Family):
        self.family = family
        self.k = np.array(_pools(family.n))

    def minima(self, t: np.ndarray, count: int) -> Laws:
        """The lowest local minima of the grid over sizes and coordinates; ``(T, count)``."""
        value = np.full((t.size, self.k.size + 2, _A.size + 2), np.inf)  # with a border
        inner = value[:, 1:-1, 1:-1]
        possible = self.family.possible(t[:, None], self.k, np.zeros_like(self.k))
        i, j, c = np.nonzero(possible[..., None] & ((self.k[:, None] > 2) | (_A == 0)))
        zero = np.zeros(i.size)
        inner[i, j, c] = self.family.regret(t[i], self.k[j], np.zeros_like(j), _A[c], zero)
        beside = np.minimum(np.minimum(value[:, :-2, 1:-1], value[:, 2:, 1:-1]),
                            np.minimum(value[:, 1:-1, :-2], value[:, 1:-1, 2:]))  # fmt: skip
        lowest, order = _lowest(np.where(inner <= beside, inner, np.inf).reshape(t.size, -1), count)
        none = np.zeros_like(order)
        j, c = np.divmod(order, _A.size)
        return Laws(np.repeat(t[:, None], order.shape[1], axis=1), self.k[j], none, _A[c], none.astype(float), lowest)


def best_pools(family: Family, curves: PoolCurves, t: np.ndarray) -> Laws:
    """The best law without a rest for each t, of power losses with 3/2 <= tau < 2: the sizes and u are known."""
    inside = np.where(t > 0.0, t, 1.0)
    m, u = curves.least(inside)
    k, none = m.astype(int), np.zeros(m.shape, dtype=int)
    y = 1.0 / m
    low = np.maximum(inside, y + inside / m)
    place = np.clip((u - low) / np.maximum(y + inside / 2.0 - low, 1e-300), 0.0, 1.0)  # as in Family.groups
    a = np.where(k > 2, 2.0 / np.pi * np.arcsin(np.sqrt(place)), 0.0)
    t = np.broadcast_to(t, m.shape)
    value = np.full(m.shape, np.inf)
    i = family.possible(t, k, none)
    value[i] = family.regret(t[i], k[i], none[i], a[i], a[i])
    best = (np.argmin(value, axis=0), np.arange(t.shape[1]))
    return Laws(t[best], k[best], none[best], a[best], none[best].astype(float), value[best])


class Rests:
    """Laws with a rest of positive probability: all sizes up to ten labels, sparsely beyond."""

    def __init__(self, family: Family):
        self.family = family
        points: dict[tuple[int, int, int, int], tuple[int, int, float, float]] = {}
        lone = ((k, 1) for k in _pools(family.n) if k < family.n)
        for k, m in lone if family.lone else _pairs(family.n):
            for i, a in enumerate(_A if k > 2 and not family.lone else _A[:1]):
                for j, b in enumerate(_B):
                    points[k, m, i, j] = (k, m, a, b)
        columns = np.array(list(points.values())).reshape(-1, 4).T
        self.k, self.m, self.a, self.b = columns[0].astype(int), columns[1].astype(int), columns[2], columns[3]
        index = {key: place for place, key in enumerate(points)}
        around = ((-1, 0), (1, 0), (0, -1), (0, 1))
        self._beside = np.array(
            [[index.get((k, m, i + x, j + y), len(points)) for x, y in around] for k, m, i, j in points]
        ).reshape(-1, 4)

    def minima(self, t: np.ndarray, count: int) -> Laws:
        """The lowest local minima of the grids over the coordinates; ``(T, count)``, fewer where there are no more."""
        value = np.full((t.size, self.k.size + 1), np.inf)  # the last column stands for a neighbour that is not there
        i, j = np.nonzero(self.family.possible(t[:, None], self.k, self.m))
        value[i, j] = self.family.regret(t[i], self.k[j], self.m[j], self.a[j], self.b[j])
        own = value[:, :-1]
        lowest, point = _lowest(np.where(own <= np.min(value[:, self._beside], axis=-1), own, np.inf), count)
        repeated = np.repeat(t[:, None], point.shape[1], axis=1)
        return Laws(repeated, self.k[point], self.m[point], self.a[point], self.b[point], lowest)


def _lowest(value: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The least entries of each row, and their places."""
    order = np.argsort(value, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(value, order, axis=1), order


def _ladder(n: int, whole: int, ratio: float) -> list[int]:
    """1, 2, ..., whole, then by a ratio, up to n."""
    steps = list(range(1, whole + 1))
    while steps[-1] < n:
        steps.append(int(steps[-1] * ratio) + 1)
    return [k for k in steps if k <= n]


def _pools(n: int) -> list[int]:
    """Sizes of pools."""
    return sorted({k for k in _ladder(n, 8, 1.25) if k > 1} | {n, max(n - 1, 2)})


def _pairs(n: int) -> list[tuple[int, int]]:
    """Sizes of pools and of rests m >= 1."""
    if n <= ALL_SIZES:
        return [(k, m) for k in range(2, n) for m in range(1, n - k + 1)]
    pools = {k for k in _ladder(n, 4, 2.9) if k > 1} | {n - 1}
    rests = _ladder(n, 2, 5.9)
    found = {(k, m) for k in pools for m in rests} | {(k, n - k - spare) for k in pools for spare in (0, 1)}
    return sorted((k, m) for k, m in found if m >= 1 and k + m <= n)
