"""Dispatch: the right theorem for each (tau, n), levels that the claims and derivations support, arrays in and out."""

import numpy as np
import pytest

import hconsist as hc
from hconsist import catalog
from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Level, Verdict
from hconsist.results import Side
from hconsist.transforms.two_label import TAU_C

TAUS = [0.0, 0.5, 1.0, 1.25, 1.5, 1.6, 1.7, 1.95, 2.0, 2.5, 3.0, 4.0]


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("n", [2, 3, 10, 1000])
def test_shape_and_order_of_the_curves(tau, n):
    sharp = hc.transform(f"comp-sum:tau={tau}", n_classes=n)
    published = hc.transform(f"comp-sum:tau={tau}", n_classes=n, method="published")
    t = np.linspace(0, 1, 101)
    value = sharp(t)
    assert value[0] == 0 and np.all(np.diff(value) > 0)
    assert np.all(np.diff(value, 2) >= -1e-13)
    assert np.all(value <= sharp.raw(t) * (1 + 1e-12) + 1e-300)
    assert np.all(published(t) <= value * (1 + 1e-12))
    assert np.all(sharp.floor.value(t) <= value * (1 + 1e-12))
    assert np.allclose(sharp.inverse(value), t, rtol=1e-7, atol=1e-12)
    assert sharp.inverse(2 * value[-1]) == 1.0


@pytest.mark.parametrize("tau", TAUS)
def test_at_t_one_everyone_pays_half_a_softmax(tau):
    # only p = e_1 has regret 1, and the cheapest wrong prediction ties two labels: psi(1/2)
    expected = np.log(2) if tau == 1 else (1 - 0.5 ** (tau - 1)) / (tau - 1)
    for n in (2, 3, 10, 1000):
        assert float(hc.transform(f"comp-sum:tau={tau}", n_classes=n)(1.0)) == pytest.approx(expected, rel=1e-13)


def test_float32_and_shapes_are_kept():
    curve = hc.transform("logistic", n_classes=3)
    for result in (curve(np.float32([0.1, 0.5])), curve.inverse(np.float32([0.1])), curve.raw(np.float32([0.5]))):
        assert result.dtype == np.float32
    assert curve(np.zeros((2, 3))).shape == (2, 3)
    assert np.ndim(curve(0.5)) == 0
    exact = curve(np.float64(np.float32(0.1)))
    assert abs(float(curve(np.float32(0.1))) - exact) <= 2 * np.spacing(np.float32(exact))


@pytest.mark.parametrize("tau", TAUS)
def test_proved_levels_rest_on_a_derivation_that_is_proved(tau):
    curve = hc.transform(f"comp-sum:tau={tau}", n_classes=3)
    below_two = ("pooled_hull", "active_curve")
    last = {1: ("freezing",), 1.5: ("two_label_sharpness",), TAU_C: ("threshold",), 1.999999: below_two}
    for needed in next((names for end, names in last.items() if tau <= end), ("concave_hull",)):
        evidence = catalog.derivation(needed).run()
        assert evidence.verdict is Verdict.PROVED and curve.level <= evidence.level


def test_sides():
    assert hc.transform("logistic", n_classes=9, method="published").side is Side.EXACT
    assert hc.transform("gce:q=0.5", n_classes=9, method="published").side is Side.LOWER
    assert hc.transform("gce:q=0.5", n_classes=9).side is Side.EXACT
    assert hc.transform("comp-sum:tau=1.9", n_classes=9).raw_side is Side.UPPER
    assert hc.transform("comp-sum:tau=1.9", n_classes=9).level is Level.SYMBOLIC
    assert hc.transform("comp-sum:tau=1.6", n_classes=9).level is Level.ENCLOSED


def test_growth_and_curve_objects():
    curve = hc.transform("mae", n_classes=4)
    assert (curve.growth.exponent, curve.growth.constant) == (1, 0.25)
    found = curve.curve([0.0, 0.5, 1.0])
    assert np.array_equal(found.value, curve(found.t)) and found.side is Side.EXACT
    assert np.array_equal(found.lower, found.upper)


@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan, np.inf, "0.5", None])
def test_t_outside_the_unit_interval(bad):
    with pytest.raises(InputError, match=r"t must be a number in \[0, 1\]"):
        hc.transform("logistic", n_classes=3)(bad)
    with pytest.raises(InputError, match="x must be"):
        hc.transform("logistic", n_classes=3).inverse(-1.0)


def test_names_that_do_not_exist():
    with pytest.raises(UnsupportedError, match="method must be one of sharp, published, optimize, enclose"):
        hc.transform("logistic", n_classes=3, method="optimise")
    with pytest.raises(UnsupportedError, match="n_classes must be 3"):
        hc.transform("logistic", n_classes=4, method="enclose")
    with pytest.raises(InputError, match="did you mean logistic"):
        hc.transform("logistik", n_classes=3)
