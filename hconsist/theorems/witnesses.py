"""Laws that show T_n < T_2: looked for in floating point, decided in balls.

psi convex and nonincreasing, complete sets.  Two labels leave one law for each t, and equal scores are the best of the
forced ones, so for every a

    T_2(t) >= psi(1/2) - (1+t)/2 psi(a) - (1-t)/2 psi(1-a).

A law of n labels with p_1 - p_2 = t has T_n(t) <= C(p, s) - H(p) for any s that puts label 2 on top;
:mod:`hconsist.engine.oracles` bounds it.  As T_2 is convex, the convex hull of T_n lies below T_2 as well.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import sympy
from scipy.optimize import minimize

from hconsist.definitions import compile_expression, precision, to_ball
from hconsist.engine.oracles import Law, PsiOracle
from hconsist.losses import CompSum
from hconsist.theorems.result import Hypothesis, Status, Witness

__all__ = ["MOST_LABELS", "Search", "small_gaps"]

MOST_LABELS = 12
"""Up to so many labels a witness is looked for."""
BITS = 128
T_GRID = np.concatenate([[0.01, 0.02], np.linspace(0.05, 0.95, 19)])
SHARE_GRID = np.linspace(0.0, 0.95, 16) ** 2
"""Where p_2 lies between its least value and that of the two-label law, which is left out."""
_GAIN = 1e-11
"""A relative gain below this is taken for rounding, and not looked at in balls."""
HALF = Fraction(1, 2)


def small_gaps(psi: sympy.Expr, s: sympy.Symbol, most: int = MOST_LABELS) -> tuple[Hypothesis, int | None]:
    """The necessary condition c_m >= c_2, c_m = m psi'(1/m)^2/(4 psi''(1/m)), and the least m at which it fails."""
    statement = f"c_m >= c_2 for m = 3, ..., {most}, where T_n(t) <= c_m t^2 (1 + o(1)) for m <= n and T_2 ~ c_2 t^2"
    first, second = psi.diff(s), psi.diff(s, 2)
    if second == 0:
        return Hypothesis(statement, Status.NOT_EXAMINED, "psi'' = 0"), None
    program = compile_expression(first**2 / (4 * second), (s,))
    open_ = []
    with precision(BITS):
        values = {m: m * program.arb(to_ball(Fraction(1, m))) for m in range(2, most + 1)}
        for m in range(3, most + 1):
            if values[m] < values[2]:
                how = "balls at 1/m and 1/2"
                where = f"m = {m}: c_{m} = {float(values[m].mid()):.8g} < c_2 = {float(values[2].mid()):.8g}"
                return Hypothesis(statement, Status.REFUTED, how, where), m
            if not (values[m] >= values[2]):
                open_.append(m)
    if open_:
        where = ", ".join(map(str, open_))
        return Hypothesis(statement, Status.UNDECIDED, f"balls at 1/m do not tell for m = {where}"), None
    return Hypothesis(statement, Status.PROVED, "balls at 1/m"), None


class _Oracle(PsiOracle):
    """What the oracle would take for granted of psi, or ask SymPy, is proved by who calls."""

    def __init__(self, loss: CompSum):
        self.loss = loss
        definition = loss.definition()
        slope = definition.expression.diff(*definition.symbols)
        self._psi, self._slope = (compile_expression(e, definition.symbols).arb for e in (definition.expression, slope))


