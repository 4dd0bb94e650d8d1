"""Data for a fit: named columns, and errors that name the row and the column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hconsist.domains import InputError

__all__ = ["FLOP_PER_PARAMETER_TOKEN", "check_losses", "check_units", "columns_of", "numbers", "read_columns"]

FLOP_PER_PARAMETER_TOKEN = 6.0
"""C = 6 N D: floating-point operations of training, per parameter and token."""
_COMPUTE = ("params", "tokens", "flop")
_UNITS = "and not in thousands, millions or billions"


def columns_of(x: Any, names: Sequence[str], *, signed: Sequence[str] = ()) -> dict[str, np.ndarray]:
    """The columns ``names`` of ``x``: an array (n, columns) in that order (one column may be (n,)) or a mapping.

    Of ``params``, ``tokens`` and ``flop`` a mapping may give two in place of any one that is missing, by C = 6 N D.
    Entries must be positive and finite, but for those of columns in ``signed``, which need only be finite.
    """
    if isinstance(x, Mapping) or hasattr(x, "keys"):
        found = {str(name): np.asarray(x[name], dtype=object) for name in x.keys()}  # noqa: SIM118
        found = {name: numbers(values, name) for name, values in found.items() if name in (*names, "flop")}
        missing = [name for name in names if name not in found]
        given = [name for name in _COMPUTE if name not in missing and name in x.keys()]  # noqa: SIM118
        if len(missing) == 1 and missing[0] in _COMPUTE and len(given) == 2:
            found |= {name: numbers(np.asarray(x[name], dtype=object), name) for name in given}
            _positive(found, [n for n in (*names, *given) if n in found], signed)
            found[missing[0]] = _third(found, missing[0])
            missing = []
        if missing:
            raise InputError("columns", f"named {', '.join(names)} (missing: {', '.join(missing)})", list(x.keys()))
        found = {name: found[name] for name in names}
    else:
        try:
            table = np.asarray(x, dtype=object)
        except ValueError:  # rows of several shapes
            raise InputError("X", f"of shape (points, {len(names)}): {', '.join(names)}", x) from None
        table = table[:, None] if table.ndim == 1 and len(names) == 1 else table
        if table.ndim != 2 or table.shape[1] != len(names):
            raise InputError("X", f"of shape (points, {len(names)}): {', '.join(names)}", table.shape)
        found = {name: numbers(table[:, i], name) for i, name in enumerate(names)}
    lengths = {len(values) for values in found.values()}
    if len(lengths) > 1 or lengths == {0}:
        sizes = {name: len(values) for name, values in found.items()}
        raise InputError("columns", "of one length, at least 1", sizes)
    _positive(found, names, signed)
    return found


def _third(found: Mapping[str, np.ndarray], missing: str) -> np.ndarray:
    """The one of C = 6 N D that the other two give."""
    if missing == "flop":
        return FLOP_PER_PARAMETER_TOKEN * found["params"] * found["tokens"]
    return found["flop"] / (FLOP_PER_PARAMETER_TOKEN * found["tokens" if missing == "params" else "params"])


def check_losses(y: Any, n_points: int, n_parameters: int, name: str = "loss") -> np.ndarray:
    """Losses (n,): positive, finite, one for each point, and no fewer than parameters."""
    values = numbers(np.asarray(y, dtype=object), name)
    if len(values) != n_points:
        raise InputError(name, f"of the same length as the other columns, {n_points}", len(values))
    _positive({name: values}, (name,), ())
    if len(values) < n_parameters:
        raise InputError("the number of points", f"at least the number of parameters, {n_parameters}", len(values))
    return values


def check_units(columns: Mapping[str, np.ndarray]) -> None:
    """Refuse parameters, tokens or FLOP that look like millions or billions, and columns with one value only."""
    for name, values in columns.items():
        if len(np.unique(values)) == 1:
            raise InputError(f"column {name}", "of at least two different values", float(values[0]))
        if name in ("params", "tokens", "flop") and values.min() < 1:
            row = int(values.argmin())
            raise InputError(f"row {row}, column {name}", f"a count, at least 1 {_UNITS}", float(values[row]))
    if {"params", "tokens"} <= set(columns):
        params, tokens = columns["params"], columns["tokens"]
        ratio = float(np.median(tokens / params))
        tiny = max(params.max(), tokens.max()) < 1e5
        # much over-trained small models are real (a thousand tokens a parameter and more), the other way round is rare
        tokens_scaled, params_scaled = ratio < 1e-3 and tokens.max() < 1e8, ratio > 1e4 and params.max() < 1e6
        for name, value, scaled in (("tokens", tokens, tokens_scaled), ("params", params, params_scaled)):
            if scaled or tiny:
                row = int(value.argmax())
                raise InputError(f"row {row}, column {name}", f"counted in units {_UNITS}", float(value[row]))


def read_columns(path: str) -> dict[str, np.ndarray]:
    """A CSV file with a header line as columns of numbers; columns that hold text are kept as they are."""
    import csv

    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            rows = [(reader.line_num, row) for row in reader if row]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError("file", f"a CSV file that can be read ({error})", path) from None
    if len(rows) < 2:
        raise InputError("file", "a table with a header line and at least one row", path)
    header, body = [name.strip() for name in rows[0][1]], rows[1:]
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise InputError(f"line {rows[0][0]}", "a header of different names", twice[0])
    for number, row in body:
        if len(row) != len(header):
            raise InputError(f"line {number}", f"of {len(header)} entries as the header", len(row))
    return {name: np.array([row[i].strip() for _, row in body], dtype=object) for i, name in enumerate(header)}


def numbers(values: np.ndarray, name: str) -> np.ndarray:
    """The entries of a column as floats; an error names the row, counted from 0, and the column."""
    result = np.empty(len(np.atleast_1d(values)))
    for i, value in enumerate(np.atleast_1d(values)):
        try:
            if isinstance(value, (bool, np.bool_)):
                raise TypeError
            result[i] = float(value)
        except (TypeError, ValueError):
            raise InputError(f"row {i}, column {name}", "a number", value) from None
    return result


def _positive(columns: Mapping[str, np.ndarray], names: Sequence[str], signed: Sequence[str]) -> None:
    for name in names:
        values = columns[name]
        good = np.isfinite(values) & ((values > 0) | (name in signed))
        if not good.all():
            row = int(np.argmin(good))
            domain = "a finite number" if name in signed else "a finite number > 0"
            raise InputError(f"row {row}, column {name}", domain, float(values[row]))
