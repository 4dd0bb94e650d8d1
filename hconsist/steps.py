"""Executable derivations: chains of formulas in which every step is closed by SymPy or by balls.

A :class:`Derivation` is a list of steps.  What a step prints is what it checks: both come from the same SymPy objects.

========================  ==============================================================================================
:class:`Given`            a definition or hypothesis; printed, listed, not counted as a closed step
:class:`Words`            an inference in words from the lines before; printed and listed as such, not counted
:class:`Cited`            a textbook fact with its reference; printed as such, listed
:class:`Identity`         lhs = rhs, closed when SymPy reduces the difference to exactly 0 (derivatives are done first)
:class:`Sign`             an inequality, closed by SymPy's assumptions on the symbols, or through an equal ``form``
:class:`Sturm`            a polynomial inequality on a rational interval, closed by counting real roots exactly
:class:`Balls`            an inequality on a rational box, closed by ball arithmetic (level ``enclosed``)
:class:`Combination`      an inequality that is a nonnegative combination of earlier ones (or instances of them)
:class:`Monotone`         f(x) >= f(start) for x >= start, closed by the sign of the derivative
:class:`Checked`          formulas handed to a function that returns :class:`~hconsist.evidence.Evidence`
:class:`Refutation`       a negative control: an inequality that must fail at a given exact point
========================  ==============================================================================================

A hypothesis (``Given``, ``Words``, ``Cited``) speaks of particular values of its symbols: later steps may use it as it
stands, and replace only the symbols that it holds for ``every`` value of.

``put`` names the range of a step: ``put={d: h + e}`` with ``e`` a nonnegative symbol says ``d >= h``.  Everything is
checked after the substitution, on all values that the assumptions of the remaining symbols allow.

Example
-------
>>> import sympy as sp
>>> x, y = sp.symbols("x y", positive=True)
>>> square = Identity("Square", x**2 + y**2 - 2 * x * y, (x - y) ** 2)
>>> mean = Sign("Means", sp.Ge(x**2 + y**2, 2 * x * y), form=(x - y) ** 2)
>>> half = Combination("Halves", sp.Ge((x**2 + y**2) / 2, x * y), ((sp.Rational(1, 2), mean.relation),))
>>> chain = Derivation("means", "Two means", "The square mean is at least the product.", (square, mean, half))
>>> chain.run().verdict, chain.run().level.label, chain.run().points
(<Verdict.PROVED: 'proved'>, 'symbolic', 3)
>>> print(chain.render("text").splitlines()[0])
Two means
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from types import MappingProxyType
from typing import Any, ClassVar

import sympy as sp

from hconsist.domains import InputError
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.symbolic import Fact, as_fact, ball_at, counterexample, has_sign, meets, require_exact, vanishes
from hconsist.typeset import Block, Document, render

__all__ = [
    "Balls", "Checked", "Cited", "Combination", "Derivation", "Given", "Identity", "Monotone", "Refutation", "Sign",
    "Step", "Sturm", "Words",
]  # fmt: skip

Established = Mapping[Fact, frozenset[sp.Symbol]]
"""What the steps before have established, and the symbols that a fact speaks of as fixed: those of hypotheses."""
NOTHING: Established = MappingProxyType({})

_CLOSED = Evidence(Verdict.PROVED, Level.SYMBOLIC, points=1)
_GRANTED = Evidence(Verdict.NOT_CHECKED, Level.CITED)


# --- steps -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One line of a derivation: a title, the prose around it, the formulas it prints and checks, and their range."""

    title: str
    text: str = field(default="", kw_only=True)
    put: Mapping[sp.Symbol, sp.Expr] = field(default_factory=dict, kw_only=True)

    mark: ClassVar[str] = ""
    counts: ClassVar[bool] = True  # whether the step is part of the proof (not a hypothesis, citation or control)

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        """What is printed; the same objects are checked."""
        return ()

    @property
    def facts(self) -> tuple[sp.Basic, ...]:
        """The relations that later steps may use once this one is closed."""
        return self.formulas

    def fixed(self, established: Established) -> frozenset[sp.Symbol]:
        """The symbols of the facts of this step that no later step may replace: those that hypotheses speak of."""
        return frozenset()

    def check(self, established: Established = NOTHING) -> Evidence:
        """Close the step; ``established`` are the facts of the steps before it."""
        raise NotImplementedError

    @property
    def where(self) -> tuple[sp.Basic, ...]:
        """The substitution and the assumed signs of the symbols that remain, as formulas."""
        symbols = set().union(*(f.subs(self.put).free_symbols for f in self.formulas), *(
            e.free_symbols for e in self.put.values()
        ))  # fmt: skip
        signs = []
        for s in sorted(symbols, key=str):
            plain = sp.Symbol(s.name)
            if s.is_positive:
                signs.append(sp.Gt(plain, 0))
            elif s.is_nonnegative:
                signs.append(sp.Ge(plain, 0))
        return (*(sp.Eq(s, e, evaluate=False) for s, e in self.put.items()), *signs)


