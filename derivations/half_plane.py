"""The half-plane bound: every zero of the softmax sum has |Im t| >= pi/Delta.

Source: Sao 2026, Lemma 4.5 and Theorem 4.6 (text seen).  When it is attained is derived here.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["HEIGHT", "build"]

STATEMENT = (
    r"Let $\Delta > 0$ be the spread of the slopes over the classes of positive weight. Every zero $t = u + iy$ of "
    r"$F(t) = \sum_j w_j e^{a_j t}$ has $|y| \ge \pi/\Delta$, so $\rho^* \ge \pi/\Delta$; equality holds exactly if "
    r"all weight is on the largest and the smallest slope, in equal parts."
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
pi = sp.pi
D, w, one, other = sp.symbols("Delta w_j w_+ w_-", positive=True)
m, c, u = sp.symbols("m c_j u", real=True)
d, y, e, partial_sum = sp.symbols("d_j y e S_k", nonnegative=True)
f, x = sp.symbols("f x", positive=True)
HEIGHT = ge(D**2 * y**2, pi**2)
"""What is known of the imaginary part y of a zero."""


def build() -> Derivation:
    """The chain for the half-plane bound; nothing is checked before ``run``."""
    steps = (*_terms(), *_bound(), *_equality(), _control())
    return Derivation("half_plane", "The half-plane bound pi/Delta", STATEMENT, steps)


def _terms() -> tuple[Step, ...]:
    """The real part of each term, turned by the phase of the middle slope."""
    offset, height = sp.symbols("d y", real=True)
    positive = gt(c, 0)
    return (
        Given("Slopes about their middle", text=r"$a_j = m + d$ with $|d| \le \Delta/2$, $m = (\max a + \min a)/2$; "
                                                r"$t = u + iy$, and $y \ge 0$ since zeros come in conjugate pairs."),
        Identity("One term, turned", sp.exp(-sp.I * m * height) * sp.exp((m + offset) * (u + sp.I * height)),
                 sp.exp((m + offset) * u) * (sp.cos(offset * height) + sp.I * sp.sin(offset * height)),
                 text=r"So $e^{-imy} F(t)$ has the real part $\sum_j w_j e^{a_j u} \cos(d_j y)$."),
        Sign("Phases below a right angle", gt(pi / 2 - d * y, 0), form=pi * (x * D + e) / (2 * D * (1 + x)),
             put={y: pi / (D * (1 + x)), d: (D - e) / 2},
             text=r"Suppose $0 < \Delta y < \pi$, that is $y = \pi/(\Delta(1+x))$ with $x > 0$ (for $y = 0$ all terms "
                  r"are positive); and $|d| = (\Delta - e)/2$, here $d_j$."),
        Cited("Cosine", "it is positive between -pi/2 and pi/2, its zeros nearest to 0: the definition of pi",
              (positive,), text=r"$c_j = \cos(d_j y)$."),
        Combination("Each term is positive", gt(w * sp.exp((m + d) * u) * c, 0),
                    ((w * sp.exp((m + d) * u), positive),)),
        Sign("Sums of positive numbers", gt(partial_sum + f, 0),
             text=r"$S_k$ is the sum of the first $k$ terms, 0 for $k = 0$: by induction the real part is positive."),
    )  # fmt: skip


def _bound() -> tuple[Step, ...]:
    height = ge(D * y, pi)
    return (
        Words("So there is no zero", (height,), text=r"For $\Delta y < \pi$ the real part of $e^{-imy} F(t)$ is "
                                                     r"positive. At a zero, therefore, $\Delta y \ge \pi$."),
        Combination("The height of a zero", HEIGHT, ((D * y + pi, height),)),
        Combination("The bound", ge(u**2 + y**2, pi**2 / D**2), ((1 / D**2, HEIGHT),),
                    text=r"$|t|^2 = u^2 + y^2$."),
    )  # fmt: skip


def _equality() -> tuple[Step, ...]:
    inner, turn = sp.Symbol("g", positive=True), sp.I * pi / 2
    return (
        Sign("Slopes inside", gt(pi / 2 - (D / 2 - inner) * (pi / D), 0), form=inner * pi / D,
             text=r"If $|t| = \pi/\Delta$ then $u = 0$ and $\Delta y = \pi$. All $\cos(d_j y) \ge 0$, and those with "
                  r"$|d_j| = \Delta/2 - g < \Delta/2$ are positive: there are none at a zero."),
        Identity("The two extreme slopes", other * sp.exp(-turn) + one * sp.exp(turn), sp.I * (one - other),
                 text=r"What remains of $e^{-imy} F(t)$; it is 0 exactly for equal weights."),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("No larger constant", ge(pi / D, sp.Rational(101, 100) * pi / D), {D: sp.S.One},
                      text=r"$1 + e^t$ has the zero $i\pi$.")  # fmt: skip
