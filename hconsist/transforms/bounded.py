"""The transformation of comp-sum losses for scores in [-Lam, Lam] (Theorems 10 and 11, derived here).

With eta = exp(-2 Lam), c = (n - 2) eta, al = tau - 1 and a = 1/(2 - tau) put

    t0 = c/(2 + c),      artanh(t1) = artanh(t0) + (2 - tau) Lam,
    K(t) = (2 + c)^(-al) (M(t) - 1)/al,      M^a = q (p/q)^a + (1 - q) ((1-p)/(1-q))^a,   2p = 1 + t,   2q = 1 + t0.

T is 0 up to t0, K up to t1, and goes on along its tangent of slope (psi(s_2) - psi(s_1))/2 with s_1 = 1/(1 + c + eta),
s_2 = eta s_1.  M is a power mean of the likelihood ratio: K = (2 + c)^(-al) (exp(al D) - 1)/al with D the Renyi
divergence of order a of the law (p, 1-p) from (q, 1-q).  For cross-entropy (al = 0) it is the Kullback-Leibler
divergence, T'(t) = min(artanh(t) - artanh(t0), Lam) beyond t0, and for two labels (c = 0) K is the curve D_2.

This is the regret of the law ((1+t)/2, (1-t)/2, 0, ...), so T is at most this for every tau <= 2; it is T for
0 <= tau <= 1 and for two labels, an estimate up to tau = 1.66, and known to be too large beyond.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext

import numpy as np

from hconsist.domains import UnsupportedError
from hconsist.evidence import Level
from hconsist.hypotheses import HypothesisSet
from hconsist.results import Side
from hconsist.transforms.two_label import TwoLabelKernel, by_chunks, expm1_over, log1p_over

__all__ = ["LARGEST_TAU", "BoundedKernel", "Start", "choose"]

LARGEST_TAU = 1.0 + 0.66
"""The two-label formula was met by direct search up to here; at tau = 1.661, Lam = 2, n = 3 it is too large already."""

COUNTEREXAMPLE = (
    "at tau = 19/10, lam = 2 and n = 3 the law (479, 79, 442)/1000 has regret at most .139 at t = 2/5, where the "
    "two-label formula gives .171"
)
ESTIMATE = (
    "the two-label formula is an upper limit on T (derived here); that T is no smaller was sampled for tau <= 1.66 "
    "only, not proved"
)

_NEAR = 0.4
"""Below |x| = 0.4 a series in log(1 + x) stands for a difference that would cancel."""
_STEPS = 4
"""Newton steps that take an interpolated start to the last digit."""
_LEAST = 1e-300
"""Stands for w_2 = 0, where w_2^a and w_2 log w_2 vanish."""
_BELOW_TWO = 2.0 - 2.0**-52


def choose(
    tau: float, n_classes: int, hypotheses: HypothesisSet
) -> tuple[BoundedKernel, Side, Level, tuple[str, ...], tuple[str, ...]]:
    """Kernel, side, level, references and assumptions for tau >= 0 and scores that fill a box.

    Raises
    ------
    UnsupportedError
        for tau > 1.66 with three labels or more, where the formula is false in some boxes, and for tau > 2.
    """
    if n_classes == 2 and tau <= 2:
        reference = "two labels: Theorem 1, derived here"
    elif tau == 1:
        reference = "Theorem 11, derived here"
    elif tau <= 1:
        reference = "Theorem 11 for tau <= 1, derived here"
    elif tau <= LARGEST_TAU:
        kernel = BoundedKernel(tau, n_classes, hypotheses.half_range, raw_side=Side.UPPER)
        return kernel, Side.ESTIMATE, Level.SAMPLED, ("two-label formula",), (ESTIMATE,)
    elif n_classes == 2:
        raise UnsupportedError("loss", "a comp-sum loss with tau <= 2 for bounded scores", f"comp-sum:tau={tau!r}")
    else:
        raise UnsupportedError(
            "loss",
            f"a comp-sum loss with tau <= {LARGEST_TAU:g} for bounded scores and n >= 3 ({COUNTEREXAMPLE}; the nearest "
            "supported results are tau <= 1 in the box, or this loss on a complete set)",
            f"comp-sum:tau={tau!r}",
        )
    return BoundedKernel(tau, n_classes, hypotheses.half_range), Side.EXACT, Level.SYMBOLIC, (reference,), ()


class BoundedKernel:
    """The two-label formula for 0 <= tau <= 2 on two labels, and for 0 <= tau <= 1.66 on n >= 3.

    Everything is computed from d = t - t0, with t0 held as a sum of two doubles: next to t0 the curve grows like d^2,
    and d would otherwise keep only the digits that t and t0 do not share.
    """

    def __init__(self, tau: float, n_classes: int, lam: float, *, raw_side: Side = Side.EXACT):
        self.tau, self.n_classes, self.lam = float(tau), int(n_classes), float(lam)
        self.raw_side = raw_side
        start = Start.of(self.n_classes, self.lam)
        self._arc = _TwoLabels(self.tau) if self.tau > LARGEST_TAU else _Divergence(self.tau, start)
        self._start, c = start, start.c
        self._eta = math.exp(-2.0 * self.lam * (2.0 - self.tau))  # where the second score meets the floor
        self._width = 2.0 * (1.0 + c) * -math.expm1(-2.0 * self.lam * (2.0 - self.tau))  # t1 - t0
        self._width /= (1.0 + c + self._eta) * (2.0 + c)
        self._tail = 2.0 * self._eta / (1.0 + c + self._eta)  # 1 - t1
        self._slope = self._last_slope(c)
        edge = (2.0 + c) / (1.0 + c + self._eta)
        self._edge_ratios = edge, self._eta * edge
        self._corner = float(self._arc.value(np.array(self._width), *map(np.array, self._edge_ratios)))
        self._end = self._corner + (self._slope * self._tail if self._tail else 0.0)

    def _last_slope(self, c: float) -> float:
        """(psi(s_2) - psi(s_1))/2 = s_1^al (1 - eta^al)/(2 al), Lam at al = 0; infinite where it overflows."""
        al = self.tau - 1.0
        with np.errstate(over="ignore"):
            spread = float(-np.expm1(-2.0 * self.lam * al) / (2.0 * al)) if al else self.lam
        return spread * (1.0 + c + math.exp(-2.0 * self.lam)) ** -al

    def value(self, t: np.ndarray) -> np.ndarray:
        """T(t), convex, so equal to its hull."""
        return by_chunks(self._value, t)

    raw = value

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Gamma(x) = sup{t: T(t) <= x}, which is t0 at x = 0, and 1 from T(1) on."""
        return by_chunks(self._inverse, x)

    def _value(self, t: np.ndarray) -> np.ndarray:
        d = self._start.beyond(t)
        # t - t1 from the nearer end: the slope may be huge where 1 - t1 is tiny
        over = np.maximum(self._tail - (1.0 - t) if self._tail < self._width else d - self._width, 0.0)
        ratios = ((1.0 + t) / self._start.up, (1.0 - t) / self._start.down)
        inner = [np.where(over > 0.0, edge, ratio) for ratio, edge in zip(ratios, self._edge_ratios)]
        curve = self._arc.value(np.clip(d, 0.0, self._width), *inner)
        return curve + np.where(over > 0.0, self._slope, 0.0) * over

    def _inverse(self, x: np.ndarray) -> np.ndarray:
        inside = np.clip(x, 0.0, self._corner)
        d = np.minimum(self._arc.inverse(inside, self._width, self._tail), self._width)
        d = d + np.maximum(np.minimum(x, self._end) - self._corner, 0.0) / self._slope
        return np.where(x >= self._end, 1.0, np.minimum(self._start.high + d, 1.0))

    def growth(self) -> tuple[float, float]:
        """(r, k) with T(t) ~ k (t - t0)^r as t falls to t0; for two labels t0 = 0."""
        return (1.0, self._slope) if self.tau == 2.0 else (2.0, self._arc.curvature)


