"""Theorems 1, 2 and 3: a range that is needed, and the controls by other means."""

from dataclasses import replace

import numpy as np
import pytest
import sympy as sp

from hconsist.derivations import two_label_sharpness


def test_theorem_3_does_not_close_beyond_its_range():
    """With 0 < e <= 2 in place of 0 < e <= 1 (tau up to 5/3) the concavity is missing."""
    derivation = two_label_sharpness.build()
    e, w = sp.Symbol("e", positive=True), sp.Symbol("w", nonnegative=True)
    wide = tuple(replace(s, put={**s.put, e: 2 / (1 + w)}) if e in s.put else s for s in derivation.steps)
    assert not replace(derivation, steps=wide).run().passed


def simplex_grid(size):
    """All points of the three-label simplex with denominators ``size``."""
    first, second = np.meshgrid(np.arange(size + 1), np.arange(size + 1), indexing="ij")
    keep = first + second <= size
    first, second = first[keep], second[keep]
    return np.stack([first, second, size - first - second], axis=1) / size


def test_control_of_theorem_1_on_a_grid():
    """tau = 3: grid minima over the simplex; the extreme points lie on the grid."""
    s, law = simplex_grid(60), np.array([0.4, 0.35, 0.25])
    forced = ((1 - s**2) / 2 @ law)[s[:, 1] >= s.max(axis=1)].min()
    pooled = ((1 - s**2) / 2 @ np.array([0.375, 0.375, 0.25])).min()
    assert (forced, pooled) == pytest.approx((0.325, 0.3125), abs=1e-12)


def test_control_of_theorem_2_on_a_grid():
    """psi = -log(1+s): the forced and free minima, and the two-label value at t = 1/2, by grids of step 1/1200."""
    s, law = simplex_grid(1200), np.array([0.54, 0.04, 0.42])
    cost = -np.log1p(s) @ law
    regret = cost[s[:, 1] >= s.max(axis=1)].min() - cost.min()
    u = np.linspace(0, 1, 1201)
    curve = -np.log(1.5) - np.min(-0.75 * np.log1p(u) - 0.25 * np.log1p(1 - u))
    assert (regret, curve) == pytest.approx((0.10908, 0.11440), abs=1e-5)
