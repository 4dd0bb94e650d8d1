"""Bounds at one law in ball arithmetic: of the entropy from below, of the costs of near-best scores, of a regret.

One file for each family; a further one is a subclass of :class:`hconsist.engine.oracles.base.Oracle` and a line here.
"""

from __future__ import annotations

from hconsist.domains import UnsupportedError
from hconsist.engine.oracles.additive import AdditiveOracle
from hconsist.engine.oracles.base import Law, Oracle, mean, pooled
from hconsist.engine.oracles.fenchel_young import FenchelYoungOracle
from hconsist.engine.oracles.softmax import PsiOracle
from hconsist.engine.oracles.squentropy import SquentropyOracle
from hconsist.losses import CompSum, FenchelYoung, Loss, Squentropy
from hconsist.losses.additive import AdditiveLoss

__all__ = ["Law", "Oracle", "mean", "oracle", "pooled"]


def oracle(loss: Loss) -> Oracle:
    """The oracle of a loss; UnsupportedError names the hypothesis that fails."""
    if isinstance(loss, CompSum) and loss.properties["convex_psi"]:
        return PsiOracle(loss)
    if isinstance(loss, AdditiveLoss) and loss.phi.convex and loss.phi.differentiable:
        return AdditiveOracle(loss)
    if isinstance(loss, FenchelYoung):
        return FenchelYoungOracle(loss)
    if isinstance(loss, Squentropy):
        return SquentropyOracle(loss)
    raise UnsupportedError(
        "loss",
        "psi(softmax) with psi convex, a sum of smooth convex margin functions, a Fenchel-Young loss or squentropy",
        loss.name,
    )
