"""Certificates on paper: JSON with a seal, and exact trees of boxes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flint import fmpq

from hconsist.domains import InputError
from hconsist.evidence import Certificate
from hconsist.results import jsonable

__all__ = ["FORMAT", "leaves", "load", "sealed", "seal"]

FORMAT = "hconsist certificate 1"
METHODS = "DTECM"
"""Direct ball, mean value form, corner; Taylor coefficient, its mean value form."""
MAX_BYTES = 200_000_000

Box = tuple[tuple[fmpq, fmpq], ...]


def seal(record: Mapping[str, Any]) -> str:
    """SHA-256 of everything but the seal, in canonical JSON."""
    body = {key: value for key, value in record.items() if key != "seal"}
    text = json.dumps(jsonable(body), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(certificate: Certificate, claim: str = "") -> dict[str, Any]:
    """The certificate as a JSON record, with the id of the claim it belongs to and its seal."""
    record = jsonable({"format": FORMAT, "id": claim, **asdict(certificate)})
    return {**record, "seal": seal(record)}


def load(path: str | Path) -> dict[str, Any]:
    """The record in a file, its seal not yet looked at.

    Raises
    ------
    InputError
        for a file that cannot be read, is no JSON object (or says one thing twice), or is of another format.
    """
    try:
        if Path(path).stat().st_size > MAX_BYTES:
            raise InputError("certificate", f"a file of at most {MAX_BYTES} bytes", str(path))
        text = Path(path).read_text(encoding="utf-8")
        record = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except OSError as error:
        raise InputError("certificate", f"a file that can be read ({error.strerror})", str(path)) from None
    except (ValueError, RecursionError):
        raise InputError("certificate", "a JSON file", str(path)) from None
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise InputError("certificate", f"a record of the format {FORMAT!r}", str(path))
    return record


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """An object without repeated keys: readers differ on which of the values counts."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is repeated")
    return dict(pairs)


def leaves(tree: str, box: Box) -> Iterator[tuple[str, Box]]:
    """(method, box) of each leaf, in the order of the tree; the halves are exact.

    Raises
    ------
    InputError
        for a tree that ends too early or too late, splits a variable that is not there, or holds an open leaf.
    """
    if not isinstance(tree, str):
        raise InputError("tree", "text", tree)
    stack = [box]
    for place, letter in enumerate(tree):
        if not stack:
            raise InputError("tree", "a tree that ends with its last leaf", f"more after {place} nodes")
        node = stack.pop()
        if letter in METHODS:
            yield letter, node
        elif letter.isascii() and letter.isdigit() and int(letter) < len(node):
            stack += halves(node, int(letter))
        else:
            raise InputError("tree", f"digits below {len(node)} for splits and {', '.join(METHODS)} for leaves", letter)
    if stack:
        raise InputError("tree", "a tree whose every branch ends in a leaf", f"{len(stack)} branches without one")


def halves(node: Box, variable: int, share: fmpq | None = None) -> tuple[Box, Box]:
    """Right part, then left part (the left one is popped first), cut at the middle or at ``share`` of the way."""
    low, high = node[variable]
    cut = low + (high - low) * (share if share is not None else fmpq(1, 2))
    ends: Sequence[tuple[fmpq, fmpq]] = ((cut, high), (low, cut))
    right, left = ((*node[:variable], part, *node[variable + 1 :]) for part in ends)
    return right, left
