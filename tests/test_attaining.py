"""Attaining laws: their regrets, recomputed from p and s, reproduce (t, T**(t))."""

from types import SimpleNamespace

import numpy as np
import pytest

from hconsist.domains import InputError, UnsupportedError
from hconsist.transforms.attaining import attaining
from hconsist.transforms.concave import ConcaveKernel
from hconsist.transforms.pooled import PooledKernel
from hconsist.transforms.two_label import TAU_C, TwoLabelKernel


def sharp(tau: float, n: int, method: str = "sharp") -> SimpleNamespace:
    """What ``attaining`` needs of a transformation, without the dispatch."""
    two_label = tau <= TAU_C or (n == 2 and tau < 2)
    kernel = TwoLabelKernel(tau) if two_label else (PooledKernel if tau < 2 else ConcaveKernel)(tau, n)
    return SimpleNamespace(kernel=kernel, n_classes=n, loss=SimpleNamespace(tau=tau), method=method)


@pytest.mark.parametrize("n", [2, 3, 10, 10**9])
@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.5, 1.7, 1.8, 1.9, 1.99, 2.0, 2.001, 2.3, 3.0, 5.0])
def test_mixture_has_both_regrets(tau: float, n: int) -> None:
    case = sharp(tau, n)
    for t in (0.0, 1e-3, 0.2, 1 / 3, 0.6, 0.9, 1.0):
        laws = attaining(case, t)
        assert 1 <= len(laws) <= 2
        assert sum(law.weight for law in laws) == pytest.approx(1.0, abs=1e-15)
        assert sum(law.weight * law.zero_one_regret() for law in laws) == pytest.approx(t, rel=1e-12, abs=1e-15)
        regret = sum(law.weight * law.surrogate_regret(case.loss) for law in laws)
        assert regret == pytest.approx(float(case.kernel.value(np.array(t))), rel=1e-10, abs=2e-15)
        for law in laws:
            total = np.dot(law.values, law.multiplicities)
            assert total == pytest.approx(1.0, abs=1e-14)
            assert np.dot(law.softmax_values, law.multiplicities) == pytest.approx(1.0, abs=1e-14)
            assert law.n_classes == n and min(law.values) >= 0.0
            assert law.softmax_values[law.predicted] == max(law.softmax_values)


@pytest.mark.parametrize("tau", [0.5, 1.9, 2.0, 3.0])
def test_finite_scores_approach_the_law(tau: float) -> None:
    case = sharp(tau, 6)
    for law in attaining(case, 0.3):
        p, s, predicted = law.dense()
        assert p[predicted] == law.values[law.predicted]
        softmax = np.exp(law.scores(60.0) - np.max(law.scores(60.0)))
        np.testing.assert_allclose(softmax / softmax.sum(), s, atol=1e-15)


def test_reached_only_where_no_softmax_entry_is_zero() -> None:
    assert all(law.reached for law in attaining(sharp(1.0, 2), 0.3))
    assert not any(law.reached for law in attaining(sharp(1.0, 3), 0.3))


def test_published_is_refused_where_it_is_not_attained() -> None:
    with pytest.raises(UnsupportedError, match="method"):
        attaining(sharp(1.5, 3, "published"), 0.3)
    assert attaining(sharp(1.0, 3, "published"), 0.3)


def test_dense_vectors_are_refused_for_huge_n() -> None:
    (law,) = attaining(sharp(1.0, 10**9), 0.3)
    with pytest.raises(InputError, match="n_classes"):
        law.probabilities()
