"""The hypotheses of the theorems on psi(softmax), each decided for one psi: in balls, by expansions, or exactly.

g = -1/psi'.  Of the signs that are asked for, those of g are put as polynomials in derivatives of psi, so that nothing
is divided by what may vanish: psi'^3 g'' = psi' psi''' - 2 psi''^2, and (s/g)' has the sign of -(psi' + s psi'').
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
import sympy

from hconsist.definitions import compile_expression
from hconsist.domains import InputError
from hconsist.evidence import Level, Verdict
from hconsist.rigorous.lemmas import Vanishing
from hconsist.rigorous.points import sign_at
from hconsist.rigorous.prove import prove_nonnegative
from hconsist.theorems.expansions import Expansion, Undecided, expand, number_sign
from hconsist.theorems.result import Hypothesis, Status
from hconsist.theorems.signs import decide, one_sign, signs

__all__ = ["PsiFacts"]

HALF = Fraction(1, 2)
REACH = Fraction(1, 2**8)
_GRID = 32
_LOG = (Fraction(0), 1)


@dataclass(frozen=True)
class PsiFacts:
    """What is proved, refuted or undecided of one psi(s) on (0, 1)."""

    psi: sympy.Expr
    s: sympy.Symbol
    seconds: float = 10.0
    """For the one condition on two variables."""

    @cached_property
    def derivatives(self) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
        """psi', psi'' and psi'''."""
        first = self.psi.diff(self.s)
        return first, first.diff(self.s), first.diff(self.s, 2)

    @cached_property
    def falls(self) -> Hypothesis:
        """psi' < 0."""
        return decide("psi' < 0 on (0, 1)", -self.derivatives[0], self.s, strict=True)

    @cached_property
    def convex(self) -> Hypothesis:
        """psi'' >= 0."""
        return decide("psi is convex", self.derivatives[1], self.s)

    @cached_property
    def strictly_convex(self) -> Hypothesis:
        """psi'' > 0."""
        return decide("g = -1/psi' is strictly increasing (psi'' > 0)", self.derivatives[1], self.s, strict=True)

    @cached_property
    def steep(self) -> Hypothesis:
        """psi'(0+) = -infinity."""
        statement = "psi'(0+) = -infinity, that is g(0+) = 0"
        try:
            expansion = expand(self.derivatives[0], self.s, REACH)
            limit = expansion.limit()
            if limit is not None:
                return Hypothesis(statement, Status.REFUTED, "expansion at 0", f"psi'(0+) = {limit}")
            sign = number_sign(expansion.first()[1])
        except (Undecided, InputError) as gap:
            return Hypothesis(statement, Status.UNDECIDED, f"no expansion at 0: {gap}")
        if sign > 0:
            return Hypothesis(statement, Status.REFUTED, "expansion at 0", "psi'(0+) = +infinity")
        return Hypothesis(statement, Status.PROVED, "expansion at 0")

    @cached_property
    def _bend(self) -> sympy.Expr:
        """g'' times -psi'^3 > 0."""
        first, second, third = self.derivatives
        return 2 * second**2 - first * third

    @cached_property
    def g_convex(self) -> Hypothesis:
        """g'' >= 0."""
        return decide("g = -1/psi' is convex", self._bend, self.s)

    @cached_property
    def one_inflection(self) -> Hypothesis:
        """g'' first negative, then positive; either part may be empty."""
        statement = "g is concave on (0, s0] and convex on [s0, 1), either part may be empty"
        found = signs(self._bend, self.s)
        if found.order is None:
            return Hypothesis(statement, Status.UNDECIDED, found.reason)
        if found.order in ((0,), (1,), (-1,), (-1, 1)):
            return Hypothesis(statement, Status.PROVED, found.reason, level=found.level)
        k = found.order.index(1)
        where = f"g'' > 0 at {self.s} = {found.points[k]}, g'' < 0 at {self.s} = {found.points[k + 1]}"
        return Hypothesis(statement, Status.REFUTED, found.reason, where)

    @cached_property
    def _at_zero(self) -> Expansion:
        return expand(self.psi, self.s, REACH)

    @cached_property
    def _log_coefficient(self) -> sympy.Expr | None:
        """c > 0 with psi + c log s convergent at 0; None where there is none."""
        large = {m: c for m, c in self._at_zero.terms.items() if m[0] < 0 or (m[0] == 0 and m[1] > 0)}
        rest = self._at_zero.rest
        if rest and (rest[0][0] < 0 or (rest[0][0] == 0 and rest[0][1] >= 0)):
            raise Undecided("the remainder of psi does not vanish at 0")
        if set(large) != {_LOG} or number_sign(large[_LOG]) < 0:
            return None
        return large[_LOG]

    @cached_property
    def logarithmic(self) -> Hypothesis:
        """psi + c log s has a limit at 0."""
        statement = "psi(s) + c log s has a limit at 0 for some c > 0: R_0+ = c T_CE"
        try:
            c = self._log_coefficient
            if c is None:
                limit = self._at_zero.limit()
                end = "psi grows otherwise" if limit is None else f"psi(0+) = {limit}"
                return Hypothesis(statement, Status.REFUTED, "expansion at 0", end)
        except (Undecided, InputError) as gap:
            return Hypothesis(statement, Status.UNDECIDED, f"no expansion at 0: {gap}")
        return Hypothesis(statement, Status.PROVED, f"expansion at 0, c = {c}")

    @cached_property
    def curvature(self) -> Hypothesis:
        """K(s) + K(1-s) >= 0, for psi/c."""
        statement = "K(s) + K(1-s) >= 0 on (0, 1/2], K = psi''/|psi'| - |psi'|/c: R_1 <= c T_CE"
        if not self.logarithmic.holds:
            return Hypothesis(statement, Status.NOT_EXAMINED, "there is no c")
        first, second, _ = self.derivatives
        k = first / self._log_coefficient - second / first
        return decide(statement, k + k.subs(self.s, 1 - self.s), self.s, HALF)

    @cached_property
    def light(self) -> Hypothesis:
        """(M1)."""
        first, second, _ = self.derivatives
        return decide("(M1) g(s)/s is nonincreasing on (0, 1/2]", -first - self.s * second, self.s, HALF)

    @cached_property
    def mass(self) -> Hypothesis:
        """(M2), by a stronger condition: its slack, 0 at equal scores, grows with their distance.

        With x = (s_1 + s_2)/2, s_1 = x (1 + z), s_2 = x (1 - z), al = -s psi' and be = s^2 psi'', the derivative of the
        slack in z has the sign of
        M = (al_2 (1+z) - al_1 (1-z)) (al_1 (1-z) + al_2 (1+z))^2 + 4 (1 - z^2) (be_1 al_2^2 - be_2 al_1^2).
        """
        statement = "(M2) (psi(s_1) + psi(s_2))/2 - psi(x) >= x (2/(g(s_1) + g(s_2)) - 1/g(x)), s_1 + s_2 = 2x <= 1"
        witness = self._too_heavy()
        if witness:
            return Hypothesis(statement, Status.REFUTED, "a ball at this point", witness)
        x, z = sympy.symbols("x z", positive=True)
        al, be = (sympy.expand(e) for e in (-self.s * self.derivatives[0], self.s**2 * self.derivatives[1]))
        (al1, be1), (al2, be2) = ([e.subs(self.s, x * (1 + sign * z)) for e in (al, be)] for sign in (1, -1))
        total = al1 * (1 - z) + al2 * (1 + z)
        slope = (al2 * (1 + z) - al1 * (1 - z)) * total**2 + 4 * (1 - z**2) * (be1 * al2**2 - be2 * al1**2)
        if one_sign(slope, {x: HALF, z: Fraction(1)}):
            return Hypothesis(statement, Status.PROVED, "its slack grows in |s_1 - s_2|: exact", level=Level.SYMBOLIC)
        try:
            found = prove_nonnegative(
                slope, {x: (Fraction(0), HALF), z: (Fraction(0), Fraction(1))}, strict=True,
                vanishing=Vanishing(z, 0, 1), max_seconds=self.seconds,
            )  # fmt: skip
        except InputError as error:
            return Hypothesis(statement, Status.UNDECIDED, str(error))
        if found.verdict is Verdict.PROVED:
            how = f"its slack grows in |s_1 - s_2|: balls, {found.boxes} boxes"
            return Hypothesis(statement, Status.PROVED, how)
        return Hypothesis(statement, Status.UNDECIDED, "whether its slack grows in |s_1 - s_2| is open in balls")

    def _too_heavy(self) -> str:
        """A point at which the slack of (M2) is certainly negative."""
        x, z = sympy.symbols("x z", positive=True)
        first = self.derivatives[0]
        g = -1 / first
        up, down = x * (1 + z), x * (1 - z)
        values = [self.psi.subs(self.s, at) for at in (up, down, x)]
        g1, g2, g0 = (g.subs(self.s, at) for at in (up, down, x))
        slack = (values[0] + values[1]) / 2 - values[2] - x * (2 / (g1 + g2) - 1 / g0)
        program = compile_expression(slack, (x, z))
        xs = [HALF * Fraction(k, _GRID) for k in range(1, _GRID + 1)]
        zs = [Fraction(k, _GRID) for k in range(1, _GRID)]
        with np.errstate(all="ignore"):
            mesh = np.meshgrid([float(a) for a in xs], [float(b) for b in zs], indexing="ij")
            relative = np.asarray(program.numpy(*mesh), dtype=float) / mesh[1] ** 2
        for k in np.argsort(np.where(np.isfinite(relative), relative, np.inf), axis=None)[:3]:
            i, j = np.unravel_index(k, relative.shape)
            sign, value = sign_at(program, slack, (xs[i], zs[j]), prec=128, max_prec=256)
            if sign == -1:
                return f"s_1 = {xs[i] * (1 + zs[j])}, s_2 = {xs[i] * (1 - zs[j])} (slack {value:.6g})"
        return ""
