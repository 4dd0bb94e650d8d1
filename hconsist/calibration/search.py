"""A search for laws at which some best scores predict a wrong label: random, seeded, in floating point.

Risks are compared on one set of scores for all laws; the laws at which a forced label seems to cost nothing are then
minimised for themselves, with and without the label forced to the top.  What is not found here may still exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, pairwise, product

import numpy as np

from hconsist.losses import Loss

__all__ = ["LARGEST", "Candidate", "candidates", "compositions", "forced_risk", "least_risk"]

LARGEST = 6
"""Labels up to which laws are searched."""
_GAP = Fraction(1, 20)
"""Zero-one regrets from here on are searched: T grows like t^2 for smooth losses, and must be told from 0."""
_DIVISIONS = {2: 40, 3: 24, 4: 24, 5: 20, 6: 12}
_LAWS, _RANDOM, _STARTS, _KEPT = 400, 3000, 2, 6
_FREE = 1e-9
_DEEP = 30.0
"""Scores that stand for infinite ones."""
_LOW = -12.0
"""The score of a softmax value 0."""


@dataclass(frozen=True)
class Candidate:
    """A law, a wrong label, best scores with that label at the top, and the numeric surrogate regret."""

    law: tuple[Fraction, ...]
    label: int
    scores: np.ndarray
    regret: float
    entropy: float

    @property
    def gap(self) -> Fraction:
        """The zero-one regret."""
        return max(self.law) - self.law[self.label]

    @property
    def per_square(self) -> float:
        """Surrogate regret/(zero-one regret)^2, which smooth losses keep apart from 0."""
        return self.regret / float(self.gap) ** 2


def candidates(loss: Loss, n: int, rng: np.random.Generator) -> Iterator[tuple[Candidate, int]]:
    """Candidates one by one, and how many pairs (law, wrong label) were looked at.

    First those that seem to cost nothing on the common scores, most harmful first; then the cheapest for their size.
    """
    symmetric = loss.properties.get("symmetric", False)
    laws = [law for law in compositions(_DIVISIONS[n], n) if not symmetric or _sorted(law)]
    if len(laws) > _LAWS:
        laws = [laws[i] for i in rng.choice(len(laws), _LAWS, replace=False)]
    h = _samples(loss, n, rng)
    costs = np.stack([np.asarray(loss.value(h, np.full(len(h), y)), dtype=float) for y in range(n)], axis=-1)
    keep = np.all(np.isfinite(costs), axis=-1)
    h, costs = h[keep], costs[keep]
    risks = np.array([[float(x) for x in law] for law in laws]) @ costs.T
    least = np.min(risks, axis=1)
    top = h >= np.max(h, axis=1, keepdims=True)
    forced = np.stack([np.min(np.where(top[:, j], risks, np.inf), axis=1) for j in range(n)], axis=1)
    gaps = {(i, j): max(law) - law[j] for i, law in enumerate(laws) for j in range(n) if max(law) - law[j] >= _GAP}
    cost = {(i, j): (forced[i, j] - least[i]) / float(gap) ** 2 for (i, j), gap in gaps.items()}
    free = sorted((pair for pair in gaps if cost[pair] <= _FREE), key=lambda pair: -gaps[pair])
    cheap = sorted((pair for pair in gaps if cost[pair] > _FREE), key=lambda pair: cost[pair])
    for i, j in [*free[:_KEPT], *cheap[:_KEPT]]:
        yield _polished(loss, laws[i], j, h, risks[i], rng), len(gaps)


def compositions(total: int, parts: int) -> Iterator[tuple[Fraction, ...]]:
    """The laws with entries k/total."""
    for bars in combinations(range(total + parts - 1), parts - 1):
        ends = (-1, *bars, total + parts - 1)
        yield tuple(Fraction(b - a - 1, total) for a, b in pairwise(ends))


def least_risk(
    loss: Loss, law: np.ndarray, rng: np.random.Generator, starts: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """The least conditional risk that several local searches find, and its scores."""
    if starts is None:
        h = _samples(loss, law.size, rng)
        starts = h[np.argsort(_risks(loss, h, law))[:_STARTS]]
    return _descend(lambda h: _centred(loss, h), loss, law, starts)


def forced_risk(
    loss: Loss, law: np.ndarray, label: int, rng: np.random.Generator, starts: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """The same over scores with the label at the top."""
    if starts is None:
        h = _samples(loss, law.size, rng)
        h = h[h[:, label] >= np.max(h, axis=1)]
        starts = h[np.argsort(_risks(loss, h, law))[:_STARTS]]
    others = [k for k in range(law.size) if k != label]

    def scores(x: np.ndarray) -> np.ndarray:
        h = x.copy()
        h[others] = x[label] - x[others] ** 2
        return _centred(loss, h)

    inside = starts.copy()
    inside[:, others] = np.sqrt(np.maximum(starts[:, [label]] - starts[:, others], 0))
    return _descend(scores, loss, law, inside)


def _polished(
    loss: Loss, law: tuple[Fraction, ...], j: int, h: np.ndarray, risks: np.ndarray, rng: np.random.Generator
) -> Candidate:
    """Both minima by local searches from the best samples."""
    p = np.array([float(x) for x in law])
    on_top = np.flatnonzero(h[:, j] >= np.max(h, axis=1))
    free = h[np.argsort(risks)[:_STARTS]]
    forced, scores = forced_risk(loss, p, j, rng, h[on_top[np.argsort(risks[on_top])[:_STARTS]]])
    least = least_risk(loss, p, rng, np.vstack([free, scores]))[0]
    return Candidate(law, j, scores, max(0.0, forced - least), least)


def _descend(
    scores: Callable[[np.ndarray], np.ndarray], loss: Loss, law: np.ndarray, starts: np.ndarray
) -> tuple[float, np.ndarray]:
    from scipy.optimize import minimize

    def risk(x: np.ndarray) -> float:
        value = float(loss.conditional_risk(scores(x), law))
        return value if np.isfinite(value) else 1e300

    best, where = np.inf, starts[0]
    for start in starts:
        x = start
        for _ in range(2):  # a simplex that has collapsed is set up again
            found = minimize(risk, x, method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13, "maxfev": 1000})
            x = found.x
        if found.fun < best:
            best, where = float(found.fun), x
    return best, scores(where)


def _samples(loss: Loss, n: int, rng: np.random.Generator) -> np.ndarray:
    """Scores of many kinds, ties among them: logarithms of laws, small lattices, random ones with two labels tied."""
    shares = np.array([[float(x) for x in law] for law in compositions({2: 24, 3: 12}.get(n, 6), n)])
    logs = np.where(shares > 0, np.log(np.where(shares > 0, shares, 1.0)), _LOW)
    lattice = np.array(list(product((-1.0, -0.5, 0.0, 0.5, 1.0) if n <= 4 else (-1.0, 0.0, 1.0), repeat=n)))
    free = rng.standard_normal((_RANDOM, n)) * rng.choice([0.3, 1.0, 3.0], size=(_RANDOM, 1))
    tied, pair = free.copy(), rng.permuted(np.tile(np.arange(n), (_RANDOM, 1)), axis=1)[:, :2]
    rows = np.arange(_RANDOM)
    tied[rows, pair[:, 0]] = tied[rows, pair[:, 1]] = np.max(free, axis=1)
    return np.unique(_centred(loss, np.vstack([logs, lattice, 2 * lattice, _DEEP * lattice, free, tied])), axis=0)


def _centred(loss: Loss, h: np.ndarray) -> np.ndarray:
    return h - np.mean(h, axis=-1, keepdims=True) if loss.zero_sum else h


def _risks(loss: Loss, h: np.ndarray, law: np.ndarray) -> np.ndarray:
    risks = np.asarray(loss.conditional_risk(h, np.broadcast_to(law, h.shape)), dtype=float)
    return np.where(np.isfinite(risks), risks, np.inf)


def _sorted(law: tuple[Fraction, ...]) -> bool:
    """One law stands for its permutations."""
    return all(x >= y for x, y in pairwise(law))
