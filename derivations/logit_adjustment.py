"""Logit adjustment: no bound near zero, and the sharp transformation beyond (derived here).

r = v_max/v_min with v_i = prior_i^(-theta); B = r/(1+r), a = (1+t)/2.  In the inequalities (1-B)/(1-a) = 1 + z, and the
share x of label 1 in the scores of the pair is B/(1+y).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations.curves import logistic
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step

__all__ = ["CURVE", "build"]

STATEMENT = (
    r"For the loss $-\log s_y$, $s$ the softmax of $h + \theta \log \pi$, complete sets, $v_i = \pi_i^{-\theta}$ and "
    r"$r = v_{max}/v_{min}$, the transformation for every $n$ is 0 on $[0, t_0]$, $t_0 = (r-1)/(r+1)$, and for larger "
    r"$t$ the divergence $a \log(a/B) + (1-a) \log((1-a)/(1-B))$ with $a = (1+t)/2$ and $B = (1+t_0)/2$, at least "
    r"$(t-t_0)^2/(4 (1-t_0))$, hence positive."
)

ge, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq))
t, r, low, high, first, a, B = sp.symbols("t r v_min v_max p_1 a B", positive=True)
own, k, d, m, y, z = sp.symbols("p_j k d m y z", nonnegative=True)
HALF = sp.Rational(1, 2)
EDGE, SHARE = (r - 1) / (r + 1), r / (1 + r)
ORDERED = {r: 1 + k}
CURVE = a * sp.log(a / B) + (1 - a) * sp.log((1 - a) / (1 - B))

INNER, OUTER = z / ((1 + z) * r), r * y / (1 + y)
"""a/B - 1, and (1-x)/(1-B) - 1."""
FORCED = ge(first * sp.log(1 + y) - own * sp.log(1 + OUTER), 0)
"""p_1 log(B/x) >= p_j log((1-x)/(1-B))."""
RISE, FALL = sp.log(1 + INNER), sp.log(1 + z)
"""log(a/B) and log((1-B)/(1-a))."""

chord = Monotone("log(1+z) <= z - z^2/(2(1+z))", z - z**2 / (2 * (1 + z)) - sp.log(1 + z), z,
                 derivative=z**2 / (2 * (1 + z) ** 2))  # fmt: skip
grow = Monotone("log(1+z) >= z/(1+z)", sp.log(1 + z) - z / (1 + z), z, derivative=z / (1 + z) ** 2)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_order(), *_zero(), chord, grow, *_forced(), *_worst(), *_attained(), *_controls())
    return Derivation("logit_adjustment", "Logit adjustment", STATEMENT, steps)


def _order() -> tuple[Step, ...]:
    """What it means for the softmax that label j is predicted."""
    prior, sum_, v1, vj, s1, sj = sp.symbols("pi_i Z v_1 v_j s_1 s_j", positive=True)
    score, strength = sp.symbols("h_i theta", real=True)
    e, f = sp.symbols("e f", nonnegative=True)
    order = le(v1 * s1, vj * sj)
    pair = Combination("With the extreme factors", le(low * s1, high * sj), ((1, order),),
                       put={v1: low + e, high: vj + f}, text=r"$v_1 = v_{min} + e$, $v_{max} = v_j + f$.")  # fmt: skip
    return (
        Identity("The order of the scores",
                 sp.UnevaluatedExpr(prior ** (-strength)) * sp.exp(score) * prior**strength / sum_,
                 sp.exp(score) / sum_,
                 text=r"$s_i = e^{h_i} \pi_i^\theta/Z$ is any positive law, and $v_i s_i$ is ordered as $h_i$. The "
                      r"least risk is that of cross-entropy, $H(p) = -\sum p_i \log p_i$, at $s = p$ or close to it."),
        Given("Label j is predicted", (order,), text=r"Whatever the tie rule, $v_j s_j$ is a largest one."),
        pair,
        Combination("The share of label 1", le(s1 / (s1 + sj), high / (low + high)),
                    ((1 / ((s1 + sj) * (low + high)), pair),), put={high: vj + f},
                    text=r"$s_1 = \Sigma x$ and $s_j = \Sigma (1-x)$ with $x \le B$."),
        Identity("B in terms of r and of t0", high / (low + high), (1 + EDGE) / 2, put={r: high / low},
                 text=r"$B = r/(1+r) = (1+t_0)/2$."),
    )  # fmt: skip


def _zero() -> tuple[Step, ...]:
    u, v = low * (1 + t) / 2, high * (1 - t) / 2
    return (
        Sign("A law with zero regret", ge(v, u), form=low * k * d / (2 * (1 + d)),
             put={high: (1 + k) * low, t: k / ((2 + k) * (1 + d))},
             text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$, label 1 with the least $v_i$ and label 2 with the largest, $r = "
                  r"1 + k$, $t \le t_0$: scores near $s = p$ cost nearly $H(p)$, and $v_2 s_2 \ge v_1 s_1$, the other "
                  r"$v_i s_i$ tending to 0. So $T(t) = 0$."),
        Identity("At the edge both tie", (r * (1 - t) - (1 + t)).subs(t, EDGE), 0),
    )  # fmt: skip


def _forced() -> tuple[Step, ...]:
    """Beyond t0 the pair would rather have x > B: x = B is the least that it costs, and x = a is admissible."""
    mass, gap, far = le(first + own, 1), eq(first - own, t), ge(t, EDGE)
    x = SHARE / (1 + y)
    cost, entropy, others, at_b = sp.symbols("C H C_rest E_B", real=True)
    costs = eq(cost, others + at_b + first * sp.log(1 + y) - own * sp.log(1 + OUTER))
    free = le(entropy, others + at_b - first * RISE + own * FALL)
    inside = (r + z * (1 + r)) / ((1 + r) * (1 + z))
    ahead = Combination("Label 1 is far ahead", ge(first, r * own),
                        ((k / 2, mass), (1 + k / 2, far), (1 + k / 2, gap)), put=ORDERED)  # fmt: skip
    pinned = Combination("The pair costs at least what it costs at B", FORCED,
                         ((first, grow, {z: y}), (own, chord, {z: OUTER}), (y / (1 + y), ahead)), put=ORDERED,
                         text=r"The left side is $-p_1 \log(x/B) - p_j \log((1-x)/(1-B))$.")  # fmt: skip
    return (
        Given("The gap", (mass, gap, far), text=r"$p_1$ is the largest probability, $t \ge t_0$."),
        ahead,
        Identity("Below B", 1 - x, (1 - SHARE) * (1 + OUTER), text=r"$x = B/(1+y)$."),
        pinned,
        Identity("a in terms of B", inside, SHARE * (1 + INNER), text=r"$a \ge B$, that is $t \ge t_0$."),
        Identity("1 - a in terms of B", 1 - inside, (1 - SHARE) / (1 + z)),
        Given("Splitting the sum of the two scores", (costs, free),
              text=r"The cost with the share $x$, and with the share $a$, which is free to be chosen; $E_B = -p_1 "
                   r"\log(\Sigma B) - p_j \log(\Sigma (1-B))$ and the cost $C_{rest}$ of the other labels stay."),
        Combination("Regret, linear in p_1 and p_j",
                    ge(cost - entropy, first * RISE - own * FALL),
                    ((1, costs), (1, free), (1, pinned)), put=ORDERED,
                    text=r"It is at least $p_1 \log(a/B) + p_j \log((1-a)/(1-B))$ ($t < 1$; for $t = 1$, where $p_j = "
                         r"0$, let $a$ tend to 1)."),
    )  # fmt: skip


def _worst() -> tuple[Step, ...]:
    """The linear bound is least where the pair has all the mass."""
    slope = Combination("Mass on the pair costs nothing", le(RISE - FALL, 0),
                        ((1, chord, {z: INNER}), (1, grow)), put=ORDERED)  # fmt: skip
    bound = ge(first * RISE - own * FALL, (first + m) * RISE - (own + m) * FALL)
    return (
        slope,
        Combination("The worst law", bound, ((m, slope),), put=ORDERED,
                    text=r"$p_1 + p_j = 1 - 2m$. Left the bound, right the same with all mass on the pair."),
        Identity("There p_1 is a", first + m, (1 + t) / 2, put={m: (1 - first - own) / 2, t: first - own},
                 text=r"And $p_j$ is $1 - a$: the regret is at least $a \log(a/B) + (1-a) \log((1-a)/(1-B))$."),
    )  # fmt: skip


def _attained() -> tuple[Step, ...]:
    v, w = sp.symbols("v w", positive=True)
    entropy = -a * sp.log(a) - (1 - a) * sp.log(1 - a)
    curve = (r + z * (1 + r)) / ((1 + r) * (1 + z)) * RISE - FALL / ((1 + r) * (1 + z))
    return (
        Identity("The tie", low * B, high * (1 - B), put={B: high / (low + high)},
                 text=r"$p = (a, 1-a, 0, ...)$, label 1 with $v_{min}$ and label 2 with $v_{max}$, $s = (B, 1-B, 0, "
                      r"...)$: $v_1 s_1 = v_2 s_2$. These are scores in the limit; close to them label 2 is predicted "
                      r"under every tie rule."),
        Identity("Its regret", -a * sp.log(B) - (1 - a) * sp.log(1 - B) - entropy, CURVE,
                 put={a: 1 / (1 + v), B: 1 / (1 + w)}, text=r"So the bound is attained."),
        Combination("It is positive", ge(curve, z**2 / (2 * (1 + r) * (1 + z) ** 2)),
                    (((r + z * (1 + r)) / ((1 + r) * (1 + z)), grow, {z: INNER}), (1 / ((1 + r) * (1 + z)), chord)),
                    text=r"The curve again, with $a$ and $1-a$ in terms of $z$."),
        Identity("The floor in t", z**2 / (2 * (1 + r) * (1 + z) ** 2), (t - EDGE) ** 2 / (4 * (1 - EDGE)),
                 put={t: 2 * (r + z * (1 + r)) / ((1 + r) * (1 + z)) - 1}),
        Identity("Equal priors", CURVE, logistic(t), put={B: HALF, a: (1 + t) / 2, t: 1 / (1 + v)},
                 text=r"$r = 1$: the curve of cross-entropy."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    at = {a: sp.Rational(4, 5), B: sp.Rational(3, 4)}
    return (
        Refutation("Not the curve of cross-entropy", ge(CURVE, logistic(2 * a - 1)), at, text=r"$r = 3$, $t = 3/5$."),
        Refutation("Below t0 the share B is not the cheapest", FORCED,
                   {first: sp.Rational(3, 5), own: sp.Rational(2, 5), r: sp.Integer(3), y: sp.Rational(1, 10)}),
    )  # fmt: skip
