"""Hypothesis sets by name.  A result is given only for the set for which it is proved, never silently for another."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from hconsist.domains import InputError, UnsupportedError

__all__ = ["NAMES", "HypothesisSet", "get"]

NAMES = (
    ("complete", "", "symmetric and complete: at each input the scores range over all of R^n"),
    ("all", "", "all measurable functions: complete, and both minimizability gaps are 0"),
)
"""(name, parameters, one line)."""

_RECOGNISED = ("bounded", "linear", "relu")
"""Score sets that the contract names but that have no result in this release."""


@dataclass(frozen=True)
class HypothesisSet:
    """A set of score functions, by what it can reach at one input."""

    name: str
    complete: bool
    zero_gaps: bool


def get(hypotheses: HypothesisSet | str) -> HypothesisSet:
    """The hypothesis set with this name.

    Raises
    ------
    UnsupportedError
        for ``bounded:...``, ``linear:...`` and ``relu:...``: their scores do not range over all of R.
    InputError
        for any other name.
    """
    if isinstance(hypotheses, HypothesisSet):
        return hypotheses
    names = [name for name, _, _ in NAMES]
    if not isinstance(hypotheses, str):
        raise InputError("hypotheses", f"one of {', '.join(names)}", hypotheses)
    name = hypotheses.partition(":")[0].strip().replace("_", "-").lower()
    if name in _RECOGNISED:
        raise UnsupportedError(
            "hypotheses",
            "complete or all (scores that range over all of R; for bounded scores the transformation is another one, "
            "zero on an interval from three labels on; the nearest supported result is complete)",
            hypotheses,
        )
    if hypotheses.strip().lower() not in names:
        close = difflib.get_close_matches(name, names, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise InputError("hypotheses", f"one of {', '.join(names)}{hint}", hypotheses)
    return HypothesisSet(name, complete=True, zero_gaps=name == "all")
