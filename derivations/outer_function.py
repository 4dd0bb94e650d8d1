"""Two functions of comp-sum losses in SymPy: the outer Phi^tau, for every tau at once, and the rho-margin ramp."""

from __future__ import annotations

from typing import Any

import sympy as sp

from hconsist.steps import Identity, Step

__all__ = ["Phi", "Ramp", "closed_forms"]


class Phi(sp.Function):
    """``Phi(u, tau)``: 0 at u = 0, of derivative (1 + u)^(-tau), so u itself for tau = 0; nothing else is known."""

    nargs = 2

    @classmethod
    def eval(cls, u: sp.Expr, tau: sp.Expr) -> sp.Expr | None:
        return u if u == 0 or tau == 0 else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        if argindex != 1:
            raise sp.core.function.ArgumentIndexError(self, argindex)
        u, tau = self.args
        return (1 + u) ** (-tau)

    def _eval_is_nonnegative(self) -> bool | None:
        return True if self.args[0].is_nonnegative else None

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_positive else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        u, tau = map(printer.doprint, self.args)
        body = rf"\Phi^{{{tau}}}\left({u}\right)"
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"


class Ramp(sp.Function):
    """``Ramp(u, rho)`` = Phi_rho(u) = min(1, max(0, 1 - u/rho)), kept as one symbol until ``doit``."""

    nargs = 2

    def doit(self, **hints: Any) -> sp.Expr:
        u, rho = (argument.doit(**hints) for argument in self.args)
        return sp.Min(1, sp.Max(0, 1 - u / rho))

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        u, rho = map(printer.doprint, self.args)
        body = rf"\Phi_{{{rho}}}\left({u}\right)"
        return body if exp is None else rf"{body}^{{{exp}}}"

    def _pretty(self, printer: Any) -> Any:
        u, rho = self.args
        return printer._print_Function(sp.Function(f"Phi_{rho}")(u))


def closed_forms() -> tuple[Step, ...]:
    """The formula has the derivative and the value at 0 that define Phi^tau, at tau = 1 too."""
    u = sp.Symbol("u", nonnegative=True)
    c = sp.Symbol("c", real=True, nonzero=True)
    power = ((1 + u) ** c - 1) / c
    return (
        Identity("The outer function", sp.Derivative(power, u), (1 + u) ** (-(1 - c)),
                 text=r"$\Phi^\tau(u) = ((1+u)^{1-\tau} - 1)/(1-\tau)$, here with $c = 1 - \tau \ne 0$, is 0 at "
                      r"$u = 0$, with the derivative $(1+u)^{-\tau}$. Only these two facts are used."),
        Identity("At tau = 1", sp.Derivative(sp.log(1 + u), u), 1 / (1 + u),
                 text=r"$\Phi^1(u) = \log(1+u)$ has them too."),
    )  # fmt: skip
