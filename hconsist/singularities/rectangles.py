"""All zeros of one row in a region, by bisection of rectangles: slow, and sure where the vectorised methods give up.

Zeros in a rectangle are counted by the argument principle; a side is cut until the chord test of
:mod:`hconsist.singularities.circles` holds on every piece (cutting a straight side does not change the region).
A rectangle with one zero yields it to Newton's method, others are bisected.  Zeros that stay together down to the size
at which rounding merges them (about eps^(1/m) for m of them) are reported as a cluster, with their power sums saying
how far apart they may be.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hconsist.singularities.caps import Confident, confident
from hconsist.singularities.newton import by_sum
from hconsist.singularities.paths import argument_change, evaluate, refined
from hconsist.singularities.spreads import quiet

__all__ = ["Found", "Row", "row_of"]

_LOW = 1.5
"""Zeros have Im x >= pi/2."""
_CUT = (0.5 + 1 / 61, 0.5 - 1 / 37, 0.5 + 1 / 11, 0.5 - 1 / 5)
"""Where a side is cut: off the middle, because zeros like to sit at simple points."""


@dataclass(frozen=True)
class Found:
    """A zero of so much multiplicity, or as many zeros together, within ``error`` of ``x``."""

    x: complex
    error: float
    multiplicity: int


@dataclass(frozen=True)
class Row:
    """One row in the normal form, weights 0 dropped, and about its most probable slope."""

    log_p: np.ndarray
    d: np.ndarray
    shape: Confident

    def zeros(self, radius: float) -> list[Found] | None:
        """All zeros with |x| < R, nearest first; None if some count could not be certified."""
        found: list[Found] = []
        for cell in self._caps(radius):
            total = self.count(*cell)
            if total is None or not self._split(cell, total, radius, found):
                return None
        inside = sorted((z for z in found if abs(z.x) - z.error < radius), key=lambda z: abs(z.x))
        return inside

    def _caps(self, radius: float) -> Iterator[tuple[float, float, float, float]]:
        # a little into the strip: zeros sit close to its edges
        right, left = 0.98 * float(self.shape.right[0]), 0.98 * float(self.shape.left[0])
        if right == left == 0:
            yield -radius, radius, _LOW, radius
            return
        for sign, u in ((1, right), (-1, left)):
            if u < radius:
                height = math.sqrt((radius - u) * (radius + u))
                if height > _LOW:
                    yield (u, radius, _LOW, height) if sign > 0 else (-radius, -u, _LOW, height)

    def count(self, x0: float, x1: float, y0: float, y1: float) -> int | None:
        """Zeros of F in the rectangle, None where a side passes too close to one."""
        corners = (complex(x0, y0), complex(x1, y0), complex(x1, y1), complex(x0, y1))
        total = 0.0
        for k in range(4):
            turn = self._turn(corners[k], corners[(k + 1) % 4])
            if turn is None:
                return None
            total += turn
        return round(total / (2 * math.pi))

    def _turn(self, start: complex, end: complex) -> float | None:
        """Change of arg G along a segment."""
        t = np.linspace(0.0, 1.0, 9 + min(200, int(4 * abs(end - start))))
        cut = refined(self.shape, lambda part: start + part * (end - start), t)
        return None if cut is None else argument_change(cut[1])

    def _split(self, cell: tuple[float, float, float, float], total: int, radius: float, found: list[Found]) -> bool:
        x0, x1, y0, y1 = cell
        if total == 0 or math.hypot(max(x0, -x1, 0.0), y0) > radius:
            return True
        size = math.hypot(x1 - x0, y1 - y0)
        middle = complex((x0 + x1) / 2, (y0 + y1) / 2)
        if total == 1 and (zero := self._single(middle, cell)):
            found.append(zero)
            return True
        if total > 1 and size < (1.6 if total < 4 else max(1.6, 0.4 * abs(middle))):
            for reach in (max(size, 0.01), 0.1, 0.4, 0.8, 1.6):
                if reach >= size and (zero := self._cluster(middle, reach, total)):
                    found.append(zero)
                    return True
        if size < 1e-9 * abs(middle):
            return False
        for ratio in _CUT:
            if x1 - x0 > y1 - y0:
                cut = x0 + ratio * (x1 - x0)
                first, second = (x0, cut, y0, y1), (cut, x1, y0, y1)
            else:
                cut = y0 + ratio * (y1 - y0)
                first, second = (x0, x1, y0, cut), (x0, x1, cut, y1)
            part = self.count(*first)
            if part is not None and 0 <= part <= total:
                return self._split(first, part, radius, found) and self._split(second, total - part, radius, found)
        return False

    def _single(self, start: complex, cell: tuple[float, float, float, float]) -> Found | None:
        zero = by_sum(self.log_p[None], self.d[None], np.array([start]), steps=12)
        x, error = complex(zero.x[0]), float(zero.error[0])
        x0, x1, y0, y1 = cell
        inside = x0 + error <= x.real <= x1 - error and y0 + error <= x.imag <= y1 - error
        return Found(x, error, 1) if zero.certified[0] and inside and error < 1e-9 * abs(x) else None

    def _cluster(self, middle: complex, reach: float, total: int) -> Found | None:
        """The mean of the zeros about ``middle`` and a disc that holds them, if they cannot be told apart."""
        nodes = 256
        turn = np.exp(2j * math.pi * np.arange(nodes) / nodes)
        x = middle + reach * turn
        re, im, _, slack, _ = evaluate(self.shape, x)
        g = re + 1j * im
        noise = float(np.max(slack / np.abs(g)))
        if noise > 1e-2:
            return None
        c, l_ = self.shape.c[0], self.shape.l[0]
        with quiet():
            u = l_ + c * x.real[:, None]
            top = np.maximum(np.max(u, axis=1), 0.0)
            slope = np.sum(c * np.exp(u - top[:, None] + 1j * c * x.imag[:, None]), axis=1)
        ratio = slope / g
        sums = [complex(np.mean(ratio * reach * turn * turn**k)) for k in range(total + 1)]
        if abs(sums[0] - total) > 1e-6:
            return None
        mean = sums[1] / total
        # power sums about the mean, then the coefficients of prod (y - y_i): no root exceeds 2 max |c_k|^(1/k)
        central = [sum(math.comb(k, i) * sums[i] * (-mean) ** (k - i) for i in range(k + 1)) for k in range(total + 1)]
        coefficients = [1.0 + 0j]
        for k in range(1, total + 1):
            coefficients.append(-sum(coefficients[k - i] * central[i] for i in range(1, k + 1)) / k)
        floor = 4 * total * noise
        spread = 2 * max((abs(v) + floor) ** (1 / k) for k, v in enumerate(coefficients) if k > 1)
        error = reach * (spread + floor)
        x_mean = middle + reach * mean
        merged = spread * reach < min(0.1, 160 * (4e-16) ** (1 / total)) * abs(x_mean)
        return Found(x_mean, error, total) if merged else None


def row_of(log_p: np.ndarray, d: np.ndarray) -> Row:
    """A row of the normal form, classes of weight 0 left out."""
    kept = log_p > -np.inf
    lp, slopes = log_p[kept], d[kept]
    return Row(lp, slopes, confident(lp[None], slopes[None]))
