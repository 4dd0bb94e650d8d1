"""``hconsist fit``: a table of runs to a fitted law, its page, its plan and its limit on the top-1 error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.results import Interval, jsonable, to_json
from hconsist.scaling import (
    AnnealingLaw,
    Chinchilla,
    EncoderDecoder,
    Envelope,
    ErrorLimit,
    FitWarning,
    IsoFlop,
    LawEstimator,
    OverTraining,
    Plan,
    PowerLaw,
    UnidentifiedError,
    logged_areas,
    read_columns,
)
from hconsist.scaling.columns import check_losses, columns_of
from hconsist.scaling.report import page
from hconsist.scaling.size_line import SizeLine
from hconsist.tables import csv_table, latex_table

__all__ = ["Options", "Result", "fitted", "render"]

_SHORT = {"N": "params", "D": "tokens", "C": "flop", "L": "loss"}
_NAMES = ("params", "tokens", "flop", "loss", "x", "encoder", "decoder", "S1", "S2", "step", "lr", "run")
_LAW_OF_OPTION = {
    "tied": ("chinchilla",),
    "exponents": ("isoflop",),
    "decay": ("annealing",),
    "warmup": ("annealing",),
    "fit_by": ("chinchilla", "over-training", "power", "encoder-decoder", "annealing"),
    "delta": ("chinchilla", "over-training", "power", "encoder-decoder", "annealing"),
}
"""Options that say nothing to other laws."""


@dataclass(frozen=True)
class Options:
    """What the command line says beside the file and the law."""

    columns: str | None
    fit_by: str | None
    delta: float | None
    tied: bool
    exponents: Sequence[float] | None
    decay: float | None
    warmup: int | None
    bootstrap: int
    seed: int
    confidence: float
    drop_largest: int
    budget: float | None
    measured_loss: float | None


@dataclass(frozen=True)
class Result:
    """A fit with what was asked of it; ``plan`` is None and ``no_plan`` says why where a plan is refused."""

    law: str
    fit: Any
    n_points: int
    options: Options
    plan: Any
    no_plan: str
    errors: list[ErrorLimit]

    @property
    def notes(self) -> list[str]:
        """Warnings of the fit, and why there is no plan."""
        return [*getattr(self.fit, "warnings_", []), *([f"no plan: {self.no_plan}"] if self.no_plan else [])]


def fitted(path: str, law: str, options: Options, progress: Callable[[str], None]) -> Result:
    """Read, fit, resample and plan."""
    for option, laws in _LAW_OF_OPTION.items():
        if getattr(options, option) not in (None, False) and law not in laws:
            raise InputError(f"--{option.replace('_', '-')}", f"used with {', '.join(laws)}", law)
    table = _renamed(read_columns(path), options.columns)
    estimator = _estimator(law, options, table, progress)
    if options.measured_loss is not None and not isinstance(estimator, LawEstimator):
        raise InputError("--measured-loss", "used with a law that has an irreducible loss", law)
    if options.budget is not None and not hasattr(estimator, "plan"):
        raise InputError("--budget", "used with a law that makes plans", law)
    columns = _columns(law, options, table, estimator)
    losses = np.asarray(table["loss"], dtype=object)
    columns, losses = _without_largest(estimator, columns, losses, options.drop_largest)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)  # they stand in the page
        estimator.fit(columns, losses)
    plan, no_plan, errors = None, "", []
    if options.measured_loss is not None:
        errors.append(estimator.error_limit(loss=options.measured_loss, confidence=options.confidence))
    if options.budget is not None:
        try:
            plan = estimator.plan(options.budget, confidence=options.confidence)
        except UnidentifiedError as error:
            no_plan = str(error)
        if isinstance(plan, Plan):
            errors.append(estimator.error_limit(budget=options.budget, confidence=options.confidence))
    return Result(law, estimator, len(losses), options, plan, no_plan, errors)


def _renamed(table: dict[str, np.ndarray], columns: str | None) -> dict[str, np.ndarray]:
    """The table with ``N=..,D=..,L=..`` applied: canonical names for the file's."""
    headers = dict(table)
    for pair in columns.split(",") if columns else ():
        name, equals, header = (part.strip() for part in pair.partition("="))
        if not equals or header not in headers:
            raise InputError("--columns", f"NAME=HEADER with a header of the file ({', '.join(headers)})", pair)
        if _SHORT.get(name, name) not in _NAMES:
            raise InputError("--columns", f"a NAME among {', '.join((*_SHORT, *_NAMES))}", name)
        table[_SHORT.get(name, name)] = headers[header]
    if "loss" not in table:
        raise InputError("columns", "with loss (or --columns L=HEADER)", list(table))
    return table


