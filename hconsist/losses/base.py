"""What every loss offers.  A loss knows nothing of what is asked about it: no T, no Gamma, no verdicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["Loss"]


class Loss(ABC):
    """A multi-class surrogate loss l(h, x, y) of a score vector.

    Arrays follow the array API standard (numpy, array-api-strict, torch, ...); the last axis holds the classes.
    """

    name: str
    """As written on the command line, parameters included: ``gce:q=0.7``."""
    parameters: dict[str, Any]
    formula: str
    """One line of plain text."""

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

    @abstractmethod
    def minimiser(self, probabilities: Any) -> Any:
        """The softmax vector at which (in the limit, where it lies on the boundary) the conditional risk is least."""

    @abstractmethod
    def definition(self) -> Definition:
        """The one symbolic definition, the reference of the array kernels."""

    @property
    @abstractmethod
    def latex(self) -> str:
        """The formula as LaTeX, parameters as the decimals one reads."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}>"
