"""Claims of ``mao2023_cross_entropy`` on adversarial comp-sum losses.

The hypothesis set holds, at each input and for each order of the labels, a member that keeps this order with gaps of
at least rho on the whole ball of perturbed inputs (recalled: symmetric and locally rho-consistent).  The rho-margin
comp-sum loss and its supremum over the ball: derivation adversarial_comp_sum.  The smooth loss that is trained in its
place: derivation smooth_adversarial.  The margins v below are in units of rho.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial

import numpy as np
import sympy as sp

from hconsist.claims import Twin
from hconsist.derivations import adversarial_comp_sum, smooth_adversarial
from hconsist.evidence import Evidence
from hconsist.losses import RhoMarginCompSum
from hconsist.losses.adversarial import SmoothAdversarialCompSum, robust_zero_one
from hconsist.paper_checks.decisions import attained, chain, derived, fails_at, recalled
from hconsist.simulation import simulate
from hconsist.steps import Combination, Given, Identity, Sign, Words

__all__ = ["CLAIMS"]

t, v, s = sp.symbols("t v s", positive=True)
z = sp.Symbol("z", nonnegative=True)
HALF = sp.Rational(1, 2)
ge = partial(sp.Ge, evaluate=False)

# --- a surrogate without margins ---------------------------------------------------------------------------------

al = sp.Symbol("alpha", real=True, nonzero=True)
psi_1, psi_2, psi_m, psi_h, risk = sp.symbols("psi_1 psi_2 psi_m psi_h C", real=True)
CONVEX, FALLING, SEEN = ge(psi_1 + psi_2, 2 * psi_m), ge(psi_m, psi_h), ge(risk, HALF * psi_1 + HALF * psi_2)

plain_supremum = chain(
    "adversarial-margin-needed",
    "p = (1/2, 1/2, 0, ...): scores that tie labels 1 and 2 on the whole ball are optimal and robustly wrong.",
    Identity("psi''", sp.Derivative((1 - s**al) / al, (s, 2)), (1 - al) * s ** (al - 2)),
    Sign("psi is convex", ge((1 - al) * s ** (al - 2), 0), put={al: 1 - z}, text="tau = 1 + al <= 2; -log at tau = 1."),
    Given(
        "Two softmax values",
        (CONVEX, FALLING),
        text="psi is convex and decreasing; the mean of s_1 and s_2 is at most 1/2; psi_h = psi(1/2).",
    ),
    Words("One point of the ball", (SEEN,), text="The suprema of the two losses are at least their values there."),
    Combination("No scores cost less than the tie", ge(risk, psi_h), ((1, SEEN), (HALF, CONVEX), (1, FALLING))),
    Identity(
        "The tie", HALF * psi_h + HALF * psi_h, psi_h, text="Surrogate regret 0, robust zero-one regret 1 - 1/2 = 1/2."
    ),
)

# --- simulations -------------------------------------------------------------------------------------------------


def sampled_labels(factor: float = 1.0) -> Callable[[], Evidence]:
    """E[surrogate loss - best one] >= factor log 2 E[zero-one loss - best one] on sampled inputs and labels.

    Twelve inputs with laws of four labels; at each the two most probable labels are exchanged, with gaps below rho.
    """
    loss, rng = RhoMarginCompSum(1.0, 1.0), np.random.default_rng(12)
    laws, weights = rng.dirichlet(np.ones(4), 12), rng.dirichlet(np.ones(12))
    best = loss.best_scores(laws)
    exchanged = 0.45 * np.where(best == 6, 4.0, np.where(best == 4, 6.0, best))

    def draw(generator: np.random.Generator, size: int) -> np.ndarray:
        x = generator.choice(12, size, p=weights)
        y = np.sum(generator.random((size, 1)) > np.cumsum(laws[x], axis=-1)[:, :-1], axis=-1)
        excess = loss.value(exchanged[x], y) - loss.value(best[x], y)
        error = (np.argmax(exchanged[x], axis=-1) != y).astype(float) - (np.argmax(best[x], axis=-1) != y)
        return excess - factor * np.log(2) * error

    end = np.log(4) + factor * np.log(2)
    return lambda: simulate(draw, rng=2023, samples=40_000, bounds=(-end, end))


def robust_error(nu: float | None = None) -> Callable[[], Evidence]:
    """E[smooth loss / log 2 - robust zero-one loss] >= 0 for linear scores of five labels and random perturbations.

    Inputs and perturbations are uniform in cubes of half-widths 1 and 1/2; labels are the unperturbed predictions.
    """
    weights = np.random.default_rng(5).normal(scale=2.0, size=(5, 8))
    loss = SmoothAdversarialCompSum(1.0, 1.0, nu)
    widest = float(np.max(np.abs(weights[:, None] - weights).sum(axis=-1)))  # of a score difference on the cube
    largest = (np.log(1 + 4 * np.exp(widest)) + 0.5 * np.sqrt(4) * widest / 2) / np.log(2)

    def draw(generator: np.random.Generator, size: int) -> np.ndarray:
        x = generator.uniform(-1, 1, (size, 8))
        scores = x @ weights.T
        moved = (x + generator.uniform(-0.5, 0.5, (6, size, 8))) @ weights.T
        y = np.argmax(scores, axis=-1)
        return loss.value(scores, moved, y) / np.log(2) - robust_zero_one(moved, y)

    return lambda: simulate(draw, rng=2023, samples=20_000, bounds=(-1.0, largest))


# --- the claims --------------------------------------------------------------------------------------------------

ATTAINING = (1 + t) / 2 * sp.log(2) - (1 - t) / 2 * sp.log(2)
"""Surrogate regret at tau = 1 of p = ((1+t)/2, (1-t)/2, 0, ...), label 2 first with all gaps at least rho."""

CLAIMS = (
    recalled(
        "adversarial-constant",
        "Adversarial comp-sum rho-margin loss: robust zero-one regret <= surrogate regret / Phi^tau(1), every n.",
        adversarial_comp_sum.evidence,
        Twin(
            "<= Phi^tau(1) x surrogate regret: tau = 1, p = (1, 0), label 2 first by rho",
            fails_at(sp.log(2) * ATTAINING - t, t=1),
        ),
    ),
    derived(
        "adversarial-attack",
        "This holds under attack, with a robust label or none, because the loss is that of the worst perturbed input.",
        adversarial_comp_sum.evidence,
        Twin(
            "the loss at the input alone is enough: p = (1, 0), margin rho there, none at some perturbed input",
            fails_at(sp.log(1 + sp.Integer(0)) / sp.log(2) - t, t=1),
        ),
    ),
    derived(
        "adversarial-entropy",
        "Its least conditional risk is the sum of p_(k) Phi^tau(k-1), labels ranked by probability.",
        adversarial_comp_sum.evidence,
        Twin("the sum of p_(k) Phi^tau(k): tau = 1, p = (t, 1-t) = (1, 0)", fails_at(0 - t * sp.log(2), t=1)),
    ),
    derived(
        "adversarial-sharp",
        "Its transformation is T(t) = Phi^tau(1) t for every n and rho, attained by finite scores.",
        attained(adversarial_comp_sum.evidence, ATTAINING - t * sp.log(2), t=Fraction(3, 5)),
        Twin("T(t) >= 101/100 Phi^tau(1) t", lambda: adversarial_comp_sum.evidence(Fraction(101, 100))),
    ),
    derived(
        "adversarial-margin-needed",
        "The supremum of a comp-sum loss itself has no such bound, 0 <= tau <= 2: regret 0, robust regret 1/2.",
        plain_supremum,
        Twin(
            "so at tau = 3: a tie is optimal for p = (1/2, 1/2)",
            fails_at((1 - s) / 2 - (1 - s**2) / 2, s=Fraction(1, 2)),
        ),
    ),
    recalled(
        "smooth-majorant",
        "The smooth adversarial loss lies above the adversarial rho-margin loss if nu >= sqrt(n-1)/rho.",
        smooth_adversarial.evidence,
        Twin("with sqrt(n-1)/2 at tau = 0, n = 2, rho = 1", fails_at(sp.exp(-v) + v / 2 - 1, v=Fraction(1, 2))),
    ),
    derived(
        "smooth-majorant-free-of-n",
        "For tau >= 1 it is enough that nu >= 1/rho, whatever n.",
        smooth_adversarial.evidence,
        Twin("for tau = 0 too, at n = 10", fails_at(9 * sp.exp(-v) + 3 * v - 9, v=Fraction(1, 2))),
    ),
    derived(
        "smooth-least-weight",
        "For 1 <= tau <= 2 it is enough that nu >= 2^(-tau)/rho, whatever n, and no smaller nu will do.",
        smooth_adversarial.evidence,
        Twin("98/100 of it will do at tau = 1", lambda: smooth_adversarial.evidence(Fraction(98, 100))),
    ),
    derived(
        "sampled-labels",
        "The bound with 1/Phi^tau(1) on a finite distribution of twelve inputs, labels drawn at random.",
        sampled_labels(),
        Twin("with 1/(2 Phi^tau(1))", sampled_labels(factor=2.0)),
    ),
    derived(
        "robust-error",
        "Robust error rate <= mean smooth loss / Phi^tau(1), linear scores, perturbations drawn at random.",
        robust_error(),
        Twin("without the term of nu", robust_error(nu=0.0)),
    ),
)
