"""Re-checking a certificate with an evaluator that shares no leaf code with the prover.

The prover compiles a SymPy tree and evaluates it on balls and on Arb's power series, around the middle of each box.
Here the text of the certificate is read anew (:mod:`hconsist.rigorous.reader`) and evaluated by the recurrences of
:mod:`hconsist.rigorous.taylor`, over plain balls or over intervals of mpmath, with other centres.  What is verified:

1. the seal: nothing was changed since the certificate was written;
2. the regions tile the domain, and each tree tiles its region, in exact fractions;
3. every leaf: the expression (or, on a strip at a vanishing edge, its Taylor coefficient) has the right sign there;
4. the constraints on values chosen at the leaves;
5. each order-of-vanishing lemma: the lower coefficients at the edge are exactly 0, by SymPy on the same recurrences.

A record whose seal was forged passes only if all the rest holds, that is, if it proves what it says.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import sympy
from flint import fmpq

from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Certificate, Evidence, Level, Verdict
from hconsist.rigorous.certificates import Box, halves, leaves, load, seal, sealed
from hconsist.rigorous.fields import Balls, Exact, MpmathIntervals, working
from hconsist.rigorous.reader import Formula, read
from hconsist.rigorous.smt import decide
from hconsist.rigorous.taylor import Expansion, Undefined

__all__ = ["EVALUATORS", "recheck", "stated"]

EVALUATORS = {"balls": Balls, "mpmath": MpmathIntervals}
CENTRE = fmpq(7, 16)
"""Where the expansions of the re-checker stand in a box, and where it cuts: never at the prover's middle."""
MAX_PIECES = 512
"""Pieces into which one leaf may be cut before the re-checker gives up on it."""
MAX_ORDER, MAX_REGIONS = 64, 1000
"""More than any proof of this package needs: limits for a hostile record."""
RATIONAL = re.compile(r"-?\d{1,1000}(/\d{1,1000})?", re.ASCII)
"""A rational number in a record; other spellings that Python accepts (0.1, 1e9, true) are refused."""


class _Rejected(Exception):
    """What is wrong with the certificate, as a witness."""

    def __init__(self, defect: str, **where: str):
        super().__init__(defect)
        self.witness = {"defect": defect, **where}


class _Unsettled(Exception):
    """What the re-checker could not verify."""


def recheck(
    certificate: Certificate | Mapping[str, Any] | str | Path, *, evaluator: str = "balls", max_seconds: float = 600.0
) -> Evidence:
    """Whether a certificate proves its statement, by another evaluator than the prover's.

    Parameters
    ----------
    certificate : a certificate, its JSON record, or the path of a file written by ``hconsist check --save``.
    evaluator : ``"balls"`` (Arb), ``"mpmath"`` (independent of Arb, many times slower), or ``"z3"``, which decides the
        statement itself, exactly and without the tree, where all exponents are rational numbers (an extra).
    max_seconds : give up after this time.

    Returns
    -------
    Evidence
        Level ``enclosed``: ``proved``; ``refuted`` with the defect as witness where the record was changed, does not
        tile its domain, or has a leaf on which the statement is certainly false; ``inconclusive`` where a leaf or
        a lemma could not be verified.  ``boxes`` counts the leaves, ``points`` the pieces that were evaluated.

    Raises
    ------
    InputError
        for a file that is no certificate, or an unknown evaluator.
    """
    start = time.perf_counter()
    if evaluator not in (*EVALUATORS, "z3"):
        raise InputError("evaluator", f"one of {', '.join(EVALUATORS)}, z3", evaluator)
    record = sealed(certificate) if isinstance(certificate, Certificate) else certificate
    record = load(record) if isinstance(record, (str, Path)) else record
    pieces = count = 0
    notes = [f"re-checked by {evaluator}"]
    verdict, reason, witness = Verdict.PROVED, "", None
    try:
        if seal(record) != record.get("seal"):
            raise _Rejected("the seal does not fit: the record was changed after it was written")
        statement = _Statement.of(record)
        if evaluator == "z3":
            return _exactly(statement, max_seconds)
        with working(statement.bits):
            check = _Check(statement, EVALUATORS[evaluator](), start + max_seconds)
            check.lemmas()
            count, pieces = check.regions(record["tree"])
        if touched := statement.touched():
            notes.append(f"> 0 off {' and '.join(touched)}, where the expression is 0")
    except _Rejected as found:
        verdict, reason, witness = Verdict.REFUTED, str(found), found.witness
    except _Unsettled as found:
        verdict, reason = Verdict.INCONCLUSIVE, str(found)
    except (Undefined, RecursionError) as found:  # a constant with no enclosure, or nested too deep
        verdict, reason = Verdict.INCONCLUSIVE, f"the formula could not be evaluated: {found}"
    except UnsupportedError:  # of the evaluator, not of the record
        raise
    except InputError as found:  # a malformed field: the record is no proof of anything
        verdict, reason, witness = Verdict.REFUTED, str(found), {"defect": str(found)}
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as found:
        defect = f"a field is missing or malformed ({type(found).__name__}: {found})"
        verdict, reason, witness = Verdict.REFUTED, defect, {"defect": defect}
    return Evidence(
        verdict, Level.ENCLOSED, points=pieces, boxes=count, reason=reason, witness=witness,
        notes=tuple(notes), seconds=time.perf_counter() - start,
    )  # fmt: skip


