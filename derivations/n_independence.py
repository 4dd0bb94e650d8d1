"""How the hypotheses of the theorems on n are put for a computer, and two small theorems beside them (derived here).

psi and eta stay undetermined functions; g = -1/psi'.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import additive_entropies, mass_condition, one_inflection
from hconsist.derivations.links import theorem
from hconsist.derivations.undetermined import smooth
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Let $\psi' < 0$ and $g = -1/\psi'$. (a) $g'' \ge 0$ if and only if $2 \psi''^2 \ge \psi' \psi'''$; $g(s)/s$ is "
    r"nonincreasing if and only if $\psi' + s \psi'' \le 0$. (b) One inflection: if $\psi(s) + c \log s$ has a limit "
    r"at 0, $c > 0$, the theorem holds with $K = \psi''/|\psi'| - |\psi'|/c$ and $R_{0+} = c\, T_{CE}$. (c) (M2) "
    r"follows if for $s_1 > s_2$, $s_1 + s_2 = 2x \le 1$, with $a_i = -\psi'(s_i)$, $b_i = \psi''(s_i)$: "
    r"$(a_2 - a_1)(a_1 + a_2)^2 + 4x (b_1 a_2^2 - b_2 a_1^2) \ge 0$. (d) Additive entropies with $\eta(p) = \eta(1-p)$ "
    r"and $\eta'$ convex on $(0, 1/2]$ satisfy $\eta'(c+h) + \eta'(c-h) \ge 2 \eta'(c)$ for $h \le c \le 1/2$; so the "
    r"one-versus-all exponential loss has $T(t) = 2(1 - (1-t^2)^{1/2})$ for every $n$. (e) $(m-1) m^{-b}$ falls in "
    r"$m \ge 3$ for $b \ge 3/2$."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
eq = partial(sp.Eq, evaluate=False)
psi, f = smooth("psi"), smooth("f")
s, x, a1, a2, b1, b2, s1, s2, scale = sp.symbols("s x a_1 a_2 b_1 b_2 s_1 s_2 c", positive=True)
z, w, h, y = sp.symbols("z w h y", nonnegative=True)
HALF = sp.Rational(1, 2)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_signs(), *_scaling(), *_mass(), *_symmetric(), *_exponential(), *_powers(), _control())
    return Derivation("n_independence", "Independence of n: conditions a computer can decide", STATEMENT, steps)


def _signs() -> tuple[Step, ...]:
    g = -1 / psi(s, 1)
    return (
        Identity("(a) second derivative of g", -psi(s, 1) ** 3 * sp.Derivative(g, s, 2),
                 2 * psi(s, 2) ** 2 - psi(s, 1) * psi(s, 3), text=r"$-\psi'^3 > 0$."),
        Identity("(a) slope of g(s)/s", (s * psi(s, 1)) ** 2 * sp.Derivative(g / s, s), psi(s, 1) + s * psi(s, 2)),
    )  # fmt: skip


def _scaling() -> tuple[Step, ...]:
    p1, first, second, middle = sp.symbols("p_1 psi_1 psi_2 psi_m", real=True)
    gain = middle - p1 * first - (1 - p1) * second
    return (
        Identity("(b) R of psi/c", middle / scale - p1 * first / scale - (1 - p1) * second / scale, gain / scale,
                 text=r"For every split, so $R_\Sigma$ and the transformation of $\psi/c$ are those of $\psi$ divided "
                      r"by $c$; $-1/(\psi/c)' = c g$ has the inflections of $g$."),
        Identity("(b) K of psi/c", sp.Derivative(psi(s) / scale, s) - sp.Derivative(psi(s) / scale, s, 2)
                 / sp.Derivative(psi(s) / scale, s), psi(s, 1) / scale - psi(s, 2) / psi(s, 1),
                 text=r"$|\psi'| = -\psi'$. $\psi/c + \log s$ has a limit at 0."),
        theorem(one_inflection, "One inflection", text=r"Applied to $\psi/c$."),
    )  # fmt: skip


def _mass() -> tuple[Step, ...]:
    """The slack of (M2) grows as the scores move apart."""
    up, down = x + z, x - z
    gain = mass_condition.slack(psi(up), psi(down), psi(x), x, -1 / psi(up, 1), -1 / psi(down, 1), -1 / psi(x, 1))
    values = {psi(up, 1): -a1, psi(down, 1): -a2, psi(up, 2): b1, psi(down, 2): b2}
    bracket = (a2 - a1) * (a1 + a2) ** 2 + 4 * x * (b1 * a2**2 - b2 * a1**2)
    slope = sp.UnevaluatedExpr(sp.diff(gain, z).subs(values))
    al1, al2, be1, be2 = sp.symbols("alpha_1 alpha_2 beta_1 beta_2", positive=True)
    shares = {a1: al1 / s1, a2: al2 / s2, b1: be1 / s1**2, b2: be2 / s2**2, x: (s1 + s2) / 2}
    spread = (al2 * s1 - al1 * s2) * (al1 * s2 + al2 * s1) ** 2 + 2 * (s1 + s2) * s1 * s2 * (
        be1 * al2**2 - be2 * al1**2
    )
    return (
        theorem(mass_condition, "(M2) at equal scores", text=r"$s_1 = x + z$, $s_2 = x - z$."),
        Identity("(c) slope of the slack in z", slope, bracket / (2 * (a1 + a2) ** 2),
                 text=r"The derivative in $z$, with $a_i$, $b_i$ for $-\psi'$ and $\psi''$ at $s_i$. Where the bracket "
                      r"is nonnegative for all $z$ the slack is, too."),
        Identity("(c) without poles", (s1 * s2) ** 3 * bracket, spread, put=shares,
                 text=r"$\alpha_i = s_i a_i$ and $\beta_i = s_i^2 b_i$, of which a factor $x^3$ splits off for $s_i = "
                      r"x (1 \pm z)$."),
    )  # fmt: skip


def _symmetric() -> tuple[Step, ...]:
    """f = eta' with f(1-p) = -f(p), f' nondecreasing up to 1/2."""
    low, high, mirror = sp.symbols("f'_- f'_+ f'_m", real=True)
    total = f(s + h) + f(s - h) - 2 * f(s)
    near, far, same = ge(high, low), ge(mirror, low), eq(high, mirror)
    place = {s: HALF / (1 + w)}
    return (
        Identity("(d) slope in h", sp.Derivative(total, h), f(s + h, 1) - f(s - h, 1),
                 text=r"$f = \eta'$, $s$ for $c$; the sum is 0 at $h = 0$. $f'_\pm$ are $f'$ at $c \pm h$."),
        Given("(d) up to c + h = 1/2", (near,), text=r"$f'$ does not fall on $(0, 1/2]$."),
        Sign("(d) the mirrored place", ge((1 - s - h) - (s - h), 0), form=w / (1 + w), put=place,
             text=r"$c \le 1/2$: $1 - c - h \ge c - h$."),
        Words("(d) beyond", (same, far),
              text=r"$f(p) = -f(1-p)$ gives $f'(p) = f'(1-p)$: $f'_+$ is $f'_m$ at $1-c-h \le 1/2$, which is at least "
                   r"$c - h$."),
        Combination("(d) the condition", ge(high, low), ((1, far), (1, same)),
                    text=r"The sum grows in $h$: $\eta'(c+h) + \eta'(c-h) \ge 2 \eta'(c)$."),
    )  # fmt: skip


def _exponential() -> tuple[Step, ...]:
    """One-versus-all exponential: each score has the least cost 2 sqrt(p (1-p))."""
    p, v, t = sp.symbols("p v t", positive=True)
    inside, low = {p: 1 / (1 + v)}, {p: HALF / (1 + v)}
    root = sp.sqrt(p * (1 - p))
    gap = 4 * sp.sqrt(HALF * HALF) - 4 * sp.sqrt((1 + t) / 2 * ((1 - t) / 2))
    own, other, rest = sp.symbols("x_i x_k S", positive=True)
    loss = [1 / own - own + rest, 1 / other - other + rest]
    return (
        Identity("(d) exponential, cost of a score above the least", p / x + (1 - p) * x - 2 * root,
                 (sp.sqrt(p) - sp.sqrt(1 - p) * x) ** 2 / x, put=inside,
                 text=r"$x = e^h$: $p e^{-h} + (1-p) e^h$ is least, $\eta(p) = 2 (p(1-p))^{1/2}$, at $x = "
                      r"(p/(1-p))^{1/2}$. $\eta(p) = \eta(1-p)$ and $\eta(0) = 0$."),
        Sign("(d) exponential, falls in the own score", ge(loss[0] - loss[1], 0),
             form=z * (1 / (own * (own + z)) + 1), put={other: own + z},
             text=r"The loss of label $i$ is $1/x_i + \sum_k x_k - x_i$: $h_i \le h_k$ gives $l_i \ge l_k$."),
        Sign("(d) exponential, third derivative", ge(sp.Derivative(2 * root, p, 3), 0),
             form=3 * (1 - 2 * p) / (4 * (p * (1 - p)) ** sp.Rational(5, 2)), put=low,
             text=r"$\eta'$ is convex on $(0, 1/2]$."),
        theorem(additive_entropies, "The pair gap falls in c",
                text=r"Its condition is (d). Two scores 0 tie labels 1 and 2 at the cost $2 \eta(1/2)$ while the other "
                     r"scores fall without bound."),
        Identity("(d) exponential, T", gap, 2 * (1 - sp.sqrt(1 - t**2)), put={t: 1 / (1 + v)},
                 text=r"$2 \eta(1/2) - \eta((1+t)/2) - \eta((1-t)/2)$."),
    )  # fmt: skip


def _powers() -> tuple[Step, ...]:
    m, b = sp.symbols("m b", positive=True)
    return (
        Sign("(e) logarithmic slope", le(sp.Derivative(sp.log(m - 1) - b * sp.log(m), m), 0),
             form=(y / 2 + 2 * w + w * y) / ((3 + y) * (2 + y)), put={m: 3 + y, b: sp.Rational(3, 2) + w},
             text=r"So of $m = 3, 4, ...$ the first is the largest: in Theorem 8 with $b = \tau - 1 \ge 3/2$ the hull "
                  r"is the line to $t = 1$ if $2 \cdot 3^{-b} \le 2^{-b}$."),
    )  # fmt: skip


def _control() -> Step:
    p = sp.Symbol("p", positive=True)
    slope = sp.diff(2 * sp.sqrt(p * (1 - p)), p)
    sum_ = slope.subs(p, p + h) + slope.subs(p, p - h) - 2 * slope
    at = {p: sp.Rational(3, 4), h: sp.Rational(1, 8)}
    text = r"$\eta = 2 (p(1-p))^{1/2}$, $p$ for $c$."
    return Refutation("Beyond c = 1/2 the condition fails", ge(sum_, 0), at, text=text)
