"""Growing prefixes of a learning curve: the trace of fitted asymptotes, and when more data no longer pays.

A curve L(x_1), L(x_2), ... at growing sizes is fitted with E + A x^-alpha on its first m points, for every m at once (a
prefix is a row of zero-one weights).  Under the law of a prefix what is left to gain beyond its last size x_m is

    gain_m = A x_m^-alpha = law(x_m) - E,

and the rule stops at the first m with gain_m <= threshold.  If the curve stays within eps of the law of that prefix
from x_m on, then the true remaining gain is at most threshold + 2 eps; if at sizes in geometric progression the
decrements fall by factors that themselves do not rise, a law through the last three points has eps = 0
(``paper_checks/vilares2017_learning_curves.py`` proves both, and shows a curve on which the rule stops too early).

For accuracies (Vilares et al. 2017, pattern c - a x^-b) pass the errors 1 - accuracy: c = 1 - E, a = A, b = alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.scaling.columns import check_losses, columns_of
from hconsist.scaling.fitting import CHUNK, solve
from hconsist.scaling.laws import LOG_ZERO, SumOfPowersProblem
from hconsist.scaling.power import PowerLaw
from hconsist.scaling.solver import TOLERANCE, Solution

__all__ = ["AsymptoteTrace", "asymptote_trace"]

_THRESHOLD = Domain(0, lower_open=True)
_FIRST = Domain(3, integer=True)


@dataclass(frozen=True)
class AsymptoteTrace:
    """One fit for each prefix; arrays (k,) in the order of the prefixes.

    ``points``: how many points a prefix holds; ``sizes``: its last size; ``asymptotes``: E; ``amplitudes``: A;
    ``exponents``: alpha; ``gains``: A x^-alpha at the last size, infinite where the best law does not fall (A = 0 or
    alpha <= 0: such a prefix, often a short noisy one, says nothing about more data); ``objectives`` and
    ``scaled_gradients`` as of every fit (a sum; certified below 1e-9).  ``stop``: the first size at which the gain of a
    certified fit is at most ``threshold``, None where there is none or no threshold was given.
    """

    points: np.ndarray
    sizes: np.ndarray
    asymptotes: np.ndarray
    amplitudes: np.ndarray
    exponents: np.ndarray
    gains: np.ndarray
    objectives: np.ndarray
    scaled_gradients: np.ndarray
    threshold: float | None
    stop: float | None

    @property
    def certified(self) -> np.ndarray:
        """(k,) of booleans: whether the optimum is certified by its scaled gradient."""
        return self.scaled_gradients < TOLERANCE

    def monotone_from(self, tolerance: float = 0.0) -> float | None:
        """The first size from which no asymptote is lower than the one before, to ``tolerance``; None if the last is.

        From there on, if it goes on, each asymptote is a lower limit of the irreducible loss (of the accuracy at most
        1 - E is reached).
        """
        falls = np.flatnonzero(np.diff(self.asymptotes) < -tolerance)
        first = int(falls[-1]) + 1 if len(falls) else 0
        return float(self.sizes[first]) if first < len(self.sizes) - 1 else None


def asymptote_trace(
    sizes: Any,
    losses: Any,
    *,
    threshold: float | None = None,
    first: int = 4,
    loss: str = "huber",
    delta: float = 1e-3,
    residual: str = "log",
) -> AsymptoteTrace:
    """Fits of E + A x^-alpha to the first m points for m = ``first``, ..., n, all in one batch.

    Parameters
    ----------
    sizes, losses : (n,), positive and finite; sizes strictly increasing.
    threshold : the remaining gain, in units of the loss, at which the rule stops; None for no rule.
    first : points of the shortest prefix, an integer in [3, n] (there are three parameters).
    loss, delta, residual : as of :class:`~hconsist.scaling.PowerLaw`.

    Raises
    ------
    InputError
        naming argument, domain and value (row and column for bad entries).
    """
    estimator = PowerLaw(column="sizes", loss=loss, delta=delta, residual=residual)
    cut, law = estimator._threshold(), estimator.law()
    columns = columns_of(sizes, ("sizes",))
    x = columns["sizes"]
    observed = check_losses(losses, len(x), len(law.parameters))
    if (turn := np.flatnonzero(np.diff(x) <= 0)).size:
        raise InputError(f"row {turn[0] + 1}, column sizes", "larger than the size before", float(x[turn[0] + 1]))
    shortest = int(_FIRST.check_scalar("first", first))
    if shortest > len(x):
        raise InputError("first", f"at most the number of points, {len(x)}", first)
    limit = None if threshold is None else float(_THRESHOLD.check_scalar("threshold", threshold))
    points = np.arange(shortest, len(x) + 1)
    whole = law.at(columns, observed, log=residual == "log")
    begin = [
        whole.centred(part.natural(part.starts()))
        for part in (law.at({"sizes": x[:m]}, observed[:m], log=whole.log) for m in points)
    ]
    found = _best(whole, begin, points, cut)
    natural = whole.natural(found.theta)
    asymptotes, amplitudes = (np.where(natural[:, k] <= LOG_ZERO, 0.0, np.exp(natural[:, k])) for k in (0, 1))
    exponents, last = natural[:, 2], x[points - 1]
    with np.errstate(over="ignore"):
        falling = np.exp(natural[:, 1] - exponents * np.log(last))
    gains = np.where((amplitudes > 0) & (exponents > 0), falling, np.inf)
    stops = (
        np.flatnonzero((gains <= limit) & (found.scaled_gradient < TOLERANCE))
        if limit is not None
        else np.array([], int)
    )
    return AsymptoteTrace(
        points, last, asymptotes, amplitudes, exponents, gains, found.objective,
        found.scaled_gradient, limit,
        float(last[stops[0]]) if len(stops) else None,
    )  # fmt: skip


def _best(problem: SumOfPowersProblem, begin: list[np.ndarray], points: np.ndarray, delta: float) -> Solution:
    """For each prefix the lowest optimum from its own starts."""
    owner = np.repeat(np.arange(len(points)), [len(rows) for rows in begin])
    theta = np.concatenate(begin)
    weights = (np.arange(problem.n_points) < points[owner, None]).astype(float)
    cuts = [slice(i, i + CHUNK) for i in range(0, len(theta), CHUNK)]
    found = Solution.joined([solve(problem, theta[c], delta, weights=weights[c]) for c in cuts])
    return found.take(np.array([found.best(np.flatnonzero(owner == k)) for k in range(len(points))]))
