"""T of losses that fit no reduction: the least of <p, l(h)> - H(p) over laws p and scores h with label j on top.

For few labels.  All ordered pairs (i, j) of a most probable and a predicted label are tried, or one of them where the
loss is symmetric.  On a lattice of laws, good starts are the best scores of the law, with some of them levelled to that
of j, and the best scores of laws that spread the mass of j and others evenly; from the best starts SLSQP goes on over p
and h together, with the gradients l(h) - l(h*) and sum_y p_y dl_y/dh, h* best scores of p.  Every value is a regret;
that none is lower is a matter of experience.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np

from hconsist.engine.conditions import best_scores, costs
from hconsist.losses import Loss
from hconsist.losses.arrays import quiet

__all__ = ["LARGEST", "Found", "ScoreSearch"]

LARGEST = 4
"""Labels up to which the lattices are small enough."""
_STEPS = {2: 1, 3: 32, 4: 12}
"""Steps of the lattice of laws along an edge."""
_SCOUTS, _STARTS, _AGREE = 21, 6, 1e-9
_NOTHING = 1e-14
"""A regret that needs no descent."""
_FAR = 60.0
"""Scores stay within this of each other: the exponential of -60 is below rounding."""


@dataclass(frozen=True)
class Found:
    """One law with the scores that predict label j: a regret at zero-one regret t."""

    t: float
    pair: tuple[int, int]
    law: np.ndarray
    scores: np.ndarray
    regret: float


class ScoreSearch:
    """The search for one loss and number of labels."""

    def __init__(self, loss: Loss, n_classes: int, symmetric: bool):
        self.loss, self.n = loss, n_classes
        self.pairs = [(0, 1)] if symmetric else list(permutations(range(n_classes), 2))
        self._lattice = _lattice(n_classes - 1, _STEPS[n_classes])

    def solve(self, t: np.ndarray) -> list[Found]:
        """The best regrets found at increasing t."""
        scouts = np.unique(np.rint(np.linspace(0, t.size - 1, _SCOUTS)).astype(int))
        known = {int(k): self._from_lattice(float(t[k])) for k in scouts}
        found: list[Found] = []
        for k in range(t.size):
            if k in known:
                found.append(known[k])
                continue
            last, ahead = found[-1], known[int(scouts[np.searchsorted(scouts, k)])]
            near = [last] if last.pair == ahead.pair else [last, ahead]
            found.append(min((self._descend(float(t[k]), x.pair, x.law, x.scores) for x in near), key=_regret))
        for k in reversed(range(t.size - 1)):  # what was found at a larger t may do better
            if found[k + 1].regret < found[k].regret or found[k + 1].pair != found[k].pair:
                x = found[k + 1]
                found[k] = min((found[k], self._descend(float(t[k]), x.pair, x.law, x.scores)), key=_regret)
        return found

    def follow(self, t: np.ndarray, known: list[Found]) -> list[Found]:
        """The best regrets at other t, from those found at increasing t on both sides."""
        places = np.array([x.t for x in known])
        right = np.clip(np.searchsorted(places, t), 1, places.size - 1)
        return [min((self._descend(float(s), x.pair, x.law, x.scores) for x in known[k - 1 : k + 1]), key=_regret)
                for s, k in zip(t, right)]  # fmt: skip

    def _from_lattice(self, t: float) -> Found:
        """From the best starts on the lattices of all pairs."""
        starts = sorted((start for pair in self.pairs for start in self._starts(t, pair)), key=_regret)
        ends: list[Found] = []
        for start in starts[:_STARTS]:
            ends.append(self._descend(t, start.pair, start.law, start.scores))
            if sum(end.regret <= min(map(_regret, ends)) + _AGREE for end in ends) == 2:
                break  # two starts have led to the same value
        return min(ends, key=_regret)

    def _starts(self, t: float, pair: tuple[int, int]) -> list[Found]:
        """The two best laws of the lattice, with scores of label j levelled with those of a set of others."""
        i, j = pair
        others = [k for k in range(self.n) if k not in pair]
        weight = self._lattice[:, [0, 0, *range(1, self.n - 1)]]  # labels i and j share one weight
        law = np.empty_like(weight)
        law[:, [i, j, *others]] = (1 - t) * weight / np.sum(weight, axis=1, keepdims=True)
        law[:, i] += t
        law = law[law[:, i] >= np.max(law, axis=1) - 1e-12]
        best, entropy = best_scores(self.loss, law), np.asarray(self.loss.entropy(law))
        rivals = [k for k in range(self.n) if k != j]
        groups = [[j, *group] for size in range(self.n) for group in combinations(rivals, size)]
        found = [_levelled(best, group) for group in groups]
        found += [_levelled(best_scores(self.loss, _spread(law, group)), [j]) for group in groups]
        scores = np.stack(found, axis=1)
        with quiet():
            regrets = np.asarray(self.loss.conditional_risk(scores, law[:, None, :])) - entropy[:, None]
        regrets = np.where(np.isfinite(regrets), regrets, np.inf)
        place = np.argmin(regrets, axis=1)
        least = np.take_along_axis(regrets, place[:, None], axis=1)[:, 0]
        return [Found(t, pair, law[k], scores[k, place[k]], float(max(least[k], 0.0))) for k in np.argsort(least)[:2]]

    def _descend(self, t: float, pair: tuple[int, int], law: np.ndarray, scores: np.ndarray) -> Found:
        """SLSQP over the probabilities of the other labels and the scores, brought back to what is admissible."""
        from scipy.optimize import minimize

        i, j = pair
        n, others = self.n, [k for k in range(self.n) if k not in pair]
        free = len(others)

        def whole(rest: np.ndarray) -> np.ndarray:
            p = np.zeros(n)
            p[others] = np.clip(rest, 0.0, 1.0)
            half = (1 - np.sum(p)) / 2
            p[[i, j]] = max(half + t / 2, 0.0), max(half - t / 2, 0.0)
            return p / np.sum(p)

        def objective(z: np.ndarray) -> tuple[float, np.ndarray]:
            p, h = whole(z[:free]), z[free:]
            gain = costs(self.loss, h) - costs(self.loss, best_scores(self.loss, p))
            labels = np.arange(n)
            slope = p @ np.asarray(self.loss.gradient(np.broadcast_to(h, (n, n)), labels))
            along = gain[others] - (gain[i] + gain[j]) / 2
            return float(self.loss.conditional_risk(h, p) - self.loss.entropy(p)), np.concatenate([along, slope])

        # p_j >= 0, p_i >= p_k, h_j >= h_k
        rows = np.zeros((1 + free + n - 1, free + n))
        right = np.zeros(rows.shape[0])
        rows[0, :free], right[0] = -1.0, 1 - t
        for row, k in enumerate(range(free), start=1):
            rows[row, :free] = -0.5
            rows[row, k] -= 1.0
            right[row] = (1 + t) / 2
        for row, k in enumerate((k for k in range(n) if k != j), start=1 + free):
            rows[row, free + j], rows[row, free + k] = 1.0, -1.0
        begin = self._admissible(t, pair, whole(law[others]), scores)
        if begin.regret <= _NOTHING:
            return begin
        constraint = {"type": "ineq", "fun": lambda z: rows @ z + right, "jac": lambda z: rows}
        low, high = float(np.max(scores)) - _FAR, float(np.max(scores)) + _FAR / 2
        start = np.concatenate([law[others], np.clip(scores, low, high)])
        bounds = [(0.0, 1.0)] * free + [(low, high)] * n
        with quiet():
            end = minimize(objective, start, jac=True, method="SLSQP", bounds=bounds, constraints=[constraint],
                           options={"ftol": 1e-15, "maxiter": 200}).x  # fmt: skip
        if not np.all(np.isfinite(end)):
            return begin
        return min(begin, self._admissible(t, pair, whole(end[:free]), end[free:]), key=_regret)

    def _admissible(self, t: float, pair: tuple[int, int], law: np.ndarray, scores: np.ndarray) -> Found:
        """The regret at scores with label j on top; infinite for a law whose largest entry is not that of i."""
        i, j = pair
        scores = np.minimum(scores, scores[j])
        if law[i] < np.max(law) - 1e-12 or abs(law[i] - law[j] - t) > 1e-12:
            return Found(t, pair, law, scores, np.inf)
        with quiet():
            regret = float(self.loss.conditional_risk(scores, law) - self.loss.entropy(law))
        return Found(t, pair, law, scores, max(regret, 0.0) if np.isfinite(regret) else np.inf)


def _regret(found: Found) -> float:
    return found.regret


def _levelled(scores: np.ndarray, group: list[int]) -> np.ndarray:
    """The scores of a group replaced by their mean, those above it lowered to it."""
    level = np.mean(scores[:, group], axis=1, keepdims=True)
    found = np.minimum(scores, level)
    found[:, group] = level
    return found


def _spread(law: np.ndarray, group: list[int]) -> np.ndarray:
    """The law with the mass of a group spread evenly over it."""
    found = law.copy()
    found[:, group] = np.mean(law[:, group], axis=1, keepdims=True)
    return found


def _lattice(size: int, steps: int) -> np.ndarray:
    """Points of the simplex with coordinates in multiples of 1/steps."""
    if size == 1:
        return np.ones((1, 1))
    grid = np.array(np.meshgrid(*[np.arange(steps + 1)] * (size - 1), indexing="ij")).reshape(size - 1, -1).T
    grid = grid[np.sum(grid, axis=1) <= steps]
    return np.hstack([steps - np.sum(grid, axis=1, keepdims=True), grid]) / steps
