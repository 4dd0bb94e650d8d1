"""Hypothesis sets by name, each by what its scores can reach at one input.

A result is given only for the set for which it is proved, never silently for another.  At an input x the scores of a
set fill a box [-r(x), r(x)]^n, independently for each label:

========================  ==========================================================  =============================
name                      score of a label                                            half range r(x)
========================  ==========================================================  =============================
``complete``, ``all``     any real number                                             infinite
``bounded:lam=L``         any number in [-L, L]                                       L
``linear:W=W,B=B``        w.x + b with ||w|| <= W, |b| <= B                           W ||x|| + B
``relu:L=L,W=W,B=B``      sum_k u_k (w_k.x + b_k)_+, sum_k |u_k| <= L, w, b as above  L (W ||x|| + B)
========================  ==========================================================  =============================

||x|| is the norm dual to the one that limits the weights; any number of hidden units is allowed.  By Hoelder's
inequality the range is at most that, and one weight vector of full norm along x (one hidden unit) attains it.

A bound holds for the set as a whole, and the transformation of a set is the infimum over inputs.  It does not decrease
with the half range (Theorem 11, derived here), so the smallest box decides: at x = 0, of half range B or L B.
W then plays no part.
"""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass

from hconsist.domains import NONNEGATIVE, Domain, InputError

__all__ = ["NAMES", "HypothesisSet", "get"]

NAMES = (
    ("complete", "", "symmetric and complete: at each input the scores range over all of R^n"),
    ("all", "", "all measurable functions: complete, and both minimizability gaps are 0"),
    ("bounded", "lam > 0", "scores in [-lam, lam], independently for each label"),
    ("linear", "W >= 0, B > 0", "w.x + b for each label, ||w|| <= W, |b| <= B, inputs near 0 included"),
    ("relu", "L > 0, W >= 0, B > 0", "one hidden ReLU layer of linear units, output weights of l1 norm at most L"),
)
"""(name, parameters, one line)."""

_POSITIVE = Domain(0, lower_open=True)
_DOMAINS: dict[str, dict[str, Domain]] = {
    "complete": {},
    "all": {},
    "bounded": {"lam": _POSITIVE},
    "linear": {"W": NONNEGATIVE, "B": _POSITIVE},
    "relu": {"L": _POSITIVE, "W": NONNEGATIVE, "B": _POSITIVE},
}


@dataclass(frozen=True)
class HypothesisSet:
    """A set of score functions, by what it can reach at one input.

    ``half_range`` is the least half range r(x) over the inputs (infinite for complete sets), ``slope`` what a unit of
    ||x|| adds to it.  ``assumption`` says in words what a result for the set takes for granted.
    """

    name: str
    complete: bool
    zero_gaps: bool
    half_range: float = math.inf
    slope: float = 0.0
    assumption: str = "the hypothesis set is symmetric and complete"

    def half_range_at(self, norm: float) -> float:
        """r(x) = half_range + slope ||x|| at an input of this norm; InputError for a negative or infinite norm."""
        return self.half_range + self.slope * float(NONNEGATIVE.check_scalar("norm", norm))


def get(hypotheses: HypothesisSet | str) -> HypothesisSet:
    """The hypothesis set with this name, such as ``"bounded:lam=1"``; a set comes back as it is.

    Raises
    ------
    InputError
        for an unknown name (with the nearest known one), for unknown, missing, doubled or non-numeric parameters, and
        for a parameter outside its domain: with lam = 0, B = 0 or L = 0 all scores tie at some input, so that no
        surrogate says anything there.
    """
    if isinstance(hypotheses, HypothesisSet):
        return hypotheses
    names = [name for name, _, _ in NAMES]
    if not isinstance(hypotheses, str):
        raise InputError("hypotheses", f"one of {', '.join(names)}", hypotheses)
    head, _, tail = hypotheses.partition(":")
    name = head.strip().replace("_", "-").lower()
    if name not in _DOMAINS:
        close = difflib.get_close_matches(name, names, n=1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise InputError("hypotheses", f"one of {', '.join(names)}{hint}", hypotheses)
    found = _parameters(name, tail, hypotheses)
    if not found:
        return HypothesisSet(name, complete=True, zero_gaps=name == "all")
    return _boxes(name, **found)


def _boxes(name: str, lam: float = 0.0, L: float = 1.0, W: float = 0.0, B: float = 0.0) -> HypothesisSet:
    given = {"lam": lam, "L": L, "W": W, "B": B}
    full = f"{name}:" + ",".join(f"{key}={given[key]!r}" for key in _DOMAINS[name])
    least = lam if name == "bounded" else L * B
    if not 0 < least < math.inf:
        raise InputError("L * B", "a finite number > 0", least)
    where = "at every input" if name == "bounded" else "at x = 0, and inputs may be as close to it as one likes"
    words = f"the scores fill the box [-{least:g}, {least:g}]^n {where}"
    return HypothesisSet(full, False, False, half_range=least, slope=L * W, assumption=words)


def _parameters(name: str, text: str, given: str) -> dict[str, float]:
    """The numbers behind the colon, checked against the domains of this set."""
    domains = _DOMAINS[name]
    known = {key.lower(): key for key in domains}
    found: dict[str, float] = {}
    for part in filter(str.strip, text.split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key.lower() not in known or known[key.lower()] in found:
            wanted = f"with parameters among {', '.join(domains)}, each once" if domains else "without parameters"
            raise InputError("hypotheses", f"{name} {wanted}", given)
        found[known[key.lower()]] = _number(key, value, domains[known[key.lower()]])
    if missing := [key for key in domains if key not in found]:
        raise InputError("hypotheses", f"{name} with {', '.join(domains)} given ({', '.join(missing)} missing)", given)
    return found


def _number(key: str, text: str, domain: Domain) -> float:
    reason = " (with 0 all scores tie at some input, and no surrogate says anything there)" if domain.lower_open else ""
    try:
        value = float(text.replace("_", "?"))
    except ValueError:
        raise InputError(key, f"{domain}{reason}", text) from None
    if not domain.contains(value):
        raise InputError(key, f"{domain}{reason}", value)
    return value
