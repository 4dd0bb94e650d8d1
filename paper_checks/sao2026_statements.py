"""How the claims of the check of Sao 2026 are stated: the paper's own text, derivations, printed numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import sympy as sp

from hconsist import catalog
from hconsist.claims import Claim, Twin
from hconsist.evidence import Evidence, Expectation, Source
from hconsist.paper_checks.decisions import chain
from hconsist.steps import Sign

__all__ = ["fails", "printed", "proved", "text"]

ge = partial(sp.Ge, evaluate=False)


def text(
    locator: str, slug: str, statement: str, decide: Callable[[], Evidence], twin: Twin, **more: Any
) -> Claim:  # fmt: skip
    """A claim from the text of the paper."""
    return Claim(slug, locator, statement, Source.TEXT, decide, twin=twin, **more)


fails = partial(text, expectation=Expectation.FAILS)
"""A statement that is false as printed; ``corrected_by`` names the claim with the form that holds."""


def proved(name: str) -> Callable[[], Evidence]:
    """The decision of a claim that a derivation of the catalogue proves."""
    return lambda: catalog.derivation(name).run()


def printed(*numbers: tuple[sp.Expr, str]) -> Callable[[], Evidence]:
    """Whether each exact value rounds to the decimal printed: within half a unit of its last digit."""
    steps = []
    for value, decimal in numbers:
        digits = len(decimal.partition(".")[2])
        shown, half = sp.Rational(decimal), sp.Rational(1, 2 * 10**digits)
        steps += [
            Sign(f"{decimal}, from below", ge(value, shown - half)),
            Sign(f"{decimal}, from above", ge(shown + half, value)),
        ]
    return chain("printed", "The numbers printed are the exact ones, rounded.", *steps)
