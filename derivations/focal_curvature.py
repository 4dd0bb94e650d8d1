"""The focal loss: its curvature condition K(s) + K(1-s) > 0 for every gamma > 0, K = psi''/|psi'| - |psi'|.

Derived here.  theta(s) = -s log(s)/(1-s), q = 1 - s, v = sqrt(s); A and B are 1 + gamma theta at s and at q.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Combination, Derivation, Identity, Monotone, Refutation, Sign, Step

__all__ = ["BEND", "TOTAL", "build", "loss", "mean"]

STATEMENT = (
    r"Let $\psi(s) = (1-s)^\gamma (-\log s)$ and $K = \psi''/|\psi'| - |\psi'|$. For every $\gamma > 0$ and $0 < s < "
    r"1$, $K(s) + K(1-s) > 0$."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
gam, s, v, y, z, A, B, L, wq, ws = sp.symbols("gamma s v y z A B L w_q w_s", positive=True)
x, c, d1, d2, d3, d4 = sp.symbols("x c d_1 d_2 d_3 d_4", nonnegative=True)
q = 1 - s
INSIDE = {s: 1 / (1 + z)}
TOTAL = gam - 1 + (1 + gam * s) / A + (1 + gam * q) / B - q * wq * A - s * ws * B
"""s q (K(s) + K(q)), with w_q = q^gamma and w_s = s^gamma."""
BEND = gam * (gam - 1) * L + 2 * gam * q / s + q**2 / s**2
"""psi'' divided by q^(gamma - 2), with L = -log s."""

mean = Monotone("log(1+z) below a hyperbola", ((1 + z) - 1 / (1 + z)) / 2 - sp.log(1 + z), z,
                derivative=z**2 / (2 * (1 + z) ** 2),
                text=r"In other words $-\log x \le (1/x - x)/2$ for $0 < x \le 1$.")  # fmt: skip
power = Monotone("A power of what exceeds 1", (1 + z) ** c, z)


def loss(score: sp.Expr) -> sp.Expr:
    """psi."""
    return (1 - score) ** gam * -sp.log(score)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_total(), *_bounds(), *_case(True), *_case(False), _control())
    return Derivation("focal_curvature", "The focal loss: its curvature condition", STATEMENT, steps)


def _total() -> tuple[Step, ...]:
    """The condition in terms of A and B."""
    size, real = 1 + gam * s * L / q, {L: -sp.log(s)}
    curvature = (gam - 1) / q + (1 + gam * s) / (s * q * A) - wq * A / s
    mirrored = (gam - 1) / s + (1 + gam * q) / (s * q * B) - ws * B / q
    return (
        Identity("psi'", sp.Derivative(loss(s), s), -(q**gam) * size.subs(real) / s, put=INSIDE,
                 text=r"$A = 1 + \gamma \theta(s)$, so that $|\psi'| = q^\gamma A/s$."),
        Identity("psi''", sp.Derivative(loss(s), s, 2), q ** (gam - 2) * BEND.subs(real), put=INSIDE),
        Identity("psi'' over |psi'|", q ** (-2) * BEND / (size / s), (gam - 1) / q + (1 + gam * s) / (s * q * size),
                 text=r"$L = -\log s$. So $K(s) = (\gamma-1)/q + (1 + \gamma s)/(s q A) - q^\gamma A/s$."),
        Identity("The sum of both", s * q * (curvature + mirrored), TOTAL,
                 text=r"$K(q)$ is the same with $s$ and $q$, $A$ and $B$ exchanged; $w_q = q^\gamma$ and $w_s = "
                      r"s^\gamma$. By this symmetry let $s \le 9/16$, that is $v = \sqrt s \le 3/4$."),
    )  # fmt: skip


def _bounds() -> tuple[Step, ...]:
    """Upper bounds of A, B, w_q and w_s, all of which lower the sum."""
    log, e = sp.log(1 + z), 1 / (1 + x)
    small = {gam: e}
    return (
        mean,
        Combination("theta is at most sqrt(s)", le(2 * log / (z * (2 + z)), 1 / (1 + z)),
                    ((2 / (z * (2 + z)), mean),), text=r"$v = 1/(1+z)$: $A \le 1 + \gamma v$."),
        Combination("and at most (1 + s)/2", le(log / z, (1 + 1 / (1 + z)) / 2), ((1 / z, mean),),
                    text=r"$s = 1/(1+z)$; at $q$: $B \le 1 + \gamma (1+q)/2 = 1 + \gamma (1 - v^2/2) \le 1 + \gamma$."),
        power,
        Monotone("gamma <= 1: a power below its tangent", 1 - gam * z / (1 + z) - (1 + z) ** (-gam), z,
                 parts=((gam / (1 + z) ** 2, power, {c: 1 - e}),), put=small,
                 text=r"$q = 1/(1+z)$: $w_q \le 1 - \gamma s$, and in the same way $w_s \le 1 - \gamma q$."),
        Combination("gamma >= 1: a power below the first", le((1 + z) ** (-gam), 1 / (1 + z)),
                    (((1 + z) ** (-gam), power, {c: x}),), put={gam: 1 + x},
                    text=r"$w_q \le q$ and $w_s \le s$."),
    )  # fmt: skip


def _case(small: bool) -> tuple[Step, ...]:
    """The sum with the upper bounds put in: a rational function of v and gamma with one sign."""
    name, own = ("gamma <= 1", {gam: 1 / (1 + x)}) if small else ("gamma >= 1", {gam: 1 + x})
    square, rest = {s: v**2}, 1 - v**2
    top = 1 + gam * v, 1 + gam * (1 - v**2 / 2) if small else 1 + gam
    high = (1 - gam * v**2, 1 - gam * rest) if small else (rest, v**2)
    where = {v: sp.Rational(3, 4) / (1 + y)} | own
    bounded = {A: 1 + (top[0] - 1) / (1 + d1), B: 1 + (top[1] - 1) / (1 + d2), wq: high[0] / (1 + d3),
               ws: high[1] / (1 + d4)}  # fmt: skip
    put = {letter: value.subs(where) for letter, value in (square | bounded).items()} | where
    terms = (
        Sign(f"{name}, term in 1/A", ge((1 + gam * s) / A, (1 + gam * s) / top[0]), put=put),
        Sign(f"{name}, term in 1/B", ge((1 + gam * q) / B, (1 + gam * q) / top[1]), put=put),
        Sign(f"{name}, term in A", ge(-q * wq * A, -q * high[0] * top[0]), put=put),
        Sign(f"{name}, term in B", ge(-s * ws * B, -s * high[1] * top[1]), put=put),
    )
    low = gam - 1 + (1 + gam * s) / top[0] + (1 + gam * q) / top[1] - q * high[0] * top[0] - s * high[1] * top[1]
    return (
        *terms,
        Sign(f"{name}, the sum is positive", gt(low, 0), put=put,
             text=r"Each term of the sum is at least its value at the bounds, by the four lines before."),
    )  # fmt: skip


def _control() -> Step:
    half = sp.Rational(1, 2)
    bound = TOTAL.subs({A: 1 + gam * sp.log(2), B: 1 + gam * sp.log(2), wq: s**gam, ws: s**gam})
    return Refutation("Not for negative gamma", ge(bound, 0), {gam: -half, s: half},
                      text=r"$s = q = 1/2$, $\theta = \log 2$.")  # fmt: skip
