"""What every loss offers.  A loss knows nothing of what is asked about it: no T, no Gamma, no verdicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import UnsupportedError

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["PROPERTIES", "Loss"]

PROPERTIES = {
    "convex": "in the scores, for each label",
    "shift_invariant": "adding one number to all scores changes nothing",
    "scale_invariant": "multiplying all scores by one positive number changes nothing",
    "symmetric": "permuting scores and label together changes nothing",
    "bounded": "",
    "differentiable": "in the scores, everywhere",
    "own_label_monotone": "h_i < h_k implies l(h, i) >= l(h, k)",
    "decreasing": "nonincreasing in the score of the label",
    "convex_psi": "psi is convex on (0, 1]",
}
"""What a loss may declare of itself, and :func:`hconsist.testing.assert_properties` checks: name -> what it says."""

_EXPANDED = 64
"""Up to so many labels a law that is given by groups is written out."""


class Loss(ABC):
    """A multi-class surrogate loss l(h, x, y) of a score vector.

    Arrays follow the array API standard (numpy, array-api-strict, torch, ...); the last axis holds the classes.
    """

    name: str
    """As written on the command line, parameters included: ``gce:q=0.7``."""
    parameters: dict[str, Any]
    formula: str
    """One line of plain text."""
    properties: Mapping[str, bool] = {}
    """Which of :data:`PROPERTIES` hold; one that is not named is not known."""
    n_classes: int | None = None
    """The number of labels, for a loss whose parameters fix it."""
    convex_in: str | None = None
    """``"scores"`` or ``"softmax"``: order-preserving parametrisation in which l(., y) is convex, if one is known."""
    zero_sum: bool = False
    """Whether the scores are restricted to have sum 0."""

    @abstractmethod
    def value(self, scores: Any, labels: Any) -> Any:
        """l(scores, label): scores ``(..., n)``, integer labels ``(...)``, result ``(...)``."""

    @abstractmethod
    def gradient(self, scores: Any, labels: Any) -> Any:
        """d l / d scores, of the shape of scores."""

    @abstractmethod
    def conditional_risk(self, scores: Any, probabilities: Any) -> Any:
        """sum_y p_y l(scores, y): both ``(..., n)``, result ``(...)``."""

    @abstractmethod
    def entropy(self, probabilities: Any) -> Any:
        """The generalized entropy H(p) = inf over all score vectors of the conditional risk."""

    def grouped_entropy(self, values: Any, counts: Any) -> np.ndarray:
        """H of a law that holds ``values[..., g]`` for ``counts[..., g]`` labels each; both broadcast, numpy only.

        The counts are integers of sum n, the values times the counts sum to 1.  Without a formula of its own a loss
        writes the law out, for at most 64 labels; beyond that UnsupportedError.
        """
        v, c = np.broadcast_arrays(np.asarray(values, dtype=float), np.asarray(counts))
        n = int(np.max(np.sum(c, axis=-1)))
        if n > _EXPANDED:
            raise UnsupportedError("n_classes", f"at most {_EXPANDED} for the numeric entropy of {self.name}", n)
        ends = np.cumsum(c, axis=-1)
        group = np.sum(np.arange(n) >= ends[..., None], axis=-2)  # the group of each of the n labels
        return np.asarray(self.entropy(np.take_along_axis(v, group, axis=-1)))

    @abstractmethod
    def minimiser(self, probabilities: Any) -> Any:
        """The softmax vector at which (in the limit, where it lies on the boundary) the conditional risk is least."""

    def centred(self) -> Loss:
        """The loss less a constant that would cost its entropies digits: of the same name and regrets."""
        return self

    @abstractmethod
    def definition(self) -> Definition:
        """The one symbolic definition, the reference of the array kernels."""

    @property
    @abstractmethod
    def latex(self) -> str:
        """The formula as LaTeX, parameters as the decimals one reads."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"
