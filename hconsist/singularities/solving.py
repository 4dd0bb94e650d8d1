"""The nearest zeros of a block of rows: in floats, all at once or one by one, and in balls.

A class of tiny weight whose slope lies away from the others (a masked token) sets D, and puts the zeros far out in the
normal form.  Where that defeats the floats, the row is solved without the classes N of least weight.  With
F = F_0 + F_N and a_top the slope of the most probable class,

    |F_N(t)| <= F_0(Re t) sum over N of (p_j/p_top) e^(|a_j - a_top| R)    for |t| <= R,

and if this is below the rounding of one term as far out as F_0 was looked at, the slack of every test covers it: by
Rouche's theorem what is certified of F_0 holds of F.  Balls sum over all classes; there the others serve as a guide.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hconsist.singularities.bounds import x_sigma
from hconsist.singularities.ladder import Nearest, nearest
from hconsist.singularities.rectangles import Found, row_of
from hconsist.singularities.result import Status
from hconsist.singularities.spreads import Spread, quiet, spread

__all__ = ["Solved", "solved"]

_FARTHEST = 1e6
"""x beyond which zeros lie too close together, relatively, for rectangles to part them."""
_SHARP = 1e-12
"""Relative error above which fewer classes may do better."""
_WIDER = 2.0
"""How much less the spread has to be without the least classes for the attempt to be worth it."""
_LOST = math.log(2.0**-56)
"""Of the sum of the terms left out over the top term: an eighth of the rounding of one term."""


@dataclass(frozen=True)
class Solved:
    """``radius`` (inf where it exceeds every float), ``zero``, ``error`` and ``status``, ``(m,)`` each."""

    radius: np.ndarray
    zero: np.ndarray
    error: np.ndarray
    status: np.ndarray


def solved(z: np.ndarray, a: np.ndarray, rows: Spread, certify: str = "float") -> Solved:
    """Float64 arrays ``(m, K)`` and their normal form; balls prove each row, or those on which floats fail."""
    found, status = _all_at_once(rows)
    left = np.flatnonzero((status == Status.UNCERTIFIED) | (found.error > _SHARP * np.abs(found.x)))
    if left.size:
        rows = _with_less(z, a, rows, left, found, status)
        _one_by_one(rows, found, status)
    moved = rows.D > 0
    with quiet():
        radius = rows.unscaled(np.where(moved, np.abs(found.x), math.inf), beyond=math.inf)
        wrong = found.error + 2.0**-51 * np.abs(found.x)  # D, 2 x/D and |x| are rounded
        error = np.where(moved, wrong * 2 / np.where(moved, rows.D, 1) * rows.grow, 0.0)
        zero = np.where(moved, found.x, complex(math.nan, math.nan)) * 2 / np.where(moved, rows.D, 1) * rows.grow
    out = Solved(radius, zero, error, status)
    _with_balls(z, a, rows, found.x, out, certify)
    return out


def _all_at_once(rows: Spread) -> tuple[Nearest, np.ndarray]:
    """In the normal form, with the status of each row."""
    found = Nearest.none(rows.D.size)
    status = np.empty(rows.D.size, dtype=object)
    status[:] = Status.NO_ZERO  # np.full makes plain text of it
    moving = rows.D > 0
    if np.any(moving):
        found.put(moving, nearest(rows.where(moving)))
        status[moving] = Status.UNCERTIFIED
        status[found.certified] = Status.CERTIFIED
    return found, status


def _one_by_one(rows: Spread, found: Nearest, status: np.ndarray) -> None:
    """Into ``found`` and ``status``: the rows not certified, by bisection of rectangles."""
    for i in np.flatnonzero(status == Status.UNCERTIFIED):
        first = _by_rectangles(rows, int(i), complex(found.x[i]))
        found.put(np.array([i]), first[0] if first else Nearest.none(1))
        if first:
            status[i] = Status.CERTIFIED if first[1].multiplicity == 1 else Status.CLUSTER


def _by_rectangles(rows: Spread, index: int, guess: complex) -> tuple[Nearest, Found] | None:
    """The nearest zero, and how far the least modulus may be from it."""
    row = row_of(rows.log_p[index], rows.d[index])
    low = float(x_sigma(rows[index : index + 1])[0])
    if low > _FARTHEST:
        return None
    reach = (abs(guess) if np.isfinite(guess) else low) * 1.01
    for _ in range(16):
        found = row.zeros(reach)
        if found:
            first = found[0]
            least = min(abs(v.x) - v.error for v in found)
            error = max(first.error, abs(first.x) - least)
            # the corners of the rectangles, and discs about clusters
            return Nearest(np.array([first.x]), np.array([error]), np.array([True]), np.array([1.5 * reach + 2])), first
        reach *= 1.03 if found is None else 1.2
    return None


def _with_less(
    z: np.ndarray, a: np.ndarray, rows: Spread, left: np.ndarray, found: Nearest, status: np.ndarray
) -> Spread:
    """Into ``found`` and ``status`` what can be certified of the rows ``left`` without their least classes.

    Returns the rows in the normal form that ``found`` is in.
    """
    behind = rows.log_p[left] - np.max(rows.log_p[left], axis=1, keepdims=True)
    out = (behind < _LOST) & (behind > -math.inf)
    for _ in range(2):
        some = np.any(out, axis=1)
        left, behind, out = left[some], behind[some], out[some]
        if not left.size:
            break
        part, small = rows[left], spread(np.where(out, -math.inf, z[left]), a[left])
        with quiet():
            wider = part.D / small.D * (small.grow / part.grow)
            some = wider > _WIDER
        left, behind, out, wider = left[some], behind[some], out[some], wider[some]
        part, small = part[some], small[some]
        near, state = _all_at_once(small)
        _one_by_one(small, near, state)
        with quiet():
            grown = np.abs(part.d) * (near.reach * wider)[:, None] * (1 + 2.0**-50)  # also for the rounding of behind
            tiny = out & (behind + grown + math.log(part.d.shape[1]) < _LOST)
            before = np.where(status[left] == Status.UNCERTIFIED, math.inf, found.error[left])
            better = (state != Status.UNCERTIFIED) & (near.error * wider < before)
        fine = np.all(tiny == out, axis=1) & better
        rows = rows.replaced(left[fine], small[fine])
        found.put(left[fine], near[fine])
        status[left[fine]] = state[fine]
        left, behind, out = left[~fine], behind[~fine], tiny[~fine]
    return rows


def _with_balls(z: np.ndarray, a: np.ndarray, rows: Spread, x: np.ndarray, out: Solved, certify: str) -> None:
    """Proofs, into ``out``: of each row if asked for, else where floats do not suffice."""
    wanted = {Status.UNCERTIFIED} if certify == "float" else {Status.UNCERTIFIED, Status.CLUSTER, Status.CERTIFIED}
    chosen = [i for i, state in enumerate(out.status) if state in wanted]
    if not chosen:
        return
    from hconsist.singularities.balls import prove
    from hconsist.singularities.clusters import resolved

    for i in chosen:
        proof = prove(z, a, rows, i, complex(x[i])) if out.status[i] is Status.CERTIFIED else None
        proof = proof or resolved(z, a, rows, i)
        if proof is not None:
            out.radius[i] = proof.lower + (proof.upper - proof.lower) / 2
            out.zero[i], out.error[i], out.status[i] = proof.zero, proof.upper - proof.lower, Status.PROVED
