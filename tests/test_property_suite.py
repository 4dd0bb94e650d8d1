"""Every loss that has a name has the properties it declares; and a loss that lies about one is caught."""

import numpy as np
import pytest

from hconsist import losses
from hconsist.loss_properties import BREACHES, Probe, entropy_errors
from hconsist.losses import _ENTRIES
from hconsist.losses.base import PROPERTIES
from hconsist.testing import assert_properties

SAMPLES = {
    "q": ("0.3", "1"),
    "tau": ("0", "0.5", "1.5", "2.5"),
    "psi": ('"-(1-s)**2*log(s)"', '"(1-s)**2"'),
    "rho": ("0.7",),
    "phi": ('"log(1 + exp(-2*u))"', '"1 - tanh(u)"'),
    "gamma": ("0.5", "2"),
    "eps": ("0.2", "0.9"),
    "order": ("1", "4"),
    "T": ("0.5", "3"),
    "w": ("1;2;0.5", "2;2;2;2"),
    "prior": ("0.5;0.3;0.2", "0.25;0.25;0.25;0.25"),
    "alpha": ("1.2", "3"),
    "omega": ('"p*log(p)"', '"exp(2*p)"'),
}
"""Values of each parameter, by its name."""


def named():
    """Every entry of the registry with the sample values of its parameters, one at a time where one is needed."""
    for entry in _ENTRIES:
        one_of = entry.needed == 1 and len(entry.known) > 1
        for keys in [(key,) for key in entry.known] if one_of else [entry.known]:
            for k in range(max((len(SAMPLES[key]) for key in keys), default=1)):
                tail = ",".join(f"{key}={SAMPLES[key][k % len(SAMPLES[key])]}" for key in keys)
                yield f"{entry.name}:{tail}" if tail else entry.name


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("name", list(named()))
def test_every_loss_has_its_declared_properties(name, n):
    assert assert_properties(losses.get(name), n_classes=n).points == 200


def lying(name, **claims):
    """The loss with other claims than its own; its kernels stay."""
    loss = losses.get(name)
    loss.properties = {**loss.properties, **claims}
    return loss


FALSE_CLAIMS = {
    "convex": ("mae", "focal:gamma=2", "poly-1:eps=1.5", "sum-rho-margin:rho=1"),
    "shift_invariant": ("squentropy", "ova-logistic"),
    "scale_invariant": ("logistic", "crammer-singer"),
    "symmetric": ("class-weights:w=1;1;1;1.01", "logit-adjustment:prior=0.26;0.25;0.25;0.24"),
    "bounded": ("logistic", 'comp-sum:psi="log(1 - log(s))"', "crammer-singer"),
    "differentiable": ("crammer-singer", "weston-watkins", "rho-comp-sum:tau=1,rho=1"),
    "own_label_monotone": ("squentropy", "class-weights:w=1;1;1;1.01"),
    "decreasing": ("label-smoothing:eps=0.01",),
    "convex_psi": ("comp-sum:tau=2.1",),
}
"""Property -> losses that do not have it: by hand, mostly next to the edge of having it."""

TRUE_BUT_DENIED = {
    "convex": ("logistic", "sparsemax", "weston-watkins"),
    "shift_invariant": ("logistic", "crammer-singer"),
    "symmetric": ("logistic", "class-weights:w=2;2;2;2"),
    "differentiable": ("logistic", "sparsemax", "sum-squared-hinge", "entmax:alpha=3"),
    "own_label_monotone": ("logistic", "sparsemax"),
    "decreasing": ("squentropy", "crammer-singer"),
    "convex_psi": ("mae", "focal:gamma=2"),
}


def test_every_property_has_a_false_claim():
    assert set(FALSE_CLAIMS) == set(PROPERTIES)


@pytest.mark.parametrize(("claim", "name"), [(claim, name) for claim, names in FALSE_CLAIMS.items() for name in names])
def test_a_false_claim_is_rejected(claim, name):
    assert not losses.get(name).properties[claim]
    with pytest.raises(AssertionError, match=f"{claim} fails at"):
        assert_properties(lying(name, **{claim: True}))


