"""Zhu, Ying and Yang, "Label Distributionally Robust Losses for Multi-class Classification" (ICML 2023).

Only the abstract has been read; the LDR-KL loss is recalled: for scores f, margins c_ky and lambda > 0 the largest
value of sum p_k (f_k - f_y + c_ky) - lambda KL(p | uniform) over laws p, which is lambda log((1/K) sum of
exp((f_k - f_y + c_ky)/lambda)).  s is the softmax of f/lambda, T_CE the sharp transformation of cross-entropy.  Which
margins keep the loss consistent is decided here, with witnesses in fractions.  Every claim has a false twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import calibration, freezing
from hconsist.derivations.curves import logistic
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence, Expectation, Level, Verdict
from hconsist.paper_checks.decisions import abstract, chain, cited, derived, fails_at, recalled, together
from hconsist.paper_checks.zheng2023_discriminative_generative import pinsker
from hconsist.steps import Cited, Combination, Given, Identity, Sign, Words

__all__ = ["CLAIMS", "PAPER", "best_scores_mislead"]

PAPER = Paper(
    id="zhu2023_ldr",
    title="Label Distributionally Robust Losses for Multi-class Classification: Consistency, Robustness and Adaptivity",
    authors="Dixian Zhu, Yiming Ying, Tianbao Yang",
    year=2023,
    url="https://arxiv.org/abs/2112.14869",
    seen="abstract",
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
lam, K, p, q, Z, s, a, g = sp.symbols("lambda K p_k q_k S s_y a g", positive=True)
x, y, d, t, v = sp.symbols("x y d t v", nonnegative=True)
p1, p2, p3 = sp.symbols("p_1 p_2 p_3", nonnegative=True)
f1, f2 = sp.symbols("f_1 f_2", real=True)
THIRD = sp.Rational(1, 3)

# --- the family --------------------------------------------------------------------------------------------------

divergence, value, worst = sp.symbols("KL V L", real=True)
ATTAINED = eq(value, worst - lam * divergence)
conjugate = chain(
    "conjugate",
    "max over p of sum p_k a_k - lambda sum p_k log(K p_k) is lambda log((1/K) sum exp(a_k/lambda)).",
    Identity("One label", p * (lam * sp.log(q * Z)) - lam * p * sp.log(K * p),
             p * lam * sp.log(Z / K) - lam * p * (sp.log(p) - sp.log(q)),
             text="q_k = exp(a_k/lambda)/S with S the sum of these, so a_k = lambda log(q_k S)."),
    Words("Summed", (ATTAINED,), text="The value at p is L = lambda log(S/K) less lambda KL(p | q)."),
    Cited("A divergence is nonnegative", "Gibbs' inequality", (ge(divergence, 0),)),
    Combination("No law does better", le(value, worst), ((-1, ATTAINED), (lam, ge(divergence, 0))),
                text="And p = q reaches L."),
)  # fmt: skip
cross_entropy = chain(
    "cross-entropy",
    "Without margins LDR-KL is -lambda log s_y - lambda log K, s = softmax(f/lambda): at lambda = 1 cross-entropy.",
    Identity("The loss", lam * sp.log(Z / (K * sp.exp(f1 / lam))),
             -lam * sp.log(sp.exp(f1 / lam) / Z) - lam * sp.log(K),
             text="S is the sum of exp(f_k/lambda), f_1 the score of y."),
)  # fmt: skip
svm = chain(
    "svm",
    "max_k a_k - lambda log K <= L <= max_k a_k: as lambda -> 0 the multi-class SVM loss for unit margins.",
    Sign("From above", ge(0, lam * sp.log((1 + x) / (1 + x + y))), put={y: d},
         form=lam * sp.log(1 + d / (1 + x)),
         text="1 + x is the sum of exp((a_k - max)/lambda): each is at most 1 and one is 1, so it is K - y."),
    Sign("From below", ge(lam * sp.log((1 + x) / (1 + x + y)), -lam * sp.log(1 + x + y)), form=lam * sp.log(1 + x),
         text="K = 1 + x + y.  The distance is at most lambda log K."),
)  # fmt: skip

# --- margins that are the same for all labels --------------------------------------------------------------------

no_margins = chain(
    "no-margins",
    "Without margins the regret is lambda KL(p | softmax(f/lambda)) and T = lambda T_CE, for every K.",
    *(Identity("Risk less its infimum", -p * lam * sp.log(s) - lam * p * sp.log(K) + lam * p * sp.log(p)
               + lam * p * sp.log(K), lam * p * (sp.log(p) - sp.log(s)),
               text="At f = lambda log p (or in the limit) s is p."),),
    theorem(freezing, "The same for the logarithm", text="lambda times the regret of cross-entropy at the scores "
            "f/lambda, which are free and have the order of f: T_n = lambda R_1."),
    Words("A misordered pair",
          text="By claim pointwise of zheng2023_discriminative_generative it costs at least lambda (p_i - p_j)^2/2: as "
               "the regret falls to 0, the k largest scores become those of k most probable labels."),
)  # fmt: skip

PSI = lam * sp.log((1 + a * (1 / s - 1)) / K)
uniform = chain(
    "uniform-margin",
    "c_ky = c for k != y, c_yy = 0: psi(s_y) with psi(s) = lambda log((1 + a (1/s - 1))/K), a = exp(c/lambda).",
    Identity("The loss", (sp.exp(f1 / lam) + a * (Z - sp.exp(f1 / lam))) / (K * sp.exp(f1 / lam)),
             ((1 + a * (1 / s - 1)) / K).subs(s, sp.exp(f1 / lam) / Z), text="Inside the logarithm."),
    Sign("psi falls", gt(-sp.Derivative(PSI, s), 0), form=lam * a / (s * (s + a * (1 - s))), put={s: 1 / (1 + g)},
         text="psi' < 0 on (0, 1), whatever the sign of c, so T > 0 by the lines that follow:"),
    theorem(calibration, "(a) exchanging the scores of 1 and j pays"),
    theorem(calibration, "(a) moving share from j to 1 pays"),
)  # fmt: skip

# --- a margin for one pair of labels -----------------------------------------------------------------------------


def gradient(law: Sequence[Fraction], odds: Sequence[Fraction], margin: Fraction) -> tuple[Fraction, ...]:
    """Of the conditional risk at the scores log(odds), lambda = 1, exp(c_12) = margin, all other margins 0."""
    plain = sum(odds)
    raised = (margin * odds[0], *odds[1:])
    return tuple(
        (1 - law[1]) * o / plain + law[1] * r / sum(raised) - pk for pk, o, r in zip(law, odds, raised, strict=True)
    )


def best_scores_mislead(law: Sequence[Fraction], odds: Sequence[Fraction], margin: Fraction) -> Evidence:
    """The statement: these scores are not best, or do not put a less probable label on top.  In fractions.

    The risk is convex in the scores, so they are best where the gradient is 0; the witness then refutes consistency.
    """
    slope = gradient(law, odds, margin)
    predicted = max(range(3), key=lambda i: odds[i])
    lost = max(law) - law[predicted]
    witness = {
        "p": "(" + ", ".join(map(str, law)) + ")",
        "scores": "(" + ", ".join(f"log({o})" for o in odds) + ")",
        "c_12": f"log({margin})",
        "gradient": "(" + ", ".join(map(str, slope)) + ")",
        "surrogate regret": "0",
        "zero-one regret": str(lost),
    }
    if any(slope) or not lost:
        reason = "the scores are not best, or predict a most probable label"
        return Evidence(Verdict.INCONCLUSIVE, Level.SYMBOLIC, points=1, reason=reason)
    return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=1, slack=float(-lost), witness=witness)


LAW = (Fraction(5, 13), Fraction(4, 13), Fraction(4, 13))
ODDS = (Fraction(1, 2), Fraction(1), Fraction(1))
SIXTEEN = Fraction(16)

A, LAST, TOTAL = 1 + g, 3 + g, 3 + 2 * g
PLAIN, RAISED = TOTAL / (9 + 5 * g), TOTAL / (9 + 8 * g + g**2)
"""1/(o + 2) and 1/(A o + 2): shares of label 2 at the odds (o, 1, 1), o = LAST/TOTAL, without and with the margin."""
WHOLE = (9 + 7 * g) * (9 + 7 * g + g**2)
SECOND = TOTAL * (9 + 8 * g + g**2) / WHOLE
"""p_2 = p_3 for which the scores lambda (log o, 0, 0) are best."""
one_margin = chain(
    "one-margin",
    "Three labels, c_12 = c > 0, all other margins 0: some law has best scores that put label 1 last though it leads.",
    Cited("Convexity", "log-sum-exp of affine functions is convex",
          text="Scores with gradient 0 are best.  A = exp(c/lambda) = 1 + g, f = lambda (log o, 0, 0) with the odds "
               "o = (3+g)/(3+2g) of label 1."),
    Identity("Shares without the margin", 1 / (LAST / TOTAL + 2), PLAIN),
    Identity("Shares with the margin", 1 / (A * LAST / TOTAL + 2), RAISED),
    Identity("Gradient, labels 2 and 3", (1 - SECOND) * PLAIN + SECOND * RAISED, SECOND, text="p_2 = p_3."),
    Identity("Gradient, label 1", (1 - SECOND) * (1 - 2 * PLAIN) + SECOND * (1 - 2 * RAISED), 1 - 2 * SECOND),
    Sign("Label 1 is last", gt(1 - LAST / TOTAL, 0), form=g / TOTAL, text="1 - o."),
    Sign("Label 1 leads", gt((1 - 2 * SECOND) - SECOND, 0), form=g**2 * A / WHOLE, text="p_1 - p_2."),
)  # fmt: skip

SPECIFIED = (1 - p2) * THIRD + p2 * sp.exp(3) / (sp.exp(3) + 2) - p1
"""c_12 = 3: slope of the risk in f_1 at equal scores, for p_2 = p_3; where positive, label 1 is last at the best."""

# --- symmetric losses --------------------------------------------------------------------------------------------

regret, apart = sp.symbols("G D", real=True)
b = sp.Symbol("b", real=True)
PAIRED = ge(apart, b**2 + (b - t - v) ** 2)
r = sp.Symbol("r", positive=True)
EXCESS = eq(regret, r * apart / 2)
_TWO = Sign("Two coordinates", ge(b**2 + (b - t - v) ** 2, t**2 / 2),
            form=((2 * b - t - v) ** 2 + 2 * t * v + v**2) / 2,
            text="b = (p_i - 1/K)/r - z_i, and the same for j is b - t - v: (p_i - p_j)/r = t and z_j - z_i = v >= 0."
            )  # fmt: skip
n1, n2 = sp.symbols("m_y z_y", real=True)
standardised = chain(
    "standardised",
    "L = 1 - z_y, z the centred scores at unit norm: sum_y L = K, and a misordered pair costs (p_i - p_j)^2/(4r).",
    Identity("Symmetric, one label more", (K - n1) + (1 - n2), (K + 1) - (n1 + n2),
             text="Summed over y: K less the sum of z, which is 0.  0 <= L <= 2: it is bounded."),
    Identity("The risk, one label", -p * n2, (r / 2) * (((p - 1 / K) / r - n2) ** 2 - ((p - 1 / K) / r) ** 2 - n2**2)
             - n2 / K, text="r = |p - 1/K| > 0.  Summed: 1 - p.z = 1 - r + (r/2) D with D = |(p - 1/K)/r - z|^2, as "
             "both are unit vectors and the sum of z is 0."),
    Given("The regret", (EXCESS, PAIRED), text="The best z is (p - 1/K)/r, unique, of the order of p; D by the labels "
          "i and j alone."),
    _TWO,
    Combination("A misordered pair", ge(regret, r * t**2 / 4),
                ((1, EXCESS), (r / 2, PAIRED), (r / 2, _TWO)),
                text="t = (p_i - p_j)/r, so (p_i - p_j)^2/(4r), for any pair: top-k consistent for every k."),
)  # fmt: skip

CLAIMS = (
    recalled(
        "conjugate",
        "LDR-KL: the largest of sum p_k a_k - lambda sum p_k log(K p_k) is lambda log((1/K) sum exp(a_k/lambda)).",
        conjugate,
        Twin(
            "without 1/K, at a = 0, K = 2, lambda = 1: some law has the value log 2, the largest being 0",
            fails_at(-(p1 * sp.log(2 * p1) + p2 * sp.log(2 * p2)) - sp.log(2), p_1=Fraction(1, 2), p_2=Fraction(1, 2)),
        ),
    ),
    abstract(
        "cross-entropy",
        "Without margins LDR-KL is lambda times the cross-entropy at temperature lambda, less lambda log K.",
        cross_entropy,
        Twin("less log(K)/2 at most: K = 2, f = (0, 1), y = 1, lambda = 1",
             fails_at(sp.log((1 + sp.exp(f2)) / 2) - sp.log(1 + sp.exp(f2)) + sp.log(2) / 2, f_2=1)),
    ),
    abstract(
        "svm",
        "As lambda tends to 0 LDR-KL tends to max_k (f_k - f_y + c_ky), the multi-class SVM loss for unit margins; the "
        "distance is at most lambda log K.",
        svm,
        Twin(
            "at most lambda log(K)/2: K = 2, f = (0, -20), y = 1, no margins, lambda = 1",
            fails_at(sp.log(2) / 2 - (sp.log(2) - sp.log(1 + sp.exp(f2))), f_2=-20),
        ),
    ),
    abstract(
        "no-margins",
        "Without margins LDR-KL is top-k consistent for every k and lambda > 0: the best scores are lambda log p.",
        together(no_margins, pinsker),
        Twin("the regret is KL(p | softmax(f/lambda)) without lambda, equal scores, p = (3/4, 1/4), lambda = 1/2",
             fails_at((lam - 1) * (sp.log(2) + p1 * sp.log(p1) + p2 * sp.log(p2)),
                      **{"lambda": Fraction(1, 2)}, p_1=Fraction(3, 4), p_2=Fraction(1, 4))),
    ),
    derived(
        "no-margins-transformation",
        "Without margins T = lambda T_CE, for every number of labels.",
        no_margins,
        Twin("T = T_CE at lambda = 1/2", fails_at((lam - 1) * logistic(t), **{"lambda": Fraction(1, 2)},
                                                  t=Fraction(1, 2))),
    ),
    derived(
        "uniform-margin",
        "With one margin c for all labels k != y LDR-KL is a comp-sum loss with decreasing psi: top-1 consistent for "
        "every c and lambda.",
        uniform,
        Twin("the same for psi = s, which rises: at p = (3/5, 2/5) exchanging s = (2/5, 3/5) pays",
             fails_at((p1 * f1 + p2 * f2) - (p1 * f2 + p2 * f1), p_1=Fraction(3, 5), p_2=Fraction(2, 5),
                      f_1=Fraction(2, 5), f_2=Fraction(3, 5))),
    ),
    derived(
        "label-dependent-margins",
        "LDR-KL is top-1 consistent for all nonnegative margins.",
        lambda: best_scores_mislead(LAW, ODDS, SIXTEEN),
        Twin("for c_12 = 3 and p = (2/5, 3/10, 3/10) too: at equal scores the risk does not rise in f_1",
             fails_at(-SPECIFIED, "p_1 would be 0.506 for equal scores to be best, so label 1 ends below the others",
                      p_1=Fraction(2, 5), p_2=Fraction(3, 10))),
        expectation=Expectation.FAILS,
        corrected_by="uniform-margin",
    ),
    derived(
        "one-margin",
        "One positive margin c_12 among three labels, however small, is enough: some law has surrogate regret 0 and "
        "zero-one regret > 0.",
        one_margin,
        Twin("at these scores label 1 is last by 1/4 in the odds for every margin (g > 0), at g = 1/2",
             fails_at(1 - LAST / TOTAL - sp.Rational(1, 4), g=Fraction(1, 2))),
    ),
    abstract(
        "symmetric-negative",
        "A top-1 consistent and symmetric loss cannot be top-k consistent for all k >= 2.",
        cited("the hypotheses are not in the abstract; the next claim shows that some are needed"),
        Twin(
            "the mean absolute error, which is symmetric, is top-2 consistent: at p = (9/20, 2/5, 3/20), s = (1, 0, 0) "
            "the pair {1, 3} has regret >= 1/100 of p_2 - p_3",
            fails_at((1 - p1) - (1 - p1) - (p2 - p3) / 100, p_1=Fraction(9, 20), p_2=Fraction(2, 5),
                     p_3=Fraction(3, 20)),
        ),
        expectation=Expectation.OPEN,
    ),
    derived(
        "symmetric-and-consistent",
        "1 - z_y, z the centred scores at unit norm (not all scores equal), is symmetric, bounded and top-k consistent "
        "for every k.",
        standardised,
        Twin(
            "a misordered pair costs (p_i - p_j)/2: p = (9/20, 2/5, 3/20), labels 1, 2 tied at z = (1, 1, -2)/sqrt 6",
            fails_at(sp.sqrt((p1 - THIRD) ** 2 + (p2 - THIRD) ** 2 + (p3 - THIRD) ** 2)
                     - (p1 + p2 - 2 * p3) / sp.sqrt(6) - (p1 - p2) / 2,
                     p_1=Fraction(9, 20), p_2=Fraction(2, 5), p_3=Fraction(3, 20)),
        ),
    ),
)  # fmt: skip
