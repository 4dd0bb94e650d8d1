"""The largest convex function below finitely many points: monotone chain."""

from __future__ import annotations

import numpy as np

__all__ = ["lower_hull"]


def lower_hull(t: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The corners of the lower convex hull of the points (t, value), by increasing t; of equal t the lowest counts."""
    order = np.lexsort((values, t))
    corners: list[tuple[float, float]] = []
    for x, y in zip(t[order].tolist(), values[order].tolist()):
        if corners and corners[-1][0] == x:
            continue
        while len(corners) > 1 and _above_chord(corners[-2], corners[-1], (x, y)):
            corners.pop()
        corners.append((x, y))
    found = np.array(corners)
    return found[:, 0], found[:, 1]


def _above_chord(left: tuple[float, float], middle: tuple[float, float], right: tuple[float, float]) -> bool:
    run, rise = right[0] - left[0], right[1] - left[1]
    return (middle[1] - left[1]) * run >= rise * (middle[0] - left[0])
