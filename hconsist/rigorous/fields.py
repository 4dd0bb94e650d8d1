"""The numbers of the re-checker: Arb balls, intervals of mpmath (another library altogether), exact ones of SymPy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import mpmath
import sympy
from flint import arb, fmpq

from hconsist.definitions import precision
from hconsist.domains import UnsupportedError

__all__ = ["Balls", "Exact", "MpmathIntervals", "working"]


@contextmanager
def working(bits: int) -> Iterator[None]:
    """The precision of balls and intervals for this block only: both libraries keep it in a global."""
    before, mpmath.iv.prec = mpmath.iv.prec, bits
    try:
        with precision(bits):
            yield
    finally:
        mpmath.iv.prec = before


class Balls:
    """Arb balls at the current precision."""

    name = "balls"

    def interval(self, low: fmpq, high: fmpq) -> arb:
        """All numbers between two fractions."""
        return arb((low + high) / 2, (high - low) / 2)

    def rational(self, p: int, q: int) -> arb:
        return arb(fmpq(p, q))

    def constant(self, name: str) -> arb:
        return arb(1).exp() if name == "E" else arb.pi()

    def function(self, name: str, x: arb) -> arb:
        return getattr(x, name)()

    def power(self, x: arb, y: arb) -> arb:
        return (y * x.log()).exp()

    def positive(self, x: arb) -> bool:
        return bool(x > 0)

    def nonnegative(self, x: arb) -> bool:
        return bool(x >= 0)

    def is_zero(self, x: arb) -> bool:
        return bool(x == 0)

    def finite(self, x: arb) -> bool:
        return x.is_finite()

    def size(self, x: arb) -> float:
        """How far the ball reaches from 0."""
        return float(x.abs_upper())

    def power_log_at_zero(self, x: arb, y: arb, k: int) -> arb:
        top, zero = x.upper(), arb(0)
        if not top > 0:
            return zero
        found = zero.union(self.power(top, y) * top.log() ** k)
        # between 0 and the upper end the one extremum is at exp(-k/y)
        inside = k > 0 and not y * top.log() < -k
        return found.union((arb(-k) / (arb(1).exp() * y)) ** k) if inside else found


class MpmathIntervals:
    """Intervals of mpmath at its current precision: ends in its own floating point, rounded outwards.

    Slow, and independent of Arb.
    """

    name = "mpmath"

    def interval(self, low: fmpq, high: fmpq) -> Any:
        """All numbers between two fractions."""
        ends = self.rational(int(low.p), int(low.q)), self.rational(int(high.p), int(high.q))
        return mpmath.iv.mpf([ends[0].a, ends[1].b])

    def rational(self, p: int, q: int) -> Any:
        return mpmath.iv.mpf(p) / q

    def constant(self, name: str) -> Any:
        return mpmath.iv.exp(mpmath.iv.mpf(1)) if name == "E" else mpmath.iv.pi * 1

    def function(self, name: str, x: Any) -> Any:
        iv = mpmath.iv
        if name in ("exp", "log", "sqrt"):
            return getattr(iv, name)(x)
        if name in ("sinh", "cosh"):
            grown, shrunk = iv.exp(x), iv.exp(-x)
            return (grown - shrunk) / 2 if name == "sinh" else (grown + shrunk) / 2
        if name == "tanh":
            return 1 - 2 / (iv.exp(2 * x) + 1)
        raise UnsupportedError("function", "exp, log, sqrt, sinh, cosh or tanh for intervals of mpmath", name)

    def power(self, x: Any, y: Any) -> Any:
        return mpmath.iv.exp(y * mpmath.iv.log(x))

    def positive(self, x: Any) -> bool:
        return bool(x.a > 0)

    def nonnegative(self, x: Any) -> bool:
        return bool(x.a >= 0)

    def is_zero(self, x: Any) -> bool:
        return bool(x.a == 0 and x.b == 0)

    def finite(self, x: Any) -> bool:
        return bool(mpmath.isfinite(x.a) and mpmath.isfinite(x.b))

    def size(self, x: Any) -> float:
        """How far the interval reaches from 0."""
        return float(max(abs(mpmath.mpf(x.a)), abs(mpmath.mpf(x.b))))

    def power_log_at_zero(self, x: Any, y: Any, k: int) -> Any:
        iv, top = mpmath.iv, mpmath.iv.mpf(x.b)
        if not top.b > 0:
            return iv.mpf(0)
        ends = [iv.mpf(0), self.power(top, y) * iv.log(top) ** k]
        if k > 0 and not (y * iv.log(top)).b < -k:
            ends.append((-k / (iv.exp(iv.mpf(1)) * y)) ** k)
        return iv.mpf([min(e.a for e in ends), max(e.b for e in ends)])


class Exact:
    """SymPy expressions: for the coefficients that a lemma says are exactly 0."""

    name = "exact"

    def rational(self, p: int, q: int) -> sympy.Expr:
        return sympy.Rational(p, q)

    def constant(self, name: str) -> sympy.Expr:
        return sympy.E if name == "E" else sympy.pi

    def function(self, name: str, x: sympy.Expr) -> sympy.Expr:
        return getattr(sympy, name)(x)

    def power(self, x: sympy.Expr, y: sympy.Expr) -> sympy.Expr:
        return x**y

    def positive(self, x: sympy.Expr) -> bool:
        return bool(x.is_positive)

    def is_zero(self, x: sympy.Expr) -> bool:
        return bool(x.is_zero)

    def finite(self, x: sympy.Expr) -> bool:
        return not x.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo)

    def power_log_at_zero(self, x: sympy.Expr, y: sympy.Expr, k: int) -> sympy.Expr:
        return sympy.S.Zero if x == 0 else x**y * sympy.log(x) ** k