@dataclass(frozen=True)
class Start:
    """The end t0 of the interval on which T vanishes.

    t0 = c/(2 + c) as ``high + low``, with c, 1 + t0 and 1 - t0, each correctly rounded (50 digits in between).
    """

    c: float
    high: float
    low: float
    up: float
    down: float

    @classmethod
    def of(cls, n_classes: int, lam: float) -> Start:
        with localcontext() as context:
            context.prec = 50
            c = (n_classes - 2) * (-2 * Decimal(lam)).exp()
            t0 = c / (2 + c)
            high = float(t0)
            low, up, down = t0 - Decimal(high), 2 * (1 + c) / (2 + c), 2 / (2 + c)
            return cls(float(c), high, float(low), float(up), float(down))

    def beyond(self, t: np.ndarray) -> np.ndarray:
        """t - t0; the first difference is exact where it cancels."""
        return (t - self.high) - self.low


class _TwoLabels:
    """The arc for two labels and tau > 1.66, where a may be huge: D_2 with its own care; none is left at tau = 2."""

    def __init__(self, tau: float):
        self._kernel = TwoLabelKernel(min(tau, _BELOW_TWO))

    @property
    def curvature(self) -> float:
        """The constant of t^2 at 0."""
        return self._kernel.growth()[1]

    def value(self, d: np.ndarray, w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
        """D_2(d)."""
        return self._kernel.value(d)

    def inverse(self, x: np.ndarray, width: float, tail: float) -> np.ndarray:
        """The d with D_2(d) = x."""
        return self._kernel.inverse(x)


class _Divergence:
    """The arc K(t0 + d) = (2 + c)^(-al) (M - 1)/al for tau <= 1.66, from sums of positive terms.

    With w_1 = p/q = (1 + t)/(1 + t0) and w_2 = (1 - t)/(1 - t0), M^a = 1 + eps E, eps = a - 1, and
    E = ((1 + t0) f(w_1) + (1 - t0) f(w_2))/2 >= 0,  f(w) = (w^a - 1 - a (w - 1))/eps  (w log w - w + 1 at eps = 0).
    """

    def __init__(self, tau: float, start: Start):
        self._al = tau - 1.0
        self._a = 1.0 / (2.0 - tau)
        self._eps = self._al * self._a
        self._up, self._down = start.up, start.down
        self._scale = (2.0 + start.c) ** -self._al
        # f(e^L) = a sum_k (1 + a + ... + a^(k-2)) L^k/k!
        self._series: list[float] = []
        power, share = 1.0, 0.5 * self._a
        while share * (-math.log1p(-_NEAR)) ** len(self._series) > 1e-19:
            self._series.append(share)
            power = 1.0 + self._a * power
            share = self._a * power / math.factorial(len(self._series) + 2)

    @property
    def curvature(self) -> float:
        """The constant of d^2 at 0."""
        return self._scale * self._a / (2.0 * self._up * self._down)

    def value(self, d: np.ndarray, w1: np.ndarray, w2: np.ndarray) -> np.ndarray:
        """K(t0 + d), given w_1 and w_2 too: they keep their digits as t tends to 1."""
        excess = self._excess(d, w1, w2)[0]
        return self._scale * expm1_over(log1p_over(excess, self._eps), self._al)

    def _excess(self, d: np.ndarray, w1: np.ndarray, w2: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """E, log w_1 and log w_2."""
        first, log1 = self._f(d / self._up, w1)
        second, log2 = self._f(-d / self._down, np.maximum(w2, _LEAST))
        return 0.5 * (self._up * first + self._down * second), log1, log2

    def _f(self, x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """f(w) and log w at w = 1 + x: the series where x is small, else w expm1(eps log w)/eps - x."""
        near = np.abs(x) < _NEAR
        log = np.where(near, np.log1p(np.where(near, x, 0.0)), np.log(w))
        small, total = np.where(near, log, 0.0), np.zeros_like(log)
        for coefficient in reversed(self._series):
            total = total * small + coefficient
        return np.where(near, total * small * small, w * expm1_over(log, self._eps) - x), log

    def inverse(self, x: np.ndarray, width: float, tail: float) -> np.ndarray:
        """The d in [0, width] with K(t0 + d) = x, where 1 - t = tail + width - d: Newton, from interpolated starts."""
        shares = np.concatenate((np.geomspace(1e-3, 0.5, 80), 1.0 - np.geomspace(0.45, 2.0**-53, 100), [1.0]))
        nodes = np.append(0.0, width * shares)
        d = np.interp(np.sqrt(x), np.sqrt(self._value_and_slope(nodes, width, tail)[0]), nodes)
        for _ in range(_STEPS):
            value, slope = self._value_and_slope(d, width, tail)
            step = np.where(slope > 0.0, (value - x) / np.where(slope > 0.0, slope, 1.0), 0.0)
            d = np.clip(d - step, 0.0, width)
        return d

    def _value_and_slope(self, d: np.ndarray, width: float, tail: float) -> tuple[np.ndarray, np.ndarray]:
        """K(t0 + d) and its derivative (2 + c)^(-al) M^(-a al) a (w_1^eps - w_2^eps)/(2 eps)."""
        excess, log1, log2 = self._excess(d, 1.0 + d / self._up, (tail + (width - d)) / self._down)
        order = log1p_over(excess, self._eps)  # the Renyi divergence
        rise = expm1_over(log1, self._eps) - expm1_over(log2, self._eps)
        slope = 0.5 * self._a * self._scale * np.exp(-self._eps * self._al * order) * rise
        return self._scale * expm1_over(order, self._al), slope
