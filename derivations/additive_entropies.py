"""Losses whose entropy is a sum of eta(p_i): sparsemax, alpha-entmax and one-versus-all logistic (derived here).

c = (p_1 + p_j)/2, h = t/2, and the pair gap is G(c) = 2 eta(c) - eta(c+h) - eta(c-h).
"""

from __future__ import annotations

from functools import partial

import sympy as sp

from hconsist.derivations import pair_bound, two_label_sharpness
from hconsist.derivations.links import theorem
from hconsist.derivations.undetermined import smooth
from hconsist.evidence import Evidence
from hconsist.steps import Cited, Combination, Derivation, Given, Identity, Monotone, Refutation, Sign, Step

__all__ = ["build", "entmax_evidence", "logistic_evidence", "many_labels_evidence", "sparsemax_evidence"]

STATEMENT = (
    r"Let the least conditional risk be $H(p) = \sum \eta(p_i)$ and the loss nonincreasing in the label's own score. "
    r"If $\eta'(c+h) + \eta'(c-h) \ge 2 \eta'(c)$ for $h \le c \le 1/2$ and a tie of two labels attains $2 \eta(1/2)$, "
    r"then for every $n$ the transformation is $T(t) = 2 \eta(1/2) - \eta((1+t)/2) - \eta((1-t)/2)$. Sparsemax: "
    r"$t^2/4$. $\alpha$-entmax, $1 < \alpha \le 2$: $((1+t)^\alpha + (1-t)^\alpha - 2)/(2^\alpha \alpha (\alpha-1))$. "
    r"One-versus-all logistic: $2 T_{CE}$. $\alpha$-entmax with $\alpha \ge 2$ depends on $n$: "
    r"$((1-(n-1)t)_+/n)^{\alpha-2} \le 4 T_n(t)/t^2$ for all $t$, and $4 T_n(t)/t^2 \le (1/n + t/2)^{\alpha-2}$ for $t "
    r"\le 2/n$."
)

ge, gt, le = (partial(kind, evaluate=False) for kind in (sp.Ge, sp.Gt, sp.Le))
c, t, p, y, z, e = sp.symbols("c t p y z e", positive=True)
h, v, x, w = sp.symbols("h v x w", nonnegative=True)
eta = smooth("eta")
HALF = sp.Rational(1, 2)


def pair_gap(function, centre: sp.Expr, width: sp.Expr) -> sp.Expr:
    """2 eta(c) - eta(c+h) - eta(c-h)."""
    return 2 * function(centre) - function(centre + width) - function(centre - width)


def tsallis(order: sp.Expr):
    """eta of alpha-entmax, alpha = 1 + order: (p - p^alpha)/(alpha (alpha - 1))."""
    return lambda probability: (probability - probability ** (1 + order)) / ((1 + order) * order)


def build() -> Derivation:
    """The chain; nothing is checked before ``run``."""
    steps = (*_general(), *_fenchel(), *_sparsemax(), *_entmax(), *_logistic(), *_many_labels(), _control())
    return Derivation("additive_entropies", "Additive entropies: sparsemax, entmax, one-versus-all", STATEMENT, steps)


def sparsemax_evidence() -> Evidence:
    """T = t^2/4 for every n."""
    return _part("sparsemax", *_general(), *_fenchel(), *_sparsemax())


def entmax_evidence() -> Evidence:
    """The closed form for 1 < alpha <= 2 and every n."""
    return _part("entmax", *_general(), *_fenchel(), *_entmax())


def logistic_evidence() -> Evidence:
    """One-versus-all logistic: 2 T_CE for every n."""
    return _part("one_versus_all", *_general(), *_logistic())


def many_labels_evidence() -> Evidence:
    """alpha >= 2: T_n between two multiples of t^2/4 that tend to n^(2 - alpha) t^2/4."""
    return _part("entmax_many_labels", *_general(), *_fenchel(), *_many_labels())


