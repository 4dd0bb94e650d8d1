"""Which theorem says that a loss is calibrated, or up to where its transformation is 0.

Each rule looks at one family.  It answers only where the hypotheses of its theorem are shown: by the family, or for the
user's own functions by SymPy's assumptions on the signs of their derivatives.  What could not be shown is named.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hconsist.calibration.result import Witness
from hconsist.calibration.witnesses import idle_margins, idle_ramps, label_weights, weighted
from hconsist.domains import UnsupportedError
from hconsist.evidence import Level
from hconsist.losses import CompSum, ConstrainedLoss, Loss, MaxLoss, OneVersusAllLoss, RhoMarginCompSum, SumLoss
from hconsist.losses.class_weights import ClassWeights
from hconsist.losses.cross_entropy import CrossEntropyVariant
from hconsist.losses.fenchel_young import FenchelYoung
from hconsist.losses.label_smoothing import LabelSmoothing
from hconsist.losses.phi import Phi
from hconsist.losses.squentropy import Squentropy
from hconsist.transforms.floors import floor

__all__ = ["Theorem", "Unproved", "theorem"]

HALF = Fraction(1, 2)
_NEVER = "no best scores put a less probable label first"


@dataclass(frozen=True)
class Theorem:
    """T = 0 exactly on [0, ``until``]: calibrated where that is 0, and else the ``witness`` shows what goes wrong."""

    status: str
    derivation: str
    """The name in :data:`hconsist.catalog.DERIVATIONS`; its steps are the proof."""
    until: Fraction | float = Fraction(0)
    witness: Witness | None = None
    level: Level = Level.SYMBOLIC
    also: str = ""
    """Where the statement was published, as recalled."""

    @property
    def reference(self) -> str:
        """The derivation and the literature."""
        literature = f"; {self.also}, recalled" if self.also else ""
        return f"derivation {self.derivation} (derived here{literature})"


@dataclass(frozen=True)
class Unproved:
    """A theorem of which a hypothesis on the user's own function is not shown."""

    missing: tuple[str, ...]
    then: str
    """What would follow."""


def theorem(loss: Loss, n_classes: int) -> Theorem | Unproved | None:
    """The theorem that decides this loss, what is missing for one, or None where no theorem speaks of the family."""
    for family, rule in _RULES:
        if isinstance(loss, family):
            return rule(loss, n_classes)
    return None


def _comp_sum(loss: Any, n: int) -> Theorem | Unproved | None:
    if loss.tau is not None:
        found = floor(loss)
        shape = {1: "c t", 2: "c t^2"}[found.exponent] + ("/(1 + t)" if found.bend else "")
        status = f"T(t) >= {shape} with c = {found.constant:.6g}, for every number of labels"
        proof = "concave_hull" if loss.tau >= 2 else "quadratic_floor" if loss.tau >= 1.5 else "square_root_bound"
        return Theorem(status, proof)
    then = f"psi' < 0 on (0, 1): {_NEVER}"
    also = "Zhang 2004 for convex psi"
    try:
        definition = loss.definition()
    except UnsupportedError:
        return Unproved(("psi' < 0 on (0, 1): psi is no formula",), then)
    (s,) = definition.symbols
    missing = _missing(definition.expression, {"psi' < 0 on (0, 1)": (1, -1, True)}, s)
    return Unproved(missing, then) if missing else Theorem(then, "calibration", also=also)


def _ranked(loss: Any, n: int) -> Theorem:
    return Theorem(f"T(t) = {floor(loss).constant:.6g} t, for every number of labels", "adversarial_comp_sum")


