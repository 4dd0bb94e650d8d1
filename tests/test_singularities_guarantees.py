"""What a step guarantees, against exact fractions, dense scans or 50 to 200 digits, each with its false twin."""

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from scipy.optimize import brentq

from hconsist import singularities as sing
from hconsist.domains import InputError

ROUNDING = 1e-12
"""Ten roundings or so, on numbers that exponentials of arguments up to some hundreds have made."""


def rows(m, k, seed=0, scale=2.0):
    rng = np.random.default_rng(seed)
    z, a = rng.normal(size=(m, k)) * scale, rng.normal(size=(m, k)) * np.exp(rng.normal(size=(m, 1)))
    return z, a, rng.integers(k, size=m)


def laws(m, k, seed=1):
    return np.random.default_rng(seed).dirichlet(np.ones(k), size=m)


def log_law(z, a, t):
    """log softmax by the textbook formula; t broadcasts against rows."""
    u = z + a * np.asarray(t, dtype=float)[..., None]
    u = u - u.max(axis=-1, keepdims=True)
    return u - np.log(np.exp(u).sum(axis=-1, keepdims=True))


def mean_slope(z, a, q, t):
    """l'(t) of the mean loss."""
    p = np.exp(log_law(z, a, np.full(z.shape[0], t)))
    return np.mean(np.sum((p - q) * a, axis=1))


def exact_law(z, a, t):
    """softmax in mpmath for the floats given, -inf for probability 0."""
    w = [mp.mpf(0) if u == -math.inf else mp.exp(mp.mpf(float(u)) + mp.mpf(float(v)) * t) for u, v in zip(z, a)]
    total = mp.fsum(w)
    return [u / total for u in w]


def exact_mean_slope(z, a, q, t):
    with mp.workdps(50):
        t = mp.mpf(float(t))
        return mp.fsum(
            (p - mp.mpf(float(w))) * mp.mpf(float(v))
            for zr, ar, qr in zip(z, a, q)
            for p, w, v in zip(exact_law(zr, ar, t), qr, ar)
        ) / len(z)


# ---- gaps, log-probabilities, losses


@pytest.mark.parametrize("k, r", [(2, 0.5), (5, 0.99), (10, 3.0), (10, 50.0)])
def test_nothing_moves_further_than_pi_r(k, r):
    """For r below and above 1, on 50 points of each segment."""
    z, a, _ = rows(500, k)
    step = r * sing.lower_pi(z, a)
    most = sing.gap_change(z, a, step)
    assert most == pytest.approx(np.full(500, math.pi * r), rel=ROUNDING)
    moved = a * step[:, None]
    gaps = np.abs(moved[:, :, None] - moved[:, None, :]).max(axis=(1, 2))
    assert gaps == pytest.approx(most, rel=ROUNDING)
    for part in np.linspace(0, 1, 50):
        change = np.abs(log_law(z, a, part * step) - log_law(z, a, np.zeros(500)))
        assert np.all(change <= most[:, None] * (1 + ROUNDING))


def test_a_smaller_constant_than_pi_is_refuted():
    """Negative control: the loss of the losing one of two classes moves by the whole gap."""
    z, a = np.array([[40.0, 0.0]]), np.array([[1.0, 0.0]])
    change = sing.loss_change(z, a, [1], math.pi)
    assert change[0] == pytest.approx(math.pi, rel=1e-15)
    assert change[0] > 0.999 * sing.gap_change(z, a, math.pi)[0]


