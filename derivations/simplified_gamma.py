"""The simplified Gamma on 0 <= tau <= 1 and its sharpness, in balls over the whole range (derived here).

With q = 1/(2 - tau) in [1/2, 1], b = t and M_q = (((1+b)**q + (1-b)**q)/2)**(1/q), the two-label curve is
T = 2**(1-tau) q (1 - M_q)/(1 - q).  As M_1 = 1, the quotient (1 - M_q)/(1 - q) is a mean of dM/dq over [q, 1]: a bound
on the derivative, free of the removable singularity, bounds the quotient.  Everything touches zero at b = 0, to an
order that SymPy proves.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from hconsist.evidence import Evidence
from hconsist.rigorous import Vanishing, prove_nonnegative
from hconsist.steps import Balls, Cited, Derivation, Refutation, Step

__all__ = ["build", "claim_1", "claim_1_twin", "claim_2", "claim_2_twin", "claim_3", "claim_3_twin", "claim_4"]

b, q = sp.symbols("b q", nonnegative=True)
MEAN = (((1 + b) ** q + (1 - b) ** q) / 2) ** (1 / q)
"""M_q(b), the power mean of 1+b and 1-b."""
SLOPE = sp.diff(MEAN, q)
LOGISTIC = ((1 + b) * sp.log(1 + b) + (1 - b) * sp.log(1 - b)) / 2
"""T_CE(b), the two-label curve of the logistic loss."""
SQUARE = b**2 / 2
QUARTIC = (1 + q) * (3 - 2 * q) * b**4 / 24
BOX = {b: (Fraction(0), Fraction(1)), q: (Fraction(1, 2), Fraction(1))}
UNIT_BOX = {b: (Fraction(0), Fraction(1))}

STATEMENT = (
    r"For $0 \le \tau \le 1$, with $q = 1/(2-\tau)$ and $M_q(b) = (((1+b)^q + (1-b)^q)/2)^{1/q}$: "
    r"$\partial M_q / \partial q \ge b^2/2$ on $[0,1] \times [1/2,1]$, hence $(1 - M_q)/(1 - q) \ge b^2/2$ and "
    r"$\Gamma(x) \le \sqrt{2^\tau (2 - \tau) x}$; and $\partial M_q / \partial q \le (7/5) b^2$, so the simplification "
    r"loses at most a factor $2.8$ in $T$."
)


def claim_1(factor: Fraction = Fraction(1)) -> Evidence:
    """dM/dq >= factor b**2/2 on [0, 1] x [1/2, 1]; with factor 1, Gamma <= the simplified Gamma for tau in [0, 1]."""
    edge = Vanishing(b, 0, 4 if factor == 1 else 2)
    return prove_nonnegative(SLOPE - _rational(factor) * SQUARE, BOX, vanishing=edge, claim="dM/dq >= b^2/2")


def claim_1_twin() -> Evidence:
    """False: the factor 1.001, refuted at small b."""
    return claim_1(Fraction(1001, 1000))


def claim_2(factor: Fraction = Fraction(1)) -> Evidence:
    """(1 - M_q)/(1 - q) >= b**2/2 + factor (1+q)(3-2q) b**4/24 on [0, 1] x [1/2, 1].

    For factor 1 by the q-derivative: 1 - M_q - (1-q)(b**2/2 + ...) is 0 at q = 1, and its derivative is <= 0 if
    dM/dq >= b**2/2 + (1+3q-3q**2) b**4/12, which is what is proved.  Any other factor is put to the inequality
    itself, times 1 - q, on [1/2, 3/4].
    """
    if factor == 1:
        slack = SLOPE - SQUARE + sp.diff((1 - q) * QUARTIC, q)
        return prove_nonnegative(slack, BOX, vanishing=Vanishing(b, 0, 6), claim="dM/dq >= b^2/2 - d/dq (1-q) quartic")
    slack = 1 - MEAN - (1 - q) * (SQUARE + _rational(factor) * QUARTIC)
    box = {**BOX, q: (Fraction(1, 2), Fraction(3, 4))}
    return prove_nonnegative(slack, box, vanishing=Vanishing(b, 0, 4), claim="1 - M_q >= (1-q)(b^2/2 + factor quartic)")


def claim_2_twin() -> Evidence:
    """False: the quartic term doubled."""
    return claim_2(Fraction(2))


def claim_3(factor: Fraction = Fraction(1)) -> Evidence:
    """T_CE(b) >= factor b**2/2 on [0, 1]."""
    order = 4 if factor == 1 else 2
    return prove_nonnegative(
        LOGISTIC - _rational(factor) * SQUARE, UNIT_BOX, vanishing=Vanishing(b, 0, order), claim="T_CE >= b^2/2"
    )


def claim_3_twin() -> Evidence:
    """False: the factor 1.001."""
    return claim_3(Fraction(1001, 1000))


def claim_4(constant: Fraction = Fraction(7, 5)) -> Evidence:
    """dM/dq <= constant b**2 on [0, 1] x [1/2, 1]: true for 7/5; refuted for 1.38 at (1, 1/2), where it is 2 log 2."""
    slack = _rational(constant) * b**2 - SLOPE
    return prove_nonnegative(slack, BOX, vanishing=Vanishing(b, 0, 2), claim=f"dM/dq <= {constant} b^2")


def _rational(value: Fraction | int) -> sp.Rational:
    return sp.Rational(Fraction(value).numerator, Fraction(value).denominator)


def build() -> Derivation:
    """The claims as a derivation; nothing is checked before ``run``."""
    steps: tuple[Step, ...] = (
        Cited("Mean value theorem", "Rudin, Principles of Mathematical Analysis, Theorem 5.10",
              text=r"$M_1 = 1$, so $(1 - M_q)/(1 - q)$ is $\partial M/\partial q$ at some point of $[q, 1]$; "
                   r"$\tau = 2 - 1/q$ runs over $[0, 1]$."),
        Balls("The derivative is at least b^2/2", sp.Ge(SLOPE, SQUARE, evaluate=False), BOX,
              options={"vanishing": Vanishing(b, 0, 4)}),
        Balls("The derivative is at most 7/5 b^2", sp.Ge(_rational(Fraction(7, 5)) * b**2, SLOPE, evaluate=False), BOX,
              options={"vanishing": Vanishing(b, 0, 2)}),
        Balls("The case q = 1", sp.Ge(LOGISTIC, SQUARE, evaluate=False), UNIT_BOX,
              options={"vanishing": Vanishing(b, 0, 4)}),
        Refutation("1.38 is too small", sp.Ge(sp.Rational(69, 50), 2 * sp.log(2) * b, evaluate=False), {b: sp.S.One},
                   text=r"$\partial M/\partial q = 2 \log 2$ at $b = 1$, $q = 1/2$."),
    )  # fmt: skip
    return Derivation("simplified_gamma", "The simplified Gamma for tau in [0, 1]", STATEMENT, steps)
