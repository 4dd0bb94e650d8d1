"""Figures of the scaling laws: what is drawn against computations that share no code with the fits."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from scipy.integrate import quad
from scipy.optimize import least_squares, minimize_scalar
from scipy.stats import chi2
from test_figures import SMALL

from hconsist import catalog, plotting
from hconsist.figures import annealing_curves, compute_frontier, drop_path, isoflop_curves, profile_ridge, scaling_fit
from hconsist.figures.bands import count
from hconsist.figures.synthetic_runs import study
from hconsist.scaling import Chinchilla, IsoFlop

NAMES = ("scaling_fit", "isoflop_curves", "profile_ridge", "drop_path", "annealing_curves", "compute_frontier")
DELTA = 1e-3
DRAWN = (1.8, 480.0, 2100.0, 0.35, 0.37)
"""The truth stated in the captions: E, A, B, alpha, beta."""


@pytest.fixture(scope="module")
def tables():
    return {name: catalog.figure(name).data(**SMALL[name]) for name in NAMES}


@pytest.fixture(scope="module")
def figures():
    return {name: plotting.render(catalog.figure(name), **SMALL[name]) for name in NAMES}


def chinchilla(p, n, d):
    return p[0] + p[1] * n ** -p[3] + p[2] * d ** -p[4]


def by_scipy(columns, losses, delta=DELTA, start=DRAWN):
    """Huber's fit of ln L by scipy's trust region in logarithms of E, A, B, whose scale is the size of each term."""
    n, d = columns["params"], columns["tokens"]

    def residuals(q):
        return np.log(chinchilla((*np.exp(q[:3]), *q[3:]), n, d)) - np.log(losses)

    found = least_squares(residuals, [*np.log(start[:3]), *start[3:]], loss="huber", f_scale=delta, x_scale="jac",
                          ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=2000)  # fmt: skip
    return np.array([*np.exp(found.x[:3]), *found.x[3:]])


def lines_of(axes):
    return [line.get_xydata() for line in axes.lines]


def drawn(axes, x, y):
    expected = np.stack([x, y], axis=-1)
    return any(data.shape == expected.shape and np.array_equal(data, expected, equal_nan=True)
               for data in lines_of(axes))  # fmt: skip


# --- the runs and the fit -----------------------------------------------------------------------------------------


def test_the_runs_are_drawn_from_the_stated_truth(tables):
    """Median |z| of a normal law is 0.6745 sd; one run in 25 has ten times the sd. 180 runs: within a sixth."""
    for table in (tables["scaling_fit"], tables["compute_frontier"]):
        z = np.log(table["loss"] / chinchilla(DRAWN, table["params"], table["tokens"]))
        assert np.median(np.abs(z)) / 0.6745 == pytest.approx(0.005, rel=1 / 6)
        assert 3 <= np.sum(np.abs(z) > 0.02) <= 12 and len(z) == 180
        ratio = table["tokens"] / table["params"]
        assert ratio.min() >= 3 and ratio.max() <= 300 and np.max(6 * table["params"] * table["tokens"]) <= 1e22
    first, second = study(8), study(8)
    assert np.array_equal(first[1], second[1]) and not np.array_equal(study(8, seed=1)[1], first[1])


def test_the_fit_is_scipys_and_its_curves_are_the_law(tables):
    table = tables["scaling_fit"]
    names = list(scaling_fit.QUANTITIES)
    p = table["quantity"][[names.index(name) for name in ("$E$", "$A$", "$B$", r"$\alpha$", r"$\beta$")], 0]
    np.testing.assert_allclose(p, by_scipy(table, table["loss"]), rtol=1e-5)
    for size, fit, truth in zip(np.unique(table["params"]), table["fit"], table["truth"]):
        np.testing.assert_allclose(fit, chinchilla(p, size, table["D"]), rtol=1e-12)
        np.testing.assert_allclose(truth, chinchilla(DRAWN, size, table["D"]), rtol=1e-12)
    n, d = (np.exp(np.mean(np.log(table[name]))) for name in ("params", "tokens"))
    for row, q in zip(table["quantity"][:, [0, 3]].T, (p, DRAWN)):
        np.testing.assert_allclose(row[-2:], [q[1] * n ** -q[3], q[2] * d ** -q[4]], rtol=1e-12)
    np.testing.assert_array_equal(table["quantity"][:5, 3], [480, 2100, 0.35, 0.37, 1.8])


def test_the_band_holds_the_truth_and_not_another_law(tables):
    """Negative control: the law with E larger by 0.1 lies outside the band everywhere."""
    table = tables["scaling_fit"]
    low, high = table["lower"], table["upper"]
    assert np.all((low <= table["fit"]) & (table["fit"] <= high))
    assert np.mean((low <= table["truth"]) & (table["truth"] <= high)) > 0.9
    assert np.all(table["truth"] + 0.1 > high)
    value, lower, upper, truth = table["quantity"].T
    width = (upper - lower) / truth
    assert np.all((lower <= value) & (value <= upper)) and np.all((lower < truth) & (truth < upper))
    assert min(width[:2]) > 2.5 * max(width[-2:]) > 2.5 * np.max((high - low) / table["fit"])  # A, B; terms; curves


# --- IsoFLOP curves -----------------------------------------------------------------------------------------------


def test_parabolas_and_vertices_are_those_of_plain_least_squares(tables):
    table = tables["isoflop_curves"]
    for k in range(len(table["budget"])):
        x = np.log(table["params"][k])
        middle = x.mean()
        c = np.linalg.lstsq(np.vander(x - middle, 3), table["loss"][k], rcond=None)[0]
        np.testing.assert_allclose(table["parabola"][k], np.polyval(c, np.log(table["N"][k]) - middle), rtol=1e-10)
        vertex = -c[1] / (2 * c[0])
        np.testing.assert_allclose(table["vertex"][k], [np.exp(middle + vertex), np.polyval(c, vertex)], rtol=1e-9)


def iso(n, c):
    p = isoflop_curves.ASYMMETRIC
    return chinchilla([p[name] for name in ("E", "A", "B", "alpha", "beta")], n, c / (6 * n))


def test_minima_are_minima_and_the_correction_finds_them(tables):
    """Minima by Brent's method; the noise-free vertex by least squares on the law itself, and not on its u-form."""
    table = tables["isoflop_curves"]
    for c, (size, loss), n, truth in zip(table["budget"], table["best"], table["N"], table["truth"]):
        found = minimize_scalar(lambda x, c=c: iso(np.exp(x), c), (np.log(size / 9), np.log(size * 7)), tol=1e-10)
        assert np.exp(found.x) == pytest.approx(size, rel=1e-6) and found.fun == pytest.approx(loss, rel=1e-12)
        np.testing.assert_allclose(truth, iso(n, c), rtol=1e-12)
        x = np.log(size) + np.linspace(-np.log(16), np.log(16), 15)
        second, first, _ = np.polyfit(x - x.mean(), iso(np.exp(x), c), 2)
        assert table["expected"] == pytest.approx(np.exp(-first / (2 * second)), rel=1e-9)
    raw, corrected = (np.log(table[name][:, 0] / table["best"][:, 0]) for name in ("vertex", "corrected"))
    assert np.all(raw > 0.15) and np.max(np.abs(corrected)) < 0.06
    for name, height in (("raw", table["expected"]), ("right", 1.0)):
        value, low, high = table[name].T
        assert np.all((low < height) & (height < high)) and np.all((low < value) & (value < high))
    assert np.all(table["raw"][:, 1] > 1)  # without correction the truth is outside
    np.testing.assert_allclose(table["exponents"], [0.465, 0.155], atol=0.03)


