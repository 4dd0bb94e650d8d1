"""Inequalities over whole parameter boxes: proved, refuted with a rational witness, or inconclusive."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import sympy

from hconsist.definitions import Program, compile_expression
from hconsist.domains import InputError
from hconsist.evidence import Certificate, Evidence, Level, Verdict
from hconsist.rigorous.choices import Choice, Chooser
from hconsist.rigorous.cover import Budget, Cover, coefficient_leaf, cover, value_leaf
from hconsist.rigorous.lemmas import LemmaStatus, Vanishing, prove_lemma
from hconsist.rigorous.points import exact, named, sign_at

__all__ = ["prove_nonnegative"]

Range = tuple[Fraction, Fraction]

GRID = 4000
"""Points of the floating-point grid that looks for a refutation before any proof is tried."""
SUSPECTS = 12
"""Worst grid points that are then evaluated in balls, besides all corners."""


@dataclass
class _Region:
    """One part of the domain with the leaf rule that covers it."""

    name: str
    box: dict[sympy.Symbol, Range]
    edge: Vanishing | None = None
    sign: int = 1


@dataclass(frozen=True)
class _Statement:
    """What is to be proved, as the certificate states it."""

    claim: str
    expression: sympy.Expr
    ranges: dict[sympy.Symbol, Range]
    strict: bool
    edges: tuple[Vanishing, ...]
    choose: Choice | None


def prove_nonnegative(
    expression: sympy.Expr,
    domain: Mapping[sympy.Symbol, tuple[Any, Any]],
    *,
    strict: bool = False,
    vanishing: Vanishing | Sequence[Vanishing] | None = None,
    choose: Choice | None = None,
    max_boxes: int = 400_000,
    max_seconds: float = 60.0,
    prec: int = 64,
    claim: str = "",
) -> Evidence:
    """Whether ``expression >= 0`` (``> 0`` if strict) on the whole box ``domain``, in ball arithmetic.

    Parameters
    ----------
    expression : exact SymPy expression (no Floats); a quotient with a removable singularity is the caller's to remove.
    domain : symbol -> (lower, upper), exact rationals; every free symbol must be there.
    vanishing : edges at which the expression touches zero, see :class:`Vanishing`; there the order-th Taylor
        coefficient must be positive on a strip, and ``strict`` means strict off these edges.
    choose : symbols that may be chosen anew at every point, see :class:`Choice`; without edges only.
    max_boxes, max_seconds, prec : limits of the search and the ball precision in bits.
    claim : one line for the certificate.

    Returns
    -------
    Evidence
        Level ``enclosed``.  ``proved`` if every box of an exact subdivision is closed and every lemma is proved by
        SymPy; ``supported`` at level ``high_precision`` if only a lemma is undecided; ``refuted`` with a rational
        witness whose sign was re-checked at higher precision; otherwise ``inconclusive`` with the reason.
        ``slack`` is the smallest lower bound over the boxes away from vanishing edges, ``where`` its box's centre.

    Raises
    ------
    InputError
        for inexact or empty ranges, missing symbols, an edge outside the domain, or one whose variable cannot move.
    """
    start = time.perf_counter()
    ranges = _ranges(expression, domain, choose)
    edges = (vanishing,) if isinstance(vanishing, Vanishing) else tuple(vanishing or ())
    if choose and edges:
        raise InputError("choose", "given without vanishing edges", choose.symbols)
    symbols = tuple(ranges)
    regions = _regions(ranges, edges)
    program = compile_expression(expression, (*symbols, *(choose.symbols if choose else ())), ranges)
    # one bad point refutes, unless another choice could save it
    tested, witness = (0, None) if choose else _look_for_witness(program, expression, ranges, strict and not edges)
    if witness is not None:
        return _refuted(symbols, *witness, points=tested, boxes=0, start=start)
    statuses = [prove_lemma(expression, edge, ranges) for edge in edges]
    if LemmaStatus.REFUTED in statuses:
        return _inconclusive("lemma refuted: the expression does not vanish to the order stated", tested, 0, start)
    budget = Budget(max_boxes, start + max_seconds)
    chooser = Chooser(choose) if choose else None
    covers: list[tuple[_Region, Cover]] = []
    for region in regions:
        found = _cover(region, program, budget, strict=strict, prec=prec, choose=chooser)
        covers.append((region, found))
        if (refutation := _confirm(program, expression, found.suspects, strict and not edges)) is not None:
            return _refuted(symbols, *refutation, points=tested, boxes=_count(covers), start=start)
        if not found.complete:
            return _inconclusive(_open_reason(symbols, region, found), tested, _count(covers), start)
    statement = _Statement(claim, expression, ranges, strict, edges, choose)
    certificate = _certificate(statement, covers, statuses, prec, time.perf_counter() - start)
    return _closed(symbols, covers, statuses, tested, certificate)


def _ranges(
    expression: sympy.Expr, domain: Mapping[sympy.Symbol, tuple[Any, Any]], choose: Choice | None
) -> dict[sympy.Symbol, Range]:
    ranges = {s: (exact(s.name, ends[0]), exact(s.name, ends[1])) for s, ends in domain.items()}
    for s, (low, high) in ranges.items():
        if low > high:
            raise InputError(s.name, "a range with lower <= upper", (low, high))
        if (s.is_nonnegative and low < 0) or (s.is_nonpositive and high > 0):
            raise InputError(s.name, "a range of the sign that is assumed of its symbol", (low, high))
        if s.is_integer is not None or s.is_real is False:
            raise InputError(s.name, "a symbol of which no more than a sign is assumed", s.assumptions0)
    chosen = set(choose.symbols) if choose else set()
    names = [s.name for s in (*ranges, *chosen)]
    if len(set(names)) < len(names):
        raise InputError("domain", "symbols of different names: a certificate knows them by name only", names)
    if both := sorted(s.name for s in chosen & set(ranges)):
        raise InputError("choose", "symbols that are no variables of the domain", ", ".join(both))
    if missing := sorted(s.name for s in expression.free_symbols - set(ranges) - chosen):
        raise InputError("domain", "a range for every symbol of the expression", f"none for {', '.join(missing)}")
    if not ranges:
        raise InputError("domain", "a range for at least one symbol", {})
    return ranges


def _look_for_witness(
    program: Program, expression: sympy.Expr, ranges: Mapping[sympy.Symbol, Range], strict: bool
) -> tuple[int, tuple[tuple[Fraction, ...], float] | None]:
    """All corners in balls, then the worst points of a grid of doubles: returns points examined and a refutation."""
    corners = list(itertools.product(*ranges.values())) if len(ranges) <= 6 else []
    parts = 1
    while (2 * parts + 1) ** len(ranges) <= GRID:
        parts *= 2
    axes = [[low + (high - low) * Fraction(i, parts) for i in range(parts + 1)] for low, high in ranges.values()]
    mesh = np.meshgrid(*([float(x) for x in axis] for axis in axes), indexing="ij")
    with np.errstate(all="ignore"):
        values = np.broadcast_to(np.asarray(program.numpy(*mesh), dtype=float), mesh[0].shape).ravel()
    worst = np.argsort(np.where(np.isfinite(values), values, np.inf))[:SUSPECTS]
    points = [
        tuple(axis[i] for axis, i in zip(axes, np.unravel_index(w, mesh[0].shape)))
        for w in worst
        if values[w] <= 0 or np.isnan(values[w])
    ]
    return len(corners) + values.size, _confirm(program, expression, [*corners, *points], strict)


def _confirm(
    program: Program, expression: sympy.Expr, points: Sequence[tuple[Fraction, ...]], strict: bool
) -> tuple[tuple[Fraction, ...], float] | None:
    """The first point at which balls of higher precision show the inequality false, and the value there."""
    for point in points:
        sign, value = sign_at(program, expression, point, prec=256, max_prec=1024)
        if sign == -1 or (strict and sign == 0):
            return point, value
    return None


def _regions(ranges: dict[sympy.Symbol, Range], edges: Sequence[Vanishing]) -> list[_Region]:
    """A strip at each edge, then what is left of the domain (in at most two pieces per edge)."""
    strips, rest = [], [dict(ranges)]
    for edge in edges:
        low, high = _edge_range(ranges, edge)
        at = exact("at", edge.at)
        width = exact("width", edge.width) if edge.width is not None else (high - low) / 4
        strip = (max(low, at - width), min(high, at + width))
        sign = -1 if at == high and edge.order % 2 else 1
        remaining = []
        for box in rest:
            a, b = box[edge.variable]
            if strip[0] < b and strip[1] > a:
                inside = (max(a, strip[0]), min(b, strip[1]))
                if not inside[0] <= at <= inside[1]:
                    # The Taylor formula needs the coefficient on the whole way from the edge.
                    raise InputError("vanishing", "edges whose strips do not overlap", strip)
                strips.append(_Region(f"strip at {edge.variable} = {at}", {**box, edge.variable: inside}, edge, sign))
            for piece in ((a, min(b, strip[0])), (max(a, strip[1]), b)):
                if piece[0] < piece[1]:
                    remaining.append({**box, edge.variable: piece})
        rest = remaining
    return strips + [_Region("away from the edges" if edges else "whole domain", box) for box in rest]


def _edge_range(ranges: Mapping[sympy.Symbol, Range], edge: Vanishing) -> Range:
    if edge.variable not in ranges:
        raise InputError("vanishing", f"an edge of one of {', '.join(map(str, ranges))}", edge.variable)
    low, high = ranges[edge.variable]
    if low == high:
        raise InputError(edge.variable.name, "a range with lower < upper, as it has an edge", (low, high))
    at = exact("at", edge.at)
    if not low <= at <= high or (low < at < high and edge.order % 2):
        raise InputError("vanishing", f"at an end of [{low}, {high}], or inside it to an even order", (at, edge.order))
    if edge.order < 1:
        raise InputError("order", "an integer >= 1", edge.order)
    if edge.width is not None and exact("width", edge.width) <= 0:
        raise InputError("width", "a positive number, or None for a quarter of the range", edge.width)
    return low, high


def _cover(
    region: _Region, program: Program, budget: Budget, *, strict: bool, prec: int, choose: Chooser | None
) -> Cover:
    box = list(region.box.values())
    if region.edge is None:
        corners = None if choose else program
        return cover(
            value_leaf(program), box, budget, strict=strict, prec=prec, terms=2, monotone=corners, choose=choose
        )
    order = region.edge.order
    leaf = coefficient_leaf(program, program.symbols.index(region.edge.variable), order, region.sign)
    return cover(leaf, box, budget, strict=strict, prec=prec, terms=order + 2)


def _count(covers: Sequence[tuple[_Region, Cover]]) -> int:
    return sum(found.boxes for _, found in covers)


def _closed(
    symbols: Sequence[sympy.Symbol],
    covers: Sequence[tuple[_Region, Cover]],
    statuses: Sequence[LemmaStatus],
    tested: int,
    certificate: Certificate,
) -> Evidence:
    away = [found for region, found in covers if region.edge is None] or [found for _, found in covers]
    worst = min(away, key=lambda found: found.least)
    notes = [
        f"touches zero at {region.edge.variable} = {region.edge.at}: Taylor coefficient of order {region.edge.order} "
        f"is at least {found.least:.3g} on the strip"
        for region, found in covers
        if region.edge is not None
    ]
    proved = all(status is LemmaStatus.PROVED for status in statuses)
    return Evidence(
        Verdict.PROVED if proved else Verdict.SUPPORTED,
        Level.ENCLOSED if proved else Level.HIGH_PRECISION,
        points=tested,
        boxes=_count(covers),
        slack=worst.least,
        where=named(symbols, worst.where),
        reason="" if proved else "SymPy could not decide the order-of-vanishing lemma",
        notes=tuple(notes),
        seconds=certificate.seconds,
        certificates=(certificate,),
    )


def _refuted(
    symbols: Sequence[sympy.Symbol], point: Sequence[Fraction], value: float, *, points: int, boxes: int, start: float
) -> Evidence:
    witness = named(symbols, point)
    seconds = time.perf_counter() - start
    return Evidence(
        Verdict.REFUTED,
        Level.ENCLOSED,
        points=points,
        boxes=boxes,
        slack=value,
        where=witness,
        witness=witness,
        seconds=seconds,
    )


def _inconclusive(reason: str, points: int, boxes: int, start: float) -> Evidence:
    seconds = time.perf_counter() - start
    return Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, points=points, boxes=boxes, reason=reason, seconds=seconds)


def _open_reason(symbols: Sequence[sympy.Symbol], region: _Region, found: Cover) -> str:
    places = found.open or found.suspects
    at = f"; open near {named(symbols, places[0])}" if places else ""
    return f"{region.name}: {found.stopped or 'boxes of the smallest size stayed open'}{at}"


def _certificate(
    statement: _Statement,
    covers: Sequence[tuple[_Region, Cover]],
    statuses: Sequence[LemmaStatus],
    prec: int,
    seconds: float,
) -> Certificate:
    def text(box: Mapping[sympy.Symbol, Range]) -> dict[str, tuple[str, str]]:
        return {s.name: (str(a), str(b)) for s, (a, b) in box.items()}

    edges = statement.edges
    tree = [
        {
            "region": region.name,
            "box": text(region.box),
            "edge": None if region.edge is None else edges.index(region.edge),
            "tree": found.tree,
            "choices": found.choices,
        }
        for region, found in covers
    ]
    lemma = [
        {"variable": e.variable.name, "at": str(e.at), "order": e.order, "status": str(status)}
        for e, status in zip(edges, statuses)
    ]
    return Certificate(
        claim=statement.claim or str(statement.expression),
        domain=text(statement.ranges),
        tree=tree,
        lemma={"vanishing": lemma} if lemma else None,
        precision=prec,
        versions={"python-flint": flint.__version__, "sympy": sympy.__version__},
        seconds=seconds,
        expression=str(statement.expression),
        strict=statement.strict,
        choice=statement.choose.text() if statement.choose else None,
    )
