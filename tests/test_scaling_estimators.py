"""Estimators: scikit-learn's contract, published figures, intervals, paths, plans, and bad input."""

import json
import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from hconsist.domains import InputError, UnsupportedError
from hconsist.results import to_json
from hconsist.scaling import (
    Chinchilla,
    FitWarning,
    OverTraining,
    PowerLaw,
    UnidentifiedError,
    budget_of,
    critical_size,
    data_multiplier,
    fitted_exponent,
    local_exponent,
    optimum,
    overhead,
    read_columns,
)
from hconsist.scaling.digits import with_interval
from hconsist.scaling.fitting import solve
from tests.scaling_data import TRUTH, chinchilla, file, noisy, sizes, table, value

LAD = {"E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
"""Besiroglu et al.'s printed values."""
UNROUNDED = {"E": 1.693374, "A": 406.40102, "B": 410.72283, "alpha": 0.33917084, "beta": 0.2849083}
"""Hoffmann et al.'s values from their source (Besiroglu et al.'s notebook)."""


@pytest.fixture(scope="module")
def fitted():
    columns = sizes()
    return Chinchilla(resamples=400).fit(columns, noisy(columns))


# -- scikit-learn's contract ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [Chinchilla, OverTraining, PowerLaw])
def test_constructor_parameters_are_stored_unchanged(cls):
    """What sklearn.base.clone does: construct from get_params and compare identities."""
    rng = np.random.default_rng(0)
    estimator = cls(rng=rng, delta=0.5, loss="no such loss")
    copy = cls(**estimator.get_params())
    assert all(copy.get_params()[k] is v for k, v in estimator.get_params().items())
    assert estimator.set_params(delta=2.0) is estimator and estimator.delta == 2.0
    assert "delta=2.0" in repr(estimator) and repr(cls()) == f"{cls.__name__}()"
    assert not any(name.endswith("_") and not name.startswith("_") for name in vars(cls()))
    with pytest.raises(InputError, match="one of"):
        estimator.set_params(depth=3)
    with pytest.raises(InputError, match="huber, absolute, squares"):
        estimator.fit(np.ones((9, 1)), np.ones(9))


def test_a_fit_does_not_change_its_constructor_parameters(fitted):
    assert fitted.get_params() == Chinchilla(resamples=400).get_params()
    assert fitted.n_features_in_ == 2
    with pytest.raises(UnsupportedError, match="fit"):
        Chinchilla().predict(np.ones((2, 2)))


def test_arrays_and_mappings_and_flop(fitted):
    columns = sizes()
    losses = noisy(columns)
    flop = 6 * columns["params"] * columns["tokens"]
    array = Chinchilla().fit(np.column_stack([columns["params"], columns["tokens"]]), losses)
    by_flop = Chinchilla().fit({"params": columns["params"], "flop": flop}, losses)
    assert array.parameters_ == fitted.parameters_
    assert by_flop.parameters_["alpha"] == pytest.approx(fitted.parameters_["alpha"], rel=1e-9)
    p = fitted.parameters_
    assert np.allclose(fitted.predict(columns), value(columns, p), rtol=1e-12)


def test_sample_weights_are_repetitions():
    columns = sizes(40)
    losses = noisy(columns)
    weights = np.ones(40)
    weights[:3] = 0.0
    left = Chinchilla().fit({k: v[3:] for k, v in columns.items()}, losses[3:])
    weighted = Chinchilla().fit(columns, losses, sample_weight=weights)
    assert weighted.objective_ == pytest.approx(left.objective_, rel=1e-9)
    assert weighted.parameters_["beta"] == pytest.approx(left.parameters_["beta"], rel=1e-5)


# -- published figures on public data -------------------------------------------------------------------------------


def test_huber_fit_of_the_published_points():
    """Objective and parameters of shared/spec/scaling.md: four independent solvers."""
    fit = Chinchilla(resamples=4000).fit(*chinchilla())
    assert fit.objective_ == pytest.approx(0.0010182740178, rel=1e-10)
    expected = {"A": 477.826, "B": 2143.417, "E": 1.817218, "alpha": 0.347310, "beta": 0.367172}
    for name, number in expected.items():
        assert fit.parameters_[name] == pytest.approx(number, rel=2e-6)
    assert fit.scaled_gradient_ < 1e-9 and fit.starts_at_best_ == fit.starts_
    assert fit.condition_ == pytest.approx(33, abs=0.5)
    # Monte Carlo error of a 2.5 % quantile from 4000 resamples is about 4 % of the interval
    for name, low, high in (("alpha", 0.316, 0.372), ("beta", 0.333, 0.416), ("E", 1.771, 1.872), ("a", 0.482, 0.556)):
        found = fit.interval(name)
        assert abs(found.lower - low) < 0.06 * (high - low) and abs(found.upper - high) < 0.06 * (high - low)
    assert fit.resampled_gradients_.max() < 1e-9
    for name, low, high in (("alpha", 0.326, 0.366), ("beta", 0.349, 0.385), ("E", 1.786, 1.845)):
        found = fit.interval(name, method="profile")
        assert (found.lower, found.upper) == pytest.approx((low, high), abs=6e-4)
    plan = fit.plan(5.76e23, confidence=0.8)
    assert plan.params.value == pytest.approx(7.319e10, rel=1e-3)
    assert plan.tokens_per_param.value == pytest.approx(17.9, abs=0.05)
    left_out = fit.leave_one_out()["B"]
    assert (left_out.min(), left_out.max()) == pytest.approx((1957, 2265), abs=1)
    path = {p.at: p.parameters["beta"] for p in fit.delta_path((1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0))}
    assert list(path.values()) == pytest.approx([0.3658, 0.3654, 0.3672, 0.3815, 0.4059, 0.4059], abs=6e-5)


def test_absolute_values_are_the_published_replication():
    """Besiroglu et al.'s notebook: log A 6.17795598 ... and log-likelihood 879.77 = -n (1 + ln(2 mean |r|))."""
    fit = Chinchilla(loss="absolute").fit(*chinchilla())
    p = fit.parameters_
    assert (p["A"], p["B"], p["E"]) == pytest.approx((482.0057, 2085.434, 1.816864), rel=2e-6)
    assert (p["alpha"], p["beta"]) == pytest.approx((0.34781303, 0.36585412), abs=1e-7)
    assert -240 * (1 + math.log(2 * fit.objective_ / 240)) == pytest.approx(879.77, abs=0.005)
    assert fit.scaled_gradient_ < 1e-9


def test_five_points_decide_beta():
    fit = Chinchilla().fit(*chinchilla(dropped=0))
    assert fit.objective_ == pytest.approx(0.0018260105230693, rel=1e-9)
    betas = [point.parameters["beta"] for point in fit.drop_path(8)]
    assert betas == pytest.approx([0.453, 0.412, 0.403, 0.382, 0.371, 0.367, 0.363, 0.362, 0.358], abs=6e-4)


@pytest.mark.parametrize("dataset, key", [("c4_original", "c4_original"), ("rpj_original", "rpj"), ("rpj", "rpj")])
@pytest.mark.parametrize("tied", [True, False])
def test_over_training_fits(dataset, key, tied):
    rows = [r for r in table("openlm_overtraining_c4_rpj.csv") if r["dataset"] == dataset]
    if not rows:
        return  # the file names the second training set in one of the two ways above
    columns = {name: np.array([float(r[name]) for r in rows]) for name in ("params", "tokens", "loss_c4_val")}
    reference = json.loads(file("reference_fits.json").read_text())["fits"]
    known = reference[f"openlm_{key}_loss_c4_val_" + ("tied" if tied else "5param")]
    fit = (OverTraining() if tied else Chinchilla()).fit(columns, columns["loss_c4_val"])
    assert fit.objective_ <= known["objective_sum"] * (1 + 1e-8)
    assert fit.parameters_["alpha"] == pytest.approx(known["alpha"], rel=1e-4)
    if tied:
        ratio = columns["tokens"] / columns["params"]
        flop = 6 * columns["tokens"] * columns["params"]
        assert np.allclose(fit.predict_at(flop, ratio), fit.predict(columns), rtol=1e-12)


# -- intervals and paths --------------------------------------------------------------------------------------------


def test_profile_ends_against_separate_fits(fitted):
    """At the ends 2 n ln(F / F_min) is the chi-square quantile: refit with alpha held there."""
    found = fitted.interval("alpha", method="profile", confidence=0.9)
    free = np.array([[True, True, True, False, True]])
    for end in (found.lower, found.upper):
        start = fitted.centred_.copy()
        start[3] = end
        held = solve(fitted.problem_, start[None], 1e-3, free=free)
        statistic = 2 * 240 * math.log(held.objective[0] / fitted.objective_)
        assert statistic == pytest.approx(1.6448536269514722**2, rel=0.02)


def test_intervals_contain_the_value_and_nest(fitted):
    for method in ("percentile", "bca", "profile"):
        wide, narrow = (fitted.interval("beta", method=method, confidence=c) for c in (0.95, 0.5))
        assert wide.lower < narrow.lower < narrow.value < narrow.upper < wide.upper
    ratio = fitted.interval(lambda p: p["alpha"] / p["beta"])
    assert ratio.value == fitted.parameters_["alpha"] / fitted.parameters_["beta"]
    with pytest.raises(InputError, match="alpha, beta"):
        fitted.interval("gamma")
    with pytest.raises(UnsupportedError, match="profile"):
        fitted.interval("A", method="profile")
    with pytest.raises(InputError, match="confidence"):
        fitted.interval("alpha", confidence=95)
    band = fitted.prediction_interval({"params": [1e9, 1e11], "tokens": [2e10, 2e13]})
    assert (band.lower < band.value).all() and (band.value < band.upper).all()
    # far outside the data the band is wider, relative to nothing but itself
    assert (band.upper - band.lower)[1] > (band.upper - band.lower)[0]


@pytest.mark.parametrize("outliers", [0.0, 0.05])
def test_coverage_on_a_few_sets(outliers):
    """Forty sets: 95 % intervals of three parameters miss at most 14 of 120 (15 have probability under 0.2 %)."""
    columns = sizes(120, seed=11)
    missed = 0
    for seed in range(40):
        fit = Chinchilla(resamples=200, rng=seed).fit(columns, noisy(columns, seed=100 + seed, outliers=outliers))
        for name in ("E", "alpha", "beta"):
            found = fit.interval(name)
            missed += not found.lower <= TRUTH[name] <= found.upper
    assert 0 < missed <= 14


def test_power_law_and_asymptote():
    x = np.geomspace(1e3, 1e8, 30)
    fit = PowerLaw(column="examples", resamples=200).fit(x, 0.4 + 12 * x**-0.3)
    assert (fit.parameters_["E"], fit.parameters_["A"]) == pytest.approx((0.4, 12), rel=1e-6)
    assert fit.parameters_["alpha"] == pytest.approx(0.3, rel=1e-6)
    assert fit.needed(0.01) == pytest.approx(1200 ** (1 / 0.3), rel=1e-5)
    bare = PowerLaw(constant=False, loss="squares").fit(x, 12 * x**-0.3)
    assert bare.parameters_ == pytest.approx({"A": 12, "alpha": 0.3}, rel=1e-9)


def _constant_excluded(x, losses):
    """The E at which 2 n ln(F(E) / F(0)) = 1.645^2, F(E) the least sum of Huber losses over A and alpha, by SciPy."""
    from scipy.optimize import brentq, minimize

    def least(constant):
        def total(z):
            with np.errstate(over="ignore"):
                r = np.log(constant + np.exp(z[0] - z[1] * (np.log(x) - np.log(x).mean()))) - np.log(losses)
            return 1e6 * np.sum(np.where(np.abs(r) < 1e-3, r * r / 2, 1e-3 * (np.abs(r) - 5e-4)))

        found = minimize(total, [np.log(losses).mean(), 0.3], method="Nelder-Mead", options={"maxiter": 4000,
                         "xatol": 1e-10, "fatol": 1e-10})  # fmt: skip
        return found.fun

    none = least(0.0)
    return brentq(lambda e: 2 * len(x) * np.log(least(e) / none) - 1.6448536**2, 1e-6, 0.2, xtol=1e-6)


def test_boundary_is_named():
    x = np.geomspace(1e3, 1e8, 30)
    with pytest.warns(FitWarning, match="E = 0 is at the boundary"):
        fit = PowerLaw(resamples=100).fit(x, 12 * x**-0.3 * np.exp(-0.001 * np.log(x / 1e5) ** 2))
    assert fit.parameters_["E"] == 0.0 and fit.interval("E").upper >= 0
    limit = fit.interval("E", method="profile")
    assert limit.lower == 0 and limit.upper > 0
    assert limit.upper == pytest.approx(_constant_excluded(x, fit.losses_), rel=0.01)


def test_the_page(fitted):
    page = str(fitted)
    for text in ("E + A N^-alpha + B D^-beta", "scaled gradient", "starts at the best", "condition", "geometric mean"):
        assert text in page
    assert "Chinchilla(resamples=400)" == repr(fitted) == str(Chinchilla(resamples=400))
    assert json.loads(to_json(fitted.interval("alpha")))["side"] == "estimate"


@pytest.mark.parametrize(
    "numbers, text",
    [
        ((0.34731, 0.3162, 0.3724), "0.347 [0.316, 0.372]"),
        ((477.8, 285.0, 728.0), "480 [280, 730]"),
        ((7.319e10, 5.2e10, 1.12e11), "7.3e+10 [5.2e+10, 1.12e+11]"),
        ((1.8, 0.5, math.inf), "1.80 [0.50, inf]"),
        ((0.0, 0.0, 0.31), "0 [0, 0.31]"),
    ],
)
def test_digits(numbers, text):
    assert with_interval(*numbers) == text


# -- plans ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", [TRUTH, UNROUNDED, LAD])
def test_optimum_against_minimisation(p):
    def loss(log_n, scale=1.0):
        n = math.exp(log_n)
        return p["E"] + p["A"] * n ** -p["alpha"] + p["B"] * (scale * 5.76e23 / 6 / n) ** -p["beta"]

    found = minimize_scalar(loss, bounds=(15, 35), method="bounded", options={"xatol": 1e-10})
    here = optimum(p, 5.76e23)
    assert here["loss"] == pytest.approx(found.fun, rel=1e-12)
    assert math.log(here["params"]) == pytest.approx(found.x, abs=1e-6)
    # a model of k N*: at equal loss k_D times the tokens, k k_D times the compute
    for k in (0.3, 0.9, 3.0):
        scale = 1 + overhead(p, k)
        assert loss(math.log(k * here["params"]), scale) == pytest.approx(here["loss"], rel=1e-12)
    edge = critical_size(p)
    assert np.isinf(data_multiplier(p, edge * (1 - 1e-9))) and np.isfinite(data_multiplier(p, edge * 1.01))
    assert overhead(p, 1 + 1e-6) == pytest.approx(0, abs=1e-11)


def test_published_optima():
    """Section 1.1 of the specification: N*(5.76e23), D*/N* and the critical size."""
    rows = ((TRUTH, 3.219e10, 92.6), (UNROUNDED, 4.036e10, 58.9), (LAD, 7.225e10, 18.4))
    for p, params, ratio in rows:
        here = optimum(p, 5.76e23)
        assert here["params"] == pytest.approx(params, rel=2e-4)
        assert here["tokens_per_param"] == pytest.approx(ratio, abs=0.05)
    assert critical_size(LAD) == pytest.approx(0.146, abs=5e-4)
    tied = {"E": 1.869144, "A": math.exp(6.255414), "B": math.exp(7.3049974), "alpha": 0.3526596}
    assert optimum(tied, 5.76e23)["params"] == pytest.approx(69962173313.5, rel=1e-11)


def test_no_interior_optimum_is_nan():
    assert np.isnan(optimum({**TRUTH, "alpha": -0.1}, 1e20)["params"])
    assert np.isnan(optimum({**TRUTH, "A": 0.0}, 1e20)["loss"])


def test_reconciliation():
    """Pearce and Song: minimise the loss at fixed non-embedding compute; then their slopes with the LAD values."""
    gamma = 47491.0
    for n in (1e4, 1e6, 1e9):
        c = float(budget_of(LAD, n))

        def loss(log_n, c=c):
            m = math.exp(log_n)
            total = m + gamma * m ** (1 / 3)
            return LAD["A"] * total ** -LAD["alpha"] + LAD["B"] * (c / (6 * m)) ** -LAD["beta"]

        found = minimize_scalar(loss, bounds=(math.log(n) - 3, math.log(n) + 3), options={"xatol": 1e-11})
        assert found.x == pytest.approx(math.log(n), abs=1e-5)
        step = 1e-4
        slope = 2 * step / np.diff(np.log(budget_of(LAD, n * np.exp([-step, step]))))[0]
        assert local_exponent(LAD, n) == pytest.approx(slope, rel=1e-7)
    slopes = local_exponent(LAD, [1e4, 1e6, 1e8, 1e9, 1e11])
    assert slopes == pytest.approx([0.776, 0.963, 0.613, 0.535, 0.5137], abs=5e-4)
    assert fitted_exponent(LAD, 768, 1.5e9) == pytest.approx(0.794, abs=5e-4)
    assert fitted_exponent(TRUTH, 768, 1.5e9) == pytest.approx(0.758, abs=5e-3)


def test_plan_of_a_fit(fitted):
    plan = fitted.plan(1e23)
    truth = optimum(TRUTH, 1e23)
    assert plan.params.lower < truth["params"] < plan.params.upper
    assert plan.loss.lower < truth["loss"] < plan.loss.upper
    largest = 6 * np.max(sizes()["params"] * sizes()["tokens"])
    assert plan.extrapolation == pytest.approx(23 - math.log10(largest), abs=1e-9)
    assert "tokens per parameter" in str(plan)


@pytest.mark.parametrize("tokens", [lambda n: 20 * n, lambda n: 1e20 / n])
def test_designs_on_a_line_are_named_and_not_planned(tokens):
    params = np.geomspace(1e8, 1e10, 40)
    columns = {"params": params, "tokens": tokens(params)}
    with pytest.warns(FitWarning) as caught:
        fit = Chinchilla(resamples=100).fit(columns, noisy(columns, sd=0.001))
    assert "unidentified design" in str(caught[0].message)
    assert fit.scaled_gradient_ < 1e-9 or any("no certified optimum" in text for text in fit.warnings_)
    assert "unidentified design" in str(fit)
    with pytest.raises(UnidentifiedError, match=r"ratio|budget"):
        fit.plan(1e24)


# -- bad input ------------------------------------------------------------------------------------------------------


def spoilt(name, row, entry):
    columns = sizes(12)
    columns = {**columns, "loss": noisy(columns)}
    columns[name] = columns[name].astype(object)
    columns[name][row] = entry
    return columns


@pytest.mark.parametrize("name", ["params", "tokens", "loss"])
@pytest.mark.parametrize("entry", [0.0, -1.0, math.nan, math.inf, "many", None, True])
def test_bad_entries_are_named(name, entry):
    columns = spoilt(name, 7, entry)
    with pytest.raises(InputError, match=f"row 7, column {name}"):
        Chinchilla().fit(columns, columns["loss"])


def test_bad_tables_are_named(tmp_path):
    columns = sizes(12)
    losses = noisy(columns)
    with pytest.raises(InputError, match="number of parameters, 5"):
        Chinchilla().fit({k: v[:4] for k, v in columns.items()}, losses[:4])
    with pytest.raises(InputError, match="missing: tokens"):
        Chinchilla().fit({"params": columns["params"]}, losses)
    with pytest.raises(InputError, match="same length"):
        Chinchilla().fit(columns, losses[:-1])
    with pytest.raises(InputError, match="millions"):
        Chinchilla().fit({**columns, "tokens": columns["tokens"] / 1e6}, losses)
    with pytest.raises(InputError, match=r"column params .* two different"):
        Chinchilla().fit({**columns, "params": np.full(12, 1e9)}, losses)
    with pytest.raises(InputError, match="shape"):
        Chinchilla().fit(np.ones((12, 3)), losses)
    with pytest.raises(InputError, match="sample_weight"):
        Chinchilla().fit(columns, losses, sample_weight=-np.ones(12))
    path = tmp_path / "runs.csv"
    path.write_text("params,tokens,loss\n1e9,2e10,3\n1e9,2e10\n")
    with pytest.raises(InputError, match="line 3"):
        read_columns(str(path))
    path.write_text("")
    with pytest.raises(InputError, match="header"):
        read_columns(str(path))
    path.write_text("params,tokens,loss\n1e9,2e10,3\n2e9,4e10,x\n")
    read = read_columns(str(path))
    with pytest.raises(InputError, match="row 1, column loss"):
        Chinchilla().fit(read, read["loss"])
