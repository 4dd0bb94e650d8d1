"""Bad tables: every error names the row and the column, or the column and what was expected of it."""

import math

import numpy as np
import pytest

from hconsist.domains import InputError
from hconsist.scaling import Chinchilla, Envelope, FitWarning, IsoFlop, PowerLaw, UnidentifiedError, read_columns
from hconsist.scaling.columns import check_units, columns_of
from tests.scaling_data import noisy, sizes

COLUMNS = sizes(12)
LOSSES = noisy(COLUMNS)
FLOP = 6 * COLUMNS["params"] * COLUMNS["tokens"]


@pytest.mark.parametrize("entry", [0.0, -3.0, math.nan, -math.inf, "1e9 tokens", None, False])
@pytest.mark.parametrize("column", [0, 1])
def test_arrays_name_row_and_column(column, entry):
    table = np.column_stack([COLUMNS["params"], COLUMNS["tokens"]]).astype(object)
    table[5, column] = entry
    with pytest.raises(InputError, match=f"^row 5, column {('params', 'tokens')[column]} must be a"):
        Chinchilla().fit(table, LOSSES)


@pytest.mark.parametrize("name, columns", [
    ("flop", {"params": COLUMNS["params"], "flop": np.where(np.arange(12) == 3, -1.0, FLOP)}),
    ("tokens", {**COLUMNS, "tokens": np.where(np.arange(12) == 3, np.nan, COLUMNS["tokens"])}),
])  # fmt: skip
def test_mappings_name_row_and_column(name, columns):
    with pytest.raises(InputError, match=f"^row 3, column {name} must be a finite number > 0"):
        Chinchilla().fit(columns, LOSSES)


@pytest.mark.parametrize("entry", [0.0, -2.0, math.nan, math.inf, "high"])
def test_losses_name_row_and_column(entry):
    losses = LOSSES.astype(object)
    losses[11] = entry
    with pytest.raises(InputError, match=r"^row 11, column loss must be a"):
        Chinchilla().fit(COLUMNS, losses)


@pytest.mark.parametrize("scaled, name", [
    ({"tokens": 1e-6}, "tokens"), ({"tokens": 1e-9}, "tokens"), ({"params": 1e-6}, "params"),
    ({"params": 1e-9, "tokens": 1e-9}, "params"), ({"params": 1e-6, "tokens": 1e-9}, "tokens"),
])  # fmt: skip
def test_millions_and_billions_are_refused(scaled, name):
    columns = {k: v * scaled.get(k, 1.0) for k, v in COLUMNS.items()}
    with pytest.raises(InputError, match=rf"^row \d+, column {name} must be .*millions or billions, got"):
        Chinchilla().fit(columns, LOSSES)


def test_units_that_are_right_are_not_refused():
    """The controls: models of 768 parameters and more; many more tokens than parameters; fewer tokens than these."""
    check_units({"params": np.geomspace(768, 1.5e9, 9), "tokens": np.full(9, 2.2e10) * np.linspace(0.9, 1, 9)})
    check_units({"params": np.array([1e7, 4e8]), "tokens": np.array([3e11, 1e12])})
    check_units({"params": np.array([6e9, 1e10]), "tokens": np.array([1e8, 2e9])})


def test_too_little_is_named():
    few = {k: v[:4] for k, v in COLUMNS.items()}
    with pytest.raises(InputError, match="number of points must be at least the number of parameters, 5, got 4"):
        Chinchilla().fit(few, LOSSES[:4])
    with pytest.raises(InputError, match="column params must be of at least two different values"):
        Chinchilla().fit({**COLUMNS, "params": np.full(12, 1e9)}, LOSSES)
    with pytest.raises(InputError, match="column tokens must be of at least two different values"):
        Chinchilla().fit({**COLUMNS, "tokens": np.full(12, 2e10)}, LOSSES)
    with pytest.raises(InputError, match="column x must be of at least two different values"):
        PowerLaw().fit(np.full(5, 10.0), np.linspace(2.0, 3.0, 5))
    with pytest.raises(InputError, match="of one length, at least 1"):
        Chinchilla().fit({"params": [], "tokens": []}, [])
    with pytest.raises(InputError, match=r"shape \(points, 2\): params, tokens"):
        Chinchilla().fit([[1e9, 2e10], [1e9]], [3.0, 2.0])
    with pytest.raises(InputError, match="missing: tokens"):
        Chinchilla().fit({"params": COLUMNS["params"], "loss": LOSSES}, LOSSES)
    with pytest.raises(InputError, match="missing: params, tokens"):
        Chinchilla().fit({"flop": FLOP}, LOSSES)
    with pytest.raises(InputError, match="same length as the other columns, 12"):
        Chinchilla().fit(COLUMNS, LOSSES[:7])


def test_one_budget_only():
    """Approach 2 and 1 refuse it; approach 3 fits with a warning in words and makes no plan."""
    params = np.geomspace(1e8, 1e10, 20)
    columns = {"params": params, "tokens": 1e21 / 6 / params}
    losses = noisy(columns, sd=0.001)
    with pytest.raises(InputError, match="budgets with an optimum must be at least 2, got 1"):
        IsoFlop().fit(columns, losses)
    with pytest.raises(InputError, match="runs"):
        Envelope().fit(columns, losses)
    with pytest.warns(FitWarning, match="one budget"):
        fit = Chinchilla(resamples=20).fit(columns, losses)
    with pytest.raises(UnidentifiedError, match="one budget"):
        fit.plan(1e24)


@pytest.mark.parametrize("text, message", [
    ("", "file must be a table with a header line"),
    ("\n\n", "file must be a table with a header line"),
    ("params,tokens,loss\n", "at least one row"),
    ("params,tokens,loss\n1,2,3\n\n1,2\n", "line 4 must be of 3 entries"),
    ("params,params,loss\n1,2,3\n", "line 1 must be a header of different names, got 'params'"),
])  # fmt: skip
def test_bad_files(tmp_path, text, message):
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_columns(str(path))


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match="file must be a CSV file that can be read"):
        read_columns(str(tmp_path / "none.csv"))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(InputError, match="file must be"):
        read_columns(str(tmp_path / "binary.csv"))


def test_columns_by_name_and_flop():
    read = columns_of({"flop": FLOP, "tokens": COLUMNS["tokens"], "note": ["text"] * 12}, ("params", "tokens"))
    assert np.allclose(read["params"], COLUMNS["params"], rtol=1e-14)
    assert columns_of({"x": ["1", " 2.5 "]}, ("x",))["x"].tolist() == [1.0, 2.5]
