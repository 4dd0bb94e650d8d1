"""Transformations of surrogate losses: published and sharp, for complete hypothesis sets.

:func:`transform` is the one entry point; it picks the theorem that applies to the loss and names it.
"""

from __future__ import annotations

from hconsist import hypotheses as hypothesis_sets
from hconsist import losses
from hconsist.domains import N_CLASSES, UnsupportedError
from hconsist.evidence import Level
from hconsist.losses.base import Loss
from hconsist.results import Side
from hconsist.transforms.base import Kernel, Transformation

__all__ = ["METHODS", "Transformation", "transform"]

METHODS = ("sharp", "published")
"""Methods available for the pair (comp-sum loss, complete hypothesis set)."""

ACTIVE_CURVE = "the curves D_m that touch the hull are found by a rule checked against every m for n <= 200, not proved"
PUBLISHED = "Mao, Mohri and Zhong 2023, arXiv 2304.07288 (recalled; only the abstract was read)"


def transform(
    loss: Loss | str, *, n_classes: int, hypotheses: str = "complete", method: str = "sharp"
) -> Transformation:
    """The transformation T of a comp-sum loss with parameter tau, for a complete hypothesis set.

    Parameters
    ----------
    loss : a loss object or its name, such as ``"gce:q=0.7"``.
    n_classes : number of labels, an integer in [2, 1e9].
    hypotheses : ``"complete"`` (symmetric and complete) or ``"all"`` (all measurable functions).
    method : ``"sharp"``, the largest T for which the bound holds, or ``"published"``, the form of
        arXiv 2304.07288 as recalled.

    Returns
    -------
    Transformation
        T**(t) on calling, ``raw``, ``inverse`` (Gamma), ``growth``, ``floor``, ``attaining``.

    Raises
    ------
    InputError
        for a value outside its domain.
    UnsupportedError
        for a method or hypothesis set without a result for this loss; it names what is available.

    Notes
    -----
    Sharp: D_2 for tau <= tau_c and for n = 2; the hull of the D_m on (tau_c, 2); the hull of explicit vertices for
    tau >= 2.  Derived here (Theorems 2, 3, 4, 7 and 8).  The level says what is not proved in this release: the ball
    part of Theorem 7 is cited, and on (tau_c, 2) the curves D_m that touch the hull are found by a rule checked
    against all m up to n = 200.
    """
    surrogate = losses.get(loss)
    n = int(N_CLASSES.check_scalar("n_classes", n_classes))
    hypothesis_set = hypothesis_sets.get(hypotheses)
    name = method.replace("_", "-").lower() if isinstance(method, str) else method
    tau = getattr(surrogate, "tau", None)
    if name not in METHODS:
        raise UnsupportedError("method", f"one of {', '.join(METHODS)} for complete hypothesis sets", method)
    if tau is None:
        raise UnsupportedError(
            "loss",
            "a comp-sum loss with a parameter tau (no transformation of a user's own psi is available in this release; "
            "the nearest supported losses are comp-sum:tau=...)",
            surrogate.name,
        )
    build = _published if name == "published" else _sharp
    kernel, level, references, assumptions = build(float(tau), n)
    return Transformation(
        loss=surrogate,
        n_classes=n,
        hypotheses=hypothesis_set.name,
        method=name,
        side=Side.LOWER if name == "published" and not published_is_sharp(float(tau), n) else Side.EXACT,
        level=level,
        kernel=kernel,
        references=references,
        assumptions=("the hypothesis set is symmetric and complete", *assumptions),
    )


def published_is_sharp(tau: float, n_classes: int) -> bool:
    """Whether the published form is the sharp one: tau <= 1 for every n, and tau < 2 for two labels (derived here)."""
    return tau <= 1 or (n_classes == 2 and tau <= 2)


_Choice = tuple[Kernel, Level, tuple[str, ...], tuple[str, ...]]


def _published(tau: float, n: int) -> _Choice:
    from hconsist.transforms.published import PublishedKernel

    # that it is valid, for every tau and n, is proved by the claims published-valid-... of its paper check
    return PublishedKernel(tau, n), Level.SYMBOLIC, (PUBLISHED,), ()


def _sharp(tau: float, n: int) -> _Choice:
    from hconsist.transforms.two_label import TAU_C, TwoLabelKernel

    if tau <= 1:
        return TwoLabelKernel(tau), Level.SYMBOLIC, ("Theorem 2, derived here",), ()
    if tau <= 1.5 or (n == 2 and tau < 2):
        return (
            TwoLabelKernel(tau),
            Level.SYMBOLIC,
            ("Theorem 3, derived here" if n > 2 else "two labels: Theorem 1",),
            (),
        )
    if tau <= TAU_C:
        return (
            TwoLabelKernel(tau),
            Level.CITED,
            ("Theorem 7, derived here (its ball part is not repeated in this release)",),
            (),
        )
    if tau < 2:
        from hconsist.transforms.pooled import PooledKernel

        return PooledKernel(tau, n), Level.SAMPLED, ("Theorem 4, derived here",), (ACTIVE_CURVE,)
    from hconsist.transforms.concave import ConcaveKernel

    return ConcaveKernel(tau, n), Level.SYMBOLIC, ("Theorem 8, derived here",), ()
