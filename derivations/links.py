"""One derivation as a step of another: the line that is used is shown, and the whole chain behind it is run."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import sympy as sp

from hconsist import catalog
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.steps import Checked, Derivation
from hconsist.symbolic import as_fact

__all__ = ["proof", "theorem"]


def proof(module: ModuleType) -> Derivation:
    """The derivation of a module: the one of the catalogue, whose steps are checked once."""
    return catalog.derivation(module.__name__.rpartition(".")[2])


def theorem(module: ModuleType, line: str, *, text: str = "") -> Checked:
    """The fact that the step titled ``line`` of a module's derivation establishes, closed by running that chain.

    What is shown must be a fact of the chain's own proof: a formula that differs from it is not closed.
    """
    derivation = proof(module)
    source = next(step for step in derivation.steps if step.title == line)

    def decide(shown: sp.Basic) -> Evidence:
        found = derivation.run()
        proved = {as_fact(fact, step.put) for step in derivation.steps if step.counts for fact in step.facts}
        if found.passed and as_fact(shown, source.put) not in proved:
            reason = f"not a line of the derivation {derivation.name}"
            return Evidence(Verdict.INCONCLUSIVE, Level.SYMBOLIC, points=1, reason=reason)
        return replace(found, assumptions=())  # they are listed where that chain is printed

    method = f"derivation {derivation.name}"
    return Checked(derivation.title, source.facts[:1], decide, method=method, text=text, put=source.put)
