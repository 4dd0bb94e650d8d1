"""Temperature: cross-entropy of the scores divided by T, without a factor T^2."""

from __future__ import annotations

from typing import Any

from hconsist.domains import Domain
from hconsist.losses.arrays import quiet
from hconsist.losses.cross_entropy import CrossEntropyVariant

__all__ = ["Temperature"]

POSITIVE = Domain(0, lower_open=True)


class Temperature(CrossEntropyVariant):
    """-log softmax(h/T)_y; on a complete set of scores nothing depends on T but the minimiser, h = T log p.

    (Distillation multiplies by T^2, which keeps the size of the gradients: Hinton, Vinyals and Dean 2015, recalled.)

    Parameters
    ----------
    T : a number > 0; InputError otherwise.
    """

    def __init__(self, T: float):
        self.T = float(POSITIVE.check_scalar("T", T))
        self.slope = 1 / self.T
        self.parameters = {"T": self.T}
        self.name = f"temperature:T={self.T!r}"
        self.formula = f"-log(softmax(h/{self.T:g})_y)"
        self.properties = self._properties()

    def adjusted(self, scores: Any, xp: Any) -> Any:
        """h/T less its maximum; halves, so that differences of finite scores stay finite."""
        half = scores / 2
        with quiet():
            return 2 * ((half - xp.max(half, axis=-1, keepdims=True)) / self.T)

    def original(self, scores: Any, xp: Any) -> Any:
        """T times the scores."""
        return self.T * scores

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return rf"-\log \mathrm{{softmax}}(h/{self.T:g})_y"