@pytest.mark.parametrize("k, scale, size", [(2, 1, 1e-8), (3, 10, 1.0), (6, 3, 1e-3), (6, 100, 30.0), (20, 2, -5.0)])
def test_the_change_of_the_loss_in_many_digits(k, scale, size):
    z, a, y = rows(30, k, seed=k, scale=scale)
    y[:15] = np.argmax(z[:15], axis=1)
    q = laws(30, k)
    hard, soft = sing.loss_change(z, a, y, size), sing.loss_change(z, a, q, size)
    with mp.workdps(200):  # a change of 1e-100 still has many
        for i in range(30):
            start, end = exact_law(z[i], a[i], mp.mpf(0)), exact_law(z[i], a[i], mp.mpf(size))
            moves = [mp.log(u) - mp.log(v) for u, v in zip(start, end)]
            assert hard[i] == pytest.approx(float(moves[y[i]]), rel=1e-11, abs=1e-300)
            mixed = mp.fsum(mp.mpf(float(w)) * v for w, v in zip(q[i], moves)) / mp.fsum(map(mp.mpf, q[i]))
            # the mean over the law is known to some eps of the largest move
            assert soft[i] == pytest.approx(float(mixed), rel=1e-11, abs=1e-14 * abs(size) * np.ptp(a[i]))


def test_a_confident_row_keeps_its_digits():
    """1 - p = e^-800 is no float; p = e^-600 of the rest is, and the change of the loss is that times e^t - 1."""
    assert sing.loss_change([600.0, 0.0], [0.0, 1.0], [0], 2.0)[0] == pytest.approx(
        math.exp(-600) * math.expm1(2.0), rel=1e-12
    )
    assert sing.loss_change([800.0, 0.0], [0.0, 1.0], [0], 1e3)[0] == pytest.approx(200.0, rel=1e-14)
    assert sing.loss_change([0.0, 800.0], [1.0, 0.0], [0], 1e3)[0] == pytest.approx(-800.0, rel=1e-14)


def test_classes_of_probability_zero_do_not_count():
    z, a, y = rows(20, 4, seed=3)
    gone = np.concatenate([z, np.full((20, 1), -math.inf)], axis=1)
    far = np.concatenate([a, np.full((20, 1), 1e9)], axis=1)
    assert np.all(sing.gap_change(gone, far, 0.3) == sing.gap_change(z, a, 0.3))
    assert sing.loss_change(gone, far, y, 0.3) == pytest.approx(sing.loss_change(z, a, y, 0.3), rel=ROUNDING)
    assert np.all(sing.first_flip(gone, far).time == sing.first_flip(z, a).time)
    assert np.all(sing.flip_bound(gone, far) == sing.flip_bound(z, a))
    for method in ("joint", "sharp"):
        with_it, without = (sing.descent_step(u, v, y, method=method).step for u, v in ((gone, far), (z, a)))
        assert with_it == pytest.approx(without, rel=ROUNDING)
    assert sing.kl_divergence(gone, far, 0.3).value == pytest.approx(sing.kl_divergence(z, a, 0.3).value, rel=ROUNDING)


def test_laws_need_sum_to_one_only_as_float32_does():
    z, a, _ = rows(20, 5, seed=6)
    q = laws(20, 5)
    assert sing.loss_change(z, a, q * (1 + 5e-7), 0.7) == pytest.approx(sing.loss_change(z, a, q, 0.7), rel=1e-11)


# ---- decisions


def exact_flip(z, a):
    """(time, class after) by exact fractions: the least crossing with the line that leads just after 0."""
    z, a = [Fraction(float(v)) for v in z], [Fraction(float(v)) for v in a]
    tops = [j for j in range(len(z)) if z[j] == max(z)]
    if len({a[j] for j in tops}) > 1:
        return Fraction(0), max(tops, key=lambda j: (a[j], -j))
    top = tops[0]
    meets = {j: (z[top] - z[j]) / (a[j] - a[top]) for j in range(len(z)) if a[j] > a[top]}
    if not meets:
        return None, -1
    time = min(meets.values())
    return time, max((j for j in meets if meets[j] == time), key=lambda j: (a[j], -j))


def test_the_first_flip_by_exact_fractions():
    """Random rows, and rows of small integers, where ties abound."""
    rng = np.random.default_rng(0)
    for z, a in [*zip(*rows(300, 6)[:2]), *zip(rng.integers(3, size=(600, 4)), rng.integers(4, size=(600, 4)))]:
        found = sing.first_flip(z, a)
        time, after = exact_flip(z, a)
        assert found.before[0] == np.argmax(z)
        assert found.after[0] == after
        assert found.time[0] == (math.inf if time is None else pytest.approx(float(time), rel=1e-15))


