"""How the claims of a paper check are decided: short chains, tight claims, false statements, citations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from hconsist.evidence import Evidence, Level, Verdict
from hconsist.rigorous import check_points
from hconsist.steps import Derivation, Step

__all__ = ["attained", "chain", "cited", "fails_at"]


def chain(name: str, statement: str, *steps: Step) -> Callable[[], Evidence]:
    """The decision of a claim that a short chain of formulas proves."""
    return lambda: Derivation(name, name, statement, steps).run()


def attained(decide: Callable[[], Evidence], slack: sp.Expr, **point: int | Fraction) -> Callable[[], Evidence]:
    """The decision of a claim called tight: ``decide``, with the slack found to reach 0 at an exact point."""

    def tight() -> Evidence:
        evidence, found = decide(), check_points(slack, [_at(slack, point)])
        reached = evidence.passed and found.passed and found.slack == 0
        return replace(evidence, slack=found.slack, where=found.where) if reached else evidence

    return tight


def _at(expression: sp.Expr, point: dict[str, int | Fraction]) -> dict[sp.Symbol, Fraction]:
    return {next(x for x in expression.free_symbols if str(x) == name): Fraction(v) for name, v in point.items()}


def fails_at(slack: sp.Expr, **point: int | Fraction) -> Callable[[], Evidence]:
    """The decision of a false statement ``slack >= 0``: one exact point, evaluated in balls."""
    return lambda: check_points(slack, [_at(slack, point)])


def cited(reason: str) -> Callable[[], Evidence]:
    """A statement that is stated, not checked."""
    return lambda: Evidence(Verdict.NOT_CHECKED, Level.CITED, reason=reason)
