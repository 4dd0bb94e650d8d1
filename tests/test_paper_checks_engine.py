"""The five checks of losses beyond comp-sum, against numbers that share no code with their chains.

Minima of the raw problems by SciPy, mpmath at 40 digits, and the losses of the package.  Tolerances: 1e-9 for minima
found by SLSQP or BFGS (values, to second order in the error of the point), 1e-12 for closed forms in double precision.
"""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.optimize import minimize

import hconsist as hc
from hconsist.evidence import Expectation, Verdict
from hconsist.losses import get
from hconsist.paper_checks import hui2023_squentropy as hui
from hconsist.paper_checks import osokin2017_calibration as osokin
from hconsist.paper_checks import zhu2023_ldr as zhu

FIVE = (
    "zheng2023_discriminative_generative",
    "zhu2023_ldr",
    "hui2023_squentropy",
    "martins2016_sparsemax",
    "osokin2017_calibration",
)


@pytest.mark.parametrize("paper", FIVE)
def test_what_must_fail_fails_and_nothing_else(paper):
    report = hc.check(paper)
    assert report.exit_code == 0
    failing = {o.id.partition(":")[2] for o in report.outcomes if o.expectation is Expectation.FAILS and not o.is_twin}
    assert failing == {
        "zheng2023_discriminative_generative": {"linear-bounded"},
        "zhu2023_ldr": {"label-dependent-margins"},
    }.get(paper, set())


def laws(n, count, seed=0):
    return np.random.default_rng(seed).dirichlet(np.ones(n), count)


# --- squentropy --------------------------------------------------------------------------------------------------


def test_the_squentropy_numbers_are_those_of_mpmath():
    """The three stationarity equations, solved at 40 digits from another start."""
    with mpmath.workdps(40):
        p = [mpmath.mpf(v.numerator) / v.denominator for v in hui.LAW]

        def equations(*h):
            total = sum(map(mpmath.exp, h))
            return [mpmath.exp(x) / total - pk + (1 - pk) * x for x, pk in zip(h, p)]

        h = mpmath.findroot(equations, (1, 0, -1))
        softmax = [mpmath.exp(x) / sum(map(mpmath.exp, h)) for x in h]
        assert all(abs(x - mpmath.mpf(v.numerator) / v.denominator) < 1e-9 for x, v in zip(softmax, hui.SHARES))
        assert all(abs(x - mpmath.mpf(v.numerator) / v.denominator) < 1e-17 for x, v in zip(h, hui.NEAR))


def test_balls_from_scores_that_are_off_are_wide_not_wrong():
    """A gradient of 0.1 gives balls that still hold the softmax, and nothing is decided at 1e-9 any more."""
    off = tuple(v + Fraction(1, 100) for v in hui.NEAR)
    for ball, share in zip(hui.best_softmax(hui.LAW, off), hui.SHARES):
        assert ball.contains(float(share)) and ball.rad() > 1e-3


@pytest.mark.parametrize("n", [2, 3, 5])
def test_squentropy_is_underconfident_and_keeps_the_order(n):
    p = laws(n, 300)
    s = get("squentropy").minimiser(p)
    assert (np.argsort(s) == np.argsort(p)).all()
    assert (s.max(axis=-1) < p.max(axis=-1)).all()


@pytest.mark.parametrize("t", [0.05, 0.3, 0.7, 0.95])
def test_squentropy_of_two_labels_respects_its_floor(t):
    """The risk minimised by BFGS; a tie costs log 2."""
    p = np.array([(1 + t) / 2, (1 - t) / 2])
    found = minimize(lambda h: p @ (np.logaddexp(*h) - h) + (1 - p) @ h**2, np.zeros(2), tol=1e-12)
    regret = np.log(2) - found.fun
    assert t**2 / 6 <= t**2 / (6 - 4 * t**2) <= regret + 1e-9
    if t == 0.05:
        assert regret == pytest.approx(t**2 / 6, rel=0.01)  # the next term is of order t^4


# --- sparsemax and the quadratic surrogate -----------------------------------------------------------------------


def project(z):
    """The projection on the simplex by bisection for the threshold, without sorting."""
    low, high = z.min() - 1, z.max()
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if np.maximum(z - middle, 0).sum() > 1 else (low, middle)
    return np.maximum(z - high, 0)


def test_the_sparsemax_formulas():
    rng = np.random.default_rng(1)
    loss = get("sparsemax")
    for n in (2, 3, 6):
        for z in rng.normal(size=(40, n)):
            s, p = project(z), rng.dirichlet(np.ones(n))
            support = s > 0
            mu = (z[support].sum() - 1) / support.sum()
            assert loss.prediction(z) == pytest.approx(s, abs=1e-12)
            assert loss.value(z, 0) == pytest.approx(-z[0] + ((z**2 - mu**2) * support).sum() / 2 + 0.5, abs=1e-12)
            assert loss.gradient(z, 0) == pytest.approx(s - np.eye(n)[0], abs=1e-12)
            regret = loss.conditional_risk(z, p) - loss.entropy(p)
            assert regret >= ((p - s) ** 2).sum() / 2 - 1e-12
            assert (loss.value(z, 0) <= 1e-15) == (z[0] >= 1 + z[1:].max())


