"""Closed forms of T against raw optimisation over scores: losses, risks and laws are written out here."""

from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

import hconsist as hc
from hconsist import losses
from hconsist.results import Side

sharp = partial(hc.transform, method="sharp")

# --- raw optimisation: losses of all labels at scores h, written out from their definitions --------------------------


def log_softmax(h):
    return h - np.max(h) - np.log(np.sum(np.exp(h - np.max(h))))


def pairwise(phi):
    def losses_of(h):
        values = phi(h[:, None] - h[None, :])
        return values.sum(axis=1) - np.diag(values)

    return losses_of


def constrained(phi):
    def losses_of(h):
        values = phi(h.mean() - h)
        return values.sum() - values

    return losses_of


def one_versus_all(phi):
    return lambda h: phi(h) + phi(-h).sum() - phi(-h)


def smoothed(eps):
    return lambda h: -(1 - eps) * log_softmax(h) - eps * log_softmax(h).mean()


def focal(gamma):
    return lambda h: -((1 - np.exp(log_softmax(h))) ** gamma) * log_softmax(h)


def poly_one(eps):
    return lambda h: -log_softmax(h) + eps * (1 - np.exp(log_softmax(h)))


def sparsemax(h):
    ranked = np.sort(h)[::-1]
    k = np.flatnonzero(1 + np.arange(1, h.size + 1) * ranked > np.cumsum(ranked))[-1] + 1
    mu = (np.sum(ranked[:k]) - 1) / k
    return np.sum(np.maximum(h, mu) ** 2 - mu**2) / 2 + 0.5 - h


EXPONENTIAL = lambda u: np.exp(-np.maximum(u, -30))  # noqa: E731
LOGISTIC = lambda u: np.logaddexp(0, -u)  # noqa: E731
SQUARED_HINGE = lambda u: np.maximum(0, 1 - u) ** 2  # noqa: E731
PRIOR = np.array([0.5, 0.3, 0.2])

SMOOTH = [
    ("label-smoothing:eps=0.2", smoothed(0.2), (2, 3, 4)),
    ("temperature:T=2", lambda h: -log_softmax(h / 2), (3,)),
    ("class-weights:w=1;2;3", lambda h: -np.array([1.0, 2.0, 3.0]) * log_softmax(h), (3,)),
    ("logit-adjustment:prior=0.5;0.3;0.2", lambda h: -log_softmax(h + np.log(PRIOR)), (3,)),
    ("focal:gamma=2", focal(2), (2, 3, 4)),
    ("focal:gamma=0.3", focal(0.3), (3,)),
    ("poly-1:eps=2", poly_one(2), (2, 3, 4)),
    ("poly-1:eps=-0.7", poly_one(-0.7), (3,)),
    ("sparsemax", sparsemax, (2, 3)),
    ("ova-logistic", one_versus_all(LOGISTIC), (2, 3)),
    ("ova-exponential", one_versus_all(EXPONENTIAL), (2, 3, 4)),
    ("ova-squared-hinge", one_versus_all(SQUARED_HINGE), (2, 3, 4)),
    ("sum-logistic", pairwise(LOGISTIC), (2, 3, 4)),
    ('sum:phi="exponential"', pairwise(EXPONENTIAL), (3,)),
    ("sum-squared-hinge", pairwise(SQUARED_HINGE), (2,)),
    ("constrained-exponential", constrained(EXPONENTIAL), (2,)),
    ("constrained-logistic", constrained(LOGISTIC), (2,)),
]


def least(losses_of, law, forced):
    """Least conditional risk by SLSQP from several starts; label ``forced`` has the largest score, unless None."""
    n = law.size
    limits = []
    if forced is not None:
        rows = np.eye(n)[forced] - np.delete(np.eye(n), forced, axis=0)
        limits = [{"type": "ineq", "fun": lambda h: rows @ h, "jac": lambda h: rows}]
    starts = [np.zeros(n), np.log(law + 0.01), 0.3 * np.eye(n)[np.argmax(law)]]
    found = [
        minimize(lambda h: law @ losses_of(h), start, method="SLSQP", jac="3-point", bounds=[(-14, 14)] * n,
                 constraints=limits, options={"ftol": 1e-14, "maxiter": 300}).fun
        for start in starts
    ]  # fmt: skip
    return min(found)


def regret(losses_of, law, top=0, j=1):
    assert law[top] == np.max(law)
    return least(losses_of, law, j) - least(losses_of, law, None)


