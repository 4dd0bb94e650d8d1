"""How figures look: theory as a thin black line, computed values as coloured marks, labels at the lines.

Nothing here touches pyplot or its global state: a figure is made, drawn on and saved as an object.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hconsist.domains import InputError

__all__ = [
    "COLOURS",
    "FORMATS",
    "band",
    "key",
    "label",
    "label_along",
    "loss_title",
    "marks",
    "published",
    "render",
    "save",
    "style",
    "theory",
]

FORMATS = ("png", "pdf", "svg")
INK, MUTED, SHADE = "#111111", "#8a8a8a", "#eeeeee"
COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
"""The palette of Okabe and Ito (2008), told apart by readers with any common colour deficiency."""

# no dates in the files, so that the same data give the same bytes
_METADATA: dict[str, dict[str, Any]] = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """The style sheet of the package, for the time of a ``with`` block."""
    with resources.as_file(resources.files("hconsist.figures") / "hconsist.mplstyle") as path:
        settings = matplotlib.rc_params_from_file(path, fail_on_error=True, use_default_template=False)
    with matplotlib.rc_context(settings):
        yield


def render(module: ModuleType, **parameters: Any) -> Figure:
    """The figure of a module of :mod:`hconsist.figures`; ``parameters`` go to its ``data``."""
    table = module.data(**parameters)
    with style():
        figure = Figure()
        FigureCanvasAgg(figure)
        figure.suptitle(module.TITLE, x=0.01, ha="left", fontsize=12)
        module.draw(figure, table)
        figure.draw_without_rendering()  # the layout settles at the first draw: every file is then the same picture
    return figure


def save(figure: Figure, path: str | Path, formats: Sequence[str] = ("png",)) -> tuple[Path, ...]:
    """Write ``path.png``, ``path.pdf``, ... and return the files; the folder is made if missing.

    Raises
    ------
    InputError
        for a format other than png, pdf, svg.
    OSError
        where the file cannot be written.
    """
    for kind in formats:
        if kind not in FORMATS:
            raise InputError("format", f"one of {', '.join(FORMATS)}", kind)
    base = Path(path)
    base.parent.mkdir(parents=True, exist_ok=True)
    files = []
    with style():
        for kind in formats:
            file = base.with_name(f"{base.name}.{kind}")
            figure.savefig(file, format=kind, metadata=_METADATA[kind])
            files.append(file)
    return tuple(files)


def theory(axes: Axes, x: Any, y: Any, **options: Any) -> None:
    """A formula: a thin black line."""
    base: dict[str, Any] = {"color": INK, "linewidth": 0.9, "zorder": 2}
    axes.plot(x, y, **base | options)


def published(axes: Axes, x: Any, y: Any, **options: Any) -> None:
    """A published form kept beside the sharp one: a thin dashed grey line."""
    base: dict[str, Any] = {"color": MUTED, "linewidth": 0.9, "dashes": (4, 2.2), "zorder": 1.5}
    axes.plot(x, y, **base | options)


def band(axes: Axes, x: Any, lower: Any, upper: Any, colour: str) -> None:
    """An interval at every x: shaded."""
    axes.fill_between(x, lower, upper, color=COLOURS[colour], alpha=0.22, linewidth=0, zorder=1)


def marks(axes: Axes, x: Any, y: Any, colour: str, marker: str = "o", **options: Any) -> None:
    """Computed values: coloured marks, never joined by a line."""
    base: dict[str, Any] = {"color": COLOURS[colour], "marker": marker, "linestyle": "none", "zorder": 3}
    axes.plot(x, y, **base | {"clip_on": False} | options)


def label(axes: Axes, x: float, y: float, text: str, colour: str = INK, **options: Any) -> None:
    """A direct label at a line, in data coordinates; ``offset`` moves it by points."""
    base: dict[str, Any] = {"offset": (4, 0), "ha": "left", "va": "center", "fontsize": 9, "annotation_clip": False}
    chosen = base | {"color": COLOURS.get(colour, colour)} | options
    axes.annotate(text, (x, y), xytext=chosen.pop("offset"), textcoords="offset points", **chosen)


def label_along(axes: Axes, x: Any, y: Any, where: float, text: str, colour: str = INK, **options: Any) -> None:
    """A label on a line near ``where``, turned to run along it.

    The axes must have their final limits and place: call ``figure.draw_without_rendering()`` before.
    """
    place = int(np.argmin(np.abs(np.asarray(x) - where)))
    before, after = max(place - 1, 0), min(place + 1, len(x) - 1)
    (x0, y0), (x1, y1) = axes.transData.transform([(x[before], y[before]), (x[after], y[after])])
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    base: dict[str, Any] = {
        "rotation": angle,
        "rotation_mode": "anchor",
        "ha": "center",
        "va": "bottom",
        "offset": (0, 2),
    }
    label(axes, x[place], y[place], text, colour, **base | options)


def key(axes: Axes, x: float, y: float, entries: Sequence[tuple[str, str, str]], step: float = 0.09) -> None:
    """What the marks mean, (text, colour, marker) one a line, where several kinds share one curve; axes coordinates."""
    for row, (text, colour, marker) in enumerate(entries):
        height = y - row * step
        marks(axes, x, height, colour, marker, transform=axes.transAxes)
        label(axes, x, height, text, colour, xycoords="axes fraction", offset=(7, 0))


def loss_title(tau: float) -> str:
    """``tau = 1.5   GCE, q = 0.5``: a panel title for a comp-sum loss with 0 < tau <= 2."""
    other = f"GCE, $q={tau - 1:g}$" if 1 < tau < 2 else "comp-sum"
    name = {1.0: "logistic", 2.0: "mean absolute error"}.get(tau, other)
    return f"$\\tau={tau:g}$   {name}"
