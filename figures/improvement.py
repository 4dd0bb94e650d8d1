"""How much the sharp transformation gains over the published one, over (tau, n)."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from hconsist.plotting import INK, label
from hconsist.transforms import transform

TITLE = "What the sharp transformation gains: $T_{\\mathrm{sharp}}/T_{\\mathrm{published}}$ at $t = 0.1$"
CAPTION = (
    "The ratio T_sharp(t) / T_published(t) at zero-one regret t = 0.1: how many times larger a surrogate regret still "
    "certifies a zero-one regret of at most 10 %. There is nothing to gain up to tau = 1, where the published form is "
    "sharp for every n."
)

LOSSES = ((1.0, "logistic"), (1.7, "GCE, $q=0.7$"), (2.0, "MAE"))


def data(t: float = 0.1, columns: int = 61, rows: int = 25, largest: float = 1e6) -> dict[str, np.ndarray]:
    """``tau (columns,)`` in [0.5, 2.5], ``n (rows,)`` from 2 to ``largest``, ``factor (rows, columns)``, ``t ()``."""
    tau = np.round(np.linspace(0.5, 2.5, columns), 12)
    n = np.unique(np.round(np.geomspace(2, largest, rows)).astype(int))
    factor = [[_factor(float(a), int(k), t) for a in tau] for k in n]
    return {"tau": tau, "n": n, "factor": np.array(factor), "t": np.asarray(t)}


def _factor(tau: float, n: int, t: float) -> float:
    sharp, printed = (transform(f"comp-sum:tau={tau!r}", n_classes=n, method=m) for m in ("sharp", "published"))
    return float(sharp(t) / printed(t))


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """A heat map with labelled contours; the named losses stand on top."""
    figure.set_size_inches(6.2, 4.2)
    axes = figure.subplots()
    tau, n, factor = table["tau"], table["n"], np.maximum(table["factor"], 1)
    decades = np.arange(1, np.log10(factor.max()))
    norm = LogNorm(1, 100 * factor.max())  # keeps the darkest shades away from the black lines
    axes.pcolormesh(tau, n, factor, norm=norm, cmap="GnBu", shading="gouraud", rasterized=True)
    levels = np.array([2, *10.0**decades])
    lines = axes.contour(tau, n, factor, levels=levels, colors=INK, linewidths=0.7)
    for where, name in LOSSES:
        axes.axvline(where, color=INK, linewidth=0.5, dashes=(1, 3))
        label(axes, where, n[-1], name, ha="center", va="bottom", offset=(0, 3))
    label(axes, 0.75, np.sqrt(n[0] * n[-1]), "published = sharp:\nnothing to gain", ha="center", offset=(0, 0))
    axes.set(yscale="log", xlim=(tau[0], tau[-1]), ylim=(n[0], n[-1]), xlabel="$\\tau$", ylabel="$n$, number of labels")
    column = np.argmin(np.abs(tau - 2.25))
    heights = np.exp(np.interp(np.log(levels), np.log(factor[:, column]), np.log(n), right=np.nan))
    figure.draw_without_rendering()  # labels are turned along the lines where the axes finally stand
    axes.clabel(lines, fmt=_times, fontsize=9, manual=[(tau[column], h) for h in heights if h < n[-1] / 2])


def _times(factor: float) -> str:
    return f"$\\times{factor:g}$" if factor < 1e3 else f"$\\times10^{{{np.log10(factor):.0f}}}$"
