"""What a design can tell and what it cannot: condition, parameters at the boundary, designs on one line.

Conditions are of the Jacobian with centred logarithms and columns scaled to one length: the factor by which
relative noise in the losses can grow in the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hconsist.scaling.laws import LOG_ZERO, Problem

__all__ = ["CONDITION_LIMIT", "condition_number", "line_of", "verdicts"]

CONDITION_LIMIT = 1e4
"""Beyond this a thousandth in the losses can be ten units in a logarithm of a parameter."""
_ON_A_LINE = 0.02


def condition_number(problem: Problem, theta: np.ndarray, weights: np.ndarray | None = None) -> float:
    """Column-scaled condition of the Jacobian at centred parameters (p,); terms at zero are left out."""
    jacobian = problem.evaluate(theta[None]).jacobian()[0]
    if weights is not None:
        jacobian = jacobian * np.sqrt(weights)
    size = np.sqrt((jacobian**2).sum(-1))
    used = (theta > LOG_ZERO) & (size > 0)
    values = np.linalg.svd(jacobian[used] / size[used, None], compute_uv=False)
    return float(values[0] / values[-1]) if values[-1] > 0 else float("inf")


def line_of(columns: Mapping[str, np.ndarray], pair: tuple[str, str] = ("params", "tokens")) -> str | None:
    """The name of the line ln D = a + b ln N on which all points lie, or None: D = 20 N, say, or one budget."""
    x, y = (np.log(columns[name]) for name in pair)
    x0, y0 = x - x.mean(), y - y.mean()
    spread = np.linalg.svd(np.stack([x0, y0]), compute_uv=False)
    if spread[-1] > _ON_A_LINE * spread[0]:
        return None
    first, second = pair
    slope = float(x0 @ y0 / max(float(x0 @ x0), 1e-300))
    if abs(slope - 1) < _ON_A_LINE:
        return f"{second} = {np.exp(np.mean(y - x)):.3g} {first}: one ratio for all points"
    if abs(slope + 1) < _ON_A_LINE:
        return f"{first} x {second} = {np.exp(np.mean(y + x)):.3g}: one budget"
    return f"{second} proportional to {first}^{slope:.3g}: one line of points"


def verdicts(
    names: tuple[str, ...], exponents: tuple[str, ...], theta: np.ndarray, condition: float, line: str | None
) -> list[str]:
    """Warnings in words, the gravest first."""
    said = []
    if line is not None:
        said.append(f"unidentified design: {line}; the two exponents cannot be told apart and no plan is made")
    if condition > CONDITION_LIMIT:
        said.append(
            f"ill-conditioned: condition {condition:.1e} > {CONDITION_LIMIT:.0e}; parameters are not determined"
        )
    for name, value in zip(names, theta):
        if name in exponents and value <= 0:
            said.append(f"exponent {name} = {value:.3g} is not positive: the loss does not fall in that direction")
        if name not in exponents and value <= LOG_ZERO:
            said.append(f"{name} = 0 is at the boundary of its range: only an upper limit is known")
    return said
