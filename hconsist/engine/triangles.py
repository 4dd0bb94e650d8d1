"""The whole transformation of three labels from below, proved: the laws cut into triangles, in ball arithmetic.

On a triangle of laws the forced risk C_2 lies above the affine function through its values at the corners (it is
concave), and H below <p, c> for the costs c of any scores.  So with

    f(v) = lower(C_2(v)) - <v, c>       at the corners v,   t(v) = v_1 - v_2,

each law p of the triangle has (t(p), C_2(p) - H(p)) on or above the convex hull of the three points (t(v), f(v)).  The
lower hull of the points of all triangles, and of (0, 0), therefore lies below T** on all of [0, 1], not only at chosen
t; the lower hull of the points (t(v), regret(v)) lies above it.  Triangles are cut where the two are apart.  The bounds
at one law are those of :mod:`hconsist.engine.enclosed`.  Derived here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from flint import arb

from hconsist.definitions import precision
from hconsist.domains import Domain
from hconsist.engine.enclosed import BITS, POSITIVE
from hconsist.engine.hulls import lower_hull
from hconsist.engine.oracles import Law, Oracle, mean, oracle
from hconsist.losses import Loss

__all__ = ["Strip", "enclose_curve"]

THIRD, HALF, ZERO, ONE = Fraction(1, 3), Fraction(1, 2), Fraction(0), Fraction(1)
_TOP, _TIE_2 = (ONE, ZERO, ZERO), (HALF, HALF, ZERO)
_TIE_3, _CENTRE = (HALF, ZERO, HALF), (THIRD, THIRD, THIRD)
START = ((_TOP, _TIE_2, _CENTRE), (_TOP, _CENTRE, _TIE_3))
"""The laws of three labels of which the first is most probable."""
Triangle = tuple[Law, ...]
_LEAST = Domain(0, 1, lower_open=True, upper_open=True)


@dataclass(frozen=True)
class Strip:
    """Two convex polygons with ``lower(t) <= T**(t) <= upper(t)``, each by its corners ``(t, value)``."""

    lower: tuple[np.ndarray, np.ndarray]
    upper: tuple[np.ndarray, np.ndarray]
    triangles: int
    closed: bool
    assumptions: tuple[str, ...]


def enclose_curve(loss: Loss, *, tolerance: float = 0.01, least: float = 0.01, seconds: float = 10.0) -> Strip:
    """Enclose T** for three labels and a complete hypothesis set, on all of [0, 1].

    Parameters
    ----------
    loss : as for :func:`hconsist.engine.enclosed.enclose`.
    tolerance : stop once every point that counts lies within tolerance x T** of the upper polygon.
    least : below this t the width may be tolerance x T**(least).
    seconds : stop after so long; the polygons are proved all the same.

    Raises
    ------
    UnsupportedError, InputError
        as :func:`hconsist.engine.enclosed.enclose`; ``least`` lies in (0, 1).
    """
    goal = float(POSITIVE.check_scalar("tolerance", tolerance))
    limit = float(POSITIVE.check_scalar("seconds", seconds))
    start = float(_LEAST.check_scalar("least", least))
    with precision(BITS):
        return _Cut(oracle(loss)).run(goal, start, limit)


@dataclass
class _Cut:
    """The triangles so far, with their three points, and what is known at the corners."""

    bounds: Oracle
    forced: dict[Law, arb] = field(default_factory=dict)
    regrets: dict[Law, float] = field(default_factory=dict)
    points: dict[Triangle, list[tuple[float, float]]] = field(default_factory=dict)

    def run(self, goal: float, least: float, limit: float) -> Strip:
        """Halve every triangle with a point too far below the upper polygon, until there is none."""
        started = time.perf_counter()
        pending: list[Triangle] = list(START)
        while True:
            for triangle in pending:
                self.points[triangle] = self.corners(triangle)
            t, regrets = zip(*((float(v[0] - v[1]), regret) for v, regret in self.regrets.items()))
            upper = lower_hull(np.array([0.0, *t]), np.array([0.0, *regrets]))
            pending = self.loose(upper, goal, least)
            if not pending or time.perf_counter() - started > limit:
                break
            for triangle in pending:
                del self.points[triangle]
            pending = [half for triangle in pending for half in self.halves(triangle)]
        t, values = np.array([point for three in self.points.values() for point in three]).T
        return Strip(
            _positive_part(*lower_hull(t, values)), upper, len(self.points), not pending, self.bounds.assumptions
        )

    def corners(self, triangle: Triangle) -> list[tuple[float, float]]:
        """(t, f) at the three corners, rounded down."""
        centroid = tuple(sum(coordinate, ZERO) / 3 for coordinate in zip(*triangle))
        costs = self.bounds.costs(centroid)
        for corner in triangle:
            if corner not in self.forced:
                self.forced[corner] = self.bounds.least_forced(corner)
                self.regrets[corner] = float(self.bounds.regret(corner).upper())
        below = [float((self.forced[v] - mean(v, costs)).lower()) for v in triangle]
        return [(float(v[0] - v[1]), f) for v, f in zip(triangle, below)]

    def halves(self, triangle: Triangle) -> tuple[Triangle, Triangle]:
        """Cut at the middle of the side along which the entropy bends most: next to a vanishing label, across."""
        sides = [triangle[k:] + triangle[:k] for k in range(3)]
        middles = [_middle(a, b) for a, b, _ in sides]
        laws = np.array([[[float(q) for q in v] for v in (*side[:2], m)] for side, m in zip(sides, middles)])
        first, second, between = self.bounds.loss.entropy(laws).T
        k = int(np.argmax(between - (first + second) / 2))
        (a, b, c), middle = sides[k], middles[k]
        return (a, middle, c), (middle, b, c)

    def loose(self, upper: tuple[np.ndarray, np.ndarray], goal: float, least: float) -> list[Triangle]:
        """The triangles with a point more than the tolerance below the upper polygon."""
        triangles = list(self.points)
        t, values = np.array([self.points[triangle] for triangle in triangles]).transpose(2, 0, 1)
        wanted = np.interp(t, *upper) - goal * np.interp(np.maximum(t, least), *upper)
        return [triangles[k] for k in np.flatnonzero(np.any(values < wanted, axis=1))]


def _positive_part(t: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """max(0, polygon): no regret is negative, and at t = 0 none is positive."""
    k = int(np.argmax(values > 0))
    (t0, t1), (v0, v1) = t[k - 1 : k + 1], values[k - 1 : k + 1]
    start = t0 - v0 * (t1 - t0) / (v1 - v0)
    return np.array([0.0, start, *t[k:]]), np.array([0.0, 0.0, *values[k:]])


def _middle(v: Law, w: Law) -> Law:
    return tuple((x + y) / 2 for x, y in zip(v, w))
