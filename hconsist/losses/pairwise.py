"""Sum losses sum_{y' != y} Phi(h_y - h_y'): every pair of labels is compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from hconsist.domains import UnsupportedError
from hconsist.losses import arrays
from hconsist.losses.additive import AdditiveLoss
from hconsist.losses.newton import NEGLIGIBLE, Forms, minimise
from hconsist.losses.phi_loss import on_numpy
from hconsist.losses.power import expectation

__all__ = ["SumLoss"]

_GROUPS = 64
"""Newton's method on all pairs takes at most so many labels, or groups of labels."""


class SumLoss(AdditiveLoss):
    """sum_{y' != y} Phi(h_y - h_y') of a margin function Phi; with the hinge the loss of Weston and Watkins.

    The conditional risk is a sum over pairs, p_i Phi(h_i - h_k) + p_k Phi(h_k - h_i).  Its least values, for every n:

    * logistic, exponential, rho-margin: sum over pairs of f(p_i, p_k) with f(a, b) = inf over u of
      a Phi(u) + b Phi(-u), because h = log p, log(p)/2, or scores rho apart in the order of p attain all of them at
      once (derivations ``sum_logistic``, ``sum_losses``): a log((a+b)/a) + b log((a+b)/b), 2 sqrt(ab), min(a, b); the
      last is sum_k (k-1) p_(k).  The exponential one is the comp-sum loss with tau = 0.
    * hinge: a minimum over partitions of the labels, in the order of p, into levels one apart, by dynamic programming
      (derived here, see :func:`_levels`),
    * other convex Phi: Newton's method, up to 64 labels or groups.  UnsupportedError for another Phi that is not
      convex.

    Parameters are those of :class:`hconsist.losses.phi_loss.PhiLoss`.
    """

    family = "sum"
    pattern = (
        "sum over y' != y of Phi(h_y - h_y')",
        r"\sum_{y' \neq y} \Phi(h_y - h_{y'})",
    )
    unnamed = ("exponential",)

    def value(self, scores: Any, labels: Any) -> Any:
        """sum_{y' != y} Phi(h_y - h_y'): scores ``(..., n)`` finite, labels ``(...)`` in [0, n)."""
        array, xp = arrays.floating("scores", scores)
        return self._cost(array, arrays.one_hot(labels, array, xp), xp)

    def gradient(self, scores: Any, labels: Any) -> Any:
        """-Phi'(h_y - h_k) for k != y, minus their sum for y; at a kink of Phi its derivative from the right."""
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        slopes = self._off(self.phi.slope(self._behind(array, mask, xp), xp), mask, xp)
        return xp.where(mask, xp.sum(slopes, axis=-1, keepdims=True), -slopes)

    def _cost(self, array: Any, mask: Any, xp: Any) -> Any:
        return xp.sum(self._off(self.phi(self._behind(array, mask, xp), xp), mask, xp), axis=-1)

    def _behind(self, array: Any, mask: Any, xp: Any) -> Any:
        """h_y - h_k."""
        own = xp.sum(xp.where(mask, array, xp.zeros_like(array)), axis=-1, keepdims=True)
        with arrays.quiet():
            return own - array

    def _off(self, terms: Any, mask: Any, xp: Any) -> Any:
        return xp.where(mask, xp.zeros_like(terms), terms)

    def _risk(self, array: Any, p: Any, xp: Any) -> Any:
        labels = arrays.counted(array.shape[-1], array, xp)
        costs = [self._cost(array, labels == y, xp) for y in range(array.shape[-1])]  # (..., n) at a time
        return expectation(p, xp.stack(costs, axis=-1), xp)

    def _margins(self, array: Any, xp: Any) -> Any:
        return self._flat(array[..., :, None] - array[..., None, :], xp)

    def _pull(self, terms: Any, xp: Any) -> Any:
        n = round(terms.shape[-1] ** 0.5)
        square = xp.reshape(terms, (*terms.shape[:-1], n, n))
        return xp.sum(square, axis=-1) - xp.sum(square, axis=-2)

    def _weights(self, p: Any, xp: Any) -> Any:
        labels = arrays.counted(p.shape[-1], p, xp)
        off = labels[:, None] != labels
        return self._flat(xp.where(off, p[..., :, None], xp.zeros_like(p[..., :, None])), xp)

    def _flat(self, square: Any, xp: Any) -> Any:
        n = square.shape[-1]
        return xp.reshape(square, (*square.shape[:-2], n * n))

    def _least(self, v: Any, q: Any, c: Any, xp: Any) -> Any:
        if self.phi.one_for_all:
            return self._all_pairs(v, c, xp)
        laws = [np.asarray(a, dtype=float) for a in (v, c)]
        found = _levels(*laws)[0] if self.phi.name == "hinge" else self._numeric(*laws)[1]
        return on_numpy(found, v, xp)

    def _best(self, p: Any, q: Any, xp: Any) -> Any:
        if self.phi.name == "rho-margin":
            order = xp.argsort(p, axis=-1, descending=True, stable=True)
            rank = xp.argsort(order, axis=-1, stable=True)
            return self.phi.parameters["rho"] * xp.astype(p.shape[-1] - 1 - rank, p.dtype)
        if self.phi.one_for_all:
            return self.phi.link(p, xp.max(p, axis=-1, keepdims=True), xp)
        law = np.asarray(p, dtype=float)
        one = np.ones_like(law)
        found = _levels(law, one)[1] if self.phi.name == "hinge" else self._numeric(law, one)[0]
        return on_numpy(found, p, xp)

    def _all_pairs(self, v: Any, c: Any, xp: Any) -> Any:
        """sum over pairs of labels of f(p_i, p_k): within a group, and of each group with those before it."""
        total = xp.sum(c * (c - 1) / 2 * self.phi.least(v, v, xp), axis=-1)
        for g in range(1, v.shape[-1]):
            one = v[..., g : g + 1]
            pair = self.phi.least(v[..., :g], xp.zeros_like(v[..., :g]) + one, xp)
            total = total + c[..., g] * xp.sum(c[..., :g] * pair, axis=-1)
        return total

    def _numeric(self, v: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores and entropies of laws by groups, by Newton's method; the likeliest label has score 0."""
        self.phi.check_minimum()
        shape, groups = v.shape, v.shape[-1]
        if groups > _GROUPS:
            raise UnsupportedError("n_classes", f"at most {_GROUPS} for the numeric entropy of {self.name}", groups)
        order = np.argsort(-v, axis=-1, kind="stable")
        v, c = (np.take_along_axis(a, order, axis=-1).reshape(-1, groups).T for a in (v, c))
        n, v = np.sum(c, axis=0), np.where(v >= NEGLIGIBLE, v, 0.0)
        c = np.where(v > 0, c, 0.0)
        without = n - np.sum(c, axis=0)  # labels of probability 0 go to -infinity; every other one pays the limit
        known = np.sum(c * v, axis=0) * without * self.phi.limit
        known += np.sum(c * (c - 1) * v, axis=0) * float(self.phi(np.zeros(()), np))
        first, second = np.nonzero(~np.eye(groups, dtype=bool))
        weights = c[first] * c[second] * v[first]
        positive = np.where(v > 0, v, 1.0)
        pulls = self.phi.guess(positive[first], positive[second]) * c[second]
        start = np.stack([np.sum(pulls[first == g], axis=0) for g in range(groups)]) / np.sum(c, axis=0)
        forms = np.eye(groups)[first] - np.eye(groups)[second]
        problem = Forms(self.phi, forms[:, 1:], weights)
        scores, values = minimise(problem, (start - start[0])[1:], self.phi.text)
        scores = np.concatenate([np.zeros_like(scores[:1]), scores])
        scores = np.where(v > 0, scores, np.min(np.where(v > 0, scores, np.inf), axis=0) - self.phi.far)
        best = np.empty(shape)
        np.put_along_axis(best, order, scores.T.reshape(shape), axis=-1)
        return best, (values + known).reshape(shape[:-1])


def _levels(v: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Entropies and best scores of the sum hinge at laws by groups ``(..., G)``, exact up to rounding.

    The risk is piecewise linear with kinks where h_i - h_k is 1 or -1, and its cells hold no line besides shifts of
    all scores, so it is least at a vertex: integer levels without a gap.  Some minimiser has the order of p and is
    constant on groups.  From the top, let a level hold the labels of ranks s + 1 to e: each of them pays 1 against
    every other label down to rank e, and each label from rank s + 1 down pays 1 more against the s labels above for
    the step between the levels.  The level costs mass(s, e) (e - 1) + s mass(s, n), and the best partition into levels
    is found from the top.
    """
    order = np.argsort(-v, axis=-1, kind="stable")
    counts = np.take_along_axis(c, order, axis=-1)
    mass = np.take_along_axis(v, order, axis=-1) * counts
    zero = np.zeros_like(mass[..., :1])
    rank = np.concatenate([zero, np.cumsum(counts, axis=-1)], axis=-1)
    tail = np.concatenate([np.cumsum(mass[..., ::-1], axis=-1)[..., ::-1], zero], axis=-1)
    groups = v.shape[-1]
    best, top = np.zeros_like(rank), np.zeros(rank.shape, dtype=int)
    for e in range(1, groups + 1):
        level = (tail[..., :e] - tail[..., e : e + 1]) * (rank[..., e : e + 1] - 1) + rank[..., :e] * tail[..., :e]
        total = best[..., :e] + level
        top[..., e] = np.argmin(total, axis=-1)
        best[..., e] = np.min(total, axis=-1)
    first, end = np.empty(v.shape, dtype=bool), np.full(v.shape[:-1], groups)
    for g in range(groups - 1, -1, -1):  # whether a level starts at group g, read off from the bottom
        first[..., g] = np.take_along_axis(top, end[..., None], axis=-1)[..., 0] == g
        end = np.where(first[..., g], g, end)
    scores = np.empty(v.shape)
    np.put_along_axis(scores, order, -np.cumsum(first, axis=-1).astype(float), axis=-1)
    return best[..., groups], scores
