"""T(t) for three labels between two numbers that are proved: branch and bound in ball arithmetic.

The laws p with p_1 largest and p_1 - p_2 = t form a segment: p = (y + t, y, 1 - t - 2y).  On it

    T(t) = min over y of C_2(p(y)) - H(p(y)),

C_2 the least conditional risk with label 2 on top, H without that condition.  Both are concave in p, so on a piece
[a, b] of the segment C_2 lies above its chord, and H below <p, c> for the costs c_i = l(h, i) of any one score vector
h.  The difference is least at an end:

    T on [a, b]  >=  min over y in {a, b} of  lower(C_2(p(y))) - <p(y), c>.

So C_2 needs lower bounds at single laws only, and C_2(p) >= H(p^A) for the pooled law p^A (derivation ``pooling``);
:mod:`hconsist.engine.oracles` has those of H.  Every number is a ball, every law rational.  Derived here.
"""

from __future__ import annotations

import heapq
import math
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb

from hconsist.definitions import precision
from hconsist.domains import UNIT, Domain
from hconsist.engine.oracles import Law, Oracle, mean, oracle
from hconsist.losses import Loss

__all__ = ["Enclosure", "enclose"]

BITS = 96
POSITIVE = Domain(0, lower_open=True)


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
    """Enclose T(t) for three labels and a complete hypothesis set.

    Parameters
    ----------
    loss : a comp-sum loss whose psi is convex and has a symbolic definition, or a sum, constrained or one-versus-all
        loss of a convex, differentiable Phi.
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
    known, exact = oracle(loss), Fraction(t)
    if exact == 0:  # p_1 = p_2: either label may be on top
        return Enclosure(loss.name, exact, 0.0, 0.0, (Fraction(1, 2),) * 2 + (exact,), 0, 0.0, True, known.assumptions)
    with precision(BITS):
        return _Search(known, exact).run(goal, limit)


class _Search:
    """Best first over pieces of the segment of laws."""

    def __init__(self, bounds: Oracle, t: Fraction):
        self.bounds, self.t = bounds, t
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
            self.bounds.loss.name, self.t, lower, self.upper, law, pieces, seconds, closed, self.bounds.assumptions
        )

    def piece(self, a: Fraction, b: Fraction) -> tuple[float, Fraction, Fraction]:
        """The lower bound on [a, b]; the law in the middle may also lower the upper one."""
        middle = (a + b) / 2
        regret = float(self.bounds.regret(self.law(middle)).upper())
        if regret < self.upper:
            self.upper, self.best = regret, middle
        costs = self.bounds.costs(self.law(middle))
        bounds = []
        for y in (a, b):
            if y not in self.forced:
                self.forced[y] = self.bounds.least_forced(self.law(y))
            bounds.append(float((self.forced[y] - mean(self.law(y), costs)).lower()))
        return min(bounds), a, b
