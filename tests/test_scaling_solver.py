"""The batched solver: exact derivatives, optima against SciPy and linear programs, weights as repetitions."""

import itertools
import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from scipy.optimize import least_squares, linprog

from hconsist.domains import InputError
from hconsist.scaling.absolute import descend
from hconsist.scaling.fitting import solve, solve_many, worker_map
from hconsist.scaling.laws import LOG_ZERO, SumOfPowers, Term
from hconsist.scaling.resampling import bca_levels, resample_weights
from hconsist.scaling.robust import loss_sums, threshold
from hconsist.scaling.solver import minimise
from tests.scaling_data import TRUTH, noisy, sizes, value

CHINCHILLA = SumOfPowers("", "", (Term("E"), Term("A", {"params": "alpha"}), Term("B", {"tokens": "beta"})))
TIED = SumOfPowers("", "", (Term("E"), Term("A", {"params": "alpha"}), Term("B", {"tokens": "alpha"})))
PRODUCT = SumOfPowers("", "", (Term("E"), Term("A", {"params": "p", "tokens": "q"})))
SIGNED = SumOfPowers("", "", (Term("E"), Term("A", {"params": "alpha"}), Term("C", factor="f", sign=-1)))
THETA = [*np.log([1.69, 406.4, 410.7]), 0.34, 0.28]


def best(problem, delta):
    found = solve(problem, problem.starts(), delta)
    k = int(np.argmin(found.objective))
    return found.theta[k], float(found.objective[k]), float(found.scaled_gradient[k])


@pytest.mark.parametrize("law", [CHINCHILLA, TIED, PRODUCT, SIGNED])
@pytest.mark.parametrize("log", [True, False])
def test_derivatives_against_differences(law, log):
    columns = {**sizes(30), "f": np.linspace(-1, 1, 30)}
    problem = law.at(columns, noisy(columns), log=log)
    theta = np.full((1, len(law.parameters)), 0.3)
    theta[0, : len(law.terms)] = np.linspace(0.6, -0.9, len(law.terms))
    v = np.linspace(-1, 2, 30)[None]

    def gradient(t):
        return (problem.evaluate(t).jacobian() * v[:, None]).sum(-1)[0]

    state = problem.evaluate(theta)
    jacobian = state.jacobian()
    second = state.hessian(jacobian, np.zeros_like(v), v)[0]
    step = 1e-5
    for k in range(theta.shape[1]):
        move = np.zeros_like(theta)
        move[0, k] = step
        first = (problem.evaluate(theta + move).residual - problem.evaluate(theta - move).residual)[0] / (2 * step)
        # central differences: error step^2 f'''/6 + eps/step, both under 1e-8 for derivatives of order one to ten
        assert np.allclose(jacobian[0, k], first, atol=1e-8)
        assert np.allclose(second[k], (gradient(theta + move) - gradient(theta - move)) / (2 * step), atol=3e-7)


def test_natural_and_centred_parameters_agree_with_the_formula():
    columns = sizes(20)
    problem = CHINCHILLA.at(columns, value(columns))
    centred = problem.centred(np.array(THETA))
    assert np.allclose(problem.natural(centred), THETA, rtol=1e-13)
    assert np.allclose(CHINCHILLA.values(np.array(THETA), columns), value(columns), rtol=1e-13)
    assert np.abs(problem.evaluate(centred[None]).residual).max() < 1e-13


@pytest.mark.parametrize("delta", [1e-3, 1e-2, math.inf])
@pytest.mark.parametrize("outliers", [0.0, 0.05])
def test_optimum_against_scipy(delta, outliers):
    columns = sizes()
    observed = noisy(columns, outliers=outliers)
    problem = CHINCHILLA.at(columns, observed)
    theta, objective, gradient = best(problem, delta)
    assert gradient < 1e-9
    loss = {} if math.isinf(delta) else {"loss": "huber", "f_scale": delta}

    def residuals(t):
        n, d = np.log(columns["params"]), np.log(columns["tokens"])
        logs = np.stack([t[0] + 0 * n, t[1] - t[3] * (n - n.mean()), t[2] - t[4] * (d - d.mean())])
        return np.logaddexp.reduce(logs, axis=0) - np.log(observed)

    start = problem.centred(np.array(THETA))
    peer = least_squares(residuals, start, x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15, **loss)
    assert objective <= peer.cost * (1 + 1e-9)
    assert objective >= peer.cost * (1 - 1e-5)  # the same minimum, which SciPy meets less closely
    assert np.allclose(theta, peer.x, atol=2e-3)


