"""A mean loss over samples: its Taylor series converges exactly up to the nearest zero of any sample.

Derived here; Sao 2026 (Section 4.4, text seen) states the bound pi/max Delta that follows.  Branch points of different
samples cannot cancel, since the logarithmic derivative has a residue of one sign at each.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import half_plane, softmax_zeros
from hconsist.derivations.links import proof, theorem
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import Checked, Cited, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Let $c_x > 0$ be weights of finitely many samples, $\rho_x$ their radii. The Taylor series of $\sum_x c_x (\log "
    r"F_x(t) + \alpha_x + \beta_x t)$ has the radius $\min_x \rho_x$ exactly. It is at least $\pi/\max_x \Delta_x$."
)

ge, gt, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Eq))
c, m, D, largest = sp.symbols("c_x m_x Delta_x Delta", positive=True)
partial_sum, more = sp.symbols("R_k e", nonnegative=True)
t, t0, beta = sp.symbols("t t_0 beta_x")


def build() -> Derivation:
    """The chain for the batch; nothing is checked before ``run``."""
    steps = (*_inside(), *_residues(), *_outside(), *_bound(), _control())
    return Derivation("batch_radius", "The radius of a mean loss", STATEMENT, steps)


def _inside() -> tuple[Step, ...]:
    return (
        Checked("One sample", (eq(sp.Symbol("rho"), sp.Symbol("rho_0")),), _one, method="derivation softmax_zeros",
                text=r"The radius $\rho$ of $\log F_x$ is $\rho_0$, the least $|t|$ with $F_x(t) = 0$; where all "
                     r"slopes agree, infinite. A finite sum of series converges where all do: up to $\min_x \rho_x$."),
    )  # fmt: skip


def _one(shown: sp.Basic) -> Evidence:
    return proof(softmax_zeros).run()


def _residues() -> tuple[Step, ...]:
    G = smooth("G")
    F = (t - t0) ** m * G(t)
    log_slope = m / (t - t0) + G(t, 1) / G(t)
    return (
        Given("A nearest zero", text=r"$t_0$ with $|t_0| = \min_x \rho_x$. A sample with a zero of order $m_x$ at "
                                     r"$t_0$ has $F_x(t) = (t - t_0)^{m_x} G(t)$ with $G(t_0) \ne 0$; at least one "
                                     r"sample has $m_x \ge 1$."),
        Identity("Logarithmic derivative", sp.Derivative(F, t) / F, log_slope,
                 text=r"The derivative of $\log F_x$ is a meromorphic function, whatever the branch."),
        Identity("The residue of a sample", sp.Limit((m / (t - t0)) * (t - t0) + beta * (t - t0), t, t0), m,
                 text=r"$\beta_x$ stands for the slope of the linear term and for $G'/G$, both holomorphic at $t_0$. "
                      r"Samples without a zero there contribute 0."),
        Sign("Residues do not cancel", gt(partial_sum + c * m, 0),
             text=r"$R_k$ is the sum of $c_x m_x$ over $k$ samples, 0 at first: by induction the sum over all is "
                  r"positive, since one $m_x$ is."),
    )  # fmt: skip


def _outside() -> tuple[Step, ...]:
    return (
        Cited("Identity theorem", "Conway, Functions of One Complex Variable I, section IV.3",
              text=r"If the series of the mean converged on a larger disc, its derivative would be holomorphic there "
                   r"and agree with $\sum_x c_x (F_x'/F_x + \beta_x)$ off the zeros, hence bounded near $t_0$."),
        Words("No larger disc", text=r"A function that is bounded near $t_0$ has no pole of positive residue there. So "
                                     r"the radius is $\min_x \rho_x$."),
    )  # fmt: skip


def _bound() -> tuple[Step, ...]:
    return (
        theorem(half_plane, "The bound", text=r"For each sample, with its own $\Delta$."),
        Sign("The largest spread", ge(sp.pi / D, sp.pi / largest), form=sp.pi * more / (D * largest),
             put={largest: D + more}, text=r"$\Delta = \max_x \Delta_x$, so $\min_x \rho_x \ge \pi/\Delta$."),
    )  # fmt: skip


def _control() -> Step:
    weight = sp.Symbol("c_y", real=True)
    return Refutation("Negative weights can cancel", ge(c * m + weight * m, m),
                      {c: sp.S.One, m: sp.S.One, weight: -sp.S.One},
                      text=r"$\log F - \log F$ has no singularity: its residue is 0.")  # fmt: skip
