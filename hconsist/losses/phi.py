"""Margin functions Phi(u), nonincreasing on the real line: the building stones of the sum, max, constrained and
one-versus-all losses.

With a Phi come its two-label quantities: least(a, b) = inf over u of a Phi(u) + b Phi(-u), which is a + b times the
entropy of the law (a, b)/(a + b), and link(a, b), the margin u that attains it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import Any, ClassVar

import numpy as np

from hconsist.domains import NONNEGATIVE, REAL, Domain, InputError, UnsupportedError
from hconsist.losses.arrays import quiet

__all__ = [
    "FAR",
    "MARGIN_FUNCTIONS",
    "ExponentialPhi",
    "HingePhi",
    "LogisticPhi",
    "Phi",
    "RhoMarginPhi",
    "SquaredHingePhi",
    "margin_function",
]

FAR = 800.0
"""Stands for an infinite margin of the exponential and the logistic function: exp(-800) is 0 in floating point."""

RHO = Domain(Fraction(1, 10**9), 10**9)
"""Margins, in the units of the scores; the ramp of margin rho is that of margin 1 at scores divided by rho."""


class Phi(ABC):
    """A nonincreasing margin function; arrays are of any namespace ``xp``, one margin u per entry."""

    name: ClassVar[str | None] = None
    """On the command line; None for the user's own."""
    text: str
    """Phi(u) in one line."""
    convex = True
    differentiable = True
    piecewise_linear = False
    bounded = False
    """Whether Phi(-infinity) is finite."""
    limit = 0.0
    """Phi(+infinity), the infimum."""
    far = FAR
    """A finite margin at which Phi is its limit, as near as floating point comes."""
    one_for_all = False
    """Whether one score vector attains link(p_i, p_k) at h_i - h_k for all pairs of labels of a law at once."""
    branch: Domain = REAL
    """Where Phi is :meth:`expression`; beyond, it is constant."""

    def centred(self) -> Phi | None:
        """The same function less a constant, where one would cost the entropies digits."""
        return None

    @property
    def parameters(self) -> dict[str, Any]:
        """Name -> value."""
        return {}

    @abstractmethod
    def __call__(self, u: Any, xp: Any) -> Any:
        """Phi(u); ``+inf`` where it overflows."""

    @abstractmethod
    def slope(self, u: Any, xp: Any) -> Any:
        """Phi'(u) <= 0; the derivative from the right at a kink."""

    @abstractmethod
    def curvature(self, u: Any, xp: Any) -> Any:
        """Phi''(u), where it exists."""

    @abstractmethod
    def least(self, a: Any, b: Any, xp: Any) -> Any:
        """inf over u of a Phi(u) + b Phi(-u), for weights a, b >= 0 of one shape."""

    @abstractmethod
    def link(self, a: Any, b: Any, xp: Any) -> Any:
        """A u that attains :meth:`least`, or stands for the infinite one that does; a and b are not both 0."""

    @abstractmethod
    def expression(self, *, decimal: bool = False) -> Any:
        """Phi(u) on its branch in SymPy, parameters as the exact value of their doubles or as decimals one reads."""

    def least_ahead(self, a: Any, b: Any, xp: Any) -> Any:
        """inf over u >= 0 of a Phi(u) + b Phi(-u): where a < b and Phi is convex, u = 0 is best."""
        mean = (a + b) / 2
        return self.least(xp.maximum(a, mean), xp.minimum(b, mean), xp)

    def link_ahead(self, a: Any, b: Any, xp: Any) -> Any:
        """A u >= 0 that attains :meth:`least_ahead`, or stands for the infinite one that does."""
        mean = (a + b) / 2
        return xp.where(a >= b, self.link(xp.maximum(a, mean), xp.minimum(b, mean), xp), xp.zeros_like(a))

    def check_minimum(self) -> None:
        """UnsupportedError where the least value of a sum of this Phi is out of reach."""
        if not self.convex:
            raise UnsupportedError("phi", "convex for the numeric entropy", self.text)

    def guess(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """About :meth:`link`, at once: where an iteration starts."""
        return np.asarray(self.link(a, b, np))

    @property
    def latex(self) -> str:
        """Phi(u) as LaTeX."""
        import sympy

        return sympy.latex(self.expression(decimal=True))


def _u() -> Any:
    from hconsist.expressions import variable

    return variable("u", positive=False)


class ExponentialPhi(Phi):
    """exp(-u)."""

    name = "exponential"
    text = "exp(-u)"
    one_for_all = True

    def __call__(self, u: Any, xp: Any) -> Any:
        """exp(-u)."""
        with quiet():
            return xp.exp(-u)

    def slope(self, u: Any, xp: Any) -> Any:
        """-exp(-u)."""
        return -self(u, xp)

    def curvature(self, u: Any, xp: Any) -> Any:
        """exp(-u)."""
        return self(u, xp)

    def least(self, a: Any, b: Any, xp: Any) -> Any:
        """2 sqrt(a b)."""
        return 2 * xp.sqrt(a) * xp.sqrt(b)

    def link(self, a: Any, b: Any, xp: Any) -> Any:
        """log(a/b)/2."""
        return _log_ratio(a, b, xp) / 2

    def expression(self, *, decimal: bool = False) -> Any:
        """exp(-u) in SymPy."""
        import sympy

        return sympy.exp(-_u())


class LogisticPhi(Phi):
    """log(1 + exp(-u))."""

    name = "logistic"
    text = "log(1 + exp(-u))"
    one_for_all = True

    def __call__(self, u: Any, xp: Any) -> Any:
        """From exp(-|u|), which neither overflows nor loses the small values at large u."""
        with quiet():
            return xp.log1p(xp.exp(-xp.abs(u))) + xp.clip(-u, 0.0, None)

    def slope(self, u: Any, xp: Any) -> Any:
        """-1/(1 + exp(u))."""
        with quiet():
            small = xp.exp(-xp.abs(u))
            return -xp.where(u >= 0, small, xp.ones_like(small)) / (1 + small)

    def curvature(self, u: Any, xp: Any) -> Any:
        """exp(u)/(1 + exp(u))^2, even in u."""
        with quiet():
            small = xp.exp(-xp.abs(u))
            return small / (1 + small) ** 2

    def least(self, a: Any, b: Any, xp: Any) -> Any:
        """a log(1 + b/a) + b log(1 + a/b)."""
        return _log_share(a, b, xp) + _log_share(b, a, xp)

    def link(self, a: Any, b: Any, xp: Any) -> Any:
        """log(a/b)."""
        return _log_ratio(a, b, xp)

    def expression(self, *, decimal: bool = False) -> Any:
        """log(1 + exp(-u)) in SymPy."""
        import sympy

        return sympy.log(1 + sympy.exp(-_u()))


class HingePhi(Phi):
    """max(0, 1 - u)."""

    name = "hinge"
    text = "max(0, 1 - u)"
    latex = r"\max(0, 1 - u)"
    differentiable = False
    piecewise_linear = True
    branch = Domain(upper=1)

    def __call__(self, u: Any, xp: Any) -> Any:
        """max(0, 1 - u)."""
        return xp.clip(1 - u, 0.0, None)

    def slope(self, u: Any, xp: Any) -> Any:
        """-1 below 1, 0 from 1 on."""
        return xp.where(u < 1, -xp.ones_like(u), xp.zeros_like(u))

    def curvature(self, u: Any, xp: Any) -> Any:
        """0."""
        return xp.zeros_like(u)

    def least(self, a: Any, b: Any, xp: Any) -> Any:
        """2 min(a, b)."""
        return 2 * xp.minimum(a, b)

    def link(self, a: Any, b: Any, xp: Any) -> Any:
        """1 or -1; at a = b, where all of [-1, 1] would do, 1."""
        return xp.where(a >= b, xp.ones_like(a), -xp.ones_like(a))

    def expression(self, *, decimal: bool = False) -> Any:
        """1 - u, which holds for u <= 1."""
        return 1 - _u()


class SquaredHingePhi(Phi):
    """max(0, 1 - u)^2; its second derivative jumps at 1."""

    name = "squared-hinge"
    text = "max(0, 1 - u)^2"
    latex = r"\max(0, 1 - u)^2"
    branch = Domain(upper=1)

    def __call__(self, u: Any, xp: Any) -> Any:
        """max(0, 1 - u)^2."""
        with quiet():
            return xp.clip(1 - u, 0.0, None) ** 2

    def slope(self, u: Any, xp: Any) -> Any:
        """-2 max(0, 1 - u)."""
        return -2 * xp.clip(1 - u, 0.0, None)

    def curvature(self, u: Any, xp: Any) -> Any:
        """2 below 1, 0 from 1 on."""
        return xp.where(u < 1, 2 * xp.ones_like(u), xp.zeros_like(u))

    def least(self, a: Any, b: Any, xp: Any) -> Any:
        """4 a b/(a + b)."""
        low, high = xp.minimum(a, b), xp.maximum(a, b)
        return 4 * low / (1 + low / xp.where(high > 0, high, xp.ones_like(high)))

    def link(self, a: Any, b: Any, xp: Any) -> Any:
        """(a - b)/(a + b)."""
        return (a - b) / (a + b)

    def expression(self, *, decimal: bool = False) -> Any:
        """(1 - u)^2, which holds for u <= 1."""
        return (1 - _u()) ** 2


class RhoMarginPhi(Phi):
    """min(1, max(0, 1 - u/rho)): bounded and not convex.

    Parameters
    ----------
    rho : the margin, a number in [1e-9, 1e9].
    """

    name = "rho-margin"
    convex = False
    differentiable = False
    piecewise_linear = True
    bounded = True
    one_for_all = True

    def __init__(self, rho: float):
        self.rho = float(RHO.check_scalar("rho", rho))
        over = "" if self.rho == 1 else f"/{self.rho:g}"
        self.text = f"min(1, max(0, 1 - u{over}))"
        self.branch = Domain(NONNEGATIVE.lower, Fraction(self.rho))

    @property
    def parameters(self) -> dict[str, Any]:
        """rho."""
        return {"rho": self.rho}

    def __call__(self, u: Any, xp: Any) -> Any:
        """As (rho - u)/rho, which is exact next to the kink at rho."""
        with quiet():
            return xp.clip((self.rho - u) / self.rho, 0.0, 1.0)

    def slope(self, u: Any, xp: Any) -> Any:
        """-1/rho strictly between 0 and rho, elsewhere 0: flat at the kinks."""
        inside = (u > 0) & (u < self.rho)
        return xp.where(inside, -xp.ones_like(u) / self.rho, xp.zeros_like(u))

    def curvature(self, u: Any, xp: Any) -> Any:
        """0."""
        return xp.zeros_like(u)

    def least(self, a: Any, b: Any, xp: Any) -> Any:
        """min(a, b): the label of the smaller weight pays in full."""
        return xp.minimum(a, b)

    def link(self, a: Any, b: Any, xp: Any) -> Any:
        """rho or -rho."""
        return self.rho * xp.where(a >= b, xp.ones_like(a), -xp.ones_like(a))

    def least_ahead(self, a: Any, b: Any, xp: Any) -> Any:
        """b, at u = rho: Phi(-u) is 1 for all u >= 0."""
        return b

    def link_ahead(self, a: Any, b: Any, xp: Any) -> Any:
        """rho."""
        return self.rho * xp.ones_like(a)

    def expression(self, *, decimal: bool = False) -> Any:
        """1 - u/rho, which holds for 0 <= u <= rho."""
        import sympy

        rho = Fraction(repr(self.rho)) if decimal else Fraction(self.rho)
        return 1 - _u() / sympy.Rational(rho.numerator, rho.denominator)

    @property
    def latex(self) -> str:
        """Phi(u) as LaTeX."""
        return rf"\min(1, \max(0, 1 - u{'' if self.rho == 1 else f'/{self.rho:g}'}))"


MARGIN_FUNCTIONS: dict[str, type[Phi]] = {
    "exponential": ExponentialPhi,
    "logistic": LogisticPhi,
    "hinge": HingePhi,
    "squared-hinge": SquaredHingePhi,
    "rho-margin": RhoMarginPhi,
}
"""The margin functions that have a name."""


def margin_function(phi: Any, *, rho: float | None = None, derivative: Any = None) -> Phi:
    """The Phi that is meant: a :class:`Phi`, one of :data:`MARGIN_FUNCTIONS` by name, or the user's own.

    ``rho`` belongs to ``"rho-margin"``, which needs it; ``derivative`` to a callable.

    Raises
    ------
    InputError
        for parameters that do not belong to phi, and for what :class:`hconsist.losses.user_phi.UserPhi` refuses.
    """
    from hconsist.losses.user_phi import UserPhi

    name = phi.strip().replace("_", "-").lower() if isinstance(phi, str) else None
    if rho is not None and name != "rho-margin":
        raise InputError("rho", "given only with phi = 'rho-margin'", rho)
    if derivative is not None and (isinstance(phi, Phi) or not callable(phi)):
        raise InputError("derivative", "given only with a callable phi", derivative)
    if isinstance(phi, Phi):
        return phi
    if name == "rho-margin":
        return RhoMarginPhi(rho)  # type: ignore[arg-type]  # None is refused as no number
    return MARGIN_FUNCTIONS[name]() if name in MARGIN_FUNCTIONS else UserPhi(phi, derivative)


def _log_ratio(a: Any, b: Any, xp: Any) -> Any:
    """log(a/b) in [-FAR, FAR]."""
    with quiet():
        return xp.clip(xp.log(a) - xp.log(b), -FAR, FAR)


def _log_share(a: Any, b: Any, xp: Any) -> Any:
    """a log(1 + b/a), 0 at a = 0; by the logarithms where b/a might overflow."""
    ones = xp.ones_like(a)
    safe = xp.where(a > 0, a, ones)
    low, high = xp.minimum(safe, b), xp.maximum(safe, b)
    small = xp.log1p(low / high)
    return xp.where(a > 0, a * xp.where(b > safe, xp.log(high) - xp.log(safe) + small, small), xp.zeros_like(a))
