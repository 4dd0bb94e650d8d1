"""The command line: JSON by contract, one-line errors, exit codes."""

import json
import math
import os
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from hconsist import catalog
from hconsist.claims import Outcome, Report
from hconsist.cli import cli
from hconsist.evidence import Evidence, Expectation, Level, Source, Verdict


def run(*arguments):
    """Exit code, stdout, stderr."""
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    return result.exit_code, result.stdout, result.stderr


def strict_json(text):
    """JSON without NaN or Infinity."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def loaded(*arguments):
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    return strict_json(out)


def outcome(verdict, expectation=Expectation.HOLDS, *, as_expected=True):
    witness = {"t": "1/2"} if verdict is Verdict.REFUTED else None
    evidence = Evidence(verdict, Level.SYMBOLIC, points=1, slack=0.25, witness=witness)
    return Outcome("paper:a", "paper", "Theorem 1", "1 > 0", Source.DERIVED, expectation, evidence, as_expected)


# --- JSON by contract ---------------------------------------------------------------------------------------------


def test_transform_json_has_the_keys_and_parallel_lists_of_the_contract():
    found = loaded("transform", "logistic", "-n", 10, "--t", "0,0.5,1", "--json")
    assert {"loss", "n_classes", "hypotheses", "method", "side", "level", "t", "raw", "value", "lower", "upper"} <= set(
        found
    )
    assert found["t"] == [0, 0.5, 1]
    # ((1+t) log(1+t) + (1-t) log(1-t)) / 2 at 0, 1/2, 1, evaluated by mpmath at 30 digits
    assert found["value"] == pytest.approx([0, 0.130812035941137, 0.693147180559945], rel=1e-13)
    assert found["side"] == "exact" and found["n_classes"] == 10


def test_an_infinite_upper_limit_is_text():
    found = loaded("transform", "comp-sum:tau=1.5", "-n", 10, "--method", "published", "--t", "0.5", "--json")
    assert found["upper"] == ["inf"] and found["side"] == "lower"


def test_bound_json_has_the_keys_of_the_contract():
    found = loaded("bound", "mae", "-n", 10, "--excess", "0.05", "--json")
    keys = {"loss", "n_classes", "hypotheses", "method", "side", "level", "assumptions", "excess", "value", "vacuous"}
    assert keys <= set(found)
    # T** of the mean absolute error passes through (1/4, 1/20)
    assert found["value"] == pytest.approx(0.25, rel=1e-12) and found["vacuous"] is False and found["side"] == "upper"


def test_an_excess_above_the_end_of_the_curve_is_vacuous_with_value_one():
    found = loaded("bound", "logistic", "-n", 3, "--excess", "5", "--json")
    assert found["value"] == 1 and found["vacuous"] is True


def test_gaps_enter_on_both_sides():
    gaps = ("--surrogate-gap", "0.03", "--target-gap", "0.1")
    found = loaded("bound", "mae", "-n", 10, "--excess", "0.02", *gaps, "--json")
    assert found["value"] == pytest.approx(0.15, rel=1e-12)


def test_several_losses_and_methods_are_rows():
    arguments = ("bound", "logistic", "comp_sum:tau=1.5", "-n", 100, "--excess", "0.01", "--method", "published")
    rows = loaded(*arguments, "--method", "sharp", "--json")["rows"]
    assert [row["method"] for row in rows] == ["published", "sharp"] * 2
    published, sharp = (row["value"] for row in rows[2:])
    assert sharp < published


def test_scores_add_what_was_measured():
    found = loaded("bound", "logistic", "--scores", "digits", "--json")
    assert {"samples", "surrogate_risk", "error", "floor", "informative", "value", "loss"} <= set(found)
    assert found["samples"] == 899 and found["floor"] == 0 and found["informative"] is False
    assert "cannot beat the measured error" in found["remark"]
    assert found["value"] >= found["error"]


def test_a_known_floor_informs():
    found = loaded("bound", "logistic", "--scores", "noisy-labels", "--floor", "1.3862943611198906", "--json")
    assert found["informative"] is True and found["value"] < found["error"]


def test_scores_from_a_file(tmp_path):
    file = tmp_path / "scores of mine.csv"
    file.write_text("0,2.0,1.0\n1,0.0,0.5\n1,1.0,0.0\n", encoding="utf-8")
    found = loaded("bound", "mae", "--scores", file, "--json")
    assert found["samples"] == 3 and found["n_classes"] == 2 and found["error"] == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", ["logistic", "sum-exponential", "gce:q=0.7", "mae", "comp-sum:tau=3"])
def test_loss_card(name):
    found = loaded("loss", name, "--json")
    keys = {"name", "parameters", "formula", "latex", "properties", "transform", "growth", "calibration", "references"}
    assert keys <= set(found)
    assert found["calibration"]["status"].startswith("yes")
    assert {"sharp", "published", "floor"} <= set(found["growth"])
    assert all(found["transform"]["value"])


def test_the_card_of_a_users_own_psi():
    """poly-1 with eps = 1, as an expression: T(1) = psi(1/2) = log 2 + 1/2, and small t as for two labels."""
    found = loaded("loss", "comp-sum:psi=-log(s)+(1-s)", "--json")
    assert found["transform"]["value"][-1] == pytest.approx(math.log(2) + 0.5)
    assert found["calibration"]["calibrated"] is True


def test_list_json_and_one_kind():
    found = loaded("list", "--json")
    assert {"losses", "hypotheses", "methods", "papers", "derivations", "figures"} <= set(found)
    assert list(loaded("list", "figures", "--json")) == ["figures"]


def test_every_number_survives_a_round_trip():
    found = loaded("transform", "logistic", "-n", 10, "--t", "0.1", "--json")
    from hconsist import transform

    assert found["value"] == [float(transform("logistic", n_classes=10)(0.1))]


# --- tables for readers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", ["--csv", "--latex"])
@pytest.mark.parametrize(
    "arguments",
    [("transform", "logistic", "-n", "3"), ("bound", "logistic", "-n", "3", "--excess", "0.1"), ("list",)],
)
def test_tables(arguments, flag):
    code, out, err = run(*arguments, flag)
    assert (code, err) == (0, "")
    assert out.startswith(r"\begin{tabular}") if flag == "--latex" else "," in out.splitlines()[0]


def test_csv_keeps_full_precision():
    _, out, _ = run("transform", "logistic", "-n", "3", "--t", "0.3", "--csv")
    header, row = out.split()
    value = float(dict(zip(header.split(","), row.split(",")))["value"])
    assert value == loaded("transform", "logistic", "-n", 3, "--t", "0.3", "--json")["value"][0]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("list",), ["losses", "logistic", "figures", "phi_family"]),
        (("loss", "mae"), ["mae", "calibrated", "T(0.5)", "every n"]),
        (("transform", "gce:q=0.9", "-n", "100"), ["n = 100", "raw", "0.5"]),
        (("bound", "mae", "-n", "10", "--excess", "0.05"), ["0.25", "symmetric and complete"]),
        (("bound", "mae", "logistic", "--scores", "digits"), ["899 samples", "cannot beat the measured error"]),
        (
            ("transform", "logistic", "-n", "3", "--hypotheses", "bounded:lam=1"),
            ["bounded:lam=1.0", "exact, symbolic", "Theorem 11", "T = 0 up to t = 0.0633789"],
        ),
        (
            ("transform", "gce:q=0.5", "-n", "3", "--hypotheses", "bounded:lam=1"),
            ["estimate, sampled", "upper limit on T", "T = 0 up to t = 0.0633789"],
        ),
        (
            ("bound", "gce:q=0.5", "-n", "3", "--excess", "0.1", "--hypotheses", "relu:L=1,W=1,B=0.5"),
            ["side", "estimate", "box [-0.5, 0.5]^n at x = 0"],
        ),
        (
            ("bound", "logistic", "--scores", "digits", "--hypotheses", "linear:W=9,B=1"),
            ["899 samples", "cannot beat the measured error", "box [-1, 1]^n"],
        ),
        (
            ("loss", "logistic", "-n", "3", "--hypotheses", "bounded:lam=1"),
            ["no: T(t) = 0 up to t = 0.0633789", "(t - t0)^2 as t falls to t0", "Theorem 11"],
        ),
        (("loss", "mae", "-n", "2", "--hypotheses", "bounded:lam=1"), ["yes, on two labels", "0.380797 t"]),
        (("loss", "mae", "-n", "3", "--hypotheses", "bounded:lam=1"), ["not decided for this loss", "1.66"]),
        (("list", "hypotheses"), ["lam > 0", "linear", "relu"]),
    ],
)
def test_text(arguments, words):
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    assert all(word in out for word in words)


# --- bad input ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("transform", "logistic", "-n", "1"), ["n_classes", "integer", "1"]),
        (("transform", "logistic", "-n", "2.5"), ["-n", "an integer", "2.5"]),
        (("transform", "logistic", "-n", "nan"), ["-n", "an integer", "nan"]),
        (("transform", "logistic", "-n", "inf"), ["-n", "an integer", "inf"]),
        (("transform", "logistic"), ["-n"]),
        (("transform", "logistic", "-n", "3", "--t", "1.5"), ["t must be", "[0, 1]", "1.5"]),
        (("transform", "logistic", "-n", "3", "--t", "-0.5"), ["t must be", "[0, 1]", "-0.5"]),
        (("transform", "logistic", "-n", "3", "--t", "0.1,nan"), ["t must be", "[0, 1]", "nan"]),
        (("transform", "logistic", "-n", "3", "--t", "a,b"), ["-t", "numbers separated by commas", "a,b"]),
        (("transform", "logistic", "-n", "3", "--points", "1"), ["--points", "integer", "1"]),
        (("transform", "logistic", "-n", "3", "--points", "3", "--t", "1"), ["--points", "--t"]),
        (("transform", "logistic", "-n", "3", "--method", "optimise"), ["method", "sharp, published", "optimise"]),
        (("transform", "logistic", "-n", "3", "--hypotheses", "linear:W=1"), ["hypotheses", "B missing"]),
        (("transform", "logistic", "-n", "3", "--hypotheses", "bounded:lam=0"), ["lam", "> 0", "tie"]),
        (("transform", "logistic", "-n", "3", "--hypotheses", "relu:L=x,W=1,B=1"), ["L must be", "'x'"]),
        (("transform", "mae", "-n", "3", "--hypotheses", "bounded:lam=1"), ["tau <= 1.66", "(479, 79, 442)/1000"]),
        (("bound", "comp-sum:tau=3", "-n", "2", "--excess", "1", "--hypotheses", "bounded:lam=1"), ["tau <= 2"]),
        (
            ("bound", "logistic", "-n", "3", "--excess", "1", "--hypotheses", "bounded:lam=1", "--method", "published"),
            ["method", "sharp for bounded:lam=1.0", "published"],
        ),
        (("bound", "logistic", "--scores", "digits", "--hypotheses", "bounded:lam=1"), ["scores", "at most 2", "14.7"]),
        (("loss", "logistic", "--hypotheses", "boundd:lam=1"), ["hypotheses", "did you mean bounded?"]),
        (("bound", "logistic", "-n", "3", "--excess", "-1"), ["excess", ">= 0", "-1"]),
        (("bound", "logistic", "-n", "3", "--excess", "nan"), ["excess", ">= 0", "nan"]),
        (("bound", "logistic", "-n", "3", "--excess", "inf"), ["excess", ">= 0", "inf"]),
        (("bound", "logistic", "-n", "3", "--excess", "1_0"), ["--excess", "a number", "1_0"]),
        (("bound", "logistic", "-n", "3", "--excess", "0.1", "--target-gap", "2"), ["target_gap", "[0, 1]", "2"]),
        (("bound", "logistic", "-n", "3"), ["--excess", "--scores"]),
        (("bound", "logistic", "-n", "3", "--excess", "1", "--scores", "digits"), ["--excess", "--scores"]),
        (("bound", "logistic", "-n", "3", "--excess", "1", "--floor", "0"), ["--floor", "--scores"]),
        (("bound", "logistic", "-n", "3", "--scores", "digits"), ["n_classes", "10", "3"]),
        (("bound", "logistic", "--scores", "no/such/file.csv"), ["scores", "no/such/file.csv"]),
        (("bound", "logistic", "--scores", "digits", "--floor", "9"), ["floor", "at most", "9"]),
        (("bound", "logistic", "--scores", "digits", "--floor", "nan"), ["floor", "nan"]),
        (("bound",), ["NAME"]),
        (("loss", "comp-sum:tau=-1"), ["tau", ">= 0", "-1"]),
        (("loss", "gce:q=0"), ["q", "(0, 1]", "0"]),
        (("loss", "gce:q=1.5"), ["q", "(0, 1]", "1.5"]),
        (("loss", "logistc"), ["loss", "logistic", "logistc"]),
        (("loss", "comp-sum:psi=s"), ["psi", "s"]),
        (("loss", "comp-sum:psi=__import__('os')"), ["psi", "__import__"]),
        (("check",), ["--all"]),
        (("check", "mao2023"), ["paper", "mao2023_cross_entropy", "mao2023"]),
        (("check", "--all", "mao2023_cross_entropy"), ["--all"]),
        (("check", "mao2023_cross_entropy", "--claim", "mao2023_cross_entropy:nothing"), ["claim", "nothing"]),
        (("check", "mao2023_cross_entropy", "--claim", "other:nothing"), ["--claim", "other:nothing"]),
        (("check", "--all", "--level", "certain"), ["level", "symbolic", "certain"]),
        (("derive", "poling"), ["derivation", "pooling", "poling"]),
        (("derive", "pooling", "--format", "word"), ["--format", "markdown", "word"]),
        (("figure",), ["--all"]),
        (("figure", "gama"), ["figure", "gamma", "gama"]),
        (("figure", "gamma", "--format", "bmp"), ["--format", "png, pdf, svg", "bmp"]),
        (("figure", "gamma", "--format", ""), ["--format", "png, pdf, svg"]),
        (("list", "loses"), ["KIND", "losses", "loses"]),
        (("bond",), ["command", "bound", "bond"]),
        (("loss", "logistic", "--jsn"), ["--jsn"]),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments, words):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("hconsist: error: ") and err.count("\n") == 1 and "Traceback" not in err
    assert all(word in err for word in words), err


@pytest.mark.parametrize(
    "text",
    ["0,1.0,2.0\n1,1.0\n", "0,1.0,x\n", "1.0,2.0,1.0\n", "2,1.0,2.0\n", "0,1.0,nan\n", "", "0,1.0\n", ",1.0,2.0\n"],
)
def test_malformed_scores(tmp_path, text):
    file = tmp_path / "bad.csv"
    file.write_text(text, encoding="utf-8")
    code, out, err = run("bound", "logistic", "--scores", file)
    assert (code, out) == (2, "") and err.startswith("hconsist: error: ") and err.count("\n") == 1


def test_a_file_in_place_of_the_folder_is_an_input_error(tmp_path):
    (tmp_path / "taken").write_text("")
    code, out, err = run("figure", "phi_family", "--output", tmp_path / "taken")
    assert code == 2 and out == "" and "--output" in err and err.count("\n") == 1


# --- exit codes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "flags", "expected"),
    [
        ([outcome(Verdict.PROVED)], (), 0),
        ([outcome(Verdict.REFUTED, Expectation.FAILS)], (), 0),
        ([outcome(Verdict.PROVED), outcome(Verdict.REFUTED, as_expected=False)], (), 1),
        ([outcome(Verdict.VACUOUS, as_expected=False)], (), 1),
        ([outcome(Verdict.INCONCLUSIVE, as_expected=False)], (), 3),
        ([outcome(Verdict.INCONCLUSIVE, as_expected=False), outcome(Verdict.REFUTED, as_expected=False)], (), 1),
        ([outcome(Verdict.SKIPPED)], (), 0),
        ([outcome(Verdict.SKIPPED)], ("--strict",), 1),
        ([outcome(Verdict.PROVED)], ("--strict",), 0),
    ],
)
@pytest.mark.parametrize("output", [(), ("--json",), ("--csv",), ("--latex",)])
def test_check_exit_codes(monkeypatch, found, flags, expected, output):
    monkeypatch.setattr(catalog, "check", lambda *a, **k: Report(tuple(found)))
    code, out, err = run("check", "--all", *flags, *output)
    assert (code, err) == (expected, "") and out
    if output == ("--json",):
        summary = strict_json(out)["summary"]
        assert summary["claims"] == len(found) * len(catalog.PAPERS)


def test_an_internal_error_is_one_line_and_exit_code_4(monkeypatch):
    def broken(*arguments, **options):
        raise ZeroDivisionError("no\nnumber")

    monkeypatch.setattr(catalog, "check", broken)
    code, _, err = run("check", "--all")
    assert code == 4 and err == "hconsist: internal error: ZeroDivisionError: no number (--debug shows the traceback)\n"
    for arguments in (("--debug", "check", "--all"), ("check", "--all", "--debug")):
        code, _, err = run(*arguments)
        assert code == 4 and "Traceback" in err and "ZeroDivisionError" in err


def test_debug_leaves_input_errors_on_one_line():
    code, _, err = run("--debug", "loss", "logistc")
    assert code == 2 and err.count("\n") == 1


# --- derivations --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format_", ["text", "markdown", "latex", "notebook"])
def test_derive_writes_a_file(tmp_path, format_):
    file = tmp_path / "proof"
    code, out, err = run("derive", "freezing", "--format", format_, "-o", file)
    assert (code, out, err) == (0, "", "")
    text = file.read_text(encoding="utf-8")
    assert text
    if format_ == "notebook":
        assert strict_json(text)["nbformat"] == 4


def test_derive_json():
    found = loaded("derive", "freezing", "--json")
    assert found["name"] == "freezing" and found["verdict"] == "proved" and found["steps"]


def test_without_a_command_the_help_appears():
    code, out, err = run()
    assert (code, err) == (0, "") and "Commands:" in out


# --- as a program -------------------------------------------------------------------------------------------------


def program(*arguments, module="hconsist.cli", **options):
    code = f"from {module} import main; main()" if module == "hconsist.cli" else None
    start = ["-c", code] if code else ["-m", module]
    command = [sys.executable, *start, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **options)


def test_help_is_instant_and_loads_nothing_heavy():
    best = min(_seconds("--help") for _ in range(3))
    assert best < 0.5
    script = (
        "import sys, hconsist.cli; print([m for m in ('numpy', 'sympy', 'matplotlib', 'scipy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def _seconds(*arguments):
    start = time.perf_counter()
    assert program(*arguments).returncode == 0
    return time.perf_counter() - start


def test_the_program_writes_results_to_stdout_and_errors_to_stderr():
    good = program("bound", "mae", "-n", "10", "--excess", "0.05", "--json")
    assert (good.returncode, good.stderr) == (0, "") and strict_json(good.stdout)["value"] == pytest.approx(0.25)
    bad = program("bound", "mae", "-n", "1", "--excess", "0.05")
    assert (bad.returncode, bad.stdout) == (2, "") and bad.stderr.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error():
    read, write = os.pipe()
    os.close(read)
    code = "from hconsist.cli import main; main()"
    command = [sys.executable, "-c", code, "transform", "logistic", "-n", "3", "--points", "5000"]
    found = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False, timeout=60)
    os.close(write)
    assert (found.returncode, found.stderr) == (0, "")


def test_paper_checks_as_a_module_is_the_check_command():
    found = program("no_such_paper", module="hconsist.paper_checks")
    assert found.returncode == 2 and "mao2023_cross_entropy" in found.stderr
