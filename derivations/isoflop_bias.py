"""Where the vertex of a least-squares parabola through one IsoFLOP curve lies, and why no exponent changes.

Derived here; Open-Athena (arXiv 2603.22339, abstract and code seen) reports the effect.  g(u) is the curve in
u = log(N/N*) up to scale and constant; z = k w with k = alpha or beta and w the half-width of the sizes tried.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import compute_optimum
from hconsist.derivations.links import theorem
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Step, Words

__all__ = ["SHIFT", "build"]

STATEMENT = (
    r"On one budget let $g(u) = \beta e^{-\alpha u} + \alpha e^{\beta u}$, $u = \log(N/N^*)$, and fit a parabola by "
    r"least squares to sizes spread evenly over $|u| \le w$. With $h(z) = (z \cosh z - \sinh z)/z^3$ and $j(z) = 4 "
    r"((z^2/3 + 1) \sinh z - z \cosh z)/z^3$ its vertex lies at $u^* = -(4 w^2/15) \alpha \beta (h(\beta w) - h(\alpha "
    r"w))/(\beta j(\alpha w) + \alpha j(\beta w))$, which is $w^2 (\alpha-\beta)/10$ to leading order, has the sign of "
    r"$\alpha - \beta$, and is 0 exactly if $\alpha = \beta$. If every budget tries sizes spread alike about its own "
    r"optimum, the line through the vertices has the right exponent and a prefactor $e^{u^*}$ too large. Sizes "
    r"centred at $s$ shift the vertex by $(\alpha-\beta)(w^2/10 - s^2/2)$ to leading order."
)

ge, gt, lt, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Lt, sp.Eq))
alpha, beta, w, k, y = sp.symbols("alpha beta w k y", positive=True)
z, v = sp.symbols("z v", nonnegative=True)
more = sp.Symbol("v", positive=True)
u, s = sp.symbols("u s", real=True)
c0, c1, c2, I0, I1, I2 = sp.symbols("c_0 c_1 c_2 I_0 I_1 I_2", real=True)
ODD, EVEN = (sp.Function(name) for name in "hj")
LIMIT_ODD, LIMIT_EVEN = sp.Rational(1, 30), sp.Rational(4, 45)


def odd(z: sp.Expr) -> sp.Expr:
    """h(z), increasing from 1/3."""
    return (z * sp.cosh(z) - sp.sinh(z)) / z**3


def even(z: sp.Expr) -> sp.Expr:
    """j(z), increasing from 0."""
    return 4 * ((z**2 / 3 + 1) * sp.sinh(z) - z * sp.cosh(z)) / z**3


def _shift(h_alpha: sp.Expr, h_beta: sp.Expr, j_alpha: sp.Expr, j_beta: sp.Expr) -> sp.Expr:
    return -4 * w**2 / 15 * alpha * beta * (h_beta - h_alpha) / (beta * j_alpha + alpha * j_beta)


SHIFT = _shift(odd(alpha * w), odd(beta * w), even(alpha * w), even(beta * w))
"""The vertex in u, exact for sizes spread evenly and densely over [-w, w]."""


def build() -> Derivation:
    """The chain for the bias; nothing is checked before ``run``."""
    steps = (*_parabola(), *_integrals(), *_sign(), *_leading(), *_budgets(), *_placed(), *_controls())
    return Derivation("isoflop_bias", "The vertex of an IsoFLOP parabola", STATEMENT, steps)


def _parabola() -> tuple[Step, ...]:
    """The normal equations, and their solution."""
    moments = (2 * w, 2 * w**3 / 3, 2 * w**5 / 5)
    constant = eq(c0 * moments[0] + c2 * moments[1], I0)
    linear = eq(c1 * moments[1], I1)
    square = eq(c0 * moments[1] + c2 * moments[2], I2)
    return (
        theorem(compute_optimum, "Along one budget",
                text=r"Up to the scale $r$ and a constant, which move no vertex, the loss is $g(u)$."),
        *(Identity(f"Moment {n} of the sizes", sp.Integral(u**n, (u, -w, w)), value)
          for n, value in zip((2, 4), moments[1:])),
        Given("Normal equations", (constant, linear, square),
              text=r"The residual $g - c_0 - c_1 u - c_2 u^2$ is orthogonal to $1, u, u^2$ on $[-w, w]$; $I_n$ is the "
                   r"integral of $u^n g$, and odd moments are 0."),
        Combination("The slope", eq(c1, 3 * I1 / (2 * w**3)), ((3 / (2 * w**3), linear),)),
        Combination("The curvature", eq(c2, 45 * (I2 - w**2 * I0 / 3) / (8 * w**5)),
                    ((45 / (8 * w**5), square), (-15 / (8 * w**3), constant))),
        Identity("The vertex", sp.Derivative(c0 + c1 * u + c2 * u**2, u), 0, put={u: -c1 / (2 * c2)}),
    )  # fmt: skip


def _integrals() -> tuple[Step, ...]:
    """I1 and I2 - w^2 I0/3 of one exponential, then of g."""
    slope = 3 * alpha * beta * (ODD(beta * w) - ODD(alpha * w))
    curvature = sp.Rational(45, 8) / w**2 * (beta * EVEN(alpha * w) + alpha * EVEN(beta * w))
    return (
        Identity("One exponential, slope", sp.Integral(u * sp.exp(k * u), (u, -w, w)), 2 * w**3 * k * odd(k * w),
                 text=r"$I_1$ of $e^{ku}$ is $2 w^3 k\, h(kw)$; that of $e^{-ku}$ is its negative."),
        Identity("One exponential, curvature", sp.Integral((u**2 - w**2 / 3) * sp.exp(k * u), (u, -w, w)),
                 w**3 * even(k * w),
                 text=r"$I_2 - w^2 I_0/3$ is $w^3 j(kw)$, for $e^{-ku}$ too."),
        Identity("The vertex of g", -c1 / (2 * c2),
                 _shift(ODD(alpha * w), ODD(beta * w), EVEN(alpha * w), EVEN(beta * w)),
                 put={c1: slope, c2: curvature},
                 text=r"With $I_1 = 2 w^3 \alpha \beta (h(\beta w) - h(\alpha w))$, $I_2 - w^2 I_0/3 = w^3 (\beta "
                      r"j(\alpha w) + \alpha j(\beta w))$."),
    )  # fmt: skip


COSH = Monotone("The hyperbolic cosine", sp.cosh(z), z)
RISE = Monotone("The hyperbolic sine", sp.sinh(z) - z, z, derivative=sp.cosh(z) - 1, parts=((1, COSH),))
FIRST = Monotone("The numerator of h", z * sp.cosh(z) - sp.sinh(z) - z**3 / 3, z,
                 derivative=z * (sp.sinh(z) - z), parts=((z, RISE),))  # fmt: skip
SECOND = Monotone("The numerator of its derivative", (z**2 + 3) * sp.sinh(z) - 3 * z * sp.cosh(z) - z**5 / 15, z,
                  derivative=z * (z * sp.cosh(z) - sp.sinh(z) - z**3 / 3), parts=((z, FIRST),))  # fmt: skip
THIRD = Monotone("The numerator of j", (z**2 / 3 + 1) * sp.sinh(z) - z * sp.cosh(z) - z**5 / 45, z,
                 derivative=z * (z * sp.cosh(z) - sp.sinh(z) - z**3 / 3) / 3, parts=((z / 3, FIRST),))  # fmt: skip
_UP = ((z**2 + 3) * sp.sinh(z) - 3 * z * sp.cosh(z) - z**5 / 15) / z**4
GAP = Monotone("h increases", odd(z) - z**2 / 30, z, start=y, derivative=_UP, put={z: y + v},
               parts=((1 / z**4, SECOND),))  # fmt: skip


def _sign() -> tuple[Step, ...]:
    """h increases and j is positive: the sign of the shift."""
    larger = {beta: alpha + more}
    room = beta * even(alpha * w) + alpha * even(beta * w)
    convex = Combination("The curvature is positive", gt(even(y), 0), ((4 / y**3, THIRD, {z: y}),))
    return (
        COSH, RISE, FIRST, SECOND, THIRD, GAP,
        convex,
        Combination("The parabola opens upwards", gt(room, 0),
                    ((beta, convex, {y: alpha * w}), (alpha, convex, {y: beta * w}))),
        Combination("The slope, alpha < beta", gt(odd(beta * w), odd(alpha * w)),
                    ((1, GAP, {y: alpha * w, v: more * w}),), put=larger,
                    text=r"So $u^* < 0$; exchanging $\alpha$ and $\beta$ gives $u^* > 0$ for $\alpha > \beta$."),
        Identity("Equal exponents", SHIFT, 0, put={beta: alpha}),
    )  # fmt: skip


def _leading() -> tuple[Step, ...]:
    h_a, h_b, j_a, j_b = sp.symbols("h_1 h_2 j_1 j_2", real=True)
    third, both = sp.Rational(1, 3), _shift(ODD(alpha * w), ODD(beta * w), EVEN(alpha * w), EVEN(beta * w))
    named = {
        ODD(alpha * w): third + alpha**2 * w**2 * h_a, ODD(beta * w): third + beta**2 * w**2 * h_b,
        EVEN(alpha * w): alpha**2 * w**2 * j_a, EVEN(beta * w): beta**2 * w**2 * j_b,
    }  # fmt: skip
    quotient = both.subs(named)
    return (
        Identity("h near zero", sp.Limit((odd(y) - third) / y**2, y, 0), LIMIT_ODD),
        Identity("j near zero", sp.Limit(even(y) / y**2, y, 0), LIMIT_EVEN),
        Identity("Leading order", quotient, w**2 * (alpha - beta) / 10,
                 put={h_a: LIMIT_ODD, h_b: LIMIT_ODD, j_a: LIMIT_EVEN, j_b: LIMIT_EVEN},
                 text=r"$h(z) = 1/3 + z^2 h_i$, $j(z) = z^2 j_i$ at $z = \alpha w$ and $\beta w$, with the limits of "
                      r"$h_i$, $j_i$ as $w \to 0$."),
    )  # fmt: skip


def _budgets() -> tuple[Step, ...]:
    prefactor, x, exponent = sp.symbols("G x a", positive=True)
    line = sp.exp(u) * prefactor * x**exponent
    return (
        Words("Every budget alike", text=r"If $w$ is the same at every budget, so is $u^*$, since $g$ does not depend "
                                         r"on the budget; the vertex is $N^* e^{u^*}$."),
        Identity("The line through the vertices", x * sp.Derivative(sp.log(line), x), exponent,
                 text=r"$N = e^{u^*} G x^a$: these points lie on a line in logarithms, of slope $a$; its prefactor is "
                      r"$e^{u^*}$ times $G$."),
    )  # fmt: skip


def _placed() -> tuple[Step, ...]:
    """Any symmetric design about a centre s, to leading order, from the cubic terms of g."""
    t, second, fourth = sp.symbols("t m_2 m_4", positive=True)
    small = sp.Symbol("e", positive=True)
    bend, skew = alpha * beta * (alpha + beta) / 2, alpha * beta * (beta**2 - alpha**2) / 6
    rest = beta * sp.exp(-alpha * u) + alpha * sp.exp(beta * u) - alpha - beta
    cube = s**3 + 3 * s**2 * t + 3 * s * t**2 + fourth / second * t
    place = -s + (alpha - beta) * (fourth / second / 6 - s**2 / 2)
    slope = 2 * bend * (s + t) + skew * (3 * s**2 + 6 * s * t + fourth / second)
    scaled = {s: small * s, second: small**2 * second, fourth: small**4 * fourth}
    fit = slope.subs(t, place).subs(scaled, simultaneous=True) / small**2
    return (
        Identity("Second order of g", sp.Limit(rest / u**2, u, 0), bend),
        Identity("Third order of g", sp.Limit((rest - bend * u**2) / u**3, u, 0), skew),
        Given("Sizes about a centre s", (eq(c1 * second, fourth), ),
              text=r"$u = s + t$ with weights symmetric in $t$, moments $m_2$, $m_4$; $c_1$ is the slope of the fit to "
                   r"$t^3$, whose other coefficients are 0 by symmetry."),
        Combination("The fit to a cube", eq(c1, fourth / second), ((1 / second, eq(c1 * second, fourth)),)),
        Identity("The slope of the fit", sp.Derivative(bend * (s + t) ** 2 + skew * cube, t), slope,
                 text=r"$(s+t)^2$ and $(s+t)^3$, with $t^3$ replaced by $(m_4/m_2) t$."),
        Identity("It vanishes to leading order", sp.Limit(fit, small, 0), 0,
                 text=r"At $t = -s + (\alpha - \beta)(m_4/(6 m_2) - s^2/2)$, for sizes scaled by $e \to 0$: the vertex "
                      r"$u = s + t$."),
        Identity("Sizes spread evenly", (alpha - beta) * (fourth / second / 6 - s**2 / 2),
                 (alpha - beta) * (w**2 / 10 - s**2 / 2), put={second: w**2 / 3, fourth: w**4 / 5},
                 text=r"Budgets whose sizes are centred differently are shifted differently: then the exponent is "
                      r"biased too."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    at = {alpha: sp.Rational(1, 2), beta: sp.Rational(1, 4), w: sp.Integer(1)}
    return (
        Refutation("The vertex is not the optimum", sp.Le(SHIFT, 0, evaluate=False), at),
        Refutation("The leading order is not exact", ge(SHIFT, w**2 * (alpha - beta) / 10), at | {w: sp.Integer(8)}),
    )  # fmt: skip