class _Granted(Step):
    """Nothing to close; later steps may use the ``relations``, as they stand.

    They speak of particular values of their symbols, which an instance must not replace, but for the symbols named in
    ``every``: the relations hold for every value of those.
    """

    relations: tuple[sp.Basic, ...]
    every: tuple[sp.Symbol, ...]
    counts = False

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        return self.relations

    def fixed(self, established: Established) -> frozenset[sp.Symbol]:
        return _spoken_of(self.relations, self.every)

    def check(self, established: Established = NOTHING) -> Evidence:
        return _GRANTED


@dataclass(frozen=True)
class Given(_Granted):
    """A definition or hypothesis: nothing to close, but later steps may use its ``relations``."""

    relations: tuple[sp.Basic, ...] = ()
    every: tuple[sp.Symbol, ...] = field(default=(), kw_only=True)
    mark = "given"


@dataclass(frozen=True)
class Words(Given):
    """An inference in words from the lines before, with the ``relations`` it yields: printed and listed as such."""

    mark = "in words"


@dataclass(frozen=True)
class Cited(_Granted):
    """A textbook fact, named with its reference; its ``relations`` are the instance that is used."""

    reference: str
    relations: tuple[sp.Basic, ...] = ()
    every: tuple[sp.Symbol, ...] = field(default=(), kw_only=True)
    mark = "classical fact"


@dataclass(frozen=True)
class Identity(Step):
    """``lhs = rhs`` for all values of the symbols."""

    lhs: sp.Expr
    rhs: sp.Expr
    mark = "SymPy"

    @property
    def relation(self) -> sp.Eq:
        return sp.Eq(sp.S(self.lhs), sp.S(self.rhs), evaluate=False)

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        return (self.relation,)

    def check(self, established: Established = NOTHING) -> Evidence:
        require_exact(self.relation)
        kind, slack = as_fact(sp.Eq(*(side.doit() for side in self.relation.args), evaluate=False), self.put)
        return _decide(kind, slack, lambda: vanishes(slack))


@dataclass(frozen=True)
class Sign(Step):
    """An inequality that the assumptions on the symbols decide, in ``form`` (equal to its slack) if one is given."""

    relation: sp.Basic
    form: sp.Expr | None = field(default=None, kw_only=True)
    mark = "SymPy"

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        if self.form is None:
            return (self.relation,)
        return (self.relation, sp.Eq(as_fact(self.relation, {})[1], self.form, evaluate=False))

    def check(self, established: Established = NOTHING) -> Evidence:
        require_exact(*self.formulas)
        kind, slack = _inequality(self.relation, self.put)
        form = slack if self.form is None else self.form.subs(self.put)
        same = self.form is None
        return _decide(
            kind, slack.doit(), lambda: (same or vanishes(slack - form)) and has_sign(form, strict=kind == ">")
        )


