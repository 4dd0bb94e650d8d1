"""Label smoothing: cross-entropy with the targets (1 - eps) e_y + eps/n."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hconsist.domains import Domain
from hconsist.losses.cross_entropy import SOFTMAX_VALUES, CrossEntropyVariant

if TYPE_CHECKING:
    from hconsist.definitions import Definition

__all__ = ["LabelSmoothing"]

EPS = Domain(0, 1, upper_open=True)


class LabelSmoothing(CrossEntropyVariant):
    """-(1 - eps) log s_y - (eps/n) sum_k log s_k, s = softmax(h): the cross-entropy of smoothed labels.

    The entropy is the Shannon entropy of (1 - eps) p + eps/n.  For eps > 0 the loss of a label rises again once its
    softmax value exceeds 1 - eps + eps/n.

    Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2016, Rethinking the Inception architecture (recalled).

    Parameters
    ----------
    eps : a number in [0, 1); InputError otherwise.
    """

    def __init__(self, eps: float):
        self.eps = float(EPS.check_scalar("eps", eps))
        self.parameters = {"eps": self.eps}
        self.name = f"label-smoothing:eps={self.eps!r}"
        self.formula = f"-{1 - self.eps:g}*log(s_y) - ({self.eps:g}/n)*(sum of log(s_k)), s = softmax(h)"
        self.properties = self._properties(decreasing=self.eps == 0)

    def targets(self, p: Any, n: Any, xp: Any) -> Any:
        """(1 - eps) p + eps/n."""
        return (1 - self.eps) * p + self.eps / n

    def definition(self) -> Definition:
        """-(1 - eps) log s - eps log g: s of the label, g the geometric mean of all softmax values."""
        import sympy

        from hconsist.definitions import Definition

        s, g = sympy.symbols("s g", positive=True)
        eps = sympy.Rational(self.eps)
        domains = {"s": SOFTMAX_VALUES, "g": SOFTMAX_VALUES}
        return Definition(self.name, -(1 - eps) * sympy.log(s) - eps * sympy.log(g), (s, g), domains)

    @property
    def latex(self) -> str:
        """The formula as LaTeX."""
        kept, eps = f"{1 - self.eps:g}", f"{self.eps:g}"
        return rf"-{kept} \log s_y - \frac{{{eps}}}{{n}} \sum_k \log s_k,\quad s = \mathrm{{softmax}}(h)"