def test_the_first_flip_on_a_scan():
    """The argmax is the same up to 1 - 1e-9 of the time and another just after it."""
    z, a, _ = rows(2000, 8, seed=2)
    found = sing.first_flip(z, a)
    moving = np.isfinite(found.time)
    assert 0.3 < moving.mean() < 1
    z, a, time, after = z[moving], a[moving], found.time[moving], found.after[moving]
    for part in (*np.linspace(0, 0.999, 40), 1 - 1e-9):
        assert np.all(np.argmax(z + a * (part * time)[:, None], axis=1) == found.before[moving])
    assert np.all(np.argmax(z + a * (time * (1 + 1e-9))[:, None], axis=1) == after)
    never = ~moving
    assert np.all(found.after[never] == -1)
    z, a, _ = rows(2000, 8, seed=2)
    assert np.all(np.argmax(z[never] + a[never] * 1e9, axis=1) == found.before[never])


def test_what_r_tells_of_decisions():
    z, a, _ = rows(3000, 5, seed=4)
    bound = sing.flip_bound(z, a)
    first = np.minimum(sing.first_flip(z, a).time, sing.first_flip(z, -a).time)
    assert np.all(bound <= first * (1 + 1e-15))
    top = np.sort(z, axis=1)
    assert bound == pytest.approx((top[:, -1] - top[:, -2]) * sing.lower_pi(z, a) / math.pi, rel=ROUNDING)
    two = sing.flip_bound(z[:, :2], a[:, :2])
    exact = np.minimum(sing.first_flip(z[:, :2], a[:, :2]).time, sing.first_flip(z[:, :2], -a[:, :2]).time)
    assert two == pytest.approx(exact, rel=1e-14)
    # negative control: one per cent further, and some decision has changed
    assert np.any(bound * 1.01 > first)
    assert np.all(sing.flip_bound([[1.0, 1.0, 0.0], [3.0, 3.0, 3.0]], [[1.0, 2.0, 0.0], [1.0] * 3]) == [0, math.inf])
    assert sing.flip_bound([[1.0], [-2.0]], [[3.0], [4.0]]).tolist() == [math.inf] * 2
    assert sing.flip_bound([1.0, -math.inf], [0.0, 5.0])[0] == math.inf


# ---- descent


def batches():
    """(logits, slopes, laws) of small batches along which the mean loss decreases at first, labels and soft targets."""
    for seed in range(300):
        rng = np.random.default_rng(seed)
        m, k = int(rng.integers(1, 9)), int(rng.integers(2, 8))
        z = rng.normal(size=(m, k)) * rng.uniform(0.2, 6)
        a = rng.normal(size=(m, k)) * np.exp(rng.normal(size=(m, 1)))
        y = rng.integers(k, size=m)
        q = np.eye(k)[y] if seed % 2 else rng.dirichlet(np.full(k, 0.5), size=m)
        if mean_slope(z, a, q, 0.0) > 0:
            a = -a
        yield z, a, (y if seed % 2 else q), q


def test_the_loss_decreases_up_to_the_guaranteed_step():
    """60 points of each segment, and the sign of the slope at its end to 50 digits."""
    share_above = 0
    for z, a, targets, q in batches():
        joint, sharp = (sing.descent_step(z, a, targets, method=m) for m in ("joint", "sharp"))
        assert 0 < joint.step <= sharp.step
        scan = np.linspace(0, sharp.step, 60)
        losses = [-np.mean(np.sum(q * log_law(z, a, np.full(len(z), t)), axis=1)) for t in scan]
        assert np.all(np.diff(losses) <= 1e-15 * np.max(np.abs(losses)) * 4)
        # bisection and rounding are below 1e-13 of the slopes
        assert exact_mean_slope(z, a, q, sharp.step) <= 1e-13 * np.ptp(a, axis=1).max()
        share_above += sharp.share > 1
    assert share_above > 10  # a guarantee of descent may well reach beyond r = 1


