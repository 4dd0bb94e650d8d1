"""How to split parameters between encoder and decoder, and what such a law cannot tell (derived here).

The law is that of Ghorbani et al. 2021 (abstract seen, the form recalled).  p and q stand for its exponents p_e, p_d.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations.logarithm import ABOVE, BELOW, z
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Step

__all__ = ["BEST", "build"]

STATEMENT = (
    r"Let $L = L_\infty + \alpha (M_e/N_e)^p (M_d/N_d)^q$ with reference sizes $M_e$, $M_d$, positive exponents and "
    r"$N_e + N_d = P$. The only minimum is at the encoder's share $p/(p+q)$, and there $L = L_\infty + \alpha^* "
    r"P^{-(p+q)}$ with $\alpha^* = \alpha ((p+q) M_e/p)^p ((p+q) M_d/q)^q$. From losses $p$, $q$, $L_\infty$ and $A = "
    r"\alpha M_e^p M_d^q$ can be told, but not $\alpha$, $M_e$ and $M_d$."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
p, q, A, P, alpha, times = sp.symbols("p q A P alpha t", positive=True)
Ne, Nd, Me, Md = sp.symbols("N_e N_d M_e M_d", positive=True)
share = sp.Symbol("s", positive=True)
y = sp.Symbol("y", nonnegative=True)
LAW = alpha * (Me / Ne) ** p * (Md / Nd) ** q
BEST, REST = p / (p + q), q / (p + q)
GAIN = p * sp.log(share / BEST) + q * sp.log((1 - share) / REST)
"""log of the least excess over the excess at the share s, for one number of parameters in all."""


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_split(), *_least(), *_loss(), *_told(), _control())
    return Derivation("encoder_decoder_split", "Encoder and decoder", STATEMENT, steps)


def _split() -> tuple[Step, ...]:
    inside = {share: 1 / (1 + sp.Symbol("w", positive=True))}
    excess = sp.log(A) - p * sp.log(share * P) - q * sp.log((1 - share) * P)
    return (
        Given("The law", text=r"$M_e$, $M_d$ are reference sizes; $N_e = s P$, $N_d = (1-s) P$, $0 < s < 1$."),
        Identity("One factor", LAW, A * Ne**-p * Nd**-q, put={A: alpha * Me**p * Md**q}),
        Identity("Slope in the share", share * (1 - share) * sp.Derivative(excess, share), (p + q) * share - p,
                 text=r"Of the logarithm of the excess: 0 only at $s = p/(p+q)$, where $p/N_e = q/N_d$."),
        Identity("What another share costs", excess, excess.subs({share: BEST, 1 - share: REST}) - GAIN, put=inside),
    )  # fmt: skip


def _least() -> tuple[Step, ...]:
    """A larger share of the encoder: 1 - s = (1 - s*)/(1 + y); a smaller one is the same with p and q exchanged."""
    rise = p * sp.log(1 + q * y / (p * (1 + y))) - q * sp.log(1 + y)
    more = Combination("More for the encoder", le(rise, 0),
                       ((p, ABOVE, {z: q * y / (p * (1 + y))}), (q, BELOW, {z: y})))  # fmt: skip
    return (
        ABOVE, BELOW,
        Identity("Its share", share / BEST, 1 + q * y / (p * (1 + y)), put={share: 1 - REST / (1 + y)},
                 text=r"$1 - s = (1 - s^*)/(1 + y)$ with $s^* = p/(p+q)$."),
        more,
        Combination("More for the decoder", le(rise.subs({p: q, q: p}, simultaneous=True), 0),
                    ((1, more, {p: q, q: p}),), text=r"So no share is better than $s^*$."),
    )  # fmt: skip


def _loss() -> tuple[Step, ...]:
    total = p + q
    star = alpha * (total / p * Me) ** p * (total / q * Md) ** q
    return (
        Identity("The loss at the best share", LAW, star * P**-total, put={Ne: BEST * P, Nd: REST * P},
                 text=r"$\alpha^*$ is the factor: in the number of all parameters it is a power law with the exponent "
                      r"$p + q$."),
        Identity("Its exponent", P * sp.Derivative(sp.log(star * P**-total), P), -total),
        Identity("Any fixed share has it", LAW, alpha * (Me * (1 + times)) ** p * (Md * (1 + times) / times) ** q
                 * P**-total, put={Ne: P / (1 + times), Nd: P * times / (1 + times)},
                 text=r"$N_d = t N_e$: another share costs a factor of the excess, the same at every $P$."),
    )  # fmt: skip


def _told() -> tuple[Step, ...]:
    return (
        Identity("Another reference size", LAW, sp.UnevaluatedExpr(alpha * times**-p) * (times * Me / Ne) ** p
                 * (Md / Nd) ** q,
                 text=r"$\alpha t^{-p}$ and $t M_e$ give the same losses as $\alpha$ and $M_e$, for every $t > 0$; so "
                      r"it is with $M_d$. Two of the three have to be fixed."),
        Identity("The exponent of the encoder can be told", -Ne * sp.Derivative(sp.log(LAW), Ne), p),
        Identity("and that of the decoder", -Nd * sp.Derivative(sp.log(LAW), Nd), q,
                 text=r"With $L_\infty$, the limit of large sizes, and both exponents, one loss tells $A$."),
    )  # fmt: skip


def _control() -> Step:
    at = {p: sp.Integer(2), q: sp.Integer(1), share: sp.Rational(1, 2)}
    return Refutation("Half and half is not the best", ge(GAIN, 0), at, text=r"$p = 2$, $q = 1$.")
