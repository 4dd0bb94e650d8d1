"""T of psi(softmax_y) from below, psi convex, in balls: Theorem 2 with the sum of two scores cut into intervals.

Let label j be on top, Sigma = s_1 + s_j.  With the other scores frozen the regret is at least R_Sigma(t), the maximum
over x of

    f(Sigma) = psi(Sigma/2) - (1+t)/2 psi(Sigma x) - (1-t)/2 psi(Sigma (1-x)),

and Sigma >= s_j >= 1/n, since s_j is the largest of n scores.  On an interval of Sigma, for one x, psi(Sigma/2) lies
above a tangent and the other two lie below their chords: a linear function of Sigma, least at an end.  So finitely
many values of psi and psi' in balls bound R_Sigma over all of [1/n, 1].  Derived here.

Convexity is used on [LEAST, 1] only, where balls of psi'' prove it.  A score s_1 < LEAST costs label 1 no less than
LEAST does, and moves s_j by less than LEAST, which changes psi(s_j) by no more than LEAST |psi'(1/(2n))|.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from flint import arb

from hconsist.definitions import compile_expression, precision
from hconsist.domains import InputError, UnsupportedError
from hconsist.engine.hulls import lower_hull
from hconsist.losses import CompSum
from hconsist.losses.convexity import LEAST, Ball, convexity

__all__ = ["convex_in_balls", "frozen_bound", "frozen_polygon"]

BITS = 160
_TOLERANCE = 4e-3
"""Intervals are cut until the bound is this near to the least R_Sigma seen, relative to it."""
_ROUNDS, _MOST, _TOTAL = 16, 400, 8000
"""Rounds of cutting; intervals for one t, and for all, of which the smaller t are given up first."""
_GOLDEN = 26
_MARGIN = 1e-9
"""Shares x are kept from 1."""


def frozen_bound(loss: CompSum, n_classes: int, t: np.ndarray) -> np.ndarray | None:
    """A proved lower bound of T_n(t), 0 at t too small for it; None where psi is no formula, or not proved convex.

    That psi does not increase below LEAST = 2^-100 is taken from the loss.
    """
    with precision(BITS):
        cover = _Cover.of(loss, n_classes, np.unique(t[t > 0.0]))
        if cover is None:
            return None
        found = cover.bounds(cover.t)
    return np.interp(t, np.append(0.0, cover.t), np.append(0.0, found))


def frozen_polygon(loss: CompSum, n_classes: int, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of a convex polygon below T_n, hence below its hull, from increasing t in [0, 1] with t = 1 the last.

    The bound from the intervals of one t holds for every other t too and is concave in it, a least of linear functions:
    between neighbours of the grid T lies above the chord of its values at both.  Where :func:`frozen_bound` is None it
    is 0.
    """
    with precision(BITS):
        cover = _Cover.of(loss, n_classes, np.unique(t[t > 0.0]))
        if cover is None:
            return np.array([0.0, 1.0]), np.zeros(2)
        after = np.append(cover.t[1:], 1.0)
        here, there = cover.bounds(cover.t), cover.bounds(after)
    return lower_hull(np.concatenate([[0.0, cover.t[0]], cover.t, after]), np.concatenate([[0.0, 0.0], here, there]))


def convex_in_balls(second: Ball, third: Ball, least: float = LEAST) -> bool:
    """Whether psi'' >= 0 on [least, 1] is proved in balls."""
    return convexity(second, third, least)[0] is True


@dataclass
class _Intervals:
    """Parallel arrays: which t, the ends, and the share x of label 1."""

    index: np.ndarray
    a: np.ndarray
    b: np.ndarray
    x: np.ndarray


