"""Closed forms and lower bounds of T against the searches, and their kernels against 60 digits."""

from functools import partial

import mpmath
import numpy as np
import pytest

import hconsist as hc
from hconsist import catalog, losses
from hconsist.domains import UnsupportedError
from hconsist.engine import optimize
from hconsist.engine.frozen import convex_in_balls, frozen_bound
from hconsist.engine.lower import TAU_C, lower_bound
from hconsist.engine.pools import pooled_bound
from hconsist.evidence import Level
from hconsist.losses.logit_adjustment import LogitAdjustment
from hconsist.results import Side
from hconsist.transforms import closed_forms, transform, two_label
from hconsist.transforms.pooled import PooledKernel

sharp = partial(hc.transform, method="sharp")

# --- against the searches ---------------------------------------------------------------------------------------------

GRID = np.append(np.geomspace(1e-3, 0.05, 3), np.linspace(0.1, 1, 10))
KNOWN = [
    ("label-smoothing:eps=0.1", (2, 3, 4, 5, 10)), ("label-smoothing:eps=0.9", (3,)), ("temperature:T=0.5", (3,)),
    ("class-weights:w=1;2;3", (3,)), ("class-weights:w=2;2", (2,)), ("class-weights:w=1;5", (2,)),
    ("logit-adjustment:prior=0.5;0.3;0.2", (3,)), (LogitAdjustment([0.1, 0.9], strength=0.5), (2,)),
    ("focal:gamma=0.2", (3,)), ("focal:gamma=2", (2, 3, 4, 10)), ("focal:gamma=7", (3,)), ("poly-1:eps=1", (2, 3, 4)),
    ("poly-1:eps=-1", (3,)), ("poly-1:eps=4", (2,)), ("sparsemax", (2, 3, 4, 5, 10)),
    ("entmax:alpha=1.3", (2, 3, 4)), ("entmax:alpha=2", (3,)), ("ova-logistic", (2, 3, 4, 10)),
    ("ova-exponential", (2, 3, 4, 5, 10)), ("ova-squared-hinge", (2, 3, 4, 5, 10)), ("sum-logistic", (2, 3, 4, 5)),
    ("sum-rho-margin:rho=2", (3, 4)), ("constrained-hinge", (2, 3, 4, 5)), ("constrained-rho-margin:rho=1", (3,)),
    ("max-hinge", (2, 3, 4)), ("max-logistic", (2, 3, 5, 10)), ("max-exponential", (3,)),
    ("max-squared-hinge", (2, 3, 4)), ("max-rho-margin:rho=1", (3,)), ("constrained-squared-hinge", (2,)),
    ("constrained-logistic", (2,)), ("sum-hinge", (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize("name, n", [(name, n) for name, sizes in KNOWN for n in sizes], ids=str)
def test_closed_forms_are_what_the_search_finds_and_lower_bounds_lie_below(name, n):
    T, found = sharp(name, n_classes=n), optimize(name, n, GRID)
    raw, scale = T.raw(GRID), max(1.0, float(T.raw(1.0)))
    # pooled entropies and linear programs reach 1e-9 of T(1), the heuristic search over scores 1e-6
    assert np.max(np.abs(raw - found.value)) < 10 * found.tolerance * scale
    values, reference = lower_bound(losses.get(name), n, GRID)
    assert np.all(values <= raw * (1 + 1e-14)) and np.max(raw - values) < 1e-9 * scale and reference
    assert found.side is Side.EXACT


LOWER = [
    ("comp-sum:tau=0", (2, 3, 10)), ("comp-sum:tau=1.3", (3,)), ("comp-sum:tau=1.66", (4,)),
    ("comp-sum:tau=1.7", (2, 3, 4, 5)), ("comp-sum:tau=1.9", (3, 4, 10, 60)), ("mae", (2, 3, 4, 10, 60)),
    ("comp-sum:tau=2.2", (2, 3, 4)), ("comp-sum:tau=3", (2, 3, 5)), ("constrained-exponential", (3, 4, 5, 10)),
    ("constrained-squared-hinge", (3, 4, 5, 10)), ("sum-squared-hinge", (3, 4)), ("entmax:alpha=3", (2, 3, 5)),
    ("rho-comp-sum:tau=1,rho=1", (3,)), ("taylor:order=2", (2, 3)), ("poly-1:eps=3", (3, 4)),
    ('comp-sum:psi="-log(s) + (1-s)^2/2"', (2, 3, 4)), ('comp-sum:psi="(1-s)^3"', (3, 5)),
]  # fmt: skip


def excess(bound, found):
    """How far a bound lies above the least regret found, relative to T(1) and the accuracy of the search."""
    return np.max(bound - found.value) / (10 * found.tolerance)


@pytest.mark.parametrize("name, n", [(name, n) for name, sizes in LOWER for n in sizes])
def test_lower_bounds_lie_below_the_search(name, n):
    values, reference = lower_bound(losses.get(name), n, GRID)
    found = optimize(name, n, GRID)
    assert excess(values, found) <= 1 and np.all(values >= 0) and reference
    known = n * GRID < 1 if "entmax" in name else GRID >= 0.1
    assert np.all(values[known] > 0.1 * found.value[known])  # worth something


def test_a_bound_that_is_one_per_cent_too_large_is_caught():
    """Negative control of both checks above: of every loss whose bound meets T, 1.01 times it must fail."""
    for name, n in [("logistic", 3), ("comp-sum:tau=1.9", 3), ("mae", 10), ("sparsemax", 4), ("focal:gamma=2", 3),
                    ("max-logistic", 4), ("taylor:order=2", 3), ('comp-sum:psi="(1-s)^3"', 5), ("sum-hinge", 3),
                    ("logit-adjustment:prior=0.5;0.3;0.2", 3)]:  # fmt: skip
        values, _ = lower_bound(losses.get(name), n, GRID)
        found = optimize(name, n, GRID)
        assert excess(values, found) <= 1 < excess(1.01 * values, found), name


def test_no_bound_where_there_is_no_theorem():
    for name, n in [("squentropy", 3), ("ova-hinge", 3), ("constrained-logistic", 3), ("sum-hinge", 4),
                    ('fenchel-young:omega="p*log(p+1)"', 3)]:  # fmt: skip
        assert lower_bound(losses.get(name), n, GRID) is None
    assert lower_bound(losses.CompSum(psi=lambda s: 1 - s**2 / 2, derivative=lambda s: -s), 3, GRID) is None


# --- the parts of the lower bounds -----------------------------------------------------------------------------------


def test_tau_c_is_the_one_of_the_closed_form():
    assert TAU_C == two_label.TAU_C


@pytest.mark.parametrize("tau, n", [(1.67, 3), (1.8, 3), (1.8, 40), (1.95, 10), (1.999, 5)])
def test_the_pooled_bound_is_the_hull(tau, n):
    """Against the kernel that finds the active curves by their derivation."""
    hull = PooledKernel(tau, n).value(GRID)
    assert np.all(pooled_bound(tau, n, GRID) <= hull) and np.allclose(pooled_bound(tau, n, GRID), hull, rtol=1e-8)


@pytest.mark.parametrize("tau, n", [(1.8, 1000), (1.95, 10**9)])
def test_many_labels_cost_the_bound_its_sharpness_but_not_its_side(tau, n):
    values = pooled_bound(tau, n, GRID)
    assert np.all(values <= PooledKernel(tau, n).value(GRID)) and np.all(values >= (1 - 1e-9) * GRID**2 / 2)


def test_the_frozen_bound_is_the_least_of_R_sigma():
    """psi = -log s + (1-s)^2/2, n = 4: R_Sigma minimised on a fine grid over s_1 and Sigma in [1/4, 1]."""
    psi = lambda s: -np.log(s) + (1 - s) ** 2 / 2  # noqa: E731
    t = np.array([0.05, 0.3, 0.8])
    sigma, x = np.linspace(0.25, 1, 301)[:, None], np.linspace(0.5, 1 - 1e-6, 4001)
    least = [
        np.min(psi(sigma[:, 0] / 2) - np.min((1 + u) / 2 * psi(sigma * x) + (1 - u) / 2 * psi(sigma * (1 - x)), axis=1))
        for u in t
    ]
    found = frozen_bound(losses.get('comp-sum:psi="-log(s) + (1-s)^2/2"'), 4, t)
    assert np.all(found <= np.array(least) + 1e-6) and np.allclose(found, least, rtol=8e-3)


def test_convexity_is_proved_or_refused():
    from flint import arb

    assert convex_in_balls(lambda s: 6 * (1 - s), lambda s: arb(-6), 2.0**-100)  # (1-s)^3 touches 0 at s = 1
    dip = lambda s: (s - arb(0.3)) ** 2 - arb(1e-6)  # noqa: E731
    assert not convex_in_balls(dip, lambda s: 2 * (s - arb(0.3)), 2.0**-100)


# --- the kernels -----------------------------------------------------------------------------------------------------


def two_labels_by_hand(psi, t):
    """psi(1/2) - min over s in (1/2, 1), in 60 digits: a bisection of the derivative's sign."""
    first, second = (1 + t) / 2, (1 - t) / 2
    rise = lambda s: first * mpmath.diff(psi, s) - second * mpmath.diff(psi, 1 - s)  # noqa: E731
    low, high = mpmath.mpf(1) / 2, 1 - mpmath.mpf(10) ** -25
    for _ in range(140):
        middle = (low + high) / 2
        low, high = (middle, high) if rise(middle) < 0 else (low, middle)
    s = (low + high) / 2
    return psi(mpmath.mpf(1) / 2) - first * psi(s) - second * psi(1 - s)


def cross_entropy(t):
    return ((1 + t) * mpmath.log(1 + t) + (1 - t) * mpmath.log(1 - t)) / 2


def by_hand(name):
    """T in mpmath from its textbook form."""
    log, mpf = mpmath.log, mpmath.mpf
    if name.startswith("label"):
        mass = 1 - 3 * mpf(0.25) / 5
        return lambda t: mass * cross_entropy((1 - mpf(0.25)) * t / mass)
    if name.startswith("class"):
        return lambda t: ((1 + t) / 2 * log((1 + t) / ((1 + t) / 2 + 3 * (1 - t) / 2))
                          + 3 * (1 - t) / 2 * log(3 * (1 - t) / ((1 + t) / 2 + 3 * (1 - t) / 2)))  # fmt: skip
    if name.startswith("logit"):
        top = mpf(0.75)  # r = 3
        return lambda t: (1 + t) / 2 * log((1 + t) / 2 / top) + (1 - t) / 2 * log((1 - t) / 2 / (1 - top))
    if name.startswith("entmax"):
        a = mpf(float(name.partition("=")[2]))
        return lambda t: ((1 + t) ** a + (1 - t) ** a - 2) / (2**a * a * (a - 1))
    if name.startswith("focal"):
        gamma = mpf(float(name.partition("=")[2]))
        return lambda t: two_labels_by_hand(lambda s: -((1 - s) ** gamma) * log(s), t)
    eps = mpf(float(name.partition("=")[2]))
    return lambda t: two_labels_by_hand(lambda s: -log(s) + eps * (1 - s), t)


ACCURATE = [("label-smoothing:eps=0.25", 5), ("class-weights:w=1;3", 2), ("logit-adjustment:prior=0.75;0.25", 2),
            ("entmax:alpha=1.5", 3), ("entmax:alpha=1.001", 3), ("entmax:alpha=2", 3), ("focal:gamma=2", 3),
            ("focal:gamma=0.1", 3), ("focal:gamma=30", 3), ("poly-1:eps=2", 3), ("poly-1:eps=-1", 3),
            ("poly-1:eps=0.5", 3)]  # fmt: skip


@pytest.mark.parametrize("name, n", ACCURATE)
def test_kernels_keep_their_digits(name, n):
    """Relative 2e-14 against 60 digits; next to the end t0 of a zero interval times the condition number."""
    T = sharp(name, n_classes=n)
    start = T.zero_interval.value
    reference = by_hand(name)
    for t in (*(start + (1 - start) * np.array([1e-9, 1e-4, 0.03, 0.3, 0.5, 0.7, 0.99])).tolist(), 1 - 1e-9):
        with mpmath.workdps(60):
            expected = reference(mpmath.mpf(t))
            condition = 1 + (start / (t - start) if start else 0.0)
            error = abs(mpmath.mpf(float(T(t))) / expected - 1)
        assert error < 2e-14 * condition, t
        assert abs(T.inverse(float(T(t))) - t) < 1e-14 * max(t, 1e-300) if not start else 1e-7


@pytest.mark.parametrize("name, n", [(name, n) for name, sizes in KNOWN for n in sizes[-1:]], ids=str)
def test_hull_inverse_growth_and_zero_interval(name, n):
    T = sharp(name, n_classes=n)
    fine = np.linspace(0, 1, 401)
    value = T(fine)
    assert value[0] == 0 and np.all(np.diff(value, 2) >= -1e-13 * value[-1]) and np.all(value <= T.raw(fine) + 1e-15)
    start = T.zero_interval.value
    beyond = fine[fine > start]
    assert np.max(np.abs(T.inverse(T(beyond)) - beyond)) < 1e-13 and np.all(
        T.inverse(value[-1] * np.ones(2) * 1.2) == 1
    )
    assert T.inverse(0.0) == start and T.growth.start == start and T.inverse(value[-1]) == 1
    assert T(start) == 0 and T(start + 1e-3) > 0 and T.inverse(1e-300) >= start
    step = 1e-5
    assert T(start + step) / step**T.growth.exponent == pytest.approx(T.growth.constant, rel=1e-3)
    assert T(np.float32(0.75)).dtype == np.float32 and T(np.full((2, 3), 0.75)).shape == (2, 3)


def test_extreme_parameters():
    heavy = sharp("class-weights:w=1e-300;1e300", n_classes=2)  # t0 = (r-1)/(r+1) rounds to 1
    assert heavy.zero_interval.value == 1 and heavy(0.999) == 0 and heavy(1.0) == pytest.approx(1e-300 * np.log(2))
    far = sharp(LogitAdjustment([1e-300, 1.0], strength=2), n_classes=2)
    assert far.zero_interval.value == 1 and far(0.999) == 0
    assert sharp("label-smoothing:eps=0.999999", n_classes=10**9)(1.0) > 0
    assert sharp("constrained-hinge", n_classes=10**9)(1.0) == 5e8
    steep = sharp("focal:gamma=500", n_classes=3)
    assert steep(1.0) == pytest.approx(2.0**-500 * np.log(2), rel=1e-13) and steep.inverse(steep(0.4)) == pytest.approx(
        0.4
    )
    assert closed_forms.closed_form(losses.get("focal:gamma=501"), 3) is None


# --- what is said of them --------------------------------------------------------------------------------------------


PROVED = [("logit-adjustment:prior=0.5;0.3;0.2", "logit_adjustment"), ("ova-exponential", "n_independence"),
          ("max-hinge", "max_losses"), ("max-logistic", "max_losses")]  # fmt: skip


def test_levels_sides_and_references():
    assert sharp("sparsemax", n_classes=7).level is Level.SYMBOLIC
    assert "additive_entropies" in sharp("sparsemax", n_classes=7).references[0]
    for name, chain in PROVED:
        T = sharp(name, n_classes=3)
        assert (T.level, T.references[0]) == (Level.SYMBOLIC, f"derivation {chain}, derived here")
        assert catalog.derivation(chain).run().passed
    hinge = sharp("sum-hinge", n_classes=3)
    assert hinge.side is Side.EXACT and hinge.raw_side is Side.LOWER and hinge.zero_interval.value == 1 / 6
    assert sharp("constrained-hinge", n_classes=4).raw_side is Side.EXACT


@pytest.mark.parametrize("name, n", [("constrained-exponential", 3), ("constrained-squared-hinge", 4),
                                     ("sum-hinge", 4), ("squentropy", 3), ("entmax:alpha=3", 3), ("ova-hinge", 3),
                                     ("poly-1:eps=2.1", 3), ("sum-squared-hinge", 3)])  # fmt: skip
def test_no_closed_form_is_invented(name, n):
    with pytest.raises(UnsupportedError, match="method optimize searches"):
        sharp(name, n_classes=n)


def test_laws_are_not_offered_where_none_are_known():
    with pytest.raises(UnsupportedError, match=r"engine\.optimize"):
        sharp("sparsemax", n_classes=3).attaining(0.5)
    law = sharp("max-rho-margin:rho=2", n_classes=4).attaining(0.3)[0]
    assert law.surrogate_regret(losses.get("max-rho-margin:rho=2")) == pytest.approx(0.3, abs=1e-15)


PUBLISHED = [
    ("constrained-exponential", (2, 3, 4, 10)), ("constrained-squared-hinge", (2, 3, 4, 10)),
    ("constrained-hinge", (2, 3, 5)), ("constrained-rho-margin:rho=1", (3,)), ("sum-rho-margin:rho=1", (3,)),
    ('sum:phi="exponential"', (3, 4)), ("sum-squared-hinge", (2,)), ("max-rho-margin:rho=1", (3,)),
]  # fmt: skip


@pytest.mark.parametrize("name, n", [(name, n) for name, sizes in PUBLISHED for n in sizes])
def test_published_forms_lie_below_the_search(name, n):
    T, found = hc.transform(name, n_classes=n, method="published"), optimize(name, n, GRID)
    assert excess(T.raw(GRID), found) <= 1 and "as reported" in T.references[0]
    if T.side is Side.EXACT:
        assert np.max(np.abs(T.raw(GRID) - found.value)) <= 10 * found.tolerance
    assert np.max(np.abs(T.inverse(T(GRID)) - GRID)) < 1e-14 and T.inverse(2 * float(T(1.0))) == 1


def test_published_forms_by_hand():
    T = hc.transform("constrained-exponential", n_classes=5, method="published")
    assert T(1.0) == pytest.approx(2 - 3**0.5, rel=1e-15) and T.side is Side.LOWER  # figures of the specification
    assert hc.transform("constrained-squared-hinge", n_classes=5, method="published")(1.0) == 0.5


def test_a_reported_form_that_is_false_is_not_served():
    with pytest.raises(UnsupportedError, match="fails for n >= 3"):
        hc.transform("sum-squared-hinge", n_classes=3, method="published")
    assert excess(GRID**2, optimize("sum-squared-hinge", 3, GRID)) > 1
    with pytest.raises(UnsupportedError, match="published form"):
        hc.transform("squentropy", n_classes=3, method="published")


@pytest.mark.parametrize("psi", ["1/s", "-sqrt(s)", "-log(s)-5"])
def test_a_constant_in_psi_changes_nothing(psi):
    """psi(1) != 0: the proved two-label curve is still offered, and is T_2 of the raw problem (bounded minimiser)."""
    from scipy.optimize import minimize_scalar

    function = {"1/s": lambda s: 1 / s, "-sqrt(s)": lambda s: -np.sqrt(s), "-log(s)-5": lambda s: -np.log(s) - 5}[psi]
    found = transform(f'comp-sum:psi="{psi}"', n_classes=3, method="sharp")
    for t in (0.3, 0.6, 0.9):
        least = minimize_scalar(lambda s, t=t: (1 + t) / 2 * function(s) + (1 - t) / 2 * function(1 - s),
                                bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-12}).fun  # fmt: skip
        assert found(t) == pytest.approx(function(0.5) - least, abs=1e-11)


def test_weights_and_a_slope_that_underflow():
    """No warning (they are errors here) and no division by zero."""
    assert transform("class-weights:w=1e-300;1e300;1e300", n_classes=3, method="sharp")(0.5) == 0
    assert np.all(lower_bound(losses.get("class-weights:w=1e-300;1e300;1e300"), 3, np.linspace(0, 1, 5))[0] >= 0)
    assert transform("poly-1:eps=1e9", n_classes=2)(1.0) == pytest.approx(5e8)
