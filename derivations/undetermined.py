"""Functions of one variable of which only smoothness is known, printed with primes for their derivatives."""

from __future__ import annotations

from typing import Any

import sympy as sp

__all__ = ["smooth"]


class _Smooth(sp.Function):
    """``f(x)`` and its k-th derivative ``f(x, k)``: differentiating leads from one to the next, and nothing else."""

    @property
    def order(self) -> int:
        return int(self.args[1]) if len(self.args) > 1 else 0

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return self.func(self.args[0], self.order + 1)

    def _eval_evalf(self, prec: int) -> None:
        """No number: SymPy would otherwise look for a function of this name in mpmath, which has a psi and an eta."""

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        name = sp.latex(sp.Symbol(type(self).__name__)) + "'" * self.order
        body = rf"{name}\left({printer.doprint(self.args[0])}\right)"
        return body if exp is None else rf"{body}^{{{exp}}}"

    def _pretty(self, printer: Any) -> Any:
        name = sp.pretty(sp.Symbol(type(self).__name__)) + "'" * self.order
        return printer._print_Function(sp.Function(name)(self.args[0]))


def smooth(name: str) -> type[_Smooth]:
    """The function ``name``; ``smooth("psi")(x, 2)`` is the second derivative of psi at x."""
    return type(name, (_Smooth,), {})
