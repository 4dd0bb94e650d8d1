"""What all estimators share: fit, predict, interval, the paths, and the page that ``print`` shows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from hconsist.domains import Domain, InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.results import Interval, Side
from hconsist.scaling import identifiability, profiles, resampling
from hconsist.scaling.columns import check_losses, check_units, columns_of
from hconsist.scaling.comparison import TiedOrFree
from hconsist.scaling.diagnostics import Diagnostics, diagnose
from hconsist.scaling.errors import ErrorLimit, error_limit
from hconsist.scaling.fitting import solve, solve_many
from hconsist.scaling.laws import LOG_ZERO, SumOfPowers, SumOfPowersProblem
from hconsist.scaling.parameters import Parameters
from hconsist.scaling.report import page
from hconsist.scaling.robust import FITTING_LOSSES, threshold
from hconsist.scaling.solver import TOLERANCE

__all__ = ["Band", "FitWarning", "LawEstimator", "PathPoint"]

_RESAMPLES = Domain(2, integer=True)
METHODS = ("percentile", "bca", "profile")


class FitWarning(UserWarning):
    """Something about the data or the optimum that the numbers alone do not show."""


@dataclass(frozen=True)
class Band:
    """Values with bootstrap limits at many points: arrays (n,)."""

    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


@dataclass(frozen=True)
class PathPoint:
    """One fit of a path: what was changed, the parameters, the objective and its scaled gradient."""

    at: float
    parameters: dict[str, float]
    objective: float
    scaled_gradient: float


class LawEstimator(Parameters):
    """A law fitted by minimising sum_i w_i rho(ln f(x_i) - ln L_i), or of f - L with ``residual="loss"``.

    Coefficients are sought in [0, inf), and so are exponents beside a constant; a loss that rises gives a coefficient 0
    there.  Subclasses say which law, which columns, and which quantities follow from the parameters.  After
    :meth:`fit`:
    ``parameters_`` (coefficients as numbers, exponents), ``objective_`` (a sum), ``scaled_gradient_`` (for absolute
    values the norm of the subgradient of the certificate), ``starts_``, ``starts_at_best_``, ``condition_``,
    ``contributions_`` (the terms at the geometric mean of the data), ``line_`` (the line on which an unidentified
    design lies, or None), ``warnings_``.
    """

    columns: tuple[str, ...] = ()
    signed_columns: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        loss: str = "huber",
        delta: float = 1e-3,
        residual: str = "log",
        resamples: int = 4000,
        rng: Any = 0,
        workers: int | Callable = 1,
    ) -> None:
        self.loss, self.delta, self.residual = loss, delta, residual
        self.resamples, self.rng, self.workers = resamples, rng, workers

    def law(self) -> SumOfPowers:
        """The law that the constructor's arguments ask for."""
        raise NotImplementedError

    def derived(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Quantities that follow from the parameters, by name."""
        return {}

    def _features(self, x: Any) -> dict[str, np.ndarray]:
        return columns_of(x, self.columns, signed=self.signed_columns)

    def _threshold(self) -> float:
        if self.residual not in ("log", "loss"):
            raise InputError("residual", "'log' or 'loss'", self.residual)
        return threshold(self.loss, self.delta)

    def _line(self, columns: Mapping[str, np.ndarray]) -> str | None:
        return None

    # -- fitting -------------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to columns ``X`` (array (n, columns) or mapping) and losses ``y`` (n,); ``sample_weight`` >= 0 (n,).

        Raises InputError with row and column for bad input; warns (:class:`FitWarning`) where the design leaves the
        parameters undetermined, where a coefficient is at its boundary and where no optimum could be certified.
        """
        delta, law = self._threshold(), self.law()
        columns = self._features(X)
        losses = check_losses(y, len(next(iter(columns.values()))), len(law.parameters))
        self.weights_ = self._weights(sample_weight, len(losses))
        if self.weights_ is not None:  # a point without weight is no point: none of the checks below may count it
            counted = self.weights_ > 0
            columns = {name: values[counted] for name, values in columns.items()}
            losses, self.weights_ = losses[counted], self.weights_[counted]
            losses = check_losses(losses, len(losses), len(law.parameters))
        if len(losses) > 1 and np.ptp(losses) == 0:
            raise InputError("column loss", "of at least two different values", float(losses[0]))
        self._check(columns)
        self.n_features_in_ = len(self.columns)
        self.problem_: SumOfPowersProblem = law.at(columns, losses, log=self.residual == "log")
        first = self.problem_.starts()
        weights = None if self.weights_ is None else np.repeat(self.weights_[None], len(first), 0)
        found = solve(self.problem_, first, delta, weights=weights)
        best = found.best()
        self.columns_, self.losses_ = columns, losses
        self.centred_ = found.theta[best]
        self.natural_ = self.problem_.natural(self.centred_)
        self.objective_ = float(found.objective[best])
        self.scaled_gradient_ = float(found.scaled_gradient[best])
        self.steps_ = int(found.steps[best])
        self.starts_ = len(first)
        self.starts_at_best_ = int(np.sum(found.objective <= self.objective_ * (1 + 1e-8) + 1e-20))
        self.parameters_ = self._named(self.natural_)
        self.contributions_ = dict(zip(law.coefficients, self._contributions(self.centred_).tolist()))
        self.condition_ = identifiability.condition_number(self.problem_, self.centred_, self.weights_)
        self.line_ = self._line(columns)
        self.warnings_ = identifiability.verdicts(
            law.parameters, law.exponents, self.natural_, self.condition_, self.line_
        )
        distinct = len(np.unique(np.stack(list(columns.values())), axis=1).T)
        if distinct < len(law.parameters):
            text = f"unidentified design: {distinct} different points, {len(law.parameters)} parameters"
            self.warnings_.insert(0, text)
        if not self.scaled_gradient_ < TOLERANCE:
            self.warnings_.append(f"no certified optimum: scaled gradient {self.scaled_gradient_:.1e}")
        self.undetermined_ = self._undetermined(distinct)
        self._fit_begins()
        self._resampled: np.ndarray | None = None
        self._left_out: np.ndarray | None = None
        for text in self.warnings_:
            warnings.warn(text, FitWarning, stacklevel=2)
        return self

    def _check(self, columns: Mapping[str, np.ndarray]) -> None:
        check_units(columns)

    def _undetermined(self, distinct: int) -> str | None:
        """Why nothing may be planned from this fit, or None."""
        if self.line_ is not None:
            return self.line_
        if distinct < len(self.parameters_):
            return f"{distinct} different points for {len(self.parameters_)} parameters"
        if self.condition_ > identifiability.CONDITION_LIMIT:
            return f"condition {self.condition_:.1e}"
        if not self.scaled_gradient_ < TOLERANCE:
            return f"no certified optimum, scaled gradient {self.scaled_gradient_:.1e}"
        return None

    @staticmethod
    def _weights(sample_weight: Any, n: int) -> np.ndarray | None:
        if sample_weight is None:
            return None
        weights = Domain(0).check("sample_weight", sample_weight)
        if weights.shape != (n,) or not weights.any():
            raise InputError("sample_weight", f"of shape ({n},) and not all 0", weights.shape)
        return weights.astype(float)

    def _named(self, natural: np.ndarray) -> dict[str, Any]:
        """Parameters by name, coefficients as numbers: floats for (p,), arrays (m,) for (m, p)."""
        law = self.law()
        values = {}
        for i, name in enumerate(law.parameters):
            column = natural[..., i]
            with np.errstate(over="ignore"):  # of resamples that an unidentified design leaves undetermined
                value = np.where(column <= LOG_ZERO, 0.0, np.exp(column)) if name in law.coefficients else column
            values[name] = float(value) if np.ndim(value) == 0 else value
        return values

    def _contributions(self, centred: np.ndarray) -> np.ndarray:
        """The terms' sizes (..., terms) at the geometric mean of the data (the mean size of a factor)."""
        terms = len(self.problem_.coefficients)
        return np.exp(centred[..., :terms]) * np.abs(self.problem_.factor).mean(-1)

    # -- prediction and intervals --------------------------------------------------------------------------------------

    def predict(self, X: Any) -> np.ndarray:
        """The law's losses (n,) at columns ``X``."""
        self._fitted()
        return self.law().values(self.natural_, self._features(X))

    def bootstrap(self) -> dict[str, np.ndarray]:
        """Parameters of ``resamples`` fits to points drawn with replacement: arrays (resamples,) by name; kept."""
        self._fitted()
        if self._resampled is None:
            found = resampling.bootstrap(
                self.problem_, self.centred_, self._threshold(), weights=self.weights_, rng=self.rng,
                resamples=int(_RESAMPLES.check_scalar("resamples", self.resamples)), workers=self.workers,
            )  # fmt: skip
            self._resampled = self.problem_.natural(found.theta)
            self.resampled_gradients_, self.resampled_objectives_ = found.scaled_gradient, found.objective
        return self._named(self._resampled)

    def leave_one_out(self) -> dict[str, np.ndarray]:
        """Parameters of the fits without one point: arrays (n,) by name, in the order of the points; kept."""
        self._fitted()
        if self._left_out is None:
            found = resampling.leave_one_out(
                self.problem_, self.centred_, self._threshold(), weights=self.weights_, workers=self.workers
            )
            self._left_out = self.problem_.natural(found.theta)
        return self._named(self._left_out)

    def interval(
        self,
        quantity: str | Callable[[Mapping[str, Any]], Any],
        *,
        method: str = "percentile",
        confidence: float = 0.95,
    ) -> Interval:
        """An interval for a parameter, a derived quantity, or any function of the parameters by name.

        ``method``: ``percentile`` and ``bca`` bootstrap the points; ``profile`` (parameters that are coordinates of
        the fit only: exponents and the constant) assumes independent errors of one scale and is mostly too narrow; at
        the boundary 0 it gives a one-sided upper limit.
        """
        self._fitted()
        levels = resampling.percentile_levels(confidence)
        if method not in METHODS:
            raise InputError("method", f"one of {', '.join(METHODS)}", method)
        of = quantity if callable(quantity) else self._quantity(quantity)
        value = float(of(self.parameters_))
        if method == "profile":
            if callable(quantity):
                raise UnsupportedError("quantity", "a parameter's name for method='profile'", "a function")
            low, high = self._profile_ends(quantity, confidence)
        else:
            resampled = np.broadcast_to(np.asarray(of(self.bootstrap()), float), (self.resamples,))
            if method == "bca":
                left_out = np.broadcast_to(np.asarray(of(self.leave_one_out()), float), self.losses_.shape)
                levels = resampling.bca_levels(value, resampled, left_out, confidence)
            low, high = (float(q) for q in resampling.quantiles(resampled, levels))
        return Interval(value, low, high, Side.ESTIMATE, Level.SIMULATED, f"{method}, {confidence:.0%}")

    def prediction_interval(self, X: Any, *, confidence: float = 0.95) -> Band:
        """Percentile limits of the law's value (not of a new run's noise) at columns ``X``."""
        self._fitted()
        levels = resampling.percentile_levels(confidence)
        columns = self._features(X)
        self.bootstrap()
        assert self._resampled is not None
        values = self.law().values(self._resampled, columns)
        low, high = resampling.quantiles(values, levels)
        return Band(self.predict(X), low, high)

    def error_limit(
        self,
        *,
        loss: float | None = None,
        at: Any = None,
        budget: float | None = None,
        surrogate_gap: float = 0.0,
        confidence: float = 0.95,
    ) -> ErrorLimit:
        """A limit on the top-1 excess error: :func:`hconsist.scaling.errors.error_limit`."""
        self._fitted()
        return error_limit(
            self, loss=loss, at=at, budget=budget, surrogate_gap=surrogate_gap, confidence=confidence
        )  # fmt: skip

    def _value(self, parameters: Mapping[str, Any], columns: Mapping[str, np.ndarray]) -> Any:
        """The law at one point, for parameters by name: floats, or arrays (m,)."""
        law = self.law()
        with np.errstate(divide="ignore"):
            natural = [np.log(parameters[n]) if n in law.coefficients else parameters[n] for n in law.parameters]
        return law.values(np.stack(natural, axis=-1), columns)[..., 0]

    def _quantity(self, name: str) -> Callable[[Mapping[str, Any]], Any]:
        known = {**self.parameters_, **self.derived(self.parameters_)}
        if name not in known:
            raise InputError("quantity", f"one of {', '.join(known)}, or a function of the parameters", name)
        return (lambda p: p[name]) if name in self.parameters_ else (lambda p: self.derived(p)[name])

    def _profile_ends(self, name: str, confidence: float) -> tuple[float, float]:
        law = self.law()
        plain = [c for c, t in zip(law.coefficients, law.terms) if not t.exponents]
        if name not in (*law.exponents, *plain):
            raise UnsupportedError("quantity", f"one of {', '.join((*law.exponents, *plain))} for a profile", name)
        index = law.parameters.index(name)
        place = (self.problem_, self.centred_, self._threshold(), index, confidence)
        if self.centred_[index] <= LOG_ZERO:
            return 0.0, float(np.exp(profiles.boundary_limit(*place, weights=self.weights_)))
        low, high = profiles.profile_interval(*place, weights=self.weights_)
        return (float(np.exp(low)), float(np.exp(high))) if name in plain else (float(low), float(high))

    # -- paths ---------------------------------------------------------------------------------------------------------

    def drop_path(self, largest: int = 8) -> list[PathPoint]:
        """Fits without the 0..``largest`` points of greatest loss, all at once: how few points decide the result."""
        self._fitted()
        n = len(self.losses_)
        count = int(Domain(0, n - len(self.natural_), integer=True).check_scalar("largest", largest))
        order = np.argsort(-self.losses_, kind="stable")
        weights = np.ones((count + 1, n)) if self.weights_ is None else np.repeat(self.weights_[None], count + 1, 0)
        for k in range(1, count + 1):
            weights[k:, order[k - 1]] = 0.0
        found = solve_many(
            self.problem_, np.repeat(self.centred_[None], count + 1, 0), self._threshold(), weights=weights
        )
        return [self._point(float(k), found, k) for k in range(count + 1)]

    def delta_path(self, deltas: Any = (1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0)) -> list[PathPoint]:
        """Fits for several Huber thresholds, from nearly absolute values to least squares."""
        self._fitted()
        points = []
        first = self.problem_.starts()
        for value in np.atleast_1d(Domain(0, lower_open=True).check("deltas", deltas)):
            weights = None if self.weights_ is None else np.repeat(self.weights_[None], len(first), 0)
            found = solve(self.problem_, first, float(value), weights=weights)
            points.append(self._point(float(value), found, int(np.argmin(found.objective))))
        return points

    def _point(self, at: float, found: Any, k: int) -> PathPoint:
        parameters = self._named(self.problem_.natural(found.theta[k]))
        return PathPoint(at, parameters, float(found.objective[k]), float(found.scaled_gradient[k]))

    def tied_or_free(self, *, confidence: float = 0.95) -> TiedOrFree | None:
        """Whether the data tell two exponents apart; None for laws where none could be tied."""
        return None

    def diagnostics(self, *, confidence: float = 0.95, largest: int | None = None) -> Diagnostics:
        """Intervals of three kinds, contributions and paths: :func:`hconsist.scaling.diagnostics.diagnose`."""
        self._fitted()
        return diagnose(self, confidence=confidence, largest=largest)

    # -- text ----------------------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        return page(self) if self.__sklearn_is_fitted__() else repr(self)

    def _loss_in_words(self) -> str:
        words = {"huber": f"Huber, delta = {self.delta:g}", "absolute": "absolute values", "squares": "squares / 2"}
        assert self.loss in FITTING_LOSSES
        return f"sum of {words[self.loss]} of the {'log-' if self.residual == 'log' else ''}loss residuals"
