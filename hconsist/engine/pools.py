"""T** of the power losses with tau_c < tau < 2 from below, by supporting lines of the D_m (Theorems 4 and 5).

T** is the hull of D_2, ..., D_n.  With al = tau - 1, b = 1/al, C(r) = (1+r)^b + (1-r)_+^b, Hoelder's inequality gives
al D_m(t) >= (1 + r t) L^(-al) - m^(-al), L = m - 2 + C(r), for every r >= 0.  The line has slope kappa = r L^(-al) and
value -F_m at t = 0, F_m = m^(-al) - L^(-al), so for every kappa > 0

    al T**(t) >= kappa t - max_m F_m(kappa),        F_m(kappa) <= kappa^2/(4 (1 - 2^(-al))) for all m:

the last from Theorem 5, used for the m that are not written out.  The best kappa is sought on a grid and refined.
"""

from __future__ import annotations

import numpy as np

__all__ = ["pooled_bound"]

_WRITTEN = 48
"""Curves that are written out."""
_SLOPES, _STEPS = 1000, 40
_NEWTON = 60


def pooled_bound(tau: float, n_classes: int, t: np.ndarray) -> np.ndarray:
    """A lower bound of T**(t) for 3/2 <= tau < 2: the hull itself where n <= 48."""
    lines = _Lines(tau, n_classes)
    flat = np.where(t > 0.0, t, 0.5).ravel()
    best = lines.best(flat)
    floor = lines.quadratic * flat * flat
    return (np.maximum(best, floor) * (1.0 - 1e-11)).reshape(np.shape(t)) / lines.al


class _Lines:
    def __init__(self, tau: float, n: int):
        self.al = tau - 1.0
        self.b = 1.0 / self.al
        self.m = np.arange(2.0, min(n, _WRITTEN) + 1.0)
        self.quadratic = -float(np.expm1(-self.al * np.log(2.0)))
        self.complete = n <= _WRITTEN

    def best(self, t: np.ndarray) -> np.ndarray:
        """The largest kappa t - F(kappa); concave in kappa, so a grid and a golden section find it.

        Between points of the grid the m that lead at either of them are looked at; the value is that of all m.
        """
        grid = np.geomspace(1e-6, 0.9999, _SLOPES)
        each = self._curves(self.m[:, None], grid)
        value = grid[:, None] * t - self._largest(each, grid)[:, None]
        top = np.argmax(value, axis=0)
        ends = np.clip(top + np.array([[-1], [0], [1]]), 0, _SLOPES - 1)
        leading = self.m[np.argmax(each, axis=0)][ends]

        def line(log_slope: np.ndarray) -> np.ndarray:
            slope = np.exp(log_slope)
            return slope * t - np.max(self._curves(leading, slope), axis=0)

        low, high = np.log(grid[ends[0]]), np.log(grid[ends[2]])
        share = (np.sqrt(5.0) - 1.0) / 2.0
        points = [high - share * (high - low), low + share * (high - low)]
        values = [line(x) for x in points]
        for _ in range(_STEPS):
            left = values[0] > values[1]
            low, high = np.where(left, low, points[0]), np.where(left, points[1], high)
            new = np.where(left, high - share * (high - low), low + share * (high - low))
            fresh = line(new)
            points = [np.where(left, new, points[1]), np.where(left, points[0], new)]
            values = [np.where(left, fresh, values[1]), np.where(left, values[0], fresh)]
        slope = np.exp((low + high) / 2)
        found = slope * t - self._largest(self._curves(self.m[:, None], slope), slope)
        return np.maximum(np.max(value, axis=0), found)

    def _largest(self, each: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """F(kappa), the largest of all F_m."""
        largest = np.max(each, axis=0)
        return largest if self.complete else np.maximum(largest, slope * slope / (4.0 * self.quadratic))

    def _curves(self, m: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """F_m(kappa), from the radius at which r L^(-al) = kappa, by Newton's method in log r from the left."""
        target = np.log(slope)
        log_r = target + self.al * np.log(m)
        for _ in range(_NEWTON):
            r = np.exp(log_r)
            bend, rise = self._shape(r)
            residual = target - log_r + self.al * np.log(m + bend)
            step = np.clip(residual / (1.0 - rise / (m + bend)), 0.0, 1.0)
            log_r = log_r + step
            if not np.any(step > 1e-14):
                break
        bend, _ = self._shape(np.exp(log_r))
        return -(m**-self.al) * np.expm1(-self.al * np.log1p(bend / m))

    def _shape(self, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """C - 2, without cancellation, and al r C' = r ((1+r)^(b-1) - (1-r)_+^(b-1))."""
        inside = np.minimum(r, 0.5)
        z = np.arctanh(inside)
        even = np.expm1(self.b / 2.0 * np.log1p(-inside * inside)) * np.cosh(self.b * z)
        near = 2.0 * (even + 2.0 * np.sinh(self.b * z / 2.0) ** 2)
        rest = np.maximum(1.0 - r, 0.0)
        bend = np.where(r < 0.5, near, (1.0 + r) ** self.b + rest**self.b - 2.0)
        return bend, r * ((1.0 + r) ** (self.b - 1.0) - rest ** (self.b - 1.0))
