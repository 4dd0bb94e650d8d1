"""Losses by name.  ``NAME`` or ``NAME:key=value,key=value``; ``-`` and ``_`` are the same."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from hconsist.domains import InputError
from hconsist.losses.adversarial import SmoothAdversarialCompSum, robust_zero_one, sufficient_nu, worst_case
from hconsist.losses.base import Loss
from hconsist.losses.comp_sum import CompSum, GeneralizedCrossEntropy, Logistic, MeanAbsoluteError, SumExponential
from hconsist.losses.margin import RhoMarginCompSum

__all__ = [
    "NAMES",
    "CompSum",
    "GeneralizedCrossEntropy",
    "Logistic",
    "Loss",
    "MeanAbsoluteError",
    "RhoMarginCompSum",
    "SmoothAdversarialCompSum",
    "SumExponential",
    "get",
    "robust_zero_one",
    "sufficient_nu",
    "worst_case",
]

NAMES = (
    ("sum-exponential", "", "comp-sum, tau = 0: sum of exp(h_k - h_y)"),
    ("logistic", "", "comp-sum, tau = 1: cross-entropy of the softmax, in nats"),
    ("gce", "q in (0, 1]", "generalized cross-entropy, tau = 1 + q: (1 - s^q)/q"),
    ("mae", "", "mean absolute error, tau = 2: 1 - s"),
    ("comp-sum", 'tau >= 0, or psi="..."', "the power family, or your own nonincreasing psi(s)"),
    ("rho-comp-sum", "tau >= 0, rho > 0", "comp-sum of rho-margin ramps, the surrogate of adversarial training"),
)
"""(name, parameters, one line)."""

_BUILDERS: dict[str, tuple[Callable[..., Loss], tuple[str, ...], int]] = {
    "sum-exponential": (SumExponential, (), 0),
    "logistic": (Logistic, (), 0),
    "gce": (GeneralizedCrossEntropy, ("q",), 1),
    "mae": (MeanAbsoluteError, (), 0),
    "comp-sum": (CompSum, ("tau", "psi"), 1),
    "rho-comp-sum": (RhoMarginCompSum, ("tau", "rho"), 2),
}
"""name -> (class, parameters it knows, how many must be given)."""


def get(loss: Loss | str) -> Loss:
    """A loss from its name, such as ``"gce:q=0.7"`` or ``'comp-sum:psi="-log(s)"'``; a loss object comes back.

    Raises
    ------
    InputError
        for an unknown name (with the nearest known one), and for unknown, missing, doubled or non-numeric parameters.
    """
    if isinstance(loss, Loss):
        return loss
    names = [name for name, _, _ in NAMES]
    if not isinstance(loss, str):
        raise InputError("loss", f"a loss object or one of {', '.join(names)}", loss)
    head, _, tail = loss.partition(":")
    name = head.strip().replace("_", "-").lower()
    if name not in _BUILDERS:
        close = difflib.get_close_matches(name, names, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise InputError("loss", f"one of {', '.join(names)}{hint}", loss)
    build, known, needed = _BUILDERS[name]
    parameters = _parameters(tail, known, loss)
    if len(parameters) != needed:
        wanted = (" or " if needed == 1 else " and ").join(known) if known else "no parameter"
        raise InputError("loss", f"{name} with exactly {wanted} given", loss)
    return build(**parameters)


def _parameters(text: str, known: tuple[str, ...], loss: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in _split(text, loss):
        key, equals, value = part.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or key not in known or key in found:
            raise InputError("loss", f"a name with parameters among {', '.join(known) or 'none'}, each once", loss)
        found[key] = value.strip().strip("\"'") if key == "psi" else _number(key, value)
    return found


def _split(text: str, loss: str) -> list[str]:
    """Split at commas outside quotes."""
    parts, quote, current = [], "", ""
    for character in text:
        if character in "\"'" and quote in ("", character):
            quote = "" if quote else character
        if character == "," and not quote:
            parts.append(current)
            current = ""
        else:
            current += character
    if quote:
        raise InputError("loss", "text whose quotes are closed", loss)
    return [part for part in [*parts, current] if part.strip()]


def _number(key: str, text: str) -> float:
    try:
        return float(text.replace("_", "?"))
    except ValueError:
        raise InputError(key, "a number", text) from None
