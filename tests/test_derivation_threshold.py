"""Theorem 7: its enclosure of tau_c against an independent root, its dual bounds, and what it refuses."""

import dataclasses
import math
from fractions import Fraction as F

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize
from spoiling import reversed_

from hconsist.derivations import threshold
from hconsist.derivations.threshold import a, m, r, s, t
from hconsist.evidence import Level, Verdict
from hconsist.rigorous import Choice, prove_nonnegative
from hconsist.steps import Checked
from hconsist.transforms.two_label import TAU_C


@pytest.fixture(scope="module")
def chain():
    return threshold.build()


@pytest.fixture(scope="module")
def evidence(chain):
    return chain.run()


def test_the_chain_is_proved_by_balls(evidence):
    assert (evidence.verdict, evidence.level) == (Verdict.PROVED, Level.ENCLOSED), evidence.reason
    assert len(evidence.certificates) == 31 and 3000 < evidence.boxes < 6000


def test_what_is_shown_of_other_chains_and_in_the_control_is_what_is_checked(chain):
    linked = [s for s in chain.steps if isinstance(s, Checked) and (s.control or s.method.startswith("derivation "))]
    assert len(linked) == 11
    for step in linked:
        false = dataclasses.replace(step, shown=(reversed_(step.shown[0]),))
        assert step.check().passed and not false.check().passed, step.text


def test_the_ball_part_is_fast(evidence):
    assert sum(c.seconds for c in evidence.certificates) < 20


def test_the_enclosure_holds_a_root_found_without_the_package():
    """B and its t-derivative vanish together: Newton's method of mpmath at 50 digits, formulas written here."""
    with mpmath.workdps(50):

        def curve(gap, order):
            al = 1 - 1 / order
            pair = (((1 + gap) / 2) ** order + ((1 - gap) / 2) ** order) ** (1 / order)
            three = (gap**order + (1 - gap) ** order) ** (1 / order)
            return three - mpmath.mpf(3) ** -al - pair + mpmath.mpf(2) ** -al

        def system(gap, order):
            return curve(gap, order), mpmath.diff(lambda x: curve(x, order), gap)

        gap, order = mpmath.findroot(system, (mpmath.mpf("0.6"), mpmath.mpf("2.967")))
        tau = 2 - 1 / order
        low, high = (mpmath.mpf(end.numerator) / end.denominator for end in threshold.TAU_C)
        assert low < tau < high
        assert mpmath.nstr(order, 16) == "2.967216668669597"  # as found before this derivation was written
        assert abs(gap - mpmath.mpf("0.600134")) < 1e-6


def test_the_constant_of_the_kernels_is_the_largest_double_below():
    assert F(TAU_C) < threshold.TAU_C[0] < threshold.TAU_C[1] < F(math.nextafter(TAU_C, 2))


def test_beyond_the_threshold_three_labels_win():
    found = threshold.below(threshold.TAU_C[1])
    assert found.verdict is Verdict.REFUTED and abs(F(found.witness["t"]) - F(600134, 10**6)) < F(1, 10**5)
    assert threshold.below(F(1662, 1000)).passed


@pytest.mark.parametrize("number", range(2, 12))
def test_the_dual_bound_lies_below_the_least_norm(number):
    """Least norms by SLSQP over q, for random (t, a) and multipliers; the chosen multiplier comes close."""
    rng = np.random.default_rng(number)
    bound = sp.lambdify((t, a, r, s), threshold.dual(number, t))  # in a test, on floats
    for _ in range(6):
        gap, order = rng.uniform(0.05, 0.95), rng.uniform(2, 3)
        least = _least_norm(number, gap, order) * number ** (1 - 1 / order) - 1
        for first, second in ((0.3, 0.7), (1.5, 0.0), (0.5, 0.9)):
            assert bound(gap, order, first, second) <= least + 1e-9
        chosen = threshold.multiplier(number).rule(gap, order)
        assert least - 1e-4 <= bound(gap, order, *chosen) <= least + 1e-9


def _least_norm(number, gap, order):
    """min ||q||_order over laws q with q_1 - q_2 = gap."""

    def norm(x):
        law = np.concatenate([[x[0] + gap], x])
        return np.sum(np.abs(law) ** order) ** (1 / order)

    start = np.full(number - 1, (1 - gap) / number)
    total = {"type": "eq", "fun": lambda x: 2 * x[0] + gap + np.sum(x[1:]) - 1}
    options = {"ftol": 1e-15, "maxiter": 500}
    found = minimize(norm, start, bounds=[(0, 1)] * (number - 1), constraints=total, method="SLSQP", options=options)
    return found.fun


def test_larger_boxes_are_refused():
    """With a up to 2.968, and with m = 3 up to 2.9673 at the dip, D_3 > D_2 is false: no proof may be found."""
    wins = threshold.bracket(sp.Rational(3, 5), sp.Rational(371, 125))
    assert threshold.refused(sp.Lt(wins, 0, evaluate=False)).passed
    relation = sp.Gt(threshold.dual(m, t), (m / 2) ** threshold.AL * threshold.two_label(t), evaluate=False)
    box = {t: threshold.DIP, a: (threshold.CROSSING, threshold.BEYOND)}
    slack = (relation.lhs - relation.rhs).subs(m, 3)
    found = prove_nonnegative(slack, box, strict=True, choose=threshold.multiplier(3), max_boxes=3000)
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_multiplier_that_breaks_its_constraints_is_an_error():
    cheat = Choice((r, s), lambda *centre: (5.0, -1.0), (r, s, r + s - 1))
    with pytest.raises(ValueError, match="choice must be values that satisfy its constraints"):
        prove_nonnegative(threshold.dual(3, t), {t: (F(1, 10), 1), a: (2, F(29, 10))}, choose=cheat)
