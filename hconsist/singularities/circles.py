"""How many zeros F has in a half-disc |x| < R, Im x > 0, certified, for many rows at once.

F is real and positive on the real axis, so the change of its argument along the half-circle from R to -R is 2 pi times
the number of zeros above the axis.  It is read off a polygon: on an edge of length d between nodes the graph of F stays
within (d^2/8) max F''(Re x) of the chord, because |F''(x)| <= F''(Re x) and that is convex in Re x; if 0 is further
from the chord than this plus what rounding may do, the polygon F(x_0) F(x_1) ... winds as F does.  The zeros counted
are those inside the polygon of the nodes, hence all with |x| < R cos(half a step), and none beyond R.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from hconsist.singularities.moments import TERMS, row_blocks

__all__ = ["Circle", "chord_distance2", "circle", "count", "crossings", "rounding"]

_EPS = 2.0**-53


@dataclass(frozen=True)
class Circle:
    """Nodes of a half-circle and the matrices that evaluate Taylor coefficients there."""

    radius: float
    angles: np.ndarray
    real: np.ndarray
    imag: np.ndarray
    second: np.ndarray

    @property
    def terms(self) -> int:
        """Taylor coefficients used: the others are below rounding on this circle."""
        return self.real.shape[0]

    @property
    def polygon(self) -> float:
        """The least modulus on the polygon of the nodes: zeros below it are counted for sure."""
        return self.radius * math.cos(self.angles[1] / 2)


@lru_cache(maxsize=64)
def circle(radius: float, edges: int) -> Circle:
    """The half-circle of this radius with so many edges; only the terms of size above rounding are used."""
    angles = np.linspace(0.0, math.pi, edges + 1)
    n = np.arange(_terms(radius))[:, None]
    scale = float(radius) ** n
    curvature = np.zeros((n.size, angles.size))
    u = radius * np.cos(angles)
    curvature[2:] = n[2:] * (n[2:] - 1) * u[None, :] ** (n[2:] - 2)
    return Circle(radius, angles, scale * np.cos(n * angles), scale * np.sin(n * angles), curvature)


def _terms(radius: float) -> int:
    """Enough Taylor terms for the tail to vanish against the rounding of the rest."""
    n = 2
    while n < TERMS and n * math.log(radius) - math.lgamma(n + 1) > math.log(1e-19):
        n += 1
    return min(TERMS, n + 2)


def rounding(classes: int) -> float:
    """What sums of K terms, powers, weights and the polynomial may lose to rounding, relative to E e^(|b| R)."""
    return (128 + classes) * _EPS


def count(f: np.ndarray, at: Circle, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """``(zeros in the half-disc, certified)`` for Taylor coefficients ``(m, TERMS)``."""
    zeros, certified = np.empty(f.shape[0], dtype=int), np.empty(f.shape[0], dtype=bool)
    step = 2 * at.radius * math.sin(at.angles[1] / 2)
    for rows in row_blocks(f.shape[0], 10 * at.angles.size, 1 << 20):
        g = f[rows, : at.terms]
        re, im = g @ at.real, g @ at.imag
        im[:, 0] = im[:, -1] = 0.0
        # both ends carry E e^(bR), E e^(-bR): their sum is above E e^(|b| R)
        slack = rounding(classes) * (re[:, :1] + re[:, -1:])
        second = g @ at.second
        off = step**2 / 8 * np.maximum(second[:, :-1], second[:, 1:]) + (1 + step**2) * slack
        distance2 = chord_distance2(re[:, :-1], im[:, :-1], re[:, 1:], im[:, 1:])
        certified[rows] = np.all(distance2 > off**2, axis=1)
        zeros[rows] = crossings(re, im)
    return zeros, certified


def chord_distance2(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Squared distance from 0 to the segment from a + ib to c + id."""
    x, y = c - a, d - b
    length2 = x * x + y * y
    along = -(a * x + b * y)
    beside = (along > 0) & (along < length2)
    area = a * d - b * c
    corner = np.minimum(a * a + b * b, c * c + d * d)
    return np.where(beside, area * area / np.where(length2 > 0, length2, 1.0), corner)


def crossings(re: np.ndarray, im: np.ndarray) -> np.ndarray:
    """Turns of a polygon about 0 as signed crossings of the negative real axis, both ends on the positive one."""
    below = im < 0
    area = re[..., :-1] * im[..., 1:] - re[..., 1:] * im[..., :-1]
    down = ~below[..., :-1] & below[..., 1:] & (area > 0)
    up = below[..., :-1] & ~below[..., 1:] & (area < 0)
    return np.sum(down, axis=-1) - np.sum(up, axis=-1)
