"""Logits and slopes from files: one .npz with both, or two CSV files of the same shape."""

from __future__ import annotations

import math
import zipfile
import zlib
from os import PathLike
from pathlib import Path

import numpy as np

from hconsist.domains import InputError

__all__ = ["load_rows"]

Path_ = str | PathLike[str]


def load_rows(logits: Path_, slopes: Path_ | None = None) -> tuple[np.ndarray, np.ndarray]:
    """``(m, K)`` logits and slopes.

    Parameters
    ----------
    logits : an .npz file with arrays ``logits`` and ``slopes``, if it is all that is given; else a CSV file.
    slopes : a CSV file of as many rows and columns.  The first line of each is a header if none of its cells is a
        number (one of numbers cannot be told from a row); a header with an empty first cell stands over a column of row
        numbers, and is refused.

    Raises
    ------
    InputError
        for a file that cannot be read or lacks an array, and for the first cell that is not a number: it names the
        file, the line and the column.
    """
    if slopes is None:
        return _archive(logits)
    return _table("logits", logits), _table("slopes", slopes)


def _archive(path: Path_) -> tuple[np.ndarray, np.ndarray]:
    wanted = "an .npz file with arrays logits and slopes (or two CSV files: LOGITS SLOPES)"
    try:
        with np.load(path, allow_pickle=False) as found:
            return found["logits"], found["slopes"]
    except OSError as error:
        raise InputError("file", f"a file that can be read ({error.strerror or error})", str(path)) from None
    # TypeError: a lone .npy; KeyError: an array is missing; the others: no archive, or a damaged one
    except (TypeError, KeyError, ValueError, zipfile.BadZipFile, zlib.error, EOFError):
        raise InputError("file", wanted, str(path)) from None


def _table(argument: str, path: Path_) -> np.ndarray:
    try:
        lines = Path(path).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(argument, f"a CSV file that can be read ({error})", str(path)) from None
    rows = [(k, line.split(",")) for k, line in enumerate(lines, start=1) if line.strip()]
    if rows and not any(map(_is_number, rows[0][1])):
        if not rows[0][1][0].strip():
            raise InputError(f"{path}, line {rows[0][0]}", "without an empty first cell: a column of row numbers?", "")
        rows = rows[1:]
    if not rows:
        raise InputError(argument, "a CSV file with a row", str(path))
    return np.array([_numbers(cells, len(rows[0][1]), f"{path}, line {k}") for k, cells in rows])


def _numbers(cells: list[str], columns: int, where: str) -> list[float]:
    if len(cells) != columns:
        raise InputError(where, f"a row of {columns} numbers, as the first one", len(cells))
    for k, cell in enumerate(cells, start=1):
        if not _is_number(cell):
            raise InputError(f"{where}, column {k}", "a number", cell.strip())
        if math.isinf(float(cell)) and any(map(str.isdigit, cell)):
            raise InputError(f"{where}, column {k}", "a number within the floats", cell.strip())
    return [float(cell) for cell in cells]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell
