"""The tables of the figures on complex singularities and of the simulations, against independent computations."""

import cmath
import math

import numpy as np
import pytest
from test_figures import SMALL

from hconsist import catalog
from hconsist.figures import ghosts, partial_sums, rate_spikes, step_sweep, temperature_sweep
from hconsist.figures.small_networks import Adam, Network, batches, cross_entropy, fit, split
from hconsist.singularities import radius_commensurable


@pytest.fixture(scope="module")
def tables():
    names = ("ghosts", "partial_sums", "radius_bounds", "temperature_radius", "step_sweep", "temperature_sweep",
             "rate_spikes")  # fmt: skip
    return {name: catalog.figure(name).data(**SMALL[name]) for name in names}


def test_pictured_zeros_are_zeros_above_the_obstructions_and_none_is_missing(tables):
    """F by complex arithmetic, and the same zeros from a polynomial: the slopes are multiples of 0.05."""
    table = tables["ghosts"]
    for row, found in (((ghosts.LOGITS, ghosts.SLOPES), table["zeros"]), (ghosts.SURE, table["far"])):
        z, a = np.array(row[0]), np.array(row[1])
        for t in found:
            terms = [cmath.exp(x + y * complex(t)) for x, y in zip(z, a)]
            assert abs(sum(terms)) < 1e-8 * sum(map(abs, terms))  # a zero may be wrong by 1e-9 of its modulus
        assert np.all(found.imag >= np.pi / np.ptp(a)) and len(np.unique(found.round(6))) == len(found)
        assert np.min(np.abs(found)) == pytest.approx(radius_commensurable([z], [a], 0.05)[0], rel=1e-9)
        n = np.rint((a - a.min()) / 0.05).astype(int)
        roots = np.log(np.roots(np.bincount(n, np.exp(z))[::-1]).astype(complex)) / 0.05  # |Im| < pi/0.05
        own = np.sort(np.abs(roots[roots.imag > 0]))[: len(found)]
        np.testing.assert_allclose(np.sort(np.abs(found)), own, rtol=1e-7)
    heights = np.interp(table["zeros"].real, table["re"], table["height"])
    assert np.all(table["zeros"].imag[:3] > heights[:3])
    assert not np.any((table["far"].real > table["strip"][0]) & (table["far"].real < table["strip"][1]))
    assert abs(np.sum(table["term_1"])) < 1e-12 < abs(np.sum(table["term_0"]))


def test_the_strip_ends_where_the_first_class_has_half_the_mass(tables):
    z, a = map(np.array, ghosts.SURE)
    for t in tables["ghosts"]["strip"]:
        w = np.exp(z + a * t)
        assert w[0] / w.sum() == pytest.approx(0.5, abs=1e-12)


def test_taylor_polynomials_fail_beyond_the_radius_as_its_zero_predicts(tables):
    """Coefficients of log F by a Fourier transform on a circle, independent of the recursion; one row first."""
    z, a = np.array([[0.3, -0.4, 1.0]]), np.array([[1.0, -0.5, 0.2]])
    found = partial_sums.coefficients(z, a, 1.0, 12)
    circle = np.exp(2j * np.pi * np.arange(256) / 256)  # the zeros of F have modulus > 2
    values = np.log(np.sum(np.exp(z + a * circle[:, None]), axis=1))
    np.testing.assert_allclose(found, (np.fft.fft(values) / 256).real[:12], rtol=0, atol=1e-14)
    table = tables["partial_sums"]
    half, most, at, beyond = table["error"][:, -1]
    assert half < 1e-14 and most < 1e-11 < at < 1e-4 < 100 < beyond
    last = np.log(table["error"][3, 59:] / table["predicted"][3, 59:])
    assert np.all(np.abs(np.median(last)) < 0.5)  # other zeros still count for (|t_1|/|t_2|)^60
    assert table["pi"] < table["radius"] < table["t"][-1] and table["minimum"][0] < table["pi"]
    np.testing.assert_allclose(
        table["sums"][2, :8], np.interp(table["t_marks"][:8], table["t"], table["loss"]), atol=2e-4
    )


def test_bounds_stay_below_the_radius_and_the_top_two_classes_do_not(tables):
    table = tables["radius_bounds"]
    assert table["certified"] == 1 and np.all(table["worst"] <= 1 + 1e-12)
    np.testing.assert_allclose(table["ratio"][0][:, [1, 2]], 1, rtol=1e-12)  # two classes: top-1 and spread are exact
    np.testing.assert_allclose(table["top_two"][0], 1, rtol=1e-12)
    assert np.all(table["too_long"][1] > 0.5) and np.all(table["top_two"][1][:, 0] < 1)


