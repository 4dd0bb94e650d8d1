"""What a fit must not hide: designs that determine nothing, weights, stale results, digits, uncertified resamples."""

import math
import warnings

import mpmath
import numpy as np
import pytest
from scaling_data import TRUTH, noisy, sizes, value

from hconsist.domains import InputError, UnsupportedError
from hconsist.scaling import (
    Chinchilla,
    Cosine,
    EncoderDecoder,
    FitWarning,
    IsoFlop,
    PowerLaw,
    StepDown,
    UnidentifiedError,
    logged_areas,
    vertex_shift,
)
from hconsist.scaling.digits import with_interval
from hconsist.scaling.fitting import solve_many
from hconsist.scaling.profiles import effective_count
from hconsist.scaling.resampling import _lower_elsewhere


def quiet(estimator, *arguments):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        return estimator.fit(*arguments)


# -- designs -----------------------------------------------------------------------------------------------------------


def test_fewer_different_points_than_parameters_get_no_plan():
    columns = {k: np.tile(v[:3], 5) for k, v in sizes(3).items()}
    fit = quiet(Chinchilla(resamples=20), columns, np.tile(noisy(sizes(3)), 5))
    assert fit.warnings_[0] == "unidentified design: 3 different points, 5 parameters"
    with pytest.raises(UnidentifiedError, match="3 different points"):
        fit.plan(1e24)
    assert fit.tied_or_free() is None


def test_points_without_weight_are_no_points():
    columns, losses = sizes(60), noisy(sizes(60))
    weights = np.zeros(60)
    weights[:2] = 1
    with pytest.raises(InputError, match="number of points"):
        Chinchilla().fit(columns, losses, weights)
    params = np.append(np.geomspace(1e8, 1e10, 20), [1e9, 2e9, 3e9])
    on_a_line = {"params": params, "tokens": np.append(20 * params[:20], [1e9, 1e11, 1e12])}
    weights = np.append(np.ones(20), np.zeros(3))
    fit = quiet(Chinchilla(resamples=20), on_a_line, noisy(on_a_line), weights)
    assert fit.line_ is not None and len(fit.losses_) == 20
    # and they change nothing: the fit is that without them
    half = np.arange(60) % 2
    weighted = Chinchilla(resamples=20).fit(columns, losses, half)
    kept = Chinchilla(resamples=20).fit({k: v[half == 1] for k, v in columns.items()}, losses[half == 1])
    assert weighted.parameters_ == pytest.approx(kept.parameters_, rel=1e-9)


def test_the_scale_of_the_weights_says_nothing():
    columns, losses = sizes(60), noisy(sizes(60))
    plain = Chinchilla(resamples=20).fit(columns, losses)
    scaled = Chinchilla(resamples=20).fit(columns, losses, np.full(60, 1e6))
    ends = [f.interval("alpha", method="profile") for f in (plain, scaled)]
    assert ends[0].lower == pytest.approx(ends[1].lower, rel=1e-6)
    assert ends[0].upper == pytest.approx(ends[1].upper, rel=1e-6)
    assert effective_count(np.array([3.0, 3.0, 0.0])) == 2 and effective_count(np.array([1.0, 2.0])) == 9 / 5


def test_losses_that_do_not_vary_are_refused():
    with pytest.raises(InputError, match="two different values"):
        PowerLaw().fit(np.geomspace(1, 100, 10), np.full(10, 2.0))


def test_as_many_points_as_parameters_can_be_printed():
    fit = quiet(PowerLaw(resamples=20), [1e3, 1e4, 1e5], [3.0, 2.0, 1.5])
    assert [int(p.at) for p in fit.drop_path(0)] == [0] and "power law plus constant" in str(fit)
    assert fit.interval("alpha", method="profile").lower <= fit.parameters_["alpha"]


def test_plans_of_laws_that_do_not_fall_are_refused():
    rng = np.random.default_rng(0)
    columns = {"encoder": np.exp(rng.uniform(16, 20, 40)), "decoder": np.exp(rng.uniform(16, 20, 40))}
    fit = quiet(
        EncoderDecoder(resamples=20), columns, 1.2 + 5 * columns["encoder"] ** -0.2 * columns["decoder"] ** 0.05
    )
    with pytest.raises(UnidentifiedError, match="interior optimum"):
        fit.plan(1e9)


