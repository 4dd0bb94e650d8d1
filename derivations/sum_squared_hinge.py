"""Sum losses with smooth Phi: a quadratic bound for every n, and for the squared hinge its exact constant 4/(n+2).

Derived here.  The loss of label y is the sum over y' != y of Phi(h_y - h_y').
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.evidence import Evidence, Level, Verdict
from hconsist.rigorous import check_points
from hconsist.steps import Checked, Cited, Combination, Derivation, Given, Identity, Refutation, Sign, Step

__all__ = ["build", "reported_evidence", "smooth_evidence", "squared_hinge_evidence", "upper_evidence", "witness"]

STATEMENT = (
    r"Let $\Phi$ be convex and nonincreasing with $\Phi'(0) = -g < 0$ and $K$-Lipschitz derivative. For every $n$ the "
    r"sum loss has $T_n(t) \ge 2 g^2 t^2/(K(n+2))$. Squared hinge, $\Phi(u) = \max(0, 1-u)^2$: "
    r"$T_n(t) \ge 4t^2/(n+2)$, so the zero-one regret is at most $((n+2) b)^{1/2}/2$; $T_n(t)/t^2$ tends to $4/(n+2)$ "
    r"as $t \to 0$, and $T_n(t) < t^2$ for $n \ge 3$ and $0 < t \le 1/5$."
)

ge, le, eq, gt = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq, sp.Gt))
n, t, g, K, v = sp.symbols("n t g K v", positive=True)
x, y, k = sp.symbols("x y k", nonnegative=True)
P = sp.Symbol("P", positive=True)
HALF = sp.Rational(1, 2)


def build() -> Derivation:
    """The chain for smooth sum losses and the squared hinge; nothing is checked before ``run``."""
    steps = (*_pair(), *_move(), *_squared_hinge(), *_law(), *_reported(), _exact(), *_controls())
    return Derivation("sum_squared_hinge", "Sum losses: smooth Phi and the squared hinge", STATEMENT, steps)


def smooth_evidence() -> Evidence:
    """T_n(t) >= 2 g^2 t^2/(K(n+2)) for convex nonincreasing Phi with K-Lipschitz derivative and Phi'(0) = -g."""
    return _part("sum-smooth", *_pair(), *_move())


def squared_hinge_evidence(factor: Fraction = Fraction(1)) -> Evidence:
    """T_n(t) >= factor 4 t^2/(n+2) for the sum squared hinge; for factor > 1 put to the law below at n = 3."""
    if factor == 1:
        return _part("sum-squared-hinge", *_pair(), *_move(), *_squared_hinge())
    slack = REGRET - sp.Rational(factor.numerator, factor.denominator) * 4 * t**2 / (n + 2)
    return check_points(slack, [{n: Fraction(3), t: Fraction(1, 100)}])


def upper_evidence() -> Evidence:
    """T_n(t)/t^2 tends to 4/(n+2), and T_n(t) < t^2 for n >= 3 and 0 < t <= 1/5."""
    return _part("sum-squared-hinge-upper", *_law(), *_reported(), _exact())


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of the smooth sum losses", STATEMENT, steps).run()


# --- the lower bound ---------------------------------------------------------------------------------------------


def _pair() -> tuple[Step, ...]:
    """Giving labels 1 and j their mean score costs nothing."""
    pj, pk = sp.symbols("p_j p_k", nonnegative=True)
    wrong, right, zero, first, last, mean = sp.symbols("Phi_-b Phi_b Phi_0 Phi_1 Phi_j Phi_c", real=True)
    back, forth, middle = sp.symbols("Psi_1 Psi_j Psi_c", real=True)
    p1 = pj + t
    convex, falls = ge(wrong + right, 2 * zero), ge(wrong, zero)
    convex_other, falls_other = ge(first + last, 2 * mean), ge(first, last)
    convex_back = ge(back + forth, 2 * middle)
    return (
        Given("Labels 1 and j", (convex, falls, convex_other, falls_other, convex_back),
              text=r"The risk is a sum over pairs: $p_i \Phi(h_i - h_k) + p_k \Phi(h_k - h_i)$. Let $h_j$ be the "
                   r"largest score, $b = h_j - h_1 \ge 0$, $c$ the mean of both, and $p_1 = p_j + t$. "
                   r"$\Phi_b$, $\Phi_{-b}$, $\Phi_0$: $\Phi$ at $b$, $-b$, $0$; $\Phi_1$, $\Phi_j$, $\Phi_c$: at "
                   r"$h_1 - h_k$, $h_j - h_k$, $c - h_k$; $\Psi$: at the same differences with the opposite sign. "
                   r"$\Phi$ is convex and nonincreasing."),
        Combination("Their own pair", ge(p1 * wrong + pj * right, (p1 + pj) * zero), ((pj, convex), (t, falls))),
        Combination("With a third label", ge(p1 * first + pj * last, (p1 + pj) * mean),
                    (((p1 + pj) / 2, convex_other), (t / 2, falls_other))),
        Combination("What the third label pays", ge(pk * (back + forth), 2 * pk * middle), ((pk, convex_back),),
                    text=r"So the risk is not larger with $h_1 = h_j = c$."),
    )  # fmt: skip


