"""Every derivation of the catalogue: it closes, it no longer does once a step is falsified or left out, it is typeset.

What is special to one theorem (ranges that are needed, twins, checks by other means) is in the test of its topic.
"""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import sympy as sp
from spoiling import falsified

from hconsist import catalog
from hconsist.evidence import Level, Verdict
from hconsist.steps import Checked, Identity, Refutation

NAMES = [name for name, _ in catalog.DERIVATIONS]

ENCLOSED = {"simplified_gamma", "minimizability_gaps", "threshold"}
"""Those whose proof holds balls; all others are closed by SymPy alone."""

RUN_AS_SCRIPTS = ("pooling", "freezing", "two_label_sharpness")
"""Notebooks whose cells are run by default; the others among the slow tests."""

LONGEST = 60
"""Seconds that one derivation may take on a busy machine."""


def built(name):
    return catalog.derivation(name)


def proof_steps(derivation):
    """What is left to check of a chain, other chains aside."""
    return [s for s in derivation.steps if s.counts and not _link(s)]


def _link(step):
    return isinstance(step, Checked) and (step.method.startswith("derivation ") or step.control)


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_closed(name):
    found = built(name).run()
    expected = Level.ENCLOSED if name in ENCLOSED else Level.SYMBOLIC
    assert (found.verdict, found.level) == (Verdict.PROVED, expected), found.reason
    assert found.points >= len(proof_steps(built(name))) > 0
    assert found.seconds < LONGEST and built(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_every_derivation_shows_a_statement_that_fails(name):
    assert any(isinstance(s, Refutation) or (isinstance(s, Checked) and s.control) for s in built(name).steps)


@pytest.mark.parametrize("name", NAMES)
def test_a_falsified_step_breaks_the_chain(name):
    derivation, tried = built(name), 0
    for k, step in enumerate(derivation.steps):
        for false in falsified(step) if not _link(step) else ():
            links = (*derivation.steps[:k], false, *derivation.steps[k + 1 :])
            assert not replace(derivation, steps=links).check(k + 1).passed, (step.title, false)
            tried += 1
    assert tried >= len(proof_steps(derivation))


@pytest.mark.parametrize("name", NAMES)
def test_a_step_left_out_is_missed(name):
    """Where a later step uses an earlier one, the chain without the earlier one must not close."""
    derivation = built(name)
    sources = [(k, part[1]) for k, s in enumerate(derivation.steps) for part in getattr(s, "parts", ())]
    missed = 0
    for user, source in sources:
        for k, step in enumerate(derivation.steps[:user]):
            if step == source or source in step.facts:
                shorter = replace(derivation, steps=(*derivation.steps[:k], *derivation.steps[k + 1 :]))
                assert "not established" in shorter.check(user).reason  # one place earlier, counted from 1
                missed += 1
    assert missed >= len(sources)


@pytest.mark.parametrize("name", NAMES)
def test_no_identity_says_that_a_formula_is_itself(name):
    """What SymPy cancels on its own, before it is printed and checked, would be a step that cannot fail."""
    identities = [step for step in built(name).steps if isinstance(step, Identity)]
    assert [step.title for step in identities if sp.S(step.lhs) == sp.S(step.rhs)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_format_is_complete(name):
    derivation = built(name)
    for style in ("text", "markdown", "latex"):
        shown = derivation.render(style)
        assert "Proved (" in shown and not any(raw in shown for raw in ("UnevaluatedExpr", "Subs(", "Ramp"))
        assert shown.count("negative control") == sum(isinstance(s, Refutation) for s in derivation.steps)
    assert json.loads(derivation.render("notebook"))["nbformat"] == 4


@pytest.mark.parametrize("name", [n if n in RUN_AS_SCRIPTS else pytest.param(n, marks=pytest.mark.slow) for n in NAMES])
def test_the_notebook_runs(name, tmp_path):
    """The code cells, in order, as one script in a fresh interpreter."""
    book = json.loads(built(name).render("notebook"))
    script = tmp_path / "cells.py"
    script.write_text("\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"))
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Evidence(") == len(built(name).steps)
