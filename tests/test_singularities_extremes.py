"""Step radii of extreme input: slopes far closer than their spread, masked classes, offsets, numbers that overflow."""

import math

import mpmath as mp
import numpy as np
import pytest
from singularity_references import count_inside, partition, polished

from hconsist import singularities as sing
from hconsist.domains import InputError
from hconsist.singularities import solving
from hconsist.singularities.result import Status

LOWER = (sing.lower_pi, sing.lower_top1, sing.lower_sigma, sing.lower_strip_closed, sing.lower_strip, sing.lower_class)
LARGEST = float(np.finfo(float).max)


@pytest.mark.parametrize("offset", [1e6, 1e8, 1e15])
@pytest.mark.parametrize("margin", [0.0, 1.0])
def test_a_common_slope_does_not_matter_at_any_temperature(offset, margin):
    """sqrt(delta^2 + pi^2 T^2)/D for two classes; dividing the slopes by T first was wrong by up to 11 %."""
    for t in (0.1, 3.0, 7.0):
        found = sing.radius_at_temperature([[0.0, margin]], [[offset, offset + 1]], t)
        assert abs(found.radius[0] - math.hypot(margin, math.pi * t)) <= found.error[0] < 1e-12
        assert found.lower_sigma[0] == pytest.approx(found.radius[0], rel=1e-14)
        assert found.lower_pi[0] == pytest.approx(math.pi * t, rel=1e-14)
        assert abs(found.zero[0]) == pytest.approx(found.radius[0], rel=1e-14)


def test_temperatures_that_leave_the_floats():
    for t, a in ((1e-320, 1.0), (1e308, 1e-10)):
        with pytest.raises(InputError, match="temperature"):
            sing.radius_at_temperature([[0.0, 1.0]], [[0.0, a]], t)


@pytest.mark.parametrize("mask", [-1e30, -3.4e38])
@pytest.mark.parametrize("slope", [1e9, 1e15, 1e17, 1e20])
def test_slopes_closer_than_the_spread_are_told_apart(mask, slope):
    """Classes (0, 0) with slopes (0, 1): radius pi; the mask moves no zero near it.  The bounds were 1e13 and more."""
    z, a = [[0.0, 0.0, mask]], [[0.0, 1.0, slope]]
    for bound in LOWER:
        assert 0 < bound(z, a)[0] <= math.pi * (1 + 1e-14)
    found = sing.radius(z, a)
    assert abs(found.radius[0] - math.pi) <= found.error[0] < 1e-6
    for by in sing.controllers.CAPS[:4]:
        assert sing.cap(1e6, z, a, by=by).limit <= math.pi * (1 + 1e-6)


def test_a_variance_that_underflows_gives_no_infinite_bound():
    """Slopes 1e-170 apart beside one at 1, weights 1/2, 1/2, e^(-1e30): some zero has |t| < 4e170."""
    for bound in LOWER:
        assert bound([0.0, 0.0, -1e30], [0.0, 1e-170, 1.0]) < 4e170


def test_distinct_slopes_are_counted_by_the_slopes():
    """Two of three distinct slopes agree in units of the spread: (3 - 1) pi/D."""
    z, a = np.zeros(3), np.array([0.0, 1.0, 1e17])
    assert sing.upper_height(z, a) == pytest.approx(2 * math.pi / 1e17, rel=1e-14, abs=0)


def test_float32_bounds_lose_no_more_than_float32():
    rng = np.random.default_rng(0)
    z, a = (v.astype(np.float32) for v in rng.normal(size=(2, 20_000, 5)) * 3)
    z[:, 0], a[:, 0] = -60.0, 1e3  # a light class sets the spread
    ratio = sing.lower_sigma(z, a) / sing.lower_sigma(z.astype(float), a.astype(float))
    assert np.max(np.abs(ratio - 1)) < 8 * 2.0**-24


def masked_rows(m, k, seed, mask, far):
    """Ordinary rows, and the same with a class of logit ``mask`` whose slope is ``far`` from theirs."""
    rng = np.random.default_rng(seed)
    z, a = rng.normal(size=(m, k)) * 2, rng.normal(size=(m, k))
    side = rng.choice([-far, far], size=(m, 1)) * (1 + rng.random((m, 1)))
    return z, a, np.hstack([z, np.full((m, 1), mask)]), np.hstack([a, side])


@pytest.mark.parametrize("mask", [-1e4, -1e6, -3.4e38])
@pytest.mark.parametrize("far", [3.0, 20.0, 300.0])
@pytest.mark.parametrize("certify", ["float", "ball"])
def test_a_masked_class_costs_no_certificate(mask, far, certify):
    """|F_N| <= e^(mask + far |t|) < 1e-1000 near the zeros: the radius is that without the class, to all digits."""
    z, a, whole, slopes = masked_rows(40, 6, 3, mask, far)
    plain, found = sing.radius(z, a), sing.radius(whole, slopes, certify=certify)
    assert found.certified
    assert np.all(np.abs(found.radius - plain.radius) <= found.error + plain.error)
    assert np.all(found.error < 1e-11 * found.radius)
    batch = sing.batch_radius(whole, slopes)
    assert batch.radius == pytest.approx(plain.batch_radius, rel=1e-12)


