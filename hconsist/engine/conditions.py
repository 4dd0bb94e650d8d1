"""What the search takes for granted of a loss, tried at random scores: a declared property is never only trusted.

The upper side of a pooled regret needs three things of a loss: it is symmetric, convex in the scores or in their
softmax, and some best scores of a law have the order of the probabilities.  Then best scores of the pooled law can be
averaged over the pool and put its labels on top (derived here, as in derivation ``pooling``).  That no law does better
also rests on ``attained`` and on ``own-label monotone`` (Theorem 1' of the specification).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from hconsist.domains import InputError, UnsupportedError
from hconsist.losses import CompSum, Loss
from hconsist.losses.arrays import quiet
from hconsist.losses.convexity import LEAST

__all__ = ["NEEDED", "Condition", "best_scores", "check", "costs"]

_POINTS, _LABELS, _SEED = 48, 5, 20
_ROUNDING = 1e-9
NEEDED = ("symmetric", "convex", "ordered")
"""Names of the conditions on which a pooled regret rests."""


@dataclass(frozen=True)
class Condition:
    """One hypothesis: whether it held, and how that was found.  ``holds`` is None where nothing is known."""

    name: str
    statement: str
    holds: bool | None
    how: str


def costs(loss: Loss, scores: np.ndarray) -> np.ndarray:
    """l(h, y) for all labels y; ``(..., n)`` to ``(..., n)``."""
    n = scores.shape[-1]
    rows = np.repeat(scores[..., None, :], n, axis=-2)
    with quiet():
        return np.asarray(loss.value(rows, np.broadcast_to(np.arange(n), rows.shape[:-1])), dtype=float)


def best_scores(loss: Loss, laws: np.ndarray) -> np.ndarray:
    """Scores at which the conditional risk is least, or nearly so where only a limit is."""
    known = getattr(loss, "best_scores", None)
    if known is not None:
        return np.asarray(known(laws), dtype=float)
    with quiet():
        return np.log(np.maximum(np.asarray(loss.minimiser(laws), dtype=float), 1e-300))


def check(loss: Loss, n_classes: int) -> dict[str, Condition]:
    """The conditions by name.

    Raises
    ------
    InputError
        where the loss declares what fails at random scores; it names the property and the scores.
    """
    probe = _Probe(loss, loss.n_classes or min(n_classes, _LABELS))
    return {condition.name: condition for condition in (
        probe.symmetric(), probe.convex(), probe.ordered(), probe.attained(), probe.monotone(),
    )}  # fmt: skip


class _Probe:
    """Random scores and their costs."""

    def __init__(self, loss: Loss, n: int):
        self.loss, self.n, self.rng = loss, n, np.random.default_rng(_SEED)
        self.scores, self.other = self._drawn(), self._drawn()
        self.costs, self.other_costs = costs(loss, self.scores), costs(loss, self.other)
        self.laws = self.rng.dirichlet(np.ones(n), size=_POINTS)
        try:
            self.best: np.ndarray | None = best_scores(loss, self.laws)
        except UnsupportedError:
            self.best = None

    def symmetric(self) -> Condition:
        """Permuting the scores permutes the costs."""
        order = self.rng.permutation(self.n)
        moved = costs(self.loss, self.scores[:, order])
        wrong = np.abs(moved - self.costs[:, order]) > self._slack(moved)
        declared = self.loss.properties.get("symmetric")
        return self._condition("symmetric", "permuting scores and label together changes nothing", declared, wrong)

    def convex(self) -> Condition:
        """Midpoints of scores, or of softmax vectors."""
        kind = self.loss.convex_in
        words = f"convex in the {kind or 'scores or the softmax'}, for each label"
        if kind is None:
            place = self.loss.concave_at if isinstance(self.loss, CompSum) else None
            known = "" if place is None else f"; psi is not convex at s = {place:.6g}"
            return Condition("convex", words, False, "declared for neither parametrisation" + known)
        middle = (self.scores + self.other) / 2
        if kind == "softmax":
            middle = np.log((_softmax(self.scores) + _softmax(self.other)) / 2)
        chord = (self.costs + self.other_costs) / 2
        wrong = costs(self.loss, middle) > chord + self._slack(chord)
        found = self._condition("convex", words, True, wrong)
        return self._decided(found) if kind == "softmax" and isinstance(self.loss, CompSum) else found

    def _decided(self, found: Condition) -> Condition:
        """psi convex: a formula is looked at in balls too, which no dent between random points escapes."""
        loss = self.loss
        decision = loss.convexity() if isinstance(loss, CompSum) and loss.tau is None else None
        if decision is None or not found.holds:
            return found
        holds, place = decision
        if holds is None:
            return replace(found, holds=None, how=f"{found.how}; not decided in balls near s = {place:.6g}")
        return replace(found, how=f"{found.how}; psi is convex on [{LEAST:.0e}, 1], proved in balls")

    def ordered(self) -> Condition:
        """Of two labels the likelier one has no smaller best score."""
        words = "some best scores of a law have the order of the probabilities"
        if self.best is None:
            return Condition("ordered", words, None, "no best scores are known")
        ahead = self.laws[:, :, None] > self.laws[:, None, :]
        behind = self.best[:, :, None] < self.best[:, None, :] - _ROUNDING * (1 + np.abs(self.best[:, :, None]))
        wrong = np.any(ahead & behind, axis=-1)
        return Condition("ordered", words, not np.any(wrong), self._tried("random laws"))

    def attained(self) -> Condition:
        """Finite scores reach the entropy of laws without zeros."""
        words = "the least conditional risk of a law without zeros is attained"
        if self.best is None:
            return Condition("attained", words, None, "no best scores are known")
        with quiet():
            excess = np.asarray(self.loss.conditional_risk(self.best, self.laws)) - np.asarray(
                self.loss.entropy(self.laws)
            )
        holds = bool(np.all(np.abs(excess) <= self._slack(excess)))
        return Condition("attained", words, holds, self._tried("random laws"))

    def monotone(self) -> Condition:
        """h_i < h_k implies l(h, i) >= l(h, k)."""
        lower = self.scores[:, :, None] < self.scores[:, None, :]
        cheaper = self.costs[:, :, None] < self.costs[:, None, :] - self._slack(self.costs)[:, :, None]
        wrong = np.any(lower & cheaper, axis=-1)
        declared = self.loss.properties.get("own_label_monotone")
        return self._condition("own-label monotone", "h_i < h_k implies l(h, i) >= l(h, k)", declared, wrong)

    def _condition(self, name: str, words: str, declared: bool | None, wrong: np.ndarray) -> Condition:
        rows = np.any(wrong, axis=-1)
        if declared and np.any(rows):
            place = self.scores[int(np.argmax(rows))].tolist()
            raise InputError("loss", f"{words}, as it declares (it fails at scores {place})", self.loss.name)
        said = {True: "declared; ", False: "declared not to hold; ", None: ""}[declared]
        return Condition(name, words, not np.any(rows), said + self._tried("random scores"))

    def _drawn(self) -> np.ndarray:
        scores = 2 * self.rng.normal(size=(_POINTS, self.n))
        return scores - np.mean(scores, axis=-1, keepdims=True) if self.loss.zero_sum else scores

    def _tried(self, what: str) -> str:
        return f"tried at {_POINTS} {what}, n = {self.n}"

    @staticmethod
    def _slack(values: Any) -> np.ndarray:
        return _ROUNDING * (1 + np.abs(values))


def _softmax(scores: np.ndarray) -> np.ndarray:
    weight = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return weight / np.sum(weight, axis=-1, keepdims=True)
