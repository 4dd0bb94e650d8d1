"""The comp-sum family: Phi^tau(u) = ((1 + u)^(1 - tau) - 1) / (1 - tau), and psi(s) = Phi^tau(1/s - 1)."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from hconsist import losses
from hconsist.plotting import MUTED, label, marks, theory

TITLE = "The comp-sum family: from unbounded losses to bounded ones"
CAPTION = (
    "Left: the loss as a function of u, the sum of exp(h(y') - h(y)) over the wrong labels y'. Right: the same losses "
    "as a function of s = 1/(1 + u), the softmax probability of the true label. Black lines: the formula; marks: the "
    "losses of the package evaluated on scores. Grey: the zero-one loss for two labels, wrong from u = 1 (s = 1/2) on. "
    "Small tau punishes confident mistakes without limit; beyond tau = 1 the loss is bounded by 1/(tau - 1)."
)

TAUS = (0.0, 0.5, 1.0, 1.5, 2.0)
NAMES = ("sum-exponential", "", "logistic", "GCE, q = 0.5", "mean absolute error")
COLOURS = ("vermillion", "orange", "green", "blue", "purple")


def data(taus: tuple[float, ...] = TAUS, points: int = 401) -> dict[str, np.ndarray]:
    """``tau (k,)``; lines ``u``, ``phi (k, points)``, ``s``, ``psi``; marks ``u_marks``, ``phi_marks``, and so on.

    The lines are the formula, the marks come from the losses of the package at two scores (log s, log(1 - s)).
    """
    tau = np.asarray(taus)
    u, s = np.linspace(0, 4, points), np.geomspace(1e-6, 1, points)
    u_marks, s_marks = np.arange(0.25, 4, 0.5), np.arange(0.15, 1, 0.1)
    return {
        "tau": tau,
        "u": u,
        "phi": _phi(u, tau),
        "s": s,
        "psi": _phi(1 / s - 1, tau),
        "u_marks": u_marks,
        "phi_marks": _computed(u_marks, tau),
        "s_marks": s_marks,
        "psi_marks": _computed(1 / s_marks - 1, tau),
    }


def _phi(u: np.ndarray, tau: np.ndarray) -> np.ndarray:
    rows = [np.log1p(u) if t == 1 else np.expm1((1 - t) * np.log1p(u)) / (1 - t) for t in tau]
    return np.stack(rows)


def _computed(u: np.ndarray, tau: np.ndarray) -> np.ndarray:
    scores = np.stack([np.zeros_like(u), np.log(u)], axis=-1)
    return np.stack([losses.CompSum(tau=float(t)).value(scores, np.zeros(u.size, dtype=int)) for t in tau])


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """Two panels, the same colour for the same tau."""
    figure.set_size_inches(7.4, 3.6)
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    figure.get_layout_engine().set(wspace=0.06)
    for row, (tau, colour) in enumerate(zip(table["tau"], COLOURS)):
        theory(left, table["u"], table["phi"][row])
        marks(left, table["u_marks"], table["phi_marks"][row], colour)
        theory(right, table["s"], table["psi"][row])
        marks(right, table["s_marks"], table["psi_marks"][row], colour, clip_on=True)
        label(left, 4, table["phi"][row, -1], f"$\\tau = {tau:g}$   {NAMES[row]}", colour)
    left.step([0, 1, 4], [0, 1, 1], where="post", color=MUTED, linewidth=1.6, zorder=1)
    label(left, 1, 1, "zero-one", MUTED, ha="right", va="bottom", offset=(-1, 4))
    left.set(
        xlim=(0, 4), ylim=(0, 4), xlabel=r"$u=\sum_{y^\prime\neq y}\,e^{h(y^\prime)-h(y)}$", title=r"$\Phi^\tau(u)$"
    )
    right.step([0, 0.5, 1], [1, 0, 0], where="post", color=MUTED, linewidth=1.6, zorder=1)
    label(right, 0.5, 1, "zero-one", MUTED, va="bottom", offset=(3, 2))
    right.set(
        xlim=(0, 1),
        ylim=(0, 4),
        xlabel="$s$, softmax probability of the true label",
        title=r"$\psi^\tau(s)=\Phi^\tau(1/s-1)$",
    )
