"""The user's own margin function: from text, a SymPy expression or a callable to Phi, its slope and its curvature."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from hconsist.domains import InputError, UnsupportedError
from hconsist.losses.arrays import quiet
from hconsist.losses.phi import Phi
from hconsist.losses.roots import decreasing_roots

__all__ = ["UserPhi"]

_STEPS = np.concatenate([np.geomspace(1e-3, 1e3, 400), [1e4, 1e6, 1e9, 1e12, 1e20, 1e50, 1e100]])
_GRID = np.concatenate([-_STEPS[::-1], [0.0], _STEPS])
"""Margins at which Phi is tried; crowding towards 0."""
_CORE = 30.0
"""Phi must be a finite number at margins up to here, but may overflow to the left."""
_EVEN = np.linspace(-20, 20, 1601)
"""Where differences show how a callable bends."""
_WIDTH, _GROWTH = 1e-3, 8.0
"""Brackets of a link reach so far from its guess, relative to 1 + |u|, or by further steps that grow by this factor."""
_SHORT = 1e-7
"""A Newton step in u shorter than this, relative to 1 + |u|, is the last one."""
_LOG_ODDS = np.concatenate([[0.0], np.geomspace(1e-3, 700, 200)])


class UserPhi(Phi):
    """A nonincreasing Phi on the real line with its derivative where one is known.

    Where floating point can no longer evaluate the formula, a convex Phi goes on as its tangent to the left and as a
    constant to the right.  Convexity and monotony of a formula are read off balls of its derivatives at the margins of
    a grid, those of a callable off differences: evidence, not proof.

    Raises
    ------
    InputError
        for text outside the whitelist, more than one symbol, values that are not finite, or a Phi that increases.
    """

    def __init__(self, phi: Any, derivative: Any = None):
        self._symbolic: Any = None if callable(phi) and not _is_sympy(phi) else _as_expression(phi)
        self.text = getattr(phi, "__name__", "phi") if self._symbolic is None else str(self._symbolic)
        self._callable, self._derivative = phi, derivative
        self.differentiable = self._symbolic is not None or derivative is not None
        self._low, self._high = self._range()
        self.convex = self._balls() if self._symbolic is not None else self._differences()
        far, near = (float(self._raw(0, np.asarray(x))) for x in (self._low, self._low / 10))
        self.bounded = bool(abs(far - near) <= 1e-9 * (1 + abs(far)))
        far, near = (float(self._raw(0, np.asarray(x))) for x in (self._high, self._high / 10))
        self.far = min(-self._low, self._high)
        self.limit = far if abs(far - near) <= 1e-6 * (1 + abs(far)) else -np.inf

    @property
    def parameters(self) -> dict[str, Any]:
        """The text."""
        return {"phi": self.text}

    def __call__(self, u: Any, xp: Any) -> Any:
        """Phi(u), in double precision inside."""
        value, wide, inside = self._inside(0, u, xp)
        if self.convex and self.differentiable:
            with quiet():
                tangent = float(self._raw(1, np.asarray(self._low))) * (wide - inside)
            value = xp.where(wide < self._low, value + tangent, value)
        return xp.asarray(value, dtype=u.dtype)

    def slope(self, u: Any, xp: Any) -> Any:
        """Phi'(u); UnsupportedError for a callable without a derivative."""
        self._need_derivative()
        return xp.asarray(self._inside(1, u, xp)[0], dtype=u.dtype)

    def curvature(self, u: Any, xp: Any) -> Any:
        """Phi''(u), for a callable from differences of its derivative; 0 beyond the range and where it overflows."""
        self._need_derivative()
        value, wide, inside = self._inside(2, u, xp)
        known = (wide == inside) & xp.isfinite(value)
        return xp.asarray(xp.where(known, value, xp.zeros_like(wide)), dtype=u.dtype)

    def least(self, a: Any, b: Any, xp: Any) -> Any:
        """a Phi(u) + b Phi(-u) at the numeric link; the limit (a + b) Phi(infinity) where a or b is 0."""
        first, second = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
        u = self._root(first, second, self.guess(first, second))
        with quiet():
            found = first * self(u, np) + second * self(-u, np)
        found = np.where((first > 0) & (second > 0), found, (first + second) * self.limit)
        return xp.asarray(found, dtype=a.dtype)

    def link(self, a: Any, b: Any, xp: Any) -> Any:
        """The numeric root of a Phi'(u) = b Phi'(-u)."""
        first, second = np.broadcast_arrays(np.asarray(a, dtype=float), np.asarray(b, dtype=float))
        return xp.asarray(self._root(first, second, self.guess(first, second)), dtype=a.dtype)

    def guess(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The link from a table in log(a/b)."""
        with quiet():
            log_odds = np.nan_to_num(np.log(a) - np.log(b))
        return np.sign(log_odds) * np.interp(np.abs(log_odds), _LOG_ODDS, self._links)

    def check_minimum(self) -> None:
        """Convex, bounded below, with a derivative."""
        if not (self.convex and self.differentiable and np.isfinite(self.limit)):
            raise UnsupportedError("phi", "convex and bounded below, with a derivative, for its entropy", self.text)

    def centred(self) -> UserPhi | None:
        """Less a rational constant in the formula that exceeds ten times what Phi falls from -1 to 1; else None."""
        import sympy

        if self._symbolic is None:
            return None
        constant, rest = sympy.expand_mul(self._symbolic, deep=False).as_coeff_Add()
        fall = float(self._raw(0, np.asarray(-1.0)) - self._raw(0, np.asarray(1.0)))
        return UserPhi(rest) if abs(constant) > 10 * fall and rest.free_symbols else None

    def expression(self, *, decimal: bool = False) -> Any:
        """Phi(u) in SymPy, exact as given; UnsupportedError for a callable."""
        if self._symbolic is None:
            raise UnsupportedError("phi", "text or a SymPy expression for a symbolic definition", self.text)
        return self._symbolic

    @cached_property
    def _programs(self) -> tuple[Any, Any, Any]:
        """Phi and its first two derivatives."""
        from hconsist.definitions import compile_expression

        (u,) = self._symbolic.free_symbols
        slope = self._symbolic.diff(u)
        try:
            phi, slope, curvature = (compile_expression(e, (u,)) for e in (self._symbolic, slope, slope.diff(u)))
        except InputError as error:
            raise InputError("phi", error.domain, error.value) from None
        return phi, slope, curvature

    @cached_property
    def _links(self) -> np.ndarray:
        return self._root(np.ones_like(_LOG_ODDS), np.exp(-_LOG_ODDS), np.zeros_like(_LOG_ODDS))

    def _raw(self, order: int, u: Any, xp: Any = np) -> Any:
        """Phi or a derivative as the formula gives it, NaN and infinities included."""
        with quiet():
            if self._symbolic is not None:
                found = self._programs[order].array(xp, u)
                return xp.full_like(u, found) if isinstance(found, (int, float)) else found
            if order == 0:
                return xp.asarray(self._callable(u))
            if order == 1:
                return xp.asarray(self._derivative(u))
            width = 1e-5 * (1 + xp.abs(u))
            return (xp.asarray(self._derivative(u + width)) - xp.asarray(self._derivative(u - width))) / (2 * width)

    def _inside(self, order: int, u: Any, xp: Any) -> tuple[Any, Any, Any]:
        """The value at the nearest margin of the range; the margins in double precision; the nearest ones."""
        wide = xp.asarray(u, dtype=xp.float64)
        inside = xp.clip(wide, self._low, self._high)
        return self._raw(order, inside, xp), wide, inside

    def _need_derivative(self) -> None:
        if not self.differentiable:
            raise UnsupportedError("phi", "given with derivative=... (or as text or SymPy) for gradients", self.text)

    def _range(self) -> tuple[float, float]:
        """The margins of the grid around 0 between which Phi and its slope are finite numbers."""
        if self._symbolic is not None and not self._symbolic.free_symbols:
            raise InputError("phi", "a function of u", self.text)
        values = np.asarray(self._raw(0, _GRID), dtype=float)
        if values.shape != _GRID.shape:
            raise InputError("phi", "a function that keeps the shape of its array", self.text)
        wrong = np.isnan(values) | (values == -np.inf) | ((values == np.inf) & (_GRID >= -1))
        wrong &= np.abs(_GRID) <= _CORE
        if np.any(wrong):
            place = _GRID[wrong][np.argmin(np.abs(_GRID[wrong]))]
            raise InputError("phi", f"finite on the real line (it is not at u = {place:.6g})", self.text)
        orders = (0, 1) if self.differentiable else (0,)
        with quiet():
            finite = np.all([np.isfinite(np.asarray(self._raw(k, _GRID), dtype=float)) for k in orders], axis=0)
        broken, middle = np.flatnonzero(~finite), _STEPS.size
        first = np.max(broken[broken <= middle], initial=-1) + 1
        last = np.min(broken[broken > middle], initial=_GRID.size) - 1
        return float(_GRID[first]), float(_GRID[last])

    def _tried(self, grid: np.ndarray) -> np.ndarray:
        return grid[(grid >= self._low) & (grid <= self._high)]

    def _balls(self) -> bool:
        """Whether no ball of 128 bits shows a negative curvature; InputError where one shows a positive slope."""
        from flint import arb

        from hconsist.definitions import precision

        convex = True
        with precision(128):
            for u in self._tried(_GRID[np.abs(_GRID) <= 1e3]):
                if self._programs[1].arb(arb(u)) > 0:
                    self._rises(u)
                convex &= not self._programs[2].arb(arb(u)) < 0
        return convex

    def _differences(self) -> bool:
        """The same from differences of values that carry a few rounding errors."""
        grid = self._tried(_EVEN)
        values = np.asarray(self._raw(0, grid), dtype=float)
        noise = 32 * np.finfo(float).eps * (np.abs(values) + np.median(np.abs(values)))
        rises = np.flatnonzero(np.diff(values) > noise[1:] + noise[:-1])
        if rises.size:
            self._rises(grid[rises[0]])
        return bool(np.all(np.diff(values, 2) >= -4 * noise[1:-1]))

    def _rises(self, u: float) -> None:
        raise InputError("phi", f"nonincreasing on the real line (it rises at u = {u:.6g})", self.text)

    def _root(self, a: np.ndarray, b: np.ndarray, near: np.ndarray) -> np.ndarray:
        """u with a Phi'(u) = b Phi'(-u); a monotone equation, bracketed around ``near``; ``far`` for a weight 0."""
        self.check_minimum()
        shape, end = a.shape, self.far
        a, b, near = (x.ravel() for x in (a, b, near))
        found = np.sign(a - b) * end
        proper = np.flatnonzero((a > 0) & (b > 0))
        if not proper.size:
            return found.reshape(shape)
        a, b, near = a[proper], b[proper], near[proper]

        def balance(chosen: np.ndarray, u: np.ndarray) -> np.ndarray:
            with quiet():
                return b[chosen] * self.slope(-u, np) - a[chosen] * self.slope(u, np)

        def evaluate(chosen: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            fall = b[chosen] * self.curvature(-u, np) + a[chosen] * self.curvature(u, np)
            return balance(chosen, u), -fall, _SHORT * (1 + np.abs(u))

        width = _WIDTH * (1 + np.abs(near))
        low, high = (self._beyond(balance, near, side * width, end) for side in (-1.0, 1.0))
        inside = np.isfinite(low) & np.isfinite(high)
        proper, a, b, low, high = proper[inside], a[inside], b[inside], low[inside], high[inside]
        found[proper] = decreasing_roots(evaluate, low, high)[0]
        return found.reshape(shape)

    @staticmethod
    def _beyond(balance: Any, start: np.ndarray, step: np.ndarray, end: float) -> np.ndarray:
        """Places on one side of the roots of decreasing functions, from steps that grow; infinite where there is none.

        A function that is 0 at the end, by underflow, is one whose root lies beyond.
        """
        place, side, left = start.copy(), np.sign(step[0]), np.arange(start.size)
        while left.size:
            last = np.abs(place[left]) >= end
            place[left] = np.clip(place[left] + step[left], -end, end)
            value = side * balance(left, place[left])
            place[left[last]] = np.inf
            step[left] *= _GROWTH
            left = left[~last & ((value > 0) | np.isnan(value))]
        return place


def _is_sympy(value: Any) -> bool:
    return type(value).__module__.startswith("sympy.")


def _as_expression(phi: Any) -> Any:
    from hconsist.expressions import parse, variable

    if isinstance(phi, str):
        try:
            return parse(phi, ("u",), positive=False)
        except InputError as error:
            raise InputError("phi", error.domain, error.value) from None
    if not _is_sympy(phi) or not hasattr(phi, "free_symbols"):
        raise InputError("phi", "a name, text, a SymPy expression or a callable", phi)
    if len(phi.free_symbols) != 1:
        raise InputError("phi", "an expression in exactly one symbol", phi)
    return phi.subs(dict.fromkeys(phi.free_symbols, variable("u", positive=False)))
