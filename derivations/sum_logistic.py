"""The sum-logistic loss, the sum over k != y of log(1 + exp(h_k - h_y)): T is that of cross-entropy (derived here)."""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist import catalog
from hconsist.derivations import freezing, pair_bound
from hconsist.derivations.curves import logistic
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step

__all__ = ["build", "evidence"]

STATEMENT = (
    r"For $l_y(h) = \sum_{k \ne y} \log(1 + e^{h_k - h_y})$ and complete score sets the transformation is $T_{CE}(t) = "
    r"((1+t) \log(1+t) + (1-t) \log(1-t))/2$ for every number $n$ of labels."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
a, b, y, P = sp.symbols("a b y P", positive=True)
h, v, x = sp.symbols("h v x", nonnegative=True)
d, m = sp.symbols("d m", real=True)


def pair_entropy(first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """f(a, b): the least a log(1 + exp(-d)) + b log(1 + exp(d))."""
    return (first + second) * sp.log(first + second) - first * sp.log(first) - second * sp.log(second)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_loss(), *_entropy(), *_concavity(), *_regret(), *_attained(), _control())
    return Derivation("sum_logistic", "Sum-logistic: the curve of cross-entropy", STATEMENT, steps)


def evidence() -> Evidence:
    """Whether the chain closes."""
    return catalog.derivation("sum_logistic").run()


def _loss() -> tuple[Step, ...]:
    return (
        Monotone("Lower own score, larger loss: the other labels", sp.log(1 + sp.exp(m + v)), v,
                 text=r"$h_i = h_k - v$; the terms of $l_i$ and $l_k$ for a third label."),
        Identity("Lower own score, larger loss: the pair", sp.log(1 + sp.exp(v)) - sp.log(1 + sp.exp(-v)), v,
                 text=r"The term for $k$ in $l_i$ minus that for $i$ in $l_k$: $l_i \ge l_k$."),
        theorem(pair_bound, "Pair bound"),
    )  # fmt: skip


def _entropy() -> tuple[Step, ...]:
    cost = a * sp.log(1 + sp.exp(-d)) + b * sp.log(1 + sp.exp(d))
    best = sp.log(a / b)
    return (
        Sign("The cost of a pair is convex", ge(sp.Derivative(cost, d, 2), 0),
             form=(a + b) * sp.exp(d) / (1 + sp.exp(d)) ** 2,
             text=r"$C(p,h)$ is the sum over pairs of labels of $a \log(1 + e^{-d}) + b \log(1 + e^d)$, with $a$, $b$ "
                  r"their probabilities and $d$ the difference of their scores."),
        Identity("Its minimiser", sp.diff(cost, d).subs(d, best), 0),
        Identity("Its minimum", cost.subs(d, best), pair_entropy(a, b),
                 text=r"All pairs are at their minimum at once where $h = \log p$, so $H(p)$ is the sum of $f(p_i, "
                      r"p_k)$; with $f(a, 0) = 0$, in the limit $h_k \to -\infty$, where $p_k = 0$."),
    )  # fmt: skip


def _concavity() -> tuple[Step, ...]:
    """f(., b) is concave, so pooling labels 1 and j raises the terms with a third label."""
    falling = Monotone("log(1 + b/a) falls in a", -sp.log(1 + b / (a + x)), x,
                       derivative=b / ((a + x) * (a + x + b)))  # fmt: skip
    cross = 2 * pair_entropy(a + h, b) - pair_entropy(a + 2 * h, b) - pair_entropy(a, b)
    slope = 2 * (sp.log(1 + b / (a + h)) - sp.log(1 + b / (a + 2 * h)))
    return (
        falling,
        Monotone("Pooling raises the terms with a third label", cross, h,
                 parts=((2, falling, {a: a + h, x: h}),), derivative=slope,
                 text=r"$p_j = a$, $p_1 = a + 2h$, $c = a + h$, $p_m = b$: $2f(c, p_m) \ge f(p_1, p_m) + f(p_j, p_m)$, "
                      r"from equality at $h = 0$."),
    )  # fmt: skip


def _regret() -> tuple[Step, ...]:
    t = sp.Symbol("t", positive=True)
    forced, pooled, entropy, crossed, own = sp.symbols("C H_q H D F", real=True)
    bound, cross = ge(forced, pooled), ge(crossed, 0)
    sums = sp.Eq(pooled - entropy, own + crossed, evaluate=False)
    pair = pair_entropy(P / 2, P / 2) - pair_entropy(P * (1 + t) / 2, P * (1 - t) / 2)
    return (
        Given("Entropies before and after pooling", (sums, cross),
              text=r"$C \ge H_q$ is the pair bound; $F = f(c, c) - f(p_1, p_j)$ with $c = (p_1 + p_j)/2$; $D$ is the "
                   r"sum over the other labels $m$ of $2f(c, p_m) - f(p_1, p_m) - f(p_j, p_m)$, $H_q - H = F + D$."),
        Combination("Regret of the pair", ge(forced - entropy, own), ((1, bound), (1, sums), (1, cross))),
        Identity("It is P T_CE", pair, P * logistic(t), put={t: 1 / (1 + y)},
                 text=r"$f(P/2, P/2) - f(P(1+t)/2, P(1-t)/2)$; $t$ stands for $(p_1 - p_j)/P$."),
        theorem(freezing, "Less mass on the pair costs more", text=r"$T_{CE}$ is convex and 0 at 0: the regret is at "
                r"least $T_{CE}(p_1 - p_j)$."),
    )  # fmt: skip


def _attained() -> tuple[Step, ...]:
    t, top = sp.symbols("t M", positive=True)
    third = sp.Limit(sp.log(1 + sp.exp(-top)), top, sp.oo)
    return (
        Identity("The two-label law, third labels", third, 0,
                 text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$, scores $(0, 0, -M, ...)$."),
        Identity("The two-label law, regret",
                 sp.log(2) - pair_entropy((1 + t) / 2, (1 - t) / 2), logistic(t), put={t: 1 / (1 + y)},
                 text=r"A tie of labels 1 and 2 costs $\log 2$ in the limit: $T_n = T_{CE}$ for every $n$."),
    )  # fmt: skip


def _control() -> Step:
    t = sp.Symbol("t", positive=True)
    regret = sp.log(2) - pair_entropy((1 + t) / 2, (1 - t) / 2)
    return Refutation("Not 1 % more than cross-entropy", ge(regret, sp.Rational(101, 100) * logistic(t)),
                      {t: sp.Rational(1, 2)}, text=r"Regret of the two-label law.")  # fmt: skip
