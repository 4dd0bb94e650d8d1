"""Tied against free exponents: does a fit of Chinchilla's law tell alpha from beta?

The tied law is the free one on the line alpha = beta, so its objective is never smaller.  With Laplace errors of one
scale, 2 n ln(F_tied / F_free) would be a likelihood-ratio statistic with one degree of freedom; the interval of
alpha - beta from resampled points rests on no such model and decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hconsist.results import Interval
from hconsist.scaling.digits import with_interval
from hconsist.scaling.profiles import effective_count

if TYPE_CHECKING:
    from hconsist.scaling.chinchilla import Chinchilla

__all__ = ["TiedOrFree", "tied_or_free"]


@dataclass(frozen=True)
class TiedOrFree:
    """Both objectives, the difference of the free exponents with its interval, and the tied parameters.

    ``statistic`` is 2 n ln(F_tied / F_free) for sums of Huber losses and absolute values, n ln(...) for squares.
    """

    free_objective: float
    tied_objective: float
    statistic: float
    difference: Interval
    tied_parameters: dict[str, float]

    @property
    def told_apart(self) -> bool:
        """Whether the interval of alpha - beta leaves out 0."""
        return not self.difference.lower <= 0 <= self.difference.upper

    def __str__(self) -> str:
        d = self.difference
        verdict = "the data tell them apart" if self.told_apart else "the data do not tell them apart"
        return (
            f"alpha - beta = {with_interval(d.value, d.lower, d.upper)}: {verdict}\n"
            f"tied alpha = {self.tied_parameters['alpha']:.3g}: objective {self.tied_objective:.6g}, "
            f"free {self.free_objective:.6g}"
        )


def tied_or_free(free: Chinchilla, confidence: float) -> TiedOrFree:
    """The comparison for a fit with free exponents."""
    from hconsist.scaling.chinchilla import Chinchilla

    arguments = {**free.get_params(), "tied": True}
    tied = Chinchilla(**arguments).fit(free.columns_, free.losses_, free.weights_)
    factor = 1.0 if free.loss == "squares" else 2.0
    n = len(free.losses_) if free.weights_ is None else effective_count(free.weights_)
    with np.errstate(divide="ignore"):
        ratio = np.log(max(tied.objective_, 1e-300) / max(free.objective_, 1e-300))
    return TiedOrFree(
        free_objective=free.objective_,
        tied_objective=tied.objective_,
        statistic=float(factor * n * max(ratio, 0.0)),
        difference=free.interval(lambda p: p["alpha"] - p["beta"], confidence=confidence),
        tied_parameters=tied.parameters_,
    )
