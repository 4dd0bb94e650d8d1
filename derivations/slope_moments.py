"""Variance and third cumulant of a law on an interval: the log-partition function along a line is self-concordant.

Derived here, but for the bound Delta^2/4 (Popoviciu) and the extreme third cumulant, for which Sao 2026 (Lemma A4.1,
text seen) names the laws.  K(u) = log F(u); K' K'' K''' are mean, variance and third central moment of the slopes
under the tilted law p_j(u) = w_j e^(a_j u)/F(u).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["EXTREME", "build", "third_moment_evidence"]

STATEMENT = (
    r"For every law of mean 0 on an interval of length $\Delta > 0$ with variance $v > 0$ and third moment $\kappa$: "
    r"$v \le \Delta^2/4$, $|\kappa| \le v (\Delta^2 - 4v)^{1/2} \le \Delta v$, $|\kappa| \le \Delta^3/(6 \cdot "
    r"3^{1/2})$; laws on the two ends attain the first three of these bounds, and those with masses $(3 \pm "
    r"3^{1/2})/6$ the last. So $|K'''| \le K'' (\Delta^2 - 4K'')^{1/2}$ along a line."
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
D, beta, v, e = sp.symbols("Delta beta v e", positive=True)
R, x, z, gap = sp.symbols("R x z y", nonnegative=True)
a, c, kappa = sp.symbols("a c kappa", real=True)
VARIANCE = ge(beta * (D - beta) - v, 0)
CONCORDANT = le(kappa, v * R)
EXTREME = D**3 / (6 * sp.sqrt(3))
INSIDE = {D: R + 2 * e, v: e * (R + e), beta: (R + e) / (1 + gap), x: (R + e) * gap / (1 + gap)}
"""0 <= R < Delta = R + 2 e, v = (Delta^2 - R^2)/4, beta = (Delta + R)/2 - x > 0."""


def build() -> Derivation:
    """The chain for both bounds; nothing is checked before ``run``."""
    steps = (*_variance(), *_third(), *_free(), *_attained(), *_cumulants(), _control())
    return Derivation("slope_moments", "Moments of the slopes", STATEMENT, steps)


def third_moment_evidence() -> Evidence:
    """|E (X - EX)^3| <= Delta^3/(6 sqrt 3), attained."""
    steps = (*_variance(), *_third(), *_free(), *_attained())
    return Derivation("third-moment", "Part of the moments of the slopes", STATEMENT, steps).run()


def _variance() -> tuple[Step, ...]:
    return (
        Given("The interval", text=r"It is $[\beta - \Delta, \beta]$ and holds the mean 0, so $0 < \beta < \Delta$: "
                                   r"for $\beta = 0$ or $\beta = \Delta$ all mass would be at 0, and $v = 0$."),
        Identity("A product that is not negative", (beta - a) * (a - beta + D),
                 beta * (D - beta) + (2 * beta - D) * a - a**2,
                 text=r"For $a$ in the interval; its mean, with mean 0 of $a$ and $v$ of $a^2$, is not negative."),
        Words("Its mean", (VARIANCE,)),
        Combination("Variance (Popoviciu)", le(v, D**2 / 4), ((1, VARIANCE),),
                    text=r"What remains is $(\beta - \Delta/2)^2$."),
    )  # fmt: skip


def _third() -> tuple[Step, ...]:
    """kappa <= v R, R = sqrt(D^2 - 4 v)."""
    cubic = le(kappa, beta * v - v**2 / beta)
    largest = {v: (D**2 - R**2) / 4}
    bound = Sign("The largest end is the worst", le(beta * v - v**2 / beta, v * R),
                 form=v * x * (D - x) / beta, put=INSIDE,
                 text=r"$\beta = (\Delta + R)/2 - x$ with $0 \le x < (\Delta + R)/2$; $\Delta = R + 2e$.")  # fmt: skip
    return (
        Sign("A square times what is not negative", ge((beta - a) * (a - c) ** 2, 0), put={beta: a + z}),
        Identity("Expanded", (beta - a) * (a - c) ** 2,
                 beta * c**2 - (c**2 + 2 * beta * c) * a + (beta + 2 * c) * a**2 - a**3),
        Identity("Its mean at the best c", (beta * c**2 + (beta + 2 * c) * v).subs(c, -v / beta),
                 beta * v - v**2 / beta, text=r"Moments 0, $v$, $\kappa$ of $a$; $c = -v/\beta$."),
        Words("Third moment, from the end", (cubic,), text=r"The mean of the first line is not negative."),
        Identity("In terms of R", beta * (D - beta) - v, ((D + R) / 2 - beta) * (beta - (D - R) / 2), put=largest,
                 text=r"$R = (\Delta^2 - 4v)^{1/2}$, that is $v = (\Delta^2 - R^2)/4$ with $0 \le R < \Delta$; as $v "
                      r"\le \beta(\Delta - \beta)$ this product is not negative."),
        Sign("So beta is at most (Delta + R)/2", gt(0, ((D + R) / 2 - beta) * (beta - (D - R) / 2)),
             form=e * (R + e), put={beta: (D + R) / 2 + e},
             text=r"Beyond, at $(\Delta + R)/2 + e$, it would be negative."),
        bound,
        Combination("Self-concordance", CONCORDANT, ((1, cubic), (1, bound)), put=INSIDE,
                    text=r"The same for $-a$: $|\kappa| \le v (\Delta^2 - 4v)^{1/2}$."),
    )  # fmt: skip


def _free() -> tuple[Step, ...]:
    """Bounds without the variance, and without its root."""
    root, third = {R: D / (1 + z)}, D / sp.sqrt(3)
    return (
        Sign("R is at most Delta", le(v * R, D * v), put=root),
        Sign("Without the variance", le((D**2 - R**2) / 4 * R, EXTREME),
             form=(R - third) ** 2 * (R + 2 * third) / 4, text=r"$v R$ is largest at $R = \Delta/3^{1/2}$."),
    )  # fmt: skip


def _attained() -> tuple[Step, ...]:
    odds, p = sp.symbols("o p", positive=True)
    end, extreme = (1 - p) * D, (3 - sp.sqrt(3)) / 6
    var, cube = p * end**2 + (1 - p) * (end - D) ** 2, p * end**3 + (1 - p) * (end - D) ** 3
    return (
        Identity("Two ends: variance", var, p * (1 - p) * D**2,
                 text=r"Mass $p$ on $\beta$ and $1-p$ on $\beta - \Delta$; mean 0 for $\beta = (1-p)\Delta$."),
        Identity("Two ends: third moment", cube, p * (1 - p) * (1 - 2 * p) * D**3),
        Identity("Two ends: R", sp.sqrt(D**2 - 4 * var), (1 - 2 * p) * D, put={p: 1 / (2 + odds)},
                 text=r"$p < 1/2$: equality in the self-concordance."),
        Identity("The extreme masses", cube.subs(p, extreme), EXTREME),
    )  # fmt: skip


def _cumulants() -> tuple[Step, ...]:
    weight, slope, u = sp.Symbol("w_j", positive=True), sp.Symbol("a_j", real=True), sp.Symbol("u", real=True)
    F = smooth("F")
    first, second, third = (F(u, order) / F(u) for order in (1, 2, 3))
    return (
        Identity("Raw moments", sp.Derivative(weight * sp.exp(slope * u), u, 3), slope**3 * weight * sp.exp(slope * u),
                 text=r"So the first three derivatives of $F$ over $F$ are the means $m_1, m_2, m_3$ of $a, a^2, a^3$ "
                      r"under $p(u)$."),
        Identity("K' is the mean", sp.Derivative(sp.log(F(u)), u), first),
        Identity("K'' is the variance", sp.Derivative(sp.log(F(u)), u, 2), second - first**2,
                 text=r"$m_2 - m_1^2$."),
        Identity("K''' is the third central moment", sp.Derivative(sp.log(F(u)), u, 3),
                 third - 3 * second * first + 2 * first**3,
                 text=r"$m_3 - 3 m_1 m_2 + 2 m_1^3$. Hence $|K'''| \le K''(\Delta^2 - 4K'')^{1/2} \le \Delta K''$."),
    )  # fmt: skip


def _control() -> Step:
    p = sp.Symbol("p", positive=True)
    return Refutation("Not half of it", le(p * (1 - p) * (1 - 2 * p), p * (1 - p) * (1 - 2 * p) / 2),
                      {p: sp.Rational(1, 4)}, text=r"Masses 1/4 and 3/4 on the ends, $\Delta = 1$.")  # fmt: skip
