"""Loss along a learning-rate schedule: L(s) = L0 + A S1(s)^-alpha - C S2(s) (Tissue et al. 2024).

    S1(s) = sum_{i<=s} eta_i,   S2(s) = sum_{i<=s} m_i,   m_i = lambda m_{i-1} + (eta_{i-1} - eta_i).

In closed form S2(s) = sum_k (eta_{k-1} - eta_k)(1 - lambda^{s-k+1}) / (1 - lambda) = (eta_first - eta_s - lambda m_s)
/ (1 - lambda). Whether the negative gaps of the warm-up count is a convention that changes S2 and C: here it must be
said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.scaling.estimator import LawEstimator, PathPoint
from hconsist.scaling.laws import SumOfPowers, Term
from hconsist.scaling.schedules import Schedule

__all__ = ["AnnealingLaw", "areas"]

_DECAY = Domain(0, 1, upper_open=True)


def areas(
    rates: Any, decay: float = 0.999, *, warmup: int = 0, warmup_gaps: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """S1 and S2 (steps,) for ``rates`` (steps,); gaps of the first ``warmup`` steps count only with ``warmup_gaps``."""
    from scipy.signal import lfilter

    decay = float(_DECAY.check_scalar("decay", decay))
    eta = Domain(0).check("rates", rates)
    gaps = -np.diff(eta, prepend=eta[0])
    if not warmup_gaps:
        gaps[:warmup] = 0.0
    momentum = lfilter([1.0], [1.0, -decay], gaps)
    return np.cumsum(eta), np.cumsum(momentum)


class AnnealingLaw(LawEstimator):
    """L(s) = L0 + A S1^-alpha - C S2 with L0, A, C >= 0 and a fixed ``decay`` lambda.

    ``X`` is a sequence of pairs (schedule or array of rates, steps) or of columns S1, S2 (mapping); the losses ``y``
    follow in the same order, run after run, and step s is the s-th entry of the rates, counted from 0.  Losses along
    one run are correlated: intervals from resampled points are too narrow.
    """

    columns = ("S1", "S2")
    signed_columns = ("S2",)

    def __init__(
        self,
        *,
        decay: float = 0.999,
        warmup_gaps: bool = False,
        loss: str = "huber",
        delta: float = 1e-3,
        residual: str = "log",
        resamples: int = 4000,
        rng: Any = 0,
        workers: int | Callable = 1,
    ) -> None:
        self.decay, self.warmup_gaps = decay, warmup_gaps
        super().__init__(loss=loss, delta=delta, residual=residual, resamples=resamples, rng=rng, workers=workers)

    def law(self) -> SumOfPowers:
        terms = (Term("L0"), Term("A", {"S1": "alpha"}), Term("C", factor="S2", sign=-1))
        return SumOfPowers("annealing law", f"L = L0 + A S1^-alpha - C S2, lambda = {self.decay:g}", terms)

    def _features(self, x: Any) -> dict[str, np.ndarray]:
        if hasattr(x, "keys") or isinstance(x, np.ndarray):
            return super()._features(x)
        return super()._features(self.areas_of(x))

    def areas_of(self, runs: Sequence[tuple[Schedule | Any, Any]]) -> dict[str, np.ndarray]:
        """The columns S1 and S2 of pairs (schedule or rates, steps), one after the other."""
        parts = []
        for number, (schedule, steps) in enumerate(runs):
            known = isinstance(schedule, Schedule)
            rates = schedule.rates() if known else np.asarray(schedule, float)
            first, second = areas(
                rates, self.decay, warmup=schedule.warmup if known else 0, warmup_gaps=self.warmup_gaps
            )
            index = np.asarray(steps)
            if index.dtype.kind not in "iu" or index.min(initial=0) < 0 or index.max(initial=0) >= len(rates):
                raise InputError(f"steps of run {number}", f"integers in [0, {len(rates) - 1}]", steps)
            parts.append((first[index], second[index]))
        if not parts:
            raise InputError("runs", "at least one pair (schedule, steps)", runs)
        return {"S1": np.concatenate([p[0] for p in parts]), "S2": np.concatenate([p[1] for p in parts])}

    def decay_path(self, runs: Any, y: Any, decays: Any = (0.99, 0.995, 0.999, 0.9995, 0.9998)) -> list[PathPoint]:
        """Fits for several values of lambda: how far the data tell it."""
        points = []
        for value in np.atleast_1d(decays):
            other = type(self)(**{**self.get_params(), "decay": float(value)}).fit(runs, y)
            points.append(PathPoint(float(value), other.parameters_, other.objective_, other.scaled_gradient_))
        return points
