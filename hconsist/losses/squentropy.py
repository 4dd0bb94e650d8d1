"""Squentropy: cross-entropy plus the mean square of the scores of the other labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import NONNEGATIVE
from hconsist.losses import arrays
from hconsist.losses.base import Loss
from hconsist.losses.cross_entropy import SOFTMAX_VALUES
from hconsist.losses.groups import grouped_laws
from hconsist.losses.phi import FAR
from hconsist.losses.phi_loss import complement, on_numpy
from hconsist.losses.power import expectation, negative_log_softmax, score_gradient
from hconsist.losses.roots import decreasing_roots

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["Squentropy"]

_NEAR = 1e-8
"""A Newton step in the multiplier shorter than this is the last one: it squares the error."""
_CHUNK = 1 << 16
"""Entries that are treated together: the arrays of one step stay in the processor's cache."""


class Squentropy(Loss):
    """-log softmax(h)_y + (1/(n-1)) sum_{k != y} h_k^2: strictly convex in the scores, not invariant under shifts.

    Convexity is that of the conditional risk; the gradient of the risk vanishes where softmax(h)_k + kappa_k h_k = p_k
    with kappa_k = 2 (1 - p_k)/(n-1).  Given l = log sum exp(h), each h_k is a Wright omega function, h_k =
    p_k/kappa_k - omega(p_k/kappa_k - l - log kappa_k), and the sum of all equations asks for sum_k (1 - p_k) h_k = 0,
    an increasing equation in l (derived here).

    The swap of two labels changes the loss by (h_k - h_i)(1 + (h_i + h_k)/(n-1)), so the own label is not always the
    better the higher its score.

    Hui, Belkin and Wright 2023, Cut your losses with squentropy (abstract seen: "the sum of two terms: the
    cross-entropy loss and the average square loss over the incorrect classes").
    """

    name = "squentropy"
    formula = "-log(softmax(h)_y) + (sum over k != y of h_k^2)/(n - 1)"
    latex = r"-\log \mathrm{softmax}(h)_y + \frac{1}{n-1} \sum_{k \neq y} h_k^2"
    convex_in = "scores"

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.properties = {
            "convex": True,
            "shift_invariant": False,
            "scale_invariant": False,
            "symmetric": True,
            "bounded": False,
            "differentiable": True,
            "own_label_monotone": False,
            "decreasing": True,
        }

    def value(self, scores: Any, labels: Any) -> Any:
        """The loss: scores ``(..., n)`` finite, labels ``(...)`` in [0, n); ``+inf`` on overflow."""
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        zero = xp.zeros_like(array)
        own = xp.where(mask, negative_log_softmax(array, xp)[0], zero)
        with arrays.quiet():
            return xp.sum(own + xp.where(mask, zero, array**2) / (array.shape[-1] - 1), axis=-1)

    def gradient(self, scores: Any, labels: Any) -> Any:
        """softmax(h)_k + 2 h_k/(n-1) for k != y, softmax(h)_y - 1 for y; of the shape of scores."""
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        squares = xp.where(mask, xp.zeros_like(array), 2 * (array / (array.shape[-1] - 1)))
        return score_gradient(array, mask, 0.0, xp) + squares

    def conditional_risk(self, scores: Any, probabilities: Any) -> Any:
        """sum_k p_k (-log softmax(h)_k) + (1/(n-1)) sum_k (1 - p_k) h_k^2; both ``(..., n)``, result ``(...)``."""
        array, xp = arrays.floating("scores", scores)
        p = arrays.laws_like(array, probabilities)
        with arrays.quiet():
            squares = array**2 / (array.shape[-1] - 1)
        losses = negative_log_softmax(array, xp)[0]
        return expectation(p, losses, xp) + expectation(complement(p, xp.ones_like(p), xp), squares, xp)

    def entropy(self, probabilities: Any) -> Any:
        """The least conditional risk, numeric; ``(..., n)`` to ``(...)``."""
        p, xp = arrays.probabilities(probabilities)
        law = np.asarray(p, dtype=float)
        return on_numpy(_least(law, np.ones_like(law))[0], p, xp)

    def grouped_entropy(self, values: Any, counts: Any) -> np.ndarray:
        """H of a law that holds ``values[..., g]`` for ``counts[..., g]`` labels each; both broadcast, numpy only."""
        return _least(*grouped_laws(values, counts))[0]

    def best_scores(self, probabilities: Any) -> Any:
        """The scores that attain the entropy; +800 for a label of probability 1, which has no finite best score."""
        p, xp = arrays.probabilities(probabilities)
        law = np.asarray(p, dtype=float)
        return on_numpy(_least(law, np.ones_like(law))[1], p, xp)

    def minimiser(self, probabilities: Any) -> Any:
        """The softmax of :meth:`best_scores`, which is not p; ``(..., n)``."""
        scores = self.best_scores(probabilities)
        xp = arrays.floating("scores", scores)[1]
        return xp.exp(-negative_log_softmax(scores, xp)[0])

    def definition(self) -> Definition:
        """-log s + m: s = softmax(h)_y, m the mean square of the other scores."""
        import sympy

        from hconsist.definitions import Definition

        s, m = sympy.Symbol("s", positive=True), sympy.Symbol("m", nonnegative=True)
        return Definition(self.name, -sympy.log(s) + m, (s, m), {"s": SOFTMAX_VALUES, "m": NONNEGATIVE})


