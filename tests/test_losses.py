"""Comp-sum losses: kernels against mpmath written out from the definition, on numpy, array-api-strict and torch."""

import math
import subprocess
import sys
from itertools import pairwise

import array_api_strict
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from hconsist import losses
from hconsist.domains import InputError, UnsupportedError
from hconsist.losses import CompSum

EPS = np.finfo(float).eps
TAUS = (0, 0.5, 1 - 1e-12, 1, 1 + 1e-12, 1.2, 1.7, 2 - 1e-12, 2, 2.5, 40)
SHAPED = ("logistic", "sum-exponential", "gce:q=0.7", "mae", "comp-sum:tau=1.5", "comp-sum:tau=3")
OWN = ('comp-sum:psi="-log(s)"', 'comp-sum:psi="(1-s)**2"', 'comp-sum:psi="-(1-s)**2*log(s)"')
RNG = np.random.default_rng(20230417)
SCORES = [RNG.normal(size=n) * scale for n in (2, 3, 10) for scale in (1e-6, 1.0, 30.0)]
SCORES += [np.array([40.0, 0.0, 0.0]), np.array([800.0, 0.0, 1.0]), np.array([0.0, -745.0, -746.0])]
EXTREME = ([1e308, -1e308, 0.0], [-1e308] * 3, [1.7e308, 1.7e308, -1.7e308], [710.0, 0.0, 0.0], [-5e-324, 0.0, 0.0])


def psi_reference(s, tau):
    al = mpmath.mpf(tau) - 1
    return -mpmath.log(s) if al == 0 else (1 - s**al) / al


def softmax_reference(scores):
    exact = [mpmath.mpf(float(x)) for x in scores]
    return [1 / mpmath.fsum([mpmath.exp(other - own) for other in exact]) for own in exact]


def error(value, truth):
    """Relative error; overflow must be +-inf, and below the normal range the error counts absolutely."""
    if abs(truth) > np.finfo(float).max:
        return 0.0 if math.isinf(value) and (value > 0) == (truth > 0) else math.inf
    return float(abs(mpmath.mpf(float(value)) - truth) / max(abs(truth), mpmath.mpf(2) ** -1022))


def allowed(scores, tau):
    """A few eps times the condition number: logarithms as large as range + log n, amplified by the power tau - 1."""
    return 8 * EPS * (1 + (1 + abs(tau - 1)) * (float(np.max(scores) - np.min(scores)) + math.log(len(scores))))


def worst_value(value, tau):
    """The largest error in units of what is allowed; also the checker of the broken kernel below."""
    worst = 0.0
    with mpmath.workdps(1000):
        for scores in SCORES:
            s = softmax_reference(scores)
            for label in range(min(len(s), 3)):
                truth = psi_reference(s[label], tau)
                worst = max(worst, error(float(value(scores, label)), truth) / allowed(scores, tau))
    return worst


@pytest.mark.parametrize("tau", TAUS)
def test_value_against_mpmath(tau):
    assert worst_value(CompSum(tau).value, tau) <= 1


def test_the_textbook_kernel_is_caught():
    def textbook(scores, label):
        s = np.exp(scores - np.max(scores))
        return -np.log(s[label] / np.sum(s) + 1e-300)

    assert worst_value(textbook, 1) > 1e3


@pytest.mark.parametrize("tau", TAUS)
def test_gradient_against_mpmath(tau):
    loss = CompSum(tau)
    with mpmath.workdps(1000):
        al = mpmath.mpf(tau) - 1
        for scores in SCORES:
            s = softmax_reference(scores)
            for label in range(min(len(s), 3)):
                found = loss.gradient(scores, label)
                others = mpmath.fsum(s[:label] + s[label + 1 :])
                for k, value in enumerate(found):
                    truth = s[label] ** al * (s[k] if k != label else -others)
                    assert error(value, truth) <= allowed(scores, tau)


@pytest.mark.parametrize("name", SHAPED + OWN)
def test_gradient_is_the_derivative_of_the_value(name):
    loss, scores = losses.get(name), np.array([0.3, -1.1, 0.7, 0.0])
    for label in range(4):
        slope = [
            (loss.value(scores + 1e-6 * e, label) - loss.value(scores - 1e-6 * e, label)) / 2e-6 for e in np.eye(4)
        ]
        np.testing.assert_allclose(loss.gradient(scores, label), slope, atol=1e-9)


