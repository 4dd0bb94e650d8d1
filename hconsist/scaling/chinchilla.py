"""Chinchilla's law (approach 3) and its tied, over-training form: L(N, D) = E + A N^-alpha + B D^-beta."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from hconsist.scaling.comparison import TiedOrFree, tied_or_free
from hconsist.scaling.estimator import LawEstimator
from hconsist.scaling.identifiability import line_of
from hconsist.scaling.laws import SumOfPowers, Term
from hconsist.scaling.plans import Plan, make_plan

__all__ = ["Chinchilla", "OverTraining"]


class Chinchilla(LawEstimator):
    """L(N, D) = E + A N^-alpha + B D^-beta (Hoffmann et al. 2022, approach 3); ``tied=True`` sets beta = alpha.

    The default loss is theirs, Huber's with delta = 1e-3 on logarithms, summed.  ``loss="absolute"`` is the estimator
    behind the figures of Besiroglu et al. 2024; ``loss="squares"`` that of log least squares.  ``X`` has the columns
    ``params`` and ``tokens``; a mapping may give ``flop`` in place of one of them (C = 6 N D).
    """

    columns = ("params", "tokens")

    def __init__(
        self,
        *,
        tied: bool = False,
        loss: str = "huber",
        delta: float = 1e-3,
        residual: str = "log",
        resamples: int = 4000,
        rng: Any = 0,
        workers: int | Callable = 1,
    ) -> None:
        self.tied = tied
        super().__init__(loss=loss, delta=delta, residual=residual, resamples=resamples, rng=rng, workers=workers)

    def law(self) -> SumOfPowers:
        beta = "alpha" if self.tied else "beta"
        return SumOfPowers(
            "Chinchilla's law" + (", tied exponents" if self.tied else ""),
            f"L = E + A N^-alpha + B D^-{beta}",
            (Term("E"), Term("A", {"params": "alpha"}), Term("B", {"tokens": beta})),
        )

    def derived(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """a, the exponent of N* in C: beta / (alpha + beta)."""
        alpha, beta = parameters["alpha"], parameters.get("beta", parameters["alpha"])
        return {"a": beta / (alpha + beta)}

    def plan(self, budget: float, *, confidence: float = 0.95) -> Plan:
        """Compute-optimal parameters, tokens and loss for ``budget`` FLOP (C = 6 N D), with bootstrap intervals.

        Raises :class:`hconsist.scaling.plans.UnidentifiedError` where the data lie on one line (D = 20 N, one budget)
        or the fit has no interior optimum.
        """
        self._fitted()
        return make_plan(self, budget, confidence)

    def tied_or_free(self, *, confidence: float = 0.95) -> TiedOrFree | None:
        """The tied fit beside this one, and the interval of alpha - beta.

        None where exponents are tied already or not determined.
        """
        self._fitted()
        return None if self.tied or self.undetermined_ is not None else tied_or_free(self, confidence)

    def _line(self, columns: Mapping[str, np.ndarray]) -> str | None:
        return line_of(columns)


class OverTraining(Chinchilla):
    """L = E + A N^-alpha + B D^-alpha (Gadre et al. 2024): Chinchilla's law with one exponent, in C and M = D/N.

    With eta = alpha / 2: L = E + 6^eta (A M^eta + B M^-eta) C^-eta, so at a fixed ratio M the excess falls as C^-eta.
    """

    def __init__(
        self,
        *,
        loss: str = "huber",
        delta: float = 1e-3,
        residual: str = "log",
        resamples: int = 4000,
        rng: Any = 0,
        workers: int | Callable = 1,
    ) -> None:
        super().__init__(
            tied=True, loss=loss, delta=delta, residual=residual, resamples=resamples, rng=rng, workers=workers
        )

    def derived(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """eta = alpha / 2, the exponent of C at a fixed ratio of tokens to parameters."""
        return {"eta": parameters["alpha"] / 2}

    def predict_at(self, flop: Any, tokens_per_parameter: Any) -> np.ndarray:
        """The loss at budget C and ratio M, by the form in C and M."""
        self._fitted()
        p = self.parameters_
        eta, ratio = p["alpha"] / 2, np.asarray(tokens_per_parameter, float)
        return p["E"] + 6**eta * (p["A"] * ratio**eta + p["B"] * ratio**-eta) * np.asarray(flop, float) ** -eta
