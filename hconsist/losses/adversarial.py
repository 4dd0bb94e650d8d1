"""Losses of adversarial training: suprema over perturbed scores, and the smooth comp-sum loss that lies above them.

A network is evaluated at an input x and at perturbed inputs x' of a ball around x; what enters here are the scores
h(x) ``(..., n)`` and h(x') ``(k, ..., n)``.  With margins Delta_y'(x') = h_y(x') - h_y'(x'), y' != y:

* robust zero-one loss: 1 where some x' has a margin <= 0;
* adversarial comp-sum loss: sup_x' Phi^tau(sum_y' Phi_rho(Delta_y'(x')));
* smooth adversarial comp-sum loss: Phi^tau(sum_y' exp(-Delta_y'(x)/rho)) + nu sup_x' ||Delta(x') - Delta(x)||_2.

For nu of at least :func:`sufficient_nu` each of them, times Phi^tau(1), is at most the next
(derivation ``smooth_adversarial``).

A caution for practice: the supremum over the scores that are handed in is only a lower bound of the supremum over the
ball.  Perturbations found by an attack show errors; they do not certify robustness.
"""

from __future__ import annotations

import math
from typing import Any

from array_api_compat import array_namespace

from hconsist.domains import N_CLASSES, NONNEGATIVE, TAU, InputError
from hconsist.losses import arrays
from hconsist.losses.base import Loss
from hconsist.losses.comp_sum import CompSum
from hconsist.losses.margin import RHO, RhoMarginCompSum

__all__ = ["SmoothAdversarialCompSum", "robust_zero_one", "sufficient_nu", "worst_case"]


def worst_case(loss: Loss, perturbed: Any, labels: Any) -> Any:
    """max over k of l(perturbed[k], label): the adversarial version of a loss for given perturbations.

    Parameters
    ----------
    loss : any loss, such as ``RhoMarginCompSum(tau=1, rho=1)``.
    perturbed : scores ``(k, ..., n)`` at k >= 1 points of each ball; include those at the input itself.
    labels : integers ``(...)`` in [0, n).

    Raises
    ------
    InputError
        for scores that are not finite or have no leading axis of perturbations, and for labels outside [0, n).
    """
    array, xp = _perturbations(perturbed)
    return xp.max(loss.value(array, labels), axis=0)


def robust_zero_one(perturbed: Any, labels: Any) -> Any:
    """True where some of the perturbed scores ``(k, ..., n)`` do not give the label strictly the largest score.

    A tie counts as an error.  Raises InputError as :func:`worst_case`.
    """
    array, xp = _perturbations(perturbed)
    mask = arrays.one_hot(labels, array, xp)
    own = xp.sum(xp.where(mask, array, xp.zeros_like(array)), axis=-1, keepdims=True)
    return xp.any(xp.any((array >= own) & ~mask, axis=-1), axis=0)


def sufficient_nu(tau: float, rho: float, n_classes: int, *, method: str = "derived") -> float:
    """The weight nu from which on the smooth adversarial comp-sum loss lies above the adversarial rho-margin loss.

    Parameters
    ----------
    tau, rho, n_classes : tau >= 0, rho > 0 (in the units of the scores), n in [2, 1e9].
    method : ``"published"``, sqrt(n - 1)/rho (recalled from arXiv 2304.07288), or ``"derived"``, L/rho with::

            tau <= n/(2 (n - 1))      L = sqrt(n - 1) n^(-tau)                    least possible
            otherwise, tau <= 1       L = (2 tau - 1)^(tau - 1/2) (2 tau)^(-tau)
            1 <= tau <= 2             L = 2^(-tau)                                least possible
            2 <= tau                  L = (tau - 1)^(tau - 1) tau^(-tau)

        L is the largest slope of Phi^tau(sum exp(-w_i)) over margins w >= 0; beyond tau = n/(2 (n - 1)) it does not
        depend on n.  "Least possible": for any smaller nu some margins break the inequality.

    Raises
    ------
    InputError
        for a parameter outside its domain or an unknown method.
    """
    tau, rho = TAU.check_scalar("tau", tau), RHO.check_scalar("rho", rho)
    others = int(N_CLASSES.check_scalar("n_classes", n_classes)) - 1
    if method == "published":
        return math.sqrt(others) / rho
    if method != "derived":
        raise InputError("method", "derived or published", method)
    if tau >= 2:
        return math.exp((tau - 1) * math.log(tau - 1) - tau * math.log(tau)) / rho
    # sqrt(S) (1 + S)^(-tau) is largest at S = 1/(2 tau - 1) if 1 <= S <= n - 1
    steepest = max(1.0, others if (2 * tau - 1) * others <= 1 else 1 / (2 * tau - 1))
    return math.sqrt(steepest) * math.exp(-tau * math.log1p(steepest)) / rho


