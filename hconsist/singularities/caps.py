"""Zeros of confident rows: outside the strip in which the most probable slope outweighs the rest, by its own sum.

With P the mass of the classes that share the slope b_top of the most probable one, G(x) = F(x) e^(-b_top x)/P is

    G(x) = 1 + sum_j e^(l_j + c_j x),    c_j = b_j - b_top = d_j,    l_j = log p_j - log P.

Where sum_j e^(l_j + c_j Re x) < 1, that is for -u_- < Re x < u_+, G is in the right half-plane.  So the zeros with
|x| < R lie in two caps, and G winds about 0 as the polygon through its values on the two arcs does, joined by one
segment in the right half-plane.  Arcs are short where the row is confident, and nothing overflows: each value has its
own scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hconsist.singularities.circles import chord_distance2, crossings
from hconsist.singularities.moments import row_blocks
from hconsist.singularities.spreads import quiet

__all__ = ["Confident", "confident"]

_EPS = 2.0**-53
_NUMBERS = 1 << 20
"""Terms evaluated at a time."""


@dataclass(frozen=True)
class Confident:
    """c and l ``(m, K)`` (l = -inf at the top slope and at weight 0), and the ends ``(m,)`` of the zero-free strip."""

    c: np.ndarray
    l: np.ndarray  # noqa: E741
    right: np.ndarray
    left: np.ndarray

    def __getitem__(self, rows: np.ndarray | slice) -> Confident:
        return Confident(self.c[rows], self.l[rows], self.right[rows], self.left[rows])

    def starts(self, pairs: int = 3) -> np.ndarray:
        """``(m, 4 * pairs)`` guesses, where 1 and one other term cancel: x = (-l_j + i pi k)/c_j, k odd, both sides."""
        with quiet():
            found = []
            for sign in (1.0, -1.0):
                reach = np.where((sign * self.c > 0) & (self.l > -np.inf), sign * self.c, np.nan)
                modulus = np.hypot(self.l, np.pi) / reach
                order = np.argsort(modulus, axis=1)[:, :pairs]  # NaN last
                l_, c_ = (np.take_along_axis(v, order, axis=1) for v in (self.l, reach))
                for k in (1, 3):
                    found.append((-sign * l_ + 1j * k * np.pi) / c_)
        return np.concatenate(found, axis=1)

    def count(self, radius: np.ndarray, edges: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """``(zeros, polygon, certified)`` for radii ``(m,)``, so many edges on each arc.

        ``zeros`` are inside the polygon of the nodes: all with |x| < ``polygon``, none with |x| >= R.
        """
        zeros, certified = np.empty(radius.size, dtype=int), np.empty(radius.size, dtype=bool)
        polygon = np.empty(radius.size)
        for rows in row_blocks(radius.size, 12 * edges * self.c.shape[1], 1 << 21):
            zeros[rows], polygon[rows], certified[rows] = self[rows]._count(radius[rows], edges)
        return zeros, polygon, certified

    def _count(self, radius: np.ndarray, edges: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        part = np.linspace(0.0, 1.0, edges + 1)
        with quiet():
            ends = [np.arccos(np.minimum(1.0, u / radius))[:, None] for u in (self.right, self.left)]
            angles = np.concatenate([part * ends[0], math.pi - part[::-1] * ends[1]], axis=1)
            x = radius[:, None] * np.exp(1j * angles)
            x.imag[:, [0, -1]] = 0.0
            re, im, second, slack, scale = self.values(x)
            edge_scale = np.maximum(scale[:, :-1], scale[:, 1:])
            first, last = np.exp(scale[:, :-1] - edge_scale), np.exp(scale[:, 1:] - edge_scale)
            length2 = np.abs(np.diff(x, axis=1)) ** 2
            off = length2 / 8 * np.maximum(second[:, :-1] * first, second[:, 1:] * last)
            off += np.maximum(slack[:, :-1] * first, slack[:, 1:] * last)
            away = chord_distance2(re[:, :-1] * first, im[:, :-1] * first, re[:, 1:] * last, im[:, 1:] * last) > off**2
            inner = (re[:, edges] > slack[:, edges]) & (re[:, edges + 1] > slack[:, edges + 1])
        away[:, edges] |= inner & ((self.right > 0) | (self.left > 0))
        polygon = radius * np.cos(np.maximum(*ends)[:, 0] / (2 * edges)) * (1 - 4 * _EPS)
        return crossings(re, im), polygon, np.all(away, axis=1)

    def values(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        """Re G, Im G, sum c^2 |terms| and the rounding, each times e^(-scale), and the scale; x ``(m, nodes)``."""
        if x.shape[1] > 1 and x.size * self.c.shape[1] > _NUMBERS:
            half = x.shape[1] // 2
            pairs = zip(self.values(x[:, :half]), self.values(x[:, half:]), strict=True)
            return tuple(np.concatenate(pair, axis=1) for pair in pairs)
        c, l_ = self.c[:, None, :], self.l[:, None, :]
        u = l_ + c * x.real[:, :, None]
        scale = np.maximum(np.max(u, axis=2), 0.0)
        size = np.exp(u - scale[:, :, None])
        phase = c * x.imag[:, :, None]
        one = np.exp(-scale)
        re = one + np.sum(size * np.cos(phase), axis=2)
        im = np.sum(size * np.sin(phase), axis=2)
        im[x.imag == 0] = 0.0
        lost = 4 + math.log2(c.shape[2] + 1) + 2 * np.abs(l_) + 2 * np.abs(c * x.real[:, :, None]) + np.abs(phase)
        slack = 4 * _EPS * (one * (1 + scale) + np.sum(np.where(size > 0, size * lost, 0.0), axis=2))
        return re, im, np.sum(size * c * c, axis=2), slack, scale


def confident(log_p: np.ndarray, c: np.ndarray) -> Confident:
    """Rows ``(m, K)`` of a normal form: the slopes ``d`` about the most probable one are c."""
    with quiet():
        most = np.max(log_p, axis=1, keepdims=True)
        mass = np.log(np.sum(np.where(c == 0, np.exp(log_p - most), 0.0), axis=1, keepdims=True)) + most
        others = np.where(c == 0, -np.inf, log_p - mass)
    return Confident(c, others, _strip(c, others), _strip(-c, others))


def _strip(c: np.ndarray, l: np.ndarray) -> np.ndarray:  # noqa: E741
    """The u > 0 at which sum_j e^(l_j + c_j u) = 1, from below; 0 if the sum is 1 or more at 0, inf if it never is.

    Newton's method for the logarithm of the sum, convex in u, from the first u at which one term alone is 1.
    """
    with quiet():
        u = np.min(np.where(c > 0, -l / c, np.inf), axis=1)
        at = np.where(np.isfinite(u), u, 0.0)
        for _ in range(40):
            log_s, mean = _log_sum(c, l, at)
            step = np.where(mean > 0, log_s / mean, 0.0)
            moving = np.abs(step) > 1e-15 * np.abs(at)
            if not np.any(moving):
                break
            at = np.where(moving, at - step, at)
        # far out the strip itself pins the zeros, so that less is given away; rounding in log_s is about eps |l|
        part = np.where(at < 1e5, 1e-9, 1e-13)
        drop = part * at * _log_sum(c, l, at)[1] / 4
        at = np.maximum(0.0, at * (1 - part))
        ahead = _log_sum(c, l, 0 * at)[0] < -1e-13
        dominated = ahead & (_log_sum(c, l, at)[0] < -drop - 4 * _EPS)
    return np.where(ahead & ~np.isfinite(u), np.inf, np.where(dominated & np.isfinite(u), at, 0.0))


def _log_sum(c: np.ndarray, l: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # noqa: E741
    v = l + c * u[:, None]
    top = np.max(v, axis=1, keepdims=True)
    w = np.exp(v - np.where(np.isfinite(top), top, 0.0))
    total = np.sum(w, axis=1)
    return np.log(total) + top[:, 0], np.sum(w * c, axis=1) / total
