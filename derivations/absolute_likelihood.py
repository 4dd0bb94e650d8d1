"""The likelihood behind least absolute deviations, and why a Huber likelihood with a free scale is the same fit.

Derived here.  Besiroglu et al. 2024 (notebook seen) maximise a Huber likelihood over its scale sigma, which falls until
delta sigma, the residual at which the loss turns linear, is of the order 1e-9.  c = sigma/delta is the scale of the
Laplace law that this tends to.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations.logarithm import ABOVE, BELOW, z
from hconsist.derivations.undetermined import smooth
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"For residuals $r_i$ with $S = \sum_i |r_i|$ the largest log-likelihood of a Laplace law over its scale is $-n (1 "
    r"+ \log(2S/n))$, at the scale $S/n$; so maximum likelihood is least absolute deviations, and the likelihood-ratio "
    r"statistic of two fits is $2n \log(S_H/S_{fit})$. The density $e^{-\rho(r/\sigma)}/(\sigma Z)$, $\rho$ the Huber "
    r"loss with threshold $\delta$, differs from it at $c = \sigma/\delta$ by at most $\delta^2/2$ in the logarithm, "
    r"for every residual and scale: its largest log-likelihood is within $n \delta^2/2$ of $-n (1 + \log(2S/n))$ at "
    r"the least $S$, and its fit has a sum of absolute residuals at most $e^{\delta^2}$ times the least one."
)

ge, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq))
n, S, c, r, delta, sigma, other = sp.symbols("n S c r delta sigma S_H", positive=True)
w, y = sp.symbols("w y", nonnegative=True)
x = sp.Symbol("x", positive=True)
rho = sp.Symbol("rho", real=True)
MASS = smooth("F")


def log_likelihood(scale: sp.Expr, total: sp.Expr) -> sp.Expr:
    """Of n residuals whose absolute values add up to ``total``, under the Laplace law of this scale."""
    return -n * sp.log(2 * scale) - total / scale


def best(total: sp.Expr) -> sp.Expr:
    """The largest over the scale."""
    return -n * (1 + sp.log(2 * total / n))


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_laplace(), *_ratio(), *_normaliser(), *_residual(), *_sums(), *_controls())
    return Derivation("absolute_likelihood", "The likelihood of least absolute deviations", STATEMENT, steps)


LOG = Monotone("log(1+z) is not negative", sp.log(1 + z), z)


def _laplace() -> tuple[Step, ...]:
    bound = le(log_likelihood(c, S), best(S))
    return (
        Identity("The Laplace law", sp.Integral(sp.exp(-r / c) / (2 * c), (r, 0, sp.oo)), sp.Rational(1, 2),
                 text=r"The density $e^{-|r|/c}/(2c)$, on each side of 0; $n$ residuals have the log-likelihood $-n "
                      r"\log(2c) - S/c$."),
        ABOVE, BELOW,
        Combination("Larger scales", bound, ((n, BELOW),), put={c: S / n * (1 + z)}),
        Combination("Smaller scales", bound, ((n, ABOVE),), put={c: S / n / (1 + z)}),
        Identity("The best scale", log_likelihood(c, S), best(S), put={c: S / n}),
    )  # fmt: skip


def _ratio() -> tuple[Step, ...]:
    value = sp.Symbol("l", real=True)
    return (
        Identity("It falls in the sum", S * sp.Derivative(best(S), S), -n,
                 text=r"So the parameters of largest likelihood are those of the least sum."),
        Identity("Likelihood ratio", 2 * (best(S) - best(other)), 2 * n * sp.log(other / S)),
        Identity("The mean absolute residual", best(S), value, put={S: n * sp.exp(-1 - value / n) / 2},
                 text=r"A printed log-likelihood $l$ tells it: $S/n = e^{-1-l/n}/2$."),
    )  # fmt: skip


SLOPE, START = eq(MASS(x, 1), sp.exp(-(x**2) / 2)), eq(MASS(0), 0)
"""F(x) is the integral of e^(-s^2/2) over [0, x]."""
_SLOPE = eq(MASS(w, 1), sp.exp(-(w**2) / 2))
TURN = w * MASS(w) + sp.exp(-(w**2) / 2)
"""delta Z/2 at delta = w."""


def _normaliser() -> tuple[Step, ...]:
    """1 <= delta Z/2 <= 1 + delta^2/2."""
    half = delta**2 / 2
    one = Monotone("An exponential below 1", 1 - sp.exp(-z), z)
    positive = Monotone("F is not negative", MASS(w), w, derivative=MASS(w, 1), parts=((1, _SLOPE),))
    small = Monotone("F is at most its argument", w - MASS(w), w, derivative=1 - MASS(w, 1),
                     parts=((-1, _SLOPE), (1, one, {z: w**2 / 2})))  # fmt: skip
    top = Monotone("and at most 1 + delta^2/2", w**2 / 2 - TURN, w,
                   derivative=w - MASS(w) - w * MASS(w, 1) + w * sp.exp(-(w**2) / 2),
                   parts=((1, small), (-w, _SLOPE), (-1, START)))  # fmt: skip
    excess = eq(TURN.subs(w, delta), 1 + y)
    return (
        Identity("The tail of the Huber density", sp.Integral(sp.exp(-(delta * x - half)), (x, delta, sp.oo)),
                 sp.exp(-half) / delta, text=r"$\rho = \delta x - \delta^2/2$ for $x \ge \delta$."),
        Given("Its centre", (_SLOPE, START), every=(w,),
              text=r"$\rho = x^2/2$ for $x \le \delta$, so $Z = 2 F(\delta) + 2 e^{-\delta^2/2}/\delta$ with the "
                   r"integral $F$ of $e^{-x^2/2}$ from 0."),
        Identity("In terms of c", sigma * (2 * MASS(delta) + 2 * sp.exp(-half) / delta),
                 2 * c * TURN.subs(w, delta), put={sigma: c * delta}),
        one, positive, small,
        Monotone("delta Z/2 is at least 1", TURN, w, derivative=MASS(w) + w * MASS(w, 1) - w * sp.exp(-(w**2) / 2),
                 parts=((1, positive), (w, _SLOPE), (1, START))),
        top,
        Given("Its excess over 1", (excess,)),
        Combination("It is small", le(y, half), ((1, top, {w: delta}), (1, excess))),
    )  # fmt: skip


def _residual() -> tuple[Step, ...]:
    """The logarithm of both densities at one residual, x = |r|/sigma."""
    above, below = le(rho, delta * x), ge(rho, delta * x - delta**2 / 2)
    room = le(y, delta**2 / 2)
    density, laplace = rho + sp.log(2 * c * (1 + y)), delta * x + sp.log(2 * c)
    return (
        Sign("Near 0, from below", ge(x**2 / 2, delta * x - delta**2 / 2), form=(x - delta) ** 2 / 2),
        Sign("Near 0, from above", le(x**2 / 2, delta * x), form=delta**2 * (1 + 2 * w) / (2 * (1 + w) ** 2),
             put={x: delta / (1 + w)}),
        Words("The Huber loss", (above, below),
              text=r"Beyond $\delta$, where $\rho = \delta x - \delta^2/2$, both hold as well. $|r|/c = \delta x$."),
        LOG,
        Combination("The density, from below", le(density, laplace + delta**2 / 2),
                    ((1, above), (1, room), (1, ABOVE, {z: y})),
                    text=r"Minus the logarithm of the Huber density, and of the Laplace density."),
        Combination("The density, from above", ge(density, laplace - delta**2 / 2), ((1, below), (1, LOG, {z: y}))),
    )  # fmt: skip


def _sums() -> tuple[Step, ...]:
    """Two functions that differ by at most e have maxima that do."""
    huber, huber_at, laplace, laplace_at = sp.symbols("h_h h_l l_l l_h", real=True)
    apart = n * delta**2 / 2
    own = (ge(huber, huber_at), ge(laplace, laplace_at))
    near = (ge(huber_at, laplace - apart), le(huber, laplace_at + apart))
    least = eq(laplace, best(S))
    fitted = le(laplace_at, best(other))
    return (
        Words("n residuals", near,
              text=r"$h$ and $l$ are the log-likelihoods of Huber and of Laplace, $h_h, l_h$ at the parameters and "
                   r"scale that maximise the first, $h_l, l_l$ at those that maximise the second."),
        Given("Both are maximised", (*own, least, fitted),
              text=r"$S$ is the least sum, $S_H$ the sum at the maximum of the Huber likelihood."),
        Combination("The largest likelihood, from below", ge(huber, best(S) - apart),
                    ((1, own[0]), (1, near[0]), (1, least))),
        Combination("and from above", le(huber, best(S) + apart), ((1, near[1]), (1, own[1]), (-1, least))),
        Combination("The sum at the Huber fit", le(sp.log(other / S), delta**2),
                    tuple((1 / n, fact) for fact in (own[0], *near, fitted, least))),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    at = {n: sp.Integer(1), S: sp.Integer(1)}
    return (
        Refutation("Another scale is worse", ge(log_likelihood(2 * S / n, S), best(S)), at),
        Refutation("The factor 2 belongs there", ge(best(S), -n * (1 + sp.log(S / n))), at),
    )  # fmt: skip
