"""Pooling, forced risks and regrets against direct constrained minimisation and enumeration."""

import itertools

import numpy as np
import pytest
from scipy import optimize

from hconsist import conditional, losses
from hconsist.domains import InputError, UnsupportedError

LAWS = np.random.default_rng(7).dirichlet([1, 1, 1, 1], 4)


def test_pool_by_hand():
    pooled, members = conditional.pool([0.5, 0.3, 0.1, 0.1], 2)
    assert members.tolist() == [True, False, True, False]
    np.testing.assert_allclose(pooled, [0.3, 0.3, 0.3, 0.1])


@pytest.mark.parametrize("p", LAWS)
def test_pool_facts(p):
    """Members other than the label exceed the mean, the rest do not (proofs.md section 1)."""
    for label in range(4):
        pooled, members = conditional.pool(p, label)
        mean = pooled[label]
        assert pooled.sum() == pytest.approx(1) and mean == pytest.approx(p[members].mean())
        others = members.copy()
        others[label] = False
        assert np.all(p[others] > mean) and np.all(p[~members] <= mean + 1e-15)
        assert pooled.max() == mean


@pytest.mark.parametrize("name", ["logistic", "sum-exponential", "gce:q=0.7"])
def test_forced_risk_against_constrained_minimisation(name):
    loss = losses.get(name)
    for p, label in itertools.product(LAWS, range(4)):
        # h_label = 0 and the others <= 0: the label is largest
        def risk(h, p=p, label=label):
            return float(loss.conditional_risk(np.insert(h, label, 0.0), p))

        found = optimize.minimize(risk, -np.ones(3), bounds=[(-40, 0)] * 3, method="L-BFGS-B", tol=1e-14)
        forced = conditional.forced_risk(loss, p, label)
        assert forced - 1e-10 <= found.fun <= forced + 1e-6


@pytest.mark.parametrize("tau", [2.0, 2.5, 3.0])
def test_forced_risk_beyond_two_against_enumeration(tau):
    loss = losses.CompSum(tau)
    for p, label in itertools.product(LAWS, range(4)):
        others = [k for k in range(4) if k != label]
        sets = [(label, *c) for size in range(4) for c in itertools.combinations(others, size)]
        best = max(p[list(a)].sum() / len(a) ** (tau - 1) for a in sets)
        assert conditional.forced_risk(loss, p, label) == pytest.approx((1 - best) / (tau - 1), rel=1e-13)


def test_pooling_is_only_a_bound_for_a_concave_psi():
    """tau = 3, p = (.4, .35, .25), j = 2: H(p^A) = .3125 < C_j = .325 (proofs.md section 1)."""
    loss, p = losses.CompSum(3.0), np.array([0.4, 0.35, 0.25])
    assert float(loss.entropy(conditional.pool(p, 1)[0])) == pytest.approx(0.3125)
    assert conditional.forced_risk(loss, p, 1) == pytest.approx(0.325)


def test_regrets():
    loss, p = losses.Logistic(), np.array([0.5, 0.3, 0.2])
    assert conditional.conditional_regret(loss, np.log(p), p) == pytest.approx(0, abs=1e-15)
    s = np.array([0.2, 0.2, 0.6])
    assert conditional.conditional_regret(loss, np.log(s), p) == pytest.approx(p @ np.log(p / s), rel=1e-13)
    assert conditional.zero_one_regret(np.log(s), p) == pytest.approx(0.3)
    assert conditional.zero_one_regret([1.0, 1.0, 0.0], p) == pytest.approx(0.2)  # the tie counts against the learner
    assert conditional.pooled_regret(loss, p, 0) == 0
    for h in np.random.default_rng(8).normal(size=(50, 3)):
        label = int(np.argmax(h))
        assert conditional.conditional_regret(loss, h, p) >= conditional.pooled_regret(loss, p, label) - 1e-14


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("label", lambda: conditional.pool([0.5, 0.5], 2)),
        ("label", lambda: conditional.pool([0.5, 0.5], 1.5)),
        ("p", lambda: conditional.pool([[0.5, 0.5]], 0)),
        ("probabilities", lambda: conditional.pool([0.5, 0.6], 0)),
        ("scores", lambda: conditional.zero_one_regret([np.nan, 1.0], [0.5, 0.5])),
        ("scores", lambda: conditional.zero_one_regret([1.0, 2.0, 3.0], [0.5, 0.5])),
    ],
)
def test_bad_input_is_named(argument, call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument


def test_a_concave_psi_of_ones_own_is_unsupported():
    with pytest.raises(UnsupportedError):
        conditional.forced_risk(losses.CompSum(psi="1 - s**2"), [0.5, 0.5], 0)
