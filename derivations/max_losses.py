"""Max losses Phi(h_y - max over y' != y of h_y'): T for convex Phi, 0 up to 1/2, and for the rho-margin, linear.

Derived here.  The adversarial versions, with a supremum over perturbed inputs, are in derivation adversarial_margins.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations.curves import logistic, shannon
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step

__all__ = ["build", "deterministic_evidence", "impossibility_evidence", "rho_margin_evidence"]

STATEMENT = (
    r"Let the loss of label $y$ be $\Phi(m_y)$ with the margin $m_y = h_y - \max_{y' \ne y} h_{y'}$. If $\Phi$ is "
    r"convex and nonincreasing and $n \ge 3$, all scores 0 are a minimiser of the conditional risk at every law with "
    r"$\max p \le 1/2$; so at $p = (1/2, 1/2, 0, ...)$ a label without mass may be predicted at surrogate regret "
    r"0, and every bound $\Gamma$ has $\Gamma(x) \ge 1/2$ for all $x > 0$, whatever the tie rule. $T_n(t)$ is "
    r"$T_2(2t-1)$ for $t \ge 1/2$ and 0 before; $T_2(u)$ is $u$ for the hinge, $u^2$ for the squared hinge, "
    r"$1 - (1-u^2)^{1/2}$ for the exponential and $((1+u) \log(1+u) + (1-u) \log(1-u))/2$ for the logistic function. "
    r"For deterministic labels the regret is at least $(\Phi(0) - \inf \Phi)$ times the zero-one regret. For the "
    r"$\rho$-margin, $\Phi_\rho(u) = \min(1, \max(0, 1-u/\rho))$, $T_n(t) = t$ for every $n$."
)

ge, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq))
HALF = sp.Rational(1, 2)
t, x, e, share, law_j = sp.symbols("t x e p_a p_j", nonnegative=True)
risk, top, rest, mirror, zero = sp.symbols("C Phi_g Phi_r Phi_-g Phi_0", real=True)
SPLIT, BELOW = ge(risk, share * top + rest), ge(rest, (1 - share) * mirror)


def build() -> Derivation:
    """The chain for max losses; nothing is checked before ``run``."""
    convex = (*_impossible(), *_least(), *_sharp(), *_curves())
    steps = (*_margins(), *convex, *_deterministic(), *_rho_margin(), *_controls())
    return Derivation("max_losses", "Max losses: T for convex losses and for the rho-margin", STATEMENT, steps)


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
    slack, others, top_law, own = sp.symbols("w p_r p_1 p_3", nonnegative=True)
    order, convex = ge(mirror, zero), ge(top + mirror, 2 * zero)
    return (
        Given("The risk", (SPLIT, BELOW, order, convex),
              text=r"Let $g \ge 0$ be the margin of the top label $a$. The others have margin at most $-g$, so "
                   r"they cost at least $\Phi(-g)$ each: $\Phi_r \ge (1-p_a) \Phi(-g)$. "
                   r"$\Phi$ is nonincreasing, so $\Phi(-g) \ge \Phi(0)$, and convex, so "
                   r"$\Phi(g) + \Phi(-g) \ge 2\Phi(0)$."),
        Combination("No scores cost less than all scores 0", ge(risk, zero),
                    ((1, SPLIT), (1, BELOW), (share, convex), (1 - 2 * share, order)), put={share: 1 / (2 + slack)},
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


def _least() -> tuple[Step, ...]:
    """The least risk: that of two labels of masses p_1 and 1 - p_1, where p_1 >= 1/2."""
    least, least_q = sp.symbols("E_p E_q", real=True)
    mass, others, d = sp.symbols("q p_r d", nonnegative=True)
    lower, order = le(least, share * top + (1 - share) * mirror), le(top, mirror)
    near = le(mass * top + (1 - mass) * mirror, least_q + e)
    return (
        Given("The least cost of two labels", (lower,),
              text=r"$E(p)$ is the infimum of $p\, \Phi(g) + (1-p) \Phi(-g)$ over $g \ge 0$, $E_p = E(p_a)$."),
        Combination("No scores cost less than two labels", ge(risk, least), ((1, SPLIT), (1, BELOW), (1, lower)),
                    text=r"If $p_a > 1/2$, $a$ is label 1: the risk is at least $E(p_1)$. If not, it is at least "
                         r"$\Phi(0)$, the cost at $g = 0$, hence at least $E(p_1)$ if $p_1 \ge 1/2$."),
        Identity("Reached by one margin", share * top + others * mirror, share * top + (1 - share) * mirror,
                 put={others: 1 - share},
                 text=r"$h = (g, 0, ..., 0)$: label 1 has margin $g$, the others $-g$. So $H(p) = E(p_1)$ if $p_1 \ge "
                      r"1/2$, and $\Phi(0)$ if not."),
        Given("A margin close to the infimum", (near, order),
              text=r"Some $g \ge 0$ costs at most $E_q + e$, where $E_q = E(q)$ and $e > 0$ is as small as you like; "
                   r"$\Phi$ is nonincreasing."),
        Combination("E falls", le(least, least_q + e), ((1, lower), (1, near), (d, order)), put={share: mass + d},
                    text=r"$p_a = q + d \ge q$: $E(p) \le E(q)$."),
    )  # fmt: skip


def _sharp() -> tuple[Step, ...]:
    """T_n(t) = Phi(0) - E(t) for t >= 1/2, 0 before."""
    first, u, w = sp.symbols("p_1 u w", nonnegative=True)
    forced, free, least, least_q = sp.symbols("C_j H E_p E_q", real=True)
    mass, gap = le(first + law_j, 1), eq(first, law_j + t)
    at_zero, at_best = ge(forced, zero), le(free, least)
    return (
        Given("A label at distance t", (mass, gap), text=r"$p_1$ is the largest entry."),
        Combination("It has at most half the mass", le(law_j, HALF), ((HALF, mass), (HALF, gap)),
                    text=r"So forcing label $j$ to the top costs $\Phi(0)$: no such scores cost less, and all scores "
                         r"0 cost that; scores close to them, where $j$ is ahead, cost nearly that."),
        Combination("The largest entry is at least t", ge(first, t), ((1, gap),)),
        Given("The two costs", (at_zero, at_best),
              text=r"$p_1 \ge 1/2$, $E_p = E(p_1)$; for $p_1 < 1/2$, where $t < 1/2$, there is nothing to show."),
        Combination("Regret, from below", ge(forced - free, zero - least_q - e),
                    ((1, at_zero), (1, at_best), (1, le(least, least_q + e))),
                    text=r"$q = \max(t, 1/2) \le p_1$: the regret is at least $\Phi(0) - E(q)$, and $E(1/2) = "
                         r"\Phi(0)$."),
        Sign("A law that attains it beyond 1/2", ge(t, 1 - t), form=2 * x, put={t: HALF + x},
             text=r"$p = (t, 0, 1-t, 0, ...)$, $n \ge 3$: the largest entry is $t$, label 2 is at distance $t$ and has "
                  r"regret $\Phi(0) - E(t)$."),
        Sign("A law that attains it up to 1/2", ge(HALF, t), form=w / (2 * (1 + w)), put={t: HALF / (1 + w)},
             text=r"$p = (1/2, 1/2 - t, t, 0, ...)$: the largest entry is $1/2$, label 2 is at distance $t$ and has "
                  r"regret $\Phi(0) - E(1/2) = 0$."),
        Identity("In terms of two labels", (1 + u) / 2, t, put={u: 2 * t - 1},
                 text=r"For $n = 2$ the law is $((1+u)/2, (1-u)/2)$, and by the same lines $T_2(u) = \Phi(0) - "
                      r"E((1+u)/2)$. So $T_n(t) = T_2(2t-1)$ for $t \ge 1/2$."),
    )  # fmt: skip


def _curves() -> tuple[Step, ...]:
    """T_2(u) = Phi(0) - E(p), p = (1+u)/2, for the functions with a name."""
    p, u, v, scale, y = sp.symbols("p u v s y", positive=True)
    margin, w = sp.symbols("g w", nonnegative=True)
    two, upto = {p: (1 + u) / 2}, {u: 1 / (1 + w)}

    def cost(phi) -> sp.Expr:
        return p * phi(margin) + (1 - p) * phi(-margin)

    hinge, square, beyond = cost(lambda m: 1 - m), cost(lambda m: (1 - m) ** 2), {margin: 1 + x}
    log_cost = sp.log(1 + scale) - p * sp.log(scale)
    odds, inside = p / (1 - p), {p: 1 / (1 + v)}
    return (
        Sign("Hinge: margins up to 1", ge(hinge, 1 - u), form=u * (1 - margin), put=two | {margin: 1 / (1 + w)},
             text=r"With equality at $g = 1$."),
        Sign("Hinge: larger margins", ge((1 - p) * (1 + margin), 1 - u), form=(1 - u) * (margin - 1) / 2,
             put=two | beyond | upto, text=r"So $E = 1 - u$ and $T_2(u) = u$."),
        Sign("Squared hinge: margins up to 1", ge(square, 1 - u**2), form=(margin - u) ** 2, put=two,
             text=r"With equality at $g = u$."),
        Sign("Squared hinge: larger margins", ge((1 - p) * (1 + margin) ** 2, 1 - u**2),
             form=(1 - u) * ((1 - u) + 2 * x + x**2 / 2), put=two | beyond | upto,
             text=r"So $E = 1 - u^2$ and $T_2(u) = u^2$."),
        Identity("Exponential: cost above the least", p / scale + (1 - p) * scale - 2 * sp.sqrt(p * (1 - p)),
                 (sp.sqrt(p) - sp.sqrt(1 - p) * scale) ** 2 / scale, put=inside,
                 text=r"$s = e^g$: least at $s^2 = p/(1-p)$, which is at least 1."),
        Identity("Exponential: T_2", 1 - 2 * sp.sqrt((1 + u) / 2 * ((1 - u) / 2)), 1 - sp.sqrt(1 - u**2),
                 put={u: 1 / (1 + v)}),
        Identity("Logistic: the cost", p * sp.log(1 + 1 / scale) + (1 - p) * sp.log(1 + scale), log_cost,
                 put=inside, text=r"$s = e^g$."),
        Identity("Logistic: above p/(1-p)", log_cost.subs(scale, odds * (1 + y)) - log_cost.subs(scale, odds),
                 sp.log(1 + p * y) - p * sp.log(1 + y), put=inside),
        Identity("Logistic: below p/(1-p)", log_cost.subs(scale, odds / (1 + y)) - log_cost.subs(scale, odds),
                 sp.log(1 + (1 - p) * y) - (1 - p) * sp.log(1 + y), put=inside, text=r"The same for $1-p$."),
        Monotone("Logistic: these are not less than 0", sp.log(1 + p * w) - p * sp.log(1 + w), w,
                 derivative=p * (1 - p) * w / ((1 + p * w) * (1 + w)), put=inside, text=r"$w$ for $y$."),
        Identity("Logistic: the least cost", log_cost.subs(scale, odds), shannon(p, 1 - p), put=inside,
                 text=r"At $s = p/(1-p) \ge 1$."),
        Identity("Logistic: T_2", sp.log(2) - shannon((1 + u) / 2, (1 - u) / 2), logistic(u), put={u: 1 / (1 + v)}),
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
        Refutation("The two-label curve is too large from three labels on", ge((2 * t - 1) ** 2, t**2),
                   {t: sp.Rational(3, 4)}, text=r"Squared hinge: $T_2(2t-1) = 1/4$ and $T_2(t) = 9/16$ at $t = 3/4$."),
    )  # fmt: skip
