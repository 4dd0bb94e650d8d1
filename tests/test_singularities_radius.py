"""Exact radii against 60-digit contour counts, eigenvalues of the Taylor polynomial and closed forms."""

import math

import mpmath as mp
import numpy as np
import pytest
from singularity_references import by_eigenvalues, count_inside, partition, polished

from hconsist import singularities as sing
from hconsist.domains import InputError
from hconsist.singularities import clusters, ladder
from hconsist.singularities.caps import Confident, confident
from hconsist.singularities.circles import circle, count
from hconsist.singularities.moments import TERMS, taylor
from hconsist.singularities.rectangles import Row, row_of
from hconsist.singularities.result import Status
from hconsist.singularities.spreads import spread

SIMPLE = 1e-12
"""Relative error of a radius at a well conditioned simple zero."""


def cluster(m):
    """Rounding moves an m-fold zero by about eps^(1/m)."""
    return 20 * 4e-16 ** (1 / m)


def rows(m, k, seed=0, scale=2.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, k)) * scale, rng.normal(size=(m, k)) * np.exp(rng.normal(size=(m, 1)))


@pytest.mark.parametrize("k, scale, m", [(2, 2, 4), (3, 1, 8), (5, 3, 8), (10, 2, 6), (10, 8, 5), (30, 2, 2)])
def test_against_contour_counts_of_sixty_digits(k, scale, m):
    """No zero inside 0.9999 of the radius, one or more inside 1.0001 of it, and the zero itself by Newton's method."""
    logits, slopes = rows(m, k, seed=k, scale=scale)
    found = sing.radius(logits, slopes)
    assert found.certified
    with mp.workdps(60):
        for z, a, radius, zero, error in zip(logits, slopes, found.radius, found.zero, found.error, strict=True):
            value, slope = partition(z, a)
            exact = abs(polished(value, slope, zero))
            assert abs(exact - mp.mpf(float(radius))) <= min(SIMPLE * exact, error)
            assert count_inside(value, exact * mp.mpf("0.9999")) == 0
            assert count_inside(value, exact * mp.mpf("1.0001")) >= 1


@pytest.mark.slow
def test_against_two_hundred_contour_counts():
    rng = np.random.default_rng(17)
    with mp.workdps(60):
        for _ in range(200):
            k = int(rng.integers(2, 13))
            z, a = rng.normal(size=k) * np.exp(rng.uniform(-1, 2)), rng.normal(size=k)
            found = sing.radius(z, a)
            value, slope = partition(z, a)
            exact = abs(polished(value, slope, found.zero[0]))
            assert abs(exact - mp.mpf(float(found.radius[0]))) <= SIMPLE * exact
            assert count_inside(value, exact * mp.mpf("0.9999")) == 0


def compare_with_eigenvalues(k, scale, m, seed):
    logits, slopes = rows(m, k, seed=seed, scale=scale)
    found = sing.radius(logits, slopes)
    compared = 0
    for i in range(m):
        radius, x = by_eigenvalues(logits[i], slopes[i])
        if x < 12.5:  # beyond, the polynomial has lost the zero
            assert found.radius[i] == pytest.approx(radius, rel=1e-11), i
            compared += 1
    return compared


@pytest.mark.parametrize("k, scale", [(2, 1), (3, 1), (10, 2), (10, 4), (100, 2)])
def test_against_eigenvalues_of_the_taylor_polynomial(k, scale):
    assert compare_with_eigenvalues(k, scale, 60, seed=1) > 40


@pytest.mark.slow
def test_against_eigenvalues_on_twenty_thousand_rows():
    cases = ((2, 1, 2000), (3, 1, 3000), (5, 2, 3000), (10, 2, 4000), (10, 4, 4000), (30, 2, 2000), (100, 2, 2000))
    assert sum(compare_with_eigenvalues(*case, seed=5) for case in cases) > 19_900


