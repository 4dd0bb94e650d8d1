"""From a fitted loss to the top-1 error: closed forms by hand, a language whose every error is known, refusals."""

import math
import warnings

import numpy as np
import pytest
from scaling_data import TRUTH, noisy, sizes
from scipy.optimize import brentq, minimize_scalar

from hconsist.domains import InputError, UnsupportedError
from hconsist.scaling import (
    AnnealingLaw,
    Chinchilla,
    FitWarning,
    PowerLaw,
    UnidentifiedError,
    budget_for_error,
    budget_for_reducible,
    optimum,
)  # fmt: skip


def curve(t):
    """T of cross-entropy, the same for every number of labels."""
    return ((1 + t) * math.log1p(t) + ((1 - t) * math.log1p(-t) if t < 1 else 0.0)) / 2


@pytest.fixture(scope="module")
def fit():
    columns = sizes(120)
    return Chinchilla(resamples=300).fit(columns, noisy(columns))


def test_the_limit_at_a_measured_loss_uses_the_lower_end_of_the_floor(fit):
    floor = fit.interval("E")
    found = fit.error_limit(loss=1.9)
    assert found.excess.upper == pytest.approx(1.9 - floor.lower, abs=1e-14)
    assert found.excess.lower == pytest.approx(1.9 - floor.upper, abs=1e-14)
    assert curve(found.value) == pytest.approx(1.9 - floor.lower, rel=1e-10)
    assert curve(found.estimate) == pytest.approx(1.9 - floor.value, rel=1e-10)
    assert found.estimate < found.value and found.loss == pytest.approx(1.9, abs=1e-14)
    assert str(found.side) == "estimate" and str(found.bound.side) == "upper"
    assert "0.975 confidence" in str(found)


def test_the_limit_at_a_budget_resamples_the_reducible_loss(fit):
    budget, p = 1e23, fit.bootstrap()

    def least(A, B, a, b):
        u_total = math.log(budget / 6)
        return minimize_scalar(lambda u: A * math.exp(-a * u) + B * math.exp(-b * (u_total - u)), (20, 25)).fun

    excess = np.array([least(*row) for row in zip(p["A"], p["B"], p["alpha"], p["beta"])])
    found = fit.error_limit(budget=budget)
    assert found.excess.upper == pytest.approx(np.quantile(excess, 0.975, method="higher"), rel=1e-9)
    assert curve(found.value) == pytest.approx(found.excess.upper, rel=1e-10)
    # E and the reducible loss vary together: the joint interval is narrower than that of the loss less that of E
    assert found.excess.upper < fit.plan(budget).loss.upper - fit.interval("E").lower


def test_the_limit_at_a_point_is_that_of_the_law_there(fit):
    at = {"params": [1e9], "tokens": [2e10]}
    found = fit.error_limit(at=at)
    assert found.loss == pytest.approx(float(fit.predict(at)[0]), rel=1e-12)
    p = fit.parameters_
    assert found.excess.value == pytest.approx(p["A"] * 1e9 ** -p["alpha"] + p["B"] * 2e10 ** -p["beta"], rel=1e-12)


def test_gap_and_vacuous_limits(fit):
    with_gap = fit.error_limit(loss=1.9, surrogate_gap=0.05)
    assert curve(with_gap.value) == pytest.approx(with_gap.excess.upper + 0.05, rel=1e-10)
    assert "at most 0.05 above" in str(with_gap)
    nothing = fit.error_limit(loss=4.0)
    assert nothing.vacuous and nothing.value == 1 and "no limit" in str(nothing)
    # a sample may lie below the fitted floor by chance: the point estimate is then an excess of 0
    assert fit.error_limit(loss=fit.parameters_["E"] - 1e-3).estimate == 0


@pytest.mark.parametrize("reducible", [1e-3, 0.05, 1.0])
def test_budget_for_a_reducible_loss_inverts_the_optimum(reducible):
    budget = brentq(lambda z: optimum(TRUTH, math.exp(z))["reducible"] - reducible, 20, 200)
    assert budget_for_reducible(TRUTH, reducible) == pytest.approx(math.exp(budget), rel=1e-9)
    assert np.isnan(budget_for_reducible({**TRUTH, "A": 0.0}, reducible))


def test_budget_for_an_error(fit):
    found = budget_for_error(fit, 0.4)
    assert optimum(fit.parameters_, found.value)["reducible"] == pytest.approx(curve(0.4), rel=1e-9)
    assert fit.error_limit(budget=found.upper).value == pytest.approx(0.4, abs=2e-3)
    assert found.lower < found.value < found.upper


