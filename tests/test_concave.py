"""ConcaveKernel (tau >= 2) against references that share no code: Fractions, full enumeration, random p."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from hconsist.transforms.concave import ConcaveKernel

NEAR = (1, 2, 3, 7, 49, 998, 999, 1000, 10**6 + 3, 10**9 - 1)
TAUS = [2.0, 2.0 + 1e-12, 2.01, 2.1, 2.3, 2.5, 2.77, 3.0, 4.0, 6.0]


def vertex_hull(tau: float, n: int, t: np.ndarray) -> np.ndarray:
    """Theorem 8 as stated: monotone-chain lower hull of all n points, the maximum over m by enumeration."""
    be = tau - 1
    best = np.maximum.accumulate([(m - 1) * m**-be for m in range(2, n + 1)])
    points = [(0.0, 0.0)] + [(1 / k, (1 - best[k - 1]) / (k * be)) for k in range(n - 1, 0, -1)]
    hull: list[tuple[float, float]] = []
    for p in points:
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2:]
            if (bx - ax) * (p[1] - ay) > (by - ay) * (p[0] - ax):
                break
            hull.pop()
        hull.append(p)
    return np.interp(t, *zip(*hull))


@pytest.mark.parametrize("n", [2, 3, 4, 10, 57, 200])
@pytest.mark.parametrize("tau", TAUS)
def test_hull_and_inverse(tau: float, n: int) -> None:
    kernel, t = ConcaveKernel(tau, n), np.linspace(0.0, 1.0, 1001)
    value = kernel.value(t)
    np.testing.assert_allclose(value, vertex_hull(tau, n, t), atol=1e-14)
    np.testing.assert_allclose(kernel.inverse(value), t, atol=1e-13)
    assert np.all(kernel.raw(t) >= value - 1e-15)


def exact_mae(t: float, n: int) -> tuple[Fraction, Fraction]:
    """(T**, slope) for MAE in exact rational arithmetic at the double t."""
    x = Fraction(t)
    k = min(int(1 / x), n - 1)
    if k == n - 1:
        return x / n, Fraction(1, n)
    slope = Fraction(2, k + 2)
    return Fraction(1, (k + 1) * (k + 2)) + slope * (x - Fraction(1, k + 1)), slope


@pytest.mark.parametrize("n", [2, 3, 10, 1000, 10**9])
def test_mae_within_four_ulps_times_condition_number(n: int) -> None:
    kernel = ConcaveKernel(2.0, n)
    near = [np.nextafter(1 / k, s) for k in NEAR for s in (0, 1 / k, 1)]
    t = np.unique(np.minimum(np.concatenate([near, np.logspace(-150, 0, 400)]), 1.0))
    eps = np.finfo(float).eps
    for x, got, back in zip(t, kernel.value(t), kernel.inverse(kernel.value(t))):
        exact, slope = exact_mae(float(x), n)
        condition = float(Fraction(float(x)) * slope / exact)
        assert abs(float(Fraction(float(got)) / exact - 1)) <= 4 * eps * condition
        assert abs(back / x - 1) <= 8 * eps


def test_mae_raw_is_the_minimum_over_all_pool_sizes() -> None:
    t, m = np.logspace(-5, 0, 2000), np.arange(2.0, 1001.0)[:, None]
    expected = np.min(np.maximum(t / m, t - 1 / m), axis=0)
    np.testing.assert_allclose(ConcaveKernel(2.0, 1000).raw(t), expected, rtol=2e-13)
    assert float(ConcaveKernel(2.0, 3).raw(np.array(0.6))) == pytest.approx(0.6 - 1 / 3, rel=1e-15)


@pytest.mark.parametrize("tau", [2.05, 2.3, 3.0, 5.0])
def test_raw_for_two_labels(tau: float) -> None:
    t = np.linspace(0.0, 1.0, 101)
    expected = np.minimum(t, (1 + t) / 2 - 2 ** (1 - tau)) / (tau - 1)
    np.testing.assert_allclose(ConcaveKernel(tau, 2).raw(t), expected, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("n", [2, 3, 5, 8])
@pytest.mark.parametrize("tau", [2.0, 2.05, 2.3, 3.0, 5.0])
def test_no_law_falls_below_raw(tau: float, n: int) -> None:
    rng, be, kernel = np.random.default_rng(0), tau - 1, ConcaveKernel(tau, n)
    for _ in range(1500):
        p = np.sort(rng.dirichlet(np.full(n, rng.choice([0.3, 1.0, 3.0]))))[::-1]
        tied = rng.integers(1, n + 1)
        p[:tied] = p[:tied].mean()
        j = rng.integers(n)
        others = np.sort(np.delete(p, j))[::-1]
        sets = [(p[j] + others[:a].sum()) / (a + 1) ** be for a in range(n)]
        assert (p[0] - max(sets)) / be >= kernel.raw(np.array(p[0] - p[j])) - 1e-15


def test_huge_n_next_to_tau_two() -> None:
    """At n = 1e9 the ray from the origin has slope (1 - k (k+1)^(-be))/be, k = n - 1: mpmath."""
    tau, n = 2 + 1e-12, 10**9
    with mpmath.workdps(50):
        be = mpmath.mpf(tau) - 1
        slope = (1 - (n - 1) * mpmath.power(n, -be)) / be
    assert float(ConcaveKernel(tau, n).value(np.array(1e-12)) / 1e-12) == pytest.approx(float(slope), rel=1e-14)


def test_gamma_bound_and_slope() -> None:
    x = np.logspace(-12, 1, 200)
    for n in (2, 10, 10**6):
        bound = np.minimum(n * x, (x + np.sqrt(x * x + 4 * x)) / 2)
        assert np.all(ConcaveKernel(2.0, n).inverse(x) <= np.minimum(bound, 1.0) * (1 + 1e-15))
    assert ConcaveKernel(3.0, 10).growth() == (1.0, pytest.approx(3 / 8))
