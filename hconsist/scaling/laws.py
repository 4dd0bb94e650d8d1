"""Laws that are sums of terms, each a coefficient times powers of the columns: parameters, values, exact derivatives.

    f(x; theta) = sum_j s_j g_j(x) exp(c_j - sum_k e_jk ln x_k)

with log-coefficients c_j and exponents e_jk as parameters (an exponent may be shared by several terms), fixed signs
s_j and fixed factors g_j.  The power law, Chinchilla's law, the over-training form, the encoder/decoder law and the
annealing law are all of this shape.

The solver asks a law at its data for no more than :class:`Problem` names, so that laws of another shape
(data-constrained, multi-power, broken, routed) fit in as further classes with the same methods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from hconsist.scaling.starts import projected_starts

__all__ = ["LOG_ZERO", "Problem", "State", "SumOfPowers", "SumOfPowersProblem", "Term"]

LOG_ZERO = -800.0
"""The log-coefficient of a term that is left out: its exponential is exactly 0 in float64."""


class State(Protocol):
    """A law evaluated for a batch of m parameter vectors at n points."""

    residual: np.ndarray
    """(m, n)"""

    def jacobian(self) -> np.ndarray:
        """(m, p, n): derivative of every residual by every parameter."""

    def hessian(self, jacobian: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(m, p, p): sum_i u_i J_i J_i^T + v_i (second derivative of residual i)."""

    def shares(self) -> np.ndarray:
        """(m, coefficients): the largest share that a coefficient's term has in the law's value at any point."""

    def take(self, rows: np.ndarray) -> State:
        """The state of some members of the batch."""

    def put(self, rows: np.ndarray, other: State) -> None:
        """Overwrite the members ``rows`` (a mask) with those of another state of the same size."""


class Problem(Protocol):
    """A law at its data: what the solver needs to know."""

    n_points: int
    names: tuple[str, ...]
    coefficients: tuple[int, ...]
    """Positions of the log-coefficients that may vanish: where their share is small they are tried at zero."""
    decaying: tuple[tuple[int, tuple[int, ...]], ...]
    """Exponents sought in [0, inf), with the coefficients of the terms that are one more constant at exponent 0."""
    constant: int
    """The position of the constant's log-coefficient, for these terms to join; -1 without one."""

    def starts(self) -> np.ndarray:
        """Parameters (m, p) from which to minimise: enough of them to reach every minimum worth finding."""

    def evaluate(self, theta: np.ndarray) -> State:
        """The state at parameters (m, p)."""

    def merged(self, weights: np.ndarray) -> np.ndarray:
        """Weights (m, n) with those of identical points added up on the first of them and zero on the others."""


@dataclass(frozen=True)
class Term:
    """sign * factor * exp(coefficient) * product of column**(-exponent); exponents are names of parameters."""

    coefficient: str
    exponents: Mapping[str, str] = field(default_factory=dict)
    factor: str | None = None
    sign: int = 1