@pytest.mark.parametrize("delta", [0.0, 1e-3, math.inf])
def test_noise_free_parameters(delta):
    columns = sizes()
    problem = CHINCHILLA.at(columns, value(columns))
    theta, _, gradient = best(problem, delta)
    assert gradient < 1e-9
    assert np.allclose(problem.natural(theta), THETA, rtol=1e-6)


@pytest.mark.parametrize("delta", [0.0, 1e-3, math.inf])
@pytest.mark.parametrize("sd", [0.0, 0.005])
def test_constant_at_its_boundary(delta, sd):
    """E = 0 is the truth: exactly zero with a nonnegative derivative, or inside; never above a fit without E."""
    columns = sizes()
    truth = {**TRUTH, "E": 0.0}
    problem = CHINCHILLA.at(columns, noisy(columns, seed=4, sd=sd, truth=truth))
    theta, objective, gradient = best(problem, delta)
    assert gradient < 1e-9
    fixed = problem.centred(np.array([LOG_ZERO, *THETA[1:]]))
    free = np.array([[False, True, True, True, True]])
    without = solve(problem, fixed[None], delta, free=free)
    assert objective <= without.objective[0] * (1 + 1e-9) + 1e-12
    if theta[0] <= LOG_ZERO:
        raised = theta.copy()
        raised[0] = math.log(1e-6)
        assert loss_sums(problem.evaluate(raised[None]).residual, delta, None)[0] >= objective
    else:
        assert theta[0] > -12 and sd > 0


def test_no_random_start_finds_a_lower_objective():
    columns = sizes(60, seed=3)
    problem = CHINCHILLA.at(columns, noisy(columns, seed=5, outliers=0.1))
    rng = np.random.default_rng(0)
    random = np.concatenate([rng.uniform(-3, 1.3, (100, 3)), rng.uniform(0, 1.5, (100, 2))], axis=1)
    for delta in (1e-3, math.inf):
        _, objective, _ = best(problem, delta)
        assert objective <= minimise(problem, random, delta, max_steps=500).objective.min() * (1 + 1e-8)


@pytest.mark.parametrize("n, seed", [(240, 1), (30, 2), (12, 3)])
def test_absolute_values_against_a_linear_program(n, seed):
    """At a minimum of sum |r| no step lowers the linearised sum sum |r + J d| (HiGHS solves that exactly)."""
    columns = sizes(n, seed)
    observed = noisy(columns, seed=seed, sd=0.02)
    problem = CHINCHILLA.at(columns, observed)
    theta, objective, gradient = best(problem, 0.0)
    assert gradient < 1e-9

    def linearised(t):
        state = problem.evaluate(t[None])
        r, j = state.residual[0], state.jacobian()[0]
        above = np.hstack([j.T, -np.eye(n)])
        below = np.hstack([-j.T, -np.eye(n)])
        cost = np.concatenate([np.zeros(5), np.ones(n)])
        limits = [(-1, 1)] * 5 + [(0, None)] * n
        return linprog(cost, np.vstack([above, below]), np.concatenate([-r, r]), bounds=limits).fun

    assert linearised(theta) == pytest.approx(objective, rel=1e-7)
    moved = theta + np.array([0.01, 0, 0, 0, 0])  # the control: elsewhere the linear program does find a descent
    assert linearised(moved) < loss_sums(problem.evaluate(moved[None]).residual, 0.0, None)[0] * (1 - 1e-4)


