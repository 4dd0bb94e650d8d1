"""``hconsist radius``: the step radii of rows of logits and slopes, as a table, JSON, CSV or LaTeX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hconsist.domains import InputError
from hconsist.results import to_json
from hconsist.singularities import Radii
from hconsist.singularities.files import load_rows
from hconsist.singularities.radius import as_rows, radii
from hconsist.tables import csv_table, latex_table, text_table

__all__ = ["chosen_row", "computed", "render"]

_ROWS = 2000
"""Rows between two signs of progress."""
_SHOWN = 20
"""Rows of the table for a reader."""


def computed(
    files: Sequence[str], certify: str, progress: Callable[[str], None]
) -> tuple[np.ndarray, np.ndarray, list[Radii]]:
    """Logits, slopes, and the radii of their rows, a part after the other."""
    if certify not in ("float", "ball"):
        raise InputError("certify", "'float' or 'ball'", certify)
    logits, slopes = as_rows(*load_rows(*files))
    parts: list[Radii] = []
    for start in range(0, logits.shape[0], _ROWS):
        if logits.shape[0] > _ROWS:
            done = start / logits.shape[0]
            progress(f"[{'#' * int(30 * done):30}] {start} of {logits.shape[0]} rows")
        parts.append(radii(logits[start : start + _ROWS], slopes[start : start + _ROWS], certify, first=start))
    return logits, slopes, parts


def chosen_row(parts: Sequence[Radii], row: int | None) -> int:
    """The row to draw: the one asked for, else that of least radius."""
    radius = np.concatenate([part.radius for part in parts])
    if row is None:
        if np.all(np.isnan(radius)):
            raise InputError(
                "--plot", "for a file with a row whose radius is certified", f"{radius.size} rows, none is"
            )
        return int(np.nanargmin(radius))
    if not 0 <= row < radius.size:
        raise InputError("--row", f"an integer in [0, {radius.size - 1}]", row)
    return row


def render(parts: Sequence[Radii], output: str | None) -> str:
    """The rows and the batch."""
    rows: list[dict[str, Any]] = [row for part in parts for row in part.rows()]
    missing = sum(part.missing for part in parts)
    batch = float("nan") if missing else min(part.batch_radius for part in parts)
    if output == "json":
        return to_json({"rows": rows, "batch_radius": batch, "certified": missing == 0, "certify": parts[0].certify})
    if output == "csv":
        return csv_table([{"row": k, **row, "zero": _complex(row["zero"], "r")} for k, row in enumerate(rows)])
    shown = [
        {"row": k}
        | {key: _complex(v, ".6g") if key == "zero" else _show(v) for key, v in row.items() if key != "error"}
        for k, row in enumerate(rows)
    ]
    if output == "latex":
        return latex_table(shown)
    lacking = {"float": "certified", "ball": "proved"}[parts[0].certify]
    notes = [f"{len(rows)} rows, batch radius {_show(batch)}" + (f", {missing} rows not {lacking}" if missing else "")]
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
