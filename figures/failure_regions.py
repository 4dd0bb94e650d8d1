"""Three labels: the laws at which the best scores of a loss may predict a label that is not the most probable one."""

from __future__ import annotations

from functools import partial
from itertools import permutations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from hconsist import losses
from hconsist.calibration import calibrated
from hconsist.calibration.regions import failure_cells
from hconsist.plotting import COLOURS, INK, MUTED, SHADE, label, theory

TITLE = "Perfectly trained and wrong: where minimisers of the surrogate predict the wrong label"
CAPTION = (
    "All laws of three labels, one triangle a loss; corner k is the law that is sure of label k, dashed grey lines are "
    "ties of the largest probability. Shaded with a black edge: best scores may predict a label that is not the most "
    "probable one, at surrogate regret 0; polygons with rational corners, computed in fractions (derived here); in "
    "grey, what best scores do there. Marks: the largest zero-one regret found by linear programs (class weights: from "
    "the best scores) law by law, sharing no code with the polygons; their area is that regret. Star: where it is "
    "largest; T = 0 up to there. The one-versus-all hinge fails where the max hinge does, the constrained hinge "
    "nowhere."
)

PANELS = (
    ("Weston and Watkins (sum hinge)", "sum-hinge"),
    ("Crammer and Singer (max hinge)", "max-hinge"),
    ("cross-entropy, class weights 1, 1, 3", "class-weights:w=1;1;3"),
    ("Lee, Lin and Wahba (constrained hinge)", "constrained-hinge"),
)
_FLAT, _SIZE = 1e-9, 60.0
_NOTE = (0.73, 0.86)
"""Where a panel has room."""
_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])


def data(divisions: int = 24) -> dict[str, np.ndarray]:
    """``laws (m, 3)`` with entries k/divisions; for panel k: ``gap_k (m,)`` the largest zero-one regret at surrogate
    regret 0, ``polygon_k_i (corners, 3)``, and where it is not calibrated ``witness_k (3,)``, ``note_k``, ``why_k``.
    """
    steps = range(divisions + 1)
    counts = np.array([(i, j, divisions - i - j) for i in steps for j in steps[: divisions + 1 - i]])
    table = {"laws": counts / divisions}
    for k, (_, name) in enumerate(PANELS):
        loss = losses.get(name)
        gap = partial(_weighted_gap, loss) if loss.n_classes else partial(_programmed_gap, loss)
        table[f"gap_{k}"] = _by_symmetry(gap, counts, divisions) if not loss.n_classes else np.array(
            [gap(law) for law in table["laws"]]
        )  # fmt: skip
        cells = failure_cells(loss)
        for i, cell in enumerate(cells):
            table[f"polygon_{k}_{i}"] = np.array([[float(x) for x in corner] for corner in cell.corners])
        found = calibrated(loss, 3)
        if found.witness is not None:
            table[f"witness_{k}"] = np.array([float(x) for x in found.witness.law])
            text = ", ".join(map(str, found.witness.law))
            table[f"note_{k}"] = np.array(f"$T=0$ up to $t={found.zero_until}$,\nat $p=({text})$")
            table[f"why_{k}"] = np.array(_why(cells[0].predicted))
    return table


def _why(predicted: frozenset[int]) -> str:
    """What best scores do in a shaded cell."""
    if len(predicted) == 1:
        return f"label {min(predicted) + 1} is predicted"
    return "all labels tie" if len(predicted) == 3 else "two labels tie"


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """One triangle a loss."""
    figure.set_size_inches(7.4, 6.6)
    panels = figure.subplots(2, 2, sharex=True, sharey=True)
    for axes in panels[-1]:
        axes.set_xlabel("laws of three labels; corner $k$: $p_k=1$")
    for k, axes in enumerate(panels.ravel()):
        axes.set(xlim=(-0.1, 1.1), ylim=(-0.08, 0.98), xticks=[], yticks=[], aspect="equal", title=PANELS[k][0])
        axes.spines[:].set_visible(False)
        _triangle(axes)
        for name, corners in table.items():
            if name.startswith(f"polygon_{k}_"):
                axes.add_patch(Polygon(_flat(corners), facecolor=SHADE, edgecolor=INK, linewidth=0.9, zorder=1.2))
        _laws(axes, table["laws"], table[f"gap_{k}"])
        if f"witness_{k}" in table:
            _witness(axes, table[f"witness_{k}"], str(table[f"note_{k}"]))
            label(axes, _NOTE[0], _NOTE[1] - 0.13, str(table[f"why_{k}"]), MUTED, offset=(0, 0))
        else:
            label(axes, *_NOTE, "$T>0$ for all $t>0$", offset=(0, 0))
            _sizes(axes)


