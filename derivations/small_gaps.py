"""The quadratic constants of a smooth loss at zero: c_m = m psi'(1/m)^2 / (4 psi''(1/m)) for a tie of m labels.

Derived here.  psi stays an undetermined function; u is the shift of two of the m equal scores.
"""

from __future__ import annotations

import sympy as sp

from hconsist import catalog
from hconsist.derivations import freezing
from hconsist.derivations.links import theorem
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import Cited, Combination, Derivation, Identity, Refutation, Step, Words

__all__ = ["build", "constant", "evidence"]

STATEMENT = (
    r"Let $\psi$ be convex, nonincreasing and three times continuously differentiable at $1/m$ and at $1/2$, with "
    r"$\psi' < 0 < \psi''$ there, and $c_m = m \psi'(1/m)^2/(4 \psi''(1/m))$. For every $n \ge m$ there are laws with "
    r"zero-one regret $t \to 0$ and surrogate regret $c_m t^2 + o(t^2)$. The two-label curve is $c_2 t^2 + o(t^2)$: if "
    r"it is sharp for $n$ labels, then $c_m \ge c_2$ for $3 \le m \le n$."
)

psi = smooth("psi")
m = sp.Symbol("m", positive=True)
u = sp.Symbol("u", real=True)
equal = 1 / m
AT_ZERO = {u: sp.S.Zero}


def constant(size: sp.Expr, slope: sp.Expr, bend: sp.Expr) -> sp.Expr:
    """c_m from m, psi'(1/m) and psi''(1/m)."""
    return size * slope**2 / (4 * bend)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_law(), *_orders(), *_two_labels(), _control())
    return Derivation("small_gaps", "The quadratic constants at zero", STATEMENT, steps)


def evidence() -> Evidence:
    """Whether the chain closes."""
    return catalog.derivation("small_gaps").run()


def _parts() -> tuple[sp.Expr, sp.Expr]:
    """(gap t, regret r) of the law for which the scores (1/m + u, 1/m - u, 1/m, ...) are the best."""
    weights = [-1 / psi(equal + u, 1), -1 / psi(equal - u, 1), -1 / psi(equal, 1)]
    total = weights[0] + weights[1] + (m - 2) * weights[2]
    entropy = weights[0] * psi(equal + u) + weights[1] * psi(equal - u) + (m - 2) * weights[2] * psi(equal)
    return (weights[0] - weights[1]) / total, psi(equal) - entropy / total


def _law() -> tuple[Step, ...]:
    g, total = sp.symbols("g G", positive=True)
    gap, regret = _parts()
    return (
        Identity("The scores are optimal for the law", sp.UnevaluatedExpr(g / total) * (-1 / g), -1 / total,
                 text=r"Scores $s = (1/m + u, 1/m - u, 1/m, ..., 1/m)$, zero for further labels; $p_i = g(s_i)/G$ with "
                      r"$g = -1/\psi'$ and $G$ the sum of the $g(s_i)$. Then $p_i \psi'(s_i)$ is the same for all "
                      r"$m$."),
        Cited("Tangents", "a convex function lies above its tangents",
              text=r"So the cost is least at $s$: at other scores it is larger by at least $-1/G$ times the change of "
                   r"the sum of the $m$ scores, which cannot grow. $H(p)$ is the sum of $p_i \psi(s_i)$."),
        Identity("Gap at u = 0", gap, 0, put=AT_ZERO,
                 text=r"$t(u) = p_1 - p_2$; $p_1$ is the largest entry for small $u > 0$, as $g$ grows."),
        Identity("Regret at u = 0", regret, 0, put=AT_ZERO,
                 text=r"$r(u) = \psi(1/m) - H(p)$: all $m$ scores equal, a tie that may predict label 2."),
    )  # fmt: skip


def _orders() -> tuple[Step, ...]:
    gap, regret = _parts()
    slope, bend = psi(equal, 1), psi(equal, 2)
    first, second = sp.UnevaluatedExpr(-2 * bend / (m * slope)), sp.UnevaluatedExpr(2 * bend / m)
    return (
        Identity("First order of the gap", sp.Derivative(gap, u), -2 * bend / (m * slope), put=AT_ZERO,
                 text=r"Not zero: $t(u)$ takes every small value."),
        Identity("First order of the regret", sp.Derivative(regret, u), 0, put=AT_ZERO),
        Identity("Second order of the regret", sp.Derivative(regret, (u, 2)), 2 * bend / m, put=AT_ZERO),
        Cited("Limit of the ratio", "Taylor's theorem",
              text=r"$r/t^2$ tends to $r''(0)/(2 t'(0)^2)$."),
        Identity("Its value", second / (2 * first**2), constant(m, slope, bend)),
    )  # fmt: skip


def _two_labels() -> tuple[Step, ...]:
    two, pooled, ratio, limit = sp.symbols("c_2 c_m q_2 q_m", real=True)
    return (
        theorem(freezing, "Its forced cost", text=r"For $m = 2$ the law is the two-label law of gap $t$, and its "
                                                  r"regret is $R_1(t) = T_2(t)$: $T_2(t)/t^2 \to c_2$."),
        Words("If the two-label curve is sharp", (sp.Ge(limit, ratio, evaluate=False),
                                                  sp.Eq(limit, pooled, evaluate=False),
                                                  sp.Eq(ratio, two, evaluate=False)),
              text=r"$r/t^2 \ge T_n/t^2 = T_2/t^2$ passes to the limits $q_m$ and $q_2$."),
        Combination("Necessary condition", sp.Ge(pooled, two, evaluate=False),
                    ((1, sp.Ge(limit, ratio, evaluate=False)), (-1, sp.Eq(limit, pooled, evaluate=False)),
                     (1, sp.Eq(ratio, two, evaluate=False)))),
    )  # fmt: skip


def _control() -> Step:
    t = sp.Symbol("t", positive=True)
    curve = ((1 + t) * sp.log(1 + t) + (1 - t) * sp.log(1 - t)) / 2
    return Refutation("A smaller constant fails", sp.Ge(sp.Rational(99, 200) * t**2, curve, evaluate=False),
                      {t: sp.Rational(1, 10)}, text=r"Cross-entropy: $c_2 = 1/2$ and $T_2(t) \ge t^2/2$.")  # fmt: skip
