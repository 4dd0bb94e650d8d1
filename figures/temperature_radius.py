"""The radius against the temperature: from the nearest change of decision to that of equal weights."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.distributions import load_scores
from hconsist.plotting import COLOURS, INK, MUTED, key, label, label_along, marks, published, theory
from hconsist.singularities import lower_pi, radius_at_temperature, temperature_limits

TITLE = "Cooling moves the nearest zero onto the nearest change of decision; steps do not simply scale with temperature"
CAPTION = (
    "The radius of log sum_j exp((z_j + a_j t)/T). Left, above: z_j + a_j t for a held-out digit (ten classes, along "
    "minus the gradient of its batch); the largest is black, the ring its kink nearest to t = 0, where the decision "
    "changes. Below: the certified nearest zero for temperatures from 3 down to 0.03. Middle: exact radii (marks); "
    "lines: sqrt(delta^2 + pi^2 T^2)/Delta for two classes, and for the digit both limits, the distance of the kink "
    "and T times the radius of equal weights. Right: exact radius over pi T/Delta for four digits; were steps to scale "
    "with the temperature alone, the marks would lie on horizontal lines, as they do at the right only."
)

ROWS = (1, 2, 0, 50)
"""Held-out digits; the first is the one pictured."""
HUES, MARKERS = ("vermillion", "orange", "green", "purple"), ("o", "D", "s", "^")
PAIR = ((4.0, 0.0), (-1.0, 1.0))
"""Logits and slopes of the two classes."""
COOLING, REACH = (3.0, 1.8, 1.0, 0.6, 0.35, 0.2, 0.1, 0.03), 1.5


def data(points: int = 25, rows: tuple[int, ...] = ROWS, cooling: tuple[float, ...] = COOLING) -> dict[str, np.ndarray]:
    """``T (points,)``; ``pair (points,)`` and ``pair_pi`` of two classes; for the rows (r), ``radius (r, points)``,

    ``pi (r,)``, ``cold (r,)``, ``hot (r,)``; of the first row ``logits, slopes (K,)``, and ``zeros`` at ``cooling``.
    """
    sample = load_scores("digits")
    z, y = sample.scores, sample.labels
    p = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))
    gradient = z.T @ (p - np.eye(z.shape[1])[y]) / len(z)
    a = -z @ gradient / np.linalg.norm(gradient)
    own, T = list(rows), np.geomspace(0.01, 100, points)
    limits = temperature_limits(z[own], a[own])
    return {
        "T": T,
        "pair": np.array([radius_at_temperature(*PAIR, t).radius[0] for t in T]),
        "radius": np.stack([radius_at_temperature(z[own], a[own], t).radius for t in T], axis=1),
        "pi": np.asarray(lower_pi(z[own], a[own])),
        "cold": limits.cold,
        "hot": limits.hot,
        "logits": z[own[0]],
        "slopes": a[own[0]],
        "cooling": np.asarray(cooling),
        "zeros": np.array([radius_at_temperature(z[own[0]], a[own[0]], t).zero[0] for t in cooling]),
    }


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Kinks over zeros; radii; ratios."""
    figure.set_size_inches(9.6, 4.3)
    panels = figure.subplot_mosaic([["kinks", "radii", "ratios"], ["zeros", "radii", "ratios"]], height_ratios=(1, 1.3))
    panels["zeros"].sharex(panels["kinks"])
    _kinks(panels["kinks"], table)
    _zeros(panels["zeros"], table)
    _radii(panels["radii"], table)
    _ratios(panels["ratios"], table)
    figure.draw_without_rendering()
    axes, T = panels["radii"], table["T"]
    delta, spread = abs(np.subtract(*PAIR[0])), abs(np.subtract(*PAIR[1]))
    line = np.hypot(delta, np.pi * T) / spread
    label_along(axes, T, line, 0.25, r"$\sqrt{\delta^2+\pi^2T^2}/\Delta$", "blue", fontsize=9)


def _kink(table: dict[str, np.ndarray]) -> float:
    """The kink nearest to 0, on the side on which it is."""
    t = float(table["cold"][0])
    z, a = table["logits"], table["slopes"]
    return min((t, -t), key=lambda s: np.subtract(*np.sort(z + a * s)[:-3:-1]))


