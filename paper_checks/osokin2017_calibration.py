"""Osokin, Bach and Lacoste-Julien, "On Structured Prediction Theory with Calibrated Convex Surrogate Losses" (2017).

Only the abstract has been read; the surrogate and eps^2/(4k) are recalled.  For k labels, L the zero-one loss and
scores f in R^k with argmax decoding the quadratic surrogate is |f + L_y|^2/(2k), and the calibration function
delta(eps) is its least conditional excess where the zero-one excess is at least eps: the T of this package, for a
surrogate that is divided by 2k.  With g = f + 1 all is about |g - q|^2 at a law q.  Every claim has a false twin.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import sympy as sp
from flint import fmpq, fmpq_mat

from hconsist.claims import Paper, Twin
from hconsist.derivations import additive_entropies
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import abstract, attained, chain, derived, fails_at, recalled, together
from hconsist.steps import Cited, Combination, Given, Identity, Sign

__all__ = ["CLAIMS", "PAPER", "least_excess"]

PAPER = Paper(
    id="osokin2017_calibration",
    title="On Structured Prediction Theory with Calibrated Convex Surrogate Losses",
    authors="Anton Osokin, Francis Bach, Simon Lacoste-Julien",
    year=2017,
    url="https://arxiv.org/abs/1703.02403",
    seen="abstract",
)

ge, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq))
k, eps = sp.symbols("k epsilon", positive=True)
q, v, w = sp.symbols("q v w", nonnegative=True)
f, shift, excess, distance = sp.symbols("f a E |g-q|^2", real=True)
HALF = sp.Rational(1, 2)
TIE = ((1 + eps) / 2 - HALF) ** 2 + ((1 - eps) / 2 - HALF) ** 2
"""|g - q|^2 for q = ((1+eps)/2, (1-eps)/2, 0, ...), g = (1/2, 1/2, 0, ...)."""

# --- the closed form ---------------------------------------------------------------------------------------------

DEFINED, PAIRED = eq(excess, distance / (2 * k)), ge(distance, shift**2 + (shift - eps - w - v) ** 2)
surrogate = chain(
    "surrogate-excess",
    "The conditional excess of |f + L_y|^2/(2k) is |f + L q|^2/(2k) = |g - q|^2/(2k), g = f + 1.",
    Identity("One coordinate", q * f**2 + (1 - q) * (f + 1) ** 2,
             (f + 1 - q) ** 2 + sp.UnevaluatedExpr(q * (1 - q)),
             text="Coordinate c of L_y is 0 for y = c, which has the probability q, and 1 else: the mean square is the "
                  "squared distance to its mean 1 - q, plus a variance without f."),
    Identity("It can be 0", (f + 1 - q).subs(f, q - 1), 0, text="All scores are allowed."),
)  # fmt: skip
_TWO = Sign("Two coordinates", ge(shift**2 + (shift - eps - w - v) ** 2, eps**2 / 2),
            form=((2 * shift - eps - w - v) ** 2 + 2 * eps * (w + v) + (w + v) ** 2) / 2,
            text="Label j is predicted: a = q_1 - g_1 and q_j - g_j = a - (q_1 - q_j) - (g_j - g_1), where q_1 - q_j = "
                 "eps + w >= eps and g_j - g_1 = v >= 0.")  # fmt: skip
closed_form = chain(
    "calibration-function",
    "delta(eps) = eps^2/(4k) for every k and 0 < eps <= 1.",
    Given("The excess", (DEFINED, PAIRED), text="The coordinates of the labels 1 (the most probable) and j."),
    _TWO,
    Combination("At least", ge(excess, eps**2 / (4 * k)),
                ((1, DEFINED), (1 / (2 * k), PAIRED), (1 / (2 * k), _TWO))),
    Identity("Attained", TIE / (2 * k), eps**2 / (4 * k),
             text="q = ((1+eps)/2, (1-eps)/2, 0, ...), g = (1/2, 1/2, 0, ...): a tie, which may be broken either way."),
)  # fmt: skip
convex = chain(
    "transfer",
    "delta is convex, so delta(expected zero-one excess) <= expected surrogate excess.",
    Identity("Inverse", 2 * sp.sqrt(k * (eps**2 / (4 * k))), eps),
    Sign("Convex", ge(sp.Derivative(eps**2 / (4 * k), eps, 2), 0), form=1 / (2 * k)),
    Cited("From one input to the mean over inputs", "Jensen's inequality",
          text="All scores are allowed, so the least risk is the mean of the least conditional risks."),
)  # fmt: skip
many = chain(
    "many-labels",
    "With k = 2^m labels the excess that a zero-one excess eps needs halves with every bit.",
    Identity("One bit more", eps**2 / (4 * 2 ** (w + 1)), eps**2 / (4 * 2**w) / 2),
    Identity("The limit", sp.Limit(eps**2 / (4 * k), k, sp.oo, "-"), 0),
)
scale = chain(
    "scale",
    "For |g - e_y|^2/2, undivided by k, delta is T(t) = t^2/4 for every k, that of sparsemax.",
    Identity("Undivided", k * (eps**2 / (4 * k)), eps**2 / 4),
)

# --- the quadratic programs --------------------------------------------------------------------------------------


def least_excess(n_labels: int, gap: Fraction) -> Fraction:
    """The least |g - q|^2/(2k) with q_1 - q_2 >= gap, q_1 the largest, g_2 the largest, q a law: exact.

    Every set of inequalities is tried as the active one until the conditions of Karush, Kuhn and Tucker hold, which
    prove the optimum of a convex program.  One pair of labels is enough, as the problem is symmetric in them.
    """
    size = 2 * n_labels

    def row(**entries: int) -> list[int]:
        line = [0] * size
        for name, value in entries.items():
            line[int(name[1:]) + (n_labels if name[0] == "q" else 0)] = value
        return line

    at_least = [(row(q0=1, q1=-1), gap)]
    at_least += [(row(g1=1, **{f"g{i}": -1}), Fraction(0)) for i in range(n_labels) if i != 1]
    at_least += [(row(q0=1, **{f"q{i}": -1}), Fraction(0)) for i in range(2, n_labels)]
    at_least += [(row(**{f"q{i}": 1}), Fraction(0)) for i in range(n_labels)]
    law = (row(**{f"q{i}": 1 for i in range(n_labels)}), Fraction(1))
    for count in range(len(at_least) + 1):
        for active in itertools.combinations(at_least, count):
            point = _stationary(n_labels, (law, *active))
            if point is None:
                continue
            x, multipliers = point
            feasible = all(_dot(line, x) >= fmpq(b.numerator, b.denominator) for line, b in at_least)
            if feasible and all(y >= 0 for y in multipliers[1:]):
                value = sum(((x[i] - x[i + n_labels]) ** 2 for i in range(n_labels)), fmpq(0)) / size
                return Fraction(int(value.p), int(value.q))
    raise ArithmeticError("no active set satisfies the optimality conditions")


def _dot(line: Sequence[int], x: Sequence[fmpq]) -> fmpq:
    return sum((a * b for a, b in zip(line, x)), fmpq(0))


def _stationary(n_labels: int, equations: Sequence[tuple[list[int], Fraction]]) -> tuple[list, list] | None:
    """The point and multipliers where the gradient of the excess is a combination of these equations; None if many."""
    size, more = 2 * n_labels, len(equations)
    table = [[fmpq(0)] * (size + more) for _ in range(size + more)]
    right = [[fmpq(0)] for _ in range(size + more)]
    for i in range(n_labels):
        for a, b, sign in ((i, i, 1), (i + n_labels, i + n_labels, 1), (i, i + n_labels, -1), (i + n_labels, i, -1)):
            table[a][b] = fmpq(sign, n_labels)
    for e, (line, b) in enumerate(equations):
        for i, entry in enumerate(line):
            table[size + e][i], table[i][size + e] = fmpq(entry), fmpq(-entry)
        right[size + e] = [fmpq(b.numerator, b.denominator)]
    try:
        solution = fmpq_mat(table).solve(fmpq_mat(right))
    except ZeroDivisionError:
        return None
    entries = [solution[i, 0] for i in range(size + more)]
    return entries[:size], entries[size:]


def programs(factor: Fraction = Fraction(1)) -> Evidence:
    """Whether the exact optimum is at least factor eps^2/(4k), and no more if factor is 1, on a grid of (k, eps)."""
    grid = [(n, e) for n in (2, 3, 4) for e in (Fraction(1, 10), Fraction(1, 2), Fraction(1))]
    slacks = [(least_excess(n, e) - factor * e**2 / (4 * n), n, e) for n, e in grid]
    slack, n, e = min(slacks)
    where = {"k": str(n), "epsilon": str(e)}
    found = {"points": len(grid), "slack": float(slack), "where": where}
    if slack < 0 or (factor == 1 and max(slacks)[0] > 0):
        witness = {**where, "least excess": str(least_excess(n, e))}
        return Evidence(Verdict.REFUTED, Level.SYMBOLIC, witness=witness, **found)
    return Evidence(Verdict.PROVED, Level.SYMBOLIC, **found)


CLAIMS = (
    recalled(
        "surrogate-excess",
        "The conditional excess of the quadratic surrogate is |f + L q|^2/(2k).",
        surrogate,
        Twin("it is at most |f + L q|^2/(4k), two labels, f = 0, q = (1, 0)",
             fails_at(((f + 1 - q) ** 2 + (f + q) ** 2) / 8 - (f**2 + (f + 1) ** 2) / 4, f=0, q=1)),
    ),
    recalled(
        "calibration-function",
        "Zero-one loss, k labels, all scores allowed: delta(eps) = eps^2/(4k).",
        attained(closed_form, TIE / (2 * k) - eps**2 / (4 * k), k=3, epsilon=Fraction(1, 2)),
        Twin("delta(eps) >= eps^2/(2k)", fails_at(TIE / (2 * k) - eps**2 / (2 * k), k=3, epsilon=Fraction(1, 2))),
    ),
    derived(
        "quadratic-programs",
        "The same from the definition: the quadratic programs over (f, q), solved in fractions for k = 2, 3, 4 and eps "
        "= 1/10, 1/2, 1, have the value eps^2/(4k).",
        programs,
        Twin("they have 101/100 of it or more", lambda: programs(Fraction(101, 100))),
    ),
    recalled(
        "transfer",
        "delta is convex, so the expected zero-one excess is at most 2 sqrt(k x expected surrogate excess).",
        together(closed_form, convex),
        Twin(
            "it is at most sqrt(k x expected surrogate excess)",
            fails_at(sp.sqrt(k * TIE / (2 * k)) - eps, k=2, epsilon=Fraction(1, 2)),
        ),
    ),
    abstract(
        "many-labels",
        "The zero-one loss is ill-suited for structured prediction: for k = 2^m labels, delta(eps) = eps^2/(4k) halves "
        "with every bit (the sense in which this is checked here).",
        together(closed_form, many),
        Twin("delta(1/2) >= 1/1000 for k = 2^7", fails_at(eps**2 / (4 * k) - sp.Rational(1, 1000), k=128,
                                                         epsilon=Fraction(1, 2))),
    ),
    derived(
        "scale",
        "The k is that of the scale: undivided, |g - e_y|^2/2 has T(t) = t^2/4 for every k, the T of sparsemax.",
        together(closed_form, scale, additive_entropies.sparsemax_evidence),
        Twin("undivided it is below t^2/5", fails_at(eps**2 / 5 - TIE / 2, k=3, epsilon=Fraction(1, 2))),
    ),
)  # fmt: skip
