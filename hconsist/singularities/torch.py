"""The step limits of a PyTorch model on a batch along a direction, and any optimiser with its steps capped by them.

The slopes are one forward-mode product, ``torch.func.jvp``; the rest is done in float64 by numpy.  PyTorch is an extra
(``pip install hconsist[torch]``) and is imported on the first call.

The logits of a network are linear in its parameters to first order only.  Everything here is exact for the linearised
model, and says of the model itself what its linearisation says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from hconsist.domains import InputError
from hconsist.singularities.batches import BatchRadius, batch_radius
from hconsist.singularities.bounds import lower_pi, lower_sigma, lower_top1
from hconsist.singularities.controllers import Cap, cap
from hconsist.singularities.descent import DescentStep, descent_step

__all__ = ["CappedOptimizer", "StepLimits", "slopes", "step_limits"]


@dataclass(frozen=True)
class StepLimits:
    """How far along a direction, in multiples of it.

    Attributes
    ----------
    pi, top1, sigma : lower bounds on the batch radius.
    radius : the exact batch radius with its row, zero and status; None unless asked for.
    descent : the step with guaranteed descent; None without targets.
    logits, slopes : ``(m, K)`` float64, one row per sample (and position) that counts.
    """

    pi: float
    top1: float
    sigma: float
    radius: BatchRadius | None
    descent: DescentStep | None
    logits: np.ndarray
    slopes: np.ndarray


def slopes(model: Any, batch: Any, direction: Any, *, parameters: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """Logits and their derivatives along a direction in parameter space, by one ``torch.func.jvp``.

    Parameters
    ----------
    model : ``torch.nn.Module`` whose output, or its attribute ``logits``, is a tensor ``(..., K)``, classes last.
    batch : the input: a tensor, a tuple of positional arguments, or a mapping of keyword arguments.
    direction : a mapping from parameter names to tensors (those not named stay), or one tensor for each of
        ``model.parameters()``, in order.  It need not have length 1: what follows is in multiples of it.
    parameters : where to take the derivative, by name; the model's own by default.

    Returns
    -------
    (logits, slopes) : tensors ``(..., K)``, detached.  The model is left as it is: buffers that a layer updates in
        training mode (running means) are copies.  A layer that draws, as dropout, draws anew.

    Raises
    ------
    InputError
        for a direction that does not fit the parameters, naming the first that does not.
    ImportError
        where PyTorch is not installed.
    """
    torch = _torch()
    own = {name: value.detach() for name, value in model.named_parameters()}
    at = {name: value.detach() for name, value in parameters.items()} if parameters is not None else own
    buffers = {name: value.detach() for name, value in model.named_buffers()}
    tangents = _tangents(direction, own, torch)
    positional, named = _arguments(batch)

    def logits(values: dict[str, Any]) -> Any:
        # cloned in here: jvp lets a layer write only to what it made itself
        copies = {name: value.clone() for name, value in buffers.items()}
        out = torch.func.functional_call(model, {**own, **values, **copies}, positional, named)
        return getattr(out, "logits", out)

    primal = {name: at.get(name, own[name]) for name in tangents}
    with torch.no_grad():
        value, slope = torch.func.jvp(logits, (primal,), (tangents,))
    if value.ndim == 0:
        raise InputError("model", "a module whose output is of shape (..., K), classes last", tuple(value.shape))
    return value.detach(), slope.detach()


def step_limits(
    model: Any, batch: Any, direction: Any, targets: Any = None, *, exact: bool = False, ignore_index: int = -100
) -> StepLimits:
    """The limits on a step along ``direction``: bounds on the radius, the radius itself, the descent step.

    Parameters
    ----------
    model, batch, direction : as :func:`slopes`.
    targets : integer labels of shape ``(...)`` or laws ``(..., K)``, as tensors or arrays.
    exact : whether to compute the exact radius too.
    ignore_index : rows with this label do not count, as in ``torch.nn.functional.cross_entropy``.

    Raises
    ------
    InputError
        as :func:`slopes`; for targets of another shape; naming row and column of logits or slopes that are not numbers.
    """
    z, a, aim = _counted(*slopes(model, batch, direction), targets, ignore_index)
    pi, top1, sigma = (float(np.min(f(z, a))) for f in (lower_pi, lower_top1, lower_sigma))
    whole = batch_radius(z, a) if exact else None
    return StepLimits(pi, top1, sigma, whole, None if aim is None else descent_step(z, a, aim), z, a)


class CappedOptimizer:
    """An optimiser whose steps are capped: each update v is replaced by c v, c the factor of a :class:`Cap`.

    Parameters
    ----------
    optimizer : any ``torch.optim.Optimizer`` over parameters of the model.
    model : the module.
    by, share, gap : as :func:`hconsist.singularities.cap`; ``by="descent"`` needs targets at each step.
    ignore_index : as :func:`step_limits`.

    The update is what the optimiser did, momentum, weight decay and all, at the cost of one copy of the parameters and
    one JVP.  The state of the optimiser (moments, step count) is not scaled.  Other attributes (``zero_grad``,
    ``param_groups``, ``state_dict``) are those of the optimiser; learning-rate schedulers take ``wrapper.optimizer``.

    >>> optimizer = CappedOptimizer(torch.optim.Adam(model.parameters()), model, by="sigma")     # doctest: +SKIP
    >>> loss.backward(); optimizer.step(inputs, targets)                                         # doctest: +SKIP
    """

    def __init__(
        self,
        optimizer: Any,
        model: Any,
        *,
        by: str = "sigma",
        share: float = 1.0,
        gap: float = 3.0,
        ignore_index: int = -100,
    ):
        # the arguments are checked here, not at the first long step
        cap(0.0, [[0.0, 0.0]], [[0.0, 1.0]], [0], by=by, share=share, gap=gap)
        cap(0.0, [[0.0, 0.0]], [[0.0, 1.0]], by="gap", gap=gap)
        self.optimizer, self.model, self.by, self.share, self.gap = optimizer, model, by, share, gap
        self.ignore_index = ignore_index
        self.loss: Any = None
        """What the last closure returned."""
        known = {id(p) for p in model.parameters()}
        for i, group in enumerate(optimizer.param_groups):
            for j, p in enumerate(group["params"]):
                if id(p) not in known:
                    raise InputError("optimizer", f"over parameters of the model (group {i}, number {j})", p.shape)

    def __getattr__(self, name: str) -> Any:
        if name == "optimizer":
            raise AttributeError(name)
        return getattr(self.optimizer, name)

    def step(self, batch: Any, targets: Any = None, closure: Any = None) -> Cap:
        """One capped step; the cap is that of this batch.

        Parameters as :func:`step_limits`; ``closure`` goes to the optimiser.  If the logits or slopes are not numbers
        the parameters are put back before the InputError leaves; the state of the optimiser is not.
        """
        torch = _torch()
        before = {name: p.detach().clone() for name, p in self.model.named_parameters()}
        factor = 0.0
        try:
            self.loss = self.optimizer.step(closure)
            update = {name: p.detach() - before[name] for name, p in self.model.named_parameters()}
            value, slope = slopes(self.model, batch, update, parameters=before)
            z, a, aim = _counted(value, slope, targets, self.ignore_index)
            found = cap(1.0, z, a, aim, by=self.by, share=self.share, gap=self.gap)
            factor = found.factor
        finally:
            if factor < 1:
                with torch.no_grad():
                    for name, p in self.model.named_parameters():
                        p.copy_(before[name] if factor == 0 else before[name] + factor * update[name])
        return found


def _torch() -> Any:
    try:
        import torch
    except ImportError:
        message = "hconsist.singularities.torch needs PyTorch, an extra: pip install hconsist[torch]"
        raise ImportError(message, name="torch") from None
    return torch


def _tangents(direction: Any, own: Mapping[str, Any], torch: Any) -> dict[str, Any]:
    """The direction by name, each tensor shaped and typed as its parameter."""
    if isinstance(direction, Mapping):
        named = dict(direction)
    elif isinstance(direction, Iterable):
        given = list(direction)
        if len(given) != len(own):
            raise InputError("direction", f"{len(own)} tensors, one for each parameter", len(given))
        named = dict(zip(own, given))
    else:
        raise InputError("direction", "a mapping from parameter names to tensors, or a list of tensors", direction)
    if not named:
        raise InputError("direction", "for at least one parameter", named)
    for name, value in named.items():
        if name not in own:
            raise InputError("direction", "for parameters of the model: " + ", ".join(own), name)
        if tuple(value.shape) != tuple(own[name].shape):
            raise InputError("direction", f"of shape {tuple(own[name].shape)} for {name}", tuple(value.shape))
    return {name: value.detach().to(own[name]) for name, value in named.items()}


def _arguments(batch: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(batch, Mapping):
        return (), dict(batch)
    return (tuple(batch) if isinstance(batch, tuple | list) else (batch,)), {}


def _counted(value: Any, slope: Any, targets: Any, ignore_index: int) -> tuple[np.ndarray, np.ndarray, Any]:
    """Float64 rows ``(m, K)`` of logits and slopes and the targets, without the rows to be ignored."""
    z, a = _numpy(value), _numpy(slope)
    outer, k = z.shape[:-1], z.shape[-1]
    z, a = z.reshape(-1, k), a.reshape(-1, k)
    if targets is None:
        return z, a, None
    aim = _numpy(targets)
    if aim.shape == outer and aim.dtype.kind in "iu":
        aim = aim.reshape(-1)
        kept = aim != ignore_index
        if not np.any(kept):
            raise InputError("targets", f"other than {ignore_index} in some row", ignore_index)
        return z[kept], a[kept], aim[kept]
    if aim.shape == (*outer, k) and aim.dtype.kind == "f":
        return z, a, aim.reshape(-1, k)
    raise InputError("targets", f"integers of shape {outer} or laws of shape {(*outer, k)}", aim.shape)


def _numpy(value: Any) -> np.ndarray:
    """A tensor's numbers: float64 for all floating types, bfloat16 too."""
    if isinstance(value, np.ndarray) or not hasattr(value, "detach"):
        return np.asarray(value)
    plain = value.detach().cpu()
    return np.asarray((plain.double() if plain.is_floating_point() else plain).numpy())
