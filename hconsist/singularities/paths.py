"""A path through the complex plane cut until the argument of G along it can be read off the nodes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hconsist.singularities.caps import Confident
from hconsist.singularities.circles import chord_distance2
from hconsist.singularities.spreads import quiet

__all__ = ["argument_change", "evaluate", "refined"]

_NODES = 1 << 13


def evaluate(shape: Confident, x: np.ndarray) -> list[np.ndarray]:
    """Re G, Im G, the sum of |terms of G''|, rounding (all times e^(-scale)) and the scale, for the first row."""
    with quiet():
        return [v[0] for v in shape.values(x[None, :])]


def refined(
    shape: Confident, path: Callable[[np.ndarray], np.ndarray], t: np.ndarray, margin: float = 1.0
) -> tuple[np.ndarray, list[np.ndarray]] | None:
    """Nodes x and values there, such that G has no zero on any edge; None where rounding or patience ends.

    ``path`` maps parameters to points; edges are straight.  ``margin`` > 1 asks for more than the chord test needs.
    """
    x = path(t)
    values = evaluate(shape, x)
    while t.size <= _NODES:
        close = _too_close(x, values, margin)
        if not np.any(close):
            return x, values
        re, im, _, slack, _ = values
        if np.any(np.hypot(re, im) <= margin * slack):
            return None
        middle = (t[:-1][close] + t[1:][close]) / 2
        order = np.argsort(np.concatenate([t, middle]), kind="stable")
        new = path(middle)
        t, x = np.concatenate([t, middle])[order], np.concatenate([x, new])[order]
        if np.min(np.abs(np.diff(x))) < 1e-13 * np.max(np.abs(x)):
            return None
        values = [np.concatenate([old, more])[order] for old, more in zip(values, evaluate(shape, new), strict=True)]
    return None


def _too_close(x: np.ndarray, values: list[np.ndarray], margin: float) -> np.ndarray:
    re, im, second, slack, scale = values
    with quiet():
        common = np.maximum(scale[:-1], scale[1:])
        a, b = np.exp(scale[:-1] - common), np.exp(scale[1:] - common)
        off = np.abs(np.diff(x)) ** 2 / 8 * np.maximum(second[:-1] * a, second[1:] * b)
        off += np.maximum(slack[:-1] * a, slack[1:] * b)
        return chord_distance2(re[:-1] * a, im[:-1] * a, re[1:] * b, im[1:] * b) <= (margin * off) ** 2


def argument_change(values: list[np.ndarray]) -> float:
    """Of G from the first to the last of refined nodes."""
    g = values[0] + 1j * values[1]
    return float(np.sum(np.angle(g[1:] / g[:-1])))
