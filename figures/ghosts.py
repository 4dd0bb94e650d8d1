"""The zeros of the softmax sum of one row in the complex plane, and why they keep away from the real axis."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from hconsist.plotting import COLOURS, INK, SHADE, label, label_along, marks, theory
from hconsist.singularities import lower_sigma, radius, zeros

TITLE = "The Taylor series ends at a complex zero of the softmax sum, never close to the real axis"
CAPTION = (
    "F(t) = sum_j exp(z_j + a_j t) for logits z and slopes a. Left: five classes. Marks: its zeros, each certified; "
    "the disc reaches the nearest one, and none lies inside (argument principle). They sit where the grey lines Re F "
    "= 0 (solid) and Im F = 0 (dotted), drawn from values of F alone, cross. Shaded: |Im t| < pi/Delta, Delta the "
    "spread of the slopes, where no zero can be; the black curve pi/(2 sqrt(K''(Re t))), K = log F, is a stronger such "
    "limit. Middle: the five terms of F laid end to end, at the two crosses. Below pi/Delta they point into one half-"
    "plane and cannot close; at a zero they do. Right: the first zeros of a row of ten classes of which one is far "
    "ahead; grey: where that class outweighs all the others, |Re t| small, there is no zero at any height."
)

LOGITS, SLOPES = (0.0, 1.5, 0.3, -0.5, -1.0), (-1.0, -0.45, 0.1, 0.55, 1.0)
SURE = ((9.0, 2.2, -1.0, 3.1, 0.4, 1.8, -2.0, 4.0, 2.6, 0.0), (0.1, 1.0, -0.7, 0.45, -1.0, 0.8, 0.3, -0.55, 0.9, -0.2))
"""Logits and slopes of the row of ten classes, Delta = 2 as for the other."""
VIEW, FAR = (-5.0, 5.0, 0.0, 9.2), (-11.0, 11.0, 0.0, 46.0)
SPAN = np.linspace(0, 1, 41)
BELOW = (0.3, 1.25)
"""Where the terms do not close: Re t, Im t."""


def data(points: int = 241, count: int = 16) -> dict[str, np.ndarray]:
    """``re (points,)``, ``im (points,)``, ``F (points, points)`` complex, scaled to |F| <= 1 in each column;

    ``zeros (k,)``, ``radius``, ``sigma``, ``pi`` (the bounds) and ``height (points,)`` of the first row,
    ``term_0, term_1 (K,)`` its terms at ``at (2,)``; ``far (count,)`` the zeros of the other row, ``strip (2,)``
    where its first class outweighs all others.
    """
    z, a = np.array(LOGITS), np.array(SLOPES)
    re, im = np.linspace(*VIEW[:2], points), np.linspace(*VIEW[2:], points)
    log_f = np.logaddexp.reduce(z + np.multiply.outer(re, a), axis=-1)
    p = np.exp(z + np.multiply.outer(re, a) - log_f[:, None])
    variance = np.sum(p * a**2, axis=-1) - np.sum(p * a, axis=-1) ** 2
    exact = radius(z, a)
    found = np.array([v.x for v in zeros(z, a, 8)])
    table = {
        "re": re,
        "im": im,
        "F": np.einsum("uj,yj->yu", p, np.exp(1j * np.multiply.outer(im, a))),
        "zeros": found,
        "radius": exact.radius[0],
        "sigma": np.asarray(lower_sigma(z, a)),
        "pi": exact.lower_pi[0],
        "height": np.pi / (2 * np.sqrt(variance)),
        "at": np.array([complex(*BELOW), exact.zero[0]]),
        "far": np.array([v.x for v in zeros(*SURE, count)]),
        "strip": outweighs(*SURE),
    }
    for k, t in enumerate(table["at"]):
        table[f"term_{k}"] = np.exp(z + a * t) / np.sum(np.exp(z + a * t.real))
    return table


def outweighs(logits: tuple[float, ...], slopes: tuple[float, ...]) -> np.ndarray:
    """The ends of the interval of real t on which the first class has more than half of the mass, by bisection."""
    z, a = np.array(logits), np.array(slopes)
    ends = []
    for sign in (-1.0, 1.0):
        low, high = 0.0, 1e3
        for _ in range(80):
            middle = (low + high) / 2
            rest = np.logaddexp.reduce(z[1:] - z[0] + (a[1:] - a[0]) * sign * middle)
            low, high = (middle, high) if rest < 0 else (low, middle)
        ends.append(sign * low)
    return np.array(ends)


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """The plane, two sums of arrows, and the plane of a confident row from further away."""
    figure.set_size_inches(9.6, 5.3)
    panels = figure.subplot_mosaic([["plane", "open", "far"], ["plane", "closed", "far"]], width_ratios=(2.15, 1, 1.5))
    _plane(panels["plane"], table)
    _sum(panels["open"], table["term_0"], "below $\\pi/\\Delta$")
    _sum(panels["closed"], table["term_1"], "at the nearest zero")
    _far(panels["far"], table)
    figure.draw_without_rendering()
    first = table["zeros"][0]
    label_along(panels["plane"], first.real * SPAN, first.imag * SPAN, 0.8 * first.real, f"$\\rho={abs(first):.2f}$")
    label_along(panels["plane"], table["re"], table["height"], -1.1, r"$\pi/(2\sqrt{K''})$")


def _plane(axes: Axes, table: dict[str, np.ndarray]) -> None:
    re, im, f = table["re"], table["im"], table["F"]
    for part, dashes in ((f.real, "solid"), (f.imag, "dotted")):
        shown = np.where(im[:, None] > 1e-9, part, np.nan)  # F is real on the real axis
        axes.contour(re, im, shown, levels=[0.0], colors=["#b5b5b5"], linewidths=0.7, linestyles=dashes, zorder=1.2)
    pi, rho, sigma = (float(table[name]) for name in ("pi", "radius", "sigma"))
    axes.axhspan(0, pi, color=SHADE, linewidth=0, zorder=0.5)
    axes.add_patch(Circle((0, 0), rho, facecolor=COLOURS["sky"], alpha=0.2, linewidth=0, zorder=1))
    for reach, options in ((rho, {}), (sigma, {"dashes": (4, 2.2)})):
        angle = np.linspace(0, np.pi, 181)
        theory(axes, reach * np.cos(angle), reach * np.sin(angle), **options)
    axes.fill_between(re, pi, np.maximum(table["height"], pi), color="#f6f6f6", linewidth=0, zorder=0.4)
    theory(axes, re, table["height"])
    marks(axes, table["zeros"].real, table["zeros"].imag, "vermillion", markersize=5.5, clip_on=True)
    marks(axes, table["at"].real, table["at"].imag, "black", "x", markersize=4.5, markeredgewidth=0.9)
    first = table["zeros"][0]
    axes.annotate("", (first.real, first.imag), (0, 0), arrowprops={"arrowstyle": "-", "linewidth": 0.6, "color": INK})
    label(axes, -0.62, 0.84 * sigma, r"$\rho_\sigma$" + f" = {sigma:.2f}", ha="center", va="top", offset=(0, -2))
    label(axes, VIEW[0], pi / 2, "no zeros:\n" + r"$|\mathrm{Im}\,t|<\pi/\Delta$", offset=(3, 0), color="#555555")
    axes.set(xlim=VIEW[:2], ylim=VIEW[2:], aspect="equal", xlabel=r"$\mathrm{Re}\,t$", ylabel=r"$\mathrm{Im}\,t$")
    axes.set_title("five classes: certified disc, zeros, obstructions")


def _sum(axes: Axes, terms: np.ndarray, title: str) -> None:
    """Terms of F end to end, in units of F(Re t)."""
    ends = np.concatenate([[0], np.cumsum(terms)])
    for start, end in pairwise(ends):
        axes.annotate("", (end.real, end.imag), (start.real, start.imag),
                      arrowprops={"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "linewidth": 1.0, "color": INK,
                                  "mutation_scale": 8})  # fmt: skip
    marks(axes, [0], [0], "vermillion", markersize=4.5)
    if abs(ends[-1]) > 1e-6:
        axes.plot([0, ends[-1].real], [0, ends[-1].imag], color=COLOURS["blue"], linewidth=0.9, zorder=1.5)
        middle = ends[-1] / 2
        label(axes, middle.real, middle.imag, "$F(t)$", "blue", offset=(5, 3))
    low, high = ends.real.min(), ends.real.max()
    centre = complex((low + high) / 2, (ends.imag.min() + ends.imag.max()) / 2)
    half = 0.62 * max(high - low, np.ptp(ends.imag))
    axes.set(xlim=(centre.real - half, centre.real + half), ylim=(centre.imag - half, centre.imag + half))
    axes.set(aspect="equal", xticks=[], yticks=[], title=title, xlabel="terms $e^{z_j+a_jt}$")
    for side in axes.spines.values():
        side.set_visible(False)


def _far(axes: Axes, table: dict[str, np.ndarray]) -> None:
    axes.axvspan(*table["strip"], color=SHADE, linewidth=0, zorder=0.5)
    marks(axes, table["far"].real, table["far"].imag, "vermillion", markersize=3.4, clip_on=True)
    reach = float(np.min(np.abs(table["far"])))
    angle = np.linspace(0, np.pi, 91)
    theory(axes, reach * np.cos(angle), reach * np.sin(angle))
    label(axes, 0, reach, f"$\\rho={reach:.2f}$", ha="center", va="bottom", offset=(0, 2))
    label(axes, float(np.mean(table["strip"])), FAR[3], "one class\noutweighs\nall others", ha="center", va="top",
          color="#555555", offset=(0, -4))  # fmt: skip
    axes.set(xlim=FAR[:2], ylim=FAR[2:], xlabel=r"$\mathrm{Re}\,t$", title="ten classes, one far ahead")
