"""Certificates: verified by an evaluator of its own, and rejected once they are tampered with, seal forged or not."""

import copy
import json
import random
import re
from fractions import Fraction as F

import pytest
import sympy as sp
from flint import fmpq

from hconsist.derivations import simplified_gamma, threshold
from hconsist.domains import InputError
from hconsist.evidence import Verdict
from hconsist.rigorous import Choice, Vanishing, prove_nonnegative, recheck
from hconsist.rigorous.certificates import leaves, load, seal, sealed

t, u, v, r = sp.symbols("t u v r", nonnegative=True)
UNIT = (F(0), F(1))


def record(evidence):
    """The JSON record of a proof, read back from its text."""
    assert evidence.verdict is Verdict.PROVED, evidence.reason
    return json.loads(json.dumps(sealed(evidence.certificates[0], "paper:claim")))


def _plain():
    """Touches zero at a corner, where only monotonicity decides."""
    return prove_nonnegative(t + u - t * u / 2 - u**2 / 2, {t: UNIT, u: UNIT}, claim="plain")


def _powers():
    """Real powers and logarithms of what reaches 0."""
    slack = 2 * t ** sp.Rational(3, 2) + t ** sp.Rational(3, 2) * sp.log(t) + u**t - sp.Rational(1, 3)
    return prove_nonnegative(slack, {t: UNIT, u: (F(1, 2), F(1))}, claim="powers")


def _entropy():
    """x log x at both ends of the interval."""
    slack = sp.log(2) + t * sp.log(t) + (1 - t) * sp.log(1 - t)
    return prove_nonnegative(slack, {t: (F(0), F(49, 100))}, claim="entropy of two labels")


def _odd_edge():
    """An edge of order 1 at the upper end, where the sign of the coefficient turns."""
    return prove_nonnegative((1 - t) * (2 + t), {t: UNIT}, vanishing=Vanishing(t, 1, 1), claim="odd edge")


def _chosen():
    """2 r t - r^2 <= t^2, so t^2 - 1/4 + something is reached by a good r only."""
    slack = 2 * r * t - r**2 - t**2 + sp.Rational(1, 4)
    return prove_nonnegative(slack, {t: (F(0), F(1))}, strict=True, choose=Choice((r,), lambda x: (x,), (r,)))


def _duality():
    relation = sp.Gt(threshold.dual(threshold.m, threshold.t), 2 * threshold.two_label(threshold.t), evaluate=False)
    box = {threshold.t: (F(1, 10), F(1)), threshold.a: (F(2), F(5, 2))}
    return threshold.for_pools(relation, {5: (box,)})


PROOFS = {
    "plain": _plain,
    "powers": _powers,
    "entropy": _entropy,
    "odd edge": _odd_edge,
    "chosen": _chosen,
    "duality": _duality,
    "even edge": simplified_gamma.claim_3,
    "two variables": simplified_gamma.claim_4,
}


@pytest.fixture(scope="module")
def records():
    return {name: record(prove()) for name, prove in PROOFS.items()}


def forged(changed):
    """The record with a seal that fits it."""
    return {**changed, "seal": seal(changed)}


# --- what is right is verified ------------------------------------------------------------------------------------


@pytest.mark.parametrize("evaluator", ["balls", "mpmath"])
@pytest.mark.parametrize("name", PROOFS)
def test_certificates_are_verified(records, name, evaluator):
    found = recheck(records[name], evaluator=evaluator)
    assert found.verdict is Verdict.PROVED, found.reason
    assert found.boxes == sum(sum(letter in "DTECM" for letter in region["tree"]) for region in records[name]["tree"])
    assert found.points >= found.boxes


def test_every_method_of_the_prover_occurs(records):
    used = {letter for one in records.values() for region in one["tree"] for letter in region["tree"]}
    assert set("DTECM") <= used


def test_a_certificate_object_and_a_file_do_as_well(records, tmp_path):
    assert recheck(_plain().certificates[0]).passed
    file = tmp_path / "a proof.json"
    file.write_text(json.dumps(records["plain"]))
    assert recheck(file).passed and recheck(str(file)).passed


def test_the_text_of_a_certificate_is_the_expression(records):
    read, plain = sp.parse_expr(records["odd edge"]["expression"]), sp.Symbol("t")
    assert sp.expand(read - (1 - plain) * (2 + plain)) == 0


@pytest.mark.slow
def test_every_certificate_of_the_threshold_is_verified_by_mpmath_too():
    for certificate in threshold.evidence().certificates:
        assert recheck(certificate, evaluator="mpmath").passed


