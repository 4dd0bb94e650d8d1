"""Pearce and Song, "Reconciling Kaplan and Chinchilla Scaling Laws" (arXiv 2406.12907): counting without embeddings.

The abstract and the authors' script have been read.  N parameters without embeddings, N_T = N + gamma N^(1/3) with
them, C = 6 N D, loss E + A N_T^-alpha + B D^-beta; x = N^(1/3), s = N^(2/3).  The optimum of the script,

    C(N) = 6 N (N + (gamma/3) N^(1/3))^(-1/beta) (N + gamma N^(1/3))^((1+alpha)/beta) (beta B/(alpha A))^(1/beta),

has the slope d ln N/d ln C = 1/g, with g as the script has it.  Every claim has a false twin.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp
from flint import arb

from hconsist.claims import Claim, Paper, Twin
from hconsist.definitions import to_ball
from hconsist.derivations import pearce_song
from hconsist.derivations.links import proof
from hconsist.evidence import Evidence, Source
from hconsist.paper_checks.chinchilla_law import PRINTED, Law
from hconsist.paper_checks.decisions import abstract, derived, fails_at, recalled, together
from hconsist.paper_checks.inequalities import in_balls, rounds
from hconsist.paper_checks.rounding import reaches

__all__ = ["CLAIMS", "GAMMA", "PAPER", "UNROUNDED_4", "budget", "exponent_over_budgets", "exponent_over_sizes"]

PAPER = Paper(
    id="pearce2024_reconciling",
    title="Reconciling Kaplan and Chinchilla Scaling Laws",
    authors="Tim Pearce, Jinyeop Song",
    year=2024,
    url="https://arxiv.org/abs/2406.12907",
    seen="abstract, and the authors' script",
)
GAMMA = 47491
UNROUNDED_4 = Law("1.6934", "406.4", "410.7", "0.3392", "0.2849")
"""Hoffmann et al.'s parameters as the script has them."""

script = partial(Claim, source=Source.TEXT)
A, B, alpha, beta, gamma, x, s = sp.symbols("A B alpha beta gamma x s", positive=True)

# --- the optimum and its slope, for all parameters -----------------------------------------------------------------

TOTAL = x**3 + gamma * x
HALFWAY = x**3 + gamma * x / 3
BUDGET = 6 * x**3 * HALFWAY ** (-1 / beta) * TOTAL ** ((1 + alpha) / beta) * (beta * B / (alpha * A)) ** (1 / beta)
SLOPE = 1 - (s + gamma / 9) / (s + gamma / 3) / beta + (1 + alpha) / beta * (s + gamma / 3) / (s + gamma)
"""g = d ln C/d ln N, as in the script."""
sizes = proof(pearce_song).run
"""The optimum at a budget (one for alpha >= 1/3), its slope, the limits of the slope and where it is greatest."""

# --- numbers -------------------------------------------------------------------------------------------------------


def local(law: Law, size: int) -> sp.Expr:
    """1/g at ``size`` parameters, exactly."""
    values = {alpha: sp.Rational(law.alpha), beta: sp.Rational(law.beta), gamma: GAMMA}
    return 1 / SLOPE.subs(values).subs(s, sp.Integer(size) ** sp.Rational(2, 3))


def _law(law: Law) -> tuple[arb, ...]:
    (a, b), (_, log_a, log_b) = law.exponents(), law.log_coefficients()
    return a, b, (b / a).log() + log_b - log_a


def budget(law: Law, log_size: arb) -> arb:
    """ln C at ln N, as a ball."""
    a, b, log_ratio = _law(law)
    n, m = log_size.exp(), GAMMA * (log_size / 3).exp()
    return arb(6).log() + log_size + (log_ratio - (n + m / 3).log() + (1 + a) * (n + m).log()) / b


def _line(first: list[arb], second: list[arb]) -> arb:
    """The slope of the least-squares line of ``second`` on ``first``."""
    mean = sum(first, arb(0)) / len(first)
    away = [value - mean for value in first]
    return sum((u * v for u, v in zip(away, second)), arb(0)) / sum((u * u for u in away), arb(0))


def exponent_over_sizes(law: Law, smallest: int, largest: int, points: int = 400) -> arb:
    """The slope of ln N on ln C for sizes evenly spaced in ln N."""
    low, high = arb(smallest).log(), arb(largest).log()
    sizes = [low + (high - low) * k / (points - 1) for k in range(points)]
    return _line([budget(law, size) for size in sizes], sizes)


def exponent_over_budgets(law: Law, lowest: str, highest: str, points: int = 100) -> arb:
    """The slope of ln N on ln C for budgets evenly spaced from 10^lowest to 10^highest."""
    low, high = (to_ball(Fraction(text)) * arb(10).log() for text in (lowest, highest))
    budgets = [low + (high - low) * k / (points - 1) for k in range(points)]
    return _line(budgets, [_size(law, c) for c in budgets])


