"""Constrained hinge and rho-margin losses: the hinge is n times the mean absolute error (derived here)."""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import concave_hull
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step

__all__ = ["build", "hinge_evidence", "rho_margin_evidence"]

STATEMENT = (
    r"Loss of label $y$: the sum of $\Phi(-h_{y'})$ over $y' \ne y$, scores with sum 0. Hinge, "
    r"$\Phi(u) = \max(0, 1-u)$: for every $n$ the transformation is exactly $n$ times that of the mean absolute error, "
    r"raw and hull, so its hull has the vertices $(1/k, n/(k(k+1)))$, $k < n$, and $T_n(t) \ge t$, with equality of "
    r"the hull for $t \le 1/(n-1)$. $\rho$-margin, $\Phi_\rho(u) = \min(1, \max(0, 1 - u/\rho))$: $T_n(t) = t$ for "
    r"every $n$."
)

ge, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq))
n, k, rho = sp.symbols("n k rho", positive=True)
t, x, y = sp.symbols("t x y", nonnegative=True)


def build() -> Derivation:
    """The chain for both losses; nothing is checked before ``run``."""
    steps = (*_hinge(), *_rho_margin(), *_controls())
    return Derivation("constrained_hinge", "Constrained hinge and rho-margin", STATEMENT, steps)


def hinge_evidence() -> Evidence:
    """T_n = n T_MAE for the constrained hinge, hence T_n(t) >= t."""
    return Derivation("constrained-hinge", "Part: the hinge", STATEMENT, _hinge()).run()


def rho_margin_evidence() -> Evidence:
    """T_n(t) = t for the constrained rho-margin loss."""
    return Derivation("constrained-rho-margin", "Part: the rho-margin", STATEMENT, _rho_margin()).run()


def _hinge() -> tuple[Step, ...]:
    share, part, least, absolute, mass = sp.symbols("s_i u_i E c A", nonnegative=True)
    whole, scores, score, total, risk = sp.symbols("U_k S_k h_i U C", real=True)
    p, q, one = sp.symbols("p_i q_i s", nonnegative=True)
    positive, hypothesis, closed = ge(part, 1 + score), ge(whole, k + scores), eq(scores, 0)
    enough, paid, best = ge(total, n), eq(risk, total * absolute), ge(absolute, least)
    return (
        Given("Positive parts", (positive, hypothesis),
              text=r"$u_i = \max(0, 1 + h_i)$; $U_k$ and $S_k$ are the sums of $u_i$ and $h_i$ over $k$ labels, both 0 "
                   r"for none."),
        Combination("One label more", ge(whole + part, k + 1 + scores + score), ((1, positive), (1, hypothesis))),
        Given("All labels", (closed,), text=r"The scores sum to 0."),
        Combination("Their sum", ge(whole, k), ((1, hypothesis), (1, closed)), text=r"$U \ge n$ at $k = n$."),
        Identity("Risk of one label", q * part, total * (1 - p) * share, put={q: 1 - p, part: total * share},
                 text=r"$s_i = u_i/U$, a point of the simplex; its largest entry is at $j$ if that of $h$ is."),
        Identity("Summed", total * (one - mass), total * (1 - mass), put={one: sp.S.One},
                 text=r"The $s_i$ sum to 1 and $A$ is the sum of the $p_i s_i$: the risk is $U$ times $c = 1 - A$, the "
                      r"conditional risk of the mean absolute error at $s$."),
        Given("Risk and least risk", (enough, paid, best),
              text=r"$C = U c$, and $E$ is the least $c$: over all $s$, or over those with the largest entry at $j$."),
        Combination("Below", ge(risk, n * least), ((absolute, enough), (1, paid), (n, best))),
        Identity("Above: its positive parts", 1 + score, n * share, put={score: n * share - 1},
                 text=r"For any $s$ the scores $h_i = n s_i - 1$ sum to 0 and have the order of $s$; $u_i = n s_i$ and "
                      r"$U = n$, so the risk is exactly $n c$. The least risks, forced or free, are $n$ times those of "
                      r"the mean absolute error: $T_n = n T_{MAE}$, and so for the hulls."),
        theorem(concave_hull, "tau = 2: vertices",
                text=r"Mean absolute error: the hull has the vertices $(1/k, 1/(k(k+1)))$, $k < n$; those of the hinge "
                     r"are $(1/k, n/(k(k+1)))$."),
        Sign("The hinge bound", ge(n / (k * (k + 1)), 1 / k), put={n: k + 1 + x}, form=x / (k * (k + 1)),
             text=r"$n = k + 1 + x$: no vertex is below the line $T = t$, and the vertex $k = n - 1$ ($x = 0$) is on "
                  r"it: $T_n(t) \ge t$, with equality of the hull for $t \le 1/(n-1)$."),
        Identity("The hinge bound for large regrets", (n * t**2 / (1 + t)).subs(t, 1 / k), n / (k * (k + 1)),
                 text=r"All vertices lie on the convex curve $n t^2/(1+t)$: $T_n$ is at least that."),
    )  # fmt: skip


def _rho_margin() -> tuple[Step, ...]:
    qj, own, rest, risk = sp.symbols("q_j f_j C_r C", nonnegative=True)
    q1 = sp.Symbol("q_1", nonnegative=True)
    split, full = eq(risk, qj * own + rest), ge(own, 1)
    p1, pj = sp.symbols("p_1 p_j", nonnegative=True)
    return (
        Sign("rho-margin: the ramp of the predicted label", ge(1 + x / rho, 1), form=x / rho,
             text=r"Its score $x$ is the largest, hence nonnegative: $\Phi_\rho(-x) = 1$."),
        Given("rho-margin: the risk", (split, full), text=r"$f_j = \Phi_\rho(-h_j)$, $C_r \ge 0$ is what others pay."),
        Combination("rho-margin: the predicted label pays", ge(risk, qj), ((1, split), (qj, full))),
        Identity("rho-margin: nobody else need pay", 1 - y / rho, 0, put={y: rho},
                 text=r"$h_j = (n-1)\rho$, all others $-\rho$: $\Phi_\rho(\rho) = 0$. So the least risk with $j$ at "
                      r"the top is exactly $q_j$, and the least of all is $q_1 = 1 - \max p$."),
        Identity("rho-margin: these scores have sum 0", y + (n - 1) * (-rho), 0, put={y: (n - 1) * rho}),
        Identity("rho-margin: regret", qj - q1, p1 - pj, put={qj: 1 - pj, q1: 1 - p1},
                 text=r"Every law has regret exactly $t$ for a label at distance $t$: $T_n(t) = t$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    half = sp.Rational(1, 2)
    return (
        Refutation("Hinge: t is not exact at t = 1", ge(t, n * (t * half)), {n: sp.S(3), t: sp.S.One},
                   text=r"$p = e_1$, a tie of two labels: the mean absolute error has regret 1/2, the hinge $n/2$."),
        Refutation("rho-margin: no more than t", ge(t, sp.Rational(101, 100) * t), {t: half},
                   text=r"The regret is $t$ at every law."),
    )  # fmt: skip
