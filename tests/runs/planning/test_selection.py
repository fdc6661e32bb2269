from types import SimpleNamespace

import pytest

from vidi.errors import UsageError
from vidi.inference.tracking.journal.events import InferenceState
from vidi.runs.planning.selection import matches_any, parse_selectors

SPEC = SimpleNamespace(id="card-lima", model="fal/fal-ai/flux/dev", tags=("cards", "città"))
FAILED = InferenceState(id="card-lima", status="failed")


@pytest.mark.parametrize(
    ("text", "state", "meant"),
    [
        ("card-lima", None, True),
        ("card-*", None, True),
        ("card", None, False),
        ("Card-*", None, False),
        ("tag:cards", None, True),
        ("tag:c*", None, True),
        ("tag:card", None, False),
        ("tag:città", None, True),
        ("model:fal/*", None, True),
        ("model:replicate/*", None, False),
        ("status:failed", FAILED, True),
        ("status:failed", None, False),
        ("status:new", None, True),
        ("other,card-*", None, True),
        ("a:b", None, False),
    ],
)
def test_every_kind_of_selector(text, state, meant):
    assert matches_any(parse_selectors([text]), SPEC, state) is meant


@pytest.mark.parametrize("text", ["", "tag:", "a,,b", " "])
def test_a_selector_that_means_nothing_is_a_mistake(text):
    with pytest.raises(UsageError, match="selects nothing"):
        parse_selectors([text])
