"""Why two studies of one law print different exponents: counting parameters without embeddings (Pearce and Song 2024).

With N non-embedding parameters, N_T = N + gamma N^(1/3) in total, and C = 6 N D, the loss E + A N_T^-alpha + B
D^-beta has the optimum (formula from the authors' script, checked here by minimisation in the tests)

    C(N) = 6 N (N + (gamma/3) N^(1/3))^(-1/beta) (N + gamma N^(1/3))^((1+alpha)/beta) (beta B / (alpha A))^(1/beta),

whose slope d ln N / d ln C runs from beta/(alpha/3 + beta) for small models to beta/(alpha + beta) for large ones, and
not monotonically: with the values of Besiroglu et al. (2024) it is greatest, 0.98, near two million parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hconsist.scaling.columns import FLOP_PER_PARAMETER_TOKEN

__all__ = ["EMBEDDING_GAMMA", "budget_of", "fitted_exponent", "local_exponent"]

EMBEDDING_GAMMA = 47491.0
"""gamma of Pearce and Song's script for a vocabulary and shapes as in Hoffmann et al."""


def budget_of(parameters: Mapping[str, float], params: Any, *, gamma: float = EMBEDDING_GAMMA) -> np.ndarray:
    """C (without embeddings) for which ``params`` non-embedding parameters are optimal."""
    n = np.asarray(params, float)
    alpha, beta = parameters["alpha"], parameters.get("beta", parameters["alpha"])
    embedding = gamma * np.cbrt(n)
    ratio = beta * parameters["B"] / (alpha * parameters["A"])
    logs = -np.log(n + embedding / 3) + (1 + alpha) * np.log(n + embedding) + np.log(ratio)
    return FLOP_PER_PARAMETER_TOKEN * n * np.exp(logs / beta)


def local_exponent(parameters: Mapping[str, float], params: Any, *, gamma: float = EMBEDDING_GAMMA) -> np.ndarray:
    """d ln N / d ln C at ``params`` non-embedding parameters."""
    n = np.asarray(params, float)
    alpha, beta = parameters["alpha"], parameters.get("beta", parameters["alpha"])
    square = np.cbrt(n) ** 2
    third = square + gamma / 3
    inverse = 1 - (square + gamma / 9) / third / beta + (1 + alpha) / beta * third / (square + gamma)
    return 1 / inverse


def fitted_exponent(
    parameters: Mapping[str, float],
    smallest: float,
    largest: float,
    *,
    gamma: float = EMBEDDING_GAMMA,
    points: int = 400,
) -> float:
    """The slope of a line through optima with sizes spaced evenly in ln N, as a study of that range would fit."""
    n = np.geomspace(smallest, largest, points)
    return float(np.polyfit(np.log(budget_of(parameters, n, gamma=gamma)), np.log(n), 1)[0])
