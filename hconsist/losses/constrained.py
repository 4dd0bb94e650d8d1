"""Constrained losses sum_{y' != y} Phi(-h_y') on scores of sum 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from hconsist.losses import arrays
from hconsist.losses.additive import AdditiveLoss
from hconsist.losses.newton import NEGLIGIBLE, ZeroSum, minimise
from hconsist.losses.phi import FAR
from hconsist.losses.phi_loss import complement, on_numpy

__all__ = ["ConstrainedLoss"]

_SCALES = (0.0, 0.5, 1.0, 2.0)
"""The iteration starts from the best of these multiples of the scores of the exponential."""


class ConstrainedLoss(AdditiveLoss):
    """sum_{y' != y} Phi(-h_y') of a margin function Phi, scores with sum 0; with the hinge that of Lee, Lin and Wahba.

    Scores are centred first: those of any sum stand for themselves less their mean, which makes the loss invariant
    under shifts.  With q = 1 - p the conditional risk is sum_i q_i Phi(-h_i).  Its least values, for every n:

    * exponential: n (q_1 ... q_n)^(1/n), squared hinge: n^2 / sum 1/q_i (proved in derivation
      ``constrained_entropies``),
    * hinge: n min q, rho-margin: min q (proved in derivation ``constrained_hinge``),
    * other convex Phi: Newton's method on the hyperplane.  UnsupportedError for another Phi that is not convex.

    Parameters are those of :class:`hconsist.losses.phi_loss.PhiLoss`.
    """

    family = "constrained"
    pattern = (
        "sum over y' != y of Phi(-h_y'), sum of h = 0",
        r"\sum_{y' \neq y} \Phi(-h_{y'}),\quad \sum_{y'} h_{y'} = 0",
    )
    zero_sum = True

    def _margins(self, array: Any, xp: Any) -> Any:
        n = array.shape[-1]
        return xp.sum(array / n, axis=-1, keepdims=True) - array

    def _pull(self, terms: Any, xp: Any) -> Any:
        return xp.mean(terms, axis=-1, keepdims=True) - terms

    def _weights(self, p: Any, xp: Any) -> Any:
        return complement(p, xp.ones_like(p), xp)

    def _least(self, v: Any, q: Any, c: Any, xp: Any) -> Any:
        n = xp.sum(c, axis=-1)
        q = xp.where(c > 0, q, xp.full_like(q, xp.inf))
        with arrays.quiet():
            match self.phi.name:
                case "exponential":
                    logs = xp.where(c > 0, c * xp.log(q), xp.zeros_like(q))
                    return n * xp.exp(xp.sum(logs, axis=-1) / n)
                case "squared-hinge":
                    # relative to the least q, so that a q of 0 gives 0 and none overflows
                    least = xp.min(q, axis=-1, keepdims=True)
                    return n**2 * least[..., 0] / xp.sum(c * _inverse(q, least, xp), axis=-1)
                case "hinge":
                    return n * xp.min(q, axis=-1)
                case "rho-margin":
                    return xp.min(q, axis=-1)
        return on_numpy(self._numeric(*(np.asarray(a, dtype=float) for a in (q, c)))[1], v, xp)

    def _best(self, p: Any, q: Any, xp: Any) -> Any:
        n = p.shape[-1]
        best = xp.argmin(q, axis=-1)[..., None] == arrays.counted(n, p, xp)
        with arrays.quiet():
            match self.phi.name:
                case "exponential":
                    logs = xp.clip(xp.log(q), -FAR, 0.0)
                    return xp.mean(logs, axis=-1, keepdims=True) - logs
                case "squared-hinge":
                    share = _inverse(q, xp.min(q, axis=-1, keepdims=True), xp)
                    return n * share / xp.sum(share, axis=-1, keepdims=True) - 1
                case "hinge" | "rho-margin":
                    scores = xp.where(best, xp.full_like(p, float(n - 1)), -xp.ones_like(p))
                    return scores * self.phi.parameters.get("rho", 1.0)
        laws = np.asarray(q, dtype=float)
        return on_numpy(self._numeric(laws, np.ones_like(laws))[0], p, xp)

    def _numeric(self, q: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores and entropies of laws by groups; q is infinite in empty groups."""
        self.phi.check_minimum()
        shape = q.shape
        q, c = q.reshape(-1, shape[-1]).T, c.reshape(-1, shape[-1]).T
        n, certain = np.sum(c, axis=0), q < NEGLIGIBLE
        free = np.any(certain, axis=0)  # p = e_i: the score of label i costs nothing, the others go to -infinity
        logs = np.log(np.where(free | (c == 0), 1.0, q))
        direction = np.sum(c * logs, axis=0) / n - logs
        problem = ZeroSum(self.phi, np.where(free, 1.0, c * np.where(c > 0, q, 0.0)), c)
        starts = [scale * direction for scale in _SCALES]
        risks = np.stack([problem.value(start) for start in starts])
        start = np.choose(np.argmin(np.where(np.isnan(risks), np.inf, risks), axis=0), starts)
        scores, values = minimise(problem, start, self.phi.text)
        scores = np.where(free, np.where(certain, n - 1, -1.0) * self.phi.far, scores)
        values = np.where(free, (n - 1) * self.phi.limit, values)
        return scores.T.reshape(shape), values.reshape(shape[:-1])


def _inverse(q: Any, least: Any, xp: Any) -> Any:
    """least/q, 1 where q is the least (0 included), 0 for infinite q."""
    return xp.where(q == least, xp.ones_like(q), least / q)
