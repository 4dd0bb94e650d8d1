"""Theorems 10 and 11: ranges that are needed, and the facts behind them at random laws.

The box minimiser of these tests is L-BFGS-B on the scores, written here: it shares nothing with the package.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize

from hconsist.derivations import bounded_cross_entropy, bounded_power, bounded_zero_interval
from hconsist.results import Side
from hconsist.transforms import transform

MODULES = {m.__name__.rpartition(".")[2]: m for m in (bounded_zero_interval, bounded_cross_entropy, bounded_power)}


@cache
def built(name):
    return MODULES[name].build()


@pytest.mark.parametrize("name, tau", [("bounded_cross_entropy", 1.0), ("bounded_power", 0.5)])
def test_the_level_of_the_transformation_is_that_of_its_chain(name, tau):
    curve = transform(f"comp-sum:tau={tau}", n_classes=7, hypotheses="bounded:lam=1")
    assert curve.side is Side.EXACT and curve.level <= built(name).run().level


def test_the_interval_of_the_chain_cannot_be_longer():
    """With t up to 1.01 t0 in place of t0 the direction that leads down is found."""
    derivation = built("bounded_zero_interval")
    t, c, y = bounded_zero_interval.t, bounded_zero_interval.c, bounded_zero_interval.y
    longer = {t: sp.Rational(101, 100) * c / ((2 + c) * (1 + y))}
    steps = tuple(replace(s, put={**s.put, **longer}) if t in s.put else s for s in derivation.steps)
    found = replace(derivation, steps=steps).run()
    assert not found.passed and "No feasible direction" in found.reason


def test_the_multiplier_step_needs_tau_at_most_one():
    """With b < 0, that is tau > 1, Theta = 1 + b H orders the other way round and the step does not close."""
    derivation, b = built("bounded_power"), bounded_power.b
    title = "The multiplier of p is the smaller one"
    number = next(k for k, s in enumerate(derivation.steps) if s.title == title)
    beta = sp.Symbol("beta", positive=True)
    step = replace(derivation.steps[number], put={b: -beta})
    steps = (*derivation.steps[:number], step, *derivation.steps[number + 1 :])
    assert not replace(derivation, steps=steps).check(number + 1).passed


# --- the facts, at random laws --------------------------------------------------------------------------------------


def best_softmax(p, tau, lam):
    """The softmax of scores in [-lam, lam] that cost least, by L-BFGS-B from two starts, with its own gradient."""

    def cost(h):
        s = np.exp(h - h.max())
        s /= s.sum()
        al = tau - 1
        value = -p @ np.log(s) if al == 0 else p @ (1 - s**al) / al
        weight = p * s**al
        return value, s * weight.sum() - weight

    options = {"ftol": 1e-16, "gtol": 1e-11, "maxiter": 2000}
    starts = (np.zeros_like(p), np.where(p == p.max(), lam, -lam))
    found = [
        minimize(cost, h, jac=True, bounds=[(-lam, lam)] * p.size, method="L-BFGS-B", options=options) for h in starts
    ]
    h = min(found, key=lambda f: f.fun).x
    s = np.exp(h - h.max())
    return s / s.sum()


def pooled(p, j):
    members, order = [j], [i for i in np.argsort(-p, kind="stable") if i != j]
    for i in order:
        if p[i] > p[members].mean():
            members.append(i)
    out = p.copy()
    out[members] = p[members].mean()
    return out


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0])
def test_free_scores_of_the_other_labels_are_at_least_the_forced_ones(tau):
    """The comparison that the path of Theorem 11 rests on; and the regret falls along the path."""
    rng = np.random.default_rng(11)
    for _ in range(12):
        n, lam = int(rng.integers(3, 6)), float(rng.choice([0.4, 1.0, 2.0]))
        p = -np.sort(-rng.dirichlet(np.full(n, 0.8)))
        j = int(rng.integers(1, n))
        free, forced = best_softmax(p, tau, lam), best_softmax(pooled(p, j), tau, lam)
        others = [i for i in range(1, n) if i != j]
        assert np.all(free[others] >= forced[others] - 1e-6)
        assert free[0] + free[j] <= 2 * forced[j] + 1e-6


def test_the_comparison_fails_beyond_tau_one():
    """Negative control: tau = 3/2, Lam = 1, p = (2/3, 1/3, 0), j = 3: label 2 has a smaller score when free."""
    p = np.array([2 / 3, 1 / 3, 0.0])
    free, forced = best_softmax(p, 1.5, 1.0), best_softmax(np.full(3, 1 / 3), 1.5, 1.0)
    assert free[1] < forced[1] - 0.1


@pytest.mark.parametrize("psi, slope", [(lambda s: (1 - s) ** 2 - np.log(s), lambda s: 2 * (s - 1) - 1 / s),
                                        (lambda s: np.exp(-3 * s), lambda s: -3 * np.exp(-3 * s))])  # fmt: skip
def test_the_interval_is_the_same_for_other_losses(psi, slope):
    """n = 4, Lam = 1/2: just below t0 no scores beat the tie of the two-label law, just above some do."""
    n, lam = 4, 0.5
    c = (n - 2) * np.exp(-2 * lam)
    t0 = c / (2 + c)
    tie = np.array([1, 1, np.exp(-2 * lam), np.exp(-2 * lam)]) / (2 + c)

    def least(p):
        def cost(h):
            s = np.exp(h - h.max())
            s /= s.sum()
            weight = -p * slope(s) * s
            return p @ psi(s), s * weight.sum() - weight

        options = {"ftol": 1e-16, "gtol": 1e-12, "maxiter": 2000}
        starts = [np.array(h) * lam for h in ((1, 1, -1, -1), (1, 0, -1, -1), (0, 0, 0, 0))]
        return min(minimize(cost, h, jac=True, bounds=[(-lam, lam)] * n, method="L-BFGS-B", options=options).fun
                   for h in starts)  # fmt: skip

    for factor, below in ((0.98, True), (1.1, False)):
        t = factor * t0
        p = np.array([(1 + t) / 2, (1 - t) / 2, 0, 0])
        gain = p @ psi(tie) - least(p)
        assert gain < 1e-10 if below else gain > 1e-6
