"""What the commands print: results as rows for a terminal, CSV, LaTeX or JSON.  No numbers are made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist import bounds as hbounds
from hconsist import catalog as hcatalog
from hconsist import hypotheses as hypotheses_sets
from hconsist import losses
from hconsist.domains import Domain, InputError
from hconsist.results import Side, jsonable, to_json
from hconsist.tables import csv_table, latex_table, text_table
from hconsist.transforms import Transformation
from hconsist.transforms import transform as make_transform

if TYPE_CHECKING:
    from hconsist.bounds import ScoresBound
    from hconsist.cards import Card
    from hconsist.evidence import Evidence
    from hconsist.results import Bound
    from hconsist.steps import Derivation

__all__ = [
    "bounds",
    "bounds_from_file",
    "catalog",
    "comparison",
    "curve",
    "derivation_json",
    "gaps",
    "grid",
    "listing",
    "render_bounds",
    "render_card",
]

POINTS = Domain(2, 10**6, integer=True)
METHOD_SUMMARIES = (
    ("sharp", "the largest T for which the bound holds, by a theorem (the default where there is one)"),
    ("published", "the form of a paper, as recalled"),
    ("optimize", "the least regret that a search over laws finds, for any loss (the default elsewhere)"),
    ("enclose", "three labels: a proved lower bound with a proved upper one, in ball arithmetic"),
)


def _tables(rows: Sequence[Mapping[str, Any]], output: str) -> str:
    """Full precision for machines (CSV), nothing rounded away."""
    if output == "latex":
        return latex_table([{k: _show(v) for k, v in row.items()} for row in rows])
    return csv_table([{k: _cell(v) for k, v in row.items()} for row in rows])


def _cell(value: Any) -> Any:
    plain = jsonable(value)
    return "; ".join(map(str, plain)) if isinstance(plain, list) else plain


def _show(value: Any) -> str:
    """For a reader: six significant digits."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    return "" if value is None else str(jsonable(value))


# --- list ---------------------------------------------------------------------------------------------------------


def catalog() -> dict[str, list[dict[str, str]]]:
    """Everything with a name, from static tuples."""
    pairs = {
        "methods": METHOD_SUMMARIES,
        "papers": hcatalog.PAPERS,
        "derivations": hcatalog.DERIVATIONS,
        "figures": hcatalog.FIGURES,
    }
    named = {"losses": losses.NAMES, "hypotheses": hypotheses_sets.NAMES}
    with_parameters = {
        kind: [{"name": n, "parameters": p or "", "summary": s} for n, p, s in rows] for kind, rows in named.items()
    }
    return with_parameters | {kind: [{"name": n, "summary": s} for n, s in rows] for kind, rows in pairs.items()}


def listing(kinds: Mapping[str, list[dict[str, str]]], output: str | None) -> str:
    """The catalogue, one table a kind; CSV and LaTeX put all kinds in one table."""
    if output == "json":
        return to_json(kinds)
    if output:
        rows = [{"kind": kind, "parameters": "", **row} for kind, found in kinds.items() for row in found]
        return _tables(rows, output)
    return "\n\n".join(f"{kind}\n{text_table(found)}" for kind, found in kinds.items())


# --- transform ----------------------------------------------------------------------------------------------------


def grid(points: int) -> list[float]:
    """``points`` equal steps from 0 to 1."""
    return np.linspace(0, 1, int(POINTS.check_scalar("--points", points))).tolist()


def curve(
    name: str, n_classes: int, hypotheses: str, method: str | None, t: Sequence[float], output: str | None
) -> str:
    """A transformation on a grid."""
    transformation = make_transform(name, n_classes=n_classes, hypotheses=hypotheses, method=method)
    found = transformation.curve(t)
    if output == "json":
        return to_json(jsonable(found) | {"raw_side": transformation.raw_side.value})
    columns = {"t": found.t, "T": found.value, "raw": found.raw}
    if output == "csv":
        columns = {"t": found.t, "raw": found.raw, "value": found.value, "lower": found.lower, "upper": found.upper}
    if not output and (np.any((found.lower > 0) & (found.lower < found.value)) or np.any(found.upper > found.value)):
        columns |= {"proved": found.lower} if found.side is not Side.LOWER else {"at most": found.upper}
    rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
    if output:
        return _tables(rows, output)
    head = f"{found.loss}, n = {found.n_classes}, {found.hypotheses} hypotheses, {_provenance(transformation)}"
    table = text_table([{k: _show(v) for k, v in row.items()} for row in rows])
    return "\n".join([f"{head}\n", table, *_remarks(transformation)])


