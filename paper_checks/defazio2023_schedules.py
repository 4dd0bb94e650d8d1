"""Defazio, Cutkosky, Mehta and Mishchenko, "When, Why and How Much?" (arXiv 2310.07831): linear decay.

Only the abstract has been read; the theorem behind it is recalled and proved here.  f is convex, |g_t| <= G for the
subgradients (or in mean square, for stochastic ones), |x_1 - x*| <= D, weights w_t > 0 with W_k = w_k + ... + w_T,
steps eta_t = w_t W_(t+1)/W_1.  Every claim has a false twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import abstract, chain, derived, fails_at, recalled, together
from hconsist.steps import Cited, Combination, Identity, Sign

__all__ = ["CLAIMS", "PAPER", "last_from_tails"]

PAPER = Paper(
    id="defazio2023_schedules",
    title="When, Why and How Much? Adaptive Learning Rate Scheduling by Refinement",
    authors="Aaron Defazio, Ashok Cutkosky, Harsh Mehta, Konstantin Mishchenko",
    year=2023,
    url="https://arxiv.org/abs/2310.07831",
    seen="abstract",
)

ge, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq))
D, G, T, w, tail, whole, first = sp.symbols("D G T w W_k1 W_1 w_k", positive=True)
q_k, q_T, mean, step, regret, start, moved, g = sp.symbols("q_k q_T S_k1 r r_T z_t z_next g_t", real=True)
more = sp.Symbol("e", nonnegative=True)
k = sp.Symbol("k", positive=True)

# --- the last value from the tails -------------------------------------------------------------------------------


def last_from_tails(q: Sequence[Fraction], weights: Sequence[Fraction]) -> Fraction:
    """(1/W_1) sum_t w_t q_t + sum_(k<T) (1/W_(k+1) - 1/W_k) sum_(t>=k) w_t (q_t - q_k), which is q_T."""
    n = len(q)
    tails = [sum(weights[j:], Fraction(0)) for j in range(n)]
    total = sum((a * b for a, b in zip(weights, q)), Fraction(0)) / tails[0]
    for j in range(n - 1):
        spread = sum((weights[t] * (q[t] - q[j]) for t in range(j, n)), Fraction(0))
        total += (1 / tails[j + 1] - 1 / tails[j]) * spread
    return total


def tails_agree(shift: Fraction = Fraction(0)) -> Evidence:
    """The identity in fractions on a few sequences; with a shift of the last value it must fail."""
    cases = [[Fraction((7 * j * j + 3 * j * m + m) % 11, m) for j in range(m)] for m in range(1, 9)]
    for q in cases:
        weights = [Fraction(1 + (5 * j) % 7, 3) for j in range(len(q))]
        if last_from_tails(q, weights) != q[-1] + shift:
            witness = {"q": ", ".join(map(str, q)), "w": ", ".join(map(str, weights))}
            return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=len(cases), witness=witness)
    return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=len(cases))


_COEFFICIENT = 1 / tail - 1 / (first + tail)
tails = chain(
    "tails",
    "q_T is the weighted mean of all q_t plus the terms of all tails.",
    Identity("One tail more", (first * q_k + tail * mean) / (first + tail)
             + _COEFFICIENT * ((first * q_k + tail * mean) - (first + tail) * q_k), mean,
             text="S_k1 is the weighted mean from k + 1 on and W_k1 = W_(k+1): the mean from k on plus the term of k "
                  "is the mean from k + 1 on. From k = 1 to T - 1 the mean from T on is left, q_T."),
)  # fmt: skip

# --- the theorem -------------------------------------------------------------------------------------------------

CONVEX = le(regret, whole * step)
last_iterate = chain(
    "last-iterate",
    "f(x_T) - f(x*) <= (D^2 + sum of w_t^2 |g_t|^2)/(2 W_1).",
    Identity("Telescoping", 1 / tail - 1 / whole - (1 / (first + tail) - 1 / whole), _COEFFICIENT,
             text="The coefficients of all tails up to s sum to 1/W_(s+1) - 1/W_1."),
    Identity("What a step becomes", first * tail / whole * (1 + whole * (1 / tail - 1 / whole)), first,
             text="z_t = x_t + W_1 times the sum over k < t of the coefficients times (x_t - x_k): here x_t - x_k is "
                  "minus the steps from k to t - 1, eta_s g_s with eta_s = w_s W_(s+1)/W_1, so z_(t+1) = z_t - w_t g_t "
                  "and z_1 = x_1."),
    Cited("Convexity", "subgradient inequality, for f(x_t) - f(x_k) and f(x_t) - f(x*)",
          text="W_1 (f(x_T) - f(x*)), by the identity of the tails, is at most the sum of w_t g_t . (z_t - x*). For "
               "stochastic g_t take expectations."),
    Identity("One step of z", w * g * start, (start**2 - moved**2 + w**2 * g**2) / 2, put={moved: start - w * g},
             text="One coordinate, x* = 0; summed over t the squares telescope to at most D^2."),
)  # fmt: skip

# --- equal weights -----------------------------------------------------------------------------------------------

BOUND = (D**2 + T * w**2 * G**2) / (2 * T * w)
BEST = {w: D / (G * sp.sqrt(T))}
linear = chain(
    "linear",
    "Equal weights w: eta_t = w (1 - t/T), and the bound is least, D G/sqrt(T), at w = D/(G sqrt(T)).",
    Identity("Linear decay", w * ((T - k) * w) / (T * w), w * (1 - k / T), text="k stands for t."),
    Identity("The bound", BOUND, D * G / sp.sqrt(T), put=BEST),
    Sign("No other equal weight is better", ge(BOUND, D * G / sp.sqrt(T)),
         form=(D - sp.sqrt(T) * w * G) ** 2 / (2 * T * w)),
)  # fmt: skip
a, b = sp.symbols("W_1 Q", positive=True)
CAUCHY = ge(T * b, a**2)
worst_case = chain(
    "worst-case",
    "Among all weights, with |g_t| = G, the bound is least for equal ones.",
    Cited("Cauchy's inequality", "W_1^2 <= T Q for the sum W_1 of the weights and Q of their squares", (CAUCHY,)),
    Combination("At least that of equal weights", ge((D**2 + G**2 * b) / (2 * a), (D**2 + G**2 * a**2 / T) / (2 * a)),
                ((G**2 / (2 * a * T), CAUCHY),), text="Their mean is w = W_1/T."),
    Identity("which is the bound above", (D**2 + G**2 * a**2 / T) / (2 * a), BOUND, put={a: T * w}),
)  # fmt: skip

CLAIMS = (
    derived("tails", "The last value is the weighted mean of all plus the terms of all tails.",
            together(tails, tails_agree), Twin("it is 1 more", lambda: tails_agree(Fraction(1)))),
    recalled("last-iterate", "With eta_t = w_t W_(t+1)/W_1: f(x_T) - f* <= (D^2 + sum w_t^2 G^2)/(2 W_1).",
             together(tails, last_iterate),
             Twin("half of it: T = 1, f = G |x|, where f(x_1) - f* = G D and w = D/G",
                  fails_at((D**2 + w**2 * G**2) / (4 * w) - G * D, D=1, G=1, w=1))),
    recalled("linear-decay", "Linear decay, eta_t = (D/(G sqrt(T)))(1 - t/T): f(x_T) - f* <= D G/sqrt(T).",
             together(tails, last_iterate, linear),
             Twin("9/10 of it: T = 1, f = G |x|", fails_at(sp.Rational(9, 10) * D * G / sp.sqrt(T) - G * D,
                                                          D=1, G=1, T=1))),
    abstract("worst-case",
             "In the worst case linear decay is the best schedule: the bound is least for equal weights (the sense in "
             "which this is checked here).", together(linear, worst_case),
             Twin("weights 1 and 3 have a lower bound than 2 and 2, D = G = 2",
                  fails_at((4 + 4 * T * w**2) / (2 * T * w) - (4 + 4 * b) / (2 * T * w), "Q = 10", T=2, w=2, Q=10))),
)  # fmt: skip
