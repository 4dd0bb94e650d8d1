"""Softmax regression and a tanh network with one hidden layer on the bundled digit scores: numpy, seeded, small.

The ten scores of a digit are the features.  A network is a flat vector of parameters; ``slopes`` are the derivatives
of its logits along a direction, which is all that the radius asks of a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np

from hconsist.distributions import Scores, load_scores

__all__ = ["Adam", "Digits", "Network", "accuracy", "batches", "cross_entropy", "fit", "split"]


@dataclass(frozen=True)
class Digits:
    """Features ``(m, 10)``, standardised on the training rows, and labels ``(m,)``, of two parts."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def split(rng: np.random.Generator, train: int = 600) -> Digits:
    """``train`` of the 899 bundled rows at random, and the others."""
    sample = _digits()
    order = rng.permutation(sample.samples)
    one, two = order[:train], order[train:]
    mean, deviation = np.mean(sample.scores[one], axis=0), np.std(sample.scores[one], axis=0)
    x = (sample.scores - mean) / deviation
    return Digits(x[one], sample.labels[one], x[two], sample.labels[two])


@cache
def _digits() -> Scores:
    return load_scores("digits")


@dataclass(frozen=True)
class Network:
    """Logits ``tanh(x W + b) V + c`` with ``hidden`` units, ``x V + c`` for 0 of them; ten features and classes."""

    hidden: int

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Of W, b, V, c, or of V, c."""
        h = self.hidden
        return ((10, h), (h,), (h, 10), (10,)) if h else ((10, 10), (10,))

    def parts(self, theta: np.ndarray) -> list[np.ndarray]:
        """The matrices and vectors in the flat ``theta``."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        return [part.reshape(shape) for part, shape in zip(np.split(theta, ends[:-1]), self.shapes)]

    def start(self, rng: np.random.Generator) -> np.ndarray:
        """Gaussian matrices of variance 1 over fan-in, vectors 0."""
        return np.concatenate(
            [(rng.normal(size=s) / np.sqrt(s[0])).ravel() if len(s) == 2 else np.zeros(s) for s in self.shapes]
        )

    def logits(self, theta: np.ndarray, x: np.ndarray) -> np.ndarray:
        """(m, 10)."""
        *below, v, c = self.parts(theta)
        return (np.tanh(x @ below[0] + below[1]) if below else x) @ v + c

    def gradient(self, theta: np.ndarray, x: np.ndarray, y: np.ndarray, temperature: float = 1.0) -> np.ndarray:
        """Of the mean cross-entropy of logits over T, flat."""
        *below, v, _ = self.parts(theta)
        u = np.tanh(x @ below[0] + below[1]) if below else x
        z = self.logits(theta, x) / temperature
        p = np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))
        p[np.arange(len(y)), y] -= 1
        p /= len(y) * temperature
        out = [u.T @ p, np.sum(p, axis=0)]
        if below:
            back = (p @ v.T) * (1 - u**2)
            out = [x.T @ back, np.sum(back, axis=0), *out]
        return np.concatenate([part.ravel() for part in out])

    def slopes(self, theta: np.ndarray, x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        """d/dt of ``logits(theta + t direction)`` at t = 0, (m, 10)."""
        *below, v, _ = self.parts(theta)
        *moved, dv, dc = self.parts(direction)
        if not below:
            return x @ dv + dc
        u = np.tanh(x @ below[0] + below[1])
        return u @ dv + dc + ((1 - u**2) * (x @ moved[0] + moved[1])) @ v


class Adam:
    """The step of Adam with its usual constants, per unit of rate."""

    def __init__(self, size: int) -> None:
        self.mean, self.square, self.count = np.zeros(size), np.zeros(size), 0

    def step(self, gradient: np.ndarray) -> np.ndarray:
        """The next step, downhill."""
        self.count += 1
        self.mean += 0.1 * (gradient - self.mean)
        self.square += 0.001 * (gradient**2 - self.square)
        mean, square = self.mean / (1 - 0.9**self.count), self.square / (1 - 0.999**self.count)
        return -mean / (np.sqrt(square) + 1e-8)


def batches(rng: np.random.Generator, rows: int, size: int, count: int) -> Iterator[np.ndarray]:
    """``count`` batches of row numbers, epoch after epoch."""
    order = np.empty(0, dtype=int)
    for _ in range(count):
        if order.size < size:
            order = rng.permutation(rows)
        yield order[:size]
        order = order[size:]


def fit(
    network: Network, digits: Digits, rng: np.random.Generator, count: int, rate: float = 0.01, temperature: float = 1.0
) -> np.ndarray:
    """Parameters after ``count`` steps of Adam on batches of 128."""
    theta = network.start(rng)
    adam = Adam(theta.size)
    for rows in batches(rng, len(digits.y), 128, count):
        theta = theta + rate * adam.step(network.gradient(theta, digits.x[rows], digits.y[rows], temperature))
    return theta


def cross_entropy(logits: np.ndarray, y: np.ndarray) -> float:
    """Mean over rows."""
    return float(np.mean(np.logaddexp.reduce(logits, axis=1) - logits[np.arange(len(y)), y]))


def accuracy(logits: np.ndarray, y: np.ndarray) -> float:
    """Share of rows whose label has the largest logit."""
    return float(np.mean(np.argmax(logits, axis=1) == y))
