"""Minimizability gaps: against direct minimisation of the risk, mpmath, and what must not change them."""

import itertools
import json
import math

import mpmath
import numpy as np
import pytest
from click.testing import CliRunner
from scipy import optimize

import hconsist as hc
from hconsist import losses
from hconsist.cli import cli
from hconsist.distributions import load_laws
from hconsist.domains import InputError
from hconsist.evidence import Level
from hconsist.gaps import (
    constant_gap,
    constant_gaps,
    deterministic_gap,
    deterministic_gap_limit,
    zero_one_constant_gap,
)
from hconsist.results import Side

TAUS = (0.0, 0.5, 1.0, 1.5, 1.9, 2.0, 3.0)
WITNESS = [[0.9, 0.1], [0.2, 0.8]]
RNG = np.random.default_rng(17)
LAWS, WEIGHTS = RNG.dirichlet(np.ones(3), 5), RNG.dirichlet(np.ones(5))


def best_constant_risk(loss, laws, weights, starts=4):
    """The infimum over one score vector for all inputs, by BFGS from many starts; the scores may run off."""

    def risk(h):
        return float(np.sum(weights * loss.conditional_risk(np.broadcast_to(h, np.shape(laws)), laws)))

    rng, n = np.random.default_rng(0), np.shape(laws)[1]
    return min(optimize.minimize(risk, 3 * rng.normal(size=n), tol=1e-12).fun for _ in range(starts))


@pytest.mark.parametrize("name", ["sum-exponential", "logistic", "gce:q=0.5", "mae", "comp-sum:tau=3"])
def test_constants_against_direct_minimisation(name):
    loss, laws, weights = losses.get(name), LAWS[:2], np.array([0.3, 0.7])
    best = best_constant_risk(loss, laws, weights)
    each = sum(w * best_constant_risk(loss, p[None], np.ones(1)) for w, p in zip(weights, laws))
    found = constant_gap(name, laws, weights)
    assert found.value == pytest.approx(best - each, abs=2e-7)
    assert found.lower == found.value == found.upper and (found.side, found.level) == (Side.EXACT, Level.SYMBOLIC)


def test_rho_margin_loss_against_all_orders():
    """The risk of a common order of the labels, rank k costing log k."""
    cost = np.log(np.arange(1, 4))
    orders = [list(o) for o in itertools.permutations(range(3))]

    def best(p):
        return min(np.dot(p[o], cost) for o in orders)

    expected = best(WEIGHTS @ LAWS) - sum(w * best(p) for w, p in zip(WEIGHTS, LAWS))
    assert constant_gap("rho-comp-sum:tau=1,rho=2", LAWS, WEIGHTS).value == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_is_mutual_information_and_mae_the_loss_of_the_bayes_rule():
    joint = WEIGHTS[:, None] * LAWS
    information = np.sum(joint * np.log(joint / (WEIGHTS[:, None] * joint.sum(axis=0))))
    assert constant_gap("logistic", LAWS, WEIGHTS).value == pytest.approx(information, rel=1e-12)
    lost = WEIGHTS @ LAWS.max(axis=1) - joint.sum(axis=0).max()
    assert constant_gap("mae", LAWS, WEIGHTS).value == pytest.approx(lost, rel=1e-12)
    assert zero_one_constant_gap(LAWS, WEIGHTS).value == pytest.approx(lost, rel=1e-12)


def test_stochastic_labels_fall_and_rise():
    """Two equally likely inputs; the entropies from mpmath at 30 digits."""

    def entropy(p, tau):
        p = [mpmath.mpf(x) for x in p]
        if tau == 1:
            return -mpmath.fsum(x * mpmath.log(x) for x in p)
        if tau == 2:
            return 1 - max(p)
        a = 1 / (2 - mpmath.mpf(tau))
        return (1 - mpmath.fsum(x**a for x in p) ** (1 / a)) / (mpmath.mpf(tau) - 1)

    found = [constant_gap(f"comp-sum:tau={tau}", WITNESS).value for tau in (0, 0.5, 1, 1.5, 2)]
    with mpmath.workdps(30):
        laws = [("0.9", "0.1"), ("0.2", "0.8")]
        for value, tau in zip(found, (0, 0.5, 1, 1.5, 2)):
            truth = entropy(("0.55", "0.45"), tau) - mpmath.fsum(entropy(p, tau) for p in laws) / 2
            assert value == pytest.approx(float(truth), rel=1e-13)
    assert [round(value, 5) for value in found] == [0.29499, 0.27357, 0.2754, 0.30889, 0.3]
    assert found[0] > found[1] < found[2] < found[3] > found[4]


