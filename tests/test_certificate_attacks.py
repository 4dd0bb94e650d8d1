"""Attacks on certificates and on the checkers: false, ill-typed or ambiguous records must not be verified."""

import ast
import copy
import json
import random
from fractions import Fraction as F
from functools import partial

import mpmath
import pytest
import sympy as sp
from flint import arb, fmpq

from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Verdict
from hconsist.rigorous import Choice, Vanishing, prove_nonnegative, recheck, second_opinion
from hconsist.rigorous.certificates import FORMAT, load, seal, sealed
from hconsist.rigorous.fields import Balls, Exact, MpmathIntervals, working
from hconsist.rigorous.reader import read
from hconsist.rigorous.taylor import Expansion, Undefined

x, y = sp.symbols("x y", real=True)
r = sp.Symbol("r", nonnegative=True)
UNIT = (F(0), F(1))


def record(expression, domain, *, regions=None, lemma=(), **fields):
    """A record with a seal that fits: one leaf over the whole domain, or ``regions`` as (box, edge, tree)."""
    regions = [(domain, 0 if lemma else None, "D")] if regions is None else regions
    body = {
        "format": FORMAT,
        "id": "",
        "claim": "a forgery",
        "domain": domain,
        "tree": [
            {"region": "", "box": box, "edge": edge, "tree": tree, "choices": fields.get("choices", [])}
            for box, edge, tree in regions
        ],
        "lemma": {"vanishing": [dict(zip(("variable", "at", "order", "status"), (*one, "proved"))) for one in lemma]},
        "precision": 64,
        "versions": {},
        "seconds": 0.0,
        "expression": expression,
        "strict": False,
        "choice": None,
        **{key: value for key, value in fields.items() if key != "choices"},
    }
    return {**body, "seal": seal(body)}


# --- lemmas -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ["sqrt(y**2)", "(y**2)**(1/2)", "(y**4)**(1/4)"])
def test_a_lemma_may_not_use_signs_that_the_domain_does_not_give(root):
    """The coefficient of x vanishes for y > 0 only; at (1, -1) the expression is 1 + 1/8 - 2 < 0."""
    false = record(f"x**2 + x**3/8 - x*({root} - y)", {"x": ["0", "1"], "y": ["-1", "1"]}, lemma=[("x", "0", 2)])
    assert not recheck(false).passed
    true = record(f"x**2 + x**3/8 - x*({root} - y)", {"x": ["0", "1"], "y": ["1/9", "1"]}, lemma=[("x", "0", 2)])
    assert recheck(true).passed
    below = record(f"x**2 + x**3/8 - x*({root} + y)", {"x": ["0", "1"], "y": ["-1", "-1/9"]}, lemma=[("x", "0", 2)])
    assert recheck(below).passed


def test_polynomials_of_the_very_order_of_their_edge_are_verified():
    for expression, order in ((x, 1), (x**2, 2), (x**2 * (1 + y), 2)):
        found = prove_nonnegative(expression, {x: UNIT, y: UNIT}, strict=True, vanishing=Vanishing(x, 0, order))
        checked = recheck(found.certificates[0])
        assert checked.passed and "> 0 off x = 0, where the expression is 0" in checked.notes
    for false, order in (("-x", 1), ("-x**2", 2), ("0*x", 1)):
        assert not recheck(record(false, {"x": ["0", "1"]}, lemma=[("x", "0", order)], strict=True)).passed


@pytest.mark.parametrize(
    "expression, at, order",
    [
        ("x**2*(x - 1/3)**2 - x**2/100 + x**3/50", "0", 2),  # the coefficient is negative inside the strip
        ("(x - 1/2)**3 + (x - 1/2)**4/16", "1/2", 3),  # odd order inside
        ("x**2 - x/4", "0", 1),  # the coefficient is positive at most points, not at the edge
        ("(1 - x)**2 - (1 - x)/4", "1", 1),
        ("x + x**2", "2", 1),  # the edge lies outside
        ("1 + x", "0", 1),  # does not vanish
        ("x - x**2", "0", 2),  # vanishes to order 1 only
        ("1 - x + (1 - x)**2", "1", 2),
        ("x**(3/2) + x**2 - x**2*exp(x)", "0", 2),  # no second derivative at the edge
    ],
)
def test_false_or_unfounded_edges_are_not_verified(expression, at, order):
    assert not recheck(record(expression, {"x": ["0", "1"]}, lemma=[("x", at, order)])).passed


