"""A row of logits and slopes as weights on [-1, 1]: what the bounds and the exact radius are computed from.

Along the line theta + t v the logits are z_j + t a_j, and the loss is analytic up to the nearest zero of

    F(t) = sum_j exp(z_j + a_j t).

The zeros do not change when a constant is added to all logits or to all slopes, and t a_j is what matters, so with
p = softmax(z), D the spread of the slopes over the classes with p_j > 0, and b_j = (2 a_j - max - min)/D in [-1, 1],

    F(x) = sum_j p_j exp(b_j x),    t = 2 x/D.

Differences are taken before anything is scaled: a difference of two floats is rounded once, however large a common
offset is.  Slopes much closer than D, where a class of tiny weight sets D, are told apart about the most probable one:
d_j = 2 (a_j - a_top)/D, right to its last digits, and F(x) exp(-b_top x) = sum_j p_j exp(d_j x) has the same zeros.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from array_api_compat import array_namespace, is_array_api_obj

from hconsist.domains import InputError

__all__ = ["Spread", "place", "quiet", "refuse_overflow", "refuse_rounding", "spread"]


def quiet() -> Any:
    """Weights that underflow to 0 and bounds that are infinite are the documented results of these kernels."""
    return np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore")


@dataclass(frozen=True)
class Spread:
    """Rows in normal form; ``(..., K)`` arrays ``b``, ``d``, ``log_p``, ``p`` and ``(...)`` arrays ``D``, ``grow``.

    ``d`` is 0 exactly where the slope is that of the most probable class (the largest, if several are).
    Classes of weight 0 have log_p = -inf, p = 0 and b = d = 0.  Where all slopes agree, D = 0 and b = d = 0.
    ``grow`` is 1, or 1/4 where the slopes were divided by 4 because their spread might overflow.  ``first`` is the
    number of the first row in the caller's batch, for messages.
    """

    b: Any
    d: Any
    log_p: Any
    p: Any
    D: Any
    grow: Any
    xp: Any
    first: int = 0

    def __getitem__(self, rows: Any) -> Spread:
        """These rows; for numpy arrays ``(m, K)``."""
        return self._of(lambda part: part[rows])

    def where(self, chosen: np.ndarray) -> Spread:
        """The rows of a mask ``(m,)``, without a copy if it is all of them."""
        return self if bool(np.all(chosen)) else self[np.flatnonzero(chosen)]

    def replaced(self, rows: np.ndarray, others: Spread) -> Spread:
        """A copy with ``others`` in place of the rows of these numbers; for numpy arrays ``(m, K)``."""
        out = self._of(np.copy)
        for name in ("b", "d", "log_p", "p", "D", "grow"):
            getattr(out, name)[rows] = getattr(others, name)
        return out

    def flat(self) -> Spread:
        """The rows in one axis."""
        return self._of(lambda part: self.xp.reshape(part, (-1, *part.shape[self.D.ndim :])))

    def _of(self, change: Callable[[Any], Any]) -> Spread:
        b, d, log_p, p, D, grow = map(change, (self.b, self.d, self.log_p, self.p, self.D, self.grow))
        return Spread(b, d, log_p, p, D, grow, self.xp)

    def unscaled(self, x: Any, beyond: float | None = None) -> Any:
        """t = 2 x/D, infinite where D = 0; ``beyond``, or InputError, where a finite x leaves the range of the floats.

        A lower bound that exceeds every float may be lowered to the largest one, an upper bound raised to inf.
        """
        xp = self.xp
        with quiet():
            t = xp.where(self.D > 0, 2 * x / xp.where(self.D > 0, self.D, 1) * self.grow, math.inf)
        lost = (self.D > 0) & xp.isfinite(x) & ~xp.isfinite(t)
        if beyond is not None:
            return xp.where(lost, beyond, t)
        self.refuse(lost)
        return t

    def refuse(self, lost: Any) -> None:
        """InputError for the first row whose radius is lost, because it exceeds every float."""
        if bool(self.xp.any(lost)):
            row = _first(lost, self.xp)
            column = int(np.argmax(np.asarray(self.b)[row]))
            domain = f"0 apart or further apart {place((*row, column), self.first)} (their radius exceeds every float)"
            raise InputError("slopes", domain, float(np.asarray(self.D)[row]))


def spread(logits: Any, slopes: Any, first: int = 0) -> Spread:
    """Checked rows in normal form.

    Parameters
    ----------
    logits : (..., K) real array, K >= 1; -inf means probability 0, and such a class is dropped.
    slopes : array of the same shape, finite: derivatives of the logits along the direction.
    first : number of the first row, for messages.

    Raises
    ------
    InputError
        naming row and column of a NaN, of +inf, or of logits too far apart for their difference to be a float.
    """
    z, xp = _rows("logits", logits)
    a, other = _rows("slopes", slopes)
    if tuple(z.shape) != tuple(a.shape):
        raise InputError("slopes", f"of shape {tuple(z.shape)}, as the logits", tuple(a.shape))
    if other is not xp:
        raise InputError("slopes", "an array of the same library as the logits", slopes)
    if z.dtype != a.dtype:
        kind = xp.result_type(z.dtype, a.dtype)
        z, a = xp.astype(z, kind), xp.astype(a, kind)
    _refuse("logits", "a number below inf", z, xp.isnan(z) | (z == math.inf), xp, first)
    _refuse("slopes", "a finite number", a, ~xp.isfinite(a), xp, first)
    kept = z > -math.inf
    some = xp.any(kept, axis=-1)
    if not bool(xp.all(some)):
        where = place((*_first(~some, xp), 0), first).rpartition(", column")[0]
        raise InputError("logits", f"finite in at least one column {where}".rstrip(), -math.inf)
    with quiet():
        top = xp.max(z, axis=-1, keepdims=True)
        margin = z - top
        _refuse("logits", "within the largest float of the top logit", z, kept & (margin == -math.inf), xp, first)
        log_p = margin - xp.log(xp.sum(xp.exp(margin), axis=-1, keepdims=True))
        huge = xp.max(xp.abs(a), axis=-1, keepdims=True) > float(xp.finfo(a.dtype).max) / 4
        a = xp.where(huge, a / 4, a)
        low = xp.min(xp.where(kept, a, math.inf), axis=-1, keepdims=True)
        high = xp.max(xp.where(kept, a, -math.inf), axis=-1, keepdims=True)
        D = high - low
        apart = kept & (D > 0)
        scale = xp.where(D > 0, D, 1.0)
        own = xp.max(xp.where(margin == 0, a, -math.inf), axis=-1, keepdims=True)
        d = xp.where(apart, 2 * (a - own) / scale, 0.0)
        b = xp.where(apart, d + (2 * ((own - low) / scale) - 1), 0.0)
        grow = xp.where(huge, xp.full_like(D, 0.25), xp.ones_like(D))
    return Spread(b, d, log_p, xp.exp(log_p), D[..., 0], grow[..., 0], xp, first)


def place(index: tuple[int, ...], first: int = 0) -> str:
    """Where in the batch, in words: the last entry is the column, those before it are the row."""
    *row, column = index
    if not row:
        return f"at column {column}"
    row[0] += first
    return f"at row {row[0] if len(row) == 1 else tuple(row)}, column {column}"


def refuse_rounding(argument: str, array: Any) -> None:
    """InputError for a numpy array with integers or long doubles that are no float64, or with a mask."""
    if isinstance(array, np.ma.MaskedArray):
        raise InputError(argument, "an array without a mask (a logit of -inf drops a class)", "a masked array")
    if array.dtype.kind in "iu":
        large = np.argwhere((array > 2**53) | (array < -(2**53)))
        lost = [i for i in map(tuple, large) if int(float(array[i])) != int(array[i])]
    elif array.dtype.kind == "f" and array.dtype.itemsize > 8:
        with quiet():
            lost = list(map(tuple, np.argwhere((array.astype(np.float64) != array) & ~np.isnan(array))))
    else:
        return
    if lost:
        raise InputError(argument, f"exact in float64 {place(tuple(map(int, lost[0])))}", array[lost[0]])


def refuse_overflow(argument: str, value: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """``radius``, or InputError where it is infinite although ``value`` is not 0, naming the first such value."""
    value, lost = np.asarray(value), np.isinf(radius) & (value != 0)
    if np.any(lost):
        raise InputError(argument, "0 or further from it (the radius exceeds every float)", float(value[lost][0]))
    return radius


def _first(wrong: Any, xp: Any) -> tuple[int, ...]:
    flat = np.flatnonzero(np.asarray(xp.reshape(wrong, (-1,))))
    return tuple(int(i) for i in np.unravel_index(flat[0], tuple(wrong.shape)))


def _refuse(argument: str, domain: str, array: Any, wrong: Any, xp: Any, first: int) -> None:
    if bool(xp.any(wrong)):
        index = _first(wrong, xp)
        raise InputError(argument, f"{domain} {place(index, first)}", float(array[index]))


def _rows(argument: str, value: Any) -> tuple[Any, Any]:
    array = value
    if not is_array_api_obj(value) or np.isscalar(value):
        try:
            array = np.asarray(value)
        except ValueError:
            raise InputError(argument, "a rectangular array of real numbers", value) from None
    if isinstance(array, np.ndarray):
        if array.dtype.kind not in "fiu":
            raise InputError(argument, "an array of real numbers", value)
        refuse_rounding(argument, array)
    xp = array_namespace(array)
    if xp.isdtype(array.dtype, "integral"):
        array = xp.astype(array, xp.float64)
    if not xp.isdtype(array.dtype, "real floating"):
        raise InputError(argument, "an array of real numbers", value)
    if array.ndim == 0 or array.shape[-1] == 0:
        raise InputError(argument, "an array whose last axis holds K >= 1 classes", tuple(array.shape))
    return array, xp
