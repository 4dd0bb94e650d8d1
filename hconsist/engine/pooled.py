"""T of a symmetric loss that is convex in an order-preserving parametrisation: the least pooled regret of laws.

For all t at once: pools of all sizes are tried at every t; laws with a rest, of which there are many kinds, at some of
the t, whose best laws then start the search at the t between them.  Laws of neighbours are tried in the end.
"""

from __future__ import annotations

import numpy as np

from hconsist.engine.descent import descend
from hconsist.engine.laws import Family, Laws
from hconsist.engine.starts import Pools, Rests, best_pools
from hconsist.losses import Loss

__all__ = ["PooledSearch"]

_SCOUTS = 25
"""At so many t the laws with a rest are searched for, or at all of them where they are few."""
_FEW = 100
_KEPT = 4
"""Candidates kept at one t."""
_MET = 1e-13
"""A regret this near to a proved lower bound, relative to the largest regret, is the least."""
_DESCENT = 45
"""Steps of a descent."""
_ROUNDS, _NEAR, _SMALL = 6, 1.03, 3
"""Rounds in which near laws are tried, if their regrets are within this factor; sizes that need no further trial."""
_STEPS = (1, 3, 9, 27)
"""How far along t laws are near."""
_CLOSE, _SAME = 0.3, 0.03
"""Coordinates of two laws of the same sizes that are nearer than this are interpolated, or mean the same law."""


class PooledSearch:
    """The search for one loss and number of labels."""

    def __init__(self, loss: Loss, n_classes: int):
        self.family = Family(loss, n_classes)
        self._pools, self._rests = Pools(self.family), Rests(self.family)

    def solve(self, t: np.ndarray, proved: np.ndarray | float = 0.0) -> Laws:
        """The best laws found at increasing t in [0, 1]; ``(T,)``.  Laws that meet a proved lower bound end it."""
        if self.family.curves is not None:
            return self._beyond_pools(best_pools(self.family, self.family.curves, t), proved)
        pools = self._pools.minima(t, 3)
        if np.all(_met(pools.regret[:, 0], proved)):
            return _first(pools)
        candidates = pools.beside(self._with_rest(t, pools.regret[:, 0])) if self._rests.k.size else pools
        found = descend(self.family, _cut(candidates, _KEPT, 1.5), width=0.08, steps=_DESCENT)
        return self._smoothed(self._simplified(_first(found)))

    def _beyond_pools(self, best: Laws, proved: np.ndarray | float) -> Laws:
        """The best laws where those without a rest are known: with one, where no proved bound is met."""
        rows = np.flatnonzero(~_met(best.regret, proved))
        if not rows.size or not self._rests.k.size:
            return best
        own = best.at(rows)
        rests = self._rests.minima(own.t, _KEPT)
        rests = rests.but(np.where(rests.regret > 1.5 * own.regret[:, None], np.inf, rests.regret))
        rests = descend(self.family, rests, width=0.15, steps=_DESCENT, rivals=own.regret)
        return best.replaced(rows, _first(own.reshape(-1, 1).beside(rests)))

    def follow(self, t: np.ndarray, known: Laws) -> Laws:
        """The same at other t between those of solved ones, from the laws at both sides."""
        candidates = self._between(t, known.reshape(-1, 1))
        return _first(descend(self.family, _cut(candidates, 2, 1.5), width=0.05, steps=_DESCENT))

    def _with_rest(self, t: np.ndarray, least: np.ndarray) -> Laws:
        """Candidates with a rest; ``least`` are the best regrets without one."""
        few = self._rests.k.size <= _FEW
        scouts = np.unique(np.rint(np.linspace(0, t.size - 1, t.size if few else _SCOUTS)).astype(int))
        found = self._rests.minima(t[scouts], 10)
        found = found.but(np.where(found.regret > 2 * least[scouts][:, None], np.inf, found.regret))
        found = _cut(descend(self.family, found, width=0.15, steps=3, resize=False, prune=False), _KEPT, 1.5)
        if scouts.size == t.size:
            return found
        near = self._between(t, descend(self.family, found, width=0.05, steps=6, resize=False))
        return near.but(np.where(near.regret > 1.1 * least[:, None], np.inf, near.regret))

    def _between(self, t: np.ndarray, known: Laws) -> Laws:
        """Candidates ``(T, 2Q)`` from known laws ``(S, Q)`` at both sides of each t; laws of one kind are mixed."""
        if known.t.shape[0] == 1:
            return self._evaluated(t, known.at(np.zeros(t.size, dtype=int)))
        right = np.clip(np.searchsorted(known.t[:, 0], t), 1, known.t.shape[0] - 1)
        left = right - 1
        start, end = known.t[left, 0], known.t[right, 0]
        share = np.clip((t - start) / (end - start), 0.0, 1.0)[:, None]
        one, other = known.at(left), known.at(right)
        same = np.isfinite(other.regret[:, None, :]) & np.isfinite(one.regret[..., None])
        for x in ("k", "m"):
            same &= getattr(one, x)[..., None] == getattr(other, x)[:, None, :]
        for x in ("a", "b"):
            same &= np.abs(getattr(one, x)[..., None] - getattr(other, x)[:, None, :]) < _CLOSE
        partner = other.at((np.arange(t.size)[:, None], np.argmax(same, axis=-1)))
        paired, used = np.any(same, axis=-1), np.any(same, axis=1)
        a, b = (np.where(paired, x + share * (y - x), x) for x, y in ((one.a, partner.a), (one.b, partner.b)))
        mixed = Laws(one.t, one.k, one.m, a, b, one.regret)
        return self._evaluated(t, mixed.beside(other.but(np.where(used, np.inf, other.regret))))

    def _evaluated(self, t: np.ndarray, laws: Laws) -> Laws:
        """The laws with these coordinates at other t ``(T,)``."""
        t = np.repeat(t[:, None], laws.t.shape[1], axis=1)
        value = np.full(t.shape, np.inf)
        i = np.isfinite(laws.regret) & self.family.possible(t, laws.k, laws.m)
        value[i] = self.family.regret(t[i], laws.k[i], laws.m[i], laws.a[i], laws.b[i])
        return Laws(t, laws.k, laws.m, laws.a, laws.b, value)

    def _simplified(self, laws: Laws) -> Laws:
        """Without a rest that has next to no mass."""
        index = np.flatnonzero((laws.m > 0) & (laws.b < _SAME))
        own = laws.at(index)
        none = np.zeros_like(own.m)
        plain = self._evaluated(own.t, Laws(own.t, own.k, none, own.a, none.astype(float), own.regret).reshape(-1, 1))
        better = plain.regret[:, 0] <= own.regret * (1 + 1e-12) + self.family.noise
        return laws.replaced(index[better], plain.at((better, 0)))

    def _smoothed(self, laws: Laws) -> Laws:
        """Try what is near and of another kind: the laws of neighbouring t, and those of neighbouring sizes."""
        place = np.arange(laws.t.size)
        new = np.ones(place.size, dtype=bool)
        for _ in range(_ROUNDS):
            own = np.concatenate([place[place + step < place.size] for step in _STEPS])
            near = np.concatenate([place[place - step >= 0] for step in _STEPS])
            own, near = np.concatenate([near, own]), np.concatenate([own, near])
            own, near = own[new[near]], near[new[near]]
            kin = (laws.k[own] == laws.k[near]) & (laws.m[own] == laws.m[near])
            kin &= (np.abs(laws.a[own] - laws.a[near]) < 0.1) & (np.abs(laws.b[own] - laws.b[near]) < 0.1)
            sized, others = _other_sizes(laws, np.flatnonzero(new))
            own, tried = np.concatenate([own[~kin], sized]), laws.at(near[~kin]).beside(others)
            tried = self._evaluated(laws.t[own], tried.reshape(-1, 1))
            close = (tried.regret[:, 0] < _NEAR * laws.regret[own]) & (laws.regret[own] > 0)
            own, tried = own[close], tried.at(close)
            if not own.size:
                break
            found = _first(descend(self.family, tried, width=0.05, steps=_DESCENT, rivals=laws.regret[own]))
            better = found.regret < laws.regret[own] * (1 - 1e-12) - self.family.noise
            order = np.flatnonzero(better)[np.argsort(-found.regret[better], kind="stable")]  # the best is written last
            if not order.size:
                break
            laws = laws.replaced(own[order], found.at(order))
            new[:] = False
            new[own[order]] = True
        return laws


