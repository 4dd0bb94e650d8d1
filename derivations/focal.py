"""The focal loss (1 - s)^gamma (-log s): the two-label curve is sharp for every n, every gamma >= 0 (derived here)."""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import focal_curvature, focal_inflection, freezing, one_inflection, small_gaps
from hconsist.derivations.focal_curvature import loss, mean
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Identity, Monotone, Refutation, Step

__all__ = ["CONSTANT", "build", "constant_evidence", "two_labels"]

STATEMENT = (
    r"For $\psi(s) = (1-s)^\gamma (-\log s)$, every $\gamma \ge 0$ and every number $n$ of labels, the transformation "
    r"for complete sets is the two-label curve $T_2$. Near zero $T_2(t) = c t^2 + o(t^2)$ with $c = 2^{-\gamma-1} (1 + "
    r"\gamma \log 2)^2/(1 + 2 \gamma + \gamma(\gamma-1) \log 2)$."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
gam, s, z = sp.symbols("gamma s z", positive=True)
c = sp.Symbol("c", nonnegative=True)
HALF = sp.Rational(1, 2)
CONSTANT = 2 ** (-gam - 1) * (1 + gam * sp.log(2)) ** 2 / (1 + 2 * gam + gam * (gam - 1) * sp.log(2))


def two_labels() -> tuple[sp.Expr, sp.Expr]:
    """(t, T_2(t)) in terms of the score s of label 1 that is optimal for the law ((1+t)/2, (1-t)/2)."""
    first, second = (-1 / sp.diff(loss(s), s).subs(s, score) for score in (s, 1 - s))
    law = first / (first + second)
    return 2 * law - 1, loss(HALF) - law * loss(s) - (1 - law) * loss(1 - s)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    title = "The focal loss: the two-label curve for every gamma"
    return Derivation("focal", title, STATEMENT, (*_start(), *_sharp(), *_constant(), _control()))


def constant_evidence() -> Evidence:
    """The constant of T_2 at zero."""
    return Derivation("focal_constant", "The focal loss near zero", STATEMENT, _constant()).run()


def _start() -> tuple[Step, ...]:
    """psi + log s tends to 0 at 0."""
    power = Monotone("A power of what exceeds 1", (1 + z) ** c, z)
    near = Monotone("q^gamma is near 1", gam * z - 1 + (1 + z) ** (-gam), z,
                    parts=((gam * (1 + z) ** (-gam - 1), power, {c: gam + 1}),),
                    text=r"$q = 1/(1+z)$, $z = s/q$: $1 - q^\gamma \le \gamma s/q$.")  # fmt: skip
    return (
        theorem(freezing, "The same for the logarithm", text=r"$\gamma = 0$ is cross-entropy, a case of Theorem 2; "
                                                             r"from here on $\gamma > 0$."),
        power, near,
        mean,
        Combination("s log(1/s)/q is at most sqrt(s)", le(2 * sp.log(1 + z) / (z * (2 + z)), 1 / (1 + z)),
                    ((2 / (z * (2 + z)), mean),),
                    text=r"$s = (1+z)^{-2}$. So $0 \le -\log s - \psi(s) = (1 - q^\gamma)(-\log s) \le \gamma \sqrt s "
                         r"\to 0$."),
    )  # fmt: skip


def _sharp() -> tuple[Step, ...]:
    return (
        theorem(focal_inflection, "The sign of g''", text=r"$\psi$ is convex and $g$ increasing, concave and then "
                r"convex."),
        theorem(focal_curvature, "gamma >= 1, the sum is positive", text=r"$K(s) + K(1-s) > 0$, also for $\gamma \le "
                                                                         r"1$."),
        theorem(one_inflection, "One inflection", text=r"All hypotheses hold by the lines above: $T_n = R_1 = T_2$."),
    )  # fmt: skip


def _constant() -> tuple[Step, ...]:
    slope, bend = (sp.diff(loss(s), s, k).subs(s, HALF) for k in (1, 2))
    return (
        theorem(small_gaps, "Necessary condition", text=r"$T_2 = c_2 t^2 + o(t^2)$ with $c_2 = \psi'(1/2)^2/(2 "
                                                        r"\psi''(1/2))$."),
        Identity("The constant at zero", small_gaps.constant(sp.Integer(2), slope, bend), CONSTANT),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("Not the constant of cross-entropy", ge(CONSTANT, HALF), {gam: sp.Integer(2)})
