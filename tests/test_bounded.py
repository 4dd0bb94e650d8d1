"""Bounded scores: T and Gamma against balls, literature and direct searches; refusals; the box entropy."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx, fmpq
from scipy.optimize import minimize
from tolerances import TOLERANCES

import hconsist as hc
from hconsist import losses
from hconsist.bounds import bound_from_scores
from hconsist.boxes import box_entropy, box_regret, box_scores
from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.figures.box_search import least_cost, regret
from hconsist.results import Side
from hconsist.transforms.bounded import BoundedKernel

TAUS = (0.0, 0.3, 0.9, 1 - 1e-12, 1.0, 1 + 1e-12, 1.3, 1.66)
SIZES = (2, 3, 4, 10, 1000, 10**9)
RANGES = (1e-6, 1e-3, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 100.0, 1e3)


def curve(tau, n, lam):
    return hc.transform(f"comp-sum:tau={tau!r}", n_classes=n, hypotheses=f"bounded:lam={lam!r}")


# --- against balls --------------------------------------------------------------------------------------------------


def exact(x):
    value = Fraction(x)
    return arb(fmpq(value.numerator, value.denominator))


def ball(t, tau, n, lam):
    """The two-label formula at its best r, at the precision in force; NaN where the piece cannot be told.

    psi(1/(2+c)) - (1+t)/2 psi(1/(1+r+c)) - (1-t)/2 psi(r/(1+r+c)), r = ((1+c)(1-t)/(1+t))^a cut off at eta and 1.
    """
    t, al, lam = exact(t), exact(tau) - 1, exact(lam)
    eta = (-2 * lam).exp()
    c = (n - 2) * eta
    odds, edge = (1 - t) * (1 + c) / (1 + t), (-2 * lam * (1 - al)).exp()
    if odds > 1 or (n == 2 and t.is_zero()):
        return arb(0)
    if odds.overlaps(arb(1)) or odds.overlaps(edge):
        return arb("nan")
    r = odds ** (1 / (1 - al)) if odds > edge else eta
    total = 1 + r + c

    def psi(s):
        return -s.log() if al.is_zero() else (1 - s**al) / al

    value = psi(1 / (2 + c)) - (1 + t) / 2 * psi(1 / total)
    return value if t == 1 else value - (1 - t) / 2 * psi(r / total)


def decided(function, *arguments):
    """The ball with enough bits, or None where no precision tells the piece (t next to a corner's exact value)."""
    for precision in (2**k for k in range(7, 16)):
        with ctx.workprec(precision):
            found = function(*arguments)
            if found.is_finite() and (found.is_zero() or found.rel_accuracy_bits() > 70):
                return found
    return None


def points(tau, n, lam, rng):
    """Where digits are lost: next to t0 and 1, around the corner, and anywhere."""
    kernel = BoundedKernel(tau, n, lam)
    t0 = curve(tau, n, lam).zero_interval.value
    corner = float(kernel.inverse(np.array(kernel._corner)))
    near = [
        np.nextafter(t0, 1),
        t0 * (1 + 1e-12),
        t0 * (1 + 1e-7) + 1e-200,
        t0 + (1 - t0) * 10.0 ** rng.uniform(-14, 0),
    ]
    far = [1 - (1 - t0) * 10.0 ** rng.uniform(-16, 0), corner, corner + (1 - corner) * rng.random(), 1.0]
    return np.clip([*near, t0 + (corner - t0) * rng.random(), *far], 0, 1)


def errors(tau, spoil=1.0):
    """Relative errors of T at the points above, over all n and Lam."""
    rng, found = np.random.default_rng(2), []
    for n, lam in itertools.product(SIZES, RANGES):
        t = points(tau, n, lam, rng)
        for x, value in zip(t, BoundedKernel(tau, n, lam).value(t) * spoil):
            reference = decided(ball, float(x), tau, n, lam)
            if reference is not None and float(reference.mid()) > 1e-290:
                found.append(abs(float(arb(value) / reference - 1)))
    return np.array(found)


@pytest.mark.parametrize("tau", TAUS)
def test_values_against_balls(tau):
    found = errors(tau)
    assert found.size > 300 and found.max() < TOLERANCES["value", "bounded"]


def test_the_comparison_rejects_a_perturbed_kernel():
    assert errors(1.0, spoil=1 + 2e-14).max() > TOLERANCES["value", "bounded"]


@pytest.mark.parametrize("tau", TAUS)
def test_the_inverse_is_bracketed_by_balls(tau):
    """T(g (1 - e)) <= x <= T(g (1 + e)) for g = Gamma(x) and e the tolerance, at exact binary arguments."""
    rng, checked, e = np.random.default_rng(4), 0, TOLERANCES["inverse", "bounded"]
    for n, lam in itertools.product(SIZES, RANGES[2:]):
        kernel = BoundedKernel(tau, n, lam)
        end = float(kernel.value(np.array(1.0)))
        for x in (end * 10.0 ** rng.uniform(-12, 0), end * rng.random(), kernel._corner * rng.random()):
            g = float(kernel.inverse(np.array(x)))
            low, high = (decided(ball, min(g * factor, 1.0), tau, n, lam) for factor in (1 - e, 1 + e))
            if low is not None and high is not None:
                assert low <= exact(x) and (high >= exact(x) or g * (1 + e) >= 1), (tau, n, lam, x, g)
                checked += 1
    assert checked > 100


@pytest.mark.parametrize("lam", [0.01, 0.5, 1.0, 3.0, 12.0])
def test_two_labels_are_the_binary_logistic_form(lam):
    """t B/2 - log cosh(B/2) beyond tanh(B/2), B = 2 Lam, and T_CE before, in 40 digits."""
    T = curve(1.0, 2, lam)
    with mpmath.workdps(40):
        half, t1 = mpmath.mpf(lam), mpmath.tanh(lam)
        for t in (1e-6, 0.1, float(t1) * 0.999, min(1, float(t1) * 1.001), 0.97, 1.0):
            x = mpmath.mpf(t)
            inner = ((1 + x) * mpmath.log(1 + x) + (1 - x) * mpmath.log(1 - x)) / 2 if t < 1 else mpmath.log(2)
            expected = inner if x <= t1 else x * half - mpmath.log(mpmath.cosh(half))
            assert float(T(t)) == pytest.approx(float(expected), rel=1e-14)


@pytest.mark.parametrize("tau", [0.0, 0.7, 1.5, 1.8, 1.99, 2.0])
@pytest.mark.parametrize("lam", [0.1, 1.0, 4.0])
def test_two_labels_for_every_tau_up_to_two(tau, lam):
    """One law only has gap t: psi(1/2) minus the least of a function of one score difference, on a fine grid."""
    T, difference = curve(tau, 2, lam), np.linspace(0, 2 * lam, 200_001)
    s = 1 / (1 + np.exp(-difference))

    def psi(s):
        return -np.log(s) if tau == 1 else (1 - s ** (tau - 1)) / (tau - 1)

    for t in (0.05, 0.4, 0.8, 1.0):
        least = np.min((1 + t) / 2 * psi(s) + (1 - t) / 2 * psi(1 - s))
        assert float(T(t)) == pytest.approx(psi(0.5) - least, rel=1e-6, abs=1e-9)
        assert float(T.inverse(T(t))) == pytest.approx(t, rel=1e-12)
    assert T.side is Side.EXACT and T.level is Level.SYMBOLIC and T.zero_interval.value == 0


# --- the zero interval ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 10, 1000, 10**9])
@pytest.mark.parametrize("lam", [1e-4, 0.5, 3.0, 30.0])
def test_the_zero_interval(n, lam):
    with mpmath.workdps(40):
        t0 = float((n - 2) / (2 * mpmath.exp(2 * mpmath.mpf(lam)) + n - 2))
    for tau in (0.0, 1.0, 1.4):
        T = curve(tau, n, lam)
        assert T.zero_interval.value == t0 and T.zero_interval.side is Side.EXACT
        assert T.zero_interval.level is Level.SYMBOLIC and "Theorem 10" in T.zero_interval.reference
        # t0 is rounded: half an ulp below it T is 0, and an ulp above it is not (unless d^2 underflows)
        assert not np.any(T(np.linspace(0, 1, 7) * t0 * (1 - 2**-52))) and T(t0 + 1e-3 * (1 - t0)) > 0
        assert T.inverse(0.0) == t0 == T.growth.start
        d = 1e-5 * (1 - t0)
        assert float(T(t0 + d)) == pytest.approx(T.growth.constant * d**T.growth.exponent, rel=1e-4)
        assert hc.bound(T.loss, n_classes=n, excess=0.0, hypotheses=T.hypotheses).value == t0


def test_complete_sets_have_no_zero_interval():
    T = hc.transform("logistic", n_classes=9)
    assert (T.zero_interval.value, T.growth.start) == (0, 0) and "Theorem 6" in T.zero_interval.reference


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.5, 1.66])
@pytest.mark.parametrize("n", [2, 3, 50])
def test_shape_and_order_of_the_curves(tau, n):
    t = np.linspace(0, 1, 201)
    complete = hc.transform(f"comp-sum:tau={tau}", n_classes=n)(t)
    before = np.zeros_like(t)
    for lam in (0.1, 0.5, 1.0, 2.0, 5.0, 15.0):
        value = curve(tau, n, lam)(t)
        assert np.all(np.diff(value) >= 0) and np.all(np.diff(value, 2) >= -1e-14)
        assert np.all(value >= before - 1e-15) and np.all(value <= complete * (1 + 1e-12))
        before = value
    np.testing.assert_allclose(before, complete, atol=1e-9)