class _Cover:
    """Intervals of Sigma for each t, found in floating point."""

    def __init__(self, loss: CompSum, n: int, t: np.ndarray, psi: Ball, first: Ball):
        self.loss, self.n, self.t, self.psi, self.first = loss, n, t, psi, first
        self.lost = arb(LEAST) * abs(first(1 / arb(2 * n)))
        self._flat = t.copy()
        self._intervals = self._cut()

    @classmethod
    def of(cls, loss: CompSum, n: int, t: np.ndarray) -> _Cover | None:
        """None where psi is no formula or not proved convex, and for no t."""
        if not loss.properties["convex_psi"] or not t.size:
            return None
        try:
            definition = loss.definition()
            (s,) = definition.symbols
            slope = definition.expression.diff(s)
            psi, first = (compile_expression(e, (s,)).arb for e in (definition.expression, slope))
        except (InputError, UnsupportedError):
            return None
        convex = loss.convexity()
        if not first(arb(1)) <= 0 or convex is None or convex[0] is not True:
            return None
        return cls(loss, n, t, psi, first)

    def bounds(self, at: np.ndarray) -> np.ndarray:
        """The least bound at ``at[i]`` over the intervals that were found for t[i], in balls and rounded down."""
        cover = self._intervals
        least = np.full(self.t.size, np.inf)
        for i, a, b, x in zip(cover.index.tolist(), cover.a.tolist(), cover.b.tolist(), cover.x.tolist()):
            if least[i] > 0.0:
                least[i] = min(least[i], self._proved(float(at[i]), a, b, x))
        return np.maximum(np.where(np.isfinite(least), least, 0.0), 0.0)

    def _proved(self, t: float, a: float, b: float, x: float) -> float:
        share, middle = arb(x), (arb(a) + arb(b)) / 4
        high, low = (1 + arb(t)) / 2, (1 - arb(t)) / 2
        tie, slope = self.psi(middle), self.first(middle)
        values = []
        for end in (arb(a), arb(b)):
            tangent = tie + slope * (end / 2 - middle)
            value = tangent - high * self.psi(end * share) - low * self.psi(end * (1 - share)) - self.lost
            values.append(np.nextafter(float(value.lower()), -np.inf))
        return float(min(values)) if all(np.isfinite(values)) else 0.0

    def _cut(self) -> _Intervals:
        edges = np.geomspace(1.0 / self.n, 1.0, 4 + int(2 * np.log2(self.n)))
        edges[0], edges[-1] = np.nextafter(1.0 / self.n, 0.0), 1.0
        size = edges.size - 1
        index = np.repeat(np.arange(self.t.size), size)
        now = self._shares(index, np.tile(edges[:-1], self.t.size), np.tile(edges[1:], self.t.size))
        done: list[_Intervals] = []
        goal = np.full(self.t.size, np.inf)
        for _ in range(_ROUNDS):
            middle, ends = self._at(now, (now.a + now.b) / 2), self._float_bound(now)
            np.minimum.at(goal, now.index, middle)
            loose = ends < (1.0 - _TOLERANCE) * goal[now.index]
            done.append(_Intervals(*(f[~loose] for f in (now.index, now.a, now.b, now.x))))
            if not np.any(loose):
                break
            a, b, index = now.a[loose], now.b[loose], now.index[loose]
            kept = self._affordable(index, done)
            a, b, index = a[kept], b[kept], index[kept]
            cut = (a + b) / 2
            now = self._shares(np.tile(index, 2), np.append(a, cut), np.append(cut, b))
        else:
            done.append(now)
        fields = [np.concatenate([getattr(d, name) for d in done]) for name in ("index", "a", "b", "x")]
        whole = self._flat[fields[0]] > 0.0
        return _Intervals(*(f[whole] for f in fields))

    def _affordable(self, index: np.ndarray, done: list[_Intervals]) -> np.ndarray:
        """Give up the t with too many intervals, the smallest ones first; mark them by 0."""
        count = 2 * np.bincount(index, minlength=self.t.size)
        for d in done:
            count = count + np.bincount(d.index, minlength=self.t.size)
        self._flat[count > _MOST] = 0.0
        count[self._flat == 0.0] = 0
        total = np.cumsum(count[::-1])[::-1]
        self._flat[total > _TOTAL] = 0.0
        return self._flat[index] > 0.0

    def _shares(self, index: np.ndarray, a: np.ndarray, b: np.ndarray) -> _Intervals:
        """The best x at the middles, by golden section: the cost is convex in x."""
        t, total = self.t[index], (a + b) / 2
        ratio = (np.sqrt(5.0) - 1.0) / 2.0
        low, high = np.full_like(a, 0.5), np.full_like(a, 1.0 - _MARGIN)

        def cost(x: np.ndarray) -> np.ndarray:
            return (1.0 + t) / 2.0 * self.loss.psi(total * x) + (1.0 - t) / 2.0 * self.loss.psi(total * (1.0 - x))

        points = [high - ratio * (high - low), low + ratio * (high - low)]
        values = [cost(x) for x in points]
        for _ in range(_GOLDEN):
            left = values[0] < values[1]
            low, high = np.where(left, low, points[0]), np.where(left, points[1], high)
            new = np.where(left, high - ratio * (high - low), low + ratio * (high - low))
            fresh = cost(new)
            points = [np.where(left, new, points[1]), np.where(left, points[0], new)]
            values = [np.where(left, fresh, values[1]), np.where(left, values[0], fresh)]
        return _Intervals(index, a, b, (low + high) / 2)

    def _at(self, cover: _Intervals, total: np.ndarray) -> np.ndarray:
        t = self.t[cover.index]
        first, second = self.loss.psi(total * cover.x), self.loss.psi(total * (1.0 - cover.x))
        return self.loss.psi(total / 2) - (1.0 + t) / 2.0 * first - (1.0 - t) / 2.0 * second

    def _float_bound(self, cover: _Intervals) -> np.ndarray:
        """About what :meth:`_proved` will give: the tangent misses psi(end/2) by the excess over it."""
        middle, width = (cover.a + cover.b) / 4, (cover.b - cover.a) / 4
        tie = self.loss.psi(middle)
        step = 1e-3 * width + 1e-6 * middle
        slope = (self.loss.psi(middle + step) - self.loss.psi(middle - step)) / (2.0 * step)
        ends = [self._at(cover, end) - self.loss.psi(end / 2) + tie + sign * slope * width
                for end, sign in ((cover.a, -1.0), (cover.b, 1.0))]  # fmt: skip
        return np.minimum(*ends)
