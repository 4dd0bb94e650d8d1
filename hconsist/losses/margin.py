"""The rho-margin comp-sum loss Phi^tau(sum_{y' != y} Phi_rho(h_y - h_y')): a comp-sum loss of ramps.

Phi_rho(u) = min(1, max(0, 1 - u/rho)) is 1 where label y does not beat y' and 0 where it wins by rho; and
Phi^tau(S) = ((1 + S)^(1 - tau) - 1)/(1 - tau), log(1 + S) at tau = 1.  Its supremum over perturbed inputs is the
surrogate of adversarial training, :mod:`hconsist.losses.adversarial`.  Recalled from arXiv 2304.07288, whose text was
not seen; entropy and transformation derived here (derivation ``adversarial_comp_sum``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import NONNEGATIVE, TAU
from hconsist.losses import arrays
from hconsist.losses.base import Loss
from hconsist.losses.phi import RHO
from hconsist.losses.power import PowerPsi, expectation

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["RHO", "RhoMarginCompSum"]


class RhoMarginCompSum(Loss):
    """The rho-margin comp-sum loss; bounded by Phi^tau(n - 1), differentiable almost everywhere, not convex.

    Only the ranks of the labels matter once all scores are rho apart: the label at rank k then costs Phi^tau(k - 1).
    (There is no attribute ``tau``: it would mark a function of the softmax, whose theorems do not apply here.)

    Parameters
    ----------
    tau : the parameter of Phi^tau, a number >= 0.
    rho : the margin, a number in [1e-9, 1e9], in the units of the scores.

    Raises
    ------
    InputError
        for tau < 0 or rho <= 0.
    """

    properties: dict[str, bool]

    def __init__(self, tau: float, rho: float):
        self._outer = PowerPsi(float(TAU.check_scalar("tau", tau)))
        self._rho = float(RHO.check_scalar("rho", rho))
        self.parameters = {"tau": self._outer.tau, "rho": self._rho}
        self.name = f"rho-comp-sum:tau={self._outer.tau!r},rho={self._rho!r}"
        ramp = f"min(1, max(0, 1 - (h_y - h_y'){self._per_rho}))"
        self.formula = f"Phi(S) = {self._phi_text()}, S = sum over y' != y of {ramp}"
        self.properties = {
            "convex": False,
            "bounded": True,
            "differentiable": False,
            "decreasing": True,
            "own_label_monotone": True,
            "symmetric": True,
            "shift_invariant": True,
            "scale_invariant": False,
        }

    @property
    def _per_rho(self) -> str:
        return "" if self._rho == 1 else f"/{self._rho:g}"

    def _phi_text(self) -> str:
        known = {0.0: "S", 1.0: "log(1 + S)", 2.0: "S/(1 + S)"}
        al = self._outer.al
        return known.get(self._outer.tau, f"(1 - (1 + S)^{-al:g})/{al:g}")

    def value(self, scores: Any, labels: Any) -> Any:
        """Phi^tau(sum_{y' != y} Phi_rho(h_y - h_y')); scores ``(..., n)`` finite, labels ``(...)`` in [0, n)."""
        array, xp = arrays.floating("scores", scores)
        return self._value(array, arrays.one_hot(labels, array, xp), xp)

    def gradient(self, scores: Any, labels: Any) -> Any:
        """(1 + S)^(-tau)/rho for each k with 0 < h_y - h_k < rho, minus their sum for y, 0 elsewhere; ``(..., n)``.

        The derivative where the loss has one; at the kinks (ties, and margins of exactly rho) the ramp counts as flat.
        """
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        margin, ramp = self._margins(array, mask, xp)
        steepness = xp.exp(-self._outer.tau * xp.log1p(xp.sum(ramp, axis=-1, keepdims=True))) / self._rho
        zero = xp.zeros_like(ramp)
        others = xp.where((margin > 0) & (margin < self._rho) & ~mask, steepness, zero)
        return xp.where(mask, -xp.sum(others, axis=-1, keepdims=True), others)

    def conditional_risk(self, scores: Any, probabilities: Any) -> Any:
        """sum_y p_y l(h, y): both ``(..., n)``, result ``(...)``."""
        array, xp = arrays.floating("scores", scores)
        p = arrays.laws_like(array, probabilities)
        labels = arrays.counted(array.shape[-1], array, xp)
        costs = [self._value(array, labels == y, xp) for y in range(array.shape[-1])]  # (..., n) at a time
        return expectation(p, xp.stack(costs, axis=-1), xp)

    def entropy(self, probabilities: Any) -> Any:
        """H(p) = sum_k p_(k) Phi^tau(k - 1), the labels ranked by decreasing probability; ``(..., n)`` to ``(...)``."""
        p, xp = arrays.probabilities(probabilities)
        return xp.sum(xp.sort(p, axis=-1, descending=True) * self._rank_costs(p, xp), axis=-1)

    def minimiser(self, probabilities: Any) -> Any:
        """The softmax of :meth:`best_scores`; entries far down the ranks underflow to 0 where n rho exceeds 700."""
        scores = self.best_scores(probabilities)
        xp = arrays.floating("scores", scores)[1]
        weight = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
        return weight / xp.sum(weight, axis=-1, keepdims=True)

    def best_scores(self, probabilities: Any) -> Any:
        """Scores that attain the entropy: 2 rho apart (rho is enough), in the order of the probabilities; ``(..., n)``.

        Ties among probabilities are broken by the position of the label.
        """
        p, xp = arrays.probabilities(probabilities)
        order = xp.argsort(p, axis=-1, descending=True, stable=True)
        rank = xp.argsort(order, axis=-1, stable=True)
        return 2 * self._rho * xp.astype(p.shape[-1] - 1 - rank, p.dtype)

    def outer(self, S: Any) -> np.ndarray:
        """Phi^tau(S) for sums of ramps S >= 0, any shape; at S = k - 1 the cost of rank k.  InputError for S < 0."""
        return self._phi(NONNEGATIVE.check("S", S), np)

    def definition(self) -> Definition:
        """Phi^tau(S) as an exact expression in S >= 0, the sum of the ramps."""
        import sympy

        from hconsist.definitions import Definition

        S = sympy.Symbol("S", nonnegative=True)
        return Definition(self.name, self._expression(S, decimal=False), (S,), {"S": NONNEGATIVE})

    @property
    def latex(self) -> str:
        """Phi^tau(S), parameters as the decimals one reads, with S spelt out."""
        import sympy

        S = sympy.Symbol("S", nonnegative=True)
        ramp = rf"\min(1, \max(0, 1 - (h_y - h_{{y'}}){self._per_rho}))"
        return rf"{sympy.latex(self._expression(S, decimal=True))},\quad S = \sum_{{y' \neq y}} {ramp}"

    def _expression(self, S: Any, decimal: bool) -> Any:
        """psi(1/(1 + S))."""
        import sympy

        psi = self._outer.expression(decimal=decimal)
        return sympy.expand_log(psi.subs(dict.fromkeys(psi.free_symbols, 1 / (1 + S))))

    def _value(self, array: Any, mask: Any, xp: Any) -> Any:
        _, ramp = self._margins(array, mask, xp)
        return self._phi(xp.sum(ramp, axis=-1), xp)

    def _margins(self, array: Any, mask: Any, xp: Any) -> tuple[Any, Any]:
        """h_y - h_k, and the ramps with 0 in place of the label's own."""
        zero = xp.zeros_like(array)
        with arrays.quiet():
            margin = xp.sum(xp.where(mask, array, zero), axis=-1, keepdims=True) - array
            # (rho - u)/rho: exact next to the kink at u = rho, where 1 - u/rho would leave a rounding error
            ramp = xp.clip((self._rho - margin) / self._rho, 0.0, 1.0)
        return margin, xp.where(mask, zero, ramp)

    def _phi(self, total: Any, xp: Any) -> Any:
        """Phi^tau(S) = psi(1/(1 + S)), through L = log(1 + S): no digits lost at small S or tau near 1."""
        return self._outer(xp.log1p(total), xp)

    def _rank_costs(self, p: Any, xp: Any) -> Any:
        """Phi^tau(0), Phi^tau(1), ..., Phi^tau(n - 1)."""
        return self._phi(arrays.counted(p.shape[-1], p, xp, p.dtype), xp)