@pytest.mark.parametrize("tau", TAUS)
def test_what_must_not_change_the_gap_and_what_must_not_lower_it(tau):
    loss = losses.CompSum(tau)
    gap = constant_gap(loss, LAWS, WEIGHTS).value
    near = {"rel": 1e-11, "abs": 1e-15}
    assert constant_gap(loss, LAWS[:, [2, 0, 1]], WEIGHTS).value == pytest.approx(gap, **near)
    split = np.repeat(LAWS, [2, 1, 1, 1, 1], axis=0), np.concatenate([WEIGHTS[:1] / 2, WEIGHTS[:1] / 2, WEIGHTS[1:]])
    assert constant_gap(loss, *split).value == pytest.approx(gap, **near)
    wider = np.concatenate([LAWS, np.zeros((5, 1))], axis=1)
    assert constant_gap(loss, wider, WEIGHTS).value == pytest.approx(gap, **near)
    assert constant_gap(loss, LAWS, WEIGHTS, groups=[0, 1, 2, 3, 4]).value == pytest.approx(0, abs=1e-15)
    finer = constant_gap(loss, LAWS, WEIGHTS, groups=[5, 5, -1, -1, 7]).value
    coarser = constant_gap(loss, LAWS, WEIGHTS, groups=[0, 0, 0, 0, 1]).value
    assert 0 <= finer <= coarser + 1e-15 and coarser <= gap + 1e-15
    pairs = [LAWS[:2], LAWS[2:4]], [WEIGHTS[:2], WEIGHTS[2:4]]
    parts = [w.sum() * constant_gap(loss, p, w / w.sum()).value for p, w in zip(*pairs)]
    assert finer == pytest.approx(sum(parts), **near)


@pytest.mark.parametrize("tau", TAUS)
def test_the_gaps_enter_a_bound_that_holds(tau):
    """The best constant predictor has surrogate estimation error 0; its zero-one estimation error obeys the bound."""
    found = constant_gaps(losses.CompSum(tau), LAWS, WEIGHTS)
    curve = hc.transform(losses.CompSum(tau), n_classes=3)
    assert found.bound.value == pytest.approx(
        max(0.0, float(curve.inverse(found.surrogate_gap.value)) - found.target_gap.value), rel=1e-12
    )
    assert (found.loss, found.n_classes, found.inputs, found.status) == (losses.CompSum(tau).name, 3, 5, "")
    mean = WEIGHTS @ LAWS
    chosen = int(np.argmax(losses.CompSum(tau).minimiser(mean)))
    assert mean.max() - mean[chosen] <= found.bound.value + 1e-15


class Undeclared(losses.CompSum):
    """Cross-entropy as a loss of its own, of which the package knows nothing."""

    def __init__(self):
        super().__init__(psi=lambda s: -np.log(s), derivative=lambda s: -1 / s, name="undeclared")
        self.convex_in = None


def test_a_loss_without_a_transformation_has_gaps_but_no_bound():
    """Cross-entropy under another name, declared convex in nothing: five labels are too many for the search."""
    loss = Undeclared()
    laws = np.full((2, 5), 0.1) + 0.5 * np.eye(5)[[0, 4]]
    found = constant_gaps(loss, laws)
    assert found.bound is None and "laws and scores" in found.status and found.surrogate_gap.value > 0


def test_the_bound_of_a_users_own_psi():
    """By a theorem where there is one (poly-1), else by a search, and an estimate."""
    assert constant_gaps('comp-sum:psi="-log(s)+(1-s)"', WITNESS).bound.side is Side.UPPER
    found = constant_gaps('comp-sum:psi="-log(1+s)"', WITNESS)
    assert found.bound.side is Side.ESTIMATE and found.bound.method == "optimize"


# --- deterministic labels -----------------------------------------------------------------------------------------


def phi(u, tau):
    return mpmath.log1p(u) if tau == 1 else (1 - (1 + u) ** (1 - mpmath.mpf(tau))) / (mpmath.mpf(tau) - 1)


def inverse(m, tau):
    return mpmath.expm1(m) if tau == 1 else (1 - (mpmath.mpf(tau) - 1) * m) ** (1 / (1 - mpmath.mpf(tau))) - 1


