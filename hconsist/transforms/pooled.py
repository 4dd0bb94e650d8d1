"""The sharp transformation for tau_c < tau < 2: the lower hull of D_2, ..., D_n (Theorem 4, derived here).

Both T** and Gamma are one-dimensional problems in the slope kappa, with F(kappa) = max_m (al D_m)^*(kappa):

    al T**(t) = max_kappa [kappa t - F(kappa)],     Gamma(x) = min_kappa [(al x + F(kappa)) / kappa].

The active m is found without a loop over n.  For fixed kappa the m-derivative of the conjugate has minus the sign of
``Power.balance``, whose signs along m are part of +, -, + (derivation ``active_curve``): the best m is 2 or an integer
next to the last sign change, whose r is tabulated once per kernel on a logarithmic grid of m.
"""

from __future__ import annotations

import numpy as np

from hconsist.results import Side
from hconsist.transforms.hull import Power

__all__ = ["PooledKernel"]

_BISECTIONS = 64


class PooledKernel:
    """T**, raw T and Gamma of the comp-sum loss with 3/2 <= tau < 2 on n labels (equal to D_2 up to tau_c)."""

    raw_side = Side.UPPER
    """raw = min_m D_m is proved where the worst p has p_j > 0 only; elsewhere it is the least value known."""

    def __init__(self, tau: float, n_classes: int):
        self.tau, self.n_classes = float(tau), int(n_classes)
        self.power = Power(self.tau)
        self._quadratic = 2.0**-self.tau / (2.0 - self.tau)
        self._top = -np.expm1(-self.power.al * np.log(2.0)) / self.power.al
        self._nodes = np.geomspace(2.0, max(self.n_classes, 3) + 1.0, 800)
        self._radii = self._last_balance(self._nodes)
        shape = self.power.shape(self._radii)
        self._slopes = self._radii * (self._nodes + shape.big2) ** -self.power.al
        self._steepest = max(0.5, float(self._slopes[0]))

    def _last_balance(self, m: np.ndarray) -> np.ndarray:
        """The r >= 1 at which ``balance`` changes to positive (it increases there), 1 if it is positive already."""
        low, high = np.ones_like(m), np.full_like(m, 8.0)
        for _ in range(60):
            middle = (low + high) / 2.0
            negative = self.power.balance(m, middle) < 0.0
            low, high = np.where(negative, middle, low), np.where(negative, high, middle)
        return high

    def _candidates(self, real: np.ndarray) -> tuple[np.ndarray, ...]:
        below = np.clip(np.floor(real), 2.0, self.n_classes)
        return np.full_like(below, 2.0), below, np.minimum(below + 1.0, self.n_classes)

    def active(self, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(m, r, F) at the slope: the curve with the largest conjugate."""
        log_radius = np.interp(-np.log(slope), -np.log(self._slopes), np.log(self._radii))
        radius = np.exp(log_radius)
        real = (radius / slope) ** (1.0 / self.power.al) - self.power.shape(radius).big2
        sizes = np.stack(self._candidates(real))
        radii = np.stack([self.power.radius(m, slope) for m in sizes])
        conjugates = self.power.conjugate(sizes, radii)
        best = np.argmax(conjugates, axis=0)[np.newaxis]
        m, r, f = (np.take_along_axis(x, best, axis=0)[0] for x in (sizes, radii, conjugates))
        return m, r, f

    def bracket(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Two neighbouring slopes between which T** is supported at t."""
        # T**(t)/t <= T**'(t) <= (T**(2t) - T**(t))/t with t^2/2 <= T** <= D_2 <= quadratic * t^2
        low = np.minimum(self.power.al * t / 4.0, self._steepest)
        high = np.minimum(self.power.al * 5.0 * self._quadratic * t, self._steepest)
        return self._bisect(low, high, lambda slope, m, r, f: self.power.touching(m, r) < t)

    def _bisect(self, low, high, is_left) -> tuple[np.ndarray, np.ndarray]:
        for _ in range(_BISECTIONS):
            middle = np.sqrt(low) * np.sqrt(high)
            left = is_left(middle, *self.active(middle))
            low, high = np.where(left, middle, low), np.where(left, high, middle)
        return low, high

    def value(self, t: np.ndarray) -> np.ndarray:
        """T**(t), the larger of the two supporting lines found."""
        t = np.asarray(t, dtype=np.float64)
        inside = np.where(t > 0.0, t, 0.5)
        lines = [slope * inside - self.active(slope)[2] for slope in self.bracket(inside)]
        return np.where(t > 0.0, np.maximum(*lines), 0.0) / self.power.al

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Gamma(x), 1 from T**(1) = D_2(1) on."""
        x = np.asarray(x, dtype=np.float64)
        inside = np.where((x > 0.0) & (x < self._top), x, 0.5 * self._top)
        target = self.power.al * inside
        low = np.minimum(self.power.al * np.sqrt(inside / self._quadratic) / 4.0, self._steepest)
        high = np.minimum(self.power.al * 5.0 * self._quadratic * np.sqrt(2.0 * inside), self._steepest)
        ends = self._bisect(low, high, lambda slope, m, r, f: slope * self.power.touching(m, r) - f < target)
        gamma = np.minimum(*[(target + self.active(slope)[2]) / slope for slope in ends])
        return np.where(x >= self._top, 1.0, np.where(x > 0.0, np.minimum(gamma, 1.0), 0.0))

    def raw(self, t: np.ndarray) -> np.ndarray:
        """min_{2<=m<=n} D_m(t)."""
        t = np.asarray(t, dtype=np.float64)
        inside = np.where(t > 0.0, t, 0.5)
        touching = self.power.touching(self._nodes, self._radii)
        radius = np.exp(np.interp(-np.log(inside), -np.log(touching), np.log(self._radii)))
        shape = self.power.shape(radius)
        real = shape.s / inside - shape.c2
        least = np.min([self.power.curve(m, inside) for m in self._candidates(real)], axis=0)
        return np.where(t > 0.0, least, 0.0) / self.power.al

    def growth(self) -> tuple[float, float]:
        """Near zero D_2 is the least curve: T** ~ t^2 / (2^tau (2 - tau)), for every finite n."""
        return 2.0, self._quadratic
