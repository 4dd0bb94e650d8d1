"""One variable: L(x) = E + A x^-alpha, for learning curves, scaling in one resource, asymptotes at infinite compute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hconsist.domains import Domain, UnsupportedError
from hconsist.scaling.estimator import LawEstimator
from hconsist.scaling.laws import SumOfPowers, Term

__all__ = ["PowerLaw", "size_for"]


class PowerLaw(LawEstimator):
    """L(x) = E + A x^-alpha with E, A >= 0 (E = 0 exactly with ``constant=False``).

    ``column`` names the variable, for messages and mappings.  ``loss``: ``huber`` with threshold ``delta``,
    ``absolute`` or ``squares``; ``residual``: ``log`` or ``loss``.
    """

    def __init__(
        self,
        *,
        column: str = "x",
        constant: bool = True,
        loss: str = "huber",
        delta: float = 1e-3,
        residual: str = "log",
        resamples: int = 4000,
        rng: Any = 0,
        workers: int | Callable = 1,
    ) -> None:
        self.column, self.constant = column, constant
        super().__init__(loss=loss, delta=delta, residual=residual, resamples=resamples, rng=rng, workers=workers)

    @property
    def columns(self) -> tuple[str, ...]:  # type: ignore[override]
        return (self.column,)

    def law(self) -> SumOfPowers:
        terms = (Term("A", {self.column: "alpha"}),)
        if self.constant:
            return SumOfPowers("power law plus constant", f"L = E + A {self.column}^-alpha", (Term("E"), *terms))
        return SumOfPowers("power law", f"L = A {self.column}^-alpha", terms)

    def needed(self, reducible: float) -> float:
        """The x at which L - E equals ``reducible``: (A / reducible)^(1/alpha)."""
        self._fitted()
        p = self.parameters_
        target = Domain(0, lower_open=True).check_scalar("reducible", reducible)
        if not (p["A"] > 0 and p["alpha"] > 0):
            raise UnsupportedError("the fit", "with A, alpha > 0, or it reaches no other loss", p)
        return float(size_for(p, target))


def size_for(parameters: Mapping[str, Any], reducible: Any) -> Any:
    """The x at which A x^-alpha equals ``reducible``, (A / reducible)^(1/alpha); broadcasts."""
    return np.exp((np.log(parameters["A"]) - np.log(reducible)) / parameters["alpha"])
