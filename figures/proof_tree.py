"""Two proofs by subdivision as pictures: every box of the certificate, coloured by the method that closed it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from flint import fmpq
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hconsist.derivations import simplified_gamma, threshold
from hconsist.evidence import Certificate
from hconsist.plotting import COLOURS, INK
from hconsist.rigorous import prove_nonnegative
from hconsist.rigorous.certificates import leaves

TITLE = "What a proof by subdivision looks like: boxes shrink where the inequality is tight"
CAPTION = (
    "Left: the inequality behind the simplified Gamma on 0 <= tau <= 1, in the variables b = t and q = 1/(2 - tau). "
    "Next to b = 0, where both sides touch, a Taylor coefficient decides. Right: D_3 > D_2 just below the threshold, "
    "in t and a = 1/(2 - tau): boxes crowd at t = 0.600 under the upper edge, a = 2.9672, since the curves touch at "
    "a = 2.96722. Each box is closed by one enclosure in ball arithmetic."
)

METHODS = (
    ("D", "direct enclosure", "sky"),
    ("T", "mean value form", "orange"),
    ("C", "Taylor coefficient", "green"),
    ("M", "its mean value form", "purple"),
)


def data(top: Fraction = threshold.CROSSING) -> dict[str, np.ndarray]:
    """For each proof k: ``box_k (boxes, 4)`` as x, y, width, height, and ``method_k (boxes,)``, one letter each.

    ``top`` is the upper end of a in the second proof.
    """
    gamma = simplified_gamma.claim_1().certificates[0]
    t, a, m = threshold.t, threshold.a, threshold.m
    slack = threshold.dual(m, t) - (m / 2) ** threshold.AL * threshold.two_label(t)
    box = {t: (Fraction(1, 2), Fraction(7, 10)), a: (Fraction(29, 10), top)}
    curves = prove_nonnegative(slack.subs(m, 3), box, strict=True, choose=threshold.multiplier(3)).certificates[0]
    table = {}
    for k, certificate in enumerate((gamma, curves)):
        table[f"box_{k}"], table[f"method_{k}"] = _boxes(certificate)
    return table


def _boxes(certificate: Certificate) -> tuple[np.ndarray, np.ndarray]:
    boxes, methods = [], []
    for region in certificate.tree:
        whole = tuple((_fraction(low), _fraction(high)) for low, high in region["box"].values())
        for method, ((x0, x1), (y0, y1)) in leaves(region["tree"], whole):
            boxes.append([float(v.p) / float(v.q) for v in (x0, y0, x1 - x0, y1 - y0)])
            methods.append(method)
    return np.array(boxes), np.array(methods)


def _fraction(text: str) -> fmpq:
    value = Fraction(text)
    return fmpq(value.numerator, value.denominator)


def draw(figure: Figure, table: dict[str, np.ndarray]) -> None:
    """One panel a proof."""
    figure.set_size_inches(8.4, 4.3)
    panels = figure.subplots(1, 2)
    for k, axes in enumerate(panels):
        _tree(axes, table[f"box_{k}"], table[f"method_{k}"])
    panels[0].set(xlabel="$b$", ylabel="$q = 1/(2-\\tau)$")
    panels[1].set(xlabel="zero-one regret $t$", ylabel="$a = 1/(2-\\tau)$")
    panels[0].set_title(f"$\\partial M_q/\\partial q \\geq b^2/2$: {len(table['box_0'])} boxes")
    panels[1].set_title(f"$D_3 > D_2$ just below $\\tau_c$: {len(table['box_1'])} boxes")
    handles = [Rectangle((0, 0), 1, 1, color=COLOURS[colour], label=name) for _, name, colour in METHODS]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)


def _tree(axes: Axes, boxes: np.ndarray, methods: np.ndarray) -> None:
    for letter, _, colour in METHODS:
        own = [Rectangle((x, y), w, h) for x, y, w, h in boxes[methods == letter]]
        axes.add_collection(
            PatchCollection(own, facecolor=COLOURS[colour], edgecolor=INK, linewidth=0.15, rasterized=True)
        )
    low, high = boxes[:, :2].min(axis=0), (boxes[:, :2] + boxes[:, 2:]).max(axis=0)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
