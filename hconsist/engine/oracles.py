"""Bounds at one law in ball arithmetic: of the entropy from below, of the costs of near-best scores, of a regret.

Laws are tuples of Fractions, of which label 2 (index 1) is to be predicted.  An oracle knows a family of losses; what
it takes from floating point, near-best scores, can only loosen its bounds.  Derived here (derivation ``enclosing``):

* psi(softmax), psi convex: tangents of psi and duality on the simplex,
  H(q) >= sum_i q_i (psi(s_i) - s_i psi'(s_i)) + min_i q_i psi'(s_i) for any s in (0, 1]^n;
* convex in the scores: if the Hessian of the risk f is at least m on the ball of radius R around h, and the gradient
  g at h has |g| < m R/2, then inf f >= f(h) - |g|^2/(2m).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any

import numpy as np
from flint import arb, arb_mat

from hconsist.definitions import compile_expression, to_ball
from hconsist.domains import UnsupportedError
from hconsist.losses import CompSum, Loss
from hconsist.losses.additive import AdditiveLoss

__all__ = ["Law", "Oracle", "mean", "oracle", "pooled"]

Law = tuple[Fraction, ...]
Scores = list[Fraction]
_TINY = Fraction(1, 2**1000)
"""The least softmax value that is used: psi is not evaluated at 0."""
_RADII = tuple(arb(2) ** -k for k in (6, 12, 20, 30))
"""Radii R that are tried: a large one wants a small gradient only, a small one keeps the Hessian apart from 0."""


def oracle(loss: Loss) -> Oracle:
    """The oracle of a loss; UnsupportedError names the hypothesis that fails."""
    if isinstance(loss, CompSum) and loss.properties["convex_psi"]:
        return PsiOracle(loss)
    if isinstance(loss, AdditiveLoss) and loss.phi.convex and loss.phi.differentiable:
        return AdditiveOracle(loss)
    raise UnsupportedError(
        "loss", "psi(softmax) with psi convex, or a sum of smooth convex margin functions", loss.name
    )


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


class Oracle(ABC):
    """What the search asks of a loss."""

    loss: Loss
    assumptions: tuple[str, ...] = ()
    """What the bounds take for granted of the loss and no proof has shown."""

    @abstractmethod
    def best(self, law: Law) -> Scores:
        """Rational scores (or softmax values) near a minimiser: labels alike in the law are alike in them."""

    @abstractmethod
    def costs_at(self, scores: Scores) -> list[arb]:
        """The cost of each label at these scores."""

    @abstractmethod
    def least(self, law: Law) -> arb:
        """A lower bound of H(law)."""

    def costs(self, law: Law) -> list[arb]:
        """The costs of near-best scores: H lies below their mean, as a function of the law."""
        return self.costs_at(self.best(law))

    def least_forced(self, law: Law) -> arb:
        """A lower bound of C_2(law), that of the pooled law."""
        return self.least(pooled(law)[0])

    def regret(self, law: Law) -> arb:
        """An upper bound of C_2(law) - H(law): label 2 on top, tied with the labels of its pool."""
        averaged, members = pooled(law)
        scores = self.best(averaged)
        top = sum((scores[k] for k in members), Fraction(0)) / len(members)
        tied = [top if k in members else min(s, top) for k, s in enumerate(scores)]
        return mean(law, self.costs_at(self.admissible(tied))) - self.least(law)

    def admissible(self, scores: Scores) -> Scores:
        """Scores of the family next to these, in the same order."""
        return scores


class PsiOracle(Oracle):
    """psi(softmax) with a convex psi; scores are softmax values, of sum at most 1."""

    def __init__(self, loss: CompSum):
        self.loss = loss
        definition = loss.definition()
        (s,) = definition.symbols
        slope = definition.expression.diff(s)
        self._psi, self._slope = (compile_expression(e, (s,)).arb for e in (definition.expression, slope))
        self.assumptions = _unproved({"psi is nonincreasing": -slope, "psi is convex": slope.diff(s)}, s)

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
            self.assumptions = _unproved({"Phi is nonincreasing": -derivatives[1], "Phi is convex": derivatives[2]}, u)

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


def _unproved(needed: Mapping[str, Any], variable: Any) -> tuple[str, ...]:
    """What is needed and not shown by the signs in the expressions, at s = 1/(1 + u) for a softmax value s."""
    import sympy

    from hconsist.symbolic import has_sign

    inside = {variable: 1 / (1 + sympy.Symbol("u", nonnegative=True))} if variable.is_positive else {}
    return tuple(
        f"{words} (checked on a grid only)"
        for words, expression in needed.items()
        if not has_sign(expression.subs(inside), strict=False)
    )
