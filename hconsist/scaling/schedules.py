"""Learning-rate schedules as objects, with the warm-up explicit: ``rates()`` is eta_1 ... eta_steps.

Warm-up is linear from 0 to the peak inclusive over ``warmup`` steps (``linspace(0, peak, warmup)``), then the shape
begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hconsist.domains import Domain, InputError

__all__ = ["Constant", "Cosine", "Schedule", "StepDown", "WarmupStableDecay"]

_COUNT = Domain(0, integer=True)
_RATE = Domain(0, lower_open=True)
_FINAL = Domain(0)


@dataclass(frozen=True)
class Schedule:
    """``steps`` rates, of which the first ``warmup`` rise to ``peak``; subclasses give the rates after that."""

    peak: float
    steps: int
    warmup: int = 0

    def __post_init__(self) -> None:
        _RATE.check_scalar("peak", self.peak)
        _COUNT.check_scalar("warmup", self.warmup)
        Domain(1, integer=True).check_scalar("steps", self.steps)
        if self.warmup >= self.steps:
            raise InputError("warmup", f"fewer than the steps, {self.steps}", self.warmup)

    def rates(self) -> np.ndarray:
        """The rate of every step (steps,)."""
        rise = np.linspace(0.0, self.peak, self.warmup)
        return np.concatenate([rise, self._after(np.arange(self.warmup, self.steps, dtype=float))])

    def _after(self, step: np.ndarray) -> np.ndarray:
        raise NotImplementedError


@dataclass(frozen=True)
class Constant(Schedule):
    """The peak rate to the end."""

    def _after(self, step: np.ndarray) -> np.ndarray:
        return np.full(step.shape, float(self.peak))


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from the peak at the end of the warm-up to ``final`` at the end."""

    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _FINAL.check_scalar("final", self.final)

    def _after(self, step: np.ndarray) -> np.ndarray:
        share = (step - self.warmup) / (self.steps - self.warmup)
        return self.final + 0.5 * (self.peak - self.final) * (1 + np.cos(np.pi * share))


@dataclass(frozen=True)
class WarmupStableDecay(Schedule):
    """Constant to step ``decay_start``, then down to ``final`` at the end: ``geometric`` or ``linear``."""

    decay_start: int = 0
    final: float = 0.0
    shape: str = "geometric"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.warmup <= self.decay_start < self.steps:
            raise InputError("decay_start", f"in [{self.warmup}, {self.steps})", self.decay_start)
        if self.shape not in ("geometric", "linear"):
            raise InputError("shape", "geometric or linear", self.shape)
        (_RATE if self.shape == "geometric" else _FINAL).check_scalar("final", self.final)

    def _after(self, step: np.ndarray) -> np.ndarray:
        share = np.clip((step - self.decay_start) / (self.steps - self.decay_start), 0.0, 1.0)
        if self.shape == "linear":
            return self.peak + share * (self.final - self.peak)
        return self.peak * (self.final / self.peak) ** share


@dataclass(frozen=True)
class StepDown(Schedule):
    """The peak rate until step ``drop``, then ``final``."""

    drop: int = 0
    final: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.warmup <= self.drop <= self.steps:
            raise InputError("drop", f"in [{self.warmup}, {self.steps}]", self.drop)
        _FINAL.check_scalar("final", self.final)

    def _after(self, step: np.ndarray) -> np.ndarray:
        return np.where(step < self.drop, float(self.peak), float(self.final))
