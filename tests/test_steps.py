"""The derivation framework: what closes, what does not, and that what is printed is what was checked."""

import doctest
import json
import re
from fractions import Fraction

import pytest
import sympy as sp

from hconsist import steps, symbolic
from hconsist.domains import InputError
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.steps import (
    Balls,
    Checked,
    Cited,
    Combination,
    Derivation,
    Given,
    Identity,
    Monotone,
    Refutation,
    Sign,
    Sturm,
    Words,
)

X, Y, V = sp.symbols("x y v", positive=True)
R = sp.Symbol("r", real=True)
NEG = sp.Symbol("z", negative=True)
COUNT = sp.Symbol("k", integer=True, positive=True)
U = sp.Symbol("u", nonnegative=True)
A = sp.Symbol("a", positive=True)


def chain(*links):
    return Derivation("example", "An example", "It holds.", links)


def test_docstring_example():
    assert doctest.testmod(steps).failed == 0


@pytest.mark.parametrize(
    "step",
    [
        Identity("binomial", (X + Y) ** 2, X**2 + 2 * X * Y + Y**2),
        Identity("symbolic exponent", X * X ** (A - 1), X**A),
        Identity("derivative", sp.Derivative(X**A, X), A * X ** (A - 1)),
        Identity("power of a product", ((X / 2) ** A + (Y / 2) ** A) * 2**A, X**A + Y**A),
        Identity("range", X - Y, U, put={X: Y + U}),
        Sign("sum", sp.Ge(X + U, 0, evaluate=False)),
        Sign("square", sp.Ge(X**2 + Y**2, 2 * X * Y), form=(X - Y) ** 2),
        Sign("range", sp.Gt(X, Y), put={X: Y + 1 + U}),
        Monotone("power", (1 + U) ** A, U),
        Sturm("parabola", sp.Gt(X**2 - X + 1, 0), X, sp.S(-2), sp.S(2)),
        Sturm("touching inside", sp.Ge((X - 1) ** 2, 0, evaluate=False), X, sp.S(0), sp.S(2)),
        Sturm("touching ends", sp.Ge(X * (1 - X), 0), X, sp.S(0), sp.S(1)),
        Refutation("false", sp.Ge(X - Y, 0), {X: sp.S(1), Y: sp.S(2)}),
    ],
    ids=lambda s: s.title,
)
def test_true_steps_close(step):
    found = step.check()
    assert (found.verdict, found.level) == (Verdict.PROVED, Level.SYMBOLIC), found.reason


@pytest.mark.parametrize(
    "step, verdict",
    [
        (Identity("sign", (X + Y) ** 2, X**2 - 2 * X * Y + Y**2), "refuted"),
        (Identity("exponent", X * X ** (A - 1), X ** (A + 1)), "refuted"),
        (Identity("derivative", sp.Derivative(X**A, X), A * X**A), "refuted"),
        (Identity("undetermined", sp.Function("f")(X), sp.Function("f")(Y)), "inconclusive"),
        (Sign("negative", sp.Ge(-X, 0, evaluate=False)), "refuted"),
        (Sign("wrong form", sp.Ge(X**2 + Y**2, 2 * X * Y), form=(X + Y) ** 2), "inconclusive"),
        (Sign("true but not seen", sp.Ge(X**2 + Y**2, 2 * X * Y - sp.Rational(1, 9) * X)), "inconclusive"),
        (Sign("not strict", sp.Gt(U, 0)), "inconclusive"),
        (Monotone("falling", (1 + U) ** (-A), U), "refuted"),
        (Monotone("wrong derivative", (1 + U) ** A, U, derivative=A * (1 + U) ** A), "inconclusive"),
        (Monotone("below the start", X**2, X, start=Y), "inconclusive"),
        (Sturm("crossing", sp.Ge(X - 1, 0), X, sp.S(0), sp.S(3)), "refuted"),
        (
            Sturm("narrow crossing", sp.Ge((X - 1) * (X - sp.Rational(101, 100)), 0), X, sp.S(0), sp.S(3)),
            "inconclusive",
        ),
        (Sturm("not strict", sp.Gt((X - 1) ** 2, 0), X, sp.S(0), sp.S(2)), "inconclusive"),
        (Refutation("true after all", sp.Ge(X - Y, 0), {X: sp.S(2), Y: sp.S(1)}), "inconclusive"),
        (Refutation("equality", sp.Ge(X - Y, 0), {X: sp.S(1), Y: sp.S(1)}), "inconclusive"),
    ],
    ids=lambda s: getattr(s, "title", s),
)
def test_false_or_unseen_steps_do_not_pass(step, verdict):
    found = step.check()
    assert found.verdict == verdict
    assert bool(found.witness) == (verdict == "refuted")
    outcome = chain(step).run()
    assert not outcome.passed and step.title in outcome.reason


