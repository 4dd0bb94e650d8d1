"""Radii in closed form: two classes; three equally spaced slopes; families in which K is a symbol.

The zeros of F in s = e^(ht) are roots of a polynomial, and those in t their logarithms.  Source for two classes: Sao
2026, Theorem 4.3 (text seen); the others are derived here.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import softmax_zeros
from hconsist.derivations.links import proof
from hconsist.evidence import Evidence
from hconsist.steps import Checked, Cited, Combination, Derivation, Given, Identity, Refutation, Sign, Step

__all__ = ["build", "families_evidence", "two_classes_evidence"]

STATEMENT = (
    r"Two classes, margin $\delta = z_1 - z_2$ and slopes $\Delta$ apart: the zeros are "
    r"$(\delta + i \pi(2k+1))/\Delta$ and $\rho^* = (\delta^2 + \pi^2)^{1/2}/\Delta$. Weights $w_0, w_1, w_2$ at "
    r"slopes $0, h, 2h$, $\Lambda = \log(w_0/w_2)$: if $w_1^2 < 4 w_0 w_2$, $(h \rho^*)^2 = \Lambda^2/4 + \theta^2$ "
    r"with $\cos(\theta) = -w_1/(2 (w_0 w_2)^{1/2})$; if $w_1^2 > 4 w_0 w_2$, $(h \rho^*)^2 = (|\Lambda|/2 - v)^2 + "
    r"\pi^2$ with $\cosh v = w_1/(2 (w_0 w_2)^{1/2})$; between them a double zero. $K$ equal weights on equally "
    r"spaced slopes with spread $\Delta$: $\rho^* = 2\pi(K-1)/(K\Delta)$; binomial weights: $(K-1)\pi/\Delta$."
)

ge, gt, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le, sp.Eq))
pi = sp.pi
w0, w1, w2, h, D = sp.symbols("w_0 w_1 w_2 h Delta", positive=True)
delta, theta, lam = sp.symbols("delta theta Lambda", real=True)
v, x, y, j = sp.symbols("v x y j", nonnegative=True)
k = sp.Symbol("k", integer=True)
n = sp.Symbol("n", integer=True, nonnegative=True)
K = sp.Symbol("K", integer=True, positive=True)
t, s, real, imaginary = sp.symbols("t s u y_k")
ODD = pi * (2 * k + 1)


def build() -> Derivation:
    """The chain for all closed forms; nothing is checked before ``run``."""
    steps = (*_radius(), *_two(), *_complex(), *_negative(), *_double(), *_spaced(), *_binomial(), _control())
    return Derivation("closed_form_radii", "Radii in closed form", STATEMENT, steps)


def two_classes_evidence() -> Evidence:
    """rho* = sqrt(delta^2 + pi^2)/Delta for two classes."""
    return _part("two-classes", *_radius(), *_two())


def families_evidence() -> Evidence:
    """Equal and binomial weights on equally spaced slopes."""
    return _part("families", *_radius(), *_spaced(), *_binomial())


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of the closed forms", STATEMENT, steps).run()


def _radius() -> tuple[Step, ...]:
    return (
        Checked("The radius is the nearest zero", (eq(sp.Symbol("rho"), sp.Symbol("rho_0")),), _nearest,
                method="derivation softmax_zeros", text=r"$\rho_0$ is the least $|t|$ with $F(t) = 0$."),
        Cited("The complex logarithm", "Conway, Functions of One Complex Variable I, III.2",
              text=r"$e^t = s$, $s \ne 0$, exactly for $t = \log|s| + i(\arg s + 2\pi k)$, $k$ an integer."),
        Identity("Moduli", (real + sp.I * imaginary) * (real - sp.I * imaginary), real**2 + imaginary**2,
                 text=r"$|t|^2$ for $t = u + i y_k$."),
    )  # fmt: skip


def _nearest(shown: sp.Basic) -> Evidence:
    return proof(softmax_zeros).run()


def _two() -> tuple[Step, ...]:
    return (
        Identity("Two classes: the zeros", w1 + w2 * sp.exp(D * t), 0, put={t: (sp.log(w1 / w2) + sp.I * ODD) / D},
                 text=r"$F(t) = e^{a_1 t}(w_1 + w_2 e^{\Delta t})$ with $\Delta = a_2 - a_1 > 0$ (else exchange the "
                      r"classes) vanishes exactly where $\Delta t$ is a logarithm of $-w_1/w_2$; $\delta = "
                      r"\log(w_1/w_2)$."),
        Identity("Their moduli", (delta + sp.I * ODD) / D * (delta - sp.I * ODD) / D, (delta**2 + ODD**2) / D**2),
        Sign("The least above the axis", ge((2 * n + 1) ** 2, 1), form=4 * n * (n + 1)),
        Identity("and below it", (2 * k + 1) ** 2, (2 * n + 1) ** 2, put={k: -1 - n},
                 text=r"So $k = 0$ and $k = -1$ are the nearest."),
        Sign("Two classes: the radius", ge((delta**2 + (pi * (2 * n + 1)) ** 2) / D**2, (delta**2 + pi**2) / D**2),
             form=4 * pi**2 * n * (n + 1) / D**2),
    )  # fmt: skip


def _complex() -> tuple[Step, ...]:
    root = sp.sqrt(w0 / w2) * sp.exp(sp.I * theta)
    middle = -sp.sqrt(w0 * w2) * (sp.exp(sp.I * theta) + sp.exp(-sp.I * theta))
    inside = {theta: pi / (1 + x)}
    return (
        Given("Three slopes 0, h, 2h", text=r"$F = w_0 + w_1 s + w_2 s^2$ with $s = e^{ht}$; zeros are the logarithms "
                                            r"of both roots, over $h$. First case: $w_1^2 < 4 w_0 w_2$, $0 < \theta "
                                            r"< \pi$ with $\cos(\theta) = -w_1/(2 (w_0 w_2)^{1/2})$."),
        Identity("Euler", (sp.exp(sp.I * theta) + sp.exp(-sp.I * theta)) / 2, sp.cos(theta)),
        Identity("Complex roots", w0 + w1 * root + w2 * root**2, 0, put={w1: middle},
                 text=r"$w_1 = -2 (w_0 w_2)^{1/2} \cos(\theta)$; the other root is the conjugate, $-\theta$."),
        Sign("Complex roots: the least angle, upwards", ge((theta + 2 * pi * n) ** 2, theta**2),
             form=4 * pi * n * (pi * n + theta), put=inside),
        Sign("and downwards", ge((theta - 2 * pi * (n + 1)) ** 2, theta**2),
             form=4 * pi * (n + 1) * (pi * n + pi - theta), put=inside,
             text=r"$|ht|^2 = \Lambda^2/4 + (\theta + 2\pi k)^2$ is least at $k = 0$."),
    )  # fmt: skip


def _negative() -> tuple[Step, ...]:
    root = -sp.sqrt(w0 / w2) * sp.exp(v)
    return (
        Identity("Negative roots", w0 + w1 * root + w2 * root**2, 0,
                 put={w1: sp.sqrt(w0 * w2) * (sp.exp(v) + sp.exp(-v))},
                 text=r"Second case: $w_1 = 2 (w_0 w_2)^{1/2} \cosh v$, $v > 0$; the other root has $-v$ in the "
                      r"place of $v$. Then $ht = \Lambda/2 + v + i \pi(2k+1)$, and $k = 0$ is the nearest as before."),
        Sign("Negative roots: the nearer one", ge((lam / 2 + v) ** 2, (lam / 2 - v) ** 2), form=2 * x * v,
             put={lam: x}, text=r"For $\Lambda \ge 0$; for $\Lambda \le 0$ the signs are exchanged."),
    )  # fmt: skip


def _double() -> tuple[Step, ...]:
    square = {w1: 2 * sp.sqrt(w0 * w2)}
    return (
        Identity("A double root", w0 + w1 * s + w2 * s**2, (sp.sqrt(w0) + sp.sqrt(w2) * s) ** 2, put=square,
                 text=r"$w_1^2 = 4 w_0 w_2$: both formulas agree, with $\theta = \pi$ and $v = 0$."),
    )  # fmt: skip


def _spaced() -> tuple[Step, ...]:
    before = sp.Symbol("S_K")
    hypothesis = eq((s - 1) * before, s**K - 1)
    return (
        Given("Equal weights: the sum of K powers", (hypothesis,),
              text=r"$S_K = 1 + s + ... + s^{K-1}$; for $K = 1$ it is 1."),
        Combination("and of K + 1", eq((s - 1) * (before + s**K), s ** (K + 1) - 1), ((1, hypothesis),),
                    text=r"So $S_K$ vanishes exactly at the $K$-th roots of 1 other than 1."),
        Identity("Roots of 1", sp.exp(K * h * t), 1, put={t: 2 * pi * sp.I * k / (K * h)},
                 text=r"$t = 2\pi i k/(Kh)$, $k$ not a multiple of $K$; the nearest has $k = \pm 1$."),
        Identity("Equal weights: the radius", 2 * pi / (K * h), 2 * pi * (K - 1) / (K * D), put={h: D / (K - 1)},
                 text=r"$\Delta = (K-1) h$, $K \ge 2$."),
    )  # fmt: skip


def _binomial() -> tuple[Step, ...]:
    return (
        Cited("Binomial theorem", "Newton",
              text=r"Weights $(K-1)!/(j! (K-1-j)!)$ on slopes $jh$: $F = (1 + e^{ht})^{K-1}$."),
        Identity("A zero of order K - 1", 1 + sp.exp(h * t), 0, put={t: sp.I * ODD / h}),
        Identity("Binomial weights: the radius", pi / h, (K - 1) * pi / D, put={h: D / (K - 1)},
                 text=r"$K - 1$ times the bound $\pi/\Delta$."),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("The margin counts", ge(pi**2, delta**2 + pi**2), {delta: sp.S.One},
                      text=r"Two classes of margin 1 have a larger radius than balanced ones.")  # fmt: skip
