"""Theorem 9, the mass condition: a test on psi alone under which the two-label curve is sharp for every n.

Derived here.  psi stays an undetermined function throughout; g = -1/psi'.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import freezing, pooling
from hconsist.derivations.links import theorem
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Refutation, Step, Words

__all__ = ["build", "local_evidence", "local_slack", "slack"]

STATEMENT = (
    r"Let $\psi$ be convex and continuously differentiable on $(0,1)$ with $\psi' < 0$, $\psi'(0+) = -\infty$, and "
    r"$g = -1/\psi'$. If (M1) $g(s)/s$ is nonincreasing on $(0, 1/2]$ and (M2) $(\psi(s_1) + \psi(s_2))/2 - \psi(x) "
    r"\ge x\, (2/(g(s_1) + g(s_2)) - 1/g(x))$ whenever $s_1 + s_2 = 2x \le 1$, then the transformation for complete "
    r"sets is the two-label curve $T_2$ for every number $n$ of labels. For a smooth $\psi$ and $s_1$, $s_2$ near $x$, "
    r"(M2) asks that $\psi'(s)^2/(s \psi''(s))$ be nonincreasing."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
eq = partial(sp.Eq, evaluate=False)
psi = smooth("psi")
k, d, sig, x, p1, g1, g2, g = sp.symbols("k d sigma x p_1 g_1 g_2 g", positive=True)
pj, h, z = sp.symbols("p_j h z", nonnegative=True)
HALF = sp.Rational(1, 2)


def build() -> Derivation:
    """The chain for Theorem 9; nothing is checked before ``run``."""
    steps = (*_scores(), *_pair(), *_envelope(), *_curve(), *_local(), _control())
    return Derivation("mass_condition", "Theorem 9: the mass condition", STATEMENT, steps)


def local_evidence() -> Evidence:
    """The infinitesimal form of (M2) alone."""
    return Derivation("mass_condition_local", "Theorem 9, infinitesimally", STATEMENT, _local()).run()


def slack(first: sp.Expr, second: sp.Expr, middle: sp.Expr, at: sp.Expr, *g: sp.Expr) -> sp.Expr:
    """Left side minus right side of (M2); ``first, second, middle`` are psi at the scores and at their mean ``at``."""
    return (first + second) / 2 - middle - at * (2 / (g[0] + g[1]) - 1 / g[2])


def local_slack(s: sp.Expr) -> sp.Expr:
    """psi'^2/(s psi''), which (M2) wants nonincreasing."""
    return psi(s, 1) ** 2 / (s * psi(s, 2))


def _scores() -> tuple[Step, ...]:
    """The common score of the pool is at least its mean probability."""
    lam, own, gi, si, outside = sp.symbols("lambda p_i g_i s_i Q", positive=True)
    ratio, pool = ge(gi / si, g / sig), eq(d, lam * g)
    share, rest = ge(outside, d / sig * (1 - k * sig)), eq(outside, 1 - k * d)
    return (
        theorem(pooling, "(ii) upper bound", text=r"With part (i), $C_j(p) = H(p^A)$. Let $s$ be a minimiser for "
                r"$p^A$; as there, it may be taken constant on the pool $A$, equal to $\sigma = \max s$, and then it "
                r"costs the same under $p$. $k = |A| \ge 2$, $d$ is the mean of $p$ over $A$, so $\sigma \le 1/k \le "
                r"1/2$."),
        Cited("Optimality of s", "Karush, Kuhn and Tucker",
              (eq(own, lam * gi), pool),
              text=r"For a label with $p_i > 0$: $p^A_i \psi'(s_i)$ is the same number $-\lambda$ for all of them, and "
                   r"$s_i > 0$ because $\psi'(0+) = -\infty$. $p_i = 0$ has $s_i = 0$."),
        Given("(M1)", (ratio,), text=r"$s_i \le \sigma \le 1/2$."),
        Combination("A label outside the pool", ge(lam * gi, lam * g * si / sig), ((lam * si, ratio),),
                    text=r"$p_i \ge d s_i/\sigma$, also where both are 0."),
        Words("Summed over the labels outside", (share, rest),
              text=r"Their scores sum to $1 - k \sigma$; their probabilities to $Q$."),
        Combination("The mean is at most the score", ge(sig, d), ((sig, share), (-sig, rest)),
                    text=r"$1 \ge kd + (d/\sigma)(1 - k \sigma) = d/\sigma$."),
    )  # fmt: skip