ABOVE = Given("hypothesis", (sp.Ge(X, Y),))
EVERYWHERE = Given("for every x", (sp.Ge(X, Y),), every=(X,))


@pytest.mark.parametrize(
    "before, step",
    [
        (ABOVE, Combination("an equation from an inequality", sp.Eq(X, Y), ((1, ABOVE),))),
        (ABOVE, Combination("a hypothesis at another value", sp.Ge(V, Y), ((1, ABOVE, {X: V}),))),
        (EVERYWHERE, Combination("at another value of y", sp.Ge(X, V), ((1, EVERYWHERE, {Y: V}),))),
        (
            Combination("inherited", sp.Ge(2 * X, 2 * Y), ((2, ABOVE.relations[0]),)),
            Combination("at another value", sp.Ge(2 * V, 2 * Y), ((1, sp.Ge(2 * X, 2 * Y), {X: V}),)),
        ),
        (
            Checked("where it was looked at", (sp.Ge(X, 3, evaluate=False),), lambda _: steps._CLOSED),
            Combination("everywhere", sp.Ge(X, 3, evaluate=False), ((1, sp.Ge(X, 3, evaluate=False)),)),
        ),
        (EVERYWHERE, Combination("replaces no symbol", sp.Ge(X + 1, Y), ((1, EVERYWHERE, {X - Y: X - Y + 1}),))),
        (
            Sign("negative", sp.Ge(-NEG, 0, evaluate=False)),
            Combination("sign lost", sp.Ge(-X, 0, evaluate=False), ((1, sp.Ge(-NEG, 0, evaluate=False), {NEG: X}),)),
        ),
        (Given("nothing"), Monotone("from 5 on, over a hole", (R - 5) ** 2, R, start=0, put={R: 5 + Y})),
        (Given("nothing"), Monotone("over a jump", sp.atan(1 / (1 - X)), X, start=0)),
        (Given("nothing"), Monotone("over a step", sp.Piecewise((X, X < 1), (X - 5, True)), X, start=0)),
        (Given("nothing"), Monotone("over a pole", 1 / (1 - X), X, start=0)),
        (Given("nothing"), Monotone("along integers, where nothing has a derivative", COUNT**2, COUNT, start=1)),
    ],
    ids=lambda s: s.title,
)
def test_attacks_on_the_rules_of_inference(before, step):
    """Each was accepted by an earlier version, or would be if one condition of the rules were dropped."""
    assert not chain(before, step).run().passed


def test_a_hypothesis_under_another_name_is_still_one():
    """``put`` says that x is v; what then holds of v holds of that v only."""
    renamed = Combination("renamed", sp.Ge(X, Y), ((1, ABOVE),), put={X: V})
    other = sp.Symbol("w", positive=True)
    elsewhere = Combination("at another value", sp.Ge(other, Y), ((1, renamed, {V: other}),))
    assert chain(ABOVE, renamed).run().passed
    assert "a hypothesis speaks of" in chain(ABOVE, renamed, elsewhere).run().reason


def test_what_holds_for_every_value_may_be_used_at_another():
    at = Combination("at v", sp.Ge(V, Y), ((1, EVERYWHERE, {X: V}),))
    derivation = chain(EVERYWHERE, at)
    assert derivation.run().passed and "For every x." in derivation.render()
    assert derivation.established[symbolic.as_fact(at.relation, {})] == {Y}


def test_a_step_of_the_proof_that_was_not_checked_fails_the_chain():
    skipped = Checked("skipped", (sp.Ge(X, 0, evaluate=False),), lambda _: steps._GRANTED)
    assert not chain(Identity("one", X - X + 1, 1), skipped).run().passed


