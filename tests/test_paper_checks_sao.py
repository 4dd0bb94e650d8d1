"""The check of Sao 2026 against numbers that share no code with it: mpmath at 30 digits, brute force on samples.

Tolerances: 1e-12 for closed forms in mpmath, half a unit of the last digit where the paper prints a decimal.
"""

import mpmath
import numpy as np
import pytest

import hconsist as hc
from hconsist.evidence import Expectation, Source, Verdict
from hconsist.paper_checks import sao2026_appendices as appendices
from hconsist.paper_checks import sao2026_ghosts as sao
from hconsist.paper_checks.sao2026_statements import printed

FALSE_AS_PRINTED = {
    "top-two-radius", "bottleneck-margins", "cauchy-estimate", "linearisation-quality", "neurons-cap-the-radius",
    "upper-bounds", "randomised-smoothing", "bregman-direction", "figure-13-mismatch", "figure-13-caption",
    "table-3-monotone",
}  # fmt: skip
REPORTED = {
    "temperature-spread", "architectures", "table-1", "table-2", "table-3", "spikes", "hessian-overestimates",
    "overhead",
}  # fmt: skip


@pytest.fixture(scope="module")
def report():
    return hc.check("sao2026_ghosts")


def named(outcomes):
    return {o.id.partition(":")[2] for o in outcomes if not o.is_twin}


def test_what_is_false_as_printed_and_what_is_reported(report):
    assert report.exit_code == 0
    assert named(o for o in report.outcomes if o.expectation is Expectation.FAILS) == FALSE_AS_PRINTED
    assert named(o for o in report.outcomes if o.evidence.verdict is Verdict.NOT_CHECKED) == REPORTED
    correct = {claim.slug: claim.corrected_by for claim in sao.CLAIMS}
    assert all(correct[slug] for slug in FALSE_AS_PRINTED)


def test_only_the_text_is_called_the_text(report):
    derived = named(o for o in report.outcomes if o.source is Source.DERIVED)
    assert {"no-descent", "descent-step", "strip", "top-one", "trust-region"} <= derived
    assert not FALSE_AS_PRINTED & derived


def test_the_nearest_zero_of_the_top_two_counterexample():
    """By a scan of the disc and Newton: the modulus of the specification, .791; the formula gives 15.9."""
    z, a = np.array([2, 1.5, -1]), np.array([0, 0.2, 6])
    u, v = np.meshgrid(np.linspace(-1, 1, 201), np.linspace(0, 1, 101))
    t = (u + 1j * v).ravel()
    t = t[np.argsort(np.abs(np.exp(z + a * t[:, None]).sum(1)))[:30]]
    for _ in range(30):
        e = np.exp(z + a * t[:, None])
        t = t - e.sum(1) / (a * e).sum(1)
    assert np.abs(t).min() == pytest.approx(0.791, abs=5e-4)
    witness = sao.top_two().witness
    assert witness["top-2"].startswith("[15.9") and "0.5" in witness["zero"]


def test_a_zero_that_is_not_nearer_does_not_refute():
    """Two classes, where the formula is the radius; and a place without a zero."""
    found = sao.top_two(("0", "0"), ("0", "1"), complex(0, 3.1416))
    nowhere = sao.top_two(near=complex(0.1, 0.1))
    assert found.verdict is nowhere.verdict is Verdict.INCONCLUSIVE


def test_the_counterexample_to_linearisation():
    """|t| = .17374 as in the specification, from the four roots; epsilon 2e-6, and the safe radius is below."""
    roots = np.concatenate([np.roots([100, 1, -1j * np.pi]), np.roots([100, 1, 1j * np.pi])])
    nearest = np.abs(roots).min()
    assert nearest == pytest.approx(0.17374, abs=5e-6)
    assert float(appendices.EPSILON.subs(appendices.shift, 20)) == pytest.approx(2.03e-6, rel=5e-3)
    safe = float(appendices.SAFE.subs({appendices.D: 1, appendices.C: 100}))
    assert safe == pytest.approx(0.17232, abs=5e-6) and safe < nearest < np.sqrt(np.pi / 100)


def test_the_safe_radius_on_random_curves():
    """Two classes, delta + a t + k t^2 = i pi (2 n + 1): no root nearer than 2 pi/(a + sqrt(a^2 + 4 pi k))."""
    for d, a, k in np.random.default_rng(0).normal(size=(300, 3)) * [3, 1, 5]:
        roots = [abs(r) for n in range(-30, 30) for r in np.roots([k, a, d - 1j * np.pi * (2 * n + 1)])]
        assert min(roots) >= 2 * np.pi / (abs(a) + np.sqrt(a**2 + 4 * np.pi * abs(k))) - 1e-9


def test_the_poles_of_tanh_gelu():
    with mpmath.workdps(30):
        c = mpmath.sqrt(2 / mpmath.pi)
        cubic, half = c * mpmath.mpf("0.044715"), mpmath.mpf(1) / 2
        found = [abs(r) for n in range(-3, 3) for r in mpmath.polyroots([cubic, 0, c, -1j * mpmath.pi * (n + half)])]
    assert float(min(found)) == pytest.approx(2.826868, abs=5e-7)
    assert appendices.tanh_gelu("2.826868", appendices.Fraction(1, 10**12)).verdict is Verdict.REFUTED


@pytest.mark.parametrize(("sigma", "v"), [(1, 0), (0.5, 1.3), (2, -1.7)])
def test_the_constant_of_the_parabolic_cylinder_form(sigma, v):
    with mpmath.workdps(30):
        integral = mpmath.quad(
            lambda u: 2 * mpmath.exp(-((v - u**2) ** 2) / (2 * mpmath.mpf(sigma) ** 2)), [0, 1, 3, 6]
        )
        smooth = integral / (sigma * mpmath.sqrt(2 * mpmath.pi))
        form = mpmath.exp(-(mpmath.mpf(v) ** 2) / (4 * mpmath.mpf(sigma) ** 2)) / mpmath.sqrt(2 * sigma)
        assert abs(smooth - form * mpmath.pcfd(-0.5, -mpmath.mpf(v) / sigma)) < 1e-12


def test_randomised_smoothing_is_another_number():
    """sigma = 1, v = 0: .8600 by quadrature; the mean is 5 at least for eps = 1/100, by sampling too."""
    xi = np.random.default_rng(1).normal(size=200_000)
    assert np.mean((np.maximum(0, xi) + 0.01) ** -0.5) > 5
    smooth = mpmath.quad(lambda u: 2 * mpmath.exp(-(u**4) / 2), [0, 1, 4]) / mpmath.sqrt(2 * mpmath.pi)
    assert float(smooth) == pytest.approx(0.8600, abs=1e-4)
    assert float(smooth) < float(appendices.AT_ZERO)


def test_the_worked_example_without_descent():
    """L = .7241 at theta = 1/2 and .8301 (the specification) after tau = pi/2 along -g; exact radius 3.181."""

    def loss(theta):
        return (np.logaddexp(0, -theta) + np.logaddexp(0, theta)) / 2

    assert loss(0.5) == pytest.approx(0.7241, abs=5e-5)
    assert loss(0.5 - np.pi / 2) == pytest.approx(0.8301, abs=5e-5)
    assert np.hypot(0.5, np.pi) == pytest.approx(3.181, abs=5e-4)


def test_printed_decimals_are_checked_to_their_last_digit():
    import sympy as sp

    assert printed((sp.pi, "3.142"))().passed and printed((sp.pi / 30, "0.10"))().passed
    assert not printed((sp.pi, "3.143"))().passed and not printed((sp.pi / 30, "0.11"))().passed
