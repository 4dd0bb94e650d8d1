"""Is it calibrated: verdicts over all losses, exact ends of the zero interval, witnesses that re-check or are refused.

Independent of the package's own route: SciPy's linear programs on the raw problem, direct minimisation, the spec's
figures (engine.md 2.5, multiclass.md 6, 7 and 11, proofs.md 10).
"""

import json
from dataclasses import replace
from fractions import Fraction as F
from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

from hconsist import catalog, losses, plotting
from hconsist.calibration import (
    Answer,
    Polyhedral,
    Proof,
    Term,
    calibrated,
    cells,
    failure_cells,
    largest_gap,
    polyhedral,
    recheck,
    worst_gap,
)
from hconsist.calibration.programs import maximise
from hconsist.calibration.search import compositions
from hconsist.derivations import sum_hinge
from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.figures import failure_regions
from hconsist.losses import ConstrainedLoss, LogitAdjustment, MaxLoss, OneVersusAllLoss, SumLoss
from hconsist.results import Side, jsonable

NO = {
    "class-weights:w=1;1;3": F(1, 2),  # (r - 1)/(r + 1)
    "logit-adjustment:prior=0.5;0.3;0.2": F(3, 7),  # r = 5/2
    "sum-hinge": F(1, 6),
    "weston-watkins": F(1, 6),
    "max-logistic": F(1, 2),
    "max-exponential": F(1, 2),
    "max-hinge": F(1, 2),
    "crammer-singer": F(1, 2),
    "max-squared-hinge": F(1, 2),
    'max:phi="log(1 + exp(-2*u))"': F(1, 2),
    "ova-hinge": F(1, 2),
    "ova-rho-margin:rho=0.5": F(1, 2),
}
"""Not calibrated for three labels, and where T leaves 0."""

YES = (
    "sum-exponential", "logistic", "gce:q=0.7", "mae", "comp-sum:tau=1.7", "comp-sum:tau=3",
    'comp-sum:psi="-log(1 + s)"', 'comp-sum:psi="1 - s^3"', "rho-comp-sum:tau=1,rho=1", "focal:gamma=2",
    "poly-1:eps=-1", "poly-1:eps=5", "taylor:order=3", "label-smoothing:eps=0.1", "temperature:T=2", "squentropy",
    "sparsemax", "entmax:alpha=1.5", "entmax:alpha=3", 'fenchel-young:omega="p*log(1 + p)"', "class-weights:w=2;2;2",
    "sum-logistic", "sum-squared-hinge", "sum-rho-margin:rho=1", 'sum:phi="exp(-2*u) + exp(-u)"',
    "max-rho-margin:rho=2", "constrained-exponential", "constrained-logistic", "constrained-hinge", "lee-lin-wahba",
    "constrained-squared-hinge", "constrained-rho-margin:rho=1", 'constrained:phi="exp(-2*u)"', "ova-logistic",
    "ova-exponential", "ova-squared-hinge", 'ova:phi="log(1 + exp(-u)) + exp(-u)"',
)  # fmt: skip

HINGES = ("sum-hinge", "max-hinge", "ova-hinge", "constrained-hinge")


def hinge(u):
    return np.maximum(0.0, 1 - u)


# --- verdicts -----------------------------------------------------------------------------------------------------


def test_every_named_loss_has_a_verdict():
    """A loss that is added must be put into one of the tables above."""
    heads = {text.partition(":")[0] for text in (*NO, *YES)}
    assert heads == {name for name, _, _ in losses.NAMES}


@pytest.mark.parametrize("name", NO)
def test_no_with_the_exact_end_and_a_witness(name):
    found = calibrated(name, 3)
    assert found.verdict is Answer.NO and found.level is Level.SYMBOLIC
    assert found.zero_until == NO[name] == found.witness.zero_one_regret
    assert found.zero_interval.side is Side.EXACT and found.zero_interval.value == float(NO[name])
    assert recheck(losses.get(name), found.witness)


