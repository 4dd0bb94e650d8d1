"""sum_r w_r(p) Phi(a_r . h) with a smooth convex Phi: strong convexity near a minimiser.

If the Hessian of the risk f is at least m on the ball of radius R around h, and the gradient g at h has |g| < m R/2,
then inf f >= f(h) - |g|^2/(2m) (derivation ``enclosing``, (iii)).
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import arb, arb_mat

from hconsist.definitions import compile_expression, to_ball
from hconsist.engine.oracles.base import Law, Oracle, Scores, unproved
from hconsist.losses.additive import AdditiveLoss

__all__ = ["AdditiveOracle"]

_RADII = tuple(arb(2) ** -k for k in (6, 12, 20, 30))
"""Radii R that are tried: a large one wants a small gradient only, a small one keeps the Hessian apart from 0."""


class AdditiveOracle(Oracle):
    """sum_r w_r(p) Phi(a_r . h) with a smooth convex Phi: strong convexity near a minimiser.

    Where a label has probability 0 its score may run away and the Hessian vanish; the forms without that label, in the
    scores of the others, then still bound H from below, as Phi >= 0.
    """

    loss: AdditiveLoss

    def __init__(self, loss: AdditiveLoss):
        self.loss = loss
        phi = loss.phi.expression()
        (u,) = phi.free_symbols
        derivatives = (phi, phi.diff(u), phi.diff(u, 2))
        self._phi = [compile_expression(e, (u,)).arb for e in derivatives]
        if loss.phi.name is None:
            self.assumptions = unproved({"Phi is nonincreasing": -derivatives[1], "Phi is convex": derivatives[2]}, u)

    @cached_property
    def _forms(self) -> np.ndarray:
        """The linear forms, whose coefficients are fractions with small denominators."""
        return np.vectorize(_small_fraction, otypes=[object])(self.loss.forms(3))

    @cached_property
    def _unit_weights(self) -> np.ndarray:
        """w_r(e_i) as ``(3, R)``."""
        return np.asarray(self.loss.weights(np.eye(3))).astype(int)

    def best(self, law: Law) -> Scores:
        """Near-best scores; of sum exactly 0 where the family asks for it."""
        found = np.asarray(self.loss.best_scores(np.array([float(q) for q in law])))
        return self.admissible([Fraction(float(value)) for value in found])

    def admissible(self, scores: Scores) -> Scores:
        """Shifted to sum 0 where the family asks for it."""
        centre = sum(scores, Fraction(0)) / len(scores) if self.loss.zero_sum else Fraction(0)
        return [s - centre for s in scores]

    def costs_at(self, scores: Scores) -> list[arb]:
        """Exact forms, Phi in balls."""
        values = [self._at(0, to_ball(u)) for u in self._margins(scores)]
        return [sum((v for v, w in zip(values, row) if w), to_ball(0)) for row in self._unit_weights]

    def least(self, law: Law) -> arb:
        """The bound with all labels, or that with the labels of positive probability."""
        scores, everyone = self.best(law), list(range(len(law)))
        for labels in (everyone, [k for k in everyone if law[k]]):
            bound = self._strongly_convex(law, scores, labels)
            if bound is not None:
                return bound
        return to_ball(0)

    def _strongly_convex(self, law: Law, scores: Scores, labels: list[int]) -> arb | None:
        """f(h) - |g|^2/(2m) for the forms of these labels; None if no radius does."""
        outside = [k for k in range(len(law)) if k not in labels]
        kept = [r for r, form in enumerate(self._forms) if any(form) and not any(form[outside])]
        weights = [sum((q * int(w) for q, w in zip(law, self._unit_weights[:, r])), Fraction(0)) for r in kept]
        rows = [(to_ball(w), self._forms[r]) for r, w in zip(kept, weights) if w]
        if len(labels) < 2 or (outside and self.loss.zero_sum):
            return None
        basis = self._basis(labels)
        margins = [sum((a * h for a, h in zip(form, scores)), Fraction(0)) for _, form in rows]
        slopes = [(w * self._at(1, to_ball(u)), form @ basis) for (w, form), u in zip(rows, margins)]
        gradient = [sum((v * to_ball(Fraction(a[k])) for v, a in slopes), to_ball(0)) for k in range(basis.shape[1])]
        square = sum((g * g for g in gradient), to_ball(0)).upper()
        for radius in _RADII:
            matrix = arb_mat(basis.shape[1], basis.shape[1])
            for (w, form), u in zip(rows, margins):
                a = form @ basis
                reach = radius * to_ball(Fraction(a @ a)).sqrt()
                bend = w * self._at(2, to_ball(u) + reach * arb(0, 1)).lower()
                for j in range(len(a)):
                    for k in range(len(a)):
                        matrix[j, k] += bend * to_ball(Fraction(a[j] * a[k]))
            m = _least_eigenvalue(matrix)
            if m > 0 and square < (m * radius / 2) ** 2:
                value = sum((w * self._at(0, to_ball(u)) for (w, _), u in zip(rows, margins)), to_ball(0))
                return value - square / (2 * m)
        return None

    def _margins(self, scores: Scores) -> list[Fraction]:
        return [sum((a * h for a, h in zip(form, scores)), Fraction(0)) for form in self._forms]

    def _basis(self, labels: list[int]) -> np.ndarray:
        """Directions of the scores of these labels, without the shift of all where it changes nothing."""
        unit = np.eye(3, dtype=int)
        if self.loss.zero_sum:
            return np.stack([unit[k] - unit[labels[-1]] for k in labels[:-1]], axis=1)
        free = labels[:-1] if self.loss.properties["shift_invariant"] else labels
        return unit[:, free]

    def _at(self, order: int, u: arb) -> arb:
        """The derivative of Phi of this order on a ball of margins: beyond its branch Phi is constant."""
        found, top = self._phi[order](u), self.loss.phi.branch.upper
        if not math.isfinite(top):
            return found
        constant = to_ball(Fraction(self.loss.phi.limit)) if order == 0 else to_ball(0)
        end = to_ball(Fraction(top))
        return found if u <= end else constant if u >= end else found.union(constant)


def _small_fraction(value: float) -> Fraction:
    return Fraction(float(value)).limit_denominator(1000)


def _least_eigenvalue(matrix: arb_mat) -> arb:
    """A lower bound for a positive semidefinite matrix of order d: det/(trace/(d-1))^(d-1), by means of the others."""
    d = matrix.nrows()
    trace = sum((matrix[k, k] for k in range(d)), to_ball(0))
    return matrix.det() / (trace / (d - 1)) ** (d - 1) if d > 1 else matrix[0, 0]
