"""Radii in closed form: two classes, three equally spaced slopes, slopes on a grid, and families with known answers.

Independent of the circles and caps of :func:`hconsist.singularities.radius`, which must agree with them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hconsist.domains import InputError
from hconsist.singularities.radius import as_rows
from hconsist.singularities.spreads import place, quiet, spread

__all__ = ["radius_commensurable", "radius_three_classes", "radius_two_classes"]

_LARGEST = 200
"""Degree of the polynomial whose roots are taken."""
_LEAST = 1e-300
"""Weight at either end by which the others can be divided."""


def radius_two_classes(logits: Any, slopes: Any) -> np.ndarray:
    """sqrt((z_1 - z_2)^2 + pi^2)/|a_1 - a_2| for rows of K = 2, inf where the slopes agree.

    Source: Sao 2026, Theorem 4.3 (text seen).
    """
    z, a = _of_width(logits, slopes, 2)
    rows = spread(z, a)
    with quiet():
        margin = np.where(rows.D > 0, z[:, 0] - z[:, 1], 0.0)
    return rows.unscaled(np.where(rows.D > 0, np.hypot(margin, math.pi) / 2, math.inf))


def radius_three_classes(logits: Any, slopes: Any) -> np.ndarray:
    """For rows of K = 3 with slopes c, c + h, c + 2h in any order: the quadratic w_0 + w_1 s + w_2 s^2, s = e^(ht).

    With q = w_1/(2 sqrt(w_0 w_2)): two complex roots on |s|^2 = w_0/w_2 if q < 1, and
    |t| = sqrt(log(w_0/w_2)^2/4 + arccos(-q)^2)/h; two negative ones s = -sqrt(w_0/w_2) e^(+-arccosh q) if q > 1, and
    |t| = sqrt((|log(w_0/w_2)|/2 - arccosh q)^2 + pi^2)/h.  InputError for slopes that are not equally spaced to 4 eps.
    Source: derived here.
    """
    z, a = _of_width(logits, slopes, 3)
    rows = spread(z, a)
    order = np.argsort(rows.b, axis=1)
    b, lp = np.take_along_axis(rows.b, order, axis=1), np.take_along_axis(rows.log_p, order, axis=1)
    wrong = ~((np.abs(b[:, 1]) <= 2.0**-50) & (rows.D > 0) & np.all(np.isfinite(lp), axis=1))
    if np.any(wrong):
        row = int(np.flatnonzero(wrong)[0])
        raise InputError("slopes", f"three distinct equally spaced ones, of positive weight, {place((row, 0))}", a[row])
    log_q = lp[:, 1] - math.log(2) - (lp[:, 0] + lp[:, 2]) / 2
    half = np.abs(lp[:, 0] - lp[:, 2]) / 2
    with quiet():
        angle = np.arccos(-np.exp(np.minimum(log_q, 0.0)))
        # arccosh(e^v) = v + log(1 + sqrt(1 - e^(-2v)))
        v = np.maximum(log_q, 0.0)
        apart = v + np.log1p(np.sqrt(-np.expm1(-2 * v)))
    x = np.where(log_q <= 0, np.hypot(half, angle), np.hypot(half - apart, math.pi))
    return rows.unscaled(x)


def radius_commensurable(logits: Any, slopes: Any, step: float) -> np.ndarray:
    """For slopes a_j = c + n_j h with integers n_j: the roots s of sum_j w_j s^(n_j), and |t| = |Log s|/h, principal.

    ``step`` is h > 0; the n_j span at most 200 and are recovered to 1e-6.  Roots of polynomials lose digits where zeros
    are close: a reference for tests, not a method of choice.  inf where all slopes agree.  Source: derived here.
    """
    z, a = as_rows(logits, slopes)
    if not (isinstance(step, (int, float)) and math.isfinite(step) and step > 0):
        raise InputError("step", "a positive number", step)
    rows = spread(z, a)
    out = np.empty(z.shape[0])
    for i in range(out.size):
        kept = np.isfinite(rows.log_p[i])
        with quiet():
            exact = (a[i, kept] - np.min(a[i, kept])) / step
            n = np.rint(np.minimum(exact, 2.0 * _LARGEST)).astype(int)
        if not np.max(np.abs(exact - n)) <= 1e-6 or np.max(n) > _LARGEST:
            raise InputError("slopes", f"multiples of step apart, at most {_LARGEST} of them, {place((i, 0))}", a[i])
        if np.max(n) == 0:
            out[i] = math.inf
            continue
        weights = np.bincount(n, np.exp(rows.log_p[i, kept]))
        if min(weights[0], weights[-1]) < _LEAST:
            raise InputError("logits", f"within 690 of the top one at the extreme slopes {place((i, 0))}", z[i])
        with quiet():
            out[i] = np.min(np.abs(np.log(np.roots(weights[::-1]).astype(complex)))) / step
    rows.refuse(np.isinf(out) & (rows.D > 0))
    return out


def _of_width(logits: Any, slopes: Any, classes: int) -> tuple[np.ndarray, np.ndarray]:
    z, a = as_rows(logits, slopes)
    if z.shape[1] != classes:
        raise InputError("logits", f"of shape (m, {classes})", z.shape)
    return z, a
