"""Bounds of T for three labels from numbers at single laws: duality on the simplex, chords and tangents (derived here).

What :mod:`hconsist.engine.enclosed` and :mod:`hconsist.engine.triangles` compute in balls rests on these lines.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Combination, Derivation, Given, Identity, Refutation, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"(i) For a convex, differentiable $\psi$, a law $q$ and any $s_i$ in $(0, 1]$, the entropy $H(q)$, the infimum of "
    r"$\sum q_i \psi(x_i)$ over the simplex, is at least $\sum q_i (\psi(s_i) - s_i \psi'(s_i)) + \min_i q_i "
    r"\psi'(s_i)$, with equality where $s$ is a minimiser. (ii) On a segment or triangle of laws the regret $C - H$ "
    r"is at least the least of $C(v) - \langle v, c \rangle$ over the corners $v$, $c$ being the costs of any scores, "
    r"and the point $(t, C - H)$ lies above the convex hull of those of the corners. (iii) If $f$ is convex with "
    r"gradient $g$ at $h$, and its Hessian is at least $m$ on the ball of radius $R$ around $h$ with $|g| < m R/2$, "
    r"then $\inf f \ge f(h) - |g|^2/(2m)$. (iv) If the Hessian is at least $\mathrm{diag}(m_k)$ everywhere, then "
    r"$\inf f \ge f(h) - \sum_k g_k^2/(2 m_k)$. (v) For the Fenchel-Young loss of a convex $\Omega$, "
    r"$H(q) \ge \Omega(e) - \Omega(q)$, $\Omega(e)$ the value at the corners."
)

ge, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Eq))
q, x, s, z = sp.symbols("q x s z", nonnegative=True)
value, at, slope, least = sp.symbols("psi_x psi_s d m", real=True)
TANGENT = ge(value, at + slope * (x - s))
LEAST = ge(q * slope, least)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    convex = (*_strongly_convex(), *_strongly_convex_everywhere())
    steps = (*_duality(), *_equality(), *_pieces(), *convex, *_fenchel_young(), _control())
    return Derivation("enclosing", "Enclosing the transformation of three labels", STATEMENT, steps)


def _duality() -> tuple[Step, ...]:
    risk, tangents, mass = sp.symbols("R L X", real=True)
    one = Combination("One label", ge(q * value, q * (at - s * slope) + least * x), ((q, TANGENT), (x, LEAST)))
    some = ge(risk, tangents + least * mass)
    return (
        Given("(i) psi is convex", (TANGENT,), every=(x, value, s, at, slope),
              text=r"$\psi_x = \psi(x)$ lies above the tangent at $s$; $\psi_s = \psi(s)$, $d = \psi'(s)$."),
        Given("The least product", (LEAST,), every=(q, slope),
              text=r"$m$ is the least $q_i \psi'(s_i)$ of all labels."),
        one,
        Given("Some labels", (some,), text=r"$R$, $L$ and $X$ are the sums of $q_i \psi(x_i)$, $q_i (\psi(s_i) - s_i "
                                           r"\psi'(s_i))$ and $x_i$ over these labels; for none all are 0."),
        Combination("One label more", ge(risk + q * value, tangents + q * (at - s * slope) + least * (mass + x)),
                    ((1, some), (1, one)), text=r"So by induction for all labels, where $X = 1$: $H(q) \ge L + m$."),
    )  # fmt: skip


def _equality() -> tuple[Step, ...]:
    weights = sp.symbols("q_1:4", positive=True)
    values = sp.symbols("psi_1:4", real=True)
    s1, s2 = sp.symbols("s_1 s_2", positive=True)
    scores = (s1, s2, 1 - s1 - s2)
    bound = sum(w * (v - p * least / w) for w, v, p in zip(weights, values, scores)) + least
    return (
        Identity("Equality at a minimiser", bound, sum(w * v for w, v in zip(weights, values)),
                 text=r"Three labels: in the interior all $q_i \psi'(s_i)$ are equal to $m$, and $L + m$ is the risk "
                      r"at $s$."),
    )  # fmt: skip


def _pieces() -> tuple[Step, ...]:
    forced, first, second, entropy, c1, c2, worst = sp.symbols("C C_a C_b H c_a c_b w", real=True)
    chord = ge(forced, (first + z * second) / (1 + z))
    below = ge((c1 + z * c2) / (1 + z), entropy)
    ends = (ge(first - c1, worst), ge(second - c2, worst))
    middle = ((first - c1) + z * (second - c2)) / (1 + z)
    regret = Combination("(ii) the regret lies above a chord", ge(forced - entropy, middle),
                         ((1, chord), (1, below)),
                         text=r"The gap $t$ is linear in the law, so the point $(t, C - H)$ lies above the segment "
                              r"between those of the ends.")  # fmt: skip
    return (
        Words("(ii) concave and below a linear function", (chord, below),
              text=r"At the mixture $(a + zb)/(1 + z)$ of two laws: $C$ is an infimum of linear functions of the law, "
                   r"so concave; $H$ is at most the mean of the costs $c$ of one score vector, $c_a = \langle a, c "
                   r"\rangle$. A triangle is a mixture of mixtures."),
        regret,
        Given("The worse end", ends, text=r"$w$ is at most both."),
        Combination("The least over a piece", ge(forced - entropy, worst),
                    ((1, regret), (1 / (1 + z), ends[0]), (z / (1 + z), ends[1]))),
    )  # fmt: skip


def _strongly_convex() -> tuple[Step, ...]:
    """(iii): along one direction, r the distance from h and G the length of the gradient."""
    bend, radius, r = sp.symbols("m R r", positive=True)
    length = sp.Symbol("G", nonnegative=True)
    inside, here, border = sp.symbols("f_r f f_R", real=True)
    grows = ge(inside, here - length * r + bend * r**2 / 2)
    edge, small = ge(border, here - length * radius + bend * radius**2 / 2), sp.Gt(bend * radius / 2, length)
    return (
        Given("(iii) growth inside the ball", (grows,), text=r"Taylor's formula at distance $r \le R$, $g \cdot d \ge "
                                                             r"-G r$."),
        Combination("The value inside", ge(inside, here - length**2 / (2 * bend)), ((1, grows),),
                    text=r"What is left is $(m r - G)^2/(2m)$."),
        Given("On the border", (edge, small), text=r"$r = R$, and $G = |g| < m R/2$."),
        Combination("The border is no lower", ge(border, here), ((1, edge), (radius, small)),
                    text=r"On each ray $f$ is convex and no lower at the border than at $h$, so no lower beyond it."),
    )  # fmt: skip


def _strongly_convex_everywhere() -> tuple[Step, ...]:
    """(iv): one score after the other."""
    bend = sp.Symbol("m_k", positive=True)
    move, pull, before, after = sp.symbols("d_k g_k f F", real=True)
    one = Sign("(iv) one score", ge(pull * move + bend * move**2 / 2, -(pull**2) / (2 * bend)),
               form=(bend * move + pull) ** 2 / (2 * bend))  # fmt: skip
    some = ge(after, before + pull * move + bend * move**2 / 2)
    return (
        one,
        Given("The value elsewhere", (some,),
              text=r"Taylor's formula along $d$; $f$ holds the terms of the other scores, bounded in the same way."),
        Combination("All scores", ge(after, before - pull**2 / (2 * bend)), ((1, some), (1, one))),
    )  # fmt: skip


def _fenchel_young() -> tuple[Step, ...]:
    """(v): the risk of scores h at the law q is Omega*(h) + Omega(e) - <q, h>."""
    conjugate, product, omega, corner = sp.symbols("Omega^* P Omega_q Omega_e", real=True)
    young = ge(conjugate, product - omega)
    return (
        Given("(v) a conjugate", (young,), text=r"$\Omega^*(h)$ is the largest $\langle x, h \rangle - \Omega(x)$ over "
                                                r"laws $x$, of which $q$ is one; $P = \langle q, h \rangle$."),
        Combination("The risk of any scores", ge(conjugate + corner - product, corner - omega), ((1, young),)),
    )  # fmt: skip


def _control() -> Step:
    return Refutation("Not for a concave psi", ge((1 - x**2) / 2, (1 - s**2) / 2 + s**2 - s),
                      {x: sp.S.One, s: sp.Rational(1, 2)},
                      text=r"$\psi(s) = (1 - s^2)/2$, one label: $H = \psi(1) = 0$, and the tangent at $1/2$ gives "
                           r"$1/8$.")  # fmt: skip
