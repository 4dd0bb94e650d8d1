"""Bounds: closed forms computed here by hand, gaps on both sides, vacuity, and bounds from scores."""

import math

import numpy as np
import pytest

import hconsist as hc
from hconsist.bounds import bound_from_scores
from hconsist.domains import InputError, UnsupportedError
from hconsist.evidence import Level
from hconsist.results import Side

LOSSES = [
    "sum-exponential",
    "logistic",
    "gce:q=0.3",
    "gce:q=0.7",
    "gce:q=0.9",
    "mae",
    "comp-sum:tau=2.5",
    "comp-sum:tau=3",
]


def test_sum_exponential_by_its_closed_form():
    # T(t) = 1 - sqrt(1 - t^2), inverted by hand
    result = hc.bound("sum-exponential", n_classes=7, excess=0.02)
    assert result.value == pytest.approx(math.sqrt(1 - 0.98**2), rel=1e-14)
    assert (result.side, result.level, result.vacuous) == (Side.UPPER, Level.SYMBOLIC, False)


def test_mean_absolute_error_on_its_first_piece_and_published():
    # the hull starts with slope 1/n; t/n is also the published form
    for method in ("sharp", "published"):
        result = hc.bound("mae", n_classes=4, excess=0.05, method=method)
        assert result.value == pytest.approx(0.2, rel=1e-14)


def test_published_power_form_at_three_halves():
    # a = 2: (sqrt(1 + t^2) - 1) / (sqrt(n) / 2) = x
    x, n = 0.01, 25
    expected = math.sqrt((1 + x * math.sqrt(n) / 2) ** 2 - 1)
    assert hc.bound("comp-sum:tau=1.5", n_classes=n, excess=x, method="published").value == pytest.approx(
        expected, rel=1e-12
    )


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("n", [2, 3, 10, 1000])
def test_sharp_is_never_worse_than_published(loss, n):
    for excess in np.geomspace(1e-8, 2, 25):
        sharp = hc.bound(loss, n_classes=n, excess=float(excess))
        published = hc.bound(loss, n_classes=n, excess=float(excess), method="published")
        assert sharp.value <= published.value * (1 + 1e-12)


@pytest.mark.parametrize("loss", LOSSES)
def test_gaps_on_both_sides(loss):
    split = hc.bound(loss, n_classes=5, excess=0.01, surrogate_gap=0.02)
    joint = hc.bound(loss, n_classes=5, excess=0.03)
    assert split.value == pytest.approx(joint.value, rel=1e-14)
    less = hc.bound(loss, n_classes=5, excess=0.03, target_gap=0.5 * joint.value)
    assert less.value == pytest.approx(0.5 * joint.value, rel=1e-14)
    assert hc.bound(loss, n_classes=5, excess=0.03, target_gap=1.0).value == 0.0
    assert any("0.02" in text for text in split.assumptions)


@pytest.mark.parametrize("loss", LOSSES)
def test_an_excess_from_t_one_on_is_vacuous_and_zero_excess_gives_zero(loss):
    top = float(hc.transform(loss, n_classes=5)(1.0))
    assert hc.bound(loss, n_classes=5, excess=0.0).value == 0.0
    beyond = hc.bound(loss, n_classes=5, excess=1.01 * top)
    assert (beyond.value, beyond.vacuous) == (1.0, True)
    assert not hc.bound(loss, n_classes=5, excess=0.9 * top).vacuous


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"excess": -0.1}, "excess must be a finite number >= 0, got -0.1"),
        ({"excess": math.nan}, "excess must be .* got nan"),
        ({"excess": math.inf}, "excess must be .* got inf"),
        ({"excess": 0.1, "n_classes": 1}, r"n_classes must be an integer in \[2, 1000000000\], got 1"),
        ({"excess": 0.1, "n_classes": 2.5}, "n_classes must be an integer"),
        ({"excess": 0.1, "surrogate_gap": -1}, "surrogate_gap must be"),
        ({"excess": 0.1, "target_gap": 2}, "target_gap must be"),
        ({"excess": 0.1, "method": "optimal"}, "method must be one of sharp, published"),
        ({"excess": 0.1, "hypotheses": "nonsense"}, "hypotheses must be"),
    ],
)
def test_bad_input_names_argument_domain_and_value(arguments, message):
    with pytest.raises(InputError, match=message):
        hc.bound("logistic", **{"n_classes": 3, **arguments})


