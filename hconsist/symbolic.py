"""Exact questions put to SymPy: is this zero, has it this sign; and a ball at an exact point to catch what is false.

Nothing here trusts a float: expressions with Floats are refused, and a counterexample is a rational point at which a
ball certainly has the wrong sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp

from hconsist.domains import InputError

__all__ = ["Fact", "as_fact", "ball_at", "counterexample", "has_sign", "meets", "quick", "require_exact", "vanishes"]

Fact = tuple[str, sp.Expr]
"""``(kind, slack)``: ``slack == 0``, ``slack >= 0`` or ``slack > 0`` for all values of its symbols."""

_POINTS = 6  # exact points at which a statement is tried before SymPy is asked: most false ones end here

_OPERATIONS = 2000  # of formulas that SymPy is asked to simplify


def vanishes(expr: sp.Expr) -> bool:
    """Whether SymPy reduces ``expr`` to exactly 0 (False also when it only fails to); symbolic exponents allowed."""
    expr = expr.doit()
    if counterexample("==", _opaque(expr)):
        return False  # most of what is false ends here: simplifying it would take long and come to nothing
    attempts: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
        lambda e: e,
        sp.expand,
        lambda e: sp.expand(sp.powsimp(sp.expand(e))),
        lambda e: sp.expand(sp.numer(sp.together(sp.expand(e)))),
        lambda e: sp.expand(sp.expand_log(e)),
        sp.simplify,
        lambda e: sp.simplify(sp.expand(sp.powdenest(sp.expand_power_base(e)))),
        lambda e: sp.factor(sp.together(e)),
        sp.trigsimp,
    )
    return any(attempt(expr) == 0 for attempt in attempts)


def _opaque(expr: sp.Expr) -> sp.Expr:
    """Undetermined functions and their derivatives as symbols of their own.

    SymPy's own functions stay: they have relations among each other, such as those of factorials.
    """
    atoms = expr.atoms(sp.Function, sp.Derivative)
    own = (sp.core.function.AppliedUndef, sp.Derivative)
    unknown = [f for f in atoms if isinstance(f, own) or not type(f).__module__.startswith("sympy.")]
    return expr.xreplace({f: sp.Symbol(f"_{k}", positive=True) for k, f in enumerate(sorted(unknown, key=str))})


def quick(expr: sp.Expr) -> bool:
    """Whether SymPy simplifies it soon: short, of powers and logarithms; of exp(1000 s) it makes a polynomial."""
    return bool(expr.count_ops() <= _OPERATIONS) and all(isinstance(f, sp.log) for f in expr.atoms(sp.Function))


def has_sign(expr: sp.Expr, strict: bool, simplified: bool = True) -> bool:
    """Whether the assumptions on the symbols give ``expr >= 0`` (``> 0`` if strict) in some exact form of it.

    ``simplified``: whether the last of these forms is tried, which may take for ever; see :func:`quick`.
    """
    expr = expr.doit()
    if counterexample(">=", expr):
        return False
    forms = (lambda e: e, sp.expand, sp.factor, lambda e: sp.factor(sp.together(sp.expand(e))), sp.simplify)
    for form in forms if simplified else forms[:-1]:
        found = form(expr)
        if found.is_positive or (not strict and found.is_nonnegative):
            return True
    return False


def as_fact(relation: sp.Basic, put: Mapping[sp.Symbol, sp.Expr]) -> Fact:
    """The relation as ``slack == 0``, ``>= 0`` or ``> 0``, with the range of its symbols put in."""
    if isinstance(relation, sp.Eq):
        kind, slack = "==", relation.lhs - relation.rhs
    elif isinstance(relation, (sp.Ge, sp.Gt)):
        kind, slack = ">=" if isinstance(relation, sp.Ge) else ">", relation.lhs - relation.rhs
    elif isinstance(relation, (sp.Le, sp.Lt)):
        kind, slack = ">=" if isinstance(relation, sp.Le) else ">", relation.rhs - relation.lhs
    else:
        raise InputError("relation", "an equation or inequality (SymPy Eq, Ge, Gt, Le, Lt; not evaluated)", relation)
    return kind, slack.subs(put)


def require_exact(*formulas: sp.Basic) -> None:
    """InputError for a formula that holds a Float."""
    for formula in formulas:
        if formula.has(sp.Float):
            raise InputError("formula", "exact (no Float)", formula)


def _points(symbols: list[sp.Symbol], count: int = _POINTS) -> Iterator[dict[sp.Symbol, Fraction]]:
    """Exact values that the assumptions of the symbols allow, always the same ones."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        values = {}
        for symbol in symbols:
            low = 1 if symbol.is_positive else 0 if symbol.is_nonnegative else -12
            high = -1 if symbol.is_negative else 0 if symbol.is_nonpositive else 12
            number = int(rng.integers(low, high + 1)) or (1 if symbol.is_nonzero else 0)
            values[symbol] = Fraction(number) if symbol.is_integer else Fraction(number, 7)
        yield values


def ball_at(expr: sp.Expr, values: Mapping[sp.Symbol, Fraction]) -> Any:
    """The value of ``expr`` at an exact point as a ball (Arb, 128 bits)."""
    from flint import arb, ctx, fmpq

    from hconsist.definitions import compile_expression

    before, ctx.prec = ctx.prec, 128
    try:
        balls = [arb(fmpq(v.numerator, v.denominator)) for v in values.values()]
        return compile_expression(expr, tuple(values)).arb(*balls)
    finally:
        ctx.prec = before


def counterexample(kind: str, slack: sp.Expr) -> dict[str, Any] | None:
    """An exact point at which ``slack`` is certainly of the wrong sign; None if none of a few points is."""
    slack = slack.doit()
    symbols = sorted(slack.free_symbols, key=str)
    if slack.atoms(sp.core.function.AppliedUndef, sp.Derivative, sp.Integral, sp.Sum, sp.Product, sp.Indexed):
        return None  # an undetermined function or length has no value at a point
    for values in _points(symbols, _POINTS if symbols else 1):
        try:
            ball = ball_at(slack, values)
        except (InputError, ZeroDivisionError):
            return None  # a function without a ball printer: SymPy alone decides
        if ball.is_finite() and ((kind == "==" and not ball.contains(0)) or (kind != "==" and ball < 0)):
            return {str(s): str(v) for s, v in values.items()} | {"slack": ball.str(8)}
    return None


_SIGNS = (("positive", 1, True), ("nonnegative", 1, False), ("negative", -1, True), ("nonpositive", -1, False))
_KINDS = ("real", "zero", "integer", "rational", "even", "prime", "imaginary")


def meets(symbol: sp.Symbol, value: sp.Expr) -> bool:
    """Whether ``value`` is known to have every property assumed of ``symbol``, which must be a symbol."""
    if not isinstance(symbol, sp.Symbol):
        return False
    value = sp.S(value)
    known = {kind: getattr(value, f"is_{kind}") for kind in _KINDS}
    for sign, factor, strict in _SIGNS:  # found in more forms of the value than SymPy's own assumptions look at
        if getattr(symbol, f"is_{sign}") and has_sign(factor * value, strict):
            known[sign] = True
    has = sp.Dummy(**{kind: truth for kind, truth in known.items() if truth is not None}).assumptions0
    return all(has.get(kind) is truth for kind, truth in symbol.assumptions0.items())
