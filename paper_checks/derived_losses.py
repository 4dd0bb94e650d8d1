"""Sharp transformations of further losses: theorems derived here, no paper's statement among them.

poly-1, the focal loss, sparsemax and entmax, one-versus-all and sum-logistic, label smoothing and class weights, with
the general conditions behind them.  Sets of scores are complete, n is any number of labels, and T_2 is the two-label
curve.  Every claim has a false twin; T_CE is the transformation of cross-entropy.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from types import ModuleType

import numpy as np
import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import (
    additive_entropies,
    class_weights,
    focal,
    focal_curvature,
    focal_inflection,
    label_smoothing,
    mass_condition,
    one_inflection,
    pair_bound,
    poly_one,
    small_gaps,
    sum_logistic,
)
from hconsist.derivations.curves import logistic, shannon
from hconsist.derivations.links import proof
from hconsist.domains import UNIT, Domain
from hconsist.evidence import Evidence, Expectation
from hconsist.paper_checks.decisions import attained, derived, fails_at
from hconsist.sampling import search

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="derived_losses",
    title="Sharp transformations of further losses: theorems derived here",
    authors="The hconsist developers",
    year=2026,
    url="",
    seen="derived here",
)

p, s, t, n, epsilon = sp.symbols("p s t n epsilon", positive=True)
gamma = sp.Symbol("gamma", real=True)
HALF, TENTH, HUNDREDTH = Fraction(1, 2), Fraction(1, 10), Fraction(1, 100)
POLY_AT = {"epsilon": Fraction(13, 5), "u": Fraction(2, 25), "s": Fraction(3, 5)}
"""poly-1 on three labels, the scores (1/3 + u, 1/3 - u, 1/3) optimal: below a lower bound of T_2, by 0.00014."""

# --- two-label laws, written out ---------------------------------------------------------------------------------

PAIR = ((1 + t) / 2, (1 - t) / 2)
CROSS_ENTROPY = sp.log(2) - shannon(*PAIR)
"""Regret of the law ((1+t)/2, (1-t)/2, 0, ...) for cross-entropy and for sum-logistic, labels 1 and 2 tied."""
SPARSEMAX = sp.Rational(1, 4) - (1 - PAIR[0] ** 2 - PAIR[1] ** 2) / 2
"""The same for sparsemax: the entropy (1 - |p|^2)/2 before and after pooling."""
SUMS = 2 * sp.log(2) - 2 * shannon(*PAIR)
"""The same for one-versus-all logistic: two binary entropies, each of (1+t)/2 and (1-t)/2."""
CUBES = ((sp.Rational(1, 3) + t / 2) ** 3 + (sp.Rational(1, 3) - t / 2) ** 3 - 2 * sp.Rational(1, 3) ** 3) / 6
"""Entmax, alpha = 3: regret of (1/3 + t/2, 1/3 - t/2, 1/3), all scores equal."""
CUBES_OF_TWO = ((1 + t) ** 3 + (1 - t) ** 3 - 2) / 48


def _focal(expression: sp.Expr) -> sp.Expr:
    """A formula of the derivations in L = -log s, for gamma of any sign."""
    logs = {x: -sp.log(s) for x in expression.free_symbols if x.name == "L"}
    return expression.subs(logs).subs({x: gamma for x in expression.free_symbols if x.name == "gamma"})


FOCAL_GAP, FOCAL_CURVE = focal.two_labels()
FOCAL_TOTAL = focal_curvature.TOTAL.subs({
    x: value for x in focal_curvature.TOTAL.free_symbols for name, value in {
        "A": 1 + gamma * s * -sp.log(s) / (1 - s), "B": 1 + gamma * (1 - s) * -sp.log(1 - s) / s,
        "w_q": (1 - s) ** gamma, "w_s": s**gamma, "gamma": gamma}.items() if x.name == name
})  # fmt: skip

X, Y = (1 + t) / 2, 3 * (1 - t) / 2
WEIGHTED = X * sp.log(3) + Y * sp.log(sp.Rational(3, 2)) - X * sp.log((X + Y) / X) - Y * sp.log((X + Y) / Y)
"""Weights (1, 3), law ((1+t)/2, (1-t)/2), scores (1/3, 2/3): regret of label 2, which they predict."""

# --- sampled -----------------------------------------------------------------------------------------------------


def poly_search(low: Fraction = Fraction(2), high: Fraction = Fraction(2449, 1000)) -> Evidence:
    """Random scores of three labels: regret of the law for which they are optimal, other scores forced, minus T_2.

    eps in [low, high]; by default up to just below sqrt 6.
    """

    def psi(score: np.ndarray, eps: np.ndarray) -> np.ndarray:
        return -np.log(score) + eps * (1 - score)

    def weight(score: np.ndarray, eps: np.ndarray) -> np.ndarray:
        return score / (1 + eps * score)

    def curve(gap: np.ndarray, eps: np.ndarray) -> np.ndarray:
        low, high = np.full_like(gap, 0.5), np.ones_like(gap)
        for _ in range(60):
            middle = (low + high) / 2
            a, b = weight(middle, eps), weight(1 - middle, eps)
            short = (a - b) / (a + b) < gap
            low, high = np.where(short, middle, low), np.where(short, high, middle)
        first, second = (1 + gap) / 2, (1 - gap) / 2
        return psi(np.array(0.5), eps) - first * psi(low, eps) - second * psi(np.maximum(1 - low, 1e-300), eps)

    def slack(eps: np.ndarray, **columns: np.ndarray) -> np.ndarray:
        best = np.stack([columns[f"s{k}"] for k in range(3)]) + 1e-12
        forced = np.stack([columns[f"f{k}"] for k in range(3)]) + 1e-12
        forced[1] = forced.max(axis=0)  # label 2 is predicted
        best, forced = best / best.sum(axis=0), forced / forced.sum(axis=0)
        law = weight(best, eps) / weight(best, eps).sum(axis=0)
        regret = np.sum(law * (psi(forced, eps) - psi(best, eps)), axis=0)
        return regret - curve(np.clip(law.max(axis=0) - law[1], 0, 1), eps)

    box = {f"{letter}{k}": UNIT for letter in "sf" for k in range(3)} | {"eps": Domain(low, high)}
    return search(slack, box, rng=0, points=4000, refine=200, tolerance=1e-10)


def whole(module: ModuleType) -> Callable[[], Evidence]:
    """The decision by the whole chain of a derivation."""
    return lambda: proof(module).run()


CLAIMS = (
    derived(
        "pair-bound",
        "A loss that does not grow with the label's own score: C_j(p) >= H(p with p_1, p_j replaced by their mean).",
        whole(pair_bound),
        Twin(
            "for l_i(h) = h_i + |h|^2/2, p = (2/3, 1/3), label 2: C_2 = H(p)",
            fails_at(-(p**2 + (1 - p) ** 2) / 2 + sp.Rational(1, 4), p=Fraction(2, 3)),
        ),
    ),
    derived(
        "pooled-equation",
        "Convex losses, minimum attained with label j on top: C_j(p) = H(p averaged over the labels tied with j).",
        whole(pair_bound),
        Twin(
            "for 1 - s^2 on two labels, p = (2/3, 1/3), label 2: forced cost 2/3, pooled entropy 1/2",
            fails_at(sp.Rational(1, 2) - p, p=Fraction(2, 3)),
        ),
    ),
    derived(
        "mass-condition",
        "psi convex, g = -1/psi' with g(s)/s nonincreasing and (M2): T = T_2 for every n.",
        whole(mass_condition),
        Twin(
            "without (M2): -log s + 4 (1 - s), three labels",
            fails_at(poly_one.THREE_LABELS, epsilon=4, u=Fraction(1, 5), s=Fraction(3, 4)),
        ),
    ),
    derived(
        "mass-condition-near-equality",
        "(M2) at nearly equal scores holds exactly where psi'^2/(s psi'') is nonincreasing.",
        mass_condition.local_evidence,
        Twin(
            "psi'^2/(s psi'') is nonincreasing on (0, 1/2] for -log s + 4 (1 - s)",
            fails_at((1 + epsilon * s) ** 2 / s - (1 + 2 * epsilon * s) ** 2 / (2 * s), epsilon=4, s=Fraction(1, 4)),
        ),
    ),
    derived(
        "constants-at-zero",
        "psi smooth, c_m = m psi'(1/m)^2/(4 psi''(1/m)): T_n <= c_m t^2 + o(t^2) for m <= n, T_2 = c_2 t^2 + o(t^2).",
        whole(small_gaps),
        Twin("with 99/100 c_2 for cross-entropy", fails_at(sp.Rational(99, 200) * t**2 - CROSS_ENTROPY, t=TENTH)),
    ),
    derived(
        "poly-one",
        "-log s + eps (1 - s), 0 <= eps <= 2: T = T_2 for every n.",
        poly_one.evidence,
        Twin("the same at eps = 13/5, n = 3", fails_at(poly_one.THREE_LABELS, **POLY_AT)),
    ),
    derived(
        "poly-one-beyond",
        "-log s + eps (1 - s), eps > sqrt 6: T_n < T_2 for every n >= 3 and all small t > 0.",
        poly_one.beyond_evidence,
        Twin(
            "the same at eps = 2: three labels have the smaller constant",
            fails_at((2 + epsilon) ** 2 / 8 - (3 + epsilon) ** 2 / 12, epsilon=2),
        ),
    ),
    derived(
        "poly-one-between",
        "-log s + eps (1 - s), 2 < eps <= sqrt 6, n = 3: T = T_2 (a conjecture).",
        poly_search,
        Twin("the same at eps = 13/5", fails_at(poly_one.THREE_LABELS, **POLY_AT)),
        expectation=Expectation.OPEN,
    ),
    derived(
        "one-inflection",
        "-1/psi' concave, then convex, 0 at 0: T >= min(R_0+, R_1), which is T_2 if psi ~ -log s and R_1 <= T_CE.",
        whole(one_inflection),
        Twin(
            "with g convex, then concave: psi = 1/s - 10 s",
            fails_at(one_inflection.INTERIOR_MASS, s=Fraction(3, 10), r=Fraction(1, 5), a=Fraction(13, 20)),
        ),
    ),
    derived(
        "focal-convex",
        "(1-s)^gamma (-log s) is convex for every gamma >= 0.",
        focal_inflection.convexity_evidence,
        Twin("for gamma = -1/2", fails_at(_focal(focal_curvature.BEND), gamma=-HALF, s=Fraction(9, 10))),
    ),
    derived(
        "focal-inflection",
        "Focal loss, every gamma > 0: -1/psi' is concave up to one score and convex from there on.",
        whole(focal_inflection),
        Twin("it is convex on (0, 1) for gamma = 2", fails_at(_focal(focal_inflection.PHI), gamma=2, s=HUNDREDTH)),
    ),
    derived(
        "focal-curvature",
        "Focal loss, every gamma > 0: K(s) + K(1-s) > 0 with K = psi''/|psi'| - |psi'|.",
        whole(focal_curvature),
        Twin("it is at least gamma/(s(1-s)), at gamma = 1", fails_at(FOCAL_TOTAL - gamma, gamma=1, s=TENTH)),
    ),
    derived(
        "focal",
        "Focal loss, every gamma >= 0 and every n: T = T_2.",
        whole(focal),
        Twin(
            "T = T_CE at gamma = 2",
            fails_at(FOCAL_CURVE - logistic(FOCAL_GAP), gamma=2, s=Fraction(3, 4)),
        ),
    ),
    derived(
        "focal-at-zero",
        "Focal loss: T_2/t^2 tends to 2^(-gamma-1) (1 + gamma log 2)^2/(1 + 2 gamma + gamma (gamma-1) log 2).",
        focal.constant_evidence,
        Twin(
            "to 2^(-gamma-1), and from above, at gamma = 1",
            fails_at(FOCAL_CURVE - FOCAL_GAP**2 / 4, gamma=1, s=Fraction(11, 20)),
        ),
    ),
    derived(
        "sparsemax",
        "Sparsemax: T = t^2/4 for every n.",
        attained(additive_entropies.sparsemax_evidence, SPARSEMAX - t**2 / 4, t=HALF),
        Twin("T = t^2/2", fails_at(SPARSEMAX - t**2 / 2, t=HALF)),
    ),
    derived(
        "entmax",
        "alpha-entmax, 1 < alpha <= 2: T = ((1+t)^alpha + (1-t)^alpha - 2)/(2^alpha alpha (alpha-1)) for every n.",
        additive_entropies.entmax_evidence,
        Twin("the same at alpha = 3, n = 3", fails_at(CUBES - CUBES_OF_TWO, t=HALF)),
    ),
    derived(
        "entmax-many-labels",
        "alpha-entmax, alpha >= 2: T_n/t^2 tends to n^(2-alpha)/4 as t tends to 0.",
        additive_entropies.many_labels_evidence,
        Twin("T_3 >= t^2/8 at alpha = 3, the value for two labels", fails_at(CUBES - t**2 / 8, t=TENTH)),
    ),
    derived(
        "one-versus-all",
        "One-versus-all logistic loss: T = 2 T_CE for every n.",
        additive_entropies.logistic_evidence,
        Twin("T = 3 T_CE", fails_at(SUMS - 3 * logistic(t), t=HALF)),
    ),
    derived(
        "sum-logistic",
        "Sum-logistic loss: T = T_CE for every n.",
        whole(sum_logistic),
        Twin("T = 2 T_CE", fails_at(CROSS_ENTROPY - 2 * logistic(t), t=HALF)),
    ),
    derived(
        "label-smoothing",
        "Label smoothing: T = M T_CE((1-eps) t/M), M = 1 - (n-2) eps/n.",
        whole(label_smoothing),
        Twin(
            "T = T_CE at eps = 1/2, n = 3", fails_at(label_smoothing.regret() - logistic(t), t=HALF, epsilon=HALF, n=3)
        ),
    ),
    derived(
        "class-weights-zero",
        "Class weights, r = w_max/w_min, psi convex: T = 0 on [0, (r-1)/(r+1)], for every n.",
        class_weights.zero_evidence,
        Twin(
            "T >= t^2/100 at weights (1, 3): p = (3/5, 2/5), the scores (1/3, 2/3) are the best and predict label 2",
            fails_at(WEIGHTED - t**2 / 100, t=Fraction(1, 5)),
        ),
    ),
    derived(
        "class-weights",
        "Weighted cross-entropy: T = u log(2u/(u+v)) + v log(2v/(u+v)) beyond, u = w_min (1+t)/2, v = w_max (1-t)/2.",
        class_weights.evidence,
        Twin(
            "T = w_min T_CE at weights (1, 3)",
            fails_at(class_weights.CURVE - logistic(t), t=Fraction(3, 5), w_min=1, w_max=3),
        ),
    ),
)
