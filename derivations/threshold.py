"""Theorem 7: the two-label curve is sharp for every n exactly up to tau_c = 1.662983829068213... (derived here).

With a = 1/(2 - tau), al = tau - 1 = 1 - 1/a, b = 1/al: al D_m(t) is the least norm of exponent a of the laws q on m
labels with q_1 - q_2 = t, minus m^(-al).  The inequalities on boxes of (t, a) are closed in balls; those that bound a
norm from below by duality hold for every multiplier (r, s), and one is chosen for each box.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp

from hconsist import catalog
from hconsist.derivations import concave_hull, freezing, pooled_hull, quadratic_floor, two_label_sharpness
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence, Verdict
from hconsist.rigorous import Choice, prove_nonnegative
from hconsist.steps import (
    Balls,
    Checked,
    Cited,
    Combination,
    Derivation,
    Identity,
    Monotone,
    Refutation,
    Sign,
    Step,
    Words,
)
from hconsist.symbolic import as_fact, ball_at

__all__ = ["TAU_C", "below", "bracket", "build", "dual", "evidence", "for_pools", "multiplier", "refused"]

STATEMENT = (
    r"For every number $n \ge 3$ of labels and $0 \le \tau \le 2$: the sharp transformation is the two-label curve, "
    r"$T_n = D_2$ on $[0, 1]$, exactly when $\tau \le \tau_c$, where "
    r"$1.66298382906821319 < \tau_c < 1.66298382906821320$."
)

TAU_C = Fraction(166298382906821319, 10**17), Fraction(166298382906821320, 10**17)
"""Certified ends: D_2 is sharp for every n at the lower one, and beaten by three labels at the upper one."""

ge, gt, le, lt = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Lt))
a, t, r, s = sp.symbols("a t r s", nonnegative=True)
m, g, l = sp.symbols("m gamma l", positive=True)  # noqa: E741
x, y = sp.symbols("x y", nonnegative=True)
AL, B = 1 - 1 / a, a / (a - 1)
START = a * 2 ** (1 / a) / 4
"""d_0 with D_2(t) ~ d_0 t^2 at zero."""
FLOOR = (a - 1) * 2 ** (1 / a) / 4
"""al d_0."""

LOWEST, CROSSING, BEYOND = Fraction(2), Fraction(29672, 10**4), Fraction(29673, 10**4)
"""a runs from tau = 3/2 up to just below the threshold, and from there to just above it."""
TENTH, ONE = Fraction(1, 10), Fraction(1)
DIP = Fraction(5875, 10**4), Fraction(62, 100)
"""Where D_3 comes down to D_2."""
TOUCH = Fraction(600134072457, 10**12)
"""Near the point at which they touch at tau_c."""
SMALL_POOLS = range(3, 12)


# --- the curves --------------------------------------------------------------------------------------------------


def dual(m: Any, t: Any) -> sp.Expr:
    """m^al (1 + r t)/(m - 2 + (1+r)^b + s^b)^al - 1: at most m^al times al D_m(t), if r, s >= 0 and r + s >= 1."""
    return (1 + r * t) * (1 + ((1 + r) ** B + s**B - 2) / m) ** (-AL) - 1


def two_label(t: Any) -> sp.Expr:
    """al 2^al D_2(t) = M_a(t) - 1."""
    return (((1 + t) ** a + (1 - t) ** a) / 2) ** (1 / a) - 1


def bracket(t: Any, a: Any = a) -> sp.Expr:
    """al (regret of (t, 0, 1-t) at the uniform softmax of three labels - D_2(t))."""
    al = 1 - 1 / a
    pair = (((1 + t) / 2) ** a + ((1 - t) / 2) ** a) ** (1 / a)
    return (t**a + (1 - t) ** a) ** (1 / a) - 3 ** (-al) - pair + 2 ** (-al)


def multiplier(m: int, fixed: float | None = None) -> Choice:
    """The best (r, s) at the centre of a box in (t, a), or in a alone at t = ``fixed``, rounded to 1/4096."""

    def rule(*centre: float) -> tuple[float, float]:
        gap, order = centre if fixed is None else (fixed, *centre)
        b = order / (order - 1)
        low, high = 0.0, 4096.0
        for _ in range(30):  # the derivative of log(1 + r t) - log(m - 2 + C)/b falls through 0
            middle = (low + high) / 2
            rest = max(1 - middle, 0.0)
            size, slope = (1 + middle) ** b + rest**b, (1 + middle) ** (b - 1) - rest ** (b - 1)
            rising = gap * (m - 2 + size) > slope * (1 + middle * gap)
            low, high = (middle, high) if rising else (low, middle)
        rounded = round(low * 4096) / 4096
        return rounded, max(1 - rounded, 0.0)

    return Choice((r, s), rule, (r, s, r + s - 1))


# --- the ball parts ----------------------------------------------------------------------------------------------

Box = dict[sp.Symbol, tuple[Fraction, Fraction]]


def for_pools(relation: sp.Gt, boxes: dict[int, tuple[Box, ...]], fixed: float | None = None) -> Evidence:
    """The relation for each number m of labels on each of its boxes, with a choice of (r, s)."""
    slack = relation.lhs - relation.rhs
    return Evidence.joint(
        [
            prove_nonnegative(
                slack.subs(m, k), box, strict=True, choose=multiplier(k, fixed), claim=f"m = {k}: {relation}"
            )
            for k, own in boxes.items()
            for box in own
        ]
    )


def order(tau: Fraction) -> sp.Rational:
    """a = 1/(2 - tau)."""
    value = 1 / (2 - tau)
    return sp.Rational(value.numerator, value.denominator)


def below(tau: Fraction = TAU_C[0]) -> Evidence:
    """Whether (t, 0, 1-t) does not beat D_2 on the dip at this tau: true up to tau_c, refuted beyond."""
    claim = f"three labels do not beat two on [0.5875, 0.62] at tau = {tau}"
    return prove_nonnegative(bracket(t, order(tau)), {t: DIP}, strict=True, prec=192, claim=claim)


def refused(shown: sp.Basic) -> Evidence:
    """A control: three labels win at the point shown, so on a box around it the prover must not find D_3 > D_2."""
    box = {t: (Fraction(59, 100), Fraction(61, 100)), a: (Fraction(296725, 10**5), Fraction(2968, 1000))}
    slack = dual(3, t) - sp.Rational(3, 2) ** AL * two_label(t)
    found = prove_nonnegative(slack, box, strict=True, choose=multiplier(3), max_boxes=2000)
    if not ball_at(as_fact(shown, {})[1], {}) > 0:
        verdict, reason = Verdict.INCONCLUSIVE, "three labels do not win at the point"
    elif found.verdict is not Verdict.INCONCLUSIVE:
        verdict, reason = Verdict.INCONCLUSIVE, "the prover closed what is false"
    else:
        verdict, reason = Verdict.PROVED, ""
    return replace(found, verdict=verdict, reason=reason, certificates=())


# --- the chain ---------------------------------------------------------------------------------------------------


def build() -> Derivation:
    """The chain for Theorem 7; nothing is checked before ``run``."""
    steps = (*_setting(), *_duality(), *_few_labels(), *_many_labels(), *_dip(), *_beyond())
    return Derivation("threshold", "Theorem 7: the exact threshold", STATEMENT, steps)


def evidence() -> Evidence:
    """Whether the chain closes."""
    return catalog.derivation("threshold").run()


def _setting() -> tuple[Step, ...]:
    mean = ((1 + t) ** a + (1 - t) ** a) / 2
    bend = a * (a - 1) * ((1 + t) ** (a - 2) + (1 - t) ** (a - 2)) / 2
    return (
        theorem(freezing, "R is least at full mass",
                text=r"$T_n = R_1 = D_2$ for every $n$ and $\tau < 1$, and with the next line for $\tau = 1$."),
        theorem(freezing, "The same for the logarithm"),
        theorem(two_label_sharpness, "The two-label curve",
                text=r"$T_n = D_2$ for every $n$ and $1 < \tau \le 3/2$; $\alpha D_2$ is this curve at $x = 1 + t$, "
                     r"$y = 1 - t$, where $e = a - 1$."),
        theorem(pooled_hull, "al m is at least 1",
                text=r"For $a \ge 2$, $3/2 \le \tau < 2$, the hull of $T_n$ is that of $D_2, ..., D_n$."),
        Words("Which numbers of labels count", text=r"$D_2$ is convex, as the least of a convex function over a "
              r"section that moves with $t$, and $T_n \le D_m$. So for $3/2 \le \tau < 2$: $T_n = D_2$ if and only "
              r"if $D_m \ge D_2$ on $[0, 1]$ for $m = 3, ..., n$."),
        theorem(quadratic_floor, "It decreases",
                text=r"So $\alpha D_m + m^{-\alpha}$ is a concave function of $t^2$ for $t \le t_m$; for $m = 2$ on "
                     r"all of $[0, 1]$."),
        theorem(quadratic_floor, "The kink",
                text=r"$e = 1/(a-1)$ and $M = m - 2$: $1/t_m = 1 + (m-2) 2^{-1/(a-1)}$."),
        theorem(quadratic_floor, "K is concave",
                text=r"$\alpha D_m(t_m) = t_m^\alpha K(t_m) \ge \gamma t_m^{1+\alpha}$, $\gamma = 1 - 2^{-\alpha}$."),
        theorem(quadratic_floor, "Dual value for large r",
                text=r"$\alpha D_m \ge \max((1+t)/L, t) - m^{-\alpha}$, $L = (m - 2 + 2^b)^\alpha$, the first with "
                     r"equality at $t_m$."),
        theorem(quadratic_floor, "Crossing", text=r"The two cross at $1/l$, $L = 1 + l$."),
        Identity("Second derivative of A = M_a^a", sp.Derivative(mean, t, 2), bend, put={t: 1 / (1 + y)}),
        Identity("Its value at 0", bend, a * (a - 1), put={t: sp.S.Zero}, text=r"So $M_a - 1 \sim (a-1) t^2/2$."),
        Identity("Start of the two-label curve", 2 ** (-AL) * (a - 1) / 2, AL * START,
                 text=r"$\alpha D_2 = 2^{-\alpha}(M_a - 1) \sim \alpha d_0 t^2$ with $d_0 = a 2^{1/a}/4$."),
        Words("Above the two-label curve", text=r"$D_2$ vanishes at 0 and is concave in $t^2$: $D_2 \le d_0 t^2$."),
    )  # fmt: skip


def _duality() -> tuple[Step, ...]:
    q = sp.Symbol("q_2", nonnegative=True)
    return (
        Cited("Lower bound on the norm", "Hoelder's inequality",
              text=r"With $g = (1 + r, s, 1, ..., 1)$, $r, s \ge 0$: $\|q\|_a \ge \langle q, g\rangle / (m - 2 + "
                   r"(1+r)^b + s^b)^\alpha$."),
        Identity("The product", (1 + r) * (q + t) + s * q + (1 - 2 * q - t), 1 + r * t + (r + s - 1) * q,
                 text=r"$q_1 = q_2 + t$; the rest of the mass has weight 1."),
        Sign("It is at least 1 + r t", ge((r + s - 1) * q, 0), put={r: x, s: 1 - x + y}, form=y * q,
             text=r"where $r + s \ge 1$: $m^\alpha \alpha D_m(t) \ge (1 + rt)(1 + ((1+r)^b + s^b - 2)/m)^{-\alpha} - "
                  r"1$."),
        Identity("The same for two labels, times m^al", (m / 2) ** AL * 2**AL, m**AL, put={a: 1 / y},
                 text=r"$m^\alpha \alpha D_2 = (m/2)^\alpha (M_a - 1)$."),
    )  # fmt: skip


def _few_labels() -> tuple[Step, ...]:
    shown, p = gt(dual(m, t), (m / 2) ** AL * two_label(t)), sp.Symbol("p", positive=True)
    wide, narrow = ({t: (TENTH, ONE), a: (LOWEST, BEYOND)},), ({t: (TENTH, ONE), a: (LOWEST, CROSSING)},)
    beside = tuple({t: ends, a: (CROSSING, BEYOND)} for ends in ((TENTH, DIP[0]), (DIP[1], ONE)))
    return (
        Sign("The kinks lie beyond 1/10", ge(9 - (m - 2) * p, 0), put={m: 11 - x, p: 1 / (1 + y)},
             form=(9 * y + x) / (1 + y), text=r"$p = 2^{-1/(a-1)} \le 1$ and $m \le 11$: $1/t_m = 1 + (m-2)p \le 10$."),
        Checked("At t = 1/10", (gt(dual(m, sp.Rational(1, 10)), m**AL * FLOOR / 100),),
                partial(for_pools, boxes=dict.fromkeys(SMALL_POOLS, ({a: (LOWEST, BEYOND)},)), fixed=0.1),
                method="balls",
                text=r"For $3 \le m \le 11$ and $2 \le a \le 2.9673$, with one $(r, s)$ for each small box, here and "
                     r"in the next lines: $D_m(1/10) > d_0/100$."),
        Words("Up to t = 1/10", text=r"$D_m$ vanishes at 0 and is concave in $t^2$: $D_m(t) \ge 100 t^2 D_m(1/10) > "
              r"d_0 t^2 \ge D_2(t)$ for $0 < t \le 1/10$."),
        Checked("On [1/10, 1]", (shown,), partial(for_pools, boxes=dict.fromkeys(SMALL_POOLS, wide) | {3: narrow}),
                method="balls",
                text=r"For $4 \le m \le 11$ and $2 \le a \le 2.9673$, and for $m = 3$ and $2 \le a \le 2.9672$: "
                     r"$D_m > D_2$."),
        Checked("Off the dip", (shown,), partial(for_pools, boxes={3: beside}), method="balls",
                text=r"For $m = 3$, $2.9672 \le a \le 2.9673$, and $1/10 \le t \le 0.5875$ or $0.62 \le t \le 1$."),
    )  # fmt: skip


def _many_labels() -> tuple[Step, ...]:
    """m >= 12: the steps of Theorem 5 with gamma' = al d_0; each condition is closed at m = 12 and improves with m."""
    p, e, Y, L, c = sp.symbols("p e Y L c", positive=True)
    loss, drop = sp.symbols("q u", nonnegative=True)
    box = {a: (LOWEST, BEYOND)}
    twelve, crossing = sp.Integer(12) ** (-AL), (10 + 2**B) ** AL - 1
    kink = 1 + 10 * 2 ** (-1 / (a - 1))
    up = Monotone("A positive power increases", (Y + drop) ** e, drop)
    quotient = l**2 / (l - g)
    return (
        Balls("Up to the kink, m = 12", gt((1 - 2 ** (-AL)) * kink ** (1 / a), FLOOR), box,
              text=r"$\gamma t_m^{\alpha - 1} > \gamma' = \alpha d_0$, and $t_m^{\alpha-1} = (1 + (m-2)p)^{1/a}$."),
        Sign("It grows with m", ge(sp.Derivative((1 + (m - 2) * p) ** y, m), 0), put={m: 2 + c},
             form=p * y * (1 + c * p) ** (y - 1),
             text=r"$p = 2^{-1/(a-1)}$ and $y = 1/a$: so does $\gamma t_m^{\alpha-1}$."),
        Words("Up to the kink", text=r"$\alpha D_m(t) \ge (t/t_m)^2 \alpha D_m(t_m) \ge \gamma t_m^{\alpha-1} t^2 > "
              r"\gamma' t^2$ for $0 < t \le t_m$ and $m \ge 12$."),
        Sign("The first line minus gamma' t^2 is concave", le(sp.Derivative((1 + t) / L - c - g * t**2, t, 2), 0),
             form=2 * g, text=r"$c = m^{-\alpha}$. It is nonnegative at $t_m$, so from $t_m$ to $1/l$ it is if it is "
                              r"at $1/l$."),
        Sign("So is the second", le(sp.Derivative(t - c - g * t**2, t, 2), 0), form=2 * g,
             text=r"From $1/l$ to 1 the two ends decide."),
        Balls("At t = 1, m = 12", gt(1 - FLOOR, twelve), box, text=r"$m^{-\alpha}$ falls with $m$."),
        Balls("At 1/l, m = 12", gt(1 / crossing - FLOOR / crossing**2, twelve), box,
              text=r"$l = (10 + 2^b)^\alpha - 1$. Equivalently $m > Y^b$ with $Y = l^2/(l - \gamma')$."),
        Identity("m in terms of l", ((m - 2 + 2**e) ** (1 / e)) ** e + 2 - 2**e, m, put={m: 2 + c},
                 text=r"$l + 1 = L = (m - 2 + 2^b)^\alpha$, $e$ stands for $b$: $m = (l+1)^b + 2 - 2^b$, so $l$ grows "
                      r"with $m$."),
        Balls("gamma' against l, m = 12", gt(crossing, 2 * FLOOR), box),
        Balls("gamma' against l/(l+1), m = 12", gt(crossing / (crossing + 1), FLOOR), box,
              text=r"Both persist for larger $l$."),
        Identity("Slope of Y", sp.Derivative(quotient, l), 1 - g**2 / (l - g) ** 2),
        Sign("It lies in [0, 1]", ge(l - g, g), put={l: 2 * g + x}, form=x),
        Sign("Y is at most l + 1", ge((l + 1) * (l - g), l**2), put={g: l / (l + 1) / (1 + y)}, form=l * y / (1 + y)),
        up,
        Combination("The slopes compare", ge((1 + e) * (Y + drop) ** e, (1 + e) * Y**e * (1 - loss)),
                    ((1 + e, up),),
                    text=r"$b = 1 + e$, $l + 1 = Y + u$, $Y' = 1 - q$: the derivative of $m = (l+1)^b + 2 - 2^b$ is at "
                         r"least that of $Y^b$."),
        Words("Beyond the kink", text=r"So $m > Y^b$ for every $m \ge 12$, as at 12. The lower bounds exceed $\gamma' "
              r"t^2$ at $t_m$, $1/l$ and 1, and between: $D_m > d_0 t^2 \ge D_2$."),
    )  # fmt: skip


