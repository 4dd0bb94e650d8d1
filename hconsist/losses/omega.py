"""Separable convex regularisers Omega(p) = sum_i omega(p_i) on the simplex: what Fenchel-Young losses are made of.

The prediction of a score vector h maximises <p, h> - Omega(p); there omega'(p_k) = h_k - mu where p_k > 0, and
omega'(0) >= h_k - mu elsewhere, with one number mu.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from fractions import Fraction
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.losses.arrays import counted, quiet
from hconsist.losses.shares import Shares, logits_to_losses

__all__ = ["HalfSquare", "Omega", "Tsallis", "UserOmega"]

ALPHA = Domain(1, lower_open=True)
_GAUSS = tuple(((1 + x) / 2, w / 2) for x, w in zip(*(a.tolist() for a in np.polynomial.legendre.leggauss(12))))
"""Nodes and weights on [0, 1]."""
_LEAST = 1e-280
"""A share below this has been held at the end of the table."""


class Omega(ABC):
    """A strictly convex omega on [0, 1], finite at the ends; arrays are of any namespace ``xp``.

    ``p`` comes with ``rest`` = 1 - p, which keeps the digits that p has lost next to 1.
    """

    numeric: ClassVar[bool] = True
    """Whether predictions are found numerically, on numpy arrays only."""
    text: str

    @abstractmethod
    def chord(self, p: Any, rest: Any, xp: Any) -> Any:
        """(1 - p) omega(0) + p omega(1) - omega(p) >= 0: one label's part of the entropy."""

    @abstractmethod
    def level(self, p: Any, rest: Any, xp: Any) -> Any:
        """omega'(p), up to a constant."""

    @abstractmethod
    def from_zero(self, p: Any, rest: Any, xp: Any) -> Any:
        """The Bregman divergence omega(0) - omega(p) + omega'(p) p."""

    @abstractmethod
    def from_one(self, p: Any, rest: Any, xp: Any) -> Any:
        """The Bregman divergence omega(1) - omega(p) - omega'(p) (1 - p)."""

    @abstractmethod
    def expression(self, *, decimal: bool = False) -> Any:
        """omega(p) in SymPy, exact or with parameters as the decimals one reads."""

    @abstractmethod
    def _shares(self) -> Shares: ...

    def prediction(self, scores: Any, xp: Any) -> Any:
        """The maximiser of <p, h> - Omega(p), from scores less their maximum; ``(..., n)``."""
        z = self._shares()(scores, np.ones_like(scores), polish=3)
        p = np.exp(-logits_to_losses(z, np.ones_like(z))[1])
        return np.where(p < _LEAST, 0.0, p)


class Tsallis(Omega):
    """omega(p) = (p^alpha - p)/(alpha (alpha - 1)), alpha > 1; p log p in the limit alpha = 1.

    With e = alpha - 1 everything is written in (p^e - 1)/e = expm1(e log p)/e.
    """

    def __init__(self, alpha: float):
        self.alpha = float(ALPHA.check_scalar("alpha", alpha))
        self._e = self.alpha - 1
        self.text = f"(p^{self.alpha:g} - p)/{self.alpha * self._e:g}"

    def chord(self, p: Any, rest: Any, xp: Any) -> Any:
        """p (1 - p^e)/(alpha e)."""
        return -p * self.level(p, rest, xp) / self.alpha

    def level(self, p: Any, rest: Any, xp: Any) -> Any:
        """(p^e - 1)/e."""
        with quiet():
            return xp.expm1(self._e * _log(p, rest, xp)) / self._e

    def from_zero(self, p: Any, rest: Any, xp: Any) -> Any:
        """p^alpha/alpha."""
        with quiet():
            return p**self.alpha / self.alpha

    def from_one(self, p: Any, rest: Any, xp: Any) -> Any:
        """The integral of v (1 - v)^(alpha - 2) from 0 to 1 - p; by quadrature near 0, where the terms cancel."""
        level = self.level(p, rest, xp)
        far = (-level - rest * (1 + self._e * level)) / self.alpha
        near = xp.clip(rest, None, min(0.25, 8 / self.alpha))
        mean = xp.zeros_like(near)
        for t, weight in _GAUSS:
            mean = mean + weight * t * xp.exp((self.alpha - 2) * xp.log1p(-t * near))
        return xp.where(rest > near, far, near**2 * mean)

    def expression(self, *, decimal: bool = False) -> Any:
        """(p^alpha - p)/(alpha (alpha - 1)) in SymPy."""
        import sympy

        p = _p()
        alpha = sympy.Rational(repr(self.alpha)) if decimal else sympy.Rational(self.alpha)
        return (p**alpha - p) / (alpha * (alpha - 1))

    def _shares(self) -> Shares:
        return self._table

    @cached_property
    def _table(self) -> Shares:
        def slope(z: np.ndarray) -> np.ndarray:
            return np.exp(-self._e * np.logaddexp(0.0, -z) - np.logaddexp(0.0, z))  # p^e (1 - p)

        return Shares(lambda z: np.expm1(-self._e * np.logaddexp(0.0, -z)) / self._e, slope)


