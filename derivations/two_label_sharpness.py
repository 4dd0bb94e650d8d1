"""Theorem 3: for 1 < tau <= 3/2 the sharp transformation is the two-label curve for every n (derived here).

The exponent is a = 1/(2 - tau) = 1 + e with 0 < e = 1/(1 + w) <= 1, kept as a symbol throughout.
"""

from __future__ import annotations

import sympy as sp

from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"For $1 < \tau \le 3/2$, with $\alpha = \tau - 1$ and $a = 1/(2-\tau) = 1 + e$, $0 < e \le 1$, the sharp "
    r"transformation for any number $n$ of labels is the two-label curve $D_2(t) = 2^{-\alpha} (M_a(t) - 1)/\alpha$, "
    r"where $M_a$ is the power mean of $1+t$ and $1-t$ with exponent $a$. At $\tau = 1$ this is Theorem 2."
)


def build() -> Derivation:
    """The chain for Theorem 3; nothing is checked before ``run``."""
    w, x, u = sp.symbols("w x u", nonnegative=True)
    b, c, d, e = sp.symbols("b c d e", positive=True)
    upto = {e: 1 / (1 + w)}
    up = Monotone("The power e increases", (b + x) ** e, x, put=upto)
    down = Monotone(
        "The power e - 1 decreases",
        -((c + x) ** (e - 1)),
        x,
        put=upto,
        text=r"$e \le 1$, that is $\tau \le 3/2$, enters here, and only here and through the next line.",
    )
    concave = Monotone("Concavity of the power e, at a midpoint", 2 * d**e - (d + u) ** e - (d - u) ** e, u,
                       parts=((e, down, {x: 2 * u}),), put=upto | {d: c + u},
                       text=r"$d$ is the mean of $d + u$ and $d - u = c$.")  # fmt: skip
    powers = (up, down, concave)
    root = _root(upto)
    chain = (*_entropy(), *powers, root, *_outside(up, root, upto), *_pair(powers, upto), *_curve(concave, root, upto))
    title = "Theorem 3: the two-label curve is sharp up to tau = 3/2"
    return Derivation("two_label_sharpness", title, STATEMENT, (*chain, *_two_labels(), _control()))


def _root(upto: dict) -> Step:
    z, e = sp.symbols("z e", positive=True)
    excess = sp.Symbol("J", nonnegative=True)
    return Monotone(
        "A power with a negative exponent decreases", -((z + excess) ** (1 / (1 + e) - 1)), excess, put=upto
    )


def _entropy() -> tuple[Step, ...]:
    p, total, e, a = sp.symbols("p S e a", positive=True)
    alpha = 1 - 1 / a
    score = p**a / total
    return (
        Identity("The exponents", 1 - 1 / (1 + e), e / (1 + e), text=r"$\alpha = 1 - 1/a = e/(1+e)$."),
        Identity("The minimiser, one term", p * score**alpha, p**a * total ** (-alpha),
                 text=r"At the scores $s_i = p_i^a / S$, with $S$ the sum of the $p_i^a$."),
        Identity("The minimum", total * total ** (-alpha), total ** (1 / a),
                 text=r"Summed over the labels, the $p_i s_i^\alpha$ give $S^{1/a}$, the norm of $p$ with exponent "
                      r"$a$."),
        Cited("No scores do better", "Hoelder's inequality",
              text=r"The sum of $p_i s_i^\alpha$ is at most the norm of $p$ with exponent $a$ when the $s_i$ sum to 1. "
                   r"Hence $H(p) = (1 - S^{1/a})/\alpha$."),
    )  # fmt: skip