@pytest.mark.parametrize("name", NO)
def test_the_witness_by_the_kernels_of_the_loss(name):
    """Risk less entropy, both in floating point by code that the witness knows nothing of; 1e-12 is rounding."""
    loss, witness = losses.get(name), calibrated(name, 3).witness
    law = np.array([float(p) for p in witness.law])
    if witness.softmax:
        s = np.array([float(x) for x in witness.softmax])
        scores = np.where(s > 0, np.log(np.where(s > 0, s, 1)), -60.0)
    else:
        scores = np.array([float(h) for h in witness.scores])
    assert scores[witness.label] == np.max(scores) and law[witness.label] < np.max(law)
    assert float(loss.conditional_risk(scores, law)) == pytest.approx(float(loss.entropy(law)), abs=1e-12)


@pytest.mark.parametrize("name", YES)
def test_yes_through_a_derivation_of_the_catalogue(name):
    found = calibrated(name, 3)
    assert found.verdict is Answer.YES and found.level is Level.SYMBOLIC and found.witness is None
    assert found.zero_until == 0 and found.zero_interval.upper == 0
    named = found.reference.partition("derivation ")[2].split(" ")[0]
    assert named in {entry for entry, _ in catalog.DERIVATIONS}


@pytest.mark.parametrize("name", YES)
def test_yes_against_direct_minimisation(name):
    """At p = (0.55, 0.35, 0.1) forcing label 2 to the top costs something: the forced risk by Nelder and Mead, less
    the entropy.  The regrets lie between 0.004 and 1."""
    loss, law = losses.get(name), np.array([0.55, 0.35, 0.1])

    def scores(x):  # label 2 at the top
        h = x.copy()
        h[[0, 2]] = x[1] - x[[0, 2]] ** 2
        return h

    centre = (lambda h: h - h.mean()) if loss.zero_sum else (lambda h: h)
    starts = np.array([[0.3, 1.0, 1.5], [1.0, 0.5, -1.0], [-0.5, -1.5, 0.5]])
    options = {"xatol": 1e-7, "fatol": 1e-10, "maxfev": 400}
    value = lambda x: float(loss.conditional_risk(centre(scores(x)), law))  # noqa: E731
    forced = min(minimize(value, start, method="Nelder-Mead", options=options).fun for start in starts)
    free = 1 - np.max(law) if "s**3" in loss.name else float(loss.entropy(law))  # 1 - s^3 is least at a vertex
    assert 1e-3 < forced - free < 1.1


@pytest.mark.parametrize("name", [*NO, *YES])
def test_two_labels(name):
    """Of margin losses the binary ones; label weights are unequal for two labels too."""
    if losses.get(name).n_classes:
        name = {"class-weights:w=1;1;3": "class-weights:w=1;3", "class-weights:w=2;2;2": "class-weights:w=2;2"}.get(
            name, "logit-adjustment:prior=0.75;0.25"
        )
        weights = name != "class-weights:w=2;2"
        found = calibrated(name, 2)
        assert (found.verdict, found.zero_until) == ((Answer.NO, F(1, 2)) if weights else (Answer.YES, 0))
        return
    assert calibrated(name, 2).verdict is Answer.YES


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7, 1000, 10**9])
def test_the_ends_for_more_labels(n):
    """Sum hinge 1/2 - 1/n by linear programs up to 6 labels and by the theorem beyond; the others do not move."""
    found = {name: calibrated(name, n) for name in HINGES}
    assert found["sum-hinge"].zero_until == F(1, 2) - F(1, n)
    for name in ("max-hinge", "ova-hinge"):
        assert found[name].zero_until == (F(1, 2) if n > 2 else 0)
    assert found["constrained-hinge"].verdict is Answer.YES
    for name, one in found.items():
        assert one.witness is None or (recheck(losses.get(name), one.witness) and len(one.witness.law) <= 6)


def test_the_linear_programs_agree_with_the_theorems():
    """Two routes: the theorems of derivation ``calibration`` and an enumeration in fractions."""
    ends = {"sum-hinge": lambda n: F(1, 2) - F(1, n), "constrained-hinge": lambda n: F(0)}
    for name in HINGES:
        for n in range(2, 6):
            expected = ends.get(name, lambda n: F(1, 2) if n > 2 else F(0))(n)
            assert largest_gap(polyhedral(losses.get(name), n))[0] == expected


