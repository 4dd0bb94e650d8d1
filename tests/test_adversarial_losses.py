"""Losses over perturbed scores: against plain loops, their order, and the least weight of the smooth one."""

import math

import array_api_strict
import numpy as np
import pytest
from scipy import optimize

from hconsist.domains import InputError
from hconsist.losses import Logistic, RhoMarginCompSum
from hconsist.losses.adversarial import SmoothAdversarialCompSum, robust_zero_one, sufficient_nu, worst_case

TAUS = (0.0, 0.3, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0)
RNG = np.random.default_rng(3)
SCORES = 2 * RNG.normal(size=(6, 4))
PERTURBED = SCORES + RNG.normal(size=(5, 6, 4))
PERTURBED[2] = SCORES
LABELS = np.array([0, 1, 2, 3, 1, 2])


def phi(total, tau):
    return math.log(1 + total) if tau == 1 else ((1 + total) ** (1 - tau) - 1) / (1 - tau)


def margins(scores, label):
    return [scores[label] - h for k, h in enumerate(scores) if k != label]


def by_loops(tau, rho, nu, scores, perturbed, label):
    """The formula of the smooth loss, number by number."""
    still = margins(scores, label)
    shifts = [math.dist(margins(moved, label), still) for moved in perturbed]
    return phi(sum(math.exp(-u / rho) for u in still), tau) + nu * max(shifts)


@pytest.mark.parametrize("tau", TAUS)
def test_smooth_loss_against_plain_loops(tau):
    loss = SmoothAdversarialCompSum(tau, 0.7, nu=1.3)
    found = loss.value(SCORES, PERTURBED, LABELS)
    for row, label in enumerate(LABELS):
        expected = by_loops(tau, 0.7, 1.3, SCORES[row], PERTURBED[:, row], label)
        assert found[row] == pytest.approx(expected, rel=1e-13)


def test_worst_case_and_robust_error_against_plain_loops():
    worst, wrong = worst_case(Logistic(), PERTURBED, LABELS), robust_zero_one(PERTURBED, LABELS)
    for row, label in enumerate(LABELS):
        each = [math.log(sum(math.exp(-u) for u in margins(m, label)) + 1) for m in PERTURBED[:, row]]
        assert worst[row] == pytest.approx(max(each), rel=1e-13)
        assert wrong[row] == any(min(margins(m, label)) <= 0 for m in PERTURBED[:, row])
    assert robust_zero_one([[1.0, 1.0]], 0) and not robust_zero_one([[2.0, 1.0]], 0)  # a tie is an error


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("n", [2, 3, 10])
def test_robust_error_below_adversarial_below_smooth(tau, n):
    """On 20,000 random margins, half of them close together, where the inequality is tight."""
    rng, rho = np.random.default_rng(n), 0.7
    scores = rng.normal(size=(20_000, n))
    moved = scores + rng.normal(size=(3, 20_000, n)) * np.where(np.arange(20_000) % 2, 0.05, 2.0)[:, None]
    labels, loss = rng.integers(n, size=20_000), SmoothAdversarialCompSum(tau, rho)
    ramps = worst_case(RhoMarginCompSum(tau, rho), moved, labels)
    assert np.all(robust_zero_one(moved, labels) * loss.cost_of_error <= ramps * (1 + 1e-15))
    assert np.all(ramps <= loss.value(scores, moved, labels))


def least_ratio(tau, others):
    """sup (Phi(sum ramps(w')) - Phi(sum exp(-w))) / ||w - w'|| by local search over both margins: what nu must reach.

    Starts where the quotient is large: some ramps at their kink w' = 0, w a little above, the other margins far away.
    """
    best = 0.0

    def minus(z):
        w, moved = z[:others], z[others:]
        ramps, smooth = np.sum(np.clip(1 - moved, 0, 1)), np.sum(np.exp(-w))
        return (phi(smooth, tau) - phi(ramps, tau)) / max(np.linalg.norm(w - moved), 1e-5)

    for k in range(1, others + 1):
        moved = np.where(np.arange(others) < k, 0.0, 25.0)
        start = np.concatenate([moved + np.where(np.arange(others) < k, 1e-3, 0.0), moved])
        found = optimize.minimize(minus, start, method="Nelder-Mead", options={"maxiter": 300 * others})
        best = max(best, -found.fun)
    return best


@pytest.mark.parametrize("tau", TAUS)
@pytest.mark.parametrize("n", [2, 3, 4])
def test_sufficient_nu_is_never_exceeded_and_least_where_it_says_so(tau, n):
    """Where the largest slope is at a whole number of ramps nothing less would do; elsewhere some room is left."""
    found, limit = least_ratio(tau, n - 1), sufficient_nu(tau, 1.0, n)
    assert found <= limit * (1 + 1e-9)
    least = tau <= n / (2 * (n - 1)) or 1 <= tau <= 2
    assert (found >= 0.998 * limit) == least


def test_sufficient_nu_by_hand():
    assert sufficient_nu(0, 1, 10) == 3 and sufficient_nu(1, 1, 10) == 0.5 and sufficient_nu(2, 1, 2) == 0.25
    assert sufficient_nu(3, 1, 5) == pytest.approx(4 / 27, rel=1e-15)
    assert sufficient_nu(0.75, 1, 10) == pytest.approx(math.sqrt(2) / 3**0.75, rel=1e-15)  # S = 1/(2 tau - 1) = 2
    assert sufficient_nu(0.75, 2, 10) == sufficient_nu(0.75, 1, 10) / 2
    assert sufficient_nu(0, 0.5, 101, method="published") == 20
    for n in (2, 3, 100, 10**9):
        slopes = [sufficient_nu(tau, 1, n) for tau in np.linspace(0, 4, 400)]
        assert np.all(np.diff(slopes) < 0)  # decreasing, without jumps upwards where the cases meet
        assert all(slope <= math.sqrt(n - 1) for slope in slopes)


