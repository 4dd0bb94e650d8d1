"""Power losses with tau_c < tau < 2: the hull from below and the least regret from above, against computations of their
own, and how much work they take.

D_m(t) is here a norm minimised over laws by bisection in the first probability, for every m <= n.
"""

import mpmath
import numpy as np
import pytest

from hconsist.engine import optimize
from hconsist.engine.hulls import lower_hull
from hconsist.engine.laws import Family
from hconsist.engine.pools import PoolCurves, pooled_bound
from hconsist.transforms.pooled import PooledKernel

TAUS = (1.67, 1.7, 1.8, 1.9, 1.99)


def least_norm(m, a, t):
    """The least a-norm of laws (x, x - t, c, ..., c) of m labels, and d/dt of it at fixed x."""
    if m == 2:
        x = (1 + t) / 2
        return (x**a + (x - t) ** a) ** (1 / a)
    rest = lambda x: (1 - 2 * x + t) / (m - 2)  # noqa: E731
    low, high = max(t, (1 + t) / (m + 2)), (1 + t) / 2
    for _ in range(mpmath.mp.prec):
        x = (low + high) / 2
        if x ** (a - 1) + (x - t) ** (a - 1) < 2 * rest(x) ** (a - 1):
            low = x
        else:
            high = x
    return (low**a + (low - t) ** a + (m - 2) * rest(low) ** a) ** (1 / a)


def curve(m, tau, t):
    """D_m(t)."""
    tau = mpmath.mpf(tau)
    return (least_norm(m, 1 / (2 - tau), mpmath.mpf(t)) - mpmath.power(m, 1 - tau)) / (tau - 1)


CASES = [(1.67, 3, 0.6), (1.7, 4, 0.3), (1.8, 12, 0.2), (1.9, 60, 0.11), (1.99, 100, 0.03)]


@pytest.mark.parametrize("tau, n, t", CASES)
def test_the_least_pool_is_the_least_of_all(tau, n, t):
    """The values of the search are at most every D_m(t), and the sizes given by PoolCurves hold the best one."""
    with mpmath.workdps(30):
        each = [curve(m, tau, t) for m in range(2, n + 1)]
    best = int(np.argmin([float(x) for x in each])) + 2
    sizes, _ = PoolCurves(tau - 1.0, n).least(np.array([t]))
    assert best in sizes
    found = optimize(f"comp-sum:tau={tau}", n, [t])
    assert found.value[0] <= float(min(each)) + 1e-14
    if found.laws.counts[0, 3] == 0:  # no rest
        assert found.value[0] == pytest.approx(float(min(each)), abs=1e-14)


@pytest.mark.parametrize("tau", [1.67, 1.8, 1.99])
@pytest.mark.parametrize("n", [3, 100])
def test_the_bound_is_the_hull_of_all_pools(tau, n):
    """Below every D_m on a grid, and a hull of D_m on that grid lies no further above than the chords allow."""
    t = np.linspace(0, 1, 2001)[1:]
    a = 1 / (2 - tau)
    lowest = np.full(t.size, np.inf)
    for m in range(2, n + 1):  # floating point here: norms of laws by bisection in x
        low, high = np.maximum(t, (1 + t) / (m + 2)), (1 + t) / 2
        if m > 2:
            for _ in range(60):
                x = (low + high) / 2
                rest = np.maximum(1 - 2 * x + t, 0) / (m - 2)
                left = 1 + ((x - t) / x) ** (a - 1) < 2 * (rest / x) ** (a - 1)
                low, high = np.where(left, x, low), np.where(left, high, x)
        else:
            low = high
        rest = np.maximum(1 - 2 * low + t, 0) / max(m - 2, 1)
        norm = low * (1 + (np.maximum(low - t, 0) / low) ** a + (m - 2) * (rest / low) ** a) ** (1 / a)
        lowest = np.minimum(lowest, (norm - m ** (1 - tau)) / (tau - 1))
    bound = pooled_bound(tau, n, t)
    assert np.all(bound <= lowest + 1e-14)
    # D_m/al has slopes in [0, 1], so a chord of length h lies above it by at most h/4
    corners = lower_hull(np.append(0.0, t), np.append(0.0, lowest))
    assert np.max(np.interp(t, *corners) - bound) < 1 / 4 / 2000 / (tau - 1)
    # bisection in the slope with other formulas for the curves, itself tested against 40 digits
    np.testing.assert_allclose(bound, PooledKernel(tau, n).value(t), rtol=1e-12)
    assert np.any(bound * 1.001 > lowest)  # the negative control: a bound one per mille higher is caught


def test_the_bound_is_the_hull_for_many_labels_too():
    """n = 10^6, t = 1/2: curves of more labels than 48 are not replaced by a floor of t^2 (Theorem 5)."""
    for tau in TAUS:
        al = tau - 1
        floor = (1 - 2**-al) / al * 0.25
        bound = pooled_bound(tau, 10**6, np.array([0.5]))[0]
        with mpmath.workdps(30):
            least = min(curve(m, tau, 0.5) for m in range(2, 12))  # D_m(1/2) rises from m = 4 on
        assert 1.001 * floor < bound <= float(least)


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("n", [3, 10, 1000, 10**6])
def test_the_search_takes_little_work(tau, n, monkeypatch):
    """The measure of time that does not depend on the machine: calls, and laws whose regrets are computed."""
    calls = []
    plain = Family.regret

    def counted(self, t, k, m, a, b):
        calls.append(t.size)
        return plain(self, t, k, m, a, b)

    monkeypatch.setattr(Family, "regret", counted)
    found = optimize(f"comp-sum:tau={tau}", n, np.linspace(0, 1, 200))
    assert len(calls) <= 20 and sum(calls) <= 16_000  # before the sizes were known: 30 to 112 calls, 10,000 to 33,000
    assert np.all(np.diff(found.value) > 0) and np.all(found.lower <= found.value)


def test_the_law_without_the_predicted_label_is_found_for_many_labels():
    """tau = 9/5, t = 27/40, p = (27, 0, 13)/40: next to t = 2/3 it undercuts every D_m, for every n."""
    p, pooled = np.array([27, 0, 13]) / 40, np.array([27, 27, 26]) / 80
    entropy = lambda q: (1 - np.sum(q**5.0) ** 0.2) / 0.8  # noqa: E731
    regret = entropy(pooled) - entropy(p)
    for n in (3, 10, 1000, 10**6):
        grid = np.unique(np.append(np.linspace(0, 1, 200), 0.675))
        found = optimize("comp-sum:tau=1.8", n, grid)
        assert found.value[grid == 0.675][0] == pytest.approx(regret, abs=1e-14)