def test_the_row_of_the_review():
    z, a = [-0.1, -1.2, -0.6, -0.5, -1e6], [19.3, 20.6, 19.9, 19.4, 0.0]
    found = sing.radius(z, a)
    assert found.status == (Status.CERTIFIED,)
    value, slope = partition(z, a)
    with mp.workdps(40):
        exact = abs(polished(value, slope, found.zero[0]))
        assert abs(exact - found.radius[0]) <= found.error[0]
        assert count_inside(value, exact * mp.mpf("0.9999")) == 0
        assert count_inside(value, exact * mp.mpf("1.0001")) == 1


@pytest.mark.parametrize("mask", [-12.0, -38.0, -45.0, -60.0, -90.0])
def test_a_class_that_matters_is_not_left_out(mask):
    """Light classes whose slope makes them heavy within the radius of the others: 30-digit counts."""
    z, a, whole, slopes = masked_rows(6, 4, 5, mask, 30.0)
    found = sing.radius(whole, slopes)
    assert found.certified
    assert np.any(np.abs(found.radius / sing.radius(z, a).radius - 1) > 0.01)
    for i in range(6):
        value, _ = partition(whole[i], slopes[i])
        with mp.workdps(30):
            assert count_inside(value, found.radius[i] * mp.mpf("0.9999")) == 0
            assert count_inside(value, found.radius[i] * mp.mpf("1.0001")) == 1


def test_leaving_out_too_much_is_noticed(monkeypatch):
    """Negative control: without a word on how far the certificate looks, the radii come out wrong."""
    _, _, whole, slopes = masked_rows(20, 4, 5, -45.0, 30.0)
    right = sing.radius(whole, slopes).radius
    honest = solving._all_at_once

    def failing(blind):
        def found(rows):
            near, status = honest(rows)
            if np.all(rows.log_p[:, -1] > -math.inf):
                status[:] = Status.UNCERTIFIED  # floats fail on all rows that have their light class
            elif blind:
                near.reach[:] = 0.0
            return near, status

        return found

    monkeypatch.setattr(solving, "_all_at_once", failing(blind=False))
    assert sing.radius(whole, slopes).radius == pytest.approx(right, rel=1e-12)
    monkeypatch.setattr(solving, "_all_at_once", failing(blind=True))
    assert np.sum(~np.isclose(sing.radius(whole, slopes).radius, right, rtol=1e-3)) > 15


def test_the_batch_has_the_balls_that_rows_have():
    """Twelve zeros together: floats fail, balls do not, in a batch as in a row."""
    z, a = [math.log(math.comb(12, k)) for k in range(13)], np.arange(13.0)
    alone, batch = sing.radius(z, a), sing.batch_radius([z, [0.0] * 13], [a, [1.0] * 13])
    assert alone.status == (Status.PROVED,)
    assert (batch.radius, batch.row, batch.status, batch.zero) == (alone.radius[0], 0, Status.PROVED, alone.zero[0])
    assert sing.cap(9.0, z, a, by="exact").by == "exact"


def test_quadratic_logits_over_the_range_of_the_floats():
    """The figures of the review, and random ones against 60-digit roots of every n that can matter."""
    quadratic = sing.radius_two_classes_quadratic
    assert quadratic(0.0, 1e-200, 0.0) == pytest.approx(math.pi * 1e200, rel=1e-15)
    assert quadratic(1.0, 1e160, 1.0) == pytest.approx(math.hypot(1, math.pi) * 1e-160, rel=1e-15)
    assert quadratic(0.0, 1e200, 1.0) == pytest.approx(math.pi * 1e-200, rel=1e-15)
    assert quadratic(1e200, 1.0, 1e200) == pytest.approx(1.0, rel=1e-15)
    assert quadratic(1e6, 1.0, 0.0) == pytest.approx(math.hypot(1e6, math.pi), rel=1e-15)
    rng = np.random.default_rng(7)
    for _ in range(150):
        d, a, k = rng.normal(size=3) * 10.0 ** rng.uniform(-2, 2, size=3)
        with mp.workdps(60):
            exact = mp.inf
            for n in range(1, 2001, 2):
                root = mp.sqrt(mp.mpf(a) ** 2 - 4 * mp.mpf(k) * (mp.mpf(d) - mp.mpc(0, mp.pi * n)))
                exact = min(exact, *(abs((-mp.mpf(a) + sign * root) / (2 * mp.mpf(k))) for sign in (1, -1)))
                if mp.pi * n > abs(a) * exact + abs(k) * exact**2:
                    break
            else:
                continue
            assert abs(quadratic(d, a, k) / exact - 1) < 1e-11


