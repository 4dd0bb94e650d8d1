r"""How far the mean cross-entropy is certain to go down along a direction.

With l(t) the mean over rows of K_x(t) - t (slope of the target), g = -l'(0), h = l''(0) and D the largest spread:
|K'''| <= K'' sqrt(D^2 - 4 K'') <= D K'' gives l'(t) <= -g + (h/D)(e^(D t) - 1), so l decreases on [0, tau],

    tau = log(1 + g D/h)/D.

The same inequality, kept row by row and integrated in full, gives the longest step that g and the rows' own D_x and
variances allow (method "sharp").  Both need the gradient, which the radius does not know: that is why no share of the
radius implies descent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.singularities.bounds import effective_margin, log_variance
from hconsist.singularities.radius import as_rows
from hconsist.singularities.spreads import Spread, quiet, spread
from hconsist.singularities.targets import Targets, as_targets

__all__ = ["DescentStep", "descent_bound", "descent_step"]

_EPS = 2.0**-52
_LARGEST = float(np.finfo(float).max)
_POSITIVE = Domain(0, lower_open=True)


@dataclass(frozen=True)
class DescentStep:
    """A step with a guarantee: the mean loss does not increase anywhere on [0, ``step``] along linear logits.

    Attributes
    ----------
    step : 0 if the loss does not decrease to first order beyond rounding, inf if it is constant along the line.
    decrease : g = -l'(0), lowered by a bound on its rounding error.
    curvature : h = l''(0), the mean variance of the slopes.
    spread : D, the largest spread of the slopes in a row; it and the two before are inf where they exceed every float.
    method : "joint" or "sharp".
    """

    step: float
    decrease: float
    curvature: float
    spread: float
    method: str

    @property
    def share(self) -> float:
        """r = step D/pi: the step as a share of pi/D; NaN where D is 0 or exceeds every float."""
        return self.step * self.spread / math.pi if 0 < self.spread < math.inf else math.nan


def descent_bound(decrease: Any, curvature: Any, spread: Any) -> np.ndarray:
    """tau = log(1 + g D/h)/D for numbers known from elsewhere, as from a Hessian-vector product; broadcasts.

    ``decrease`` is g = -l'(0) >= 0, ``curvature`` h = l''(0) > 0, ``spread`` D > 0, at least the spread of the slopes
    in every row.  More than pi/D if and only if g D/h > e^pi - 1.  Source: derived here; proved.
    """
    g = Domain(0).check("decrease", decrease)
    h = _POSITIVE.check("curvature", curvature)
    d = _POSITIVE.check("spread", spread)
    with quiet():
        ratio = np.log(g) + np.log(d) - np.log(h)
        return np.minimum(np.logaddexp(0.0, ratio) / d, _LARGEST)


def descent_step(logits: Any, slopes: Any, targets: Any, *, method: str = "sharp") -> DescentStep:
    """The step up to which the mean cross-entropy of the batch is certain to decrease along the direction.

    Parameters
    ----------
    logits, slopes : as :func:`hconsist.singularities.radius`.
    targets : integer labels ``(m,)``, or laws ``(m, K)`` (label smoothing, soft targets).
    method : "joint" is log(1 + g D/h)/D; "sharp" is the t with mean_x int_0^t V_x = g, at least as long, where
        V_x(s) = D_x^2/(4 cosh((delta_x - D_x s)_+/2)^2) >= K_x''(s) and cosh(delta_x/2) = D_x/(2 sigma_x).  For one row
        with two classes and a direction that lowers the larger logit no further than to a tie, "sharp" is the
        minimiser itself.

    Raises
    ------
    InputError
        naming row and column of bad numbers, and for a method of another name.

    Notes
    -----
    The step also maximises the decrease that the same inequality guarantees.  Beyond it the loss may or may not go up.
    Linear logits: for a network, a guarantee for its linearisation.  Source: derived here; proved (derivations
    ``descent_step``, and ``strip_bound`` for V_x >= K_x'').
    """
    if method not in ("joint", "sharp"):
        raise InputError("method", "'joint' or 'sharp'", method)
    z, a = as_rows(logits, slopes)
    rows = spread(z, a)
    aim = as_targets(targets, z)
    # spreads of all rows on one scale, and relative to the largest
    scale = float(np.min(rows.grow))
    widths = rows.D * (scale / rows.grow)
    widest = float(np.max(widths))
    if widest == 0:
        return DescentStep(math.inf, 0.0, 0.0, 0.0, method)
    share = widths / widest
    g = float(np.mean(share * _first_order(rows, aim))) / 2
    with quiet():
        log_h = _log_mean(log_variance(rows) + 2 * np.log(share)) - math.log(4)
        log_g = math.log(g) if g > 0 else -math.inf
        tau = float(np.logaddexp(0.0, log_g - log_h))
        if method == "sharp" and g > 0:
            moving = share > 0
            log_rest = math.log(np.count_nonzero(moving) / moving.size)
            tau = _longest(tau, log_g - log_rest, share[moving], effective_margin(rows)[moving])
        step = min(tau * scale / widest, _LARGEST)
        whole = widest / scale
        curvature = float(np.exp(log_h + 2 * (math.log(widest) - math.log(scale))))
    return DescentStep(step, g * whole if g != 0 else 0.0, curvature, whole, method)


def _first_order(rows: Spread, aim: Targets) -> np.ndarray:
    """-l'(0) of each row in units of D/2, lowered by what rounding may have added; sum_j p_j (b_q - b_j)."""
    kept = rows.log_p > -math.inf
    d = np.where(kept, -aim.differences(rows.b), 0.0)
    lost = 4 + math.log2(d.shape[1]) + np.where(kept, np.abs(rows.log_p), 0.0)
    known = np.zeros_like(d, dtype=bool)
    if aim.labels is not None:
        known = np.arange(d.shape[1]) == aim.labels[:, None]
    # each b is wrong by up to 2 eps; an average over a law, summed pairwise, by less than 32 eps
    each = 4 if aim.labels is not None else 32
    rounding = rows.p * np.where(known, 0.0, np.abs(d) * lost + each)
    return np.sum(rows.p * d, axis=1) - _EPS * np.sum(rounding, axis=1)


