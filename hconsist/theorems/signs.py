"""The sign of a formula on an open interval (0, top): proved up to both ends, refuted at a point, or undecided.

At 0, and at top = 1, the formula may be singular or vanish: there its expansion decides on a whole neighbourhood
(:mod:`hconsist.theorems.expansions`).  Between, balls isolate the roots.  Nothing is sampled, except to find a point at
which a statement fails; the sign at that point is then certain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy

from hconsist.definitions import compile_expression
from hconsist.domains import InputError
from hconsist.evidence import Level
from hconsist.rigorous.points import sign_at
from hconsist.rigorous.roots import isolate_roots
from hconsist.symbolic import quick, vanishes
from hconsist.theorems.expansions import Undecided, expand, number_sign
from hconsist.theorems.result import Hypothesis, Status

__all__ = ["Signs", "decide", "one_sign", "signs"]

REACHES = tuple(Fraction(1, 2**k) for k in (2, 4, 8, 16, 32))
"""Sizes of the neighbourhood of an end that are tried, largest first."""
PROBES = tuple(Fraction(k, 64) for k in range(1, 64))
"""Points at which a counterexample is looked for, in units of the interval."""
_BOXES = 3000


@dataclass(frozen=True)
class Signs:
    """The signs on (0, top) from left to right: ``(1,)``, ``(-1, 1)``, ...; ``(0,)`` where the formula is zero.

    ``order`` is None where it is not known, for the ``reason`` given.  ``points`` holds one point of each sign.
    """

    order: tuple[int, ...] | None
    reason: str
    level: Level = Level.ENCLOSED
    points: tuple[Fraction, ...] = ()


def signs(expression: sympy.Expr, s: sympy.Symbol, top: Fraction = Fraction(1)) -> Signs:
    """All sign changes on (0, top), for top <= 1; at top = 1 the formula may be singular."""
    try:
        return _signs(expression, s, top)
    except Undecided as gap:
        return Signs(None, f"no expansion: {gap}")
    except InputError as error:
        return Signs(None, str(error))


def _signs(expression: sympy.Expr, s: sympy.Symbol, top: Fraction) -> Signs:
    if _identically_zero(expression, s, top):
        return Signs((0,), "identically zero", Level.SYMBOLIC)
    left, first = _end(expression, s)
    right, last = Fraction(0), 0
    if top == 1:
        y = sympy.Symbol("y", positive=True)
        right, last = _end(expression.subs(s, 1 - y), y)
    roots = isolate_roots(expression, s, (left, top - right), tolerance=Fraction(1, 10**6), max_boxes=_BOXES)
    if roots.unresolved:
        a, b = roots.unresolved[0]
        return Signs(None, f"balls do not tell the sign near {float((a + b) / 2):.6g}")
    inner = [(a, b) for a, b in roots.intervals if a < top]
    order = tuple(first * (-1) ** k for k in range(len(inner) + 1))
    if last and order[-1] != last:
        return Signs(None, "a root at the edge of an expansion")
    beyond = f" and on [{1 - right}, 1)" if right else ""
    ends = [left, *(end for root in inner for end in root), top - right]
    points = tuple(_simple(a, b) for a, b in zip(ends[::2], ends[1::2]))
    return Signs(order, f"expansion on (0, {left}]{beyond}, balls between", points=points)


def _simple(a: Fraction, b: Fraction) -> Fraction:
    """A fraction in [a, b] that is short, if the interval is not."""
    middle = (a + b) / 2
    short = middle.limit_denominator(100)
    return short if a <= short <= b else middle


def _end(expression: sympy.Expr, x: sympy.Symbol) -> tuple[Fraction, int]:
    """(reach, sign on (0, reach]); Undecided where there is none."""
    reason = "its remainder is too large"
    for reach in REACHES:
        try:
            sign = expand(expression, x, reach).sign()
        except Undecided as gap:
            reason = str(gap)
            continue
        if sign is not None:
            return reach, sign
    raise Undecided(reason)


def _identically_zero(expression: sympy.Expr, s: sympy.Symbol, top: Fraction) -> bool:
    program = compile_expression(expression, (s,))
    points = [top * Fraction(k, 7) for k in (1, 3, 5)]
    if any(sign_at(program, expression, (x,), max_prec=256)[0] in (-1, 1) for x in points):
        return False
    inside = expression.subs(s, _inside(top))
    return quick(inside) and vanishes(inside)  # else the expansions will not tell either


def _inside(top: Fraction) -> sympy.Expr:
    """A point of (0, top) in terms of a positive symbol."""
    return sympy.Rational(top.numerator, top.denominator) / (1 + sympy.Symbol("u", positive=True))


def one_sign(e: sympy.Expr, box: Mapping[sympy.Symbol, Fraction], *, strict: bool = False) -> bool:
    """Whether the coefficients show that a rational function is >= 0 (> 0) for 0 < x < top: with x = top/(1 + u), those
    of its numerator and denominator in the u > 0 are of one sign.
    """
    if not e.is_rational_function(*box):
        return False
    inside = {x: sympy.Rational(top.numerator, top.denominator) / (1 + sympy.Dummy("u")) for x, top in box.items()}
    if not inside:
        return False
    new = [value.free_symbols.pop() for value in inside.values()]
    parts = sympy.fraction(sympy.together(e.subs(inside)))
    above, below = ({number_sign(c) for c in sympy.Poly(part, *new).coeffs()} - {0} for part in parts)
    return len(below) == 1 and (above == below or (not strict and not above))


def decide(
    statement: str, expression: sympy.Expr, s: sympy.Symbol, top: Fraction = Fraction(1), *, strict: bool = False
) -> Hypothesis:
    """Whether ``expression >= 0`` on (0, top), ``> 0`` if strict; ``statement`` says so in words."""
    witness = counterexample(expression, s, top, strict=strict)
    if witness:
        return Hypothesis(statement, Status.REFUTED, "a ball at this point", witness)
    found = signs(expression, s, top)
    if found.order is not None and set(found.order) <= ({1} if strict else {0, 1}):
        return Hypothesis(statement, Status.PROVED, found.reason, level=found.level)
    if found.order is None:
        if one_sign(expression, {s: top}, strict=strict):
            return Hypothesis(statement, Status.PROVED, "its coefficients in 1/s", level=Level.SYMBOLIC)
        return Hypothesis(statement, Status.UNDECIDED, found.reason)
    if found.order == (0,):
        return Hypothesis(statement, Status.REFUTED, found.reason, f"every {s}", level=found.level)
    place = next(x for x, sign in zip(found.points, found.order) if sign < 0)
    return Hypothesis(statement, Status.REFUTED, found.reason, f"{s} = {place}")


def counterexample(
    expression: sympy.Expr, s: sympy.Symbol, top: Fraction = Fraction(1), *, strict: bool = False
) -> str:
    """A point at which the formula is certainly negative (not positive, if strict), and the value there, in words."""
    program = compile_expression(expression, (s,))
    for probe in PROBES:
        sign, value = sign_at(program, expression, (top * probe,), max_prec=128)
        if sign == -1 or (strict and sign == 0):
            return f"{s} = {top * probe} (value {value:.6g})"
    return ""
