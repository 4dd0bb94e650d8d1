"""Domains of variables: one object that validates, documents, draws test points and is subdivided.

A :class:`Domain` is a set of real numbers (an interval, or the integers in one).  The same object

* rejects bad input with a message that names the argument, the domain in words and the value,
* prints itself for documentation,
* draws points inside, on the edge of, and outside itself for tests and for sampled evidence,
* gives exact rational end points to the ball-arithmetic prover.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

__all__ = ["InputError", "UnsupportedError", "Domain", "UNIT", "TAU", "N_CLASSES", "NONNEGATIVE", "REAL"]


class InputError(ValueError):
    """A value outside its domain; the message names the argument, the domain in words and the value.

    ``InputError("t", "a number in [0, 1]", 1.5)`` reads ``t must be a number in [0, 1], got 1.5``.
    """

    def __init__(self, argument: str, domain: str, value: Any):
        super().__init__(f"{argument} must be {domain}, got {_show(value)}")
        self.argument, self.domain, self.value = argument, domain, value


class UnsupportedError(InputError):
    """A pair (loss, hypotheses, method) for which no result is available: never a silent number for another."""


def _show(value: Any) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 120 else text[:117] + "..."


@dataclass(frozen=True)
class Domain:
    """The reals (or integers) between two rational or infinite end points, each open or closed.

    ``lower`` and ``upper`` are exact: int, Fraction, or ``-inf`` / ``inf``.
    """

    lower: Fraction | float = -math.inf
    upper: Fraction | float = math.inf
    lower_open: bool = False
    upper_open: bool = False
    integer: bool = False

    def __post_init__(self) -> None:
        for name in ("lower", "upper"):
            end = getattr(self, name)
            if not (isinstance(end, float) and math.isinf(end)):
                object.__setattr__(self, name, Fraction(end))
        point = self.lower == self.upper and not (self.lower_open or self.upper_open)
        if not (self.lower < self.upper or point):
            raise InputError("Domain", "a nonempty interval", (self.lower, self.upper))

    def __str__(self) -> str:
        """In words: ``a number in [0, 1]``, ``a number >= 0``, ``an integer >= 2``."""
        noun = "an integer" if self.integer else "a finite number"
        low, high = not _infinite(self.lower), not _infinite(self.upper)
        if low and high:
            left, right = "(" if self.lower_open else "[", ")" if self.upper_open else "]"
            return f"{noun.replace('finite ', '')} in {left}{self.lower}, {self.upper}{right}"
        if low:
            return f"{noun} {'>' if self.lower_open else '>='} {self.lower}"
        if high:
            return f"{noun} {'<' if self.upper_open else '<='} {self.upper}"
        return noun

    def contains(self, value: Any) -> np.ndarray:
        """Elementwise membership; NaN and infinities are outside."""
        x = np.asarray(value, dtype=float)
        low = x > float(self.lower) if self.lower_open else x >= float(self.lower)
        high = x < float(self.upper) if self.upper_open else x <= float(self.upper)
        inside = np.isfinite(x) & low & high
        return inside & (x == np.floor(np.where(np.isfinite(x), x, 0.5))) if self.integer else inside

    def check(self, argument: str, value: Any) -> np.ndarray:
        """``value`` as an array (float dtypes kept, integers widened), or InputError with the first bad entry."""
        try:
            x = np.asarray(value)
            if x.dtype.kind not in "fiu":
                raise TypeError
        except (TypeError, ValueError):
            raise InputError(argument, str(self), value) from None
        x = x if x.dtype.kind == "f" else x.astype(float)
        inside = self.contains(x)
        if not np.all(inside):
            raise InputError(argument, str(self), np.atleast_1d(x)[~np.atleast_1d(inside)][0])
        return x

    def check_scalar(self, argument: str, value: Any) -> float | int:
        """One number of the domain, as int for integer domains; booleans, arrays and text are rejected."""
        if isinstance(value, (bool, np.bool_)) or not isinstance(
            value, (int, float, Fraction, np.integer, np.floating)
        ):
            raise InputError(argument, str(self), value)
        if not bool(self.contains(float(value))):
            raise InputError(argument, str(self), value)
        return int(value) if self.integer else float(value)

    def ends(self, limit: Fraction | int = 10**9) -> tuple[Fraction, Fraction]:
        """Exact rational end points for subdivision; an infinite end is cut at ``limit``."""
        lower = Fraction(-limit) if _infinite(self.lower) else Fraction(self.lower)
        upper = Fraction(limit) if _infinite(self.upper) else Fraction(self.upper)
        return lower, upper

    def inside(self, rng: np.random.Generator, size: int, limit: float = 1e3) -> np.ndarray:
        """Points of the domain: half spread evenly, half crowding geometrically towards the finite ends."""
        low, high = (float(e) for e in self.ends(Fraction(limit)))
        if self.integer:
            points = np.floor(low + np.expm1(rng.random(size) * np.log1p(high - low)))
            return np.clip(points, low, high)
        even = low + (high - low) * rng.random(size)
        depth = (high - low) * 10.0 ** (-16 * rng.random(size))
        near = np.where(rng.random(size) < 0.5, low + depth, high - depth)
        points = np.where(rng.random(size) < 0.5, even, near)
        return points[self.contains(points)] if self.lower_open or self.upper_open else np.clip(points, low, high)

    def edges(self) -> tuple[float, ...]:
        """The finite end points that belong to the domain."""
        ends = ((self.lower, self.lower_open), (self.upper, self.upper_open))
        return tuple(float(end) for end, is_open in ends if not _infinite(end) and not is_open)

    def outside(self) -> tuple[float, ...]:
        """Values that must be rejected: beyond each end, infinities, NaN, a half-integer where integers are meant."""
        beyond = [math.nan, math.inf, -math.inf]
        if not _infinite(self.lower):
            beyond.append(float(self.lower) if self.lower_open else float(self.lower) - 1.0)
        if not _infinite(self.upper):
            beyond.append(float(self.upper) if self.upper_open else float(self.upper) + 1.0)
        if self.integer:
            beyond.append(float(self.ends()[0]) + 0.5)
        return tuple(beyond)


def _infinite(end: Fraction | float) -> bool:
    return isinstance(end, float) and math.isinf(end)


UNIT = Domain(0, 1)
"""Zero-one conditional regrets t."""
TAU = Domain(0)
"""The comp-sum parameter tau."""
N_CLASSES = Domain(2, 10**9, integer=True)
"""Numbers of labels for which the algorithms are stated and tested."""
NONNEGATIVE = Domain(0)
"""Excesses, gaps and losses."""
REAL = Domain()
