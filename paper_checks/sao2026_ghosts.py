"""Sao, "Ghosts of Softmax: Complex Singularities That Limit Safe Step Sizes in Cross-Entropy" (arXiv 2603.13552v1).

The text has been read.  F(t) = sum_j w_j e^(a_j t) is the softmax sum along a line, Delta the spread of the slopes,
rho* the modulus of its nearest zero, rho_a = pi/Delta and r = tau/rho_a.  Theorems and equations of the main text are
here; those of the appendices and the numbers, with what was measured, are in the two modules beside this one.  Every
claim has a false twin.
"""

from __future__ import annotations

from functools import partial

import sympy as sp
from flint import acb, arb

from hconsist.claims import Paper, Twin
from hconsist.definitions import precision
from hconsist.derivations import closed_form_radii
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import chain, derived, fails_at, together
from hconsist.paper_checks.sao2026_appendices import APPENDICES
from hconsist.paper_checks.sao2026_numbers import NUMBERS
from hconsist.paper_checks.sao2026_statements import fails, printed, proved, text
from hconsist.steps import Cited, Combination, Given, Identity, Monotone, Sign, Words

__all__ = ["CLAIMS", "PAPER", "top_two"]

PAPER = Paper(
    id="sao2026_ghosts",
    title="Ghosts of Softmax: Complex Singularities That Limit Safe Step Sizes in Cross-Entropy",
    authors="Piyush Sao",
    year=2026,
    url="https://arxiv.org/abs/2603.13552v1",
    seen="full text",
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
a, tau, D, norm, R = sp.symbols("a tau Delta p R", positive=True)
x, more, excess = sp.symbols("x e v", nonnegative=True)
delta, theta, w = sp.symbols("delta theta w_1", real=True)
n = sp.Symbol("n", integer=True, nonnegative=True)
rho = sp.pi / D

# --- section 2: the example --------------------------------------------------------------------------------------


def remainder(k):
    """1/(x + a) less its Taylor polynomial of order k at 0."""
    return (-1) ** (k + 1) * (x / a) ** (k + 1) / (x + a)


example = chain(
    "example",
    "The error of the Taylor polynomial of order n of 1/(x+a) is (-x/a)^(n+1)/(x+a); at x = 2a it doubles.",
    Identity("Order 0", 1 / (x + a) - 1 / a, remainder(0)),
    Identity("One term more", remainder(n) - (-1) ** (n + 1) * x ** (n + 1) / a ** (n + 2), remainder(n + 1)),
    Identity("At x = 2a", remainder(n) ** 2, (2 ** (n + 1) / (3 * a)) ** 2, put={x: 2 * a}),
)

# --- section 4: what the top-2 reduction is not ------------------------------------------------------------------

LOGITS, SLOPES, NEAR = ("2", "3/2", "-1"), ("0", "1/5", "6"), complex(0.582, 0.535)


def _exact(values: tuple[str, ...]) -> list[arb]:
    return [arb(int(v.p)) / int(v.q) for v in map(sp.Rational, values)]


def zero_near(logits: tuple[str, ...], slopes: tuple[str, ...], near: complex, width: float) -> acb | None:
    """A box that holds a zero of sum_j e^(z_j + a_j t), by one step of interval Newton; None if it proves nothing."""
    z, b = _exact(logits), _exact(slopes)
    box, middle = acb(arb(near.real, width), arb(near.imag, width)), acb(near.real, near.imag)
    value = sum((acb(u + v * middle).exp() for u, v in zip(z, b)), acb(0))
    slope = sum((v * acb(u + v * box).exp() for u, v in zip(z, b)), acb(0))
    image = middle - value / slope
    return image if box.contains_interior(image) else None


def top_two(logits: tuple[str, ...] = LOGITS, slopes: tuple[str, ...] = SLOPES, near: complex = NEAR) -> Evidence:
    """Whether no zero is nearer than sqrt(delta^2 + pi^2)/|a_y - a_c| of the two largest logits: refuted by one."""
    with precision(128):
        z, b = _exact(logits), _exact(slopes)
        formula = ((z[0] - z[1]) ** 2 + arb.pi() ** 2).sqrt() / abs(b[0] - b[1])
        zero = zero_near(logits, slopes, near, 0.01)
        if zero is None or not abs(zero) < formula:
            return Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, boxes=1, reason="no zero nearer than the formula")
        witness = {"z": ", ".join(logits), "a": ", ".join(slopes), "zero": zero.str(6), "top-2": formula.str(6)}
        slack = float((abs(zero) - formula).mid())
        return Evidence(Verdict.REFUTED, Level.ENCLOSED, boxes=1, slack=slack, witness=witness)


