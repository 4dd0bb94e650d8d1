"""The closed forms of further losses against direct searches over laws and scores; nothing of the package's is used.

Losses, their least risks and the stated curves are written out here.  A law is searched through the softmax vector that
is optimal for it (comp-sum losses: p proportional to -1/psi'(s)) or directly; SLSQP starts from structured and random
points; each end point is made exactly feasible and compared at its own gap.
"""

import numpy as np
import pytest
from scipy.optimize import minimize

BELOW, REACH = 1e-8, 1e-6
FAR = 25.0
"""Scores are searched in [-FAR, 0], label 2 at 0: what is left of the limit to infinity is about exp(-FAR)."""


def logistic(t):
    """T_CE, by numpy."""
    t = np.minimum(t, 1.0)
    return ((1 + t) * np.log1p(t) + np.where(t < 1, (1 - t) * np.log1p(-np.minimum(t, 1 - 1e-16)), 0.0)) / 2


def xlog(p, q):
    """p log q with 0 log 0 = 0."""
    return np.where(p > 0, p * np.log(np.where(p > 0, q, 1.0)), 0.0)


def softmax(h):
    e = np.exp(h - h.max())
    return e / e.sum()


class CompSum:
    """psi(softmax of the label); the variable behind a law is the softmax vector that is optimal for it."""

    def __init__(self, psi, weight):
        self.psi, self.weight = psi, weight

    def law(self, u):
        s = u / u.sum()
        g = self.weight(s)
        p = g / g.sum()
        return p, float(np.sum(p * self.psi(s)))

    def risk(self, p, h):
        return float(np.sum(p * self.psi(softmax(h))))

    def curve(self, t):
        """The two-label curve: bisection for the score s of label 1 whose law ((1+t)/2, (1-t)/2) it is optimal for."""
        low, high = 0.5, 1.0
        for _ in range(200):
            s = (low + high) / 2
            a, b = self.weight(np.array([s, 1 - s]))
            low, high = (s, high) if (a - b) / (a + b) < t else (low, s)
        p = np.array([(1 + t) / 2, (1 - t) / 2])
        return float(self.psi(np.array([0.5]))[0] - np.sum(p * self.psi(np.array([s, 1 - s]))))


def focal(gamma):
    def psi(s):
        return (1 - s) ** gamma * -np.log(s)

    def weight(s):
        return s / ((1 - s) ** gamma * (1 + gamma * s * -np.log(s) / (1 - s)))

    return CompSum(psi, weight)


def poly(eps):
    return CompSum(lambda s: -np.log(s) + eps * (1 - s), lambda s: s / (1 + eps * s))


class Direct:
    """A loss given by its risk, its least risk and the stated curve; laws are searched directly."""

    def __init__(self, risk, least, curve):
        self.risk, self.least, self.curve = risk, least, curve

    def law(self, u):
        p = u / u.sum()
        return p, float(self.least(p))


def entmax(alpha):
    """Omega^*(h) - <p, h>; its maximiser is q_i = ((alpha-1) h_i - tau)_+^(1/(alpha-1)), tau by bisection."""

    def risk(p, h):
        a = alpha - 1
        low, high = a * h.max() - 1, a * h.max()
        for _ in range(80):
            tau = (low + high) / 2
            q = np.maximum(a * h - tau, 0) ** (1 / a)
            low, high = (tau, high) if q.sum() > 1 else (low, tau)
        q = q / q.sum()
        return float(q @ h - (np.sum(q**alpha) - 1) / (alpha * a) - p @ h)

    def least(p):
        return (1 - np.sum(p**alpha)) / (alpha * (alpha - 1))

    def curve(t):
        return ((1 + t) ** alpha + (1 - t) ** alpha - 2) / (2**alpha * alpha * (alpha - 1))

    return Direct(risk, least, curve)


def one_versus_all():
    return Direct(
        lambda p, h: float(np.sum(np.logaddexp(0, h)) - p @ h),
        lambda p: -np.sum(xlog(p, p) + xlog(1 - p, 1 - p)),
        lambda t: 2 * logistic(t),
    )


def sum_logistic():
    def risk(p, h):
        terms = np.logaddexp(0, h[None, :] - h[:, None])
        np.fill_diagonal(terms, 0)
        return float(p @ terms.sum(axis=1))

    def least(p):
        return -sum(float(xlog(a, a / (a + b + 1e-300)) + xlog(b, b / (a + b + 1e-300)))
                    for k, a in enumerate(p) for b in p[:k])  # fmt: skip

    return Direct(risk, least, logistic)


def smoothed(eps, n):
    def target(p):
        return (1 - eps) * p + eps / n

    mass = 1 - (n - 2) * eps / n
    return Direct(
        lambda p, h: float(target(p) @ -np.log(softmax(h))),
        lambda p: -np.sum(target(p) * np.log(target(p))),
        lambda t: mass * logistic((1 - eps) * t / mass),
    )


def weighted(w):
    """Cross-entropy with weights; labels 1 and 2 carry the least and the largest one."""

    def curve(t):
        u, v = w[0] * (1 + t) / 2, w[1] * (1 - t) / 2
        return float(xlog(u, 2 * u / (u + v)) + xlog(v, 2 * v / (u + v))) if u > v else 0.0

    return Direct(
        lambda p, h: float((w * p) @ -np.log(softmax(h))),
        lambda p: -np.sum(xlog(w * p, w * p / (w @ p))),
        curve,
    )


