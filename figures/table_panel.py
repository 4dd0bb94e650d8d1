"""A table as a panel of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from hconsist.plotting import INK, MUTED, label

__all__ = ["table_panel"]


def table_panel(
    axes: Axes, rows: Sequence[Mapping[str, str]], places: Sequence[float], note: str, colours: Sequence[str] = ()
) -> None:
    """``rows`` under their keys, columns at ``places`` (axes fractions), the first aligned left and the others right.

    ``note`` stands below; ``colours`` are of the first column, row by row.
    """
    names = list(rows[0])
    step = 1 / (len(rows) + 1)
    for row, cells in enumerate([{name: name for name in names}, *rows]):
        y = 1 - (row + 0.5) * step
        for column, (name, x) in enumerate(zip(names, places)):
            colour = colours[row - 1] if colours and row and not column else INK
            label(axes, x, y, cells[name], colour, xycoords="axes fraction", ha="right" if column else "left",
                  offset=(0, 0), fontsize=8.5)  # fmt: skip
    axes.plot([0, 1], [1 - step] * 2, color=MUTED, linewidth=0.6, transform=axes.transAxes, clip_on=False)
    axes.set(xticks=[], yticks=[], xlabel=note, xlim=(0, 1), ylim=(0, 1))
    axes.xaxis.label.set_fontsize(8.5)
    for side in axes.spines.values():
        side.set_visible(False)
