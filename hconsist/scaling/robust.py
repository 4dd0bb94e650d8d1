"""The three fitting losses on residuals as one: Huber's; least squares at delta = inf, absolute values at 0."""

from __future__ import annotations

import math

import numpy as np

from hconsist.domains import Domain, InputError

__all__ = ["FITTING_LOSSES", "influence", "loss_sums", "losses", "threshold"]

FITTING_LOSSES = ("huber", "absolute", "squares")
_DELTA = Domain(0, lower_open=True)


def threshold(loss: str, delta: float) -> float:
    """The Huber threshold that ``loss`` stands for: ``delta``, infinity for squares, 0 for absolute values."""
    if loss not in FITTING_LOSSES:
        raise InputError("loss", f"one of {', '.join(FITTING_LOSSES)}", loss)
    return {"huber": float(_DELTA.check_scalar("delta", delta)), "squares": math.inf, "absolute": 0.0}[loss]


def influence(residual: np.ndarray, delta: float) -> np.ndarray:
    """psi(r), the derivative of the loss: r cut at +-delta; the sign of r at delta = 0."""
    return np.clip(residual, -delta, delta) if delta else np.sign(residual)


def losses(residual: np.ndarray, delta: float) -> np.ndarray:
    """rho(r), elementwise."""
    if not delta:
        return np.abs(residual)
    psi = influence(residual, delta)
    return psi * (residual - 0.5 * psi)


def loss_sums(residual: np.ndarray, delta: float, weights: np.ndarray | None) -> np.ndarray:
    """Sum over points (last axis) of w rho(r): r^2/2 within delta, delta (|r| - delta/2) beyond; |r| at delta = 0.

    With psi the influence, rho = psi (r - psi/2) in both branches.  It is a sum and not a mean: a mean shrinks the
    gradient by the number of points and lets absolute tolerances stop early.
    """
    values = losses(residual, delta)
    return values.sum(-1) if weights is None else np.einsum("...n,...n->...", values, weights)