def _kinks(axes: Axes, table: dict[str, np.ndarray]) -> None:
    t = np.linspace(-REACH, REACH, 401)
    lines = table["logits"][:, None] + table["slopes"][:, None] * t
    axes.plot(t, lines.T, color="#c4c4c4", linewidth=0.6, zorder=1)
    theory(axes, t, np.max(lines, axis=0))
    at = _kink(table)
    top = float(np.max(table["logits"] + table["slopes"] * at))
    _ring(axes, at, top)
    low = float(np.sort(table["logits"])[-4])
    axes.set(xlim=(-REACH, REACH), ylim=(low - 3, float(np.max(lines)) + 0.5), ylabel=r"$z_j+a_jt$")
    axes.tick_params(labelbottom=False)
    axes.set_title("decisions on the real line, and the zero")


def _ring(axes: Axes, x: float, y: float) -> None:
    axes.plot([x], [y], "o", markersize=8, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=0.7, zorder=4,
              clip_on=False)  # fmt: skip


def _zeros(axes: Axes, table: dict[str, np.ndarray]) -> None:
    found = table["zeros"]
    marks(axes, found.real, found.imag, HUES[0], MARKERS[0])
    for t, zero in zip(table["cooling"], found):
        if t > 0.5:
            label(axes, zero.real, zero.imag, f"$T={t:g}$", offset=(6, 0), fontsize=8.5)
    _ring(axes, _kink(table), 0)
    axes.set(ylim=(0, 1.06 * float(np.max(found.imag))), xlabel=r"$\mathrm{Re}\,t$", ylabel=r"$\mathrm{Im}\,t$")


def _log(axes: Axes, ticks: tuple[float, ...]) -> None:
    for axis, places in ((axes.xaxis, (0.01, 0.1, 1, 10, 100)), (axes.yaxis, ticks)):
        axis.set_major_locator(FixedLocator(places))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(lambda value, place: f"{value:g}")


def _radii(axes: Axes, table: dict[str, np.ndarray]) -> None:
    T = table["T"]
    delta, spread = abs(np.subtract(*PAIR[0])), abs(np.subtract(*PAIR[1]))
    theory(axes, T, np.hypot(delta, np.pi * T) / spread)
    marks(axes, T, table["pair"], "blue", "v", markersize=3.6)
    cold, hot = float(table["cold"][0]), float(table["hot"][0])
    theory(axes, [T[0], 0.6], [cold, cold])
    own = T > 0.3
    theory(axes, T[own], hot * T[own])
    label(axes, T[own][0], hot * T[own][0], r"$T\times$ equal weights", ha="right", offset=(-4, -1), fontsize=9)
    published(axes, T, table["pi"][0] * T)
    marks(axes, T, table["radius"][0], HUES[0], MARKERS[0], markersize=3.6)
    label(axes, T[0], cold, "distance of the kink", va="bottom", offset=(0, 3), fontsize=9)
    label(axes, 0.045, 0.045 * float(table["pi"][0]), r"$\pi T/\Delta$", MUTED, offset=(7, -3), fontsize=9)
    axes.set(xscale="log", yscale="log", xlim=(T[0] / 1.2, T[-1] * 1.2), ylim=(0.02, 300), xlabel="temperature $T$")
    _log(axes, (0.1, 1, 10, 100))
    axes.set(ylabel="radius", title="two classes, and the digit")


def _ratios(axes: Axes, table: dict[str, np.ndarray]) -> None:
    T = table["T"]
    theory(axes, [T[0], T[-1]], [1, 1])
    ratio = table["radius"] / (table["pi"][:, None] * T)
    for row, hue, marker in zip(ratio, HUES, MARKERS):
        shown = row < 60
        marks(axes, T[shown], row[shown], hue, marker, markersize=3.6)
    for hot, pi, hue in zip(table["hot"], table["pi"], HUES):
        axes.plot([12, T[-1]], [hot / pi] * 2, color=COLOURS[hue], linewidth=0.7, zorder=1.5)
    label(axes, T[0], 1, r"if the radius were $\pi T/\Delta$", va="top", offset=(2, -3), fontsize=9)
    entries = [(f"digit {k + 1}", hue, marker) for k, (hue, marker) in enumerate(zip(HUES, MARKERS))][: len(ratio)]
    key(axes, 0.66, 0.95, entries, step=0.065)
    axes.set(xscale="log", yscale="log", xlim=(T[0] / 1.2, T[-1] * 1.2), ylim=(0.8, 60), xlabel="temperature $T$")
    _log(axes, (1, 3, 10, 30))
    axes.set(ylabel=r"radius over $\pi T/\Delta$", title="four digits")
