"""The user's own psi: from text, a SymPy expression or a callable to array evaluation, slope and entropy."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from hconsist.domains import InputError, UnsupportedError
from hconsist.losses.arrays import quiet
from hconsist.losses.power import expectation, negative_log_softmax, score_gradient

__all__ = ["UserPsi"]

_GRID = np.concatenate([np.geomspace(1e-12, 0.5, 2000), 1 - np.geomspace(0.5, 1e-12, 2000)[1:], [1.0]])
"""Softmax values at which psi is tried; crowding towards 0 and 1."""
_BISECTIONS = 70
"""Halvings of an interval of length 120 to the last bit."""


class UserPsi:
    """A nonincreasing psi on (0, 1] with its derivative where one is known.

    Raises
    ------
    InputError
        for text outside the whitelist, more than one symbol, values that are not finite, or a psi that increases.
    """

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

    def score_gradient(self, scores: Any, mask: Any, xp: Any) -> Any:
        """The gradient of L = -log s_y, rescaled row by row by d psi / d L."""
        log_loss = negative_log_softmax(scores, xp)[0]
        own = xp.sum(xp.where(mask, log_loss, xp.zeros_like(log_loss)), axis=-1)
        return self.slope(own, xp)[..., None] * score_gradient(scores, mask, 0.0, xp)

    def expression(self, *, decimal: bool = False) -> Any:
        """psi(s) in SymPy, exact as given; UnsupportedError for a callable."""
        if self._symbolic is None:
            raise UnsupportedError("psi", "text or a SymPy expression for a symbolic definition", self.text)
        return self._symbolic

    def slope(self, log_loss: Any, xp: Any) -> Any:
        """d psi(exp(-L)) / dL = -s psi'(s) >= 0, the factor between this loss's gradient and that of the logistic."""
        if not self.differentiable:
            raise UnsupportedError("psi", "given with derivative=... (or as text or SymPy) for gradients", self.text)
        with quiet():
            if self._symbolic is None:
                s = xp.exp(-_capped(log_loss, xp, 0.97))
                return -s * xp.asarray(self._derivative(s))
            return _filled(self._programs[1].array(xp, _capped(log_loss, xp)), log_loss, xp)

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
        gaps, median = np.diff(_GRID), np.median(np.abs(values))
        noise = 32 * np.finfo(float).eps * (np.abs(values) + median)  # of the values, as a callable may round them
        rises = np.flatnonzero(np.diff(values) > noise[1:] + noise[:-1])
        if self._symbolic is None:
            slopes = np.diff(values) / gaps
            bends = np.diff(slopes) + 2 * noise[1:-1] * (1 / gaps[1:] + 1 / gaps[:-1])
        else:
            # differences cannot see the sign of a small curvature; s^2 psi'' = psi_LL + psi_L with L = -log s can
            slope, second = (self._on_grid(program) for program in self._programs[1:])
            scale = 64 * np.finfo(float).eps
            rises = np.union1d(rises, np.flatnonzero(slope < -scale * np.median(np.abs(slope))))
            bends = second + slope + scale * (np.abs(second) + np.abs(slope))
        if rises.size:
            raise InputError("psi", f"nonincreasing on (0, 1] (it rises at s = {_GRID[rises[0]]:.6g})", self.text)
        self.bounded = bool(values[0] < 1e3 * (1 + abs(values[len(values) // 2])))
        self.convex = bool(np.all(bends >= 0))

    def _on_grid(self, program: Any) -> np.ndarray:
        log_loss = -np.log(_GRID)
        with quiet():
            return _filled(program.array(np, log_loss), log_loss, np)

    def entropy(self, p: Any, xp: Any) -> Any:
        """inf_s sum p_i psi(s_i), from the numeric minimiser; relative accuracy about 1e-10.

        Near a deterministic law the error is absolute, about 1e-16 psi(1/2), since s itself is rounded.
        """
        law = np.asarray(p, dtype=float)
        with quiet():
            values = self(-np.log(self._minimise(law)), np)
        return xp.asarray(expectation(law, values, np), dtype=p.dtype)

    def minimiser(self, p: Any, xp: Any) -> Any:
        """The numeric minimiser."""
        return xp.asarray(self._minimise(np.asarray(p, dtype=float)), dtype=p.dtype)

    def _minimise(self, p: np.ndarray) -> np.ndarray:
        """Bisection for lam with sum_i s_i(lam) = 1, where p_i (-psi'(s_i)) = lam or s_i is at an end."""
        if not self.convex or not self.differentiable:
            raise UnsupportedError("psi", "convex, with a derivative, for its entropy", self.text)
        low = np.full(p.shape[:-1], -60.0)
        high = np.full(p.shape[:-1], 60.0)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            over = np.sum(self._coordinate(p, np.exp(middle)), axis=-1) > 1
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        s = self._coordinate(p, np.exp((low + high) / 2))
        return s / np.sum(s, axis=-1, keepdims=True)

    def _coordinate(self, p: np.ndarray, lam: np.ndarray) -> np.ndarray:
        """s_i in [0, 1] with p_i (-psi'(s_i)) = lam; bisection in log s (psi' is monotone)."""
        low, high = np.full(p.shape, -80.0), np.zeros(p.shape)
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            with quiet():
                steep = p * self.slope(-middle, np) * np.exp(-middle) > lam[..., None]
            low, high = np.where(steep, middle, low), np.where(steep, high, middle)
        return np.where(p > 0, np.exp((low + high) / 2), 0.0)


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
