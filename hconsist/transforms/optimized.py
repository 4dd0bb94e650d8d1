"""The transformation of any loss, from the searches of :mod:`hconsist.engine.searches`.

raw T is the search itself, at every t; T** is the lower hull of raw T on a grid that is refined where the hull leaves
the curve, or raw T where the curve is convex.  Both are upper estimates.  A loss that is not calibrated has T = 0 up to
a t0 > 0, found by bisection.
"""

from __future__ import annotations

from functools import cached_property
from typing import cast

import numpy as np

from hconsist.engine.frozen import frozen_polygon
from hconsist.engine.hulls import lower_hull
from hconsist.engine.lower import FROZEN
from hconsist.engine.optimum import Optimum
from hconsist.engine.searches import lower_bound, search
from hconsist.losses import CompSum, Loss
from hconsist.results import Side

__all__ = ["OptimizedKernel"]

_ROUNDS, _MOST = 14, 400
"""Times that the steps of the grid are quartered where the hull leaves the curve; points added each time at most."""
_OFF = 3.0
"""A value this far above the hull, relative to the tolerance of the search, is off it."""
_SETTLED = 1e-3
"""T(t) that vanishes only below this t is small rather than 0."""
_LADDER = 0.032 * 2.0 ** -np.arange(12)
_SIMPLE = 0.01
"""An exponent this near to a multiple of 1/2 is that number."""


