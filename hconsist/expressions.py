"""Text to symbolic expressions, through a whitelist: the only way text from outside becomes mathematics.

Python's ``ast`` parses (it never evaluates); only arithmetic, named variables, exact numbers and the functions
of :data:`FUNCTIONS` survive.  Length, depth and the size of powers are limited, so hostile text is refused
instead of hanging.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from fractions import Fraction

import sympy

from hconsist.domains import InputError

__all__ = ["FUNCTIONS", "parse", "variable"]

MAX_LENGTH, MAX_DEPTH, MAX_EXPONENT, MAX_ARGUMENT, MAX_BITS = 500, 40, 100, 1000, 4096
"""Characters, nested operations, numerical exponents, constants inside functions, bits of a numerical power."""

_NUMBER = re.compile(r"(\d{1,100}(\.\d{0,100})?|\.\d{1,100})([eE][+-]?\d{1,2})?")

FUNCTIONS: dict[str, Callable[[sympy.Expr], sympy.Expr]] = {
    "log": sympy.log,
    "exp": sympy.exp,
    "sqrt": sympy.sqrt,
    "log1p": lambda x: sympy.log(1 + x),
    "expm1": lambda x: sympy.exp(x) - 1,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "atan": sympy.atan,
}
"""What may be called in an expression, and what it becomes."""


def variable(name: str, *, positive: bool = True) -> sympy.Symbol:
    """The symbol that :func:`parse` uses for ``name``: real, and positive unless said otherwise."""
    return sympy.Symbol(name, positive=True) if positive else sympy.Symbol(name, real=True)


def parse(text: str, names: Sequence[str] = ("s",), *, positive: bool = True) -> sympy.Expr:
    """The exact expression written in ``text``.

    Grammar: ``+ - * / ** ^``, parentheses, decimal numbers (exact rationals: ``0.1`` is 1/10), the variables
    ``names`` and the functions ``log exp sqrt log1p expm1 sinh cosh tanh atan`` of one argument.
    Variables are real symbols, positive unless ``positive=False`` (see :func:`variable`).

    Raises
    ------
    InputError
        names the first token outside the grammar, or the limit exceeded.
    """
    if not isinstance(text, str) or not text.strip():
        raise InputError("expression", f"text over the variables {', '.join(names)}", text)
    if len(text) > MAX_LENGTH or not text.isascii():
        raise InputError("expression", f"ASCII text of at most {MAX_LENGTH} characters", text)
    source = text.strip().replace("^", "**")
    if _nesting(source) > MAX_DEPTH:
        raise InputError("expression", f"text nested at most {MAX_DEPTH} deep", text)
    try:
        tree = ast.parse(source, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise InputError("expression", "a formula such as -(1-s)**2*log(s)", text) from None
    symbols = {name: variable(name, positive=positive) for name in names}
    expression = _build(tree.body, source, symbols, 0)
    if not _finite_real(expression):
        raise InputError("expression", "a formula whose constants are finite real numbers", text)
    return expression


def _nesting(source: str) -> int:
    """The deepest level of parentheses: checked before Python's own parser, whose stack is finite."""
    depth = deepest = 0
    for character in source:
        depth += {"(": 1, ")": -1}.get(character, 0)
        deepest = max(deepest, depth)
    return deepest


def _build(node: ast.AST, source: str, symbols: dict[str, sympy.Symbol], depth: int) -> sympy.Expr:
    token = ast.get_source_segment(source, node) if isinstance(node, ast.expr) else None
    if depth > MAX_DEPTH:
        raise InputError("expression", f"text nested at most {MAX_DEPTH} deep", source)
    match node:
        case ast.Constant():
            return _number(token or "")
        case ast.Name(id=name) if name in symbols:
            return symbols[name]
        case ast.UnaryOp(op=ast.UAdd(), operand=operand):
            return _build(operand, source, symbols, depth + 1)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_build(operand, source, symbols, depth + 1)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            # A sum of many terms leans left: its length is limited by the text, so it costs no depth.
            first = _build(left, source, symbols, depth if isinstance(op, (ast.Add, ast.Sub)) else depth + 1)
            return _BINARY[type(op)](first, _build(right, source, symbols, depth + 1))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
            return _call(name, _build(argument, source, symbols, depth + 1))
    allowed = f"made of + - * / **, numbers, {', '.join(symbols)} and {', '.join(FUNCTIONS)} of one argument"
    raise InputError("expression", allowed, token if token is not None else type(node).__name__)


def _number(token: str) -> sympy.Expr:
    if not _NUMBER.fullmatch(token):
        raise InputError("expression", "made of decimal numbers of at most 100 digits and exponents below 100", token)
    value = Fraction(token)
    return sympy.Rational(value.numerator, value.denominator)


def _power(base: sympy.Expr, exponent: sympy.Expr) -> sympy.Expr:
    if exponent.is_number and not (exponent.is_Rational and abs(exponent) <= MAX_EXPONENT):
        raise InputError("exponent", f"a rational number of size at most {MAX_EXPONENT}, or an expression", exponent)
    if base.is_Rational and exponent.is_Rational:
        bits = max(abs(base.p), base.q).bit_length() * abs(exponent)
        if bits > MAX_BITS:
            raise InputError("power", f"a number of at most {MAX_BITS} bits", f"{base}**{exponent}")
    result = base**exponent
    if result.is_Pow and result.exp.is_Rational and abs(result.exp) > MAX_EXPONENT:
        raise InputError("exponent", f"at most {MAX_EXPONENT} in size", result.exp)
    return result


def _call(name: str, argument: sympy.Expr) -> sympy.Expr:
    # Towers such as exp(99*exp(99*exp(99))) make SymPy's own sign tests run for ever: constants stay small.
    if argument.is_number and not (argument.is_Rational and abs(argument) <= MAX_ARGUMENT):
        raise InputError(
            f"argument of {name}", f"a rational number of size at most {MAX_ARGUMENT}, or an expression", argument
        )
    return FUNCTIONS[name](argument)


def _quotient(numerator: sympy.Expr, denominator: sympy.Expr) -> sympy.Expr:
    if denominator == 0:
        raise InputError("denominator", "nonzero", denominator)
    return numerator / denominator


def _finite_real(expression: sympy.Expr) -> bool:
    return not expression.has(sympy.I, sympy.zoo, sympy.nan, sympy.oo, -sympy.oo)


_BINARY: dict[type, Callable[[sympy.Expr, sympy.Expr], sympy.Expr]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: _quotient,
    ast.Pow: _power,
}
