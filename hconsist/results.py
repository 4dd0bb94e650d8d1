"""Numbers that carry their side, and the one JSON encoder.

A bare float never stands for a bound: every result says whether it is ``upper``, ``lower``, ``exact``
or an ``estimate``, by which method, under which hypotheses, and at which evidence level.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hconsist.evidence import Level

__all__ = ["Side", "Interval", "Growth", "Bound", "Curve", "to_json", "jsonable"]


class Side(enum.StrEnum):
    """On which side of the true value a number lies."""

    UPPER = "upper"
    LOWER = "lower"
    EXACT = "exact"
    ESTIMATE = "estimate"


@dataclass(frozen=True)
class Interval:
    """A value with what is known on either side of it; ``lower <= truth <= upper`` unless side is ``estimate``."""

    value: float
    lower: float
    upper: float
    side: Side
    level: Level
    reference: str = ""


@dataclass(frozen=True)
class Growth:
    """How a transformation leaves zero: T(t) ~ constant * (t - start)**exponent as t -> start+, and T = 0 before.

    ``start`` is 0 except for bounded scores and three labels or more: there T = 0 on an interval, so that T(t) = o(t^r)
    at zero for every r, and no exponent at zero would say anything.
    """

    exponent: float
    constant: float
    side: Side
    level: Level
    reference: str = ""
    start: float = 0.0


@dataclass(frozen=True)
class Bound:
    """A limit on the zero-one estimation error, see :func:`hconsist.bounds.bound`.

    ``value`` limits R_01(h) - R_01*(H): it is ``min(1, max(0, Gamma(excess + surrogate_gap) - target_gap))``.
    ``vacuous`` is true where the surrogate excess lies above T(1), so that nothing is learnt.
    """

    loss: str
    n_classes: int
    hypotheses: str
    method: str
    side: Side
    level: Level
    assumptions: tuple[str, ...]
    excess: float
    value: float
    lower: float
    upper: float
    vacuous: bool
    surrogate_gap: float = 0.0
    target_gap: float = 0.0
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Curve:
    """A transformation on a grid as parallel arrays: ``value`` the convex hull, ``raw`` the pointwise infimum.

    ``raw`` is ``None`` where no theorem gives it.  ``lower`` and ``upper`` are what is proved: both equal to ``value``
    where it is exact; infinity above a lower side; 0 below an estimate.
    """

    loss: str
    n_classes: int
    hypotheses: str
    method: str
    side: Side
    level: Level
    t: np.ndarray
    raw: np.ndarray | None
    value: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    references: tuple[str, ...] = ()


def jsonable(value: Any) -> Any:
    """``value`` as plain JSON types: levels by name, fractions as ``"p/q"``, infinities as text, NaN as null."""
    if isinstance(value, Level):
        return value.label
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, Fraction):
        return str(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return jsonable(value.tolist())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if math.isnan(value):
            return None
        return value if math.isfinite(value) else ("inf" if value > 0 else "-inf")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: jsonable(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(k): jsonable(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(v) for v in value]
    raise TypeError(f"no JSON form for {type(value).__name__}")


def to_json(value: Any, *, indent: int | None = 2) -> str:
    """Strict JSON text with shortest round-trip floats."""
    return json.dumps(jsonable(value), indent=indent, allow_nan=False, ensure_ascii=False)
