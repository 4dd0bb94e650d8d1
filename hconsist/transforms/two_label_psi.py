"""The two-label curve of a convex psi, numerically: T_2(t) = psi(1/2) - min over s of p_1 psi(s) + p_2 psi(1 - s).

Here p_1, p_2 = (1 +- t)/2.  With s the softmax of (z, 0) and U(z) = -log(-psi'(s)), the minimum is where
U(z) - U(-z) = 2 artanh t.  Near 0, where the textbook form cancels, T_2 = t D - B is taken from integrals of positive
terms, d = s - 1/2:

    D = (1/2) int_0^d [-psi'(1/2 + e) - psi'(1/2 - e)] de,
    B = (1/2) int_0^d (d - e) [psi''(1/2 + e) + psi''(1/2 - e)] de,

by Gauss's rule.  An error in z enters T_2 squared.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from hconsist.losses.arrays import quiet
from hconsist.losses.convex_psi import NumericPsi
from hconsist.transforms.curves import SmoothCurve

__all__ = ["TwoLabelCurve"]

_NODES, _WEIGHTS = (x for x in np.polynomial.legendre.leggauss(20))
_NODES, _WEIGHTS = (1.0 + _NODES) / 2.0, _WEIGHTS / 2.0
_NEAR = 0.3
"""Up to this d the rule is exact to rounding: psi is analytic within 1/2 of 1/2."""
_TINY = 1e-8
"""Below, the curve is its quadratic limit to a relative 1e-16."""
_STEPS = 40
_LOG_HALF = np.full(1, np.log(2.0))
_BELOW_ONE = 1.0 - 2.0**-53


class TwoLabelCurve(SmoothCurve):
    """T_2 of a psi that is strictly decreasing, convex and analytic on (0, 1), with psi'(0+) = -infinity."""

    def __init__(self, psi: NumericPsi):
        self._psi = psi

    @cached_property
    def end(self) -> float:
        """psi(1/2) - psi(1)."""
        return float(self._above(_LOG_HALF)[0])

    def _above(self, log_loss: np.ndarray) -> np.ndarray:
        """psi(s) - psi(1): a constant in psi changes nothing."""
        return self._psi(log_loss, np) - self._psi(np.zeros(1), np)[0]

    def growth(self) -> tuple[float, float]:
        """psi'(1/2)^2/(2 psi''(1/2)) t^2."""
        slope, bend = (float(f[0]) for f in (self._psi.slope(_LOG_HALF, np), self._bend(_LOG_HALF)))
        return 2.0, slope / (2.0 * (1.0 + bend))

    def beyond(self, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """T_2(t) and its slope (psi(1-s) - psi(s))/2."""
        t = np.asarray(d, dtype=np.float64)
        flat = t.ravel()
        value, slope = self.growth()[1] * flat * flat, 2.0 * self.growth()[1] * flat
        index = np.flatnonzero(flat >= _TINY)
        if index.size:
            value[index], slope[index] = self._solved(flat[index])
        return value.reshape(t.shape), slope.reshape(t.shape)

    def is_accurate(self) -> bool:
        """Whether the integrals agree with the textbook form at t where the latter is good: psi has no pole near 1/2.

        On shorter intervals, for smaller t, the rule is better still.
        """
        t = np.linspace(0.1, 0.9, 33)
        distance = np.tanh(self._best(t) / 2.0) / 2.0
        t, distance = t[distance <= _NEAR], distance[distance <= _NEAR]
        gain, bent = self._integrals(t, distance)
        first, second = (self._above(-np.log(0.5 + sign * distance)) for sign in (1.0, -1.0))
        direct = self.end - (1.0 + t) / 2.0 * first - (1.0 - t) / 2.0 * second
        return bool(t.size and np.all(np.abs(gain - bent - direct) <= 1e-11 * self.end))

    def _solved(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = self._best(t)
        distance = np.tanh(z / 2.0) / 2.0  # s - 1/2
        first, second = self._above(np.logaddexp(0.0, -z)), self._above(np.logaddexp(0.0, z))
        costs = (1.0 + t) / 2.0 * first + np.where(t < 1.0, (1.0 - t) / 2.0 * second, 0.0)
        value, rise = self.end - costs, (second - first) / 2.0
        near = np.flatnonzero(distance <= _NEAR)
        if near.size:
            gain, bent = self._integrals(t[near], distance[near])
            # the form with the smaller terms: a steep psi makes the integrals large as t -> 1
            less = gain + bent < self.end + costs[near]
            value[near], rise[near] = (
                np.where(less, x, y) for x, y in ((gain - bent, value[near]), (gain / t[near], rise[near]))
            )
        return value, rise

    def _integrals(self, t: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """t D and B above."""
        e = d[:, None] * _NODES
        rise, bent = np.zeros_like(d), np.zeros_like(d)
        for sign in (1.0, -1.0):
            log_loss = -np.log(0.5 + sign * e)
            slope = self._psi.slope(log_loss, np)
            first, second = slope * np.exp(log_loss), slope * np.exp(2 * log_loss) * (1.0 + self._bend(log_loss))
            rise += d * (first @ _WEIGHTS) / 2.0
            bent += d * d * (second @ (_WEIGHTS * (1.0 - _NODES))) / 2.0
        return t * rise, bent

    def _best(self, t: np.ndarray) -> np.ndarray:
        """z with U(z) - U(-z) = 2 artanh t, by Newton's method from interpolation in a table."""
        target = 2.0 * np.arctanh(np.minimum(t, _BELOW_ONE))
        table_z, table = self._table
        z = np.interp(target, table, table_z)
        for _ in range(_STEPS):
            value, slope = self._difference(z)
            step = (value - target) / slope
            z = np.maximum(z - np.clip(step, -1.0, 1.0), 0.0)
            if not np.any(np.abs(step) > 1e-9 * z):
                break
        return z

    @cached_property
    def _table(self) -> tuple[np.ndarray, np.ndarray]:
        z = np.concatenate([[0.0], np.geomspace(1e-9, 60.0, 400)])
        with quiet():
            value = self._difference(z)[0]
        reached = np.flatnonzero(np.isfinite(value))  # beyond, the slope of psi underflows
        return z[reached], np.maximum.accumulate(value[reached])

    def _difference(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """U(z) - U(-z) and its derivative; dU/dz = (1 + bend)(1 - s)."""
        parts = []
        for x in (z, -z):
            log_loss = np.logaddexp(0.0, -x)
            u = -(np.log(self._psi.slope(log_loss, np)) + log_loss)
            parts.append((u, (1.0 + self._bend(log_loss)) * np.exp(-np.logaddexp(0.0, x))))
        (first, one), (second, other) = parts
        return first - second, one + other

    def _bend(self, log_loss: np.ndarray) -> np.ndarray:
        found = self._psi.bend(log_loss)
        assert found is not None  # the losses this is used for have one
        return np.asarray(found)
