"""IsoFLOP parabolas and their bias, envelopes, encoder/decoder sizes, schedules and the annealing law."""

import json
import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from hconsist.domains import InputError
from hconsist.scaling import (
    AnnealingLaw,
    Constant,
    Cosine,
    EncoderDecoder,
    Envelope,
    FitWarning,
    IsoFlop,
    StepDown,
    UnidentifiedError,
    WarmupStableDecay,
    areas,
    optimum,
    vertex_shift,
    vertex_shift_at,
)
from tests.scaling_data import TRUTH, file, table, value

STEEP = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.465, "beta": 0.155}


# -- approach 2 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha, beta, width", [(0.34, 0.28, 1.4), (0.465, 0.155, 2.8), (0.2, 0.6, 0.1)])
def test_vertex_shift_against_quadrature(alpha, beta, width):
    """The least-squares parabola of a dense uniform design, with Legendre coefficients from numerical integrals."""

    def g(u):
        return beta * math.exp(-alpha * u) + alpha * math.exp(beta * u)

    linear = quad(lambda u: u * g(u), -width, width, epsabs=1e-13)[0] * 3 / (2 * width**3)
    legendre = quad(lambda u: (3 * (u / width) ** 2 - 1) / 2 * g(u), -width, width, epsabs=1e-13)[0] * 5 / (2 * width)
    square = legendre * 1.5 / width**2
    # the two integrals nearly cancel: quadrature to 1e-13 leaves 1e-9 of a shift of about 1e-3
    assert vertex_shift(alpha, beta, width) == pytest.approx(-linear / (2 * square), rel=1e-6)


def test_vertex_shift_to_leading_order():
    assert vertex_shift(0.5, 0.3, [0.01, 0.06]) == pytest.approx(np.array([0.01, 0.06]) ** 2 * 0.02, rel=1e-4)
    assert vertex_shift(0.3, 0.3, 1.0) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("p, factor, printed", [(TRUTH, 4, 1.013), (STEEP, 16, 1.30)])
def test_shift_at_fifteen_points(p, factor, printed):
    """Section 1.2 of the specification: e^du for 15 points, against numpy's parabola."""
    u = np.linspace(-math.log(factor), math.log(factor), 15)
    square, linear, _ = np.polyfit(u, p["beta"] * np.exp(-p["alpha"] * u) + p["alpha"] * np.exp(p["beta"] * u), 2)
    shift = -linear / (2 * square)
    assert math.exp(shift) == pytest.approx(printed, abs=2e-3)
    assert vertex_shift_at(p["alpha"], p["beta"], u - shift) == pytest.approx(shift, abs=1e-10)


def isoflop(p, low=-1.5, high=2.5):
    params, flop = [], []
    for c in 10.0 ** np.arange(18, 22):
        params.append(optimum(p, c)["params"] * np.exp(np.linspace(low, high, 15)))
        flop.append(np.full(15, c))
    columns = {"params": np.concatenate(params), "flop": np.concatenate(flop)}
    tokens = columns["flop"] / (6 * columns["params"])
    return columns, value({"params": columns["params"], "tokens": tokens}, p)


@pytest.mark.parametrize("p", [TRUTH, STEEP])
def test_bias_correction_is_exact_on_an_off_centre_design(p):
    columns, losses = isoflop(p)
    plain = IsoFlop(resamples=100).fit(columns, losses)
    exact = IsoFlop(exponents=(p["alpha"], p["beta"]), resamples=100).fit(columns, losses)
    a = p["beta"] / (p["alpha"] + p["beta"])
    assert plain.a_ == pytest.approx(a, abs=1e-9) and exact.a_ == pytest.approx(a, abs=1e-9)
    for vertex in exact.vertices_:
        assert vertex.params == pytest.approx(optimum(p, vertex.flop)["params"], rel=1e-9)
    for vertex in plain.vertices_:
        assert vertex.params > optimum(p, vertex.flop)["params"] * 1.005
    planned = exact.plan(1e23)
    assert planned["params"].value == pytest.approx(optimum(p, 1e23)["params"], rel=1e-7)
    found = exact.interval("a")
    assert found.lower <= found.value <= found.upper
    by_tokens = {"params": columns["params"], "tokens": columns["flop"] / (6 * columns["params"])}
    assert IsoFlop().fit(by_tokens, losses).a_ == pytest.approx(plain.a_, abs=1e-9)
    assert "vertex bias removed" in str(exact) and "not removed" in str(plain)


