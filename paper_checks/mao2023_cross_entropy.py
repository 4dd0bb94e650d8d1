"""Mao, Mohri and Zhong, "Cross-Entropy Loss Functions: Theoretical Analysis and Applications" (arXiv 2304.07288).

Only the abstract has been read.  Statements marked ``recalled`` are the paper's as we remember them, those marked
``derived`` are ours; where the two differ the paper is not called wrong.  Every claim has a false twin.

Notation: al = tau - 1, a = 1/(2 - tau) = 1/(1 - al), M_a(t) = (((1+t)^a + (1-t)^a)/2)^(1/a),
D_2(t) = 2^(-al) (M_a(t) - 1)/al.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import numpy as np
import sympy as sp

from hconsist.claims import Claim, Paper, Twin
from hconsist.derivations import (
    concave_hull,
    freezing,
    pooled_hull,
    pooling,
    quadratic_floor,
    simplified_gamma,
    square_root_bound,
    threshold,
    two_label_sharpness,
)
from hconsist.derivations.links import proof
from hconsist.domains import UNIT, Domain
from hconsist.evidence import Evidence, Source
from hconsist.paper_checks import cross_entropy_adversarial, cross_entropy_gaps
from hconsist.paper_checks.decisions import attained, chain, fails_at
from hconsist.sampling import search
from hconsist.steps import Cited, Given, Identity, Sign

__all__ = ["PAPER", "CLAIMS"]

PAPER = Paper(
    id="mao2023_cross_entropy",
    title="Cross-Entropy Loss Functions: Theoretical Analysis and Applications",
    authors="Anqi Mao, Mehryar Mohri, Yutao Zhong",
    year=2023,
    url="https://arxiv.org/abs/2304.07288",
    seen="abstract",
)

# A symbol is positive unless it says more; 0 < t < 1 is written t = 1/(1+e), a > 1 as a = 1 + e, and so on.
a, e, m, n, p, s, t, u, z, y, S, c = sp.symbols("a e m n p s t u z y S c", positive=True)
tau = sp.Symbol("tau", real=True)
AL = 1 - 1 / a  # al in terms of a, so that powers simplify


def psi(s: sp.Expr, al: sp.Expr) -> sp.Expr:
    """psi(s) = (1 - s^al)/al."""
    return (1 - s**al) / al


def power_mean(t: sp.Expr, a: sp.Expr) -> sp.Expr:
    """M_a(t)."""
    return (((1 + t) ** a + (1 - t) ** a) / 2) ** (1 / a)


def two_label(t: sp.Expr, a: sp.Expr) -> sp.Expr:
    """D_2(t)."""
    al = 1 - 1 / a
    return 2 ** (-al) * (power_mean(t, a) - 1) / al


def published(t: sp.Expr, a: sp.Expr, n: sp.Expr) -> sp.Expr:
    """The published T on 1 < tau < 2 (recalled)."""
    al = 1 - 1 / a
    return (power_mean(t, a) - 1) / (al * n**al)


# --- the family --------------------------------------------------------------------------------------------------

PHI = ((1 + u) ** (1 - tau) - 1) / (1 - tau)

tau_to_one = chain(
    "tau-to-one",
    "Phi^tau(u) tends to log(1 + u) as tau tends to 1.",
    Identity("Limit", sp.limit(PHI, tau, 1), sp.log(1 + u), text="SymPy takes the limit of Phi^tau(u) in tau."),
    Identity("Value at zero", PHI.subs(u, 0), sp.S(0)),
    Identity("Derivative", sp.Derivative(PHI, u), (1 + u) ** (-tau), text="Continuous in tau, at tau = 1 too."),
)

phi_is_psi = chain(
    "phi-is-psi",
    "Phi^tau(1/s - 1) = (1 - s^(tau - 1))/(tau - 1).",
    Identity("Softmax", PHI.subs(u, 1 / s - 1), (1 - s ** (tau - 1)) / (tau - 1)),
)

entropy_and_minimiser = chain(
    "entropy-and-minimiser",
    "H(p) = (1 - ||p||_a)/al, reached at s_i = p_i^a / S S = sum_k p_k^a (tau < 2; Shannon and s = p at 1).",
    Given("Setting", text="p in the simplex, S = sum_k p_k^a, 0 < a < infinity, al = 1 - 1/a."),
    Identity("Each label's share", p * psi(p**a / S, AL), (p - p**a * S ** (-AL)) / AL),
    Identity("Their sum", (1 - S * S ** (-AL)) / AL, (1 - S ** (1 / a)) / AL, text="Since sum p = 1, sum p^a = S."),
    Identity("Stationary", p * sp.diff(psi(s, AL), s).subs(s, p**a / S), -(S ** (1 / a)), text="The same for every i."),
    Sign("Convex", sp.Gt(sp.Derivative(psi(s, AL), s, 2), 0), form=s ** (AL - 2) / a),
    Cited(
        "Tangent",
        "a convex function lies above its tangents",
        text="Hence sum p_i psi(s_i) - H >= -S^(1/a) (sum s_i - 1) = 0 for every s in the simplex.",
    ),
    Identity("Shannon, stationary", p * sp.diff(-sp.log(s), s).subs(s, p), sp.S(-1), text="tau = 1: psi = -log s."),
)

MINIMISER_TWIN = (1 - sp.sqrt(p**2 + (1 - p) ** 2)) - (p * (1 - sp.sqrt(p)) + (1 - p) * (1 - sp.sqrt(1 - p)))

# --- the published transformation --------------------------------------------------------------------------------

valid_one_two = chain(
    "published-valid-one-two",
    "For 1 < tau < 2 and every n, T_n >= (2/n)^(tau-1) D_2, which is the published form.",
    Given(
        "Theorem 1 (derivation pooling)",
        text="A near-minimiser under 'label j on top' may be constant on the pooled set, which holds labels 1 and "
        "j; so s_1 = s_j = max s >= 1/n and Sig = s_1 + s_j >= 2/n.",
    ),
    Given(
        "Theorem 2 (derivation freezing)",
        text="Re-optimising labels 1 and j alone: regret >= P R_Sig(t/P) >= R_Sig(t) = Sig^al D_2(t).",
    ),
    Sign("Sig^al grows", sp.Gt(sp.Derivative(s ** (e / (1 + e)), s), 0), text="al = e/(1+e), a = 1 + e > 1."),
    Identity(
        "Published form", (2 / n) ** AL * c * 2 ** (-AL) / AL, c / (AL * n**AL), text="c stands for M_a(t) - 1 >= 0."
    ),
)

BE = 1 + e  # be = tau - 1 >= 1
valid_above_two = chain(
    "published-valid-above-two",
    "For tau >= 2 the published t/((tau-1) n^(tau-1)) lies below the sharp hull.",
    Given(
        "Theorem 8 (derivation concave_hull)",
        text="The hull has vertices (1/k, (1/k)(1 - max_m (m-1) m^(-be))/be), 2 <= m <= k + 1 <= n; so it is enough "
        "that 1 - (m-1) m^(-be) >= n^(-be).",
    ),
    Identity("Collect", (m - 1) * m ** (-BE) + m ** (-BE), m ** (1 - BE)),
    Sign("n^(-be) falls in n", sp.Lt(sp.Derivative(n ** (-BE), n), 0), text="so n^(-be) <= m^(-be) for m <= n."),
    Sign(
        "m^(1-be) falls in be",
        sp.Le(sp.Derivative((1 + c) ** (-z), z), 0),
        text="m = 1 + c, be = 1 + z: from 1 at z = 0.",
    ),
    Identity("Start", ((1 + c) ** (-z)).subs(z, 0), sp.S(1)),
)

A1, A2 = sp.symbols("X Y", positive=True)  # (1+t)^a and (1-t)^a
CONVEX_FIRST = sp.Rational(1, 2) * a * (A1 / (1 + t) - A2 / (1 - t))
CONVEX_SECOND = sp.Rational(1, 2) * a * (a - 1) * (A1 / (1 + t) ** 2 + A2 / (1 - t) ** 2)
POWERS = {A1: (1 + t) ** a, A2: (1 - t) ** a}
MEAN = ((1 + t) ** a + (1 - t) ** a) / 2

convex = chain(
    "convex",
    "D_2 is convex for all tau in [0, 2): M_a'' = (a - 1) A^(1/a - 2) (1 - t^2)^(a - 2), A = M_a^a.",
    Identity("A'", sp.Derivative(MEAN, t), CONVEX_FIRST.subs(POWERS), put={t: 1 / (1 + e)}),
    Identity("A''", sp.Derivative(MEAN, t, 2), CONVEX_SECOND.subs(POWERS), put={t: 1 / (1 + e)}),
    Identity(
        "M'' without its power of A",
        (1 / a) * (1 / a - 1) * CONVEX_FIRST**2 + (1 / a) * (A1 + A2) / 2 * CONVEX_SECOND,
        (a - 1) * A1 * A2 / (1 - t**2) ** 2,
        text="M'' = A^(1/a-2) [(1/a)(1/a-1) A'^2 + (1/a) A A'']; X = (1+t)^a, Y = (1-t)^a.",
    ),
    Identity("Its factor", 2 ** (-AL) * (a - 1) / AL, a * 2 ** (-AL), text="D_2'' = 2^(-al) M''/al."),
    Sign("D_2'' is positive", sp.Gt(a * 2 ** (-AL) * c, 0, evaluate=False), text="c = A^(1/a-2) (1-t^2)^(a-2) > 0."),
    Identity(
        "Logarithm", sp.Derivative((1 + t) * sp.log(1 + t) / 2 + (1 - t) * sp.log(1 - t) / 2, t, 2), 1 / (1 - t**2)
    ),
)

# --- the simplified Gamma ----------------------------------------------------------------------------------------

LOG_MEAN = z / u  # y = z/u with t = tanh z, u = 1/a
KAPPA = y * sp.tanh(y) - sp.log(sp.cosh(y))
simplified_one_two = chain(
    "simplified-gamma-one-two",
    "For 1 <= tau < 2: M_a(t) - 1 >= al t^2/2, so Gamma(b) <= sqrt(2 n^(tau-1) b).",
    Identity("1 + tanh z", 1 + (s - 1 / s) / (s + 1 / s), s / ((s + 1 / s) / 2), text="s = e^z: e^z/cosh z."),
    Identity("1 - tanh z", 1 - (s - 1 / s) / (s + 1 / s), (1 / s) / ((s + 1 / s) / 2), text="e^(-z)/cosh z."),
    Identity(
        "Hyperbolic form",
        ((sp.exp(z) / c) ** a + (sp.exp(-z) / c) ** a) / 2,
        sp.cosh(a * z) / c**a,
        text="With c = cosh z: A = cosh(a z)/cosh(z)^a at t = tanh z.",
    ),
    Identity(
        "In u = 1/a",
        sp.Derivative(u * sp.log(sp.cosh(LOG_MEAN)) - sp.log(sp.cosh(z)), u),
        -KAPPA.subs(y, LOG_MEAN),
        text="log M = u log cosh(z/u) - log cosh z, so dM/du = -M kappa(z/u); M = 1 at u = 1, M >= 1 below.",
    ),
    Sign("kappa grows", sp.Ge(sp.Derivative(KAPPA, y), 0), form=y / sp.cosh(y) ** 2),
    Identity(
        "kappa(z) against tanh(z)^2/2",
        sp.Derivative(KAPPA - sp.tanh(y) ** 2 / 2, y),
        (y - sp.tanh(y)) / sp.cosh(y) ** 2,
    ),
    Sign("y >= tanh y", sp.Ge(sp.Derivative(y - sp.tanh(y), y), 0), form=sp.tanh(y) ** 2),
    Identity("Integrate", sp.integrate(t**2 / 2, (u, 1 / a, 1)), AL * t**2 / 2, text="-dM/du >= t^2/2 on [1/a, 1]."),
)

simplified_above_two = chain(
    "simplified-gamma-above-two",
    "For tau >= 2 the simplified Gamma is the exact inverse of the published T.",
    Identity("Inverse", (BE * n**BE * c) / (BE * n**BE), c),
)

# --- tightness ---------------------------------------------------------------------------------------------------

INSIDE = {t: 1 / (1 + e)}
tight_up_to_one = chain(
    "tight-up-to-one",
    "p = ((1+t)/2, (1-t)/2, 0, ...), equal scores on labels 1 and 2, the others to -infinity: regrets t and D_2(t).",
    Given(
        "Theorem 2 (derivation freezing)", text="T_n >= D_2 for tau <= 1 and every n, and D_2 is the published form."
    ),
    Identity("Zero-one regret", (1 + t) / 2 - (1 - t) / 2, t),
    Identity(
        "Power mean",
        ((1 + t) / 2) ** a + ((1 - t) / 2) ** a,
        2 ** (1 - a) * ((1 + t) ** a + (1 - t) ** a) / 2,
        put=INSIDE,
    ),
    Identity(
        "Surrogate regret",
        psi(sp.Rational(1, 2), AL) - (1 - (2 ** (1 - a) * c) ** (1 / a)) / AL,
        2 ** (-AL) * (c ** (1 / a) - 1) / AL,
        text="C(p, tie) - H(p) with c = A(t): it equals D_2(t), slack 0.",
    ),
    Identity(
        "Logarithm",
        sp.log(2) + (1 + t) / 2 * sp.log((1 + t) / 2) + (1 - t) / 2 * sp.log((1 - t) / 2),
        ((1 + t) * sp.log(1 + t) + (1 - t) * sp.log(1 - t)) / 2,
        put=INSIDE,
    ),
)

not_attained = chain(
    "not-attained-above-one",
    "For 1 < tau < 2 and n >= 3 only p = e_1 has zero-one regret 1, and T_n(1) = (n/2)^(tau-1) x published(1).",
    Identity(
        "T(1)", psi(sp.Rational(1, 2), AL), (1 - 2 ** (-AL)) / AL, text="e_1 with a tie of two labels; H(e_1) = 0."
    ),
    Identity("Published at 1", power_mean(sp.S(1), 1 + e), 2 ** (1 - 1 / (1 + e)), text="a = 1 + e > 1."),
    Identity("Ratio", (2**AL - 1) / (AL * n**AL) * (n / 2) ** AL, (1 - 2 ** (-AL)) / AL),
    Sign(
        "Above 1", sp.Gt((e / (1 + e)) * sp.log(1 + c / 2), 0, evaluate=False), text="log of the ratio, n = 2 + c > 2."
    ),
)

# --- limits and two labels ---------------------------------------------------------------------------------------

T_CE = ((1 + t) * sp.log(1 + t) + (1 - t) * sp.log(1 - t)) / 2
continuous_at_one = chain(
    "continuous-at-one",
    "The published T tends to the logistic T as tau tends to 1 from either side, n^(tau-1) and 2^(1-tau) to 1.",
    Identity("M at a = 1", power_mean(t, sp.S(1)), sp.S(1)),
    Identity(
        "Slope in a",
        sp.diff(sp.log(power_mean(t, a)), a).subs(a, 1),
        T_CE,
        put=INSIDE,
        text="(M_a - 1)/al tends to d log M/da / (d al/da) at a = 1, where d al/da = 1.",
    ),
    Identity("d al / da", sp.diff(AL, a).subs(a, 1), sp.S(1)),
    Identity("Factor below", sp.limit(2 ** (1 - tau), tau, 1), sp.S(1)),
    Identity("Factor above", sp.limit(n ** (tau - 1), tau, 1), sp.S(1)),
)

R = sp.Symbol("r", positive=True)  # ((1-t)/(1+t))^a, at most 1
continuous_at_two = chain(
    "continuous-at-two",
    "As tau tends to 2 from below, M_a(t) tends to 1 + t and the published T to t/n, its value at tau = 2.",
    Identity(
        "log M_a",
        sp.log((1 + t) ** a * (1 + R) / 2) / a,
        sp.log(1 + t) + (sp.log(1 + R) - sp.log(2)) / a,
        text="r = ((1-t)/(1+t))^a in [0, 1], so 0 <= log(1+r) <= log 2 and the last term is at most log(2)/a.",
    ),
    Identity("Vanishes", sp.limit(sp.log(2) / a, a, sp.oo), sp.S(0)),
    Identity("al tends to 1", sp.limit(AL, a, sp.oo), sp.S(1)),
    Identity("Limit", ((1 + t) - 1) / n, t / n),
)

two_labels_agree = chain(
    "two-labels-agree",
    "At n = 2 the published and sharp forms agree for every tau <= 2 (for tau <= 1 both are D_2, whatever n).",
    Identity("1 < tau < 2", published(t, a, sp.S(2)), two_label(t, a)),
    Identity("tau = 2", t / 2, sp.Rational(1, 1) * (1 - sp.Rational(1, 2)) * t, text="one vertex: k = 1, m = 2."),
)

# --- quadratic constants -----------------------------------------------------------------------------------------

growth_constant = chain(
    "growth-at-zero",
    "D_2(t) ~ t^2/(2^tau (2 - tau)) as t -> 0, for every tau < 2.",
    Identity("A(0)", MEAN.subs(t, 0), sp.S(1)),
    Identity("A'(0)", sp.diff(MEAN, t).subs(t, 0), sp.S(0)),
    Identity("A''(0)", sp.diff(MEAN, t, 2).subs(t, 0), a * (a - 1)),
    Identity("M''(0)/2", a * (a - 1) / a / 2, (a - 1) / 2),
    Identity("Constant", 2 ** (-AL) * (a - 1) / 2 / AL, a / 2 ** (2 - 1 / a), text="1/(2^tau (2-tau)), tau = 2 - 1/a."),
)

# --- sampled -----------------------------------------------------------------------------------------------------


def conditional_regret_slack(tau: float, n_classes: int, inflate: float = 1.0) -> Callable[[], Evidence]:
    """Random conditional laws and scores against the sharp T; the regrets are computed here from first principles."""
    from hconsist.transforms import transform

    curve = transform(f"comp-sum:tau={tau}", n_classes=n_classes)

    def slack(**columns: np.ndarray) -> np.ndarray:
        raw = np.stack([columns[f"p{k}"] for k in range(n_classes)], axis=-1) + 1e-12
        law = raw / raw.sum(axis=-1, keepdims=True)
        scores = np.stack([columns[f"h{k}"] for k in range(n_classes)], axis=-1)
        scores[:, -1] = np.maximum(scores[:, -1], scores.max(axis=-1))  # the last label is predicted
        soft = np.exp(scores - scores.max(axis=-1, keepdims=True))
        soft /= soft.sum(axis=-1, keepdims=True)
        al, order = tau - 1, 1 / (2 - tau)
        risk = np.sum(law * (1 - soft**al) / al, axis=-1)
        entropy = (1 - np.sum(law**order, axis=-1) ** (1 / order)) / al
        regret = law.max(axis=-1) - law[:, -1]
        return risk - entropy - inflate * curve(np.clip(regret, 0, 1))

    box = {f"p{k}": UNIT for k in range(n_classes)} | {f"h{k}": Domain(-12, 12) for k in range(n_classes)}
    return lambda: search(slack, box, rng=0, points=4000, refine=200, tolerance=1e-10)


# --- false twins -------------------------------------------------------------------------------------------------

HALF = Fraction(1, 2)
MEAN_ABSOLUTE_LAW = (2 * sp.Rational(1, 2) * (1 - sp.Rational(1, 3))) - sp.Rational(1, 2)
"""Surrogate regret of MAE for p uniform on two labels, a third one predicted, softmax uniform on all three: 1/6."""
TAU_THREE_REGRET = (1 - sp.Rational(1, 4)) / 2
"""tau = 3, p = e_1, a tie of two labels: psi(1/2) - psi(1) = 3/8, at zero-one regret 1."""
SUM_EXPONENTIAL_REGRET = 1 - ((sp.sqrt((1 + t) / 2) + sp.sqrt((1 - t) / 2)) ** 2 - 1)
"""tau = 0, p = ((1+t)/2, (1-t)/2, 0, ...), a tie: psi(1/2) - H(p)."""
POOLED_TWIN = sp.Rational(5, 16) - sp.Rational(13, 40)
"""tau = 3: entropy of the pooled law minus the forced risk, in exact fractions (derivation pooling, its control)."""
THREE_LABELS = (t**a + (1 - t) ** a) ** (1 / a) - 3 ** (-AL)
"""al times the regret of p = (t, 0, 1-t) against the uniform softmax on three labels: at least al T_3(t)."""


def _recalled(slug: str, statement: str, decide: Callable[[], Evidence], twin: Twin, **more: object) -> Claim:
    return Claim(slug, "recalled", statement, Source.RECALLED, decide, twin=twin, **more)


def _derived(slug: str, statement: str, decide: Callable[[], Evidence], twin: Twin, **more: object) -> Claim:
    return Claim(slug, "derived here", statement, Source.DERIVED, decide, twin=twin, **more)


CLAIMS = (
    _recalled(
        "tau-to-one",
        "Phi^tau(u) = ((1+u)^(1-tau) - 1)/(1-tau) tends to log(1+u) as tau tends to 1.",
        tau_to_one,
        Twin("the limit is u", fails_at(sp.log(1 + u) - u, u=1)),
    ),
    _recalled(
        "phi-is-psi",
        "The comp-sum loss is psi(softmax of the label), psi(s) = Phi^tau(1/s - 1) = (1 - s^(tau-1))/(tau-1).",
        phi_is_psi,
        Twin(
            "psi(s) = (1 - s^tau)/tau at tau = 1/2", fails_at(2 * (1 - sp.sqrt(s)) - 2 * (1 / sp.sqrt(s) - 1), s=HALF)
        ),
    ),
    _recalled(
        "entropy-and-minimiser",
        "For tau < 2 the generalized entropy is (1 - ||p||_a)/al, with minimiser s_i = p_i^a / sum_k p_k^a.",
        entropy_and_minimiser,
        Twin("s = p is the minimiser at tau = 3/2", fails_at(2 * MINIMISER_TWIN, p=Fraction(3, 4))),
    ),
    _recalled(
        "published-valid-up-to-one",
        "The published T is valid for 0 <= tau <= 1 and every n (it is the sharp one: next claims).",
        proof(freezing).run,
        Twin(
            "1.01 x published T is valid at tau = 0",
            fails_at(SUM_EXPONENTIAL_REGRET - sp.Rational(101, 100) * (1 - sp.sqrt(1 - t**2)), t=Fraction(3, 5)),
        ),
    ),
    _recalled(
        "published-valid-one-two",
        "The published T, with its factor n^(1-tau), is valid for 1 < tau < 2 and every n.",
        valid_one_two,
        Twin(
            "n^(tau-1) x published T is valid at tau = 3/2, n = 3",
            fails_at(2 * (1 - 1 / sp.sqrt(2)) - 2 * (sp.sqrt(1 + t**2) - 1), t=1),
        ),
    ),
    _recalled(
        "published-valid-above-two",
        "The published T = t/((tau-1) n^(tau-1)) is valid for tau >= 2 and every n.",
        valid_above_two,
        Twin("4 x published T is valid at tau = 3, n = 2", fails_at(TAU_THREE_REGRET * t - 4 * t / 8, t=1)),
    ),
    _recalled(
        "convex",
        "T is convex for every tau in [0, 2).",
        convex,
        Twin("M_a is concave at tau = 3/2", fails_at(sp.sqrt(1 + t**2) - (1 + sp.sqrt(1 + 4 * t**2)) / 2, t=HALF)),
    ),
    _recalled(
        "simplified-gamma-up-to-one",
        "Gamma(b) <= sqrt(2^tau (2 - tau) b) for 0 <= tau <= 1.",
        simplified_gamma.claim_1,
        Twin(
            "with 99/100 of the constant, at tau = 1",
            fails_at(sp.Rational(99, 100) * T_CE - t**2 / 2, t=Fraction(1, 10)),
        ),
    ),
    _recalled(
        "simplified-gamma-one-two",
        "Gamma(b) <= sqrt(2 n^(tau-1) b) for 1 <= tau < 2.",
        simplified_one_two,
        Twin("Gamma(b) <= sqrt(n^(tau-1) b) at tau = 3/2", fails_at(sp.sqrt(1 + t**2) - 1 - t**2 / 2, t=HALF)),
    ),
    _recalled(
        "simplified-gamma-above-two",
        "Gamma(b) = (tau-1) n^(tau-1) b for tau >= 2.",
        simplified_above_two,
        Twin("with n^(tau-2), for the mean absolute error at n = 3", fails_at(MEAN_ABSOLUTE_LAW * c - c / 2, c=1)),
    ),
    _derived(
        "quartic-gamma",
        "(1 - M_q)/(1 - q) >= b^2/2 + (1+q)(3-2q) b^4/24 on [0,1] x [1/2,1]: sharper than the simplified Gamma.",
        simplified_gamma.claim_2,
        Twin("with the quartic term doubled", simplified_gamma.claim_2_twin),
    ),
    _derived(
        "logistic-quadratic",
        "T_CE(t) >= t^2/2 on [0, 1].",
        simplified_gamma.claim_3,
        Twin("T_CE(t) >= 1.001 t^2/2", simplified_gamma.claim_3_twin),
    ),
    _derived(
        "simplification-loses-little",
        "dM_q/dq <= 1.4 b^2 on [0,1] x [1/2,1]: simplifying Gamma on 0 <= tau <= 1 loses at most a factor 2.8 in T.",
        simplified_gamma.claim_4,
        Twin("with 1.38", lambda: simplified_gamma.claim_4(Fraction(69, 50))),
    ),
    _recalled(
        "tight-up-to-one",
        "For 0 <= tau <= 1 and every n the published T is attained, by p = ((1+t)/2, (1-t)/2, 0, ...) and a tie.",
        attained(tight_up_to_one, SUM_EXPONENTIAL_REGRET - (1 - sp.sqrt(1 - t**2)), t=Fraction(3, 5)),
        Twin(
            "the same law attains (1 - 1/100) D_2 at tau = 0",
            fails_at(sp.Rational(99, 100) * (1 - sp.sqrt(1 - t**2)) - SUM_EXPONENTIAL_REGRET, t=Fraction(3, 5)),
        ),
    ),
    _derived(
        "not-attained-above-one",
        "For 1 < tau < 2 and n >= 3 the published T is not attained: T(1) is (n/2)^(tau-1) times it.",
        not_attained,
        Twin(
            "the published value is attained at t = 1 for tau = 3/2, n = 3",
            fails_at(2 * (sp.sqrt(1 + t**2) - 1) / sp.sqrt(3) - 2 * (1 - 1 / sp.sqrt(2)) * t, t=1),
        ),
    ),
    _derived(
        "sharp-two-label",
        "For 1 <= tau <= 3/2 the sharp T is D_2, for every n.",
        proof(two_label_sharpness).run,
        Twin(
            "the same at tau = 19/10, n = 3",
            fails_at((THREE_LABELS - AL * two_label(t, a)).subs(a, 10), t=Fraction(3, 5)),
        ),
    ),
    _derived(
        "pooled-hull",
        "For 3/2 <= tau < 2 and every n the hull of the sharp T is the hull of D_2, ..., D_n.",
        pooled_hull.evidence,
        Twin(
            "it is D_2 alone at tau = 19/10, n = 3",
            fails_at((THREE_LABELS - AL * two_label(t, a)).subs(a, 10), t=Fraction(1, 2)),
        ),
    ),
    _derived(
        "square-root-bound",
        "T_n(t) >= t^2/2 for 1 <= tau <= 2 and every n: zero-one regret <= sqrt(2 x surrogate regret).",
        square_root_bound.evidence,
        Twin("with 51/100 in place of 1/2", lambda: square_root_bound.evidence(Fraction(51, 100))),
    ),
    _derived(
        "growth-at-zero",
        "D_2(t)/t^2 tends to 1/(2^tau (2-tau)) as t -> 0, so the constant of the next claim cannot be improved.",
        growth_constant,
        Twin("at tau = 1, T(t) >= 1.01 t^2/2", fails_at(T_CE - sp.Rational(101, 200) * t**2, t=Fraction(1, 10))),
    ),
    _derived(
        "quadratic-constant-up-to-four-thirds",
        "T_n(t) >= t^2/(2^tau (2-tau)) for 0 <= tau <= 4/3 and every n.",
        square_root_bound.small_tau_evidence,
        Twin("the same at tau = 3/2", fails_at(sp.sqrt(2) * (sp.sqrt(1 + t**2) - 1) - t**2 / sp.sqrt(2), t=1)),
    ),
    _derived(
        "quadratic-constant-from-three-halves",
        "T_n(t) >= t^2 (1 - 2^(1-tau))/(tau-1) for 3/2 <= tau < 2 and every n, with equality at t = 1.",
        attained(quadratic_floor.evidence, sp.sqrt(2) * sp.sqrt(1 + t**2) - sp.sqrt(2) - (2 - sp.sqrt(2)) * t**2, t=1),
        Twin("with the constant 1 % larger", lambda: quadratic_floor.evidence(Fraction(101, 100))),
    ),
    _derived(
        "mae-hull",
        "Mean absolute error: the sharp T has vertices (1/k, 1/(k(k+1))), k = 1..n-1, and lies above t^2/(1+t).",
        concave_hull.mae_evidence,
        Twin("T >= 1.01 t^2/(1+t)", fails_at(MEAN_ABSOLUTE_LAW - sp.Rational(101, 100) * t**2 / (1 + t), t=HALF)),
    ),
    _derived(
        "mae-bound",
        "Mean absolute error: zero-one regret <= min(n b, (b + sqrt(b^2 + 4b))/2).",
        concave_hull.mae_inverse_evidence,
        Twin("zero-one regret <= sqrt(b)", fails_at(sp.sqrt(MEAN_ABSOLUTE_LAW) - t, t=HALF)),
    ),
    _derived(
        "slope-from-three",
        "For tau >= 3 the sharp T is t (1 - 2^(1-tau))/(tau-1), for every n.",
        concave_hull.slope_evidence,
        Twin("the slope is 1/(tau-1) at tau = 3", fails_at(TAU_THREE_REGRET * t - t / 2, t=1)),
    ),
    _recalled(
        "continuous-at-one",
        "The published T is continuous at tau = 1.",
        continuous_at_one,
        Twin("tau -> 1 gives t^2/2", fails_at(t**2 / 2 - T_CE, t=HALF)),
    ),
    _recalled(
        "continuous-at-two",
        "The published T is continuous at tau = 2.",
        continuous_at_two,
        Twin("tau -> 2 gives t^2/n at n = 2", fails_at(t**2 / 2 - t / 2, t=HALF)),
    ),
    _derived(
        "two-labels-agree",
        "At n = 2 published and sharp forms agree for every tau <= 2.",
        two_labels_agree,
        Twin("they agree at tau = 3", fails_at(t / 8 - TAU_THREE_REGRET * t, t=1)),
    ),
    _derived(
        "pooling",
        "The forced conditional risk of a label is the entropy of a pooled law (convex psi, complete sets).",
        proof(pooling).run,
        Twin("the same for tau = 3, p = (.4, .35, .25), label 2", fails_at(POOLED_TWIN * c, c=1)),
    ),
    _derived(
        "sampled-regrets",
        "No conditional law and scores of four labels have less surrogate regret than the sharp T at tau = 3/2.",
        conditional_regret_slack(1.5, 4),
        Twin("than 1.2 times the sharp T", conditional_regret_slack(1.5, 4, inflate=1.2)),
    ),
    _derived(
        "threshold-value",
        "At tau = 1.66298382906821319 the law (t, 0, 1-t) does not beat D_2 for t in [0.5875, 0.62], where they touch.",
        threshold.below,
        Twin("the same at tau = 1.66298382906821320", lambda: threshold.below(threshold.TAU_C[1])),
    ),
    _derived(
        "threshold",
        "For n >= 3 and 0 <= tau <= 2, T = D_2 exactly when tau <= tau_c = 1.662983829068213195...",
        threshold.evidence,
        Twin(
            "T = D_2 at tau = 17/10, n = 3",
            fails_at((THREE_LABELS - AL * two_label(t, a)).subs(a, sp.Rational(10, 3)), t=Fraction(3, 5)),
        ),
    ),
    *cross_entropy_gaps.CLAIMS,
    *cross_entropy_adversarial.CLAIMS,
)
