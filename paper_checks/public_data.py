"""Public data for paper checks: the package ships none of them, and a claim about a file that is not here is skipped.

A file is looked for in the folder that the environment variable HCONSIST_DATA names; without it, in
``shared/data/scaling`` beside the repository.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from hconsist.domains import InputError
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.scaling.columns import read_columns

__all__ = ["SOURCES", "VARIABLE", "Table", "folder", "on"]

Table = Mapping[str, list[str]]
"""Columns by name, entries as they stand in the file: 0.1 stays the decimal 0.1."""
VARIABLE = "HCONSIST_DATA"
SOURCES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "chinchilla_svg.csv": (
        "epoch-research/analyzing-chinchilla, data/svg_extracted_data.csv",
        ("params", "flop", "loss"),
    ),
    "compute_optimal_pairs_porian.csv": (
        "formll/resolving-scaling-law-discrepancies, optimal_pairs of data/summary_df*.pickle.xz",
        ("dataset", "hparams", "warmup", "decay", "param_count", "val", "flops", "n_opt", "tokens_opt", "n_std"),
    ),
    "lr_schedule_curves_25m.csv": (
        "thu-yao-01-luo/MultiPowerLaw, loss_curve_repo/csv_25",
        ("schedule", "step", "lr", "loss"),
    ),
    "lr_schedule_curves_100m.csv": (
        "thu-yao-01-luo/MultiPowerLaw, loss_curve_repo/csv_100",
        ("schedule", "step", "lr", "loss"),
    ),
}
"""For each file the GitHub repository and path that it was taken from, and the columns that are read."""


def folder() -> Path:
    """Where public data are looked for; it need not exist."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data" / "scaling"


def on(name: str, decide: Callable[[Table], Evidence]) -> Callable[[], Evidence]:
    """The decision of a claim about the public file ``name``: ``decide`` of its table, or skipped where it is not."""
    source, wanted = SOURCES[name]

    def decided() -> Evidence:
        path = folder() / name
        if not path.is_file():
            reason = f"public data file {name} is not here (from {source}); {VARIABLE} names the folder to look in"
            return Evidence(Verdict.SKIPPED, Level.CITED, reason=reason)
        columns = read_columns(str(path))
        if missing := [column for column in wanted if column not in columns]:
            raise InputError(
                f"file {path.name}", f"a table with columns {', '.join(wanted)}", f"no column {missing[0]}"
            )
        return decide({column: list(columns[column]) for column in wanted})

    return decided
