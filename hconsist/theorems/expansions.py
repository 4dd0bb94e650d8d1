"""What a formula does at an end of its range: expansions in x^q L^j, L = -log x, whose remainder is proved.

On (0, reach] a function is a finite sum of exact terms c x^q L^j plus one remainder, a monomial times a function that
lies in a given ball there.  Sums, products, real powers, log, exp and analytic functions keep this form, by Taylor's
theorem in balls.  So the sign of the first term that survives all cancellation is the sign of the function on the whole
of (0, reach], once the other terms relative to it stay in a ball around 0 that is small enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

import sympy
from flint import arb, arb_series, fmpq

from hconsist.definitions import Program, compile_expression, precision

__all__ = ["Expansion", "Undecided", "expand", "number_sign"]

BITS = 128
TERMS = 6
"""Exact terms reach so many powers of x beyond the first one."""

Monomial = tuple[Fraction, int]
"""(q, j) for x^q L^j."""
ONE: Monomial = (Fraction(0), 0)


class Undecided(Exception):
    """An expansion that this calculus does not reach; the message says why."""


def _size(m: Monomial) -> tuple[Fraction, int]:
    """Larger monomials near x = 0 sort first: a lower power of x, then a higher power of L."""
    return m[0], -m[1]


@dataclass(frozen=True)
class Range:
    """(0, reach], and how large monomials become there."""

    reach: Fraction

    def hull(self, m: Monomial) -> arb:
        """A ball around all values of x^q L^j, a monomial that stays bounded."""
        q, j = m
        if m == ONE:
            return arb(1)
        if q < 0 or (q == 0 and j > 0):
            raise Undecided("an unbounded monomial")
        x = _ball(self.reach)
        depth = -x.log()
        top = x ** _ball(q) * depth**j
        if j > 0 and not depth * _ball(q) > j:  # x^q L^j is largest at L = j/q
            top = top.union((_ball(j / q) * (-arb(1)).exp()) ** j)
        return arb(0).union(top.upper())


@dataclass(frozen=True)
class Expansion:
    """Exact terms, and the remainder as (monomial, ball) or None; see the module."""

    range: Range
    terms: dict[Monomial, sympy.Expr] = field(default_factory=dict)
    rest: tuple[Monomial, arb] | None = None

    # --- arithmetic ---

    def __add__(self, other: Expansion) -> Expansion:
        terms = dict(self.terms)
        for m, c in other.terms.items():
            terms[m] = terms[m] + c if m in terms else c
        return self._kept(terms, [self.rest, other.rest])

    def __mul__(self, other: Expansion) -> Expansion:
        terms: dict[Monomial, sympy.Expr] = {}
        rests = []
        for m, c in self.terms.items():
            for k, d in other.terms.items():
                both = _product(m, k)
                terms[both] = terms[both] + c * d if both in terms else c * d
        for one, two in ((self, other), (other, self)):
            if two.rest:
                rests += [(_product(m, two.rest[0]), _number(c) * two.rest[1]) for m, c in one.terms.items()]
        if self.rest and other.rest:
            rests.append((_product(self.rest[0], other.rest[0]), self.rest[1] * other.rest[1]))
        return self._kept(terms, rests)

    def times(self, m: Monomial, c: sympy.Expr) -> Expansion:
        """The product with c x^q L^j."""
        return self * Expansion(self.range, {m: c})

    def blurred(self, ball: arb) -> Expansion:
        """The product with a function that lies in the ball."""
        rests = [(m, _number(c) * ball) for m, c in self.terms.items()]
        return self._kept({}, [*rests, *([(self.rest[0], self.rest[1] * ball)] if self.rest else [])])

    def _kept(self, terms: dict[Monomial, sympy.Expr], rests: list) -> Expansion:
        """Zeros dropped, terms far beyond the first turned into remainder, all remainders merged."""
        terms = {m: c for m, c in ((m, _compact(c)) for m, c in terms.items()) if number_sign(c) != 0}
        rests = [rest for rest in rests if rest is not None]
        if terms:
            last = min(m[0] for m in terms) + TERMS
            rests += [(m, _number(c)) for m, c in terms.items() if m[0] > last]
            terms = {m: c for m, c in terms.items() if m[0] <= last}
        if not rests:
            return Expansion(self.range, terms)
        top = min((m for m, _ in rests), key=_size)
        ball = sum((b * self.range.hull(_quotient(m, top)) for m, b in rests), arb(0))
        return Expansion(self.range, terms, (top, ball))

    # --- the first term ---

    def first(self) -> tuple[Monomial, sympy.Expr]:
        """The monomial that leads as x -> 0 and its exact nonzero coefficient."""
        if not self.terms:
            raise Undecided("all exact terms cancel")
        m = min(self.terms, key=_size)
        if self.rest and _size(self.rest[0]) <= _size(m):
            raise Undecided("the remainder is as large as the first term")
        return m, self.terms[m]

    def relative(self) -> Expansion:
        """u with f = c x^q L^j (1 + u)."""
        m, c = self.first()
        scaled = self.times(_quotient(ONE, m), 1 / c)
        return Expansion(self.range, {k: d for k, d in scaled.terms.items() if k != ONE}, scaled.rest)

    def hull(self) -> arb:
        """A ball around all values on (0, reach], of a function that stays bounded."""
        parts = [*((m, _number(c)) for m, c in self.terms.items()), *([self.rest] if self.rest else [])]
        return sum((b * self.range.hull(m) for m, b in parts), arb(0))

    def sign(self) -> int | None:
        """1 or -1 where the function has this sign on the whole of (0, reach]; None where that is not shown."""
        _, c = self.first()
        with precision(BITS):
            return number_sign(c) if self.relative().hull() > -1 else None

    def limit(self) -> sympy.Expr | None:
        """The limit at 0 where it is finite, exactly; None where it is not."""
        if not self.terms and self.rest and _size(self.rest[0]) > _size(ONE):
            return sympy.S.Zero
        m, c = self.first()
        if _size(m) > _size(ONE):
            return sympy.S.Zero
        return c if m == ONE else None

    # --- functions ---

    def power(self, r: sympy.Expr) -> Expansion:
        """f^r for a rational r."""
        if not r.is_Rational:
            raise Undecided(f"the exponent {r}")
        (q, j), c = self.first()
        exponent = Fraction(int(r.p), int(r.q))
        if (j * exponent).denominator != 1 or (number_sign(c) < 0 and exponent.denominator != 1):
            raise Undecided(f"a power {r} of a logarithm or of a negative number")
        y = sympy.Symbol("y", real=True)
        return self._outside((1 + y) ** r, y, self.relative()).times((q * exponent, int(j * exponent)), c**r)

    def log(self) -> Expansion:
        """log f for a positive f without a logarithm in its first term."""
        (q, j), c = self.first()
        if j != 0 or number_sign(c) < 0:
            raise Undecided("the logarithm of a logarithm, or of a negative number")
        y = sympy.Symbol("y", real=True)
        linear = {m: v for m, v in (((Fraction(0), 1), sympy.Rational(-q)), (ONE, sympy.log(c))) if v != 0}
        return Expansion(self.range, linear) + self._outside(sympy.log(1 + y), y, self.relative())

    def exp(self) -> Expansion:
        """exp f for f = a L + c + u, u -> 0, with a rational."""
        large = {m: c for m, c in self.terms.items() if _size(m) < _size(ONE)}
        if self.rest and _size(self.rest[0]) <= _size(ONE):
            raise Undecided("exp of a remainder that does not vanish")
        if set(large) - {(Fraction(0), 1)} or not all(c.is_Rational for c in large.values()):
            raise Undecided("exp of a large argument that is no multiple of log x")
        slope = sum((Fraction(int(c.p), int(c.q)) for c in large.values()), Fraction(0))
        y = sympy.Symbol("y", real=True)
        small = Expansion(self.range, {m: c for m, c in self.terms.items() if _size(m) > _size(ONE)}, self.rest)
        return self._outside(sympy.exp(y), y, small).times((-slope, 0), sympy.exp(self.terms.get(ONE, sympy.S.Zero)))

    def analytic(self, function: Callable[[sympy.Expr], sympy.Expr]) -> Expansion:
        """function(f) for f with a finite limit, the function being analytic on the real line."""
        at = self.limit()
        if at is None:
            raise Undecided("a function of an unbounded argument")
        y = sympy.Symbol("y", real=True)
        small = Expansion(self.range, {m: c for m, c in self.terms.items() if m != ONE}, self.rest)
        return self._outside(function(at + y), y, small)

    def _outside(self, f: sympy.Expr, y: sympy.Symbol, u: Expansion) -> Expansion:
        """f(u) for u -> 0: exact Taylor coefficients, and the next one in a ball around all values of u."""
        if not u.terms and u.rest is None:
            return Expansion(self.range, {ONE: f.subs(y, 0)} if f.subs(y, 0) != 0 else {})
        q = min([*u.terms, *([u.rest[0]] if u.rest else [])], key=_size)[0]
        order = min(12, math.ceil(TERMS / q) + 1) if q > 0 else TERMS
        total, monomial, derivative = Expansion(self.range), Expansion(self.range, {ONE: sympy.S.One}), f
        for k in range(order):
            coefficient = derivative.subs(y, 0) / sympy.factorial(k)
            if coefficient != 0:
                total = total + monomial.times(ONE, coefficient)
            monomial, derivative = monomial * u, sympy.diff(derivative, y)
        hull = arb(0).union(u.hull())
        with precision(BITS, order + 1):
            ball = compile_expression(f, (y,)).series(arb_series([hull, 1]))[order]
        if not ball.is_finite():
            raise Undecided("a Taylor remainder that is not bounded on this range")
        return total + monomial.blurred(ball)


def expand(expression: sympy.Expr, x: sympy.Symbol, reach: Fraction) -> Expansion:
    """The expansion of an expression in x on (0, reach], reach <= 1/4; Undecided where there is none of this form."""
    with precision(BITS):
        return _Reader(x, Range(reach)).read(expression)


class _Reader:
    """Walks the tree once; equal subtrees are expanded once."""

    def __init__(self, x: sympy.Symbol, range_: Range):
        self.x, self.range = x, range_
        self.seen: dict[sympy.Expr, Expansion] = {x: Expansion(range_, {(Fraction(1), 0): sympy.S.One})}

    def read(self, e: sympy.Expr) -> Expansion:
        if e not in self.seen:
            self.seen[e] = self._read(e)
        return self.seen[e]

    def _read(self, e: sympy.Expr) -> Expansion:
        if not e.has(self.x):
            return Expansion(self.range, {ONE: e} if number_sign(e) != 0 else {})
        if e.is_Add or e.is_Mul:
            parts = [self.read(part) for part in e.args]
            total = parts[0]
            for part in parts[1:]:
                total = total + part if e.is_Add else total * part
            return total
        if e.is_Pow and not e.exp.has(self.x):
            return self._power(self.read(e.base), e.exp)
        if e.is_Pow:
            return (self.read(e.base).log() * self.read(e.exp)).exp()
        inside = self.read(e.args[0])
        if isinstance(e, sympy.log):
            return inside.log()
        return inside.exp() if isinstance(e, sympy.exp) else inside.analytic(e.func)

    @staticmethod
    def _power(base: Expansion, exponent: sympy.Expr) -> Expansion:
        if exponent.is_Integer and 0 < exponent <= 8:  # exact, and free of divisions
            total = base
            for _ in range(int(exponent) - 1):
                total = total * base
            return total
        return base.power(exponent)


@lru_cache(maxsize=4096)
def number_sign(c: sympy.Expr) -> int:
    """The sign of an exact number: from balls, or 0 by SymPy; Undecided where neither tells."""
    if c.is_Rational:
        return int(sympy.sign(c))
    program = _program(c)
    for bits in (128, 1024):
        with precision(bits):
            ball = program.arb()
            if ball > 0 or ball < 0:
                return 1 if ball > 0 else -1
    if sympy.simplify(c) == 0:
        return 0
    raise Undecided(f"the sign of {c}")


def _compact(c: sympy.Expr) -> sympy.Expr:
    """Multiplied out: a polynomial in the few constants of the formula, instead of nested sums of products."""
    return c if c.is_Rational else sympy.expand(c)


def _product(m: Monomial, k: Monomial) -> Monomial:
    return m[0] + k[0], m[1] + k[1]


def _quotient(m: Monomial, k: Monomial) -> Monomial:
    return m[0] - k[0], m[1] - k[1]


def _ball(x: Fraction | int) -> arb:
    value = Fraction(x)
    return arb(fmpq(value.numerator, value.denominator))


def _number(c: sympy.Expr) -> arb:
    return _program(c).arb()


@lru_cache(maxsize=4096)
def _program(c: sympy.Expr) -> Program:
    return compile_expression(c, ())
