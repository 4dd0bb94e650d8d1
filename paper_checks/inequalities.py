"""Claims decided by a few named slacks: numbers that must be positive, as balls (proved) or as doubles (supported)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from flint import arb

from hconsist.definitions import precision, to_ball
from hconsist.evidence import Evidence, Level, Verdict

__all__ = ["decided", "in_balls", "near", "rounds", "unit"]

Slacks = Mapping[str, Any]
"""What is claimed -> how far it holds: positive if it does."""


def decided(slacks: Slacks, level: Level = Level.ENCLOSED, **found: Any) -> Evidence:
    """Evidence that all slacks are positive; else the witness is the first that is negative, by what it claims."""
    found = {"points": len(slacks), **found}
    values = {name: float(slack.mid()) if isinstance(slack, arb) else float(slack) for name, slack in slacks.items()}
    tightest = min(values, key=values.__getitem__, default=None)
    if tightest is None:
        return Evidence(Verdict.VACUOUS, level, reason="no slack was given")
    found |= {"slack": values[tightest], "where": {"claim": tightest}}
    wrong = {name: f"{values[name]:.6g}" for name, slack in slacks.items() if slack < 0}
    if wrong:
        return Evidence(Verdict.REFUTED, level, witness={"claim": next(iter(wrong)), "slacks": wrong}, **found)
    if all(slack > 0 for slack in slacks.values()):
        return Evidence(Verdict.PROVED if level.may_prove else Verdict.SUPPORTED, level, **found)
    return Evidence(Verdict.INCONCLUSIVE, level, reason="a slack is not told from 0", **found)


def in_balls(slacks: Callable[[], Slacks]) -> Callable[[], Evidence]:
    """The decision of slacks that are balls, computed with 128 bits."""

    def decide() -> Evidence:
        with precision(128):
            return decided(slacks())

    return decide


def unit(decimal: str) -> Fraction:
    """One unit of the last digit of a decimal number: 1/1000 for ``0.348``, 10^7 for ``3.22e9``."""
    exponent = Decimal(decimal).as_tuple().exponent
    assert isinstance(exponent, int)
    return Fraction(10) ** exponent


def near(value: Any, decimal: str, units: Fraction | int) -> Any:
    """The slack of ``value`` being within so many units of the last digit of a decimal."""
    if isinstance(value, arb):
        return to_ball(units * unit(decimal)) - abs(value - to_ball(Fraction(decimal)))
    return float(units * unit(decimal)) - abs(float(value) - float(decimal))


def rounds(**numbers: tuple[Any, str]) -> dict[str, Any]:
    """The slacks of numbers that round to the decimals printed: name -> (value, decimal)."""
    half = Fraction(1, 2)
    return {f"{name} = {float(v):.10g} rounds to {text}": near(v, text, half) for name, (v, text) in numbers.items()}
