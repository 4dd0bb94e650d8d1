"""H-consistency bounds as numbers, proofs and pictures.

An H-consistency bound limits the zero-one estimation error of a predictor by the estimation error of the
surrogate loss it was trained with, for the hypothesis set actually used, with minimizability gaps on both sides.

Submodules and functions load on first use, so that ``import hconsist`` stays instant.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from hconsist._version import __version__

if TYPE_CHECKING:
    from hconsist import claims as claims
    from hconsist import losses as losses
    from hconsist.bounds import bound as bound
    from hconsist.catalog import check as check
    from hconsist.transforms import transform as transform

_FUNCTIONS = {"transform": "hconsist.transforms", "bound": "hconsist.bounds", "check": "hconsist.catalog"}
_MODULES = (
    "bounds",
    "boxes",
    "calibration",
    "cards",
    "catalog",
    "claims",
    "conditional",
    "definitions",
    "derivations",
    "distributions",
    "domains",
    "engine",
    "evidence",
    "figures",
    "gaps",
    "hypotheses",
    "losses",
    "paper_checks",
    "plotting",
    "results",
    "rigorous",
    "scaling",
    "simulation",
    "singularities",
    "testing",
    "theorems",
    "transforms",
)

__all__ = ["__version__", *_FUNCTIONS, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(_FUNCTIONS[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"hconsist.{name}")
    raise AttributeError(f"module 'hconsist' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
