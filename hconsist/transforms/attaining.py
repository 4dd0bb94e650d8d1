"""Conditional laws at which a sharp transformation is attained, exactly or in the limit of finite scores.

A law is stored by groups of equal labels, so that n = 1e9 costs nothing.  Its regrets are recomputed from the
probabilities and the softmax vector alone, never from T.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.boxes import log_ratios
from hconsist.domains import InputError, UnsupportedError
from hconsist.transforms.bounded import BoundedKernel
from hconsist.transforms.concave import ConcaveKernel
from hconsist.transforms.linear import LinearKernel
from hconsist.transforms.pooled import PooledKernel

if TYPE_CHECKING:
    from hconsist.transforms.base import Transformation

__all__ = ["AttainingLaw", "attaining"]

_LARGEST_DENSE = 10**6


@dataclass(frozen=True)
class AttainingLaw:
    """One conditional law p, a softmax vector s and the label predicted from it.

    Group g holds ``multiplicities[g]`` labels of probability ``values[g]`` and softmax ``softmax_values[g]``; group 0
    is a label of largest probability and group ``predicted`` a single label, predicted where its softmax ties for the
    largest.  ``weight`` is the share of inputs that follow this law.  ``reached`` is true if finite scores give
    s itself; otherwise s is their limit, see :meth:`scores`.  For a loss of margins, not of the softmax,
    and for scores in the box of ``half_range``, ``score_values`` holds the scores themselves.
    """

    values: tuple[float, ...]
    multiplicities: tuple[int, ...]
    predicted: int
    softmax_values: tuple[float, ...]
    weight: float
    reached: bool
    score_values: tuple[float, ...] = ()
    half_range: float = np.inf

    @property
    def n_classes(self) -> int:
        return sum(self.multiplicities)

    def zero_one_regret(self) -> float:
        """max p - p_predicted."""
        return max(self.values) - self.values[self.predicted]

    def surrogate_regret(self, loss: Any) -> float:
        """C(p, s) - H(p): sum_i p_i psi(s_i) - H(p) for a comp-sum loss with parameter ``tau``, directly (0 * inf = 0).

        For a rho-margin loss from its conditional risk at the scores.  H(p) is the entropy of the box where scores
        are bounded.
        """
        if self.score_values and self.half_range == np.inf:
            p = self.probabilities()
            return float(loss.conditional_risk(self.scores(), p) - loss.entropy(p))
        p, m, s = (np.array(x, dtype=float) for x in (self.values, self.multiplicities, self.softmax_values))
        used = p > 0.0
        risk = float(np.sum((m * p)[used] * _psi(s[used], loss.tau)))
        if self.half_range < np.inf:
            best = np.exp(log_ratios(p, m, loss.tau, self.half_range))
            return risk - float(np.sum((m * p)[used] * _psi((best / np.dot(m, best))[used], loss.tau)))
        return risk - _entropy(p[used], m[used], loss.tau)

    def probabilities(self, n_classes: int | None = None) -> np.ndarray:
        """p as a vector, label 0 of largest probability; InputError beyond 10**6 labels or for another n."""
        return self._expand(self.values, n_classes)

    def dense(self) -> tuple[np.ndarray, np.ndarray, int]:
        """(p, s, index of the predicted label) as full vectors."""
        first = sum(self.multiplicities[: self.predicted])
        return self.probabilities(), self._expand(self.softmax_values, None), first

    def scores(self, depth: float = 40.0) -> np.ndarray:
        """Finite scores whose softmax tends to s as ``depth`` grows: log s, and ``-depth`` where s = 0."""
        if self.score_values:
            return self._expand(self.score_values, None)
        s = self._expand(self.softmax_values, None)
        top = float(np.max(s))
        return np.where(s > 0.0, np.log(np.where(s > 0.0, s, top) / top), -float(depth))

    def _expand(self, groups: tuple[float, ...], n_classes: int | None) -> np.ndarray:
        if self.n_classes > _LARGEST_DENSE:
            raise InputError("n_classes", f"at most {_LARGEST_DENSE} for a dense vector", self.n_classes)
        if n_classes not in (None, self.n_classes):
            raise InputError("n_classes", f"the {self.n_classes} labels of this law", n_classes)
        return np.repeat(np.array(groups), self.multiplicities)


def attaining(transformation: Transformation, t: float) -> tuple[AttainingLaw, ...]:
    """At most two laws whose mixture has zero-one regret t and surrogate regret T**(t), in the limit or exactly.

    For bounded scores one law, reached by finite scores; where T is an estimate its regret is that estimate.

    Raises UnsupportedError where the transformation is not attained: the published form for tau > 1 (n >= 3, or
    tau > 2).
    """
    kernel, n = transformation.kernel, transformation.n_classes
    if isinstance(kernel, BoundedKernel):
        return (_boxed(kernel, t),)
    if isinstance(kernel, LinearKernel):
        return (_ranked(n, t, float(transformation.loss.parameters["rho"])),)
    if getattr(transformation.loss, "tau", None) is None:
        known = "a comp-sum or rho-margin loss (hconsist.engine.optimize returns laws for any loss)"
        raise UnsupportedError("loss", known, transformation.loss.name)
    tau = float(transformation.loss.tau)  # type: ignore[attr-defined]
    if transformation.method == "published" and not (tau <= 1.0 or (n == 2 and tau <= 2.0)):
        raise UnsupportedError("method", "sharp (the published form is not attained for this loss)", "published")
    if isinstance(kernel, ConcaveKernel):
        return _concave(kernel, n, t)
    if isinstance(kernel, PooledKernel):
        return _pooled(kernel, n, t)
    return (_pool(n, 2, ((1.0 + t) / 2.0, (1.0 - t) / 2.0, 0.0), 1.0),)


def _law(groups: list[tuple[float, int, float]], n: int, weight: float) -> AttainingLaw:
    """Group 1 predicts; labels left over have probability and softmax 0, which finite scores only approach."""
    left = n - sum(count for _, count, _ in groups)
    groups = [g for g in [*groups, (0.0, left, 0.0)] if g[1] > 0]
    values, counts, softmax = zip(*groups)
    return AttainingLaw(values, counts, 1, softmax, float(weight), min(softmax) > 0.0)


def _pool(n: int, m: int, q: tuple[float, float, float], weight: float) -> AttainingLaw:
    """Softmax uniform on m labels of probabilities (q1, q2, q3, ..., q3)."""
    share = 1.0 / m
    return _law([(q[0], 1, share), (q[1], 1, share), (q[2], m - 2, share)], n, weight)


def _boxed(kernel: BoundedKernel, t: float) -> AttainingLaw:
    """Two labels of probability (1 + t)/2 and (1 - t)/2, tied at the ceiling; every other label at the floor."""
    n, lam = kernel.n_classes, kernel.lam
    floor = float(np.exp(-2.0 * lam))
    share = 1.0 / (2.0 + (n - 2) * floor)
    groups = [((1.0 + t) / 2.0, 1, share, lam), ((1.0 - t) / 2.0, 1, share, lam), (0.0, n - 2, floor * share, -lam)]
    values, counts, softmax, scores = zip(*groups[: min(n, 3)])
    return AttainingLaw(values, counts, 1, softmax, 1.0, True, scores, lam)


def _ranked(n: int, t: float, rho: float) -> AttainingLaw:
    """Two labels that matter, the less probable one first by two margins; every other label two margins behind."""
    scores = (2.0 * rho, 4.0 * rho, 0.0)[: min(n, 3)]
    softmax = np.exp(np.array(scores) - scores[1])
    counts = (1, 1, n - 2)[: len(scores)]
    softmax /= np.dot(softmax, counts)
    values = ((1.0 + t) / 2.0, (1.0 - t) / 2.0, 0.0)[: len(scores)]
    return AttainingLaw(values, counts, 1, tuple(softmax.tolist()), 1.0, True, scores)


def _mix(t: float, low: float, high: float) -> float:
    """The share w of ``high`` with (1 - w) low + w high = t."""
    return min(max((t - low) / (high - low), 0.0), 1.0)


def _concave(kernel: ConcaveKernel, n: int, t: float) -> tuple[AttainingLaw, ...]:
    """The two vertices around t: p uniform on k labels with the prediction outside, or a sure label predicted."""
    last = kernel.last_vertex
    if t * last <= 1.0:
        origin = AttainingLaw((1.0, 0.0), (1, n - 1), 0, (1.0, 0.0), 1.0 - t * last, False)
        laws = (origin, _vertex(kernel, n, last, t * last))
    else:
        k = min(int(1.0 / t), last - 1)
        share = _mix(t, 1.0 / (k + 1), 1.0 / k)
        laws = (_vertex(kernel, n, k + 1, 1.0 - share), _vertex(kernel, n, k, share))
    return tuple(law for law in laws if law.weight > 0.0)


def _vertex(kernel: ConcaveKernel, n: int, k: int, weight: float) -> AttainingLaw:
    """p uniform on k labels, softmax uniform on m - 1 of them and the predicted one outside."""
    m = kernel.best_set_size(k + 1)
    p, s = 1.0 / k, 1.0 / m
    return _law([(p, m - 1, s), (0.0, 1, s), (p, k - m + 1, 0.0)], n, weight)


def _pooled(kernel: PooledKernel, n: int, t: float) -> tuple[AttainingLaw, ...]:
    """One law where an arc of a D_m is active at t, two laws at the ends of a common tangent elsewhere."""
    if t == 0.0:
        return (_pool(n, 2, (0.5, 0.5, 0.0), 1.0),)
    point = np.array([t])
    sides = [[float(x[0]) for x in kernel.active(slope)[:2]] for slope in kernel.bracket(point)]
    m_low, m_high = (side[0] for side in sides)
    power = kernel.power
    if m_low == m_high:
        return (_arc(kernel, n, int(m_low), t, 1.0),)
    low, high = (float(power.touching(np.array([m]), np.array([r]))[0]) for m, r in sides)
    if not low < t < high:
        return (_arc(kernel, n, int(m_low if t <= low else m_high), t, 1.0),)
    share = _mix(t, low, high)
    return _arc(kernel, n, int(m_low), low, 1.0 - share), _arc(kernel, n, int(m_high), high, share)


def _arc(kernel: PooledKernel, n: int, m: int, t: float, weight: float) -> AttainingLaw:
    """The q in Delta_m with q_1 - q_2 = t of least norm."""
    first, second, rest = (float(x[0]) for x in kernel.power.minimiser(np.array([float(m)]), np.array([t])))
    return _pool(n, m, (first, second, rest), weight)


def _psi(s: np.ndarray, tau: float) -> np.ndarray:
    al = tau - 1.0
    with np.errstate(divide="ignore"):
        return -np.log(s) if al == 0.0 else -np.expm1(al * np.log(s)) / al


def _entropy(p: np.ndarray, m: np.ndarray, tau: float) -> float:
    """H(p) = (1 - ||p||_a)/al with a = 1/(2 - tau), Shannon's entropy at tau = 1, (1 - max p)/al from tau = 2 on."""
    al, top = tau - 1.0, float(np.max(p))
    if al == 0.0:
        return float(-np.sum(m * p * np.log(p)))
    log_norm = np.log(top)
    if tau < 2.0:
        log_norm += (2.0 - tau) * np.log(np.sum(m * np.exp(np.log(p / top) / (2.0 - tau))))
    return float(-np.expm1(log_norm) / al)