def test_the_sign_of_an_odd_edge_turns_at_the_upper_end():
    box = {"x": ["0", "1"]}
    assert recheck(record("(1 - x)*(2 + x)", box, lemma=[("x", "1", 1)])).passed
    assert not recheck(record("(x - 1)*(2 + x)", box, lemma=[("x", "1", 1)])).passed
    assert recheck(record("(1 - x)**2*(4 + x)", box, lemma=[("x", "1", 2)])).passed


# --- leaves -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tree, evaluator", [*((t, "balls") for t in ("D", "T", "E", "M", "0TE")), ("D", "mpmath")])
@pytest.mark.parametrize(
    "expression, strict",
    [
        ("x - 1/10", False),  # right at every centre, wrong at one end
        ("3/4 - x", False),
        ("x - y + 1/4", False),
        ("4/5 - x*y", False),  # right wherever one variable is at its centre
        ("1/10 + (x - 1)*(y - 1/4)", False),
        ("x", True),
        ("1 - y", True),
        ("x*y", True),
        ("(x + y)**(1/2)", True),
        ("0*x", True),
        ("1 + log(x)", False),
        ("1 + 1/(3*x - 1)**2", False),
        ("2 + (x - 1/3)**(1/3)", False),
    ],
)
def test_false_statements_are_not_verified_whatever_their_tree_says(expression, strict, tree, evaluator):
    unit = {"x": ["0", "1"], "y": ["0", "1"]}
    forged = record(expression, unit, regions=[(unit, None, tree)], strict=strict)
    assert not recheck(forged, evaluator=evaluator, max_seconds=0.1).passed


def test_monotone_leaves_are_verified_at_their_lowest_corner():
    """Touching zero at a corner: enclosures of the whole box reach below 0 there, and only the corner decides."""
    unit = {"x": ["0", "1"], "y": ["1/4", "5/4"]}
    for expression in ("x*(1 + y/3) + y - 1/4", "(1 - x)*(1 + y/3) + 5/4 - y"):
        assert recheck(record(expression, unit, regions=[(unit, None, "E")])).passed
        assert not recheck(record(f"{expression} - 1/10**9", unit, regions=[(unit, None, "E")]), max_seconds=1).passed


# --- tilings ------------------------------------------------------------------------------------------------------


def _parts(*ends):
    return [({"x": [low, high], "y": ["0", "1"]}, None, "D") for low, high in ends]


@pytest.mark.parametrize(
    "ends",
    [
        [("0", "1/2"), ("0", "1/2")],  # the volumes add up to 1
        [("0", "1/2"), ("3/4", "5/4")],
        [("-1/2", "1/2")],
        [("0", "1/2"), ("1/2", "3/4"), ("1/2", "3/4")],
        [("0", "3/4"), ("1/2", "3/4")],
        [("0", "1"), ("0", "1"), ("0", "-1")],
        [("0", "1/2")],
        [("0", "0"), ("1", "1")],
        [],
    ],
)
def test_regions_that_do_not_tile_are_rejected(ends):
    found = recheck(record("1 + x", {"x": ["0", "1"], "y": ["0", "1"]}, regions=_parts(*ends)))
    assert found.verdict is Verdict.REFUTED


def test_a_domain_without_points_is_rejected():
    assert recheck(record("1 + x", {"x": ["1", "0"]})).verdict is Verdict.REFUTED
    assert recheck(record("1 + x", {})).verdict is Verdict.REFUTED


def test_a_region_without_volume_takes_nothing_away():
    ends = [("0", "1/3"), ("1/3", "1/3"), ("1/3", "1")]
    assert recheck(record("1 + x", {"x": ["0", "1"], "y": ["0", "1"]}, regions=_parts(*ends))).passed
    flat = {"x": ["1/2", "1/2"], "y": ["0", "1"]}
    halves = [({"x": ["1/2", "1/2"], "y": part}, None, "D") for part in (["0", "1/2"], ["1/2", "1"])]
    assert recheck(record("1 + x*y", flat, regions=halves)).passed
    assert not recheck(record("1 + x*y", flat, regions=halves[:1])).passed
    shifted = [({"x": ["0", "0"], "y": ["0", "1"]}, None, "D")]
    assert not recheck(record("1 + x*y", flat, regions=shifted)).passed


