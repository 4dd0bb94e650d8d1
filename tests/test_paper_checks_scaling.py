"""The checks of scaling-law papers against numbers that share no code with them: fractions, mpmath, scipy, brute force.

Tolerances: half a unit of the last printed digit for published figures, 1e-12 for mpmath at 30 digits, and what the
minimisers state (1e-7 in the place of a minimum) for scipy.
"""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from scipy.optimize import brentq, minimize_scalar

import hconsist as hc
from hconsist.evidence import Expectation, Level, Source, Verdict
from hconsist.paper_checks import kaplan2020_scaling_laws as kaplan
from hconsist.paper_checks import pearce2024_reconciling as pearce
from hconsist.paper_checks import rounding
from hconsist.paper_checks import vilares2017_learning_curves as vilares
from hconsist.scaling import (
    EncoderDecoder,
    asymptote_trace,
    budget_of,
    data_efficiency,
    geometric_asymptote,
    local_exponent,
)

CHECKED = (
    "kaplan2020_scaling_laws", "pearce2024_reconciling", "henighan2020_autoregressive", "ghorbani2021_nmt",
    "kim2025_infinite_compute", "vilares2017_learning_curves",
)  # fmt: skip
LAD = {"A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658}
CHINCHILLA = {"A": 406.4, "B": 410.7, "alpha": 0.3392, "beta": 0.2849}


def box(*decimals):
    """Corners of the box of numbers that round to these decimals, by hand: half a unit of the last digit."""
    ends = []
    for text in decimals:
        half = Fraction(1, 2 * 10 ** len(text.partition(".")[2]))
        ends.append((Fraction(text) - half, Fraction(text) + half))
    return itertools.product(*ends)


# -- what is claimed ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("paper", CHECKED)
def test_sources(paper):
    """Only Pearce and Song's script has been read beyond an abstract; nothing recalled fails without its correction."""
    from hconsist import catalog
    from hconsist.claims import collect

    found, claims = collect(catalog.paper_check(paper))
    texts = {claim.slug for claim in claims if claim.source is Source.TEXT}
    assert texts == ({"optimum", "slope", "limits"} if paper == "pearce2024_reconciling" else set())
    assert found.seen.startswith("abstract")
    for claim in claims:
        if claim.expectation is Expectation.FAILS:
            assert claim.source is Source.RECALLED and claim.corrected_by and "As recalled" in claim.statement


def test_which_recalled_figures_do_not_follow():
    report = hc.check("kaplan2020_scaling_laws")
    failing = {o.id.partition(":")[2] for o in report.outcomes if o.expectation is Expectation.FAILS and not o.is_twin}
    assert failing == {"predicted-054", "size-exponent-73", "step-exponent-03"}
    assert report.exit_code == 0


# -- rounding -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, low, high",
    [
        ("0.77", Fraction(153, 200), Fraction(31, 40)),
        ("5e3", Fraction(4500), Fraction(5500)),
        ("6.4e13", Fraction(635 * 10**11), Fraction(645 * 10**11)),
        (("0.076", "0.077"), Fraction(151, 2000), Fraction(155, 2000)),
    ],
)
def test_rounding_intervals(text, low, high):
    assert rounding.rounding(text) == (low, high)


def test_a_value_is_reached_or_never():
    x, y = sp.symbols("x y", positive=True)
    assert rounding.reaches(x / y, "2.0", x="1.0", y="0.5")().verdict is Verdict.PROVED
    never = rounding.reaches(x / y, "3.0", x="1.0", y="0.5")()
    assert never.verdict is Verdict.REFUTED and never.witness["every value is"] == "below 59/20" and never.boxes
    above = rounding.reaches(x / y, "1.0", x="1.0", y="0.5")()
    assert above.verdict is Verdict.REFUTED and above.witness["every value is"] == "above 21/20"
    # between the nodes only: a jump over the interval is not called a refutation
    assert rounding.reaches(1000 * x, "1000.3", x="1")().verdict is Verdict.INCONCLUSIVE
    assert rounding.allowed(x * y, "0.4", "0.6", x="1.0", y="0.5")().verdict is Verdict.PROVED
    assert rounding.allowed(x * y, "0.4", "0.5", x="1.0", y="0.5")().verdict is Verdict.REFUTED


