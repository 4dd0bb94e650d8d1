"""Data for the tests of the scaling pillar: synthetic sets, and public files beside the repository where they are."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

SHARED = Path(__file__).parents[2] / "shared" / "data" / "scaling"
TRUTH = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}
"""Hoffmann et al.'s rounded values."""


def file(name):
    """The path of a public data file; the test is skipped where it is not there (its licence keeps it out)."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"public data file {name} is not beside this checkout")
    return path


def table(name):
    """A public CSV file as a list of dictionaries of text."""
    with file(name).open(newline="") as opened:
        return list(csv.DictReader(opened))


def chinchilla(dropped=5):
    """The points read off Hoffmann et al.'s figure by Besiroglu et al., without those of largest loss."""
    rows = table("chinchilla_svg.csv")
    rows.sort(key=lambda r: float(r["loss"]))
    kept = rows[: len(rows) - dropped]
    columns = {name: np.array([float(r[name]) for r in kept]) for name in ("params", "flop", "loss")}
    return {"params": columns["params"], "flop": columns["flop"]}, columns["loss"]


def value(columns, truth=TRUTH):
    """E + A N^-alpha + B D^-beta, written out."""
    n, d = columns["params"], columns["tokens"]
    return truth["E"] + truth["A"] * n ** -truth["alpha"] + truth["B"] * d ** -truth["beta"]


def sizes(n=240, seed=0):
    """Sizes and tokens scattered over the ranges of the published study."""
    rng = np.random.default_rng(seed)
    return {"params": np.exp(rng.uniform(17.9, 23.5, n)), "tokens": np.exp(rng.uniform(20.5, 26.5, n))}


def noisy(columns, seed=1, sd=0.005, outliers=0.0, truth=TRUTH):
    """Losses with Gaussian noise on their logarithm and a share of gross outliers."""
    rng = np.random.default_rng(seed)
    n = len(columns["params"])
    log = sd * rng.normal(size=n)
    log += np.where(rng.random(n) < outliers, 0.3 * rng.normal(size=n), 0.0)
    return value(columns, truth) * np.exp(log)
