"""Nonlinear paths, temperature, other losses and units, against brute force that shares no code."""

import math

import numpy as np
import pytest

from hconsist import singularities as sing
from hconsist.domains import InputError


def grid_minimum(function, radius, size=1601):
    """The least of |function| over a square grid inside the closed disc."""
    x = np.linspace(-radius, radius, size)
    t = x[:, None] + 1j * x[None, :]
    return np.min(np.abs(function(t[np.abs(t) <= radius])))


def test_the_safe_radius_solves_its_equation():
    rng = np.random.default_rng(0)
    ranges = np.exp(rng.normal(size=(50, 4)) * 2)
    r = sing.safe_radius(ranges)
    assert np.sum(ranges * r[:, None] ** np.arange(1, 5), axis=1) == pytest.approx(np.full(50, math.pi), rel=1e-13)
    assert sing.safe_radius([3.0]) == pytest.approx(math.pi / 3, rel=1e-15)
    assert sing.safe_radius([0.0, 0.0]) == math.inf
    assert sing.safe_radius([0.0, 2.0]) == pytest.approx(math.sqrt(math.pi / 2), rel=1e-14)
    quadratic = sing.safe_radius_quadratic(ranges[:, 0], ranges[:, 1])
    assert quadratic == pytest.approx(sing.safe_radius(ranges[:, :2]), rel=1e-13)
    assert np.all(quadratic >= math.pi / ranges[:, 0] * (1 - math.pi * ranges[:, 1] / ranges[:, 0] ** 2))


def test_no_zero_inside_the_safe_radius():
    rng = np.random.default_rng(1)
    for _ in range(5):
        c = rng.normal(size=(4, 3))
        ranges = np.ptp(c[:, 1:], axis=0)

        def total(t, c=c):
            return np.sum([np.exp(u[0] + u[1] * t + u[2] * t**2) for u in c], axis=0)

        assert grid_minimum(total, float(sing.safe_radius(ranges)), 401) > 0


def test_the_safe_radius_is_attained():
    """Two even classes: the zero of 1 + e^(at + kt^2) at distance R on the imaginary axis of a t, if k = 0."""
    assert sing.safe_radius([2.0]) == pytest.approx(float(sing.radius_two_classes_quadratic(0.0, 2.0, 0.0)))


def test_the_published_counterexample_for_quadratic_logits():
    """z = (20, 20 + t + 100 t^2): 0.17374 in truth, 0.17232 by the safe radius (the specification's figures)."""
    exact = float(sing.radius_two_classes_quadratic(0.0, 1.0, 100.0))
    assert exact == pytest.approx(0.17374, abs=5e-6)
    safe = float(sing.safe_radius_quadratic(1.0, 100.0))
    assert safe == pytest.approx(0.17232, abs=5e-6) and safe <= exact


def test_two_quadratic_classes_against_roots():
    rng = np.random.default_rng(2)
    margin, slope, curvature = rng.normal(size=(3, 200)) * np.array([[8.0], [2.0], [1.0]])
    found = sing.radius_two_classes_quadratic(margin, slope, curvature)
    for d, a, k, radius in zip(margin, slope, curvature, found, strict=True):
        roots = [np.abs(np.roots([k, a, d - 1j * math.pi * n])) for n in range(-201, 202, 2)]
        assert radius == pytest.approx(np.min(roots), rel=1e-9)
    assert sing.radius_two_classes_quadratic(2.0, 3.0, 0.0) == pytest.approx(math.hypot(2, math.pi) / 3, rel=1e-15)
    assert sing.radius_two_classes_quadratic(2.0, 0.0, 0.0) == math.inf