@pytest.mark.parametrize(
    "pair", [(0, 1), (0, 2), (1, 2), (0.5, 1 + 1e-12), (1 - 1e-12, 1 + 1e-12), (1.5, 1.5), (1.2, 7), (2, 3)]
)
def test_limit_against_mpmath(pair):
    """A few eps times the condition number, which is large next to the largest gap a bounded loss can have."""
    start, end = pair
    with mpmath.workdps(340):
        for gap in (1e-290, 1e-8, 0.3, 0.7):
            if start > 1 and (start - 1) * gap >= 1:
                continue
            truth = phi(inverse(mpmath.mpf(gap), start), end)
            room = max(1 - (start - 1) * gap, 0.05)
            assert abs(float(deterministic_gap_limit(start, gap, end)) - truth) <= 4e-16 * truth / room


def test_limit_by_hand():
    m = np.array([0.0, 0.1, math.log(2), 5.0])
    np.testing.assert_allclose(deterministic_gap_limit(1, m, 2), 1 - np.exp(-m), rtol=1e-15)
    np.testing.assert_allclose(deterministic_gap_limit(0, m, 1), np.log(1 + m), rtol=1e-15)
    assert deterministic_gap_limit(2, 1.0, 3) == 0.5  # the range of both losses
    assert deterministic_gap_limit(1, np.float32([0.5]), 2).dtype == np.float32


@pytest.mark.parametrize("pair", list(itertools.combinations(TAUS, 2)))
def test_constants_with_deterministic_labels_obey_the_limit(pair):
    """Labels fixed by the input, one common score vector: the gap is the entropy of the label frequencies.

    Equality for equally frequent labels: each example then has the same loss (tau < 2, scores all equal are best).
    """
    low, high = (losses.CompSum(tau) for tau in pair)
    for counts in [*RNG.integers(1, 9, size=(20, 4)), np.ones(4, dtype=int)]:
        labels = np.repeat(np.eye(4), counts, axis=0)
        gap = constant_gap(low, labels).value
        assert gap == pytest.approx(float(low.entropy(counts / counts.sum())), rel=1e-12)
        limit = float(deterministic_gap_limit(low.tau, gap, high.tau))
        assert constant_gap(high, labels).value <= min(limit, gap) * (1 + 1e-12)
    if high.tau < 2:
        assert limit == pytest.approx(constant_gap(high, labels).value, rel=1e-12)


def test_stochastic_labels_break_the_limit():
    """Negative control: the limit is for deterministic labels only."""
    gap = constant_gap("logistic", WITNESS).value
    assert constant_gap("gce:q=0.5", WITNESS).value > deterministic_gap_limit(1, gap, 1.5)


def boxed_risk(tau, frequencies, lam):
    """R* of one score vector in a box, deterministic labels of these frequencies, by L-BFGS-B from many starts."""
    loss, n = losses.CompSum(tau), len(frequencies)
    rng, box = np.random.default_rng(1), [(-lam, lam)] * n

    def risk(h):
        return float(loss.conditional_risk(h, frequencies))

    def slope(h):
        return sum(f * loss.gradient(h, y) for y, f in enumerate(frequencies))

    starts = rng.uniform(-lam, lam, size=(6, n))
    return min(optimize.minimize(risk, h, jac=slope, bounds=box, options={"ftol": 1e-15}).fun for h in starts)


