"""Radii of losses other than cross-entropy along linear logits z_j + a_j t, and of the units of a network.

With F = sum_j e^(z_j + a_j t) and F_(-y) the same sum without the label's class:

- cross-entropy, also with label smoothing or soft targets, KL to fixed targets, the entropy of the softmax, the Brier
  score, the mean absolute error and generalized cross-entropy: the zeros of F;
- comp-sum with tau: the zeros of F, none where 1 - tau is a positive integer (a polynomial in F e^(-z_y - a_y t));
- focal (1 - p_y)^gamma (-log p_y): the zeros of F for integer gamma, else those of F and of F_(-y);
- one-versus-all logistic: the nearest zero of any 1 + e^(+-(z_j + a_j t)), which depends on the logits one by one.

A power F^q with q no integer is regular at a zero of multiplicity m if q m is a positive integer (logits 0, 0, 0, 0 and
slopes 0, 1, 1, 2: F = (1 + e^t)^2, whose root is entire).  The radii of comp-sum with tau < 1 and of focal losses with
gamma no integer are exact where the nearest zero is simple, as in a row that is certified and no cluster, and lower
bounds elsewhere.

Source: derived here, checked against the growth of Taylor coefficients.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.singularities.radius import as_rows, radius
from hconsist.singularities.result import Status
from hconsist.singularities.spreads import place, quiet, refuse_overflow, spread

__all__ = ["LOSSES", "UNITS", "loss_radius", "unit_radius"]

LOSSES = ("logistic", "comp-sum", "focal", "ova-logistic", "constrained-exponential")
"""The losses of :func:`loss_radius`; those with the zeros of F go by "logistic"."""

UNITS = ("tanh", "sigmoid", "silu", "softplus", "relu", "gelu", "tanh-gelu")
"""The units of :func:`unit_radius`; "gelu" is the exact one, entire."""

_CUBIC = 0.044715
_TANH_GELU = Domain(-100, 100)


def loss_radius(
    loss: str, logits: Any, slopes: Any, *, labels: Any = None, tau: float = 1.0, gamma: float = 1.0
) -> np.ndarray:
    """The radius of convergence of a loss along the path, ``(m,)``; inf for an entire function.

    For "comp-sum" with tau < 1 and "focal" with a gamma that is no integer a lower bound, which is the radius where the
    nearest zero is simple: not told apart here, see the status of :func:`hconsist.singularities.radius`.

    Parameters
    ----------
    loss : one of :data:`LOSSES`.
    logits, slopes : as :func:`hconsist.singularities.radius`.
    labels : (m,) integers in [0, K - 1], of classes of positive probability; needed by "focal" with a gamma that is no
        integer, where F_(-y) matters.
    tau : of "comp-sum", >= 0.  gamma : of "focal", >= 0.

    Raises
    ------
    InputError
        for an unknown loss, bad parameters or labels, and where a radius exceeds every float.
    ArithmeticError
        where a row could not be certified.
    """
    if loss not in LOSSES:
        raise InputError("loss", "one of " + ", ".join(LOSSES), loss)
    z, a = as_rows(logits, slopes)
    if loss == "ova-logistic":
        return _one_versus_all(z, a)
    if loss == "constrained-exponential":
        spread(z, a)
        return np.full(z.shape[0], math.inf)
    power = 1 - float(Domain(0).check_scalar("tau", tau)) if loss == "comp-sum" else 0.5
    if power > 0 and power == round(power):
        spread(z, a)
        return np.full(z.shape[0], math.inf)
    whole = _certified(z, a)
    g = float(Domain(0).check_scalar("gamma", gamma))
    if loss != "focal" or g == round(g):
        return whole
    if labels is None:
        raise InputError("labels", f"given for a focal loss with gamma = {g}", labels)
    y = np.asarray(labels)
    if y.shape != (z.shape[0],) or y.dtype.kind not in "iu" or np.any((y < 0) | (y >= z.shape[1])):
        raise InputError("labels", f"{z.shape[0]} integers in [0, {z.shape[1] - 1}]", labels)
    own = np.arange(z.shape[1]) == y[:, None]
    alone = np.all(own | (z == -math.inf), axis=1) | (z[own] == -math.inf)
    if np.any(alone):
        raise InputError("logits", f"finite at the label and elsewhere {place((int(np.argmax(alone)), 0))}", -math.inf)
    return np.minimum(whole, _certified(np.where(own, -math.inf, z), a))


def unit_radius(unit: str, value: Any, slope: Any) -> np.ndarray:
    """The radius of unit(h + t h') in t: the distance of the nearest singularity of the unit from h, over |h'|.

    sqrt(h^2 + (pi/2)^2)/|h'| for tanh, sqrt(h^2 + pi^2)/|h'| for sigmoid, SiLU and softplus, |h|/|h'| to the kink of
    ReLU, inf for the exact GELU and where h' = 0.  "tanh-gelu", x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))/2, has
    poles where the argument is i pi (k + 1/2); values in [-100, 100].  InputError where the radius exceeds every float.
    Source: Sao 2026, Appendix 2 (text seen).
    """
    if unit not in UNITS:
        raise InputError("unit", "one of " + ", ".join(UNITS), unit)
    h, d = np.broadcast_arrays(Domain().check("value", value), Domain().check("slope", slope))
    if unit == "gelu":
        return np.full(h.shape, math.inf)
    if unit == "tanh-gelu":
        _TANH_GELU.check("value", h)
        with quiet():
            radius = np.where(d == 0, math.inf, np.vectorize(_to_tanh_gelu_pole, otypes=[float])(h) / np.abs(d))
        return refuse_overflow("slope", d, radius)
    height = {"tanh": math.pi / 2, "relu": 0.0}.get(unit, math.pi)
    with quiet():
        radius = np.where(d == 0, math.inf, np.hypot(h, height) / np.abs(d))
    return refuse_overflow("slope", d, radius)


def _to_tanh_gelu_pole(h: float) -> float:
    """The least |x - h| over x + c x^3 = i pi (k + 1/2) sqrt(pi/2): sinh solves such a cubic (c > 0)."""
    reach = abs(h) + 2.83  # the modulus of the pole nearest to 0 is below 2.83
    k = np.arange(1 + int((reach + abs(h) + _CUBIC * (reach + abs(h)) ** 3) / (math.pi * math.sqrt(math.pi / 2))))
    value = 1j * math.pi * (k + 0.5) * math.sqrt(math.pi / 2)
    scale = math.sqrt(4 / (3 * _CUBIC))
    angle = np.arcsinh(value * 4 / (_CUBIC * scale**3))
    roots = scale * np.sinh((angle + 2j * math.pi * np.arange(3)[:, None]) / 3)
    return float(min(np.min(np.abs(roots - h)), np.min(np.abs(roots + h))))


def _one_versus_all(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """min over the classes of sqrt(z_j^2 + pi^2)/|a_j|; a class with logit -inf never responds."""
    spread(z, a)
    with quiet():
        each = np.where((a == 0) | (z == -math.inf), math.inf, np.hypot(z, math.pi) / np.abs(a))
    radius = np.min(each, axis=1)
    return refuse_overflow("slopes", np.max(np.where(z > -math.inf, np.abs(a), 0.0), axis=1), radius)


def _certified(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    found = radius(z, a)
    if not found.certified:
        row = found.status.index(Status.UNCERTIFIED)
        raise ArithmeticError(f"the radius of row {row} could not be certified")
    return found.radius
