"""Awasthi, Mao, Mohri and Zhong, "Multi-Class H-Consistency Bounds" (NeurIPS 2022): max, sum and constrained losses.

Only the abstract has been read; the bounds marked ``second_hand`` are as a public tutorial reports them, for symmetric
and complete hypothesis sets and any number n of labels.  Where such a bound fails, the form that holds stands beside
it, and the paper itself is not called wrong.  Every claim has a false twin, with the law at which it fails.

Notation: p is the conditional law with p_1 its largest entry, b a surrogate regret, t a zero-one regret.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import adversarial_margins, max_losses, sum_hinge, sum_losses, sum_squared_hinge
from hconsist.derivations.sum_squared_hinge import REGRET, n, t
from hconsist.paper_checks import awasthi2022_constrained
from hconsist.paper_checks.decisions import derived, fails_at, recalled, refuted, second_hand

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="awasthi2022_multiclass",
    title="Multi-Class H-Consistency Bounds",
    authors="Pranjal Awasthi, Anqi Mao, Mehryar Mohri, Yutao Zhong",
    year=2022,
    url="https://openreview.net/forum?id=06OVtS901hF",
    seen="abstract",
)

p1, p2, p3, p4 = sp.symbols("p_1 p_2 p_3 p_4", nonnegative=True)
HALF, THIRD, QUARTER = Fraction(1, 2), Fraction(1, 3), Fraction(1, 4)
MORE = sp.Rational(101, 100)

GAP = p1 - p2
"""The zero-one regret where label 2 is predicted."""
RHO_MARGIN = p1 - p2
"""Surrogate regret of the rho-margin losses, two labels, label 2 predicted with margin rho: 1 - p_2 minus 1 - p_1."""
ZERO_SCORES = (p1 + p2 + p3) - 1
"""Max hinge, all scores 0: risk minus the least risk, which is 1 at laws with p_1 <= 1/2 (derivation max_losses)."""
SUM_EXPONENTIAL = 1 - ((sp.sqrt(p1) + sp.sqrt(p2)) ** 2 - 1)
"""Sum exponential, two labels tied."""
SUM_SQUARED_HINGE = 1 - 4 * p1 * p2
"""Sum squared hinge, two labels tied: risk 1, least risk 4 p_1 p_2."""
SUM_HINGE_THREE = (p1 + p2 + 4 * p3) - (p1 + 2 * p2 + 2 * p3)
"""Sum hinge at (1, 1, 0), minus the lower bound of derivation sum_hinge, which holds at the law (1/2, 1/3, 1/6)."""
SUM_HINGE_FOUR = (p1 + p2 + 5 * (p3 + p4)) - (p1 + 3 * p2 + 3 * (p3 + p4))
"""The same at (1, 1, 0, 0) and the law (1/2, 1/4, 1/8, 1/8)."""
TWO = {"p_1": Fraction(3, 5), "p_2": Fraction(2, 5)}

_MAX_AND_SUM = (
    second_hand(
        "max-rho-margin",
        "Max rho-margin loss: zero-one regret <= b, for every n.",
        max_losses.rho_margin_evidence,
        Twin("zero-one regret <= b/1.01", fails_at(RHO_MARGIN - MORE * GAP, **TWO)),
    ),
    second_hand(
        "max-convex-impossible",
        "Max losses with convex nonincreasing Phi, n >= 3: no bound with Gamma(x) < 1/2 for some x > 0 holds.",
        max_losses.impossibility_evidence,
        Twin(
            "zero-one regret <= 100 b for the max hinge",
            fails_at(ZERO_SCORES - (p1 - p3) / 100, p_1=HALF, p_2=HALF, p_3=0),
        ),
    ),
    derived(
        "max-deterministic",
        "Max losses with nonincreasing Phi, deterministic labels: zero-one regret <= b/(Phi(0) - inf Phi).",
        max_losses.deterministic_evidence,
        Twin(
            "the same for all laws, for the max hinge",
            fails_at(ZERO_SCORES - (p1 - p3), p_1=HALF, p_2=HALF, p_3=0),
        ),
    ),
    second_hand(
        "sum-rho-margin",
        "Sum rho-margin loss: zero-one regret <= b, for every n.",
        sum_losses.rho_margin_evidence,
        Twin("zero-one regret <= b/1.01", fails_at(RHO_MARGIN - MORE * GAP, **TWO)),
    ),
    second_hand(
        "sum-exponential",
        "Sum exponential loss: zero-one regret <= sqrt(2b), for every n.",
        sum_losses.exponential_evidence,
        Twin("zero-one regret <= sqrt(b)", fails_at(SUM_EXPONENTIAL - GAP**2, p_1=Fraction(3, 4), p_2=QUARTER)),
    ),
    refuted(
        "sum-squared-hinge-reported",
        "Sum squared hinge loss: zero-one regret <= sqrt(b), for every n (as reported).",
        sum_squared_hinge.reported_evidence,
        Twin("zero-one regret <= sqrt(b/1.01) at n = 2", fails_at(SUM_SQUARED_HINGE - MORE * GAP**2, **TWO)),
        corrected_by="sum-squared-hinge",
    ),
    derived(
        "sum-squared-hinge",
        "Sum squared hinge loss: zero-one regret <= sqrt((n+2) b)/2, for every n; this is sqrt(b) at n = 2.",
        sum_squared_hinge.squared_hinge_evidence,
        Twin(
            "with 103/100 in T_n >= 4 t^2/(n+2)", lambda: sum_squared_hinge.squared_hinge_evidence(Fraction(103, 100))
        ),
    ),
    derived(
        "sum-squared-hinge-constant",
        "Sum squared hinge: T_n(t)/t^2 tends to 4/(n+2) as t -> 0, and T_n(t) < t^2 for n >= 3, 0 < t <= 1/5.",
        sum_squared_hinge.upper_evidence,
        Twin(
            "it tends to 9/10 or more at n = 3", fails_at(REGRET - sp.Rational(9, 10) * t**2, n=3, t=Fraction(1, 100))
        ),
    ),
    derived(
        "sum-smooth",
        "Sum losses, Phi convex, nonincreasing, Phi' K-Lipschitz: T_n(t) >= 2 Phi'(0)^2 t^2/(K(n+2)), for every n.",
        sum_squared_hinge.smooth_evidence,
        Twin(
            "with n in place of n + 2, for the squared hinge (Phi'(0) = -2, K = 2) at n = 3",
            fails_at(REGRET - 4 * t**2 / n, n=3, t=Fraction(1, 100)),
        ),
    ),
    second_hand(
        "sum-hinge-impossible",
        "Sum hinge loss, n >= 3: no bound with Gamma(x) < 1/6 for some x > 0 holds.",
        sum_hinge.impossibility_evidence,
        Twin(
            "zero-one regret <= 100 b at n = 3",
            fails_at(SUM_HINGE_THREE - GAP / 100, p_1=HALF, p_2=THIRD, p_3=Fraction(1, 6)),
        ),
    ),
    derived(
        "sum-hinge-impossible-sharper",
        "Sum hinge loss, n >= 3: no bound with Gamma(x) < 1/2 - 1/n for some x > 0 holds.",
        sum_hinge.impossibility_evidence,
        Twin(
            "Gamma(0) = 1/6 is possible at n = 4: T_4(t) >= (t - 1/6)/100",
            fails_at(
                SUM_HINGE_FOUR - (GAP - sp.Rational(1, 6)) / 100,
                p_1=HALF,
                p_2=QUARTER,
                p_3=Fraction(1, 8),
                p_4=Fraction(1, 8),
            ),
        ),
    ),
    derived(
        "sum-hinge-three-labels",
        "Sum hinge loss, n = 3: zero-one regret <= (1 + 5b)/6, and the hull of T_3 is exactly max(0, (6t-1)/5).",
        sum_hinge.three_label_evidence,
        Twin(
            "zero-one regret <= (1 + 4b)/6, at p = e_1 with labels 1 and 2 tied",
            fails_at(p1 * 1 - (6 * p1 - 1) / sp.S(4), p_1=1),
        ),
    ),
)

PLUS, MINUS = sp.symbols("p_+ p_-", nonnegative=True)
_ADVERSARIAL = (
    recalled(
        "adversarial-impossible",
        "Adversarial, sup of Phi with Phi nonincreasing and convex, or Phi(u) + Phi(-u) constant: "
        "no bound with Gamma(x) < 1/2 for some x holds (two labels suffice).",
        adversarial_margins.impossibility_evidence,
        Twin(
            "adversarial zero-one regret <= 100 b for the hinge, at the score 0 (risk 1, least risk 1 at equal odds)",
            fails_at((PLUS + MINUS) - 1 - (1 - MINUS) / 100, **{"p_+": HALF, "p_-": HALF}),
        ),
    ),
    recalled(
        "adversarial-rho-margin",
        "Adversarial max rho-margin loss: zero-one regret <= b for every n, where every label can have margin rho on "
        "the whole ball.",
        adversarial_margins.multi_class_evidence,
        Twin("zero-one regret <= b/1.01", fails_at(RHO_MARGIN - MORE * GAP, **TWO)),
    ),
    derived(
        "adversarial-rho-margin-bounded",
        "Adversarial binary rho-margin loss, best robust margin B: zero-one regret <= rho b/min(B, rho).",
        adversarial_margins.binary_evidence,
        Twin(
            "zero-one regret <= b/min(B, rho), at rho = B = 2 and a score of both signs (both regrets are p_+)",
            fails_at(PLUS / sp.S(2) - PLUS, **{"p_+": 1}),
        ),
    ),
)

CLAIMS = (*_MAX_AND_SUM, *awasthi2022_constrained.CLAIMS, *_ADVERSARIAL)
