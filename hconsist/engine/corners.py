"""Losses whose conditional risks are least at finitely many score vectors, whatever the law: T by linear programs.

Between its kinks such a loss is linear, or concave, in the scores (or their softmax): the least risk lies at a corner,
with label 2 on top at a corner of the cells that the ties cut.  With v the costs at such a corner and u at any corner,

    T(t) = min over v of T_v(t),     T_v(t) = min over p of max over u of <p, v - u>,    p_1 = max p = p_2 + t.

T_v is a linear program with t on the right side, hence convex and piecewise linear; its pieces are found from values
and slopes, so that the curve is exact on [0, 1] up to the rounding of the programs.  Derived here.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from hconsist.engine.conditions import costs
from hconsist.losses import CompSum, Loss, MaxLoss, RhoMarginCompSum
from hconsist.losses.additive import AdditiveLoss
from hconsist.losses.arrays import quiet

__all__ = ["LARGEST", "CornerSearch", "has_corners"]

LARGEST = 5
"""Labels up to which there are few enough corners."""
_SAME = 1e-9
_TOLERANCE = 1e-11
"""Relative to the scale of the costs: two linear pieces meet."""


def has_corners(loss: Loss) -> bool:
    """Whether the least risks of this loss lie at finitely many score vectors, for all laws."""
    if isinstance(loss, CompSum):
        return loss.tau is not None and loss.tau >= 2  # psi concave
    return isinstance(loss, RhoMarginCompSum) or bool(_kinks(loss))


@dataclass(frozen=True)
class Piece:
    """T_v on [0, 1]: its breakpoints and values there."""

    v: np.ndarray
    t: np.ndarray
    value: np.ndarray


class CornerSearch:
    """The curves T_v of one symmetric loss and number of labels."""

    def __init__(self, loss: Loss, n_classes: int):
        self.n = n_classes
        free, forced, self.scores = _corners(loss, n_classes)
        self.free = free
        self.scale = float(np.max(np.abs(free)))
        self.pieces = [self._piece(v) for v in forced]

    def value(self, t: np.ndarray) -> np.ndarray:
        """The least T_v(t)."""
        return np.maximum(np.min([np.interp(t, piece.t, piece.value) for piece in self.pieces], axis=0), 0.0)

    def law(self, t: float) -> tuple[np.ndarray, int]:
        """A law whose regret is T(t), and how many labels tie with the second, itself included."""
        best = int(np.argmin([np.interp(t, piece.t, piece.value) for piece in self.pieces]))
        own = self.scores[best]
        tied = np.abs(own - own[1]) <= _SAME * np.max(np.abs(own))
        return self._program(self.pieces[best].v, t)[2], int(np.sum(tied))

    def breakpoints(self) -> np.ndarray:
        """Where any of the curves bends."""
        return np.unique(np.round(np.concatenate([piece.t for piece in self.pieces]), 12))

    def _piece(self, v: np.ndarray) -> Piece:
        """From the ends: where the tangents of two points meet, the curve touches them or has a further piece."""
        points = {t: self._program(v, t)[:2] for t in (0.0, 1.0)}
        pending = [(0.0, 1.0)]
        while pending:
            left, right = pending.pop()
            (f, slope), (g, steeper) = points[left], points[right]
            if steeper - slope <= _TOLERANCE * self.scale:
                continue
            t = (f - g + steeper * right - slope * left) / (steeper - slope)
            if not left + 1e-9 < t < right - 1e-9:
                continue
            points[t] = self._program(v, t)[:2]
            if points[t][0] > f + slope * (t - left) + _TOLERANCE * self.scale:
                pending += [(left, t), (t, right)]
        places = sorted(points)
        return Piece(v, np.array(places), np.array([points[x][0] for x in places]))

    def _program(self, v: np.ndarray, t: float) -> tuple[float, float, np.ndarray]:
        """T_v(t), its slope, and the law."""
        from scipy.optimize import linprog

        n = self.n
        cost = np.append(np.zeros(n), 1.0)
        order = np.hstack([np.eye(n)[2:] - np.eye(n)[0], np.zeros((max(n - 2, 0), 1))])  # p_k <= p_1
        rows = np.vstack([np.hstack([v - self.free, -np.ones((self.free.shape[0], 1))]), order])
        equal = np.zeros((2, n + 1))
        equal[0, :n], equal[1, :2] = 1.0, (1.0, -1.0)
        bounds = [(0, 1)] * n + [(None, None)]
        found = linprog(cost, rows, np.zeros(rows.shape[0]), equal, [1.0, t], bounds, method="highs-ds")
        law = np.maximum(found.x[:n], 0.0)
        return float(found.fun), float(found.eqlin.marginals[1]), law / np.sum(law)


def _corners(loss: Loss, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Costs at all corners ``(U, n)``, at those with label 2 on top ``(V, n)``, and the scores of the latter."""
    if isinstance(loss, CompSum):
        scores = np.array([[0.0 if i in group else -800.0 for i in range(n)]
                           for size in range(1, n + 1) for group in combinations(range(n), size)])  # fmt: skip
        on_top = scores[:, 1] == 0
        return costs(loss, scores), *_least(costs(loss, scores[on_top]), scores[on_top])
    free = _vertices(loss, n, ties=False)
    forced = _vertices(loss, n, ties=True)
    forced = forced[forced[:, 1] >= np.max(forced, axis=1) - _SAME * np.max(np.abs(forced))]
    return costs(loss, np.vstack([free, forced])), *_least(costs(loss, forced), forced)


