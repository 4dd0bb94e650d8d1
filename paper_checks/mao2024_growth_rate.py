"""Mao, Mohri and Zhong, "A Universal Growth Rate for Learning with Smooth Surrogate Losses" (NeurIPS 2024).

Only the abstract has been read: it states a square-root growth rate of bounds near zero for smooth margin, comp-sum
and constrained losses, that is transformations of order t^2 from above and below, compares numbers of classes, and
names minimizability gaps as what then tells losses apart.  The constants are derived here, for argmax decoding
throughout.  Every claim has a false twin; a dropped hypothesis is the usual one.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import (
    constrained_growth,
    constrained_hinge,
    small_gaps,
    square_root_growth,
    sum_squared_hinge,
)
from hconsist.derivations.constrained_growth import EXPONENTIAL_LAW, n, q0, t
from hconsist.paper_checks import mao2024_gaps
from hconsist.paper_checks.decisions import abstract, chain, derived, fails_at, together
from hconsist.steps import Identity, Sign

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="mao2024_growth_rate",
    title="A Universal Growth Rate for Learning with Smooth Surrogate Losses",
    authors="Anqi Mao, Mehryar Mohri, Yutao Zhong",
    year=2024,
    url="https://arxiv.org/abs/2405.05968",
    seen="abstract",
)

up, down, p1 = sp.symbols("p_+ p_- p_1", nonnegative=True)
m, s, tau = sp.symbols("m s tau", positive=True)
x, y = sp.symbols("x y", nonnegative=True)
v = sp.Symbol("v", real=True)
c, u = sp.symbols("c u", positive=True)
HUNDREDTH = Fraction(1, 100)
ge, gt = (lambda a, b: sp.Ge(a, b, evaluate=False)), (lambda a, b: sp.Gt(a, b, evaluate=False))

# --- binary margin losses ----------------------------------------------------------------------------------------

EXPONENTIAL = 1 - 2 * sp.sqrt(up * down)
"""exp(-u), the score 0 predicted: risk 1, least risk 2 sqrt(p_+ p_-)."""


def constant(loss: sp.Expr) -> sp.Expr:
    """Phi'(0)^2/(2 Phi''(0)) of a loss written in v, to be taken at v = 0."""
    return sp.Derivative(loss, v) ** 2 / (2 * sp.Derivative(loss, v, 2))


binary_constants = chain(
    "binary-constants",
    "Phi'(0)^2/(2 Phi''(0)) is 1/2 for logistic and exponential, 1 for squared hinge, 3/4 for cubed hinge.",
    Identity("Logistic", constant(sp.log(1 + sp.exp(-v))), sp.Rational(1, 2), put={v: sp.S.Zero}),
    Identity("Exponential", constant(sp.exp(-v)), sp.Rational(1, 2), put={v: sp.S.Zero}),
    Identity("Squared hinge", constant((1 - v) ** 2), 1, put={v: sp.S.Zero}),
    Identity("Cubed hinge", constant((1 - v) ** 3), sp.Rational(3, 4), put={v: sp.S.Zero}),
)

# The linear core: Phi(u) = 3/2 - u up to 1, (2-u)^2/2 on [1, 2], 0 beyond.  With scores shifted by 2:
shift = sp.Symbol("s", positive=True)  # 2 - u, in [1, 2]
SHIFTED = down * (2 - shift) ** 2 / 2 + up * (sp.Rational(3, 2) + shift)
"""Risk p_- Phi(2 - u) + p_+ Phi(u - 2)."""
ODDS = {down: (1 + t) / 2, up: (1 - t) / 2}
BEST = 2 - (1 - t) / (1 + t)
decoder = chain(
    "decoder",
    "Losses Phi(u - 2), Phi(2 - u) of the labels +, -, with the linear core Phi: for every 0 < t < 1 the best score u "
    "is positive though label - is the likelier; decoding by the sign of u - 2 has T(t) >= t.",
    Identity("Stationary", sp.Derivative(SHIFTED, shift), 0, put={**ODDS, shift: BEST},
             text="p_- = (1+t)/2; s = 2 - u in [1, 2]."),
    Sign("Convex", gt(sp.Derivative(SHIFTED, shift, 2), 0), form=down, put={down: (1 + t) / 2}),
    Sign("In range", ge(BEST, 1), form=2 * t / (1 + t)),
    Sign("The best score is positive", gt(2 - BEST, 0), put={t: 1 / (1 + m)},
         text="u = 2 - s = (1-t)/(1+t) > 0: the sign of u reads +, at surrogate regret 0."),
    Identity("The other decoder", sp.Rational(3, 2) - SHIFTED, t, put={**ODDS, shift: sp.S.One},
             text="Its forced risk is Phi(0) = 3/2, at u = 2; s = 1 costs t less."),
)  # fmt: skip

