"""The curves D_m of the lower hull on (3/2, 2), each described by its supporting lines (Theorem 5, steps 1 and 2).

With al = tau - 1, be = (2 - tau)/al, b = 1 + be and a = 1/(2 - tau), put for r >= 0

    c(r) = (1+r)^be + (1-r)_+^be,   C(r) = (1+r)^b + (1-r)_+^b,   s = c' / be,   L = m - 2 + C.

Hoelder's inequality gives al D_m(t) = max_r [(1 + r t) L^(-al) - m^(-al)], with equality at t = s / (m - 2 + c).  So r
names a supporting line of slope kappa = r L^(-al), and the conjugate at kappa is m^(-al) - L^(-al).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Power", "Shape"]

_MAX_STEPS = 60


@dataclass(frozen=True)
class Shape:
    """c - 2, C - 2 (both without cancellation) and s at one r; the last may overflow to inf together with C - 2."""

    c2: np.ndarray
    big2: np.ndarray
    s: np.ndarray


@dataclass(frozen=True)
class Power:
    """The exponents of one tau in [3/2, 2) and the functions of (m, r) built from them."""

    tau: float

    @property
    def al(self) -> float:
        return self.tau - 1.0

    @property
    def be(self) -> float:
        return (2.0 - self.tau) / (self.tau - 1.0)

    def shape(self, r: np.ndarray) -> Shape:
        """c - 2, C - 2 and s = (1+r)^be - (1-r)_+^be."""
        be = self.be
        with np.errstate(divide="ignore"):
            plus, minus = be * np.log1p(r), be * np.log1p(-np.minimum(r, 1.0))
        up, down = np.expm1(plus), np.expm1(minus)
        s = up - down
        # c - 2 = up + down, which cancels near r = 0; there (1-r^2)^(be/2) 2 cosh(be artanh r) - 2 term by term
        small = np.minimum(r, 0.5)
        half = be * np.arctanh(small) / 2.0
        near = 2.0 * (np.expm1(be / 2.0 * np.log1p(-small * small)) * np.cosh(2.0 * half) + 2.0 * np.sinh(half) ** 2)
        c2 = np.where(r < 0.5, near, up + down)
        return Shape(c2, c2 + r * s, s)

    def radius(self, m: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """r with r L^(-al) = slope, by Newton's method in log r.

        log r - al log L is concave in log r with derivative (m - 2 + c)/L, so from r = slope m^al, which lies left of
        the root because L >= m, the steps increase to it.
        """
        r = slope * m**self.al
        target = np.log(slope) - np.log(m) * -self.al
        for _ in range(_MAX_STEPS):
            shape = self.shape(r)
            residual = target - np.log(r) + self.al * np.log1p(shape.big2 / m)
            step = np.maximum(residual * (m + shape.big2) / (m + shape.c2), 0.0)
            r = r * np.exp(np.minimum(step, 1.0))
            if not np.any(step > 4e-16):
                break
        return r

    def conjugate(self, m: np.ndarray, r: np.ndarray) -> np.ndarray:
        """m^(-al) - L^(-al), the conjugate of al D_m at the slope of r."""
        return -(m**-self.al) * np.expm1(-self.al * np.log1p(self.shape(r).big2 / m))

    def touching(self, m: np.ndarray, r: np.ndarray) -> np.ndarray:
        """t = s / (m - 2 + c), the abscissa where the supporting line of r touches D_m."""
        shape = self.shape(r)
        return shape.s / (m + shape.c2)

    def curve(self, m: np.ndarray, t: np.ndarray) -> np.ndarray:
        """al D_m(t): beyond t_m = 1/(1 + (m-2) 2^(-be)) with q = (t, 0, equal rest), before it at the root r < 1."""
        al, be = self.al, self.be
        rest = m - 2.0
        with np.errstate(divide="ignore"):
            # q = (sigma, 0, 1, ..., 1)/(m - 2 + sigma); m = 2 has r <= 1 for every t
            # one logarithm of the product: a sum of logarithms would lose log m ulps near the kink, where sigma is 1
            log_sigma = np.where(rest > 0.0, np.log(np.maximum(rest, 1.0) * t / (1.0 - t)), -np.inf)
        beyond = log_sigma >= be * np.log(2.0)
        log_c = np.maximum(log_sigma, 0.0) / (2.0 - self.tau)
        far = al * np.log(m) + np.log(t) + (2.0 - self.tau) * np.log1p(rest * np.exp(-log_c))
        # up to t = 1/2 the form of the supporting lines avoids the cancellation in ``far``
        log_sigma, log_c = (np.where(t > 0.5, 0.0, np.maximum(x, 0.0)) for x in (log_sigma, log_c))
        moderate = np.log1p((np.exp(np.minimum(log_c, 600.0)) - 2.0) / m)
        large = np.logaddexp(np.log(np.maximum(rest, 1.0)), log_c) - np.log(m)
        log_ratio = np.where(log_c < 600.0, moderate, large)
        near = (2.0 - self.tau) * log_ratio - np.log1p((np.exp(log_sigma) - 2.0) / m)
        excess = np.where(t > 0.5, far, near)
        r = self.root(m, np.where(beyond, 0.0, t))
        inner = np.log1p(r * t) - al * np.log1p(self.shape(r).big2 / m)
        return m**-al * np.expm1(np.where(beyond, excess, inner))

    def root(self, m: np.ndarray, t: np.ndarray) -> np.ndarray:
        """r in [0, 1] with t = s/(m - 2 + c), for t <= t_m."""
        u = self._spread(m, t)
        with np.errstate(divide="ignore"):
            return np.where(u < 1e-8 * self.be, u / (2.0 * self.be), np.tanh(-np.log1p(-u) / (2.0 * self.be)))

    def minimiser(self, m: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(q_1, q_2, q_3 = ... = q_m), of least norm with q_1 - q_2 = t: q prop. to ((1+r)^be, (1-r)^be, 1, ..)."""
        rest = np.maximum(m - 2.0, 1.0)
        beyond = (m > 2.0) & (t >= 1.0 / (1.0 + rest * 0.5**self.be))
        u = self._spread(m, np.where(beyond, 0.0, t))
        grown = self._grown(self._ratio(u))
        total = m - 2.0 + grown * (2.0 - u)
        inner = grown / total, grown * (1.0 - u) / total, 1.0 / total
        outer = t, np.zeros_like(t), (1.0 - t) / rest
        first, second, others = (np.where(beyond, far, near) for far, near in zip(outer, inner))
        return first, second, others

    def _spread(self, m: np.ndarray, t: np.ndarray) -> np.ndarray:
        """u = 1 - q_2/q_1, which unlike r resolves every t <= t_m as tau -> 2.

        With y = (1-r)/(1+r), u = 1 - y^be and A = (1+r)^be the equation reads u (1 + t) = t ((m-2)/A + 2), whose left
        side increases and right side decreases in u: Newton's method, inside the bracket that A in [1, 2^be] gives.
        """
        be, rest = self.be, m - 2.0
        low = t * (rest * 0.5**be + 2.0) / (1.0 + t)
        high = np.minimum(t * m / (1.0 + t), 1.0)
        u = np.minimum(low, high)
        for _ in range(_MAX_STEPS):
            y = self._ratio(u)
            grown = self._grown(y)
            residual = u * (1.0 + t) - t * (rest / grown + 2.0)
            low, high = np.where(residual < 0.0, u, low), np.where(residual >= 0.0, u, high)
            with np.errstate(divide="ignore", invalid="ignore"):
                bend = np.where(u < 1.0, y / ((1.0 + y) * (1.0 - u)), 0.0)
            new = u - residual / (1.0 + t + t * rest / grown * bend)
            new = np.where((new >= low) & (new <= high), new, (low + high) / 2.0)
            done = np.abs(new - u) <= 1e-15 * u
            u = new
            if np.all(done):
                break
        return u

    def _grown(self, y: np.ndarray) -> np.ndarray:
        return np.exp(self.be * (np.log(2.0) - np.log1p(y)))

    def _ratio(self, u: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.exp(np.log1p(-u) / self.be)

    def balance(self, m: np.ndarray, r: np.ndarray) -> np.ndarray:
        """m (al log(L/m) + log((m-2+c)/m)): its sign is that of the m-derivative of D_m, at fixed t and fixed slope."""
        shape = self.shape(r)
        return m * (self.al * np.log1p(shape.big2 / m) + np.log1p(shape.c2 / m))
