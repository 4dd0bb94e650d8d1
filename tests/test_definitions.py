"""Programs: every backend agrees with mpmath's own evaluation of the SymPy tree, and balls contain it."""

import random
from fractions import Fraction

import array_api_strict
import mpmath
import numpy as np
import pytest
import sympy as sp
from flint import arb, arb_series, ctx, fmpq

from hconsist.definitions import Definition, compile_expression, precision, to_ball
from hconsist.domains import Domain, InputError

x, y = sp.symbols("x y", positive=True)
EXPRESSIONS = [
    x**y * sp.log(x) - sp.Rational(1, 3),
    (((1 + x) ** y + x**y) / 2) ** (1 / y),
    sp.exp(-x) * sp.sinh(y) / sp.cosh(x) + sp.tanh(x) ** 3 - sp.atan(y),
    sp.sqrt(x) / (1 + y**2) ** 2 - x / sp.sqrt(y) + sp.pi * sp.E,
    sp.log(1 + x * y) * sp.log(2) / x**3,
    -x + y - (x - y) ** 5,
    sp.diff((((1 + x) ** y + x**y) / 2) ** (1 / y), y),
    x * sp.log(x) ** 3,
]


def _points(count=6):
    draw = random.Random(7)
    return [(Fraction(draw.randrange(1, 200), 64), Fraction(draw.randrange(8, 200), 64)) for _ in range(count)]


def _reference(expression, a, b, digits=60):
    """SymPy's evalf: shares no code with the programs."""
    return sp.N(
        expression.subs({x: sp.Rational(a.numerator, a.denominator), y: sp.Rational(b.numerator, b.denominator)}),
        digits,
    )


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_backends_agree_with_evalf(expression):
    program = compile_expression(expression, (x, y))
    for a, b in _points():
        reference = _reference(expression, a, b)
        with mpmath.workdps(50):
            value = program.mpmath(mpmath.mpf(a.numerator) / a.denominator, mpmath.mpf(b.numerator) / b.denominator)
            assert abs(value - mpmath.mpf(str(reference))) <= mpmath.mpf(10) ** -45 * (1 + abs(value))
        double = program.numpy(np.array([float(a)]), np.array([float(b)]))
        assert double == pytest.approx(float(reference), rel=1e-11, abs=1e-11)
        with precision(128):
            ball = program.arb(to_ball(a), to_ball(b))
            assert ball.contains(arb(str(reference)[:45]) + arb(0, 1e-38)) or abs(ball - arb(str(reference))) < 1e-35


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_wide_balls_contain_values_at_their_points(expression):
    program = compile_expression(expression, (x, y))
    draw = random.Random(3)
    for a, b in _points(4):
        with precision(64):
            wide = program.arb(arb(to_ball(a), fmpq(1, 128)), arb(to_ball(b), fmpq(1, 16)))
        for _ in range(4):
            a1, b1 = a + Fraction(draw.randrange(-10, 11), 1280), b + Fraction(draw.randrange(-10, 11), 160)
            with precision(200):
                assert wide.contains(program.arb(to_ball(a1), to_ball(b1)))


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_series_are_the_symbolic_derivatives(expression):
    program = compile_expression(expression, (x, y))
    a, b = Fraction(3, 4), Fraction(5, 4)
    with precision(128, 4):
        series = program.series(arb_series([to_ball(a), 1]), arb_series([to_ball(b)]))
        for k in range(4):
            symbolic = _reference(sp.diff(expression, x, k) / sp.factorial(k), a, b, 30)
            assert abs(series[k] - arb(str(symbolic))) < 1e-20


def test_precision_is_restored_even_after_an_error():
    before = ctx.prec, ctx.cap
    with pytest.raises(InputError), precision(300, 3):
        raise InputError("x", "y", 1)
    assert (ctx.prec, ctx.cap) == before


def test_constants_are_exact_in_balls():
    third = compile_expression(sp.Rational(1, 3) + 0 * x, (x,))
    with precision(200):
        assert third.arb(arb(1)).contains(fmpq(1, 3))
        assert not third.arb(arb(1)).contains(to_ball(1 / 3))


