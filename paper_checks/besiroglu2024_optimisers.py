"""Besiroglu et al. 2024: both estimators fitted, and optimisers that report success before they are there."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from hconsist.evidence import Evidence, Level
from hconsist.paper_checks.chinchilla_law import UNROUNDED, columns
from hconsist.paper_checks.inequalities import decided
from hconsist.paper_checks.public_data import Table
from hconsist.scaling import Chinchilla

__all__ = ["STARTS", "at_the_start", "descents", "early", "fits", "huber_loss", "residuals", "sum_of_huber"]


def fits(table: Table, dropped: int = 5) -> tuple[Chinchilla, Chinchilla]:
    """Least absolute deviations, and the least sum of Huber losses."""
    data = columns(table, dropped)
    return Chinchilla(loss="absolute").fit(*data), Chinchilla().fit(*data)


def residuals(theta: np.ndarray, x: Any, y: np.ndarray) -> np.ndarray:
    """ln(e^(ln A - alpha ln N) + e^(ln B - beta ln D) + E) - ln loss for theta = (ln A, ln B, ln E, alpha, beta)."""
    return _value(theta, x)[0] - np.log(y)


def huber_loss(r: np.ndarray, delta: float = 1e-3) -> np.ndarray:
    """r^2/2 within delta, delta (|r| - delta/2) beyond."""
    return np.where(np.abs(r) <= delta, r * r / 2, delta * (np.abs(r) - delta / 2))


def _value(theta: np.ndarray, x: Any) -> tuple[np.ndarray, np.ndarray]:
    log_n = np.log(x["params"])
    log_d = np.log(x["flop"] / (6 * x["params"]))
    terms = np.stack([theta[0] - theta[3] * log_n, theta[1] - theta[4] * log_d, np.full(log_n.shape, theta[2])])
    top = terms.max(0)
    value = top + np.log(np.exp(terms - top).sum(0))
    share = np.exp(terms - value)
    return value, np.stack([share[0], share[1], share[2], -share[0] * log_n, -share[1] * log_d])


def sum_of_huber(theta: np.ndarray, x: Any, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The sum of Huber losses with delta = 1/1000, and its gradient."""
    value, jacobian = _value(theta, x)
    r = value - np.log(y)
    return float(huber_loss(r).sum()), jacobian @ np.clip(r, -1e-3, 1e-3)


STARTS = tuple(itertools.product((0.0, 10.0, 20.0), (5.0, 15.0, 25.0), (0.0,), (0.0, 1.0), (0.0, 1.0)))
"""36 of the 4500 starts (ln A, ln B, ln E, alpha, beta) of the published grid."""


def descents(table: Table, scale: float, starts: Any = STARTS) -> tuple[bool, list[float]]:
    """L-BFGS-B with default tolerances on ``scale`` times the sum: whether all say success, and sums over the least."""
    from scipy.optimize import minimize

    data = columns(table)
    least = fits(table)[1].objective_

    def scaled(theta: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = sum_of_huber(theta, *data)
        return scale * value, scale * gradient

    found = [minimize(scaled, np.array(start), jac=True, method="L-BFGS-B") for start in starts]
    return all(f.success for f in found), [sum_of_huber(f.x, *data)[0] / least for f in found]


def early(table: Table, near_mean: float = 1.1) -> Evidence:
    """Over :data:`STARTS`: the mean of the losses reaches the optimum from none, their sum from some."""
    said, mean = descents(table, 1 / 240)
    _, plain = descents(table, 1.0)
    _, large = descents(table, 1000.0)
    reached = [sum(ratio < 1.001 for ratio in ratios) for ratios in (plain, large)]
    slacks = {
        "every run on the mean reports success": 1.0 if said else -1.0,
        f"the best on the mean, {min(mean):.3g} times the least, is above {near_mean}": min(mean) - near_mean,
        f"{reached[0]} runs on the sum come within 0.1 percent": reached[0] - 0.5,
        f"{reached[1]} on 1000 times the sum, more": reached[1] - reached[0] - 0.5,
    }
    return decided(slacks, Level.SAMPLED, points=3 * len(STARTS))


def at_the_start(table: Table, below: float = 0.0) -> Evidence:
    """From Hoffmann et al.'s own values the mean and the sum both report success far from the least."""
    start = [float(getattr(UNROUNDED, name)) for name in ("A", "B", "E", "alpha", "beta")]
    slacks = {}
    for name, scale in (("mean", 1 / 240), ("sum", 1.0)):
        said, (ratio,) = descents(table, scale, [start])
        slacks[f"the {name} reports success"] = 1.0 if said else -1.0
        slacks[f"the {name} stops at {ratio:.4g} times the least, above 1.05"] = ratio - 1.05 - below
    return decided(slacks, Level.SAMPLED, points=2)
