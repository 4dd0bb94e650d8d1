"""``hconsist fit``: noise-free tables give back their laws, keys of the contract, plans, pictures, and bad input."""

import csv
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from scaling_data import TRUTH, noisy, sizes, value

from hconsist.cli import FIT_LAWS, cli


def run(*arguments):
    result = CliRunner().invoke(cli, ["fit", *(str(a) for a in arguments)])
    return result.exit_code, result.stdout, result.stderr


def write(path, **columns):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*(c.tolist() if isinstance(c, np.ndarray) else c for c in columns.values())))
    return path


@pytest.fixture
def runs(tmp_path):
    columns = sizes(60)
    return write(tmp_path / "runs of mine.csv", **columns, loss=noisy(columns))


def test_json_has_the_keys_of_the_contract(tmp_path):
    columns = sizes(40)
    flop = 6 * columns["params"] * columns["tokens"]
    file = write(tmp_path / "a.csv", N=columns["params"], C=flop, final=value(columns))
    code, out, err = run(file, "--law", "chinchilla", "--columns", "N=N,C=C,L=final", "--bootstrap", 50, "--json",
                         "--budget", 5.76e23)  # fmt: skip
    found = json.loads(out)
    assert (code, err) == (0, "")
    keys = {"law", "n_points", "objective", "scaled_gradient", "condition", "parameters", "diagnostics", "warnings"}
    assert {*keys, "plan"} <= set(found) and found["law"] == "chinchilla" and found["n_points"] == 40
    assert found["objective"] < 1e-20 and found["warnings"] == []
    for name, each in found["parameters"].items():
        assert set(each) == {"value", "lower", "upper", "side"} and each["side"] == "estimate"
        assert each["value"] == pytest.approx(TRUTH[name], rel=1e-6)
    # N* = G (C/6)^a, written out
    a = TRUTH["beta"] / (TRUTH["alpha"] + TRUTH["beta"])
    g = (TRUTH["alpha"] * TRUTH["A"] / (TRUTH["beta"] * TRUTH["B"])) ** (1 / (TRUTH["alpha"] + TRUTH["beta"]))
    assert found["plan"]["params"]["value"] == pytest.approx(g * (5.76e23 / 6) ** a, rel=1e-5)
    assert found["plan_status"] == "made" and found["errors"][0]["at"].startswith("compute-optimal")
    diagnostics = found["diagnostics"]
    assert {"percentile", "bca", "profile", "drop_path", "delta_path", "tied"} <= set(diagnostics)


def test_page_and_error_limit(runs):
    code, out, err = run(runs, "--law", "chinchilla", "--bootstrap", 200, "--budget", 1e23, "--measured-loss", 2.0)
    assert (code, err) == (0, "")
    for text in ("scaled gradient", "BCa", "profile", "largest losses dropped", "Huber threshold", "alpha - beta",
                 "tokens per parameter", "measured loss 2", "for every number of labels"):  # fmt: skip
        assert text in out


def test_error_limit_in_json_is_the_inverse_of_the_binary_entropy_curve(runs):
    out = run(runs, "--law", "chinchilla", "--bootstrap", 100, "--measured-loss", 1.9, "--json")[1]
    found = json.loads(out)
    limit = found["errors"][0]
    excess = 1.9 - found["parameters"]["E"]["lower"]
    assert limit["excess"]["upper"] == pytest.approx(excess, abs=1e-12) and found["plan"] is None
    t = limit["value"]
    assert ((1 + t) * math.log1p(t) + (1 - t) * math.log1p(-t)) / 2 == pytest.approx(excess, rel=1e-10)
    assert limit["side"] == "estimate" and limit["bound"]["side"] == "upper" and limit["vacuous"] is False


