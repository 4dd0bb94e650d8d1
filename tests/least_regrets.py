"""Least regrets by brute force, with no theory: optimisers over the scores inside optimisers over the laws.

For a law p, C_2(p) and H(p) are minima over scores of <p, l(h)>, with label 2 on top and without; losses and their
gradients are written out here, and nothing of hconsist is imported.  Smooth losses: L-BFGS-B over scores, SLSQP over
laws with the gradient l(h*) - l(u*).  Piecewise linear ones: linear programs over scores, Nelder-Mead over laws.
Starts are random: even, sparse and nearly uniform laws; the best ends are shaken and descend again.
"""

import numpy as np
from scipy.optimize import linprog, minimize

FAR = 60.0
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)


# --- losses: costs l(h, y) of all labels ``(n,)`` and their derivatives ``(n, n)``, row y ---------------------------


def comp_sum(psi, slope):
    """psi(softmax(h)_y)."""

    def costs(h):
        s = np.exp(h - h.max())
        s = np.maximum(s / s.sum(), 1e-300)
        return psi(s), (slope(s) * s)[:, None] * (np.eye(h.size) - s)

    return costs


def power(tau):
    al = tau - 1
    if al == 0:
        return comp_sum(lambda s: -np.log(s), lambda s: -1 / s)
    return comp_sum(lambda s: (1 - s**al) / al, lambda s: -(s ** (al - 1)))


def focal(gamma):
    def slope(s):
        return gamma * (1 - s) ** (gamma - 1) * np.log(s) - (1 - s) ** gamma / s

    return comp_sum(lambda s: -((1 - s) ** gamma) * np.log(s), slope)


def label_smoothing(eps):
    def costs(h):
        n = h.size
        s = np.exp(h - h.max())
        s /= s.sum()
        target = (1 - eps) * np.eye(n) + eps / n
        return -target @ np.log(np.maximum(s, 1e-300)), s - target

    return costs


EXPONENTIAL = (lambda u: np.exp(-u), lambda u: -np.exp(-u))
LOGISTIC = (lambda u: np.logaddexp(0, -u), lambda u: -1 / (1 + np.exp(np.minimum(u, 700))))
SQUARED_HINGE = (lambda u: np.maximum(0, 1 - u) ** 2, lambda u: -2 * np.maximum(0, 1 - u))


def summed(phi):
    """sum over k != y of Phi(h_y - h_k)."""
    value, slope = phi

    def costs(h):
        off = 1 - np.eye(h.size)
        u = h[:, None] - h
        terms = slope(u) * off
        return (value(u) * off).sum(axis=1), np.diag(terms.sum(axis=1)) - terms

    return costs


def constrained(phi):
    """sum over k != y of Phi(-h_k), h less its mean."""
    value, slope = phi

    def costs(h):
        n = h.size
        off = 1 - np.eye(n)
        g = h - h.mean()
        terms = -off * slope(-g)
        return off @ value(-g), terms - terms.mean(axis=1, keepdims=True)

    return costs


def one_versus_all(phi):
    """Phi(h_y) + sum over k != y of Phi(-h_k)."""
    value, slope = phi

    def costs(h):
        off = 1 - np.eye(h.size)
        return value(h) + off @ value(-h), np.diag(slope(h)) - off * slope(-h)

    return costs


def squentropy(h):
    n = h.size
    s = np.exp(h - h.max())
    s /= s.sum()
    off = 1 - np.eye(n)
    return -np.log(np.maximum(s, 1e-300)) + off @ h**2 / (n - 1), s - np.eye(n) + 2 * off * h / (n - 1)


def entmax(alpha):
    """Omega*(h) + Omega(e_y) - h_y, Omega(p) = sum (p^alpha - p)/(alpha (alpha - 1)): its prediction by bisection."""

    def costs(h):
        low, high = h.max() - 1 / (alpha - 1), h.max()
        for _ in range(60):
            middle = (low + high) / 2
            p = np.maximum((alpha - 1) * (h - middle), 0) ** (1 / (alpha - 1))
            low, high = (middle, high) if p.sum() > 1 else (low, middle)
        p /= p.sum()
        return p @ h - np.sum(p**alpha - p) / (alpha * (alpha - 1)) - h, p - np.eye(h.size)

    return costs


# --- the smooth ones ------------------------------------------------------------------------------------------------


