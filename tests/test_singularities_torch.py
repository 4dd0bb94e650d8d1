"""Step limits of a model: on PyTorch where it is installed, and on a stand-in of a few lines that runs everywhere.

The model is small, and its slopes are checked against a complex step in its outputs.
"""

import sys
import types
from itertools import pairwise

import numpy as np
import pytest

from hconsist import singularities as sing
from hconsist.domains import InputError
from hconsist.singularities import torch as helper
from hconsist.singularities.guarantees import gap_change
from hconsist.singularities.targets import as_targets

# PyTorch 2.13 warns of parts of its own that it loads for the first forward-mode product
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")

RNG = np.random.default_rng(0)
INPUTS, LABELS = RNG.normal(size=(12, 5)), RNG.integers(3, size=12)
WEIGHTS = {"first": RNG.normal(size=(4, 5)), "second": RNG.normal(size=(3, 4))}
DIRECTION = {name: RNG.normal(size=value.shape) for name, value in WEIGHTS.items()}


def outputs(weights, x):
    return np.tanh(x @ weights["first"].T) @ weights["second"].T


def derivatives(weights, direction, x):
    """By a complex step: the outputs are analytic, and nothing cancels."""
    h = 1e-30
    return outputs({k: v + 1j * h * direction[k] for k, v in weights.items()}, x).imag / h


# ---- the stand-in: arrays with the methods of tensors, a model, and the JVP by a complex step


class Tensor(np.ndarray):
    def detach(self):
        return self.view()

    def clone(self):
        return self.copy()

    def cpu(self):
        return self

    def double(self):
        return self.astype(float)

    def is_floating_point(self):
        return self.dtype.kind == "f"

    def numpy(self):
        return np.asarray(self)

    def to(self, other):
        return self.astype(other.dtype)

    def copy_(self, other):
        self[...] = other


def tensor(value):
    return np.array(value).view(Tensor)


class StandInModel:
    def __init__(self):
        self.weights = {name: tensor(value) for name, value in WEIGHTS.items()}

    def named_parameters(self):
        return iter(self.weights.items())

    def parameters(self):
        return iter(self.weights.values())

    def named_buffers(self):
        return iter(())

    def __call__(self, x):
        return outputs(self.weights, x)


class StandInDescent:
    """theta <- theta - rate * gradient."""

    def __init__(self, parameters, rate):
        self.param_groups = [{"params": list(parameters), "lr": rate}]

    def step(self, closure=None):
        loss = closure() if closure else None
        for p in self.param_groups[0]["params"]:
            p.copy_(p - self.param_groups[0]["lr"] * p.grad)
        return loss


def stand_in():
    def functional_call(model, values, positional, named):
        return outputs(values, *positional, **named)

    def jvp(f, primals, tangents, h=1e-30):
        (at,), (along,) = primals, tangents
        return f(at), f({k: at[k] + 1j * h * along[k] for k in at}).imag / h

    class no_grad:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

    func = types.SimpleNamespace(functional_call=functional_call, jvp=jvp)
    return types.SimpleNamespace(func=func, no_grad=no_grad)


class Case:
    """A model, an optimiser over it and tensors, of either kind."""

    def __init__(self, kind, monkeypatch):
        self.kind = kind
        if kind == "stand-in":
            monkeypatch.setitem(sys.modules, "torch", stand_in())
            self.tensor, self.model = tensor, StandInModel()
        else:
            self.torch = pytest.importorskip("torch", reason="torch is an extra: pip install hconsist[torch]")
            self.tensor = self.torch.as_tensor
            self.model = torch_model(self.torch)

    def weights(self):
        return {k: np.array(v.detach().numpy()) for k, v in self.model.named_parameters()}

    def descent(self, rate):
        """An optimiser about to step along -g of the mean loss."""
        w = self.weights()
        hidden = np.tanh(INPUTS @ w["first"].T)
        z = hidden @ w["second"].T
        p = np.exp(z - z.max(axis=1, keepdims=True))
        off = (p / p.sum(axis=1, keepdims=True) - np.eye(3)[LABELS]) / 12
        gradient = {"first": ((off @ w["second"]) * (1 - hidden**2)).T @ INPUTS, "second": off.T @ hidden}
        for name, value in self.model.named_parameters():
            value.grad = self.tensor(gradient[name])
        kind = StandInDescent if self.kind == "stand-in" else lambda p, rate: self.torch.optim.SGD(p, lr=rate)
        return kind(self.model.parameters(), rate)


def torch_model(torch):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for name, value in WEIGHTS.items():
                self.register_parameter(name, torch.nn.Parameter(torch.as_tensor(value.copy())))

        def forward(self, x):
            return torch.tanh(x @ self.first.T) @ self.second.T

    return Model()


@pytest.fixture(params=["stand-in", "torch"])
def case(request, monkeypatch):
    return Case(request.param, monkeypatch)