def _part(name: str, *steps: Step) -> Evidence:
    return Derivation(name, "Part of the derivation additive_entropies", STATEMENT, steps).run()


def _general() -> tuple[Step, ...]:
    first, second, middle = sp.symbols("eta_1' eta_2' eta_m'", real=True)
    own = sp.Symbol("l_1", real=True)
    convex = ge(first + second, 2 * middle)
    pooled, before = (sp.UnevaluatedExpr(e + p) for e in (2 * eta(c), eta(c + h) + eta(c - h)))
    return (
        theorem(pair_bound, "Pair bound", text=r"$C \ge H(q)$ where $p_1$, $p_j$ are replaced by their mean $c$."),
        Identity("The pair gap", pooled - before, pair_gap(eta, c, h),
                 text=r"The regret is at least $H(q) - H(p) = G(c)$ with $p_1 = c + h$, $p_j = c - h$; $p$ here is the "
                      r"sum over the other labels."),
        Identity("Its slope in c", sp.Derivative(pair_gap(eta, c, h), c),
                 2 * eta(c, 1) - eta(c + h, 1) - eta(c - h, 1)),
        Given("Condition on the entropy", (convex,), text=r"$\eta'$ at $c+h$, $c-h$ and $c$, $h \le c \le 1/2$."),
        Combination("The pair gap falls in c", le(2 * middle - first - second, 0), ((1, convex),),
                    text=r"$2c = p_1 + p_j \le 1$, so $G(c) \ge G(1/2)$: the transformation is at least $T$."),
        Identity("The two-label law", (1 + t) / 2 * own + (1 - t) / 2 * own, HALF * own + HALF * own,
                 text=r"$p = ((1+t)/2, (1-t)/2, 0, ...)$: where labels 1 and 2 tie, their losses are equal and $p$ "
                      r"costs what $q = (1/2, 1/2, 0, ...)$ costs. If such scores, on top of all others, reach $H(q) = "
                      r"2 \eta(1/2)$ or come close, the regret of label 2 is at most $G(1/2)$: with $\eta(0) = 0$, "
                      r"$T_n = T$."),
    )  # fmt: skip


def _fenchel() -> tuple[Step, ...]:
    """Fenchel-Young losses: the entropy is reached, and the loss falls in the own score."""
    score, other, omega = sp.symbols("h_i h_k Omega", real=True)
    order = sp.Symbol("a", positive=True)  # alpha - 1
    eta_ = tsallis(order)
    return (
        Given("Fenchel-Young losses", text=r"$l_i(h) = \Omega^*(h) - h_i$ with $\Omega(p) = -\sum \eta(p_i)$ convex on "
              r"the simplex, $\Omega^*(h) = \max_q (q \cdot h - \Omega(q))$; the score set is complete."),
        Sign("They fall in the own score", ge(omega - score, omega - other), form=v, put={other: score + v},
                 text=r"$h_i \le h_k$ gives $l_i \ge l_k$: the hypothesis of the pair bound, which needs no minimum."),
        Cited("Least cost", "Fenchel's inequality",
              text=r"$C(p,h) = \Omega^*(h) - p \cdot h \ge -\Omega(p)$, with equality where $h$ is the gradient of "
                   r"$\Omega$ at $p$: there the concave function $q \cdot h - \Omega(q)$ is largest at $q = p$. For "
                   r"entmax the gradient is finite at every law, so the minimum is attained."),
        Identity("Scores of entmax", -sp.Derivative(eta_(p), p), p**order / order - 1 / ((1 + order) * order),
                 text=r"$\alpha = 1 + a$; the last term is the same for all labels. The scores of $(1/2, 1/2, 0, ...)$ "
                      r"tie labels 1 and 2 on top."),
        Sign("Omega is convex", ge(-sp.Derivative(eta_(p), p, 2), 0), form=p ** (order - 1)),
        Identity("eta vanishes at 0", sp.Limit(eta_(p), p, 0, "+"), 0),
    )  # fmt: skip