@pytest.mark.parametrize("k, scale, m", [(2, 2, 2000), (10, 8, 1000), (10, 20, 500), (100, 8, 200), (1000, 2, 50)])
def test_every_row_is_certified_with_a_small_error(k, scale, m):
    found = sing.radius(*rows(m, k, seed=2, scale=scale))
    assert set(found.status) == {Status.CERTIFIED}
    assert np.max(found.error / found.radius) < SIMPLE


def test_two_classes():
    logits, slopes = rows(500, 2, scale=5.0)
    exact = sing.radius_two_classes(logits, slopes)
    assert exact == pytest.approx(np.hypot(logits @ [1, -1], math.pi) / np.abs(slopes @ [1, -1]), rel=1e-15)
    assert sing.radius(logits, slopes).radius == pytest.approx(exact, rel=2e-15)


def test_three_equally_spaced_classes():
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(300, 3)) * 2
    slopes = np.stack([np.full(300, -1.0), np.ones(300), np.full(300, 3.0)], axis=1)
    turned = rng.permuted(np.tile([0, 1, 2], (300, 1)), axis=1)
    logits_, slopes_ = (np.take_along_axis(v, turned, axis=1) for v in (logits, slopes))
    exact = sing.radius_three_classes(logits, slopes)
    assert sing.radius_three_classes(logits_, slopes_) == pytest.approx(exact, rel=1e-14)
    # the error of a zero grows as the discriminant w_1^2 - 4 w_0 w_2 goes to 0
    apart = np.abs(logits[:, 1] - np.log(2) - (logits[:, 0] + logits[:, 2]) / 2)
    found = sing.radius(logits, slopes)
    assert np.all(np.abs(found.radius / exact - 1) < 1e-14 / np.minimum(1, apart))
    assert sing.radius_commensurable(logits, slopes, 2.0) == pytest.approx(exact, rel=1e-9)


def test_equally_spaced_uniform_weights():
    """rho = 2 pi (K - 1)/(K D): the roots of unity other than 1."""
    for k in (2, 3, 10, 101, 1001):
        found = sing.radius(np.zeros(k), np.arange(float(k)))
        assert found.certified
        assert found.radius[0] == pytest.approx(2 * math.pi / k, rel=1e-13)


def test_commensurable_slopes():
    rng = np.random.default_rng(4)
    for _ in range(30):
        k = int(rng.integers(2, 7))
        slopes = rng.choice(12, size=k, replace=False) * 0.25 - 1
        logits = rng.normal(size=k) * 2
        exact = sing.radius_commensurable(logits, slopes, 0.25)
        assert sing.radius(logits, slopes).radius == pytest.approx(exact, rel=1e-10)  # the roots of the polynomial
    with pytest.raises(InputError, match="multiples of step"):
        sing.radius_commensurable([0.0, 0.0], [0.0, 0.3], 0.25)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 9])
def test_multiple_zeros(n):
    """(1 + e^t)^n: an n-fold zero at i pi, whose status says so and whose error covers the truth."""
    logits = np.array([math.log(math.comb(n, k)) for k in range(n + 1)])
    found = sing.radius(logits, np.arange(n + 1.0))
    assert found.status == (Status.CLUSTER,)
    assert abs(found.radius[0] - math.pi) <= min(found.error[0], cluster(n) * math.pi)
    assert found.error[0] < 4 * cluster(n) * math.pi
    first = sing.zeros(logits, np.arange(n + 1.0), 1)
    assert [v.multiplicity for v in first] == [n]


def test_duplicate_slopes_merge():
    """Six slopes 0 and three slopes 2, uniform: sqrt(log(2)^2 + pi^2)/2."""
    found = sing.radius(np.zeros(9), [0.0] * 6 + [2.0] * 3)
    assert found.radius[0] == pytest.approx(math.hypot(math.log(2), math.pi) / 2, rel=1e-15)


def test_symmetric_rows_have_two_nearest_zeros():
    """Weights (p, q, p) on -1, 0, 1 with q > 2p: +-u + i pi, cosh u = q/(2p)."""
    found = sing.radius([0.0, 2.0, 0.0], [-1.0, 0.0, 1.0])
    exact = math.hypot(math.acosh(math.exp(2) / 2), math.pi)
    assert found.status == (Status.CERTIFIED,)
    assert found.radius[0] == pytest.approx(exact, rel=1e-14)
    assert len(sing.zeros([0.0, 2.0, 0.0], [-1.0, 0.0, 1.0], 1)) == 2


