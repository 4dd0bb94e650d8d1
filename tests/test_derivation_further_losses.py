"""Further losses: ranges that are needed, chains that rest on others, and facts behind them by other means."""

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp
from spoiling import falsified

from hconsist import catalog
from hconsist.derivations import (
    additive_entropies,
    class_weights,
    focal_inflection,
    label_smoothing,
    logit_adjustment,
    max_losses,
    pair_bound,
    poly_one,
)
from hconsist.derivations.links import proof, theorem
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Level, Verdict
from hconsist.paper_checks.derived_losses import poly_search
from hconsist.rigorous import prove_nonnegative
from hconsist.steps import Sign


@pytest.fixture
def rebuilt():
    """Chains are built once in a process: build them anew before and after a test that changes one."""
    catalog._built.cache_clear()
    yield
    catalog._built.cache_clear()


def test_no_chain_rests_on_a_false_one(monkeypatch, rebuilt):
    """A theorem that another chain uses is run: with one of its steps spoiled, the user does not close."""
    source = pair_bound.build()
    number, step = next((k, step) for k, step in enumerate(source.steps) if step.title == "Pair bound")
    links = (*source.steps[:number], next(falsified(step)), *source.steps[number + 1 :])
    monkeypatch.setattr(pair_bound, "build", lambda: replace(source, steps=links))
    found = label_smoothing.build().run()
    assert not found.passed and "pair bound" in found.reason


def test_only_a_proved_line_can_be_cited():
    """A formula that is not a fact of the chain, or is only granted in it, is not closed."""
    step = theorem(pair_bound, "Pair bound")
    assert step.check().passed
    wrong = replace(step, shown=(sp.Gt(*step.shown[0].args, evaluate=False),))
    assert wrong.check().verdict is Verdict.INCONCLUSIVE
    assert theorem(pair_bound, "(i) label j on top").check().verdict is Verdict.INCONCLUSIVE


def test_undetermined_functions_have_no_numbers():
    """mpmath has functions named psi and eta; SymPy must not take them for ours."""
    for name in ("psi", "eta"):
        value = smooth(name)(sp.Rational(1, 2))
        assert value.evalf() == value and value.is_positive is None and not (value - value.func(sp.S.One)).equals(0)


# --- the hypotheses matter: the steps in which they enter fail outside them -----------------------------------------


K = logit_adjustment.k


def step_of(module, title):
    return next(step for step in proof(module).steps if step.title == title)


@pytest.mark.parametrize(
    "module, title, wider",
    [
        (poly_one, "k is at most 1", {poly_one.x: 1 / (2 + poly_one.y), poly_one.eps: 3 / (1 + poly_one.v)}),
        (additive_entropies, "Its condition", {additive_entropies.c: 1 / (1 + additive_entropies.x)}),
        (focal_inflection, "gamma < 1, W < 0, s <= 1/2", {focal_inflection.s: 1 / (1 + focal_inflection.h)}),
        (class_weights, "A law with zero regret", {class_weights.t: class_weights.k / (1 + class_weights.k)}),
        (logit_adjustment, "A law with zero regret", {logit_adjustment.t: K / (1 + K)}),
        (max_losses, "A law that attains it beyond 1/2", {max_losses.t: sp.Rational(1, 3) + max_losses.x}),
    ],
)
def test_beyond_its_range_a_step_fails(module, title, wider):
    step = step_of(module, title)
    assert isinstance(step, Sign) and step.check().passed
    assert not replace(step, put=step.put | wider, form=None).check().passed


# --- two closed forms: each link of the chain carries it -------------------------------------------------------------


@pytest.mark.parametrize(
    "module, title",
    [
        (max_losses, "No scores cost less than two labels"),
        (max_losses, "E falls"),
        (max_losses, "Logistic: these are not less than 0"),
        (logit_adjustment, "The share of label 1"),
        (logit_adjustment, "The pair costs at least what it costs at B"),
        (logit_adjustment, "Mass on the pair costs nothing"),
        (logit_adjustment, "It is positive"),
    ],
)
def test_a_spoiled_link_is_rejected(module, title):
    """With a sign, a direction or a part of one step made wrong the whole chain no longer runs to proved."""
    chain = proof(module)
    assert chain.run().verdict is Verdict.PROVED and chain.run().level is Level.SYMBOLIC
    number = next(k for k, step in enumerate(chain.steps) if step.title == title)
    for false in falsified(chain.steps[number]):
        links = (*chain.steps[:number], false, *chain.steps[number + 1 :])
        found = replace(chain, steps=links).run()
        assert not found.passed and title in found.reason