def test_slopes_are_derivatives_of_the_logits(case):
    direction = {name: case.tensor(value) for name, value in DIRECTION.items()}
    for batch in (case.tensor(INPUTS), (case.tensor(INPUTS),), {"x": case.tensor(INPUTS)}):
        z, a = helper.slopes(case.model, batch, direction)
        assert np.asarray(z) == pytest.approx(outputs(WEIGHTS, INPUTS), rel=1e-12)
        assert np.asarray(a) == pytest.approx(derivatives(WEIGHTS, DIRECTION, INPUTS), abs=1e-12)
    _, listed = helper.slopes(case.model, case.tensor(INPUTS), list(direction.values()))
    assert np.all(np.asarray(listed) == np.asarray(a))
    _, one = helper.slopes(case.model, case.tensor(INPUTS), {"second": direction["second"]})
    still = {"first": np.zeros((4, 5)), "second": DIRECTION["second"]}
    assert np.asarray(one) == pytest.approx(derivatives(WEIGHTS, still, INPUTS), abs=1e-12)


def test_limits_are_those_of_the_logits_and_slopes(case):
    direction = {name: case.tensor(value) for name, value in DIRECTION.items()}
    found = helper.step_limits(case.model, case.tensor(INPUTS), direction, case.tensor(LABELS), exact=True)
    z, a = found.logits, found.slopes
    exact = sing.batch_radius(z, a)
    assert found.radius == exact and found.pi <= found.top1 <= found.sigma <= exact.radius
    assert found.pi == sing.lower_pi(z, a).min()
    assert found.descent == sing.descent_step(z, a, LABELS)
    plain = helper.step_limits(case.model, case.tensor(INPUTS), direction)
    assert plain.radius is None and plain.descent is None
    # rows to be ignored do not count, laws are accepted
    some = np.where(np.arange(12) < 7, LABELS, -100)
    fewer = helper.step_limits(case.model, case.tensor(INPUTS), direction, case.tensor(some))
    assert fewer.logits.shape == (7, 3)
    assert fewer.descent == sing.descent_step(z[:7], a[:7], LABELS[:7])
    soft = helper.step_limits(case.model, case.tensor(INPUTS), direction, case.tensor(np.eye(3)[LABELS]))
    assert soft.descent.step == pytest.approx(found.descent.step, rel=1e-9)
    # a batch of sequences: each position is a row
    folded = helper.step_limits(case.model, case.tensor(INPUTS.reshape(3, 4, 5)), direction,
                                case.tensor(LABELS.reshape(3, 4)))  # fmt: skip
    assert folded.sigma == pytest.approx(found.sigma, rel=1e-12)


@pytest.mark.parametrize("by", sing.controllers.CAPS)
def test_a_capped_optimiser_takes_that_share_of_the_step(case, by):
    for rate in (1e3, 1e-6):
        optimizer = helper.CappedOptimizer(case.descent(rate), case.model, by=by, share=0.5, gap=1.0)
        before = case.weights()
        update = {k: -rate * np.asarray(v.grad) for k, v in case.model.named_parameters()}
        found = optimizer.step(case.tensor(INPUTS), case.tensor(LABELS))
        assert (found.factor < 1) == (rate == 1e3)
        for name, value in case.weights().items():
            assert value == pytest.approx(before[name] + found.factor * update[name], rel=1e-9, abs=1e-12)
        z, a = outputs(before, INPUTS), derivatives(before, update, INPUTS)
        expected = sing.cap(1.0, z, a, LABELS, by=by, share=0.5, gap=1.0)
        assert found.step == pytest.approx(expected.step, rel=1e-9)
        if by == "gap" and rate == 1e3:
            assert gap_change(z, a, found.step).max() == pytest.approx(1.0, rel=1e-9)
    assert optimizer.param_groups is optimizer.optimizer.param_groups


def test_a_failed_step_leaves_the_parameters(case):
    optimizer = helper.CappedOptimizer(case.descent(1.0), case.model, by="descent")
    before = case.weights()
    with pytest.raises(InputError, match="targets must be given"):
        optimizer.step(case.tensor(INPUTS))
    next(case.model.parameters()).grad[0, 0] = np.nan
    with pytest.raises(InputError, match="slopes must be a finite number at row 0, column 0"):
        optimizer.step(case.tensor(INPUTS), case.tensor(LABELS))
    assert all(np.all(v == before[k]) for k, v in case.weights().items())


def test_the_closure_goes_to_the_optimiser(case):
    optimizer = helper.CappedOptimizer(case.descent(1.0), case.model, by="pi")
    optimizer.step(case.tensor(INPUTS), closure=lambda: 7.5)
    assert optimizer.loss == 7.5


