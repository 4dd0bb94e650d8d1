"""Which of the curves D_2, ..., D_n touch their hull: the best number of labels at each slope (derived here).

As in Theorem 5, with al = tau - 1, b = 1/al = 1 + e, 0 < e < 1, for r >= 0: c = (1+r)^e + (1-r)_+^e, C = (1+r)^b +
(1-r)_+^b, s = (1+r)^e - (1-r)_+^e, L = m - 2 + C, N = m - 2 + c.  The number m of labels runs over the reals >= 2.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist import catalog
from hconsist.derivations import quadratic_floor
from hconsist.derivations.links import proof
from hconsist.evidence import Evidence
from hconsist.steps import (
    Checked,
    Cited,
    Combination,
    Derivation,
    Given,
    Identity,
    Monotone,
    Refutation,
    Sign,
    Step,
    Words,
)

__all__ = ["build", "evidence"]

STATEMENT = (
    r"For $3/2 < \tau < 2$ and a slope $\kappa > 0$, the conjugate of $\alpha D_m$ at $\kappa$, as a function of the "
    r"real number $m \ge 2$, falls, rises and falls again (any of the three may be missing). So over $2 \le m \le n$ "
    r"it is largest at $m = 2$, at an integer next to the last zero of $W = \alpha \log(L/m) + \log(N/m)$ with "
    r"$r \ge 1$, or at $m = n$ if $W < 0$ there."
)

ge, gt, le, lt = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Lt))
r, e, k, L, N, m, c = sp.symbols("r e k L N m c", positive=True)
w, x, y, z = sp.symbols("w x y z", nonnegative=True)
al, b = 1 / (1 + e), 1 + e
UPTO = {e: 1 / (1 + w)}
INSIDE = {r: 1 / (1 + y)}
"""r < 1, with y = 0 as the limit."""


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_setting(), *_along_a_slope(), *_far(), *_near(), *_near_zero(), *_pattern())
    return Derivation("active_curve", "Which curves touch the hull", STATEMENT, steps)


def evidence() -> Evidence:
    """Whether the chain closes."""
    return catalog.derivation("active_curve").run()


def _curves(r: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """c, C, s for r < 1."""
    return (1 + r) ** e + (1 - r) ** e, (1 + r) ** b + (1 - r) ** b, (1 + r) ** e - (1 - r) ** e


def _setting() -> tuple[Step, ...]:
    low, big, odd = _curves(r)
    split = {(1 + r) ** b: (1 + r) * (1 + r) ** e, (1 - r) ** b: (1 - r) * (1 - r) ** e}
    return (
        Checked("The curves", (sp.Eq(sp.Symbol("kappa"), r * L ** (-al), evaluate=False),),
                lambda *shown: proof(quadratic_floor).run(), method="derivation quadratic_floor",
                text=r"$\alpha D_m(t)$ is the largest $(1 + rt) L^{-\alpha} - m^{-\alpha}$ over $r \ge 0$: affine in "
                     r"$t$ with slope $\kappa = r L^{-\alpha}$, so its conjugate at $\kappa$ is $h = m^{-\alpha} - "
                     r"L^{-\alpha}$."),
        Identity("C in terms of c and s", big.subs(split), low + r * odd, put=INSIDE,
                 text=r"$(1 \pm r)^b = (1 \pm r)(1 \pm r)^e$; for $r \ge 1$ the same with $(1-r)_+ = 0$."),
        Identity("Derivative of C", sp.Derivative(big, r), b * odd, put=INSIDE),
        Identity("C for r at least 1", sp.Derivative((1 + r) ** b, r), b * (1 + r) ** e, text=r"$C' = b s$ again."),
    )  # fmt: skip


def _along_a_slope() -> tuple[Step, ...]:
    """dL/dm, dr/dm, dh/dm and dW/dm with kappa fixed."""
    _, big, odd = _curves(k * L**al)
    slope, top = sp.symbols("s C", positive=True)
    mu, shape = sp.Function("m")(L), sp.Symbol("c'", real=True)
    Lm, Nm = sp.Function("L")(m), sp.Function("N")(m)
    small = {k: 1 / ((1 + y) * L**al)}
    return (
        Identity("m as a function of L, for r < 1", sp.Derivative(L + 2 - big, L), 1 - k * L**al * odd / L, put=small,
                 text=r"$r = \kappa L^\alpha$ and $m = L + 2 - C$: $dm/dL = 1 - rs/L$. ($k = \kappa$.)"),
        Identity("The same for r at least 1", sp.Derivative(L + 2 - (1 + k * L**al) ** b, L),
                 1 - k * L**al * (1 + k * L**al) ** e / L),
        Identity("In terms of N", (L - r * slope) / L, ((L + 2 - top) - 2 + c) / L, put={top: c + r * slope},
                 text=r"So $dm/dL = N/L > 0$."),
        Identity("r along the slope", k * sp.Derivative(L**al, L) * L / N, al * (k * L**al) / N,
                 text=r"$dr/dm = \alpha r/N > 0$: $r$ grows with $m$."),
        Identity("The conjugate", sp.Derivative(mu ** (-al) - L ** (-al), L) / al,
                 L ** (-al - 1) - mu ** (-al - 1) * sp.diff(mu, L),
                 text=r"With $dm/dL = N/L$: $h$ rises if and only if $(m/L)^{\alpha+1} > N/L$, that is if $W < 0$, and "
                      r"falls where $W > 0$."),
        Identity("W in terms of the powers", sp.log((N / L) * (L / m) ** (al + 1)),
                 al * sp.log(L / m) + sp.log(N / m)),
        Identity("Slope of W", sp.Derivative(al * sp.log(Lm / m) + sp.log(Nm / m), m),
                 al * sp.diff(Lm, m) / Lm + sp.diff(Nm, m) / Nm - (al + 1) / m),
        Identity("Along the slope", al * (L / N) / L + (1 + shape * al * r / N) / N - (al + 1) / m,
                 (al + 1) * (1 / N - 1 / m) + al * r * shape / N**2,
                 text=r"$dL/dm = L/N$ and $dN/dm = 1 + c' dr/dm$."),
    )  # fmt: skip


def _far() -> tuple[Step, ...]:
    """r >= 1: at a zero, W rises."""
    X, Y = sp.symbols("X Y", real=True)
    above, zero = ge(X, 0), sp.Eq(al * X + Y, 0, evaluate=False)
    d = sp.Symbol("d", positive=True)
    return (
        Sign("C is at least 2", ge((1 + e) * sp.log(2 * (1 + z)), sp.log(2)), form=e * sp.log(2) + b * sp.log(1 + z),
             text=r"$r = 1 + 2z$; logarithms of $C = (1+r)^b$ and 2."),
        Given("At a zero of W", (above, zero), text=r"$X = \log(L/m) \ge 0$ as $C \ge 2$, $Y = \log(N/m)$."),
        Combination("N is at most m", le(Y, 0), ((al, above), (-1, zero))),
        Sign("c rises", gt(sp.Derivative((1 + r) ** e, r), 0)),
        Sign("W rises", gt((al + 1) * (1 / N - 1 / (N + x)) + al * r * d / N**2, 0),
             text=r"$m = N + x$, $c' = d > 0$."),
    )  # fmt: skip


def _near() -> tuple[Step, ...]:
    """r < 1: the ratio of D = (2 - c)/2 to A = (C - 2)/(2b) increases in r."""
    low, big, odd = _curves(r)
    P, Q = sp.Function("P")(r), sp.Function("Q")(r)
    p, q = sp.symbols("P Q", positive=True)
    ratio = (P / (1 - r) + Q / (1 + r)) / (P + Q)
    slopes = {sp.Derivative(P, r): (1 - e) * P / (1 - r), sp.Derivative(Q, r): -(1 - e) * Q / (1 + r)}
    rate = sp.diff(ratio, r).subs(slopes).subs({P: p, Q: q})
    down = Monotone("The power e - 1 decreases", -((c + x) ** (e - 1)), x, put=UPTO)
    return (
        Identity("c at 0", low, 2, put={r: sp.S.Zero}),
        Identity("C at 0", big, 2, put={r: sp.S.Zero}, text=r"So $A$ and $\Delta$ vanish at 0."),
        Identity("Slope of A", sp.Derivative((big - 2) / (2 * b), r), odd / 2, put=INSIDE,
                 text=r"$A = (C - 2)/(2b)$, $\Delta = (2 - c)/2$."),
        Identity("Slope of D", sp.Derivative((2 - low) / 2, r), e * ((1 - r) ** (e - 1) - (1 + r) ** (e - 1)) / 2,
                 put=INSIDE),
        Identity("Both slopes vanish at 0", odd + e * ((1 - r) ** (e - 1) - (1 + r) ** (e - 1)), 0, put={r: sp.S.Zero}),
        Identity("Second derivative of A", sp.Derivative(odd / 2, r),
                 e * ((1 + r) ** (e - 1) + (1 - r) ** (e - 1)) / 2, put=INSIDE),
        Identity("Second derivative of D", sp.Derivative(e * ((1 - r) ** (e - 1) - (1 + r) ** (e - 1)) / 2, r),
                 e * (1 - e) * ((1 - r) ** (e - 1) / (1 - r) + (1 + r) ** (e - 1) / (1 + r)) / 2, put=INSIDE,
                 text=r"With $P = (1-r)^{e-1}$, $Q = (1+r)^{e-1}$ their ratio is $(1-e)$ times $(P/(1-r) + Q/(1+r))/(P "
                      r"+ Q)$."),
        Identity("Slope of P", sp.Derivative((1 - r) ** (e - 1), r), (1 - e) * (1 - r) ** (e - 1) / (1 - r),
                 put=INSIDE),
        Identity("Slope of Q", sp.Derivative((1 + r) ** (e - 1), r), -(1 - e) * (1 + r) ** (e - 1) / (1 + r)),
        down,
        Combination("P is at least Q", ge(c ** (e - 1), (c + 2 * x) ** (e - 1)), ((1, down, {x: 2 * x}),), put=UPTO,
                    text=r"$c$ stands for $1 - r$ and $x$ for $r$."),
        Identity("Slope of the ratio", rate, sp.factor(sp.together(rate)),
                 text=r"The quotient rule for $(P/(1-r) + Q/(1+r))/(P + Q)$, with these slopes of $P$ and $Q$."),
        Sign("It is nonnegative", ge(sp.factor(sp.together(rate)), 0), put=UPTO | {p: q + x, r: 1 / (1 + c)},
             text=r"$P = Q + x$."),
        Cited("The ratio of D to A increases", "monotone form of l'Hospital's rule (Anderson, Vamanamurthy and "
              "Vuorinen 1993)", text=r"If $f(0) = g(0) = 0$, $g' > 0$ and $f'/g'$ increases, so does $f/g$; used "
                                     r"twice. Hence $\Delta' A \ge \Delta A'$."),
    )  # fmt: skip


def _near_zero() -> tuple[Step, ...]:
    """r < 1: at a zero, W falls."""
    A, D, dA, dD = sp.symbols("A Delta A' Delta'", nonnegative=True)
    q = sp.Symbol("q", positive=True)
    low, big, odd = _curves(r)
    split = {(1 + r) ** b: (1 + r) * (1 + r) ** e, (1 - r) ** b: (1 - r) * (1 - r) ** e}
    rising = ge(dD * A, D * dA)
    tie = sp.Eq(r * dA, D + b * A, evaluate=False)
    bernoulli = Monotone("Bernoulli", b * q ** (b + 1) - (b + 1) * q**b + 1, q, sp.S.One, put={q: 1 + y},
                         derivative=b * (b + 1) * (q ** (b - 1) * (q - 1)))  # fmt: skip
    return (
        Identity("r A' ", r * odd / 2, ((2 - low) / 2 + b * (big - 2) / (2 * b)).subs(split), put=INSIDE,
                 text=r"$r A' = \Delta + b A$."),
        Given("The ratio increases, and r A'", (rising, tie), text=r"The last two results; $c' = -2 \Delta'$."),
        Combination("A lower bound on r Delta'", ge(r * dD * A, D * (D + b * A)), ((r, rising), (D, tie)),
                    text=r"So $\alpha r \Delta' \ge \Delta (1 + \alpha \Delta/A)$."),
        Identity("Slope of W at a zero", (al + 1) * (1 / (m - 2 * D) - 1 / m) + al * r * (-2 * dD) / (m - 2 * D) ** 2,
                 2 * ((al + 1) * D * (m - 2 * D) / m - al * r * dD) / (m - 2 * D) ** 2,
                 text=r"$N = m - 2\Delta$. With $p = N/m = 1/q$ it is enough that $1 + \alpha \Delta/A > (1 + \alpha) "
                      r"p$."),
        Identity("L/m at a zero", sp.Pow(q ** (1 + e), al, evaluate=False), q,
                 text=r"$W = 0$ says $(L/m)^\alpha = q$: $L/m = q^b$."),
        Identity("D and A at a zero", (1 - 1 / q) / 2 / ((q**b - 1) / (2 * b)), b * (1 - 1 / q) / (q**b - 1),
                 text=r"$2\Delta/m = 1 - p$ and $2bA/m = L/m - 1$: this is $\Delta/A$."),
        Identity("What is left", (1 + al * (b * (1 - 1 / q) / (q**b - 1)) - (1 + al) / q) * b * q * (q**b - 1),
                 b * q ** (b + 1) - (b + 1) * q**b + 1),
        bernoulli,
        Identity("It starts at 0", b * q ** (b + 1) - (b + 1) * q**b + 1, 0, put={q: sp.S.One},
                 text=r"$q > 1$, since $\Delta > 0$ for $0 < r < 1$; the derivative is positive there, so the "
                      r"inequality is strict."),
    )  # fmt: skip


def _pattern() -> tuple[Step, ...]:
    low, big, _ = _curves(r)
    W, far = (al * sp.log((m - 2 + C) / m) + sp.log((m - 2 + c) / m) for C, c in
              ((big, low), ((1 + r) ** b, (1 + r) ** e)))  # fmt: skip
    at = {e: sp.Rational(1, 9), m: sp.Integer(3), r: sp.Rational(9, 10)}
    return (
        Words("The pattern", text=r"As $m$ grows at fixed $\kappa$, $r$ grows. While $r < 1$ a zero of $W$ leads from "
              r"$+$ to $-$; once $r \ge 1$, from $-$ to $+$; $W$ is continuous. So the signs of $W$ are part of "
              r"$+, -, +$, and $h$ falls, rises, falls. Among integers in $[2, n]$ its largest value is at 2, next to "
              r"the last zero, or at $n$ where $h$ still rises."),
        Sign("W rises in r beyond 1", gt(sp.Derivative(far, r), 0), put={m: 2 + z},
             form=(1 + r) ** e / (m - 2 + (1 + r) ** b) + e * (1 + r) ** (e - 1) / (m - 2 + (1 + r) ** e),
             text=r"At fixed $m$; so the last zero is found by bisection in $r$."),
        Words("The hull", text=r"The conjugate of $\min_m D_m$ is the largest of the conjugates, and the hull is the "
              r"conjugate of that: with Theorem 4, it is $T^{**}$."),
        Refutation("W can be negative", ge(W, 0), at, text=r"$\tau = 19/10$, $m = 3$, $r = 9/10$: more labels than two "
                                                           r"do touch the hull."),
    )  # fmt: skip
