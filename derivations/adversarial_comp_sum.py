"""The adversarial comp-sum loss with rho-margins: regret at least Phi^tau(1) times zero-one regret (derived here)."""

from __future__ import annotations

import itertools
from fractions import Fraction

import sympy as sp

from hconsist import catalog
from hconsist.derivations.outer_function import Phi, Ramp, closed_forms
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.rigorous import check_points
from hconsist.steps import Checked, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "evidence"]

STATEMENT = (
    r"The rho-margin comp-sum loss $\Phi^\tau(\sum_{y' \ne y} \Phi_\rho(h_y - h_{y'}))$, $\Phi_\rho(u) = \min(1, "
    r"\max(0, 1 - u/\rho))$, has for every number $n$ of labels, $\tau \ge 0$ and $\rho > 0$ the least conditional "
    r"risk $C^* = \sum_k p_{(k)} \Phi^\tau(k-1)$, labels ranked by probability, and the transformation "
    r"$T(t) = \Phi^\tau(1) t$: zero-one regret is at most surrogate regret divided by $\Phi^\tau(1)$. The same holds "
    r"for its supremum over perturbed inputs and the robust zero-one loss, where at each input some hypothesis keeps "
    r"the labels in any given order with gaps of at least $\rho$ on the whole ball."
)

tau, rho = sp.Symbol("tau", nonnegative=True), sp.Symbol("rho", positive=True)
c, w, x, y = sp.symbols("c w x y", nonnegative=True)
r = sp.Symbol("r", integer=True, positive=True)
t, p_j = sp.symbols("t p_j", nonnegative=True)
V, others = sp.Function("V"), sp.Function("O")
y_r = sp.Function("y", nonnegative=True)(r)
free = sp.Symbol("C^*", real=True)


def ge(left: sp.Expr, right: sp.Expr) -> sp.Basic:
    return sp.Ge(left, right, evaluate=False)


def eq(left: sp.Expr, right: sp.Expr) -> sp.Basic:
    return sp.Eq(left, right, evaluate=False)


rise = Monotone("Phi increases", Phi(c + w, tau), w)
rank = Combination("The label at rank r", ge(Phi(r - 1 + w, tau), Phi(r - 1, tau)), ((1, rise, {c: r - 1}),),
                   text=r"Rank the labels by decreasing score, ties in any order. The label at rank $r$ has $r - 1$ "
                        r"labels above it, each a ramp of 1; the others add $w \ge 0$, and $w = 0$ where the gaps are "
                        r"at least $\rho$.")  # fmt: skip
exchange = Combination(
    "Two neighbouring ranks",
    ge(p_j * Phi(r - 1, tau) + (p_j + y) * Phi(r, tau), (p_j + y) * Phi(r - 1, tau) + p_j * Phi(r, tau)),
    ((y, rise, {c: r - 1, w: 1}),),
    text=r"The more probable of two neighbours, $p_j + y$, had better stand first. Sorting by such exchanges: the "
    r"least conditional risk is $C^* = \sum_k p_{(k)} \Phi^\tau(k-1)$, and scores that are $\rho$ apart, in the order "
    r"of the probabilities, attain it.",
)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    first, forced = _forced()
    steps = (*closed_forms(), *_ramps(), rise, rank, exchange, *forced, *_attained(), *_attack(first), *_bound())
    return Derivation("adversarial_comp_sum", "The adversarial comp-sum loss", STATEMENT, steps)


def evidence(factor: Fraction | int = 1) -> Evidence:
    """Whether T(t) >= factor Phi^tau(1) t for every n: the chain for factor <= 1, else a witness at t = 1, tau = 1."""
    if factor <= 1:
        return catalog.derivation("adversarial_comp_sum").run()
    gap = sp.Symbol("t")
    slack = (1 - sp.Rational(factor.numerator, factor.denominator)) * sp.log(2) * gap  # the attaining law, two labels
    return check_points(slack, [{gap: Fraction(1)}])


