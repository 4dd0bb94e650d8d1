"""What a check found: levels, verdicts and the record that carries them.  Dataclasses only.

A claim has three independent axes: what is stated, what we expect, and what evidence we have.
This module is the third.  Only the levels ``symbolic`` and ``enclosed`` may say ``proved``;
``inconclusive`` is never a pass, and evidence on zero points is ``vacuous``, an error.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["Level", "Verdict", "Expectation", "Source", "Evidence", "Certificate"]


class Level(enum.IntEnum):
    """How a statement was checked, weakest first."""

    CITED = 0
    SIMULATED = 1
    SAMPLED = 2
    HIGH_PRECISION = 3
    ENCLOSED = 4
    SYMBOLIC = 5

    @property
    def label(self) -> str:
        """The name used in JSON and on the command line."""
        return self.name.lower()

    @classmethod
    def of(cls, label: str) -> Level:
        """The level with this name; ValueError names the levels otherwise."""
        try:
            return cls[label.replace("-", "_").upper()]
        except KeyError:
            raise ValueError(f"level must be one of {', '.join(v.label for v in cls)}, got {label!r}") from None

    @property
    def may_prove(self) -> bool:
        """Whether evidence of this level may say ``proved``."""
        return self >= Level.ENCLOSED


class Verdict(enum.StrEnum):
    """What the evidence says of the statement."""

    PROVED = "proved"
    SUPPORTED = "supported"
    REFUTED = "refuted"
    INCONCLUSIVE = "inconclusive"
    VACUOUS = "vacuous"
    SKIPPED = "skipped"
    NOT_CHECKED = "not_checked"


class Expectation(enum.StrEnum):
    """What we expect of the statement before looking."""

    HOLDS = "holds"
    FAILS = "fails"
    OPEN = "open"


class Source(enum.StrEnum):
    """How the statement reached us; only ``text`` may be called a paper's own words."""

    TEXT = "text"
    ABSTRACT = "abstract"
    SECOND_HAND = "second_hand"
    RECALLED = "recalled"
    DERIVED = "derived"


@dataclass(frozen=True)
class Certificate:
    """A proof by subdivision that another program can re-check (:func:`hconsist.rigorous.recheck`).

    The statement is ``expression >= 0`` on ``domain`` (if ``strict``, ``> 0`` off the edges of ``lemma``), in exact
    text: variable -> rational ends as ``"p/q"``.  With a ``choice`` it is that at every point some value of the chosen
    symbols, under its constraints, makes the expression so.  ``tree`` lists the regions that tile the domain, each with
    its box, its edge (an index into ``lemma["vanishing"]``, or None), its split tree with one method per leaf, and the
    values chosen at the leaves.  ``lemma`` holds the order-of-vanishing lemmas with their own proof status.
    """

    claim: str
    domain: dict[str, tuple[str, str]]
    tree: Any
    lemma: dict[str, Any] | None = None
    precision: int = 64
    versions: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    expression: str = ""
    strict: bool = False
    choice: dict[str, Any] | None = None


@dataclass(frozen=True)
class Evidence:
    """One check and its outcome.

    Parameters
    ----------
    verdict, level : what was found, and how.
    points, boxes : how many points or boxes were examined (a symbolic chain counts its steps in ``points``).
    slack : smallest margin found (negative when refuted), ``None`` where a margin has no meaning.
    where : the place of the smallest margin, name -> exact text (``"3/5"``) or float.
    witness : for ``refuted``: an exact point, re-checked in balls, at which the statement fails.
    reason : one sentence where the verdict needs one (skipped, inconclusive, vacuous, open).
    assumptions, notes : what the check took for granted; remarks for a reader.
    certificates : the proofs by subdivision behind the verdict, one for each inequality.
    """

    verdict: Verdict
    level: Level
    points: int = 0
    boxes: int = 0
    slack: float | None = None
    where: dict[str, Any] = field(default_factory=dict)
    witness: dict[str, Any] | None = None
    reason: str = ""
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    certificates: tuple[Certificate, ...] = ()

    def __post_init__(self) -> None:
        if self.verdict is Verdict.PROVED and not self.level.may_prove:
            raise ValueError(f"evidence of level {self.level.label} cannot say 'proved': say 'supported'")
        if self.verdict is Verdict.REFUTED and not self.witness:
            raise ValueError("a refutation must carry a witness")
        if self.verdict in (Verdict.PROVED, Verdict.SUPPORTED) and self.points + self.boxes == 0:
            object.__setattr__(self, "verdict", Verdict.VACUOUS)
            object.__setattr__(self, "reason", self.reason or "the check examined nothing")

    @classmethod
    def joint(cls, parts: Sequence[Evidence]) -> Evidence:
        """The evidence for several statements at once: the first that did not pass, else the weakest and tightest one.

        Points, boxes, seconds, assumptions and certificates are those of all parts; no parts at all is vacuous.
        """
        if failed := next((part for part in parts if not part.passed), None):
            return failed
        if not parts:
            return cls(Verdict.VACUOUS, Level.CITED, reason="the check examined nothing")
        tightest = min(parts, key=lambda part: (part.level, math.inf if part.slack is None else part.slack))
        return replace(
            tightest,
            points=sum(part.points for part in parts),
            boxes=sum(part.boxes for part in parts),
            seconds=sum(part.seconds for part in parts),
            assumptions=tuple(dict.fromkeys(line for part in parts for line in part.assumptions)),
            certificates=tuple(certificate for part in parts for certificate in part.certificates),
        )

    @property
    def passed(self) -> bool:
        """Proved or supported; nothing else is a pass."""
        return self.verdict in (Verdict.PROVED, Verdict.SUPPORTED)
