"""Fenchel-Young losses and the variants of cross-entropy: kernels against mpmath written out from the definitions,
entropies against other minimisers, figures of the specification."""

import math
from fractions import Fraction

import array_api_strict
import mpmath
import numpy as np
import pytest
from scipy import optimize

from hconsist import losses
from hconsist.domains import InputError, UnsupportedError
from hconsist.losses.roots import decreasing_roots

EPS = np.finfo(float).eps
RNG = np.random.default_rng(20)
SCORES = [RNG.normal(size=n) * scale for n in (2, 3, 7) for scale in (1e-3, 1.0, 20.0)]
SCORES += [np.array([40.0, 0.0, 0.0]), np.array([300.0, 0.0, 1.0]), np.array([0.0, -600.0, -601.0])]
W = {2: (1.0, 2.0), 3: (1.0, 2.0, 0.5), 7: (1.0, 2.0, 0.5, 1.0, 3.0, 1.0, 1.0)}
PRIOR = {2: (0.75, 0.25), 3: (0.5, 0.25, 0.25), 7: (0.5, 0.125, 0.125, 0.0625, 0.0625, 0.0625, 0.0625)}


def log_softmax(h):
    total = mpmath.log(mpmath.fsum(mpmath.exp(x) for x in h))
    return [x - total for x in h]


def by_psi(psi):
    return lambda h, y: psi(mpmath.exp(log_softmax(h)[y]))


def smoothed(eps):
    def loss(h, y):
        logs = log_softmax(h)
        return -(1 - mpmath.mpf(eps)) * logs[y] - mpmath.mpf(eps) / len(h) * mpmath.fsum(logs)

    return loss


def squentropy(h, y):
    return -log_softmax(h)[y] + mpmath.fsum(x**2 for k, x in enumerate(h) if k != y) / (len(h) - 1)


def entmax(alpha):
    """Omega*(h) - h_y: the multiplier by bisection of the sum of the shares; Omega(e_y) = 0."""

    def loss(h, y):
        e, top = mpmath.mpf(alpha) - 1, max(h)
        share = lambda x: max(mpmath.mpf(0), 1 + e * x) ** (1 / e)  # noqa: E731
        low, high = mpmath.mpf(0), (1 - mpmath.mpf(len(h)) ** -e) / e
        for _ in range(1500):
            middle = (low + high) / 2
            over = mpmath.fsum(share(x - top - middle) for x in h) > 1
            low, high = (middle, high) if over else (low, middle)
        p = [share(x - top - low) for x in h]
        omega = mpmath.fsum(q ** (1 + e) - q for q in p) / (e * (1 + e))
        return mpmath.fsum(q * x for q, x in zip(p, h)) - omega - h[y]

    return loss


def weighted(h, y):
    return -mpmath.mpf(W[len(h)][y]) * log_softmax(h)[y]


def adjusted(h, y):
    return -log_softmax([x + mpmath.log(q) for x, q in zip(h, PRIOR[len(h)])])[y]


def named(name, n):
    """The loss; parameters that are lists are filled in for n labels."""
    if name in ("class-weights", "logit-adjustment"):
        key, table = ("w", W) if name == "class-weights" else ("prior", PRIOR)
        name = f"{name}:{key}={';'.join(map(str, table[n]))}"
    return losses.get(name)


REFERENCES = {
    "focal:gamma=2": by_psi(lambda s: -((1 - s) ** 2) * mpmath.log(s)),
    "focal:gamma=0.25": by_psi(lambda s: -((1 - s) ** mpmath.mpf("0.25")) * mpmath.log(s)),
    "poly-1:eps=1.5": by_psi(lambda s: -mpmath.log(s) + mpmath.mpf(1.5) * (1 - s)),
    "poly-1:eps=-1": by_psi(lambda s: -mpmath.log(s) - (1 - s)),
    "taylor:order=1": by_psi(lambda s: 1 - s),
    "taylor:order=5": by_psi(lambda s: mpmath.fsum((1 - s) ** k / k for k in range(1, 6))),
    "label-smoothing:eps=0.1": smoothed(0.1),
    "temperature:T=2.5": lambda h, y: -log_softmax([x / mpmath.mpf(2.5) for x in h])[y],
    "class-weights": weighted,
    "logit-adjustment": adjusted,
    "squentropy": squentropy,
    "sparsemax": entmax(2),
    "entmax:alpha=2": entmax(2),
    "entmax:alpha=1.5": entmax(1.5),
    "entmax:alpha=1.125": entmax(1.125),
}
"""Each loss of one score vector as its definition says."""


