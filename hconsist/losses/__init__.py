"""Losses by name.  ``NAME`` or ``NAME:key=value,key=value``; ``-`` and ``_`` are the same."""

from __future__ import annotations

from functools import partial

from hconsist.domains import InputError
from hconsist.losses import registry
from hconsist.losses.adversarial import SmoothAdversarialCompSum, robust_zero_one, sufficient_nu, worst_case
from hconsist.losses.base import Loss
from hconsist.losses.class_weights import ClassWeights
from hconsist.losses.comp_sum import CompSum, GeneralizedCrossEntropy, Logistic, MeanAbsoluteError, SumExponential
from hconsist.losses.constrained import ConstrainedLoss
from hconsist.losses.fenchel_young import Entmax, FenchelYoung, Sparsemax
from hconsist.losses.label_smoothing import LabelSmoothing
from hconsist.losses.logit_adjustment import LogitAdjustment
from hconsist.losses.margin import RhoMarginCompSum
from hconsist.losses.maximum import MaxLoss
from hconsist.losses.one_versus_all import OneVersusAllLoss
from hconsist.losses.pairwise import SumLoss
from hconsist.losses.psi_instances import Focal, Poly1, TaylorCrossEntropy
from hconsist.losses.registry import Entry
from hconsist.losses.squentropy import Squentropy
from hconsist.losses.temperature import Temperature

