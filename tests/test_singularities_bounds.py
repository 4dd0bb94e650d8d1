"""Bounds on the softmax radius: their order, equality, and the brute-force values of what they minimise."""

import math
from itertools import pairwise

import array_api_strict
import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from hconsist import singularities as sing
from hconsist.domains import InputError
from hconsist.singularities.bounds import log_variance
from hconsist.singularities.spreads import spread

LOWER = (sing.lower_pi, sing.lower_top1, sing.lower_sigma, sing.lower_strip_closed, sing.lower_strip, sing.lower_class)
ULPS = 1e-14
"""Bounds and radii are right to some ten units in the last place, so that equal ones may come out in either order."""


def rows(m, k, seed=0, scale=2.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, k)) * scale, rng.normal(size=(m, k)) * np.exp(rng.normal(size=(m, 1)))


@pytest.mark.parametrize("k, scale", [(2, 3.0), (3, 1.0), (5, 3.0), (10, 8.0), (100, 2.0)])
def test_the_order_of_the_bounds(k, scale):
    logits, slopes = rows(2000, k, scale=scale)
    found = {f.__name__: f(logits, slopes) for f in LOWER}
    found["radius"] = sing.radius(logits, slopes).radius
    found["upper_jensen"] = sing.upper_jensen(logits, slopes)
    chains = (
        ("lower_pi", "lower_top1", "lower_sigma", "radius"),
        ("lower_pi", "lower_strip_closed"),
        ("lower_strip_closed", "lower_strip", "radius"),
        ("lower_pi", "lower_class", "radius", "upper_jensen"),
    )
    for chain in chains:
        for low, high in pairwise(chain):
            # the strip bounds are computed on cells, 5 % below the minimum at most
            slack = 5e-2 if (low, high) == ("lower_strip_closed", "lower_strip") else ULPS
            assert np.all(found[low] <= found[high] * (1 + slack)), (low, high)


@pytest.mark.slow
@pytest.mark.parametrize("k", range(2, 12))
def test_the_order_on_a_hundred_thousand_rows_each(k):
    rng = np.random.default_rng(k)
    scale = np.exp(rng.uniform(-1, 2.5, size=(100_000, 1)))
    logits, slopes = rng.normal(size=(100_000, k)) * scale, rng.standard_t(3, size=(100_000, k))
    found = sing.radius(logits, slopes)
    assert found.certified
    chain = (found.lower_pi, found.lower_top1, found.lower_sigma, found.radius)
    for low, high in pairwise(chain):
        assert np.all(low <= high * (1 + ULPS))


def test_two_classes_reach_the_variance_spread_bound():
    logits, slopes = rows(5000, 2, scale=5.0)
    exact = np.hypot(logits[:, 0] - logits[:, 1], math.pi) / np.abs(slopes[:, 0] - slopes[:, 1])
    assert np.max(np.abs(sing.lower_sigma(logits, slopes) / exact - 1)) < 1e-14
    assert np.max(np.abs(sing.lower_top1(logits, slopes) / exact - 1)) < 1e-14


def test_a_larger_constant_is_refuted():
    """Negative control: where a bound is attained, one that is 1e-6 larger lies above the radius."""
    logits, slopes = rows(100, 2)
    radius = sing.radius(logits, slopes).radius
    assert np.all(sing.lower_sigma(logits, slopes) * (1 + 1e-6) > radius)
    even = np.array([[0.3, 0.1, -40.0], [0.2, 0.2, 0.2]])
    assert not np.all(sing.lower_pi(even[:1, :2] * 0, [[1.0, 3.0]]) * (1 + 1e-6) < math.pi / 2)


def test_the_radius_of_the_top_two_classes_is_no_bound():
    """The counterexample of the specification: 15.9 by the top two classes, 0.791 in truth."""
    logits, slopes = np.array([2.0, 1.5, -1.0]), np.array([0.0, 0.2, 6.0])
    assert math.hypot(0.5, math.pi) / 0.2 == pytest.approx(15.9, abs=0.01)
    assert sing.radius(logits, slopes).radius[0] == pytest.approx(0.791, abs=5e-4)
    assert sing.lower_sigma(logits, slopes) < 0.791


def curvature(logits, slopes, u):
    w = np.exp(logits + slopes * u - np.max(logits + slopes * u))
    p = w / w.sum()
    return np.sum(p * (slopes - p @ slopes) ** 2)