def test_the_line_through_the_vertices_is_a_line_of_least_squares(tables):
    table = tables["isoflop_curves"]
    x = np.log(table["budget"])
    for name, tops in (("raw", "vertex"), ("right", "corrected")):
        line = np.polyval(np.polyfit(x, np.log(table[tops][:, 0]), 1), x)
        np.testing.assert_allclose(table[name][:, 0], np.exp(line) / table["best"][:, 0], rtol=1e-9)


def test_the_bias_is_the_projection_of_the_law_on_a_parabola(tables):
    """c1, c2 by quadrature with Legendre's polynomials; the leading order from below; least squares on 401 points."""
    table = tables["isoflop_curves"]
    for (pair, _, _), exact, leading, found in zip(
        isoflop_curves.PAIRS, table["exact"], table["leading"], table["found"]
    ):
        alpha, beta = pair

        def moment(weight, w, alpha=alpha, beta=beta):
            return quad(lambda t: weight(t) * (beta * np.exp(-alpha * w * t) + alpha * np.exp(beta * w * t)), -1, 1,
                        epsabs=1e-13)[0]  # fmt: skip

        for w, du in list(zip(table["w"], exact))[2::6]:
            first, second = 1.5 * moment(lambda t: t, w), 2.5 * moment(lambda t: 1.5 * t * t - 0.5, w)
            assert du == pytest.approx(-w * first / (3 * second), rel=1e-6)
        np.testing.assert_allclose(leading, table["w"] ** 2 * (alpha - beta) / 10, rtol=1e-14)
        np.testing.assert_allclose(found, np.interp(table["w_marks"], table["w"], exact), rtol=0.02, atol=4e-3)
        assert exact[1] == pytest.approx(leading[1], rel=0.02) and np.all(np.sign(exact[1:]) == np.sign(alpha - beta))
    fitted = IsoFlop().fit({"params": np.exp(np.tile([0.0, 1, 2, 3], 2)), "flop": np.repeat([1e3, 1e5], 4)},
                           np.array([3.0, 2, 2, 3] * 2))  # fmt: skip
    assert fitted.vertices_[0].params == pytest.approx(np.exp(1.5), rel=1e-12)  # by symmetry


