"""Exact radii of 10,000 rows, the batch minimum and ball certificates, against two other ways, in one run.

Peers: a 30-digit contour count with a root polished in mpmath for each row, and the eigenvalues of the Taylor
polynomial (numpy.roots, 81 terms) with Newton steps.  Times are CPU seconds of one process; run with OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import mpmath as mp
import numpy as np

from hconsist import singularities as sing

ROWS = 10_000
CASES = ((2, 2.0), (10, 1.0), (10, 3.0), (10, 8.0), (10, 20.0), (100, 2.0), (100, 8.0), (1000, 2.0))
FACTORIALS = np.array([float(math.factorial(n)) for n in range(81)])


def timed(function: Callable, *args: Any, repeat: int = 1, **options: Any) -> tuple[Any, float]:
    """The result and the least CPU time of a few calls."""
    best = math.inf
    for _ in range(repeat):
        start = time.process_time()
        result = function(*args, **options)
        best = min(best, time.process_time() - start)
    return result, best


def rows(m: int, k: int, scale: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, k)) * scale, rng.normal(size=(m, k))


def by_contour(logits: np.ndarray, slopes: np.ndarray, start: complex) -> float:
    """mpmath, 30 digits: findroot, and the change of arg F along the circle just inside the root and just outside."""
    with mp.workdps(30):
        z, a = [mp.mpf(float(v)) for v in logits], [mp.mpf(float(v)) for v in slopes]

        def value(t: Any) -> Any:
            return mp.fsum(mp.exp(u + v * t) for u, v in zip(z, a, strict=True))

        radius = abs(mp.findroot(value, mp.mpc(start)))
        for factor in ("0.99", "1.01"):
            nodes = [value(radius * mp.mpf(factor) * mp.expjpi(mp.mpf(k) / 96)) for k in range(97)]
            mp.fsum(mp.arg(w / v) for v, w in pairwise(nodes))
        return float(radius)


def by_eigenvalues(logits: np.ndarray, slopes: np.ndarray) -> float:
    """The nearest root of the Taylor polynomial, and three Newton steps with the sum."""
    p = np.exp(logits - np.max(logits))
    p /= p.sum()
    spread = np.ptp(slopes)
    b = (2 * slopes - np.max(slopes) - np.min(slopes)) / spread
    f = np.vander(b, 81, increasing=True).T @ p / FACTORIALS
    roots = np.roots((f * 8.0 ** np.arange(81))[::-1]) * 8.0
    roots = roots[roots.imag > 1.5]
    x = roots[np.argmin(np.abs(roots))]
    for _ in range(3):
        terms = p * np.exp(b * x)
        x -= terms.sum() / (b * terms).sum()
    return float(abs(x) * 2 / spread)


def main() -> None:
    print("10,000 rows: seconds, rows not certified; batch minimum: seconds, rows solved; medians over pi/D")
    per_row = {}
    for k, scale in CASES:
        logits, slopes = rows(ROWS, k, scale)
        found, seconds = timed(sing.radius, logits, slopes, repeat=2)
        batch, batch_seconds = timed(sing.batch_radius, logits, slopes, repeat=2)
        assert math.isclose(batch.radius, found.batch_radius, rel_tol=1e-14)  # other blocks, other last digits
        per_row[k, scale] = seconds / ROWS
        exact, sigma = np.median(found.radius / found.lower_pi), np.median(found.lower_sigma / found.lower_pi)
        missing = sum(s == sing.Status.UNCERTIFIED for s in found.status)
        print(f"K = {k:4} logits x {scale:4}: {seconds:6.3f} {missing:3}   {batch_seconds:6.3f} {batch.solved:6}   "
              f"exact {exact:.3f}, variance-spread {sigma:.3f}")  # fmt: skip
        if k == 1000:
            print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3:.0f} MB", flush=True)

    print("\nball certificates: milliseconds a row")
    for k, scale, m in ((2, 2.0, 100), (10, 1.0, 200), (10, 3.0, 200), (10, 20.0, 200), (100, 2.0, 20), (1000, 2.0, 5)):
        logits, slopes = rows(m, k, scale)
        found, seconds = timed(sing.radius, logits, slopes, certify="ball")
        proved = sum(s == sing.Status.PROVED for s in found.status)
        print(f"K = {k:4} logits x {scale:4}: {1e3 * seconds / m:7.2f}, proved {proved} of {m}")

    print("\npeers at K = 10, logits x 3")
    logits, slopes = rows(ROWS, 10, 3.0)
    found = sing.radius(logits, slopes)
    near = np.flatnonzero(found.radius * np.ptp(slopes, axis=1) / 2 < 12.5)
    for name, peer, sample in (
        ("30-digit contour count and root", lambda i: by_contour(logits[i], slopes[i], found.zero[i]), near[:20]),
        ("eigenvalues of the Taylor polynomial", lambda i: by_eigenvalues(logits[i], slopes[i]), near[:500]),
    ):
        theirs, seconds = timed(lambda sample=sample, peer=peer: np.array([peer(i) for i in sample]))
        worst = np.max(np.abs(theirs / found.radius[sample] - 1))
        ratio = seconds / sample.size / per_row[10, 3.0]
        print(f"{name}: {1e3 * seconds / sample.size:.2f} ms a row, {ratio:.0f} times ours, difference {worst:.1e}")


if __name__ == "__main__":
    sys.exit(main())