def _move() -> tuple[Step, ...]:
    """From equal scores c, move label 1 up and label j down by v."""
    zero, here, slope, away = sp.symbols("Phi_0 Phi_c D Psi_c", real=True)
    up, down, first, last, back, forth = sp.symbols("A_1 A_j B_1 B_j E_1 E_j", real=True)
    share = sp.Symbol("p_k", nonnegative=True)
    p1, pj = (P + t) / 2, (P - t) / 2
    own = (le(up, zero - 2 * g * v + 2 * K * v**2), le(down, zero + 2 * g * v + 2 * K * v**2))
    near = (le(first, here + slope * v + K * v**2 / 2), le(last, here - slope * v + K * v**2 / 2))
    far = (le(back, away - sp.Symbol("E", real=True) * v + K * v**2 / 2),
           le(forth, away + sp.Symbol("E", real=True) * v + K * v**2 / 2))  # fmt: skip
    inside = {P: t + x}
    gain = 2 * g * t * v - 2 * P * K * v**2
    others, mass = sp.symbols("N M", nonnegative=True)
    total = gain - others * P * K * v**2 / 2 - mass * K * v**2
    best = 2 * g * t / (K * (n * P + 2))
    return (
        Cited("Smoothness", "Nesterov 2004, Introductory Lectures on Convex Optimization, Lemma 1.2.3",
              (*own, *near, *far, le(slope, 0)),
              text=r"$\Phi(u + d) \le \Phi(u) + \Phi'(u) d + K d^2/2$. $A_1$, $A_j$: $\Phi$ at $2v$, "
                   r"$-2v$; $B_1$, $B_j$: at $c - h_k + v$, $c - h_k - v$; $E_1$, $E_j$: at $h_k - c - v$, "
                   r"$h_k - c + v$; $D = \Phi'(c - h_k) \le 0$."),
        Combination("The pair gains", le(p1 * up + pj * down, P * zero - gain), ((p1, own[0]), (pj, own[1])),
                    put=inside, text=r"$P = p_1 + p_j = t + x$."),
        Combination("A third label costs the pair little", le(p1 * first + pj * last, P * here + P * K * v**2 / 2),
                    ((p1, near[0]), (pj, near[1]), (t * v, le(slope, 0))), put=inside),
        Combination("and pays little more itself", le(share * (back + forth), 2 * share * away + share * K * v**2),
                    ((share, far[0]), (share, far[1]))),
        Identity("All labels", total, 2 * g * t * v - K * (n * P + 2) * v**2 / 2, put={others: n - 2, mass: 1 - P},
                 text=r"$N = n - 2$ third labels of mass $M = 1 - P$: the risk falls by at least this much."),
        Identity("The best move", 2 * g * t * v - K * (n * P + 2) * v**2 / 2,
                 2 * g**2 * t**2 / (K * (n * P + 2)), put={v: best}),
        Sign("Without the mass", ge(2 * g**2 * t**2 / (K * (n * P + 2)), 2 * g**2 * t**2 / (K * (n + 2))),
             put={P: 1 / (1 + x)}, text=r"$P \le 1$."),
    )  # fmt: skip


def _squared_hinge() -> tuple[Step, ...]:
    u, move = sp.symbols("u m", real=True)
    above, part = 1 + x, sp.Symbol("w", nonnegative=True)
    return (
        Identity("Squared hinge: smooth where it is active", (1 - u - move) ** 2,
                 (1 - u) ** 2 - 2 * (1 - u) * move + move**2,
                 text=r"$u \le 1$: $\Phi(u+m) \le (1-u-m)^2$, so $K = 2$."),
        Sign("Squared hinge: and beyond", ge((part + (above - 1)) ** 2, part**2),
             text=r"$u = 1 + x$: $\Phi(u + m) = w^2$ is positive only if $-m = w + x$ with $w > 0$, and $m^2$ is "
                  r"larger."),
        Identity("Squared hinge: g", sp.Derivative((1 - u) ** 2, u), -2, put={u: sp.S.Zero}),
        Identity("Squared hinge: the bound", 2 * g**2 * t**2 / (K * (n + 2)), 4 * t**2 / (n + 2),
                 put={g: sp.S(2), K: sp.S(2)}),
        Identity("Squared hinge: its inverse", 4 * t**2 / (n + 2), x, put={t: sp.sqrt((n + 2) * x) / 2},
                 text=r"$t \le ((n+2) b)^{1/2}/2$."),
    )  # fmt: skip


