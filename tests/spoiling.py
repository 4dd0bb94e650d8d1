"""Steps of derivations with one thing made wrong: whatever closes them then is no proof."""

from dataclasses import replace

import sympy as sp

from hconsist.steps import Balls, Checked, Combination, Identity, Monotone, Refutation, Sign

REVERSED = {sp.Ge: sp.Lt, sp.Gt: sp.Le, sp.Le: sp.Gt, sp.Lt: sp.Ge, sp.StrictGreaterThan: sp.Le}


def falsified(step):
    """The step with one thing made wrong: a sign, a factor, the direction of an inequality, a number."""
    if isinstance(step, Identity):
        if sp.S(step.rhs) != 0:
            yield replace(step, rhs=-step.rhs)
            yield replace(step, rhs=2 * step.rhs)
        yield replace(step, rhs=step.rhs + 1)
    elif isinstance(step, Sign):
        yield replace(step, relation=reversed_(step.relation))
        if step.form is not None:
            yield replace(step, form=2 * step.form)
    elif isinstance(step, Monotone):
        yield replace(step, function=-step.function)
    elif isinstance(step, Combination):
        yield replace(step, relation=reversed_(step.relation))
        yield replace(step, parts=step.parts[1:])
        multiplier, *rest = step.parts[0]
        yield replace(step, parts=((-multiplier, *rest), *step.parts[1:]))
    elif isinstance(step, Checked):
        first, *rest = step.shown
        yield replace(step, shown=(sp.Eq(first.lhs, first.rhs + 1, evaluate=False), *rest))
    elif isinstance(step, (Refutation, Balls)):
        yield replace(step, relation=reversed_(step.relation))


def reversed_(relation):
    """The opposite inequality; an equation with 1 added to its right side."""
    if isinstance(relation, sp.Eq):
        return sp.Eq(relation.lhs, relation.rhs + 1, evaluate=False)
    return REVERSED[type(relation)](*relation.args, evaluate=False)
