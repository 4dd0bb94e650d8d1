"""Areas under the learning rate from logged rows: the rates between rows are interpolated, the warm-up is said.

A log holds some steps of each run with their rates.  S1 and S2 need every step from the first on, so that what a log
leaves out must be given: the rates before its first row, a linear warm-up of ``warmup`` steps and then the first logged
rate.  Between rows the rate is interpolated linearly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.scaling.annealing import areas

__all__ = ["logged_areas"]


def logged_areas(
    log: Mapping[str, Any], *, warmup: int | None, decay: float = 0.999, warmup_gaps: bool = False
) -> dict[str, np.ndarray]:
    """Columns S1 and S2 (n,) for rows ``step`` (integers >= 0), ``lr`` >= 0 and, for several runs, ``run`` (labels).

    Raises InputError where a run does not begin at step 0 and ``warmup`` is None, where the first row lies within the
    warm-up, and where a run holds a step twice.
    """
    step = Domain(0, integer=True).check("step", _numbers(log, "step"))
    rate = Domain(0).check("lr", _numbers(log, "lr"))
    runs = np.asarray([str(run) for run in log["run"]]) if "run" in log else np.full(len(step), "1")
    if len({len(step), len(rate), len(runs)}) > 1 or not len(step):
        sizes = {"step": len(step), "lr": len(rate), "run": len(runs)}
        raise InputError("columns", "of one length, at least 1", sizes)
    first, second = np.empty(len(step)), np.empty(len(step))
    for run in np.unique(runs):
        index = np.flatnonzero(runs == run)
        index = index[np.argsort(step[index], kind="stable")]
        steps = step[index].astype(int)
        if len(np.unique(steps)) < len(steps):
            raise InputError(f"steps of run {run}", "different from one another", int(steps[np.argmin(np.diff(steps))]))
        if warmup is None and steps[0] > 0:
            raise InputError("warmup", f"given: run {run} is not logged before step {steps[0]}", warmup)
        risen = 0 if warmup is None else int(Domain(0, int(steps[0]), integer=True).check_scalar("warmup", warmup))
        rates = np.interp(np.arange(steps[-1] + 1), steps, rate[index])
        rates[:risen] = np.linspace(0.0, rate[index[0]], risen)
        s1, s2 = areas(rates, decay, warmup=risen, warmup_gaps=warmup_gaps)
        first[index], second[index] = s1[steps], s2[steps]
    return {"S1": first, "S2": second}


def _numbers(log: Mapping[str, Any], name: str) -> np.ndarray:
    from hconsist.scaling.columns import numbers

    if name not in log:
        raise InputError("columns", "with step and lr", list(log))
    return numbers(np.asarray(log[name], dtype=object), name)