def test_the_joint_step_is_its_formula():
    for z, a, targets, q in batches():
        p = np.exp(log_law(z, a, np.zeros(len(z))))
        g = -mean_slope(z, a, q, 0.0)
        mean = np.sum(p * a, axis=1, keepdims=True)
        h = np.mean(np.sum(p * (a - mean) ** 2, axis=1))
        d = np.ptp(a, axis=1).max()
        found = sing.descent_step(z, a, targets, method="joint")
        # the slope is lowered by its rounding error, which is relative to the spread
        slack = 1e-13 * d / g
        assert found.decrease == pytest.approx(g, rel=slack) and found.decrease <= g * (1 + slack)
        assert (found.curvature, found.spread) == pytest.approx((h, d), rel=1e-10)
        assert found.step == pytest.approx(math.log1p(g * d / h) / d, rel=1e-10 + slack)
        assert found.share == pytest.approx(found.step * d / math.pi, rel=1e-15)
        assert float(sing.descent_bound(g, h, d)) == pytest.approx(found.step, rel=1e-10 + slack)


def test_the_sharp_step_is_the_root_of_the_integrated_variance_bound():
    """Against quadrature of D^2/(4 cosh((delta - D s)_+/2)^2) in mpmath."""
    for z, a, targets, _ in list(batches())[:40]:
        found = sing.descent_step(z, a, targets)
        p = np.exp(log_law(z, a, np.zeros(len(z))))
        sigma = np.sqrt(np.sum(p * (a - np.sum(p * a, axis=1, keepdims=True)) ** 2, axis=1))
        total = mp.mpf(0)
        for s, d in zip(sigma, np.ptp(a, axis=1)):
            delta = 2 * mp.acosh(max(1, d / (2 * s)))

            def most(u, d=d, delta=delta):
                return d**2 / (4 * mp.cosh(max(0, delta - d * u) / 2) ** 2)

            ends = [0, min(delta / d, found.step), found.step]
            total += mp.quad(most, ends)
        assert float(total / len(z)) == pytest.approx(found.decrease, rel=1e-8)  # acosh near 1 loses half the digits


@pytest.mark.parametrize("method", ["joint", "sharp"])
def test_a_step_one_per_cent_too_long_is_refuted(method):
    """Two classes, the law of the target nearer to even than the prediction: the loss rises past the sharp step."""
    z, a = np.array([[2.0, 0.0]]), np.array([[0.0, 1.0]])
    p = 1 / (1 + math.exp(2.0))
    q = np.array([[1 - p - (1e-6 if method == "joint" else 0.2), p + (1e-6 if method == "joint" else 0.2)]])
    found = sing.descent_step(z, a, q, method=method)
    least = math.log(q[0, 1] / q[0, 0]) + 2.0  # where the law of the target is met
    # log(1 + x) = x up to x^2/2, and x is about 1e-6/h here
    assert found.step == pytest.approx(least, rel=1e-5 if method == "joint" else 1e-12)
    assert exact_mean_slope(z, a, q, found.step) <= 1e-16
    assert exact_mean_slope(z, a, q, 1.01 * found.step) > 1e-9
    # along the segment between, the loss itself has risen
    change = sing.loss_change(z, a, q, np.array([1.01 * least]))[0] - sing.loss_change(z, a, q, np.array([least]))[0]
    assert change > 0


def test_how_far_the_guarantee_is_from_the_minimiser():
    """Never beyond it; the sharp step reaches more than half of the way on the median batch."""
    reached = {"joint": [], "sharp": []}
    for z, a, targets, q in batches():
        end = 1.0
        while mean_slope(z, a, q, end) <= 0 and end < 1e3:
            end *= 2
        if end >= 1e3:
            continue
        least = brentq(lambda t: mean_slope(z, a, q, t), 0, end, xtol=1e-14, rtol=1e-14)  # noqa: B023
        for method, shares in reached.items():
            shares.append(sing.descent_step(z, a, targets, method=method).step / least)
    assert len(reached["joint"]) > 100
    assert max(reached["joint"]) <= max(reached["sharp"]) <= 1 + 1e-9
    assert np.median(reached["sharp"]) > 0.5 > 0.1 < np.median(reached["joint"])


