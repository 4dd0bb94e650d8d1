"""Scaling-law papers: their figures by other means (mpmath, scipy on the raw sums, numpy), and what skipping means.

No number here comes from the package: fits are repeated with linear programs, scipy's least squares or BFGS on sums
written out below.  Tests on public data are skipped where the files are not (:mod:`tests.scaling_data`).
"""

import csv
import itertools
import math
import types
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from click.testing import CliRunner
from flint import arb
from scipy.optimize import least_squares, linprog, minimize

import hconsist as hc
from hconsist.claims import Claim, Paper, Twin, run
from hconsist.cli import cli
from hconsist.definitions import precision
from hconsist.domains import InputError
from hconsist.evidence import Evidence, Level, Source, Verdict
from hconsist.paper_checks import besiroglu2024_optimisers as optimisers
from hconsist.paper_checks import besiroglu2024_replication as besiroglu
from hconsist.paper_checks import porian2024_discrepancies as porian
from hconsist.paper_checks import public_data
from hconsist.paper_checks import tissue2024_annealing as tissue
from hconsist.paper_checks.chinchilla_law import LAPLACE, PRINTED, ROUNDED, UNROUNDED, likelihood
from hconsist.paper_checks.inequalities import decided, near, rounds, unit
from tests.scaling_data import SHARED, chinchilla, noisy, sizes, table

