"""Curves that closed forms are made of: powers of t, other curves stretched and shifted, and smooth convex ones.

A smooth curve is given beyond the end t0 of its zero interval by value and slope, T(t0 + d) ~ c d^2 for small d; its
inverse is found by Newton's method from interpolated starts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hconsist.results import Side
from hconsist.transforms.base import Kernel
from hconsist.transforms.two_label import TwoLabelKernel

__all__ = ["AdjustedCurve", "EntmaxCurve", "PowerLaw", "SmoothCurve", "Stretched", "WeightedCurve"]

_BELOW_ONE = 1.0 - 2.0**-53
_STEPS = 12
"""Newton steps at most: starts are good to a per cent, so that four or five suffice."""
_SHARES = np.concatenate((np.geomspace(1e-3, 0.5, 80), 1.0 - np.geomspace(0.45, 2.0**-53, 100), [1.0]))
_TERMS = 30
"""Of a series in t^2 at t <= 1/2, or in x at |x| <= 1/4, whose next term is below rounding."""


@dataclass(frozen=True)
class PowerLaw:
    """constant * t^exponent, exponent 1 or 2: its own hull."""

    constant: float
    exponent: int
    raw_side = Side.EXACT

    def value(self, t: np.ndarray) -> np.ndarray:
        """constant * t^exponent."""
        t = np.asarray(t, dtype=np.float64)
        return self.constant * t * (t if self.exponent == 2 else 1.0)

    raw = value

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """(x/constant)^(1/exponent), 1 from T(1) on."""
        share = np.minimum(np.asarray(x, dtype=np.float64) / self.constant, 1.0)
        return np.sqrt(share) if self.exponent == 2 else share

    def growth(self) -> tuple[float, float]:
        """(exponent, constant)."""
        return float(self.exponent), self.constant


class Stretched:
    """height * T_0(rate * (t - start)) beyond ``start``, 0 before, with 0 < rate (1 - start) <= 1.

    The hull of T_0 becomes that of the curve, since T_0 is 0 at 0 and does not decrease.
    """

    def __init__(self, base: Kernel, height: float = 1.0, rate: float = 1.0, start: float = 0.0):
        self.base, self.height, self.rate, self.zero_until = base, height, rate, start
        self.raw_side = base.raw_side

    def value(self, t: np.ndarray) -> np.ndarray:
        """The stretched hull."""
        return self.height * self.base.value(self._inner(t))

    def raw(self, t: np.ndarray) -> np.ndarray:
        """The stretched raw curve."""
        return self.height * self.base.raw(self._inner(t))

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """start + Gamma_0(x/height)/rate, 1 from T(1) on."""
        x = np.asarray(x, dtype=np.float64)
        root = self.zero_until + self.base.inverse(x / self.height) / self.rate
        return np.where(x >= self.value(np.ones(())), 1.0, np.minimum(root, 1.0))

    def growth(self) -> tuple[float, float]:
        """The exponent of T_0, its constant times height * rate^exponent."""
        exponent, constant = self.base.growth()
        return exponent, self.height * constant * self.rate**exponent

    def _inner(self, t: np.ndarray) -> np.ndarray:
        t = np.asarray(t, dtype=np.float64)
        return np.minimum(self.rate * np.maximum(t - self.zero_until, 0.0), 1.0)


class SmoothCurve(ABC):
    """A convex curve, 0 up to t0 = ``zero_until`` and increasing beyond, by value and slope at d = t - t0."""

    raw_side = Side.EXACT
    zero_until: float = 0.0
    width: float = 1.0
    """1 - t0, correctly rounded."""

    @abstractmethod
    def beyond(self, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """T(t0 + d) and its slope for 0 <= d <= width."""

    @property
    @abstractmethod
    def end(self) -> float:
        """T(1)."""

    @abstractmethod
    def growth(self) -> tuple[float, float]:
        """(2, c) with T(t0 + d) ~ c d^2."""

    def value(self, t: np.ndarray) -> np.ndarray:
        """T(t), convex, so equal to its hull."""
        t = np.asarray(t, dtype=np.float64)
        d = np.clip(t - self.zero_until, 0.0, self.width)
        return np.where(t == 1.0, self.end, np.where(d > 0.0, self.beyond(d)[0], 0.0))

    raw = value

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Gamma(x), 1 from T(1) on."""
        x = np.asarray(x, dtype=np.float64)
        below = np.minimum(x, self.end)
        d = np.interp(np.sqrt(below), *self._nodes)
        for _ in range(_STEPS):
            value, slope = self.beyond(d)
            step = np.where(slope > 0.0, (value - below) / np.where(slope > 0.0, slope, 1.0), 0.0)
            d = np.clip(d - step, 0.0, self.width)
            if not np.any(np.abs(step) > 4e-16 * d):
                break
        return np.where(x >= self.end, 1.0, np.minimum(self.zero_until + d, 1.0))

    @cached_property
    def _nodes(self) -> tuple[np.ndarray, np.ndarray]:
        """(sqrt T, d), refined towards 0 and the width."""
        d = self.width * _SHARES
        root = np.sqrt(np.append(self.beyond(d[:-1])[0], self.end))
        return np.append(0.0, root), np.append(0.0, d)