def test_the_radius_alone_does_not_guarantee_descent():
    """The counterexample of the specification: theta = 0.5, one positive and one negative sample at x = 1, along -g."""
    z, a, y = np.array([[0.0, 0.5]] * 2), np.array([[0.0, -1.0]] * 2), [1, 0]
    assert sing.lower_pi(z, a) == pytest.approx([math.pi] * 2)
    assert sing.radius(z, a).radius == pytest.approx([3.181] * 2, abs=5e-4)

    def loss(t):
        return -np.mean(log_law(z, a, np.full(2, t))[[0, 1], y])

    assert loss(0.0) == pytest.approx(0.7241, abs=5e-5)
    assert loss(0.5 * math.pi) == pytest.approx(0.8301, abs=1e-4)
    assert loss(0.999 * math.pi) == pytest.approx(1.3883, abs=1e-4)
    # the guarantee stops before the minimum at t = 0.5, and the cap by any share of the radius does not
    for method in ("joint", "sharp"):
        assert 0.4 < sing.descent_step(z, a, y, method=method).step <= 0.5
    assert loss(sing.cap_by_radius(10.0, z, a, share=0.5, bound="pi").step) > loss(0.0)
    assert loss(sing.cap_by_descent(10.0, z, a, y).step) < loss(0.0)


def test_a_step_of_r_above_one_may_well_decrease_the_loss():
    """A single labelled sample along its own -g: the loss falls for r = 1, 10, 100."""
    z, y = np.array([[0.3, -0.2, 0.1]]), [1]
    p = np.exp(log_law(z, z, np.zeros(1)))
    a = np.array([[0.0, 1.0, 0.0]]) - p
    changes = [sing.loss_change(z, a, y, r * sing.lower_pi(z, a))[0] for r in (1, 10, 100)]
    assert all(change < 0 for change in changes) and changes == sorted(changes, reverse=True)


def test_when_the_joint_step_exceeds_r_one():
    """If and only if g D/h > e^pi - 1."""
    bar = math.exp(math.pi) - 1
    assert bar == pytest.approx(22.14, abs=5e-3)
    assert float(sing.descent_bound(bar * 1.0001, 2.0, 2.0)) > math.pi / 2 > float(sing.descent_bound(bar, 2.0, 2.001))
    assert sing.descent_bound([0.0, 1.0], 1.0, [[1.0], [2.0]]).shape == (2, 2)


@pytest.mark.parametrize("method", ["joint", "sharp"])
def test_invariances_of_the_descent_step(method):
    z, a, targets, _ = next(iter(batches()))
    step = sing.descent_step(z, a, targets, method=method).step
    near = pytest.approx(step, rel=1e-9)
    assert sing.descent_step(z + 1e3, a - 7.0, targets, method=method).step == near
    assert sing.descent_step(z, 4 * a, targets, method=method).step == pytest.approx(step / 4, rel=ROUNDING)
    assert (
        sing.descent_step(np.tile(z, (3, 1)), np.tile(a, (3, 1)), np.tile(targets, (3, 1)), method=method).step == near
    )
    # slopes near the ends of the range of the floats
    for power in (2.0**1021 / np.abs(a).max(), 1e308 / np.abs(a).max(), 1e-300):
        found = sing.descent_step(z, a * power, targets, method=method)
        assert found.step * power == pytest.approx(step, rel=1e-9)
        assert found.share == pytest.approx(step * np.ptp(a, axis=1).max() / math.pi, rel=1e-9)
    # a row whose spread is near the largest float beside one that hardly moves: the small one does not count
    pair = np.array([[0.5, 0.0], [0.0, 0.5]]), np.array([[0.0, 1.6e308], [0.0, 1.0]])
    alone = sing.descent_step(pair[0][:1], [[0.0, 1.0]], [1], method=method)
    # g and h are both halved by the mean
    assert sing.descent_step(*pair, [1, 1], method=method).step * 1.6e308 == pytest.approx(alone.step, rel=1e-12)


