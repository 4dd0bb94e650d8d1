"""Conditional quantities at one input: pooled laws, forced risks, and the regrets of a prediction.

For a label j, C_j(p) = inf{ sum_i p_i l(h, i) : h_j is largest } and H(p) = inf over all h.  The conditional regret of
predicting j is C_j(p) - H(p); for a convex psi on a complete set C_j(p) = H(p^A) with p^A the pooled law (Theorem 1 of
the derivation ``pooling``, derived here).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from hconsist.domains import InputError, UnsupportedError
from hconsist.losses import CompSum, RhoMarginCompSum
from hconsist.losses.arrays import floating, probabilities

__all__ = ["conditional_regret", "forced_risk", "pool", "pooled_regret", "zero_one_regret"]


def zero_one_regret(scores: Any, p: Any) -> np.ndarray:
    """max p - p_j with j the largest score; among tied scores the least probable label counts (the infimum's view)."""
    law = np.asarray(probabilities(p)[0], dtype=float)
    scores = np.asarray(floating("scores", scores)[0], dtype=float)
    if scores.shape != law.shape:
        raise InputError("scores", f"of shape {law.shape}, as p", scores.shape)
    top = scores == np.max(scores, axis=-1, keepdims=True)
    return np.max(law, axis=-1) - np.min(np.where(top, law, np.inf), axis=-1)


def conditional_regret(loss: CompSum | RhoMarginCompSum, scores: Any, p: Any) -> Any:
    """C(p, h) - H(p), clipped at 0 where rounding would make it negative; shapes ``(..., n)`` to ``(...)``."""
    difference = loss.conditional_risk(scores, p) - loss.entropy(p)
    return difference * (difference > 0)


def pool(p: Any, label: int) -> tuple[np.ndarray, np.ndarray]:
    """The pooled law p^A and the mask of A: ``label`` and, by decreasing p, whatever exceeds the running mean.

    One law ``(n,)``; InputError for a label outside [0, n).
    """
    law = np.asarray(probabilities(p)[0], dtype=float)
    if law.ndim != 1:
        raise InputError("p", "one conditional law, of shape (n,)", law.shape)
    if isinstance(label, bool) or not isinstance(label, (int, np.integer)) or not 0 <= label < law.size:
        raise InputError("label", f"an integer in [0, {law.size - 1}]", label)
    members = np.zeros(law.size, dtype=bool)
    members[label] = True
    total, count = law[label], 1
    for k in np.argsort(-law, kind="stable"):
        if k != label and law[k] * count > total:
            members[k] = True
            total, count = total + law[k], count + 1
    return np.where(members, total / count, law), members


def forced_risk(loss: CompSum | RhoMarginCompSum, p: Any, label: int) -> float:
    """C_j(p) on a complete set: H(p^A) for a convex psi; (1 - max_A P(A)/|A|^(tau-1))/(tau-1) for tau >= 2.

    The maximum is over sets A that hold the label: the others enter by decreasing p.  UnsupportedError for another psi.
    For a rho-margin comp-sum loss the others take the ranks 2, 3, ... by decreasing p, and rank k costs Phi^tau(k - 1).
    """
    pooled, _ = pool(p, label)
    if isinstance(loss, RhoMarginCompSum):
        others = np.sort(np.delete(np.asarray(p, dtype=float), label))[::-1]
        return float(np.sum(others * loss.outer(np.arange(1, others.size + 1))))
    if loss.tau is not None and loss.tau >= 2:
        law = np.asarray(p, dtype=float)
        mass = law[label] + np.concatenate([[0.0], np.cumsum(np.sort(np.delete(law, label))[::-1])])
        power = loss.tau - 1
        return float((1 - np.max(mass / np.arange(1, law.size + 1) ** power)) / power)
    if not loss.properties["convex_psi"]:
        raise UnsupportedError("loss", "of convex psi, or of the power family", loss.name)
    return float(loss.entropy(pooled))


def pooled_regret(loss: CompSum | RhoMarginCompSum, p: Any, label: int) -> float:
    """C_j(p) - H(p), the least conditional surrogate regret of predicting the label."""
    return max(0.0, forced_risk(loss, p, label) - float(loss.entropy(np.asarray(p, dtype=float))))
