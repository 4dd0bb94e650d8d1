"""Sum losses, the sum over y' != y of Phi(h_y - h_y'): the rho-margin and the exponential (derived here).

The hinge is in derivation sum_hinge, smooth Phi and the squared hinge in derivation sum_squared_hinge.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import freezing
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Identity, Refutation, Sign, Step, Words

__all__ = ["build", "exponential_evidence", "rho_margin_evidence"]

STATEMENT = (
    r"Let the loss of label $y$ be the sum of $\Phi(h_y - h_{y'})$ over $y' \ne y$. $\rho$-margin, "
    r"$\Phi_\rho(u) = \min(1, \max(0, 1-u/\rho))$: $T_n(t) = t$ for every $n$. Exponential, $\Phi(u) = e^{-u}$: this "
    r"is the comp-sum loss with $\tau = 0$, and $T_n(t) = 1 - (1-t^2)^{1/2} \ge t^2/2$ for every $n$."
)

ge, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq))
HALF = sp.Rational(1, 2)
x, y = sp.symbols("x y", nonnegative=True)
t = sp.Symbol("t", positive=True)


def build() -> Derivation:
    """The chain for the sum losses with an exact transformation; nothing is checked before ``run``."""
    steps = (*_rho_margin(), *_exponential(), *_controls())
    return Derivation("sum_losses", "Sum losses: rho-margin and exponential", STATEMENT, steps)


def rho_margin_evidence() -> Evidence:
    """T_n(t) = t for the sum rho-margin loss."""
    return Derivation("sum-rho-margin", "Part: the rho-margin", STATEMENT, _rho_margin()).run()


def exponential_evidence() -> Evidence:
    """T_n(t) = 1 - sqrt(1-t^2) >= t^2/2 for the sum exponential loss."""
    return Derivation("sum-exponential", "Part: the exponential", STATEMENT, _exponential()).run()


def _rho_margin() -> tuple[Step, ...]:
    pi, pk, ramp, p1, pj = sp.symbols("p_i p_k r p_1 p_j", nonnegative=True)
    rho = sp.Symbol("rho", positive=True)
    others, forced, least = sp.symbols("M C_j H", real=True)
    pays, reached = ge(forced, others + p1), eq(least, others + pj)
    return (
        Sign("rho-margin: the lower label of a pair pays in full", ge(1 + x / rho, 1), form=x / rho,
             text=r"The risk is a sum over pairs of labels: $p_i \Phi(h_i - h_k) + p_k \Phi(h_k - h_i)$. If "
                  r"$h_i = h_k + x$ with $x \ge 0$, then $\Phi_\rho(-x) = 1$."),
        Sign("rho-margin: so a pair pays the law of the lower label", ge(pi * ramp + pk * 1, pk), form=pi * ramp,
             text=r"At least the smaller of the two; and for labels 1 and $j$, with $j$ at the top, at least $p_1$."),
        Identity("rho-margin: no more, at distance rho", 1 - y / rho, 0, put={y: rho},
                 text=r"With scores in the order of the laws and gaps $\rho$ each pair pays exactly the smaller law: "
                      r"the least risk is the sum of $k - 1$ times the $k$-th largest law."),
        Words("rho-margin: all pairs", (pays, reached),
              text=r"$M$ is the sum of the smaller laws over all pairs but {1, j}, $C_j$ the risk with $j$ at the top "
                   r"and $H$ the least risk."),
        Combination("rho-margin: regret", ge(forced - least, p1 - pj), ((1, pays), (-1, reached))),
        Identity("rho-margin: attained", (others + p1) - (others + pj), t,
                 put={p1: (1 + t) / 2, pj: (1 - t) / 2},
                 text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$ with the scores in the order 2, 1, 3, ... and gaps $\rho$ "
                      r"pays $M + p_1$: $T_n(t) = t$."),
    )  # fmt: skip


def _exponential() -> tuple[Step, ...]:
    own, others = sp.symbols("e_y e_r", positive=True)
    s, u, v, o, free = sp.symbols("s u v o V", positive=True)
    inside = {t: 1 / (1 + y)}
    first, second = (1 + t) / 2, (1 - t) / 2
    root = sp.sqrt(1 - t**2)
    return (
        Identity("Exponential: a comp-sum loss", others / own, 1 / s - 1, put={s: own / (own + others)},
                 text=r"$e_y = e^{h_y}$, $e_r$ is the sum over the other labels: $\psi(s) = 1/s - 1$ of the softmax, "
                      r"$\tau = 0$."),
        theorem(freezing, "R is least at full mass",
                text=r"$c = 1 - \tau = 1$: the transformation is the two-label curve $R_1$ for every $n$."),
        Identity("Exponential: the free cost of two labels", (sp.sqrt(first) + sp.sqrt(second)) ** 2, 1 + root,
                 put=inside, text=r"The least $p_1/s + p_2/(1-s)$ is $(u+v)^2$, at "
                                  r"$s = u/(u+v)$, with $u^2 = p_1$, $v^2 = p_2$."),
        Sign("Exponential: it is the least", ge(u**2 * (1 + o) + v**2 * (1 + 1 / o), (u + v) ** 2),
             form=(u * o - v) ** 2 / o,
             text=r"$s = 1/(1+o)$: equality at $o = v/u$."),
        Identity("Exponential: T", (1 / s - 1) - (free - 1), 1 - root, put={s: HALF, free: 1 + root},
                 text=r"A tie costs $\psi(1/2)$, the free cost is $V - 1$."),
        Sign("Exponential: a square below", ge((1 - t**2 / 2) ** 2, 1 - t**2), form=t**4 / 4,
             text=r"So $1 - t^2/2 \ge (1-t^2)^{1/2}$ and $T_n(t) \ge t^2/2$: zero-one regret at most $(2b)^{1/2}$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    return (
        Refutation("Exponential: the constant 1/2 cannot be raised",
                   ge(1 - sp.sqrt(1 - t**2), sp.Rational(51, 100) * t**2), {t: sp.Rational(1, 10)}),
    )  # fmt: skip
