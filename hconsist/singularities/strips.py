"""How far from the real axis the zeros with real part u are, and the bounds on the radius that follow.

With K(u) = log F(u) and p(u) the law tilted by e^(a u), a zero u + iy has

    |y| >= pi/(2 sqrt(K''(u)))                                  (variance of the tilted law),
    |y| >= arccos(-p_j(u)/(1 - p_j(u)))/max_k |a_k - a_j|       (class j, p_j(u) <= 1/2; no zero at all beyond 1/2).

The least modulus these leave is a minimum over one real u.  It is bounded below on cells from the values at their ends,
and the worst cell is split: the logit of p_j(u) is concave in u, and arccosh(D/(2 sqrt(K''(u)))), half the effective
margin, has a slope of at most D/2, because |K'''| <= K'' sqrt(D^2 - 4 K'').
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hconsist.singularities.bounds import at_least, effective_margin, x_sigma
from hconsist.singularities.spreads import Spread, quiet, spread

__all__ = ["lower_class", "lower_strip"]

_PARTS = 8
_ROUNDS = 14
"""Splits of the worst cell: the bound is then within 2 %, at worst 5 %, of its minimum, for about 130 softmaxes."""


def lower_strip(logits: Any, slopes: Any) -> Any:
    """min over u of sqrt(u^2 + pi^2/(4 K''(u))), from below.

    Shapes, domain and errors as in :mod:`hconsist.singularities.bounds`.
    Source: derived here (cos x lies above its tangent parabola); proved.  At least pi/D, because K'' <= D^2/4.
    """
    return _least(spread(logits, slopes), _margin, _strip_height)


def lower_class(logits: Any, slopes: Any) -> Any:
    """min over u of sqrt(u^2 + y(u)^2), y(u) the best of the single-class bounds and pi/D, from below.

    Above :func:`hconsist.singularities.lower_sigma` where a probable class has a slope in mid-range.
    Source: derived here; proved.
    """
    return _least(spread(logits, slopes), _class_logits, _class_height)


def _least(rows: Spread, at: Callable, height: Callable) -> Any:
    """The least of sqrt(u^2 + y^2) over both half-lines of u, from below: ``height(end values, width, rows)`` is y."""
    xp = rows.xp
    flat = rows.flat()
    far = xp.where(flat.D > 0, 4 * x_sigma(flat) + 8, 1.0)
    cells: list[tuple[Any, Any, Any]] = []
    for sign in (1.0, -1.0):
        cells += _divide(flat, xp.zeros_like(far), sign * far, at, height)
    low, high, value = (xp.stack([cell[k] for cell in cells], axis=-1) for k in range(3))
    for _ in range(_ROUNDS):
        worst = xp.argmin(value, axis=-1)
        chosen = xp.arange(value.shape[-1])[None, :] == worst[:, None]
        start, end = (xp.sum(xp.where(chosen, ends, 0.0), axis=-1) for ends in (low, high))
        first, *others = _divide(flat, start, end, at, height)
        low, high, value = (
            xp.concat([xp.where(chosen, first[k][:, None], old), *(cell[k][:, None] for cell in others)], axis=-1)
            for k, old in enumerate((low, high, value))
        )
    least = xp.minimum(xp.min(value, axis=-1), far)  # beyond `far` the real part alone is as large
    least = xp.where(flat.D > 0, xp.where(least > math.pi / 2, least, math.pi / 2), math.inf)
    return at_least(rows, xp.reshape(least, rows.D.shape))


def _divide(rows: Spread, start: Any, end: Any, at: Callable, height: Callable) -> list[tuple[Any, Any, Any]]:
    """Equal cells from ``start`` (the end nearer to 0) to ``end``, each with its lower bound."""
    xp = rows.xp
    ends = [start + (end - start) * (k / _PARTS) for k in range(_PARTS + 1)]
    with quiet():
        values = [at(rows, u) for u in ends]
        return [
            (u, v, xp.hypot(u, height(f, g, xp.abs(v - u), rows)))
            for u, v, f, g in zip(ends, ends[1:], values, values[1:], strict=False)
        ]


def _tilted(rows: Spread, u: Any) -> Any:
    """Logarithms of the weights p_j e^(d_j u), largest 0."""
    log_w = rows.log_p + rows.d * u[:, None]
    return log_w - rows.xp.max(log_w, axis=-1, keepdims=True)


def _margin(rows: Spread, u: Any) -> Any:
    xp = rows.xp
    log_w = _tilted(rows, u)
    log_p = log_w - xp.log(xp.sum(xp.exp(log_w), axis=-1, keepdims=True))
    own = xp.max(xp.where(log_w == 0, rows.d, -math.inf), axis=-1, keepdims=True)
    d = xp.where(log_w > -math.inf, rows.d - own, 0.0)
    return effective_margin(Spread(rows.b, d, log_p, xp.exp(log_p), rows.D, rows.grow, xp))


def _strip_height(left: Any, right: Any, width: Any, rows: Spread) -> Any:
    xp = rows.xp
    half = (left + right) / 4 - width / 2  # where the two slopes meet
    return math.pi / 2 * xp.cosh(xp.where(half > 0, half, 0.0))


def _class_logits(rows: Spread, u: Any) -> Any:
    xp = rows.xp
    log_w = _tilted(rows, u)
    top = xp.arange(log_w.shape[-1])[None, :] == xp.argmax(log_w, axis=-1)[:, None]
    below = xp.where(top, -math.inf, log_w)
    second = xp.max(below, axis=-1, keepdims=True)
    rest = xp.sum(xp.exp(below - second), axis=-1, keepdims=True)
    # each class against the sum of the others: for the top one that sum itself, not 1 minus its mass
    others = xp.log1p(xp.where(top, 0.0, rest * xp.exp(second) - xp.exp(below)))
    return log_w - xp.where(top, second + xp.log(rest), others)


def _class_height(left: Any, right: Any, width: Any, rows: Spread) -> Any:
    xp = rows.xp
    kept = rows.log_p > -math.inf
    reach = xp.where(rows.b > 0, rows.b + 1, 1 - rows.b)  # the extreme slopes are -1 and 1
    odds = xp.exp(xp.where(left < right, left, right))
    angle = xp.acos(-xp.where(odds < 1, odds, 1.0))
    each = xp.where(kept & (odds == odds), xp.where(odds > 1, math.inf, angle / reach), 0.0)
    best = xp.max(each, axis=-1)
    return xp.where(best > math.pi / 2, best, math.pi / 2)
