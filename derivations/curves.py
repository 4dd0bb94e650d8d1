"""Closed forms that several derivations share."""

from __future__ import annotations

import sympy as sp

__all__ = ["logistic", "shannon"]


def logistic(t: sp.Expr) -> sp.Expr:
    """T_CE(t) = ((1+t) log(1+t) + (1-t) log(1-t))/2, the transformation of cross-entropy."""
    return ((1 + t) * sp.log(1 + t) + (1 - t) * sp.log(1 - t)) / 2


def shannon(*masses: sp.Expr) -> sp.Expr:
    """- sum p log p over these masses."""
    return -sum(p * sp.log(p) for p in masses)
