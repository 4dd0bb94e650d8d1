"""Truncated Taylor expansions in one direction, over any field of numbers: balls, intervals of mpmath, SymPy.

An expansion is the list of its coefficients; missing ones are zero.  The recurrences are the textbook ones (Griewank
and Walther, Evaluating Derivatives, chapter 13).  A :class:`Field` supplies the numbers and the first coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from hconsist.rigorous.reader import Formula, operands

__all__ = ["Expansion", "Field", "Undefined"]

Series = list


class Undefined(ArithmeticError):
    """The formula, or its expansion, cannot be enclosed on this box."""


class Field(Protocol):
    """Numbers that enclose (or are) real numbers; + - * / work on them and on integers."""

    def rational(self, p: int, q: int) -> Any:
        """p/q."""
        ...

    def constant(self, name: str) -> Any:
        """E or pi."""
        ...

    def function(self, name: str, x: Any) -> Any:
        """exp, sinh, cosh, tanh, atan; log and sqrt of a positive x."""
        ...

    def power(self, x: Any, y: Any) -> Any:
        """x**y for x > 0."""
        ...

    def positive(self, x: Any) -> bool:
        """Whether all of x is > 0."""
        ...

    def is_zero(self, x: Any) -> bool:
        """Whether x is exactly 0."""
        ...

    def finite(self, x: Any) -> bool:
        """Whether x is defined, and bounded."""
        ...

    def power_log_at_zero(self, x: Any, y: Any, k: int) -> Any:
        """x**y*log(x)**k over the nonnegative part of an x that reaches 0, for y > 0."""
        ...


class Expansion:
    """A formula made ready for one field: what does not depend on the variables is computed once.

    ``value = expansion(values, order, along, nonnegative)``: coefficients 0..order of the expansion in variable
    ``along`` (only the value for order 0) around every point of ``values``, one number of the field for each variable.
    ``nonnegative`` says of a node whether it is >= 0 throughout.  Coefficients beyond the last one returned are 0.
    Raises :class:`Undefined` where a logarithm, a quotient or a power has no finite enclosure.
    """

    def __init__(self, field: Field, formula: Formula):
        self.field, self.formula = field, formula
        arithmetic = _Arithmetic(field, 0, lambda node: formula.nonnegative(node, ()))
        fixed: list[Any] = []
        for kind, *rest in formula.nodes:
            moving = kind == "variable" or any(fixed[i] is None for i in operands((kind, *rest)))
            fixed.append(None if moving else arithmetic.apply(kind, rest, fixed))
        self._steps = [(ready, kind, rest) for ready, (kind, *rest) in zip(fixed, formula.nodes)]

    def __call__(
        self, values: Sequence[Any], order: int, along: int | None, nonnegative: Callable[[int], bool]
    ) -> Series:
        arithmetic = _Arithmetic(self.field, order, nonnegative)
        series: list[Series] = []
        for ready, kind, rest in self._steps:
            if ready is not None:
                series.append(ready)
            elif kind == "variable":
                series.append([values[rest[0]], 1] if rest[0] == along and order else [values[rest[0]]])
            else:
                series.append(arithmetic.apply(kind, rest, series))
        return [self.field.rational(x, 1) if isinstance(x, int) else x for x in series[-1]]


class _Arithmetic:
    """The operations on expansions of one order."""

    def __init__(self, field: Field, order: int, nonnegative: Callable[[int], bool]):
        self.field, self.order, self.nonnegative = field, order, nonnegative

    def apply(self, kind: str, rest: Sequence[Any], series: Sequence[Series]) -> Series:
        """The expansion of a node from those of its operands."""
        if kind == "add":
            return self.add(series[rest[0]], series[rest[1]])
        if kind == "mul":
            return self.mul(series[rest[0]], series[rest[1]])
        if kind == "rational":
            return [self.field.rational(*rest)]
        if kind == "constant":
            return [self.field.constant(rest[0])]
        x = series[rest[0]]
        if kind == "div":
            return self.div(x, series[rest[1]])
        if kind == "integer_power":
            return self.integer_power(x, rest[1])
        if kind == "power":
            return self.power(x, series[rest[1]], rest[0])
        if kind == "power_log":
            return self.power_log(x, series[rest[1]], rest[2], rest[0])
        return getattr(self, kind)(x)

    def add(self, x: Series, y: Series) -> Series:
        longer, shorter = (x, y) if len(x) >= len(y) else (y, x)
        return [a + b for a, b in zip(longer, shorter)] + longer[len(shorter) :]

    def neg(self, x: Series) -> Series:
        return [-a for a in x]

    def mul(self, x: Series, y: Series) -> Series:
        if len(x) == 1:
            first = x[0]
            return [first * b for b in y]
        if len(y) == 1:
            first = y[0]
            return [a * first for a in x]
        return [_dot(x, y, k) for k in range(min(len(x) + len(y) - 1, self.order + 1))]

    def div(self, x: Series, y: Series) -> Series:
        if not (self.field.positive(y[0]) or self.field.positive(-y[0])):
            raise Undefined("a divisor that may be 0")
        if len(y) == 1:
            return [a / y[0] for a in x]
        found: Series = []
        for k in range(self.order + 1):
            known = sum(y[j] * found[k - j] for j in range(1, min(k, len(y) - 1) + 1))
            found.append((_at(x, k) - known) / y[0])
        return found

    def integer_power(self, x: Series, k: int) -> Series:
        if k == 0:  # both libraries give 1 for the power 0 of what is undefined
            self.require_finite(x[0])
        if len(x) == 1:
            return [x[0] ** k]
        found = [self.field.rational(1, 1)]
        for bit in bin(k)[2:]:
            found = self.mul(found, found)
            if bit == "1":
                found = self.mul(found, x)
        return found

    def exp(self, x: Series) -> Series:
        found = [self.field.function("exp", x[0])]
        if len(x) > 1:
            for k in range(1, self.order + 1):
                found.append(sum(j * x[j] * found[k - j] for j in range(1, min(k, len(x) - 1) + 1)) / k)
        return found

    def log(self, x: Series) -> Series:
        self.require_positive(x[0])
        found = [self.field.function("log", x[0])]
        if len(x) > 1:
            for k in range(1, self.order + 1):
                known = sum(j * found[j] * _at(x, k - j) for j in range(1, k)) / k if k > 1 else 0
                found.append((_at(x, k) - known) / x[0])
        return found

    def sqrt(self, x: Series) -> Series:
        self.require_positive(x[0])
        return self.constant_power(x, self.field.rational(1, 2), self.field.function("sqrt", x[0]))

    def power(self, x: Series, y: Series, base: int) -> Series:
        field = self.field
        if field.positive(x[0]):
            if len(y) == 1:
                return self.constant_power(x, y[0], field.power(x[0], y[0]))
            return self.exp(self.mul(y, self.log(x)))
        return self.power_log(x, y, 0, base)

    def power_log(self, x: Series, y: Series, k: int, base: int) -> Series:
        """x**y log(x)**k; at x = 0 only where x does not move, or is 0 altogether."""
        field = self.field
        if field.positive(x[0]):
            return self.mul(self.power(x, y, base), self.integer_power(self.log(x), k)) if k else self.power(x, y, base)
        if not field.positive(y[0]) or not self.nonnegative(base):
            raise Undefined("a real power of what may be negative, or of 0 to a power that may be <= 0")
        self.require_finite(x[0])
        if len(x) == 1 and field.is_zero(x[0]):
            return [x[0]]
        if len(x) > 1 or len(y) > 1:
            raise Undefined("a derivative of a real power at 0")
        return [field.power_log_at_zero(x[0], y[0], k)]

    def constant_power(self, x: Series, p: Any, first: Any) -> Series:
        """x**p for a constant exponent: y_k = sum_j (p j - (k - j)) x_j y_{k-j} / (k x_0)."""
        found = [first]
        if len(x) > 1:
            for k in range(1, self.order + 1):
                terms = (((p + 1) * j - k) * x[j] * found[k - j] for j in range(1, min(k, len(x) - 1) + 1))
                found.append(sum(terms) / (k * x[0]))
        return found

    def sinh(self, x: Series) -> Series:
        if len(x) == 1:
            return [self.field.function("sinh", x[0])]
        return [a / 2 for a in self.add(self.exp(x), self.neg(self.exp(self.neg(x))))]

    def cosh(self, x: Series) -> Series:
        if len(x) == 1:
            return [self.field.function("cosh", x[0])]
        return [a / 2 for a in self.add(self.exp(x), self.exp(self.neg(x)))]

    def tanh(self, x: Series) -> Series:
        """y' = (1 - y**2) x'."""
        return self._integrated("tanh", x, lambda y: self.add([self.field.rational(1, 1)], self.neg(self.mul(y, y))))

    def atan(self, x: Series) -> Series:
        """y' = x'/(1 + x**2)."""
        one = [self.field.rational(1, 1)]
        slope = self.div(one, self.add(one, self.mul(x, x))) if len(x) > 1 else one
        return self._integrated("atan", x, lambda y: slope)

    def _integrated(self, name: str, x: Series, slope: Callable[[Series], Series]) -> Series:
        """y with y' = slope(y) x', coefficient by coefficient."""
        found = [self.field.function(name, x[0])]
        if len(x) > 1:
            for k in range(1, self.order + 1):
                factor = slope(found)
                found.append(sum(j * x[j] * _at(factor, k - j) for j in range(1, min(k, len(x) - 1) + 1)) / k)
        return found

    def require_positive(self, x: Any) -> None:
        if not self.field.positive(x):
            raise Undefined("a logarithm or root of what may be <= 0")

    def require_finite(self, x: Any) -> None:
        if not self.field.finite(x):
            raise Undefined("a power of what has no finite enclosure")


def _at(x: Series, k: int) -> Any:
    return x[k] if k < len(x) else 0


def _dot(x: Series, y: Series, k: int) -> Any:
    low, high = max(0, k - len(y) + 1), min(k, len(x) - 1)
    total = x[low] * y[k - low]
    for j in range(low + 1, high + 1):
        total = total + x[j] * y[k - j]
    return total
