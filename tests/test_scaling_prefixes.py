"""Growing prefixes and double limits, against scipy on the raw problem, closed forms and exact fractions."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import least_squares

from hconsist.domains import InputError
from hconsist.scaling import (
    FitWarning,
    PowerLaw,
    asymptote_trace,
    data_efficiency,
    double_limit,
    geometric_asymptote,
)

SIZES = np.geomspace(100, 1e6, 16)
TRUTH = (0.03, 2.0, 0.5)


def curve(x, floor=0.03, amplitude=2.0, exponent=0.5):
    return floor + amplitude * np.asarray(x, float) ** -exponent


def noisy(seed=0, sd=0.01, x=SIZES):
    return curve(x) * np.exp(sd * np.random.default_rng(seed).normal(size=len(x)))


def reference(x, y, log):
    """The lowest sum of squares / 2 that scipy finds from 24 starts with E, A >= 0, and its E, A x_m^-alpha."""
    centre = np.log(x).mean()

    def residual(p):
        value = p[0] + p[1] * np.exp(-p[2] * (np.log(x) - centre))
        return np.log(value) - np.log(y) if log else value - y

    best = None
    for alpha in (0.1, 0.3, 0.6, 1.0, 1.5, 2.5):
        for share in (0.02, 0.4, 0.7, 0.95):
            start = [share * y.min(), y.mean() - share * y.min(), alpha]
            found = least_squares(
                residual, start, bounds=([0, 1e-12, -5], [np.inf, np.inf, 20]),
                x_scale=[y.min(), y.min(), 0.3], xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=5000,
            )  # fmt: skip
            if best is None or found.cost < best.cost:
                best = found
    return best.cost, best.x[0], best.x[1] * math.exp(-best.x[2] * (math.log(x[-1]) - centre))


@pytest.mark.parametrize("residual", ["log", "loss"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_prefix_is_the_best_that_scipy_finds(residual, seed):
    """Objectives to 1e-8; E and the gain to 1e-5 of the loss, as scipy stops at a change of 1e-15 of the sum."""
    y = noisy(seed)
    trace = asymptote_trace(SIZES, y, loss="squares", residual=residual)
    assert trace.points.tolist() == list(range(4, 17))
    assert trace.certified.all()
    for k, m in enumerate(trace.points):
        cost, floor, gain = reference(SIZES[:m], y[:m], residual == "log")
        assert trace.objectives[k] <= cost * (1 + 1e-8) + 1e-20
        assert trace.objectives[k] == pytest.approx(cost, rel=1e-8)
        assert trace.asymptotes[k] == pytest.approx(floor, abs=1e-5 * y[m - 1])
        assert trace.gains[k] == pytest.approx(gain, abs=1e-5 * y[m - 1])


@pytest.mark.parametrize("kind", [{}, {"loss": "squares", "residual": "loss"}, {"delta": 1e-2}])
def test_without_noise_the_trace_is_constant_and_the_rule_exact(kind):
    trace = asymptote_trace(SIZES, curve(SIZES), threshold=0.01, first=3, **kind)
    for values, truth in zip((trace.asymptotes, trace.amplitudes, trace.exponents), TRUTH):
        assert values == pytest.approx(truth, rel=1e-6)
    assert trace.gains == pytest.approx(2 / np.sqrt(SIZES[2:]), rel=1e-6)
    # 2 x^-1/2 <= 1/100 from x = 200^2 on
    assert trace.stop == SIZES[SIZES >= 200**2][0]
    assert asymptote_trace(SIZES, curve(SIZES), threshold=1e-4).stop is None
    assert asymptote_trace(SIZES, curve(SIZES)).stop is None
    assert trace.monotone_from(1e-9) == SIZES[2]


def test_one_fit_of_the_trace_is_the_estimator():
    y = noisy(4)
    trace = asymptote_trace(SIZES, y)
    for m in (6, 16):
        fit = PowerLaw().fit(SIZES[:m], y[:m])
        k = m - 4
        assert trace.objectives[k] == pytest.approx(fit.objective_, rel=1e-9)
        assert trace.asymptotes[k] == pytest.approx(fit.parameters_["E"], abs=1e-7)


@pytest.mark.parametrize("offset, rising", [(50.0, True), (500.0, True), (0.0, False)])
def test_the_direction_of_the_trace(offset, rising):
    """Exponents that rise along the curve, .05 + (x + c)^-1/2: asymptotes of the loss rise to .05, never above.

    Exponents that fall, x^-1 + x^-1/4 / 10: asymptotes stay above the truth, 0, and fall.
    """
    x = np.geomspace(30, 1e5, 24)
    y = 0.05 + (x + offset) ** -0.5 if rising else 1 / x + 0.1 * x**-0.25
    trace = asymptote_trace(x, y, loss="squares", residual="loss")
    assert trace.certified.all()
    if rising:
        assert (np.diff(trace.asymptotes) >= -1e-12).all()
        assert (trace.asymptotes <= 0.05 + 1e-12).all()
        assert (trace.gains >= y[3:] - 0.05 - 1e-3).all()
        assert trace.monotone_from(1e-12) == x[3]
    else:
        assert (np.diff(trace.asymptotes) < 0).all()
        assert (trace.asymptotes > 0).all()
        assert trace.monotone_from() is None


def test_a_rising_curve_never_stops():
    """Losses that grow or stay have no falling law, and so no law to stop on."""
    x = np.arange(1.0, 9.0)
    for y in (0.1 + 0.05 * x, np.full(8, 0.3)):
        trace = asymptote_trace(x, y, threshold=10.0, loss="squares", residual="loss")
        assert np.isinf(trace.gains).all()
        assert trace.stop is None


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"sizes": [1, 2, 3]}, "loss must be of the same length"),
        ({"sizes": [1, 3, 2, 4]}, "row 2, column sizes must be larger than the size before, got 2"),
        ({"sizes": [1, 2, 2, 4]}, "row 2, column sizes must be larger"),
        ({"sizes": [1, 2, -3, 4]}, "row 2, column sizes must be"),
        ({"losses": [1, 0.5, float("nan"), 0.2]}, "row 2, column loss must be"),
        ({"losses": [1, 0.5, 0, 0.2]}, "row 2, column loss must be"),
        ({"sizes": [1, 2], "losses": [1, 0.5]}, "number of points must be at least"),
        ({"first": 2}, "first must be an integer"),
        ({"first": 5}, "first must be at most the number of points, 4, got 5"),
        ({"threshold": 0}, "threshold must be"),
        ({"threshold": float("nan")}, "threshold must be"),
        ({"loss": "cubes"}, "loss must be one of"),
        ({"residual": "ratio"}, "residual must be 'log' or 'loss'"),
        ({"delta": -1}, "delta must be"),
    ],
)
def test_bad_input_to_the_trace(arguments, message):
    good = {"sizes": [1, 2, 3, 4], "losses": [1, 0.5, 0.3, 0.2]}
    with pytest.raises(InputError, match=message):
        asymptote_trace(**(good | arguments))


# -- double limits --------------------------------------------------------------------------------------------------


def grid(noise=0.0):
    """Losses 3 + .4 K^-1 + (8 + 2/K) N^-.3 at six sizes and five numbers of members."""
    n, k = (g.ravel() for g in np.meshgrid(np.geomspace(1e2, 1e6, 6), [1.0, 2, 3, 4, 8], indexing="ij"))
    y = 3 + 0.4 / k + (8 + 2 / k) * n**-0.3
    return n, k, y * np.exp(noise * np.random.default_rng(0).normal(size=len(y)))


def test_the_double_limit_of_a_known_law():
    n, k, y = grid()
    found = double_limit(n, k, y)
    assert found.members.tolist() == [1, 2, 3, 4, 8]
    assert found.asymptotes == pytest.approx(3 + 0.4 / found.members, rel=1e-7)
    assert found.value == pytest.approx(3, rel=1e-6)
    assert found.outer.parameters_["alpha"] == pytest.approx(1, rel=1e-4)
    assert [fit.parameters_["alpha"] for fit in found.inner] == pytest.approx([0.3] * 5, rel=1e-6)


def test_the_double_limit_does_not_depend_on_the_order_of_the_rows():
    n, k, y = grid(1e-3)
    order = np.random.default_rng(1).permutation(len(y))
    assert double_limit(n[order], k[order], y[order]).value == pytest.approx(double_limit(n, k, y).value, rel=1e-6)


def test_bad_input_to_the_double_limit():
    n, k, y = grid()
    with pytest.raises(InputError, match="members must be of at least 3 different values"):
        double_limit(n, np.minimum(k, 2), y)
    with pytest.raises(InputError, match="sizes at 8 members must be of at least 3 different values, got 1"):
        double_limit(np.where(k == 8, 100.0, n), k, y)
    with pytest.raises(InputError, match="row 1, column members"):
        double_limit(n, np.where(np.arange(len(k)) == 1, -1, k), y)
    with pytest.raises(InputError, match="number of points"):
        double_limit(n[:8], k[:8], y[:8])
    with pytest.warns(FitWarning, match="E = 0"), pytest.raises(InputError, match="irreducible loss above 0"):
        double_limit(n, k, n**-0.2 / k)


def test_data_efficiency_in_exact_arithmetic():
    """E = 3, B = 2^10, beta = 1/2: loss 3 + 1/4 at 2^24 tokens, 3 + 1/8 at 2^26: four times the data."""
    baseline = {"E": 3.0, "A": 2.0**10, "alpha": 0.5}
    at = Fraction(2) ** 24
    assert data_efficiency(baseline, float(at), 3.125) == pytest.approx(4, rel=1e-13)
    assert data_efficiency(baseline, float(at), 3.25) == pytest.approx(1, rel=1e-13)
    assert data_efficiency(baseline, float(at), [3.0, 2.9]).tolist() == [math.inf, math.inf]
    assert math.isnan(data_efficiency(baseline | {"alpha": 0.0}, 1.0, 3.5))


def test_data_efficiency_has_a_bootstrap_interval():
    d = np.geomspace(1e8, 3e9, 12)
    y = (2 + 120 * d**-0.25) * np.exp(1e-3 * np.random.default_rng(0).normal(size=12))
    fit = PowerLaw(column="tokens", resamples=200).fit(d, y)
    found = fit.interval(lambda p: data_efficiency(p, 2e8, 2.7))
    truth = (120 / 0.7) ** 4 / 2e8
    assert found.lower < truth < found.upper and found.lower < found.value < found.upper


@pytest.mark.parametrize("tokens, loss, message", [(0, 3.0, "tokens must be"), (1e8, -1.0, "loss must be")])
def test_bad_input_to_data_efficiency(tokens, loss, message):
    with pytest.raises(InputError, match=message):
        data_efficiency({"E": 1.0, "A": 1.0, "alpha": 1.0}, tokens, loss)


def test_the_asymptote_of_three_points():
    """1/10 + 2 x^-1/2 at x = 4, 16, 64: exact fractions 11/10, 6/10, 35/100; a fit of the three points agrees."""
    losses = [1.1, 0.6, 0.35]
    exact = (Fraction(11, 10) * Fraction(35, 100) - Fraction(36, 100)) / (
        Fraction(11, 10) + Fraction(35, 100) - Fraction(12, 10)
    )
    assert exact == Fraction(1, 10)
    assert geometric_asymptote(losses) == pytest.approx(0.1, rel=1e-13)
    fit = PowerLaw(residual="loss", loss="squares").fit([4, 16, 64], losses)
    assert fit.parameters_["E"] == pytest.approx(0.1, rel=1e-7)
    for bad in ([1, 2], [1, 0.5, 0.5], [1, 0.9, 0.1], [0.1, 0.5, 0.6]):
        with pytest.raises(InputError, match="losses must be"):
            geometric_asymptote(bad)
