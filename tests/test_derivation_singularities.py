"""Complex singularities: the derived bounds against zeros found by other means, ranges that are needed, twins.

Zeros are logarithms of the roots of a polynomial (NumPy), laws and losses are drawn at random; none of it shares code
with the chains or with :mod:`hconsist.singularities`.  Tolerance 1e-9: roots of polynomials of degree at most 12 with
separated zeros, divided by slopes of order 1.
"""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
import sympy as sp

from hconsist.derivations import (
    batch_radius,
    closed_form_radii,
    descent_step,
    half_plane,
    kl_remainder,
    slope_moments,
    softmax_zeros,
    strip_bound,
    top_one_radius,
)
from hconsist.derivations.trigonometry import cosine, sine
from hconsist.steps import Cited, Words

CLOSE = 1e-9
ALL = (softmax_zeros, closed_form_radii, half_plane, top_one_radius, slope_moments, strip_bound, batch_radius,
       descent_step, kl_remainder)  # fmt: skip


def zeros(weights, power):
    """Zeros in t of sum_j w_j e^(n_j t) in the strip |Im t| <= pi, n_j the integers in ``power``."""
    polynomial = np.zeros(max(power) + 1)
    np.add.at(polynomial, power, weights)
    return np.log(np.roots(polynomial[::-1]).astype(complex))


