"""Verdict cards and comparisons: the numbers come from elsewhere, the sides and sources are those of the parts."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

import hconsist as hc
from hconsist.calibration import recheck
from hconsist.cards import card, compare
from hconsist.cli import cli
from hconsist.domains import InputError
from hconsist.losses import CompSum

KEYS = {
    "name", "n_classes", "hypotheses", "parameters", "formula", "latex", "properties", "transform", "gamma", "growth",
    "n_dependence", "calibration", "references",
}  # fmt: skip
MINE = 'comp-sum:psi="-log(s) + (1 - s)**2/4"'


def run(*arguments):
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "name",
    ["logistic", "mae", MINE, "focal:gamma=2", "sparsemax", "entmax:alpha=3", "squentropy", "crammer-singer",
     "weston-watkins", "ova-hinge", "sum-squared-hinge", "constrained-exponential", "label-smoothing:eps=0.1",
     "class-weights:w=1;2;3", "logit-adjustment:prior=0.5;0.3;0.2", "rho-comp-sum:tau=1,rho=0.5"],
)  # fmt: skip
def test_every_family_has_a_card(name):
    found = card(name, 3).record()
    assert set(found) == KEYS
    value, lower = np.array(found["transform"]["value"]), np.array(found["transform"]["lower"])
    assert np.all(lower <= value) and np.all(np.diff(value) >= 0) and value[-1] > 0
    assert found["n_dependence"]["verdict"] and found["calibration"]["verdict"] and found["references"]
    json.dumps(found, allow_nan=False)


def test_a_loss_that_is_not_calibrated_shows_its_interval_and_a_witness():
    """Crammer-Singer: T = 0 up to 1/2, at p = (1/2, 0, 1/2) or its like (multiclass.md)."""
    found = card("crammer-singer", 3)
    record = found.record()["calibration"]
    assert record["calibrated"] is False and record["zero_until"] == "1/2"
    assert recheck(found.loss, found.calibration.witness)
    text = run("loss", "crammer-singer", "-n", 3)[1]
    assert "calibrated       no:" in text and "p = (1/2, 0, 1/2)" in text and "t0 = 0.5" in text


def test_a_searched_curve_shows_the_trend_of_its_exponent():
    """Squentropy at n = 3: T ~ t^2/4 (engine.md 2.2, by another engine)."""
    found = card("squentropy", 3).record()["growth"]
    assert "sharp" not in found and found["optimize"]["exponent"] == 2
    assert found["optimize"]["constant"] == pytest.approx(0.25, rel=1e-4)
    assert found["trend"]["t"] == sorted(found["trend"]["t"]) and len(found["trend"]["t"]) >= 3
    np.testing.assert_allclose(found["trend"]["exponent"], 2, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("squentropy", "T_3 = 0.196269, T_2 = 0.152163"),
        ("poly-1:eps=2.2", "the same for n = 2, 3, 4"),
    ],
)
def test_where_no_theorem_decides_a_search_is_shown(name, words):
    """Squentropy: both values by tests/least_regrets.py; poly-1 on (2, sqrt 6]: conjectured (section 13)."""
    found = card(name, 3).record()["n_dependence"]
    assert found["verdict"] == "not decided" and words in found["searched"]
    assert words in run("loss", name, "-n", 3)[1]


def test_gamma_is_the_inverse():
    """MAE at n = 10: T has slope 1/10 up to t = 1/9, by hand; cross-entropy: T(Gamma(x)) = x."""
    found = card("mae", 10).record()["gamma"]
    assert found["value"][:2] == pytest.approx([0.01, 0.1], rel=1e-12) and found["side"] == "upper"
    curve = hc.transform("logistic", n_classes=10)
    for x, t in zip(*(card("logistic").record()["gamma"][key] for key in ("excess", "value"))):
        assert ((1 + t) * math.log(1 + t) + (1 - t) * math.log(1 - t)) / 2 == pytest.approx(x, rel=1e-9)
        assert float(curve(t)) == pytest.approx(x, rel=1e-9)


def test_bounded_scores_have_a_card_of_their_own():
    found = card("logistic", 3, "bounded:lam=1").record()
    assert found["n_dependence"]["verdict"] is None
    assert found["calibration"]["calibrated"] is False and "0.0633789" in found["calibration"]["status"]


def test_compare():
    """Gamma of MAE at n = 3 is 3 x up to t = 1/2; Crammer-Singer leaves 1/2 + x/2 (T = 2t - 1, by hand)."""
    mae, hinge, mine = compare(["mae", "crammer-singer", MINE], n_classes=3, excess=[0.05, 0.1])
    assert mae["gamma"] == pytest.approx([0.15, 0.3]) and mae["calibrated"] is True and mae["total"] == 0.5
    assert hinge["gamma"] == pytest.approx([0.525, 0.55]) and hinge["calibrated"] is False
    assert mine["total"] == pytest.approx(float(CompSum(psi="-log(s) + (1-s)**2/4").psi(0.5)))
    code, out, err = run("compare", "mae", "logistic", "-n", 3, "--excess", "0.05", "--json")
    found = json.loads(out)
    assert (code, err) == (0, "") and found["rows"][0]["gamma"] == [pytest.approx(0.15)]
    code, out, err = run("compare", "mae", "squentropy", "-n", 3, "--excess", "0.05")
    assert (code, err) == (0, "") and "Gamma(0.05)" in out and "units of each loss" in out and "a search found" in out
    assert run("compare", "mae", "logistic", "-n", 3, "--csv")[1].startswith("loss,")


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_plot(kind, tmp_path):
    file = tmp_path / f"a card of mine.{kind}"
    code, out, err = run("loss", "gce:q=0.9", "-n", 3, "--plot", file)
    assert (code, err) == (0, "") and "gce:q=0.9" in out
    assert file.read_bytes()[:4] == {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xm"}[kind]


def test_latex():
    code, out, err = run("loss", "logistic", "-n", 3, "--latex")
    assert (code, err) == (0, "") and out.startswith("\\[") and r"\begin{tabular}" in out and r"\log" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("loss", "mae", "--plot", "card.bmp"), ["--plot", "png", "card.bmp"]),
        (("loss", "mae", "-n", "3", "--plot", "README.md/card.png"), ["--plot", "a path that can be written"]),
        (("loss", "class-weights:w=1;2;3", "-n", "4"), ["n_classes", "3", "4"]),
        (("compare", "mae", "logistic"), ["-n"]),
        (("compare", "-n", "3"), ["LOSS"]),
        (("compare", "mae", "logistc", "-n", "3"), ["logistic", "logistc"]),
        (("compare", "mae", "-n", "3", "--excess", "-1"), ["excess", ">= 0", "-1"]),
        (("compare", "mae", "-n", "3", "--excess", "a"), ["--excess", "numbers separated by commas", "a"]),
    ],
)
def test_bad_input(arguments, words):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "") and all(word in err for word in words), err


def test_the_search_says_which_sizes_are_feasible():
    """A card for a number of labels that no theorem and no search reaches has no curve, and says why."""
    found = card('comp-sum:psi="1 - s**3"', 30).record()["transform"]
    assert found["value"] is None and "at most 4" in found["status"]


def test_card_names_its_arguments():
    with pytest.raises(InputError, match="n_classes"):
        card("mae", 1)
