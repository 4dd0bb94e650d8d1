"""The engine never exceeds brute force: a committed table of independent minima, live searches, and all laws at once.

The table (tests/reference/least_regrets.csv) comes from optimisers over scores inside optimisers over laws, see
tests/least_regrets.py; it shares no theory and no code with the engine.  Its minima over scores end some 1e-7 early,
which the search over laws exploits: hence 1e-6.  A linear program is feasible to 1e-7 in each of a dozen rows: 2e-6.
"""

import csv
from pathlib import Path

import least_regrets as brute
import numpy as np
import pytest

from hconsist import losses
from hconsist.engine import optimize
from hconsist.engine.pooled import PooledSearch

TABLE = Path(__file__).parent / "reference" / "least_regrets.csv"
HINGES = {"sum-hinge": "sum", "constrained-hinge": "constrained", "max-hinge": "max", "ova-hinge": "ova"}


def rows():
    """(loss, n) -> arrays of t and least regrets."""
    found = {}
    with TABLE.open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault((row["loss"], int(row["n"])), []).append((float(row["t"]), float(row["regret"])))
    return {key: np.array(pairs).T for key, pairs in found.items()}


ROWS = rows()


def test_the_table_is_large_enough():
    """At least 60 cases, n = 5 and 10 among them."""
    sizes = [n for (_, n), (t, _) in ROWS.items() for _ in t]
    assert len(sizes) >= 60 and sizes.count(5) >= 20 and sizes.count(10) >= 10


@pytest.mark.parametrize("name, n", ROWS, ids=[f"{name} {n}" for name, n in ROWS])
def test_no_value_exceeds_the_brute_force_minimum(name, n):
    t, least = ROWS[name, n]
    found = optimize(name, n, t)
    assert np.all(found.value <= least + (2e-6 if name in HINGES else 1e-6)), (found.value - least).tolist()


@pytest.mark.parametrize("name, n", ROWS, ids=[f"{name} {n}" for name, n in ROWS])
def test_the_brute_force_minimum_is_met(name, n):
    """With up to five labels the search over laws is thorough: both sides agree, so no regret is understated."""
    t, least = ROWS[name, n]
    if n <= 5:
        # where brute force stops early it lies above; where the engine's entropies erred it would lie below
        assert np.all(optimize(name, n, t).value >= least - 2e-5)


def test_a_table_made_smaller_is_refused():
    """The negative control: minima 1e-5 lower, as a search that was too coarse would look against them."""
    t, least = ROWS["logistic", 3]
    assert np.any(optimize("logistic", 3, t).value > least - 1e-5 + 1e-9)


LIVE = [("logistic", brute.power(1), 3, 0.5), ("gce:q=0.8", brute.power(1.8), 3, 0.7),
        ("constrained-exponential", brute.constrained(brute.EXPONENTIAL), 4, 0.45),
        ("sum-squared-hinge", brute.summed(brute.SQUARED_HINGE), 3, 0.25), ("squentropy", brute.squentropy, 3, 0.8),
        ("entmax:alpha=3.0", brute.entmax(3.0), 4, 0.3)]  # fmt: skip


@pytest.mark.parametrize("name, costs, n, t", LIVE, ids=[f"{name} {n}" for name, _, n, _ in LIVE])
def test_live_brute_force(name, costs, n, t):
    least, law = brute.least_regret(costs, n, t, starts=6, seed=1)
    assert law[0] - law[1] == pytest.approx(t, abs=1e-9)
    value = optimize(name, n, [t]).value[0]
    assert least - 1e-6 < value < least + 1e-9


