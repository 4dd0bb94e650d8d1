"""Scaling-law fits: time of one fit and of 4000 resamples against two peers, quality against random starts, coverage.

Peers, on the same resamples in the same run (a sample of them, scaled up): BFGS with numerical gradients in the
parameters (a, b, e, alpha, beta) from Hoffmann et al.'s values, as the replication's notebook resamples (it has
automatic gradients), and SciPy's least_squares with an analytic Jacobian, Huber loss and warm starts.  Times are CPU
seconds of one process; run with OMP_NUM_THREADS=1.  ``--coverage`` adds the 2 x 500 simulated sets (some minutes).
"""

from __future__ import annotations

import math
import resource
import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from scipy.optimize import least_squares, minimize

from hconsist.scaling import Chinchilla, optimum
from hconsist.scaling.fitting import solve
from hconsist.scaling.resampling import resample_weights
from hconsist.scaling.solver import minimise

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


def peers(fit: Chinchilla, counts: np.ndarray) -> dict[str, tuple[np.ndarray, float]]:
    """Objectives and CPU seconds of the two protocols on the resamples ``counts``."""
    logs = np.log(np.stack([fit.columns_["params"], fit.columns_["tokens"]]))
    n, d = logs - logs.mean(-1, keepdims=True)
    target = np.log(fit.losses_)

    def terms(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = np.exp(np.stack([np.full_like(n, t[0]), t[1] - t[3] * n, t[2] - t[4] * d]))
        total = parts.sum(0)
        return np.log(total) - target, parts / total

    start = np.array([*np.log([TRUTH["E"], TRUTH["A"], TRUTH["B"]]), TRUTH["alpha"], TRUTH["beta"]])
    centred = fit.problem_.centred

    def huber(r: np.ndarray) -> np.ndarray:
        psi = np.clip(r, -DELTA, DELTA)
        return psi * (r - psi / 2)

    def by_bfgs(w: np.ndarray) -> float:
        return float(minimize(lambda t: float(w @ huber(terms(centred(t))[0])), start, method="BFGS").fun)

    def by_least_squares(w: np.ndarray) -> float:
        # a resample is a table of repeated rows, as users of least_squares build it
        index = np.repeat(np.arange(len(w)), w.astype(int))

        def residual(t: np.ndarray) -> np.ndarray:
            return terms(t)[0][index]

        def jacobian(t: np.ndarray) -> np.ndarray:
            q = terms(t)[1]
            return np.stack([q[0], q[1], q[2], -q[1] * n, -q[2] * d], axis=-1)[index]

        found = least_squares(
            residual, fit.centred_, jacobian, loss="huber", f_scale=DELTA, x_scale="jac",
            xtol=1e-12, ftol=1e-12, gtol=1e-12,
        )  # fmt: skip
        return float(found.cost)

    result = {}
    for name, one, sample in (
        ("BFGS, numerical gradient", by_bfgs, 40),
        ("least_squares, analytic", by_least_squares, 200),
    ):
        objectives, seconds = timed(lambda one=one, sample=sample: np.array([one(w) for w in counts[:sample]]))
        result[name] = objectives, seconds * len(counts) / sample
    return result


def speed() -> None:
    x, y = data()
    fit, one = timed(Chinchilla(resamples=RESAMPLES).fit, x, y, repeat=5)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, many = timed(fit.bootstrap)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ours = fit.resampled_objectives_
    print(
        f"one fit {one * 1e3:.1f} ms; {RESAMPLES} resamples {many:.2f} s; "
        f"peak memory {memory:.0f} MB ({before / 1024:.0f} MB before the resamples)"
    )
    print(f"largest scaled gradient {fit.resampled_gradients_.max():.1e}")
    counts = resample_weights(POINTS, RESAMPLES, 0)
    for name, (objectives, seconds) in peers(fit, counts).items():
        excess = (objectives / ours[: len(objectives)] - 1).max()
        lower = (ours[: len(objectives)] / objectives - 1).max()
        print(
            f"{name}: {seconds:.1f} s, {seconds / many:.0f} times ours; "
            f"its objective above ours by at most {excess:.1e}, ours above its by {lower:.1e}"
        )
    with ThreadPoolExecutor(2) as pool:
        other = Chinchilla(resamples=RESAMPLES, workers=pool.map).fit(x, y)
        same = np.array_equal(other.bootstrap()["alpha"], fit.bootstrap()["alpha"])
    print(f"through another executor's map: the same numbers {same}")


def random_starts(problem: Any, count: int, rng: np.random.Generator) -> np.ndarray:
    level = math.log(problem.observed.mean())
    return np.concatenate([level + rng.uniform(-4, 0.3, (count, 3)), rng.uniform(0, 1.5, (count, 2))], axis=1)


def quality() -> None:
    sets = {
        "noise": data(1), "outliers": data(2, outliers=0.05), "noise-free": data(3, sd=0.0), "E = 0": data(4, E=0.0),
        "E = 0, noise-free": data(5, E=0.0, sd=0.0),
    }  # fmt: skip
    rng = np.random.default_rng(0)
    sizes = np.geomspace(1e8, 1e10, 40)
    p = TRUTH
    budget = np.stack([sizes, 1e21 / 6 / sizes], axis=-1)
    clean = p["E"] + p["A"] * budget[:, 0] ** -p["alpha"] + p["B"] * budget[:, 1] ** -p["beta"]
    sets["one budget"] = budget, clean * np.exp(0.005 * rng.normal(size=40))
    for name, (x, y) in sets.items():
        for loss, delta in (("huber", DELTA), ("squares", math.inf), ("absolute", 0.0)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                fit = Chinchilla(loss=loss).fit(x, y)
            starts = random_starts(fit.problem_, 200, rng)
            other = minimise(fit.problem_, starts, delta, max_steps=1000) if delta else solve(fit.problem_, starts, 0.0)
            best = other.objective.min()
            above = fit.objective_ - best
            print(f"{name}, {loss}: {fit.objective_:.10g}, above 200 starts by {above:.0e}, {fit.scaled_gradient_:.0e}")
    x, y = data(6)
    fit = Chinchilla(resamples=40).fit(x, y)
    fit.bootstrap()
    worst = -math.inf
    for k, row in enumerate(resample_weights(POINTS, 40, 0)):
        starts = random_starts(fit.problem_, 200, rng)
        other = minimise(fit.problem_, starts, DELTA, weights=np.repeat(row[None], 200, 0), max_steps=500)
        worst = max(worst, fit.resampled_objectives_[k] / other.objective.min() - 1)
    print(f"40 resamples: above the best of 200 random starts by at most {worst:.1e} (relative)")


def coverage(sets: int = 500) -> None:
    truth = {**{k: TRUTH[k] for k in ("alpha", "beta", "E")}, "N*": float(optimum(TRUTH, 1e24)["params"])}
    for outliers in (0.0, 0.05):
        held = dict.fromkeys(truth, 0)
        for seed in range(sets):
            x, y = data(1000 + seed, outliers=outliers)
            fit = Chinchilla(resamples=1000, rng=seed).fit(x, y)
            for name, value in truth.items():
                what = (lambda p: optimum(p, 1e24)["params"]) if name == "N*" else name
                found = fit.interval(what)
                held[name] += found.lower <= value <= found.upper
        print(f"coverage, {outliers:.0%} outliers:", {name: f"{count / sets:.1%}" for name, count in held.items()})


if __name__ == "__main__":
    speed()
    quality()
    if "--coverage" in sys.argv:
        coverage()
