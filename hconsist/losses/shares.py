"""Separable convex minimisation on the simplex: one multiplier for each of many problems, found for all at once.

Minimising sum_g c_g f_g(s_g) over shares s >= 0 with sum_g c_g s_g = 1 leads to U(s_g) = a_g - x wherever
0 < s_g < 1, with an increasing U, given numbers a_g and one unknown x: for sum p_i psi(s_i) U = -log(-psi'),
a = log p and x = log of the multiplier; for the conjugate of sum omega(s_i) U = omega' and a are the scores.

Shares are handled by their logits z = log(s/(1 - s)), so that 1 - s keeps all digits next to a vertex.  A table of U on
a grid of logits is inverted by linear interpolation, x solves one decreasing equation per problem (Newton steps, inside
a bracket), and Newton steps on the exact U then square the error of the table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hconsist.losses.arrays import quiet
from hconsist.losses.roots import decreasing_roots

__all__ = ["Shares", "logits_to_losses"]

_END = 650.0
"""Logits reach from minus this to this: shares from 1e-282 to 1 - 1e-282."""
_FINE, _STEP, _WHOLE = 40.0, 0.02, 36.0
"""The table is fine up to 40; shares beyond a logit of 36 differ from 1 by less than rounding."""
_HALVINGS, _WIDTH = 40, 1e-4
_SHORT, _NEAR = 1e-9, 1e-4
"""A Newton step in x that is shorter than the first and moves no logit by more than the second is the last one."""
_CHUNK = 1 << 16
"""Entries that are treated together: the arrays of one step stay in the processor's cache."""

Function = Callable[[np.ndarray], Any]