def test_powers_of_weights_that_are_no_fractions():
    """Strength 1/2: r = sqrt(5/2), and the witness lies below (r - 1)/(r + 1) = 0.225148..., by less than 1e-5."""
    loss = LogitAdjustment([0.5, 0.3, 0.2], 0.5)
    found = calibrated(loss, 3)
    r = np.sqrt(2.5)
    assert found.verdict is Answer.NO and found.zero_interval.value == pytest.approx((r - 1) / (r + 1), rel=1e-14)
    assert 0 <= (r - 1) / (r + 1) - float(found.witness.zero_one_regret) < 1e-5
    assert recheck(loss, found.witness)
    law = tuple(p + d for p, d in zip(found.witness.law, (F(1, 10**4), F(0), -F(1, 10**4))))
    assert not recheck(loss, replace(found.witness, law=law))
    assert calibrated(LogitAdjustment([0.5, 0.3, 0.2], 0.0), 3).verdict is Answer.YES
    assert calibrated(LogitAdjustment([0.5, 0.3, 0.2], -1.0), 3).zero_until == F(3, 7)
    assert calibrated(LogitAdjustment([1e-300, 0.5, 0.5], 2.5), 3).zero_interval.value == 1


# --- witnesses are refused where they show nothing ------------------------------------------------------------------


@pytest.mark.parametrize("name", NO)
def test_a_changed_witness_is_refused(name):
    loss, witness = losses.get(name), calibrated(name, 3).witness
    move = (F(1, 50), F(0), -F(1, 50))
    spoiled = [
        replace(witness, label=int(np.argmax([float(p) for p in witness.law]))),  # no zero-one regret
        replace(witness, law=tuple(p * F(9, 10) for p in witness.law)),  # no law
        replace(witness, law=(F(1, 10), F(1, 10), F(4, 5)) if witness.label != 2 else (F(4, 5), F(1, 10), F(1, 10))),
        replace(witness, law=tuple(p + d for p, d in zip(witness.law, move))),
    ]
    if witness.scores:
        other = [h + F(3) * (k == witness.label) for k, h in enumerate(witness.scores)]
        spoiled.append(replace(witness, scores=tuple(other)))
        spoiled.append(
            replace(witness, scores=tuple(h - F(1) * (k == witness.label) for k, h in enumerate(witness.scores)))
        )
    if witness.softmax:
        spoiled.append(replace(witness, softmax=tuple(F(1, 3) for _ in witness.softmax)))
    for k, (a, b, value) in enumerate(witness.multipliers):
        parts = list(witness.multipliers)
        spoiled.append(replace(witness, multipliers=tuple(parts[:k] + parts[k + 1 :])))
        spoiled.append(replace(witness, multipliers=tuple([*parts[:k], (a, b, value + F(1, 7)), *parts[k + 1 :]])))
        spoiled.append(replace(witness, multipliers=tuple([*parts[:k], (a, b, -value), *parts[k + 1 :]])))
    assert [k for k, one in enumerate(spoiled) if recheck(loss, one)] == []


def test_a_witness_against_another_loss_is_refused():
    sums, margins = calibrated("sum-hinge", 3).witness, calibrated("max-logistic", 3).witness
    ramps = calibrated("ova-rho-margin:rho=1", 3).witness
    weights = calibrated("class-weights:w=1;1;3", 3).witness
    for name in ("logistic", "constrained-hinge", "sum-logistic", "sum-rho-margin:rho=1", "class-weights:w=1;1;1"):
        for witness in (sums, margins, ramps, weights):
            assert not recheck(losses.get(name), witness)
    assert not recheck(losses.get("max-rho-margin:rho=1"), margins)  # its Phi is not convex
    assert not recheck(losses.get("ova-rho-margin:rho=2"), ramps)


def test_a_numeric_witness_is_refused_where_scores_are_not_best():
    loss, witness = losses.get("logistic"), calibrated("sum-hinge", 3).witness
    assert not recheck(loss, replace(witness, proof=Proof.NUMERIC))
    best = replace(witness, proof=Proof.NUMERIC, scores=tuple(map(F, (np.log(0.5), np.log(1 / 3), np.log(1 / 6)))))
    assert not recheck(loss, best)  # best scores, but label 2 is not at their top


