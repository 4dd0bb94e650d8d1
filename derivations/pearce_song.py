"""Why counting parameters without embeddings changes the exponent of the optimal size (Pearce and Song 2024).

The budget C(N) is that of the authors' script (seen); the form in q, the peak of the slope and the condition for a
single optimum are derived here.  v is N^(1/3), x is C/6, and q = 3 dlog(N_T)/dlog(N) runs from 1 to 3 with N.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step

__all__ = ["BUDGET", "INVERSE", "build"]

STATEMENT = (
    r"Let $L = E + A N_T^{-\alpha} + B D^{-\beta}$ with $N_T = N + \gamma N^{1/3}$ and $C = 6 N D$. $N$ is optimal for "
    r"$C(N) = 6 N ((N + \gamma N^{1/3})^{1+\alpha} \beta B/((N + \gamma N^{1/3}/3) \alpha A))^{1/\beta}$, and with $q "
    r"= (3 N + \gamma N^{1/3})/(N + \gamma N^{1/3})$ the inverse of $d \log N/d \log C$ is $1 + ((1+\alpha) q + 3/q - "
    r"4)/(3\beta)$. If this is positive, as for $\alpha \ge 1/3$, each budget has one optimum. The exponent is "
    r"$\beta/(\alpha/3+\beta)$ for small $N$, $\beta/(\alpha+\beta)$ for large $N$, and for $\alpha < 2$ it is not "
    r"monotone: it rises to its largest value at $q = (3/(1+\alpha))^{1/2}$."
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
A, B, alpha, beta, gamma, x, v, q = sp.symbols("A B alpha beta gamma x v q", positive=True)
m = sp.Symbol("m", nonnegative=True)
w = sp.Symbol("w", positive=True)
TOTAL, THIRD = v**3 + gamma * v, v**3 + gamma * v / 3
BUDGET = v**3 * (TOTAL ** (1 + alpha) * beta * B / (THIRD * alpha * A)) ** (1 / beta)
"""C/6 for which N = v^3 is optimal."""
INVERSE = 1 + ((1 + alpha) * q + 3 / q - 4) / (3 * beta)
"""dlog C/dlog N along the optima."""
PEAK = sp.sqrt(3 / (1 + alpha))
Q = (3 * v**2 + gamma) / (v**2 + gamma)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_optimum(), *_slope(), *_single(), *_ends(), _control())
    return Derivation("pearce_song", "Sizes counted without embeddings", STATEMENT, steps)


def _optimum() -> tuple[Step, ...]:
    loss = A * TOTAL**-alpha + B * (x / v**3) ** -beta
    size, data = alpha * A * TOTAL**-alpha * THIRD / TOTAL, beta * B * (x / v**3) ** -beta
    return (
        Given("The law and the budget", text=r"$N = v^3$, $N_T = v^3 + \gamma v$, $D = x/v^3$ with $x = C/6$; all "
                                             r"parameters but $E$ positive."),
        Identity("Slope in log N", v / 3 * sp.Derivative(loss, v), data - size,
                 text=r"$d/d\log N$ is $(v/3) d/dv$."),
        Identity("Its zero", data, size, put={x: BUDGET}, text=r"At $x = X(v)$, that is $C = C(N)$."),
        Identity("Its sign", data, size * (BUDGET / x) ** beta,
                 text=r"So the slope is negative where $X(v) < x$ and positive where $X(v) > x$: where $X$ increases, "
                      r"from 0 to infinity, there is one optimum, a minimum."),
    )  # fmt: skip


def _slope() -> tuple[Step, ...]:
    square, third, ninth = v**2 + gamma, v**2 + gamma / 3, v**2 + gamma / 9
    return (
        Identity("Slope of the budget", v / 3 * sp.Derivative(sp.log(BUDGET), v),
                 1 - ninth / (beta * third) + (1 + alpha) * third / (beta * square), text=r"$d \log C/d \log N$."),
        Identity("In terms of q", 1 - ninth / (beta * third) + (1 + alpha) * third / (beta * square), INVERSE,
                 put={q: Q}),
        Identity("q grows with the size", v * sp.Derivative(Q, v), 4 * gamma * v**2 / (v**2 + gamma) ** 2),
    )  # fmt: skip


def _single() -> tuple[Step, ...]:
    least = 1 + (2 * sp.sqrt(3 * (1 + alpha)) - 4) / (3 * beta)
    floor = Sign("The least slope of the budget", ge(INVERSE, least),
                 form=(sp.sqrt((1 + alpha) * q) - sp.sqrt(3 / q)) ** 2 / (3 * beta))  # fmt: skip
    return (
        floor,
        Identity("It is reached", INVERSE, least, put={q: PEAK}),
        Sign("alpha from 1/3 on", ge(2 * sp.sqrt(3 * (1 + alpha)) - 4, 0), form=2 * m,
             put={alpha: (2 + m) ** 2 / 3 - 1}, text=r"Any $\alpha \ge 1/3$ is $(2+m)^2/3 - 1$."),
        Combination("One optimum, and an exponent of at most 1", ge(INVERSE, 1), ((1, floor),),
                    put={alpha: (2 + m) ** 2 / 3 - 1},
                    text=r"For smaller $\alpha$ one needs $3\beta > 4 - 2 (3(1+\alpha))^{1/2}$, for which $\beta > "
                         r"0.179$ is enough."),
        Identity("At alpha = 0", (4 - 2 * sp.sqrt(3 * (1 + alpha))) / 3, (sp.sqrt(3) - 1) ** 2 / 3,
                 put={alpha: sp.S.Zero}),
    )  # fmt: skip


def _ends() -> tuple[Step, ...]:
    small = 2 / (1 + w)
    return (
        Identity("Small models", 1 / INVERSE, beta / (alpha / 3 + beta), put={q: sp.S.One}, text=r"$N \to 0$: $q \to "
                                                                                                 r"1$."),
        Identity("Large models", 1 / INVERSE, beta / (alpha + beta), put={q: sp.Integer(3)}, text=r"$q \to 3$."),
        Identity("Slope in q", sp.Derivative(INVERSE, q), (1 + alpha - 3 / q**2) / (3 * beta),
                 text=r"Negative before $q = (3/(1+\alpha))^{1/2}$ and positive after it."),
        Sign("The turn lies after small models", gt(3 / (1 + alpha), 1), form=2 * w / (3 + w),
             put={alpha: small}, text=r"$\alpha = 2/(1+w) < 2$."),
        Sign("and before large ones", gt(9, 3 / (1 + alpha)), form=(6 + 9 * alpha) / (1 + alpha)),
        Identity("How far it rises", INVERSE.subs(q, 1) - INVERSE.subs(q, PEAK),
                 (sp.sqrt(3) - sp.sqrt(1 + alpha)) ** 2 / (3 * beta),
                 text=r"From small models to the turn the inverse falls by this, 0 only at $\alpha = 2$."),
    )  # fmt: skip


def _control() -> Step:
    third = sp.Rational(1, 3)
    return Refutation("Not between the limits", le(1 / INVERSE, beta / (alpha / 3 + beta)),
                      {alpha: third, beta: third, q: sp.Rational(3, 2)},
                      text=r"$\alpha = \beta = 1/3$: the exponent reaches 1, its limits are $3/4$ and "
                           r"$1/2$.")  # fmt: skip