# -- Kaplan et al. --------------------------------------------------------------------------------------------------


def test_frontier_exponents_in_fractions():
    """Corners of the box; each of the three exponents is monotone in each input, so corners are extreme."""
    values = {"c": [], "n": [], "b": [], "s": []}
    for n, s, b in itertools.chain(box("0.077", "0.76", "0.21"), box("0.076", "0.76", "0.21")):
        c = 1 / (1 / n + 1 / s + 1 / b)
        assert c / n + c / s + c / b == 1
        for name, value in zip("cnbs", (c, c / n, c / b, c / s)):
            values[name].append(value)
    assert Fraction("0.0512") < min(values["c"]) and max(values["c"]) < Fraction("0.0531") < Fraction("0.0535")
    assert Fraction("0.67") < min(values["n"]) and max(values["n"]) < Fraction("0.69") < Fraction("0.705")
    assert min(values["b"]) < Fraction("0.245") < max(values["b"]) and min(values["b"]) > Fraction("0.235")
    assert Fraction("0.066") < min(values["s"]) and max(values["s"]) < Fraction("0.071")


def test_the_frontier_by_brute_force():
    """Least C = 6 N B S at fixed loss by scipy, for the recalled constants; slopes of ln N, ln B, ln S on ln C."""
    aN, aS, aB, nc, sc, bs = 0.077, 0.76, 0.21, 6.5e13, 2.1e3, 2.1e8
    rows = []
    for loss in (3.5, 2.0):
        found = minimize_scalar(
            lambda t, loss=loss: -math.log(t) / aN - math.log(1 - t) / aS, bounds=(1e-6, 1 - 1e-6), method="bounded",
            options={"xatol": 1e-12},
        )  # fmt: skip
        n, s = nc * (found.x * loss) ** (-1 / aN), sc * ((1 - found.x) * loss) ** (-1 / aS)
        b = bs / loss ** (1 / aB)
        rows.append([math.log(v) for v in (n, b, s, 6 * n * b * s, loss / (found.x * loss))])
    slopes = [(p - q) / (rows[1][3] - rows[0][3]) for p, q in zip(rows[1], rows[0])]
    # aC/aN, aC/aB, aC/aS at these exponents: section 1.3 of the specification has .684, .248, .068 (with .0520 for aC)
    assert slopes[:3] == pytest.approx([0.681, 0.250, 0.069], abs=5e-4)
    assert math.exp(rows[0][4]) == pytest.approx(1 + aN / aS, rel=1e-6)


def test_overfitting_in_mpmath():
    """D at which L(N, D) = 1.02 L(N) by root finding, for two sizes: 5.52e3 N^.738 (section 1.3)."""
    with mpmath.workdps(30):
        aN, aD, nc, dc = mpmath.mpf("0.076"), mpmath.mpf("0.103"), mpmath.mpf("6.4e13"), mpmath.mpf("1.8e13")
        needed = []
        for n in (mpmath.mpf(10) ** 7, mpmath.mpf(10) ** 9):
            alone = (nc / n) ** aN
            log_d = mpmath.findroot(
                lambda u, n=n, alone=alone: (((nc / n) ** (aN / aD) + dc / mpmath.exp(u)) ** aD / alone - 1) * 50 - 1,
                mpmath.log(5000 * n ** mpmath.mpf("0.74")),
            )
            needed.append((n, mpmath.exp(log_d)))
        exponent = mpmath.log(needed[1][1] / needed[0][1]) / mpmath.log(100)
        assert abs(exponent - aN / aD) < 1e-12
        assert float(needed[0][1] / needed[0][0] ** exponent) == pytest.approx(5.52e3, abs=5)
        exact = mpmath.mpf(str(sp.N(kaplan._AT_PRINTED, 25)))
        assert abs(needed[0][1] / needed[0][0] ** exponent / exact - 1) < 1e-12


