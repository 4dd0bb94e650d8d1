"""Approach 2: a parabola in ln N for each budget, a line through the vertices, and the bias of the parabola removed.

At a fixed budget Chinchilla's law is, in u = ln(N / N*), E' + r (beta e^(-alpha u) + alpha e^(beta u)): no parabola
unless alpha = beta. A least-squares parabola on a dense uniform design of half-width w in u has its vertex at

    du = -c1 / (2 c2),   c1 = 3/(2 w^3) I1,   c2 = 45/(8 w^5) (I2 - w^2 I0 / 3),   I_k = int_{-w}^{w} u^k g(u) du,

du = w^2 (alpha - beta)/10 to leading order.  The same shift at every budget leaves the exponent alone and multiplies
N* by e^du.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from hconsist.domains import Domain, InputError
from hconsist.scaling.columns import FLOP_PER_PARAMETER_TOKEN, check_losses, check_units, columns_of
from hconsist.scaling.estimator import FitWarning
from hconsist.scaling.size_line import SizeLine, lines_through
from hconsist.tables import text_table

__all__ = ["IsoFlop", "Vertex", "vertex_shift", "vertex_shift_at"]

_EXPONENT = Domain(0, lower_open=True)
_MOST_EXPONENT = 4.0
"""Exponents of IsoFLOP laws; the fixed point below converges there."""


def vertex_shift(alpha: float, beta: float, half_width: Any) -> np.ndarray:
    """du for a dense uniform design centred at the optimum, by the power series of the integrals above."""
    for name, value in (("alpha", alpha), ("beta", beta)):
        _EXPONENT.check_scalar(name, value)
    w = _EXPONENT.check("half_width", half_width)

    # g has the Taylor coefficients alpha beta (beta^(k-1) - (-alpha)^(k-1)) / k!: from k = 3 on the odd ones have one
    # sign, and so do the even ones, so that nothing cancels
    terms = int(40 + 3 * max(alpha, beta) * float(np.max(w)))
    odd, even = np.zeros_like(w), np.zeros_like(w)
    up = down = alpha * beta * w  # alpha beta^k w^k / k! and beta alpha^k w^k / k!, here at k = 1
    for k in range(2, terms):
        up, down = up * (beta * w) / k, down * (alpha * w) / k
        if k % 2:
            odd = odd + (up - down) / (k + 2)
        else:
            even = even + (up + down) * (1 / (k + 3) - 1 / (3 * (k + 1)))
    # I_1 = 2 w^2 odd and I_2 - w^2 I_0 / 3 = 2 w^3 even
    return -(2 / 15) * w * odd / even


def vertex_shift_at(alpha: float, beta: float, log_sizes: np.ndarray, weights: np.ndarray | None = None) -> float:
    """The shift for the points that a budget really has: ``log_sizes`` (n,) are ln N, wherever their centre lies.

    The optimum u* is found for which the parabola through the law's values at the points has its vertex at 0
    (``log_sizes`` are measured from the fitted vertex); the shift is -u*.  Fixed-point iteration: the shift hardly
    depends on the centre.
    """
    shift = 0.0
    w = np.ones(len(log_sizes)) if weights is None else weights
    for _ in range(100):
        u = log_sizes + shift
        values = beta * np.exp(-alpha * u) + alpha * np.exp(beta * u)
        c = _parabolas(u[None], values[None], w[None])[0]
        new = float(u.mean() - c[1] / (2 * c[2]))
        if abs(new - shift) < 1e-13 * max(1.0, abs(new)):
            return new
        shift = new
    raise InputError("exponents", "such that the bias of the vertex can be removed at these sizes", (alpha, beta))


@dataclass(frozen=True)
class Vertex:
    """One budget: points, fitted optimum, its loss, whether it lies within the sizes tried, and the bias removed."""

    flop: float
    points: int
    params: float
    tokens: float
    loss: float
    interior: bool
    shift: float


class IsoFlop(SizeLine):
    """N* = G C^a from parabolas L = c0 + c1 ln N + c2 (ln N)^2, one for each budget.

    ``exponents=(alpha, beta)`` (of an approach-3 fit, say) removes the vertex bias exactly at the points of each
    budget; None leaves the vertices as the parabolas give them.  Budgets are told apart where ln C jumps by more than
    ``gap``.  ``X`` has the columns ``params`` and ``flop``, or ``params`` and ``tokens`` in a mapping.  After
    :meth:`fit`: ``a_``, ``b_`` = 1 - a, ``prefactor_`` G, ``vertices_``.  Intervals resample points within budgets.
    """

    columns = ("params", "flop")

    def __init__(
        self,
        *,
        exponents: tuple[float, float] | None = None,
        gap: float = 0.1,
        resamples: int = 4000,
        rng: Any = 0,
    ) -> None:
        self.exponents, self.gap, self.resamples, self.rng = exponents, gap, resamples, rng

    def fit(self, X: Any, y: Any) -> Self:
        """Fit to sizes, budgets and losses; needs two budgets with an optimum, each of three sizes or more."""
        if isinstance(X, Mapping) and "flop" not in X:
            check_units(columns_of(X, ("params", "tokens")))
        columns = columns_of(X, self.columns)
        losses = check_losses(y, len(columns["params"]), 6)
        self._check_exponents()
        self._resample_count()
        order = np.argsort(columns["flop"], kind="stable")
        logs = np.log(columns["flop"][order])
        groups = np.split(order, np.flatnonzero(np.diff(logs) > _EXPONENT.check_scalar("gap", self.gap)) + 1)
        self.vertices_: list[Vertex] = []
        self._kept: list[tuple[np.ndarray, np.ndarray, float]] = []
        self.warnings_: list[str] = []
        for index in groups:
            x, z = np.log(columns["params"][index]), losses[index]
            flop = float(np.exp(np.log(columns["flop"][index]).mean()))
            if len(np.unique(x)) < 3:
                self.warnings_.append(f"budget {flop:.3g}: fewer than three sizes, left out")
                continue
            c = _parabolas(x[None], z[None], np.ones((1, len(x))))[0]
            if c[2] <= 0:
                self.warnings_.append(f"budget {flop:.3g}: the parabola has no minimum, left out")
                continue
            vertex = float(-c[1] / (2 * c[2]))
            shift = 0.0 if self.exponents is None else vertex_shift_at(*self.exponents, x - (x.mean() + vertex))
            size = x.mean() + vertex - shift
            inside = bool(x.min() <= size <= x.max())
            if not inside:
                self.warnings_.append(f"budget {flop:.3g}: the optimum lies outside the sizes tried")
            self.vertices_.append(
                Vertex(
                    flop,
                    len(x),
                    float(np.exp(size)),
                    float(flop / (FLOP_PER_PARAMETER_TOKEN * np.exp(size))),
                    float(c[0] - c[1] ** 2 / (4 * c[2]) + c[2] * shift**2),
                    inside,
                    shift,
                )
            )
            self._kept.append((x, z, shift))
        if len(self.vertices_) < 2:
            raise InputError("budgets with an optimum", "at least 2", len(self.vertices_))
        self.log_flop_ = np.log([v.flop for v in self.vertices_])
        slope, intercept = lines_through(self.log_flop_, np.log([v.params for v in self.vertices_])[None])
        self.a_, self.prefactor_ = float(slope[0]), float(np.exp(intercept[0]))
        self._resampled: np.ndarray | None = None
        self._fit_begins()
        for text in self.warnings_:
            warnings.warn(text, FitWarning, stacklevel=2)
        return self

    def _check_exponents(self) -> None:
        try:
            pair = None if self.exponents is None else tuple(self.exponents)
            good = pair is None or (len(pair) == 2 and all(0 < float(e) <= _MOST_EXPONENT for e in pair))
        except (TypeError, ValueError):
            good = False
        if not good:
            domain = f"None or two numbers in (0, {_MOST_EXPONENT:g}], (alpha, beta)"
            raise InputError("exponents", domain, self.exponents)

    def _bootstrap(self) -> tuple[np.ndarray, np.ndarray]:
        if self._resampled is None:
            rng = np.random.default_rng(self.rng)
            sizes = []
            for x, z, shift in self._kept:
                counts = rng.multinomial(len(x), np.full(len(x), 1 / len(x)), size=self._resample_count()).astype(float)
                c = _parabolas(np.broadcast_to(x, counts.shape), np.broadcast_to(z, counts.shape), counts)
                with np.errstate(divide="ignore", invalid="ignore"):
                    # a resample whose parabola has no minimum says nothing of the optimum: an undefined value
                    sizes.append(np.where(c[:, 2] > 0, x.mean() - c[:, 1] / (2 * c[:, 2]) - shift, np.nan))
            self._resampled = np.stack(lines_through(self.log_flop_, np.stack(sizes, axis=-1)))
        return self._resampled[0], self._resampled[1]

    def page(self, confidence: float = 0.95) -> str:
        """Vertices, parameters, warnings."""
        how = "vertex bias removed" if self.exponents is not None else "vertex bias not removed (exponents=None)"
        rows = [
            {
                "budget (FLOP)": f"{v.flop:.3g}",
                "points": str(v.points),
                "N*": f"{v.params:.3g}",
                "tokens": f"{v.tokens:.3g}",
                "loss": f"{v.loss:.4g}",
                "shift removed from ln N*": f"{v.shift:+.2g}",
                "within the sizes": "yes" if v.interior else "no",
            }
            for v in self.vertices_
        ]
        head = f"IsoFLOP parabolas: N* = G C^a through {len(rows)} vertices, {how}"
        notes = "\n".join(f"warning: {text}" for text in self.warnings_)
        return "\n\n".join(filter(None, [head, text_table(rows), self.table(confidence), notes]))


def _parabolas(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted least-squares coefficients (m, 3) of parabolas in x minus the mean of row 0; NaN if not determined."""
    centred = x - x[:1].mean()
    basis = np.stack([np.ones_like(centred), centred, centred**2], axis=-1)
    weighted = basis * weights[..., None]
    normal = weighted.transpose(0, 2, 1) @ basis
    right = np.einsum("mnk,mn->mk", weighted, y)
    scale = np.sqrt(np.maximum(np.einsum("mkk->mk", normal), 1e-300))
    scaled = normal / (scale[:, :, None] * scale[:, None])
    good = np.linalg.eigvalsh(scaled)[:, 0] > 1e-10
    scaled = np.where(good[:, None, None], scaled, np.eye(3))
    return np.where(good[:, None], np.linalg.solve(scaled, (right / scale)[..., None])[..., 0] / scale, np.nan)