@pytest.mark.parametrize("name", SHAPED + OWN)
@pytest.mark.parametrize("scores", EXTREME)
def test_no_nan_for_finite_scores(name, scores):
    loss, scores = losses.get(name), np.array(scores)
    for label in range(3):
        assert not np.isnan(loss.value(scores, label))
        assert not np.isnan(loss.gradient(scores, label)).any()
    assert not np.isnan(loss.conditional_risk(scores, np.array([0.5, 0.5, 0.0])))


@pytest.fixture(scope="module")
def torch():
    return pytest.importorskip("torch", reason="torch is an extra: pip install hconsist[torch]")


@pytest.fixture(params=["strict", "torch"])
def convert(request):
    if request.param == "strict":
        return array_api_strict.asarray
    return request.getfixturevalue("torch").as_tensor


@pytest.mark.parametrize("name", SHAPED + OWN)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_namespaces_agree_and_keep_the_dtype(name, convert, dtype):
    loss, rng = losses.get(name), np.random.default_rng(1)
    scores, labels = rng.normal(size=(4, 3)).astype(dtype), np.array([0, 1, 2, 1])
    p = rng.dirichlet([1, 1, 1], 4).astype(dtype)
    for method, arguments in (
        ("value", (scores, labels)),
        ("gradient", (scores, labels)),
        ("conditional_risk", (scores, p)),
        ("entropy", (p,)),
        ("minimiser", (p,)),
    ):
        expected = getattr(loss, method)(*arguments)
        found = getattr(loss, method)(*map(convert, arguments))
        assert expected.dtype == dtype and str(found.dtype).endswith(np.dtype(dtype).name)
        np.testing.assert_allclose(np.asarray(found), expected, rtol=64 * np.finfo(dtype).eps, atol=np.finfo(dtype).eps)


@pytest.mark.parametrize("name", SHAPED + OWN)
def test_torch_differentiates_the_value(name, torch):
    loss, labels = losses.get(name), np.array([0, 1, 2, 1])
    scores = torch.tensor(np.random.default_rng(2).normal(size=(4, 3)), requires_grad=True)
    loss.value(scores, torch.as_tensor(labels)).sum().backward()
    np.testing.assert_allclose(scores.grad.numpy(), loss.gradient(scores.detach().numpy(), labels), rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.uint64])
def test_any_integer_labels(dtype):
    scores = np.random.default_rng(3).normal(size=(4, 3))
    labels = np.array([0, 2, 1, 1])
    np.testing.assert_array_equal(
        losses.Logistic().value(scores, labels.astype(dtype)), losses.Logistic().value(scores, labels)
    )


@pytest.mark.parametrize("name", SHAPED + OWN)
@given(
    scores=st.lists(st.floats(-20, 20), min_size=3, max_size=5),
    shift=st.floats(-100, 100),
    seed=st.integers(0, 1000),
)
def test_permuting_classes_and_shifting_scores(name, scores, shift, seed):
    loss, h = losses.get(name), np.array(scores)
    order = np.random.default_rng(seed).permutation(h.size)
    for label in range(h.size):
        value = loss.value(h, label)
        near = {"rtol": 1e-11, "atol": 1e-12}
        np.testing.assert_allclose(loss.value(h[order], np.flatnonzero(order == label)[0]), value, **near)
        np.testing.assert_allclose(loss.value(h + shift, label), value, **near)


def entropy_reference(p, tau):
    """H(p) for the law whose largest entry is one minus the others, as exact rationals."""
    exact, top = [mpmath.mpf(float(x)) for x in p], int(np.argmax(p))
    exact[top] = 1 - mpmath.fsum(x for k, x in enumerate(exact) if k != top)
    exact, al = [x for x in exact if x > 0], mpmath.mpf(tau) - 1
    if al == 0:
        return -mpmath.fsum(x * mpmath.log(x) for x in exact)
    if tau >= 2:
        return (1 - max(exact)) / al
    a = 1 / (1 - al)
    return (1 - mpmath.fsum(x**a for x in exact) ** (1 / a)) / al


def laws():
    rng = np.random.default_rng(4)
    found = [rng.dirichlet([c] * n) for n in (2, 3, 10) for c in (0.1, 1, 50) for _ in range(3)]
    for e in (1e-3, 1e-8, 1e-12, 2.0**-52, 1e-100, 1e-300):
        found += [np.array([1 - e, e]), np.array([e / 2, 1 - e, e / 2])]
    return [
        *found,
        np.full(7, 1 / 7),
        np.array([0.5, 0.5, 0]),
        np.array([0.5 + 1e-12, 0.5 - 1e-12]),
        np.array([1.0, 0]),
    ]