@dataclass(frozen=True)
class Sturm(Step):
    """A polynomial inequality in one ``variable`` on ``[lower, upper]``, by an exact count of real roots."""

    relation: sp.Basic
    variable: sp.Symbol
    lower: sp.Rational
    upper: sp.Rational
    mark = "SymPy (Sturm)"

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        return (self.relation,)

    @property
    def where(self) -> tuple[sp.Basic, ...]:
        return (sp.And(sp.Le(self.lower, self.variable), sp.Le(self.variable, self.upper), evaluate=False),)

    @property
    def facts(self) -> tuple[sp.Basic, ...]:
        return ()  # true on an interval only: later steps cite it in prose

    def check(self, established: Established = NOTHING) -> Evidence:
        require_exact(self.relation)
        kind, slack = _inequality(self.relation, {})
        poly, low, high = sp.Poly(slack, self.variable), sp.Rational(self.lower), sp.Rational(self.upper)
        ends = [root for root in (low, high) if poly(root) == 0]
        if kind == ">" and ends:
            return _refuted({str(self.variable): str(ends[0]), "slack": "0"})
        # A factor of even multiplicity never changes sign: with it removed, an interior root is a sign change.
        odd = sp.prod(f.as_expr() for f, k in poly.factor_list()[1] if k % 2 or kind == ">")
        tested = sp.Poly(odd, self.variable)
        for root in ends:
            while tested.degree() > 0 and tested(root) == 0:
                tested = sp.quo(tested, sp.Poly(self.variable - root, self.variable))
        clear = tested.degree() <= 0 or tested.count_roots(low, high) == 0
        value = next((v for k in range(1, 8) if (v := poly(low + (high - low) * sp.Rational(k, 8))) != 0), sp.S(0))
        if value < 0:
            spot = next(p for k in range(1, 8) if poly(p := low + (high - low) * sp.Rational(k, 8)) < 0)
            return _refuted({str(self.variable): str(spot), "slack": str(poly(spot))})
        return _CLOSED if clear and value > 0 else _open("the polynomial has a root inside the interval")


@dataclass(frozen=True)
class Balls(Step):
    """An inequality on a rational box, closed by :func:`hconsist.rigorous.prove_nonnegative` (options passed on)."""

    relation: sp.Basic
    box: Mapping[sp.Symbol, tuple[Fraction, Fraction]]
    options: Mapping[str, Any] = field(default_factory=dict, kw_only=True)
    mark = "balls"

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        return (self.relation,)

    @property
    def where(self) -> tuple[sp.Basic, ...]:
        return tuple(
            sp.And(sp.Le(_rational(low), s), sp.Le(s, _rational(high)), evaluate=False)
            for s, (low, high) in self.box.items()
        )

    @property
    def facts(self) -> tuple[sp.Basic, ...]:
        return ()  # true on a box only: later steps cite it in prose

    def check(self, established: Established = NOTHING) -> Evidence:
        from hconsist.rigorous import prove_nonnegative

        require_exact(self.relation)
        kind, slack = _inequality(self.relation, self.put)
        return prove_nonnegative(slack, dict(self.box), strict=kind == ">", **self.options)


def _inequality(relation: sp.Basic, put: Mapping) -> Fact:
    """The fact of an inequality; InputError for an equation, whose slack may have either sign."""
    kind, slack = as_fact(relation, put)
    if kind == "==":
        raise InputError("relation", "an inequality", relation)
    return kind, slack


def _spoken_of(relations: tuple[sp.Basic, ...], every: tuple[sp.Symbol, ...]) -> frozenset[sp.Symbol]:
    """The symbols of the relations, but those for every value of which they hold."""
    return frozenset().union(*(relation.free_symbols for relation in relations)) - set(every)


def _inherited(parts: tuple[tuple[Any, ...], ...], put: Mapping, established: Established) -> frozenset[sp.Symbol]:
    """The fixed symbols of all parts, and those that ``put`` writes for them: another name frees nothing."""
    fixed = frozenset().union(*(established.get(_source(part[1]), frozenset()) for part in parts))
    return fixed.union(*(sp.S(put[s]).free_symbols for s in fixed & set(put)))


def _source(source: Any) -> Fact:
    """The fact that a part names: the first of a step, with its range, or a relation."""
    return as_fact(source.facts[0], source.put) if isinstance(source, Step) else as_fact(source, {})


@dataclass(frozen=True)
class Combination(Step):
    """An inequality whose slack is a sum of earlier slacks with nonnegative multipliers, plus something nonnegative.

    ``parts`` are ``(multiplier, source)`` or ``(multiplier, source, instance)``.  The source is an earlier step (its
    first fact, with its range) or a relation that an earlier step without ``put`` established; ``instance``
    replaces its symbols by expressions that meet their assumptions.  Multipliers of equations may have any sign.
    """

    relation: sp.Basic
    parts: tuple[tuple[Any, ...], ...]
    mark = "SymPy (combination)"

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        return (self.relation,)

    def fixed(self, established: Established) -> frozenset[sp.Symbol]:
        return _inherited(self.parts, self.put, established)

    def check(self, established: Established = NOTHING) -> Evidence:
        require_exact(self.relation)
        kind, slack = as_fact(self.relation, self.put)
        return _combine(kind, slack, self.parts, self.put, established)


