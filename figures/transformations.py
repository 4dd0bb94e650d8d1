"""The transformation T of comp-sum losses: published, sharp, and found by brute force."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.figures.brute_force import lower_hull, regret
from hconsist.plotting import MUTED, key, label, loss_title, marks, published, theory
from hconsist.transforms import transform

TITLE = "The published transformation fades with the number of labels; the sharp one does not"
CAPTION = (
    "The least surrogate regret T(t) (convex hull) at zero-one regret t, for complete hypothesis sets. Black: the "
    "sharp T for n = 2, 10, 1000. Dashed grey: the published form, which divides by n^(tau - 1). Marks: direct "
    "minimisation over laws and softmax vectors with up to twelve labels beside the first two, sharing no code with "
    "the curves."
)

TAUS = (1.0, 1.5, 1.9, 2.0)
LABELS = (2, 10, 1000)
COLOURS = ("blue", "green", "vermillion")
MARKERS = ("o", "s", "^")
OTHERS = tuple(range(13))
"""Numbers of labels beside the first two that the direct search tries; enough for t >= 0.075."""


def data(taus: tuple[float, ...] = TAUS, n: tuple[int, ...] = LABELS, points: int = 201) -> dict[str, np.ndarray]:
    """Curves and marks.

    ``tau (k,)``, ``n (m,)``, ``t (points,)``; ``sharp``, ``published`` of shape ``(k, m, points)``; marks
    ``t_marks (j,)``, ``brute (k, m, j)``, the convex hull of what the direct search finds.
    """
    t = np.linspace(0, 1, points)
    marked = np.round(np.linspace(0.1, 1, 19), 12)
    # the hull touches at points of its own: search a fine grid, and the vertices 1/k of the mean absolute error
    searched = np.unique(np.concatenate([marked, np.linspace(0.075, 1, 186), 1 / np.arange(1, 14)]))
    shown = np.isin(searched, marked)
    table = {"tau": np.asarray(taus), "n": np.asarray(n), "t": t, "t_marks": searched[shown]}
    for method in ("sharp", "published"):
        table[method] = np.array(
            [[transform(f"comp-sum:tau={tau:g}", n_classes=k, method=method)(t) for k in n] for tau in taus]
        )
    table["brute"] = np.array([_brute(searched, tau, n)[:, shown] for tau in taus])
    return table


def _brute(t: np.ndarray, tau: float, n: tuple[int, ...]) -> np.ndarray:
    found = np.stack([regret(t, others, tau) for others in OTHERS])
    # labels of no mass cost nothing, so n labels may use any number of others up to n - 2
    return np.stack([lower_hull(t, found[: max(1, k - 1)].min(axis=0)) for k in n])


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """One panel a tau."""
    figure.set_size_inches(7.4, 6.2)
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for row, axes in enumerate(panels.flat):
        _curves(axes, table, row)
        _labels(axes, table, row)
    for axes in panels[-1]:
        axes.set_xlabel("$t$, zero-one regret")
    for axes in panels[:, 0]:
        axes.set_ylabel("$T(t)$, surrogate regret")
    entries = [(f"$n={n}$, brute force", c, m) for n, c, m in zip(table["n"], COLOURS, MARKERS)]
    key(panels[0, 0], 0.08, 0.9, entries)


def _curves(axes: Axes, table: dict[str, np.ndarray], row: int) -> None:
    tau, t = float(table["tau"][row]), table["t"]
    for column, (n, colour, marker) in enumerate(zip(table["n"], COLOURS, MARKERS)):
        if tau > 1 and n > 2:
            published(axes, t, table["published"][row, column])
            label(axes, 1, table["published"][row, column, -1], f"published, $n={n}$", MUTED)
        theory(axes, t, table["sharp"][row, column])
        own = slice(column, None, len(table["n"]))  # staggered, since curves coincide
        marks(axes, table["t_marks"][own], table["brute"][row, column, own], colour, marker)
    axes.set(xlim=(0, 1), ylim=(0, 0.72), title=loss_title(tau))


def _labels(axes: Axes, table: dict[str, np.ndarray], row: int) -> None:
    tau, t, sharp, n = float(table["tau"][row]), table["t"], table["sharp"][row], table["n"]
    above = {"ha": "right", "va": "bottom", "offset": (-6, 3)}
    if np.allclose(sharp, sharp[0], rtol=1e-9):
        text = "sharp = published,\nevery $n$" if tau <= 1 else "sharp, every $n$"
        label(axes, 0.62, np.interp(0.62, t, sharp[0]), text, **above)
        return
    label(axes, 0.5, np.interp(0.5, t, sharp[0]), f"sharp, $n={n[0]}$", **above)
    rest = ", ".join(map(str, n[1:]))
    label(axes, 0.6, np.interp(0.6, t, sharp[-1]), f"sharp, $n={rest}$", va="top", offset=(7, -1))