def _outside(up: Step, root: Step, upto: dict) -> tuple[Step, ...]:
    """The regret after pooling is least when the labels outside the pool weigh as much as they can."""
    p, d, k, z, total, b, e = sp.symbols("p d k z S_A b e", positive=True)
    y, q, rho, x, jj = sp.symbols("y q rho x J", nonnegative=True)
    a = 1 + e
    one = Combination("A label outside the pool", sp.Le(p**a, d**e * p), ((p, up, {b: p, x: q}),),
                      put=upto | {d: p + q},
                      text=r"Labels outside the pool have $p_i \le d$, the mean of the pool: $d = p + q$. "
                           r"A label with $p_i = 0$ contributes nothing on either side.")  # fmt: skip
    shared = sp.Le(rho, d**e * (1 - k * d))
    total_power = Combination("Pool and outside together", sp.Le(k * d**a + rho, d**e), ((1, shared),))
    norm = (z + jj) ** (1 / a)
    slope = sp.diff(z ** (1 / a) - norm, z)
    falling = Combination("More weight outside, less regret: the derivative", sp.Ge(slope, 0), ((1 / a, root),),
                          put=upto, text=r"$J \ge 0$ is shown below.")  # fmt: skip
    fall = Monotone("More weight outside, less regret", z ** (1 / a) - norm, z, start=b,
                    parts=((1, falling, {z: b + y}),), put=upto | {z: b + y},
                    text=r"$b = k d^a + \rho$ and $z = d^e = d^{a-1}$, so $z \ge b$ by the lines before.")  # fmt: skip
    return (
        Given("Regret of a pooled law",
              (sp.Eq(sp.Symbol("R_alpha"), (total + rho) ** (1 / a) - (k * d**a + rho) ** (1 / a), evaluate=False),),
              text=r"By Theorem 1, $\alpha R = R_\alpha$ with $k = |A|$, $d$ the mean of $p$ over the pool $A$, $S_A$ "
                   r"the sum of $p_i^a$ over $A$ and $\rho$ the same sum outside."),
        Identity("In terms of the excess of the pool", (total + rho) - (k * d**a + rho), jj,
                 put={total: k * d**a + jj}, text=r"$J = S_A - k d^a$."),
        one,
        Words("Summed over the labels outside", (shared,), text=r"They weigh $1 - kd$ together."),
        total_power, falling, fall,
        Identity("What is left", sp.Pow(d**e, 1 / a, evaluate=False), d ** (e / a),
                 text=r"So $\alpha R \ge (d^{a-1} + J)^{1/a} - d^{(a-1)/a}$."),
    )  # fmt: skip


def _pair(powers: tuple[Step, ...], upto: dict) -> tuple[Step, ...]:
    """J is least when only the labels 1 and j leave the mean, by equal amounts h = t/2."""
    up, _, concave = powers
    x, u, y, others, v = sp.symbols("x u y W v", nonnegative=True)
    b, c, d, e, p, h = sp.symbols("b c d e p h", positive=True)
    a = 1 + e
    k, mass, total = sp.symbols("k P_A S_A", positive=True)
    above = Monotone("Above the mean each term of J is nonnegative", (d + u) ** a - d**a - a * d**e * u, u,
                     parts=((a, up, {b: d, x: u}),), put=upto)  # fmt: skip
    below = Monotone("Below the mean each term of J is nonnegative", p**a - (p + v) ** a + a * (p + v) ** e * v, v,
                     put=upto, text=r"$d = p + v$; $p = 0$ by continuity.")  # fmt: skip
    balance = sp.Eq(v, u + others, evaluate=False)
    wide = sp.Ge(2 * (b + u + 2 * y) ** e, (b + 2 * u + 2 * y) ** e + b**e)
    mean = Combination("Concavity with a lower point", wide,
                       ((1, concave, {c: b + 2 * y, u: u}), (1, up, {x: 2 * y})), put=upto)  # fmt: skip
    two = (d + h - y) ** a + (d - h - y) ** a - 2 * d**a + 2 * a * d**e * y
    region = upto | {d: b + u + 2 * y, h: u + y}
    spread = Monotone(
        "Equal distances are the worst case",
        two,
        y,
        parts=((a, mean),),
        put=region,
        text=r"$p_1 = d + u$, $u = h - y \ge 0$; $p_j = d - v = b$ ($b = 0$ by continuity), $v = h + y$; "
        r"$u + v = t = 2h$.",
    )
    return (
        Identity("J as a sum of terms", total - k * d**a - a * d**e * (mass - k * d), total - k * d**a,
                 put={mass: k * d}, text=r"$P_A = kd$ is the mass of the pool, so $J$ is the sum over it of "
                                         r"$p_i^a - d^a - a d^{a-1} (p_i - d)$."),
        above, below,
        Given("Balance of the pool", (balance,),
              text=r"$u = p_1 - d$, $v = d - p_j$; $W$ is the sum of $p_i - d$ over the other members of the pool, "
                   r"nonnegative as they exceed the mean."),
        Combination("Label j is the farther one", sp.Ge(v, u), ((1, balance),)),
        Identity("The two terms that are kept", (d + u) ** a + (d - v) ** a - 2 * d**a - a * d**e * (u - v), two,
                 put={u: h - y, v: h + y}, text=r"The terms of $i = 1$ and $i = j$; the others are dropped."),
        mean, spread,
    )  # fmt: skip


