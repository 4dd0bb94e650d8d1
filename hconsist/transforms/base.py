"""The transformation as an object: a curve with its side, evidence level and references.

R_01(h) - R_01*(H) + M_01(H) <= Gamma(R_l(h) - R_l*(H) + M_l(H)),  Gamma = (T**)^{-1},
where T(t) is the least conditional surrogate regret of a label whose zero-one conditional regret is t,
and T** its largest convex minorant on [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast, runtime_checkable

import numpy as np

from hconsist import hypotheses as hypothesis_sets
from hconsist.domains import NONNEGATIVE, UNIT, UnsupportedError
from hconsist.evidence import Level
from hconsist.results import Curve, Growth, Interval, Side

if TYPE_CHECKING:
    from hconsist.losses.base import Loss
    from hconsist.transforms.attaining import AttainingLaw
    from hconsist.transforms.floors import Floor

__all__ = ["Kernel", "Transformation"]


class Kernel(Protocol):
    """What a family of curves provides: bare arrays in, bare arrays out, no checking (private to the package)."""

    raw_side: Side
    """``exact`` where raw is a theorem, ``upper`` where it is the least value known, ``lower`` a proved lower bound."""

    def value(self, t: np.ndarray) -> np.ndarray:
        """T**(t)."""
        ...

    def raw(self, t: np.ndarray) -> np.ndarray:
        """T(t) before taking the convex hull."""
        ...

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Gamma(x) for x >= 0, equal to 1 from T**(1) on."""
        ...

    def growth(self) -> tuple[float, float]:
        """(exponent, constant) of T** where it leaves zero."""
        ...


class NumericKernel(Kernel, Protocol):
    """A kernel whose curve was computed: what is known on both sides, and where it leaves zero, come with it."""

    @property
    def zero_until(self) -> float:
        """T** is 0 up to here, within rounding."""
        ...

    def lower(self, t: np.ndarray) -> np.ndarray:
        """A proved lower bound of T**(t), 0 where there is none."""
        ...

    def upper(self, t: np.ndarray) -> np.ndarray:
        """An upper limit of T**(t)."""
        ...


