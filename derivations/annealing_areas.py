"""The two areas of the learning-rate annealing law: the double sum S2 as a single sum, and in one pass (derived here).

Tissue et al. 2024 define S2 (recalled; seen in a third-party script).  g_k = eta_{k-1} - eta_k are the gaps, lambda
is the decay, and m_i = sum_{k <= i} g_k lambda^(i-k) the momentum of the gaps.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Step

__all__ = ["build", "double_sum", "single_sum"]

STATEMENT = (
    r"Let $g_k = \eta_{k-1} - \eta_k$, $0 < \lambda < 1$, and $S_2(s) = \sum_{i \le s} \sum_{k \le i} g_k "
    r"\lambda^{i-k}$. Then $S_2(s) = \sum_{k \le s} g_k (1 - \lambda^{s-k+1})/(1-\lambda)$, which is also $(\eta_0 - "
    r"\eta_s - \lambda m_s)/(1-\lambda)$ with $m_i = \lambda m_{i-1} + g_i$, $m_0 = 0$: one pass over the rates. For "
    r"rates that do not rise, $0 \le S_2 \le (\eta_0 - \eta_s)/(1-\lambda)$. To count the gaps of a warm-up from "
    r"$\eta_0 = 0$ to $\eta_w = p$ changes $S_2(s)$ by $-(p + \lambda^{s-w+1} m_w)/(1-\lambda)$, a constant long after "
    r"it."
)

ge, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq))
decay, more = sp.symbols("lambda y", positive=True)
INSIDE = {decay: 1 / (1 + more)}
area, momentum, plain, gap = sp.symbols("S_2 m P g_s", real=True)
first, last, now = sp.symbols("eta_0 eta_{s-1} eta_s", real=True)
NEXT = decay * momentum + gap
SO_FAR = eq((1 - decay) * area, plain - decay * momentum)


def double_sum(gaps: tuple[sp.Expr, ...], decay: sp.Expr) -> sp.Expr:
    """S2 as it is defined; ``gaps`` are g_1, ..., g_s."""
    steps = range(len(gaps))
    return sum((gaps[k] * decay ** (i - k) for i in steps for k in range(i + 1)), sp.S.Zero)


def single_sum(gaps: tuple[sp.Expr, ...], decay: sp.Expr) -> sp.Expr:
    """S2 as one sum over the gaps."""
    return sum((g * (1 - decay ** (len(gaps) - k)) / (1 - decay) for k, g in enumerate(gaps)), sp.S.Zero)


def build() -> Derivation:
    """The chain for both sums; nothing is checked before ``run``."""
    steps = (*_single(), *_pass(), *_weights(), *_falling(), *_warmup(), _control())
    return Derivation("annealing_areas", "The areas of a learning-rate schedule", STATEMENT, steps)


def _single() -> tuple[Step, ...]:
    """By induction over s: both sums grow by the same."""
    gaps = sp.symbols("g_1:4", real=True)
    return (
        Given("Up to step s - 1", (SO_FAR,),
              text=r"$S_2$ is the double sum, $P$ the sum of the gaps and $m = \sum_k g_k \lambda^{s-1-k}$. As $g_k (1 "
                   r"- \lambda^{s-k}) = g_k - \lambda g_k \lambda^{s-1-k}$, the line says that the double sum is the "
                   r"single sum. Without steps all are 0."),
        Combination("Step s", eq((1 - decay) * (area + NEXT), plain + gap - decay * NEXT), ((1, SO_FAR),),
                    text=r"The inner sum at $i = s$ is $m_s = \lambda m + g_s$, by which the double sum grows: the "
                         r"same line holds at $s$."),
        Identity("Three steps written out", double_sum(gaps, decay), single_sum(gaps, decay)),
    )  # fmt: skip


def _pass() -> tuple[Step, ...]:
    """The gaps add up to eta_0 - eta_s."""
    telescope, step = eq(plain, first - last), eq(gap, last - now)
    return (
        Given("The sum of the gaps", (telescope, step), text=r"Without steps it is 0."),
        Combination("Its next term", eq(plain + gap, first - now), ((1, telescope), (1, step))),
        Combination("In one pass", TELESCOPED, ((1, SO_FAR), (1, telescope)),
                    text=r"With $s$ for $s - 1$. $m$ and $S_2$ need one product and two sums a step."),
    )  # fmt: skip


TELESCOPED = eq((1 - decay) * area, first - last - decay * momentum)


def _weights() -> tuple[Step, ...]:
    """What one gap contributes, after j of its steps."""
    j = sp.Symbol("j", integer=True, positive=True)
    weight = (1 - decay**j) / (1 - decay)
    return (
        Identity("One gap grows in the sum", weight.subs(j, j + 1) - weight, decay**j,
                 text=r"$j = s - k + 1$ steps after it began; up to $1/(1-\lambda)$."),
        Identity("Without forgetting", sp.Limit(weight, decay, 1), j,
                 text=r"$\lambda \to 1$: $S_2 = \sum_k g_k (s-k+1) = \sum_{i \le s} (\eta_0 - \eta_i)$, the area "
                      r"between the first rate and the schedule. With $\lambda = 0$ it is $\eta_0 - \eta_s$."),
    )  # fmt: skip


def _falling() -> tuple[Step, ...]:
    """Rates that do not rise."""
    signs = (ge(gap, 0), ge(momentum, 0), ge(area, 0))
    return (
        Given("Rates that do not rise", signs, text=r"$g_s \ge 0$, and up to $s - 1$ the momentum and the sum."),
        Combination("The momentum is not negative", ge(NEXT, 0), ((1, signs[0]), (decay, signs[1]))),
        Combination("Nor is the sum", ge(area + NEXT, 0), ((1, signs[2]), (1, signs[0]), (decay, signs[1]))),
        Combination("From above", le((1 - decay) * area, first - last), ((-1, TELESCOPED), (decay, signs[1]))),
    )  # fmt: skip


def _warmup() -> tuple[Step, ...]:
    """A rise from 0 to p at step w, and what its gaps add to S2 at s = w + r."""
    peak, later = sp.symbols("p r", positive=True)
    at_peak, added = sp.symbols("m_w S_w", real=True)
    rises = eq((1 - decay) * added, -peak - decay * (decay**later * at_peak))
    low = (ge(momentum, -last), ge(last, 0))
    return (
        Given("The schedule that rises and stays", (rises,),
              text=r"$\eta_0 = 0$, $\eta_w = p$, no gaps after $w$: there the momentum is $\lambda^r m_w$, $r = s - "
                   r"w$, and $S_w$ is $S_2$ of the warm-up's gaps alone, by the line above. $S_2$ is a sum over gaps, "
                   r"so this is what they add to any schedule."),
        Combination("A constant and a transient", eq(added, -peak / (1 - decay) - decay ** (later + 1) * at_peak
                                                     / (1 - decay)), ((1 / (1 - decay), rises),), put=INSIDE,
                    text=r"The constant is taken up by $L_0$, the transient is not: the convention has to be stated."),
        Given("Up to step s - 1 of the warm-up", low, text=r"$m \ge -\eta_{s-1}$; at first both are 0."),
        Combination("The momentum of a rise", ge(decay * momentum + last - now, -now),
                    ((decay, low[0]), (1 - decay, low[1])), put=INSIDE,
                    text=r"So $-p \le m_w \le 0$, and the transient is between 0 and $\lambda^{r+1} p/(1-\lambda)$."),
    )  # fmt: skip


def _control() -> Step:
    j, drop = sp.symbols("j g", positive=True)
    short, full = (drop * (1 - decay**n) / (1 - decay) for n in (j - 1, j))
    at = {drop: sp.Integer(1), decay: sp.Rational(1, 2), j: sp.Integer(2)}
    return Refutation("The exponent is s - k + 1", ge(short, full), at, text=r"Not $s - k$: two steps after one gap.")
