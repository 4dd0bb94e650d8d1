"""Smooth losses: T(t) is of order t^2 from above and below, so bounds grow like a square root near zero (derived here).

The curvature of the loss near the score of a tie is between k and K; letting the neighbourhood shrink gives the exact
coefficient.  Everything is for argmax decoding (binary: the sign).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import constrained_losses, freezing, pooling
from hconsist.derivations.links import theorem
from hconsist.evidence import Evidence
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step

__all__ = ["binary_evidence", "build", "comp_sum_evidence", "constrained_evidence", "linear_core_evidence"]

STATEMENT = (
    r"Convex losses with slope $-g < 0$ at the score of a tie. Binary margin loss with $k \le \Phi'' \le K$ on "
    r"$[-r, r]$, argmax decoding: $g^2 t^2/(2K) \le T(t) \le g^2 t^2/(2k)$ for small $t$, so "
    r"$T(t)/t^2 \to \Phi'(0)^2/(2\Phi''(0))$. Constrained loss, $\Phi'$ with Lipschitz constant $K$: "
    r"$g^2 t^2/(4K) \le T_n(t)$ for all $t$ and $n$, and $\limsup T_n(t)/t^2 \le n \Phi'(0)^2/(4(n-1)\Phi''(0))$. "
    r"Comp-sum loss, $\psi'' \le K$ on $[1/(2n), 1]$, $K \ge 2n|\psi'(1/n)|$: $T_n(t) \ge \psi'(1/2)^2 t^2/(2K)$. "
    r"Without curvature at the tie the growth can be linear."
)

ge, le, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Le, sp.Eq))
g, K, k, r, t, n = sp.symbols("g K k r t n", positive=True)
x, y, d = sp.symbols("x y d", nonnegative=True)
v = sp.Symbol("v", real=True)
HALF = sp.Rational(1, 2)


def build() -> Derivation:
    """The chain for smooth losses; nothing is checked before ``run``."""
    steps = (*_binary(), *_linear_core(), *_tilted(), *_constrained(), *_comp_sum(), *_controls())
    return Derivation("square_root_growth", "Smooth losses: square-root growth", STATEMENT, steps)


def binary_evidence() -> Evidence:
    """Binary margin losses: T(t)/t^2 tends to Phi'(0)^2/(2 Phi''(0))."""
    return _part("binary-growth", *_binary())


def linear_core_evidence() -> Evidence:
    """A differentiable convex loss without curvature at 0 whose T is at least t."""
    return _part("linear-core", *_linear_core())


def constrained_evidence() -> Evidence:
    """Constrained losses: quadratic bounds on T_n from both sides."""
    return _part("constrained-smooth", *_tilted(), *_constrained())


def comp_sum_evidence() -> Evidence:
    """Comp-sum losses: a quadratic lower bound on T_n for every n."""
    return _part("comp-sum-smooth", *_comp_sum())


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of the square-root growth", STATEMENT, steps).run()


# --- binary ------------------------------------------------------------------------------------------------------


def _huber(slope: sp.Expr, text: str) -> tuple[Step, ...]:
    """Above the tangent at 0 by k v^2/2 on [-r, r], by its continuation outside."""
    here, there, edge = sp.symbols("Phi_v Phi_0 Phi_r", real=True)
    edge_value = ge(edge, there + slope * r + k * r**2 / 2)
    beyond = ge(here, edge + (slope + k * r) * d)
    return (
        Given("Beyond the neighbourhood", (edge_value, beyond),
              text=r"$\Phi'' \ge k$ on $[0, r]$: at $r$ the loss $\Phi_r$ and its slope have grown so much, and "
                   r"convexity continues them to $r + d$; to the left of 0 likewise. " + text),
        Combination("An affine continuation", ge(here, there + slope * (r + d) + k * (r * (r + d) - r**2 / 2)),
                    ((1, edge_value), (1, beyond))),
    )  # fmt: skip