def _ramps() -> tuple[Step, ...]:
    return (
        Identity("A label that does not lose costs one", Ramp(-x, rho), 1, text=r"$h_y - h_{y'} = -x \le 0$; "
                 r"$\Phi_\rho(u) = \min(1, \max(0, 1 - u/\rho))$."),
        Identity("A label beaten by rho costs nothing", Ramp(rho + x, rho), 0, text=r"$h_y - h_{y'} = \rho + x$."),
        Sign("No ramp is negative", ge(Ramp(sp.Symbol("u", real=True), rho), 0)),
    )  # fmt: skip


def _forced() -> tuple[Step, tuple[Step, ...]]:
    """Label j first: the labels more probable than j move down one rank each."""
    place = (
        eq(V(r), others(r) + p_j * Phi(r - 1, tau) + (p_j + y_r) * Phi(r, tau)),
        eq(V(r + 1), others(r) + (p_j + y_r) * Phi(r - 1, tau) + p_j * Phi(r, tau)),
    )
    gap = eq(y_r.subs(r, 1), t)
    known, reached = ge(V(2), V(r + 1)), ge(V(2), free)
    down = Combination("One rank down is no dearer", ge(V(r), V(r + 1)),
                       ((1, place[0]), (-1, place[1]), (1, exchange, {y: y_r})))  # fmt: skip
    top = Combination("From rank one to rank two", eq(V(1), V(2) + t * Phi(1, tau)),
                      ((1, place[0], {r: 1}), (-1, place[1], {r: 1}), (Phi(1, tau), gap)),
                      text=r"$r = 1$: the most probable label pays $\Phi^\tau(1)$ instead of nothing, label $j$ "
                           r"nothing instead of $\Phi^\tau(1)$.")  # fmt: skip
    first = Combination("The regret of label j", ge(V(1), free + t * Phi(1, tau)), ((1, top), (1, reached)),
                        text=r"So $T(t) \ge \Phi^\tau(1) t$, for every $n$.")  # fmt: skip
    return first, (
        Given("Label j at rank r", (*place, gap), every=(r,),
              text=r"$V(r)$ is the cost when $j$ stands at rank $r$ and the others are ordered by probability, $O(r)$ "
                   r"the part of the others but label $(r)$, whose probability is $p_j + y(r)$. With $j$ predicted "
                   r"the risk is at least $V(1)$; $t = y(1)$ is the zero-one regret. (From the rank on that $j$ has "
                   r"by probability, put $y = 0$ and $V = C^*$.)"),
        down,
        top,
        Given("Induction hypothesis", (known,), text=r"With equality at $r = 1$."),
        Combination("Induction step", ge(V(2), V(r + 2)), ((1, known), (1, down, {r: r + 1}))),
        Words("Induction", (reached,), text=r"At the rank that $j$ has by probability $V$ is $C^*$."),
        first,
    )  # fmt: skip


def _attained() -> tuple[Step, ...]:
    half = sp.Rational(1, 2)
    high, low = (1 + t) * half, (1 - t) * half
    return (
        Identity("Attained", high * Phi(1, tau) - low * Phi(1, tau), t * Phi(1, tau),
                 text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$, finite scores, label 2 first by $\rho$, label 1 before the "
                      r"rest by $\rho$: risk $p_1 \Phi^\tau(1)$, least risk $p_2 \Phi^\tau(1)$, zero-one regret $t$. "
                      r"So $T(t) = \Phi^\tau(1) t$, linear, hence its own convex hull."),
        Checked("All orders", ORDERS, _enumerate, method="exact enumeration", control=True,
                text=r"In fractions: all orders of $n \le 4$ labels, $\tau = 0$ and $\tau = 2$, 4 laws each. $C^*$ is "
                     r"the least risk found, $C_s$ the formula for it, $F_j$ the least risk with $j$ first."),
    )  # fmt: skip


LEAST, SORTED, FORCED, SECOND, COST, GAP, NEXT = sp.symbols("C^* C_s F_j F_2 Phi_1 t_j t_2")
ORDERS = (eq(LEAST, SORTED), eq(SECOND - LEAST, COST * NEXT), ge(FORCED - LEAST, COST * GAP))


