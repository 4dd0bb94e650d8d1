"""One-versus-all losses Phi(h_y) + sum_{y' != y} Phi(-h_y'): one two-label problem per label."""

from __future__ import annotations

from typing import Any

from hconsist.losses.additive import AdditiveLoss
from hconsist.losses.phi_loss import complement

__all__ = ["OneVersusAllLoss"]


class OneVersusAllLoss(AdditiveLoss):
    """Phi(h_y) + sum_{y' != y} Phi(-h_y') of a margin function Phi; not invariant under shifts.

    The entropy is a sum over the labels (derived here, as in derivation ``additive_entropies`` for the logistic one),
    H(p) = sum_i eta(p_i) with eta(p) = inf over u of p Phi(u) + (1 - p) Phi(-u): the binary entropy for the logistic,
    2 sqrt(p(1-p)) for the exponential, 2 min(p, 1-p) for the hinge, 4p(1-p) for the squared hinge.  For the user's own
    convex Phi each eta is the numeric root of one monotone equation.

    Parameters are those of :class:`hconsist.losses.phi_loss.PhiLoss`.
    """

    family = "ova"
    pattern = (
        "Phi(h_y) + sum over y' != y of Phi(-h_y')",
        r"\Phi(h_y) + \sum_{y' \neq y} \Phi(-h_{y'})",
    )
    shift_invariant = False

    def _margins(self, array: Any, xp: Any) -> Any:
        return xp.concat([array, -array], axis=-1)

    def _pull(self, terms: Any, xp: Any) -> Any:
        n = terms.shape[-1] // 2
        return terms[..., :n] - terms[..., n:]

    def _weights(self, p: Any, xp: Any) -> Any:
        return xp.concat([p, complement(p, xp.ones_like(p), xp)], axis=-1)

    def _least(self, v: Any, q: Any, c: Any, xp: Any) -> Any:
        return xp.sum(c * self.phi.least(v, q, xp), axis=-1)

    def _best(self, p: Any, q: Any, xp: Any) -> Any:
        return self.phi.link(p, q, xp)