@pytest.mark.parametrize("method", ["joint", "sharp"])
def test_rows_that_do_not_move_change_nothing(method):
    """They are constant along the line: the mean loss has its least value where it had it."""
    z, a, y, _ = list(batches())[1]
    whole = np.concatenate([z, z]), np.concatenate([a, np.ones_like(a)]), np.concatenate([y, y])
    assert sing.descent_step(*whole, method=method).step == pytest.approx(
        sing.descent_step(z, a, y, method=method).step, rel=1e-12
    )


@pytest.mark.parametrize("method", ["joint", "sharp"])
def test_confident_rows_do_not_underflow(method):
    """The wrong class is the confident one: g = 1 and h = e^-1000, to first order, so tau is 1000 and more."""
    found = sing.descent_step([[1000.0, 0.0]], [[0.0, 1.0]], [1], method=method)
    assert found.step >= 1000.0 and found.curvature == 0.0
    if method == "joint":
        assert found.step == pytest.approx(1000.0, rel=1e-12)
    # right and confident: g and h are both e^-1000, and tau = log 2
    found = sing.descent_step([[0.0, 700.0]], [[0.0, 1.0]], [1], method="joint")
    assert found.step == pytest.approx(math.log(2), rel=1e-12)


@pytest.mark.parametrize("method", ["joint", "sharp"])
def test_no_descent_where_rounding_decides(method):
    z, a, y = rows(5, 4, seed=9)
    law = np.exp(log_law(z, a, np.zeros(5)))  # the prediction itself: l'(0) = 0
    assert sing.descent_step(z, a, law, method=method).step == 0.0
    step = sing.descent_step(z, a, y, method=method)
    back = sing.descent_step(z, -a, y, method=method)
    assert min(step.step, back.step) == 0 < max(step.step, back.step)
    still = sing.descent_step(z, np.ones_like(a), y, method=method)
    assert still.step == math.inf and math.isnan(still.share)


# ---- divergences


def exact_divergence(z, a, t, order):
    with mp.workdps(200):
        before, after = exact_law(z, a, mp.mpf(0)), exact_law(z, a, mp.mpf(float(t)))
        first, second = (after, before) if order == "after_before" else (before, after)
        return mp.fsum(u * mp.log(u / v) for u, v in zip(first, second) if u > 0)


@pytest.mark.parametrize("order", ["after_before", "before_after"])
@pytest.mark.parametrize("k, scale, step", [(2, 1, 1e-7), (3, 30, 0.3), (5, 3, -2.0), (8, 2, 40.0), (4, 60, 1e-3)])
def test_divergences_in_many_digits(order, k, scale, step):
    z, a, _ = rows(25, k, seed=k, scale=scale)
    found = sing.kl_divergence(z, a, step, order)
    for i in range(25):
        assert found.value[i] == pytest.approx(float(exact_divergence(z[i], a[i], step, order)), rel=1e-11, abs=1e-300)


@pytest.mark.parametrize("order", ["after_before", "before_after"])
def test_the_remainder_holds_for_every_step(order):
    """2e5 rows with steps from 1e-3 to 30 spreads; the constant is approached within 1 per cent."""
    worst = 0.0
    for k in (2, 3, 5, 10):
        rng = np.random.default_rng(k)
        z, a = rng.normal(size=(50_000, k)) * rng.uniform(0, 4, size=(50_000, 1)), rng.normal(size=(50_000, k))
        step = (
            np.exp(rng.uniform(math.log(1e-3), math.log(30), 50_000)) / np.ptp(a, axis=1) * rng.choice([-1, 1], 50_000)
        )
        found = sing.kl_divergence(z, a, step, order)
        off = np.abs(found.value - found.quadratic) / found.remainder
        assert np.all(off <= 1 + 1e-9)  # 1e-14 of the value, over a remainder of 1e-3 of it, at the smallest steps
        assert np.all((found.lower <= found.value * (1 + 1e-11)) & (found.value <= found.upper * (1 + 1e-11)))
        worst = max(worst, off.max())
    assert worst > 0.99


