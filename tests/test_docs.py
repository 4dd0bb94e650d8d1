"""README and docs say what happens: every ``pycon`` block is a doctest, every ``hconsist`` command is run and compared.

In a ``console`` block a line ``...`` stands for lines left out, and numbers before `` s`` (times) may differ.  The
commands of a page run in one folder, so that one may read what another has written.
"""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS = re.compile(r"\b\d+(\.\d+)?(?= s\b)")


def blocks(page, language):
    return [body for kind, body in FENCE.findall(page.read_text(encoding="utf-8")) if kind == language]


def transcript(body):
    """(command, expected output) for each ``$`` line of a console block."""
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output.rstrip()


def same(expected, found):
    """Whether the output is the documented one, times and ``...`` lines aside."""
    wanted, shown = ([SECONDS.sub("T", line.rstrip()) for line in text.splitlines()] for text in (expected, found))
    pattern = "".join("(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in wanted)
    return re.fullmatch(pattern, "".join(line + "\n" for line in shown)) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_the_documents_does_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = "\n".join(blocks(page, "pycon"))
    test = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    report = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=report.append)
    assert runner.failures == 0, "".join(report)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_documents_print_what_is_shown(page, tmp_path):
    """In the order of the page, in one folder.  ``cat FILE`` shows a file that is there for the commands after it."""
    program = Path(sys.executable).parent / "hconsist"
    for command, output in (pair for body in blocks(page, "console") for pair in transcript(body)):
        name, *arguments = shlex.split(command)
        if name == "cat":
            (tmp_path / arguments[0]).write_text(output + "\n", encoding="utf-8")
        elif name == "hconsist":
            found = subprocess.run(
                [program, *arguments], capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False
            )
            assert same(output, (found.stdout + found.stderr).rstrip()), f"{command}\n{found.stdout}{found.stderr}"


def test_the_comparison_can_fail():
    assert same("a 3.2 s\n...\nb", "a 1.7 s\nx\ny\nb")
    assert not same("a 3.2 s\n...\nb", "a 1.7 s\nx\nc")
    assert not same("value 0.25", "value 0.26")


def test_links_between_the_documents_lead_somewhere():
    for page in [*PAGES, ROOT / "CHANGELOG.md", ROOT / "hconsist" / "data" / "README.md"]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:", target):
                assert (page.parent / target).exists(), f"{page.name} -> {target}"
