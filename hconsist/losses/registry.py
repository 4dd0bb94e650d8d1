"""From ``NAME:key=value,key=value`` to a loss: the parser of names, apart from the table of what there is."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from hconsist.domains import InputError
from hconsist.losses.base import Loss

__all__ = ["Entry", "build"]

_TEXTS = ("psi", "phi", "omega")
"""Parameters that are expressions: quoted, because they may hold commas."""
_LISTS = ("w", "prior")
"""Parameters that are lists of numbers, separated by semicolons: ``w=1;2;0.5``."""


@dataclass(frozen=True)
class Entry:
    """One name: what builds it, which parameters it knows, how many of them must be given, and what is said of it."""

    name: str
    line: str
    build: Callable[..., Loss]
    known: tuple[str, ...] = ()
    domains: str = ""
    """The parameters and their domains, in words."""
    needed: int | None = None
    """How many parameters must be given; by default all of them."""


def build(text: str, entries: Sequence[Entry]) -> Loss:
    """The loss that ``text`` names; InputError for an unknown name and for parameters that do not fit."""
    names = {entry.name: entry for entry in entries}
    head, _, tail = text.partition(":")
    name = head.strip().replace("_", "-").lower()
    if name not in names:
        close = difflib.get_close_matches(name, names, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise InputError("loss", f"one of {', '.join(names)}{hint}", text)
    entry = names[name]
    parameters = _parameters(tail, entry.known, text)
    needed = len(entry.known) if entry.needed is None else entry.needed
    if len(parameters) != needed:
        wanted = (" or " if needed == 1 else " and ").join(entry.known) if entry.known else "no parameter"
        raise InputError("loss", f"{name} with exactly {wanted} given", text)
    return entry.build(**parameters)


def _parameters(text: str, known: tuple[str, ...], loss: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in _split(text, loss):
        key, equals, value = part.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or key not in known or key in found:
            raise InputError("loss", f"a name with parameters among {', '.join(known) or 'none'}, each once", loss)
        found[key] = _value(key, value)
    return found


def _value(key: str, text: str) -> Any:
    if key in _TEXTS:
        return text.strip().strip("\"'")
    if key in _LISTS:
        return [_number(key, part) for part in text.split(";")]
    return _number(key, text)


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
