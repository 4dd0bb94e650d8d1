"""Whether a loss is calibrated: the answer, what it rests on, and the witness of a no."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction

from hconsist.evidence import Level
from hconsist.results import Interval, Side

__all__ = ["ZERO", "Answer", "Calibration", "Proof", "Witness"]

ZERO = Interval(0.0, 0.0, 0.0, Side.EXACT, Level.SYMBOLIC)
"""A regret that is 0."""


class Answer(enum.StrEnum):
    """Yes only through a theorem, no only with a witness, else what a search has not found."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "no counterexample found"


class Proof(enum.StrEnum):
    """Why the scores of a witness are best for its law, see :func:`hconsist.calibration.recheck`."""

    MINORANT = "linear minorant"
    MARGINS = "mean margin at most 0"
    GIBBS = "Gibbs' inequality"
    BREAKPOINTS = "least values at breakpoints"
    NUMERIC = "numeric minimisation"


@dataclass(frozen=True)
class Witness:
    """A law, scores that are best for it, and a label that they predict although another one is more probable.

    The label has a largest score, tied where ``scores`` says so; raising it a little breaks the tie at a surrogate
    regret as small as one likes.  Labels count from 0.  Where fewer labels are given than there are, the others have
    probability 0, and scores low enough to cost nothing.

    Attributes
    ----------
    law : the conditional probabilities, exact.
    label : the label predicted.
    scores : best scores, exact; empty where the proof is Gibbs' inequality.
    softmax : the softmax vector of best scores (in the limit, where an entry is 0), where it is rational.
    proof : why they are best.
    multipliers : the numbers of that proof, (term, piece, value) of a linear minorant or (label, rival, value).
    surrogate_regret : 0 where the proof is exact, and else what a numeric minimisation says.
    """

    law: tuple[Fraction, ...]
    label: int
    scores: tuple[Fraction, ...]
    proof: Proof
    softmax: tuple[Fraction, ...] = ()
    multipliers: tuple[tuple[int, int, Fraction], ...] = ()
    surrogate_regret: Interval = ZERO

    @property
    def zero_one_regret(self) -> Fraction:
        """max p - p_label."""
        return max(self.law) - self.law[self.label]

    def __str__(self) -> str:
        """In one line, labels counted from 1."""
        if self.proof is Proof.GIBBS:
            best = f"the best softmax vector ({_list(self.softmax)})" if self.softmax else "the best softmax vector"
        elif self.proof is Proof.NUMERIC:
            best = f"the best scores ({', '.join(f'{float(x):.6g}' for x in self.scores)})"
        else:
            best = f"the best scores ({_list(self.scores)})"
        found = self.surrogate_regret
        cost = "0" if found.side is Side.EXACT else f"at most {found.upper:.2g}"
        return (
            f"p = ({_list(self.law)}): {best} may predict label {self.label + 1}, "
            f"zero-one regret {self.zero_one_regret}, surrogate regret {cost}"
        )


@dataclass(frozen=True)
class Calibration:
    """Whether a surrogate regret that tends to 0 forces the zero-one regret to 0, at one number of labels.

    ``zero_interval`` is the t0 with T = 0 on [0, t0]: 0 exactly for a yes, positive for a no, and None where nothing
    is known.  ``zero_until`` is the same as an exact number where it is one.
    """

    loss: str
    n_classes: int
    verdict: Answer
    status: str
    """One sentence: the theorem, what the witness says, or what was searched."""
    level: Level
    reference: str
    zero_interval: Interval | None = None
    zero_until: Fraction | None = None
    witness: Witness | None = None
    assumptions: tuple[str, ...] = ()

    def rows(self) -> tuple[tuple[str, str], ...]:
        """(what, text) for a table."""
        found = [("calibrated", f"{self.verdict} ({self.level.label})"), ("status", self.status)]
        if self.zero_interval is not None and self.verdict is Answer.NO:
            end = self.zero_until if self.zero_until is not None else f"{self.zero_interval.value:.6g}"
            at_least = "at least " if self.zero_interval.side is not Side.EXACT else ""
            found.append(("T = 0 up to", f"t = {at_least}{end}"))
        if self.witness is not None:
            found.append(("witness", str(self.witness)))
        found.append(("reference", self.reference))
        return (*found, *(("assumption", text) for text in self.assumptions))


def _list(values: tuple[Fraction, ...]) -> str:
    return ", ".join(map(str, values))