class Shares:
    """Solver of U(s_g) = a_g - x, sum_g c_g s_g = 1.

    Parameters
    ----------
    U : the increasing function, of an array of logits; values that are not finite are left out of the table.
    slope : dU/dz, of an array of logits; without it differences of U.
    top : the largest logit at which U can be evaluated.

    The attributes ``least`` and ``most`` are U at the ends of the table.
    """

    def __init__(self, U: Function, slope: Function | None = None, *, top: float = _END):
        coarse = np.arange(_FINE + 1, _END + 1)
        z = np.concatenate([-coarse[::-1], np.arange(-_FINE, _FINE + _STEP / 2, _STEP), coarse])
        z, u = _tabulated(U, z[z <= top])
        whole = min(int(np.searchsorted(z, _WHOLE)), z.size - 1)
        if u[-1] - u[whole] < 1e-9:  # U(1) is finite: which share near 1 is meant, only the other shares tell
            z, u = z[: whole + 1], u[: whole + 1]
        rise = np.diff(u)
        with quiet():
            ratio = np.where(rise > 0, np.diff(z) / rise, 0.0)
        self._U, self._slope = U, slope or self._difference
        self._z, self._u = z, u
        self.least, self.most = float(u[0]), float(u[-1])
        # below the table and above it the logit stays at the end
        self._pieces = np.stack([np.r_[z[0], z[:-1], z[-1]], np.r_[u[0], u[:-1], u[-1]], np.r_[0.0, ratio, 0.0]])

    def __call__(self, a: np.ndarray, c: np.ndarray, *, polish: int = 1) -> np.ndarray:
        """Logits ``(..., G)`` of the shares; a may be -infinity (no share), c are counts >= 0.

        ``polish`` exact Newton steps: one leaves an error of about 1e-8 in log s, two of about 1e-15.
        """
        shape = a.shape
        a, c = np.ascontiguousarray(a.reshape(-1, shape[-1])), np.ascontiguousarray(c.reshape(-1, shape[-1]))
        z = np.empty_like(a)
        rows = max(1, _CHUNK // shape[-1])
        with quiet():
            for i in range(0, a.shape[0], rows):
                z[i : i + rows] = self._solve(a[i : i + rows], c[i : i + rows], polish)
        return z.reshape(shape)

    def _solve(self, a: np.ndarray, c: np.ndarray, polish: int) -> np.ndarray:
        low, high = self._bracket(a, c)
        vertex = self._balance(a, c, low)[0] <= 0
        high = np.where(vertex, low, high)

        def evaluate(chosen: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            balance, slope, pull = self._balance(a[chosen], c[chosen], x)
            return balance, slope, np.minimum(_SHORT, _NEAR / (1 + pull))

        x, found = decreasing_roots(evaluate, low, high)
        z = self._invert(a - x[:, None])[0]
        left = np.flatnonzero(~(found | vertex))
        z[left] = self._between(a[left], c[left], low[left], high[left])
        for _ in range(polish):
            z = self._newton(a, c, z, np.where(vertex, x, np.nan))
        return z

    def _bracket(self, a: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """x at which one group takes all, by a rounding error, and x at which none takes more than an equal part."""
        n = np.sum(c, axis=-1, keepdims=True)
        some = c > 0
        alone = self._at(np.where(some, c, 1.0))
        low = np.max(np.where(some, a - alone, -np.inf), axis=-1)
        low -= 4 * np.finfo(float).eps * np.maximum(np.abs(low), 1.0)
        high = np.max(np.where(some, a, -np.inf), axis=-1) - self._at(n)[..., 0]
        return low, np.maximum(low, high)

    def _at(self, parts: np.ndarray) -> np.ndarray:
        """The tabulated U at the share 1/parts."""
        return np.interp(-np.log(parts - 1), self._z, self._u)

    def _invert(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits and their slopes."""
        z, start, ratio = self._pieces[:, np.searchsorted(self._u, u)]
        inside = np.where(ratio > 0, u - start, 0.0)
        return z + ratio * inside, ratio

    def _balance(self, a: np.ndarray, c: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """log of all shares but the largest, less log of 1 minus the largest; slopes in x of it and of the logits."""
        z, ratio = self._invert(a - x[:, None])
        s, rest = _halves(z)
        top = np.argmax(np.where(c > 0, z, -np.inf), axis=-1)[:, None]
        ones = np.take_along_axis(rest, top, axis=-1)[:, 0]
        weight = c.copy()
        np.put_along_axis(weight, top, np.take_along_axis(c, top, axis=-1) - 1, axis=-1)
        others = np.sum(weight * s, axis=-1)
        fall = np.sum(weight * s * rest * ratio, axis=-1) / others
        rise = np.take_along_axis(s * ratio, top, axis=-1)[:, 0]
        return np.log(others) - np.log(ones), -fall - rise, np.max(np.where(c > 0, ratio, 0.0), axis=-1)

    def _between(self, a: np.ndarray, c: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Logits from a bracket of x that cannot be narrowed: a mean of the shares at its ends has the right sum.

        Where U is flat, or too flat for x to be told, the shares jump there.
        """
        many, few = (_halves(self._invert(a - x[:, None])[0])[0] for x in (low, high))
        over, under = np.sum(c * many, axis=-1), np.sum(c * few, axis=-1)
        part = np.where(over > under, np.clip((1 - under) / (over - under), 0.0, 1.0), 0.5)[:, None]
        s = part * many + (1 - part) * few
        return np.clip(np.log(s) - np.log1p(-s), -_END, _END)

    def _difference(self, z: np.ndarray) -> np.ndarray:
        """A difference of U; 0 where that may be rounding, or U jumps."""
        behind, here, ahead = (np.asarray(self._U(z + step), dtype=float) for step in (-_WIDTH, 0.0, _WIDTH))
        left, right = here - behind, ahead - here
        s, rest = _halves(z)
        smooth = np.minimum(left, right) > np.maximum(np.maximum(left, right) / 4, 1e-8 * _WIDTH * s * rest)
        return np.where(smooth, (left + right) / (2 * _WIDTH), 0.0)

    def _newton(self, a: np.ndarray, c: np.ndarray, z: np.ndarray, known: np.ndarray) -> np.ndarray:
        """One Newton step for all logits and, where it is not known, x; shares at the ends of the table stay."""
        s, rest = _halves(z)
        u = np.asarray(self._U(z), dtype=float)
        slope = np.asarray(self._slope(z), dtype=float)
        free = (c > 0) & (z > self._z[0]) & (z < self._z[-1]) & (slope > 0) & np.isfinite(u) & np.isfinite(slope)
        inverse = np.where(free, 1 / np.where(free, slope, 1.0), 0.0)
        weight = c * s * rest * inverse
        top = np.argmax(np.where(c > 0, z, -np.inf), axis=-1)[:, None]
        signed = c * s
        np.put_along_axis(
            signed, top, np.take_along_axis((c - 1) * s, top, axis=-1) - np.take_along_axis(rest, top, axis=-1), axis=-1
        )
        # relative to the group that x moves most: U may be too flat to tell a small share, which then the sum does, as
        # differences of U that are rounding count as none
        most = np.argmax(weight, axis=-1)[:, None]
        first, level = np.take_along_axis(a, most, axis=-1), np.take_along_axis(u, most, axis=-1)
        gap = (a - first) - (u - level)
        gap = np.where(free & (np.abs(gap) > 4 * np.finfo(float).eps * (np.abs(a) + np.abs(u))), gap, 0.0)
        x = (np.sum(signed, axis=-1) + np.sum(weight * gap, axis=-1)) / np.sum(weight, axis=-1)
        pinned = ~np.isnan(known)
        x = np.where(pinned, known - (first - level)[:, 0], x)[:, None]
        step = np.minimum((gap - x) * inverse, 1.0)
        shrunk = np.where(step > -1, z + np.log1p(np.maximum(step, -1.0)), self._z[0])  # linear in s: it may vanish
        new = np.where(free, np.where(step < -0.1, shrunk, z + step), z)
        # where U(0) is finite, shares may appear as x changes
        u = a - (x + first - level)
        again = ~pinned[:, None] & (z == self._z[0]) & (u > self._u[0]) & (u < self._u[-1])
        new = np.where(again, self._invert(u)[0], new)
        return np.where(np.isfinite(x), new, z)


def _tabulated(U: Function, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The grid with the values of U, monotone; where U jumps, the grid closes in on the place."""
    with quiet():
        u = np.asarray(U(z), dtype=float)
        z, u = z[np.isfinite(u)], u[np.isfinite(u)]
        for _ in range(_HALVINGS):
            slope = np.diff(u) / np.diff(z)
            around = np.maximum(np.r_[0.0, slope[:-1]], np.r_[slope[1:], 0.0])
            steep = np.flatnonzero((slope > 4 * around) & (np.diff(u) > 1e-3))  # a smooth U gives ratios below 3
            if not steep.size:
                break
            middle = (z[steep] + z[steep + 1]) / 2
            z, u = np.insert(z, steep + 1, middle), np.insert(u, steep + 1, np.asarray(U(middle), dtype=float))
    return z, np.maximum.accumulate(u)


def logits_to_losses(z: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares s of weighted sum 1 and L = -log s, from logits of shares that nearly have it; s = 0 at z = -infinity.

    A share above 1/2 is 1 minus the others, which keeps all digits of a small L.
    """
    with quiet():
        loss = np.logaddexp(0.0, -z)
        total = np.sum(c * np.exp(-loss), axis=-1, keepdims=True)
        loss = loss + np.log(total)
        s = np.exp(-loss)
        large = (s > 0.5) & (c == 1)
        rest = np.sum(np.where(large, 0.0, c * s), axis=-1, keepdims=True)
        return np.where(large, 1 - rest, s), np.where(large, -np.log1p(-rest), loss)


def _halves(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """s and 1 - s."""
    small = np.exp(-np.abs(z))
    large = 1 / (1 + small)
    small = small * large
    return np.where(z >= 0, large, small), np.where(z >= 0, small, large)
