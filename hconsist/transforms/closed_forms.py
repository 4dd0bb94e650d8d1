"""Closed forms of T outside the power family: which theorem covers a loss, and its curve (complete hypothesis sets).

Most are two-label curves: T_n(t) is the regret of the law ((1+t)/2, (1-t)/2, 0, ...) where the two labels tie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hconsist.domains import UnsupportedError
from hconsist.evidence import Level
from hconsist.losses import CompSum, ConstrainedLoss, Loss, MaxLoss, OneVersusAllLoss, SumLoss
from hconsist.losses.class_weights import ClassWeights
from hconsist.losses.convex_psi import NumericPsi
from hconsist.losses.fenchel_young import Entmax, Sparsemax
from hconsist.losses.label_smoothing import LabelSmoothing
from hconsist.losses.logit_adjustment import LogitAdjustment
from hconsist.losses.phi import Phi
from hconsist.losses.psi_instances import Focal, Poly1
from hconsist.losses.temperature import Temperature
from hconsist.results import Side
from hconsist.theorems import Answer, n_dependence
from hconsist.transforms.base import Kernel
from hconsist.transforms.concave import ConcaveKernel
from hconsist.transforms.curves import AdjustedCurve, EntmaxCurve, PowerLaw, Stretched, WeightedCurve
from hconsist.transforms.linear import LinearKernel
from hconsist.transforms.two_label import TwoLabelKernel
from hconsist.transforms.two_label_psi import TwoLabelCurve

__all__ = ["LARGEST_GAMMA", "ClosedForm", "closed_form", "published_form"]

LARGEST_GAMMA = 500.0
"""Up to here the focal curve, of height 2^(-gamma) log 2, is far from underflow."""
LARGEST_EPS = 1e12
"""Beyond, the curve of poly-1 is a line but for rounding."""
CROSS_ENTROPY = TwoLabelKernel(1.0)
CHARACTERIZATION = "Mao, Mohri and Zhong 2023, H-Consistency Bounds: Characterization and Extensions"
MULTI_CLASS = "Awasthi, Mao, Mohri and Zhong 2022, Multi-Class H-Consistency Bounds"
REPORTED = "as reported in a secondary text; only the abstract was read"


@dataclass(frozen=True)
class ClosedForm:
    """The curve, the theorem, and what kind of proof it has."""

    kernel: Kernel
    reference: str
    level: Level = Level.SYMBOLIC
    side: Side = Side.EXACT


def closed_form(loss: Loss, n_classes: int) -> ClosedForm | None:
    """The sharp T of a loss for complete hypothesis sets; None where no theorem is known.

    The power family and rho-margin comp-sum losses are not here; see :func:`hconsist.transforms.transform`.
    """
    for rule in (_cross_entropies, _psi, _fenchel_young, _margins):
        found = rule(loss, n_classes)
        if found is not None:
            return found
    return None


def published_form(loss: Loss, n_classes: int) -> ClosedForm:
    """The T of the literature for constrained, sum and max losses, as reported: a valid lower bound, or exact.

    Raises
    ------
    UnsupportedError
        where no form was reported, and for the sum squared hinge with n >= 3, whose reported t^2 is too large.
    """
    phi = getattr(loss, "phi", None)
    name = phi.name if isinstance(phi, Phi) else None
    table: dict[str, tuple[Kernel, str, str, Side]] = {}
    if isinstance(loss, ConstrainedLoss):
        table = {
            "exponential": (_ReportedExponential(), CHARACTERIZATION, "constrained_losses", Side.LOWER),
            "squared-hinge": (PowerLaw(0.5, 2), CHARACTERIZATION, "constrained_losses", Side.LOWER),
            "hinge": (PowerLaw(1.0, 1), CHARACTERIZATION, "constrained_hinge",
                      Side.EXACT if n_classes == 2 else Side.LOWER),
            "rho-margin": (PowerLaw(1.0, 1), CHARACTERIZATION, "constrained_hinge", Side.EXACT),
        }  # fmt: skip
    elif isinstance(loss, SumLoss):
        if name == "squared-hinge" and n_classes > 2:
            raise UnsupportedError(
                "loss",
                "one whose reported form is valid (t^2, reported for the sum squared hinge, fails for n >= 3: "
                "derivation sum_squared_hinge; method optimize searches for its T)",
                loss.name,
            )
        table = {
            "exponential": (TwoLabelKernel(0.0), MULTI_CLASS, "sum_losses", Side.EXACT),
            "rho-margin": (LinearKernel(1.0), MULTI_CLASS, "sum_losses", Side.EXACT),
            "squared-hinge": (PowerLaw(1.0, 2), MULTI_CLASS, "two labels", Side.EXACT),
        }
    elif isinstance(loss, MaxLoss):
        table = {"rho-margin": (LinearKernel(1.0), MULTI_CLASS, "max_losses", Side.EXACT)}
    form = table.get(name or "")
    if form is None:
        raise UnsupportedError(
            "loss",
            "one with a published form (comp-sum:tau=..., constrained losses with a named Phi, sum-rho-margin, "
            "max-rho-margin; method optimize searches for the T of any loss)",
            loss.name,
        )
    kernel, paper, proof, side = form
    checked = "two labels: Theorem 1" if proof == "two labels" else f"derivation {proof}"
    return ClosedForm(kernel, f"{paper} ({REPORTED}); proved valid here: {checked}", side=side)


def _cross_entropies(loss: Loss, n: int) -> ClosedForm | None:
    """Variants of the cross-entropy."""
    if isinstance(loss, LabelSmoothing):
        mass = 1.0 - (n - 2) * (loss.eps / n)
        kernel = Stretched(CROSS_ENTROPY, height=mass, rate=min((1.0 - loss.eps) / mass, 1.0))
        return ClosedForm(kernel, _derivation("label_smoothing"))
    if isinstance(loss, Temperature):
        return ClosedForm(CROSS_ENTROPY, "Theorem 2 at the scores h/T, derived here")
    if isinstance(loss, ClassWeights):
        low, high = min(loss.w), max(loss.w)
        if low == high:
            return ClosedForm(Stretched(CROSS_ENTROPY, height=low), "Theorem 2 times the weight, derived here")
        return ClosedForm(WeightedCurve(low, high), _derivation("class_weights"))
    if isinstance(loss, LogitAdjustment):
        log_ratio = abs(loss.strength) * float(np.log(max(loss.prior) / min(loss.prior)))
        if log_ratio == 0.0:
            return ClosedForm(CROSS_ENTROPY, "Theorem 2, derived here")
        return ClosedForm(AdjustedCurve(log_ratio), _derivation("logit_adjustment"))
    return None


def _psi(loss: Loss, n: int) -> ClosedForm | None:
    """Comp-sum losses other than the power family."""
    psi = loss._psi if isinstance(loss, CompSum) else None
    if not isinstance(psi, NumericPsi):
        return None
    if isinstance(loss, Focal):
        return ClosedForm(TwoLabelCurve(psi), _derivation("focal")) if loss.gamma <= LARGEST_GAMMA else None
    if isinstance(loss, Poly1) and (loss.eps <= 2.0 or (n == 2 and loss.eps <= LARGEST_EPS)):
        # g = -1/psi' = s/(1 + eps s) has g'' = -2 eps/(1 + eps s)^3 >= 0 for eps <= 0
        name = "two labels: Theorem 1" if n == 2 else _derivation("freezing" if loss.eps <= 0.0 else "poly_one")
        return ClosedForm(TwoLabelCurve(psi), name)
    return _proved_two_label(loss, psi)


def _proved_two_label(loss: Loss, psi: NumericPsi) -> ClosedForm | None:
    """T_2 where the hypotheses of a theorem are proved for this psi, which imply psi'(0+) = -infinity."""
    known = n_dependence(loss)
    curve = TwoLabelCurve(psi)
    if known.verdict is not Answer.INDEPENDENT or not curve.is_accurate():
        return None
    return ClosedForm(curve, f"{known.theorem}; {known.reference}", known.level)


