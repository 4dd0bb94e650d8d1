"""One derivation as a step of another: the line that is used is shown, and the whole chain behind it is run."""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import sympy as sp

from hconsist.evidence import Evidence, Level, Verdict
from hconsist.steps import Checked
from hconsist.symbolic import as_fact

__all__ = ["theorem"]


def theorem(module: ModuleType, line: str, *, text: str = "") -> Checked:
    """The fact that the step titled ``line`` of ``module.build()`` establishes, closed by running that chain.

    What is shown must be a fact of the chain's own proof: a formula that differs from it is not closed.
    """
    chain = module.build()
    source = next(step for step in chain.steps if step.title == line)

    def decide(shown: sp.Basic) -> Evidence:
        found = chain.run()
        proved = {as_fact(fact, step.put) for step in chain.steps if step.counts for fact in step.facts}
        if found.passed and as_fact(shown, source.put) not in proved:
            reason = f"not a line of the derivation {chain.name}"
            return Evidence(Verdict.INCONCLUSIVE, Level.SYMBOLIC, points=1, reason=reason)
        return replace(found, assumptions=())  # they are listed where that chain is printed

    return Checked(chain.title, source.facts[:1], decide, method=f"derivation {chain.name}", text=text, put=source.put)