def laws_at(n, t, count):
    """A grid of laws with max p - p_j = t, label 0 the likeliest and label 1 the predicted one."""
    if n == 2:
        return [np.array([(1 + t) / 2, (1 - t) / 2])]
    found = []
    for low in np.linspace(0, (1 - t) / 2, count):
        rest = 1 - t - 2 * low
        for share in np.linspace(0.5, 1, 1 if n == 3 else 3):
            law = np.array([low + t, low, rest] if n == 3 else [low + t, low, rest * share, rest * (1 - share)])
            if np.max(law) <= law[0] + 1e-12:
                found.append(np.append(law, np.zeros(n - law.size)))
    return found


@pytest.mark.parametrize(
    "name, losses_of, n",
    [
        pytest.param(name, f, n, id=f"{name}-{n}", marks=[pytest.mark.slow] if n == 4 and "ova" not in name else [])
        for name, f, sizes in SMOOTH
        for n in sizes
    ],
)
def test_smooth_losses_by_slsqp_over_raw_scores(name, losses_of, n):
    """The least regret of a grid of laws is T, within 1e-5: scores are kept to [-14, 14], exp(-14) = 8e-7."""
    T = sharp(name, n_classes=n)
    labels = [(0, 1)] if losses.get(name).properties["symmetric"] else [(0, 1), (0, 2), (2, 0), (1, 0)]
    for t in (0.25, 0.6, 0.9):
        regrets = []
        for law in laws_at(n, t, 9 if n < 4 else 5):
            for first, second in labels:  # a permutation that puts the pair there
                others = [k for k in range(n) if k not in (first, second)]
                placed = np.empty(n)
                placed[[first, second, *others]] = law
                regrets.append(regret(losses_of, placed, first, second))
        assert min(regrets) == pytest.approx(float(T.raw(t)), abs=1e-5)


# --- hinges by linear programs, the max losses by margins ------------------------------------------------------------


def hinge_program(family, law, forced):
    """min sum_r w_r max(0, 1 - a_r . h) as a linear program over (h, xi)."""
    n = law.size
    eye = np.eye(n)
    if family == "sum":
        forms = [(law[y], eye[y] - eye[k]) for y in range(n) for k in range(n) if k != y]
    else:
        forms = [(1 - law[k], -eye[k]) for k in range(n)]
    w = np.array([x for x, _ in forms])
    a = np.array([x for _, x in forms])
    m = w.size
    rows = [np.hstack([-a, -np.eye(m)])]
    right = [-np.ones(m)]
    if forced is not None:
        order = np.delete(eye, forced, axis=0) - eye[forced]
        rows.append(np.hstack([order, np.zeros((n - 1, m))]))
        right.append(np.zeros(n - 1))
    equal = np.hstack([np.ones(n), np.zeros(m)])[None]
    bounds = [(-50, 50)] * n + [(0, None)] * m
    found = linprog(np.append(np.zeros(n), w), np.vstack(rows), np.concatenate(right), equal, [0.0], bounds)
    return found.fun


@pytest.mark.parametrize("family, n", [("sum", 2), ("sum", 3), ("constrained", 2), ("constrained", 3),
                                       ("constrained", 4)])  # fmt: skip
def test_hinges_by_linear_programs(family, n):
    """At vertices of the hull (where raw T and hull meet) and between; the hull lies below everywhere."""
    T = sharp(f"{family}-hinge", n_classes=n)
    for t in (1 / 6, 1 / 3, 0.5, 0.7, 1.0):
        found = min(hinge_program(family, law, 1) - hinge_program(family, law, None) for law in laws_at(n, t, 37))
        assert found >= float(T(t)) - 1e-9
        if T.raw_side is Side.EXACT or n == 2:
            assert found == pytest.approx(float(T.raw(t)), abs=2e-2 * n)  # the grid of laws has steps of up to 1/72
    assert T(1.0) == (1.0 if family == "sum" else n / 2)  # one sure label that ties with another, by hand


