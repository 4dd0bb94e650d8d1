"""Proof in ball arithmetic that a zero is the nearest one, for the floats given, converted exactly.

Existence and uniqueness: the interval Newton operator m - G(m)/G'(B) maps a box B into its interior.  None nearer: the
winding number of G about 0 along a polygon with nodes on a circle |x| = R is the number of zeros proved inside it.
Node values and second derivatives are balls; the chord test on their midpoints carries the radii and a relative 1e-9
for its own rounding.  Where the most probable slope outweighs the rest on a strip (checked in balls at both ends: the
sum is convex), the polygon crosses it by one segment on which Re G > 0.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from flint import acb, arb

from hconsist.definitions import precision
from hconsist.singularities.circles import chord_distance2
from hconsist.singularities.paths import refined
from hconsist.singularities.rectangles import Row, row_of
from hconsist.singularities.spreads import Spread

__all__ = ["Balls", "Polygon", "Proof", "balls_of", "count_in_balls", "prove"]

_BITS = 80
_SAFE = 1 + 1e-9
_WIDER = tuple(3 * 10.0**-k for k in range(2, 13))
"""How much further than the zero the circles tried reach, relatively."""
_HEIGHT = 12.0


@dataclass(frozen=True)
class Proof:
    """The nearest zero t, and floats lower <= |t| <= upper."""

    zero: complex
    lower: float
    upper: float


@dataclass(frozen=True)
class Polygon:
    """Nodes on a half-circle, counter-clockwise, in two arcs; between them lies a strip without zeros."""

    radius: float
    right: np.ndarray
    left: np.ndarray

    @property
    def within(self) -> float:
        """Zeros with smaller modulus are inside."""
        half = max(float(np.max(np.abs(np.diff(arc)), initial=0.0)) / 2 for arc in (self.right, self.left))
        return math.sqrt((self.radius - half) * (self.radius + half)) * (1 - 1e-12)

    def holds(self, x: complex) -> bool:
        """Whether a zero is inside: to the left of every edge, by more than rounding (on an edge there is no zero)."""
        arcs = (self.right, self.left)
        sides = [(np.diff(arc) * np.conj(x - arc[:-1])).imag < 0 for arc in arcs if len(arc) > 1]
        return all(bool(np.all(side)) for side in sides)


@dataclass(frozen=True)
class Balls:
    """G(x) = sum_j exp(l_j + c_j x) for one row: exact differences of the logits and slopes given, t = 2 x/D.

    D is the spread of the classes that are in ``guide``, the sum is over all.
    """

    l: list[arb]  # noqa: E741
    c: list[arb]
    spread: arb
    top: list[bool]
    guide: list[bool]

    def terms(self, x: acb, scale: float) -> list[acb]:
        return [(acb(u - scale) + v * x).exp() for u, v in zip(self.l, self.c, strict=True)]

    def newton(self, x: complex | acb, radius: float) -> acb | None:
        """A box about x that holds exactly one zero, or None."""
        centre = acb(x)
        box = acb(arb(centre.real.mid(), radius), arb(centre.imag.mid(), radius))
        for first in (True, False):
            scale = max(float((u + v * box.real).mid()) for u, v in zip(self.l, self.c, strict=True))
            middle = acb(box.real.mid(), box.imag.mid())
            slope = sum((v * e for v, e in zip(self.c, self.terms(box, scale), strict=True)), acb(0))
            if slope.contains(acb(0)):
                return None
            image = middle - sum(self.terms(middle, scale), acb(0)) / slope
            if first and not box.contains_interior(image):
                return None  # the second image is that of a box with exactly one zero, and holds it
            box = image
        return box

    def proof(self, first: acb, inside: list[acb]) -> Proof:
        """The zero ``first``, and the least modulus of the zeros ``inside``, which may tie with it."""
        modulus = abs(first)
        for other in inside:
            modulus = modulus if other.overlaps(first) else modulus.min(abs(other))
        t, size = first * 2 / self.spread, modulus * 2 / self.spread
        return Proof(
            complex(float(t.real.mid()), float(t.imag.mid())),
            math.nextafter(float(size.lower()), 0.0),
            math.nextafter(float(size.upper()), math.inf),
        )

    def dominated(self, u: float) -> bool:
        """Whether the classes at the top slope outweigh the others at Re x = u."""
        terms = [((a + v * arb(u)).exp(), t) for a, v, t in zip(self.l, self.c, self.top, strict=True)]
        return bool(sum((e for e, t in terms if t), arb(0)) > sum((e for e, t in terms if not t), arb(0)))


def prove(logits: np.ndarray, slopes: np.ndarray, rows: Spread, index: int, x: complex) -> Proof | None:
    """The nearest zero of row ``index``, close to x in the normal form; None if some step does not go through.

    ``logits``, ``slopes`` are the float64 arrays ``(m, K)`` behind the normal form ``rows``, in which classes of tiny
    weight may be left out: the row there is a guide, not part of the proof.
    """
    row = row_of(rows.log_p[index], rows.d[index])
    with precision(_BITS):
        balls = balls_of(logits[index], slopes[index], rows.log_p[index], rows.d[index])
        first = balls.newton(x, 1e-9 * max(1.0, abs(x)))
        if first is None:
            return None
        for part in _WIDER:
            radius = abs(x) * (1 + part)
            if abs(x) * math.sqrt(2 * part) > _HEIGHT:  # many zeros above each other fit in so wide a cap
                continue
            counted = count_in_balls(balls, row, radius, abs(x))
            if counted is None or not abs(first) < arb(counted[1].within):
                continue
            number, polygon = counted
            inside = [first] if number == 1 else _others(balls, row, polygon, number)
            if inside is not None and _is_first(first, inside):
                return balls.proof(first, inside)
    return None


def balls_of(z: np.ndarray, a: np.ndarray, log_p: np.ndarray, d: np.ndarray) -> Balls:
    """The row in balls, about the most probable class and on the scale of the normal form of its guide."""
    kept = np.isfinite(z)
    z, a, log_p, d = z[kept], a[kept], log_p[kept], d[kept]
    guide = log_p > -np.inf
    most = int(np.argmax(np.where(d == 0, log_p, -np.inf)))  # the one of several that the guide is about
    slopes = [arb(float(v)) for v in a]
    spread = arb(float(np.max(a[guide]))) - arb(float(np.min(a[guide])))
    return Balls(
        [arb(float(v)) - arb(float(z[most])) for v in z],
        [2 * (v - slopes[most]) / spread for v in slopes],
        spread,
        [bool(v) for v in a == a[most]],
        [bool(v) for v in guide],
    )


def _is_first(first: acb, inside: list[acb]) -> bool:
    """Whether the zero is among those inside, and none of the others is surely nearer."""
    return sum(v.overlaps(first) for v in inside) == 1 and not any(bool(abs(v) < abs(first)) for v in inside)


def _others(balls: Balls, row: Row, polygon: Polygon, number: int) -> list[acb] | None:
    """Boxes of as many distinct zeros inside the polygon as were counted, or None."""
    if number > 8 or (found := row.zeros(polygon.radius)) is None:
        return None
    inside = [v for v in found if polygon.holds(v.x)]
    if len(inside) != number:
        return None
    boxes = [balls.newton(v.x, 1e-9 * max(1.0, abs(v.x))) for v in inside]
    distinct = [b for b in boxes if b is not None]
    overlapping = any(u.overlaps(v) for i, u in enumerate(distinct) for v in distinct[:i])
    return None if len(distinct) < number or overlapping else distinct


def count_in_balls(balls: Balls, row: Row, radius: float, least: float) -> tuple[int, Polygon] | None:
    """Zeros inside a polygon with nodes on |x| = radius that holds the disc |x| < least, and the polygon."""
    right, left = (min(0.999 * float(u[0]), radius) for u in (row.shape.right, row.shape.left))
    strip = right > 0 or left > 0
    if strip and not (balls.dominated(right) and balls.dominated(-left)):
        return None
    ends = (0.0, math.acos(right / radius), math.pi - math.acos(left / radius), math.pi)
    pieces: list[tuple[np.ndarray, np.ndarray]] = []
    step = 1.8 * math.acos(least / radius)
    for start, end in ((ends[0], ends[1]), (ends[2], ends[3])):
        if end > start:
            cut = refined(row.shape, lambda t: _on_circle(radius, t), _steps(start, end, step), margin=1.2)
            if cut is None:
                return None
            pieces.append((cut[0], cut[1][4]))
        else:
            x = _on_circle(radius, np.array([start]))
            pieces.append((x, np.zeros(1)))
    total = arb(0)
    values: list[acb] = []
    for x, scale in pieces:
        node_values = _certified(balls, x, scale)
        if node_values is None:
            return None
        values += node_values
    joint = len(pieces[0][0])
    if strip and not (values[joint - 1].real > 0 and values[joint].real > 0):
        return None
    for v, w in itertools.pairwise(values):
        total += (w / v).log().imag
    number = (total / (2 * arb.pi())).unique_fmpz()
    if number is None:
        return None
    return int(number), Polygon(radius, pieces[0][0], pieces[1][0])


def _steps(start: float, end: float, step: float) -> np.ndarray:
    return np.linspace(start, end, max(7, math.ceil((end - start) / step) + 1))


def _on_circle(radius: float, angles: np.ndarray) -> np.ndarray:
    x = radius * np.exp(1j * angles)
    x.imag[(angles == 0) | (angles == math.pi)] = 0.0
    return x


def _certified(balls: Balls, x: np.ndarray, scale: np.ndarray) -> list[acb] | None:
    """Values at the nodes, if no edge between them can hold a zero."""
    values, second = [], []
    for point, shift in zip(x, scale, strict=True):
        terms = balls.terms(acb(float(point.real), float(point.imag)), float(shift))
        values.append(sum(terms, acb(0)))
        curvature = sum((v * v * abs(e) for v, e in zip(balls.c, terms, strict=True)), arb(0))
        second.append(float(curvature.upper()) * _SAFE)
    if len(values) == 1:
        return values
    middle = np.array([complex(float(v.real.mid()), float(v.imag.mid())) for v in values])
    slack = np.array([float(v.real.rad()) + float(v.imag.rad()) for v in values]) * _SAFE + 1e-15 * np.abs(middle)
    common = np.maximum(scale[:-1], scale[1:])
    first, last = np.exp(scale[:-1] - common), np.exp(scale[1:] - common)
    curved = np.array(second)
    off = np.abs(np.diff(x)) ** 2 / 8 * np.maximum(curved[:-1] * first, curved[1:] * last)
    off = (off + np.maximum(slack[:-1] * first, slack[1:] * last)) * _SAFE
    left, right = middle[:-1] * first, middle[1:] * last
    distance2 = chord_distance2(left.real, left.imag, right.real, right.imag)
    return values if bool(np.all(distance2 > off**2 * _SAFE)) else None
