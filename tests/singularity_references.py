"""The zeros of F by methods that share no code with hconsist.singularities."""

import math

import mpmath as mp
import numpy as np

FACTORIALS = np.array([float(math.factorial(n)) for n in range(81)])


def partition(logits, slopes):
    """F and F' in mpmath, the largest logit subtracted."""
    z = [mp.mpf(float(v)) for v in logits if v > -math.inf]
    a = [mp.mpf(float(v)) for u, v in zip(logits, slopes, strict=True) if u > -math.inf]
    top = max(z)

    def value(t):
        return mp.fsum(mp.exp(u - top + v * t) for u, v in zip(z, a, strict=True))

    def slope(t):
        return mp.fsum(v * mp.exp(u - top + v * t) for u, v in zip(z, a, strict=True))

    return value, slope


def count_inside(value, radius, pieces=48):
    """Zeros with |t| < radius above the real axis: the change of arg F, arcs halved until F hardly turns on them."""
    points = [mp.pi * k / pieces for k in range(pieces + 1)]
    values = [value(radius * mp.expj(t)) for t in points]
    stack = list(zip(points, points[1:], values, values[1:], strict=False))
    total = mp.mpf(0)
    while stack:
        start, end, u, v = stack.pop()
        middle = (start + end) / 2
        w = value(radius * mp.expj(middle))
        if abs(w / u - 1) < 0.4 and abs(v / w - 1) < 0.4:
            total += mp.arg(w / u) + mp.arg(v / w)
        else:
            stack += [(start, middle, u, w), (middle, end, w, v)]
    return int(mp.nint(total / (2 * mp.pi)))


def polished(value, slope, start, steps=8):
    """Newton's method in mpmath."""
    x = mp.mpc(complex(start))
    for _ in range(steps):
        x -= value(x) / slope(x)
    return x


def by_eigenvalues(logits, slopes):
    """(radius, |x|) by the eigenvalues of the 81-term Taylor polynomial and three Newton steps; good for |x| < 12.5."""
    p = np.exp(logits - np.max(logits))
    p /= p.sum()
    spread = np.ptp(slopes)
    b = (2 * slopes - np.max(slopes) - np.min(slopes)) / spread
    f = np.array([np.sum(p * b**n) for n in range(81)]) / FACTORIALS
    roots = np.roots((f * 8.0 ** np.arange(81))[::-1]) * 8.0
    roots = roots[roots.imag > 1.5]
    if roots.size == 0:
        return math.inf, math.inf
    x = roots[np.argmin(np.abs(roots))]
    for _ in range(3):
        terms = p * np.exp(b * x)
        x -= terms.sum() / (b * terms).sum()
    return abs(x) * 2 / spread, abs(x)
