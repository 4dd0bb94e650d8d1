"""Touching edges: an expression that vanishes to a given order at an edge, with the lemma itself proved.

If all x-derivatives below order k vanish identically at x = a, then F(x) = c(xi) (x - a)**k with c the k-th Taylor
coefficient at some xi between a and x.  So c > 0 around every centre of a strip proves F > 0 there off the edge.
A false lemma once let a prover say "proved" of a false statement: hence it is proved by SymPy, or the verdict is less.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

import sympy

from hconsist.definitions import compile_expression
from hconsist.domains import InputError
from hconsist.rigorous.points import sign_at

__all__ = ["LemmaStatus", "Vanishing", "prove_lemma"]


@dataclass(frozen=True)
class Vanishing:
    """The expression and its derivatives in ``variable`` below ``order`` vanish identically at ``variable = at``.

    ``width`` of the strip near the edge in which the Taylor coefficient decides (default: a quarter of the range).
    ``at`` may be an end of the range or, for even orders, an inner point.
    """

    variable: sympy.Symbol
    at: Fraction | int
    order: int
    width: Fraction | None = None


class LemmaStatus(StrEnum):
    """What SymPy says of an order-of-vanishing lemma."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"


def prove_lemma(
    expression: sympy.Expr, edge: Vanishing, domain: Mapping[sympy.Symbol, tuple[Fraction, Fraction]]
) -> LemmaStatus:
    """Whether the derivatives below ``edge.order`` vanish at the edge for all values of the other variables.

    Balls at a few rational points of the other variables look for a refutation first; the proof is SymPy's
    simplification of each derivative to exactly 0.
    """
    at = sympy.Rational(Fraction(edge.at).numerator, Fraction(edge.at).denominator)
    others = [s for s in domain if s != edge.variable]
    points = _sample(domain, others)
    derivative = expression
    status = LemmaStatus.PROVED
    for order in range(edge.order):
        derivative = derivative if order == 0 else sympy.diff(derivative, edge.variable)
        value = derivative.subs(edge.variable, at)
        if value == 0:
            continue
        if value.has(sympy.nan, sympy.zoo, sympy.oo):
            status = LemmaStatus.UNDECIDED
            continue
        try:
            program = compile_expression(value, others, domain)
        except InputError:  # a value that is not real, or of a function without balls
            status = LemmaStatus.UNDECIDED
            continue
        if any(sign_at(program, value, point, max_prec=256)[0] in (-1, 1) for point in points):
            return LemmaStatus.REFUTED
        if status is LemmaStatus.PROVED and sympy.simplify(value) != 0:
            status = LemmaStatus.UNDECIDED
    return status


def _sample(
    domain: Mapping[sympy.Symbol, tuple[Fraction, Fraction]], others: Sequence[sympy.Symbol]
) -> list[list[Fraction]]:
    """A few rational points inside the ranges of the other variables, always the same ones."""
    draw = random.Random(1)
    return [
        [domain[s][0] + (domain[s][1] - domain[s][0]) * Fraction(draw.randrange(1, 97), 97) for s in others]
        for _ in range(5)
    ]
