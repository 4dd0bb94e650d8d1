"""Which losses are calibrated: theorems that say yes, and the exact interval on which T = 0 where they are not.

Derived here; much of it is known (Zhang 2004, Tewari and Bartlett 2007, recalled).  Label 1 is the most probable one,
p_1 = p_j + t, and label j is forced to have a largest score.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import class_weights, max_losses, sum_hinge, sum_squared_hinge
from hconsist.derivations.links import theorem
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Complete hypothesis sets, $n$ labels. $T(t) > 0$ for all $t > 0$ for: (a) $\psi(s_y)$, $s$ the softmax of the "
    r"scores, with $\psi$ strictly decreasing and $\psi' < 0$ on $(0,1)$; (b) one-versus-all, (c) sum and (d) "
    r"constrained losses of a convex, differentiable and nonincreasing $\Phi$ that is bounded below and has $\Phi'(0) "
    r"< 0$; (e) Fenchel-Young losses of a symmetric and strictly convex $\Omega$; (f) squentropy. $T = 0$ exactly on "
    r"$[0, t_0]$ for: (g) max losses of a convex, nonincreasing $\Phi$ with $\Phi'(0) < 0$, $n \ge 3$: $t_0 = 1/2$; "
    r"(h) one-versus-all hinge and $\rho$-margin losses, $n \ge 3$: $t_0 = 1/2$; (i) the sum hinge: $t_0 = 1/2 - 1/n$; "
    r"(j) logit adjustment, where the best scores have the order of $w_i p_i$: $t_0 = (r-1)/(r+1)$, $r = "
    r"w_{max}/w_{min}$. For $n = 2$ the losses (g) and (h) have $T(t) > 0$ for all $t > 0$."
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
t, g = sp.symbols("t g", positive=True)
pj, x, y, z = sp.symbols("p_j x y z", nonnegative=True)
p1 = pj + t
HALF = sp.Rational(1, 2)
LAW = sp.symbols("p_1 p_2 p_3", nonnegative=True)
AT = dict(zip(LAW, (HALF, HALF - t, t)))
"""The law (1/2, 1/2 - t, t, 0, ...), t <= 1/2."""


def build() -> Derivation:
    """The chain for all families; nothing is checked before ``run``."""
    steps = (
        _pointwise(), *_comp_sum(), *_one_versus_all(), *_sum(), *_constrained(), *_fenchel_young(), *_squentropy(),
        *_maximum(), *_kinked(), *_sum_hinge(), *_label_weights(), *_controls(),
    )  # fmt: skip
    return Derivation("calibration", "Calibration: which losses, and up to where T = 0", STATEMENT, steps)


def _pointwise() -> Step:
    return Cited("One law at a time is enough", "Rockafellar 1970, Convex Analysis, Theorem 10.2",
                 text=r"The least risks $H(p)$ and $C_j(p)$ are infima of functions that are linear in $p$, so they "
                      r"are concave and upper semicontinuous; a concave function on a polytope is lower "
                      r"semicontinuous. So $C_j - H$ is continuous, and on the compact set of laws with "
                      r"$p_1 - p_j \ge t$ it has a positive minimum if it is positive at every one of "
                      r"them.")  # fmt: skip


def _comp_sum() -> tuple[Step, ...]:
    first, own, slope = sp.symbols("psi_1 psi_j d", real=True)
    order, falls = gt(first, own), gt(slope, 0)
    return (
        Given("(a) a larger score for j", (order,),
              text=r"If $s_j > s_1$, then $\psi(s_j) < \psi(s_1)$."),
        Combination("(a) exchanging the scores of 1 and j pays", gt(p1 * first + pj * own, p1 * own + pj * first),
                    ((t, order),)),
        Given("(a) equal scores", (falls,), text=r"If $s_1 = s_j = \sigma$, largest and so not 0: $d = "
                                                 r"-\psi'(\sigma)$."),
        Combination("(a) moving share from j to 1 pays", gt(p1 * slope - pj * slope, 0), ((t, falls),),
                    text=r"The rate at which the risk falls when $s_1$ rises and $s_j$ falls by the same."),
        Words("(a) no minimiser has label j at the top",
              text=r"The risk is lower semicontinuous on the closed simplex, so it has a least value there with $s_j$ "
                   r"largest, and $C_j(p)$ is not below it; by the lines before, the risk is lower elsewhere, and so "
                   r"is $H(p)$. (Convexity of $\psi$ is not needed.)"),
    )  # fmt: skip


def _one_versus_all() -> tuple[Step, ...]:
    first, last, mean = sp.symbols("Phi_1 Phi_j Phi_u", real=True)
    back, forth, middle = sp.symbols("Psi_1 Psi_j Psi_u", real=True)
    a, b = sp.symbols("a b", real=True)
    rest = sp.Symbol("r", nonnegative=True)
    convex, falls = ge(first + last, 2 * mean), ge(first, mean)
    convex_back, falls_back = ge(back + forth, 2 * middle), ge(forth, middle)
    steep = ge(a + b, g)
    return (
        Given("(b) labels 1 and j", (convex, falls, convex_back, falls_back),
              text=r"Let $h_1 \le h_j$ and $u$ be their mean. $\Phi_1$, $\Phi_j$, $\Phi_u$: $\Phi$ at $h_1$, $h_j$, "
                   r"$u$; $\Psi$: at the same scores with the opposite sign. $\Phi$ is convex and nonincreasing."),
        Combination("(b) the mean score costs no more",
                    ge(p1 * first + pj * last + rest * back + (rest + t) * forth,
                       (p1 + pj) * mean + (2 * rest + t) * middle),
                    ((pj, convex), (t, falls), (rest, convex_back), (t, falls_back)),
                    text=r"$r = 1 - p_1$, so $1 - p_j = r + t$. So $C_j(p)$ is the least risk with equal scores $u$; "
                         r"as $0 < p_1 + p_j < 2$ and $\Phi(-\infty) = \infty$, it is attained at a finite $u$."),
        Given("(b) slopes there", (steep,),
              text=r"$a = -\Phi'(u)$, $b = -\Phi'(-u)$, both nonnegative; $u$ or $-u$ is at most 0, where "
                   r"$-\Phi' \ge g = -\Phi'(0)$."),
        Combination("(b) raising 1 and lowering j pays", ge(p1 * a - rest * b - pj * a + (rest + t) * b, t * g),
                    ((t, steep),), text=r"The rate at which the risk falls: $C_j(p) > H(p)$."),
    )  # fmt: skip


def _sum() -> tuple[Step, ...]:
    third = sp.Symbol("f", real=True)
    falls = ge(third, 0)
    return (
        theorem(sum_squared_hinge, "Their own pair",
                text=r"(c) With $h_j$ largest, $h_1 = h_j = c$ costs no more for the pair ..."),
        theorem(sum_squared_hinge, "With a third label", text=r"... nor against any other label ..."),
        theorem(sum_squared_hinge, "What the third label pays", text=r"... nor for any other label."),
        Words("(c) attained",
              text=r"So $C_j(p)$ is a least risk with $h_1 = h_j$. Labels without mass may be sent to $-\infty$, where "
                   r"they cost the others $\inf \Phi$. Differences of the other scores are bounded where the risk is, "
                   r"as both labels of a pair have mass or (label $j$) the score of one that has, and "
                   r"$\Phi(-\infty) = \infty$: the least risk is attained."),
        Given("(c) slopes there", (falls,), text=r"$f$: the sum of $-\Phi'(c - h_k)$ over the other labels."),
        Combination("(c) raising 1 and lowering j pays", ge(p1 * (2 * g + third) - pj * (2 * g + third), 2 * t * g),
                    ((t, falls),),
                    text=r"The rate at which the risk falls, $g = -\Phi'(0)$; what the other labels pay changes to "
                         r"second order only. So $C_j(p) > H(p)$."),
    )  # fmt: skip


def _constrained() -> tuple[Step, ...]:
    q1, a, b, lam = sp.symbols("q_1 a_1 a_j lambda", nonnegative=True)
    zero, least, forced, free = sp.symbols("Phi_0 m C_j H", real=True)
    n = sp.Symbol("n", positive=True)
    order, first, last = ge(b, a), eq(q1 * a, lam), eq((q1 + t) * b, lam)
    pays, best = ge(forced, zero + (n - 2) * least), eq(free, (n - 1) * least)
    return (
        Given("(d) a minimiser with label j at the top", (order, first, last),
              text=r"$q = 1 - p$, $q_j = q_1 + t$; the risk is the sum of $q_i \Phi(-h_i)$. If all $q_i > 0$ it is "
                   r"attained: where it is bounded, scores are bounded above, and their sum is 0. Suppose $h$ is a "
                   r"minimiser with $h_j \ge h_1$: $a_i = -\Phi'(-h_i)$ has $a_j \ge a_1$ and $q_i a_i = \lambda$ for "
                   r"all labels."),
        Combination("(d) the slope of j vanishes", le(t * b, 0), ((q1, order), (1, first), (-1, last)),
                    text=r"So $a_j = 0$, $\lambda = 0$ and all $a_i = 0$. But $-\Phi'(u) \ge -\Phi'(0) > 0$ for $u \le "
                         r"0$, so all $h_i < 0$, which contradicts their sum 0."),
        Given("(d) the sure law", (pays, best),
              text=r"$q_1 = 0$ only for $p = e_1$, all other $q_i = 1$. The largest score $h_j$ is at least 0 and "
                   r"costs $\Phi(-h_j) \ge \Phi(0)$; the others cost at least $m = \inf \Phi$ each. Without the "
                   r"constraint $h_1 \to \infty$ reaches $m$ for all."),
        Combination("(d) the sure law: regret", ge(forced - free, zero - least), ((1, pays), (-1, best)),
                    text=r"$\Phi(0) > \inf \Phi$ as $\Phi'(0) < 0$."),
    )  # fmt: skip


def _fenchel_young() -> tuple[Step, ...]:
    conjugate, at_y, at_p, gap = sp.symbols("Omega^* h.y h.p G", real=True)
    of_y, of_p, of_m = sp.symbols("Omega_y Omega_p Omega_m", real=True)
    h1 = sp.Symbol("h_1", real=True)
    yj = sp.Symbol("y_j", nonnegative=True)
    attained, midpoint = eq(conjugate, at_y - of_y), ge(conjugate, (at_y + at_p) / 2 - of_m)
    defined = eq(gap, conjugate + of_p - at_p)
    return (
        Given("(e) regret", (attained, midpoint, defined),
              text=r"$y$ is the prediction, the maximiser of $h \cdot y - \Omega(y)$, and $m = (y+p)/2$. The regret of "
                   r"scores $h$ at the law $p$ is $G = \Omega^*(h) + \Omega(p) - h \cdot p$, of infimum 0 over $h$."),
        Combination("(e) at least twice the Jensen gap", ge(gap, of_y + of_p - 2 * of_m),
                    ((2, midpoint), (1, defined), (-1, attained))),
        Sign("(e) the prediction has the order of the scores",
             ge(h1 * yj + (h1 + x) * (yj + z), h1 * (yj + z) + (h1 + x) * yj), form=x * z,
             text=r"$h_j = h_1 + x$. If $y_1 = y_j + z$, $z > 0$, exchanging $y_1$ and $y_j$ would give another "
                  r"maximiser: $\Omega$ is symmetric. As $\Omega$ is strictly convex there is only one, so $y_j \ge "
                  r"y_1$."),
        Words("(e) positive",
              text=r"So $y \ne p$ where $p_1 - p_j \ge t$, and the Jensen gap, continuous and positive, has a positive "
                   r"minimum over the compact set of such $(y, p)$."),
    )  # fmt: skip


def _squentropy() -> tuple[Step, ...]:
    p, s, b = sp.symbols("p_i s_i b_i", real=True)
    q1, qj = sp.symbols("q_1 q_j", nonnegative=True)
    up, down, first, last = sp.symbols("B_1 B_j r_1 r_j", real=True)
    stationary, stationary_j = eq(q1 * up, first), eq(qj * down, last)
    order, shares = ge(down, up), le(last, first)
    return (
        Identity("(f) where the gradient vanishes", (1 - p) * (1 + b) - (1 - s), s - p + (1 - p) * b,
                 text=r"The risk is cross-entropy plus $(n-1)^{-1} \sum (1-p_k) h_k^2$; $s$ is the softmax and "
                      r"$b_i = 2h_i/(n-1)$. For $\max p < 1$ it is strictly convex and tends to infinity: the "
                      r"minimiser is unique, and $(1-p_i)(1+b_i) = 1-s_i$."),
        Given("(f) a minimiser with label j at the top", (stationary, stationary_j, order, shares),
              text=r"$q = 1-p$, $B_i = 1+b_i$, $r_i = 1-s_i > 0$, so that $B_1 > 0$; $h_j \ge h_1$, so $B_j \ge B_1$ "
                   r"and $s_j \ge s_1$."),
        Combination("(f) the order of p", ge(q1 * up, qj * up),
                    ((1, stationary), (1, shares), (-1, stationary_j), (qj, order)),
                    text=r"As $B_1 > 0$: $q_1 \ge q_j$, that is $p_1 \le p_j$."),
        Words("(f) the sure law", text=r"At $p = e_1$ the least risk is 0, for $h_1 \to \infty$; with $h_j \ge h_1$ "
                                       r"the cross-entropy alone costs $\log 2$."),
    )  # fmt: skip


def _maximum() -> tuple[Step, ...]:
    e = sp.Symbol("epsilon", positive=True)
    half = {t: 1 / (2 + x)}
    return (
        theorem(max_losses, "No scores cost less than all scores 0",
                text=r"(g) With $p_a \le 1/2$ the label at the top. Forcing $j$ to the top costs at least $\Phi(0)$, "
                     r"since $p_j \le 1/2$, and equal scores cost just that."),
        Sign("(g) above 1/2 label 1 is worth raising", gt((HALF + e) * g - (HALF - e) * g, 0), form=2 * e * g,
             text=r"$p_1 = 1/2 + \epsilon$: the rate at which the risk falls when $h_1$ rises from equal scores. So "
                  r"$H(p) < \Phi(0) = C_j(p)$ for $t > 1/2$, where $p_1 > 1/2$; and for $n = 2$ at all $t > 0$."),
        Identity("(g) a law up to there", sum(LAW), 1, put=AT,
                 text=r"$p = (1/2, 1/2 - t, t, 0, ...)$, $t \le 1/2$, $n \ge 3$: $\max p = 1/2$, so equal scores are "
                      r"best, and label 2 may be predicted."),
        Sign("(g) its entries", ge(HALF - t, 0), put=half, form=x / (2 * (2 + x))),
    )  # fmt: skip


def _kinked() -> tuple[Step, ...]:
    hinge, mirror = sp.symbols("Phi_u Phi_-u", real=True)
    e = sp.Symbol("epsilon", positive=True)
    own = HALF - e - y
    c = (1 - y) / 2
    both, back = ge(hinge + mirror, 2), ge(mirror, 0)
    first, last, mean = sp.symbols("P_1 P_j c", positive=True)
    return (
        Given("(h) hinge", (both, back),
              text=r"$\Phi(u) + \Phi(-u) \ge (1-u) + (1+u)$ and $\Phi \ge 0$. Let $p_1 = 1/2 + \epsilon$, and "
                   r"$p_j = 1/2 - \epsilon - y$ with $y = 1 - p_1 - p_j$ the mass of the others, $c = (1-y)/2$ the "
                   r"mean of both. By (b) equal scores $u$ are the best ones with $h_j \ge h_1$."),
        Combination("(h) hinge: equal scores cost", ge(c * hinge + (1 - c) * mirror, 2 * c),
                    ((c, both), (1 - 2 * c, back)), put={y: 1 / (1 + z)}),
        Identity("(h) hinge: regret", 4 * mean - 2 * (1 - first) - 2 * last, 4 * e,
                 put={mean: c, first: HALF + e, last: own},
                 text=r"The free costs are $2(1 - p_1)$ at $h_1 = 1$ and $2 p_j$ at $h_j = -1$: positive for $p_1 > "
                      r"1/2$, so for $t > 1/2$, and for $n = 2$ at all $t > 0$."),
        Sign("(h) rho-margin: h_1 <= 0", gt(first - (1 - first), 0), put={first: HALF + e},
             text=r"A score $u \le 0$ costs $\Phi_\rho(u) = 1$ with weight $p$, a score $u \ge 0$ costs $\Phi_\rho(-u) "
                  r"= 1$ with weight $1 - p$; the least costs are $\min(p, 1-p)$. If $h_1 \le 0$, label 1 pays $p_1$ "
                  r"instead of $1 - p_1$."),
        Sign("(h) rho-margin: h_1 > 0", gt((1 - last) - last, 0), put={last: own},
             text=r"Then $h_j > 0$ pays $1 - p_j$ instead of $p_j$."),
        Identity("(h) all labels alike up to 1/2", sum(2 * p for p in LAW), 2, put=AT,
                 text=r"$p = (1/2, 1/2 - t, t, 0, ...)$ and $n \ge 3$: no entry exceeds 1/2, so all scores $-1$ are "
                      r"best for the hinge, with the least cost $2 p_i$ of each label, and all scores $-\rho$ for the "
                      r"$\rho$-margin, with half of it; label 2 may be predicted."),
    )  # fmt: skip


def _sum_hinge() -> tuple[Step, ...]:
    top, own = sp.symbols("P_1 P_j", nonnegative=True)
    n = sp.Symbol("n", positive=True)
    raise_, lower = le(top, 1 - top), ge((n - 1) * own, 1 - own)
    return (
        Given("(i) a minimiser with label j at the top", (raise_, lower),
              text=r"The risk is piecewise linear, so the least one is attained, with or without $j$ at the top. "
                   r"Raising $h_1$ does not pay: the hinge of label 1 against $j$ falls at rate 1, since $h_1 \le "
                   r"h_j$, and the others rise at rate at most 1 each. Lowering $h_j$ does not pay: the hinges of all "
                   r"others against $j$ fall at rate 1, since $h_k \le h_j$, and the $n - 1$ of $j$ rise at rate at "
                   r"most 1."),
        Combination("(i) no zero-one regret beyond", le(top - own, HALF - 1 / n), ((HALF, raise_), (1 / n, lower))),
        theorem(sum_hinge, "Zero-one regret", text=r"(i) Reached at $p = (1/2, 1/n, 1/(2n), ...)$ with the best scores "
                                                   r"$(1, 1, 0, ..., 0)$. They are best for the laws between it and "
                                                   r"its exchange of labels 1 and 2 too: $T = 0$ up to there."),
    )  # fmt: skip


def _label_weights() -> tuple[Step, ...]:
    return (
        theorem(class_weights, "The pair is in this order",
                text=r"(j) The regret of scores is the divergence of $p$ from the softmax of $h_i - \log w_i$, so it "
                     r"is 0 only in the limit where that is $p$, and $h_j \ge h_1$ asks for $w_j p_j \ge w_1 p_1$. But "
                     r"for $t > (r-1)/(r+1)$ the right side is positive."),
        theorem(class_weights, "A law with zero regret", text=r"(j) Up to there $w_2 p_2 \ge w_1 p_1$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    a, b = sp.symbols("P_1 P_2", positive=True)
    at = {a: sp.Rational(3, 5), b: sp.Rational(2, 5)}
    return (
        Refutation("A kink of psi is not covered", gt(a * 1 - b * 3, 0), at,
                   text=r"Slopes $-3$ below and $-1$ above $\sigma$: moving share to label 1 does not pay at $p = "
                        r"(3/5, 2/5)$, and equal scores are best."),
        Refutation("A kink of Phi at 0 is not covered", gt(a * 0 - b * 1, 0), at,
                   text=r"Max loss of $\max(0, -u)$, $n = 2$: raising label 1 gains nothing, at any law."),
        Refutation("Sum hinge: no smaller end", le(a - b, HALF - sp.Rational(1, 3) - sp.Rational(1, 100)),
                   {a: HALF, b: sp.Rational(1, 3)}, text=r"The law of (i) for $n = 3$."),
    )  # fmt: skip
