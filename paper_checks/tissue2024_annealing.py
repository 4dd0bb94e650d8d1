"""Tissue, Wang and Wang, "Scaling Law with Learning Rate Annealing" (arXiv 2408.11029): S1, S2 and fits to curves.

Only the abstract has been read: L(s) = L0 + A S1^-alpha - C S2.  The definition of S2 is recalled,

    S1(s) = sum_(i<=s) eta_i,   S2(s) = sum_(i<=s) sum_(k<=i) (eta_(k-1) - eta_k) lambda^(i-k),

with lambda = 0.999.  The curves are those of Luo et al. 2025 (25M and 100M parameters), not the paper's; conventions:
step s is the s-th rate from 0, warm-up counts in S1, its negative gaps do not count in S2, rows at the last step or
beyond are left out, and the fit is the least sum of Huber losses (delta = 1/1000) of ln loss on three curves.  What an
optimiser finds is in doubles and only supported; claims on data are skipped where the file is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import sympy as sp

from hconsist.claims import Paper, Twin
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.paper_checks.decisions import abstract, chain, derived, fails_at, recalled, together
from hconsist.paper_checks.inequalities import decided, rounds
from hconsist.paper_checks.public_data import Table, on
from hconsist.paper_checks.sao2026_statements import proved
from hconsist.scaling import AnnealingLaw, Constant, Cosine, Schedule, StepDown, WarmupStableDecay
from hconsist.steps import Identity, Sign

__all__ = ["CLAIMS", "PAPER", "SCHEDULES", "TRAINED", "double_sum", "from_momentum", "single_sum"]

PAPER = Paper(
    id="tissue2024_annealing",
    title="Scaling Law with Learning Rate Annealing",
    authors="Howe Tissue, Venus Wang, Lu Wang",
    year=2024,
    url="https://arxiv.org/abs/2408.11029",
    seen="abstract",
)

# --- S2 in three forms -------------------------------------------------------------------------------------------

lam = sp.Symbol("lambda", positive=True)
first, last, m = sp.symbols("eta_0 eta_s m_s", nonnegative=True)
AREA = (first - last - lam * m) / (1 - lam)
CEILING = (first - last) / (1 - lam)


def double_sum(rates: Sequence[Fraction], decay: Fraction) -> Fraction:
    """S2 at the last step, by its definition."""
    steps = range(1, len(rates))
    return sum(((rates[k - 1] - rates[k]) * decay ** (i - k) for i in steps for k in range(1, i + 1)), Fraction(0))


def single_sum(rates: Sequence[Fraction], decay: Fraction, power: int = 1) -> Fraction:
    """sum_k (eta_(k-1) - eta_k) (1 - lambda^(s-k+power))/(1 - lambda), with power = 1."""
    s = len(rates) - 1
    gaps = ((rates[k - 1] - rates[k]) * (1 - decay ** (s - k + power)) for k in range(1, s + 1))
    return sum(gaps, Fraction(0)) / (1 - decay)


def from_momentum(rates: Sequence[Fraction], decay: Fraction) -> Fraction:
    """(eta_0 - eta_s - lambda m_s)/(1 - lambda), with m_i = lambda m_(i-1) + eta_(i-1) - eta_i."""
    momentum = Fraction(0)
    for one, other in pairwise(rates):
        momentum = decay * momentum + one - other
    return (rates[0] - rates[-1] - decay * momentum) / (1 - decay)


def forms_agree(power: int = 1) -> Evidence:
    """The three forms in fractions, on rates that also rise."""
    cases = [
        ([Fraction((5 * i * i + 3 * i + n) % 17, 4) for i in range(n)], Fraction(k, k + 1))
        for n in range(2, 12)
        for k in (1, 9)
    ]
    for rates, decay in cases:
        values = double_sum(rates, decay), single_sum(rates, decay, power), from_momentum(rates, decay)
        if len(set(values)) > 1:
            witness = {"rates": ", ".join(map(str, rates)), "lambda": str(decay), "S2": ", ".join(map(str, values))}
            return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=len(cases), witness=witness)
    return Evidence(Verdict.PROVED, Level.SYMBOLIC, points=len(cases))


s, eta, L_0, A, C, alpha = sp.symbols("s eta L_0 A C alpha", positive=True)
constant = chain(
    "constant-rate",
    "A constant rate gives L0 + A' s^-alpha with A' = A eta^-alpha.",
    Identity("No gaps", L_0 + A * (eta * s) ** -alpha - C * (eta - eta), L_0 + A * eta**-alpha * s**-alpha),
    Sign("It falls", sp.Lt(sp.diff(s**-alpha, s), 0, evaluate=False)),
)  # fmt: skip

# --- fits to public curves ---------------------------------------------------------------------------------------

PEAK, FINAL, WARMUP = 3e-4, 3e-5, 2160
SCHEDULES: dict[str, Schedule] = {
    "cosine_24000": Cosine(PEAK, 24000, WARMUP, FINAL),
    "constant_24000": Constant(PEAK, 24000, WARMUP),
    "wsdcon_9": StepDown(PEAK, 16000, WARMUP, 8000, 9e-5),
    "constant_72000": Constant(PEAK, 72000, WARMUP),
    "cosine_72000": Cosine(PEAK, 72000, WARMUP, FINAL),
    "wsd_20000_24000": WarmupStableDecay(PEAK, 24000, WARMUP, 20000, FINAL),
    "wsdld_20000_24000": WarmupStableDecay(PEAK, 24000, WARMUP, 20000, FINAL, "linear"),
    "wsdcon_3": StepDown(PEAK, 16000, WARMUP, 8000, 3e-5),
    "wsdcon_18": StepDown(PEAK, 16000, WARMUP, 8000, 1.8e-4),
}
TRAINED = ("cosine_24000", "constant_24000", "wsdcon_9")
FITS = {
    "25m": {"L0": "3.15829", "A": "0.51358", "alpha": "0.51338", "C": "0.40191"},
    "100m": {"L0": "2.78890", "A": "0.59257", "alpha": "0.45498", "C": "0.48122"},
}
QUALITY = {"25m": "0.9979", "100m": "0.9978"}


def curves(table: Table, names: Sequence[str]) -> tuple[list[tuple[Schedule, np.ndarray]], list[np.ndarray]]:
    """Pairs (schedule, steps) and the losses of each curve."""
    runs, losses = [], []
    for name in names:
        schedule = SCHEDULES[name]
        rows = [
            (int(step), float(loss))
            for which, step, loss in zip(table["schedule"], table["step"], table["loss"])
            if which == name and int(step) < schedule.steps
        ]
        runs.append((schedule, np.array([step for step, _ in rows])))
        losses.append(np.array([loss for _, loss in rows]))
    return runs, losses


def fitted(table: Table, **options: Any) -> AnnealingLaw:
    """The law fitted to the three curves of :data:`TRAINED`."""
    runs, losses = curves(table, TRAINED)
    return AnnealingLaw(**options).fit(runs, np.concatenate(losses))


def on_curves(size: str, decide: Callable[[Table], Evidence]) -> Callable[[], Evidence]:
    return on(f"lr_schedule_curves_{size}.csv", decide)


def parameters(table: Table, shown: dict[str, str], **options: Any) -> Evidence:
    """The fitted parameters against five digits."""
    fit = fitted(table, **options)
    slacks = {"certified": 1e-9 - fit.scaled_gradient_}
    slacks |= rounds(**{name: (fit.parameters_[name], text) for name, text in shown.items()})
    return decided(slacks, Level.SAMPLED, points=len(fit.losses_))


def unseen(table: Table, quality: str, worst: float = 0.015) -> Evidence:
    """The other six curves: mean R^2, and the greatest relative error of all points."""
    fit = fitted(table)
    runs, losses = curves(table, [name for name in SCHEDULES if name not in TRAINED])
    errors = [fit.predict([run]) - y for run, y in zip(runs, losses)]
    shares = [1 - np.sum(e**2) / np.sum((y - y.mean()) ** 2) for e, y in zip(errors, losses)]
    greatest = max(float(np.abs(e / y).max()) for e, y in zip(errors, losses))
    slacks = rounds(mean_R2=(np.mean(shares), quality))
    slacks[f"relative errors up to {greatest:.4f} are below {worst}"] = worst - greatest
    return decided(slacks, Level.SAMPLED, points=sum(map(len, losses)))


def best_decay(table: Table, best: float) -> Evidence:
    """The objective over five values of lambda is least at ``best``."""
    runs, losses = curves(table, TRAINED)
    y = np.concatenate(losses)
    path = {point.at: point.objective for point in AnnealingLaw().fit(runs, y).decay_path(runs, y)}
    slacks = {
        f"lambda = {at:g} is worse than {best:g}": value / path[best] - 1 for at, value in path.items() if at != best
    }
    return decided(slacks, Level.SAMPLED, points=len(path))


def warmup_matters(table: Table, share: float) -> Evidence:
    """alpha of the fits with and without the negative gaps of the warm-up."""
    without, counted = (fitted(table, warmup_gaps=gaps).parameters_["alpha"] for gaps in (False, True))
    name = f"alpha moves from {without:.5f} to {counted:.5f}, by more than {share:g} of it"
    return decided({name: abs(counted / without - 1) - share}, Level.SAMPLED, points=2)


CLAIMS = (
    derived("single-sum", "S2(s) = sum_k (eta_(k-1) - eta_k)(1 - lambda^(s-k+1))/(1 - lambda).",
            together(proved("annealing_areas"), forms_agree), Twin("with lambda^(s-k)", lambda: forms_agree(0))),
    derived("momentum", "S2(s) = (eta_0 - eta_s - lambda m_s)/(1 - lambda), m_i = lambda m_(i-1) + eta_(i-1) - eta_i.",
            together(proved("annealing_areas"), forms_agree),
            Twin("(eta_0 - eta_s)/(1 - lambda), or more: rates 1, 0, lambda = 1/2, where S2 = 1",
                 fails_at(AREA - CEILING, eta_0=1, eta_s=0, m_s=1, **{"lambda": Fraction(1, 2)}))),
    derived("ceiling", "Annealing from eta_0 to eta_s lowers the loss by at most C (eta_0 - eta_s)/(1 - lambda).",
            proved("annealing_areas"),
            Twin("by at most half of it: rates 1, 0, 0, lambda = 1/2, where m_s = 1/2 and S2 = 3/2",
                 fails_at(CEILING / 2 - AREA, eta_0=1, eta_s=0, m_s=Fraction(1, 2), **{"lambda": Fraction(1, 2)}))),
    abstract("constant-rate",
             "The law is a power law over data size with the loss reduction of annealing beside it (here: at a "
             "constant rate it is a power law in the steps).", constant,
             Twin("at rates 2, 1 too: there S2 = 1, not 0",
                  fails_at(-AREA, eta_0=2, eta_s=1, m_s=1, **{"lambda": Fraction(1, 2)}))),
    recalled("lambda",
             "lambda = 0.999 (here: of 0.99, 0.995, 0.999, 0.9995 and 0.9998 it fits the curves of 100M best).",
             on_curves("100m", lambda table: best_decay(table, 0.999)),
             Twin("so it does those of 25M, which 0.995 fits better",
                  on_curves("25m", lambda table: best_decay(table, 0.999)))),
    derived("lambda-25m", "Of these five values 0.995 fits the curves of 25M best.",
            on_curves("25m", lambda table: best_decay(table, 0.995)),
            Twin("and those of 100M", on_curves("100m", lambda table: best_decay(table, 0.995)))),
    *(derived(f"fit-{size}",
              f"{size.upper()}, lambda = 0.999: L0 = {p['L0']}, A = {p['A']}, alpha = {p['alpha']}, C = {p['C']}.",
              on_curves(size, lambda table, p=p: parameters(table, p)),
              Twin("so it is with the gaps of the warm-up",
                   on_curves(size, lambda table, p=p: parameters(table, p, warmup_gaps=True))))
      for size, p in FITS.items()),
    *(abstract(f"other-schedules-{size}",
               "One or two curves predict the loss accurately at every step of other schedules (here: three curves of "
               f"{size.upper()} give the other six with a mean R^2 of {QUALITY[size]} and errors below 1.5 percent).",
               on_curves(size, lambda table, q=QUALITY[size]: unseen(table, q)),
               Twin("below 0.1 percent", on_curves(size, lambda table, q=QUALITY[size]: unseen(table, q, 0.001))))
      for size in FITS),
    derived("warm-up",
            "Whether the negative gaps of the warm-up count must be said: that moves alpha of 25M by over 10 percent.",
            on_curves("25m", lambda table: warmup_matters(table, 0.1)),
            Twin("by more than 20 percent", on_curves("25m", lambda table: warmup_matters(table, 0.2)))),
)  # fmt: skip
