"""The threshold tau_c: where the curve of three labels comes down to that of two."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hconsist.derivations import threshold as theorem
from hconsist.figures.brute_force import regret
from hconsist.plotting import INK, MUTED, label, marks, theory
from hconsist.transforms.hull import Power

TITLE = "Up to $\\tau_c = 1.66298\\ldots$ two labels decide, whatever $n$; beyond it three labels beat them"
CAPTION = (
    "Left: D_3(t) - D_2(t), the surrogate regret at which a tie of three labels makes zero-one regret t possible, "
    "minus that of a tie of two. At tau_c it touches zero (at t = 0.600); for larger tau it is negative there. Marks: "
    "T_3 - D_2 from a direct search over laws and softmax vectors of three labels, at tau_c (circles: never below "
    "zero) and at tau = 1.68 (squares). Right: the least difference over t against tau, for ties of m = 3, 4, 5 "
    "labels; the first crossing is tau_c, enclosed to 17 digits by ball arithmetic (Theorem 7)."
)

TAUS = (1.645, 1.655, float(sum(theorem.TAU_C)) / 2, 1.67, 1.68)
POOLS = (3, 4, 5)
COLOURS, MARKERS = ("vermillion", "blue", "green"), ("o", "s", "^")


def data(points: int = 301, columns: int = 61) -> dict[str, np.ndarray]:
    """Curves and marks.

    ``tau (k,)``, ``t (points,)``, ``gap (k, points)`` = D_3 - D_2; marks ``t_marks (j,)``, ``searched (2, j)`` at the
    threshold and at the largest tau; ``tau_axis (columns,)``, ``pools (3,)``, ``least (3, columns)`` the least
    D_m - D_2 over t; ``tau_c (2,)`` the certified ends.
    """
    t = np.linspace(0.2, 0.75, points)
    t_marks = np.concatenate([np.linspace(0.22, 0.48, 7), np.linspace(0.51, 0.65, 15), [0.68, 0.72]])
    axis = np.linspace(1.6, 1.75, columns)
    fine = np.linspace(0.15, 0.95, 1601)
    return {
        "tau": np.array(TAUS),
        "t": t,
        "gap": np.array([_difference(tau, 3, t) for tau in TAUS]),
        "t_marks": t_marks,
        "searched": np.array([_searched(tau, t_marks) for tau in (TAUS[2], TAUS[4])]),
        "tau_axis": axis,
        "pools": np.array(POOLS),
        "least": np.array([[_difference(tau, m, fine).min() for tau in axis] for m in POOLS]),
        "tau_c": np.array([float(end) for end in theorem.TAU_C]),
    }


def _difference(tau: float, m: int, t: np.ndarray) -> np.ndarray:
    """D_m - D_2."""
    power = Power(float(tau))
    return (power.curve(np.array([float(m)]), t) - power.curve(np.array([2.0]), t)) / power.al


def _searched(tau: float, t: np.ndarray) -> np.ndarray:
    """The least regret over laws and softmax vectors of up to three labels, minus D_2."""
    al, a = tau - 1, 1 / (2 - tau)
    two = 2.0**-al * (((((1 + t) ** a + (1 - t) ** a) / 2) ** (1 / a)) - 1) / al
    return np.minimum(regret(t, 0, tau), regret(t, 1, tau, grid=15)) - two


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """The dip on the left, the crossings on the right."""
    figure.set_size_inches(8.4, 3.9)
    left, right = figure.subplots(1, 2)
    _dip(left, table)
    _crossings(right, table)


def _dip(axes: Axes, table: dict[str, np.ndarray]) -> None:
    t, unit = table["t"], 1e3
    axes.axhline(0, color=MUTED, linewidth=0.7)
    for row, tau in enumerate(table["tau"]):
        critical = row == 2
        gap = unit * table["gap"][row]
        theory(axes, t, gap, linewidth=1.6 if critical else 0.9)
        dip = np.argmin(np.where((t > 0.5) & (t < 0.7), gap, np.inf))
        name = "$\\tau_c$" if critical else f"$\\tau={tau:g}$" if row == 0 else f"{tau:g}"
        label(axes, t[dip], gap[dip], name, ha="center", va="top", offset=(0, -4), fontsize=8)
    for row, colour, marker in zip((0, 1), COLOURS, MARKERS):
        own = slice(row, None, 2)  # staggered, since both lie on zero over much of the range
        marks(axes, table["t_marks"][own], unit * table["searched"][row, own], colour, marker)
    axes.set(xlim=(0.2, 0.75), ylim=(-6, 10), xlabel="zero-one regret $t$", ylabel="$(D_3 - D_2) \\times 1000$")


def _crossings(axes: Axes, table: dict[str, np.ndarray]) -> None:
    axes.axhline(0, color=MUTED, linewidth=0.7)
    centre = float(np.mean(table["tau_c"]))
    axes.axvline(centre, color=INK, linewidth=0.5, dashes=(1, 3))
    for m, curve in zip(table["pools"], table["least"]):
        theory(axes, table["tau_axis"], 1e3 * curve)
        label(axes, table["tau_axis"][-1], 1e3 * curve[-1], f"$m={m}$")
    label(axes, centre, axes.get_ylim()[1], "$\\tau_c$", va="bottom", ha="center", offset=(0, 2))
    axes.set(xlim=(1.6, 1.75), xlabel="$\\tau$", ylabel="$\\min_t\\,(D_m - D_2) \\times 1000$")