# --- piecewise linear losses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", HINGES)
@pytest.mark.parametrize("n", [2, 3, 4])
def test_terms_against_the_kernels(name, n):
    """Costs in fractions and by the array kernel, at random fractions and at kinks; 1e-13 is rounding."""
    loss, exact, rng = losses.get(name), polyhedral(losses.get(name), n), np.random.default_rng(3)
    for _ in range(20):
        h = [F(int(k), int(d)) for k, d in zip(rng.integers(-6, 7, n), rng.integers(1, 4, n))]
        h = [x - sum(h) / n for x in h] if loss.zero_sum else h
        values = loss.value(np.tile([float(x) for x in h], (n, 1)), np.arange(n))
        np.testing.assert_allclose(values, [float(c) for c in exact.costs(h)], rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", HINGES)
def test_the_vertices_hold_best_scores_of_every_law(name):
    """The least risk over the permuted vertices is the entropy of the loss, which has formulas of its own."""
    loss, exact = losses.get(name), polyhedral(losses.get(name), 3)
    points = {h for v in exact.vertices for h in permutations(v)}
    for law in compositions(7, 3):
        least = min(exact.risk(law, h) for h in points)
        assert float(least) == pytest.approx(float(loss.entropy(np.array([float(p) for p in law]))), abs=1e-14)


def test_the_vertices_are_those_of_the_derivation():
    """``sum_hinge.vertices`` solves all systems of two equations h_i - h_k in {-1, 0, 1} without symmetry."""
    exact = polyhedral(losses.get("sum-hinge"), 3)
    mine = {tuple(x - h[2] for x in h) for v in exact.vertices for h in permutations(v)}
    assert mine == set(sum_hinge.vertices(3))


def raw_programs(name, p):
    """Least risk free and with each label at the top, by SciPy on scores and hinges: (H, [C_1, C_2, C_3])."""
    n = len(p)
    blocks = {
        "sum-hinge": [(p[y], [(y, 1), (k, -1)]) for y in range(n) for k in range(n) if k != y],
        "ova-hinge": [(p[y], [(y, 1)]) for y in range(n)] + [(1 - p[y], [(y, -1)]) for y in range(n)],
        "constrained-hinge": [(1 - p[y], [(y, -1)]) for y in range(n)],
    }[name]
    rows, right = np.zeros((len(blocks), n + len(blocks))), -np.ones(len(blocks))
    for r, (_, form) in enumerate(blocks):
        for k, sign in form:
            rows[r, k] = -sign
        rows[r, n + r] = -1
    cost = np.concatenate([np.zeros(n), [w for w, _ in blocks]])
    equal = np.concatenate([np.ones(n), np.zeros(len(blocks))])[None] if name == "constrained-hinge" else None
    values = []
    for j in (None, *range(n)):
        ties = [np.eye(n + len(blocks))[k] - np.eye(n + len(blocks))[j] for k in range(n) if j is not None and k != j]
        found = linprog(
            cost, np.vstack([rows, *ties]), np.concatenate([right, np.zeros(len(ties))]), equal,
            None if equal is None else [0.0], [(None, None)] * n + [(0, None)] * len(blocks), method="highs",
        )  # fmt: skip
        values.append(found.fun)
    return values[0], values[1:]


@pytest.mark.parametrize("name", ["sum-hinge", "ova-hinge", "constrained-hinge"])
def test_beyond_the_end_no_wrong_label_is_free(name):
    """The upper side of t0: random laws of 3 and 4 labels at which a label is wrong by more than t0 + 0.02."""
    rng, seen = np.random.default_rng(11), 0
    for n in (3, 4):
        end = float(calibrated(name, n).zero_until)
        for _ in range(60):
            p = rng.dirichlet(np.full(n, 0.7))
            least, forced = raw_programs(name, p)
            for j in range(n):
                if np.max(p) - p[j] > end + 0.02:
                    seen += 1
                    assert forced[j] - least > 1e-6
    assert seen > 50


def test_a_loss_given_by_its_terms():
    """max over k of h_k - h_y, the perceptron: equal scores are best for every law, t0 = 1."""
    unit = [tuple(F(int(i == k)) for i in range(3)) for k in range(3)]
    zero = (F(0), F(0), F(0))
    pieces = [[(tuple(a - b for a, b in zip(unit[k], unit[y])), F(0)) for k in range(3) if k != y] for y in range(3)]
    loss = Polyhedral(3, tuple(Term(unit[y], ((zero, F(0)), *pieces[y])) for y in range(3)))
    end, witness = largest_gap(loss)
    assert end == 1 and witness.law == (1, 0, 0) and set(witness.scores) == {0}
    assert loss.least(witness.law, witness.multipliers) == loss.risk(witness.law, witness.scores) == 0


# --- exact linear programs --------------------------------------------------------------------------------------------


def test_linear_programs_against_scipy():
    rng, solved, empty = np.random.default_rng(5), 0, 0
    for _ in range(120):
        m, n = int(rng.integers(1, 5)), int(rng.integers(2, 8))
        rows = [[F(int(x)) for x in row] for row in rng.integers(-3, 4, (m, n))] + [[F(1)] * n]  # bounded by the last
        right = [*(F(int(x)) for x in rng.integers(-3, 4, m)), F(2)]
        cost = [F(int(x)) for x in rng.integers(-4, 5, n)]
        floats = [np.array([[float(x) for x in row] for row in part]) for part in (rows, [right], [cost])]
        expected = linprog(-floats[2][0], A_eq=floats[0], b_eq=floats[1][0], bounds=(0, None), method="highs")
        found = maximise(cost, rows, right)
        if found is None:
            assert expected.status == 2
            empty += 1
        else:
            assert float(found[0]) == pytest.approx(-expected.fun, abs=1e-9)
            assert all(sum(a * x for a, x in zip(row, found[1])) == b for row, b in zip(rows, right))
            solved += 1
    assert solved > 30 and empty > 10


def test_linear_programs_at_their_edges():
    assert maximise([F(1)], [[F(1)], [F(2)]], [F(1), F(2)]) == (1, (1,))  # a redundant row
    assert maximise([F(1)], [[F(1)], [F(1)]], [F(1), F(2)]) is None
    with pytest.raises(ArithmeticError, match="unbounded"):
        maximise([F(1), F(0)], [[F(1), F(-1)]], [F(0)])


# --- three labels: regions --------------------------------------------------------------------------------------------


def area(corners):
    (x0, y0), *rest = [(float(a), float(b)) for a, b, _ in corners]
    return abs(sum((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0) for (x1, y1), (x2, y2) in pairwise(rest)))


def test_the_failure_region_of_the_sum_hinge():
    """Three kites around the ties, derived here; corners as in the statement of derivation ``sum_hinge`` at n = 3."""
    found = {frozenset(cell.corners) for cell in failure_cells(losses.get("sum-hinge"))}
    third = F(1, 3)
    kite = [(F(1, 2), F(1, 2), F(0)), (F(1, 2), third, F(1, 6)), (third, third, third), (third, F(1, 2), F(1, 6))]
    orders = {tuple(sorted(order)) for order in permutations(range(3), 2)}
    kites = {frozenset(tuple(p[k] for k in order) for p in kite) for order in ((0, 1, 2), (0, 2, 1), (2, 0, 1))}
    assert len(orders) == 3 and found == kites


@pytest.mark.parametrize("name", [*HINGES, "max-logistic", "class-weights:w=1;1;3",
                                  "logit-adjustment:prior=0.5;0.3;0.2"])  # fmt: skip
def test_cells_tile_the_simplex(name):
    assert sum(area(cell.corners) for cell in cells(losses.get(name))) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", ["sum-hinge", "ova-hinge", "constrained-hinge"])
def test_the_gap_at_a_law_against_raw_programs(name):
    """Every law k/12 with sorted entries: the largest zero-one regret of a label that SciPy finds free (1e-9)."""
    loss = losses.get(name)
    for law in compositions(12, 3):
        if law[0] >= law[1] >= law[2]:
            p = np.array([float(x) for x in law])
            least, forced = raw_programs(name, p)
            free = [law[j] for j in range(3) if forced[j] - least < 1e-9]
            assert worst_gap(loss, law) == max(law) - min(free)


@pytest.mark.parametrize("name", ["sum-hinge", "max-logistic", "class-weights:w=1;1;3"])
def test_inside_the_region_best_scores_fail_and_outside_they_do_not(name):
    loss = losses.get(name)
    region = failure_cells(loss)
    for cell in region:
        weights = [F(k + 2) for k in range(len(cell.corners))]  # an inner law off the ties
        law = tuple(sum(w * c[i] for w, c in zip(weights, cell.corners)) / sum(weights) for i in range(3))
        assert worst_gap(loss, law) > 0
    free = [law for law in compositions(9, 3) if worst_gap(loss, law) == 0]
    wrong = [law for law in compositions(9, 3) if worst_gap(loss, law) > 0]
    assert len(free) > 20 and len(wrong) > 3
    for law in wrong:  # closed polygons: some cell holds the law
        assert any(_inside(law, cell.corners) for cell in region)


def _inside(law, corners):
    total = area(corners)
    parts = sum(area((law, a, b)) for a, b in zip(corners, (*corners[1:], corners[0])))
    return parts == pytest.approx(total, abs=1e-12)


def test_where_no_region_is_known():
    for name in ("logistic", "max-rho-margin:rho=1", "ova-rho-margin:rho=1"):
        with pytest.raises(UnsupportedError, match="three labels"):
            cells(losses.get(name))
    with pytest.raises(InputError, match="law"):
        worst_gap(losses.get("sum-hinge"), (F(1, 2), F(1, 2), F(1, 2)))


def test_the_figure():
    """Its marks, by linear programs in floating point, are the gaps in fractions at every law; a star on each end."""
    table = failure_regions.data(divisions=12)
    laws = [tuple(F(round(12 * x), 12) for x in law) for law in table["laws"]]
    for k, (_, name) in enumerate(failure_regions.PANELS):
        gaps = [float(worst_gap(losses.get(name), law)) for law in laws]
        np.testing.assert_allclose(table[f"gap_{k}"], gaps, rtol=0, atol=1e-9)
        if name in NO:
            law = table[f"witness_{k}"]
            assert np.max(gaps) == pytest.approx(float(NO[name])) and np.sum(law) == pytest.approx(1)
    figure = plotting.render(failure_regions, divisions=12)
    stars = [line for axes in figure.axes for line in axes.lines if line.get_marker() == "*"]
    polygons = [len(axes.patches) for axes in figure.axes]
    assert len(stars) == 3 and polygons == [3, 1, 2, 0]
    assert "$t=1/6$" in " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


# --- where no theorem speaks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss, n, end",
    [(SumLoss(hinge), 3, F(1, 6)), (SumLoss(hinge), 4, F(1, 4)), (OneVersusAllLoss(hinge), 3, F(1, 2)),
     (MaxLoss(lambda u: np.maximum(0.0, -u)), 3, F(1)), ('ova:phi="1 - tanh(u)"', 3, F(1, 2))],
)  # fmt: skip
def test_a_search_finds_a_witness(loss, n, end):
    """Callables, of which no formula is known; the ends are those of the exact hinges, of the perceptron, and of a
    bounded Phi, which no score below 1/2 reaches."""
    found = calibrated(loss, n)
    assert found.verdict is Answer.NO and found.level is Level.SAMPLED and found.witness.proof is Proof.NUMERIC
    assert found.zero_interval.side is Side.LOWER and found.zero_until == end and found.zero_interval.upper == 1
    assert found.witness.surrogate_regret.side is Side.ESTIMATE and recheck(losses.get(loss), found.witness)