def test_other_laws(tmp_path):
    x = np.geomspace(1e3, 1e8, 30)
    power = write(tmp_path / "power.csv", examples=x, loss=0.4 + 12 * x**-0.3)
    found = json.loads(run(power, "--law", "power", "--bootstrap", 20, "--json")[1])
    assert {k: v["value"] for k, v in found["parameters"].items()} == pytest.approx(
        {"E": 0.4, "A": 12, "alpha": 0.3}, rel=1e-6
    )
    columns = sizes(40)
    tied = 1.5 + 100 * columns["params"] ** -0.3 + 200 * columns["tokens"] ** -0.3
    found = json.loads(
        run(write(tmp_path / "t.csv", **columns, loss=tied), "--law", "over-training", "--bootstrap", 20, "--json")[1]
    )
    assert found["derived"]["eta"]["value"] == pytest.approx(0.15, rel=1e-6) and "beta" not in found["parameters"]
    both = {"encoder": columns["params"], "decoder": columns["tokens"]}
    product = 1.2 + 50 * both["encoder"] ** -0.2 * both["decoder"] ** -0.1
    file = write(tmp_path / "e.csv", **both, loss=product)
    found = json.loads(run(file, "--law", "encoder-decoder", "--bootstrap", 20, "--budget", 3e9, "--json")[1])
    assert found["plan"]["encoder"]["value"] == pytest.approx(2e9, rel=1e-5)
    assert "encoder" in run(file, "--law", "encoder-decoder", "--bootstrap", 20, "--budget", 3e9)[1].splitlines()[-3]


def _budgets():
    """Sizes within a factor of four of N* at six budgets."""
    flop = np.repeat(np.geomspace(1e19, 1e22, 6), 9)
    a = TRUTH["beta"] / (TRUTH["alpha"] + TRUTH["beta"])
    g = (TRUTH["alpha"] * TRUTH["A"] / (TRUTH["beta"] * TRUTH["B"])) ** (1 / (TRUTH["alpha"] + TRUTH["beta"]))
    params = g * (flop / 6) ** a * np.tile(np.geomspace(0.25, 4, 9), 6)
    return a, g, {"params": params, "flop": flop, "tokens": flop / (6 * params)}


def test_isoflop_with_the_bias_removed(tmp_path):
    a, g, columns = _budgets()
    file = write(tmp_path / "i.csv", params=columns["params"], flop=columns["flop"], loss=value(columns))
    found = json.loads(run(file, "--law", "isoflop", "--exponents", "0.34,0.28", "--bootstrap", 20, "--json")[1])
    assert found["parameters"]["a"]["value"] == pytest.approx(a, abs=1e-9)
    assert found["parameters"]["prefactor"]["value"] == pytest.approx(g / 6**a, rel=1e-6)
    assert len(found["diagnostics"]["vertices"]) == 6 and found["objective"] is None
    by_tokens = write(tmp_path / "t.csv", params=columns["params"], tokens=columns["tokens"], loss=value(columns))
    again = json.loads(run(by_tokens, "--law", "isoflop", "--exponents", "0.34,0.28", "--bootstrap", 20, "--json")[1])
    assert again["parameters"]["a"]["value"] == pytest.approx(a, abs=1e-9)
    out = run(file, "--law", "isoflop", "--bootstrap", 20, "--budget", 1e23)[1]
    assert "bias not removed" in out and "budget 1e+23" in out


def test_envelope(tmp_path):
    a, _, _ = _budgets()
    mesh = np.meshgrid(np.geomspace(1e7, 1e10, 40), np.geomspace(1e8, 1e12, 60), indexing="ij")
    columns = {"params": mesh[0].ravel(), "tokens": mesh[1].ravel()}
    file = write(tmp_path / "c.csv", **columns, loss=value(columns))
    found = json.loads(run(file, "--law", "envelope", "--bootstrap", 10, "--json")[1])
    assert found["parameters"]["a"]["value"] == pytest.approx(a, abs=0.02)


def _log(tmp_path, warmup=100, decay=0.99):
    """Two runs, S1 and S2 by the definition's loops, every tenth step logged from the end of the warm-up."""
    rows = []
    for run_name, shape in (("steady", np.full(900, 1e-3)), ("cosine", 5e-4 * (1 + np.cos(np.linspace(0, 3, 900))))):
        rates = np.concatenate([np.linspace(0, shape[0], warmup), shape])
        s1, s2, m = 0.0, 0.0, 0.0
        for step, rate in enumerate(rates):
            gap = rates[step - 1] - rate if step >= warmup else 0.0
            m = decay * m + gap
            s1, s2 = s1 + rate, s2 + m
            if step >= warmup:
                rows.append((run_name, step, rate, 2.0 + 0.4 * s1**-0.5 - 3.0 * s2))
    return write(tmp_path / "log.csv", **dict(zip(("run", "step", "lr", "loss"), map(list, zip(*rows)))))


