"""The zeros inside a circle from the power sums of F'/F (Delves and Lyness 1967, recalled).

s_k = sum over the zeros |x_i| < R of (x_i/R)^k = (1/2 pi i) times the integral of (x/R)^k F'/F dx.  The trapezoidal
rule on the half-circle (zeros come in conjugate pairs) converges geometrically; Newton's identities turn s_1, ...,
s_2N into the real polynomial of degree 2N with these zeros.  Starting points only: what is reported is polished and
certified.
"""

from __future__ import annotations

import numpy as np

from hconsist.singularities.circles import Circle

__all__ = ["zeros_inside"]


def zeros_inside(f: np.ndarray, at: Circle, pairs: int) -> np.ndarray:
    """``(m, pairs)`` approximate zeros in the upper half-disc, for rows f of Taylor coefficients with so many there."""
    g = f[:, : at.terms]
    n = np.arange(at.terms)
    values = g @ at.real + 1j * (g @ at.imag)
    slopes = (g * n) @ at.real + 1j * ((g * n) @ at.imag)  # x F'
    ratio = slopes / np.where(values == 0, 1.0, values)
    weights = np.full(at.angles.size, 1.0 / (at.angles.size - 1))
    weights[[0, -1]] /= 2
    k = np.arange(1, 2 * pairs + 1)
    turn = np.exp(1j * np.outer(at.angles, k)) * weights[:, None]
    sums = ratio.real @ turn.real - ratio.imag @ turn.imag
    return at.radius * _upper(_elementary(sums))


def _elementary(sums: np.ndarray) -> np.ndarray:
    """Coefficients 1, c_1, ..., c_d of the monic polynomial with these power sums: k c_k = -sum_i c_(k-i) s_i."""
    degree = sums.shape[1]
    c = np.zeros((sums.shape[0], degree + 1))
    c[:, 0] = 1.0
    for k in range(1, degree + 1):
        c[:, k] = -np.sum(c[:, k - 1 :: -1][:, :k] * sums[:, :k], axis=1) / k
    return c


def _upper(c: np.ndarray) -> np.ndarray:
    """The roots with the larger imaginary parts, half of them."""
    degree = c.shape[1] - 1
    if degree == 2:
        half = c[:, 1] / 2
        return (-half + 1j * np.sqrt(np.abs(half**2 - c[:, 2])))[:, None]
    companion = np.zeros((c.shape[0], degree, degree))
    companion[:, np.arange(1, degree), np.arange(degree - 1)] = 1.0
    companion[:, 0, :] = -c[:, 1:]
    roots = np.linalg.eigvals(companion)
    order = np.argsort(-roots.imag, axis=1)[:, : degree // 2]
    return np.take_along_axis(roots, order, axis=1)
