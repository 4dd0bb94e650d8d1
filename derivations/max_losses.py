"""Max losses Phi(h_y - max over y' != y of h_y'): no bound for convex Phi, an exact linear one for the rho-margin.

Derived here.  The adversarial versions, with a supremum over perturbed inputs, are in derivation adversarial_margins.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step

__all__ = ["build", "deterministic_evidence", "impossibility_evidence", "rho_margin_evidence"]

STATEMENT = (
    r"Let the loss of label $y$ be $\Phi(m_y)$ with the margin $m_y = h_y - \max_{y' \ne y} h_{y'}$. If $\Phi$ is "
    r"convex and nonincreasing and $n \ge 3$, all scores 0 are a minimiser of the conditional risk at every law with "
    r"$\max p \le 1/2$; so at $p = (1/2, 1/2, 0, ...)$ a label without mass may be predicted at surrogate regret "
    r"0, and every bound $\Gamma$ has $\Gamma(x) \ge 1/2$ for all $x > 0$, whatever the tie rule. For deterministic "
    r"labels the regret is at least $(\Phi(0) - \inf \Phi)$ times the zero-one regret. For the $\rho$-margin, "
    r"$\Phi_\rho(u) = \min(1, \max(0, 1-u/\rho))$, $T_n(t) = t$ for every $n$."
)

ge, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq))
HALF = sp.Rational(1, 2)
t, x, e = sp.symbols("t x e", nonnegative=True)


def build() -> Derivation:
    """The chain for max losses; nothing is checked before ``run``."""
    steps = (*_margins(), *_impossible(), *_deterministic(), *_rho_margin(), *_controls())
    return Derivation("max_losses", "Max losses: an impossibility and a linear bound", STATEMENT, steps)


def impossibility_evidence() -> Evidence:
    """Convex Phi: zero surrogate regret at zero-one regret 1/2, for n >= 3."""
    return _part("max-impossibility", *_margins(), *_impossible())


def deterministic_evidence() -> Evidence:
    """Deterministic labels: surrogate regret >= (Phi(0) - inf Phi) x zero-one regret."""
    return _part("max-deterministic", *_deterministic())


def rho_margin_evidence() -> Evidence:
    """T_n(t) = t for the max rho-margin loss."""
    return _part("max-rho-margin", *_margins(), *_rho_margin())


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of the max losses", STATEMENT, steps).run()


def _margins() -> tuple[Step, ...]:
    top, other = sp.symbols("h_a h_b", real=True)
    margin, second = sp.symbols("m_a m_b", real=True)
    order, bounds = ge(top, other), (le(margin, top - other), le(second, other - top))
    return (
        Given("Two labels", (order, *bounds),
              text=r"$h_a$ is a largest score. A margin is a minimum over the other labels, so it is at most each "
                   r"difference of scores."),
        Combination("Only the top label has a positive margin", le(second, 0), ((1, order), (1, bounds[1]))),
        Combination("It is at most minus that of the top label", le(second, -margin),
                    ((1, bounds[0]), (1, bounds[1]))),
    )  # fmt: skip


def _impossible() -> tuple[Step, ...]:
    share, slack, others = sp.symbols("p_a w p_r", nonnegative=True)
    top, rest, mirror, zero = sp.symbols("Phi_g Phi_r Phi_-g Phi_0", real=True)
    top_law, own = sp.symbols("p_1 p_3", nonnegative=True)
    risk = sp.Symbol("C", real=True)
    split, order, convex = ge(risk, share * top + rest), ge(mirror, zero), ge(top + mirror, 2 * zero)
    below = ge(rest, (1 - share) * mirror)
    return (
        Given("The risk", (split, below, order, convex),
              text=r"Let $g \ge 0$ be the margin of the top label $a$. The others have margin at most $-g$, so "
                   r"they cost at least $\Phi(-g)$ each: $\Phi_r \ge (1-p_a) \Phi(-g)$. "
                   r"$\Phi$ is nonincreasing, so $\Phi(-g) \ge \Phi(0)$, and convex, so "
                   r"$\Phi(g) + \Phi(-g) \ge 2\Phi(0)$."),
        Combination("No scores cost less than all scores 0", ge(risk, zero),
                    ((1, split), (1, below), (share, convex), (1 - 2 * share, order)), put={share: 1 / (2 + slack)},
                    text=r"For $p_a \le 1/2$: every law with $\max p \le 1/2$."),
        Identity("All scores 0", share * zero + others * zero, zero, put={others: 1 - share},
                 text=r"All margins are 0 and the risk is $\Phi(0)$: the least one."),
        Identity("Its zero-one regret", top_law - own, HALF, put={top_law: HALF, own: sp.S.Zero},
                 text=r"$p = (1/2, 1/2, 0, ...)$, $n \ge 3$, label 3 predicted: $p_1 - p_3$."),
        Identity("Without ties", sp.Limit((1 + e) * HALF + (1 + e) * HALF - 1, e, 0, "+"), 0,
                 text=r"$h = (0, 0, e, 0, ...)$ predicts label 3 under every tie rule; labels 1 and 2 have margin "
                      r"$-e$. A finite convex function is continuous: the regret tends to 0 (shown for "
                      r"$\Phi(u) = \max(0, 1-u)$, which is $1 + e$ there)."),
    )  # fmt: skip


def _deterministic() -> tuple[Step, ...]:
    loss, zero, least, regret = sp.symbols("Phi_m Phi_0 Phi_inf R", real=True)
    wrong, defined = ge(loss, zero), eq(regret, loss - least)
    return (
        Given("Deterministic labels", (wrong, defined),
              text=r"$p = e_y$. If another label is predicted, the margin of $y$ is at most 0, and $\Phi$ is "
                   r"nonincreasing; the least risk is the infimum of $\Phi$."),
        Combination("Regret of an error", ge(regret, (zero - least) * 1), ((1, wrong), (1, defined)),
                    text=r"The zero-one regret is 1; if $y$ is predicted it is 0 and the regret is at least 0."),
    )  # fmt: skip


def _rho_margin() -> tuple[Step, ...]:
    top, ramp, first = sp.symbols("p_j r p_1", nonnegative=True)
    forced, least = sp.symbols("C_j H", real=True)
    rho, margin = sp.symbols("rho m_j", positive=True)
    gain = 1 / (1 + x)
    return (
        Identity("rho-margin: the risk", top * (1 - ramp) + (1 - top) * 1, 1 - top * ramp,
                 text=r"The top label $j$ pays $1 - r$ with $r = \min(1, m_j/\rho)$; the others have margins at most 0 "
                      r"and pay 1."),
        Sign("rho-margin: at least 1 - p_j", ge(1 - top * gain, 1 - top), form=top * x / (1 + x),
             text=r"$r = 1/(1+x) \le 1$ (or 0)."),
        Identity("rho-margin: reached", 1 - top * margin / rho, 1 - top, put={margin: rho},
                 text=r"$m_j = \rho$, for instance $h_j = \rho$ and all others 0. So the least risk with $j$ at the "
                      r"top is $1 - p_j$, and the least of all is $1 - \max p$."),
        Identity("rho-margin: regret", forced - least, first - top, put={forced: 1 - top, least: 1 - first},
                 text=r"Every law has regret exactly $t$ for a label at distance $t$: $T_n(t) = t$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    share, margin = sp.symbols("p_1 m", positive=True)
    hinge_risk = share * (1 - margin) + (1 - share) * (1 + margin)
    return (
        Refutation("Above 1/2 the scores 0 are not optimal", ge(hinge_risk, 1),
                   {share: sp.Rational(3, 5), margin: sp.S.One},
                   text=r"Hinge, $p_1 = 3/5$: a margin of 1 for label 1 costs $4/5 < \Phi(0) = 1$."),
        Refutation("A concave loss is not covered", ge(HALF * (1 - 1) + HALF * (1 - 0), 1), {},
                   text=r"The $\rho$-margin at $p = (1/2, 1/2, 0)$ and margin $\rho$ for label 1 costs $1/2 < 1$."),
    )  # fmt: skip
