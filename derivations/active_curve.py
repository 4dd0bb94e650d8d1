"""Which of the curves D_2, ..., D_n touch their hull: the best number of labels at each slope (derived here).

As in Theorem 5, with al = tau - 1, b = 1/al = 1 + e, 0 < e < 1, for r >= 0: c = (1+r)^e + (1-r)_+^e, C = (1+r)^b +
(1-r)_+^b, s = (1+r)^e - (1-r)_+^e, L = m - 2 + C, N = m - 2 + c.  The number m of labels runs over the reals >= 2.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist import catalog
from hconsist.derivations import pooled_hull, quadratic_floor
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "evidence"]

STATEMENT = (
    r"For $3/2 < \tau < 2$ and a slope $0 < \kappa < 1$, the conjugate $h$ of $\alpha D_m$ at $\kappa$, continued to "
    r"the real numbers $m \ge 2$, falls, rises and falls again (any of the three may be missing). So over $2 \le m \le "
    r"n$ it is largest at $m = 2$, at an integer next to the last zero of $W = \alpha \log(L/m) + \log(N/m)$ with "
    r"$r \ge 1$, or at $m = n$ if $W < 0$ there. For $\kappa \ge 1$ it falls: $m = 2$ is best."
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
    steps = (*_setting(), *_slopes(), *_along_a_slope(), *_far(), *_near(), *_near_zero(), *_pattern())
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
    M, X = sp.Symbol("M", nonnegative=True), sp.Symbol("X", positive=True)
    return (
        theorem(quadratic_floor, "Primal equals dual",
                text=r"$M = m - 2$ and $P = L$. For every $r \ge 0$, $\alpha D_m(t) \ge (1 + rt) L^{-\alpha} - "
                     r"m^{-\alpha}$; for $r \le 1$ with equality at $t(r) = s/N$, which grows from 0 to $t_m$."),
        Identity("The law beyond the kink", 1 + r * X / (M + X), (M + (1 + r) * X) / (M + X),
                 text=r"$r \ge 1$, $X = (1+r)^e$: the law proportional to $(X, 0, 1, ..., 1)$ has $q_2 = 0$, $t(r) = "
                      r"X/(M + X) = s/N$ and the norm $L^{1-\alpha}/N$, $L = M + (1+r) X$. So there is equality again, "
                      r"and $t(r)$ grows from $t_m$ to 1."),
        Words("The conjugate at a slope", text=r"An affine function that lies below another function and meets "
              r"it gives the conjugate at its slope: at $\kappa = r L^{-\alpha}$ that of $\alpha D_m$ is $h = "
              r"m^{-\alpha} - L^{-\alpha}$."),
        Identity("C in terms of c and s", big.subs(split), low + r * odd, put=INSIDE,
                 text=r"$(1 \pm r)^b = (1 \pm r)(1 \pm r)^e$; for $r \ge 1$ the same with $(1-r)_+ = 0$."),
        Identity("Derivative of C", sp.Derivative(big, r), b * odd, put=INSIDE),
        Identity("C for r at least 1", sp.Derivative((1 + r) ** b, r), b * (1 + r) ** e, text=r"$C' = b s$ again."),
    )  # fmt: skip


def _slopes() -> tuple[Step, ...]:
    """kappa grows with r from 0 to 1; from 1 on there is no r, and two labels are best."""
    low, big, _ = _curves(r)
    M, u = sp.Symbol("M", nonnegative=True), sp.Symbol("u", positive=True)
    near, far = ((sp.Derivative(r * (M + C) ** (-al), r), (M + C) ** (-al - 1) * (M + c)) for C, c in
                 ((big, low), ((1 + r) ** b, (1 + r) ** e)))  # fmt: skip
    return (
        Identity("Slope of kappa, for r < 1", *near, put=INSIDE, text=r"$L^{-\alpha-1} N > 0$, at fixed $m$."),
        Identity("Slope of kappa, for r at least 1", *far),
        Sign("kappa is below 1", gt(al * sp.log((1 + r) ** b * (1 + x)), sp.log(r)), put={r: 1 / u},
             form=sp.log(1 + u) + al * sp.log(1 + x),
             text=r"Logarithms of $L^\alpha$ and $r$; $L \ge (1+r)^b$, that is $L = (1+r)^b (1+x)$."),
        theorem(quadratic_floor, "Dual value for large r: denominator",
                text=r"This is $L^\alpha$; $\gamma$, here $M (1+r)^{-b}$, tends to 0."),
        Identity("kappa for large r", sp.Limit(r / (1 + r), r, sp.oo), 1),
        Words("One r for each slope below 1", text=r"$\kappa$ is continuous in $r$ and grows from 0 towards 1, so each "
              r"$0 < \kappa < 1$ belongs to exactly one $r > 0$."),
        Sign("The value at 1 falls with m", lt(sp.Derivative(k - 1 + m ** (-al), m), 0),
             form=al * m ** (-al - 1), text=r"$k$ stands for $\kappa$, and $\alpha D_m(1) = 1 - m^{-\alpha}$, by the "
                                            r"law $(1, 0, ..., 0)$."),
        Words("Slopes from 1 on", text=r"An affine function of a slope below 1 meets $\alpha D_m$ from below at each "
              r"$t < 1$, so $\alpha D_m$ rises by less than $t$ does. For $\kappa \ge 1$, $\kappa t - \alpha D_m(t)$ "
              r"is therefore largest at $t = 1$: the conjugate is $\kappa - 1 + m^{-\alpha}$, and $m = 2$ is best. "
              r"From here on $0 < \kappa < 1$."),
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
        Identity("Change of the conjugate", sp.Derivative(mu ** (-al) - L ** (-al), L) / al,
                 L ** (-al - 1) - mu ** (-al - 1) * sp.diff(mu, L),
                 text=r"With $dm/dL = N/L$ it is positive if and only if $(m/L)^{\alpha+1} > N/L$."),
        Identity("W in terms of the powers", sp.log((N / L) * (L / m) ** (al + 1)),
                 al * sp.log(L / m) + sp.log(N / m)),
        Words("Where h rises", text=r"So $h$ rises with $L$, and with $m$, where $W < 0$, and falls where $W > 0$."),
        Identity("Slope of W", sp.Derivative(al * sp.log(Lm / m) + sp.log(Nm / m), m),
                 al * sp.diff(Lm, m) / Lm + sp.diff(Nm, m) / Nm - (al + 1) / m),
        Identity("Along the slope", al * (L / N) / L + (1 + shape * al * r / N) / N - (al + 1) / m,
                 (al + 1) * (1 / N - 1 / m) + al * r * shape / N**2,
                 text=r"$dL/dm = L/N$ and $dN/dm = 1 + c' dr/dm$."),
    )  # fmt: skip


def _far() -> tuple[Step, ...]:
    """r >= 1: at a zero, W rises."""
    Y, d = sp.Symbol("Y", real=True), sp.Symbol("d", positive=True)
    zero = sp.Eq(al * sp.log(1 + x / m) + Y, 0, evaluate=False)
    return (
        Sign("C is at least 2", ge((1 + e) * sp.log(2 * (1 + z)), sp.log(2)), form=e * sp.log(2) + b * sp.log(1 + z),
             text=r"$r = 1 + 2z$; logarithms of $C = (1+r)^b$ and 2."),
        Given("At a zero of W", (zero,), text=r"$L = m - 2 + C = m + x$ and $Y = \log(N/m)$."),
        Combination("N is at most m", le(Y, 0), ((-1, zero),)),
        Sign("c rises", gt(sp.Derivative((1 + r) ** e, r), 0)),
        Sign("W rises", gt((al + 1) * (1 / N - 1 / (N + x)) + al * r * d / N**2, 0),
             text=r"Its slope at the zero, with $m = N + x$ and $c' = d > 0$."),
    )  # fmt: skip


def _near() -> tuple[Step, ...]:
    """r < 1: the ratio of D = (2 - c)/2 to A = (C - 2)/(2b) increases in r."""
    low, big, odd = _curves(r)
    P, Q, u, v = sp.symbols("P Q u v", positive=True)
    ratio = (P / (1 - r) + Q / (1 + r)) / (P + Q)
    turn = (1 - e) * (P / (1 - r) * sp.Derivative(ratio, P) - Q / (1 + r) * sp.Derivative(ratio, Q))
    rate = (P**2 * (1 + r) ** 2 - Q**2 * (1 - r) ** 2 + 4 * (2 - e) * r * P * Q) / ((P + Q) * (1 - r**2)) ** 2
    bend = e * ((1 - r) ** (e - 1) - (1 + r) ** (e - 1)) / 2
    return (
        Identity("c at 0", low, 2, put={r: sp.S.Zero}),
        Identity("C at 0", big, 2, put={r: sp.S.Zero},
                 text=r"$A = (C - 2)/(2b)$ and $\Delta = (2 - c)/2$ vanish at 0."),
        Identity("Slope of A", sp.Derivative((big - 2) / (2 * b), r), odd / 2, put=INSIDE),
        Identity("Slope of D", sp.Derivative((2 - low) / 2, r), bend, put=INSIDE),
        Identity("The slope of A vanishes at 0", odd / 2, 0, put={r: sp.S.Zero}),
        Identity("The slope of D vanishes at 0", bend, 0, put={r: sp.S.Zero}),
        Identity("Second derivative of A", sp.Derivative(odd / 2, r),
                 e * ((1 + r) ** (e - 1) + (1 - r) ** (e - 1)) / 2, put=INSIDE),
        Identity("Second derivative of D", sp.Derivative(bend, r),
                 e * (1 - e) * ((1 - r) ** (e - 1) / (1 - r) + (1 + r) ** (e - 1) / (1 + r)) / 2, put=INSIDE,
                 text=r"With $P = (1-r)^{e-1}$, $Q = (1+r)^{e-1}$ their ratio is $(1-e)$ times $(P/(1-r) + Q/(1+r))/(P "
                      r"+ Q)$."),
        Identity("Slope of P", sp.Derivative((1 - r) ** (e - 1), r), (1 - e) * (1 - r) ** (e - 1) / (1 - r),
                 put=INSIDE),
        Identity("Slope of Q", sp.Derivative((1 + r) ** (e - 1), r), -(1 - e) * (1 + r) ** (e - 1) / (1 + r)),
        Sign("P is larger than Q", gt((e - 1) * sp.log(1 - r), (e - 1) * sp.log(1 + r)),
             form=v * sp.log(1 + 2 * u) / (1 + v), put={e: 1 / (1 + v), r: u / (1 + u)}, text="Their logarithms."),
        Identity("Slope of the ratio", sp.Derivative(ratio, r) + turn, rate,
                 text=r"By the chain rule, with these slopes of $P$ and $Q$."),
        Sign("It is positive", gt(rate, 0), put=UPTO | {P: Q + x, r: 1 / (1 + c)}, text=r"$P = Q + x$."),
        Cited("Ratios that increase", "monotone form of l'Hospital's rule (Anderson, Vamanamurthy and Vuorinen 1993)",
              text=r"If $f(0) = g(0) = 0$, $g' > 0$ and $f'/g'$ increases, so does $f/g$."),
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
                 text=r"By the slope of $A$, this is $r A' = \Delta + b A$."),
        Words("The ratio of D to A increases", (rising, tie), text=r"First that of $\Delta'$ to $A'$, then that of "
              r"$\Delta$ to $A$, whose derivative is nonnegative. For $0 < r < 1$, $\Delta$ and $A$ are positive, as "
              r"their slopes $e (P - Q)/2$ and $s/2$ are."),
        Combination("A lower bound on r Delta'", ge(r * dD * A, D * (D + b * A)), ((r, rising), (D, tie)),
                    text=r"So $\alpha r \Delta' \ge \Delta (1 + \alpha \Delta/A)$."),
        Identity("Slope of W at a zero", (al + 1) * (1 / (m - 2 * D) - 1 / m) + al * r * (-2 * dD) / (m - 2 * D) ** 2,
                 2 * ((al + 1) * D * (m - 2 * D) / m - al * r * dD) / (m - 2 * D) ** 2,
                 text=r"$N = m - 2\Delta$, $c' = -2\Delta'$. With $p = N/m = 1/q$ this is negative if $1 + \alpha "
                      r"\Delta/A > (1 + \alpha) p$."),
        Identity("L/m at a zero", sp.Pow(q ** (1 + e), al, evaluate=False), q,
                 text=r"$W = 0$ says $(L/m)^\alpha = q$: $L/m = q^b$."),
        Identity("D and A at a zero", (1 - 1 / q) / 2 / ((q**b - 1) / (2 * b)), b * (1 - 1 / q) / (q**b - 1),
                 text=r"$2\Delta/m = 1 - p$ and $2bA/m = L/m - 1$: this is $\Delta/A$."),
        Identity("What is left", (1 + al * (b * (1 - 1 / q) / (q**b - 1)) - (1 + al) / q) * b * q * (q**b - 1),
                 b * q ** (b + 1) - (b + 1) * q**b + 1),
        bernoulli,
        Identity("It starts at 0", b * q ** (b + 1) - (b + 1) * q**b + 1, 0, put={q: sp.S.One},
                 text=r"At $q = 1$."),
        Words("W falls", text=r"$q > 1$, since $\Delta > 0$. There the derivative of this left side is positive, so "
              r"the side itself is, and so is $1 + \alpha \Delta/A - (1 + \alpha) p$: at a zero with $r < 1$ the slope "
              r"of $W$ is negative."),
    )  # fmt: skip


def _pattern() -> tuple[Step, ...]:
    low, big, _ = _curves(r)
    W, far = (al * sp.log((m - 2 + C) / m) + sp.log((m - 2 + c) / m) for C, c in
              ((big, low), ((1 + r) ** b, (1 + r) ** e)))  # fmt: skip
    nine = {e: sp.Rational(1, 9)}
    return (
        Words("The pattern", text=r"As $m$ grows at fixed $\kappa$, $r$ grows. While $r < 1$ a zero of $W$ leads from "
              r"$+$ to $-$; once $r \ge 1$, from $-$ to $+$; $W$ is continuous. So the signs of $W$ are part of "
              r"$+, -, +$, and $h$ falls, rises, falls. Among integers in $[2, n]$ its largest value is at 2, next to "
              r"the last zero, or at $n$ where $h$ still rises."),
        Sign("W rises in r beyond 1", gt(sp.Derivative(far, r), 0), put={m: 2 + z},
             form=(1 + r) ** e / (m - 2 + (1 + r) ** b) + e * (1 + r) ** (e - 1) / (m - 2 + (1 + r) ** e),
             text=r"At fixed $m$, so bisection in $r$ finds the slope at which $m$ is the last zero."),
        theorem(pooled_hull, "al m is at least 1", text=r"For $\tau \ge 3/2$ the convex hull of $T_n$ is that of the "
                                                        r"least of $D_2, ..., D_n$."),
        Words("The hull", text=r"The conjugate of $\min_m D_m$ is the largest of the conjugates, and the hull is the "
              r"conjugate of that: it is $T_n^{**}$."),
        Refutation("W can be negative", ge(W, 0), nine | {m: sp.Integer(3), r: sp.Rational(9, 10)},
                   text=r"$\tau = 19/10$, $m = 3$, $r = 9/10$: $h$ rises there."),
        *(Refutation(title, relation, nine, text=text) for title, relation, text in _five_beat_two()),
    )  # fmt: skip


def _five_beat_two() -> tuple[tuple[str, sp.Basic, str], ...]:
    """A lower slope at which five labels have more than two have even at the higher one."""
    two, five = sp.Rational(2, 3), sp.Rational(8, 5)
    heights = (1 + two) ** b + (1 - two) ** b, 3 + (1 + five) ** b
    slopes = two * heights[0] ** (-al), five * heights[1] ** (-al)
    values = 2 ** (-al) - heights[0] ** (-al), 5 ** (-al) - heights[1] ** (-al)
    return (
        ("The slope of two labels is not the lower one", gt(slopes[1], slopes[0]),
         r"$\tau = 19/10$: $r L^{-\alpha}$ for $m = 5$, $r = 8/5$ and for $m = 2$, $r = 2/3$."),
        ("Yet their conjugate is not the larger one", ge(values[0], values[1]),
         r"$m^{-\alpha} - L^{-\alpha}$ for the same. Conjugates grow with the slope, so at that of the five labels "
         r"the two are not the best: curves of more than two labels do touch the hull."),
    )  # fmt: skip
