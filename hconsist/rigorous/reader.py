"""Exact formulas from the text of a certificate, without SymPy: the re-checker's own front end.

Python's ``ast`` parses (it never evaluates).  The result is a straight-line :class:`Formula`: each node is an operation
on earlier nodes, and equal subtrees are one node.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Sequence
from dataclasses import dataclass

from flint import fmpq

from hconsist.domains import InputError

__all__ = ["FUNCTIONS", "Formula", "operands", "read"]

FUNCTIONS = ("log", "exp", "sqrt", "sinh", "cosh", "tanh", "atan")
CONSTANTS = ("E", "pi")
MAX_LENGTH, MAX_DEPTH, MAX_EXPONENT = 200_000, 400, 10_000
"""Limits on what is read: characters, nesting, integer exponents."""

Node = tuple
Box = Sequence[tuple[fmpq, fmpq]]


@dataclass(frozen=True)
class Formula:
    """Nodes in order of evaluation; the last one is the value.

    A node is ``("variable", k)``, ``("rational", p, q)``, ``("constant", name)``, ``("add" | "mul", i, j)``,
    ``("div", i, j)``, ``("neg", i)``, ``("integer_power", i, k)``, ``("power", i, j)``, ``("power_log", i, j, k)`` for
    x**y*log(x)**k, or ``(function, i)``.
    """

    names: tuple[str, ...]
    nodes: tuple[Node, ...]

    def nonnegative(self, index: int, box: Box) -> bool:
        """Whether the node is >= 0 on the box by its structure, or by interval arithmetic in exact fractions."""
        kind, *rest = self.nodes[index]
        if kind in ("exp", "cosh", "sqrt", "power"):  # a real power is the power of a nonnegative base
            return True
        if kind == "integer_power" and rest[1] % 2 == 0:
            return True
        if (found := self._range(index, box)) is not None and found[0] >= 0:
            return True
        return kind in ("add", "mul", "div") and all(self.nonnegative(i, box) for i in rest)

    def _range(self, index: int, box: Box) -> tuple[fmpq, fmpq] | None:
        """Exact ends of an interval that holds the node's values; None where it is no polynomial."""
        kind, *rest = self.nodes[index]
        if kind == "variable":
            return box[rest[0]]
        if kind == "rational":
            return (fmpq(*rest), fmpq(*rest))
        if kind not in ("add", "mul", "neg"):
            return None
        parts = [self._range(i, box) for i in rest]
        if any(part is None for part in parts):
            return None
        if kind == "neg":
            return -parts[0][1], -parts[0][0]  # type: ignore[index]
        (a, b), (c, d) = parts  # type: ignore[misc]
        ends = (a + c, b + d) if kind == "add" else (a * c, a * d, b * c, b * d)
        return min(ends), max(ends)


def read(text: str, names: Sequence[str]) -> Formula:
    """The formula written in ``text`` over the variables ``names``.

    Raises
    ------
    InputError
        for anything but + - * / **, integers, the variables, E, pi and the functions of :data:`FUNCTIONS`; for names
        that are not different plain identifiers, or that mean a constant or a function.
    """
    if not isinstance(text, str) or not 0 < len(text) <= MAX_LENGTH or not text.isascii() or "#" in text:
        raise InputError("expression", f"ASCII text of at most {MAX_LENGTH} characters, without comments", text)
    if len(set(names)) < len(names) or not all(_plain(name) for name in names):
        # "x - x" of two symbols x, or "E - E" of a variable and the number, would read as 0
        raise InputError("variables", "different ASCII identifiers, none of them a constant or function", list(names))
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise InputError("expression", "a formula such as 1 - x**(1/2)", text) from None
    reader = _Reader(tuple(names))
    result = reader.visit(tree.body, 0)
    return Formula(reader.names, _used(reader.nodes, len(reader.names), result))


def _plain(name: str) -> bool:
    known = name in (*CONSTANTS, *FUNCTIONS) or keyword.iskeyword(name)
    return name.isascii() and name.isidentifier() and not known


def operands(node: Node) -> tuple[int, ...]:
    """The nodes that this one is made of."""
    kind, *rest = node
    counts = {"variable": 0, "rational": 0, "constant": 0, "add": 2, "mul": 2, "div": 2, "power": 2, "power_log": 2}
    return tuple(rest[: counts.get(kind, 1)])


def _used(nodes: Sequence[Node], variables: int, result: int) -> tuple[Node, ...]:
    """The variables and what the result needs, renumbered, the result last."""
    needed, stack = set(range(variables)), [result]
    while stack:
        index = stack.pop()
        if index not in needed or index == result:
            needed.add(index)
            stack += [i for i in operands(nodes[index]) if i not in needed]
    place = {old: new for new, old in enumerate(sorted(needed))}
    kept = []
    for old in sorted(needed):
        kind, *rest = nodes[old]
        count = len(operands(nodes[old]))
        kept.append((kind, *(place[i] for i in rest[:count]), *rest[count:]))
    return tuple(kept) if place[result] == len(kept) - 1 else (*kept, ("integer_power", place[result], 1))