def _estimator(law: str, options: Options, table: Mapping[str, np.ndarray], progress: Callable[[str], None]) -> Any:
    resamples = int(Domain(2, 10**6, integer=True).check_scalar("--bootstrap", options.bootstrap))
    seed = int(Domain(0, 2**63 - 1, integer=True).check_scalar("--seed", options.seed))
    shared: dict[str, Any] = {
        "loss": options.fit_by or "huber",
        "delta": 1e-3 if options.delta is None else options.delta,
        "resamples": resamples,
        "rng": seed,
        "workers": _Reporting(progress),
    }
    if law == "chinchilla":
        return Chinchilla(tied=options.tied, **shared)
    if law == "over-training":
        return OverTraining(**shared)
    if law == "power":
        return PowerLaw(column=_variable(table), **shared)
    if law == "encoder-decoder":
        return EncoderDecoder(**shared)
    if law == "annealing":
        return AnnealingLaw(decay=_decay(options), **shared)
    if law == "isoflop":
        exponents = options.exponents
        if exponents is not None and len(exponents) != 2:
            raise InputError("--exponents", "two numbers, ALPHA,BETA", exponents)
        return IsoFlop(exponents=None if exponents is None else (exponents[0], exponents[1]), resamples=resamples,
                       rng=seed)  # fmt: skip
    return Envelope(resamples=resamples, rng=seed)


def _decay(options: Options) -> float:
    return 0.999 if options.decay is None else options.decay


def _variable(table: Mapping[str, np.ndarray]) -> str:
    others = [name for name in table if name != "loss"]
    if "x" in table:
        return "x"
    if len(others) != 1:
        raise InputError("columns", "with x, or one column beside loss (--columns x=HEADER chooses)", list(table))
    return others[0]


def _columns(law: str, options: Options, table: dict[str, np.ndarray], estimator: Any) -> dict[str, np.ndarray]:
    if law == "annealing" and not {"S1", "S2"} <= set(table):
        return logged_areas(table, warmup=options.warmup, decay=_decay(options))
    wanted = {*estimator.columns, *({"tokens", "flop"} if "params" in estimator.columns else ())}
    return {name: values for name, values in table.items() if name in wanted}