def allowed(h):
    """A few roundings of the largest difference of scores, which a logarithm or the edge of a support magnifies."""
    return 16 * EPS * (4 + float(np.max(h) - np.min(h)))


def worst_value(value, reference):
    """The largest error in units of what is allowed: relative, absolute below 1e-30; the naive kernel fails on it."""
    worst = 0.0
    with mpmath.workdps(400):
        for h in SCORES:
            exact = [mpmath.mpf(float(x)) for x in h]
            for y in range(len(h)):
                truth = reference(exact, y)
                error = abs(mpmath.mpf(float(value(h, y))) - truth) / max(abs(truth), mpmath.mpf(10) ** -30)
                worst = max(worst, float(error) / allowed(h))
    return worst


@pytest.mark.parametrize("name", REFERENCES)
def test_value_against_mpmath(name):
    assert worst_value(lambda h, y: named(name, len(h)).value(h, y), REFERENCES[name]) <= 1


def test_a_naive_kernel_is_caught():
    def focal(h, y):
        s = np.exp(h - np.max(h))
        s = s[y] / np.sum(s)
        return -((1 - s) ** 2) * np.log(max(s, 1e-300))

    assert worst_value(focal, REFERENCES["focal:gamma=2"]) > 1e3


def test_next_to_the_separation_margin():
    """At a margin of 1 - d sparsemax costs d^2/4: by hand.  Differences of scores, exact to 1e-16, give d to that."""
    h = np.array([1.3, 0.3 + 1e-6, 0.3])
    d = float(1 - Fraction(h[0]) + Fraction(h[1]))
    p = losses.Sparsemax().prediction(h)
    assert abs((p @ h - (p @ p - 1) / 2 - h[0]) / (d**2 / 4) - 1) > 1e-5
    for loss in (losses.Sparsemax(), losses.Entmax(2), losses.FenchelYoung("p^2/2")):
        assert float(loss.value(h, 0)) == pytest.approx(d**2 / 4, rel=4 * EPS / d)


@pytest.mark.parametrize("name", REFERENCES)
def test_gradient_against_mpmath(name):
    """Central differences at 120 digits; entries above 1e-30."""
    with mpmath.workdps(120):
        step = mpmath.mpf(10) ** -50
        for h in SCORES[:6]:
            for y in range(2):
                found = named(name, len(h)).gradient(h, y)
                for k, value in enumerate(found):
                    ahead, behind = ([mpmath.mpf(float(x)) + (i == k) * sign * step for i, x in enumerate(h)]
                                     for sign in (1, -1))  # fmt: skip
                    truth = (REFERENCES[name](ahead, y) - REFERENCES[name](behind, y)) / (2 * step)
                    assert abs(mpmath.mpf(float(value)) - truth) <= allowed(h) * max(abs(truth), 0.01)


EVERY = [*REFERENCES, 'fenchel-young:omega="p*log(p)"', 'fenchel-young:omega="exp(2*p)"', 'comp-sum:psi="(1-s)**2"']


@pytest.mark.parametrize("name", EVERY)
def test_entropy_against_direct_minimisation(name):
    """BFGS on the conditional risk from two starts: not below the entropy, and within 1e-7 of it."""
    loss = named(name, 3)
    for p in np.random.default_rng(1).dirichlet([1, 1, 1], 4):
        risk = lambda h, p=p: float(loss.conditional_risk(h, p))  # noqa: E731
        found = min(optimize.minimize(risk, start, tol=1e-12).fun for start in (np.zeros(3), loss.best_scores(p)))
        assert found == pytest.approx(float(loss.entropy(p)), rel=1e-7)
        assert found >= float(loss.entropy(p)) * (1 - 1e-12)


