"""The hull on (tau_c, 2) against an independent computation in 40 digits: norms minimised over laws, bitangents solved.

Nothing is shared with the kernel: the laws are (x, x - t, rest equal) with x from its own stationarity equation, which
curve or chord is active comes from a grid over every m <= n, and both are then polished in mpmath.
"""

import mpmath
import numpy as np
import pytest
from tolerances import TOLERANCES

from hconsist.transforms.hull import Power
from hconsist.transforms.pooled import PooledKernel
from hconsist.transforms.two_label import TwoLabelKernel

GRID = np.unique(np.concatenate([np.geomspace(1e-4, 1, 500), np.linspace(0, 1, 1001)[1:]]))


class Curve:
    """al D_m in mpmath, with its slope."""

    def __init__(self, m, al):
        self.m, self.al, self.a = m, al, 1 / (1 - al)
        self.kink = 1 / (1 + (m - 2) * mpmath.power(2, -1 / (self.a - 1)))

    def law(self, t):
        if self.m == 2:
            return (1 + t) / 2, (1 - t) / 2, mpmath.mpf(0)
        rest = lambda x: (1 - 2 * x + t) / (self.m - 2)  # noqa: E731
        if t >= self.kink:
            return t, mpmath.mpf(0), rest(t)
        # x^(a-1) + (x-t)^(a-1) = 2 rest^(a-1), increasing in x: bisection to the last digit
        low, high = max(t, (1 + t) / (self.m + 2)), (1 + t) / 2
        for _ in range(mpmath.mp.prec):
            x = (low + high) / 2
            if 1 + ((x - t) / x) ** (self.a - 1) < 2 * (rest(x) / x) ** (self.a - 1):
                low = x
            else:
                high = x
        return x, x - t, rest(x)

    def value(self, t):
        first, second, rest = self.law(t)
        power = first**self.a + second**self.a + (self.m - 2) * rest**self.a
        return power ** (1 / self.a) - mpmath.power(self.m, -self.al)

    def slope(self, t):
        first, second, rest = self.law(t)
        norm = (first**self.a + second**self.a + (self.m - 2) * rest**self.a) ** (1 / self.a)
        if self.m == 2:
            return ((first / norm) ** (self.a - 1) - (second / norm) ** (self.a - 1)) / 2
        moving = first if t >= self.kink else rest
        still = rest if t >= self.kink else second
        return (moving / norm) ** (self.a - 1) - (still / norm) ** (self.a - 1)


def grid_curve(m, al):
    """al D_m on the grid, in floats: the first entry by bisection of its stationarity equation."""
    a = 1 / (1 - al)
    t = GRID
    if m == 2:
        x, rest = (1 + t) / 2, np.zeros_like(t)
    else:
        low, high = np.maximum(t, (1 + t) / (m + 2)), (1 + t) / 2
        for _ in range(60):
            x = (low + high) / 2
            rest = np.maximum(1 - 2 * x + t, 0) / (m - 2)
            small = 1 + ((x - t) / x) ** (a - 1) < 2 * (rest / x) ** (a - 1)
            low, high = np.where(small, x, low), np.where(small, high, x)
        x = np.where(t >= float(Curve(m, mpmath.mpf(al)).kink), t, x)
        rest = (1 - 2 * x + t) / (m - 2)
    top = np.maximum(x, rest)
    norm = top * ((x / top) ** a + ((x - t) / top) ** a + (m - 2) * (rest / top) ** a) ** (1 / a)
    return norm - m**-al


def grid_hull(tau, n):
    """Vertices (t, m) of the lower hull of all curves on the grid."""
    curves = np.stack([grid_curve(m, tau - 1) for m in range(2, n + 1)])
    hull = [(0.0, 0.0, 2)]
    for t, value, m in zip(GRID, np.min(curves, axis=0), 2 + np.argmin(curves, axis=0)):
        while len(hull) > 1 and not _turns_left(hull[-2], hull[-1], (t, value)):
            hull.pop()
        hull.append((t, value, int(m)))
    return [(t, m) for t, _, m in hull]