def test_a_strip_may_not_stand_away_from_its_edge():
    """x^2 - x/2 < 0 on (0, 1/2): its first coefficient 2x - 1/2 is positive beyond 1/4, away from the edge only."""
    regions = [({"x": ["1/3", "1"]}, 0, "C")]
    found = recheck(record("x**2 - x/2", {"x": ["1/3", "1"]}, regions=regions, lemma=[("x", "0", 1)]))
    assert found.verdict is Verdict.REFUTED and "reach its edge" in found.reason


# --- names and numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "expression, domain",
    [
        ("E - E", {"E": ["0", "1"]}),  # the variable or the number?
        ("pi - 3", {"pi": ["4", "5"]}),
        ("log - 1", {"log": ["2", "3"]}),
        ("\u00b5 - \u03bc", {"\u00b5": ["0", "1"], "\u03bc": ["0", "1"]}),  # two letters that Python reads as one
        ("x + 1 # - 3", {"x": ["0", "1"]}),
        ("x + 1 \u2066- 3", {"x": ["0", "1"]}),
        ("lambda + 1", {"lambda": ["0", "1"]}),
    ],
)
def test_what_can_be_read_in_two_ways_is_rejected(expression, domain):
    assert recheck(record(expression, domain)).verdict is Verdict.REFUTED


def test_z3_is_not_asked_about_symbols_that_their_text_confuses():
    other, number = sp.Symbol("x", positive=True), sp.Symbol("2")
    e = sp.Symbol("E", real=True)
    for expression, box in (
        (x - other, {x: UNIT, other: UNIT}),  # -1 at (0, 1), but "x - x" in text
        (x - other, {x: UNIT}),
        (e - sp.E + 1, {e: UNIT}),
        (number - 1, {number: UNIT}),
        (-1 - x**2, {x: (F(1), F(0))}),  # nothing lies between 1 and 0
        (other - 1, {other: (F(-1), F(1))}),
    ):
        with pytest.raises((InputError, UnsupportedError)):
            second_opinion(expression, box)


def test_z3_keeps_to_the_relation_and_to_its_time():
    pytest.importorskip("z3", reason="z3 is an extra: pip install hconsist[smt]")
    for strict, verdict in ((False, Verdict.PROVED), (True, Verdict.REFUTED)):
        assert recheck(record("x", {"x": ["0", "1"]}, strict=strict), evaluator="z3").verdict is verdict
    off = record("x", {"x": ["0", "1"]}, strict=True, lemma=[("x", "0", 1)])
    assert recheck(off, evaluator="z3").passed
    hard = x**7 * y**5 - x**5 * y**7 + x * y - sp.sqrt(x * y + y**3) * x**3 / 3 + sp.Rational(1, 10)
    found = second_opinion(hard, {x: UNIT, y: UNIT}, max_seconds=0.002)
    assert found.verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "field, value",
    [
        ("precision", "64"),
        ("precision", 64.9),
        ("precision", True),
        ("precision", 8),
        ("strict", 0),
        ("strict", "no"),
        ("domain", {"x": [0, 1]}),
        ("domain", {"x": [0.1, "1"]}),
        ("domain", {"x": ["0", "1e9"]}),
        ("domain", {"x": ["0", "1.0"]}),
        ("domain", {"x": ["0", "\u0661"]}),
        ("domain", {"x": ["0", "1/0"]}),
        ("domain", {"x": ["0", "1", "2"]}),
        ("domain", {"x": "01"}),
        ("domain", {"x": ["1", "0"]}),
        ("domain", [["x", "0", "1"]]),
        ("domain", {"x": ["0", "1" * 2000]}),
        ("lemma", {"vanishing": [{"variable": "x", "at": "0", "order": 1.5, "status": "proved"}]}),
        ("lemma", {"vanishing": [{"variable": "x", "at": "0", "order": True, "status": "proved"}]}),
        ("lemma", {"vanishing": [{"variable": "x", "at": "0", "order": 10**9, "status": "proved"}]}),
        ("lemma", {"vanishing": [{"variable": "z", "at": "0", "order": 1, "status": "proved"}]}),
        ("tree", {"0": {}}),
        ("tree", [{"region": "", "box": {"x": ["0", "1"]}, "edge": None, "tree": ["D"], "choices": []}]),
        ("tree", [{"region": "", "box": {"x": ["0", "1"]}, "edge": False, "tree": "D", "choices": []}]),
        ("tree", [{"region": "", "box": {"x": ["0", "1"]}, "edge": -1, "tree": "D", "choices": []}]),
        ("choice", {"symbols": ["x"], "constraints": []}),
    ],
)
def test_fields_of_the_wrong_kind_are_rejected(field, value):
    good = record("1 + x", {"x": ["0", "1"]})
    assert recheck(good).passed
    body = {**good, field: value}
    assert recheck({**body, "seal": seal(body)}).verdict is Verdict.REFUTED