@dataclass(frozen=True)
class SumOfPowers:
    """A law given by its terms; ``parameters`` are the coefficients, then the exponents, in order of appearance."""

    name: str
    formula: str
    terms: tuple[Term, ...]

    @property
    def coefficients(self) -> tuple[str, ...]:
        return tuple(t.coefficient for t in self.terms)

    @property
    def exponents(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(e for t in self.terms for e in t.exponents.values()))

    @property
    def parameters(self) -> tuple[str, ...]:
        return self.coefficients + self.exponents

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that enter through their logarithm, then factors."""
        return tuple(dict.fromkeys([c for t in self.terms for c in t.exponents] + self.factors))

    @property
    def factors(self) -> list[str]:
        return [t.factor for t in self.terms if t.factor is not None]

    def values(self, theta: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """f at natural parameters ``theta`` (..., p) (coefficients as logarithms) for columns (n,): shape (..., n)."""
        return self.contributions(theta, columns).sum(-2)

    def contributions(self, theta: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """The terms of f, shape (..., terms, n)."""
        theta = np.asarray(theta, float)
        place = {name: theta[..., i, None] for i, name in enumerate(self.parameters)}
        shape = next(iter(columns.values())).shape
        parts = []
        for term in self.terms:
            z = place[term.coefficient] + np.zeros(shape)
            for column, exponent in term.exponents.items():
                z = z - place[exponent] * np.log(columns[column])
            parts.append(term.sign * np.exp(z) * (1.0 if term.factor is None else columns[term.factor]))
        return np.stack(parts, axis=-2)

    def at(self, columns: Mapping[str, np.ndarray], observed: np.ndarray, *, log: bool = True) -> SumOfPowersProblem:
        """The law at its data, with centred logarithms; residuals of ln f against ln L, or of f against L."""
        return SumOfPowersProblem(self, columns, observed, log=log)


class SumOfPowersProblem:
    """A :class:`SumOfPowers` at its data.

    Logarithms of the columns are centred, which lowers the condition number of the fit from thousands to tens: the
    log-coefficients here are those at the geometric mean of the data.  :meth:`natural` and :meth:`centred` translate.
    """

    def __init__(
        self, law: SumOfPowers, columns: Mapping[str, np.ndarray], observed: np.ndarray, *, log: bool = True
    ) -> None:
        self.law, self.log = law, log
        self.names = law.parameters
        self.n_points = len(observed)
        self.coefficients = tuple(range(len(law.terms)))
        self.target = np.log(observed) if log else np.asarray(observed, float)
        self.observed = np.asarray(observed, float)
        logs = {c: np.log(columns[c]) for term in law.terms for c in term.exponents}
        self.centre = {c: float(values.mean()) for c, values in logs.items()}
        place = {name: i for i, name in enumerate(law.parameters)}
        n_terms, p = len(law.terms), len(law.parameters)
        slopes = np.zeros((n_terms, p, self.n_points))
        self.factor = np.ones((n_terms, self.n_points))
        self.to_natural = np.eye(p)
        for j, term in enumerate(law.terms):
            slopes[j, j] = 1.0
            self.factor[j] = term.sign * (1.0 if term.factor is None else np.asarray(columns[term.factor], float))
            for column, exponent in term.exponents.items():
                slopes[j, place[exponent]] -= logs[column] - self.centre[column]
                self.to_natural[j, place[exponent]] += self.centre[column]
        plain = [j for j, t in enumerate(law.terms) if not t.exponents and t.factor is None and t.sign > 0]
        self.constant = plain[0] if plain else -1
        self.decaying = self._decaying() if plain else ()
        self.plain = bool((self.factor == 1.0).all())
        self.slopes = slopes
        self.design = np.ascontiguousarray(slopes.transpose(1, 0, 2).reshape(p, -1))
        # derivatives touch only the parameters of a term: (parameter, term, slope) and products of two slopes
        self.touched = [(i, j, None if i == j else slopes[j, i]) for j in range(n_terms) for i in self._own(j)]
        self.pairs = []
        for j in range(n_terms):
            rows, cols = zip(*[(a, b) for a in self._own(j) for b in self._own(j) if a <= b])
            products = np.stack([slopes[j, a] * slopes[j, b] for a, b in zip(rows, cols)], axis=-1)
            self.pairs.append((np.array(rows), np.array(cols), products))

    def _decaying(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Only used beside a constant: without one a law may as well rise."""
        terms = self.law.terms
        found = []
        for name in self.law.exponents:
            users = [j for j, t in enumerate(terms) if name in t.exponents.values()]
            if all(len(terms[j].exponents) == 1 and terms[j].factor is None and terms[j].sign > 0 for j in users):
                found.append((self.names.index(name), tuple(users)))
        return tuple(found)

    def _own(self, j: int) -> list[int]:
        return [i for i in range(len(self.names)) if i == j or (i >= len(self.law.terms) and self.slopes[j, i].any())]

    def starts(self) -> np.ndarray:
        return projected_starts(self)

    def merged(self, weights: np.ndarray) -> np.ndarray:
        """The weights of identical points on the first of them: they are met together or not at all."""
        rows = np.concatenate([self.design.reshape(-1, self.n_points), self.factor, self.target[None]])
        _, first, group = np.unique(rows, axis=1, return_index=True, return_inverse=True)
        if len(first) == self.n_points:
            return weights
        result = np.zeros_like(weights)
        np.add.at(result.T, first[group.ravel()], weights.T)
        return result

    def natural(self, theta: np.ndarray) -> np.ndarray:
        """Centred parameters (..., p) as those of the law's formula; a term left out stays out."""
        result = np.asarray(theta) @ self.to_natural.T
        return np.where(np.asarray(theta) <= LOG_ZERO, LOG_ZERO, result)

    def centred(self, theta: np.ndarray) -> np.ndarray:
        """The inverse of :meth:`natural`."""
        result = np.asarray(theta) @ np.linalg.inv(self.to_natural).T
        return np.where(np.asarray(theta) <= LOG_ZERO, LOG_ZERO, result)

    def evaluate(self, theta: np.ndarray) -> SumOfPowersState:
        """Residuals and the terms' shares, for parameters (m, p)."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            parts = np.exp(theta @ self.design).reshape(len(theta), -1, self.n_points)
            if not self.plain:
                parts *= self.factor
            total = parts.sum(1)
            if self.log:
                parts /= total[:, None]
                return SumOfPowersState(self, np.log(total) - self.target, parts)
            return SumOfPowersState(self, total - self.target, parts)


class SumOfPowersState:
    """Residuals (m, n) and q_j, each term over f (log residuals) or itself: J = sum_j q_j z_j with slopes z_j."""

    def __init__(self, problem: SumOfPowersProblem, residual: np.ndarray, parts: np.ndarray) -> None:
        self.problem, self.residual, self.parts = problem, residual, parts

    def jacobian(self) -> np.ndarray:
        m, _, n = self.parts.shape
        result = np.empty((m, len(self.problem.names), n))
        seen: set[int] = set()
        for i, j, slope in self.problem.touched:
            part = self.parts[:, j] if slope is None else self.parts[:, j] * slope
            if i in seen:
                result[:, i] += part
            else:
                result[:, i] = part
                seen.add(i)
        return result

    def hessian(self, jacobian: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """With log residuals the second derivative is sum_j q_j z_j z_j^T - J J^T."""
        outer = u - v if self.problem.log else u
        result = (jacobian * outer[:, None]) @ jacobian.transpose(0, 2, 1)
        for j, (rows, cols, products) in enumerate(self.problem.pairs):
            sums = (v * self.parts[:, j]) @ products
            result[:, rows, cols] += sums
            off = rows != cols
            result[:, cols[off], rows[off]] += sums[:, off]
        return result

    def shares(self) -> np.ndarray:
        sizes = np.abs(self.parts)
        return (sizes / np.maximum(sizes.sum(1, keepdims=True), 1e-300)).max(-1)

    def take(self, rows: np.ndarray) -> SumOfPowersState:
        return SumOfPowersState(self.problem, self.residual[rows], self.parts[rows])

    def put(self, rows: np.ndarray, other: State) -> None:
        assert isinstance(other, SumOfPowersState)
        self.residual[rows] = other.residual[rows]
        self.parts[rows] = other.parts[rows]


def chosen(names: Sequence[str], name: str) -> int:
    """The position of a parameter's name."""
    return list(names).index(name)
