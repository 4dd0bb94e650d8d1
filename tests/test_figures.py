"""Figures, through their tables and artists, not through pixels."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from hconsist import catalog, plotting
from hconsist.domains import InputError
from hconsist.figures import gamma, improvement, phi_family, score_search, transformations
from hconsist.figures.brute_force import lower_hull, regret

SMALL = {
    "phi_family": {"points": 21},
    "transformations": {"points": 21},
    "gamma": {"points": 31},
    "improvement": {"columns": 11, "rows": 6},
    "threshold": {"points": 111, "columns": 31},
    "zero_interval": {"points": 21, "marked": 4},
    "gallery": {"n": (2, 3), "points": 11, "marked": 5},
    "n_dependence": {"n": (2, 3), "many": (2, 3, 5, 20), "points": 11, "marked": 4},
    "failure_regions": {"divisions": 12},
    "proof_tree": {},
    "gaps_in_tau": {"points": 21, "places": 6},
    "constants_ladder": {},
    "ghosts": {"points": 41, "count": 4},
    "partial_sums": {"points": 31, "marked": 16},
    "radius_bounds": {"classes": (2, 10), "spreads": (1.0, 10.0), "rows": 30},
    "temperature_radius": {"points": 9, "rows": (1, 2), "cooling": (3.0, 0.3, 0.03)},
    "step_sweep": {"points": 7, "grid": 12, "samples": 20},
    "temperature_sweep": {"seeds": (2026,), "temperatures": (0.5, 2.0)},
    "rate_spikes": {"seeds": (2026,), "rates": (0.01,), "steps": 60},
    "scaling_fit": {"resamples": 100, "points": 21},
    "isoflop_curves": {"resamples": 100, "points": 21, "widths": 4},
    "profile_ridge": {"resamples": 100, "points": 9},
    "drop_path": {"resamples": 60, "largest": 6, "deltas": (1e-3, 1e-2, 1.0)},
    "annealing_curves": {"resamples": 60, "every": 800, "points": 61},
    "compute_frontier": {"resamples": 100, "points": 19},
}


@pytest.fixture(scope="module")
def tables():
    return {name: catalog.figure(name).data(**arguments) for name, arguments in SMALL.items()}


@pytest.fixture(scope="module")
def figures():
    return {name: plotting.render(catalog.figure(name), **arguments) for name, arguments in SMALL.items()}


def texts(figure):
    return " ".join(text.get_text() for axes in figure.axes for text in [*axes.texts, axes.title])


# --- the direct search --------------------------------------------------------------------------------------------


def test_the_direct_search_agrees_with_known_values():
    """Values by hand: Theorem 8's raw T = min_m max(t/m, t - 1/m) at tau = 2, and the logistic T by numpy."""
    t = np.array([1 / 3, 0.5, 0.6, 1.0])
    found = np.min([regret(t, others, 2.0) for others in range(4)], axis=0)
    expected = np.min([np.maximum(t / m, t - 1 / m) for m in range(2, 6)], axis=0)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
    inner = t[:-1]
    logistic = ((1 + inner) * np.log1p(inner) + (1 - inner) * np.log1p(-inner)) / 2
    np.testing.assert_allclose(regret(inner, 3, 1.0), logistic, rtol=1e-9)


def test_the_direct_search_would_notice_a_wrong_curve():
    """Negative control: the published form of GCE at n = 10 lies far below what the search finds."""
    t = np.array([0.5])
    found = min(regret(t, others, 1.9)[0] for others in range(9))
    from hconsist.transforms import transform

    assert found > 1.5 * transform("comp-sum:tau=1.9", n_classes=10, method="published")(0.5)


