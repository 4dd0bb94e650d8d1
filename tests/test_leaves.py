"""The prover's leaves one by one: each enclosure holds the values that mpmath finds, and no weaker rule would do."""

import itertools
import random
import time
from fractions import Fraction as F

import mpmath
import pytest
import sympy as sp
from flint import arb, fmpq

from hconsist.definitions import compile_expression, precision
from hconsist.evidence import Verdict
from hconsist.rigorous import Choice, Vanishing, prove_nonnegative
from hconsist.rigorous.cover import Budget, Cover, _closes, _corner, coefficient_leaf, cover, value_leaf
from hconsist.rigorous.lemmas import LemmaStatus, prove_lemma

x, y, z = sp.symbols("x y z", real=True)
FUNCTIONS = [
    x * y - x**2 / 3 + y * z,
    sp.exp(x) * sp.log(1 + y) - x * y**2 - z,
    (1 + x) ** y - 1 - x * z,
    x / (1 + y) - sp.tanh(z) + x**3 * y,
    sp.atan(x * y) - z**2 + sp.sinh(x - z),
]


def balls(node):
    """What a leaf is handed for the box of these (middle, radius)."""
    return [arb(m, s) for m, s in node], [arb(m) for m, _ in node], [arb(0, s) for _, s in node]


def corners_and_middle(node):
    ends = [(m - s, m, m + s) for m, s in node]
    return [[mpmath.mpf(int(v.p)) / int(v.q) for v in point] for point in itertools.product(*ends)]


def holds(ball, value):
    with precision(200):
        return ball.overlaps(arb(mpmath.nstr(value, 40), "1e-35"))


def random_nodes(seed, count, dimension=3):
    draw = random.Random(seed)
    for _ in range(count):
        yield [(fmpq(draw.randrange(1, 64), 32), fmpq(draw.randrange(1, 16), 32)) for _ in range(dimension)]


@pytest.mark.parametrize("expression", FUNCTIONS, ids=str)
def test_mean_value_forms_hold_the_values_at_every_corner(expression):
    leaf = value_leaf(compile_expression(expression, (x, y, z)))
    value = sp.lambdify((x, y, z), expression, "mpmath")
    used = 0
    with precision(64, 2), mpmath.workdps(40):
        for node in random_nodes(str(expression), 150):
            method, found = leaf(*balls(node))
            if method == "T":
                used += 1
                assert all(holds(found, value(*point)) for point in corners_and_middle(node))
    assert used > 10


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("expression", FUNCTIONS, ids=str)
def test_forms_of_a_taylor_coefficient_hold_it_at_every_corner(expression, order, sign):
    leaf = coefficient_leaf(compile_expression(expression, (x, y, z)), 0, order, sign)
    value = sp.lambdify((x, y, z), sign * sp.diff(expression, x, order) / sp.factorial(order), "mpmath")
    used = 0
    with precision(64, order + 2), mpmath.workdps(40):
        for node in random_nodes(order, 30):
            method, found = leaf(*balls(node))
            if found is not None:
                used += 1
                assert all(holds(found, value(*point)) for point in corners_and_middle(node))
                assert method == "M" or (method == "C" and found > 0)
    assert used > 2


@pytest.mark.parametrize("rising", [(1, 1), (1, -1), (-1, 1), (-1, -1)])
def test_a_monotone_box_is_decided_at_its_lowest_corner(rising):
    program = compile_expression(rising[0] * (x + x**2) + rising[1] * (y + y**2), (x, y))
    with precision(64, 2):
        found = _corner(program, [(fmpq(1), fmpq(1)), (fmpq(1), fmpq(1, 2))])
        assert found == (0 if rising[0] > 0 else -6) + (0.75 if rising[1] > 0 else -3.75)
        assert not _corner(compile_expression(x**2 + y, (x, y)), [(fmpq(0), fmpq(1)), (fmpq(0), fmpq(1))]).is_finite()


