"""Piecewise linear, convex losses exactly: conditional risks as sums of maxima of affine functions of the scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
from flint import fmpq, fmpq_mat

from hconsist.losses import ConstrainedLoss, Loss, MaxLoss, OneVersusAllLoss, SumLoss

__all__ = ["Polyhedral", "Term", "polyhedral"]

Vector = tuple[Fraction, ...]
Affine = tuple[Vector, Fraction]
"""(a, b): the function a . h + b of the scores h."""

PIECES: dict[str, tuple[tuple[int, int], ...]] = {"hinge": ((-1, 1), (0, 0))}
"""Margin functions that are maxima of lines: (slope, value at 0)."""


@dataclass(frozen=True)
class Term:
    """(weight . p) x the largest of the pieces, at a law p."""

    weight: Vector
    pieces: tuple[Affine, ...]

    def active(self, scores: Sequence[Fraction]) -> tuple[int, ...]:
        """The pieces that are largest at these scores."""
        values = [_dot(a, scores) + b for a, b in self.pieces]
        return tuple(q for q, value in enumerate(values) if value == max(values))

    def value(self, scores: Sequence[Fraction]) -> Fraction:
        """The largest of the pieces."""
        return max(_dot(a, scores) + b for a, b in self.pieces)


@dataclass(frozen=True)
class Polyhedral:
    """A loss for n labels as a sum of terms, on scores of sum 0 or unrestricted; permuting labels permutes terms."""

    n: int
    terms: tuple[Term, ...]
    zero_sum: bool = False

    def costs(self, scores: Sequence[Fraction]) -> Vector:
        """The loss of each label."""
        values = [term.value(scores) for term in self.terms]
        return tuple(sum((t.weight[y] * v for t, v in zip(self.terms, values)), Fraction(0)) for y in range(self.n))

    def risk(self, law: Sequence[Fraction], scores: Sequence[Fraction]) -> Fraction:
        """The conditional risk."""
        return _dot(law, self.costs(scores))

    def least(self, law: Sequence[Fraction], multipliers: Sequence[tuple[int, int, Fraction]]) -> Fraction | None:
        """A lower bound of the risks at all scores, or None if the multipliers prove none.

        For every term, multipliers >= 0 of its pieces with sum weight . p: the sum of the pieces so multiplied lies
        below the risk, and is constant if its slopes cancel (or are all equal, where the scores have sum 0).
        """
        total, slope = [Fraction(0)] * len(self.terms), [Fraction(0)] * self.n
        constant = Fraction(0)
        for r, q, value in multipliers:
            a, b = self.terms[r].pieces[q]
            if value < 0:
                return None
            total[r] += value
            constant += value * b
            slope = [s + value * x for s, x in zip(slope, a)]
        flat = all(s == slope[0] for s in slope) if self.zero_sum else not any(slope)
        return constant if flat and total == [_dot(t.weight, law) for t in self.terms] else None

    @cached_property
    def shift_invariant(self) -> bool:
        """Whether no piece sees a shift of all scores."""
        return all(not sum(a) for term in self.terms for a, _ in term.pieces)

    @cached_property
    def vertices(self) -> tuple[Vector, ...]:
        """The scores h_1 >= ... >= h_n at which kinks of the terms and ties fix all scores (one shift for all).

        At every law the best scores with a given label at the top form a polyhedron, a union of cells of this
        arrangement of hyperplanes, so some vertex is among them (after a permutation of the labels).
        """
        kinks = sorted({plane for term in self.terms for plane in _kinks(term)})
        planes = [plane for plane in kinks if _meets_chamber(*plane)]
        ties = [(_unit(i, i + 1, self.n), Fraction(0)) for i in range(self.n - 1)]
        fixed: list[Affine] = []
        if self.zero_sum or self.shift_invariant:
            every, last = (Fraction(1),) * self.n, _unit(self.n - 1, None, self.n)
            fixed = [(every if self.zero_sum else last, Fraction(0))]
        return _solutions([*planes, *ties], fixed, self.n)


def polyhedral(loss: Loss, n_classes: int) -> Polyhedral | None:
    """The terms of a loss made of a margin function that is a maximum of lines; None for any other loss."""
    lines = PIECES.get(getattr(getattr(loss, "phi", None), "name", None) or "")
    labels = range(n_classes)
    if lines is None:
        return None

    def term(weight: Sequence[int], form: Sequence[int]) -> Term:
        """Phi(form . h)."""
        pieces = tuple((tuple(Fraction(s * x) for x in form), Fraction(b)) for s, b in lines)
        return Term(tuple(map(Fraction, weight)), pieces)

    def unit(y: int, sign: int = 1) -> list[int]:
        return [sign * int(k == y) for k in labels]

    def others(y: int) -> list[int]:
        return [int(k != y) for k in labels]

    def difference(y: int, k: int) -> list[int]:
        return [a - b for a, b in zip(unit(y), unit(k))]

    match loss:
        case SumLoss():
            terms = [term(unit(y), difference(y, k)) for y in labels for k in labels if k != y]
        case ConstrainedLoss():
            terms = [term(others(y), unit(y, -1)) for y in labels]
        case OneVersusAllLoss():
            terms = [t for y in labels for t in (term(unit(y), unit(y)), term(others(y), unit(y, -1)))]
        case MaxLoss():  # lines that fall: Phi of the least of the margins is the largest of their Phi
            rivals = [[term(unit(y), difference(y, k)) for k in labels if k != y] for y in labels]
            terms = [Term(row[0].weight, tuple(dict.fromkeys(p for t in row for p in t.pieces))) for row in rivals]
        case _:
            return None
    return Polyhedral(n_classes, tuple(terms), loss.zero_sum)


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b) if x), Fraction(0))


def _unit(i: int, k: int | None, n: int) -> Vector:
    """e_i - e_k."""
    return tuple(Fraction(int(j == i) - int(j == k)) for j in range(n))


def _kinks(term: Term) -> list[Affine]:
    """Where two pieces meet, as a . h = c with a first nonzero entry 1; none where they are parallel."""
    found = []
    for (a, b), (other, constant) in combinations(term.pieces, 2):
        normal, level = [x - y for x, y in zip(a, other)], constant - b
        if any(normal):
            scale = next(x for x in normal if x)
            found.append((tuple(x / scale for x in normal), level / scale))
    return found


def _meets_chamber(normal: Vector, level: Fraction) -> bool:
    """Whether a . h = c cuts h_1 >= ... >= h_n other than in ties: by the rays (1, ..., 1, 0, ..., 0)."""
    rays = [sum(normal[:k], Fraction(0)) for k in range(1, len(normal))]
    if sum(normal):
        return True
    if all(r >= 0 for r in rays) or all(r <= 0 for r in rays):
        return level != 0 and any(r * level > 0 for r in rays)
    return True


def _solutions(planes: list[Affine], fixed: list[Affine], n: int) -> tuple[Vector, ...]:
    """The points in the chamber where n of the planes, the fixed ones among them, meet in one point."""
    chosen = list(combinations(range(len(planes)), n - len(fixed)))
    if not chosen:
        return ()
    rows = np.array([[float(x) for x in a] for a, _ in planes])
    right = np.array([float(c) for _, c in planes])
    above = np.array([[float(x) for x in a] for a, _ in fixed]).reshape(len(fixed), n)
    level = np.array([float(c) for _, c in fixed])
    found: dict[tuple[float, ...], list[Affine]] = {}
    for start in range(0, len(chosen), 4096):  # floating point sorts out what is worth a solution in fractions
        part = np.array(chosen[start : start + 4096])
        matrix = np.concatenate([np.broadcast_to(above, (len(part), *above.shape)), rows[part]], axis=1)
        vector = np.concatenate([np.broadcast_to(level, (len(part), level.size)), right[part]], axis=1)
        regular = np.abs(np.linalg.det(matrix)) > 1e-9
        points = np.linalg.solve(matrix[regular], vector[regular][..., None])[..., 0]
        for indices, point in zip(part[regular], points):
            if np.all(np.diff(point) <= 1e-9):
                found.setdefault(tuple(np.round(point, 9) + 0.0), [*fixed, *(planes[i] for i in indices)])
    exact = {_solve(system) for system in found.values()}
    return tuple(sorted(p for p in exact if all(x >= y for x, y in pairwise(p))))


def _solve(system: list[Affine]) -> Vector:
    matrix = fmpq_mat([[fmpq(x.numerator, x.denominator) for x in a] for a, _ in system])
    right = fmpq_mat([[fmpq(c.numerator, c.denominator)] for _, c in system])
    solution = matrix.solve(right)
    return tuple(Fraction(int(solution[i, 0].p), int(solution[i, 0].q)) for i in range(len(system)))