def _remarks(transformation: Transformation) -> list[str]:
    """What a reader must know besides the numbers."""
    raw = {Side.UPPER: ["raw: the least value known, not a theorem"], Side.LOWER: ["raw: a proved lower bound"]}
    remarks = raw.get(transformation.raw_side, [])
    if transformation.side is Side.ESTIMATE:
        remarks += [f"T: {words}" for words in transformation.assumptions[1:]]
    zero = transformation.zero_interval
    if zero.value > 0:
        words = {Side.UPPER: "T > 0 is proved beyond", Side.ESTIMATE: "T = 0 within rounding up to"}.get(
            zero.side, "T = 0 up to"
        )
        remarks.append(f"{words} t = {_show(zero.value)} ({zero.reference})")
    return remarks


def _provenance(transformation: Transformation) -> str:
    references = "; ".join(transformation.references)
    return f"{transformation.method} ({transformation.side.value}, {transformation.level.label}): {references}"


# --- bound --------------------------------------------------------------------------------------------------------

Pairs = Sequence[tuple[str, str | None]]


def bounds(pairs: Pairs, **arguments: Any) -> Sequence[Bound | ScoresBound]:
    """One bound for each (loss, method)."""
    return [hbounds.bound(name, method=method, **arguments) for name, method in pairs]


def bounds_from_file(
    pairs: Pairs, file: str, *, n_classes: int | None, **arguments: Any
) -> Sequence[Bound | ScoresBound]:
    """One bound for each (loss, method) on the scores in a file."""
    from hconsist.distributions import load_scores

    data = load_scores(file)
    if n_classes is not None and n_classes != data.n_classes:
        raise InputError("n_classes", f"the number of score columns of {file}, {data.n_classes}", n_classes)
    return [
        hbounds.bound_from_scores(name, data.scores, data.labels, method=method, **arguments) for name, method in pairs
    ]


def render_bounds(found: Sequence[Bound | ScoresBound], output: str | None) -> str:
    """Bounds side by side; one alone is a plain JSON object, several are its ``rows``."""
    records = [_record(result) for result in found]
    if output == "json":
        return to_json(records[0] if len(records) == 1 else {"rows": records})
    if output == "csv":
        return _tables(records, output)
    estimates = any(record["side"] != "upper" for record in records)
    rows = [_row(record, estimates) for record in records]
    if output == "latex":
        return _tables(rows, output)
    notes = [note for record in records for note in (*record["assumptions"], record.get("remark"))]
    lines = [f"- {note}" for note in dict.fromkeys(notes) if note]
    head = ""
    if "samples" in records[0]:
        first = records[0]
        head = f"{first['samples']} samples, {first['n_classes']} labels, measured error {_show(first['error'])}\n\n"
    return head + text_table([{k: _show(v) for k, v in row.items()} for row in rows]) + "\n\n" + "\n".join(lines)


def _record(result: Bound | ScoresBound) -> dict[str, Any]:
    """The keys of the JSON contract, nested bound flattened."""
    record = jsonable(result)
    return record.pop("bound") | record if "bound" in record else record


def _row(record: Mapping[str, Any], with_side: bool) -> dict[str, Any]:
    keys = {"loss": "loss", "method": "method"}
    if "samples" in record:
        keys |= {"surrogate_risk": "risk", "floor": "floor"}
    else:
        keys |= {"n_classes": "n"}
    keys |= {"excess": "excess", "value": "bound"} | ({"side": "side"} if with_side else {})
    keys |= {"vacuous": "vacuous", "level": "level"}
    if "samples" in record:
        keys |= {"informative": "informative"}
    return {title: record[key] for key, title in keys.items()}


