"""Tyurin, "From Logistic Regression to the Perceptron Algorithm" (arXiv 2412.08424): the limit of large steps.

Only the abstract has been read; what its sentences mean in formulas is derived here.  Separable data x_i with labels
y_i = +-1 and b_i = y_i x_i, n samples, R = max |b_i|; some unit vector u has b_i . u >= mu > 0 for all i.  Gradient
descent on the mean logistic loss from w_0 = 0 with step gamma; v_k = w_k/gamma.  Every claim has a false twin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import sympy as sp
from flint import arb

from hconsist.claims import Paper, Twin
from hconsist.definitions import precision, to_ball
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import abstract, chain, derived, fails_at, together
from hconsist.steps import Combination, Given, Identity, Sign, Words

__all__ = ["CLAIMS", "PAPER", "batch_perceptron", "descent"]

PAPER = Paper(
    id="tyurin2024_perceptron",
    title="From Logistic Regression to the Perceptron Algorithm: Exploring Gradient Descent with Large Step Sizes",
    authors="Alexander Tyurin",
    year=2024,
    url="https://arxiv.org/abs/2412.08424",
    seen="abstract",
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
gamma, R, mu, n, T, s = sp.symbols("gamma R mu n T s", positive=True)
z, m, d, along, square, inner, grown = sp.symbols("z m d p q c q_next", real=True)
x = sp.Symbol("x", nonnegative=True)


def weight(margin: sp.Expr) -> sp.Expr:
    """What a sample of this margin counts in the gradient step."""
    return 1 / (1 + sp.exp(margin))


limit = chain(
    "limit",
    "v_(k+1) = v_k + (1/n) sum of w(gamma b_i . v_k) b_i, where w tends to 1, 1/2, 0 for negative, zero, positive "
    "margins.",
    Identity("Gradient of one loss", sp.Derivative(sp.log(1 + sp.exp(-m)), m), -weight(m)),
    Identity("One step over gamma", z / gamma, d + weight(m) / n, put={z: gamma * d + gamma / n * weight(m)},
             text="One coordinate and one sample; w_k = gamma v_k, m = gamma b_i . v_k."),
    Identity("Wrong side", sp.Limit(weight(-gamma * s), gamma, sp.oo, "-"), 1),
    Identity("Tie", weight(gamma * z), sp.Rational(1, 2), put={z: sp.S.Zero},
             text="So v_1 = (1/(2n)) sum of b_i for every gamma."),
    Identity("Right side", sp.Limit(weight(gamma * s), gamma, sp.oo, "-"), 0,
             text="A step of the batch perceptron with rate 1/n; by induction v_k converges for each k, as long as the "
                  "limits meet no tie after the first step."),
)  # fmt: skip
gap = chain(
    "gap",
    "At margin gamma s or -gamma s the weight is within e^(-gamma s) of its limit.",
    Sign("Right side", gt(sp.exp(-gamma * s), weight(gamma * s)), form=sp.exp(-gamma * s) / (1 + sp.exp(gamma * s))),
    Identity("Wrong side", 1 - weight(-gamma * s), weight(gamma * s)),
)

# --- how many steps the limits take ------------------------------------------------------------------------------

PROGRESS, LENGTH = ge(along, x * mu), le(square, x * R**2)
GAIN, GROWTH = ge(inner, mu), le(grown, square + R**2)
_MANY = {T: R**2 / mu**2 + s}
normalised = chain(
    "normalised",
    "Steps along a mean of misclassified b_i, weights of sum 1: at most (R/mu)^2 of them.",
    Given("Before the step", (PROGRESS, LENGTH), text="After x steps p = v . u >= x mu and q = |v|^2 <= x R^2."),
    Words("The step", (GAIN, GROWTH),
          text="The mean g has g . u >= mu and |g| <= R; g . v <= 0, as no b_i in it is on the right side, so "
               "|v + g|^2 <= |v|^2 + R^2."),
    Combination("Progress", ge(along + inner, (x + 1) * mu), ((1, PROGRESS), (1, GAIN))),
    Combination("Length", le(grown, (x + 1) * R**2), ((1, LENGTH), (1, GROWTH))),
    Sign("More steps than that", gt((T * mu) ** 2, T * R**2), form=T * mu**2 * s, put=_MANY,
         text="They would contradict Cauchy's inequality (T mu)^2 <= (v . u)^2 <= |v|^2 <= T R^2."),
)  # fmt: skip
share = sp.Symbol("c_k", positive=True)
SUM = ge(z, T / n)
batch = chain(
    "batch",
    "The batch perceptron with rate 1/n takes at most n (R/mu)^2 steps.",
    Sign("One step of weight c", le(share**2 * R**2, share * R**2), form=R**2 * x / (1 + x) ** 2,
         put={share: 1 / (1 + x)},
         text="c = S/n <= 1 for S misclassified samples: v . u gains at least c mu, |v|^2 at most c^2 R^2."),
    Given("Each step", (SUM,), text="c >= 1/n (at first c = 1/2, n >= 2; ties later are excluded), so the sum z of "
                                    "all c over T steps is at least T/n."),
    Sign("The sum", gt((T * mu) ** 2, T * R**2), form=T * mu**2 * s, put=_MANY,
         text="As before, now for the sum, here T: it is at most (R/mu)^2."),
    Combination("The number of steps", ge(n * z, T), ((n, SUM),), text="T <= n z <= n (R/mu)^2."),
)  # fmt: skip

# --- small data, in balls ----------------------------------------------------------------------------------------

SKEW = ((6, 1), (5, 1), (-1, 1))
NARROW = ((6, 2), (-4, -2), (2, -2))
Rows = Sequence[Sequence[int]]


@dataclass(frozen=True)
class Run:
    """v_k for k = 0, 1, ..., the mean losses there, and the first k > 0 at which all margins are positive, or 0."""

    v: list[list[arb]]
    losses: list[arb]
    separated: int


def descent(rate: Fraction, data: Rows, steps: int) -> Run:
    """Gradient descent by its definition, in balls at the current precision."""
    size, w = to_ball(rate) / len(data), [arb(0)] * len(data[0])
    v, losses, separated = [], [], 0
    for k in range(steps + 1):
        v.append([c / to_ball(rate) for c in w])
        margins = [sum((b * c for b, c in zip(row, w)), arb(0)) for row in data]
        losses.append(sum(((1 + (-margin).exp()).log() for margin in margins), arb(0)) / len(data))
        if k and not separated and all(margin > 0 for margin in margins):
            separated = k
        shares = [1 / (1 + margin.exp()) for margin in margins]
        w = [c + size * sum((p * row[j] for p, row in zip(shares, data)), arb(0)) for j, c in enumerate(w)]
    return Run(v, losses, separated)


def batch_perceptron(data: Rows, steps: int) -> list[list[Fraction]]:
    """The limits of v_k, in fractions: wrong samples count 1, ties 1/2, over the number of samples."""
    v = [Fraction(0)] * len(data[0])
    out = [v]
    for _ in range(steps):
        margins = [sum((b * c for b, c in zip(row, v)), Fraction(0)) for row in data]
        shares = [Fraction(2 if margin < 0 else 1 if margin == 0 else 0, 2 * len(data)) for margin in margins]
        v = [c + sum((p * row[j] for p, row in zip(shares, data)), Fraction(0)) for j, c in enumerate(v)]
        out.append(v)
    return out


def _decided(slacks: Sequence[arb], witness: dict[str, str]) -> Evidence:
    least = min(float(slack.mid()) for slack in slacks)
    if all(slack > 0 for slack in slacks):
        return Evidence(Verdict.PROVED, Level.ENCLOSED, boxes=len(slacks), slack=least)
    if any(slack < 0 for slack in slacks):
        return Evidence(Verdict.REFUTED, Level.ENCLOSED, boxes=len(slacks), slack=least, witness=witness)
    return Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, boxes=len(slacks), reason="the balls are too wide")


def near_the_limit(rate: int, within: Fraction, steps: int = 12) -> Callable[[], Evidence]:
    """Whether v_k is within so much of the batch perceptron for every k up to ``steps``, on SKEW."""

    def decide() -> Evidence:
        with precision(256):
            run, limits = descent(Fraction(rate), SKEW, steps), batch_perceptron(SKEW, steps)
            away = [abs(p - to_ball(q)) for v, u in zip(run.v, limits) for p, q in zip(v, u)]
            return _decided([to_ball(within) - distance for distance in away], {"gamma": str(rate)})

    return decide


def separates(data: Rows, *numbers: tuple[Fraction, int]) -> Callable[[], Evidence]:
    """Whether descent with each rate separates the data first at the step named."""

    def decide() -> Evidence:
        with precision(256):
            found = [descent(rate, data, step + 2).separated for rate, step in numbers]
        slacks = [arb(1) if k == step else arb(-1) for k, (_, step) in zip(found, numbers)]
        return _decided(slacks, {str(rate): str(k) for k, (rate, _) in zip(found, numbers)})

    return decide


def highest_loss(rate: Fraction, steps: int, bound: Fraction, above: bool) -> Callable[[], Evidence]:
    """Whether the highest loss of SKEW after the start is above, or below, the bound."""

    def decide() -> Evidence:
        with precision(256):
            losses = descent(rate, SKEW, steps).losses[1:]
            top = max(losses, key=lambda ball: float(ball.mid()))
            return _decided([(1 if above else -1) * (top - to_ball(bound))], {"loss": top.str(6), "rate": str(rate)})

    return decide


SMALL, LARGE = Fraction(1, 10), Fraction(10)

CLAIMS = (
    abstract("perceptron-limit", "As gamma tends to infinity, w_k/gamma tends to the batch perceptron.", limit,
             Twin("ties count 1 at gamma = 1", fails_at(weight(gamma * z) - 1, gamma=1, z=0))),
    derived("rate", "Each sample's weight is within e^(-gamma |margin|) of its limit.", gap,
            Twin("within e^(-2 gamma |margin|)", fails_at(sp.exp(-2 * gamma * s) - weight(gamma * s), gamma=1, s=1))),
    derived("iterates",
            "(6, 1), (5, 1), (-1, 1): w_k/gamma is within 10^-60 of the perceptron for k <= 12 at gamma = 1000.",
            near_the_limit(1000, Fraction(1, 10**60)),
            Twin("at gamma = 100", near_the_limit(100, Fraction(1, 10**60)))),
    abstract("unreliable-loss",
             "A larger step can lead to higher losses and faster to a solution: on those data gamma = 10 separates at "
             "step 3 with losses up to 3.88, gamma = 1/10 at step 18 with none above 0.47.",
             together(separates(SKEW, (LARGE, 3), (SMALL, 18)), highest_loss(LARGE, 3, Fraction(388, 100), True),
                      highest_loss(SMALL, 18, Fraction(47, 100), False)),
             Twin("gamma = 10 keeps them below 1", highest_loss(LARGE, 3, Fraction(1), False))),
    derived("not-always-faster",
            "Not always: (6, 2), (-4, -2), (2, -2) are separated at step 4 for gamma = 1, at step 11 for gamma = 1000.",
            separates(NARROW, (Fraction(1), 4), (Fraction(1000), 11)),
            Twin("at step 4 for both", separates(NARROW, (Fraction(1), 4), (Fraction(1000), 4)))),
    derived("batch-steps", "The batch perceptron takes at most n (R/mu)^2 steps.", batch,
            Twin("half as many: n = 1, R = mu, where step 1 separates", fails_at(n * R**2 / (2 * mu**2) - T,
                                                                              n=1, R=1, mu=1, T=1))),
    derived("normalised-steps",
            "Divided by the weight of the misclassified samples the step needs no n: at most (R/mu)^2 (the normalised "
            "method of the paper, in the limit; its definition is not in the abstract).", normalised,
            Twin("half as many: R = mu", fails_at(R**2 / (2 * mu**2) - T, R=1, mu=1, T=1))),
)  # fmt: skip