def test_a_root_of_a_square_is_entire():
    """F = (1 + e^t)^2 and tau = 1/2: the loss 2 (sqrt(F) e^(-a t/2) - 1) has no singularity, 3.14 is a lower bound."""
    z, a = [[0.0, 0.0, 0.0, 0.0]], [[0.0, 1.0, 1.0, 2.0]]
    assert sing.loss_radius("comp-sum", z, a, tau=0.5)[0] == pytest.approx(math.pi, rel=1e-6)
    assert sing.radius(z, a).status == (Status.CLUSTER,)
    assert "lower bound" in sing.loss_radius.__doc__


@pytest.mark.parametrize(
    "call, message",
    [
        (
            lambda z: sing.radius(z([[2**53 + 1, 2**53]]), [[0, 1]], certify="ball"),
            "logits .*exact in float64 at row 0",
        ),
        (lambda z: sing.lower_pi([[0, 0]], z([[2**53 + 1, 2**53]])), "slopes .*exact in float64 at row 0, column 0"),
        pytest.param(
            lambda z: sing.batch_radius(np.array([[1, 2]], np.longdouble) / 3, z([[0, 1]])),
            "exact in float64",
            marks=pytest.mark.skipif(np.finfo(np.longdouble).nmant == 52, reason="long double is double here"),
        ),
        (lambda z: sing.radius(np.ma.array([[0, 1.0, 5]], mask=[[0, 0, 1]]), z([[0, 1, 2]])), "without a mask"),
        (lambda z: sing.lower_sigma(np.ma.array([[0, 1.0]], mask=[[0, 1]]), z([[0, 1]])), "without a mask"),
    ],
)
def test_numbers_that_a_float_does_not_hold(call, message):
    for z in (list, np.array):
        with pytest.raises(InputError, match=message):
            call(z)


def test_large_integers_that_are_floats():
    assert sing.radius([[2**60, 2**60]], [[0, 1]]).radius[0] == pytest.approx(math.pi, rel=1e-15)


@pytest.mark.parametrize(
    "call",
    [
        lambda: sing.safe_radius([1e-320]),
        lambda: sing.safe_radius_quadratic(1e-320, 0.0),
        lambda: sing.unit_radius("tanh", 1.0, 5e-324),
        lambda: sing.unit_radius("tanh-gelu", 1.0, [1.0, 5e-324]),
        lambda: sing.loss_radius("ova-logistic", [[0, 1.0]], [[5e-324, 0]]),
        lambda: sing.radius_two_classes_quadratic(1.0, 1e-320, 0.0),
        lambda: sing.radius_commensurable([0.0, 1.0], [0.0, 1e-320], 1e-320),
        lambda: sing.radius([0.0, 1.0], [0.0, 1e-309]),
        lambda: sing.batch_radius([[0.0, 1.0]] * 2, [[1.0, 1.0], [0.0, 1e-309]]),
    ],
)
def test_no_radius_is_infinite_because_it_overflows(call):
    with pytest.raises(InputError, match="exceeds every float"):
        call()


def test_bounds_that_overflow_stay_bounds():
    z, a = [0.0, 0.0], [0.0, 5e-324]
    for bound in LOWER:
        assert bound(z, a) == LARGEST
    for n in (2, 3):
        assert sing.upper_jensen(z, a, order=n) == math.inf
    assert sing.upper_jensen([-1.0, 5.0], [0.0, 1.5e-306]) == math.inf
    assert sing.upper_height([0.0, 1.0, 2.0], [0.0, 1e-310, 2e-310]) == math.inf
    assert math.isclose(sing.safe_radius_quadratic(1e200, 1.0), math.pi / 1e200)


def test_rows_that_hardly_move_do_not_cap():
    for by in ("pi", "top1", "sigma", "exact", "gap"):
        found = sing.cap(7.0, [[0.0, 1.0]], [[0.0, 1e-309]], by=by)
        assert (found.step, found.factor) == (7.0, 1.0)
    mixed = sing.batch_radius([[0.0, 1.0]] * 2, [[0.0, 1e-309], [0.0, 1.0]])
    assert mixed.row == 1 and mixed.radius == pytest.approx(math.hypot(1, math.pi), rel=1e-14)


def test_a_ball_certificate_that_fails_is_counted():
    found = sing.radius([[1e10, 0.0, 0.0]], [[0.0, 1.0, 2.0]], certify="ball")
    assert found.status == (Status.CERTIFIED,) and not found.certified
    assert found.missing == 1 and math.isnan(found.batch_radius)
    assert sing.radius([[1e10, 0.0, 0.0]], [[0.0, 1.0, 2.0]]).batch_radius == pytest.approx(5e9, rel=1e-9)


def test_polynomials_whose_end_coefficients_vanish():
    with pytest.raises(InputError, match="within 690"):
        sing.radius_commensurable([0.0, -744.0], [0.0, 1.0], 1.0)
    with pytest.raises(InputError, match="multiples of step"):
        sing.radius_commensurable([0.0, 1.0], [0.0, 1.0], 1e-320)
    assert sing.radius_commensurable([0.0, -689.0], [0.0, 1.0], 1.0) == pytest.approx(math.hypot(689, math.pi))
