"""Bounds on the radius that cost one softmax: lower bounds from the mass and the variance of the slopes, upper bounds.

All take ``logits`` and ``slopes`` of shape ``(..., K)`` on any array API namespace, K >= 1, and return ``(...)``; the
radius, and so each bound, is inf where the slopes of all classes of positive weight agree.  With D the spread of the
slopes over those classes and sigma^2 their variance under p = softmax(logits),

    pi/D  <=  top-1  <=  variance-spread  <=  radius,      strip (closed form)  <=  strip  <=  radius.

Rounding may put a bound above the truth by a few units in the last place.  A lower bound that exceeds every float is
the largest float, such an upper bound inf.
"""

from __future__ import annotations

import math
from typing import Any

from hconsist.domains import Domain
from hconsist.singularities.spreads import Spread, quiet, spread

__all__ = ["lower_pi", "lower_sigma", "lower_strip_closed", "lower_top1", "upper_height", "upper_jensen"]


def lower_pi(logits: Any, slopes: Any) -> Any:
    """pi/D: every zero has |Im t| >= pi/D, since closer to the real axis all terms lie in one open half-plane.

    Equal to the radius only where the mass is split evenly between the largest and the smallest slope.
    Source: Sao 2026, Theorem 4.6 (text seen); proved.
    """
    rows = spread(logits, slopes)
    return at_least(rows, x_pi(rows))


def lower_top1(logits: Any, slopes: Any) -> Any:
    """sqrt(max(0, logit P)^2 + pi^2)/D, with P the mass of all classes that share the slope of the most probable one.

    At a zero u + iy that mass is at most the rest times e^(D|u|), and |y| >= pi/D.  Source: derived here; proved.
    """
    rows = spread(logits, slopes)
    return at_least(rows, x_top1(rows))


def lower_sigma(logits: Any, slopes: Any) -> Any:
    """sqrt(delta^2 + pi^2)/D, delta = 2 arccosh(D/(2 sigma)) the effective margin; the radius itself for K = 2.

    All classes count: one of tiny weight whose slope lies away from the others widens D, and the bound falls far below
    a radius that it hardly moves.  A logit of -inf drops a class.

    Source: derived here.  Reduced to laws on three slopes by a proof, the inequality for those verified numerically
    (not proved): :func:`lower_strip_closed` is the weaker bound with a full proof.
    """
    rows = spread(logits, slopes)
    return at_least(rows, x_sigma(rows))


def lower_strip_closed(logits: Any, slopes: Any) -> Any:
    """min over 0 <= s <= delta of sqrt((delta - s)^2 + pi^2 cosh(s/2)^2)/D, with delta as in :func:`lower_sigma`.

    From |y| >= pi/(2 sqrt(K''(u))) at a zero u + iy and |K'''| <= K'' sqrt(D^2 - 4 K'').  Source: derived here; proved.
    """
    rows = spread(logits, slopes)
    xp = rows.xp
    delta = effective_margin(rows)
    # the minimum is where (pi^2/4) sinh s + s = delta: convex, so Newton from above descends to it
    s = xp.asinh(delta * (4 / math.pi**2))
    for _ in range(12):
        s = s - (math.pi**2 / 4 * xp.sinh(s) + s - delta) / (math.pi**2 / 4 * xp.cosh(s) + 1)
    least = xp.hypot(delta - s, math.pi * xp.cosh(s / 2)) / 2
    return at_least(rows, xp.where(rows.D > 0, least, math.inf))


def upper_jensen(logits: Any, slopes: Any, order: int = 2) -> Any:
    """((n/(n-1)) (e D/pi) (n-1)!/|kappa_n|)^(1/(n-1)), n = order: for n = 2 this is (2 e/pi) D/sigma^2, free of K.

    Jensen's formula allows at most e D r/pi zeros in |t| < r, and the cumulant kappa_n = -(n-1)! sum t_k^(-n) over all
    zeros.  Infinite where kappa_n = 0.  ``order`` from 2 to 8.  Source: derived here; proved.
    """
    n = int(Domain(2, 8, integer=True).check_scalar("order", order))
    rows = spread(logits, slopes)
    xp = rows.xp
    with quiet():
        log_kappa = log_variance(rows) if n == 2 else xp.log(xp.abs(_cumulant(rows, n)))
        log_x = (math.log(n / (n - 1) * 2 * math.e / math.pi * math.factorial(n - 1)) - log_kappa) / (n - 1)
        x = xp.where(rows.D > 0, xp.exp(log_x), math.inf)
    return rows.unscaled(x, beyond=math.inf)