def test_the_radius_has_both_limits_in_the_temperature(tables):
    table = tables["temperature_radius"]
    np.testing.assert_allclose(table["pair"], np.hypot(4, np.pi * table["T"]) / 2, rtol=1e-12)
    np.testing.assert_allclose(table["radius"][:, 0], table["cold"], rtol=1e-2)  # T = 0.01
    np.testing.assert_allclose(table["radius"][:, -1], 100 * table["hot"], rtol=3e-2)  # T = 100
    z, a = table["logits"], table["slopes"]
    kinks = [(z[i] - z[j]) / (a[j] - a[i]) for i in range(10) for j in range(i)]
    top = [t for t in kinks if np.sum(z + a * t > np.max(z + a * t) - 1e-9) > 1]
    assert table["cold"][0] == pytest.approx(min(map(abs, top)), rel=1e-9)
    assert abs(table["zeros"][-1]) == pytest.approx(table["cold"][0], rel=0.05)


@pytest.mark.parametrize("hidden", [0, 5])
def test_gradient_and_slopes_of_the_small_networks_are_derivatives(hidden):
    """Central differences: h^2 and rounding/h leave 1e-8."""
    rng = np.random.default_rng(5)
    network = Network(hidden)
    theta, x, y = network.start(rng), rng.normal(size=(20, 10)), rng.integers(0, 10, 20)
    v, h = rng.normal(size=theta.size), 1e-5
    ends = [network.logits(theta + s * h * v, x) for s in (1, -1)]
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * h), network.slopes(theta, x, v), atol=1e-7)
    for t in (1.0, 2.5):
        loss = [cross_entropy(z / t, y) for z in ends]
        assert network.gradient(theta, x, y, t) @ v == pytest.approx((loss[0] - loss[1]) / (2 * h), abs=1e-7)


def test_training_is_seeded_and_learns_and_a_split_keeps_every_row_once():
    digits = split(np.random.default_rng(0), 700)
    assert digits.x.shape == (700, 10) and digits.y_test.shape == (199,)
    assert np.allclose(digits.x.mean(axis=0), 0) and np.allclose(digits.x.std(axis=0), 1)
    one, two = (fit(Network(8), digits, np.random.default_rng(3), 100) for _ in range(2))
    assert np.array_equal(one, two)
    network = Network(8)
    assert cross_entropy(network.logits(one, digits.x), digits.y) < 1 < math.log(10)
    rows = list(batches(np.random.default_rng(1), 10, 5, 4))
    assert sorted(np.concatenate(rows[:2])) == sorted(np.concatenate(rows[2:])) == list(range(10))
    # the first step of Adam has size 1 in every coordinate
    np.testing.assert_allclose(Adam(3).step(np.array([2.0, -1e-3, 5.0])), [-1, 1, -1], rtol=1e-4)


def test_a_step_inside_the_radius_may_raise_the_loss_and_keeps_the_logit_gaps(tables):
    table = tables["step_sweep"]
    inside = table["r"] < 1
    start = table["start"][:, 0]
    for k, (_, hidden, _) in enumerate(step_sweep.MODELS):
        limit = start[k] + np.pi * table["r"]
        if hidden == 0:  # proved where the logits are linear
            assert np.all(table["loss"][k] <= limit) and np.all(table["loss"][k] >= start[k] - np.pi * table["r"])
        assert np.all(table["loss"][k, 1, inside] > start[k]) and table["loss"][k, 0, 0] < start[k]
    assert table["rises"][1, 0] < 1 < table["rises"][0, 0]
    assert np.all(table["exact"] >= table["sigma"]) and np.all(table["sigma"] > 1)
    assert np.all(table["descent"] < table["rises"][:, 0])
    assert np.all(np.diff(table["raised"], axis=1) >= 0) and table["raised"][2, -1] == 1
    assert np.all((table["limits"][..., 0] <= table["raised"]) & (table["raised"] <= table["limits"][..., 1]))
    assert table["verdict"][0] != "supported"  # regression at r = 1/2: seldom


def test_the_simulated_statement_is_decided_with_enough_samples():
    table = step_sweep.data(points=2, grid=2, samples=100)
    assert table["verdict"].tolist() == ["refuted", "supported", "supported"]


def test_doubling_steps_vary_less_in_units_of_the_radius(tables):
    table = tables["temperature_sweep"]
    assert np.all(table["deviation"][:, 1:] < table["deviation"][:, :1]) and np.all(table["deviation"] > 0.05)
    assert len(temperature_sweep.rows(table)) == 3


def test_caps_hold_and_the_plain_region_does_as_well_as_the_radii(tables):
    table = tables["rate_spikes"]
    names = [name for name, _, _ in rate_spikes.RULES]
    free, pi, gap = (names.index(name) for name in ("no cap", r"cap $\pi/\Delta$", "cap gap 3"))
    longest = table["longest"][:, 0, 0]
    assert longest[free] > 100 and longest[pi] == pytest.approx(1) and longest[gap] == pytest.approx(3 / np.pi)
    ends = table["path"][:, 0, 0, -1]
    assert ends[free] > 5 > 0.5 > max(ends[pi], ends[gap])
    assert len(np.unique(table["path"][:, 0, 0, : rate_spikes.START // rate_spikes.EVERY].round(9), axis=0)) <= 2
