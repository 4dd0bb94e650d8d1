"""Class weights: cross-entropy times a weight of the label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from array_api_compat import device

from hconsist.domains import Domain, InputError
from hconsist.losses.cross_entropy import SOFTMAX_VALUES, CrossEntropyVariant

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["ClassWeights", "positive_numbers"]

POSITIVE = Domain(0, lower_open=True)


class ClassWeights(CrossEntropyVariant):
    """w_y (-log softmax(h)_y); the minimiser has softmax proportional to w p, so it need not have the order of p.

    With W = sum_k w_k p_k the entropy is W times the Shannon entropy of w p/W (derived here).

    Parameters
    ----------
    w : one weight > 0 for each label, at least two; InputError otherwise.
    """

    convex_in = "softmax"

    def __init__(self, w: Sequence[float]):
        self._w = positive_numbers("w", w)
        self.w = tuple(self._w.tolist())
        self.n_classes = len(self.w)
        self.parameters = {"w": self.w}
        self.name = f"class-weights:w={';'.join(map(repr, self.w))}"
        self.formula = f"-w_y*log(s_y), s = softmax(h), w = ({', '.join(f'{w:g}' for w in self.w)})"
        alike = len(set(self.w)) == 1
        self.properties = self._properties(symmetric=alike, own_label_monotone=alike)

    def targets(self, p: Any, n: Any, xp: Any) -> Any:
        """w p."""
        return p * xp.asarray(self._w, dtype=p.dtype, device=device(p))

    def definition(self) -> Definition:
        """-w log s: w of the label, s = softmax(h)_y."""
        import sympy

        from hconsist.definitions import Definition

        w, s = sympy.symbols("w s", positive=True)
        return Definition(self.name, -w * sympy.log(s), (w, s), {"w": POSITIVE, "s": SOFTMAX_VALUES})

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        return rf"-w_y \log \mathrm{{softmax}}(h)_y,\quad w = ({', '.join(f'{w:g}' for w in self.w)})"


def positive_numbers(argument: str, value: Any) -> np.ndarray:
    """At least two numbers > 0; InputError otherwise."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        numbers = np.zeros(0)
    if numbers.ndim != 1 or numbers.size < 2 or not np.all((numbers > 0) & np.isfinite(numbers)):
        raise InputError(argument, "at least two finite numbers > 0, one per label", value)
    return numbers
