"""Mao, Mohri and Zhong, "H-Consistency Bounds: Characterization and Extensions" (NeurIPS 2023): error transformations.

Only the abstract has been read; transformations marked ``second_hand`` are as a public tutorial reports them.  They
are stated for any number n of labels.  For bounded scores the exact statement has not been seen: what is decided is
whether any transformation that is positive near zero can be right.  Every claim has a false twin.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import (
    bounded_zero_interval,
    concave_hull,
    constrained_growth,
    constrained_hinge,
    constrained_losses,
    freezing,
    sum_losses,
)
from hconsist.derivations.constrained_growth import EXPONENTIAL_LAW, SQUARED_HINGE_LAW, n, q0, t
from hconsist.derivations.links import proof, theorem
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import abstract, chain, cited, derived, fails_at, refuted, second_hand, together
from hconsist.steps import Combination, Given, Identity, Sign

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="mao2023_characterization",
    title="H-Consistency Bounds: Characterization and Extensions",
    authors="Anqi Mao, Mehryar Mohri, Yutao Zhong",
    year=2023,
    url="https://openreview.net/forum?id=nI7EmXq2PL",
    seen="abstract",
)

p1, p2, p3 = sp.symbols("p_1 p_2 p_3", nonnegative=True)
x, y = sp.symbols("x y", nonnegative=True)
HALF, SMALL = Fraction(1, 2), Fraction(1, 10)
GAP, MORE = p1 - p2, sp.Rational(101, 100)
UNIFORM = {q0: (n - 1) / n}
TWO = {"p_1": Fraction(3, 5), "p_2": Fraction(2, 5)}

# --- comp-sum losses ---------------------------------------------------------------------------------------------

TIED_LOGISTIC = sp.log(2) + p1 * sp.log(p1) + p2 * sp.log(p2)
TIED_EXPONENTIAL = 1 - ((sp.sqrt(p1) + sp.sqrt(p2)) ** 2 - 1)
"""Surrogate regrets of two tied labels: logistic and sum-exponential."""
LOGISTIC = ((1 + t) * sp.log(1 + t) + (1 - t) * sp.log(1 - t)) / 2
logistic = chain(
    "comp-sum-logistic",
    "Logistic loss: T_n(t) = ((1+t) log(1+t) + (1-t) log(1-t))/2 for every n.",
    theorem(freezing, "The same for the logarithm", text="T_n is the two-label curve R_1 for every n."),
    Identity("The curve", TIED_LOGISTIC, LOGISTIC, put={p1: (1 + t) / 2, p2: (1 - t) / 2, t: 1 / (1 + y)},
             text="s = p is the free minimiser of two labels, a tie costs log 2."),
)  # fmt: skip

_COMP_SUM = (
    derived(
        "comp-sum-frozen",
        "Comp-sum losses, psi convex and nonincreasing: T_n(t) is at least the infimum over 0 < Sigma <= 1 of the "
        "two-label regrets R_Sigma(t) at softmax mass Sigma, and equal to R_1 if -1/psi' is convex and 0 at 0.",
        proof(freezing).run,
        Twin(
            "equal to R_1 for the mean absolute error too (-1/psi' = 1 is not 0 at 0): T_3(1/2) = 1/4, at "
            "p = (1/2, 1/2, 0) with label 3 predicted and all softmax entries 1/3",
            fails_at((1 - sp.Rational(1, 3)) - (1 - p1) - p1 / 2, p_1=HALF, p_2=HALF, p_3=0),
        ),
    ),
    second_hand(
        "comp-sum-exponential",
        "Sum exponential: T(t) = 1 - sqrt(1-t^2) for every n.",
        sum_losses.exponential_evidence,
        Twin("with 101/100", fails_at(TIED_EXPONENTIAL - MORE * (1 - sp.sqrt(1 - GAP**2)), **TWO)),
    ),
    second_hand(
        "comp-sum-logistic",
        "Logistic loss: T(t) = ((1+t) log(1+t) + (1-t) log(1-t))/2 for every n.",
        logistic,
        Twin("with 101/100", fails_at(TIED_LOGISTIC - MORE * LOGISTIC.subs(t, GAP), **TWO)),
    ),
    second_hand(
        "comp-sum-mae",
        "Mean absolute error: T(t) = t/n is valid for every n.",
        concave_hull.mae_evidence,
        Twin("T(t) = t/2 at n = 3, for p = (1/2, 1/2, 0), label 3 predicted", fails_at(
            (1 - sp.Rational(1, 3)) - (1 - p1) - (p1 - p3) / 2, p_1=HALF, p_2=HALF, p_3=0)),
    ),
)  # fmt: skip

# --- constrained losses ------------------------------------------------------------------------------------------

PUBLISHED_EXPONENTIAL = 2 - sp.sqrt(4 - t**2)
PUBLISHED_SQUARED_HINGE = t**2 / 2
ratio = chain(
    "constrained-ratio",
    "The exact coefficients at zero are n/(n-1) times the published ones, which are their limits for many labels.",
    Identity("Exponential, published", sp.Limit(PUBLISHED_EXPONENTIAL / t**2, t, 0, "+"), sp.Rational(1, 4)),
    Identity("Exponential", n / (4 * (n - 1)), n / (n - 1) * sp.Rational(1, 4)),
    Identity("Squared hinge", n / (2 * (n - 1)), n / (n - 1) * (PUBLISHED_SQUARED_HINGE / t**2)),
    Identity("Many labels", sp.Limit(n / (n - 1), n, sp.oo, "-"), 1),
    Sign("Few labels", sp.Gt(n / (n - 1), 1, evaluate=False), put={n: 2 + x}),
)

_CONSTRAINED = (
    second_hand(
        "constrained-exponential",
        "Constrained exponential: T(t) = 2 - sqrt(4-t^2) is valid for every n.",
        constrained_losses.exponential_evidence,
        Twin("3/2 of it, at n = 4", fails_at(
            EXPONENTIAL_LAW.subs(UNIFORM) - sp.Rational(3, 2) * PUBLISHED_EXPONENTIAL, n=4, t=SMALL)),
    ),
    second_hand(
        "constrained-squared-hinge",
        "Constrained squared hinge: T(t) = t^2/2 is valid for every n.",
        constrained_losses.squared_hinge_evidence,
        Twin("3/2 of it, at n = 4", fails_at(
            SQUARED_HINGE_LAW.subs(UNIFORM) - sp.Rational(3, 2) * PUBLISHED_SQUARED_HINGE, n=4, t=SMALL)),
    ),
    second_hand(
        "constrained-hinge",
        "Constrained hinge: T(t) = t is valid for every n.",
        constrained_hinge.hinge_evidence,
        Twin("101/100 of it, at n = 3, p = (1/2, 1/2, 0), all scores 0, label 3 predicted", fails_at(
            (2 - 3 * (1 - p1)) - MORE * (p1 - p3), p_1=HALF, p_2=HALF, p_3=0)),
    ),
    second_hand(
        "constrained-rho-margin",
        "Constrained rho-margin: T(t) = t for every n.",
        constrained_hinge.rho_margin_evidence,
        Twin("101/100 of it", fails_at((1 - p2) - (1 - p1) - MORE * GAP, **TWO)),
    ),
    derived(
        "constrained-not-exact",
        "For fixed n the transformations 2 - sqrt(4-t^2) and t^2/2 are not exact: T_n(t)/t^2 tends to n/(n-1) times "
        "their coefficients, which are the limits for n to infinity; T_n(1) is n 4^(-1/n) and n^2/(n+2).",
        together(
            constrained_growth.exponential_evidence,
            constrained_growth.squared_hinge_evidence,
            constrained_growth.full_regret_evidence,
            ratio,
        ),
        Twin("T_3(1) = 2 - sqrt(3), at p = e_1 with labels 1 and 2 tied (regret 3 x 4^(-1/3))", fails_at(
            p1 * (2 - sp.sqrt(3)) - 3 * p1 * 4 ** sp.Rational(-1, 3), p_1=1)),
    ),
)  # fmt: skip

# --- bounded scores ----------------------------------------------------------------------------------------------


def positive_at(level: Fraction) -> Evidence:
    """Whether T(t) > 0 at ``level`` for three labels and exp(2 Lambda) = 2: first-order conditions in fractions.

    The softmax of (Lambda, Lambda, -Lambda) is (2/5, 2/5, 1/5); the tie is optimal for p = ((1+t)/2, (1-t)/2, 0) if the
    derivative softmax - p is at most 0 where a score is at the ceiling and at least 0 where it is at the floor.
    """
    law = ((1 + level) / 2, (1 - level) / 2, Fraction(0))
    softmax = (Fraction(2, 5), Fraction(2, 5), Fraction(1, 5))
    slopes = tuple(s - p for s, p in zip(softmax, law))
    if slopes[0] <= 0 and slopes[1] <= 0 and slopes[2] >= 0:
        named = {"p": law, "softmax": softmax, "derivative": slopes}
        shown = {name: "(" + ", ".join(map(str, values)) + ")" for name, values in named.items()}
        witness = {
            **shown,
            "scores": "(Lambda, Lambda, -Lambda)",
            "surrogate regret": "0",
            "zero-one regret": str(level),
        }
        return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=1, slack=0.0, witness=witness)
    return Evidence(Verdict.INCONCLUSIVE, Level.SYMBOLIC, points=1, reason="the tie is not optimal at this law")


_BOUNDED = (
    refuted(
        "bounded-positive-near-zero",
        "Cross-entropy, scores in [-Lambda, Lambda], n >= 3: some transformation that is positive on (0, 1] is valid "
        "(as the reported truncated transformations are; their exact form was not seen).",
        lambda: positive_at(Fraction(1, 5)),
        Twin("one that is positive at t = 1/10", lambda: positive_at(SMALL)),
        corrected_by="bounded-zero-interval",
    ),
    derived(
        "bounded-zero-interval",
        "Scores in [-Lambda, Lambda], psi convex and differentiable with psi' < 0: T(t) = 0 exactly for "
        "t <= t_0 = (n-2)/(2 exp(2 Lambda) + n - 2), so every bound has Gamma(0) >= t_0; t_0 = 0 at n = 2.",
        proof(bounded_zero_interval).run,
        Twin(
            "cross-entropy, n = 3, exp(2 Lambda) = 2: the tie (2, 2, 1)/5 is no worse than (14, 9, 7)/30 for the law "
            "(7/10, 3/10, 0), t = 2/5 beyond t_0 = 1/5",
            fails_at(
                p1 * sp.log(sp.Rational(2, 5) / sp.Rational(14, 30))
                + p2 * sp.log(sp.Rational(2, 5) / sp.Rational(9, 30)),
                p_1=Fraction(7, 10),
                p_2=Fraction(3, 10),
                p_3=0,
            ),
        ),
    ),
)

# --- excess bounds -----------------------------------------------------------------------------------------------

risk, best, gap, mean, bayes, least = sp.symbols("R_l R_l*(H) M_l(H) E_H E R_l*", real=True)
_definition = sp.Eq(gap, best - mean, evaluate=False)
_complete = (sp.Eq(mean, bayes, evaluate=False), sp.Eq(least, bayes, evaluate=False))
excess = chain(
    "complete-is-excess",
    "R_l(h) - R_l*(H) + M_l(H) = R_l(h) - R_l* where H reaches the least conditional risk at every input.",
    Given("The gap", (_definition,), text="E_H: mean over inputs of the infimum over H of the conditional risk."),
    Given("Completeness", _complete, text="At every input that infimum is the least conditional risk, with mean R_l*."),
    Combination("The excess error", sp.Eq(risk - best + gap, risk - least, evaluate=False),
                ((1, _definition), (-1, _complete[0]), (1, _complete[1]))),
)  # fmt: skip
Lam = sp.Symbol("Lambda", positive=True)
NOT_COMPLETE = fails_at(-sp.log(1 + sp.exp(-2 * Lam)), "cross-entropy, two labels, p = (1, 0)", Lambda=1)

_EXCESS = (
    abstract(
        "earlier-bound-is-excess",
        "An earlier multi-class H-consistency bound for cross-entropy reduces to an excess bound.",
        cited("the earlier bound is not named in the abstract; see the next claim for what can be checked"),
        Twin("for scores in [-1, 1] the least conditional risk of H is that of all functions", NOT_COMPLETE),
    ),
    derived(
        "complete-is-excess",
        "For complete hypothesis sets the estimation error plus minimizability gap is the excess error, for any loss.",
        excess,
        Twin("for scores in [-1, 1] too", NOT_COMPLETE),
    ),
)

CLAIMS = (*_COMP_SUM, *_CONSTRAINED, *_BOUNDED, *_EXCESS)
