"""The largest zero-one regret at surrogate regret 0 for a piecewise linear convex loss: linear programs in fractions.

Best scores with label j at the top may be taken at a vertex of the arrangement of kinks and ties.  At a vertex h, the
laws for which h is best are those with multipliers >= 0 of the active pieces whose slopes cancel; of those the one with
the largest p_m - p_j is found for every m and j.  T = 0 exactly up to the largest of these numbers.
"""

from __future__ import annotations

from fractions import Fraction

from hconsist.calibration.polyhedral import Polyhedral, Vector
from hconsist.calibration.programs import maximise
from hconsist.calibration.result import Proof, Witness

__all__ = ["LARGEST", "largest_gap"]

LARGEST = 6
"""Labels up to which all vertices are tried."""


def largest_gap(loss: Polyhedral) -> tuple[Fraction, Witness | None]:
    """(t0, a witness with zero-one regret t0, None if t0 = 0) of a loss that is symmetric in the labels.

    By symmetry the vertices may be taken with sorted scores and label j first; of labels with equal scores one stands
    for all.
    """
    best, witness = Fraction(0), None
    for scores in loss.vertices:
        firsts = {scores.index(value) for value in scores}
        tied = scores.count(scores[0]) > 1
        for m in sorted((firsts - {0}) | ({1} if tied else set())):
            order = (m, 0, *(k for k in range(1, loss.n) if k != m))
            found = _law(loss, tuple(scores[k] for k in order))
            if found is not None and found.zero_one_regret > best:
                best, witness = found.zero_one_regret, found
    return best, witness


def _law(loss: Polyhedral, scores: Vector) -> Witness | None:
    """The law with the largest p_1 - p_2 for which these scores are best, with its multipliers; label 2 is at the top.

    No other p_k is larger than p_1 where that is more than any other difference.
    """
    n, zero, one = loss.n, Fraction(0), Fraction(1)
    active = [term.active(scores) for term in loss.terms]
    several = [(r, q) for r, pieces in enumerate(active) for q in pieces if len(pieces) > 1]
    column = {pair: n + k for k, pair in enumerate(several)}
    width = n + len(several)

    slopes = [[zero] * width for _ in range(n)]
    rows = [[one] * n + [zero] * len(several)]
    for r, pieces in enumerate(active):
        term = loss.terms[r]
        if len(pieces) == 1:  # its multiplier is weight . p
            for i, a in enumerate(term.pieces[pieces[0]][0]):
                if a:
                    slopes[i] = [s + a * w for s, w in zip(slopes[i], (*term.weight, *[zero] * len(several)))]
            continue
        row = [-w for w in term.weight] + [zero] * len(several)
        for q in pieces:
            row[column[r, q]] = one
            for i, a in enumerate(term.pieces[q][0]):
                slopes[i][column[r, q]] += a
        rows.append(row)
    if loss.zero_sum:
        slopes = [[x - y for x, y in zip(row, slopes[-1])] for row in slopes[:-1]]
    rows += slopes
    objective = [zero] * width
    objective[0], objective[1] = one, -one
    found = maximise(objective, rows, [one] + [zero] * (len(rows) - 1))
    if found is None or found[0] <= 0:
        return None
    x = found[1]
    law = x[:n]
    multipliers = []
    for r, pieces in enumerate(active):
        weight = sum((w * p for w, p in zip(loss.terms[r].weight, law)), zero)
        for q in pieces:
            value = weight if len(pieces) == 1 else x[column[r, q]]
            if value:
                multipliers.append((r, q, value))
    return Witness(law, 1, scores, Proof.MINORANT, multipliers=tuple(multipliers))
