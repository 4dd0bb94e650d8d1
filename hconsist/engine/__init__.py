"""T of any loss: the numeric search, its proved lower bounds, and enclosures for three labels."""

from hconsist.engine.optimum import Optimum
from hconsist.engine.searches import optimize

__all__ = ["Optimum", "optimize"]
