"""Is a loss calibrated at all?  Does a surrogate regret that tends to 0 force the zero-one regret to 0?

With C_j(p) the least conditional risk of scores whose largest is that of label j, and H(p) the least of all, a loss is
calibrated at n labels if C_j(p) > H(p) for every law p and every label j that is not among the most probable ones.
Both sides are concave functions of p on the simplex, hence continuous (derivation ``calibration``), so this is the
same as T(t) > 0 for all t > 0.  For complete hypothesis sets.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from hconsist import losses
from hconsist.calibration.polyhedral import Polyhedral, Term, polyhedral
from hconsist.calibration.regions import Cell, cells, failure_cells, worst_gap
from hconsist.calibration.result import Answer, Calibration, Proof, Witness
from hconsist.calibration.theorems import Theorem, Unproved, theorem
from hconsist.calibration.witnesses import NOISE, recheck
from hconsist.calibration.zero_interval import LARGEST, largest_gap
from hconsist.domains import N_CLASSES, InputError
from hconsist.evidence import Level
from hconsist.losses import Loss
from hconsist.results import Interval, Side

if TYPE_CHECKING:
    from hconsist.calibration.search import Candidate

__all__ = ["Answer", "Calibration", "Cell", "Polyhedral", "Proof", "Term", "Witness", "calibrated", "cells",
           "failure_cells", "largest_gap", "polyhedral", "recheck", "worst_gap"]  # fmt: skip

_MINIMISED = "numeric minimisation"
_ENUMERATION = "linear programs in fractions at every vertex of the kinks and ties (derived here)"


def calibrated(loss: Loss | str, n_classes: int, *, seed: int = 0) -> Calibration:
    """Whether the loss is calibrated for so many labels, on complete hypothesis sets.

    Parameters
    ----------
    loss : a loss object or its name.
    n_classes : number of labels, an integer in [2, 1e9].
    seed : of the search, where no theorem decides.

    Returns
    -------
    Calibration
        ``yes`` only through a theorem that it names; ``no`` only with a witness that passes :func:`recheck`; else
        ``no counterexample found``, with what was searched.  A piecewise linear convex loss of up to 6 labels is
        decided by linear programs in fractions, from both sides.

    Raises
    ------
    InputError
        for n_classes outside its domain, or other than the parameters of the loss fix.
    """
    surrogate = losses.get(loss)
    n = int(N_CLASSES.check_scalar("n_classes", n_classes))
    if surrogate.n_classes not in (None, n):
        raise InputError("n_classes", f"{surrogate.n_classes}, as the parameters of {surrogate.name}", n_classes)
    known = theorem(surrogate, n)
    if isinstance(known, Theorem) and (known.until == 0 or known.witness is not None):
        return _known(surrogate, n, known)
    exact = polyhedral(surrogate, min(n, LARGEST))
    if exact is not None:
        return _enumerated(surrogate, n, exact, known if isinstance(known, Theorem) else None)
    return _searched(surrogate, n, known if isinstance(known, Unproved) else None, seed)


def _known(loss: Loss, n: int, known: Theorem) -> Calibration:
    answer = Answer.YES if known.until == 0 else Answer.NO
    if known.witness is not None and not recheck(loss, known.witness):
        raise ArithmeticError(f"the witness against {loss.name} does not pass its check")
    interval = _zero(known.until, known.level, known.reference)
    exact = known.until if isinstance(known.until, Fraction) else None
    return Calibration(
        loss.name, n, answer, known.status, known.level, known.reference, interval, exact, known.witness
    )  # fmt: skip


def _zero(until: Fraction | float, level: Level, reference: str) -> Interval:
    end = float(until)
    return Interval(end, end, end, Side.EXACT, level, reference)


def _enumerated(loss: Loss, n: int, exact: Polyhedral, known: Theorem | None) -> Calibration:
    """By linear programs; beyond :data:`LARGEST` labels the end is the theorem's, and the witness has fewer labels."""
    until, witness = largest_gap(exact)
    if witness is not None and not recheck(loss, witness):
        raise ArithmeticError(f"the witness against {loss.name} does not pass its check")
    reference = _ENUMERATION if known is None else f"{_ENUMERATION}; {known.reference}"
    if exact.n == n:
        words = f"T = 0 exactly on [0, {until}]" if until else "T > 0 on (0, 1]"
        answer = Answer.NO if until else Answer.YES
        status = f"{words}: the largest zero-one regret at surrogate regret 0, over all best scores"
        interval = _zero(until, Level.SYMBOLIC, reference)
        return Calibration(loss.name, n, answer, status, Level.SYMBOLIC, reference, interval, until, witness)
    if known is not None:
        return replace(_known(loss, n, known), witness=witness)
    status = f"nothing was decided: so many labels are beyond the {LARGEST} of the linear programs"
    return Calibration(loss.name, n, Answer.UNKNOWN, status, Level.CITED, "")


def _searched(loss: Loss, n: int, unproved: Unproved | None, seed: int) -> Calibration:
    """A numeric witness, or what was searched."""
    import numpy as np

    from hconsist.calibration import search

    open_ = () if unproved is None else tuple(f"not shown: {text}" for text in unproved.missing)
    then = "" if unproved is None else f"; a theorem would decide ({unproved.then}), of which not all was shown"
    if n > search.LARGEST:
        status = f"nothing was searched: so many labels are beyond the {search.LARGEST} of the search{then}"
        return Calibration(loss.name, n, Answer.UNKNOWN, status, Level.CITED, "", assumptions=open_)
    cheapest, seen = None, 0
    for candidate, seen in search.candidates(loss, n, np.random.default_rng(seed)):
        if candidate.regret <= NOISE * (1 + abs(candidate.entropy)):
            witness = _numeric_witness(candidate)
            if recheck(loss, witness):
                return _refuted(loss, n, witness, seen)
        if cheapest is None or candidate.per_square < cheapest.per_square:
            cheapest = candidate
    cost = "" if cheapest is None else (
        f": the cheapest has surrogate regret {cheapest.regret:.3g} at zero-one regret {cheapest.gap}"
    )  # fmt: skip
    status = f"a search over {seen} pairs of a law and a wrong label{cost}{then}"
    return Calibration(loss.name, n, Answer.UNKNOWN, status, Level.SAMPLED, _MINIMISED, assumptions=open_)


def _refuted(loss: Loss, n: int, witness: Witness, seen: int) -> Calibration:
    gap = witness.zero_one_regret
    status = (
        f"surrogate regret 0 up to rounding at zero-one regret {gap}, found among {seen} pairs of a law and a label"
    )
    interval = Interval(float(gap), float(gap), 1.0, Side.LOWER, Level.SAMPLED, _MINIMISED)
    return Calibration(loss.name, n, Answer.NO, status, Level.SAMPLED, _MINIMISED, interval, gap, witness)


def _numeric_witness(candidate: Candidate) -> Witness:
    scores = tuple(Fraction(float(x)) for x in candidate.scores)
    top = max(scores)  # rounding must not untie the label
    tied = tuple(top if k == candidate.label else x for k, x in enumerate(scores))
    regret = Interval(candidate.regret, 0.0, NOISE * (1 + abs(candidate.entropy)), Side.ESTIMATE, Level.SAMPLED)
    return Witness(candidate.law, candidate.label, tied, Proof.NUMERIC, surrogate_regret=regret)