def _curve(concave: Step, root: Step, upto: dict) -> tuple[Step, ...]:
    """The lower bound falls in d, and d is at most 1/2."""
    u, i, jj, equal, drop = sp.symbols("u i J J_h j", nonnegative=True)
    c, d, e, h, z = sp.symbols("c d e h z", positive=True)
    a = 1 + e
    excess = (d + h) ** a + (d - h) ** a - 2 * d**a
    slope = a * ((d + h) ** e + (d - h) ** e - 2 * d**e)
    curve = sp.Function("J", positive=True)(d)
    bound = (d**e + curve) ** (1 / a) - (d**e) ** (1 / a)
    rest = e / a * d ** (e - 1) * ((d**e + curve) ** (1 / a - 1) - (d**e) ** (1 / a - 1))
    inner = (d**e + curve) ** (1 / a - 1) * sp.Derivative(curve, d) / a
    k = i + 2
    return (
        Monotone("More excess, more regret", (z + jj) ** (1 / a), jj, start=equal, put=upto | {jj: equal + u},
                 text=r"$J \ge J_h$, where $J_h = J_h(d)$ is the value at equal distances: "
                      r"$\alpha R \ge G(d) = (d^{a-1} + J_h(d))^{1/a} - d^{(a-1)/a}$. $J$ and $J_h$ are sums of the "
                      r"nonnegative terms above."),
        Identity("Derivative of the excess", sp.Derivative(excess, d), slope,
                 text=r"$J_h(d)$; $h \le v \le d$."),
        Combination("The excess falls in d", sp.Le(slope, 0), ((a, concave, {u: h}),), put=upto | {d: c + h}),
        Identity("Derivative of the bound", sp.Derivative(bound, d), inner + rest,
                 text=r"$G(d)$, with $J(d) = J_h(d)$."),
        Combination("The bound falls in d",
                    sp.Le(-drop * (z + jj) ** (1 / a - 1) / a
                          + e / a * d ** (e - 1) * ((z + jj) ** (1 / a - 1) - z ** (1 / a - 1)), 0),
                    ((e / a * d ** (e - 1), root),), put=upto,
                    text=r"$z = d^{a-1}$, $J = J_h(d)$ and $-j = J_h'(d) \le 0$: both terms of $G'$ are at most 0."),
        Sign("d is at most 1/2", sp.Le(1 / k, sp.Rational(1, 2)), form=i / (2 * k),
             text=r"$kd \le 1$ and the pool has $k = 2 + i$ labels: label 1, being larger than label $j$, enters."),
    )  # fmt: skip


def _two_labels() -> tuple[Step, ...]:
    x, y, e = sp.symbols("x y e", positive=True)
    a = 1 + e
    half = sp.Rational(1, 2)
    curve = 2 ** (-e / a) * (((x**a + y**a) / 2) ** (1 / a) - 1)
    excess = (x / 2) ** a + (y / 2) ** a - 2 * half**a
    pair = ((x / 2) ** a + (y / 2) ** a) ** (1 / a) - (2 * half**a) ** (1 / a)
    return (
        Identity("Under the root at d = 1/2", half**e + excess, (x / 2) ** a + (y / 2) ** a,
                 text=r"$d^{a-1} + J_h(d)$ with $h = t/2$, $x = 1+t$, $y = 1-t$ (at $t = 1$ by continuity)."),
        Identity("What is subtracted at d = 1/2", half ** (e / a), (2 * half**a) ** (1 / a)),
        Identity("The two-label curve", pair, curve,
                 text=r"By the two lines before, the left side is $G(1/2)$: so $\alpha R \ge G(1/2) = \alpha D_2(t)$ "
                      r"for every $n$ and every law. It is also $\alpha R$ for the law $((1+t)/2, (1-t)/2, 0, ...)$, "
                      r"which pools to $(1/2, 1/2, 0, ...)$: the curve is attained."),
    )  # fmt: skip


def _control() -> Step:
    d, u = sp.symbols("d u", positive=True)
    return Refutation("Beyond tau = 3/2 the concavity fails", sp.Ge(2 * d**2, (d + u) ** 2 + (d - u) ** 2),
                      {d: sp.Rational(1, 2), u: sp.Rational(1, 4)}, text=r"$e = 2$, $\tau = 5/3$.")  # fmt: skip
