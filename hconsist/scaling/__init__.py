"""Scaling-law and learning-curve fits that reach their optimum and say what the data cannot tell.

Estimators follow scikit-learn's habits: constructor parameters stored unchanged, results with a trailing underscore,
``fit(X, y)``, ``predict(X)``, ``interval(quantity)``, ``plan(budget)``.  Every fit minimises a sum of Huber losses
(or of absolute values, or of squares) of the residuals with one batched Newton solver; an optimum is certified by its
scaled gradient, for absolute values by a subgradient.
"""

from hconsist.scaling.annealing import AnnealingLaw, areas
from hconsist.scaling.asymptotes import DoubleLimit, data_efficiency, double_limit, geometric_asymptote
from hconsist.scaling.bivariate import EncoderDecoder
from hconsist.scaling.chinchilla import Chinchilla, OverTraining
from hconsist.scaling.columns import read_columns
from hconsist.scaling.envelope import Envelope
from hconsist.scaling.errors import ErrorLimit, budget_for_error
from hconsist.scaling.estimator import Band, FitWarning, LawEstimator, PathPoint
from hconsist.scaling.isoflop import IsoFlop, Vertex, vertex_shift, vertex_shift_at
from hconsist.scaling.laws import SumOfPowers, Term
from hconsist.scaling.logged import logged_areas
from hconsist.scaling.plans import (
    Plan,
    UnidentifiedError,
    budget_for_reducible,
    critical_size,
    data_multiplier,
    optimum,
    overhead,
)
from hconsist.scaling.power import PowerLaw
from hconsist.scaling.prefixes import AsymptoteTrace, asymptote_trace
from hconsist.scaling.reconciliation import budget_of, fitted_exponent, local_exponent
from hconsist.scaling.schedules import Constant, Cosine, Schedule, StepDown, WarmupStableDecay

__all__ = [
    "AnnealingLaw", "AsymptoteTrace", "Band", "Chinchilla", "Constant", "Cosine", "DoubleLimit", "EncoderDecoder",
    "Envelope", "ErrorLimit", "FitWarning", "IsoFlop", "LawEstimator", "OverTraining", "PathPoint", "Plan", "PowerLaw",
    "Schedule", "StepDown", "SumOfPowers", "Term", "UnidentifiedError", "Vertex", "WarmupStableDecay", "areas",
    "asymptote_trace", "budget_for_error", "budget_for_reducible", "budget_of", "critical_size", "data_efficiency",
    "data_multiplier", "double_limit", "fitted_exponent", "geometric_asymptote", "local_exponent", "logged_areas",
    "optimum", "overhead", "read_columns", "vertex_shift", "vertex_shift_at",
]  # fmt: skip
