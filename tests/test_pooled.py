"""PooledKernel against mpmath (60 digits), against every m for n <= 200, and against its limits; no shared formulas."""

import mpmath as mp
import numpy as np
import pytest

from hconsist.transforms.concave import ConcaveKernel
from hconsist.transforms.pooled import PooledKernel
from hconsist.transforms.two_label import TwoLabelKernel


def norm_curve(tau: float, m: int, t: float) -> mp.mpf:
    """al D_m(t): the primal minimum of ||q||_a, by bisection in the stationarity condition, 60 digits."""
    tau, t = mp.mpf(tau), mp.mpf(t)
    a = 1 / (2 - tau)

    def norm(x: mp.mpf) -> mp.mpf:
        rest = (1 - 2 * x + t) / (m - 2) if m > 2 else mp.mpf(0)
        return (x**a + (x - t) ** a + (m - 2) * rest**a) ** (1 / a)

    if m == 2:
        return norm((1 + t) / 2) - mp.mpf(2) ** (1 - tau)
    low, high = t, (1 + t) / 2
    for _ in range(220):
        x = (low + high) / 2
        rest = (1 - 2 * x + t) / (m - 2)
        if x ** (a - 1) + (x - t) ** (a - 1) < 2 * rest ** (a - 1):
            low = x
        else:
            high = x
    return norm(low) - mp.mpf(m) ** (1 - tau)


@pytest.mark.parametrize("tau", [1.67, 1.8, 1.9, 1.99])
def test_curves_against_high_precision(tau: float) -> None:
    power = PooledKernel(tau, 10).power
    with mp.workdps(60):
        for m in (2, 3, 4, 7, 50, 1000, 10**9):
            tm = 1 / (1 + (m - 2) * 2**-power.be)
            for t in {1.0, 0.999, 0.5, 0.1, 2 / m, 1.5 / m, tm * (1 - 1e-9), 0.9 * tm, 1e-3 * tm, 1e-9 * tm}:
                got = power.curve(np.array([float(m)]), np.array([t]))[0]
                assert abs(float(mp.mpf(float(got)) / norm_curve(tau, m, t) - 1)) < 1e-13, (m, t)


@pytest.mark.parametrize("n", [3, 10, 200])
@pytest.mark.parametrize("tau", [1.6, 1.67, 1.7, 1.8, 1.9, 1.97, 1.999, 2 - 1e-6])
def test_active_pool_size_against_every_m(tau: float, n: int) -> None:
    kernel, t = PooledKernel(tau, n), np.linspace(1e-3, 1.0, 401)
    power, sizes = kernel.power, np.arange(2.0, n + 1.0)
    every = np.min([power.curve(np.full_like(t, m), t) for m in sizes], axis=0) / power.al
    np.testing.assert_allclose(kernel.raw(t), every, rtol=1e-15)
    slope = np.geomspace(1e-4, 0.7, 301)
    conjugates = [power.conjugate(m, power.radius(m, slope)) for m in (np.full_like(slope, m) for m in sizes)]
    np.testing.assert_allclose(kernel.active(slope)[2], np.max(conjugates, axis=0), rtol=1e-15)


@pytest.mark.parametrize("tau", [1.7, 1.9, 1.99])
def test_hull_lies_just_below_a_chord_hull(tau: float) -> None:
    """Monotone chain over points of every D_m on a fine grid: an upper bound, off by O(step^2)."""
    kernel, t = PooledKernel(tau, 12), np.linspace(0.0, 1.0, 20001)
    raw = np.min([kernel.power.curve(np.full_like(t[1:], m), t[1:]) for m in np.arange(2.0, 13.0)], axis=0)
    hull: list[int] = []
    y = np.concatenate([[0.0], raw / kernel.power.al])
    for i in range(t.size):
        while len(hull) > 1:
            j, k = hull[-2:]
            if (y[k] - y[j]) * (i - j) < (y[i] - y[j]) * (k - j):
                break
            hull.pop()
        hull.append(i)
    gap = np.interp(t, t[hull], y[hull]) - kernel.value(t)
    assert gap.min() >= -1e-15 and gap.max() < 1e-7


def test_equals_two_label_curve_up_to_tau_c() -> None:
    t = np.logspace(-150, 0, 301)
    for tau in (1.5, 1.6, 1.66):
        np.testing.assert_allclose(PooledKernel(tau, 100).value(t), TwoLabelKernel(tau).value(t), rtol=1e-12)


@pytest.mark.parametrize("n", [3, 1000, 10**9])
def test_limit_at_tau_two_and_inverse(n: int) -> None:
    t = np.logspace(-4, 0, 300)
    limit = ConcaveKernel(2.0, n)
    # the entropies differ by at most e log m, far below T on this range
    np.testing.assert_allclose(PooledKernel(2 - 1e-12, n).value(t), limit.value(t), rtol=1e-7, atol=4e-11)
    for tau in (1.67, 1.9, 2 - 1e-6, 2 - 1e-12):
        kernel, small = PooledKernel(tau, n), np.logspace(-150, 0, 300)
        value = kernel.value(small)
        assert np.all(np.diff(value) > 0)
        np.testing.assert_allclose(kernel.inverse(value), small, rtol=1e-12)
        assert value[0] / small[0] ** 2 == pytest.approx(kernel.growth()[1], rel=1e-12)
