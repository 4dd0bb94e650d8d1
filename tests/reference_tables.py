"""Reading tests/reference/transforms.csv (see make_tables.py there) and comparing with it."""

import csv
from pathlib import Path

import numpy as np

TABLE = Path(__file__).parent / "reference" / "transforms.csv"


def groups(quantity):
    """(tau, n, arguments, correctly rounded results) for each (tau, n) of the table."""
    found = {}
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["quantity"] == quantity:
                pair = float(row["argument"]), float(row["result"])
                found.setdefault((float(row["tau"]), int(row["n"])), []).append(pair)
    return [(tau, n, *np.array(pairs).T) for (tau, n), pairs in found.items()]


def worst_error(actual, expected):
    """The largest relative error where the expected result is a normal double; NaN counts as infinite."""
    normal = np.abs(expected) >= np.finfo(float).tiny
    assert normal.any()
    error = np.abs(np.asarray(actual)[normal] / expected[normal] - 1.0)
    return float(np.max(np.where(np.isnan(error), np.inf, error)))
