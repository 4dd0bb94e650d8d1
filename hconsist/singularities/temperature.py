"""How the radius moves with the temperature: the loss on logits z/T along the same path."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.singularities.radius import as_rows, radius
from hconsist.singularities.result import Radii
from hconsist.singularities.spreads import quiet, spread

__all__ = ["TemperatureLimits", "radius_at_temperature", "temperature_limits"]


@dataclass(frozen=True)
class TemperatureLimits:
    """``cold``: the radius as T -> 0, ``hot``: the radius over T as T -> infinity; ``(m,)`` each."""

    cold: np.ndarray
    hot: np.ndarray


def radius_at_temperature(logits: Any, slopes: Any, temperature: float) -> Radii:
    """The radius with logits and slopes both divided by T > 0: T times that of the weights p^(1/T).

    pi/D is exactly proportional to T, the radius is not: for two classes it is sqrt(delta^2 + pi^2 T^2)/D.  Certified
    (or proved) for the quotients (z_j - max z)/T as rounded; the slopes are not divided.  InputError, besides those of
    :func:`hconsist.singularities.radius`, where such a quotient or a radius times T exceeds every float.
    """
    t = float(Domain(0, lower_open=True).check_scalar("temperature", temperature))
    z, a = as_rows(logits, slopes)
    spread(z, a)
    with quiet():
        margins = z - np.max(z, axis=1, keepdims=True)
        cooled = margins / t
        if np.any(np.isinf(cooled) & np.isfinite(margins)):
            raise InputError("temperature", "so high that the margins over it are floats", t)
        found = radius(cooled, a)
        far = found.radius * t
        if np.any(np.isinf(far) & np.isfinite(found.radius)):
            raise InputError("temperature", "so low that the radii are floats", t)
        error = np.where(found.error > 0, found.error * t + 2.0**-52 * far, 0.0)  # the product is rounded
        low = (found.lower_pi * t, found.lower_top1 * t, found.lower_sigma * t)
        return Radii(far, found.zero * t, error, found.status, *low, found.certify)


def temperature_limits(logits: Any, slopes: Any) -> TemperatureLimits:
    """The limits of the radius as T -> 0 and of the radius over T as T -> infinity.

    Cold: the distance, either way along the real line, of the nearest kink of max_j (z_j + a_j t), the nearest change
    of decision (inf if there is none, which is where all slopes agree).  Hot: the radius of uniform weights on the
    classes of positive weight.  Source: derived here.
    """
    z, a = as_rows(logits, slopes)
    rows = spread(z, a)
    kept = rows.log_p > -math.inf
    most = rows.log_p == np.max(rows.log_p, axis=1, keepdims=True)
    out = np.full(z.shape[0], math.inf)
    with quiet():
        for sign in (1.0, -1.0):
            own = np.max(np.where(most, sign * rows.d, -math.inf), axis=1, keepdims=True)
            gain = sign * rows.d - own
            behind = np.max(rows.log_p, axis=1, keepdims=True) - rows.log_p
            meets = np.where(kept & (gain > 0), behind / gain, math.inf)
            out = np.minimum(out, np.min(meets, axis=1))
        tied = np.any(most & (rows.d != 0), axis=1)
        out = np.where(tied, 0.0, out)
    return TemperatureLimits(rows.unscaled(out), radius(np.where(kept, 0.0, -math.inf), a).radius)