LOSSES = {
    **{f"focal {g:g}": (lambda n, g=g: focal(g)) for g in (0.03, 0.5, 2.0, 5.0, 8.0)},
    **{f"poly {e:g}": (lambda n, e=e: poly(e)) for e in (0.5, 2.0)},
    **{f"entmax {a:g}": (lambda n, a=a: entmax(a)) for a in (1.5, 2.0)},
    "one-versus-all": lambda n: one_versus_all(),
    "sum-logistic": lambda n: sum_logistic(),
    "smoothing 0.3": lambda n: smoothed(0.3, n),
    "weights": lambda n: weighted(np.array([1.0, 3.0, 2.0, 1.5][:n])),
}


# --- the search --------------------------------------------------------------------------------------------------


def starts(n, t, count, rng):
    """(u, h): laws with m tied labels, two-label laws, and random ones."""
    for m in range(2, n + 1):
        u, h = np.full(n, 1e-7), np.full(n, -FAR)
        u[:m], h[:m] = 1 / m, 0.0
        u[0], u[1] = (1 + t) / m, (1 - t) / m + 1e-7
        yield u, h
    for _ in range(count):
        yield rng.dirichlet(np.ones(n)), -3 * rng.random(n)


def brute_force(loss, n, t, count, seed=0):
    """(gap, regret) at every end point."""

    def split(z):
        return np.maximum(z[:n], 1e-12), np.append(z[n : n + 1], np.append(0.0, z[n + 1 :]))

    def objective(z):
        p, least = loss.law(split(z)[0])
        return loss.risk(p, split(z)[1]) - least

    def gap(z):
        p = loss.law(split(z)[0])[0]
        return p[0] - p[1] - t

    def order(z):
        p = loss.law(split(z)[0])[0]
        return p[0] - p[2:]

    constraints = [
        {"type": "eq", "fun": lambda z: z[:n].sum() - 1},
        {"type": "eq", "fun": gap},
        {"type": "ineq", "fun": order},
    ]
    bounds = [(1e-9, 1)] * n + [(-FAR, 0)] * (n - 1)
    rng, ends = np.random.default_rng(seed), []
    for u, h in starts(n, t, count, rng):
        z = np.concatenate([u / u.sum(), h[:1] * 0 if h[0] > -1 else h[:1], h[2:]])
        found = minimize(objective, z, method="SLSQP", bounds=bounds, constraints=constraints,
                         options={"maxiter": 150, "ftol": 1e-14}).x  # fmt: skip
        for point in (z, found):
            p, _ = loss.law(split(point)[0])
            ends.append((float(p.max() - p[1]), objective(point)))
    return ends


def check(name, n, t, count, scale=1.0):
    """(never below the curve, reaches it near t), each end point at its own gap."""
    loss = LOSSES[name](n)
    ends = brute_force(loss, n, t, count)
    below = all(r >= scale * loss.curve(gap) - BELOW for gap, r in ends)
    near = [r - scale * loss.curve(gap) for gap, r in ends if abs(gap - t) < 1e-2]
    return below, bool(near) and bool(min(abs(x) for x in near) <= REACH)


@pytest.mark.parametrize("name", LOSSES)
def test_never_below_and_reached(name):
    assert check(name, 3, 0.45, 3) == (True, True)


@pytest.mark.slow
@pytest.mark.parametrize("n", [3, 4])
@pytest.mark.parametrize("name", LOSSES)
def test_never_below_and_reached_on_a_grid(name, n):
    for t in (0.1, 0.3, 0.6, 0.9):
        assert check(name, n, t, 8) == (True, True), t


@pytest.mark.parametrize("name", ["focal 2", "entmax 1.5", "smoothing 0.3"])
def test_negative_controls(name):
    """One per cent more is undercut, one per cent less is not reached."""
    assert check(name, 3, 0.45, 0, scale=1.01)[0] is False
    assert check(name, 3, 0.45, 0, scale=0.99)[1] is False


def test_the_search_undercuts_the_two_label_curve_where_it_is_not_sharp():
    """poly-1 beyond sqrt 6, and entmax beyond alpha = 2 with its coefficient 1/(4 n) at zero."""
    loss = poly(6.0)
    assert min(r - loss.curve(gap) for gap, r in brute_force(loss, 3, 0.2, 0)) < -1e-3
    for n in (3, 5):
        ends = [(gap, r) for gap, r in brute_force(entmax(3.0), n, 0.05, 1) if abs(gap - 0.05) < 1e-2]
        # between ((1 - (n-1)t)/n) t^2/4 and (1/n + t/2) t^2/4, as stated for alpha = 3
        least = min(4 * r / gap**2 for gap, r in ends)
        assert (1 - (n - 1) * 0.06) / n <= least <= 1 / n + 0.03


# --- least risks and optimal scores, by minimising over the scores ------------------------------------------------


def least_risk(loss, p):
    """The minimum over scores with the last one at 0 where only differences count, by BFGS and then Nelder-Mead."""
    found = minimize(lambda h: loss.risk(p, h), np.zeros(p.size), method="BFGS", options={"gtol": 1e-9})
    again = minimize(lambda h: loss.risk(p, h), found.x, method="Nelder-Mead",
                     options={"xatol": 1e-9, "fatol": 1e-14, "maxiter": 4000})  # fmt: skip
    return min(found.fun, again.fun)


@pytest.mark.parametrize("name", LOSSES)
def test_the_least_risk_is_the_one_used_in_the_search(name):
    loss, rng = LOSSES[name](3), np.random.default_rng(5)
    for _ in range(2):
        p, least = loss.law(0.05 + rng.dirichlet(np.ones(3)))
        assert least_risk(loss, p) == pytest.approx(least, abs=1e-7)
