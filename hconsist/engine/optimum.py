"""What a search for T returns: values with two sides, the laws that attain them, and what was checked."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from hconsist.domains import InputError
from hconsist.engine.conditions import Condition
from hconsist.evidence import Level
from hconsist.results import Side

__all__ = ["Minimisers", "Optimum"]

_LARGEST_LAW = 10**6


@dataclass(frozen=True)
class Minimisers:
    """Laws by groups: group g holds ``counts[..., g]`` labels of probability ``values[..., g]``; both ``(T, G)``.

    The groups ``top`` and ``predicted`` ``(T,)`` are single labels, the most probable and the predicted one; ``pool``
    ``(T,)`` is the number of labels whose scores tie with that of the predicted label, itself included.
    """

    values: np.ndarray
    counts: np.ndarray
    top: np.ndarray
    predicted: np.ndarray
    pool: np.ndarray

    def at(self, index: np.ndarray) -> Minimisers:
        """Some of them."""
        return Minimisers(*(getattr(self, f.name)[index] for f in fields(self)))

    def law(self, index: int) -> np.ndarray:
        """One law as a vector, groups in their order; InputError beyond 10**6 labels."""
        counts = self.counts[index].astype(int)
        if np.sum(counts) > _LARGEST_LAW:
            raise InputError("n_classes", f"at most {_LARGEST_LAW} for a law as a vector", int(np.sum(counts)))
        return np.repeat(self.values[index], counts)


@dataclass(frozen=True)
class Optimum:
    """The least surrogate regrets found at zero-one regrets t, as parallel arrays ``(T,)``, with their laws.

    ``upper`` is ``value``, the regret of the law, so that T is no larger up to the accuracy of the entropy; it exceeds
    T by no more than ``tolerance`` where the search has found the best law.  ``lower`` is proved where it is positive,
    by ``reference``.  ``conditions`` are the hypotheses on the loss that were checked, and how.
    """

    loss: str
    n_classes: int
    method: str
    t: np.ndarray
    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    laws: Minimisers
    tolerance: float
    conditions: tuple[Condition, ...]
    level: Level = Level.SAMPLED
    reference: str = ""

    @property
    def side(self) -> Side:
        """``exact`` if the two agree within the tolerance, else ``upper`` if a lower one is proved, or ``estimate``."""
        if np.all(self.upper - self.lower <= self.tolerance):
            return Side.EXACT
        return Side.UPPER if np.any(self.lower > 0) else Side.ESTIMATE

    def at(self, index: np.ndarray) -> Optimum:
        """At some of the t."""
        columns = {name: getattr(self, name)[index] for name in ("t", "value", "lower", "upper")}
        return replace(self, laws=self.laws.at(index), **columns)
