"""Every recorded bill of fal lies inside what vidi estimates for the same input."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from support.media import make_example_files
from vidi.inference.models.params.schema import check_params
from vidi.inference.models.prices.money import to_micro
from vidi.inference.models.prices.pricing import estimate
from vidi.inference.models.registry import ModelRegistry

RECEIPTS = Path(__file__).with_name("fal_receipts.txt")
NO_BASE = {"fal/fal-ai/hunyuan-image/v3/instruct/edit"}
"""Billed by a unit whose price was not read."""


def receipts():
    for line in RECEIPTS.read_text("utf-8").splitlines():
        if not line.startswith("#"):
            day, endpoint, units, params = line.split(" ", 3)
            yield pytest.param(endpoint, Decimal(units), json.loads(params), id=f"{day} {endpoint}")


@pytest.mark.parametrize(("endpoint", "units", "params"), list(receipts()))
def test_the_bill_lies_inside_the_estimate(endpoint, units, params, tmp_path):
    make_example_files(tmp_path)
    model = ModelRegistry().get_template(f"fal/{endpoint}")
    required = {name: model.example[name] for name in model.required_params}

    checked = check_params(model, required | params, base=tmp_path)

    assert checked.errors == ()
    price = estimate(model, checked)
    if model.id in NO_BASE:
        assert model.billing is None
        assert price.high is not None
    else:
        assert price.low <= to_micro(units * model.billing.unit_usd) <= price.high
