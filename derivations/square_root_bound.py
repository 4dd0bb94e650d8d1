"""Theorem 6: quadratic lower bounds without the number of labels; zero-one regret <= sqrt(2 x surrogate regret).

Derived here.  al = tau - 1, a = 1/(2 - tau), so al = 1 - 1/a; w = t^2; A(w) = ((1+t)^a + (1-t)^a)/2 = M_a^a.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist import catalog
from hconsist.derivations import concave_hull, freezing, quadratic_floor, two_label_sharpness
from hconsist.derivations.links import proof
from hconsist.evidence import Evidence
from hconsist.rigorous import check_points
from hconsist.steps import Checked, Cited, Derivation, Identity, Monotone, Refutation, Sign, Step, Words

__all__ = ["build", "evidence", "small_tau_evidence"]

STATEMENT = (
    r"For every number $n$ of labels: (i) $T_n(t) \ge t^2/(2^\tau (2-\tau))$ for $0 \le \tau \le 4/3$; (ii) "
    r"$T_n(t) \ge t^2/2$ "
    r"for $1 \le \tau \le 2$, so the zero-one regret is at most the square root of twice the surrogate regret."
)

ge, gt = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt))
a, e, t, y, u = sp.symbols("a e t y u", positive=True)
x, z, j = sp.symbols("x z j", nonnegative=True)
k = 1 + j
HALF = sp.Rational(1, 2)


def build() -> Derivation:
    """The chain for Theorem 6 (i) and (ii); nothing is checked before ``run``."""
    steps = (*_curve(), *_below_one(), *_logistic(), *_cubic(), *_middle(), *_upper(), _control())
    return Derivation("square_root_bound", "Theorem 6: quadratic bounds without n", STATEMENT, steps)


def evidence(constant: Fraction = Fraction(1, 2)) -> Evidence:
    """Whether T_n(t) >= constant t^2 on 1 <= tau <= 2: the chain, or for constant > 1/2 a witness at t = 1."""
    if constant <= Fraction(1, 2):
        return catalog.derivation("square_root_bound").run()
    tau = sp.Symbol("tau")
    curve = (1 - 2 ** (1 - tau)) / (tau - 1)  # T_n(1), also at tau = 2
    slack = curve - sp.Rational(constant.numerator, constant.denominator) * t**2
    return check_points(slack, [{tau: Fraction(2), t: Fraction(1)}])


def small_tau_evidence() -> Evidence:
    """T_n(t) >= t^2/(2^tau (2 - tau)) for 0 <= tau <= 4/3."""
    steps = (*_curve(), *_below_one(), *_logistic(), *_cubic())
    return Derivation("square_root_bound_i", "Theorem 6 (i)", STATEMENT, steps).run()


def _curve() -> tuple[Step, ...]:
    ratio = (2 * k - a) * (2 * k + 1 - a) / ((2 * k + 1) * (2 * k + 2))
    al = 1 - 1 / a
    gain = sp.Symbol("g", real=True)
    return (
        Checked("Theorem 2", (sp.Eq(sp.Function("T_n")(t), sp.Function("D_2")(t), evaluate=False),), _theorem_two,
                method="derivation freezing", text=r"For $0 \le \tau \le 1$."),
        Checked("Theorem 3", (sp.Eq(sp.Function("T_n")(t), sp.Function("D_2")(t), evaluate=False),), _theorem_three,
                method="derivation two_label_sharpness",
                text=r"For $1 \le \tau \le 3/2$; $D_2 = 2^{-\alpha}(M_a - 1)/\alpha$, every $n$."),
        Cited("Binomial series", "Newton; Abel at the end of the interval",
              text=r"$A(w)$ is the sum of $\binom{a}{2k} w^k$, $w = t^2 \le 1$."),
        Identity("Second coefficient", sp.binomial(a, 2 * k), a * (a - 1) / 2, put={j: sp.S.Zero},
                 text=r"$k = 1 + j$."),
        Identity("Ratio of coefficients", sp.binomial(a, 2 * k + 2) / sp.binomial(a, 2 * k), ratio),
        Identity("From M to T", 2 ** (-al) * ((a - 1) * gain / 2) / al, a * 2 ** (1 / a) / 4 * gain,
                 text=r"$M - 1 = (a-1) g/2$ gives $D_2 = a 2^{1/a} g/4$; so $M \ge 1 + (a-1) w/2$, or $\le$ if $a "
                      r"< 1$, "
                      r"where $\alpha < 0$, is (i)."),
        Identity("The constant", (a * 2 ** (1 / a) / 4).subs(a, 1 / y), 1 / (2 ** (2 - y) * y),
                 text=r"$y = 2 - \tau = 1/a$."),
    )  # fmt: skip


def _below_one() -> tuple[Step, ...]:
    left = (2 * k - a) * (2 * k + 1 - a) / ((2 * k + 1) * (2 * k + 2))
    right = (k - a) * (1 - a) / (2 * (k + 1))
    below = {a: 1 / (1 + u)}
    return (
        Identity("tau < 1: ratio for the comparison",
                 sp.binomial(a, k + 1) / sp.binomial(a, k) * -(1 - a) / 2, right,
                 text=r"To show: $A \le (1-x)^a$, $x = (1-a)w/2$. Beyond the constant all coefficients of both "
                      r"sides are "
                      r"negative; moduli are compared."),
        Identity("First coefficients agree", -sp.ff(a, 2) / 2, a * (1 - a) / 2),
        Sign("The left ratio is the larger", ge(left - right, 0), put=below),
        Words("tau < 1", text=r"So the moduli on the left are the larger, $A \le (1-x)^a$, $M \le 1 - (1-a)w/2$."),
    )  # fmt: skip


def _logistic() -> tuple[Step, ...]:
    curve = ((1 + t) * sp.log(1 + t) + (1 - t) * sp.log(1 - t)) / 2
    inside = {x: 1 / (1 + y)}
    slope = (sp.log(1 + x) - sp.log(1 - x)) / 2 - x
    steep = Monotone("tau = 1: slope", slope, x, derivative=x**2 / (1 - x**2), put=inside)
    gap = curve.subs(t, x) - x**2 / 2
    return (steep, Monotone("tau = 1: curve", gap, x, parts=((1, steep),), derivative=slope, put=inside,
                            text=r"$T_1(t) \ge t^2/2$."))  # fmt: skip


def _cubic() -> tuple[Step, ...]:
    upto = {e: 1 / (2 + z)}
    third = e * (1 + e) * (1 - (1 + x) ** (e - 1))
    second = (1 + e) * (1 + e * x - (1 + x) ** e)
    first = 1 + (1 + e) * x + e * (1 + e) * x**2 / 2 - (1 + x) ** (1 + e)
    one = Monotone("1 < tau <= 4/3: second derivative", third, x, put=upto)
    two = Monotone("1 < tau <= 4/3: first derivative", second, x, parts=((1, one),), put=upto, derivative=third)
    three = Monotone("1 < tau <= 4/3: a power below a parabola", first, x, parts=((1, two),),
    put=upto, derivative=second,
                     text=r"$a = 1 + e$, $e \le 1/2$.")  # fmt: skip
    extra = sp.ff(a, 4) / 24 - a * (a - 1) ** 3 / 8
    form = a * (a - 1) * (3 - 2 * a) * (1 + a) / 24
    return (
        one, two, three,
        Identity("Fourth coefficient", extra, form,
                 text=r"$x = (a-1) w/2$: the parabola in $w$ has coefficients $a(a-1)/2$ and $a(a-1)^3/8$."),
        Sign("It is enough", ge(form, 0), put={a: 1 + 1 / (2 + z)},
             text=r"All $\binom{a}{2k} \ge 0$ for $1 \le a \le 2$, so $A \ge 1 + ax + \binom{a}{4} w^2 \ge "
                  r"(1+x)^a$ and "
                  r"$M \ge 1 + (a-1) w/2$: (i)."),
    )  # fmt: skip


def _middle() -> tuple[Step, ...]:
    upto = {e: 1 / (1 + z)}
    slope = Monotone("A negative power decreases", 1 - (1 + x) ** ((e - 1) / 2), x, put=upto)
    power = (1 + e) / 2
    bernoulli = Monotone("Bernoulli", 1 + power * x - (1 + x) ** power, x, parts=((power, slope),), put=upto)
    q, v = 1 + u, 1 / (1 + y)
    log2 = sp.log(2)
    n = sp.Symbol("n", integer=True, positive=True)
    return (
        Sign("(ii) The coefficients are nonnegative", ge((2 * k - a) * (2 * k + 1 - a), 0), put={a: 1 + 1 / (1 + z)},
             text=r"$1 < a \le 2$, that is $\tau \le 3/2$: $A \ge 1 + a(a-1) w/2$."),
        slope, bernoulli,
        Words("(ii) Power mean", text=r"With $x = (a-1) w$: $A \ge (1 + (a-1)w)^{a/2}$, $M \ge \sqrt{1 + (a-1) w}$."),
        Sign("(ii) The root lies above its chord", ge(1 + (q**2 - 1) * v, (1 + v * (q - 1)) ** 2),
             form=v * (1 - v) * u**2,
             text=r"$q = \sqrt{a}$ and $w = v \le 1$, squared: $M \ge 1 + w(\sqrt{a} - 1)$. As $a = 1/(1-\alpha)$, "
                  r"it remains "
                  r"that $(1-\alpha)^{-1/2} - 1 \ge \alpha 2^\alpha/2$; power series, $0 < \alpha \le 1/2$."),
        Identity("(ii) Left ratio", sp.factorial(2 * n + 2) / (4 ** (n + 1) * sp.factorial(n + 1) ** 2)
                 / (sp.factorial(2 * n) / (4**n * sp.factorial(n) ** 2)), (2 * n + 1) / (2 * n + 2),
                 text=r"$\binom{2n}{n}/4^n$."),
        Identity("(ii) Right ratio",
                 log2**n / (2 * sp.factorial(n)) / (log2 ** (n - 1) / (2 * sp.factorial(n - 1))), log2 / n),
        Identity("(ii) First coefficients agree", sp.binomial(2 * n, n) / 4**n, HALF, put={n: sp.S.One}),
        Sign("(ii) Left ratio at least 3/4", ge((2 * k + 1) / (2 * k + 2), sp.Rational(3, 4)), form=j / (4 * (j + 2))),
        Sign("(ii) Right ratio at most log 2", ge(log2, log2 / k), form=log2 * j / (1 + j)),
        Sign("(ii) and log 2 below 3/4", gt(sp.Rational(3, 4), log2), text=r"So $T_n \ge t^2/2$ for $1 < \tau \le "
                                                                           r"3/2$."),
    )  # fmt: skip


def _upper() -> tuple[Step, ...]:
    curve = t**2 / (1 + t)
    top = gt(sp.Function("T_n")(t), t**2 / 2)
    return (
        Checked("3/2 <= tau < 2: Theorem 5", (ge(*top.args),), _theorem_five, method="derivation quadratic_floor",
                text=r"$T_n \ge c t^2$ with $c \ge 1/2$."),
        Checked("tau = 2: Theorem 8", (ge(sp.Function("T_n")(t), curve),), _theorem_eight,
                method="derivation concave_hull"),
        Sign("tau = 2", ge(curve, t**2 / 2), put={t: 1 / (1 + x)}, text=r"$t \le 1$. All of $1 \le \tau \le 2$ is "
                                                                        r"covered."),
    )  # fmt: skip


def _theorem_two(shown: sp.Basic) -> Evidence:
    return proof(freezing).run()


def _theorem_three(shown: sp.Basic) -> Evidence:
    return proof(two_label_sharpness).run()


def _theorem_five(shown: sp.Basic) -> Evidence:
    return quadratic_floor.evidence()


def _theorem_eight(shown: sp.Basic) -> Evidence:
    return concave_hull.mae_evidence()


def _control() -> Step:
    return Refutation("The constant 1/2 cannot be raised", ge(HALF, sp.Rational(51, 100) * t**2), {t: sp.S.One},
                      text=r"$\tau = 2$, $t = 1$: $T_n(1) = 1/2$.")  # fmt: skip
