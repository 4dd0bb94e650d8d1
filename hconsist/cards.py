"""The verdict card of a loss: what is known of it at one number of labels; and losses side by side.

T by every method that has one, Gamma, the growth at zero, whether T depends on the number of labels, whether the loss
is calibrated at all, and where each of these statements comes from.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist import hypotheses as hypothesis_sets
from hconsist import losses
from hconsist.calibration import Answer, Calibration, calibrated
from hconsist.domains import NONNEGATIVE, UnsupportedError
from hconsist.engine import optimize
from hconsist.evidence import Level
from hconsist.losses import Loss
from hconsist.results import Side, jsonable
from hconsist.theorems import Answer as Dependence
from hconsist.theorems import NDependence, n_dependence
from hconsist.transforms import Transformation, transform

__all__ = ["Card", "card", "compare"]

CARD_T = (0.01, 0.1, 0.25, 0.5, 1.0)
CARD_EXCESS = (0.001, 0.01, 0.1)
_METHODS = ("sharp", "published", "optimize")
"""Tried for a card, the search only where no theorem gives T."""
_PLACES, _APART = (0.25, 0.5, 0.75), 1e-5
"""Where curves of two to four labels are compared, and the relative difference that counts."""
_TREND = 4
"""Local exponents shown."""


@dataclass(frozen=True)
class Card:
    """One loss, number of labels and hypothesis set.

    Attributes
    ----------
    curves : the transformations, by method.
    status : why there is no curve, or "".
    dependence : whether T is the same for every n; None for bounded scores.
    searched : where no theorem decides that, what searches with two to four labels say; else "".
    calibration : None for bounded scores, where ``curves["sharp"].zero_interval`` tells.
    """

    loss: Loss
    n_classes: int
    hypotheses: str
    curves: Mapping[str, Transformation]
    status: str
    dependence: NDependence | None
    calibration: Calibration | None
    searched: str = ""

    @property
    def main(self) -> Transformation | None:
        """The sharp curve, or else the one found by search."""
        return self.curves.get("sharp") or self.curves.get("optimize")

    @property
    def references(self) -> tuple[str, ...]:
        """Of everything on the card, each once."""
        found = [reference for curve in self.curves.values() for reference in curve.references]
        found += [x.reference for x in (self.dependence, self.calibration) if x is not None and x.reference]
        return tuple(dict.fromkeys(r for r in found if not any(r != other and r in other for other in found)))

    def record(self) -> dict[str, Any]:
        """The card with the keys of the JSON contract, as plain JSON types."""
        return jsonable(
            {
                "name": self.loss.name,
                "n_classes": self.n_classes,
                "hypotheses": self.hypotheses,
                "parameters": self.loss.parameters,
                "formula": self.loss.formula,
                "latex": self.loss.latex,
                "properties": dict(self.loss.properties),
                "transform": self._transform(),
                "gamma": self._gamma(),
                "growth": self._growth(),
                "n_dependence": self._dependence(),
                "calibration": self._calibration(),
                "references": self.references,
            }
        )

    def _transform(self) -> dict[str, Any]:
        if self.main is None:
            return {"value": None, "status": self.status}
        curve = self.main.curve(CARD_T)
        keys = ("n_classes", "hypotheses", "method", "side", "level", "t", "raw", "value", "lower", "upper")
        return {key: getattr(curve, key) for key in keys} | {"assumptions": self.main.assumptions}

    def _gamma(self) -> dict[str, Any]:
        if self.main is None:
            return {"value": None, "status": self.status}
        side = Side.ESTIMATE if self.main.side is Side.ESTIMATE else Side.UPPER
        return {"excess": CARD_EXCESS, "value": self.main.inverse(np.array(CARD_EXCESS)), "side": side}

    def _growth(self) -> dict[str, Any]:
        if self.main is None:
            return {"sharp": None, "status": self.status}
        found: dict[str, Any] = {method: curve.growth for method, curve in self.curves.items()}
        if not self.main.bounded_scores:
            with contextlib.suppress(UnsupportedError):  # floors free of n are known for the power family alone
                found["floor"] = self.main.floor
        trend = self.main.trend
        if trend is not None:
            found["trend"] = {key: column[:_TREND] for key, column in zip(("t", "exponent"), trend)}
        return found

    def _dependence(self) -> dict[str, Any]:
        known = self.dependence
        if known is None:
            return {"verdict": None, "status": "asked for complete hypothesis sets only"}
        tried = [
            {"theorem": a.theorem, "derivation": a.derivation, "hypotheses": [jsonable(h) for h in a.hypotheses]}
            for a in known.attempts
        ]
        return {
            "verdict": known.verdict,
            "theorem": known.theorem,
            "level": known.level,
            "witness": known.witness,
            "searched": self.searched or None,
            "attempts": tried,
        }

    def _calibration(self) -> dict[str, Any]:
        known = self.calibration
        if known is None:
            return _box_calibration(self.main)
        return {
            "calibrated": {Answer.YES: True, Answer.NO: False}.get(known.verdict),
            "verdict": known.verdict,
            "status": f"{known.verdict}: {known.status}",
            "level": known.level,
            "reference": known.reference,
            "zero_interval": known.zero_interval,
            "zero_until": known.zero_until,
            "witness": known.witness,
            "assumptions": known.assumptions,
        }


def card(loss: Loss | str, n_classes: int = 10, hypotheses: str = "complete") -> Card:
    """Everything the package knows of a loss.

    Parameters
    ----------
    loss, n_classes, hypotheses : as in :func:`hconsist.transform`.

    Raises
    ------
    InputError
        for a value outside its domain, and for a loss that declares a property which fails at random scores.
    """
    surrogate = losses.get(loss)
    chosen = hypothesis_sets.get(hypotheses)
    curves: dict[str, Transformation] = {}
    missing: dict[str, str] = {}
    for method in _METHODS:
        if method == "optimize" and ("sharp" in curves or not chosen.complete):
            continue
        try:
            curves[method] = transform(surrogate, n_classes=n_classes, hypotheses=hypotheses, method=method)
        except UnsupportedError as error:
            missing[method] = str(error)
    dependence = n_dependence(surrogate) if chosen.complete else None
    return Card(
        surrogate,
        n_classes,
        chosen.name,
        curves,
        "" if set(curves) - {"published"} else missing.get("optimize", missing["sharp"]),
        dependence,
        calibrated(surrogate, n_classes) if chosen.complete else None,
        _searched(surrogate) if dependence and dependence.verdict is Dependence.UNDECIDED else "",
    )


def _searched(loss: Loss) -> str:
    """The smallest number of labels at which a search finds another T than for two."""
    if loss.n_classes is not None:
        return ""
    try:
        two, *more = (optimize(loss, n, _PLACES) for n in (2, 3, 4))
    except UnsupportedError:
        return ""
    for other in more:
        apart = np.abs(other.value - two.value)
        if np.max(apart) > _APART * np.max(two.value):
            k = int(np.argmax(apart))
            values = f"T_{other.n_classes} = {other.value[k]:.6g}, T_2 = {two.value[k]:.6g}"
            return f"a search finds at t = {_PLACES[k]:g}: {values}"
    return f"a search finds the same for n = 2, 3, 4 at t = {', '.join(f'{t:g}' for t in _PLACES)}"


def compare(
    names: Sequence[Loss | str], *, n_classes: int, excess: Sequence[float], hypotheses: str = "complete"
) -> list[dict[str, Any]]:
    """Losses side by side, one record each, as plain JSON types.

    Parameters
    ----------
    names : losses or their names.
    n_classes, hypotheses : as in :func:`hconsist.transform`.
    excess : surrogate estimation errors >= 0, each in the units of the loss in question; ``total`` is T(1), the scale
        on which they should be read.
    """
    values = NONNEGATIVE.check("excess", list(excess)).astype(float)
    return [_row(card(name, n_classes, hypotheses), values) for name in names]


def _row(found: Card, excess: np.ndarray) -> dict[str, Any]:
    main, calibration = found.main, found.record()["calibration"]
    growth = main.growth if main else None
    return jsonable(
        {
            "loss": found.loss.name,
            "method": main.method if main else None,
            "side": main.side if main else None,
            "level": main.level if main else None,
            "total": float(main(1.0)) if main else None,
            "growth": growth,
            "n_dependence": found.dependence.verdict if found.dependence else None,
            "calibrated": calibration["calibrated"],
            "calibration": calibration["status"],
            "excess": excess,
            "gamma": main.inverse(excess) if main else None,
            "status": found.status,
        }
    )


def _box_calibration(sharp: Transformation | None) -> dict[str, Any]:
    """In a box T is 0 exactly up to the t0 of Theorem 10."""
    if sharp is None:
        return {"calibrated": None, "status": "not decided for this loss on bounded scores", "level": Level.CITED}
    zero = sharp.zero_interval
    status = f"no: T(t) = 0 up to t = {zero.value:.6g} ({zero.reference})"
    if zero.value == 0:
        status = f"yes, on two labels: T(t) > 0 for every t > 0 ({zero.reference})"
    return {"calibrated": zero.value == 0, "status": status, "level": zero.level, "reference": zero.reference}
