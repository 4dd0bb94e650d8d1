"""Squentropy: the risk is at least as convex as its squares (derivation ``enclosing``, (iv)).

f(h) = sum_k q_k (-log softmax(h)_k) + (1/(n-1)) sum_k (1 - q_k) h_k^2 has a Hessian of at least diag(m_k), m_k =
2 (1 - q_k)/(n-1), everywhere, hence inf f >= f(h) - sum_k g_k^2/(2 m_k) for the gradient g at any h.

The loss is not own-label monotone, but its best scores have the order of the law (paper check ``hui2023_squentropy``).
Let K be the labels that tie on top at the forced minimum: it is that of the law with the mass of K spread evenly, so
the labels outside have less than the mean of K.  Then K holds A, the labels of the pooled law: let i be the first label
of A, by decreasing probability, that K lacks.  It exceeds the mean of those before, which K holds; what else K holds
comes later, so that i exceeds the mean of K.  Spreading further raises H: C_2(p) >= H(p^A).  Derived here.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import arb

from hconsist.definitions import to_ball
from hconsist.engine.oracles.base import Law, Oracle, Scores, mean
from hconsist.losses.squentropy import Squentropy

__all__ = ["SquentropyOracle"]


class SquentropyOracle(Oracle):
    """Scores are scores."""

    loss: Squentropy

    def __init__(self, loss: Squentropy):
        self.loss = loss

    def best(self, law: Law) -> Scores:
        """From floating point."""
        return [Fraction(float(h)) for h in np.asarray(self.loss.best_scores(np.array([float(q) for q in law])))]

    def costs_at(self, scores: Scores) -> list[arb]:
        """log sum exp(h) - h_y, and the squares of the others."""
        h = [to_ball(s) for s in scores]
        total, squares = self._log_sum(h), sum((v * v for v in h), to_ball(0))
        return [total - v + (squares - v * v) / (len(h) - 1) for v in h]

    def least(self, law: Law) -> arb:
        """By the squares; a sure label costs nothing in the limit."""
        if max(law) == 1:
            return to_ball(0)
        scores = self.best(law)
        h = [to_ball(s) for s in scores]
        total = self._log_sum(h)
        bound = mean(law, self.costs_at(scores))
        for q, v in zip(law, h):
            m = 2 * to_ball(1 - q) / (len(law) - 1)
            g = (v - total).exp() - to_ball(q) + m * v
            bound -= g * g / (2 * m)
        return bound

    @staticmethod
    def _log_sum(h: list[arb]) -> arb:
        top = max(h, key=float)
        return top + sum(((v - top).exp() for v in h), to_ball(0)).log()
