"""Roots and monotonicity in one variable, by balls: every root is enclosed and proved unique, or left unresolved."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import arb, arb_series, fmpq

from hconsist.definitions import Program, compile_expression, precision
from hconsist.domains import InputError
from hconsist.evidence import Evidence
from hconsist.rigorous.points import exact, sign_at
from hconsist.rigorous.prove import prove_nonnegative

__all__ = ["Roots", "count_zeros", "isolate_roots", "monotone"]

RATIO = Fraction(31, 64)
"""Where an interval is cut: off its middle, because roots like to sit at simple points."""


@dataclass(frozen=True)
class Roots:
    """Disjoint intervals that hold exactly one root each (equal ends: an exact root), and those left unresolved."""

    intervals: tuple[tuple[Fraction, Fraction], ...]
    unresolved: tuple[tuple[Fraction, Fraction], ...]


def isolate_roots(
    expression: sympy.Expr,
    symbol: sympy.Symbol,
    interval: tuple[Any, Any],
    *,
    tolerance: Fraction = Fraction(1, 10**12),
    prec: int = 128,
    max_boxes: int = 20_000,
) -> Roots:
    """All roots of ``expression`` in the closed interval, each within ``tolerance``.

    An interval is dropped if the value's ball excludes zero; it holds exactly one root (or none) if the derivative's
    ball excludes zero and the signs at its ends differ (or agree).  Roots at which the derivative vanishes too cannot
    be separated this way and stay in ``unresolved``.
    """
    low, high = exact("interval", interval[0]), exact("interval", interval[1])
    if not low < high:
        raise InputError("interval", "two rationals with lower < upper", (low, high))
    program = compile_expression(expression, (symbol,), {symbol: (low, high)})
    found: list[tuple[Fraction, Fraction]] = []
    open_: list[tuple[Fraction, Fraction]] = []
    stack = [(low, high)]
    while stack:
        a, b = stack.pop()
        max_boxes -= 1
        value, slope = _enclose(program, a, b, prec)
        if value > 0 or value < 0:
            continue
        if slope > 0 or slope < 0:
            signs = sign_at(program, expression, (a,))[0], sign_at(program, expression, (b,))[0]
            if None not in signs:
                found += _locate(program, expression, a, b, signs, tolerance)
                continue
        if max_boxes <= 0 or b - a < tolerance:
            open_.append((a, b))
            continue
        cut = a + (b - a) * RATIO
        stack += [(cut, b), (a, cut)]
    return Roots(tuple(sorted(set(found))), tuple(open_))


def _enclose(program: Program, a: Fraction, b: Fraction, prec: int) -> tuple[arb, arb]:
    middle, radius = (a + b) / 2, (b - a) / 2
    with precision(prec, 2):
        ball = arb(fmpq(middle.numerator, middle.denominator), fmpq(radius.numerator, radius.denominator))
        series = program.series(arb_series([ball, 1]))
        return series[0], series[1]


def _locate(
    program: Program, expression: sympy.Expr, a: Fraction, b: Fraction, signs: tuple, tolerance: Fraction
) -> list:
    """The single root of a strictly monotone function on [a, b], if there is one, by bisection with exact signs."""
    if 0 in signs:
        return [(a, a)] if signs[0] == 0 else [(b, b)]
    if signs[0] == signs[1]:
        return []
    while b - a > tolerance:
        cut = a + (b - a) * RATIO
        sign = sign_at(program, expression, (cut,))[0]
        if sign == 0:
            return [(cut, cut)]
        if sign is None:
            break
        a, b = (cut, b) if sign == signs[0] else (a, cut)
    return [(a, b)]


def count_zeros(expression: sympy.Expr, symbol: sympy.Symbol, interval: tuple[Any, Any], **options: Any) -> int | None:
    """The number of roots in the closed interval, or None where some stretch stayed unresolved."""
    roots = isolate_roots(expression, symbol, interval, **options)
    return None if roots.unresolved else len(roots.intervals)


def monotone(
    expression: sympy.Expr, symbol: sympy.Symbol, domain: dict, *, increasing: bool = True, **options: Any
) -> Evidence:
    """Whether the expression is nondecreasing (or nonincreasing) in ``symbol`` over the box: its derivative's sign."""
    slope = sympy.diff(expression, symbol)
    return prove_nonnegative(slope if increasing else -slope, domain, **options)
