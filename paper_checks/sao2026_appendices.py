"""Sao 2026, appendices: nonlinear logits, activations, designed components, Kullback-Leibler, the Hessian."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import sympy as sp
from flint import acb, acb_poly, arb

from hconsist.claims import Twin
from hconsist.definitions import precision, to_ball
from hconsist.derivations import kl_remainder, slope_moments
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import chain, derived, fails_at, together
from hconsist.paper_checks.sao2026_statements import fails, proved, text
from hconsist.steps import Cited, Combination, Given, Identity, Sign

__all__ = ["APPENDICES", "tanh_gelu"]

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
pi = sp.pi
beta, C, D, sigma, R, s, f = sp.symbols("beta C Delta sigma R s f", positive=True)
shift, delta, slope, x, v, tau = sp.symbols("c delta a x v tau", real=True)
r, more = sp.symbols("r e", nonnegative=True)
k = sp.Symbol("k", integer=True)
t = sp.Symbol("t")
HALF = sp.Rational(1, 2)

# --- appendix 1: logits that are not linear ----------------------------------------------------------------------

EPSILON = 200 * pi**2 / (2 * sp.exp(shift))
"""C pi^2/(2 Delta^2 min w) of Proposition A1.1 for the logits (c, c + t + 100 t^2): C = 200, Delta = 1, w = e^c."""
moves_with_a_constant = chain(
    "shift",
    "The epsilon of Proposition A1.1 changes when a constant is added to all logits; the loss does not.",
    Identity("Epsilon", EPSILON, 200 * pi**2 / 2 * sp.exp(-shift)),
    Identity("The loss", sp.log(sp.exp(shift) + sp.exp(shift + x)) - shift, sp.log(1 + sp.exp(x))),
)
ROOT = (-1 + sp.sqrt(1 + 400 * sp.I * pi)) / 200
nearer = chain(
    "nearer",
    "The sum of (c, c + t + 100 t^2) has a zero with |t|^2 <= pi/100.",
    Identity("Two zeros", 100 * t**2 + t - sp.I * pi, 0, put={t: ROOT},
             text="The other has the root with the opposite sign; there 1 + e^(t + 100 t^2) = 1 + e^(i pi) = 0."),
    Identity("Their product", ROOT * (-1 - sp.sqrt(1 + 400 * sp.I * pi)) / 200, -sp.I * pi / 100,
             text="The smaller modulus is at most the root of pi/100."),
)  # fmt: skip

SAFE = 2 * pi / (D + sp.sqrt(D**2 + 4 * pi * C))
PHASE = gt(pi, D * r + C * r**2)
safe_radius = chain(
    "safe-radius",
    "If the logits differ by linear terms up to Delta |t| and remainders up to C |t|^2 on the disc, no zero lies in "
    "|t| < 2 pi/(Delta + sqrt(Delta^2 + 4 pi C)).",
    Identity("Where the phases spread by pi", D * R + C * R**2, pi, put={R: SAFE}),
    Sign("Before", gt(D * R + C * R**2, D * r + C * r**2), form=(R - r) * (D + C * (R + r)), put={R: r + s},
         text="|Im (z_j - z_k - (z_j(0) - z_k(0)))| <= Delta |t| + C |t|^2 < pi: all terms are in one open half-plane, "
              "as for linear logits."),
    Sign("At least the linear bound less a share", ge(2 * pi / (D + s), pi / D * (1 - (s**2 - D**2) / (4 * D**2))),
         form=pi * more**2 * (4 * D + more) / (4 * D**3 * (2 * D + more)) , put={s: D + more},
         text="s = sqrt(Delta^2 + 4 pi C), so pi C/Delta^2 = (s^2 - Delta^2)/(4 Delta^2)."),
)  # fmt: skip

# --- appendix 2: activations -------------------------------------------------------------------------------------

ODD = sp.I * pi * (2 * k + 1)
h, speed = sp.symbols("h h_1", real=True, nonzero=True)
singular = chain(
    "singular",
    "1 + e^z vanishes at i pi (2k+1), cosh z at i pi (k + 1/2); h + t h' meets s at |s - h|/|h'|.",
    Identity("Logistic", 1 + sp.exp(t), 0, put={t: ODD},
             text="Poles of the sigmoid and of SiLU, branch points of softplus."),
    Identity("tanh", (sp.exp(t) + sp.exp(-t)) / 2, 0, put={t: ODD / 2}),
    Identity("Reached at", h + t * speed, x, put={t: (x - h) / speed}),
    Identity("Distance of the logistic pair", (sp.I * pi - h) * (-sp.I * pi - h), h**2 + pi**2),
    Identity("Distance of the tanh pair", (sp.I * pi / 2 - h) * (-sp.I * pi / 2 - h), h**2 + pi**2 / 4),
    Cited("The error function is entire", "DLMF 7.2", text="So is x Phi(x), the exact GELU."),
)  # fmt: skip
ranking = chain(
    "ranking",
    "No finite singularity > pi > pi/2 > the real axis, at h = 0.",
    Sign("pi > pi/2", gt(pi, pi / 2)),
    Sign("pi/2 > 0", gt(pi / 2, 0), text="ReLU has its kink at 0 itself."),
)
cancelling = chain(
    "cancelling",
    "Singularities of neurons can cancel: sigma(h) + sigma(-h) = 1.",
    Identity("Two neurons", 1 / (1 + sp.exp(-t)) + 1 / (1 + sp.exp(t)), 1),
)


def tanh_gelu(modulus: str, within: Fraction) -> Evidence:
    """Whether the nearest pole of tanh(sqrt(2/pi)(x + 0.044715 x^3)) has this modulus, to within so much: in balls.

    For |x| <= rho the argument is at most sqrt(2/pi)(rho + 0.044715 rho^3); where that is below 3 pi/2, only +-i pi/2
    can be met, whose three roots are those of a cubic.
    """
    with precision(128):
        scale, cubic = (2 / arb.pi()).sqrt(), to_ball(Fraction(44715, 10**6))
        roots = acb_poly([acb(0, -arb.pi() / 2), acb(scale), acb(0), acb(scale * cubic)]).roots()
        nearest = min((abs(root) for root in roots), key=lambda ball: float(ball.mid()))
        reach = scale * (nearest + cubic * nearest**3)
        slack = to_ball(within) - abs(nearest - to_ball(Fraction(modulus)))
        found: dict[str, Any] = {"boxes": len(roots), "slack": float(slack.mid())}
        if not reach < 3 * arb.pi() / 2:
            return Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, reason="other poles may be nearer", **found)
        if slack > 0:
            return Evidence(Verdict.PROVED, Level.ENCLOSED, where={"modulus": nearest.str(8)}, **found)
        witness = {"modulus": nearest.str(8), "claimed": modulus}
        return Evidence(Verdict.REFUTED, Level.ENCLOSED, witness=witness, **found)


# --- appendix 3: designed components -----------------------------------------------------------------------------

DENSITY = sp.exp(-(beta**2) * x**2 / 2) / sp.sqrt(2 * pi)
RIA = x * (1 + sp.erf(beta * x / sp.sqrt(2))) / 2 + DENSITY / beta
ria = chain(
    "ria",
    "x Phi(beta x) + phi(beta x)/beta has the derivative Phi(beta x), is strictly convex, and tends to ReLU.",
    Identity(
        "Derivative",
        sp.Derivative(RIA, x),
        (1 + sp.erf(beta * x / sp.sqrt(2))) / 2,
        text="Phi is between 0 and 1 and increases.",
    ),
    Identity("Second derivative", sp.Derivative(RIA, x, 2), beta * DENSITY),
    Sign("Strictly convex", gt(beta * DENSITY, 0)),
    Identity("Far to the left", sp.Limit(RIA, x, -sp.oo, "+"), 0, text="So it is the integral of Phi(beta t) up to x."),
    Identity("Far to the right", sp.Limit(RIA - x, x, sp.oo, "-"), 0),
    Cited("Entire", "the error function is entire, DLMF 7.2"),
)
GAUSS, WEBER = sp.symbols("I D_w", positive=True)
cylinder = chain(
    "cylinder",
    "The integral (24) is C e^(-v^2/(4 sigma^2)) D_(-1/2)(-v/sigma) with C = (2 sigma)^(-1/2).",
    Identity("Completing the square", -((v - s) ** 2) / (2 * sigma**2),
             -(v**2) / (2 * sigma**2) + v * s / sigma**2 - s**2 / (2 * sigma**2)),
    Cited("Integral representation", "DLMF 12.5.1",
          text="The integral of u^(-1/2) e^(-u^2/2 + u v/sigma) over u > 0 is sqrt(pi) e^(v^2/(4 sigma^2)) "
               "D_(-1/2)(-v/sigma) = sqrt(pi) e^(v^2/(4 sigma^2)) D_w; with s = sigma u it is sigma^(-1/2) times that "
               "of s^(-1/2) ds."),
    Identity("The constant",
             sp.exp(-(v**2) / (2 * sigma**2)) / (sigma * sp.sqrt(2 * pi)) * sp.sqrt(sigma) * sp.sqrt(pi)
             * sp.exp(v**2 / (4 * sigma**2)) * WEBER,
             sp.exp(-(v**2) / (4 * sigma**2)) * WEBER / sp.sqrt(2 * sigma)),
)  # fmt: skip
AT_ZERO = (2 + sp.exp(-HALF)) / sp.sqrt(2 * pi)
"""At least (24) for sigma = 1 at v = 0: t^(-1/2) up to 1, t e^(-t^2/2) beyond."""

# --- appendix 4: Kullback-Leibler --------------------------------------------------------------------------------

FORWARD_HALF = slope * sp.tanh(slope) - sp.log(sp.cosh(slope))
"""KL(p(tau) || p(0)) for two balanced classes, a = tau Delta/2; KL(p(0) || p(tau)) is log cosh a."""
PAIR = (3 - sp.sqrt(3)) / 6
THIRD = sp.sqrt(3) / 18
"""1/(6 sqrt 3)."""
LOG = sp.log(1 - PAIR + PAIR * sp.exp(s))
FORWARD = s * sp.diff(LOG, s) - LOG - s**2 / 2 * PAIR * (1 - PAIR)
crossover = chain(
    "crossover",
    "Var/Delta^3 <= 1/(4 Delta), and pi/Delta is 4 pi = 12.57 times that.",
    Given("Popoviciu", (le(v, D**2 / 4),), text="Var <= Delta^2/4, derivation slope_moments."),
    Combination("The crossover", le(v / D**3, 1 / (4 * D)), ((1 / D**3, le(v, D**2 / 4)),)),
    Identity("The gap", pi / D / (1 / (4 * D)), 4 * pi),
)

# --- appendix 5: the Hessian -------------------------------------------------------------------------------------

LOGISTIC = sp.log(1 + sp.exp(-x))
CURVATURE = 1 / ((1 + sp.exp(-x)) * (1 + sp.exp(x)))
curvature = chain(
    "curvature",
    "f'' = sigma(1 - sigma) <= 1/4 for f = log(1 + e^-x), e^x f'' tends to 1, and f(delta + a tau) has f'' a^2.",
    Identity("f''", sp.Derivative(LOGISTIC, x, 2), CURVATURE),
    Sign("At most 1/4", ge(sp.Rational(1, 4), CURVATURE),
         form=(1 - sp.exp(-x)) ** 2 / (4 * (1 + sp.exp(-x)) ** 2)),
    Identity("Decay", sp.Limit(CURVATURE * sp.exp(x), x, sp.oo, "-"), 1),
    Identity("Branch points", 1 + sp.exp(-t), 0, put={t: ODD}),
    Identity("Along a line", sp.Derivative(LOGISTIC.subs(x, delta + slope * tau), tau, 2),
             slope**2 * CURVATURE.subs(x, delta + slope * tau)),
)  # fmt: skip
mismatch = chain(
    "mismatch",
    "(1/f'')/sqrt(delta^2 + pi^2) over e^delta/delta tends to 1, and so does 2/(f'' Delta^2) over pi/Delta to "
    "2 e^delta/(pi Delta).",
    Identity("(36)", sp.Limit(1 / CURVATURE / sp.sqrt(x**2 + pi**2) * x * sp.exp(-x), x, sp.oo, "-"), 1),
    Identity("(47), exactly", 2 / (CURVATURE * D**2) / (pi / D), 2 * (sp.exp(x) + 2 + sp.exp(-x)) / (pi * D)),
    Identity("(47), in the limit", sp.Limit((sp.exp(x) + 2 + sp.exp(-x)) * sp.exp(-x), x, sp.oo, "-"), 1),
)
SPREAD = 8 * sp.cosh(s) ** 2 / pi
"""Delta with crossover margin 2 s: pi Delta/8 = cosh(s)^2."""
EXACT = 2 * sp.log(sp.sqrt(pi * D / 8) + sp.sqrt(pi * D / 8 - 1))
crossing = chain(
    "crossing",
    "2/(f'' Delta^2) = pi/Delta exactly at delta = 2 arccosh(sqrt(pi Delta/8)), which needs Delta >= 8/pi; less "
    "log(pi Delta/2) it tends to 0.",
    Identity("Where both scales agree", 2 / (CURVATURE.subs(x, 2 * s) * D**2), pi / D, put={D: SPREAD},
             text="delta = 2 s, pi Delta/8 = cosh(s)^2 >= 1."),
    Identity("For large Delta", sp.Limit(2 * sp.log(sp.sqrt(f) + sp.sqrt(f - 1)) - sp.log(4 * f), f, sp.oo, "-"), 0,
             text="f = pi Delta/8, so 4 f = pi Delta/2; arccosh(y) = log(y + sqrt(y^2 - 1))."),
)  # fmt: skip

APPENDICES = (
    fails("Proposition A1.1", "linearisation-quality",
          "If epsilon = C pi^2/(2 Delta^2 min w) << 1 then rho_true >= rho_a (1 - epsilon).",
          together(nearer, fails_at(sp.sqrt(pi / 100) - pi * (1 - EPSILON),
                                    "logits (c, c + t + 100 t^2): the nearest zero has |t|^2 <= pi/100, and epsilon "
                                    "is about 2e-6 at c = 20", c=20)),
          Twin("with half of rho_a", fails_at(sp.sqrt(pi / 100) - pi / 2 * (1 - EPSILON), c=20)),
          corrected_by="nonlinear-safe-radius"),
    derived("depends-on-a-constant", "Its epsilon depends on a constant added to all logits.", moves_with_a_constant,
            Twin("it is the same at c = 0 and c = 1", fails_at(EPSILON.subs(shift, shift + 1) - EPSILON, c=0))),
    derived("nonlinear-safe-radius",
            "Remainders up to C |t|^2 in the differences of logits on the complex disc: no zero in |t| < 2 pi/(Delta + "
            "sqrt(Delta^2 + 4 pi C)).", safe_radius,
            Twin("none in |t| < pi/Delta: (0, t + 100 t^2)", fails_at(sp.sqrt(pi / C) - pi / D, Delta=1, C=100))),
    text("equation (21), Appendix 2.2", "activation-singularities",
         "Sigmoid, softplus and SiLU at i pi (2k+1), tanh at i (pi/2 + pi k), exact GELU nowhere; h + t h' meets s at "
         "|s - h|/|h'|.", singular,
         Twin("tanh at distance pi", fails_at(sp.sqrt(h**2 + pi**2 / 4) - pi, h=sp.Rational(1, 10)))),
    text("Appendix 2.3", "activation-ranking", "exact GELU > SiLU, softplus > tanh > ReLU by distance at h = 0.",
         together(singular, ranking), Twin("tanh beyond softplus", fails_at(pi / 2 - pi * x, x=1))),
    fails("Appendix 2.1", "neurons-cap-the-radius", "The radius of the loss cannot exceed that of any neuron.",
          together(cancelling, fails_at(pi - 1 / f, "two neurons sigma(h), sigma(-h) summed: the loss is constant and "
                                        "its radius larger than every 1/f", f=Fraction(1, 10))),
          Twin("a sum of two neurons differs from 1 by 1/100 somewhere",
               fails_at(1 / (1 + sp.exp(-x)) + 1 / (1 + sp.exp(x)) - 1 - sp.Rational(1, 100), x=1)),
          corrected_by="neurons-can-cancel"),
    text("Appendix 2.6", "neurons-can-cancel", "Cancellations across neurons can make the radius larger.", cancelling,
         Twin("sigma(h) + sigma(h) cancels too", fails_at(1 - 2 / (1 + sp.exp(-x)), x=1))),
    fails("Appendix 2.1", "upper-bounds", "rho_a is an upper bound of the radius.",
          fails_at(pi - sp.sqrt(delta**2 + pi**2), "two classes of margin 1", delta=1),
          Twin("nor is the radius ever above 11/10 rho_a", fails_at(sp.Rational(11, 10) * pi - sp.sqrt(
              delta**2 + pi**2), delta=3)), corrected_by="general-lower-bound"),
    derived("tanh-gelu-poles", "The tanh form of GELU has its nearest poles at modulus 2.826868.",
            lambda: tanh_gelu("2.826868", Fraction(1, 10**6)),
            Twin("at pi", lambda: tanh_gelu("3.141593", Fraction(1, 10**6)))),
    text("equation (22)", "ria", "RIA: derivative Phi(beta x), strictly convex, entire, ReLU-like at both ends.", ria,
         Twin("it is at most ReLU: at 0", fails_at(-1 / (beta * sp.sqrt(2 * pi)), beta=1))),
    text("equation (24)", "parabolic-cylinder",
         "(24) is C e^(-v^2/(4 sigma^2)) D_(-1/2)(-v/sigma); C, not given there, is 1/sqrt(2 sigma).", cylinder,
         Twin("C = 1/sigma", fails_at(1 / sp.sqrt(2 * sigma) - 1 / sigma, sigma=1))),
    fails("Appendix 3.1", "randomised-smoothing",
          "(24) is E (max(0, v + xi) + eps)^(-1/2), xi normal with deviation sigma.",
          fails_at(AT_ZERO - 1 / (2 * sp.sqrt(f)), "sigma = 1, v = 0: (24) is at most 1.05, the mean at least "
                   "eps^(-1/2)/2 from xi < 0 alone", f=Fraction(1, 100)),
          Twin("it is at most the mean for every eps: the mean is at most eps^(-1/2)",
               fails_at(1 / sp.sqrt(f) - 2 * sp.exp(-HALF) / sp.sqrt(2 * pi), "(24) at 0, t up to 1 alone; f is eps",
                        f=9)), corrected_by="parabolic-cylinder"),
    fails("equations (26), (28)", "bregman-direction", "KL(p(tau) || p(0)) = K(tau) - K(0) - tau K'(0).",
          fails_at(FORWARD_HALF - sp.log(sp.cosh(slope)), "two balanced classes, a = tau Delta/2", a=1),
          Twin("at least up to 1/100", fails_at(FORWARD_HALF - sp.log(sp.cosh(slope)) + sp.Rational(1, 100), a=1)),
          corrected_by="bregman-directions"),
    derived("bregman-directions",
            "K(tau) - K(0) - tau K'(0) is KL(p(0) || p(tau)); KL(p(tau) || p(0)) is tau K'(tau) - K(tau) + K(0).",
            kl_remainder.directions_evidence,
            Twin("the second is at most the first", fails_at(FORWARD_HALF - sp.log(sp.cosh(slope)), a=1))),
    text("Lemma A4.1", "third-moment", "|E (X - EX)^3| <= Delta^3/(6 sqrt 3), attained at masses (3 +- sqrt 3)/6.",
         slope_moments.third_moment_evidence,
         Twin("99/100 of it", fails_at(sp.Rational(99, 100) * THIRD - f * (1 - f) * (1 - 2 * f),
                                       f=Fraction(211, 1000)))),
    text("Theorem A4.2", "kl-remainder",
         "|KL(p(tau) || p(0)) - tau^2 Var/2| <= |tau|^3 Delta^3/(18 sqrt 3), sharp (true; the proof printed is for the "
         "other direction, whose constant is 1/(36 sqrt 3)).", proved("kl_remainder"),
         Twin("with the constant 1/(36 sqrt 3)", fails_at(s**3 * THIRD / 6 - FORWARD, s=Fraction(1, 10)))),
    text("Appendix 4.5", "crossover-scale",
         "The quadratic term ends at or below 1/(4 Delta), about 12 times below rho_a.", crossover,
         Twin("5 times below", fails_at(5 / (4 * D) - pi / D, Delta=1))),
    text("equations (31)-(35), (37), (46)", "logistic-curvature",
         "f'' = sigma(1 - sigma) <= 1/4 decays like e^-delta; branch points at (2k+1) i pi.", curvature,
         Twin("f'' <= 1/5", fails_at(sp.Rational(1, 5) - CURVATURE, x=0))),
    text("equations (36), (47)", "exponential-mismatch",
         "The Hessian scale over the radius grows like e^delta/delta, over rho_a like 2 e^delta/(pi Delta).", mismatch,
         Twin("(47) is exact at delta = 0", fails_at(2 / (pi * D) - 8 / (pi * D), Delta=1))),
    text("equation (48)", "crossover-margin",
         "delta* is about log(pi Delta/2): the limit of the exact margin.", crossing,
         Twin("it is exact at Delta = 5, where the margin is 1.737", fails_at(EXACT - sp.log(pi * D / 2), Delta=5))),
)  # fmt: skip
