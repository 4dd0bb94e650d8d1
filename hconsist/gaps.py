"""Minimizability gaps M_l(H) = R_l*(H) - E[inf over h in H of C_l(h, x)], where a formula gives them.

They enter both sides of a bound, R_01(h) - R_01*(H) + M_01(H) <= Gamma(R_l(h) - R_l*(H) + M_l(H)), and are the part of
its right side that more training cannot remove.  To compare losses, compare Gamma_l(M_l) - M_01, never the raw M_l:
each is in the units of its own loss.  All derived here (derivation ``minimizability_gaps``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist import losses
from hconsist.bounds import bound
from hconsist.domains import N_CLASSES, NONNEGATIVE, TAU, Domain, InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.losses.arrays import probabilities, quiet
from hconsist.losses.base import Loss
from hconsist.losses.power import PowerPsi
from hconsist.results import Bound, Interval, Side

__all__ = [
    "ConstantGaps",
    "constant_gap",
    "constant_gaps",
    "deterministic_gap",
    "deterministic_gap_limit",
    "zero_one_constant_gap",
]

LAMBDA = Domain(0, lower_open=True)
"""Half-widths of score boxes."""


# --- hypotheses that ignore the input ----------------------------------------------------------------------------


def constant_gap(loss: Loss | str, laws: Any, weights: Any = None, *, groups: Any = None) -> Interval:
    """M_l for hypotheses that give the same scores at all inputs: H(E p) - E H(p), the scores being free in R^n.

    For cross-entropy it is the mutual information of input and label (nats).

    Parameters
    ----------
    loss : a loss object with an ``entropy`` or its name.
    laws : conditional laws of the label at m inputs, ``(m, n)``, rows that sum to 1.
    weights : probabilities of the inputs, ``(m,)``, >= 0 with sum 1; equal by default.
    groups : integers ``(m,)``: inputs of one group share their scores, different groups are free; by default all are
        in one group.  The gap is then the mean over groups.

    Returns
    -------
    Interval
        exact up to rounding, in the units of the loss; rounding below 0 is cut off.

    Raises
    ------
    InputError
        for laws, weights or groups outside their domain; whatever :func:`hconsist.losses.get` raises.
    UnsupportedError
        for a psi without a computable entropy.
    """
    surrogate = losses.get(loss)
    p, w, pooled = _distribution(laws, weights, groups)
    return _exact(float(np.sum(w * (surrogate.entropy(pooled) - surrogate.entropy(p)))))


def zero_one_constant_gap(laws: Any, weights: Any = None, *, groups: Any = None) -> Interval:
    """M_01 for the same hypotheses: E max p - max E p (per group).  Arguments and errors as :func:`constant_gap`."""
    p, w, pooled = _distribution(laws, weights, groups)
    return _exact(float(np.sum(w * (np.max(p, axis=-1) - np.max(pooled, axis=-1)))))


@dataclass(frozen=True)
class ConstantGaps:
    """Both gaps of one loss for hypotheses that ignore the input, and what they leave possible.

    ``bound`` limits the zero-one estimation error at surrogate estimation error 0; None, with ``status`` saying why,
    where no transformation of the loss is known.
    """

    loss: str
    n_classes: int
    inputs: int
    surrogate_gap: Interval
    target_gap: Interval
    bound: Bound | None
    status: str = ""


def constant_gaps(loss: Loss | str, laws: Any, weights: Any = None, *, groups: Any = None) -> ConstantGaps:
    """M_l, M_01 and the bound Gamma(M_l) - M_01 side by side.  Arguments and errors as :func:`constant_gap`."""
    surrogate = losses.get(loss)
    gap = constant_gap(surrogate, laws, weights, groups=groups)
    target = zero_one_constant_gap(laws, weights, groups=groups)
    inputs, n = np.shape(laws)
    limit, status = None, ""
    try:
        limit = bound(surrogate, n_classes=n, excess=0.0, surrogate_gap=gap.value, target_gap=target.value)
    except UnsupportedError as error:
        status = str(error)
    return ConstantGaps(surrogate.name, n, inputs, gap, target, limit, status)


def _exact(value: float) -> Interval:
    value = max(value, 0.0)
    return Interval(value, value, value, Side.EXACT, Level.SYMBOLIC)


def _distribution(laws: Any, weights: Any, groups: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Laws, weights, and for each input the mean law of its group."""
    p = np.asarray(probabilities(laws)[0], dtype=float)
    if p.ndim != 2:
        raise InputError("laws", "an array of shape (m, n), one conditional law a row", p.shape)
    m = len(p)
    w = np.full(m, 1 / m) if weights is None else NONNEGATIVE.check("weights", weights).astype(float)
    if w.shape != (m,) or not abs(float(np.sum(w)) - 1) <= 1e-9:
        raise InputError("weights", f"{m} numbers >= 0 with sum 1, one for each law", weights)
    group = np.zeros(m, dtype=int) if groups is None else np.asarray(groups)
    if group.shape != (m,) or group.dtype.kind not in "iu":
        raise InputError("groups", f"{m} integers, one for each law", groups)
    index = np.unique(group, return_inverse=True)[1]
    mass = np.bincount(index, weights=w)
    total = np.zeros((mass.size, p.shape[1]))
    np.add.at(total, index, w[:, None] * p)
    mean = total / np.where(mass > 0, mass, 1.0)[:, None]
    return p, w, np.where((mass > 0)[index, None], mean[index], p)


