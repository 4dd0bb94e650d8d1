"""Capping a proposed step from logits and slopes: by a share of the radius, by descent, or by a plain trust region.

Slopes are per unit of ``step``; where they belong to a whole update (a JVP along new minus old parameters), ``step`` is
1.  What each cap promises, along linear logits:

- :func:`cap_by_radius`: the step lies inside the disc of convergence of every row's loss; with bound "pi" and share s,
  no logit gap moves by more than pi s.  Not that the loss decreases.
- :func:`cap_by_descent`: the mean loss decreases.
- :func:`cap_by_gap`: no logit gap moves by more than ``gap``.  With ``gap = pi s`` this *is* the cap by the share s of
  pi/D: it is here as the control that experiments with radii have to beat, and no complex number enters it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import NONNEGATIVE, Domain, InputError
from hconsist.singularities.batches import batch_radius
from hconsist.singularities.bounds import lower_pi, lower_sigma, lower_top1
from hconsist.singularities.descent import descent_step
from hconsist.singularities.radius import as_rows
from hconsist.singularities.result import Status

__all__ = ["CAPS", "Cap", "cap", "cap_by_descent", "cap_by_gap", "cap_by_radius"]

_BOUNDS = {"pi": lower_pi, "top1": lower_top1, "sigma": lower_sigma}
CAPS = (*_BOUNDS, "exact", "descent", "gap")
"""What :func:`cap` can go by."""
_POSITIVE = Domain(0, lower_open=True)


@dataclass(frozen=True)
class Cap:
    """A capped step.

    Attributes
    ----------
    step : min(proposed, limit).
    factor : what to multiply the proposed step by, in [0, 1]; 1 if it was 0.
    limit : the longest step allowed, inf where nothing moves.
    row : the row that sets the limit; None for descent, which is of the batch, and where there is no limit.
    by : one of :data:`CAPS`: "sigma" too where the exact radius could not be certified or exceeds every float.
    """

    step: float
    factor: float
    limit: float
    row: int | None
    by: str


def cap_by_radius(step: float, logits: Any, slopes: Any, *, share: float = 1.0, bound: str = "sigma") -> Cap:
    """At most ``share`` times the batch radius, or a lower bound on it.

    Parameters
    ----------
    step : the proposed step, >= 0.
    logits, slopes : as :func:`hconsist.singularities.radius`.
    share : > 0; 1 is the radius itself.
    bound : "pi", "top1", "sigma" (one softmax each) or "exact"; the larger ones allow longer steps, and are not for
        that reason better for training.

    Raises
    ------
    InputError
        naming row and column of bad numbers, or the argument.

    Source: with "pi", Sao 2026, Proposition 5.2 (text seen); the others derived here.
    """
    part = float(_POSITIVE.check_scalar("share", share))
    if bound not in (*_BOUNDS, "exact"):
        raise InputError("bound", "'pi', 'top1', 'sigma' or 'exact'", bound)
    z, a = as_rows(logits, slopes)
    if bound == "exact":
        bound = "sigma"
        if np.min(lower_sigma(z, a)) != np.finfo(float).max:
            found = batch_radius(z, a)
            if found.status is not Status.UNCERTIFIED:
                return _capped(step, part * found.radius, found.row, "exact")
    radii = _BOUNDS[bound](z, a)
    row = int(np.argmin(radii))
    return _capped(step, part * float(radii[row]), row, bound)


def cap_by_descent(step: float, logits: Any, slopes: Any, targets: Any, *, method: str = "sharp") -> Cap:
    """At most the step up to which the mean loss is certain to decrease; 0 along a direction of ascent.

    Arguments and errors as :func:`hconsist.singularities.descent_step`, ``step`` as :func:`cap_by_radius`.
    """
    return _capped(step, descent_step(logits, slopes, targets, method=method).step, None, "descent")


def cap_by_gap(step: float, logits: Any, slopes: Any, *, gap: float = 3.0) -> Cap:
    """At most gap/D: no difference of two logits of any row moves by more than ``gap`` > 0.

    Arguments and errors as :func:`cap_by_radius`.
    """
    most = float(_POSITIVE.check_scalar("gap", gap))
    z, a = as_rows(logits, slopes)
    per_row = lower_pi(z, a) / math.pi
    row = int(np.argmin(per_row))
    return _capped(step, most * float(per_row[row]), row, "gap")


def cap(
    step: float,
    logits: Any,
    slopes: Any,
    targets: Any = None,
    *,
    by: str = "sigma",
    share: float = 1.0,
    gap: float = 3.0,
) -> Cap:
    """The cap of that name: "pi", "top1", "sigma", "exact" (with ``share``), "descent" (with targets), "gap"."""
    if by not in CAPS:
        raise InputError("by", "one of " + ", ".join(CAPS), by)
    if by == "gap":
        return cap_by_gap(step, logits, slopes, gap=gap)
    if by == "descent":
        if targets is None:
            raise InputError("targets", "given for a cap by descent", targets)
        return cap_by_descent(step, logits, slopes, targets)
    return cap_by_radius(step, logits, slopes, share=share, bound=by)


def _capped(step: float, limit: float, row: int | None, by: str) -> Cap:
    proposed = float(NONNEGATIVE.check_scalar("step", step))
    factor = 1.0 if proposed <= limit else limit / proposed
    return Cap(min(proposed, limit), factor, limit, row if math.isfinite(limit) else None, by)