def _without_largest(
    estimator: Any, columns: Mapping[str, np.ndarray], losses: np.ndarray, count: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The rows but those of the ``count`` largest losses; all rows are checked before, under their own numbers."""
    found = columns_of(columns, estimator.columns, signed=getattr(estimator, "signed_columns", ()))
    values = check_losses(losses, len(losses), 0)
    dropped = int(Domain(0, len(values) - 1, integer=True).check_scalar("--drop-largest", count))
    kept = np.sort(np.argsort(-values, kind="stable")[dropped:])
    return {name: column[kept] for name, column in found.items()}, values[kept]


class _Reporting:
    """A map that shows a bar: the solver hands it the chunks of a batch."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self.progress = progress

    def __call__(self, function: Callable[[Any], Any], parts: Sequence[Any]) -> Iterable[Any]:
        for done, part in enumerate(parts):
            if len(parts) > 1:
                self.progress(f"[{'#' * int(30 * done / len(parts)):30}] resamples, {done} of {len(parts)} chunks")
            yield function(part)
        self.progress("")


# -- output ------------------------------------------------------------------------------------------------------------


def render(result: Result, output: str | None) -> str:
    """The page, or the contract's JSON, or the table of parameters."""
    fit, confidence = result.fit, result.options.confidence
    if output is None:
        blocks = [_page(result)]
        if result.plan is not None:
            blocks.append(str(result.plan) if isinstance(result.plan, Plan) else _plan_lines(result))
        if result.no_plan:
            blocks.append(f"no plan: {result.no_plan}")
        return "\n\n".join([*blocks, *map(str, result.errors)])
    intervals = {name: fit.interval(name, confidence=confidence) for name in fit.parameters_}
    if output == "json":
        return to_json(_json(result, intervals))
    rows = [
        {"parameter": name, "value": each.value, "lower": each.lower, "upper": each.upper, "side": str(each.side)}
        for name, each in {**intervals, **_derived(result), **_planned(result.plan)}.items()
    ]
    return csv_table([{k: jsonable(v) for k, v in row.items()} for row in rows]) if output == "csv" else _latex(rows)


def _page(result: Result) -> str:
    if isinstance(result.fit, SizeLine):
        return result.fit.page(result.options.confidence)
    return page(result.fit, result.options.confidence)


def _plan_lines(result: Result) -> str:
    from hconsist.scaling.digits import with_interval

    plan: Mapping[str, Interval] = result.plan
    lines = [f"{name}: {with_interval(i.value, i.lower, i.upper)}" for name, i in plan.items()]
    return "\n".join([f"budget {result.options.budget:.4g}", *lines])


def _latex(rows: list[dict[str, Any]]) -> str:
    from hconsist.scaling.digits import with_interval

    return latex_table(
        [{"parameter": r["parameter"], "value": with_interval(r["value"], r["lower"], r["upper"])} for r in rows]
    )


def _json(result: Result, intervals: Mapping[str, Interval]) -> dict[str, Any]:
    fit = result.fit
    line = isinstance(fit, SizeLine)
    confidence = result.options.confidence
    return {
        "law": result.law,
        "n_points": result.n_points,
        "objective": None if line else fit.objective_,
        "scaled_gradient": None if line else fit.scaled_gradient_,
        "condition": None if line else fit.condition_,
        "parameters": {name: _bounds(each) for name, each in intervals.items()},
        "derived": {name: _bounds(each) for name, each in _derived(result).items()},
        "confidence": confidence,
        "diagnostics": {"vertices": getattr(fit, "vertices_", [])} if line else fit.diagnostics(confidence=confidence),
        "warnings": getattr(fit, "warnings_", []),
        "plan": _plan_json(result.plan),
        "plan_status": result.no_plan or ("made" if result.plan is not None else "not asked for"),
        "errors": result.errors,
    }


def _derived(result: Result) -> dict[str, Interval]:
    fit = result.fit
    names = [] if isinstance(fit, SizeLine) else fit.derived(fit.parameters_)
    return {name: fit.interval(name, confidence=result.options.confidence) for name in names}


def _planned(plan: Any) -> dict[str, Interval]:
    """The plan's intervals under names of their own."""
    if isinstance(plan, Plan):
        plan = {name: getattr(plan, name) for name in ("params", "tokens", "tokens_per_param", "loss")}
    return {f"plan {name}": each for name, each in (plan or {}).items()}


def _bounds(each: Interval) -> dict[str, Any]:
    return {"value": each.value, "lower": each.lower, "upper": each.upper, "side": each.side}


def _plan_json(plan: Any) -> Any:
    if isinstance(plan, Mapping):
        return {name: _bounds(each) for name, each in plan.items()}
    if not isinstance(plan, Plan):
        return None
    sizes = (0.5, 2.0)
    return {**jsonable(plan), "overhead": [{"size": k, "share": float(plan.overhead(k))} for k in sizes]}
