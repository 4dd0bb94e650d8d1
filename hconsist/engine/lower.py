"""Proved lower bounds of T(t) for complete hypothesis sets, from theorems: where there is one, by which.

All values are floating-point evaluations of a theorem, less an allowance for rounding; the bound for a general psi is
computed in balls (:mod:`hconsist.engine.frozen`).  Where T is the two-label curve, it is the regret of the law
((1+t)/2, (1-t)/2, 0, ...) whose two labels tie: a difference of entropies.
"""

from __future__ import annotations

import numpy as np

from hconsist.engine.frozen import frozen_bound
from hconsist.engine.hulls import lower_hull
from hconsist.engine.pools import pooled_bound
from hconsist.losses import CompSum, ConstrainedLoss, Loss, MaxLoss, OneVersusAllLoss, RhoMarginCompSum, SumLoss
from hconsist.losses.class_weights import ClassWeights
from hconsist.losses.fenchel_young import Entmax, Sparsemax
from hconsist.losses.label_smoothing import LabelSmoothing
from hconsist.losses.logit_adjustment import LogitAdjustment
from hconsist.losses.phi import MARGIN_FUNCTIONS
from hconsist.losses.psi_instances import Focal, Poly1, TaylorCrossEntropy
from hconsist.losses.temperature import Temperature
from hconsist.threshold import TAU_C

__all__ = ["TAU_C", "lower_bound", "two_label_theorem"]

FROZEN = "Theorem 2, the sum of two softmax values cut into intervals, in balls"
"""The one bound that need not be convex in t."""
Found = tuple[np.ndarray, str]

_ROUNDING = 2e-15
"""Allowance for a difference of entropies, relative to the larger one."""
_VERTICES = 4096
"""Vertices of the hull for tau >= 2 that are written out."""


def lower_bound(loss: Loss, n_classes: int, t: np.ndarray) -> Found | None:
    """A proved lower bound of raw T(t), t in [0, 1] of any shape, and the theorem; None where there is none."""
    t = np.asarray(t, dtype=np.float64)
    for rule in (_two_labels, _concave, _pooled, _weighted, _margins, _many_entmax, _frozen):
        found = rule(loss, n_classes, t)
        if found is not None:
            values, reference = found
            return np.where(t > 0.0, np.maximum(values, 0.0), 0.0), reference
    return None


def two_label_theorem(loss: Loss, n: int) -> str | None:
    """The theorem by which T_n is the two-label curve."""
    phi = loss.phi.name if isinstance(loss, (SumLoss, ConstrainedLoss, MaxLoss, OneVersusAllLoss)) else None
    match loss:
        case Focal():
            return "derivation focal"
        case Poly1() if loss.eps <= 2.0:
            return "derivation poly_one" if loss.eps > 0.0 else "Theorem 2"
        case CompSum() if loss.tau is not None and (loss.tau <= TAU_C or (n == 2 and loss.tau < 2.0)):
            names = ("Theorem 2", "Theorem 3", "Theorem 7")
            return "Theorem 1" if n == 2 else names[(loss.tau > 1.0) + (loss.tau > 1.5)]
        case Poly1() | TaylorCrossEntropy() if n == 2:
            return "Theorem 1"
        case LabelSmoothing():
            return "derivation label_smoothing"
        case Temperature():
            return "Theorem 2"
        case Sparsemax():
            return "derivation additive_entropies"
        case Entmax() if loss.alpha <= 2.0:
            return "derivation additive_entropies"
        case OneVersusAllLoss() if phi == "logistic":
            return "derivation additive_entropies"
        case OneVersusAllLoss() if phi in ("exponential", "squared-hinge"):
            return "additive entropies, as in derivation additive_entropies"
        case SumLoss() if phi == "logistic":
            return "derivation sum_logistic"
        case SumLoss() if phi == "exponential":
            return "derivation sum_losses"
        case SumLoss() | ConstrainedLoss() | MaxLoss() if n == 2 and phi in MARGIN_FUNCTIONS and loss.phi.convex:
            return "two labels"
    return None


def _two_labels(loss: Loss, n: int, t: np.ndarray) -> Found | None:
    reference = two_label_theorem(loss, n)
    if reference is None:
        return None
    pooled = loss.grouped_entropy(np.array([0.5, 0.0]), np.array([2.0, n - 2.0]))
    low = (1.0 - t) / 2.0
    values = np.stack([t + low, low, np.zeros_like(t)], axis=-1)
    own = loss.grouped_entropy(values, np.array([1.0, 1.0, n - 2.0]))
    return pooled - own - _ROUNDING * np.abs(pooled), reference


