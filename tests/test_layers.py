"""The order of the layers, read from the sources: each imports only from those before it, under the hconsist name."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LAYERS = (
    "_version", "domains", "expressions", "definitions", "evidence", "results", "tables", "rigorous", "sampling",
    "simulation", "symbolic", "typeset", "steps", "claims", "losses", "hypotheses", "distributions", "conditional",
    "boxes", "threshold", "engine", "theorems", "transforms", "bounds", "singularities", "scaling", "gaps",
    "calibration", "cards", "catalog", "plotting", "card_picture", "radius_picture", "fit_picture", "loss_properties",
    "testing", "cli_output", "cli_certificates", "cli_radius", "cli_fit", "cli",
)  # fmt: skip
OUTER = {"derivations": (), "figures": ("derivations",), "paper_checks": ("derivations",)}
"""The folders beside hconsist/: they may import all of it and, of each other, what is named here."""

BUILTINS = {"eval", "exec", "compile", "__import__"}
SYMPY = {"sympify", "parse_expr", "lambdify"}


def sources():
    """(layer, path) of every module that ships."""
    for path in sorted((ROOT / "hconsist").rglob("*.py")):
        layer = path.relative_to(ROOT / "hconsist").parts[0].removesuffix(".py")
        if layer not in ("__init__", "__main__", "data"):
            yield layer, path
    for layer in OUTER:
        for path in sorted((ROOT / layer).rglob("*.py")):
            yield layer, path


def imported(tree):
    """The dotted names imported anywhere in a module, inside functions and for type checkers too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((f"hconsist.{a.name}" for a in node.names) if module == "hconsist" else (module,))


def offences(layer, text):
    """What this module imports against the order."""
    allowed = LAYERS[: LAYERS.index(layer) + 1] if layer in LAYERS else (*LAYERS, layer, *OUTER[layer])
    for name in imported(ast.parse(text)):
        parts = name.split(".")
        if parts[0] == "hconsist" and len(parts) > 1:
            target = "_version" if parts[1] == "__version__" else parts[1]
            if target not in allowed and not (target == "data" and layer == "distributions"):
                yield name
        elif parts[0] in ("", "hconsist", "tests", "benchmarks", "scripts", *OUTER):
            yield name


def test_every_module_has_its_place():
    assert {layer for layer, _ in sources()} <= {*LAYERS, *OUTER}


def test_imports_follow_the_order():
    found = {str(path.relative_to(ROOT)): list(offences(layer, path.read_text())) for layer, path in sources()}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "layer, text",
    [
        ("domains", "from hconsist.evidence import Level"),
        ("losses", "def f():\n    from hconsist import transforms"),
        ("bounds", "import hconsist"),
        ("results", "from .evidence import Level"),
        ("catalog", "import paper_checks"),
        ("claims", "import hconsist.derivations.pooling"),
        ("derivations", "from hconsist.paper_checks import mao2023_cross_entropy"),
        ("figures", "from tests import brute_force"),
    ],
)
def test_the_reader_finds_what_it_is_for(layer, text):
    assert list(offences(layer, text))


def runs_text(text):
    """Calls that would run text or hand it to SymPy's parser; sympify(..., strict=True) refuses text."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            bare = isinstance(node.func, ast.Name)
            name = node.func.id if bare else ast.unparse(node.func).rpartition(".")[2]
            strict = "strict=True" in map(ast.unparse, node.keywords)
            if (bare and name in BUILTINS) or (name in SYMPY and not strict):
                yield node.lineno


def test_text_never_becomes_code():
    found = {str(path.relative_to(ROOT)): list(runs_text(path.read_text())) for _, path in sources()}
    assert {path: places for path, places in found.items() if places} == {}
    assert list(runs_text("eval(text)\nsp.sympify(text)\nsp.sympify(x, strict=True)\nre.compile(text)")) == [1, 2]


def test_no_exception_is_swallowed_wholesale():
    for _, path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler):
                caught = "" if node.type is None else ast.unparse(node.type)
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                assert caught not in ("", "Exception", "BaseException") or path.name == "cli.py", place