def _sparsemax() -> tuple[Step, ...]:
    eta_ = tsallis(sp.S.One)
    return (
        Identity("Sparsemax, slopes", sp.Derivative(eta_(c + h) + eta_(c - h) - 2 * eta_(c), c), 0,
                 text=r"$\alpha = 2$, $\eta = (p - p^2)/2$: the condition holds with equality."),
        Identity("Sparsemax", pair_gap(eta_, HALF, t / 2), t**2 / 4),
    )  # fmt: skip


def _entmax() -> tuple[Step, ...]:
    eta_, u = tsallis(e), sp.Symbol("u", nonnegative=True)
    upto, d = {e: 1 / (1 + w)}, sp.Symbol("d", positive=True)
    slopes = sp.Derivative(eta_(d + u) + eta_(d - u) - 2 * eta_(d), d)
    concave = theorem(two_label_sharpness, "Concavity of the power e, at a midpoint",
                      text=r"$e = \alpha - 1 \le 1$.")  # fmt: skip
    return (
        concave,
        Identity("Entmax, slopes", slopes, (2 * d**e - (d + u) ** e - (d - u) ** e) / e, put=upto | {d: c + u},
                 text=r"$d$ stands for $c$ and $u$ for $h$: by the line before the condition holds for $\alpha \le "
                      r"2$."),
        Identity("Entmax", 2 * eta_(HALF) - eta_(p / 2) - eta_(y / 2),
                 (p ** (1 + e) + y ** (1 + e) - 2) / (2 ** (1 + e) * (1 + e) * e) + (2 - p - y) / (2 * (1 + e) * e),
                 text=r"$p = 1 + t$ and $y = 1 - t$, so the last term vanishes."),
    )  # fmt: skip


def _logistic() -> tuple[Step, ...]:
    """l_i = log(1 + exp(-h_i)) + sum over k != i of log(1 + exp(h_k))."""
    score, other, rest = sp.symbols("h_i h_k S", real=True)

    def entropy(probability: sp.Expr) -> sp.Expr:
        return -probability * sp.log(probability) - (1 - probability) * sp.log(1 - probability)

    def slope(probability: sp.Expr) -> sp.Expr:
        return sp.log(1 - probability) - sp.log(probability)

    inside = {p: 1 / (1 + y)}
    product = ((1 - c) ** 2 - h**2) * c**2 - (1 - c) ** 2 * (c**2 - h**2)
    curve = 2 * ((1 + t) * sp.log(1 + t) + (1 - t) * sp.log(1 - t)) / 2
    return (
        Identity("One-versus-all as a sum less the own score", sp.log(1 + sp.exp(-score)),
                 sp.log(1 + sp.exp(score)) - score,
                 text=r"$l_i(h) = S - h_i$ with $S = \sum \log(1 + e^{h_k})$."),
        Sign("It falls in the own score", ge(rest - score, rest - other), form=v, put={other: score + v}),
        Identity("The best score of one label", sp.diff(sp.log(1 + sp.exp(score)) - p * score, score).subs(
                 score, sp.log(p / (1 - p))), 0, put=inside),
        Identity("Its least cost", sp.log(1 + p / (1 - p)) - p * sp.log(p / (1 - p)), entropy(p), put=inside,
                 text=r"A convex function of the score, so $H(p) = \sum \eta(p_i)$, in the limit where $p_i$ is 0 or "
                      r"1: $\eta(0) = 0$. Scores 0 for labels 1 and 2, $-M$ for the others, $M \to \infty$, reach "
                      r"$2 \eta(1/2)$."),
        Identity("Slope of its eta", sp.Derivative(entropy(p), p), slope(p), put=inside),
        Sign("Its condition", ge(product, 0), form=h**2 * (1 - 2 * c), put={c: 1 / (2 + x)},
             text=r"$\eta'(c+h) + \eta'(c-h) - 2 \eta'(c)$ is the logarithm of $((1-c)^2 - h^2) c^2/((1-c)^2 (c^2 - "
                  r"h^2))$; $c \le 1/2$ enters here."),
        Identity("One-versus-all logistic", pair_gap(entropy, HALF, t / 2), curve, put={t: 1 / (1 + y)}),
    )  # fmt: skip


