"""200-point curves T by the engine, against multi-start SLSQP on the raw problem (30 starts per t), in one run.

    python benchmarks/bench_engine.py [--starts 30]
    python benchmarks/bench_engine.py --power 20

The second form times the power losses with tau_c < tau < 2 only, where pools of many labels compete: the least and the
median time of 20 runs, for several tau and n.

The peer minimises <p, l(h)> - H(p) over laws p with p_1 largest and p_1 - p_2 = t and scores h with label 2 on top,
with exact gradients.  It runs at a few t only; its time per t is compared with the engine's.  Of three engine runs the
fastest counts.
"""

from __future__ import annotations

import argparse
import time
import warnings

import numpy as np
from scipy.optimize import minimize

from hconsist import losses
from hconsist.engine import optimize
from hconsist.engine.conditions import best_scores, costs
from hconsist.losses import Loss

CLOSED = ("sum-exponential", "logistic", "gce:q=0.5", "gce:q=0.8", "mae", "label-smoothing:eps=0.1", "sparsemax")
SIZES = (3, 10, 1000, 10**6)
PSI = 'comp-sum:psi="-log(s)*(1 - s)**2 + (1 - s)"'
OTHERS = (
    *((PSI, n, limit) for n, limit in ((3, 1.0), (10, 5.0))),
    *((name, n, limit) for n, limit in ((3, 3.0), (4, 15.0))
      for name in ("squentropy", "sum-squared-hinge", "sum-hinge", "sum-logistic", 'sum:phi="log(1 + exp(-u))**2"',
                   "constrained-exponential", "constrained-squared-hinge", "constrained-logistic")),
)  # fmt: skip
PEER = (("logistic", 3), ("gce:q=0.8", 4), (PSI, 3), ("squentropy", 3), ("sum-squared-hinge", 4),
        ("constrained-exponential", 3), ("constrained-logistic", 4))  # fmt: skip
TAUS = (1.67, 1.7, 1.8, 1.9, 1.99)
T = np.linspace(0, 1, 200)
PLACES = (20, 100, 160)
"""At these of the 200 points the peer runs."""


def timed(loss: Loss, n: int) -> tuple[float, np.ndarray]:
    """Seconds and values of the 200-point curve."""
    seconds, value = repeated(loss, n, 3)
    return seconds[0], value


def repeated(loss: Loss, n: int, times: int) -> tuple[list[float], np.ndarray]:
    """Ascending seconds of several runs, and the values."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        found = optimize(loss, n, T)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds), found.value


def power(times: int) -> None:
    """The table over tau and n."""
    print(f"{'tau':>5} {'n':>8} {'least':>8} {'median':>8} {'limit':>6}")
    for tau in TAUS:
        for n in SIZES:
            seconds = repeated(losses.CompSum(tau), n, times)[0]
            print(f"{tau:5} {n:8} {seconds[0]:8.4f} {np.median(seconds):8.4f} {0.05:6.2f}", flush=True)


def peer(loss: Loss, n: int, t: float, starts: int) -> float:
    """The least value of SLSQP from random starts."""
    rng = np.random.default_rng(0)

    def objective(z: np.ndarray) -> tuple[float, np.ndarray]:
        p, h = np.maximum(z[:n], 0) / np.sum(np.maximum(z[:n], 0)), z[n:]
        own, best = costs(loss, h), costs(loss, best_scores(loss, p))
        slopes = np.asarray(loss.gradient(np.broadcast_to(h, (n, n)), np.arange(n)))
        return float(p @ own) - float(loss.entropy(p)), np.concatenate([own - best, p @ slopes])

    equal = np.zeros((2, 2 * n))
    equal[0, :n], equal[1, :2] = 1, (1, -1)
    order = np.hstack([np.eye(n)[:1] - np.eye(n)[1:], np.zeros((n - 1, n))])
    top = np.hstack([np.zeros((n - 1, n)), np.eye(n)[1] - np.delete(np.eye(n), 1, axis=0)])
    above = np.vstack([order, top])
    constraints = [
        {"type": "eq", "fun": lambda z: equal @ z - np.array([1, t]), "jac": lambda z: equal},
        {"type": "ineq", "fun": lambda z: above @ z, "jac": lambda z: above},
    ]
    least = np.inf
    for _ in range(starts):
        q = rng.dirichlet(np.ones(n))
        p = t * np.eye(n)[0] + (1 - t) * q
        h = rng.normal(size=n)
        start = np.concatenate([p, h - h.mean()])
        bounds = [(1e-9, 1)] * n + [(-40, 40)] * n
        options = {"ftol": 1e-12, "maxiter": 200}
        z = minimize(objective, start, jac=True, method="SLSQP", bounds=bounds, constraints=constraints,
                     options=options).x  # fmt: skip
        if np.max(np.abs(equal @ z - [1, t])) < 1e-7 and np.min(above @ z) > -1e-7:
            least = min(least, objective(z)[0])
    return least


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--starts", type=int, default=30)
    parser.add_argument("--power", type=int, default=0, metavar="TIMES")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    if arguments.power:
        return power(arguments.power)
    starts = arguments.starts
    print(f"{'loss':44} {'n':>8} {'seconds':>8} {'limit':>6}")
    for name in CLOSED:
        for n in SIZES:
            print(f"{name:44} {n:8} {timed(losses.get(name), n)[0]:8.3f} {0.05:6.2f}")
    for name, n, limit in OTHERS:
        print(f"{name:44} {n:8} {timed(losses.get(name), n)[0]:8.3f} {limit:6.2f}")
    print(f"\n{'against SLSQP, ' + str(starts) + ' starts per t':44} {'n':>8} {'ratio':>8}  largest excess over SLSQP")
    for name, n in PEER:
        loss = losses.get(name)
        seconds, values = timed(loss, n)
        start = time.perf_counter()
        theirs = [peer(loss, n, float(T[k]), starts) for k in PLACES]
        ratio = (time.perf_counter() - start) / len(PLACES) / (seconds / T.size)
        excess = max(values[k] - other for k, other in zip(PLACES, theirs))
        print(f"{name:44} {n:8} {ratio:8.0f}  {excess:.1e}")


if __name__ == "__main__":
    main()
