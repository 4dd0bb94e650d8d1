"""Martins and Astudillo, "From Softmax to Sparsemax" (ICML 2016): the projection, the loss, its margin and its T.

Only the abstract has been read; formulas marked ``recalled`` are as this field writes them.  z are the scores, s their
projection on the simplex, mu the threshold, S the labels with s_k > 0, and regrets are those of the conditional risk.
All chains but the last are about any number of labels, label by label.  Every claim has a false twin.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.derivations import additive_entropies
from hconsist.paper_checks.decisions import abstract, attained, chain, derived, fails_at, recalled, together
from hconsist.steps import Cited, Combination, Given, Identity, Sign, Words

__all__ = ["CLAIMS", "PAPER"]

PAPER = Paper(
    id="martins2016_sparsemax",
    title="From Softmax to Sparsemax: A Sparse Model of Attention and Multi-Label Classification",
    authors="André F. T. Martins, Ramón F. Astudillo",
    year=2016,
    url="https://arxiv.org/abs/1602.02068",
    seen="abstract",
)

ge, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq))
HALF, QUARTER = sp.Rational(1, 2), sp.Rational(1, 4)
z, s, mu, other = sp.symbols("z s mu z_k", real=True)
z1, z2, z3 = sp.symbols("z_1 z_2 z_3", real=True)
q, w, v, t = sp.symbols("q w v t", nonnegative=True)
k, m, u = sp.symbols("k m u", positive=True)

# --- the projection ----------------------------------------------------------------------------------------------

near, far, apart, regret, mass, total = sp.symbols("|z-s|^2 |z-q|^2 |q-s|^2 G Q S", real=True)
_SUMMED = (ge(far, near + apart - 2 * mu * (mass - total)), eq(mass, 1), eq(total, 1))
PYTHAGORAS = ge(far, near + apart)
REGRET = eq(regret, (far - near) / 2)
PROJECTION = (
    Identity("On the support", (z - q) ** 2, (z - s) ** 2 + (q - s) ** 2 - 2 * mu * (q - s), put={s: z - mu},
             text="s = z - mu; q is the entry of any law."),
    Sign("Off the support", ge((z - q) ** 2, z**2 + q**2 - 2 * mu * q), form=2 * w * q, put={z: mu - w},
         text="s = 0 and z <= mu."),
    Words("Summed over the labels", _SUMMED, text="Both laws have the mass 1."),
    Combination("Every law is farther", PYTHAGORAS, ((1, _SUMMED[0]), (2 * mu, _SUMMED[2]), (-2 * mu, _SUMMED[1])),
                text="By the squared distance of q and s at least: s is the projection, and no other law is."),
)  # fmt: skip
FENCHEL_YOUNG = (
    *PROJECTION,
    Given("The regret at a law q", (REGRET,),
          text="G = Omega*(z) + Omega(q) - z.q with Omega = |.|^2/2 on the simplex: z.y - |y|^2/2, which is half of "
               "|z|^2 - |z-y|^2, is largest at y = s.  For q = e_y it is the loss; for every q its infimum over z is "
               "0, at z = q."),
    Combination("Regret against distance", ge(regret, apart / 2), ((HALF, PYTHAGORAS), (1, REGRET))),
)  # fmt: skip
"""The loss and the regret are at least half the squared distance to the projection."""

projection = chain("projection", "[z - mu]_+ of mass 1 is the projection of z on the simplex.", *PROJECTION)

first, following, before = sp.symbols("z_(k) z_(k+1) Z", real=True)
threshold = chain(
    "threshold",
    "The support is the k largest scores with 1 + k z_(k) > z_(1) + ... + z_(k), k as large as possible.",
    Identity("In it", 1 + k * first - before, k * (first - (before - 1) / k),
             text="Z = z_(1) + ... + z_(k): the condition says z_(k) > mu with mu = (Z - 1)/k."),
    Identity("The next is out", 1 + (k + 1) * following - (before + following), k * (following - (before - 1) / k),
             text="It fails for k + 1 exactly where z_(k+1) <= mu."),
    Sign("No second chance", ge((1 + k * (following + w) - before) - (1 + (k + 1) * following - before - following), 0),
         form=k * w, text="z_(k) = z_(k+1) + w: the quantity falls in k, so it is positive up to one k."),
    Identity("Mass", before - k * (before - 1) / k, 1, text="The shares z_(i) - mu of these labels sum to 1."),
)  # fmt: skip

# --- the loss ----------------------------------------------------------------------------------------------------

formula = chain(
    "loss-formula",
    "-z_y + (sum over S of z_k^2 - mu^2)/2 + 1/2 is Omega*(z) + Omega(e_y) - z_y, Omega = |.|^2/2 on the simplex.",
    *FENCHEL_YOUNG,
    Identity("A label of the support", z * s - s**2 / 2, (z**2 - mu**2) / 2, put={s: z - mu},
             text="Omega*(z) = z.s - |s|^2/2; labels off the support add 0 on both sides, and Omega(e_y) = 1/2."),
)  # fmt: skip

others, squares = sp.symbols("X X_2", real=True)
MU = (z + others - 1) / m
gradient = chain(
    "gradient",
    "The gradient of the loss is s - e_y, that of s is Diag(1_S) - 1_S 1_S^T/|S|.",
    Identity("A score of the support", sp.Derivative((z**2 + squares) / 2 - m * MU**2 / 2, z), z - MU,
             text="m = |S|, X and X_2 the sums of the other scores there and of their squares, mu = (z + X - 1)/m: "
                  "the derivative is s, less 1 for the label y."),
    Identity("The share by its own score", sp.Derivative(z - MU, z), 1 - 1 / m),
    Identity("The share by another score", sp.Derivative(z - (z + other + others - 1) / m, other), -1 / m),
    Identity("Where the support changes", z - MU, 0, put={z: (others - 1) / u, m: 1 + u},
             text="A label enters or leaves with the share 0, so the gradient is continuous; a score off the support "
                  "changes nothing."),
)  # fmt: skip

difference = sp.Symbol("d", real=True)
SHARE = (1 + difference) / 2
PAIR = (z1**2 + z2**2) / 2 - ((z1 + z2 - 1) / 2) ** 2 + HALF - z1
huber = chain(
    "binary-huber",
    "Two labels, d = z_1 - z_2: the loss of label 1 is 0 for d >= 1, (d-1)^2/4 for |d| < 1, -d for d <= -1.",
    Identity("Both in the support", PAIR, (difference - 1) ** 2 / 4, put={z1: z2 + difference},
             text="mu = (z_1 + z_2 - 1)/2."),
    Identity("The share of label 1", z1 - (z1 + z2 - 1) / 2, SHARE, put={z1: z2 + difference},
             text="Inside (0, 1) exactly for |d| < 1."),
    Identity("Only label 1", (z1**2 - (z1 - 1) ** 2) / 2 + HALF - z1, 0, text="mu = z_1 - 1 >= z_2, that is d >= 1."),
    Identity("Only label 2", (z2**2 - (z2 - 1) ** 2) / 2 + HALF - z1, -difference, put={z1: z2 + difference}),
    Identity("The slopes fit", sp.Derivative((difference - 1) ** 2 / 4, difference), -1, put={difference: sp.S(-1)}),
)  # fmt: skip

margin = chain(
    "margin",
    "The loss is 0 exactly where z_y >= 1 + z_k for all other labels.",
    *FENCHEL_YOUNG,
    Words("Zero loss", text="The loss is at least |e_y - s|^2/2, so it is 0 only where s = e_y: only y is in the "
                            "support, mu = z_y - 1, and z_k <= mu for all others."),
    Identity("And there it is 0", (z**2 - (z - 1) ** 2) / 2 + HALF - z, 0),
)  # fmt: skip

# --- the transformation ------------------------------------------------------------------------------------------

shift = sp.Symbol("a", real=True)
PAIRED = ge(apart, shift**2 + (shift - t - v) ** 2)
LAW = ((1 + t) / 2, (1 - t) / 2)
TIED = (LAW[0] ** 2 + LAW[1] ** 2 - HALF) / 2
"""Regret of equal scores of labels 1 and 2 on top at the law ((1+t)/2, (1-t)/2, 0, ...): |p - s|^2/2."""
two_coordinates = Sign(
    "Two coordinates", ge(shift**2 + (shift - t - v) ** 2, t**2 / 2),
    form=((2 * shift - t - v) ** 2 + 2 * t * v + v**2) / 2,
    text="a = p_1 - s_1 and p_j - s_j = a - t - v, as p_1 - p_j = t and s_j - s_1 = v >= 0: the shares have the order "
         "of the scores.")  # fmt: skip
transformation = chain(
    "transformation",
    "T(t) = t^2/4 for every n, by the distance of the law from the projection.",
    *FENCHEL_YOUNG,
    two_coordinates,
    Given("The distance of p and s", (PAIRED,), text="Here q = p; the coordinates of the labels 1 and j."),
    Combination("At least t^2/4", ge(regret, t**2 / 4),
                ((HALF, PYTHAGORAS), (1, REGRET), (HALF, PAIRED), (HALF, two_coordinates))),
    Identity("Attained", TIED, t**2 / 4, text="p = ((1+t)/2, (1-t)/2, 0, ...), z = (1/2, 1/2, 0, ...) = s."),
)  # fmt: skip

CLAIMS = (
    recalled(
        "projection",
        "sparsemax(z) = [z - mu]_+, with mu such that it has mass 1, is the Euclidean projection of z on the simplex.",
        projection,
        Twin(
            "at z = (1, 1/2) the rescaled scores (2/3, 1/3) are at least as near as (3/4, 1/4)",
            fails_at((z1 - sp.Rational(3, 4)) ** 2 + (z2 - QUARTER) ** 2
                     - (z1 - sp.Rational(2, 3)) ** 2 - (z2 - sp.Rational(1, 3)) ** 2, z_1=1, z_2=Fraction(1, 2)),
        ),
    ),
    recalled(
        "threshold",
        "The support is the largest k with 1 + k z_(k) > z_(1) + ... + z_(k), and mu = (z_(1) + ... + z_(k) - 1)/k.",
        threshold,
        Twin(
            "all labels of positive score are in it, for z = (1, 1/2, 1/10)",
            fails_at(z3 - (z1 + z2 + z3 - 1) / 3, z_1=1, z_2=Fraction(1, 2), z_3=Fraction(1, 10)),
        ),
    ),
    recalled(
        "loss-formula",
        "The loss is -z_y + (sum over S of z_k^2 - mu^2)/2 + 1/2, the Fenchel-Young loss of |p|^2/2 on the simplex.",
        formula,
        Twin("without the last term, for one label in the support, it is nonnegative",
             fails_at((z**2 - (z - 1) ** 2) / 2 - z, z=1)),
    ),
    recalled(
        "gradient",
        "The gradient of the loss is sparsemax(z) - e_y, and it is continuous; so the loss is smooth and convex.",
        together(gradient, chain(
            "convex", "The loss is convex.",
            Cited("Convexity", "a maximum of affine functions is convex",
                  text="Omega*(z) is the largest of z.y - |y|^2/2 over y, less z_y."),
            *FENCHEL_YOUNG)),
        Twin(
            "with softmax in place of sparsemax, for two labels at d = 1 (slope 0)",
            fails_at(1 / (1 + sp.exp(-difference)) - 1 - (difference - 1) / 2, d=1),
        ),
    ),
    abstract(
        "jacobian",
        "The Jacobian of sparsemax is Diag(1_S) - 1_S 1_S^T/|S|, 1_S the indicator of the support.",
        gradient,
        Twin("it is that of softmax, Diag(s) - s s^T, at s = (5/8, 3/8)", fails_at(q * (1 - q) - HALF,
                                                                                 q=Fraction(5, 8))),
    ),
    abstract(
        "binary-huber",
        "For two labels the loss is the Huber classification loss: 0, (d-1)^2/4 and -d in the difference d of scores.",
        huber,
        Twin("(d-1)^2/2 is below it at d = 0", fails_at((difference - 1) ** 2 / 4 - (difference - 1) ** 2 / 2, d=0)),
    ),
    recalled(
        "margin",
        "The loss is zero exactly where z_y >= 1 + z_k for every other label k: the separation margin is 1.",
        margin,
        Twin("it is zero from a margin of 99/100 on, two labels",
             fails_at(-((difference - 1) ** 2) / 4, d=Fraction(99, 100))),
    ),
    derived(
        "regret-distance",
        "The regret of scores z at the law p is at least |p - sparsemax(z)|^2/2.",
        chain("regret-distance", "G >= |q - s|^2/2 for every law q.", *FENCHEL_YOUNG),
        Twin(
            "it is equal to it: p = (1/2, 1/2), z = (2, 0), s = (1, 0)",
            fails_at(sp.Rational(1, 2) * ((1 - HALF) ** 2 + HALF**2)
                     - ((z1 - HALF) ** 2 + (z2 - HALF) ** 2 - (z1 - 1) ** 2 - z2**2) / 2, z_1=2, z_2=0),
        ),
    ),
    derived(
        "transformation",
        "T(t) = t^2/4 for every number of labels: zero-one regret <= 2 sqrt(surrogate regret).",
        attained(together(transformation, additive_entropies.sparsemax_evidence), TIED - t**2 / 4, t=Fraction(1, 2)),
        Twin("T(t) = 51/200 t^2", fails_at(TIED - sp.Rational(51, 200) * t**2, t=Fraction(1, 2))),
    ),
)  # fmt: skip