def test_a_walk_that_is_stopped_is_not_certified():
    columns = sizes(60)
    problem = CHINCHILLA.at(columns, noisy(columns, sd=0.02))
    far = problem.centred(np.array(THETA)) + np.array([0.1, -0.1, 0.1, 0.05, 0.05])
    assert not descend(problem, far[None], max_pivots=1).certified[0]
    assert minimise(problem, far[None], 1e-3, max_steps=1).scaled_gradient[0] > 1e-9


@pytest.mark.parametrize("delta", [0.0, 1e-3, math.inf])
def test_weights_are_repetitions(delta):
    columns = sizes(50)
    observed = noisy(columns, sd=0.01)
    counts = resample_weights(50, 3, 7)
    problem = CHINCHILLA.at(columns, observed)
    theta, _, _ = best(problem, delta)
    batch = solve_many(problem, np.repeat(theta[None], 3, 0), delta, weights=counts)
    for k in range(3):
        index = np.repeat(np.arange(50), counts[k].astype(int))
        alone = CHINCHILLA.at({n: c[index] for n, c in columns.items()}, observed[index])
        _, objective, _ = best(alone, delta)
        assert batch.objective[k] == pytest.approx(objective, rel=1e-9)
        assert batch.scaled_gradient[k] < 1e-9


def test_fixed_parameters_stay_and_the_rest_is_optimal():
    columns = sizes(80)
    problem = CHINCHILLA.at(columns, noisy(columns))
    theta, objective, _ = best(problem, 1e-3)
    free = np.array([[True, True, True, False, True]])
    start = theta[None] + np.array([0, 0, 0, 0.02, 0])
    found = solve(problem, start, 1e-3, free=free)
    assert found.theta[0, 3] == start[0, 3]
    assert found.objective[0] > objective and found.scaled_gradient[0] < 1e-9


def test_workers_and_other_maps_give_the_same():
    columns = sizes(40)
    problem = CHINCHILLA.at(columns, noisy(columns))
    theta, _, _ = best(problem, 1e-3)
    counts = resample_weights(40, 300, 0)
    many = np.repeat(theta[None], 300, 0)
    calls = []

    def recording(function, parts):
        calls.append(len(parts))
        return map(function, parts)

    one = solve_many(problem, many, 1e-3, weights=counts)
    assert np.array_equal(one.theta, solve_many(problem, many, 1e-3, weights=counts, workers=recording).theta)
    assert calls == [3]
    with ThreadPoolExecutor(2) as pool:
        assert np.array_equal(one.theta, solve_many(problem, many, 1e-3, weights=counts, workers=pool.map).theta)
    with pytest.raises(InputError, match="workers"), worker_map(0):
        pass


def test_loss_sums_written_out():
    r = np.array([[-0.5, 0.05, 0.0, 2.0]])
    huber = [0.1 * (0.5 - 0.05), 0.5 * 0.05**2, 0.0, 0.1 * (2 - 0.05)]
    w = np.array([[1.0, 2.0, 3.0, 0.0]])
    assert loss_sums(r, 0.1, None)[0] == pytest.approx(sum(huber), rel=1e-15)
    assert loss_sums(r, 0.1, w)[0] == pytest.approx(huber[0] + 2 * huber[1], rel=1e-15)
    assert loss_sums(r, math.inf, None)[0] == pytest.approx(0.5 * (r**2).sum(), rel=1e-15)
    assert loss_sums(r, 0.0, None)[0] == pytest.approx(2.55, rel=1e-15)
    for loss, delta in itertools.product(("cauchy", ""), (1e-3,)):
        with pytest.raises(InputError, match="huber, absolute, squares"):
            threshold(loss, delta)
    with pytest.raises(InputError, match="delta"):
        threshold("huber", 0.0)


def test_bca_without_bias_or_skewness_is_the_percentile():
    values = np.linspace(-1, 1, 2001)
    levels = bca_levels(0.0, values, np.array([-1.0, 0.0, 1.0]), 0.9)
    assert np.allclose(levels, [0.05, 0.95], atol=1e-3)
    assert bca_levels(0.5, values, np.array([-1.0, 0.0, 1.0]), 0.9)[0] > 0.05


