"""Approach 1: along many training curves, the model with the least loss at each budget; a line through them.

Each run is a curve of loss against C = 6 N D at one size.  On a grid of budgets evenly spaced in ln C the least loss of
the runs that reach the budget (interpolated in ln C) names a size; ln N is regressed on ln C.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.scaling.columns import FLOP_PER_PARAMETER_TOKEN, check_losses, check_units, columns_of
from hconsist.scaling.size_line import SizeLine, lines_through

__all__ = ["Envelope"]


class Envelope(SizeLine):
    """N* = G C^a through the lower envelope of training curves (Hoffmann et al. 2022, approach 1).

    ``X`` has the columns ``params`` and ``tokens``, a row for each logged step; rows of one size are one run (or give
    ``runs`` labels).  ``budgets`` grid points span the budgets that two runs or more have reached.  A straight envelope
    between few sizes is a staircase: intervals resample runs, not points.
    """

    columns = ("params", "tokens")

    def __init__(self, *, budgets: int = 1500, resamples: int = 1000, rng: Any = 0) -> None:
        self.budgets, self.resamples, self.rng = budgets, resamples, rng

    def fit(self, X: Any, y: Any, runs: Any = None) -> Self:
        """Fit to training curves; needs three runs or more of different sizes."""
        columns = columns_of(X, self.columns)
        losses = check_losses(y, len(columns["params"]), 3)
        check_units(columns)
        self._resample_count()
        labels = columns["params"] if runs is None else np.asarray(runs)
        if labels.shape != losses.shape:
            raise InputError("runs", f"of shape {losses.shape}", labels.shape)
        flop = np.log(FLOP_PER_PARAMETER_TOKEN * columns["params"] * columns["tokens"])
        curves = []
        for label in np.unique(labels):
            index = np.flatnonzero(labels == label)
            index = index[np.argsort(flop[index], kind="stable")]
            curves.append((float(np.log(columns["params"][index[0]])), flop[index], losses[index]))
        long = [curve for curve in curves if len(np.unique(curve[1])) > 1]
        if len({size for size, _, _ in long}) < 3:
            wanted = "at least three training curves, of different sizes and with two rows or more each"
            raise InputError("runs", wanted, len(long))
        ends = np.sort([c[-1] for _, c, _ in curves])
        low = np.sort([c[0] for _, c, _ in curves])[1]
        if not low < ends[-2]:
            raise InputError("runs", "whose budgets overlap", (float(low), float(ends[-2])))
        grid = np.linspace(low, ends[-2], int(Domain(2, integer=True).check_scalar("budgets", self.budgets)))
        self._sizes = np.array([size for size, _, _ in curves])
        self._grid = grid
        self._curves = np.stack([np.interp(grid, c, z, left=np.inf, right=np.inf) for _, c, z in curves])
        slope, intercept = self._line(np.arange(len(curves)))
        self.a_, self.prefactor_ = slope, float(np.exp(intercept))
        best = self._curves.argmin(0)
        self.envelope_ = {"flop": np.exp(grid), "params": np.exp(self._sizes[best]), "loss": self._curves.min(0)}
        self._resampled: np.ndarray | None = None
        self._fit_begins()
        return self

    def _bootstrap(self) -> tuple[np.ndarray, np.ndarray]:
        if self._resampled is None:
            rng = np.random.default_rng(self.rng)
            draws = rng.integers(len(self._sizes), size=(self._resample_count(), len(self._sizes)))
            self._resampled = np.array([self._line(np.unique(draw)) for draw in draws]).T
        return self._resampled[0], self._resampled[1]

    def page(self, confidence: float = 0.95) -> str:
        """What was fitted, and the parameters."""
        return f"lower envelope of {len(self._sizes)} runs: N* = G C^a\n\n{self.table(confidence)}"

    def _line(self, members: np.ndarray) -> tuple[float, float]:
        losses = self._curves[members]
        seen = np.isfinite(losses).sum(0) >= 2
        if not seen.any():
            return float("nan"), float("nan")
        sizes = self._sizes[members][losses[:, seen].argmin(0)]
        slope, intercept = lines_through(self._grid[seen], sizes[None])
        return float(slope[0]), float(intercept[0])
