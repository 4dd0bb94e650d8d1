"""What a row should be: a label, or a law over the classes (label smoothing, soft targets, distillation)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import InputError
from hconsist.singularities.spreads import place

__all__ = ["Targets", "as_targets"]


@dataclass(frozen=True)
class Targets:
    """Laws ``q (m, K)``, and the labels ``(m,)`` where each law is that of one label."""

    q: np.ndarray
    labels: np.ndarray | None

    def differences(self, values: np.ndarray) -> np.ndarray:
        """``(m, K)``: v_j - sum_k q_k v_k, one rounding each for labels, with an exact 0 at the label."""
        if self.labels is not None:
            return values - np.take_along_axis(values, self.labels[:, None], axis=1)
        # about the middle: a common offset of the slopes costs no digits
        low = np.min(values, axis=1, keepdims=True)
        centred = values - (low + (np.max(values, axis=1, keepdims=True) - low) / 2)
        return centred - np.sum(self.q * centred, axis=1, keepdims=True)


def as_targets(targets: Any, logits: np.ndarray) -> Targets:
    """Checked targets for logits ``(m, K)``: integers ``(m,)`` in [0, K - 1], or laws ``(m, K)``; one row may drop m.

    A class of probability 0 (logit -inf) may be neither a label nor carry mass: its loss is infinite.

    Raises
    ------
    InputError
        naming row and column.
    """
    m, k = logits.shape
    try:
        array = np.asarray(targets)
    except ValueError:
        array = np.asarray(None)
    words = f"{m} integers in [0, {k - 1}], or laws of shape {(m, k)}"
    if array.dtype.kind in "iu":
        labels = np.atleast_1d(array)
        if labels.shape != (m,):
            raise InputError("targets", words, tuple(array.shape))
        outside = (labels < 0) | (labels >= k)
        if np.any(outside):
            row = int(np.argmax(outside))
            raise InputError("targets", f"an integer in [0, {k - 1}] at row {row}", int(labels[row]))
        labels = labels.astype(np.intp)
        q = (np.arange(k) == labels[:, None]).astype(float)
        _refuse_impossible(q, logits)
        return Targets(q, labels)
    if array.dtype.kind != "f":
        raise InputError("targets", words, targets)
    q = np.atleast_2d(array.astype(float))
    if q.shape != (m, k):
        raise InputError("targets", words, tuple(array.shape))
    outside = ~((q >= 0) & (q <= 1))
    if np.any(outside):
        index = tuple(int(i) for i in np.argwhere(outside)[0])
        raise InputError("targets", f"a number in [0, 1] {place(index)}", float(q[index]))
    total = np.sum(q, axis=1)
    # float32 laws sum to 1 within K eps
    off = np.abs(total - 1) > 1e-6
    if np.any(off):
        row = int(np.argmax(off))
        raise InputError("targets", f"a law (entries that sum to 1) at row {row}", float(total[row]))
    _refuse_impossible(q, logits)
    return Targets(q / total[:, None], None)


def _refuse_impossible(q: np.ndarray, logits: np.ndarray) -> None:
    impossible = (q > 0) & (logits == -math.inf)
    if np.any(impossible):
        index = tuple(int(i) for i in np.argwhere(impossible)[0])
        raise InputError("logits", f"finite where the target has mass, {place(index)}", -math.inf)
