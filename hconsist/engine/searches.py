"""The least surrogate regret at given zero-one regrets, for any loss and complete hypothesis sets.

    T(t) = min over laws p with max p - p_j = t of C_j(p) - H(p),

C_j the least conditional risk with label j on top, H the least of all.  Three searches, the first that applies:

* corners (:mod:`hconsist.engine.corners`): risks that are least at finitely many scores; linear programs, n <= 5;
* pooled (:mod:`hconsist.engine.pooled`): symmetric losses, convex in an order-preserving parametrisation; any n;
* scores (:mod:`hconsist.engine.scores`): the others, over laws and scores together, a heuristic; n <= 4.
"""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np

from hconsist import losses
from hconsist.domains import N_CLASSES, UNIT, InputError, UnsupportedError
from hconsist.engine import conditions as hypotheses
from hconsist.engine.conditions import Condition
from hconsist.engine.corners import LARGEST as LARGEST_CORNERS
from hconsist.engine.corners import CornerSearch, has_corners
from hconsist.engine.laws import Laws
from hconsist.engine.lower import lower_bound as proved_bound
from hconsist.engine.optimum import Minimisers, Optimum
from hconsist.engine.pooled import PooledSearch
from hconsist.engine.scores import LARGEST as LARGEST_SCORES
from hconsist.engine.scores import Found, ScoreSearch
from hconsist.losses import Loss
from hconsist.losses.arrays import quiet
from hconsist.losses.class_weights import ClassWeights
from hconsist.losses.logit_adjustment import LogitAdjustment

__all__ = ["Search", "lower_bound", "optimize", "search"]

_UNEVEN = 1e4
"""Class weights may differ by this factor in the search over laws and scores; curves are then monotone to 1e-10."""
_EXPANDED = 64
"""Up to so many labels regrets are recomputed from scores."""


def optimize(loss: Loss | str, n_classes: int, t: object) -> Optimum:
    """The least surrogate regret T at zero-one regrets t, before taking the convex hull, with its laws.

    Parameters
    ----------
    loss : a loss object or its name.
    n_classes : number of labels, an integer in [2, 1e9]; at most 5 or 4 where the searches of small sizes are needed.
    t : numbers in [0, 1], any one-dimensional array; the results have its order.

    Raises
    ------
    InputError
        for a value outside its domain, and for a loss that declares a property which fails at random scores.
    UnsupportedError
        where n is too large for the search that the loss needs; it names that search and the n which is feasible.
    """
    surrogate = losses.get(loss)
    n = int(N_CLASSES.check_scalar("n_classes", n_classes))
    given = np.atleast_1d(UNIT.check("t", t)).astype(float)
    if given.ndim != 1 or not given.size:
        raise InputError("t", "a number or a one-dimensional array of numbers in [0, 1]", t)
    increasing, inverse = np.unique(given, return_inverse=True)
    return search(surrogate, n).solve(increasing).at(inverse)


class Search(Protocol):
    """One way to find T of one loss and number of labels.

    ``tolerance``: what is to be expected where the best law was found, relative to T(1), or to 1 if that is less and
    the loss is not of smaller scale itself; ``nothing``: a regret that counts as 0, relative to T(1); ``width``: how
    many t one call should have to be worth it; ``narrow``: to within this the end of an interval on which T = 0 can be
    told.
    """

    method: str
    tolerance: float
    nothing: float
    width: int
    narrow: float
    conditions: dict[str, Condition]

    def solve(self, t: np.ndarray) -> Optimum:
        """At increasing t in [0, 1]."""
        ...

    def nodes(self) -> Optimum:
        """On a grid of its own, which is kept."""
        ...

    def value(self, t: np.ndarray) -> np.ndarray:
        """T(t) at any t, with the help of the grid."""
        ...

    def value_afresh(self, t: np.ndarray) -> np.ndarray:
        """The same at increasing t, never interpolated."""
        ...


def search(loss: Loss, n_classes: int) -> Search:
    """The search for this loss; see :func:`optimize` for the errors."""
    if loss.n_classes not in (None, n_classes):
        raise InputError("n_classes", f"{loss.n_classes}, as the parameters of {loss.name}", n_classes)
    known = hypotheses.check(loss, n_classes)
    loss = loss.centred()
    pooled = all(known[name].holds for name in hypotheses.NEEDED)
    # comp-sum losses are faster by their formulas, and as exact
    if has_corners(loss) and n_classes <= LARGEST_CORNERS and not (pooled and isinstance(loss, losses.CompSum)):
        return _Corners(loss, n_classes, known)
    if pooled:
        return _Pooled(loss, n_classes, known)
    largest = LARGEST_CORNERS if has_corners(loss) else LARGEST_SCORES
    if n_classes > largest:
        needed = (known[name] for name in hypotheses.NEEDED)
        missing = "; ".join(f"{c.statement} ({c.how})" for c in needed if not c.holds)
        raise UnsupportedError(
            "n_classes",
            f"at most {largest} for the search over laws and scores, which {loss.name} needs, since what a search for "
            f"any number of labels rests on fails or is not known: {missing}",
            n_classes,
        )
    _balanced(loss)
    return _Scores(loss, n_classes, known)