def test_one_variable_and_schedules_have_a_floor_too():
    x = np.geomspace(1e3, 1e8, 30)
    power = PowerLaw(resamples=50).fit(x, 0.4 + 12 * x**-0.3)
    assert power.error_limit(at=[1e9]).excess.value == pytest.approx(12 * 1e9**-0.3, rel=1e-5)
    s = {"S1": np.linspace(0.1, 5, 40), "S2": np.linspace(0, 0.1, 40) ** 2}
    annealed = AnnealingLaw(resamples=50).fit(s, 2 + 0.4 * s["S1"] ** -0.5 - 3 * s["S2"])
    assert annealed.error_limit(loss=2.3).excess.value == pytest.approx(0.3, abs=1e-6)
    with pytest.raises(UnsupportedError, match="params and tokens"):
        power.error_limit(budget=1e20)
    with pytest.raises(UnsupportedError, match="irreducible loss"):
        PowerLaw(constant=False, resamples=50).fit(x, 12 * x**-0.3).error_limit(loss=1.0)


@pytest.mark.parametrize("given", [{}, {"loss": 2.0, "budget": 1e20}, {"loss": -1.0}, {"loss": 0.5},
                                   {"loss": float("nan")}, {"budget": 0.0}, {"loss": 2.0, "surrogate_gap": -1.0},
                                   {"at": {"params": [1e9, 2e9], "tokens": [1e10, 1e10]}},
                                   {"loss": 2.0, "confidence": 1.0}])  # fmt: skip
def test_bad_input(fit, given):
    with pytest.raises(InputError):
        fit.error_limit(**given)


def test_bad_targets(fit):
    for error in (0.0, 1.0, 1.5):
        with pytest.raises(InputError, match="error"):
            budget_for_error(fit, error)
    with pytest.raises(InputError, match="no budget"):
        budget_for_error(fit, 0.1, surrogate_gap=curve(0.1))


def test_designs_on_a_line_plan_no_error():
    params = np.geomspace(1e8, 1e10, 40)
    columns = {"params": params, "tokens": 20 * params}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        fit = Chinchilla(resamples=50).fit(columns, noisy(columns, sd=0.001))
    with pytest.raises(UnidentifiedError):
        fit.error_limit(budget=1e24)
    with pytest.raises(UnidentifiedError):
        budget_for_error(fit, 0.4)


class Language:
    """Contexts with known laws of the next token, and models whose excess loss is any number we like.

    A model of level m predicts p_x^(1-m) r_x^m up to a factor, r_x a fixed wrong law; its excess (the mean
    Kullback-Leibler divergence) rises with m from 0, so that any law of losses can be imposed and the true top-1 error
    of the model read off.
    """

    def __init__(self, contexts=400, labels=12, seed=3):
        rng = np.random.default_rng(seed)
        self.p = rng.dirichlet(np.full(labels, 0.4), contexts)
        self.wrong = rng.dirichlet(np.full(labels, 0.4), contexts)
        self.p, self.wrong = (0.999 * q + 0.001 / labels for q in (self.p, self.wrong))
        self.entropy = float(-(self.p * np.log(self.p)).sum(-1).mean())

    def model(self, m):
        q = self.p ** (1 - m) * self.wrong**m
        return q / q.sum(-1, keepdims=True)

    def excess(self, m):
        return float((self.p * np.log(self.p / self.model(m))).sum(-1).mean())

    def excess_error(self, m):
        chosen = np.take_along_axis(self.p, self.model(m).argmax(-1)[:, None], 1)[:, 0]
        return float((self.p.max(-1) - chosen).mean())

    def with_excess(self, kl):
        return brentq(lambda m: self.excess(m) - kl, 0.0, 1.0, xtol=1e-12)


def test_a_language_whose_errors_are_known():
    language = Language()
    truth = {**TRUTH, "E": language.entropy}
    columns = sizes(120)
    fit = Chinchilla(resamples=300).fit(columns, noisy(columns, truth=truth, sd=0.002))
    for budget in (1e22, 1e24, 1e26):
        m = language.with_excess(float(optimum(truth, budget)["reducible"]))
        true_error = language.excess_error(m)
        limit = fit.error_limit(budget=budget)
        assert 0 < true_error <= limit.value < 1
        measured = fit.error_limit(loss=language.entropy + language.excess(m))
        assert true_error <= measured.value


def test_the_limit_is_attained_and_a_floor_too_high_breaks_it():
    """Two labels with probabilities (1 +- t)/2 in every context, and a model that calls both equally likely."""
    t, x = 0.3, np.geomspace(1e6, 1e12, 40)
    entropy = -sum(q * math.log(q) for q in ((1 + t) / 2, (1 - t) / 2))
    fit = PowerLaw(resamples=50).fit(x, entropy + 20 * x**-0.25)
    at = math.log(2)  # the loss of the model; its top-1 error, with the tie against it, is t above the least
    assert fit.error_limit(loss=at).value == pytest.approx(t, rel=1e-5)
    too_high = PowerLaw(resamples=50).fit(x, entropy + 0.01 + 20 * x**-0.25)
    assert too_high.error_limit(loss=at).value < 0.9 * t
    assert too_high.error_limit(loss=at, surrogate_gap=0.01).value == pytest.approx(t, rel=1e-5)