def test_what_a_step_takes_for_granted_is_listed():
    granted = Evidence(Verdict.PROVED, Level.SYMBOLIC, points=1, assumptions=("something",))
    assert chain(Checked("on top", (sp.Ge(X, 0),), lambda _: granted)).run().assumptions == ("something",)


@pytest.mark.parametrize(
    "step",
    [
        Sign("x", sp.Eq(X, X + U, evaluate=False)),
        Sturm("x", sp.Eq(X**2, X), X, sp.S(0), sp.S(1)),
        Balls("x", sp.Eq(X**2, X), {X: (Fraction(0), Fraction(1))}),
    ],
    ids=lambda s: type(s).__name__,
)
def test_equations_are_no_inequalities(step):
    with pytest.raises(InputError, match="an inequality"):
        step.check()


@pytest.mark.parametrize(
    "symbol, fit, unfit",
    [
        (X, X + U, U),
        (U, (X - Y) ** 2, X - Y),
        (NEG, -X, U),
        (COUNT, 2 * COUNT, COUNT / 2),
        (R, X - Y, sp.Symbol("w")),
        (sp.Symbol("n", real=True, nonzero=True), -X, R),
        (sp.Symbol("p", prime=True), sp.S(5), sp.S(4)),
        (sp.Symbol("e", even=True), 2 * COUNT, COUNT),
        (sp.Symbol("any"), sp.I, None),
    ],
    ids=lambda s: str(s),
)
def test_values_that_a_symbol_may_take(symbol, fit, unfit):
    assert symbolic.meets(symbol, fit) and symbolic.meets(symbol, symbol)
    assert unfit is None or not symbolic.meets(symbol, unfit)
    assert not symbolic.meets(symbol + 1, fit)


def test_counterexamples_respect_the_signs():
    assert symbolic.counterexample(">=", -NEG) is None
    assert symbolic.counterexample(">=", NEG)["z"].startswith("-")
    assert symbolic.counterexample("==", sp.Symbol("w", real=True, nonzero=True) ** 0 - 1) is None


def test_floats_are_refused():
    with pytest.raises(InputError, match="exact"):
        Identity("float", 0.1 * X, X / 10).check()


def test_balls_lower_the_level_of_the_chain():
    ball = Balls("square root", sp.Ge(1 + X, sp.sqrt(1 + X)), {X: (Fraction(1, 4), Fraction(1))})
    found = chain(Identity("one", X - X + 1, 1), ball).run()
    assert (found.verdict, found.level, found.points) == (Verdict.PROVED, Level.ENCLOSED, 2)
    false = Balls("square root", sp.Ge(sp.sqrt(1 + X), 1 + X), {X: (Fraction(1, 4), Fraction(1))})
    assert not chain(false).run().passed


def test_combinations_use_only_what_was_established():
    first, second = sp.Ge(X, Y), sp.Ge(Y, A)
    given = Given("order", (first, second))
    through = Combination("transitive", sp.Ge(X, A), ((1, first), (1, second)))
    assert chain(given, through).run().passed
    assert "not established" in chain(through).run().reason
    assert not chain(given, replace_parts(through, ((1, first), (-1, second)))).run().passed
    assert not chain(given, replace_parts(through, ((1, first), (2, second)))).run().passed
    assert not chain(given, Combination("strict", sp.Gt(X, A), through.parts)).run().passed
    assert not chain(given, Combination("reversed", sp.Le(X, A), through.parts)).run().passed


def replace_parts(step, parts):
    return Combination(step.title, step.relation, parts)


def test_instances_must_meet_the_assumptions():
    rising = Monotone("power", (X + U) ** A, U)
    good = Combination("instance", sp.Ge((X + 2 * Y) ** A, X**A), ((1, rising, {U: 2 * Y}),))
    bad = Combination("instance", sp.Ge((X - 2 * Y) ** A, X**A), ((1, rising, {U: -2 * Y}),))
    assert chain(rising, good).run().passed
    assert "assumption" in chain(rising, bad).run().reason
    shifted = Combination("range", sp.Ge((X + U) ** A, X**A), ((1, rising),), put={U: -2 * Y})
    assert "assumption" in chain(rising, shifted).run().reason