def _binary() -> tuple[Step, ...]:
    risk, zero, right, left = sp.symbols("C Phi_0 Phi_u Phi_-u", real=True)
    u, low = sp.symbols("u", positive=True), sp.Symbol("w", nonnegative=True)
    down = sp.Symbol("p_-", nonnegative=True)
    up, one = down + t, 2 * down + t
    paid = eq(risk, up * right + down * left)
    smooth = (le(right, zero - g * u + K * u**2 / 2), le(left, zero + g * u + K * u**2 / 2))
    curved = (ge(right, zero - g * u + k * u**2 / 2), ge(left, zero + g * u + k * u**2 / 2))
    wrong = (ge(right, zero + g * low), ge(left, zero - g * low))
    far = sp.Symbol("a", nonnegative=True)
    return (
        Given("Binary: the risk", (paid,),
              text=r"$\Phi_u$, $\Phi_{-u}$ are $\Phi(u)$, $\Phi(-u)$ and $\Phi_0 = \Phi(0)$, $\Phi'(0) = -g$; "
                   r"$p_+ = p_- + t$, so $2 p_- + t = 1$ in all that follows."),
        Given("Binary: tangents at 0", wrong,
              text=r"A convex function lies above its tangents; here $u = -w \le 0$, the wrong side."),
        Combination("Binary: the forced risk is that of the score 0", ge(risk, one * zero),
                    ((1, paid), (up, wrong[0]), (down, wrong[1]))),
        Given("Binary: curvature at most K", smooth, text=r"For $0 \le u \le r$."),
        Combination("Binary: the risk from above", le(risk, one * zero - t * g * u + one * K * u**2 / 2),
                    ((-1, paid), (up, smooth[0]), (down, smooth[1]))),
        Identity("Binary: a good score", -t * g * u + K * u**2 / 2, -(g**2) * t**2 / (2 * K), put={u: t * g / K},
                 text=r"$u = tg/K \le r$ for small $t$: $T(t) \ge g^2 t^2/(2K)$."),
        Given("Binary: curvature at least k", curved, text=r"For $0 \le u \le r$; negative $u$ cost more (above)."),
        Combination("Binary: the risk from below", ge(risk, one * zero - t * g * u + one * k * u**2 / 2),
                    ((1, paid), (up, curved[0]), (down, curved[1]))),
        Sign("Binary: completing the square", ge(-t * g * u + k * u**2 / 2, -(g**2) * t**2 / (2 * k)),
             form=(k * u - t * g) ** 2 / (2 * k)),
        *_huber(-g, r"In the same way for both labels."),
        Sign("Binary: nothing is gained beyond", ge(-t * g * (r + d) + k * (r * (r + d) - r**2 / 2),
                                                    -t * g * r + k * r**2 / 2),
             form=d * far, put={k: (t * g + far) / r},
             text=r"$u = r + d$ and $tg \le kr$: no less than at $u = r$. So $T(t) \le g^2 t^2/(2k)$."),
        Identity("Binary: the coefficient", sp.Limit(g**2 / (2 * (k + y)), y, 0, "+"), g**2 / (2 * k),
                 text=r"If $\Phi''$ is continuous at 0, then $k$ and $K$ tend to $\Phi''(0) > 0$ as $r \to 0$."),
    )  # fmt: skip


def _linear_core() -> tuple[Step, ...]:
    u, forced = sp.symbols("u Phi_0", real=True)
    core, bend = sp.Rational(3, 2) - u, (2 - u) ** 2 / 2
    up, down = (1 + t) / 2, (1 - t) / 2
    return (
        Identity("Linear core: joined", core, bend, put={u: sp.S.One},
                 text=r"$\Phi(u) = 3/2 - u$ for $u \le 1$, $(2-u)^2/2$ on $[1, 2]$, 0 beyond: convex, nonincreasing."),
        Identity("Linear core: smoothly", sp.Derivative(core, u), sp.Derivative(bend, u), put={u: sp.S.One},
                 text=r"$\Phi'$ is continuous, with Lipschitz constant 1; $\Phi'(0) = -1$."),
        Identity("Linear core: no curvature at 0", sp.Derivative(core, u, 2), 0),
        Identity("Linear core: T(t) is at least t",
                 forced - (up * core + down * core.subs(u, -u)), t, put={forced: core.subs(u, 0), u: sp.S.One},
                 text=r"The forced risk is $\Phi(0)$; the score 1 costs $3/2 - t$."),
    )  # fmt: skip


# --- several labels ----------------------------------------------------------------------------------------------

W0, W = sp.symbols("w_0 w", positive=True)


def _tilted() -> tuple[Step, ...]:
    """Weights w_0 - t/2, w_0 + t/2, w_0, ..., scores with sum 0, one convex function f with slope g at 0."""
    weight, far = sp.Symbol("w_i", positive=True), sp.Symbol("a", nonnegative=True)
    first, second, others = sp.symbols("h_1 h_2 h_3", real=True)
    floor = t**2 * g**2 / (8 * k)
    low, high = W0 - t / 2, W0 + t / 2
    return (
        Identity("Tilted weights: the linear part", low * first + high * second + W0 * others,
                 t / 2 * (second - first), put={others: -first - second},
                 text=r"The scores sum to 0 ($h_3$: all others together)."),
        Sign("Tilted weights: one label", ge(t / 2 * g * v + weight * k * v**2 / 2, -floor / weight),
             form=(2 * weight * k * v + t * g) ** 2 / (8 * weight * k),
             text=r"$f(v) \ge f(0) + g v + k v^2/2$ on $[-r, r]$; for label 1 with $-v$. Labels with weight $w_0$ only "
                  r"add."),
        *_huber(g, r"Here $f$ with slope $g$ in place of $\Phi$."),
        Sign("Tilted weights: nothing is gained beyond",
             ge(-t / 2 * g * (r + d) + weight * k * (r * (r + d) - r**2 / 2), -t / 2 * g * r + weight * k * r**2 / 2),
             form=d * far, put={k: (t * g / 2 + far) / (weight * r)}, text=r"For $tg/2 \le w_i k r$."),
        Identity("Tilted weights: both labels", floor / low + floor / high,
                 g**2 * t**2 * W0 / (4 * k * (W0**2 - t**2 / 4)),
                 text=r"The least of $\sum w_i f(h_i)$ is at most this much below the value at equal scores."),
    )  # fmt: skip