def test_lower_hull():
    t = np.array([0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(lower_hull(t, np.array([0.3, 0.1, 0.4, 0.5])), [0.05, 0.1, 0.3, 0.5], rtol=1e-14)
    convex = t**2
    np.testing.assert_array_equal(lower_hull(t, convex), convex)


# --- tables -------------------------------------------------------------------------------------------------------


def test_every_figure_is_tested():
    assert set(SMALL) == {name for name, _ in catalog.FIGURES}


def test_the_dip_touches_zero_at_the_threshold_and_the_search_agrees(tables):
    """The marks come from a direct search: never below zero at tau_c, on the dip beyond it; crossings by bisection."""
    table = tables["threshold"]
    below, critical, beyond = table["gap"][1], table["gap"][2], table["gap"][4]
    assert below.min() > 1e-3 and abs(critical.min()) < 2e-5 and beyond.min() < -4e-3
    at_threshold, past = table["searched"]
    assert np.all(np.abs(at_threshold) < 1e-7)
    expected = np.minimum(np.interp(table["t_marks"], table["t"], beyond), 0)
    np.testing.assert_allclose(past, expected, rtol=0, atol=3e-5)  # the grid of the curve
    crossing = [float(np.interp(0, -row, table["tau_axis"])) for row in table["least"]]
    np.testing.assert_allclose(crossing, [1.66298, 1.68997, 1.70895], rtol=0, atol=2e-4)


def test_the_boxes_of_the_pictured_proofs_tile_their_domains(tables):
    table = tables["proof_tree"]
    for k, area in ((0, 0.5), (1, 0.2 * (2.9672 - 2.9))):
        boxes = table[f"box_{k}"]
        assert np.sum(boxes[:, 2] * boxes[:, 3]) == pytest.approx(area, rel=1e-9)
        assert set(table[f"method_{k}"]) <= set("DTECM")
    small = table["box_1"][np.argmin(table["box_1"][:, 2])]
    assert small[0] == pytest.approx(0.6, abs=0.01) and small[1] == pytest.approx(2.967, abs=0.001)


def test_marks_of_the_family_lie_on_its_lines(tables):
    """The lines are the formula, the marks come from the loss kernels."""
    table = tables["phi_family"]
    for tau, marks in zip(table["tau"], table["phi_marks"]):
        u = table["u_marks"]
        expected = np.log1p(u) if tau == 1 else ((1 + u) ** (1 - tau) - 1) / (1 - tau)
        np.testing.assert_allclose(marks, expected, rtol=1e-13)


def test_brute_force_marks_lie_on_the_sharp_curve_and_above_the_published_one(tables):
    table = tables["transformations"]
    for row, tau in enumerate(table["tau"]):
        for column, n in enumerate(table["n"]):
            from hconsist.transforms import transform

            name = f"comp-sum:tau={tau:g}"
            sharp = transform(name, n_classes=int(n))(table["t_marks"])
            brute = table["brute"][row, column]
            assert np.all(brute >= sharp - 1e-9)
            # between points h = 0.005 apart a chord lies at most h^2/8 max T'' above the curve, T'' < 32
            np.testing.assert_allclose(brute, sharp, rtol=0, atol=1e-4)
            published = transform(name, n_classes=int(n), method="published")(table["t_marks"])
            assert np.all(published <= sharp * (1 + 1e-12))


def test_gamma_inverts_and_stays_below_the_universal_root(tables):
    table = tables["gamma"]
    assert np.all(table["sharp"] <= table["universal"] * (1 + 1e-12))
    assert np.all(table["sharp"] <= table["published"] * (1 + 1e-12))
    for row, tau in enumerate(table["tau"]):
        for column, n in enumerate(table["n"]):
            from hconsist.transforms import transform

            back = transform(f"comp-sum:tau={tau:g}", n_classes=int(n)).inverse(table["T"][row, column])
            np.testing.assert_allclose(back, table["t"], rtol=1e-9)


def test_improvement_is_one_up_to_the_logistic_loss_and_a_power_of_n_up_to_three_halves(tables):
    table = tables["improvement"]
    tau, n, factor = table["tau"], table["n"], table["factor"]
    assert factor.shape == (n.size, tau.size)
    np.testing.assert_allclose(factor[:, tau <= 1], 1, rtol=1e-12)
    middle = (tau > 1) & (tau <= 1.5)
    np.testing.assert_allclose(factor[:, middle], (n[:, None] / 2) ** (tau[middle] - 1), rtol=1e-12)
    assert np.all(factor >= 1 - 1e-12)


def test_gaps_in_tau_fall_for_deterministic_labels_and_not_for_stochastic_ones(tables):
    """Lines are the entropies, marks a minimisation over scores; the five values of the witness as in test_gaps."""
    table = tables["gaps_in_tau"]
    own = np.searchsorted(table["tau"], table["tau_marks"])
    np.testing.assert_allclose(table["gap"][:, own], table["gap_marks"], rtol=0, atol=1e-7)
    np.testing.assert_allclose(table["stochastic"][own], table["stochastic_marks"], rtol=0, atol=1e-7)
    assert np.all(np.diff(table["gap"], axis=1) < 0) and np.all(table["gap"][-1] <= table["limit"] * (1 + 1e-12))
    np.testing.assert_allclose(table["stochastic_marks"][:5], [0.29499, 0.27357, 0.27540, 0.30889, 0.3], atol=5e-6)
    assert np.all(np.diff(table["left_over"]) < 0)


def test_marks_of_the_zero_interval_lie_on_its_curves_and_the_bars_end_where_they_rise(tables):
    """The marks come from a direct search; t0 = (n-2)/(2 e^(2 lam) + n - 2)."""
    from hconsist.transforms import transform

    table = tables["zero_interval"]
    for row, n in enumerate(table["n"]):
        for column, lam in enumerate(table["lam"]):
            curve = transform("logistic", n_classes=int(n), hypotheses=f"bounded:lam={lam}")
            np.testing.assert_allclose(table["found"][row, column], curve(table["t_marks"]), rtol=0, atol=1e-8)
            t0 = (n - 2) / (2 * np.exp(2 * lam) + n - 2)
            np.testing.assert_allclose(table["t0"][row, column], t0, rtol=1e-14)
            assert np.array_equal(table["T"][row, column] > 0, table["t"] > t0)


def test_the_ladder_of_constants_is_found_by_the_direct_search(tables):
    """Every constant to 2.5 per cent, the rest of T at t = 1/200 for ten labels; found and stated independently."""
    table = tables["constants_ladder"]
    np.testing.assert_allclose(table["found"], table["theory"], rtol=0.025)
    spread = np.ptp(table["found"], axis=1) / table["found"][:, 0]
    free = np.ptp(table["theory"], axis=1) == 0
    assert np.all(spread[free] < 1e-4) and np.all(spread[~free] > 0.05) and np.sum(~free) == 5
    comp_sum = table["found"][table["group"] == "comp-sum"]
    assert comp_sum.min() == comp_sum[1].min() > 0.47104


def test_the_gallery_shows_where_labels_matter_and_which_losses_are_not_calibrated(tables):
    """Lines by theorems, marks by the search.  Three labels: T of the two-label curve or known by hand; t0 exact."""
    from hconsist.figures.gallery import PANELS

    table, free = tables["gallery"], {"poly-1:eps=2", "focal:gamma=2", "logistic", "ova-logistic", "entmax:alpha=1.5"}
    t0 = {"sum-hinge": 1 / 6, "ova-hinge": 1 / 2, "max-hinge": 1 / 2, "max-logistic": 1 / 2}
    top = {"constrained-hinge": 3 / 2, "mae": 1 / 2, "squentropy": 1.0203}  # n/2; 1 - 1/2; SLSQP at p = (1, 0, 0)
    at = table["t_marks"]
    for k, (_, entries) in enumerate(PANELS):
        for i, entry in enumerate(entries):
            line, found = np.interp(at, table["t"], table[f"line_{k}_{i}"]), table[f"marks_{k}_{i}"][0]
            own = np.isin(np.round(at, 9), np.round(table["t"], 9))
            assert np.all(np.diff(found) >= 0) and own[-1]
            if entry.loss in free:
                np.testing.assert_allclose(found[own], line[own], rtol=0, atol=1e-9)
            end = 1 / 2 if entry.losses else t0.get(entry.loss, 0)
            assert table[f"t0_{k}_{i}"][1] == pytest.approx(end, abs=1e-5)
            if entry.loss in top:
                assert found[-1] == pytest.approx(top[entry.loss], abs=1e-4)


def test_squentropy_and_entmax_depend_on_the_number_of_labels_as_the_lines_say(tables):
    """Engine, direct search and second-order expansion, independent of one another; and the values reported before."""
    table = tables["n_dependence"]
    for k in range(2):
        # a grid of nine laws: within one per cent; t = 1/200: T/t^2 is within one per cent of its limit
        own = np.searchsorted(table["t"], table["t_marks"] - 1e-9)
        np.testing.assert_allclose(table[f"found_{k}"], table[f"T_{k}"][:, own], rtol=0.01)
        np.testing.assert_allclose(table[f"constants_{k}"], table[f"engine_{k}"], rtol=0.01)
        for n, value in table[f"reported_{k}"]:
            assert table[f"engine_{k}"][table["many"] == n] == pytest.approx(value, rel=1e-3)
    many = table["many"]
    place = np.searchsorted(table["axis"], many)
    expected = np.minimum(table["uniform"], table["pair"])[place]
    np.testing.assert_allclose(table["engine_0"], expected, rtol=1e-3)
    np.testing.assert_allclose(table["engine_1"], 1 / (4 * many), rtol=1e-3)
    assert expected[0] == pytest.approx(2 / 12) and expected[-1] < many[-1] / 12  # two labels decide from 14 on


def test_the_search_for_constants_would_notice_a_smaller_one():
    """Negative control by hand: (2 + eps)^2/8 is no longer the constant of poly-1 where (3 + eps)^2/12 is less."""
    found = [score_search.constant(score_search.poly_one(4.0), n) for n in (2, 3)]
    np.testing.assert_allclose(found, [36 / 8, 49 / 12], rtol=0.01)


# --- artists ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, _ in catalog.FIGURES])
def test_every_figure_has_a_headline_a_caption_and_no_legend(figures, name):
    module, figure = catalog.figure(name), figures[name]
    assert figure.get_suptitle() == module.TITLE and len(module.CAPTION) > 80
    assert all(axes.get_legend() is None for axes in figure.axes)
    assert all(axes.get_xlabel() or axes.get_shared_x_axes().get_siblings(axes)[1:] for axes in figure.axes)


def test_theory_is_a_thin_black_line_and_computed_values_are_marks_without_a_line(figures):
    allowed = set(plotting.COLOURS.values())
    for name in ("phi_family", "transformations", "gamma", "zero_interval", "gaps_in_tau"):
        lines = [line for axes in figures[name].axes for line in axes.lines]
        marked = [line for line in lines if line.get_marker() not in ("None", None, "")]
        plain = [line for line in lines if line not in marked]
        assert marked and plain
        assert all(line.get_linestyle() == "None" and to_hex(line.get_color()).upper() in allowed for line in marked)
        assert any(to_hex(line.get_color()) == plotting.INK and line.get_linewidth() < 1 for line in plain)


def test_lines_show_the_tables(figures, tables):
    shown = [line.get_xydata() for line in figures["phi_family"].axes[0].lines]
    expected = np.stack([tables["phi_family"]["u"], tables["phi_family"]["phi"][0]], axis=-1)
    assert any(data.shape == expected.shape and np.array_equal(data, expected) for data in shown)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("phi_family", ["sum-exponential", "mean absolute error", "zero-one"]),
        ("transformations", ["published, $n=1000$", "sharp, every $n$", "sharp = published"]),
        ("gamma", ["ruled out", "published, $n=10$", "sharp, every $n$"]),
        ("improvement", ["logistic", "MAE", "nothing to gain"]),
        ("zero_interval", [r"$\Lambda=0.5$", "scores without a limit", "$[0, t_0]$: $T=0$"]),
        ("gaps_in_tau", ["frequencies 1/3", "Jensen's limit", "the zero-one error it allows"]),
        ("gallery", ["not calibrated", "hinge (Weston, Watkins)", "squentropy", "$[0, t_0]$: $T=0$"]),
        ("n_dependence", ["$n=3$", "two likely labels", "squentropy"]),
        ("failure_regions", ["two labels tie", "label 3 is predicted", "$T=0$ up to $t=1/6$"]),
        ("constants_ladder", ["one-versus-all", "a floor for", "focal"]),
        ("ghosts", ["no zeros", "$F(t)$", "one class"]),
        ("partial_sums", ["order 64", "least loss", r"$t=1.25"]),
        ("radius_bounds", ["too long", "too short", "strip", r"$\pi/\Delta$"]),
        ("temperature_radius", ["distance of the kink", "equal weights", "digit 2"]),
        ("step_sweep", ["random", "share of batches", "[0."]),
        ("temperature_sweep", [r"step over $\rho$", "trained at each temperature"]),
        ("rate_spikes", ["cap gap 3", "cap descent", "no cap"]),
    ],
)
def test_direct_labels(figures, name, words):
    found = texts(figures[name])
    assert all(word in found for word in words)