class Search:
    """For psi(softmax), psi proved to be convex and nonincreasing: laws (y + t, y, r, ..., r), y + t >= r."""

    def __init__(self, loss: CompSum):
        self.loss, self.oracle = loss, _Oracle(loss)

    def run(self, n: int) -> Witness | None:
        """A witness with n labels, or None where none was found; from four labels on the grid must show a gain."""
        t, share = np.meshgrid(T_GRID, [*SHARE_GRID, 0.0], indexing="ij")
        share[:, -1] = np.clip((0.5 - 1 / n) * T_GRID / _room(n, T_GRID), 0, 0.9)  # p_2 = 1/n - t/2: best at small t
        t, share = t.ravel(), share.ravel()
        gains = self.relative(n, t, share)
        best = int(np.argmin(np.where(np.isfinite(gains), gains, np.inf)))
        if n > 3 and not gains[best] < -_GAIN:
            return None
        objective = partial(self._objective, n)
        start = np.array([t[best], np.sqrt(share[best])])
        found = minimize(objective, start, method="Nelder-Mead", options={"maxfev": 120, "xatol": 1e-6, "fatol": 1e-13})
        if found.fun > -_GAIN:
            return None
        for denominator in (100, 1000, 10**5, 10**8):
            witness = self.check(n, *self.law(n, found.x[0], found.x[1] ** 2, denominator))
            if witness is not None:
                return witness
        return None

    def _objective(self, n: int, point: np.ndarray) -> float:
        t, root = point
        if not (0.01 <= t <= 0.99 and 0 <= root <= 0.98):
            return 1.0
        return float(self.relative(n, np.array([t]), np.array([root**2]))[0])

    def relative(self, n: int, t: np.ndarray, share: np.ndarray) -> np.ndarray:
        """(regret - T_2)/T_2 in floating point, of laws ``(K,)``."""
        low = np.maximum(0.0, (1 - (n - 1) * t) / n)
        y = low + _room(n, t) * share
        rest = np.maximum((1 - t - 2 * y) / (n - 2), 0.0)
        pair = y + t / 2
        joined = rest > pair
        values = np.stack([np.where(joined, 1 / n, pair), np.where(joined, 1 / n, rest)], axis=-1)
        forced = self.loss.grouped_entropy(values, np.array([2, n - 2]))
        free = self.loss.grouped_entropy(np.stack([y + t, y, rest], axis=-1), np.array([1, 1, n - 2]))
        curve = self.two_labels(t)
        return (forced - free - curve) / curve

    def two_labels(self, t: np.ndarray) -> np.ndarray:
        """T_2(t), ``(K,)``."""
        even = self.loss.entropy(np.array([0.5, 0.5]))
        return even - self.loss.entropy(np.stack([(1 + t) / 2, (1 - t) / 2], axis=-1))

    def law(self, n: int, t: float, share: float, denominator: int) -> tuple[Fraction, Law]:
        """(t, law) in fractions with denominators of this size or (n - 2) times it."""
        gap = Fraction(round(t * denominator), denominator)
        low, high = max(Fraction(0), (1 - (n - 1) * gap) / n), (1 - gap) / 2
        wanted = low + (high - low) * Fraction(share)
        y = min(high, max(low, Fraction(round(wanted * denominator), denominator)))
        return gap, (y + gap, y, *((1 - gap - 2 * y) / (n - 2),) * (n - 2))

    def check(self, n: int, t: Fraction, law: Law) -> Witness | None:
        """The witness of this law, if balls prove it to be one."""
        if not (0 < t < 1 and min(law) >= 0 and max(law) == law[0] and sum(law) == 1):
            return None
        with precision(BITS):
            regret, curve = self.oracle.regret(law).upper(), self.least_of_two(t).lower()
            if not regret < curve:
                return None
            return Witness(n, t, _up(regret), _down(curve), law)

    def least_of_two(self, t: Fraction) -> Any:
        """A lower bound of T_2(t)."""
        law = ((1 + t) / 2, (1 - t) / 2)
        a = Fraction(float(np.asarray(self.loss.minimiser(np.array([float(q) for q in law])))[0]))
        a = min(max(a, Fraction(1, 2**60)), 1 - Fraction(1, 2**60))
        middle, first, second = self.oracle.costs_at([HALF, a, 1 - a])
        return middle - to_ball(law[0]) * first - to_ball(law[1]) * second


def _room(n: int, t: np.ndarray) -> np.ndarray:
    """How far p_2 can be above its least value."""
    return (1 - t) / 2 - np.maximum(0.0, (1 - (n - 1) * t) / n)


def _up(ball: Any) -> float:
    value = float(ball.mid())
    return value if not ball > to_ball(Fraction(value)) else float(np.nextafter(value, np.inf))


def _down(ball: Any) -> float:
    value = float(ball.mid())
    return value if not ball < to_ball(Fraction(value)) else float(np.nextafter(value, -np.inf))
