"""The symbolic definition of psi, shared by documentation, reference values and proofs; SymPy loads only here."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hconsist.domains import Domain, UnsupportedError

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["definition"]


def definition(loss: Any) -> Definition:
    """psi of a comp-sum loss as a Definition in s in (0, 1], with the exact rational value of tau put in."""
    import sympy

    from hconsist.definitions import Definition
    from hconsist.expressions import variable

    s = variable("s")
    if loss.tau is None:
        if loss._psi.expression is None:
            raise UnsupportedError("psi", "text or a SymPy expression for a symbolic definition", loss.name)
        expression = loss._psi.expression
    elif loss.tau == 1:
        expression = -sympy.log(s)
    else:
        exact = Fraction(loss.tau) - 1
        al = sympy.Rational(exact.numerator, exact.denominator)
        expression = (1 - s**al) / al
    return Definition(loss.name, expression, (s,), {"s": Domain(0, 1, lower_open=True)})
