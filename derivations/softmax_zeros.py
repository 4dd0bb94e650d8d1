"""The Taylor series of cross-entropy along a line converges exactly up to the nearest zero of the partition function.

F(t) = sum_j w_j e^(a_j t) with weights w_j = e^(z_j) > 0 and real slopes a_j; classes of weight 0 are dropped first.
Source: Sao 2026, Proposition 4.2 (text seen); the argument at the zero, which needs no logarithm there, is made here.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Cited, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Let $F(t)$ be the sum of $w_j e^{a_j t}$ over finitely many classes, $w_j > 0$, $a_j$ real and not all equal. "
    r"The Taylor series at 0 of the loss $\log F(t) - a_y t - z_y$ along the line has the radius of convergence "
    r"$\rho^*$, the least $|t|$ with $F(t) = 0$, which is positive and finite. It does not depend on the label, on "
    r"soft targets or on constants added to all logits or to all slopes, and $s a_j$ has the radius $\rho^*/|s|$. If "
    r"all slopes agree there is no zero, and the series is that of a linear function."
)

ge, gt, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Eq))
w, v, total = sp.symbols("w_j w_k W", positive=True)
a, b, c, u, y, z, low = sp.symbols("a_j a_k c u y z_j a_min", real=True)
scale = sp.Symbol("s", real=True, nonzero=True)
t, moved, series, value, inverse = sp.symbols("t t_s L F_1 E")


def build() -> Derivation:
    """The chain for the radius; nothing is checked before ``run``."""
    steps = (*_inside(), *_outside(), *_exists(), *_invariant(), *_agreeing(), _control())
    return Derivation("softmax_zeros", "The Taylor radius is the nearest zero of the softmax sum", STATEMENT, steps)


def _inside() -> tuple[Step, ...]:
    partial_sum = sp.Symbol("S_k", nonnegative=True)
    return (
        Sign("On the real line all terms are positive", gt(partial_sum + w * sp.exp(a * u), 0),
             text=r"By induction on the number of classes $F(u) > 0$ for real $u$; in particular $F(0) > 0$, and "
                  r"$\log F$ has a Taylor series at 0."),
        Identity("Zeros come in pairs", sp.conjugate(w * sp.exp(a * t)), w * sp.exp(a * (u - sp.I * y)),
                 put={t: u + sp.I * y},
                 text=r"Term by term $F$ at the conjugate of $t$ is the conjugate of $F(t)$."),
        Cited("A logarithm without zeros", "Conway, Functions of One Complex Variable I, section IV.6",
              text=r"$F$ is entire. On the disc $|t| < \rho^*$, where it has no zero, it has a holomorphic "
                   r"logarithm; the one that is real at 0 is $\log F$ on the real line."),
        Cited("Taylor's theorem", "Conway, section IV.2",
              text=r"So the Taylor series of $\log F$ at 0 converges for $|t| < \rho^*$, and with the linear term "
                   r"that of the loss."),
    )  # fmt: skip


def _outside() -> tuple[Step, ...]:
    at_zero = eq(value, sp.exp(series))
    return (
        Cited("Identity theorem", "Conway, section IV.3", (at_zero,),
              text=r"Suppose that the series converges on a disc larger than $|t| < \rho^*$, to $L(t)$. Then "
                   r"$e^{L(t)}$ and $F(t)$ are holomorphic on that disc and agree near 0, so everywhere on it: at the "
                   r"nearest zero $t_0$ the value $F_1 = F(t_0)$ is $e^L$, $L = L(t_0)$."),
        Identity("An exponential has no zero", value * inverse, 1,
                 put={value: sp.exp(series), inverse: sp.exp(-series)},
                 text=r"Hence $F(t_0) \ne 0$, against the choice of $t_0$: no larger disc is possible, and the radius "
                      r"is $\rho^*$."),
    )  # fmt: skip


def _exists() -> tuple[Step, ...]:
    slope = sp.Symbol("beta", real=True)
    one, other = (sp.Symbol(name, positive=True) for name in ("w_a", "w_b"))
    gap = sp.Symbol("d", positive=True)
    x = sp.Symbol("x", positive=True)
    return (
        Cited("Functions of order 1 without zeros", "Hadamard; Conway, section XI.3",
              text=r"$|F(t)| \le F(0) e^{\max |a_j| |t|}$. An entire function of order at most 1 without zeros is "
                   r"$e^{\alpha + \beta t}$; here $\beta$ is real, as $F$ is real and positive on the real line."),
        Identity("Growth to the right", sp.Limit(one + other * sp.exp(-gap * x), x, sp.oo, "-"), one,
                 text=r"$F(x) e^{-a_{max} x}$ tends to the weight at the largest slope (two classes are shown, "
                      r"$d$ apart), so $\beta = a_{max}$."),
        Identity("Growth to the left", sp.exp(-low * -x) * sp.exp(slope * -x), sp.exp((low - slope) * x),
                 text=r"$F(-x) e^{a_{min} x}$ tends to the weight at the smallest slope, and $e^{\alpha - \beta x} "
                      r"e^{a_{min} x}$ does so only for $\beta = a_{min}$."),
        Words("There is a zero",
              text=r"$a_{max} = a_{min}$ is excluded, so $F$ has a zero. Zeros of $F$ are isolated, so some zero is "
                   r"nearest to 0, and $F(0) > 0$ keeps it away: $0 < \rho^* < \infty$."),
    )  # fmt: skip


def _invariant() -> tuple[Step, ...]:
    return (
        Identity("A constant added to the slopes", w * sp.exp((a + c) * t), sp.exp(c * t) * (w * sp.exp(a * t)),
                 text=r"$F$ is multiplied by $e^{ct}$, which has no zero. The label, soft targets and label smoothing "
                      r"change the linear term of the loss alone, which is entire."),
        Identity("A constant added to the logits", w * sp.exp(a * t), sp.exp(c) * sp.exp(z + a * t),
                 put={w: sp.exp(z + c)},
                 text=r"$F$ is multiplied by $e^c$, and so softmax probabilities serve as "
                      r"weights."),
        Identity("Slopes times s", w * sp.exp(scale * a * moved), w * sp.exp(a * t), put={moved: t / scale},
                 text=r"$t$ is a zero for $a$ exactly if $t_s = t/s$ is one for $s a$."),
        Identity("Classes with the same slope", w * sp.exp(a * t) + v * sp.exp(b * t), (w + v) * sp.exp(a * t),
                 put={b: a}, text=r"They count as one, with the sum of their weights."),
    )  # fmt: skip


def _agreeing() -> tuple[Step, ...]:
    linear = sp.log(total * sp.exp(a * u)) - (sp.log(total) + a * u)
    return (
        Given("All slopes agree", text=r"$F(t) = W e^{at}$ has no zero."),
        Identity("The loss is linear", linear, 0, text=r"$\rho^* = \infty$."),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("Not the size of the real values", ge(sp.S.Zero, 1 + sp.exp(u)), {u: sp.S.Zero},
                      text=r"$1 + e^u$ has no real zero, yet its radius is $\pi$: $1 + e^{i\pi} = 0$.")  # fmt: skip