def _exactly(statement: _Statement, max_seconds: float) -> Evidence:
    if statement.chosen:
        raise UnsupportedError("evaluator", "balls or mpmath for a statement with a choice", "z3")
    off = [(edge.variable, edge.at) for edge in statement.edges]
    return decide(statement.formula, statement.domain, strict=statement.strict, off=off, max_seconds=max_seconds)


def stated(record: Mapping[str, Any]) -> tuple[str, str]:
    """The statement of a record that was verified: its expression, and what holds of it where.

    Made from what the re-checker reads; the names that the writer gave to the claim and the file are not among that.
    """
    s = _Statement.of(record)
    ranges = ", ".join(f"{name} in [{low}, {high}]" for name, (low, high) in zip(s.names, s.domain))
    relation = f"{'>' if s.strict else '>='} 0 for {ranges}"
    if touched := s.touched():
        relation += f", >= 0 at {' or '.join(touched)}"
    if s.chosen:
        relation += f", for some {', '.join(s.chosen)}"
        if constraints := [f"{_one_line(text)} >= 0" for text in record["choice"]["constraints"]]:
            relation += f" with {' and '.join(constraints)}"
    return _one_line(record["expression"]), relation


def _one_line(formula: str) -> str:
    """The same formula; a carriage return inside brackets would hide on a terminal what stands before it."""
    return " ".join(formula.split())


@dataclass(frozen=True)
class _Edge:
    variable: int
    at: fmpq
    order: int


@dataclass(frozen=True)
class _Statement:
    """What the record says it proves, read from its text."""

    names: tuple[str, ...]
    domain: Box
    formula: Formula
    strict: bool
    edges: tuple[_Edge, ...]
    chosen: tuple[str, ...]
    constraints: tuple[Formula, ...]
    bits: int

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> _Statement:
        names = tuple(record["domain"])
        choice = record["choice"] or {"symbols": [], "constraints": []}
        chosen = tuple(choice["symbols"])
        if len({*names, *chosen}) < len(names) + len(chosen) or not all(n.isidentifier() for n in (*names, *chosen)):
            raise _Rejected("variables and chosen symbols must have different names")
        lemmas = (record["lemma"] or {"vanishing": []})["vanishing"]
        if any(lemma["status"] != "proved" for lemma in lemmas):
            raise _Unsettled("a lemma was not proved when the certificate was written")
        edges = tuple(_Edge(names.index(e["variable"]), _rational(e["at"]), e["order"]) for e in lemmas)
        if not all(type(edge.order) is int and 1 <= edge.order <= MAX_ORDER for edge in edges):
            raise _Rejected(f"an order of vanishing must be an integer in [1, {MAX_ORDER}]")
        if edges and chosen:
            raise _Rejected("a statement with a choice has no vanishing edges")
        bits = record["precision"]
        if type(bits) is not int or not 16 <= bits <= 10_000 or type(record["strict"]) is not bool:
            raise _Rejected("a precision of 16 to 10000 bits and a relation are needed")
        return cls(
            names,
            _box(record["domain"], names),
            read(record["expression"], (*names, *chosen)),
            record["strict"],
            edges,
            chosen,
            tuple(read(text, chosen) for text in choice["constraints"]),
            bits,
        )

    def touched(self) -> list[str]:
        """Where a strict statement is not strict."""
        return [f"{self.names[edge.variable]} = {edge.at}" for edge in self.edges if self.strict]


