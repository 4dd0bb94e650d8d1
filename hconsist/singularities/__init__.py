"""How far the Taylor series of cross-entropy along a direction converges, exactly, with a certificate for every row.

Along theta + t v with logits z_j + a_j t, the softmax partition function F(t) = sum_j exp(z_j + a_j t) has complex
zeros; the modulus of the nearest one is the radius of convergence of the loss.  Bounds on it cost one softmax
(:func:`lower_pi` <= :func:`lower_top1` <= :func:`lower_sigma`), the radius itself little more (:func:`radius`), and
that of a batch is the least over its rows (:func:`batch_radius`).

The radius says how far the series converges and how far the logits move, not whether the loss decreases.
"""

from hconsist.singularities.batches import BatchRadius, batch_radius
from hconsist.singularities.bounds import (
    lower_pi,
    lower_sigma,
    lower_strip_closed,
    lower_top1,
    upper_height,
    upper_jensen,
)
from hconsist.singularities.closed_forms import radius_commensurable, radius_three_classes, radius_two_classes
from hconsist.singularities.controllers import Cap, cap, cap_by_descent, cap_by_gap, cap_by_radius
from hconsist.singularities.descent import DescentStep, descent_bound, descent_step
from hconsist.singularities.guarantees import (
    KL_CONSTANTS,
    Divergence,
    Flips,
    first_flip,
    flip_bound,
    gap_change,
    kl_divergence,
    loss_change,
)
from hconsist.singularities.nonlinear import radius_two_classes_quadratic, safe_radius, safe_radius_quadratic
from hconsist.singularities.other_losses import loss_radius, unit_radius
from hconsist.singularities.radius import radius, zeros
from hconsist.singularities.rectangles import Found
from hconsist.singularities.result import Radii, Status
from hconsist.singularities.strips import lower_class, lower_strip
from hconsist.singularities.temperature import TemperatureLimits, radius_at_temperature, temperature_limits

__all__ = [
    "BatchRadius", "Cap", "DescentStep", "Divergence", "Flips", "Found", "KL_CONSTANTS", "Radii", "Status",
    "TemperatureLimits", "batch_radius", "cap", "cap_by_descent", "cap_by_gap", "cap_by_radius", "descent_bound",
    "descent_step", "first_flip", "flip_bound", "gap_change", "kl_divergence", "loss_change", "loss_radius",
    "lower_class", "lower_pi", "lower_sigma", "lower_strip", "lower_strip_closed", "lower_top1", "radius",
    "radius_at_temperature", "radius_commensurable", "radius_three_classes", "radius_two_classes",
    "radius_two_classes_quadratic", "safe_radius", "safe_radius_quadratic", "temperature_limits", "unit_radius",
    "upper_height", "upper_jensen", "zeros",
]  # fmt: skip
