"""D_2 and its inverse against correctly rounded ball-arithmetic tables, and what convex curves must satisfy."""

import dataclasses

import mpmath
import numpy as np
import pytest
from reference_tables import groups, worst_error
from tolerances import TOLERANCES

import hconsist as hc
from hconsist.transforms.two_label import TAU_C, TwoLabelKernel

TAUS = (0.0, 1e-20, 0.2, 0.7, 1 - 1.2e-16, 1.0, 1 + 2.3e-16, 1.3, 1.5, TAU_C, 1.95, 2 - 1e-9, 2 - 1.3e-15, 2 - 2.3e-16)


def two_label(quantity):
    return [(tau, x, y) for tau, n, x, y in groups(quantity) if n == 2 and tau < 2]


def textbook(t, tau):
    """The formula of every paper, as one would type it."""
    if tau == 1:
        return ((1 + t) * np.log(1 + t) + (1 - t) * np.log(1 - t)) / 2
    a = 1 / (2 - tau)
    return 2 ** (1 - tau) * ((((1 + t) ** a + (1 - t) ** a) / 2) ** (1 / a) - 1) / (tau - 1)


def ball_free_reference(t, tau, digits=400):
    """The textbook formula in mpmath, for points that no table holds."""
    with mpmath.workdps(digits):
        t, al = mpmath.mpf(float(t)), mpmath.mpf(float(tau)) - 1
        if al == 0:
            return float(((1 + t) * mpmath.log(1 + t) + (1 - t) * mpmath.log(1 - t)) / 2)
        a = 1 / (1 - al)
        return float(2**-al * ((((1 + t) ** a + (1 - t) ** a) / 2) ** (1 / a) - 1) / al)


@pytest.mark.parametrize("quantity", ["value", "inverse"])
def test_table(quantity):
    cases = two_label(quantity)
    assert len(cases) == 12
    for tau, x, expected in cases:
        found = getattr(TwoLabelKernel(tau), quantity)(x)
        assert worst_error(found, expected) < TOLERANCES[quantity, "two-label"], tau


@pytest.mark.parametrize("quantity", ["value", "inverse"])
def test_table_rejects_a_perturbed_kernel(quantity):
    for tau, x, expected in two_label(quantity):
        found = getattr(TwoLabelKernel(tau), quantity)(x) * (1 + 2e-14)
        assert not worst_error(found, expected) < TOLERANCES[quantity, "two-label"], tau


def test_random_points_against_mpmath():
    rng = np.random.default_rng(1)
    for tau in np.concatenate([rng.uniform(0, 2, 12), 2 - 10.0 ** rng.uniform(-15, -2, 6)]):
        # the branches meet at t = 1/2 and |eps| t = 1; the quadratic limit starts at max(a, 1) t = 1e-9
        kernel = TwoLabelKernel(float(tau))
        edges = np.array([0.5, min(1 / abs(kernel.eps), 0.9), 1e-9 / max(kernel.a, 1)])
        t = np.concatenate([rng.random(8), 10.0 ** rng.uniform(-12, 0, 8), edges * (1 - 1e-13), edges * (1 + 1e-13)])
        expected = np.array([ball_free_reference(v, tau) for v in t])
        assert worst_error(kernel.value(t), expected) < TOLERANCES["value", "two-label"], tau


def test_textbook_formula_loses_every_digit():
    kernel = TwoLabelKernel(1.2)
    exact = ball_free_reference(1e-8, 1.2)
    assert abs(textbook(1e-8, 1.2) / exact - 1) > 0.1
    assert abs(float(kernel.value(np.float64(1e-8))) / exact - 1) < 1e-15
    assert abs(textbook(0.3, 1 + 1e-12) / ball_free_reference(0.3, 1 + 1e-12) - 1) > 1e-6


