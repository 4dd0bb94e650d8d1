"""Theorem 11 for tau <= 1: the two-label law is the worst in a box too; where that is false for larger tau.

Derived here.  psi(s) = (s^(-b) - 1)/b with b = 1 - tau in (0, 1] (b = 0 is cross-entropy), a = 1/(1 + b), E = 1/eta =
exp(2 Lam) = 1 + e, c = (n - 2) eta.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.evidence import Evidence
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "formula", "minimiser_evidence", "two_label_evidence"]

STATEMENT = (
    r"For $0 \le \tau \le 1$ and scores in $[-\Lambda, \Lambda]^n$ the least conditional surrogate regret at zero-one "
    r"regret $t$ is, for every $n$, that of the law $((1+t)/2, (1-t)/2, 0, ...)$: the largest "
    r"$\psi(1/(2+c)) - (1+t)/2\, \psi(1/(1+r+c)) - (1-t)/2\, \psi(r/(1+r+c))$ over $e^{-2 \Lambda} \le r \le 1$, "
    r"$c = (n-2)e^{-2 \Lambda}$. For every convex nonincreasing $\psi$ it is at most this, with equality for $n = 2$."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
eq = partial(sp.Eq, evaluate=False)
half = sp.Rational(1, 2)
c, e, r, p1, p2, lam = sp.symbols("c e r p_1 p_2 Lambda", positive=True)
t, w, x, y, z = sp.symbols("t w x y z", nonnegative=True)
b = sp.Symbol("b", positive=True)
UPTO = {b: 1 / (1 + w)}


def psi(s: sp.Expr, power: sp.Expr = -b) -> sp.Expr:
    """(1 - s^power)/power, power = tau - 1."""
    return (1 - s**power) / power


def formula(t: sp.Expr, r: sp.Expr, c: sp.Expr, power: sp.Expr) -> sp.Expr:
    """What the two-label formula maximises over r in [eta, 1]; any r gives a lower bound of the maximum."""
    total = 1 + r + c
    return psi(1 / (2 + c), power) - (1 + t) / 2 * psi(1 / total, power) - (1 - t) / 2 * psi(r / total, power)


def build() -> Derivation:
    """The chain for Theorem 11 at tau <= 1; nothing is checked before ``run``."""
    parts = (_minimiser(), _balance(), _scale(), _multiplier(), _others(), _path(), _law(), _curve(), _controls())
    title = "Theorem 11 for tau <= 1: bounded scores, power losses"
    return Derivation("bounded_power", title, STATEMENT, tuple(step for part in parts for step in part))


def two_label_evidence() -> Evidence:
    """T is at most the two-label formula for every convex nonincreasing psi, and equal to it for two labels."""
    return Derivation("bounded-two-label-law", "Part of Theorem 11", STATEMENT, _law()).run()


def minimiser_evidence() -> Evidence:
    """The best scores at one law: p^a cut off at two levels, whose shares balance."""
    return Derivation("bounded-minimiser", "Part of Theorem 11", STATEMENT, (*_minimiser(), *_balance())).run()


def _minimiser() -> tuple[Step, ...]:
    s, p, theta = sp.symbols("s p Theta", positive=True)
    return (
        Identity("psi'", sp.Derivative(psi(s), s), -(s ** (-b - 1)), text=r"$w_i = s_i^{-1-b}$ in the moves of "
                 r"Theorem 10: a minimiser of $C(p, \cdot)$ over the box has $p_i s_i^{-1-b} \ge \Theta$ above the "
                 r"floor $f$ and $\le \Theta$ below the ceiling $Ef$, with $\Theta$ the sum of $p_k s_k^{-b}$."),
        Identity("Between floor and ceiling", p * (((p / theta) ** (1 / (1 + b))) ** (-1 - b)), theta,
                 text=r"So $s_i$ is $(p_i/\Theta)^a$, cut off at $f$ and at $Ef$. (If neither end is reached, any $f$ "
                      r"with all entries in $[f, Ef]$ will do.)"),
        Identity("Theta in terms of the cost", p * psi(s), (p * s ** (-b) - p) / b,
                 text=r"Summed over the labels: $\Theta = 1 + bC$, at the minimum $\Theta = 1 + bH(p)$."),
    )  # fmt: skip


def _balance() -> tuple[Step, ...]:
    """Theta is the sum of p_k s_k^(-b): a condition on f that is linear in p."""
    f, theta, E = sp.symbols("f Theta E", positive=True)
    yy = sp.Symbol("y", positive=True)
    own = {p1: yy * theta * f ** (1 + b)}
    power = Monotone("A power of E is at least 1", (1 + e * x) ** b, x, text=r"At $x = 1$: $E^b \ge 1$, $E = 1 + e$.")
    line = yy * (1 + e) ** (-b) - (1 + e)
    return (
        Identity("A label at the floor", (p1 * f ** (-1 - b) - theta) * f / (theta * f), yy - 1, put=own,
                 text=r"$\Theta$ being the sum of $p_k s_k^{-b}$ and 1 that of $s_k$, the sum of $(p_k s_k^{-1-b} - "
                      r"\Theta)s_k$ is 0, and only labels at an end count. With $\lambda = f^{-1-b}/\Theta$ and $y = "
                      r"\lambda p_k$ label $k$ has the share $\omega(y) = y - 1$ for $y \le 1$"),
        Identity("A label at the ceiling", (p1 * (E * f) ** (-1 - b) - theta) * E * f / (theta * f),
                 yy * E ** (-b) - E, put=own, text=r"and $\omega(y) = yE^{-b} - E$ for $y \ge E^{1+b}$, 0 in "
                 r"between. $\omega$ is nondecreasing, and the sum of the $\omega(\lambda p_k)$ is 0."),
        power,
        Combination("Below the line of the ceiling: floor", ge(yy - 1, line),
                    ((yy * (1 + e) ** (-b), power, {x: sp.S.One}),),
                    text=r"The line $\ell(y) = yE^{-b} - E$ of the ceiling is nowhere above $\omega$."),
        Sign("Below the line of the ceiling: between", ge(0, line), put={yy: (1 + e) ** (1 + b) / (1 + x)},
             form=(1 + e) * x / (1 + x)),
    )  # fmt: skip


def _scale() -> tuple[Step, ...]:
    """Pooling raises the scale lambda and lowers the floor."""
    level, slope, top = sp.symbols("lambda q E", positive=True)
    size, mean, mass, spread, pooled, outside, total = sp.symbols("m d P_A Omega_A Omega Omega_out S", real=True)
    above = ge(spread, level * slope * mass - size * top)
    sums = (eq(mass, size * mean), eq(pooled, size * (level * slope * mean - top) + outside), eq(pooled, 0),
            eq(total, spread + outside))  # fmt: skip
    sigma, scale = sp.symbols("N lambda_p", positive=True)
    return (
        Given("The pooled law", (above, *sums),
              text=r"$p^A$ is $p$ with the $m$ labels of $A$, which holds 1 and $j$, at their mean $d$, the largest "
                   r"entry (Theorem 1): they are at the ceiling. $\lambda$, $\Omega = 0$ belong to $p^A$; $q = "
                   r"E^{-b}$. $\Omega_A$ is the sum of $\omega(\lambda p_i)$ over $A$ for $p$ itself, by the lines "
                   r"above at least that of $\ell$; $S$ is the sum over all labels."),
        Combination("At the scale of the pooled law p has a surplus", ge(total, 0),
                    ((1, above), (level * slope, sums[0]), (-1, sums[1]), (1, sums[2]), (1, sums[3])),
                    text=r"At its own scale $\lambda_p$ the sum for $p$ is 0."),
        Words("The scales compare", (le(scale, level),),
              text=r"$\omega$ is nondecreasing; where both scales balance, the same may be taken."),
        Sign("The floor of p is not below that of the pooled law", ge(1 / sigma, 1 / (sigma + x)),
             form=x / (sigma * (sigma + x)),
             text=r"In units of the floor the entries are $(\lambda p_i)^a$ cut off at 1 and $E$: for $p$ at most "
                  r"those of $p^A$, which are $E$ on $A$. So is their sum $N$, and the floor is its inverse."),
    )  # fmt: skip


def _multiplier() -> tuple[Step, ...]:
    k = sp.Symbol("k", positive=True)
    one, mean, following, theta, pooled, own = sp.symbols("H H_k H_next Theta_p Theta H_A", real=True)
    hypothesis, concave = ge(mean, one), ge(following, (k * mean + one) / (k + 1))
    lines = (eq(theta, 1 + b * one), eq(pooled, 1 + b * own), ge(own, one))
    return (
        Given("Averaging over the permutations of A", (hypothesis, concave),
              text=r"$H$ is concave, an infimum of linear functions, and symmetric; $H_k$ is its value at the mean of "
                   r"$k$ permutations of $p$, each of value $H$."),
        Combination("Pooling raises the entropy", ge(following, one), ((k / (k + 1), hypothesis), (1, concave)),
                    text=r"By induction; the mean over all permutations of $A$ is $p^A$."),
        Given("Both multipliers", lines, text=r"$H_A = H(p^A)$."),
        Combination("The multiplier of p is the smaller one", le(theta, pooled),
                    ((-1, lines[0]), (1, lines[1]), (b, lines[2])), text=r"This is where $b \ge 0$, that is $\tau "
                    r"\le 1$, is needed."),
    )  # fmt: skip


def _others() -> tuple[Step, ...]:
    """The free scores of the other labels are at least the forced ones."""
    small, p = sp.symbols("Theta_p p_i", positive=True)
    s1, sj, sig, free, forced, one, its = sp.symbols("s_1 s_j sigma s_r z_r s_i z_i", real=True)
    first, second, mean, top = sp.symbols("psi_1 psi_j psi_m psi_sigma", real=True)
    sums = (ge(free, forced), eq(free + s1 + sj, 1), eq(forced + 2 * sig, 1))
    convex, falling = ge(first + second, 2 * mean), ge(mean, top)
    return (
        Monotone("Before the cuts", -((p / (small + x)) ** (1 / (1 + b))), x,
                 text=r"$(p_i/\Theta)^a$ grows as $\Theta$ falls."),
        Words("Label by label", (ge(one, its),),
              text=r"For $i$ other than 1 and $j$: $s$ is the minimiser for $p$ and $z$ that for $p^A$, which is of "
                   r"least cost for $p$ with $j$ on top (Theorem 1). Outside $A$ both are $(p_i/\Theta)^a$, cut off at "
                   r"a floor and $E$ times it; for $p$ the multiplier is smaller and the floor not lower. In $A$ it "
                   r"is $z_i$ that is at its ceiling, and $p_i \ge d$."),
        Given("Sums", sums, text=r"$s_r$ and $z_r$ are the sums of $s_i$ and $z_i$ over these labels; $z_1 = z_j = "
                                 r"\sigma$."),
        Combination("The pair has less", le(s1 + sj, 2 * sig), ((1, sums[0]), (-1, sums[1]), (1, sums[2]))),
        Given("psi at the pair", (convex, falling), text=r"$\psi$ is convex and nonincreasing; $\psi_m$ is at the "
                                                         r"mean of $s_1$ and $s_j$."),
        Combination("and costs more", ge((first + second) / 2, top), ((half, convex), (1, falling))),
    )  # fmt: skip


def _path() -> tuple[Step, ...]:
    """Mass moved from another label to 1 and j, half each, lowers the regret: the two-label law is the worst."""
    pj, rest = sp.symbols("p_j Q", nonnegative=True)
    first, second, top, free, forced = sp.symbols("psi_1 psi_j psi_sigma psi_i psi_z", real=True)
    pair, other = ge((first + second) / 2, top), ge(forced, free)
    change, cost, entropy = sp.symbols("R' C' H'", real=True)
    rates = (eq(change, cost - entropy), eq(cost, top - forced), eq(entropy, (first + second) / 2 - free))
    return (
        Identity("The end of the path", p1 + rest / 2, (1 + t) / 2, put={rest: 1 - p1 - pj, t: p1 - pj},
                 text=r"Labels 1 and $j$ gain alike, so that their gap stays $t$ and label 1 the most probable one. "
                      r"When all of the mass $Q$ of the others has moved, the law is $((1+t)/2, (1-t)/2, 0, ...)$."),
        Cited("Rates", "derivative of a minimum, Danskin 1967", rates,
              text=r"Both minimisers are unique while all $p_i > 0$ ($\psi$ is strictly convex), and the derivatives "
                   r"of $C_j$ and $H$ along the path are those at fixed scores. The regret is continuous, so laws "
                   r"with zeros are limits. $R = C_j - H$."),
        Given("The score of the other label", (other,),
              text=r"$\psi_i$ at $s_i$ and $\psi_z$ at $z_i \le s_i$: $\psi$ is nonincreasing."),
        Combination("The regret falls along the path", le(change, 0),
                    ((-1, rates[0]), (-1, rates[1]), (1, rates[2]), (1, pair), (1, other)),
                    text=r"Hence $R(p, j)$ is at least the regret of the two-label law."),
    )  # fmt: skip


def _law() -> tuple[Step, ...]:
    """The regret of the two-label law, for any convex nonincreasing psi."""
    first, second, mean, tie = sp.symbols("psi_1 psi_2 psi_m psi_tie", real=True)
    upper, lower = (1 + t) / 2, (1 - t) / 2
    inside = {t: 1 / (1 + y)}
    order, convex, falling = ge(first, second), ge(first + second, 2 * mean), ge(mean, tie)
    large, small, at_top, at_small = sp.symbols("psi_M psi_rM psi_a psi_b", real=True)
    shrink = (ge(large, at_top), ge(small, at_small))
    return (
        Identity("The tie is in the box", 2 / (2 + c) + c / (2 + c), 1,
                 text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$, $s_1 = s_2 = 1/(2+c)$ and the others at the floor."),
        Given("Label 2 on top", (order, convex, falling),
              text=r"$s_1 \le s_2$. The others have at least $c s_2$, so $s_1 + s_2 + c(s_1+s_2)/2 \le 1$: the mean of "
                   r"$s_1$ and $s_2$, where $\psi$ is $\psi_m$, is at most $1/(2+c)$, where it is $\psi_{tie}$."),
        Combination("costs at least the tie", ge(upper * first + lower * second, tie),
                    ((t / 2, order), (half, convex), (1, falling)), put=inside),
        Combination("Free scores: exchanging the two saves", ge(upper * first + lower * second,
                    lower * first + upper * second), ((t, order),), put=inside,
                    text=r"So the best free scores have $s_1 \ge s_2$."),
        Given("Free scores: the others", shrink,
              text=r"$s_1 = M$, $s_2 = rM$ with $\eta \le r \le 1$. The others have at least $cM$, so $M \le "
                   r"1/(1+r+c)$; $\psi_M$, $\psi_{rM}$ are $\psi$ at $M$ and $rM$, $\psi_a$, $\psi_b$ at "
                   r"$1/(1+r+c)$ and $r/(1+r+c)$."),
        Combination("Free scores: the others at the floor", ge(upper * large + lower * small,
                    upper * at_top + lower * at_small), ((upper, shrink[0]), (lower, shrink[1])), put=inside,
                    text=r"So the regret of predicting label 2 is the largest value, over $r$, of the formula of the "
                         r"theorem. For $n = 2$ this is the only law with the gap $t$."),
    )  # fmt: skip


def _curve() -> tuple[Step, ...]:
    """Stationary point, the Renyi divergence, the corner, and growth with Lam."""
    P = sp.Symbol("P", positive=True)
    total = 1 + r + c
    value = ((2 + c) ** b - p1 * total**b - p2 * (1 + (1 + c) / r) ** b) / b
    inside = {t: 1 / (1 + y)}
    eta = sp.exp(-2 * (1 + b) * lam)
    start, corner = c / (2 + c), (1 + c - eta) / (1 + c + eta)
    worst = {p1: (1 + c) * P ** (1 + b), p2: (P * r) ** (1 + b)}
    q = (1 + c) / (2 + c)
    a = 1 / (1 + b)
    shares = ((1 + c) * (2 + c) ** (a - 1) * P, r * (2 + c) ** (a - 1) * P)
    power = Monotone("A power of 1/r is at least 1", (1 + x) ** b, x, text=r"$r = 1/(1+x)$.")
    fall = Monotone("and that of the total falls", -((1 + r + c + x) ** (b - 1)), x, put=UPTO)
    return (
        Identity("psi at the scores", psi(r / total), ((1 + (1 + c) / r) ** b - 1) / b,
                 text=r"$p_1 = (1+t)/2$ and $p_2 = (1-t)/2$ sum to 1: the formula at $r$ is "
                      r"$((2+c)^b - p_1(1+r+c)^b - p_2(1+(1+c)/r)^b)/b$."),
        Identity("Slope in r", sp.Derivative(value, r), total ** (b - 1) * (p2 * (1 + c) * r ** (-1 - b) - p1),
                 text=r"Positive below $r^{1+b} = (1+c)p_2/p_1$ and negative above: this is the largest value, if it "
                      r"is in $[\eta, 1]$."),
        Identity("At r = 1", (1 + c) * (1 - t) / 2 - (1 + t) / 2, (2 + c) / 2 * (start - t),
                 text=r"For $t \le t_0$ the best is $r = 1$, and the value 0."),
        Identity("Value at the stationary point", value.subs(worst),
                 ((2 + c) ** b - P ** (1 + b) * total ** (1 + b)) / b,
                 text=r"$p_1 = (1+c)P^{1+b}$, $p_2 = (Pr)^{1+b}$."),
        Identity("The likelihood ratio, label 1", q * (p1 / q) ** a, shares[0], put=worst,
                 text=r"$q = (1+t_0)/2 = (1+c)/(2+c)$."),
        Identity("The likelihood ratio, label 2", (1 - q) * (p2 / (1 - q)) ** a, shares[1], put=worst),
        Identity("A power mean of the likelihood ratio", (2 + c) ** b * sum(shares) ** (1 + b),
                 P ** (1 + b) * total ** (1 + b),
                 text=r"$M^a = q(p_1/q)^a + (1-q)(p_2/(1-q))^a$, $q = (1+t_0)/2$: the value is $(2+c)^b(1-M)/b$, with "
                      r"$M$ the exponential of $-b$ times the Renyi divergence of order $a$."),
        Identity("The corner", (1 + corner) / (1 - corner), sp.exp(2 * (1 + b) * lam) * (1 + start) / (1 - start),
                 text=r"$(1+c)p_2/p_1 = \eta^{1+b}$ at $t_1$; half the logarithm: artanh $t_1$ = artanh $t_0$ + "
                      r"$(2-\tau) \Lambda$."),
        Identity("Slope in c", sp.Derivative(value, c), (2 + c) ** (b - 1) - total ** (b - 1) * (p1 + p2 * r ** (-b))),
        power,
        fall,
        Combination("Wider boxes have larger T",
                    ge((1 + r + c) ** (b - 1) * ((1 + t) / 2 + (1 - t) / 2 * (1 + x) ** b), (1 + r + c + z) ** (b - 1)),
                    ((1, fall, {x: z}), ((1 + r + c) ** (b - 1) * (1 - t) / 2, power)), put=UPTO | inside,
                    text=r"With $z = 1 - r$ and $1 + x = 1/r$ the slope in $c$ is not positive: at fixed $r$ the "
                         r"formula grows as $c$ falls, and the range of $r$ grows with $\Lambda$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    """tau = 19/10: a law of three labels whose regret is below the formula."""
    q, power = sp.Rational, sp.Rational(9, 10)
    law = (q(479, 1000), q(79, 1000), q(442, 1000))
    norm = sum(p**10 for p in law) ** q(1, 10)
    eta = sp.exp(-4)
    return (
        Refutation("Beyond tau = 1.66 the formula is false",
                   ge(psi(q(1, 3), power) - (1 - norm) / power, formula(q(2, 5), eta, eta, power)), {},
                   text=r"$\tau = 19/10$, $n = 3$, $\Lambda = 2$, $p = (479, 79, 442)/1000$, $j = 2$, $t = 2/5$. The "
                        r"left side is the cost of the uniform scores minus the entropy over all scores, which is at "
                        r"most that over the box: at least the regret. The right side is the formula at $r = e^{-4}$."),
    )  # fmt: skip
