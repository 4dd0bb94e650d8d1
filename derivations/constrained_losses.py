"""Constrained losses, sum over y' != y of Phi(-h_y') with scores of sum 0: bounds that hold for every n (derived here).

q = 1 - p throughout.  Derivation constrained_entropies has the least risks, constrained_growth the sharper constants
near zero, constrained_hinge the hinge and the rho-margin.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import constrained_entropies, pooling
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["build", "exponential_evidence", "pair_steps", "pooling_evidence", "squared_hinge_evidence"]

STATEMENT = (
    r"Let $q_i = 1 - p_i$, scores with sum 0, and loss of label $y$ the sum of $\Phi(-h_{y'})$ over $y' \ne y$, for "
    r"any number $n$ of labels: the conditional risk is the sum of $q_i \Phi(-h_i)$. If $\Phi$ is nonincreasing, "
    r"forcing label $j$ to the top costs at least the least risk at the pooled $q^A$, with equality if $\Phi$ is "
    r"convex. Exponential, $\Phi(u) = e^{-u}$: $T_n(t) \ge (1-(1-t)^{1/2})^2 \ge 2-(4-t^2)^{1/2}$. Squared hinge, "
    r"$\Phi(u) = \max(0, 1-u)^2$: $T_n(t) \ge t^2/(2-t) \ge t^2/2$."
)

ge, gt, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Eq))
q1, lam = sp.symbols("q_1 lambda", positive=True)
t, x, y, z, b, c = sp.symbols("t x y z b c", nonnegative=True)
HALF = sp.Rational(1, 2)


def build() -> Derivation:
    """The chain for pooling, the exponential and the squared hinge; nothing is checked before ``run``."""
    steps = (*_risk(), *_pooled(), *_exponential_floor(), *_squared_hinge_floor(), *_controls())
    return Derivation("constrained_losses", "Constrained losses: pooling and bounds for every n", STATEMENT, steps)


def pooling_evidence() -> Evidence:
    """The forced risk of label j is the least risk at the pooled q (convex Phi)."""
    return _part("constrained-pooling", *_risk(), *_pooled())


def exponential_evidence() -> Evidence:
    """Exponential: T_n(t) >= (1 - sqrt(1-t))^2 >= 2 - sqrt(4-t^2)."""
    return _part("constrained-exponential", *_risk(), *_exponential_floor())


def squared_hinge_evidence() -> Evidence:
    """Squared hinge: T_n(t) >= t^2/(2-t) >= t^2/2."""
    return _part("constrained-squared-hinge", *_risk(), *_squared_hinge_floor())


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of the constrained losses", STATEMENT, steps).run()


def _risk() -> tuple[Step, ...]:
    return (
        theorem(constrained_entropies, "The weight of one score",
                text=r"The conditional risk is $C(q,h)$, the sum of $q_i f_i$ with $q_i = 1 - p_i$ and "
                     r"$f_i = \Phi(-h_i)$. The $f_i$ grow with $h_i$; label 1 has the least $q$, and "
                     r"$t = p_1 - p_j = q_j - q_1$."),
    )  # fmt: skip


# --- pooling, with the inequalities reversed ---------------------------------------------------------------------


def _pooled() -> tuple[Step, ...]:
    m, v, gap, size, own, others = sp.symbols("m v x k q_j O", positive=True)
    low, top = sp.symbols("low", nonnegative=True), sp.Symbol("f_j", real=True)
    later = (size * m + m - v) / (size + 1)
    cost, pooled, rest, entropy = sp.symbols("C C_A D_A H_A", real=True)
    difference, definition, sign = eq(cost - pooled, rest), ge(pooled, entropy), ge(rest, 0)
    mean = sp.Symbol("m_A", positive=True)
    return (
        Given("The pool", text=r"$A$ starts with {$j$}; the other labels are taken by increasing $q_i$, and label $i$ "
                               r"enters while $q_i$ is below the mean over the current $A$."),
        Sign("An entrant lowers the mean", gt(m, later), form=v / (size + 1),
             text=r"$k$ labels with mean $m$; the entrant has $q_i = m - v$."),
        Sign("An entrant stays below the new mean", gt(later, m - v), form=size * v / (size + 1)),
        Sign("Earlier entrants too", gt(later, m - v - gap), form=size * v / (size + 1) + gap,
             text=r"So every member of the pool but $j$ is below its mean."),
        Sign("One label of the pool", ge(-v * (top - low), -v * top), form=v * low,
             text=r"$q_i$ falls short of the mean by $v$, and $f_i = f_j - low$, as $h_j$ is the largest score."),
        Identity("The right sides cancel",
                 top * (own - mean) + top * (others - (size - 1) * mean), 0, put={mean: (own + others) / size},
                 text=r"Summed over the pool, $j$ included; $O$ is the sum of the other $q_i$ of the pool."),
        Words("Risk on the two laws", (difference, definition, sign),
              text=r"$C = C(q,h)$, $C_A = C(q^A,h)$; $D_A$ is the sum over the pool of the deviation of $q_i$ from the "
                   r"mean times $f_i$, nonnegative by the lines before; $H_A$ is the least risk at $q^A$."),
        Combination("Forcing label j costs at least the pooled entropy", ge(cost, entropy),
                    ((1, difference), (1, definition), (1, sign))),
        theorem(pooling, "(ii) averaging over the pool, induction step (Jensen)",
                text=r"Convex $\Phi$, equality: ordering the scores against $q^A$ and averaging them over $A$ does not "
                     r"increase $C(q^A,h)$ (Theorem 1, part (ii), in the scores $-h$: the set of scores with sum 0 is "
                     r"convex and symmetric); then $h$ is constant on $A$, largest there, and $C(q,h) = C(q^A,h)$."),
    )  # fmt: skip


def pair_steps() -> tuple[Step, ...]:
    """C_j >= H(q with q_1 and q_j replaced by their mean): the part of pooling that the pair gaps need."""
    first, more = sp.Symbol("f_1", real=True), sp.Symbol("v", nonnegative=True)
    split = q1 * first + (q1 + t) * (first + more)
    return (
        Sign("The pair bound", ge(split, (2 * q1 + t) / 2 * (2 * first + more)), form=t * more / 2,
             text=r"$q_j = q_1 + t$, $f_j = f_1 + v$ as $h_j \ge h_1$: with both weights replaced by their mean "
                  r"$s = q_1 + t/2$ the risk is not larger, so the forced risk is at least the least risk at that "
                  r"law."),
    )  # fmt: skip


# --- lower bounds for every n ------------------------------------------------------------------------------------


def _exponential_floor() -> tuple[Step, ...]:
    """a = sqrt(1-t); r_1, r_j are the roots of q_1, q_j."""
    first, gap, top = sp.symbols("r_1 d m", nonnegative=True)  # r_1 = 0 is allowed below the first line
    shrink, a = 1 / (1 + z), 1 / (1 + y)
    last = first + gap
    r1, rj, total, shift = sp.symbols("r_1 r_j D e_d", positive=True)
    pair = (1 + top) * (first**2 * shrink**2 + last**2 - 2 * shrink * first * last)
    root = 2 - (1 - a) ** 2
    return (
        Identity("Exponential: the pair, split anew", r1**2 * lam * shift + rj**2 * lam / shift, 2 * r1 * rj * lam,
                 put={shift: rj / r1},
                 text=r"$r = q^{1/2}$. With $h_1 = S/2 + \log e_d$, $h_j = S/2 - \log e_d$, $S$ the old sum, the pair "
                      r"costs $2 r_1 r_j e^{S/2}$, $\lambda = e^{S/2}$ (if $r_1 = 0$, as little as wanted). The other "
                      r"scores stay, so the sum is still 0."),
        Sign("Exponential: regret of the pair", ge(pair, gap**2),
             text=r"$h_j = \log(1+m) \ge 0$ is the largest score, $h_1$ is not larger: $e^{h_1} = e^{h_j}/(1+z)^2$, "
                  r"so $e^{S/2} = e^{h_j}/(1+z)$. The left side is the cost of the pair before and after, at least "
                  r"$d^2 = (r_j - r_1)^2$."),
        Sign("Exponential: in terms of t", ge((1 - a) * (total + x) / total, 1 - a), form=(1 - a) * x / total,
             text=r"$a = (1-t)^{1/2} \le 1$. $q_1 \le 1 - t$ and $q_j \le 1$, so $D = r_1 + r_j \le 1 + a = D + x$; "
                  r"and $d D = q_j - q_1 = t = (1-a)(1+a)$, so $d$ is the left side: $d \ge 1 - a$ and "
                  r"$T_n(t) \ge (1-a)^2$."),
        Sign("Exponential: the published form is smaller", ge(4 - (1 - a**2) ** 2, root**2),
             form=2 * (1 - a) ** 3 * (1 + a),
             text=r"$t = 1 - a^2$. The right side is the square of $2 - (1-a)^2 \ge 0$: so "
                  r"$(4-t^2)^{1/2} \ge 2 - (1-a)^2$."),
        Identity("Exponential: the inverse", (1 - sp.sqrt(1 - (2 * c - c**2))) ** 2, c**2, put={c: 1 / (1 + y)},
                 text=r"At $b = c^2 \le 1$: $t \le 2 b^{1/2} - b$."),
        Identity("Exponential: the published inverse", 4 - (2 - b) ** 2, 4 * b - b**2,
                 text=r"$2 - (4-t^2)^{1/2} = b$ at $t^2 = 4b - b^2$."),
    )  # fmt: skip


def _squared_hinge_floor() -> tuple[Step, ...]:
    v = sp.Symbol("v", nonnegative=True)
    last, top = q1 + t, v + x
    before, after = q1 * v**2 + last * top**2, (v + top) ** 2 * q1 * last / (q1 + last)
    return (
        Identity("Squared hinge: the pair, split anew", before - after, (last * top - q1 * v) ** 2 / (q1 + last),
                 text=r"$v = \max(0, 1+h_1)$ and $u = 1 + h_j = v + x \ge 1$ (the largest score is at least 0). New "
                      r"scores with $1 + h$ inversely proportional to $q_1$, $q_j$ and the old sum, which is at most "
                      r"$u + v - 2$, cost at most $(u+v)^2 q_1 q_j/(q_1+q_j)$ (nothing at all, if that sum is below "
                      r"$-2$, or if $q_1 = 0$: then label 1 takes the whole sum, and the regret is at least "
                      r"$q_j u^2 \ge t^2$)."),
        Sign("Squared hinge: regret of the pair", ge(last * top - q1 * v, top * t), form=q1 * x,
             text=r"With $u \ge 1$: the regret is at least $t^2/(q_1+q_j)$."),
        Sign("Squared hinge: in terms of t", ge(t**2 / (2 * q1 + t), t**2 / (2 - t)),
             put={q1: 1 / (1 + y), t: y / ((1 + y) * (1 + z))},
             text=r"$q_1 = 1 - p_1 \le 1 - t$."),
        Sign("Squared hinge: the published form is smaller", ge(t**2 / (2 - t), t**2 / 2), put={t: 1 / (1 + y)}),
        Identity("Squared hinge: the inverse", (sp.sqrt(b**2 + 8 * b) - b) ** 2 / 4,
                 b * (2 - (sp.sqrt(b**2 + 8 * b) - b) / 2),
                 text=r"$t^2/(2-t) = b$ at $t = ((b^2+8b)^{1/2} - b)/2$; it is at most $(2b)^{1/2}$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    law = [sp.Symbol(f"p_{i}", positive=True) for i in (1, 2, 3)]
    at = {p: v for p, v in zip(law, (HALF, sp.Rational(1, 6), sp.Rational(1, 3)))}
    q = [1 - p for p in law]
    square = (law[0] - law[1]) ** 2
    return (
        Refutation("Exponential: t^2/2 is too much at n = 3",
                   ge(sum(q) - 3 * sp.root(q[0] * q[1] * q[2], 3), square / 2), at,
                   text=r"All scores 0, label 2 predicted: the risk is $q_1+q_2+q_3 = 2$; and $(35/18)^3 < 15/2$."),
        Refutation("Squared hinge: t^2 is too much at n = 3", ge(sum(q) - 9 / sum(1 / x for x in q), square), at,
                   text=r"The same law and scores: $4/47 < 1/9$."),
    )  # fmt: skip
