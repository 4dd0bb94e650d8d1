"""Cross-entropy = entropy + divergence, and what a fitted irreducible loss then says about top-1 errors (derived here).

p is the law of the label given one context x, q the model's; L, H and K are the means over contexts of the
cross-entropy, the entropy of p and the divergence of p from q.  T is the transformation of cross-entropy.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import freezing
from hconsist.derivations.curves import logistic, shannon
from hconsist.derivations.links import theorem
from hconsist.derivations.logarithm import ABOVE, BELOW, z
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"For a model $q$ of the conditional law $p$, the expected cross-entropy is $L = H + K$, $H$ the conditional "
    r"entropy and $K \ge 0$ the mean Kullback-Leibler divergence of $p$ from $q$, 0 only for $q = p$. So each loss "
    r"that is reached, and the limit $E$ of a law of losses, is at least $H$, and $L - E \le K \le L - F$ for every "
    r"floor $F \le H$. With $T(t) = ((1+t) \log(1+t) + (1-t) \log(1-t))/2$ the mean excess $d$ of the top-1 error over "
    r"the least possible one has $T(d) \le K$, for any number of labels, hence $d \le \Gamma(L - F)$, $\Gamma = "
    r"T^{-1}$, and $d \le (2(L - F))^{1/2}$. If $E \le H + M$ and $F \le E$, then $d \le \Gamma(L - F + M)$. With $E > "
    r"H$ in the place of $F$ the bound can be false."
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
p, q = sp.symbols("p_y q_y", positive=True)
w, v = sp.symbols("w v", nonnegative=True)
t = sp.Symbol("t", nonnegative=True)
mean = sp.Symbol("d", nonnegative=True)
L, H, K, E, F, M = sp.symbols("L H K E F M", real=True)
SPLIT = sp.UnevaluatedExpr
ONE = ge(p * sp.log(p / q), p - q + (sp.sqrt(p) - sp.sqrt(q)) ** 2)
"""One label's term of the divergence, from below."""
TOTAL, POSITIVE = eq(L, H + K), ge(K, 0)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_label(), *_sum(), *_floors(), *_errors(), *_average(), *_bound(), *_controls())
    return Derivation("cross_entropy_entropy_kl", "Cross-entropy, entropy and divergence", STATEMENT, steps)


GIBBS = Combination("Without the square", ge(p * sp.log(p / q), p - q), ((1, ONE),))


def _label() -> tuple[Step, ...]:
    """One label: the cross-entropy splits, and the divergence has a lower bound."""
    return (
        Identity("One label", -p * sp.log(q), -p * sp.log(p) + p * sp.log(p / q),
                 text=r"$p_y > 0$ (a label with $p_y = 0$ adds 0 to all three). Summed over labels: cross-entropy is "
                      r"entropy plus divergence."),
        ABOVE, BELOW,
        Combination("The model gives it more", le(ONE.rhs, ONE.lhs), ((2 * p, ABOVE),), put={q: p * (1 + z) ** 2}),
        Combination("The model gives it less", le(ONE.rhs, ONE.lhs), ((2 * p, BELOW),), put={q: p / (1 + z) ** 2}),
        Words("Both cases", (ONE,), every=(p, q), text=r"One of the two has a $z \ge 0$, whatever $p_y, q_y > 0$."),
        GIBBS,
    )  # fmt: skip


