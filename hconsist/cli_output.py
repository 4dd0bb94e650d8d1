"""What the commands print: results as rows for a terminal, CSV, LaTeX or JSON.  No numbers are made here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist import bounds as hbounds
from hconsist import catalog as hcatalog
from hconsist import hypotheses as hypotheses_sets
from hconsist import losses
from hconsist.domains import Domain, InputError, UnsupportedError
from hconsist.results import Side, jsonable, to_json
from hconsist.tables import csv_table, latex_table, text_table
from hconsist.transforms import METHODS, Transformation
from hconsist.transforms import transform as make_transform

if TYPE_CHECKING:
    from hconsist.bounds import ScoresBound
    from hconsist.evidence import Evidence
    from hconsist.results import Bound, Growth
    from hconsist.steps import Derivation

__all__ = [
    "bounds",
    "bounds_from_file",
    "card",
    "catalog",
    "curve",
    "derivation_json",
    "gaps",
    "grid",
    "listing",
    "render_bounds",
    "render_card",
]

POINTS = Domain(2, 10**6, integer=True)
CARD_T = (0.01, 0.1, 0.25, 0.5, 1.0)
METHOD_SUMMARIES = (
    ("sharp", "the largest T for which the bound holds (default)"),
    ("published", "the form of the paper, as recalled"),
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


def curve(name: str, n_classes: int, hypotheses: str, method: str, t: Sequence[float], output: str | None) -> str:
    """A transformation on a grid."""
    transformation = make_transform(name, n_classes=n_classes, hypotheses=hypotheses, method=method)
    found = transformation.curve(t)
    if output == "json":
        return to_json(jsonable(found) | {"raw_side": transformation.raw_side.value})
    columns = {"t": found.t, "T": found.value, "raw": found.raw}
    if output == "csv":
        columns = {"t": found.t, "raw": found.raw, "value": found.value, "lower": found.lower, "upper": found.upper}
    rows = [dict(zip(columns, values)) for values in zip(*columns.values())]
    if output:
        return _tables(rows, output)
    head = f"{found.loss}, n = {found.n_classes}, {found.hypotheses} hypotheses, {_provenance(transformation)}"
    table = text_table([{k: _show(v) for k, v in row.items()} for row in rows])
    return "\n".join([f"{head}\n", table, *_remarks(transformation)])


def _remarks(transformation: Transformation) -> list[str]:
    """What a reader must know besides the numbers."""
    remarks = [] if transformation.raw_side is Side.EXACT else ["raw: the least value known, not a theorem"]
    if transformation.side is Side.ESTIMATE:
        remarks += [f"T: {words}" for words in transformation.assumptions[1:]]
    if transformation.growth.start > 0:
        zero = transformation.zero_interval
        remarks.append(f"T = 0 up to t = {_show(zero.value)} ({zero.reference})")
    return remarks


def _provenance(transformation: Transformation) -> str:
    references = "; ".join(transformation.references)
    return f"{transformation.method} ({transformation.side.value}, {transformation.level.label}): {references}"


# --- bound --------------------------------------------------------------------------------------------------------

Pairs = Sequence[tuple[str, str]]


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


def card(name: str, n_classes: int, hypotheses: str = "complete") -> dict[str, Any]:
    """Everything the package knows of a loss on a hypothesis set, with the keys of the JSON contract."""
    loss = losses.get(name)
    curves: dict[str, Transformation] = {}
    status = ""
    for method in METHODS:
        try:
            curves[method] = make_transform(loss, n_classes=n_classes, hypotheses=hypotheses, method=method)
        except UnsupportedError as error:
            status = status or str(error)
    sharp = curves.get("sharp")
    return {
        "name": loss.name,
        "parameters": loss.parameters,
        "formula": loss.formula,
        "latex": loss.latex,
        "properties": getattr(loss, "properties", {}),
        "transform": _card_transform(sharp) if sharp else {"value": None, "status": status},
        "growth": _card_growth(curves) if sharp else {"sharp": None, "status": status},
        "calibration": _card_calibration(sharp),
        "references": list(dict.fromkeys(r for found in curves.values() for r in found.references)),
    }


def _card_transform(sharp: Transformation) -> dict[str, Any]:
    found = jsonable(sharp.curve(CARD_T))
    return {key: found[key] for key in ("n_classes", "hypotheses", "method", "side", "level", "t", "raw", "value")}


def _card_growth(curves: Mapping[str, Transformation]) -> dict[str, Any]:
    growths: dict[str, Growth] = {method: found.growth for method, found in curves.items()}
    return {**growths} if curves["sharp"].bounded_scores else {**growths, "floor": curves["sharp"].floor}


def _card_calibration(sharp: Transformation | None) -> dict[str, Any]:
    """Calibrated where T is positive beyond 0: by a floor for every number of labels, or by Theorem 10 in a box."""
    if sharp is not None and sharp.bounded_scores:
        return _box_calibration(sharp)
    if sharp is None or not sharp.floor.constant > 0:
        return {"calibrated": None, "status": "not checked in this release"}
    floor = sharp.floor
    status = f"yes: T(t) > 0 for every t > 0 ({floor.reference})"
    return {"calibrated": True, "status": status, "level": floor.level, "reference": floor.reference}


def _box_calibration(sharp: Transformation) -> dict[str, Any]:
    zero = sharp.zero_interval
    status = f"no: T(t) = 0 up to t = {_show(zero.value)} ({zero.reference})"
    if zero.value == 0:
        status = f"yes, on two labels: T(t) > 0 for every t > 0 ({zero.reference})"
    return {"calibrated": zero.value == 0, "status": status, "level": zero.level, "reference": zero.reference}


def render_card(card: Mapping[str, Any], output: str | None) -> str:
    """The card for a reader."""
    if output == "json":
        return to_json(card)
    curve, growth = card["transform"], card["growth"]
    lines = [
        ("name", card["name"]),
        ("formula", card["formula"]),
        ("LaTeX", card["latex"]),
        ("properties", ", ".join(_property(k, v) for k, v in card["properties"].items()) or "none declared"),
        ("calibrated", card["calibration"]["status"]),
    ]
    if curve["value"] is not None:
        values = ", ".join(f"T({t:g}) = {value:.6g}" for t, value in zip(curve["t"], curve["value"]))
        where = "" if curve["hypotheses"] == "complete" else f"{curve['hypotheses']}, "
        side = "sharp" if curve["side"] == "exact" else f"sharp, {curve['side']}"
        lines.append(("transformation", f"n = {curve['n_classes']}, {where}{side}: {values}"))
        lines += [(f"growth, {kind}", _growth(jsonable(growth[kind]))) for kind in growth]
    else:
        lines.append(("transformation", curve["status"]))
    lines += [("reference", reference) for reference in card["references"]]
    width = max(len(key) for key, _ in lines)
    return "\n".join(f"{key.ljust(width)}  {value}" for key, value in lines)


def _property(key: str, value: object) -> str:
    words = key.replace("_", " ")
    return words if value is True else f"not {words}" if value is False else f"{words} {value}"


def _growth(found: Mapping[str, Any]) -> str:
    if found.get("start"):
        power = _monomial(found["constant"], found["exponent"], "(t - t0)")
        return f"T(t) ~ {power} as t falls to t0 = {_show(found['start'])}, T = 0 before"
    power = _monomial(found["constant"], found["exponent"])
    if "sharp" not in found:
        return f"T(t) ~ {power} as t -> 0"
    bend = f" / (1 + {_monomial(found['bend'], 1)})" if found["bend"] else ""
    return f"T(t) >= {power}{bend} for every t and every n"


def _monomial(constant: float, exponent: float, base: str = "t") -> str:
    power = base if exponent == 1 else f"{base}^{_show(exponent)}"
    return power if constant == 1 else f"{_show(constant)} {power}"


# --- derive -------------------------------------------------------------------------------------------------------


def derivation_json(derivation: Derivation, evidence: Evidence) -> str:
    """The statement, and what became of it."""
    outcome = {key: getattr(evidence, key) for key in ("verdict", "level", "points", "boxes", "reason", "seconds")}
    about = {"name": derivation.name, "title": derivation.title, "statement": derivation.statement}
    pairs = zip(derivation.steps, derivation.outcomes)
    steps = [{"title": step.title, "verdict": found.verdict, "level": found.level} for step, found in pairs]
    return to_json(about | {"assumptions": derivation.assumptions, "steps": steps} | outcome)