# --- gap ----------------------------------------------------------------------------------------------------------


def gaps(names: Sequence[str], file: str, output: str | None) -> str:
    """Minimizability gaps of hypotheses that ignore the input, one row a loss; one alone is a plain JSON object."""
    from hconsist.distributions import load_laws
    from hconsist.gaps import constant_gaps

    data = load_laws(file)
    found = [constant_gaps(name, data.laws, data.weights) for name in names]
    if output == "json":
        return to_json(found[0] if len(found) == 1 else {"rows": found})
    rows = [
        {
            "loss": gap.loss,
            "gap": gap.surrogate_gap.value,
            "zero_one_gap": gap.target_gap.value,
            "bound": gap.bound.value if gap.bound else None,
        }
        for gap in found
    ]
    if output:
        return _tables(rows, output)
    head = f"{found[0].inputs} inputs, {found[0].n_classes} labels, the same free scores at every input"
    notes = [
        "gap: best risk minus mean entropy, each in the units of its loss; compare the bounds, not the gaps",
        "bound: Gamma(gap) - zero_one_gap, the zero-one error left at surrogate estimation error 0",
        *(f"{gap.loss}: {gap.status}" for gap in found if gap.status),
    ]
    table = text_table([{k: _show(v) for k, v in row.items()} for row in rows])
    return f"{head}\n\n{table}\n\n" + "\n".join(f"- {note}" for note in notes)


# --- loss ---------------------------------------------------------------------------------------------------------


def render_card(card: Card, output: str | None) -> str:
    """The card for a reader, as JSON, or as LaTeX: the formula, and a table of the rest."""
    record = card.record()
    if output == "json":
        return to_json(record)
    lines = _card_lines(record, card)
    if output == "latex":
        rows = [{"what": what, "value": value} for what, value in lines if what not in ("LaTeX", "formula")]
        return f"\\[ {card.loss.latex} \\]\n{latex_table(rows)}"
    width = max(len(what) for what, _ in lines)
    return "\n".join(f"{what.ljust(width)}  {value}" for what, value in lines)


def _card_lines(record: Mapping[str, Any], card: Card) -> list[tuple[str, str]]:
    curve = record["transform"]
    lines = [
        ("name", record["name"]),
        ("formula", record["formula"]),
        ("LaTeX", record["latex"]),
        ("properties", _properties(record["properties"])),
        ("calibrated", record["calibration"]["status"]),
    ]
    if card.calibration is not None and card.calibration.witness is not None:
        lines.append(("witness", str(card.calibration.witness)))
    if curve["value"] is None:
        lines.append(("transformation", curve["status"]))
    else:
        lines += [*_card_curve(record), *_card_growth(record["growth"])]
    if card.dependence is not None:
        known = card.searched or card.dependence.theorem
        lines.append(("dependence on n", f"{card.dependence.verdict} ({known})"))
        if card.dependence.witness is not None:
            lines.append(("witness", str(card.dependence.witness)))
    return lines + [("reference", reference) for reference in card.references]


def _card_curve(card: Mapping[str, Any]) -> list[tuple[str, str]]:
    curve, gamma = card["transform"], card["gamma"]
    where = "" if curve["hypotheses"] == "complete" else f"{curve['hypotheses']}, "
    side = curve["method"] if curve["side"] == "exact" else f"{curve['method']}, {curve['side']}"
    lines = [("transformation", f"n = {curve['n_classes']}, {where}{side}: {_values('T', curve['t'], curve['value'])}")]
    if curve["side"] != "exact" and any(curve["lower"]):
        lines.append(("proved lower bound", _values("T", curve["t"], curve["lower"], ">=")))
    return [*lines, ("Gamma", _values("Gamma", gamma["excess"], gamma["value"]))]


