"""The least conditional regret at a small zero-one regret t, by a direct search over laws and scores of any loss.

Laws are (x, x - t, y, ..., y) with n - 2 labels of mass y <= x; scores are (h_1, h_2, h_3, ..., h_3).  Both minima,
with label 2 on top and without, are searched on a grid in a box that is shrunk around its best point.  No formula of
a transformation, an entropy or a minimiser is used: a loss is known by its risk alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = [
    "Risk", "comp_sum", "constant", "constrained", "entmax", "focal", "one_versus_all", "poly_one", "power",
    "smoothed", "sums",
]  # fmt: skip

Risk = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""(p, h, k) -> conditional risk; the last axes hold labels 1, 2 and one of the k = n - 2 others."""

GRID, SHRINK, ROUNDS, REACH = 7, 0.6, 48, 24.0


def constant(risk: Risk, n: int, *, level: bool = False, t: float = 0.005, laws: int = 9) -> float:
    """The least regret over t^2 found for ``n`` labels; ``level``: adding a number to all scores matters."""
    k = n - 2
    most = min((1 + t) / n, (1 - t) / k) if k else 0.0
    y = np.concatenate([np.linspace(0, most, laws), t * np.geomspace(0.02, 1, laws), [1 / n]]) if k else np.zeros(1)
    y = np.unique(np.minimum(y, most))  # p_1 >= p_3 and p_2 >= 0
    x = (1 + t - k * y) / 2
    p = np.stack([x, np.maximum(x - t, 0), y], axis=-1)
    regret = _least(risk, p, k, level, 0.0) - _least(risk, p, k, level, np.inf)
    return float(np.min(regret) / t**2)


def _least(risk: Risk, p: np.ndarray, k: int, level: bool, most: float) -> np.ndarray:
    """The least risk found for each law with h_1 - h_2 and h_3 - h_2 at most ``most``."""
    dimension = 1 + (k > 0) + level
    mesh = np.stack(np.meshgrid(*[np.linspace(-0.5, 0.5, GRID)] * dimension, indexing="ij"), axis=-1)
    mesh = mesh.reshape(-1, dimension)
    place, width, best = np.zeros((len(p), dimension)), 2 * REACH, np.full(len(p), np.inf)
    rows = np.arange(len(p))
    for _ in range(ROUNDS):
        points = place[:, None] + width * mesh
        points[..., : 1 + (k > 0)] = np.minimum(points[..., : 1 + (k > 0)], most)
        second = points[..., -1] if level else np.zeros(points.shape[:-1])
        third = points[..., 1] if k else np.zeros(points.shape[:-1])
        values = risk(p[:, None], np.stack([second + points[..., 0], second, second + third], axis=-1), k)
        index = np.argmin(values, axis=1)
        best = np.minimum(best, values[rows, index])
        place, width = points[rows, index], width * SHRINK
    return best


# --- risks -------------------------------------------------------------------------------------------------------


def _total(values: np.ndarray, k: int) -> np.ndarray:
    """Sum over all labels of a quantity given for labels 1, 2 and one of the others."""
    return values[..., 0] + values[..., 1] + k * values[..., 2]


def _softmax(h: np.ndarray, k: int) -> np.ndarray:
    e = np.exp(h - np.max(h if k else h[..., :2], axis=-1, keepdims=True))
    return np.maximum(e / _total(e, k)[..., None], 1e-300)


def comp_sum(psi: Callable[[np.ndarray], np.ndarray]) -> Risk:
    """psi of the softmax of the label."""
    return lambda p, h, k: _total(np.where(p > 0, p * psi(_softmax(h, k)), 0), k)


def power(tau: float) -> Risk:
    """The comp-sum family."""
    return comp_sum(lambda s: -np.log(s) if tau == 1 else (1 - s ** (tau - 1)) / (tau - 1))


def focal(gamma: float) -> Risk:
    """(1 - s)^gamma (-log s)."""
    return comp_sum(lambda s: np.maximum(1 - s, 0) ** gamma * -np.log(s))


def poly_one(eps: float) -> Risk:
    """-log s + eps (1 - s)."""
    return comp_sum(lambda s: -np.log(s) + eps * (1 - s))


def smoothed(eps: float) -> Risk:
    """Cross-entropy with targets (1 - eps) e_y + eps/n."""
    return lambda p, h, k: _total(((1 - eps) * p + eps / (k + 2)) * -np.log(_softmax(h, k)), k)


def entmax(alpha: float) -> Risk:
    """max_q (<q, h> - Omega(q)) - <p, h>; q_i = ((alpha-1) h_i - z)_+^(1/(alpha-1)), z by bisection."""

    def risk(p: np.ndarray, h: np.ndarray, k: int) -> np.ndarray:
        a = alpha - 1
        high = a * np.max(h if k else h[..., :2], axis=-1, keepdims=True)
        low = high - 1
        for _ in range(52):
            z = (low + high) / 2
            more = _total(np.maximum(a * h - z, 0) ** (1 / a), k)[..., None] > 1
            low, high = np.where(more, z, low), np.where(more, high, z)
        q = np.maximum(a * h - low, 0) ** (1 / a)
        q = q / _total(q, k)[..., None]
        omega = (_total(q**alpha, k) - 1) / (alpha * a)
        return _total((q - p) * h, k) - omega

    return risk


def one_versus_all() -> Risk:
    """log(1 + exp(-h_y)) plus the log(1 + exp(h_k)) of the other labels."""
    return lambda p, h, k: _total(np.logaddexp(0, h) - p * h, k)


def sums(phi: Callable[[np.ndarray], np.ndarray]) -> Risk:
    """The sum of phi(h_y - h_k) over the other labels k."""

    def risk(p: np.ndarray, h: np.ndarray, k: int) -> np.ndarray:
        counts = np.array([1, 1, k])
        each = [sum((counts[j] - (i == j)) * phi(h[..., i] - h[..., j]) for j in range(3)) for i in range(3)]
        return _total(p * np.stack(each, axis=-1), k)

    return risk


def constrained(phi: Callable[[np.ndarray], np.ndarray]) -> Risk:
    """The sum of phi(-h_k) over the other labels, for scores of sum 0."""

    def risk(p: np.ndarray, h: np.ndarray, k: int) -> np.ndarray:
        h = h - _total(h, k)[..., None] / (k + 2)
        return _total((1 - p) * phi(-h), k)

    return risk