def _pair() -> tuple[Step, ...]:
    """Re-optimising the scores of labels 1 and j alone."""
    mass, others = sp.symbols("P O", positive=True)
    cost, entropy, rest, middle, best, at_ratio, at_t = sp.symbols("C H C_rest psi_m V f_P f_t", real=True)
    balance, above, score = eq(mass + others, k * d), ge(others, (k - 2) * d), ge(sig, d)
    split, other = eq(cost, rest + mass * middle), le(entropy, rest + best)
    small = theorem(freezing, "Less mass on the pair costs more",
                    text=r"$f$ convex, $f(0) = 0$ and $P \le 1$; $f_P = f(t/P)$, $f_t = f(t)$.")  # fmt: skip
    return (
        Given("Mass of the pool", (balance, above),
              text=r"$P = p_1 + p_j$; the $k - 2$ other members of the pool have mass $O$ and each exceeds $d$."),
        Combination("The pair is light", le(mass, 2 * sig), ((-1, balance), (1, above), (2, score)),
                    text=r"$P \le 2d \le 2 \sigma$."),
        Given("Splitting the pair's scores", (split, other),
              text=r"$C = C_j(p)$ at the tied scores, $\psi_m = \psi(\sigma)$; $V$ is the least cost of labels 1 and "
                   r"$j$ with $s_1 + s_j = 2 \sigma$, the other scores unchanged."),
        Combination("Regret of the pair", ge(cost - entropy, mass * middle - best), ((1, split), (1, other)),
                    text=r"This is $P R_{2 \sigma}(t/P)$ with $R$ of Theorem 2, convex in its argument and 0 at 0."),
        small,
        Combination("A lighter pair costs more", ge(2 * sig * (mass * at_ratio), 2 * sig * at_t), ((2 * sig, small),),
                    text=r"With the pair's mass in units of $2 \sigma$, at most 1, for the letter $P$ of that theorem, "
                         r"and $t/(2 \sigma)$ for its $t$: $P R_{2 \sigma}(t/P) \ge 2 \sigma R_{2 \sigma}(t/(2 "
                         r"\sigma)) = B(\sigma)$."),
    )  # fmt: skip


def _envelope() -> tuple[Step, ...]:
    """B' for psi undetermined."""
    best, weight = sp.Function("s_1")(x), sp.Symbol("mu", positive=True)
    first, second, middle, t, a, b = sp.symbols("psi_1 psi_2 psi_m t a b", real=True)
    cost = (x + h) * psi(best) + (x - h) * psi(2 * x - best)
    balance = (x + h) * psi(best, 1) - (x - h) * psi(2 * x - best, 1)
    shown = psi(best) + psi(2 * x - best) + 2 * (x - h) * psi(2 * x - best, 1) + sp.Derivative(best, x) * balance
    second_condition = ge((first + second) / 2 - middle, x * (2 / (g1 + g2) - 1 / g))
    slope = 2 * middle - 2 * x / g - first - second + 4 * x / (g1 + g2)
    return (
        Identity("B in terms of h = t/2", 2 * x * (middle - ((1 + t / x) / 2 * a + (1 - t / x) / 2 * b)),
                 2 * x * middle - (x + t) * a - (x - t) * b,
                 text=r"$B(x) = 2x \psi(x) - \min((x+h) \psi(s_1) + (x-h) \psi(s_2))$ over $s_1 + s_2 = 2x$; the "
                      r"letter $t$ here is $h$."),
        Identity("The envelope", sp.Derivative(cost, x), shown,
                 text=r"At the minimiser, which is interior as $\psi'(0+) = -\infty$, the bracket is zero, so "
                      r"$(x+h) = \mu g_1$ and $(x-h) = \mu g_2$ with $g_i = g(s_i)$."),
        Identity("The weight", weight * (g1 + g2), 2 * x, put={weight: 2 * x / (g1 + g2)}),
        Identity("Its last term", 2 * (weight * g2) * (-1 / g2), -4 * x / (g1 + g2), put={weight: 2 * x / (g1 + g2)},
                 text=r"$2(x-h) \psi'(s_2)$."),
        Identity("Derivative of the even split", sp.Derivative(2 * x * psi(x), x), 2 * psi(x) + 2 * x * psi(x, 1),
                 text=r"$\psi'(x) = -1/g(x)$; together $B' = 2 \psi(x) - 2x/g(x) - \psi(s_1) - \psi(s_2) + "
                      r"4x/(g_1 + g_2)$."),
        Given("(M2)", (second_condition,), text=r"$\psi_1$, $\psi_2$, $\psi_m$ are $\psi$ at $s_1$, $s_2$, $x$."),
        Combination("B falls", le(slope, 0), ((2, second_condition),), text=r"$B' \le 0$ for $h \le x \le 1/2$."),
    )  # fmt: skip