def _dip() -> tuple[Step, ...]:
    """m = 3 between 2.9672 and 2.9673: one crossing."""
    e, q, u = sp.symbols("e q u", positive=True)
    z = sp.Symbol("q_2", nonnegative=True)
    power = (t + z) ** (1 + e) + z ** (1 + e) + (1 - t - 2 * z) ** (1 + e)
    slope = (1 + e) * ((t + z) ** e + z**e - 2 * (1 - t - 2 * z) ** e)
    box = {t: DIP, a: (CROSSING, BEYOND)}
    return (
        Identity("Three labels, as q_2 varies", sp.Derivative(power, z), slope, put={t: u, z: q},
                 text=r"$q = (t + q_2, q_2, 1 - t - 2 q_2)$ and $a = 1 + e$; the sum of powers is convex in $q$."),
        Identity("At q_2 = 0", slope, (1 + e) * (t**e - 2 * (1 - t) ** e), put={t: u, z: sp.S.Zero},
                 text=r"It is at least 0 once $(t/(1-t))^{a-1} \ge 2$, that is $t \ge t_3 = 1/(1 + 2^{-1/(a-1)})$."),
        Words("The best law from t_3 on", text=r"A convex function that rises at $q_2 = 0$ is least there: $\alpha "
              r"(D_3 - D_2) = B(t, a)$ for $t \ge t_3$, and $\le B$ for every $t$, with the bracket $B$ of the next "
              r"lines."),
        Balls("The dip lies beyond the kink", gt(sp.Rational(5875, 10**4) * (1 + 2 ** (-1 / (a - 1))), 1),
              {a: (CROSSING, BEYOND)}, text=r"$t_3 < 0.5875$."),
        Balls("B falls in a", lt(sp.diff(bracket(t), a), 0), box,
              text=r"So for each $t$ the sign of $B$ changes at most once, from $+$ to $-$."),
        Balls("At the lower end of tau_c", gt(bracket(t, order(TAU_C[0])), 0), {t: DIP}, options={"prec": 192},
              text=r"$\tau = 1.66298382906821319$: $D_3 > D_2$ on the dip, and so for every smaller $a \ge 2.9672$."),
        Balls("At the upper end of tau_c", lt(bracket(t, order(TAU_C[1])), 0), {t: (TOUCH, TOUCH)},
              options={"prec": 192}, text=r"$\tau = 1.66298382906821320$."),
        Words("One crossing", text=r"The least $B$ over the dip is continuous and falls in $a$; it is positive at the "
              r"lower end and negative at the upper one. So it vanishes at exactly one $\tau_c$ between them: "
              r"$D_3 \ge D_2$ up to $\tau_c$, and $T_n \le D_3 < D_2$ somewhere from there to $a = 2.9673$, for "
              r"every $n \ge 3$."),
        Checked("The prover refuses what is false", (lt(bracket(sp.Rational(3, 5), sp.Rational(371, 125)), 0),),
                refused, method="balls", control=True,
                text=r"$B(0.6, 2.968) < 0$. Asked for $D_3 > D_2$ on $0.59 \le t \le 0.61$, $2.96725 \le a \le 2.968$, "
                     r"it stays inconclusive."),
    )  # fmt: skip