def test_a_cover_with_anything_left_over_is_not_complete():
    assert Cover(tree="D").complete
    for left in ({"open": [(F(0),)]}, {"suspects": [(F(0),)]}, {"stopped": "time"}):
        assert not Cover(tree="D", **left).complete
    slack, box = x**2 - x * y + y**2 + sp.Rational(1, 100), {x: (F(0), F(1)), y: (F(0), F(1))}
    needed = prove_nonnegative(slack, box).boxes
    assert needed > 10 and prove_nonnegative(slack, box, max_boxes=needed).passed
    for boxes in (1, 5, needed - 1):
        assert prove_nonnegative(slack, box, max_boxes=boxes).verdict is Verdict.INCONCLUSIVE


def test_what_closes_a_leaf():
    zero, nothing = arb(0), arb("nan")
    assert _closes(arb(1, "0.5"), strict=True) and _closes(zero, strict=False)
    assert not _closes(zero, strict=True) and not _closes(arb(1, 2), strict=False)
    for strict in (False, True):
        assert not any(_closes(value, strict) for value in (None, nothing, arb("inf"), arb(-1), arb(0, "inf")))


HIDDEN = sp.Rational(1, 10**9)
"""Width of the intervals on which the next statements fail: no point of the prover's grid lies there."""


@pytest.mark.parametrize(
    "expression, options",
    [
        (x * (HIDDEN - x), {"vanishing": Vanishing(x, 0, 1)}),
        ((1 - x) * (1 - x - HIDDEN), {"vanishing": Vanishing(x, 1, 1)}),
        ((1 - x) * (x - 1 + HIDDEN) + (1 - x) ** 3, {"vanishing": Vanishing(x, 1, 1)}),
        (x**2 * (x - HIDDEN), {"vanishing": Vanishing(x, 0, 2)}),
        (x**2 * (x - HIDDEN), {"vanishing": Vanishing(x, 0, 3)}),
        ((1 - x) ** 2 * (1 - x - HIDDEN), {"vanishing": Vanishing(x, 1, 2)}),
        ((x - sp.Rational(1, 3)) ** 2 - HIDDEN**2, {"vanishing": Vanishing(x, F(1, 3), 2)}),
        ((x - sp.Rational(1, 3)) ** 2 - HIDDEN**2, {}),
        (x - HIDDEN * y, {"vanishing": Vanishing(x, 0, 1)}),
        (x - HIDDEN * y * (1 - y), {"vanishing": Vanishing(x, 0, 1)}),
        (x * (x - HIDDEN * y * (1 - y)), {"vanishing": Vanishing(x, 0, 2)}),
    ],
    ids=str,
)
def test_what_fails_between_the_points_of_the_grid_is_not_proved(expression, options):
    box = {s: (F(0), F(1)) for s in (x, y) if s in expression.free_symbols}
    assert not prove_nonnegative(expression, box, max_boxes=4000, **options).passed


@pytest.mark.parametrize(
    "order, sign, closes", [(1, 1, False), (1, -1, True), (2, 1, True), (3, 1, False), (3, -1, True)]
)
def test_the_sign_of_a_coefficient_decides(order, sign, closes):
    """(1 - x)^k (1 + x/8) on [1/2, 1]: its k-th coefficient has the sign (-1)^k."""
    program = compile_expression((1 - x) ** order * (1 + x / 8), (x,))
    leaf = coefficient_leaf(program, 0, order, sign)
    budget = Budget(200, time.perf_counter() + 10)
    found = cover(leaf, [(F(1, 2), F(1))], budget, strict=True, prec=64, terms=order + 2)
    assert found.complete is closes


def test_strict_means_strict_on_a_strip_too():
    """On a flat box at y = 0 the first coefficient of x y is exactly 0; the strip is the whole box."""
    flat, edge = {x: (F(0), F(1)), y: (F(0), F(0))}, Vanishing(x, 0, 1, F(1))
    assert prove_nonnegative(x * y, flat, vanishing=edge).passed
    assert not prove_nonnegative(x * y, flat, vanishing=edge, strict=True).passed