def _fenchel_young(loss: Loss, n: int) -> ClosedForm | None:
    """Sparsemax and entmax."""
    if isinstance(loss, Sparsemax) or (isinstance(loss, Entmax) and loss.alpha == 2.0):
        return ClosedForm(PowerLaw(0.25, 2), _derivation("additive_entropies"))
    if isinstance(loss, Entmax) and loss.alpha < 2.0:
        return ClosedForm(EntmaxCurve(loss.alpha), _derivation("additive_entropies"))
    return None


def _margins(loss: Loss, n: int) -> ClosedForm | None:
    """Losses of a margin function that has a name."""
    phi = getattr(loss, "phi", None)
    if not isinstance(phi, Phi) or phi.name is None:
        return None
    for family, rule in _FAMILIES:
        if isinstance(loss, family):
            found = rule(phi.name, n)
            if found is None and n == 2 and family is not OneVersusAllLoss:
                return ClosedForm(_two_labels(phi.name), "two labels: T_2 of Phi, derived here")
            return found
    return None


def _sum(name: str, n: int) -> ClosedForm | None:
    if name == "logistic":
        return ClosedForm(CROSS_ENTROPY, _derivation("sum_logistic"))
    if name == "exponential":
        return ClosedForm(TwoLabelKernel(0.0), _derivation("sum_losses"))
    if name == "rho-margin":
        return ClosedForm(LinearKernel(1.0), _derivation("sum_losses"))
    if name == "hinge" and n == 3:
        ramp = Stretched(_Hull(PowerLaw(1.0, 1)), rate=1.2, start=1.0 / 6.0)
        return ClosedForm(ramp, _derivation("sum_hinge"))
    return None


