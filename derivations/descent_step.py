"""A step along a line that surely lowers a mean of cross-entropies, from its slope, its curvature and the spread.

Derived here.  l is the mean loss along the line, linear logits; -g = l'(0) < 0, h = l''(0), Delta = max Delta_x.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import slope_moments
from hconsist.derivations.links import proof
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import Checked, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"$\ell(\tau)$ decreases on $[0, \tau_d]$, $\tau_d = \log(1 + g\Delta/h)/\Delta$, and $\ell(\tau) \le \ell(0) - "
    r"g\tau + (h/\Delta^2)(e^{\Delta\tau} - 1 - \Delta\tau)$ for all $\tau \ge 0$. As a share of $\pi/\Delta$ the step "
    r"is $\log(1 + g\Delta/h)/\pi$, which is at least 1 exactly if $g\Delta/h \ge e^\pi - 1$. No fixed share of "
    r"$\pi/\Delta$ has this property."
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
D, g, h = sp.symbols("Delta g h", positive=True)
tau, w = sp.symbols("tau w", nonnegative=True)
loss = smooth("l")
CONCORDANT = ge(D * loss(tau, 2) - loss(tau, 3), 0)
START, CURVED = eq(loss(0, 1), -g), eq(loss(0, 2), h)
STEP = sp.log(1 + g * D / h) / D


def build() -> Derivation:
    """The chain for the descent step; nothing is checked before ``run``."""
    steps = (*_concordant(), *_bounds(), *_descent(), *_share(), _control())
    return Derivation("descent_step", "The descent step", STATEMENT, steps)


def _concordant() -> tuple[Step, ...]:
    own, second, third = sp.symbols("Delta_x K_x2 K_x3", nonnegative=True)
    more = sp.Symbol("e", nonnegative=True)
    one = le(third, own * second)
    return (
        Checked("One sample", (le(slope_moments.kappa, slope_moments.D * slope_moments.v),), _moments,
                method="derivation slope_moments", text=r"$|K'''| \le \Delta_x K''$, and $K'' \ge 0$ is a variance."),
        Given("Its derivatives", (one,), text=r"$K_{x2}, K_{x3}$ are $K''(\tau), K'''(\tau)$ for sample $x$."),
        Combination("With the largest spread", le(third, (own + more) * second), ((1, one),),
                    text=r"$\Delta = \Delta_x + e$."),
        Words("The mean over samples", (CONCORDANT,), every=(tau,),
              text=r"$\ell$ is a mean of $K_x$ up to linear terms, and these inequalities are linear in $K_x$."),
    )  # fmt: skip


def _moments(shown: sp.Basic) -> Evidence:
    return proof(slope_moments).run()


GROWTH = Monotone("The curvature grows at most exponentially", -loss(tau, 2) * sp.exp(-D * tau), tau,
                  derivative=(D * loss(tau, 2) - loss(tau, 3)) * sp.exp(-D * tau),
                  parts=((sp.exp(-D * tau), CONCORDANT),),
                  text=r"$\ell''(\tau) \le h e^{\Delta\tau}$.")  # fmt: skip
SLOPE = Monotone("So does the slope", h / D * sp.exp(D * tau) - loss(tau, 1), tau,
                 derivative=h * sp.exp(D * tau) - loss(tau, 2),
                 parts=((sp.exp(D * tau), GROWTH), (-sp.exp(D * tau), CURVED)))  # fmt: skip
_TOP = -g + h / D * (sp.exp(D * tau) - 1)


def _bounds() -> tuple[Step, ...]:
    below = le(loss(tau, 1), _TOP)
    slope = Combination("The slope", below, ((1, SLOPE), (-1, START)))
    model = -g * tau + h / D**2 * (sp.exp(D * tau) - 1 - D * tau)
    return (
        Given("At the start", (START, CURVED)),
        GROWTH, SLOPE, slope,
        Monotone("The loss", model - loss(tau), tau, derivative=_TOP - loss(tau, 1), parts=((1, below),),
                 text=r"$\ell(\tau) - \ell(0)$ is at most the model, for every $\tau \ge 0$."),
    )  # fmt: skip


def _descent() -> tuple[Step, ...]:
    short = sp.log(1 + g * D / (h * (1 + w))) / D
    return (
        Identity("Where the bound on the slope is 0", _TOP, 0, put={tau: STEP}),
        Sign("Before it", le(_TOP, 0), form=g * w / (1 + w), put={tau: short},
             text=r"$\tau = \log(1 + g\Delta/(h(1+w)))/\Delta$ runs from 0 to $\tau_d$ as $w$ falls to 0."),
        Combination("Descent", le(loss(tau, 1), 0), ((1, le(loss(tau, 1), _TOP)),), put={tau: short},
                    text=r"$\ell' \le 0$ on $[0, \tau_d]$."),
    )  # fmt: skip


def _share() -> tuple[Step, ...]:
    ratio = sp.Symbol("x", positive=True)
    return (
        Identity("As a share of pi/Delta", tau / (sp.pi / D), sp.log(1 + g * D / h) / sp.pi, put={tau: STEP}),
        Identity("It is 1", sp.log(1 + ratio) / sp.pi, 1, put={ratio: sp.exp(sp.pi) - 1},
                 text=r"$x = g\Delta/h$; the logarithm increases."),
    )  # fmt: skip


def _control() -> Step:
    theta = sp.Symbol("theta", real=True)
    value = (sp.log(1 + sp.exp(-theta)) + sp.log(1 + sp.exp(theta))) / 2
    return Refutation("Half of pi/Delta can raise the loss", ge(value, value.subs(theta, theta - sp.pi / 2)),
                      {theta: sp.Rational(1, 2)},
                      text=r"One sample of each label at $x = 1$, logits $(\theta, 0)$, $\Delta = 1$: the mean loss "
                           r"along $-g$ from $\theta = 1/2$.")  # fmt: skip