@pytest.mark.parametrize(
    ("claim", "name"), [(claim, name) for claim, names in TRUE_BUT_DENIED.items() for name in names]
)
def test_a_false_denial_is_rejected(claim, name):
    assert losses.get(name).properties[claim]
    with pytest.raises(AssertionError, match=f"declared not {claim}, but no counterexample"):
        assert_properties(lying(name, **{claim: False}))


def test_a_denied_bound_is_only_noted():
    assert assert_properties(lying("mae", bounded=False)).notes


def test_scale_invariance_can_be_had():
    """No loss with a name is scale invariant; the zero-one loss of the margin's sign is."""

    class Sign(losses.MaxLoss):
        def value(self, scores, labels):
            return np.where(self._margins(np.asarray(scores), np)[np.arange(len(labels)), labels] > 0, 0.0, 1.0)

    probe = Probe(Sign("hinge"), 4, 200, np.random.default_rng(0))
    assert not np.any(BREACHES["scale_invariant"](probe)[0])


def test_a_property_without_a_name_is_rejected():
    with pytest.raises(AssertionError, match="nice is not among"):
        assert_properties(lying("logistic", nice=True))


def test_a_wrong_parametrisation_is_rejected():
    for name, parametrisation in (("mae", "scores"), ("temperature:T=0.2", "softmax")):
        loss = losses.get(name)
        loss.convex_in = parametrisation
        with pytest.raises(AssertionError, match=f"convex in the {parametrisation}"):
            assert_properties(loss)


class Wrong(losses.Squentropy):
    """Squentropy with one method spoilt; the entropy is numeric, and the errors small."""

    def __init__(self, method, spoil):
        super().__init__()
        self.method, self.spoil = method, spoil

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        if name in ("method", "spoil") or name != self.method:
            return found
        return lambda *arguments: self.spoil(found(*arguments))


@pytest.mark.parametrize(
    ("method", "spoil", "message"),
    [
        ("value", lambda x: np.where(x > 3, np.nan, x), "finite at moderate scores"),
        ("gradient", lambda x: 1.00001 * x, "gradient"),
        ("gradient", lambda x: x[:, ::-1], "gradient"),
        ("conditional_risk", lambda x: x * (1 + 1e-8), "conditional risk is the mean value"),
        ("entropy", lambda x: 1.01 * x, "lower bound"),
        ("entropy", lambda x: x * (1 + 1e-7), "reached at the best scores"),
        ("entropy", lambda x: x * (1 - 1e-7), "reached at the best scores"),
        ("best_scores", lambda x: x + 1e-3, "reached at the best scores"),
        ("grouped_entropy", lambda x: x * (1 + 1e-7), "entropy of a law by groups"),
    ],
)
def test_a_wrong_method_is_rejected(method, spoil, message):
    with pytest.raises(AssertionError, match=message):
        assert_properties(Wrong(method, spoil))


def test_an_entropy_that_is_no_infimum_is_rejected():
    """Concavity and symmetry, of entropies that agree with wrong risks of their own."""
    for spoil, message in (
        (lambda p: np.max(p, axis=-1), "entropy is concave"),
        (lambda p: p[:, 0] / 10, "entropy is symmetric"),
    ):
        probe = Probe(losses.Squentropy(), 4, 200, np.random.default_rng(0))
        probe.loss.entropy = spoil
        assert np.any(entropy_errors(probe)[message][0])


def test_scores_of_sum_zero_only():
    """A loss that is defined on scores of sum 0 sees no others, and a shift is no witness for it."""

    class Strict(losses.ConstrainedLoss):
        def value(self, scores, labels):
            assert np.all(np.abs(np.sum(scores, axis=-1)) <= 1e-9 * (1 + np.max(np.abs(scores))))
            return super().value(scores, labels)

    loss = Strict("squared-hinge")
    loss.properties = {**loss.properties, "shift_invariant": False}
    assert_properties(loss)