def _triangle(axes: Axes) -> None:
    outline = _CORNERS[[0, 1, 2, 0]]
    theory(axes, *outline.T)
    centre = np.mean(_CORNERS, axis=0)
    for k, corner in enumerate(_CORNERS):
        middle = np.mean(np.delete(_CORNERS, k, axis=0), axis=0)
        axes.plot(*np.transpose([centre, middle]), color=MUTED, linewidth=0.9, dashes=(4, 2.2), zorder=1.5)
        outside = centre + 1.09 * (corner - centre)
        label(axes, *outside, str(k + 1), offset=(0, 0), ha="center")


def _laws(axes: Axes, laws: np.ndarray, gap: np.ndarray) -> None:
    wrong = gap > _FLAT
    axes.scatter(*_flat(laws[~wrong]).T, s=1.5, color=MUTED, linewidths=0, zorder=2.5)
    sizes = _SIZE * gap[wrong]
    axes.scatter(*_flat(laws[wrong]).T, s=sizes, color=COLOURS["vermillion"], linewidths=0, zorder=3, clip_on=False)


def _witness(axes: Axes, law: np.ndarray, note: str) -> None:
    axes.plot(*_flat(law), marker="*", markersize=11, color=COLOURS["blue"], linestyle="none", zorder=4, clip_on=False)
    label(axes, *_NOTE, note, "blue", offset=(0, 0))


def _sizes(axes: Axes) -> None:
    """What the marks mean."""
    label(axes, _NOTE[0], _NOTE[1] - 0.12, "zero-one regret", offset=(0, 0))
    for row, (gap, text) in enumerate(((1 / 2, "1/2"), (1 / 6, "1/6"), (1 / 24, "1/24")), 1):
        x, y = _NOTE[0] + 0.03, _NOTE[1] - 0.12 - 0.07 * row
        axes.scatter([x], [y], s=_SIZE * gap, color=COLOURS["vermillion"], linewidths=0, clip_on=False)
        label(axes, x, y, text, offset=(9, 0))


def _flat(laws: np.ndarray) -> np.ndarray:
    """Points of the plane."""
    return laws @ _CORNERS


# --- the regrets law by law ----------------------------------------------------------------------------------------


def _by_symmetry(gap, counts: np.ndarray, divisions: int) -> np.ndarray:
    """One law stands for its permutations."""
    known = {}
    for row in counts:
        if row[0] >= row[1] >= row[2]:
            value = gap(row / divisions)
            known.update({order: value for order in permutations(row.tolist())})
    return np.array([known[tuple(row)] for row in counts.tolist()])


def _programmed_gap(loss: losses.Loss, p: np.ndarray) -> float:
    """Least risks with and without a label forced to the top, as linear programs in the scores and the hinges."""
    forms, weights = _hinges(loss, p)
    least = _program(loss, forms, weights, None)
    forced = [_program(loss, forms, weights, j) for j in range(3)]
    return max((np.max(p) - p[j] for j in range(3) if forced[j] - least < _FLAT), default=0.0)


def _hinges(loss: losses.Loss, p: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Blocks of forms a with the weights of max(0, max over the block of 1 - a . h)."""
    if isinstance(loss, losses.MaxLoss):
        unit = np.eye(3)
        return [np.array([unit[y] - unit[k] for k in range(3) if k != y]) for y in range(3)], p
    assert isinstance(loss, (losses.SumLoss, losses.ConstrainedLoss, losses.OneVersusAllLoss))
    return [form[None] for form in loss.forms(3)], np.asarray(loss.weights(p))


def _program(loss: losses.Loss, forms: list[np.ndarray], weights: np.ndarray, forced: int | None) -> float:
    from scipy.optimize import linprog

    rows, right = [], []
    for r, block in enumerate(forms):
        for a in block:  # 1 - a . h - hinge <= 0
            rows.append(np.concatenate([-a, -np.eye(len(forms))[r]]))
            right.append(-1.0)
    for k in range(3):
        if forced is not None and k != forced:
            rows.append(np.concatenate([np.eye(3)[k] - np.eye(3)[forced], np.zeros(len(forms))]))
            right.append(0.0)
    equal = np.concatenate([np.ones(3), np.zeros(len(forms))])[None] if loss.zero_sum else None
    bounds = [(None, None)] * 3 + [(0, None)] * len(forms)
    cost = np.concatenate([np.zeros(3), weights])
    found = linprog(cost, rows, right, equal, None if equal is None else [0.0], bounds, method="highs")
    return float(found.fun)


def _weighted_gap(loss: losses.Loss, p: np.ndarray) -> float:
    """From the best scores of the loss."""
    scores = loss.best_scores(p)  # type: ignore[attr-defined]
    return float(np.max(p) - np.min(p[scores >= np.max(scores) - _FLAT]))
