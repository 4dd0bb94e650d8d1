"""The two-label curve D_2 of the power losses, 0 <= tau < 2, and its inverse, accurate to a few ulps everywhere.

With al = tau - 1, a = 1/(2 - tau), eps = a - 1 = a al and M_a(t) the power mean of order a of 1 + t and 1 - t,

    D_2(t) = 2^(-al) (M_a(t) - 1)/al = 2^(-al) expm1(al Q(t))/al,      Q = log(M_a)/al,      Q(1) = log 2,

and D_2 = Q = ((1+t) log(1+t) + (1-t) log(1-t))/2 at tau = 1.  These textbook forms lose all digits as t -> 0 or
tau -> 1.  Here z = atanh t and g = expm1(-2 eps z)/eps (-2z at eps = 0) carry Q and its slopes without cancellation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hconsist.results import Side
from hconsist.threshold import TAU_C

__all__ = ["TAU_C", "TwoLabelKernel", "by_chunks", "expm1_over", "log1p_over"]

_CHUNK = 1 << 12
"""Entries worked on at a time: the dozen temporaries stay in cache, and the allocator never returns their pages."""
_TINY = 1e-9
"""Below max(a, 1) t = _TINY the curve is its quadratic limit to a relative 1e-18."""
_BELOW_ONE = 1.0 - 2.0**-53


@dataclass(frozen=True)
class TwoLabelKernel:
    """D_2 for 0 <= tau < 2: sharp for every n while tau <= tau_c, and for two labels up to 2 (derived here)."""

    tau: float

    raw_side = Side.EXACT

    @cached_property
    def al(self) -> float:
        """tau - 1."""
        return self.tau - 1.0

    @cached_property
    def a(self) -> float:
        """The order 1/(2 - tau) of the mean; 2 - tau is exact in floating point for tau in [1, 2)."""
        return 1.0 / (2.0 - self.tau)

    @cached_property
    def eps(self) -> float:
        """a - 1, without the subtraction."""
        return self.al * self.a

    @cached_property
    def end(self) -> float:
        """D_2(1) = (1 - 2^(1-tau))/(tau-1), log 2 at tau = 1."""
        return float(self.value(np.ones(())))

    def growth(self) -> tuple[float, float]:
        """D_2(t) ~ t^2/(2^tau (2 - tau))."""
        return 2.0, self.a / 2.0**self.tau

    def value(self, t: np.ndarray) -> np.ndarray:
        """D_2(t), convex, so equal to its hull."""
        return by_chunks(self._closed_value if self.tau in (0.0, 1.5) else self._value, t)

    raw = value

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Gamma(x), the t with D_2(t) = x; 1 from D_2(1) on."""
        x = np.asarray(x, dtype=np.float64)
        below = np.minimum(x, self.end)
        if self.tau in (0.0, 1.5):
            root = by_chunks(self._closed_inverse, below)
        else:
            nodes = self._nodes()
            root = by_chunks(lambda chunk: self._inverse(chunk, nodes), below)
        return np.where(x >= self.end, 1.0, np.minimum(root, 1.0))

    def _closed_value(self, t: np.ndarray) -> np.ndarray:
        """tau = 0: 1 - sqrt(1 - t^2); tau = 3/2: sqrt 2 (sqrt(1 + t^2) - 1); both without the subtraction."""
        if self.tau == 0.0:
            return t * t / (1.0 + np.sqrt((1.0 - t) * (1.0 + t)))
        return math.sqrt(2.0) * t * t / (1.0 + np.sqrt(1.0 + t * t))

    def _closed_inverse(self, x: np.ndarray) -> np.ndarray:
        """tau = 0: sqrt(x (2 - x)); tau = 3/2: sqrt(y (2 + y)), y = x/sqrt 2."""
        y = x if self.tau == 0.0 else x / math.sqrt(2.0)
        return np.sqrt(y) * np.sqrt(2.0 - y if self.tau == 0.0 else 2.0 + y)

    def _value(self, t: np.ndarray) -> np.ndarray:
        out = self.growth()[1] * t * t
        index = np.flatnonzero(t >= _TINY / max(self.a, 1.0))
        if index.size:
            log_mean, _ = self._log_mean(t.take(index))
            out[index] = 2.0**-self.al * expm1_over(log_mean, self.al)
        return out

    def _log_mean(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(Q, z) for t not tiny, each entry by the branch that does not cancel there."""
        low = (t < 0.5) & (abs(self.eps) * t < 1.0)
        value, z = np.empty_like(t), np.empty_like(t)
        for index, branch in ((np.flatnonzero(low), self._low), (np.flatnonzero(~low), self._high)):
            if index.size:
                value[index], z[index] = branch(t.take(index))
        return value, z

    def _low(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(Q, z) by eps Q = K(az) - K(z) - eps K(z), K = log cosh, the difference as one log1p."""
        z = np.arctanh(t)
        g = expm1_over(-2.0 * z, self.eps)
        root = np.sqrt(1.0 + self.eps * g)
        x = g * (self.eps * g / (1.0 + root) ** 2 - t) / (2.0 * root)
        return log1p_over(x, self.eps) + 0.5 * np.log1p(-t * t), z

    def _high(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(Q, z) by M_a^a = (1+t)^eps (1 + (1-t) eps g/2)."""
        log1p = np.log1p(t)
        # z stays finite at t = 1, where (1-t) g vanishes all the same
        z = 0.5 * (log1p - np.log1p(-np.minimum(t, _BELOW_ONE)))
        g = expm1_over(-2.0 * z, self.eps)
        return log1p + log1p_over(0.5 * (1.0 - t) * g, self.eps), z

    def _nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """(sqrt Q, t) on a grid refined towards 0, 1/a and 1, from which t is interpolated to about a per cent."""
        first = 1e-3 / max(self.a, 1.0)
        t = np.concatenate((np.geomspace(first, 0.5, 160), 1.0 - np.geomspace(0.45, 2.0**-53, 120), [1.0]))
        root = np.sqrt(self._log_mean(t)[0])
        return np.append(0.0, root), np.append(0.0, t)

    def _inverse(self, x: np.ndarray, nodes: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        out = np.sqrt(x) / math.sqrt(self.growth()[1])
        index = np.flatnonzero(out >= _TINY / max(self.a, 1.0))
        if index.size:
            q = log1p_over(2.0**self.al * x.take(index), self.al)
            t = np.interp(np.sqrt(q), *nodes)
            for _ in range(2):  # third order: 1e-2, 1e-6, 1e-18
                t = self._halley(np.minimum(t, _BELOW_ONE), q)
            out[index] = t
        return out

    def _halley(self, t: np.ndarray, q: np.ndarray) -> np.ndarray:
        """One Halley step for Q(t) = q, with Q' = -a g/(2 + (1-t) eps g)."""
        value, z = self._log_mean(t)
        g = expm1_over(-2.0 * z, self.eps)
        u, residual = 1.0 - t, value - q
        mass = 2.0 + u * (self.eps * g)
        first = -self.a * g / mass
        # exp is 1 + eps g without the rounding, which a would magnify near tau = 2
        second = self.a * (4.0 * np.exp(-2.0 * self.eps * z) / (u * (1.0 + t)) - self.eps * g * g) / mass**2
        return t - 2.0 * residual * first / (2.0 * first**2 - residual * second)


def expm1_over(x: np.ndarray, e: float) -> np.ndarray:
    """expm1(e x)/e, continued by x at e = 0."""
    return np.expm1(e * x) / e if e else x


def log1p_over(x: np.ndarray, e: float) -> np.ndarray:
    """log1p(e x)/e, continued by x at e = 0: the inverse of :func:`expm1_over`."""
    return np.log1p(e * x) / e if e else x


def by_chunks(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """function over x in pieces that fit the cache; any shape, a new float64 array of that shape."""
    x = np.asarray(x, dtype=np.float64)
    flat, out = x.ravel(), np.empty(x.size)
    for start in range(0, flat.size, _CHUNK):
        out[start : start + _CHUNK] = function(flat[start : start + _CHUNK])
    return out.reshape(x.shape)
