"""Taylor coefficients of F about 0 for many rows at once: after them the number of classes costs nothing.

F(x) = sum_n f_n x^n, f_n = sum_j p_j b_j^n/n!.  The powers are split as n = q m + r: a product of two small matrices
per row gives all moments from 2 sqrt(N) powers instead of N.
"""

from __future__ import annotations

import math

import numpy as np

__all__ = ["REACH", "TERMS", "row_blocks", "taylor"]

_STEP = 9
TERMS = 81
"""Coefficients kept."""
REACH = 14.0
"""|x| up to which they are used: the first one dropped is below 14^81/81! = 2e-28, against |F| >= 1e-13 or so."""
_FACTORIALS = np.array([float(math.factorial(n)) for n in range(TERMS)])


def taylor(p: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``(m, TERMS)`` coefficients for ``(m, K)`` weights p and slopes b in [-1, 1]; absolute error about eps/n!."""
    m, k = b.shape
    f = np.empty((m, TERMS))
    for rows in row_blocks(m, 2 * _STEP * k):
        x = b[rows]
        small = np.empty((x.shape[0], _STEP, k))
        large = np.empty_like(small)
        small[:, 0] = 1.0
        for n in range(1, _STEP):
            np.multiply(small[:, n - 1], x, out=small[:, n])
        step = small[:, -1] * x
        large[:, 0] = p[rows]
        for n in range(1, _STEP):
            np.multiply(large[:, n - 1], step, out=large[:, n])
        f[rows] = np.matmul(large, small.swapaxes(1, 2)).reshape(-1, TERMS)
    f /= _FACTORIALS
    return f


def row_blocks(rows: int, per_row: int, budget: int = 1 << 19) -> list[slice]:
    """Consecutive slices of rows whose working arrays, ``per_row`` floats each, fit in a cache-sized budget."""
    size = max(1, budget // max(1, per_row))
    return [slice(start, min(rows, start + size)) for start in range(0, rows, size)]
