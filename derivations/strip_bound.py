"""The strip bound: a zero u + iy of the softmax sum has |y| >= pi/(2 sigma(u)), and what follows for the radius.

Derived here.  sigma(u)^2 = K''(u) is the variance of the slopes under the law tilted to u; half the effective margin is
arccosh(Delta/(2 sigma)).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import slope_moments
from hconsist.derivations.links import proof, theorem
from hconsist.derivations.trigonometry import cosine, sine
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import (
    Checked,
    Cited,
    Combination,
    Derivation,
    Given,
    Identity,
    Monotone,
    Refutation,
    Sign,
    Step,
    Words,
)

__all__ = ["build"]

STATEMENT = (
    r"Every zero $u + iy$ of $F$ has $|y| \ge \pi/(2 K''(u)^{1/2})$. With $\delta(u) \ge 0$ such that $2 K''(u)^{1/2} "
    r"\cosh(\delta(u)/2) = \Delta$ and $\delta_0 = \delta(0)$, $\delta(u) \ge \delta_0 - \Delta|u|$, so that $\Delta "
    r"\rho^* \ge \min_{0 \le s \le \delta_0} ((\delta_0 - s)^2 + \pi^2 \cosh^2(s/2))^{1/2}$. As $K'' \le "
    r"\Delta^2/4$, the first implies the bound $\pi/\Delta$."
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
pi = sp.pi
x, theta, D, sigma = sp.symbols("x theta Delta sigma", positive=True)
y, w, v, r, z, c, k = sp.symbols("y w v r z c k", nonnegative=True)
S = sine(theta) / theta
PARABOLA = cosine(x) - cosine(theta) + S / 2 * (x**2 - theta**2)
"""cos x less the parabola that touches it at theta; to show: at least 0 for all x."""
SINE = ge(sine(pi / (1 + y)), 0)
ONE = le(sine(x), 1)
HALF = eq(sine(pi / 2), 1)


def build() -> Derivation:
    """The chain for the strip bound and its closed form; nothing is checked before ``run``."""
    steps = (*_sine(), *_parabola(), *_law(), *_margin(), *_closed(), *_two_classes(), _control())
    return Derivation("strip_bound", "The strip bound", STATEMENT, steps)


POINT = {x: pi / (1 + y)}
TIMES = POINT | {k: y * w / (1 + w)}
ARCH = Monotone("The tangent of the sine", sine(x) - x * cosine(x), x, derivative=x * sine(x), put=POINT,
                parts=((x, SINE),), text=r"$0 < x \le \pi$.")  # fmt: skip
SINC = Monotone("sin x/x falls", -sine(x * (1 + k)) / (x * (1 + k)), k, put=TIMES,
                derivative=(sine(x * (1 + k)) - x * (1 + k) * cosine(x * (1 + k))) / (x * (1 + k) ** 2),
                parts=((1 / (x * (1 + k) ** 2), ARCH, {y: (1 + y) / (1 + k) - 1}),),
                text=r"From $x$ to $x(1+k) < \pi$.")  # fmt: skip
JORDAN = Combination("At least 2/pi up to pi/2", ge(sine(theta) / theta, 2 / pi),
                     ((1, SINC, {y: 1 + z, w: z / (2 + z)}), (2 / pi, HALF)), put={theta: pi / (2 + z)},
                     text=r"The line before, from $\theta$ to $\pi/2$.")  # fmt: skip


def _sine() -> tuple[Step, ...]:
    """sin x/x falls on (0, pi), and is at least 2/pi up to pi/2."""
    return (
        Cited("Sine", "its first positive zero is pi, its values are at most 1, and 1 at pi/2", (SINE, ONE, HALF),
              every=(y, x)),
        ARCH, SINC,
        JORDAN,
    )  # fmt: skip


NEAR = Monotone("From theta down to 0", PARABOLA.subs(x, theta / (1 + r)), r, put={theta: pi / (2 + z)},
                derivative=(sine(theta / (1 + r)) - S * theta / (1 + r)) * theta / (1 + r) ** 2,
                parts=((theta**2 / (1 + r) ** 3, SINC, {y: (2 + z) * (1 + r) - 1, w: r / ((1 + z) * (1 + r))}),),
                text=r"$0 < \theta \le \pi/2$, $x = \theta/(1+r)$; at $x = \theta$ the value is 0.")  # fmt: skip
FAR = Monotone("From theta up to pi/2", PARABOLA.subs(x, theta * (1 + k)), k,
               put={theta: pi / (1 + y), k: y * w / (1 + w)},
               derivative=theta * (S * theta * (1 + k) - sine(theta * (1 + k))),
               parts=((theta**2 * (1 + k), SINC, {y: y, w: w}),), text=r"Up to $\pi$, in fact.")  # fmt: skip
BEYOND = Monotone("Beyond pi/2", PARABOLA.subs(x, pi / 2 + r), r, put={theta: pi / (2 + z)},
                  derivative=S * (pi / 2 + r) - sine(pi / 2 + r),
                  parts=((pi / 2 + r, JORDAN, {z: z}), (1, ONE, {x: pi / 2 + r})))  # fmt: skip


def _parabola() -> tuple[Step, ...]:
    """cos x >= cos theta - (sin theta/(2 theta)) (x^2 - theta^2) for all x, 0 < theta <= pi/2."""
    return (
        NEAR, FAR, BEYOND,
        Combination("The cosine lies above its parabola", ge(PARABOLA.subs(x, pi / 2 + r), 0),
                    ((1, BEYOND), (1, FAR, {y: 1 + z, w: z / (2 + z)})), put={theta: pi / (2 + z)},
                    text=r"The two lines before cover $0 < x \le \pi/2$; cosine and squares are even, and continuous "
                         r"at 0: this holds for all real $x$."),
    )  # fmt: skip


def _law() -> tuple[Step, ...]:
    """At a zero the tilted law cannot average the cosine to something positive."""
    slope, mean, weight, u, height = sp.symbols("a_j mu w_j u y", real=True)
    square, cos_mean = sp.symbols("Q C", real=True)
    averaged, second = ge(cos_mean, cosine(theta) - S / 2 * (square - theta**2)), eq(square, theta**2)
    positive = gt(cosine(theta), 0)
    high = ge(sigma * y, pi / 2)
    variance = theorem(slope_moments, "Variance (Popoviciu)")
    D_, v_ = slope_moments.D, slope_moments.v
    squared = ge(y**2, pi**2 / (4 * sigma**2))
    return (
        Identity("One term, turned", sp.exp(-sp.I * mean * height) * weight * sp.exp(slope * (u + sp.I * height)),
                 weight * sp.exp(slope * u) * sp.exp(sp.I * height * (slope - mean)),
                 text=r"So $e^{-i \mu y} F(u+iy)/F(u)$ is the mean of $e^{ix}$, $x = y(a - \mu)$, under the law tilted "
                      r"to $u$, $\mu$ its mean; its real part $C$ is the mean of $\cos x$."),
        Identity("Second moment", x**2, height**2 * (slope - mean) ** 2, put={x: height * (slope - mean)},
                 text=r"Its mean is $Q = y^2 \sigma^2 = \theta^2$ for $\theta = |y| \sigma$."),
        Words("Averaged", (averaged, second), text=r"If $\theta \le \pi/2$, by the line on the parabola."),
        Combination("The mean cosine", ge(cos_mean, cosine(theta)), ((1, averaged), (-S / 2, second))),
        Cited("Cosine", "it is positive before its first zero pi/2", (positive,), text=r"If $\theta < \pi/2$."),
        Combination("Then there is no zero", gt(cos_mean, 0), ((1, averaged), (-S / 2, second), (1, positive))),
        Words("So at a zero", (high,), text=r"$\theta = \sigma |y| \ge \pi/2$; $y$ stands for $|y|$."),
        Combination("The height of a zero", squared, (((sigma * y + pi / 2) / sigma**2, high),)),
        variance,
        Combination("The half-plane bound once more", ge(y**2 * D_**2, pi**2),
                    ((4 * y**2, variance), (pi / 2 * 4, high), (4 * sigma * y, high)), put={v_: sigma**2}),
    )  # fmt: skip


def _margin() -> tuple[Step, ...]:
    """The effective margin delta(u) falls no faster than Delta |u|."""
    u, scaled = sp.Symbol("u", nonnegative=True), sp.Symbol("m", positive=True)
    delta, slope = smooth("delta"), sp.Symbol("delta_u", real=True)
    variance = D**2 / (4 * sp.cosh(delta(u) / 2) ** 2)
    concordant, falling = ge(scaled * D, -scaled * slope), ge(delta(u, 1), -D)
    return (
        Given("The effective margin", text=r"$K''(u) = \Delta^2/(4 \cosh^2(\delta(u)/2))$ with $\delta(u) \ge 0$, "
                                           r"possible since $0 < K'' \le \Delta^2/4$."),
        Identity("Its root", D**2 - 4 * (D**2 / (4 * sp.cosh(v) ** 2)), (D * sp.sinh(v) / sp.cosh(v)) ** 2,
                 text=r"$v = \delta/2$: $(\Delta^2 - 4K'')^{1/2} = \Delta \tanh(\delta/2)$."),
        Identity("Its derivative", sp.Derivative(variance, u),
                 -variance * sp.sinh(delta(u) / 2) / sp.cosh(delta(u) / 2) * delta(u, 1)),
        Checked("Self-concordance", (le(slope_moments.kappa, slope_moments.v * slope_moments.R),), _concordant,
                method="derivation slope_moments", text=r"$|K'''| \le K'' (\Delta^2 - 4K'')^{1/2}$."),
        Words("In terms of delta", (concordant,), text=r"$m = K'' \tanh(\delta/2)$, positive where $\delta > 0$; "
                                                       r"$\delta_u$ is the derivative at $u$."),
        Combination("Its slope", ge(slope, -D), ((1 / scaled, concordant),)),
        Words("For every u", (falling,), every=(u,), text=r"$u \ge 0$, up to the first zero of $\delta$, if any."),
        Monotone("The margin falls no faster", delta(u) + D * u, u, derivative=delta(u, 1) + D,
                 parts=((1, falling),),
                 text=r"$\delta(u) \ge \delta_0 - \Delta u$; beyond a zero of $\delta$ the right side is negative. "
                      r"For $u < 0$ exchange $a$ and $-a$."),
    )  # fmt: skip


def _concordant(shown: sp.Basic) -> Evidence:
    return proof(slope_moments).run()


def _closed() -> tuple[Step, ...]:
    s, start, side = sp.symbols("s delta_0 x_0", nonnegative=True)
    more = sp.Symbol("x", nonnegative=True)
    distance = (start - s) ** 2 + pi**2 * sp.cosh(s / 2) ** 2
    grown = Monotone("The hyperbolic cosine increases", sp.cosh(s / 2 + more) ** 2, more,
                     derivative=2 * sp.cosh(s / 2 + more) * sp.sinh(s / 2 + more))  # fmt: skip
    high = ge(D**2 * y**2, pi**2 * sp.cosh(s / 2 + more) ** 2)
    return (
        grown,
        Given("The height once more", (high,),
              text=r"$\Delta^2 y^2 \ge \pi^2 \Delta^2/(4K''(u)) = \pi^2 \cosh^2(\delta(u)/2)$ at a zero $u + iy$, with "
                   r"$\delta(u)/2 = s/2 + x$, $x \ge 0$, $s = \max(0, \delta_0 - \Delta|u|)$."),
        Combination("The closed form", ge((start - s + side) ** 2 + D**2 * y**2, distance),
                    ((1, high), (pi**2, grown)), put={start: s + sp.Symbol("d", nonnegative=True)},
                    text=r"$\Delta |u| = \delta_0 - s + x_0$ with $x_0 \ge 0$, and $x_0 > 0$ only if $s = 0$."),
        Identity("Where it is least", sp.Derivative(distance, s), 2 * (s - start) + pi**2 / 2 * sp.sinh(s)),
        Sign("and only there", gt(sp.Derivative(distance, s, 2), 0), form=2 + pi**2 / 2 * sp.cosh(s),
             text=r"Convex in $s$: the least value is where $s + (\pi^2/4) \sinh s = \delta_0$."),
    )  # fmt: skip


def _two_classes() -> tuple[Step, ...]:
    delta = sp.Symbol("delta", real=True)
    p = 1 / (1 + sp.exp(-delta))
    return (
        Identity("Two classes", p * (1 - p) * D**2, D**2 / (sp.exp(delta / 2) + sp.exp(-delta / 2)) ** 2,
                 text=r"$= \Delta^2/(4 \cosh^2(\delta/2))$: the effective margin is $|\delta|$, and it is 0 at the "
                      r"real part $\delta/\Delta$ of the zeros, where the strip bound is $\pi/\Delta$, attained."),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("No larger constant", ge(pi / D, sp.Rational(101, 100) * pi / (2 * (D / 2))), {D: sp.S.One},
                      text=r"Balanced classes: $\sigma = \Delta/2$ and the zero $i\pi/\Delta$.")  # fmt: skip
