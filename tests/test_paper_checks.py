"""Every paper check: claims as expected, twins refuted with a witness, and checkers that cannot be fooled."""

import dataclasses
import json

import pytest

import hconsist as hc
from hconsist import catalog
from hconsist.claims import collect
from hconsist.domains import InputError
from hconsist.evidence import Evidence, Expectation, Level, Verdict

PAPERS = [name for name, _ in catalog.PAPERS]

NOT_PROVED = {
    "mao2023_cross_entropy:sampled-regrets": Level.SAMPLED,
    "mao2023_cross_entropy:sampled-labels": Level.SIMULATED,
    "mao2023_cross_entropy:robust-error": Level.SIMULATED,
    "mao2023_characterization:earlier-bound-is-excess": Level.CITED,
    "sao2026_ghosts:temperature-spread": Level.CITED,
    "sao2026_ghosts:architectures": Level.CITED,
    "sao2026_ghosts:table-1": Level.CITED,
    "sao2026_ghosts:table-3": Level.CITED,
    "sao2026_ghosts:table-2": Level.CITED,
    "sao2026_ghosts:spikes": Level.CITED,
    "sao2026_ghosts:hessian-overestimates": Level.CITED,
    "sao2026_ghosts:overhead": Level.CITED,
    "besiroglu2024_replication:absolute-figures": Level.SAMPLED,
    "besiroglu2024_replication:huber-figure": Level.SAMPLED,
    "besiroglu2024_replication:both-optima": Level.SAMPLED,
    "besiroglu2024_replication:bootstrap-intervals": Level.SIMULATED,
    "besiroglu2024_replication:five-points": Level.SAMPLED,
    "besiroglu2024_replication:premature-stop": Level.SAMPLED,
    "besiroglu2024_replication:sum-is-no-cure": Level.SAMPLED,
    "tissue2024_annealing:lambda": Level.SAMPLED,
    "tissue2024_annealing:lambda-25m": Level.SAMPLED,
    "tissue2024_annealing:fit-25m": Level.SAMPLED,
    "tissue2024_annealing:fit-100m": Level.SAMPLED,
    "tissue2024_annealing:other-schedules-25m": Level.SAMPLED,
    "tissue2024_annealing:other-schedules-100m": Level.SAMPLED,
    "tissue2024_annealing:warm-up": Level.SAMPLED,
    "henighan2020_autoregressive:universal-exponent": Level.CITED,
    "henighan2020_autoregressive:near-perfect-8x8": Level.CITED,
    "ghorbani2021_nmt:law": Level.CITED,
    "kim2025_infinite_compute:asymptote-317": Level.CITED,
    "kim2025_infinite_compute:weight-decay": Level.CITED,
    "vilares2017_learning_curves:least-squares-trace": Level.SAMPLED,
}
"""Claims that hold without a proof, by id: whatever else is expected to hold must be proved."""


@pytest.fixture(scope="module", params=PAPERS)
def report(request):
    return hc.check(request.param)


def test_every_claim_is_as_expected(report):
    assert [o.id for o in report.unexpected] == []
    assert report.exit_code == 0


def test_claims_that_hold_are_proved_except_where_listed(report):
    merely = {
        o.id: o.evidence.level
        for o in report.outcomes
        if o.expectation is Expectation.HOLDS and o.evidence.verdict not in (Verdict.PROVED, Verdict.SKIPPED)
    }
    decided = {o.id for o in report.outcomes if o.evidence.verdict is not Verdict.SKIPPED}
    assert merely == {
        id_: level
        for id_, level in NOT_PROVED.items()
        if id_.startswith(f"{report.outcomes[0].paper}:") and id_ in decided
    }


def test_every_claim_has_a_twin_and_every_twin_a_witness(report):
    twins = [o for o in report.outcomes if o.is_twin]
    assert 2 * len(twins) == len(report.outcomes)
    verdicts = {o.id: o.evidence.verdict for o in report.outcomes}
    for twin in twins:
        if twin.evidence.verdict is Verdict.SKIPPED:
            assert verdicts[twin.id.removesuffix("--twin")] is Verdict.SKIPPED and twin.evidence.reason
            continue
        assert twin.evidence.verdict is Verdict.REFUTED, twin.id
        assert twin.evidence.witness


def test_the_report_is_strict_json(report):
    data = json.loads(report.to_json(), parse_constant=pytest.fail)
    assert data["summary"]["unexpected"] == 0


@pytest.mark.parametrize("paper", PAPERS)
def test_an_always_inconclusive_prover_fails(paper, monkeypatch):
    """Every decision replaced by a shrug: nothing may pass, and no twin may count as refuted."""
    module = catalog.paper_check(paper)
    shrug = Evidence(Verdict.INCONCLUSIVE, Level.ENCLOSED, boxes=1, reason="not today")
    lazy = tuple(
        dataclasses.replace(c, decide=lambda: shrug, twin=dataclasses.replace(c.twin, decide=lambda: shrug))
        for c in collect(module)[1]
    )
    monkeypatch.setattr(module, "CLAIMS", lazy)
    report = hc.check(paper)
    decided = [o for o in report.outcomes if o.expectation is not Expectation.OPEN]
    assert len(report.unexpected) == len(decided) > 0
    assert report.exit_code == 3


@pytest.mark.parametrize("paper", PAPERS)
def test_an_always_agreeing_prover_fails(paper, monkeypatch):
    """Every decision replaced by a yes: the false twins give it away."""
    module = catalog.paper_check(paper)
    yes = Evidence(Verdict.PROVED, Level.SYMBOLIC, points=1)
    fooled = tuple(
        dataclasses.replace(c, twin=dataclasses.replace(c.twin, decide=lambda: yes)) for c in module.CLAIMS[:3]
    )
    monkeypatch.setattr(module, "CLAIMS", fooled)
    assert hc.check(paper).exit_code == 1


def test_a_level_can_be_asked_for():
    assert hc.check(PAPERS[0], select=[f"{PAPERS[0]}:sampled-regrets"], level="enclosed").exit_code == 1
    assert hc.check(PAPERS[0], select=[f"{PAPERS[0]}:tau_to_one"], level="enclosed").exit_code == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"paper": "mao2023_cross"}, "paper must be one of .*did you mean mao2023_cross_entropy"),
        ({"paper": PAPERS[0], "select": ["tau-to-one"]}, "claim must be the id of a claim"),
        ({"paper": PAPERS[0], "level": "certain"}, "level must be one of"),
    ],
)
def test_unknown_names(arguments, message):
    with pytest.raises(InputError, match=message):
        hc.check(**arguments)
