"""Constrained exponential and squared hinge near t = 0: bounds that know n, and the exact coefficients (derived here).

Everything is in terms of q_0 = (n-1)/n, the common value of q = 1 - p at the uniform law.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.derivations import constrained_entropies, constrained_losses
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.rigorous import check_points
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["EXPONENTIAL_LAW", "SQUARED_HINGE_LAW", "build", "exponential_evidence", "full_regret_evidence",
           "reported_evidence", "squared_hinge_evidence"]  # fmt: skip

STATEMENT = (
    r"Constrained losses with $n \ge 2$ labels, $q_0 = (n-1)/n$. Exponential: $T_n(t) \ge q_0 t^2/(2q_0+t)^2$ for "
    r"$t \le 1/2$, and $T_n(t) \le q_0 t^2/(4q_0^2-t^2)$ for $t < 2/n$. Squared hinge: "
    r"$T_n(t) \ge q_0 t^2/((q_0+t)(2q_0+t)) \ge q_0^2 t^2/(2(q_0+t/2)^3)$ for $t \le 2^{1/2} - 1$, and "
    r"$T_n(t) \le 2 q_0 t^2/(4q_0^2-t^2)$ for $t < 2/n$. So $T_n(t)/t^2$ tends to $n/(4(n-1))$ and to $n/(2(n-1))$, "
    r"and for $n \ge 3$ neither $t^2/2$ nor $t^2$ is a lower bound. $T_n(1)$ is $n 4^{-1/n}$ and $n^2/(n+2)$."
)

ge, eq, lt = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq, sp.Lt))
q1, q0 = sp.symbols("q_1 q_0", positive=True)
t, n = sp.symbols("t n", positive=True)
x, y, e, c, k = sp.symbols("x y e c k", nonnegative=True)
N = 2 + k
SHARE = (n - 1) / n

EXPONENTIAL_LAW = n * q0 * (1 - (1 - t**2 / (4 * q0**2)) ** (1 / n))
SQUARED_HINGE_LAW = n * q0 - n**2 / ((n - 2) / q0 + 1 / (q0 - t / 2) + 1 / (q0 + t / 2))
"""Regret of all scores 0 at q = (q_0 - t/2, q_0 + t/2, q_0, ...)."""


def build() -> Derivation:
    """The chain for both losses; nothing is checked before ``run``."""
    steps = (*_bernoulli(), *_exponential(), *_squared_hinge(), *_reported(), *_full(), *_controls())
    return Derivation("constrained_growth", "Constrained losses near zero and at one", STATEMENT, steps)


def exponential_evidence(factor: Fraction = Fraction(1)) -> Evidence:
    """q_0 t^2/(2q_0+t)^2 <= T_n <= q_0 t^2/(4q_0^2-t^2); for factor > 1 the lower bound times it, which is false."""
    if factor == 1:
        return _part("constrained-exponential-growth", *_bernoulli(), *_exponential())
    return _law_against(sp.Rational(factor.numerator, factor.denominator) * q0 / (2 * q0 + t) ** 2, EXPONENTIAL_LAW)


def squared_hinge_evidence(factor: Fraction = Fraction(1)) -> Evidence:
    """The same for the squared hinge: q_0 t^2/((q_0+t)(2q_0+t)) <= T_n <= 2q_0 t^2/(4q_0^2-t^2)."""
    if factor == 1:
        return _part("constrained-squared-hinge-growth", *_squared_hinge())
    lower = sp.Rational(factor.numerator, factor.denominator) * q0 / ((q0 + t) * (2 * q0 + t))
    return _law_against(lower, SQUARED_HINGE_LAW)


def reported_evidence() -> Evidence:
    """For every n >= 3 and 0 < t < 2/n: T_n < t^2/2 (exponential) and T_n < t^2 (squared hinge)."""
    steps = (*_least_risks(), *_bernoulli(), *_exponential_law(), *_squared_hinge_law(), *_reported())
    return _part("constrained-reported", *steps)


def full_regret_evidence() -> Evidence:
    """T_n(1) = n 4^(-1/n) and n^2/(n+2)."""
    return _part("constrained-full-regret", *_full())


def _law_against(lower: sp.Expr, regret: sp.Expr) -> Evidence:
    """The regret of that law at n = 3, t = 1/100 against ``lower`` t^2."""
    slack = (regret - lower * t**2).subs(q0, SHARE)
    return check_points(slack, [{n: Fraction(3), t: Fraction(1, 100)}])


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of the constrained losses near zero", STATEMENT, steps).run()


def _bernoulli() -> tuple[Step, ...]:
    """With 1 - x = 1/(1+y): y/(n(1+y)) <= 1 - (1-x)^(1/n) <= y/n."""
    power = Monotone("A power of 1+y is at least 1", (1 + y) ** c, y)
    inverse = Monotone("An inverse power is at most 1", -((1 + y) ** (-c)), y)
    lower = 1 - y / (n * (1 + y)) - (1 + y) ** (-1 / n)
    upper = (1 + y) ** (-1 / n) - 1 + y / n
    return (
        power, inverse,
        Monotone("Bernoulli, from below", lower, y, parts=((1 / (n * (1 + y) ** 2), power, {c: 1 - 1 / n}),),
                 put={n: N}, text=r"$1 - (1-x)^{1/n} \ge x/n$ for $1 - x = 1/(1+y)$, $n = 2 + k$."),
        Monotone("Bernoulli, from above", upper, y, parts=((1 / n, inverse, {c: 1 + 1 / n}),),
                 text=r"$1 - (1-x)^{1/n} \le y/n = x/(n(1-x))$."),
    )  # fmt: skip


def _least(line: str, text: str) -> Step:
    return theorem(constrained_entropies, line, text=text)


def _least_risks() -> tuple[Step, ...]:
    return tuple(_least(f"{loss}: the least risk", r"$k = n$.") for loss in ("Exponential", "Squared hinge"))


def _range(root: sp.Expr, limit: sp.Expr) -> tuple[Step, ...]:
    """The law gives q_1 >= (1-t)/2, which is at least t/root for t up to ``limit``; and q_1 <= q_0."""
    pj, rest = sp.symbols("p_j p_r", nonnegative=True)
    first = 1 - pj - rest
    return (
        Sign("The range of q_1", ge(2 * (1 - first) + (first - pj), 1), form=rest,
             text=r"$2 q_1 + t \ge 1$, as $p_1 = 1 - p_j - p_r$ with $p_r$ for the other labels. And "
                  r"$q_1 \le q_0 = (n-1)/n$, as the largest of $n$ laws is at least $1/n$."),
        Sign("and of t", ge((1 - t) / 2, t / root), put={t: limit / (1 + y)}, text=r"By the line before, "
                                                                                   r"$q_1 \ge (1-t)/2$."),
    )  # fmt: skip


def _exponential() -> tuple[Step, ...]:
    s, mean, half = sp.symbols("s G h", positive=True)
    lower = q1 * t**2 / (2 * q1 + t) ** 2
    at_least = ge(mean, q1)
    regret = sp.Symbol("R", real=True)
    gap = ge(regret, mean * y / (1 + y))
    return (
        _least("Exponential: the least risk", r"$k = n$: the least risk is $n$ times the geometric mean $g$ of all "
                                              r"$q$."),
        *constrained_losses.pair_steps(),
        Identity("Exponential: the pair gap", (s - half) * (s + half), s**2 * (1 - x), put={x: (half / s) ** 2},
                 text=r"$s = q_1 + t/2$ is the mean of $q_1$ and $q_j$, $h = t/2$. Let $G$ be the geometric mean of "
                      r"all $q$ after pooling the pair; before it is $G (1-x)^{1/n}$, $x = (t/2s)^2$."),
        Words("Exponential: its size", (at_least, gap),
              text=r"No entry is below $q_1$, hence $G \ge q_1$. The regret $R$ is at least "
                   r"$n G (1 - (1-x)^{1/n})$, so by Bernoulli at least $G x$, $x = y/(1+y)$."),
        Combination("Exponential: the regret", ge(regret, q1 * y / (1 + y)), ((1, gap), (y / (1 + y), at_least))),
        Identity("Exponential: in terms of t", q1 * (t / (2 * s)) ** 2, lower, put={s: q1 + t / 2}),
        *_range(sp.S(2), sp.Rational(1, 2)),
        Sign("Exponential: it decreases in q_1", ge(q1 * (2 * q1 + 2 * c + t) ** 2, (q1 + c) * (2 * q1 + t) ** 2),
             form=c * (4 * e * (t + e) + 2 * c * (t + 2 * e)), put={q1: t / 2 + e},
             text=r"$q_1 = t/2 + e$ by the two lines before, and $q_0 = q_1 + c$; multiplied out: "
                  r"$T_n(t) \ge q_0 t^2/(2q_0+t)^2$."),
        *_exponential_law(),
        Identity("Exponential: the coefficient from below", sp.Limit(q0 / (2 * q0 + t) ** 2, t, 0, "+"),
                 n / (4 * (n - 1)), put={q0: SHARE.subs(n, N), n: N}),
        Identity("Exponential: and from above", sp.Limit(q0 / (4 * q0**2 - t**2), t, 0, "+"),
                 n / (4 * (n - 1)), put={q0: SHARE.subs(n, N), n: N}),
    )  # fmt: skip


def _exponential_law() -> tuple[Step, ...]:
    return (
        Identity("The law", (1 - q0 + t / 2) + (1 - q0 - t / 2) + (n - 2) * (1 - q0), 1, put={q0: SHARE},
                 text=r"$q = (q_0 - t/2, q_0 + t/2, q_0, ...)$, all scores 0, label 2 predicted; $t \le 2/n$."),
        Identity("Exponential: regret of the law", n * q0 - n * (q0**n * (1 - x)) ** (1 / n),
                 n * q0 * (1 - (1 - x) ** (1 / n)), put={x: 1 / (1 + y)},
                 text=r"$x = (t/2q_0)^2$, since $(q_0 - t/2)(q_0 + t/2) = q_0^2 (1-x)$. By Bernoulli it is at most "
                      r"$q_0 x/(1-x)$."),
        Identity("Exponential: upper bound", q0 * x / (1 - x), q0 * t**2 / (4 * q0**2 - t**2),
                 put={x: (t / (2 * q0)) ** 2}),
    )  # fmt: skip


def _squared_hinge() -> tuple[Step, ...]:
    qj = q1 + t
    inverse, pooled, step = sp.symbols("S P Delta", positive=True)
    lower = q1 * t**2 / (qj * (q1 + qj))
    root = sp.sqrt(2)
    bounds = (ge(n, q1 * inverse), ge(n, q1 * pooled))
    return (
        _least("Squared hinge: the least risk", r"$k = n$: $R_k$ is the sum of all $1/q$."),
        *constrained_losses.pair_steps(),
        Identity("Squared hinge: the pair gap", 1 / q1 + 1 / qj - 4 / (q1 + qj), t**2 / (q1 * qj * (q1 + qj)),
                 text=r"What pooling the pair takes from the sum $S$ of all $1/q$; it leaves $P = S - \Delta$."),
        Identity("Squared hinge: the regret", n**2 / pooled - n**2 / inverse, n**2 * step / (inverse * pooled),
                 put={inverse: pooled + step}),
        Given("Squared hinge: its size", bounds, text=r"Every $1/q_i$ is at most $1/q_1$."),
        Combination("Squared hinge: one bound after the other", ge(n**2, q1**2 * inverse * pooled),
                    ((n, bounds[0]), (q1 * inverse, bounds[1])),
                    text=r"So $n^2 \Delta/(S P) \ge q_1^2 \Delta$."),
        Identity("Squared hinge: in terms of t", q1**2 * step, lower, put={step: t**2 / (q1 * qj * (q1 + qj))}),
        *_range(root, root - 1),
        Sign("Squared hinge: it decreases in q_1",
             ge(q1 * (q1 + c + t) * (2 * q1 + 2 * c + t), (q1 + c) * (q1 + t) * (2 * q1 + t)),
             form=c * (2 * e * (root * t + e) + c * (root * t + 2 * e)), put={q1: t / root + e},
             text=r"$q_1 = t/2^{1/2} + e$ and $q_0 = q_1 + c$; multiplied out."),
        Sign("Squared hinge: a weaker form", ge(q0 / ((q0 + t) * (2 * q0 + t)), q0**2 / (2 * (q0 + t / 2) ** 3)),
             form=q0 * t**2 / ((q0 + t) * (2 * q0 + t) ** 3)),
        *_squared_hinge_law(),
        Identity("Squared hinge: the coefficient from below", sp.Limit(q0 / ((q0 + t) * (2 * q0 + t)), t, 0, "+"),
                 n / (2 * (n - 1)), put={q0: SHARE.subs(n, N), n: N}),
        Identity("Squared hinge: and from above", sp.Limit(2 * q0 / (4 * q0**2 - t**2), t, 0, "+"),
                 n / (2 * (n - 1)), put={q0: SHARE.subs(n, N), n: N}),
    )  # fmt: skip


def _squared_hinge_law() -> tuple[Step, ...]:
    step = sp.Symbol("Delta", positive=True)
    return (
        Identity("Squared hinge: regret of the law", n * q0 - n**2 / (n / q0 + step),
                 q0**2 * step / (1 + q0 * step / n),
                 text=r"The law above: the sum of $1/q$ is $n/q_0 + \Delta$; the regret is at most $q_0^2 \Delta$."),
        Identity("Squared hinge: upper bound", q0**2 * (1 / (q0 - x) + 1 / (q0 + x) - 2 / q0),
                 2 * q0 * t**2 / (4 * q0**2 - t**2), put={x: t / 2}),
    )  # fmt: skip


def _reported() -> tuple[Step, ...]:
    labels = 3 + k
    many = {q0: SHARE.subs(n, labels), t: 2 / (labels + y)}
    slack = sp.Gt(4 * q0**2 - t**2, 2 * q0, evaluate=False)
    return (
        Sign("Three labels or more", ge(4 * q0**2 - t**2, 2 * q0), put=many,
             text=r"$n = 3 + k$ and $t = 2/(n+y)$."),
        Sign("strictly", slack, put=many | {t: 2 / (labels + n)},
             text=r"So for $0 < t < 2/n$ the upper bounds are below $t^2/2$ and below $t^2$."),
    )  # fmt: skip


def _full() -> tuple[Step, ...]:
    half = sp.Rational(1, 2)
    m, s = sp.symbols("m s", positive=True)
    return (
        *_least_risks(), *constrained_losses.pair_steps(),
        Identity("t = 1, exponential", m * (s * s) ** (1 / m), m * 4 ** (-1 / m), put={s: half},
                 text=r"Only $p = e_1$ has $t = 1$: $q = (0, 1, 1, ...)$ with least risk 0. Pooling labels 1 and j "
                      r"gives $(1/2, 1/2, 1, ...)$, whose minimiser has these two at the top."),
        Identity("t = 1, squared hinge", m**2 / (1 / s + 1 / s + (m - 2)), m**2 / (m + 2), put={s: half}),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    at = {n: sp.S(3), t: sp.Rational(1, 100)}
    return (
        Refutation("Exponential: no larger coefficient",
                   ge(EXPONENTIAL_LAW.subs(q0, SHARE), sp.Rational(38, 100) * t**2), at,
                   text=r"$n = 3$: the coefficient is $3/8$."),
        Refutation("Squared hinge: no larger coefficient",
                   ge(SQUARED_HINGE_LAW.subs(q0, SHARE), sp.Rational(76, 100) * t**2), at,
                   text=r"$n = 3$: the coefficient is $3/4$."),
    )  # fmt: skip
