"""The sum hinge (Weston and Watkins): a wrong label at surrogate regret 0 for every n >= 3, and all of n = 3.

Derived here.  The loss of label y is the sum over y' != y of max(0, 1 - h_y + h_y').
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import partial
from itertools import combinations

import sympy as sp
from flint import fmpq, fmpq_mat

from hconsist.evidence import Evidence, Level, Verdict
from hconsist.steps import Checked, Cited, Combination, Derivation, Given, Identity, Refutation, Sign, Step

__all__ = ["build", "impossibility_evidence", "losses", "three_label_evidence", "vertices"]

STATEMENT = (
    r"Sum hinge, $n \ge 3$: at $p = (1/2, 1/n, 1/(2n), ..., 1/(2n))$ the scores $(1, 1, 0, ..., 0)$ are a "
    r"minimiser of the conditional risk, so label 2 may be predicted at surrogate regret 0 and zero-one regret "
    r"$1/2 - 1/n \ge 1/6$: every bound $\Gamma$ has $\Gamma(x) \ge 1/2 - 1/n$ for $x > 0$, whatever the tie rule. For "
    r"$n = 3$ the hull of the transformation is $\max(0, (6t-1)/5)$."
)

ge, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq))
n = sp.Symbol("n", positive=True)
e, k = sp.symbols("e k", nonnegative=True)
t = sp.Symbol("t", positive=True)
HALF = sp.Rational(1, 2)
FIRST, SECOND, REST = HALF, 1 / n, 1 / (2 * n)
"""The law: labels 1, 2 and each of the others."""


def build() -> Derivation:
    """The chain for the sum hinge; nothing is checked before ``run``."""
    steps = (*_certificate(), *_regret(), *_three_labels(), *_controls())
    return Derivation("sum_hinge", "Sum hinge: what it cannot see", STATEMENT, steps)


def impossibility_evidence() -> Evidence:
    """Zero surrogate regret at zero-one regret 1/2 - 1/n, for every n >= 3."""
    steps = (*_certificate(), *_regret())
    return Derivation("sum-hinge-impossibility", "Part of the sum hinge", STATEMENT, steps).run()


def three_label_evidence() -> Evidence:
    """n = 3: the hull of T is max(0, (6t - 1)/5)."""
    return Derivation("sum-hinge-three", "Part of the sum hinge", STATEMENT, _three_labels()).run()


def _certificate() -> tuple[Step, ...]:
    """A linear function below the risk that is constant: (1, 1, 0, ...) reaches it."""
    h1, h2, hk, total = sp.symbols("h_1 h_2 h_k S", real=True)
    part, value = sp.symbols("z_+ z", real=True)
    c1, c2, others, risk = sp.symbols("c_1 c_2 c_r C", real=True)
    m = n - 2
    one, two = ge(c1, 1 - h1 + h2), ge(c2, (1 - h2 + h1) + (m - m * h2 + total))
    each = (1 - hk + h1) + (1 - hk + h2) + (m - 1) - (m - 1) * hk + (total - hk)
    summed = ge(others, m * (m + 1) + m * (h1 + h2) + m * total - (m + 2) * total)
    split = eq(risk, FIRST * c1 + SECOND * c2 + REST * others)
    least = FIRST + SECOND * (1 + m) + REST * m * (m + 1)
    return (
        Given("Positive parts", (ge(part, value), ge(part, 0)),
              text=r"$z_+ = \max(0, z)$. Each hinge is at least one of the two."),
        Given("Costs of labels 1 and 2", (one, two),
              text=r"$c_1$: the hinge against label 2 at least $z$, those against the $m = n - 2$ others at least 0; "
                   r"$c_2$: all at least $z$. $S$ is the sum of the other scores."),
        Identity("Cost of another label", each, (m + 1) + h1 + h2 + total - (m + 2) * hk,
                 text=r"All hinges at least $z$: against labels 1, 2 and the $m - 1$ remaining ones, whose scores sum "
                      r"to $S - h_k$."),
        Given("Summed over the others", (summed,), text=r"$c_r$ is the sum of the $m$ costs."),
        Given("The risk", (split,), text=r"$p = (1/2, 1/n, 1/(2n), ...)$."),
        Identity("The law", FIRST + SECOND + m * REST, 1),
        Combination("The scores cancel", ge(risk, least),
                    ((1, split), (FIRST, one), (SECOND, two), (REST, summed))),
        Identity("Reached at (1, 1, 0, ..., 0)", FIRST * 1 + SECOND * 1 + m * REST * (2 + 2 + (m - 1)), least,
                 text=r"Label 1 pays 1 against label 2 and $1 - 1 + 0 = 0$ against the others, label 2 likewise; each "
                      r"other label pays 2 against either of them and 1 against each of the rest."),
    )  # fmt: skip


def _regret() -> tuple[Step, ...]:
    m = n - 2
    p1, p2 = sp.symbols("p_1 p_2", positive=True)
    strict = FIRST * (1 + e) + SECOND * (1 - e) + m * REST * (2 + 2 + e + (m - 1))
    tied = strict.subs(e, 0)
    return (
        Identity("Zero-one regret", p1 - p2, HALF - 1 / n, put={p1: FIRST, p2: SECOND},
                 text=r"Labels 1 and 2 are tied; label 2 is predicted."),
        Sign("At least 1/6", ge(HALF - 1 / n, sp.Rational(1, 6)), put={n: 3 + k}, form=k / (3 * (3 + k))),
        Identity("Without ties", strict - tied, (1 - 2 / n) * e,
                 text=r"The scores $(1, 1 + e, 0, ..., 0)$, $e \le 1$, predict label 2 under every tie rule; their "
                      r"regret vanishes with $e$."),
    )  # fmt: skip


def _three_labels() -> tuple[Step, ...]:
    curve = sp.Function("T_3")(t)
    line = ge(curve, (6 * t - 1) / 5)
    return (
        Cited("Minima at vertices", "Schrijver 1986, Theory of Linear and Integer Programming, section 8.5",
              text=r"Risk and forced risk are piecewise linear and bounded below, and their cells hold no line besides "
                   r"shifts of all scores: they are least at points where differences $h_i - h_k \in \{-1, 0, 1\}$ fix "
                   r"all scores."),
        Checked("Three labels: a line below", (line,), _below, method="exact enumeration",
                text=r"For each vertex with label 2 at the top the least excess over all laws is a linear program in "
                     r"$(p_1, p_2, \text{risk})$; its vertices are enumerated in fractions."),
        Identity("Three labels: it starts at 1/6", (6 * t - 1) / 5, 0, put={t: HALF - sp.Rational(1, 3)},
                 text=r"There the regret is 0, by the law above with $n = 3$."),
        Identity("Three labels: and ends at 1", (6 * t - 1) / 5, 1, put={t: sp.S.One},
                 text=r"$p = e_1$: a tie of labels 1 and 2 with label 3 one below costs 1, and the least risk is 0. So "
                      r"the hull is $\max(0, (6t-1)/5)$: zero-one regret at most $(1 + 5b)/6$."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    p1, p2, p3 = sp.symbols("p_1 p_2 p_3", positive=True)
    at = {p1: HALF, p2: sp.Rational(1, 4), p3: sp.Rational(1, 4)}
    return (
        Refutation("No positive line through the origin", ge((6 * t - 1) / 5, t / 100), {t: sp.Rational(1, 6)}),
        Refutation("A smaller second law is seen", ge(3 * (p2 + p3), p1 + p2 + 4 * p3), at,
                   text=r"$p = (1/2, 1/4, 1/4)$: the scores (1, 0, 0) cost less than (1, 1, 0)."),
    )  # fmt: skip


# --- exact enumeration for three labels --------------------------------------------------------------------------

Point = tuple[Fraction, ...]


def losses(scores: Sequence[Fraction]) -> Point:
    """The sum hinge of each label."""
    zero = Fraction(0)
    gaps = [[1 - own + other for k, other in enumerate(scores) if k != y] for y, own in enumerate(scores)]
    return tuple(sum((max(zero, gap) for gap in row), zero) for row in gaps)


def vertices(n_labels: int) -> set[Point]:
    """The points with last score 0 at which differences in {-1, 0, 1} fix all scores."""
    pairs = combinations(range(n_labels), 2)
    rows = [([int(c == a) - int(c == b) for c in range(n_labels - 1)], gap) for a, b in pairs for gap in (-1, 0, 1)]
    found = (_solve(chosen) for chosen in combinations(rows, n_labels - 1))
    return {(*point, Fraction(0)) for point in found if point is not None}


def _solve(rows: Sequence[tuple[Sequence, Fraction | int]]) -> Point | None:
    """The unique solution of a square system in fractions, or None."""
    matrix = fmpq_mat([[_exact(x) for x in row] for row, _ in rows])
    try:
        found = matrix.solve(fmpq_mat([[_exact(right)] for _, right in rows]))
    except ZeroDivisionError:
        return None
    return tuple(Fraction(int(found[i, 0].p), int(found[i, 0].q)) for i in range(len(rows)))


def _exact(value: Fraction | int) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def _below(line: sp.Ge) -> Evidence:
    """Whether T_3(t) >= slope t + start at every law: the least difference over the vertices of each linear program."""
    start = _fraction(line.rhs.subs(t, 0))
    slope = _fraction(line.rhs.subs(t, 1)) - start
    points = vertices(3)
    free, forced = {losses(h) for h in points}, {losses(h) for h in points if h[1] == max(h)}
    least, law, count = None, None, 0
    for cost in forced:
        for p1, p2, excess in _corners(cost, free):
            count += 1
            slack = excess - slope * (p1 - p2) - start
            if least is None or slack < least:
                least, law = slack, (p1, p2, 1 - p1 - p2)
    if least is None or law is None:
        return Evidence(Verdict.VACUOUS, Level.SYMBOLIC, reason="no vertex was found")
    if least < 0:
        witness = {f"p_{i}": str(x) for i, x in enumerate(law, 1)}
        return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=count, slack=float(least), witness=witness)
    return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=count, slack=float(least))


def _corners(cost: Point, free: set[Point]) -> Iterator[Point]:
    """Vertices of {(p_1, p_2, z): z >= (cost - other) . p for every other, p a law whose largest entry is p_1}."""
    rows: list[tuple[list[Fraction], Fraction]] = []
    for other in free:
        d = [a - b for a, b in zip(cost, other)]
        rows.append(([d[2] - d[0], d[2] - d[1], Fraction(1)], d[2]))
    laws = (([1, 0, 0], 0), ([0, 1, 0], 0), ([-1, -1, 0], -1), ([1, -1, 0], 0), ([2, 1, 0], 1))
    rows += [([Fraction(x) for x in row], Fraction(right)) for row, right in laws]
    for active in combinations(rows, 3):
        point = _solve(active)
        if point and all(sum(a * x for a, x in zip(row, point)) >= right for row, right in rows):
            yield point


def _fraction(value: sp.Rational) -> Fraction:
    return Fraction(int(value.p), int(value.q))
