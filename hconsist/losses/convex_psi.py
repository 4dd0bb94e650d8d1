"""psi functions whose entropy has no closed form: the numeric minimiser on the simplex, one law or many by groups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hconsist.domains import UnsupportedError
from hconsist.losses.arrays import quiet
from hconsist.losses.phi_loss import on_numpy
from hconsist.losses.power import expectation, negative_log_softmax, score_gradient
from hconsist.losses.shares import Shares, logits_to_losses

__all__ = ["NumericPsi"]


class NumericPsi(ABC):
    """A psi known by its value and its slope in L = -log s; arrays are of any namespace ``xp`` where it is an argument.

    For a convex psi the least sum_i p_i psi(s_i) on the simplex has p_i (-psi'(s_i)) equal where s_i > 0.
    """

    text: str
    convex: bool
    """In s."""
    convex_in_scores: bool
    """Of the loss: (1 - s) psi_LL + s psi_L >= 0, where psi_L and psi_LL are derivatives in L (derived here)."""
    bounded: bool
    differentiable: bool = True
    concave_at: float | None = None
    """A value of s near which psi was found not to be convex."""
    top: ClassVar[float] = 650.0
    """The largest log(s/(1 - s)) at which value and slope keep their digits."""

    @abstractmethod
    def __call__(self, log_loss: Any, xp: Any) -> Any:
        """psi(exp(-L)); ``+inf`` where it overflows."""

    @abstractmethod
    def slope(self, log_loss: Any, xp: Any) -> Any:
        """d psi(exp(-L)) / dL = -s psi'(s) >= 0."""

    @abstractmethod
    def bend(self, log_loss: np.ndarray) -> np.ndarray | None:
        """d log slope / dL, near enough for Newton steps; None where it is not known."""

    @abstractmethod
    def expression(self, *, decimal: bool = False) -> Any:
        """psi(s) in SymPy, parameters as the exact value of their doubles, or as the decimals one reads."""

    def score_gradient(self, scores: Any, mask: Any, xp: Any) -> Any:
        """The gradient of L = -log s_y, rescaled row by row by d psi / d L."""
        log_loss = negative_log_softmax(scores, xp)[0]
        own = xp.sum(xp.where(mask, log_loss, xp.zeros_like(log_loss)), axis=-1)
        return self.slope(own, xp)[..., None] * score_gradient(scores, mask, 0.0, xp)

    def entropy(self, p: Any, xp: Any) -> Any:
        """inf over s of sum p_i psi(s_i): its value at the numeric minimiser, to the square of the error of that."""
        law = np.asarray(p, dtype=float)
        return on_numpy(self.grouped_entropy(law, np.ones_like(law)), p, xp)

    def minimiser(self, p: Any, xp: Any) -> Any:
        """The numeric minimiser."""
        law = np.asarray(p, dtype=float)
        return on_numpy(self._minimise(law, np.ones_like(law), polish=3)[0], p, xp)

    def grouped_entropy(self, v: np.ndarray, c: np.ndarray) -> np.ndarray:
        """The entropy of checked laws by groups ``(..., G)``."""
        log_loss = self._minimise(v, c, polish=1)[1]
        with quiet():
            return np.asarray(expectation(c * v, self(log_loss, np), np))

    def _minimise(self, v: np.ndarray, c: np.ndarray, polish: int) -> tuple[np.ndarray, np.ndarray]:
        """The shares s and L = -log s; labels of probability 0 get none."""
        if not self.convex or not self.differentiable:
            where = "" if self.concave_at is None else f" (it is not convex at s = {self.concave_at:.6g})"
            raise UnsupportedError("psi", f"convex, with a derivative, for its entropy{where}", self.text)
        with quiet():
            z = np.where(v > 0, self._shares(np.log(v), c, polish=polish), -np.inf)
        return logits_to_losses(z, c)

    @cached_property
    def _shares(self) -> Shares:
        """U = -log(-psi') = -(log slope + L)."""

        def U(z: np.ndarray) -> np.ndarray:
            log_loss = np.logaddexp(0.0, -z)
            return -(np.log(self.slope(log_loss, np)) + log_loss)

        def slope(z: np.ndarray) -> np.ndarray:
            relative = 1 + np.asarray(self.bend(np.logaddexp(0.0, -z)))
            flat = relative < 1e-10  # psi is linear there, and this is rounding
            return np.where(flat, 0.0, relative) * np.exp(-np.logaddexp(0.0, z))  # dL/dz = -(1 - s)

        return Shares(U, slope if self.bend(np.ones(1)) is not None else None, top=self.top)
