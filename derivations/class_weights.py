"""Class weights: no bound near zero, and the sharp transformation of weighted cross-entropy beyond (derived here).

r = w_max/w_min; u = w_min (1+t)/2 and v = w_max (1-t)/2.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist import catalog
from hconsist.derivations import freezing
from hconsist.derivations.curves import logistic
from hconsist.derivations.focal_inflection import chord, grow
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step

__all__ = ["CURVE", "build", "evidence", "zero_evidence"]

STATEMENT = (
    r"For the weighted loss $w_y \psi(s_y)$, $\psi$ convex and nonincreasing, complete sets and $r = w_{max}/w_{min}$, "
    r"the transformation for every $n$ is 0 on $[0, (r-1)/(r+1)]$. For cross-entropy it is $u \log(2u/(u+v)) + v "
    r"\log(2v/(u+v))$ with $u = w_{min}(1+t)/2$, $v = w_{max}(1-t)/2$ for larger $t$, which is positive."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
t, low, high, a, b, first, z = sp.symbols("t w_min w_max alpha beta p_1 z", positive=True)
own, d, e, f, k = sp.symbols("p_j d e f k", nonnegative=True)
U, V = low * (1 + t) / 2, high * (1 - t) / 2
CURVE = U * sp.log(2 * U / (U + V)) + V * sp.log(2 * V / (U + V))


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_zero(), *_split(), *_worst(), *_attained(), _control())
    return Derivation("class_weights", "Class weights", STATEMENT, steps)


def zero_evidence() -> Evidence:
    """T = 0 up to (r - 1)/(r + 1)."""
    return Derivation("class_weights_zero", "Class weights, the zero interval", STATEMENT, _zero()).run()


def evidence() -> Evidence:
    """The whole curve for cross-entropy."""
    return catalog.derivation("class_weights").run()


def _zero() -> tuple[Step, ...]:
    ratio = sp.Symbol("r", positive=True)
    weight, probability, loss, total = sp.symbols("w p psi W", positive=True)
    edge = (ratio - 1) / (ratio + 1)
    return (
        Identity("The law that the loss sees", weight * probability * loss,
                 total * sp.UnevaluatedExpr(weight * probability / total) * loss,
                 text=r"$C(p,s)$ is $W$ times the unweighted risk of the law $q = (w_i p_i)/W$, $W = \sum w_i p_i$: "
                      r"predicting $j$ costs nothing where $w_j p_j$ is the largest $w_i p_i$ (pooling, "
                      r"Theorem 1, with the pool $\{j\}$)."),
        Sign("A law with zero regret", ge(V, U), form=low * k * d / (2 * (1 + d)),
             put={high: (1 + k) * low, t: k / ((2 + k) * (1 + d))},
             text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$, label 1 of the least weight and label 2 of the largest, $r = "
                  r"1 + k$ and $t \le (r-1)/(r+1)$."),
        Identity("At the edge both tie", (ratio * (1 - t) - (1 + t)).subs(t, edge), 0),
    )  # fmt: skip


def _split() -> tuple[Step, ...]:
    """Splitting the pair's scores in the ratio u : v."""
    x, y, total, share, rest = sp.symbols("x y Sigma a b", positive=True)
    cost, entropy, others = sp.symbols("C H C_rest", real=True)
    even, other = -(x + y) * sp.log(total / 2), -x * sp.log(total * share) - y * sp.log(total * rest)
    forced, free = ge(cost, others + even), le(entropy, others + other)
    return (
        theorem(freezing, "The pair costs at least the even split", text=r"Cross-entropy; here with $x = w_1 p_1 > y = "
                r"w_j p_j$ in place of the probabilities, $p_1$ the largest."),
        Identity("The pair is in this order", (low + e) * first - (high - f) * own,
                 (low * (first + k) - high * (own + k)) + e * first + f * own + (high - low) * k,
                 text=r"$w_1 = w_{min} + e$, $w_j = w_{max} - f$, $p_1 + p_j = 1 - 2k$; so $(1+t)/2 = p_1 + k$, "
                      r"$(1-t)/2 = p_j + k$, and the bracket is $u - v$, positive for $t > (r-1)/(r+1)$."),
        Given("Splitting the sum of the two scores", (forced, free),
              text=r"$\Sigma = s_1 + s_j$, split as $\Sigma a$ and $\Sigma b$ with $a = u/(u+v)$, $b = v/(u+v)$."),
        Combination("Regret, linear in x and y", ge(cost - entropy, x * sp.log(2 * share) + y * sp.log(2 * rest)),
                    ((1, forced), (1, free)), text=r"It is $\alpha x - \beta y$ with $\alpha = \log(2a) > 0$ and "
                    r"$\beta = -\log(2b) > 0$."),
    )  # fmt: skip


def _worst() -> tuple[Step, ...]:
    """The linear bound is least at the two-label law with the extreme weights."""
    rise, fall = sp.log(1 + z / (1 + z)), sp.log(1 + z)  # alpha, beta at (u - v)/(u + v) = z/(1 + z)
    heavier = {high: low + d}
    slope = Combination("The lighter weight loses", le(low * rise - high * fall, 0),
                        ((low, chord, {z: z / (1 + z)}), (high, grow)), put=heavier,
                        text=r"$2a = 1 + (u-v)/(u+v)$ and $2b = 1 - (u-v)/(u+v)$ with $(u-v)/(u+v) = z/(1+z)$: $\alpha "
                             r"= \log(1 + z/(1+z))$, $\beta = \log(1+z)$.")  # fmt: skip
    letters = {a: rise, b: fall} | heavier
    bound = ge(a * (low + e) * first - b * (high - f) * own, a * low * (first + k) - b * high * (own + k))
    return (
        chord, grow, slope,
        Combination("The worst law", bound, ((k, slope),), put=letters,
                    text=r"Left the bound, right the same at $x = u$, $y = v$: the regret is at least $u "
                         r"\log(2u/(u+v)) + v \log(2v/(u+v))$ for $t > (r-1)/(r+1)$."),
    )  # fmt: skip


def _attained() -> tuple[Step, ...]:
    u, v, y = sp.symbols("u v y", positive=True)
    share, rest = u / (u + v), v / (u + v)
    curve = u * sp.log(2 * share) + v * sp.log(2 * rest)
    inside = {z: 1 / (1 + y)}
    steeper = Monotone("Slope of the logistic curve", (sp.log(1 + z) - sp.log(1 - z)) / 2 - z, z, put=inside,
                       derivative=z**2 / (1 - z**2))  # fmt: skip
    floor = Monotone("The logistic curve above t^2/2", logistic(z) - z**2 / 2, z, parts=((1, steeper),), put=inside,
                     derivative=(sp.log(1 + z) - sp.log(1 - z)) / 2 - z)  # fmt: skip
    return (
        Identity("Regret of the tie", (u + v) * sp.log(2) + u * sp.log(share) + v * sp.log(rest), curve,
                 text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$ with the extreme weights: $u = w_1 p_1$, $v = w_2 p_2$, best "
                      r"scores $u/(u+v)$, $v/(u+v)$. So the bound is attained."),
        Identity("In terms of the logistic curve", curve, (u + v) * logistic((u - v) / (u + v)), put={u: v + y}),
        steeper, floor,
        Combination("It is positive", ge((u + v) * logistic(z), (u + v) * z**2 / 2), ((u + v, floor),), put=inside,
                    text=r"$z = (u-v)/(u+v) > 0$."),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("Not the curve of cross-entropy", ge(CURVE, logistic(t)),
                      {low: sp.S.One, high: sp.Integer(3), t: sp.Rational(3, 5)})  # fmt: skip