def _cross_entropy(loss: Any, n: int) -> Theorem | None:
    if isinstance(loss, LabelSmoothing):
        return Theorem("T > 0: it is that of cross-entropy at (1 - eps) t/M, times M > 0", "label_smoothing")
    witness = weighted(loss)
    if witness is None:
        if label_weights(loss) is None and loss.n_classes is not None:
            return None
        return Theorem("cross-entropy of an increasing function of the scores: T(t) >= t^2/2", "square_root_bound")
    status = "the best scores have the order of p times a weight of the label: T = 0 exactly on [0, (r-1)/(r+1)], "
    status += "r = (largest weight)/(least weight)"
    until: Fraction | float = witness.zero_one_regret
    if not witness.softmax:
        base, power = label_weights(loss) or ((), Fraction(0))
        until = math.tanh(abs(float(power)) * math.log(max(base) / min(base)) / 2)  # (r-1)/(r+1)
    return Theorem(status, "class_weights" if isinstance(loss, ClassWeights) else "calibration", until, witness)


def _sum(loss: Any, n: int) -> Theorem | Unproved | None:
    match loss.phi.name:
        case "logistic":
            return Theorem("T is that of cross-entropy, for every number of labels", "sum_logistic")
        case "exponential":
            return Theorem("T(t) = 1 - sqrt(1 - t^2), for every number of labels", "sum_losses")
        case "rho-margin":
            return Theorem("T(t) = t, for every number of labels", "sum_losses")
        case "squared-hinge":
            return Theorem("T(t) >= 4 t^2/(n + 2)", "sum_squared_hinge")
        case "hinge":
            status = "T = 0 exactly on [0, 1/2 - 1/n]" + (", which is {0} for two labels" if n == 2 else "")
            return Theorem(status, "calibration", HALF - Fraction(1, n), also="Liu 2007" if n > 2 else "")
    return _of_smooth(loss.phi)


def _constrained(loss: Any, n: int) -> Theorem | Unproved | None:
    match loss.phi.name:
        case "exponential" | "squared-hinge":
            return Theorem("T is at least a positive multiple of t^2, for every number of labels", "constrained_losses")
        case "hinge":
            return Theorem("T(t) >= t, for every number of labels", "constrained_hinge", also="Lee, Lin and Wahba 2004")
        case "rho-margin":
            return Theorem("T(t) = t, for every number of labels", "constrained_hinge")
    return _of_smooth(loss.phi)


def _one_versus_all(loss: Any, n: int) -> Theorem | Unproved | None:
    status = "no score tells labels of probability below 1/2 apart: T = 0 exactly on [0, 1/2] from three labels on"
    match loss.phi.name:
        case "logistic":
            return Theorem("T is twice that of cross-entropy, for every number of labels", "additive_entropies")
        case "hinge" | "rho-margin" if n == 2:
            return Theorem("of two labels one has probability above 1/2: T > 0", "calibration")
        case "hinge":
            return Theorem(status, "calibration", HALF, also="Zhang 2004")
        case "rho-margin":
            return Theorem(status, "calibration", HALF, idle_ramps(loss.phi.parameters["rho"]))
    return _of_smooth(loss.phi)


def _maximum(loss: Any, n: int) -> Theorem | Unproved | None:
    phi = loss.phi
    if phi.name == "rho-margin":
        return Theorem("T(t) = t, for every number of labels", "max_losses")
    status = "Phi is convex and differentiable at 0 with Phi'(0) < 0: "
    status += "T > 0 for two labels" if n == 2 else "equal scores are best up to max p = 1/2, T = 0 exactly on [0, 1/2]"
    also = "binary: Bartlett, Jordan and McAuliffe 2006" if n == 2 else "hinge: Liu 2007"
    missing = _missing_of(phi, bounded=False)
    if missing:
        return Unproved(missing, status) if phi.convex else None
    until, witness = (Fraction(0), None) if n == 2 else (HALF, idle_margins())
    return Theorem(status, "calibration", until, witness, also=also)


def _fenchel_young(loss: Any, n: int) -> Theorem | Unproved:
    then = "Omega is strictly convex and symmetric: the prediction has the order of the scores, and the regret is at "
    then += "least twice the Jensen gap of Omega between prediction and law"
    expression = loss.omega.expression()
    (p,) = expression.free_symbols
    missing = _missing(expression, {"omega'' > 0 on (0, 1)": (2, 1, True)}, p)
    also = "Blondel, Martins and Niculae 2020"
    return Unproved(missing, then) if missing else Theorem(then, "calibration", also=also)


