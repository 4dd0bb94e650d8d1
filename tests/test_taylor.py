"""The re-checker's reader and Taylor arithmetic against SymPy and mpmath, over each of its number fields."""

import math
import random
from fractions import Fraction as F

import mpmath
import pytest
import sympy as sp
from flint import arb, fmpq

from hconsist.domains import InputError
from hconsist.rigorous.fields import Balls, Exact, MpmathIntervals, working
from hconsist.rigorous.reader import read
from hconsist.rigorous.taylor import Expansion, Undefined

x, q = sp.symbols("x q", positive=True)
EXPRESSIONS = [
    x**3 - 2 * x + sp.Rational(1, 7),
    (1 + x) ** q + (2 - x) ** (-q),
    sp.log(1 + x) ** 2 / (3 + q),
    sp.exp(-x * q) * sp.sqrt(2 + x),
    sp.tanh(x * q) + sp.atan(x) / 3,
    sp.sinh(x) * sp.cosh(q * x) - sp.E + sp.pi,
    (((1 + x) ** q + (1 - x / 2) ** q) / 2) ** (1 / q),
    x**q * sp.log(x) ** 2 + x * sp.log(x) - x**2 * sp.log(x),
    -((1 - x) ** (q + sp.Rational(1, 3))) * (q - 1) / x**2,
    1 / (1 + x + x**2) ** 3,
    sp.Integer(2) ** (-q) + sp.Rational(3, 2) ** x,
]
POINT = {x: F(1, 3), q: F(5, 4)}


def taylor(expression, order):
    """The coefficients in x at the point, to 60 digits, from SymPy's derivatives."""
    found = []
    for k in range(order + 1):
        derivative = sp.diff(expression, x, k) / sp.factorial(k)
        found.append(derivative.subs({s: sp.Rational(v.numerator, v.denominator) for s, v in POINT.items()}).evalf(60))
    return found


def fraction(value):
    return fmpq(value.numerator, value.denominator)


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
@pytest.mark.parametrize("field", [Balls, MpmathIntervals])
def test_coefficients_enclose_those_of_sympy(expression, field):
    formula = read(str(expression), ("x", "q"))
    with working(120):
        numbers = field()
        if field is MpmathIntervals and expression.has(sp.atan):
            return  # mpmath has no interval version
        values = [numbers.interval(fraction(POINT[s]), fraction(POINT[s])) for s in (x, q)]
        found = Expansion(numbers, formula)(values, 5, 0, lambda node: True)
        for mine, exact in zip(found, taylor(expression, 5)):
            if field is Balls:
                assert mine.overlaps(arb(str(exact), "1e-55")) and float(mine.rad()) < 1e-25
            else:
                with mpmath.workdps(60):
                    low, high, wanted = mpmath.mpf(mine.a), mpmath.mpf(mine.b), mpmath.mpf(str(exact))
                    assert low - mpmath.mpf("1e-55") <= wanted <= high + mpmath.mpf("1e-55") and high - low < 1e-25


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
@pytest.mark.parametrize("field", [Balls, MpmathIntervals])
def test_values_over_a_box_enclose_those_at_its_points(expression, field):
    if field is MpmathIntervals and expression.has(sp.atan):
        return  # mpmath has no interval version
    draw = random.Random(str(expression))
    formula = read(str(expression), ("x", "q"))
    ends = ((fmpq(1, 4), fmpq(3, 8)), (fmpq(1), fmpq(3, 2)))
    with working(80):
        numbers = field()
        expansion = Expansion(numbers, formula)
        values = [numbers.interval(*end) for end in ends]
        (box,) = expansion(values, 0, None, lambda i: formula.nonnegative(i, ends))
        for _ in range(20):
            point = {s: low + (high - low) * fmpq(draw.randrange(0, 65), 64) for s, (low, high) in zip((x, q), ends)}
            exact = expression.subs({s: sp.Rational(int(v.p), int(v.q)) for s, v in point.items()}).evalf(30)
            if field is Balls:
                assert box.overlaps(arb(str(exact), "1e-25"))
            else:
                assert float(box.a) - 1e-12 <= float(exact) <= float(box.b) + 1e-12


def test_exact_coefficients_are_those_of_sympy():
    expression = ((1 + x) ** q + (1 - x) ** q) / 2
    series = Expansion(Exact(), read(str(expression), ("x", "q")))([sp.S.Zero, q], 4, 0, lambda node: True)
    assert [sp.simplify(c - d) for c, d in zip(series, [1, 0, q * (q - 1) / 2, 0, sp.ff(q, 4) / 24])] == [0] * 5


def test_powers_at_zero():
    """x^(1/2) (log(x)^2 + 1) over [0, 1/2]: 0 at 0, largest at an inner point; the enclosure holds every value."""
    formula = read("x**q*log(x)**2 + x**q", ("x", "q"))
    ends = ((fmpq(0), fmpq(1, 2)), (fmpq(1, 2), fmpq(1, 2)))
    heights = [math.sqrt(k / 1000) * (math.log(k / 1000) ** 2 + 1) for k in range(1, 501)]
    for field in (Balls, MpmathIntervals):
        with working(64):
            numbers = field()
            values = [numbers.interval(*end) for end in ends]
            (box,) = Expansion(numbers, formula)(values, 0, None, lambda i: formula.nonnegative(i, ends))
            low, high = (
                (float(box.a), float(box.b)) if field is MpmathIntervals else map(float, (box.lower(), box.upper()))
            )
            assert low <= 0 and max(heights) <= high < 2 * max(heights)


def test_a_real_power_of_what_may_be_negative_is_undefined():
    formula = read("(x - 1)**q", ("x", "q"))
    ends = ((fmpq(0), fmpq(1, 2)), (fmpq(1, 2), fmpq(1)))
    with working(64), pytest.raises(Undefined):
        Expansion(Balls(), formula)(
            [Balls().interval(*end) for end in ends], 0, None, lambda i: formula.nonnegative(i, ends)
        )


def test_nonnegativity_is_exact_at_the_ends():
    formula = read("(1 - x)**q + (x*q - 1)**q", ("x", "q"))
    bases = [node[1] for node in formula.nodes if node[0] == "power"]
    unit = ((fmpq(3, 10), fmpq(1)), (fmpq(1), fmpq(2)))
    assert sorted(formula.nonnegative(i, unit) for i in bases) == [False, True]


@pytest.mark.parametrize(
    "text",
    ["y + 1", "x +", "x if x else x", "f(x)", "x.real", "log(x, 2)", "[x]", "1.5*x", "'x'", "x**100000", "", "x y"],
)
def test_what_the_reader_refuses(text):
    with pytest.raises(InputError):
        read(text, ("x",))


def test_the_reader_divides_and_negates_exactly():
    formula = read("-x**2*(-1)**2/3 - -(2/6)", ("x",))
    with working(64):
        numbers = Balls()
        (found,) = Expansion(numbers, formula)([numbers.interval(fmpq(2), fmpq(2))], 0, None, lambda i: False)
        assert found.overlaps(arb(-1)) and float(found.rad()) < 1e-15
