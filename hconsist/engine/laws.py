"""The conditional laws among which a symmetric convex loss attains T, each by a few numbers.

    p = (u, u - t, c, ..., c, r, ..., r, 0, ..., 0):   1, 1, k - 2, m and n - k - m labels.

The first label is the most probable one and the second is predicted, tied with the k labels of its pool.  Its forced
risk is the entropy of the law that spreads the mass of the pool evenly (derivation ``pooling``), so its regret is
H(pool p) - H(p).  With y the mean of the pool, y <= c <= u and r <= y.  Each regret is that of scores with the second
label on top, so each is an upper bound of T(t).

That the c are equal is no restriction: at the pooled scores the regret is convex and symmetric in them (derived here).
That the labels outside the pool share one value, or have probability 0, is proved for power losses (Reduction (b) of
the same derivation); for other losses searches over all laws found none below (tests).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hconsist.losses import Loss

__all__ = ["Family", "Laws"]

_CHUNK = 1 << 13
"""Laws worked on at a time: the temporaries of an entropy stay in the processor's cache."""


@dataclass(frozen=True)
class Laws:
    """Parallel arrays: t, the sizes k of the pool and m of the rest, two coordinates, and the regret (inf: no law)."""

    t: np.ndarray
    k: np.ndarray
    m: np.ndarray
    a: np.ndarray
    b: np.ndarray
    regret: np.ndarray

    def at(self, index: Any) -> Laws:
        """Some of them."""
        return Laws(*(getattr(self, f.name)[index] for f in fields(self)))

    def reshape(self, *shape: int) -> Laws:
        """In another shape."""
        return Laws(*(getattr(self, f.name).reshape(shape) for f in fields(self)))

    def beside(self, other: Laws) -> Laws:
        """Joined along the last axis."""
        return Laws(*(np.concatenate([getattr(x, f.name) for x in (self, other)], axis=-1) for f in fields(self)))

    def but(self, regret: np.ndarray) -> Laws:
        """With other regrets."""
        return Laws(self.t, self.k, self.m, self.a, self.b, regret)

    def replaced(self, index: np.ndarray, other: Laws) -> Laws:
        """With the entries at ``index`` taken from ``other``."""
        columns = [np.array(getattr(self, f.name)) for f in fields(self)]
        for column, f in zip(columns, fields(self)):
            column[index] = getattr(other, f.name)
        return Laws(*columns)


class Family:
    """The laws and regrets of one loss and number of labels.

    What is possible depends on t, k and m; the coordinates run through it: sin^2(pi b/2) is the mass m r of the rest
    relative to its largest value, sin^2(pi a/2) the place of u between its least value, where c = u or p_2 = 0, and its
    largest, where c = y.  Regrets are even and smooth in a and b at 0 and 1, so a search needs no bounds.
    """

    def __init__(self, loss: Loss, n_classes: int):
        self.loss, self.n = loss, n_classes
        pair = self._entropy(np.array([0.5, 0.0]), np.array([2.0, n_classes - 2.0]))
        self.noise = 2e-15 * abs(float(pair))
        """The size of rounding errors in a regret of two likely labels."""

    def possible(self, t: np.ndarray, k: np.ndarray, m: np.ndarray) -> np.ndarray:
        """Whether there are such laws: of n labels, with c >= y."""
        return (k >= 2) & (m >= 0) & (k + m <= self.n) & ((k == 2) | (k * t <= 2))

    def groups(
        self, t: np.ndarray, k: np.ndarray, m: np.ndarray, a: np.ndarray, b: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Probabilities and counts of the five groups ``(..., 5)``, and y."""
        most = np.minimum(m / (m + k), np.maximum(1 - k * t / 2, 0.0))
        mass = np.sin(np.pi / 2 * b) ** 2 * most  # most = 0 at m = 0
        y = (1 - mass) / k
        low = np.maximum(t, y + t / k)
        high = y + t / 2
        u = np.where(k > 2, low + np.sin(np.pi / 2 * a) ** 2 * (high - low), high)
        c = np.maximum((1 - mass) - 2 * u + t, 0.0) / np.maximum(k - 2, 1)
        zero = np.zeros_like(u)
        values = np.stack([u, np.maximum(u - t, 0.0), np.where(k > 2, c, 0.0), mass / np.maximum(m, 1), zero], axis=-1)
        counts = np.stack([zero + 1, zero + 1, k - 2.0, m + zero, self.n - k - m + zero], axis=-1)
        return values, counts, y

    def regret(self, t: np.ndarray, k: np.ndarray, m: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """H(pool p) - H(p) of laws that are possible; flat arrays of one size."""
        found = np.empty(t.size)
        for i in range(0, t.size, _CHUNK):
            part = slice(i, i + _CHUNK)
            values, counts, y = self.groups(t[part], k[part], m[part], a[part], b[part])
            pooled = np.stack([y, values[:, 3], values[:, 4]], axis=-1)
            sizes = np.stack([counts[:, 2] + 2, counts[:, 3], counts[:, 4]], axis=-1)
            found[part] = self._entropy(pooled, sizes) - self._entropy(values, counts)
        return np.maximum(found, 0.0)

    def _entropy(self, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Groups that are empty in every law are left out."""
        used = np.any(counts > 0, axis=tuple(range(counts.ndim - 1)))
        used[:2] = True
        return self.loss.grouped_entropy(values[..., used], counts[..., used])