@pytest.mark.parametrize("k, gap", [(2, Fraction(1, 3)), (3, Fraction(2, 7)), (4, Fraction(5, 9))])
def test_the_quadratic_programs_against_slsqp(k, gap):
    """The general formula on the raw problem; gaps that the check does not use."""
    exact = osokin.least_excess(k, gap)
    assert exact == gap**2 / (4 * k)
    constraints = [
        {"type": "eq", "fun": lambda x: x[k:].sum() - 1},
        {"type": "ineq", "fun": lambda x: x[k] - x[k + 1] - float(gap)},
        {"type": "ineq", "fun": lambda x: x[1] - x[:k]},
        {"type": "ineq", "fun": lambda x: x[k] - x[k:]},
        {"type": "ineq", "fun": lambda x: x[k:]},
    ]
    values = [
        minimize(lambda x: ((x[:k] - x[k:]) ** 2).sum() / (2 * k), start, method="SLSQP", constraints=constraints,
                 options={"ftol": 1e-14}).fun
        for start in np.random.default_rng(2).random((4, 2 * k))
    ]  # fmt: skip
    assert min(values) == pytest.approx(float(exact), abs=1e-9)


def test_a_gap_that_no_law_has_is_an_error():
    with pytest.raises(ArithmeticError, match="active set"):
        osokin.least_excess(2, Fraction(3, 2))


# --- label distributionally robust losses ------------------------------------------------------------------------


def ldr(f, y, margins, lam):
    """The definition: the largest value over laws, by SLSQP."""
    a, k = f - f[y] + margins[:, y], f.size

    def negative(p):
        safe = np.maximum(p, 1e-300)
        return -(p @ a - lam * (p * np.log(k * safe)).sum())

    found = minimize(negative, np.full(k, 1 / k), method="SLSQP", bounds=[(0, 1)] * k,
                     constraints=[{"type": "eq", "fun": lambda p: p.sum() - 1}], options={"ftol": 1e-14})  # fmt: skip
    return -found.fun


@pytest.mark.parametrize("lam", [0.5, 1.0, 3.0])
def test_the_conjugate_against_its_definition(lam):
    rng = np.random.default_rng(3)
    for _ in range(5):
        f, margins = rng.normal(size=3), rng.random((3, 3))
        a = f - f[1] + margins[:, 1]
        assert ldr(f, 1, margins, lam) == pytest.approx(lam * np.log(np.exp(a / lam).mean()), abs=1e-7)


def risk(f, p, margin):
    """LDR-KL at lambda = 1 less its constant, with the one margin c_12."""
    raised = f + np.array([margin, 0, 0])
    return p[0] * (np.logaddexp.reduce(f) - f[0]) + p[1] * (np.logaddexp.reduce(raised) - f[1]) + (
        p[2] * (np.logaddexp.reduce(f) - f[2])
    )  # fmt: skip


@pytest.mark.parametrize("p, margin", [(np.array([5, 4, 4]) / 13, np.log(16)), (np.array([0.4, 0.3, 0.3]), 3.0)])
def test_one_margin_misleads_the_minimiser(p, margin):
    """BFGS on the raw risk finds the witness, and the law of the specification, which is decided by a slope."""
    found = minimize(risk, np.zeros(3), args=(p, margin), tol=1e-12)
    assert np.argmax(p) == 0 and np.argmin(found.x) == 0
    if margin == np.log(16):
        assert found.x - found.x[1] == pytest.approx([-np.log(2), 0, 0], abs=1e-5)


def test_a_witness_that_is_not_one_does_not_refute():
    """Scores that are not best, and best scores that predict well."""
    moved = zhu.best_scores_mislead(zhu.LAW, (Fraction(2, 5), Fraction(1), Fraction(1)), zhu.SIXTEEN)
    no_margin = zhu.best_scores_mislead(zhu.LAW, zhu.LAW, Fraction(1))
    assert moved.verdict is no_margin.verdict is Verdict.INCONCLUSIVE


def test_standardised_scores_are_symmetric_and_cost_misordered_pairs():
    rng = np.random.default_rng(4)
    for n in (3, 5):
        p, h = rng.dirichlet(np.ones(n), 500), rng.normal(size=(500, n))
        z = h - h.mean(axis=-1, keepdims=True)
        z /= np.linalg.norm(z, axis=-1, keepdims=True)
        assert np.sum(1 - z, axis=-1) == pytest.approx(n, abs=1e-12)
        r = np.linalg.norm(p - 1 / n, axis=-1)
        regret = r - (p * z).sum(axis=-1)
        for i in range(n):
            for j in range(n):
                wrong = (p[:, i] > p[:, j]) & (z[:, i] <= z[:, j])
                assert (regret - (p[:, i] - p[:, j]) ** 2 / (4 * r) >= -1e-12)[wrong].all()


# --- the logistic bound ------------------------------------------------------------------------------------------


def test_the_pointwise_bound_on_random_laws_and_scores():
    """Zero-one regret <= sqrt(2 KL), 20000 pairs for each number of labels, the scores near the law among them."""
    rng = np.random.default_rng(5)
    worst = 0.0
    for n in (2, 3, 5):
        p = rng.dirichlet(np.ones(n), 20000)
        s = p ** rng.random((20000, 1)) * np.exp(0.3 * rng.normal(size=p.shape))
        s /= s.sum(axis=-1, keepdims=True)
        regret = (p * np.log(p / s)).sum(axis=-1)
        lost = p.max(axis=-1) - np.take_along_axis(p, s.argmax(axis=-1)[:, None], axis=-1)[:, 0]
        worst = max(worst, float(np.max(lost / np.sqrt(2 * regret))))
    assert 0.8 < worst <= 1