def rows(count, seed=0):
    """Weights, slopes and zeros; slopes are integers from 0 on, so the nearest zero has |Im t| <= pi."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        k = int(rng.integers(2, 7))
        power = np.concatenate([[0], np.sort(rng.choice(np.arange(1, 13), k - 1, replace=False))])
        weights = np.exp(rng.normal(size=k) * rng.choice([0.3, 1.0, 3.0]))
        yield weights, power, zeros(weights, power)


def tilted(weights, slopes, u):
    p = weights * np.exp(slopes * u)
    return p / p.sum()


def deviation(p, slopes):
    return np.sqrt(p @ (slopes - p @ slopes) ** 2)


def test_the_bounds_hold_at_every_zero():
    closest = {"half": np.inf, "strip": np.inf, "top": np.inf, "closed": np.inf}
    for weights, power, found in rows(400):
        spread = power.max() - power.min()
        p = tilted(weights, power, 0.0)
        least = np.abs(found).min()
        closest["half"] = min(closest["half"], np.abs(found.imag).min() * spread / np.pi)
        for t in found:
            sigma = deviation(tilted(weights, power, t.real), power)
            closest["strip"] = min(closest["strip"], abs(t.imag) * 2 * sigma / np.pi)
        margin = max(0.0, np.log(p.max() / (1 - p.max())))
        closest["top"] = min(closest["top"], least * spread / np.hypot(margin, np.pi))
        delta = 2 * np.arccosh(max(1.0, spread / (2 * deviation(p, power))))
        s = np.linspace(0, delta, 400)
        closest["closed"] = min(closest["closed"],
                                least * spread / np.hypot(delta - s, np.pi * np.cosh(s / 2)).min())  # fmt: skip
    assert all(1 - CLOSE <= ratio < 1.2 for ratio in closest.values()), closest


def test_three_slopes_and_the_families():
    rng = np.random.default_rng(1)
    for w0, w1, w2 in np.exp(rng.normal(size=(200, 3)) * 2):
        lam, q = np.log(w0 / w2), w1 / (2 * np.sqrt(w0 * w2))
        formula = np.hypot(lam / 2, np.arccos(-q)) if q < 1 else np.hypot(abs(lam) / 2 - np.arccosh(q), np.pi)
        assert np.abs(zeros([w0, w1, w2], [0, 1, 2])).min() == pytest.approx(
            formula, abs=1e-7
        )  # q near 1: a double root
    for k in (2, 3, 7, 12):
        found = np.abs(zeros(np.ones(k), np.arange(k))).min()
        assert found == pytest.approx(2 * np.pi * (k - 1) / (k * (k - 1)), abs=CLOSE)


def test_taylor_coefficients_grow_as_the_radius_says():
    """Root test at order 240 by the recurrence of the logarithm, at 40 digits; the phase costs up to 3 %."""
    order = 240
    for weights, power, found in rows(4, seed=2):
        with mpmath.workdps(40):
            moments = [sum(mpmath.mpf(w) * int(a) ** n for w, a in zip(weights, power)) for n in range(order + 1)]
            f = [moment / mpmath.factorial(n) for n, moment in enumerate(moments)]
            log = [mpmath.mpf(0)]
            for n in range(1, order + 1):
                log.append((n * f[n] - sum(k * log[k] * f[n - k] for k in range(1, n))) / (n * f[0]))
            tail = max(abs(n * log[n]) ** (mpmath.mpf(1) / n) for n in range(order - 20, order + 1))
        assert 1 / float(tail) == pytest.approx(np.abs(found).min(), rel=0.03)


def test_self_concordance_on_random_laws():
    rng = np.random.default_rng(3)
    worst = []
    for _ in range(3000):
        k = int(rng.integers(2, 6))
        x = np.concatenate([[0.0, 1.0], rng.random(k - 2)])
        p = rng.dirichlet(np.full(k, rng.choice([0.2, 1.0])))
        mean = p @ x
        v, third = p @ (x - mean) ** 2, p @ (x - mean) ** 3
        root = np.sqrt(max(0.0, 1 - 4 * v))
        assert abs(third) <= v * root + 1e-12 and abs(third) <= 1 / (6 * np.sqrt(3)) + 1e-12
        worst.append(abs(third) / (v * root) if v * root > 1e-6 else 0)
    assert max(worst) > 0.999  # two ends alone


def test_the_descent_step_on_random_batches():
    rng = np.random.default_rng(4)
    for _ in range(60):
        m, k = 5, 4
        z, a, y = rng.normal(size=(m, k)) * 2, rng.normal(size=(m, k)), rng.integers(0, k, m)

        p = np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None])
        slope = np.mean((p * a).sum(1) - a[np.arange(m), y])
        a = -np.sign(slope) * a
        g = abs(slope)
        h = np.mean((p * a**2).sum(1) - (p * a).sum(1) ** 2)
        spread = np.ptp(a, axis=1).max()
        grid = np.linspace(0, np.log1p(g * spread / h) / spread, 60)
        moved = z + grid[:, None, None] * a
        values = np.mean(np.logaddexp.reduce(moved, axis=2) - moved[:, np.arange(m), y], axis=1)
        model = values[0] - g * grid + h / spread**2 * (np.expm1(spread * grid) - spread * grid)
        assert (np.diff(values) <= 1e-13).all() and (values <= model + 1e-13).all()


def test_both_divergences_and_their_constants():
    rng = np.random.default_rng(5)
    for _ in range(400):
        k = int(rng.integers(2, 6))
        z, a = rng.normal(size=k) * 2, rng.normal(size=k)
        t = rng.normal() * 2
        p, q = (np.exp(u - np.logaddexp.reduce(u)) for u in (z, z + t * a))
        quadratic, scale = t**2 / 2 * (p @ a**2 - (p @ a) ** 2), abs(t) ** 3 * np.ptp(a) ** 3 / (18 * np.sqrt(3))
        assert abs(q @ np.log(q / p) - quadratic) <= scale + 1e-13
        assert abs(p @ np.log(p / q) - quadratic) <= scale / 2 + 1e-13
        bregman = np.logaddexp.reduce(z + t * a) - np.logaddexp.reduce(z) - t * (p @ a)
        assert bregman == pytest.approx(p @ np.log(p / q), abs=1e-12)


@pytest.mark.parametrize(
    ("module", "title", "symbol", "beyond"),
    [
        (half_plane, "Phases below a right angle", "y", lambda s: 2 * sp.pi),
        (closed_form_radii, "and downwards", "theta", lambda s: 2 * sp.pi + s),
        (slope_moments, "R is at most Delta", "R", lambda s: 2 * sp.Symbol("Delta", positive=True)),
        (slope_moments, "So beta is at most (Delta + R)/2", "beta", lambda s: sp.Symbol("Delta", positive=True) / 2),
        (descent_step, "Before it", "tau", lambda s: 1 + s),
    ],
)
def test_the_ranges_are_needed(module, title, symbol, beyond):
    """Outside the range that is stated the step must not close."""
    derivation = module.build()
    number, step = next((k, s) for k, s in enumerate(derivation.steps) if s.title == title)
    key = next(s for s in step.put if s.name == symbol)
    wrong = replace(step, put={**step.put, key: beyond(sp.Symbol("s", positive=True))})
    links = (*derivation.steps[:number], wrong, *derivation.steps[number + 1 :])
    assert derivation.check(number + 1).passed
    assert not replace(derivation, steps=links).check(number + 1).passed


def test_the_sine_of_the_strip_bound_knows_its_derivatives_and_nothing_else():
    x, y = sp.symbols("x y", positive=True)
    assert sp.diff(sine(x), x, 4) == sine(x) and sp.diff(cosine(x * y), x) == -y * sine(x * y)
    assert (sine(0), cosine(0)) == (0, 1) and sine(x / y + 1) == sine((x + y) / y)
    assert sine(x).is_nonnegative is None and sine(sp.pi).is_zero is None


@pytest.mark.parametrize("module", ALL)
def test_what_is_cited_is_classical_and_what_is_in_words_yields_only_relations_named(module):
    """No chain is words alone: more than half of its steps are closed by SymPy."""
    derivation = module.build()
    granted = [s for s in derivation.steps if isinstance(s, (Cited, Words))]
    closed = [s for s in derivation.steps if s.counts]
    assert len(granted) < len(closed)
    assert all(s.reference for s in granted if isinstance(s, Cited))


def test_the_parabola_below_the_cosine_in_numbers():
    """cos x above the parabola that touches it at theta, for theta up to pi/2; not for theta = 4."""
    x = np.linspace(-30, 30, 20001)
    for theta in (0.01, 0.7, np.pi / 2):
        assert (np.cos(x) - np.cos(theta) + np.sin(theta) / (2 * theta) * (x**2 - theta**2)).min() > -1e-12
    assert (np.cos(x) - np.cos(4) + np.sin(4) / 8 * (x**2 - 16)).min() < -0.5


def test_pieces_of_the_closed_forms_by_name():
    assert closed_form_radii.two_classes_evidence().passed and closed_form_radii.families_evidence().passed
    assert kl_remainder.directions_evidence().passed and slope_moments.third_moment_evidence().passed