def _rational(text: str) -> fmpq:
    if not isinstance(text, str) or not RATIONAL.fullmatch(text):
        raise InputError("a number of the record", "a fraction in text, such as '-1/3'", text)
    value = Fraction(text)
    return fmpq(value.numerator, value.denominator)


def _known(name: str, low: fmpq, high: fmpq) -> sympy.Symbol:
    """The variable with no more than the sign that its range gives."""
    return sympy.Symbol(name, real=True, **{sign: True for sign, known in (
        ("positive", low > 0), ("nonnegative", low >= 0), ("negative", high < 0), ("nonpositive", high <= 0)
    ) if known})  # fmt: skip


def _box(ends: Mapping[str, Sequence[str]], names: Sequence[str]) -> Box:
    if any(not isinstance(pair, (list, tuple)) or len(pair) != 2 for pair in ends.values()):
        raise _Rejected("a range needs two ends")
    box = tuple((_rational(ends[name][0]), _rational(ends[name][1])) for name in names)
    if any(low > high for low, high in box) or len(ends) != len(names):
        raise _Rejected("a box needs lower <= upper ends for each variable")
    return box


class _Check:
    """One statement under one evaluator."""

    def __init__(self, statement: _Statement, field: Any, deadline: float):
        self.statement, self.field, self.deadline = statement, field, deadline
        self.expansion = Expansion(field, statement.formula)
        self.constraints = [Expansion(field, formula) for formula in statement.constraints]
        self.pieces = 0

    # --- lemmas --------------------------------------------------------------------------------------------------

    def lemmas(self) -> None:
        """The coefficients below the order at each edge, by SymPy on the recurrences of this module."""
        s = self.statement
        symbols = [_known(name, *ends) for name, ends in zip(s.names, s.domain)]
        for edge in s.edges:
            at = sympy.Rational(int(edge.at.p), int(edge.at.q))
            values = [at if i == edge.variable else symbol for i, symbol in enumerate(symbols)]
            try:
                series = Expansion(Exact(), s.formula)(values, edge.order, edge.variable, lambda node: True)
            except Undefined as error:
                raise _Unsettled(f"the lemma at {s.names[edge.variable]} = {edge.at}: {error}") from None
            for k, coefficient in enumerate(series[: edge.order]):
                if coefficient != 0 and sympy.simplify(sympy.expand_log(coefficient)) != 0:
                    raise _Unsettled(f"coefficient {k} at {s.names[edge.variable]} = {edge.at} is not seen to be 0")

    # --- the domain ----------------------------------------------------------------------------------------------

    def regions(self, tree: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
        """Leaves verified, and pieces evaluated for them."""
        s = self.statement
        if not isinstance(tree, (list, tuple)) or len(tree) > MAX_REGIONS:
            raise _Rejected(f"a list of at most {MAX_REGIONS} regions is needed")
        boxes = [_box(region["box"], s.names) for region in tree]
        if not _tiles(boxes, s.domain):
            raise _Rejected("the regions do not tile the domain")
        counts = [sum(1 for _ in leaves(region["tree"], box)) for region, box in zip(tree, boxes)]
        if any(len(region["choices"]) != count * bool(s.chosen) for region, count in zip(tree, counts)):
            raise _Rejected("there must be one choice for each leaf")
        edges = [None if one["edge"] is None else s.edges[_index(one["edge"], len(s.edges))] for one in tree]
        signs = [1 if edge is None else self._sign(edge, box) for edge, box in zip(edges, boxes)]
        choices = [[self._chosen(texts) for texts in region["choices"]] or repeat(()) for region in tree]
        for region, box, edge, sign, chosen in zip(tree, boxes, edges, signs, choices):
            for (method, leaf), values in zip(leaves(region["tree"], box), chosen):
                self._leaf(leaf, method, values, edge, sign)
        return sum(counts), self.pieces

    def _sign(self, edge: _Edge, box: Box) -> int:
        """The sign of (x - at)**order on the strip, which must reach the edge and lie on one side of it if odd."""
        low, high = box[edge.variable]
        if not low <= edge.at <= high:
            raise _Rejected("a strip must reach its edge")
        if edge.order % 2 and low < edge.at < high:
            raise _Rejected("a strip on both sides of its edge needs an even order")
        return -1 if edge.order % 2 and edge.at == high else 1

    def _chosen(self, texts: Sequence[str]) -> tuple[fmpq, ...]:
        """The values chosen at a leaf, their constraints verified."""
        s = self.statement
        values = tuple(_rational(text) for text in texts)
        if len(values) != len(s.chosen):
            raise _Rejected("a choice must give one value for each chosen symbol")
        exact = [self.field.interval(v, v) for v in values]
        box = tuple((v, v) for v in values)
        for constraint in self.constraints:
            found = constraint(exact, 0, None, partial(constraint.formula.nonnegative, box=box))
            if not self.field.nonnegative(found[0]):
                raise _Rejected("a choice breaks its constraint", **dict(zip(s.chosen, map(str, values))))
        return values

    # --- leaves --------------------------------------------------------------------------------------------------

    def _leaf(self, box: Box, method: str, chosen: Sequence[fmpq], edge: _Edge | None, sign: int) -> None:
        """Verify one leaf, cut into pieces where the re-checker's enclosure is wider than the prover's."""
        stack, pieces = [box], 0
        while stack:
            piece = stack.pop()
            pieces += 1
            if pieces > MAX_PIECES or time.perf_counter() > self.deadline:
                raise _Unsettled(f"a leaf at {self._where(piece)} could not be verified")
            split = self._strip(piece, edge, sign) if edge else self._plain(piece, method, chosen)
            if split is not None:
                stack += halves(piece, split, CENTRE)
        self.pieces += pieces

    def _plain(self, box: Box, method: str, chosen: Sequence[fmpq]) -> int | None:
        """None if the sign holds on the box; else the variable to cut.  The prover's method says what to try first."""
        ends = (*box, *((v, v) for v in chosen))
        if method == "D" and self._holds_on(ends):
            return None
        centre = tuple(low + (high - low) * CENTRE for low, high in box)
        ends_there = (*((c, c) for c in centre), *ends[len(box) :])
        middle = self._series(ends_there, 0, None)
        if middle is None:
            return self._widest(box)
        if not chosen and self.field.positive(-middle[0]):
            raise _Rejected("the statement is false", **dict(zip(self.statement.names, map(str, centre))))
        moves = self._moves(ends, ends_there, box)
        if moves is not None and self._holds(sum(moves, middle[0])):
            return None
        if method == "E" and self._corner(ends, len(box)):
            return None
        if moves is None:
            return self._widest(box)
        sizes = [0.0 if isinstance(move, int) else self.field.size(move) for move in moves]
        return max(range(len(box)), key=sizes.__getitem__)

    def _moves(self, ends: Box, centre: Box, box: Box) -> list | None:
        """The terms of the mean value form, last variable first: F(x) - F(c) is in their sum."""
        point, moves = list(centre), []
        for i in reversed(range(len(box))):
            point[i] = ends[i]
            slope = self._series(tuple(point), 1, i)
            if slope is None:
                return None
            (low, high), c = box[i], centre[i][0]
            moves.append(slope[1] * self.field.interval(low - c, high - c) if len(slope) > 1 else 0)
        return moves[::-1]

    def _corner(self, ends: Box, count: int) -> bool:
        """Whether F is monotone in every variable on the box and has the sign at its lowest corner."""
        corner = list(ends)
        for i in range(count):
            slope = self._series(ends, 1, i)
            if slope is None:
                return False
            if len(slope) < 2 or self.field.nonnegative(slope[1]):
                corner[i] = (ends[i][0], ends[i][0])
            elif self.field.nonnegative(-slope[1]):
                corner[i] = (ends[i][1], ends[i][1])
            else:
                return False
        return self._holds_on(tuple(corner))

    def _strip(self, box: Box, edge: _Edge, sign: int) -> int | None:
        """The same for the Taylor coefficient at an edge, directly or by its mean value form in that variable."""
        field, k, i = self.field, edge.order, edge.variable
        found = self._series(box, k + 1, i)
        if found is None or len(found) <= k:
            return self._widest(box)
        if field.positive(sign * found[k]):
            return None
        low, high = box[i]
        centre = low + (high - low) * CENTRE
        middle = self._series((*box[:i], (centre, centre), *box[i + 1 :]), k, i)
        if middle is None or len(found) < k + 2 or len(middle) <= k:
            return self._widest(box)
        moved = (k + 1) * found[k + 1] * field.interval(low - centre, high - centre)
        if field.positive(sign * (middle[k] + moved)):
            return None
        return self._widest(box)

    def _series(self, ends: Box, order: int, along: int | None) -> list | None:
        """The expansion around every point of a box, or None where it has no finite enclosure."""
        formula = self.statement.formula
        values = [self.field.interval(*end) for end in ends]
        try:
            found = self.expansion(values, order, along, partial(formula.nonnegative, box=ends))
        except Undefined:
            return None
        return found if all(self.field.finite(x) for x in found) else None

    def _holds_on(self, ends: Box) -> bool:
        found = self._series(ends, 0, None)
        return found is not None and self._holds(found[0])

    def _holds(self, x: Any) -> bool:
        return self.field.finite(x) and (self.field.positive(x) if self.statement.strict else self.field.nonnegative(x))

    def _widest(self, box: Box) -> int:
        domain = self.statement.domain
        shares = [(high - low) / (b - a or fmpq(1)) for (low, high), (a, b) in zip(box, domain)]
        return max(range(len(box)), key=shares.__getitem__)

    def _where(self, box: Box) -> str:
        return ", ".join(f"{name} in [{low}, {high}]" for name, (low, high) in zip(self.statement.names, box))


def _index(value: Any, size: int) -> int:
    if type(value) is not int or not 0 <= value < size:
        raise _Rejected("a strip must name one of the edges")
    return value


def _tiles(boxes: Sequence[Box], domain: Box) -> bool:
    """Whether boxes with disjoint interiors fill the domain: exact volumes, pair by pair.

    Directions in which the domain has no width count as width 1.
    """
    flat = [low == high for low, high in domain]

    def volume(box: Box) -> fmpq:
        total = fmpq(1)
        for (low, high), thin in zip(box, flat):
            total *= fmpq(1) if thin else high - low
        return total

    inside = all(a <= low and high <= b for box in boxes for (low, high), (a, b) in zip(box, domain))
    apart = all(
        any(min(b1, b2) <= max(a1, a2) for (a1, b1), (a2, b2), thin in zip(one, other, flat) if not thin)
        for i, one in enumerate(boxes)
        for other in boxes[:i]
    )
    return inside and apart and sum((volume(box) for box in boxes), fmpq(0)) == volume(domain)