def _constrained(name: str, n: int) -> ClosedForm | None:
    if name == "hinge":
        return ClosedForm(Stretched(ConcaveKernel(2.0, n), height=float(n)), _derivation("constrained_hinge"))
    if name == "rho-margin":
        return ClosedForm(PowerLaw(1.0, 1), _derivation("constrained_hinge"))
    return None


def _one_versus_all(name: str, n: int) -> ClosedForm | None:
    if name == "logistic":
        return ClosedForm(Stretched(CROSS_ENTROPY, height=2.0), _derivation("additive_entropies"))
    if name == "exponential":
        return ClosedForm(Stretched(TwoLabelKernel(0.0), height=2.0), _derivation("n_independence"))
    if name == "squared-hinge":
        return ClosedForm(PowerLaw(2.0, 2), f"{_derivation('additive_entropies')}: eta' is affine")
    return None


def _max(name: str, n: int) -> ClosedForm | None:
    if name == "rho-margin":
        return ClosedForm(LinearKernel(1.0), _derivation("max_losses"))
    if n == 2:
        return None
    return ClosedForm(Stretched(_two_labels(name), rate=2.0, start=0.5), _derivation("max_losses"))


_FAMILIES: tuple[tuple[type[Loss], Callable[[str, int], ClosedForm | None]], ...] = (
    (SumLoss, _sum),
    (ConstrainedLoss, _constrained),
    (OneVersusAllLoss, _one_versus_all),
    (MaxLoss, _max),
)


def _two_labels(name: str) -> Kernel:
    """T_2(t) = Phi(0) - least of (1+t)/2 Phi(u) + (1-t)/2 Phi(-u): the two labels tie at u = 0, Phi is convex."""
    curves: dict[str, Kernel] = {
        "exponential": TwoLabelKernel(0.0),
        "logistic": CROSS_ENTROPY,
        "hinge": PowerLaw(1.0, 1),
        "squared-hinge": PowerLaw(1.0, 2),
        "rho-margin": LinearKernel(1.0),
    }
    return curves[name]


@dataclass(frozen=True)
class _Hull:
    """A curve of which only the hull is a theorem: below raw T."""

    base: PowerLaw
    raw_side = Side.LOWER

    def value(self, t: np.ndarray) -> np.ndarray:
        return self.base.value(t)

    raw = value

    def inverse(self, x: np.ndarray) -> np.ndarray:
        return self.base.inverse(x)

    def growth(self) -> tuple[float, float]:
        return self.base.growth()


@dataclass(frozen=True)
class _ReportedExponential:
    """2 - sqrt(4 - t^2), with the inverse sqrt(x (4 - x)); it ends at 2 - sqrt 3."""

    raw_side = Side.LOWER

    def value(self, t: np.ndarray) -> np.ndarray:
        t = np.asarray(t, dtype=np.float64)
        return t * t / (2.0 + np.sqrt(4.0 - t * t))

    raw = value

    def inverse(self, x: np.ndarray) -> np.ndarray:
        x = np.minimum(np.asarray(x, dtype=np.float64), 0.5)
        return np.minimum(np.sqrt(x) * np.sqrt(4.0 - x), 1.0)

    def growth(self) -> tuple[float, float]:
        return 2.0, 0.25


def _derivation(name: str) -> str:
    return f"derivation {name}, derived here"
