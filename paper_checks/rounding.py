"""What printed digits allow: a decimal stands for all numbers that round to it, a formula of several for a set.

A printed input is a decimal, or a pair of decimals where a source prints two values of one quantity (from the lowest
number that rounds to the first to the highest that rounds to the second).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction

import sympy as sp

from hconsist.definitions import precision, to_ball
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.inequalities import unit
from hconsist.rigorous import prove_nonnegative
from hconsist.symbolic import ball_at

__all__ = ["allowed", "reaches", "rounding"]

Printed = str | tuple[str, str]
_NODES = 8
"""Parts of each side of a box on whose nodes a value with the printed digits is looked for."""


def rounding(printed: Printed) -> tuple[Fraction, Fraction]:
    """The numbers that print so: half a unit of the last digit to each side."""
    low, high = (printed, printed) if isinstance(printed, str) else printed
    return Fraction(low) - unit(low) / 2, Fraction(high) + unit(high) / 2


def _box(value: sp.Expr, printed: dict[str, Printed]) -> dict[sp.Symbol, tuple[Fraction, Fraction]]:
    own = {symbol.name: symbol for symbol in value.free_symbols}
    return {own[name]: rounding(text) for name, text in printed.items()}


def _number(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)


def allowed(value: sp.Expr, low: str, high: str, **printed: Printed) -> Callable[[], Evidence]:
    """The decision of ``low <= value <= high`` for all inputs that print so: by subdivision in balls."""

    def decide() -> Evidence:
        box = _box(value, printed)
        slacks = (value - _number(Fraction(low)), _number(Fraction(high)) - value)
        return Evidence.joint([prove_nonnegative(slack, box) for slack in slacks])

    return decide


def reaches(value: sp.Expr, decimal: str, **printed: Printed) -> Callable[[], Evidence]:
    """The decision of "``value`` may be printed as ``decimal``", for some inputs that print as stated.

    Proved by one such input; refuted by a proof over the whole box that every value is too small, or too large: the
    witness is then the nearest value at a node, and a bound for all.
    """

    def decide() -> Evidence:
        box = _box(value, printed)
        low, high = rounding(decimal)
        axes = [[a + (b - a) * Fraction(k, _NODES) for k in range(_NODES + 1)] for a, b in box.values()]
        nodes = [dict(zip(box, point)) for point in itertools.product(*axes)]
        with precision(128):
            balls = [ball_at(value, node) for node in nodes]
            ends = to_ball(low), to_ball(high)
            for node, ball in zip(nodes, balls):
                if ends[0] <= ball <= ends[1]:
                    where = {symbol.name: str(x) for symbol, x in node.items()} | {"value": ball.str(8)}
                    slack = min(float((ball - ends[0]).mid()), float((ends[1] - ball).mid()))
                    return Evidence(Verdict.PROVED, Level.ENCLOSED, points=len(nodes), slack=slack, where=where)
            for sign, end, side in ((1, low, "below"), (-1, high, "above")):
                apart = sign * (_number(end) - value)
                if all(sign * (to_ball(end) - ball) > 0 for ball in balls):
                    nearest = min(zip(nodes, balls), key=lambda found: float(sign * (end - float(found[1].mid()))))
                    return _never(apart, box, nearest, f"{side} {end}", len(nodes))
        return Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, points=len(nodes), reason="no node has such a value")

    return decide


def _never(apart: sp.Expr, box: dict, nearest: tuple, where: str, points: int) -> Evidence:
    """Refuted if ``apart > 0`` is proved on the whole box (a single value if there is no input to vary)."""
    node, ball = nearest
    witness = {"every value is": where, "nearest": ball.str(8), **{s.name: str(x) for s, x in node.items()}}
    if not box:
        slack = float(ball_at(apart, {}).mid())
        return Evidence(Verdict.REFUTED, Level.ENCLOSED, points=points, slack=-slack, witness=witness)
    proof = prove_nonnegative(apart, box, strict=True)
    if not proof.passed:
        return proof
    return Evidence(
        Verdict.REFUTED, Level.ENCLOSED, points=points, boxes=proof.boxes,
        slack=None if proof.slack is None else -proof.slack, witness=witness, certificates=proof.certificates,
    )  # fmt: skip
