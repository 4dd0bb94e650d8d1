"""``hconsist radius``: numbers with a closed form, keys of the contract, files good and bad."""

import json
import math
import zipfile
import zlib

import numpy as np
import pytest
from click.testing import CliRunner

from hconsist.cli import cli


def run(*arguments):
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def rows(tmp_path):
    """Two classes: the zeros are (-d + i pi (2k+1))/c, radius sqrt(d^2 + pi^2)/|c| for differences d, c."""
    logits, slopes = np.array([[0.0, 1.0], [2.0, 0.0], [0.0, 0.5]]), np.array([[0.0, 2.0], [0.0, -1.0], [1.0, 1.0]])
    file = tmp_path / "rows of mine.npz"
    np.savez(file, logits=logits, slopes=slopes)
    return file


@pytest.mark.parametrize("certify", ["float", "ball"])
def test_json(rows, certify):
    code, out, err = run("radius", rows, "--certify", certify, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "") and {"rows", "batch_radius", "certified"} <= set(found)
    keys = {"lower_pi", "lower_top1", "lower_sigma", "radius", "zero", "status"}
    assert all(keys <= set(row) for row in found["rows"])
    first, second, third = found["rows"]
    assert first["radius"] == pytest.approx(math.hypot(1, math.pi) / 2, rel=1e-14)
    assert first["zero"] == pytest.approx([-0.5, math.pi / 2], rel=1e-14)
    assert second["radius"] == pytest.approx(math.hypot(2, math.pi), rel=1e-14)
    assert third["radius"] == "inf" and third["zero"] is None and "all slopes agree" in third["status"]
    assert found["batch_radius"] == first["radius"] and found["certified"] is True
    assert first["status"] == {"float": "certified", "ball": "proved"}[certify]


def test_two_csv_files_and_tables(tmp_path):
    (tmp_path / "z.csv").write_text("a,b\n0,1\n\n2,0\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text("0,2\n0,-1\n", encoding="utf-8")
    code, out, err = run("radius", tmp_path / "z.csv", tmp_path / "a.csv")
    assert (code, err) == (0, "") and "does not promise that the loss falls" in out
    assert f"{math.hypot(1, math.pi) / 2:.6g}" in out
    assert run("radius", tmp_path / "z.csv", tmp_path / "a.csv", "--csv")[1].startswith("row,lower_pi")
    assert run("radius", tmp_path / "z.csv", tmp_path / "a.csv", "--latex")[1].startswith(r"\begin{tabular}")


def test_many_rows_are_shown_by_the_least(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "x.npz", logits=rng.normal(size=(30, 4)), slopes=rng.normal(size=(30, 4)))
    out = run("radius", tmp_path / "x.npz")[1]
    assert "20 rows of least radius" in out and len([line for line in out.splitlines() if "certified" in line]) == 20


@pytest.mark.parametrize("kind", ["png", "pdf", "svg"])
def test_plot(rows, tmp_path, kind):
    file = tmp_path / f"zeros.{kind}"
    assert run("radius", rows, "--plot", file)[0] == 0
    assert file.read_bytes()[:4] == {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xm"}[kind]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0,1\n0\n", ["line 2", "2 numbers", "1"]),
        ("0,1\n0,x\n", ["line 2, column 2", "a number", "'x'"]),
        ("0,1\nnan,0\n", ["logits", "row 1", "column 0", "nan"]),
        ("0,1\n0,inf\n", ["logits", "row 1", "column 1", "inf"]),
        ("", ["a CSV file with a row"]),
        ("0,1,2\n1,2,3\n", ["(2, 3)"]),
        ("2O,1\n0,1\n", ["line 1, column 1", "a number", "'2O'"]),
        (",0,1\n0,2,3\n", ["line 1, column 1", "a number", "''"]),
        (",a,b\n0,2,3\n", ["line 1", "empty first cell", "row numbers"]),
        ("0,-1e400\n0,1\n", ["line 1, column 2", "within the floats", "'-1e400'"]),
    ],
)
def test_bad_cells(tmp_path, text, words):
    (tmp_path / "z.csv").write_text(text, encoding="utf-8")
    (tmp_path / "a.csv").write_text("0,2\n0,-1\n", encoding="utf-8")
    code, out, err = run("radius", tmp_path / "z.csv", tmp_path / "a.csv")
    assert (code, out) == (2, "") and all(word in err for word in words), err