def test_temperature():
    logits, slopes = np.array([[3.0, 0.0, 0.5], [1.0, 1.5, -2.0]]), np.array([[1.0, 2.0, -1.0], [0.3, -1.0, 2.0]])
    limits = sing.temperature_limits(logits, slopes)
    # kinks of max_j (z_j + a_j t): 3 + t meets 2t at 3 and 0.5 - t at -1.25; 1.5 - t meets 1 + 0.3t at 0.5/1.3
    assert limits.cold == pytest.approx([1.25, 0.5 / 1.3], rel=1e-14)
    cold = sing.radius_at_temperature(logits, slopes, 0.01).radius
    assert cold == pytest.approx(limits.cold, rel=1e-2)
    hot = sing.radius_at_temperature(logits, slopes, 1e4).radius / 1e4
    assert hot == pytest.approx(limits.hot, rel=1e-3)
    two = sing.radius_at_temperature([2.0, 0.0], [1.0, 0.0], 3.0).radius
    assert two == pytest.approx([math.hypot(2, 3 * math.pi)], rel=1e-14)
    tied = sing.temperature_limits([[1.0, 1.0]], [[0.0, 1.0]])
    assert tied.cold[0] == 0.0
    same = sing.temperature_limits([[1.0, 0.0]], [[1.0, 1.0]])
    assert same.cold[0] == same.hot[0] == math.inf
    with pytest.raises(InputError, match="temperature"):
        sing.radius_at_temperature(logits, slopes, 0.0)


def unwrapped_log(values):
    """A continuous logarithm on a closed path of nodes that starts on the positive axis."""
    return np.log(np.abs(values)) + 1j * np.unwrap(np.angle(values))


@pytest.mark.parametrize(
    "name, loss, options",
    [
        ("gce", lambda whole, own, rest: 1 - np.exp(0.7 * (own - whole)), {}),
        ("mae", lambda whole, own, rest: 1 - np.exp(own - whole), {}),
        ("label smoothing", lambda whole, own, rest: whole - 0.9 * own, {}),
        ("comp-sum", lambda whole, own, rest: np.exp(-0.5 * (whole - own)), {"tau": 1.5}),
        ("focal", lambda whole, own, rest: np.exp(2.0 * (rest - whole)) * (whole - own), {"gamma": 2.0}),
        ("focal", lambda whole, own, rest: np.exp(1.5 * (rest - whole)) * (whole - own), {"gamma": 1.5}),
    ],
)
@pytest.mark.parametrize("label", [0, 1, 3])
def test_losses_by_the_growth_of_their_coefficients(name, loss, options, label):
    """max over consecutive n of |c_n|^(1/n), which is 1/radius up to a factor n^(s/n), |s| <= 2.5; c_n by an FFT."""
    logits, slopes = np.array([0.4, -0.3, 0.9, 0.1]), np.array([1.0, -0.7, 0.2, 1.6])
    which = name if name in ("comp-sum", "focal") else "logistic"
    expected = float(sing.loss_radius(which, logits, slopes, labels=[label], **options)[0])
    size, reach, n = 1024, 0.8 * expected, np.arange(90, 110)
    t = reach * np.exp(2j * math.pi * np.arange(size) / size)
    terms = np.exp(logits + slopes * t[:, None])
    logs = (unwrapped_log(terms.sum(axis=1)), logits[label] + slopes[label] * t,
            unwrapped_log(np.delete(terms, label, axis=1).sum(axis=1)))  # fmt: skip
    c = np.fft.fft(loss(*logs))[n] / size
    growth = np.max(np.log(np.abs(c)) / n) - math.log(reach)
    assert math.exp(-growth) == pytest.approx(expected, rel=2.5 * math.log(110) / 90)


def test_the_sum_exponential_loss_has_no_such_radius():
    """Negative control of the growth test: the coefficients of F/(w_y e^(a_y t)) decay faster than any power."""
    logits, slopes = np.array([0.4, -0.3, 0.9, 0.1]), np.array([1.0, -0.7, 0.2, 1.6])
    t = 4.0 * np.exp(2j * math.pi * np.arange(256) / 256)
    values = np.sum(np.exp(logits + slopes * t[:, None]), axis=1) / np.exp(logits[1] + slopes[1] * t)
    c = np.abs(np.fft.fft(values))[60] / 256
    assert c < 1e-15 * np.max(np.abs(values))


