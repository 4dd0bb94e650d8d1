"""Theorem 2, freezing the other labels: the two-label curve is sharp for every n if -1/psi' is convex. Derived here."""

from __future__ import annotations

from typing import Any

import sympy as sp

from hconsist.derivations.undetermined import smooth
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Let $\psi$ be convex and nonincreasing, $0 < \Sigma \le 1$, and $R_\Sigma(t)$ the value $\psi(\Sigma/2)$ minus "
    r"the least $(1+t)/2\, \psi(s_1) + (1-t)/2\, \psi(s_2)$ with $s_1 + s_2 = \Sigma$. For any number $n$ of labels "
    r"the transformation is at least the infimum of $R_\Sigma(t)$ over $\Sigma$. If $g = -1/\psi'$ is convex and "
    r"$g(0+) = 0$, then $R_\Sigma \ge R_1$, and the transformation is the two-label curve $R_1$ for every $n$; so it "
    r"is for the power losses with $\tau \le 1$, where $R_\Sigma = \Sigma^{\tau-1} R_1$."
)


psi = smooth("psi")


def build() -> Derivation:
    """The chain for Theorem 2; nothing is checked before ``run``."""
    steps = (*_pair(), *_scaling(), *_two_labels(), *_envelope(), *_convex(), *_powers(), *_controls())
    return Derivation("freezing", "Theorem 2: freezing the other labels", STATEMENT, steps)


def _pair() -> tuple[Step, ...]:
    """Label j at the top costs at least what splitting the pair evenly costs."""
    pj, x = sp.symbols("p_j x", nonnegative=True)
    first, second, middle = sp.symbols("psi_1 psi_j psi_m", real=True)
    cost, entropy, rest, best = sp.symbols("C H C_rest V", real=True)
    p1 = pj + x
    mass = p1 + pj
    order, convex = sp.Ge(first, second), sp.Ge(first + second, 2 * middle)
    forced = Combination("The pair costs at least the even split", sp.Ge(p1 * first + pj * second, mass * middle),
                         ((mass / 2, convex), (x / 2, order)))  # fmt: skip
    split = sp.Eq(cost, rest + p1 * first + pj * second, evaluate=False)
    other = sp.Le(entropy, rest + best)
    return (
        Given("The pair of labels 1 and j", (order, convex),
              text=r"$s_j$ is maximal, so $s_1 \le \Sigma/2 \le s_j$ with $\Sigma = s_1 + s_j$; $\psi_1$, $\psi_j$, "
                   r"$\psi_m$ are $\psi$ at $s_1$, $s_j$, $\Sigma/2$: $\psi$ is nonincreasing and convex. "
                   r"$p_1 = p_j + x$ is the largest entry. (An infinite $\psi_1$ with $p_1 > 0$ makes $C$ infinite.)"),
        forced,
        Given("Optimising the pair alone", (split, other),
              text=r"$C_{rest}$ is the cost of the other labels, whose scores are frozen; $V$ is the least cost of the "
                   r"pair with $s_1 + s_j = \Sigma$. The new scores are admissible, hence cost at least $H$."),
        Combination("Regret is at least that of the pair", sp.Ge(cost - entropy, mass * middle - best),
                    ((1, split), (1, other), (1, forced))),
    )  # fmt: skip


def _scaling() -> tuple[Step, ...]:
    """Mass off the pair only helps the lower bound."""
    p1, mass = sp.symbols("p_1 P", positive=True)
    t, z, spare = sp.symbols("t z Q", nonnegative=True)
    pj, a, b, at_ratio, at_zero, at_t = sp.symbols("p_j a b f_P f_0 f_t", real=True)
    low, high, middle, c1, c2 = sp.symbols("r_t r_u r_m V_t V_u", real=True)
    half = sp.Rational(1, 2)
    zero = sp.Eq(at_zero, 0, evaluate=False)
    convex = sp.Le(at_t, mass * at_ratio + spare * at_zero)
    envelope = (sp.Ge(low, middle - c1), sp.Ge(high, middle - c2))
    pair = (p1 + pj) * ((1 + t) * half * a + (1 - t) * half * b)
    return (
        Identity("The pair as two labels of mass P", pair, p1 * a + pj * b, put={t: (p1 - pj) / (p1 + pj)},
                 text=r"$P = p_1 + p_j$; here $t$ is the gap $p_1 - p_j$ divided by $P$. So the regret is at least "
                      r"$P R_\Sigma(t/P)$, where from now on $t = p_1 - p_j$."),
        Given("R is an upper envelope", envelope,
              text=r"$R_\Sigma(t)$ is the largest $r_m - V_t$ over the splits of $\Sigma$, with "
                   r"$r_m = \psi(\Sigma/2)$ and $V_t$, the cost of the split, affine in $t$. For one split and two "
                   r"gaps $t$, $u$:"),
        Combination("R is convex in t", sp.Ge((low + z * high) / (1 + z), middle - (c1 + z * c2) / (1 + z)),
                    ((1 / (1 + z), envelope[0]), (z / (1 + z), envelope[1])),
                    text=r"The right side is the split at the mixed gap; take the largest over splits."),
        Words("Convexity between 0 and t/P", (convex, zero),
              text=r"$f = R_\Sigma$ at $t/P$, $0$ and $t = P \cdot t/P + Q \cdot 0$, $Q = 1 - P \ge 0$. "
                   r"$R_\Sigma(0) = 0$, as $\psi(s_1) + \psi(s_2) \ge 2 \psi(\Sigma/2)$ with equality at equal "
                   r"scores."),
        Combination("Less mass on the pair costs more", sp.Ge(mass * at_ratio, at_t), ((1, convex), (-spare, zero)),
                    text=r"So the regret is at least $R_\Sigma(t)$, and the transformation at least its infimum over "
                         r"$\Sigma$."),
    )  # fmt: skip


