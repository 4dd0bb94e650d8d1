"""Constrained losses, sum over y' != y of Phi(-h_y') with scores of sum 0: bounds that hold for every n (derived here).

q = 1 - p throughout.  The hinge and the rho-margin are in derivation constrained_hinge, the sharper constants near zero
in derivation constrained_growth.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import pooling
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "entropy_evidence", "exponential_evidence", "exponential_steps", "pair_steps", "pooling_evidence",
           "squared_hinge_evidence", "squared_hinge_steps"]  # fmt: skip

STATEMENT = (
    r"Let $q_i = 1 - p_i$, scores with sum 0, and loss of label $y$ the sum of $\Phi(-h_{y'})$ over $y' \ne y$, for "
    r"any number $n$ of labels. The conditional risk is the sum of $q_i \Phi(-h_i)$. If $\Phi$ is nonincreasing, "
    r"forcing label $j$ to the top costs at least the least risk at the pooled $q^A$, with equality if $\Phi$ is "
    r"convex. Exponential, $\Phi(u) = e^{-u}$: the least risk is $n (q_1 \cdots q_n)^{1/n}$, and "
    r"$T_n(t) \ge (1-\sqrt{1-t})^2 \ge 2-\sqrt{4-t^2}$. Squared hinge, $\Phi(u) = \max(0, 1-u)^2$: the least risk "
    r"is $n^2/(1/q_1 + \ldots + 1/q_n)$, and $T_n(t) \ge t^2/(2-t) \ge t^2/2$."
)

ge, gt, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Eq))
q1, lam, k = sp.symbols("q_1 lambda k", positive=True)
t, x, y, z, b, c = sp.symbols("t x y z b c", nonnegative=True)
HALF = sp.Rational(1, 2)


def build() -> Derivation:
    """The chain for the constrained exponential and squared hinge; nothing is checked before ``run``."""
    steps = (
        *_risk(), *_pooled(), *_tangent(), *exponential_steps(), *squared_hinge_steps(),
        *_exponential_floor(), *_squared_hinge_floor(), *_controls(),
    )  # fmt: skip
    return Derivation("constrained_losses", "Constrained losses: entropies and bounds for every n", STATEMENT, steps)


def pooling_evidence() -> Evidence:
    """The forced risk of label j is the least risk at the pooled q (convex Phi)."""
    return _part("constrained-pooling", *_risk(), *_pooled())


def entropy_evidence() -> Evidence:
    """The least conditional risks of the exponential and of the squared hinge, for every n."""
    return _part("constrained-entropies", *_risk(), *_tangent(), *exponential_steps(), *squared_hinge_steps())


def exponential_evidence() -> Evidence:
    """Exponential: T_n(t) >= (1 - sqrt(1-t))^2 >= 2 - sqrt(4-t^2)."""
    return _part("constrained-exponential", *_risk(), *_exponential_floor())


def squared_hinge_evidence() -> Evidence:
    """Squared hinge: T_n(t) >= t^2/(2-t) >= t^2/2."""
    return _part("constrained-squared-hinge", *_risk(), *_squared_hinge_floor())


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of the constrained losses", STATEMENT, steps).run()


def _risk() -> tuple[Step, ...]:
    p, others, value = sp.symbols("p_i O f_i", positive=True)
    return (
        Identity("The weight of one score", others * value, (1 - p) * value, put={others: 1 - p},
                 text=r"$\Phi(-h_i) = f_i$ is paid for every label but $i$, whose laws add up to $O = 1 - p_i$: the "
                      r"conditional risk is $C(q,h)$, the sum of $q_i f_i$ with $q_i = 1 - p_i$. The $f_i$ grow with "
                      r"$h_i$; label 1 has the least $q$, and $t = p_1 - p_j = q_j - q_1$."),
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


# --- least conditional risks -------------------------------------------------------------------------------------

real = sp.Symbol("r", real=True)
TANGENT = ge(sp.exp(real), 1 + real)


def _tangent() -> tuple[Step, ...]:
    grows = Monotone("The exponential grows", sp.exp(x), x)
    falls = Monotone("and decreases to the left", -sp.exp(-y), y)
    return (
        grows, Monotone("It lies above its tangent, right", sp.exp(x) - 1 - x, x, parts=((1, grows),)),
        falls, Monotone("It lies above its tangent, left", sp.exp(-y) - 1 + y, y, parts=((1, falls),)),
        Words("Both sides", (TANGENT,), text=r"$r = x$ or $r = -y$, and both sides are 1 at 0."),
    )  # fmt: skip


def exponential_steps() -> tuple[Step, ...]:
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
              text=r"$k = n$: the scores sum to 0, and $g = (q_1 \cdots q_n)^{1/n}$."),
        Combination("Exponential: the least risk", ge(risk, k * g), ((1, hypothesis), (g, closed[0]), (g, closed[1]))),
        Identity("Exponential: it is reached", q * sp.exp(score), g, put={score: sp.log(g) - sp.log(q)},
                 text=r"$h_i = \log(g/q_i)$: each label costs $g$, and the scores sum to $n \log g - L_n = 0$."),
    )  # fmt: skip


def squared_hinge_steps() -> tuple[Step, ...]:
    """The least conditional risk of the squared hinge, by induction on the number of labels."""
    q, inverses = sp.symbols("q R_k", positive=True)
    score, risk, total, hinge = sp.symbols("h E_k S_k v", real=True)
    above = ge(hinge, 1 + score)
    square = Sign("Squared hinge: completing the square", ge(q * hinge**2, 2 * lam * hinge - lam**2 / q),
                  form=(q * hinge - lam) ** 2 / q, text=r"For any $\lambda > 0$; $v = \max(0, 1 + h)$.")  # fmt: skip
    one = Combination("Squared hinge: one label", ge(q * hinge**2, 2 * lam * (1 + score) - lam**2 / q),
                      ((1, square), (2 * lam, above)))  # fmt: skip
    hypothesis = ge(risk, 2 * lam * (k + total) - lam**2 * inverses)
    more = ge(risk + q * hinge**2, 2 * lam * (k + 1 + total + score) - lam**2 * (inverses + 1 / q))
    closed = (eq(total, 0), eq(lam, k / inverses))
    return (
        square,
        Given("Squared hinge: the positive part", (above,)),
        one,
        Given("Squared hinge: k labels", (hypothesis,),
              text=r"$E_k$, $S_k$, $R_k$ are the sums of $q_i v_i^2$, $h_i$ and $1/q_i$ over $k$ labels."),
        Combination("Squared hinge: one label more", more, ((1, hypothesis), (1, one))),
        Given("Squared hinge: all labels", closed[:1], text=r"$k = n$, and from here on $\lambda = n/R_n$."),
        Combination("Squared hinge: the least risk", ge(risk, k**2 / inverses),
                    ((1, hypothesis), (2 * lam, closed[0])), put={lam: k / inverses}),
        Identity("Squared hinge: it is reached", q * hinge**2, lam**2 / q, put={hinge: lam / q},
                 text=r"$1 + h_i = \lambda/q_i$: the scores sum to $\lambda R_n - n = 0$ and the risk is "
                      r"$\lambda^2 R_n = n^2/R_n$."),
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
                 text=r"$r = \sqrt q$. With $S = h_1 + h_j$ kept and $h_1$, $h_j$ at $S/2 \pm \log e_d$ the pair "
                      r"costs $2 r_1 r_j e^{S/2}$, $\lambda = e^{S/2}$ (if $r_1 = 0$, as little as wanted). The other "
                      r"scores stay, so the sum is still 0."),
        Sign("Exponential: regret of the pair", ge(pair, gap**2),
             text=r"$h_j = \log(1+m) \ge 0$ is the largest score, $h_1$ is not larger: $e^{h_1} = e^{h_j}/(1+z)^2$, "
                  r"so $e^{S/2} = e^{h_j}/(1+z)$. The left side is the cost of the pair before and after, at least "
                  r"$d^2 = (r_j - r_1)^2$."),
        Sign("Exponential: in terms of t", ge((1 - a) * (total + x) / total, 1 - a), form=(1 - a) * x / total,
             text=r"$a = \sqrt{1-t} \le 1$. $q_1 \le 1 - t$ and $q_j \le 1$, so $D = r_1 + r_j \le 1 + a = D + x$; and "
                  r"$d D = q_j - q_1 = t = (1-a)(1+a)$, so $d$ is the left side: $d \ge 1 - \sqrt{1-t}$ and "
                  r"$T_n(t) \ge (1 - \sqrt{1-t})^2$."),
        Sign("Exponential: the published form is smaller", ge(4 - (1 - a**2) ** 2, root**2),
             form=2 * (1 - a) ** 3 * (1 + a),
             text=r"$t = 1 - a^2$. The right side is the square of $2 - (1-a)^2 \ge 0$: so "
                  r"$\sqrt{4-t^2} \ge 2 - (1-a)^2$."),
        Identity("Exponential: the inverse", (1 - sp.sqrt(1 - (2 * c - c**2))) ** 2, c**2, put={c: 1 / (1 + y)},
                 text=r"At $b = c^2 \le 1$: $t \le 2\sqrt b - b$."),
        Identity("Exponential: the published inverse", 4 - (2 - b) ** 2, 4 * b - b**2,
                 text=r"$2 - \sqrt{4-t^2} = b$ at $t^2 = 4b - b^2$."),
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
                 text=r"$t^2/(2-t) = b$ at $t = (\sqrt{b^2+8b} - b)/2$; it is at most $\sqrt{2b}$."),
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
