"""Hypothesis sets: names, what they reach at one input, and refusals that say what is wrong."""

import math

import numpy as np
import pytest

from hconsist import hypotheses
from hconsist.domains import InputError, UnsupportedError


def test_complete_sets():
    assert hypotheses.get("complete").complete and not hypotheses.get("complete").zero_gaps
    assert hypotheses.get("all").zero_gaps and hypotheses.get("all").half_range == math.inf
    assert hypotheses.get(hypotheses.get("all")) == hypotheses.get("ALL")
    assert [name for name, _, _ in hypotheses.NAMES] == ["complete", "all", "bounded", "linear", "relu"]


@pytest.mark.parametrize(
    ("text", "name", "least", "at_three"),
    [
        ("bounded:lam=2", "bounded:lam=2.0", 2, 2),
        ("Bounded: LAM = 0.25", "bounded:lam=0.25", 0.25, 0.25),
        ("linear:B=0.5,W=2", "linear:W=2.0,B=0.5", 0.5, 6.5),
        ("linear:W=0,B=1", "linear:W=0.0,B=1.0", 1, 1),
        ("relu:L=4,W=2,B=0.5", "relu:L=4.0,W=2.0,B=0.5", 2, 26),
    ],
)
def test_sets_with_bounded_scores(text, name, least, at_three):
    """W ||x|| + B, and L times that, at ||x|| = 0 and 3, by hand."""
    found = hypotheses.get(text)
    assert (found.name, found.half_range, found.half_range_at(3)) == (name, least, at_three)
    assert not found.complete and not found.zero_gaps and f"{least:g}" in found.assumption
    assert hypotheses.get(found.name) == found


@pytest.mark.parametrize("q", [1.0, 1.5, 2.0, np.inf])
def test_the_ranges_are_those_of_the_functions(q):
    """Random weights within the limits stay inside, the best weight vector along x (one hidden unit) reaches the end.

    Norms of weights with exponent q and of inputs with the dual exponent, computed here.
    """
    rng = np.random.default_rng(3)
    dual = np.inf if q == 1 else 1.0 if q == np.inf else q / (q - 1)
    W, B, L = 1.5, 0.5, 2.0
    linear, relu = (hypotheses.get(text) for text in ("linear:W=1.5,B=0.5", "relu:L=2,W=1.5,B=0.5"))
    for x in (np.zeros(4), *rng.normal(size=(3, 4))):
        reach = linear.half_range_at(np.linalg.norm(x, dual))
        w = rng.normal(size=(2000, 4))
        w *= W * rng.random((2000, 1)) ** 0.25 / np.linalg.norm(w, q, axis=1, keepdims=True)
        scores = w @ x + rng.uniform(-B, B, 2000)
        assert np.max(np.abs(scores)) <= reach * (1 + 1e-12)
        if q == 1:
            best = np.where(np.arange(4) == np.argmax(np.abs(x)), np.sign(x), 0.0)
        elif q == np.inf:
            best = np.sign(x)
        else:
            best = np.sign(x) * np.abs(x) ** (dual - 1)
        if np.any(x):
            best *= W / np.linalg.norm(best, q)
        assert best @ x + B == pytest.approx(reach, rel=1e-12)
        units = np.maximum(w[:20] @ x + rng.uniform(-B, B, 20), 0)
        outer = rng.normal(size=(500, 20))
        outer *= L / np.abs(outer).sum(axis=1, keepdims=True)
        assert np.max(np.abs(outer @ units)) <= L * reach * (1 + 1e-12)
        assert L * max(best @ x + B, 0) == pytest.approx(relu.half_range_at(np.linalg.norm(x, dual)), rel=1e-12)


@pytest.mark.parametrize("bad", ["complet", "complete:lam=1", "", 2, None, "bounded", "bounded:1", "linear:lam=1",
                                 "bounded:lam=1,lam=2", "linear:W=1", "relu:L=1", "relu:L=1,W=1,B=1,x=2"])  # fmt: skip
def test_unknown_sets_and_parameters(bad):
    with pytest.raises(InputError) as caught:
        hypotheses.get(bad)
    assert caught.value.argument == "hypotheses" and not isinstance(caught.value, UnsupportedError)


@pytest.mark.parametrize(
    ("bad", "argument", "words"),
    [
        ("bounded:lam=0", "lam", "all scores tie"),
        ("bounded:lam=-1", "lam", "> 0"),
        ("bounded:lam=nan", "lam", "> 0"),
        ("bounded:lam=inf", "lam", "finite"),
        ("bounded:lam=one", "lam", "'one'"),
        ("bounded:lam=1_0", "lam", "'1_0'"),
        ("bounded:lam=", "lam", "''"),
        ("linear:W=-1,B=1", "W", ">= 0"),
        ("linear:W=1,B=0", "B", "all scores tie"),
        ("relu:L=0,W=1,B=1", "L", "all scores tie"),
        ("relu:L=1,W=inf,B=1", "W", "finite"),
        ("relu:L=1e300,W=1,B=1e300", "L * B", "finite"),
        ("relu:L=1e-300,W=1,B=1e-300", "L * B", "> 0"),
    ],
)
def test_parameters_outside_their_domain_are_named_with_the_reason(bad, argument, words):
    with pytest.raises(InputError) as caught:
        hypotheses.get(bad)
    assert caught.value.argument == argument and words in str(caught.value)


def test_a_negative_norm_is_refused():
    with pytest.raises(InputError, match="norm"):
        hypotheses.get("linear:W=1,B=1").half_range_at(-1.0)
