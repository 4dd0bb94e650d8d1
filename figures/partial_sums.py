"""Taylor partial sums of cross-entropy along a direction: they converge up to the radius and fail beyond it."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.distributions import load_scores
from hconsist.plotting import INK, MUTED, key, label, label_along, marks, theory
from hconsist.singularities import batch_radius, lower_pi

TITLE = "Beyond the radius more Taylor terms make it worse; the loss itself has nothing special there"
CAPTION = (
    "The mean cross-entropy of 899 held-out digits (ten classes) when their scores move along minus its gradient in a "
    "linear map of the scores. Left: the loss (line) and its Taylor polynomials at t = 0 of four orders (marks). rho "
    "is the exact radius, that of the row with the nearest zero; pi/Delta the bound that the spread of the slopes "
    "gives. Right: errors of the Taylor polynomials at four steps. Lines: what the zero of that one row predicts, "
    "|sum over n > N of (2/(m n)) Re (t/t_1)^n| with m = 899, which the errors approach; beyond rho they grow like "
    "(t/rho)^N. The series, not the loss, fails at rho: here the loss falls up to the ring, and then rises smoothly."
)

ORDERS = (2, 8, 24, 64)
HUES, MARKERS = ("sky", "green", "orange", "vermillion"), ("o", "s", "D", "^")
SHARES = (0.5, 0.8, 1.0, 1.25)
"""Steps over rho at which errors are shown."""
REACH, MOST = 1.5, 80


def data(points: int = 151, marked: int = 46, rows: int = 899) -> dict[str, np.ndarray]:
    """``t (points,)`` with the ``loss``; ``t_marks (marked,)`` with ``sums (4, marked)`` of the orders ``orders``;

    ``radius``, ``zero``, ``pi``, ``minimum`` (t and loss); ``n (MOST,)`` and, at the four ``steps``, ``error
    (4, MOST)`` of the sums to order n and ``predicted (4, MOST)`` by the nearest zero.
    """
    sample = load_scores("digits")
    z, y = sample.scores[:rows], sample.labels[:rows]
    p = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))
    gradient = z.T @ (p - np.eye(z.shape[1])[y]) / len(z)
    a = -z @ gradient / np.linalg.norm(gradient)
    nearest = batch_radius(z, a)
    rho, first = nearest.radius, nearest.zero
    own = np.arange(len(z)), y

    def loss(t: np.ndarray) -> np.ndarray:
        return np.array([np.mean(np.logaddexp.reduce(z + a * x, axis=1) - (z + a * x)[own]) for x in t])

    c = coefficients(z, a, rho, MOST + 1)
    c[0] -= np.mean(z[own])
    c[1] -= np.mean(a[own]) * rho
    t, at, steps = np.linspace(0, REACH * rho, points), np.linspace(0, REACH * rho, marked), rho * np.array(SHARES)
    sums = np.cumsum(c[:MOST] * (at[:, None] / rho) ** np.arange(MOST), axis=1)
    at_steps = np.cumsum(c[: MOST + 1] * (steps[:, None] / rho) ** np.arange(MOST + 1), axis=1)
    fine = np.linspace(0, REACH * rho, 601)
    low = int(np.argmin(loss(fine)))
    return {
        "t": t,
        "loss": loss(t),
        "t_marks": at,
        "orders": np.array(ORDERS),
        "sums": sums[:, list(ORDERS)].T,
        "radius": np.array(rho),
        "zero": np.array(first),
        "pi": np.min(lower_pi(z, a)),
        "minimum": np.array([fine[low], loss(fine[low : low + 1])[0]]),
        "steps": steps,
        "n": np.arange(1, MOST + 1),
        "error": np.abs(at_steps[:, 1:] - loss(steps)[:, None]),
        "predicted": predicted(steps, first, len(z)),
    }


def coefficients(z: np.ndarray, a: np.ndarray, scale: float, terms: int) -> np.ndarray:
    """Mean over rows of the Taylor coefficients of log sum_j exp(z_j + a_j t), times scale^n.

    From f = sum_j p_j e^(b_j t), b centred: n l_n = n f_n - sum_{0<k<n} k l_k f_(n-k), stable for |t| up to the radius.
    """
    peak = np.logaddexp.reduce(z, axis=1)
    p = np.exp(z - peak[:, None])
    mean = np.sum(p * a, axis=1)
    b = (a - mean[:, None]) * scale
    f, power = np.empty((terms, len(z))), p.copy()
    for n in range(terms):
        f[n] = np.sum(power, axis=1)
        power *= b / (n + 1)
    l_ = np.zeros((terms, len(z)))
    for n in range(1, terms):
        k = np.arange(1, n)[:, None]
        l_[n] = f[n] - np.sum(k * l_[1:n] * f[n - 1 : 0 : -1], axis=0) / n
    l_[0], l_[1] = peak, l_[1] + mean * scale
    return np.mean(l_, axis=1)


def predicted(steps: np.ndarray, zero: complex, rows: int) -> np.ndarray:
    """|sum_{n > N} (2/(m n)) Re (t/t_1)^n| for N = 1, ..., MOST: by the logarithm, which also holds beyond rho."""
    q = steps / zero
    n = np.arange(1, MOST + 1)
    terms = 2 / (rows * n) * (q[:, None] ** n).real
    return np.abs(-2 / rows * np.log(1 - q).real[:, None] - np.cumsum(terms, axis=1))


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """The loss with its Taylor polynomials, and their errors."""
    figure.set_size_inches(8.4, 3.9)
    sums, errors = figure.subplots(1, 2, width_ratios=(1.25, 1))
    _sums(sums, table)
    _errors(errors, table)
    figure.draw_without_rendering()
    for row, share in enumerate(SHARES):
        line = table["predicted"][row]
        text = r"$t=\rho$" if share == 1 else f"$t={share:g}\\,\\rho$"
        where = 27 if share == 0.5 else 48
        label_along(errors, table["n"], envelope(line), where, text, HUES[row], offset=(0, 4), fontsize=9)


def envelope(values: np.ndarray, reach: int = 6) -> np.ndarray:
    """The largest value among neighbours: where a label on an oscillating line may stand."""
    return np.array([np.max(values[max(0, i - reach) : i + reach + 1]) for i in range(len(values))])


def _sums(axes: Axes, table: dict[str, np.ndarray]) -> None:
    top, bottom = 0.262, 0.148
    rho, pi = float(table["radius"]), float(table["pi"])
    for place, text, ha in ((pi, r"$\pi/\Delta$", "right"), (rho, r"$\rho$", "left")):
        axes.axvline(place, color=MUTED, linewidth=0.7, dashes=(1, 2), zorder=1)
        label(axes, place, top, text, ha=ha, va="top", offset=(-3 if ha == "right" else 3, 0))
    theory(axes, table["t"], table["loss"])
    for line, hue, marker in zip(table["sums"], HUES, MARKERS):
        shown = (line > bottom) & (line < top)
        marks(axes, table["t_marks"][shown], line[shown], hue, marker, markersize=3.2)
    t, low = table["minimum"]
    axes.plot([t], [low], "o", markersize=8, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=0.7)
    label(axes, t, low, "least loss", va="top", ha="right", offset=(0, -6))
    entries = [(f"order {n}", hue, marker) for n, hue, marker in zip(table["orders"], HUES, MARKERS)]
    key(axes, 0.16, 0.95, entries, step=0.07)
    axes.set(xlim=(0, float(table["t"][-1])), ylim=(bottom, top), xlabel=r"$t$, step along $-g/\|g\|$")
    axes.set(ylabel="mean cross-entropy", title="the loss and its Taylor polynomials")


def _errors(axes: Axes, table: dict[str, np.ndarray]) -> None:
    floor = 1e-14
    chosen = np.unique(np.round(np.geomspace(1, len(table["n"]), 26)).astype(int)) - 1
    for row, (hue, marker) in enumerate(zip(HUES, MARKERS)):
        theory(axes, table["n"], table["predicted"][row], linewidth=0.7)
        at, found = table["n"][chosen], table["error"][row][chosen]
        marks(axes, at[found > floor], found[found > floor], hue, marker, markersize=3.6)
    axes.set(yscale="log", ylim=(floor, 1e5), xlim=(0, len(table["n"]) + 1), xlabel="order of the Taylor polynomial")
    axes.yaxis.set_major_locator(FixedLocator([1e-12, 1e-8, 1e-4, 1, 1e4]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_title("error, and what one zero predicts")
