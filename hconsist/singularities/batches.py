"""The radius of a batch: the least over its rows, with most rows excluded by a lower bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.singularities.bounds import at_least, x_sigma
from hconsist.singularities.moments import row_blocks
from hconsist.singularities.radius import as_rows
from hconsist.singularities.result import Status
from hconsist.singularities.solving import solved
from hconsist.singularities.spreads import spread

__all__ = ["BatchRadius", "batch_radius"]

_NUMBERS = 1 << 20
_FIRST = 32
_BEYOND = float(np.finfo(float).max)


@dataclass(frozen=True)
class BatchRadius:
    """The radius of the mean loss of a batch, the row that has it, its zero, and how many rows had to be solved.

    ``status`` is that of the row, or "not certified" (and a NaN radius) if a row with a smaller lower bound was not.
    Floats are tried first, then balls, as by :func:`hconsist.singularities.radius`.
    """

    radius: float
    row: int | None
    zero: complex
    status: Status
    solved: int


def batch_radius(logits: Any, slopes: Any) -> BatchRadius:
    """The least radius over the rows, exactly the radius of the mean loss: branch points of equal sign cannot cancel.

    Rows are taken in the order of the variance-spread bound, in blocks of 32, 64, ..., until the next bound exceeds the
    least radius found.  Shapes, domain and errors as :func:`hconsist.singularities.radius`.
    Source: derived here; as sure as that bound, see :func:`hconsist.singularities.lower_sigma`.
    """
    z, a = as_rows(logits, slopes)
    m, k = z.shape
    low = np.empty(m)
    for part in row_blocks(m, k, _NUMBERS):
        rows = spread(z[part], a[part], first=part.start)
        low[part] = at_least(rows, x_sigma(rows))
    order = np.argsort(low, kind="stable")
    best, where, at, state, done, size = math.inf, None, complex(math.nan, math.nan), Status.NO_ZERO, 0, _FIRST
    largest = max(_FIRST, _NUMBERS // k)
    while done < m and low[order[done]] < min(best, _BEYOND):
        chosen = order[done : done + size]
        chosen = chosen[low[chosen] < min(best, _BEYOND)]
        rows = spread(z[chosen], a[chosen])
        found = solved(z[chosen], a[chosen], rows)
        done += size
        lost = np.flatnonzero(found.status == Status.UNCERTIFIED)
        if lost.size:
            nowhere = complex(math.nan, math.nan)
            return BatchRadius(math.nan, int(chosen[lost[0]]), nowhere, Status.UNCERTIFIED, min(done, m))
        least = int(np.argmin(found.radius))
        if found.radius[least] < best:
            best, where, state = float(found.radius[least]), int(chosen[least]), found.status[least]
            at = complex(found.zero[least])
        size = min(2 * size, largest)
    if where is None:
        for row in np.flatnonzero(low < math.inf):  # where no radius is a float, that is said of the first
            rows = spread(z[row : row + 1], a[row : row + 1], first=int(row))
            rows.refuse(rows.D > 0)
    return BatchRadius(best, where, at, state, min(done, m))
