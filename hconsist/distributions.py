"""Held-out scores with their labels, and finite distributions: reading them from files, and the bundled samples."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from os import PathLike
from pathlib import Path

import numpy as np

from hconsist.domains import InputError

__all__ = ["Laws", "Scores", "load_laws", "load_scores", "digits", "noisy_labels", "BUNDLED"]

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


@dataclass(frozen=True)
class Laws:
    """A finite distribution: conditional laws ``(m, n)`` of the label at m inputs and their weights ``(m,)``, sum 1."""

    laws: np.ndarray
    weights: np.ndarray


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
    return _parse(_read("scores", path), name)


def load_laws(path: str | PathLike[str]) -> Laws:
    """A finite distribution from a CSV file: the weight of an input first, then the probability of each label there.

    Weights are positive and are divided by their sum, so counts will do.  A header ``weight,p_0,p_1,...`` may stand in
    the first line; blank lines are passed over.

    Raises
    ------
    InputError
        for a file that cannot be read or holds no row, and for the first line that is not a positive weight and n >= 2
        probabilities (n as in the first row) that sum to 1 within 1e-9; it names the file, the line and what was found.
    """
    rows = _rows(_read("laws", path), str(path), "weight", "probability", "probabilities")
    columns = ("weight", *(f"p_{k}" for k in range(len(rows[0][1]) - 1)))
    table = np.array([[_number(cell, where, name) for cell, name in zip(cells, columns)] for where, cells in rows])
    for (where, _), (weight, *law) in zip(rows, table):
        if not weight > 0:
            raise InputError(f"{where}: weight", "a number > 0", weight)
        if min(law) < 0 or abs(sum(law) - 1) > 1e-9:
            raise InputError(where, "probabilities that are >= 0 and sum to 1", sum(law) if min(law) >= 0 else min(law))
    return Laws(table[:, 1:], table[:, 0] / np.sum(table[:, 0]))


def _read(argument: str, path: str | PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError):  # ValueError: not UTF-8, or a null character in the path
        raise InputError(argument, "the path of a readable CSV file", str(path)) from None


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
    rows = _rows(text, name, "label", "score", "scores")
    scores = np.empty((len(rows), len(rows[0][1]) - 1))
    labels = np.empty(len(rows), dtype=np.int64)
    columns = [f"score_{k}" for k in range(scores.shape[1])]
    for row, (where, cells) in enumerate(rows):
        labels[row] = _label(cells[0], scores.shape[1], where)
        scores[row] = [_number(cell, where, name) for cell, name in zip(cells[1:], columns)]
    return Scores(scores, labels)


def _rows(text: str, name: str, first: str, other: str, others: str) -> list[tuple[str, list[str]]]:
    """(file and line, cells) of the data rows, all of one length; a header that begins with ``first`` is left out."""
    rows = [(number, line.split(",")) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if rows and rows[0][1][0].strip().lower() == first:
        del rows[0]
    if not rows:
        raise InputError(name, f"a CSV file with at least one row: {first},{other},{other},...", text[:40])
    top, cells = rows[0]
    if len(cells) < 3:
        raise InputError(f"{name}, line {top}", f"a {first} and at least 2 {others}", ",".join(cells))
    for number, found in rows:
        if len(found) != len(cells):
            domain = f"{len(cells)} comma-separated values as in line {top}"
            raise InputError(f"{name}, line {number}", domain, f"{len(found)} values")
    return [(f"{name}, line {number}", [cell.strip() for cell in found]) for number, found in rows]


def _label(cell: str, n_classes: int, where: str) -> int:
    # isdecimal keeps out signs, points, blanks and the underscores that int() would take
    if not (cell.isascii() and cell.isdecimal() and len(cell) < 10 and int(cell) < n_classes):
        raise InputError(f"{where}: label", f"an integer in [0, {n_classes - 1}]", cell)
    return int(cell)


def _number(cell: str, where: str, column: str) -> float:
    try:
        value = float(cell.replace("_", "?"))
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError(f"{where}: {column}", "a finite number", cell)
    return value