# -- Pearce and Song ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters, law", [(LAD, pearce.PRINTED), (CHINCHILLA, pearce.UNROUNDED_4)])
def test_budgets_slopes_and_lines(parameters, law):
    """The check's balls against the loss minimised by scipy, the estimators' functions, and numpy's line."""
    from flint import arb

    for size in (1e4, 1e6, 1e9):
        c = math.exp(float(pearce.budget(law, arb(size).log()).mid()))
        assert c == pytest.approx(float(budget_of(parameters, size)), rel=1e-12)

        def loss(u, c=c):
            n = math.exp(u)
            total = n + pearce.GAMMA * n ** (1 / 3)
            tokens = c / (6 * n)
            return parameters["A"] * total ** -parameters["alpha"] + parameters["B"] * tokens ** -parameters["beta"]

        best = minimize_scalar(loss, bounds=(math.log(size) - 2, math.log(size) + 2), method="bounded",
                               options={"xatol": 1e-10}).x  # fmt: skip
        assert best == pytest.approx(math.log(size), abs=1e-6)
        assert float(pearce.local(law, int(size))) == pytest.approx(float(local_exponent(parameters, size)), rel=1e-12)

    def log_budget(u):
        return float(np.log(budget_of(parameters, math.exp(u))))

    budgets = np.linspace(12.95, 20.7, 100) * math.log(10)
    sizes = [brentq(lambda u, c=c: log_budget(u) - c, 0, 40, xtol=1e-13) for c in budgets]
    line = np.polyfit(budgets, sizes, 1)[0]
    assert float(pearce.exponent_over_budgets(law, *pearce.BUDGETS).mid()) == pytest.approx(line, rel=1e-9)


def test_the_slope_rises_and_falls():
    """y + 1/3 < 2/(3 alpha) is where it is above the limit for small models: N = (gamma y)^(3/2), numerically."""
    alpha, beta = LAD["alpha"], LAD["beta"]
    edge = (pearce.GAMMA * (2 / (3 * alpha) - 1 / 3)) ** 1.5
    limit = beta / (alpha / 3 + beta)
    assert float(local_exponent(LAD, edge * 0.999)) > limit > float(local_exponent(LAD, edge * 1.001))
    sizes = np.geomspace(1, 1e14, 4000)
    slopes = local_exponent(LAD, sizes)
    assert (slopes[sizes < edge] > limit).all() and slopes[-1] == pytest.approx(beta / (alpha + beta), abs=1e-4)
    assert 1e6 < sizes[slopes.argmax()] < edge and 0.963 < slopes.max() < 1


# -- Henighan et al., Ghorbani et al., Kim et al. -------------------------------------------------------------------


def test_optimal_split_and_its_cost_by_scipy():
    """pe = .2, pd = .3, P = 10^8; exp(K) more parameters at an even split reach the same loss (1e-7 in the place)."""
    pe, pd, total = 0.2, 0.3, 1e8

    def reducible(share, params=total):
        return (1e6 / (share * params)) ** pe * (2e6 / ((1 - share) * params)) ** pd

    best = minimize_scalar(reducible, bounds=(0.01, 0.99), method="bounded", options={"xatol": 1e-10}).x
    assert best == pytest.approx(0.4, abs=1e-6)
    divergence = 0.4 * math.log(0.4 / 0.5) + 0.6 * math.log(0.6 / 0.5)
    assert reducible(0.5, total * math.exp(divergence)) == pytest.approx(reducible(0.4), rel=1e-12)


