"""Statements with a choice: at every point of the box some value of a few symbols makes the expression nonnegative.

A bound by duality is of this kind: any multiplier is valid, a good one depends on the point.  The prover takes one
value for each box, by a rule in floating point; the value is exact from then on, its constraints are checked in balls,
and the certificate lists it, so the rule itself need not be trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy
from flint import arb, fmpq

from hconsist.definitions import Program, compile_expression
from hconsist.domains import InputError

__all__ = ["Choice", "Chooser"]


@dataclass(frozen=True)
class Choice:
    """Free symbols of an inequality, how to pick them, and what they must satisfy.

    Parameters
    ----------
    symbols : the symbols to choose, none of them a variable of the domain; the values must have the signs assumed of
        them, and nothing else may be assumed.
    rule : the variables' values at the centre of a box, as floats in the order of the domain -> one float for each
        symbol.  A bad rule can make a proof fail, never make it wrong.
    constraints : expressions in the chosen symbols that must be >= 0 at the values chosen.
    """

    symbols: tuple[sympy.Symbol, ...]
    rule: Callable[..., Sequence[float]]
    constraints: tuple[sympy.Expr, ...] = field(default=())

    def text(self) -> dict[str, Any]:
        """For the certificate."""
        return {"symbols": [s.name for s in self.symbols], "constraints": [str(c) for c in self.constraints]}


class Chooser:
    """A choice made ready: from the centre of a box to exact values that satisfy the constraints."""

    def __init__(self, choice: Choice):
        if odd := [s.name for s in choice.symbols if s.is_integer is not None or s.is_real is False]:
            raise InputError("choice", "of symbols of which no more than a sign is assumed", ", ".join(odd))
        self.choice = choice
        self._programs: tuple[Program, ...] = tuple(compile_expression(c, choice.symbols) for c in choice.constraints)

    def __call__(self, centre: Sequence[fmpq]) -> tuple[fmpq, ...]:
        """The values, dyadic; InputError where a constraint does not hold."""
        picked = self.choice.rule(*(float(c.p) / float(c.q) for c in centre))
        values = tuple(fmpq(*float(v).as_integer_ratio()) for v in picked)
        balls = [arb(v) for v in values]
        signs = all(map(_has_sign, self.choice.symbols, values))
        if not signs or not all(program.arb(*balls) >= 0 for program in self._programs):
            raise InputError("choice", "values that satisfy its constraints", tuple(map(str, values)))
        return values


def _has_sign(symbol: sympy.Symbol, value: fmpq) -> bool:
    """Whether the value has the sign assumed of the symbol: SymPy may have used it in simplifying."""
    known = (
        (symbol.is_positive, value > 0),
        (symbol.is_nonnegative, value >= 0),
        (symbol.is_negative, value < 0),
        (symbol.is_nonpositive, value <= 0),
        (symbol.is_nonzero, value != 0),
    )
    return all(met for assumed, met in known if assumed)
