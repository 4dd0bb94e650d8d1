"""psi(softmax) with a convex psi: tangents and duality on the simplex (derivation ``enclosing``, (i)).

H(q) >= sum_i q_i (psi(s_i) - s_i psi'(s_i)) + min_i q_i psi'(s_i) for any s in (0, 1]^n.
"""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

import numpy as np
from flint import arb

from hconsist.definitions import compile_expression, to_ball
from hconsist.engine.oracles.base import Law, Oracle, Scores, unproved
from hconsist.losses import CompSum

__all__ = ["PsiOracle"]

_TINY = Fraction(1, 2**1000)
"""The least softmax value that is used: psi is not evaluated at 0."""


class PsiOracle(Oracle):
    """psi(softmax) with a convex psi; scores are softmax values, of sum at most 1."""

    def __init__(self, loss: CompSum):
        self.loss = loss
        definition = loss.definition()
        (s,) = definition.symbols
        slope = definition.expression.diff(s)
        self._psi, self._slope = (compile_expression(e, (s,)).arb for e in (definition.expression, slope))
        self.assumptions = unproved({"psi is nonincreasing": -slope, "psi is convex": slope.diff(s)}, s)

    def best(self, law: Law) -> Scores:
        """Of sum 1."""
        found = np.asarray(self.loss.minimiser(np.array([float(q) for q in law])))
        values = [max(Fraction(float(value)), _TINY) for value in found]
        return [value / sum(values) for value in values]

    def costs_at(self, scores: Scores) -> list[arb]:
        """psi at each; a sum below 1 costs no less than it might."""
        return [self._psi(to_ball(s)) for s in scores]

    def least(self, law: Law) -> arb:
        """By duality."""
        total, tangents = to_ball(0), []
        for q, s in zip(law, self.best(law)):
            ball, weight = to_ball(s), to_ball(q)
            tangents.append(weight * self._slope(ball) if q else weight)
            if q:
                total += weight * self._psi(ball) - ball * tangents[-1]
        return total + reduce(arb.min, tangents)
