"""Sampled evidence: seeded points of a box, then an adversarial search from the worst of them.

Never a proof: the best verdict is ``supported`` at level ``sampled``.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.evidence import Evidence, Level, Verdict

__all__ = ["search"]

STARTS, MOVES = 8, 16
"""How many worst points are followed, and how many moves are tried from each in one round."""
SHRINK, GROW, SMALLEST = 0.7, 1.5, 1e-14
"""Step factors after a failed and a successful round, and the least step relative to the width of the box."""
LIMIT = 1e3
"""Where infinite ranges are cut for drawing points."""

Points = dict[str, np.ndarray]
Slack = Callable[..., Any]


def search(
    function: Slack,
    box: Mapping[str, Domain],
    *,
    rng: np.random.Generator | int = 0,
    points: int = 4000,
    refine: int = 200,
    tolerance: float = 0.0,
    where: Callable[..., Any] | None = None,
) -> Evidence:
    """Look for a point of ``box`` at which the slack ``function(**arrays)`` is negative.

    Parameters
    ----------
    function : keyword arrays of shape (m,) -> slack of shape (m,); the statement is slack >= 0.
    box : name -> :class:`Domain`; points crowd towards finite ends, all corners are included (up to 10 variables).
    rng : seed or Generator.
    points, refine : number of drawn points; rounds of local search (shrinking Gaussian steps from the worst points).
    tolerance : rounding allowance: only a slack below ``-tolerance`` refutes.
    where : keyword arrays -> booleans, the hypotheses; points that fail it do not count.

    Returns
    -------
    Evidence
        Level ``sampled``: ``supported``; ``refuted`` with the worst point found as witness, evaluated again on its
        own; ``inconclusive`` where the slack is not a number; ``vacuous`` if no point met the hypotheses.
    """
    start = time.perf_counter()
    if not box or points < 1 or refine < 0 or not tolerance >= 0:
        raise InputError("box, points, refine, tolerance", "a nonempty box, points >= 1, refine >= 0, tolerance >= 0",
                         (dict(box), points, refine, tolerance))  # fmt: skip
    rng = np.random.default_rng(rng)
    drawn = _draw(box, rng, points)
    slack, counted = _evaluate(function, where, drawn)
    if not counted:
        seconds = time.perf_counter() - start
        return Evidence(Verdict.VACUOUS, Level.SAMPLED, reason="no point drawn meets the hypotheses", seconds=seconds)
    worst, more, undefined = _descend(function, where, box, rng, drawn, slack, refine)
    undefined = undefined or _first_nan(drawn, slack)
    again = float(_evaluate(function, where, {k: np.array([v]) for k, v in worst.items()})[0][0])
    found = Evidence(
        Verdict.SUPPORTED,
        Level.SAMPLED,
        points=counted + more,
        slack=again,
        where=worst,
        seconds=time.perf_counter() - start,
    )
    if again < -tolerance:
        return replace(found, verdict=Verdict.REFUTED, witness=worst)
    if undefined:
        return replace(found, verdict=Verdict.INCONCLUSIVE, reason=f"the slack is not a number at {undefined}")
    return found


def _draw(box: Mapping[str, Domain], rng: np.random.Generator, size: int) -> Points:
    """Corners first, then points with each coordinate on an edge one time in eight."""
    columns: Points = {}
    for name, domain in box.items():
        inside = np.empty(0)
        while inside.size < size:
            inside = np.concatenate([inside, domain.inside(rng, size, LIMIT)])
        column, edges = inside[:size], domain.edges()
        if edges:
            column = np.where(rng.random(size) < 0.125, rng.choice(edges, size), column)
        columns[name] = column
    if len(box) <= 10 and all(domain.edges() for domain in box.values()):
        corners = np.array(list(itertools.product(*(domain.edges() for domain in box.values()))))
        columns = {name: np.concatenate([corners[:, i], columns[name]]) for i, name in enumerate(box)}
    return columns


def _evaluate(function: Slack, where: Callable[..., Any] | None, points: Points) -> tuple[np.ndarray, int]:
    """Slacks (+inf where the hypotheses fail) and the number of points that met the hypotheses."""
    shape = next(iter(points.values())).shape
    slack = np.broadcast_to(np.asarray(function(**points), dtype=float), shape)
    if where is None:
        return slack, slack.size
    holds = np.broadcast_to(np.asarray(where(**points), dtype=bool), shape)
    return np.where(holds, slack, np.inf), int(holds.sum())


def _descend(
    function: Slack,
    where: Callable[..., Any] | None,
    box: Mapping[str, Domain],
    rng: np.random.Generator,
    drawn: Points,
    slack: np.ndarray,
    rounds: int,
) -> tuple[dict[str, float], int, dict[str, float]]:
    """Worst point after the local search, points examined on the way, and where the slack was NaN."""
    order = np.argsort(np.where(np.isnan(slack), np.inf, slack))[:STARTS]
    best = {name: column[order].copy() for name, column in drawn.items()}
    value = np.where(np.isnan(slack[order]), np.inf, slack[order])
    step, examined = np.full(order.size, 0.1), 0
    undefined: dict[str, float] = {}
    width = {name: float(domain.ends(int(LIMIT))[1] - domain.ends(int(LIMIT))[0]) for name, domain in box.items()}
    for _ in range(rounds):
        moved = {name: _move(box[name], best[name], width[name] * step, rng) for name in box}
        found, counted = _evaluate(function, where, {name: column.ravel() for name, column in moved.items()})
        examined += counted
        undefined = undefined or _first_nan({name: column.ravel() for name, column in moved.items()}, found)
        found = np.where(np.isnan(found), np.inf, found).reshape(order.size, MOVES)
        pick, rows = found.argmin(axis=1), np.arange(order.size)
        better = found[rows, pick] < value
        for name in box:
            best[name] = np.where(better, moved[name][rows, pick], best[name])
        value = np.where(better, found[rows, pick], value)
        step = np.clip(np.where(better, step * GROW, step * SHRINK), SMALLEST, 0.5)
        step = np.where(step <= SMALLEST, 0.1, step)
    worst = int(np.argmin(value))
    return {name: float(best[name][worst]) for name in box}, examined, undefined


def _move(domain: Domain, centre: np.ndarray, scale: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gaussian moves (starts, MOVES), each coordinate kept one time in three; what leaves the domain stays put."""
    noise = rng.standard_normal((centre.size, MOVES)) * (rng.random((centre.size, MOVES)) > 1 / 3)
    moved = centre[:, None] + scale[:, None] * noise
    if domain.integer:
        moved = np.round(moved)
    ends = domain.edges()
    if len(ends) == 2:
        moved = np.clip(moved, *ends)
    return np.where(domain.contains(moved), moved, centre[:, None])


def _first_nan(points: Points, slack: np.ndarray) -> dict[str, float]:
    bad = np.flatnonzero(np.isnan(slack))
    return {name: float(column[bad[0]]) for name, column in points.items()} if bad.size else {}
