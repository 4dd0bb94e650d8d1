"""An exact second opinion for algebraic inequalities: z3 decides nonlinear real arithmetic, without subdivision.

z3 is optional (``pip install hconsist[smt]``).  It knows neither logarithms nor exponents that vary: a claim must be
put at one rational tau.  A real power x**(p/q) becomes y**p with an unknown y >= 0, y**q = x.  That every base is
nonnegative and every divisor nonzero on the whole box is asked first: a formula undefined somewhere proves nothing.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy
from flint import fmpq

from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.rigorous.points import exact
from hconsist.rigorous.reader import Box, Formula, read

__all__ = ["decide", "second_opinion"]

LARGEST_POWER = 200


def second_opinion(
    expression: sympy.Expr,
    domain: Mapping[sympy.Symbol, tuple[Any, Any]],
    *,
    strict: bool = False,
    max_seconds: float = 60.0,
) -> Evidence:
    """Whether ``expression >= 0`` (``> 0`` if strict) on a rational box, decided exactly by z3.

    Parameters
    ----------
    expression : rationals, the symbols of ``domain``, + - * / and powers with rational exponents.
    domain : symbol -> (lower, upper), exact rationals.
    max_seconds : time allowed to z3 for each question.

    Returns
    -------
    Evidence
        Level ``enclosed``: ``proved``, ``refuted`` with a rational witness, at which z3 was asked again, or
        ``inconclusive``.

    Raises
    ------
    InputError
        for inexact or empty ranges, missing symbols, or symbols whose names do not tell them apart.
    UnsupportedError
        where z3 is not installed, or the expression holds a logarithm, another function or a varying exponent.
    """
    names = [s.name for s in domain]
    ends = [(exact(s.name, low), exact(s.name, high)) for s, (low, high) in domain.items()]
    for s, (low, high) in zip(domain, ends):
        if low > high or (s.is_nonnegative and low < 0) or (s.is_nonpositive and high > 0):
            raise InputError(s.name, "a range with lower <= upper, of the sign assumed of its symbol", (low, high))
    if missing := sorted(s.name for s in expression.free_symbols - set(domain)):
        raise InputError("domain", "a range for every symbol of the expression", f"none for {', '.join(missing)}")
    box = tuple((fmpq(a.numerator, a.denominator), fmpq(b.numerator, b.denominator)) for a, b in ends)
    return decide(read(str(expression), names), box, strict=strict, max_seconds=max_seconds)


def decide(
    formula: Formula, box: Box, *, strict: bool, off: Sequence[tuple[int, fmpq]] = (), max_seconds: float = 60.0
) -> Evidence:
    """The same for a formula read from text.

    ``off`` lists pairs (k, a): where variable k is a, a strict statement asks for no more than ``>= 0``.
    """
    start = time.perf_counter()
    z3 = _z3()
    encoding = _Encoding(z3, formula, box, max_seconds)
    if encoding.undefined:
        return _found(Verdict.INCONCLUSIVE, start, reason=f"z3 cannot show that {encoding.undefined} on the box")
    solver, value = encoding.solver, encoding.terms[-1]
    false = value <= 0 if strict else value < 0
    if strict and off:
        false = z3.Or(value < 0, z3.And(false, *(encoding.terms[k] != encoding.fraction(at) for k, at in off)))
    solver.add(false)
    answer = solver.check()
    if answer == z3.unsat:
        return _found(Verdict.PROVED, start)
    if answer == z3.unknown:
        return _found(Verdict.INCONCLUSIVE, start, reason=f"z3: {solver.reason_unknown()}")
    model = solver.model()
    values = [_rational(z3, model.eval(x, model_completion=True)) for x in encoding.terms[: len(formula.names)]]
    solver.add(*(x == z3.Q(v.numerator, v.denominator, encoding.context) for x, v in zip(encoding.terms, values)))
    if solver.check() != z3.sat:
        return _found(Verdict.INCONCLUSIVE, start, reason="false at an irrational point, and at no rational one tried")
    return _found(Verdict.REFUTED, start, witness={name: str(v) for name, v in zip(formula.names, values)})


def _z3() -> Any:
    try:
        return importlib.import_module("z3")
    except ImportError:
        raise UnsupportedError("evaluator", "balls or mpmath (z3 needs: pip install hconsist[smt])", "z3") from None


def _found(verdict: Verdict, start: float, **more: Any) -> Evidence:
    note = "decided exactly by z3 (nonlinear real arithmetic)"
    seconds = time.perf_counter() - start
    return Evidence(verdict, Level.ENCLOSED, points=1, notes=(note,), seconds=seconds, **more)


class _Encoding:
    """A term for each node of a formula, over a solver that knows the box and what defines the roots."""

    def __init__(self, z3: Any, formula: Formula, box: Box, max_seconds: float):
        self.z3, self.formula = z3, formula
        self.context = z3.Context()  # of its own: how long z3 takes then does not depend on what it was asked before
        self.solver = z3.Solver(ctx=self.context)
        self.solver.set("timeout", int(1000 * max_seconds))
        self.undefined = ""
        self.roots: dict[tuple[int, int], Any] = {}
        self.terms: list[Any] = []
        for node in formula.nodes:
            self.terms.append(self._term(node))
            if node[0] == "variable":
                low, high = box[node[1]]
                self.solver.add(self.terms[-1] >= self.fraction(low), self.terms[-1] <= self.fraction(high))

    def fraction(self, value: fmpq) -> Any:
        return self.z3.Q(int(value.p), int(value.q), self.context)

    def _require(self, otherwise: Any, words: str) -> None:
        """Ask, with what is known so far, that ``otherwise`` is impossible."""
        self.solver.push()
        self.solver.add(otherwise)
        if self.solver.check() != self.z3.unsat:
            self.undefined = self.undefined or words
        self.solver.pop()

    def _term(self, node: tuple) -> Any:
        kind, *rest = node
        if kind == "variable":
            return self.z3.Real(self.formula.names[rest[0]], self.context)
        if kind == "rational":
            return self.fraction(fmpq(*rest))
        if kind == "neg":
            return -self.terms[rest[0]]
        if kind == "integer_power":
            return self._integer_power(self.terms[rest[0]], rest[1])
        if kind in ("add", "mul", "div"):
            x, y = self.terms[rest[0]], self.terms[rest[1]]
            if kind == "div":
                self._require(y == 0, "a divisor is nonzero")
            return x + y if kind == "add" else x * y if kind == "mul" else x / y
        exponent = ("rational", 1, 2) if kind == "sqrt" else self.formula.nodes[rest[1]] if kind == "power" else ("?",)
        if exponent[0] != "rational":
            words = "made of rational functions and powers with rational exponents for z3"
            raise UnsupportedError("expression", words, "a varying exponent" if kind == "power" else kind)
        return self._root(rest[0], Fraction(exponent[1], exponent[2]))

    def _root(self, index: int, exponent: Fraction) -> Any:
        """y**p for exponent p/q, with the unknown y >= 0, y**q = base; one unknown for each base and q."""
        base, key = self.terms[index], (index, exponent.denominator)
        if key not in self.roots:
            self._require(base < 0, "the base of a real power is nonnegative")
            y = self.roots[key] = self.z3.Real(f"root!{len(self.roots)}", self.context)
            self.solver.add(y >= 0, self._integer_power(y, exponent.denominator) == base)
        power = self._integer_power(self.roots[key], abs(exponent.numerator))
        if exponent < 0:
            self._require(power == 0, "the base of a negative power is positive")
        return power if exponent >= 0 else 1 / power

    def _integer_power(self, x: Any, k: int) -> Any:
        if k > LARGEST_POWER:
            raise InputError("exponent", f"at most {LARGEST_POWER} for z3", k)
        result = self.z3.RealVal(1, self.context)
        for bit in bin(k)[2:]:
            result = result * result
            if bit == "1":
                result = result * x
        return self.z3.simplify(result)


def _rational(z3: Any, value: Any) -> Fraction:
    """The number as a fraction; an algebraic one to 20 digits."""
    if z3.is_algebraic_value(value):
        value = value.approx(20)
    return Fraction(value.numerator_as_long(), value.denominator_as_long())
