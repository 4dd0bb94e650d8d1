"""``hconsist check --save`` and ``--recheck``: files out and in, tables, JSON, exit codes, bad input."""

import json
import sys
from fractions import Fraction

import pytest
import sympy as sp
from click.testing import CliRunner

from hconsist import catalog
from hconsist.claims import Outcome, Report
from hconsist.cli import cli
from hconsist.evidence import Evidence, Expectation, Level, Source, Verdict
from hconsist.rigorous import prove_nonnegative
from hconsist.rigorous.certificates import seal

t = sp.Symbol("t", nonnegative=True)


def run(*arguments):
    found = CliRunner().invoke(cli, [str(a) for a in arguments])
    return found.exit_code, found.stdout, found.stderr


def proof(expression, name):
    return prove_nonnegative(expression, {t: (Fraction(0), Fraction(1))}, claim=name).certificates[0]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder written by the command for a report of one claim with two certificates and one with a single one."""
    parts = (proof(t**2 - t + 1, "first"), proof(2 - sp.exp(t) / 2, "second"))
    both = Evidence(Verdict.PROVED, Level.ENCLOSED, boxes=2, certificates=parts)
    one = Evidence(Verdict.PROVED, Level.ENCLOSED, boxes=1, certificates=parts[:1])
    bare = Evidence(Verdict.PROVED, Level.SYMBOLIC, points=1)
    outcomes = tuple(
        Outcome(f"paper:{slug}", "paper", "", "", Source.DERIVED, Expectation.HOLDS, evidence, True)
        for slug, evidence in (("two-parts", both), ("one-part", one), ("symbolic", bare))
    )
    monkeypatch.setattr(catalog, "check", lambda *a, **k: Report(outcomes))
    code, _, err = run("check", "--all", "--save", tmp_path / "proofs")
    assert (code, err) == (0, "")
    return tmp_path / "proofs"


def test_one_file_for_each_proof(folder):
    names = sorted(file.name for file in folder.iterdir())
    assert names == ["paper--one-part.json", "paper--two-parts--1.json", "paper--two-parts--2.json"]
    record = json.loads((folder / "paper--two-parts--2.json").read_text(), parse_constant=pytest.fail)
    assert record["id"] == "paper:two-parts" and record["claim"] == "second"
    assert record["domain"] == {"t": ["0", "1"]} and record["precision"] == 64 and record["seal"]
    assert {"python-flint", "sympy"} <= set(record["versions"]) and record["seconds"] > 0


@pytest.mark.parametrize("evaluator", ["balls", "mpmath"])
def test_a_folder_is_verified(folder, evaluator):
    code, out, err = run("check", "--recheck", folder, "--evaluator", evaluator)
    assert (code, err) == (0, "") and "3 of 3 certificates verified" in out and out.count("verified") == 4


def test_json_holds_what_was_proved(folder):
    code, out, _ = run("check", "--recheck", folder / "paper--one-part.json", "--json")
    (row,) = json.loads(out, parse_constant=pytest.fail)["certificates"]
    assert code == 0 and row["verdict"] == "proved" and row["expression"] == "t**2 - t + 1"
    assert row["leaves"] >= 1 and row["proving_seconds"] > 0 and row["seconds"] > 0


@pytest.mark.parametrize("flag", ["--csv", "--latex"])
def test_tables(folder, flag):
    code, out, _ = run("check", "--recheck", folder, flag)
    assert code == 0 and "paper" in out and "exp(t)/2" in out


def test_a_tampered_file_is_rejected(folder):
    file = folder / "paper--one-part.json"
    file.write_text(file.read_text().replace("t**2 - t + 1", "t**2 - t + 2"))
    code, out, err = run("check", "--recheck", folder)
    assert (code, err) == (1, "") and "rejected" in out and "seal" in out and "2 of 3 certificates verified" in out
    code, out, _ = run("check", "--recheck", file, "--json")
    (row,) = json.loads(out)["certificates"]
    assert code == 1 and row["verdict"] == "refuted" and "seal" in row["witness"]["defect"]


def test_what_cannot_be_verified_has_its_own_exit_code(folder, monkeypatch):
    # the package's name for the function hides the module
    monkeypatch.setattr(sys.modules["hconsist.rigorous.recheck"], "MAX_PIECES", 0)
    code, out, _ = run("check", "--recheck", folder)
    assert code == 3 and "not verified" in out and "could not be verified" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--recheck", "no/such/file.json"), ["certificate", "no/such/file.json"]),
        (("--recheck", "{folder}/paper--one-part.json", "--all"), ["--recheck takes no PAPER"]),
        (("--recheck", "{folder}/paper--one-part.json", "--save", "x"), ["--recheck takes no PAPER"]),
        (("mao2023_cross_entropy", "--recheck", "{folder}/paper--one-part.json"), ["--recheck takes no PAPER"]),
        (("--recheck", "{folder}/paper--one-part.json", "--evaluator", "floats"), ["evaluator", "balls, mpmath, z3"]),
        (("--recheck", "{folder}/empty"), ["--recheck", "a folder that holds some"]),
        (("--recheck", "{folder}/notes.txt"), ["certificate", "JSON"]),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(folder, arguments, words):
    (folder / "empty").mkdir()
    (folder / "notes.txt").write_text("not a certificate")
    code, out, err = run("check", *(a.replace("{folder}", str(folder)) for a in arguments))
    assert (code, out) == (2, "")
    assert err.startswith("hconsist: error: ") and err.count("\n") == 1 and "Traceback" not in err
    assert all(word in err for word in words), err


def test_the_table_shows_what_was_verified_and_not_what_the_file_calls_it(folder):
    """A forged name under a new seal still verifies; the reader sees the statement."""
    file = next(iter(sorted(folder.glob("*.json"))))
    record = json.loads(file.read_text()) | {"claim": "the Riemann hypothesis"}
    file.write_text(json.dumps(record | {"seal": seal(record)}))
    _, text, _ = run("check", "--recheck", file)
    assert "Riemann" not in text and "statement shown" in text
    assert ">= 0 for t in [0, 1]" in text