def _card_growth(growth: Mapping[str, Any]) -> list[tuple[str, str]]:
    lines = [(f"growth, {kind}", _growth(found)) for kind, found in growth.items() if kind != "trend"]
    if "trend" in growth and growth["trend"]["t"]:
        pairs = zip(growth["trend"]["t"], growth["trend"]["exponent"])
        lines.append(("local exponents", ", ".join(f"{e:.4f} at t = {t:.3g}" for t, e in pairs)))
    return lines


def _values(name: str, x: Sequence[float], y: Sequence[float], relation: str = "=") -> str:
    return ", ".join(f"{name}({a:g}) {relation} {b:.6g}" for a, b in zip(x, y))


def _properties(found: Mapping[str, object]) -> str:
    """Those that hold, then those that do not."""
    holds = [key.replace("_", " ") for key, value in found.items() if value]
    fails = [f"not {key.replace('_', ' ')}" for key, value in found.items() if not value]
    return ", ".join([*holds, *fails]) or "none declared"


def _growth(found: Mapping[str, Any], *, brief: bool = False) -> str:
    if found.get("start"):
        power = _monomial(found["constant"], found["exponent"], "(t - t0)")
        if brief:
            return f"0 to t0 = {_show(found['start'])}, {power}"
        return f"T(t) ~ {power} as t falls to t0 = {_show(found['start'])}, T = 0 before"
    power = _monomial(found["constant"], found["exponent"])
    if "sharp" not in found:
        return power if brief else f"T(t) ~ {power} as t -> 0"
    bend = f" / (1 + {_monomial(found['bend'], 1)})" if found["bend"] else ""
    return f"T(t) >= {power}{bend} for every t and every n"


def _monomial(constant: float, exponent: float, base: str = "t") -> str:
    power = base if exponent == 1 else f"{base}^{_show(exponent)}"
    return power if constant == 1 else f"{_show(constant)} {power}"


def comparison(
    names: Sequence[str], n_classes: int, excess: Sequence[float], hypotheses: str, output: str | None
) -> str:
    """Losses side by side."""
    from hconsist.cards import compare

    found = compare(names, n_classes=n_classes, excess=excess, hypotheses=hypotheses)
    if output == "json":
        return to_json({"n_classes": n_classes, "hypotheses": hypotheses, "rows": found})
    rows = [_compared(record) for record in found]
    if output:
        return _tables(rows, output)
    notes = [
        "excess: in the units of each loss, whose scale is T(1); a loss is no better for a smaller unit",
        *(f"{record['loss']}: {record['status']}" for record in found if record["status"]),
    ]
    if any(record["side"] == "estimate" for record in found):
        notes.append("optimize: the least regret that a search found, so that Gamma may be larger")
    table = text_table([{key: _show(value) for key, value in row.items()} for row in rows])
    return f"n = {n_classes}, {hypotheses} hypotheses\n\n{table}\n\n" + "\n".join(f"- {note}" for note in notes)


def _compared(record: Mapping[str, Any]) -> dict[str, Any]:
    growth = record["growth"]
    answer = {True: "yes", False: "no", None: "not decided"}[record["calibrated"]]
    row = {
        "loss": record["loss"],
        "method": record["method"],
        "side": record["side"],
        "T(1)": record["total"],
        "T near 0": _growth(growth, brief=True) if growth else None,
        "depends on n": {"independent of n: proved": "no", "depends on n: proved": "yes"}.get(
            record["n_dependence"], "not decided"
        ),
        "calibrated": answer,
    }
    gamma = record["gamma"] or [None] * len(record["excess"])
    return row | {f"Gamma({x:g})": value for x, value in zip(record["excess"], gamma)}


# --- derive -------------------------------------------------------------------------------------------------------


def derivation_json(derivation: Derivation, evidence: Evidence) -> str:
    """The statement, and what became of it."""
    outcome = {key: getattr(evidence, key) for key in ("verdict", "level", "points", "boxes", "reason", "seconds")}
    about = {"name": derivation.name, "title": derivation.title, "statement": derivation.statement}
    pairs = zip(derivation.steps, derivation.outcomes)
    steps = [{"title": step.title, "verdict": found.verdict, "level": found.level} for step, found in pairs]
    return to_json(about | {"assumptions": derivation.assumptions, "steps": steps} | outcome)