SMALL_MIDDLE = sp.pi - sp.atan(sp.sqrt(4 / w**2 - 1))
"""The radius for weights 1, w_1, 1 at slopes 0, 1, 2 with w_1 < 2: cos of it is -w_1/2."""

# --- sections 4.4 and 5: batches, normalised steps, the clip -----------------------------------------------------

nested = chain(
    "nested",
    "pi over the largest spread of the training set is at most that of a batch, and that at most pi/Delta_x.",
    Sign("A larger set", ge(sp.pi / D, sp.pi / (D + more)), form=sp.pi * more / (D * (D + more)),
         text="The maximum over more samples is larger."),
)  # fmt: skip
normalised = chain(
    "normalised",
    "r = tau/rho_a = tau Delta/pi, and eta |grad| < rho_a is r < 1.",
    Identity("r", tau / rho, tau * D / sp.pi),
    Sign("r < 1", gt(rho, tau), form=rho * (1 + 2 * excess) / (2 * (1 + excess)),
         put={tau: rho / (1 + excess) / 2}, text="tau = r rho_a with r = 1/(2 (1 + v))."),
)  # fmt: skip
clipped = chain(
    "clip",
    "With s = min(1, rho_a/|p|) the step s p has norm min(|p|, rho_a) <= rho_a.",
    Identity("A long step", norm * a, R, put={a: R / norm}, text="s = rho_a/|p|, rho_a = R: r = 1."),
    Sign("A short step", ge(R, norm), form=more, put={R: norm + more}, text="s = 1."),
)  # fmt: skip

ratio, bound = sp.symbols("q M", positive=True)
truncation = chain(
    "truncation",
    "For every R < rho*, with M the largest |l| on |t| = R, the error of order n at tau = q R is at most "
    "M q^(n+1)/(1-q).",
    Cited("Cauchy's estimate", "Conway, Functions of One Complex Variable I, section IV.2",
          text="l is holomorphic on |t| <= R, so |c_k| <= M/R^k with M finite."),
    Identity("One term", bound / R**n * (ratio * R) ** n, bound * ratio**n),
    Identity("The tail, one term less", bound * ratio ** (n + 1) / (1 - ratio) - bound * ratio ** (n + 1),
             bound * ratio ** (n + 2) / (1 - ratio), put={ratio: 1 / (1 + norm)}),
    Identity("and in the limit", sp.Limit(bound * sp.exp(-norm * (x + 1)) / (1 - sp.exp(-norm)), x, sp.oo, "-"), 0,
             text="q = e^-p."),
)  # fmt: skip

# --- what r does and does not control ----------------------------------------------------------------------------