def _concave(loss: Loss, n: int, t: np.ndarray) -> Found | None:
    """tau >= 2, and the constrained hinge, n times the mean absolute error."""
    hinge = isinstance(loss, ConstrainedLoss) and loss.phi.name == "hinge"
    if not hinge and not (isinstance(loss, CompSum) and loss.tau is not None and loss.tau >= 2.0):
        return None
    tau = 2.0 if hinge else float(loss.tau)  # type: ignore[attr-defined]
    if tau == 2.0:
        m = np.clip(np.floor(1.0 + 1.0 / np.maximum(t, 1e-12)), 2.0, n)
        branches = [np.maximum(t / k, t - 1.0 / k) for k in (m, np.minimum(m + 1.0, n))]
        values = (n if hinge else 1.0) * np.minimum(*branches)
        allowance = 4e-16 * (n if hinge else 1.0)
        return values * (1.0 - 8e-16) - allowance, "derivation constrained_hinge" if hinge else "Theorem 8"
    be, last = tau - 1.0, min(n - 1, _VERTICES)
    k = np.arange(1.0, last + 1.0)
    mass = np.maximum.accumulate(k * (k + 1.0) ** -be)
    corners = lower_hull(np.append(0.0, 1.0 / k), np.append(0.0, (1.0 - mass) / k / be))
    # written out in full, or beyond the largest (m-1) m^(1-tau), from where on the vertices lie on one ray
    if last < n - 1 and last < be / (be - 1.0) + 2.0:
        return None
    return np.interp(t, *corners) * (1.0 - 1e-14), "Theorem 8"


def _pooled(loss: Loss, n: int, t: np.ndarray) -> Found | None:
    """tau_c < tau < 2."""
    if not isinstance(loss, CompSum) or loss.tau is None:
        return None
    return pooled_bound(loss.tau, n, t), "Theorems 4 and 5"


def _weighted(loss: Loss, n: int, t: np.ndarray) -> Found | None:
    """Class weights and logit adjustment: two labels of extreme weights."""
    if isinstance(loss, ClassWeights):
        u, v = min(loss.w) * (1.0 + t) / 2.0, max(loss.w) * (1.0 - t) / 2.0
        value = _xlog(u, 2.0 * u / (u + v)) + _xlog(v, 2.0 * v / (u + v))
        return np.where(u > v, value - _ROUNDING * (u + v), 0.0), "derivation class_weights"
    if isinstance(loss, LogitAdjustment):
        log_ratio = abs(loss.strength) * float(np.log(max(loss.prior) / min(loss.prior)))
        up, down = (1.0 / (1.0 + np.exp(-x)) for x in (log_ratio, -log_ratio))
        first, second = (1.0 + t) / 2.0, (1.0 - t) / 2.0
        value = _xlog(first, first / up) + _xlog(second, second / max(down, 1e-300))
        return np.where(first > up, value - _ROUNDING * (1.0 + log_ratio), 0.0), "derivation logit_adjustment"
    return None


def _margins(loss: Loss, n: int, t: np.ndarray) -> Found | None:
    """Losses of a named margin function, three labels or more."""
    if isinstance(loss, RhoMarginCompSum):
        return float(loss.outer(1.0)) * t * (1.0 - 1e-15), "derivation adversarial_comp_sum"
    phi = getattr(getattr(loss, "phi", None), "name", None)
    q0 = (n - 1.0) / n
    match loss:
        case SumLoss() if phi == "rho-margin":
            return t, "derivation sum_losses"
        case ConstrainedLoss() if phi == "rho-margin":
            return t, "derivation constrained_hinge"
        case MaxLoss() if phi == "rho-margin":
            return t, "derivation max_losses"
        case MaxLoss() if phi in MARGIN_FUNCTIONS:
            # T_2(2t - 1) by the entropies of two labels
            u = np.maximum(2.0 * t - 1.0, 0.0)
            law = np.stack([(1.0 + u) / 2.0, (1.0 - u) / 2.0], axis=-1)
            own, tie = (loss.grouped_entropy(x, np.ones(2)) for x in (law, np.array([0.5, 0.5])))
            return tie - own - _ROUNDING * np.abs(tie), "derivation max_losses"
        case SumLoss() if phi == "hinge" and n == 3:
            return (1.2 * t - 0.2) * (1.0 - 1e-15) - 1e-15, "derivation sum_hinge"
        case SumLoss() if phi == "squared-hinge":
            return 4.0 * t * t / (n + 2.0) * (1.0 - 1e-15), "derivation sum_squared_hinge"
        case ConstrainedLoss() if phi == "exponential":
            everywhere = (t / (1.0 + np.sqrt(1.0 - t))) ** 2  # (1 - sqrt(1-t))^2
            near = np.where(t <= 0.5, q0 * (t / (2.0 * q0 + t)) ** 2, 0.0)
            reference = "derivations constrained_losses and constrained_growth"
            return np.maximum(everywhere, near) * (1.0 - 2e-15), reference
        case ConstrainedLoss() if phi == "squared-hinge":
            near = np.where(t <= 0.4142, q0 * t * t / ((q0 + t) * (2.0 * q0 + t)), 0.0)
            reference = "derivations constrained_losses and constrained_growth"
            return np.maximum(t * t / (2.0 - t), near) * (1.0 - 2e-15), reference
    return None


def _many_entmax(loss: Loss, n: int, t: np.ndarray) -> Found | None:
    """alpha > 2: the least probability of the pair is at least (1 - (n-1) t)/n."""
    if not isinstance(loss, Entmax):
        return None
    least = np.maximum(1.0 - (n - 1.0) * t, 0.0) / n
    return least ** (loss.alpha - 2.0) * t * t / 4.0 * (1.0 - 1e-13), "derivation additive_entropies"


def _frozen(loss: Loss, n: int, t: np.ndarray) -> Found | None:
    if not isinstance(loss, CompSum):
        return None
    values = frozen_bound(loss, n, t)
    return None if values is None else (values, FROZEN)


def _xlog(x: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """x log ratio, 0 at x = 0."""
    return x * np.log(np.where(x > 0.0, np.maximum(ratio, 5e-324), 1.0))
