"""Theorem 10: with bounded scores the transformation vanishes exactly on [0, t0], for every smooth convex psi.

Derived here.  eta = exp(-2 Lam) is the least ratio of two softmax entries, c = (n - 2) eta, t0 = c/(2 + c).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["build", "positive_evidence", "zero_evidence", "zero_until"]

STATEMENT = (
    r"Let $\psi$ be convex and differentiable with $\psi' < 0$, and let the scores fill the box "
    r"$[-\Lambda, \Lambda]^n$. The least conditional surrogate regret of a label whose zero-one regret is $t$ is 0 "
    r"if and only if $t \le t_0 = (n-2)/(2 e^{2 \Lambda} + n - 2)$. This $t_0$ is the same for every such loss, so "
    r"that for $n \ge 3$ no bound of the zero-one regret by a function of the surrogate regret vanishes at 0."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
eq = partial(sp.Eq, evaluate=False)
c, d, n, p1, p2, s, v = sp.symbols("c d n p_1 p_2 s v", positive=True)
lam = sp.Symbol("Lambda", positive=True)
t, x, y, z = sp.symbols("t x y z", nonnegative=True)
psi = smooth("psi")


def zero_until(n: sp.Expr, lam: sp.Expr) -> sp.Expr:
    """t0 = (n - 2)/(2 e^(2 Lam) + n - 2)."""
    return (n - 2) / (2 * sp.exp(2 * lam) + n - 2)


def build() -> Derivation:
    """The chain for Theorem 10; nothing is checked before ``run``."""
    steps = (*_setting(), *_tie(), *_attained(), *_moves(), *_top(), *_mass(), *_controls())
    title = "Theorem 10: the zero interval of bounded scores"
    return Derivation("bounded_zero_interval", title, STATEMENT, steps)


def zero_evidence() -> Evidence:
    """T(t) = 0 for t <= t0: the tie of the two-label law is a minimiser."""
    return Derivation("bounded-zero", "Part of Theorem 10", STATEMENT, (*_setting(), *_tie())).run()


def positive_evidence() -> Evidence:
    """T(t) > 0 for t > t0: a minimiser with label j on top has p_j (2 + c) >= p_1 + p_j."""
    steps = (_setting()[0], *_attained(), *_moves(), *_top(), *_mass())
    return Derivation("bounded-positive", "Part of Theorem 10", STATEMENT, steps).run()


def _setting() -> tuple[Step, ...]:
    eta = sp.exp(-2 * lam)
    return (
        Identity("The end of the interval", zero_until(n, lam), (n - 2) * eta / (2 + (n - 2) * eta), put={n: 2 + v},
                 text=r"The softmax vectors of the box are $S$: all $s$ in the simplex with $s_i \ge \eta s_k$, "
                      r"$\eta = e^{-2 \Lambda}$. With $c = (n-2) \eta$, $t_0 = c/(2+c)$. $S$ is compact, convex and "
                      r"symmetric, and its entries are positive. For $n = 2$, $t_0 = 0$; below, $c > 0$."),
        Identity("The tie", 2 / (2 + c) + c / (2 + c), 1,
                 text=r"$s_1 = s_2 = \sigma = 1/(2+c)$ and $s_i = \eta \sigma$ for the other $n - 2$ labels, of sum "
                      r"$c \sigma$, is in $S$: scores $\Lambda, \Lambda, -\Lambda, ...$"),
    )  # fmt: skip


def _tie() -> tuple[Step, ...]:
    """t <= t0: the tie is a global minimiser for the two-label law."""
    d1, d2, rest, cost, best = sp.symbols("d_1 d_2 D C C_0", real=True)
    slope = sp.Symbol("w", positive=True)
    total, first, second = eq(d1 + d2 + rest, 0), ge(rest, c * d1), ge(rest, c * d2)
    inside = {t: c / ((2 + c) * (1 + y))}
    share1, share2 = ((sign * t + 1) / 2 - 1 / (2 + c) for sign in (1, -1))
    moved = ge(cost, best - slope * ((1 + t) / 2 * d1 + (1 - t) / 2 * d2))
    downhill = Combination("No feasible direction leads down", le((1 + t) / 2 * d1 + (1 - t) / 2 * d2, 0),
                           ((-1 / (2 + c), total), (share1 / c, first), (share2 / c, second)), put=inside,
                           text=r"The multipliers sum to $1/(2+c)$ on $d_1 + d_2$; that of the last line is "
                                r"nonnegative exactly if $(1-t)/2 \ge 1/(2+c)$, that is $t \le t_0$. This is where "
                                r"the interval ends.")  # fmt: skip
    return (
        Given("Another point of S", (total, first, second),
              text=r"$d$ is its difference from the tie and $D$ the sum of $d_i$ over $i \ge 3$. At the tie $s_i = "
                   r"\eta s_1 = \eta s_2$, so $d_i \ge \eta d_1$ and $d_i \ge \eta d_2$: summed over $n - 2$ labels."),
        downhill,
        Cited("Tangent at the tie", "a convex function lies above its tangents", (moved,),
              text=r"The law $((1+t)/2, (1-t)/2, 0, ...)$ costs $C_0$ at the tie and $C$ at the other point; $w = "
                   r"-\psi'(\sigma) > 0$."),
        Combination("The tie is best", ge(cost, best), ((1, moved), (slope, downhill)), put=inside,
                    text=r"Label 2 is among the largest at the tie, so predicting it has surrogate regret 0, and "
                         r"its zero-one regret is $(1+t)/2 - (1-t)/2 = t$. Hence the least regret is 0 for $t \le "
                         r"t_0$."),
    )  # fmt: skip


def _attained() -> tuple[Step, ...]:
    return (
        Words("Conversely, a law and scores of regret 0",
              text=r"The least costs over $S$, and over its points with $s_j$ maximal, are continuous in $p$ "
                   r"(infima over compact sets of functions that are linear in $p$ and continuous). So if the least "
                   r"regret at some $t > 0$ is 0, there are a law with $p_1 = \max p = p_j + t$ and an $s$ in $S$ "
                   r"with $s_j$ maximal that is a minimiser over all of $S$."),
    )  # fmt: skip


def _moves() -> tuple[Step, ...]:
    """What a minimiser must satisfy: entry i may be scaled down, or up, against the others."""
    h, pi, pk, si, sk = sp.symbols("h p_i p_k s_i s_k", positive=True)
    down = pi * psi((1 + h) * si - h) + pk * psi((1 + h) * sk)
    step, up = v / (1 + z), v / (1 + v + z)
    return (
        Sign("An entry above the floor can be lowered", ge((1 + step) * (d + v) - step, (1 + step) * d),
             form=v * (v + z) / (1 + z),
             text=r"$s_i = d + v$ with $d = \eta \max s$ and $v > 0$: $s$ moves to $(1+h)s - h e_i$, $h = v/(1+z) \le "
                  r"v$, which lowers entry $i$ and scales up the others."),
        Sign("An entry below the largest can be raised", ge((1 - up) * (d + v), (1 - up) * d + up),
             form=v * z / (1 + v + z), text=r"$s_i = d$, $\max s = d + v$: to $(1-h)s + h e_i$ with $h = v/(1+v+z)$."),
        Identity("What lowering costs at first order", sp.Derivative(down, h).doit().subs(h, 0),
                 -pi * psi(si, 1) + pi * psi(si, 1) * si + pk * psi(sk, 1) * sk,
                 text=r"With $w_i = -\psi'(s_i)$ and $\Theta$ the sum of $p_k w_k s_k$ over all labels it is $p_i w_i "
                      r"- \Theta$, so at a minimiser $p_i w_i \ge \Theta$ above the floor; raising gives $p_i w_i \le "
                      r"\Theta$ below the largest."),
    )  # fmt: skip


def _top() -> tuple[Step, ...]:
    """Label 1 is at the ceiling too."""
    w1, wj, pj, theta = sp.symbols("w_1 w_j p_j Theta", positive=True)
    raised, lowered, falling = le(p1 * w1, theta), ge(pj * wj, theta), ge(w1, wj)
    return (
        Given("If label 1 were below the largest entry", (raised, lowered, falling),
              text=r"$s_1 < s_j$: label 1 can be raised and label $j$ lowered, and $\psi'$ is nondecreasing."),
        Combination("then it would be no more probable", ge(pj * wj, p1 * wj),
                    ((1, raised), (1, lowered), (p1, falling)),
                    text=r"So $p_1 \le p_j$, against $p_1 = p_j + t$, $t > 0$. Hence $s_1 = s_j = \sigma$, the "
                         r"largest entry."),
    )  # fmt: skip


def _mass() -> tuple[Step, ...]:
    """Two labels at the ceiling: how much mass label j must have."""
    eta, sigma, w, theta, pj = sp.symbols("eta sigma w Theta p_j", positive=True)
    floors, missing, above, high, low = sp.symbols("n_f g u U F", nonnegative=True)
    sums = (
        eq(above, 1 - sigma * (2 + floors * eta)),
        eq(theta, sigma * w * (2 * pj + t) + high + low),
        ge(high, theta * above),
        ge(low, 0),
    )
    own, few, all_mass = ge(pj * w, theta), eq(c, (floors + missing) * eta), ge(1, 2 * pj + t)
    pair = Combination("The pair against Theta", ge(theta * (2 + floors * eta), w * (2 * pj + t)),
                       ((theta / sigma, sums[0]), (1 / sigma, sums[1]), (1 / sigma, sums[2]), (1 / sigma, sums[3])),
                       )  # fmt: skip
    mass = Combination("Label j has its share", ge(pj * w * (2 + floors * eta), w * (2 * pj + t)),
                       ((1, pair), (2 + floors * eta, own)))  # fmt: skip
    enough = Combination("In terms of c", ge(w * c * pj, w * t), ((1, mass), (w * pj, few)),
                         text=r"At most $n - 2$ labels are at the floor: $c = (n_f + g) \eta$, $g \ge 0$."
                         )  # fmt: skip
    return (
        Given("The labels by height", (*sums, own, few, all_mass),
              text=r"Labels 1 and $j$ have $s = \sigma$ and mass $2 p_j + t \le 1$; $n_f$ labels are at the floor "
                   r"$\eta \sigma$; $u$ is the sum of the other entries and $U$ that of their $p_k w_k s_k \ge \Theta "
                   r"s_k$; $F \ge 0$ is that of the labels at the floor. Label $j$ can be lowered: $p_j w \ge "
                   r"\Theta$."),
        pair, mass, enough,
        Combination("So t is at most t0", ge(w * c, w * t * (2 + c)), ((2, enough), (w * c, all_mass)),
                    text=r"Divided by $w(2+c)$: $t \le c/(2+c) = t_0$. Beyond $t_0$ the least regret is positive, "
                         r"being attained."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    q = sp.Rational
    kl = q(7, 10) * sp.log(q(7, 6)) + q(3, 10) * sp.log(q(3, 4))
    cubic = sp.Symbol("s", positive=True)
    gain = ((1 - cubic**2) / 2).subs(cubic, q(2, 5))
    other = q(3, 5) * (1 - q(1, 2) ** 2) / 2 + q(2, 5) * (1 - q(1, 4) ** 2) / 2
    return (
        Refutation("The interval ends at t0", le(kl, 0), {},
                   text=r"Cross-entropy, $n = 3$, $\eta = 1/2$: $t_0 = 1/5$. At $t = 2/5$, $p = (7/10, 3/10, 0)$, the "
                        r"scores with $s = (14, 9, 7)/30$ cost less than the tie $(2, 2, 1)/5$, by the left side."),
        Refutation("A concave psi leaves no interval", ge(other, gain), {},
                   text=r"$\psi(s) = (1-s^2)/2$, $n = 3$, $\eta = 1/2$, $t = t_0 = 1/5$, $p = (3/5, 2/5, 0)$: "
                        r"$s = (1/2, 1/4, 1/4)$ costs less than the tie $(2, 2, 1)/5$."),
    )  # fmt: skip