def test_a_kink_of_psi_breaks_calibration():
    """Slopes -3 and -1 around 1/3: equal scores are best while p_1 <= 3 p_k, so for p = (3/5, 1/5, 1/5) at most."""
    loss = losses.CompSum(psi=lambda s: np.where(s < 1 / 3, 1 + 3 * (1 / 3 - s), 1 - (s - 1 / 3)))
    found = calibrated(loss, 3)
    assert found.verdict is Answer.NO and F(3, 10) < found.witness.zero_one_regret <= F(2, 5)


@pytest.mark.parametrize("loss", [ConstrainedLoss(hinge), losses.CompSum(psi=lambda s: -np.log(s))])
def test_a_search_that_finds_nothing_says_so(loss):
    found = calibrated(loss, 3)
    assert found.verdict is Answer.UNKNOWN and found.zero_interval is None and found.witness is None
    assert "search over" in found.status and found.assumptions and found.level is Level.SAMPLED


def test_hypotheses_that_are_not_shown_are_named():
    """sqrt(1 - 2u + u^2) is |1 - u|: twice the hinge, whose kink must not pass for smooth; nor that of a psi."""
    for name, needed in (
        ('ova:phi="1 - u + sqrt(1 - 2*u + u^2)"', "Phi is convex"),
        ('sum:phi="1 - u + sqrt(1 - 2*u + u^2)"', "Phi is convex"),
        ('comp-sum:psi="1 - 2*s + sqrt(s^2 - 2*s/3 + 1/9)"', "psi' < 0 on (0, 1)"),
    ):
        found = calibrated(name, 7)
        assert found.verdict is Answer.UNKNOWN and f"not shown: {needed}" in found.assumptions
        assert "nothing was searched" in found.status
    assert calibrated('ova:phi="1 - u + sqrt(1 - 2*u + u^2)"', 3).zero_until == F(1, 2)