@pytest.mark.parametrize("order", ["after_before", "before_after"])
def test_the_constants_are_least_possible(order):
    """Masses (3 +- sqrt 3)/6, t = 1e-3, 50 digits: the ratio is 1 within t, so a constant 1 % smaller is refuted."""
    with mp.workdps(50):
        p = (3 - mp.sqrt(3)) / 6
        z, a, t = [float(mp.log(1 - p)), float(mp.log(p))], [0.0, 1.0], 1e-3
        value = exact_divergence(z, a, t, order)
        law = exact_law(z, a, mp.mpf(0))
        ratio = abs(value - mp.mpf(t) ** 2 * law[0] * law[1] / 2) / mp.mpf(t) ** 3 / sing.KL_CONSTANTS[order]
    assert 1 - 1e-3 < ratio <= 1
    assert ratio > 0.99


def test_the_constant_of_one_direction_fails_in_the_other():
    """KL(p(t) || p(0)) does not have the remainder 1/(36 sqrt 3) that the printed proof treats."""
    p = (3 - math.sqrt(3)) / 6
    found = sing.kl_divergence([math.log(1 - p), math.log(p)], [0.0, 1.0], 0.01, "after_before")
    off = abs(found.value - found.quadratic)[0]
    assert sing.KL_CONSTANTS["before_after"] * 0.01**3 * 1.9 < off <= sing.KL_CONSTANTS["after_before"] * 0.01**3


# ---- controllers


def test_caps_by_radius_and_gap():
    z, a, _ = rows(200, 6, seed=5)
    radius = sing.batch_radius(z, a)
    limits = {}
    for bound in ("pi", "top1", "sigma", "exact"):
        found = sing.cap_by_radius(100.0, z, a, share=0.5, bound=bound)
        limits[bound] = found.limit
        assert found.by == bound and found.step == found.limit == pytest.approx(100 * found.factor, rel=1e-15)
        assert found.row is not None
        assert sing.cap_by_radius(found.limit / 2, z, a, share=0.5, bound=bound).factor == 1.0
    assert limits["pi"] <= limits["top1"] <= limits["sigma"] <= limits["exact"] == 0.5 * radius.radius
    assert sing.cap_by_radius(100.0, z, a, bound="exact").row == radius.row
    # the control: pi/D is a trust region on the logits and nothing else
    plain = sing.cap_by_gap(100.0, z, a, gap=0.5 * math.pi)
    assert plain.limit == pytest.approx(limits["pi"], rel=1e-15)
    assert np.max(sing.gap_change(z, a, plain.step)) == pytest.approx(0.5 * math.pi, rel=1e-14)
    assert np.max(sing.gap_change(z, a, 1.01 * plain.step)) > 0.5 * math.pi


def test_a_radius_that_is_not_certified_is_not_used(monkeypatch):
    """The cap goes by the variance-spread bound then, and says so."""
    z, a, _ = rows(20, 6, seed=5)
    lost = sing.BatchRadius(math.nan, 3, complex(math.nan, math.nan), sing.Status.UNCERTIFIED, 20)
    monkeypatch.setattr(sing.controllers, "batch_radius", lambda *_: lost)
    found = sing.cap_by_radius(100.0, z, a, bound="exact")
    assert found.by == "sigma" and found.limit == sing.lower_sigma(z, a).min()


def test_where_nothing_moves_nothing_is_capped():
    z, a = np.zeros((2, 3)), np.ones((2, 3))
    for by in sing.controllers.CAPS:
        found = sing.cap(7.0, z, a, [0, 1], by=by)
        assert (found.step, found.factor, found.limit, found.row) == (7.0, 1.0, math.inf, None)
    assert sing.cap(0.0, z, -a, by="pi").factor == 1.0


