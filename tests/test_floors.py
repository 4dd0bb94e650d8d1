"""The n-free floors: below T** by independent means, sharp where they say so, and inverted in closed form."""

from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import minimize_scalar

from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.transforms.floors import floor
from hconsist.transforms.two_label import TwoLabelKernel

TAUS = (0.0, 0.4, 2 - 1 / np.log(2), 1.0, 1.2, 4 / 3, 1.35, 1.45, 1.5, 1.6, 1.8, 1.97, 2.0, 2.0001, 2.1, 2.4, 3.0, 5.0)
GRID = np.concatenate([10.0 ** np.arange(-6.0, 0), np.linspace(0.01, 1, 100)])


def of(tau):
    return floor(SimpleNamespace(tau=tau, name="a comp-sum loss"))


def vertices(tau, n):
    """The points (1/k, height) of Theorem 8 by enumeration of the sizes m of subsets, in mpmath."""
    with mpmath.workdps(30):
        be = mpmath.mpf(tau) - 1
        lost = np.minimum.accumulate([1 - (m - 1) * mpmath.mpf(m) ** -be for m in range(2, n + 1)])
        k = np.arange(1, n)
        return 1 / k, np.array([float(height) for height in lost / (k * be)])


def pooled(tau, m, t):
    """D_m(t) by minimising ||q||_a over q = (x, x - t, y, ..., y) with scipy, for 1 < tau < 2."""
    al, a = tau - 1, 1 / (2 - tau)

    def norm(x):
        return (x**a + (x - t) ** a + (m - 2) * (max(1 - 2 * x + t, 0) / (m - 2)) ** a) ** (1 / a)

    return (minimize_scalar(norm, bounds=(t, (1 + t) / 2), options={"xatol": 1e-12}).fun - m**-al) / al


@pytest.mark.parametrize("tau", [tau for tau in TAUS if tau < 2])
def test_below_the_two_label_curve(tau):
    assert np.all(of(tau).value(GRID) <= TwoLabelKernel(tau).value(GRID) * (1 + 1e-14))


@pytest.mark.parametrize("tau", [tau for tau in TAUS if 1.5 <= tau < 2])
@pytest.mark.parametrize("m", [3, 4, 7, 50])
def test_below_the_pooled_curves(tau, m):
    for t in np.linspace(0.02, 1, 15):
        assert of(tau).value(t) <= pooled(tau, m, t) + 1e-9


@pytest.mark.parametrize("tau", [tau for tau in TAUS if tau >= 2])
@pytest.mark.parametrize("n", [2, 3, 10, 1000])
def test_below_the_vertices(tau, n):
    t, height = vertices(tau, n)
    assert np.all(of(tau).value(t) <= height * (1 + 1e-13))


@pytest.mark.parametrize("tau", TAUS)
def test_sharp_where_it_says_so(tau):
    """Sharp: some (n, t) leaves no room for a larger constant (t -> 0, t = 1, or a vertex); else all leave room."""
    limit = of(tau)
    if tau < 2:
        curve = TwoLabelKernel(tau)
        t = np.concatenate([[1e-8], GRID])
        room = np.min(curve.value(t) / limit.value(t)) - 1
    else:
        t, height = vertices(tau, 20_000)
        room = np.min(height / limit.value(t)) - 1
    assert (room < 1e-7) == limit.sharp
    assert room > -1e-13


def test_constants():
    assert of(1.0).constant == 0.5
    assert min(of(tau).constant for tau in np.linspace(0, 1.99, 200)) >= np.e * np.log(2) / 4
    assert of(2 - 1 / np.log(2)).constant == pytest.approx(np.e * np.log(2) / 4, rel=1e-15)
    assert of(2.0).value(0.5) == 1 / 6
    assert of(3.0).constant == pytest.approx((1 - 2.0**-2) / 2, rel=1e-15)
    assert of(1e6).constant == pytest.approx(1 / (1e6 - 1), rel=1e-15)


@pytest.mark.parametrize("tau", TAUS)
def test_inverse(tau):
    limit = of(tau)
    assert np.all(np.abs(limit.inverse(limit.value(GRID)) - GRID) <= 1e-14 * GRID)
    assert np.all(limit.inverse(np.array([2.0, 1e300])) == 1.0) and limit.inverse(0.0) == 0.0
    assert limit.value(np.float32(0.3)).dtype == limit.inverse(np.float32(0.01)).dtype == np.float32


def test_mean_absolute_error_inverse_is_the_closed_form():
    b = np.linspace(0, 0.5, 50)
    np.testing.assert_allclose(of(2.0).inverse(b), (b + np.sqrt(b * b + 4 * b)) / 2, rtol=1e-15)


def test_levels_say_what_this_release_repeats():
    # the derivations square_root_bound, quadratic_floor and concave_hull, whose own tests assert their verdicts
    assert {of(tau).level for tau in (0.5, 1.2, 1.4, 1.5, 1.8, 2.0, 2.5)} == {Level.SYMBOLIC}


def test_bad_input():
    with pytest.raises(UnsupportedError, match="tau"):
        floor(SimpleNamespace(tau=None, name="mine"))
    with pytest.raises(InputError, match=r"t must be a number in \[0, 1\]"):
        of(1.0).value(1.5)
    with pytest.raises(InputError, match="b must be"):
        of(1.0).inverse(-1e-3)


def test_identities_behind_theorem_6():
    """The coefficient comparisons of Theorem 6 (i), closed by SymPy."""
    a, k = sp.symbols("a k", positive=True)
    fourth = sp.expand_func(sp.ff(a, 4) / 24)
    assert sp.factor(fourth - a * (a - 1) ** 3 / 8 - a * (a - 1) * (3 - 2 * a) * (1 + a) / 24) == 0
    assert sp.expand((2 * k + 1 - a) - (1 - a) * (2 * k + 1) - 2 * a * k) == 0


def test_a_larger_constant_is_no_floor():
    """Negative control: t^2/2 is not a floor below tau = 1, and 1.01 times a sharp constant is none anywhere."""
    assert np.any(TwoLabelKernel(0.5).value(GRID) < 0.5 * GRID**2)
    for tau in (0.4, 1.2, 1.6):
        assert np.any(1.01 * of(tau).value(GRID) > TwoLabelKernel(tau).value(GRID))
