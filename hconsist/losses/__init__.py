"""Losses by name.  ``NAME`` or ``NAME:key=value,key=value``; ``-`` and ``_`` are the same."""

from __future__ import annotations

from hconsist.domains import InputError
from hconsist.losses import registry
from hconsist.losses.adversarial import SmoothAdversarialCompSum, robust_zero_one, sufficient_nu, worst_case
from hconsist.losses.base import Loss
from hconsist.losses.comp_sum import CompSum, GeneralizedCrossEntropy, Logistic, MeanAbsoluteError, SumExponential
from hconsist.losses.margin import RhoMarginCompSum
from hconsist.losses.registry import Entry

__all__ = [
    "NAMES",
    "CompSum",
    "GeneralizedCrossEntropy",
    "Logistic",
    "Loss",
    "MeanAbsoluteError",
    "RhoMarginCompSum",
    "SmoothAdversarialCompSum",
    "SumExponential",
    "get",
    "robust_zero_one",
    "sufficient_nu",
    "worst_case",
]

_ENTRIES = (
    Entry("sum-exponential", "comp-sum, tau = 0: sum of exp(h_k - h_y)", SumExponential),
    Entry("logistic", "comp-sum, tau = 1: cross-entropy of the softmax, in nats", Logistic),
    Entry("gce", "generalized cross-entropy, tau = 1 + q: (1 - s^q)/q", GeneralizedCrossEntropy, ("q",), "q in (0, 1]"),
    Entry("mae", "mean absolute error, tau = 2: 1 - s", MeanAbsoluteError),
    Entry("comp-sum", "the power family, or your own nonincreasing psi(s)", CompSum, ("tau", "psi"),
          'tau >= 0, or psi="..."', needed=1),
    Entry("rho-comp-sum", "comp-sum of rho-margin ramps, the surrogate of adversarial training", RhoMarginCompSum,
          ("tau", "rho"), "tau >= 0, rho > 0"),
)  # fmt: skip
"""Every loss that has a name.  A further one is a class in a file of its own and a line here."""

NAMES = tuple((entry.name, entry.domains, entry.line) for entry in _ENTRIES)
"""(name, parameters, one line)."""


def get(loss: Loss | str) -> Loss:
    """A loss from its name, such as ``"gce:q=0.7"`` or ``'comp-sum:psi="-log(s)"'``; a loss object comes back.

    Raises
    ------
    InputError
        for an unknown name (with the nearest known one), and for unknown, missing, doubled or non-numeric parameters.
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        names = ", ".join(entry.name for entry in _ENTRIES)
        raise InputError("loss", f"a loss object or one of {names}", loss)
    return registry.build(loss, _ENTRIES)