def _least(forced: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One of each set of costs that differ by an order of the labels 3, ..., n, and none that others undercut."""
    forced = np.hstack([forced[:, :2], np.sort(forced[:, 2:], axis=1)])
    _, first = np.unique(np.round(forced, 9), axis=0, return_index=True)
    forced, scores = forced[first], scores[first]
    below = np.all(forced[:, None, :] <= forced[None, :, :] + _SAME, axis=-1)  # i below j
    np.fill_diagonal(below, False)
    kept = ~np.any(below & ~below.T, axis=0)
    return forced[kept], scores[kept]


def _kinks(loss: Loss) -> tuple[float, ...]:
    """Where Phi bends, for the losses of a piecewise linear Phi that is known."""
    if not isinstance(loss, (AdditiveLoss, MaxLoss)) or not loss.phi.piecewise_linear:
        return ()
    return {"hinge": (1.0,), "rho-margin": (0.0, loss.phi.parameters.get("rho", 1.0))}.get(loss.phi.name or "", ())


def _vertices(loss: Loss, n: int, ties: bool) -> np.ndarray:
    """Points where planes a . h = kink, and with ``ties`` planes h_2 = h_k, meet in one point; ``(V, n)``.

    Scores that a shift does not change have the first one 0; those of sum 0 have it so.
    """
    differences = np.array([np.eye(n)[i] - np.eye(n)[k] for i in range(n) for k in range(n) if i != k])
    kinks: tuple[float, ...]
    if isinstance(loss, RhoMarginCompSum):
        forms, kinks = differences, (0.0, float(loss.parameters["rho"]))
    elif isinstance(loss, MaxLoss):
        forms, kinks = differences, (0.0, *_kinks(loss))
    else:
        assert isinstance(loss, AdditiveLoss)
        forms, kinks = loss.forms(n), _kinks(loss)
    forms = forms[np.any(forms != 0, axis=1)]
    planes = {(*np.round(form, 12).tolist(), kink) for form, kink in product(forms, kinks)}
    if ties:
        planes |= {(*(np.eye(n)[1] - np.eye(n)[k]).tolist(), 0.0) for k in range(n) if k != 1}
    gauge = np.eye(n)[: int(loss.properties["shift_invariant"])]
    if loss.zero_sum:
        gauge = np.ones((1, n))
    rows = np.array(sorted({max(p, tuple(-x for x in p)) for p in planes}))
    chosen = np.array(list(combinations(range(rows.shape[0]), n - gauge.shape[0])))
    matrix = np.concatenate([np.broadcast_to(gauge, (chosen.shape[0], *gauge.shape)), rows[chosen, :n]], axis=1)
    right = np.concatenate([np.zeros((chosen.shape[0], gauge.shape[0])), rows[chosen, n]], axis=1)
    with quiet():
        regular = np.abs(np.linalg.det(matrix)) > 1e-9
    points = np.linalg.solve(matrix[regular], right[regular][..., None])[..., 0]
    unit = max(kinks)
    return np.unique(np.round(points / unit, 9), axis=0) * unit