def _turns_left(first, middle, last):
    return (middle[1] - first[1]) * (last[0] - first[0]) < (last[1] - first[1]) * (middle[0] - first[0])


def reference(t, tau, vertices):
    """al T**(t) in 40 digits."""
    index = next(k for k in range(1, len(vertices)) if vertices[k][0] >= t)
    (s1, m1), (s2, m2) = vertices[index - 1], vertices[index]
    al = mpmath.mpf(tau) - 1
    low, high = Curve(m1, al), Curve(m2, al)
    if m1 == m2:
        return low.value(mpmath.mpf(t))
    s1, s2 = _bitangent(low, high, s1, s2)
    if t <= s1:
        return low.value(mpmath.mpf(t))
    if t >= s2:
        return high.value(mpmath.mpf(t))
    return low.value(s1) + (high.value(s2) - low.value(s1)) * (t - s1) / (s2 - s1)


def _bitangent(low, high, s1, s2):
    """Where one line touches both curves; a touching point may sit at a kink or at t = 1."""
    if s2 == 1:
        one = mpmath.mpf(1)
        return mpmath.findroot(lambda s: high.value(one) - low.value(s) - low.slope(s) * (1 - s), s1), one

    def conditions(u, v):
        chord = (high.value(v) - low.value(u)) / (v - u)
        return low.slope(u) - chord, high.slope(v) - chord

    return tuple(mpmath.findroot(conditions, (s1, s2), tol=1e-50))


CASES = [(1.67, 3), (1.75, 3), (1.75, 6), (1.9, 3), (1.9, 5), (1.9, 12), (1.9, 40), (1.99, 4), (1.99, 12)]


@pytest.mark.parametrize("tau, n", CASES)
def test_the_hull_agrees_with_forty_digits(tau, n):
    vertices = grid_hull(tau, n)
    kernel = PooledKernel(tau, n)
    with mpmath.workdps(40):
        for t in (0.003, 0.05, 0.2, 0.31, 0.45, 0.58, 0.62, 0.7, 0.85, 0.97):
            expected = reference(t, tau, vertices) / (mpmath.mpf(tau) - 1)
            found = mpmath.mpf(float(kernel.value(np.array(t))))
            error = abs(found - expected) / expected
            assert error <= TOLERANCES["value", "pooled"], (t, mpmath.nstr(error, 5))


@pytest.mark.parametrize("tau", [1.9, 2 - 1e-6, 2 - 1e-9, 2 - 1e-12])
@pytest.mark.parametrize("m", [3, 1000, 10**9])
def test_single_curves_around_their_kink(tau, m):
    """D_m leaves zero abruptly at its kink as tau -> 2: there the error allowed is 8 eps x condition number t D'/D."""
    power = Power(tau)
    with mpmath.workdps(60):
        curve = Curve(m, mpmath.mpf(tau) - 1)
        for share in (0.5, 0.999, 1 - 1e-9, 1 + 1e-12, 1 + 1e-9, 1.001, 1.5, 3.0):
            t = min(float(curve.kink) * share, 1.0)
            expected = curve.value(mpmath.mpf(t))
            found = mpmath.mpf(float(power.curve(np.array([float(m)]), np.array([t]))[0]))
            condition = abs(curve.slope(mpmath.mpf(t)) * t / expected)
            allowed = max(1e-13, float(8 * np.finfo(float).eps * condition))
            assert abs(found - expected) <= allowed * expected, (share, float(condition))


def test_a_kernel_off_by_a_part_in_a_billion_is_rejected():
    vertices = grid_hull(1.9, 5)
    with mpmath.workdps(40):
        expected = reference(0.4, 1.9, vertices) / (mpmath.mpf(1.9) - 1)
        found = mpmath.mpf(float(PooledKernel(1.9, 5).value(np.array(0.4)))) * (1 + mpmath.mpf(10) ** -9)
        assert abs(found - expected) > TOLERANCES["value", "pooled"] * expected
        # and D_2, the published shape, is another curve here
        assert float(TwoLabelKernel(1.9).value(np.array(0.4))) > 1.05 * float(expected)