def _sum() -> tuple[Step, ...]:
    """The divergence is positive: by induction over labels, then the mean over contexts."""
    divergence, mass, model, apart = sp.symbols("K_k P_k Q_k S_k", real=True)
    here, distance = sp.symbols("K_x S", real=True)
    so_far = ge(divergence, mass - model + apart)
    ends = (eq(mass, 1), eq(model, 1), eq(divergence, here), eq(apart, distance))
    next_one = ge(divergence + p * sp.log(p / q), mass + p - (model + q) + apart + (sp.sqrt(p) - sp.sqrt(q)) ** 2)
    return (
        Given("The labels so far", (so_far,), text=r"Sums over $k$ labels of $p_y \log(p_y/q_y)$, $p_y$, $q_y$ and "
                                                   r"$(p_y^{1/2} - q_y^{1/2})^2$; without labels all are 0."),
        Combination("One more label", next_one, ((1, so_far), (1, ONE))),
        Given("All labels", ends, text=r"Both laws sum to 1; $K_x$ is the divergence in the context $x$."),
        Combination("The divergence in one context", ge(here, distance),
                    ((1, so_far), (-1, ends[2]), (1, ends[0]), (-1, ends[1]), (1, ends[3])),
                    text=r"$S$, a sum of squares, is 0 only if $q = p$."),
        Words("The mean over contexts", (TOTAL, POSITIVE),
              text=r"The mean of the first line, summed over labels, and of the last; both are linear."),
    )  # fmt: skip


LOW = sp.Symbol("E_low", real=True)
LIMIT = ge(E, H)
OVER_FLOOR = Combination("Over a floor", le(K, L - F), ((1, TOTAL), (1, le(F, H))), text=r"An upper limit.")
OVER_LIMIT = Combination("Over the lower end of the limit", le(K, L - LOW + M),
                         ((1, TOTAL), (1, le(E, H + M)), (1, le(LOW, E))))  # fmt: skip


def _floors() -> tuple[Step, ...]:
    """Which numbers may stand for the entropy, and on which side of the divergence the difference then lies."""
    return (
        Combination("A loss is an upper limit of the entropy", ge(L, H), ((1, TOTAL), (1, POSITIVE))),
        Words("The limit of a law", (LIMIT,), text=r"$E$, the limit of losses that are reached, is no smaller. It is "
                                                   r"$H$ exactly if the divergence of the models tends to 0."),
        Combination("Over the limit", le(L - E, K), ((-1, TOTAL), (1, LIMIT)),
                    text=r"What a law calls reducible is a lower limit of the divergence."),
        Given("A floor", (le(F, H),), text=r"$F = 0$ is one: the entropy of labels is not negative."),
        OVER_FLOOR,
        Given("The limit is complete up to M", (le(E, H + M), le(LOW, E)),
              text=r"$M = 0$ if models of unlimited size and data reach $p$; $E_{low}$ is the lower end of an interval "
                   r"that covers $E$. No data on losses alone tell $M$."),
        OVER_LIMIT,
    )  # fmt: skip


def _slope(at: sp.Expr) -> sp.Expr:
    """T'."""
    return (sp.log(1 + at) - sp.log(1 - at)) / 2


INSIDE = {t: w / (1 + w), mean: v / (1 + v)}
HERE = sp.Symbol("K_x", real=True)
POINTWISE = ge(HERE, logistic(t))
TANGENT = Combination("T lies above its tangents", ge(logistic(t), logistic(mean) + _slope(mean) * (t - mean)),
                      tuple((1, GIBBS, {p: (1 + sign * t) / 2, q: (1 + sign * mean) / 2}) for sign in (1, -1)),
                      put=INSIDE, text=r"The difference is the divergence of $((1+t)/2, (1-t)/2)$ from the same with "
                                       r"$d$.")  # fmt: skip


def _errors() -> tuple[Step, ...]:
    """One context: the divergence is at least T of the excess error."""
    positive = sp.Symbol("w", positive=True)
    return (
        theorem(freezing, "The same for the logarithm",
                text=r"$\tau = 1$ in Theorem 2: for every number of labels $K_x$, the conditional regret of "
                     r"cross-entropy, is at least $R_1(t)$, $t$ the largest $p_y$ minus that of the label on top of "
                     r"$q$."),
        Identity("R_1 is T", sp.log(2) - shannon((1 + t) / 2, (1 - t) / 2), logistic(t), put={t: w / (1 + w)},
                 text=r"The least cost of two labels is their entropy, by the above."),
        Words("In one context", (POINTWISE,), text=r"$t < 1$; for $t = 1$ let $t$ tend to 1."),
        Identity("The slope of T", sp.Derivative(logistic(t), t), _slope(t)),
        Sign("T increases", gt(_slope(t), 0), form=sp.log(1 + 2 * positive) / 2, put={t: positive / (1 + positive)}),
        TANGENT,
    )  # fmt: skip


