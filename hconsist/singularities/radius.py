"""The exact radius of each row, with a certificate, and the first zeros of one row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.singularities.bounds import at_least, x_pi, x_sigma, x_top1
from hconsist.singularities.moments import row_blocks
from hconsist.singularities.rectangles import Found, row_of
from hconsist.singularities.result import Radii, Status
from hconsist.singularities.solving import solved
from hconsist.singularities.spreads import refuse_rounding, spread

__all__ = ["as_rows", "radii", "radius", "zeros"]

_ROWS = 1 << 13
_NUMBERS = 1 << 20
"""Rows, and numbers per array, worked on at a time."""


def radius(logits: Any, slopes: Any, *, certify: str = "float") -> Radii:
    """How far the Taylor series of the cross-entropy along a direction converges: the nearest complex zero of F.

    F(t) = sum_j exp(z_j + a_j t).  The radius does not depend on the label, on label smoothing or on soft targets,
    which add a linear term.

    Parameters
    ----------
    logits : (m, K) or (K,) real numbers; -inf means probability 0, and the class is dropped.
    slopes : the same shape, finite: derivatives of the logits along the direction.
    certify : "float" (argument principle with a chord test and the test of Kantorovich, both with a slack for rounding)
        or "ball" (interval Newton and winding number in ball arithmetic: a proof for the floats given, some
        milliseconds a row).  Rows on which floats fail are tried in balls of many bits either way.

    Returns
    -------
    Radii
        a radius, a zero, an error and a :class:`Status` for each row.

    Raises
    ------
    InputError
        naming row and column of bad numbers; for shapes that differ, for K = 0 and for no rows.

    Source: derived here; for K = 2, Sao 2026, Theorem 4.3 (text seen).
    """
    if certify not in ("float", "ball"):
        raise InputError("certify", "'float' or 'ball'", certify)
    return radii(*as_rows(logits, slopes), certify)


def radii(z: np.ndarray, a: np.ndarray, certify: str, first: int = 0) -> Radii:
    """:func:`radius` of checked arrays; ``first`` is the number of the first row, for messages."""
    m = z.shape[0]
    lower = {name: np.empty(m) for name in ("pi", "top1", "sigma")}
    distance, error = np.empty(m), np.empty(m)
    zero = np.empty(m, dtype=complex)
    status: list[Status] = []
    for part in row_blocks(m, max(z.shape[1], _NUMBERS // _ROWS), _NUMBERS):
        rows = spread(z[part], a[part], first=first + part.start)
        for name, bound in (("pi", x_pi), ("top1", x_top1), ("sigma", x_sigma)):
            lower[name][part] = at_least(rows, bound(rows))
        found = solved(z[part], a[part], rows, certify)
        rows.refuse(np.isinf(found.radius) & (rows.D > 0))
        distance[part], zero[part], error[part] = found.radius, found.zero, found.error
        status += found.status.tolist()
    return Radii(distance, zero, error, tuple(status), lower["pi"], lower["top1"], lower["sigma"], certify)


def zeros(logits: Any, slopes: Any, count: int = 1) -> list[Found]:
    """The first zeros of one row in the upper half-plane, nearest first, at least ``count`` with multiplicity.

    Each has ``x`` (the zero t), ``error`` and ``multiplicity``; their conjugates are zeros too.  The number of zeros
    with |t| < r is about D r/(2 pi) above the real axis.  Empty where all slopes agree.

    Raises
    ------
    InputError
        as :func:`radius`; for more than one row; for ``count`` outside [1, 100].
    ArithmeticError
        where the zeros could not be told apart with certainty.
    """
    k = int(Domain(1, 100, integer=True).check_scalar("count", count))
    z, a = as_rows(logits, slopes)
    if z.shape[0] != 1:
        raise InputError("logits", "one row", tuple(z.shape))
    rows = spread(z, a)
    if rows.D[0] == 0:
        return []
    row = row_of(rows.log_p[0], rows.d[0])
    reach = 1.05 * max(float(x_sigma(rows)[0]), math.hypot(min(float(row.shape.right[0]), float(row.shape.left[0])), 3))
    for _ in range(200):
        found = row.zeros(reach)
        if found is not None and sum(v.multiplicity for v in found) >= k:
            # a cluster or a pair of equal modulus is not cut in two
            scale = 2 / float(rows.D[0]) * float(rows.grow[0])
            total = 0
            out: list[Found] = []
            for v in found:
                if total >= k and abs(v.x) > abs(found[len(out) - 1].x) * (1 + 1e-9):
                    break
                out.append(Found(v.x * scale, v.error * scale, v.multiplicity))
                total += v.multiplicity
            return out
        low = min(float(row.shape.right[0]), float(row.shape.left[0]))
        height = math.sqrt(max(reach**2 - low**2, 9.0))
        reach = math.hypot(low, 1.13 * height)
    raise ArithmeticError("the zeros could not be told apart with certainty")


def as_rows(logits: Any, slopes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Float64 numpy arrays ``(m, K)`` with m, K >= 1; the numbers in them are checked by :func:`spread`."""
    arrays: list[np.ndarray] = []
    for name, value in (("logits", logits), ("slopes", slopes)):
        try:
            array = value if isinstance(value, np.ndarray) else np.asarray(value)
        except ValueError:
            array = np.asarray(None)
        if array.dtype.kind not in "fiu":
            raise InputError(name, "a rectangular array of real numbers", value)
        refuse_rounding(name, array)
        if array.ndim not in (1, 2) or array.shape[-1] == 0 or array.shape[0] == 0:
            raise InputError(name, "of shape (m, K) or (K,) with m, K >= 1", tuple(array.shape))
        arrays.append(np.atleast_2d(np.asarray(array, dtype=np.float64)))
    z, a = arrays
    if z.shape != a.shape:
        raise InputError("slopes", f"of shape {z.shape}, as the logits", a.shape)
    return z, a
