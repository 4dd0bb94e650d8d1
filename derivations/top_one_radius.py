"""The top-1 bound: a confident sample keeps the zeros of its softmax sum away, rho* >= sqrt(margin^2 + pi^2)/Delta.

Derived here.  p is the mass of all classes that share the slope of the most probable one.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import half_plane
from hconsist.derivations.half_plane import HEIGHT
from hconsist.derivations.links import theorem
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Monotone, Refutation, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Let $p$ be the mass of the classes at one slope $a_0$ and $\ell = \log(p/(1-p)) \ge 0$. Then "
    r"$\rho^* \ge (\ell^2 + \pi^2)^{1/2}/\Delta$, with equality for two classes."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
D, p, q, share, short = sp.symbols("Delta p q w_j v", positive=True)
total, u, c = sp.symbols("S u c", nonnegative=True)
margin, y = sp.Symbol("l", nonnegative=True), half_plane.y
WIDE = ge(D * u, margin)
ODDS = {p: 1 / (1 + q)}
"""q = (1 - p)/p."""
EXPONENTIAL = Monotone("The exponential increases", sp.exp(c), c)
TANGENT = Monotone("and lies above its tangent", sp.exp(c) - c, c, parts=((1, EXPONENTIAL),))


def build() -> Derivation:
    """The chain for the top-1 bound; nothing is checked before ``run``."""
    steps = (*_moduli(), *_margin(), *_bound(), *_sharp(), _control())
    return Derivation("top_one_radius", "The top-1 bound", STATEMENT, steps)


def _moduli() -> tuple[Step, ...]:
    balance = le(1, total)
    spread = le(total, q * sp.exp(D * u))
    return (
        Cited("Triangle inequality", "moduli of complex numbers", (balance,),
              text=r"At a zero with real part $x$, $|x| = u$, the terms of slope $a_0$ are minus the sum of others. "
                   r"Dividing the moduli by theirs, $1 \le S$ with $S = \sum_j (w_j/W) e^{(a_j - a_0) x}$ over the "
                   r"others, where $W$ is the weight at $a_0$."),
        EXPONENTIAL, TANGENT,
        Combination("One term", le(share * sp.exp(D * u - c), share * sp.exp(D * u)),
                    ((share * sp.exp(D * u - c), EXPONENTIAL),),
                    text=r"$(a_j - a_0) x = \Delta u - c$ with some $c \ge 0$."),
        Given("The others have mass 1 - p", (spread,), text=r"Summed, with $q = (1-p)/p$ for the sum of $w_j/W$."),
        Combination("How far the zero is to the side", le(1, q * sp.exp(D * u)), ((1, balance), (1, spread))),
    )  # fmt: skip


def _margin() -> tuple[Step, ...]:
    return (
        Identity("The margin", sp.exp(-sp.log(p / (1 - p))), q, put=ODDS, text=r"$q = e^{-\ell}$."),
        Combination("Less than the margin is not enough", gt(1, sp.exp(-margin) * sp.exp(margin - short)),
                    ((sp.exp(-short), TANGENT, {c: short}),),
                    text=r"If $\Delta u = \ell - v$ with $v > 0$ then $q e^{\Delta u} < 1$."),
    )  # fmt: skip


def _bound() -> tuple[Step, ...]:
    squared = ge(u**2, margin**2 / D**2)
    return (
        Words("Hence", (WIDE,), text=r"Less is impossible at a zero."),
        Combination("Squared", squared, (((D * u + margin) / D**2, WIDE),)),
        theorem(half_plane, "The height of a zero", text=r"$y$ is the modulus of its imaginary part."),
        Combination("The bound", ge(u**2 + y**2, (margin**2 + sp.pi**2) / D**2), ((1, squared), (1 / D**2, HEIGHT)),
                    text=r"$|t|^2 = u^2 + y^2$."),
    )  # fmt: skip


def _sharp() -> tuple[Step, ...]:
    delta = sp.Symbol("delta", real=True)
    return (
        Identity("Two classes: equality", sp.log(p / (1 - p)), delta, put={p: 1 / (1 + sp.exp(-delta))},
                 text=r"For margin $\delta \ge 0$ the bound is $(\delta^2 + \pi^2)^{1/2}/\Delta$, the radius itself."),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("Twice the margin is too much", ge(margin**2 + sp.pi**2, (2 * margin) ** 2 + sp.pi**2),
                      {margin: sp.S.One}, text=r"Two classes of margin 1.")  # fmt: skip