def test_powers_at_zero_are_enclosed_or_fail_honestly():
    """0**q log 0 is 0: a NaN there once hid a refutation."""
    program = compile_expression(
        (1 - x) ** y * sp.log(1 - x), (x, y), {x: (Fraction(0), Fraction(1)), y: (Fraction(1, 2), Fraction(1))}
    )
    assert program.arb(arb(1), arb(0.5)) == 0
    wide = program.arb(arb(0.75, 0.25), arb(0.75, 0.25))
    assert wide.is_finite()
    for a in (0.5, 0.6, 0.9, 0.999999, 1 - 1e-12):
        for b in (0.5, 0.7, 1.0):
            assert wide.contains(arb((1 - a) ** b * np.log(1 - a)))
    assert not program.arb(arb(1.5), arb(0.5)).is_finite()  # outside the box: no silent clipping
    assert not program.arb(arb(1), arb(0, 0.5)).is_finite()  # the exponent reaches zero
    unknown = compile_expression((1 - x) ** y, (x, y))
    assert not unknown.arb(arb(1, 0.1), arb(0.5)).is_finite()  # sign of the base not known
    with np.errstate(all="raise"):
        assert program.numpy(np.array([0.0, 1.0]), np.array([0.5, 0.5])).tolist() == [0.0, 0.0]


def test_extreme_of_power_log_is_inside():
    """x log(x)**k has its extreme at exp(-k), which neither end point shows."""
    for k in (1, 2, 3):
        ball = compile_expression(x * sp.log(x) ** k, (x,)).arb(arb(0.5, 0.5))
        assert ball.contains(arb(float(-k)).exp() * (-k) ** k)


def test_floats_and_unknown_functions_are_refused():
    for bad in (
        0.5 * x,
        sp.sin(x),
        sp.Piecewise((x, x > 1), (1, True)),
        sp.Function("f")(x),
        x + y,
        sp.I * x,
        sp.oo + 0 * y,
    ):
        with pytest.raises(InputError):
            compile_expression(bad, (x,))


def test_subexpressions_are_shared():
    shared = sp.exp(x**2)
    program = compile_expression(shared + sp.sin(0) + shared**2 + sp.log(shared + 2), (x,))
    assert [name for name, _, _ in program.moving].count("exp") == 1 or sp.exp(2 * x**2) in sp.preorder_traversal(
        shared**2
    )


def test_array_namespaces_and_dtypes():
    program = compile_expression(EXPRESSIONS[0], (x, y))
    single = program.numpy(np.ones(3, dtype=np.float32), np.ones(3, dtype=np.float32))
    assert single.dtype == np.float32
    strict = program.array(array_api_strict, array_api_strict.asarray([0.5, 1.0]), array_api_strict.asarray([2.0, 3.0]))
    assert np.asarray(strict).tolist() == program.numpy(np.array([0.5, 1.0]), np.array([2.0, 3.0])).tolist()


def test_definition():
    t = sp.Symbol("t", nonnegative=True)
    entropy = ((1 + t) * sp.log(1 + t) + (1 - t) * sp.log(1 - t)) / 2
    found = Definition("logistic", entropy, (t,), {"t": Domain(0, 1)})
    assert found.ball(t=1).overlaps(arb(2).log()) and found.ball(t=Fraction(1)).rad() < 1e-30
    reference = str(sp.N(entropy.subs(t, sp.Rational(1, 3)), 40))
    with mpmath.workdps(40):
        assert abs(found.mpmath(t=Fraction(1, 3), dps=40) - mpmath.mpf(reference)) < 1e-38
    assert found.numpy(t=np.array([0.5]))[0] == pytest.approx(0.130812035941)
    assert found.latex() == sp.latex(entropy)
    with pytest.raises(InputError):
        found.ball(s=1)
    with pytest.raises(InputError):
        Definition("missing", entropy, (t,), {})