def _squentropy(loss: Any, n: int) -> Theorem:
    return Theorem(f"{_NEVER}, although their softmax is not p", "calibration")


def _of_smooth(phi: Phi) -> Theorem | Unproved | None:
    then = f"Phi is convex, bounded below and differentiable with Phi'(0) < 0: {_NEVER}"
    missing = _missing_of(phi, bounded=True)
    if missing:
        return Unproved(missing, then) if phi.convex else None
    return Theorem(then, "calibration", also="Zhang 2004")


def _missing_of(phi: Phi, bounded: bool) -> tuple[str, ...]:
    """What is not shown of: convex, differentiable, Phi'(0) < 0, and bounded below if that is asked for."""
    import sympy

    from hconsist.symbolic import has_sign

    if phi.name is not None:
        return () if phi.convex else ("Phi is convex",)
    try:
        expression = phi.expression()
    except UnsupportedError:
        return ("Phi is convex: it is no formula",)
    (u,) = expression.free_symbols
    missing = _missing(expression, {"Phi is convex": (2, 1, False)}, u)
    if not bool(expression.diff(u).subs(u, 0).is_negative):
        missing += ("Phi'(0) < 0",)
    ahead = expression.subs(u, sympy.Symbol("u", nonnegative=True))  # Phi falls, so this is enough
    if bounded and not any(has_sign(ahead + c, strict=False) for c in (0, 1, 10)):
        missing += ("Phi is bounded below",)
    return missing


def _missing(expression: Any, needed: Mapping[str, tuple[int, int, bool]], symbol: Any) -> tuple[str, ...]:
    """The signs of derivatives, (order, sign, strict), that SymPy does not see; at 1/(1 + u), u > 0, for a positive
    variable, which is one of (0, 1).  Nothing is seen of a formula that might have a kink.
    """
    import sympy

    from hconsist.symbolic import has_sign, quick

    inside = {symbol: 1 / (1 + sympy.Symbol("u", positive=True))} if symbol.is_positive else {}
    smooth = _smooth_formula(expression.subs(inside))
    signed = {words: (sign * expression.diff(symbol, order).subs(inside), strict)
              for words, (order, sign, strict) in needed.items()}  # fmt: skip
    return tuple(w for w, (e, strict) in signed.items() if not (smooth and has_sign(e, strict, quick(e))))


def _smooth_formula(e: Any) -> bool:
    """Whether it is made of smooth functions, with powers and logarithms of what is positive only."""
    import sympy

    from hconsist.symbolic import has_sign

    if e.is_Symbol or e.is_number:
        return True
    if e.is_Pow and not e.args[0].is_number:
        power = e.args[1]
        inner = bool(power.is_integer and power.is_nonnegative) or has_sign(e.args[0], strict=True)
    else:
        inner = not isinstance(e, sympy.log) or has_sign(e.args[0], strict=True)
        smooth = (sympy.exp, sympy.log, sympy.sinh, sympy.cosh, sympy.tanh, sympy.atan)
        inner = inner and bool(e.is_Add or e.is_Mul or e.is_Pow or isinstance(e, smooth))
    return inner and all(map(_smooth_formula, e.args))


_RULES: tuple[tuple[type, Callable[[Any, int], Theorem | Unproved | None]], ...] = (
    (CompSum, _comp_sum),
    (RhoMarginCompSum, _ranked),
    (CrossEntropyVariant, _cross_entropy),
    (SumLoss, _sum),
    (ConstrainedLoss, _constrained),
    (OneVersusAllLoss, _one_versus_all),
    (MaxLoss, _maximum),
    (FenchelYoung, _fenchel_young),
    (Squentropy, _squentropy),
)
"""The first family that fits."""
