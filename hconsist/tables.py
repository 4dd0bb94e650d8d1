"""Rows of text as a terminal table, CSV or LaTeX: the one place that lays out tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

__all__ = ["text_table", "csv_table", "latex_table"]

Rows = Sequence[Mapping[str, object]]


def text_table(rows: Rows) -> str:
    """Aligned columns under a ruled header; numbers should come formatted."""
    if not rows:
        return "(nothing)"
    names = list(rows[0])
    cells = [[str(r[k]) for k in names] for r in rows]
    widths = [max(len(n), *(len(c[i]) for c in cells)) for i, n in enumerate(names)]
    lines = ["  ".join(n.ljust(w) for n, w in zip(names, widths)), "  ".join("-" * w for w in widths)]
    lines += ["  ".join(c.ljust(w) for c, w in zip(row, widths)) for row in cells]
    return "\n".join(line.rstrip() for line in lines)


def csv_table(rows: Rows) -> str:
    """RFC 4180 text with a header line."""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def latex_table(rows: Rows) -> str:
    """A booktabs ``tabular``."""
    names = list(rows[0]) if rows else []
    lines = [
        rf"\begin{{tabular}}{{{'l' * len(names)}}}",
        r"\toprule",
        " & ".join(map(_escape, names)) + r" \\",
        r"\midrule",
    ]
    lines += [" & ".join(_escape(str(r[k])) for k in names) + r" \\" for r in rows]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _escape(text: str) -> str:
    table = {
        "\\": r"\textbackslash{}",
        "_": r"\_",
        "%": r"\%",
        "&": r"\&",
        "#": r"\#",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
    }
    return "".join(table.get(ch, ch) for ch in text)