def test_bad_arguments(rows, tmp_path):
    np.savez(tmp_path / "other.npz", logits=np.zeros((2, 2)))
    (tmp_path / "text.npz").write_text("not an archive", encoding="utf-8")
    for arguments, words in (
        ((tmp_path / "nowhere.npz",), ["file", "nowhere"]),
        ((tmp_path / "other.npz",), ["arrays logits and slopes"]),
        ((tmp_path / "text.npz",), ["arrays logits and slopes"]),
        ((rows, rows, rows), ["two CSV files"]),
        ((rows, "--certify", "maybe"), ["certify", "maybe"]),
        ((rows, "--plot", "x.bmp"), ["--plot", "png"]),
        ((rows, "--plot", tmp_path / "x.png", "--row", 3), ["--row", "[0, 2]", "3"]),
        ((rows, "--plot", tmp_path / "x.png", "--row", 2), ["row", "all slopes agree"]),
    ):
        code, out, err = run("radius", *arguments)
        assert (code, out) == (2, "") and all(word in err for word in words), err


def test_damaged_and_odd_archives(tmp_path):
    np.savez(tmp_path / "none.npz", logits=np.zeros((0, 4)), slopes=np.zeros((0, 4)))
    np.save(tmp_path / "one.npy", np.zeros((2, 2)))
    np.savez_compressed(tmp_path / "whole.npz", logits=np.zeros((40, 4)), slopes=np.ones((40, 4)))
    data = bytearray((tmp_path / "whole.npz").read_bytes())
    start = data.index(b"logits.npy") + len(b"logits.npy") + 20
    data[start : start + 8] = b"\xff" * 8
    (tmp_path / "damaged.npz").write_bytes(data)
    with zipfile.ZipFile(tmp_path / "damaged.npz") as archive, pytest.raises((zlib.error, zipfile.BadZipFile)):
        archive.read("logits.npy")
    wanted = "arrays logits and slopes"
    for name, words in (("none.npz", "K >= 1"), ("one.npy", wanted), ("damaged.npz", wanted)):
        code, out, err = run("radius", tmp_path / name)
        assert (code, out) == (2, "") and words in err, (name, err)


def test_a_bad_number_is_named_by_its_row_in_the_file(tmp_path):
    logits = np.zeros((2500, 2))
    logits[2005, 1] = np.nan
    np.savez(tmp_path / "x.npz", logits=logits, slopes=np.tile([0.0, 1.0], (2500, 1)))
    code, _, err = run("radius", tmp_path / "x.npz")
    assert code == 2 and "row 2005, column 1" in err


@pytest.mark.parametrize("options", [[], ["--row", 0]])
def test_a_file_of_one_row_is_drawn(tmp_path, options):
    np.savez(tmp_path / "x.npz", logits=[[0.0, 1.0, 2.0]], slopes=[[0.0, 1.0, 3.0]])
    assert run("radius", tmp_path / "x.npz", "--plot", tmp_path / "x.png", *options)[0] == 0
    assert (tmp_path / "x.png").stat().st_size > 0
    code, _, err = run("radius", tmp_path / "x.npz", "--plot", tmp_path / "x.png", "--row", 1)
    assert code == 2 and "[0, 0]" in err


def test_the_nearest_zero_is_drawn_where_the_next_cannot_be_found(tmp_path):
    """Weights (e^(1e6), 1, 1): the next zeros lie 1e-5 of |t| away."""
    np.savez(tmp_path / "x.npz", logits=[[1e6, 0.0, 0.0]], slopes=[[0.0, 1.0, 2.0]])
    assert run("radius", tmp_path / "x.npz", "--plot", tmp_path / "x.png")[0] == 0


def test_no_row_to_draw(tmp_path):
    np.savez(tmp_path / "x.npz", logits=[[1e300, 0.0, 0.0]] * 2, slopes=[[0.0, 1.0, 2.0]] * 2)
    code, out, _ = run("radius", tmp_path / "x.npz")
    assert code == 3 and "2 rows, batch radius nan, 2 rows not certified" in out
    code, out, err = run("radius", tmp_path / "x.npz", "--plot", tmp_path / "x.png")
    assert (code, out) == (2, "") and "--plot" in err and "certified" in err


def test_rows_that_balls_do_not_prove_are_counted(tmp_path):
    np.savez(tmp_path / "x.npz", logits=[[1e10, 0.0, 0.0], [0.0, 1.0, 2.0]], slopes=[[0.0, 1.0, 2.0]] * 2)
    code, out, _ = run("radius", tmp_path / "x.npz", "--certify", "ball")
    assert code == 3 and "2 rows, batch radius nan, 1 rows not proved" in out
    code, out, _ = run("radius", tmp_path / "x.npz")
    assert code == 0 and "not" not in out.split("batch radius")[1].split("\n")[0]
