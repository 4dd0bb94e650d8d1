"""The smooth adversarial comp-sum loss lies above the adversarial one: the weight nu that this takes (derived here).

Margins are measured in units of rho, so that nu = L/rho; N = n - 1 is their number.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist import catalog
from hconsist.derivations.outer_function import Phi, Ramp, closed_forms
from hconsist.evidence import Evidence
from hconsist.rigorous import check_points
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "evidence"]

STATEMENT = (
    r"For margins $\Delta(x)$, $\Delta(x')$ of a label against the $n - 1$ others, $\Phi^\tau(\sum \Phi_\rho("
    r"\Delta_i(x'))) \le \Phi^\tau(\sum e^{-\Delta_i(x)/\rho}) + \nu \|\Delta(x') - \Delta(x)\|_2$ if $\nu \ge "
    r"L/\rho$ with $L = \sqrt{n-1}\, n^{-\tau}$ for $\tau \le n/(2(n-1))$, $L = (2\tau-1)^{\tau-1/2} (2\tau)^{-\tau}$ "
    r"for $\tau > 1/2$, $L = 2^{-\tau}$ for $1 \le \tau \le 2$, $L = (\tau-1)^{\tau-1} \tau^{-\tau}$ for $\tau > 1$; "
    r"hence if $\nu \ge \sqrt{n-1}/\rho$. The first and the third $L$ cannot be lowered."
)

tau = sp.Symbol("tau", nonnegative=True)
c, w, x, y, z, g, E, D = sp.symbols("c w x y z g E D", nonnegative=True)
S, N, k, kappa, L = sp.symbols("S N k kappa L", positive=True)
HALF = sp.Rational(1, 2)


def ge(left: sp.Expr, right: sp.Expr) -> sp.Basic:
    return sp.Ge(left, right, evaluate=False)


rise = Monotone("Phi increases", Phi(c + w, tau), w)
above_one = Monotone("The exponential is at least 1", sp.exp(x), x)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*closed_forms(), rise, *_exponentials(), *_slope(), *_largest(), *_together(), *_least())
    return Derivation("smooth_adversarial", "The smooth adversarial comp-sum loss", STATEMENT, steps)


def evidence(factor: Fraction | int = 1) -> Evidence:
    """Whether the weight factor L/rho is enough: the chain for factor >= 1, else a witness for two labels, tau = 1.

    There L = 1/2, and with the margin v at x and 0 at x' the inequality reads log(1 + e^(-v)) + factor v/2 >= log 2.
    """
    if factor >= 1:
        return catalog.derivation("smooth_adversarial").run()
    v = sp.Symbol("v")
    slack = sp.log(1 + sp.exp(-v)) + sp.Rational(factor.numerator, factor.denominator) * v / 2 - sp.log(2)
    return check_points(slack, [{v: 2 * (1 - Fraction(factor))}])


def _exponentials() -> tuple[Step, ...]:
    """Ramps lie below exponentials; only margins w >= 0 matter."""
    tangent = Monotone("Its tangent at 0", sp.exp(-x) - 1 + x, x, parts=((sp.exp(-x), above_one),))
    return (
        above_one,
        Combination("Negative margins", ge(sp.exp(x), Ramp(-x, 1)), ((1, above_one),),
                    text=r"$\Phi_\rho(\rho u)$ is the ramp with $\rho = 1$. At $u = -x$ it is 1."),
        tangent,
        Combination("Margins up to rho", ge(sp.exp(-x), Ramp(x, 1)), ((1, tangent),), put={x: 1 / (1 + y)},
                    text=r"At $u = x \le 1$ it is $1 - x$."),
        Sign("Margins beyond rho", ge(sp.exp(-1 - x), Ramp(1 + x, 1)), text=r"So the ramp is at most $e^{-u}$."),
        Identity("Negative margins can be set to 0", Ramp(-x, 1), Ramp(sp.S.Zero, 1),
                 text=r"Replace all margins $w_i$ at $x$ and $w_i'$ at $x'$ by $v_i = \max(w_i, 0)$ and $u_i = "
                      r"\max(w_i', 0)$: the ramps stay, and the exponentials at $x$ do not grow."),
        Sign("and come no further apart", ge(y + x, y), text=r"$|y - (-x)| \ge |y - 0|$; the other cases are equal."),
    )  # fmt: skip


def _slope() -> tuple[Step, ...]:
    """The slope of Phi(sum exp(-w_i)) along a segment of margins w >= 0."""
    e, rest, change, total = sp.symbols("e R B Q", positive=True)
    schwarz = ge(E * D, change)
    squares, square = ge(S, E**2), ge(S**2, E**2)
    smaller = ge(e, e**2)
    known = ge(total**2, rest)
    root = Combination("Norm and root of the sum", ge(sp.sqrt(S), E), ((1 / (sp.sqrt(S) + E), squares),))
    line = Combination("Norm and sum", ge(S, E), ((1 / (S + E), square),))
    steep = (1 + S) ** (-tau)
    return (
        Identity("Slope in one margin", sp.Derivative(Phi(rest + sp.exp(-w), tau), w),
                 -((1 + rest + sp.exp(-w)) ** (-tau)) * sp.exp(-w),
                 text=r"$e_i = e^{-w_i} \le 1$, $S$ their sum, $E$ their Euclidean norm. In a direction $d$ of norm "
                      r"$D$ the slope is $-(1+S)^{-\tau} \sum e_i d_i$."),
        Cited("Cauchy-Schwarz", "Cauchy-Schwarz inequality", (schwarz,), text=r"$B = |\sum e_i d_i|$."),
        Sign("Squares of the exponentials", smaller, form=e * (1 - e), put={e: 1 / (1 + y)}),
        Words("Summed over the labels", (squares,)),
        root,
        Given("Induction over the labels, hypothesis", (known,), text=r"$Q$ and $R$ are the sums of some of the $e_i$ "
              r"and of their squares."),
        Combination("Induction over the labels, step", ge((total + e) ** 2, rest + e**2), ((1, known),)),
        Words("The square of the sum", (square,)),
        line,
        Combination("The slope is at most", ge(steep * sp.sqrt(S) * D, steep * change),
                    ((steep, schwarz), (steep * D, root))),
        Combination("and at most", ge(steep * S * D, steep * change), ((steep, schwarz), (steep * D, line))),
    )  # fmt: skip


def _largest() -> tuple[Step, ...]:
    """The maximum over S of sqrt(S) (1+S)^(-tau) and of S (1+S)^(-tau), through their logarithms."""

    def falls(title: str, power: sp.Expr, place: sp.Expr, put: dict, text: str) -> Step:
        """- log(S^power (1+S)^(-tau)) at S = place(x) is least at x = 0."""
        return Monotone(title, tau * sp.log(1 + place) - power * sp.log(place), x, put=put, text=text)

    middle, one = (1 + kappa) / 2, 1 + kappa
    return (
        Identity("Logarithms", sp.exp(HALF * sp.log(S) - tau * sp.log(1 + S)), sp.sqrt(S) * (1 + S) ** (-tau),
                 text=r"$-\log$ of $\sqrt S (1+S)^{-\tau}$ and of $S (1+S)^{-\tau}$ is minimised over $0 < S \le N$."),
        falls("Small tau", HALF, N / (1 + x), {tau: (N + 1) / (2 * N) - y},
              r"$\tau \le n/(2(n-1))$: least at $S = N$, $L = \sqrt{n-1}\, n^{-\tau}$."),
        falls("Above the steepest point", HALF, (1 + x) / kappa, {tau: middle},
              r"$\tau = (1 + \kappa)/2 > 1/2$: least at $S = 1/\kappa = 1/(2\tau - 1)$,"),
        falls("Below the steepest point", HALF, 1 / (kappa * (1 + x)), {tau: middle},
              r"on both sides: $L = (2\tau-1)^{\tau-1/2} (2\tau)^{-\tau}$."),
        falls("From one exponential on", HALF, 1 + x, {tau: 1 + c}, r"$\tau \ge 1$, $S \ge 1$: least at $S = 1$."),
        falls("Up to one exponential", sp.S.One, 1 / (1 + x), {tau: 2 - c},
              r"$\tau \le 2$, $S \le 1$: least at $S = 1$; so $L = 2^{-\tau}$ on $[1, 2]$."),
        falls("Above the steepest point, large tau", sp.S.One, (1 + x) / kappa, {tau: one},
              r"$\tau = 1 + \kappa > 1$: least at $S = 1/\kappa = 1/(\tau - 1)$,"),
        falls("Below the steepest point, large tau", sp.S.One, 1 / (kappa * (1 + x)), {tau: one},
              r"on both sides: $L = (\tau-1)^{\tau-1} \tau^{-\tau}$."),
        Identity("L at the steepest point", sp.sqrt(1 / kappa) * (1 + 1 / kappa) ** (-middle),
                 kappa ** (kappa / 2) * (1 + kappa) ** (-middle), text=r"$2\tau - 1 = \kappa$, $2\tau = 1 + \kappa$."),
        Identity("L at the steepest point, large tau", (1 / kappa) * (1 + 1 / kappa) ** (-one),
                 kappa**kappa * (1 + kappa) ** (-one), text=r"$\tau - 1 = \kappa$."),
        Sign("The square root of n - 1 is enough", ge(tau * sp.log(1 + S) - HALF * sp.log(S) + HALF * sp.log(N), 0),
             form=tau * sp.log(1 + N / (1 + x)) + HALF * sp.log(1 + x), put={S: N / (1 + x)},
             text=r"For every $\tau$ the slope is at most $\sqrt{S} \le \sqrt N$."),
        Sign("and 1 from tau = 1 on", ge((1 + c) * sp.log(1 + S) - sp.log(S), 0),
             form=c * sp.log(1 + S) + sp.log(1 + 1 / S), text=r"$\tau = 1 + c$: $S (1+S)^{-\tau} \le 1$."),
    )  # fmt: skip


def _together() -> tuple[Step, ...]:
    ramps, free = sp.symbols("A G", nonnegative=True)
    d0 = sp.Symbol("d", nonnegative=True)
    slope = ge(Phi(free, tau) + L * d0, Phi(ramps + w, tau))
    return (
        Words("Along the segment", (slope,),
              text=r"$A$ is the sum of the ramps at $x'$, $A + w$ that of $e^{-u_i}$, $G$ that of $e^{-v_i}$, and $d$ "
                   r"the distance of $u$ and $v$: the slope on the segment between them is at most $L$ (mean value "
                   r"theorem)."),
        Combination("The smooth loss lies above", ge(Phi(free + g, tau) + L * (d0 + z), Phi(ramps, tau)),
                    ((1, slope), (1, rise, {c: ramps}), (1, rise, {c: free, w: g})),
                    text=r"$G + g$ is the sum of $e^{-w_i}$ and $d + z$ the distance of the margins at $x$ and $x'$. "
                         r"Take the supremum over $x'$."),
        Combination("and above the robust zero-one loss", ge(Phi(1 + w, tau), Phi(1, tau)), ((1, rise, {c: 1}),),
                    text=r"A margin that is not positive at $x'$ is a ramp of 1: $A = 1 + w$."),
    )  # fmt: skip


def _least() -> tuple[Step, ...]:
    v = sp.Symbol("v", nonnegative=True)
    gain = Phi(k, tau) - Phi(k * sp.exp(-v), tau)
    lost = sp.log(1 + sp.exp(-sp.Rational(1, 100))) + sp.Rational(49, 10000)
    return (
        Identity("What the weight has to make up for", sp.Derivative(gain, v) / sp.sqrt(k),
                 sp.sqrt(k) * (1 + k) ** (-tau), put={v: sp.S.Zero},
                 text=r"$k$ margins move from $v$ at $x$ to 0 at $x'$, the others stay far out: the loss "
                      r"$\Phi^\tau(k)$ at $x'$ exceeds $\Phi^\tau(k e^{-v})$, and the distance is $\sqrt k\, v$. As "
                      r"$v \to 0$ the weight must be at least $\sqrt k (1+k)^{-\tau}$: with $k = n - 1$ and $k = 1$ "
                      r"the first and the third $L$."),
        Refutation("A smaller weight fails", ge(lost, sp.log(2)), {},
                   text=r"$\tau = 1$, $n = 2$, $\rho = 1$, $\nu = 0.49$, margins $1/100$ at $x$ and 0 at $x'$."),
    )  # fmt: skip
