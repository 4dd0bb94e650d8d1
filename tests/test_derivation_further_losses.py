"""Further losses: the chains close, spoiled they do not, and a chain that another one rests on is really run."""

from dataclasses import replace
from fractions import Fraction

import pytest
import sympy as sp
from spoiling import falsified

from hconsist.derivations import (
    additive_entropies,
    class_weights,
    focal,
    focal_curvature,
    focal_inflection,
    label_smoothing,
    mass_condition,
    one_inflection,
    pair_bound,
    poly_one,
    small_gaps,
    sum_logistic,
)
from hconsist.derivations.links import chain, theorem
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Level, Verdict
from hconsist.paper_checks.derived_losses import poly_search
from hconsist.rigorous import prove_nonnegative
from hconsist.steps import Identity, Refutation, Sign

MODULES = {
    "additive_entropies": (additive_entropies, 30),
    "class_weights": (class_weights, 15),
    "focal": (focal, 10),
    "focal_curvature": (focal_curvature, 20),
    "focal_inflection": (focal_inflection, 28),
    "label_smoothing": (label_smoothing, 10),
    "mass_condition": (mass_condition, 20),
    "one_inflection": (one_inflection, 26),
    "pair_bound": (pair_bound, 8),
    "poly_one": (poly_one, 15),
    "small_gaps": (small_gaps, 9),
    "sum_logistic": (sum_logistic, 13),
}


@pytest.mark.parametrize("name", MODULES)
def test_every_step_is_closed_by_sympy(name):
    module, steps = MODULES[name]
    found = chain(module).run()
    assert (found.verdict, found.level, found.points) == (Verdict.PROVED, Level.SYMBOLIC, steps), found.reason
    assert chain(module).name == name


def spoiled(derivation, all_ways):
    """Each step falsified, in one way or in all: (number, title, derivation)."""
    for k, step in enumerate(derivation.steps):
        ways = list(falsified(step))
        for false in ways if all_ways else ways[:1]:
            yield (
                k + 1,
                step.title,
                replace(derivation, steps=(*derivation.steps[:k], false, *derivation.steps[k + 1 :])),
            )


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("all_ways", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_falsified_step_breaks_the_chain(name, all_ways):
    derivation, tried = chain(MODULES[name][0]), 0
    for number, title, false in spoiled(derivation, all_ways):
        assert not false.check(number).passed, title
        tried += 1
    assert tried >= derivation.run().points


@pytest.mark.parametrize("name", MODULES)
def test_a_step_left_out_is_missed(name):
    """Where a later step uses an earlier one, the chain without the earlier one must not close."""
    derivation = chain(MODULES[name][0])
    sources = [(k, part[1]) for k, s in enumerate(derivation.steps) for part in getattr(s, "parts", ())]
    missed = 0
    for user, source in sources:
        for k, step in enumerate(derivation.steps[:user]):
            if step == source or source in step.facts:
                shorter = replace(derivation, steps=(*derivation.steps[:k], *derivation.steps[k + 1 :]))
                assert "not established" in shorter.check(user).reason  # one place earlier, counted from 1
                missed += 1
    assert missed >= len(sources)


@pytest.mark.parametrize("name", MODULES)
def test_no_identity_says_that_a_formula_is_itself(name):
    """What SymPy cancels on its own, before it is printed and checked, would be a step that cannot fail."""
    identities = [step for step in chain(MODULES[name][0]).steps if isinstance(step, Identity)]
    assert [step.title for step in identities if sp.S(step.lhs) == sp.S(step.rhs)] == []


@pytest.mark.parametrize("name", MODULES)
def test_every_format_is_complete(name):
    derivation = chain(MODULES[name][0])
    for style in ("text", "markdown", "latex"):
        shown = derivation.render(style)
        assert "Proved (symbolic)" in shown and "UnevaluatedExpr" not in shown and "Subs(" not in shown
        assert shown.count("negative control") == sum(isinstance(s, Refutation) for s in derivation.steps) == 1


def test_no_chain_rests_on_a_false_one(monkeypatch):
    """A theorem that another chain uses is run: with one of its steps spoiled, the user does not close."""
    proof = chain(pair_bound)
    number = next(k for k, step in enumerate(proof.steps, 1) if step.title == "Pair bound")
    false = next(d for k, _, d in spoiled(proof, False) if k == number)
    monkeypatch.setattr(pair_bound, "build", lambda: false)
    chain.cache_clear()
    found = label_smoothing.build().run()
    chain.cache_clear()
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


def step_of(module, title):
    return next(step for step in chain(module).steps if step.title == title)


@pytest.mark.parametrize(
    "module, title, wider",
    [
        (poly_one, "k is at most 1", {poly_one.x: 1 / (2 + poly_one.y), poly_one.eps: 3 / (1 + poly_one.v)}),
        (additive_entropies, "Its condition", {additive_entropies.c: 1 / (1 + additive_entropies.x)}),
        (focal_inflection, "gamma < 1, W < 0, s <= 1/2", {focal_inflection.s: 1 / (1 + focal_inflection.h)}),
        (class_weights, "A law with zero regret", {class_weights.t: class_weights.k / (1 + class_weights.k)}),
    ],
)
def test_beyond_its_range_a_step_fails(module, title, wider):
    step = step_of(module, title)
    assert isinstance(step, Sign) and step.check().passed
    assert not replace(step, put=step.put | wider, form=None).check().passed


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