def _curve() -> tuple[Step, ...]:
    regret, pair, at_sig, curve, a, b = sp.symbols("R R_P B_sigma T_2 a b", real=True)
    t = sp.Symbol("t", nonnegative=True)
    lines = (ge(regret, pair), ge(pair, at_sig), ge(at_sig, curve))
    return (
        Identity("B at 1/2", 2 * x * psi(x) - (x + h) * a - (x - h) * b,
                 psi(HALF) - (1 + t) / 2 * a - (1 - t) / 2 * b, put={x: HALF, h: t / 2},
                 text=r"$B(1/2) = R_1(t) = T_2(t)$; $a$ and $b$ are $\psi$ at the best split of 1."),
        theorem(freezing, "Its forced cost", text=r"The two-label law shows that the transformation is at most "
                                                  r"$R_1 = T_2$ for every $n$."),
        Words("The lines above, in order", lines,
              text=r"$R_P = P R_{2 \sigma}(t/P)$ and $B_\sigma = B(\sigma)$, $\sigma \le 1/2$."),
        Combination("Theorem 9", ge(regret, curve), tuple((1, line) for line in lines),
                    text=r"For every law and every $n$; with the two-label law, $T_n = T_2$."),
    )  # fmt: skip


def _local() -> tuple[Step, ...]:
    """(M2) for scores near their mean."""
    gain = slack(psi(x + z), psi(x - z), psi(x), x, -1 / psi(x + z, 1), -1 / psi(x - z, 1), -1 / psi(x, 1))
    equal = {z: sp.S.Zero}
    curvature = psi(x, 2) + x * psi(x, 3) - 2 * x * psi(x, 2) ** 2 / psi(x, 1)
    return (
        Identity("(M2) at equal scores", gain, 0, put=equal, text=r"Slack of (M2) at $s_1 = x + z$, $s_2 = x - z$, $z "
                                                                  r"= 0$."),
        Identity("Its first derivative in z", sp.Derivative(gain, z), 0, put=equal),
        Identity("Its second derivative in z", sp.Derivative(gain, (z, 2)), curvature, put=equal),
        Identity("The infinitesimal form", sp.Derivative(local_slack(x), x),
                 -(psi(x, 1) ** 2) / (x * psi(x, 2)) ** 2 * curvature,
                 text=r"So the second derivative is nonnegative exactly where $\psi'^2/(x \psi'')$ does not grow."),
    )  # fmt: skip


def _control() -> Step:
    """psi = -log s + 4 (1 - s) at x = 1/2, s = x (1 +- z)."""
    w = sp.Symbol("w", positive=True)
    return Refutation("(M2) fails for -log s + 4 (1 - s)", ge(-sp.log(1 - w) / 2, 2 * w / (3 - 2 * w)),
                      {w: sp.Rational(1, 4)}, text=r"$x = 1/2$, $s_1 = x(1 + \sqrt w)$, $s_2 = x(1 - \sqrt w)$, in the "
                                                   r"form of the derivation poly_one with $k = 2$.")  # fmt: skip
