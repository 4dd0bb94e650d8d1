"""The prover: it proves what is true and refutes what is false.  Every test has a false neighbour."""

import random
import time
from fractions import Fraction

import pytest
import sympy as sp
from flint import arb_series, ctx

from hconsist.definitions import compile_expression, precision, to_ball
from hconsist.domains import InputError
from hconsist.evidence import Level, Verdict
from hconsist.rigorous import Vanishing, check_points, count_zeros, isolate_roots, monotone, prove_nonnegative
from hconsist.rigorous.lemmas import LemmaStatus, prove_lemma

x, y = sp.symbols("x y", real=True)
u = sp.Symbol("u", nonnegative=True)
F = Fraction
UNIT = {x: (F(0), F(1))}
SQUARE = {x: (F(0), F(1)), y: (F(0), F(1))}
LOGISTIC = ((1 + u) * sp.log(1 + u) + (1 - u) * sp.log(1 - u)) / 2
UNIT_U = {u: (F(0), F(1))}


def test_proves_and_refutes_a_plain_inequality():
    slack = sp.exp(x) - 1 - x - x**2 / 3 + sp.Rational(1, 100)
    found = prove_nonnegative(slack, UNIT)
    assert (found.verdict, found.level) == (Verdict.PROVED, Level.ENCLOSED)
    assert found.boxes > 0 and 0 < found.slack <= 0.01
    assert found.certificates[0].domain == {"x": ("0", "1")} and found.certificates[0].precision == 64
    twin = prove_nonnegative(slack - sp.Rational(2, 100), UNIT)
    assert twin.verdict is Verdict.REFUTED and twin.slack < 0
    at = sp.Rational(twin.witness["x"])
    assert sp.N((slack - sp.Rational(2, 100)).subs(x, at), 30) < 0


def test_the_recorded_tree_tiles_the_domain():
    found = prove_nonnegative(2 + sp.sinh(x) * sp.exp(-3 * y) - x * y, SQUARE)
    assert found.verdict is Verdict.PROVED
    (region,) = found.certificates[0].tree
    assert _tiled_area(region["tree"], 2) == 1
    assert len(region["tree"]) == found.boxes
    wide = prove_nonnegative(LOGISTIC - u**2 / 2, UNIT_U, vanishing=Vanishing(u, 0, 4))
    parts = [F(r["box"]["u"][1]) - F(r["box"]["u"][0]) for r in wide.certificates[0].tree]
    assert sum(parts) == 1 and all(_tiled_area(r["tree"], 1) == 1 for r in wide.certificates[0].tree)


def _tiled_area(tree, variables):
    """Total measure of the leaves of a depth-first record: an independent reading of its format."""
    total, stack = F(0), [F(1)]
    for letter in tree:
        share = stack.pop()
        if letter.isdigit():
            assert int(letter) < variables
            stack += [share / 2, share / 2]
        else:
            assert letter in "DETCM"
            total += share
    assert not stack
    return total


def test_leaves_are_true_lower_bounds():
    """The slack recorded is below the minimum over many points computed at high precision."""
    slack = 1 + x * y - (x + y) ** 2 / 3 + sp.atan(x) / 7
    found = prove_nonnegative(slack, SQUARE)
    program = compile_expression(slack, (x, y))
    draw = random.Random(5)
    with precision(200):
        least = min(float(program.arb(to_ball(F(draw.random())), to_ball(F(draw.random()))).mid()) for _ in range(300))
    assert found.verdict is Verdict.PROVED and found.slack <= least


def test_touching_inside_is_inconclusive_without_a_lemma():
    slack = (x - sp.Rational(1, 3)) ** 2
    found = prove_nonnegative(slack, UNIT, max_seconds=5)
    assert found.verdict is Verdict.INCONCLUSIVE and found.reason
    assert not found.passed
    inside = prove_nonnegative(slack, UNIT, vanishing=Vanishing(x, F(1, 3), 2))
    assert inside.verdict is Verdict.PROVED
    assert prove_nonnegative(slack - sp.Rational(1, 10**6), UNIT).verdict is Verdict.REFUTED


def test_strict_and_not_strict():
    assert prove_nonnegative(x, UNIT).verdict is Verdict.PROVED
    strict = prove_nonnegative(x, UNIT, strict=True)
    assert strict.verdict is Verdict.REFUTED and strict.witness == {"x": "0"}
    assert prove_nonnegative(x, UNIT, strict=True, vanishing=Vanishing(x, 0, 1)).verdict is Verdict.PROVED
    assert prove_nonnegative(x + 1, UNIT, strict=True).verdict is Verdict.PROVED
    assert prove_nonnegative(0 * x, UNIT).verdict is Verdict.PROVED
    assert prove_nonnegative(sp.S.Zero, UNIT, strict=True).verdict is Verdict.REFUTED


