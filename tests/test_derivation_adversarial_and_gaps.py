"""Adversarial losses and minimizability gaps: ranges that are needed, twins, parts, and the witness."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from hconsist.derivations import adversarial_comp_sum, minimizability_gaps, smooth_adversarial
from hconsist.derivations.outer_function import Phi, Ramp
from hconsist.evidence import Level
from hconsist.steps import Monotone
from hconsist.testing import assert_proved, assert_refuted


@pytest.mark.parametrize(
    ("title", "wrong"),
    [
        ("Small tau", lambda put, x: {symbol: value + 2 for symbol, value in put.items()}),
        ("Up to one exponential", lambda put, x: {symbol: 3 + x for symbol in put}),
        ("From one exponential on", lambda put, x: {symbol: sp.Rational(1, 2) / (1 + x) for symbol in put}),
    ],
)
def test_the_ranges_of_tau_are_needed(title, wrong):
    """The weight is largest at another place beyond the stated range of tau."""
    step = next(s for s in smooth_adversarial.build().steps if s.title == title)
    assert isinstance(step, Monotone) and step.check().passed
    y = sp.Symbol("y_free", nonnegative=True)
    assert not replace(step, put=wrong(step.put, y)).check().passed


def test_twins_are_refuted_with_a_witness():
    assert assert_refuted(lambda: adversarial_comp_sum.evidence(Fraction(101, 100))).witness == {"t": "1"}
    assert assert_refuted(lambda: smooth_adversarial.evidence(Fraction(98, 100))).witness == {"v": "1/25"}
    assert assert_refuted(lambda: minimizability_gaps.jensen(Fraction(99, 100))).witness == {"s": "1/2"}


def test_parts():
    for part in (minimizability_gaps.evidence, minimizability_gaps.jensen, minimizability_gaps.constant):
        assert assert_proved(part).level is Level.SYMBOLIC
    assert assert_proved(minimizability_gaps.stochastic).level is Level.ENCLOSED


def test_the_outer_function_is_the_primitive_and_the_ramp_the_cut_off_line():
    """Against the closed forms, integrated by SymPy, and NumPy's clip."""
    u, tau = sp.Symbol("u", positive=True), sp.Symbol("tau", nonnegative=True)
    assert Phi(0, tau) == 0 and Phi(u, 0) == u and sp.diff(Phi(u, tau), u) == (1 + u) ** (-tau)
    assert sp.simplify(sp.integrate((1 + u) ** sp.Rational(-3, 2), (u, 0, 3)) - (2 - 2 / sp.sqrt(4))) == 0
    points = [sp.Rational(k, 4) for k in range(-3, 12)]
    found = [float(Ramp(p, 2).doit()) for p in points]
    np.testing.assert_array_equal(found, np.clip(1 - np.array([float(p) for p in points]) / 2, 0, 1))


def test_gaps_of_the_witness_are_those_of_the_package():
    """The formulas in the chain against the closed-form entropies of the losses."""
    from hconsist.gaps import constant_gap

    point = {minimizability_gaps.p: sp.Rational(9, 10), minimizability_gaps.q: sp.Rational(1, 5)}
    for tau in ("0", "1/2", "1", "3/2", "2"):
        exact = minimizability_gaps.two_input_gap(sp.Rational(tau)).subs(point)
        value = constant_gap(f"comp-sum:tau={float(Fraction(tau))}", [[0.9, 0.1], [0.2, 0.8]]).value
        assert float(exact) == pytest.approx(value, rel=1e-12)