# --- profiles -----------------------------------------------------------------------------------------------------


def test_the_profile_is_scipys_at_nodes_of_its_mesh(tables):
    """The objective over the three other parameters by scipy, at two nodes of each mesh and at the estimate."""
    table = tables["profile_ridge"]
    columns, losses = study()
    n, d = columns["params"], columns["tokens"]

    def objective(residuals):
        size = np.abs(residuals)
        return np.sum(np.where(size <= DELTA, size**2 / 2, DELTA * (size - DELTA / 2)))

    def profiled(law, start):
        found = least_squares(lambda q: np.log(law(q)) - np.log(losses), start, loss="huber", f_scale=DELTA,
                              x_scale="jac", ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=2000)  # fmt: skip
        return objective(np.log(law(found.x)) - np.log(losses))

    best = by_scipy(columns, losses)
    least = objective(np.log(chinchilla(best, n, d) / losses))
    n0 = np.exp(table["middle"])
    for at in ((2, 5), (6, 3)):
        term, alpha = np.exp(table["x_0"][at]), table["y_0"][at]
        value = profiled(lambda q, t=term, a=alpha: np.exp(q[0]) + t * (n / n0) ** -a + np.exp(q[1]) * d ** -q[2],
                         [*np.log(best[[0, 2]]), best[4]])  # fmt: skip
        assert table["z_0"][at] == pytest.approx(360 * np.log(value / least), rel=1e-4)
        alpha, beta = table["x_1"][at], table["y_1"][at]
        value = profiled(lambda q, a=alpha, b=beta: np.exp(q[0]) + np.exp(q[1]) * n**-a + np.exp(q[2]) * d**-b,
                         np.log(best[:3]))  # fmt: skip
        assert table["z_1"][at] == pytest.approx(360 * np.log(value / least), rel=1e-4)
    middle = table["z_0"].shape[0] // 2
    assert table["z_0"][middle, middle] < 1e-9 and np.all(table["z_1"] >= 0)
    np.testing.assert_allclose(profile_ridge.LEVELS, chi2.ppf([0.68, 0.95], 2), rtol=1e-12)
    np.testing.assert_allclose(table["fit"], best[[1, 3, 4]], rtol=1e-5)


