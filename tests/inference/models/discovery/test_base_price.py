"""fal's base price as a price row, where it can be one."""

from decimal import Decimal

import pytest

from support.models.provider_documents import (
    FILE,
    IMAGES,
    PROMPT,
    TODAY,
    URI,
    cog,
    found_at_fal,
    passes,
    queue,
)
from vidi.inference.models.discovery.base_price import TIERS, price_row_of
from vidi.inference.models.discovery.billed_units import UNITS
from vidi.inference.models.discovery.cog import read_replicate
from vidi.inference.models.discovery.queue_api import read_fal
from vidi.inference.models.discovery.template import (
    make_template,
)

LINES = {
    "images": ({"num_images": {"type": "integer"}}, IMAGES, {"param": "num_images", "else": 1}),
    "videos": ({}, {"video": FILE}, 1),
    "audios": ({}, {"audio": FILE}, 1),
    "requests": ({}, IMAGES, 1),
    "generations": (
        {"num_images": {"type": "integer"}}, IMAGES,
        {"range": [1, {"param": "num_images", "else": 1}],
         "why": "fal does not say whether each output counts as one"},
    ),
    "megapixels": (
        {"image_size": {"type": "string"}}, IMAGES,
        {"output_megapixels": "image_size", "each": "up"},
    ),
    "seconds": ({"duration": {"type": "integer"}}, {"video": FILE}, {"seconds": "duration"}),
    "input seconds": ({"audio_url": URI}, {"text": {"type": "string"}}, {"length": "audio_url"}),
    "minutes": ({"duration": {"type": "integer"}}, {"audio": FILE}, {"seconds": "duration"}),
    "5 seconds": (
        {"duration": {"enum": ["5", "10"]}}, {"video": FILE},
        {"up": {"seconds": "duration"}, "to": 5},
    ),
    "10 seconds": (
        {"duration": {"type": "number"}}, {"audio": FILE},
        {"up": {"seconds": "duration"}, "to": 10},
    ),
    "30 seconds": (
        {"duration": {"type": "number"}}, {"audio": FILE},
        {"up": {"seconds": "duration"}, "to": 30},
    ),
    "16 frames": (
        {"num_frames": {"type": "integer"}}, {"video": FILE},
        {"up": {"param": "num_frames"}, "to": 16},
    ),
    "1000 characters": ({"text": {"type": "string"}}, {"audio": FILE}, {"characters": "text"}),
    "compute seconds": None,
    "1000 tokens": None,
    "1m tokens": None,
}  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_that_says_what_is_counted_makes_a_row(unit):
    properties, output, quantity = LINES[unit] or ({}, IMAGES, None)
    found = found_at_fal(properties, output, (Decimal("0.02"), unit))
    row = price_row_of(found, TODAY)
    assert (row["from"], row["checked"], row["confidence"]) == (TODAY, TODAY, "low")
    if quantity is None:
        assert row["unpriced"] == (
            f"fal's pricing API says 0.02 USD per {unit}, and not how many of them a run has; "
            "read https://fal.ai/models/acme/paint and write a price row"
        )
        return
    rate = {UNITS[unit].key: Decimal("0.02")}
    assert row["lines"] == [{"label": unit, "quantity": quantity, "rates": [rate]}]
    passes(make_template(found, TODAY))


@pytest.mark.parametrize(
    ("properties", "output", "unit"),
    [
        ({}, {"video": FILE}, "images"),
        ({}, IMAGES, "megapixels"),
        ({"image_size": {}, "image_url": URI}, IMAGES, "megapixels"),
        ({"image_size": {}}, {"video": FILE}, "megapixels"),
        ({}, {"video": FILE}, "seconds"),
        ({}, {"video": FILE}, "5 seconds"),
        ({"a_audio_url": URI, "b_audio_url": URI}, {"video": FILE}, "input seconds"),
        ({}, {"video": FILE}, "16 frames"),
        ({}, IMAGES, "units"),
        ({}, IMAGES, "credits"),
        ({}, IMAGES, ""),
    ],
)
def test_what_inputs_do_not_tell_stays_unpriced(properties, output, unit):
    row = price_row_of(found_at_fal(properties, output, (1, unit)), TODAY)
    assert f"USD per {unit or 'unit'}, and not how many" in row["unpriced"]


def test_characters_of_what():
    found = read_fal(
        "fal/acme/say",
        queue({"story": PROMPT}, {"audio": FILE}, required=["story"]),
        None,
        {"unit_price": 1, "unit": "1000 characters"},
    )
    assert "and not how many" in price_row_of(found, TODAY)["unpriced"]


@pytest.mark.parametrize("tier", TIERS)
def test_a_price_that_may_have_tiers_stays_unpriced(tier):
    found = found_at_fal({tier: {"enum": ["a", "b"]}}, price=(Decimal("0.02"), "images"))
    assert price_row_of(found, TODAY)["unpriced"].startswith(
        f"fal's pricing API says 0.02 USD per images, which may depend on {tier}; read "
    )


def test_width_and_height_are_a_size_too():
    sizes = {name: {"type": "integer"} for name in ("width", "height", "num_images")}
    row = price_row_of(found_at_fal(sizes, price=(1, "megapixels")), TODAY)
    (line,) = row["lines"]
    assert line["quantity"] == {
        "product": [
            {"param": "num_images", "else": 1},
            {"output_megapixels": ["width", "height"], "each": "up"},
        ]
    }


def test_no_price_is_never_a_price_of_zero():
    assert "which is no price" in price_row_of(found_at_fal(price=(0, "images")), TODAY)["unpriced"]
    assert price_row_of(found_at_fal(), TODAY)["unpriced"] == (
        "fal's pricing API names no price; read https://fal.ai/models/acme/paint and write a "
        "price row"
    )
    found = read_replicate("replicate/acme/paint", cog({"prompt": PROMPT}))
    assert price_row_of(found, TODAY)["unpriced"] == (
        "Replicate's API names no prices; read https://replicate.com/acme/paint and write a "
        "price row"
    )
