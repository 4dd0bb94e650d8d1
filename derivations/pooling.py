"""Theorem 1, pooling: what forcing a label to the top costs is the generalized entropy of a pooled law (derived here).

Sums over labels are closed term by term or by induction on their number k, so k stays a symbol.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import sympy as sp

from hconsist.evidence import Evidence, Level, Verdict
from hconsist.steps import Checked, Combination, Derivation, Given, Identity, Sign, Step, Words

__all__ = ["build"]

STATEMENT = (
    r"Let $C(p,s)$ be the sum of $p_i \psi(s_i)$, $H(p)$ its infimum over admissible $s$, $C_j(p)$ its infimum over "
    r"those with $s_j$ maximal, and $p^A$ the law $p$ with the entries of the pool $A$ replaced by their mean. (i) "
    r"For every nonincreasing $\psi$: $C_j(p) \ge H(p^A)$. (ii) Equality if $\psi$ is convex and the admissible set "
    r"is convex and permutation-symmetric. (iii) Requiring $s_j$ strictly maximal changes no infimum, if some "
    r"non-uniform admissible point has finite $C$ at its permutations."
)

POOL = (
    r"$A$ starts with {$j$}; the other labels are taken by decreasing $p_i$, and label $i$ enters while $p_i$ exceeds "
    r"the mean over the current $A$."
)


def build() -> Derivation:
    """The chain for Theorem 1; nothing is checked before ``run``."""
    steps = (*_pool(), *_lower_bound(), *_rearrangement(), *_averaging(), *_strictness(), _control())
    return Derivation("pooling", "Theorem 1: pooling", STATEMENT, steps)


def _pool() -> tuple[Step, ...]:
    m, w, x, k = sp.symbols("m w x k", positive=True)
    later = (k * m + m + w) / (k + 1)
    return (
        Given("The pool", text=POOL),
        Sign("An entrant raises the mean", sp.Gt(later, m), form=w / (k + 1),
             text=r"$k$ labels with mean $m$; the entrant has $p_i = m + w$."),
        Sign("An entrant stays above the new mean", sp.Gt(m + w, later), form=k * w / (k + 1),
             text=r"By induction every member other than $j$ exceeds the final mean: earlier entrants are at least as "
                  r"large as this one. Where the pool stops, the first label left out is at most the mean, and the "
                  r"later ones are smaller still."),
        Sign("Earlier entrants too", sp.Gt(m + w + x, later), form=k * w / (k + 1) + x,
             text=r"An earlier entrant is $m + w + x$ (for $x = 0$ this is the line before)."),
        _cancel("Deviations from the mean sum to zero", sp.S.One,
                r"$k$ labels in the pool with mean $m$: label $j$ and others whose $p_i$ sum to $O$."),
    )  # fmt: skip


def _cancel(title: str, value: sp.Expr, text: str) -> Step:
    """The deviations of a pool from its mean, all multiplied by the same value, sum to zero."""
    own, others, mean, size = sp.symbols("p_j O m k", positive=True)
    deviations = value * (own - mean) + value * (others - (size - 1) * mean)
    return Identity(title, deviations, 0, put={mean: (own + others) / size}, text=text)


def _lower_bound() -> tuple[Step, ...]:
    rest, entropy = sp.symbols("D_A H", real=True)
    weights = sp.symbols("w_1:4", positive=True)
    gains = sp.symbols("v_1:4", nonnegative=True)
    top = sp.Symbol("psi_j", real=True)
    positive, gain = sp.Symbol("w", positive=True), sp.Symbol("v", nonnegative=True)
    cost, pooled = sp.symbols("C C_A", real=True)
    difference, definition = sp.Eq(cost - pooled, rest, evaluate=False), sp.Ge(pooled, entropy)
    nonnegative = sp.Ge(rest, 0)
    spelt = tuple(
        Sign(f"The same with {k} labels in the pool",
             sp.Ge(sum(w * (top + v) for w, v in zip(weights[: k - 1], gains)) - sum(weights[: k - 1]) * top, 0),
             form=sum(w * v for w, v in zip(weights[: k - 1], gains)),
             text=r"Label $j$ itself has the deviation $-w_1 - w_2 - ...$")
        for k in (2, 3, 4)
    )  # fmt: skip
    return (
        Sign("(i) one label of the pool", sp.Ge(positive * (top + gain) - positive * top, 0), form=positive * gain,
             text=r"Let $s_j$ be maximal, so that $\psi(s_i) = \psi(s_j) + v$ with $v \ge 0$, and $p_i$ exceed the "
                  r"mean by $w$. If $\psi(s_i)$ is infinite for one of these labels then $C(p,s)$ is infinite, as "
                  r"$p_i > 0$, and nothing is to be shown."),
        _cancel("(i) the subtracted terms cancel", top, r"What was subtracted, summed over the pool, $j$ included."),
        *spelt,
        Words("(i) cost on the two laws", (difference, definition, nonnegative),
              text=r"$C$ stands for $C(p,s)$, $C_A$ for $C(p^A,s)$ and $D_A$ for the sum over the pool of the "
                   r"deviation times $\psi(s_i)$, nonnegative by the lines before; $H$ is $H(p^A)$, an infimum."),
        Combination("(i) lower bound", sp.Ge(cost, entropy), ((1, difference), (1, definition), (1, nonnegative)),
                    text=r"For every admissible $s$ with $s_j$ maximal; taking the infimum, $C_j(p) \ge H(p^A)$."),
    )  # fmt: skip


def _rearrangement() -> tuple[Step, ...]:
    q, low = sp.symbols("q_2 psi_2", real=True)
    x, v = sp.symbols("x v", nonnegative=True)
    larger, higher = q + x, low + v
    return (
        Sign("(ii) rearrangement, one exchange",
             sp.Ge(larger * higher + q * low, larger * low + q * higher), form=x * v,
             text=r"$\psi$ nonincreasing. If $q_1 \ge q_2$ but $s_1 \le s_2$, exchanging $s_1$ and $s_2$ does not "
                  r"increase $C(q,s)$. Finitely many exchanges order $s$ like $q = p^A$, labels of $A$ first among "
                  r"ties: $p^A$ is maximal on $A$, since the labels left out are at most the mean."),
    )  # fmt: skip


def _averaging() -> tuple[Step, ...]:
    k = sp.Symbol("k", integer=True, positive=True)
    total, one, mean, new = sp.symbols("Psi_k psi_new psi_k psi_next", real=True)
    hypothesis, convex = sp.Ge(total, k * mean), sp.Le(new, (k * mean + one) / (k + 1))
    e, x, w = sp.symbols("e x w", nonnegative=True)
    cj, after, pooled, before = sp.symbols("C_j C_1 C_2 C_3", real=True)
    chain = (sp.Le(cj, after), sp.Eq(after, pooled, evaluate=False), sp.Le(pooled, before))
    return (
        Given("(ii) averaging over the pool, induction hypothesis and convexity", (hypothesis, convex),
              text=r"$\Psi_k$ is the sum of $\psi$ over $k$ scores, $\psi_k$ is $\psi$ at their mean; for $k = 1$ both "
                   r"agree. $\psi_{next}$ is $\psi$ at the mean with one more score, a convex combination."),
        Combination("(ii) averaging over the pool, induction step (Jensen)", sp.Ge(total + one, (k + 1) * new),
                    ((1, hypothesis), (k + 1, convex)),
                    text=r"So replacing the scores of $A$ by their mean does not increase $C(p^A,s)$, whose weights "
                         r"are equal on $A$. The averaged point is admissible: the set is convex and symmetric."),
        Sign("(ii) the averaged score of $j$ is maximal", sp.Ge((k * (e + x) + e + w) / (k + 1), e),
             form=(k * x + w) / (k + 1),
             text=r"The mean of $k+1$ numbers that are at least $e$ is at least $e$, by induction on their number; "
                  r"after ordering, the scores of $A$ are the largest."),
        _cancel("(ii) on it both laws cost the same", one, r"There $\psi$ has one value on $A$: "
                                                           r"$C(p,s'') = C(p^A,s'')$."),
        Words("(ii) the three comparisons", chain,
              text=r"For any admissible $s$: $C_1 = C(p,s'')$ and $C_2 = C(p^A,s'')$ at the averaged point $s''$, "
                   r"$C_3 = C(p^A,s)$; they are the lines before and the definition of $C_j$."),
        Combination("(ii) upper bound", sp.Le(cj, before), ((1, chain[0]), (-1, chain[1]), (1, chain[2])),
                    text=r"Taking the infimum over $s$, $C_j(p) \le H(p^A)$; with (i), equality."),
    )  # fmt: skip


def _strictness() -> tuple[Step, ...]:
    u, z, low = sp.symbols("u z s_i", nonnegative=True)
    v, odds, others, top = sp.symbols("v o n_1 M", positive=True)
    e = 1 / (1 + odds)
    mixed_j, mixed_i = (1 - e) * (low + u) + e * (z + v), (1 - e) * low + e * z
    share, cost, cost0 = sp.symbols("e C C_0", positive=True)
    return (
        Sign("(iii) a strict point", sp.Gt(top, (others * top - v) / others), form=v / others,
             text=r"Permute a non-uniform admissible point so that $j$ carries its maximum $M$, and average over its "
                  r"other $n_1 = n-1$ labels: their sum falls short of $n_1 M$ by some $v > 0$."),
        Sign("(iii) mixing is strict", sp.Gt(mixed_j, mixed_i), form=(odds * u + v) / (1 + odds),
             text=r"The mixing weight is $1/(1+o)$, in $(0,1)$; $s_j = s_i + u$, and the strict point has the scores "
                  r"$z + v$ and $z$."),
        Identity("(iii) and costs nothing in the limit",
                 sp.Limit((1 - share) * cost + share * cost0, share, 0, "+"), cost,
                 text=r"By convexity the mixed point costs at most $(1-e)C + eC_0$, with $C_0$ finite."),
    )  # fmt: skip


def _control() -> Step:
    entropy, forced = sp.symbols("H_A C_j", real=True)
    shown = (sp.Eq(entropy, sp.Rational(5, 16), evaluate=False), sp.Eq(forced, sp.Rational(13, 40), evaluate=False))
    return Checked("Without convexity (ii) fails", shown, _vertices, method="exact enumeration", control=True,
                   text=r"$\tau = 3$, $\psi(s) = (1-s^2)/2$ is concave, so minima lie at extreme points: uniform "
                        r"points on sets of labels. $p = (0.4, 0.35, 0.25)$, $j = 2$: $H(p^A) = H_A < C_j(p)$."
                    )  # fmt: skip


def _vertices(entropy: sp.Eq, forced: sp.Eq) -> Evidence:
    """Both minima over extreme points in Fractions; passes if they are the numbers shown and (ii) indeed fails."""
    law = (Fraction(2, 5), Fraction(7, 20), Fraction(1, 4))
    mean = (law[0] + law[1]) / 2  # label 1 enters the pool of label 2; 1/4 is below the mean
    pooled = (mean, mean, law[2])
    sets = [s for size in (1, 2, 3) for s in combinations(range(3), size)]
    least = min(_uniform_cost(pooled, s) for s in sets)
    top = min(_uniform_cost(law, s) for s in sets if 1 in s)
    shown = tuple(Fraction(int(f.rhs.p), int(f.rhs.q)) for f in (entropy, forced))
    if (least, top) == shown and least < top:
        return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=len(sets), slack=float(top - least))
    witness = {"H_A": str(least), "C_j": str(top)}
    return Evidence(
        Verdict.REFUTED, Level.SYMBOLIC, points=len(sets), witness=witness, reason="other minima were found"
    )


def _uniform_cost(law: tuple[Fraction, ...], labels: tuple[int, ...]) -> Fraction:
    size = len(labels)
    return sum((p * (1 - (Fraction(1, size**2) if i in labels else 0)) / 2 for i, p in enumerate(law)), Fraction(0))
