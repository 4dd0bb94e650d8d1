"""Comp-sum losses with a psi of their own name: focal, poly-1 and Taylor cross-entropy.

All three are written in L = -log s with 1 - s = -expm1(-L), so that neither a confident prediction (s rounds to 1) nor
a hopeless one (s underflows) loses digits.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from hconsist.domains import Domain, UnsupportedError
from hconsist.losses.arrays import quiet
from hconsist.losses.comp_sum import CompSum
from hconsist.losses.convex_psi import NumericPsi

__all__ = ["Focal", "Poly1", "TaylorCrossEntropy"]

LARGEST_FORMULA = 30
"""Terms of a series that are written out: SymPy would differentiate more for minutes."""

EPS = Domain(-1, 10**9)
GAMMA = Domain(0, 1000)
"""psi(1/2) is a normal number up to there."""
ORDER = Domain(1, 1000, integer=True)


class Focal(CompSum):
    """(1 - s)^gamma (-log s), s = softmax(h)_y: cross-entropy with less weight on what is already right.

    Convex in s for every gamma >= 0 (derivation ``focal_inflection``); for gamma > 0 not convex in the scores, since
    (1 - s) psi_LL + s psi_L ~ s (1 - gamma L) as s -> 0 (derived here).  gamma = 0 is the logistic loss.

    Lin, Goyal, Girshick, He and Dollar 2017, Focal loss for dense object detection; the binary form recalled.

    Parameters
    ----------
    gamma : a number in [0, 1000]; InputError otherwise.
    """

    def __init__(self, gamma: float):
        self.gamma = float(GAMMA.check_scalar("gamma", gamma))
        super().__init__(psi=_FocalPsi(self.gamma), name=f"focal:gamma={self.gamma!r}")
        self.parameters = {"gamma": self.gamma}


class Poly1(CompSum):
    """-log s + eps (1 - s), s = softmax(h)_y: the first coefficient of the series of -log s in 1 - s is 1 + eps.

    Convex in s; in the scores iff eps <= 1, since (1 - s) psi_LL + s psi_L = s (1 - eps + 2 eps s) (derived here).

    Leng, Tan, Liu, Cubuk, Shi, Cheng and Anguelov 2022, PolyLoss (formula second-hand, from notes on the paper).

    Parameters
    ----------
    eps : a number in [-1, 1e9], since psi' = -1/s - eps must not be positive at s = 1; InputError otherwise.
    """

    def __init__(self, eps: float):
        self.eps = float(EPS.check_scalar("eps", eps))
        super().__init__(psi=_Poly1Psi(self.eps), name=f"poly-1:eps={self.eps!r}")
        self.parameters = {"eps": self.eps}


class TaylorCrossEntropy(CompSum):
    """sum_{k=1}^{order} (1 - s)^k/k, s = softmax(h)_y: the series of -log s in 1 - s, cut off; order 1 is the MAE.

    Convex in s, bounded by the harmonic number 1 + 1/2 + ... + 1/order; not convex in the scores, since
    (1 - s) psi_LL + s psi_L = s (1 - (1 + order) (1 - s)^order) < 0 at small s (derived here).

    Feng, Shu, Lin, Lv, Li and An 2020, Can cross entropy loss be robust to label noise? (abstract seen: "controlling
    the order of Taylor Series for CCE"; the formula recalled).

    Parameters
    ----------
    order : an integer in [1, 1000]; InputError otherwise.
    """

    def __init__(self, order: int):
        self.order = int(ORDER.check_scalar("order", order))
        super().__init__(psi=_TaylorPsi(self.order), name=f"taylor:order={self.order}")
        self.parameters = {"order": self.order}


class _FocalPsi(NumericPsi):
    bounded, convex = False, True

    def __init__(self, gamma: float):
        self.gamma = gamma
        self.text = f"-(1 - s)^{gamma:g}*log(s)" if gamma else "-log(s)"
        self.convex_in_scores = gamma == 0

    def __call__(self, log_loss: Any, xp: Any) -> Any:
        with quiet():
            return (-xp.expm1(-log_loss)) ** self.gamma * log_loss

    def slope(self, log_loss: Any, xp: Any) -> Any:
        """(1 - s)^gamma (1 + gamma L/(exp(L) - 1))."""
        with quiet():
            return (-xp.expm1(-log_loss)) ** self.gamma * (1 + self.gamma * _bernoulli(log_loss, xp))

    def bend(self, log_loss: np.ndarray) -> np.ndarray:
        """With r = L/(exp(L) - 1), r' = r (1/L - 1/(1 - s)); the difference is -1/2 - L/12 near 0."""
        with quiet():
            r, small = _bernoulli(log_loss, np), log_loss < 1e-3
            bracket = np.where(small, -0.5 - log_loss / 12, 1 / log_loss + 1 / np.expm1(-log_loss))
            return self.gamma * (1 / np.expm1(log_loss) + r * bracket / (1 + self.gamma * r))

    def expression(self, *, decimal: bool = False) -> Any:
        import sympy

        s = _s()
        return -((1 - s) ** _exact(self.gamma, decimal)) * sympy.log(s)


class _Poly1Psi(NumericPsi):
    bounded, convex = False, True

    def __init__(self, eps: float):
        self.eps = eps
        factor = "" if abs(eps) == 1 else f"{abs(eps):g}*"
        self.text = f"-log(s) {'-' if eps < 0 else '+'} {factor}(1 - s)" if eps else "-log(s)"
        self.convex_in_scores = eps <= 1

    def __call__(self, log_loss: Any, xp: Any) -> Any:
        # (1 + eps)(1 - s) + (L - (1 - s)): the parts are not negative, whatever the sign of eps
        rest = -xp.expm1(-log_loss)
        return (1 + self.eps) * rest + _beyond_first(log_loss, rest, xp)

    def slope(self, log_loss: Any, xp: Any) -> Any:
        """1 + eps s = (1 + eps) s + (1 - s)."""
        return (1 + self.eps) * xp.exp(-log_loss) - xp.expm1(-log_loss)

    def bend(self, log_loss: np.ndarray) -> np.ndarray:
        with quiet():
            return -self.eps * np.exp(-log_loss) / self.slope(log_loss, np)

    def expression(self, *, decimal: bool = False) -> Any:
        import sympy

        s = _s()
        return -sympy.log(s) + _exact(self.eps, decimal) * (1 - s)


class _TaylorPsi(NumericPsi):
    bounded, convex, convex_in_scores = True, True, False

    def __init__(self, order: int):
        self.order = order
        powers = ["(1 - s)", *(f"(1 - s)^{k}/{k}" for k in range(2, order + 1))]
        self.text = " + ".join(powers if order <= 3 else [*powers[:2], "...", powers[-1]])

    def __call__(self, log_loss: Any, xp: Any) -> Any:
        """Horner's rule in 1 - s: all terms have one sign."""
        rest = -xp.expm1(-log_loss)
        total = xp.ones_like(rest) / self.order
        for k in range(self.order - 1, 0, -1):
            total = 1 / k + rest * total
        return rest * total

    def slope(self, log_loss: Any, xp: Any) -> Any:
        """1 - (1 - s)^order, through log(1 - s)."""
        with quiet():
            return -xp.expm1(self.order * self._log_rest(log_loss, xp))

    def bend(self, log_loss: np.ndarray) -> np.ndarray:
        with quiet():
            log_rest = self._log_rest(log_loss, np)
            power = np.exp((self.order - 1) * log_rest) if self.order > 1 else np.ones_like(log_loss)
            return -self.order * power * np.exp(-log_loss) / self.slope(log_loss, np)

    def _log_rest(self, log_loss: Any, xp: Any) -> Any:
        rest, s = -xp.expm1(-log_loss), xp.exp(-log_loss)
        return xp.where(s < 0.5, xp.log1p(-xp.where(s < 0.5, s, xp.zeros_like(s))), xp.log(rest))

    def expression(self, *, decimal: bool = False) -> Any:
        import sympy

        if self.order > LARGEST_FORMULA:
            raise UnsupportedError("order", f"at most {LARGEST_FORMULA} for a formula term by term", self.order)
        s = _s()
        return sympy.Add(*((1 - s) ** k / sympy.Integer(k) for k in range(1, self.order + 1)))


def _bernoulli(log_loss: Any, xp: Any) -> Any:
    """L/(exp(L) - 1) = L s/(1 - s), 1 at L = 0 and 0 where the exponential overflows."""
    positive = xp.where(log_loss > 0, log_loss, xp.ones_like(log_loss))
    with quiet():
        found = xp.clip(positive, None, 1e4) / xp.expm1(positive)
    return xp.where(log_loss > 0, found, xp.ones_like(log_loss))


def _beyond_first(log_loss: Any, rest: Any, xp: Any) -> Any:
    """L - (1 - s); near 0 by its series L^2/2 - L^3/6 + ..., whose terms do not cancel."""
    near = xp.clip(log_loss, None, 0.5)
    total = xp.zeros_like(near)
    for k in range(16, 2, -1):  # 0.5^15/17! is far below rounding
        total = near * (1 - total) / k
    return xp.where(log_loss < 0.5, near**2 / 2 * (1 - total), log_loss - rest)


def _s() -> Any:
    from hconsist.expressions import variable

    return variable("s")


def _exact(value: float, decimal: bool) -> Any:
    import sympy

    exact = Fraction(repr(value)) if decimal else Fraction(value)
    return sympy.Rational(exact.numerator, exact.denominator)