def test_the_seal_covers_every_field():
    good = record("1 + x", {"x": ["0", "1"]})
    for field in set(good) - {"seal"}:
        assert seal({**good, field: "another"}) != good["seal"]
        assert recheck({**good, field: "another"}).reason.startswith("the seal does not fit")


def test_a_key_may_be_given_once_only(tmp_path):
    text = json.dumps(record("1 + x", {"x": ["0", "1"]}))
    file = tmp_path / "twice.json"
    file.write_text(text.replace('"strict": false', '"strict": true, "strict": false'))
    with pytest.raises(InputError, match="a JSON file"):
        load(file)


@pytest.mark.parametrize(
    "text",
    [
        "log(0 - 1) + x",
        "x + 1/(2 - 1 - 1)",
        "x + (0 - 2)**(1/3)",
        "x + 0**(0 - 1)",
        "-" * 5000 + "x",
        "1/(" * 190 + "x" + ")" * 190,
        "x" + "+x" * 5000,
        "2**" * 300 + "x",
    ],
    ids=lambda text: text[:16],
)
@pytest.mark.parametrize("evaluator", ["balls", "mpmath"])
def test_hostile_formulas_end_in_a_verdict(text, evaluator):
    assert not recheck(record(text, {"x": ["0", "1"]}), evaluator=evaluator, max_seconds=1).passed


def test_a_choice_and_an_edge_do_not_mix():
    choice = {"symbols": ["r"], "constraints": []}
    mixed = record("x + r", {"x": ["0", "1"]}, lemma=[("x", "0", 1)], choice=choice, choices=[["1"]])
    assert recheck(mixed).verdict is Verdict.REFUTED
    for values, right in (["1"], True), (["1", "2"], False), ([], False):
        given = record("x + r", {"x": ["0", "1"]}, choice=choice, choices=[values])
        assert recheck(given).passed is right


def test_precision_of_both_libraries_is_restored():
    before = mpmath.iv.prec
    certificate = prove_nonnegative(1 + x**2, {x: UNIT}, prec=200).certificates[0]
    assert recheck(certificate, evaluator="mpmath").passed and mpmath.iv.prec == before
    recheck(record("1/x", {"x": ["0", "1"]}, precision=500), evaluator="mpmath", max_seconds=1)
    assert mpmath.iv.prec == before


def test_what_an_evaluator_lacks_is_said():
    certificate = prove_nonnegative(1 + sp.atan(x), {x: UNIT}).certificates[0]
    assert recheck(certificate).passed
    with pytest.raises(UnsupportedError, match="intervals of mpmath"):
        recheck(certificate, evaluator="mpmath")


# --- choices ------------------------------------------------------------------------------------------------------


def test_a_choice_must_have_the_sign_of_its_symbol():
    """-r - x >= 0 for no r >= 0 and x > 0; r = -2 is no choice, whatever the constraints say."""
    with pytest.raises(InputError, match="choice must be values that satisfy"):
        prove_nonnegative(-r - x, {x: UNIT}, choose=Choice((r,), lambda *_: (-2.0,)))
    for kind in ("positive", "nonzero"):
        symbol = sp.Symbol("s", real=True, **{kind: True})
        with pytest.raises(InputError, match="choice must be values that satisfy"):
            prove_nonnegative(x - symbol, {x: UNIT}, choose=Choice((symbol,), lambda *_: (0.0,)))
    with pytest.raises(InputError, match="no more than a sign"):
        prove_nonnegative(x, {x: UNIT}, choose=Choice((sp.Symbol("k", integer=True),), lambda *_: (0.5,)))
    assert prove_nonnegative(1 + x - r, {x: UNIT}, choose=Choice((r,), lambda *_: (0.0,))).passed


