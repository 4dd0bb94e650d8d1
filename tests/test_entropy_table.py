"""Generalized entropies against ball arithmetic at 2,100 points: 15 values of tau, 140 exact laws of 2 to 1000 labels.

The laws are dyadic, so that their doubles sum to exactly 1 and the problem is well posed through tau = 1.
"""

import numpy as np
import pytest
from flint import arb, ctx
from tolerances import TOLERANCES

from hconsist.losses import CompSum

TAUS = (0.0, 0.3, 0.5, 1 - 1e-12, 1.0, 1 + 1e-12, 1.2, 1.5, 1.66, 1.9, 2 - 1e-6, 2 - 1e-12, 2.0, 2.5, 3.0)


def dyadic_laws(seed=11):
    rng = np.random.default_rng(seed)
    sizes = [2] * 40 + [3] * 40 + [10] * 45 + [1000] * 15
    for number, n in enumerate(sizes):
        law = np.floor(rng.dirichlet(np.full(n, (0.05, 0.3, 1.0, 30.0)[number % 4])) * 2.0**40) / 2.0**40
        law *= 2.0 ** -(number % 12 if number % 5 == 0 else 0)  # some nearly deterministic ones
        top = int(np.argmax(law))
        law[top] = 0.0
        law[top] = 1.0 - law.sum()  # exact: all are multiples of 2^-52 below 1
        yield law


def ball_entropy(law, tau):
    """H(p) by its textbook formula, the precision doubled until 60 bits are right; doubles are exact balls."""
    for precision in (2**k for k in range(8, 15)):
        with ctx.workprec(precision):
            entries = [arb(float(x)) for x in law if x > 0]
            al = arb(tau) - 1
            if tau == 1:
                found = -sum((x * x.log() for x in entries), arb(0))
            elif tau >= 2:
                found = (1 - arb(float(law.max()))) / al
            else:
                a = 1 / (1 - al)
                found = (1 - sum((x**a for x in entries), arb(0)) ** (1 / a)) / al
            if found.is_finite() and (found.rel_accuracy_bits() > 60 or found == 0):
                return float(found.mid())
    raise ArithmeticError("the precision does not suffice")


@pytest.fixture(scope="module")
def laws():
    found = list(dyadic_laws())
    assert all(law.sum() == 1.0 and law.min() >= 0 for law in found)
    return found


@pytest.mark.parametrize("tau", TAUS)
def test_entropy_agrees_with_balls(tau, laws):
    loss = CompSum(tau)
    worst = 0.0
    for law in laws:
        expected = ball_entropy(law, tau)
        found = float(loss.entropy(law))
        worst = max(worst, abs(found - expected) / expected if expected else abs(found))
    assert worst <= TOLERANCES["entropy", "power"], worst


def test_the_textbook_formula_would_be_rejected(laws):
    tau = 1 + 1e-12
    a, al = 1 / (2 - tau), tau - 1
    textbook = [(1 - np.sum(law**a) ** (1 / a)) / al for law in laws[:20]]
    expected = [ball_entropy(law, tau) for law in laws[:20]]
    errors = [abs(f - e) / e for f, e in zip(textbook, expected) if e]
    assert max(errors) > 1e3 * TOLERANCES["entropy", "power"]
