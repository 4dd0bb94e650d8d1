"""Claims of a paper, each decided by a function that returns evidence; collected, run and reported.

A paper check is a module with a ``PAPER`` and a tuple ``CLAIMS``.  Nothing registers itself on import:
:func:`collect` reads the tuple.  A claim's *false twin* (its constant moved past the slack, a sign flipped,
a hypothesis dropped) is a claim of its own with expectation ``fails``; a checker that cannot refute it
is no checker.
"""

from __future__ import annotations

import csv
import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from hconsist.evidence import Evidence, Expectation, Level, Source, Verdict
from hconsist.results import jsonable, to_json

__all__ = ["Paper", "Claim", "Twin", "Outcome", "Report", "collect", "decide", "run"]


@dataclass(frozen=True)
class Paper:
    """What is checked: ``id`` is the module name in ``paper_checks``; ``seen`` says how much of the text was read."""

    id: str
    title: str
    authors: str
    year: int
    url: str
    seen: str


@dataclass(frozen=True)
class Twin:
    """A statement that is false by construction, and how it was spoiled."""

    statement: str
    decide: Callable[[], Evidence]
    may_be_inconclusive: str = ""
    """The listed reason where even a good prover may stay inconclusive; empty means it must be refuted."""


@dataclass(frozen=True)
class Claim:
    """One statement with its hypotheses, where it stands, how it reached us, and the function that decides it."""

    slug: str
    locator: str
    statement: str
    source: Source
    decide: Callable[[], Evidence]
    expectation: Expectation = Expectation.HOLDS
    twin: Twin | None = None
    corrected_by: str = ""
    """For a claim expected to fail: the slug of its corrected form, which must hold."""


@dataclass(frozen=True)
class Outcome:
    """A decided claim."""

    id: str
    paper: str
    locator: str
    statement: str
    source: Source
    expectation: Expectation
    evidence: Evidence
    as_expected: bool
    is_twin: bool = False

    def row(self) -> dict[str, Any]:
        """The keys of the JSON contract."""
        e = self.evidence
        return jsonable(
            {
                "id": self.id,
                "paper": self.paper,
                "locator": self.locator,
                "statement": self.statement,
                "source": self.source,
                "expectation": self.expectation,
                "verdict": e.verdict,
                "level": e.level,
                "as_expected": self.as_expected,
                "points": e.points,
                "boxes": e.boxes,
                "slack": e.slack,
                "where": e.where,
                "witness": e.witness,
                "reason": e.reason,
                "assumptions": e.assumptions,
                "notes": e.notes,
                "twin": self.is_twin,
                "seconds": e.seconds,
            }
        )


def as_expected(expectation: Expectation, evidence: Evidence, minimum: Level = Level.CITED) -> bool:
    """Whether the evidence meets the expectation at ``minimum`` level or better.

    ``holds`` needs proved or supported, or, where nothing was attempted and nothing better is asked for,
    ``not_checked``; ``fails`` needs a refutation; ``open`` accepts anything but a vacuous check.
    """
    verdict = evidence.verdict
    if verdict is Verdict.VACUOUS:
        return False
    if verdict is Verdict.SKIPPED:
        return True
    if expectation is Expectation.OPEN:
        return True
    if expectation is Expectation.FAILS:
        return verdict is Verdict.REFUTED
    if verdict is Verdict.NOT_CHECKED:
        return minimum is Level.CITED
    return evidence.passed and evidence.level >= minimum


def _timed(function: Callable[[], Evidence]) -> Evidence:
    start = time.perf_counter()
    evidence = function()
    return replace(evidence, seconds=time.perf_counter() - start)


def decide(paper: Paper, claim: Claim, minimum: Level = Level.CITED) -> tuple[Outcome, ...]:
    """The outcome of a claim and, where it has one, of its false twin."""
    evidence = _timed(claim.decide)
    id_ = f"{paper.id}:{claim.slug}"
    outcome = Outcome(
        id_,
        paper.id,
        claim.locator,
        claim.statement,
        claim.source,
        claim.expectation,
        evidence,
        as_expected(claim.expectation, evidence, minimum),
    )
    if claim.twin is None:
        return (outcome,)
    found = _timed(claim.twin.decide)
    excused = bool(claim.twin.may_be_inconclusive) and found.verdict is Verdict.INCONCLUSIVE
    if excused:
        found = replace(found, reason=claim.twin.may_be_inconclusive)
    twin = Outcome(
        f"{id_}--twin",
        paper.id,
        claim.locator,
        f"False twin: {claim.twin.statement}",
        Source.DERIVED,
        Expectation.FAILS,
        found,
        excused or found.verdict is Verdict.REFUTED or evidence.verdict is found.verdict is Verdict.SKIPPED,
        is_twin=True,
    )
    return outcome, twin


