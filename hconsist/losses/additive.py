"""Losses whose conditional risk is sum_r w_r(p) Phi(a_r . h): linear forms of the scores, weights linear in the law."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np

from hconsist.losses import arrays
from hconsist.losses.phi_loss import PhiLoss
from hconsist.losses.power import expectation

__all__ = ["AdditiveLoss"]


class AdditiveLoss(PhiLoss):
    """The kernels that follow from the forms and their weights; the loss of label y is the risk at the law e_y."""

    def value(self, scores: Any, labels: Any) -> Any:
        """l(h, y): scores ``(..., n)`` finite, labels ``(...)`` in [0, n); ``+inf`` on overflow."""
        array, xp = arrays.floating("scores", scores)
        return self._risk(array, self._deterministic(array, labels, xp), xp)

    def gradient(self, scores: Any, labels: Any) -> Any:
        """d l / d scores, of the shape of scores; at a kink of Phi its derivative from the right."""
        array, xp = arrays.floating("scores", scores)
        return self._risk_gradient(array, self._deterministic(array, labels, xp), xp)

    def conditional_risk(self, scores: Any, probabilities: Any) -> Any:
        """sum_y p_y l(h, y): both ``(..., n)``, result ``(...)``."""
        array, xp = arrays.floating("scores", scores)
        return self._risk(array, arrays.laws_like(array, probabilities), xp)

    def conditional_gradient(self, scores: Any, probabilities: Any) -> Any:
        """The gradient of the conditional risk in the scores; ``(..., n)``."""
        array, xp = arrays.floating("scores", scores)
        return self._risk_gradient(array, arrays.laws_like(array, probabilities), xp)

    def conditional_hessian(self, scores: Any, probabilities: Any) -> np.ndarray:
        """The Hessian of the conditional risk in the scores, where Phi'' exists; ``(..., n, n)``, numpy only."""
        array = np.asarray(arrays.floating("scores", scores)[0], dtype=float)
        p = np.asarray(arrays.laws_like(array, probabilities), dtype=float)
        forms = self.forms(array.shape[-1])
        terms = self._weighted(self._weights(p, np), self.phi.curvature(self._margins(array, np), np), np)
        return (terms[..., None, :] * forms.T) @ forms

    def forms(self, n_classes: int) -> np.ndarray:
        """The linear forms a_r as rows ``(R, n)``."""
        return np.ascontiguousarray(self._margins(np.eye(n_classes), np).T)

    def weights(self, probabilities: Any) -> Any:
        """The weights w_r(p): ``(..., n)`` to ``(..., R)``."""
        p, xp = arrays.probabilities(probabilities)
        return self._weights(p, xp)

    @abstractmethod
    def _margins(self, array: Any, xp: Any) -> Any:
        """a_r . h: ``(..., n)`` to ``(..., R)``."""

    @abstractmethod
    def _pull(self, terms: Any, xp: Any) -> Any:
        """sum_r terms_r a_r: ``(..., R)`` to ``(..., n)``."""

    @abstractmethod
    def _weights(self, p: Any, xp: Any) -> Any:
        """The weights of checked laws."""

    def _risk(self, array: Any, p: Any, xp: Any) -> Any:
        with arrays.quiet():
            margins = self._margins(array, xp)
        return expectation(self._weights(p, xp), self.phi(margins, xp), xp)

    def _risk_gradient(self, array: Any, p: Any, xp: Any) -> Any:
        with arrays.quiet():
            slopes = self.phi.slope(self._margins(array, xp), xp)
            return self._pull(self._weighted(self._weights(p, xp), slopes, xp), xp)

    def _weighted(self, weights: Any, values: Any, xp: Any) -> Any:
        """0 x infinity = 0."""
        with arrays.quiet():
            found = weights * values
        return xp.where(weights > 0, found, xp.zeros_like(found))

    def _deterministic(self, array: Any, labels: Any, xp: Any) -> Any:
        return xp.astype(arrays.one_hot(labels, array, xp), array.dtype)