def test_constraints_cannot_be_dropped_where_they_decide():
    """Without r <= 1 the statement 'some r has r >= 2 x' is another one; the record must carry the constraint."""
    choose = Choice((r,), lambda at: (at,), (r, 1 - r))
    found = prove_nonnegative(r - x**2 + sp.Rational(1, 100), {x: UNIT}, choose=choose)
    honest = json.loads(json.dumps(sealed(found.certificates[0])))
    assert honest["choice"] == {"symbols": ["r"], "constraints": ["r", "1 - r"]} and recheck(honest).passed
    changed = copy.deepcopy(honest)
    changed["choice"]["constraints"].append("r - 2")
    assert recheck({**changed, "seal": seal(changed)}).verdict is Verdict.REFUTED


# --- bases and exponents at the edge of what is defined ----------------------------------------------------------


def test_signs_of_products_look_at_every_corner():
    unit = ((fmpq(0), fmpq(1)),) * 2
    for text, known in (("(3*x - 1)*(3*y - 1)", False), ("(x - 2)*(y - 1)", True), ("(x - 2)*(1 - y)", False),
                        ("(2 - x)*(1 - y)", True), ("-(x - 1)*y", True), ("x*y - 1/2", False)):  # fmt: skip
        formula = read(text, ("x", "y"))
        assert formula.nonnegative(len(formula.nodes) - 1, unit) is known
    false = record("1/10 - ((3*x - 1)*(3*y - 1))**(1/3)/100", {"x": ["0", "1"], "y": ["0", "1"]})
    assert not recheck(false).passed  # undefined where one factor is negative


def test_powers_do_not_move_away_from_zero():
    """The square root of x has no derivative at 0, exactly or in balls."""
    for text, order in (("x**(1/2)", 1), ("x**(3/2)", 2), ("x**(3/2)*log(x)", 1)):
        formula = read(text, ("x",))
        for field, zero in ((Exact(), sp.S.Zero), (Balls(), arb(0)), (MpmathIntervals(), mpmath.iv.mpf(0))):
            with pytest.raises(Undefined):
                Expansion(field, formula)([zero], order, 0, lambda node: True)
            assert field.is_zero(Expansion(field, formula)([zero], order, None, lambda node: True)[0])


def test_the_extreme_value_of_a_power_times_a_logarithm_is_held():
    """x^q log(x) over 0 <= x <= 1/2, 1/2 <= q <= 3/2, is -2/e at q = 1/2, x = e^-2; at q = 3/2 it falls."""
    formula, ends = read("x**q*log(x)", ("x", "q")), ((fmpq(0), fmpq(1, 2)), (fmpq(1, 2), fmpq(3, 2)))
    with working(64):
        for field in (Balls(), MpmathIntervals()):
            values = [field.interval(*end) for end in ends]
            (found,) = Expansion(field, formula)(values, 0, None, partial(formula.nonnegative, box=ends))
            low, high = _ends(found)
            assert low <= -2 / mpmath.e and 0 <= high < 0.01


# --- the formulas themselves --------------------------------------------------------------------------------------

ATOMS = ("x", "x", "y", "1", "2", "3", "1/2", "2/3", "E", "pi", "0", "-1", "5/4")
POWERS = ("y", "x", "(1/2)", "(-1/2)", "2", "3", "(-1)", "0", "(3/2)", "(y+1/3)", "(x-1)", "(4/2)", "(-2)", "(2/3)")
BASES = ("x", "y", "(1-x)", "(x+y)")


def _formula(depth, draw):
    """A random formula, rich in powers and logarithms of the same base."""
    if depth == 0 or draw.random() < 0.12:
        return draw.choice(ATOMS)

    def part():
        return _formula(depth - 1, draw)

    kind = draw.randrange(9)
    if kind == 0:
        return f"{draw.choice(BASES)}**{draw.choice(POWERS)}*log({draw.choice(BASES)}){draw.choice(('', '**2', '**3'))}"
    if kind == 1:
        return f"({part()})**{draw.choice(POWERS)}"
    if kind == 2:
        return f"{draw.choice(('log', 'exp', 'sqrt', 'sinh', 'cosh', 'tanh', 'atan'))}({part()})"
    if kind == 3:
        return f"{part()}/{draw.choice(('2', '3', 'x', '(1+x)'))}/{draw.choice(('2', 'y', '7'))}"
    if kind == 4:
        return f"({part()})**({part()})"
    return (f"({part()} + {part()})", f"{part()}*{part()}", f"-{part()}", f"{part()} - ({part()})")[kind - 5]


