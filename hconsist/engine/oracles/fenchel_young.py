"""Fenchel-Young losses: the entropy is Omega(e) - Omega(q), and scores h = omega'(x) have the prediction x.

By the definition of the conjugate, Omega*(h) >= <q, h> - Omega(q) for all scores h (derivation ``enclosing``, (v)),
with equality where h = omega'(q): there the gradient of <x, h> - Omega(x), which is concave in x, vanishes.  The costs
at the prediction x are Omega(e) + sum_k (x_k omega'(x_k) - omega(x_k)) - omega'(x_y), Omega(e) the value at corners.
"""

from __future__ import annotations

from fractions import Fraction

from flint import arb

from hconsist.definitions import compile_expression, to_ball
from hconsist.engine.oracles.base import Law, Oracle, Scores, unproved
from hconsist.losses.fenchel_young import FenchelYoung

__all__ = ["FenchelYoungOracle"]

_TINY = Fraction(1, 2**1000)
"""The least probability at which omega is evaluated where its derivative has no value at 0."""


class FenchelYoungOracle(Oracle):
    """Scores are predictions; a strictly convex omega, finite at 0."""

    def __init__(self, loss: FenchelYoung):
        self.loss = loss
        definition = loss.definition()
        (p,) = definition.symbols
        slope = definition.expression.diff(p)
        self._omega, self._slope = (compile_expression(e, (p,)).arb for e in (definition.expression, slope))
        self.assumptions = unproved({"omega is convex": slope.diff(p)}, p)
        with_zero = self._slope(to_ball(0))
        self._least = Fraction(0) if with_zero.is_finite() else _TINY

    def best(self, law: Law) -> Scores:
        """The law itself, moved off 0 where omega' has no value there."""
        values = [max(q, self._least) for q in law]
        return [value / sum(values) for value in values]

    def costs_at(self, scores: Scores) -> list[arb]:
        """Of any law x of sum 1 as the prediction."""
        x = [to_ball(s) for s in scores]
        slopes = [self._slope(v) for v in x]
        conjugate = sum((v * d - self._omega(v) for v, d in zip(x, slopes)), to_ball(0))
        return [self._corner(len(scores)) + conjugate - d for d in slopes]

    def least(self, law: Law) -> arb:
        """Omega(e) - Omega(q)."""
        return self._corner(len(law)) - sum((self._omega(to_ball(q)) for q in law), to_ball(0))

    def _corner(self, n: int) -> arb:
        return self._omega(to_ball(1)) + (n - 1) * self._omega(to_ball(0))
