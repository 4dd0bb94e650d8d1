"""Breaches of what a loss may declare of itself, sought at random scores: the checks behind ``assert_properties``.

Each function of :data:`BREACHES` takes a :class:`Probe` and gives ``(mask, scores)``: where the property fails beyond
rounding, and at which scores.  One function serves both sides: a property declared true must show no breach, one
declared false must show some.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hconsist.losses.base import Loss

__all__ = ["BREACHES", "Probe", "convexity", "entropy_errors", "gradient_errors", "risk_errors"]

Found = tuple[np.ndarray, np.ndarray]

_SCALES = (0.1, 1.0, 3.0, 10.0, 30.0)
"""Of the random scores: from next to a tie to hopeless."""
_LINES, _GRID, _ZOOMS = 60, 129, 5
_KINK = 0.1
"""A jump of the slope changes by less, relative to itself, while two zooms enlarge it by 1024; slopes with a Hoelder
exponent of 1/7 fall to 37 %, and rounding grows."""
_FAR, _FARTHER, _GROWTH = 1e50, 1e100, 1.2


@dataclass
class Probe:
    """A loss with random scores and labels; scores have sum 0 where the loss wants it."""

    loss: Loss
    n: int
    points: int
    rng: np.random.Generator
    noise: float = 1e-12
    """Differences below this, relative to the values, are rounding."""
    labels: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.labels = self.rng.integers(self.n, size=self.points)

    @cached_property
    def scores(self) -> np.ndarray:
        """``(points, n)``, at the scales of the module in turn."""
        return self.drawn(np.resize(_SCALES, self.points))

    @cached_property
    def laws(self) -> np.ndarray:
        """``(points, n)``: some of them near a vertex, some with zeros."""
        laws = self.rng.dirichlet(np.ones(self.n), size=self.points)
        laws[::4] = self.rng.dirichlet(np.full(self.n, 0.2), size=laws[::4].shape[0])
        laws[::10, 0] = 0.0
        return laws / np.sum(laws, axis=-1, keepdims=True)

    def drawn(self, scale: Any, size: int | None = None) -> np.ndarray:
        """Fresh admissible scores."""
        points = self.points if size is None else size
        return self.admissible(self.rng.normal(size=(points, self.n)) * np.reshape(scale, (-1, 1)))

    def admissible(self, scores: np.ndarray) -> np.ndarray:
        """Centred for a loss on scores of sum 0."""
        return scores - np.mean(scores, axis=-1, keepdims=True) if self.loss.zero_sum else scores

    def value(self, scores: np.ndarray, labels: Any = None) -> np.ndarray:
        """The loss, as numpy."""
        with np.errstate(all="ignore"):
            return np.asarray(self.loss.value(scores, self.labels if labels is None else labels), dtype=float)

    @property
    def each(self) -> np.ndarray:
        """The losses of all labels at :attr:`scores`; ``(points, n)``."""
        return self.all_labels(self.scores)

    def all_labels(self, scores: np.ndarray) -> np.ndarray:
        """The losses of all labels; ``(..., n)``."""
        return np.stack([self.value(scores, np.full(scores.shape[:-1], k)) for k in range(self.n)], axis=-1)

    def above(self, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Whether ``low`` exceeds ``high`` by more than rounding; never where a value overflows."""
        with np.errstate(invalid="ignore"):
            excess = low - high - self.noise * (np.abs(low) + np.abs(high)) - 0.01 * self.noise
        return np.isfinite(low) & np.isfinite(high) & (excess > 0)

    def differ(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Whether two values differ by more than rounding, which shifted or scaled scores enlarge."""
        with np.errstate(invalid="ignore"):
            excess = np.abs(first - second) - 100 * self.noise * (np.abs(first) + np.abs(second) + 1)
        return np.isfinite(first) & np.isfinite(second) & (excess > 0)


def _convex(probe: Probe) -> Found:
    """Chords of all lengths, of which short ones are second differences; and the gradients at both ends.

    Every other direction is that of the label's own score.
    A convex loss has (g - g') . (h - h') >= 0, which shows small curvatures better than values do.
    """
    length = 10.0 ** probe.rng.uniform(-2, 1, size=(probe.points, 1))
    direction = probe.drawn(1.0)
    direction[::2] = probe.admissible(np.eye(probe.n))[probe.labels[::2]]
    one, other = probe.scores, probe.scores + length * direction
    part = probe.rng.uniform(0.1, 0.9, size=(probe.points, 1))
    middle = part * one + (1 - part) * other
    chord = part[:, 0] * probe.value(one) + (1 - part[:, 0]) * probe.value(other)
    breach = probe.above(probe.value(middle), chord)
    with np.errstate(all="ignore"):
        first, second = (np.asarray(probe.loss.gradient(h, probe.labels)) for h in (one, other))
        size = np.sum((np.abs(first) + np.abs(second) + 1) * np.abs(one - other), axis=-1)
        breach |= np.sum((first - second) * (one - other), axis=-1) < -0.02 * probe.noise * size
    return breach, middle


def _convex_psi(probe: Probe) -> Found:
    """Chords of softmax vectors."""
    one, other = (np.maximum(probe.rng.dirichlet(np.full(probe.n, 0.5), size=probe.points), 1e-12) for _ in range(2))
    middle = np.log((one + other) / 2)
    chord = (probe.value(np.log(one)) + probe.value(np.log(other))) / 2
    return probe.above(probe.value(middle), chord), middle


def _shift_invariant(probe: Probe) -> Found:
    shift = 3 * probe.rng.normal(size=(probe.points, 1))
    return probe.differ(probe.value(probe.scores + shift), probe.value(probe.scores)), probe.scores


def _scale_invariant(probe: Probe) -> Found:
    scale = np.exp(probe.rng.normal(size=(probe.points, 1)))
    return probe.differ(probe.value(probe.scores * scale), probe.value(probe.scores)), probe.scores


def _symmetric(probe: Probe) -> Found:
    order = np.argsort(probe.rng.random((probe.points, probe.n)), axis=-1)
    moved = np.argmax(order == probe.labels[:, None], axis=-1)
    permuted = np.take_along_axis(probe.scores, order, axis=-1)
    return probe.differ(probe.value(permuted, moved), probe.value(probe.scores)), probe.scores


def _bounded(probe: Probe) -> Found:
    """Whether values grow between two scales that are far apart, even if slowly, as a logarithm does."""
    direction = probe.drawn(1.0)
    near, far = probe.value(_FAR * direction), probe.value(_FARTHER * direction)
    finite = np.abs(near[np.isfinite(near)])
    bound = _GROWTH * np.max(finite, initial=0.0) + 1e-9
    return ~np.isfinite(near) | ~(np.abs(far) <= bound), _FARTHER * direction


def _differentiable(probe: Probe) -> Found:
    """Kinks along lines: where the second difference is largest, look closer; a kink's jump of slope remains."""
    start, direction = probe.drawn(2.0, _LINES), probe.drawn(2.0, _LINES)
    labels = np.resize(probe.labels, _LINES)[:, None]
    centre, width = np.zeros((_LINES, 1)), 1.0
    jumps = []
    for _ in range(_ZOOMS):
        t = centre + width * np.linspace(-1, 1, _GRID)
        values = probe.value(start[:, None] + t[..., None] * direction[:, None], np.broadcast_to(labels, t.shape))
        with np.errstate(invalid="ignore"):
            bend = np.abs(np.diff(values, 2)) / (2 * width / (_GRID - 1))
        bend = np.where(np.isfinite(bend), bend, 0.0)
        bend = bend[:, 1:] + bend[:, :-1]  # a kink between two points of the grid shows at both
        place = np.argmax(bend, axis=-1)[:, None]
        jumps.append(np.take_along_axis(bend, place, axis=-1)[:, 0])
        centre = np.take_along_axis((t[:, 1:-2] + t[:, 2:-1]) / 2, place, axis=-1)
        width = 4 * width / (_GRID - 1)
    last = jumps[-1]
    same = np.all([np.abs(jump - last) <= _KINK * last for jump in jumps[-3:-1]], axis=0)
    return same & (last > 1e-4), start + centre * direction


def _own_label_monotone(probe: Probe) -> Found:
    """Among all pairs of labels; half of the points have two scores next to a tie."""
    scores = probe.scores.copy()
    scores[::2, 0] = scores[::2, -1] + 1e-2 * probe.rng.normal(size=scores[::2, 0].shape)
    scores = probe.admissible(scores)
    each = probe.all_labels(scores)
    lower = scores[:, :, None] < scores[:, None, :]
    wrong = probe.above(np.broadcast_to(each[:, None, :], lower.shape), np.broadcast_to(each[:, :, None], lower.shape))
    return np.any(lower & wrong, axis=(-1, -2)), scores


def _decreasing(probe: Probe) -> Found:
    raised = probe.scores.copy()
    raised[np.arange(probe.points), probe.labels] += 10.0 ** probe.rng.uniform(-2, 1, size=probe.points)
    return probe.above(probe.value(probe.admissible(raised)), probe.value(probe.scores)), probe.scores


BREACHES: dict[str, Callable[[Probe], Found]] = {
    "convex": _convex,
    "shift_invariant": _shift_invariant,
    "scale_invariant": _scale_invariant,
    "symmetric": _symmetric,
    "bounded": _bounded,
    "differentiable": _differentiable,
    "own_label_monotone": _own_label_monotone,
    "decreasing": _decreasing,
    "convex_psi": _convex_psi,
}
"""One for each of :data:`hconsist.losses.base.PROPERTIES`."""


def convexity(probe: Probe, parametrisation: str) -> Found:
    """Breaches of convexity in ``"scores"`` or ``"softmax"``."""
    return _convex(probe) if parametrisation == "scores" else _convex_psi(probe)


def risk_errors(probe: Probe) -> np.ndarray:
    """Where the conditional risk is not the mean of the losses."""
    risk = np.asarray(probe.loss.conditional_risk(probe.scores, probe.laws))
    return ~np.isclose(risk, np.sum(probe.laws * probe.each, axis=-1), rtol=1e-10, atol=1e-14)


def gradient_errors(probe: Probe, rtol: float) -> np.ndarray:
    """Where the gradient at moderate scores is not the central difference; points next to a kink are left out.

    Of several steps the best counts: a wrong gradient agrees with none.
    """
    scores = probe.drawn(2.0)
    gradient = np.asarray(probe.loss.gradient(scores, probe.labels))
    scale, here = 1 + np.max(np.abs(gradient), axis=-1), probe.value(scores)
    wrong = np.zeros(probe.points, dtype=bool)
    for direction in probe.admissible(np.eye(probe.n)):
        right = np.zeros(probe.points, dtype=bool)
        for step in (1e-4, 1e-5, 1e-6, 1e-7):
            ahead, behind = probe.value(scores + step * direction), probe.value(scores - step * direction)
            right |= np.abs(gradient @ direction - (ahead - behind) / (2 * step)) <= rtol * scale
            kink = np.abs(ahead - 2 * here + behind) / step > 1e-2 * scale
        wrong |= ~right & ~kink
    return wrong


def entropy_errors(probe: Probe) -> dict[str, Found]:
    """Name of what should hold -> where it does not, and the laws; UnsupportedError where there is no entropy.

    The entropy lies below the conditional risk at random scores and around the best ones, reaches it there, is concave
    and, if the loss is symmetric, symmetric in the law and the same for laws by groups.
    """
    loss, laws, rng = probe.loss, probe.laws, probe.rng
    entropy = np.asarray(loss.entropy(laws))
    best = _best_scores(loss, laws)
    reached = np.asarray(loss.conditional_risk(best, laws))
    nearby = best + probe.drawn(10.0 ** rng.uniform(-3, 0, size=probe.points))
    slack = 1e-9 * (1 + np.abs(entropy))
    other, part = laws[::-1], 0.3
    mixed = np.asarray(loss.entropy(part * laws + (1 - part) * other))
    found = {
        "entropy is a lower bound of the conditional risk": entropy
        > np.minimum(loss.conditional_risk(probe.scores, laws), loss.conditional_risk(nearby, laws)) + slack,
        "entropy is reached at the best scores": ~(np.abs(reached - entropy) <= slack),
        "entropy is concave": mixed < part * entropy + (1 - part) * entropy[::-1] - slack,
    }
    if loss.properties.get("symmetric"):
        permuted = loss.entropy(laws[:, rng.permutation(probe.n)])
        found["entropy is symmetric"] = ~(np.abs(permuted - entropy) <= slack)
        pair = np.stack([0.3 + 0.1 * laws[:, 0], np.ones(probe.points)], axis=-1)
        counts = np.array([1, probe.n - 1])
        pair[:, 1] = (1 - pair[:, 0]) / counts[1]
        grouped, written = loss.grouped_entropy(pair, counts), loss.entropy(np.repeat(pair, counts, axis=-1))
        found["entropy of a law by groups"] = ~(np.abs(grouped - written) <= slack)
    return {name: (mask, laws) for name, mask in found.items()}


def _best_scores(loss: Loss, laws: np.ndarray) -> np.ndarray:
    if hasattr(loss, "best_scores"):
        return np.asarray(loss.best_scores(laws))
    return np.log(np.maximum(np.asarray(loss.minimiser(laws)), 1e-300))