@pytest.mark.parametrize("tau", [*TAUS, 1 - 1e-6, 1 + 1e-9, 2 - 1e-6, 1.99])
def test_entropy_against_mpmath(tau):
    loss = CompSum(tau)
    with mpmath.workdps(720):
        for p in laws():
            depth = -math.log(p[p > 0].min())  # p^a has condition number |log p|
            assert error(float(loss.entropy(p)), entropy_reference(p, tau)) <= max(1e-14, EPS * depth)


@pytest.mark.parametrize("name", [*SHAPED, *OWN[:2]])
def test_minimiser_attains_the_entropy_and_nothing_is_lower(name):
    loss, rng = losses.get(name), np.random.default_rng(5)
    for p in rng.dirichlet([1, 1, 1, 1], 5):
        s, entropy = loss.minimiser(p), loss.entropy(p)
        assert loss.psi(np.maximum(s, 1e-300)) @ p == pytest.approx(entropy, rel=1e-9, abs=1e-12)
        for direction in rng.normal(size=(40, 4)):
            assert loss.conditional_risk(np.log(np.maximum(s, 1e-300)) + direction, p) >= entropy - 1e-12


@pytest.mark.parametrize("name", ["logistic", "sum-exponential", "gce:q=0.7", "comp-sum:tau=1.5", *OWN[:2]])
def test_entropy_against_scipy(name):
    loss = losses.get(name)
    for p in np.random.default_rng(6).dirichlet([2, 2, 2], 3):
        found = optimize.minimize(lambda h, p=p: float(loss.conditional_risk(h, p)), np.zeros(3), tol=1e-12)
        assert found.fun == pytest.approx(float(loss.entropy(p)), rel=1e-8)


def test_a_uniform_prediction_does_not_attain_the_entropy_of_a_tie_beyond_tau_2():
    loss, p = CompSum(3.0), np.array([0.5, 0.5])
    assert loss.conditional_risk(np.zeros(2), p) > loss.entropy(p) + 0.1
    np.testing.assert_array_equal(loss.minimiser(p), [1.0, 0.0])


@pytest.mark.parametrize(("tau", "name"), [(1.0, "-log(s)"), (0.0, "1/s - 1"), (1.5, "2*(1 - sqrt(s))")])
def test_own_psi_agrees_with_the_family(tau, name):
    own, family = CompSum(psi=name), CompSum(tau)
    scores, p = np.array([0.2, -1.0, 3.0]), np.array([0.2, 0.5, 0.3])
    np.testing.assert_allclose(own.value(scores, 1), family.value(scores, 1), rtol=1e-13)
    np.testing.assert_allclose(own.gradient(scores, 1), family.gradient(scores, 1), rtol=1e-13)
    np.testing.assert_allclose(own.entropy(p), family.entropy(p), rtol=1e-10)
    called = CompSum(psi=lambda s: family.psi(s))
    np.testing.assert_allclose(called.value(scores, 1), family.value(scores, 1), rtol=1e-13)
    with pytest.raises(UnsupportedError, match="derivative"):
        called.gradient(scores, 1)


@pytest.mark.parametrize("name", SHAPED)
def test_declared_properties(name):
    """Against second differences of the definition in mpmath."""
    loss = losses.get(name)
    with mpmath.workdps(50):
        grid = [mpmath.mpf(k) / 200 for k in range(1, 201)]
        values = [psi_reference(s, loss.tau) for s in grid]
        assert all(b < a for a, b in pairwise(values)) == loss.properties["decreasing"]
        steps = [b - a for a, b in pairwise(values)]
        noise = mpmath.mpf(10) ** -40
        assert all(b >= a - noise for a, b in pairwise(steps)) == loss.properties["convex_psi"]
        far = psi_reference(mpmath.mpf(10) ** -10000, loss.tau)
        assert (far < 1e3) == loss.properties["bounded"]


@pytest.mark.parametrize("name", SHAPED)
def test_definition_is_the_kernel(name):
    loss, s = losses.get(name), np.array([1e-3, 0.25, 0.9])
    for point, value in zip(s, loss.psi(s)):
        assert float(loss.definition().mpmath(dps=30, s=mpmath.mpf(point))) == pytest.approx(value, rel=1e-14)
    assert loss.latex