def test_a_fact_keeps_its_range():
    z = sp.Symbol("z", real=True)
    narrow = Sign("on a range", sp.Ge(z, 1), put={z: 1 + U})
    wide = Combination("everywhere", sp.Ge(z, 1), ((1, sp.Ge(z, 1)),))
    assert narrow.check().passed and not chain(narrow, wide).run().passed


def test_controls_and_sampled_steps():
    proof = Identity("one", X - X + 1, 1)
    sampled = Evidence(Verdict.SUPPORTED, Level.SAMPLED, points=5)
    failed = Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=1, witness={"x": "1"})
    formula = (sp.Ge(X, 0, evaluate=False),)
    control = chain(proof, Checked("c", formula, lambda _: sampled, control=True)).run()
    assert (control.verdict, control.level, control.points) == (Verdict.PROVED, Level.SYMBOLIC, 1)
    part = chain(proof, Checked("c", formula, lambda _: sampled)).run()
    assert (part.verdict, part.level) == (Verdict.SUPPORTED, Level.SAMPLED)
    refuted = chain(proof, Checked("c", formula, lambda _: failed, control=True)).run()
    assert refuted.verdict is Verdict.REFUTED and refuted.witness == {"step": "c", "x": "1"}


def test_a_chain_that_closes_nothing_is_vacuous():
    assert chain(Given("order", (sp.Ge(X, Y),)), Cited("fact", "somebody 1900")).run().verdict is Verdict.VACUOUS
    assert chain().run().verdict is Verdict.VACUOUS


def example():
    return chain(
        Given("Names & signs", (sp.Ge(X, Y),), text=r"$x_1 \ge 50$ % of it"),
        Identity("Square", (X + Y) ** 2, X**2 + 2 * X * Y + Y**2),
        Words("Bridge", text="so it goes"),
        Cited("Jensen", "Jensen 1906"),
        Sign("Order", sp.Ge(X, 0, evaluate=False)),
    )


def test_what_is_printed_is_what_was_checked():
    derivation = example()
    markdown, latex, text = (derivation.render(style) for style in ("markdown", "latex", "text"))
    for step in derivation.steps:
        for formula in step.formulas:
            assert sp.latex(formula) in markdown and sp.latex(formula) in latex
            assert all(line.strip() in text for line in sp.pretty(formula, use_unicode=True).splitlines())
    for shown in (markdown, latex, text):
        assert all(mark in shown for mark in ("given", "in words", "classical fact", "SymPy", "Reference: Jensen 1906"))
        assert "2 of 2 steps" in shown
    assert derivation.run().assumptions == (
        "given: Names & signs", "in words: Bridge", "classical fact (Jensen 1906): Jensen",
    )  # fmt: skip


def test_a_failed_step_shows_in_every_format():
    false = chain(Identity("Square", (X + Y) ** 2, X**2))
    for style in ("text", "markdown", "latex", "notebook"):
        assert "SymPy: refuted" in false.render(style) and "0 of 1 steps" in false.render(style)


def test_latex_is_balanced_and_escaped():
    latex = example().render("latex")
    assert latex.startswith(r"\documentclass{article}") and latex.rstrip().endswith(r"\end{document}")
    begun, ended = (re.findall(rf"\\{word}{{(\w+\*?)}}", latex) for word in ("begin", "end"))
    assert sorted(begun) == sorted(ended)
    assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
    assert r"Names \& signs" in latex and r"$x_1 \ge 50$ \% of it" in latex


def test_notebook_structure():
    book = json.loads(example().render("notebook"))
    assert (book["nbformat"], len({c["id"] for c in book["cells"]})) == (4, len(book["cells"]))
    code = ["".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"]
    assert sum("derivation.check(" in source for source in code) == 5
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in book["cells"] if c["cell_type"] == "code")


def test_bad_requests():
    with pytest.raises(InputError, match="text, markdown, latex, notebook"):
        example().render("pdf")
    for number in (0, 6):
        with pytest.raises(InputError, match="number"):
            example().check(number)
    with pytest.raises(InputError, match="relation"):
        symbolic.as_fact(X, {})