def collect(module: ModuleType) -> tuple[Paper, tuple[Claim, ...]]:
    """The paper and the claims of a paper check; slugs must be unique and corrections must exist."""
    paper, claims = module.PAPER, tuple(module.CLAIMS)
    slugs = Counter(c.slug for c in claims)
    doubled = [s for s, count in slugs.items() if count > 1]
    if doubled:
        raise ValueError(f"{paper.id}: claim slugs must be unique, {doubled} are not")
    missing = [c.corrected_by for c in claims if c.corrected_by and c.corrected_by not in slugs]
    if missing:
        raise ValueError(f"{paper.id}: corrected forms {missing} are not among the claims")
    return paper, claims


@dataclass(frozen=True)
class Report:
    """Decided claims; prints as a table."""

    outcomes: tuple[Outcome, ...]

    @property
    def unexpected(self) -> tuple[Outcome, ...]:
        """The outcomes that contradict what we expect."""
        return tuple(o for o in self.outcomes if not o.as_expected)

    @property
    def exit_code(self) -> int:
        """0 as expected; 3 if every surprise is inconclusive; else 1 (refuted, vacuous, or a fooled twin)."""
        verdicts = [o.evidence.verdict for o in self.unexpected]
        if not verdicts:
            return 0
        return 3 if all(v is Verdict.INCONCLUSIVE for v in verdicts) else 1

    def summary(self) -> dict[str, Any]:
        """Counts as in the JSON contract; a skipped claim is neither as expected nor unexpected."""
        skipped = sum(o.evidence.verdict is Verdict.SKIPPED for o in self.outcomes)
        return {
            "claims": len(self.outcomes),
            "as_expected": len(self.outcomes) - len(self.unexpected) - skipped,
            "unexpected": len(self.unexpected),
            "by_verdict": dict(Counter(o.evidence.verdict.value for o in self.outcomes)),
            "by_level": dict(Counter(o.evidence.level.label for o in self.outcomes)),
        }

    def to_json(self) -> str:
        """``{claims: [...], summary: {...}}``."""
        return to_json({"claims": [o.row() for o in self.outcomes], "summary": self.summary()})

    def to_csv(self) -> str:
        """One line per claim; nested values as JSON text."""
        out = io.StringIO()
        rows = [o.row() for o in self.outcomes]
        writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else ["id"])
        writer.writeheader()
        for row in rows:
            writer.writerow({k: to_json(v, indent=None) if isinstance(v, (dict, list)) else v for k, v in row.items()})
        return out.getvalue()

    def to_latex(self) -> str:
        """A ``tabular`` of identifier, verdict, level and slack."""
        from hconsist.tables import latex_table

        return latex_table(self._table())

    def _table(self) -> list[dict[str, str]]:
        return [
            {
                "claim": o.id,
                "expected": o.expectation.value,
                "verdict": o.evidence.verdict.value,
                "level": o.evidence.level.label,
                "slack": "" if o.evidence.slack is None else f"{o.evidence.slack:.3g}",
                "ok": "NO" if not o.as_expected else "-" if o.evidence.verdict is Verdict.SKIPPED else "yes",
            }
            for o in self.outcomes
        ]

    def __str__(self) -> str:
        from hconsist.tables import text_table

        counts = self.summary()
        verdicts = ", ".join(f"{v} {k}" for k, v in sorted(counts["by_verdict"].items()))
        decided = counts["as_expected"] + counts["unexpected"]
        tail = f"{counts['as_expected']} of {decided} claims as expected ({verdicts})"
        skipped = Counter(o.evidence.reason for o in self.outcomes if o.evidence.verdict is Verdict.SKIPPED)
        reasons = [f"{number} skipped: {reason}" for reason, number in skipped.items()]
        return "\n".join([text_table(self._table()), *reasons, tail])


def run(
    modules: Iterable[ModuleType],
    *,
    select: Sequence[str] = (),
    minimum: Level = Level.CITED,
    progress: Callable[[str], None] | None = None,
) -> Report:
    """Decide the claims of these paper checks; ``select`` restricts to claim ids."""
    outcomes: list[Outcome] = []
    for module in modules:
        paper, claims = collect(module)
        for claim in claims:
            if select and f"{paper.id}:{claim.slug}" not in select:
                continue
            if progress:
                progress(f"{paper.id}:{claim.slug}")
            outcomes.extend(decide(paper, claim, minimum))
    return Report(tuple(outcomes))
