"""From a cross-entropy loss to a limit on the top-1 excess error, with the fitted irreducible loss as the floor.

The surrogate regret of a model with loss L (nats per prediction) is L - H, H the conditional entropy of what it
predicts.  A law with constant E says that losses tend to E with size and data, and where the limit is complete E = H.
The H-consistency bound of cross-entropy, sharp and the same for every number of labels, then reads

    top-1 error - least top-1 error <= Gamma(L - E),   Gamma = (T**)^{-1},   T(t) = [(1+t) ln(1+t) + (1-t) ln(1-t)] / 2.

T is convex, so the bound holds for averages over contexts.  Gamma rises, so the limit is taken at the upper end of the
interval of L - E: for a measured loss that is L minus the lower end of E; for a planned budget C the reducible loss
A N*^-alpha + B D*^-beta is resampled as one number, because E and the other terms vary together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hconsist.domains import NONNEGATIVE, Domain, InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.results import Bound, Interval, Side
from hconsist.scaling.digits import with_interval
from hconsist.scaling.plans import budget_for_reducible, check_plannable, optimum

if TYPE_CHECKING:
    from hconsist.scaling.estimator import LawEstimator

__all__ = ["ErrorLimit", "budget_for_error", "error_limit"]

_POSITIVE = Domain(0, lower_open=True)
_ERROR = Domain(0, 1, lower_open=True, upper_open=True)


@dataclass(frozen=True)
class ErrorLimit:
    """How far the top-1 error can lie above the least possible one.

    ``value`` is Gamma at the upper end of ``excess`` (plus the minimizability gap), ``estimate`` is Gamma at its point
    value.  Given the excess the limit is proved (``bound`` says by what); the excess is fitted, so ``side`` is
    ``estimate``, with one-sided confidence (1 + ``confidence``) / 2 if the assumptions hold.  ``vacuous``: the excess
    is at least T(1) = ln 2, and nothing is learnt.
    """

    at: str
    loss: float
    floor: Interval
    excess: Interval
    value: float
    estimate: float
    vacuous: bool
    confidence: float
    side: Side
    level: Level
    assumptions: tuple[str, ...]
    bound: Bound

    def __str__(self) -> str:
        shown = with_interval(self.excess.value, self.excess.lower, self.excess.upper)
        limit = "no limit: the excess reaches ln 2" if self.vacuous else f"at most {self.value:.3g}"
        return "\n".join(
            [
                f"top-1 excess error, {self.at}: {limit} at {0.5 + self.confidence / 2:.4g} confidence "
                f"({self.estimate:.3g} at the point estimate)",
                f"cross-entropy excess {shown} nats over the irreducible loss",
                *(f"- {text}" for text in self.assumptions),
            ]
        )


def error_limit(
    fit: LawEstimator,
    *,
    loss: float | None = None,
    at: Any = None,
    budget: float | None = None,
    surrogate_gap: float = 0.0,
    confidence: float = 0.95,
) -> ErrorLimit:
    """The limit for one of: a measured ``loss`` (nats), the law's loss ``at`` a point of the columns, or the
    compute-optimal model of a ``budget`` in FLOP.

    ``surrogate_gap`` >= 0 is the minimizability gap of the limit of infinite size and data: how far E lies above the
    conditional entropy; 0 says that the limit is complete.

    Raises InputError if not exactly one place is given, if a measured loss lies below the whole interval of E (bits
    for nats, or another data set), for a law without a constant, and UnidentifiedError where no plan can be made.
    """
    given = [name for name, value in (("loss", loss), ("at", at), ("budget", budget)) if value is not None]
    if len(given) != 1:
        raise InputError("the place", "exactly one of loss=, at=, budget=", given or "none")
    gap = NONNEGATIVE.check_scalar("surrogate_gap", surrogate_gap)
    constant = _constant(fit)
    floor = fit.interval(constant, confidence=confidence)
    words, reducible = _reducible(fit, constant, loss, at, budget)
    excess = fit.interval(reducible, confidence=confidence)
    if excess.upper < 0:
        raise InputError("loss", f"at least the lower end of the irreducible loss, {floor.lower:.6g} nats", loss)
    limit, middle = (_limit(max(0.0, x), float(gap)) for x in (excess.upper, excess.value))
    return ErrorLimit(
        at=words,
        loss=floor.value + excess.value,
        floor=floor,
        excess=excess,
        value=limit.value,
        estimate=middle.value,
        vacuous=limit.vacuous,
        confidence=confidence,
        side=Side.ESTIMATE,
        level=Level.SIMULATED,
        assumptions=(
            *_assumptions(constant, float(gap), budget is not None or at is not None),
            *((f"note: the loss lies below {constant} = {floor.value:.4g}, within its interval",) * (excess.value < 0)),
        ),
        bound=limit,
    )


def budget_for_error(
    fit: LawEstimator, error: float, *, surrogate_gap: float = 0.0, confidence: float = 0.95
) -> Interval:
    """The budget (FLOP, spent optimally) from which the bound keeps the top-1 excess error within ``error``.

    The budget at which the reducible loss equals T(error) - ``surrogate_gap``; its upper end is the safe one.
    """
    from hconsist.transforms import transform

    error = _ERROR.check_scalar("error", error)
    room = float(transform("logistic", n_classes=2)(error))
    gap = NONNEGATIVE.check_scalar("surrogate_gap", surrogate_gap)
    if not gap < room:
        raise InputError("surrogate_gap", f"below T(error) = {room:.6g}: no budget keeps the error there", gap)
    check_plannable(fit)
    return fit.interval(lambda p: budget_for_reducible(p, room - gap), confidence=confidence)


def _constant(fit: LawEstimator) -> str:
    for term in fit.law().terms:
        if not term.exponents and term.factor is None:
            return term.coefficient
    raise UnsupportedError("the law", "one with a constant, the irreducible loss", fit.law().formula)


def _reducible(
    fit: LawEstimator, constant: str, loss: float | None, at: Any, budget: float | None
) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
    """Where, in words, and the excess over the constant as a function of the parameters."""
    if loss is not None:
        measured = float(_POSITIVE.check_scalar("loss", loss))
        return f"measured loss {measured:.4g}", lambda p: measured - p[constant]
    if budget is not None:
        check_plannable(fit)
        c = float(_POSITIVE.check_scalar("budget", budget))
        return f"compute-optimal at {c:.3g} FLOP", lambda p: optimum(p, c)["reducible"]
    columns = fit._features(at)
    if len(next(iter(columns.values()))) != 1:
        raise InputError("at", "one point of the columns", at)
    place = ", ".join(f"{name} = {values[0]:.4g}" for name, values in columns.items())
    return f"at {place}", lambda p: fit._value(p, columns) - p[constant]


def _limit(excess: float, gap: float) -> Bound:
    from hconsist.bounds import bound

    return bound("logistic", n_classes=2, excess=min(excess, 1e300), surrogate_gap=gap)


def _assumptions(constant: str, gap: float, by_the_law: bool) -> tuple[str, ...]:
    complete = (
        "its limit of infinite size and data is complete: the constant is the conditional entropy"
        if gap == 0
        else f"the constant lies at most {gap:g} above the conditional entropy"
    )
    return (
        f"the law holds beyond the data, and {constant} is its limit",
        complete,
        "losses are cross-entropy in nats per prediction, over the law of the data that were fitted",
        *(("the model trains as well as the law says",) if by_the_law else ("the measured loss is that law's mean",)),
        "the bound itself is proved and sharp, for every number of labels",
    )
