"""Laws given by groups of equally likely labels: the check of the arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from hconsist.domains import InputError

__all__ = ["grouped_laws"]


def grouped_laws(values: Any, counts: Any) -> tuple[np.ndarray, np.ndarray]:
    """``(values, counts)`` as floats of one shape ``(..., G)``; the value of a group without labels becomes 0.

    Raises
    ------
    InputError
        for negative values or counts, counts that are no integers, and values times counts that do not sum to 1 within
        1e-9.
    """
    v, c = np.broadcast_arrays(np.asarray(values, dtype=float), np.asarray(counts, dtype=float))
    if np.any(~((c >= 0) & (c == np.floor(c)) & np.isfinite(c))):
        raise InputError("counts", "integers >= 0", counts)
    v = np.where(c > 0, v, 0.0)
    if not np.all(v >= 0) or np.any(np.abs(np.sum(v * c, axis=-1) - 1) > 1e-9):
        raise InputError("values", "probabilities that sum to 1 when each counts as often as given", values)
    return v, c
