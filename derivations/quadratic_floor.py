"""Theorem 5: the quadratic floor on [3/2, 2), free of the number of labels (derived here).

With al = tau - 1 in [1/2, 1): b = 1/al = 1 + e, 0 < e = 1/(1 + w) <= 1, and a = 1/(2 - tau) = (1 + e)/e.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist import catalog
from hconsist.derivations import pooled_hull
from hconsist.evidence import Evidence
from hconsist.rigorous import check_points
from hconsist.steps import Checked, Cited, Combination, Derivation, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "evidence"]

STATEMENT = (
    r"For $3/2 \le \tau < 2$ and every number $n$ of labels, $T_n(t) \ge c t^2$ with "
    r"$c = (1 - 2^{1-\tau})/(\tau - 1) \ge 1/2$, with equality at $t = 1$."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
b, c, d, e, r, t, y, l = sp.symbols("b c d e r t y l", positive=True)  # noqa: E741
w, x, v, M = sp.symbols("w x v M", nonnegative=True)
al = 1 / (1 + e)
UPTO = {e: 1 / (1 + w)}
RANGE = UPTO | {r: 1 / (1 + y)}
HALF = sp.Rational(1, 2)

up = Monotone("The power e increases", (b + x) ** e, x, put=UPTO)
down = Monotone("The power e - 1 decreases", -((c + x) ** (e - 1)), x, put=UPTO)
steep = Monotone("The power e - 2 decreases", -((d + x) ** (e - 2)), x, put=UPTO)


def build() -> Derivation:
    """The chain for Theorem 5; nothing is checked before ``run``."""
    steps = (*_setting(), up, down, steep, *_dual(), *_chord(), *_kink(), *_crossing(), *_power(), *_sharp())
    return Derivation("quadratic_floor", "Theorem 5: the quadratic floor", STATEMENT, steps)


def evidence(factor: Fraction | int = 1) -> Evidence:
    """Whether T_n(t) >= factor c t^2 on [3/2, 2): the chain for factor <= 1, else a witness at t = 1."""
    if factor <= 1:
        return catalog.derivation("quadratic_floor").run()
    tau = sp.Symbol("tau")
    curve = (1 - 2 ** (1 - tau)) / (tau - 1)  # T_n(1), by the last steps of the chain
    slack = (1 - sp.Rational(factor.numerator, factor.denominator) * t**2) * curve
    return check_points(slack, [{tau: Fraction(3, 2), t: Fraction(1)}])


def _theorem_four(shown: sp.Basic) -> Evidence:
    return pooled_hull.evidence()


def _setting() -> tuple[Step, ...]:
    return (
        Checked("Theorem 4", (le(sp.Function("T_n")(t), sp.Function("D_m")(t)),), _theorem_four,
                method="derivation pooled_hull", text=r"For $a \ge 2$ the convex hull of $T_n$ is that of the least "
              r"of $D_2, ..., D_n$, with $\alpha D_m(t) = N - m^{-\alpha}$, $N$ the least norm with exponent $a$ of "
              r"the laws $q$ on $m$ labels with $q_1 - q_2 = t$. So it is enough that $\alpha D_m(t) \ge \gamma t^2$, "
              r"$\gamma = 1 - 2^{-\alpha}$, as "
              r"$\gamma t^2$ is convex. $M = m - 2 \ge 0$."),
        Identity("The exponents", 1 - 1 / (1 + e), e / (1 + e), text=r"$1/a = 1 - \alpha = e \alpha$; $b = "
                                                                     r"1/\alpha = 1 + e$."),
    )  # fmt: skip


def _dual() -> tuple[Step, ...]:
    X, Z, q = sp.symbols("X Z q_2", positive=True)
    low, high, norm = X + Z, (1 + r) * X + (1 - r) * Z, M + (1 + r) * X + (1 - r) * Z
    root = 1 / (1 + e) * e
    P = sp.Symbol("P", positive=True)
    return (
        Cited("Lower bound on the norm", "Hoelder's inequality",
              text=r"With $g = (1+r, (1-r)_+, 1, ..., 1)$, $r \ge 0$: $N \ge \langle q, g\rangle / (M + (1+r)^b + "
                   r"(1-r)_+^b)^\alpha$."),
        Identity("The product for r at most 1", (1 + r) * (q + t) + (1 - r) * q + (1 - 2 * q - t), 1 + r * t,
                 text=r"$q_1 = q_2 + t$, the rest of the mass has weight 1."),
        Identity("The product for r above 1", (1 + r) * (q + t) + (1 - 2 * q - t), 1 + r * t + (r - 1) * q,
                 text=r"at least $1 + rt$."),
        Identity("Mass of the extremal law", low + r * (X - Z), high,
                 text=r"$X = (1+r)^e$, $Z = (1-r)^e$, $s = X - Z$, $c = X + Z$, $C = (1+r)^b + (1-r)^b = (1+r)X + "
                      r"(1-r)Z$. "
                      r"The law proportional to $(X, Z, 1, ..., 1)$ has $t(r) = s/(M + c)$: $c + rs = C$."),
        Identity("Power of an entry", sp.Pow(P**e, (1 + e) / e, evaluate=False), P ** (1 + e),
                 text=r"Its norm is $(M + C)^{1/a}/(M + c)$, with $P = 1 \pm r$."),
        Identity("Dual value at t(r)", 1 + r * (X - Z) / (M + low), norm / (M + low)),
        Identity("Primal equals dual", P / (M + low) * P ** (-al), P**root / (M + low),
                 text=r"$P = M + C$: the bound with this $r$ is attained, $N(t(r)) = (M+C)^{1/a}/(M+c)$."),
    )  # fmt: skip


def _curves() -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    return (1 + r) ** e - (1 - r) ** e, (1 + r) ** e + (1 - r) ** e, (1 + r) ** (1 + e) + (1 - r) ** (1 + e)


def _chord() -> tuple[Step, ...]:
    s, low, high = _curves()
    ds, dlow, dhigh = (sp.diff(f, r) for f in (s, low, high))
    convex = Monotone("s/r increases", r * ds - s, r, parts=((r * e * (1 - e), steep, {d: 1 - r, x: 2 * r}),),
    put=RANGE,
                      derivative=r * sp.diff(s, r, 2),
                      text=r"$r s' \ge s$, from equality at $r = 0$. So $r/s$ decreases.")  # fmt: skip
    X, Z = sp.symbols("X Z", positive=True)
    s0, c0, C = X - Z, X + Z, (1 + r) * X + (1 - r) * Z
    ds0, dc, dC = e * (X / (1 + r) + Z / (1 - r)), e * (X / (1 + r) - Z / (1 - r)), (1 + e) * (X - Z)
    sf, cf, Cf = (sp.Function(name)(r) for name in ("s", "c", "C"))
    S, A, B = sp.symbols("s A B", positive=True)
    z, f, g = sp.symbols("z f g", nonnegative=True)
    gain = (S + z) / (r * S) - 1 / r + f / (M + A) + al * g / (M + B)
    return (
        Sign("s increases", gt(ds, 0), form=e * ((1 + r) ** (e - 1) + (1 - r) ** (e - 1)), put=RANGE),
        Combination("c decreases", le(dlow, 0), ((e, down, {c: 1 - r, x: 2 * r}),), put=RANGE,
                    text=r"So $t(r)$ increases, from 0 to $t_m = t(1)$."),
        Combination("C increases", ge(dhigh, 0), ((1 + e, up, {b: 1 - r, x: 2 * r}),), put=RANGE),
        convex,
        Identity("s'", sp.Derivative(s, r), e * ((1 + r) ** e / (1 + r) + (1 - r) ** e / (1 - r)), put=RANGE),
        Identity("c'", sp.Derivative(low, r), e * ((1 + r) ** e / (1 + r) - (1 - r) ** e / (1 - r)), put=RANGE),
        Identity("C'", sp.Derivative(high, r), (1 + e) * ((1 + r) ** e - (1 - r) ** e), put=RANGE),
        Identity("Logarithmic derivative of N", sp.Derivative((1 - al) * sp.log(M + Cf) - sp.log(M + cf), r),
                 (1 - al) * sp.diff(Cf, r) / (M + Cf) - sp.diff(cf, r) / (M + cf)),
        Identity("Slope of t", sp.Derivative(sf / (M + cf), r),
                 (sp.diff(sf, r) * (M + cf) - sf * sp.diff(cf, r)) / (M + cf) ** 2),
        Identity("Slope of N along the curve", e / (1 + e) * dC / (M + C) - dc / (M + c0),
                 r * (ds0 * (M + c0) - s0 * dc) / ((M + c0) * (M + C)),
                 text=r"The logarithmic derivative of $N = (M+C)^{1/a}/(M+c)$ is $r (M+C)^{-1} (M+c) t'(r)$, with "
                      r"$X$, $Z$ and "
                      r"$s$, $c$, $C$ as above: $dN/dt = r (M+C)^{-\alpha}$, so $dN/d(t^2) = "
                      r"(r/s)(M+c)(M+C)^{-\alpha}/2$."),
        Identity("Minus its logarithmic derivative",
                 -sp.Derivative(sp.log(r) - sp.log(sf) + sp.log(M + cf) - al * sp.log(M + Cf), r),
                 sp.diff(sf, r) / sf - 1 / r - sp.diff(cf, r) / (M + cf) + al * sp.diff(Cf, r) / (M + Cf)),
        Sign("It decreases", ge(gain, 0), form=z / (r * S) + f / (M + A) + al * g / (M + B),
             text=r"Minus the derivative of its logarithm, with $r s' = s + z$, $c' = -f$, $C' = g$, all of these "
                  r"signs "
                  r"by the lines before, $A = c$ and $B = C$. So $N$ is concave in $t^2$ on $t \le t_m$, $N = "
                  r"m^{-\alpha}$ at 0."),
        Words("Chord", text=r"$\alpha D_m(t) \ge (t/t_m)^2 \alpha D_m(t_m)$ for $t \le t_m$: a concave function of "
                            r"$t^2$ "
              r"that vanishes at 0 lies above its chord."),
    )  # fmt: skip


def _kink() -> tuple[Step, ...]:
    q = 2**e
    number = q * (1 - t) / t  # M = m - 2 in terms of t = t_m
    K = ((1 + t) / 2) ** (1 - al) - (2 * t + q * (1 - t)) ** (-al)
    shown = -((1 - al) * al * ((1 + t) / 2) ** (-1 - al) / 4
              + al * (1 + al) * (2 - q) ** 2 * (2 * t + q * (1 - t)) ** (-al - 2))  # fmt: skip
    inside = {t: 1 / (1 + y)}
    return (
        Identity("The kink", q / (M + q), t, put={M: number} | inside, text=r"$t_m = t(1)$, $s = c = 2^e$, $C = 2^b$."),
        Identity("Number of labels", number + 2, (2 * t + q * (1 - t)) / t, put=inside),
        Identity("C at the kink", number + 2 * q, q * (1 + t) / t, put=inside),
        Identity("c at the kink", number + q, q / t, put=inside),
        Identity("N at the kink", (q * (1 + t) / t) ** (1 - al) / (q / t), t**al * ((1 + t) / 2) ** (1 - al),
                 text=r"So $\alpha D_m(t_m) = t_m^\alpha K(t_m)$, $K(t) = ((1+t)/2)^{1-\alpha} - (2t + "
                      r"2^e(1-t))^{-\alpha}$."),
        Identity("K'' ", sp.Derivative(K, t, 2), shown, put=inside),
        Sign("K is concave", le(shown, 0), put=inside | UPTO),
        Identity("K at 0", K, 0, put={t: sp.S.Zero}),
        Identity("K at 1", K, 1 - 2 ** (-al), put={t: sp.S.One},
                 text=r"This is $\gamma$: $K(t) \ge \gamma t$ by concavity."),
        Sign("Powers of t", ge((1 - al) * sp.log(1 + y), 0), put=UPTO,
             text=r"The logarithm of $t^{1+\alpha}/t^2$ at $t = 1/(1+y)$: $\alpha D_m(t_m) \ge \gamma "
                  r"t_m^{1+\alpha} \ge "
                  r"\gamma t_m^2$; with the chord, done for $t \le t_m$."),
    )  # fmt: skip


def _crossing() -> tuple[Step, ...]:
    top, g = sp.symbols("L gamma", positive=True)
    z = sp.Symbol("z", nonnegative=True)
    bent = (1 + t) / top - g * t**2
    return (
        Identity("Dual value for large r: denominator", ((1 + r) ** (1 + e) * (g + 1)) ** al, (1 + r) * (g + 1) ** al,
                 text=r"$\gamma$ stands here for $M (1+r)^{-b}$, which tends to 0: $(M + (1+r)^b)^\alpha$ is "
                      r"$1 + r$ times what tends to 1."),
        Identity("Dual value for large r", sp.Limit((1 + r * t) / (1 + r), r, sp.oo), t,
                 text=r"So $(1 + rt)/(M + (1+r)^b)^\alpha$ tends to $t$ as $r \to \infty$. "
                      r"With $r = 1$: $\alpha D_m \ge "
                      r"\max((1+t)/L, t) - m^{-\alpha}$, $L = (M + 2^b)^\alpha$."),
        Identity("L is at least 2", sp.Pow(2 ** (1 + e), al, evaluate=False), 2,
                 text=r"$L$ at $M = 0$; it grows with $M$."),
        Identity("Crossing", (1 + 1 / l) / (1 + l), 1 / l, text=r"$L = 1 + l$, $l \ge 1$: $(1+t)/L = t$ at $t = 1/l$."),
        Sign("The first is concave", le(sp.Derivative(bent, t, 2), 0), form=2 * g,
             text=r"$(1+t)/L - m^{-\alpha} - \gamma t^2$ is nonnegative at $t_m$, so between $t_m$ and $1/l$ it is "
                  r"if it is at $1/l$."),
        Sign("gamma is at most 1/2", ge((1 - al) * sp.log(2), 0), put=UPTO,
             text=r"The logarithm of $2^{-\alpha}/2^{-1}$: $\gamma = 1 - 2^{-\alpha} \le 1/2$."),
        Sign("The second is nondecreasing", ge(sp.Derivative(t - g * t**2, t), 0),
             form=z / (2 + z) + 2 * x / ((2 + z) * (1 + x)),
             put={g: 1 / (2 + z), t: 1 / (1 + x)}, text=r"$t - m^{-\alpha} - \gamma t^2$: so from $1/l$ to 1 its "
                                                        r"value at $1/l$ decides."),
        Identity("What is left", 1 / l - g / l**2, (l - g) / l**2, text=r"To show: it is at least $m^{-\alpha}$, "
                                                                        r"that is "
                 r"$m \ge Y^b$, $Y = l^2/(l - \gamma)$."),
        Identity("m in terms of l", sp.Pow((M + 2 ** (1 + e)) ** al, 1 + e, evaluate=False) + 2 - 2 ** (1 + e), M + 2,
                 text=r"$m = (l+1)^b + 2 - 2^b$, as $l + 1 = L$."),
    )  # fmt: skip


def _power() -> tuple[Step, ...]:
    g, Y = sp.symbols("gamma Y", positive=True)
    z, loss, drop = sp.symbols("z p u", nonnegative=True)
    quotient = l**2 / (l - g)
    small = {g: 1 / (2 + z), l: 1 + x}
    return (
        Identity("At l = 1", sp.Pow(1 / 2 ** (-al), 1 + e, evaluate=False), 2,
                 text=r"$Y(1) = 1/(1 - \gamma) = 2^\alpha$: $Y^b = 2 = m$."),
        Identity("Slope of Y", sp.Derivative(quotient, l), 1 - g**2 / (l - g) ** 2),
        Sign("It is at least 0", ge(l - g, g), form=l - 2 * g, put=small,
             text=r"$l \ge 1$, $\gamma \le 1/2$: $0 \le Y' \le 1$."),
        Sign("Y is at most l + 1", ge((l + 1) * (l - g), l**2), put=small),
        Combination("The slopes compare", ge((1 + e) * (Y + drop) ** e, (1 + e) * Y**e * (1 - loss)),
                    ((1 + e, up, {b: Y, x: drop}),), put=UPTO,
                    text=r"$l + 1 = Y + u$, $Y' = 1 - p$: the derivative of $(l+1)^b + 2 - 2^b$ is at least that "
                         r"of $Y^b$, "
                         r"so $m \ge Y^b$ for all $l \ge 1$."),
    )  # fmt: skip


def _sharp() -> tuple[Step, ...]:
    a1 = sp.Symbol("a", positive=True)
    z = sp.Symbol("z", nonnegative=True)
    A = sp.Symbol("alpha", positive=True)
    gap = 1 - (1 + z) * sp.exp(-z)
    decreasing = Monotone("1 - (1 + z) exp(-z) is nonnegative", gap, z, derivative=z * sp.exp(-z))
    return (
        decreasing,
        Identity("Derivative of the constant", sp.Derivative((1 - 2 ** (-A)) / A, A),
                 (A * sp.log(2) * 2 ** (-A) - (1 - 2 ** (-A))) / A**2),
        Combination("The constant decreases in alpha", ge(-(A * sp.log(2) * 2 ** (-A) - (1 - 2 ** (-A))) / A**2, 0),
                    ((1 / A**2, decreasing, {z: A * sp.log(2)}),),
                    text=r"Minus the derivative of $(1 - 2^{-\alpha})/\alpha$."),
        Identity("At alpha = 1", (1 - 2 ** (-A)) / A, HALF, put={A: sp.S.One}, text=r"So $c \ge 1/2$."),
        Identity("Equality at t = 1: the power mean", (2**a1 / 2) ** (1 / a1), 2 ** (1 - 1 / a1),
                 text=r"$M_a(1) = 2^\alpha$."),
        Identity("Equality at t = 1: two labels", 2 ** (-A) * (2**A - 1) / A, (1 - 2 ** (-A)) / A,
                 text=r"$T_n(1) \le D_2(1) = c$: the constant is sharp."),
        Refutation("A larger constant fails",
                   ge(2 * (1 - 2 ** (-HALF)), sp.Rational(101, 100) * 2 * (1 - 2 ** (-HALF)) * t**2),
                   {t: sp.S.One}, text=r"$\tau = 3/2$, $t = 1$, the constant 1 % larger."),
    )  # fmt: skip
