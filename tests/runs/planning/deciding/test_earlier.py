"""What was bought before an entry changed, as a request that can still be settled."""

from decimal import Decimal

import pytest

from vidi.inference.models.registry import ModelRegistry
from vidi.inference.tracking.journal.events import InferenceState
from vidi.runs.planning.deciding.earlier import name_replaced, rebuild_request

FILE = {"file": "in.png", "bytes": 3, "sha256": "0" * 64}
STATE = InferenceState(
    "tree",
    model="replicate/black-forest-labs/flux-kontext-pro",
    status="submitted",
    fingerprint="0123456789abcdef",
    params={"prompt": "x", "input_image": FILE, "more": [FILE, {"deep": FILE}]},
    inputs={"in.png": "0" * 64},
    reserved=Decimal("0.04"),
)


def test_files_have_their_names_again_and_defaults_their_values():
    model = ModelRegistry().get_template(STATE.model)
    request = rebuild_request(STATE, model, "tree.png")
    assert request.checked.params == {
        "prompt": "x",
        "input_image": "in.png",
        "more": ["in.png", {"deep": "in.png"}],
    }
    assert request.checked.effective["output_format"] == "png"
    assert (request.reserve, request.fingerprint) == (Decimal("0.04"), STATE.fingerprint)
    assert (request.output, request.attempts, request.inputs) == ("tree.png", 1, STATE.inputs)


@pytest.mark.parametrize(
    ("output", "kept"),
    [
        ("tree.png", ".vidi/replaced/tree-01234567.png"),
        ("a/b/tree.png", ".vidi/replaced/a/b/tree-01234567.png"),
        ("tree", ".vidi/replaced/tree-01234567"),
        ("tree-{index}.png", ".vidi/replaced/tree-{index}-01234567.png"),
    ],
)
def test_a_replaced_asset_has_a_name_of_its_own(output, kept):
    assert name_replaced(output, STATE) == kept
