"""Where the engine must decide, refuse or keep its digits: dents, extreme parameters, constants, slow margins."""

import time

import numpy as np
import pytest
from mpmath import mp, mpf

from hconsist import losses
from hconsist.domains import InputError, UnsupportedError
from hconsist.engine import optimize
from hconsist.engine.conditions import check
from hconsist.losses.convexity import formula_convexity
from hconsist.losses.user_phi import UserPhi
from hconsist.transforms import transform

T = np.linspace(0, 1, 41)

# --- convexity of psi, in balls --------------------------------------------------------------------------------------

DENTS = ["-log(s)+0.001*tanh(1000*(s-0.3))**2", "-log(s)+10**-9*tanh(10**6*(s-0.3))**2", "1-s**2"]


@pytest.mark.parametrize("text", DENTS)
def test_a_dent_of_psi_between_points_of_a_grid_is_found(text):
    """The place is one: in 50 digits the second difference of psi there is negative."""
    loss = losses.get(f'comp-sum:psi="{text}"')
    assert not loss.properties["convex_psi"]
    place = loss.concave_at
    with mp.workdps(50):
        psi = lambda s: mp.mpf(eval_psi(text, s))  # noqa: E731
        h = mpf(place) / 10**12
        assert psi(mpf(place) - h) + psi(mpf(place) + h) < 2 * psi(mpf(place))
    with pytest.raises(UnsupportedError, match=f"not convex at s = {place:.6g}"):
        optimize(loss, 3, T)
    with pytest.raises(UnsupportedError, match=f"not convex at s = {place:.6g}"):
        optimize(loss, 10, T)


def eval_psi(text, s):
    """The three formulas, written out."""
    if text.startswith("1-s"):
        return 1 - s**2
    scale, height = (1000, mpf(1) / 1000) if "1000*" in text else (10**6, mpf(10) ** -9)
    return -mp.log(s) + height * mp.tanh(scale * (s - mpf(3) / 10)) ** 2


PROVED = ["-log(s)", "1 - s", "1/s - 1", "-log(s)*(1 - s)**2", "-log(s)*(1 - s)**5", "(1 - s)**3", "1 - tanh(s)",
          "(1 - s**(7/10))/(7/10)", "-log(s) + 10**-6*exp(-1000000*(s - 0.3)**2)"]  # fmt: skip


@pytest.mark.parametrize("text", PROVED)
def test_balls_prove_convexity_and_the_result_says_so(text):
    """Of the last, psi'' >= 1/s^2 - 2 near the bump; (1 - s)^5 log s has a zero of order 4 of psi'' at s = 1."""
    loss = losses.get(f'comp-sum:psi="{text}"')
    assert loss.properties["convex_psi"] and loss.convexity() == (True, 1.0)
    convex = check(loss, 3)["convex"]
    assert convex.holds and "proved in balls" in convex.how


def test_what_balls_do_not_decide_is_not_called_convex():
    """psi'' = 12 (s - 1/2)^2 touches 0 inside, where a ball of it holds negative numbers too."""
    loss = losses.get('comp-sum:psi="1 - s + (s - 1/2)**4"')
    decided, place = loss.convexity()
    assert decided is None and abs(place - 0.5) < 1e-3
    convex = check(loss, 3)["convex"]
    assert convex.holds is None and "not decided in balls near s = 0.5" in convex.how
    with pytest.raises(UnsupportedError, match="not decided in balls"):
        optimize(loss, 10, T)


def test_a_formula_without_balls_keeps_its_evidence():
    """SymPy's Max has no second derivative in balls."""
    import sympy

    s = sympy.Symbol("s", positive=True)
    assert formula_convexity(sympy.Max(1 - s, 2 - 3 * s)) is None
    assert losses.CompSum(psi=lambda s: -np.log(s)).convexity() is None


# --- extreme parameters ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, words",
    [
        ("sum-rho-margin:rho=1e300", "rho must be a number in"),
        ("ova-rho-margin:rho=1e-300", "rho must be a number in"),
        ("rho-comp-sum:tau=1,rho=1e300", "rho must be a number in"),
        ("poly-1:eps=1e300", "eps must be a number in"),
        ("focal:gamma=1e5", "gamma must be a number in"),
    ],
)
def test_parameters_beyond_their_domain_are_refused(name, words):
    with pytest.raises(InputError, match=words):
        losses.get(name)


