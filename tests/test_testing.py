"""What users call in their own suites, each with the control it must reject."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

import hconsist as hc
from hconsist.domains import Domain
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.testing import assert_kernel_matches, assert_properties, assert_proved, assert_refuted

X = sp.Symbol("x", real=True)


def test_a_true_statement_is_proved_and_a_false_one_refuted():
    assert_proved(sp.exp(X) - 1 - X / 2, {X: (Fraction(1, 10), 1)})
    assert_refuted(sp.exp(X) - 2 - X, {X: (0, 1)})
    with pytest.raises(AssertionError, match=r"not proved: refuted.*witness"):
        assert_proved(sp.exp(X) - 2 - X, {X: (0, 1)})
    with pytest.raises(AssertionError, match="not refuted"):
        assert_refuted(sp.exp(X), {X: (0, 1)})


def test_an_inconclusive_prover_fails():
    undecided = Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, boxes=1, reason="box limit reached")
    with pytest.raises(AssertionError, match="box limit reached"):
        assert_proved(lambda: undecided)
    with pytest.raises(AssertionError, match="box limit reached"):
        assert_refuted(lambda: undecided)


def test_supported_is_not_proved():
    with pytest.raises(AssertionError, match="supported at level sampled"):
        assert_proved(Evidence(Verdict.SUPPORTED, Level.SAMPLED, points=5))


def test_a_kernel_is_compared_with_its_definition_in_balls():
    from hconsist.definitions import Definition

    definition = Definition("expm1(x)/x", (sp.exp(X) - 1) / X, (X,), {"x": Domain(0, 1, lower_open=True)})
    found = assert_kernel_matches(lambda x: np.expm1(x) / x, definition)
    assert found.points == 200
    with pytest.raises(AssertionError, match="differs"):
        assert_kernel_matches(lambda x: (np.exp(x) - 1) / x, definition)
    with pytest.raises(AssertionError, match="differs"):
        assert_kernel_matches(lambda x: np.full_like(x, np.nan), definition)
    with pytest.raises(AssertionError, match="no point"):
        assert_kernel_matches(lambda x: x, definition, where=lambda x: x > 2)


@pytest.mark.parametrize("name", ["logistic", "sum-exponential", "gce:q=0.7", "mae"])
def test_the_shipped_losses_have_their_declared_properties(name):
    assert assert_properties(hc.losses.get(name)).points == 200


def test_a_wrong_gradient_and_a_wrong_symmetry_are_caught():
    class Wrong(hc.losses.Logistic):
        def gradient(self, scores, labels):
            return 1.01 * super().gradient(scores, labels)

    class Lopsided(hc.losses.Logistic):
        def value(self, scores, labels):
            return super().value(scores, labels) * (1 + 0.1 * (np.asarray(labels) == 0))

    with pytest.raises(AssertionError, match="gradient"):
        assert_properties(Wrong())
    with pytest.raises(AssertionError):
        assert_properties(Lopsided())
