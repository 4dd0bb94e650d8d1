"""Fenchel-Young losses Omega*(h) + Omega(e_y) - h_y: convex in the scores, with a prediction on the simplex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import UNIT
from hconsist.losses import arrays
from hconsist.losses.base import Loss
from hconsist.losses.groups import grouped_laws
from hconsist.losses.omega import HalfSquare, Omega, Tsallis, UserOmega
from hconsist.losses.phi_loss import complement, on_numpy
from hconsist.losses.power import expectation, negative_log_softmax

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["Entmax", "FenchelYoung", "Sparsemax"]


class FenchelYoung(Loss):
    """Omega*(h) + Omega(e_y) - h_y, where Omega*(h) = max over p of <p, h> - Omega(p), Omega(p) = sum_i omega(p_i).

    The gradient is the prediction (the maximiser on the simplex) less e_y.  The entropy is H(p) = sum_i [(1 - p_i)
    omega(0) + p_i omega(1) - omega(p_i)], attained at h = omega'(p).  With the Bregman divergence D of omega the loss
    is D(1, s_y) + sum_{k != y} D(0, s_k) at the prediction s, plus the distance of h_y from the support where s_y = 0
    (derived here): no term is negative, so small losses keep their digits.

    Blondel, Martins and Niculae 2020, Learning with Fenchel-Young losses (abstract and definition seen).

    Parameters
    ----------
    omega : a strictly convex function on [0, 1]: text in the variable p (whitelist of operations), a SymPy expression
        in one symbol, or a :class:`hconsist.losses.omega.Omega`.
    name : the name shown; by default the text that :func:`hconsist.losses.get` understands.

    Raises
    ------
    InputError
        for text outside the whitelist, and for an omega that is not finite or not strictly convex on [0, 1].
    """

    convex_in = "scores"

    def __init__(self, omega: Any, *, name: str | None = None):
        self.omega: Omega = omega if isinstance(omega, Omega) else UserOmega(omega)
        self.parameters: dict[str, Any] = {"omega": self.omega.text}
        self.name = name or f'fenchel-young:omega="{self.omega.text}"'
        self.formula = f"Omega*(h) + Omega(e_y) - h_y, Omega(p) = sum of {self.omega.text} over p = p_1, ..., p_n"
        self.properties = {
            "convex": True,
            "shift_invariant": True,
            "scale_invariant": False,
            "symmetric": True,
            "bounded": False,
            "differentiable": True,
            "own_label_monotone": True,
            "decreasing": True,
        }

    def value(self, scores: Any, labels: Any) -> Any:
        """The loss: scores ``(..., n)`` finite, labels ``(...)`` in [0, n)."""
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        return xp.sum(xp.where(mask, self._losses(array, xp), xp.zeros_like(array)), axis=-1)

    def gradient(self, scores: Any, labels: Any) -> Any:
        """The prediction less e_y; of the shape of scores."""
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        p = self._prediction(array, xp)
        return xp.where(mask, -complement(p, xp.ones_like(p), xp), p)

    def conditional_risk(self, scores: Any, probabilities: Any) -> Any:
        """sum_y p_y l(h, y): both ``(..., n)``, result ``(...)``."""
        array, xp = arrays.floating("scores", scores)
        p = arrays.laws_like(array, probabilities)
        return expectation(p, self._losses(array, xp), xp)

    def prediction(self, scores: Any) -> Any:
        """The maximiser of <p, h> - Omega(p) on the simplex, sparse where omega'(0) is finite; ``(..., n)``."""
        array, xp = arrays.floating("scores", scores)
        return self._prediction(array, xp)

    def entropy(self, probabilities: Any) -> Any:
        """sum_y p_y Omega(e_y) - Omega(p); ``(..., n)`` to ``(...)``."""
        p, xp = arrays.probabilities(probabilities)
        return self._on(p, xp, lambda q, yp: self._entropy(q, yp.ones_like(q), yp))

    def grouped_entropy(self, values: Any, counts: Any) -> np.ndarray:
        """H of a law that holds ``values[..., g]`` for ``counts[..., g]`` labels each; both broadcast, numpy only."""
        return np.asarray(self._entropy(*grouped_laws(values, counts), np))

    def best_scores(self, probabilities: Any) -> Any:
        """omega'(p), where it is infinite that of a share of 1e-282: scores whose prediction is p; ``(..., n)``."""
        p, xp = arrays.probabilities(probabilities)
        return self._on(p, xp, self._best)

    def minimiser(self, probabilities: Any) -> Any:
        """The softmax of :meth:`best_scores`; ``(..., n)``."""
        scores = self.best_scores(probabilities)
        xp = arrays.floating("scores", scores)[1]
        return xp.exp(-negative_log_softmax(scores, xp)[0])

    def definition(self) -> Definition:
        """omega(p) as an exact expression in p in [0, 1]."""
        from hconsist.definitions import Definition

        expression = self.omega.expression()
        return Definition(self.name, expression, tuple(expression.free_symbols), {"p": UNIT})

    @property
    def latex(self) -> str:
        """The formula and Omega as LaTeX, parameters as the decimals one reads."""
        import sympy

        from hconsist.expressions import variable

        entry = self.omega.expression(decimal=True).subs(variable("p"), sympy.Symbol("p_i"))
        return rf"\Omega^*(h) + \Omega(e_y) - h_y,\quad \Omega(p) = \sum_i \left({sympy.latex(entry)}\right)"

    def _on(self, array: Any, xp: Any, function: Any) -> Any:
        """function(array, xp), on numpy and in double precision where omega is numeric."""
        if not self.omega.numeric:
            return function(array, xp)
        return on_numpy(function(np.asarray(array, dtype=float), np), array, xp)

    def _prediction(self, array: Any, xp: Any) -> Any:
        return self._on(array, xp, lambda scores, yp: self.omega.prediction(_below(scores, yp), yp))

    def _losses(self, array: Any, xp: Any) -> Any:
        """The losses of all labels; ``(..., n)``."""
        return self._on(array, xp, self._all_losses)

    def _all_losses(self, array: Any, xp: Any) -> Any:
        below = _below(array, xp)
        p = self.omega.prediction(below, xp)
        rest = complement(p, xp.ones_like(p), xp)
        zero = xp.zeros_like(p)
        each = self.omega.from_zero(p, rest, xp)
        top = xp.argmax(below, axis=-1)[..., None] == arrays.counted(p.shape[-1], p, xp)
        others = xp.sum(xp.where(top, zero, each), axis=-1, keepdims=True)
        largest = xp.sum(xp.where(top, each, zero), axis=-1, keepdims=True)
        others = xp.where(top, others, others + largest - each)  # of the other labels
        level = self.omega.level(p, rest, xp)
        # what is missing at h_k = mu + omega'(p_k): off the support a distance, on it rounding, which ill-determined
        # predictions enlarge; with both, the error of the loss is the square of that of the prediction
        with arrays.quiet():
            missing = level - xp.sum(xp.where(top, level, zero), axis=-1, keepdims=True) - below
            moved = xp.sum(xp.where(p > 0, p * missing, zero), axis=-1, keepdims=True)
        return self.omega.from_one(p, rest, xp) + others + xp.where(top, zero, missing) - moved

    def _entropy(self, p: Any, c: Any, xp: Any) -> Any:
        return xp.sum(c * self.omega.chord(p, complement(p, c, xp), xp), axis=-1)

    def _best(self, p: Any, xp: Any) -> Any:
        return self.omega.level(p, complement(p, xp.ones_like(p), xp), xp)