def test_no_silent_number_for_another_hypothesis_set_or_loss():
    with pytest.raises(UnsupportedError, match=r"1\.66"):
        hc.bound("mae", n_classes=3, excess=0.1, hypotheses="bounded:lam=1")
    mine = hc.losses.CompSum(psi="-log(1 + s)", name="mine")
    with pytest.raises(UnsupportedError, match="comp-sum:tau"):
        hc.transform(mine, n_classes=3, method="sharp")
    assert hc.bound(mine, n_classes=3, excess=0.01).side is Side.ESTIMATE


def test_scores_with_and_without_a_floor():
    rng = np.random.default_rng(5)
    truth = rng.dirichlet(np.full(4, 2.0), size=4000)
    labels = np.array([rng.choice(4, p=p) for p in truth])
    scores = np.log(truth)
    floor = float(-np.mean(np.log(np.take_along_axis(truth, labels[:, None], 1))))
    plain = bound_from_scores("logistic", scores, labels)
    known = bound_from_scores("logistic", scores, labels, floor=floor - 1e-3)
    error = np.mean(np.argmax(scores, axis=1) != labels)
    assert plain.error == pytest.approx(error)
    assert not plain.informative and plain.bound.value >= plain.error
    # sqrt(2 * 1e-3) is the square-root form of the logistic bound
    assert known.informative and known.bound.value <= math.sqrt(2e-3)
    assert known.samples == 4000


@pytest.mark.parametrize("loss", LOSSES)
def test_labels_alone_never_make_the_bound_beat_the_measured_error(loss):
    rng = np.random.default_rng(6)
    for scale in (0.1, 1.0, 10.0):
        scores = rng.normal(scale=scale, size=(200, 5))
        labels = np.where(rng.random(200) < 0.8, np.argmax(scores, axis=1), rng.integers(5, size=200))
        result = bound_from_scores(loss, scores, labels)
        assert result.bound.value >= result.error and not result.informative


def test_a_tie_counts_as_an_error():
    assert bound_from_scores("logistic", np.zeros((3, 2)), np.array([0, 1, 0])).error == 1.0


@pytest.mark.parametrize(
    "floor, message", [(-1.0, "floor must be"), (9.0, "floor must be at most"), (math.nan, "floor")]
)
def test_bad_floors(floor, message):
    with pytest.raises(InputError, match=message):
        bound_from_scores("logistic", np.zeros((3, 2)), np.array([0, 1, 0]), floor=floor)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("n", [2, 3, 6])
def test_the_bound_holds_for_whole_distributions(loss, n):
    """Random laws at 40 inputs, all measurable functions (both gaps 0): regrets from first principles, here."""
    tau = {"sum-exponential": 0.0, "logistic": 1.0, "gce:q=0.3": 1.3, "gce:q=0.7": 1.7, "gce:q=0.9": 1.9, "mae": 2.0}
    al = tau.get(loss, float(loss.rpartition("=")[2]) if "tau" in loss else 0.0) - 1.0
    rng = np.random.default_rng(7)
    for concentration, noise in ((0.3, 0.1), (1.0, 1.0), (3.0, 0.3), (1.0, 5.0)):
        laws = rng.dirichlet(np.full(n, concentration), size=40) + 1e-9
        laws /= laws.sum(axis=1, keepdims=True)
        scores = np.log(laws) + noise * rng.normal(size=laws.shape)
        soft = np.exp(scores - scores.max(axis=1, keepdims=True))
        soft /= soft.sum(axis=1, keepdims=True)
        psi = -np.log(soft) if al == 0 else (1 - soft**al) / al
        if al == 0:
            least = -np.sum(laws * np.log(laws), axis=1)
        elif al < 1:
            a = 1 / (1 - al)
            least = (1 - np.sum(laws**a, axis=1) ** (1 / a)) / al
        else:
            least = (1 - laws.max(axis=1)) / al
        excess = float(np.mean(np.sum(laws * psi, axis=1) - least))
        target = float(np.mean(laws.max(axis=1) - laws[np.arange(40), np.argmax(scores, axis=1)]))
        assert target <= hc.bound(loss, n_classes=n, excess=excess, hypotheses="all").value


@pytest.mark.parametrize("loss", LOSSES)
def test_the_bound_is_attained_by_its_own_laws(loss):
    """Inverting the mixture's surrogate regret gives back its zero-one regret: no smaller bound is true."""
    curve = hc.transform(loss, n_classes=5)
    for t in (0.1, 0.35, 0.5, 0.8):
        laws = curve.attaining(t)
        surrogate = sum(law.weight * float(law.surrogate_regret(curve.loss)) for law in laws)
        target = sum(law.weight * float(law.zero_one_regret()) for law in laws)
        assert target == pytest.approx(t, rel=1e-9)
        assert float(curve.inverse(surrogate)) == pytest.approx(t, rel=1e-6)
