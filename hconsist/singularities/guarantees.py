r"""What a step does for certain, from logits and slopes: gaps, decisions, losses and divergences along the line.

Along z_j + t a_j let D be the spread of the slopes over the classes of positive probability and r = t D/pi the step as
a share of pi/D.  No gap z_j - z_k moves by more than |t| D = pi |r|, so neither does a log-probability, nor the loss of
any label; the argmax cannot change while pi |r| is below the gap of the top two logits.  All this is real analysis of a
trust region and holds for every r.  That the mean loss goes *down* is another matter: see
:func:`hconsist.singularities.descent_step`; r < 1 does not imply it, and r >= 1 does not exclude it.

The logits of a network are linear in t to first order only: then these are statements about its linearisation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import REAL, InputError
from hconsist.singularities.bounds import log_variance
from hconsist.singularities.radius import as_rows
from hconsist.singularities.spreads import Spread, quiet, spread
from hconsist.singularities.targets import as_targets

__all__ = ["KL_CONSTANTS", "Divergence", "Flips", "first_flip", "flip_bound", "gap_change", "kl_divergence",
           "loss_change"]  # fmt: skip

KL_CONSTANTS = {"after_before": 1 / (18 * math.sqrt(3)), "before_after": 1 / (36 * math.sqrt(3))}
"""c in |KL - t^2 sigma^2/2| <= c |t|^3 D^3 for KL(p(t) || p(0)) and for KL(p(0) || p(t)); the least such constants."""

_LARGEST = float(np.finfo(float).max)


def gap_change(logits: Any, slopes: Any, step: Any) -> np.ndarray:
    """|t| D, ``(m,)``: the most by which any difference of two logits changes after the step t, and pi times r.

    Attained by the classes of largest and smallest slope.  It also limits, over [0, t], the change of every
    log-probability and of the loss for any label or law of labels, and |t| D below the gap of the top two logits
    excludes a change of the argmax.

    Parameters
    ----------
    logits, slopes : as :func:`hconsist.singularities.radius`.
    step : finite number, or ``(m,)``; of either sign.

    Raises
    ------
    InputError
        naming row and column of bad numbers.

    Source: derived here; proved.
    """
    rows, t = _rows_and_step(logits, slopes, step)
    with quiet():
        return np.abs(t) * rows.D / rows.grow


@dataclass(frozen=True)
class Flips:
    """The first change of decision for t >= 0, ``(m,)`` arrays.

    Attributes
    ----------
    time : the largest T such that the set of classes with the largest logit is the same on all of [0, T); inf if it
        never changes, the largest float if T is beyond every float.
    before : the class with the largest logit at 0 (the first one, where several have it).
    after : the class that has it just after ``time``; -1 if the decision never changes.
    """

    time: np.ndarray
    before: np.ndarray
    after: np.ndarray


def first_flip(logits: Any, slopes: Any) -> Flips:
    """The exact time min over a_j > a_top of (z_top - z_j)/(a_j - a_top) of the first change of the argmax, t >= 0.

    Three roundings.  It is 0 where tied top classes have different slopes.  For t <= 0, negate the slopes.
    Shapes, domain and errors as :func:`gap_change`.  Source: elementary.
    """
    rows, z, a = _differences(logits, slopes)
    margin = z - np.max(z, axis=1, keepdims=True)
    top = margin == 0
    highest = np.max(np.where(top, a, -math.inf), axis=1, keepdims=True)
    lowest = np.min(np.where(top, a, math.inf), axis=1, keepdims=True)
    before = np.argmax(top, axis=1)
    with quiet():
        gain = np.where(z > -math.inf, a - highest, 0.0)
        times = np.where(gain > 0, np.minimum(-margin / gain * rows.grow[:, None], _LARGEST), math.inf)
    time = np.min(times, axis=1)
    # of those that arrive together the steepest is ahead afterwards
    after = np.argmax(np.where(times == time[:, None], gain, -math.inf), axis=1)
    split = (highest > lowest)[:, 0]
    steepest = np.argmax(np.where(top, a, -math.inf), axis=1)
    return Flips(
        np.where(split, 0.0, time),
        before,
        np.where(split, steepest, np.where(np.isfinite(time), after, -1)),
    )


def flip_bound(logits: Any, slopes: Any) -> np.ndarray:
    """Gap of the top two logits over D, ``(m,)``: the argmax is the same for all |t| below it, inf where D = 0.

    What r alone tells of decisions: none changes while pi |r| < gap.  At most :func:`first_flip` either way, and equal
    to it for two classes.  Shapes, domain and errors as :func:`gap_change`.  Source: derived here; proved.
    """
    z, a = as_rows(logits, slopes)
    rows = spread(z, a)
    moving = rows.D > 0
    if z.shape[1] == 1:
        return np.full(z.shape[0], math.inf)
    with quiet():
        two = np.partition(z, -2, axis=1)[:, -2:]
        gap = np.where(two[:, 0] > -math.inf, two[:, 1] - two[:, 0], math.inf)
        time = np.minimum(gap / np.where(moving, rows.D, 1.0) * rows.grow, _LARGEST)
    return np.where(moving, time, math.inf)


def loss_change(logits: Any, slopes: Any, targets: Any, step: Any) -> np.ndarray:
    """l(t) - l(0) = log sum_j p_j e^(t (a_j - a_q)), a_q = sum_k q_k a_k, of the cross-entropy of each row, ``(m,)``.

    Convex in t; |l(t) - l(0)| <= :func:`gap_change`.  No digits are lost where the label has almost all the mass.

    Parameters
    ----------
    logits, slopes, step : as :func:`gap_change`.
    targets : integer labels ``(m,)``, or laws ``(m, K)``.

    Raises
    ------
    InputError
        naming row and column of bad numbers; where a target has mass on a class of probability 0.

    Source: elementary.
    """
    z, a = as_rows(logits, slopes)
    rows, t = _rows_and_step(z, a, step)
    aim = as_targets(targets, z)
    kept = z > -math.inf
    far = aim.differences(np.where(kept, a * rows.grow[:, None], 0.0))
    with quiet():
        moved = np.where(kept & (far != 0), far * (t / rows.grow)[:, None], 0.0)
    return _log_mean_exp(rows, moved)


@dataclass(frozen=True)
class Divergence:
    """A divergence between the laws before and after a step, ``(m,)`` arrays.

    Attributes
    ----------
    value : the divergence along the linear logits.
    quadratic : t^2 sigma^2/2, its leading term (sigma^2 the variance of the slopes before the step).
    remainder : bound on |value - quadratic|.
    lower, upper : what sigma and D alone imply: quadratic -+ remainder, also 0 <= value <= t^2 D^2/8.
    """

    value: np.ndarray
    quadratic: np.ndarray
    remainder: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def kl_divergence(logits: Any, slopes: Any, step: Any, order: str = "after_before") -> Divergence:
    """Kullback-Leibler divergence of softmax laws p(0) and p(t), its quadratic term and a bound on the rest.

    With K = log F: KL(p(t) || p(0)) = int_0^t s K''(s) ds ("after_before") and KL(p(0) || p(t)) =
    int_0^t (t - s) K''(s) ds ("before_after"); |K''(s) - K''(0)| <= |s| D^3/(6 sqrt 3) gives the remainders
    |t|^3 D^3/(18 sqrt 3) and |t|^3 D^3/(36 sqrt 3).  Both hold for every t, and both constants are least possible
    (t -> 0, two classes of mass (3 +- sqrt 3)/6).

    Shapes, domain and errors as :func:`gap_change`; ``order`` is one of the two words.
    Source: the first is the statement of Sao 2026, Theorem A4.2 (text seen; its proof treats the second divergence);
    derived here, proved.
    """
    if order not in KL_CONSTANTS:
        raise InputError("order", "'after_before' or 'before_after'", order)
    rows, t = _rows_and_step(logits, slopes, step)
    with quiet():
        size = np.abs(t) * rows.D / rows.grow
        if not np.all(np.isfinite(size)):
            row = int(np.argmin(np.isfinite(size)))
            raise InputError("step", f"so short that |t| D is a float, at row {row}", float(t[row]))
        # log p(t) - log p(0), from the top class: what it keeps of the mass is found without cancellation
        far = rows.d * (np.sign(t) * size / 2)[:, None]
        d = far - _log_mean_exp(rows, far)[:, None]
        first, second, d = (rows.p, np.exp(rows.log_p + d), d)
        if order == "after_before":
            first, second, d = second, first, -d
        plain = second - first - first * d
        terms = np.where(np.abs(d) < 0.5, first * _beyond_linear(d), plain)
        value = np.sum(np.where(rows.log_p > -math.inf, terms, 0.0), axis=1)
        quadratic = np.where(size > 0, np.exp(log_variance(rows) + 2 * np.log(size)) / 8, 0.0)
        remainder = KL_CONSTANTS[order] * size**3
        lower = np.where(remainder < quadratic, quadratic - remainder, 0.0)
        upper = np.minimum(quadratic + remainder, size**2 / 8)
    return Divergence(value, quadratic, remainder, lower, upper)


def _rows_and_step(logits: Any, slopes: Any, step: Any) -> tuple[Spread, np.ndarray]:
    z, a = as_rows(logits, slopes)
    t = REAL.check("step", step).astype(float)
    if t.shape not in ((), (1,), (z.shape[0],)):
        raise InputError("step", f"a number or of shape {(z.shape[0],)}", t.shape)
    return spread(z, a), np.broadcast_to(t, (z.shape[0],))


def _differences(logits: Any, slopes: Any) -> tuple[Spread, np.ndarray, np.ndarray]:
    """Checked rows, the logits, and the slopes at a scale on which no difference overflows."""
    z, a = as_rows(logits, slopes)
    rows = spread(z, a)
    return rows, z, a * rows.grow[:, None]


def _log_mean_exp(rows: Spread, d: np.ndarray) -> np.ndarray:
    """log sum_j p_j e^(d_j), ``(m,)``: by log1p where that is safe, so that a tiny result keeps its digits."""
    with quiet():
        excess = np.sum(rows.p * np.expm1(d), axis=1)
        u = rows.log_p + d
        top = np.max(u, axis=1, keepdims=True)
        shift = np.where(np.isfinite(top), top, 0.0)
        whole = shift[:, 0] + np.log(np.sum(np.exp(u - shift), axis=1))
        return np.where((excess > -0.5) & np.isfinite(excess), np.log1p(excess), whole)


def _beyond_linear(d: np.ndarray) -> np.ndarray:
    """e^d - 1 - d for |d| < 1/2, by its series: the terms dropped are below 0.5^18/20!."""
    total = np.ones_like(d)
    for n in range(20, 2, -1):
        total = 1 + d / n * total
    return d**2 / 2 * total
