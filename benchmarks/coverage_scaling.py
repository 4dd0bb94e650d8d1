"""Coverage of nominal 95 % bootstrap intervals of Chinchilla's law, over simulated sets of 240 points.

Sizes and tokens are uniform in their logarithms over the ranges of the published study, drawn anew for every set; the
noise of the log loss is Gaussian (sd 0.005), alone or with 5 % of gross outliers (sd 0.3).  N* is the compute-optimal
size at ten times the largest budget of the set.  Huber fits of the log loss, delta = 1e-3; percentile and BCa.

    OMP_NUM_THREADS=1 python benchmarks/coverage_scaling.py [--sets 500] [--resamples 1000] [--log FILE]

A coverage of 95 % over 500 sets has a binomial standard error of 1.0 %.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
import warnings

import numpy as np

from hconsist.scaling import Chinchilla, optimum

TRUTH = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
NAMES = ("alpha", "beta", "E", "N*")
METHODS = ("percentile", "bca")


def simulated(seed: int, outliers: float, n: int = 240, sd: float = 0.005) -> tuple[np.ndarray, np.ndarray]:
    """Sizes and tokens (n, 2) and losses (n,)."""
    rng = np.random.default_rng(seed)
    x = np.exp(np.stack([rng.uniform(17.9, 23.5, n), rng.uniform(20.5, 26.5, n)], axis=-1))
    log = sd * rng.normal(size=n) + np.where(rng.random(n) < outliers, 0.3 * rng.normal(size=n), 0.0)
    p = TRUTH
    return x, (p["E"] + p["A"] * x[:, 0] ** -p["alpha"] + p["B"] * x[:, 1] ** -p["beta"]) * np.exp(log)


def held(seed: int, outliers: float, resamples: int) -> np.ndarray:
    """Whether the interval holds the truth, its half-width over the truth: (methods, names, 2), NaN where infinite."""
    x, y = simulated(seed, outliers)
    budget = 60 * float((x[:, 0] * x[:, 1]).max())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = Chinchilla(resamples=resamples, rng=seed).fit(x, y)
    truth = {**TRUTH, "N*": float(optimum(TRUTH, budget)["params"])}
    result = np.empty((len(METHODS), len(NAMES), 2))
    for i, method in enumerate(METHODS):
        for k, name in enumerate(NAMES):
            what = (lambda p: optimum(p, budget)["params"]) if name == "N*" else name
            found = fit.interval(what, method=method)
            result[i, k] = found.lower <= truth[name] <= found.upper, (found.upper - found.lower) / 2 / truth[name]
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=500)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--log", default=None, help="a file to which progress is appended")
    asked = parser.parse_args()
    for outliers in (0.0, 0.05):
        rows, begun = [], time.process_time()
        for seed in range(asked.sets):
            rows.append(held(1000 + seed, outliers, asked.resamples))
            if asked.log and seed % 20 == 19:
                share = np.mean([r[..., 0] for r in rows], axis=0)
                with open(asked.log, "a", encoding="utf-8") as file:
                    file.write(f"{outliers:.0%} outliers, {seed + 1} sets: {np.round(100 * share, 1).tolist()}\n")
        table = np.array(rows)
        print(f"{outliers:.0%} outliers, {asked.sets} sets of {asked.resamples} resamples, "
              f"{time.process_time() - begun:.0f} CPU s")  # fmt: skip
        for i, method in enumerate(METHODS):
            for k, name in enumerate(NAMES):
                share = table[:, i, k, 0].mean()
                error = math.sqrt(share * (1 - share) / asked.sets)
                inside = "" if 0.9 <= share <= 0.98 else "  outside 90-98 %"
                print(f"  {method:10} {name:5} {share:6.1%} +- {error:.1%}, median half-width "
                      f"{np.median(table[:, i, k, 1]):.1%} of the truth{inside}")  # fmt: skip
        sys.stdout.flush()


if __name__ == "__main__":
    main()