JENSEN = le(logistic(mean), K)


def _average() -> tuple[Step, ...]:
    """Jensen's inequality, by induction over contexts."""
    weight = sp.Symbol("c_x", positive=True)
    weights, gaps, divergences = sp.symbols("W_k V_k U_k", real=True)

    def line(w_: sp.Expr, v_: sp.Expr, u_: sp.Expr) -> sp.Basic:
        return ge(u_, w_ * logistic(mean) + _slope(mean) * (v_ - mean * w_))

    so_far = line(weights, gaps, divergences)
    ends = (eq(weights, 1), eq(gaps, mean), eq(divergences, K))
    more = line(weights + weight, gaps + weight * t, divergences + weight * HERE)
    return (
        Given("The contexts so far", (so_far,),
              text=r"Sums over $k$ contexts of $c_x$, $c_x t$ and $c_x K_x$; $d$ is the mean of $t$ over all."),
        Combination("One more context", more, ((1, so_far), (weight, POINTWISE), (weight, TANGENT)), put=INSIDE),
        Given("All contexts", ends),
        Combination("Jensen's inequality", JENSEN,
                    ((1, so_far), (-1, ends[2]), (logistic(mean) - mean * _slope(mean), ends[0]),
                     (_slope(mean), ends[1])),
                    text=r"With $t_i = \Gamma(e_i)$ in the place of the contexts: a mean of limits $\Gamma(e_i)$ is at "
                         r"most $\Gamma$ of the mean of the $e_i$."),
    )  # fmt: skip


def _bound() -> tuple[Step, ...]:
    root = Monotone("The slope of T is at least t", sp.log(1 + 2 * w) / 2 - w / (1 + w), w,
                    derivative=w**2 / ((1 + 2 * w) * (1 + w) ** 2), text=r"At $t = w/(1+w)$.")  # fmt: skip
    square = Monotone("T is at least t^2/2", logistic(t) - t**2 / 2, t, derivative=_slope(t) - t, parts=((1, root),),
                      put={t: w / (1 + w)})  # fmt: skip
    return (
        Combination("The bound, with a floor", le(logistic(mean), L - F), ((1, JENSEN), (1, OVER_FLOOR)),
                    text=r"$T$ increases from 0 to $\log 2$ on $[0, 1]$: $d \le \Gamma(L - F)$, and a smaller floor "
                         r"only weakens it. Beyond $\log 2$ nothing is said."),
        Combination("The bound, with the limit of a law", le(logistic(mean), L - LOW + M),
                    ((1, JENSEN), (1, OVER_LIMIT)),
                    text=r"With all compute, $L = E$, it still says no more than $d \le \Gamma(E - E_{low} + M)$."),
        root, square,
        Combination("In closed form", le(mean**2 / 2, L - F), ((1, square, {w: v}), (1, JENSEN), (1, OVER_FLOOR)),
                    put={mean: INSIDE[mean]}),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    quarter = sp.Rational(1, 4)
    entropy = shannon(3 * quarter, quarter)
    return (
        Refutation("A limit above the entropy is no floor",
                   ge(sp.log(2) - (entropy + sp.Rational(1, 10)), logistic(2 * quarter)), {},
                   text=r"$p = (3/4, 1/4)$, $q = (1/2, 1/2)$, label 2 on top: $d = 1/2$, $E = H + 1/10$."),
    )  # fmt: skip
