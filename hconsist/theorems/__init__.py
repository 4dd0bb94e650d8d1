"""Which theorem applies: whether the transformation of a loss is the same for every number of labels.

Each theorem of the derivations is tried with all its hypotheses, and each hypothesis is decided for the loss at hand.
Where no theorem applies, a law whose regret is certainly below the two-label curve proves the contrary.  Else the
answer is ``not decided``.
"""

from __future__ import annotations

from functools import lru_cache

from hconsist import losses
from hconsist.domains import Domain
from hconsist.evidence import Level
from hconsist.losses import CompSum, Loss
from hconsist.theorems.comp_sum import Decision, comp_sum
from hconsist.theorems.families import family
from hconsist.theorems.result import Answer, Attempt, Hypothesis, NDependence, Status, Witness
from hconsist.theorems.witnesses import MOST_LABELS

__all__ = ["Answer", "Attempt", "Hypothesis", "NDependence", "Status", "Witness", "n_dependence"]

LABELS = Domain(3, 10**9, integer=True)
SECONDS = Domain(0, lower_open=True)


def n_dependence(loss: Loss | str, n_classes: int | None = None, *, seconds: float = 10.0) -> NDependence:
    """Whether T of a loss, for complete hypothesis sets, is the same for every number of labels.

    Tried for psi(softmax), with g = -1/psi': Theorem 2 (g convex, g(0+) = 0, so that T_n is the two-label curve T_2);
    the theorems on power, poly-1 and focal losses, which are recognised; Theorem 2 with one inflection of g; Theorem 9
    (the mass condition).  Where none applies: the quadratic constants at small t, and laws (y + t, y, r, ..., r) of up
    to 12 labels, whose regret is compared with T_2(t) in balls.  For the other families the theorems on them.

    Parameters
    ----------
    loss : a loss object or its name.
    n_classes : ask for up to so many labels only, an integer >= 3; by default for every n.
    seconds : a limit for the subdivision that proves (M2), the one condition on two variables.

    Returns
    -------
    NDependence
        with the verdict, the theorem, every hypothesis of every theorem that was tried and, where T depends on n, the
        smallest n found with a t and a law.  A psi that is a callable has no proof and no verdict.

    Raises
    ------
    InputError
        for an unknown loss, n_classes outside [3, 1e9] and a time that is not positive.
    """
    surrogate = losses.get(loss)
    up_to = None if n_classes is None else int(LABELS.check_scalar("n_classes", n_classes))
    limit = float(SECONDS.check_scalar("seconds", seconds))
    return _decided(surrogate, up_to, limit)


@lru_cache(maxsize=64)
def _decided(loss: Loss, up_to: int | None, limit: float) -> NDependence:
    """Kept, because a card and a transformation both ask."""
    most = min(MOST_LABELS, up_to or MOST_LABELS)
    found = comp_sum(loss, limit, most) if isinstance(loss, CompSum) else family(loss)
    return _answer(loss, found or Decision(()), up_to)


def _answer(loss: Loss, decision: Decision, up_to: int | None) -> NDependence:
    last = decision.attempts[-1] if decision.attempts else None
    if last is not None and last.applies and not _beyond(decision.witness, last, up_to):
        found = last.concludes
        return NDependence(
            loss.name, found, last.theorem, last.reference, last.level, decision.attempts, decision.witness, up_to
        )
    tried = "; ".join(attempt.theorem for attempt in decision.attempts)
    said = f"none of those tried applies: {tried}" if tried else "none is known for this family"
    return NDependence(loss.name, Answer.UNDECIDED, said, "", Level.CITED, decision.attempts, None, up_to)


def _beyond(witness: Witness | None, last: Attempt, up_to: int | None) -> bool:
    """Whether the dependence that is proved is one on more labels than were asked for."""
    if up_to is None or last.concludes is not Answer.DEPENDENT:
        return False
    return up_to < (witness.n_classes if witness is not None else 3)
