"""Theorem 11: the sharp transformation of cross-entropy for scores in a box, every number of labels (derived here).

eta = exp(-2 Lam), c = (n - 2) eta, sigma_0 = 1/(2 + c), t0 = c/(2 + c); q = n - 2.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step

__all__ = ["build", "limit_evidence", "two_label_evidence"]

STATEMENT = (
    r"For cross-entropy and scores in $[-\Lambda, \Lambda]^n$ the least conditional surrogate regret at zero-one "
    r"regret $t$ is $T_\Lambda(t)$, the largest $-(1-t)u/2 - \log(1 - \sigma_0(1 - e^{-u}))$ over $0 \le u \le "
    r"2 \Lambda$, $\sigma_0 = 1/(2 + (n-2)e^{-2 \Lambda})$, for every $n$. It is convex, hence its own hull; 0 up to "
    r"$t_0 = 1 - 2\sigma_0$; the Kullback-Leibler divergence of $((1+t)/2, (1-t)/2)$ from $((1+t_0)/2, (1-t_0)/2)$ up "
    r"to $t_1$, where artanh $t_1$ = artanh $t_0$ + $\Lambda$; and affine with slope $\Lambda$ from there."
)

ge, le, lt = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Lt))
eq = partial(sp.Eq, evaluate=False)
half = sp.Rational(1, 2)
c, sigma, eta, lam = sp.symbols("c sigma eta Lambda", positive=True)
t, u, x, y, z = sp.symbols("t u x y z", nonnegative=True)
rise = 1 - sp.exp(-u)
log = sp.log


def bracket(kappa: sp.Expr, share: sp.Expr) -> sp.Expr:
    """What lowering label j by u gains, with kappa = share of the pair and softmax share at the ceiling."""
    return -(kappa - t) * u / 2 - log(1 - kappa * share * rise)


def divergence(t: sp.Expr, start: sp.Expr) -> sp.Expr:
    """Of ((1+t)/2, (1-t)/2) from ((1+start)/2, (1-start)/2)."""
    return (1 + t) / 2 * log((1 + t) / (1 + start)) + (1 - t) / 2 * log((1 - t) / (1 - start))


def build() -> Derivation:
    """The chain for Theorem 11; nothing is checked before ``run``."""
    steps = (*_forced(), *_lowering(), *_worst_mass(), *_law(), *_closed_form(), *_set(), *_controls())
    title = "Theorem 11: bounded scores, cross-entropy"
    return Derivation("bounded_cross_entropy", title, STATEMENT, steps)


def two_label_evidence() -> Evidence:
    """n = 2: the binary form t B/2 - log cosh(B/2) beyond tanh(B/2), B = 2 Lam, and T_CE before."""
    return Derivation("bounded-two-labels", "Part of Theorem 11", STATEMENT, _two_labels()).run()


def limit_evidence() -> Evidence:
    """As Lam grows: t0 and 1 - t1 tend to 0, and the divergence tends to T_CE."""
    return Derivation("bounded-limit", "Part of Theorem 11", STATEMENT, _limit()).run()


def _forced() -> tuple[Step, ...]:
    """The scores of least cost with label j on top: label 1 is at the ceiling, and the others have their share."""
    p1, pi, s1, gap, others, scores = sp.symbols("p_1 p_i s_1 v p_r s_r", real=True)
    raised, below = le(p1, s1), eq(s1, sigma - gap)
    return (
        Given("If label 1 were below the ceiling", (raised, below, le(pi, p1), ge(pi, sigma)),
              text=r"$s$ is of least cost among the points of the box with $s_j = \sigma$ the largest entry. By the "
                   r"moves of Theorem 10, with $w_i = 1/s_i$ and $\Theta$ the sum of $p$, which is 1: $p_i \ge s_i$ "
                   r"above the floor and $p_i \le s_i$ below the ceiling, for all $i \ne j$. Here $s_1 = \sigma - "
                   r"v$; suppose label $i$ is at the ceiling, so that $p_i \ge \sigma$."),
        Combination("then no other label is at the ceiling", le(gap, 0),
                    ((1, raised), (-1, below), (1, le(pi, p1)), (1, ge(pi, sigma))),
                    text=r"So with $v > 0$ there is no such label, and $p_i \le s_i$ for every $i \ne j$."),
        Given("the sums", (le(others, scores), eq(others + 2 * p1 - t, 1), eq(scores + s1 + sigma, 1)),
              text=r"$p_r$ and $s_r$ are the sums over labels other than 1 and $j$; $p_j = p_1 - t$."),
        Combination("Label 1 is at the ceiling", le(gap + t, 0),
                    ((1, le(others, scores)), (2, raised), (1, eq(others + 2 * p1 - t, 1)),
                     (-1, eq(scores + s1 + sigma, 1)), (-1, below)),
                    text=r"Neither can $v > 0$ be: $s_1 = s_j = \sigma$."),
    )  # fmt: skip


def _lowering() -> tuple[Step, ...]:
    """The mass of the pair is limited; lowering label j alone stays in the box and gains the bracket."""
    kappa, regret, pair, pj, above = sp.symbols("kappa R P p_j u_s", real=True)
    floors, missing = sp.symbols("n_f g", nonnegative=True)
    s, pi = sp.symbols("s p_i", positive=True)
    inside = 1 - sigma * rise
    few, share = eq(c, (floors + missing) * eta), eq(above, 1 - sigma * (2 + floors * eta))
    cover, full = le(pair, 1 - above), ge(1, sigma * (2 + c))
    gain = ge(regret, -pj * u - log(1 - kappa / (2 + c) * rise))
    mass = Combination("The mass of the pair", le(pair, sigma * (2 + c)),
                       ((1, cover), (1, share), (sigma, few)))  # fmt: skip
    scale, two = eq(kappa, sigma * (2 + c)), eq(pair, 2 * pj + t)
    least = Combination("The mass of label j", le(pj, (kappa - t) / 2), ((half, mass), (half, scale), (half, two)))
    return (
        Given("The labels by height", (few, share, cover, full),
              text=r"$P = p_1 + p_j$. $n_f$ labels are at the floor $\eta \sigma$; the entries $p_i \ge s_i$ of the "
                   r"other labels sum to at least $u_s$. All entries are at least $\eta \sigma$, so $2 \sigma + "
                   r"c \sigma \le 1$."),
        mass,
        Identity("The new sum of exponentials", 1 - sigma + sigma * sp.exp(-u), inside,
                 text=r"$h_j = \Lambda$ becomes $\Lambda - u$, $0 \le u \le 2 \Lambda$, which is in the box; the sum "
                      r"of the $e^{h}$ shrinks by this factor."),
        Identity("What the others gain", -pi * log(s) + pi * log(s / inside), -pi * log(inside),
                 put={u: log(1 + y), sigma: 1 / (2 + z)}),
        Identity("What label j gains", -pi * log(s) + pi * log(s * sp.exp(-u) / inside), -pi * u - pi * log(inside),
                 put={u: log(1 + y), sigma: 1 / (2 + z)},
                 text=r"In sum $C(p,s) - C(p,s') = -p_j u - \log(1 - \sigma(1 - e^{-u}))$: the regret is at least "
                      r"that."),
        Given("In terms of kappa", (gain, scale, two), text=r"$\kappa = \sigma/\sigma_0 \le 1$, and $p_1 = p_j + t$."),
        least,
        Combination("The regret is at least the bracket", ge(regret, bracket(kappa, 1 / (2 + c))),
                    ((1, gain), (u, least))),
    )  # fmt: skip


def _worst_mass() -> tuple[Step, ...]:
    """The bracket falls in kappa, so that kappa = 1 is the worst."""
    ranges = {u: log(1 + y), x: 1 / (1 + z)}
    tanh, share = rise / (1 + sp.exp(-u)), rise / (2 + c)
    quotient = share / (1 - share * (1 - x))
    bound = Monotone("It is at most u/2", u / 2 - tanh, u, derivative=tanh**2 / 2)
    smaller = Sign("sigma_0 is at most 1/2 and kappa at most 1",
                   ge(tanh, quotient), put=ranges,
                   text=r"$\kappa = 1 - x$.")  # fmt: skip
    return (
        Identity("tanh(u/2)", sp.tanh(u / 2).rewrite(sp.exp), tanh),
        bound,
        smaller,
        Monotone("The bracket falls in kappa", bracket(1 - x, 1 / (2 + c)), x, put=ranges,
                 derivative=u / 2 - quotient,
                 parts=((1, bound), (1, smaller)),
                 text=r"So for every $u$ the regret is at least the bracket at $\kappa = 1$, and at least "
                      r"$T_\Lambda(t)$."),
    )  # fmt: skip


def _law() -> tuple[Step, ...]:
    """The two-label law attains it."""
    r, top, first = sp.symbols("r M p_1", positive=True)
    place = {top: 1 / ((1 + r + c) * (1 + y))}
    return (
        Identity("Its cost at the tie", (first + 1 - first) * log(2 + c), -log(1 / (2 + c)),
                 text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$ at $s_1 = s_2 = \sigma_0$, others at the floor: label 2 "
                      r"is among the largest and $\max p - p_2 = t$."),
        Sign("Label 1 gets the larger entry", ge(t * (log(sigma * (1 + y)) - log(sigma)), 0), form=t * log(1 + y),
             text=r"If $s_2 = (1+y)s_1$, exchanging the two saves $(p_1 - p_2)(\log s_2 - \log s_1)$."),
        Sign("The largest entry is limited", ge(-log(top), log(1 + r + c)), put=place, form=log(1 + y),
             text=r"$s_1 = M$, $s_2 = rM$, $\eta \le r \le 1$, and the others sum to at least $cM$: $M(1 + r + c) \le "
                  r"1$. So the least cost of $p$ is the least $\log(1+r+c) - p_2 \log r$."),
        Identity("Its regret", log(2 + c) - log(1 + sp.exp(-u) + c) - (1 - t) / 2 * u,
                 bracket(sp.S.One, 1 / (2 + c)), put={u: log(1 + y), t: 1 / (1 + z)},
                 text=r"$r = e^{-u}$, $p_2 = (1-t)/2$: the largest of these over $u$ is the regret of this law, "
                      r"and it is $T_\Lambda(t)$."),
    )  # fmt: skip


def _closed_form() -> tuple[Step, ...]:
    value = bracket(sp.S.One, 1 / (2 + c))
    start, corner = c / (2 + c), (1 + c - eta) / (1 + c + eta)
    slope = -(1 - t) / 2 + sp.exp(-u) / (1 + c + sp.exp(-u))
    r = sp.Symbol("r", positive=True)
    best = {t: (1 + c - r) / (1 + c + r)}
    first, second, late = sp.symbols("T_1 T_2 t_2", real=True)
    other = value.subs(t, late)
    return (
        Identity("Slope in u", sp.Derivative(value, u), slope),
        Sign("Concave in u", lt(sp.Derivative(slope, u), 0), form=(1 + c) * sp.exp(-u) / (1 + c + sp.exp(-u)) ** 2),
        Identity("Slope at u = 0", slope.subs(u, 0), (t - start) / 2,
                 text=r"Not positive exactly for $t \le t_0 = c/(2+c)$: there $u = 0$ is best and $T_\Lambda = 0$."),
        Identity("Stationary point", slope.subs(sp.exp(-u), r), 0, put=best,
                 text=r"At $e^{-u} = r$, for the $t$ with $(1-t)(1+c)/(1+t) = r$."),
        Identity("Its value", value.subs(u, -log(r)), divergence(t, start), put=best,
                 text=r"The divergence of $((1+t)/2, (1-t)/2)$ from $((1+t_0)/2, (1-t_0)/2)$."),
        Identity("It ends where u = 2 Lam", (1 - t) * (1 + c) / (1 + t), eta, put={t: corner}),
        Identity("The corner", (1 + corner) / (1 - corner), sp.exp(2 * lam) * (1 + start) / (1 - start),
                 put={eta: sp.exp(-2 * lam)}, text=r"Half the logarithm: artanh $t_1$ = $\Lambda$ + artanh $t_0$."),
        Identity("Slope in t", sp.Derivative(value, t), u / 2,
                 text=r"The slope of $T_\Lambda$ is $u/2$ at the best $u$: from 0 at $t_0$, artanh $t$ - artanh $t_0$, "
                      r"to $\Lambda$ at $t_1$, where it stays."),
        Given("A maximum of affine functions", (ge(first, value), ge(second, other)),
              text=r"$T_1 = T_\Lambda(t)$, $T_2 = T_\Lambda(t_2)$, any $u$."),
        Combination("Convex", ge((first + z * second) / (1 + z), value.subs(t, (t + z * late) / (1 + z))),
                    ((1 / (1 + z), ge(first, value)), (z / (1 + z), ge(second, other))),
                    text=r"The right side is the bracket at the mixed gap; its largest value over $u$ is "
                         r"$T_\Lambda$ there."),
        *_two_labels(),
        *_limit(),
    )  # fmt: skip


def _two_labels() -> tuple[Step, ...]:
    width = sp.Symbol("B", positive=True)
    entropy = ((1 + t) * log(1 + t) + (1 - t) * log(1 - t)) / 2
    return (
        Identity("Two labels, the curve", divergence(t, sp.S.Zero), entropy, put={t: 1 / (1 + y)}, text=r"$c = 0$."),
        Identity("Two labels, the tangent", bracket(sp.S.One, half).subs(u, width),
                 t * width / 2 - log(sp.cosh(width / 2).rewrite(sp.exp)),
                 put={width: 2 * log(1 + y), t: 1 / (1 + z)}, text=r"$B = 2 \Lambda$ limits the difference of the two "
                 r"scores: the form known for binary logistic regression, with its corner at $\tanh(B/2)$."),
    )  # fmt: skip


def _limit() -> tuple[Step, ...]:
    k = sp.Symbol("k", positive=True)
    start = k * eta / (2 + k * eta)
    inside = {t: 1 / (1 + y)}
    return (
        Identity("As Lam grows, the interval", sp.Limit(start, eta, 0), 0, text=r"$k = n - 2$, $\eta \to 0$."),
        Identity("the corner", sp.Limit((1 + k * eta - eta) / (1 + k * eta + eta), eta, 0), 1),
        Identity("and the curve", divergence(t, start), divergence(t, sp.S.Zero), put=inside | {eta: sp.S.Zero},
                 text=r"A continuous function of $\eta$: the limit is $T_{CE}$, the form for complete sets."),
    )  # fmt: skip


def _set() -> tuple[Step, ...]:
    return (
        Monotone("Wider boxes have larger T", log(1 - rise / (2 + c + x)), x, put={u: log(1 + y)},
                 derivative=rise / (2 + c + x) ** 2 / (1 - rise / (2 + c + x)),
                 text=r"A larger $\Lambda$ has a smaller $c$ and a longer range of $u$. So for a set whose box depends "
                  r"on the input the smallest box decides: for linear functions $w \cdot x + b$, $|b| \le B$, that of "
                  r"half range $B$ at $x = 0$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    at = {t: sp.Rational(2, 5)}
    entropy = divergence(t, sp.S.Zero)
    return (
        Refutation("The form for complete sets does not hold in a box", ge(divergence(t, sp.Rational(1, 5)), entropy),
                   at,
                   text=r"$n = 3$, $e^{-2 \Lambda} = 1/2$, $t_0 = 1/5$: $T_\Lambda(2/5) < T_{CE}(2/5)$."),
        Refutation("Nor does T vanish beyond t0", le(divergence(t, sp.Rational(1, 5)), 0), at),
    )  # fmt: skip