def test_annealing_from_a_log(tmp_path):
    file = _log(tmp_path)
    arguments = ("--law", "annealing", "--decay", 0.99, "--bootstrap", 10, "--json")
    found = json.loads(run(file, *arguments, "--warmup", 100)[1])
    assert {k: v["value"] for k, v in found["parameters"].items()} == pytest.approx(
        {"L0": 2.0, "A": 0.4, "C": 3.0, "alpha": 0.5}, rel=1e-6
    )
    code, _, err = run(file, *arguments)
    assert code == 2 and "warmup" in err and "step 100" in err


def test_a_line_of_points_gets_a_warning_and_no_plan(tmp_path):
    params = np.geomspace(1e8, 1e10, 20)
    columns = {"params": params, "tokens": 20 * params}
    file = write(tmp_path / "line.csv", **columns, loss=noisy(columns))
    code, out, err = run(file, "--law", "chinchilla", "--bootstrap", 20, "--budget", 1e23)
    assert (code, err) == (3, "") and "unidentified design" in out and "no plan" in out and "N*" not in out
    found = json.loads(run(file, "--law", "chinchilla", "--bootstrap", 20, "--budget", 1e23, "--json")[1])
    assert found["plan"] is None and "one ratio" in found["plan_status"]


def test_dropping_the_largest(runs):
    with runs.open() as file:
        losses = sorted(float(r["loss"]) for r in csv.DictReader(file))
    shown = json.loads(run(runs, "--law", "chinchilla", "--bootstrap", 10, "--drop-largest", 3, "--json")[1])
    assert shown["n_points"] == len(losses) - 3
    fourth = json.loads(run(runs, "--law", "chinchilla", "--bootstrap", 10, "--json")[1])["diagnostics"]["drop_path"][3]
    assert fourth["parameters"]["alpha"] == pytest.approx(shown["parameters"]["alpha"]["value"], rel=1e-7)


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_pictures(runs, tmp_path, kind):
    x = np.geomspace(1e3, 1e8, 12)
    _, _, columns = _budgets()
    files = {
        "chinchilla": runs,
        "power": write(tmp_path / "p.csv", x=x, loss=0.4 + 12 * x**-0.3),
        "isoflop": write(tmp_path / "i.csv", params=columns["params"], flop=columns["flop"], loss=value(columns)),
        "encoder-decoder": write(
            tmp_path / "e.csv", encoder=x, decoder=np.roll(x, 3), loss=1 + 50 * x**-0.2 * np.roll(x, 3) ** -0.1
        ),
    }
    for law, file in files.items():
        target = tmp_path / f"{law}.{kind}"
        code, _, err = run(file, "--law", law, "--bootstrap", 10, "--plot", target)
        assert (code, err) == (0, "") and target.stat().st_size > 2000
        if kind == "png":
            assert target.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def spoilt(path, row, column, entry):
    with path.open() as file:
        rows = list(csv.DictReader(file))
    rows[row][column] = entry
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize("entry", ["-1", "0", "nan", "inf", "x", ""])
@pytest.mark.parametrize("column", ["params", "tokens", "loss"])
def test_a_bad_entry_is_named(runs, column, entry):
    code, out, err = run(spoilt(runs, 7, column, entry), "--law", "chinchilla")
    assert (code, out) == (2, "") and f"row 7, column {column}" in err


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--law", "chinchila"), "did you mean chinchilla"),
        (("--law", "chinchilla", "--columns", "N=size"), "a header of the file"),
        (("--law", "chinchilla", "--columns", "size"), "NAME=HEADER"),
        (("--law", "chinchilla", "--fit-by", "median"), "huber, absolute, squares"),
        (("--law", "chinchilla", "--delta", "-1"), "delta"),
        (("--law", "chinchilla", "--bootstrap", 1), "--bootstrap"),
        (("--law", "chinchilla", "--seed", -1), "--seed"),
        (("--law", "chinchilla", "--confidence", 1), "confidence"),
        (("--law", "chinchilla", "--drop-largest", 60), "--drop-largest"),
        (("--law", "chinchilla", "--drop-largest", 58), "at least the number of parameters"),
        (("--law", "chinchilla", "--budget", 0), "budget"),
        (("--law", "chinchilla", "--bootstrap", 10, "--measured-loss", 0.1), "irreducible loss"),
        (("--law", "chinchilla", "--plot", "x.gif"), "--plot"),
        (("--law", "power"), "--columns x=HEADER"),
        (("--law", "annealing"), "step and lr"),
        (("--law", "encoder-decoder"), "encoder"),
        (("--law", "isoflop", "--exponents", "0.3"), "ALPHA,BETA"),
        (("--law", "envelope", "--measured-loss", 2), "irreducible loss"),
        (("--law", "chinchilla", "--columns", "Z=params"), "NAME among"),
        (("--law", "chinchilla", "--exponents", "0.3,0.4"), "used with isoflop"),
        (("--law", "chinchilla", "--decay", 0.9), "used with annealing"),
        (("--law", "over-training", "--tied"), "used with chinchilla"),
        (("--law", "isoflop", "--fit-by", "squares"), "used with chinchilla"),
        (("--law", "annealing", "--columns", "S1=params,S2=tokens", "--budget", 1e20), "makes plans"),
    ],
)  # fmt: skip
def test_bad_arguments(runs, arguments, words):
    code, out, err = run(runs, *arguments)
    assert (code, out) == (2, "") and words in err


