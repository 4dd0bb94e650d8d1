"""Hoffmann et al., "Training Compute-Optimal Large Language Models" (arXiv 2203.15556): the arithmetic of approach 3.

Only the abstract has been read.  The printed figures are second-hand: exponents 0.34 and 0.28 with a = 0.46 (0.454,
0.455) and b = 0.54 (0.542, 0.543), the 10th and 90th percentiles of a bootstrap; the exponents of the TeX source,
0.33917084 and 0.2849083, are those of the notebook of Besiroglu et al. 2024.  C = 6 N D.  Every claim has a false twin.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.definitions import to_ball
from hconsist.paper_checks.chinchilla_law import ROUNDED, UNROUNDED, Law
from hconsist.paper_checks.decisions import abstract, chain, derived, fails_at, refuted, second_hand
from hconsist.paper_checks.inequalities import Slacks, in_balls, rounds
from hconsist.paper_checks.sao2026_statements import proved
from hconsist.steps import Identity

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="hoffmann2022_chinchilla",
    title="Training Compute-Optimal Large Language Models",
    authors="Jordan Hoffmann, Sebastian Borgeaud, Arthur Mensch, and others",
    year=2022,
    url="https://arxiv.org/abs/2203.15556",
    seen="abstract; printed figures from secondary sources",
)

alpha, beta, A, B, X = sp.symbols("alpha beta A B X", positive=True)
SHARE = beta / (alpha + beta)
G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))


def excess(size: sp.Expr) -> sp.Expr:
    """L - E at N = ``size`` and D = X/N, with X = C/6."""
    return A * size**-alpha + B * (X / size) ** -beta


# --- printed numbers ---------------------------------------------------------------------------------------------

HALF = Fraction(1, 2000)
"""Half a unit of the last digit of a number printed with three digits."""
A_LOW, A_HIGH, B_LOW, B_HIGH = (Fraction(n, 1000) for n in (454, 455, 542, 543))
GOPHER = Fraction(576 * 10**21)
"""The budget of Gopher, 5.76e23 FLOP."""


def share(law: Law, a: str, b: str) -> Slacks:
    """Whether beta/(alpha+beta) and alpha/(alpha+beta) round to these."""
    return rounds(a=(law.share(), a), b=(1 - law.share(), b))


def holds_the_fit() -> Slacks:
    return {"a of the fit is at most 0.4555": to_ball(A_HIGH + HALF) - UNROUNDED.share()}


def excluded(above: Fraction) -> Slacks:
    return {
        f"the unrounded a is above {above}": UNROUNDED.share() - to_ball(above),
        "the rounded a is below 0.4535": to_ball(A_LOW - HALF) - ROUNDED.share(),
    }


def one_bootstrap() -> Slacks:
    return {"the upper end of b reaches 1 - 0.4555": to_ball(B_HIGH + HALF) - to_ball(1 - A_HIGH - HALF)}


def interval_of_b(low: Fraction, high: Fraction) -> Slacks:
    b = 1 - UNROUNDED.share()
    return {
        "1 - 0.455 is above 0.543, both rounded": to_ball(1 - A_HIGH - HALF) - to_ball(B_HIGH + HALF),
        "the unrounded b is above the lower end of b": b - to_ball(low - HALF),
        "the unrounded b is below the upper end of b": to_ball(high + HALF) - b,
    }


def at_gopher() -> Slacks:
    (n, d), (m, e) = ROUNDED.optimum(GOPHER), UNROUNDED.optimum(GOPHER)
    return rounds(
        rounded_N=(n, "3.219e10"), unrounded_N=(m, "4.036e10"), N_ratio=(n / m, "0.798"),
        rounded_D_per_N=(d / n, "92.6"), unrounded_D_per_N=(e / m, "58.9"), ratio_of_D_per_N=(d / n / (e / m), "1.572"),
    )  # fmt: skip


def doubling(unrounded: str, rounded: str) -> Slacks:
    """The factor of the tokens while the parameters double, 2^(b/a)."""
    first, second = (2 ** ((1 - law.share()) / law.share()) for law in (UNROUNDED, ROUNDED))
    return rounds(unrounded=(first, unrounded), rounded=(second, rounded))


larger, size, tokens = sp.symbols("N_1 N D", positive=True)
same_compute = chain(
    "same-compute",
    "N_1 = 4 N at one budget has a quarter of the tokens.",
    Identity("Tokens", X / size, 4 * (X / larger), put={larger: 4 * size}, text="D = X/N at both."),
)

CLAIMS = (
    second_hand("optimum",
                "N* = G (C/6)^a and D* = (C/6)^b/G, a = beta/(alpha+beta), b = alpha/(alpha+beta), "
                "G = (alpha A/(beta B))^(1/(alpha+beta)).", proved("compute_optimum"),
                Twin("a = alpha/(alpha+beta): the loss there is no larger",
                     fails_at(excess(G * X**SHARE) - excess(G * X ** (1 - SHARE)), alpha=1, beta=2, A=1, B=1, X=8))),
    second_hand("unrounded-exponents",
                "a = 0.46 and b = 0.54: the exponents of the TeX source give 0.4565 and 0.5435.",
                in_balls(lambda: {**share(UNROUNDED, "0.46", "0.54"), **share(UNROUNDED, "0.4565", "0.5435")}),
                Twin("they give 0.45 and 0.55", in_balls(lambda: share(UNROUNDED, "0.45", "0.55")))),
    derived("rounded-exponents", "alpha = 0.34 and beta = 0.28 give a = 14/31 = 0.4516, which is 0.45, and b = 0.55.",
            in_balls(lambda: {**share(ROUNDED, "0.4516", "0.5484"), **share(ROUNDED, "0.45", "0.55")}),
            Twin("0.4517", in_balls(lambda: share(ROUNDED, "0.4517", "0.5483")))),
    refuted("printed-exponents", "The printed alpha = 0.34 and beta = 0.28 give the printed a = 0.46 and b = 0.54.",
            in_balls(lambda: share(ROUNDED, "0.46", "0.54")),
            Twin("a = 0.44 and b = 0.56", in_balls(lambda: share(ROUNDED, "0.44", "0.56"))),
            corrected_by="rounded-exponents"),
    refuted("interval-of-a", "The interval (0.454, 0.455) holds the a of the fit.", in_balls(holds_the_fit),
            Twin("and its a is even at most 0.4545", in_balls(lambda: {
                "a of the fit is at most 0.4545": to_ball(A_LOW + HALF) - UNROUNDED.share()})),
            corrected_by="interval-excludes-both"),
    derived("interval-excludes-both",
            "However its ends were rounded, (0.454, 0.455) lies between the two: above a = 0.4516 of the rounded "
            "exponents, below a = 0.4565 of the unrounded ones.", in_balls(lambda: excluded(A_HIGH + HALF)),
            Twin("the unrounded a is above 0.457", in_balls(lambda: excluded(Fraction(457, 1000))))),
    refuted("intervals-of-a-and-b",
            "(0.454, 0.455) and (0.542, 0.543) are percentiles of a and of b = 1 - a in one bootstrap.",
            in_balls(one_bootstrap),
            Twin("they overlap with one unit more", in_balls(lambda: {
                "0.5435 + 0.0009 reaches 1 - 0.4555": one_bootstrap().popitem()[1] + to_ball(Fraction(9, 10000))})),
            corrected_by="interval-of-b"),
    derived("interval-of-b",
            "b = 1 - a turns (0.454, 0.455) into (0.545, 0.546), apart from (0.542, 0.543), which holds the unrounded "
            "b = 0.5435.", in_balls(lambda: interval_of_b(B_LOW, B_HIGH)),
            Twin("(0.541, 0.542) holds it", in_balls(lambda: interval_of_b(B_LOW - 2 * HALF, B_HIGH - 2 * HALF)))),
    derived("optima-at-gopher",
            "At 5.76e23 FLOP the rounded values give N* = 3.219e10 with 92.6 tokens for each parameter, the unrounded "
            "ones 4.036e10 with 58.9: rounding alone moves them by factors 0.798 and 1.572.", in_balls(at_gopher),
            Twin("rounding leaves N* alone", in_balls(lambda: rounds(
                N_ratio=(ROUNDED.optimum(GOPHER)[0] / UNROUNDED.optimum(GOPHER)[0], "1.0"))))),
    derived("tokens-per-doubling",
            "By approach 3 each doubling of the parameters goes with 2.28 times the tokens (2.32 by the rounded "
            "exponents), not with twice as many.", in_balls(lambda: doubling("2.28", "2.32")),
            Twin("with 2.00 times as many", in_balls(lambda: doubling("2.00", "2.00")))),
    abstract("four-times-the-data",
             "Chinchilla has the compute of Gopher, 70B parameters (Gopher: 280B) and four times the data.",
             same_compute,
             Twin("1.4e12 tokens at 70B (recalled) are at most the compute of Gopher, 5.76e23",
                  fails_at(sp.Integer(576 * 10**21) - 6 * size * tokens, N=70 * 10**9, D=14 * 10**11))),
)  # fmt: skip