_BINARY = (
    abstract(
        "binary-square-root",
        "Smooth convex margin losses (twice continuously differentiable at 0, Phi'(0) < 0 < Phi''(0); sign decoding): "
        "near zero T(t) lies between positive multiples of t^2, so bounds grow like a square root.",
        square_root_growth.binary_evidence,
        Twin(
            "without Phi''(0) > 0: the linear core loss has T(t) <= 10 t^2 (but T(t) >= t, next claims)",
            fails_at(10 * t**2 - t, t=HUNDREDTH),
        ),
    ),
    derived(
        "binary-coefficient",
        "T(t)/t^2 tends to Phi'(0)^2/(2 Phi''(0)): 1/2 for the logistic and exponential losses, 1 for the squared and "
        "3/4 for the cubed hinge.",
        together(square_root_growth.binary_evidence, binary_constants),
        Twin(
            "it is 51/100 or more for the exponential loss",
            fails_at(
                EXPONENTIAL - sp.Rational(51, 100) * (up - down) ** 2,
                **{"p_+": Fraction(11, 20), "p_-": Fraction(9, 20)},
            ),
        ),
    ),
    derived(
        "linear-core",
        "A convex loss with Lipschitz derivative and Phi'(0) = -1 but no curvature at 0 has T(t) >= t: smoothness "
        "alone gives no square root.",
        square_root_growth.linear_core_evidence,
        Twin(
            "it has T(t) >= 2 t, at p = (1, 0): the score 0 costs 3/2, the score 2 nothing",
            fails_at(sp.Rational(3, 2) * up - 2 * (up - down), **{"p_+": 1, "p_-": 0}),
        ),
    ),
    derived(
        "argmax-decoding",
        "The rate belongs to loss and decoder together: with one decoder the shifted linear core has T(t) >= t, with "
        "argmax decoding of the same scores T(t) = 0 for all t < 1.",
        decoder,
        Twin(
            "argmax decoding has T(t) >= t/100, at p_- = 3/4: the best score, u = p_+/p_- = 1/3, predicts label +",
            fails_at(
                SHIFTED.subs(shift, 2 - u) - SHIFTED.subs(shift, 2 - up / down) - (down - up) / 100,
                **{"p_+": Fraction(1, 4), "p_-": Fraction(3, 4), "u": Fraction(1, 3)},
            ),
        ),
    ),
)

# --- several labels ----------------------------------------------------------------------------------------------

alpha = sp.Symbol("alpha", real=True, nonzero=True)
psi = (1 - s**alpha) / alpha
pooled = small_gaps.constant(m, sp.Derivative(psi, s), sp.Derivative(psi, s, 2))
power_constants = chain(
    "power-constants",
    "Power losses: c_m = m psi'(1/m)^2/(4 psi''(1/m)) is m^(2-tau)/(4(2-tau)), least at m = 2.",
    Identity("The constant of m tied labels", pooled, m ** (1 - alpha) / (4 * (1 - alpha)), put={s: 1 / m},
             text="alpha = tau - 1."),
    Sign("It grows with m", gt(sp.Derivative(m**y / (4 * y), m), 0), form=m ** (y - 1) / 4, put={y: c},
         text="y = 1 - alpha = 2 - tau > 0."),
    Identity("Two labels", m ** (1 - alpha) / (4 * (1 - alpha)), 1 / (2 ** (1 + alpha) * (1 - alpha)), put={m: sp.S(2)},
             text="1/(2^tau (2 - tau)): the coefficient for every n where T_n is the two-label curve."),
)  # fmt: skip

LOGARITHM = -tau * sp.log(2) - sp.log(2 - tau)
"""Of the coefficient 1/(2^tau (2 - tau))."""
narrow = chain(
    "narrow-constants",
    "For 0 <= tau <= 1 the coefficient 1/(2^tau (2-tau)) lies between e log(2)/4 and 1/2.",
    Identity("Its logarithm is convex", sp.Derivative(LOGARITHM, tau, 2), 1 / (2 - tau) ** 2, put={tau: 1 / (1 + m)},
             text="So it is at most the larger of its values at the ends, and least where it is stationary."),
    Identity("tau = 0", LOGARITHM, sp.log(sp.Rational(1, 2)), put={tau: sp.S.Zero}),
    Identity("tau = 1", LOGARITHM, sp.log(sp.Rational(1, 2)), put={tau: sp.S.One}),
    Identity("Stationary", sp.Derivative(LOGARITHM, tau), 0, put={tau: 2 - 1 / sp.log(2)}),
    Identity("Least value", LOGARITHM, sp.log(sp.E * sp.log(2) / 4), put={tau: 2 - 1 / sp.log(2)}),
    Sign("Bounds differ by less than 3.1 %", gt(sp.Rational(1031, 1000) ** 2 * sp.E * sp.log(2) / 4, sp.Rational(1, 2)),
         text="They grow with the inverse square root of the coefficient."),
)  # fmt: skip

