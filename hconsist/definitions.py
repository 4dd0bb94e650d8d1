"""One symbolic definition, many evaluators: arrays, mpmath, balls, Taylor series of balls, LaTeX.

:func:`compile_expression` turns a SymPy tree into a straight-line :class:`Program` with shared subexpressions, run by
tables of operations; no source code is generated.  (``sympy.lambdify`` is unsound for balls: 1/3 becomes a double
whose ball misses 1/3.)  Floats and unknown functions are refused: a definition is exact or it is none.

Where a base is known to be nonnegative, ``x**q`` and ``x**q*log(x)**k`` with q > 0 are enclosed at x = 0 too;
everything else that is undefined somewhere in a ball gives a non-finite ball, an honest failure.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import numpy as np
import sympy
from flint import arb, arb_series, ctx, fmpq

from hconsist.domains import Domain, InputError

__all__ = ["Definition", "Program", "compile_expression", "precision", "to_ball"]

Box = Mapping[sympy.Symbol, tuple[Fraction, Fraction]]


@contextmanager
def precision(bits: int, terms: int | None = None) -> Iterator[None]:
    """Ball precision and series length for this block only; both are restored whatever happens."""
    before, cap = ctx.prec, ctx.cap
    ctx.prec = bits
    if terms is not None:
        ctx.cap = terms
    try:
        yield
    finally:
        ctx.prec, ctx.cap = before, cap


def to_ball(value: Any) -> arb:
    """``value`` (int, Fraction, SymPy rational, double or ball) as a ball around it, at the current precision."""
    if isinstance(value, (Fraction, sympy.Rational)):
        return arb(fmpq(int(value.numerator), int(value.denominator)))
    return value if isinstance(value, arb) else arb(value)


# --- operations of each backend ------------------------------------------------------------------

_NAN = arb("nan")


def _ball_power(x: arb, q: arb) -> arb:
    """x**q for a base known to be nonnegative: the ball may reach below zero by rounding only."""
    if x > 0:
        return x**q
    if x < 0 or not q > 0 or not x.is_finite():
        return _NAN
    top = x.upper()
    return arb(0).union(top**q) if top > 0 else arb(0)


def _ball_power_log(k: int, x: arb, q: arb) -> arb:
    """x**q * log(x)**k for a nonnegative base: 0 at x = 0, extreme value (-k/(e q))**k at exp(-k/q)."""
    if x > 0:
        return x**q * x.log() ** k
    if x < 0 or not q > 0 or not x.is_finite():
        return _NAN
    top = x.upper()
    if not top > 0:
        return arb(0)
    hull = arb(0).union(top**q * top.log() ** k)
    monotone = top.log() * q < -k
    return hull if monotone else hull.union((-k / (arb(1).exp() * q)) ** k)


def _constant(series: arb_series) -> bool:
    return series.length() <= 1


def _nan_series() -> arb_series:
    return arb_series([_NAN] * ctx.cap)


def _series_power(x: arb_series, q: arb_series) -> arb_series:
    if x[0] > 0:
        return x**q
    if x.length() == 0 and q[0] > 0:  # the zero series: 0**q = 0 whatever q > 0
        return x
    return arb_series([_ball_power(x[0], q[0])]) if _constant(x) and _constant(q) else _nan_series()


def _series_power_log(k: int, x: arb_series, q: arb_series) -> arb_series:
    if x[0] > 0:
        return x**q * _series_int_power(k, x.log())
    return arb_series([_ball_power_log(k, x[0], q[0])]) if _constant(x) and _constant(q) else _nan_series()


def _series_int_power(k: int, x: arb_series) -> arb_series:
    result = x
    for bit in bin(k)[3:]:
        result = result * result
        if bit == "1":
            result = result * x
    return result


def _series_multiply(x: arb_series, y: arb_series) -> arb_series:
    """The zero series has no coefficient to carry what is undefined in the other factor."""
    empty, other = (x, y) if x.length() == 0 else (y, x)
    undefined = empty.length() == 0 and not all(other[k].is_finite() for k in range(other.length()))
    return _nan_series() if undefined else x * y


def _series_divide(x: arb_series, y: arb_series) -> arb_series:
    return _nan_series() if y[0].contains(0) or not y[0].is_finite() else x / y


def _series_guarded(function: Callable[[arb_series], arb_series]) -> Callable[[arb_series], arb_series]:
    """log, sqrt and powers of a series are analytic only where the constant term is positive."""
    return lambda x: function(x) if x[0] > 0 else _nan_series()


def _series_sinh(x: arb_series) -> arb_series:
    return (x.exp() - (-x).exp()) / arb(2)


def _series_cosh(x: arb_series) -> arb_series:
    return (x.exp() + (-x).exp()) / arb(2)


_ARITHMETIC: dict[str, Callable] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "int_power": lambda k, x: x**k,
    "power": operator.pow,
}


def _defined_power(x: arb, q: arb) -> arb:
    """x**q; Arb gives 1 for the power 0 of what is undefined."""
    return x**q if x.is_finite() else _NAN


_BALLS: dict[str, Callable] = {
    **_ARITHMETIC,
    **{name: getattr(arb, name) for name in ("log", "exp", "sqrt", "log1p", "sinh", "cosh", "tanh", "atan")},
    "power": _defined_power,
    "safe_power": _ball_power,
    "power_log": _ball_power_log,
}
_SERIES: dict[str, Callable] = {
    **_ARITHMETIC,
    "mul": _series_multiply,
    "div": _series_divide,
    "int_power": _series_int_power,
    "power": lambda x, q: x**q if x[0] > 0 else _nan_series(),
    "safe_power": _series_power,
    "power_log": _series_power_log,
    "exp": arb_series.exp,
    "atan": arb_series.atan,
    "log": _series_guarded(arb_series.log),
    "log1p": lambda x: (1 + x).log() if (1 + x)[0] > 0 else _nan_series(),
    "sqrt": _series_guarded(arb_series.sqrt),
    "sinh": _series_sinh,
    "cosh": _series_cosh,
    "tanh": lambda x: _series_divide(_series_sinh(x), _series_cosh(x)),
}
_MPMATH: dict[str, Callable] = {
    **_ARITHMETIC,
    **{name: getattr(mpmath, name) for name in ("log", "exp", "sqrt", "log1p", "sinh", "cosh", "tanh", "atan")},
    "safe_power": operator.pow,
    "power_log": lambda k, x, q: x**q * mpmath.log(x) ** k if x != 0 else mpmath.mpf(0) if q > 0 else mpmath.nan,
}


def _array_table(xp: Any) -> dict[str, Callable]:
    """Operations of an array-API namespace."""

    def power_log(k: int, x: Any, q: Any) -> Any:
        zero = x == 0
        return xp.where(zero, 0.0 * x, x**q * xp.log(xp.where(zero, 1.0 + 0.0 * x, x)) ** k)

    named = {name: getattr(xp, name) for name in ("log", "exp", "sqrt", "log1p", "sinh", "cosh", "tanh")}
    atan = xp.arctan if xp is np else xp.atan
    return {**_ARITHMETIC, **named, "atan": atan, "safe_power": operator.pow, "power_log": power_log}


# --- the program -----------------------------------------------------------------------------------

Instruction = tuple[str, int | None, tuple[int, ...]]
"""Operation, its integer parameter (an exponent) if it has one, and the slots of its arguments."""


@dataclass
class Program:
    """A straight-line program: slots hold the variables, then the constants, then one result per instruction.

    The methods take one value per symbol, in the order of ``symbols``.
    """

    symbols: tuple[sympy.Symbol, ...]
    constants: tuple[Fraction, ...]
    fixed: tuple[Instruction, ...]
    """Instructions on constants alone, run once per precision."""
    moving: tuple[Instruction, ...]
    result: int
    _prepared: dict[Any, tuple[list, list]] = field(default_factory=dict, repr=False)

    def numpy(self, *arrays: Any) -> Any:
        """The value on NumPy arrays (dtype kept; NumPy's own warnings apply outside the domain)."""
        return self.array(np, *arrays)

    def array(self, xp: Any, *arrays: Any) -> Any:
        """The value on arrays of the array-API namespace ``xp``; constants are correctly rounded doubles."""
        return self._run(("array", id(xp)), lambda: _array_table(xp), self._doubles, arrays)

    def mpmath(self, *values: Any) -> Any:
        """The value at mpmath's working precision."""

        def constants() -> list:
            exact = [mpmath.mpf(c.numerator) / c.denominator for c in self.constants]
            return self._fold(_resolve(self.fixed, _MPMATH), exact)

        return self._run(("mpmath", mpmath.mp.prec), lambda: _MPMATH, constants, [mpmath.mpf(v) for v in values])

    def arb(self, *balls: arb) -> arb:
        """A ball that contains the value at every point of the argument balls, at the current precision."""
        return self._run(("arb", ctx.prec), lambda: _BALLS, self._balls, balls)

    def series(self, *series: arb_series) -> arb_series:
        """The Taylor expansion, truncated at ``flint.ctx.cap`` terms, with ball coefficients."""

        def constants() -> list:
            return [arb_series([c]) for c in self._balls()]

        return self._run(("series", ctx.prec, ctx.cap), lambda: _SERIES, constants, series)

    def _run(self, key: Any, table: Callable[[], dict], constants: Callable[[], list], values: Sequence[Any]) -> Any:
        if len(values) != len(self.symbols):
            raise InputError("values", f"one per symbol ({len(self.symbols)})", len(values))
        if key not in self._prepared:
            self._prepared[key] = constants(), _resolve(self.moving, table())
        ready, steps = self._prepared[key]
        slots = [*values, *ready]
        push = slots.append
        for function, first, second in steps:
            push(function(slots[first]) if second < 0 else function(slots[first], slots[second]))
        return slots[self.result]

    def _fold(self, steps: list, constants: list) -> list:
        slots = [None] * len(self.symbols) + constants
        for function, first, second in steps:
            slots.append(function(slots[first]) if second < 0 else function(slots[first], slots[second]))
        return slots[len(self.symbols) :]

    def _balls(self) -> list:
        return self._fold(_resolve(self.fixed, _BALLS), [to_ball(c) for c in self.constants])

    def _doubles(self) -> list:
        with precision(256):
            return [float(ball.mid()) for ball in self._balls()]


def _resolve(instructions: Sequence[Instruction], table: Mapping[str, Callable]) -> list:
    return [
        (table[name] if k is None else partial(table[name], k), args[0], args[1] if len(args) == 2 else -1)
        for name, k, args in instructions
    ]


# --- the compiler ----------------------------------------------------------------------------------

_UNARY = {sympy.exp: "exp", sympy.sinh: "sinh", sympy.cosh: "cosh", sympy.tanh: "tanh", sympy.atan: "atan"}


def compile_expression(expression: sympy.Expr, symbols: Sequence[sympy.Symbol], box: Box | None = None) -> Program:
    """The program that evaluates ``expression`` as a function of ``symbols``.

    ``box`` (rational ends for some symbols) tells which bases are nonnegative, so that powers of balls that touch
    zero can be enclosed; the program is then valid for arguments in the box only.

    Raises
    ------
    InputError
        for a Float, an unknown function, or a symbol that is not among ``symbols``.
    """
    compiler = _Compiler(tuple(symbols), box or {})
    return compiler.program(sympy.sympify(expression, strict=True))


class _Compiler:
    """Walks the tree once; equal subtrees (SymPy hashes by structure) share one slot."""

    def __init__(self, symbols: tuple[sympy.Symbol, ...], box: Box):
        self.symbols, self.box = symbols, box
        self.code: list[tuple[Any, ...]] = [("symbol", s) for s in symbols]
        self.slots: dict[Any, int] = {entry: i for i, entry in enumerate(self.code)}
        self.seen: dict[sympy.Expr, int] = {s: i for i, s in enumerate(symbols)}

    def program(self, expression: sympy.Expr) -> Program:
        """Visit, then order the slots: variables, constants, constant instructions, the others."""
        result = self.visit(expression)
        fixed = self._constant_slots()
        kinds = [
            0 if entry[0] == "symbol" else 1 if entry[0] == "constant" else 2 if i in fixed else 3
            for i, entry in enumerate(self.code)
        ]
        order = sorted(range(len(self.code)), key=lambda i: (kinds[i], i))
        place = {old: new for new, old in enumerate(order)}

        def instructions(kind: int) -> tuple[Instruction, ...]:
            chosen = [self.code[i] for i in order if kinds[i] == kind]
            return tuple((name, k, tuple(place[a] for a in args)) for name, k, args in chosen)

        constants = tuple(self.code[i][1] for i in order if kinds[i] == 1)
        return Program(self.symbols, constants, instructions(2), instructions(3), place[result])

    def _constant_slots(self) -> set[int]:
        fixed: set[int] = set()
        for i, entry in enumerate(self.code):
            if entry[0] == "constant" or (entry[0] != "symbol" and all(a in fixed for a in entry[2])):
                fixed.add(i)
        return fixed

    def emit(self, name: str, *args: int, k: int | None = None) -> int:
        return self._slot((name, k, args))

    def _slot(self, entry: tuple[Any, ...]) -> int:
        if entry not in self.slots:
            self.slots[entry] = len(self.code)
            self.code.append(entry)
        return self.slots[entry]

    def visit(self, e: sympy.Expr) -> int:
        if e not in self.seen:
            self.seen[e] = self._visit(e)
        return self.seen[e]

    def _visit(self, e: sympy.Expr) -> int:
        if e.is_Rational:
            return self._slot(("constant", Fraction(int(e.p), int(e.q))))
        if e is sympy.E:
            return self.emit("exp", self.visit(sympy.S.One))
        if e is sympy.pi:
            return self.emit("mul", self.visit(sympy.Integer(4)), self.emit("atan", self.visit(sympy.S.One)))
        if e.is_Add:
            return self._sum(e)
        if e.is_Mul:
            return self._product(e)
        if e.is_Pow:
            return self._power(e.base, e.exp)
        if isinstance(e, sympy.log) and len(e.args) == 1:
            rest = e.args[0] - 1
            shifted = e.args[0].is_Add and e.args[0].has(*self.symbols) and sympy.S.One in e.args[0].args
            return self.emit("log1p", self.visit(rest)) if shifted else self.emit("log", self.visit(e.args[0]))
        if e.func in _UNARY:
            return self.emit(_UNARY[e.func], self.visit(e.args[0]))
        allowed = "made of rationals, its own symbols, + - * / **, log, exp, sinh, cosh, tanh and atan"
        raise InputError("expression", allowed, e if e.is_Atom else e.func.__name__)

    def _sum(self, e: sympy.Expr) -> int:
        terms = sorted(e.as_ordered_terms(), key=lambda term: bool(term.could_extract_minus_sign()))
        total = self.visit(terms[0])
        for term in terms[1:]:
            negative = term.as_coeff_Mul()[0].is_negative
            total = self.emit("sub" if negative else "add", total, self.visit(-term if negative else term))
        return total

    def _product(self, e: sympy.Expr) -> int:
        coefficient, rest = e.as_coeff_Mul()
        if coefficient == -1:
            return self.emit("neg", self.visit(rest))
        factors, slots = list(e.args), []
        for log in [f for f in factors if isinstance(f.as_base_exp()[0], sympy.log)]:
            merged = self._power_log(log, factors)
            if merged is not None:
                slots.append(merged)
        below = [f for f in factors if f.is_Pow and f.exp.is_Rational and f.exp < 0]
        slots += [self.visit(f) for f in factors if f not in below]
        total = self._chain("mul", slots) if slots else self.visit(sympy.S.One)
        return self.emit("div", total, self._chain("mul", [self.visit(1 / f) for f in below])) if below else total

    def _chain(self, name: str, slots: list[int]) -> int:
        total = slots[0]
        for slot in slots[1:]:
            total = self.emit(name, total, slot)
        return total

    def _power_log(self, log: sympy.Expr, factors: list[sympy.Expr]) -> int | None:
        """The slot of x**q*log(x)**k, whose two factors are taken out of ``factors``; None where they do not meet."""
        base_log, k = log.as_base_exp()
        x = base_log.args[0]
        if not (k.is_Integer and k > 0 and self.nonnegative(x)):
            return None
        for f in factors:
            if f is not log and f.as_base_exp()[0] == x and not f.as_base_exp()[1].is_negative:
                factors.remove(f)
                factors.remove(log)
                return self.emit("power_log", self.visit(x), self.visit(f.as_base_exp()[1]), k=int(k))
        return None

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> int:
        if exponent.is_Rational and exponent < 0:
            return self.emit("div", self.visit(sympy.S.One), self.visit(base**-exponent))
        if exponent.is_Integer:
            return self.emit("int_power", self.visit(base), k=int(exponent))
        if exponent == sympy.S.Half and not self.nonnegative(base):
            return self.emit("sqrt", self.visit(base))
        name = "safe_power" if self.nonnegative(base) else "power"
        return self.emit(name, self.visit(base), self.visit(exponent))

    def nonnegative(self, e: sympy.Expr) -> bool:
        """Whether e >= 0 throughout the box, by SymPy's assumptions, by structure, or at the corners if multilinear."""
        if e.is_nonnegative:
            return True
        if e.is_Pow and e.exp.is_real and self.nonnegative(e.base):
            return True
        if (e.is_Add or e.is_Mul) and all(self.nonnegative(part) for part in e.args):
            return True
        return self._corners_nonnegative(e)

    def _corners_nonnegative(self, e: sympy.Expr) -> bool:
        free = sorted(e.free_symbols, key=str)
        if not free or len(free) > 6 or not all(s in self.box for s in free) or not e.is_polynomial(*free):
            return False
        polynomial = sympy.Poly(e, *free)
        if any(degree > 1 for degree in polynomial.degree_list()) or not all(
            c.is_Rational for c in polynomial.coeffs()
        ):
            return False
        corners = itertools.product(*(self.box[s] for s in free))
        return all(
            polynomial.eval([sympy.Rational(c.numerator, c.denominator) for c in corner]) >= 0 for corner in corners
        )


# --- definitions -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Definition:
    """One exact expression with its symbols and their domains, from which every evaluator comes.

    The reference against which array kernels are tested, and what is typeset is what is evaluated.
    """

    name: str
    expression: sympy.Expr
    symbols: tuple[sympy.Symbol, ...]
    domains: dict[str, Domain]

    def __post_init__(self) -> None:
        if missing := [s.name for s in self.symbols if s.name not in self.domains]:
            raise InputError("domains", f"one Domain for each symbol of {self.name}", missing)
        object.__setattr__(self, "_program", compile_expression(self.expression, self.symbols, self._box()))

    def _box(self) -> Box:
        ends = {s: (self.domains[s.name].lower, self.domains[s.name].upper) for s in self.symbols}
        return {s: e for s, e in ends.items() if not any(isinstance(x, float) and math.isinf(x) for x in e)}  # type: ignore[misc]

    @property
    def program(self) -> Program:
        """The compiled expression."""
        return self._program  # type: ignore[attr-defined]

    def latex(self) -> str:
        """The expression in LaTeX, from the very tree that is evaluated."""
        return sympy.latex(self.expression)

    def numpy(self, **arrays: Any) -> Any:
        """The textbook expression in floating point: no attempt at stability."""
        return self.program.numpy(*self._ordered(arrays))

    def mpmath(self, *, dps: int = 50, **values: Any) -> Any:
        """The value at ``dps`` decimal digits (int, Fraction, text, double or mpf arguments)."""
        with mpmath.workdps(dps):
            exact = [
                mpmath.mpf(v.numerator) / v.denominator if isinstance(v, Fraction) else v for v in self._ordered(values)
            ]
            return self.program.mpmath(*exact)

    def ball(self, *, prec: int = 128, **values: Any) -> arb:
        """A ball of ``prec`` bits around the value (int, Fraction, double or ball arguments)."""
        with precision(prec):
            return self.program.arb(*(to_ball(v) for v in self._ordered(values)))

    def _ordered(self, values: Mapping[str, Any]) -> list[Any]:
        names = [s.name for s in self.symbols]
        if set(values) != set(names):
            raise InputError("arguments", f"{', '.join(names)}", sorted(values))
        return [values[name] for name in names]