def test_touching_edges_at_either_end():
    low = Vanishing(u, 0, 4)
    assert prove_nonnegative(LOGISTIC - u**2 / 2, UNIT_U, vanishing=low).verdict is Verdict.PROVED
    assert prove_nonnegative(1 - x + (1 - x) * x, UNIT, vanishing=Vanishing(x, 1, 1)).verdict is Verdict.PROVED
    both = (Vanishing(x, 0, 1, F(1, 16)), Vanishing(x, 1, 3, F(1, 16)))
    assert prove_nonnegative(x * (1 - x) ** 3 * sp.exp(x), UNIT, vanishing=both).verdict is Verdict.PROVED
    assert prove_nonnegative(-x * (1 - x) ** 3 * sp.exp(x), UNIT, vanishing=both).verdict is Verdict.REFUTED


def test_false_lemma_never_proves():
    """A prover handed a false vanishing lemma once proved T >= 1.001 b^2/2."""
    slack = LOGISTIC - sp.Rational(1001, 1000) * u**2 / 2
    wrong = Vanishing(u, 0, 4)
    assert prove_lemma(slack, wrong, UNIT_U) is LemmaStatus.REFUTED
    assert prove_nonnegative(slack, UNIT_U, vanishing=wrong).verdict is Verdict.REFUTED
    # So small a violation that no grid point shows it: the refuted lemma alone must stop the proof.
    hidden = LOGISTIC - (1 + sp.Rational(1, 10**9)) * u**2 / 2
    found = prove_nonnegative(hidden, UNIT_U, vanishing=wrong)
    assert found.verdict in (Verdict.INCONCLUSIVE, Verdict.REFUTED)
    true_but_wrong_order = prove_nonnegative(LOGISTIC, UNIT_U, vanishing=wrong)
    assert true_but_wrong_order.verdict is Verdict.INCONCLUSIVE
    assert "lemma refuted" in true_but_wrong_order.reason


def test_undecided_lemma_is_not_a_proof(monkeypatch):
    monkeypatch.setattr("hconsist.rigorous.prove.prove_lemma", lambda *_: LemmaStatus.UNDECIDED)
    found = prove_nonnegative(LOGISTIC - u**2 / 2, UNIT_U, vanishing=Vanishing(u, 0, 4))
    assert (found.verdict, found.level) == (Verdict.SUPPORTED, Level.HIGH_PRECISION)
    assert "could not decide" in found.reason


def test_lemma_with_symbolic_parameter():
    a = sp.Symbol("a", positive=True)
    box = {u: (F(0), F(1, 2)), a: (F(1), F(2))}
    slack = (1 + u) ** a - 1 - a * u
    assert prove_lemma(slack, Vanishing(u, 0, 2), box) is LemmaStatus.PROVED
    assert prove_lemma(slack, Vanishing(u, 0, 3), box) is LemmaStatus.REFUTED
    positive = {u: (F(0), F(1, 2)), a: (F(3, 2), F(2))}
    assert prove_nonnegative(slack, positive, vanishing=Vanishing(u, 0, 2)).verdict is Verdict.PROVED


def test_nan_and_infinity_are_never_accepted():
    assert prove_nonnegative(1 / x, UNIT, max_boxes=3000).verdict is Verdict.INCONCLUSIVE
    assert prove_nonnegative(sp.log(x) ** 2, UNIT, max_boxes=3000).verdict is Verdict.INCONCLUSIVE
    assert prove_nonnegative(sp.sqrt(x - 1), UNIT, max_boxes=3000).verdict is Verdict.INCONCLUSIVE


def test_refutation_at_the_corner_where_zero_power_meets_log():
    q = sp.Symbol("q", positive=True)
    slack = (1 - u) ** q * sp.log(1 - u) + 2 * (1 - u) - sp.Rational(1, 100) + u * 0
    found = prove_nonnegative(slack, {u: (F(1), F(1)), q: (F(1, 2), F(1))})
    assert found.verdict is Verdict.REFUTED


def test_violation_between_grid_points_is_found():
    """A dip of width 1e-6 off every grid point: branch and bound must find it."""
    dip = sp.Rational(1, 10**12)
    slack = (x - sp.Rational(271, 1000)) ** 2 - dip
    found = prove_nonnegative(slack, UNIT)
    assert found.verdict is Verdict.REFUTED
    at = F(found.witness["x"])
    assert (at - F(271, 1000)) ** 2 < F(1, 10**12)


def test_limits_are_kept_and_precision_restored():
    before = ctx.prec, ctx.cap
    start = time.perf_counter()
    found = prove_nonnegative((x - y) ** 2, SQUARE, max_boxes=500)
    assert found.verdict is Verdict.INCONCLUSIVE and found.boxes <= 500
    assert time.perf_counter() - start < 5
    assert (ctx.prec, ctx.cap) == before


