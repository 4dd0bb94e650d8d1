"""Held-out scores with their labels: reading them from a file, and the two samples that ship with the package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from os import PathLike
from pathlib import Path

import numpy as np

from hconsist.domains import InputError

__all__ = ["Scores", "load_scores", "digits", "noisy_labels", "BUNDLED"]

BUNDLED = ("digits", "noisy-labels")
"""Names that :func:`load_scores` takes in place of a path."""


@dataclass(frozen=True)
class Scores:
    """Scores ``(m, n)``, float64, one row per sample and one column per label, and integer labels ``(m,)``."""

    scores: np.ndarray
    labels: np.ndarray

    @property
    def samples(self) -> int:
        """m."""
        return self.scores.shape[0]

    @property
    def n_classes(self) -> int:
        """n."""
        return self.scores.shape[1]


def load_scores(path: str | PathLike[str]) -> Scores:
    """Scores and labels from a CSV file: the label first, then one score per label; labels are 0, ..., n-1.

    Parameters
    ----------
    path : the file, or one of the names in :data:`BUNDLED` (write ``./digits`` for a file of that name).
        A header ``label,score_0,score_1,...`` may stand in the first line; blank lines are passed over.

    Raises
    ------
    InputError
        for a file that cannot be read or holds no row, and for the first line that is not a label and n >= 2 finite
        scores (n as in the first row); it names the file, the line, what belongs there and what was found.
    """
    name = str(path)
    if name.replace("_", "-") in BUNDLED:
        return _bundled(name.replace("_", "-"))
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError):  # ValueError: not UTF-8, or a null character in the path
        raise InputError("scores", "the path of a readable CSV file", name) from None
    return _parse(text, name)


def digits() -> Scores:
    """Softmax regression on the UCI optical digits: 899 held-out samples of 10 labels (``hconsist/data/README.md``)."""
    return _bundled("digits")


def noisy_labels() -> Scores:
    """A simulation whose least risk is known: 3,000 samples of 5 labels, conditional law (1/2, 1/8, 1/8, 1/8, 1/8).

    The true label of a sample keeps half of the probability, so the Bayes error is 1/2 and the irreducible
    cross-entropy ``log(2)/2 + log(8)/2 = log 4``.
    """
    return _bundled("noisy-labels")


def _bundled(name: str) -> Scores:
    file = f"{name.replace('-', '_')}.csv"
    return _parse((resources.files("hconsist.data") / file).read_text(encoding="utf-8"), file)


def _parse(text: str, name: str) -> Scores:
    rows = [(number, line.split(",")) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if rows and rows[0][1][0].strip().lower() == "label":
        del rows[0]
    if not rows:
        raise InputError(name, "a CSV file with at least one row: label,score,score,...", text[:40])
    first, cells = rows[0]
    width = len(cells)
    if width < 3:
        raise InputError(f"{name}, line {first}", "a label and at least 2 scores", ",".join(cells))
    scores = np.empty((len(rows), width - 1))
    labels = np.empty(len(rows), dtype=np.int64)
    for row, (number, cells) in enumerate(rows):
        where = f"{name}, line {number}"
        if len(cells) != width:
            raise InputError(where, f"{width} comma-separated values as in line {first}", f"{len(cells)} values")
        labels[row] = _label(cells[0].strip(), width - 1, where)
        scores[row] = [_score(cell.strip(), column, where) for column, cell in enumerate(cells[1:])]
    return Scores(scores, labels)


def _label(cell: str, n_classes: int, where: str) -> int:
    # isdecimal keeps out signs, points, blanks and the underscores that int() would take
    if not (cell.isascii() and cell.isdecimal() and len(cell) < 10 and int(cell) < n_classes):
        raise InputError(f"{where}: label", f"an integer in [0, {n_classes - 1}]", cell)
    return int(cell)


def _score(cell: str, column: int, where: str) -> float:
    try:
        value = float(cell.replace("_", "?"))
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{where}: score_{column}", "a finite number", cell)
    return value
