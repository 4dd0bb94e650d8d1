"""Which curves touch the hull: conjugates over all m, by formulas written here, agree with the rule."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from spoiling import reversed_

import hconsist as hc
from hconsist.derivations import active_curve
from hconsist.steps import Checked, Monotone


@pytest.fixture(scope="module")
def chain():
    return active_curve.build()


def test_a_weaker_exponent_breaks_bernoulli(chain):
    step = next(s for s in chain.steps if isinstance(s, Monotone) and s.title == "Bernoulli")
    assert step.check().passed
    assert not dataclasses.replace(step, function=step.function - step.variable / 10, derivative=None).check().passed


def test_what_is_shown_of_other_chains_is_what_is_checked(chain):
    linked = [step for step in chain.steps if isinstance(step, Checked)]
    assert len(linked) == 3
    for step in linked:
        false = dataclasses.replace(step, shown=(reversed_(step.shown[0]),))
        assert step.check().passed and not false.check().passed, step.text


def conjugate(m, slope, tau):
    """(al D_m)^*(slope) from the defining equation r L^(-al) = slope, solved by bracketing: formulas written here."""
    al, e = tau - 1, (2 - tau) / (tau - 1)

    def height(r):
        return m - 2 + (1 + r) ** (1 + e) + max(1 - r, 0) ** (1 + e)

    r = brentq(lambda r: r * height(r) ** -al - slope, 0, 1e6, xtol=1e-14, rtol=1e-14)
    return m**-al - height(r) ** -al


@pytest.mark.parametrize("tau", [1.55, 1.7, 1.9, 1.99])
def test_conjugates_fall_rise_and_fall(tau):
    sizes = np.unique(np.geomspace(2, 3000, 120))
    for slope in (0.02, 0.1, 0.3, 0.45, 0.7):
        values = np.array([conjugate(m, slope, tau) for m in sizes])
        change = np.sign(np.diff(values)[np.abs(np.diff(values)) > 1e-13])
        runs = change[np.concatenate([[True], np.diff(change) != 0])].tolist()
        assert runs in ([-1], [1], [1, -1], [-1, 1], [-1, 1, -1]), (slope, runs)


@pytest.mark.parametrize("tau", [1.55, 1.7, 1.9])
@pytest.mark.parametrize("slope", [0.3, 0.8, 1.0, 1.5])
@pytest.mark.parametrize("m", [2, 3, 7])
def test_the_conjugate_against_laws_on_m_labels(m, slope, tau):
    """The largest slope x gap - norm over the laws (x + gap, x, y, ..., y), below slope 1 and from there on."""
    al, a = tau - 1, 1 / (2 - tau)

    def norm(low, gap):
        other = (1 - gap - 2 * low) / max(m - 2, 1)
        return ((low + gap) ** a + low**a + (m - 2) * other**a) ** (1 / a)

    def least(gap):
        end = (1 - gap) / 2
        inner = minimize_scalar(norm, bounds=(0, end), args=(gap,), method="bounded", options={"xatol": 1e-9}).fun
        return norm(end, gap) if m == 2 else min(norm(0.0, gap), inner)

    grid = np.linspace(0, 1, 801)
    best = m**-al + max(slope * gap - least(gap) for gap in grid)
    assert best == pytest.approx(conjugate(m, slope, tau) if slope < 1 else slope - 1 + m**-al, abs=2e-6)


@pytest.mark.parametrize("tau, n", [(1.7, 30), (1.9, 60), (1.97, 200)])
def test_the_hull_is_that_of_all_curves(tau, n):
    """T** through conjugates over every m and a fine grid of slopes, against the kernel."""
    curve = hc.transform(f"comp-sum:tau={tau}", n_classes=n)
    slopes = np.geomspace(1e-3, 0.97, 240)  # they stay below 1
    best = np.array([max(conjugate(m, slope, tau) for m in range(2, n + 1)) for slope in slopes])
    t = np.linspace(0.05, 0.9, 18)
    lines = np.max(slopes[:, None] * t - best[:, None], axis=0) / (tau - 1)
    assert np.all(lines <= curve(t) * (1 + 1e-9))  # every supporting line lies below the hull
    step = (slopes[1] / slopes[0] - 1) / (tau - 1)  # the nearest slope is off by half a step at most
    assert np.all(lines >= curve(t) - step / 2 * t)