@pytest.mark.parametrize("rho", ["1e-9", "1e-4", "1", "1e9"])
def test_the_margin_of_a_ramp_is_a_unit_of_the_scores(rho):
    """T does not depend on rho: T(t) = t for the sum of ramps (derivation sum_losses), t log 2 for the comp-sum."""
    assert np.max(np.abs(optimize(f"sum-rho-margin:rho={rho}", 3, T).value - T)) < 1e-9
    assert np.max(np.abs(optimize(f"rho-comp-sum:tau=1,rho={rho}", 3, T).value - T * np.log(2))) < 1e-9


@pytest.mark.parametrize("eps", [1e9, 1e6])
def test_a_large_coefficient_of_poly_one_is_that_of_the_mean_absolute_error(eps):
    """T of -log s + eps (1 - s) over eps tends to min over m of max(t/m, t - 1/m).

    Entropies lie above eps times those of the MAE by no more than 1 + log(n eps): at (1 - 1/eps) e_y + 1/(n eps).
    """
    m = np.arange(2, 11)[:, None]
    limit = np.min(np.maximum(T / m, T - 1 / m), axis=0)
    assert np.max(np.abs(optimize(f"poly-1:eps={eps}", 10, T).value / eps - limit)) < (1 + np.log(10 * eps)) / eps


@pytest.mark.parametrize("weights", ["1e-300;1e300;1e300", "1;1e5", "1e300;1e300;1e299", "1e-6;1;1", "1e-10;1"])
def test_weights_whose_search_would_be_rounding_are_refused(weights):
    with pytest.raises(UnsupportedError, match="w must be numbers with a ratio of at most 10000"):
        optimize(f"class-weights:w={weights}", weights.count(";") + 1, T)
    assert transform(f"class-weights:w={weights}", n_classes=weights.count(";") + 1, method="sharp")(0.5) >= 0


@pytest.mark.parametrize("weights", ["1;1e4", "1e-4;1;1", "1;1;1e-4", "1e4;1e4;1"])
def test_curves_of_uneven_weights_are_monotone(weights):
    value = optimize(f"class-weights:w={weights}", weights.count(";") + 1, T).value
    assert np.min(np.diff(value)) >= -1e-9 * value[-1] and value[-1] > 0


# --- constants, and margins that flatten slowly ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ['comp-sum:psi="-log(s)+1000000"', 'comp-sum:psi="1000000*(1-log(s)/1000000)"', 'sum:phi="log(1+exp(-u))+1000000"'],
)
def test_a_constant_costs_no_digits_of_the_growth(name):
    """T is that of the logistic loss: t^2/2."""
    found = transform(name, n_classes=3, method="optimize")
    assert found.growth.exponent == 2 and found.growth.constant == pytest.approx(0.5, rel=1e-6)
    logistic = optimize("logistic", 3, T).value
    assert np.max(np.abs(optimize(name, 3, T).value - logistic)) < 1e-14
    assert optimize(name, 3, T).loss == losses.get(name).name


def test_one_versus_all_with_a_slow_margin_takes_less_than_ten_seconds():
    """Phi(u) = sqrt(1 + u^2) - u has p Phi(u) + (1-p) Phi(-u) >= 2 sqrt(p (1-p)), as the exponential: the same T."""
    start = time.perf_counter()
    found = optimize('ova:phi="sqrt(1+u*u)-u"', 10, np.linspace(0, 1, 101)).value
    assert time.perf_counter() - start < 10  # more than 40 seconds before, about 0.4 now
    assert np.max(np.abs(found - optimize("ova-exponential", 10, np.linspace(0, 1, 101)).value)) < 1e-12


def test_links_of_extreme_laws_cost_little():
    """Brackets of roots that lie beyond what floating point resolves do not run to their last step."""
    calls = []

    class Counted(UserPhi):
        def slope(self, u, xp):
            calls.append(u.size)
            return super().slope(u, xp)

    phi = Counted("sqrt(1+u*u)-u")
    p = np.concatenate([10.0 ** -np.arange(1, 200), [0.5, 0.0, 1.0]])
    phi.guess(p, 1 - p)
    calls.clear()
    value = phi.least(p, 1 - p, np)
    assert len(calls) < 200
    safe = p > 1e-10  # beyond, the formula itself cancels
    assert np.max(np.abs(value - 2 * np.sqrt(p * (1 - p)))[safe]) < 1e-11
