"""Large steps and schedules: the two small paper checks against NumPy and against gradient descent on |x|.

Tolerance 1e-12: a few dozen steps of descent in double precision on integers.
"""

from fractions import Fraction

import numpy as np
import pytest

import hconsist as hc
from hconsist.definitions import precision
from hconsist.evidence import Verdict
from hconsist.paper_checks import defazio2023_schedules as schedules
from hconsist.paper_checks import tyurin2024_perceptron as perceptron


@pytest.mark.parametrize("paper", ["tyurin2024_perceptron", "defazio2023_schedules"])
def test_everything_holds_and_is_proved(paper):
    report = hc.check(paper)
    assert report.exit_code == 0
    assert all(o.evidence.verdict is Verdict.PROVED for o in report.outcomes if not o.is_twin)


@pytest.mark.parametrize("gamma", [0.1, 1, 10])
def test_descent_is_that_of_numpy(gamma):
    b, w = np.array(perceptron.SKEW, dtype=float), np.zeros(2)
    with precision(128):
        run = perceptron.descent(Fraction(gamma).limit_denominator(10), perceptron.SKEW, 20)
    for v, loss in zip(run.v, run.losses):
        assert [float(c.mid()) for c in v] == pytest.approx(w / gamma, abs=1e-12)
        assert float(loss.mid()) == pytest.approx(np.logaddexp(0, -b @ w).mean(), abs=1e-12)
        w = w + gamma * (b / (1 + np.exp(b @ w))[:, None]).mean(0)


def separable(rng, n, d, margin):
    u = rng.normal(size=d)
    u /= np.linalg.norm(u)
    b = rng.normal(size=(n, d))
    b *= np.sign(b @ u)[:, None]
    return b + margin * u, margin


@pytest.mark.parametrize("normalised", [False, True])
def test_the_number_of_steps_of_both_perceptrons(normalised):
    rng = np.random.default_rng(0)
    for _ in range(40):
        n = int(rng.integers(3, 30))
        b, mu = separable(rng, n, 4, 0.2)
        bound = (np.linalg.norm(b, axis=1).max() / mu) ** 2 * (1 if normalised else n)
        v, steps = np.zeros(4), 0
        while (wrong := b @ v <= 0).any():
            v = v + b[wrong].sum(0) / (wrong.sum() if normalised else n)
            steps += 1
        assert 1 <= steps <= bound


def test_a_tie_in_fractions_counts_one_half():
    v = perceptron.batch_perceptron(((3, 1), (-2, 1)), 2)
    assert v[1] == [Fraction(1, 4), Fraction(1, 2)]  # its margins are 5/4 and 0
    assert v[2] == [Fraction(1, 4) - Fraction(2, 4), Fraction(1, 2) + Fraction(1, 4)]


def test_the_identity_of_the_tails_on_random_sequences():
    rng = np.random.default_rng(1)
    for n in (1, 2, 5, 9):
        q = [Fraction(int(v), 7) for v in rng.integers(-9, 10, n)]
        w = [Fraction(int(v), 3) for v in rng.integers(1, 10, n)]
        assert schedules.last_from_tails(q, w) == q[-1]


@pytest.mark.parametrize("steps", [1, 2, 10, 50])
def test_linear_decay_on_the_modulus_and_on_random_maxima(steps):
    """f = |x| and f = the maximum of random linear functions, less its minimum 0, from x_1 at distance D."""
    rng = np.random.default_rng(2)
    for _ in range(30):
        rows = rng.normal(size=(6, 3))
        rows = np.concatenate([rows, -rows])  # the maximum is a norm: 0 at the origin, positive elsewhere
        G = np.linalg.norm(rows, axis=1).max()
        x = rng.normal(size=3)
        D = np.linalg.norm(x)
        for t in range(1, steps + 1):
            value = (rows @ x).max()
            x = x - D / (G * np.sqrt(steps)) * (1 - t / steps) * rows[np.argmax(rows @ x)]
        assert value <= D * G / np.sqrt(steps) + 1e-12