class OptimizedKernel:
    """T**, raw T and Gamma of one loss and number of labels, complete hypothesis sets."""

    raw_side = Side.UPPER

    def __init__(self, loss: Loss, n_classes: int):
        self._loss, self._n = loss, n_classes
        self._search = search(loss, n_classes)

    @property
    def optimum(self) -> Optimum:
        """The laws on the grid."""
        return self._search.nodes()

    @property
    def side(self) -> Side:
        """``exact`` where a proved lower bound of T** meets it on the grid, else ``estimate``."""
        return self._side

    @cached_property
    def _side(self) -> Side:
        grid = self.optimum.t
        met = np.all(self.value(grid) - self.lower(grid) <= self.optimum.tolerance)
        return Side.EXACT if met else Side.ESTIMATE

    @property
    def method(self) -> str:
        """Which search was done."""
        return self._search.method

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the values are, and the conditions on the loss that held."""
        held = "; ".join(c.statement for c in self._search.conditions.values() if c.holds)
        words = "the least regret found, an upper limit on T up to rounding"
        proof = "a proved lower bound meets it" if self.side is Side.EXACT else "that no law has less is not proved"
        return (f"{words}; {proof}", *([f"of the loss, tried at random scores and laws: {held}"] if held else []))

    @property
    def references(self) -> tuple[str, ...]:
        """The search, and what the lower bound rests on."""
        bound = self.optimum.reference
        return (f"numeric search: {self.method}", *([f"lower bound: {bound}"] if bound else []))

    def lower(self, t: np.ndarray) -> np.ndarray:
        """A proved lower bound of T**(t), 0 where there is none.

        That of T where it is convex in t; for a psi in balls, a polygon that is; else the hull of its values on the
        grid, each moved on by one step, which holds as T increases.
        """
        t = np.asarray(t, dtype=np.float64)
        return lower_bound(self._loss, self._n, t)[0] if self._polygon is None else np.interp(t, *self._polygon)

    @cached_property
    def _polygon(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Corners below T**; None where the bound of T is convex itself."""
        grid, values = self.optimum.t, self.optimum.lower
        if self.optimum.reference == FROZEN:
            return frozen_polygon(cast(CompSum, self._loss), self._n, grid)
        if np.all(values <= np.interp(grid, *lower_hull(grid, values)) + 1e-12 * values[-1]):
            return None
        return lower_hull(np.append(0.0, grid), np.append([0.0, 0.0], values[:-1]))

    def upper(self, t: np.ndarray) -> np.ndarray:
        """The value: regrets of laws."""
        return self.value(t)

    def raw(self, t: np.ndarray) -> np.ndarray:
        """T(t), the least regret found."""
        t = np.asarray(t, dtype=np.float64)
        return self._search.value(t) if t.size else np.zeros_like(t)

    def value(self, t: np.ndarray) -> np.ndarray:
        """T**(t): the chord where the hull leaves the curve, else the curve."""
        t = np.asarray(t, dtype=np.float64)
        return np.where(t <= self.zero_until, 0.0, np.minimum(self.raw(t), np.interp(t, *self._hull)))

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Gamma(x) = sup{t: T**(t) <= x}: roots between the corners of the hull."""
        from scipy.optimize import elementwise

        x = np.asarray(x, dtype=np.float64)
        t, values = self._hull
        found = np.where(x >= values[-1], 1.0, self.zero_until)
        inside = (x > 0) & (x < values[-1])
        if np.any(inside):
            y = x[inside]
            right = np.clip(np.searchsorted(values, y, side="right"), 1, t.size - 1)
            low, high = t[right - 1], t[right]
            root = elementwise.find_root(lambda s, y: self.value(s) - y, (low, high), args=(y,)).x
            chord = low + (y - values[right - 1]) / (values[right] - values[right - 1]) * (high - low)
            found[inside] = np.where(np.isfinite(root), root, chord)
        return np.maximum(found, self.zero_until)

    def growth(self) -> tuple[float, float]:
        """(r, c) with T** ~ c (t - t0)^r beyond t0, extrapolated from :meth:`ladder`."""
        step, value, exponents = self.ladder()
        if exponents.size == 0:
            return 1.0, 0.0
        exponent = float(exponents[0])
        if exponents.size > 1:  # the slopes approach their limit about as fast as the steps do
            exponent += float(exponents[0] - exponents[1])
        simple = round(2 * exponent) / 2
        exponent = simple if abs(exponent - simple) < _SIMPLE else float(exponents[0])
        ratio = value[:3] / step[:3] ** exponent
        if self.zero_until:  # secants of T^(1/r), which is linear in t - t0: an error in t0 does not matter
            ratio = (np.diff(value[:4] ** (1 / exponent)) / np.diff(step[:4])) ** exponent
        return exponent, float(_extrapolated(ratio))

    def ladder(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Steps beyond t0 by factors of 2, ascending; T** there; the local exponents between neighbours, ascending.

        It starts where T** is large enough to be known to about six digits.
        """
        room = (1 - self.zero_until) * _LADDER[::-1]
        t = self.zero_until + room
        value = np.minimum(self._search.value_afresh(t), np.interp(t, *self._hull))
        floors = max(2e-9, 1e3 * self._search.nothing), 1e2 * self._search.nothing  # fewer digits of a flat curve
        tried = [value > floor * self._hull[1][-1] for floor in floors]
        known = tried[0] if np.sum(tried[0]) > 1 else tried[1]
        step, value = room[known], value[known]
        return step, value, np.diff(np.log2(value)) if value.size else np.zeros(0)

    def trend(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps of :meth:`ladder`, and the local exponents from each to its double."""
        step, _, exponents = self.ladder()
        return step[: exponents.size], exponents

    @cached_property
    def zero_until(self) -> float:
        """The t0 up to which T = 0, within rounding: 0 for a loss that looks calibrated."""
        t, values = self.optimum.t, self.optimum.value
        nothing = self._search.nothing * max(values[-1], 1e-300)
        vanishing = np.flatnonzero(values <= nothing)
        low = float(t[vanishing[-1]])
        if low < _SETTLED:
            return 0.0
        if low == 1.0:
            return 1.0
        high = float(t[vanishing[-1] + 1])
        while high - low > self._search.narrow:
            grid = np.linspace(low, high, self._search.width + 2)
            below = np.append(True, self._search.value_afresh(grid[1:-1]) <= nothing)
            k = int(np.flatnonzero(below)[-1])
            low, high = float(grid[k]), float(grid[k + 1])
        return low

    @cached_property
    def _hull(self) -> tuple[np.ndarray, np.ndarray]:
        """Corners of the hull, on a grid that is finer where it leaves the curve."""
        t, values = self.optimum.t, np.array(self.optimum.value)
        values[t <= self.zero_until] = 0.0
        if self.zero_until:
            t, values = np.append(t, self.zero_until), np.append(values, 0.0)
        off = _OFF * self.optimum.tolerance
        for k in range(_ROUNDS):
            order = np.argsort(t, kind="stable")
            t, values = t[order], values[order]
            places = np.arange(1, t.size, 2) if k == 0 else _off_hull(t, values, off, all_=k == 1)
            new = _between(t, places)
            if not new.size:
                break
            t, values = np.append(t, new), np.append(values, self.raw(new))
        return lower_hull(t, values)


def _off_hull(t: np.ndarray, values: np.ndarray, off: float, *, all_: bool) -> np.ndarray:
    """Places in or next to the parts of the curve above its hull: all, or where it comes nearest to its chords."""
    above = np.maximum(values - np.interp(t, *lower_hull(t, values)), 0.0)
    leaves = np.concatenate([[False], above > off, [False]])
    around = leaves[:-2] | leaves[1:-1] | leaves[2:]
    beside = np.concatenate([[np.inf], above, [np.inf]])
    return np.flatnonzero(around & (all_ | ((above <= beside[:-2]) & (above <= beside[2:]))))


def _between(t: np.ndarray, places: np.ndarray) -> np.ndarray:
    """New points that quarter the steps on both sides of the places."""
    places = places[(places > 0) & (places < t.size - 1)]
    if not places.size:
        return np.zeros(0)
    parts = np.array([0.25, 0.5, 0.75])
    new = np.unique([t[places, None] + parts * (t[places + side] - t[places])[:, None] for side in (-1, 1)])
    after = np.clip(np.searchsorted(t, new), 1, t.size - 1)
    new = new[np.minimum(t[after] - new, new - t[after - 1]) > 1e-10]
    return new[:: max(1, -(-new.size // _MOST))]


def _extrapolated(sequence: np.ndarray) -> float:
    """The limit of a sequence that converges geometrically from its end to its start (Aitken)."""
    if sequence.size < 3:
        return float(sequence[0])
    first, second, third = (float(x) for x in sequence)
    one, two = first - second, second - third
    if abs(one) <= 1e-9 * abs(first) or abs(one) >= abs(two):
        return first
    return first + one * one / (two - one)