def test_budgets_without_an_optimum_are_named():
    columns, losses = isoflop(TRUTH)
    with pytest.warns(FitWarning) as caught:
        upside = np.where(columns["flop"] < 2e18, 2 * losses.max() - losses, losses)
        fit = IsoFlop(resamples=50).fit(columns, upside)
    assert "no minimum" in str(caught[0].message) and len(fit.vertices_) == 3
    keep = columns["flop"] < 2e18
    with pytest.raises(InputError, match="budgets"):
        IsoFlop().fit({k: v[keep] for k, v in columns.items()}, losses[keep])
    with pytest.warns(FitWarning, match="outside the sizes tried"):
        IsoFlop(resamples=50).fit(*isoflop(TRUTH, 0.5, 3.0))


# -- approach 1 -----------------------------------------------------------------------------------------------------


def test_envelope_finds_the_exponent():
    params, tokens = np.meshgrid(np.geomspace(1e7, 1e10, 40), np.geomspace(1e8, 1e12, 200), indexing="ij")
    columns = {"params": params.ravel(), "tokens": tokens.ravel()}
    fit = Envelope(resamples=100).fit(columns, value(columns))
    # a staircase of 40 sizes: a step is 0.18 in ln N over a range of 6 in ln N
    assert fit.a_ == pytest.approx(0.28 / 0.62, abs=0.01)
    assert fit.interval("a").lower < 0.28 / 0.62 < fit.interval("a").upper
    c = 1e20
    assert fit.predict(c) == pytest.approx(optimum(TRUTH, c)["params"], rel=0.1)
    with pytest.raises(InputError, match="of different sizes"):
        keep = columns["params"] < 1.3e7
        Envelope().fit({k: v[keep] for k, v in columns.items()}, value(columns)[keep])


# -- encoder and decoder --------------------------------------------------------------------------------------------


def test_encoder_decoder_split():
    rng = np.random.default_rng(0)
    columns = {"encoder": np.exp(rng.uniform(16, 20, 40)), "decoder": np.exp(rng.uniform(16, 20, 40))}
    losses = 1.2 + 300 * columns["encoder"] ** -0.15 * columns["decoder"] ** -0.2
    fit = EncoderDecoder(resamples=50).fit(columns, losses)
    assert fit.parameters_ == pytest.approx({"E": 1.2, "A": 300, "pe": 0.15, "pd": 0.2}, rel=1e-6)

    def loss(share):
        return 1.2 + 300 * (share * 1e9) ** -0.15 * ((1 - share) * 1e9) ** -0.2

    best = minimize_scalar(loss, bounds=(0.01, 0.99), method="bounded", options={"xatol": 1e-10})
    plan = fit.plan(1e9)
    assert plan["encoder"].value == pytest.approx(best.x * 1e9, rel=1e-5)
    assert plan["loss"].value == pytest.approx(best.fun, rel=1e-7)
    assert plan["encoder"].value + plan["decoder"].value == pytest.approx(1e9, rel=1e-12)
    equal = {"encoder": columns["encoder"], "decoder": 2 * columns["encoder"]}
    with pytest.warns(FitWarning) as caught:
        line = EncoderDecoder().fit(equal, 1.2 + 300 * equal["encoder"] ** -0.35)
    assert "one ratio" in str(caught[0].message)
    with pytest.raises(UnidentifiedError):
        line.plan(1e9)


# -- schedules and annealing ----------------------------------------------------------------------------------------

SCHEDULES = {
    "constant_24000": Constant(3e-4, 24000, 2160),
    "cosine_24000": Cosine(3e-4, 24000, 2160, 3e-5),
    "cosine_72000": Cosine(3e-4, 72000, 2160, 3e-5),
    "wsd_20000_24000": WarmupStableDecay(3e-4, 24000, 2160, 20000, 3e-5),
    "wsdld_20000_24000": WarmupStableDecay(3e-4, 24000, 2160, 20000, 3e-5, "linear"),
    "wsdcon_9": StepDown(3e-4, 16000, 2160, 8000, 9e-5),
}


