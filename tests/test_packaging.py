"""What setup.cfg promises is what the tree holds; the release says one version everywhere."""

import configparser
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hconsist

ROOT = Path(__file__).parents[1]
OUTER = ("derivations", "figures", "paper_checks")


@pytest.fixture(scope="module")
def config():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def folders():
    """Package name -> folder of everything that must ship."""
    inner = {".".join(p.parent.relative_to(ROOT).parts): p.parent for p in (ROOT / "hconsist").rglob("__init__.py")}
    return inner | {f"hconsist.{name}": ROOT / name for name in OUTER}


def test_packages_are_those_of_the_tree(config):
    assert sorted(lines(config["options"]["packages"])) == sorted(folders())


def test_folders_beside_the_package_are_mapped(config):
    mapped = dict(map(str.strip, line.split("=")) for line in lines(config["options"]["package_dir"]))
    assert mapped == {f"hconsist.{name}": name for name in OUTER}
    assert all((ROOT / name / "__init__.py").is_file() for name in OUTER)


def test_no_code_lies_in_a_folder_without_init():
    for path in (ROOT / "hconsist").rglob("*.py"):
        assert (path.parent / "__init__.py").is_file(), path.relative_to(ROOT)


def test_every_data_file_ships(config):
    patterns = {name: lines(globs.replace(",", "\n")) for name, globs in config["options.package_data"].items()}
    for package, folder in folders().items():
        for path in folder.iterdir():
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                assert any(path.match(glob) for glob in patterns.get(package, ())), path.relative_to(ROOT)


def test_one_version():
    version = hconsist.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    newest = re.search(r"^## \[(\S+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest and newest[1] == version


def test_extras_hold_what_only_they_use(config):
    required = {re.split(r"[<>=]", line)[0] for line in lines(config["options"]["install_requires"])}
    assert required.isdisjoint({"scikit-learn", "torch", "pytest", "hypothesis"})


@pytest.mark.slow
def test_the_wheel_holds_the_packages_and_nothing_else(tmp_path):
    """Built as an installer would; needs the package index for the build requirements."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT)]
    subprocess.run(command, check=True, timeout=300)
    (wheel,) = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    expected = {
        f"{package.replace('.', '/')}/{path.name}"
        for package, folder in folders().items()
        for path in folder.iterdir()
        if path.is_file() and path.suffix != ".pyc"
    }
    assert names == expected
