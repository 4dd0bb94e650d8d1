"""What is known of the radius of each row, and of a batch."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.evidence import Level

__all__ = ["Radii", "Status"]


class Status(enum.StrEnum):
    """How much a row's radius can be relied on."""

    CERTIFIED = "certified"
    """One zero lies within ``error`` of ``zero`` and none nearer to 0, up to the slack for rounding in the tests."""
    PROVED = "proved"
    """The same in ball arithmetic: existence, uniqueness and count are theorems for the numbers given."""
    CLUSTER = "certified cluster"
    """Several zeros, or a multiple one, within ``error`` of ``zero``, and none nearer to 0."""
    NO_ZERO = "no zero: all slopes agree"
    UNCERTIFIED = "not certified"
    """Only the lower bounds hold; the radius is NaN."""


@dataclass(frozen=True)
class Radii:
    """Radii of m rows, see :func:`hconsist.singularities.radius`.

    Attributes
    ----------
    radius : (m,) distance of the nearest complex zero; inf where all slopes agree, NaN where not certified.
    zero : (m,) that zero, in the upper half-plane (its conjugate is another); NaN where there is none.
    error : (m,) absolute error of the radius.
    status : (m,) a :class:`Status` each.
    lower_pi, lower_top1, lower_sigma : (m,) lower bounds that cost one softmax.
    certify : "float" or "ball".
    """

    radius: np.ndarray
    zero: np.ndarray
    error: np.ndarray
    status: tuple[Status, ...]
    lower_pi: np.ndarray
    lower_top1: np.ndarray
    lower_sigma: np.ndarray
    certify: str

    @property
    def missing(self) -> int:
        """How many rows are not certified in the way asked for: a ball certificate wants a proof for each."""
        wanted = {Status.PROVED, Status.NO_ZERO}
        if self.certify == "float":
            wanted |= {Status.CERTIFIED, Status.CLUSTER}
        return sum(status not in wanted for status in self.status)

    @property
    def certified(self) -> bool:
        """Whether every row is, in the way asked for."""
        return self.missing == 0

    @property
    def level(self) -> Level:
        """``enclosed`` where every row is proved in balls; floats with a slack for rounding are ``sampled``."""
        return Level.ENCLOSED if self.certify == "ball" and self.certified else Level.SAMPLED

    @property
    def batch_radius(self) -> float:
        """The least radius: exactly that of the mean loss of the batch; NaN if a row is not certified as asked for.

        Near a zero the mean loss is a sum of logarithms with positive multiplicities, which cannot cancel.
        """
        return float(np.min(self.radius)) if self.certified else math.nan

    def rows(self) -> list[dict[str, Any]]:
        """A record a row for JSON: the lower bounds, radius, zero ([re, im] or None), error, status."""
        return [
            {
                "lower_pi": float(self.lower_pi[i]),
                "lower_top1": float(self.lower_top1[i]),
                "lower_sigma": float(self.lower_sigma[i]),
                "radius": float(self.radius[i]),
                "zero": None if np.isnan(self.zero[i]) else [float(self.zero[i].real), float(self.zero[i].imag)],
                "error": float(self.error[i]),
                "status": str(self.status[i]),
            }
            for i in range(self.radius.size)
        ]
