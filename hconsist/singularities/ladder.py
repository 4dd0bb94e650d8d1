"""The nearest zero of many rows: a ladder of certified circles, and caps for the rows beyond it.

Each row climbs until a circle is certified to hold zeros; the power sums on that circle locate them, Newton's method
polishes them, and the rung counts if the distinct zeros found are as many as the winding number says.  Rungs on which
the chord test fails pass close to a zero: the next one will do.  Rows beyond the reach of the Taylor coefficients are
confident, and have their zeros guessed term by term and counted in two caps.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from hconsist.singularities.bounds import x_sigma
from hconsist.singularities.caps import confident
from hconsist.singularities.circles import circle, count, rounding
from hconsist.singularities.moments import REACH, row_blocks, taylor
from hconsist.singularities.newton import by_sum, by_taylor
from hconsist.singularities.power_sums import zeros_inside
from hconsist.singularities.spreads import Spread, quiet

__all__ = ["Nearest", "nearest"]

_RATIO = 1.13
_MOST = 6
"""Zeros looked for on one rung."""
_TIE = 1e-4
"""Relative difference of moduli within which both zeros are polished."""
_MOVED = 0.1
"""How far the last Newton steps may move a zero."""
_CAPS = ((0, 32), (0, 128), (1, 32), (1, 128), (2, 32), (2, 128), (0, 512), (0, 4096))
"""(zeros taken in besides the nearest, edges of each arc): far out arcs pass many zeros at a small distance."""


@dataclass(frozen=True)
class Nearest:
    """Nearest zeros ``x`` in the normal form, the error of |x|, whether they are certified, and up to which |x| the
    certificate looks at F; ``(m,)`` arrays."""

    x: np.ndarray
    error: np.ndarray
    certified: np.ndarray
    reach: np.ndarray

    @classmethod
    def none(cls, rows: int) -> Nearest:
        """Of so many rows, no zero."""
        nowhere = np.full(rows, complex(math.nan, math.nan))
        return cls(nowhere, np.full(rows, math.inf), np.zeros(rows, dtype=bool), np.full(rows, math.inf))

    def __getitem__(self, rows: np.ndarray) -> Nearest:
        return Nearest(self.x[rows], self.error[rows], self.certified[rows], self.reach[rows])

    def put(self, rows: np.ndarray, found: Nearest) -> None:
        self.x[rows], self.error[rows], self.certified[rows] = found.x, found.error, found.certified
        self.reach[rows] = found.reach


def nearest(rows: Spread) -> Nearest:
    """For numpy rows ``(m, K)`` with D > 0."""
    out = Nearest.none(rows.D.size)
    low = x_sigma(rows)
    near = low < REACH
    if np.any(near):
        out.put(near, _climb(rows.where(near), low[near]))
    far = np.flatnonzero(~out.certified)
    for part in row_blocks(far.size, 40 * rows.b.shape[1], 1 << 21):
        out.put(far[part], _by_caps(rows[far[part]]))
    return out


def _climb(rows: Spread, low: np.ndarray) -> Nearest:
    classes = rows.b.shape[1]
    f = taylor(rows.p, rows.b)
    m = low.size
    out = Nearest.none(m)
    rival = out.x.copy()
    open_ = np.ones(m, dtype=bool)
    radius = 1.04 * math.pi / 2
    while radius < REACH and np.any(open_):
        at = circle(radius, 48 if radius < 5 else 96)
        here = np.flatnonzero(open_ & (low < radius))
        zeros, certified = count(f[here], at, classes)
        held = certified & (zeros > 0)
        for pairs in range(1, _MOST + 1):
            chosen = here[held & (zeros == pairs)]
            if chosen.size:
                x, next_, ok = _located(f[chosen, : at.terms], zeros_inside(f[chosen], at, pairs), at.polygon, classes)
                out.x[chosen[ok]], rival[chosen[ok]] = x[ok], next_[ok]
                out.certified[chosen[ok]], out.reach[chosen[ok]] = True, radius + _MOVED
                open_[chosen[ok]] = False
        open_[here[held & (zeros > _MOST)]] = False
        radius *= _RATIO
    done = np.flatnonzero(out.certified)
    out.put(done, _polished(rows.where(out.certified), out[done]))
    # zeros as near as the nearest one, as far as the coefficients can tell: the sum decides
    tied = np.flatnonzero(out.certified & (np.abs(rival) < (1 + _TIE) * np.abs(out.x)))
    other = _polished(rows[tied], replace(out[tied], x=rival[tied]))
    out.certified[tied] &= other.certified
    nearer = np.abs(other.x) < np.abs(out.x[tied])
    out.put(tied[nearer], replace(other[nearer], certified=out.certified[tied[nearer]]))
    return out


def _located(
    f: np.ndarray, starts: np.ndarray, polygon: float, classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The two nearest zeros (the second may be NaN), and whether as many as there are starts are in the polygon."""
    size = np.abs(f) @ polygon ** np.arange(f.shape[1])
    found = by_taylor(f, starts, rounding(classes) * size[:, None])
    ok = np.all(found.certified, axis=1) & np.all(np.abs(found.x) + found.error < polygon, axis=1)
    for i in range(starts.shape[1]):
        for j in range(i):
            gap = np.abs(found.x[:, i] - found.x[:, j])
            ok &= gap > found.error[:, i] + found.error[:, j]
    nearness = np.argsort(np.where(np.isfinite(found.x), np.abs(found.x), np.inf), axis=1)
    x = np.take_along_axis(found.x, nearness, axis=1)
    return x[:, 0], x[:, 1] if x.shape[1] > 1 else np.full_like(x[:, 0], complex(math.nan, math.nan)), ok


