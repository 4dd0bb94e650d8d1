"""A line through optimal sizes: N* = G C^a, as approaches 1 and 2 fit it, with intervals and plans from resamples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.evidence import Level
from hconsist.results import Interval, Side
from hconsist.scaling.columns import FLOP_PER_PARAMETER_TOKEN
from hconsist.scaling.digits import with_interval
from hconsist.scaling.parameters import Parameters
from hconsist.scaling.resampling import percentile_levels, quantiles
from hconsist.tables import text_table

__all__ = ["SizeLine", "lines_through"]

_BUDGET = Domain(0, lower_open=True)
_RESAMPLES = Domain(2, integer=True)


class SizeLine(Parameters):
    """After ``fit``: ``a_``, ``b_`` = 1 - a, ``prefactor_`` G.  Subclasses fit and say how slopes are resampled."""

    a_: float
    prefactor_: float
    resamples: int

    @property
    def b_(self) -> float:
        """The exponent of tokens in C = 6 N D."""
        return 1 - self.a_

    @property
    def parameters_(self) -> dict[str, float]:
        """``a``, ``b`` and ``prefactor`` by name."""
        self._fitted()
        return {"a": self.a_, "b": self.b_, "prefactor": self.prefactor_}

    def _bootstrap(self) -> tuple[np.ndarray, np.ndarray]:
        """Slopes and intercepts (resamples,) of ln N* on ln C."""
        raise NotImplementedError

    def page(self, confidence: float = 0.95) -> str:
        """The fit as text."""
        raise NotImplementedError

    def __str__(self) -> str:
        return self.page() if self.__sklearn_is_fitted__() else repr(self)

    def predict(self, budgets: Any) -> np.ndarray:
        """The optimal number of parameters for each budget."""
        self._fitted()
        return self.prefactor_ * _BUDGET.check("budgets", budgets) ** self.a_

    def interval(self, quantity: str | Callable[[Mapping[str, Any]], Any], *, confidence: float = 0.95) -> Interval:
        """Percentile interval of ``a``, ``b``, ``prefactor``, or a function of the mapping of these."""
        here = self.parameters_
        if not callable(quantity) and quantity not in here:
            raise InputError("quantity", f"one of {', '.join(here)}, or a function of them", quantity)
        of = quantity if callable(quantity) else (lambda p: p[quantity])
        slope, intercept = self._bootstrap()
        values = np.asarray(of({"a": slope, "b": 1 - slope, "prefactor": np.exp(intercept)}))
        low, high = (float(q) for q in quantiles(values, percentile_levels(confidence)))
        return Interval(float(of(here)), low, high, Side.ESTIMATE, Level.SIMULATED, f"percentile, {confidence:.0%}")

    def plan(self, budget: float, *, confidence: float = 0.95) -> dict[str, Interval]:
        """Optimal ``params`` and ``tokens`` for ``budget`` FLOP."""
        c = float(_BUDGET.check_scalar("budget", budget))

        def params(p: Mapping[str, Any]) -> Any:
            return p["prefactor"] * c ** p["a"]

        return {
            "params": self.interval(params, confidence=confidence),
            "tokens": self.interval(lambda p: c / (FLOP_PER_PARAMETER_TOKEN * params(p)), confidence=confidence),
        }

    def table(self, confidence: float = 0.95) -> str:
        """Parameters with percentile intervals, and how many resamples say nothing."""
        found = {name: self.interval(name, confidence=confidence) for name in self.parameters_}
        shown = text_table(
            [
                {
                    "parameter": name,
                    f"value and {confidence:.0%} interval": with_interval(each.value, each.lower, each.upper),
                }
                for name, each in found.items()
            ]
        )
        lost = int(np.isnan(self._bootstrap()[0]).sum())
        note = f"{lost} of {self.resamples} resamples give no line and count as both extremes"
        return f"{shown}\n{note}" if lost else shown

    def _resample_count(self) -> int:
        return int(_RESAMPLES.check_scalar("resamples", self.resamples))


def lines_through(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and intercepts (m,) of least-squares lines through (x, y[m]); NaN entries of y are left out."""
    known = np.isfinite(y)
    weight = known / np.maximum(known.sum(-1, keepdims=True), 1)
    z = np.where(known, y, 0.0)
    xm, ym = (weight * x).sum(-1, keepdims=True), (weight * z).sum(-1, keepdims=True)
    square = (weight * (x - xm) ** 2).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(square > 0, (weight * (x - xm) * (z - ym)).sum(-1) / square, np.nan)
    return slope, ym[:, 0] - slope * xm[:, 0]
