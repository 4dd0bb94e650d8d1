"""Theorems 5, 6 and 8: the chains close, their false twins are refuted, and spoiled steps make the run fail."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp

from hconsist.derivations import concave_hull, quadratic_floor, square_root_bound
from hconsist.evidence import Level, Verdict
from hconsist.steps import Derivation, Identity, Sign, Step


@pytest.mark.parametrize("module", [quadratic_floor, square_root_bound, concave_hull])
def test_chain_is_proved_symbolically(module):
    found = module.build().run()
    assert (found.verdict, found.level) == (Verdict.PROVED, Level.SYMBOLIC), found.reason


def test_parts_are_proved():
    parts = (concave_hull.mae_evidence, concave_hull.mae_inverse_evidence, concave_hull.slope_evidence)
    for part in (*parts, square_root_bound.small_tau_evidence):
        assert part().verdict is Verdict.PROVED


def test_false_twins_are_refuted_with_a_witness():
    floor = quadratic_floor.evidence(Fraction(101, 100))
    assert floor.verdict is Verdict.REFUTED and floor.witness == {"t": "1", "tau": "3/2"}
    root = square_root_bound.evidence(Fraction(51, 100))
    assert root.verdict is Verdict.REFUTED and root.witness == {"t": "1", "tau": "2"}


@pytest.mark.parametrize(
    ("module", "title"),
    [
        (quadratic_floor, "At alpha = 1"),
        (quadratic_floor, "N at the kink"),
        (quadratic_floor, "At l = 1"),
        (square_root_bound, "Fourth coefficient"),
        (square_root_bound, "(ii) Left ratio"),
        (concave_hull, "tau = 2: vertices"),
    ],
)
def test_a_spoiled_identity_does_not_close(module, title):
    step = _step(module.build(), title)
    assert isinstance(step, Identity) and step.check().passed
    assert not replace(step, rhs=step.rhs * sp.Rational(101, 100)).check().passed


def test_a_spoiled_inequality_does_not_close():
    step = _step(square_root_bound.build(), "It is enough")
    assert isinstance(step, Sign) and step.check().passed
    beyond = {symbol: sp.Rational(8, 5) for symbol in step.put}
    assert step.relation.subs(beyond) == sp.false  # a = 8/5 > 3/2, beyond tau = 4/3


def test_brute_force_vertices_of_mean_absolute_error():
    """The vertices (1/k, 1/(k(k+1))) in plain fractions, apart from the enumeration of the chain."""
    assert concave_hull.stated_points(5, 1)[1:] == [(Fraction(1, k), Fraction(1, k * (k + 1))) for k in range(1, 5)]


def _step(derivation: Derivation, title: str) -> Step:
    return next(step for step in derivation.steps if step.title == title)
