"""Minimizability gaps of comp-sum losses: deterministic labels, bounded scores, constant hypotheses (derived here).

M_tau(H) = R_tau*(H) - E[C_tau*]: the best risk within H minus the expected best conditional risk.  With
u = sum over y' != y of exp(h_y' - h_y) the loss of one example is Phi^tau(u).
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.derivations.outer_function import Phi, closed_forms
from hconsist.evidence import Evidence
from hconsist.rigorous import check_points
from hconsist.steps import Balls, Combination, Derivation, Given, Identity, Monotone, Refutation, Step, Words

__all__ = ["build", "evidence", "jensen", "stochastic"]

STATEMENT = (
    r"Deterministic labels, complete hypothesis set: $M_\tau = R_\tau^*$, nonincreasing in $\tau$, and $M_{\tau'} \le "
    r"\Phi^{\tau'}((\Phi^\tau)^{-1}(M_\tau))$ for $\tau' \ge \tau$. Scores in $[-\Lambda, \Lambda]$: $M_\tau = "
    r"R_\tau^* - \Phi^\tau(u_0) \le \Phi^\tau(R_0^*) - \Phi^\tau(u_0)$, $u_0 = (n-1) e^{-2\Lambda}$, nonincreasing "
    r"too. Constant hypotheses: $M = H(E p) - E H(p)$. For stochastic labels $M_\tau$ can fall and rise in $\tau$."
)

tau, d, x, z = sp.symbols("tau delta x z", nonnegative=True)
u, v, N = sp.symbols("u v N", positive=True)
Lam = sp.Symbol("Lambda", nonnegative=True)
p, q = sp.symbols("p q", positive=True)
HALF = sp.Rational(1, 2)


def ge(left: sp.Expr, right: sp.Expr) -> sp.Basic:
    return sp.Ge(left, right, evaluate=False)


def eq(left: sp.Expr, right: sp.Expr) -> sp.Basic:
    return sp.Eq(left, right, evaluate=False)


rise = Monotone("Phi increases", Phi(z + x, tau), x)
power = Monotone("A power increases", (v + x) ** d, x)
apart = Monotone("Phi falls in tau", Phi(x, tau) - Phi(x, tau + d), x, parts=(((1 + x) ** (-tau - d), power, {v: 1}),),
                 text=r"$\tau' = \tau + \delta$, $u = x$: the slopes $(1+u)^{-\tau}$ and $(1+u)^{-\tau'}$ are so "
                      r"ordered.")  # fmt: skip
COMMON = (*closed_forms(), rise, power)


def build() -> Derivation:
    """The whole chain; nothing is checked before ``run``."""
    steps = (*COMMON, *_ordering(), *_jensen(), *_bounded(), *_constant(), *_stochastic())
    return Derivation("minimizability_gaps", "Minimizability gaps of comp-sum losses", STATEMENT, steps)


def evidence() -> Evidence:
    """Deterministic labels, complete or bounded: the gaps are ordered in tau."""
    return _part(*_ordering(), *_jensen(), *_bounded())


def jensen(factor: Fraction | int = 1) -> Evidence:
    """Whether M_MAE <= factor (1 - exp(-M_CE)) for deterministic labels: the chain for factor >= 1, else a witness.

    Two inputs of the same scores with different labels, equally likely: at the softmax s = 1/2 the two gaps are
    -log s and 1 - s, and the bound is attained.
    """
    if factor >= 1:
        return _part(*_ordering(), *_jensen())
    s = sp.Symbol("s")
    slack = sp.Rational(factor.numerator, factor.denominator) * (1 - sp.exp(sp.log(s))) - (1 - s)
    return check_points(slack, [{s: Fraction(1, 2)}])


def constant() -> Evidence:
    """M = H(E p) - E H(p) for hypotheses that ignore the input."""
    return _part(*_constant())


def stochastic() -> Evidence:
    """M_0 > M_1/2 < M_1 < M_3/2 > M_2 for constants and two inputs, over a box of laws around (9/10, 1/5)."""
    return _part(*_stochastic())


def _part(*steps: Step) -> Evidence:
    return Derivation("minimizability_gaps", "", STATEMENT, (*COMMON, *steps)).run()


M, R = sp.Function("M"), sp.Function("R")
SAME = eq(M(tau), R(tau))


def _ordering() -> tuple[Step, ...]:
    averages = ge(R(tau), R(tau + d))
    return (
        Given("Deterministic labels, complete set", (SAME,), every=(tau,),
              text=r"The label is a function of the input. $R(\tau) = R_\tau^*$ is the infimum of $E \Phi^\tau(u)$ "
                   r"over $H$; at each input $u$ can be made to tend to 0, so $C_\tau^* = 0$."),
        apart,
        Words("Averages and infima", (averages,), text=r"$E \Phi^\tau(u) \ge E \Phi^{\tau'}(u)$ for each hypothesis."),
        Combination("The gap is nonincreasing in tau", ge(M(tau), M(tau + d)),
                    ((1, averages), (1, SAME), (-1, SAME, {tau: tau + d}))),
    )  # fmt: skip


E = sp.Function("E", nonnegative=True)
MEAN = ge(Phi(z, tau + d) + (1 + z) ** (-d) * (E(tau) - Phi(z, tau)), E(tau + d))


def _jensen() -> tuple[Step, ...]:
    right = Phi(z, tau + d) + (1 + z) ** (-d) * (Phi(z + x, tau) - Phi(z, tau)) - Phi(z + x, tau + d)
    left = Phi(z + x, tau + d) + (1 + z + x) ** (-d) * (Phi(z, tau) - Phi(z + x, tau)) - Phi(z, tau + d)
    m = sp.Symbol("m", positive=True)
    contact = sp.Function("z", nonnegative=True)(tau)
    level = eq(E(tau), Phi(contact, tau))
    return (
        Monotone("Tangent, to the right", right, x,
                 parts=(((1 + z) ** (-d) * (1 + z + x) ** (-tau - d), power, {v: 1 + z}),),
                 text=r"$\Phi^{\tau'}$ as a function of $\Phi^\tau$ is concave: its tangent at $u = z$ lies above it."),
        Monotone("Tangent, to the left", left, x, parts=((d * (1 + z + x) ** (-d - 1), rise),),
                 text=r"The tangent at $z + x$, seen from $u = z$."),
        Words("Average of the tangent", (MEAN,), every=(tau, z),
              text=r"$E(\tau)$ is the mean of $\Phi^\tau(u)$ for one hypothesis, $z$ any number."),
        Given("The point of contact", (level,), text=r"$z(\tau) = (\Phi^\tau)^{-1}(E(\tau))$."),
        Combination("Jensen's inequality", ge(Phi(contact, tau + d), E(tau + d)),
                    ((1, MEAN, {z: contact}), (-((1 + contact) ** (-d)), level)),
                    text=r"$E(\tau') \le \Phi^{\tau'}((\Phi^\tau)^{-1}(E(\tau)))$; the right side is continuous and "
                         r"increasing, so the same holds for the infima $M_\tau$ and $M_{\tau'}$."),
        Identity("Cross-entropy and mean absolute error", 1 - 1 / (1 + u), 1 - sp.exp(-m),
                 put={u: sp.exp(m) - 1},
                 text=r"$\Phi^2(u) = 1 - 1/(1+u)$ at $\log(1+u) = m$: $M_{MAE} \le 1 - e^{-M_{CE}}$."),
        Identity("Attained", 1 - sp.exp(-m), HALF, put={m: sp.log(2)},
                 text=r"Two inputs with the same scores and different labels, equally likely: softmax $1/2$, "
                      r"$M_{CE} = \log 2$, $M_{MAE} = 1/2$."),
    )  # fmt: skip


def _bounded() -> tuple[Step, ...]:
    least = sp.Symbol("u_0", positive=True)
    above = Monotone("The exponential is at least 1", sp.exp(x), x)
    c = sp.Symbol("c", real=True, nonzero=True)
    grown = least + (1 + least) * u
    gap = Phi(least + x, tau) - Phi(least, tau) - Phi(least + x, tau + d) + Phi(least, tau + d)
    return (
        above,
        Combination("The least sum of exponentials", ge(sp.exp(-2 * Lam + x), sp.exp(-2 * Lam)),
                    ((sp.exp(-2 * Lam), above),),
                    text=r"Scores in $[-\Lambda, \Lambda]$: $h_{y'} - h_y = -2\Lambda + x$, $x \ge 0$. So $u \ge u_0 = "
                         r"(n-1) e^{-2\Lambda}$, attained, and $C_\tau^* = \Phi^\tau(u_0)$: the gap is "
                         r"$M_\tau = R_\tau^* - \Phi^\tau(u_0)$, the infimum of $E[\Phi^\tau(u) - \Phi^\tau(u_0)]$."),
        Monotone("It is nonincreasing in tau", gap, x,
                 parts=(((1 + least + x) ** (-tau - d), power, {v: 1, x: least + x}),),
                 text=r"$\Phi^\tau(u) - \Phi^\tau(u_0)$ falls in $\tau$ for each $u = u_0 + x$; averages and infima as "
                      r"before."),
        Combination("Comparison with tau = 0", ge(Phi(E(0), d), E(d)), ((1, MEAN, {tau: sp.S.Zero, z: E(0)}),),
                    text=r"$\Phi^0(u) = u$, $E(0)$ is the mean of $u$. Infima: $R_\delta^* \le "
                         r"\Phi^\delta(R_0^*)$, hence $M_\delta \le \Phi^\delta(R_0^*) - \Phi^\delta(u_0)$."),
        Identity("A box only rescales the gaps", ((1 + grown) ** c - (1 + least) ** c) / c,
                 (1 + least) ** c * ((1 + u) ** c - 1) / c,
                 text=r"$\Phi^\tau(u_0 + (1+u_0) u) - \Phi^\tau(u_0) = (1+u_0)^{1-\tau} \Phi^\tau(u)$, $c = 1 - \tau$: "
                      r"so $(1+u_0)^{\tau-1} M_\tau$ obeys the inequality above."),
        Identity("The same for the logarithm", sp.log(1 + least + (1 + least) * u) - sp.log(1 + least),
                 sp.log(1 + u)),
    )  # fmt: skip


def _constant() -> tuple[Step, ...]:
    w1, w2, p1, p2, C1, C2, H1, H2 = sp.symbols("w_1 w_2 p_1 p_2 C_1 C_2 H_1 H_2", positive=True)
    cost = sp.Symbol("psi", real=True)
    mean = w1 * p1 + w2 * p2
    terms = w1 * p1 * sp.log(p1 / mean) + w2 * p2 * sp.log(p2 / mean)
    entropies = (ge(C1, H1), ge(C2, H2))
    return (
        Identity("The risk is linear in the law", w1 * (p1 * cost) + w2 * (p2 * cost), mean * cost,
                 text=r"The same scores at every input, each label costs $\psi$ whatever the input; summed over labels "
                      r"and inputs (here two) of weight $w_i$: the risk is the conditional risk of the mean law, its "
                      r"infimum $H(E p)$. So $M = H(E p) - E H(p)$."),
        Given("Entropies", entropies, text=r"$H_i$ is the infimum of the conditional risk $C_i$."),
        Combination("It is nonnegative", ge(w1 * C1 + w2 * C2, w1 * H1 + w2 * H2),
                    ((w1, entropies[0]), (w2, entropies[1])), text=r"Infimum over the common scores on the left."),
        Identity("Cross-entropy: mutual information",
                 -mean * sp.log(mean) + w1 * p1 * sp.log(p1) + w2 * p2 * sp.log(p2), terms,
                 text=r"One label's part of $H(E p) - E H(p)$ at $\tau = 1$: summed, the mutual information of input "
                      r"and label. At $\tau = 2$ the gap is $E \max p - \max E p$."),
    )  # fmt: skip


def _entropy(first: sp.Expr, order: sp.Rational) -> sp.Expr:
    """H of the law (first, 1 - first) for tau < 2."""
    if order == 1:
        return -first * sp.log(first) - (1 - first) * sp.log(1 - first)
    a, al = 1 / (2 - order), order - 1
    return (1 - (first**a + (1 - first) ** a) ** (1 / a)) / al


def two_input_gap(order: sp.Rational) -> sp.Expr:
    """M of constants for two equally likely inputs with laws (p, 1-p), (q, 1-q); at tau = 2 for q <= 1/2 <= (p+q)/2."""
    if order == 2:
        return HALF - q
    return _entropy((p + q) / 2, order) - (_entropy(p, order) + _entropy(q, order)) / 2


BOX = {p: (Fraction(89, 100), Fraction(91, 100)), q: (Fraction(19, 100), Fraction(21, 100))}


def _stochastic() -> tuple[Step, ...]:
    gaps = {name: two_input_gap(sp.Rational(name)) for name in ("0", "1/2", "1", "3/2", "2")}

    def larger(first: str, second: str, text: str = "") -> Step:
        return Balls(f"The gap at {first} is larger than at {second}", sp.Gt(gaps[first], gaps[second], evaluate=False),
                     BOX, text=text)  # fmt: skip

    first, second, mean = sp.symbols("m_1 m_2 m", positive=True)
    return (
        Identity("The gap at tau = 2", (first + second) / 2 - mean, gaps["2"],
                 put={first: p, second: 1 - q, mean: (p + q) / 2},
                 text=r"Two equally likely inputs, laws $(p, 1-p)$ and $(q, 1-q)$, constant hypotheses; $E \max p - "
                      r"\max E p$ where $q \le 1/2 \le p$, $p + q \ge 1$. For $\tau < 2$ the entropies are those of "
                      r"the claim entropy-and-minimiser."),
        larger("0", "1/2"),
        larger("1", "1/2", r"It rises, although it fell from 0 to 1/2."),
        larger("3/2", "1"),
        larger("3/2", "2", r"And falls again: at $(9/10, 1/5)$ the five gaps are .29499, .27357, .27540, .30889, .3."),
        Refutation("Not nonincreasing for stochastic labels", ge(gaps["1/2"], gaps["1"]),
                   {p: sp.Rational(9, 10), q: sp.Rational(1, 5)}),
    )  # fmt: skip
