"""How far both Kullback-Leibler divergences along a line are from tau^2 K''(0)/2, with sharp constants.

p(tau) is the softmax of z + tau a, K its log-partition function.  Sao 2026 (Appendix 4, text seen) states the bound for
KL(p(tau) || p(0)) but writes it as K(tau) - K(0) - tau K'(0), which is KL(p(0) || p(tau)); both are derived here.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import slope_moments
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import Checked, Derivation, Given, Identity, Monotone, Refutation, Step, Words

__all__ = ["build", "directions_evidence"]

STATEMENT = (
    r"$KL(p(0) \| p(\tau)) = K(\tau) - K(0) - \tau K'(0)$ and $KL(p(\tau) \| p(0)) = \tau K'(\tau) - K(\tau) + K(0)$. "
    r"For all $\tau$, $|KL(p(\tau) \| p(0)) - \tau^2 K''(0)/2| \le |\tau|^3 \Delta^3/(18 \cdot 3^{1/2})$ and $|KL(p(0) "
    r"\| p(\tau)) - \tau^2 K''(0)/2| \le |\tau|^3 \Delta^3/(36 \cdot 3^{1/2})$; neither constant can be smaller."
)

ge, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le))
D, p = sp.symbols("Delta p", positive=True)
tau = sp.Symbol("tau", nonnegative=True)
K = smooth("K")
C = slope_moments.EXTREME.subs(slope_moments.D, D)
FORWARD = tau * K(tau, 1) - K(tau) + K(0)
BACKWARD = K(tau) - K(0) - tau * K(0, 1)
QUADRATIC = tau**2 / 2 * K(0, 2)


def build() -> Derivation:
    """The chain for both divergences; nothing is checked before ``run``."""
    steps = (*_directions(), *_third(), *_bounds(), *_sharp(), _control())
    return Derivation("kl_remainder", "Remainders of the Kullback-Leibler divergences", STATEMENT, steps)


def directions_evidence() -> Evidence:
    """Which Bregman divergence of K is which Kullback-Leibler divergence."""
    return Derivation("directions", "Part of the remainders", STATEMENT, _directions()).run()


def _directions() -> tuple[Step, ...]:
    a, z, s = sp.symbols("a_j z_j s", real=True)
    mass, moved = sp.exp(z - K(0)), sp.exp(z + s * a - K(s))
    return (
        Identity("Their ratio", mass / moved, sp.exp(K(s) - K(0) - s * a),
                 text=r"One class: $p_j(0) = e^{z_j - K(0)}$, $p_j(\tau) = e^{z_j + \tau a_j - K(\tau)}$, $s = \tau$."),
        Identity("p(0) against p(tau)", mass * (K(s) - K(0) - s * a), mass * (K(s) - K(0)) - s * (mass * a),
                 text=r"Its logarithm times $p_j(0)$. Masses sum to 1 and those times $a_j$ to $K'(0)$: $KL(p(0) "
                      r"\| p(\tau)) = K(\tau) - K(0) - \tau K'(0)$."),
        Identity("p(tau) against p(0)", moved * (s * a - K(s) + K(0)), s * (moved * a) - moved * (K(s) - K(0)),
                 text=r"Here the masses times $a_j$ sum to $K'(\tau)$: $KL(p(\tau) \| p(0)) = \tau K'(\tau) - K(\tau) "
                      r"+ K(0)$."),
    )  # fmt: skip


def _third() -> tuple[Step, ...]:
    return (
        Checked("The third cumulant", (le(sp.Symbol("kappa"), C),), _extreme, method="derivation slope_moments",
                text=r"$|K'''| \le \Delta^3/(6 \cdot 3^{1/2})$ along the whole line."),
        Words("Along the line", (ABOVE, BELOW), every=(tau,),
              text=r"For $\tau \ge 0$; $\tau < 0$ is $-\tau$ with $-a$, and $\Delta$ and $K''(0)$ stay the same."),
    )  # fmt: skip


def _extreme(shown: sp.Basic) -> Evidence:
    return slope_moments.third_moment_evidence()


ABOVE, BELOW = ge(C - K(tau, 3), 0), ge(C + K(tau, 3), 0)


def _bounds() -> tuple[Step, ...]:
    """Each remainder, from above and from below."""
    steps: list[Step] = []
    for sign, third, side in ((1, ABOVE, "above"), (-1, BELOW, "below")):
        second = Monotone(f"Variance, {side}", C * tau - sign * K(tau, 2), tau, derivative=C - sign * K(tau, 3),
                          parts=((1, third),), text=r"At least its value at 0.")  # fmt: skip
        first = Monotone(f"Mean, {side}", C * tau**2 / 2 - sign * (K(tau, 1) - tau * K(0, 2)), tau,
                         derivative=C * tau - sign * (K(tau, 2) - K(0, 2)), parts=((1, second),))  # fmt: skip
        steps += [
            second,
            Monotone(f"KL(p(tau) || p(0)), {side}", C * tau**3 / 3 - sign * (FORWARD - QUADRATIC), tau,
                     derivative=C * tau**2 - sign * tau * (K(tau, 2) - K(0, 2)), parts=((tau, second),),
                     text=r"$\Delta^3/(18 \cdot 3^{1/2})$."),
            first,
            Monotone(f"KL(p(0) || p(tau)), {side}", C * tau**3 / 6 - sign * (BACKWARD - QUADRATIC), tau,
                     derivative=C * tau**2 / 2 - sign * (K(tau, 1) - K(0, 1) - tau * K(0, 2)), parts=((1, first),),
                     text=r"$\Delta^3/(36 \cdot 3^{1/2})$."),
        ]  # fmt: skip
    return tuple(steps)


def _sharp() -> tuple[Step, ...]:
    s = sp.Symbol("s", real=True)
    pair = sp.log(1 - p + p * sp.exp(D * s))
    extreme = (3 - sp.sqrt(3)) / 6
    return (
        Given("Two classes", text=r"$K(s) = \log(1 - p + p e^{\Delta s})$, $p = (3 - 3^{1/2})/6$."),
        Identity("Their third cumulant at 0", sp.diff(pair, s, 3).subs(s, 0).subs(p, extreme), C),
        Identity("KL(p(tau) || p(0)): third derivative", sp.Derivative(s * K(s, 1) - K(s), s, 3),
                 2 * K(s, 3) + s * K(s, 4),
                 text=r"At 0 it is $2 K'''(0)$, so the remainder is $K'''(0) \tau^3/3$ to leading order; the other one "
                      r"is $K'''(0) \tau^3/6$. Both bounds are reached as $\tau \to 0$."),
    )  # fmt: skip


def _control() -> Step:
    extreme, half = (3 - sp.sqrt(3)) / 6, sp.Rational(9, 10)
    s = sp.Symbol("tau", positive=True)
    pair = sp.log(1 - extreme + extreme * sp.exp(s))
    forward = s * sp.diff(pair, s) - pair - s**2 / 2 * extreme * (1 - extreme)
    return Refutation("Nine tenths of the constant", ge(half * s**3 / (18 * sp.sqrt(3)), forward),
                      {s: sp.Rational(1, 100)}, text=r"The same two classes, $\Delta = 1$.")  # fmt: skip
