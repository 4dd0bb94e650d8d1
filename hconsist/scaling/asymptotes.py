"""What a recipe reaches with unlimited compute: asymptotes of asymptotes, and how much data they are worth.

At a fixed amount of data a law E_K + A_K N^-alpha_K in the size N is fitted for each number K of ensemble members; the
asymptotes E_K follow a law E + B K^-beta again, and E is the double limit (Kim et al. 2025, abstract; the formulas are
derived here).  A loss is worth D' tokens of a baseline E + B D^-beta if D' is where the baseline reaches it:

    D'/D = (B / (loss - E))^(1/beta) / D.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.scaling.columns import check_losses, columns_of
from hconsist.scaling.power import PowerLaw, size_for

__all__ = ["DoubleLimit", "data_efficiency", "double_limit", "geometric_asymptote"]

_POSITIVE = Domain(0, lower_open=True)
_LEAST = 3


@dataclass(frozen=True)
class DoubleLimit:
    """``value``: the limit over sizes, then members; ``members`` and ``asymptotes`` (k,): the inner limits; the fits.

    ``inner`` holds one fitted :class:`PowerLaw` for each number of members, ``outer`` the one of the asymptotes.
    """

    value: float
    members: np.ndarray
    asymptotes: np.ndarray
    inner: tuple[PowerLaw, ...]
    outer: PowerLaw


def double_limit(
    sizes: Any, members: Any, losses: Any, *, loss: str = "huber", delta: float = 1e-3, residual: str = "log"
) -> DoubleLimit:
    """Fit E_K + A_K N^-alpha_K for each value K of ``members``, then E + B K^-beta to the E_K.

    Parameters
    ----------
    sizes, members, losses : (n,), positive and finite; at least three sizes at each of at least three values of K.
    loss, delta, residual : as of :class:`PowerLaw`, for both levels.

    Raises
    ------
    InputError
        for bad entries (row and column), too few points, and where an inner asymptote is 0: its logarithm has no law.
    """
    columns = columns_of({"sizes": sizes, "members": members}, ("sizes", "members"))
    observed = check_losses(losses, len(columns["sizes"]), _LEAST**2)
    values = np.unique(columns["members"])
    if len(values) < _LEAST:
        raise InputError("members", f"of at least {_LEAST} different values", values.tolist())
    inner = []
    for value in values:
        rows = columns["members"] == value
        if (count := len(np.unique(columns["sizes"][rows]))) < _LEAST:
            raise InputError(f"sizes at {value:g} members", f"of at least {_LEAST} different values", count)
        fit = PowerLaw(column="sizes", loss=loss, delta=delta, residual=residual)
        inner.append(fit.fit(columns["sizes"][rows], observed[rows]))
    asymptotes = np.array([fit.parameters_["E"] for fit in inner])
    if not (asymptotes > 0).all():
        domain = "one with an irreducible loss above 0 in its law, so that a law can be fitted to it"
        raise InputError("number of members", domain, float(values[np.argmin(asymptotes)]))
    outer = PowerLaw(column="members", loss=loss, delta=delta, residual=residual).fit(values, asymptotes)
    return DoubleLimit(outer.parameters_["E"], values, asymptotes, tuple(inner), outer)


def data_efficiency(parameters: Mapping[str, Any], tokens: float, loss: Any) -> Any:
    """D'/D: how many times ``tokens`` a baseline with these parameters (E, A, alpha) needs to reach ``loss``.

    Infinite for losses that it never reaches (loss <= E), NaN where its law does not fall (alpha <= 0); broadcasts over
    losses and over bootstrapped parameters, so ``fit.interval(lambda p: data_efficiency(p, 2e8, 3.2))`` is an interval.
    """
    at = float(_POSITIVE.check_scalar("tokens", tokens))
    level = _POSITIVE.check("loss", loss)
    floor, exponent = np.asarray(parameters["E"], float), np.asarray(parameters["alpha"], float)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        needed = size_for({"A": parameters["A"], "alpha": exponent}, level - floor)
    ratio = np.where(exponent > 0, np.where(level > floor, needed / at, np.inf), np.nan)
    return float(ratio) if ratio.ndim == 0 else ratio


def geometric_asymptote(losses: Any) -> float:
    """E of the law E + A x^-alpha through three losses at sizes x, k x, k^2 x, whatever k > 1: Aitken's formula,

    E = (L1 L3 - L2^2) / (L1 + L3 - 2 L2).

    The decrements must fall, L1 - L2 > L2 - L3 > 0; no fit, so it checks one.  (May be negative, as a fit's E may not.)
    """
    values = _POSITIVE.check("losses", losses)
    if values.shape != (3,):
        raise InputError("losses", "of shape (3,)", values.shape)
    first, second = values[0] - values[1], values[1] - values[2]
    if not first > second > 0:
        raise InputError("losses", "falling by less and less, L1 - L2 > L2 - L3 > 0", values.tolist())
    return float(values[2] - second**2 / (first - second))
