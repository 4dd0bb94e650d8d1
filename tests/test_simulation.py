"""Simulated evidence: verdicts, what is recorded, the coverage of the limits, and a normal limit that fails."""

import math

import numpy as np
import pytest

from hconsist.domains import InputError
from hconsist.evidence import Level, Verdict
from hconsist.simulation import half_width, simulate
from hconsist.testing import assert_proved, assert_refuted, assert_supported


def coin(p, c):
    """The indicator of an event of probability p, minus c."""
    return lambda rng, size: (rng.random(size) < p) - c


def test_a_true_statement_is_supported_and_recorded():
    found = simulate(coin(0.5, 0.3), rng=7, samples=2000, bounds=(-0.3, 0.7), confidence=0.99)
    draws = (np.random.default_rng(7).random(2000) < 0.5) - 0.3
    assert (found.verdict, found.level, found.points) == (Verdict.SUPPORTED, Level.SIMULATED, 2000)
    assert 0 < found.slack < np.mean(draws)
    assert "seed 7, 2000 samples" in found.notes[0] and f"mean {np.mean(draws):.6g}" in found.notes[0]
    assert "confidence 0.99 for every sample size" in found.notes[0]
    assert "independent" in found.assumptions[0] and found.witness is None
    assert_supported(found)
    with pytest.raises(AssertionError, match="supported at level simulated"):
        assert_proved(found)
    with pytest.raises(AssertionError, match="not supported at level sampled"):
        assert_supported(found, level="sampled")


def test_a_false_statement_is_refuted_with_a_witness():
    found = assert_refuted(lambda: simulate(coin(0.1, 0.3), rng=7, samples=2000, bounds=(-0.3, 0.7)))
    assert found.witness["seed"] == 7 and found.witness["samples"] == 2000 and found.witness["confidence"] == 0.999
    assert found.witness["mean"] < found.witness["upper_limit"] < 0 and found.slack == found.witness["upper_limit"]
    assert "with confidence 0.999 only" in found.reason
    with pytest.raises(AssertionError, match="not supported"):
        assert_supported(found)


def test_a_close_call_is_inconclusive_and_not_a_pass():
    found = simulate(coin(0.3, 0.3), rng=7, samples=2000, bounds=(-0.3, 0.7))
    assert found.verdict is Verdict.INCONCLUSIVE and not found.passed and found.slack < 0
    with pytest.raises(AssertionError, match="more samples are needed"):
        assert_supported(found)


def test_the_same_seed_gives_the_same_evidence_and_a_generator_is_not_a_seed():
    first, again = (simulate(coin(0.5, 0.3), rng=1, samples=500, bounds=(-0.3, 0.7)) for _ in range(2))
    assert first.slack == again.slack and first.notes == again.notes
    handed = simulate(coin(0.5, 0.3), rng=np.random.default_rng(1), samples=500, bounds=(-0.3, 0.7))
    assert handed.slack == first.slack and "seed a Generator" in handed.notes[0]


def test_batches_do_not_change_mean_and_variance():
    """150,000 draws need three batches; NumPy's own mean and variance of the same draws."""
    found = simulate(lambda rng, size: rng.uniform(-0.9, 1, size), rng=3, samples=150_000, bounds=(-0.9, 1))
    rng = np.random.default_rng(3)
    draws = np.concatenate([rng.uniform(-0.9, 1, size) for size in (65536, 65536, 18928)])
    reach = half_width(float(np.var(draws, ddof=1)), 1.9, 150_000, 0.999)
    assert found.slack == pytest.approx(float(np.mean(draws)) - reach, rel=1e-12)


def test_half_width_by_hand():
    """Range 1, 200 draws, confidence 0.9: errors of 0.05 for each of the two limits."""
    hoeffding = math.sqrt(math.log(20) / 400)
    assert half_width(0.25, 1, 200, 0.9) == pytest.approx(hoeffding, rel=1e-14)
    bernstein = math.sqrt(2 * 1e-4 * math.log(40) / 200) + 7 * math.log(40) / (3 * 199)
    assert bernstein < hoeffding and half_width(1e-4, 1, 200, 0.9) == pytest.approx(bernstein, rel=1e-14)
    assert half_width(1e-4, 3, 200, 0.9) <= 3 * half_width(1e-4, 1, 200, 0.9)


def misses(p, samples, confidence, width, runs=4000):
    """How often the true mean p lies above mean + width(variance, m): each run is one sample of a coin."""
    hits = np.random.default_rng(5).binomial(samples, p, runs)
    mean = hits / samples
    variance = samples / (samples - 1) * mean * (1 - mean)
    reach = np.array([width(v, 1.0, samples, confidence) for v in variance])
    return np.mean(p > mean + reach)


@pytest.mark.parametrize("samples", [20, 200, 2000])
@pytest.mark.parametrize("p", [0.5, 0.1, 0.01])
def test_the_limits_are_missed_no_more_often_than_stated(p, samples):
    """4,000 runs: the standard deviation of the share of misses is below 0.0048, and 3 of them are allowed for."""
    for side in (p, 1 - p):  # misses above the upper and, mirrored, below the lower limit
        assert misses(side, samples, 0.9, half_width) <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 4000)


def test_a_normal_limit_fails_this_test():
    """Negative control: 20 tosses of a coin with p = 0.01 show nothing four times in five, and the limit is then 0."""

    def normal(variance, width, samples, confidence):
        return 1.2815515655446004 * math.sqrt(variance / samples)

    assert misses(0.01, 20, 0.9, normal) > 0.7


def test_false_verdicts_are_rarer_than_stated():
    """Mean exactly 0, the worst case for both verdicts, at confidence 0.9, 400 seeds."""
    verdicts = [
        simulate(coin(0.5, 0.5), rng=seed, samples=400, bounds=(-0.5, 0.5), confidence=0.9).verdict
        for seed in range(400)
    ]
    assert verdicts.count(Verdict.SUPPORTED) <= 40 and verdicts.count(Verdict.REFUTED) <= 40


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("samples", {"samples": 1}),
        ("confidence", {"confidence": 1.0}),
        ("confidence", {"confidence": math.nan}),
        ("bounds", {"bounds": (1, -1)}),
        ("bounds", {"bounds": (0, 1)}),
        ("bounds", {"bounds": (-1, math.inf)}),
        ("bounds", {"bounds": 3}),
        ("draw", {"draw": lambda rng, size: np.zeros(size + 1)}),
        ("draw", {"draw": lambda rng, size: ["a"] * size}),
        ("draw", {"draw": lambda rng, size: np.full(size, 2.0)}),
        ("draw", {"draw": lambda rng, size: np.full(size, math.nan)}),
    ],
)
def test_bad_input_is_named(argument, change):
    with pytest.raises(InputError) as caught:
        simulate(**{"draw": coin(0.5, 0.3), "rng": 0, "samples": 100, "bounds": (-0.3, 0.7)} | change)
    assert caught.value.argument == argument