class HalfSquare(Tsallis):
    """omega(p) = (p^2 - p)/2, alpha = 2: the prediction is the nearest point of the simplex."""

    numeric = False

    def __init__(self) -> None:
        super().__init__(2.0)

    def from_one(self, p: Any, rest: Any, xp: Any) -> Any:
        """(1 - p)^2/2."""
        return rest**2 / 2

    def level(self, p: Any, rest: Any, xp: Any) -> Any:
        """p - 1."""
        return -rest

    def prediction(self, scores: Any, xp: Any) -> Any:
        """max(h - mu, 0): of the sorted scores the first k are kept for the last k with 1 + k h_(k) > h_(1)+...+h_(k).

        Held, Wolfe and Crowder 1974; Martins and Astudillo 2016 (recalled).
        """
        ranked = xp.sort(scores, axis=-1, descending=True)
        total = xp.cumulative_sum(ranked, axis=-1)
        count = counted(scores.shape[-1], scores, xp, scores.dtype) + 1
        with quiet():
            kept = 1 + count * ranked > total
            number = xp.sum(xp.astype(kept, scores.dtype), axis=-1, keepdims=True)
            last = count == number
            mu = (xp.sum(xp.where(last, total, xp.zeros_like(total)), axis=-1, keepdims=True) - 1) / number
            return xp.clip(scores - mu, 0.0, 1.0)


class UserOmega(Omega):
    """The user's own omega on [0, 1]: text in the variable p, or a SymPy expression in one symbol.

    Strict convexity is read off balls of the second derivative at points of a grid: evidence, not proof.  Losses are
    exact to about 1e-16 of the size of omega.

    Raises
    ------
    InputError
        for text outside the whitelist, an omega that is not finite on [0, 1], or one that is not strictly convex.
    """

    def __init__(self, omega: Any):
        self._symbolic = _as_expression(omega)
        self.text = str(self._symbolic)
        (p,) = self._symbolic.free_symbols
        self._check(p)

    def chord(self, p: Any, rest: Any, xp: Any) -> Any:
        """From values."""
        zero, one = self._ends
        return xp.clip(rest * zero + p * one - self._evaluate(0, p), 0.0, None)

    def level(self, p: Any, rest: Any, xp: Any) -> Any:
        """omega'(p); where it is infinite, at 0 or 1, that of the next share of the table."""
        with quiet():
            return np.clip(self._evaluate(1, np.maximum(p, _LEAST)), self._table.least, self._table.most)

    def from_zero(self, p: Any, rest: Any, xp: Any) -> Any:
        """From values."""
        found = self._ends[0] - self._evaluate(0, p) + self.level(p, rest, xp) * p
        return np.where(p > 0, np.maximum(found, 0.0), 0.0)

    def from_one(self, p: Any, rest: Any, xp: Any) -> Any:
        """From values."""
        found = self._ends[1] - self._evaluate(0, p) - self.level(p, rest, xp) * rest
        return np.where(rest > 0, np.maximum(found, 0.0), 0.0)

    def expression(self, *, decimal: bool = False) -> Any:
        """omega(p), exact as given."""
        return self._symbolic

    def _shares(self) -> Shares:
        return self._table

    @cached_property
    def _table(self) -> Shares:
        def U(z: np.ndarray) -> np.ndarray:
            return self._evaluate(1, np.exp(-np.logaddexp(0.0, -z)))

        def slope(z: np.ndarray) -> np.ndarray:
            p = np.exp(-np.logaddexp(0.0, -z))
            return self._evaluate(2, p) * p * np.exp(-np.logaddexp(0.0, z))

        return Shares(U, slope)

    @cached_property
    def _programs(self) -> tuple[Any, Any, Any]:
        """omega and its first two derivatives."""
        from hconsist.definitions import compile_expression

        (p,) = self._symbolic.free_symbols
        slope = self._symbolic.diff(p)
        try:
            unit = {p: (Fraction(0), Fraction(1))}
            expressions = (self._symbolic, slope, slope.diff(p))
            omega, slope, bend = (compile_expression(e, (p,), unit) for e in expressions)
        except InputError as error:
            raise InputError("omega", error.domain, error.value) from None
        return omega, slope, bend

    def _evaluate(self, order: int, p: np.ndarray) -> np.ndarray:
        with quiet():
            found = self._programs[order].array(np, p)
        return np.full_like(p, found) if isinstance(found, (int, float)) else found

    def _check(self, p: Any) -> None:
        from flint import arb

        from hconsist.definitions import precision

        with precision(256):
            ends = [self._programs[0].arb(arb(end)) for end in (0, 1)]
            if not all(end.is_finite() for end in ends):
                raise InputError("omega", "finite on [0, 1]", self.text)
            self._ends = tuple(float(end) for end in ends)
            small = [arb(2) ** -k for k in range(1, 52)]
            for point in (*small, *(1 - x for x in small), *(arb(k) / 100 for k in range(1, 100))):
                if not self._programs[2].arb(point) > 0:
                    where = f"not seen to be at p = {float(point):.6g}"
                    raise InputError("omega", f"strictly convex on [0, 1] ({where})", self.text)


def _log(p: Any, rest: Any, xp: Any) -> Any:
    """log p, through log1p near 1."""
    with quiet():
        return xp.where(p > 0.5, xp.log1p(-rest), xp.log(p))


def _p() -> Any:
    from hconsist.expressions import variable

    return variable("p")


def _as_expression(omega: Any) -> Any:
    from hconsist.expressions import parse

    if isinstance(omega, str):
        try:
            found = parse(omega, ("p",))
        except InputError as error:
            raise InputError("omega", error.domain, error.value) from None
    elif type(omega).__module__.startswith("sympy.") and hasattr(omega, "free_symbols"):
        found = omega
    else:
        raise InputError("omega", "text in p or a SymPy expression", omega)
    if len(found.free_symbols) != 1:
        raise InputError("omega", "an expression in exactly one symbol", str(found))
    return found.subs(dict.fromkeys(found.free_symbols, _p()))
