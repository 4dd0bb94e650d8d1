"""A fit as a picture: the law beside the data, and what it leaves over."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hconsist.plotting import INK, MUTED, band, label, marks, published, style, theory
from hconsist.scaling import Chinchilla, Envelope, IsoFlop, LawEstimator, PowerLaw, optimum
from hconsist.scaling.columns import FLOP_PER_PARAMETER_TOKEN
from hconsist.scaling.resampling import percentile_levels, quantiles
from hconsist.scaling.size_line import SizeLine

__all__ = ["picture"]

_POINTS = 120


def picture(fit: Any, confidence: float = 0.95) -> Figure:
    """A fitted estimator: law and residuals, or for approaches 1 and 2 the line through the optimal sizes."""
    with style():
        figure = Figure(figsize=(9.0, 4.2) if isinstance(fit, LawEstimator) else (4.8, 4.2))
        FigureCanvasAgg(figure)
        if isinstance(fit, SizeLine):
            _sizes(figure.subplots(), fit, confidence)
            return figure
        left, right = figure.subplots(1, 2, width_ratios=(1.5, 1))
        if isinstance(fit, PowerLaw):
            _curve(left, fit, confidence)
        elif isinstance(fit, Chinchilla) and fit.undetermined_ is None:
            _frontier(left, fit, confidence)
        else:
            _against(left, fit)
        _residuals(right, fit)
    return figure


def _curve(axes: Axes, fit: PowerLaw, confidence: float) -> None:
    """One variable: points, law, band, irreducible loss."""
    x = fit.columns_[fit.column]
    grid = np.geomspace(x.min(), 10 * x.max(), _POINTS)
    found = fit.prediction_interval(grid, confidence=confidence)
    band(axes, grid, found.lower, found.upper, "blue")
    theory(axes, grid, found.value)
    marks(axes, x, fit.losses_, "vermillion", markersize=3)
    _floor(axes, fit, float(grid[0]), confidence)
    axes.set(xscale="log", xlabel=fit.column, ylabel="loss $L$", title=fit.law().formula)


def _frontier(axes: Axes, fit: Chinchilla, confidence: float) -> None:
    """Losses over compute, with the compute-optimal frontier."""
    flop = FLOP_PER_PARAMETER_TOKEN * fit.columns_["params"] * fit.columns_["tokens"]
    budgets = np.geomspace(flop.min(), 10 * flop.max(), _POINTS)
    resampled = {name: values[:, None] for name, values in fit.bootstrap().items()}
    low, high = quantiles(optimum(resampled, budgets)["loss"], percentile_levels(confidence))
    best = optimum(fit.parameters_, budgets)["loss"]
    size = np.log(fit.columns_["params"])
    shade = (size - size.min()) / max(float(np.ptp(size)), 1e-300)
    axes.scatter(flop, fit.losses_, c=shade, cmap="viridis", s=10, linewidths=0, zorder=3)
    band(axes, budgets, low, high, "blue")
    theory(axes, budgets, best)
    label(axes, budgets[-1], best[-1], f"best at\neach budget,\n{confidence:.0%} band")
    _floor(axes, fit, float(budgets[0]), confidence)
    label(axes, 0.97, 0.95, "dark to light: small to large models", xycoords="axes fraction", ha="right")
    axes.set(xscale="log", xlabel="compute $C$, FLOP", ylabel="loss $L$", title=fit.law().formula)


def _floor(axes: Axes, fit: LawEstimator, x: float, confidence: float) -> None:
    if "E" not in fit.parameters_:
        return
    found = fit.interval("E", confidence=confidence)
    axes.axhspan(found.lower, found.upper, color=MUTED, alpha=0.25, linewidth=0, zorder=0)
    text = f"irreducible loss, {found.lower:.3g} to {found.upper:.3g} ({confidence:.0%})"
    label(axes, x, found.upper, text, MUTED, va="bottom", offset=(3, 2))


def _against(axes: Axes, fit: LawEstimator) -> None:
    """Where no single variable carries the law: observed losses over fitted ones."""
    value = fit.predict(fit.columns_)
    ends = [min(value.min(), fit.losses_.min()), max(value.max(), fit.losses_.max())]
    published(axes, ends, ends)
    marks(axes, value, fit.losses_, "vermillion", markersize=2.5)
    axes.set(xlabel="loss of the law", ylabel="loss observed", title=fit.law().formula)


def _residuals(axes: Axes, fit: LawEstimator) -> None:
    value = fit.predict(fit.columns_)
    left_over = 100 * np.log(fit.losses_ / value)
    axes.axhline(0, color=INK, linewidth=0.9)
    marks(axes, value, left_over, "vermillion", markersize=2.5)
    typical = float(np.median(np.abs(left_over)))
    axes.set(xlabel="loss of the law", ylabel="100 ln(observed / law), per cent")
    axes.set_title(f"left over: {typical:.2g} % in the median")


def _sizes(axes: Axes, fit: SizeLine, confidence: float) -> None:
    """Optimal sizes over budgets, the line through them and its band."""
    if isinstance(fit, IsoFlop):
        flop, sizes = np.array([(v.flop, v.params) for v in fit.vertices_]).T
    else:
        assert isinstance(fit, Envelope)
        flop, sizes = fit.envelope_["flop"], fit.envelope_["params"]
    budgets = np.geomspace(flop.min() / 2, 10 * flop.max(), _POINTS)
    slope, intercept = (values[:, None] for values in fit._bootstrap())
    low, high = quantiles(np.exp(intercept + slope * np.log(budgets)), percentile_levels(confidence))
    band(axes, budgets, low, high, "blue")
    theory(axes, budgets, fit.predict(budgets))
    marks(axes, flop, sizes, "vermillion", markersize=3.5)
    axes.set(xscale="log", yscale="log", xlabel="compute $C$, FLOP", ylabel="optimal parameters $N^*$")
    axes.set_title(f"$N^* = G\\,C^a$, $a = {fit.a_:.3f}$, {confidence:.0%} band")
