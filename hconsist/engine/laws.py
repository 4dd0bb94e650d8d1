"""The conditional laws among which a symmetric convex loss attains T, each by a few numbers.

    p = (u, u - t, c, ..., c, r, ..., r, 0, ..., 0):   1, 1, k - 2, m and n - k - m labels.

The first label is the most probable one and the second is predicted, tied with the k labels of its pool.  Its forced
risk is the entropy of the law that spreads the mass of the pool evenly (derivation ``pooling``), so its regret is
H(pool p) - H(p).  With y the mean of the pool, y <= c <= u and r <= y.  Each regret is that of scores with the second
label on top, so each is an upper bound of T(t).

That the c are equal is no restriction: at the pooled scores the regret is convex and symmetric in them (derived here).
That the labels outside the pool share one value, or have probability 0, is proved for power losses (Reduction (b) of
the same derivation); for other losses searches over all laws found none below (tests).  For power losses with
3/2 <= tau < 2 the rest is moreover one label at most, and none where the predicted label has positive probability (the
raw form of Theorem 4): p = (t, 0, c, ..., c, r, 0, ..., 0), one number for each size of the pool.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hconsist.engine.pools import PoolCurves
from hconsist.losses import CompSum, Loss

__all__ = ["Family", "Laws"]

_CHUNK = 1 << 13
"""Laws worked on at a time: the temporaries of an entropy stay in the processor's cache."""
_JOINED = 500
"""Up to so many, the entropies of the laws and of their pooled laws are one call, which costs less than two."""


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
        pair = loss.grouped_entropy(np.array([0.5, 0.0]), np.array([2.0, n_classes - 2.0]))
        self.noise = 2e-15 * abs(float(pair))
        """The size of rounding errors in a regret of two likely labels."""
        self.curves: PoolCurves | None = None
        """For power losses with 3/2 <= tau < 2: the best laws without a rest are known."""
        if isinstance(loss, CompSum) and loss.tau is not None and 1.5 <= loss.tau < 2.0:
            self.curves = PoolCurves(loss.tau - 1.0, n_classes)

    @property
    def lone(self) -> bool:
        """Whether a rest is one label only, beside a predicted label of probability 0."""
        return self.curves is not None

    def possible(self, t: np.ndarray, k: np.ndarray, m: np.ndarray) -> np.ndarray:
        """Whether there are such laws: of n labels, with c >= y."""
        most = 1 if self.lone else self.n
        return (k >= 2) & (m >= 0) & (m <= most) & (k + m <= self.n) & ((k == 2) | (k * t <= 2))

    def moving(self, k: np.ndarray, m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether the coordinates a and b count at these sizes."""
        return (k > 2) & ~(self.lone & (m > 0)), m > 0

    def groups(
        self, t: np.ndarray, k: np.ndarray, m: np.ndarray, a: np.ndarray, b: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Probabilities and counts of the five groups ``(..., 5)``, and y."""
        most = np.minimum(m / (m + k), np.maximum(1 - k * t / 2, 0.0))
        mass = np.sin(np.pi / 2 * b) ** 2 * most  # most = 0 at m = 0
        y = (1 - mass) / k
        low = np.maximum(t, y + t / k)
        high = y + t / 2
        place = np.where(self.moving(k, m)[0], np.sin(np.pi / 2 * a) ** 2, 0.0)
        u = np.where(k > 2, low + place * (high - low), high)
        # one group after the other in memory: sums over groups add whole arrays
        values, counts = np.zeros((5, *u.shape)), np.ones((5, *u.shape))
        values[0], values[1] = u, np.maximum(u - t, 0.0)
        values[2] = np.where(k > 2, np.maximum((1 - mass) - 2 * u + t, 0.0) / np.maximum(k - 2, 1), 0.0)
        values[3] = mass / np.maximum(m, 1)
        counts[2], counts[3], counts[4] = k - 2.0, m, self.n - k - m
        return np.moveaxis(values, 0, -1), np.moveaxis(counts, 0, -1), y

    def regret(self, t: np.ndarray, k: np.ndarray, m: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """H(pool p) - H(p) of laws that are possible; flat arrays of one size."""
        found = np.empty(t.size)
        for i in range(0, t.size, _CHUNK):
            part = slice(i, i + _CHUNK)
            found[part] = self._regret(*self.groups(t[part], k[part], m[part], a[part], b[part]))
        return np.maximum(found, 0.0)

    def _regret(self, values: np.ndarray, counts: np.ndarray, y: np.ndarray) -> np.ndarray:
        values, counts = values.T, counts.T
        used = np.any(counts > 0, axis=1)  # groups that are empty in every law are left out
        pool = 2 + int(used[2])
        values, counts = values[used], counts[used]
        if y.size > _JOINED:
            pooled, sizes = np.vstack([y, values[pool:]]), np.vstack([np.sum(counts[:pool], axis=0), counts[pool:]])
            return self.loss.grouped_entropy(pooled.T, sizes.T) - self.loss.grouped_entropy(values.T, counts.T)
        both = np.stack([values, values], axis=1)
        both[:pool, 0] = y
        pooled, own = self.loss.grouped_entropy(np.moveaxis(both, 0, -1), counts.T)
        return pooled - own