def test_the_strip_bound_is_its_minimum():
    """Against a dense scan of sqrt(u^2 + pi^2/(4 K''(u))) with a bounded minimiser about its best point."""
    logits, slopes = rows(40, 6, seed=3)
    bounds = sing.lower_strip(logits, slopes)
    for z, a, bound in zip(logits, slopes, bounds, strict=True):

        def size(u, z=z, a=a):
            return math.hypot(u, math.pi / (2 * math.sqrt(curvature(z, a, u))))

        reach = 3 * bound
        grid = np.linspace(-reach, reach, 2001)
        best = grid[np.argmin([size(u) for u in grid])]
        step = grid[1] - grid[0]
        least = minimize_scalar(size, bounds=(best - step, best + step), method="bounded").fun
        assert bound <= least * (1 + 1e-12)
        assert bound > 0.95 * least


def test_the_class_bound_is_its_minimum():
    logits, slopes = rows(40, 5, seed=4)
    logits[:, 0] += 3
    slopes[:, 0] = np.median(slopes, axis=1)
    bounds = sing.lower_class(logits, slopes)
    assert np.mean(bounds > sing.lower_sigma(logits, slopes)) > 0.1
    for z, a, bound in zip(logits, slopes, bounds, strict=True):
        u = np.linspace(-3 * bound, 3 * bound, 100_001)[:, None]  # windows with no class above 1/2 may be narrow
        w = np.exp(z + a * u - np.max(z + a * u, axis=1, keepdims=True))
        p = w / w.sum(axis=1, keepdims=True)
        reach = np.max(np.abs(a[:, None] - a), axis=1)
        height = np.max(np.arccos(-np.minimum(1, p / np.maximum(1 - p, 1e-300))) / reach, axis=1)
        height = np.where(p.max(axis=1) > 0.5, math.inf, np.maximum(height, math.pi / np.ptp(a)))
        least = np.min(np.hypot(u[:, 0], height))
        assert 0.97 * least < bound <= least * (1 + 1e-12)


def test_the_closed_form_of_the_strip_bound():
    """Against a dense scan in s of sqrt((delta - s)^2 + pi^2 cosh(s/2)^2)/D, delta by arccosh itself."""
    logits, slopes = rows(200, 4, seed=5)
    found = sing.lower_strip_closed(logits, slopes)
    for z, a, bound in zip(logits, slopes, found, strict=True):
        spread_ = np.ptp(a)
        delta = 2 * math.acosh(spread_ / (2 * math.sqrt(curvature(z, a, 0.0))))
        s = np.linspace(0, delta, 20001)
        least = np.min(np.sqrt((delta - s) ** 2 + (math.pi * np.cosh(s / 2)) ** 2)) / spread_
        assert bound == pytest.approx(least, rel=1e-7)  # the grid's distance from the minimum, squared
        assert bound <= least * (1 + 1e-14)


def test_upper_bounds():
    logits, slopes = rows(500, 6, seed=6)
    radius = sing.radius(logits, slopes).radius
    for order in range(2, 9):
        assert np.all(sing.upper_jensen(logits, slopes, order) >= radius)
    sigma2 = np.array([curvature(z, a, 0.0) for z, a in zip(logits, slopes, strict=True)])
    assert sing.upper_jensen(logits, slopes) == pytest.approx(2 * math.e / math.pi * np.ptp(slopes, axis=1) / sigma2)
    # the fourth cumulant of two equal atoms at -1, 1 is -2
    kappa4 = (4 / 3 * math.e * 2 / math.pi * 6 / 2) ** (1 / 3)
    assert float(sing.upper_jensen([0.0, 0.0], [-1.0, 1.0], 4)) == pytest.approx(kappa4)
    for z, a in zip(logits[:40], slopes[:40], strict=True):
        lowest = min(v.x.imag for v in sing.zeros(z, a, 12))
        assert lowest <= float(sing.upper_height(z, a)) * (1 + ULPS)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_binomial_weights_reach_the_height(n):
    """(1 + e^t)^n has an n-fold zero at i pi: n slopes apart by 1, and the height n pi/D = pi is attained."""
    logits = [math.log(math.comb(n, k)) for k in range(n + 1)]
    slopes = np.arange(n + 1.0)
    assert float(sing.upper_height(logits, slopes)) == pytest.approx(math.pi, rel=1e-15)
    assert sing.radius(logits, slopes).radius[0] == pytest.approx(math.pi, rel=20 * 4e-16 ** (1 / n))