PAPERS = ("hoffmann2022_chinchilla", "besiroglu2024_replication", "porian2024_discrepancies", "tissue2024_annealing")
DATA = PAPERS[1:]
TEX = (1.69337368, 406.40101752, 410.72282695, 0.33917084, 0.2849083)
BODY = (1.69, 406.4, 410.7, 0.34, 0.28)


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A folder without data that the variable names."""
    monkeypatch.setenv(public_data.VARIABLE, str(tmp_path))
    return tmp_path


# -- where the data are, and where they are not -----------------------------------------------------------------------


@pytest.mark.parametrize("paper", PAPERS)
def test_as_expected_without_data(paper, nowhere):
    report = hc.check(paper)
    assert report.exit_code == 0 and not report.unexpected
    skipped = [o for o in report.outcomes if o.evidence.verdict is Verdict.SKIPPED]
    assert bool(skipped) is (paper in DATA)
    for outcome in skipped:
        assert "is not here" in outcome.evidence.reason and public_data.VARIABLE in outcome.evidence.reason
    counts = report.summary()
    assert counts["as_expected"] == len(report.outcomes) - len(skipped) and counts["unexpected"] == 0
    assert counts["by_verdict"].get("skipped", 0) == len(skipped)
    assert str(report).count(" skipped: public data file ") == len({o.evidence.reason for o in skipped})


def test_strict_fails_on_skipped_and_says_why(nowhere):
    found = CliRunner().invoke(cli, ["check", DATA[1]])
    assert found.exit_code == 0 and "compute_optimal_pairs_porian.csv is not here" in found.output
    assert CliRunner().invoke(cli, ["check", DATA[1], "--strict"]).exit_code == 1


def test_the_folder(monkeypatch):
    monkeypatch.setenv(public_data.VARIABLE, "/some/where")
    assert str(public_data.folder()) == "/some/where"
    for value in ("", None):
        monkeypatch.setenv(public_data.VARIABLE, "") if value == "" else monkeypatch.delenv(public_data.VARIABLE)
        assert public_data.folder() == SHARED


def test_a_skipped_twin_needs_a_skipped_claim():
    skipped = Evidence(Verdict.SKIPPED, Level.CITED, reason="no data")
    proved = Evidence(Verdict.PROVED, Level.SYMBOLIC, points=1)

    def exit_code(evidence):
        claim = Claim("it", "here", "1 > 0", Source.DERIVED, lambda: evidence, twin=Twin("1 < 0", lambda: skipped))
        return run([types.SimpleNamespace(PAPER=Paper("p", "t", "a", 2000, "u", "s"), CLAIMS=(claim,))]).exit_code

    assert exit_code(skipped) == 0
    assert exit_code(proved) == 1


def written(folder, name, columns):
    with (folder / name).open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values()))


def test_other_data_refute(nowhere):
    """245 synthetic points under the published name: every claim that names a number of the real ones falls."""
    x = sizes(245)
    written(nowhere, "chinchilla_svg.csv",
            {"params": x["params"], "flop": 6 * x["params"] * x["tokens"], "loss": noisy(x)})  # fmt: skip
    names = ("huber-likelihood", "absolute-figures", "huber-figure", "likelihoods-240", "likelihoods-245",
             "five-points", "rounding-bias", "bootstrap-intervals")  # fmt: skip
    report = hc.check(DATA[0], select=[f"{DATA[0]}:{name}" for name in names])
    assert report.exit_code == 1
    assert {o.id.partition(":")[2] for o in report.unexpected if not o.is_twin} == set(names)


def test_a_file_without_a_column_is_an_error(nowhere):
    written(nowhere, "chinchilla_svg.csv", {"params": [1], "loss": [2]})
    with pytest.raises(
        InputError,
        match=r"file chinchilla_svg.csv must be a table with columns params, flop, loss, got .*no column flop",
    ):
        hc.check(DATA[0], select=[f"{DATA[0]}:likelihoods-240"])


# -- slacks -----------------------------------------------------------------------------------------------------------


def test_units_and_rounding():
    assert unit("0.3478") == Fraction(1, 10**4) and unit("3.219e10") == 10**7 and unit("18") == 1
    assert near(0.34785, "0.3478", 1) == pytest.approx(5e-5, abs=1e-12)
    assert near(arb(2) / 3, "0.667", Fraction(1, 2)) > 0 and near(arb(2) / 3, "0.666", Fraction(1, 2)) < 0
    assert decided(rounds(a=(arb(2) / 3, "0.667"))).verdict is Verdict.PROVED
    assert decided(rounds(a=(2 / 3, "0.666")), Level.SAMPLED).verdict is Verdict.REFUTED
    assert decided(rounds(a=(2 / 3, "0.667")), Level.SAMPLED).verdict is Verdict.SUPPORTED


def test_undecided_is_inconclusive_and_nothing_is_vacuous():
    wide = arb(0, 1)
    assert decided({"wide": wide}).verdict is Verdict.INCONCLUSIVE
    assert decided({"wide": wide, "wrong": arb(-1)}).verdict is Verdict.REFUTED
    assert decided({"not a number": float("nan")}, Level.SAMPLED).verdict is Verdict.INCONCLUSIVE
    assert decided({}).verdict is Verdict.VACUOUS


# -- the law in balls against mpmath ----------------------------------------------------------------------------------


@pytest.mark.parametrize("law", [ROUNDED, UNROUNDED, PRINTED, LAPLACE])
def test_the_optimum_against_mpmath(law):
    """The zero of the derivative along the budget, at 40 digits."""
    with mpmath.workdps(40):
        e, a, b = (mpmath.mpf(text) for text in (law.E, law.A, law.B))
        if law.logs:
            e, a, b = (mpmath.exp(v) for v in (e, a, b))
        alpha, beta = mpmath.mpf(law.alpha), mpmath.mpf(law.beta)
        x = mpmath.mpf(576) * 10**21 / 6

        def slope(u):
            return -alpha * a * mpmath.exp(-alpha * u) + beta * b * x**-beta * mpmath.exp(beta * u)

        size = mpmath.exp(mpmath.findroot(slope, 24.5))
        with precision(128):
            found = law.optimum(Fraction(576 * 10**21))
            assert abs(mpmath.mpf(found[0].str(30, radius=False)) / size - 1) < mpmath.mpf(10) ** -25
            assert abs(mpmath.mpf(found[1].str(30, radius=False)) * size / x - 1) < mpmath.mpf(10) ** -25
            (r,) = law.residuals([(arb(20), arb(24), arb(1))])
        predicted = mpmath.log(e + a * mpmath.exp(-alpha * 20) + b * mpmath.exp(-beta * 24))
        assert abs(mpmath.mpf(r.str(30, radius=False)) - predicted + 1) < mpmath.mpf(10) ** -25


def test_the_printed_exponents_in_fractions():
    a = Fraction(28, 62)
    assert a == Fraction(14, 31) and Fraction(4515, 10**4) < a < Fraction(4517, 10**4)
    tex = Fraction(2849083, 10**7) / (Fraction(2849083, 10**7) + Fraction(33917084, 10**8))
    assert Fraction(45645, 10**5) < tex < Fraction(45655, 10**5)
    assert tex > Fraction(4555, 10**4) and a < Fraction(4535, 10**4)


def test_the_likelihoods_against_integrals_and_maximisation():
    """The Huber density integrates to 1, its log-likelihood is the sum; Laplace's closed form is the maximum."""
    values = (0.3, -0.002, 0.0, 1.7)
    delta, log_scale = 0.1, -1.0
    scale = math.exp(log_scale)

    def rho(z):
        return z * z / 2 if abs(z) <= delta else delta * (abs(z) - delta / 2)

    mass = float(2 * mpmath.quad(lambda z: mpmath.exp(-rho(z)), [0, delta, 50, 500]))
    expected = -sum(rho(r / scale) for r in values) - len(values) * math.log(mass * scale)
    with precision(128):
        balls = [arb(r) for r in values]
        found = besiroglu.huber_likelihood(balls, "-1", Fraction(1, 10))
        best = float(likelihood(balls))
    assert float(found) == pytest.approx(expected, abs=1e-12)
    laplace = minimize(lambda t: 4 * math.log(2 * math.exp(t[0])) + sum(map(abs, values)) / math.exp(t[0]), [0.0])
    assert best == pytest.approx(-laplace.fun, abs=1e-9)


