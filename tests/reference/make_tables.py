"""Write transforms.csv: T and Gamma of the published forms, correctly rounded, from ball arithmetic (python-flint).

    python tests/reference/make_tables.py

The formulas are the textbook ones, evaluated at exact binary values of tau and t with the precision doubled until the
ball decides the answer; nothing of hconsist is imported.  Columns: quantity (``value`` of T at the argument t, or
``inverse``, Gamma at the argument x), tau, n, argument, result; every number the shortest text of its double.
For n = 2 and tau < 2 the published form is the two-label curve D_2.
"""

from __future__ import annotations

import csv
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

from flint import arb, ctx

TABLE = Path(__file__).with_name("transforms.csv")
TAUS = (0.0, 0.3, 0.5, 1 - 1e-12, 1.0, 1 + 1e-12, 1.2, 1.5, 1.66, 1.9, 2 - 1e-6, 2 - 1e-12, 2.0, 2.5, 3.0)
CLASSES = (2, 3, 10, 1000, 10**9)
FEW = (1e-150, 1e-60, 1e-12, 1e-8, 1e-5, 0.003, 0.1, 0.35, 0.5, 0.75, 0.97, 1 - 1e-9, 1.0)
MANY = (
    *(10.0**-k for k in (150, 149, 120, 90, 77, 50, 30, 20, 16, 14, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3)),
    *(3.0 * 10.0**-k for k in (150, 40, 13, 10, 9, 8, 7, 6, 5, 4, 3, 2)),
    *(k / 40 for k in range(1, 40)),
    *(0.4999999, 0.5000001, 0.6001338),
    *(1 - 10.0**-k for k in range(2, 17)),
    1.0,
)


def published(t: arb, tau: float, n: int) -> arb:
    """T(t) by its textbook formula, at the precision in force."""
    one = arb(1)
    al = arb(tau) - 1
    if tau >= 2:
        return t / (al * arb(n) ** al)
    if tau == 1:
        lower = (one - t) * (one - t).log() if t < 1 else arb(0)
        return ((one + t) * (one + t).log() + lower) / 2
    a = 1 / (2 - arb(tau))
    lower = (one - t) ** a if t < 1 else arb(0)
    mean = (((one + t) ** a + lower) / 2) ** (1 / a)
    return (mean - 1) / (al * arb(2 if tau < 1 else n) ** al)


def rounded(function: Callable[[], arb]) -> float:
    """The double nearest to function(), the precision doubled until both ends of the ball round to it."""
    for precision in (2**k for k in range(7, 16)):
        with ctx.workprec(precision):
            ball = function()
            if ball.is_finite() and ball.rel_accuracy_bits() > 60:
                low, high = (float(end.mid()) for end in (ball.lower(), ball.upper()))
                if low == high:
                    return low
    raise ArithmeticError("the precision does not suffice")


def value(t: float, tau: float, n: int) -> float:
    """The double nearest to T(t)."""
    return rounded(lambda: published(arb(t), tau, n))


def inverse(x: float, tau: float, n: int) -> float:
    """The double nearest to Gamma(x): bisection over the doubles of [0, 1], each comparison decided by a ball."""
    if tau >= 2:
        return rounded(lambda: arb(x) * (arb(tau) - 1) * arb(n) ** (arb(tau) - 1))

    def below(t: arb) -> bool:
        for precision in (2**k for k in range(7, 16)):
            with ctx.workprec(precision):
                gap = published(t, tau, n) - arb(x)
                if gap < 0 or gap > 0:
                    return bool(gap < 0)
        raise ArithmeticError("T(t) and x cannot be told apart")

    low, high = 0, _bits(1.0)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if below(arb(_double(middle))) else (low, middle)
    with ctx.workprec(128):
        between = (arb(_double(low)) + arb(_double(high))) / 2
    return _double(high if below(between) else low)


def _bits(x: float) -> int:
    return struct.unpack("<q", struct.pack("<d", x))[0]


def _double(bits: int) -> float:
    return struct.unpack("<d", struct.pack("<q", bits))[0]


def rows() -> Iterator[tuple[str, float, int, float, float]]:
    """Values first, then inverses at odd fractions of T(1) and at x next to values of the same curve."""
    for tau in TAUS:
        for n in CLASSES if tau > 1 else CLASSES[:1]:
            grid = MANY if n == 2 else FEW
            values = [(t, value(t, tau, n)) for t in grid]
            for t, height in values:
                yield "value", tau, n, t, height
            end = values[-1][1]
            step = 2 if n == 2 else 3
            arguments = [v * 1.09375 for t, v in values[::step] if t < 0.7] + [end * k / 8 for k in (3, 5, 7)]
            arguments += [end * (1 - 10.0**-k) for k in (3, 6, 9, 12)]
            for x in arguments:
                yield "inverse", tau, n, x, inverse(x, tau, n)


if __name__ == "__main__":
    with TABLE.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("quantity", "tau", "n", "argument", "result"))
        writer.writerows((quantity, repr(tau), n, repr(x), repr(y)) for quantity, tau, n, x, y in rows())
