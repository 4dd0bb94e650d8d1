"""poly-1, psi = -log s + eps (1 - s): the two-label curve is sharp for eps <= 2, not beyond sqrt 6 (derived here)."""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import mass_condition, small_gaps
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Identity, Monotone, Refutation, Sign, Step

__all__ = ["THREE_LABELS", "beyond_evidence", "build", "evidence", "loss"]

STATEMENT = (
    r"For $\psi(s) = -\log s + \epsilon (1 - s)$ the transformation for complete sets is the two-label curve for every "
    r"number $n$ of labels if $0 \le \epsilon \le 2$. If $\epsilon > \sqrt 6$ it is smaller for every $n \ge 3$ and "
    r"all small $t > 0$."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
s, u, x, w = sp.symbols("s u x w", positive=True)
eps, k, y, z, v = sp.symbols("epsilon k y z v", nonnegative=True)
Q = sp.Rational


def loss(score: sp.Expr) -> sp.Expr:
    """psi."""
    return -sp.log(score) + eps * (1 - score)


def _three_labels() -> sp.Expr:
    """Regret of a law on three labels minus a lower bound of T_2 at its gap; negative: T_2 is not sharp.

    The law is the one for which the scores (1/3 + u, 1/3 - u, 1/3) are optimal, predicted by a tie; s is the score of
    label 1 at which the minimum in T_2 is replaced by a larger value.
    """
    scores = (Q(1, 3) + u, Q(1, 3) - u, Q(1, 3))
    weights = [a / (1 + eps * a) for a in scores]
    law = [g / sum(weights) for g in weights]
    gap = law[0] - law[1]
    regret = loss(Q(1, 3)) - sum(p * loss(a) for p, a in zip(law, scores))
    return regret - loss(Q(1, 2)) + (1 + gap) / 2 * loss(s) + (1 - gap) / 2 * loss(1 - s)


THREE_LABELS = _three_labels()
"""At eps = 13/5, u = 2/25, s = 3/5 it is -0.00014."""


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_conditions(), *_beyond(), _control())
    return Derivation("poly_one", "poly-1: from the two-label curve to a dependence on n", STATEMENT, steps)


def evidence() -> Evidence:
    """T_n = T_2 for every n and 0 <= eps <= 2."""
    return Derivation("poly_one_sharp", "poly-1 up to 2", STATEMENT, _conditions()).run()


def beyond_evidence() -> Evidence:
    """T_n < T_2 for eps > sqrt 6, n >= 3 and small t."""
    return Derivation("poly_one_beyond", "poly-1 beyond sqrt 6", STATEMENT, _beyond()).run()


def _conditions() -> tuple[Step, ...]:
    g = s / (1 + eps * s)
    ends = [x * (1 + z), x * (1 - z), x]
    weights = [g.subs(s, a) for a in ends]
    inside = {x: 1 / (2 + y), eps: 2 / (1 + v), z: 1 / (1 + w)}
    right = k * w / (1 + k - k * w)
    logarithm = Monotone("At k = 1", sp.log(1 + z) / 2 - z / (2 + z), z,
                         derivative=z**2 / (2 * (1 + z) * (2 + z) ** 2),
                         text=r"$w = z/(1+z)$: the slack $-\log(1-w)/2 - w/(2-w)$, from 0 at $w = 0$.")  # fmt: skip
    up = {k: 1 / (1 + y), w: z / (1 + z)}
    below = Sign("Below k = 1", ge(w / (2 - w), right), form=w * (1 - k) / ((2 - w) * (1 + k - k * w)), put=up,
                 text=r"The right side at $k \le 1$ is at most its value at $k = 1$.")  # fmt: skip
    return (
        theorem(mass_condition, "Theorem 9", text=r"$T_n = T_2$ for every $n$ if (M1) and (M2) hold."),
        Identity("g = -1/psi'", -1 / sp.Derivative(loss(s), s), g, text=r"$\psi'(0+) = -\infty$."),
        Sign("psi is convex", gt(sp.Derivative(loss(s), s, 2), 0), form=1 / s**2),
        Sign("(M1)", le(sp.Derivative(g / s, s), 0), form=eps / (1 + eps * s) ** 2),
        Identity("(M2), left side", (loss(ends[0]) + loss(ends[1])) / 2 - loss(x), -sp.log(1 - z**2) / 2, put=inside,
                 text=r"$s_1 = x(1 + z)$, $s_2 = x(1 - z)$, $0 < z < 1$."),
        Identity("(M2), right side", x * (2 / (weights[0] + weights[1]) - 1 / weights[2]),
                 (k * w / (1 + k - k * w)).subs({k: eps * x, w: z**2}),
                 text=r"$k w/(1 + k - k w)$ with $k = \epsilon x$ and $w = z^2$."),
        Sign("k is at most 1", le(eps * x, 1), put={x: 1 / (2 + y), eps: 2 / (1 + v)},
             form=1 - 2 / ((1 + v) * (2 + y)),
             text=r"$x \le 1/2$, $\epsilon \le 2$ enters here ($\epsilon = 0$ is cross-entropy)."),
        logarithm, below,
        Combination("(M2)", ge(-sp.log(1 - w) / 2, right), ((1, logarithm), (1, below)), put=up,
                    text=r"For $k \le 1$ and $w < 1$, so $T_n = T_2$ for every $n$."),
    )  # fmt: skip


def _beyond() -> tuple[Step, ...]:
    m, e = sp.symbols("m epsilon", positive=True)
    slopes = sp.Derivative(loss(s), s), sp.Derivative(loss(s), s, 2)

    def constant(size: sp.Expr) -> sp.Expr:
        return small_gaps.constant(size, *(f.doit().subs(s, 1 / size) for f in slopes)).subs(eps, e)

    return (
        theorem(small_gaps, "Necessary condition", text=r"$T_n \le c_m t^2 + o(t^2)$ and $T_2 = c_2 t^2 + o(t^2)$."),
        Identity("The constants", small_gaps.constant(m, *slopes).subs(eps, e), (m + e) ** 2 / (4 * m), put={s: 1 / m}),
        Identity("As a square", (m + e) ** 2 / (4 * m), (sp.sqrt(m) + e / sp.sqrt(m)) ** 2 / 4),
        Identity("m labels against two", constant(m) - constant(sp.Integer(2)), (m - 2) * (2 * m - e**2) / (8 * m),
                 text=r"Nonnegative exactly for $\epsilon \le \sqrt{2m}$; $m = 3$ is the first to fail."),
        Sign("Three labels beat two beyond sqrt 6", gt(constant(sp.Integer(2)), constant(sp.Integer(3))),
             form=(e**2 - 6) / 24, put={e: sp.sqrt(6) + w}, text=r"So $T_n \le T_3 < T_2$ for small $t$."),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("The two-label curve fails at eps = 2.6", ge(THREE_LABELS, 0),
                      {eps: Q(13, 5), u: Q(2, 25), s: Q(3, 5)},
                      text=r"$n = 3$: regret of the law for which $(1/3+u, 1/3-u, 1/3)$ are the best scores, minus a "
                           r"lower bound of $T_2$ at its gap, whose minimum over splits is replaced by the split at "
                           r"$s$.")  # fmt: skip
