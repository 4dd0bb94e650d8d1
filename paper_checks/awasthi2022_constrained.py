"""The constrained losses of awasthi2022_multiclass: sum over y' != y of Phi(-h_y') with scores of sum 0, q = 1 - p."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.claims import Twin
from hconsist.derivations import constrained_entropies, constrained_growth, constrained_hinge, constrained_losses
from hconsist.derivations.constrained_growth import EXPONENTIAL_LAW, SQUARED_HINGE_LAW, n, t
from hconsist.derivations.links import proof
from hconsist.paper_checks.decisions import chain, derived, fails_at, refuted, second_hand
from hconsist.steps import Identity, Sign

__all__ = ["CLAIMS", "EXPONENTIAL", "LAW", "SQUARED_HINGE"]

p1, p2, p3 = sp.symbols("p_1 p_2 p_3", nonnegative=True)
Q = (1 - p1, 1 - p2, 1 - p3)
GAP = p1 - p2
MORE = sp.Rational(101, 100)

EXPONENTIAL = sum(Q) - 3 * sp.root(Q[0] * Q[1] * Q[2], 3)
SQUARED_HINGE = sum(Q) - 9 / sum(1 / q for q in Q)
HINGE = sum(Q) - 3 * Q[0]
"""Surrogate regrets of three labels with all scores 0: risk q_1 + q_2 + q_3 minus the least risk."""
LAW = {"p_1": Fraction(1, 2), "p_2": Fraction(1, 6), "p_3": Fraction(1, 3)}
"""Zero-one regret 1/3 for label 2.  The least risks are (15/2)^(1/3) and 90/47."""
BY_HAND = "all scores 0, label 2 predicted, zero-one regret 1/3, q = (1/2, 5/6, 2/3)"
SMALL = Fraction(1, 10)


def _at_uniform(regret: sp.Expr) -> sp.Expr:
    """The regret of all scores 0 at q = (q_0 - t/2, q_0 + t/2, q_0, ...), q_0 = (n-1)/n."""
    return regret.subs(constrained_growth.q0, (n - 1) / n)


u, v, w = sp.symbols("u v w", positive=True)
two_labels = chain(
    "constrained-two-labels",
    "At n = 2: T = 1 - sqrt(1-t^2) >= t^2/2 for the exponential, T = t^2 for the squared hinge.",
    Sign("Exponential: least risk", sp.Ge(u * w + v / w, 2 * sp.sqrt(u * v), evaluate=False),
         form=(sp.sqrt(u * w) - sp.sqrt(v / w)) ** 2,
         text="q = (u, v), scores (log w, -log w)."),
    Identity("Exponential: T", 1 - 2 * sp.sqrt((1 - t) / 2) * sp.sqrt((1 + t) / 2), 1 - sp.sqrt(1 - t**2),
             put={t: 1 / (1 + u)}, text="q = ((1-t)/2, (1+t)/2), a tie at score 0: risk 1."),
    Sign("Exponential: a square below", sp.Ge((1 - t**2 / 2) ** 2, 1 - t**2, evaluate=False), form=t**4 / 4),
    Identity("Squared hinge: T", 1 - 4 / (2 / (1 - t) + 2 / (1 + t)), t**2),
)  # fmt: skip

CLAIMS = (
    derived(
        "constrained-pooling",
        "Constrained losses, nonincreasing convex Phi: the forced risk of label j is the least risk at q with its pool "
        "(label j and labels with q below the running mean) replaced by its mean.",
        constrained_losses.pooling_evidence,
        Twin(
            "it is the least risk at q itself, for the exponential with all scores 0 and label 2 on top",
            fails_at(-EXPONENTIAL, **LAW),
        ),
    ),
    derived(
        "constrained-least-risks",
        "The least conditional risks are n (q_1 ... q_n)^(1/n) (exponential) and n^2/(1/q_1 + ... + 1/q_n) (squared "
        "hinge), for every n.",
        proof(constrained_entropies).run,
        Twin("all scores 0 are optimal for the squared hinge at n = 3", fails_at(-SQUARED_HINGE, **LAW)),
    ),
    second_hand(
        "constrained-rho-margin",
        "Constrained rho-margin loss: zero-one regret <= b, for every n.",
        constrained_hinge.rho_margin_evidence,
        Twin(
            "zero-one regret <= b/1.01",
            fails_at((1 - p2) - (1 - p1) - MORE * GAP, p_1=Fraction(3, 5), p_2=Fraction(2, 5)),
        ),
    ),
    second_hand(
        "constrained-hinge",
        "Constrained hinge loss: zero-one regret <= b, for every n.",
        constrained_hinge.hinge_evidence,
        Twin(
            "zero-one regret <= b/1.01, at n = 3 with all scores 0 and label 3 predicted",
            fails_at(HINGE - MORE * (p1 - p3), p_1=Fraction(1, 2), p_2=Fraction(1, 2), p_3=0),
        ),
    ),
    derived(
        "constrained-hinge-exact",
        "Constrained hinge loss: T_n is n times that of the mean absolute error; its hull is t up to t = 1/(n-1) and "
        "larger beyond, T_n(t) >= n t^2/(1+t).",
        constrained_hinge.hinge_evidence,
        Twin("T_3(1) = 1, at p = e_1 (regret 3/2)", fails_at(p1 - 3 * p1 / 2, p_1=1)),
    ),
    refuted(
        "constrained-exponential-reported",
        "Constrained exponential loss: zero-one regret <= sqrt(2b), for every n (as reported).",
        fails_at(2 * EXPONENTIAL - GAP**2, f"{BY_HAND}: b = 2 - (15/2)^(1/3) < 1/18, as (35/18)^3 < 15/2", **LAW),
        Twin("zero-one regret <= sqrt(b)", fails_at(EXPONENTIAL - GAP**2, **LAW)),
        corrected_by="constrained-exponential",
    ),
    derived(
        "constrained-exponential",
        "Constrained exponential loss: zero-one regret <= 2 sqrt(b) - b <= sqrt(4b - b^2) (b <= 1), for every n.",
        constrained_losses.exponential_evidence,
        Twin(
            "with 3/2 in T_n >= (1 - sqrt(1-t))^2, at n = 4",
            fails_at(_at_uniform(EXPONENTIAL_LAW) - sp.Rational(3, 2) * (1 - sp.sqrt(1 - t)) ** 2, n=4, t=SMALL),
        ),
    ),
    derived(
        "constrained-exponential-growth",
        "Constrained exponential loss: T_n(t)/t^2 tends to n/(4(n-1)); T_n(t) >= q_0 t^2/(2q_0+t)^2 for t <= 1/2, "
        "q_0 = (n-1)/n.",
        constrained_growth.exponential_evidence,
        Twin("with 103/100 in the lower bound", lambda: constrained_growth.exponential_evidence(Fraction(103, 100))),
    ),
    refuted(
        "constrained-squared-hinge-reported",
        "Constrained squared hinge loss: zero-one regret <= sqrt(b), for every n (as reported).",
        fails_at(SQUARED_HINGE - GAP**2, f"{BY_HAND}: b = 2 - 90/47 = 4/47 < 1/9", **LAW),
        Twin("zero-one regret <= sqrt(b/2)", fails_at(SQUARED_HINGE - 2 * GAP**2, **LAW)),
        corrected_by="constrained-squared-hinge",
    ),
    derived(
        "constrained-squared-hinge",
        "Constrained squared hinge loss: zero-one regret <= (sqrt(b^2+8b) - b)/2 <= sqrt(2b), for every n.",
        constrained_losses.squared_hinge_evidence,
        Twin(
            "with 3/2 in T_n >= t^2/(2-t), at n = 4",
            fails_at(_at_uniform(SQUARED_HINGE_LAW) - sp.Rational(3, 2) * t**2 / (2 - t), n=4, t=SMALL),
        ),
    ),
    derived(
        "constrained-squared-hinge-growth",
        "Constrained squared hinge loss: T_n(t)/t^2 tends to n/(2(n-1)); T_n(t) >= q_0 t^2/((q_0+t)(2q_0+t)) >= "
        "q_0^2 t^2/(2(q_0+t/2)^3) for t <= sqrt(2) - 1.",
        constrained_growth.squared_hinge_evidence,
        Twin("with 103/100 in the lower bound", lambda: constrained_growth.squared_hinge_evidence(Fraction(103, 100))),
    ),
    derived(
        "constrained-reported-beyond-two-labels",
        "For every n >= 3 and 0 < t < 2/n both reported forms fail: T_n(t) < t^2/2 (exponential) and T_n(t) < t^2 "
        "(squared hinge).",
        constrained_growth.reported_evidence,
        Twin("T_2(t) < t^2/2 for the exponential", fails_at(t**2 / 2 - (1 - sp.sqrt(1 - t**2)), t=Fraction(1, 2))),
    ),
    derived(
        "constrained-two-labels",
        "At n = 2 both reported forms hold: T_2 = 1 - sqrt(1-t^2) >= t^2/2 and T_2 = t^2.",
        two_labels,
        Twin("at n = 2 the exponential has T_2(t) >= t^2", fails_at(1 - sp.sqrt(1 - t**2) - t**2, t=Fraction(1, 2))),
    ),
    derived(
        "constrained-full-regret",
        "T_n(1) is n 4^(-1/n) (exponential) and n^2/(n+2) (squared hinge).",
        constrained_growth.full_regret_evidence,
        Twin(
            "T_3(1) >= 19/10 for the exponential", fails_at(t * 3 * 4 ** sp.Rational(-1, 3) - sp.Rational(19, 10), t=1)
        ),
    ),
)
