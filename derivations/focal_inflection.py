"""The focal loss: convex, with one inflection of -1/psi', for every gamma > 0 (derived here).

q = 1 - s, L = -log s, V = q + gamma s L and A = V/q; in most lines s = 1/(1 + z), so that L = log(1 + z).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations.focal_curvature import BEND, loss, mean
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step

__all__ = ["PHI", "build", "convexity_evidence"]

STATEMENT = (
    r"For every $\gamma > 0$, $\psi(s) = (1-s)^\gamma (-\log s)$ is convex on $(0,1)$, and $g = -1/\psi'$ is "
    r"increasing, concave up to some score and convex from there on."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
gam, s, A, L, b, r, w, y, z = sp.symbols("gamma s A L b r w y z", positive=True)
x, a, h, k, W = sp.symbols("x a h k W", nonnegative=True)
log = sp.log(1 + z)
Q = 1 - s
INSIDE = {s: 1 / (1 + z)}
SMALL = {gam: 1 / (1 + x)}
SIZE = Q + gam * s * L
PHI = 1 + (2 * gam - 1) * s + (gam - 1) * s * SIZE / Q - 2 * (L - 2 * Q - gam * s * Q) / SIZE
"""It has the sign of g'' for g = -1/psi', with L = -log s."""

chord = Monotone("log(1+z) <= z", z - log, z, derivative=z / (1 + z))
grow = Monotone("log(1+z) >= z/(1+z)", log - z / (1 + z), z, derivative=z / (1 + z) ** 2)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_convexity(), *_second_derivative(), *_slopes(), *_large(), *_small(), *_positive(), _control())
    return Derivation("focal_inflection", "The focal loss: convex, with one inflection", STATEMENT, steps)


def convexity_evidence() -> Evidence:
    """psi is convex for every gamma > 0."""
    return Derivation("focal_convexity", "The focal loss is convex", STATEMENT, _convexity()).run()


def _convexity() -> tuple[Step, ...]:
    return (
        chord,
        Identity("psi''", sp.Derivative(loss(s), s, 2), Q ** (gam - 2) * BEND.subs(L, -sp.log(s)), put=INSIDE),
        Combination("psi is convex", gt(BEND, 0), ((gam, chord),), put=INSIDE | {L: log},
                    text=r"$q/s = z$: the bracket is $\gamma^2 L + \gamma (z - L) + \gamma z + z^2$."),
    )  # fmt: skip


def _second_derivative() -> tuple[Step, ...]:
    """The sign of g'' for g = -1/psi'."""
    size = sp.Function("V")(s)
    plain = {sp.Derivative(size, (s, 2)): -gam / s, sp.Derivative(size, s): gam * L - gam - 1, size: SIZE}
    logarithm = sp.log(s) + (1 - gam) * sp.log(Q) - sp.log(size)
    first = 1 / s - (1 - gam) / Q - sp.diff(size, s) / size
    second = -1 / s**2 - (1 - gam) / Q**2 - sp.diff(size, s, 2) / size + sp.diff(size, s) ** 2 / size**2
    power = sp.Function("l")(s)
    real = {L: -sp.log(s)}
    return (
        Identity("g = -1/psi'", -1 / sp.Derivative(loss(s), s), (s * Q ** (1 - gam) / SIZE).subs(real), put=INSIDE,
                 text=r"$V = q + \gamma s L$; $g$ grows, as $\psi$ is convex."),
        Identity("g starts at 0", sp.Limit((s * Q ** (1 - gam) / SIZE).subs(real), s, 0, "+"), 0),
        Identity("V'", sp.Derivative(SIZE.subs(real), s), (gam * L - gam - 1).subs(real)),
        Identity("V''", sp.Derivative(SIZE.subs(real), s, 2), -gam / s),
        Identity("log g, once", sp.Derivative(logarithm, s), first),
        Identity("log g, twice", sp.Derivative(logarithm, s, 2), second),
        Identity("g'' from l = log g", sp.Derivative(sp.exp(power), s, 2),
                 sp.exp(power) * (sp.diff(power, s, 2) + sp.diff(power, s) ** 2)),
        Identity("The sign of g''", (second + first**2).subs(plain), gam * PHI / (s * Q * SIZE),
                 text=r"This is $g''/g$; $A = V/q$ and $W = L/q - 2 - \gamma s$: $g''$ has the sign of $\Phi = 1 + (2 "
                      r"\gamma-1) s + (\gamma-1) s A - 2W/A$. To show: once positive, $\Phi$ stays so as $s$ grows."),
    )  # fmt: skip


def _slopes() -> tuple[Step, ...]:
    size, excess = sp.Function("A")(s), sp.Function("W")(s)
    theta, quotient = s * -sp.log(s) / Q, -sp.log(s) / Q
    phi = 1 + (2 * gam - 1) * s + (gam - 1) * s * size - 2 * excess / size
    slope = (2 * gam - 1 + (gam - 1) * (size + s * sp.diff(size, s)) - 2 * sp.diff(excess, s) / size
             + 2 * excess * sp.diff(size, s) / size**2)  # fmt: skip
    return (
        Identity("Slope of Phi", sp.Derivative(phi, s), slope),
        Identity("Slope of A", sp.Derivative(1 + gam * theta, s), gam * (-sp.log(s) - Q) / Q**2),
        Identity("Slope of W", sp.Derivative(quotient - 2 - gam * s, s), (-sp.log(s) - Q / s) / Q**2 - gam),
    )  # fmt: skip


