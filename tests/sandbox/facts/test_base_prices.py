"""What fal bills, in units of the base price: as its recorded receipts have it."""

from decimal import Decimal

import pytest

from vidi.inference.models.prices.money import up_to_micro
from vidi.inference.models.registry import ModelRegistry
from vidi.sandbox.facts.base_prices import BasePrice, find_base_price

REGISTRY = ModelRegistry()
IMAGE = "data:image/png;base64,AAAA"
RECEIPTS = [
    ("fal-ai/veo3.1", {"duration": "4s", "resolution": "720p", "generate_audio": False},
     "2.0", "0.8"),
    ("fal-ai/kling-video/v3/standard/text-to-video", {"duration": "5", "generate_audio": False},
     "3.0", "0.42"),
    ("fal-ai/kling-video/v3/pro/text-to-video", {"duration": "5", "generate_audio": False},
     "4.0", "0.56"),
    ("fal-ai/sora-2/text-to-video", {"duration": 4}, "4.0", "0.4"),
    ("fal-ai/nano-banana", {"num_images": 1}, "1.0", "0.0398"),
    ("fal-ai/nano-banana-pro", {"num_images": 1, "resolution": "1K"}, "1.0", "0.15"),
    ("fal-ai/flux/dev", {"num_images": 2, "image_size": "square"}, "2.0", "0.05"),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "params", "units", "usd"), RECEIPTS)
async def test_a_receipt(call, endpoint, params, units, usd):
    caller = call(registry=REGISTRY)
    answer = await caller.result(endpoint, **params)
    (charge,) = caller.sandbox.billing.charges
    assert answer.headers["x-fal-billable-units"] == units, charge
    assert charge.usd == Decimal(usd)


def test_units_as_they_are_told_times_the_base_price_are_the_bill():
    known = [base for model in REGISTRY.list_models(provider="fal")
             if (base := find_base_price(model)) and not base.placeholder]  # fmt: skip
    assert len(known) >= 380
    for base in known:
        for usd in (Decimal("0.000001"), Decimal("0.37"), Decimal(12)):
            units = base.count(usd, Decimal(3), Decimal(2))
            told = Decimal(str(float(units)))
            assert base.bill(units, usd) == up_to_micro(told * base.usd), (base, usd)


@pytest.mark.parametrize(
    ("base", "usd", "units"),
    [
        (BasePrice("minutes", Decimal("0.008")), "0.00076", "1"),
        (BasePrice("minutes", Decimal("0.8")), "0.81", "2"),
        (BasePrice("units", Decimal(1)), "0.02", "0.02"),
        (BasePrice("compute seconds", Decimal("0.001")), "0.375", "8"),
        (BasePrice("compute seconds", Decimal("0.001"), placeholder=True), "0.075", "1"),
        (BasePrice("images", Decimal("0.0398"), counted=True), "0.117", "3"),
    ],
)
def test_units(base, usd, units):
    assert base.count(Decimal(usd), Decimal(3), Decimal(8)) == Decimal(units)


async def test_the_pricing_api_tells_placeholders_too(call):
    caller = call(registry=REGISTRY)
    query = {"endpoint_id": ["fal-ai/veo3.1", "fal-ai/flux-kontext/dev"]}
    answer = await caller.fal("GET", "/v1/models/pricing", host="api.fal.ai", params=query)
    prices = [(each["unit_price"], each["unit"]) for each in answer.json()["prices"]]
    assert prices == [(0.4, "seconds"), (0.00125, "compute seconds")]
