"""Universal floors: functions below T** for every number of labels at once, with their inverses in closed form.

A floor turns into the bound a practitioner remembers: for 1 <= tau <= 2 the zero-one regret is at most
sqrt(2 x surrogate regret), whatever n.  All derived here (Theorems 5, 6 and 8); the proofs are run as
derivations (quadratic_floor, square_root_bound, concave_hull).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hconsist.domains import NONNEGATIVE, UNIT, UnsupportedError
from hconsist.evidence import Level
from hconsist.losses import Loss, RhoMarginCompSum

__all__ = ["Floor", "floor"]


@dataclass(frozen=True)
class Floor:
    """constant * t^exponent / (1 + bend t) <= T**(t) for all t in [0, 1] and every n >= 2.

    ``exponent`` is 1 or 2, ``bend`` is 0 except for the mean absolute error.  ``sharp``: no larger constant
    (with this exponent and bend) lies below T** for every t and every n.
    """

    exponent: int
    constant: float
    sharp: bool
    level: Level
    reference: str
    bend: float = 0.0

    def value(self, t: object) -> np.ndarray:
        """The floor at t in [0, 1], an array of any shape; InputError outside."""
        t = UNIT.check("t", t)
        return (self.constant * t * (t if self.exponent == 2 else 1.0) / (1.0 + self.bend * t))[()]

    def inverse(self, b: object) -> np.ndarray:
        """sup{t in [0, 1]: floor(t) <= b} for b >= 0: an upper bound on Gamma(b), any shape; InputError for b < 0."""
        b = NONNEGATIVE.check("b", b)
        end = self.value(1.0)
        share = np.minimum(b, end) / self.constant
        if self.exponent == 1:
            root = share
        else:
            half = 0.5 * self.bend * share
            root = half + np.sqrt(half * half + share)
        return np.where(b >= end, 1.0, np.minimum(root, 1.0)).astype(b.dtype)[()]


def floor(loss: Loss) -> Floor:
    """The n-free floor of a comp-sum or rho-margin comp-sum loss with parameter tau (complete hypothesis sets).

    Returns
    -------
    Floor
        t^2/(2^tau (2-tau)) for tau <= 4/3; t^2/2 on (4/3, 3/2) (not sharp);
        t^2 (1-2^(1-tau))/(tau-1) on [3/2, 2); t^2/(1+t) at 2; t (1-w)/(tau-1), w = max_{m>=2} (m-1) m^(1-tau),
        above 2 (w = 2^(1-tau) from tau = 3 on).  For a rho-margin comp-sum loss Phi^tau(1) t, which is T itself.

    Raises
    ------
    UnsupportedError
        for a loss without a parameter tau.
    """
    if isinstance(loss, RhoMarginCompSum):
        return Floor(1, float(loss.outer(1.0)), True, Level.SYMBOLIC, "ranks of rho-margin losses, derived here")
    tau = getattr(loss, "tau", None)
    if tau is None:
        raise UnsupportedError(
            "loss", "a comp-sum loss with a parameter tau (floors rest on theorems for these)", loss.name
        )
    tau = float(tau)
    if tau <= 4 / 3:
        return Floor(2, 1.0 / (2.0**tau * (2.0 - tau)), True, Level.SYMBOLIC, "Theorem 6 (i), derived here")
    if tau < 1.5:
        return Floor(2, 0.5, False, Level.SYMBOLIC, "Theorem 6 (ii), derived here")
    if tau < 2:
        # the floor lies below the D_m, and so below T** by Theorem 4
        constant = -math.expm1((1.0 - tau) * math.log(2.0)) / (tau - 1.0)
        return Floor(2, constant, True, Level.SYMBOLIC, "Theorems 4 and 5, derived here")
    if tau == 2:
        return Floor(2, 1.0, True, Level.SYMBOLIC, "Theorem 8, derived here", bend=1.0)
    return Floor(1, _vertex_slope(tau), True, Level.SYMBOLIC, "Theorem 8, derived here")


def _vertex_slope(tau: float) -> float:
    """inf over n of the slope at 0 of T** for tau > 2.

    The vertices of Theorem 8 lie at heights (1/k)(1 - w_k)/(tau-1) with w_k <= w = max_{m>=2} (m-1) m^(1-tau), with
    equality for large k; so the line of slope (1-w)/(tau-1) runs below all of them and no steeper line does.
    """
    excess = tau - 2.0
    # (m-1) m^(1-tau) rises up to the real number m = (tau-1)/(tau-2) and falls after it
    peak = max(2.0, (tau - 1.0) / excess)
    share = max(math.log1p(-1.0 / m) - excess * math.log(m) for m in (math.floor(peak), math.ceil(peak)))
    return -math.expm1(share) / (tau - 1.0)