# -- results that would be stale ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"tied": True}, {"loss": "squares"}, {"resamples": 30}, {"delta": 1.0}])
def test_changed_arguments_ask_for_a_new_fit(change):
    fit = Chinchilla(resamples=20).fit(sizes(40), noisy(sizes(40)))
    fit.set_params(**change)
    with pytest.raises(UnsupportedError, match=next(iter(change))):
        fit.interval("alpha")
    assert fit.fit(sizes(40), noisy(sizes(40))).interval("alpha").value > 0


def test_uncertified_resamples_are_counted():
    fit = Chinchilla(resamples=50).fit(sizes(40), noisy(sizes(40)))
    assert fit.diagnostics().uncertified_resamples == 0 and "without a certified" not in str(fit)
    fit.resampled_gradients_[:3] = 1e-3
    assert fit.diagnostics().uncertified_resamples == 3 and "(3 without a certified optimum)" in str(fit)


def test_constant_functions_and_seeds():
    fit = Chinchilla(resamples=20).fit(sizes(40), noisy(sizes(40)))
    for method in ("percentile", "bca"):
        found = fit.interval(lambda p: 3.0, method=method)
        assert (found.lower, found.value, found.upper) == (3, 3, 3)
    with pytest.raises(InputError, match="rng"):
        Chinchilla(resamples=20, rng="x").fit(sizes(40), noisy(sizes(40))).interval("alpha")


def test_a_loss_below_the_floor_is_remarked():
    fit = Chinchilla(resamples=50).fit(sizes(40), noisy(sizes(40)))
    below = fit.error_limit(loss=fit.parameters_["E"] - 1e-3)
    assert any("lies below E" in text for text in below.assumptions) and below.estimate == 0


# -- digits ------------------------------------------------------------------------------------------------------------


def numbers(text):
    value_, rest = text.split(" [")
    return [float(v) for v in (value_, *rest.rstrip("]").split(", "))]


def test_printed_intervals_keep_value_order_and_width():
    rng = np.random.default_rng(0)
    for _ in range(20000):
        centre = rng.choice([-1, 1]) * 10.0 ** rng.uniform(-12, 13)
        width = abs(centre) * 10.0 ** rng.uniform(-7, 1.5)
        share = rng.random()
        low, high = centre - share * width, centre + (1 - share) * width
        shown = numbers(with_interval(centre, low, high))
        assert shown[1] <= shown[0] <= shown[2]
        for number, true in zip(shown, (centre, low, high)):
            # half a unit of a last digit worth a tenth to a whole of half the width, or two digits of a far larger end
            assert abs(number - true) <= max(0.06 * width, 0.051 * abs(true))


@pytest.mark.parametrize(
    "triple, text",
    [
        ((1.8173, 1.8170, 1.8180), "1.81730 [1.81700, 1.81800]"),
        ((20.0, 3.4, 3462000.0), "20 [3, 3.5e+06]"),
        ((2.0, -math.inf, math.inf), "2.00 [-inf, inf]"),
        ((2.0, math.nan, 3.0), "2.00 [nan, 3.00]"),
        ((0.2, 0.004, 15.4), "0.2 [0.004, 15]"),
    ],
)
def test_digits(triple, text):
    assert with_interval(*triple) == text


# -- other inputs ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "exponents", [(0.35, -0.37), (0.0, 0.0), (math.nan, 0.3), (0.3,), "ab", (0.3, 0.3, 0.3), (5, 30), 0.3]
)
def test_exponents_of_isoflop(exponents):
    flop = np.repeat([1e19, 1e20], 5)
    params = np.tile(np.geomspace(1e8, 1e10, 5), 2)
    with pytest.raises(InputError, match="exponents"):
        IsoFlop(exponents=exponents).fit({"params": params, "flop": flop}, np.tile([3, 2.5, 2.2, 2.4, 2.9], 2))


@pytest.mark.parametrize("resamples", [0, -1, 1.5, "x"])
def test_resamples_of_isoflop(resamples):
    flop, params = np.repeat([1e19, 1e20], 5), np.tile(np.geomspace(1e8, 1e10, 5), 2)
    with pytest.raises(InputError, match="resamples"):
        IsoFlop(resamples=resamples).fit({"params": params, "flop": flop}, np.tile([3, 2.5, 2.2, 2.4, 2.9], 2))