def _large() -> tuple[Step, ...]:
    """gamma >= 1."""
    put = {gam: 1 + x}
    rise = 2 * gam - 1 + (gam - 1) * (A + s * a) + 2 * w / A + 2 * W * a / A**2
    return (
        grow,
        Combination("A grows with s", ge((1 + z) * log, z), ((1 + z, grow),),
                    text=r"$L \ge q$: so $A' = a \ge 0$."),
        Combination("W falls", le(-(z - log) * (1 + z) ** 2 / z**2 - gam, -gam), (((1 + z) ** 2 / z**2, chord),),
                    text=r"$W'$ at $s = 1/(1+z)$: so $-W' = w \ge \gamma > 0$."),
        Sign("gamma >= 1, where W >= 0 Phi grows", gt(rise, 0), put=put, form=rise.subs(put),
             text=r"The slope of $\Phi$ with $A' = a$ and $W' = -w$."),
        Sign("gamma >= 1, where W < 0 Phi is positive", gt(1 + (2 * gam - 1) * s + (gam - 1) * s * A + 2 * W / A, 0),
             put=put, form=(1 + (2 * gam - 1) * s + (gam - 1) * s * A + 2 * W / A).subs(put),
             text=r"$W$ here stands for $-W$. As $W$ falls, $\Phi$ grows on an interval from 0 and is positive beyond: "
                  r"it changes sign at most once, from - to +."),
    )  # fmt: skip


def _letters(*names: sp.Symbol) -> dict[sp.Symbol, sp.Expr]:
    """s = 1/(1 + z) and what these of A, r = L/q, w = -W' and b = A + s A' are there."""
    size = 1 + gam * log / z
    values = {
        A: size,
        r: (1 + z) * log / z,
        w: (z - log) * (1 + z) ** 2 / z**2 + gam,
        b: size + gam * (log / z - 1 / (1 + z)) * (1 + z) / z,
    }
    return INSIDE | {name: values[name] for name in names}


def _small() -> tuple[Step, ...]:
    """gamma < 1."""
    high = Combination("A is at most 1 + gamma", le(A, 1 + gam), ((gam / z, chord),), put=_letters(A))
    quotient = Combination("L/q is at most (1+s)/(2s)", le(r, (1 + s) / (2 * s)), (((1 + z) / z, mean),),
                           put=_letters(r), text=r"$r = L/q$.")  # fmt: skip
    far = ge(r - 2 - gam * s, 0)
    third = Combination(
        "Where W >= 0, s is at most 1/3", ge(1 - 3 * s, 0), ((2 * s, quotient), (2 * s, far)), put=_letters(r)
    )
    steep = Combination("There W is steep", ge(w, sp.Rational(3, 2) + gam),
                        (((1 + z) ** 2 / z**2, mean), (1 / (2 * s), third)), put=_letters(w),
                        text=r"$w = -W' \ge 1/(2s) + \gamma$.")  # fmt: skip
    together = Combination("A + sA' is at most 1 + 2 gamma", le(b, 1 + 2 * gam), ((gam * (1 + 2 * z) / z**2, chord),),
                           put=_letters(b), text=r"$b = A + s A'$.")  # fmt: skip
    rise = 2 * gam - 1 - (1 - gam) * b + 2 * w / A + 2 * W * k / A**2
    ranges = _ranges() | {b: 1 + 2 * SMALL[gam] - a, w: sp.Rational(3, 2) + SMALL[gam] + h}
    return (
        high, mean, quotient,
        Given("The case W >= 0", (far,), text=r"$W = r - 2 - \gamma s$; let also $\gamma < 1$."),
        third, steep, together,
        Sign("gamma < 1, where W >= 0 Phi grows", gt(rise, 0), put=ranges,
             text=r"The bounds of $A$, $b$ and $w$ by the lines before; $k = A' \ge 0$."),
    )  # fmt: skip


def _ranges() -> dict[sp.Symbol, sp.Expr]:
    """gamma <= 1 and A <= 1 + gamma."""
    return SMALL | {A: 1 + SMALL[gam] / (1 + y)}


def _positive() -> tuple[Step, ...]:
    """gamma < 1, W < 0: Phi is positive, for s up to 1/2 and from there on."""
    base = 1 + (2 * gam - 1) * s - (1 - gam) * s * A
    near, far = {s: 1 / (2 + h)}, {s: (1 + h) / (2 + h)}
    quotient = {r: ((1 + s) / (2 * s)).subs(far) - a}
    return (
        Sign("gamma < 1, W < 0, s <= 1/2", gt(base, 0), put=_ranges() | near,
             text=r"$\Phi = 1 + (2 \gamma-1)s - (1-\gamma)sA + 2(-W)/A$, and $-W > 0$; $A \le 1 + \gamma$."),
        Sign("gamma < 1, W < 0, s >= 1/2", gt(base + 2 * (2 + gam * s - r) / A, 0), put=_ranges() | far | quotient,
             text=r"$A \le 1 + \gamma$, $r = L/q \le (1+s)/(2s)$. So $\Phi$ grows where $W \ge 0$, an interval from 0, "
                  r"and is positive beyond, for $\gamma < 1$ too: $g$ is concave, then convex."),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("-1/psi' is not convex near 0", ge(PHI.subs(L, -sp.log(s)), 0),
                      {gam: sp.Integer(2), s: sp.Rational(1, 100)})  # fmt: skip
