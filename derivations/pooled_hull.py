"""Theorem 4: for 3/2 <= tau < 2 the hull of T_n is the hull of D_2, ..., D_n (derived here).

With al = tau - 1 and a = 1/(2 - tau) = 1/(1 - al) >= 2: al D_m(t) is the least norm of exponent a of the laws q on m
labels with q_1 - q_2 = t, minus m^(-al).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist import catalog
from hconsist.evidence import Evidence
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "evidence"]

STATEMENT = (
    r"For $3/2 \le \tau < 2$ and every number $n$ of labels, the convex hull of $T_n$ is the convex hull of the least "
    r"of $D_2, ..., D_n$."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
a, k, m, r, W, K, z, d = sp.symbols("a k m r W K z d", positive=True)
x, y, J, rho = sp.symbols("x y J rho", nonnegative=True)
AL = 1 - 1 / a


def build() -> Derivation:
    """The chain for Theorem 4; nothing is checked before ``run``."""
    steps = (*_upper(), *_outside(), *_second_derivative(), *_concave(), *_ends(), _control())
    return Derivation("pooled_hull", "Theorem 4: the hull of the pooled curves", STATEMENT, steps)


def evidence() -> Evidence:
    """Whether the chain closes."""
    return catalog.derivation("pooled_hull").run()


def _upper() -> tuple[Step, ...]:
    """T_n <= D_m for m <= n."""
    return (
        Given("The curves", text=r"$\alpha D_m(t) = \min \|q\|_a - m^{-\alpha}$ over the laws $q$ on $m$ labels with "
              r"$q_1 - q_2 = t$; $H(p) = (1 - \|p\|_a)/\alpha$ by Theorem 3, lines 1 to 4."),
        Identity("Equal scores on m labels", (m * m ** (-a)) ** (1 / a), m ** (-AL),
                 text=r"The law uniform on $m$ labels has norm $m^{-\alpha}$, and $\psi(1/m) = (1 - "
                      r"m^{-\alpha})/\alpha$ is its entropy."),
        Identity("Their regret under q", (1 - m ** (-AL)) / AL - (1 - k) / AL, (k - m ** (-AL)) / AL,
                 text=r"$C(q, u_m) - H(q)$ with $k = \|q\|_a$: a tie that may predict label 2."),
        Words("So T_n is at most D_m", text=r"If another label than 1 is the most probable, the zero-one regret is "
              r"larger than $t$, and $T_n$ is nondecreasing: with $s$ the pooled near-minimiser and $p_\lambda = "
              r"(1-\lambda) p + \lambda p^A$, $C(p_\lambda, s) - H(p_\lambda)$ is convex in $\lambda$ and nearly 0 at "
              r"1, while the zero-one regret falls continuously to 0."),
    )  # fmt: skip


def _outside() -> tuple[Step, ...]:
    """The worst labels outside the pool: copies of its mean, one smaller one, zeros."""
    root = Monotone("A power with a negative exponent decreases", -((z + J) ** (1 / a - 1)), J, put={a: 2 + x})
    gap = (z + J + rho) ** (1 / a) - (z + rho) ** (1 / a)
    falling = Combination("The regret falls in rho: the derivative", le(sp.diff(gap, rho), 0),
                          ((1 / a, root, {z: z + rho}),), put={a: 2 + x})  # fmt: skip
    return (
        Given("Regret of a pooled law", text=r"By Theorem 1, $\alpha R = (S_A + \rho)^{1/a} - (z + \rho)^{1/a}$ with "
              r"$z = |A| \bar p^a$, $\bar p$ the mean over the pool $A$, $S_A$ the sum of $p_i^a$ over $A$ and $\rho$ "
              r"the same sum outside, where $p_i \le \bar p$."),
        Cited("J = S_A - z is nonnegative", "Jensen's inequality for a power", (ge(J, 0),)),
        root, falling,
        Sign("rho is convex in the law", ge(sp.Derivative(z**a, z, 2), 0), put={a: 2 + x},
             form=a * (a - 1) * z ** (a - 2)),
        Words("Extreme points", text=r"So at fixed mass outside, the regret is least at an extreme point of $0 \le "
              r"p_i \le \bar p$: entries equal to $\bar p$, which may join $A$ without moving its mean, at most one "
              r"$r < \bar p$, and zeros. Hence $p = (W q, r, 0, ...)$ with $q$ a law on $m = |A|$ labels, $r = 1 - W "
              r"\le W/m$; $p_1 - p_j$ has not changed. If $m = n$ then $W = 1$."),
    )  # fmt: skip


def _second_derivative() -> tuple[Step, ...]:
    """The norm of (k W, 1 - W) has second derivative (a-1) (W r)^(a-2) K N^(1-2a), K = k^a."""
    power = K * W**a + (1 - W) ** a
    inner = {r: 1 - W}
    first = a * (K * W ** (a - 1) - r ** (a - 1))
    second = a * (a - 1) * (K * W ** (a - 2) + r ** (a - 2))
    inside = {W: 1 / (1 + z)}
    g = sp.Function("G")(W)
    X, Y = sp.symbols("X Y", positive=True)  # W^(a-2) and r^(a-2)
    bracket = (1 / a - 1) * (a * (K * X * W - Y * r)) ** 2 + (K * X * W**2 + Y * r**2) * a * (a - 1) * (K * X + Y)
    return (
        Identity("G' for G = K W^a + (1-W)^a", sp.Derivative(power, W), first.subs(inner), put=inside),
        Identity("G''", sp.Derivative(power, W, 2), second.subs(inner), put=inside),
        Identity("Second derivative of N = G^(1/a)", sp.Derivative(g ** (1 / a), W, 2),
                 g ** (1 / a - 2) / a * ((1 / a - 1) * sp.diff(g, W) ** 2 + g * sp.diff(g, W, 2))),
        Identity("Its bracket", bracket / a, (a - 1) * K * X * Y * (W + r) ** 2,
                 text=r"$X = W^{a-2}$, $Y = r^{a-2}$, and $W + r = 1$: $N'' = (a-1) K (W r)^{a-2} G^{1/a - 2}$."),
    )  # fmt: skip


def _concave() -> tuple[Step, ...]:
    """N'' is larger for the pooled law than for q."""
    level = K * (K * W**a + r**a) ** (1 / a - 2)
    slope = (K * W**a + r**a) ** (1 / a - 3) * (r**a - AL * K * W**a)
    return (
        Identity("N'' as a function of K: its derivative", sp.Derivative(level, K), slope,
                 text=r"It falls in $K$ where $r^a \le \alpha K W^a$."),
        Identity("The pool's own K", m ** (1 - a) * W**a, m * (W / m) ** a,
                 text=r"Both laws have $K = k^a \ge m^{1-a}$, the least value, of the law uniform on the pool."),
        Cited("Least norm", "Jensen's inequality", text=r"The uniform law has the least norm of exponent $a$ on $m$ "
                                                        r"labels."),
        Sign("al m is at least 1", ge(AL * m, 1), put={a: 2 + x, m: 2 + y},
             form=(AL * m - 1).subs({a: 2 + x, m: 2 + y}).together(),
             text=r"$a \ge 2$, that is $\tau \ge 3/2$, enters here: $\alpha K W^a \ge \alpha m (W/m)^a \ge (W/m)^a \ge "
                  r"r^a$."),
        Words("F is concave", text=r"For a slope $c \ge 0$ put $F(W) = \|(k_1 W, 1-W)\|_a - \|(k_0 W, 1-W)\|_a - c "
              r"(q_1 - q_2) W$ with $k_1 = \|q\|_a \ge k_0 = m^{-\alpha}$; it is $\alpha R - c (p_1 - p_j)$. The last "
              r"term is linear, and $N''$ falls from $k_0$ to $k_1$: $F'' \le 0$ for $m/(m+1) \le W \le 1$."),
    )  # fmt: skip


def _ends() -> tuple[Step, ...]:
    edge = m / (m + 1)
    return (
        Identity("At W = 1", k - m ** (-AL), AL * ((1 - m ** (-AL)) / AL - (1 - k) / AL),
                 text=r"$p$ is a law on $m$ labels with a uniform pool: $F(1) \ge \min_t (\alpha D_m(t) - c t)$."),
        Identity("At W = m/(m+1)", 1 - edge, edge / m, text=r"$r = W/m$ equals the mean of the pool."),
        Identity("The pool of m + 1", m * (1 / (m + 1)) ** a + (1 / (m + 1)) ** a, (m + 1) ** (1 - a),
                 text=r"Uniform on $m + 1 \le n$ labels, so $F \ge \min_t (\alpha D_{m+1}(t) - c t)$ there."),
        Words("The hull", text=r"A concave function on an interval is least at an end. So for every slope $c$, "
              r"$\alpha R - c (p_1 - p_j)$ is at least the least of $\alpha D_m - c t$ over $m$ and $t$, and $T_n \le "
              r"D_m$ gives the other side."),
    )  # fmt: skip


def _control() -> Step:
    """al m >= 1 fails for two labels below tau = 3/2: the proof needs a >= 2."""
    return Refutation("Below tau = 3/2", ge(AL * m, 1), {a: sp.Rational(3, 2), m: sp.Integer(2)},
                      text=r"At $a = 3/2$, $\tau = 4/3$, $m = 2$ the step fails.")  # fmt: skip
