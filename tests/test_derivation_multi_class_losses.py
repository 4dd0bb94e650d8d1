"""Max, sum, constrained and smooth losses: ranges that are needed, twins, and a law by hand."""

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp

from hconsist.derivations import (
    constrained_growth,
    max_losses,
    sum_hinge,
    sum_squared_hinge,
)
from hconsist.testing import assert_refuted


@pytest.mark.parametrize(
    ("module", "title", "symbol", "beyond"),
    [
        (constrained_growth, "Exponential: it decreases in q_1", "q_1", lambda t, e: t / 4),
        (constrained_growth, "Squared hinge: it decreases in q_1", "q_1", lambda t, e: t / 2),
        (constrained_growth, "and of t", "t", lambda t, e: sp.Rational(3, 5)),
        (sum_squared_hinge, "Three labels or more: below t^2", "d", lambda t, e: 1 / (2 + e)),
        (sum_squared_hinge, "The least value is inside the region", "d", lambda t, e: sp.Rational(1, 1000)),
        (sum_hinge, "At least 1/6", "n", lambda t, e: sp.Rational(5, 2)),
        (max_losses, "No scores cost less than all scores 0", "p_a", lambda t, e: (1 + e) / (2 + e)),
    ],
)
def test_the_ranges_are_needed(module, title, symbol, beyond):
    """Outside the range that is stated the step must not close."""
    derivation = module.build()
    number, step = next((k, s) for k, s in enumerate(derivation.steps) if s.title == title)
    t, e = sp.symbols("t e", positive=True)
    key = next(s for s in step.put if s.name == symbol)
    wrong = replace(step, put={**step.put, key: beyond(t, e)})
    links = (*derivation.steps[:number], wrong, *derivation.steps[number + 1 :])
    assert derivation.check(number + 1).passed
    assert not replace(derivation, steps=links).check(number + 1).passed


def test_false_twins_are_refuted_with_a_witness():
    three = {"n": "3", "t": "1/100"}
    more = Fraction(103, 100)
    assert assert_refuted(lambda: constrained_growth.exponential_evidence(more)).witness == three
    assert assert_refuted(lambda: constrained_growth.squared_hinge_evidence(more)).witness == three
    assert assert_refuted(lambda: sum_squared_hinge.squared_hinge_evidence(more)).witness == three


def test_the_sum_squared_hinge_by_hand():
    """Regrets of p = (27, 22, 1)/50 in fractions, risk and gradient written out for three labels."""
    found = assert_refuted(sum_squared_hinge.reported_evidence).witness
    scores = tuple(Fraction(x) for x in found["minimiser"].strip("()").split(", "))
    law = (Fraction(27, 50), Fraction(22, 50), Fraction(1, 50))

    def risk(a, b, c):
        first = law[0] * ((1 - a + b) ** 2 + (1 - a + c) ** 2)
        second = law[1] * ((1 - b + a) ** 2 + (1 - b + c) ** 2)
        return first + second + law[2] * ((1 - c + a) ** 2 + (1 - c + b) ** 2)

    a, b, c = sp.symbols("a b c")
    values = dict(zip((a, b, c), map(sp.Rational, scores)))
    assert all(x - y <= 1 for x in scores for y in scores)  # every hinge is active, so the squares above are the loss
    assert [sp.diff(risk(a, b, c), s).subs(values) for s in (a, b, c)] == [0, 0, 0]
    tied = Fraction(47, 51)
    assert risk(tied, tied, Fraction(0)) - risk(*scores) == Fraction(2809, 320586) < Fraction(1, 100)
    assert found["surrogate regret"] == "2809/320586" and found["zero-one regret"] == "1/10"


def test_another_law_in_exact_fractions():
    """p = (.522375, .472375, .00525), t = 1/20: between .00204945 and .00204955, below t^2 = .0025."""
    law = tuple(Fraction(x) for x in ("0.522375", "0.472375", "0.00525"))
    regret = Fraction(sum_squared_hinge.witness(law)["surrogate regret"])
    assert Fraction("0.00204945") < regret < Fraction("0.00204955")
    # far from a tie some hinges are not active, the formulas do not apply, and nothing is claimed
    assert sum_squared_hinge.witness((Fraction(9, 10), Fraction(1, 10), Fraction(0))) == {}
