"""Everything that says how far a fit can be trusted, gathered once for the page, the command line and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hconsist.results import Interval
from hconsist.scaling.comparison import TiedOrFree
from hconsist.scaling.resampling import percentile_levels, quantiles
from hconsist.scaling.solver import TOLERANCE

if TYPE_CHECKING:
    from hconsist.scaling.estimator import LawEstimator, PathPoint

__all__ = ["Diagnostics", "diagnose"]

_DROPPED = 5


@dataclass(frozen=True)
class Diagnostics:
    """Of one fit: the optimum, three kinds of intervals, and how the result moves with the data and the loss.

    ``uncertified_resamples``: fits to resamples whose optimum could not be certified.  ``percentile`` and ``bca``:
    parameters and derived quantities.  ``profile``: exponents and the constant.  ``contributions``: (value, lower,
    upper) of each term at the geometric mean of the data.  ``drop_path``: without the 0, 1, ... largest losses.
    ``delta_path``: Huber thresholds.  ``tied``: for Chinchilla's law with free exponents.
    """

    starts: int
    starts_at_best: int
    uncertified_resamples: int
    line: str | None
    percentile: dict[str, Interval]
    bca: dict[str, Interval]
    profile: dict[str, Interval]
    contributions: dict[str, tuple[float, float, float]]
    drop_path: list[PathPoint]
    delta_path: list[PathPoint]
    tied: TiedOrFree | None


def diagnose(fit: LawEstimator, *, confidence: float = 0.95, largest: int | None = None) -> Diagnostics:
    """All diagnostics of a fit; ``largest`` losses are dropped one after the other (5, or fewer for few points)."""
    law = fit.law()
    names = [*fit.parameters_, *fit.derived(fit.parameters_)]
    most = len(fit.losses_) - len(law.parameters)
    profiled = [*law.exponents, *(t.coefficient for t in law.terms if not t.exponents and t.factor is None)]
    return Diagnostics(
        starts=fit.starts_,
        starts_at_best=fit.starts_at_best_,
        uncertified_resamples=_uncertified(fit),
        line=fit.line_,
        percentile={name: fit.interval(name, confidence=confidence) for name in names},
        bca={name: fit.interval(name, method="bca", confidence=confidence) for name in names},
        profile={
            name: fit.interval(name, method="profile", confidence=confidence) for name in names if name in profiled
        },
        contributions=_contributions(fit, confidence),
        drop_path=fit.drop_path(min(_DROPPED, most) if largest is None else largest),
        delta_path=fit.delta_path(),
        tied=fit.tied_or_free(confidence=confidence),
    )


def _uncertified(fit: LawEstimator) -> int:
    fit.bootstrap()
    return int(np.sum(~(fit.resampled_gradients_ < TOLERANCE)))


def _contributions(fit: LawEstimator, confidence: float) -> dict[str, tuple[float, float, float]]:
    fit.bootstrap()
    assert fit._resampled is not None
    values = fit._contributions(fit.problem_.centred(fit._resampled))
    low, high = quantiles(values, percentile_levels(confidence))
    return {name: (value, float(low[i]), float(high[i])) for i, (name, value) in enumerate(fit.contributions_.items())}