@dataclass(frozen=True)
class Monotone(Step):
    """``function >= function at variable = start`` for ``variable >= start``, because the derivative is nonnegative.

    The sign of the derivative is closed like a :class:`Combination` of ``parts`` (none needed where SymPy's assumptions
    decide it).  The range named by ``put`` must hold, with each point, the segment from ``start`` to it.
    """

    function: sp.Expr
    variable: sp.Symbol
    start: sp.Expr = sp.S.Zero
    parts: tuple[tuple[Any, ...], ...] = ()
    derivative: sp.Expr | None = field(default=None, kw_only=True)
    mark = "SymPy (derivative)"

    @property
    def relation(self) -> sp.Basic:
        return sp.Ge(self.function, self.function.subs(self.variable, self.start), evaluate=False)

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        slope = sp.diff(self.function, self.variable) if self.derivative is None else self.derivative
        shown = sp.Eq(sp.Derivative(self.function, self.variable), slope, evaluate=False)
        return (shown, sp.Ge(slope, 0, evaluate=False), self.relation)

    @property
    def facts(self) -> tuple[sp.Basic, ...]:
        return (self.relation,)

    def check(self, established: Established = NOTHING) -> Evidence:
        require_exact(*self.formulas)
        slope = sp.diff(self.function, self.variable)
        if self.derivative is not None and not vanishes(slope - self.derivative):
            return _open("the derivative is not the one shown")
        if self.variable.is_integer or not self._segment():
            return _open(f"the segment from {self.start} is not known to lie in the range of {self.variable}")
        if not _regular(self.function.subs(self.put)):
            return _open("the function may have a pole or a jump in between")
        if not has_sign((self.variable - self.start).subs(self.put), strict=False):
            return _open(f"{self.variable} >= {self.start} is not known on this range")
        witness = counterexample(">=", slope.subs(self.put))
        return _refuted(witness) if witness else _combine(">=", slope.subs(self.put), self.parts, self.put, established)

    def fixed(self, established: Established) -> frozenset[sp.Symbol]:
        return _inherited(self.parts, self.put, established)

    def _segment(self) -> bool:
        """Whether a parameter of the range alone moves the variable down to the start."""
        if self.variable not in self.put:
            return True
        end, others = sp.S(self.put[self.variable]), [e for s, e in self.put.items() if s != self.variable]
        free = [w for w in end.free_symbols if w.is_nonnegative and not any(sp.S(e).has(w) for e in others)]
        start = sp.S(self.start).subs(self.put)
        return any(
            vanishes(end.subs(w, 0) - start) or vanishes(sp.limit(end, w, sp.oo) - start)
            for w in free
            if not start.has(w)
        )


@dataclass(frozen=True)
class Checked(Step):
    """Formulas handed to ``function(*shown)``, which returns the evidence: for enumerations and linear programs.

    ``control=True`` marks an illustration: it must pass, but is no part of the proof and does not set its level.
    What is shown holds where the function looked, which need not be everywhere: later steps may use it as a fact only
    if ``every`` names the symbols for all values of which it was shown (the others stay fixed, as in a hypothesis).
    """

    shown: tuple[sp.Basic, ...]
    function: Callable[..., Evidence]
    method: str = field(default="computed", kw_only=True)
    control: bool = field(default=False, kw_only=True)
    every: tuple[sp.Symbol, ...] | None = field(default=None, kw_only=True)

    @property
    def mark(self) -> str:  # type: ignore[override]
        return f"{self.method}, a control" if self.control else self.method

    @property
    def counts(self) -> bool:  # type: ignore[override]
        return not self.control

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        return self.shown

    @property
    def facts(self) -> tuple[sp.Basic, ...]:
        return () if self.every is None or self.control else self.shown

    @property
    def where(self) -> tuple[sp.Basic, ...]:
        """Nothing where the range is the function's own: its text names it, and the signs of symbols would mislead."""
        return () if self.every is None else super().where

    def fixed(self, established: Established) -> frozenset[sp.Symbol]:
        return _spoken_of(self.shown, self.every or ())

    def check(self, established: Established = NOTHING) -> Evidence:
        require_exact(*self.shown)
        return self.function(*self.shown)


