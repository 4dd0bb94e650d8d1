"""Checked array arguments on any array API namespace, and the quiet arithmetic that kernels need at the edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj

from hconsist.domains import InputError

__all__ = ["counted", "floating", "laws_like", "one_hot", "probabilities", "quiet"]


def quiet() -> Any:
    """Overflow to infinity is the documented result of these kernels, so numpy need not warn of it."""
    return np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore")


def floating(argument: str, value: Any) -> tuple[Any, Any]:
    """``(array, namespace)`` with a real floating dtype, at least two classes on the last axis and no NaN or inf."""
    array = value if is_array_api_obj(value) and not np.isscalar(value) else _from_sequence(argument, value)
    xp = array_namespace(array)
    if xp.isdtype(array.dtype, "integral"):
        array = xp.astype(array, xp.float64)
    if not xp.isdtype(array.dtype, "real floating"):
        raise InputError(argument, "an array of real numbers", value)
    if array.ndim == 0 or array.shape[-1] < 2:
        raise InputError(argument, "an array whose last axis holds n >= 2 classes", tuple(array.shape))
    if not bool(xp.all(xp.isfinite(array))):
        bad = np.asarray(array[~xp.isfinite(array)]).ravel()[0]
        raise InputError(argument, "an array of finite numbers", float(bad))
    return array, xp


def _from_sequence(argument: str, value: Any) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in "fiu":
        raise InputError(argument, "an array of real numbers", value)
    return array


def counted(size: int, like: Any, xp: Any, dtype: Any = None) -> Any:
    """0, 1, ..., size - 1 on the device of the array ``like``."""
    return xp.arange(size, dtype=dtype, device=device(like))


def one_hot(labels: Any, scores: Any, xp: Any) -> Any:
    """Boolean mask ``(..., n)`` of the labels, broadcast against the scores' leading axes."""
    n = scores.shape[-1]
    array = labels if is_array_api_obj(labels) and not np.isscalar(labels) else np.asarray(labels)
    own = array_namespace(array)
    if not own.isdtype(array.dtype, "integral"):
        raise InputError("labels", f"integers in [0, {n - 1}]", labels)
    outside = (array < 0) | (array >= n)
    if bool(own.any(outside)):
        raise InputError("labels", f"integers in [0, {n - 1}]", int(np.asarray(array[outside]).ravel()[0]))
    array = xp.asarray(array, device=device(scores))
    try:
        array = xp.broadcast_to(array, scores.shape[:-1])
    except (ValueError, RuntimeError):
        raise InputError("labels", f"of shape {tuple(scores.shape[:-1])}, as the scores", tuple(array.shape)) from None
    return array[..., None] == counted(n, scores, xp, array.dtype)


def probabilities(value: Any) -> tuple[Any, Any]:
    """Checked conditional laws: nonnegative and summing to 1 within 1e-9 (1e-5 in float32)."""
    p, xp = floating("probabilities", value)
    if bool(xp.any(p < 0)):
        raise InputError("probabilities", "nonnegative", float(np.asarray(p[p < 0]).ravel()[0]))
    total = xp.sum(p, axis=-1)
    slack = 1e-9 if p.dtype == xp.float64 else 1e-5
    wrong = xp.abs(total - 1) > slack
    if bool(xp.any(wrong)):
        worst = xp.reshape(total, (-1,))[xp.reshape(wrong, (-1,))]
        raise InputError("probabilities", "vectors that sum to 1 along the last axis", float(worst[0]))
    return p, xp


def laws_like(scores: Any, value: Any) -> Any:
    """Checked conditional laws of as many classes as the scores, of a shape that broadcasts with theirs."""
    p, _ = probabilities(value)
    if p.shape[-1] != scores.shape[-1]:
        raise InputError("probabilities", f"of {scores.shape[-1]} classes, as the scores", tuple(p.shape))
    try:
        np.broadcast_shapes(tuple(p.shape), tuple(scores.shape))
    except ValueError:
        raise InputError(
            "probabilities", f"of a shape that broadcasts with {tuple(scores.shape)}, as the scores", tuple(p.shape)
        ) from None
    return p
