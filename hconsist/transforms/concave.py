"""The sharp transformation for tau >= 2, mean absolute error included (Theorem 8, derived here).

With be = tau - 1 and e = tau - 2 the function psi is concave, so every least risk sits at an extreme point: softmax
uniform on a set A of labels.  Hence R(p, j) = (max p - max_{A containing j} P(A) / |A|^be) / be, and

* T** interpolates linearly (0, 0) and the points (1/k, V_k), k = 1, ..., n - 1, that lie on their lower hull;
* raw T is a minimum over the extreme points of {p: max p - p_j = t}.

Both cost O(1) per value of t, for every n.
"""

from __future__ import annotations

import math

import numpy as np

from hconsist.results import Side

__all__ = ["ConcaveKernel"]


class ConcaveKernel:
    """T**, raw T and Gamma of the comp-sum loss with parameter tau >= 2 on n labels.

    Vertices: be V_k = (1 - max_{2<=m<=k+1} (m-1) m^(-be)) / k.  The maximum is at m = k + 1 up to the integer m0 next
    to be / (be - 1), constant from there on.  Up to k0 = min(m0 - 1, n - 1) the vertices are h(1/k), with
    be h(x) = x - (x/(1+x))^be, convex where x >= (be - 1)/2; since k0 < 1/(be - 1) + 1 <= 2/(be - 1) for be <= 2, and
    k0 = 1 for be > 2, all of them are on the hull.  The points beyond k0 lie on the ray from the origin through V_k0,
    the least slope k V_k.  So the hull is that ray and the chain k0, ..., 1, and no loop over n is needed.
    """

    raw_side = Side.EXACT

    def __init__(self, tau: float, n_classes: int):
        self.tau, self.n_classes = float(tau), int(n_classes)
        self._e = self.tau - 2.0
        self._be = self.tau - 1.0
        self.last_vertex = min(self.best_set_size(self.n_classes) - 1, self.n_classes - 1)
        """k0: the hull is a straight line on [0, 1/k0]."""
        self._slope = self.last_vertex * float(self.vertex(np.array(float(self.last_vertex))))

    def vertex(self, k: np.ndarray) -> np.ndarray:
        """V_k for 1 <= k <= k0: the regret of a label outside the k equally likely ones."""
        # (1 - k (k+1)^(-be))/k = (1 + k (1 - (k+1)^(-e)))/(k (k+1)): a sum of positive terms, 1/(k(k+1)) at tau = 2
        return (1.0 - k * np.expm1(-self._e * np.log1p(k))) / (k * (k + 1.0)) / self._be

    def best_set_size(self, largest: int) -> int:
        """The m in [2, largest] that maximises (m-1) m^(-be); unimodal, with its real maximum at be / (be - 1)."""
        if self._e * (largest - 1) <= 1.0:
            return largest
        m = max(2, math.floor(self._be / self._e))
        increases = -math.log1p(-1.0 / m) - self._be * math.log1p(1.0 / m) > 0.0
        return min(m + increases, largest)

    def value(self, t: np.ndarray) -> np.ndarray:
        """T**(t): linear between the two neighbouring vertices, or the ray from the origin."""
        t = np.asarray(t, dtype=np.float64)
        k = _floor_reciprocal(t, self.last_vertex)
        return np.where(k >= self.last_vertex, self._slope * t, self._chord(t, np.minimum(k, self.last_vertex - 1.0)))

    def _chord(self, t: np.ndarray, k: np.ndarray) -> np.ndarray:
        if self._e == 0.0:
            # t >= 1/(k+1), so the subtraction is harmless; a k off by one at t = 1/k changes rounding errors only
            return (t + (t - 1.0 / (k + 1.0))) / (k + 2.0)
        k = np.maximum(k, 1.0)
        left = self.vertex(k + 1.0)
        return left + k * ((k + 1.0) * t - 1.0) * (self.vertex(k) - left)

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Gamma(x) = sup{t: T**(t) <= x}; for MAE at most min(n x, (x + sqrt(x^2 + 4x))/2)."""
        x = np.asarray(x, dtype=np.float64)
        top = float(self.vertex(np.array(1.0)))
        inside = np.minimum(x, top)
        k = np.minimum(self._segment(inside), self.last_vertex - 1.0)
        if self._e == 0.0:
            on_chord = ((k + 2.0) * inside + 1.0 / (k + 1.0)) / 2.0
        else:
            k = np.maximum(k, 1.0)
            left, right = self.vertex(k + 1.0), self.vertex(k)
            on_chord = (1.0 + (inside - left) / (right - left) / k) / (k + 1.0)
        on_ray = inside <= self._slope / self.last_vertex
        return np.where(x >= top, 1.0, np.where(on_ray, inside / self._slope, on_chord))

    def _segment(self, x: np.ndarray) -> np.ndarray:
        """The largest k <= k0 with V_k >= x: closed form for MAE, integer bisection (V_k decreases) otherwise."""
        if self._e == 0.0:
            # k (k+1) <= 1/x; below 1/k0^2 the caller takes the ray
            x = np.maximum(x, 0.25 / float(self.last_vertex) ** 2)
            return np.maximum(np.floor((np.sqrt(1.0 + 4.0 / x) - 1.0) / 2.0), 1.0)
        low, high = np.ones_like(x), np.full_like(x, self.last_vertex + 1.0)
        for _ in range(math.ceil(math.log2(self.last_vertex + 1.0))):
            middle = np.floor((low + high) / 2.0)
            above = self.vertex(middle) >= x
            low, high = np.where(above, middle, low), np.where(above, high, middle)
        return low

    def raw(self, t: np.ndarray) -> np.ndarray:
        """T(t), exactly: R(., j) is concave, so its minimum is at an extreme point of {p: p_1 = max p, p_1 - p_j = t}.

        These are p = (x on k labels, x - t, 0..), where the largest k <= 1/t is worst, and p = (t on k labels, 0, r,
        0..), k = floor(1/t).  For MAE the result is min_{2<=m<=n} max(t/m, t - 1/m).
        """
        t = np.asarray(t, dtype=np.float64)
        others = self.n_classes - 1.0
        k = _floor_reciprocal(t, others)
        x = (1.0 + t) / (k + 1.0)
        tied = self._least(k + 1.0, t / x, lambda a: x * -np.expm1(-self._e * np.log(a)) + t * a**-self._be)
        # every set A inside the k labels at t, then the one that takes r as well
        spread = self._least(k + 1.0, 1.0, lambda a: t * (1.0 - (a - 1.0) * a**-self._be))
        m = k + 2.0
        whole = (_product_minus_one(m, t) - np.expm1(-self._e * np.log(m))) / m
        fits = (k <= others - 1.0) & (t > 0.0)
        return np.where(fits, np.minimum(tied, np.minimum(spread, whole)), tied) / self._be

    def _least(self, largest: np.ndarray, scale, function) -> np.ndarray:
        """min over integers a in [1, largest] of a function with one valley, at scale be / (be - 1)."""
        with np.errstate(divide="ignore"):
            real = np.minimum(np.float64(self._be) / np.float64(self._e) * np.maximum(scale, 1e-300), largest)
        below = np.clip(np.floor(real), 1.0, largest)
        return np.minimum(function(below), function(np.minimum(below + 1.0, largest)))

    def growth(self) -> tuple[float, float]:
        """T** is a straight line near zero: (1, its slope)."""
        return 1.0, self._slope


def _floor_reciprocal(t: np.ndarray, largest: float) -> np.ndarray:
    """min(floor(1/t), largest) as floats, t = 0 included."""
    return np.minimum(np.floor(1.0 / np.maximum(t, 1e-300)), float(largest))


def _product_minus_one(m: np.ndarray, t: np.ndarray) -> np.ndarray:
    """m t - 1 without cancellation, by Dekker's exact product of two doubles."""
    product = m * t
    m_high, t_high = _leading_half(m), _leading_half(t)
    m_low, t_low = m - m_high, t - t_high
    error = ((m_high * t_high - product) + m_high * t_low + m_low * t_high) + m_low * t_low
    return (product - 1.0) + error


def _leading_half(x: np.ndarray) -> np.ndarray:
    shifted = 134217729.0 * x  # 2^27 + 1
    return shifted - (shifted - x)
