"""Many two-dimensional minimisations at once, each also over two integers: the coordinates and sizes of laws.

Each problem looks at the 3 x 3 points around its centre, moves to the minimum of the quadratic function through them
and makes the next square smaller; what does not pay goes back to the best point.  Three points do where only one
coordinate counts.  Now and then it looks at laws of other sizes.  All points of all problems are one call.
"""

from __future__ import annotations

import numpy as np

from hconsist.engine.laws import Family, Laws

__all__ = ["descend"]

_X = np.array([0, -1, 1, 0, 0, -1, -1, 1, 1], dtype=float)
_Y = np.array([0, 0, 0, -1, 1, -1, 1, -1, 1], dtype=float)
"""The square; its first point is the centre."""
_POINTS = ([0], [0, 1, 2], [0, 3, 4], list(range(9)))
"""Which of them are evaluated where no coordinate counts, only a, only b, both ..."""
_PLACES = np.array([[0] * 9, [0, 1, 2, 0, 0, 1, 1, 2, 2], [0, 0, 0, 1, 2, 1, 2, 1, 2], list(range(9))])
"""... and which of those stands for each of the nine."""
_COUNT = np.array([len(points) for points in _POINTS])
_POINT = np.array([points + [0] * (9 - len(points)) for points in _POINTS])

_PRUNE = (2.0, 1.5, 1.3, 1.2, 1.1, 1.05, 1.02, 1.01, 1.003, 1.001, 1.0003, 1.0001, 1.00001)
"""A problem whose value exceeds the best of its group by this factor after 1, 2, ... steps is given up."""
_PATIENCE = 6
"""Steps after which the regrets of rivals must have been beaten."""
_VANISHING = 0.03
"""A rest with less than this tends to none, whose law is among the rivals."""
_LEAST, _WIDEST = 1e-9, 0.4
"""Half-widths of the square at which a kink is located well enough, and above which it would wrap around."""
_SURE = 1e-10
"""Relative error of the model's prediction at which a smooth minimum is found."""
_STRIDE = 8
"""Sizes are first varied by an eighth."""


