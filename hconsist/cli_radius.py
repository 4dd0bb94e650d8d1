"""``hconsist radius``: the step radii of rows of logits and slopes, as a table, JSON, CSV or LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hconsist.domains import InputError
from hconsist.results import to_json
from hconsist.singularities import Radii, Status, radius
from hconsist.singularities.files import load_rows
from hconsist.tables import csv_table, latex_table, text_table

__all__ = ["computed", "render"]

_ROWS = 2000
"""Rows between two signs of progress."""
_SHOWN = 20
"""Rows of the table for a reader."""


def computed(
    files: Sequence[str], certify: str, progress: Callable[[str], None]
) -> tuple[np.ndarray, np.ndarray, list[Radii]]:
    """Logits, slopes, and the radii of their rows, a part after the other."""
    logits, slopes = (np.atleast_2d(np.asarray(array)) for array in load_rows(*files))
    if logits.shape != slopes.shape:
        raise InputError("slopes", f"of shape {logits.shape}, as the logits", slopes.shape)
    parts: list[Radii] = []
    for start in range(0, logits.shape[0], _ROWS):
        if logits.shape[0] > _ROWS:
            done = start / logits.shape[0]
            progress(f"[{'#' * int(30 * done):30}] {start} of {logits.shape[0]} rows")
        parts.append(radius(logits[start : start + _ROWS], slopes[start : start + _ROWS], certify=certify))
    return logits, slopes, parts


def render(parts: Sequence[Radii], output: str | None) -> str:
    """The rows and the batch."""
    rows: list[dict[str, Any]] = [row for part in parts for row in part.rows()]
    certified = all(part.certified for part in parts)
    batch = min((part.batch_radius for part in parts), default=float("nan")) if certified else float("nan")
    if output == "json":
        return to_json({"rows": rows, "batch_radius": batch, "certified": certified, "certify": parts[0].certify})
    if output == "csv":
        return csv_table([{"row": k, **row, "zero": _complex(row["zero"], "r")} for k, row in enumerate(rows)])
    shown = [
        {"row": k}
        | {key: _complex(v, ".6g") if key == "zero" else _show(v) for key, v in row.items() if key != "error"}
        for k, row in enumerate(rows)
    ]
    if output == "latex":
        return latex_table(shown)
    unproved = sum(row["status"] == str(Status.UNCERTIFIED) for row in rows)
    notes = [
        f"{len(rows)} rows, batch radius {_show(batch)}" + ("" if certified else f", {unproved} rows not certified")
    ]
    if len(rows) > _SHOWN:
        shown = [shown[k] for k in sorted(range(len(rows)), key=lambda k: _key(rows[k]["radius"]))[:_SHOWN]]
        notes.append(f"the {_SHOWN} rows of least radius; --json and --csv have all")
    notes.append("the radius is that of convergence and of the logits' motion; it does not promise that the loss falls")
    return text_table(shown) + "\n\n" + "\n".join(f"- {note}" for note in notes)


def _key(value: float) -> float:
    """Rows that are not certified come first."""
    return -1.0 if np.isnan(value) else value


def _complex(zero: Sequence[float] | None, digits: str) -> str:
    """All digits with ``r``."""
    if zero is None:
        return ""
    real, imaginary = (repr(x) if digits == "r" else f"{x:{digits}}" for x in zero)
    return f"{real}+{imaginary}i"


def _show(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
