"""Balls at exact points: the sign of an expression at a rational point, at whatever precision it takes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy

from hconsist.definitions import Program, compile_expression, precision, to_ball
from hconsist.domains import InputError
from hconsist.evidence import Evidence, Level, Verdict

__all__ = ["check_points", "exact", "named", "sign_at"]

Point = Mapping[sympy.Symbol, Fraction]


def exact(argument: str, value: Any) -> Fraction:
    """``value`` as a Fraction; floats are refused, because 0.1 is not 1/10."""
    if isinstance(value, bool) or not isinstance(value, (int, Fraction, sympy.Rational)):
        raise InputError(argument, "an int, a Fraction or a SymPy rational", value)
    return Fraction(int(value.numerator), int(value.denominator))


def named(symbols: Sequence[sympy.Symbol], values: Iterable[Fraction]) -> dict[str, str]:
    """A point for the record: name -> exact text."""
    return {s.name: str(v) for s, v in zip(symbols, values)}


def sign_at(
    program: Program, expression: sympy.Expr, point: Sequence[Fraction], *, prec: int = 64, max_prec: int = 4096
) -> tuple[int | None, float]:
    """Sign (-1, 0, 1, or None where undecided) of the expression at a rational point, and its value as a float.

    Zero is claimed only where exact substitution in SymPy gives it.
    """
    value = float("nan")
    while prec <= max_prec:
        with precision(prec):
            ball = program.arb(*(to_ball(x) for x in point))
            if not ball.is_finite():
                return None, value
            value = float(ball.mid())
            if ball > 0:
                return 1, value
            if ball < 0:
                return -1, value
        prec *= 4
    rationals = [sympy.Rational(x.numerator, x.denominator) for x in point]
    substituted = expression.subs(dict(zip(program.symbols, rationals)), simultaneous=True)
    return (0, 0.0) if substituted == 0 else (None, value)


def check_points(
    expression: sympy.Expr,
    points: Iterable[Point | Sequence[Any]],
    *,
    symbols: Sequence[sympy.Symbol] | None = None,
    strict: bool = False,
    prec: int = 128,
    max_prec: int = 4096,
) -> Evidence:
    """Whether ``expression >= 0`` (``> 0`` if strict) at exact points, by balls: level ``high_precision``.

    ``points`` are mappings symbol -> rational, or sequences in the order of ``symbols`` (default: by name).
    Supported if the sign is decided and right at every point; refuted with the first bad point as witness.
    """
    start = time.perf_counter()
    symbols = tuple(symbols) if symbols is not None else tuple(sorted(expression.free_symbols, key=str))
    listed = [[exact(s.name, x) for s, x in zip(symbols, _coordinates(point, symbols))] for point in points]
    hull = {s: (min(column), max(column)) for s, column in zip(symbols, zip(*listed))}
    program = compile_expression(expression, symbols, hull)
    count = len(listed)
    least: float | None = None
    where: dict[str, str] = {}
    open_at: dict[str, str] | None = None
    for values in listed:
        sign, value = sign_at(program, expression, values, prec=prec, max_prec=max_prec)
        if sign == -1 or (strict and sign == 0):
            return _evidence(
                Verdict.REFUTED, start, count, value, named(symbols, values), witness=named(symbols, values)
            )
        if sign is None:
            open_at = open_at or named(symbols, values)
        elif least is None or value < least:
            least, where = value, named(symbols, values)
    if not listed:
        return _evidence(Verdict.VACUOUS, start, 0, None, {}, reason="no points were given")
    if open_at is not None:
        return _evidence(Verdict.INCONCLUSIVE, start, count, least, where, reason=f"sign undecided at {open_at}")
    return _evidence(Verdict.SUPPORTED, start, count, least, where)


def _coordinates(point: Point | Sequence[Any], symbols: Sequence[sympy.Symbol]) -> Sequence[Any]:
    values = [point[s] for s in symbols if s in point] if isinstance(point, Mapping) else list(point)
    if len(values) != len(symbols):
        raise InputError("points", f"one rational for each of {', '.join(map(str, symbols))}", point)
    return values


def _evidence(verdict: Verdict, start: float, points: int, slack: float | None, where: dict, **more: Any) -> Evidence:
    seconds = time.perf_counter() - start
    return Evidence(verdict, Level.HIGH_PRECISION, points=points, slack=slack, where=where, seconds=seconds, **more)