def test_bad_input(case):
    x = case.tensor(INPUTS)
    for direction, message in (
        ({"third": x}, "direction must be for parameters of the model: first, second, got 'third'"),
        ({"first": x}, r"direction must be of shape \(4, 5\) for first, got \(12, 5\)"),
        ([x], "direction must be 2 tensors, one for each parameter, got 1"),
        (3.0, "direction must be a mapping"),
        ({}, "direction must be for at least one parameter"),
    ):
        with pytest.raises(InputError, match=message):
            helper.slopes(case.model, x, direction)
    fine = {name: case.tensor(value) for name, value in DIRECTION.items()}
    for targets in (LABELS[:4], np.zeros(12), np.zeros((12, 4))):
        with pytest.raises(InputError, match=r"targets must be integers of shape \(12,\) or laws of shape \(12, 3\)"):
            helper.step_limits(case.model, x, fine, case.tensor(targets))
    with pytest.raises(InputError, match="targets must be other than -100 in some row"):
        helper.step_limits(case.model, x, fine, case.tensor(np.full(12, -100)))
    with pytest.raises(InputError, match="by must be one of"):
        helper.CappedOptimizer(case.descent(1.0), case.model, by="clip")
    with pytest.raises(InputError, match="gap must be"):
        helper.CappedOptimizer(case.descent(1.0), case.model, gap=0.0)
    other = case.descent(1.0)
    other.param_groups[0]["params"].append(case.tensor(np.zeros(2)))
    with pytest.raises(InputError, match=r"over parameters of the model \(group 0, number 2\)"):
        helper.CappedOptimizer(other, case.model)


def test_without_pytorch_the_message_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"pip install hconsist\[torch\]"):
        helper.slopes(StandInModel(), tensor(INPUTS), {})
    assert as_targets([1], np.zeros((1, 2))).labels.tolist() == [1]  # all else works


# ---- what only the real library shows


def torch_library():
    return pytest.importorskip("torch", reason="torch is an extra: pip install hconsist[torch]")


def test_layers_in_training_mode_are_left_as_they_are():
    torch = torch_library()
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.BatchNorm1d(8), torch.nn.GELU(), torch.nn.Linear(8, 3))
    x, y = torch.as_tensor(INPUTS, dtype=torch.float32), torch.as_tensor(LABELS)
    buffers = {k: v.clone() for k, v in model.named_buffers()}
    direction = [torch.randn_like(p) for p in model.parameters()]
    found = helper.step_limits(model, x, direction, y, exact=True)
    assert found.logits.dtype == np.float64 and 0 < found.sigma <= found.radius.radius
    assert all(torch.equal(v, buffers[k]) for k, v in model.named_buffers())
    assert all(p.grad is None for p in model.parameters())


def test_tied_parameters_and_half_precision():
    torch = torch_library()
    torch.manual_seed(0)

    class Tied(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = torch.nn.Embedding(6, 4)
            self.outer = torch.nn.Linear(4, 6, bias=False)
            self.outer.weight = self.inner.weight

        def forward(self, tokens):
            return types.SimpleNamespace(logits=self.outer(self.inner(tokens)))

    model, tokens = Tied().double(), torch.tensor([[0, 1, 2], [3, 4, 5]])
    v = torch.randn(6, 4, dtype=torch.float64)
    z, a = helper.slopes(model, tokens, [v])
    w = model.inner.weight.detach()
    assert torch.allclose(a, v[tokens] @ w.T + w[tokens] @ v.T)
    assert z.shape == (2, 3, 6)
    rough = helper.step_limits(model.bfloat16(), tokens, [v])
    assert rough.sigma == pytest.approx(sing.lower_sigma(z.numpy(), a.numpy()).min(), rel=0.05)  # eight bits


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "LBFGS"])
def test_training_with_a_spiking_rate(name):
    """A rate far too large: capped by the descent step the mean loss goes down at every step, plain it does not.

    The model is a softmax regression, whose logits are linear, so the guarantee is of the model itself.
    """
    torch = torch_library()
    x, y = torch.as_tensor(INPUTS), torch.as_tensor(LABELS)

    def train(wrapped):
        torch.manual_seed(0)
        model = torch.nn.Linear(5, 3).double()
        # at 1e3 the line steps of L-BFGS itself are no longer numbers
        inner = getattr(torch.optim, name)(model.parameters(), lr=3.0 if name == "LBFGS" else 1e3)
        scheduler = torch.optim.lr_scheduler.StepLR(inner, 5)
        optimizer = helper.CappedOptimizer(inner, model, by="descent") if wrapped else inner

        def closure():
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            return loss.detach()

        losses = []
        for _ in range(20):
            losses.append(float(closure()))
            optimizer.step(*(x, y) if wrapped else (), closure=closure)
            scheduler.step()
        return [*losses, float(closure())]

    losses = train(wrapped=True)
    assert all(after <= before + 1e-12 for before, after in pairwise(losses))
    assert losses[-1] < losses[0]
    assert any(after > before for before, after in pairwise(train(wrapped=False)))
