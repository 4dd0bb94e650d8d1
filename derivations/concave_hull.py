"""Theorem 8: mean absolute error and tau > 2, the hull of explicit vertices (derived here).

Here be = tau - 1 >= 1 and psi is concave, so every minimum over a polytope sits at an extreme point.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import combinations, product

import sympy as sp

from hconsist.evidence import Evidence, Level, Verdict
from hconsist.steps import Checked, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "mae_evidence", "mae_inverse_evidence", "slope_evidence"]

STATEMENT = (
    r"For $\tau \ge 2$, with $\beta = \tau - 1$, the convex hull of the sharp transformation for $n$ labels has its "
    r"vertices among $(0,0)$ and $(1/k, (1 - \max_m (m-1) m^{-\beta})/(k \beta))$, $2 \le m \le k+1 \le n$. Mean "
    r"absolute "
    r"error: the vertices are $(1/k, 1/(k(k+1)))$, so that $T_n(t) \ge t^2/(1+t)$ for every $n$. $\tau \ge 3$: the "
    r"hull is "
    r"$t (1 - 2^{1-\tau})/(\tau-1)$."
)

k = sp.Symbol("k", positive=True)
ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))


def build() -> Derivation:
    """The chain for Theorem 8; nothing is checked before ``run``."""
    steps = (*_vertices(), *_mean_absolute(), *_inverse(), *_raw(), *_steep(), _control())
    return Derivation("concave_hull", "Theorem 8: mean absolute error and tau > 2", STATEMENT, steps)


def mae_evidence() -> Evidence:
    """The vertices for mean absolute error, and T >= t^2/(1+t)."""
    return _part("mae-hull", *_vertices(), *_mean_absolute(), *_raw())


def mae_inverse_evidence() -> Evidence:
    """Mean absolute error: t <= min(n b, (b + sqrt(b^2 + 4b))/2) at surrogate regret b."""
    return _part("mae-bound", *_vertices(), *_mean_absolute(), *_inverse())


def slope_evidence() -> Evidence:
    """tau >= 3: the hull is the line with slope (1 - 2^(1-tau))/(tau-1)."""
    return _part("slope-from-three", *_vertices(), *_steep())


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of Theorem 8", STATEMENT, steps).run()


def _vertices() -> tuple[Step, ...]:
    s, size, inside = sp.symbols("s q P", positive=True)
    x, y = sp.symbols("x y", nonnegative=True)
    be = 1 + x
    n = sp.Symbol("n", integer=True, positive=True)
    return (
        Sign("psi is concave", le(sp.Derivative((1 - s**be) / be, s, 2), 0), form=x * s ** (be - 2),
             text=r"$\psi(s) = (1 - s^\beta)/\beta$ with $\beta = 1 + x$: a concave function on a polytope is "
                  r"least at an "
                  r"extreme point."),
        Words("Extreme points", text=r"Of the simplex with $s_j$ maximal: at an extreme point $n - 1$ of the "
                                     r"constraints "
              r"$s_i \ge 0$, $s_i \le s_j$ ($i \ne j$) are active, and not both for one $i$, as that forces $s_j = "
              r"0$ and "
              r"$s = 0$. So each $s_i$ is 0 or $s_j$: $s$ is uniform on a set $A$ that contains $j$. Of the "
              r"simplex itself: the labels."),
        Checked("Extreme points, enumerated", (le(n, 6),), _enumerate_extreme,
                method="exact enumeration", control=True,
                text=r"All choices of $n-1$ active constraints, solved in fractions."),
        Identity("Cost of a uniform point", (1 - inside) / be + inside * (1 - size ** (-be)) / be,
                 (1 - inside * size ** (-be)) / be,
                 text=r"$q$ labels in $A$, of mass $P$: $C_j(p) = (1 - \max_A P(A) |A|^{-\beta})/\beta$ over the sets "
                      r"that contain $j$, $H(p) = (1 - \max p)/\beta$."),
        Words("Laws", text=r"On the laws whose largest entry is $p_1$, $\beta R = p_1 - \max_A P(A)|A|^{-\beta}$ "
                           r"is concave "
              r"and $t = p_1 - p_j$ is linear, so for every slope $c$ the least $R - ct$ is at an extreme point: $p$ "
              r"uniform on $k$ labels $B$ that contain label 1, by the same count of constraints. The least values "
              r"for all slopes are those of the hull."),
        Monotone("If j is in B, R = 0", -((1 + y) ** (-x)), y,
                 text=r"$t = 0$. A set of $q = 1 + y$ labels has $P(A) q^{-\beta} \le q^{1-\beta}/k \le 1/k$, "
                      r"attained by $A = \{j\}$."),
        Identity("If j is not in B", (1 / k - ((size - 1) / k) * size ** (-be)) / be,
                 (1 - (size - 1) * size ** (-be)) / (k * be),
                 text=r"$t = 1/k$. The best $A$ holds $j$ and $m - 1$ labels of $B$, none else: $q = m \le k + 1$."),
        Checked("The hull, enumerated", (le(n, 6),), _enumerate_hull, method="exact enumeration",
                control=True, text=r"$\tau = 2, 3, 4$: all laws uniform on a set and all pools, in fractions; the "
                                   r"lower hull "
                r"has the vertices stated."),
    )  # fmt: skip


def _mean_absolute() -> tuple[Step, ...]:
    m, t, n = sp.symbols("m t n", positive=True)
    x = sp.Symbol("x", nonnegative=True)
    curve = t**2 / (1 + t)
    return (
        Sign("tau = 2: the largest pool is best", gt(m / (m + 1), (m - 1) / m), form=1 / (m * (m + 1)),
             text=r"So $m = k + 1$."),
        Identity("tau = 2: vertices", (1 - k / (k + 1)) / k, 1 / (k * (k + 1))),
        Identity("They lie on one curve", curve.subs(t, 1 / k), 1 / (k * (k + 1)), text=r"$t^2/(1+t)$ at $t = 1/k$."),
        Sign("The curve is strictly convex", gt(sp.Derivative(curve, t, 2), 0), form=2 / (1 + t) ** 3,
             text=r"Hence each of these points is a vertex of the hull, and the hull lies above the curve: "
                  r"$T_n(t) \ge t^2/(1+t)$ for every $n$."),
        Sign("The curve starts at the origin and grows", gt(sp.Derivative(curve, t), 0),
             form=t * (t + 2) / (1 + t) ** 2),
        Identity("Slope at zero", sp.UnevaluatedExpr(1 / (k * (k + 1))) / (1 / k), 1 / (k + 1),
                 text=r"For $k = n - 1$ it is $1/n$."),
        Sign("No vertex is below that line", ge(1 / (k + 1), 1 / n), put={n: k + 1 + x}, form=x / (n * (k + 1)),
             text=r"$k + 1 \le n$: $T_n(t) \ge t/n$."),
    )  # fmt: skip


def _inverse() -> tuple[Step, ...]:
    b, n, t = sp.symbols("b n t", positive=True)
    x = sp.Symbol("x", nonnegative=True)
    root = (b + sp.sqrt(b**2 + 4 * b)) / 2
    return (
        Identity("Inverse of the curve", root**2, b * (1 + root),
                 text=r"The root $t_b$ has $t_b^2/(1+t_b) = b$; the curve grows, so $t^2/(1+t) \le b$ gives $t \le "
                      r"t_b$."),
        Sign("Inverse of the line", ge(n * b, t), put={b: t / n + x}, form=n * x,
             text=r"$b \ge t/n$. Together $t \le \min(n b, (b + \sqrt{b^2+4b})/2)$."),
    )  # fmt: skip


def _raw() -> tuple[Step, ...]:
    t, m = sp.symbols("t m", positive=True)
    gain, low, x = sp.symbols("R p_j x", nonnegative=True)
    top = (1 + t) / m
    y = (1 - t) / (m - 2)
    slack = sp.Symbol("y", positive=True)
    return (
        Given("The raw curve at tau = 2", text=r"$R = p_1 - d$ with $d$ the largest mean over a pool of $m$ labels "
                                               r"that "
              r"contains $j$. Claim: $T_n(t) = \min_m \max(t/m, t - 1/m)$ over $2 \le m \le n$."),
        Sign("Below: R >= t - 1/m", ge(low + t - (1 / m - x), t - 1 / m), form=low + x,
             text=r"$p_1 = p_j + t$, and $m d \le 1$: $d = 1/m - x$."),
        Identity("Below: R >= t/m", gain + (m - 1) * gain - x, m * gain - x,
                 text=r"$t = (p_1 - d) + (d - p_j)$, where $p_1 - d = R$ and $d - p_j = (m-1) R - x$, as the other "
                      r"$m - 1$ "
                      r"labels of the pool are at most $p_1$: $t = mR - x$ with $x \ge 0$."),
        Identity("Above, t at most 1/(m-1): a law", (m - 1) * top + (top - t), 1, text=r"$p = (x_t, ..., x_t, x_t "
                                                                                       r"- t)$ on $m$ "
                 r"labels, $x_t = (1+t)/m$."),
        Sign("Its last entry is nonnegative", ge(top - t, 0), put={m: 1 + slack, t: 1 / (slack + x)},
             form=x / ((1 + slack) * (slack + x))),
        Identity("Its regret", top - 1 / m, t / m),
        Sign("There t/m is the larger", ge(t / m, t - 1 / m), put={m: 1 + slack, t: 1 / (slack + x)},
             form=x / ((1 + slack) * (slack + x))),
        Identity("Above, t at least 1/(m-1): a law", t + (m - 2) * slack, 1, put={slack: y},
                 text=r"$p = (t, y, ..., y, 0)$ with $m - 2$ entries $y$; its mean is $1/m$, so the regret is at most "
                      r"$t - 1/m$."),
        Sign("Its first entry is the largest", ge(t, y), put={m: 2 + slack, t: 1 / (slack + 1) + x},
             form=x * (slack + 1) / slack),
        Sign("There t - 1/m is the larger", ge(t - 1 / m, t / m), put={m: 2 + slack, t: 1 / (slack + 1) + x},
             form=x * (1 + slack) / (2 + slack), text=r"So both bounds are attained."),
    )  # fmt: skip


def _steep() -> tuple[Step, ...]:
    y, x = sp.symbols("y x", nonnegative=True)
    m, be = 2 + y, 2 + x
    log_weight = be * sp.log(m) - sp.log(m - 1)
    value = sp.Symbol("w", positive=True)
    return (
        Monotone("tau >= 3: a pool of two is best", log_weight, y,
                 derivative=(y + x * (1 + y)) / ((1 + y) * (2 + y)),
                 text=r"$(m-1) m^{-\beta}$ with $m = 2 + y$ and $\beta = 2 + x$: minus its logarithm grows with $m$."),
        Identity("At m = 2", (m - 1) * m ** (-be), 2 ** (-be), put={y: sp.S.Zero},
                 text=r"Allowed for every $k \ge 1$."),
        Identity("tau >= 3: all points lie on one line", sp.UnevaluatedExpr(1 / k) * (1 - value) / be,
                 (1 - value) / (k * be),
                 text=r"$w = 2^{-\beta}$: the hull is $t (1 - 2^{1-\tau})/(\tau - 1)$."),
    )  # fmt: skip


def _control() -> Step:
    t = sp.Symbol("t", positive=True)
    return Refutation("The curve cannot be raised", ge(sp.Rational(1, 2), sp.Rational(51, 50) * t**2 / (1 + t)),
                      {t: sp.S.One}, text=r"$\tau = 2$, $t = 1$: $T_n(1) = 1/2$ for every $n$.")  # fmt: skip


# --- enumeration -------------------------------------------------------------------------------------------------


def _enumerate_extreme(shown: sp.Basic) -> Evidence:
    """The extreme points of {s in the simplex, s_1 maximal} by solving for every choice of active constraints."""
    count = 0
    for n in range(2, int(shown.rhs) + 1):
        rows = [_unit(n, i) for i in range(1, n)] + [_below(n, i) for i in range(1, n)]
        found = set()
        for active in combinations(rows, n - 1):
            count += 1
            point = _solve([*active, [1] * n], [Fraction(0)] * (n - 1) + [Fraction(1)])
            if point and all(x >= 0 for x in point) and all(x <= point[0] for x in point):
                found.add(point)
        uniform = {tuple(Fraction(x, 1 + sum(rest)) for x in (1, *rest)) for rest in product((0, 1), repeat=n - 1)}
        if found != uniform:
            return Evidence(
                Verdict.REFUTED, Level.SYMBOLIC, points=count, witness={"n": n}, reason="other extreme points"
            )
    return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=count)


def _unit(n: int, i: int) -> list[int]:
    return [int(j == i) for j in range(n)]


def _below(n: int, i: int) -> list[int]:
    return [1 if j == 0 else -int(j == i) for j in range(n)]


def _solve(rows: list[list[int]], right: list[Fraction]) -> tuple[Fraction, ...] | None:
    """The unique solution of a square system by elimination in fractions, or None."""
    table = [[Fraction(x) for x in row] + [r] for row, r in zip(rows, right)]
    size = len(table)
    for column in range(size):
        pivot = next((i for i in range(column, size) if table[i][column]), None)
        if pivot is None:
            return None
        table[column], table[pivot] = table[pivot], table[column]
        head = table[column] = [x / table[column][column] for x in table[column]]
        table = [
            row if i == column else [x - row[column] * h for x, h in zip(row, head)] for i, row in enumerate(table)
        ]
    return tuple(row[-1] for row in table)


def _enumerate_hull(shown: sp.Basic) -> Evidence:
    """For n up to the bound shown and tau = 2, 3, 4: hull over all extreme laws and pools against the vertices."""
    count = 0
    for n, power in product(range(2, int(shown.rhs) + 1), (1, 2, 3)):
        points = list(_extreme_points(n, power))
        count += len(points)
        if _lower_hull(points) != _lower_hull(stated_points(n, power)):
            witness = {"n": n, "tau": power + 1}
            return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=count, witness=witness, reason="another hull")
    return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=count)


def stated_points(n: int, power: int) -> list[tuple[Fraction, Fraction]]:
    """The points of Theorem 8 for be = ``power``, in fractions."""
    best = [max(Fraction(m - 1, m**power) for m in range(2, size + 2)) for size in range(1, n)]
    vertices = [(Fraction(1, size), (1 - w) / (size * power)) for size, w in enumerate(best, 1)]
    return [(Fraction(0), Fraction(0)), *vertices]


def _extreme_points(n: int, power: int) -> Iterator[tuple[Fraction, Fraction]]:
    """(t, R) for every law uniform on a set with label 0, and every j."""
    others = [set(c) | {0} for size in range(n) for c in combinations(range(1, n), size)]
    pools = [set(c) for size in range(1, n + 1) for c in combinations(range(n), size)]
    for law, j in product(others, range(n)):
        top = Fraction(1, len(law))
        best = max(Fraction(len(pool & law), len(law) * len(pool) ** power) for pool in pools if j in pool)
        yield (Fraction(0) if j in law else top), (top - best) / power


def _lower_hull(points: list[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, Fraction]]:
    hull: list[tuple[Fraction, Fraction]] = []
    for x, y in sorted(set(points)):
        if hull and hull[-1][0] == x:
            continue  # same abscissa, larger value
        while len(hull) > 1 and _above(hull[-1], hull[-2], (x, y)):
            hull.pop()
        hull.append((x, y))
    return hull


def _above(point: tuple, left: tuple, right: tuple) -> bool:
    """Whether the middle point lies on or above the chord of its neighbours."""
    return (point[1] - left[1]) * (right[0] - left[0]) >= (right[1] - left[1]) * (point[0] - left[0])
