"""Write least_regrets.csv: the least surrogate regrets that brute force finds at given zero-one regrets.

    python tests/reference/make_least_regrets.py [part of a loss name]

See tests/least_regrets.py: no theory, nothing of hconsist.  About half an hour on two cores; with an argument, rows of
the losses whose names hold it are printed instead.  Columns: loss as hconsist names it, n, t, the least regret found,
the number of random starts.  An upper estimate of T, as every search is.
"""

from __future__ import annotations

import csv
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import least_regrets as brute

TABLE = Path(__file__).with_name("least_regrets.csv")

SMOOTH = {
    "sum-exponential": brute.power(0),
    "comp-sum:tau=0.5": brute.power(0.5),
    "logistic": brute.power(1),
    "gce:q=0.5": brute.power(1.5),
    "gce:q=0.6": brute.power(1.6),
    "gce:q=0.8": brute.power(1.8),
    "focal:gamma=2.0": brute.focal(2),
    "poly-1:eps=4.0": brute.comp_sum(lambda s: -brute.np.log(s) + 4 * (1 - s), lambda s: -1 / s - 4),
    'comp-sum:psi="1/s - 1 + 3*(1 - s)**2"': brute.comp_sum(
        lambda s: 1 / s - 1 + 3 * (1 - s) ** 2, lambda s: -1 / s**2 - 6 * (1 - s)
    ),
    "label-smoothing:eps=0.2": brute.label_smoothing(0.2),
    "sum-logistic": brute.summed(brute.LOGISTIC),
    "sum-squared-hinge": brute.summed(brute.SQUARED_HINGE),
    "constrained-exponential": brute.constrained(brute.EXPONENTIAL),
    "constrained-logistic": brute.constrained(brute.LOGISTIC),
    "constrained-squared-hinge": brute.constrained(brute.SQUARED_HINGE),
    "ova-logistic": brute.one_versus_all(brute.LOGISTIC),
    "ova-exponential": brute.one_versus_all(brute.EXPONENTIAL),
    "ova-squared-hinge": brute.one_versus_all(brute.SQUARED_HINGE),
    "squentropy": brute.squentropy,
    "sparsemax": brute.entmax(2.0),
    "entmax:alpha=3.0": brute.entmax(3.0),
}
HINGES = {"sum-hinge": "sum", "constrained-hinge": "constrained", "max-hinge": "max", "ova-hinge": "ova"}
PLACES = {2: (0.35,), 3: (0.1, 0.6), 4: (0.3, 0.65), 5: (0.4,), 10: (0.4,)}
STARTS = {2: 1, 3: 8, 4: 12, 5: 16, 10: 8}


def case(arguments: tuple[str, int, float]) -> tuple[str, int, float, float, int]:
    """One row."""
    loss, n, t = arguments
    starts = STARTS[n]
    if loss in HINGES:
        return loss, n, t, brute.least_hinge_regret(HINGES[loss], n, t, 4 * starts, seed=n), 4 * starts
    return loss, n, t, brute.least_regret(SMOOTH[loss], n, t, starts, seed=n)[0], starts


def main() -> None:
    """Write the table, or print the rows of the losses whose names hold the argument."""
    part = sys.argv[1] if len(sys.argv) > 1 else ""
    names = [name for name in (*SMOOTH, *HINGES) if part in name]
    cases = [(name, n, t) for name in names for n, places in PLACES.items() for t in places
             if n <= 5 or name not in HINGES]  # fmt: skip
    with ProcessPoolExecutor() as pool:
        rows = list(pool.map(case, cases))
    if part:
        for row in rows:
            print(*row)
        return
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["loss", "n", "t", "regret", "starts"])
        writer.writerows((loss, n, repr(t), repr(float(value)), starts) for loss, n, t, value, starts in rows)


if __name__ == "__main__":
    main()