@pytest.mark.parametrize("warmup_gaps", [False, True])
def test_areas_against_the_double_sum(warmup_gaps):
    eta = Cosine(1.0, 60, 10, 0.1).rates()
    first, second = areas(eta, 0.9, warmup=10, warmup_gaps=warmup_gaps)
    gaps = [0.0] + [eta[k - 1] - eta[k] if warmup_gaps or k >= 10 else 0.0 for k in range(1, 60)]
    for s in (0, 9, 10, 35, 59):
        double = sum(gaps[k] * 0.9 ** (i - k) for i in range(s + 1) for k in range(i + 1))
        single = sum(gaps[k] * (1 - 0.9 ** (s - k + 1)) / 0.1 for k in range(s + 1))
        assert second[s] == pytest.approx(double, abs=1e-12) == pytest.approx(single, abs=1e-12)
        assert first[s] == pytest.approx(sum(eta[: s + 1]), rel=1e-13)
    other = areas(eta, 0.9, warmup=10, warmup_gaps=not warmup_gaps)[1]
    assert abs(other[-1] - second[-1]) > 1  # the convention matters


def test_annealing_recovers_its_parameters():
    runs = [
        (Cosine(3e-4, 8000, 500, 3e-5), np.arange(600, 8000, 100)),
        (Constant(3e-4, 8000, 500), np.arange(600, 8000, 100)),
    ]
    law = AnnealingLaw(resamples=50)
    columns = law.areas_of(runs)
    losses = 2.6 + 0.5 * columns["S1"] ** -0.4 - 0.45 * columns["S2"]
    fit = law.fit(runs, losses)
    assert fit.parameters_ == pytest.approx({"L0": 2.6, "A": 0.5, "C": 0.45, "alpha": 0.4}, rel=1e-6)
    new = [(WarmupStableDecay(3e-4, 8000, 500, 6000, 3e-5), [7999])]
    s1, s2 = (areas(new[0][0].rates(), 0.999, warmup=500)[k][-1] for k in (0, 1))
    assert fit.predict(new)[0] == pytest.approx(2.6 + 0.5 * s1**-0.4 - 0.45 * s2, rel=1e-6)
    path = fit.decay_path(runs, losses, [0.99, 0.999])
    assert path[0].objective > 1e-6 > path[1].objective
    with pytest.raises(InputError, match="steps of run 0"):
        fit.predict([(Constant(1.0, 10), [10])])


@pytest.mark.parametrize("size", ["25m", "100m"])
def test_public_annealing_curves(size):
    """Rates as published, and the reference optimum of a slow multi-start solver."""
    rows = table(f"lr_schedule_curves_{size}.csv")
    known = json.loads(file("reference_fits.json").read_text())[f"lr_schedule_curves_{size}"]
    reference = known["lr_annealing_tissue_lambda0.999"]
    runs, losses = [], []
    for name, schedule in SCHEDULES.items():
        mine = [r for r in rows if r["schedule"] == name and int(r["step"]) < schedule.steps]
        steps = np.array([int(r["step"]) for r in mine])
        assert np.allclose(schedule.rates()[steps], [float(r["lr"]) for r in mine], rtol=1e-12)
        if name in ("cosine_24000", "constant_24000", "wsdcon_9"):
            runs.append((schedule, steps))
            losses.append([float(r["loss"]) for r in mine])
    fit = AnnealingLaw().fit(runs, np.concatenate(losses))
    assert len(fit.losses_) == reference["n_train"]
    assert fit.objective_ == pytest.approx(reference["train_objective_sum"], rel=1e-9)
    assert fit.scaled_gradient_ < 1e-9
    for name in ("L0", "A", "C", "alpha"):
        assert fit.parameters_[name] == pytest.approx(reference[name], rel=1e-6)
    for point in fit.decay_path(runs, np.concatenate(losses)):
        assert point.objective <= known["lr_annealing_profile_lambda"][f"{point.at:g}"] * (1 + 1e-8)


@pytest.mark.parametrize(
    "make, name",
    [
        (lambda: Constant(-1.0, 10), "peak"),
        (lambda: Constant(1.0, 10, 10), "warmup"),
        (lambda: Constant(1.0, 0), "steps"),
        (lambda: WarmupStableDecay(1.0, 10, 2, 12, 0.1), "decay_start"),
        (lambda: WarmupStableDecay(1.0, 10, 2, 5, 0.0), "final"),
        (lambda: WarmupStableDecay(1.0, 10, 2, 5, 0.1, "cubic"), "shape"),
        (lambda: StepDown(1.0, 10, 2, 1, 0.1), "drop"),
        (lambda: areas([1.0, 0.5], 1.0), "decay"),
    ],
)
def test_bad_schedules(make, name):
    with pytest.raises(InputError, match=name):
        make()
