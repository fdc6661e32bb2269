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
from vidi.inference.models.discovery.base_price import (
    TIERS,
    is_new_base,
    propose_row,
    unpriced_row,
)
from vidi.inference.models.discovery.billed_units import UNITS
from vidi.inference.models.discovery.cog import read_replicate
from vidi.inference.models.discovery.discovery import BasePrice
from vidi.inference.models.discovery.queue_api import read_fal
from vidi.inference.models.discovery.template import make_template
from vidi.inference.models.template import Billing

COMMAND = "vidi models price fal/acme/paint"
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
    proposal = propose_row(found, TODAY)
    per = UNITS[unit].key.removeprefix("usd_per_")
    assert proposal.command == f"{COMMAND} --per {per} 0.02 --source {found.page}"
    if quantity is None:
        assert (proposal.row, proposal.doubt) == (None, "nothing says how many units a run has")
        return
    row = proposal.row
    assert (row["from"], row["checked"], row["confidence"]) == (TODAY, TODAY, "low")
    rate = {UNITS[unit].key: Decimal("0.02")}
    assert row["lines"] == [{"label": unit, "quantity": quantity, "rates": [rate]}]
    template = make_template(found, TODAY)
    assert template["billing"]["unit_usd"] == Decimal("0.02")
    template["pricing"]["rows"] = [row]
    passes(template)


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
def test_what_inputs_do_not_tell_makes_no_row(properties, output, unit):
    proposal = propose_row(found_at_fal(properties, output, (1, unit)), TODAY)
    assert (proposal.row, bool(proposal.doubt)) == (None, True)


def test_characters_of_what():
    found = read_fal(
        "fal/acme/say",
        queue({"story": PROMPT}, {"audio": FILE}, required=["story"]),
        None,
        {"unit_price": 1, "unit": "1000 characters"},
    )
    assert propose_row(found, TODAY).row is None


@pytest.mark.parametrize("tier", TIERS)
def test_a_price_that_may_have_tiers_is_doubted(tier):
    found = found_at_fal({tier: {"enum": ["a", "b"]}}, price=(Decimal("0.02"), "images"))
    assert propose_row(found, TODAY).doubt == f"it may depend on {tier}"


def test_width_and_height_are_a_size_too():
    sizes = {name: {"type": "integer"} for name in ("width", "height", "num_images")}
    (line,) = propose_row(found_at_fal(sizes, price=(1, "megapixels")), TODAY).row["lines"]
    assert line["quantity"] == {
        "product": [
            {"param": "num_images", "else": 1},
            {"output_megapixels": ["width", "height"], "each": "up"},
        ]
    }


READ = "read {page} and add a row with `vidi models price {id}`"


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (found_at_fal(), "fal's pricing API names no price"),
        (found_at_fal(price=(0, "images")), "fal's base price is 0 USD per images"),
        (found_at_fal(price=(2, "images")), "fal's base price is 2 USD per images"),
        (read_replicate("replicate/acme/paint", cog({"prompt": PROMPT})),
         "Replicate's API names no prices"),
    ],
)  # fmt: skip
def test_a_new_model_is_unpriced_and_never_free(found, told):
    reason = f"{told}; {READ.format(page=found.page, id=found.id)}"
    assert unpriced_row(found, TODAY)["unpriced"] == reason
    assert make_template(found, TODAY)["pricing"]["rows"] == [unpriced_row(found, TODAY)]


@pytest.mark.parametrize(
    ("known", "usd", "unit", "is_new"),
    [
        (("images", 2), 2, "images", False),
        (("images", 2), 3, "images", True),
        (("images", 2), 2, "requests", True),
        (None, 2, "images", True),
        (("images", 2), 0, "images", False),
        (("units", 1), 1, "", False),
        (None, 2, "compute seconds", False),
    ],
)
def test_what_is_a_new_base_price(known, usd, unit, is_new):
    billing = known and Billing(known[0], Decimal(known[1]), TODAY, "x")
    lines = [{"label": "a", "quantity": 1, "rates": [{"usd_per_image": 1}]}]
    pricing = {"rows": [{"from": TODAY, "source": "x", "lines": lines}]}
    assert is_new_base(billing, pricing, BasePrice(Decimal(usd), unit, "x")) is is_new
    assert not is_new_base(billing, pricing, None)
