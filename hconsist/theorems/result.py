"""Whether a transformation depends on the number of labels: the answer, the theorem, its hypotheses, the witness."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from fractions import Fraction

from hconsist.evidence import Level

__all__ = ["Answer", "Attempt", "Hypothesis", "NDependence", "Status", "Witness"]


class Answer(enum.StrEnum):
    """Either way only with a proof."""

    INDEPENDENT = "independent of n: proved"
    DEPENDENT = "depends on n: proved"
    UNDECIDED = "not decided"


class Status(enum.StrEnum):
    """What is known of one hypothesis."""

    PROVED = "proved"
    REFUTED = "refuted"
    UNDECIDED = "undecided"
    NOT_EXAMINED = "not examined"


@dataclass(frozen=True)
class Hypothesis:
    """One hypothesis of a theorem, what was found, and how; ``witness`` is where it fails, with the value there."""

    statement: str
    status: Status
    how: str
    witness: str = ""
    level: Level = Level.ENCLOSED

    @property
    def holds(self) -> bool:
        """Whether it is proved."""
        return self.status is Status.PROVED

    def __str__(self) -> str:
        return f"{self.statement}: {self.status}{f' at {self.witness}' if self.witness else ''} ({self.how})"


@dataclass(frozen=True)
class Attempt:
    """A theorem that was tried: it applies where all its hypotheses are proved."""

    theorem: str
    derivation: str
    """The name in :data:`hconsist.catalog.DERIVATIONS`; its steps are the proof."""
    hypotheses: tuple[Hypothesis, ...]
    concludes: Answer = Answer.INDEPENDENT

    @property
    def applies(self) -> bool:
        """Whether every hypothesis is proved."""
        return all(hypothesis.holds for hypothesis in self.hypotheses)

    @property
    def level(self) -> Level:
        """The weakest of its hypotheses; a theorem without any is symbolic."""
        return min((hypothesis.level for hypothesis in self.hypotheses), default=Level.SYMBOLIC)

    @property
    def reference(self) -> str:
        """Where the proof is."""
        return f"derivation {self.derivation} (derived here)"


@dataclass(frozen=True)
class Witness:
    """T_n(t) is not T_2(t): one of them lies below ``below``, the other above ``above``, and below < above.

    ``law`` holds the probabilities at which predicting the label of index ``label`` costs at most ``below``; it is
    empty where a formula of a theorem gives the two values.  ``larger`` says that T_n is the larger one.
    """

    n_classes: int
    t: Fraction
    below: float
    above: float
    law: tuple[Fraction, ...] = ()
    label: int = 1
    larger: bool = False

    def __str__(self) -> str:
        """In one line, labels counted from 1."""
        n, t = self.n_classes, self.t
        if self.larger:
            return f"n = {n}, t = {t}: T_{n} >= {self.above!r} > {self.below!r} >= T_2"
        text = f"n = {n}, t = {t}: T_{n} <= {self.below!r} < {self.above!r} <= T_2"
        law = ", ".join(map(str, self.law))
        return f"{text}, by p = ({law}), label {self.label + 1} predicted" if law else text


@dataclass(frozen=True)
class NDependence:
    """Whether T, for complete hypothesis sets, is the same for every number of labels.

    Where T_n is not convex, its convex hull is meant.  ``up_to`` is the largest n for which the question was asked;
    None for every n.  ``attempts`` are the theorems that were tried, in order, with all their hypotheses.
    """

    loss: str
    verdict: Answer
    theorem: str
    """Which theorem decides, or what was tried in vain."""
    reference: str
    level: Level
    attempts: tuple[Attempt, ...]
    witness: Witness | None = None
    up_to: int | None = None

    @property
    def hypotheses(self) -> tuple[Hypothesis, ...]:
        """All hypotheses of all attempts, each once."""
        return tuple(dict.fromkeys(h for attempt in self.attempts for h in attempt.hypotheses))

    def rows(self) -> tuple[tuple[str, str], ...]:
        """(what, text) for a table."""
        proved = f" ({self.level.label})" if self.verdict is not Answer.UNDECIDED else ""
        scope = f", n <= {self.up_to}" if self.up_to is not None else ""
        found = [("dependence on n", f"{self.verdict}{proved}{scope}"), ("theorem", self.theorem)]
        if self.witness is not None:
            found.append(("witness", str(self.witness)))
        if self.reference:
            found.append(("reference", self.reference))
        for attempt in self.attempts:
            found += [(attempt.theorem, str(hypothesis)) for hypothesis in attempt.hypotheses]
        return tuple(found)
