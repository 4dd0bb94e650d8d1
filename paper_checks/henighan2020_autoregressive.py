"""Henighan et al., "Scaling Laws for Autoregressive Generative Modeling" (arXiv 2010.14701): a constant and a power.

Only the abstract has been read, and its table of fitted values is not asserted here.  L(x) = E + r(x) with reducible
loss r(x) = (x0/x)^alpha; p are the probabilities of the data, q those of a model.  Every claim has a false twin.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import cross_entropy_entropy_kl
from hconsist.derivations.links import proof
from hconsist.paper_checks.decisions import abstract, chain, cited, derived, fails_at
from hconsist.steps import Identity, Sign

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="henighan2020_autoregressive",
    title="Scaling Laws for Autoregressive Generative Modeling",
    authors="Tom Henighan, Jared Kaplan, Mor Katz, Mark Chen, Christopher Hesse, Jacob Jackson, Heewoo Jun, "
    "Tom B. Brown, Prafulla Dhariwal, Scott Gray, Chris Hallacy, Benjamin Mann, Alec Radford, Aditya Ramesh, "
    "Nick Ryder, Daniel M. Ziegler, John Schulman, Dario Amodei, Sam McCandlish",
    year=2020,
    url="https://arxiv.org/abs/2010.14701",
    seen="abstract",
)

gt = partial(sp.Gt, evaluate=False)
x, x0, alpha, beta, k, p, q, r, E = sp.symbols("x x_0 alpha beta k p q r E", positive=True)
REDUCIBLE = (x0 / x) ** alpha
LOSS = E + REDUCIBLE

NEEDED = x0 * r ** (-1 / alpha)
needed = chain(
    "needed",
    "The x at which the reducible loss is r is x0 r^(-1/alpha).",
    Identity("There", REDUCIBLE, r, put={x: NEEDED}),
    Sign("Less loss, more x", gt(-sp.diff(NEEDED, r), 0)),
)
local = chain(
    "local",
    "-d ln L/d ln x = alpha r/(E + r) < alpha for E > 0.",
    Identity("The slope", -x * sp.Derivative(sp.log(LOSS), x), alpha * REDUCIBLE / (E + REDUCIBLE)),
    Sign("Less than alpha", gt(alpha, alpha * r / (E + r)), form=alpha * E / (E + r)),
)
FIRST, SECOND, THIRD = (E + r * k ** (-alpha * j) for j in range(3))
three = chain(
    "three",
    "Losses at x, k x, k^2 x give E = (L1 L3 - L2^2)/(L1 + L3 - 2 L2).",
    Identity("Numerator", FIRST * THIRD - SECOND**2, E * (FIRST + THIRD - 2 * SECOND), text="r is the first reducible "
             "loss."),
    Identity("Denominator", FIRST + THIRD - 2 * SECOND, r * (1 - k**-alpha) ** 2, text="Not 0 for k > 1."),
)  # fmt: skip

CLAIMS = (
    abstract("entropy-plus-divergence", "Cross-entropy is the entropy of the data plus the divergence of the model: a "
             "constant that no model gets below, and a part >= 0.",
             proof(cross_entropy_entropy_kl).run,
             Twin("each of its terms is >= 0 too: p = 1/4, q = 1/2",
                  fails_at(p * sp.log(p / q), p=Fraction(1, 4), q=Fraction(1, 2)))),
    abstract("size-for-a-loss", "The size needed for a reducible loss r can be forecast: x0 r^(-1/alpha).", needed,
             Twin("it is x0 r^(1/alpha): r = 1/4, alpha = 1/2",
                  fails_at(r - REDUCIBLE.subs(x, x0 * r ** (1 / alpha)), x_0=1, r=Fraction(1, 4),
                           alpha=Fraction(1, 2)))),
    derived("apparent-exponent", "With E > 0 every local log-log slope of the law is below alpha: without the "
            "constant an exponent comes out too small.", local,
            Twin("at x = x0 and E = 1 it is still 3/4 of alpha",
                 fails_at(alpha * REDUCIBLE / LOSS - 3 * alpha / 4, x=1, x_0=1, alpha=1, E=1))),
    derived("three-points", "Three losses at sizes in geometric progression determine E, whatever x0 and alpha.", three,
            Twin("so does their minimum", fails_at(E - THIRD, E=1, r=1, k=2, alpha=1))),
    abstract("universal-exponent", "The optimal model size is a power of the budget with nearly universal exponents.",
             cited("measured; the abstract prints no exponent"),
             Twin("any two laws E + A N^-alpha + B D^-beta would show the same: 1/2 for alpha = 1, beta = 3",
                  fails_at(sp.Rational(1, 2) - beta / (alpha + beta), alpha=1, beta=3))),
    abstract("near-perfect-8x8", "Models of 10^9 parameters are nearly perfect for images of 8 x 8 points.",
             cited("measured; the reducible loss at that size is not in the abstract"),
             Twin("the law leaves at most 1/1000 at 10^9 times x0, whatever alpha: 1/4",
                  fails_at(sp.Rational(1, 1000) - REDUCIBLE, x=10**9, x_0=1, alpha=Fraction(1, 4)))),
)  # fmt: skip
