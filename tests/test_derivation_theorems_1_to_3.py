"""The chains for Theorems 1, 2 and 3: all closed, and no longer closed once any step is falsified."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import sympy as sp
from spoiling import falsified

from hconsist.derivations import freezing, pooling, two_label_sharpness
from hconsist.evidence import Level, Verdict
from hconsist.steps import Refutation

MODULES = {"pooling": pooling, "freezing": freezing, "two_label_sharpness": two_label_sharpness}


@cache
def built(name):
    return MODULES[name].build()


@pytest.mark.parametrize("name, steps", [("pooling", 18), ("freezing", 22), ("two_label_sharpness", 29)])
def test_every_step_is_closed_by_sympy(name, steps):
    found = built(name).run()
    assert (found.verdict, found.level, found.points) == (Verdict.PROVED, Level.SYMBOLIC, steps), found.reason
    assert found.seconds < 10 and built(name).name == name


@pytest.mark.parametrize("name", MODULES)
def test_a_falsified_step_breaks_the_chain(name):
    derivation, tried = built(name), 0
    for k, step in enumerate(derivation.steps):
        for false in falsified(step):
            links = (*derivation.steps[:k], false, *derivation.steps[k + 1 :])
            assert not replace(derivation, steps=links).check(k + 1).passed, (step.title, false)
            tried += 1
    assert tried >= 2 * derivation.run().points


@pytest.mark.parametrize("name", MODULES)
def test_a_step_left_out_is_missed(name):
    """Where a later step uses an earlier one, the chain without the earlier one must not close."""
    derivation = built(name)
    sources = [(k, part[1]) for k, s in enumerate(derivation.steps) for part in getattr(s, "parts", ())]
    missed = 0
    for user, source in sources:
        for k, step in enumerate(derivation.steps[:user]):
            if step == source or source in step.facts:
                shorter = replace(derivation, steps=(*derivation.steps[:k], *derivation.steps[k + 1 :]))
                assert "not established" in shorter.check(user).reason  # one place earlier, counted from 1
                missed += 1
    assert missed >= 3


def test_theorem_3_does_not_close_beyond_its_range():
    """With 0 < e <= 2 in place of 0 < e <= 1 (tau up to 5/3) the concavity is missing."""
    derivation = built("two_label_sharpness")
    e, w = sp.Symbol("e", positive=True), sp.Symbol("w", nonnegative=True)
    wide = tuple(replace(s, put={**s.put, e: 2 / (1 + w)}) if e in s.put else s for s in derivation.steps)
    assert not replace(derivation, steps=wide).run().passed


@pytest.mark.parametrize("name", MODULES)
def test_the_notebook_runs(name, tmp_path):
    """The code cells, in order, as one script in a fresh interpreter."""
    book = json.loads(built(name).render("notebook"))
    script = tmp_path / "cells.py"
    script.write_text("\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"))
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Evidence(") == len(built(name).steps)


@pytest.mark.parametrize("name", MODULES)
def test_every_format_is_complete(name):
    for style in ("text", "markdown", "latex"):
        shown = built(name).render(style)
        assert "Proved (symbolic)" in shown and "UnevaluatedExpr" not in shown and "Subs(" not in shown
        assert shown.count("negative control") == sum(isinstance(s, Refutation) for s in built(name).steps)


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
