"""Comp-sum losses l(h, x, y) = psi(softmax(h)_y) = Phi(sum_{y' != y} exp(h_y' - h_y)).

The power family psi(s) = (1 - s^al)/al, al = tau - 1 (-log s at tau = 1), holds the sum-exponential loss (tau = 0),
the logistic loss (1), generalized cross-entropy (1 < tau < 2, q = tau - 1) and the mean absolute error (2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import TAU, Domain, InputError
from hconsist.losses import arrays
from hconsist.losses.base import Loss
from hconsist.losses.convex_psi import NumericPsi
from hconsist.losses.convexity import Decision, formula_convexity
from hconsist.losses.groups import grouped_laws
from hconsist.losses.phi import FAR
from hconsist.losses.power import PowerPsi, Psi, expectation, negative_log_softmax
from hconsist.losses.user_psi import UserPsi

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["CompSum", "GeneralizedCrossEntropy", "Logistic", "MeanAbsoluteError", "SumExponential"]

Q = Domain(0, 1, lower_open=True)


class CompSum(Loss):
    """A comp-sum loss, of the power family or with the user's own psi.

    Parameters
    ----------
    tau : the power family's parameter, a number >= 0 (recalled from arXiv 2304.07288, whose text was not seen).
    psi : instead of tau, a nonincreasing function on (0, 1]: text in the variable s (whitelist of operations), a SymPy
        expression in one symbol, a callable of one array, or a :class:`hconsist.losses.convex_psi.NumericPsi`.
    derivative : for a callable psi, its derivative; without it ``gradient`` raises UnsupportedError.
    name : the name shown; by default the text that :func:`hconsist.losses.get` understands.

    Raises
    ------
    InputError
        for tau < 0, for neither or both of tau and psi, and for a psi that increases or leaves the whitelist.
    """

    tau: float | None
    properties: dict[str, bool]

    def __init__(self, tau: float | None = None, *, psi: Any = None, derivative: Any = None, name: str | None = None):
        if (tau is None) == (psi is None):
            raise InputError("tau, psi", "exactly one of the two", (tau, psi))
        if derivative is not None and (isinstance(psi, NumericPsi) or not callable(psi)):
            raise InputError("derivative", "given only with a callable psi", derivative)
        self.tau = None if tau is None else float(TAU.check_scalar("tau", tau))
        if self.tau is not None:
            self._psi: Psi = PowerPsi(self.tau)
        else:
            self._psi = psi if isinstance(psi, NumericPsi) else UserPsi(psi, derivative)
        self.parameters: dict[str, Any] = {"psi": self._psi.text} if self.tau is None else {"tau": self.tau}
        parameter = f'psi="{self._psi.text}"' if self.tau is None else f"tau={self.tau!r}"
        self.name = name or f"comp-sum:{parameter}"
        self.formula = f"{self._psi.text}, s = softmax(h)_y"
        self.convex_in = "softmax" if self._psi.convex else "scores" if self._psi.convex_in_scores else None
        self.properties = {
            "convex": self._psi.convex_in_scores,
            "convex_psi": self._psi.convex,
            "bounded": self._psi.bounded,
            "decreasing": True,
            "own_label_monotone": True,
            "symmetric": True,
            "shift_invariant": True,
            "scale_invariant": False,
        }
        if self._psi.differentiable:
            self.properties["differentiable"] = True

    def value(self, scores: Any, labels: Any) -> Any:
        """psi(softmax(scores)_label); scores ``(..., n)`` finite, labels ``(...)`` in [0, n); ``+inf`` on overflow."""
        array, xp = arrays.floating("scores", scores)
        mask = arrays.one_hot(labels, array, xp)
        log_loss = negative_log_softmax(array, xp)[0]
        return self._psi(xp.sum(xp.where(mask, log_loss, xp.zeros_like(log_loss)), axis=-1), xp)

    def gradient(self, scores: Any, labels: Any) -> Any:
        """-psi'(s_y) s_y (s_k - [k = y]) for k = 1..n, with s the softmax of the scores."""
        array, xp = arrays.floating("scores", scores)
        return self._psi.score_gradient(array, arrays.one_hot(labels, array, xp), xp)

    def conditional_risk(self, scores: Any, probabilities: Any) -> Any:
        """sum_y p_y psi(softmax(scores)_y), with 0 x infinity = 0; shapes ``(..., n)`` to ``(...)``."""
        array, xp = arrays.floating("scores", scores)
        p = arrays.laws_like(array, probabilities)
        return expectation(p, self._psi(negative_log_softmax(array, xp)[0], xp), xp)

    def entropy(self, probabilities: Any) -> Any:
        """H(p) = inf_s sum_y p_y psi(s_y): closed form for the power family, dual bisection for a convex psi."""
        p, xp = arrays.probabilities(probabilities)
        return self._psi.entropy(p, xp)

    def minimiser(self, probabilities: Any) -> Any:
        """A softmax vector (possibly a limit of softmax vectors) that attains the entropy."""
        p, xp = arrays.probabilities(probabilities)
        return self._psi.minimiser(p, xp)

    def grouped_entropy(self, values: Any, counts: Any) -> np.ndarray:
        """H of a law that holds ``values[..., g]`` for ``counts[..., g]`` labels each; both broadcast, numpy only.

        A closed form for the power family; else the cost depends on the number of groups alone.
        """
        return np.asarray(self._psi.grouped_entropy(*grouped_laws(values, counts)))

    def best_scores(self, probabilities: Any) -> Any:
        """Scores that attain the entropy: log of :meth:`minimiser`, at least -800; ``(..., n)``."""
        s = self.minimiser(probabilities)
        xp = arrays.floating("minimiser", s)[1]
        with arrays.quiet():
            return xp.clip(xp.log(s), -FAR, 0.0)

    @property
    def concave_at(self) -> float | None:
        """A softmax value near which psi is not convex, where one was found."""
        return self._psi.concave_at if isinstance(self._psi, NumericPsi) else None

    def convexity(self) -> Decision | None:
        """Whether psi is convex on [2^-100, 1], as decided in balls, with a place; None where psi is no formula."""
        if isinstance(self._psi, UserPsi):
            return self._psi.convexity
        expression = self._psi.expression()
        return formula_convexity(expression) if expression.free_symbols else None

    def centred(self) -> Loss:
        """With psi - psi(1), where psi is the user's formula and psi(1) a rational number other than 0."""
        expression = self._psi.centred() if isinstance(self._psi, UserPsi) else None
        return self if expression is None else CompSum(psi=expression, name=self.name)

    def psi(self, s: Any) -> Any:
        """psi at softmax values s in (0, 1]."""
        values = Q.check("s", s)
        return self._psi(-np.log(values), np)

    def definition(self) -> Definition:
        """psi as an exact expression in s in (0, 1]; UnsupportedError for a callable psi."""
        from hconsist.definitions import Definition
        from hconsist.expressions import variable

        return Definition(self.name, self._psi.expression(), (variable("s"),), {"s": Q})

    @property
    def latex(self) -> str:
        """psi as LaTeX, parameters as the decimals one reads."""
        import sympy

        return sympy.latex(self._psi.expression(decimal=True))


class SumExponential(CompSum):
    """tau = 0: sum_{y' != y} exp(h_y' - h_y) = 1/s - 1."""

    def __init__(self) -> None:
        super().__init__(0.0, name="sum-exponential")
        self.parameters = {}


class Logistic(CompSum):
    """tau = 1: multinomial logistic loss, cross-entropy with a softmax, -log s (nats)."""

    def __init__(self) -> None:
        super().__init__(1.0, name="logistic")
        self.parameters = {}


class GeneralizedCrossEntropy(CompSum):
    """tau = 1 + q with q in (0, 1]: (1 - s^q)/q."""

    def __init__(self, q: float) -> None:
        self.q = float(Q.check_scalar("q", q))
        super().__init__(1 + self.q, name=f"gce:q={self.q!r}")
        self.parameters = {"q": self.q}
        self.formula = f"(1 - s^{self.q:g})/{self.q:g}, s = softmax(h)_y"


class MeanAbsoluteError(CompSum):
    """tau = 2: 1 - s."""

    def __init__(self) -> None:
        super().__init__(2.0, name="mae")
        self.parameters = {}
