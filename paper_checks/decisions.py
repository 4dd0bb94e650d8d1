"""How the claims of a paper check are stated and decided: sources, chains, tight claims, false statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp

from hconsist.claims import Claim, Twin
from hconsist.evidence import Evidence, Expectation, Level, Source, Verdict
from hconsist.rigorous import check_points
from hconsist.steps import Derivation, Step

__all__ = [
    "abstract",
    "attained",
    "chain",
    "cited",
    "derived",
    "fails_at",
    "recalled",
    "refuted",
    "second_hand",
    "together",
]


def chain(name: str, statement: str, *steps: Step) -> Callable[[], Evidence]:
    """The decision of a claim that a short chain of formulas proves."""
    return lambda: Derivation(name, name, statement, steps).run()


def attained(decide: Callable[[], Evidence], slack: sp.Expr, **point: int | Fraction) -> Callable[[], Evidence]:
    """The decision of a claim called tight: ``decide``, with the slack found to reach 0 at an exact point."""

    def tight() -> Evidence:
        evidence, found = decide(), _at(slack, point)
        reached = evidence.passed and found.passed and found.slack == 0
        return replace(evidence, slack=found.slack, where=found.where) if reached else evidence

    return tight


def fails_at(slack: sp.Expr, *notes: str, **point: int | Fraction) -> Callable[[], Evidence]:
    """The decision of a false statement ``slack >= 0``: one exact point, evaluated in balls.

    The point names all variables it is about, also those that cancel from the slack; ``notes`` say what else a reader
    needs to check it by hand.
    """
    return lambda: replace(_at(slack, point), notes=notes)


def together(*decisions: Callable[[], Evidence]) -> Callable[[], Evidence]:
    """The decision of a claim in several parts, see :meth:`~hconsist.evidence.Evidence.joint`."""
    return lambda: Evidence.joint([decide() for decide in decisions])


def _at(slack: sp.Expr, point: dict[str, int | Fraction]) -> Evidence:
    own = {symbol.name: symbol for symbol in slack.free_symbols}
    values = {own.get(name, sp.Symbol(name)): Fraction(value) for name, value in point.items()}
    return check_points(slack, [values], symbols=tuple(values))


def cited(reason: str) -> Callable[[], Evidence]:
    """A statement that is stated, not checked."""
    return lambda: Evidence(Verdict.NOT_CHECKED, Level.CITED, reason=reason)


def _stated(
    source: Source, locator: str, slug: str, statement: str, decide: Callable[[], Evidence], twin: Twin, **more: Any
) -> Claim:
    return Claim(slug, locator, statement, source, decide, twin=twin, **more)


derived = partial(_stated, Source.DERIVED, "derived here")
second_hand = partial(_stated, Source.SECOND_HAND, "as reported in a secondary source")
recalled = partial(_stated, Source.RECALLED, "recalled")
abstract = partial(_stated, Source.ABSTRACT, "abstract")
"""A claim by where it comes from: ``slug, statement, decide, twin``, and further fields of :class:`Claim` by name."""

refuted = partial(second_hand, expectation=Expectation.FAILS)
"""A statement that is false as it was reported; ``corrected_by`` names the claim with the form that holds."""