def _other_sizes(laws: Laws, index: np.ndarray) -> tuple[np.ndarray, Laws]:
    """Laws of sizes next to large ones: a label joins or leaves the pool, the rest, or goes from one to the other."""
    index = index[(laws.k[index] > _SMALL) | (laws.m[index] > 1)]
    steps = np.array([[1, 0, 0], [1, 0, 1], [-1, 0, 0], [-1, 0, 1], [0, 1, 0], [0, -1, 0], [1, -1, 0], [-1, 1, 0]])
    dk, dm, zero = np.tile(steps, (index.size, 1)).T
    index = np.repeat(index, steps.shape[0])
    own = laws.at(index)
    k, m, a = own.k + dk, own.m + dm, np.where(zero == 1, 0.0, own.a)  # the end a = 0 may be another than it was
    fresh = (own.m == 0) & (m > 0)
    return index, Laws(own.t, k, m, a, np.where(fresh, 0.9, own.b), own.regret)


def _met(regret: np.ndarray, proved: np.ndarray | float) -> np.ndarray:
    return np.asarray(regret <= proved + _MET * np.max(regret))


def _cut(laws: Laws, count: int, factor: float) -> Laws:
    """The lowest of each row, without those above the factor times the least and without repetitions."""
    order = np.argsort(laws.regret, axis=1, kind="stable")[:, :count]
    laws = laws.at((np.arange(order.shape[0])[:, None], order))
    drop = laws.regret > factor * laws.regret[:, :1]
    for i in range(1, order.shape[1]):
        own, before = laws.at((slice(None), slice(i, i + 1))), laws.at((slice(None), slice(i)))
        like = (before.k == own.k) & ((before.m == own.m) | ((before.b < _SAME) & (own.b < _SAME)))
        like &= (np.abs(before.a - own.a) < _SAME) & (np.abs(before.b - own.b) < _SAME)
        drop[:, i] |= np.any(like, axis=1)
    return laws.but(np.where(drop, np.inf, laws.regret))


def _first(laws: Laws) -> Laws:
    """The lowest of each row; of equal ones, up to rounding, the simplest."""
    least = np.min(laws.regret, axis=1, keepdims=True)
    equal = laws.regret <= least * (1 + 1e-12)
    place = np.argmin(np.where(equal, laws.m * 1e9 + laws.k, np.inf), axis=1)
    return laws.at((np.arange(place.size), place))
