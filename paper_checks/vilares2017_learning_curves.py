"""Vilares, Darriba and Ribadas, "Modeling of learning curves with applications to POS tagging" (arXiv 2402.02515).

Published in 2017 (Computer Speech and Language).  The abstract has been read; the pattern c - a x^-b of accuracies,
fitted on growing prefixes, its trace of asymptotes and a threshold at which to stop are recalled.  Written for errors
L = 1 - accuracy: E + A x^-alpha with E = 1 - c, A = a, alpha = b, so falling asymptotes of the accuracy are rising E.

What can be proved is derived here, for laws through the last three of the sizes x, k x, k^2 x, ...: the decrements
d_i = L_(i-1) - L_i > 0 have ratios r_i = d_(i+1)/d_i < 1, the law through L_(i-1), L_i, L_(i+1) has

    E_i = L_(i+1) - g_i,   g_i = d_(i+1) r_i/(1 - r_i)   (its remaining gain, A x^-alpha at the last size).

Every claim has a false twin.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import numpy as np
import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import abstract, chain, derived, fails_at, recalled, together
from hconsist.steps import Combination, Given, Identity, Sign

__all__ = ["CLAIMS", "MIXTURE", "PAPER", "SHIFTED", "three_point_trace"]

PAPER = Paper(
    id="vilares2017_learning_curves",
    title="Modeling of learning curves with applications to POS tagging",
    authors="Manuel Vilares Ferro, Victor M. Darriba Bilbao, Francisco J. Ribadas Pena",
    year=2017,
    url="https://arxiv.org/abs/2402.02515",
    seen="abstract",
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
A, E, x, k, alpha, d, last, threshold, eps = sp.symbols("A E x k alpha d L tau eps", positive=True)
r, later, more, power = sp.symbols("r r_next e R", positive=True)
decrement, following, true, limit = sp.symbols("d_m d_next G E_true", real=True)

# --- the law of a prefix -------------------------------------------------------------------------------------------

POINTS = [E + A * (x * k**j) ** -alpha for j in range(3)]
FIRST, SECOND = POINTS[0] - POINTS[1], POINTS[1] - POINTS[2]
GAIN = SECOND * (SECOND / FIRST) / (1 - SECOND / FIRST)
exact = chain(
    "exact",
    "On a curve E + A x^-alpha every prefix gives E, and the remaining gain is A x^-alpha at its last size.",
    Identity("The ratio", SECOND / FIRST, k**-alpha, text="The decrements fall by one factor, k^-alpha."),
    Identity("The gain", A * x**-alpha * (1 - k**-alpha) * k**-alpha * k**-alpha / (1 - k**-alpha),
             POINTS[2] - E, text="d_(i+1) r/(1 - r) with d_(i+1) = A x^-alpha (1 - k^-alpha) k^-alpha."),
)  # fmt: skip
stop = chain(
    "stop",
    "There the rule gain <= tau stops exactly from x = (A/tau)^(1/alpha) on.",
    Identity("At this size", A * x**-alpha, threshold, put={x: (A / threshold) ** (1 / alpha)}),
    Sign("Then less", gt(-sp.diff(A * x**-alpha, x), 0)),
)  # fmt: skip

# --- any curve -----------------------------------------------------------------------------------------------------

PART = r / (1 - r)
"""r/(1 - r): the remaining gain over the last decrement."""
trace = chain(
    "trace",
    "E_(i+1) - E_i = d_(i+1) (r_i/(1 - r_i) - r_(i+1)/(1 - r_(i+1))): E rises exactly where the ratios fall.",
    Identity("One step", (last - d * later - d * later * later / (1 - later)) - (last - d * PART),
             d * (PART - later / (1 - later)),
             text="L = L_(i+1), d = d_(i+1), r = r_i; the next decrement is d r_next, with r_next = r_(i+1)."),
    Sign("Falling ratios", gt(r / (1 - r) - later / (1 - later), 0),
         put={r: power / (1 + power), later: power / (1 + power + more)},
         text="Two numbers r > r_next in (0, 1)."),
)  # fmt: skip
FALL, KEEP = le(decrement, power * d), le(following, r * decrement)
guarantee = chain(
    "guarantee",
    "If no later ratio exceeds r_i, the true remaining gain is at most g_i, and E_i is at most the true limit.",
    Given("Induction", (FALL, KEEP), text="d_m <= R d with R = r^m; the next ratio is at most r = r_i."),
    Combination("Decrements", le(following, power * r * d), ((1, KEEP), (r, FALL)),
                text="So the m-th decrement after d_(i+1) = d is at most r^m d."),
    Identity("Their sum", r * (1 - power) / (1 - r) + power * r, r * (1 - power * r) / (1 - r),
             text="r + ... + r^m = r (1 - r^m)/(1 - r), by induction with R = r^m."),
    Sign("At most g", ge(d * r / (1 - r), d * r * (1 - power) / (1 - r)), form=d * r * power / (1 - r),
         put={r: 1 / (1 + more)}, text="So every later loss is above L_(i+1) - g_i = E_i, and the limit no less."),
)  # fmt: skip
NEAR = (ge(last - limit, true), le(last, E + threshold + eps), ge(limit, E - eps))
proximity = chain(
    "proximity",
    "If from the last size on the curve stays within eps of the law of the prefix, the true remaining gain is at most "
    "the fitted one + 2 eps.",
    Given("The curve", NEAR, text="The last loss is at most E + tau + eps (the law there is E + tau) and the limit at "
                                  "least E - eps; G is what is left to gain."),
    Combination("The gain", le(true, threshold + 2 * eps), tuple((1, part) for part in NEAR)),
)  # fmt: skip

# --- two curves ----------------------------------------------------------------------------------------------------

SHIFTED = tuple(Fraction(1, 1 + 2**j) for j in range(9))
"""1/(1 + x) at x = 1, 2, 4, ..., 256: its local exponents rise."""
MIXTURE = tuple(Fraction(1, 4**j) + Fraction(1, 2**j) for j in range(9))
"""1/x + 1/sqrt(x) at x = 1, 4, 16, ...: its local exponents fall."""


def three_point_trace(losses: tuple[Fraction, ...]) -> list[tuple[Fraction, Fraction]]:
    """(E_i, g_i) of the laws through three neighbours at sizes in geometric progression."""
    found = []
    for a, b, c in zip(losses, losses[1:], losses[2:]):
        gain = (b - c) ** 2 / ((a - b) - (b - c))
        found.append((c - gain, gain))
    return found


def _first_failure(failures: list[dict[str, str]], points: int) -> Evidence:
    if failures:
        return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=points, witness=failures[0])
    return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=points)


def rising(losses: tuple[Fraction, ...]) -> Callable[[], Evidence]:
    """Whether E_i rises along this curve, in fractions."""

    def decide() -> Evidence:
        levels = [level for level, _ in three_point_trace(losses)]
        pairs = enumerate(itertools.pairwise(levels), 1)
        return _first_failure([{"i": str(i), "E_i": str(a), "E_(i+1)": str(b)} for i, (a, b) in pairs if b < a],
                              len(levels) - 1)  # fmt: skip

    return decide


def safe(losses: tuple[Fraction, ...]) -> Callable[[], Evidence]:
    """Whether the fitted gain is at least the true one, for a curve with limit 0."""

    def decide() -> Evidence:
        pairs = list(zip(losses[2:], three_point_trace(losses)))
        wrong = [{"left to gain": str(loss), "fitted gain": str(gain)} for loss, (_, gain) in pairs if gain < loss]
        return _first_failure(wrong, len(pairs))

    return decide


def fitted(exponent: float, shifts: tuple[float, ...]) -> Callable[[], Evidence]:
    """Whether the trace of least-squares fits rises on 1/20 + (x + shift)^-exponent (+ x^-1 for shift 0)."""

    def decide() -> Evidence:
        from hconsist.scaling import asymptote_trace

        x, least, count = np.geomspace(30, 1e5, 24), np.inf, 0
        for shift in shifts:
            curve = 0.05 + (x + shift) ** -exponent + (0 if shift else 1 / x)
            found = asymptote_trace(x, curve, loss="squares", residual="loss")
            steps = np.diff(found.asymptotes)
            count += len(steps)
            k = int(np.argmin(steps))
            if not found.certified.all():
                return Evidence(Verdict.INCONCLUSIVE, Level.SAMPLED, points=count, reason="a fit is not certified")
            if steps[k] < -1e-12:  # a trace at the truth, 0.05, moves by rounding
                witness = {"shift": shift, "size": f"{found.sizes[k + 1]:.6g}", "step of E": f"{steps[k]:.3g}"}
                return Evidence(Verdict.REFUTED, Level.SAMPLED, points=count, slack=float(steps[k]), witness=witness)
            least = min(least, float(steps[k]))
        return Evidence(Verdict.SUPPORTED, Level.SAMPLED, points=count, slack=least)

    return decide


CLAIMS = (
    recalled("exact-law", "On a curve c - a x^-b the asymptote of every prefix is c, and what is left a x^-b.", exact,
             Twin("what is left is half of it",
                  fails_at(A * (k**2 * x) ** -alpha / 2 - GAIN, A=1, E=1, x=1, k=2, alpha=1))),
    recalled("threshold", "The rule that stops where a x^-b falls to tau stops at x = (a/tau)^(1/b).", stop,
             Twin("at x = a/tau, whatever b: b = 1/2",
                  fails_at(threshold - A * (A / threshold) ** -alpha, A=1, tau=Fraction(1, 4), alpha=Fraction(1, 2)))),
    derived("monotone-asymptotes",
            "The asymptotes of the accuracy fall from prefix to prefix exactly where the ratios of successive gains do "
            "(the local exponents rise).", together(trace, rising(SHIFTED)),
            Twin("they fall for every rising, concave, bounded accuracy: 1 - 1/x - 1/sqrt(x)", rising(MIXTURE))),
    derived("least-squares-trace", "Those of least-squares fits never rise on the prefixes of 1/20 + (x + s)^-1/2.",
            fitted(0.5, (1.0, 2.0, 5.0, 20.0)),
            Twin("nor on those of 1/20 + x^-1/2 + x^-1", fitted(0.5, (0.0,)))),
    abstract("proximity", "A threshold for what is left to gain is reliable: once the fitted gain is at most tau, no "
             "later loss is lower by more than tau, if no later ratio exceeds the last one.",
             together(guarantee, safe(SHIFTED)),
             Twin("without that hypothesis: 1/x + 1/sqrt(x)", safe(MIXTURE))),
    derived("proximity-with-errors", "With a curve within eps of the law of the prefix it is tau + 2 eps.", proximity,
            Twin("tau + eps: E = 1, the last loss E + tau + eps, the limit E - eps",
                 fails_at(threshold + eps - ((E + threshold + eps) - (E - eps)), E=1, tau=1, eps=Fraction(1, 10)))),
)  # fmt: skip
