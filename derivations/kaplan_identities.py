"""How the exponents of Kaplan et al. 2020 depend on each other (laws recalled; the identities derived here).

a, b, c stand for the exponents alpha_N, alpha_B, alpha_S of model size, critical batch and steps; s is the share of the
loss that is due to the model size.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import encoder_decoder_split
from hconsist.derivations.links import theorem
from hconsist.steps import Derivation, Given, Identity, Refutation, Step

__all__ = ["build"]

STATEMENT = (
    r"Let $L = (N_c/N)^a + (S_c/S)^c$ with $S$ steps at the critical batch $B = B_* L^{-1/b}$ and $C = 6 N B S$. The "
    r"least compute for a loss $L$ has $(N_c/N)^a = L c/(a+c)$ and is a multiple of $L^{-1/e}$ with $1/e = 1/a + 1/b + "
    r"1/c$; along it $N$, $B$ and $S$ grow like $C^{e/a}$, $C^{e/b}$ and $C^{e/c}$, whose exponents add up to 1. For "
    r"$L(N, D) = ((N_c/N)^{a/d} + D_c/D)^d$ the loss exceeds that of unlimited data by the fraction $\epsilon$ at $D = "
    r"D_c (N/N_c)^{a/d}/((1+\epsilon)^{1/d} - 1)$."
)

ge, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq))
a, b, c, d, L, C, N, S, D, y = sp.symbols("a b c d L C N S D y", positive=True)
Nc, Sc, Dc, batch, eps = sp.symbols("N_c S_c D_c B_star epsilon", positive=True)
SHARE, REST = c / (a + c), a / (a + c)
"""Of the loss: due to the model size, and to the steps."""
EXPONENT = 1 / (1 / a + 1 / b + 1 / c)
SIZE, STEPS, BATCH = Nc * (SHARE * L) ** (-1 / a), Sc * (REST * L) ** (-1 / c), batch * L ** (-1 / b)
FACTOR = 6 * Nc * Sc * batch * SHARE ** (-1 / a) * REST ** (-1 / c)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_least(), *_exponents(), *_data(), _control())
    return Derivation("kaplan_identities", "Exponents that depend on each other", STATEMENT, steps)


def _least() -> tuple[Step, ...]:
    share = 1 / (1 + y)
    size, steps = Nc * (share * L) ** (-1 / a), Sc * ((1 - share) * L) ** (-1 / c)
    loss = (Nc / N) ** a + (Sc / S) ** c
    return (
        Given("The law, the batch and the compute", text=r"All constants positive. At a given loss the batch is given; "
                                                         r"the least compute is that of the least $N S$."),
        Identity("The sizes that reach the loss", loss, L, put={N: size, S: steps},
                 text=r"$(N_c/N)^a = s L$ and $(S_c/S)^c = (1-s) L$, $s = 1/(1+y)$."),
        Identity("Their product", size * steps, Nc * Sc * L ** (-1 / a - 1 / c) * (1 + y) ** (1 / a)
                 * (y / (1 + y)) ** (-1 / c), text=r"$s^{-1/a} (1-s)^{-1/c}$ has to be least."),
        theorem(encoder_decoder_split, "More for the encoder",
                text=r"The excess of that law in the share, with $p = 1/a$ and $q = 1/c$: the best $s$ is $p/(p+q)$."),
        Identity("The best share", (1 / a) / (1 / a + 1 / c), SHARE),
        Identity("The least compute", 6 * SIZE * BATCH * STEPS, FACTOR * L ** (-1 / EXPONENT)),
    )  # fmt: skip


def _exponents() -> tuple[Step, ...]:
    at = {L: (C / FACTOR) ** (-EXPONENT)}
    grown = [(quantity.subs(at), power) for quantity, power in ((SIZE, a), (BATCH, b), (STEPS, c))]
    names = ("Model size", "Batch", "Steps")
    return (
        Identity("The loss of a budget", FACTOR * L ** (-1 / EXPONENT), C, put=at),
        *(Identity(name, C * sp.Derivative(sp.log(quantity), C), EXPONENT / power)
          for name, (quantity, power) in zip(names, grown)),
        Identity("They add up to 1", EXPONENT / a + EXPONENT / b + EXPONENT / c, 1, text=r"$C = 6 N B S$."),
    )  # fmt: skip


def _data() -> tuple[Step, ...]:
    loss = ((Nc / N) ** (a / d) + Dc / D) ** d
    needed = Dc * (N / Nc) ** (a / d) / ((1 + eps) ** (1 / d) - 1)
    return (
        Identity("Unlimited data", sp.Limit(loss, D, sp.oo), (Nc / N) ** a),
        Identity("Data for a loss within a fraction", loss, (1 + eps) * (Nc / N) ** a, put={D: needed},
                 text=r"So the data grow like $N^{a/d}$."),
    )  # fmt: skip


def _control() -> Step:
    at = {a: sp.S.One, b: sp.S.One, c: sp.S.One}
    return Refutation("The exponents do not add up themselves", ge(EXPONENT, a + b + c), at)