# -- the replication, refitted ----------------------------------------------------------------------------------------


def points(dropped=5):
    """ln N, ln D, ln loss."""
    x, y = chinchilla(dropped)
    return np.log(x["params"]), np.log(x["flop"] / (6 * x["params"])), np.log(y)


def predicted(theta, n, d):
    a, b, e, alpha, beta = theta
    return np.log(np.exp(a - alpha * n) + np.exp(b - beta * d) + np.exp(e))


def derivatives(theta, n, d):
    first, second, third = (np.exp(v) for v in (theta[0] - theta[3] * n, theta[1] - theta[4] * d, theta[2] + 0 * n))
    whole = first + second + third
    return np.stack([first, second, third, -first * n, -second * d], axis=1) / whole[:, None]


def least_absolute(dropped, start):
    """Linear programs: min sum t with |r + J step| <= t and a step in a box that shrinks when it does not pay."""
    n, d, y = points(dropped)
    theta, box = np.array(start, float), 0.1
    value = np.abs(predicted(theta, n, d) - y).sum()
    for _ in range(200):
        r, j = predicted(theta, n, d) - y, derivatives(theta, n, d)
        move = j * [1, 1, 1, 0.05, 0.05]  # exponents move twenty times less than logarithms
        eye = np.eye(len(r))
        program = linprog(
            np.r_[np.zeros(5), np.ones(len(r))], A_ub=np.block([[move, -eye], [-move, -eye]]), b_ub=np.r_[-r, r],
            bounds=[(-box, box)] * 5 + [(0, None)] * len(r),
        )  # fmt: skip
        step = program.x[:5] * [1, 1, 1, 0.05, 0.05]
        new = np.abs(predicted(theta + step, n, d) - y).sum()
        if new < value:
            theta, value, box = theta + step, new, min(box * 2, 0.1)
        else:
            box /= 4
        if box < 1e-9:
            break
    return theta, value


START = (6.17, 7.66, 0.597, 0.347, 0.367)


def test_the_absolute_figures_by_linear_programs():
    """B is the least determined figure: the program's tolerance of 1e-7 on residuals leaves about 1e-5 of it."""
    theta, value = least_absolute(5, START)
    assert value == pytest.approx(1.1294946536, abs=2e-9)
    a, b, e = np.exp(theta[:3])
    assert (a, e) == pytest.approx((482.0061, 1.816864), rel=3e-6)
    assert b == pytest.approx(2085.4362, abs=0.02)
    assert theta[3:] == pytest.approx([0.347813, 0.365854], abs=1e-6)
    assert -240 * (1 + math.log(2 * value / 240)) == pytest.approx(879.77, abs=0.005)
    n, d, y = points()
    printed = np.array([float(getattr(LAPLACE, name)) for name in ("A", "B", "E", "alpha", "beta")])
    assert 0 <= np.abs(predicted(printed, n, d) - y).sum() - value < 2e-8