MEAN = (sp.log(1 + sp.exp(-theta)) + sp.log(1 + sp.exp(theta))) / 2
"""One sample of each label at x = 1, logits (theta, 0), Delta = 1; along -g from theta > 0, theta falls."""
HALF = {theta: sp.Rational(1, 2)}
RAISED = MEAN.subs(theta, theta - sp.pi / 2) - MEAN
SAFE = sp.log(1 + sp.tanh(theta / 2) / 2 * (1 + sp.exp(theta)) * (1 + sp.exp(-theta)))
"""log(1 + g Delta/h)/Delta there: g = tanh(theta/2)/2, 1/h = (1 + e^theta)(1 + e^-theta)."""
no_descent = chain(
    "no-descent",
    "At r = 1/2 along -g the mean loss rises; r < 1 is no descent guarantee.",
    Identity("It is along -g", sp.Derivative(MEAN, theta), (sp.exp(theta) - 1) / (2 * (sp.exp(theta) + 1)),
             text="g = tanh(theta/2)/2 > 0 for theta > 0."),
    Sign("The loss is larger", gt(RAISED, 0), put=HALF, text="tau = pi/2, r = 1/2."),
)  # fmt: skip
single = chain(
    "single",
    "A single sample of two classes falls along -g however long the step.",
    Monotone("It falls", -sp.log(1 + sp.exp(-delta - x)), x, text="The margin grows along -g."),
)
MARGIN_MOVES = ge(D, delta)
trust = chain(
    "trust",
    "Along linear logits each difference of logits changes by at most tau Delta = pi r, and so does each loss.",
    Given("Two slopes", (MARGIN_MOVES,), text="delta = a_j - a_k at most Delta, by definition."),
    Combination("A difference of logits", ge(D * tau, delta * tau), ((tau, MARGIN_MOVES),)),
    Identity("In terms of r", D * tau, sp.pi * x, put={tau: x * rho}, text="x = r."),
    Words("The loss", text="Its slope is the mean of a under softmax less a_y, a mean of differences of slopes: at "
                           "most Delta in modulus."),
)  # fmt: skip
LOSS_MOVES = D / 2 - (sp.log(1 + sp.exp(delta)) - sp.log(1 + sp.exp(delta - D)))