def test_label_one_must_be_far_ahead():
    """Without t >= t0 the pair may like its scores, and where r < 1 mass on the pair does cost."""
    ahead = step_of(logit_adjustment, "Label 1 is far ahead")
    before = proof(logit_adjustment)._facts_before(proof(logit_adjustment).steps.index(ahead))
    assert ahead.check(before).passed
    assert not replace(ahead, parts=(ahead.parts[0], ahead.parts[2])).check(before).passed
    slope = step_of(logit_adjustment, "Mass on the pair costs nothing")
    before = proof(logit_adjustment)._facts_before(proof(logit_adjustment).steps.index(slope))
    below = {logit_adjustment.r: 1 / (2 + logit_adjustment.k)}
    assert slope.check(before).passed and not replace(slope, put=below).check(before).passed


def test_the_max_curve_by_fractions():
    """Hinge, squared hinge: the least cost of (p, 1-p) over rational margins never falls below 1 - u and 1 - u^2."""
    margins = [Fraction(k, 40) for k in range(161)]
    for u in (Fraction(0), Fraction(1, 5), Fraction(7, 10), Fraction(1)):
        p = (1 + u) / 2
        costs = [[p * max(1 - g, 0) ** b + (1 - p) * (1 + g) ** b for g in margins] for b in (1, 2)]
        assert [min(c) for c in costs] == [1 - u, 1 - u**2]


# --- the focal loss again, by balls: formulas written here, no step of the chains ------------------------------------

S, G = sp.symbols("s gamma", positive=True)


def focal_parts(score):
    """psi', psi'' and -1/psi' of (1-s)^gamma (-log s), by SymPy's own differentiation."""
    loss = (1 - S) ** G * -sp.log(S)
    return [sp.diff(loss, S, k).subs(S, score) for k in (1, 2)]


def test_focal_curvature_by_balls():
    """K(s) + K(1-s) > 0 on a box well inside the range, straight from the definition."""
    total = 0
    for score in (S, 1 - S):
        slope, bend = focal_parts(score)
        total += bend / -slope + slope
    box = {S: (Fraction(1, 50), Fraction(1, 2)), G: (Fraction(1, 10), Fraction(5))}
    found = prove_nonnegative(total, box, strict=True, max_boxes=20_000)
    assert (found.verdict, found.level) == (Verdict.PROVED, Level.ENCLOSED), found.reason


def test_focal_inflection_by_balls():
    """g'' > 0 on [1/4, 9/10], gamma in [1/10, 5], and < 0 on [1/100, 1/50], gamma in [1/2, 3]; g = -1/psi' from psi."""
    slope, _ = focal_parts(S)
    bend = sp.diff(-1 / slope, S, 2)
    tenth, half, fiftieth = Fraction(1, 10), Fraction(1, 2), Fraction(1, 50)
    boxes = {
        True: {S: (Fraction(1, 4), 9 * tenth), G: (tenth, Fraction(5))},
        False: {S: (fiftieth / 2, fiftieth), G: (half, Fraction(3))},
    }
    for convex, box in boxes.items():
        found = prove_nonnegative(bend if convex else -bend, box, strict=True, max_boxes=40_000)
        assert (found.verdict, found.level) == (Verdict.PROVED, Level.ENCLOSED), (convex, found.reason)


# --- the open claim --------------------------------------------------------------------------------------------------


def test_the_search_behind_the_open_claim_can_refute():
    """Beyond sqrt 6 the same search finds laws of three labels below the two-label curve."""
    assert poly_search().verdict is Verdict.SUPPORTED
    found = poly_search(Fraction(5, 2), Fraction(6))
    assert found.verdict is Verdict.REFUTED and found.witness["eps"] >= 2.5