class _Reader:
    def __init__(self, names: tuple[str, ...]):
        self.names = names
        self.nodes: list[Node] = [("variable", k) for k in range(len(names))]
        self.known: dict[Node, int] = {node: k for k, node in enumerate(self.nodes)}

    def emit(self, *node: int | str) -> int:
        if node not in self.known:
            self.known[node] = len(self.nodes)
            self.nodes.append(node)
        return self.known[node]

    def visit(self, tree: ast.AST, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise InputError("expression", f"nested at most {MAX_DEPTH} deep", depth)
        match tree:
            case ast.Constant(value=value) if type(value) is int:
                return self.emit("rational", value, 1)
            case ast.Name(id=name) if name in self.names:
                return self.names.index(name)
            case ast.Name(id=name) if name in CONSTANTS:
                return self.emit("constant", name)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.negative(self.visit(operand, depth + 1))
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.emit("add", self.visit(left, depth + 1), self.visit(right, depth + 1))
            case ast.BinOp(left=left, op=ast.Sub(), right=right):
                return self.emit("add", self.visit(left, depth + 1), self.negative(self.visit(right, depth + 1)))
            case ast.BinOp(op=ast.Mult() | ast.Div()):
                return self.product(tree, depth)
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.power(self.visit(left, depth + 1), self.visit(right, depth + 1))
            case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in FUNCTIONS:
                return self.emit(name, self.visit(argument, depth + 1))
        raise InputError("expression", "made of + - * / **, integers, its variables and known functions",
                         ast.unparse(tree) if isinstance(tree, ast.expr) else type(tree).__name__)  # fmt: skip

    def rational(self, index: int) -> fmpq | None:
        kind, *rest = self.nodes[index]
        return fmpq(*rest) if kind == "rational" else None

    def negative(self, index: int) -> int:
        value = self.rational(index)
        return self.emit("neg", index) if value is None else self.emit("rational", -int(value.p), int(value.q))

    def product(self, tree: ast.AST, depth: int) -> int:
        """A chain of products and quotients; logarithms join the power of the same base."""
        above, below = self.factors(tree, depth)
        for k, node in enumerate(above):
            base, exponent = self.logarithm(node)
            partner = None if base is None else self.partner(above, base)
            if partner is not None:
                at, power = partner
                above[k] = self.emit("power_log", base, power, exponent)  # type: ignore[arg-type]
                above[at] = self.emit("rational", 1, 1)
        total = self.chain(above)
        if not below:
            return total
        divisor = self.chain(below)
        top, bottom = self.rational(total), self.rational(divisor)
        if top is not None and bottom is not None and bottom != 0:
            value = top / bottom
            return self.emit("rational", int(value.p), int(value.q))
        return self.emit("div", total, divisor)

    def factors(self, tree: ast.AST, depth: int) -> tuple[list[int], list[int]]:
        if depth > MAX_DEPTH:
            raise InputError("expression", f"nested at most {MAX_DEPTH} deep", depth)
        match tree:
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                above, below = self.factors(left, depth + 1)
                (above if isinstance(op, ast.Mult) else below).append(self.visit(right, depth + 1))
                return above, below
        return [self.visit(tree, depth + 1)], []

    def chain(self, factors: Sequence[int]) -> int:
        kept = [node for node in factors if self.rational(node) != 1] or [self.emit("rational", 1, 1)]
        total = kept[0]
        for node in kept[1:]:
            total = self.emit("mul", total, node)
        return total

    def logarithm(self, index: int) -> tuple[int | None, int]:
        """(base, k) of log(base)**k; the base is None otherwise."""
        kind, *rest = self.nodes[index]
        if kind == "log":
            return rest[0], 1
        if kind == "integer_power" and self.nodes[rest[0]][0] == "log" and rest[1] > 0:
            return self.nodes[rest[0]][1], rest[1]
        return None, 0

    def partner(self, factors: Sequence[int], base: int) -> tuple[int, int] | None:
        """Where the factors hold ``base**exponent``, and the node of its exponent."""
        for at, node in enumerate(factors):
            kind, *rest = self.nodes[node]
            if node == base:
                return at, self.emit("rational", 1, 1)
            if kind == "power" and rest[0] == base:
                return at, rest[1]
            if kind == "integer_power" and rest[0] == base and rest[1] > 0:
                return at, self.emit("rational", rest[1], 1)
        return None

    def power(self, base: int, exponent: int) -> int:
        value = self.rational(exponent)
        if value is None or value.q != 1:
            return self.emit("power", base, exponent)
        k = int(value.p)
        if abs(k) > MAX_EXPONENT:
            raise InputError("exponent", f"at most {MAX_EXPONENT} in size", k)
        if k < 0:
            return self.emit("div", self.emit("rational", 1, 1), self.emit("integer_power", base, -k))
        return self.emit("integer_power", base, k)
