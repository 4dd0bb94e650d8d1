"""A fit as a page of text: what was fitted, how well, with which intervals, and what the data cannot tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hconsist.results import Interval
from hconsist.scaling.diagnostics import Diagnostics, diagnose
from hconsist.scaling.digits import rounded, with_interval
from hconsist.tables import text_table

if TYPE_CHECKING:
    from hconsist.scaling.estimator import LawEstimator, PathPoint

__all__ = ["page"]


def page(fit: LawEstimator, confidence: float = 0.95, found: Diagnostics | None = None) -> str:
    """Formula, optimum, parameters with three kinds of intervals, contributions, paths, comparison, warnings."""
    law = fit.law()
    found = diagnose(fit, confidence=confidence) if found is None else found
    blocks = [
        "\n".join(
            [
                f"{law.name}: {law.formula}",
                f"{fit._loss_in_words()}; {len(fit.losses_)} points, {len(law.parameters)} parameters",
                f"objective {fit.objective_:.10g}, scaled gradient {fit.scaled_gradient_:.1e}, "
                f"{found.starts_at_best} of {found.starts} starts at the best objective, condition "
                f"{fit.condition_:.3g}" + (" (of the terms that are not 0)" if 0 in fit.parameters_.values() else ""),
            ]
        ),
        text_table(_parameters(found, confidence)),
        f"percentile and BCa: {fit.resamples} resamples of the points"
        + (f" ({found.uncertified_resamples} without a certified optimum)" if found.uncertified_resamples else "")
        + "; profile: errors independent and of one scale",
        text_table(
            [
                {"term": k, "at the geometric mean of the data": with_interval(*v)}
                for k, v in found.contributions.items()
            ]
        ),
        text_table(_path(fit, found, found.drop_path, "largest losses dropped", "d")),
        text_table(_path(fit, found, found.delta_path, "Huber threshold", "g")),
    ]
    if found.tied is not None:
        blocks.append(str(found.tied))
    if fit.warnings_:
        blocks.append("\n".join(f"warning: {text}" for text in fit.warnings_))
    return "\n\n".join(blocks)


def _parameters(found: Diagnostics, confidence: float) -> list[dict[str, str]]:
    return [
        {
            "parameter": name,
            f"value and {confidence:.0%} interval": with_interval(each.value, each.lower, each.upper),
            "BCa": _ends(found.bca[name], each),
            "profile": _ends(found.profile.get(name), each),
        }
        for name, each in found.percentile.items()
    ]


def _ends(found: Interval | None, digits: Interval) -> str:
    """The two ends with the digits of the first interval."""
    return "" if found is None else "[" + ", ".join(rounded(e, digits) for e in (found.lower, found.upper)) + "]"


def _path(
    fit: LawEstimator, found: Diagnostics, points: list[PathPoint], header: str, kind: str
) -> list[dict[str, Any]]:
    """Exponents and derived quantities along a path, with the digits that the fit carries."""
    shown = []
    for point in points:
        values = {**point.parameters, **fit.derived(point.parameters)}
        names = [n for n in values if n not in fit.law().coefficients]
        at = f"{int(point.at)}" if kind == "d" else f"{point.at:g}"
        shown.append({header: at, **{n: rounded(float(values[n]), found.percentile[n]) for n in names}})
    return shown