@pytest.mark.parametrize("name", [name for name, _ in catalog.FIGURES])
def test_no_label_is_cut_off_or_covers_another(figures, name):
    figure = figures[name]
    figure.draw_without_rendering()
    frame = figure.bbox
    boxes = [text.get_window_extent() for axes in figure.axes for text in axes.texts if text.get_text()]
    assert all(frame.x0 - 1 <= box.x0 and box.x1 <= frame.x1 + 1 and box.y1 <= frame.y1 + 1 for box in boxes)
    upright = [
        text.get_window_extent()
        for axes in figure.axes
        for text in axes.texts
        if text.get_text() and text.get_rotation() == 0
    ]
    assert not any(a.overlaps(b) for i, a in enumerate(upright) for b in upright[:i])


def test_pyplot_stays_unloaded_and_settings_untouched():
    import subprocess
    import sys

    code = (
        "import sys, matplotlib; before = dict(matplotlib.rcParams)\n"
        "from hconsist import catalog, plotting\n"
        "plotting.render(catalog.figure('phi_family'), points=5)\n"
        "assert dict(matplotlib.rcParams) == before\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "False"


# --- files --------------------------------------------------------------------------------------------------------


def test_save_writes_each_format_and_the_same_bytes_twice(tmp_path, figures):
    heads = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}
    first = plotting.save(figures["phi_family"], tmp_path / "new folder" / "a.b", ("png", "pdf", "svg"))
    again = plotting.save(figures["phi_family"], tmp_path / "c", ("png", "pdf", "svg"))
    assert [file.name for file in first] == ["a.b.png", "a.b.pdf", "a.b.svg"]
    for one, two in zip(first, again):
        assert one.read_bytes().startswith(heads[one.suffix[1:]])
        assert one.read_bytes() == two.read_bytes()


def test_save_rejects_other_formats(tmp_path, figures):
    with pytest.raises(InputError, match="png, pdf, svg"):
        plotting.save(figures["phi_family"], tmp_path / "x", ("bmp",))
    assert not list(tmp_path.iterdir())


def test_figure_command_writes_what_it_prints(tmp_path):
    from click.testing import CliRunner

    from hconsist.cli import cli

    result = CliRunner().invoke(cli, ["figure", "phi-family", "--format", "svg,png", "--output", str(tmp_path / "out")])
    assert (result.exit_code, result.stderr) == (0, "")
    written = result.stdout.split()
    assert len(written) == 2 and all((tmp_path / "out").joinpath(f"phi_family.{e}").exists() for e in ("svg", "png"))


def test_modules_offer_what_the_catalog_promises():
    for module in (phi_family, transformations, gamma, improvement):
        assert module.__doc__ and module.data.__doc__ and module.draw.__doc__
