"""The published transformation of comp-sum losses and its published simplified inverse.

Source: Mao, Mohri and Zhong, arXiv 2304.07288, both forms ``recalled`` (only the abstract was read):

    T(t) = D_2(t)                                                 0 <= tau <= 1
    T(t) = (M_a(t) - 1)/((tau-1) n^(tau-1)) = (2/n)^(tau-1) D_2    1 < tau < 2
    T(t) = t/((tau-1) n^(tau-1))                                   tau >= 2
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hconsist.results import Side
from hconsist.transforms.two_label import TwoLabelKernel

__all__ = ["PublishedKernel", "simplified_inverse"]


@dataclass(frozen=True)
class PublishedKernel:
    """The published T for every tau >= 0 and n >= 2 (recalled); convex, so equal to its hull."""

    tau: float
    n_classes: int

    raw_side = Side.EXACT

    @property
    def _factor(self) -> float:
        """What multiplies the n-free curve: D_2 below tau = 2, t from there on."""
        if self.tau <= 1:
            return 1.0
        if self.tau < 2:
            return (2.0 / self.n_classes) ** (self.tau - 1.0)
        return float(self.n_classes) ** (1.0 - self.tau) / (self.tau - 1.0)

    def value(self, t: np.ndarray) -> np.ndarray:
        """T(t)."""
        curve = np.asarray(t, dtype=np.float64) if self.tau >= 2 else TwoLabelKernel(self.tau).value(t)
        return curve * self._factor

    raw = value

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Gamma(x); 1 from T(1) on."""
        x, end = np.asarray(x, dtype=np.float64), float(self.value(np.ones(())))
        # a slope below the least double still is a slope: Gamma(0) = 0
        full = (x >= end) & (x > 0)
        below = np.where(full, 0.0, x)
        share = below / self._factor if self._factor else below
        root = share if self.tau >= 2 else TwoLabelKernel(self.tau).inverse(share)
        return np.where(full, 1.0, root)

    def growth(self) -> tuple[float, float]:
        """(2, (2/n)^(tau-1)/(2^tau (2-tau))) with the factor only for tau in (1, 2); (1, T(1)) from 2 on."""
        if self.tau >= 2:
            return 1.0, self._factor
        exponent, constant = TwoLabelKernel(self.tau).growth()
        return exponent, constant * self._factor


def simplified_inverse(x: np.ndarray, tau: float, n_classes: int) -> np.ndarray:
    """The published simplified Gamma, an upper bound on the exact inverse (recalled); not capped at 1.

    sqrt(2^tau (2-tau) x) for tau in [0, 1), sqrt(2 n^(tau-1) x) in [1, 2), (tau-1) n^(tau-1) x from 2 on.
    """
    x = np.asarray(x, dtype=np.float64)
    if tau < 1:
        return np.sqrt(2.0**tau * (2.0 - tau) * x)
    if tau < 2:
        return np.sqrt(2.0 * float(n_classes) ** (tau - 1.0) * x)
    return (tau - 1.0) * float(n_classes) ** (tau - 1.0) * x