def test_the_last_piece_is_affine_with_slope_lam():
    T = curve(1.0, 5, 0.75)
    c = 3 * math.exp(-1.5)
    t1 = math.tanh(0.75 + math.atanh(c / (2 + c)))
    assert float(T(t1 + 0.1) - T(t1)) == pytest.approx(0.075, rel=1e-12)
    assert float(T(t1) - T(t1 - 0.01)) < 0.0075


def test_float32_and_shapes_are_kept():
    T = curve(1.0, 3, 1.0)
    assert T(np.float32([0.1, 0.5])).dtype == np.float32 and T.inverse(np.zeros((2, 3))).shape == (2, 3)
    assert np.ndim(T(0.5)) == 0 and np.array_equal(T.raw([0.2, 0.9]), T([0.2, 0.9]))


# --- direct search --------------------------------------------------------------------------------------------------

BELOW, REACH = 1e-8, 1e-6


@pytest.mark.parametrize(
    ("tau", "n", "lam"), [(1.0, 3, 1.0), (1.0, 4, 0.5), (0.0, 3, 2.0), (0.5, 4, 1.0), (1.5, 3, 1.0)]
)
def test_the_search_over_laws_and_scores_finds_the_curve(tau, n, lam):
    t = np.linspace(0.02, 1, 8)
    found, expected = regret(t, n, tau, lam, points=11), curve(tau, n, lam)(t)
    assert np.all(found >= expected - BELOW)
    np.testing.assert_allclose(found, expected, rtol=0, atol=REACH)


