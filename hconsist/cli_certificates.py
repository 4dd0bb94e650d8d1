"""Certificates on the command line: written by ``check --save``, verified by ``check --recheck``."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hconsist.domains import InputError
from hconsist.evidence import Evidence, Verdict
from hconsist.results import to_json
from hconsist.rigorous.certificates import load, sealed
from hconsist.rigorous.recheck import recheck, stated
from hconsist.tables import csv_table, latex_table, text_table

if TYPE_CHECKING:
    from hconsist.claims import Report

__all__ = ["Rechecked", "exit_code", "recheck_files", "render", "save"]

_COLUMNS = 160
"""Characters of a line where the output goes to no terminal."""
_NARROW, _LEAST = 36, 30
"""Characters of the columns for verdict, leaves and time, and the fewest that a statement or a reason gets."""
NOTE = "Verified is the statement shown; the name of a claim is its writer's label. --json has everything whole."
STATUS = {Verdict.PROVED: "verified", Verdict.REFUTED: "rejected"}


def save(report: Report, folder: Path) -> list[Path]:
    """One JSON file for each proof by subdivision in the report, named after its claim; the folder is made if missing.

    A claim proved by several inequalities has several files, numbered from 1.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for outcome in report.outcomes:
        certificates = outcome.evidence.certificates
        for number, certificate in enumerate(certificates, 1):
            tail = f"--{number}" if len(certificates) > 1 else ""
            files.append(folder / f"{outcome.id.replace(':', '--')}{tail}.json")
            files[-1].write_text(to_json(sealed(certificate, outcome.id), indent=None) + "\n", encoding="utf-8")
    return files


@dataclass(frozen=True)
class Rechecked:
    """One file, what it says it proves, and what became of it."""

    file: str
    record: dict[str, Any]
    evidence: Evidence

    def row(self) -> dict[str, Any]:
        """Everything, for JSON."""
        e = self.evidence
        fields = ("id", "claim", "expression", "strict", "domain", "choice", "lemma")
        return {
            "file": self.file,
            **{key: self.record.get(key) for key in fields},
            "statement": self.statement() or None,
            "verdict": e.verdict,
            "leaves": e.boxes,
            "pieces": e.points,
            "reason": e.reason,
            "witness": e.witness,
            "notes": e.notes,
            "seconds": e.seconds,
            "proving_seconds": self.record.get("seconds"),
        }

    def statement(self, width: int | None = None) -> str:
        """What was verified ("" if nothing was), whole or in ``width`` characters."""
        if self.evidence.verdict is not Verdict.PROVED:
            return ""
        expression, relation = stated(self.record)
        if width is not None:
            relation = _cut(relation, max(width // 2, width - len(expression) - 1))
            expression = _cut(expression, width - len(relation) - 1)
        return f"{expression} {relation}"

    def summary(self, width: int | None = None) -> dict[str, Any]:
        """The columns a reader wants, the statement and the reason in ``width`` characters each."""
        reason = _plain(self.evidence.reason)
        return {
            "file": _plain(Path(self.file).name),
            "statement": self.statement(width),
            "certificate": STATUS.get(self.evidence.verdict, "not verified"),
            "leaves": self.evidence.boxes,
            "time": f"{self.evidence.seconds:.2f} s",
            "why": reason if width is None else _cut(reason, width),
        }


def _cut(text: str, width: int) -> str:
    """The text, without its middle if it is longer than ``width``."""
    kept = width - len(" ... ")
    return text if len(text) <= width else f"{text[: kept - kept // 2]} ... {text[-(kept // 2) :]}"


def _plain(text: str) -> str:
    """The text without line breaks and control characters: whoever names a file must not write into the table."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def recheck_files(
    paths: Sequence[str], evaluator: str, progress: Callable[[str], None] | None = None
) -> list[Rechecked]:
    """Re-check each file; a folder stands for all its ``.json`` files.  InputError for what is no certificate."""
    files: list[Path] = []
    for path in map(Path, paths):
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise InputError("--recheck", "a certificate, or a folder that holds some", str(path))
        files += inside
    found = []
    for file in files:
        if progress:
            progress(str(file))
        record = load(file)
        found.append(Rechecked(str(file), record, recheck(record, evaluator=evaluator)))
    return found


def render(found: Sequence[Rechecked], output: str | None) -> str:
    """For a reader, or as JSON, CSV, LaTeX."""
    verified = sum(f.evidence.verdict is Verdict.PROVED for f in found)
    if output == "json":
        summary = {"certificates": len(found), "verified": verified}
        return to_json({"certificates": [f.row() for f in found], "summary": summary})
    if output:
        return {"csv": csv_table, "latex": latex_table}[output]([f.summary() for f in found])
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else _COLUMNS
    room = columns - _NARROW - max(len(Path(f.file).name) for f in found)
    left_out = set() if verified < len(found) else {"why"}
    rows = [f.summary(max(_LEAST, room if left_out else room // 2)) for f in found]
    rows = [{k: v for k, v in row.items() if k not in left_out} for row in rows]
    return f"{text_table(rows)}\n{verified} of {len(found)} certificates verified\n{NOTE}"


def exit_code(found: Sequence[Rechecked]) -> int:
    """0 if every certificate was verified; 1 if one was rejected; 3 if one could only not be verified."""
    verdicts = {f.evidence.verdict for f in found}
    return 1 if Verdict.REFUTED in verdicts else 3 if verdicts - {Verdict.PROVED} else 0
