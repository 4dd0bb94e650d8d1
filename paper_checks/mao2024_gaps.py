"""The minimizability gaps of mao2024_growth_rate: when they vanish, how they compare losses and excess bounds."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.claims import Twin
from hconsist.derivations import minimizability_gaps
from hconsist.paper_checks.decisions import abstract, chain, derived, fails_at
from hconsist.steps import Combination, Given

__all__ = ["CLAIMS"]

gap, best, mean, bayes, risk, approximation = sp.symbols("M R*(H) E_H R* R(h) A", real=True)
p, q, Lam = sp.symbols("p q Lambda", positive=True)
ge, eq = (lambda a, b: sp.Ge(a, b, evaluate=False)), (lambda a, b: sp.Eq(a, b, evaluate=False))

DEFINED = eq(gap, best - mean)
BOUNDED = sp.log(1 + sp.exp(-2 * Lam))
"""Least cross-entropy of two labels at p = (1, 0) with scores in [-Lambda, Lambda]."""
TWO_INPUTS = (-sp.log((p + q) / 2) * (p + q) / 2 - sp.log(1 - (p + q) / 2) * (1 - (p + q) / 2)) - sum(
    -sp.log(a) * a - sp.log(1 - a) * (1 - a) for a in (p, q)
) / 2
"""Cross-entropy gap of constant hypotheses on two equally likely inputs with laws (p, 1-p) and (q, 1-q)."""
LAWS = {"p": Fraction(9, 10), "q": Fraction(1, 5)}

conditional = chain(
    "gap-identity",
    "R(h) - R*(H) + M(H) = R(h) - E_H, the mean conditional regret within H.",
    Given("The gap", (DEFINED,), text="E_H is the mean over inputs of the least conditional risk within H."),
    Combination("What a bound uses", eq(risk - best + gap, risk - mean), ((1, DEFINED),)),
)
nonnegative = chain(
    "gap-below-approximation",
    "0 <= M(H) <= A(H), the approximation error R*(H) - R*.",
    Given("The gap", (DEFINED,)),
    Given("Infima", (ge(best, mean), ge(mean, bayes), eq(approximation, best - bayes)),
          text="One hypothesis for all inputs is no better than one for each, nor H at an input than all scores."),
    Combination("At least 0", ge(gap, 0), ((1, DEFINED), (1, ge(best, mean)))),
    Combination("At most A", ge(approximation, gap),
                ((1, eq(approximation, best - bayes)), (-1, DEFINED), (1, ge(mean, bayes)))),
)  # fmt: skip
vanishes = chain(
    "gap-zero",
    "All measurable functions: M = 0.  Deterministic labels, complete H: M(H) = R*(H), 0 if H fits them in the limit.",
    Given("The gap", (DEFINED,)),
    Given("All measurable functions", (eq(best, mean),), text="A best score at each input is one function."),
    Combination("It is 0", eq(gap, 0), ((1, DEFINED), (1, eq(best, mean)))),
    Given("Deterministic labels", (eq(mean, 0),), text="A complete set makes the loss of a label as small as wanted."),
    Combination("It is the best risk", eq(gap, best), ((1, DEFINED), (-1, eq(mean, 0)))),
)  # fmt: skip

CLAIMS = (
    derived(
        "gap-identity",
        "The estimation error plus the gap is the mean conditional regret within H, which is what a bound is about: "
        "R(h) - R*(H) + M(H) = R(h) - E_H.",
        conditional,
        Twin("R(h) - E_H = R(h) - R*(H) for constants and two inputs (cross-entropy)", fails_at(-TWO_INPUTS, **LAWS)),
    ),
    abstract(
        "gap-zero",
        "Gaps vanish for all measurable functions, and for complete sets and deterministic labels that H fits in the "
        "limit (there M is R*(H)).",
        vanishes,
        Twin("they vanish for constant hypotheses and two inputs (cross-entropy)", fails_at(-TWO_INPUTS, **LAWS)),
    ),
    abstract(
        "gap-below-approximation",
        "0 <= M(H) <= A(H): a bound with gaps is at least as strong as the excess bound.",
        nonnegative,
        Twin(
            "M = A: two labels, one input with p = (1, 0), scores in [-1, 1], where M = 0 and A is the least risk",
            fails_at(-BOUNDED, Lambda=1),
        ),
    ),
    abstract(
        "gap-ordered",
        "Comp-sum losses, deterministic labels, complete or bounded sets: M_tau is nonincreasing in tau, and "
        "M_tau' <= Phi^tau'((Phi^tau)^-1(M_tau)) for tau' >= tau.",
        minimizability_gaps.evidence,
        Twin("M_MAE <= (1 - exp(-M_CE))/2", lambda: minimizability_gaps.jensen(Fraction(1, 2))),
    ),
    derived(
        "gap-not-ordered",
        "Stochastic labels: M_tau is not monotone in tau, even for constants and two inputs.",
        minimizability_gaps.stochastic,
        Twin("for the laws (9/10, 1/10), (1/5, 4/5) the gap of cross-entropy is at least 28/100",
             fails_at(TWO_INPUTS - sp.Rational(28, 100), **LAWS)),
    ),
)  # fmt: skip