def _beyond() -> tuple[Step, ...]:
    """a >= 2.9673: the law (3/5, 0, 2/5) beats D_2."""
    u, v = sp.symbols("u v", nonnegative=True)
    z = sp.Symbol("u", positive=True)
    two, three, fifths = sp.Rational(2, 3), sp.Rational(1, 4), (sp.Rational(3, 5), sp.Rational(4, 5))
    near = fifths[0] * (1 + two ** (1 / u)) ** u - 3 ** (u - 1) - fifths[1] * (1 + three ** (1 / u)) ** u + 2 ** (u - 1)
    far = fifths[0] * (1 + v) ** u - 3 ** (u - 1) - fifths[1] + 2 ** (u - 1)
    quarter, k = Fraction(1, 4), sp.Symbol("k", positive=True)
    return (
        Identity("The first norm at t = 3/5", fifths[0] ** (1 / z) * (1 + two ** (1 / z)),
                 fifths[0] ** (1 / z) + sp.Rational(2, 5) ** (1 / z), text=r"$u = 1/a$."),
        Identity("The second norm", fifths[1] ** (1 / z) * (1 + three ** (1 / z)),
                 fifths[1] ** (1 / z) + sp.Rational(1, 5) ** (1 / z),
                 text=r"So $B(3/5, 1/u)$ is the left side of the next line."),
        Balls("For 1/4 <= 1/a <= 1/2.9673", lt(near, 0), {u: (quarter, 1 / BEYOND)}),
        Balls("For 1/a <= 1/4", lt(far, 0), {u: (Fraction(0), quarter), v: (Fraction(0), Fraction(16, 81))},
              text=r"Here $v$ stands for $(2/3)^{1/u} \le (2/3)^4 = 16/81$, and $(1 + 4^{-1/u})^u \ge 1$: $B < 0$ "
                   r"again."),
        theorem(concave_hull, "tau = 2: vertices",
                text=r"$\tau = 2$: the height of the hull of $T_n$ at $t = 1/k$, $1 \le k < n$."),
        Sign("They lie below the two-label curve", lt(1 / (k * (k + 1)), 1 / (2 * k)), put={k: 1 + z},
             form=(k - 1) / (2 * k * (k + 1)), text=r"$D_2(t) = t/2$ at $\tau = 2$, $t = 1/k < 1$."),
        Words("Beyond tau_c", text=r"So $T_n \ne D_2$ for every $n \ge 3$: by $T_n \le D_3 < D_2$ at some $t$ for "
              r"$\tau_c < \tau < 2$, and at $\tau = 2$ since the hull of $T_n$ is below $D_2$, convex, at $t = 1/2$."),
        Refutation("The threshold is not 1.67", ge(bracket(sp.Rational(3, 5), sp.Rational(100, 33)), 0), {},
                   text=r"$\tau = 1.67$, $a = 100/33$."),
    )  # fmt: skip