@pytest.mark.parametrize("margin", [30.0, 700.0, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e12])
def test_large_margins(margin):
    found = sing.radius([margin, 0.0], [1.0, 0.0])
    assert found.status == (Status.CERTIFIED,)
    assert found.radius[0] == pytest.approx(math.hypot(margin, math.pi), rel=SIMPLE)
    three = sing.radius([margin, 0.0, 0.9 * margin], [1.0, 0.0, -1.0])
    if three.certified:  # flips at -0.05 margin against the third class
        assert three.radius[0] == pytest.approx(math.hypot(0.05 * margin, math.pi / 2), rel=max(SIMPLE, 0.3 / margin))
    assert margin > 1e9 or three.certified


def test_offsets_of_a_million():
    logits, slopes = rows(100, 5, seed=6)
    logits, slopes = np.round(logits, 3) + 2.0**20, np.round(slopes * 64) / 64 + 2.0**20
    found = sing.radius(logits, slopes)
    exact = sing.radius(logits - 2.0**20, slopes - 2.0**20)  # exact differences
    assert np.array_equal(found.radius, exact.radius)


def test_invariances():
    logits, slopes = rows(100, 6, seed=7)
    base = sing.radius(logits, slopes).radius
    assert sing.radius(logits, -4.0 * slopes).radius == pytest.approx(base / 4, rel=SIMPLE)
    assert sing.radius(logits[:, ::-1], slopes[:, ::-1]).radius == pytest.approx(base, rel=SIMPLE)
    gone = np.concatenate([logits, np.full((100, 1), -math.inf)], axis=1)
    assert sing.radius(gone, np.concatenate([slopes, np.full((100, 1), 1e5)], axis=1)).radius == pytest.approx(base)
    halves = np.concatenate([logits[:, :1] - math.log(2), logits[:, :1] - math.log(2), logits[:, 1:]], axis=1)
    split = sing.radius(halves, slopes[:, [0, 0, 1, 2, 3, 4, 5]]).radius
    assert split == pytest.approx(base, rel=SIMPLE)


def test_extreme_scales_of_the_slopes():
    logits = np.array([0.3, -1.0, 2.0])
    slopes = np.array([1.0, 2.0, 4.0])
    base = sing.radius(logits, slopes).radius[0]
    for power in (-900, -300, 300, 1000):
        scaled = sing.radius(logits, slopes * 2.0**power)
        assert scaled.certified
        assert scaled.radius[0] == pytest.approx(math.ldexp(base, -power), rel=1e-14)
    subnormal = np.array([0.0, 5e-310, 1e-309])
    with pytest.raises(InputError, match="at row 0, column 2 "):
        sing.radius(logits, subnormal)


def test_rows_without_a_zero():
    found = sing.radius([[1.0, 2.0], [1.0, -math.inf]], [[3.0, 3.0], [0.0, 1.0]])
    assert all(status is Status.NO_ZERO for status in found.status)
    assert np.all(np.isposinf(found.radius)) and np.all(np.isnan(found.zero)) and found.certified
    assert found.batch_radius == math.inf
    assert sing.zeros([1.0, 2.0], [3.0, 3.0]) == []


def test_first_zeros():
    """K = 2: delta + i pi (2 n + 1); and the count D r/(2 pi) of zeros above the axis."""
    found = sing.zeros([1.5, 0.0], [0.0, 1.0], 5)
    assert [v.x for v in found] == pytest.approx([complex(1.5, math.pi * (2 * n + 1)) for n in range(5)], rel=1e-14)
    logits, slopes = rows(1, 6, seed=8)
    first = sing.zeros(logits[0], slopes[0], 30)
    expected = np.ptp(slopes) * abs(first[-1].x) / (2 * math.pi)
    assert abs(len(first) - expected) < 4
    with mp.workdps(30):
        value, _ = partition(logits[0], slopes[0])
        reach = (abs(first[11].x) + abs(first[12].x)) / 2
        assert count_inside(value, mp.mpf(reach), 200) == 12
    confident_row = sing.zeros([1e4, 0.0], [1.0, 0.0], 3)
    assert [v.x.imag for v in confident_row] == pytest.approx([math.pi, 3 * math.pi, 5 * math.pi], rel=1e-12)


