"""T of three labels from below, proved in balls: the lower polygon of :mod:`hconsist.engine.triangles`."""

from __future__ import annotations

import numpy as np

from hconsist.domains import UnsupportedError
from hconsist.engine.triangles import enclose_curve
from hconsist.losses import Loss
from hconsist.results import Side

__all__ = ["EnclosedKernel"]

SECONDS = 10.0
"""Time given to the subdivision; the polygons are proved however far it came."""


class EnclosedKernel:
    """Two convex polygons with T** in between, three labels, complete hypothesis sets; the value is the lower one."""

    raw_side = Side.LOWER

    def __init__(self, loss: Loss, n_classes: int):
        if n_classes != 3:
            raise UnsupportedError("n_classes", "3 for method enclose (method optimize searches at any n)", n_classes)
        self._strip = enclose_curve(loss, seconds=SECONDS)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What is not proved of the loss itself."""
        return self._strip.assumptions

    @property
    def zero_until(self) -> float:
        """T** is not known to be positive before this t."""
        t, values = self._strip.lower
        return float(t[np.flatnonzero(values <= 0)[-1]])

    def value(self, t: np.ndarray) -> np.ndarray:
        """The lower polygon."""
        return np.interp(t, *self._strip.lower)

    raw = value

    def lower(self, t: np.ndarray) -> np.ndarray:
        """The value is the proved side."""
        return self.value(t)

    def upper(self, t: np.ndarray) -> np.ndarray:
        """The upper polygon."""
        return np.interp(t, *self._strip.upper)

    def inverse(self, x: np.ndarray) -> np.ndarray:
        """Of the lower polygon: an upper limit of Gamma."""
        t, values = self._strip.lower
        rising = np.append(values[1:] > values[:-1], True)  # the last of the corners at 0, and those beyond
        return np.where(np.asarray(x) >= values[-1], 1.0, np.interp(x, values[rising], t[rising]))

    def growth(self) -> tuple[float, float]:
        """A polygon says nothing of the exponent at zero."""
        raise UnsupportedError("method", "sharp or optimize for the growth at zero", "enclose")
