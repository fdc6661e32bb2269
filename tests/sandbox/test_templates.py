"""Every shipped template works in the sandbox: its example is accepted, answered and priced."""

import json

import pytest

from vidi.inference.models.loading import load_template
from vidi.inference.models.registry import shipped_templates
from vidi.sandbox.answers.answers import build_answer, file_leaves, read_notation
from vidi.sandbox.billing import price_work
from vidi.sandbox.fal.openapi import describe_endpoint
from vidi.sandbox.media.order import CONTENT_TYPES
from vidi.sandbox.orders.checks import find_violations, with_defaults
from vidi.sandbox.replicate.openapi import describe_model
from vidi.sandbox.work import Work

FILES = sorted(
    path
    for folder in ("replicate", "fal")
    for path in (shipped_templates() / folder).glob("*.json")
)
PARTS = 16
"""A test for each of nearly two thousand templates takes longer to collect than to run."""


def _as_sent(value):
    """The example's local files as the data URIs that they are sent as."""
    if isinstance(value, list):
        return [_as_sent(each) for each in value]
    is_file = isinstance(value, str) and value.startswith("./")
    return "data:application/octet-stream;base64,AAAA" if is_file else value


@pytest.mark.parametrize("part", range(PARTS))
def test_every_example(part):
    for path in FILES[part::PARTS]:
        try:
            check_example(path)
        except AssertionError as failure:
            failure.add_note(f"in {path}")
            raise


def check_example(path):
    model = load_template(path)
    params = {name: _as_sent(value) for name, value in model.example.items()}
    assert find_violations(model, params) == ()
    effective = with_defaults(model, params)
    tree = build_answer(model, effective)
    slots = read_notation(model.output)
    orders = [leaf.order for leaf in file_leaves(tree)]
    assert len(orders) >= sum(slot.leaf in {"file", "url"} for slot in slots)
    assert all(order.format in CONTENT_TYPES and order.duration_s > 0 for order in orders)
    charge = price_work(Work("id", model, params, effective, 0.0, 1.0, tree=tree))
    assert charge.status == "succeeded"
    assert charge.usd is None or charge.usd >= 0
    described = describe_model(model) if model.provider == "replicate" else describe_endpoint(model)
    assert "Decimal" not in json.dumps(described)