class Entmax(FenchelYoung):
    """The alpha-entmax loss: omega(p) = (p^alpha - p)/(alpha (alpha - 1)), alpha > 1; sparsemax at alpha = 2.

    The prediction is max(0, 1 + (alpha - 1)(h - mu))^(1/(alpha - 1)).  Losses are exact to about 1e-14 up to alpha = 3
    and 1e-10 at alpha = 4.  For a large alpha the scores do not tell shares with p^(alpha - 1) below rounding, of which
    their sum tells but one: errors of 1e-5 at alpha = 8 and 1e-3 at alpha = 30 were seen, in 1 % and 5 % of the laws of
    7 labels.

    Peters, Niculae and Martins 2019, Sparse sequence-to-sequence models (recalled).

    Parameters
    ----------
    alpha : a number > 1; InputError otherwise.
    """

    def __init__(self, alpha: float):
        omega = Tsallis(alpha)
        self.alpha = omega.alpha
        super().__init__(omega, name=f"entmax:alpha={self.alpha!r}")
        self.parameters = {"alpha": self.alpha}


class Sparsemax(FenchelYoung):
    """The sparsemax loss: omega(p) = (p^2 - p)/2, whose prediction is the projection of h on the simplex.

    l(h, y) = -h_y + (1/2) sum over the support of (h_k^2 - mu^2) + 1/2; zero from a margin of 1 on.

    Martins and Astudillo 2016, From softmax to sparsemax (recalled).
    """

    def __init__(self) -> None:
        super().__init__(HalfSquare(), name="sparsemax")
        self.parameters = {}


def _below(scores: Any, xp: Any) -> Any:
    """Scores less their maximum; halved first, so that no difference of finite scores is NaN."""
    half = scores / 2
    with arrays.quiet():
        return 2 * (half - xp.max(half, axis=-1, keepdims=True))