@pytest.mark.parametrize(
    "alpha, beta, w", [(0.34, 0.28, 1.386), (0.01, 0.5, 0.058), (0.465, 0.155, 2.77), (4, 0.1, 10)]
)
def test_vertex_shift_to_all_digits(alpha, beta, w):
    """The integrals of the definition by quadrature in 40 digits."""
    with mpmath.workdps(40):
        a, b, half = (mpmath.mpf(x) for x in (alpha, beta, w))
        i = [
            mpmath.quad(lambda u, k=k: u**k * (b * mpmath.exp(-a * u) + a * mpmath.exp(b * u)), [-half, 0, half])
            for k in range(3)
        ]
        c1, c2 = 3 / (2 * half**3) * i[1], 45 / (8 * half**5) * (i[2] - half**2 * i[0] / 3)
        assert float(vertex_shift(alpha, beta, w)) == pytest.approx(float(-c1 / (2 * c2)), rel=1e-13)


@pytest.mark.parametrize("final", [-1.0, math.nan, math.inf])
def test_rates_stay_rates(final):
    with pytest.raises(InputError, match="final"):
        Cosine(peak=1e-3, steps=10, final=final)
    with pytest.raises(InputError, match="final"):
        StepDown(peak=1e-3, steps=10, drop=5, final=final)


def test_logs_from_the_first_step_on_and_of_unequal_columns():
    log = {"step": [0, 1, 2], "lr": [1e-3, 1e-3, 5e-4]}
    for warmup in (0, None):
        found = logged_areas(log, warmup=warmup, decay=0.5)
        assert found["S1"] == pytest.approx([1e-3, 2e-3, 2.5e-3]) and found["S2"] == pytest.approx([0, 0, 5e-4])
    with pytest.raises(InputError, match="of one length"):
        logged_areas({**log, "lr": [1e-3, 1e-3]}, warmup=0)
    with pytest.raises(InputError, match="at least 1"):
        logged_areas({"step": [], "lr": []}, warmup=0)


@pytest.mark.parametrize("reducible", [0.0, -1.0, math.nan])
def test_needed(reducible):
    x = np.geomspace(1e3, 1e8, 30)
    with pytest.raises(InputError, match="reducible"):
        PowerLaw(resamples=20).fit(x, 0.4 + 12 * x**-0.3).needed(reducible)


def test_a_budget_in_other_units_is_remarked():
    columns = {k: v / 1e3 for k, v in sizes(60).items()}
    plan = Chinchilla(resamples=20).fit(columns, value(columns, TRUTH) * (1 + 1e-3 * np.sin(np.arange(60)))).plan(1e30)
    assert any("counted in units" in text for text in plan.warnings)


@pytest.mark.parametrize("delta", [1e-6, 4.7e-9])
def test_small_thresholds_approach_absolute_values(delta):
    """rho/delta lies between |r| - delta/2 and |r|; 4.7e-9 is the threshold of a published fit."""
    columns, losses = sizes(120), noisy(sizes(120), outliers=0.05)
    least = Chinchilla(loss="absolute").fit(columns, losses).objective_
    fit = Chinchilla(delta=delta).fit(columns, losses)
    assert fit.scaled_gradient_ < 1e-9
    assert least - 120 * delta / 2 <= fit.objective_ / delta <= least * (1 + 1e-9)


def test_a_resample_tries_the_optima_of_others():
    """Two wells by design: half of the members start in the wrong one, at a start of their own."""
    columns, losses = sizes(40), noisy(sizes(40))
    fit = Chinchilla(resamples=20).fit(columns, losses)
    problem, weights = fit.problem_, np.ones((6, 40))
    found = solve_many(problem, np.repeat(fit.centred_[None], 6, 0), 1e-3, weights=weights)
    assert not len(_lower_elsewhere(problem, found, 1e-3, weights)[0])
    found.theta[:3] += 0.1
    found.objective[:3] *= 2
    rows, start = _lower_elsewhere(problem, found, 1e-3, weights)
    assert rows.tolist() == [0, 1, 2] and start == pytest.approx(np.repeat(fit.centred_[None], 3, 0), rel=1e-6)
