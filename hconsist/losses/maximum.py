"""Max losses Phi(h_y - max_{y' != y} h_y'): the margin over the strongest rival."""

from __future__ import annotations

from typing import Any

import numpy as np

from hconsist.losses import arrays
from hconsist.losses.phi_loss import PhiLoss
from hconsist.losses.power import expectation

__all__ = ["MaxLoss"]


class MaxLoss(PhiLoss):
    """Phi(h_y - max_{y' != y} h_y') of a margin function Phi; with the hinge the loss of Crammer and Singer.

    The top label has a margin g >= 0 and the others at most -g, all of them exactly -g where they tie.  So H(p) is the
    infimum over g >= 0 of P Phi(g) + (1 - P) Phi(-g) with P = max p (derivation
    ``max_losses``).  For a convex Phi that is Phi(0) up to P = 1/2 (proved in ``max_losses``) and from there
    the two-label entropy of (P, 1 - P); for the rho-margin 1 - P (``max_losses``).  UnsupportedError for another Phi
    that is not convex.

    Parameters are those of :class:`hconsist.losses.phi_loss.PhiLoss`.
    """

    family = "max"
    pattern = (
        "Phi(h_y - max over y' != y of h_y')",
        r"\Phi(h_y - \max_{y' \neq y} h_{y'})",
    )
    kinked = True

    def value(self, scores: Any, labels: Any) -> Any:
        """Phi(h_y - max of the others): scores ``(..., n)`` finite, labels ``(...)`` in [0, n)."""
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        return self.phi(self._margin(array, mask, xp)[0], xp)

    def gradient(self, scores: Any, labels: Any) -> Any:
        """Phi' of the margin for the label and minus that for the first of its strongest rivals; ``(..., n)``."""
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        margin, rival = self._margin(array, mask, xp)
        slope = self.phi.slope(margin, xp)[..., None]
        return xp.where(mask, slope, xp.where(rival, -slope, xp.zeros_like(array)))

    def conditional_risk(self, scores: Any, probabilities: Any) -> Any:
        """sum_y p_y l(h, y): both ``(..., n)``, result ``(...)``."""
        array, xp = arrays.floating("scores", scores)
        p = arrays.laws_like(array, probabilities)
        return expectation(p, self.phi(self._margins(array, xp), xp), xp)

    def conditional_gradient(self, scores: Any, probabilities: Any) -> Any:
        """A subgradient of the conditional risk, the mean of :meth:`gradient`; ``(..., n)``."""
        array = arrays.floating("scores", scores)[0]
        p = arrays.laws_like(array, probabilities)
        labels = range(array.shape[-1])
        return sum(p[..., y : y + 1] * self.gradient(array, np.full(array.shape[:-1], y)) for y in labels)

    def _margin(self, array: Any, mask: Any, xp: Any) -> tuple[Any, Any]:
        """The margin of the label in the mask, and the mask of its rival."""
        zero = xp.zeros_like(array)
        others = xp.where(mask, xp.full_like(array, -xp.inf), array)
        rival = xp.argmax(others, axis=-1)[..., None] == arrays.counted(array.shape[-1], array, xp)
        with arrays.quiet():
            own, best = (xp.sum(xp.where(chosen, array, zero), axis=-1) for chosen in (mask, rival))
            return own - best, rival

    def _margins(self, array: Any, xp: Any) -> Any:
        """The margins of all labels from the two largest scores; ``(..., n)``."""
        first = xp.argmax(array, axis=-1)[..., None] == arrays.counted(array.shape[-1], array, xp)
        top = xp.max(array, axis=-1, keepdims=True)
        second = xp.max(xp.where(first, xp.full_like(array, -xp.inf), array), axis=-1, keepdims=True)
        with arrays.quiet():
            return array - xp.where(first, second, top)

    def _least(self, v: Any, q: Any, c: Any, xp: Any) -> Any:
        largest, rest, _ = self._two_labels(v, q, xp)
        return self.phi.least_ahead(largest, rest, xp)

    def _best(self, p: Any, q: Any, xp: Any) -> Any:
        largest, rest, first = self._two_labels(p, q, xp)
        return xp.where(first, self.phi.link_ahead(largest, rest, xp)[..., None], xp.zeros_like(p))

    def _two_labels(self, v: Any, q: Any, xp: Any) -> tuple[Any, Any, Any]:
        """The largest probability, all the rest, and the mask of the label (or group)."""
        first = xp.argmax(v, axis=-1)[..., None] == arrays.counted(v.shape[-1], v, xp)
        return xp.max(v, axis=-1), xp.sum(xp.where(first, q, xp.zeros_like(q)), axis=-1), first
