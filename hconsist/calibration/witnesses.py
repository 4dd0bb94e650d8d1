"""Witnesses of families that need no search, and the second look at any witness.

:func:`recheck` starts from the loss and the numbers of the witness alone, in fractions wherever the proof is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

from flint import arb

from hconsist.calibration.polyhedral import polyhedral
from hconsist.calibration.result import Proof, Witness
from hconsist.calibration.search import least_risk
from hconsist.definitions import precision, to_ball
from hconsist.losses import Loss, MaxLoss, OneVersusAllLoss
from hconsist.losses.class_weights import ClassWeights
from hconsist.losses.logit_adjustment import LogitAdjustment

__all__ = ["NOISE", "idle_margins", "idle_ramps", "label_weights", "recheck", "weighted"]

HALF, ONE, ZERO = Fraction(1, 2), Fraction(1), Fraction(0)
NOISE = 1e-9
"""A numeric surrogate regret up to here, relative to 1 + |entropy|, counts as 0; 0.05 of zero-one regret costs usual
losses 1e-4 at least."""


def idle_margins() -> Witness:
    """Max losses of a convex Phi, n >= 3: all scores 0, though label 2 has probability 0."""
    multipliers = ((0, 2, HALF), (2, 0, HALF))
    return Witness((HALF, ZERO, HALF), 1, (ZERO,) * 3, Proof.MARGINS, multipliers=multipliers)


def idle_ramps(rho: float) -> Witness:
    """One-versus-all rho-margin losses, n >= 3: no label has probability above 1/2, all scores are -rho."""
    return Witness((HALF, ZERO, HALF), 1, (-Fraction(rho),) * 3, Proof.BREAKPOINTS)


def label_weights(loss: Loss) -> tuple[tuple[Fraction, ...], Fraction] | None:
    """(base, power): the best scores are log(p base^power) up to a shift; parameters as the decimals one reads.

    Class weights have base w and power 1; logit adjustment has base 1/prior and its strength as power.
    """
    if isinstance(loss, ClassWeights):
        return tuple(Fraction(repr(w)) for w in loss.w), ONE
    if isinstance(loss, LogitAdjustment):
        return tuple(1 / Fraction(repr(p)) for p in loss.prior), Fraction(repr(loss.strength))
    return None


def weighted(loss: Loss) -> Witness | None:
    """Label weights: two labels, that of the largest weight less probable; None where all weights are equal.

    With r = (largest/least) weight the law (r, 1)/(1 + r) ties them; r is rounded down where it is no fraction.
    """
    found = label_weights(loss)
    if found is None or len(set(found[0])) == 1 or found[1] == 0:
        return None
    base, power = found
    heavy, light = base.index(max(base)), base.index(min(base))
    if power < 0:
        heavy, light = light, heavy
    ratio = _power(max(base) / min(base), abs(power))
    law = [ZERO] * len(base)
    law[light], law[heavy] = ratio / (1 + ratio), 1 / (1 + ratio)
    softmax = [ZERO] * len(base)
    softmax[light] = softmax[heavy] = HALF
    exact = power.denominator == 1
    return Witness(tuple(law), heavy, (), Proof.GIBBS, softmax=tuple(softmax) if exact else ())


def recheck(loss: Loss, witness: Witness) -> bool:
    """Whether the witness shows that the loss is not calibrated, by the proof that it names.

    The law is one, the label has a largest score, it is not among the most probable ones, and the scores are best:

    * linear minorant: in fractions, an affine function below all conditional risks that is constant and equal to the
      risk of the scores;
    * mean margin: sum_y p_y m_y(h) <= 0 for all scores, since each margin is at most a mean of differences that cancel;
      so a convex nonincreasing Phi has risk at least Phi(0), that of equal scores;
    * Gibbs' inequality: the softmax that the loss sees is proportional to the weighted law;
    * breakpoints: a sum of functions of one score each, piecewise linear, each at its least breakpoint;
    * numeric minimisation, from starts of its own: no risk is lower by more than :data:`NOISE`.
    """
    law = witness.law
    if any(p < 0 for p in law) or sum(law) != 1 or witness.zero_one_regret <= 0:
        return False
    predicted = witness.softmax or witness.scores
    if predicted and predicted[witness.label] != max(predicted):
        return False
    return _CHECKS[witness.proof](loss, witness)


def _minorant(loss: Loss, witness: Witness) -> bool:
    exact = polyhedral(loss, len(witness.law))
    if exact is None or (exact.zero_sum and sum(witness.scores) != 0):
        return False
    bound = exact.least(witness.law, witness.multipliers)
    return bound is not None and bound == exact.risk(witness.law, witness.scores)


def _margins(loss: Loss, witness: Witness) -> bool:
    labels = range(len(witness.law))
    out, into = [ZERO] * len(witness.law), [ZERO] * len(witness.law)
    for label, rival, value in witness.multipliers:
        if value < 0 or label == rival:
            return False
        out[label] += value
        into[rival] += value
    balanced = all(out[y] == into[y] == witness.law[y] for y in labels)
    convex = isinstance(loss, MaxLoss) and loss.phi.convex
    return convex and balanced and not any(witness.scores) and len(witness.law) > 2


def _gibbs(loss: Loss, witness: Witness) -> bool:
    found = label_weights(loss)
    if found is None or len(found[0]) != len(witness.law):
        return False
    base, power = found
    own = witness.label
    with precision(256):
        seen = [to_ball(p) * to_ball(w) ** to_ball(power) if p else to_ball(ZERO) for p, w in zip(witness.law, base)]
        if not all(_at_least(seen[own], other, base, power, witness.law, own, k) for k, other in enumerate(seen)):
            return False
    if not witness.softmax:
        return True
    weights = [p * w ** int(power) for p, w in zip(witness.law, base)]
    return all(s * sum(weights) == w * sum(witness.softmax) for s, w in zip(witness.softmax, weights))


def _at_least(
    first: arb, second: arb, base: tuple[Fraction, ...], power: Fraction, law: tuple[Fraction, ...], i: int, k: int
) -> bool:
    """p_i base_i^power >= p_k base_k^power, in fractions where the power is whole."""
    if power.denominator == 1:
        return law[i] * base[i] ** int(power) >= law[k] * base[k] ** int(power)
    return i == k or bool(first >= second)


def _breakpoints(loss: Loss, witness: Witness) -> bool:
    if not isinstance(loss, OneVersusAllLoss) or loss.phi.name != "rho-margin" or len(witness.law) < 3:
        return False
    rho = Fraction(loss.phi.parameters["rho"])

    def ramp(u: Fraction) -> Fraction:
        return min(ONE, max(ZERO, 1 - u / rho))

    def cost(p: Fraction, u: Fraction) -> Fraction:
        return p * ramp(u) + (1 - p) * ramp(-u)

    return all(
        cost(p, h) == min(cost(p, u) for u in (-rho, ZERO, rho)) for p, h in zip(witness.law, witness.scores)
    )  # fmt: skip


def _numeric(loss: Loss, witness: Witness) -> bool:
    import numpy as np

    law, scores = (np.array([float(x) for x in part]) for part in (witness.law, witness.scores))
    risk = float(loss.conditional_risk(scores, law))
    least = least_risk(loss, law, np.random.default_rng(1))[0]
    return risk - least <= NOISE * (1 + abs(least))


_CHECKS: dict[Proof, Callable[[Loss, Witness], bool]] = {
    Proof.MINORANT: _minorant,
    Proof.MARGINS: _margins,
    Proof.GIBBS: _gibbs,
    Proof.BREAKPOINTS: _breakpoints,
    Proof.NUMERIC: _numeric,
}


def _power(ratio: Fraction, power: Fraction) -> Fraction:
    """ratio^power for ratio > 1 and power > 0; where it is no fraction, 1 + d with d rounded down to six digits."""
    if power.denominator == 1:
        return ratio ** int(power)
    with precision(256):
        beyond = min(float((to_ball(ratio) ** to_ball(power) - 1).lower()), 1e9)  # more makes hardly a difference
    unit = Fraction(10) ** (math.floor(math.log10(beyond)) - 5)
    return 1 + math.floor(Fraction(beyond) / unit) * unit
