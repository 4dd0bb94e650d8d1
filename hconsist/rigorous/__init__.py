"""Proofs and refutations in ball arithmetic: whole boxes, single points, roots in one variable; certificates."""

from hconsist.rigorous.choices import Choice
from hconsist.rigorous.lemmas import Vanishing
from hconsist.rigorous.points import check_points
from hconsist.rigorous.prove import prove_nonnegative
from hconsist.rigorous.recheck import recheck
from hconsist.rigorous.roots import Roots, count_zeros, isolate_roots, monotone
from hconsist.rigorous.smt import second_opinion

__all__ = [
    "Choice",
    "Roots",
    "Vanishing",
    "check_points",
    "count_zeros",
    "isolate_roots",
    "monotone",
    "prove_nonnegative",
    "recheck",
    "second_opinion",
]
