"""Encoder and decoder sizes: L(Ne, Nd) = E + A Ne^-pe Nd^-pd (Ghorbani et al. 2021, form recalled).

The reference sizes of the usual form alpha (Ne0/Ne)^pe (Nd0/Nd)^pd cannot be told from its factor; A holds all three.
For Ne + Nd = P the optimal share of the encoder is pe / (pe + pd) (Lagrange: pe/Ne = pd/Nd).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hconsist.domains import Domain
from hconsist.results import Interval
from hconsist.scaling.estimator import LawEstimator
from hconsist.scaling.identifiability import line_of
from hconsist.scaling.laws import SumOfPowers, Term
from hconsist.scaling.plans import UnidentifiedError, check_determined

__all__ = ["EncoderDecoder"]


class EncoderDecoder(LawEstimator):
    """L = E + A Ne^-pe Nd^-pd; columns ``encoder`` and ``decoder`` (parameters of each part)."""

    columns = ("encoder", "decoder")

    def law(self) -> SumOfPowers:
        product = Term("A", {"encoder": "pe", "decoder": "pd"})
        return SumOfPowers("encoder/decoder law", "L = E + A Ne^-pe Nd^-pd", (Term("E"), product))

    def derived(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """share: the encoder's share of parameters at the optimum, pe / (pe + pd)."""
        return {"share": parameters["pe"] / (parameters["pe"] + parameters["pd"])}

    def plan(self, params: float, *, confidence: float = 0.95) -> dict[str, Interval]:
        """For ``params`` parameters in all: the best ``encoder`` and ``decoder`` sizes and the ``loss``."""
        self._fitted()
        total = float(Domain(0, lower_open=True).check_scalar("params", params))
        check_determined(self)
        p = self.parameters_
        if not (p["A"] > 0 and p["pe"] > 0 and p["pd"] > 0):
            raise UnidentifiedError("the fit", "with A, pe, pd > 0 (an interior optimum) for a plan", p)

        def loss(p: Mapping[str, Any]) -> Any:
            with np.errstate(invalid="ignore", divide="ignore"):
                share = p["pe"] / (p["pe"] + p["pd"])
                return p["E"] + p["A"] * (share * total) ** -p["pe"] * ((1 - share) * total) ** -p["pd"]

        return {
            "encoder": self.interval(lambda p: total * self.derived(p)["share"], confidence=confidence),
            "decoder": self.interval(lambda p: total * (1 - self.derived(p)["share"]), confidence=confidence),
            "loss": self.interval(loss, confidence=confidence),
        }

    def _line(self, columns: Mapping[str, np.ndarray]) -> str | None:
        return line_of(columns, ("encoder", "decoder"))