VERTICES = [np.array([1 - e, e]) for e in (1e-3, 1e-8, 1e-14, 1e-40, 1e-200)]
VERTICES += [np.array([e / 4, 1 - e, 0.75 * e]) for e in (1e-5, 1e-12, 1e-100)]
LAWS = [*np.random.default_rng(2).dirichlet([0.5] * 4, 6), *VERTICES, np.full(5, 0.2), np.array([0.5, 0.5, 1e-20])]


def exact_law(p):
    """The law whose largest entry is one minus the others."""
    exact, top = [mpmath.mpf(float(x)) for x in p], int(np.argmax(p))
    exact[top] = 1 - mpmath.fsum(x for k, x in enumerate(exact) if k != top)
    return exact, top


def focal_psi(gamma):
    gamma = mpmath.mpf(gamma)
    return (
        lambda s: -((1 - s) ** gamma) * mpmath.log(s),
        lambda s: gamma * (1 - s) ** (gamma - 1) * mpmath.log(s) - (1 - s) ** gamma / s,
    )


def poly_psi(eps):
    return lambda s: -mpmath.log(s) + mpmath.mpf(eps) * (1 - s), lambda s: -1 / s - mpmath.mpf(eps)


PSI = {
    "focal:gamma=2": focal_psi(2),
    "focal:gamma=0.25": focal_psi(0.25),
    "poly-1:eps=1.5": poly_psi(1.5),
    "poly-1:eps=-1": poly_psi(-1),
    "poly-1:eps=-0.5": poly_psi(-0.5),
}
"""psi and psi'."""


@pytest.mark.parametrize("name", PSI)
def test_entropy_of_an_instance_against_mpmath(name):
    """The stationary point by Newton's method at 450 digits: psi is convex, so it is the minimum."""
    loss, (psi, slope) = losses.get(name), PSI[name]
    with mpmath.workdps(450):
        for law in LAWS:
            p, top = exact_law(law)
            others = [k for k in range(len(p)) if k != top]
            start = [mpmath.log(mpmath.mpf(float(s))) for s in np.asarray(loss.minimiser(law))[others]]

            def stationary(*logs, p=p, top=top, others=others):
                s = [mpmath.exp(x) for x in logs]
                own = p[top] * slope(1 - mpmath.fsum(s))
                return [mpmath.log(p[k] * slope(x) / own) for k, x in zip(others, s)]

            solved = list(mpmath.findroot(stationary, start, solver="mdnewton", tol=1e-200, verify=False))
            assert max(abs(x) for x in stationary(*solved)) < mpmath.mpf(10) ** -20
            s = [mpmath.exp(x) for x in solved]
            truth = p[top] * psi(1 - mpmath.fsum(s)) + mpmath.fsum(p[k] * psi(x) for k, x in zip(others, s))
            assert abs(mpmath.mpf(float(loss.entropy(law))) / truth - 1) < 1e-14


def test_entropy_of_squentropy_against_mpmath():
    """Newton's method on softmax(h)_k + 2 (1 - p_k) h_k/(n - 1) = p_k; the risk is strictly convex."""
    loss = losses.Squentropy()
    with mpmath.workdps(450):
        for law in LAWS:
            p, n = exact_law(law)[0], len(law)

            def stationary(*h, p=p, n=n):
                return [mpmath.exp(x) - q + 2 * (1 - q) * y / (n - 1) for x, q, y in zip(log_softmax(h), p, h)]

            start = [mpmath.mpf(float(x)) for x in loss.best_scores(law)]
            h = list(mpmath.findroot(stationary, start, tol=1e-400, verify=False))
            truth = mpmath.fsum(q * squentropy(h, k) for k, q in enumerate(p))
            assert abs(mpmath.mpf(float(loss.entropy(law))) / truth - 1) < 4 * EPS
            assert np.allclose(loss.best_scores(law), [float(x) for x in h], rtol=1e-14, atol=1e-13)


