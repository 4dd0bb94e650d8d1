"""Theorem 1', the pair bound: what forcing a label to the top costs, for any loss that falls in the label's own score.

Derived here.  The bound asks for no convexity, no attained minimum and no formula of the loss; the equation does.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Let $l_i(h)$ be the loss of the scores $h$ when the label is $i$, $C(p,h)$ the sum of $p_i l_i(h)$, $H(p)$ its "
    r"infimum over the scores and $C_j(p)$ its infimum over those with $h_j$ maximal. (i) If $h_i \le h_k$ implies "
    r"$l_i(h) \ge l_k(h)$, then for labels with $p_1 \ge p_j$: $C_j(p) \ge H(q)$, where $q$ is $p$ with $p_1$ and "
    r"$p_j$ replaced by their mean. (ii) If the losses are convex on a convex set of scores, or become so when "
    r"the scores are replaced by others in the same order, permuting the scores permutes the losses, and the minimum "
    r"with $h_j$ maximal is attained at some $h^*$, then $C_j(p) = H(q)$, where $q$ is $p$ with the entries of "
    r"the labels tied with $j$ in $h^*$ replaced by their mean."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
eq = partial(sp.Eq, evaluate=False)
x = sp.Symbol("x", nonnegative=True)
forced = sp.Symbol("C_j", real=True)


def build() -> Derivation:
    """The chain for Theorem 1'; nothing is checked before ``run``."""
    steps = (*_bound(), *_inactive(), *_tied(), *_equation(), _control())
    return Derivation("pair_bound", "Theorem 1': the pair bound", STATEMENT, steps)


def _bound() -> tuple[Step, ...]:
    pj, top, own, rest, cost, pooled, entropy = sp.symbols("p_j l_1 l_j C_rest C C_q H_q", real=True)
    order = ge(top, own)
    mean = pj + x / 2
    pair = Combination("(i) the mean costs no more", ge((pj + x) * top + pj * own, mean * top + mean * own),
                       ((x / 2, order),), text=r"$p_1 = p_j + x$; both become $p_j + x/2$.")  # fmt: skip
    sums = (
        eq(cost, rest + (pj + x) * top + pj * own),
        eq(pooled, rest + mean * top + mean * own),
    )
    infimum = ge(pooled, entropy)
    return (
        Given("(i) label j on top", (order,),
              text=r"$h_j$ is maximal, so $h_1 \le h_j$ and $l_1(h) \ge l_j(h)$. (Where permuting the scores permutes "
                   r"the losses, equal scores have equal losses, and it is enough that $h_i < h_k$ implies $l_i > "
                   r"l_k$.) If $l_1$ is infinite and $p_1 > 0$, then so is $C$."),
        pair,
        Given("(i) the two costs", (*sums, infimum),
              text=r"$C = C(p,h)$, $C_q = C(q,h)$, $H_q = H(q)$; $C_{rest}$ collects the other labels, alike in both."),
        Combination("Pair bound", ge(cost, entropy), ((1, sums[0]), (-1, sums[1]), (1, pair), (1, infimum)),
                    text=r"For each $h$ with $h_j$ maximal; taking the infimum, $C_j(p) \ge H(q)$. So the regret of "
                         r"predicting $j$ is at least $H(q) - H(p)$."),
    )  # fmt: skip


def _inactive() -> tuple[Step, ...]:
    d, v, w, o = sp.symbols("d v w o", positive=True)
    share = d / (d + v + w)
    best, mixed, other = sp.symbols("f f_e f_h", real=True)
    convex, least = le(mixed, (1 - 1 / (1 + o)) * best + other / (1 + o)), le(best, mixed)
    return (
        Sign("(ii) a small step keeps the other labels below", ge((1 - share) * d - share * v, 0),
             form=d * w / (d + v + w),
             text=r"$K$ holds the labels tied with $j$ in $h^*$; label $k$ outside has $h^*_j - h^*_k = d > 0$. Let "
                  r"$h_j \ge h_i$ for $i$ in $K$ only, with $h_k - h_j = v$. The mixture of $h^*$ and $h$ with a "
                  r"weight of $h$ that is this small has $j$ on top."),
        Given("(ii) convexity along the segment", (convex, least),
              text=r"$f = C(p, h^*)$, $f_h = C(p, h)$, $f_e$ at the mixture with weight $e = 1/(1+o)$ of $h$."),
        Combination("(ii) only the ties matter", ge(other, best), ((1 + o, convex), (1 + o, least)),
                    text=r"$h^*$ is least among all $h$ with $h_j \ge h_i$ for $i$ in $K$, so among those that are "
                         r"constant on $K$."),
    )  # fmt: skip


def _tied() -> tuple[Step, ...]:
    own, others, size, loss, k = sp.symbols("p_j O m l k", positive=True)
    one, mean, following = sp.symbols("c f_k f_next", real=True)
    hypothesis, convex = le(mean, one), le(following, (k * mean + one) / (k + 1))
    return (
        Identity("(ii) constant on K, both laws cost the same", own * loss + others * loss,
                 size * ((own + others) / size) * loss,
                 text=r"$m$ labels in $K$: exchanging two of them leaves such $h$ as it is and exchanges their losses, "
                      r"so the losses on $K$ have one value $l$; the others in $K$ have mass $O$. "
                      r"$C(p,h) = C(q,h)$."),
        Given("(ii) averaging over the permutations of K", (hypothesis, convex),
              text=r"They leave $q$ as it is, so each of the permuted $h$ costs the same $c$ under $q$; $f_k$ is the "
                   r"cost of the mean of $k$ of them."),
        Combination("(ii) averaging over the permutations of K, one more", le(following, one),
                    ((k / (k + 1), hypothesis), (1, convex)),
                    text=r"By induction their mean, which is constant on $K$, costs at most $c$ (Jensen)."),
    )  # fmt: skip


def _equation() -> tuple[Step, ...]:
    entropy, averaged, any_cost, best, best_q = sp.symbols("H_K c_mean c f f_q", real=True)
    lines = (le(averaged, any_cost), ge(averaged, best), eq(best, forced), eq(best, best_q), ge(best_q, entropy))
    upper = Combination("(ii) no scores cost less under q", ge(any_cost, forced),
                        ((1, lines[0]), (1, lines[1]), (1, lines[2])))  # fmt: skip
    return (
        Words("(ii) the comparisons", lines,
              text=r"For any $h$ of cost $c = C(q,h)$, its mean over the permutations costs $c_{mean} \le c$ under "
                   r"$q$, the same under $p$, hence at least $f = C(p,h^*)$. $f_q = C(q, h^*)$, $H_K = H(q)$."),
        upper,
        Combination("(ii) and the tie costs at least H(q)", ge(forced, entropy),
                    ((-1, lines[2]), (1, lines[3]), (1, lines[4])),
                    text=r"Taking the infimum over $h$ in the line before, $H(q) \ge C_j(p) \ge H(q)$: they are "
                         r"equal."),
    )  # fmt: skip


def _control() -> Step:
    p = sp.Symbol("p", positive=True)
    return Refutation("A loss that rises in its own score", ge(-(p**2 + (1 - p) ** 2) / 2, -sp.Rational(1, 4)),
                      {p: sp.Rational(2, 3)},
                      text=r"$l_i(h) = h_i + (h_1^2 + h_2^2)/2$ is least at $h = -p$, which puts the less probable "
                           r"label on top: $C_2(p) = H(p) = -(p^2 + (1-p)^2)/2$, and $H(1/2, 1/2) = -1/4$."
                      )  # fmt: skip