def test_a_weight_too_small_breaks_the_inequality():
    """tau = 1, two labels: log 2 > log(1 + exp(-v)) + 0.49 v at v = 1/100."""
    scores, moved = np.array([0.01, 0.0]), np.zeros((1, 2))
    ramps = worst_case(RhoMarginCompSum(1.0, 1.0), moved, 0)
    assert SmoothAdversarialCompSum(1.0, 1.0, nu=0.49).value(scores, moved, 0) < ramps
    assert SmoothAdversarialCompSum(1.0, 1.0).value(scores, moved, 0) >= ramps


@pytest.mark.parametrize("nu", [None, 2.0, 0.0])
def test_gradients_against_central_differences(nu):
    loss, step = SmoothAdversarialCompSum(1.3, 0.7, nu), 1e-6
    at_scores, at_perturbed = loss.gradients(SCORES, PERTURBED, LABELS)
    for _ in range(5):
        d, e = RNG.normal(size=SCORES.shape), RNG.normal(size=PERTURBED.shape)
        ends = [loss.value(SCORES + s * d, PERTURBED + s * e, LABELS) for s in (step, -step)]
        slope = np.sum(at_scores * d, axis=-1) + np.sum(at_perturbed * e, axis=(0, 2))
        np.testing.assert_allclose(slope, (ends[0] - ends[1]) / (2 * step), rtol=1e-7, atol=1e-8)


def test_no_gradient_from_margins_that_do_not_move():
    loss = SmoothAdversarialCompSum()
    at_scores, at_perturbed = loss.gradients(SCORES, SCORES[None], LABELS)
    np.testing.assert_allclose(at_scores, Logistic().gradient(SCORES, LABELS), rtol=1e-12)
    assert not np.any(at_perturbed)


def test_strict_arrays_agree():
    loss, strict = SmoothAdversarialCompSum(1.3, 0.7), array_api_strict.asarray
    given = (SCORES, PERTURBED, LABELS)
    converted = tuple(map(strict, given))
    np.testing.assert_allclose(np.asarray(loss.value(*converted)), loss.value(*given), rtol=1e-14)
    for found, expected in zip(loss.gradients(*converted), loss.gradients(*given)):
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-13, atol=1e-16)
    assert np.array_equal(np.asarray(robust_zero_one(*converted[1:])), robust_zero_one(*given[1:]))


def test_arrays_stay_on_their_device():
    """array-api-strict refuses to mix its devices, as GPU libraries do; labels may come from elsewhere."""
    loss, device = SmoothAdversarialCompSum(1.3, 0.7), array_api_strict.Device("device1")
    scores, moved = (array_api_strict.asarray(array, device=device) for array in (SCORES, PERTURBED))
    found = (loss.value(scores, moved, LABELS), *loss.gradients(scores, moved, LABELS))
    assert all(array.device == device for array in (*found, robust_zero_one(moved, LABELS)))
    assert worst_case(RhoMarginCompSum(1, 1), moved, LABELS).device == device


def test_torch_differentiates_the_value_even_where_nothing_moves():
    torch = pytest.importorskip("torch", reason="torch is an extra: pip install hconsist[torch]")
    loss, labels = SmoothAdversarialCompSum(1.3, 0.7), torch.as_tensor(LABELS)
    for moved in (PERTURBED, np.stack([SCORES, SCORES])):
        scores = torch.tensor(SCORES, requires_grad=True)
        perturbed = torch.tensor(moved, requires_grad=True)
        loss.value(scores, perturbed, labels).sum().backward()
        for found, expected in zip((scores.grad, perturbed.grad), loss.gradients(SCORES, moved, LABELS)):
            np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-15)


def test_half_precision_shifts_do_not_overflow():
    scores = np.zeros((1, 3), dtype=np.float16)
    moved = np.array([[[0, 400, 300]]], dtype=np.float16)  # the square of 400 is beyond the largest half
    found = SmoothAdversarialCompSum(1.0, 1.0, nu=1.0).value(scores, moved, [0])
    assert found.dtype == np.float16 and float(found[0]) == pytest.approx(500 + math.log(3), rel=1e-3)


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("perturbed", lambda: worst_case(Logistic(), [1.0, 2.0], 0)),
        ("perturbed", lambda: robust_zero_one(np.zeros((0, 2, 3)), [0, 1])),
        ("perturbed", lambda: robust_zero_one([[1.0, math.nan]], 0)),
        ("perturbed", lambda: SmoothAdversarialCompSum().value(SCORES, SCORES, LABELS)),
        ("perturbed", lambda: SmoothAdversarialCompSum().value(SCORES, PERTURBED[:, :5], LABELS)),
        ("labels", lambda: SmoothAdversarialCompSum().value(SCORES, PERTURBED, [0, 1, 2, 3, 4, 0])),
        ("scores", lambda: SmoothAdversarialCompSum().value("text", PERTURBED, LABELS)),
        ("nu", lambda: SmoothAdversarialCompSum(1, 1, nu=-1)),
        ("rho", lambda: SmoothAdversarialCompSum(1, 0)),
        ("tau", lambda: SmoothAdversarialCompSum(-1, 1)),
        ("n_classes", lambda: sufficient_nu(1, 1, 1)),
        ("method", lambda: sufficient_nu(1, 1, 2, method="sharp")),
    ],
)
def test_bad_input_is_named(argument, call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument
