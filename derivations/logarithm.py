"""log(1+z) between z/(1+z) and z, as steps that several derivations share."""

from __future__ import annotations

import sympy as sp

from hconsist.steps import Monotone

__all__ = ["ABOVE", "BELOW", "z"]

z = sp.Symbol("z", nonnegative=True)
ABOVE = Monotone("log(1+z) is at most z", z - sp.log(1 + z), z, derivative=z / (1 + z))
BELOW = Monotone("log(1+z) is at least z/(1+z)", sp.log(1 + z) - z / (1 + z), z, derivative=z / (1 + z) ** 2)