@pytest.mark.parametrize("tau", TAUS)
def test_increasing_and_convex(tau):
    rng = np.random.default_rng(2)
    t = np.unique(np.concatenate([[0.0, 1.0], rng.random(500), 10.0 ** rng.uniform(-12, 0, 500)]))
    value = TwoLabelKernel(tau).value(t)
    assert value[0] == 0 and np.all(np.diff(value)[np.diff(t) > 1e-13 * t[1:]] > 0)
    s, r = rng.permutation(t), rng.permutation(t)
    ends, middle = TwoLabelKernel(tau).value(s) + TwoLabelKernel(tau).value(r), TwoLabelKernel(tau).value((s + r) / 2)
    assert np.all(2 * middle <= ends * (1 + 1e-14))


@pytest.mark.parametrize("tau", TAUS)
def test_inverse_inverts(tau):
    kernel = TwoLabelKernel(tau)
    rng = np.random.default_rng(3)
    t = np.concatenate([[0.0, 1e-150, 1e-9, 1.0], rng.random(300), 10.0 ** rng.uniform(-20, 0, 300)])
    assert np.all(np.abs(kernel.inverse(kernel.value(t)) - t) <= 1e-14 * t)
    assert np.all(kernel.inverse(kernel.end * np.array([1.0, 1 + 1e-15, 2.0, 1e300])) == 1.0)
    assert kernel.inverse(np.nextafter(kernel.end, 0)) <= 1.0


@pytest.mark.parametrize("tau", TAUS)
def test_silent_at_the_edges_and_shape_preserving(tau):
    kernel = TwoLabelKernel(tau)
    edges = np.array([0.0, 5e-324, 1e-300, 1e-160, 1e-17, 1 - 2.0**-53, 1.0])
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        for function in (kernel.value, kernel.raw, kernel.inverse):
            found = function(edges)
            assert np.all(np.isfinite(found)) and np.all(np.diff(found) >= 0)
            assert function(np.full((2, 0, 3), 0.5)).shape == (2, 0, 3)
            assert function(np.float64(0.25)).shape == ()
            grid = np.linspace(0, 1, 24).reshape(2, 3, 4)
            assert np.array_equal(function(grid.transpose(2, 0, 1)), function(grid).transpose(2, 0, 1))


def test_chunks_do_not_show():
    t = np.random.default_rng(4).random(10_001)
    for tau in (0.0, 0.4, 1.0, 1.9):
        kernel = TwoLabelKernel(tau)
        for function in (kernel.value, kernel.inverse):
            whole, parts = function(t), np.concatenate([function(t[:777]), function(t[777:])])
            np.testing.assert_allclose(whole, parts, rtol=5e-16)


def test_end_and_growth():
    for tau in TAUS:
        kernel = TwoLabelKernel(tau)
        end = np.log(2) if tau == 1 else -np.expm1((1 - tau) * np.log(2)) / (tau - 1)
        assert kernel.end == pytest.approx(end, rel=2e-15)
        exponent, constant = kernel.growth()
        t = 1e-10 / kernel.a
        assert exponent == 2 and kernel.value(np.float64(t)) == pytest.approx(constant * t * t, rel=1e-14)


def test_continuous_at_one_and_two():
    t = np.linspace(1e-3, 1, 200)
    limit = TwoLabelKernel(1.0).value(t)
    for step in (1e-6, 1e-9, 1e-12, 2.3e-16):
        for tau in (1 - step, 1 + step):
            assert np.all(np.abs(TwoLabelKernel(tau).value(t) / limit - 1) < 0.5 * step + 1e-14)
        below_two = TwoLabelKernel(2 - step).value(t)
        assert np.all(np.abs(below_two - t / 2) < 2 * step + 1e-15)


def test_kernel_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TwoLabelKernel(1.0).tau = 2.0


@pytest.mark.parametrize("name", ["sum-exponential", "logistic", "gce:q=0.4", "gce:q=0.9999"])
def test_float32_stays_float32(name):
    curve = hc.transform(name, n_classes=2)
    t = np.concatenate([np.float32(10.0) ** np.arange(-15, 0, dtype=np.float32), np.linspace(0, 1, 50)]).astype("f4")
    for function in (curve, curve.raw, curve.inverse):
        found, exact = function(t), function(t.astype(float))
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, exact, rtol=2e-7)
