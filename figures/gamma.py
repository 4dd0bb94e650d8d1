"""Gamma = (T**)^{-1}: the largest zero-one regret that a surrogate regret b leaves possible."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.plotting import MUTED, SHADE, key, label_along, loss_title, marks, published, theory
from hconsist.transforms import transform

TITLE = "What a small surrogate regret guarantees"
CAPTION = (
    "The largest zero-one regret compatible with surrogate regret b, for complete hypothesis sets. Dashed grey: the "
    "published Gamma. Black: the sharp one; marks are pairs (T(t), t), so that they check the inverse. Shaded: ruled "
    "out by Gamma(b) <= sqrt(2b), which holds for every n on 1 <= tau <= 2."
)

TAUS = (1.0, 1.5, 1.9, 2.0)
LABELS = (2, 10, 1000)
COLOURS = ("blue", "green", "vermillion")
MARKERS = ("o", "s", "^")


def data(taus: tuple[float, ...] = TAUS, n: tuple[int, ...] = LABELS, points: int = 161) -> dict[str, np.ndarray]:
    """Curves and marks.

    ``tau (k,)``, ``n (m,)``, ``b (points,)``, ``universal (points,)``; ``sharp``, ``published`` of shape
    ``(k, m, points)``; marks ``t (j,)`` and ``T (k, m, j)``.
    """
    b, t = np.geomspace(1e-6, 1, points), np.geomspace(2e-3, 1, 19)
    table = {"tau": np.asarray(taus), "n": np.asarray(n), "b": b, "t": t, "universal": np.minimum(1, np.sqrt(2 * b))}
    curves = {
        method: [[transform(f"comp-sum:tau={tau:g}", n_classes=k, method=method) for k in n] for tau in taus]
        for method in ("sharp", "published")
    }
    for method, rows in curves.items():
        table[method] = np.array([[curve.inverse(b) for curve in row] for row in rows])
    table["T"] = np.array([[curve(t) for curve in row] for row in curves["sharp"]])
    return table


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """One panel a tau, on logarithmic axes."""
    figure.set_size_inches(7.4, 6.4)
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for row, axes in enumerate(panels.flat):
        _curves(axes, table, row)
    for axes in panels[-1]:
        axes.set_xlabel("$b$, surrogate regret")
    for axes in panels[:, 0]:
        axes.set_ylabel(r"$\Gamma(b)$, zero-one regret")
    key(panels[0, 0], 0.7, 0.27, [(f"$n={n}$", c, m) for n, c, m in zip(table["n"], COLOURS, MARKERS)])
    figure.draw_without_rendering()
    for row, axes in enumerate(panels.flat):
        _labels(axes, table, row)


def _curves(axes: Axes, table: dict[str, np.ndarray], row: int) -> None:
    b, tau = table["b"], float(table["tau"][row])
    axes.fill_between(b, table["universal"], 2, color=SHADE, linewidth=0, zorder=0)
    for column, (n, colour, marker) in enumerate(zip(table["n"], COLOURS, MARKERS)):
        if tau > 1 and n > 2:
            published(axes, b, table["published"][row, column])
        theory(axes, b, table["sharp"][row, column])
        own = slice(column, None, len(table["n"]))  # staggered, since curves coincide
        marks(axes, table["T"][row, column, own], table["t"][own], colour, marker)
    axes.set(xscale="log", yscale="log", xlim=(b[0], b[-1]), ylim=(1e-3, 1), title=loss_title(tau))


def _labels(axes: Axes, table: dict[str, np.ndarray], row: int) -> None:
    b, tau, sharp = table["b"], float(table["tau"][row]), table["sharp"][row]
    below = {"va": "top", "offset": (3, -5)}
    if tau == 1:
        label_along(axes, b, table["universal"], 3e-4, r"ruled out for every $n$ by $\sqrt{2b}$", offset=(-3, 5))
        label_along(axes, b, sharp[0], 1e-4, "sharp = published, every $n$", **below)
        return
    every = np.allclose(sharp, sharp[0], rtol=1e-9)
    label_along(
        axes,
        b,
        sharp[0],
        1e-4 if every else 1e-2,
        "sharp, every $n$" if every else f"sharp, $n={table['n'][0]}$",
        **below,
    )
    for height, n, curve in zip((0, 0.3, 0.1), table["n"], table["published"][row]):
        if height:
            label_along(axes, b, curve, b[np.argmin(np.abs(curve - height))], f"published, $n={n}$", MUTED)
