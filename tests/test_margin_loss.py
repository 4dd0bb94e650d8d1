"""The rho-margin comp-sum loss: kernels against exact ramps in balls, entropy and T against all scores of a grid."""

import itertools
from fractions import Fraction

import array_api_strict
import numpy as np
import pytest
from flint import arb, fmpq

import hconsist as hc
from hconsist.conditional import forced_risk, pooled_regret
from hconsist.definitions import precision
from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.losses import RhoMarginCompSum
from hconsist.results import Side
from hconsist.testing import assert_kernel_matches, assert_properties

PAIRS = [(0.0, 1.0), (0.5, 2.0), (1.0, 0.3), (1.0 + 1e-12, 1.0), (1.7, 1.0), (2.0, 5.0), (3.0, 1.0)]
RNG = np.random.default_rng(11)


def ball(number):
    exact = Fraction(number)
    return arb(fmpq(exact.numerator, exact.denominator))


def phi(total, tau):
    """Phi^tau at an exact number, from a ball of 200 bits."""
    with precision(200):
        al = ball(tau) - 1
        return float((1 + ball(total)).log() if tau == 1 else (1 - (1 + ball(total)) ** -al) / al)


def exact_sum(scores, label, rho):
    """The sum of the ramps in fractions."""
    margins = [(Fraction(scores[label]) - Fraction(h)) / Fraction(rho) for k, h in enumerate(scores) if k != label]
    return sum((min(Fraction(1), max(Fraction(0), 1 - u)) for u in margins), Fraction(0))


@pytest.mark.parametrize(("tau", "rho"), PAIRS)
def test_value_against_fractions_and_balls(tau, rho):
    """The sum of the ramps carries their absolute rounding errors, each eps (1 + max |h| / rho)."""
    loss = RhoMarginCompSum(tau, rho)
    for n, scale in itertools.product((2, 3, 10), (0.2, 1.0, 30.0)):
        for scores in RNG.normal(size=(5, n)) * scale * rho:
            for label in range(min(n, 3)):
                truth = phi(exact_sum(scores.tolist(), label, rho), tau)
                allowed = 4 * np.finfo(float).eps * (truth + n * (1 + np.max(np.abs(scores)) / rho))
                assert abs(float(loss.value(scores, label)) - truth) <= allowed


@pytest.mark.parametrize(("tau", "rho"), PAIRS)
def test_outer_function_is_its_definition_in_balls(tau, rho):
    loss = RhoMarginCompSum(tau, rho)
    assert assert_kernel_matches(loss.outer, loss.definition()).points == 200
    with pytest.raises(AssertionError, match="differs"):
        assert_kernel_matches(lambda S: loss.outer(S) * (1 + 1e-12), loss.definition())


@pytest.mark.parametrize(("tau", "rho"), PAIRS)
def test_declared_properties(tau, rho):
    assert assert_properties(RhoMarginCompSum(tau, rho)).points == 200


def test_a_ramp_that_is_not_cut_off_is_caught():
    class Hinge(RhoMarginCompSum):
        def _margins(self, array, mask, xp):
            margin, _ = super()._margins(array, mask, xp)
            return margin, np.where(mask, 0.0, np.maximum(0.0, (self._rho - margin) / self._rho))

    with pytest.raises(AssertionError, match="gradient"):  # the slope stops at margin 0, the value does not
        assert_properties(Hinge(1.0, 1.0))


def test_kinks_count_as_flat():
    """By hand: h = (1, 1, 0, 0.5), rho = 1, label 0: margins 0, 1, 1/2; only the last ramp has a slope; S = 3/2."""
    found = RhoMarginCompSum(1.0, 1.0).gradient([1.0, 1.0, 0.0, 0.5], 0)
    np.testing.assert_allclose(found, [-1 / 2.5, 0, 0, 1 / 2.5], rtol=1e-15)


GRID = np.array(list(itertools.product(np.linspace(-2, 2, 9), repeat=3)))
LAWS = np.concatenate([RNG.dirichlet([0.5] * 3, 40), [[1, 0, 0], [0.5, 0.5, 0], [1 / 3] * 3]])


@pytest.mark.parametrize("tau", [0, 0.5, 1, 1.5, 2, 3])
def test_entropy_forced_risk_and_transformation_against_all_scores_of_a_grid(tau):
    """Scores in steps of rho/2; the grid holds scores that are rho apart in every order."""
    loss = RhoMarginCompSum(tau, 1.0)
    margin = GRID[:, :, None] - GRID[:, None, :]
    total = np.clip(1 - margin, 0, 1).sum(axis=2) - 1
    cost = np.log1p(total) if tau == 1 else ((1 + total) ** (1.0 - tau) - 1) / (1 - tau)
    curve, slack = hc.transform(loss, n_classes=3), []
    for p in LAWS:
        risk = cost @ p
        assert float(loss.entropy(p)) == pytest.approx(risk.min(), rel=1e-13, abs=1e-15)
        for label in range(3):
            forced = risk[GRID[:, label] >= GRID.max(axis=1)].min()
            assert forced_risk(loss, p, label) == pytest.approx(forced, rel=1e-13, abs=1e-15)
            slack.append(pooled_regret(loss, p, label) - float(curve(max(p) - p[label])))
    assert min(slack) >= -1e-15 and np.sum(np.abs(slack) < 1e-15) > len(LAWS)  # attained by every second label


def test_entropy_against_permutations_for_five_labels():
    loss = RhoMarginCompSum(1.0, 1.0)
    for p in RNG.dirichlet(np.ones(5), 4):
        best = min(sum(p[k] * np.log(1 + r) for r, k in enumerate(order)) for order in itertools.permutations(range(5)))
        assert float(loss.entropy(p)) == pytest.approx(best, rel=1e-14)


