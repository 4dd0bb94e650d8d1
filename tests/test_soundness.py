"""Attacks on the provers: statements that are false, barely false, undefined or unfounded must not come out proved."""

from fractions import Fraction

import pytest
import sympy as sp

from hconsist.domains import InputError
from hconsist.evidence import Verdict
from hconsist.rigorous import Vanishing, check_points, prove_nonnegative
from hconsist.steps import Combination, Derivation, Identity, Monotone, Sign, Sturm, Words

X = sp.Symbol("x", real=True)
Y = sp.Symbol("y", positive=True)
T = sp.Symbol("t", nonnegative=True)
A, B = sp.symbols("A B")  # complex
THIRD = sp.Rational(1, 3)


def relation(kind, left, right=0):
    return kind(left, right, evaluate=False)


@pytest.mark.parametrize(
    "expression, box, options",
    [
        ((X - THIRD) ** 2 - sp.Rational(1, 10**9), {X: (0, 1)}, {}),
        ((X**2 - THIRD) ** 2 - sp.Rational(1, 10**14), {X: (0, 1)}, {}),
        (1 / (X - THIRD), {X: (0, 1)}, {}),
        (T**3 - 2 * T**4, {T: (0, 1)}, {"vanishing": Vanishing(T, at=0, order=3)}),
        (T**2 - 3 * T**3, {T: (0, Fraction(1, 2))}, {"vanishing": Vanishing(T, at=0, order=3)}),
        (T**2 - T / 1000, {T: (0, 1)}, {"vanishing": Vanishing(T, at=0, order=2)}),
        (T, {T: (0, 1)}, {"strict": True}),
    ],
    ids=["dip 1e-9", "dip 1e-14", "pole", "far end", "order too high", "false lemma", "strict at zero"],
)
def test_false_inequalities_are_refuted(expression, box, options):
    evidence = prove_nonnegative(expression, box, max_seconds=5, **options)
    assert evidence.verdict is Verdict.REFUTED
    symbol = next(iter(box))
    value = expression.subs(symbol, sp.Rational(evidence.witness[str(symbol)]))
    assert value < 0 or ("strict" in options and value == 0)


@pytest.mark.parametrize(
    "expression, box",
    [((X - THIRD) ** 2, {X: (0, 1)}), (sp.log(X) + 100, {X: (-1, 1)}), (sp.sqrt(X) + 1, {X: (-1, 1)})],
    ids=["touches zero off the grid", "undefined below 0", "undefined root"],
)
def test_what_balls_cannot_decide_is_inconclusive(expression, box):
    assert prove_nonnegative(expression, box, max_seconds=2).verdict is Verdict.INCONCLUSIVE


def test_a_box_against_the_assumptions_of_its_symbol_is_refused():
    with pytest.raises(InputError, match="y must be"):
        prove_nonnegative(sp.sqrt(Y**2), {Y: (-1, 1)})


@pytest.mark.parametrize(
    "step, verdict",
    [
        (Identity("root of a square", sp.sqrt(X**2), X), Verdict.INCONCLUSIVE),
        (Identity("root of a product", sp.sqrt(A * B), sp.sqrt(A) * sp.sqrt(B)), Verdict.INCONCLUSIVE),
        (Sign("false", relation(sp.Ge, Y - 1)), Verdict.REFUTED),
        (Sign("logarithm", relation(sp.Ge, sp.log(1 + X))), Verdict.REFUTED),
        (Sign("form of another slack", relation(sp.Ge, Y**2 - Y), form=Y**2), Verdict.REFUTED),
        (Combination("circular", relation(sp.Ge, Y - 1), ((1, relation(sp.Ge, Y - 1)),)), Verdict.INCONCLUSIVE),
        (Sturm("double root", relation(sp.Gt, (X - THIRD) ** 2), X, sp.S.Zero, sp.S.One), Verdict.INCONCLUSIVE),
        (Monotone("falls", -(T**2), T), Verdict.REFUTED),
        (Words("trust me", text="It is so."), Verdict.VACUOUS),
    ],
    ids=lambda value: getattr(value, "title", ""),
)
def test_unfounded_steps_do_not_close(step, verdict):
    assert Derivation("attack", "An attack", "False.", (step,)).run().verdict is verdict


def test_a_fact_may_not_be_used_outside_its_range():
    inside = Sign("on [1, oo)", relation(sp.Ge, Y - 1), put={Y: 1 + T}, form=T)
    beyond = Combination("everywhere", relation(sp.Ge, Y - 1), ((1, inside),))
    assert not Derivation("attack", "An attack", "False.", (inside, beyond)).run().passed


def test_nothing_examined_is_vacuous():
    assert Derivation("attack", "An attack", "False.", ()).run().verdict is Verdict.VACUOUS
    assert check_points(X, []).verdict is Verdict.VACUOUS