@runtime_checkable
class Searched(Protocol):
    """A kernel whose growth at zero was extrapolated."""

    def trend(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps beyond the zero interval, ascending, and the local exponents from each to its double."""
        ...


@dataclass(frozen=True)
class Transformation:
    """A transformation T for one (loss, number of labels, hypothesis set, method), see :func:`hconsist.transform`.

    Calling it gives T**, the convex curve that a bound may use; ``raw`` the pointwise infimum; ``inverse`` Gamma.
    Arrays in, arrays out, of the same shape; float32 stays float32.
    """

    loss: Loss
    n_classes: int
    hypotheses: str
    method: str
    side: Side
    level: Level
    kernel: Kernel
    references: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    def __call__(self, t: object) -> np.ndarray:
        """T**(t) for t in [0, 1]; InputError names a t outside."""
        return self._apply(self.kernel.value, UNIT.check("t", t))

    def raw(self, t: object) -> np.ndarray:
        """The pointwise infimum T(t); ``raw_side`` says whether it is a theorem or the least value known."""
        return self._apply(self.kernel.raw, UNIT.check("t", t))

    def inverse(self, x: object) -> np.ndarray:
        """Gamma(x) = sup{t in [0, 1]: T**(t) <= x} for x >= 0 (units of the loss); 1 from T**(1) on."""
        return self._apply(self.kernel.inverse, NONNEGATIVE.check("x", x))

    @staticmethod
    def _apply(function, x: np.ndarray) -> np.ndarray:
        # float32 goes through float64: a few float32 ulps would be lost in the kernels' subtractions
        return np.asarray(function(x.astype(np.float64)), dtype=x.dtype)[()]

    @property
    def raw_side(self) -> Side:
        """``exact`` where ``raw`` is a theorem; ``upper`` where it is the least value known."""
        return self.kernel.raw_side

    @property
    def growth(self) -> Growth:
        """Exponent and constant of T** where it leaves zero: at t = 0, or at the end of ``zero_interval``."""
        exponent, constant = self.kernel.growth()
        reference = "; ".join(self.references)
        return Growth(exponent, constant, self.side, self.level, reference, start=self._zero_until)

    @property
    def trend(self) -> tuple[np.ndarray, np.ndarray] | None:
        """(t, log2(T**(2t)/T**(t))), ascending t beyond the zero interval, where T was searched for; else None.

        The exponent of :attr:`growth` is what these tend to as t falls: one slope alone would mislead.
        """
        return self.kernel.trend() if isinstance(self.kernel, Searched) else None

    @property
    def zero_interval(self) -> Interval:
        """The t0 with T(t) = 0 exactly on [0, t0]: a surrogate excess of 0 leaves a zero-one excess of t0 possible.

        0 for complete sets and calibrated losses, by the closed form for the others.  For scores in [-lam, lam] it is
        (n-2)/(2 e^(2 lam) + n - 2) for every convex, differentiable and decreasing psi (Theorem 10, derived here), so
        also where T itself is an estimate.  Where T was searched for, laws of regret 0 within rounding were found up to
        t0: an estimate, for a curve may be that flat, and none beyond is not proved.
        Where T was enclosed, t0 is proved to be no larger than the value.
        """
        t0 = self._zero_until
        if self._numeric:
            low, high, side = (0.0, t0, Side.UPPER) if self.side is Side.LOWER else (0.0, 1.0, Side.ESTIMATE)
            return Interval(t0, low, high, side, self.level, "; ".join(self.references))
        level, reference = Level.SYMBOLIC, "Theorem 10, derived here"
        if not self.bounded_scores and getattr(self.loss, "tau", None) is None:
            level, reference = self.level, "; ".join(self.references)
        elif not self.bounded_scores:
            level, reference = self.floor.level, self.floor.reference
        return Interval(t0, t0, t0, Side.EXACT, level, reference)

    @property
    def bounded_scores(self) -> bool:
        """Whether the hypothesis set keeps the scores in a box."""
        return not hypothesis_sets.get(self.hypotheses).complete

    @property
    def _zero_until(self) -> float:
        if self._numeric:
            return self._numeric.zero_until
        if not self.bounded_scores:
            return getattr(self.kernel, "zero_until", 0.0)  # of closed forms
        from hconsist.transforms.bounded import Start

        return Start.of(self.n_classes, hypothesis_sets.get(self.hypotheses).half_range).high

    @property
    def _numeric(self) -> NumericKernel | None:
        return cast(NumericKernel, self.kernel) if self.method in ("optimize", "enclose") else None

    @property
    def floor(self) -> Floor:
        """The universal floor below T**, free of the number of labels; UnsupportedError for bounded scores.

        There T = 0 on an interval that grows to [0, 1] with the number of labels, so that no floor is above 0.
        """
        from hconsist.transforms.floors import floor

        if self.bounded_scores:
            raise UnsupportedError("hypotheses", "complete or all for a floor that holds whatever n", self.hypotheses)
        return floor(self.loss)

    def attaining(self, t: float) -> tuple[AttainingLaw, ...]:
        """Conditional laws (at most two, with weights) whose regrets attain T**(t), in the limit or exactly.

        UnsupportedError for methods ``optimize``, whose laws :func:`hconsist.engine.optimize` returns, and ``enclose``.
        """
        from hconsist.transforms.attaining import attaining

        if self._numeric:
            raise UnsupportedError("method", "sharp (hconsist.engine.optimize returns the laws found)", self.method)

        return attaining(self, UNIT.check_scalar("t", t))

    def curve(self, t: object) -> Curve:
        """The transformation on a grid as one result object."""
        grid = np.atleast_1d(UNIT.check("t", t)).astype(float)
        value = self(grid)
        lower = np.zeros_like(value) if self.side is Side.ESTIMATE else value
        upper = np.full_like(value, np.inf) if self.side is Side.LOWER else value
        if self._numeric:
            lower, upper = np.minimum(self._numeric.lower(grid), value), self._numeric.upper(grid)
        return Curve(
            loss=self.loss.name,
            n_classes=self.n_classes,
            hypotheses=self.hypotheses,
            method=self.method,
            side=self.side,
            level=self.level,
            t=grid,
            raw=self.raw(grid),
            value=value,
            lower=lower,
            upper=upper,
            references=self.references,
        )