@pytest.mark.parametrize(("tau", "rho"), PAIRS)
def test_best_scores_attain_the_entropy(tau, rho):
    loss = RhoMarginCompSum(tau, rho)
    p = np.concatenate([RNG.dirichlet(np.ones(6), 20), [np.full(6, 1 / 6)]])
    np.testing.assert_allclose(loss.conditional_risk(loss.best_scores(p), p), loss.entropy(p), rtol=1e-14)
    np.testing.assert_allclose(loss.minimiser(p).sum(axis=-1), 1, rtol=1e-14)
    assert np.all(np.argmax(loss.minimiser(p), axis=-1) == np.argmax(p, axis=-1))


@pytest.mark.parametrize("n", [2, 3, 10])
@pytest.mark.parametrize(("tau", "rho"), PAIRS)
def test_transformation_is_linear_and_attained(tau, rho, n):
    loss = RhoMarginCompSum(tau, rho)
    curve, slope = hc.transform(loss, n_classes=n), phi(1, tau)
    t = np.linspace(0, 1, 11)
    for found in (curve(t), curve.raw(t), curve.floor.value(t)):
        np.testing.assert_allclose(found, slope * t, rtol=1e-15)
    np.testing.assert_allclose(curve.inverse(slope * t), t, rtol=1e-15)
    assert curve.inverse(10.0) == 1 and (curve.side, curve.raw_side, curve.level) == (
        Side.EXACT, Side.EXACT, Level.SYMBOLIC
    )  # fmt: skip
    assert (curve.growth.exponent, curve.growth.constant) == (1, pytest.approx(slope, rel=1e-15))
    for gap in t:
        (law,) = curve.attaining(gap)
        assert law.reached and law.n_classes == n and law.zero_one_regret() == pytest.approx(gap, abs=1e-15)
        assert law.surrogate_regret(loss) == pytest.approx(slope * gap, rel=1e-14, abs=1e-15)
        assert np.argmax(law.scores()) == 1 and sum(law.dense()[1]) == pytest.approx(1)


def test_bound_divides_by_the_cost_of_one_error():
    found = hc.bound("rho-comp-sum:tau=1,rho=2", n_classes=100, excess=0.02)
    assert found.value == pytest.approx(0.02 / np.log(2), rel=1e-15) and not found.vacuous
    assert hc.bound("rho-comp-sum:tau=2,rho=2", n_classes=100, excess=0.6).vacuous
    with pytest.raises(UnsupportedError, match="method must be sharp"):
        hc.transform("rho-comp-sum:tau=1,rho=1", n_classes=3, method="published")


@pytest.fixture(params=["strict", "torch"])
def convert(request):
    if request.param == "strict":
        return array_api_strict.asarray
    return pytest.importorskip("torch", reason="torch is an extra: pip install hconsist[torch]").as_tensor


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_namespaces_agree_and_keep_the_dtype(convert, dtype):
    loss = RhoMarginCompSum(1.5, 0.7)
    scores, labels = RNG.normal(size=(4, 3)).astype(dtype), np.array([0, 1, 2, 1])
    p = RNG.dirichlet([1, 1, 1], 4).astype(dtype)
    calls = {"value": (scores, labels), "gradient": (scores, labels), "conditional_risk": (scores, p)}
    for method, given in (calls | dict.fromkeys(("entropy", "minimiser", "best_scores"), (p,))).items():
        expected, found = getattr(loss, method)(*given), getattr(loss, method)(*map(convert, given))
        assert expected.dtype == dtype and str(found.dtype).endswith(np.dtype(dtype).name)
        np.testing.assert_allclose(np.asarray(found), expected, rtol=64 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)


@pytest.mark.parametrize("name", ["rho-comp-sum:tau=1.5,rho=0.7", "logistic", "gce:q=0.5", "mae"])
def test_arrays_stay_on_their_device(name):
    """array-api-strict refuses to mix its devices, as GPU libraries do."""
    loss, device = hc.losses.get(name), array_api_strict.Device("device1")
    scores = array_api_strict.asarray(RNG.normal(size=(4, 3)), device=device)
    p = array_api_strict.asarray(RNG.dirichlet([1, 1, 1], 4), device=device)
    labels = np.array([0, 1, 2, 1])
    found = [loss.value(scores, labels), loss.gradient(scores, labels), loss.conditional_risk(scores, p)]
    assert all(array.device == device for array in (*found, loss.entropy(p), loss.minimiser(p)))


@pytest.mark.parametrize("scores", [[1e308, -1e308, 0.0], [-1e308] * 3, [-5e-324, 0.0, 0.0]])
def test_no_nan_for_finite_scores(scores):
    loss = RhoMarginCompSum(1.0, 1e-3)
    for label in range(3):
        assert 0 <= loss.value(scores, label) <= np.log(3) and np.all(np.isfinite(loss.gradient(scores, label)))


def test_names_and_text():
    loss = hc.losses.get("rho_comp_sum:rho=0.5,tau=1.5")
    assert loss.parameters == {"tau": 1.5, "rho": 0.5} and loss.name == "rho-comp-sum:tau=1.5,rho=0.5"
    assert "/0.5" in loss.formula and "(h_y - h_{y'})/0.5" in loss.latex
    assert not hasattr(loss, "tau")  # the theorems on functions of the softmax must not take it for one of theirs


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rho-comp-sum:tau=1", "exactly tau and rho given"),
        ("rho-comp-sum:tau=1,rho=0", "rho must be a number in"),
        ("rho-comp-sum:tau=-1,rho=1", "tau must be a finite number >= 0"),
        ("rho-comp-sum:tau=1,rho=1,q=1", "among tau, rho"),
    ],
)
def test_bad_names(text, message):
    with pytest.raises(InputError, match=message):
        hc.losses.get(text)
