"""Sine and cosine of which only the derivatives and the values at 0 are used: their signs must be cited or derived."""

from __future__ import annotations

from typing import Any

import sympy as sp

__all__ = ["cosine", "sine"]


class _Wave(sp.Function):
    @classmethod
    def eval(cls, argument: sp.Expr) -> sp.Expr | None:
        """The value at 0; otherwise one form for equal arguments, so that equal values look equal."""
        if argument.is_zero:
            return sp.Integer(0 if cls is sine else 1)
        plain = sp.factor(sp.together(argument))
        return None if plain == argument else cls(plain)

    def _eval_evalf(self, prec: int) -> None:
        """No number: SymPy would otherwise look for a function of this name in mpmath."""

    def _eval_is_real(self) -> bool | None:
        return self.args[0].is_real

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        name = r"\sin" if isinstance(self, sine) else r"\cos"
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{name}{power}\left({printer.doprint(self.args[0])}\right)"

    def _pretty(self, printer: Any) -> Any:
        name = "sin" if isinstance(self, sine) else "cos"
        return printer._print_Function(sp.Function(name)(self.args[0]))


class sine(_Wave):
    """The sine; its derivative is :class:`cosine`."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return cosine(self.args[0])


class cosine(_Wave):
    """The cosine; its derivative is minus :class:`sine`."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return -sine(self.args[0])
