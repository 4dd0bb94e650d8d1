"""Adversarial margins: sup over perturbed inputs of Phi; impossible for convex Phi, linear for the rho-margin.

Derived here.  At one input only the least margins over the perturbations matter; their values are symbols below.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step

__all__ = ["binary_evidence", "build", "impossibility_evidence", "multi_class_evidence"]

STATEMENT = (
    r"A score function is attacked within a ball around the input; the adversarial zero-one loss counts a label unless "
    r"it wins everywhere on the ball, the adversarial loss is the supremum of $\Phi$(margin) over the ball. (i) "
    r"Binary, $\Phi$ nonincreasing and either convex or with $\Phi(u) + \Phi(-u)$ constant: the zero score is a "
    r"minimiser at equal odds, and its zero-one regret is 1/2, so every bound has $\Gamma(x) \ge 1/2$ for $x \ge 0$. "
    r"(ii) Max $\rho$-margin loss, any $n$: if every label has a score function with margin at least $\rho$ on the "
    r"ball, the adversarial zero-one regret is at most the surrogate regret. (iii) Binary, best robust margin $B$ "
    r"(linear functions with bias up to $B$ at the worst input): it is at most $\rho/\min(B,\rho)$ times the "
    r"surrogate regret."
)

ge, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq))
HALF = sp.Rational(1, 2)
x, y, t = sp.symbols("x y t", nonnegative=True)


def build() -> Derivation:
    """The chain for adversarial margin losses; nothing is checked before ``run``."""
    steps = (*_impossible(), *_multi_class(), *_binary(), *_controls())
    return Derivation("adversarial_margins", "Adversarial margin losses", STATEMENT, steps)


def impossibility_evidence() -> Evidence:
    """(i): no bound for convex or symmetric Phi."""
    return Derivation("adversarial-impossibility", "Part (i)", STATEMENT, _impossible()).run()


def multi_class_evidence() -> Evidence:
    """(ii): the rho-margin, any number of labels."""
    return Derivation("adversarial-multi-class", "Part (ii)", STATEMENT, _multi_class()).run()


def binary_evidence() -> Evidence:
    """(iii): the rho-margin with robust margins up to B."""
    return Derivation("adversarial-binary", "Part (iii)", STATEMENT, _binary()).run()


def _impossible() -> tuple[Step, ...]:
    lost, won, above, zero, risk = sp.symbols("Phi_l Phi_-u Phi_-l Phi_0 C", real=True)
    first, second = sp.symbols("z_+ z_-", nonnegative=True)
    paid, falls = eq(risk, HALF * lost + HALF * won), ge(won, above)
    convex, symmetric = ge(lost + above, 2 * zero), eq(lost + above, 2 * zero)
    return (
        Given("(i) equal odds", (paid, falls),
              text=r"$l \le u$ are the least and greatest score on the ball. A positive label costs $\Phi(l)$, a "
                   r"negative one $\Phi(-u)$, each with probability 1/2. $\Phi$ is nonincreasing and $-u \le -l$."),
        Given("(i) convex Phi", (convex,), text=r"At $l$, $-l$ and their mean 0."),
        Combination("(i) convex: no less than the zero score", ge(risk, zero),
                    ((1, paid), (HALF, falls), (HALF, convex))),
        Given("(i) symmetric Phi", (symmetric,), text=r"$\Phi(u) + \Phi(-u)$ is constant, hence $2\Phi(0)$."),
        Combination("(i) symmetric: no less either", ge(risk, zero), ((1, paid), (HALF, falls), (HALF, symmetric))),
        Identity("(i) the zero score", HALF * lost + HALF * won, zero, put={lost: zero, won: zero},
                 text=r"It reaches this least risk."),
        Identity("(i) its zero-one regret", (HALF * first + HALF * second) - HALF, HALF,
                 put={first: sp.S.One, second: sp.S.One},
                 text=r"Score 0 wins for no label, $z_+ = z_- = 1$: adversarial zero-one risk 1, while a constant "
                      r"score errs with probability 1/2."),
    )  # fmt: skip


def _multi_class() -> tuple[Step, ...]:
    top, ramp, first, wins = sp.symbols("p_y r p_1 w", nonnegative=True)
    risk, zero_one = sp.symbols("C Z", real=True)
    surrogate, target = eq(risk, 1 - top * ramp), eq(zero_one, 1 - top * wins)
    regret, target_regret = risk - (1 - first), zero_one - (1 - first)
    below = le(ramp, wins)
    return (
        Given("(ii) one label wins at most", (surrogate, target, below),
              text=r"Let $m$ be the least margin of label $y$ on the ball. If $m > 0$ for one label, all others have "
                   r"negative margins there. So at most one label $y$ wins ($w = 1$, else 0) or has a ramp "
                   r"$r = \min(1, \max(0, m)/\rho) > 0$, and $r > 0$ only if $w = 1$: $r \le w$. The supremum of "
                   r"$\Phi_\rho$ is $\Phi_\rho(m) = 1 - r$; the other labels cost 1."),
        Sign("(ii) the least risks", ge(1 - top * (1 / (1 + x)), 1 - (top + y)),
             text=r"$r \le 1$ and $p_y \le p_1$: both least risks are $1 - \max p$, reached where the margin of "
                  r"label 1 is $\rho$ on the whole ball."),
        Combination("(ii) regrets", ge(regret, target_regret), ((1, surrogate), (-1, target), (top, below)),
                    text=r"The adversarial zero-one regret is at most the surrogate regret, for every $n$."),
    )  # fmt: skip


def _binary() -> tuple[Step, ...]:
    odds, own, best = sp.symbols("p_- r_u mu", nonnegative=True)
    share = odds + t
    wrong = ge(best, own)
    least = 1 - share * best
    return (
        Given("(iii) the wrong label wins", (wrong,),
              text=r"$p_+ = p_- + t$. Margins are at most $B$ on the ball, hence ramps at most "
                   r"$\mu = \min(B,\rho)/\rho$; by (ii) the least risk is $1 - p_+ \mu$ and the least zero-one risk "
                   r"$p_-$. If label $-$ wins with ramp $r_u \le \mu$, the zero-one regret is $t$."),
        Combination("(iii) its regret", ge((1 - odds * own) - least, best * t), ((odds, wrong),)),
        Identity("(iii) attained", (1 - odds * best) - least, best * t, text=r"$r_u = \mu$."),
        Identity("(iii) nobody wins", 1 - least, best * (1 - odds), put={odds: HALF - t / 2},
                 text=r"The scores on the ball have both signs: both risks are 1, the zero-one regret is $1 - p_-$ and "
                      r"the surrogate regret is exactly $\mu$ times it. So $T(t) = \mu t$ at this input."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    low, regret = sp.symbols("l R", positive=True)
    return (
        Refutation("The rho-margin is not covered by (i)", ge(HALF * (1 - low) + HALF, 1), {low: sp.S.One},
                   text=r"$\Phi_\rho$ with $\rho = 1$ at a constant score $l = 1$: risk $1/2 < \Phi(0) = 1$."),
        Refutation("Without the factor rho (iii) fails", ge(regret / 2, regret), {regret: sp.S.One},
                   text=r"$\rho = B = 2$, $p_+ = 1$, a score of both signs: both regrets are $R = 1$, while "
                        r"$1/\min(B,\rho)$ times the surrogate regret is $1/2$."),
    )  # fmt: skip