# --- 200 random tamperings ----------------------------------------------------------------------------------------


def _move_split(changed, draw):
    region = draw.choice([one for one in changed["tree"] if len(set(one["tree"])) > 1] or changed["tree"])
    letters = list(region["tree"])
    places = [k for k in range(len(letters) - 1) if letters[k] != letters[k + 1]]
    if places:
        k = draw.choice(places)
        letters[k], letters[k + 1] = letters[k + 1], letters[k]
    else:
        letters.append("D")
    region["tree"] = "".join(letters)


def _drop_leaf(changed, draw):
    region = draw.choice(changed["tree"])
    places = [k for k, letter in enumerate(region["tree"]) if letter in "DTECM"]
    k = draw.choice(places)
    region["tree"] = region["tree"][:k] + region["tree"][k + 1 :]


def _change_constant(changed, draw):
    numbers = list(re.finditer(r"\d+", changed["expression"]))
    found = draw.choice(numbers)
    text = changed["expression"]
    changed["expression"] = text[: found.start()] + str(int(found[0]) + draw.choice((1, 2))) + text[found.end() :]


def _enlarge_domain(changed, draw):
    name = draw.choice(list(changed["domain"]))
    low, high = map(F, changed["domain"][name])
    changed["domain"][name] = [str(low), str(high + F(1, draw.randrange(2, 100)))]


def _change_a_choice(changed, draw):
    region = draw.choice(changed["tree"])
    if not region["choices"]:
        return _drop_leaf(changed, draw)
    leaf = draw.randrange(len(region["choices"]))
    region["choices"][leaf] = ["-1" for _ in region["choices"][leaf]]
    return None


def _change_the_lemma(changed, draw):
    if not changed["lemma"]:
        return _enlarge_domain(changed, draw)
    edge = draw.choice(changed["lemma"]["vanishing"])
    edge["order"] += 1
    return None


TAMPERINGS = (_move_split, _drop_leaf, _change_constant, _enlarge_domain, _change_a_choice, _change_the_lemma)


def tampered(records, seed):
    """A random record, changed at random; the kind of change and the result."""
    draw = random.Random(seed)
    changed = copy.deepcopy(records[draw.choice(list(records))])
    tamper = TAMPERINGS[seed % len(TAMPERINGS)]
    tamper(changed, draw)
    return tamper, changed


def test_two_hundred_random_tamperings_are_rejected(records):
    for seed in range(200):
        _, changed = tampered(records, seed)
        found = recheck(changed)
        assert found.verdict is Verdict.REFUTED and found.witness, seed


def test_with_a_forged_seal_only_true_statements_pass(records):
    """What is broken is rejected; a changed formula passes only where it is nonnegative at every point tried."""
    accepted = 0
    for seed in range(200):
        tamper, changed = tampered(records, seed)
        found = recheck(forged(changed), max_seconds=20)
        if tamper in (_drop_leaf, _enlarge_domain, _change_a_choice):
            assert found.verdict is Verdict.REFUTED, (seed, found.reason)
        elif tamper is _change_the_lemma:
            assert not found.passed, seed
        elif found.passed:
            accepted += 1
            assert _holds_at_random_points(changed, seed), (seed, changed["expression"])
    assert accepted < 60


def _holds_at_random_points(changed, seed):
    """The statement of a record at 300 points (choices on a grid), evaluated on floats by code of the test."""
    draw = random.Random(seed)
    names = [*changed["domain"], *((changed["choice"] or {"symbols": []})["symbols"])]
    value = sp.lambdify(sp.symbols(names), sp.parse_expr(changed["expression"]), "math")
    for _ in range(300):
        point = [draw.uniform(*(float(F(end)) for end in ends)) for ends in changed["domain"].values()]
        chosen = [[]]
        if changed["choice"]:
            count = len(changed["choice"]["symbols"])
            grid = [k / 8 for k in range(64)]
            chosen = [[x] for x in grid] if count == 1 else [[x, max(1 - x, 0)] for x in grid]
        if not any(value(*point, *extra) >= -1e-9 for extra in chosen):
            return False
    return True


# --- forgeries by hand --------------------------------------------------------------------------------------------


def changed(one, **fields):
    return forged({**copy.deepcopy(one), **fields})


def test_a_false_constant_is_refuted_at_an_exact_point(records):
    one = records["two variables"]
    assert "7*b**2/5" in one["expression"]
    found = recheck(changed(one, expression=one["expression"].replace("7*b**2/5", "69*b**2/50")))
    assert found.verdict is Verdict.REFUTED and "false" in found.reason and set(found.witness) == {"defect", "b", "q"}