@pytest.mark.slow
@pytest.mark.parametrize("tau", [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.66])
@pytest.mark.parametrize("n", [3, 4, 10])
@pytest.mark.parametrize("lam", [0.25, 0.5, 1.0, 2.0, 4.0])
def test_the_search_finds_the_curve_everywhere(tau, n, lam):
    t = np.linspace(0.02, 1, 25)
    found, expected = regret(t, n, tau, lam), curve(tau, n, lam)(t)
    assert np.all(found >= expected - BELOW)
    np.testing.assert_allclose(found, expected, rtol=0, atol=REACH)


@pytest.mark.parametrize("count", [60, pytest.param(3000, marks=pytest.mark.slow)], ids=["few laws", "many laws"])
@pytest.mark.parametrize(("tau", "lam"), [(0.0, 0.5), (0.5, 2.0), (1.0, 1.0), (1.6, 1.0)])
def test_no_law_of_four_labels_lies_below(tau, lam, count):
    """Random laws without any structure, every label predicted: the least regret against T at the law's own gap."""
    p = -np.sort(-np.random.default_rng(5).dirichlet(np.full(4, 0.7), count), axis=1)
    free = least_cost(p, (1, 1, 1, 1), tau, lam, 0)
    T = curve(tau, 4, lam)
    for j in (1, 3):
        assert np.all(least_cost(p, (1, 1, 1, 1), tau, lam, j) - free >= T(p[:, 0] - p[:, j]) - BELOW)


def test_the_search_would_notice_the_false_formula():
    """tau = 19/10, n = 3, Lam = 2, t = 2/5: the formula, written here, lies above what the search finds."""
    al, eta = 0.9, math.exp(-4)
    psi = [(1 - s**al) / al for s in (1 / (2 + eta), 1 / (1 + 2 * eta), eta / (1 + 2 * eta))]
    formula = psi[0] - 0.7 * psi[1] - 0.3 * psi[2]
    found = regret(np.array([0.4]), 3, 1.9, 2.0, points=101)[0]
    assert formula == pytest.approx(0.1713, abs=1e-4) and found == pytest.approx(0.1345, abs=1e-3)