SLOW = [("focal:gamma=2.0", brute.focal(2), 6, 0.35), ("gce:q=0.9", brute.power(1.9), 5, 0.3),
        ("poly-1:eps=4.0", brute.comp_sum(lambda s: -np.log(s) + 4 * (1 - s), lambda s: -1 / s - 4), 6, 0.2),
        ("constrained-squared-hinge", brute.constrained(brute.SQUARED_HINGE), 7, 0.45),
        ("squentropy", brute.squentropy, 10, 0.3), ("ova-exponential", brute.one_versus_all(brute.EXPONENTIAL), 6, 0.5),
        ("sum-logistic", brute.summed(brute.LOGISTIC), 10, 0.2),
        ("entmax:alpha=3.0", brute.entmax(3.0), 8, 0.6)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name, costs, n, t", SLOW, ids=[f"{name} {n}" for name, _, n, _ in SLOW])
def test_brute_force_with_more_labels(name, costs, n, t):
    least, _ = brute.least_regret(costs, n, t, starts=20, seed=2)
    assert optimize(name, n, [t]).value[0] < least + 1e-9


# --- all laws at once: the two values outside the pool are a restriction of the engine, not of this search ------------


def pooled(p):
    """The law in which label 2 and whatever exceeds the running mean are replaced by their mean; rows of p."""
    others = np.sort(np.delete(p, 1, axis=1), axis=1)[:, ::-1]
    total, count = p[:, 1].copy(), np.ones(p.shape[0])
    inside = np.zeros(others.shape, dtype=bool)
    for k in range(others.shape[1]):
        inside[:, k] = (others[:, k] * count > total) & (inside[:, k - 1] if k else True)
        total, count = total + others[:, k] * inside[:, k], count + inside[:, k]
    mean = (total / count)[:, None]
    return np.hstack([mean, np.where(inside, mean, others)])


def climb(loss, n, t, size, steps, seed):
    """The least pooled regret of random laws that improve by random steps, most of them along few coordinates."""
    rng = np.random.default_rng(seed)

    def laws(w):
        q = np.hstack([w[:, :1], w])
        p = (1 - t) * q / q.sum(axis=1, keepdims=True)
        p[:, 0] += t
        return p

    def regret(w):
        p = laws(w)
        allowed = p[:, 0] >= p.max(axis=1) - 1e-15
        return np.where(allowed, loss.entropy(pooled(p)) - loss.entropy(p), np.inf)

    w = rng.dirichlet(np.full(n - 1, 0.5), size=10 * size) * (rng.random((10 * size, n - 1)) < 0.8) + 1e-300
    w = w[np.isfinite(regret(w))]
    value = regret(w)
    w, value = (x[np.argsort(value)[:size]] for x in (w, value))
    width = np.full(value.size, 0.2)
    for step in range(steps):
        move = rng.normal(size=w.shape) * width[:, None] * (rng.random(w.shape) < (1, 2 / n)[step % 2])
        new = np.abs(w + move * np.where(rng.random(w.shape) < 0.5, 1, w))
        if step % 5 == 0:
            new[:, 1:] *= rng.random(new[:, 1:].shape) > 0.3 / n
        new /= new.sum(axis=1, keepdims=True)
        found = regret(new)
        better = found < value
        w[better], value[better] = new[better], found[better]
        width = np.clip(np.where(better, 1.5 * width, 0.93 * width), 1e-8, 0.5)
        if step % 200 == 199:
            w, value, width = (x[np.argsort(value)[: max(value.size // 2, 60)]] for x in (w, value, width))
            width = np.maximum(width, 1e-3)
    return float(np.min(value))


FAMILIES = ["gce:q=0.85", "mae", "focal:gamma=3", "poly-1:eps=6", "taylor:order=3", 'comp-sum:psi="1/s + 5*(1 - s)**3"',
            "entmax:alpha=3", "squentropy", "sum-squared-hinge", "sum-hinge", "max-hinge", "ova-exponential",
            "constrained-exponential", "constrained-squared-hinge", "constrained-hinge"]  # fmt: skip


def compared(name, n, t, size, steps):
    loss = losses.get(name)
    value = PooledSearch(loss, n).solve(np.array([t])).regret[0]
    assert value <= climb(loss, n, t, size, steps, seed=n) + 3e-9


@pytest.mark.parametrize(
    "name", ["gce:q=0.85", "constrained-exponential", "sum-hinge", "poly-1:eps=6", "entmax:alpha=3"]
)
def test_a_search_over_all_laws_finds_none_below(name):
    compared(name, 5, 0.3, 300, 500)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("n", [4, 6, 9])
def test_longer_searches_over_all_laws_find_none_below(name, n):
    for t in (0.03, 0.15, 0.4, 0.75):
        compared(name, n, t, 1500, 1500)