def test_a_larger_box_for_a_leaf_is_no_proof(records):
    """The domain and its only region enlarged together, to where the statement fails."""
    one = copy.deepcopy(records["entropy"])
    one["expression"] = one["expression"] + " - 1/10"
    assert not recheck(forged(one)).passed
    one = copy.deepcopy(records["odd edge"])
    one["domain"]["t"] = ["0", "2"]
    one["tree"][-1]["box"]["t"] = [one["tree"][-1]["box"]["t"][0], "2"]
    assert not recheck(forged(one)).passed


def test_a_missing_region_and_a_doubled_one_are_seen(records):
    one = records["even edge"]
    assert len(one["tree"]) == 2
    for tree in (one["tree"][:1], [*one["tree"], one["tree"][0]]):
        found = recheck(changed(one, tree=tree))
        assert found.verdict is Verdict.REFUTED and "tile" in found.reason


def test_a_strip_must_reach_its_edge(records):
    one = copy.deepcopy(records["even edge"])
    one["tree"][1]["edge"] = 0
    assert "strip must reach" in recheck(forged(one)).reason


def test_a_false_lemma_is_not_believed(records):
    """x^2 vanishes to order 2 only; a record that says 3 and covers the wrong coefficient is no proof."""
    one = copy.deepcopy(record(prove_nonnegative(t**2 * (1 + t), {t: UNIT}, vanishing=Vanishing(t, 0, 2))))
    one["lemma"]["vanishing"][0]["order"] = 3
    found = recheck(forged(one))
    assert found.verdict is Verdict.INCONCLUSIVE and "not seen to be 0" in found.reason
    one = copy.deepcopy(records["even edge"])
    one["lemma"]["vanishing"][0]["status"] = "undecided"
    assert not recheck(forged(one)).passed


def test_a_choice_must_satisfy_its_constraints(records):
    one = copy.deepcopy(records["duality"])
    one["tree"][0]["choices"][0] = ["5", "-1"]
    found = recheck(forged(one))
    assert found.verdict is Verdict.REFUTED and "constraint" in found.reason
    one["tree"][0]["choices"][0] = ["0", "1"]  # admissible, but of no use
    assert not recheck(forged(one)).passed
    one = copy.deepcopy(records["duality"])
    one["tree"][0]["choices"].append(["1", "0"])
    assert "one choice for each leaf" in recheck(forged(one)).reason


@pytest.mark.parametrize("field", ["domain", "tree", "lemma", "precision", "expression", "strict", "choice"])
@pytest.mark.parametrize("junk", [17, "x", [], {}, [None], {"t": 1}, {"t": ["0", "x"]}, -1.5])
def test_junk_in_a_field_is_rejected_not_raised(records, field, junk):
    one = records["two variables"]
    if (field, junk) in (("choice", []), ("choice", {}), ("lemma", []), ("lemma", {})):
        junk = "x"  # these would mean: none
    junk = 3 if (field, junk) == ("precision", 17) else junk
    assert not recheck(changed(one, **{field: junk})).passed


def test_hostile_text_is_read_as_mathematics_or_not_at_all(records):
    for text in ("__import__('os').getcwd()", "t.real", "t if t else u", "[t]", "t @ u", "(lambda: t)()", "9" * 10**5,
                 "log" + "(" * 300 + "t" + ")" * 300, "t**99999999", "0*t + 1j"):  # fmt: skip
        assert not recheck(changed(records["plain"], expression=text)).passed


def test_files_that_are_no_certificates(tmp_path):
    for text in ("", "[1]", "{}", '{"format": "another"}', '{"format": NaN}', "\x00"):
        file = tmp_path / "file.json"
        file.write_text(text)
        with pytest.raises(InputError, match="certificate must be"):
            load(file)
    with pytest.raises(InputError, match="can be read"):
        recheck(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="evaluator must be one of balls, mpmath"):
        recheck(tmp_path / "file.json", evaluator="floats")


def test_trees_are_exact():
    box = ((fmpq(0), fmpq(1)), (fmpq(0), fmpq(1)))
    found = list(leaves("0D1DD", box))
    assert [method for method, _ in found] == ["D", "D", "D"]
    areas = [(a[1] - a[0]) * (b[1] - b[0]) for _, (a, b) in found]
    assert areas == [fmpq(1, 2), fmpq(1, 4), fmpq(1, 4)]
    for tree in ("", "0D", "0DDD", "D?", "2DD", "xDD", "0D1D"):
        with pytest.raises(InputError, match="tree must be"):
            list(leaves(tree, box))
