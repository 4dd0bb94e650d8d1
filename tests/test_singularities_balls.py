"""Proofs in balls that a zero is the nearest one: what they prove, and that wrong statements do not go through."""

import math

import mpmath as mp
import numpy as np
import pytest
from singularity_references import partition, polished

from hconsist import singularities as sing
from hconsist.evidence import Level
from hconsist.singularities import balls
from hconsist.singularities.rectangles import row_of
from hconsist.singularities.result import Status
from hconsist.singularities.spreads import spread


def rows(m, k, seed=0, scale=2.0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, k)) * scale, rng.normal(size=(m, k))


@pytest.mark.parametrize("k, scale, m", [(2, 1, 20), (3, 1, 20), (10, 3, 20), (10, 20, 20), (100, 2, 3)])
def test_every_row_is_proved(k, scale, m):
    logits, slopes = rows(m, k, seed=k, scale=scale)
    found = sing.radius(logits, slopes, certify="ball")
    assert set(found.status) == {Status.PROVED}
    assert found.certified and found.level is Level.ENCLOSED
    assert np.max(found.error / found.radius) < 1e-15  # the ends of the ball are neighbouring floats
    assert found.radius == pytest.approx(sing.radius(logits, slopes).radius, rel=1e-12)


def test_the_ball_holds_the_radius_of_sixty_digits():
    logits, slopes = rows(10, 6, seed=1)
    normal = spread(logits, slopes)
    found = sing.radius(logits, slopes)
    with mp.workdps(60):
        for i in range(10):
            x = complex(found.zero[i]) * normal.D[i] / 2
            proof = balls.prove(logits, slopes, normal, i, x)
            value, slope = partition(logits[i], slopes[i])
            exact = abs(polished(value, slope, found.zero[i]))
            assert mp.mpf(proof.lower) <= exact <= mp.mpf(proof.upper)


def test_a_farther_zero_is_not_the_nearest():
    """Negative control: a true zero that is not the nearest one is refused, whatever circle is tried."""
    logits, slopes = rows(8, 6, seed=2)
    normal = spread(logits, slopes)
    for i in range(8):
        first, second = row_of(normal.log_p[i], normal.d[i]).zeros(14.0)[:2]
        assert balls.prove(logits, slopes, normal, i, first.x) is not None
        assert balls.prove(logits, slopes, normal, i, second.x) is None


def test_a_point_that_is_no_zero_is_refused():
    logits, slopes = rows(1, 6, seed=3)
    normal = spread(logits, slopes)
    x = complex(sing.radius(logits, slopes).zero[0]) * normal.D[0] / 2
    assert balls.prove(logits, slopes, normal, 0, x * (1 + 1e-11)) is not None  # the box of radius 1e-9 still holds it
    assert balls.prove(logits, slopes, normal, 0, x * (1 + 1e-6)) is None


@pytest.mark.parametrize("seed", range(3))
def test_the_error_of_the_floats_covers_the_proved_radius(seed):
    """Margins to 1e4, heavy-tailed slopes, and pairs of zeros whose moduli agree to 1e-9 or so."""
    rng = np.random.default_rng(seed)
    wide = rng.normal(size=(40, 9)) * 10.0 ** rng.uniform(-1, 4, (40, 1)), rng.standard_cauchy((40, 9))
    nearly = rng.normal(size=(40, 3)) * 10.0 ** rng.uniform(-9, -4, (40, 1)) + [0.0, math.log(2), 0.0]
    for logits, slopes in (wide, (nearly, np.tile([0.0, 1.0, 2.0], (40, 1)))):
        floats, proved = sing.radius(logits, slopes), sing.radius(logits, slopes, certify="ball")
        assert proved.certified and floats.certified
        assert np.all(np.abs(floats.radius - proved.radius) <= floats.error + proved.error)


def test_symmetric_pairs_are_proved_together():
    found = sing.radius([0.0, 2.0, 0.0], [-1.0, 0.0, 1.0], certify="ball")
    assert found.status == (Status.PROVED,)
    assert found.radius[0] == pytest.approx(math.hypot(math.acosh(math.exp(2) / 2), math.pi), rel=1e-15)


@pytest.mark.parametrize("margin", [50.0, 1e4])
def test_confident_rows(margin):
    found = sing.radius([margin, 0.0, 0.5], [1.0, 0.0, -3.0], certify="ball")
    assert found.status == (Status.PROVED,)
    exact = math.hypot(margin - 0.5, math.pi) / 4
    assert found.radius[0] == pytest.approx(exact, rel=1e-6 if margin < 100 else 1e-15)


def test_a_double_zero_stays_a_float_certificate():
    """Weights 1, 2, 1 exactly: nothing proves uniqueness, the status says so, and the batch is not all proved."""
    found = sing.radius([0.0, 0.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 1.0], certify="ball")
    assert found.status == (Status.CLUSTER,)
    assert not found.certified and found.level is Level.SAMPLED
    assert math.isnan(found.batch_radius) and found.radius[0] == pytest.approx(math.pi, rel=1e-12)


@pytest.mark.parametrize("n", [2, 3, 5, 9])
def test_clusters_are_parted_by_more_bits(n):
    """(1 + e^t)^n with rounded logits: n distinct zeros, against the roots of the polynomial in e^t in 80 digits."""
    logits, slopes = np.array([math.log(math.comb(n, k)) for k in range(n + 1)]), np.arange(n + 1.0)
    found = sing.radius(logits, slopes, certify="ball")
    assert found.status == (Status.PROVED,) and found.error[0] < 1e-15
    with mp.workdps(80):
        roots = mp.polyroots([mp.exp(mp.mpf(float(v))) for v in logits[::-1]], maxsteps=2000, extraprec=4000)
        exact = min(abs(mp.log(s)) for s in roots)
        assert abs(exact - mp.mpf(float(found.radius[0]))) <= found.error[0]
    floats = sing.radius(logits, slopes)
    assert floats.status == (Status.CLUSTER,)
    assert abs(floats.radius[0] - found.radius[0]) <= floats.error[0]


def test_offsets_are_exact_differences():
    logits, slopes = np.array([1e6, 1e6 + 1, 1e6 - 2]), np.array([1e6, 1e6 + 1, 1e6 + 3])
    found = sing.radius(logits, slopes, certify="ball")
    assert found.radius[0] == sing.radius(logits - 1e6, slopes - 1e6, certify="ball").radius[0]


def test_rows_of_weight_zero_and_equal_slopes():
    found = sing.radius([[0.0, -math.inf, 1.0], [1.0, 2.0, 0.0]], [[0.0, 100.0, 1.0], [3.0, 3.0, 3.0]], certify="ball")
    assert found.status == (Status.PROVED, Status.NO_ZERO) and found.certified
    assert found.radius[0] == pytest.approx(math.hypot(1, math.pi), rel=1e-15)
