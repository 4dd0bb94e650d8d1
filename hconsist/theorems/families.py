"""The other families: which theorem gives T for every n, and what it says of n.

Where two values are compared they are balls of closed forms; T_2 is that of the only law with p_1 - p_2 = t.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import sympy
from flint import arb

from hconsist.definitions import compile_expression, precision, to_ball
from hconsist.engine.oracles import oracle
from hconsist.evidence import Level
from hconsist.expressions import variable
from hconsist.losses import ConstrainedLoss, Loss, MaxLoss, OneVersusAllLoss, RhoMarginCompSum, SumLoss
from hconsist.losses.class_weights import ClassWeights
from hconsist.losses.fenchel_young import Entmax, FenchelYoung
from hconsist.losses.label_smoothing import LabelSmoothing
from hconsist.losses.temperature import Temperature
from hconsist.theorems.comp_sum import Decision
from hconsist.theorems.result import Answer, Attempt, Hypothesis, Status, Witness
from hconsist.theorems.signs import decide

__all__ = ["family"]

BITS = 128
HALF, ONE, ZERO = Fraction(1, 2), Fraction(1), Fraction(0)


def family(loss: Loss) -> Decision | None:
    """What is proved of this loss; None where no theorem speaks of its family."""
    for kind, rule in _RULES:
        if isinstance(loss, kind):
            with precision(BITS):
                return rule(loss)
    return None


def _same(theorem: str, derivation: str, *hypotheses: Hypothesis) -> Decision:
    return Decision((Attempt(theorem, derivation, hypotheses),))


def _other(theorem: str, derivation: str, witness: Witness, *hypotheses: Hypothesis) -> Decision:
    """T depends on n: the two values of the witness differ in balls."""
    apart = Hypothesis("the two values differ", Status.PROVED, "balls")
    return Decision((Attempt(theorem, derivation, (*hypotheses, apart), Answer.DEPENDENT),), witness)


def _less(n: int, t: Fraction, below: arb, above: arb, law: tuple[Fraction, ...] = ()) -> Witness:
    """T_n(t) <= below < above <= T_2(t)."""
    return _witness(n, t, below, above, law, larger=False)


def _more(n: int, t: Fraction, below: arb, above: arb) -> Witness:
    """T_2(t) <= below < above <= T_n(t)."""
    return _witness(n, t, below, above, (), larger=True)


def _witness(n: int, t: Fraction, below: arb, above: arb, law: tuple[Fraction, ...], larger: bool) -> Witness:
    if not below < above:
        raise ArithmeticError(f"the two values are not apart: {below} and {above}")
    return Witness(n, t, float(below.upper()), float(above.lower()), law, larger=larger)


def _cross_entropy(t: arb) -> arb:
    """T_CE(t) = ((1+t) log(1+t) + (1-t) log(1-t))/2 for 0 < t < 1."""
    return ((1 + t) * (1 + t).log() + (1 - t) * (1 - t).log()) / 2


def _label_smoothing(loss: LabelSmoothing) -> Decision:
    eps, t = Fraction(loss.eps), HALF
    name = "T = M T_CE((1-eps) t/M), M = 1 - (n-2) eps/n"
    if eps == 0:
        return _same(name, "label_smoothing")
    gap, mass = to_ball((1 - eps) * t), to_ball(1 - eps / 3)
    return _other(name, "label_smoothing", _more(3, t, _cross_entropy(gap), mass * _cross_entropy(gap / mass)))


def _temperature(loss: Temperature) -> Decision:
    return _same("T is that of cross-entropy, the scores being h/T (Theorem 2)", "freezing")


def _class_weights(loss: ClassWeights) -> Decision:
    return _same("T depends on the largest and the least weight only", "class_weights")


def _ranked(loss: RhoMarginCompSum) -> Decision:
    return _same("T(t) = Phi^tau(1) t", "adversarial_comp_sum")


def _binary(loss: Any, t: Fraction, candidates: tuple[Fraction, ...]) -> arb:
    """Phi(0) - min over these u of (1+t)/2 Phi(u) + (1-t)/2 Phi(-u), a lower bound of T_2 for a convex Phi."""
    expression = loss.phi.expression()
    (u,) = expression.free_symbols
    phi = compile_expression(expression, (u,)).arb
    top = loss.phi.branch.upper  # beyond it Phi is constant

    def value(x: Fraction) -> arb:
        return phi(to_ball(x)) if x <= top else to_ball(Fraction(loss.phi.limit))

    first, second = (to_ball(p) for p in ((1 + t) / 2, (1 - t) / 2))
    best = None
    for x in candidates:
        gain = value(ZERO) - first * value(x) - second * value(-x)
        best = gain if best is None or gain > best else best
    assert best is not None
    return best


_MARGINS = tuple(Fraction(k, 8) for k in range(1, 17))


def _sum(loss: SumLoss) -> Decision | None:
    match loss.phi.name:
        case "logistic":
            return _same("T = T_CE", "sum_logistic")
        case "exponential":
            return _same("the comp-sum loss with tau = 0: T(t) = 1 - sqrt(1 - t^2)", "sum_losses")
        case "rho-margin":
            return _same("T(t) = t", "sum_losses")
        case "squared-hinge":
            t = Fraction(1, 5)
            law = (Fraction(59, 100), Fraction(39, 100), Fraction(1, 50))
            witness = _less(3, t, oracle(loss).regret(law), _binary(loss, t, (t,)), law)
            return _other("T_n(t)/t^2 tends to 4/(n+2)", "sum_squared_hinge", witness)
        case "hinge":
            t = Fraction(1, 6)
            witness = _less(3, t, to_ball(0), _binary(loss, t, (ONE,)), (HALF, Fraction(1, 3), Fraction(1, 6)))
            return _other("T = 0 exactly on [0, 1/2 - 1/n]", "sum_hinge", witness)
    return None


def _constrained(loss: ConstrainedLoss) -> Decision | None:
    t, q0 = HALF, Fraction(2, 3)
    above = to_ball(q0 * t**2 / (4 * q0**2 - t**2))
    match loss.phi.name:
        case "exponential":
            witness = _less(3, t, above, 1 - to_ball(1 - t**2).sqrt())
            return _other("T_n(t)/t^2 tends to n/(4(n-1))", "constrained_growth", witness)
        case "squared-hinge":
            witness = _less(3, t, 2 * above, to_ball(t**2))
            return _other("T_n(t)/t^2 tends to n/(2(n-1))", "constrained_growth", witness)
        case "hinge":
            witness = _more(3, ONE, to_ball(1), to_ball(Fraction(3, 2)))
            return _other("n times that of the mean absolute error: T_n(1) = n/2", "constrained_hinge", witness)
        case "rho-margin":
            return _same("T(t) = t", "constrained_hinge")
        case "logistic":
            law = (Fraction(7, 12), Fraction(1, 12), Fraction(1, 3))
            witness = _less(3, t, oracle(loss).regret(law), _binary(loss, t, _MARGINS), law)
            return _other("T_3(t) < T_2(t) at a law of 3 labels", "enclosing", witness)
    return None


def _one_versus_all(loss: OneVersusAllLoss) -> Decision | None:
    name = "additive entropy: eta'(c+h) + eta'(c-h) >= 2 eta'(c), h <= c <= 1/2"
    match loss.phi.name:
        case "logistic":
            return _same("T = 2 T_CE", "additive_entropies")
        case "squared-hinge":
            how = "eta(p) = 4 p (1-p): eta' is affine"
            shape = Hypothesis(name.partition(": ")[2], Status.PROVED, how, level=Level.SYMBOLIC)
            return _same(name, "additive_entropies", shape)
        case "exponential":
            p = variable("p")
            third = (2 * sympy.sqrt(p * (1 - p))).diff(p, 3)
            bends = decide("eta' is convex on (0, 1/2], eta = 2 sqrt(p (1-p)) symmetric about 1/2", third, p, HALF)
            return _same(name, "n_independence", bends)
        case "hinge" | "rho-margin":  # T_2(t) is 2t and t
            above = ONE if loss.phi.name == "hinge" else HALF
            witness = _less(3, HALF, to_ball(0), to_ball(above), (HALF, ZERO, HALF))
            return _other("T = 0 on [0, 1/2] from three labels on, not for two", "calibration", witness)
    return None


def _maximum(loss: MaxLoss) -> Decision | None:
    if loss.phi.name == "rho-margin":
        return _same("T(t) = t", "max_losses")
    if loss.phi.name is None:  # of the user's Phi nothing is proved here
        return None
    witness = _less(3, HALF, to_ball(0), _binary(loss, HALF, _MARGINS), (HALF, ZERO, HALF))
    return _other("Phi convex: T = 0 on [0, 1/2] from three labels on, not for two", "max_losses", witness)


def _fenchel_young(loss: FenchelYoung) -> Decision | None:
    expression = loss.omega.expression()
    (p,) = expression.free_symbols
    strict = decide("omega'' > 0 on (0, 1)", expression.diff(p, 2), p, strict=True)
    falling = decide("omega''' <= 0 on (0, 1): eta' = -omega' + c is convex", -expression.diff(p, 3), p)
    name = "additive entropy sum eta(p_i), eta' convex: T(t) = 2 eta(1/2) - eta((1+t)/2) - eta((1-t)/2)"
    attempt = Attempt(name, "additive_entropies", (strict, falling))
    if isinstance(loss, Entmax) and loss.alpha > 2:
        found = _entmax(Fraction(loss.alpha))
        if found is not None:
            return Decision((attempt, *found.attempts), found.witness)
    return Decision((attempt,))


def _entmax(alpha: Fraction) -> Decision | None:
    """T_3(t) <= (1/3 + t/2)^(alpha-2) t^2/4 for t <= 2/3, against T_2(t) of the two-label law."""
    a = to_ball(alpha)
    for t in (Fraction(1, 4), Fraction(1, 10), Fraction(1, 50)):
        x = to_ball(t)
        below = to_ball(Fraction(1, 3) + t / 2) ** (a - 2) * x**2 / 4
        above = ((1 + x) ** a + (1 - x) ** a - 2) / (2**a * a * (a - 1))
        if below < above:
            needed = Hypothesis("alpha > 2", Status.PROVED, f"alpha = {float(alpha):g}", level=Level.SYMBOLIC)
            name = "entmax beyond alpha = 2: 4 T_n(t)/t^2 <= (1/n + t/2)^(alpha-2) for t <= 2/n"
            return _other(name, "additive_entropies", _less(3, t, below, above), needed)
    return None


_RULES: tuple[tuple[type[Loss], Callable[[Any], Decision | None]], ...] = (
    (LabelSmoothing, _label_smoothing),
    (Temperature, _temperature),
    (ClassWeights, _class_weights),
    (RhoMarginCompSum, _ranked),
    (SumLoss, _sum),
    (ConstrainedLoss, _constrained),
    (OneVersusAllLoss, _one_versus_all),
    (MaxLoss, _maximum),
    (FenchelYoung, _fenchel_young),
)