counts = chain(
    "number-of-classes",
    "Coefficients at zero: n/(4(n-1)) and n/(2(n-1)) fall to 1/4 and 1/2; 4/(n+2) falls to 0.",
    Sign("Constrained losses", gt(n / (n - 1), (n + 1) / n), put={n: 1 + m}, form=1 / (m * (1 + m)),
         text="The factor n/(n-1) falls in n."),
    Identity("Its limit", sp.Limit(n / (n - 1), n, sp.oo, "-"), 1),
    Sign("Sum squared hinge", gt(4 / (n + 2), 4 / (n + 3)), form=4 / ((n + 2) * (n + 3))),
    Identity("Its limit is 0", sp.Limit(4 / (n + 2), n, sp.oo, "-"), 0),
)  # fmt: skip

_SEVERAL = (
    abstract(
        "comp-sum-square-root",
        "Smooth comp-sum losses (psi convex, psi' < 0 < psi'', three derivatives): for every n, near zero T_n(t) lies "
        "between positive multiples of t^2.",
        together(square_root_growth.comp_sum_evidence, small_gaps.evidence),
        Twin(
            "without psi'' > 0: the mean absolute error has T_3(t) <= 10 t^2 (but T_3(t) >= t/3)",
            fails_at(10 * t**2 - t / 3, t=HUNDREDTH),
        ),
    ),
    derived(
        "comp-sum-coefficient",
        "m <= n tied labels give regrets m psi'(1/m)^2/(4 psi''(1/m)) t^2 (1 + o(1)): psi'(1/2)^2/(2 psi''(1/2)) for "
        "two, which is the coefficient of T_n wherever T_n is the two-label curve.",
        small_gaps.evidence,
        Twin(
            "two tied labels give 51/100 or more for sum-exponential",
            fails_at(
                1 - ((sp.sqrt(up) + sp.sqrt(down)) ** 2 - 1) - sp.Rational(51, 100) * (up - down) ** 2,
                **{"p_+": Fraction(11, 20), "p_-": Fraction(9, 20)},
            ),
        ),
    ),
    derived(
        "power-constants",
        "Comp-sum losses, 0 <= tau < 2: m tied labels have the coefficient m^(2-tau)/(4(2-tau)), least at m = 2: "
        "more labels in the tie cost more, for small t.",
        power_constants,
        Twin(
            "cross-entropy: three tied labels have a smaller coefficient, m/4, than two",
            fails_at(sp.Rational(1, 2) - m / 4, m=3),
        ),
    ),
    derived(
        "constants-agree",
        "For 0 <= tau <= 1 the coefficient lies between e log(2)/4 = 0.4710... and 1/2: near zero the bounds differ by "
        "less than 3.1 %, and the gaps decide.",
        narrow,
        Twin(
            "it is at least 48/100",
            fails_at(1 / (2**tau * (2 - tau)) - sp.Rational(48, 100), tau=Fraction(11, 20)),
        ),
    ),
    abstract(
        "constrained-square-root",
        "Smooth constrained losses (Phi convex, nonincreasing, Phi' K-Lipschitz, Phi'(0) < 0 < Phi''(0)): for every n, "
        "near zero T_n(t) lies between positive multiples of t^2.",
        square_root_growth.constrained_evidence,
        Twin(
            "without Phi''(0) > 0: the hinge has T_n(t) <= 10 t^2 (but T_n(t) >= t)",
            fails_at(10 * t**2 - t, t=HUNDREDTH),
        ),
    ),
    derived(
        "constrained-coefficient",
        "T_n(t) >= Phi'(0)^2 t^2/(4K) and limsup T_n(t)/t^2 <= n Phi'(0)^2/(4(n-1) Phi''(0)), which is exact for the "
        "exponential, n/(4(n-1)), and the squared hinge, n/(2(n-1)).",
        together(
            square_root_growth.constrained_evidence,
            constrained_growth.exponential_evidence,
            constrained_growth.squared_hinge_evidence,
        ),
        Twin(
            "the exponential has 38/100 or more at n = 3",
            fails_at(EXPONENTIAL_LAW.subs(q0, (n - 1) / n) - sp.Rational(38, 100) * t**2, n=3, t=HUNDREDTH),
        ),
    ),
    derived(
        "number-of-classes",
        "The coefficients of the constrained losses fall to positive limits as n grows, that of the sum squared hinge, "
        "4/(n+2), to 0.",
        together(counts, sum_squared_hinge.upper_evidence),
        Twin("n/(4(n-1)) is at least 3/10 for every n", fails_at(n / (4 * (n - 1)) - sp.Rational(3, 10), n=10)),
    ),
    derived(
        "polyhedral-linear",
        "Polyhedral losses grow linearly: T_n(t) >= t/n for the mean absolute error, T_n(t) >= t for the constrained "
        "hinge.",
        constrained_hinge.hinge_evidence,
        Twin(
            "T_3(t) >= t/2 for the mean absolute error, at p = (1/2, 1/2, 0) with label 3 predicted (regret 1/6)",
            fails_at(p1 / 3 - p1 / 2, p_1=Fraction(1, 2)),
        ),
    ),
)

CLAIMS = (*_BINARY, *_SEVERAL, *mao2024_gaps.CLAIMS)
