"""Whether a function is convex on [least, 1], decided in balls of its second and third derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import InputError

if TYPE_CHECKING:
    from flint import arb

__all__ = ["LEAST", "Ball", "Decision", "convexity", "formula_convexity"]

Ball = Callable[["arb"], "arb"]
LEAST = 2.0**-100
"""From here on the psi of a comp-sum loss is looked at."""
_PIECES, _DEPTH, _MOST = 400, 24, 2000
"""Intervals at first, in geometric progression; how often they are halved; how many may be open at a time."""
_ORDERS, _BITS = 8, 128
Decision = tuple[bool | None, float]


def convexity(
    second: Ball, third: Ball, least: float = LEAST, *, at_one: Callable[[arb], bool] = lambda whole: False
) -> Decision:
    """Whether f'' >= 0 on [least, 1], and a place.

    True is a proof: f'' is nonnegative in balls, or monotone on an interval and nonnegative at the lower end of it.
    False comes with a point at which the ball of f'' is negative.  None is undecided: f'' comes too near to 0 at the
    place.  ``at_one`` may prove f'' >= 0 on an interval that ends at 1.  Set the precision of balls before.
    """
    from flint import arb

    edges = np.geomspace(least, 1.0, _PIECES + 1)
    edges[-1] = 1.0
    open_ = list(zip(edges[:-1].tolist(), edges[1:].tolist()))
    for _ in range(_DEPTH):
        halves = []
        for a, b in open_:
            whole = arb(a).union(arb(b))
            if second(whole) >= 0:
                continue
            bend = third(whole)
            if (bend <= 0 and second(arb(b)) >= 0) or (bend >= 0 and second(arb(a)) >= 0):
                continue
            if b == 1.0 and at_one(whole):
                continue
            middle = (a + b) / 2
            if second(arb(middle)) < 0:
                return False, middle
            halves += [(a, middle), (middle, b)]
        if not halves:
            return True, 1.0
        if len(halves) > _MOST:
            break
        open_ = halves
    return None, open_[0][0]


def formula_convexity(expression: Any) -> Decision | None:
    """The same for a formula in one symbol; None where it has no second and third derivative in balls.

    Where f'' and its first k - 1 derivatives are 0 at 1, f''(s) = f^(2+k)(x) (s-1)^k/k! with x between s and 1.
    """
    from hconsist.definitions import compile_expression, precision

    (s,) = expression.free_symbols
    derivatives = [expression.diff(s, 2)]
    derivatives.append(derivatives[0].diff(s))
    try:
        second, third = (compile_expression(e, (s,)).arb for e in derivatives)
    except InputError:
        return None

    def at_one(whole: arb) -> bool:
        for k in range(_ORDERS):
            if k == len(derivatives):
                derivatives.append(derivatives[-1].diff(s))
            if (-1) ** k * compile_expression(derivatives[k], (s,)).arb(whole) > 0:
                return True
            if derivatives[k].subs(s, 1) != 0:
                return False
        return False

    with precision(_BITS):
        return convexity(second, third, at_one=at_one)
