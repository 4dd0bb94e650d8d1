"""Theorems 5, 6 and 8: false twins, one spoiled step in a whole chain, and random laws in exact fractions."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp

from hconsist.derivations import concave_hull, quadratic_floor, square_root_bound
from hconsist.evidence import Verdict
from hconsist.steps import Derivation, Sign, Step


def test_parts_are_proved():
    parts = (concave_hull.mae_evidence, concave_hull.mae_inverse_evidence, concave_hull.slope_evidence)
    for part in (*parts, square_root_bound.small_tau_evidence):
        assert part().verdict is Verdict.PROVED


def test_false_twins_are_refuted_with_a_witness():
    floor = quadratic_floor.evidence(Fraction(101, 100))
    assert floor.verdict is Verdict.REFUTED and floor.witness == {"t": "1", "tau": "3/2"}
    root = square_root_bound.evidence(Fraction(51, 100))
    assert root.verdict is Verdict.REFUTED and root.witness == {"t": "1", "tau": "2"}


CHAINS = {module: module.build() for module in (quadratic_floor, square_root_bound, concave_hull)}


@pytest.mark.parametrize(
    "module, title",
    [(quadratic_floor, "K is concave"), (square_root_bound, "The left ratio is the larger"), (concave_hull, None)],
)
def test_one_spoiled_step_fails_the_whole_chain(module, title):
    chain = CHAINS[module]
    signs = [step for step in chain.steps if isinstance(step, Sign)]
    step = _step(chain, title) if title else signs[0]
    kind = {sp.Ge: sp.Le, sp.Gt: sp.Lt, sp.Le: sp.Ge, sp.Lt: sp.Gt}[type(step.relation)]
    turned = replace(step, relation=kind(*step.relation.args, evaluate=False), form=None)
    found = replace(chain, steps=tuple(turned if s is step else s for s in chain.steps)).run()
    assert not found.passed and step.title in found.reason


def test_the_step_that_needs_tau_at_most_four_thirds_fails_beyond():
    step = _step(CHAINS[square_root_bound], "It is enough")
    assert step.check().passed
    assert not replace(step, put={symbol: sp.Rational(8, 5) for symbol in step.put}).check().passed


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_random_rational_laws_lie_above_the_stated_hull_of_mean_absolute_error(n):
    """Regrets of MAE in exact fractions: the forced risk by trying every set that holds j, nothing from the chain."""
    rng = random.Random(n)
    vertices = [(Fraction(0), Fraction(0))] + [(Fraction(1, k), Fraction(1, k * (k + 1))) for k in range(n - 1, 0, -1)]
    for _ in range(300):
        weights = [rng.choice((0, 1, 1, 2, 3, 7, 20)) for _ in range(n)]
        if not any(weights):
            continue
        law = [Fraction(w, sum(weights)) for w in weights]
        j = rng.randrange(n)
        sets = [c for k in range(n) for c in itertools.combinations([i for i in range(n) if i != j], k)]
        best = max(sum(law[i] for i in (j, *c)) / (len(c) + 1) for c in sets)
        t, regret = max(law) - law[j], max(law) - best
        (t0, v0), (t1, v1) = next((p, q) for p, q in itertools.pairwise(vertices) if q[0] >= t)
        assert regret >= v0 + (v1 - v0) * (t - t0) / (t1 - t0)


def _step(derivation: Derivation, title: str) -> Step:
    return next(step for step in derivation.steps if step.title == title)