def max_risk(phi, slope, law, forced):
    """Over scores and margins m_y <= h_y - h_k, of which the risk takes the largest: smooth and convex."""
    n = law.size
    rows = []
    for y, k in product(range(n), range(n)):
        if y != k:
            row = np.zeros(2 * n)
            row[y], row[k], row[n + y] = 1, -1, -1
            rows.append(row)
    if forced is not None:
        for k in range(n):
            if k != forced:
                row = np.zeros(2 * n)
                row[forced], row[k] = 1, -1
                rows.append(row)
    rows = np.array(rows)
    found = []
    for start in (0.0, 0.5):
        h = np.zeros(n)
        h[np.argmax(law) if forced is None else forced] = start
        m = np.array([h[y] - np.max(np.delete(h, y)) for y in range(n)])
        found.append(
            minimize(lambda z: law @ phi(z[n:]), np.append(h, m), method="SLSQP",
                     jac=lambda z: np.append(np.zeros(n), law * slope(z[n:])), bounds=[(-14, 14)] * (2 * n),
                     constraints=[{"type": "ineq", "fun": lambda z: rows @ z, "jac": lambda z: rows}],
                     options={"ftol": 1e-14, "maxiter": 400}).fun
        )  # fmt: skip
    return min(found)


@pytest.mark.parametrize(
    "name, phi, slope",
    [
        ("max-logistic", LOGISTIC, lambda u: -1 / (1 + np.exp(np.clip(u, -30, 30)))),
        ("max-exponential", EXPONENTIAL, lambda u: -np.exp(-u)),
        ("max-squared-hinge", SQUARED_HINGE, lambda u: -2 * np.maximum(0, 1 - u)),
        ("max-hinge", lambda u: np.maximum(0, 1 - u), lambda u: -1.0 * (u < 1)),
    ],
)
@pytest.mark.parametrize("n", [2, 3, 4])
def test_max_losses_by_their_margins(name, phi, slope, n):
    T = sharp(name, n_classes=n)
    if name == "max-hinge":  # smoothed a little, for SLSQP
        phi, slope = (lambda u: np.logaddexp(0, 300 * (1 - u)) / 300,
                      lambda u: -1 / (1 + np.exp(np.clip(300 * (u - 1), -600, 600))))  # fmt: skip
    for t in (0.3, 0.5, 0.7, 0.95):
        regrets = [max_risk(phi, slope, law, 1) - max_risk(phi, slope, law, None) for law in laws_at(n, t, 13)]
        assert min(regrets) >= float(T.raw(t)) - (1e-2 if name == "max-hinge" else 2e-6)
        # T(t) - T(t - 1/24) is what the grid of laws may miss
        assert min(regrets) <= float(T.raw(min(1.0, t + 1 / 24))) + (1e-2 if name == "max-hinge" else 1e-5)


# --- rho-margins in exact arithmetic ---------------------------------------------------------------------------------


def ramp(u):
    return min(Fraction(1), max(Fraction(0), 1 - u))


def exact_losses(family, h):
    n = len(h)
    if family == "sum":
        return [sum(ramp(h[y] - h[k]) for k in range(n) if k != y) for y in range(n)]
    if family == "max":
        return [ramp(h[y] - max(h[k] for k in range(n) if k != y)) for y in range(n)]
    return [sum(ramp(-h[k]) for k in range(n) if k != y) for y in range(n)]


@pytest.mark.parametrize("family", ["sum", "max", "constrained"])
@pytest.mark.parametrize("n", [2, 3])
def test_rho_margins_in_fractions(family, n):
    """Scores on a lattice that holds all corners of the pieces (thirds, halves and whole margins): T(t) = t exactly."""
    step = Fraction(1, 6) if family == "constrained" else Fraction(1)
    grid = [step * k for k in range(-12, 13)] if family == "constrained" else [Fraction(k) for k in range(n + 1)]
    scores = [h for h in product(grid, repeat=n) if family != "constrained" or sum(h) == 0]
    costs = [(h, exact_losses(family, h)) for h in scores]
    for t in (Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)):
        regrets = []
        for low in {Fraction(0), (1 - t) / 3, (1 - t) / 2} if n == 3 else {(1 - t) / 2}:
            law = (low + t, low, 1 - t - 2 * low)[:n]
            if max(law) == law[0]:
                risks = [(h, sum(p * c for p, c in zip(law, cost))) for h, cost in costs]
                forced = min(r for h, r in risks if h[1] == max(h))
                regrets.append(forced - min(r for _, r in risks))
        assert min(regrets) == t
    name = f"{family}-rho-margin:rho=1"
    assert sharp(name, n_classes=n)(0.1) == pytest.approx(0.1, rel=1e-15)


def test_the_reported_form_of_the_sum_squared_hinge_is_false():
    """n = 3: t^2 is above the regret .0020495 at t = .05 of p = (.522375, .472375, .00525) (specification)."""
    law = np.array([0.522375, 0.472375, 0.00525])
    assert regret(pairwise(SQUARED_HINGE), law) == pytest.approx(0.0020495, abs=1e-6)
