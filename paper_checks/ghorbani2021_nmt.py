"""Ghorbani et al., "Scaling Laws for Neural Machine Translation" (arXiv 2109.07740): encoder and decoder sizes.

The abstract has been read; the form of the law is recalled, and what follows from it is derived:

    L(Ne, Nd) = E + a (Ne0/Ne)^pe (Nd0/Nd)^pd.

For Ne + Nd = P, share t = Ne/P.  Every claim has a false twin.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import encoder_decoder_split
from hconsist.derivations.links import proof
from hconsist.paper_checks.decisions import abstract, chain, cited, derived, fails_at, recalled, together
from hconsist.steps import Identity, Sign

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="ghorbani2021_nmt",
    title="Scaling Laws for Neural Machine Translation",
    authors="Behrooz Ghorbani, Orhan Firat, Markus Freitag, Ankur Bapna, Maxim Krikun, Xavier Garcia, Ciprian Chelba, "
    "Colin Cherry",
    year=2021,
    url="https://arxiv.org/abs/2109.07740",
    seen="abstract",
)

gt = partial(sp.Gt, evaluate=False)
a, pe, pd, Ne, Nd, Ne0, Nd0, P, k, u, v = sp.symbols("a p_e p_d N_e N_d N_e0 N_d0 P k u v", positive=True)
t = u / (u + v)
"""A share in (0, 1)."""
REDUCIBLE = a * (Ne0 / Ne) ** pe * (Nd0 / Nd) ** pd
SPLIT = REDUCIBLE.subs({Ne: t * P, Nd: (1 - t) * P})
BEST = pe / (pe + pd)
s = sp.Symbol("t", positive=True)
COST = pe * sp.log(BEST / s) + pd * sp.log((1 - BEST) / (1 - s))
"""ln of the reducible loss at share t over that at the best share."""

split = proof(encoder_decoder_split).run
"""The best share, the loss there, and what losses tell of the parameters."""
wrong = chain(
    "wrong",
    "At share t the reducible loss is exp((pe + pd) K) times the least, K the divergence of t from the best share.",
    Identity("The factor", sp.log(SPLIT.subs({u: pe * k, v: pd}) / SPLIT.subs({u: pe, v: pd})),
             COST.subs(s, pe * k / (pe * k + pd)), text="Every share is pe k/(pe k + pd) for one k > 0."),
    Identity("As a divergence", COST,
             (pe + pd) * (BEST * sp.log(BEST / s) + (1 - BEST) * sp.log((1 - BEST) / (1 - s)))),
    Identity("In parameters", COST - (pe + pd) * (sp.log(P) + COST / (pe + pd)), -(pe + pd) * sp.log(P),
             text="exp(K) times as many parameters at this share reach the least loss of P."),
)  # fmt: skip
uneven = chain(
    "uneven",
    "The best share is 1/2 only for equal exponents: the part with the greater exponent gets more.",
    Sign("The encoder", gt(BEST, sp.Rational(1, 2)), put={pe: pd + k}, form=k / (2 * (2 * pd + k))),
)
HALF, QUARTER = (REDUCIBLE.subs({Ne: f * P, Nd: (1 - f) * P}) for f in (sp.Rational(1, 2), sp.Rational(1, 4)))
ONE = {"a": 1, "N_e0": 1, "N_d0": 1, "P": 1}

CLAIMS = (
    recalled("law", "The loss is E + a (Ne0/Ne)^pe (Nd0/Nd)^pd.",
             cited("fitted to experiments; checked is what follows from it"),
             Twin("it is symmetric in the two sizes: pe = 2, pd = 1",
                  fails_at(REDUCIBLE.subs({Ne: Nd, Nd: Ne}, simultaneous=True) - REDUCIBLE, a=1, N_e0=1, N_d0=1, p_e=2,
                           p_d=1, N_e=1, N_d=2))),
    derived("optimal-share", "The best share of the encoder is pe/(pe + pd), at every size.", split,
            Twin("an even split is as good: pe = 2, pd = 1",
                 fails_at(SPLIT.subs({u: pe, v: pd}) - HALF, p_e=2, p_d=1, **ONE))),
    abstract("total-is-not-enough", "The total number of parameters does not determine the loss.",
             together(split, wrong),
             Twin("a quarter and a half for the encoder give one loss, pe = pd = 1",
                  fails_at(HALF - QUARTER, p_e=1, p_d=1, **ONE))),
    abstract("different-exponents", "Different exponents of encoder and decoder call for an uneven allocation.", uneven,
             Twin("more for the one with the smaller exponent: pe = 2, pd = 1", fails_at(sp.Rational(1, 2) - BEST,
                                                                                       p_e=2, p_d=1))),
    derived("cost-of-a-split", "Share t costs exp(K) times the parameters, K the divergence of t from the best.", wrong,
            Twin("at most 1 percent for an even split at best share 4/5",
                 fails_at(sp.log(sp.Rational(101, 100)) - COST / (pe + pd), p_e=4, p_d=1, t=Fraction(1, 2)))),
    derived("not-identified", "a cannot be told from Ne0 and Nd0; E, pe, pd and a Ne0^pe Nd0^pd can.", split,
            Twin("Ne0 alone changes nothing", fails_at(REDUCIBLE - REDUCIBLE.subs(Ne0, k * Ne0), a=1, N_e0=1, N_d0=1,
                                                     N_e=1, N_d=1, p_e=1, p_d=1, k=2))),
)  # fmt: skip
