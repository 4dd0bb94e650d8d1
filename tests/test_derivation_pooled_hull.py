"""Theorem 4: an exponent below two breaks it; random laws, in formulas written here, agree with it."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

from hconsist.derivations import pooled_hull


@pytest.fixture(scope="module")
def chain():
    return pooled_hull.build()


def test_exponents_below_two_break_the_chain(chain):
    spoiled = tuple(
        dataclasses.replace(s, put={pooled_hull.a: sp.Rational(3, 2) + pooled_hull.x, pooled_hull.m: 2 + pooled_hull.y})
        if s.title == "al m is at least 1"
        else s
        for s in chain.steps
    )
    assert not dataclasses.replace(chain, steps=spoiled).run().passed


@pytest.mark.parametrize("tau", [1.5, 1.7, 1.9])
def test_random_laws_lie_above_supporting_lines_of_the_curves(tau):
    """al R - c t over random laws of 5 labels, against min over m and a grid of q: formulas written here."""
    rng = np.random.default_rng(3)
    al, a = tau - 1, 1 / (2 - tau)
    laws = np.sort(rng.dirichlet(np.full(5, 0.4), size=20_000), axis=1)[:, ::-1]
    regret, t = [], []
    for j in range(1, 5):
        # the pool of j: label j and the largest others while they exceed the running mean
        total, count = laws[:, j].copy(), np.ones(len(laws))
        inside = np.zeros(laws.shape, dtype=bool)
        inside[:, j] = True
        for i in range(j):
            grows = laws[:, i] * count > total
            inside[:, i] = grows
            total, count = total + np.where(grows, laws[:, i], 0), count + grows
        pooled = np.where(inside, (total / count)[:, None], laws)
        norms = [np.sum(p**a, axis=1) ** (1 / a) for p in (laws, pooled)]
        regret.append(norms[0] - norms[1])
        t.append(laws[:, 0] - laws[:, j])
    regret, t = np.concatenate(regret), np.concatenate(t)
    lines = []
    for m in range(2, 6):
        low = np.linspace(0, 1, 401)[:, None] * np.linspace(0, 1, 401)[None, :]
        gap = np.linspace(0, 1, 401)[None, :] * np.ones((401, 1))
        first = gap + (1 - gap) * low / 2 if m > 2 else (1 + gap) / 2
        rest = np.maximum(1 - 2 * first + gap, 0) / max(m - 2, 1)
        feasible = (first - gap >= -1e-12) & (1 - 2 * first + gap >= -1e-12)
        norm = (first**a + np.maximum(first - gap, 0) ** a + (m - 2) * rest**a) ** (1 / a)
        lines.append((gap[feasible], norm[feasible] - m**-al))
    for slope in (0.01, 0.05, 0.1, 0.2, 0.3, 0.4):
        bound = min(float(np.min(height - slope * gap)) for gap, height in lines)
        assert np.min(regret - slope * t) >= bound - 1e-4  # the grid's own error
