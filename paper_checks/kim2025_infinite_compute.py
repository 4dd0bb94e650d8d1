"""Kim, Kotha, Liang and Hashimoto, "Pre-training under infinite compute" (arXiv 2509.14786): what asymptotes are worth.

Only the abstract has been read (and one number in a summary); what its sentences mean in formulas is derived here:
losses E_K + A_K N^-alpha at a fixed amount of data, K members of an ensemble; a baseline E + B D^-beta in the amount D
of data needs D' = (B/(L - E))^(1/beta) to reach a loss L, and D'/D is the data efficiency.

Every claim has a false twin.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.paper_checks.decisions import abstract, chain, cited, derived, fails_at, second_hand, together
from hconsist.paper_checks.rounding import allowed, reaches
from hconsist.steps import Identity, Sign

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="kim2025_infinite_compute",
    title="Pre-training under infinite compute",
    authors="Konwoo Kim, Suhas Kotha, Percy Liang, Tatsunori Hashimoto",
    year=2025,
    url="https://arxiv.org/abs/2509.14786",
    seen="abstract",
)

gt = partial(sp.Gt, evaluate=False)
A, B, C, D, E, L, N, K, alpha, beta, k, x, y, more = sp.symbols("A B C D E L N K alpha beta k x y e", positive=True)
efficiency = sp.Symbol("g", positive=True)

# --- asymptotes ----------------------------------------------------------------------------------------------------

INNER = E + B * y + (A + C * y) * x
"""The loss at N^-alpha = x and K^-beta = y: an asymptote E + B K^-beta for every K, with a factor A + C K^-beta."""
double = chain(
    "double",
    "lim over N, then over K, is E; every loss at finite N and K is above it, and above the inner limit.",
    Identity("Over sizes", sp.Limit(INNER, x, 0, "+"), E + B * y, text="x = N^-alpha, y = K^-beta."),
    Identity("Then over members", sp.Limit(E + B * y, y, 0, "+"), E),
    Identity("In the other order", sp.Limit(sp.Limit(INNER, y, 0, "+"), x, 0, "+"), E),
    Sign("Above the inner limit", gt(INNER, E + B * y)),
    Sign("Above the double limit", gt(E + B * y, E)),
)  # fmt: skip
lower = chain(
    "lower",
    "E + B K^-beta falls as members are added.",
    Sign("More members", gt(E + B * y, E + B * y * k / (1 + k)), form=B * y / (1 + k),
         text="More members lower y = K^-beta, by a factor k/(1 + k) < 1."),
)  # fmt: skip

# --- data efficiency -----------------------------------------------------------------------------------------------

BASELINE = E + B * D**-beta
NEEDED = (B / (L - E)) ** (1 / beta)
worth = chain(
    "worth",
    "The baseline reaches L > E at D' = (B/(L - E))^(1/beta); D'/D = ((L(D) - E)/(L - E))^(1/beta).",
    Identity("There", BASELINE.subs(D, NEEDED), L, put={L: E + x}),
    Identity("The ratio", sp.log(NEEDED / D), sp.log((B * D**-beta / (L - E)) ** (1 / beta)), put={L: E + x}),
    Sign("Lower losses are worth more", gt(-sp.diff(sp.log(NEEDED).subs(L, E + x), x), 0)),
)  # fmt: skip
persists = chain(
    "persists",
    "If recipe and baseline have the same E and beta, the efficiency is (B/C)^(1/beta) at every amount of data.",
    Identity("At D", sp.log(NEEDED.subs(L, E + C * D**-beta) / D), sp.log(B / C) / beta,
             text="The recipe's law is E + C D^-beta."),
)  # fmt: skip
diverges = chain(
    "diverges",
    "If its exponent is greater, the efficiency grows without limit; if its E is lower, it is infinite from some D on.",
    Identity("Another exponent", sp.log(NEEDED.subs(L, E + C * D ** -(beta + k)) / D),
             (sp.log(B / C) + k * sp.log(D)) / beta),
    Sign("Another floor", gt(E, E - more + more / (1 + k)), form=more * k / (1 + k),
         text="A recipe with floor E - e is below E where what it has left, here e/(1 + k), is below e,"),
    Sign("and the baseline never is", gt(BASELINE, E)),
)  # fmt: skip

TOKENS = 200 * efficiency
"""Millions of tokens."""

CLAIMS = (
    abstract("asymptote", "The best a recipe can do at fixed data is the asymptote of its law in size; of a joint law, "
             "the limit over sizes and then over members.", double,
             Twin("some finite size is already at the inner limit: all 1",
                  fails_at(E + B * y - INNER, E=1, B=1, A=1, C=1, x=1, y=1))),
    abstract("lower-asymptote", "Ensembles have a lower asymptote than one model: so in every law E + B K^-beta with "
             "B > 0.", together(double, lower),
             Twin("one member is at the limit: B = beta = K = 1",
                  fails_at(E - (E + B * K**-beta), E=1, B=1, K=1, beta=1))),
    derived("data-efficiency", "D'/D = ((L(D) - E)/(L - E))^(1/beta).", worth,
            Twin("half the excess takes twice the data: beta = 1/2",
                 fails_at(2 * D - NEEDED.subs(L, E + (BASELINE - E) / 2), E=1, B=1, D=1, beta=Fraction(1, 2)))),
    abstract("less-data", "5.17 times less data at 200M tokens: the baseline needs between 1.03e9 and 1.04e9 tokens.",
             allowed(TOKENS, "1030", "1040", g="5.17"),
             Twin("it may need 1040 million", reaches(TOKENS, "1040", g="5.17"))),
    abstract("persists", "Data laws that differ in their factors only give one efficiency at every budget.", persists,
             Twin("so do laws of different exponents: 1 at D = 1 and 4 at D = 4, beta = 1",
                  fails_at(1 - NEEDED.subs(L, E + C * D ** -(beta + k)) / D, E=1, B=1, C=1, D=4, beta=1, k=1))),
    derived("or-diverges", "Otherwise it grows without limit, or the baseline never gets there.", diverges,
            Twin("with a lower floor the recipe stays above the baseline's: E = 2, e = 1, C D^-beta = 1/2",
                 fails_at(E - more + C * D**-beta - E, E=2, e=1, C=1, D=2, beta=1))),
    abstract("distilled", "A student 8 times smaller keeps 83 percent of the ensemble's benefit: 16 to 18 percent of "
             "it are lost.", allowed(1 - efficiency, "0.16", "0.18", g="0.83"),
             Twin("a fifth may be", reaches(1 - efficiency, "0.20", g="0.83"))),
    second_hand("asymptote-317", "The joint asymptote at 200M tokens is 3.17.",
                cited("measured; the runs and the law of the baseline are not here"),
                Twin("with 5.17 it keeps the baseline's loss at 200M tokens below 4, whatever its law: E = 2, beta = 1",
                     fails_at(4 - (E + (sp.Rational("3.17") - E) * sp.Rational("5.17") ** beta), E=2, beta=1))),
    abstract("weight-decay", "The best weight decay is 30 times the usual one; 17.5 times the data efficiency in "
             "continued training on mathematics, 9 percent better evaluations.", cited("measured"),
             Twin("17.5 is 4 times 5.17 or more", fails_at(sp.Rational("17.5") - 4 * efficiency, g=Fraction("5.17")))),
)  # fmt: skip
