"""Branch and bound over rational boxes: exact dyadic subdivision, ball leaves, a record that can be re-checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from flint import arb, arb_series, fmpq

from hconsist.definitions import Program, precision
from hconsist.rigorous.choices import Chooser

__all__ = ["Budget", "Cover", "Leaf", "cover", "coefficient_leaf", "value_leaf"]

Balls = Sequence[arb]
Leaf = Callable[[Balls, Balls, Balls], tuple[str, arb | None]]
"""(box balls, centres, radii) -> method letter and an enclosure of the values on the box, or None.

Exact further arguments may follow the box and the centres; there is a radius for each variable of the box only."""

SMALLEST = 2.0**-40
"""Boxes narrower than this fraction of the domain are left open: splitting on would only cost time."""
MAX_OPEN = 64
"""Open boxes after which the search stops."""


@dataclass
class Budget:
    """Shared limits of one proof."""

    boxes: int
    deadline: float

    def spent(self) -> bool:
        """Whether a limit is reached."""
        return self.boxes <= 0 or time.perf_counter() > self.deadline


@dataclass
class Cover:
    """Outcome of one subdivision.

    ``tree`` lists the nodes in depth-first order: a digit splits that variable in two equal halves (left first), a
    letter is a closed leaf and its method, ``?`` an open one.  ``choices`` are the values chosen at the leaves, if any.
    ``suspects`` are centres with a negative value.
    """

    tree: str = ""
    boxes: int = 0
    least: float = float("inf")
    where: tuple[Fraction, ...] = ()
    choices: list[tuple[str, ...]] = field(default_factory=list)
    open: list[tuple[Fraction, ...]] = field(default_factory=list)
    suspects: list[tuple[Fraction, ...]] = field(default_factory=list)
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """Whether every box was closed."""
        return not (self.open or self.suspects or self.stopped)


def value_leaf(program: Program) -> Leaf:
    """Direct ball (``D``), else the mean value form, one variable after the other (``T``).

    F(x) - F(c) is the sum over i of dF/dx_i (x_1..x_{i-1}, xi, c_{i+1}..c_n) (x_i - c_i): one series of length 2 in
    one variable each, with earlier variables ranging over the box and later ones at the centre.  (One series along
    the ball of all directions would be cheaper, but that ball enters by many paths and nothing cancels.)
    Returns ``N`` with the centre's value where that is negative.
    """

    def leaf(box: Balls, centre: Balls, radius: Balls) -> tuple[str, arb | None]:
        value = program.arb(*box)
        if value.is_finite() and value >= 0:
            return "D", value
        total = program.arb(*centre)
        if total < 0:
            return "N", total
        if not value.is_finite() or not total.is_finite():
            return "", None
        point = [arb_series([x]) for x in centre]
        for i, (x, r) in enumerate(zip(box, radius)):
            point[i] = arb_series([x, 1])
            total += program.series(*point)[1] * r
            point[i] = arb_series([x])
        return "T", total

    return leaf


def _corner(program: Program, node: Sequence[tuple[fmpq, fmpq]]) -> arb:
    """The value at the lowest corner (``E``) where F is monotone in every variable on the box, else NaN.

    The corner is exact, so this decides a box of the smallest size at whose corner F is exactly 0.
    """
    box = [arb_series([arb(m, r)]) for m, r in node]
    corner = []
    for i, (m, r) in enumerate(node):
        slope = program.series(*[arb_series([arb(m, r), 1]) if j == i else z for j, z in enumerate(box)])[1]
        if not slope.is_finite() or not (slope >= 0 or slope <= 0):
            return arb("nan")
        corner.append(arb(m - r) if slope >= 0 else arb(m + r))
    return program.arb(*corner)


def coefficient_leaf(program: Program, index: int, order: int, sign: int) -> Leaf:
    """The ``order``-th Taylor coefficient in variable ``index`` around every centre of the box (``C``).

    One more coefficient gives its mean value form in that variable (``M``).
    """

    def leaf(box: Balls, centre: Balls, radius: Balls) -> tuple[str, arb | None]:
        series = [arb_series([x, 1]) if i == index else arb_series([x]) for i, x in enumerate(box)]
        expansion = program.series(*series)
        value = sign * expansion[order]
        if not value.is_finite() or value > 0:
            return "C", value if value.is_finite() else None
        series[index] = arb_series([centre[index], 1])
        middle = sign * program.series(*series)[order]
        return "M", middle + (order + 1) * sign * expansion[order + 1] * radius[index]

    return leaf


def cover(
    leaf: Leaf,
    box: Sequence[tuple[Fraction, Fraction]],
    budget: Budget,
    *,
    strict: bool,
    prec: int,
    terms: int,
    monotone: Program | None = None,
    choose: Chooser | None = None,
) -> Cover:
    """Subdivide ``box`` until every leaf's enclosure is >= 0 (> 0 if strict), depth first.

    A leaf is accepted only on a finite enclosure.  The variable that is widest relative to the whole box is halved.
    With the program ``monotone`` of the expression itself, boxes of the smallest size are tried by :func:`_corner`.
    With ``choose``, the leaf is handed the chosen values as further exact arguments; a negative value at a centre then
    says nothing, since another choice may do better.
    """
    found = Cover()
    widths = [float(hi - lo) or 1.0 for lo, hi in box]
    stack = [tuple((fmpq(m.numerator, m.denominator), fmpq(r.numerator, r.denominator)) for m, r in _middles(box))]
    tree: list[str] = []
    with precision(prec, terms):
        while stack and len(found.open) + len(found.suspects) < MAX_OPEN:
            if budget.spent():
                found.stopped = "the limit on boxes or time was reached"
                break
            budget.boxes -= 1
            found.boxes += 1
            node = stack.pop()
            chosen = choose([m for m, _ in node]) if choose else ()
            method, value = _examine(leaf, node, chosen)
            if method == "N" and choose:
                method, value = "", None
            widest = _widest(node, widths)
            if method != "N" and widest is None and monotone is not None and not _closes(value, strict):
                method, value = "E", _corner(monotone, node)
            if method == "N":
                found.suspects.append(_point(node))
                tree.append("?")
            elif value is not None and _closes(value, strict):
                tree.append(method)
                if chosen:
                    found.choices.append(tuple(map(str, chosen)))
                low = float(value.lower())
                if low < found.least:
                    found.least, found.where = low, _point(node)
            elif widest is None:
                found.open.append(_point(node))
                tree.append("?")
            else:
                tree.append(str(widest))
                stack += _halves(node, widest)
    found.tree = "".join(tree)
    return found


def _middles(box: Sequence[tuple[Fraction, Fraction]]) -> list[tuple[Fraction, Fraction]]:
    return [((lo + hi) / 2, (hi - lo) / 2) for lo, hi in box]


def _examine(leaf: Leaf, node: Sequence[tuple[fmpq, fmpq]], chosen: Sequence[fmpq]) -> tuple[str, arb | None]:
    exact = [arb(v) for v in chosen]
    return leaf([*(arb(m, r) for m, r in node), *exact], [*(arb(m) for m, _ in node), *exact],
                [arb(0, r) for _, r in node])  # fmt: skip


def _closes(value: arb | None, strict: bool) -> bool:
    """Whether this enclosure closes a leaf; nothing that is not finite ever does."""
    return value is not None and value.is_finite() and bool(value > 0 or (not strict and value >= 0))


def _widest(node: Sequence[tuple[fmpq, fmpq]], widths: Sequence[float]) -> int | None:
    """The variable to split, or None where the box has the smallest size."""
    relative = [2 * float(r.p) / float(r.q) / w for (_, r), w in zip(node, widths)]
    i = max(range(len(relative)), key=relative.__getitem__)
    return None if relative[i] < SMALLEST else i


def _halves(node: tuple, i: int) -> list[tuple]:
    """Right half, then left half: the left one is popped first."""
    middle, half = node[i][0], node[i][1] / 2
    return [(*node[:i], (centre, half), *node[i + 1 :]) for centre in (middle + half, middle - half)]


def _point(node: Sequence[tuple[fmpq, fmpq]]) -> tuple[Fraction, ...]:
    return tuple(Fraction(int(m.p), int(m.q)) for m, _ in node)
