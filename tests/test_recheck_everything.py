"""Every certificate that the package's own claims rest on, re-checked: the exhaustive proof of its proofs."""

import time

import pytest

from hconsist import catalog
from hconsist.rigorous import recheck

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("paper", [name for name, _ in catalog.PAPERS])
def test_every_certificate_of_a_paper_check_is_verified(paper):
    """And in less than three times the time that proving took."""
    certificates = [c for outcome in catalog.check(paper).outcomes for c in outcome.evidence.certificates]
    start = time.perf_counter()
    for certificate in certificates:
        found = recheck(certificate)
        assert found.passed, (certificate.claim, found.reason)
    assert time.perf_counter() - start < 3 * sum(c.seconds for c in certificates) + 1
    if paper == "mao2023_cross_entropy":
        assert len(certificates) > 30
