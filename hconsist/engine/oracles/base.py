"""What an oracle knows: bounds at one law in ball arithmetic, and the pooled law.

Laws are tuples of Fractions, of which label 2 (index 1) is to be predicted.  What an oracle takes from floating point,
near-best scores, can only loosen its bounds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flint import arb

from hconsist.definitions import to_ball
from hconsist.losses import Loss

__all__ = ["Law", "Oracle", "Scores", "mean", "pooled", "unproved"]

Law = tuple[Fraction, ...]
Scores = list[Fraction]


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


def unproved(needed: Mapping[str, Any], variable: Any) -> tuple[str, ...]:
    """What is needed and not shown by the signs in the expressions, at s = 1/(1 + u) for a softmax value s."""
    import sympy

    from hconsist.symbolic import has_sign

    inside = {variable: 1 / (1 + sympy.Symbol("u", nonnegative=True))} if variable.is_positive else {}
    return tuple(
        f"{words} (checked on a grid only)"
        for words, expression in needed.items()
        if not has_sign(expression.subs(inside), strict=False)
    )