def upper_height(logits: Any, slopes: Any) -> Any:
    """(n - 1) pi/D for n distinct slopes: some zero has Im t in [pi/D, (n - 1) pi/D].

    It limits the height of the lowest zero over the real axis, not its modulus.  On Im t = y the argument changes by at
    most (n - 1) pi (sign changes, Descartes); attained by binomial weights.  Source: derived here; proved.
    """
    rows = spread(logits, slopes)
    xp = rows.xp
    a = xp.astype(xp.asarray(slopes), rows.b.dtype)  # in b, slopes closer than eps D may be one
    a = xp.sort(xp.where(rows.log_p > -math.inf, a, math.inf), axis=-1)
    steps = (a[..., 1:] > a[..., :-1]) & (a[..., 1:] < math.inf)
    distinct = xp.sum(xp.astype(steps, a.dtype), axis=-1)
    return rows.unscaled(xp.where(rows.D > 0, distinct * (math.pi / 2), math.inf), beyond=math.inf)


def at_least(rows: Spread, x: Any) -> Any:
    """A lower bound in the normal form, in t."""
    return rows.unscaled(x, beyond=float(rows.xp.finfo(rows.D.dtype).max))


def x_pi(rows: Spread) -> Any:
    """pi/2 in the normal form, inf where the slopes agree."""
    return rows.xp.where(rows.D > 0, math.pi / 2, rows.xp.full_like(rows.D, math.inf))


def x_top1(rows: Spread) -> Any:
    """The top-1 bound in the normal form."""
    xp = rows.xp
    same = rows.d == 0
    with quiet():
        inside = _log_sum(xp.where(same, rows.log_p, -math.inf), xp)
        outside = _log_sum(xp.where(same, -math.inf, rows.log_p), xp)
        margin = xp.where(rows.D > 0, inside - outside, 0.0)
    margin = xp.where(margin > 0, margin, 0.0)
    return xp.where(rows.D > 0, xp.hypot(margin, margin * 0 + math.pi) / 2, math.inf)


def x_sigma(rows: Spread) -> Any:
    """The variance-spread bound in the normal form."""
    xp = rows.xp
    delta = effective_margin(rows)
    x = xp.hypot(delta, delta * 0 + math.pi) / 2
    return xp.where(rows.D > 0, x, math.inf)


def effective_margin(rows: Spread) -> Any:
    """delta = 2 arccosh(1/s) for the deviation s of b, as -log s^2 + 2 log(1 + sqrt(1 - s^2)): finite as s -> 0."""
    xp = rows.xp
    with quiet():
        # at least what the sum over the classes may lose to underflow
        log_variance_ = log_variance(rows, least=float(xp.finfo(rows.D.dtype).smallest_normal))
        variance = xp.exp(log_variance_)
        rest = xp.where(variance < 1, 1 - variance, 0.0)
        delta = -log_variance_ + 2 * xp.log1p(xp.sqrt(rest))
    return xp.where((rows.D > 0) & (delta > 0), delta, 0.0)


def log_variance(rows: Spread, least: float = 0.0) -> Any:
    """log of the variance of d, also where all weights but one underflow; ``least`` is added to the sums.

    With s the largest log weight off the top slope, the variance is e^s (M_2 - e^s M_1^2) for the moments M of d under
    exp(log_p - s).  By Cauchy's inequality the subtraction costs no more than a factor two if the mass at the top slope
    is at least 1/2; below that the weights are ordinary numbers and sum p (d - mean)^2 is exact enough.
    """
    xp = rows.xp
    d, same = rows.d, rows.d == 0
    with quiet():
        others = xp.where(same, -math.inf, rows.log_p)
        s = xp.max(others, axis=-1, keepdims=True)
        w = xp.where(same, 0.0, xp.exp(others - s))
        s = s[..., 0]
        confident = s + xp.log(xp.sum(w * d**2, axis=-1) - xp.exp(s) * xp.sum(w * d, axis=-1) ** 2 + least)
        mean = xp.sum(rows.p * d, axis=-1, keepdims=True)
        plain = xp.log(xp.sum(rows.p * (d - mean) ** 2, axis=-1) + least)
        mass = xp.sum(xp.where(same, rows.p, 0.0), axis=-1)
    return xp.where(mass >= 0.5, confident, plain)


def _log_sum(x: Any, xp: Any) -> Any:
    top = xp.max(x, axis=-1, keepdims=True)
    shift = xp.where(top > -math.inf, top, 0.0)
    return shift[..., 0] + xp.log(xp.sum(xp.exp(x - shift), axis=-1))


def _cumulant(rows: Spread, n: int) -> Any:
    """kappa_n of d, n >= 3, from central moments: m_n = sum_k C(n-1, k-1) kappa_k m_(n-k)."""
    xp = rows.xp
    centred = rows.d - xp.sum(rows.p * rows.d, axis=-1, keepdims=True)
    moments = [xp.sum(rows.p * centred**k, axis=-1) for k in range(n + 1)]
    kappa = {1: 0 * moments[0]}
    for m in range(2, n + 1):
        lower = sum(math.comb(m - 1, k - 1) * kappa[k] * moments[m - k] for k in range(1, m))
        kappa[m] = moments[m] - lower
    return kappa[n]
