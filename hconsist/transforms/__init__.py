"""Transformations of surrogate losses: published, sharp and numeric, for complete hypothesis sets and bounded scores.

:func:`transform` is the one entry point; it picks the theorem that applies to the loss and names it, or searches.
"""

from __future__ import annotations

from hconsist import hypotheses as hypothesis_sets
from hconsist import losses
from hconsist.domains import N_CLASSES, InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.losses.base import Loss
from hconsist.results import Side
from hconsist.transforms.base import Kernel, Transformation

__all__ = ["METHODS", "Transformation", "transform"]

METHODS = ("sharp", "published", "optimize", "enclose")
"""Methods for complete hypothesis sets: by theorem, from a paper, by a search, and between proved numbers."""

PUBLISHED = "Mao, Mohri and Zhong 2023, arXiv 2304.07288 (recalled; only the abstract was read)"


def transform(
    loss: Loss | str, *, n_classes: int, hypotheses: str = "complete", method: str | None = None
) -> Transformation:
    """The transformation T of a loss for a hypothesis set.

    Parameters
    ----------
    loss : a loss object or its name, such as ``"gce:q=0.7"``.
    n_classes : number of labels, an integer in [2, 1e9].
    hypotheses : ``"complete"`` (symmetric and complete), ``"all"`` (all measurable functions), or a set with bounded
        scores: ``"bounded:lam=1"``, ``"linear:W=1,B=0.5"``, ``"relu:L=1,W=1,B=0.5"``, see :mod:`hconsist.hypotheses`.
    method : ``"sharp"``, the largest T for which the bound holds, by a theorem; ``"published"``, the form of a paper,
        as recalled; ``"optimize"``, the least regret that a numeric search finds, for any loss and complete hypothesis
        sets, see :mod:`hconsist.engine.searches`; ``"enclose"``, a proved lower bound with a proved upper one, for
        three labels, see :mod:`hconsist.engine.triangles`.  By default ``sharp`` where there is a theorem, else
        ``optimize`` on complete hypothesis sets; the result names its method.

    Returns
    -------
    Transformation
        T**(t) on calling, ``raw``, ``inverse`` (Gamma), ``growth``, ``zero_interval``, ``floor``, ``attaining``.

    Raises
    ------
    InputError
        for a value outside its domain.
    UnsupportedError
        for a method or hypothesis set without a result for this loss; it names what is available.

    Notes
    -----
    Sharp, comp-sum: D_2 for tau <= tau_c and for n = 2; the hull of the D_m on (tau_c, 2); the hull of explicit
    vertices for tau >= 2.  Derived here (Theorems 2, 3, 4, 7 and 8).  That the D_m which touch the hull
    are found without a search over all m is the derivation ``active_curve``.  Sharp,
    rho-margin comp-sum: Phi^tau(1) t, whatever n and rho.  Bounded scores, comp-sum: see
    :mod:`hconsist.transforms.bounded`; from three labels on T = 0 on an interval [0, t0] (Theorem 10).
    """
    surrogate = losses.get(loss)
    n = int(N_CLASSES.check_scalar("n_classes", n_classes))
    if surrogate.n_classes not in (None, n):
        raise InputError("n_classes", f"{surrogate.n_classes}, as the parameters of {surrogate.name}", n_classes)
    hypothesis_set = hypothesis_sets.get(hypotheses)
    name = method.replace("_", "-").lower() if isinstance(method, str) else method
    if name not in (None, *METHODS):
        raise UnsupportedError("method", f"one of {', '.join(METHODS)} for complete hypothesis sets", method)
    if not hypothesis_set.complete:
        name = name or "sharp"
        choice = _bounded(surrogate, n, name, hypothesis_set)
    else:
        name, choice = _chosen(surrogate, n, name)
    kernel, side, level, references, assumptions = choice
    return Transformation(
        loss=surrogate,
        n_classes=n,
        hypotheses=hypothesis_set.name,
        method=name,
        side=side,
        level=level,
        kernel=kernel,
        references=references,
        assumptions=(hypothesis_set.assumption, *assumptions),
    )


def published_is_sharp(tau: float, n_classes: int) -> bool:
    """Whether the published form is the sharp one: tau <= 1 for every n, and tau < 2 for two labels (derived here)."""
    return tau <= 1 or (n_classes == 2 and tau <= 2)


_Choice = tuple[Kernel, Side, Level, tuple[str, ...], tuple[str, ...]]
"""The curve, its side and level, its references and its assumptions."""


def _chosen(surrogate: Loss, n: int, method: str | None) -> tuple[str, _Choice]:
    """The method, by default a theorem where there is one, and its curve on a complete set of scores."""
    if method is not None:
        return method, _choose(surrogate, n, method)
    try:
        return "sharp", _choose(surrogate, n, "sharp")
    except UnsupportedError:
        return "optimize", _choose(surrogate, n, "optimize")