def test_the_likelihood_of_all_points_by_linear_programs():
    """757.80 is no maximum: the least sum over 245 points gives 770.64 and a ratio of 112.4."""
    _, value = least_absolute(0, (6.14, 9.44, 0.634, 0.345, 0.452))
    best = -245 * (1 + math.log(2 * value / 245))
    n, d, y = points(0)
    e, a, b, alpha, beta = TEX
    theirs = np.abs(predicted((math.log(a), math.log(b), math.log(e), alpha, beta), n, d) - y).sum()
    assert best == pytest.approx(770.64, abs=0.005)
    assert 2 * 245 * math.log(theirs / value) == pytest.approx(112.42, abs=0.01)
    assert -245 * (1 + math.log(2 * theirs / 245)) == pytest.approx(714.43, abs=0.005)


def huber_fit(dropped, kept=slice(None)):
    """Thresholds from nearly least squares down to 1e-3: straight from a start SciPy may stop early."""
    n, d, y = (column[kept] for column in points(dropped))
    fit = types.SimpleNamespace(x=START)
    for threshold in (0.1, 0.03, 0.01, 5e-3, 2e-3, 1e-3, 1e-3):
        fit = least_squares(
            lambda t: predicted(t, n, d) - y, fit.x, jac=lambda t: derivatives(t, n, d), loss="huber",
            f_scale=threshold, x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15, max_nfev=5000,
        )  # fmt: skip
    return fit


@pytest.mark.parametrize("dropped, beta", list(besiroglu.PATH.items()))
def test_the_drop_path_by_scipy(dropped, beta):
    assert huber_fit(dropped).x[4] == pytest.approx(float(beta), abs=5.1e-4)


def test_the_sixth_point_is_one_of_two():
    """The sixth and seventh largest losses are equal, so that what is left depends on the order of the file."""
    (x, y), (_, rest) = chinchilla(0), chinchilla(6)
    assert y[238] == y[239] and rest[-1] == y[238]
    assert huber_fit(6).x[4] == pytest.approx(0.3668, abs=5e-5)
    kept = [i for i in range(240) if i != 238]
    assert huber_fit(0, kept).x[4] == pytest.approx(0.3627, abs=5e-5)
    assert x["params"][238] > 20 * x["params"][239]


def test_the_huber_figure_by_scipy():
    fit = huber_fit(5)
    assert fit.cost == pytest.approx(0.0010182740178, rel=1e-8)
    assert math.exp(fit.x[2]) == pytest.approx(1.81722, abs=5e-6)
    assert math.exp(fit.x[0]) == pytest.approx(477.826, abs=2e-2)


def test_rounding_biases_predictions():
    n, d, y = points()
    means = []
    for e, a, b, alpha, beta in (BODY, TEX):
        means.append((predicted((math.log(a), math.log(b), math.log(e), alpha, beta), n, d) - y).mean())
    assert means == pytest.approx([0.0167, -0.0030], abs=5e-5)


def test_early_stops_with_finite_differences():
    """The raw sum and mean, without gradients, as published: success is reported far from the least sum."""
    n, d, y = points()

    def total(theta):
        r = np.abs(predicted(theta, n, d) - y)
        return float(np.where(r <= 1e-3, r * r / 2, 1e-3 * (r - 5e-4)).sum())

    least = 0.0010182740178
    e, a, b, alpha, beta = TEX
    start = (math.log(a), math.log(b), math.log(e), alpha, beta)
    for scale in (1 / 240, 1.0):
        found = minimize(lambda t, scale=scale: scale * total(t), start, method="L-BFGS-B")
        assert found.success and total(found.x) > 1.05 * least
    with np.errstate(all="ignore"):
        found = [
            minimize(lambda t: total(t) / 240, s, method="L-BFGS-B")
            for s in itertools.islice(optimisers.STARTS, 0, 36, 6)
        ]
    assert all(f.success and total(f.x) > 1.1 * least for f in found)


def test_the_gradient_of_the_sum():
    x, y = chinchilla()
    theta = np.array(START) + 0.01
    _, gradient = optimisers.sum_of_huber(theta, x, y)
    for k in range(5):
        step = np.zeros(5)
        step[k] = 1e-6
        rise = optimisers.sum_of_huber(theta + step, x, y)[0] - optimisers.sum_of_huber(theta - step, x, y)[0]
        assert gradient[k] == pytest.approx(rise / 2e-6, rel=1e-5)


# -- exponents of Porian et al. ---------------------------------------------------------------------------------------


