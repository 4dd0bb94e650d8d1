"""Radii inside which no zero can lie when the logits are not linear along the path, and exact ones for two classes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.singularities.spreads import quiet, refuse_overflow

__all__ = ["radius_two_classes_quadratic", "safe_radius", "safe_radius_quadratic"]


def safe_radius(ranges: Any) -> np.ndarray:
    """The R with sum_m D_m R^m = pi: no zero in |t| < R for logits z_j(t) = sum_m c_jm t^m.

    ``ranges`` is ``(..., M)`` with D_m = max over j, k of |c_jm - c_km| >= 0 for m = 1, ..., M; inf where all vanish.
    InputError where R exceeds every float.  For |t| < R the phases of the terms spread less than pi, so they cannot
    cancel.  Weights do not enter, and no constant added to the logits matters.  Replaces Proposition A1.1 of Sao 2026,
    which depends on such a constant.
    Source: derived here; proved.
    """
    d = Domain(0).check("ranges", ranges)
    if d.ndim == 0 or d.shape[-1] == 0:
        raise InputError("ranges", "of shape (..., M) with M >= 1", d.shape)
    m = np.arange(1, d.shape[-1] + 1)
    with quiet():
        log_d = np.log(d)
        # each term alone gives an upper limit on R; Newton in log R for log(sum) - log pi, convex, from above
        log_r = np.min((math.log(math.pi) - log_d) / m, axis=-1)
        some = np.isfinite(log_r)
        log_r = np.where(some, log_r, 0.0)
        for _ in range(60):
            terms = log_d + m * log_r[..., None]
            top = np.max(terms, axis=-1, keepdims=True)
            top = np.where(np.isfinite(top), top, 0.0)
            w = np.exp(terms - top)
            total = np.sum(w, axis=-1)
            slope = np.sum(w * m, axis=-1) / np.where(total > 0, total, 1.0)
            step = (np.log(total) + top[..., 0] - math.log(math.pi)) / np.where(slope > 0, slope, 1.0)
            log_r = log_r - np.where(some, step, 0.0)
        radius = np.where(some, np.exp(log_r), math.inf)
    return refuse_overflow("ranges", np.max(d, axis=-1), radius)


def safe_radius_quadratic(spread: Any, curvature: Any) -> np.ndarray:
    """2 pi/(D + sqrt(D^2 + 4 pi C)): no zero inside if |z_j(t) - z_k(t) - (d_jk + a_jk t)| <= C |t|^2 on the disc.

    ``spread`` is D = max |a_jk|, ``curvature`` is C; both >= 0, broadcast; at least pi/D (1 - pi C/D^2).  The logits
    must be analytic on the COMPLEX disc and C must hold there, which real second derivatives do not give.
    Source: derived here; proved.
    """
    d, c = np.broadcast_arrays(Domain(0).check("spread", spread), Domain(0).check("curvature", curvature))
    with quiet():
        # half of each, so that no sum overflows
        below = d / 2 + np.hypot(d / 2, math.sqrt(math.pi) * np.sqrt(c))
        radius = np.where((d > 0) | (c > 0), math.pi / below, math.inf)
    return refuse_overflow("spread", np.maximum(d, c), radius)


def radius_two_classes_quadratic(margin: Any, slope: Any, curvature: Any) -> np.ndarray:
    """The exact radius for two classes whose logit difference is delta + a t + k t^2, broadcast.

    The nearest root of k t^2 + a t + delta = i pi n over the odd integers n; real, finite arguments.  The roots lie on
    a hyperbola, on whose nearer branch |t| falls up to pi n = |a| sqrt(k delta - 3 a^2/16)/(2 |k|) and rises from there
    (from the vertex on, if the root is not real): the nearest one is next to that n, which need not be 1.
    inf where a = k = 0; InputError where the radius exceeds every float.  Source: derived here.
    """
    real = Domain()
    d, a, k = np.broadcast_arrays(*(real.check(n, v) for n, v in
                                    (("margin", margin), ("slope", slope), ("curvature", curvature))))  # fmt: skip
    size, steepest = np.maximum(np.abs(d), math.pi), np.maximum(np.abs(a), np.abs(k))
    with quiet():
        # over size, and with t in a unit in which the larger of a and k is 1
        unit = np.minimum(size / np.abs(a), np.sqrt(size) / np.sqrt(np.abs(k)))
        d, a, k = d / size, a * (unit / size), (k * unit) * (unit / size)
        square = k * d - 3 / 16 * a**2
        turn = np.where(square > 0, np.abs(a) * np.sqrt(square) / (2 * np.abs(k)), 0.0)
        lower = np.maximum(1.0, 2 * np.floor((turn * (size / math.pi) - 1) / 2) + 1)
        best = np.full(d.shape, math.inf)
        for n in (lower, lower + 2):
            constant = d - 1j * (n / (size / math.pi))
            root = np.sqrt(a**2 - 4 * k * constant)
            # the smaller root without cancellation: 2 c over the larger of -a +- sqrt(a^2 - 4 k c)
            below = np.maximum(np.abs(-a + root), np.abs(-a - root))
            best = np.minimum(best, np.abs(2 * constant) / below)
        radius = np.where(np.isfinite(unit), unit * best, math.inf)
    return refuse_overflow("slope", steepest, radius)
