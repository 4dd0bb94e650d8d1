"""Hypothesis sets: names, and a refusal that says what is missing."""

import pytest

from hconsist import hypotheses
from hconsist.domains import InputError, UnsupportedError


def test_supported_sets():
    assert hypotheses.get("complete").complete and not hypotheses.get("complete").zero_gaps
    assert hypotheses.get("all").zero_gaps
    assert hypotheses.get(hypotheses.get("all")) == hypotheses.get("ALL")
    assert [name for name, _, _ in hypotheses.NAMES] == ["complete", "all"]


@pytest.mark.parametrize("text", ["bounded:lam=1", "linear:W=1,B=0.5", "relu:L=1"])
def test_incomplete_sets_name_what_is_missing_and_what_is_nearest(text):
    with pytest.raises(UnsupportedError, match=r"all of R.*nearest supported result is complete"):
        hypotheses.get(text)


@pytest.mark.parametrize("bad", ["complet", "complete:lam=1", "", 2, None])
def test_unknown_sets(bad):
    with pytest.raises(InputError) as caught:
        hypotheses.get(bad)
    assert caught.value.argument == "hypotheses" and not isinstance(caught.value, UnsupportedError)
