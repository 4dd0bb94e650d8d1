"""Newton's method at zeros of F, by Taylor coefficients and by the sum itself, and the test of Kantorovich.

If eta = |F/F'| at x, and |F''| <= M on the disc of radius 2 eta about x with h = eta M/|F'| <= 1/4, then F has exactly
one zero in that disc, and it lies within about h eta of x - F/F'.  What rounding may have added to |F| is part of eta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hconsist.singularities.moments import row_blocks
from hconsist.singularities.spreads import quiet

__all__ = ["Zeros", "by_sum", "by_taylor"]

_EPS = 2.0**-53
STEPS = 6
"""Newton steps from the power sums, which are right to a few digits."""
_SETTLED = 1e-10
"""Relative length of a Newton step after which the next point is taken as it is: its error is about the square."""


@dataclass(frozen=True)
class Zeros:
    """Points ``x``, a radius ``error`` about each that holds exactly one zero, and whether the test says so."""

    x: np.ndarray
    error: np.ndarray
    certified: np.ndarray


def by_taylor(f: np.ndarray, starts: np.ndarray, slack: np.ndarray) -> Zeros:
    """Newton from ``(m, n)`` starts with the polynomials f ``(m, terms)``; ``slack`` ``(m, 1)`` bounds their error."""
    x = starts.astype(complex)
    with quiet():
        for _ in range(STEPS):
            value, slope, _ = _horner(f, x)
            step = value / slope
            # a step longer than the distance to the real axis would leave the half-plane of the zeros
            x = x - step * np.minimum(1.0, 1.0 / np.abs(step))
        value, slope, second = _horner(f, x)
        eta = (np.abs(value) + slack) / np.abs(slope)
        # |F''| on the disc: its value at the centre and the third derivative, at most E e^(|b| |x|), over the disc
        size = second + 2 * eta * slack / _EPS
        certified = eta * size / np.abs(slope) <= 0.25
    return Zeros(x, 2 * eta, certified & np.isfinite(eta) & (x.imag > 0))


def _horner(f: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """F, F' and |F''| of the Taylor polynomials."""
    value = np.zeros_like(x)
    slope, half = value.copy(), value.copy()
    for n in range(f.shape[1] - 1, -1, -1):
        half *= x
        half += slope
        slope *= x
        slope += value
        value *= x
        value += f[:, n : n + 1]
    return value, slope, 2 * np.abs(half)


def by_sum(log_p: np.ndarray, d: np.ndarray, x: np.ndarray, which: np.ndarray | None = None, steps: int = 4) -> Zeros:
    """Newton steps with the sum over the classes, any size of Re x; ``(m, K)`` rows, points of the rows ``which``.

    Slopes are those about the most probable one, and terms are scaled by the largest, e^(max(log_p + d Re x)); the
    function is that of the centred slopes b = d + b_top, on which the steps go further.  ``error`` holds what the
    weights, the slopes, the phases and the sum may lose to rounding.
    """
    which = np.arange(x.size) if which is None else which
    x = x.astype(complex)
    error, certified = np.empty(x.size), np.empty(x.size, dtype=bool)
    for rows in row_blocks(x.size, 6 * d.shape[1]):
        y, lp, c = x[rows], log_p[which[rows]], d[which[rows]]
        own = -(np.max(c, axis=1) + np.min(c, axis=1)) / 2
        with quiet():
            live = np.arange(y.size)
            for _ in range(steps):
                value, slope, *_ = _sums(lp[live], c[live], y[live])
                step = value / (slope + own[live] * value)
                y[live] -= step
                live = live[np.abs(step) > _SETTLED * np.abs(y[live])]
                if not live.size:
                    break
            value, slope, u, size, phase = _sums(lp, c, y)
            # exponents, phases and weights are rounded in proportion, the slopes to 8 eps, the sum to eps log2 K
            lost = 5 + np.log2(c.shape[1] + 1.0) + np.abs(u) + 2 * np.abs(lp) + np.abs(phase)
            lost += 8 * np.abs(y)[:, None]
            slack = _EPS * np.sum(np.where(size > 0, size * lost, 0.0), axis=1)
            slope += own * value
            second = np.sum(size * (c + own[:, None]) ** 2, axis=1)
            eta = (np.abs(value) + slack) / np.abs(slope)
            certified[rows] = (eta * second * np.exp(2 * eta) <= 0.25 * np.abs(slope)) & (y.imag > 0)
            x[rows], error[rows] = y, np.where(np.isfinite(eta), 2 * eta, np.inf)
    return Zeros(x, error, certified)


def _sums(lp: np.ndarray, c: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, ...]:
    """F and F' over the largest term, the exponents, the sizes of the terms over it, and their phases."""
    u = lp + c * y.real[:, None]
    size = np.exp(u - np.max(u, axis=1, keepdims=True))
    phase = c * y.imag[:, None]
    re, im = size * np.cos(phase), size * np.sin(phase)
    value = np.sum(re, axis=1) + 1j * np.sum(im, axis=1)
    slope = np.einsum("ij,ij->i", re, c) + 1j * np.einsum("ij,ij->i", im, c)
    return value, slope, u, size, phase
