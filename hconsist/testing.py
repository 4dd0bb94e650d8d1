"""The package's own checks for users' pytest suites: proofs, kernels against definitions, properties of losses.

Each function returns the evidence it found and raises AssertionError, naming the place, when it is not enough.
An inconclusive proof is a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from hconsist.domains import Domain, InputError, UnsupportedError
from hconsist.evidence import Evidence, Level, Verdict
from hconsist.loss_properties import BREACHES, Probe, convexity, entropy_errors, gradient_errors, risk_errors
from hconsist.losses.base import Loss

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["assert_proved", "assert_refuted", "assert_supported", "assert_kernel_matches", "assert_properties"]


def assert_proved(statement: Any, domain: Mapping[Any, tuple[Any, Any]] | None = None, **options: Any) -> Evidence:
    """Assert that a statement is proved, by SymPy or by balls over a whole box.

    Parameters
    ----------
    statement : Evidence; a claim or derivation (anything with ``decide()`` or ``run()``); a callable returning
        Evidence; or a SymPy expression that is to be shown nonnegative over ``domain``.
    domain : for an expression: symbol -> (lower, upper) exact rationals.
    options : passed to :func:`hconsist.rigorous.prove_nonnegative` (``strict``, ``vanishing``, ``max_boxes``, ...).

    Raises
    ------
    AssertionError
        unless the verdict is ``proved``; it carries the verdict, the reason and the witness.
    """
    evidence = _evidence(statement, domain, options)
    if evidence.verdict is not Verdict.PROVED:
        raise AssertionError(f"not proved: {_describe(evidence)}")
    return evidence


def assert_refuted(statement: Any, domain: Mapping[Any, tuple[Any, Any]] | None = None, **options: Any) -> Evidence:
    """Assert that a statement is refuted with a witness: the negative control every checker needs."""
    evidence = _evidence(statement, domain, options)
    if evidence.verdict is not Verdict.REFUTED:
        raise AssertionError(f"not refuted: {_describe(evidence)}")
    return evidence


def assert_supported(statement: Any, *, level: str = "simulated") -> Evidence:
    """Assert that a statement is proved or supported, at ``level`` or better: for samples and simulations.

    Raises
    ------
    AssertionError
        otherwise, with the verdict, the reason and the witness; ValueError for an unknown level.
    """
    evidence = _evidence(statement, None, {})
    if not evidence.passed or evidence.level < Level.of(level):
        raise AssertionError(f"not supported at level {level}: {_describe(evidence)}")
    return evidence


def _evidence(statement: Any, domain: Mapping[Any, tuple[Any, Any]] | None, options: dict[str, Any]) -> Evidence:
    if domain is not None:
        from hconsist.rigorous import prove_nonnegative

        box = {symbol: (Fraction(low), Fraction(high)) for symbol, (low, high) in domain.items()}
        return prove_nonnegative(statement, box, **options)
    for name in ("decide", "run"):
        if hasattr(statement, name):
            statement = getattr(statement, name)
    found = statement() if callable(statement) else statement
    if not isinstance(found, Evidence):
        raise InputError("statement", "Evidence, a claim, a derivation, or an expression with its domain", found)
    return found


def _describe(evidence: Evidence) -> str:
    parts = [f"{evidence.verdict.value} at level {evidence.level.label}"]
    if evidence.reason:
        parts.append(evidence.reason)
    if evidence.witness:
        parts.append(f"witness {evidence.witness}")
    return "; ".join(parts)


def assert_kernel_matches(
    kernel: Callable[..., Any],
    definition: Definition,
    *,
    rtol: float = 1e-14,
    points: int = 200,
    rng: np.random.Generator | int = 0,
    limit: float = 50.0,
    where: Callable[..., Any] | None = None,
) -> Evidence:
    """Assert that an array kernel agrees with its definition evaluated in balls at points of its domains.

    The kernel is called as ``kernel(**{symbol: array})``.  Points crowd towards the edges of the domains; infinite
    ends are cut at ``limit``; ``where`` (a predicate of the same arguments) restricts them.

    Raises
    ------
    AssertionError
        naming the worst point, the value, the ball and the relative error; also when no point was left.
    """
    from flint import arb

    generator = np.random.default_rng(rng)
    names = [str(symbol) for symbol in definition.symbols]
    columns = [_draw(definition.domains[name], generator, points, limit) for name in names]
    arguments = dict(zip(names, columns))
    if where is not None:
        keep = np.asarray(where(**arguments), dtype=bool)
        arguments = {name: column[keep] for name, column in arguments.items()}
    values = np.asarray(kernel(**arguments), dtype=float)
    worst, place = 0.0, None
    for index, value in enumerate(values):
        at = {name: arb(float(column[index])) for name, column in arguments.items()}
        error = _relative_error(float(value), definition.ball(prec=200, **at))
        if not error <= worst:
            worst, place = error, {name: float(column[index]) for name, column in arguments.items()}
    if values.size == 0:
        raise AssertionError("no point of the domains was left to compare at")
    if not worst <= rtol:
        raise AssertionError(
            f"kernel differs from {definition.name} by {worst:.3g} (relative, allowed {rtol:g}) at {place}"
        )
    return Evidence(Verdict.SUPPORTED, Level.HIGH_PRECISION, points=values.size, slack=rtol - worst, where=place or {})


def _draw(domain: Domain, rng: np.random.Generator, size: int, limit: float) -> np.ndarray:
    """Exactly ``size`` points, so that the columns of several variables stay aligned."""
    found = domain.inside(rng, size, limit)
    while found.size < size:
        found = np.concatenate([found, domain.inside(rng, size, limit)])
    return found[:size]


def _relative_error(value: float, ball: Any) -> float:
    """Relative distance of a double from a ball; NaN or an infinite ball never counts as agreement."""
    from flint import arb

    if not ball.is_finite():
        return 0.0 if ball == arb(value) else float("nan")
    if ball == 0:
        return 0.0 if value == 0 else float("inf")
    return float((abs(arb(value) - ball) / abs(ball)).upper()) if np.isfinite(value) else float("inf")


def assert_properties(
    loss: Loss, *, n_classes: int = 4, points: int = 200, rng: np.random.Generator | int = 0, rtol: float = 1e-7
) -> Evidence:
    """Assert what a loss declares of itself, at random scores: never trust a declared property.

    Always checked: finite values at moderate scores; gradient against central differences; conditional risk as the mean
    of the values; where the loss has an entropy, that it lies below every conditional risk, is reached at the best
    scores (``best_scores``, else the logarithm of ``minimiser``), is concave and, for a symmetric loss, symmetric and
    the same for laws by groups; convexity in the parametrisation named by ``convex_in``.  Every property of
    :data:`hconsist.losses.base.PROPERTIES` that is declared true must show no breach; one that is declared false must
    show one.  Where none shows it is only noted for ``bounded``, and for two labels, as others may be needed.

    Parameters
    ----------
    loss : its ``n_classes``, if it has one, goes before the argument; ``zero_sum`` losses see scores of sum 0 only.
    n_classes, points : how many labels, and how many score vectors for each property.
    rng : a Generator or a seed.
    rtol : of the gradient, relative to 1 + its largest entry.

    Raises
    ------
    AssertionError
        naming the property and the scores or the law at which it fails.
    """
    probe = Probe(loss, loss.n_classes or n_classes, points, np.random.default_rng(rng))
    notes: list[str] = []
    _require("finite at moderate scores", np.isfinite(probe.value(probe.drawn(2.0))), probe.scores)
    _require("conditional risk is the mean value", ~risk_errors(probe), probe.scores)
    _require("gradient", ~gradient_errors(probe, rtol), probe.scores)
    try:
        for name, (mask, laws) in entropy_errors(probe).items():
            _require(name, ~mask, laws, "the law")
    except UnsupportedError as error:
        notes.append(f"no entropy checked: {error}")
    if loss.convex_in is not None:
        mask, scores = convexity(probe, loss.convex_in)
        _require(f"convex in the {loss.convex_in}", ~mask, scores)
    for name, declared in loss.properties.items():
        if name not in BREACHES:
            raise AssertionError(f"{name} is not among the properties {', '.join(BREACHES)}")
        if name == "shift_invariant" and loss.zero_sum and not declared:
            continue  # a shift leaves the scores of sum 0
        mask, scores = BREACHES[name](probe)
        if declared:
            _require(name, ~mask, scores)
        elif not np.any(mask):
            missing = f"declared not {name}, but no counterexample among {mask.size} points"
            if name != "bounded" and probe.n > 2:
                raise AssertionError(missing)
            notes.append(missing)
    return Evidence(Verdict.SUPPORTED, Level.SAMPLED, points=points, notes=tuple(notes))


def _require(name: str, holds: np.ndarray, places: np.ndarray, kind: str = "scores") -> None:
    if not np.all(holds):
        index = int(np.argmin(holds))
        raise AssertionError(f"{name} fails at {kind} {places[index].tolist()}")