def descend(
    family: Family,
    start: Laws,
    *,
    width: float,
    steps: int,
    resize: bool = True,
    prune: bool = True,
    rivals: np.ndarray | None = None,
) -> Laws:
    """Laws ``(T, Q)`` with lower regrets; the problems of a row compete (the worse ones end early with ``prune``).

    ``width`` is half the side of the first square, ``steps`` the largest number of steps, ``resize`` whether the sizes
    k and m may change, ``rivals`` regrets ``(T,)`` that must be beaten after a few steps.  Problems that start at
    infinity or 0 are left alone.
    """
    rows, columns = start.t.shape
    rivals = np.full(rows, np.inf) if rivals is None else rivals
    descent = _Descent(family, start.reshape(-1), np.arange(rows * columns) // columns, width, resize)
    return descent.run(steps, prune, rivals).reshape(rows, columns)


class _Descent:
    """The state of all problems, by columns."""

    def __init__(self, family: Family, start: Laws, rows: np.ndarray, width: float, resize: bool):
        self.family, self.rows, self.t = family, rows, start.t
        self.k, self.m = np.array(start.k), np.array(start.m)
        self.a, self.b = np.array(start.a, dtype=float), np.array(start.b, dtype=float)
        self.best = np.array(start.regret)
        self.x, self.y = self.a.copy(), self.b.copy()  # the centre
        self.width = np.full(self.t.size, width)
        self.predicted = np.full(self.t.size, np.nan)
        self.settled = np.zeros(self.t.size, dtype=bool)
        self.stride = np.maximum(np.maximum(self.k, self.m) // _STRIDE, 1) * resize  # 0: no other sizes left to try

    def run(self, steps: int, prune: bool, rivals: np.ndarray) -> Laws:
        """Step until every problem has settled or been given up."""
        active = np.flatnonzero(np.isfinite(self.best) & (self.best > 0))
        least = np.array(rivals)
        np.minimum.at(least, self.rows, self.best)
        for step in range(steps):
            if not active.size:
                break
            self._step(active)
            np.minimum.at(least, self.rows[active], self.best[active])
            open_ = (~self.settled[active] | (self.stride[active] > 0)) & (self.best[active] > 0)
            if prune:
                rival = least[self.rows[active]]
                open_ &= self.best[active] <= _PRUNE[min(step, len(_PRUNE) - 1)] * rival + self.family.noise
                vanishing = (self.m[active] > 0) & (np.abs(self.b[active]) < _VANISHING)
                open_ &= ~(vanishing & (self.best[active] > rival * (1 + 1e-12)))
                if step >= _PATIENCE:
                    open_ &= self.best[active] < rivals[self.rows[active]] * (1 - 1e-12)
            active = active[open_]
        return Laws(self.t, self.k, self.m, _folded(self.a), _folded(self.b), self.best)

    def _step(self, active: np.ndarray) -> None:
        moving = active[~self.settled[active]]
        first_moves, second_moves = self.family.moving(self.k[moving], self.m[moving])
        kind = first_moves + 2 * second_moves
        count = _COUNT[kind]
        first = np.cumsum(count) - count
        row = np.repeat(np.arange(moving.size), count)
        point = _POINT[kind[row], np.arange(row.size) - first[row]]
        i = moving[row]
        x, y = self.x[i] + self.width[i] * _X[point], self.y[i] + self.width[i] * _Y[point]
        looking = active[(self.stride[active] > 1) | (self.settled[active] & (self.stride[active] > 0))]
        k, m, a, b = self._other_sizes(looking)
        r, c = np.nonzero(self.family.possible(self.t[looking][:, None], k, m))
        j = looking[r]
        values = self.family.regret(
            np.concatenate([self.t[i], self.t[j]]),
            np.concatenate([self.k[i], k[r, c]]),
            np.concatenate([self.m[i], m[r, c]]),
            np.concatenate([x, a[r, c]]),
            np.concatenate([y, b[r, c]]),
        )
        if moving.size:
            self._move(moving, kind, values[: i.size][first[:, None] + _PLACES[kind]])
        if looking.size:
            others = np.full(k.shape, np.inf)
            others[r, c] = values[i.size :]
            self._resize(looking, k, m, a, b, others)

    def _move(self, i: np.ndarray, kind: np.ndarray, f: np.ndarray) -> None:
        """From the nine values ``(B, 9)`` to the next centre and width."""
        width, one = self.width[i], np.arange(i.size)
        j = np.argmin(f, axis=1)
        low = f[one, j]
        failed, better = low > self.best[i], low < self.best[i]
        x, y = self.x[i] + width * _X[j] * (kind != 2), self.y[i] + width * _Y[j] * (kind != 1)
        self.a[i[better]], self.b[i[better]], self.best[i[better]] = x[better], y[better], low[better]
        dx, dy, model = _least_quadratic(f)
        beyond = low < model  # a point of the square is lower than the model's minimum
        dx, dy, model = np.where(beyond, _X[j], dx), np.where(beyond, _Y[j], dy), np.where(beyond, low, model)
        size = np.maximum(np.abs(dx) * (kind != 2), np.abs(dy) * (kind != 1))
        sure = np.abs(f[:, 0] - self.predicted[i]) <= _SURE * f[:, 0] + self.family.noise
        self.x[i] = np.where(failed, self.a[i], self.x[i] + width * dx)
        self.y[i] = np.where(failed, self.b[i], self.y[i] + width * dy)
        factor = np.where(size <= 0.5, 0.15, np.where(size >= 1.4, 2.0, 1.0))
        self.width[i] = np.minimum(width * np.where(failed, 0.3, factor), _WIDEST)
        self.predicted[i] = np.where(failed | beyond | (size > 0.5), np.nan, model)
        self.settled[i] = (sure & (size <= 0.5) & ~failed) | (self.width[i] < _LEAST) | (kind == 0)

    def _other_sizes(self, i: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """A larger and a smaller pool, rest, and pool at the cost of the rest; with the coordinates to try.

        Pools are tried with a = 0 too: whether c = u or p_2 = 0 there may be another end than it was.
        """
        k, m, s = self.k[i][:, None], self.m[i][:, None], self.stride[i][:, None]
        sk = np.minimum(s, np.maximum(k // _STRIDE, 1)) * np.array([1, -1, 0, 0, 1, -1, 1, -1])
        sm = np.minimum(s, np.maximum(m // _STRIDE, 1)) * np.array([0, 0, 1, -1, -1, 1, 0, 0])
        sk[:, 4:6] = -sm[:, 4:6]
        k, m = k + sk, m + sm
        # a rest that appears is tried with little mass, or with as much as the pool's members have
        fresh = np.array([0.0, 0.0, 0.1, 0.0, 0.0, 0.9, 0.0, 0.0])
        b = np.where(m > 0, np.where(self.m[i][:, None] > 0, self.b[i][:, None], fresh), 0.0)
        a = np.where(np.arange(8) < 6, self.a[i][:, None], 0.0)
        return k, m, a, b

    def _resize(self, i: np.ndarray, k: np.ndarray, m: np.ndarray, a: np.ndarray, b: np.ndarray, f: np.ndarray) -> None:
        one, j = np.arange(i.size), np.argmin(f, axis=1)
        better = f[one, j] < self.best[i] * (1 - 1e-9) - self.family.noise
        w = i[better]
        for column, new in ((self.k, k), (self.m, m), (self.a, a), (self.b, b), (self.best, f)):
            column[w] = new[one, j][better]
        self.x[w], self.y[w] = self.a[w], self.b[w]
        self.width[w] = np.maximum(self.width[w], 0.05)
        self.predicted[w], self.settled[w] = np.nan, False
        w = i[~better]
        last = self.stride[w] == 1  # looked at once the coordinates have settled
        self.stride[w] = np.where(last, 0, np.maximum(self.stride[w] // 4, 1))


def _least_quadratic(f: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The minimum of the quadratic function through nine values, within 1.5 half-widths, and its value there."""
    centre, gx, gy = f[:, 0], (f[:, 2] - f[:, 1]) / 2, (f[:, 4] - f[:, 3]) / 2
    hx, hy = f[:, 2] + f[:, 1] - 2 * centre, f[:, 4] + f[:, 3] - 2 * centre
    hxy = (f[:, 8] - f[:, 7] - f[:, 6] + f[:, 5]) / 4
    det = hx * hy - hxy * hxy
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        proper = (hx > 0) & (hy > 0) & (det > 1e-9 * hx * hy)
        x = np.where(proper, -(hy * gx - hxy * gy) / det, np.where(hx > 0, -gx / hx, -1.5 * np.sign(gx)))
        y = np.where(proper, -(hx * gy - hxy * gx) / det, np.where(hy > 0, -gy / hy, -1.5 * np.sign(gy)))
    x, y = (np.clip(np.nan_to_num(z), -1.5, 1.5) for z in (x, y))
    return x, y, centre + gx * x + gy * y + hx * x * x / 2 + hxy * x * y + hy * y * y / 2


def _folded(x: np.ndarray) -> np.ndarray:
    """The coordinate in [0, 1] with the same sin^2(pi x/2)."""
    return np.abs((x + 1) % 2 - 1)
