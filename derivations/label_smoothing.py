"""Label smoothing: cross-entropy with targets (1 - eps) e_y + eps/n; its sharp transformation (derived here)."""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist import catalog
from hconsist.derivations import freezing, pair_bound
from hconsist.derivations.curves import logistic, shannon
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Identity, Refutation, Sign, Step

__all__ = ["build", "evidence", "regret"]

STATEMENT = (
    r"For cross-entropy with smoothed targets, $l_y = -(1-\epsilon) \log s_y - (\epsilon/n) \sum_k \log s_k$, $0 \le "
    r"\epsilon < 1$, and complete sets of $n$ labels, the transformation is $T(t) = M T_{CE}((1-\epsilon)t/M)$ with $M "
    r"= 1 - (n-2) \epsilon/n$."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
P, t, n, y, z = sp.symbols("P t n y z", positive=True)
eps, x = sp.symbols("epsilon x", nonnegative=True)
M = 1 - (n - 2) * eps / n
SIZES = {n: 2 + x, eps: 1 / (1 + y)}


def regret() -> sp.Expr:
    """Regret of ((1+t)/2, (1-t)/2, 0, ...) where labels 1 and 2 tie and the rest is best: the curve, term by term."""
    first, second = ((1 - eps) * (1 + sign * t) / 2 + eps / n for sign in (1, -1))
    return shannon(M / 2, M / 2) - shannon(first, second)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_smoothed(), *_regret(), *_attained(), _control())
    return Derivation("label_smoothing", "Label smoothing", STATEMENT, steps)


def evidence() -> Evidence:
    """Whether the chain closes."""
    return catalog.derivation("label_smoothing").run()


def _smoothed() -> tuple[Step, ...]:
    """The conditional risk is that of cross-entropy under a smoothed law."""
    p, loss, others = sp.symbols("p c Q", positive=True)
    first, second = sp.symbols("p_1 p_j", positive=True)
    mass = sp.Symbol("P", positive=True)
    return (
        Identity("Weight of one label's logarithm",
                 (p * ((1 - eps) + eps / n) + others * eps / n) * loss, ((1 - eps) * p + eps / n) * loss,
                 put={others: 1 - p},
                 text=r"$-\log s_i = c$ counts with $1-\epsilon+\epsilon/n$ where the label is $i$ and with "
                      r"$\epsilon/n$ otherwise, which has probability $Q = 1 - p$: the risk is that of cross-entropy "
                      r"under $q = (1-\epsilon)p + \epsilon/n$."),
        Identity("Gap", ((1 - eps) * first + eps / n) - ((1 - eps) * second + eps / n), (1 - eps) * (first - second),
                 text=r"The order of the labels is kept; the gap is $(1-\epsilon)t$."),
        Sign("Mass of the pair", ge(M, (1 - eps) * mass + 2 * eps / n), form=(1 - eps) * (1 - mass),
             put={mass: 1 / (1 + z), eps: 1 / (1 + y)}, text=r"At most $M$, with equality for $p_1 + p_j = 1$."),
    )  # fmt: skip


def _regret() -> tuple[Step, ...]:
    size = sp.Symbol("M", positive=True)
    at_ratio, at_one = sp.symbols("f_P f_t", real=True)
    less = theorem(freezing, "Less mass on the pair costs more", text=r"$f$ convex, $f(0) = 0$: here $f = T_{CE}$.")
    pair = shannon(P / 2, P / 2) - shannon(P * (1 + t) / 2, P * (1 - t) / 2)
    return (
        theorem(pair_bound, "Pair bound", text=r"For cross-entropy, whose least risk is the entropy, under $q$."),
        Identity("The pair gap of cross-entropy", pair, P * logistic(t), put={t: 1 / (1 + y)},
                 text=r"$P = q_1 + q_j$; $t$ stands for $(q_1 - q_j)/P$."),
        less,
        Combination("At most mass M", ge(size * (P * at_ratio), size * at_one), ((size, less),),
                    text=r"With the pair's mass in units of $M$, at most 1, for the letter $P$ of that theorem: the "
                         r"pair costs at least $M T_{CE}((1-\epsilon)t/M)$."),
    )  # fmt: skip


def _attained() -> tuple[Step, ...]:
    return (
        Sign("Labels 1 and 2 tie on top", ge(M / 2, eps / n), form=(1 - eps) / 2, put=SIZES,
             text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$: the scores $\log$ of $(M/2, M/2, \epsilon/n, ...)$ are the best "
                  r"for the pooled law and cost the same under $q$."),
        Identity("Its larger entry", (1 - eps) * (1 + t) / 2 + eps / n, M / 2 * (1 + (1 - eps) * t / M)),
        Identity("Its smaller entry", (1 - eps) * (1 - t) / 2 + eps / n, M / 2 * (1 - (1 - eps) * t / M),
                 text=r"So the pair gap is the one above at $P = M$ and $(1-\epsilon)t/M$, and $T_n = T$."),
    )  # fmt: skip


def _control() -> Step:
    point = {n: sp.Integer(3), eps: sp.Rational(1, 2), t: sp.Rational(1, 2)}
    return Refutation("Smoothing lowers the curve", ge(regret(), logistic(t)), point,
                      text=r"$n = 3$, $\epsilon = 1/2$: the regret is below $T_{CE}(t)$.")  # fmt: skip
