"""Roots of many decreasing functions at once: Newton steps inside brackets, finished problems leave."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hconsist.losses.arrays import quiet

__all__ = ["decreasing_roots"]

_STEPS = 200

Evaluate = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def decreasing_roots(evaluate: Evaluate, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Roots in the brackets [low, high] ``(B,)``, which are narrowed in place, and the mask of those found by Newton.

    ``evaluate(chosen, x)`` gives the functions with the indices ``chosen`` at x, their slopes, and the length of a
    Newton step that may be the last; a step of a few roundings may where the function is below 1e-6.  Functions
    that jump across 0 end in a bracket of a few roundings.
    """
    x, last, found = (low + high) / 2, np.full(low.size, np.inf), np.zeros(low.size, dtype=bool)
    active = np.arange(low.size)
    for _ in range(_STEPS):
        here = x[active]
        with quiet():
            balance, slope, short = evaluate(active, here)
            step = -balance / slope
        low[active] = np.where(balance >= 0, here, low[active])
        high[active] = np.where(balance <= 0, here, high[active])
        new, rounding = here + step, np.finfo(float).eps * np.maximum(np.abs(here), 1.0)
        # a step that leaves the bracket or is not half as long as the last one is replaced by a bisection
        good = (new >= low[active]) & (new <= high[active]) & (np.abs(step) <= last[active] / 2)
        x[active] = np.where(good, new, (low[active] + high[active]) / 2)
        last[active] = np.where(good, np.abs(step), np.inf)
        found[active] = good & ((np.abs(step) <= short) | ((np.abs(step) <= 2 * rounding) & (np.abs(balance) < 1e-6)))
        active = active[~found[active] & (high[active] - low[active] > 2 * rounding)]
        if not active.size:
            break
    return x, found