def _size(law: Law, log_budget: arb) -> arb:
    """ln N with this ln C: C(N) rises for alpha >= 1/3 (claim ``optimum``), so a change of sign encloses it."""
    low, high = Fraction(0), Fraction(40)
    assert budget(law, to_ball(low)) < log_budget < budget(law, to_ball(high))
    for _ in range(60):
        middle = (low + high) / 2
        if budget(law, to_ball(middle)) < log_budget:
            low = middle
        else:
            high = middle
    step = Fraction(1, 2**40)
    low, high = low - step, high + step
    assert budget(law, to_ball(low)) < log_budget < budget(law, to_ball(high))
    return to_ball(low).union(to_ball(high))


def shown(**numbers: tuple[Callable[..., arb], tuple[Any, ...], str]) -> Callable[[], Evidence]:
    """Whether functions at their arguments round to decimals, in balls."""
    return in_balls(lambda: rounds(**{name: (f(*given), text) for name, (f, given, text) in numbers.items()}))


SIZES = (768, 1_500_000_000)
BUDGETS = ("12.95", "20.7")
SLOPES = {10**4: "0.776", 10**6: "0.963", 10**8: "0.613", 10**9: "0.535", 10**11: "0.5137"}
SHARES = {text: sp.Rational(p) / (sp.Rational(p) + sp.Rational(q)) for text, p, q in (
    ("0.5126", PRINTED.beta, PRINTED.alpha), ("0.456", UNROUNDED_4.beta, UNROUNDED_4.alpha))}  # fmt: skip

CLAIMS = (
    script("optimum", "script, C_pred", "C(N) gives the size of least loss at a fixed budget, for alpha >= 1/3.",
           decide=sizes,
           twin=Twin("it is no less if the embeddings are taken to grow with N: all parameters 1, x = 1",
                     fails_at(BUDGET.subs(HALFWAY, TOTAL) - BUDGET, A=1, B=1, alpha=1, beta=1, gamma=1, x=1))),
    script("slope", "script, fn_g", "d ln N/d ln C = 1/g.", decide=sizes,
           twin=Twin("with gamma/3 in place of gamma/9",
                     fails_at(SLOPE.subs(gamma / 9, gamma / 3) - SLOPE, alpha=1, beta=1, gamma=1, s=1))),
    script("limits", "script, dashed lines", "1/g runs to beta/(alpha/3 + beta) and to beta/(alpha + beta).",
           decide=sizes, twin=Twin("between them it never exceeds the greater: alpha = beta = gamma = 1, s = 1/6",
                                   fails_at(beta * SLOPE - alpha / 3 - beta, alpha=1, beta=1, gamma=1,
                                            s=Fraction(1, 6)))),
    derived("not-monotone", "For every alpha < 2 the slope rises above its limit for small models, then falls to a "
            "lower one: it is not monotone in N.", sizes,
            Twin("so it does for alpha = 2", fails_at(alpha / 3 + beta - beta * SLOPE, alpha=2, beta=1, gamma=1, s=1))),
    derived("local-slopes", "With the parameters of Besiroglu et al. the slope is .776, .963, .613, .535, .5137 at "
            "10^4, 10^6, 10^8, 10^9, 10^11 parameters.",
            together(*(reaches(local(PRINTED, size), text) for size, text in SLOPES.items())),
            Twin(".95 at 10^6", reaches(local(PRINTED, 10**6), "0.95"))),
    derived("line-over-sizes", "A line through optima of 400 sizes from 768 to 1.5e9, even in ln N: .794 with those "
            "parameters, .759 with Hoffmann et al.'s.",
            shown(besiroglu=(exponent_over_sizes, (PRINTED, *SIZES), "0.794"),
                  hoffmann=(exponent_over_sizes, (UNROUNDED_4, *SIZES), "0.759")),
            Twin(".78", shown(besiroglu=(exponent_over_sizes, (PRINTED, *SIZES), "0.78")))),
    recalled("line-over-budgets", "N ~ C^.78 with those parameters, C^.74 with Hoffmann et al.'s: for the 100 budgets "
             "of the script, even in ln C.",
             shown(besiroglu=(exponent_over_budgets, (PRINTED, *BUDGETS), "0.78"),
                   hoffmann=(exponent_over_budgets, (UNROUNDED_4, *BUDGETS), "0.74")),
             Twin(".73 with Hoffmann et al.'s",
                  shown(hoffmann=(exponent_over_budgets, (UNROUNDED_4, *BUDGETS), "0.73")))),
    abstract("bias", "Counting without embeddings, at small scale, moves Chinchilla's exponent close to Kaplan's 0.73: "
             "from .456 to .74, and from .513 to .78 with the parameters of Besiroglu et al.",
             together(*(reaches(value, text) for text, value in SHARES.items()),
                      shown(besiroglu=(exponent_over_budgets, (PRINTED, *BUDGETS), "0.78"),
                            hoffmann=(exponent_over_budgets, (UNROUNDED_4, *BUDGETS), "0.74"))),
             Twin("at 10^11 parameters it is still 0.6", reaches(local(PRINTED, 10**11), "0.6"))),
)  # fmt: skip