def _longest(tau: float, log_g: float, share: np.ndarray, delta: np.ndarray) -> float:
    """The t D with mean_x int_0^t V_x = g, from below, by doubling and bisection from the valid ``tau``."""
    low, high = tau, 2 * tau
    while _log_mean(_log_slope_gain(high, share, delta)) <= log_g:
        low, high = high, 2 * high
    for _ in range(60):
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
        if _log_mean(_log_slope_gain(middle, share, delta)) <= log_g:
            low = middle
        else:
            high = middle
    return low


def _log_slope_gain(tau: float, share: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """log int_0^t V_x over D, with c = D_x/D and u = c tau.

    (c/2) (tanh(delta/2) - tanh((delta - u)/2)) = (c/2) sinh(u/2)/(cosh(delta/2) cosh((delta - u)/2)) up to u = delta,
    where the variance bound reaches D_x^2/4; from there it grows by (c/4)(u - delta).
    """
    u = share * tau
    v = np.minimum(u, delta)
    log_sinh = v / 2 + np.log(-np.expm1(-v) / 2)
    rising = np.log(share / 2) + log_sinh - _log_cosh(delta / 2) - _log_cosh((delta - v) / 2)
    return np.logaddexp(rising, np.log(share / 4) + np.log(u - v))


def _log_cosh(x: np.ndarray) -> np.ndarray:
    return np.abs(x) + np.log1p(np.exp(-2 * np.abs(x))) - math.log(2)


def _log_mean(x: np.ndarray) -> float:
    return float(np.logaddexp.reduce(x)) - math.log(x.size)