@pytest.mark.parametrize(
    "call",
    [
        lambda: prove_nonnegative(x, {x: (0.0, 1)}),
        lambda: prove_nonnegative(x, {x: (1, 0)}),
        lambda: prove_nonnegative(x + y, UNIT),
        lambda: prove_nonnegative(u, {u: (-1, 1)}),
        lambda: prove_nonnegative(0.5 * x, UNIT),
        lambda: prove_nonnegative(x, UNIT, vanishing=Vanishing(y, 0, 1)),
        lambda: prove_nonnegative(x**3, {x: (-1, 1)}, vanishing=Vanishing(x, 0, 3)),
        lambda: prove_nonnegative(x, UNIT, vanishing=Vanishing(x, 2, 1)),
        lambda: prove_nonnegative(
            x * (x - F(1, 2)) ** 2, UNIT, vanishing=(Vanishing(x, 0, 1, F(3, 5)), Vanishing(x, F(1, 2), 2))
        ),
        lambda: check_points(x, [{x: 0.5}]),
        lambda: check_points(x + y, [{x: F(1)}]),
        lambda: isolate_roots(x, x, (1, 0)),
    ],
)
def test_bad_input(call):
    with pytest.raises(InputError):
        call()


def test_check_points():
    good = check_points(sp.exp(x) - 1 - x, [{x: F(k, 7)} for k in range(1, 8)])
    assert (good.verdict, good.level, good.points) == (Verdict.SUPPORTED, Level.HIGH_PRECISION, 7)
    assert 0 < good.slack < 0.011
    bad = check_points(sp.exp(x) - 1 - x - x**2 / 2, [{x: F(1)}, {x: F(-1)}])
    assert bad.verdict is Verdict.REFUTED and bad.witness == {"x": "-1"}
    assert check_points(x, [{x: F(0)}]).verdict is Verdict.SUPPORTED
    assert check_points(x, [{x: F(0)}], strict=True).verdict is Verdict.REFUTED
    assert check_points(x, []).verdict is Verdict.VACUOUS
    assert check_points(1 / x, [{x: F(0)}]).verdict is Verdict.INCONCLUSIVE
    tiny = check_points(sp.exp(sp.Rational(1, 10**30) * x) - 1, [{x: F(1)}])
    assert tiny.verdict is Verdict.SUPPORTED  # 64 bits would see zero


def test_roots():
    """Chebyshev's T_5 has its roots at cos((2k+1) pi/10)."""
    chebyshev = 16 * x**5 - 20 * x**3 + 5 * x
    roots = isolate_roots(chebyshev, x, (-1, 1))
    expected = sorted(sp.N(sp.cos((2 * k + 1) * sp.pi / 10), 30) for k in range(5))
    assert not roots.unresolved and len(roots.intervals) == 5
    for (low, high), root in zip(roots.intervals, expected):
        assert low - F(1, 10**12) <= F(str(root)) <= high + F(1, 10**12) and high - low <= F(1, 10**12)
    assert count_zeros(sp.exp(x) - 3 * x, x, (0, 2)) == 2
    assert count_zeros(sp.exp(x) - 2 * x, x, (0, 2)) == 0
    assert count_zeros(x * (x - 1), x, (0, 1)) == 2  # at the ends
    assert count_zeros((x - sp.Rational(1, 3)) ** 2, x, (0, 1)) is None  # a double root cannot be told apart


def test_monotone():
    assert monotone(sp.exp(x) - x, x, UNIT).verdict is Verdict.PROVED
    assert monotone(sp.exp(x) - 2 * x, x, UNIT).verdict is Verdict.REFUTED
    assert monotone(sp.exp(-x), x, UNIT, increasing=False).verdict is Verdict.PROVED


def test_an_edge_needs_a_range_to_leave_it():
    x = sp.Symbol("x", real=True)
    with pytest.raises(InputError, match="lower < upper"):
        prove_nonnegative(x**2, {x: (0, 0)}, vanishing=Vanishing(x, Fraction(0), 2))


def test_a_lemma_on_what_is_not_real_is_undecided():
    x, y = sp.symbols("x y", real=True)
    domain = {x: (Fraction(0), Fraction(1, 2)), y: (Fraction(1), Fraction(2))}
    assert prove_lemma(sp.sqrt(x - 1) * sp.log(y), Vanishing(x, Fraction(0), 1), domain) is LemmaStatus.UNDECIDED


def test_what_is_undefined_stays_undefined():
    """Arb gives 1 for the power 0 of a NaN ball, and a zero series forgets the NaN it is multiplied with."""
    x, r = sp.symbols("x r", real=True)
    nowhere = {x: (Fraction(0), Fraction(1, 4)), r: (Fraction(0), Fraction(0))}
    assert prove_nonnegative(sp.log(x - sp.Rational(1, 3)) ** r, nowhere, max_boxes=100).verdict is Verdict.INCONCLUSIVE
    program = compile_expression(x * sp.log(r), (x, r))
    with precision(64, 3):
        assert not program.series(arb_series([]), arb_series([-1]))[0].is_finite()


@pytest.mark.parametrize(
    "symbols, ranges",
    [
        ([sp.Symbol("x", nonpositive=True)], [(-1, 1)]),
        ([sp.Symbol("x", integer=True)], [(0, 1)]),
        ([sp.Symbol("x", real=True), sp.Symbol("x", nonnegative=True)], [(0, 1), (0, 1)]),
    ],
    ids=["sign", "integer", "two of one name"],
)
def test_symbols_whose_assumptions_a_certificate_would_lose(symbols, ranges):
    with pytest.raises(InputError):
        prove_nonnegative(sum(s**2 for s in symbols), dict(zip(symbols, ranges)))
