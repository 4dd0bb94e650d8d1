"""Scaling-law fits: CPU time of one fit and of 4000 bootstrap resamples of 240 points, against peers in the same run.

Peers solve a sample of the same resamples, one by one; their time is scaled up to all 4000:

* BFGS from Hoffmann et al.'s values, default tolerances, as the replication's notebook resamples; the notebook has
  automatic gradients (autograd, not installed here), so both of its neighbours are measured: numerical gradients, which
  are slower, and gradients written by hand, which are faster than any automatic ones;
* SciPy's least_squares with an analytic Jacobian, Huber loss, centred parameters, warm starts at the full fit, at its
  default tolerances and at 1e-12.

Each peer's line says how far its objectives end above ours, and ours above its.  Times are CPU seconds of one process:

    OMP_NUM_THREADS=1 python benchmarks/bench_scaling.py

Quality (200 random starts, certificates) is in tests/test_scaling_quality.py, coverage in coverage_scaling.py.
"""

from __future__ import annotations

import math
import resource
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy.optimize import least_squares, minimize

from hconsist.scaling import Chinchilla

TRUTH = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
POINTS, RESAMPLES, DELTA = 240, 4000, 1e-3


def timed(function: Callable, *args: Any, repeat: int = 1, **options: Any) -> tuple[Any, float]:
    """The result and the least CPU time of a few calls."""
    best = math.inf
    for _ in range(repeat):
        start = time.process_time()
        result = function(*args, **options)
        best = min(best, time.process_time() - start)
    return result, best


def data(seed: int = 0, outliers: float = 0.0, sd: float = 0.005, n: int = POINTS, **truth: float) -> tuple:
    """Sizes, tokens (n, 2) and losses (n,)."""
    rng = np.random.default_rng(seed)
    p = {**TRUTH, **truth}
    x = np.exp(np.stack([rng.uniform(17.9, 23.5, n), rng.uniform(20.5, 26.5, n)], axis=-1))
    log = sd * rng.normal(size=n) + np.where(rng.random(n) < outliers, 0.3 * rng.normal(size=n), 0.0)
    return x, (p["E"] + p["A"] * x[:, 0] ** -p["alpha"] + p["B"] * x[:, 1] ** -p["beta"]) * np.exp(log)


class Peers:
    """The raw problem, written out without the package; t = (e, a, b, alpha, beta) in centred logarithms."""

    def __init__(self, x: np.ndarray, y: np.ndarray, warm: np.ndarray) -> None:
        logs = np.log(x)
        self.middle = logs.mean(0)
        self.n, self.d = (logs - self.middle).T
        self.target, self.warm = np.log(y), warm

    def terms(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = np.exp(np.stack([np.full_like(self.n, t[0]), t[1] - t[3] * self.n, t[2] - t[4] * self.d]))
        total = parts.sum(0)
        return np.log(total) - self.target, parts / total

    def slopes(self, share: np.ndarray) -> np.ndarray:
        return np.stack([share[0], share[1], share[2], -share[1] * self.n, -share[2] * self.d], axis=-1)

    def bfgs(self, w: np.ndarray, *, by_hand: bool) -> float:
        """In uncentred parameters (e, a, b, alpha, beta), as published."""
        to_centred = np.eye(5)
        to_centred[1, 3], to_centred[2, 4] = -self.middle

        def objective(t: np.ndarray) -> Any:
            r, share = self.terms(to_centred @ t)
            psi = np.clip(r, -DELTA, DELTA)
            value = float(w @ (psi * (r - psi / 2)))
            return (value, (w * psi) @ self.slopes(share) @ to_centred) if by_hand else value

        start = np.array([*np.log([TRUTH["E"], TRUTH["A"], TRUTH["B"]]), TRUTH["alpha"], TRUTH["beta"]])
        return float(minimize(objective, start, method="BFGS", jac=by_hand).fun)

    def least_squares(self, w: np.ndarray, *, tolerance: float) -> float:
        """A resample is a table of repeated rows, as users of least_squares build it."""
        index = np.repeat(np.arange(len(w)), w.astype(int))
        found = least_squares(
            lambda t: self.terms(t)[0][index], self.warm, lambda t: self.slopes(self.terms(t)[1])[index],
            loss="huber", f_scale=DELTA, x_scale="jac", xtol=tolerance, ftol=tolerance, gtol=tolerance,
        )  # fmt: skip
        return float(found.cost)


def speed() -> None:
    x, y = data()
    fit, one = timed(Chinchilla(resamples=RESAMPLES).fit, x, y, repeat=9)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    _, many = timed(fit.bootstrap)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for _ in range(2):
        again = Chinchilla(resamples=RESAMPLES).fit(x, y)
        many = min(many, timed(again.bootstrap)[1])
    print(f"one fit of {POINTS} points: {one * 1e3:.1f} ms, {fit.starts_} starts")
    print(f"{RESAMPLES} resamples: {many:.2f} s; peak memory {memory:.0f} MB, {before:.0f} MB before them")
    print(f"largest scaled gradient of the resamples: {fit.resampled_gradients_.max():.1e}")
    for loss in ("absolute", "squares"):
        other = Chinchilla(loss=loss, resamples=RESAMPLES).fit(x, y)
        _, seconds = timed(other.bootstrap)
        print(f"{loss}: {seconds:.2f} s, largest (sub)gradient {other.resampled_gradients_.max():.1e}")

    peers = Peers(x, y, fit.centred_)
    counts = np.random.default_rng(0).multinomial(POINTS, np.full(POINTS, 1 / POINTS), size=RESAMPLES).astype(float)
    ours = fit.resampled_objectives_
    rows: tuple[tuple[str, Callable, dict, int], ...] = (
        ("BFGS, numerical gradients", peers.bfgs, {"by_hand": False}, 40),
        ("BFGS, gradients by hand", peers.bfgs, {"by_hand": True}, 200),
        ("least_squares, warm, defaults (1e-8)", peers.least_squares, {"tolerance": 1e-8}, 400),
        ("least_squares, warm, 1e-12", peers.least_squares, {"tolerance": 1e-12}, 200),
    )
    for name, solve_one, options, sample in rows:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs, seconds = timed(
                lambda f=solve_one, o=options, k=sample: np.array([f(w, **o) for w in counts[:k]])
            )  # fmt: skip
        seconds *= RESAMPLES / sample
        above, below = (theirs / ours[:sample] - 1).max(), (ours[:sample] / theirs - 1).max()
        print(f"{name}: {seconds:.1f} s, {seconds / many:.1f} times ours; above ours by at most {above:.1e}, "
              f"ours above its by {max(below, 0):.1e}")  # fmt: skip
    with ThreadPoolExecutor(2) as pool:
        other = Chinchilla(resamples=RESAMPLES, workers=pool.map).fit(x, y)
        same = np.array_equal(other.bootstrap()["alpha"], fit.bootstrap()["alpha"])
    print(f"workers= the map of a thread pool: the same numbers, {same}")


if __name__ == "__main__":
    speed()
