"""Simulated evidence: a statement E[X] >= 0 decided by a one-sided confidence limit that is valid for finite samples.

Never a proof: the best verdict is ``supported`` at level ``simulated``, and it holds with the stated confidence only.

The limit is the better of two, each taken at half of the allowed error probability (a union bound):

* Hoeffding (1963), mean -+ R sqrt(log(1/d) / 2m): needs nothing but the range R, and is the better one for small m;
* empirical Bernstein (Maurer and Pontil 2009, recalled), mean -+ (sqrt(2 V log(2/d) / m) + 7 R log(2/d) / (3 (m-1)))
  with V the sample variance: far better where X varies much less than its range, as regrets do.

Both hold for every m and every distribution within the range.  A normal approximation holds for neither.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.evidence import Evidence, Level, Verdict

__all__ = ["half_width", "simulate"]

SAMPLES = Domain(2, 10**9, integer=True)
CONFIDENCE = Domain(0, 1, lower_open=True, upper_open=True)
BATCH = 1 << 16
"""Draws at a time, so that memory does not grow with the number of samples."""


def half_width(variance: float, width: float, samples: int, confidence: float) -> float:
    """How far the mean may lie from the sample mean, on one side, with this confidence.

    Parameters
    ----------
    variance : the sample variance (with m - 1 in the denominator), in squared units of X.
    width : the length R of the range of X.
    samples, confidence : m >= 2; a number in (0, 1).

    Raises
    ------
    InputError
        for a parameter outside its domain.
    """
    m = SAMPLES.check_scalar("samples", samples)
    error = (1 - CONFIDENCE.check_scalar("confidence", confidence)) / 2
    hoeffding = width * math.sqrt(math.log(1 / error) / (2 * m))
    bernstein = math.sqrt(2 * variance * math.log(2 / error) / m) + 7 * width * math.log(2 / error) / (3 * (m - 1))
    return min(hoeffding, bernstein)


def simulate(
    draw: Callable[[np.random.Generator, int], Any],
    *,
    rng: np.random.Generator | int,
    samples: int,
    bounds: tuple[float, float],
    confidence: float = 0.999,
) -> Evidence:
    """Decide the statement E[X] >= 0 from independent draws of X; whatever X depends on must be fixed before.

    For a probability P(A) >= c draw the indicator of A minus c, of range (-c, 1 - c).

    Parameters
    ----------
    draw : ``draw(generator, size)`` returns ``size`` independent draws of X, shape ``(size,)``.
    rng : a seed, which goes into the record, or a Generator.
    samples : the number m >= 2 of draws.
    bounds : the range (lower, upper) of X, lower < 0 < upper, proved by the caller; a draw outside is an error.
    confidence : of each of the two limits, in (0, 1).  The chance of a false verdict of either kind is at most
        1 - confidence: only one kind can be false, whatever E[X] is.

    Returns
    -------
    Evidence
        Level ``simulated``: ``supported`` if the lower limit of E[X] is >= 0 (it is the slack); ``refuted`` if the
        upper limit is < 0, with seed, mean and limit as the witness; ``inconclusive`` otherwise.

    Raises
    ------
    InputError
        for a parameter outside its domain, and for draws that are not numbers within the bounds.
    """
    start = time.perf_counter()
    m = int(SAMPLES.check_scalar("samples", samples))
    level = CONFIDENCE.check_scalar("confidence", confidence)
    lower, upper = _range(bounds)
    mean, variance = _moments(draw, np.random.default_rng(rng), m, lower, upper)
    reach = half_width(variance, upper - lower, m, level)
    low, high = max(mean - reach, lower), min(mean + reach, upper)
    seed = "a Generator" if isinstance(rng, np.random.Generator) else rng
    record = {"seed": seed, "samples": m, "mean": mean, "upper_limit": high, "confidence": level}
    verdict = Verdict.SUPPORTED if low >= 0 else Verdict.REFUTED if high < 0 else Verdict.INCONCLUSIVE
    reasons = {
        Verdict.INCONCLUSIVE: "0 lies between the limits: more samples are needed",
        Verdict.REFUTED: f"with confidence {level:g} only",
    }
    return Evidence(
        verdict,
        Level.SIMULATED,
        points=m,
        slack=high if verdict is Verdict.REFUTED else low,
        witness=record if verdict is Verdict.REFUTED else None,
        reason=reasons.get(verdict, ""),
        assumptions=(f"the draws are independent and X lies in [{lower:g}, {upper:g}] (no draw left it)",),
        notes=(
            f"seed {seed}, {m} samples, mean {mean:.6g}, limits [{low:.6g}, {high:.6g}], each one-sided with "
            f"confidence {level:g} for every sample size (the better of Hoeffding and empirical Bernstein)",
        ),
        seconds=time.perf_counter() - start,
    )


def _range(bounds: Any) -> tuple[float, float]:
    try:
        lower, upper = (float(end) for end in bounds)
    except (TypeError, ValueError):
        lower = upper = math.nan
    if not -math.inf < lower < 0 < upper < math.inf:  # else the range alone decides, and a simulation cannot fail
        raise InputError("bounds", "two finite numbers, lower < 0 < upper", bounds)
    return lower, upper


def _moments(
    draw: Callable[[np.random.Generator, int], Any], rng: np.random.Generator, m: int, lower: float, upper: float
) -> tuple[float, float]:
    """Mean and variance of m draws, batch by batch (updates of Chan, Golub and LeVeque)."""
    count, mean, spread = 0, 0.0, 0.0
    while count < m:
        size = min(BATCH, m - count)
        found = np.asarray(draw(rng, size))
        if found.shape != (size,) or found.dtype.kind not in "fiub":
            raise InputError("draw", f"a function that returns {size} numbers", (found.shape, str(found.dtype)))
        found = found.astype(float)
        outside = ~((found >= lower) & (found <= upper))  # NaN counts as outside
        if np.any(outside):
            raise InputError("draw", f"a function whose values lie in [{lower:g}, {upper:g}]", found[outside][0])
        own = float(np.mean(found))
        shift = own - mean
        spread += float(np.sum((found - own) ** 2)) + shift * shift * count * size / (count + size)
        mean += shift * size / (count + size)
        count += size
    return mean, spread / (m - 1)