# --- laws that attain -----------------------------------------------------------------------------------------------


def direct_cost(p, tau, lam):
    """The least conditional risk over the box by L-BFGS-B on the scores, from several starts."""

    def cost(h):
        s = np.exp(h - h.max())
        s /= s.sum()
        al = tau - 1
        weight = p * s**al
        return (-p @ np.log(s) if al == 0 else p @ (1 - s**al) / al), s * weight.sum() - weight

    order = np.sort(p)[::-1]
    starts = [np.zeros(p.size), *(np.where(p >= order[k], lam, -lam) for k in range(p.size))]
    options = {"ftol": 1e-16, "gtol": 1e-12, "maxiter": 3000}
    bounds = [(-lam, lam)] * p.size
    return min(minimize(cost, h, jac=True, bounds=bounds, method="L-BFGS-B", options=options).fun for h in starts)


@pytest.mark.parametrize("tau", [0.0, 1.0, 1.5])
@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_attaining_law_by_its_own_scores(tau, n):
    T = curve(tau, n, 0.8)
    for t in (0.05, 0.4, 1.0):
        (law,) = T.attaining(t)
        p, scores, predicted = law.probabilities(), law.scores(), law.dense()[2]
        assert law.reached and np.max(np.abs(scores)) <= 0.8 and scores[predicted] == scores.max()
        assert p.max() - p[predicted] == pytest.approx(t, abs=1e-15) and law.weight == 1
        found = float(T.loss.conditional_risk(scores, p)) - direct_cost(p, tau, 0.8)
        assert found == pytest.approx(float(T(t)), abs=1e-9)
        assert law.surrogate_regret(T.loss) == pytest.approx(float(T(t)), abs=1e-14)


def test_the_attaining_law_of_many_labels_and_of_a_wide_box():
    T = curve(1.0, 10**9, 2.0)
    (law,) = T.attaining(0.9)
    assert law.surrogate_regret(T.loss) == pytest.approx(float(T(0.9)), abs=1e-12)
    (law,) = curve(1.0, 3, 800.0).attaining(0.5)
    assert law.scores().tolist() == [800, 800, -800] and law.surrogate_regret(T.loss) == pytest.approx(0.130812035941)


# --- dispatch -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau", [1.01, 1.5, 1.66])
def test_estimates_say_so(tau):
    T = curve(tau, 3, 1.0)
    assert (T.side, T.level, T.raw_side) == (Side.ESTIMATE, Level.SAMPLED, Side.UPPER)
    assert any("not proved" in text for text in T.assumptions)
    grid = T.curve([0.3, 0.9])
    assert not np.any(grid.lower) and np.array_equal(grid.upper, grid.value)
    limit = hc.bound(T.loss, n_classes=3, excess=0.01, hypotheses="bounded:lam=1", target_gap=0.1)
    assert limit.side is Side.ESTIMATE and limit.upper == 0.9 and limit.lower == 0
    assert limit.value == pytest.approx(float(T.inverse(0.01)) - 0.1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"loss": "comp-sum:tau=1.67", "n_classes": 3}, r"tau <= 1\.66.*479, 79, 442"),
        ({"loss": "mae", "n_classes": 3}, r"tau <= 1\.66"),
        ({"loss": "comp-sum:tau=2.5", "n_classes": 2}, "tau <= 2"),
        ({"loss": "logistic", "n_classes": 3, "method": "published"}, r"sharp for bounded:lam=1\.0"),
        ({"loss": "rho-comp-sum:tau=1,rho=1", "n_classes": 3}, "comp-sum loss with a parameter tau"),
        ({"loss": 'comp-sum:psi="-log(s)"', "n_classes": 3}, "comp-sum loss with a parameter tau"),
    ],
)
def test_what_is_not_known_is_refused(arguments, words):
    with pytest.raises(UnsupportedError, match=words):
        hc.transform(**arguments, hypotheses="bounded:lam=1")


def test_a_floor_for_every_number_of_labels_is_refused():
    with pytest.raises(UnsupportedError, match="complete or all"):
        _ = curve(1.0, 2, 1.0).floor


@pytest.mark.parametrize("name", ["linear:W=3,B=0.75", "relu:L=1.5,W=3,B=0.5"])
def test_linear_and_relu_sets_are_decided_by_their_smallest_box(name):
    T, box = hc.transform("logistic", n_classes=4, hypotheses=name), curve(1.0, 4, 0.75)
    t = np.linspace(0, 1, 11)
    assert np.array_equal(T(t), box(t)) and "x = 0" in T.assumptions[0]
    limit = hc.bound("logistic", n_classes=4, excess=0.05, hypotheses=name)
    assert limit.value == float(box.inverse(0.05)) and limit.side is Side.UPPER
    (law,) = T.attaining(0.5)
    assert np.max(np.abs(law.scores())) == 0.75