def test_orders_of_edges():
    for at, order, proved in ((1, 2, True), (1, 3, False), (0, 2, False)):
        edge = Vanishing(x, at, order)
        assert prove_nonnegative((1 - x) ** 2 * (4 + x), {x: (F(0), F(1))}, vanishing=edge).passed is proved
    for order in (0, -1):
        with pytest.raises(ValueError, match="order must be an integer >= 1"):
            prove_nonnegative(x, {x: (F(0), F(1))}, vanishing=Vanishing(x, 0, order))


def test_one_undecided_lemma_is_enough(monkeypatch):
    edges = (Vanishing(x, 0, 1), Vanishing(x, 1, 1))
    for answers in ((LemmaStatus.PROVED, LemmaStatus.UNDECIDED), (LemmaStatus.UNDECIDED, LemmaStatus.PROVED)):
        said = iter(answers)
        monkeypatch.setattr("hconsist.rigorous.prove.prove_lemma", lambda *_, said=said: next(said))
        assert prove_nonnegative(x * (1 - x), {x: (F(0), F(1))}, vanishing=edges).verdict is Verdict.SUPPORTED


def test_a_choice_is_refused_together_with_an_edge():
    r = sp.Symbol("r", real=True)
    with pytest.raises(ValueError, match="without vanishing edges"):
        prove_nonnegative(x + r, {x: (F(0), F(1))}, vanishing=Vanishing(x, 0, 1), choose=Choice((r,), lambda _: (0.0,)))


def test_a_lemma_counts_every_order_below():
    """x (x - 1/10^9 (1 - x)) vanishes to order 1; a claim of order 2 or 3 is refuted, not undecided."""
    expression, box = x * (x - HIDDEN * (1 - x)), {x: (F(0), F(1))}
    assert prove_lemma(expression, Vanishing(x, 0, 1), box) is LemmaStatus.PROVED
    for order in (2, 3):
        assert prove_lemma(expression, Vanishing(x, 0, order), box) is LemmaStatus.REFUTED
    for falling in (expression, -expression):
        assert prove_lemma(1 + falling, Vanishing(x, 0, 1), box) is LemmaStatus.REFUTED
    hard = sp.sqrt(sp.sqrt(2) + sp.sqrt(3)) ** 4 - 5 - 2 * sp.sqrt(6)  # is 0
    assert prove_lemma(hard + x, Vanishing(x, 0, 1), box) is not LemmaStatus.REFUTED
    tiny = sp.exp(sp.Rational(1, 2**3000)) - 1  # not 0, and no ball of the lemma sees it
    assert prove_lemma(tiny + x, Vanishing(x, 0, 1), box) is LemmaStatus.UNDECIDED
    pole = prove_lemma(x * sp.log(x) + x, Vanishing(x, 0, 2), box)
    assert pole is LemmaStatus.UNDECIDED


def test_the_values_chosen_satisfy_every_constraint():
    """A multiplier r = 2 would do, but 1 - r >= 0 is asked for; at r = 1 the constraint 1 - r^2 >= 0 is tight."""
    r = sp.Symbol("r", real=True)
    unit = {x: (F(0), F(1))}
    for constraint in (1 - r, (1 - r) * sp.exp(r), sp.log(r) - 1):
        with pytest.raises(ValueError, match="satisfy its constraints"):
            prove_nonnegative(r - x - sp.Rational(1, 2), unit, choose=Choice((r,), lambda *_: (2.0,), (constraint,)))
    with pytest.raises(ValueError, match="satisfy its constraints"):  # log(-2): undefined is not satisfied
        prove_nonnegative(x - r, unit, choose=Choice((r,), lambda *_: (-2.0,), (sp.log(r),)))
    tight = Choice((r,), lambda *_: (1.0,), (1 - r**2,))
    assert prove_nonnegative(r - x / 2, unit, strict=True, choose=tight).passed