class SmoothAdversarialCompSum:
    """Phi^tau(sum exp(-Delta_y'(x)/rho)) + nu sup_x' ||Delta(x') - Delta(x)||_2: a loss to train with.

    The first term is the comp-sum loss of the scores divided by rho at the unperturbed input; the second keeps the
    margins from moving within the ball.  With nu at its default the robust error rate is at most the mean of this loss
    divided by ``cost_of_error`` (over the perturbations handed in), and the robust estimation error at most the
    difference to the best adversarial rho-margin risk, divided by the same number.

    ``value`` is made of array operations whose automatic derivatives stay finite where x' = x.

    Parameters
    ----------
    tau, rho : tau >= 0; rho > 0 in the units of the scores.
    nu : weight of the second term, >= 0; by default :func:`sufficient_nu` for the number of classes of the scores.

    Raises
    ------
    InputError
        for a parameter outside its domain.
    """

    def __init__(self, tau: float = 1.0, rho: float = 1.0, nu: float | None = None):
        self._margin_loss = RhoMarginCompSum(tau, rho)
        self._comp_sum = CompSum(tau)
        self._rho = self._margin_loss.parameters["rho"]
        self._nu = None if nu is None else float(NONNEGATIVE.check_scalar("nu", nu))
        self.parameters = {**self._margin_loss.parameters, "nu": self._nu}

    @property
    def cost_of_error(self) -> float:
        """Phi^tau(1): no example that can be misclassified costs less."""
        return float(self._margin_loss.outer(1.0))

    def value(self, scores: Any, perturbed: Any, labels: Any) -> Any:
        """The loss of each example.

        Parameters
        ----------
        scores : ``(..., n)``, at the unperturbed inputs.
        perturbed : ``(k, ..., n)``, at k >= 1 points of each ball.
        labels : integers ``(...)`` in [0, n).

        Raises
        ------
        InputError
            for arrays of other shapes, scores that are not finite, and labels outside [0, n).
        """
        array, moved, mask, xp = self._checked(scores, perturbed, labels)
        return self._comp_sum.value(array / self._rho, labels) + self._weight(array) * xp.max(
            _norm(_shifts(array, moved, mask, xp), xp), axis=0
        )

    def gradients(self, scores: Any, perturbed: Any, labels: Any) -> tuple[Any, Any]:
        """(d loss / d scores, d loss / d perturbed), of the shapes of these; arguments and errors as for ``value``.

        Only the first perturbation with the largest shift has a gradient; where no margin moves it counts as 0.
        """
        array, moved, mask, xp = self._checked(scores, perturbed, labels)
        shifts = _shifts(array, moved, mask, xp)
        norm = _norm(shifts, xp)
        place = xp.reshape(arrays.counted(norm.shape[0], norm, xp), (-1, *(1,) * (norm.ndim - 1)))
        first = place == xp.argmax(norm, axis=0)[None, ...]
        length = xp.where(norm > 0, norm, xp.ones_like(norm))[..., None]
        direction = xp.where(first[..., None], -shifts / length, xp.zeros_like(shifts))
        own = -xp.sum(direction, axis=-1, keepdims=True)
        pull = self._weight(array) * xp.where(mask, own, direction)
        return self._comp_sum.gradient(array / self._rho, labels) / self._rho - xp.sum(pull, axis=0), pull

    def _checked(self, scores: Any, perturbed: Any, labels: Any) -> tuple[Any, Any, Any, Any]:
        array, xp = arrays.floating("scores", scores)
        moved, _ = _perturbations(perturbed)
        if tuple(moved.shape[1:]) != tuple(array.shape) or array_namespace(moved) is not xp:
            domain = f"of shape (k, {', '.join(map(str, array.shape))}), k perturbations of the scores, of their kind"
            raise InputError("perturbed", domain, tuple(moved.shape))
        return array, moved, arrays.one_hot(labels, array, xp), xp

    def _weight(self, array: Any) -> float:
        tau, rho = self.parameters["tau"], self._rho
        return sufficient_nu(tau, rho, array.shape[-1]) if self._nu is None else self._nu

    def __repr__(self) -> str:
        shown = ", ".join(f"{key}={value!r}" for key, value in self.parameters.items())
        return f"{type(self).__name__}({shown})"


def _perturbations(perturbed: Any) -> tuple[Any, Any]:
    array, xp = arrays.floating("perturbed", perturbed)
    if array.ndim < 2 or array.shape[0] < 1:
        raise InputError("perturbed", "scores (k, ..., n) at k >= 1 perturbations", tuple(array.shape))
    return array, xp


def _shifts(array: Any, moved: Any, mask: Any, xp: Any) -> Any:
    """Delta_y'(x') - Delta_y'(x) for all labels y', 0 for the label itself."""
    change = moved - array
    return xp.sum(xp.where(mask, change, xp.zeros_like(change)), axis=-1, keepdims=True) - change


def _norm(vectors: Any, xp: Any) -> Any:
    """Euclidean norms; scaled, so that squares do not overflow in half precision, and with slope 0 at the origin."""
    largest = xp.max(xp.abs(vectors), axis=-1, keepdims=True)
    scale = xp.where(largest > 0, largest, xp.ones_like(largest))
    total = xp.sum((vectors / scale) ** 2, axis=-1)
    moved = total > 0
    root = xp.sqrt(xp.where(moved, total, xp.ones_like(total)))
    return xp.where(moved, root * scale[..., 0], xp.zeros_like(total))
