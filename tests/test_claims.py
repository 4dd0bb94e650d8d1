"""The three axes of a claim, the verdict rules, and the exit codes of the contract."""

import csv
import io
import json
import math
import types
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from hconsist.claims import Claim, Paper, Twin, as_expected, collect, run
from hconsist.evidence import Certificate, Evidence, Expectation, Level, Source, Verdict
from hconsist.results import jsonable, to_json

PROVED = Evidence(Verdict.PROVED, Level.SYMBOLIC, points=1)
SUPPORTED = Evidence(Verdict.SUPPORTED, Level.SAMPLED, points=10, slack=0.25)
REFUTED = Evidence(Verdict.REFUTED, Level.ENCLOSED, boxes=1, witness={"t": "1/2"}, slack=-0.5)
INCONCLUSIVE = Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, boxes=9, reason="box limit")
VACUOUS = Evidence(Verdict.VACUOUS, Level.SAMPLED)
CITED = Evidence(Verdict.NOT_CHECKED, Level.CITED)
SKIPPED = Evidence(Verdict.SKIPPED, Level.CITED, reason="data absent")

PAPER = Paper("nobody2000_nothing", "Nothing", "Nobody", 2000, "https://example.org", "nothing")


def claim(evidence, expectation=Expectation.HOLDS, twin=None, slug="it", **more):
    return Claim(slug, "recalled", "a statement", Source.DERIVED, lambda: evidence, expectation, twin, **more)


def report(*claims, **options):
    return run([types.SimpleNamespace(PAPER=PAPER, CLAIMS=claims)], **options)


def test_only_proofs_may_say_proved():
    for level in Level:
        if level.may_prove:
            assert Evidence(Verdict.PROVED, level, points=1).passed
        else:
            with pytest.raises(ValueError, match="cannot say 'proved'"):
                Evidence(Verdict.PROVED, level, points=1)


def test_a_check_on_nothing_is_vacuous_and_a_refutation_needs_a_witness():
    assert Evidence(Verdict.PROVED, Level.SYMBOLIC).verdict is Verdict.VACUOUS
    with pytest.raises(ValueError, match="witness"):
        Evidence(Verdict.REFUTED, Level.ENCLOSED, boxes=1)


@pytest.mark.parametrize(
    "evidence, holds, fails",
    [
        (PROVED, True, False),
        (SUPPORTED, True, False),
        (REFUTED, False, True),
        (INCONCLUSIVE, False, False),
        (VACUOUS, False, False),
        (CITED, True, False),
        (SKIPPED, True, True),
    ],
    ids=lambda v: str(getattr(v, "verdict", v)),
)
def test_what_meets_an_expectation(evidence, holds, fails):
    assert as_expected(Expectation.HOLDS, evidence) is holds
    assert as_expected(Expectation.FAILS, evidence) is fails
    assert as_expected(Expectation.OPEN, evidence) is (evidence is not VACUOUS)


def test_a_minimum_level_is_enforced():
    assert not as_expected(Expectation.HOLDS, SUPPORTED, Level.ENCLOSED)
    assert not as_expected(Expectation.HOLDS, CITED, Level.SAMPLED)
    assert as_expected(Expectation.HOLDS, PROVED, Level.ENCLOSED)


@pytest.mark.parametrize(
    "evidence, code", [(PROVED, 0), (SUPPORTED, 0), (REFUTED, 1), (VACUOUS, 1), (INCONCLUSIVE, 3), (SKIPPED, 0)]
)
def test_exit_codes(evidence, code):
    assert report(claim(evidence)).exit_code == code


def test_a_refutation_outranks_an_inconclusive():
    assert report(claim(INCONCLUSIVE), claim(REFUTED, slug="other")).exit_code == 1


def test_a_twin_must_be_refuted_unless_a_reason_is_listed():
    good = claim(PROVED, twin=Twin("spoiled", lambda: REFUTED))
    lazy = claim(PROVED, twin=Twin("spoiled", lambda: INCONCLUSIVE))
    listed = claim(PROVED, twin=Twin("spoiled", lambda: INCONCLUSIVE, may_be_inconclusive="needs 1e9 boxes"))
    fooled = claim(PROVED, twin=Twin("spoiled", lambda: PROVED, may_be_inconclusive="needs 1e9 boxes"))
    assert report(good).exit_code == 0
    assert report(lazy).exit_code == 3
    assert report(listed).exit_code == 0
    assert report(fooled).exit_code == 1


def test_report_forms_agree_with_each_other_and_with_the_contract():
    result = report(claim(SUPPORTED, twin=Twin("spoiled", lambda: REFUTED)))
    data = json.loads(result.to_json(), parse_constant=pytest.fail)
    row = data["claims"][0]
    for key in ("id", "paper", "locator", "statement", "source", "expectation", "verdict", "level", "as_expected"):
        assert isinstance(row[key], (str, bool))
    assert (row["points"], row["boxes"], row["slack"], row["witness"]) == (10, 0, 0.25, None)
    assert data["claims"][1]["witness"] == {"t": "1/2"}
    assert data["summary"] == {
        "claims": 2,
        "as_expected": 2,
        "unexpected": 0,
        "by_verdict": {"supported": 1, "refuted": 1},
        "by_level": {"sampled": 1, "enclosed": 1},
    }
    assert [r["id"] for r in csv.DictReader(io.StringIO(result.to_csv()))] == [r["id"] for r in data["claims"]]
    assert "2 of 2 claims as expected" in str(result)
    assert result.to_latex().count(r"\\") == 3


def test_collect_rejects_doubled_slugs_and_missing_corrections():
    with pytest.raises(ValueError, match="unique"):
        collect(types.SimpleNamespace(PAPER=PAPER, CLAIMS=(claim(PROVED), claim(PROVED))))
    with pytest.raises(ValueError, match="corrected"):
        collect(types.SimpleNamespace(PAPER=PAPER, CLAIMS=(claim(REFUTED, corrected_by="gone"),)))


def test_json_is_strict():
    value = {
        "a": math.inf,
        "b": -math.inf,
        "c": math.nan,
        "d": np.float64(0.1),
        "e": Fraction(1, 3),
        "f": Level.ENCLOSED,
    }
    assert json.loads(to_json(value), parse_constant=pytest.fail) == {
        "a": "inf",
        "b": "-inf",
        "c": None,
        "d": 0.1,
        "e": "1/3",
        "f": "enclosed",
    }
    with pytest.raises(TypeError):
        jsonable(object())


def test_joint_evidence_is_as_weak_as_its_weakest_part():
    proof = Certificate("x >= 0", {"x": ("0", "1")}, [])
    strong = Evidence(Verdict.PROVED, Level.SYMBOLIC, points=3, assumptions=("a",))
    tight = Evidence(Verdict.PROVED, Level.ENCLOSED, boxes=5, slack=0.1, assumptions=("a", "b"), certificates=(proof,))
    loose = replace(tight, slack=0.5)
    found = Evidence.joint([strong, loose, tight])
    assert (found.level, found.slack, found.points, found.boxes) == (Level.ENCLOSED, 0.1, 3, 10)
    assert found.assumptions == ("a", "b") and found.certificates == (proof, proof)
    refuted = Evidence(Verdict.REFUTED, Level.ENCLOSED, boxes=1, witness={"x": "1"})
    assert Evidence.joint([strong, refuted, tight]) is refuted
    assert Evidence.joint([]).verdict is Verdict.VACUOUS