@dataclass(frozen=True)
class Refutation(Step):
    """A negative control: ``relation`` must fail at the exact point ``at``, by rational arithmetic or by a ball."""

    relation: sp.Basic
    at: Mapping[sp.Symbol, sp.Rational]
    mark = "negative control: must fail"
    counts = False

    @property
    def formulas(self) -> tuple[sp.Basic, ...]:
        """The opposite relation, which is what is checked at the point."""
        opposite = {sp.Ge: sp.Lt, sp.Gt: sp.Le, sp.Le: sp.Gt, sp.Lt: sp.Ge}[type(self.relation)]
        return (opposite(*self.relation.args, evaluate=False),)

    @property
    def facts(self) -> tuple[sp.Basic, ...]:
        return ()

    @property
    def where(self) -> tuple[sp.Basic, ...]:
        return tuple(sp.Eq(s, v, evaluate=False) for s, v in self.at.items())

    def check(self, established: Established = NOTHING) -> Evidence:
        require_exact(self.relation, *(sp.S(v) for v in self.at.values()))
        _, slack = as_fact(self.relation, {})
        ball = ball_at(slack.doit(), {s: Fraction(sp.S(v).p, sp.S(v).q) for s, v in self.at.items()})
        if ball < 0:
            return replace(_CLOSED, slack=float(ball), notes=(f"fails by {ball.str(6, radius=False)}",))
        return _open(f"the control does not fail: slack {ball.str(6)}")


def _combine(kind: str, slack: sp.Expr, parts: tuple, put: Mapping, established: Established) -> Evidence:
    """Close ``slack`` as nonnegative multiples of established facts (or instances of them) plus a nonnegative rest."""
    rest, strict, equal = slack, False, True
    for multiplier, source, *instance in parts:
        factor, values = sp.S(multiplier).subs(put), instance[0] if instance else {}
        found = _source(source)
        require_exact(factor, found[1])
        if found not in established:
            return _open(f"not established before: {source.title if isinstance(source, Step) else source}")
        if replaced := established[found] & set(values):
            return _open(f"the instance replaces what a hypothesis speaks of: {', '.join(map(str, replaced))}")
        put_in = {s: s for s in put if s in found[1].free_symbols and s not in values}
        if not all(meets(s, sp.S(e).subs(put)) for s, e in (values | put_in).items()):
            return _open(f"the instance breaks an assumption on its symbols: {values | put_in}")
        if found[0] != "==" and not has_sign(factor, strict=False):
            return _open(f"no sign known for the multiplier {multiplier}")
        strict = strict or (found[0] == ">" and has_sign(factor, strict=True))
        equal = equal and found[0] == "=="
        rest -= factor * found[1].subs(values, simultaneous=True).subs(put)
    if vanishes(rest):
        closed = {">": strict, ">=": True, "==": equal}[kind]
    else:
        closed = kind != "==" and has_sign(rest, strict=kind == ">" and not strict)
    return _CLOSED if closed else _open("the parts do not add up to the relation")


def _regular(e: sp.Expr) -> bool:
    """Whether the expression is continuously differentiable where its symbols may be: no pole, jump or branch point."""
    if e.is_Symbol or e.is_number:
        return True
    if e.is_Add or e.is_Mul or e.func in (sp.exp, sp.sinh, sp.cosh, sp.tanh, sp.atan):
        return all(map(_regular, e.args))
    if e.is_Pow:
        base, power = e.args
        whole = power.is_integer and power.is_nonnegative
        apart = power.is_integer and (base.is_nonzero or has_sign(base, strict=True) or has_sign(-base, strict=True))
        real = has_sign(base, strict=True) or (has_sign(base, strict=False) and has_sign(power, strict=False))
        return bool(whole or apart or real) and all(map(_regular, e.args))
    if isinstance(e, sp.log):
        return has_sign(e.args[0], strict=True) and _regular(e.args[0])
    own = isinstance(e, sp.Function) and not type(e).__module__.startswith("sympy.functions")
    return own and all(map(_regular, e.args))  # undetermined, or defined by its derivative in a derivation


def _rational(value: Any) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else sp.Rational(value)


def _decide(kind: str, slack: sp.Expr, closes: Callable[[], bool]) -> Evidence:
    witness = counterexample(kind, slack)
    if witness:
        return _refuted(witness)
    return _CLOSED if closes() else _open("SymPy does not close it")


def _open(reason: str) -> Evidence:
    return Evidence(Verdict.INCONCLUSIVE, Level.SYMBOLIC, points=1, reason=reason)


def _refuted(witness: dict[str, Any]) -> Evidence:
    return Evidence(Verdict.REFUTED, Level.SYMBOLIC, points=1, witness=witness, reason="false at an exact point")


