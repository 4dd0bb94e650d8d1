"""H-consistency bounds: from a surrogate excess, or from scores and labels, to a limit on the zero-one excess.

R_01(h) - R_01*(H) + M_01(H) <= Gamma( R_l(h) - R_l*(H) + M_l(H) ),   Gamma = (T**)^{-1}.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist import hypotheses as hypothesis_sets
from hconsist import losses
from hconsist.domains import NONNEGATIVE, REAL, UNIT, InputError
from hconsist.hypotheses import HypothesisSet
from hconsist.losses.base import Loss
from hconsist.results import Bound, Side
from hconsist.transforms import transform

__all__ = ["bound", "bound_from_scores", "ScoresBound"]


def bound(
    loss: Loss | str,
    *,
    n_classes: int,
    excess: float,
    surrogate_gap: float = 0.0,
    target_gap: float = 0.0,
    hypotheses: str = "complete",
    method: str | None = None,
) -> Bound:
    """An upper limit on the zero-one estimation error R_01(h) - R_01*(H).

    ``value = min(1, max(0, Gamma(excess + surrogate_gap) - target_gap))``.

    Parameters
    ----------
    loss, n_classes, hypotheses, method : as in :func:`hconsist.transform`.
    excess : the surrogate estimation error R_l(h) - R_l*(H), >= 0, in the units of the loss (nats for cross-entropy).
    surrogate_gap : the minimizability gap M_l(H) >= 0 of the surrogate, or an upper limit on it.
        It is 0 for all measurable functions; with ``excess`` measured from the expected pointwise infimum
        instead of from R_l*(H) the gap is already inside it.
    target_gap : the minimizability gap M_01(H) in [0, 1] of the zero-one loss, or a lower limit on it; 0 is safe.

    Returns
    -------
    Bound
        ``side`` is ``upper``, or ``estimate`` where T is one (then ``upper`` is all that is proved).  ``vacuous`` is
        true where ``excess + surrogate_gap`` is at least T**(1): nothing is learnt and value is ``1 - target_gap``.

    Raises
    ------
    InputError
        for a negative, infinite or NaN excess or gap, and whatever ``transform`` raises.
    """
    curve = transform(loss, n_classes=n_classes, hypotheses=hypotheses, method=method)
    excess = NONNEGATIVE.check_scalar("excess", excess)
    surrogate_gap = NONNEGATIVE.check_scalar("surrogate_gap", surrogate_gap)
    target_gap = UNIT.check_scalar("target_gap", target_gap)
    argument = excess + surrogate_gap
    limit = float(curve.inverse(argument))
    value = max(0.0, limit - target_gap)
    side = Side.ESTIMATE if curve.side is Side.ESTIMATE else Side.UPPER
    return Bound(
        loss=curve.loss.name,
        n_classes=curve.n_classes,
        hypotheses=curve.hypotheses,
        method=curve.method,
        side=side,
        level=curve.level,
        assumptions=(*curve.assumptions, *_gap_assumptions(curve.hypotheses, surrogate_gap, target_gap)),
        excess=excess,
        value=value,
        lower=0.0,
        upper=value if side is Side.UPPER else 1.0 - target_gap,
        vacuous=argument >= float(curve(1.0)),
        surrogate_gap=surrogate_gap,
        target_gap=target_gap,
        references=curve.references,
    )


def _gap_assumptions(hypotheses: str, surrogate_gap: float, target_gap: float) -> tuple[str, ...]:
    if hypotheses == "all":
        return ("both minimizability gaps are 0 for all measurable functions",)
    surrogate = "is 0" if surrogate_gap == 0 else f"is at most {surrogate_gap:g}"
    target = "is at least 0" if target_gap == 0 else f"is at least {target_gap:g}"
    return (f"the surrogate's minimizability gap {surrogate}", f"the zero-one minimizability gap {target}")


@dataclass(frozen=True)
class ScoresBound:
    """What scores and labels say: the bound at excess ``surrogate_risk - floor`` beside the error they measure.

    ``informative`` is true where the bound lies below the measured error; with floor 0 it never does.
    """

    bound: Bound
    samples: int
    surrogate_risk: float
    error: float
    floor: float
    informative: bool
    remark: str


def bound_from_scores(
    loss: Loss | str,
    scores: Any,
    labels: Any,
    *,
    floor: float = 0.0,
    surrogate_gap: float = 0.0,
    target_gap: float = 0.0,
    hypotheses: str = "complete",
    method: str | None = None,
) -> ScoresBound:
    """The bound for a measured surrogate risk with a known floor.

    Parameters
    ----------
    scores : ``(m, n)`` logits; labels : ``(m,)`` integers in [0, n).
    floor : a lower limit on the best surrogate risk R_l*(H) (irreducible loss), in the units of the loss; the excess
        is the sample's mean loss minus the floor.  With floor 0 the bound cannot beat the measured error:
        T** is convex with T**(0) = 0 and T**(1) <= psi(1/2), so Gamma(R) >= R / psi(1/2) >= error.

    Raises
    ------
    InputError
        for malformed scores or labels, a risk that overflows, a floor above the measured risk, or scores that no
        function of the hypothesis set can have (a row that spreads over more than its box).
    """
    surrogate = losses.get(loss)
    values = np.asarray(surrogate.value(scores, labels), dtype=float)
    if values.ndim != 1 or values.size == 0:
        raise InputError("scores", "an array of shape (m, n) with m >= 1 rows", np.shape(scores))
    risk = float(np.mean(values))
    floor = REAL.check_scalar("floor", floor)
    if not risk < np.inf:
        raise InputError("scores", f"such that the mean {surrogate.name} loss is finite", risk)
    if floor < 0:
        raise InputError("floor", "a number >= 0 (comp-sum losses are nonnegative)", floor)
    if floor > risk:
        raise InputError("floor", f"at most the measured {surrogate.name} risk {risk:.6g}", floor)
    _check_reach(np.asarray(scores), hypothesis_sets.get(hypotheses))
    error = _measured_error(np.asarray(scores), np.asarray(labels))
    limit = bound(
        surrogate,
        n_classes=int(np.shape(scores)[-1]),
        excess=risk - floor,
        surrogate_gap=surrogate_gap,
        target_gap=target_gap,
        hypotheses=hypotheses,
        method=method,
    )
    return ScoresBound(
        bound=limit,
        samples=int(values.size),
        surrogate_risk=risk,
        error=error,
        floor=floor,
        informative=bool(limit.value < error),
        remark=_remark(floor),
    )


def _check_reach(scores: np.ndarray, hypothesis_set: HypothesisSet) -> None:
    """A common shift of a row changes nothing, so its spread decides; unknown inputs may widen the box of others."""
    if hypothesis_set.slope > 0:
        return
    spread, limit = np.ptp(scores, axis=-1), 2 * hypothesis_set.half_range
    if not np.all(spread <= limit * (1 + 1e-12)):
        wanted = f"rows whose largest and smallest differ by at most {limit:g}, as in {hypothesis_set.name}"
        raise InputError("scores", wanted, float(np.max(spread)))


def _measured_error(scores: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose label is not the strict maximum: a tie counts as an error, as in the infimum behind T."""
    own = np.take_along_axis(scores, labels[:, None].astype(np.intp), axis=-1)
    return float(np.mean(np.sum(scores >= own, axis=-1) > 1))


def _remark(floor: float) -> str:
    sample = "the risk is that of this sample, not a population bound"
    if floor == 0:
        return f"with floor 0 the bound cannot beat the measured error; {sample}"
    return f"the floor is taken as given; {sample}"
