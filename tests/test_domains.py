"""Domains validate, document, draw points and subdivide; each rejection names argument, domain and value."""

import math
from fractions import Fraction

import numpy as np
import pytest

from hconsist.domains import N_CLASSES, NONNEGATIVE, REAL, TAU, UNIT, Domain, InputError

DOMAINS = [
    UNIT,
    TAU,
    N_CLASSES,
    NONNEGATIVE,
    REAL,
    Domain(0, 1, lower_open=True),
    Domain(Fraction(1, 3), 2, upper_open=True),
]


@pytest.mark.parametrize("domain", DOMAINS, ids=str)
def test_points_inside_are_accepted_and_points_outside_rejected(domain):
    rng = np.random.default_rng(1)
    inside = domain.inside(rng, 300)
    assert inside.size > 0
    assert np.all(domain.contains(inside))
    assert np.array_equal(domain.check("x", inside), inside)
    for edge in domain.edges():
        assert domain.contains(edge)
    for value in domain.outside():
        assert not domain.contains(value)
        with pytest.raises(InputError) as caught:
            domain.check("x", [value])
        assert "x must be" in str(caught.value)
        assert str(domain) in str(caught.value)


def test_the_message_names_argument_domain_and_the_first_bad_value():
    with pytest.raises(InputError, match=r"t must be a number in \[0, 1\], got 1\.5"):
        UNIT.check("t", [0.5, 1.5, 2.5])
    with pytest.raises(InputError, match=r"n_classes must be an integer in \[2, 1000000000\], got 1"):
        N_CLASSES.check_scalar("n_classes", 1)


@pytest.mark.parametrize("value", ["0.5", None, True, [0.5], 1j, math.nan])
def test_scalars_that_are_not_numbers_of_the_domain_are_rejected(value):
    with pytest.raises(InputError):
        UNIT.check_scalar("t", value)


@pytest.mark.parametrize("value", ["a", None, [[0.1], [0.2, 0.3]], np.array([True])])
def test_arrays_that_are_not_numeric_are_rejected(value):
    with pytest.raises(InputError):
        UNIT.check("t", value)


def test_float32_is_kept_and_integers_are_widened():
    assert UNIT.check("t", np.float32([0.5])).dtype == np.float32
    assert UNIT.check("t", [0, 1]).dtype == np.float64


def test_an_integer_domain_draws_integers_over_all_magnitudes():
    points = N_CLASSES.inside(np.random.default_rng(0), 500, limit=1e9)
    assert np.all(points == np.floor(points))
    assert points.min() < 10 < 1e6 < points.max()


def test_ends_are_exact_rationals():
    assert Domain(Fraction(1, 3), 2).ends() == (Fraction(1, 3), Fraction(2))
    assert TAU.ends(Fraction(50)) == (Fraction(0), Fraction(50))


def test_an_empty_interval_is_an_error():
    with pytest.raises(InputError):
        Domain(1, 0)
