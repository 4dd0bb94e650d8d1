"""z3 as an exact second opinion: on the claims of the package at rational tau, and refusing what it cannot read."""

import json
from fractions import Fraction as F

import pytest
import sympy as sp

pytest.importorskip("z3", reason="z3 is an extra: pip install hconsist[smt]")

from hconsist.domains import UnsupportedError
from hconsist.evidence import Verdict
from hconsist.rigorous import prove_nonnegative, recheck, second_opinion
from hconsist.rigorous.certificates import seal, sealed

b, t, u = sp.symbols("b t u", nonnegative=True)
UNIT = (F(0), F(1))


def slack(order, constant):
    """(1 - M_q(b))/(1 - q) - constant b^2 at a rational order q; tau = 2 - 1/q."""
    order = sp.Rational(order.numerator, order.denominator)
    mean = (((1 + b) ** order + (1 - b) ** order) / 2) ** (1 / order)
    return (1 - mean) / (1 - order) - constant * b**2


@pytest.mark.parametrize("order", [F(1, 2), F(2, 3), F(2)])
def test_the_simplified_gamma_at_rational_tau(order):
    """tau = 0, 1/2 and 3/2; at order 2 the quotient is sqrt(1 + b^2) - 1, at least (sqrt(2) - 1) b^2."""
    constant = sp.Rational(1, 2) if order < 1 else sp.sqrt(2) - 1
    found = second_opinion(slack(order, constant), {b: UNIT})
    assert found.verdict is Verdict.PROVED, found.reason
    larger = constant + sp.Rational(1, 100)
    false = second_opinion(slack(order, larger), {b: UNIT})
    assert false.verdict is Verdict.REFUTED
    assert slack(order, larger).subs(b, sp.Rational(false.witness["b"])).evalf(30) < 0


def test_agrees_with_balls_on_both_sides():
    for expression, strict in (
        (t**2 + u**2 - sp.Rational(3, 2) * t * u, False),
        (t**2 + u**2 - sp.Rational(5, 2) * t * u, False),
        (sp.sqrt(t) - t**2 / 2 + sp.Rational(1, 100), True),
        (sp.sqrt(t) - t, True),  # 0 at both ends
    ):
        box = {t: UNIT, u: UNIT} if expression.has(u) else {t: UNIT}
        exact = second_opinion(expression, box, strict=strict).verdict
        balls = prove_nonnegative(expression, box, strict=strict, max_boxes=3000).verdict
        assert exact in (Verdict.PROVED, Verdict.REFUTED)
        assert balls in (exact, Verdict.INCONCLUSIVE)


def test_a_certificate_is_decided_without_its_tree():
    proof = prove_nonnegative((1 + t) ** sp.Rational(3, 2) - 1 - t, {t: UNIT}, claim="bernoulli")
    assert recheck(proof.certificates[0], evaluator="z3").passed
    record = json.loads(json.dumps(sealed(proof.certificates[0])))
    assert recheck(record, evaluator="z3").passed
    record["expression"] = record["expression"].replace("(t + 1)**(3/2)", "(t + 1)**(1/2)")
    assert recheck(record, evaluator="z3").verdict is Verdict.REFUTED  # the seal
    found = recheck({**record, "seal": seal(record)}, evaluator="z3")
    assert found.verdict is Verdict.REFUTED and F(found.witness["t"]) > 0


@pytest.mark.parametrize("expression", [sp.log(1 + t), sp.exp(t), (1 + t) ** u, t**t + 1])
def test_what_is_not_algebraic_is_refused(expression):
    box = {t: UNIT, u: UNIT} if expression.has(u) else {t: UNIT}
    with pytest.raises(UnsupportedError, match="made of rational functions and powers with rational exponents"):
        second_opinion(expression, box)


def test_a_root_of_what_may_be_negative_is_no_proof():
    found = second_opinion(sp.sqrt(t - sp.Rational(1, 2)) + 1, {t: UNIT})
    assert found.verdict is Verdict.INCONCLUSIVE and "nonnegative" in found.reason
    found = second_opinion(1 / (t - sp.Rational(1, 2)) ** 2, {t: UNIT})
    assert found.verdict is Verdict.INCONCLUSIVE and "divisor" in found.reason
