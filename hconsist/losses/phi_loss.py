"""What the losses of one margin function Phi have in common: names, properties, and entropies of laws by groups."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from array_api_compat import device

from hconsist.domains import InputError
from hconsist.losses import arrays
from hconsist.losses.base import Loss
from hconsist.losses.phi import Phi, margin_function

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["PhiLoss", "complement", "on_numpy"]


class PhiLoss(Loss):
    """A loss made of one margin function; all of them are symmetric and fall in the label's own score.

    Parameters
    ----------
    phi : a name (``"exponential"``, ``"logistic"``, ``"hinge"``, ``"squared-hinge"``, ``"rho-margin"``), the user's own
        nonincreasing function (text in u, a SymPy expression in one symbol, or a callable of one array), or a
        :class:`hconsist.losses.phi.Phi`.
    rho : the margin, a number > 0; with ``phi="rho-margin"`` only.
    derivative : for a callable phi, its derivative; without it gradients and numeric entropies raise UnsupportedError.
    name : the name shown; by default the text that :func:`hconsist.losses.get` understands.

    Raises
    ------
    InputError
        for rho <= 0, and for a phi that increases, is not finite, or leaves the whitelist.
    """

    family: ClassVar[str]
    """The first part of the name."""
    pattern: ClassVar[tuple[str, str]]
    """The formula in terms of Phi, as text and as LaTeX."""
    shift_invariant: ClassVar[bool] = True
    kinked: ClassVar[bool] = False
    """Whether the loss has kinks of its own."""
    unnamed: ClassVar[tuple[str, ...]] = ()
    """Margin functions whose loss has no name of its own in this family."""

    def __init__(self, phi: Any, *, rho: float | None = None, derivative: Any = None, name: str | None = None):
        self.phi: Phi = margin_function(phi, rho=rho, derivative=derivative)
        self.parameters = dict(self.phi.parameters)
        self.name = name or self._own_name()
        self.formula = f"{self.pattern[0]}, Phi(u) = {self.phi.text}"
        self.convex_in = "scores" if self.phi.convex else None
        self.properties = {
            "convex": self.phi.convex,
            "shift_invariant": self.shift_invariant,
            "scale_invariant": False,
            "symmetric": True,
            "bounded": self.phi.bounded,
            "differentiable": self.phi.differentiable and not self.kinked,
            "own_label_monotone": True,
            "decreasing": True,
        }

    def _own_name(self) -> str:
        own = self.phi.name
        if own is None or own in self.unnamed:
            return f'{self.family}:phi="{own or self.phi.text}"'
        tail = ",".join(f"{key}={value!r}" for key, value in self.parameters.items())
        return f"{self.family}-{own}" + (f":{tail}" if tail else "")

    def centred(self) -> Loss:
        """With Phi less a constant that would cost digits."""
        phi = self.phi.centred()
        return self if phi is None else type(self)(phi, name=self.name)

    def entropy(self, probabilities: Any) -> Any:
        """H(p) = inf over all score vectors of the conditional risk; ``(..., n)`` to ``(...)``."""
        p, xp = arrays.probabilities(probabilities)
        ones = xp.ones_like(p)
        return self._least(p, complement(p, ones, xp), ones, xp)

    def grouped_entropy(self, values: Any, counts: Any) -> np.ndarray:
        """H of a law that holds ``values[..., g]`` for ``counts[..., g]`` labels each; both broadcast, numpy only.

        The labels of a group share their score at a minimiser, so the cost depends on the number of groups alone.
        InputError for negative values or counts, counts that are no integers, and values times counts that do not sum
        to 1 within 1e-9.
        """
        v, c = np.broadcast_arrays(np.asarray(values, dtype=float), np.asarray(counts, dtype=float))
        if np.any((c < 0) | (c != np.floor(c)) | ~np.isfinite(c)):
            raise InputError("counts", "integers >= 0", counts)
        v = np.where(c > 0, v, 0.0)
        total = np.sum(v * c, axis=-1)
        if not np.all(v >= 0) or np.any(np.abs(total - 1) > 1e-9):
            raise InputError("values", "probabilities that sum to 1 when each counts as often as given", values)
        return np.asarray(self._least(v, complement(v, c, np), c, np))

    def minimiser(self, probabilities: Any) -> Any:
        """The softmax of :meth:`best_scores`, which fixes them up to a shift; ``(..., n)``."""
        scores = self.best_scores(probabilities)
        xp = arrays.floating("scores", scores)[1]
        with arrays.quiet():
            weight = xp.exp(scores - xp.max(scores, axis=-1, keepdims=True))
        return weight / xp.sum(weight, axis=-1, keepdims=True)

    def best_scores(self, probabilities: Any) -> Any:
        """Finite scores that attain the entropy, or do in the limit and come as near as floating point; ``(..., n)``.

        Where several do, they have the order of the probabilities.
        """
        p, xp = arrays.probabilities(probabilities)
        return self._best(p, complement(p, xp.ones_like(p), xp), xp)

    def definition(self) -> Definition:
        """Phi(u) as an exact expression on the branch where it is one; beyond the branch it is constant."""
        from hconsist.definitions import Definition
        from hconsist.expressions import variable

        u = variable("u", positive=False)
        return Definition(self.name, self.phi.expression(), (u,), {"u": self.phi.branch})

    @property
    def latex(self) -> str:
        """The formula and Phi as LaTeX, parameters as the decimals one reads."""
        return rf"{self.pattern[1]},\quad \Phi(u) = {self.phi.latex}"

    @abstractmethod
    def _least(self, v: Any, q: Any, c: Any, xp: Any) -> Any:
        """The entropy of laws by groups: values v, their complements q, counts c, all ``(..., G)`` and floating."""

    @abstractmethod
    def _best(self, p: Any, q: Any, xp: Any) -> Any:
        """Best scores at laws p of complements q."""


def complement(v: Any, c: Any, xp: Any) -> Any:
    """1 - v; for the largest v as the sum of the others, which keeps all digits near a deterministic law."""
    largest = xp.argmax(v, axis=-1)[..., None] == arrays.counted(v.shape[-1], v, xp)
    others = xp.sum(xp.where(largest, c - 1, c) * v, axis=-1, keepdims=True)
    return xp.where(largest, others, 1 - v)


def on_numpy(found: np.ndarray, like: Any, xp: Any) -> Any:
    """A numeric result back in the namespace, the dtype and on the device of ``like``."""
    return xp.asarray(found, dtype=like.dtype, device=device(like))
