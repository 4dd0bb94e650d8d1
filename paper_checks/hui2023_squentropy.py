"""Hui, Belkin and Wright, "Cut your Losses with Squentropy" (ICML 2023): order kept, probabilities not.

Only the abstract has been read: the loss is "the sum of two terms: the cross-entropy loss and the average square loss
over the incorrect classes"; accuracy and calibration are measured there, not proved, and not checked here.  h are the
scores, s their softmax, c = 2/(n-1).  The conditional risk is the sum of -p_k log s_k and of (1-p_k) h_k^2/(n-1).
The theorems are derived here.  Every claim has a false twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import sympy as sp
from flint import arb

from hconsist.claims import Paper, Twin
from hconsist.definitions import precision, to_ball
from hconsist.derivations import calibration
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import abstract, chain, derived, fails_at, together
from hconsist.steps import Cited, Combination, Given, Identity, Monotone, Sign, Words

__all__ = ["CLAIMS", "PAPER", "best_softmax"]

PAPER = Paper(
    id="hui2023_squentropy",
    title="Cut your Losses with Squentropy",
    authors="Like Hui, Mikhail Belkin, Stephen Wright",
    year=2023,
    url="https://arxiv.org/abs/2302.03952",
    seen="abstract",
)

ge, gt, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Eq))
p, h, s, v, L, mean = sp.symbols("p_k h_k s_k v_k l E_v", real=True)
q, x, t = sp.symbols("q_k x t", nonnegative=True)
n, c, z, y, q1 = sp.symbols("n c z y q_1", positive=True)
HALF = sp.Rational(1, 2)

# --- where the risk is least -------------------------------------------------------------------------------------

convex = chain(
    "convex",
    "The conditional risk is strictly convex in h, with second derivatives at least c min(1 - p_k), if max p < 1.",
    Identity("Squares", sp.Derivative((1 - p) * h**2 / (n - 1), h, 2), 2 * (1 - p) / (n - 1)),
    Cited("Cross-entropy is convex", "log-sum-exp is convex",
          text="Its second derivative along v is the variance of v under s, at least 0."),
    Identity("The variance, one label", s * (v - mean) ** 2, s * v**2 - 2 * mean * s * v + mean**2 * s,
             text="Summed: the mean of the squares less the square of the mean E_v."),
)  # fmt: skip
STATIONARY = eq((s - p) + c * (1 - p) * h, 0)
stationary = chain(
    "link",
    "At the best scores p_k = (s_k + c h_k)/(1 + c h_k), and the sum of (1 - p_k) h_k is 0.",
    Identity("Gradient, own label", sp.Derivative(p * (L - h), h), -p,
             text="l = log-sum-exp, whose derivative in h_k is s_k: cross-entropy has the gradient s - p."),
    Identity("Gradient, squares", sp.Derivative((1 - p) * h**2 / (n - 1), h), 2 / (n - 1) * (1 - p) * h),
    Given("The gradient is 0", (STATIONARY,)),
    Combination("The link", eq(s + c * h, p * (1 + c * h)), ((1, STATIONARY),),
                text="1 + c h_k > 0, as (1 - p_k)(1 + c h_k) = 1 - s_k > 0: p is read off the scores."),
    Identity("Summed", 1 - 1 + c * q, c * q, text="The s_k - p_k sum to 0, so the (1 - p_k) h_k do: here q."),
)  # fmt: skip

order = chain(
    "order",
    "The best scores have the order of p, strictly, for every n.",
    theorem(calibration, "(f) where the gradient vanishes"),
    theorem(calibration, "(f) the order of p", text="If h_j >= h_1 then p_1 <= p_j."),
)  # fmt: skip

# --- how far the softmax is from p -------------------------------------------------------------------------------

OWN = eq(s - p, -c * q1 * z)
underconfident = chain(
    "underconfident",
    "s_1 < p_1 for a most probable label 1, unless p is uniform; so softmax is not proper for squentropy.",
    Words("The largest score is positive",
          text="The (1 - p_k) h_k sum to 0 and h_1 is largest (claims link and order).  If h_1 <= 0, all h_k are 0; "
               "then s is uniform, and p = s."),
    Given("Its share", (OWN,), text="The gradient is 0; h_1 = z > 0 and q_1 = 1 - p_1 > 0."),
    Combination("It is below p_1", gt(p, s), ((-1, OWN),)),
)  # fmt: skip

u = sp.Symbol("u", real=True)
SUP = t / (3 - 2 * t**2)
SQUARES = (1 - t) / 2 * ((1 + t) * z / 2) ** 2 + (1 + t) / 2 * ((1 - t) * z / 2) ** 2
TANH = Monotone("tanh x <= x", x - sp.tanh(x), x)
COSH = Monotone("log cosh x <= x^2/2", x**2 / 2 - sp.log(sp.cosh(x)), x, parts=((1, TANH),))
two_labels = chain(
    "two-labels",
    "Two labels: T_2(t) >= t^2/(6 - 4 t^2) >= t^2/6.",
    Identity("The cost of a tie", sp.log(2) + HALF * (u**2 + u**2), sp.log(2) + u**2,
             text="Scores (u, u), at any law: at least log 2.  The risk is convex and least at h_1 > h_2, so this is "
                  "the least cost with label 2 on top."),
    Identity("Two shares", (sp.exp(z / 2) + sp.exp(-z / 2)) * sp.exp(-z / 2), 1 + sp.exp(-z),
             text="h = ((1+t) z/2, -(1-t) z/2), z = h_1 - h_2 = 2x: -log s_1 = l - z/2 and -log s_2 = l + z/2 with "
                  "l = log 2 + log cosh x."),
    Identity("Their cross-entropy", (1 + t) / 2 * (L - z / 2) + (1 - t) / 2 * (L + z / 2), L - t * z / 2,
             text="p = ((1+t)/2, (1-t)/2)."),
    Identity("Their squares", SQUARES, (1 - t**2) * z**2 / 4),
    TANH, COSH,
    Combination("The regret is at least", ge(t * x - (1 - t**2) * x**2 - sp.log(sp.cosh(x)),
                                             t * x - (1 - t**2) * x**2 - x**2 / 2), ((1, COSH),),
                text="log 2 less the cost of h, for every x >= 0."),
    Identity("At the best x", (t * x - (1 - t**2) * x**2 - x**2 / 2).subs(x, SUP), t**2 / (6 - 4 * t**2),
             put={t: 1 / (1 + y)}, text="x = t/(3 - 2 t^2)."),
    Sign("At least t^2/6", ge(t**2 / (6 - 4 * t**2), t**2 / 6), form=t**4 / (3 * (3 - 2 * t**2)),
         put={t: 1 / (1 + y)}),
)  # fmt: skip
GAP = (sp.sqrt(1 + 4 * z * (sp.tanh(z / 2) + z)) - 1) / (2 * z)
"""The t at which h above is best: tanh(z/2) + (1 - t^2) z = t."""
CURVE = GAP * z / 2 - (1 - GAP**2) * z**2 / 4 - sp.log(sp.cosh(z / 2))
"""T_2 there."""

# --- numbers -----------------------------------------------------------------------------------------------------

LAW = (Fraction(1, 2), Fraction(3, 10), Fraction(1, 5))
NEAR = tuple(map(Fraction, ("0.207298750140293032", "-0.021738765140268212", "-0.110540299339948460")))
SHARES = tuple(map(Fraction, ("0.396350625", "0.315217136", "0.288432239")))
WRONG = tuple(map(Fraction, ("0.3963516", "0.3152166", "0.2884318")))


def best_softmax(law: Sequence[Fraction], near: Sequence[Fraction]) -> tuple[arb, ...]:
    """Balls that hold the softmax of the best scores, from scores near them.

    The second derivatives are at least m = c min(1 - p_k), so the minimiser is no farther than |gradient|/m.
    """
    c = Fraction(2, len(law) - 1)
    least = to_ball(c * min(1 - p for p in law))
    powers = [to_ball(h).exp() for h in near]
    slopes = [e / sum(powers, arb(0)) - to_ball(p) + to_ball(c * (1 - p) * h) for e, p, h in zip(powers, law, near)]
    radius = sum((g * g for g in slopes), arb(0)).sqrt() / least
    moved = [(to_ball(h) + arb(0, radius.upper())).exp() for h in near]
    return tuple(e / sum(moved, arb(0)) for e in moved)


def numbers(shares: Sequence[Fraction], within: Fraction) -> Evidence:
    """Whether the softmax of the best scores at LAW is ``shares``, each within so much: in balls."""
    with precision(128):
        balls = best_softmax(LAW, NEAR)
        slacks = [to_ball(within) - abs(ball - to_ball(share)) for ball, share in zip(balls, shares)]
        slack = min(float(d.mid()) for d in slacks)
        found = {"boxes": 1, "slack": slack, "where": {"p": ", ".join(map(str, LAW))}}
        if all(d > 0 for d in slacks):
            granted = ("claim convex: second derivatives at least c min(1 - p_k)",)
            return Evidence(Verdict.PROVED, Level.ENCLOSED, assumptions=granted, **found)
        if any(d < 0 for d in slacks):
            witness = {"p": ", ".join(map(str, LAW)), "softmax": ", ".join(ball.str(10) for ball in balls)}
            return Evidence(Verdict.REFUTED, Level.ENCLOSED, witness=witness, **found)
    return Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, reason="the balls are too wide", **found)


# --- claims ------------------------------------------------------------------------------------------------------

p1, p2, h1, h2 = sp.symbols("p_1 p_2 h_1 h_2", real=True)
PROPER = p1 * sp.log(p1 / p2)
"""h_1 of the scores with softmax (p_1, p_2) and p_2 h_1 + p_1 h_2 = 0."""

CLAIMS = (
    abstract(
        "cross-entropy-and-squares",
        "The loss is cross-entropy plus the mean square of the scores of the wrong labels; its conditional risk is "
        "strictly convex if max p < 1.",
        convex,
        Twin("without the squares too: at p = (1/2, 1/2) it grows by |h|^2/100 from (0, 0) to (1, 1)",
             fails_at(sp.log(sp.exp(h1) + sp.exp(h2)) - (h1 + h2) / 2 - sp.log(2) - (h1**2 + h2**2) / 100,
                      h_1=1, h_2=1)),
    ),
    derived(
        "not-shift-invariant",
        "A shift a of all scores changes the loss of label y by (2 a sum of h_k + (n-1) a^2)/(n-1), k != y.",
        chain("shift", "One label.", Identity("One label", (h + u) ** 2 - h**2, 2 * u * h + u**2,
                                              text="Cross-entropy does not change.")),
        Twin("the loss of (1, 1) is at most that of (0, 0), two labels",
             fails_at(-(h1**2), h_1=1)),
    ),
    derived(
        "link",
        "At the best scores p_k = (s_k + c h_k)/(1 + c h_k), c = 2/(n-1): p can be read off them.  Under the weights "
        "1 - p_k they have the mean 0.",
        stationary,
        Twin("with c = 1/(n-1) too, up to 1/100, at p = (1/2, 3/10, 1/5) and its best scores (18 digits)",
             fails_at(sp.Rational(1, 100) - (1 - p1) * h1 / 2, "(1 - p_1) h_1/2 is what is missing, n = 3",
                      p_1=Fraction(1, 2), h_1=NEAR[0])),
    ),
    derived(
        "order",
        "The best scores have the order of p, strictly (max p < 1); squentropy is top-1 consistent.",
        order,
        Twin("they have the opposite order at p = (1/2, 3/10, 1/5)",
             fails_at(h2 - h1, "the best scores, 18 digits", h_1=NEAR[0], h_2=NEAR[1])),
    ),
    derived(
        "underconfident",
        "Not proper: unless p is uniform or a sure label, the softmax of the best scores gives the most probable label "
        "less than p_1, for every n.",
        together(stationary, order, underconfident),
        Twin("softmax(h) = p at the best scores for p = (3/4, 1/4), where both equations ask for h_1 >= 0",
             fails_at(-2 * p2 * PROPER, p_1=Fraction(3, 4), p_2=Fraction(1, 4))),
    ),
    derived(
        "numbers",
        "At p = (1/2, 3/10, 1/5) the softmax of the best scores is (0.396350625, 0.315217136, 0.288432239), to 10^-9.",
        lambda: numbers(SHARES, Fraction(1, 10**9)),
        Twin("it is (0.3963516, 0.3152166, 0.2884318), to 10^-7", lambda: numbers(WRONG, Fraction(1, 10**7))),
    ),
    derived(
        "two-labels",
        "Two labels: T_2(t) >= t^2/(6 - 4 t^2), so zero-one regret <= sqrt(6 x surrogate regret).",
        two_labels,
        Twin("T_2(t) >= 17/100 t^2, at the t for which z = 1/10 is best",
             fails_at(CURVE - sp.Rational(17, 100) * GAP**2, z=Fraction(1, 10))),
    ),
)  # fmt: skip