def test_centring_takes_the_range_of_the_coefficient_away(tables):
    """Conditions from central differences of ln f in (ln E, ln A, ln B, alpha, beta) with and without a middle."""
    table = tables["profile_ridge"]
    columns, losses = study()
    best = by_scipy(columns, losses)
    conditions = []
    for n0, d0 in ((1.0, 1.0), (np.exp(table["middle"]), np.exp(np.log(columns["tokens"]).mean()))):
        n, d = columns["params"] / n0, columns["tokens"] / d0
        q = np.array([*np.log([best[0], best[1] * n0 ** -best[3], best[2] * d0 ** -best[4]]), *best[3:]])
        rows = []
        for k in range(5):
            h = np.eye(5)[k] * 1e-5
            up, down = (np.log(chinchilla((*np.exp(v[:3]), *v[3:]), n, d)) for v in (q + h, q - h))
            rows.append((up - down) / np.linalg.norm(up - down))
        conditions.append(np.linalg.cond(np.array(rows)))
    np.testing.assert_allclose(table["condition"], conditions, rtol=1e-3)
    log_a, log_term = np.log(table["A"]), np.log(table["A"]) - table["alpha"] * table["middle"]
    assert np.corrcoef(log_a, table["alpha"])[0, 1] > 0.99 and np.std(log_a) > 3 * np.std(log_term)
    assert abs(np.corrcoef(table["alpha"], table["beta"])[0, 1]) < 0.8
    assert 0.6 < table["within_1"] <= 1


# --- paths --------------------------------------------------------------------------------------------------------


def test_the_paths_are_fits_by_scipy_to_the_runs_left(tables):
    """Parameters to 1e-5; squares where the threshold is above every residual."""
    table = tables["drop_path"]
    columns, losses = drop_path.runs()
    order = np.argsort(-losses, kind="stable")
    assert set(order[:5]) == set(range(180, 185))  # the short runs have the largest losses
    for k in (0, 1, 5, 6):
        left = {name: column[order[k:]] for name, column in columns.items()}
        p = by_scipy(left, losses[order[k:]])
        assert table["k"][k] == k and table["beta"][k, 0] == pytest.approx(p[4], rel=1e-5)
        assert table["a"][k, 0] == pytest.approx(p[4] / (p[3] + p[4]), rel=1e-5)
    for own, name in ((slice(None), "with_short"), (slice(180), "without")):
        some = {key: column[own] for key, column in columns.items()}
        for at in (1, 2):
            p = by_scipy(some, losses[own], delta=table["delta"][at])
            assert table[name][at] == pytest.approx(p[4], rel=1e-5)


def test_five_runs_move_the_exponent_off_the_truth(tables):
    table = tables["drop_path"]
    value, low, high = table["beta"].T
    assert low[0] > 0.37 and value[0] / 0.37 - 1 == pytest.approx(0.1, abs=0.03)
    assert np.all((low[5:] < 0.37) & (high[5:] > 0.37)) and np.all(high[5:] - low[5:] < np.min((high - low)[:4]))
    assert np.all(table["with_short"] > table["without"] + 0.03)
    over, ratio = table["over"][-5:], table["ratio"][-5:]
    np.testing.assert_allclose(over, (0.5 / ratio) ** 0.12, rtol=0.02)  # four sd of the noise
    assert np.all(ratio < 0.5) and np.all(table["ratio"][:-5] >= 3)


# --- annealing ----------------------------------------------------------------------------------------------------


def areas_by_sums(eta, steps, warmup=500, decay=0.999):
    """S1 by addition; S2 = sum_k (eta_{k-1} - eta_k)(1 - lambda^(s-k+1))/(1 - lambda) over k >= warm-up, k <= s."""
    k = np.arange(warmup, len(eta))
    gap = eta[k - 1] - eta[k]
    second = [np.sum((gap * (1 - decay ** (s - k + 1.0)))[k <= s]) / (1 - decay) for s in steps]
    return np.array([eta[: s + 1].sum() for s in steps]), np.array(second)