def test_exchanged_headers_are_exchanged(tmp_path):
    columns = sizes(30)
    file = write(tmp_path / "x.csv", tokens=columns["params"], params=columns["tokens"], loss=value(columns))
    out = run(file, "--law", "chinchilla", "--columns", "N=tokens,D=params", "--bootstrap", 5, "--json")[1]
    found = {name: each["value"] for name, each in json.loads(out)["parameters"].items()}
    assert found == pytest.approx(TRUTH, rel=1e-6)


def test_dropped_rows_are_checked_and_rows_keep_their_numbers(runs):
    with runs.open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    largest = losses.index(max(losses))
    spoilt(runs, largest, "loss", "inf")
    assert f"row {largest}, column loss" in run(runs, "--law", "chinchilla", "--drop-largest", 1)[2]


def test_tables_send_warnings_to_stderr(tmp_path):
    params = np.geomspace(1e8, 1e10, 20)
    columns = {"params": params, "tokens": 20 * params}
    file = write(tmp_path / "line.csv", **columns, loss=noisy(columns))
    for kind in ("--csv", "--latex"):
        code, out, err = run(file, "--law", "chinchilla", "--bootstrap", 5, kind, "--budget", 1e23)
        assert code == 3 and "unidentified" in err and "no plan" in err and "unidentified" not in out


def test_csv_holds_the_plan(runs):
    out = run(runs, "--law", "chinchilla", "--bootstrap", 5, "--csv", "--budget", 1e23)[1]
    names = [row["parameter"] for row in csv.DictReader(out.splitlines())]
    assert names == ["E", "A", "B", "alpha", "beta", "a", "plan params", "plan tokens", "plan tokens_per_param",
                     "plan loss"]  # fmt: skip


def test_bad_files(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    binary = tmp_path / "x.csv"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    for file in (empty, binary, tmp_path / "missing.csv", tmp_path):
        code, out, err = run(file, "--law", "power")
        assert (code, out) == (2, "") and "file" in err
    columns = sizes(10)
    code, _, err = run(
        write(tmp_path / "m.csv", params=columns["params"], tokens=columns["tokens"] / 1e9, loss=value(columns)),
        "--law", "chinchilla",
    )  # fmt: skip
    assert code == 2 and "millions or billions" in err


def test_every_law_of_the_help_is_known(runs):
    for law in FIT_LAWS:
        assert "--law must be" not in run(runs, "--law", law, "--bootstrap", 2)[2]