@pytest.mark.parametrize("text", ["exp(-u)/(1 + exp(-u)) + exp(-u)", "log(1 + exp(-u) + exp(-u)^3) - 1/2"])
def test_smooth_formulas_are_decided_where_the_signs_are_seen(text):
    """Convex, by hand: the second derivative of the first is x + x (1 - x)/(1 + x)^3, x = exp(-u)."""
    assert calibrated(f'sum:phi="{text}"', 50).verdict is Answer.YES


def test_what_is_not_seen_to_be_bounded_below():
    """sqrt(1 + u^2) - u > 0 is true, and exp(-u) - u is not bounded: SymPy tells neither."""
    for text in ("sqrt(1 + u^2) - u", "exp(-u) - u"):
        found = calibrated(f'ova:phi="{text}"', 50)
        assert found.verdict is Answer.UNKNOWN and found.assumptions == ("not shown: Phi is bounded below",)
        assert calibrated(f'max:phi="{text}"', 50).zero_until == F(1, 2)  # which needs no bound


def test_searches_are_seeded():
    one, other = (calibrated(SumLoss(hinge), 3, seed=4) for _ in range(2))
    assert one == other


# --- bad input, and what is printed -----------------------------------------------------------------------------------


def test_bad_input():
    for n in (1, 2.5, 10**10, True):
        with pytest.raises(InputError, match="n_classes"):
            calibrated("logistic", n)
    with pytest.raises(InputError, match=r"n_classes must be 3.*got 4"):
        calibrated("class-weights:w=1;1;3", 4)
    with pytest.raises(InputError, match="did you mean"):
        calibrated("sum-hing", 3)


def test_json_and_rows():
    found = json.loads(json.dumps(jsonable(calibrated("weston-watkins", 3)), allow_nan=False))
    assert found["verdict"] == "no" and found["zero_until"] == "1/6" and found["level"] == "symbolic"
    assert found["witness"]["law"] == ["1/2", "1/3", "1/6"] and found["witness"]["label"] == 1
    assert found["zero_interval"]["value"] == 1 / 6
    rows = dict(calibrated("weston-watkins", 3).rows())
    assert rows["T = 0 up to"] == "t = 1/6" and "label 2" in rows["witness"]
    assert dict(calibrated("logistic", 3).rows())["calibrated"] == "yes (symbolic)"
    assert "at least" in dict(calibrated(SumLoss(hinge), 3).rows())["T = 0 up to"]
