"""The user's own psi: from text, a SymPy expression or a callable to array evaluation, slope and shape."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from hconsist.domains import InputError, UnsupportedError
from hconsist.losses.arrays import quiet
from hconsist.losses.convex_psi import NumericPsi
from hconsist.losses.convexity import Decision, formula_convexity

__all__ = ["UserPsi"]

_GRID = np.concatenate([np.geomspace(1e-12, 0.5, 2000), 1 - np.geomspace(0.5, 1e-12, 2000)[1:], [1.0]])
"""Softmax values at which psi is tried; crowding towards 0 and 1."""
_LOGITS = np.linspace(-30, 30, 2401)
"""Where differences show how the loss of a callable psi bends in the scores."""


class UserPsi(NumericPsi):
    """A nonincreasing psi on (0, 1] with its derivative where one is known.

    Its shape (nonincreasing, convex, bounded) is read off values on a grid: evidence, not proof; a formula is also
    tried in balls, where a dent between the points of the grid shows (:meth:`convexity`).  Near a deterministic
    law the error of its entropy is absolute, about 1e-16 psi(1/2), since the formula is evaluated at s rounded.

    Raises
    ------
    InputError
        for text outside the whitelist, more than one symbol, values that are not finite, or a psi that increases.
    """

    top = 36.0  # beyond, s rounds to 1

    def __init__(self, psi: Any, derivative: Any = None):
        self._symbolic: Any = None if callable(psi) and not _is_sympy(psi) else _as_expression(psi)
        self.text = getattr(psi, "__name__", "psi") if self._symbolic is None else str(self._symbolic)
        self._callable, self._derivative = psi, derivative
        self.differentiable = self._symbolic is not None or derivative is not None
        self._check()

    def __call__(self, log_loss: Any, xp: Any) -> Any:
        """psi(exp(-L)), on any array namespace; ``+inf`` where it overflows."""
        with quiet():
            if self._symbolic is None:
                return xp.asarray(self._callable(xp.exp(-_capped(log_loss, xp, 0.97))))
            found = _filled(self._programs[0].array(xp, _capped(log_loss, xp)), log_loss, xp)
            return xp.where(xp.isinf(log_loss) & (found > 1e30), xp.full_like(found, xp.inf), found)

    def expression(self, *, decimal: bool = False) -> Any:
        """psi(s) in SymPy, exact as given; UnsupportedError for a callable."""
        if self._symbolic is None:
            raise UnsupportedError("psi", "text or a SymPy expression for a symbolic definition", self.text)
        return self._symbolic

    def centred(self) -> Any:
        """The formula less psi(1) where that is a rational number other than 0, else None."""
        import sympy

        if self._symbolic is None:
            return None
        end = self._symbolic.subs(dict.fromkeys(self._symbolic.free_symbols, sympy.S.One))
        if not end.is_Rational or end == 0:
            return None
        # a factor of the whole sum is multiplied out: it may hide the constant
        return sympy.expand_mul(self._symbolic, deep=False) - end

    def slope(self, log_loss: Any, xp: Any) -> Any:
        """d psi(exp(-L)) / dL = -s psi'(s) >= 0, the factor between this loss's gradient and that of the logistic."""
        if not self.differentiable:
            raise UnsupportedError("psi", "given with derivative=... (or as text or SymPy) for gradients", self.text)
        with quiet():
            if self._symbolic is None:
                s = xp.exp(-_capped(log_loss, xp, 0.97))
                return -s * xp.asarray(self._derivative(s))
            return _filled(self._programs[1].array(xp, _capped(log_loss, xp)), log_loss, xp)

    def bend(self, log_loss: np.ndarray) -> np.ndarray | None:
        """d log slope / dL from the second derivative; None for a callable."""
        if self._symbolic is None:
            return None
        with quiet():
            second = _filled(self._programs[2].array(np, _capped(log_loss, np)), log_loss, np)
            return second / self.slope(log_loss, np)

    @cached_property
    def _programs(self) -> tuple[Any, Any, Any]:
        """psi and its first two derivatives as programs in L, where log(exp(-L)) is -L: tiny s costs nothing."""
        import sympy

        from hconsist.definitions import compile_expression

        log_loss = sympy.Symbol("L", positive=True)
        psi = self._symbolic.subs(dict.fromkeys(self._symbolic.free_symbols, sympy.exp(-log_loss)))
        slope = psi.diff(log_loss)
        psi, slope, second = (compile_expression(e, (log_loss,)) for e in (psi, slope, slope.diff(log_loss)))
        return psi, slope, second

    def _check(self) -> None:
        values = np.asarray(self(-np.log(_GRID), np), dtype=float)
        if values.shape != _GRID.shape or not np.all(np.isfinite(values)):
            raise InputError("psi", "finite on (0, 1]", self.text)
        if values[0] == values[-1] == np.min(values):
            raise InputError("psi", "not constant on (0, 1]", self.text)
        noise = _noise(values)
        rises = np.append(np.diff(values) > noise[1:] + noise[:-1], False)
        if self._symbolic is None:
            bends, score_bends = self._differences(values)
        else:
            bends, score_bends, rising = self._derivatives()
            rises |= rising
        if np.any(rises):
            place = f"{_GRID[np.argmax(rises)]:.6g}"
            raise InputError("psi", f"nonincreasing on (0, 1] (it rises at s = {place})", self.text)
        self.convex, self.convex_in_scores = bool(np.all(bends >= 0)), bool(np.all(score_bends >= 0))
        if not self.convex:
            inner = _GRID if bends.size == _GRID.size else _GRID[1:-1]
            self.concave_at = float(inner[np.argmin(bends >= 0)])
        elif self.convexity is not None and self.convexity[0] is False:
            self.convex, self.concave_at = False, self.convexity[1]
            self.convex_in_scores &= self._score_bend(self.concave_at) >= 0
        far, near = (680.0, 340.0) if self._symbolic is None else (1e200, 1e100)  # a callable sees s, which underflows
        end, middle, start = (float(x) for x in self(np.array([far, near, 0.0]), np))
        self.bounded = math.isfinite(end) and end - middle <= 0.2 * (middle - start)

    @cached_property
    def convexity(self) -> Decision | None:
        """Whether psi is convex, as decided in balls; None where there is no formula."""
        return None if self._symbolic is None else formula_convexity(self._symbolic)

    def _score_bend(self, s: float) -> float:
        """(1 - s) psi_LL + s psi_L at one s, in floating point."""
        log_loss = np.asarray([-math.log(s)])
        slope, second = (float(_filled(p.array(np, log_loss), log_loss, np)[0]) for p in self._programs[1:])
        return (1 - s) * second + s * slope

    def _differences(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How a callable bends in s and in the scores: differences of its values, with their noise added."""
        gaps, noise = np.diff(_GRID), _noise(values)
        bends = np.diff(np.diff(values) / gaps) + 2 * noise[1:-1] * (1 / gaps[1:] + 1 / gaps[:-1])
        along = np.asarray(self(np.logaddexp(0.0, -_LOGITS), np), dtype=float)
        return bends, np.diff(along, 2) + 4 * _noise(along)[1:-1]

    def _derivatives(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """How a formula bends, from its derivatives in L = -log s: s^2 psi'' = psi_LL + psi_L; and where it rises.

        Differences could not see the sign of a small curvature.
        """
        slope, second = (self._on_grid(program) for program in self._programs[1:])
        scale = 64 * np.finfo(float).eps
        with quiet():  # infinite at s = 1: NaN does not pass as convex
            bends = second + slope + scale * (np.abs(second) + np.abs(slope))
            score_bends = (1 - _GRID) * second + _GRID * slope + scale * ((1 - _GRID) * np.abs(second) + _GRID * slope)
        return bends, score_bends, slope < -scale * np.median(np.abs(slope))

    def _on_grid(self, program: Any) -> np.ndarray:
        log_loss = np.abs(np.log(_GRID))  # not -0 at s = 1
        with quiet():
            return _filled(program.array(np, log_loss), log_loss, np)


def _noise(values: np.ndarray) -> np.ndarray:
    """Rounding errors of values, as a callable may round them."""
    return 32 * np.finfo(float).eps * (np.abs(values) + np.median(np.abs(values)))


def _capped(log_loss: Any, xp: Any, share: float | None = None) -> Any:
    """L kept where 0 x infinity cannot arise: finite, or with ``share`` where exp(-L) is still a normal number.

    A callable psi thus sees softmax values of at least about 1e-298 (1e-36 in float32).
    """
    limits = xp.finfo(log_loss.dtype)
    top = float(limits.max) / 4 if share is None else -share * math.log(float(limits.smallest_normal))
    return xp.where(log_loss < top, log_loss, xp.full_like(log_loss, top))


def _filled(found: Any, log_loss: Any, xp: Any) -> Any:
    """The program's value as an array: one without L (the slope of -log s is 1) returns a bare number."""
    return xp.full_like(log_loss, found) if isinstance(found, (int, float)) else found


def _is_sympy(value: Any) -> bool:
    return type(value).__module__.startswith("sympy.")


def _as_expression(psi: Any) -> Any:
    from hconsist.expressions import parse, variable

    if isinstance(psi, str):
        try:
            return parse(psi)
        except InputError as error:
            raise InputError("psi", error.domain, error.value) from None
    if not _is_sympy(psi) or not hasattr(psi, "free_symbols"):
        raise InputError("psi", "text, a SymPy expression or a callable", psi)
    if len(psi.free_symbols) != 1:
        raise InputError("psi", "an expression in exactly one symbol", psi)
    return psi.subs(dict.fromkeys(psi.free_symbols, variable("s")))