def _least(v: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entropies ``(...)`` and best scores ``(..., G)`` of laws by groups."""
    shape = v.shape
    v, c = v.reshape(-1, shape[-1]), c.reshape(-1, shape[-1])
    values, scores = np.empty(v.shape[0]), np.empty_like(v)
    rows = max(1, _CHUNK // shape[-1])
    with arrays.quiet():
        for i in range(0, v.shape[0], rows):
            values[i : i + rows], scores[i : i + rows] = _solve(v[i : i + rows], c[i : i + rows])
    return values.reshape(shape[:-1]), scores.reshape(shape)


def _solve(v: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    q = np.where(c > 0, complement(v, c, np), 1.0)
    n = np.sum(c, axis=-1, keepdims=True)
    certain = np.any(q == 0, axis=-1)
    weight, kappa = c * q, np.where(q > 0, 2 * q / (n - 1), 1.0)
    present = c > 0
    # a score is 0 where l = -log p, so all have one sign beyond these ends
    low = -np.log(np.max(np.where(present, v, 0.0), axis=-1))
    high = -np.log(np.maximum(np.min(np.where(present, v, 1.0), axis=-1), 1e-300))
    low[certain], high[certain] = 0.0, 0.0

    def evaluate(chosen: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """log of the negative part of sum (1 - p) h, less log of the positive part."""
        h, slope = _scores(v[chosen], kappa[chosen], x[:, None])
        up, w = h > 0, weight[chosen]
        plus, minus = np.sum(np.where(up, w * h, 0.0), axis=-1), np.sum(np.where(up, 0.0, -w * h), axis=-1)
        rise, fall = np.sum(np.where(up, w * slope, 0.0), axis=-1), np.sum(np.where(up, 0.0, w * slope), axis=-1)
        balance = np.log(minus) - np.log(plus)
        # next to the pole at an end of the bracket, where all scores have one sign, steps are short far from the root
        return balance, -fall / minus - rise / plus, np.where(np.abs(balance) < 1e-3, _NEAR, 0.0)

    x = decreasing_roots(evaluate, low, high)[0]
    h = _scores(v, kappa, x[:, None])[0]
    h[certain] = np.where(q[certain] == 0, FAR, 0.0)
    values = np.sum(c * v * _grouped_losses(h, c) + weight * h**2 / (n - 1), axis=-1)
    return np.where(certain, 0.0, values), h


def _scores(v: np.ndarray, kappa: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """h with exp(h - x) + kappa h = v, and dh/dx = omega/(1 + omega) where exp(h - x) = kappa omega."""
    from scipy.special import wrightomega

    log_kappa = np.log(kappa)
    z = v / kappa - x - log_kappa
    omega = wrightomega(z)
    # for large z the difference v/kappa - omega would lose its digits, for small z the logarithm
    return np.where(z < 1, v / kappa - omega, x + log_kappa + np.log(omega)), omega / (1 + omega)


def _grouped_losses(h: np.ndarray, c: np.ndarray) -> np.ndarray:
    """-log softmax of one label of each group; the largest term is left out of the sum, as for single labels."""
    h = np.where(c > 0, h, -np.inf)
    top = np.argmax(h, axis=-1)[..., None]
    below = h - np.take_along_axis(h, top, axis=-1)
    rest = np.sum(np.where(np.arange(h.shape[-1]) == top, c - 1, c) * np.exp(below), axis=-1, keepdims=True)
    return np.where(c > 0, np.log1p(rest) - below, 0.0)