class EntmaxCurve(SmoothCurve):
    """((1+t)^alpha + (1-t)^alpha - 2)/(2^alpha alpha (alpha-1)), 1 < alpha <= 2.

    Up to t = 1/2 as a series in t^2, whose terms are all positive; beyond from e = alpha - 1 as
    ((1+t) expm1(e log(1+t)) + (1-t) expm1(e log(1-t)))/e.  Both hold their digits as alpha -> 1.
    """

    def __init__(self, alpha: float):
        self.alpha, self._e = alpha, alpha - 1.0
        self._factor = 2.0**-alpha
        # 2 binom(alpha, 2k)/(alpha (alpha-1)) = 2 (2-alpha)(3-alpha)...(2k-1-alpha)/(2k)!
        self._series, term = [1.0], 1.0
        for k in range(1, _TERMS):
            term *= (2 * k - alpha) * (2 * k + 1 - alpha) / ((2 * k + 1) * (2 * k + 2))
            self._series.append(term)

    @property
    def end(self) -> float:
        """(2^alpha - 2)/(2^alpha alpha (alpha-1))."""
        return float(np.expm1(self._e * np.log(2.0)) / self._e / self.alpha * 2.0 * self._factor)

    def growth(self) -> tuple[float, float]:
        """t^2/2^alpha."""
        return 2.0, self._factor

    def beyond(self, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        small = np.minimum(d, 0.5) ** 2
        near = np.zeros_like(d)
        for coefficient in reversed(self._series):
            near = near * small + coefficient
        up, down = np.log1p(d), np.log1p(-np.minimum(d, _BELOW_ONE))
        rise, fall = np.expm1(self._e * up) / self._e, np.expm1(self._e * down) / self._e
        far = ((1.0 + d) * rise + (1.0 - d) * fall) / self.alpha
        return self._factor * np.where(d <= 0.5, near * small, far), self._factor * (rise - fall)


class WeightedCurve(SmoothCurve):
    """Cross-entropy with class weights: (u+v) T_CE((u-v)/(u+v)), u = low (1+t)/2, v = high (1-t)/2, once u > v.

    With t0 = (high - low)/(high + low) it is S T_CE(z), S = (high + low) (1 - t t0)/2 and z = (t - t0)/(1 - t t0).  As
    the perspective of a convex function along a line it is convex.
    """

    def __init__(self, low: float, high: float):
        self.low, self.high = low, high
        ratio = low / high
        self.zero_until = (1.0 - ratio) / (1.0 + ratio)
        self.width = 2.0 * ratio / (1.0 + ratio)
        self._curve = TwoLabelKernel(1.0)

    @property
    def end(self) -> float:
        """low log 2."""
        return self.low * float(np.log(2.0))

    def growth(self) -> tuple[float, float]:
        """(low + high)^3/(16 low high) (t - t0)^2."""
        total, ratio = self.low + self.high, self.low / self.high
        return 2.0, total * (1.0 + ratio) / max(ratio, 1e-300) * (1.0 + ratio) / 16.0

    def beyond(self, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        start = self.zero_until
        rest = np.maximum(self.width * (1.0 + start) - d * start, 1e-300)  # 1 - t t0
        z = np.minimum(d / rest, 1.0)
        half = (self.low + self.high) / 2.0
        curve = self._curve.value(z)
        rise = np.arctanh(np.minimum(z, _BELOW_ONE)) * self.width * (1.0 + start) / rest
        return half * rest * curve, half * (rise - start * curve)


class AdjustedCurve(SmoothCurve):
    """Binary divergence of (1+t)/2 from (1+t0)/2 beyond t0: cross-entropy whose scores are read off other scores.

    As ((1+t0) f(d/(1+t0)) + (1-t0) f(-d/(1-t0)))/2 with f(x) = (1+x) log(1+x) - x >= 0: a sum without cancellation.

    Parameters
    ----------
    log_ratio : r >= 0 with t0 = tanh(r/2).
    """

    def __init__(self, log_ratio: float):
        small = float(np.exp(-log_ratio))
        self.zero_until = float(np.tanh(log_ratio / 2.0))
        self.width = 2.0 * small / (1.0 + small)
        self._up = 2.0 / (1.0 + small)
        self._end = float(np.log1p(small))

    @property
    def end(self) -> float:
        """log(2/(1+t0))."""
        return self._end

    def growth(self) -> tuple[float, float]:
        """(t - t0)^2/(2 (1 - t0^2))."""
        return 2.0, 0.5 / (self._up * max(self.width, 1e-300))

    def beyond(self, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first, second = d / self._up, -np.minimum(d / max(self.width, 1e-300), 1.0)
        value = (self._up * _divergence(first) + self.width * _divergence(second)) / 2.0
        return value, (np.log1p(first) - np.log1p(np.maximum(second, -_BELOW_ONE))) / 2.0


def _divergence(x: np.ndarray) -> np.ndarray:
    """(1+x) log(1+x) - x for x >= -1, near 0 by its series sum (-x)^k/(k (k-1)), k >= 2."""
    small = np.clip(-x, -0.25, 0.25)
    series = np.zeros_like(x)
    for k in range(_TERMS, 1, -1):
        series = series * small + 1.0 / (k * (k - 1.0))
    log = np.log1p(np.maximum(x, -_BELOW_ONE))
    return np.where(np.abs(x) <= 0.25, series * small * small, (1.0 + x) * log - x)