def test_the_batch_minimum():
    logits, slopes = rows(3000, 10, seed=9)
    found = sing.batch_radius(logits, slopes)
    each = sing.radius(logits, slopes)
    assert found.radius == each.batch_radius == np.min(each.radius)
    assert found.row == int(np.argmin(each.radius)) and found.status is Status.CERTIFIED
    assert found.solved < 200
    alone = sing.batch_radius([1.0, 1.0], [2.0, 2.0])
    assert alone.radius == math.inf and alone.row is None and alone.status is Status.NO_ZERO


def test_the_radius_of_a_mean_loss_is_that_of_the_nearest_row():
    """Root test on the Taylor coefficients of the mean of log F over rows: no branch points cancel."""
    logits, slopes = rows(4, 3, seed=10)
    least = sing.batch_radius(logits, slopes).radius
    with mp.workdps(40):
        n, r, size = 200, mp.mpf(least) * mp.mpf("0.9"), 512
        nodes = [r * mp.expjpi(mp.mpf(2 * k) / size) for k in range(size)]
        total = [mp.mpf(0)] * size
        for z, a in zip(logits, slopes, strict=True):
            value, slope = partition(z, a)
            total = [t + slope(x) / value(x) for t, x in zip(total, nodes, strict=True)]
        sizes = []
        for m in range(n - 20, n):
            c = mp.fsum(t * mp.expjpi(mp.mpf(-2 * k * m) / size) for k, t in enumerate(total)) / size / r**m
            sizes.append(float(mp.log(abs(c))) / m)
    # the largest of consecutive coefficients is 2 m_0 rho^-(n+1) up to a constant: a bias of order 1/n
    assert math.exp(-max(sizes)) == pytest.approx(least, rel=0.02)


def test_the_taylor_coefficients():
    logits, slopes = rows(5, 7, seed=11)
    normal = spread(logits, slopes)
    f = taylor(normal.p, normal.b)
    for n in (0, 1, 2, 17, TERMS - 1):
        exact = np.sum(normal.p * normal.b**n, axis=1) / math.factorial(n)
        assert np.allclose(f[:, n], exact, rtol=0, atol=4e-16 / math.factorial(n))


def test_a_circle_through_a_zero_is_not_certified():
    """Negative control of the chord test: the circle |x| = pi/2 passes through the zero of cosh."""
    normal = spread(np.zeros((1, 2)), np.array([[-1.0, 1.0]]))
    f = taylor(normal.p, normal.b)
    assert not count(f, circle(math.pi / 2, 96), 2)[1][0]
    assert [int(count(f, circle(r, 96), 2)[0][0]) for r in (1.5, 1.7, 4.6, 4.8)] == [0, 1, 1, 2]
    # on so few edges the polygon is not to be trusted far out
    assert not count(f, circle(13.0, 8), 2)[1][0]


def test_a_cap_through_a_zero_is_not_certified():
    normal = spread([[40.0, 0.0]], [[1.0, 0.0]])
    shape = confident(normal.log_p, normal.d)
    exact = math.hypot(40, math.pi) / 2
    assert not shape.count(np.array([exact]), 64)[2][0]
    for factor, zeros in ((0.9999, 0), (1.0001, 1), (1.05, 2)):
        number, _, certified = shape.count(np.array([exact * factor]), 64)
        assert certified[0] and number[0] == zeros


