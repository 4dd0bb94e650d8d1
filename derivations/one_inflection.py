"""One inflection of -1/psi': the infimum over the mass of scores is at an end, so two numbers decide sharpness.

Derived here.  g = -1/psi', G its inverse, u = g(s_1) + g(s_2); the test kernel of two masses crosses once, which is
shown by an exchange of factors and needs no theorem on totally positive kernels.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import freezing
from hconsist.derivations.curves import logistic
from hconsist.derivations.links import theorem
from hconsist.derivations.undetermined import smooth
from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["INTERIOR_MASS", "build"]

STATEMENT = (
    r"Let $\psi$ be convex with $\psi' < 0$, and let $g = -1/\psi'$ be twice continuously differentiable on $(0,1)$, "
    r"$g' > 0$, $g(0+) = 0$, concave on $(0, s_0]$ and convex on $[s_0, 1)$; either may be empty. "
    r"(i) $R_\Sigma(t)$ of Theorem 2 first grows and then falls in $\Sigma$, so the transformation for every $n$ is at "
    r"least $\min(R_{0+}, R_1)$. (ii) If $\psi(s) + \log s$ has a limit at 0, then $R_{0+} = T_{CE}$. (iii) If $K(s) + "
    r"K(1-s) \ge 0$ on $(0, 1/2]$ with $K = \psi''/|\psi'| - |\psi'|$, then $R_1 \le T_{CE}$. With all three, the "
    r"transformation is the two-label curve $R_1$ for every $n$."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
eq = partial(sp.Eq, evaluate=False)
psi, G = smooth("psi"), smooth("G")
t, u, y, z, x, B, D = sp.symbols("t u y z x B D", positive=True)
e1, e2, d1, d2 = sp.symbols("e_1 e_2 d_1 d_2", nonnegative=True)
Q = sp.Rational


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_kernel(), *_exchange(), *_crossing(), *_ends(), *_second_derivatives(), *_conclusion(), _control())
    return Derivation("one_inflection", "One inflection: the mass of scores is best at an end", STATEMENT, steps)


def _kernel() -> tuple[Step, ...]:
    """The sign of dR/dSigma as the sign of an integral of G'' against a triangle."""
    right = (t - y) * u / 2 * G(u * (1 + y) / 2, 1) + G(u * (1 + y) / 2)
    left = (t - y) * u / 2 * G(u * (1 - y) / 2, 1) - G(u * (1 - y) / 2)
    gain = G(u * (1 + t) / 2) + G(u * (1 - t) / 2) - 2 * G(u / 2)
    upper = sp.UnevaluatedExpr(right.subs(y, t) - right.subs(y, 0))
    lower = sp.UnevaluatedExpr(left.subs(y, 0) - left.subs(y, t))
    place = {y: 2 * z / u - 1}
    return (
        theorem(freezing, "The sign of the derivative of R",
                text=r"$p_1 u = g_1$ and $p_2 u = g_2$ with $p_1 = (1+t)/2$, $p_2 = (1-t)/2$, $u = g_1 + g_2$, $0 < t "
                     r"< 1$. So $R$ grows with $\Sigma$ exactly where $g(\Sigma/2) \ge u/2$, that is where $\Sigma = "
                     r"G(p_1 u) + G(p_2 u) \ge 2 G(u/2)$; and $u$ grows with $\Sigma$."),
        Identity("Integration by parts, upper half", sp.Derivative(right, y),
                 (t - y) * u**2 / 4 * G(u * (1 + y) / 2, 2), text=r"From $y = 0$ to $t$."),
        Identity("Integration by parts, lower half", sp.Derivative(left, y),
                 -(t - y) * u**2 / 4 * G(u * (1 - y) / 2, 2), text=r"At $-y$."),
        Identity("The gain as an integral", upper + lower, gain,
                 text=r"The two halves. $D(u) = G(p_1 u) + G(p_2 u) - 2 G(u/2)$ is $u^2/4$ times the integral over $y$ "
                      r"of $(t - |y|)_+ G''(u(1+y)/2)$, which is $u/2$ times the integral over $z = u(1+y)/2$ of $k(z, "
                      r"u) G''(z)$, $k$ the positive part of $t - |y|$."),
        Identity("The rising branch of k", t + y, 2 * z / u - (1 - t), put=place,
                 text=r"$t - |y|$ is the smaller of $t + y$ and $t - y$."),
        Identity("The falling branch of k", t - y, (1 + t) - 2 * z / u, put=place),
    )  # fmt: skip


def _exchange() -> tuple[Step, ...]:
    """k(z, u1) k(w, u2) >= k(z, u2) k(w, u1) for z < w, u1 < u2: all choices of branches on the left."""
    c, far, steep = sp.symbols("c d A", positive=True)
    w = z + x
    up = {steep: B + y}
    rise = partial(Sign, put=up)

    def left(slope: sp.Expr, at: sp.Expr) -> sp.Expr:
        return slope * at - c

    def right(slope: sp.Expr, at: sp.Expr) -> sp.Expr:
        return far - slope * at

    bounds = {c: B * z - e1, far: (B + y) * w + e2, steep: B + y}
    return (
        rise("Exchange, both rising", ge(left(steep, z) * left(B, w), left(B, z) * left(steep, w)), form=c * x * y,
             text=r"$A = 2/u_1 > B = 2/u_2$, $c = 1-t$, $d = 1+t$, $z < w = z + x$. Claim: $k(z,u_1) k(w,u_2) \ge "
                  r"k(z,u_2) k(w,u_1)$. It is trivial where the right side is 0; otherwise $Bz > c$ and $Aw < d$, and "
                  r"all four are positive. On the right each $k$ is at most either of its branches; on the left both "
                  r"branches occur."),
        rise("Exchange, both falling", ge(right(steep, z) * right(B, w), right(B, z) * right(steep, w)),
             form=far * x * y),
        Sign("Exchange, falling and rising", ge(right(steep, z) * left(B, w), left(B, z) * right(steep, w)),
             form=steep * B * x**2 + steep * x * e1 + B * x * e2, put=bounds,
             text=r"$c = Bz - e_1$, $d = Aw + e_2$."),
        Sign("Exchange, rising and falling", ge(left(steep, z) * right(B, w), left(B, z) * right(steep, w)),
             form=y**2 * z * w + y * z * e2 + y * w * e1, put=bounds),
    )  # fmt: skip


def _crossing() -> tuple[Step, ...]:
    """Once the integral is negative it stays nonpositive."""
    k1, k2, k3, k4, ratio, bend = sp.symbols("k_1 k_2 k_3 k_4 rho G_2", nonnegative=True)
    k01, k02 = sp.Symbol("k_01", positive=True), sp.Symbol("k_02", nonnegative=True)
    first, second = sp.symbols("I_1 I_2", real=True)
    below, above = ge(k1 * k02, k2 * k01), ge(k01 * k4, k02 * k3)
    quotient, compare, negative = eq(k02, ratio * k01), le(second - ratio * first, 0), le(first, 0)
    low = Combination("Below it", ge(ratio * k1, k2), ((1 / k01, below), (-k1 / k01, quotient)))
    high = Combination("Above it", ge(k4, ratio * k3), ((1 / k01, above), (k3 / k01, quotient)))
    return (
        Given("The kernel at the inflection", (quotient, below, above),
              text=r"$z_0 = g(s_0)$; $G'' \ge 0$ below and $\le 0$ above $z_0$. $k_{01} > 0$, $k_{02}$ are $k(z_0, "
                   r"u_1)$, $k(z_0, u_2)$; $k_1$, $k_2$ are the same at some $z < z_0$, $k_3$, $k_4$ at some $z > "
                   r"z_0$. The inequalities are exchanges."),
        low, high,
        Combination("Integrand below", le((k2 - ratio * k1) * bend, 0), ((bend, low),), text=r"$G'' = G_2$."),
        Combination("Integrand above", le((k4 - ratio * k3) * (-bend), 0), ((bend, high),), text=r"$G'' = -G_2$."),
        Words("Integrated", (compare, negative),
              text=r"$I_i$ is the integral of $k(z, u_i) G''(z)$. Let $I_1 < 0$. Then $z_0$ is not above the support "
                   r"of $k(z, u_1)$, where $G'' \ge 0$ would give $I_1 \ge 0$; if it is below it, it is below that "
                   r"of $k(z, u_2)$ too and $I_2 \le 0$; else $k_{01} > 0$."),
        Combination("One sign change", le(second, 0), ((1, compare), (ratio, negative)),
                    text=r"$u_1 < u_2$ and $I_1 < 0$ give $I_2 \le 0$: $R$ grows in $\Sigma$ up to some place and "
                         r"falls from there on. So its infimum is $\min(R_{0+}, R_1)$."),
    )  # fmt: skip


def _ends() -> tuple[Step, ...]:
    a, total, p1 = sp.symbols("a Sigma p_1", positive=True)
    r0, r1, r2, delta, c = sp.symbols("r_0 r_1 r_2 delta c", real=True)
    p2, b = 1 - p1, 1 - a

    def loss(score: sp.Expr, rest: sp.Expr) -> sp.Expr:
        return -sp.log(score) + c + rest

    plain = sp.log(2) + p1 * sp.log(a) + p2 * sp.log(b)
    inside = {a: 1 / (1 + x), p1: 1 / (1 + y)}
    gain = loss(total / 2, r0) - p1 * loss(total * a, r1) - p2 * loss(total * b, r2)
    near = tuple(le(r, delta) for r in (r0, -r1, -r2))
    return (
        Identity("(ii) the gain for small scores", gain, plain + r0 - p1 * r1 - p2 * r2, put=inside,
                 text=r"$\psi(s) = -\log s + c + r(s)$, $r \to 0$ at 0; scores $a \Sigma$ and $(1-a) \Sigma$."),
        Given("(ii) small remainders", near, text=r"$|r| \le \delta$ on $(0, \Sigma]$."),
        Combination("(ii) the remainders together", le(r0 - p1 * r1 - p2 * r2, 2 * delta),
                    ((1, near[0]), (p1, near[1]), (p2, near[2])), put={p1: 1 / (1 + y)},
                    text=r"And at least $-2 \delta$ in the same way, for every $a$: $|R_\Sigma - T_{CE}| \le 2 \delta "
                         r"\to 0$, where $T_{CE}(t)$ is the largest $\log 2 + p_1 \log a + p_2 \log(1-a)$."),
    )  # fmt: skip


def _second_derivatives() -> tuple[Step, ...]:
    """R_1'' and T_CE'' at the split s, 1 - s."""
    s, g1, g2, b1, b2 = sp.symbols("s g_1 g_2 psi_1'' psi_2''", positive=True)
    first, second = sp.Function("g_1")(s), sp.Function("g_2")(s)
    gap = (first - second) / (first + second)
    rate = 2 * g1 * g2 * (g1 * b1 + g2 * b2) / (g1 + g2) ** 2
    moving = {sp.Derivative(first, s): g1**2 * b1, sp.Derivative(second, s): -(g2**2) * b2, first: g1, second: g2}
    bend = (g1 + g2) ** 3 / (4 * g1**2 * g2**2 * (g1 * b1 + g2 * b2))
    curvature = ge(g1 * b1 - 1 / g1 + g2 * b2 - 1 / g2, 0)
    room = gt(g1 * b1 + g2 * b2, 0)
    best = sp.Function("s")(t)
    value = (1 + t) / 2 * psi(best) + (1 - t) / 2 * psi(1 - best)
    balance = (1 + t) / 2 * psi(best, 1) - (1 - t) / 2 * psi(1 - best, 1)
    return (
        Identity("(iii) slope of the minimum", sp.Derivative(value, t),
                 (psi(best) - psi(1 - best)) / 2 + sp.Derivative(best, t) * balance,
                 text=r"$R_1(t) = \psi(1/2) - V(t)$; the bracket is zero at the best split $s$, $1 - s$: $V' = "
                      r"(\psi(s) - \psi(1-s))/2$, which is 0 at $t = 0$, $s = 1/2$."),
        Identity("(iii) slope of g", sp.Derivative(-1 / psi(s, 1), s), psi(s, 2) * (-1 / psi(s, 1)) ** 2,
                 text=r"$g_1 = g(s)$, $g_2 = g(1-s)$ have the derivatives $g_1^2 \psi_1''$ and $-g_2^2 \psi_2''$ in "
                      r"$s$, and $t = (g_1 - g_2)/(g_1 + g_2)$."),
        Identity("(iii) slope of t", sp.diff(gap, s).subs(moving), rate),
        Identity("(iii) second derivative of R_1", (1 / g1 + 1 / g2) / 2 / rate, bend,
                 text=r"$-V'' = (1/g_1 + 1/g_2)/2 \cdot ds/dt$."),
        Identity("(iii) second derivative of T_CE",
                 sp.Derivative(logistic(t), t, 2), 1 / (1 - t**2)),
        Identity("(iii) at this t", 1 / (1 - ((g1 - g2) / (g1 + g2)) ** 2), (g1 + g2) ** 2 / (4 * g1 * g2)),
        Given("(iii) the curvature condition", (curvature,),
              text=r"$K(s) + K(1-s) \ge 0$: $|\psi'| = 1/g$ and $\psi''/|\psi'| = g \psi''$."),
        Sign("(iii) psi is convex", room),
        Combination("(iii) the second derivatives compare", ge((g1 + g2) ** 2 / (4 * g1 * g2), bend),
                    (((g1 + g2) ** 2 / (4 * g1 * g2 * (g1 * b1 + g2 * b2)), curvature),),
                    text=r"Both curves and their first derivatives vanish at $t = 0$; integrating twice, $R_1(t) \le "
                         r"T_{CE}(t)$ for $0 \le t < 1$, and at 1 by continuity: both are convex and upper envelopes "
                         r"of affine functions."),
    )  # fmt: skip


def _conclusion() -> tuple[Step, ...]:
    curve, least, one = sp.symbols("T_n R_min R_1", real=True)
    lower, either = ge(curve, least), ge(least, one)
    return (
        Words("The smaller end", (lower, either),
              text=r"$T_n \ge R_{min} = \min(R_{0+}, R_1)$ by Theorem 2 and (i); $R_{0+} = T_{CE}$ by (ii) and $T_{CE} "
                   r"\ge R_1$ by (iii), so $R_{min}$ is $R_1$."),
        Combination("One inflection", ge(curve, one), ((1, lower), (1, either)),
                    text=r"With the two-label law (Theorem 2), $T_n = R_1$ for every $n$."),
    )  # fmt: skip


def _interior_mass() -> sp.Expr:
    """R_Sigma at s, r minus a lower bound of R_1 at the same gap, psi(s) = 1/s - 10 s: g = s^2/(1 + 10 s^2).

    ``a`` is the split at which the minimum in R_1 is replaced by a larger value.
    """
    s, r, a = sp.symbols("s r a", positive=True)
    first, second = (score**2 / (1 + 10 * score**2) for score in (s, r))
    p1, p2 = first / (first + second), second / (first + second)

    def loss(score: sp.Expr) -> sp.Expr:
        return 1 / score - 10 * score

    inner = loss((s + r) / 2) - p1 * loss(s) - p2 * loss(r)
    return inner - (loss(sp.Rational(1, 2)) - p1 * loss(a) - p2 * loss(1 - a))


INTERIOR_MASS = _interior_mass()


def _control() -> Step:
    s, r, a = sp.symbols("s r a", positive=True)
    return Refutation("Convex first, concave after: an inner mass is worse", ge(INTERIOR_MASS, 0),
                      {s: Q(3, 10), r: Q(1, 5), a: Q(13, 20)},
                      text=r"$\psi(s) = 1/s - 10 s$ has $g = s^2/(1 + 10 s^2)$, and $R_{0+} = \infty$: at scores $s$, "
                           r"$r$ that are optimal for their law, $R_{s+r}$ is below $R_1$.")  # fmt: skip