# --- the law that shows the constant -----------------------------------------------------------------------------

d, W = sp.symbols("d W", positive=True)
MASS = W - 2 * d
CURVE = MASS * W + (n - 2) * (W**2 - t**2) / 4
DRIFT = t * (1 + n * d)


def _at(labels: sp.Expr, gap: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """The law ((M+t)/2, (M-t)/2, d, ..., d) with t = ``gap``, d = t/(n+2), W = 1 - (n-4) d and M = W - 2d."""
    rest = gap / (labels + 2)
    return {n: labels, t: gap, d: rest, W: 1 - (labels - 4) * rest}


REGRET = (DRIFT**2 / (W * CURVE)).subs(_at(n, t))
"""Surrogate regret at that law with labels 1 and 2 tied, label 2 predicted."""


def _law() -> tuple[Step, ...]:
    u, e = sp.symbols("u e", real=True)
    curve, drift = sp.symbols("A B", positive=True)
    p1, p2 = (MASS + t) / 2, (MASS - t) / 2
    risk = (p1 * ((1 - u) ** 2 + (n - 2) * (e - u) ** 2) + p2 * ((1 + u) ** 2 + (n - 2) * e**2)
            + (n - 2) * d * ((2 - e + u) ** 2 + (2 - e) ** 2 + (n - 3)))  # fmt: skip
    centre = ((p1 + d) * u + 4 * d) / W
    square = (MASS + (n - 2) * d * (n + 5 - 16 * d / W) + (n - 2) * W * (e - centre) ** 2
              + (CURVE * u**2 - 2 * t * (W + 2 * (n - 2) * d) * u) / W)  # fmt: skip
    many = _at(2 + k, 1 / (2 + y))
    return (
        Identity("The law", p1 + p2 + (n - 2) * d, 1, put={W: 1 - (n - 4) * d},
                 text=r"$p = ((M+t)/2, (M-t)/2, d, ..., d)$ with $d = t/(n+2)$ and $M = W - 2d$; scores "
                      r"$h_1 = 1 - e + u$, $h_2 = 1 - e$ and 0 for the others."),
        Identity("The risk where all hinges are active", risk, square,
                 text=r"For $u \le e$: completed to squares, first in $e$, then in $u$; the other terms do not "
                      r"matter."),
        Identity("Its coefficients", t * (W + 2 * (n - 2) * d), DRIFT, put={W: 1 - (n - 4) * d},
                 text=r"In $u$ alone the risk is $A u^2 - 2 B u$ with $W A = M W + (n-2)(W^2-t^2)/4$ "
                      r"and $W B = t (1 + n d)$."),
        Identity("Its least value", curve * u**2 - 2 * drift * u, curve * (u - drift / curve) ** 2 - drift**2 / curve,
                 text=r"At the tie, $u = 0$, it is larger by the last term: the regret of label 2 is $B^2/A$."),
        Sign("The least value is inside the region", ge(8 * d * CURVE, DRIFT * (W - t)), put=many,
             text=r"$u \le e$ at the minimum, for $t \le 1/2$ and all $n \ge 2$. Inside it the risk is stationary in "
                  r"$h_1$, in $h_2$ and, by symmetry and as shifts change nothing, in all scores; it is convex, so "
                  r"this is the least risk over all scores."),
        Sign("The hinges of labels 1 and 2 are active", ge(CURVE, DRIFT), put=many, text=r"$u \le 1$."),
        Sign("Those of the others too", ge(4 * W * CURVE, DRIFT * (W + t) + 8 * d * CURVE), put=many,
             text=r"$e \le 2$."),
        Sign("It has positive curvature", gt(CURVE, 0), put=many),
        Sign("The tie is in the region", ge(W, 4 * d), put=many,
             text=r"$u = 0$ and $e = 4d/W$: $0 \le e \le 1$, so $h_1 = h_2 \ge 0$ are the largest scores."),
        Identity("The constant", sp.Limit(REGRET / t**2, t, 0, "+"), 4 / (n + 2),
                 text=r"With the lower bound: $T_n(t)/t^2 \to 4/(n+2)$."),
    )  # fmt: skip


def _reported() -> tuple[Step, ...]:
    return (
        Sign("Three labels or more: below t^2", gt(W * CURVE, (1 + n * d) ** 2), put=_at(3 + k, 1 / (5 * (1 + y))),
             text=r"So $T_n(t) \le B^2/A < t^2$ for $n \ge 3$ and $0 < t \le 1/5$."),
    )  # fmt: skip


def _exact() -> Step:
    regret = sp.Rational(2809, 320586)
    shown = (eq(sp.Symbol("R"), regret), gt(sp.Rational(1, 100), regret))
    return Checked("One law by hand", shown, _by_hand, method="exact fractions", control=True,
                   text=r"$p = (27, 22, 1)/50$, label 2 predicted: the gradient of the risk is exactly 0 at the "
                        r"minimiser, and the regret is below $t^2 = 1/100$.")  # fmt: skip


def _controls() -> tuple[Step, ...]:
    at = {n: sp.S(3), t: sp.Rational(1, 100)}
    return (
        Refutation("The constant cannot be raised", ge(REGRET, sp.Rational(82, 100) * t**2), at,
                   text=r"$n = 3$: $4/5$."),
    )  # fmt: skip


# --- by hand -----------------------------------------------------------------------------------------------------

LAW = (Fraction(27, 50), Fraction(22, 50), Fraction(1, 50))


def risk(law: Sequence[Fraction], scores: Sequence[Fraction]) -> Fraction:
    """Conditional risk of the sum squared hinge, from its definition."""
    labels = range(len(law))
    return sum((law[a] * _hinge(scores, a, b) ** 2 for a in labels for b in labels if a != b), Fraction(0))


def gradient(law: Sequence[Fraction], scores: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Its derivatives in the scores."""
    labels = range(len(law))
    terms = {(a, b): 2 * law[a] * _hinge(scores, a, b) for a in labels for b in labels if a != b}
    return tuple(sum((terms[b, c] - terms[c, b] for b in labels if b != c), Fraction(0)) for c in labels)


def _hinge(scores: Sequence[Fraction], a: int, b: int) -> Fraction:
    return max(Fraction(0), 1 - scores[a] + scores[b])


def witness(law: tuple[Fraction, Fraction, Fraction] = LAW) -> dict[str, str]:
    """Tied scores that predict label 2, a minimiser and the exact regrets, for a law (p_1, p_2, d) of three labels.

    Empty if the gradient of the risk is not exactly 0 at the minimiser of the chain above.
    """
    gap, mass, rest = law[0] - law[1], law[0] + law[1], law[2]
    pull = mass + 2 * rest
    u = gap * (1 + 3 * rest) / (mass * pull + (pull**2 - gap**2) / 4)  # B/A
    tied, e = 4 * rest / pull, ((law[0] + rest) * u + 4 * rest) / pull
    tie, free = (1 - tied, 1 - tied, Fraction(0)), (1 - e + u, 1 - e, Fraction(0))
    if any(gradient(law, free)):
        return {}
    values = {"p": law, "scores": tie, "minimiser": free}
    shown = {name: "(" + ", ".join(map(str, value)) + ")" for name, value in values.items()}
    return {**shown, "surrogate regret": str(risk(law, tie) - risk(law, free)), "zero-one regret": str(gap)}


def reported_evidence() -> Evidence:
    """Whether T_3(t) >= t^2: refuted by :func:`witness`, in exact fractions."""
    found = witness()
    if not found:
        return Evidence(Verdict.INCONCLUSIVE, Level.SYMBOLIC, points=1, reason="no minimiser for the law shown")
    regret, gap = Fraction(found["surrogate regret"]), Fraction(found["zero-one regret"])
    if regret < gap**2:
        return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=1, slack=float(regret - gap**2), witness=found)
    return Evidence(Verdict.INCONCLUSIVE, Level.SYMBOLIC, points=1, reason="the law shown does not beat t^2")


def _by_hand(equation: sp.Eq, below: sp.Gt) -> Evidence:
    found = witness()
    stated = Fraction(int(equation.rhs.p), int(equation.rhs.q))
    if found and Fraction(found["surrogate regret"]) == stated and below.rhs == equation.rhs and bool(below.doit()):
        return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=1, slack=float(below.lhs - below.rhs))
    return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=1, witness=found or {"gradient": "not 0"})
