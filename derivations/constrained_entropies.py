"""Constrained losses: the least conditional risks of the exponential and the squared hinge, for every n (derived here).

The loss of label y is the sum over y' != y of Phi(-h_y'), with scores of sum 0; q = 1 - p.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Let $q_i = 1 - p_i$, scores with sum 0, and loss of label $y$ the sum of $\Phi(-h_{y'})$ over $y' \ne y$, for "
    r"any number $n$ of labels. The conditional risk is the sum of $q_i \Phi(-h_i)$. Exponential, "
    r"$\Phi(u) = e^{-u}$: its least value is $n (q_1 ... q_n)^{1/n}$. Squared hinge, "
    r"$\Phi(u) = \max(0, 1-u)^2$: it is $n^2/(1/q_1 + ... + 1/q_n)$."
)

ge, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq))
lam, k = sp.symbols("lambda k", positive=True)
x, y = sp.symbols("x y", nonnegative=True)
real = sp.Symbol("r", real=True)
TANGENT = ge(sp.exp(real), 1 + real)


def build() -> Derivation:
    """The chain for both losses; nothing is checked before ``run``."""
    steps = (*_risk(), *_tangent(), *_exponential(), *_squared_hinge(), *_controls())
    return Derivation("constrained_entropies", "Constrained losses: least conditional risks", STATEMENT, steps)


def _risk() -> tuple[Step, ...]:
    p, others, value = sp.symbols("p_i O f_i", positive=True)
    return (
        Identity("The weight of one score", others * value, (1 - p) * value, put={others: 1 - p},
                 text=r"$\Phi(-h_i) = f_i$ is paid for every label but $i$, whose laws add up to $O = 1 - p_i$: the "
                      r"conditional risk is $C(q,h)$, the sum of $q_i f_i$ with $q_i = 1 - p_i$. The $f_i$ grow with "
                      r"$h_i$; label 1 has the least $q$, and $t = p_1 - p_j = q_j - q_1$."),
    )  # fmt: skip


def _tangent() -> tuple[Step, ...]:
    grows = Monotone("The exponential grows", sp.exp(x), x)
    falls = Monotone("and decreases to the left", -sp.exp(-y), y)
    return (
        grows, Monotone("It lies above its tangent, right", sp.exp(x) - 1 - x, x, parts=((1, grows),)),
        falls, Monotone("It lies above its tangent, left", sp.exp(-y) - 1 + y, y, parts=((1, falls),)),
        Words("Both sides", (TANGENT,), every=(real,), text=r"$r = x$ or $r = -y$, and both sides are 1 at 0."),
    )  # fmt: skip


def _exponential() -> tuple[Step, ...]:
    """The least conditional risk of the exponential, by induction on the number of labels."""
    g, q = sp.symbols("g q", positive=True)
    score, risk, total, logs = sp.symbols("h E_k S_k L_k", real=True)
    tangent = TANGENT
    hypothesis = ge(risk, g * (k + total + logs - k * sp.log(g)))
    one = Combination("Exponential: one label", ge(q * sp.exp(score), g * (1 + score + sp.log(q) - sp.log(g))),
                      ((g, tangent, {real: score + sp.log(q) - sp.log(g)}),),
                      text=r"For any $g > 0$; if $q = 0$ the least risk is 0 and nothing is to be shown.")  # fmt: skip
    more = ge(risk + q * sp.exp(score), g * (k + 1 + total + score + logs + sp.log(q) - (k + 1) * sp.log(g)))
    closed = (eq(total, 0), eq(logs, k * sp.log(g)))
    return (
        one,
        Given("Exponential: k labels", (hypothesis,),
              text=r"$E_k$, $S_k$, $L_k$ are the sums of $q_i e^{h_i}$, $h_i$ and $\log q_i$ over $k$ labels; for none "
                   r"both sides are 0."),
        Combination("Exponential: one label more", more, ((1, hypothesis), (1, one))),
        Given("Exponential: all labels", closed,
              text=r"$k = n$: the scores sum to 0, and $g = (q_1 ... q_n)^{1/n}$."),
        Combination("Exponential: the least risk", ge(risk, k * g), ((1, hypothesis), (g, closed[0]), (g, closed[1]))),
        Identity("Exponential: it is reached", q * sp.exp(score), g, put={score: sp.log(g) - sp.log(q)},
                 text=r"$h_i = \log(g/q_i)$: each label costs $g$, and the scores sum to $n \log g - L_n = 0$."),
    )  # fmt: skip


def _squared_hinge() -> tuple[Step, ...]:
    """The least conditional risk of the squared hinge, by induction on the number of labels."""
    q, inverses = sp.symbols("q R_k", positive=True)
    score, risk, total, hinge = sp.symbols("h E_k N_k v", real=True)
    above = ge(hinge, 1 + score)
    square = Sign("Squared hinge: completing the square", ge(q * hinge**2, 2 * lam * hinge - lam**2 / q),
                  form=(q * hinge - lam) ** 2 / q, text=r"For any $\lambda > 0$; $v = \max(0, 1 + h)$.")  # fmt: skip
    one = Combination("Squared hinge: one label", ge(q * hinge**2, 2 * lam * (1 + score) - lam**2 / q),
                      ((2 * lam, above), (1, square)))  # fmt: skip
    hypothesis = ge(risk, 2 * lam * (k + total) - lam**2 * inverses)
    more = ge(risk + q * hinge**2, 2 * lam * (k + 1 + total + score) - lam**2 * (inverses + 1 / q))
    closed = (eq(total, 0), eq(lam, k / inverses))
    return (
        square,
        Given("Squared hinge: the positive part", (above,)),
        one,
        Given("Squared hinge: k labels", (hypothesis,),
              text=r"$E_k$, $N_k$, $R_k$ are the sums of $q_i v_i^2$, $h_i$ and $1/q_i$ over $k$ labels."),
        Combination("Squared hinge: one label more", more, ((1, hypothesis), (1, one))),
        Given("Squared hinge: all labels", closed[:1], text=r"$k = n$, and from here on $\lambda = n/R_n$."),
        Combination("Squared hinge: the least risk", ge(risk, k**2 / inverses),
                    ((1, hypothesis), (2 * lam, closed[0])), put={lam: k / inverses}),
        Identity("Squared hinge: it is reached", q * hinge**2, lam**2 / q, put={hinge: lam / q},
                 text=r"$1 + h_i = \lambda/q_i$: the scores sum to $\lambda R_n - n = 0$ and the risk is "
                      r"$\lambda^2 R_n = n^2/R_n$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    law = [sp.Symbol(f"p_{i}", positive=True) for i in (1, 2, 3)]
    at = {p: v for p, v in zip(law, (sp.Rational(1, 2), sp.Rational(1, 6), sp.Rational(1, 3)))}
    q = [1 - p for p in law]
    return (
        Refutation("Exponential: equal scores are not optimal", ge(3 * sp.root(q[0] * q[1] * q[2], 3), sum(q)), at),
        Refutation("Squared hinge: equal scores are not optimal", ge(9 / sum(1 / x for x in q), sum(q)), at),
    )  # fmt: skip