CLAIMS = (
    text("equation (2), Figure 2", "taylor-example",
         "The Taylor polynomials of 1/(x+a) diverge at x = 2a: the error doubles with every order.", example,
         Twin("at x = 2a, a = 1, the error of order 3 is at most 1", fails_at(1 - x**4 / (x + 1), x=2))),
    text("Proposition 4.2", "partition-zeros", "rho* = min{|t| : F(t) = 0}.", proved("softmax_zeros"),
         Twin("the series of two balanced classes converges up to 4/Delta", fails_at(rho - 4 / D, Delta=1))),
    text("Theorem 4.3", "two-classes", "Two classes: rho* = sqrt(delta^2 + pi^2)/Delta.",
         closed_form_radii.two_classes_evidence,
         Twin("it is (delta^2 + pi^2)/Delta, as copies of the abstract without the root sign say",
              fails_at(sp.sqrt(delta**2 + sp.pi**2) - (delta**2 + sp.pi**2), delta=0))),
    text("Lemma 4.5, Theorem 4.6", "general-lower-bound",
         "K classes: every zero has |Im t| >= pi/Delta, so rho* >= pi/Delta.", proved("half_plane"),
         Twin("every zero has |Im t| >= 101/100 pi/Delta", fails_at(rho - sp.Rational(101, 100) * rho, Delta=1))),
    text("section 4.3", "tight-when-balanced", "Two classes: rho* = pi/Delta exactly for delta = 0.",
         together(closed_form_radii.two_classes_evidence, proved("half_plane")),
         Twin("for delta = 1 too", fails_at(sp.pi - sp.sqrt(delta**2 + sp.pi**2), delta=1))),
    fails("equations (13), (38)", "top-two-radius",
         "A sample of K > 2 classes has the radius sqrt(delta^2 + pi^2)/|a_y - a_c| of its two largest logits.",
         top_two, Twin("at least it is never below the radius: weights 1, 1/2, 1 at slopes 0, 1, 2, where it is pi/2",
                       fails_at(sp.pi / 2 - SMALL_MIDDLE, w_1=sp.Rational(1, 2))),
         corrected_by="general-lower-bound"),
    text("Definition 4.7, equations (14), (15)", "nested-bounds",
         "pi/max Delta over a set is a lower bound for each sample, and the larger the set the lower it is.",
         together(proved("batch_radius"), nested),
         Twin("a larger set gives the larger bound", fails_at(sp.pi / (D + more) - sp.pi / D, Delta=1, e=1))),
    derived("batch-is-the-minimum", "The mean loss over samples has the radius min_x rho*_x exactly.",
            proved("batch_radius"),
            Twin("also for weights 1 and -1, where the residues 1 and -1 leave none",
                 fails_at(a + delta - 1, "log F - log F", a=1, delta=-1))),
    fails("section 4.4", "bottleneck-margins",
         "The samples that drive rho_a down are those with small top-2 margins.",
         fails_at(sp.pi / 2 - sp.pi, "slopes 2 apart with margin 100, slopes 1 apart with margin 0: the first decides",
                  delta=100),
         Twin("at one spread a larger margin never enlarges the radius",
              fails_at(sp.pi - sp.sqrt(delta**2 + sp.pi**2), delta=100)),
         corrected_by="nested-bounds"),
    text("Definition 5.1, equations (17), (18)", "normalised-step",
         "r = |p| Delta/pi, and a step is shorter than rho_a exactly if r < 1.", normalised,
         Twin("r = |p|/Delta", fails_at(tau / D - tau * D / sp.pi, tau=1, Delta=2))),
    text("Proposition 5.2, equation (19)", "radius-clip", "s = min(1, rho_a/|p|) enforces r <= 1.", clipped,
         Twin("s = rho_a/|p| alone never lengthens a step", fails_at(norm - norm * (R / norm), p=1, R=2))),
    fails("section 5.1", "cauchy-estimate",
         "M = sup over |t| = rho_a of |l(t)| is finite and bounds the Taylor coefficients.",
         fails_at(sp.exp(delta) - 1 - sp.Rational(1, 100),
                  "two classes: F(i pi/Delta) = 1 - e^delta is 0 for delta = 0, so l is unbounded on |t| = rho_a",
                  delta=0),
         Twin("M is at most 1/100 on smaller circles", fails_at(sp.Rational(1, 100) - sp.log(1 + sp.exp(delta)),
                                                                "balanced classes, t = 0", delta=0)),
         corrected_by="truncation-error"),
    derived("truncation-error", "For every R < rho* the error of order n at tau = q R is at most M(R) q^(n+1)/(1-q).",
            truncation,
            Twin("1/(x+1) at x = 1/2 has an error of at most q^(n+1)/2 at order 1, q = 1/2",
                 fails_at((x**2) / 2 - x**2 / (x + 1), x=sp.Rational(1, 2)))),
    text("section 5.1", "inside-the-disc", "r < 1 suffices for the Taylor series of the linearised loss to converge.",
         together(proved("softmax_zeros"), proved("half_plane")),
         Twin("r < 2 suffices: two balanced classes", fails_at(sp.pi / D - 2 * rho, Delta=1))),
    derived("no-descent", "r < 1 is no descent guarantee: a mean loss rises from .7241 to .8301 at r = 1/2 along -g.",
            together(no_descent, printed((MEAN.subs(HALF), ".7241"), ((MEAN + RAISED).subs(HALF), ".8301"))),
            Twin("it falls", fails_at(-RAISED, theta=sp.Rational(1, 2)))),
    derived("single-sample", "r >= 1 is no failure: a single sample of two classes falls along -g for every r.",
            single, Twin("it falls along +g", fails_at(sp.log(1 + sp.exp(-delta)) - sp.log(1 + sp.exp(-delta + 1)),
                                                       delta=0))),
    derived("trust-region", "No difference of logits, and no loss of a sample, changes by more than pi r.",
            together(trust, proved("half_plane")),
            Twin("the loss changes by at most pi r/2", fails_at(LOSS_MOVES, delta=10, Delta=1))),
    derived("descent-step", "The mean loss falls on [0, log(1 + g Delta/h)/Delta].", proved("descent_step"),
            Twin("twice as far", fails_at(MEAN.subs(theta, theta - SAFE) - MEAN.subs(theta, theta - 2 * SAFE),
                                          theta=sp.Rational(1, 2)))),
    derived("top-one", "rho* >= sqrt(max(0, log(p/(1-p)))^2 + pi^2)/Delta for the largest probability p.",
            proved("top_one_radius"),
            Twin("with twice the margin", fails_at(sp.pi**2 + delta**2 - (sp.pi**2 + 4 * delta**2), delta=1))),
    derived("strip", "A zero u + iy has |y| >= pi/(2 sqrt(K''(u))); the closed form without u follows.",
            proved("strip_bound"),
            Twin("|y| >= 101/100 of it: balanced classes, K'' = 1/4", fails_at(sp.pi - sp.Rational(101, 100) * sp.pi
                                                                               * D, Delta=1))),
    *APPENDICES,
    *NUMBERS,
)  # fmt: skip
