"""Logit adjustment: cross-entropy of the scores plus a multiple of the log prior of each label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import device

from hconsist.domains import REAL, InputError
from hconsist.losses.class_weights import positive_numbers
from hconsist.losses.cross_entropy import CrossEntropyVariant

__all__ = ["LogitAdjustment"]


class LogitAdjustment(CrossEntropyVariant):
    """-log softmax(h + strength log prior)_y: the scores learn p/prior^strength, whose order is not that of p.

    With strength 1 their largest is the best label for the balanced error, the mean of the errors on each label.

    Menon, Jayasumana, Rawat, Jain, Veit and Kumar 2021, Long-tail learning via logit adjustment (abstract seen, the
    formula recalled).

    Parameters
    ----------
    prior : one probability > 0 for each label, of sum 1 within 1e-9.
    strength : a finite number, 1 by default.

    Raises
    ------
    InputError
        otherwise.
    """

    def __init__(self, prior: Sequence[float], strength: float = 1.0):
        law = positive_numbers("prior", prior)
        if abs(float(np.sum(law)) - 1) > 1e-9:
            raise InputError("prior", "probabilities of sum 1", tuple(law.tolist()))
        self.prior, self.strength = tuple(law.tolist()), float(REAL.check_scalar("strength", strength))
        self._shift = self.strength * np.log(law)
        self.n_classes = law.size
        self.parameters = {"prior": self.prior, **({} if self.strength == 1 else {"strength": self.strength})}
        tail = "" if self.strength == 1 else f",strength={self.strength!r}"
        self.name = f"logit-adjustment:prior={';'.join(map(repr, self.prior))}{tail}"
        times = "" if self.strength == 1 else f"{self.strength:g}*"
        self.formula = f"-log(softmax(h + {times}log(prior))_y), prior = ({', '.join(f'{x:g}' for x in self.prior)})"
        alike = len(set(self._shift.tolist())) == 1
        self.convex_in = "scores" if alike else None  # convex in h, but the order of p is that of h + shift
        self.properties = self._properties(symmetric=alike, own_label_monotone=alike)

    def adjusted(self, scores: Any, xp: Any) -> Any:
        """h + strength log prior."""
        return scores + xp.asarray(self._shift, dtype=scores.dtype, device=device(scores))

    def original(self, scores: Any, xp: Any) -> Any:
        """The scores less strength log prior."""
        return scores - xp.asarray(self._shift, dtype=scores.dtype, device=device(scores))

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        times = "" if self.strength == 1 else f"{self.strength:g} "
        prior = ", ".join(f"{x:g}" for x in self.prior)
        return rf"-\log \mathrm{{softmax}}(h + {times}\log \pi)_y,\quad \pi = ({prior})"