def _choose(surrogate: Loss, n: int, method: str) -> _Choice:
    """The theorem for this loss on a complete set of scores, or the search."""
    if method == "optimize":
        return _optimized(surrogate, n)
    if method == "enclose":
        return _enclosed(surrogate, n)
    if isinstance(surrogate, losses.RhoMarginCompSum):
        return _ranked(surrogate, method)
    tau = getattr(surrogate, "tau", None)
    if tau is None:
        return _closed(surrogate, n, method)
    return _published(float(tau), n) if method == "published" else _sharp(float(tau), n)


def _closed(surrogate: Loss, n: int, method: str) -> _Choice:
    """Closed forms outside the power family."""
    from hconsist.transforms.closed_forms import closed_form, published_form

    form = published_form(surrogate, n) if method == "published" else closed_form(surrogate, n)
    if form is None:
        raise UnsupportedError(
            "loss",
            f"one whose sharp T is known for n = {n} (the nearest supported losses are comp-sum:tau=...; method "
            "optimize searches for the T of any loss)",
            surrogate.name,
        )
    return form.kernel, form.side, form.level, (form.reference,), ()


def _optimized(surrogate: Loss, n: int) -> _Choice:
    from hconsist.transforms.optimized import OptimizedKernel

    kernel = OptimizedKernel(surrogate, n)
    return kernel, kernel.side, Level.SAMPLED, kernel.references, kernel.assumptions


def _enclosed(surrogate: Loss, n: int) -> _Choice:
    from hconsist.transforms.enclosed import EnclosedKernel

    kernel = EnclosedKernel(surrogate, n)
    reference = "branch and bound in balls, derivation enclosing (derived here)"
    return kernel, Side.LOWER, Level.ENCLOSED, (reference,), kernel.assumptions


def _bounded(surrogate: Loss, n: int, method: str, hypothesis_set: hypothesis_sets.HypothesisSet) -> _Choice:
    """The theorem for this loss where the scores at an input fill a box."""
    from hconsist.transforms import bounded

    if method != "sharp":
        raise UnsupportedError("method", f"sharp for {hypothesis_set.name}", method)
    if not isinstance(surrogate, losses.CompSum) or surrogate.tau is None:
        wanted = f"a comp-sum loss with a parameter tau for {hypothesis_set.name}"
        raise UnsupportedError("loss", f"{wanted} (the nearest supported losses are comp-sum:tau=...)", surrogate.name)
    return bounded.choose(surrogate.tau, n, hypothesis_set)


def _ranked(surrogate: losses.RhoMarginCompSum, method: str) -> _Choice:
    from hconsist.transforms.linear import LinearKernel

    if method != "sharp":
        raise UnsupportedError("method", "sharp for a rho-margin comp-sum loss", method)
    slope = float(surrogate.outer(1.0))
    return LinearKernel(slope), Side.EXACT, Level.SYMBOLIC, ("ranks of rho-margin losses, derived here",), ()


def _published(tau: float, n: int) -> _Choice:
    from hconsist.transforms.published import PublishedKernel

    # that it is valid, for every tau and n, is proved by the claims published-valid-... of its paper check
    side = Side.EXACT if published_is_sharp(tau, n) else Side.LOWER
    return PublishedKernel(tau, n), side, Level.SYMBOLIC, (PUBLISHED,), ()


def _sharp(tau: float, n: int) -> _Choice:
    from hconsist.transforms.two_label import TAU_C, TwoLabelKernel

    if tau <= 1:
        return TwoLabelKernel(tau), Side.EXACT, Level.SYMBOLIC, ("Theorem 2, derived here",), ()
    if tau <= 1.5 or (n == 2 and tau < 2):
        return (
            TwoLabelKernel(tau),
            Side.EXACT,
            Level.SYMBOLIC,
            ("Theorem 3, derived here" if n > 2 else "two labels: Theorem 1",),
            (),
        )
    if tau <= TAU_C:
        return (
            TwoLabelKernel(tau),
            Side.EXACT,
            Level.ENCLOSED,
            ("Theorem 7, derived here",),
            (),
        )
    if tau < 2:
        from hconsist.transforms.pooled import PooledKernel

        return PooledKernel(tau, n), Side.EXACT, Level.SYMBOLIC, ("Theorem 4 and active curves, derived here",), ()
    from hconsist.transforms.concave import ConcaveKernel

    return ConcaveKernel(tau, n), Side.EXACT, Level.SYMBOLIC, ("Theorem 8, derived here",), ()