@pytest.mark.parametrize("lam", [0.3, 1.0])
@pytest.mark.parametrize("n", [2, 4])
def test_boxes_against_direct_minimisation(n, lam):
    frequencies = np.arange(1, n + 1) / (n * (n + 1) / 2)
    risks = {tau: boxed_risk(tau, frequencies, lam) for tau in (0.0, 0.5, 1.0, 1.5, 2.0)}
    gaps = {tau: float(deterministic_gap(tau, risk, n_classes=n, lam=lam)) for tau, risk in risks.items()}
    for tau, gap in gaps.items():  # the best single example: its label at lam, all others at -lam
        best = float(losses.CompSum(tau).value(np.where(np.arange(n) == 0, lam, -lam), 0))
        assert gap == pytest.approx(risks[tau] - best, rel=1e-10)
    for (start, low), (end, high) in itertools.combinations(gaps.items(), 2):
        assert high <= deterministic_gap_limit(start, low, end, n_classes=n, lam=lam) * (1 + 1e-8) <= low * (1 + 1e-8)
        if start == 0:
            least = (n - 1) * math.exp(-2 * lam)
            expected = float(phi(risks[0.0], end) - phi(least, end))
            limit = deterministic_gap_limit(0, low, end, n_classes=n, lam=lam)
            assert float(limit) == pytest.approx(min(expected, low), rel=1e-12)
    assert deterministic_gap(1.0, 0.4) == 0.4


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("weights", lambda: constant_gap("mae", WITNESS, [0.5, 0.6])),
        ("weights", lambda: constant_gap("mae", WITNESS, [1.5, -0.5])),
        ("weights", lambda: constant_gap("mae", WITNESS, [1.0])),
        ("groups", lambda: constant_gap("mae", WITNESS, groups=[0.5, 1])),
        ("groups", lambda: constant_gap("mae", WITNESS, groups=[0])),
        ("laws", lambda: constant_gap("mae", WITNESS[0])),
        ("probabilities", lambda: constant_gap("mae", [[0.5, 0.6]])),
        ("loss", lambda: constant_gap("maee", WITNESS)),
        ("tau_to", lambda: deterministic_gap_limit(1, 0.5, 0.5)),
        ("gap", lambda: deterministic_gap_limit(2, 1.1, 3)),
        ("gap", lambda: deterministic_gap_limit(2, 0.9, 3, n_classes=10, lam=0.5)),
        ("gap", lambda: deterministic_gap_limit(1, -0.1, 2)),
        ("n_classes, lam", lambda: deterministic_gap_limit(1, 0.1, 2, lam=1.0)),
        ("lam", lambda: deterministic_gap(1, 0.1, n_classes=2, lam=0.0)),
        ("risk", lambda: deterministic_gap(1, 0.01, n_classes=10, lam=1.0)),
        ("tau", lambda: deterministic_gap(-1, 0.01)),
    ],
)
def test_bad_input_is_named(argument, call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.argument == argument


# --- files and the command line -----------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "laws of mine.csv"
    path.write_text("weight,p_0,p_1\n3,0.9,0.1\n\n3,0.2,0.8\n", encoding="utf-8")
    return path


def test_laws_from_a_file(file):
    found = load_laws(file)
    np.testing.assert_array_equal(found.laws, WITNESS)
    np.testing.assert_array_equal(found.weights, [0.5, 0.5])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["at least one row: weight,probability"]),
        ("1,1\n", ["line 1", "a weight and at least 2 probabilities"]),
        ("1,0.5,0.5\n1,1\n", ["line 2", "3 comma-separated values"]),
        ("0,0.5,0.5\n", ["line 1: weight", "> 0"]),
        ("1,0.5,0.6\n", ["line 1", "sum to 1", "1.1"]),
        ("1,1.5,-0.5\n", ["line 1", ">= 0", "-0.5"]),
        ("1,0.5,half\n", ["line 1: p_1", "finite number", "half"]),
        ("1,nan,0.5\n", ["line 1: p_0", "finite number"]),
    ],
)
def test_bad_files_name_the_line(tmp_path, text, words):
    path = tmp_path / "laws.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_laws(path)
    assert all(word in str(caught.value) for word in words)


def run(*arguments):
    result = CliRunner().invoke(cli, ["gap", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_command_line_json(file):
    code, out, err = run("mae", "--laws", file, "--json")
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert {"loss", "n_classes", "inputs", "surrogate_gap", "target_gap", "bound", "status"} == set(found)
    assert found["surrogate_gap"]["value"] == pytest.approx(0.3) and found["bound"]["value"] == pytest.approx(0.3)
    rows = json.loads(run("logistic", "comp-sum:psi=-log(s)+(1-s)", "--laws", file, "--json")[1])["rows"]
    assert rows[0]["bound"]["surrogate_gap"] == rows[0]["surrogate_gap"]["value"]
    assert rows[1]["bound"]["side"] == "upper" and rows[1]["bound"]["method"] == "sharp"


def test_command_line_tables(file):
    code, out, err = run("logistic", "mae", "--laws", file)
    assert (code, err) == (0, "")
    for word in ("2 inputs, 2 labels", "0.275396", "zero_one_gap", "compare the bounds"):
        assert word in out
    _, out, _ = run("logistic", "--laws", file, "--csv")
    header, row = out.split()
    assert header == "loss,gap,zero_one_gap,bound"
    assert float(row.split(",")[1]) == constant_gap("logistic", WITNESS).value
    assert run("logistic", "--laws", file, "--latex")[1].startswith(r"\begin{tabular}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mae",), ["--laws"]),
        (("mae", "--laws", "nowhere.csv"), ["laws must be the path of a readable CSV file", "nowhere.csv"]),
        (("--laws", "x.csv"), ["NAME"]),
    ],
)
def test_command_line_errors(arguments, words):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "") and len(err.splitlines()) == 1 and all(word in err for word in words)