@pytest.mark.parametrize(
    ("text", "convex"),
    [
        ("-log(s)", True),
        ("1/s - 1", True),
        ("2 - 2*sqrt(s)", True),
        ("1 - s", True),
        ("s - log(s) - 1", True),
        ("1 - s - (1-s)**2/100000", False),
        ("1 - s**2", False),
        ("1 - s**(100001/100000)", False),
    ],
)
def test_convexity_of_ones_own_psi(text, convex):
    """By hand: the second derivatives have one sign on (0, 1]."""
    assert CompSum(psi=text).properties["convex_psi"] is convex


def test_convexity_of_a_callable():
    assert CompSum(psi=lambda s: 1 / s - 1).properties["convex_psi"]
    assert CompSum(psi=lambda s: 1 - s).properties["convex_psi"]
    assert not CompSum(psi=lambda s: 1 - s - (1 - s) ** 2 / 1e5).properties["convex_psi"]


SCORE_TABLE = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("labels", lambda loss: loss.value(SCORE_TABLE, [0, -1])),
        ("labels", lambda loss: loss.value(SCORE_TABLE, [0, 3])),
        ("labels", lambda loss: loss.value(SCORE_TABLE, [0.0, 1.0])),
        ("labels", lambda loss: loss.value(SCORE_TABLE, [True, False])),
        ("labels", lambda loss: loss.value(SCORE_TABLE, [0, 1, 2])),
        ("scores", lambda loss: loss.value([[1, math.nan]], [0])),
        ("scores", lambda loss: loss.value([[1, math.inf]], [0])),
        ("scores", lambda loss: loss.value([[1]], [0])),
        ("scores", lambda loss: loss.value([[1, 2], [3]], [0, 0])),
        ("scores", lambda loss: loss.value("text", 0)),
        ("probabilities", lambda loss: loss.entropy([0.5, 0.6])),
        ("probabilities", lambda loss: loss.entropy([1.5, -0.5])),
        ("probabilities", lambda loss: loss.conditional_risk(SCORE_TABLE, [0.5, 0.5])),
        ("probabilities", lambda loss: loss.conditional_risk(SCORE_TABLE, np.full((3, 3), 1 / 3))),
    ],
)
def test_bad_arrays_are_named(argument, call):
    with pytest.raises(InputError) as caught:
        call(losses.Logistic())
    assert caught.value.argument == argument


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("logistc", "did you mean logistic"),
        ("zzz", "sum-exponential, logistic, gce, mae, comp-sum"),
        ("gce", "exactly q given"),
        ("gce:q=0", r"\(0, 1\]"),
        ("gce:q=nan", r"\(0, 1\]"),
        ("gce:q=abc", "q must be a number"),
        ("gce:q=0.7,q=0.7", "each once"),
        ("gce:r=1", "among q"),
        ("mae:q=1", "among none"),
        ("comp-sum:tau=-1", ">= 0"),
        ("comp-sum:tau=1,psi='1-s'", "exactly tau or psi"),
        ("comp-sum:psi='1-s", "quotes"),
        ("comp-sum:psi='s'", "nonincreasing"),
        ("comp-sum:psi='1/(s-1)'", "finite"),
        ("comp-sum:psi='__import__(1)'", "made of"),
        ("comp-sum:psi='s.real'", "made of"),
    ],
)
def test_bad_names(text, message):
    with pytest.raises(InputError, match=message):
        losses.get(text)


def test_names():
    assert losses.get("Sum_Exponential").tau == 0 and losses.get("gce:q=0.5").tau == 1.5
    mae = losses.MeanAbsoluteError()
    assert losses.get(mae) is mae and losses.get("comp_sum:tau=1.5").name == "comp-sum:tau=1.5"
    with pytest.raises(InputError, match="derivative"):
        CompSum(1.0, derivative=np.negative)


def test_import_is_light():
    code = "import sys, hconsist.losses; print([m for m in ('sympy', 'scipy', 'flint') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("psi", ["1", "0*s", "s-s"])
def test_a_constant_psi_is_refused(psi):
    with pytest.raises(InputError, match="not constant"):
        CompSum(psi=psi)


def test_an_infinite_slope_at_one_is_no_rise():
    """sqrt(-log s) falls from infinity to 0; it is concave next to s = 1."""
    assert not CompSum(psi="sqrt(-log(s))").properties["convex_psi"]


def test_a_long_series_has_no_formula():
    """SymPy would differentiate its thousand terms for minutes."""
    with pytest.raises(UnsupportedError, match="order"):
        losses.get("taylor:order=1000").definition()
