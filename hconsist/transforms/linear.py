"""The transformation of the rho-margin comp-sum loss: T(t) = Phi^tau(1) t for every n and rho (derived here).

Once the scores are rho apart the label at rank k costs Phi^tau(k - 1).  Putting label j first moves every more probable
label down one rank, the most probable one from 0 to Phi^tau(1): at least Phi^tau(1) (max p - p_j), and no more where j
is the second most probable label (derivation ``adversarial_comp_sum``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hconsist.results import Side

__all__ = ["LinearKernel"]


@dataclass(frozen=True)
class LinearKernel:
    """T(t) = slope t, its own convex hull; Gamma(x) = min(1, x/slope)."""

    slope: float
    raw_side = Side.EXACT

    def value(self, t: np.ndarray) -> np.ndarray:
        """slope t."""
        return self.slope * np.asarray(t, dtype=np.float64)

    raw = value

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """min(1, x/slope)."""
        return np.minimum(np.asarray(x, dtype=np.float64) / self.slope, 1.0)

    def growth(self) -> tuple[float, float]:
        """Exponent 1 and the slope."""
        return 1.0, self.slope
