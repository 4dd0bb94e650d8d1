"""Reading scores: every malformed file is one line that names the file, the line, the domain and the value."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from hconsist import distributions
from hconsist.domains import InputError

ROOT = Path(__file__).parents[1]


def write(folder, text, name="a file.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("header", ["", "label,score_0,score_1,score_2\n", "\ufeffLabel,a,b,c\n"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_values_labels_and_shapes(tmp_path, header, newline):
    text = header + "0,1.5,-2e-3,3\n\n 2 , -1 , +0.25, 1E2\n"
    found = distributions.load_scores(write(tmp_path, text.replace("\n", newline)))
    assert found.scores.dtype == np.float64 and found.labels.dtype == np.int64
    np.testing.assert_array_equal(found.scores, [[1.5, -0.002, 3], [-1, 0.25, 100]])
    np.testing.assert_array_equal(found.labels, [0, 2])
    assert (found.samples, found.n_classes) == (2, 3)


MALFORMED = {
    "ragged row": ("0,1,2\n1,1,2\n1,1\n", "line 3", "3 comma-separated values as in line 1", "2 values"),
    "row too long": ("label,a,b\n0,1,2\n1,1,2,3\n", "line 3", "3 comma-separated values as in line 2", "4 values"),
    "trailing comma": ("0,1,2\n1,1,2,\n", "line 2", "3 comma-separated values", "4 values"),
    "text score": ("0,1,2\n1,one,2\n", "line 2: score_0", "a finite number", "'one'"),
    "empty score": ("0,1,2\n1,1,\n", "line 2: score_1", "a finite number", "''"),
    "underscored score": ("0,1,2\n1,1_0,2\n", "line 2: score_0", "a finite number", "'1_0'"),
    "NaN": ("0,1,2\n1,nan,2\n", "line 2: score_0", "a finite number", "'nan'"),
    "infinity": ("0,1,2\n1,0,-inf\n", "line 2: score_1", "a finite number", "'-inf'"),
    "overflow": ("0,1,1e999\n", "line 1: score_1", "a finite number", "'1e999'"),
    "missing label": ("0,1,2\n,1,2\n", "line 2: label", "an integer in [0, 1]", "''"),
    "no label column": ("0.25,1.5,-2\n", "line 1: label", "an integer in [0, 1]", "'0.25'"),
    "text label": ("cat,1,2\n", "line 1: label", "an integer in [0, 1]", "'cat'"),
    "label too large": ("0,1,2\n2,1,2\n", "line 2: label", "an integer in [0, 1]", "'2'"),
    "label huge": ("9" * 5000 + ",1,2\n", "line 1: label", "an integer in [0, 1]", "'999"),
    "negative label": ("-1,1,2\n", "line 1: label", "an integer in [0, 1]", "'-1'"),
    "non-integer label": ("1.0,1,2\n", "line 1: label", "an integer in [0, 1]", "'1.0'"),
    "unicode digit": ("\u0661,1,2\n", "line 1: label", "an integer in [0, 1]", "'\u0661'"),
    "one class": ("0,1\n", "line 1", "a label and at least 2 scores", "'0,1'"),
    "semicolons": ("0;1;2\n", "line 1", "a label and at least 2 scores", "'0;1;2'"),
    "empty": ("", "a file.csv", "at least one row", "''"),
    "header only": ("label,score_0,score_1\n", "a file.csv", "at least one row", "'label"),
    "binary": (b"\x93NUMPY\xff\x00", "scores", "the path of a readable CSV file", "a file.csv"),
}


@pytest.mark.parametrize("text, where, domain, value", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_files_are_refused_in_one_line(tmp_path, text, where, domain, value):
    path = write(tmp_path, text)
    with pytest.raises(InputError) as error:
        distributions.load_scores(path)
    message = str(error.value)
    assert "\n" not in message and str(path) in message
    for part in (where, domain, value):
        assert part in message


@pytest.mark.parametrize("path", ["no such file.csv", ".", "a\0b"])
def test_a_path_that_cannot_be_read(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="scores must be the path of a readable CSV file"):
        distributions.load_scores(path)


def test_the_numbers_in_the_bundled_readme():
    """Losses by the textbook formula in float64; counts by hand."""
    digits, noisy = distributions.digits(), distributions.noisy_labels()
    assert digits.scores.shape == (899, 10) and noisy.scores.shape == (3000, 5)
    for sample, errors, entropy in ((digits, 42, 0.192), (noisy, 1462, 1.3967)):
        chosen = sample.scores[np.arange(sample.samples), sample.labels]
        loss = np.log(np.sum(np.exp(sample.scores), axis=1)) - chosen
        assert np.sum(np.argmax(sample.scores, axis=1) != sample.labels) == errors
        assert np.mean(loss) == pytest.approx(entropy, abs=5e-4 if sample is digits else 5e-5)
    assert np.std(loss) / np.sqrt(3000) == pytest.approx(0.0134, abs=5e-5)


def test_bundled_files_answer_to_their_names():
    for name, make in zip(distributions.BUNDLED, (distributions.digits, distributions.noisy_labels)):
        for spelling in (name, name.replace("-", "_")):
            np.testing.assert_array_equal(distributions.load_scores(spelling).scores, make().scores)


def test_bundled_files_are_small():
    for path in (ROOT / "hconsist" / "data").glob("*.csv"):
        assert path.stat().st_size < 120_000


def script(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_simulation_is_the_one_its_script_makes(tmp_path, monkeypatch):
    module = script("make_noisy_labels")
    monkeypatch.setattr(module, "FILE", tmp_path / "again.csv")
    module.main()
    again = distributions.load_scores(module.FILE)
    np.testing.assert_array_equal(again.scores, distributions.noisy_labels().scores)
    np.testing.assert_array_equal(again.labels, distributions.noisy_labels().labels)


def test_the_simulation_follows_its_stated_law():
    """The rows' exact excess, from the law of the script's first draw, as the README beside the data states it."""
    module, sample = script("make_noisy_labels"), distributions.noisy_labels()
    true = np.random.default_rng(module.SEED).integers(5, size=3000)
    law = np.where(np.arange(5) == true[:, None], 0.5, 0.125)
    excess = np.mean(np.log(np.sum(np.exp(sample.scores), axis=1)) - np.sum(law * sample.scores, axis=1)) - np.log(4)
    chosen = np.take_along_axis(law, np.argmax(sample.scores, axis=1)[:, None], axis=1)
    assert excess == pytest.approx(0.0307, abs=5e-5)
    assert 0.5 - np.mean(chosen) == pytest.approx(0.0004, abs=5e-5)
    # goodness of fit: 1/2 of the labels are the true ones, within four standard errors
    assert abs(np.mean(sample.labels == true) - 0.5) < 4 * 0.5 / np.sqrt(3000)


def test_the_digits_are_the_ones_their_script_makes():
    pytest.importorskip("sklearn", reason="scikit-learn made the bundled file; it is the optional extra 'data'")
    labels, scores = script("make_digits_scores").held_out_scores()
    np.testing.assert_array_equal(labels, distributions.digits().labels)
    np.testing.assert_allclose(
        scores, distributions.digits().scores, rtol=0, atol=1e-4
    )  # rounding to 4 decimals, and the solver
