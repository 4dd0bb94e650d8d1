"""Bounds on the radius against the exact radius, for random logits from undecided to very sure."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hconsist.plotting import COLOURS, SHADE, key, label, marks, theory
from hconsist.singularities import lower_class, lower_pi, lower_sigma, lower_strip, lower_top1, radius

TITLE = r"Proved bounds keep most of the radius that $\pi/\Delta$ gives away; the top two classes alone bound nothing"
CAPTION = (
    "Independent Gaussian slopes and logits, slopes with standard deviation 1, logits with the one on the axis. Marks: "
    "medians of a lower bound over the exact radius (a certified nearest zero for every row); bars: from the 5th to "
    "the 95th of 100. pi/Delta is published; top-1 (from the largest probability), spread (from the variance of the "
    "slopes), strip (from the variance along the path) and class (from one class at a time) are derived here. All are "
    "proved except the last step of spread, verified numerically for laws on three slopes; pi/Delta, top-1 and spread "
    "need one softmax, strip and class about 130. Two classes: top-1, spread and class are exact. Right: the radius "
    "for the two most probable classes alone, published as a replacement. It is exact for two classes; for more it is "
    "too long for most rows, many times so for some, and too short for others."
)

CLASSES, SPREADS = (2, 10, 100), (0.3, 0.55, 1.0, 1.7, 3.0, 5.5, 10.0, 17.0, 30.0)
BOUNDS = (
    (r"$\pi/\Delta$", lower_pi, "vermillion", "v"),
    ("top-1", lower_top1, "orange", "D"),
    (r"spread, $\rho_\sigma$", lower_sigma, "blue", "o"),
    ("strip", lower_strip, "green", "s"),
    ("class", lower_class, "purple", "^"),
)
TOP_TWO = ((10, "sky", "o"), (100, "vermillion", "s"))
PERCENTILES = (5, 50, 95)


def data(
    classes: tuple[int, ...] = CLASSES, spreads: tuple[float, ...] = SPREADS, rows: int = 300, seed: int = 2026
) -> dict[str, np.ndarray]:
    """``classes (k,)``, ``spreads (s,)``; ``ratio (k, s, 5, 3)``, percentiles 5, 50, 95 of bound/exact;

    ``worst (5,)`` the largest of these ratios; ``top_two (k, s, 3)`` and ``too_long (k, s)``, the share of rows for
    which the radius of the top two classes exceeds the exact one; ``certified``, rows certified over all rows.
    """
    rng = np.random.default_rng(seed)
    shape = (len(classes), len(spreads))
    ratio, worst = np.empty((*shape, len(BOUNDS), 3)), np.zeros(len(BOUNDS))
    two, long, good = np.empty((*shape, 3)), np.empty(shape), 0.0
    for i, n in enumerate(classes):
        for k, s in enumerate(spreads):
            z, a = s * rng.normal(size=(rows, n)), rng.normal(size=(rows, n))
            exact = radius(z, a)
            good += exact.certified / (shape[0] * shape[1])
            for m, (_, bound, _, _) in enumerate(BOUNDS):
                found = np.asarray(bound(z, a)) / exact.radius
                ratio[i, k, m], worst[m] = np.percentile(found, PERCENTILES), max(worst[m], float(np.max(found)))
            found = top_two(z, a) / exact.radius
            two[i, k], long[i, k] = np.percentile(found, PERCENTILES), np.mean(found > 1 + 1e-9)
    return {
        "classes": np.asarray(classes),
        "spreads": np.asarray(spreads),
        "ratio": ratio,
        "worst": worst,
        "top_two": two,
        "too_long": long,
        "certified": np.array(good),
    }


def top_two(z: np.ndarray, a: np.ndarray) -> np.ndarray:
    """sqrt((z_1 - z_2)^2 + pi^2)/|a_1 - a_2| for the two largest logits: Sao 2026, equation (13)."""
    first, second = np.moveaxis(np.argsort(-z, axis=1)[:, :2], 1, 0)
    own = np.arange(len(z))
    return np.hypot(z[own, first] - z[own, second], np.pi) / np.abs(a[own, first] - a[own, second])


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """A panel for each number of classes, and one for the top two."""
    figure.set_size_inches(9.6, 3.9)
    panels = figure.subplots(1, len(table["classes"]) + 1, width_ratios=[1] * len(table["classes"]) + [1.05])
    for i, axes in enumerate(panels[:-1]):
        _bounds(axes, table, i)
    panels[0].set_ylabel("lower bound over exact radius")
    key(panels[0], 0.08, 0.39, [(text, hue, marker) for text, _, hue, marker in BOUNDS], step=0.075)
    _two(panels[-1], table)


def _axis(axes: Axes, table: dict[str, np.ndarray], title: str) -> None:
    s = table["spreads"]
    axes.set(xscale="log", xlim=(s[0] / 1.35, s[-1] * 1.35), xlabel="standard deviation of the logits", title=title)
    axes.xaxis.set_major_locator(FixedLocator([0.3, 1, 3, 10, 30]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, place: f"{value:g}")


def _bars(axes: Axes, x: np.ndarray, found: np.ndarray, hue: str, marker: str) -> None:
    axes.vlines(x, found[:, 0], found[:, 2], color=COLOURS[hue], linewidth=0.9, alpha=0.55, zorder=2.5)
    marks(axes, x, found[:, 1], hue, marker, markersize=3.6)


def _bounds(axes: Axes, table: dict[str, np.ndarray], i: int) -> None:
    s, shift = table["spreads"], 1.09
    theory(axes, [s[0] / 1.35, s[-1] * 1.35], [1, 1])
    for m, (_, _, hue, marker) in enumerate(BOUNDS):
        _bars(axes, s * shift ** (m - 2), table["ratio"][i, :, m], hue, marker)
    _axis(axes, table, f"$K={table['classes'][i]}$ classes")
    axes.set(ylim=(0, 1.04))


def _two(axes: Axes, table: dict[str, np.ndarray]) -> None:
    s, top = table["spreads"], 60
    theory(axes, [s[0] / 1.35, s[-1] * 1.35], [1, 1])
    axes.axhspan(1, top, color=SHADE, linewidth=0, zorder=0.5)
    known = table["classes"].tolist()
    for m, (n, hue, marker) in enumerate(TOP_TWO):
        if n in known:
            _bars(axes, s * 1.12 ** (m - 0.5), table["top_two"][known.index(n)], hue, marker)
    label(axes, s[-1] * 1.35, top, "too long", ha="right", va="top", offset=(-4, -4), color="#555555")
    label(axes, s[0] / 1.35, 0.3, "too short", va="bottom", offset=(4, 4), color="#555555")
    entries = [(f"$K={n}$", hue, marker) for n, hue, marker in TOP_TWO if n in known]
    key(axes, 0.62, 0.16, entries, step=0.075)
    _axis(axes, table, "top two classes alone")
    axes.set(yscale="log", ylim=(0.3, top), ylabel="their radius over the exact radius")
    axes.yaxis.set_major_locator(FixedLocator([0.3, 1, 3, 10, 30]))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda value, place: f"{value:g}")