# --- the chain ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Derivation:
    """A statement and the steps that prove it; :meth:`run` decides, :meth:`render` prints what was decided.

    ``assumptions`` are standing hypotheses in words; those of Given and Cited steps are added to them in the evidence.
    """

    name: str
    title: str
    statement: str
    steps: tuple[Step, ...]
    assumptions: tuple[str, ...] = ()

    def check(self, number: int) -> Evidence:
        """The evidence of step ``number``, counted from 1, with the facts of the steps before it at hand."""
        if not 1 <= number <= len(self.steps):
            raise InputError("number", f"an integer in [1, {len(self.steps)}]", number)
        return self.steps[number - 1].check(self._facts_before(number - 1))

    def run(self) -> Evidence:
        """``proved`` if every step is closed: ``symbolic``, or the lowest level among the steps of the proof."""
        started = time.perf_counter()
        outcomes = self.outcomes
        granted = (*self.assumptions, *(_granted(s) for s in self.steps if isinstance(s, (Given, Cited))))
        for step, outcome in zip(self.steps, outcomes):
            if not outcome.passed and not isinstance(step, _Granted):
                witness = {"step": step.title, **(outcome.witness or {})} if outcome.witness else None
                reason = f"step '{step.title}': {outcome.reason or outcome.verdict}"
                return replace(outcome, witness=witness, reason=reason, assumptions=granted)
        proof = [o for s, o in zip(self.steps, outcomes) if s.counts]
        granted = tuple(dict.fromkeys((*granted, *(text for o in proof for text in o.assumptions))))
        level = min((o.level for o in proof), default=Level.SYMBOLIC)
        verdict = Verdict.PROVED if level.may_prove else Verdict.SUPPORTED
        return Evidence(
            verdict, level, points=len(proof), boxes=sum(o.boxes for o in proof), assumptions=granted,
            seconds=time.perf_counter() - started, certificates=tuple(c for o in proof for c in o.certificates),
        )  # fmt: skip

    @cached_property
    def outcomes(self) -> tuple[Evidence, ...]:
        """The evidence of each step, in order; computed once."""
        return tuple(step.check(self._facts_before(k)) for k, step in enumerate(self.steps))

    @property
    def established(self) -> Established:
        """The facts of all steps, if they are closed, each with the symbols that it speaks of as fixed."""
        return self._facts_before(len(self.steps))

    def _facts_before(self, index: int) -> Established:
        """The facts of the first ``index`` steps, each with the symbols that it speaks of as fixed."""
        found: dict[Fact, frozenset[sp.Symbol]] = {}
        for step in self.steps[:index]:
            fixed = step.fixed(found)
            for kind, slack in (as_fact(r, step.put) for r in step.facts):
                for fact in ((kind, slack), (">=", slack)) if kind == ">" else ((kind, slack),):
                    found[fact] = found[fact] & fixed if fact in found else fixed
        return found

    def render(self, style: str = "text") -> str:
        """The checked chain as ``text``, ``markdown``, ``latex`` (an article) or ``notebook`` (JSON)."""
        evidence = self.run()
        blocks = tuple(
            Block(s.title, _mark(s, o), s.text, s.formulas, s.where, _remark(s, o))
            for s, o in zip(self.steps, self.outcomes)
        )
        closed = sum(o.passed for s, o in zip(self.steps, self.outcomes) if s.counts)
        conclusion = f"{evidence.verdict.capitalize()} ({evidence.level.label}): {closed} of "
        conclusion += f"{sum(s.counts for s in self.steps)} steps of the proof closed. {evidence.reason}".rstrip()
        return render(Document(self.name, self.title, self.statement, blocks, evidence.assumptions, conclusion), style)


def _granted(step: Step) -> str:
    kind = f"classical fact ({step.reference})" if isinstance(step, Cited) else step.mark
    return f"{kind}: {step.title}"


def _mark(step: Step, outcome: Evidence) -> str:
    failed = not outcome.passed and outcome.verdict is not Verdict.NOT_CHECKED
    return f"{step.mark}: {outcome.verdict}" if failed else step.mark


def _remark(step: Step, outcome: Evidence) -> str:
    words = [f"Reference: {step.reference}."] if isinstance(step, Cited) else []
    if isinstance(step, _Granted) and step.every:
        words.append(f"For every {', '.join(s.name for s in step.every)}.")
    words += [outcome.reason] if outcome.reason else []
    return " ".join([*words, *outcome.notes])