def _balanced(loss: Loss) -> None:
    """UnsupportedError for weights so uneven, or so far from 1, that the rounding of the costs hides regrets."""
    match loss:
        case ClassWeights():
            parameter, weights = "w", loss.w
        case LogitAdjustment():
            parameter, weights = "prior", tuple(p**loss.strength for p in loss.prior)
        case _:
            return
    ratio, far = max(weights) / min(weights), max(1.0, max(weights), 1.0 / max(weights))
    if ratio > _UNEVEN or far > _UNEVEN:
        raise UnsupportedError(
            parameter,
            f"numbers with a ratio of at most {_UNEVEN:g}, the largest in [{1 / _UNEVEN:g}, {_UNEVEN:g}], for the "
            f"search over laws and scores, which {loss.name} needs",
            weights,
        )


Bound = tuple[np.ndarray, str]
"""Proved lower bounds, and by what."""


def lower_bound(loss: Loss, n_classes: int, t: np.ndarray) -> Bound:
    """A proved lower bound of T at t and its name; 0 where there is none."""
    found = proved_bound(loss, n_classes, t)
    return found if found is not None else (np.zeros_like(t), "")


class _Base:
    """What the searches have in common."""

    method = ""
    tolerance, nothing, width, narrow = 1e-9, 1e-13, 31, 1e-12

    def __init__(self, loss: Loss, n_classes: int, known: dict[str, Condition]):
        self.loss, self.n, self.conditions = loss, n_classes, known

    def nodes(self) -> Optimum:
        """The grid."""
        return self._nodes

    def value_afresh(self, t: np.ndarray) -> np.ndarray:
        """The values are never interpolated."""
        return self.value(t)

    @cached_property
    def _nodes(self) -> Optimum:
        return self.solve(self._grid())

    @cached_property
    def _unit(self) -> float:
        """1, or for a loss of smaller scale what it costs at the scores (1, 0, ..., 0) to be another label."""
        n = self.loss.n_classes or min(self.n, 3)
        own, other = hypotheses.costs(self.loss, np.eye(n)[0] - float(self.loss.zero_sum) / n)[:2]
        return min(1.0, abs(float(other - own)))

    def _grid(self) -> np.ndarray:
        return np.unique(np.concatenate([[0.0], np.geomspace(1e-4, 0.02, 12), np.linspace(0.02, 1, 99)]))

    def solve(self, t: np.ndarray) -> Optimum:
        raise NotImplementedError

    def value(self, t: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _optimum(
        self, t: np.ndarray, value: np.ndarray, laws: Minimisers, *more: Condition, bound: Bound | None = None
    ) -> Optimum:
        value = np.where(t == 0, 0.0, value)  # either of two most probable labels may be predicted
        lower, reference = bound or lower_bound(self.loss, self.n, t)
        return Optimum(
            self.loss.name,
            self.n,
            self.method,
            t,
            value,
            np.minimum(lower, value),
            value,
            laws,
            self.tolerance * max(self._unit, float(np.max(value))),
            (*self.conditions.values(), *more),
            reference=reference,
        )


class _Pooled(_Base):
    """By pooled entropies."""

    method = "pooled entropies"

    @cached_property
    def _search(self) -> PooledSearch:
        return PooledSearch(self.loss, self.n)

    @cached_property
    def _solved(self) -> tuple[Laws, Bound]:
        return self._solve(self._grid())

    @cached_property
    def _nodes(self) -> Optimum:
        return self._described(*self._solved)

    def solve(self, t: np.ndarray) -> Optimum:
        """The search."""
        return self._described(*self._solve(t))

    def _solve(self, t: np.ndarray) -> tuple[Laws, Bound]:
        bound = lower_bound(self.loss, self.n, t)
        return self._search.solve(t, bound[0]), bound

    def value(self, t: np.ndarray) -> np.ndarray:
        """From the laws of the grid."""
        flat, inverse = np.unique(t, return_inverse=True)
        found = self._search.follow(flat, self._solved[0].at(slice(1, None))).regret  # without the law at t = 0
        return np.where(flat == 0, 0.0, found)[inverse].reshape(t.shape)

    def _described(self, laws: Laws, bound: Bound) -> Optimum:
        values, counts, _ = self._search.family.groups(laws.t, laws.k, laws.m, laws.a, laws.b)
        first = np.zeros(laws.t.size, dtype=int)
        found = Minimisers(values, counts, first, first + 1, laws.k)
        return self._optimum(laws.t, laws.regret, found, self._recomputed(laws, values, counts), bound=bound)

    def _recomputed(self, laws: Laws, values: np.ndarray, counts: np.ndarray) -> Condition:
        """The regrets once more, from scores that put the predicted label on top."""
        name, words = "scores", "the regrets are those of scores with the predicted label on top"
        if self.n > _EXPANDED:
            return Condition(name, words, None, f"not tried beyond {_EXPANDED} labels")
        label = np.arange(self.n)
        law = np.take_along_axis(values, np.sum(label >= np.cumsum(counts, axis=1)[..., None], axis=1), axis=1)
        pool = label < laws.k[:, None]
        h = hypotheses.best_scores(self.loss, np.where(pool, _mean(law, pool), law))
        h = np.where(pool, _mean(h, pool), np.minimum(h, _mean(h, pool)))
        with quiet():
            regret = np.asarray(self.loss.conditional_risk(h, law)) - np.asarray(self.loss.entropy(law))
        error = float(np.max(np.abs(regret - laws.regret)))
        holds = error <= self.tolerance * max(self._unit, float(np.max(laws.regret)))
        return Condition(name, words, holds, f"recomputed, largest difference {error:.1e}")


class _Corners(_Base):
    """By linear programs."""

    method = "linear programs at corners"

    @cached_property
    def _search(self) -> CornerSearch:
        return CornerSearch(self.loss, self.n)

    def _grid(self) -> np.ndarray:
        return np.unique(np.concatenate([super()._grid(), self._search.breakpoints()]))

    def value(self, t: np.ndarray) -> np.ndarray:
        """The exact curve."""
        return self._search.value(t)

    def solve(self, t: np.ndarray) -> Optimum:
        """The curve, and one more program for each law."""
        laws, pools = zip(*(self._search.law(float(x)) for x in t))
        first = np.zeros(t.size, dtype=int)
        found = Minimisers(np.array(laws), np.ones((t.size, self.n)), first, first + 1, np.array(pools))
        size = self._search.free.shape[0]
        known = Condition("corners", "conditional risks are least at finitely many scores", True,
                          f"{size} of them; linear programs in floating point, both sides up to rounding")  # fmt: skip
        return self._optimum(t, self._search.value(t), found, known)


class _Scores(_Base):
    """Over laws and scores."""

    method = "laws and scores (heuristic)"
    tolerance, nothing, width, narrow = 1e-6, 1e-10, 3, 1e-6

    @cached_property
    def _search(self) -> ScoreSearch:
        return ScoreSearch(self.loss, self.n, bool(self.conditions["symmetric"].holds))

    @cached_property
    def _found(self) -> list[Found]:
        return self._search.solve(self._grid())

    @cached_property
    def _nodes(self) -> Optimum:
        return self._described(self._grid(), self._found)

    def _grid(self) -> np.ndarray:
        return np.unique(np.concatenate([[0.0, 1e-3, 3e-3, 0.01], np.linspace(0.02, 1, 50)]))

    def value(self, t: np.ndarray) -> np.ndarray:
        """Between the values of the grid."""
        return np.interp(t, self._nodes.t, self._nodes.value)

    def value_afresh(self, t: np.ndarray) -> np.ndarray:
        """From what was found on both sides."""
        return np.array([x.regret for x in self._search.follow(t, self._found)])

    def solve(self, t: np.ndarray) -> Optimum:
        """The search."""
        return self._described(t, self._search.solve(t))

    def _described(self, t: np.ndarray, found: list[Found]) -> Optimum:
        h = np.array([x.scores for x in found])
        top, predicted = np.array([x.pair for x in found]).T
        own = np.take_along_axis(h, predicted[:, None], axis=1)
        pool = np.sum(np.abs(h - own) <= 1e-6 * (1 + np.abs(own)), axis=1)
        laws = Minimisers(np.array([x.law for x in found]), np.ones_like(h), top, predicted, pool)
        return self._optimum(t, np.array([x.regret for x in found]), laws)


def _mean(x: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Of the chosen entries of each row."""
    return np.sum(np.where(chosen, x, 0.0), axis=1, keepdims=True) / np.sum(chosen, axis=1, keepdims=True)