def test_scores_must_fit_the_box():
    scores = np.array([[1.0, -1.0, 0.0], [5.0, 6.5, 5.5]])
    found = bound_from_scores("logistic", scores, [0, 1], hypotheses="bounded:lam=1")
    assert found.bound.hypotheses == "bounded:lam=1.0" and found.bound.value > 0
    with pytest.raises(InputError, match=r"scores must be rows .* at most 1, as in bounded:lam=0\.5, got 2\.0"):
        bound_from_scores("logistic", scores, [0, 1], hypotheses="bounded:lam=0.5")
    assert bound_from_scores("logistic", scores, [0, 1], hypotheses="linear:W=1,B=0.1").samples == 2


# --- the box entropy ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.4, 1.8, 1.97, 2.0])
def test_box_entropy_against_direct_minimisation(tau):
    rng, loss = np.random.default_rng(8), losses.CompSum(tau)
    for lam in (0.1, 0.7, 3.0):
        for n in (2, 4):
            p = rng.dirichlet(np.full(n, 0.5))
            p = np.where(rng.random(n) < 0.2, 0.0, p)
            p /= p.sum()
            scores = box_scores(loss, p, lam)
            assert np.max(np.abs(scores)) <= lam * (1 + 1e-15) and scores.max() == lam
            assert float(box_entropy(loss, p, lam)) == pytest.approx(direct_cost(p, tau, lam), abs=1e-9)


def test_box_entropy_by_hand():
    loss = losses.Logistic()
    # one sure label: the others at the floor
    assert float(box_entropy(loss, [1.0, 0.0, 0.0], 1.0)) == pytest.approx(math.log1p(2 * math.exp(-2)), rel=1e-15)
    # p within a factor e^(2 lam): the box does not matter, Shannon's entropy
    p = np.array([0.5, 0.3, 0.2])
    assert float(box_entropy(loss, p, 0.6)) == pytest.approx(-p @ np.log(p), rel=1e-15)
    # the clipped logarithms: log p + log Z with p_3 at the floor, Z found from sum e^h = Z
    p, lam = np.array([0.6, 0.39, 0.01]), 1.0
    scores = box_scores(loss, p, lam)
    total = np.exp(scores).sum()
    np.testing.assert_allclose(scores, np.clip(np.log(p) + np.log(total), -lam, lam), atol=1e-14)


def test_box_entropy_is_symmetric_and_keeps_the_batch_shape():
    loss, p = losses.CompSum(0.5), np.random.default_rng(9).dirichlet(np.ones(5), (2, 3))
    found = box_entropy(loss, p, 0.5)
    assert found.shape == (2, 3)
    np.testing.assert_allclose(box_entropy(loss, p[..., ::-1], 0.5), found, rtol=1e-14)
    assert np.all(found >= loss.entropy(p) - 1e-15)
    np.testing.assert_allclose(box_entropy(loss, p, 60.0), loss.entropy(p), rtol=1e-13)


def test_the_regret_of_a_label_in_the_box():
    """C_j - H by direct constrained minimisation: h_j = lam, the others below it."""
    loss, p, lam = losses.Logistic(), np.array([0.55, 0.35, 0.1]), 0.5
    forced = least_cost(p[None], (1, 1, 1), 1.0, lam, 1)[0]
    assert box_regret(loss, p, 1, lam) == pytest.approx(forced - direct_cost(p, 1.0, lam), abs=1e-10)
    assert box_regret(loss, p, 0, lam) == 0


@pytest.mark.parametrize(
    ("call", "argument"),
    [
        (lambda: box_entropy(losses.Logistic(), [0.5, 0.5], 0.0), "lam"),
        (lambda: box_entropy(losses.Logistic(), [0.5, 0.5], math.nan), "lam"),
        (lambda: box_entropy(losses.Logistic(), [0.5, 0.6], 1.0), "probabilities"),
        (lambda: box_entropy(losses.CompSum(2.5), [0.5, 0.5], 1.0), "loss"),
        (lambda: box_regret(losses.Logistic(), [0.5, 0.5], 2, 1.0), "label"),
    ],
)
def test_bad_input_is_named(call, argument):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument
