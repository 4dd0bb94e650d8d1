"""Three labels: the laws at which best scores predict a wrong label, law by law and as polygons, in fractions.

A cell is a set of laws that share best scores: a polygon of the simplex with rational vertices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from hconsist.calibration.polyhedral import Polyhedral, Vector, polyhedral
from hconsist.calibration.theorems import Theorem, theorem
from hconsist.calibration.witnesses import label_weights
from hconsist.domains import InputError, UnsupportedError
from hconsist.losses import Loss, MaxLoss

__all__ = ["Cell", "cells", "failure_cells", "worst_gap"]

ZERO, ONE = Fraction(0), Fraction(1)
_SIMPLEX = tuple(tuple(Fraction(int(i == k)) for i in range(3)) for k in range(3))


@dataclass(frozen=True)
class Cell:
    """The laws for which the same scores are best: its corners in order, and the labels that those scores may predict.

    ``scores`` are those scores; empty where only the order of the best scores is the same for all laws of the cell.
    """

    corners: tuple[Vector, ...]
    predicted: frozenset[int]
    scores: Vector = ()


@dataclass(frozen=True)
class _Part:
    """The laws with a . p <= 0 for all rows a, whose best scores may predict these labels."""

    rows: tuple[Vector, ...]
    predicted: frozenset[int]
    scores: Vector = ()


def cells(loss: Loss) -> tuple[Cell, ...]:
    """The cells of positive area; together they cover the simplex.

    For piecewise linear convex losses, max losses of a convex Phi with Phi'(0) < 0, class weights, and logit adjustment
    of whole strength.  UnsupportedError for other losses, of which no cells are known.
    """
    found = [Cell(_clip(_SIMPLEX, part.rows), part.predicted, part.scores) for part in _parts(loss)]
    return tuple(cell for cell in found if len(cell.corners) > 2)


def failure_cells(loss: Loss) -> tuple[Cell, ...]:
    """The cells, or parts of cells, at whose inner laws a label other than the most probable one may be predicted."""
    found: list[Cell] = []
    for cell in cells(loss):
        if len(cell.predicted) > 1:  # tied, and so wrong wherever one of them is not the most probable label
            found.append(cell)
            continue
        for top in range(3):
            if top not in cell.predicted:
                part = _clip(cell.corners, [_unit(k, top) for k in range(3) if k != top])
                if len(part) > 2:
                    found.append(Cell(part, cell.predicted, cell.scores))
    return tuple(found)


def worst_gap(loss: Loss, law: Sequence[Fraction]) -> Fraction:
    """The largest zero-one regret of any best scores at this law, exact: 0 where all of them predict rightly.

    InputError for a law that is none of three labels.
    """
    law = tuple(map(Fraction, law))
    if len(law) != 3 or min(law) < 0 or sum(law) != 1:
        raise InputError("law", "three fractions >= 0 of sum 1", law)
    parts = [part for part in _parts(loss) if all(_dot(row, law) <= 0 for row in part.rows)]
    return max(max(law) - min(law[k] for k in part.predicted) for part in parts)


def _parts(loss: Loss) -> list[_Part]:
    exact = polyhedral(loss, 3)
    if exact is not None:
        return _polyhedral(exact)
    if isinstance(loss, MaxLoss):
        known = theorem(loss, 3)
        if isinstance(known, Theorem) and known.witness is not None:
            return _half()
    weights = label_weights(loss)
    if weights is not None and len(weights[0]) == 3 and weights[1].denominator == 1:
        return _weighted(tuple(w ** int(weights[1]) for w in weights[0]))
    raise UnsupportedError("loss", "one whose best scores are known exactly for every law of three labels", loss.name)


def _polyhedral(loss: Polyhedral) -> list[_Part]:
    """A vertex is best where no other vertex costs less."""
    points = sorted({p for h in loss.vertices for p in permutations(h)})
    costs = [loss.costs(h) for h in points]
    found = []
    for h, own in zip(points, costs):
        rows = tuple(tuple(a - b for a, b in zip(own, other)) for other in costs if other != own)
        found.append(_Part(rows, frozenset(k for k in range(3) if h[k] == max(h)), h))
    return found


def _half() -> list[_Part]:
    """Equal scores up to max p = 1/2 (derivation ``calibration``), else the most probable label."""
    half = [tuple(ONE if k == y else -ONE for k in range(3)) for y in range(3)]  # p_y <= 1/2
    above = [_Part((tuple(-x for x in half[y]),), frozenset({y})) for y in range(3)]
    return [_Part(tuple(half), frozenset(range(3)), (ZERO,) * 3), *above]


def _weighted(weights: Vector) -> list[_Part]:
    """Label y is predicted where w_y p_y is largest."""

    def row(k: int, y: int) -> Vector:
        """w_k p_k - w_y p_y."""
        return tuple(weights[k] * int(i == k) - weights[y] * int(i == y) for i in range(3))

    return [_Part(tuple(row(k, y) for k in range(3) if k != y), frozenset({y})) for y in range(3)]


def _clip(corners: Sequence[Vector], rows: Sequence[Vector]) -> tuple[Vector, ...]:
    """The part of a convex polygon with a . p <= 0 for all rows, corners in order and each once."""
    polygon = list(corners)
    for row in rows:
        kept: list[Vector] = []
        for first, second in zip(polygon, polygon[1:] + polygon[:1]):
            a, b = _dot(row, first), _dot(row, second)
            if a <= 0:
                kept.append(first)
            if a * b < 0:
                share = a / (a - b)
                kept.append(tuple(x + share * (y - x) for x, y in zip(first, second)))
        polygon = list(dict.fromkeys(kept))
    return tuple(polygon)


def _unit(i: int, k: int) -> Vector:
    return tuple(Fraction(int(j == i) - int(j == k)) for j in range(3))


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b)), ZERO)
