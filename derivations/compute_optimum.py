"""The compute-optimal size, data and loss of L(N, D) = E + A N^-alpha + B D^-beta under C = k N D (derived here).

The closed form of the optimum is in Hoffmann et al. 2022 (recalled), the over-training form in Gadre et al. 2024 (its
formula was seen in code).  x stands for C/k throughout; u = log(N/N*) measures how far a model is from the optimum.
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.steps import Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step

__all__ = ["CRITICAL", "DATA", "FLOOR", "LOSS", "SHAPE", "SIZE", "build"]

STATEMENT = (
    r"Let $L = E + A N^{-\alpha} + B D^{-\beta}$ with $A, B, \alpha, \beta > 0$ and $C = k N D$. With $a = "
    r"\beta/(\alpha+\beta)$, $b = \alpha/(\alpha+\beta)$ and $G = (\alpha A/(\beta B))^{1/(\alpha+\beta)}$ the only "
    r"minimum is at $N^* = G (C/k)^a$, $D^* = (C/k)^b/G$, where $\alpha A N^{-\alpha} = \beta B D^{-\beta}$, and "
    r"$L^* = E + (A^\beta B^\alpha)^{1/(\alpha+\beta)} ((\alpha/\beta)^{-b} + (\alpha/\beta)^a) (C/k)^{-\alpha "
    r"\beta/(\alpha+\beta)}$. Tokens per parameter are the same at every budget exactly if $\alpha = \beta$. A model "
    r"of $k_N N^*$ parameters reaches $L^*$ with $k_D D^*$ tokens, $k_D = (1 - (\beta/\alpha)(k_N^{-\alpha} - "
    r"1))^{-1/\beta}$, and with none if $k_N \le (1 + \alpha/\beta)^{-1/\alpha}$; it takes $k_N k_D \ge 1$ times the "
    r"compute, $1 + (\alpha+\beta) u^2/2$ to second order in $u = \log k_N$."
)

ge, gt, lt, eq = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Lt, sp.Eq))
A, B, N, D, alpha, beta, x, C, k, M = sp.symbols("A B N D alpha beta x C k M", positive=True)
u, v, z, w = sp.symbols("u v z w", nonnegative=True)
more = sp.Symbol("w", positive=True)
offset = sp.Symbol("u", real=True)
TOTAL = alpha + beta
G = (alpha * A / (beta * B)) ** (1 / TOTAL)
SIZE, DATA = G * x ** (beta / TOTAL), x ** (alpha / TOTAL) / G
LOSS = A * N**-alpha + B * D**-beta
"""The loss above E."""
SHAPE = beta * sp.exp(-alpha * u) + alpha * sp.exp(beta * u)
"""(L - E)/r at N = N* e^u on one budget, with r = A N*^-alpha/beta."""
FLOOR = (A**beta * B**alpha) ** (1 / TOTAL) * ((alpha / beta) ** (-alpha / TOTAL) + (alpha / beta) ** (beta / TOTAL))
"""L* - E at C = k."""
CRITICAL = (1 + alpha / beta) ** (-1 / alpha)


def build() -> Derivation:
    """The chain for the optimum; nothing is checked before ``run``."""
    steps = (*_stationary(), *_minimum(), *_loss(), *_tokens(), *_off(), *_cost(), *_over_training(), *_controls())
    return Derivation("compute_optimum", "The compute-optimal model", STATEMENT, steps)


def _stationary() -> tuple[Step, ...]:
    return (
        Given("The law and the budget", text=r"$L = E + A N^{-\alpha} + B D^{-\beta}$, all parameters but $E$ "
                                             r"positive; $N D = x$ with $x = C/k$."),
        Identity("The budget is spent", sp.UnevaluatedExpr(SIZE) * sp.UnevaluatedExpr(DATA), x,
                 text=r"$N^* D^* = x$, as $a + b = 1$."),
        Identity("Slope in log N", N * sp.Derivative(LOSS, N), -alpha * A * N**-alpha),
        Identity("Slope in log D", D * sp.Derivative(LOSS, D), -beta * B * D**-beta,
                 text=r"Lagrange's condition on $\log N + \log D = \log x$: both slopes are equal."),
        Identity("They are equal at N*, D*", alpha * A * N**-alpha, beta * B * D**-beta, put={N: SIZE, D: DATA}),
    )  # fmt: skip


GROW = Monotone("The exponential", sp.exp(z) - 1, z)
PULL = Monotone("Both slopes", sp.exp(beta * u) - sp.exp(-alpha * u) - beta * u, u,
                derivative=beta * (sp.exp(beta * u) - 1) + alpha * sp.exp(-alpha * u),
                parts=((beta, GROW, {z: beta * u}),))  # fmt: skip
LARGER = Monotone("Larger models", SHAPE - alpha * beta**2 * u**2 / 2, u,
                  derivative=alpha * beta * (sp.exp(beta * u) - sp.exp(-alpha * u) - beta * u),
                  parts=((alpha * beta, PULL),),
                  text=r"The loss is above its value at $u = 0$ for every $u > 0$.")  # fmt: skip
_SMALLER = beta * sp.exp(alpha * v) + alpha * sp.exp(-beta * v)


def _minimum() -> tuple[Step, ...]:
    """Along the budget the loss is strictly convex in log N, and above its value at N* on both sides."""
    scale = A * SIZE**-alpha / beta
    moved = {N: SIZE * sp.exp(offset), D: DATA * sp.exp(-offset)}
    shape = SHAPE.subs(u, offset)
    bend = alpha * beta * (alpha * sp.exp(-alpha * offset) + beta * sp.exp(beta * offset))
    return (
        Identity("Along one budget", LOSS, scale * shape, put=moved,
                 text=r"$N = N^* e^u$, $D = D^* e^{-u}$, $u$ of either sign: $L - E = r (\beta e^{-\alpha u} + \alpha "
                      r"e^{\beta u})$ with $r = A N^{*-\alpha}/\beta$. The budget enters only through $r$."),
        Sign("Strictly convex in log N", gt(sp.Derivative(shape, (offset, 2)), 0), form=bend,
             text=r"So there is at most one minimum."),
        GROW, PULL, LARGER,
        Combination("Smaller models", ge(_SMALLER - alpha**2 * beta * v**2 / 2, TOTAL),
                    ((1, LARGER, {alpha: beta, beta: alpha, u: v}),),
                    text=r"$u = -v$: the same with $\alpha$ and $\beta$ exchanged. $N^*$ is the only minimum."),
    )  # fmt: skip


def _loss() -> tuple[Step, ...]:
    power = -alpha * beta / TOTAL
    return (
        Identity("The loss at the optimum", LOSS, FLOOR * x**power, put={N: SIZE, D: DATA}, text=r"$L^* - E$."),
        Identity("Its exponent", x * sp.Derivative(FLOOR * x**power, x), power * (FLOOR * x**power),
                 text=r"One percent more compute takes $\alpha \beta/(\alpha+\beta)$ percent off the excess."),
        Identity("The share of the model size", A * N**-alpha, beta / TOTAL * LOSS, put={N: SIZE, D: DATA},
                 text=r"$A N^{-\alpha}$ is the fraction $a$ of the excess, $B D^{-\beta}$ the fraction $b$."),
    )  # fmt: skip


def _tokens() -> tuple[Step, ...]:
    ratio, slope = DATA / SIZE, (alpha - beta) / TOTAL
    return (
        Identity("Tokens per parameter", ratio, (beta * B / (alpha * A)) ** (2 / TOTAL) * x**slope,
                 text=r"$D^*/N^* = G^{-2} x^{b-a}$."),
        Identity("The same at every budget if tied", ratio, (B / A) ** (1 / alpha), put={beta: alpha}),
        Sign("They grow if alpha > beta", gt(slope, 0), form=more / (2 * beta + more), put={alpha: beta + more}),
        Sign("They fall if alpha < beta", lt(slope, 0), form=more / (2 * alpha + more), put={beta: alpha + more}),
    )  # fmt: skip


_WIDTH = CRITICAL * (1 + w) ** (1 / alpha)
_ROOM = (1 + beta / alpha) * w / (1 + w)
_SIZES, _TOKENS = sp.symbols("k_N k_D", positive=True)
_EQUAL = beta * _SIZES**-alpha + alpha * _TOKENS**-beta


def _off() -> tuple[Step, ...]:
    """Other sizes at the loss of the optimum."""
    scale = A * SIZE**-alpha / beta
    wider = _WIDTH.subs(w, more)
    power = Monotone("A power of what exceeds 1", (1 + z) ** alpha, z)
    needed = 1 - beta / alpha * (_SIZES**-alpha - 1)
    return (
        Identity("Other sizes", LOSS, scale * _EQUAL, put={N: _SIZES * SIZE, D: _TOKENS * DATA},
                 text=r"$N = k_N N^*$, $D = k_D D^*$."),
        Identity("What is left for the tokens", needed, _ROOM, put={_SIZES: _WIDTH},
                 text=r"$k_N = (1 + \alpha/\beta)^{-1/\alpha} (1 + w)^{1/\alpha}$ is any size from the critical one "
                      r"on; there nothing is left."),
        Identity("Equal loss", _EQUAL, TOTAL, put={_TOKENS: _ROOM.subs(w, more) ** (-1 / beta), _SIZES: wider},
                 text=r"$k_D$ is what is left to the power $-1/\beta$."),
        power,
        Combination("No data suffice", ge(beta * _SIZES**-alpha, TOTAL), ((TOTAL, power),),
                    put={_SIZES: CRITICAL / (1 + z)},
                    text=r"At and below the critical size the model term alone is the whole excess of $L^*$."),
    )  # fmt: skip


def _cost() -> tuple[Step, ...]:
    """The compute that other sizes take at the loss of the optimum."""
    times = sp.Symbol("m", positive=True)
    equal = eq(TOTAL, _EQUAL)
    power = times ** (-alpha * beta / TOTAL)
    larger = {_SIZES: sp.exp(u) * times ** (beta / TOTAL), _TOKENS: sp.exp(-u) * times ** (alpha / TOTAL)}
    smaller = {s: e.subs(u, -v) for s, e in larger.items()}
    tokens = -sp.log(1 - beta / alpha * (sp.exp(-alpha * offset) - 1)) / beta
    return (
        Given("Equal loss, m times the compute", (equal,), text=r"$m = k_N k_D$; $k_N = e^u m^a$, $k_D = e^{-u} m^b$."),
        Combination("Larger models cost more", ge(1, power + power * alpha * beta**2 * u**2 / (2 * TOTAL)),
                    ((1 / TOTAL, equal), (power / TOTAL, LARGER)), put=larger, text=r"Hence $m \ge 1$."),
        Combination("Smaller models cost more", ge(1, power + power * alpha**2 * beta * v**2 / (2 * TOTAL)),
                    ((1 / TOTAL, equal), (power / TOTAL, LARGER, {alpha: beta, beta: alpha, u: v})), put=smaller),
        Identity("Near the optimum", sp.Limit((offset + tokens) / offset**2, offset, 0), TOTAL / 2,
                 text=r"$k_N = e^u$: $\log(k_N k_D)$ is $(\alpha+\beta) u^2/2$ to leading order."),
    )  # fmt: skip


def _over_training() -> tuple[Step, ...]:
    """One exponent; M = D/N tokens per parameter (Gadre et al. 2024)."""
    eta = alpha / 2
    spread = A * M**eta + B * M**-eta
    return (
        Identity("In compute and tokens per parameter", A * N**-alpha + B * D**-alpha,
                 k**eta * spread * C**-eta, put={N: sp.sqrt(C / (k * M)), D: sp.sqrt(C * M / k)},
                 text=r"$\beta = \alpha$, $D = M N$, $\eta = \alpha/2$: over-training changes the factor of the power "
                      r"law in $C$ and not its exponent."),
        Sign("The best factor", ge(spread, 2 * sp.sqrt(A * B)),
             form=(sp.sqrt(A) * M ** (eta / 2) - sp.sqrt(B) * M ** (-eta / 2)) ** 2,
             text=r"With equality exactly for $M = (B/A)^{1/\alpha}$, tokens per parameter of the tied optimum."),
        Identity("At the tied optimum", spread, 2 * sp.sqrt(A * B), put={M: (B / A) ** (1 / alpha)}),
    )  # fmt: skip


def _controls() -> tuple[Step, ...]:
    one, two = sp.Integer(1), sp.Integer(2)
    swapped = LOSS.subs({N: G * x ** (alpha / TOTAL), D: x ** (beta / TOTAL) / G}, simultaneous=True)
    best = LOSS.subs({N: SIZE, D: DATA}, simultaneous=True)
    at = {A: one, B: one, alpha: one, beta: two, x: sp.Integer(64)}
    return (
        Refutation("The exponents the other way round", sp.Le(swapped, best, evaluate=False), at,
                   text=r"$N = G x^b$, $D = x^a/G$ spend the budget too."),
        Refutation("Half the size is not free", sp.Le(_SIZES * (2 - 1 / _SIZES) ** (-one), 1, evaluate=False),
                   {_SIZES: sp.Rational(3, 4)}, text=r"$\alpha = \beta = 1$: $k_N k_D$ at $k_N = 3/4$."),
    )  # fmt: skip
