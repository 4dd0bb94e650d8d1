"""Speed of T and Gamma against what one would write otherwise: python benchmarks/bench_curves.py

T: 1e7 values against the bare textbook expression, fast but wrong for small t (target: at most 3 times as long).
Gamma: 1e6 values against scipy.optimize.elementwise.find_root on the same curve, with its default tolerances, which
reach the same accuracy (target: at least 5 times faster).  Errors are relative, against the t that x was made from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from scipy.optimize import elementwise

from hconsist.tables import text_table
from hconsist.transforms.two_label import TwoLabelKernel

TAUS = (0.0, 0.5, 1.0, 1.2, 1.5, 1.9)


def textbook(t: np.ndarray, tau: float) -> np.ndarray:
    """The formula of the papers, with no thought for rounding."""
    if tau == 1:
        return ((1 + t) * np.log(1 + t) + (1 - t) * np.log(1 - t)) / 2
    a = 1 / (2 - tau)
    return 2 ** (1 - tau) * ((((1 + t) ** a + (1 - t) ** a) / 2) ** (1 / a) - 1) / (tau - 1)


def find_root(kernel: TwoLabelKernel, x: np.ndarray) -> np.ndarray:
    """Gamma as the generic bracketing solver finds it."""
    bracket = (np.zeros_like(x), np.ones_like(x))
    return elementwise.find_root(lambda t, target: kernel.value(t) - target, bracket, args=(x,)).x


def seconds(function: Callable[..., object], *arguments: object, repeats: int = 3) -> float:
    """The least time of a few runs."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - start)
    return best


def values(size: int = 10**7) -> Iterator[dict[str, str]]:
    """T against the textbook expression, t even over [0, 1), geometric from 1e-8, and geometric from 1e-150."""
    draws = np.random.default_rng(0).random(size)
    for spread, t in (("even", draws), ("from 1e-8", 10 ** (-8 * draws)), ("from 1e-150", 10 ** (-150 * draws))):
        for tau in TAUS:
            bare, ours = seconds(textbook, t, tau), seconds(TwoLabelKernel(tau).value, t)
            times = {"textbook": f"{bare:.3f}", "ours": f"{ours:.3f}", "ours/textbook": f"{ours / bare:.2f}"}
            yield {"t": spread, "tau": f"{tau:g}", **times}


def inverses(size: int = 10**6) -> Iterator[dict[str, str]]:
    """Gamma against find_root, x = T(t) with t even over [0, 1)."""
    t = np.random.default_rng(0).random(size)
    for tau in TAUS:
        kernel = TwoLabelKernel(tau)
        x = kernel.value(t)
        theirs, ours = seconds(find_root, kernel, x, repeats=1), seconds(kernel.inverse, x)
        errors = (float(np.max(np.abs(found / t - 1))) for found in (find_root(kernel, x), kernel.inverse(x)))
        times = {"find_root": f"{theirs:.3f}", "ours": f"{ours:.3f}", "find_root/ours": f"{theirs / ours:.1f}"}
        yield {"tau": f"{tau:g}", **times, **dict(zip(("error find_root", "error ours"), map("{:.1e}".format, errors)))}


if __name__ == "__main__":
    print("T on 1e7 values, seconds")
    print(text_table(list(values())))
    print("\nGamma on 1e6 values, seconds")
    print(text_table(list(inverses())))