def test_confident_rows_neither_overflow_nor_cancel():
    logits, slopes = np.array([1e4, 0.0]), np.array([1.0, 0.0])
    exact = math.hypot(1e4, math.pi)
    for bound in (sing.lower_top1, sing.lower_sigma):
        assert float(bound(logits, slopes)) == pytest.approx(exact, rel=1e-15)
    # sigma^2 = e^-1e4 to first order, far below the smallest float
    assert float(log_variance(spread(logits, slopes))) == pytest.approx(2 * math.log(2) - 1e4, rel=1e-15)
    assert float(sing.lower_strip(logits, slopes)) == pytest.approx(exact, rel=2e-3)


@pytest.mark.parametrize("bound", [*LOWER, sing.upper_jensen, sing.upper_height])
def test_on_another_array_library(bound):
    logits, slopes = rows(20, 4, seed=8)
    strict = bound(array_api_strict.asarray(logits), array_api_strict.asarray(slopes))
    assert type(strict).__module__.startswith("array_api_strict")
    assert np.asarray(strict) == pytest.approx(bound(logits, slopes), rel=1e-15)


@pytest.mark.parametrize("bound", LOWER)
def test_invariances(bound):
    logits, slopes = rows(30, 5, seed=9)
    value = bound(logits, slopes)
    tolerance = 2e-3 if bound in (sing.lower_strip, sing.lower_class) else 1e-12  # cells move with the rounding of u
    assert bound(logits + 1e3, slopes - 7.0) == pytest.approx(value, rel=tolerance)
    assert bound(logits, -3.0 * slopes) == pytest.approx(value / 3, rel=tolerance)
    assert bound(logits[:, ::-1], slopes[:, ::-1]) == pytest.approx(value, rel=tolerance)
    # a class of probability 0 does not widen the spread, a split class changes nothing
    gone = np.concatenate([logits, np.full((30, 1), -math.inf)], axis=1)
    far = np.concatenate([slopes, np.full((30, 1), 1e3)], axis=1)
    assert bound(gone, far) == pytest.approx(value, rel=tolerance)
    if bound is not sing.lower_class:  # a single class is not two halves of it
        halves = np.concatenate([logits[:, :1] - math.log(2), logits[:, :1] - math.log(2), logits[:, 1:]], axis=1)
        assert bound(halves, slopes[:, [0, 0, 1, 2, 3, 4]]) == pytest.approx(value, rel=tolerance)


@pytest.mark.parametrize("bound", [*LOWER, sing.upper_jensen, sing.upper_height])
def test_equal_slopes_have_no_zero(bound):
    assert np.all(np.isposinf(bound([[1.0, 2.0, 0.0], [1.0, -math.inf, -math.inf]], [[3.0] * 3, [1.0, 2.0, 3.0]])))
    assert float(bound([5.0], [1.0])) == math.inf


def test_float32_stays_float32():
    logits, slopes = (v.astype(np.float32) for v in rows(5, 3))
    assert sing.lower_sigma(logits, slopes).dtype == np.float32


@pytest.mark.parametrize(
    "logits, slopes, message",
    [
        ([[0.0, 1.0], [math.nan, 0.0]], [[1.0, 2.0]] * 2, "logits must be a number below inf at row 1, column 0"),
        ([[0.0, math.inf]], [[1.0, 2.0]], "logits must be a number below inf at row 0, column 1, got inf"),
        ([0.0, 1.0], [1.0, math.inf], "slopes must be a finite number at column 1, got inf"),
        ([[0.0, 1.0]], [[1.0, 2.0, 3.0]], r"slopes must be of shape \(1, 2\)"),
        ([[]], [[]], "K >= 1"),
        ([[-math.inf, -math.inf]], [[1.0, 2.0]], "finite in at least one column at row 0"),
        ([[1.7e308, -1.7e308]], [[0.0, 1.0]], "within the largest float of the top logit at row 0, column 1"),
        (["a", "b"], [1.0, 2.0], "logits must be an array of real numbers"),
        ([[1.0], [1.0, 2.0]], [1.0], "logits must be a rectangular array"),
    ],
)
def test_bad_input(logits, slopes, message):
    for bound in LOWER:
        with pytest.raises(InputError, match=message):
            bound(logits, slopes)


def test_the_order_of_jensen_is_checked():
    for order in (1, 9, 2.5):
        with pytest.raises(InputError, match="order"):
            sing.upper_jensen([0.0, 1.0], [0.0, 1.0], order)
