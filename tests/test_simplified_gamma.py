"""The four claims on the power mean over their whole ranges, their false twins, and the constants by mpmath."""

from fractions import Fraction

import mpmath
import pytest

from hconsist.derivations import simplified_gamma
from hconsist.evidence import Level, Verdict


def _slope(b, q):
    """dM/dq by mpmath's numerical derivative: shares nothing with the symbolic one."""
    return mpmath.diff(lambda r: (((1 + b) ** r + (1 - b) ** r) / 2) ** (1 / r), q)


@pytest.mark.parametrize("claim", ["claim_1", "claim_2", "claim_3", "claim_4"])
def test_proved_over_the_whole_range(claim):
    found = getattr(simplified_gamma, claim)()
    assert (found.verdict, found.level) == (Verdict.PROVED, Level.ENCLOSED)
    assert found.boxes > 0 and found.slack > 0
    assert all(edge["status"] == "proved" for edge in found.certificates[0].lemma["vanishing"])


@pytest.mark.parametrize("twin", ["claim_1_twin", "claim_2_twin", "claim_3_twin"])
def test_false_twins_are_refuted(twin):
    found = getattr(simplified_gamma, twin)()
    assert found.verdict is Verdict.REFUTED and found.witness and found.slack < 0


def test_constant_138_is_refuted_at_the_corner():
    found = simplified_gamma.claim_4(Fraction(69, 50))
    assert found.verdict is Verdict.REFUTED and found.witness == {"b": "1", "q": "1/2"}
    assert found.slack == pytest.approx(1.38 - 2 * float(mpmath.log(2)), abs=1e-15)


def test_claims_against_mpmath_at_points():
    for b in (mpmath.mpf("0.05"), mpmath.mpf("0.4"), mpmath.mpf("0.95")):
        for q in (mpmath.mpf("0.5"), mpmath.mpf("0.7"), mpmath.mpf("0.99")):
            slope, mean = _slope(b, q), (((1 + b) ** q + (1 - b) ** q) / 2) ** (1 / q)
            assert b**2 / 2 <= slope <= 1.4 * b**2
            assert (1 - mean) / (1 - q) >= b**2 / 2 + (1 + q) * (3 - 2 * q) * b**4 / 24


def test_derivation_runs_and_prints_what_it_checked():
    chain = simplified_gamma.build()
    found = chain.run()
    assert (found.verdict, found.level) == (Verdict.PROVED, Level.ENCLOSED)
    assert r"\left(1 - b\right)^{q}" in chain.render("latex")