def test_a_cap_by_descent_stops_an_ascent():
    z, a, targets, _ = next(iter(batches()))
    found = sing.cap(1e3, z, a, targets, by="descent")
    assert found.step == found.limit == sing.descent_step(z, a, targets).step
    assert (found.row, found.by) == (None, "descent")
    back = sing.cap(1e3, z, -a, targets, by="descent")
    assert (back.step, back.factor) == (0.0, 0.0)


# ---- bad input

Z, A = [[0.0, 1.0], [2.0, 0.0]], [[1.0, 0.0], [0.0, 3.0]]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: sing.gap_change([[0.0, math.nan]], [[1.0, 2.0]], 1.0), "logits .* at row 0, column 1"),
        (lambda: sing.gap_change(Z, A, math.nan), "step must be a finite number, got nan"),
        (lambda: sing.gap_change(Z, A, [1.0, 2.0, 3.0]), r"step must be a number or of shape \(2,\)"),
        (lambda: sing.first_flip(Z, [[1.0, 0.0], [math.inf, 0.0]]), "slopes .* at row 1, column 0"),
        (lambda: sing.flip_bound(Z, [[1.0, 0.0, 2.0]] * 2), r"slopes must be of shape \(2, 2\)"),
        (lambda: sing.loss_change(Z, A, [0, 2], 1.0), r"targets must be an integer in \[0, 1\] at row 1, got 2"),
        (lambda: sing.loss_change(Z, A, [0], 1.0), "targets must be 2 integers in"),
        (lambda: sing.loss_change(Z, A, [True, False], 1.0), "targets must be 2 integers in"),
        (lambda: sing.loss_change(Z, A, [[0.5, 0.5], [0.7, 0.7]], 1.0), "targets must be a law .* at row 1"),
        (lambda: sing.loss_change(Z, A, [[0.5, 0.5], [1.5, -0.5]], 1.0), "targets .* at row 1, column 0"),
        (lambda: sing.descent_step(Z, A, [[0.5, 0.5], [0.5, math.nan]]), "targets .* at row 1, column 1"),
        (lambda: sing.descent_step([[0.0, -math.inf]], [[0.0, 1.0]], [1]), "logits .* at row 0, column 1"),
        (lambda: sing.descent_step(Z, A, [0, 1], method="best"), "method must be 'joint' or 'sharp'"),
        (lambda: sing.descent_step([[]], [[]], [0]), "K >= 1"),
        (lambda: sing.descent_bound(-1.0, 1.0, 1.0), "decrease must be a finite number >= 0, got -1"),
        (lambda: sing.descent_bound(1.0, 0.0, 1.0), "curvature must be a finite number > 0"),
        (lambda: sing.descent_bound(1.0, 1.0, math.inf), "spread must be a finite number > 0"),
        (lambda: sing.kl_divergence(Z, A, 1.0, "forward"), "order must be 'after_before' or 'before_after'"),
        (lambda: sing.kl_divergence(Z, A, [1.0, 1e308]), r"step must be so short that \|t\| D is a float, at row 1"),
        (lambda: sing.cap_by_radius(-1.0, Z, A), "step must be a finite number >= 0"),
        (lambda: sing.cap_by_radius(1.0, Z, A, share=0), "share must be a finite number > 0"),
        (lambda: sing.cap_by_radius(1.0, Z, A, bound="top2"), "bound must be 'pi', 'top1', 'sigma' or 'exact'"),
        (lambda: sing.cap_by_gap(1.0, Z, A, gap=math.nan), "gap must be a finite number > 0"),
        (lambda: sing.cap(1.0, Z, A, by="descent"), "targets must be given"),
        (lambda: sing.cap(1.0, Z, A, by="clip"), "by must be one of pi, top1, sigma, exact, descent, gap"),
    ],
)  # fmt: skip
def test_bad_input(call, message):
    with pytest.raises(InputError, match=message):
        call()
