"""Sampled search: finds narrow violations, reproducibly, and never claims more than support."""

import numpy as np
import pytest

from hconsist.domains import REAL, UNIT, Domain, InputError
from hconsist.evidence import Level, Verdict
from hconsist.sampling import search

BOX = {"a": UNIT, "b": UNIT}


def test_supports_what_holds():
    found = search(lambda a, b: (a - b) ** 2, BOX, rng=1)
    assert (found.verdict, found.level) == (Verdict.SUPPORTED, Level.SAMPLED)
    assert found.points > 4000 and 0 <= found.slack < 1e-12


def test_finds_a_violation_that_sampling_misses():
    """A well of depth 1e-9 at an irrational point: only the local search goes there."""
    centre = np.array([1 / np.sqrt(2), 1 / np.pi])
    slack = lambda a, b: (a - centre[0]) ** 2 + 3 * (b - centre[1]) ** 2 - 1e-9  # noqa: E731
    lazy = search(slack, BOX, rng=1, points=2000, refine=0)
    assert lazy.verdict is Verdict.SUPPORTED
    keen = search(slack, BOX, rng=1, points=2000)
    assert keen.verdict is Verdict.REFUTED and keen.slack < 0
    assert slack(**{k: np.array(v) for k, v in keen.witness.items()}) == keen.slack
    assert search(slack, BOX, rng=1, tolerance=1e-8).verdict is Verdict.SUPPORTED


def test_same_seed_same_answer():
    slack = lambda a, b: np.cos(9 * a) * np.sin(7 * b) + 0.9  # noqa: E731
    one, two = search(slack, BOX, rng=5), search(slack, BOX, rng=np.random.default_rng(5))
    assert (one.verdict, one.slack, one.witness) == (two.verdict, two.slack, two.witness)
    assert one.verdict is Verdict.REFUTED and one.slack == pytest.approx(-0.1, abs=1e-6)


def test_edges_are_visited():
    assert search(lambda a, b: np.where((a == 1) & (b == 0), -1.0, 1.0), BOX, refine=0).verdict is Verdict.REFUTED


def test_hypotheses_and_vacuity():
    slack = lambda a, b: a - b  # noqa: E731
    assert search(slack, BOX).verdict is Verdict.REFUTED
    assert search(slack, BOX, where=lambda a, b: a >= b).verdict is Verdict.SUPPORTED
    empty = search(slack, BOX, where=lambda a, b: a > 2)
    assert empty.verdict is Verdict.VACUOUS and empty.points == 0


def test_nan_is_not_a_pass():
    found = search(lambda a, b: np.where(a > 0.99, np.nan, 1.0), BOX)
    assert found.verdict is Verdict.INCONCLUSIVE and found.reason


def test_integers_and_infinite_ranges():
    box = {"n": Domain(2, 10**6, integer=True), "x": REAL}
    seen = []

    def slack(n, x):
        seen.append(np.all(n == np.floor(n)))
        return x**2 - 2 * n * x / 1e6 + 1

    assert search(slack, box, tolerance=1e-12).verdict is Verdict.SUPPORTED
    assert all(seen)


def test_bad_input():
    for arguments in ({"points": 0}, {"refine": -1}, {"tolerance": float("nan")}):
        with pytest.raises(InputError):
            search(lambda a, b: a, BOX, **arguments)
    with pytest.raises(InputError):
        search(lambda: 1, {})
