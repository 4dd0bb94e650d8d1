"""Compute-optimal plans for L(N, D) = E + A N^-alpha + B D^-beta under C = k N D, in closed form.

Lagrange's conditions give alpha A N*^-alpha = beta B D*^-beta, hence (Hoffmann et al. 2022; derived here)

    a = beta/(alpha + beta),  b = alpha/(alpha + beta),  G = (alpha A / (beta B))^(1/(alpha + beta)),
    N* = G (C/k)^a,  D* = (C/k)^b / G,  L* = E + A N*^-alpha + B D*^-beta = E + K (C/k)^(-alpha beta/(alpha + beta)).

The reducible loss L* - E is a pure power of C, so that the budget at which it falls to r is k (K/r)^(1/alpha + 1/beta).

Off the optimum, a model of k_N N* parameters reaches the same loss with k_D D* tokens,

    k_D = (1 - (beta/alpha)(k_N^-alpha - 1))^(-1/beta),

which is infinite at and below the critical size k_N = (1 + alpha/beta)^(-1/alpha).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import Domain, UnsupportedError
from hconsist.results import Interval
from hconsist.scaling.columns import FLOP_PER_PARAMETER_TOKEN
from hconsist.scaling.digits import with_interval
from hconsist.tables import text_table

if TYPE_CHECKING:
    from hconsist.scaling.estimator import LawEstimator

__all__ = [
    "Plan", "UnidentifiedError", "budget_for_reducible", "check_determined", "check_plannable", "critical_size",
    "data_multiplier", "make_plan", "optimum", "overhead",
]  # fmt: skip

_BUDGET = Domain(0, lower_open=True)


class UnidentifiedError(UnsupportedError):
    """A plan was asked for from a design that cannot tell the exponents apart."""


def optimum(
    parameters: Mapping[str, Any], budget: Any, *, flop_per_parameter_token: float = FLOP_PER_PARAMETER_TOKEN
) -> dict[str, Any]:
    """``params``, ``tokens``, ``loss``, ``reducible``, ``tokens_per_param`` at the optimum; arrays broadcast.

    ``parameters``: E, A, B, alpha and beta (alpha alone if tied).  NaN where A, B, alpha or beta is not positive:
    there is no interior optimum.
    """
    alpha = np.asarray(parameters["alpha"], float)
    beta = np.asarray(parameters.get("beta", alpha), float)
    upper, lower = np.asarray(parameters["A"], float), np.asarray(parameters["B"], float)
    good = (alpha > 0) & (beta > 0) & (upper > 0) & (lower > 0)
    alpha, beta, upper, lower = (np.where(good, v, np.nan) for v in (alpha, beta, upper, lower))
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # resamples that determine nothing
        log_g = np.log(alpha * upper / (beta * lower)) / (alpha + beta)
        log_x = np.log(np.asarray(budget, float) / flop_per_parameter_token)
        log_n = log_g + beta / (alpha + beta) * log_x
        log_d = -log_g + alpha / (alpha + beta) * log_x
        reducible = np.exp(np.log(upper) - alpha * log_n) + np.exp(np.log(lower) - beta * log_d)
        return {
            "params": np.exp(log_n),
            "tokens": np.exp(log_d),
            "loss": parameters["E"] + reducible,
            "reducible": reducible,
            "tokens_per_param": np.exp(log_d - log_n),
        }


def budget_for_reducible(
    parameters: Mapping[str, Any], reducible: Any, *, flop_per_parameter_token: float = FLOP_PER_PARAMETER_TOKEN
) -> np.ndarray:
    """The budget at which the reducible loss of the optimum, L* - E, falls to ``reducible`` > 0; NaN as above."""
    at_one = optimum(parameters, flop_per_parameter_token, flop_per_parameter_token=flop_per_parameter_token)
    alpha = np.asarray(parameters["alpha"], float)
    beta = np.asarray(parameters.get("beta", alpha), float)
    target = _BUDGET.check("reducible", reducible)
    return flop_per_parameter_token * np.exp((1 / alpha + 1 / beta) * np.log(at_one["reducible"] / target))


def data_multiplier(parameters: Mapping[str, Any], size_multiplier: Any) -> np.ndarray:
    """k_D for models k_N times as large as optimal, at equal loss; infinity at and below the critical size."""
    alpha = np.asarray(parameters["alpha"], float)
    beta = np.asarray(parameters.get("beta", alpha), float)
    k = Domain(0, lower_open=True).check("size_multiplier", size_multiplier)
    # expm1 keeps the digits near the optimum, where k_N^-alpha - 1 is small
    room = -(beta / alpha) * np.expm1(-alpha * np.log(k))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(room > -1, np.exp(-np.log1p(np.maximum(room, -1.0)) / beta), np.inf)


def overhead(parameters: Mapping[str, Any], size_multiplier: Any) -> np.ndarray:
    """The share of compute that a model k_N times the optimal size costs more at equal loss: k_N k_D - 1."""
    return np.asarray(size_multiplier, float) * data_multiplier(parameters, size_multiplier) - 1.0


def critical_size(parameters: Mapping[str, Any]) -> Any:
    """The multiple of the optimal size below which no amount of data reaches the loss: (1 + alpha/beta)^(-1/alpha)."""
    alpha = parameters["alpha"]
    return (1 + alpha / parameters.get("beta", alpha)) ** (-1 / alpha)


@dataclass(frozen=True)
class Plan:
    """Compute-optimal model size, tokens and loss for a budget, with bootstrap intervals.

    ``extrapolation`` is log10(budget / largest budget in the data): orders of magnitude beyond what was seen.
    """

    budget: float
    params: Interval
    tokens: Interval
    tokens_per_param: Interval
    loss: Interval
    params_exponent: Interval
    critical_size: float
    extrapolation: float
    parameters: Mapping[str, float]
    warnings: tuple[str, ...]

    def overhead(self, size_multiplier: Any) -> np.ndarray:
        """:func:`overhead` with the fitted parameters."""
        return overhead(self.parameters, size_multiplier)

    def __str__(self) -> str:
        rows = [
            {"at the optimum": name, "value and interval": with_interval(i.value, i.lower, i.upper)}
            for name, i in (
                ("parameters N*", self.params),
                ("tokens D*", self.tokens),
                ("tokens per parameter", self.tokens_per_param),
                ("loss", self.loss),
                ("exponent of N* in C", self.params_exponent),
            )
        ]
        half, double = self.overhead([0.5, 2.0])
        lines = [
            f"budget {self.budget:.4g} FLOP, {self.extrapolation:+.1f} orders of magnitude from the data's largest",
            text_table(rows),
            f"at equal loss half the size costs {half:.1%} more compute, twice the size {double:.1%}; "
            f"below {self.critical_size:.2g} of N* no data suffice",
            *(f"warning: {text}" for text in self.warnings),
        ]
        return "\n".join(lines)


def check_determined(fit: LawEstimator) -> None:
    """UnidentifiedError where the data do not determine the parameters."""
    if fit.undetermined_ is not None:
        raise UnidentifiedError("the design", "one that determines the parameters for a plan", fit.undetermined_)


def check_plannable(fit: LawEstimator) -> None:
    """UnidentifiedError where the design or the fit forbids a plan."""
    p = fit.parameters_
    if not {"A", "B", "alpha"} <= set(p):
        raise UnidentifiedError("the law", "one in params and tokens for a compute-optimal plan", fit.law().formula)
    check_determined(fit)
    if not (p["A"] > 0 and p["B"] > 0 and p["alpha"] > 0 and p.get("beta", 1.0) > 0):
        raise UnidentifiedError("the fit", "with A, B, alpha, beta > 0 (an interior optimum) for a plan", p)


def make_plan(fit: LawEstimator, budget: float, confidence: float) -> Plan:
    """The plan of a fitted law with ``params`` and ``tokens``; UnidentifiedError where the design forbids one."""
    budget = float(_BUDGET.check_scalar("budget", budget))
    check_plannable(fit)
    p = fit.parameters_

    def of(name: str) -> Callable[[Mapping[str, Any]], Any]:
        return lambda parameters: optimum(parameters, budget)[name]

    found = {
        name: fit.interval(of(name), confidence=confidence) for name in ("params", "tokens", "tokens_per_param", "loss")
    }
    seen = FLOP_PER_PARAMETER_TOKEN * fit.columns_["params"] * fit.columns_["tokens"]
    extrapolation = float(np.log10(budget / seen.max()))
    notes = list(fit.warnings_)
    if extrapolation > 2:
        units = " (are params and tokens counted in units?)" if extrapolation > 6 else ""
        notes.append(f"the budget is {extrapolation:.1f} orders of magnitude beyond the data{units}")
    for name in ("params", "tokens"):
        low, high = fit.columns_[name].min(), fit.columns_[name].max()
        if not low <= found[name].value <= high:
            notes.append(f"optimal {name} {found[name].value:.3g} lie outside the data's [{low:.3g}, {high:.3g}]")
    exponent = fit.interval(lambda q: q.get("beta", q["alpha"]) / (q["alpha"] + q.get("beta", q["alpha"])),
                            confidence=confidence)  # fmt: skip
    return Plan(
        budget, found["params"], found["tokens"], found["tokens_per_param"], found["loss"], exponent,
        float(critical_size(p)), extrapolation, dict(p), tuple(notes),
    )  # fmt: skip
