"""T** of the power losses with tau_c < tau < 2 from below, by supporting lines of the D_m (Theorems 4 and 5).

T** is the hull of D_2, ..., D_n.  With al = tau - 1, b = 1/al = 1 + e and, for r >= 0,

    c = (1+r)^e + (1-r)_+^e,   s = (1+r)^e - (1-r)_+^e,   C = c + r s,   L = m - 2 + C,   N = m - 2 + c,

Hoelder's inequality gives al D_m(t) >= (1 + r t) L^(-al) - m^(-al), with equality at t = s/N.  The line has slope kappa
= r L^(-al), which grows with r, and value -F_m at t = 0, where F_m = m^(-al) - L^(-al) is the conjugate of al D_m.  So
for every slope

    al T**(t) >= kappa t - max(F_2, ..., F_n),

with equality at the best one.  At one slope F_m falls, rises and falls as m runs through the reals (derivation
``active_curve``): m = 2 leads, or an integer next to the last zero of W = al log(L/m) + log(N/m), or n.  The best slope
for t is sought for two curves that lead on either side of it; if a third leads there, it takes the place of one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hconsist.losses.arrays import quiet

__all__ = ["PoolCurves", "pooled_bound"]

_SLOPES = 64
"""Slopes at which the leading curves are found at first."""
_ROUNDS, _NEWTON = 40, 60
_SAME = 1e-14
"""Logarithms of r that differ by less are the same."""


def pooled_bound(tau: float, n_classes: int, t: np.ndarray) -> np.ndarray:
    """T**(t) for 3/2 <= tau < 2, less an allowance for rounding."""
    curves = PoolCurves(tau - 1.0, n_classes)
    flat = np.where(t > 0.0, t, 0.5).ravel()
    floor = -np.expm1(-curves.al * np.log(2.0)) * flat * flat  # Theorem 5
    best = np.fmax(curves.hull(flat), floor)
    return (best * (1.0 - 2e-13)).reshape(np.shape(t)) / curves.al


class PoolCurves:
    """The curves of one tau and n.  A supporting line is known by m and x = log r; k is the logarithm of its slope."""

    def __init__(self, al: float, n: int):
        self.al, self.e, self.n = al, (1.0 - al) / al, float(n)

    @quiet()
    def hull(self, t: np.ndarray) -> np.ndarray:
        """al T**(t) for t in (0, 1], from below."""
        # the slope of T** >= t^2/2 is at least t/2; at the last one m = 2 leads and touches at t = 1
        last = self._steepest / (1.0 + self._steepest) * (1.0 + 1e-9)
        k = np.linspace(np.log(self.al * np.min(t) / 4.0), np.log(last), _SLOPES)
        m, x, _ = self._leading(k)
        right = np.clip(np.searchsorted(np.maximum.accumulate(self._touched(m, x)), t), 1, _SLOPES - 1)
        low, high = (np.stack([m[i], x[i]]) for i in (right - 1, right))
        best, index = np.full(t.shape, -np.inf), np.arange(t.size)
        for _ in range(_ROUNDS):
            k = self._best_of_two(t, *low, *high)
            m, x, largest = self._leading(k)
            best[index] = np.maximum(best[index], np.exp(k) * t - largest)
            new, left = np.stack([m, x]), self._touched(m, x) < t
            more = (m != low[0]) & (m != high[0])
            if not np.any(more):
                break
            low, high = np.where(left, new, low)[:, more], np.where(left, high, new)[:, more]
            t, index = t[more], index[more]
        return best

    @quiet()
    def least(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The m among which the least D_m(t) is, and the largest probabilities of their best laws; ``(3, T)``.

        At fixed t too D_m changes with m as W has its sign, so the same m come into question.
        """
        ratio = (1.0 - t) / t
        m = self._sizes(self._last_zero(lambda grown, r: (grown * ratio + 2.0, self.e * grown / (1.0 + r) * ratio)))
        return m, self._tangent(m, np.broadcast_to(t, m.shape))[1]

    @property
    def _steepest(self) -> float:
        """The r at which the last zero of W is m = 2."""
        return max(2.0 ** (self.al * (1.0 + self.al)) - 1.0, 1.0)

    def _shape(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """c - 2, C - 2 and s, the first two without cancellation."""
        e, r = self.e, np.exp(x)
        small = np.minimum(r, 0.5)
        up, down = np.expm1(e * np.log1p(r)), np.expm1(e * np.log1p(-np.minimum(r, 1.0)))
        half = np.sinh(e / 2.0 * np.arctanh(small))
        near = 2.0 * np.expm1(e / 2.0 * np.log1p(-small * small)) * (1.0 + 2.0 * half * half) + 4.0 * half * half
        c, s = np.where(r < 0.5, near, up + down), up - down
        return c, c + r * s, s

    def _touched(self, m: np.ndarray, x: np.ndarray) -> np.ndarray:
        """t = s/N."""
        c, _, s = self._shape(x)
        return s / (m + c)

    def _line(self, m: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """k, F_m, the t that is touched, and dk/dx = N/L."""
        c, C, s = self._shape(x)
        ratio = np.log1p(C / m)
        power = self.al * np.log(m)
        return x - power - self.al * ratio, -np.exp(-power) * np.expm1(-self.al * ratio), s / (m + c), (m + c) / (m + C)

    def _leading(self, k: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """m and x of the curve with the largest conjugate at each slope, and that conjugate."""
        slope = np.maximum(k, -40.0)  # at smaller ones m exceeds any n

        def along(grown: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            L = np.exp((np.log(r) - slope) / self.al)
            return L + 2.0 - (1.0 + r) * grown, (L / r - grown) / self.al

        m = self._sizes(self._last_zero(along))
        x = self._radius(m, k)
        each = self._line(m, x)[1]
        first = (np.argmax(each, axis=0), np.arange(k.size))
        return m[first], x[first], each[first]

    def _sizes(self, real: np.ndarray) -> np.ndarray:
        """2 and the integers next to a real m."""
        below = np.clip(np.floor(real), 2.0, self.n)
        return np.stack([np.full_like(below, 2.0), below, np.minimum(below + 1.0, self.n)])

    def _last_zero(self, size: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
        """The real m at which W = 0 with r >= 1; a number below 2 where there is none from 2 on.

        ``size`` gives m and dm/dr at (1+r)^e and r, along a slope or at one t.  At the zero r falls from its value at m
        = 2 towards that at infinity, and m W is nearly a function of it: Newton's method.
        """
        al, e = self.al, self.e
        r = np.asarray(self._steepest)
        for _ in range(_NEWTON):
            grown = np.exp(e * np.log1p(r))
            c, C = grown - 2.0, (1.0 + r) * grown - 2.0
            m, rate = size(grown, r)
            W = al * np.log1p(C / m) + np.log1p(c / m)
            change = rate * (W - al * C / (m + C) - c / (m + c))
            change += grown * m * (1.0 / (m + C) + e / (1.0 + r) / (m + c))
            step = np.where(m > 2.0, m * W / change, 0.0)
            r = np.clip(r - step, 1.0, self._steepest)
            if not np.any(np.abs(step) > 1e-12):
                break
        return m

    def _radius(self, m: np.ndarray, k: np.ndarray) -> np.ndarray:
        """x at which D_m has this slope: k = x - al log L is concave in x, so Newton's steps from the left grow."""
        slope = np.exp(k)
        x = np.where((m == 2.0) & (slope >= 0.5), k - np.log1p(-slope), k + self.al * np.log(m))
        for _ in range(_NEWTON):
            reached, _, _, rate = self._line(m, x)
            step = (k - reached) / rate
            x = x + np.minimum(step, 1.0)
            if not np.any(step > _SAME):
                break
        return x

    def _best_of_two(self, t: np.ndarray, m1: np.ndarray, x1: np.ndarray, m2: np.ndarray, x2: np.ndarray) -> np.ndarray:
        """The best k for t where m1 leads at the smaller slopes and m2 at the larger ones."""
        k1 = self._line(m1, self._tangent(m1, t)[0])[0]
        two = m1 != m2
        if np.any(two):
            k2 = self._line(m2[two], self._tangent(m2[two], t[two])[0])[0]
            both = self._common(m1[two], x1[two], m2[two], x2[two])
            k1[two] = np.where(k1[two] < both, k1[two], np.maximum(k2, both))
        return k1

    def _common(self, m1: np.ndarray, x1: np.ndarray, m2: np.ndarray, x2: np.ndarray) -> np.ndarray:
        """k of the common tangent: where tangents of the two F_m, at slopes of their own, meet is the next slope."""
        for _ in range(_NEWTON):
            k1, F1, t1, rate1 = self._line(m1, x1)
            k2, F2, t2, rate2 = self._line(m2, x2)
            k = np.log((F1 - F2 + t2 * np.exp(k2) - t1 * np.exp(k1)) / (t2 - t1))
            step1, step2 = (k - k1) / rate1, (k - k2) / rate2
            x1, x2 = x1 + np.clip(step1, -1.0, 1.0), x2 + np.clip(step2, -1.0, 1.0)
            if not np.any(np.maximum(np.abs(step1), np.abs(step2)) > 1e-8):
                break
        return k

    def _tangent(self, m: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x at which D_m is touched at t, s = t N, and the largest probability (1+r)^e/N of the law there."""
        e, rest = self.e, t * (m - 2.0)
        beyond = np.maximum(np.log(rest) - np.log1p(-t), e * np.log(2.0))  # log (1+r)^e where r >= 1
        x, most = np.log(np.expm1(np.minimum(beyond / e, 60.0))), t.copy()
        inner = beyond == e * np.log(2.0)
        t, rest = t[inner], rest[inner]
        v = np.minimum(t + rest / 2.0, 1.0)  # 1 - (1-r)^e, which resolves what r does not as tau -> 2
        for _ in range(_NEWTON):
            r = -np.expm1(np.log1p(-v) / e)
            up = np.expm1(e * np.log1p(r))
            excess = up + v - t * (2.0 + up - v) - rest
            ratio = np.where(v < 1.0, (1.0 - r) / (1.0 - v), 0.0)
            step = excess / ((1.0 - t) * (1.0 + up) / (1.0 + r) * ratio + 1.0 + t)
            v = np.clip(v - step, 0.0, 1.0)
            if not np.any(np.abs(step) > 1e-14 * v):
                break
        x[inner], most[inner] = np.log(-np.expm1(np.log1p(-v) / e)), (1.0 + up) / (m[inner] + up - v)
        return x, most
