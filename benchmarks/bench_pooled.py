"""Sharp T at tau = 1.9, n = 1000, 1000 values of t, against scipy's ConvexHull of every D_m on a grid, in one run."""

from __future__ import annotations

import time

import numpy as np
from scipy.spatial import ConvexHull

from hconsist.transforms.pooled import PooledKernel

TAU, N, COUNT = 1.9, 1000, 1000


def peer(t: np.ndarray) -> np.ndarray:
    """min_m ||q||_a by golden-section search on every (m, t) at once, then the lower convex hull of the points."""
    a, al = 1 / (2 - TAU), TAU - 1
    best = ((1 + t) / 2) ** a + ((1 - t) / 2) ** a
    least = (best ** (1 / a) - 2.0**-al) / al
    golden = (np.sqrt(5) - 1) / 2
    for m in range(3, N + 1):
        low, high = t.copy(), (1 + t) / 2

        def norm(x: np.ndarray, m: int = m) -> np.ndarray:
            return (x**a + (x - t) ** a + (m - 2) * (np.maximum(1 - 2 * x + t, 0) / (m - 2)) ** a) ** (1 / a)

        for _ in range(40):
            left, right = high - golden * (high - low), low + golden * (high - low)
            smaller = norm(left) < norm(right)
            low, high = np.where(smaller, low, left), np.where(smaller, right, high)
        least = np.minimum(least, (norm((low + high) / 2) - float(m) ** -al) / al)
    points = np.column_stack([t, least])
    lower = np.unique(ConvexHull(points).simplices[ConvexHull(points).equations[:, 1] < 0])
    return np.interp(t, t[lower], least[lower])


def main() -> None:
    t = np.linspace(0.0, 1.0, COUNT)
    start = time.perf_counter()
    ours = PooledKernel(TAU, N).value(t)
    middle = time.perf_counter()
    theirs = peer(t)
    end = time.perf_counter()
    print(f"PooledKernel {middle - start:.3f} s, scipy ConvexHull over all m {end - middle:.3f} s")
    print(f"ratio {(end - middle) / (middle - start):.0f}, largest difference {np.max(np.abs(ours - theirs)):.1e}")


if __name__ == "__main__":
    main()