# --- deterministic labels ----------------------------------------------------------------------------------------


def deterministic_gap(
    tau: float, risk: object, *, n_classes: int | None = None, lam: float | None = None
) -> np.ndarray:
    """M_tau from the best risk R_tau*(H) of a comp-sum loss, where the label is a function of the input.

    Complete hypothesis sets: M_tau = R_tau*.  Scores in [-lam, lam], each value reached at each input:
    M_tau = R_tau* - Phi^tau((n - 1) exp(-2 lam)).

    Parameters
    ----------
    tau : the parameter of the comp-sum loss, >= 0.
    risk : R_tau*(H) >= 0, any shape; an upper limit on it gives an upper limit on the gap.
    n_classes, lam : both or neither: n in [2, 1e9] and lam > 0 in the units of the scores.

    Raises
    ------
    InputError
        for a parameter outside its domain, one of n_classes and lam alone, or a risk below the least possible one.
    """
    psi = PowerPsi(float(TAU.check_scalar("tau", tau)))
    values = NONNEGATIVE.check("risk", risk)
    least = float(psi(np.log1p(_least_sum(n_classes, lam)), np))
    if np.any(values < least):
        raise InputError("risk", f"at least {least:.6g}, the least possible risk of these scores", np.min(values))
    return (values - least)[()]


def deterministic_gap_limit(
    tau_from: float, gap: object, tau_to: float, *, n_classes: int | None = None, lam: float | None = None
) -> np.ndarray:
    """An upper limit on M_tau_to from M_tau_from, tau_to >= tau_from, where the label is a function of the input.

    Complete hypothesis sets, by Jensen's inequality: Phi^tau_to((Phi^tau_from)^{-1}(gap)), so M_MAE <= 1 - exp(-M_CE).
    With scores in [-lam, lam], each value reached at each input, the same holds of (1 + u)^(tau - 1) M_tau with
    u = (n - 1) exp(-2 lam).  From tau_from = 0 this is Phi^tau(R_0*) - Phi^tau(u), R_0* = gap + u.

    Parameters
    ----------
    tau_from, tau_to : parameters of comp-sum losses, 0 <= tau_from <= tau_to.
    gap : M_tau_from or an upper limit on it, >= 0, any shape, in the units of that loss.
    n_classes, lam : both or neither, as for :func:`deterministic_gap`.

    Returns
    -------
    array of the shape of gap, at most gap.

    Raises
    ------
    InputError
        for a parameter outside its domain, tau_to < tau_from, one of n_classes and lam alone, or a gap that no
        bounded loss can have (above 1/(tau_from - 1), less in a box).
    """
    start, end = (float(TAU.check_scalar(n, t)) for n, t in (("tau_from", tau_from), ("tau_to", tau_to)))
    if end < start:
        raise InputError("tau_to", f"at least tau_from = {start:g} (no such limit holds downwards)", end)
    log_scale = math.log1p(_least_sum(n_classes, lam))
    values = NONNEGATIVE.check("gap", gap)
    scaled = values * math.exp((start - 1) * log_scale)
    if start > 1 and np.any((start - 1) * scaled > 1):
        largest = math.exp((1 - start) * log_scale) / (start - 1)
        raise InputError(
            "gap", f"at most {largest:.6g}, the supremum of this loss above its least value", np.max(values)
        )
    with quiet():
        # log(1 + u) at Phi^tau(u) = m, through which both functions keep their digits near tau = 1
        log_u = scaled if start == 1 else np.log1p((1 - start) * scaled) / (1 - start)
        return np.minimum(PowerPsi(end)(log_u, np) * math.exp((1 - end) * log_scale), values).astype(values.dtype)[()]


def _least_sum(n_classes: int | None, lam: float | None) -> float:
    """(n - 1) exp(-2 lam), the least sum of exponentials of score differences; 0 for complete sets."""
    if n_classes is None and lam is None:
        return 0.0
    if n_classes is None or lam is None:
        raise InputError("n_classes, lam", "both given or neither", (n_classes, lam))
    return (N_CLASSES.check_scalar("n_classes", n_classes) - 1) * math.exp(-2 * LAMBDA.check_scalar("lam", lam))