def test_losses_along_schedules_are_the_law_with_areas_by_plain_sums(tables):
    table = tables["annealing_curves"]
    estimate, truth = table["parameters"][:, 0], table["parameters"][:, 3]
    np.testing.assert_array_equal(truth, [2.9, 0.55, 0.42, 0.5])  # L0, A, C, alpha, as the caption says
    late = np.flatnonzero(table["at"] >= 2000)
    some = late[:: len(late) // 8]
    off = []
    for k, (_, schedule, _) in enumerate(annealing_curves.SCHEDULES):
        eta = schedule.rates()
        np.testing.assert_array_equal(table["eta"][k], eta[table["at"]])
        first, second = areas_by_sums(eta, table["at"][late])
        for name, (L0, A, C, alpha) in (("fit", estimate), ("truth", truth), ("plain", estimate * [1, 1, 0, 1])):
            expected = L0 + A * first**-alpha - C * second
            np.testing.assert_allclose(table[name][k][late], expected, rtol=1e-10)
        off.append(np.max(np.abs(table["fit"][k][late] / table["truth"][k][late] - 1)))
        assert np.all((table["lower"][k] <= table["fit"][k])[some] & (table["fit"][k] <= table["upper"][k])[some])
    np.testing.assert_allclose(table["error"], off, rtol=1e-12)
    assert np.all(np.isnan(table["fit"][:, table["at"] < 2000])) and np.all(np.isfinite(table["fit"][:, late]))


def test_the_law_is_fitted_to_two_schedules_only_and_foretells_the_others(tables):
    """Negative control: without the term C S2 the unseen ends are missed by two per cent and more."""
    table = tables["annealing_curves"]
    runs = [areas_by_sums(annealing_curves.SCHEDULES[k][1].rates(), table["step"]) for k in (0, 1)]
    first, second = (np.concatenate(parts) for parts in zip(*runs))
    losses = np.concatenate(table["loss"][:2])

    def residuals(q):
        return np.log(q[0] + q[1] * first ** -q[3] - q[2] * second) - np.log(losses)

    found = least_squares(residuals, [2.9, 0.55, 0.42, 0.5], loss="huber", f_scale=DELTA, x_scale="jac", ftol=1e-15,
                          xtol=1e-15, gtol=1e-15, max_nfev=2000)  # fmt: skip
    np.testing.assert_allclose(table["parameters"][:, 0], found.x, rtol=1e-4)
    assert np.all(table["error"] < 0.006)
    gaps = (table["plain"] / table["fit"] - 1)[:, -1]
    assert gaps[0] == pytest.approx(0, abs=1e-12) and np.all(gaps[1:] > 0.02)


# --- the frontier -------------------------------------------------------------------------------------------------


def test_the_frontier_is_the_minimum_over_sizes_and_its_band_that_of_a_plan(tables):
    """Minima by Brent's method for the truth; limits by ``plan`` at three budgets, same resamples."""
    table = tables["compute_frontier"]
    fit = Chinchilla(resamples=SMALL["compute_frontier"]["resamples"], rng=2026).fit(table, table["loss"])
    for k in (0, 9, 18):
        c = table["C"][k]
        found = minimize_scalar(lambda x, c=c: chinchilla(DRAWN, np.exp(x), c / (6 * np.exp(x))), bounds=(15, 32),
                                method="bounded", options={"xatol": 1e-10})  # fmt: skip
        assert table["params_at"][3, k] == pytest.approx(np.exp(found.x), rel=1e-5)
        assert table["loss_at"][3, k] == pytest.approx(found.fun, rel=1e-12)
        plan = fit.plan(c)
        for name, found in (("params", plan.params), ("tokens", plan.tokens), ("loss", plan.loss),
                            ("tokens_per_param", plan.tokens_per_param)):  # fmt: skip
            expected = [found.value, found.lower, found.upper]
            np.testing.assert_allclose(table[f"{name}_at"][:3, k], expected, rtol=1e-10)
    for row in (0, 3):
        n, d = table["params_at"][row], table["tokens_at"][row]
        np.testing.assert_allclose(6 * n * d, table["C"], rtol=1e-12)
        np.testing.assert_allclose(table["tokens_per_param_at"][row], d / n, rtol=1e-12)


def test_the_band_opens_beyond_the_runs_and_holds_the_truth(tables):
    table = tables["compute_frontier"]
    for name in compute_frontier.QUANTITIES:
        value, low, high, truth = table[f"{name}_at"]
        assert np.all((low <= value) & (value <= high))
        assert np.mean((low <= truth) & (truth <= high)) > 0.9
        beyond = table["C"] > 1e22
        assert np.all(np.diff(np.log(high / low)[beyond]) > 0)
    ratio, loss = table["tokens_per_param_at"], table["loss_at"]
    assert 2 < ratio[2, -1] / ratio[1, -1] < 5 and loss[2, -1] / loss[1, -1] < 1.03
    assert table["E"][3] == 1.8 and table["E"][1] < 1.8 < table["E"][2]


# --- artists ------------------------------------------------------------------------------------------------------


def test_pictures_show_the_tables(figures, tables):
    table, axes = tables["scaling_fit"], figures["scaling_fit"].axes[0]
    for fit, truth in zip(table["fit"], table["truth"]):
        assert drawn(axes, table["D"], fit) and drawn(axes, table["D"], truth)
    assert len(axes.collections) == 6  # a band a size
    low = min(path.vertices[:, 1].min() for path in (c.get_paths()[0] for c in axes.collections))
    assert low == pytest.approx(table["lower"].min(), rel=1e-12)
    table, axes = tables["isoflop_curves"], figures["isoflop_curves"].axes
    for k in range(len(table["budget"])):
        assert drawn(axes[0], table["N"][k], table["parabola"][k]) and drawn(axes[0], *table["vertex"][k][:, None])
    assert all(drawn(axes[2], np.exp(table["w"]), 100 * np.expm1(row)) for row in table["exact"])
    table, axes = tables["profile_ridge"], figures["profile_ridge"].axes
    assert drawn(axes[0], table["A"], table["alpha"]) and drawn(axes[2], table["alpha"], table["beta"])
    assert all(len(panel.collections) == 1 for panel in axes)
    table, axes = tables["drop_path"], figures["drop_path"].axes
    for k, (_, low, high) in enumerate(table["beta"]):
        assert drawn(axes[1], [k, k], [low, high])
    assert drawn(axes[2], table["delta"], table["with_short"])
    table, axes = tables["annealing_curves"], figures["annealing_curves"].axes
    for k in range(4):
        assert drawn(axes[k], table["at"] / 1000, 1e4 * table["eta"][k])
        assert drawn(axes[4 + k], table["at"] / 1000, table["fit"][k])
        assert drawn(axes[4 + k], table["step"] / 1000, table["loss"][k])
    table, axes = tables["compute_frontier"], figures["compute_frontier"].axes
    for name, panel in (("params", 0), ("tokens", 0), ("loss", 1), ("tokens_per_param", 2)):
        assert drawn(axes[panel], table["C"], table[f"{name}_at"][0])


def test_the_truth_is_dashed_and_every_other_colour_is_of_the_palette(figures):
    allowed = {*plotting.COLOURS.values(), *(hue.upper() for hue in (plotting.INK, plotting.MUTED, plotting.SHADE))}
    for figure in figures.values():
        lines = [line for axes in figure.axes for line in axes.lines]
        assert all(to_hex(line.get_color()).upper() in allowed for line in lines)
        assert any(line.is_dashed() and to_hex(line.get_color()) == plotting.INK for line in lines) or (
            figure is figures["profile_ridge"]
        )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("scaling_fit", ["irreducible loss", "50M", "10B", r"$\alpha$", "dashed"]),
        ("isoflop_curves", ["vertex corrected", "minimum of the law", r"$w^2(\alpha-\beta)/10$", r"\beta=0.155"]),
        ("profile_ridge", ["condition 147", "condition 22", "correlation 0.99", "truth"]),
        ("drop_path", ["five short runs", "180 runs", "truth", "sd of the noise"]),
        ("annealing_curves", ["fitted, off by", "not seen, off by", r"$C\,S_2=0.1", "cosine"]),
        ("compute_frontier", ["$E$ in [1.", r"$N^{\!*}$ = ", "tokens per parameter", "dashed"]),
    ],
)
def test_direct_labels(figures, name, words):
    found = " ".join(text.get_text() for axes in figures[name].axes for text in [*axes.texts, axes.title])
    titles = " ".join(axes.get_title(loc="left") for axes in figures[name].axes)
    assert all(word in found + titles for word in words)


def test_axes_say_what_they_measure_and_in_which_unit(figures):
    for name, units in (("scaling_fit", ["tokens", "nats per token"]), ("compute_frontier", ["FLOP", "nats per token"]),
                        ("annealing_curves", ["step, thousands", "10^{-4}"]), ("isoflop_curves", ["FLOP", "%"]),
                        ("drop_path", ["%", "tokens per parameter"])):  # fmt: skip
        said = " ".join(axes.get_xlabel() + " " + axes.get_ylabel() for axes in figures[name].axes)
        assert all(unit in said for unit in units)


def test_counts_as_people_write_them():
    assert [count(x) for x in (50e6, 1.3e8, 2.5e9, 1e12, 1.25e3, 999.96e6, 12)] == [
        "50M", "130M", "2.5B", "1T", "1.25k", "1B", "12"
    ]  # fmt: skip
