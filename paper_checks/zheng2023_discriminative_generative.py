"""Zheng, Wu, Bao, Cao, Li and Zhu, "Revisiting Discriminative vs. Generative Classifiers" (ICML 2023).

Only the abstract has been read: it announces a multi-class H-consistency bound framework with an explicit bound for the
logistic loss, and sample sizes of order n (logistic regression) and log n (naive Bayes) for n features.  The bound,
zero-one <= sqrt(2 x logistic), is recalled; that it is about linear scorers is our reading.  What is said of sample
sizes is checked only as far as a union bound goes.  b is a surrogate regret of the logistic loss (cross-entropy), t a
zero-one regret, T_CE the sharp transformation.  Every claim has a false twin.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import bounded_zero_interval, class_weights, freezing
from hconsist.derivations.curves import logistic, shannon
from hconsist.derivations.links import proof, theorem
from hconsist.evidence import Expectation
from hconsist.paper_checks.decisions import attained, chain, derived, fails_at, recalled, second_hand, together
from hconsist.paper_checks.mao2023_characterization import NOT_COMPLETE, excess, positive_at
from hconsist.paper_checks.mao2024_gaps import conditional
from hconsist.steps import Cited, Combination, Identity, Sign, Words

__all__ = ["CLAIMS", "PAPER", "pinsker"]

PAPER = Paper(
    id="zheng2023_discriminative_generative",
    title="Revisiting Discriminative vs. Generative Classifiers: Theory and Implications",
    authors="Chenyu Zheng, Guoqiang Wu, Fan Bao, Yue Cao, Chongxuan Li, Jun Zhu",
    year=2023,
    url="https://arxiv.org/abs/2302.02334",
    seen="abstract",
)

ge = partial(sp.Ge, evaluate=False)
t, v, w, y = sp.symbols("t v w y", nonnegative=True)
X, n, eps, delta = sp.symbols("X n epsilon delta", positive=True)
regret, total, shift, score = sp.symbols("b |p-s|_1 a s_y", real=True)
TIED = sp.log(2) - shannon((1 + t) / 2, (1 - t) / 2)
"""Regret of two tied labels at the law ((1+t)/2, (1-t)/2, 0, ...)."""
TENTH = Fraction(1, 10)

# --- at one input ------------------------------------------------------------------------------------------------

PINSKER, PAIR = ge(regret, total**2 / 2), ge(total, t)
pinsker = chain(
    "pointwise",
    "b >= t^2/2 for every law and every softmax, any number of labels.",
    Identity("The regret is a divergence", -y * sp.log(score) - (-y * sp.log(y)), y * (sp.log(y) - sp.log(score)),
             text="b = KL(p | s): the sum of p_k log(p_k/s_k), s the softmax of the scores."),
    Cited("KL and total variation", "Pinsker's inequality", (PINSKER,)),
    Sign("Two labels", ge((shift + t + v) - shift, t), form=v,
         text="p_1 - p_j = t and s_j - s_1 = v >= 0, as where label j is predicted: p_1 - s_1 and p_j - s_j differ by "
              "t + v.  Any such pair will do."),
    Words("Their moduli", (PAIR,), text="So the moduli of the two differences sum to at least t."),
    Combination("The bound", ge(regret, t**2 / 2), ((1, PINSKER), ((total + t) / 2, PAIR)), put={total: t + w}),
)  # fmt: skip
sharp = chain(
    "sharp",
    "T_n = T_CE >= t^2/2 for every n.",
    theorem(freezing, "The same for the logarithm", text="T_n is the two-label curve R_1 for every n."),
    Identity("The curve", TIED, logistic(t), put={t: 1 / (1 + y)}),
    theorem(class_weights, "The logistic curve above t^2/2"),
    Identity("At t = 1", sp.Limit(logistic(t), t, 1, "-"), sp.log(2), text="Where t^2/2 is 1/2."),
)
constant = chain(
    "constant",
    "T_CE(t)/t^2 tends to 1/2 as t falls to 0.",
    Identity("No slope", sp.Derivative(logistic(t), t).doit().subs(t, 0), 0),
    Identity("Curvature", sp.Derivative(logistic(t), t, 2), 1 / (1 - t**2), put={t: 1 / (1 + y)},
             text="1 at t = 0: T_CE(t) = t^2/2 + o(t^2)."),
)  # fmt: skip

# --- with hypothesis sets ----------------------------------------------------------------------------------------

mean, square, surrogate = sp.symbols("E_t E_t2 E_b", real=True)
BELOW, JENSEN = ge(2 * surrogate, square), ge(square, mean**2)
bound = chain(
    "bound",
    "(R_01(h) - R_01*(H) + M_01(H))^2 <= 2 (R_log(h) - R_log*(H) + M_log(H)) for complete H.",
    Words("Mean over the inputs", (BELOW,),
          text="t^2 <= 2 b at each input: for complete H regrets within H are those over all scores.  The means of t "
               "and b are the estimation errors plus gaps, by claim gap-identity of mao2024_growth_rate."),
    Cited("The mean of the squares", "Jensen's inequality", (JENSEN,)),
    Combination("The bound", ge(2 * surrogate, mean**2), ((1, BELOW), (1, JENSEN))),
)  # fmt: skip
linear = chain(
    "linear-unrestricted",
    "Linear scorers w_y.x + b_y without a limit on w_y and b_y reach all scores at every x.",
    Identity("By the weights", (score / X**2) * X**2, score,
             text="w_y = s_y x/|x|^2 gives w_y.x = s_y, X = |x| > 0; at x = 0 the b_y do."),
)  # fmt: skip

# --- sample sizes ------------------------------------------------------------------------------------------------

SIZE = sp.log(2 * n / delta) / (2 * eps**2)
union = chain(
    "log-features",
    "m = log(2n/delta)/(2 eps^2) examples give n means of features in [0, 1] to eps at once, with probability 1-delta.",
    Cited("One mean", "Hoeffding's inequality",
          text="It is off by eps or more with probability at most 2 exp(-2 m eps^2)."),
    Identity("All of them", 2 * n * sp.exp(-2 * SIZE * eps**2), delta, text="The union bound, n means."),
    Identity("Twice the features", SIZE.subs(n, 2 * n) - SIZE, sp.log(2) / (2 * eps**2),
             text="Each doubling of n adds the same number of examples."),
)  # fmt: skip

CLAIMS = (
    recalled(
        "pointwise",
        "At every law and for every number of labels, zero-one regret <= sqrt(2 b) for the logistic loss (Pinsker).",
        pinsker,
        Twin("zero-one regret <= sqrt(19/10 b)", fails_at(sp.Rational(19, 10) * TIED - t**2, t=TENTH)),
    ),
    recalled(
        "bound",
        "Complete H: R_01(h) - R_01*(H) + M_01(H) <= sqrt(2 (R_log(h) - R_log*(H) + M_log(H))).",
        together(pinsker, conditional, bound),
        Twin(
            "with 99/100 of the right side, for one input and tied scores",
            fails_at(sp.Rational(99, 100) * sp.sqrt(2 * TIED) - t, t=TENTH),
        ),
    ),
    derived(
        "sharp",
        "The sharp form is zero-one regret <= T_CE^-1(b), for every number of labels; T_CE(1) = log 2 > 1/2.",
        attained(sharp, TIED - logistic(t), t=Fraction(1, 2)),
        Twin("with 101/100 T_CE", fails_at(TIED - sp.Rational(101, 100) * logistic(t), t=Fraction(1, 2))),
    ),
    derived(
        "constant",
        "The 2 under the root is best possible: T_CE(t)/t^2 tends to 1/2.",
        constant,
        Twin("T_CE(t) >= 51/100 t^2", fails_at(logistic(t) - sp.Rational(51, 100) * t**2, t=TENTH)),
    ),
    second_hand(
        "excess",
        "For complete H the bound is one of excess errors (as a later abstract says of an earlier multi-class bound, "
        "which it does not name).",
        excess,
        Twin("it is one for scores in [-1, 1] too", NOT_COMPLETE),
    ),
    derived(
        "linear-unrestricted",
        "Linear scorers with unrestricted weights and biases are complete: the bound holds for them, as an excess "
        "bound.",
        together(linear, excess),
        Twin(
            "weights of norm at most 1 suffice at |x| = 1 for the score 2",
            fails_at(X - score, s_y=2, X=1),
        ),
    ),
    derived(
        "linear-bounded",
        "Linear scorers with |w_y| <= W and |b_y| <= B, three labels, x = 0 an input: zero-one regret <= sqrt(2 b) for "
        "regrets within H.",
        lambda: positive_at(Fraction(1, 5)),
        Twin("zero-one regret <= 1000 sqrt(b), at t = 1/10", lambda: positive_at(TENTH)),
        expectation=Expectation.FAILS,
        corrected_by="linear-bounded-interval",
    ),
    derived(
        "linear-bounded-interval",
        "For them every bound has Gamma(0) >= (n-2)/(2 exp(2B) + n - 2): at x = 0 the scores fill [-B, B].",
        proof(bounded_zero_interval).run,
        Twin(
            "at n = 3, exp(2B) = 2 regrets t > (n-2)/(2 exp(4B) + n - 2) = 1/9 cost something",
            lambda: positive_at(Fraction(1, 5)),
        ),
    ),
    derived(
        "log-features",
        "log(2n/delta)/(2 eps^2) examples are enough for n feature means at once: the log n of naive Bayes, as far as "
        "its parameters go (its error is not checked here).",
        union,
        Twin(
            "half as many are, by the same inequality: n = 100, delta = 1/10",
            fails_at(delta - 2 * n * sp.exp(-SIZE * eps**2), n=100, delta=TENTH, epsilon=TENTH),
        ),
    ),
)  # fmt: skip