def test_no_uncertified_row_is_silent(monkeypatch):
    """Negative control: with every certificate refused, all rows are named, NaN, and the batch has no radius."""
    monkeypatch.setattr(ladder, "count", lambda f, at, classes: (np.ones(len(f), int), np.zeros(len(f), bool)))
    monkeypatch.setattr(Confident, "count", lambda s, r, e: (np.zeros(r.size, int), r, np.zeros(r.size, bool)))
    monkeypatch.setattr(Row, "count", lambda self, *cell: None)
    monkeypatch.setattr(clusters, "resolved", lambda *row: None)
    found = sing.radius(*rows(5, 4))
    assert found.status == (Status.UNCERTIFIED,) * 5 and not found.certified
    assert np.all(np.isnan(found.radius)) and math.isnan(found.batch_radius)
    assert np.all(np.isfinite(found.lower_sigma))
    batch = sing.batch_radius(*rows(5, 4))
    assert math.isnan(batch.radius) and batch.status is Status.UNCERTIFIED


def test_a_wrong_count_is_noticed(monkeypatch):
    """Negative control: a winding number that is off by one never agrees with the zeros found."""
    right = ladder.count
    monkeypatch.setattr(ladder, "count", lambda *given: (right(*given)[0] + 1, right(*given)[1]))
    logits, slopes = rows(20, 5, seed=12)
    normal = spread(logits, slopes)
    assert not np.any(ladder._climb(normal, np.full(20, 1.6)).certified)


def test_rectangles_agree_with_the_ladder():
    logits, slopes = rows(20, 8, seed=13, scale=6.0)
    normal = spread(logits, slopes)
    quick = ladder.nearest(normal)
    for i in range(20):
        found = row_of(normal.log_p[i], normal.d[i]).zeros(abs(quick.x[i]) * 1.02)
        assert abs(found[0].x) == pytest.approx(abs(quick.x[i]), rel=1e-12)


def test_records_for_json():
    found = sing.radius([[3.0, 0.0], [1.0, 1.0]], [[0.0, 1.0], [2.0, 2.0]])
    first, second = found.rows()
    assert list(first) == ["lower_pi", "lower_top1", "lower_sigma", "radius", "zero", "error", "status"]
    assert first["zero"] == pytest.approx([3.0, math.pi]) and first["status"] == "certified"
    assert second["zero"] is None and second["radius"] == math.inf


@pytest.mark.parametrize(
    "logits, slopes, message",
    [
        ([[0.0, 1.0]] * 9 + [[math.nan, 0.0]], [[1.0, 2.0]] * 10, "logits .* at row 9, column 0"),
        ([[0.0, math.inf]], [[1.0, 2.0]], "row 0, column 1"),
        ([0.0, 1.0], [math.nan, 1.0], "slopes must be a finite number at row 0, column 0"),
        ([[0.0, 1.0]], [[1.0, 2.0, 3.0]], r"slopes must be of shape \(1, 2\), as the logits"),
        ([[]], [[]], "K >= 1"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "m, K >= 1"),
        (np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), r"\(m, K\) or \(K,\)"),
        (1.0, 1.0, r"\(m, K\) or \(K,\)"),
        ([[-math.inf, -math.inf]], [[1.0, 2.0]], "finite in at least one column at row 0"),
        ([["a"]], [[1.0]], "logits must be a rectangular array of real numbers"),
    ],
)
def test_bad_input(logits, slopes, message):
    for function in (sing.radius, sing.batch_radius):
        with pytest.raises(InputError, match=message):
            function(logits, slopes)


def test_bad_choices():
    with pytest.raises(InputError, match="certify"):
        sing.radius([0.0, 1.0], [0.0, 1.0], certify="yes")
    with pytest.raises(InputError, match="one row"):
        sing.zeros([[0.0, 1.0]] * 2, [[0.0, 1.0]] * 2)
    with pytest.raises(InputError, match="count"):
        sing.zeros([0.0, 1.0], [0.0, 1.0], 0)


def test_rows_beyond_the_first_block_are_named():
    logits, slopes = rows(20_000, 2)
    logits[17_123, 1] = math.nan
    with pytest.raises(InputError, match="row 17123, column 1"):
        sing.radius(logits, slopes)
