"""Minimizability gaps of predictors that ignore the input, as functions of tau: ordered, and not."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import optimize

from hconsist import losses
from hconsist.gaps import constant_gap, constant_gaps, deterministic_gap_limit
from hconsist.plotting import MUTED, label, label_along, marks, theory

TITLE = "With deterministic labels the minimizability gap falls in $\\tau$; with stochastic ones it need not"
CAPTION = (
    "The minimizability gap of the comp-sum losses for predictors that give the same scores at every input. Black "
    "lines: the formula H(E p) - E H(p); marks: the risk minimised directly over the scores. Left: the label is a "
    "function of the input, with the frequencies shown. The gap falls in tau, and stays below the limit that Jensen's "
    "inequality gives from the gap at tau = 0 (grey, for the lowest curve). Right: two equally likely inputs with laws "
    "(.9, .1) and (.2, .8). The gap falls, rises and falls again; what it leaves of the zero-one bound, "
    "Gamma(M) - M_01, is the number to compare."
)

FREQUENCIES = ((1 / 3, 1 / 3, 1 / 3), (0.6, 0.3, 0.1), (0.9, 0.08, 0.02))
NAMES = ("frequencies 1/3, 1/3, 1/3", ".6, .3, .1", ".9, .08, .02")
COLOURS = ("blue", "green", "vermillion")
STOCHASTIC = ((0.9, 0.1), (0.2, 0.8))


def data(points: int = 101, places: int = 11) -> dict[str, np.ndarray]:
    """Lines and marks over tau in [0, 5/2].

    ``tau (points,)``, ``tau_marks (places,)``; left, one row for each of the k frequencies: ``gap (k, points)`` and
    ``gap_marks (k, places)``, and ``limit (points,)`` for the last; right: ``stochastic``, ``left_over (points,)``
    and ``stochastic_marks (places,)``.
    """
    tau, tau_marks = np.linspace(0, 2.5, points), np.linspace(0, 2.5, places)
    rows = [(np.eye(3), np.array(f)) for f in FREQUENCIES]
    mixed = np.array(STOCHASTIC), np.array([0.5, 0.5])
    found = [constant_gaps(f"comp-sum:tau={t!r}", *mixed) for t in tau.tolist()]
    gaps = [[constant_gap(f"comp-sum:tau={t!r}", *row).value for t in tau.tolist()] for row in rows]
    return {
        "tau": tau,
        "tau_marks": tau_marks,
        "gap": np.array(gaps),
        "limit": np.array([deterministic_gap_limit(0, gaps[-1][0], t) for t in tau.tolist()]),
        "gap_marks": np.array([[_minimised(t, *row) for t in tau_marks] for row in rows]),
        "stochastic": np.array([gap.surrogate_gap.value for gap in found]),
        "left_over": np.array([gap.bound.value if gap.bound else np.nan for gap in found]),
        "stochastic_marks": np.array([_minimised(t, *mixed) for t in tau_marks]),
    }


def _minimised(tau: float, laws: np.ndarray, weights: np.ndarray) -> float:
    """The same by direct minimisation: of the risk of one score vector, and of the risk at each input."""
    loss, n = losses.CompSum(tau=float(tau)), laws.shape[1]

    def best(law: np.ndarray) -> float:
        def slope(h: np.ndarray) -> np.ndarray:
            return law @ loss.gradient(np.broadcast_to(h, (n, n)), np.arange(n))

        def least(start: np.ndarray) -> float:
            return optimize.minimize(lambda h: loss.conditional_risk(h, law), start, jac=slope, tol=1e-9).fun

        return min(map(least, [np.zeros(n), *(20 * np.eye(n))]))  # inside, or one label in the limit (tau >= 2)

    return best(weights @ laws) - sum(w * best(law) for w, law in zip(weights, laws) if max(law) < 1)


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Two panels: deterministic labels, stochastic labels."""
    figure.set_size_inches(7.4, 3.7)
    left, right = figure.subplots(1, 2)
    _deterministic(left, table)
    _stochastic(right, table)
    for axes in (left, right):
        axes.set(xlim=(0, 2.5), xlabel=r"$\tau$")
    figure.draw_without_rendering()
    for row, (name, colour) in enumerate(zip(NAMES, COLOURS)):
        below = {"va": "top", "offset": (0, -5)} if row == 2 else {"offset": (0, 4)}
        label_along(left, table["tau"], table["gap"][row], 0.4 if row == 1 else 0.8, name, colour, **below)
    label_along(left, table["tau"], table["limit"], 0.8, "Jensen's limit from $\\tau=0$", MUTED)


def _deterministic(axes: Axes, table: dict[str, np.ndarray]) -> None:
    axes.plot(table["tau"], table["limit"], color=MUTED, linewidth=0.9)
    for row, colour in enumerate(COLOURS):
        theory(axes, table["tau"], table["gap"][row])
        marks(axes, table["tau_marks"], table["gap_marks"][row], colour)
    axes.set(ylim=(0, 2.2), title="deterministic labels", ylabel=r"$M_\tau$, minimizability gap")


def _stochastic(axes: Axes, table: dict[str, np.ndarray]) -> None:
    theory(axes, table["tau"], table["stochastic"])
    marks(axes, table["tau_marks"], table["stochastic_marks"], "purple")
    theory(axes, table["tau"], table["left_over"])
    lowest = np.interp(0.75, table["tau"], table["stochastic"])
    label(axes, 0.75, lowest, r"$M_\tau$", "purple", va="top", ha="center", offset=(0, -8))
    text = r"$\Gamma(M_\tau) - M_{01}$, the zero-one error it allows"
    label(axes, 0, table["left_over"][0], text, va="bottom", offset=(4, 4))
    axes.set(ylim=(0.15, 0.45), title="stochastic labels")