def _many_labels() -> tuple[Step, ...]:
    """alpha = 2 + x: the pair gap above and below by powers of p_1 and p_j."""
    alpha = 2 + x
    n, b, d, top, first, own, others = sp.symbols("n b d a p_1 p_j O", positive=True)
    power = Monotone("A power increases", (b + h) ** x, h)
    below = Monotone("Growth of a power, from below", (b + h) ** (1 + x) - b ** (1 + x) - (1 + x) * b**x * h, h,
                     parts=((1 + x, power),))  # fmt: skip
    above = Monotone("Growth of a power, from above", (1 + x) * d**x * h - d ** (1 + x) + (d - h) ** (1 + x), h,
                     parts=((1 + x, power),), put={d: b + h})  # fmt: skip
    low = (b + 2 * h) ** alpha + b**alpha - 2 * (b + h) ** alpha
    high = top**alpha + (top - 2 * h) ** alpha - 2 * (top - h) ** alpha
    factor = alpha * (1 + x)
    mass, cap = sp.Eq(others + first + own, 1, evaluate=False), le(others, (n - 2) * first)
    limit = sp.Limit((1 / n + t / 2) ** x, t, 0, "+")
    return (
        power, below, above,
        Monotone("Pair gap, from below", low - factor * b**x * h**2, h,
                 parts=((2 * alpha, below, {b: b + h}), (2 * alpha * (1 + x) * h, power)),
                 text=r"$\alpha = 2 + x$, $p_j = b$, $p_1 = b + 2h$: $\alpha(\alpha-1) G$ is at least $\alpha "
                      r"(\alpha-1) p_j^{\alpha-2} h^2$, and $h^2 = t^2/4$."),
        Monotone("Pair gap, from above", factor * top**x * h**2 - high, h,
                 parts=((2 * alpha, above, {b: b, h: h}), (2 * alpha * (1 + x) * h, power, {b: b + h})),
                 put={top: b + 2 * h}, text=r"The same with $p_1 = a$: at most $p_1^{\alpha-2} h^2$."),
        Given("Masses", (mass, cap), text=r"$O$ is the mass of the $n - 2$ other labels; $p_1$ is the largest entry."),
        Combination("The least probability", ge(n * own, 1 - (n - 1) * (first - own)), ((1, mass), (1, cap)),
                    text=r"$p_j \ge (1 - (n-1)t)/n$: the lower bound, which is 0 where this is negative."),
        Identity("Regret at equal scores",
                 n * eta(1 / n) - ((n - 2) * eta(1 / n) + eta(1 / n + t / 2) + eta(1 / n - t / 2)),
                 pair_gap(eta, 1 / n, t / 2),
                 text=r"$p = (1/n + t/2, 1/n - t/2, 1/n, ..., 1/n)$, $t \le 2/n$, and equal scores, which are the best "
                      r"for the uniform law: the upper bound."),
        Identity("Their common limit", limit, n ** (-x), text=r"So $T_n(t)/t^2 \to n^{2-\alpha}/4$ as $t \to 0$."),
        Identity("alpha = 3", n ** (-x) / 4, 1 / (4 * n), put={x: sp.S.One},
                 text=r"1/8, 1/12, 1/20 for $n = 2, 3, 5$."),
    )  # fmt: skip


def _control() -> Step:
    """The two-label form fails for alpha = 3: law (1/3 + t/2, 1/3 - t/2, 1/3), equal scores."""
    cubic = tsallis(sp.Integer(2))
    return Refutation("The two-label form fails at alpha = 3",
                      ge(pair_gap(cubic, sp.Rational(1, 3), t / 2), pair_gap(cubic, HALF, t / 2)),
                      {t: sp.Rational(1, 2)}, text=r"$n = 3$.")  # fmt: skip
