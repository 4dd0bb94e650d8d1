"""Constructor parameters the way scikit-learn has them, without needing it: read, set, cloned, printed."""

from __future__ import annotations

import inspect
from typing import Any

from hconsist.domains import InputError, UnsupportedError

__all__ = ["Parameters"]


class Parameters:
    """A class whose constructor stores its arguments unchanged under their own names.

    This is what ``sklearn.base.clone``, grid searches and pipelines ask for: :meth:`get_params` and :meth:`set_params`.
    """

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments by name; ``deep`` is accepted for compatibility (nothing is nested)."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Parameters:
        """Set constructor arguments; returns the estimator."""
        for name, value in params.items():
            if name not in self._parameter_names():
                raise InputError("parameter", f"one of {', '.join(self._parameter_names())}", name)
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if not _same(v, defaults[k].default)]
        return f"{type(self).__name__}({', '.join(changed)})"

    def _fit_begins(self) -> None:
        self.asked_ = self.get_params()

    def _fitted(self) -> None:
        """Refuse results where there are none, or where the arguments are no longer those of the fit."""
        if not self.__sklearn_is_fitted__():
            raise UnsupportedError(type(self).__name__, "fitted before it is asked for results (call fit)", "unfitted")
        changed = [name for name, value in self.get_params().items() if not _same(value, self.asked_[name])]
        if changed:
            raise UnsupportedError(type(self).__name__, "fitted again after a change of arguments", ", ".join(changed))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "asked_")


def _same(value: Any, default: Any) -> bool:
    return value is default or (isinstance(value, (int, float, str, tuple)) and value == default)