def test_stored_slopes_by_numpy():
    rows = [r for r in table("compute_optimal_pairs_porian.csv") if r["n_opt"] not in ("", "nan")]
    for key, stored in porian.STORED.items():
        mine = [r for r in rows if tuple(r[name] for name in porian.COLUMNS) == key]
        x, y, std = (np.array([float(r[name]) for r in mine]) for name in ("flops", "n_opt", "n_std"))
        x, y = np.log(x) - np.log(x).mean(), np.log(y)
        # polyfit multiplies residuals by its weights: 1/std there is 1/std^2 here
        found = np.polyfit(x, y, 1)[0], np.polyfit(x, y, 1, w=1 / std)[0]
        assert found == pytest.approx([float(s) for s in stored], abs=6e-9)


def test_figures_of_the_specification():
    unweighted = [float(stored[0]) for stored in porian.STORED.values()]
    assert unweighted[:10] == pytest.approx(
        [0.83377, 0.70090, 0.60353, 0.57142, 0.49703, 0.86999, 0.69999, 0.60161, 0.56889, 0.51841], abs=5.1e-6
    )


# -- annealing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [Fraction(0), Fraction(1, 2), Fraction(9, 10)])
def test_the_forms_of_the_area(decay):
    rates = [Fraction(n, 7) for n in (0, 3, 5, 5, 4, 1, 2, 0)]
    momentum, total = Fraction(0), Fraction(0)
    for before, after in itertools.pairwise(rates):
        momentum = decay * momentum + before - after
        total += momentum
    for form in (tissue.double_sum, tissue.single_sum, tissue.from_momentum):
        assert form(rates, decay) == total


def annealing(size, names, decay):
    """S1, S2 (a plain loop over the rates, warm-up gaps left out) and losses of the public curves."""
    out = []
    for name in names:
        schedule = tissue.SCHEDULES[name]
        rates = schedule.rates()
        mine = [r for r in table(f"lr_schedule_curves_{size}.csv") if r["schedule"] == name]
        mine = [r for r in mine if int(r["step"]) < schedule.steps]
        assert np.allclose(rates[[int(r["step"]) for r in mine]], [float(r["lr"]) for r in mine], rtol=1e-12)
        momentum = first = second = 0.0
        areas = []
        for i, rate in enumerate(rates):
            gap = rates[i - 1] - rate if i >= 2160 else 0.0
            momentum = decay * momentum + gap
            first, second = first + rate, second + momentum
            areas.append((first, second))
        out += [(*areas[int(r["step"])], float(r["loss"])) for r in mine]
    return np.array(out).T


def annealing_fit(size, decay):
    s1, s2, y = annealing(size, tissue.TRAINED, decay)

    def residuals(t):
        return np.log(t[0] + t[1] * s1 ** -t[2] - t[3] * s2) - np.log(y)

    l0, a, c = np.linalg.lstsq(np.stack([np.ones_like(y), s1**-0.5, -s2], axis=1), y, rcond=None)[0]
    fit = least_squares(residuals, (l0, a, 0.5, c), loss="huber", f_scale=1e-3, x_scale="jac", xtol=1e-15,
                        ftol=1e-15, gtol=1e-15, max_nfev=5000)  # fmt: skip
    return fit, (s1, s2, y)


@pytest.mark.parametrize("size", ["25m", "100m"])
def test_annealing_fits_by_scipy(size):
    """Finite differences leave 1e-6 of the parameters."""
    fit, _ = annealing_fit(size, 0.999)
    shown = tissue.FITS[size]
    assert fit.x == pytest.approx([float(shown[name]) for name in ("L0", "A", "alpha", "C")], abs=7e-6)
    unseen = [name for name in tissue.SCHEDULES if name not in tissue.TRAINED]
    shares, errors = [], []
    for name in unseen:
        s1, s2, y = annealing(size, [name], 0.999)
        error = fit.x[0] + fit.x[1] * s1 ** -fit.x[2] - fit.x[3] * s2 - y
        shares.append(1 - (error**2).sum() / ((y - y.mean()) ** 2).sum())
        errors.append(np.abs(error / y).max())
    assert np.mean(shares) == pytest.approx(float(tissue.QUALITY[size]), abs=5.1e-5)
    assert max(errors) < 0.015


@pytest.mark.parametrize("size, best", [("25m", 0.995), ("100m", 0.999)])
def test_the_best_decay_by_scipy(size, best):
    costs = {decay: annealing_fit(size, decay)[0].cost for decay in (0.99, 0.995, 0.999, 0.9995, 0.9998)}
    assert min(costs, key=costs.get) == best
