"""T(t) for three labels between two numbers that are proved: branch and bound in ball arithmetic.

The laws p with p_1 largest and p_1 - p_2 = t form a segment: p = (y + t, y, 1 - t - 2y).  On it

    T(t) = min over y of C_2(p(y)) - H(p(y)),

C_2 the least conditional risk with label 2 on top, H without that condition.  Both are concave in p, so on a piece
[a, b] of the segment C_2 lies above its chord, and H below <p, c> for the costs c_i = l(h, i) of any one score vector
h.  The difference is least at an end:

    T on [a, b]  >=  min over y in {a, b} of  lower(C_2(p(y))) - <p(y), c>.

So C_2 needs lower bounds at single laws only.  C_2(p) >= H(p^A) for the pooled law p^A (derivation ``pooling``), and
for a convex psi the tangents at any s in (0, 1]^3 give, by duality on the simplex (derivation ``enclosing``),

    H(q)  >=  sum_i q_i (psi(s_i) - s_i psi'(s_i)) + min_i q_i psi'(s_i),

with equality at the minimiser.  Every number is a ball, every law rational; s and h come from floating point, which
can only loosen a bound.  Derived here.
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
from flint import arb

from hconsist.definitions import compile_expression, precision, to_ball
from hconsist.domains import UNIT, Domain, UnsupportedError
from hconsist.losses import CompSum, Loss

__all__ = ["Enclosure", "enclose"]

BITS = 96
_TINY = Fraction(1, 2**1000)
"""The least softmax value that is used: psi is not evaluated at 0."""
POSITIVE = Domain(0, lower_open=True)
Law = tuple[Fraction, ...]


@dataclass(frozen=True)
class Enclosure:
    """``lower <= T(t) <= upper`` for three labels, and the law whose regret is at most ``upper``.

    ``assumptions`` names what the proof takes for granted of the loss; ``closed`` says whether the tolerance was met.
    """

    loss: str
    t: Fraction
    lower: float
    upper: float
    law: Law
    pieces: int
    seconds: float
    closed: bool
    assumptions: tuple[str, ...]


def enclose(loss: Loss, t: Any, *, tolerance: float = 0.01, seconds: float = 10.0) -> Enclosure:
    """Enclose T(t) of a comp-sum loss with convex psi, for three labels and a complete hypothesis set.

    Parameters
    ----------
    loss : a comp-sum loss whose psi is convex and has a symbolic definition.
    t : zero-one conditional regret in [0, 1]; a Fraction is kept, a float is taken as the rational number that it is.
    tolerance : stop once upper - lower <= tolerance x upper.
    seconds : stop after so long whatever the width; the two ends are proved all the same.

    Raises
    ------
    UnsupportedError
        for a loss that is not of this kind; it names the hypothesis that is missing.
    InputError
        for t outside [0, 1], and for a tolerance or a time that is not positive.
    """
    UNIT.check_scalar("t", float(t))
    goal = float(POSITIVE.check_scalar("tolerance", tolerance))
    limit = float(POSITIVE.check_scalar("seconds", seconds))
    costs, exact = Costs.of(loss), Fraction(t)
    if exact == 0:  # p_1 = p_2: either label may be on top
        return Enclosure(loss.name, exact, 0.0, 0.0, (Fraction(1, 2),) * 2 + (exact,), 0, 0.0, True, costs.assumptions)
    with precision(BITS):
        return _Search(costs, exact).run(goal, limit)


class Costs:
    """psi and its derivative in balls, and the bounds that they give at one law.  Private to the engine."""

    def __init__(self, loss: CompSum):
        self.loss = loss
        definition = loss.definition()
        (s,) = definition.symbols
        slope = definition.expression.diff(s)
        self._psi, self._slope = (compile_expression(e, (s,)).arb for e in (definition.expression, slope))
        self.assumptions = _unproved(slope, s)

    @classmethod
    def of(cls, loss: Loss) -> Costs:
        """UnsupportedError names the hypothesis that fails."""
        if not isinstance(loss, CompSum) or not loss.properties["convex_psi"]:
            raise UnsupportedError("loss", "a comp-sum loss with a convex psi for an enclosure", loss.name)
        return cls(loss)

    def softmax(self, law: Law) -> list[Fraction]:
        """Rational softmax values of sum 1 close to a minimiser: labels that are alike in the law are alike in them."""
        found = np.asarray(self.loss.minimiser(np.array([float(q) for q in law])))
        values = [max(Fraction(float(value)), _TINY) for value in found]
        return [value / sum(values) for value in values]

    def costs(self, softmax: list[Fraction]) -> list[arb]:
        """psi at each."""
        return [self._psi(to_ball(s)) for s in softmax]

    def least(self, law: Law) -> arb:
        """A lower bound of H(law), by duality at the softmax values."""
        total, tangents = to_ball(0), []
        for q, s in zip(law, self.softmax(law)):
            ball, weight = to_ball(s), to_ball(q)
            tangents.append(weight * self._slope(ball) if q else weight)
            if q:
                total += weight * self._psi(ball) - ball * tangents[-1]
        return total + reduce(arb.min, tangents)

    def least_forced(self, law: Law) -> arb:
        """A lower bound of C_2(law)."""
        return self.least(pooled(law)[0])

    def regret(self, law: Law) -> arb:
        """An upper bound of C_2(law) - H(law): label 2 on top, tied with the labels of its pool."""
        averaged, members = pooled(law)
        softmax = self.softmax(averaged)
        top = sum((softmax[k] for k in members), Fraction(0)) / len(members)
        tied = [top if k in members else min(s, top) for k, s in enumerate(softmax)]
        return mean(law, self.costs(tied)) - self.least(law)


def pooled(law: Law) -> tuple[Law, list[int]]:
    """p^A and A for label 2: it and, by decreasing probability, whatever exceeds the running mean."""
    members = [1]
    for k in sorted((k for k in range(len(law)) if k != 1), key=lambda k: -law[k]):
        if law[k] * len(members) > sum(law[i] for i in members):
            members.append(k)
    average = sum((law[i] for i in members), Fraction(0)) / len(members)
    return tuple(average if k in members else q for k, q in enumerate(law)), members


def mean(law: Law, costs: list[arb]) -> arb:
    """<p, c>; a label of probability 0 costs nothing."""
    return sum((to_ball(q) * c for q, c in zip(law, costs) if q), to_ball(0))


def _unproved(slope: Any, s: Any) -> tuple[str, ...]:
    """What is needed of psi and not shown by the signs in its derivatives at s = 1/(1 + u), u >= 0."""
    import sympy

    from hconsist.symbolic import has_sign

    u = sympy.Symbol("u", nonnegative=True)
    inside = {s: 1 / (1 + u)}
    needed = {"psi is nonincreasing": -slope, "psi is convex": slope.diff(s)}
    return tuple(
        f"{words} on (0, 1] (checked on a grid only)"
        for words, expression in needed.items()
        if not has_sign(expression.subs(inside), strict=False)
    )


class _Search:
    """Best first over pieces of the segment of laws."""

    def __init__(self, costs: Costs, t: Fraction):
        self.costs, self.t = costs, t
        self.forced: dict[Fraction, arb] = {}
        self.upper, self.best = math.inf, Fraction(0)

    def law(self, y: Fraction) -> Law:
        """p_2 = y."""
        return (y + self.t, y, 1 - self.t - 2 * y)

    def run(self, goal: float, limit: float) -> Enclosure:
        """From the piece on which p_1 is the largest, halve the piece with the least bound."""
        started = time.perf_counter()
        queue = [self.piece(max(Fraction(0), (1 - 2 * self.t) / 3), (1 - self.t) / 2)]
        pieces = 1
        while True:
            lower, a, b = queue[0]
            lower, seconds = max(lower, 0.0), time.perf_counter() - started
            closed = self.upper - lower <= goal * self.upper
            if closed or seconds > limit or a == b:
                break
            middle = (a + b) / 2
            heapq.heapreplace(queue, self.piece(a, middle))
            heapq.heappush(queue, self.piece(middle, b))
            pieces += 1
        law = self.law(self.best)
        return Enclosure(
            self.costs.loss.name, self.t, lower, self.upper, law, pieces, seconds, closed, self.costs.assumptions
        )

    def piece(self, a: Fraction, b: Fraction) -> tuple[float, Fraction, Fraction]:
        """The lower bound on [a, b]; the law in the middle may also lower the upper one."""
        middle = (a + b) / 2
        regret = float(self.costs.regret(self.law(middle)).upper())
        if regret < self.upper:
            self.upper, self.best = regret, middle
        costs = self.costs.costs(self.costs.softmax(self.law(middle)))
        bounds = []
        for y in (a, b):
            if y not in self.forced:
                self.forced[y] = self.costs.least_forced(self.law(y))
            bounds.append(float((self.forced[y] - mean(self.law(y), costs)).lower()))
        return min(bounds), a, b
