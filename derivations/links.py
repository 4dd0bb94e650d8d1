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
    fact = source.facts[0]
    every = fact.free_symbols - derivation.established[as_fact(fact, source.put)]

    def decide(shown: sp.Basic) -> Evidence:
        found = derivation.run()
        proved = {as_fact(f, step.put) for step in derivation.steps if step.counts for f in step.facts}
        if found.passed and as_fact(shown, source.put) not in proved:
            reason = f"not a line of the derivation {derivation.name}"
            return Evidence(Verdict.INCONCLUSIVE, Level.SYMBOLIC, points=1, reason=reason)
        granted = (f"what the derivation {derivation.name} takes for granted",) if found.assumptions else ()
        return replace(found, assumptions=granted)

    method = f"derivation {derivation.name}"
    return Checked(derivation.title, (fact,), decide, method=method, text=text, put=source.put, every=tuple(every))
