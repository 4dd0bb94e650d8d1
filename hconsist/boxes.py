"""Scores in a box [-lam, lam]^n: the best ones at one conditional law, the entropy they reach, and forced regrets.

Let psi(s) = (1 - s^al)/al, al = tau - 1, tau < 2, a = 1/(2 - tau) and eta = exp(-2 lam).  The softmax vectors of the
box are {s: s_i >= eta max s}, a convex set on which C(p, s) = sum_i p_i psi(s_i) is convex.  Its minimiser has

    s_i / max s = clip((m p_i / max p)^a, eta, 1),    sum_i w(m p_i / max p) = 0,
    w(y) = (y - 1)_+ - eta (1 - y/eta^(2 - tau))_+:

the conditions of Karush, Kuhn and Tucker, in one unknown m (derivation ``bounded_power``).  For cross-entropy these are
the scores clip(log p_i + const, -lam, lam).  At tau = 2 the risk is linear and an extreme point is best: the k most
probable labels at lam, the others at -lam.  Derived here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hconsist.conditional import pool
from hconsist.domains import Domain, UnsupportedError
from hconsist.losses import CompSum
from hconsist.losses.arrays import probabilities, quiet

__all__ = ["HALF_RANGE", "box_entropy", "box_regret", "box_scores", "log_ratios"]

HALF_RANGE = Domain(0, lower_open=True)
"""Half ranges lam of the scores."""

_BISECTIONS = 60


def box_scores(loss: CompSum, probabilities_: Any, lam: float) -> np.ndarray:
    """Scores in [-lam, lam] of least conditional risk, the largest equal to lam; laws ``(..., n)``, same shape.

    Raises
    ------
    InputError
        for malformed laws or lam <= 0.
    UnsupportedError
        for a loss other than a comp-sum loss with tau <= 2.
    """
    lam = HALF_RANGE.check_scalar("lam", lam)
    if not isinstance(loss, CompSum) or loss.tau is None or loss.tau > 2:
        raise UnsupportedError("loss", "a comp-sum loss with a parameter tau <= 2, for scores in a box", loss.name)
    law = np.asarray(probabilities(probabilities_)[0], dtype=float)
    return lam + log_ratios(law, np.ones(law.shape[-1]), loss.tau, lam)


def box_entropy(loss: CompSum, probabilities_: Any, lam: float) -> np.ndarray:
    """H(p) = inf of the conditional risk over scores in [-lam, lam]^n; shapes ``(..., n)`` to ``(...)``.

    Errors as :func:`box_scores`.
    """
    return loss.conditional_risk(box_scores(loss, probabilities_, lam), probabilities_)


def box_regret(loss: CompSum, p: Any, label: int, lam: float) -> float:
    """C_j(p) - H(p), the least conditional regret of predicting the label with scores in the box; one law ``(n,)``.

    C_j(p) = H(p^A) by Theorem 1, with p^A the pooled law.  Errors as :func:`box_scores` and ``conditional.pool``.
    """
    pooled, _ = pool(p, label)
    return max(0.0, float(box_entropy(loss, pooled, lam)) - float(box_entropy(loss, p, lam)))


def log_ratios(p: np.ndarray, counts: np.ndarray, tau: float, lam: float) -> np.ndarray:
    """log(s_i / max s) of the best s, in [-2 lam, 0]; ``counts`` labels share each entry of the last axis of p."""
    with quiet():
        logs = np.log(p / np.max(p, axis=-1, keepdims=True))
        if tau == 2:
            return np.where(_top(p, counts, np.exp(-2 * lam)), 0.0, -2 * lam)
        scale = _scale(logs, counts, np.exp(-2 * lam), 2 * lam * (2 - tau))
        return np.clip((np.log(scale) + logs) / (2 - tau), -2 * lam, 0.0)


def _scale(logs: np.ndarray, counts: np.ndarray, floor: float, depth: float) -> np.ndarray:
    """m, in [1, 1 + n eta], by bisection: the sum of w increases with m."""

    def balance(m: np.ndarray) -> np.ndarray:
        y = np.log(m) + logs
        terms = np.maximum(np.expm1(y), 0.0) + floor * np.minimum(np.expm1(y + depth), 0.0)
        return np.sum(counts * terms, axis=-1, keepdims=True)

    low = np.ones((*logs.shape[:-1], 1))
    high = low + floor * np.sum(counts)
    settled = balance(low) >= 0  # no score at an end of its range, or no constraint that matters
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        below = balance(middle) < 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(settled, 1.0, high)


def _top(p: np.ndarray, counts: np.ndarray, floor: float) -> np.ndarray:
    """Which labels are at the ceiling at tau = 2: the k most probable ones, with the largest sum of p_i s_i."""
    order = np.argsort(-p, axis=-1, kind="stable")
    sizes = np.broadcast_to(counts, p.shape)
    mass, size = (np.cumsum(np.take_along_axis(x, order, axis=-1), axis=-1) for x in (p * sizes, sizes))
    gain = (mass + floor * (mass[..., -1:] - mass)) / (size + floor * (size[..., -1:] - size))
    rank = np.argsort(order, axis=-1)
    return rank <= np.argmax(gain, axis=-1)[..., None]