__all__ = [
    "NAMES",
    "ClassWeights",
    "CompSum",
    "ConstrainedLoss",
    "Entmax",
    "FenchelYoung",
    "Focal",
    "GeneralizedCrossEntropy",
    "LabelSmoothing",
    "Logistic",
    "LogitAdjustment",
    "Loss",
    "MaxLoss",
    "MeanAbsoluteError",
    "OneVersusAllLoss",
    "Poly1",
    "RhoMarginCompSum",
    "SmoothAdversarialCompSum",
    "Sparsemax",
    "Squentropy",
    "SumExponential",
    "SumLoss",
    "TaylorCrossEntropy",
    "Temperature",
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
          ("tau", "rho"), "tau >= 0, rho in [1e-9, 1e9]"),
    Entry("focal", "comp-sum, (1 - s)^gamma (-log s)", Focal, ("gamma",), "gamma in [0, 1000]"),
    Entry("poly-1", "comp-sum, -log s + eps (1 - s)", Poly1, ("eps",), "eps in [-1, 1e9]"),
    Entry("taylor", "comp-sum, the series of -log s in 1 - s, cut off", TaylorCrossEntropy, ("order",),
          "order an integer in [1, 1000]"),
    Entry("label-smoothing", "cross-entropy with targets (1 - eps) e_y + eps/n", LabelSmoothing, ("eps",),
          "eps in [0, 1)"),
    Entry("temperature", "cross-entropy of the scores divided by T", Temperature, ("T",), "T > 0"),
    Entry("class-weights", "cross-entropy times a weight of the label", ClassWeights, ("w",),
          "one weight > 0 per label, as in w=1;2;0.5"),
    Entry("logit-adjustment", "cross-entropy of the scores plus the log prior of each label", LogitAdjustment,
          ("prior",), "one probability per label, as in prior=0.5;0.3;0.2"),
    Entry("squentropy", "cross-entropy plus the mean square of the other scores", Squentropy),
    Entry("sparsemax", "Fenchel-Young, omega(p) = (p^2 - p)/2", Sparsemax),
    Entry("entmax", "Fenchel-Young, omega(p) = (p^alpha - p)/(alpha (alpha - 1))", Entmax, ("alpha",), "alpha > 1"),
    Entry("fenchel-young", "your own strictly convex omega: Omega*(h) + Omega(e_y) - h_y", FenchelYoung, ("omega",),
          'omega="..." in p'),
    Entry("sum-logistic", "sum over pairs: log(1 + exp(h_k - h_y))", partial(SumLoss, "logistic")),
    Entry("sum-hinge", "sum over pairs: max(0, 1 - h_y + h_k)", partial(SumLoss, "hinge")),
    Entry("weston-watkins", "sum-hinge", partial(SumLoss, "hinge")),
    Entry("sum-squared-hinge", "sum over pairs: max(0, 1 - h_y + h_k)^2", partial(SumLoss, "squared-hinge")),
    Entry("sum-rho-margin", "sum over pairs: ramps", partial(SumLoss, "rho-margin"), ("rho",), "rho in [1e-9, 1e9]"),
    Entry("sum", "sum over pairs of your own nonincreasing Phi(h_y - h_k)", SumLoss, ("phi",), 'phi="..." in u'),
    Entry("max-logistic", "Phi(h_y - max h_k), Phi(u) = log(1 + exp(-u))", partial(MaxLoss, "logistic")),
    Entry("max-exponential", "Phi(h_y - max h_k), Phi(u) = exp(-u)", partial(MaxLoss, "exponential")),
    Entry("max-hinge", "Phi(h_y - max h_k), Phi(u) = max(0, 1 - u)", partial(MaxLoss, "hinge")),
    Entry("crammer-singer", "max-hinge", partial(MaxLoss, "hinge")),
    Entry("max-squared-hinge", "Phi(h_y - max h_k), Phi(u) = max(0, 1 - u)^2", partial(MaxLoss, "squared-hinge")),
    Entry("max-rho-margin", "Phi(h_y - max h_k), a ramp", partial(MaxLoss, "rho-margin"), ("rho",),
          "rho in [1e-9, 1e9]"),
    Entry("max", "your own nonincreasing Phi(h_y - max h_k)", MaxLoss, ("phi",), 'phi="..." in u'),
    Entry("constrained-exponential", "sum over k != y: exp(h_k), scores of sum 0",
          partial(ConstrainedLoss, "exponential")),
    Entry("constrained-logistic", "sum over k != y: log(1 + exp(h_k)), scores of sum 0",
          partial(ConstrainedLoss, "logistic")),
    Entry("constrained-hinge", "sum over k != y: max(0, 1 + h_k), scores of sum 0", partial(ConstrainedLoss, "hinge")),
    Entry("lee-lin-wahba", "constrained-hinge", partial(ConstrainedLoss, "hinge")),
    Entry("constrained-squared-hinge", "sum over k != y: max(0, 1 + h_k)^2, scores of sum 0",
          partial(ConstrainedLoss, "squared-hinge")),
    Entry("constrained-rho-margin", "sum over k != y: ramps of -h_k, scores of sum 0",
          partial(ConstrainedLoss, "rho-margin"), ("rho",), "rho in [1e-9, 1e9]"),
    Entry("constrained", "sum over k != y of your own nonincreasing Phi(-h_k), scores of sum 0", ConstrainedLoss,
          ("phi",), 'phi="..." in u'),
    Entry("ova-logistic", "one-versus-all, Phi(u) = log(1 + exp(-u))", partial(OneVersusAllLoss, "logistic")),
    Entry("ova-exponential", "one-versus-all, Phi(u) = exp(-u)", partial(OneVersusAllLoss, "exponential")),
    Entry("ova-hinge", "one-versus-all, Phi(u) = max(0, 1 - u)", partial(OneVersusAllLoss, "hinge")),
    Entry("ova-squared-hinge", "one-versus-all, Phi(u) = max(0, 1 - u)^2",
          partial(OneVersusAllLoss, "squared-hinge")),
    Entry("ova-rho-margin", "one-versus-all, ramps", partial(OneVersusAllLoss, "rho-margin"), ("rho",),
          "rho in [1e-9, 1e9]"),
    Entry("ova", "one-versus-all with your own nonincreasing Phi", OneVersusAllLoss, ("phi",), 'phi="..." in u'),
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