def least_scores(costs, p, forced):
    """(minimum, costs there) of <p, l(h)>; label 2 on top if forced.  Scores are h_2 and how far the others lag."""
    n = p.size
    others = np.delete(np.arange(n), 1)

    def scores(z):
        h = np.full(n, z[0])
        h[others] -= z[1:]
        return h

    def objective(z):
        values, slopes = costs(scores(z))
        g = p @ slopes
        return p @ values, np.concatenate([[g.sum()], -g[others]])

    bounds = [(-FAR, FAR)] + [(0 if forced else -FAR, FAR)] * (n - 1)
    lag = np.log((p[1] + 1e-3) / (p[others] + 1e-3))
    # a risk that is not convex in the scores has several minima: the best of some multiples of the log law, to start
    starts = [np.concatenate([[0.0], np.maximum(scale * lag, 0) if forced else scale * lag]) for scale in SCALES]
    start = min(starts, key=lambda z: objective(z)[0])
    options = {"ftol": 1e-16, "gtol": 1e-11, "maxiter": 600, "maxfun": 2000, "maxcor": 30}
    z = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    z = minimize(objective, z, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    values = costs(scores(z))[0]
    return float(p @ values), values


def regret(costs, p):
    """C_2(p) - H(p) and its gradient in p."""
    top, v = least_scores(costs, p, True)
    least, u = least_scores(costs, p, False)
    return top - least, v - u


def least_regret(costs, n, t, starts, seed):
    """The least regret found among laws with p_1 largest and p_1 - p_2 = t, and its law."""
    rng = np.random.default_rng(seed)
    if n == 2:
        p = np.array([(1 + t) / 2, (1 - t) / 2])
        return regret(costs, p)[0], p

    def law(z):
        half = (1 - z.sum()) / 2
        return np.concatenate([[half + t / 2, half - t / 2], z])

    def objective(z):
        value, g = regret(costs, np.maximum(law(z), 0))
        return value, g[2:] - (g[0] + g[1]) / 2

    rows = np.vstack([-np.ones(n - 2), -np.eye(n - 2) - 0.5])
    right = np.concatenate([[1 - t], np.full(n - 2, (1 + t) / 2)])
    constraint = {"type": "ineq", "fun": lambda z: rows @ z + right, "jac": lambda z: rows}

    def descend(z):
        options = {"ftol": 1e-14, "maxiter": 150}
        bounds = [(0, 1)] * (n - 2)
        found = minimize(
            objective, z, jac=True, method="SLSQP", bounds=bounds, constraints=[constraint], options=options
        )
        return min((checked(x) for x in (z, found.x, np.where(found.x < 1e-6, 0, found.x))), key=lambda pair: pair[0])

    def checked(z):
        p = law(np.clip(z, 0, 1))
        if p[1] < -1e-12 or p[0] < p.max() - 1e-12:
            return np.inf, z
        return regret(costs, np.maximum(p, 0))[0], z

    ends = []
    for k in range(starts):
        weight = rng.dirichlet(np.full(n - 1, (0.3, 1.0, 30.0)[k % 3]))
        if k % 3 == 0:
            weight *= rng.random(n - 1) < 0.6
            weight[0] += 1e-3
        q = (1 - t) * weight / (weight.sum() + weight[0])
        q[1:] = np.minimum(q[1:], q[0] + t)
        ends.append(descend(q[1:] * (1 - t) / max(2 * q[0] + q[1:].sum(), 1e-12)))
    ends.sort(key=lambda pair: pair[0])
    for _, z in list(ends[:2]):
        for size in (1e-1, 1e-2):
            ends.append(descend(np.clip(z * (1 + size * rng.normal(size=n - 2)), 0, 1)))
    best = min(ends, key=lambda pair: pair[0])
    return best[0], law(best[1])


# --- the piecewise linear ones: hinges ------------------------------------------------------------------------------


def hinges(family, n):
    """Each cost l(h, y) is a sum of max(0, 1 - a . h): the forms a of all labels; max-hinge has the largest instead."""
    eye = np.eye(n)
    centred = eye - 1 / n
    if family in ("sum", "max"):
        return [[eye[y] - eye[k] for k in range(n) if k != y] for y in range(n)]
    if family == "constrained":
        return [[-centred[k] for k in range(n) if k != y] for y in range(n)]
    return [[eye[y]] + [-eye[k] for k in range(n) if k != y] for y in range(n)]


def least_hinge(family, p, forced):
    """The least <p, l(h)> as a linear program in h and one slack for each hinge, or for each label."""
    n = p.size
    forms = hinges(family, n)
    slacks = [y if family == "max" else None for y in range(n) for _ in forms[y]]
    count = n if family == "max" else len(slacks)
    rows, weight = np.zeros((len(slacks), n + count)), np.zeros(n + count)
    for r, (y, form) in enumerate([(label, form) for label in range(n) for form in forms[label]]):
        s = n + (y if family == "max" else r)
        rows[r, :n], rows[r, s] = -form, -1
        weight[s] = p[y]
    limits = -np.ones(len(slacks))
    if forced:
        order = np.hstack([np.delete(np.eye(n), 1, axis=0) - np.eye(n)[1], np.zeros((n - 1, count))])
        rows, limits = np.vstack([rows, order]), np.concatenate([limits, np.zeros(n - 1)])
    return linprog(weight, rows, limits, bounds=[(-4 * n, 4 * n)] * n + [(0, None)] * count).fun


def least_hinge_regret(family, n, t, starts, seed):
    """The least regret of a hinge loss, by Nelder-Mead over laws."""
    rng = np.random.default_rng(seed)

    def value(z):
        z = np.abs(z)
        half = (1 - z.sum()) / 2
        p = np.concatenate([[half + t / 2, half - t / 2], z])
        broken = max(0, -p[1]) + max(0, p.max() - p[0])
        if broken > 0:
            return 10 + broken
        return least_hinge(family, p, True) - least_hinge(family, p, False)

    if n == 2:
        return value(np.zeros(0))
    best = np.inf
    for k in range(starts):
        weight = rng.dirichlet(np.full(n - 1, (0.3, 1.0, 10.0)[k % 3]))
        z = (1 - t) * weight[1:] / (1 + weight[0])
        options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 200 * n}
        best = min(best, minimize(value, z, method="Nelder-Mead", options=options).fun)
    return best
