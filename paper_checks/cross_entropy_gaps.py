"""Claims of ``mao2023_cross_entropy`` on minimizability gaps M_tau of comp-sum losses (derivation minimizability_gaps).

Deterministic labels: the label is a function of the input.  H is the generalized entropy, Phi^tau the outer function,
R_tau* the best risk within the hypothesis set.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.claims import Twin
from hconsist.derivations import minimizability_gaps as gaps
from hconsist.paper_checks.decisions import derived, fails_at, recalled

__all__ = ["CLAIMS"]

WITNESS = {"p": Fraction(9, 10), "q": Fraction(1, 5)}
"""Two equally likely inputs with laws (9/10, 1/10) and (1/5, 4/5), the same scores at both."""
q, Lambda = sp.symbols("q Lambda", positive=True)
ONE, HALF, THREE_HALVES, TWO = sp.S.One, sp.Rational(1, 2), sp.Rational(3, 2), sp.Integer(2)
SHANNON = -q * sp.log(q) - (1 - q) * sp.log(1 - q)
"""R_1* of one score vector for two labels of frequencies (q, 1 - q); R_0* is 2 sqrt(q (1 - q))."""

CLAIMS = (
    recalled(
        "gaps-ordered",
        "Deterministic labels, complete set: M_tau = R_tau*, nonincreasing in tau.",
        gaps.evidence,
        Twin(
            "M_1/2 >= M_1 for stochastic labels too",
            fails_at(gaps.two_input_gap(HALF) - gaps.two_input_gap(ONE), **WITNESS),
        ),
    ),
    recalled(
        "gaps-bounded",
        "Deterministic labels, scores in [-Lambda, Lambda]: M_tau = R_tau* - Phi^tau((n-1) exp(-2 Lambda)).",
        gaps.evidence,
        Twin(
            "with exp(-Lambda): no scores cost less, at tau = 1, n = 2",
            fails_at(sp.log(1 + sp.exp(-2 * Lambda)) - sp.log(1 + sp.exp(-Lambda)), Lambda=1),
        ),
    ),
    recalled(
        "gaps-bounded-limit",
        "Deterministic labels, bounded scores: M_tau <= Phi^tau(R_0*) - Phi^tau((n-1) exp(-2 Lambda)).",
        gaps.evidence,
        Twin(
            "with >=, two labels of frequencies 1/5 and 4/5, tau = 1",
            fails_at(SHANNON - sp.log(1 + 2 * sp.sqrt(q * (1 - q))), q=Fraction(1, 5)),
        ),
    ),
    derived(
        "gaps-jensen",
        "Deterministic labels: M_tau' <= Phi^tau'((Phi^tau)^{-1}(M_tau)) for tau' >= tau; M_MAE <= 1 - exp(-M_CE).",
        gaps.jensen,
        Twin("M_MAE <= 99/100 (1 - exp(-M_CE))", lambda: gaps.jensen(Fraction(99, 100))),
    ),
    derived(
        "gaps-constant",
        "The same scores at every input: M = H(E p) - E H(p), for cross-entropy the mutual information.",
        gaps.constant,
        Twin(
            "M = H(E p), two inputs with the same law (1/2, 1/2)",
            fails_at(gaps.two_input_gap(ONE) - SHANNON, p=Fraction(1, 2), q=Fraction(1, 2)),
        ),
    ),
    derived(
        "gaps-stochastic",
        "Stochastic labels, constant scores, laws near (9/10, 1/10), (1/5, 4/5): M_0 > M_1/2 < M_1 < M_3/2 > M_2.",
        gaps.stochastic,
        Twin("M_3/2 <= M_2", fails_at(gaps.two_input_gap(TWO) - gaps.two_input_gap(THREE_HALVES), **WITNESS)),
    ),
)