def test_the_recovered_law_of_squentropy():
    """p_k = (q_k + c h_k)/(1 + c h_k), q = softmax(h), c = 2/(n - 1): specification, calibration 3.7."""
    loss = losses.Squentropy()
    for n in (2, 3, 6):
        for p in np.random.default_rng(n).dirichlet(np.ones(n), 5):
            h, c = loss.best_scores(p), 2 / (n - 1)
            np.testing.assert_allclose((loss.minimiser(p) + c * h) / (1 + c * h), p, atol=1e-14)
            assert np.array_equal(np.argsort(h), np.argsort(p))


def test_entropy_of_a_piecewise_linear_psi_against_a_linear_program():
    """psi = max(2 - 4 s, 1 - s, 0.8 - 0.7 s): shares that the slopes do not determine."""

    def psi(s):
        return np.max([2 - 4 * s, 1 - s, 0.8 - 0.7 * s], axis=0)

    def derivative(s):
        return np.choose(np.argmax([2 - 4 * s, 1 - s, 0.8 - 0.7 * s], axis=0), [-4.0, -1.0, -0.7])

    loss = losses.CompSum(psi=psi, derivative=derivative)
    laws = np.array([[0.5, 0.5, 0.0], [0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [1 / 3] * 3, [0.9, 0.05, 0.05]])
    for p in laws:
        rows = np.zeros((9, 6))  # u_i >= a + b s_i; unknowns (s, u)
        limits = np.empty(9)
        for i in range(3):
            for j, (a, b) in enumerate([(2, -4), (1, -1), (0.8, -0.7)]):
                rows[3 * i + j, [i, 3 + i]] = b, -1
                limits[3 * i + j] = -a
        lower = [(0, 1)] * 3 + [(None, None)] * 3
        program = optimize.linprog(np.r_[np.zeros(3), p], rows, limits, [[1, 1, 1, 0, 0, 0]], [1], lower)
        assert float(loss.entropy(p)) == pytest.approx(program.fun, abs=1e-9)


def test_a_linear_psi_in_words_is_the_mean_absolute_error():
    laws = np.random.default_rng(3).dirichlet([0.3] * 5, 200)
    laws[0] = [0.25, 0.25, 0.25, 0.25, 0]
    for name in ('comp-sum:psi="1-s"', "taylor:order=1"):
        np.testing.assert_allclose(losses.get(name).entropy(laws), losses.get("mae").entropy(laws), atol=1e-15)


def grouped(rng, groups, size):
    counts = rng.integers(1, 12, size=(size, groups))
    return rng.dirichlet(np.ones(groups), size) / counts, counts


SYMMETRIC = [name for name in EVERY if name not in ("class-weights", "logit-adjustment")]


@pytest.mark.parametrize("name", [*SYMMETRIC, "logistic", "mae", "comp-sum:tau=1.7", "comp-sum:tau=0.3"])
def test_laws_by_groups(name):
    """The same as written out, in any order of the groups; a group without labels changes nothing."""
    loss, rng = losses.get(name), np.random.default_rng(4)
    values, counts = grouped(rng, 3, 20)
    written = [loss.entropy(np.repeat(v, c)) for v, c in zip(values, counts)]
    np.testing.assert_allclose(loss.grouped_entropy(values, counts), written, rtol=1e-13)
    np.testing.assert_allclose(loss.grouped_entropy(values[:, ::-1], counts[:, ::-1]), written, rtol=1e-13)
    padded = np.c_[values, np.full(20, 0.4)], np.c_[counts, np.zeros(20, int)]
    np.testing.assert_allclose(loss.grouped_entropy(*padded), written, rtol=1e-13)


@pytest.mark.parametrize("n", [10**3, 10**6])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_many_labels(name, n):
    """At the uniform law all scores are alike, so the entropy is the loss at zero scores: by hand, up to 1e6 labels."""
    loss = losses.get(name)
    zero = {
        "squentropy": math.log(n),
        "label-smoothing:eps=0.1": math.log(n),
        "temperature:T=2.5": math.log(n),
        'fenchel-young:omega="p*log(p)"': math.log(n),
        # (1 - p) omega(0) + p omega(1) - omega(p) at p = 1/n, n times; exp(2p) - 1 = 2p + 2p^2 + 4p^3/3 + ...
        'fenchel-young:omega="exp(2*p)"': math.expm1(2) - n * math.expm1(2 / n),
    }
    if name in zero:
        truth = zero[name]
    elif isinstance(loss, losses.CompSum):
        truth = float(loss.psi(1 / n))
    else:
        truth = -math.expm1(-(loss.omega.alpha - 1) * math.log(n)) / (loss.omega.alpha * (loss.omega.alpha - 1))
    assert float(loss.grouped_entropy([1 / n, 0.3], [n, 0])) == pytest.approx(truth, rel=2e-10)
    split = loss.grouped_entropy([1 / n, 1 / n], [n // 4, n - n // 4])
    assert float(split) == pytest.approx(truth, rel=2e-10)


@pytest.mark.parametrize("tau", [0, 0.5, 1, 1 + 1e-9, 1.5, 1.9, 2, 3])
def test_the_power_family_with_five_hundred_million_labels(tau):
    values, counts = np.array([2.0**-2, 2.0**-11, 2.0**-31]), [1, 2**10, 2**29]  # of sum 1 exactly
    with mpmath.workdps(40):
        al, exact = mpmath.mpf(tau) - 1, [mpmath.mpf(float(v)) for v in values]
        if tau >= 2:
            truth = (1 - max(exact)) / al
        elif al == 0:
            truth = -mpmath.fsum(c * v * mpmath.log(v) for c, v in zip(counts, exact))
        else:
            truth = (1 - mpmath.fsum(c * v ** (1 / (1 - al)) for c, v in zip(counts, exact)) ** (1 - al)) / al
        assert abs(losses.CompSum(tau).grouped_entropy(values, counts) / truth - 1) < 1e-14


def two_label_curve(loss, t, n=2):
    """H at the tie less H at the gap t, on two of n labels."""
    laws = np.zeros((2, n))
    laws[:, 0], laws[:, 1] = [0.5, (1 + t) / 2], [0.5, (1 - t) / 2]
    tie, apart = loss.entropy(laws)
    return float(tie - apart)


def cross_entropy_curve(t):
    return ((1 + t) * math.log1p(t) + (1 - t) * math.log1p(-t)) / 2


@pytest.mark.parametrize("t", [0.05, 0.3, 0.8])
def test_closed_forms_of_the_specification(t):
    """engine.md 2.2: label smoothing, sparsemax, entmax up to 2, temperature."""
    assert two_label_curve(losses.Sparsemax(), t, 5) == pytest.approx(t**2 / 4, rel=1e-12)
    for alpha in (1.2, 1.5, 2):
        form = ((1 + t) ** alpha + (1 - t) ** alpha - 2) / (2**alpha * alpha * (alpha - 1))
        assert two_label_curve(losses.Entmax(alpha), t, 4) == pytest.approx(form, rel=1e-11)
    for n, eps in ((2, 0.3), (5, 0.05), (8, 0.8)):
        mass = 1 - (n - 2) * eps / n
        form = mass * cross_entropy_curve((1 - eps) * t / mass)
        assert two_label_curve(losses.LabelSmoothing(eps), t, n) == pytest.approx(form, rel=1e-10)
    assert two_label_curve(losses.Temperature(3), t) == pytest.approx(cross_entropy_curve(t), rel=1e-12)


@pytest.mark.parametrize(("gamma", "coefficient"), [(0.5, 0.35095), (1, 0.23890), (2, 0.11146), (5, 0.012533)])
def test_small_gap_coefficients_of_the_focal_loss(gamma, coefficient):
    """multiclass.md 11: psi'(1/2)^2/(2 psi''(1/2)), to the digits printed there."""
    t = 1e-4
    assert two_label_curve(losses.Focal(gamma), t) / t**2 == pytest.approx(coefficient, rel=1e-4)


def test_zero_interval_of_class_weights():
    """proofs.md 10: zero regret on labels with w p maximal; at p = (0.6, 0.4), w = (1, 2) the second label is best."""
    loss = losses.ClassWeights([1, 2])
    assert np.argmax(loss.best_scores([0.6, 0.4])) == 1
    p = np.array([2 / 3, 1 / 3])  # w p is tied: the largest gap without regret is (r - 1)/(r + 1) = 1/3
    np.testing.assert_allclose(loss.best_scores(p), loss.best_scores(p)[0], rtol=1e-15)


def test_relations_between_the_losses():
    h, p = np.array([0.3, -1.2, 2.0]), np.array([0.2, 0.3, 0.5])
    logistic = losses.Logistic()
    same = [
        (losses.Focal(0), 1),
        (losses.Poly1(0), 1),
        (losses.LabelSmoothing(0), 1),
        (losses.Temperature(1), 1),
        (losses.ClassWeights([2, 2, 2]), 2),
        (losses.LogitAdjustment([1 / 3] * 3), 1),
        (losses.LogitAdjustment([0.5, 0.3, 0.2], strength=0), 1),
        (losses.FenchelYoung("p*log(p)"), 1),
    ]
    for loss, factor in same:
        for y in range(3):
            assert loss.value(h, y) == pytest.approx(factor * logistic.value(h, y), rel=1e-13)
            np.testing.assert_allclose(loss.gradient(h, y), factor * logistic.gradient(h, y), rtol=1e-12)
        assert loss.entropy(p) == pytest.approx(factor * logistic.entropy(p), rel=1e-13)
    for alpha, text in ((2.0, "(p^2 - p)/2"), (1.5, "(p^1.5 - p)/0.75")):
        own, family = losses.FenchelYoung(text), losses.Entmax(alpha)
        np.testing.assert_allclose(own.value(h, 0), family.value(h, 0), rtol=1e-13)
        np.testing.assert_allclose(own.prediction(h), family.prediction(h), atol=1e-14)
        np.testing.assert_allclose(own.entropy(p), family.entropy(p), rtol=1e-13)
    assert losses.Entmax(1 + 1e-9).value(h, 1) == pytest.approx(float(logistic.value(h, 1)), rel=1e-8)
    assert losses.TaylorCrossEntropy(1000).value(h, 1) == pytest.approx(float(logistic.value(h, 1)), rel=1e-13)


def test_sparsemax_is_the_projection():
    """By hand: support {1, 2}, multiplier 0.1; a margin of 1 costs nothing; and the exact kinks of the support."""
    loss = losses.Sparsemax()
    np.testing.assert_allclose(loss.prediction([0.7, 0.5, -1.0]), [0.6, 0.4, 0], atol=1e-16)
    assert loss.value([1.0, 0.0, -3.0], 0) == 0
    np.testing.assert_array_equal(loss.prediction([1.0, 0.0, 0.0]), [1, 0, 0])
    np.testing.assert_array_equal(loss.prediction([0.0, 0.0, -0.5]), [0.5, 0.5, 0])
    h = np.random.default_rng(6).normal(size=(50, 6))
    p = loss.prediction(h)
    np.testing.assert_allclose(np.sum(p, axis=-1), 1, rtol=1e-15)
    assert np.all(np.where(p > 0, h - p, np.inf).min(-1) >= np.where(p > 0, -np.inf, h).max(-1))


def test_own_omega_with_infinite_slopes():
    """omega'(0) = -infinity keeps all shares positive, omega'(1) = +infinity leaves a vertex to the limit."""
    loss = losses.FenchelYoung("p*log(p) + (1-p)*log(1-p)")
    p = np.array([0.5, 0.3, 0.2])
    np.testing.assert_allclose(loss.prediction(np.log(p) - np.log1p(-p)), p, rtol=1e-14)
    assert float(loss.entropy([1.0, 0, 0])) == 0
    np.testing.assert_allclose(loss.conditional_risk(loss.best_scores([1.0, 0, 0]), [1.0, 0, 0]), 0, atol=1e-14)


@pytest.mark.parametrize(
    ("law", "least"),
    [((0.5, 0.25, 0.25, 0, 0), 1.4495327782678749), ((0.5, 0.5, 0, 0), 1.204900093595619)],
)
def test_squentropy_where_half_the_mass_is_one_label_and_others_have_none(law, least):
    """A Newton step next to a pole was once taken for the last.  Expected: SLSQP on the risk, by scores."""
    loss, p = losses.get("squentropy"), np.array(law)
    assert float(loss.entropy(p)) == pytest.approx(least, abs=1e-8)
    h = loss.best_scores(p)
    softmax = np.exp(h) / np.sum(np.exp(h))
    np.testing.assert_allclose(softmax + 2 * (1 - p) * h / (p.size - 1), p, atol=1e-12)


@pytest.mark.parametrize("numerator", range(1, 8))
def test_squentropy_is_stationary_at_dyadic_laws(numerator):
    """softmax(h)_k + 2 (1 - p_k) h_k/(n-1) = p_k at the best scores, at laws whose sums are exact."""
    for zeros in range(4):
        p = np.array([numerator / 8, (8 - numerator) / 16, (8 - numerator) / 16] + [0.0] * zeros)
        h = losses.get("squentropy").best_scores(p)
        softmax = np.exp(h - h.max()) / np.sum(np.exp(h - h.max()))
        np.testing.assert_allclose(softmax + 2 * (1 - p) * h / (p.size - 1), p, atol=1e-12)


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_namespaces_agree_and_keep_the_dtype(name, dtype):
    loss, rng = named(name, 3), np.random.default_rng(1)
    scores, labels = rng.normal(size=(4, 3)).astype(dtype), np.array([0, 1, 2, 1])
    law = rng.dirichlet([1, 1, 1], 4)
    p = law.astype(dtype)
    for method, arguments in (
        ("value", (scores, labels)),
        ("gradient", (scores, labels)),
        ("conditional_risk", (scores, p)),
        ("entropy", (p,)),
        ("minimiser", (p,)),
        ("best_scores", (p,)),
    ):
        expected = getattr(loss, method)(*arguments)
        found = getattr(loss, method)(*map(array_api_strict.asarray, arguments))
        assert expected.dtype == dtype and str(found.dtype).endswith(np.dtype(dtype).name)
        tiny = 64 * np.finfo(dtype).eps
        np.testing.assert_allclose(np.asarray(found), expected, rtol=tiny, atol=tiny)
        wide = [law if a is p else scores.astype(float) if a is scores else a for a in arguments]
        wider = getattr(loss, method)(*wide)
        if method == "best_scores":  # a float32 law ends at exp(-87): scores below stand for minus infinity
            expected, wider = np.maximum(expected, -80), np.maximum(wider, -80)
        np.testing.assert_allclose(expected, wider, rtol=1e-4, atol=1e-4)


EXTREME = ([1e308, -1e308, 0.0], [-1e308] * 3, [1.7e308, 1.7e308, -1.7e308], [710.0, 0.0, 0.0], [-5e-324, 0.0, 0.0])


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("scores", EXTREME)
def test_no_nan_for_finite_scores(name, scores):
    loss, scores = named(name, 3), np.array(scores)
    for label in range(3):
        assert not np.isnan(loss.value(scores, label))
        assert not np.isnan(loss.gradient(scores, label)).any()
    assert not np.isnan(loss.conditional_risk(scores, np.array([0.5, 0.5, 0.0])))


@pytest.mark.parametrize("name", EVERY)
def test_names_definitions_and_latex(name):
    loss = named(name, 3)
    assert losses.get(loss.name).name == loss.name and loss.formula and loss.latex
    assert loss.definition().program


def test_definitions_agree_with_the_kernels():
    h = np.array([0.3, -1.2, 2.0])
    s = np.exp(-losses.Logistic().value(np.tile(h, (3, 1)), np.arange(3)))
    value = {
        "label-smoothing:eps=0.1": {"s": s[0], "g": np.prod(s) ** (1 / 3)},
        "class-weights": {"w": 1.0, "s": s[0]},
        "squentropy": {"s": s[0], "m": (1.2**2 + 4) / 2},
    }
    for name, point in value.items():
        loss = named(name, 3)
        assert float(loss.definition().mpmath(**point)) == pytest.approx(float(loss.value(h, 0)), rel=1e-14)
    for loss in (losses.Focal(0.7), losses.Poly1(-0.3), losses.TaylorCrossEntropy(4)):
        for x in (1e-3, 0.25, 0.9):
            assert float(loss.definition().mpmath(s=x)) == pytest.approx(float(loss.psi(x)), rel=1e-13)
    for loss in (losses.Sparsemax(), losses.Entmax(1.7)):
        omega = [float(loss.definition().mpmath(p=x)) for x in (0.2, 0.3, 0.5)]
        assert float(loss.entropy([0.2, 0.3, 0.5])) == pytest.approx(-sum(omega), rel=1e-14)


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("gamma", lambda: losses.Focal(-1)),
        ("eps", lambda: losses.Poly1(-1.01)),
        ("order", lambda: losses.TaylorCrossEntropy(1.5)),
        ("order", lambda: losses.TaylorCrossEntropy(0)),
        ("eps", lambda: losses.LabelSmoothing(1)),
        ("T", lambda: losses.Temperature(0)),
        ("w", lambda: losses.ClassWeights([1])),
        ("w", lambda: losses.ClassWeights([1, 0])),
        ("w", lambda: losses.ClassWeights("12")),
        ("prior", lambda: losses.LogitAdjustment([0.5, 0.6])),
        ("strength", lambda: losses.LogitAdjustment([0.5, 0.5], math.nan)),
        ("alpha", lambda: losses.Entmax(1)),
        ("omega", lambda: losses.FenchelYoung("p")),
        ("omega", lambda: losses.FenchelYoung("-p^2")),
        ("omega", lambda: losses.FenchelYoung("-log(p)")),
        ("omega", lambda: losses.FenchelYoung("q^2")),
        ("omega", lambda: losses.FenchelYoung("2")),
        ("omega", lambda: losses.FenchelYoung(2)),
        ("scores", lambda: losses.ClassWeights([1, 2, 3]).value([0.0, 1.0], 0)),
        ("probabilities", lambda: losses.ClassWeights([1, 2, 3]).entropy([0.5, 0.5])),
        ("labels", lambda: losses.Squentropy().value([0.0, 1.0], 2)),
        ("counts", lambda: losses.Logistic().grouped_entropy([0.5, 0.5], [1, 1.5])),
        ("counts", lambda: losses.Sparsemax().grouped_entropy([0.5, 0.5], [3, -1])),
        ("values", lambda: losses.Squentropy().grouped_entropy([0.5, 0.6], [1, 1])),
        ("values", lambda: losses.Focal(1).grouped_entropy([1.5, -0.5], [1, 1])),
        ("values", lambda: losses.Entmax(1.5).grouped_entropy([math.nan, 0.5], [1, 1])),
    ],
)
def test_bad_input_is_named(argument, call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument


def test_a_psi_that_is_not_convex_has_no_numeric_entropy():
    with pytest.raises(UnsupportedError, match="convex, with a derivative"):
        losses.CompSum(psi="1 - s**2").grouped_entropy([0.5], [2])


def test_roots_of_functions_that_jump_or_are_flat():
    """x^3 is flat at its root, a step jumps across 0, and exp falls off its bracket's end."""
    functions = [lambda x: (1 - x) ** 3, lambda x: np.where(x < 0.3, 1.0, -1.0), lambda x: np.exp(-x) - 1e-3]
    slopes = [lambda x: -3 * (1 - x) ** 2, np.zeros_like, lambda x: -np.exp(-x)]

    def evaluate(chosen, x):
        values, falls = (
            np.array([float(table[i](np.float64(t))) for i, t in zip(chosen, x)]) for table in (functions, slopes)
        )
        return values, falls, np.full(x.shape, 1e-12)

    low, high = np.zeros(3), np.array([5.0, 1.0, 50.0])
    x, found = decreasing_roots(evaluate, low, high)
    np.testing.assert_allclose(x, [1, 0.3, math.log(1000)], atol=1e-5)
    assert not found[1] and high[1] - low[1] < 1e-15 and found[2]
