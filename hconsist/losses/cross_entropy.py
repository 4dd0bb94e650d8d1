"""Variants of the cross-entropy: other targets than the label, or scores that are changed before the softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.losses import arrays
from hconsist.losses.base import Loss
from hconsist.losses.groups import grouped_laws
from hconsist.losses.phi import FAR
from hconsist.losses.power import PowerPsi, expectation, negative_log_softmax

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["SOFTMAX_VALUES", "CrossEntropyVariant"]

SOFTMAX_VALUES = Domain(0, 1, lower_open=True)

_SHANNON = PowerPsi(1.0)

_PROPERTIES = {
    "convex": True,
    "shift_invariant": True,
    "scale_invariant": False,
    "symmetric": True,
    "bounded": False,
    "differentiable": True,
    "own_label_monotone": True,
    "decreasing": True,
}
"""Of the cross-entropy itself."""


class CrossEntropyVariant(Loss):
    """sum_k t_k (-log softmax(g(h))_k): targets t = t(p), linear in the law p, and invertible affine scores g(h).

    Of total W = sum_k t_k, the least value over all h is W times the Shannon entropy of t/W, where
    softmax(g(h)) = t/W: Gibbs' inequality.
    """

    convex_in: str | None = "scores"
    slope: float = 1.0
    """dg/dh."""

    def _properties(self, **others: bool) -> dict[str, bool]:
        """Those of the cross-entropy, with the ones that differ."""
        return {**_PROPERTIES, **others}

    def value(self, scores: Any, labels: Any) -> Any:
        """The loss of each label: scores ``(..., n)`` finite, labels ``(...)`` in [0, n); ``+inf`` on overflow."""
        array, xp = self._floating(scores)
        return self._risk(array, self._deterministic(array, labels, xp), xp)

    def gradient(self, scores: Any, labels: Any) -> Any:
        """g'(h) (W softmax(g(h)) - t) at the targets t of the label; of the shape of scores."""
        array, xp = self._floating(scores)
        t = self.targets(self._deterministic(array, labels, xp), array.shape[-1], xp)
        log_loss = negative_log_softmax(self.adjusted(array, xp), xp)[0]
        total = xp.sum(t, axis=-1, keepdims=True)
        # s (W - t) - t (1 - s): no digits lost where s is next to 1
        return self.slope * ((total - t) * xp.exp(-log_loss) + t * xp.expm1(-log_loss))

    def conditional_risk(self, scores: Any, probabilities: Any) -> Any:
        """sum_y p_y l(h, y): both ``(..., n)``, result ``(...)``."""
        array, xp = self._floating(scores)
        return self._risk(array, arrays.laws_like(array, probabilities), xp)

    def entropy(self, probabilities: Any) -> Any:
        """W times the Shannon entropy of t(p)/W; ``(..., n)`` to ``(...)``."""
        p, xp = self._laws(probabilities)
        t = self.targets(p, p.shape[-1], xp)
        total = xp.sum(t, axis=-1)
        return total * _SHANNON.entropy(t / total[..., None], xp)

    def grouped_entropy(self, values: Any, counts: Any) -> np.ndarray:
        """H of a law that holds ``values[..., g]`` for ``counts[..., g]`` labels each; both broadcast, numpy only.

        Where the parameters fix the labels, those of the first group come first.
        """
        if self.n_classes is not None:
            return super().grouped_entropy(values, counts)
        v, c = grouped_laws(values, counts)
        return np.asarray(_SHANNON.grouped_entropy(self.targets(v, np.sum(c, axis=-1, keepdims=True), np), c))

    def best_scores(self, probabilities: Any) -> Any:
        """The scores with softmax(g(h)) = t(p)/W, the logarithm at least -800; ``(..., n)``."""
        p, xp = self._laws(probabilities)
        t = self.targets(p, p.shape[-1], xp)
        with arrays.quiet():
            return self.original(xp.clip(xp.log(t / xp.sum(t, axis=-1, keepdims=True)), -FAR, 0.0), xp)

    def minimiser(self, probabilities: Any) -> Any:
        """The softmax of :meth:`best_scores`; ``(..., n)``."""
        scores = self.best_scores(probabilities)
        xp = arrays.floating("scores", scores)[1]
        return xp.exp(-negative_log_softmax(scores, xp)[0])

    def definition(self) -> Definition:
        """-log s, s = softmax(g(h))_y."""
        import sympy

        from hconsist.definitions import Definition
        from hconsist.expressions import variable

        s = variable("s")
        return Definition(self.name, -sympy.log(s), (s,), {"s": SOFTMAX_VALUES})

    def targets(self, p: Any, n: Any, xp: Any) -> Any:
        """t(p) for n labels, linear in p."""
        return p

    def adjusted(self, scores: Any, xp: Any) -> Any:
        """g(h)."""
        return scores

    def original(self, scores: Any, xp: Any) -> Any:
        """The h with these scores g(h)."""
        return scores

    def _risk(self, array: Any, p: Any, xp: Any) -> Any:
        log_loss = negative_log_softmax(self.adjusted(array, xp), xp)[0]
        return expectation(self.targets(p, array.shape[-1], xp), log_loss, xp)

    def _deterministic(self, array: Any, labels: Any, xp: Any) -> Any:
        return xp.astype(arrays.one_hot(labels, array, xp), array.dtype)

    def _floating(self, scores: Any) -> tuple[Any, Any]:
        array, xp = arrays.floating("scores", scores)
        self._check_classes("scores", array)
        return array, xp

    def _laws(self, probabilities: Any) -> tuple[Any, Any]:
        p, xp = arrays.probabilities(probabilities)
        self._check_classes("probabilities", p)
        return p, xp

    def _check_classes(self, argument: str, array: Any) -> None:
        if self.n_classes is not None and array.shape[-1] != self.n_classes:
            raise InputError(argument, f"of {self.n_classes} classes, as the parameters", tuple(array.shape))
