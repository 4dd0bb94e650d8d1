"""Zeros so close together that floats cannot part them, by balls of many bits.

The floats given define F exactly, and zeros that rounding merges are, for those numbers, almost always distinct.  Roots
of the Taylor polynomial in 400 bits are the guesses; interval Newton and the winding number prove them as in
:mod:`hconsist.singularities.balls`.  Some tenths of a second a row.
"""

from __future__ import annotations

import numpy as np
from flint import acb, acb_poly, arb

from hconsist.definitions import precision
from hconsist.singularities.balls import Balls, Proof, balls_of, count_in_balls
from hconsist.singularities.rectangles import row_of
from hconsist.singularities.spreads import Spread

__all__ = ["resolved"]

_BITS = 400
_TERMS = 121
_SCALE = 8
_REACH = 24.0
"""|x| up to which the polynomial has the zeros of F: 24^121/121! = 1e-34."""
_BOX = 2.0**-66
"""Radius of the boxes of interval Newton: below the derivative at zeros that differ by 1e-8 and more."""
_WIDER = (0.3, 0.1, 0.03, 0.01, 0.003)


def resolved(logits: np.ndarray, slopes: np.ndarray, rows: Spread, index: int) -> Proof | None:
    """The nearest zero of row ``index`` of the float64 arrays ``(m, K)`` behind ``rows``; None if some step fails."""
    with precision(_BITS):
        balls = balls_of(logits[index], slopes[index], rows.log_p[index], rows.d[index])
        guesses = _guesses(balls)
        row = row_of(rows.log_p[index], rows.d[index])
        boxes: list[acb] = []
        for n, guess in enumerate(guesses):
            box = balls.newton(guess, _BOX)
            if box is None or any(box.overlaps(other) for other in boxes):
                return None
            boxes.append(box)
            size = _size(guess)
            behind = _size(guesses[n + 1]) if n + 1 < len(guesses) else 1.3 * _REACH
            for part in _WIDER:
                radius = size * (1 + part)
                if radius >= behind:
                    continue
                counted = count_in_balls(balls, row, radius, size)
                if counted is None:
                    continue
                number, polygon = counted
                within = arb(polygon.within)
                if number == n + 1 and all(bool(abs(v) < within) for v in boxes):
                    return balls.proof(min(boxes, key=_size), boxes)
                if number > n + 1:
                    break
    return None


def _size(x: acb) -> float:
    return float(abs(x).mid())


def _guesses(balls: Balls) -> list[acb]:
    """Roots of the Taylor polynomial with Im x > 1, nearest first."""
    # the slopes about the top one serve as well: e^(-b_top x) has no zeros, but centred ones keep the terms small
    c, l_ = ([v for v, kept in zip(values, balls.guide, strict=True) if kept] for values in (balls.c, balls.l))
    middle = (max(c, key=float) + min(c, key=float)) / 2
    b = [v - middle for v in c]
    powers = [v.exp() for v in l_]
    coefficients, factor = [], arb(1)
    for n in range(_TERMS):
        coefficients.append(acb((sum(powers, arb(0)) * factor).mid()))
        factor = factor * _SCALE / (n + 1)
        powers = [u * v for u, v in zip(powers, b, strict=True)]
    try:
        roots = acb_poly(coefficients).roots(tol=2.0**-90, maxprec=2000)
    except ValueError:
        return []
    found = [r * _SCALE for r in roots]
    return sorted((x for x in found if x.imag > 1 and _size(x) < _REACH), key=_size)