def _enumerate(*shown: sp.Basic) -> Evidence:
    """The three formulas at least risks over all orders, in fractions; label 2 is the second most probable."""
    count = 0
    for n, power, seed in itertools.product((2, 3, 4), (0, 1), range(4)):
        cost = [Fraction(k, (k + 1) ** power) for k in range(n)]
        weights = sorted((1 + (seed * (2 * k + 3) + k * k) % 11 for k in range(n)), reverse=True)
        law = [Fraction(weight, sum(weights)) for weight in weights]
        risk = {o: sum(law[k] * cost[i] for i, k in enumerate(o)) for o in itertools.permutations(range(n))}
        forced = [min(value for order, value in risk.items() if order[0] == j) for j in range(n)]
        values = {LEAST: min(risk.values()), SORTED: sum(p * q for p, q in zip(law, cost)), SECOND: forced[1],
                  COST: cost[1], NEXT: law[0] - law[1]}  # fmt: skip
        for j in range(n):
            point = values | {FORCED: forced[j], GAP: law[0] - law[j]}
            exact = {symbol: sp.Rational(v.numerator, v.denominator) for symbol, v in point.items()}
            if not all(relation.subs(exact) == sp.true for relation in shown):
                witness = {"law": [str(p) for p in law], "label": j + 1}
                return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=count + 1, witness=witness)
            count += 1
    return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=count)


def _attack(first: Step) -> tuple[Step, ...]:
    """Suprema over perturbed inputs: two cases, a robust label and none."""
    risk = sp.Symbol("C", real=True)
    robust, none = ge(risk, V(1)), ge(risk, V(1) + p_j * Phi(1 + w, tau))
    return (
        Words("A robust label j", (robust,),
              text=r"Each supremum is at least its value at $x' = x$. If label $j$ has the largest score on the whole "
                   r"ball, it is first there; the robust zero-one regret is $\max p - p_j = t$."),
        Combination("Regret with a robust label", ge(risk - free, t * Phi(1, tau)), ((1, robust), (1, first))),
        Words("No robust label", (none,),
              text=r"Label $j$, first at $x$ and free of cost in $V(1)$, is not first at some $x'$ of the ball: there "
                   r"one ramp is 1, and the others add $w \ge 0$. The robust zero-one regret is $\max p = p_j + t$."),
        Combination("Regret without a robust label", ge(risk - free, (p_j + t) * Phi(1, tau)),
                    ((1, none), (1, first), (p_j, rank, {r: 2})),
                    text=r"In both cases at least $\Phi^\tau(1)$ times the robust zero-one regret. $C^*$ is also the "
                         r"least risk under attack if some hypothesis keeps the best order with gaps of at least "
                         r"$\rho$ on the ball."),
    )  # fmt: skip


def _bound() -> tuple[Step, ...]:
    b, scale = sp.symbols("b Phi_1", positive=True)
    linear = ge(b, scale * t)
    a = sp.Symbol("c", real=True, nonzero=True)
    return (
        Words("Averages over inputs", (linear,),
              text=r"$T$ is linear: $b$, the surrogate estimation error plus its minimizability gap, is at least "
                   r"$\Phi_1 = \Phi^\tau(1)$ times the zero-one one, $t$."),
        Combination("The bound", ge(b / scale, t), ((1 / scale, linear),), text=r"$\Gamma(b) = b/\Phi^\tau(1)$."),
        Identity("Its constant", ((1 + x) ** a - 1) / a, (2**a - 1) / a, put={x: sp.S.One},
                 text=r"$\Phi^\tau(1) = (2^{1-\tau} - 1)/(1-\tau)$, $c = 1 - \tau$; $\log 2$ at $\tau = 1$."),
        Refutation("Multiplying by the constant instead", ge(sp.log(2) ** 2, sp.S.One), {},
                   text=r"$\tau = 1$, $n = 2$, $p = (1, 0)$, a tie: surrogate regret $\log 2$, zero-one regret 1, "
                        r"and $(\log 2)^2 < 1$."),
    )  # fmt: skip
