"""Small linear programs in exact fractions: the simplex method, its optimum proved by the dual solution."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from flint import fmpq

__all__ = ["maximise"]

Row = Sequence[Fraction | int]


def maximise(objective: Row, rows: Sequence[Row], right: Row) -> tuple[Fraction, tuple[Fraction, ...]] | None:
    """The largest c . x with A x = b, x >= 0, and an x that attains it; None if there is no such x.

    Bland's rule, two phases (Chvatal 1983, Linear Programming; recalled).  Both x and a dual solution y with
    y A >= c, y b = c x are checked at the end, so that the value does not rest on the iteration.  ArithmeticError
    where the objective is unbounded, or where that check fails.
    """
    n, m = len(objective), len(rows)
    c = [_exact(x) for x in objective]
    signs = [-1 if b < 0 else 1 for b in right]
    table = [
        [sign * _exact(x) for x in row] + [fmpq(int(i == k)) for k in range(m)] + [sign * _exact(b)]
        for i, (row, b, sign) in enumerate(zip(rows, right, signs))
    ]
    basis = list(range(n, n + m))
    _pivot_all(table, basis, [fmpq(0)] * n + [fmpq(-1)] * m, n)
    if any(table[i][-1] for i in range(m) if basis[i] >= n):
        return None
    for i in range(m):  # artificial variables of value 0 leave where they can; a row without an entry is redundant
        if basis[i] >= n and (entering := next((j for j in range(n) if table[i][j]), None)) is not None:
            _pivot(table, basis, i, entering)
    costs = c + [fmpq(0)] * m
    _pivot_all(table, basis, costs, n)
    x = [fmpq(0)] * n
    for i, j in enumerate(basis):
        if j < n:
            x[j] = table[i][-1]
    y = [signs[k] * sum((costs[j] * row[n + k] for j, row in zip(basis, table)), fmpq(0)) for k in range(m)]
    value = _checked(c, [[_exact(a) for a in row] for row in rows], [_exact(b) for b in right], x, y)
    return _fraction(value), tuple(map(_fraction, x))


def _checked(c: list[fmpq], A: list[list[fmpq]], b: list[fmpq], x: list[fmpq], y: list[fmpq]) -> fmpq:
    """c x = y b with x and y admissible: neither can be beaten."""
    value = sum((a * v for a, v in zip(c, x)), fmpq(0))
    admissible = all(v >= 0 for v in x) and all(
        sum((a * v for a, v in zip(row, x)), fmpq(0)) == right for row, right in zip(A, b)
    )
    dominating = all(sum((w * row[j] for w, row in zip(y, A)), fmpq(0)) >= c[j] for j in range(len(c)))
    if not (admissible and dominating and sum((w * v for w, v in zip(y, b)), fmpq(0)) == value):
        raise ArithmeticError("the solution of a linear program does not pass its own check")
    return value


def _pivot_all(table: list[list[fmpq]], basis: list[int], costs: list[fmpq], columns: int) -> None:
    """Maximise over the first columns; the first improving one enters, and of the rows that limit it the first."""
    while True:
        prices = [costs[j] for j in basis]
        for j in range(columns):
            if j not in basis and costs[j] > sum((p * row[j] for p, row in zip(prices, table) if p), fmpq(0)):
                break
        else:
            return
        limits = [(row[-1] / row[j], basis[i], i) for i, row in enumerate(table) if row[j] > 0]
        if not limits:
            raise ArithmeticError("the objective of a linear program is unbounded")
        _pivot(table, basis, min(limits)[2], j)


def _pivot(table: list[list[fmpq]], basis: list[int], i: int, j: int) -> None:
    pivot = table[i][j]
    chosen = table[i] = [x / pivot if x else x for x in table[i]]
    for k, row in enumerate(table):
        factor = row[j]
        if k != i and factor:
            table[k] = [x - factor * z if z else x for x, z in zip(row, chosen)]
    basis[i] = j


def _exact(value: Fraction | int) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def _fraction(value: fmpq) -> Fraction:
    return Fraction(int(value.p), int(value.q))