@pytest.mark.slow
def test_processes_give_the_same():
    """``workers=2`` starts two processes; a process pool's map is as good."""
    columns = sizes(40)
    problem = CHINCHILLA.at(columns, noisy(columns))
    theta, _, _ = best(problem, 1e-3)
    counts = resample_weights(40, 300, 0)
    many = np.repeat(theta[None], 300, 0)
    one = solve_many(problem, many, 1e-3, weights=counts)
    assert np.array_equal(one.theta, solve_many(problem, many, 1e-3, weights=counts, workers=2).theta)
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert np.array_equal(one.theta, solve_many(problem, many, 1e-3, weights=counts, workers=pool.map).theta)


def test_a_rising_loss_is_a_constant():
    """Beside a constant, exponents are sought in [0, inf): where the loss rises with x the term vanishes."""
    x = np.geomspace(1e3, 1e6, 20)
    law = SumOfPowers("", "", (Term("E"), Term("A", {"x": "alpha"})))
    observed = 2 + 0.05 * np.log(x / 1e3)
    problem = law.at({"x": x}, observed)
    for delta, constant in ((math.inf, np.exp(np.log(observed).mean())), (0.0, None), (1e-3, None)):
        theta, objective, _ = best(problem, delta)
        assert theta[1] <= LOG_ZERO and theta[2] == 0.0
        levels = np.linspace(2, 2.35, 2001)
        scanned = [loss_sums((np.log(level) - np.log(observed))[None], delta, None)[0] for level in levels]
        assert objective <= min(scanned) * (1 + 1e-12)
        assert constant is None or np.exp(theta[0]) == pytest.approx(constant, rel=1e-9)
    rising = SumOfPowers("", "", (Term("A", {"x": "alpha"}),)).at({"x": x}, 2 * (x / 1e3) ** 0.1)
    assert best(rising, math.inf)[0][1] == pytest.approx(-0.1, rel=1e-9)  # without a constant a law may rise


def test_a_constant_at_zero_in_the_fit_may_be_positive_in_a_resample():
    """A resample starts from the full fit; its E enters again where the objective falls with E."""
    columns = sizes(60, seed=2)
    problem = CHINCHILLA.at(columns, noisy(columns, seed=3, sd=0.01, truth={**TRUTH, "E": 0.0}))
    theta, _, _ = best(problem, 1e-3)
    theta[0] = LOG_ZERO
    counts = resample_weights(60, 40, 0)
    many = solve_many(problem, np.repeat(theta[None], 40, 0), 1e-3, weights=counts)
    alone = [solve(problem, problem.starts(), 1e-3, weights=np.repeat(row[None], len(problem.starts()), 0))
             for row in counts]  # fmt: skip
    lowest = np.array([a.objective.min() for a in alone])
    assert (many.objective <= lowest * (1 + 1e-8)).all()
    zero = many.theta[:, 0] <= LOG_ZERO
    assert zero.any() and not zero.all()


def test_a_rising_term_beside_a_fixed_constant_is_a_constant():
    """With E held at 1, sum (ln f - ln L)^2 over f = 1 + A x^-alpha, alpha >= 0: alpha = 0, ln(1 + A) the mean log."""
    x = np.geomspace(1e3, 1e6, 20)
    observed = 2 + 0.05 * np.log(x / 1e3)
    problem = SumOfPowers("", "", (Term("E"), Term("A", {"x": "alpha"}))).at({"x": x}, observed)
    found = solve(problem, np.array([[0.0, 0.0, 0.3]]), math.inf, free=np.array([[False, True, True]]))
    assert found.theta[0, 0] == 0.0 and found.theta[0, 2] == 0.0
    assert np.log1p(np.exp(found.theta[0, 1])) == pytest.approx(np.log(observed).mean(), rel=1e-9)