def _two_labels() -> tuple[Step, ...]:
    t = sp.Symbol("t", nonnegative=True)
    p1, p2 = sp.symbols("p_1 p_2", real=True)
    first, second, mean, half = sp.symbols("psi_1 psi_2 psi_m psi_h", real=True)
    convex, falling = sp.Ge(first + second, 2 * mean), sp.Ge(mean, half)
    return (
        Identity("The two-label law has gap t", p1 - p2, t, put={p1: (1 + t) / 2, p2: (1 - t) / 2},
                 text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$; it pools to $(1/2, 1/2, 0, ...)$."),
        Given("Two scores and their mean", (convex, falling),
              text=r"$\psi$ is convex and nonincreasing; the mean of two scores is at most 1/2, where $\psi$ is "
                   r"$\psi_h$."),
        Combination("Its forced cost", sp.Ge((first + second) / 2, half),
                    ((sp.Rational(1, 2), convex), (1, falling)),
                    text=r"So by Theorem 1 the forced cost is $\psi(1/2)$; the free cost is least with "
                         r"$s_1 + s_2 = 1$, as $\psi$ is nonincreasing. The regret of this law is $R_1(t)$: the "
                         r"transformation is at most $R_1$."),
    )  # fmt: skip


def _envelope() -> tuple[Step, ...]:
    """How R changes with the mass of scores on the pair."""
    total, p1, p2, g1, g2, gm, weight = sp.symbols("Sigma p_1 p_2 g_1 g_2 g_m lambda", positive=True)
    best = sp.Function("sigma")(total)
    cost = p1 * psi(best) + p2 * psi(total - best)
    balance = p1 * psi(best, 1) - p2 * psi(total - best, 1)
    change = -1 / (2 * gm) + 1 / (g1 + g2)
    return (
        Cited("Interior minimiser, derivative of the minimum", "envelope theorem, Danskin 1967",
              text=r"$\psi'(0+) = -\infty$, that is $g(0+) = 0$, keeps the minimiser $\sigma$ off the ends; the "
                   r"minimum over splits is differentiable in $\Sigma$ with the derivative at fixed $\sigma$."),
        Identity("The envelope", sp.Derivative(cost, total),
                 p2 * psi(total - best, 1) + sp.Derivative(best, total) * balance,
                 text=r"At the minimiser the bracket is zero, and only the first term is left."),
        Identity("The weight of the constraint", weight * g1 + weight * g2, 1, put={weight: 1 / (g1 + g2)},
                 text=r"The bracket is zero: $p_1 = \lambda g_1$, $p_2 = \lambda g_2$ with $g_i = g(s_i)$, and "
                      r"$p_1 + p_2 = 1$."),
        Identity("The derivative of the minimum", p2 * (-1 / g2), -1 / (g1 + g2), put={p2: g2 / (g1 + g2)}),
        Identity("The derivative of the even split", sp.Derivative(psi(total / 2), total), psi(total / 2, 1) / 2,
                 text=r"It is $-1/(2 g_m)$ with $g_m = g(\Sigma/2)$."),
        Identity("The sign of the derivative of R", change, (2 * gm - g1 - g2) / (2 * gm * (g1 + g2))),
    )  # fmt: skip


def _convex() -> tuple[Step, ...]:
    g1, g2, gm = sp.symbols("g_1 g_2 g_m", positive=True)
    convex = sp.Ge(g1 + g2, 2 * gm)
    return (
        Given("g is convex", (convex,), text=r"At $s_1$, $s_2$ and their mean $\Sigma/2$."),
        Combination("R falls in the mass of scores on the pair", sp.Le(-1 / (2 * gm) + 1 / (g1 + g2), 0),
                    ((1 / (2 * gm * (g1 + g2)), convex),),
                    text=r"Hence $R_\Sigma \ge R_1$ for $\Sigma \le 1$; with the two-label law, the transformation is "
                         r"$R_1$ for every $n$."),
    )  # fmt: skip


def _powers() -> tuple[Step, ...]:
    """The power losses: tau = 1 + alpha, and tau = 1 - c for tau <= 1."""
    s, alpha, total, a, b, base = sp.symbols("s alpha Sigma a b R_1", positive=True)
    power = sp.Symbol("alpha", real=True, nonzero=True)
    c, z, t = sp.symbols("c z t", nonnegative=True)

    def loss(x: sp.Expr) -> sp.Expr:
        return (1 - x**power) / power

    def gain(f: Any, sigma: sp.Expr) -> sp.Expr:
        return f(sigma / 2) - (1 + t) / 2 * f(sigma * a) - (1 - t) / 2 * f(sigma * b)

    rise = Monotone("A power of 1/Sigma is at least 1", (1 + z) ** c, z, text=r"$\Sigma = 1/(1+z)$.")
    bend = sp.Derivative(s ** (1 - alpha), (s, 2))
    return (
        Identity("g of the power loss", -1 / sp.Derivative(loss(s), s), s ** (1 - power),
                 text=r"$\psi(s) = (1 - s^\alpha)/\alpha$, $\alpha = \tau - 1$: $g(s) = s^{2-\tau}$."),
        Sign("g is convex up to tau = 1", sp.Ge(sp.Derivative(s ** (1 + c), (s, 2)), 0),
             form=c * (1 + c) * s ** (c - 1), text=r"$\tau = 1 - c$."),
        Sign("and concave beyond", sp.Lt(bend, 0), form=alpha * (1 - alpha) * s ** (-alpha - 1),
             put={alpha: 1 / (1 + z + b)}, text=r"$1 < \tau < 2$: there the corollary is silent."),
        Identity("In one line", gain(loss, total), total**power * gain(loss, sp.S.One),
                 text=r"For every split in the proportion $a : b$; hence $R_\Sigma = \Sigma^{\tau-1} R_1$."),
        rise,
        Combination("R is least at full mass", sp.Ge((1 + z) ** c * base, base), ((base, rise),),
                    text=r"$\tau = 1 - c$, $R_1 \ge 0$ (zero is trivial): $R_\Sigma \ge R_1$."),
        Identity("The same for the logarithm", gain(lambda x: -sp.log(x), total), gain(lambda x: -sp.log(x), sp.S.One),
                 text=r"$\tau = 1$: $R_\Sigma = R_1$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    """Without g(0+) = 0 the corollary fails; the free minimum is certified by its stationarity conditions."""
    q = sp.Rational
    scores, law = (q(11, 16), q(5, 16)), (q(27, 50), q(21, 50))
    regret = -sp.log(q(4, 3)) + law[0] * sp.log(1 + scores[0]) + law[1] * sp.log(1 + scores[1])
    curve = -sp.log(q(3, 2)) + q(3, 4) * sp.log(2)
    first, second = (sp.UnevaluatedExpr(p) / sp.UnevaluatedExpr(1 + s) for p, s in zip(law, scores))
    return (
        Identity("Control, stationarity of the free minimum", first, second,
                 text=r"$\psi(s) = -\log(1+s)$, $p = (0.54, 0.04, 0.42)$, $j = 2$: at the scores $(11/16, 0, 5/16)$."),
        Sign("Control, the label without score", sp.Gt(first, q(1, 25)),
             text=r"Its slope 0.04 is the smaller one: by convexity these scores are optimal."),
        Refutation("Without g(0+) = 0 the corollary fails", sp.Ge(regret, curve, evaluate=False), {},
                   text=r"The forced minimum is at most $\psi(1/3)$, the left side at least the regret; the right "
                        r"side, at the split $(1, 0)$, is at most $R_1(1/2)$, although $g = 1 + s$ is convex."),
        Refutation("Nor for the mean absolute error", sp.Ge((1 - q(1, 3)) - (1 - q(1, 2)), q(1, 4), evaluate=False), {},
                   text=r"$g = 1$, $p = (1/2, 0, 1/2)$, $j = 2$: the regret is 1/6, while $R_1(1/2) = 1/4$."),
    )  # fmt: skip
