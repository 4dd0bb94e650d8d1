"""Array kernels of the power family psi(s) = (1 - s^al)/al: everything from L = -log softmax, never from s.

For a confident prediction s rounds to 1 and psi(s) to 0, while L = log1p(sum of the other exponentials) keeps full
relative accuracy; for a hopeless one s underflows while L does not.  Scores are halved before they are subtracted, so
that differences of finite scores stay finite.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from hconsist.losses.arrays import counted, quiet

__all__ = ["PowerPsi", "Psi", "expectation", "negative_log_softmax", "score_gradient"]


class Psi(Protocol):
    """What a comp-sum loss needs of psi.  Arrays are of any namespace ``xp``; L = -log softmax stands for s."""

    @property
    def text(self) -> str:
        """psi in one line."""
        ...

    @property
    def convex(self) -> bool:
        """On (0, 1]."""
        ...

    @property
    def convex_in_scores(self) -> bool:
        """Whether the loss is."""
        ...

    @property
    def bounded(self) -> bool:
        """Whether psi(0+) is finite."""
        ...

    @property
    def differentiable(self) -> bool:
        """Whether a derivative is known."""
        ...

    def __call__(self, log_loss: Any, xp: Any) -> Any:
        """psi(exp(-L))."""
        ...

    def score_gradient(self, scores: Any, mask: Any, xp: Any) -> Any:
        """d psi(softmax(h)_y) / d h, the label y given as a mask."""
        ...

    def entropy(self, p: Any, xp: Any) -> Any:
        """inf over s of sum_i p_i psi(s_i)."""
        ...

    def minimiser(self, p: Any, xp: Any) -> Any:
        """An s that attains the entropy, possibly in the limit."""
        ...

    def grouped_entropy(self, v: Any, c: Any) -> Any:
        """The entropy of laws that hold v_g for c_g labels each, numpy only."""
        ...

    def expression(self, *, decimal: bool = False) -> Any:
        """psi(s) in SymPy, parameters as the exact value of their doubles, or as the decimals one reads."""
        ...


@dataclass(frozen=True)
class PowerPsi:
    """psi(s) = (1 - s^al)/al with al = tau - 1; -log s at tau = 1."""

    tau: float
    differentiable = True

    @property
    def al(self) -> float:
        """tau - 1."""
        return self.tau - 1

    @property
    def text(self) -> str:
        """psi in one line."""
        known = {0.0: "1/s - 1", 1.0: "-log(s)", 2.0: "1 - s"}
        return known.get(self.tau, f"(1 - s^{self.al:g})/{self.al:g}")

    @property
    def convex(self) -> bool:
        """psi'' = (2 - tau) s^(tau - 3)."""
        return self.tau <= 2

    @property
    def convex_in_scores(self) -> bool:
        """exp((1 - tau) L)/(1 - tau) is, as L is; for tau > 1 (1 - s) psi_LL + s psi_L < 0 at small s."""
        return self.tau <= 1

    @property
    def bounded(self) -> bool:
        """psi(0) = 1/al is finite for tau > 1 only."""
        return self.tau > 1

    def __call__(self, log_loss: Any, xp: Any) -> Any:
        """psi(exp(-L)) = -expm1(-al L)/al; L itself at al = 0."""
        if self.al == 0:
            return log_loss
        with quiet():
            return -xp.expm1(-self.al * log_loss) / self.al

    def score_gradient(self, scores: Any, mask: Any, xp: Any) -> Any:
        """s_y^al (s_k - [k = y])."""
        return score_gradient(scores, mask, self.al, xp)

    def entropy(self, p: Any, xp: Any) -> Any:
        """The closed form."""
        return _entropy(p, self.tau, xp)

    def minimiser(self, p: Any, xp: Any) -> Any:
        """The closed form."""
        return _minimiser(p, self.tau, xp)

    def grouped_entropy(self, v: Any, c: Any) -> Any:
        """The closed form, each term as often as given."""
        return _entropy(v, self.tau, np, c)

    def expression(self, *, decimal: bool = False) -> Any:
        """psi(s) in SymPy; 7/10 rather than the double next to it if ``decimal``."""
        import sympy

        from hconsist.expressions import variable

        s = variable("s")
        if self.tau == 1:
            return -sympy.log(s)
        al = (Fraction(repr(self.tau)) if decimal else Fraction(self.tau)) - 1
        power = sympy.Rational(al.numerator, al.denominator)
        return (1 - s**power) / power


def negative_log_softmax(scores: Any, xp: Any) -> tuple[Any, Any, Any]:
    """``(L, half, log_total)`` with L_k = -log softmax(h)_k = log_total - 2 half_k and half_k = (h_k - max h)/2."""
    half = scores / 2
    half = half - xp.max(half, axis=-1, keepdims=True)
    with quiet():
        exponentials = xp.exp(2 * half)
    first = xp.argmax(half, axis=-1)[..., None] == counted(scores.shape[-1], scores, xp)
    # the largest term is exactly 1: leaving it out of the sum keeps log1p accurate when the rest is tiny
    log_total = xp.log1p(xp.sum(xp.where(first, 0.0 * exponentials, exponentials), axis=-1, keepdims=True))
    with quiet():
        return log_total - 2 * half, half, log_total


def score_gradient(scores: Any, mask: Any, al: float, xp: Any) -> Any:
    """d psi/d h_k = s_y^al (s_k - [k = y]); the own entry is minus the sum of the others, all of one sign."""
    _, half, log_total = negative_log_softmax(scores, xp)
    own = xp.sum(xp.where(mask, half, xp.zeros_like(half)), axis=-1, keepdims=True)
    with quiet():
        others = xp.exp(2 * (al * own + half) - (al + 1) * log_total)
    others = xp.where(mask, xp.zeros_like(others), others)
    with quiet():
        return xp.where(mask, -xp.sum(others, axis=-1, keepdims=True), others)


def expectation(p: Any, values: Any, xp: Any) -> Any:
    """sum_y p_y values_y with 0 x infinity = 0."""
    zero = xp.zeros_like(values)
    with quiet():
        return xp.sum(xp.where(p > 0, p * xp.where(p > 0, values, zero), zero), axis=-1)


def _entropy(p: Any, tau: float, xp: Any, counts: Any = None) -> Any:
    """H(p) = (1 - ||p||_a)/al with a = 1/(2 - tau); Shannon at tau = 1; (1 - max p)/al from tau = 2 on."""
    al = tau - 1
    counts = xp.ones_like(p) if counts is None else counts
    top = xp.max(p, axis=-1, keepdims=True)
    first = xp.argmax(p, axis=-1)[..., None] == counted(p.shape[-1], p, xp)
    others = xp.where(first, counts - 1, counts)
    rest = xp.sum(others * p, axis=-1)
    if tau >= 2:
        return rest / al  # 1 - max p without cancellation
    positive, most = xp.where(p > 0, p, xp.ones_like(p)), top[..., 0]
    with quiet():
        # log of the largest probability from the others' sum: exact near a deterministic law
        log_top = xp.where(most > 0.5, xp.log1p(-rest), xp.log(most))
        if al == 0:
            return -xp.sum(others * p * xp.log(positive), axis=-1) - most * log_top
        a = 1 / (2 - tau)
        ratio = xp.where(p > 0, others * xp.exp(a * xp.log(positive / top)), xp.zeros_like(p))
        log_norm = log_top + xp.log1p(xp.sum(ratio, axis=-1)) / a
        if a < 2:
            # sum p^a <= top^(a-1), so the second term above takes at most a part 1/a of the first away: too much here;
            # sum p^a - 1 has terms of one sign, a - 1 = al/(2 - tau), whose difference form fails near tau = 1
            power = al / (2 - tau)
            moment = xp.sum(others * p * xp.expm1(power * xp.log(positive)), axis=-1) + most * xp.expm1(power * log_top)
            near = moment > -0.9
            log_norm = xp.where(near, xp.log1p(xp.where(near, moment, xp.zeros_like(moment))) / a, log_norm)
        return -xp.expm1(log_norm) / al


def _minimiser(p: Any, tau: float, xp: Any) -> Any:
    """s_i = p_i^a / sum_k p_k^a; for tau >= 2 the vertex of the first largest probability."""
    top = xp.max(p, axis=-1, keepdims=True)
    first = xp.argmax(p, axis=-1)[..., None] == counted(p.shape[-1], p, xp)
    if tau >= 2:
        return xp.where(first, xp.ones_like(p), xp.zeros_like(p))
    with quiet():
        weight = (p / top) ** (1 / (2 - tau))
    return weight / xp.sum(weight, axis=-1, keepdims=True)