def _polished(rows: Spread, found: Nearest) -> Nearest:
    """One Newton step with the sum itself, which removes what the Taylor coefficients lost."""
    x = found.x
    final = by_sum(rows.log_p, rows.d, x)
    again = np.flatnonzero(final.error > 1e-12 * np.abs(x))  # close pairs settle late
    late = by_sum(rows.log_p, rows.d, final.x[again], again)
    for name in ("x", "error", "certified"):
        getattr(final, name)[again] = getattr(late, name)
    return Nearest(final.x, final.error, final.certified & (np.abs(final.x - x) + final.error < _MOVED), found.reach)


def _by_caps(rows: Spread) -> Nearest:
    """Guesses by pairs of terms, the number of zeros in two caps whose radius lies between one guess and the next."""
    shape = confident(rows.log_p, rows.d)
    starts = shape.starts()
    m, n = starts.shape
    which = np.repeat(np.arange(m), n)
    usable = np.isfinite(starts.ravel())
    found = by_sum(rows.log_p, rows.d, starts.ravel()[usable], which[usable], steps=12)
    x = np.full(m * n, complex(math.nan, math.nan))
    good = np.flatnonzero(usable)[found.certified]
    x[good] = found.x[found.certified]
    error = np.full(m * n, math.inf)
    error[good] = found.error[found.certified]
    x, error = _distinct(x.reshape(m, n), error.reshape(m, n))
    moduli = np.where(np.isnan(x), np.inf, np.abs(x))
    with quiet():
        gaps = np.minimum(moduli[:, 1:4] - moduli[:, :3], 0.05 * moduli[:, :1])
    gaps = np.where(np.isfinite(moduli[:, :3]), gaps, -np.inf)
    certified, reach = np.zeros(m, dtype=bool), moduli[:, 0].copy()
    for inside, edges in _CAPS:
        some = np.flatnonzero(~certified & (gaps[:, inside] > 1e-12 * moduli[:, inside]))
        if some.size:
            radius = moduli[some, inside] + gaps[some, inside] / 2
            zeros, polygon, ok = shape[some].count(radius, edges)
            within = np.all(moduli[some, : inside + 1] + error[some, : inside + 1] < polygon[:, None], axis=1)
            certified[some] = ok & within & (zeros == inside + 1)
            reach[some] = radius
    # far out the strip alone pins the modulus: Re x > u, Im x >= pi/2
    with quiet():
        slack = moduli[:, 0] - np.hypot(np.minimum(shape.right, shape.left), math.pi / 2)
        pinned = ~certified & np.isfinite(moduli[:, 0]) & (slack < 1e-12 * moduli[:, 0])
    certified |= pinned
    out = Nearest(x[:, 0], error[:, 0], certified, reach + _MOVED)
    done = np.flatnonzero(certified)
    out.put(done, _polished(rows[done], out[done]))
    out.error[pinned] = np.maximum(out.error[pinned], slack[pinned])
    return out


def _distinct(x: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Zeros sorted by modulus, repeated ones (discs that meet) replaced by NaN and moved to the end."""
    for i in range(1, x.shape[1]):
        with quiet():
            met = np.any(np.abs(x[:, :i] - x[:, i : i + 1]) <= error[:, :i] + error[:, i : i + 1], axis=1)
        x[met, i] = complex(math.nan, math.nan)
    order = np.argsort(np.abs(x), axis=1)
    return np.take_along_axis(x, order, axis=1), np.take_along_axis(error, order, axis=1)