def test_focal_radius_has_two_sources():
    """The specification's example in kind: the rest cancels closer than the whole."""
    logits, slopes = np.array([[8.0, 0.0, 0.0]]), np.array([[0.5, 0.0, 1.0]])
    whole = sing.loss_radius("focal", logits, slopes, gamma=2.0)
    both = sing.loss_radius("focal", logits, slopes, gamma=1.5, labels=[0])
    assert whole == pytest.approx(sing.radius(logits, slopes).radius) and whole[0] > math.pi
    assert both[0] == pytest.approx(math.pi, rel=1e-14)


def test_entire_and_one_versus_all_losses():
    logits, slopes = np.array([[1.0, -2.0], [0.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 0.0]])
    assert np.all(np.isposinf(sing.loss_radius("comp-sum", logits, slopes, tau=0.0)))
    assert np.all(np.isposinf(sing.loss_radius("constrained-exponential", logits, slopes)))
    ova = sing.loss_radius("ova-logistic", logits, slopes)
    assert ova[0] == pytest.approx(math.hypot(1, math.pi) / 2, rel=1e-15) and ova[1] == math.inf
    assert sing.loss_radius("comp-sum", logits, slopes, tau=1.0) == pytest.approx(sing.radius(logits, slopes).radius)


def test_units():
    assert sing.unit_radius("tanh", 1.0, 2.0) == pytest.approx(math.hypot(1, math.pi / 2) / 2)
    for unit in ("sigmoid", "silu", "softplus"):
        assert sing.unit_radius(unit, 1.0, -2.0) == pytest.approx(math.hypot(1, math.pi) / 2)
    assert sing.unit_radius("relu", -3.0, 2.0) == 1.5
    assert sing.unit_radius("gelu", 1.0, 1.0) == math.inf and sing.unit_radius("tanh", 1.0, 0.0) == math.inf
    # the specification's poles +-0.634368 +- 2.754771 i
    assert sing.unit_radius("tanh-gelu", 0.0, 1.0) == pytest.approx(math.hypot(0.634368, 2.754771), abs=1e-6)
    for h in (-1.3, 0.7, 4.0, 20.0):
        poles = [
            np.roots([0.044715, 0, 1, -1j * math.pi * (k + 0.5) * math.sqrt(math.pi / 2)]) for k in range(-900, 900)
        ]
        assert sing.unit_radius("tanh-gelu", h, 1.0) == pytest.approx(np.min(np.abs(np.array(poles) - h)), rel=1e-9)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: sing.loss_radius("hinge", [0.0, 1.0], [0.0, 1.0]), "loss must be one of"),
        (lambda: sing.loss_radius("focal", [0.0, 1.0], [0.0, 1.0], gamma=1.5), "labels must be given"),
        (lambda: sing.loss_radius("focal", [0.0, 1.0], [0.0, 1.0], gamma=1.5, labels=[2]), "labels must be 1 integers"),
        (lambda: sing.loss_radius("focal", [0.0, -math.inf], [0.0, 1.0], gamma=1.5, labels=[0]), "row 0"),
        (lambda: sing.loss_radius("comp-sum", [0.0, 1.0], [0.0, 1.0], tau=-1.0), "tau"),
        (lambda: sing.unit_radius("swish", 0.0, 1.0), "unit must be one of"),
        (lambda: sing.unit_radius("tanh", math.nan, 1.0), "value"),
        (lambda: sing.unit_radius("tanh-gelu", 101.0, 1.0), "value"),
        (lambda: sing.safe_radius([-1.0]), "ranges"),
        (lambda: sing.safe_radius(1.0), "ranges"),
        (lambda: sing.radius_two_classes([0.0, 1.0, 2.0], [0.0, 1.0, 2.0]), r"\(m, 2\)"),
        (lambda: sing.radius_three_classes([0.0, 1.0, 2.0], [0.0, 1.0, 3.0]), "equally spaced"),
        (lambda: sing.radius_commensurable([0.0, 1.0], [0.0, 1.0], 0.0), "step"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