class _Undefined(Exception):
    pass


def _value(tree, at):
    """The formula at a point, by mpmath's plain floats: no code of the package."""
    match tree:
        case ast.Constant(value=value):
            return mpmath.mpf(value)
        case ast.Name(id=name):
            return at[name]
        case ast.UnaryOp(operand=operand):
            return -_value(operand, at)
        case ast.Call(func=ast.Name(id=name), args=[argument]):
            inner = _value(argument, at)
            if (name == "log" and inner <= 0) or (name == "sqrt" and inner < 0):
                raise _Undefined
            return getattr(mpmath, name)(inner)
        case ast.BinOp(left=left, op=op, right=right):
            a, b = _value(left, at), _value(right, at)
            if isinstance(op, ast.Pow):
                if (a == 0 and b < 0) or (a < 0 and b != int(b)):
                    raise _Undefined
                return a ** int(b) if b == int(b) else a**b
            if isinstance(op, ast.Div):
                if b == 0:
                    raise _Undefined
                return a / b
            return {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}[type(op)]
    raise AssertionError(tree)


def _ends(number):
    if isinstance(number, arb):
        exact = (part.man_exp() for part in (number.mid(), number.rad()))
        middle, radius = (mpmath.ldexp(mpmath.mpf(int(m)), int(e)) for m, e in exact)
        return middle - radius, middle + radius
    return mpmath.mpf(number.a), mpmath.mpf(number.b)


@pytest.mark.parametrize("field, seed", [(Balls, 1), (Balls, 2), (MpmathIntervals, 3)])
def test_random_formulas_are_enclosed(field, seed):
    """Values and first coefficients on random boxes, many of which reach 0, at 16 to 64 bits."""
    draw, compared = random.Random(seed), 0
    numbers = field()
    with mpmath.workdps(60):
        constants = {"E": +mpmath.e, "pi": +mpmath.pi}
        for _ in range(2000 if field is Balls else 700):
            text = _formula(draw.randrange(1, 4), draw)
            formula, tree = read(text, ("x", "y")), ast.parse(text, mode="eval").body
            ends = tuple(
                (low := draw.choice((fmpq(0), fmpq(1, 3), fmpq(draw.randrange(-20, 40), 17))),
                 low + draw.choice((fmpq(0), fmpq(1, 1000), fmpq(1, 5), fmpq(1))))
                for _ in range(2)
            )  # fmt: skip
            along = draw.choice((0, 1))
            with working(draw.choice((16, 30, 64))):
                try:
                    values = [numbers.interval(*end) for end in ends]
                    found = Expansion(numbers, formula)(values, 1, along, partial(formula.nonnegative, box=ends))
                except (Undefined, UnsupportedError):
                    continue
            if not all(numbers.finite(number) for number in found):
                continue
            for _ in range(3):
                point = [low + (high - low) * fmpq(draw.choice((0, 1, 16, 64)), 64) for low, high in ends]
                at = constants | {n: mpmath.mpf(int(v.p)) / int(v.q) for n, v in zip("xy", point)}
                if 0 in (at["x"], at["y"], 1 - at["x"], at["x"] + at["y"]):
                    continue  # x**q*log(x) counts as 0 at 0
                compared += 1
                value = _value(tree, at)  # defined wherever the enclosure is finite
                low, high = _ends(found[0])
                room = mpmath.mpf(10) ** -50 * (1 + abs(value))
                assert low - room <= value <= high + room, text
                step = mpmath.mpf(10) ** -20
                moved = at | {"xy"[along]: at["xy"[along]] + step}
                try:
                    slope = (_value(tree, moved) - value) / step
                except _Undefined:
                    continue
                low, high = _ends(found[1]) if len(found) > 1 else (mpmath.mpf(0),) * 2
                room = mpmath.mpf(10) ** -12 * (1 + abs(slope)) ** 2
                assert low - room <= slope <= high + room, text
    assert compared > 500