def _constrained() -> tuple[Step, ...]:
    here, up, down = sp.symbols("f_M f_up f_down", real=True)
    slope, q1 = sp.Symbol("f'_M", nonnegative=True), sp.Symbol("q_1", positive=True)
    qj = q1 + t
    shift = sp.Symbol("v", positive=True)
    smooth = (le(up, here + slope * shift + K * shift**2 / 2), le(down, here - slope * shift + K * shift**2 / 2))
    best = t * slope / (K * (q1 + qj))
    total = t * slope * shift - (q1 + qj) * K * shift**2 / 2
    return (
        theorem(constrained_losses, "Forcing label j costs at least the pooled entropy",
                text=r"$f(h) = \Phi(-h)$, $q = 1 - p$. By this and the averaging that follows it there, the scores "
                     r"may be constant on the pool, which holds labels 1 and $j$, and largest there: both are "
                     r"$M \ge 0$, as scores sum to 0."),
        Given("Constrained: curvature at most K", smooth, text=r"At $M + v$ and $M - v$."),
        Combination("Constrained: moving label 1 up, label j down",
                    le(q1 * up + qj * down, (q1 + qj) * here - total), ((q1, smooth[0]), (qj, smooth[1]))),
        Identity("Constrained: the best move", total, t**2 * slope**2 / (2 * K * (q1 + qj)), put={shift: best}),
        Sign("Constrained: for every n", ge(t**2 * (g + y) ** 2 / (2 * K * W), t**2 * g**2 / (4 * K)),
             put={W: 2 / (1 + x)}, text=r"$f'(M) = g + y$, as $f'$ grows and $M \ge 0$; $q_1 + q_j = W \le 2$."),
        Identity("Constrained: the coefficient from above",
                 sp.Limit(g**2 * W0 / (4 * k * (W0**2 - t**2 / 4)), t, 0, "+"), n * g**2 / (4 * (n - 1) * k),
                 put={W0: (n - 1) / n},
                 text=r"Tilted weights with $w_0 = q_0 = (n-1)/n$: $q = (q_0 - t/2, q_0 + t/2, q_0, ...)$, equal "
                      r"scores 0, label 2 predicted; and $k \to \Phi''(0)$ as $r \to 0$."),
    )  # fmt: skip


def _comp_sum() -> tuple[Step, ...]:
    here, right, left, risk = sp.symbols("psi_s psi_up psi_down V", real=True)
    shift = sp.Symbol("v", positive=True)
    down = sp.Symbol("p_-", nonnegative=True)
    up, one = down + t, 2 * down + t
    smooth = (le(right, here - g * shift + K * shift**2 / 2), le(left, here + g * shift + K * shift**2 / 2))
    paid = eq(risk, up * right + down * left)
    slope = sp.Symbol("g_n", positive=True)
    return (
        theorem(pooling, "(ii) the averaged score of $j$ is maximal",
                text=r"The scores may be constant on the pool and largest there: $s_1 = s_j = s \ge 1/n$."),
        theorem(freezing, "Less mass on the pair costs more",
                text=r"So the regret is at least $R_{2s}(t)$, $s \ge 1/n$."),
        Given("Comp-sum: curvature at most K", (*smooth, paid),
              text=r"$s - v$ and $s + v$ in $[1/(2n), 1]$, $g = -\psi'(s)$; $V$ is the cost of the pair at $s + v$, "
                   r"$s - v$."),
        Combination("Comp-sum: the pair", le(risk, one * here - t * g * shift + one * K * shift**2 / 2),
                    ((-1, paid), (up, smooth[0]), (down, smooth[1])), text=r"$2 p_- + t = 1$."),
        Identity("Comp-sum: a good split", -t * g * shift + K * shift**2 / 2, -(g**2) * t**2 / (2 * K),
                 put={shift: t * g / K}),
        Sign("Comp-sum: it stays inside", ge(1 / (2 * n), t * g / K),
             put={K: 2 * n * slope + y, g: slope / (1 + d), t: 1 / (1 + x)},
             text=r"$t \le 1$, $g \le |\psi'(1/n)| = g_n$ as $\psi$ is convex, and $K \ge 2 n g_n$: $v \le 1/(2n)$."),
        Sign("Comp-sum: for every n", ge((g + y) ** 2 * t**2 / (2 * K), g**2 * t**2 / (2 * K)),
             text=r"$s \le 1/2$, so $-\psi'(s) = g + y$ with $g = -\psi'(1/2)$ from here on."),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    exponential = 1 - sp.sqrt(1 - t**2)
    return (
        Refutation("The binary coefficient cannot be raised", ge(exponential, sp.Rational(51, 100) * t**2),
                   {t: sp.Rational(1, 10)}, text=r"$\Phi(u) = e^{-u}$: $g = \Phi''(0) = 1$."),
        Refutation("Without curvature no quadratic upper bound", ge(t**2, t), {t: HALF},
                   text=r"The linear core has $T(t) \ge t$."),
    )  # fmt: skip