def test_the_estimator_finds_the_split():
    n = np.geomspace(1e6, 1e8, 5)
    encoder, decoder = (g.ravel() for g in np.meshgrid(n, n))
    fit = EncoderDecoder(resamples=20).fit(
        {"encoder": encoder, "decoder": decoder}, 1.5 + 60 * encoder**-0.2 * decoder**-0.1
    )
    assert fit.plan(3e7)["encoder"].value == pytest.approx(2e7, rel=1e-6)


def test_three_points_and_the_asymptote():
    """The identity of the check at exact fractions, and the package's function."""
    e, r, q = Fraction(17, 10), Fraction(4, 5), Fraction(2, 3)
    one, two, three = e + r, e + r * q, e + r * q**2
    assert (one * three - two**2) / (one + three - 2 * two) == e
    assert geometric_asymptote([float(one), float(two), float(three)]) == pytest.approx(1.7, rel=1e-12)


def test_tokens_that_the_efficiency_is_worth():
    low, high = (200 * end for end in (Fraction("5.165"), Fraction("5.175")))
    assert (low, high) == (1033, 1035)
    # any baseline: its loss at 5.17 x 200M tokens is worth 5.17
    baseline = {"E": 2.0, "A": 90.0, "alpha": 0.22}
    reached = 2 + 90 * (5.17 * 2e8) ** -0.22
    assert data_efficiency(baseline, 2e8, reached) == pytest.approx(5.17, rel=1e-9)


# -- Vilares et al. -------------------------------------------------------------------------------------------------


def random_curve(rng):
    """Losses at nine geometric sizes whose decrement ratios never rise, continued by 200 more: the limit is known."""
    ratio, decrement, values = Fraction(int(rng.integers(5, 9)), 10), Fraction(1), []
    drops = []
    for _ in range(60):
        drops.append(decrement)
        ratio *= Fraction(int(rng.integers(90, 101)), 100)
        decrement *= ratio
    total = sum(drops)
    for drop in [Fraction(0), *drops]:
        total -= drop
        values.append(total)
    return values


def test_the_guarantee_on_random_curves():
    """Exact fractions: E_i rises and stays below every later loss; the fitted gain is at least the true one."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        curve = random_curve(rng)
        trace = vilares.three_point_trace(tuple(curve[:12]))
        levels = [level for level, _ in trace]
        assert levels == sorted(levels)
        for i, (level, gain) in enumerate(trace):
            assert level <= min(curve) and gain >= curve[i + 2] - curve[-1]


def test_without_the_hypothesis_the_rule_stops_too_early():
    """1/x + 1/sqrt(x) at 1, 4, 16: E = 1/13 above the limit 0; 9/64 is left at 64, 121/1088 is fitted."""
    trace = vilares.three_point_trace(vilares.MIXTURE)
    assert trace[0][0] == Fraction(1, 13)
    assert trace[1] == (Fraction(1, 34), Fraction(121, 1088)) and Fraction(121, 1088) < Fraction(9, 64)
    assert vilares.safe(vilares.MIXTURE)().witness["left to gain"] == "5/16"
    assert vilares.rising(vilares.MIXTURE)().witness == {"i": "1", "E_i": "1/13", "E_(i+1)": "1/34"}


def test_the_trace_of_three_points_is_that_of_the_fit():
    """Through three points of a law whose E is above 0 the least-squares fit is the closed form."""
    curve = [0.05 + 1 / (1 + 2.0**j) ** 0.7 for j in range(4, 9)]
    sizes = 2.0 ** np.arange(4, 9)
    found = asymptote_trace(sizes[:3], curve[:3], first=3, loss="squares", residual="loss")
    assert found.asymptotes[0] == pytest.approx(geometric_asymptote(curve[:3]), rel=1e-6)


def test_the_sampled_claim_is_sampled():
    report = hc.check("vilares2017_learning_curves", select=["vilares2017_learning_curves:least-squares-trace"])
    own, twin = report.outcomes
    assert own.evidence.level is Level.SAMPLED and own.evidence.points >= 60
    assert twin.evidence.verdict is Verdict.REFUTED and float(twin.evidence.witness["step of E"]) < 0
