"""Training runs that never were: losses of Chinchilla's law with stated parameters and seeded noise.

    L(N, D) = (E + A N^-alpha + B D^-beta) e^z,   z normal with sd 0.005, and sd 0.05 in one of twenty-five runs.

The figures of the scaling pillar fit these, so that they can show the truth beside the fit and need no public data.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hconsist.scaling.columns import FLOP_PER_PARAMETER_TOKEN

__all__ = ["NOISE", "SEED", "TRUTH", "law", "noisy", "study"]

SEED = 2026
TRUTH = {"E": 1.8, "A": 480.0, "B": 2100.0, "alpha": 0.35, "beta": 0.37}
"""Near the fits of Besiroglu et al. (2024) to the runs of Hoffmann et al. (2022), rounded."""
NOISE, GROSS, SHARE = 0.005, 0.05, 0.04
SIZES = (5e7, 1.3e8, 3.3e8, 9e8, 2.5e9, 1e10)
RATIOS, MOST_FLOP = (3.0, 300.0), 1e22


def law(params: np.ndarray, tokens: np.ndarray, truth: Mapping[str, float] = TRUTH) -> np.ndarray:
    """E + A N^-alpha + B D^-beta."""
    return truth["E"] + truth["A"] * params ** -truth["alpha"] + truth["B"] * tokens ** -truth["beta"]


def noisy(losses: np.ndarray, rng: np.random.Generator, sd: float = NOISE, share: float = SHARE) -> np.ndarray:
    """``losses`` times e^z, z normal with the given ``sd``, and with sd 0.05 for a ``share`` of them."""
    gross = rng.random(losses.shape) < share
    return losses * np.exp(np.where(gross, GROSS, sd) * rng.normal(size=losses.shape))


def study(per_size: int = 30, seed: int = SEED) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Columns ``params, tokens`` and losses (6 x per_size,): 3 to 300 tokens per parameter, at most 1e22 FLOP."""
    rng = np.random.default_rng(seed)
    sizes = np.asarray(SIZES)
    most = np.minimum(RATIOS[1] * sizes, MOST_FLOP / (FLOP_PER_PARAMETER_TOKEN * sizes))
    place = (np.arange(per_size) + rng.random((len(sizes), per_size))) / per_size
    tokens = (RATIOS[0] * sizes[:, None]) ** (1 - place) * most[:, None] ** place
    columns = {"params": np.repeat(sizes, per_size), "tokens": tokens.ravel()}
    return columns, noisy(law(columns["params"], columns["tokens"]), rng)
