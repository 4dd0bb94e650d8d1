"""A fit as a page of text: what was fitted, how well, with which intervals, and what the data cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hconsist.results import Interval
from hconsist.scaling.digits import with_interval
from hconsist.tables import text_table

if TYPE_CHECKING:
    from hconsist.scaling.estimator import LawEstimator

__all__ = ["page"]


def page(fit: LawEstimator, confidence: float = 0.95) -> str:
    """Formula, objective, optimum, parameters with bootstrap intervals, contributions, warnings."""
    law = fit.law()
    rows = []
    names = [*fit.parameters_, *fit.derived(fit.parameters_)]
    for name in names:
        found = fit.interval(name, confidence=confidence)
        rows.append({"parameter": name, f"value and {confidence:.0%} interval": _shown(found)})
    contributions = [
        {"term": name, "at the geometric mean": with_interval(value, *_range(fit, i, confidence))}
        for i, (name, value) in enumerate(fit.contributions_.items())
    ]
    lines = [
        f"{law.name}: {law.formula}",
        f"{fit._loss_in_words()}; {len(fit.losses_)} points, {len(law.parameters)} parameters",
        f"objective {fit.objective_:.10g}, scaled gradient {fit.scaled_gradient_:.1e}, "
        f"{fit.starts_at_best_} of {fit.starts_} starts at the best objective, condition {fit.condition_:.3g}",
        f"intervals: percentile bootstrap, {fit.resamples} resamples of the points",
        "",
        text_table(rows),
        "",
        text_table(contributions),
    ]
    if fit.warnings_:
        lines += ["", *(f"warning: {text}" for text in fit.warnings_)]
    return "\n".join(lines)


def _shown(found: Interval) -> str:
    return with_interval(found.value, found.lower, found.upper)


def _range(fit: LawEstimator, index: int, confidence: float) -> tuple[float, float]:
    fit.bootstrap()
    assert fit._resampled is not None
    values = fit._contributions(fit.problem_.centred(fit._resampled))[:, index]
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
