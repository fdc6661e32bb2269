from decimal import Decimal

import pytest

from support.models.price_rules import line, price
from vidi.inference.models.prices.rates import UNITS

SIZES = {
    "minute": 60, "compute_minute": 60, "hour": 3600,
    "5_seconds": 5, "10_seconds": 10, "15_seconds": 15, "30_seconds": 30,
    "16_frames": 16, "24_frames": 24, "30_frames": 30, "100_characters": 100,
    "1k_images": 1000, "1k_videos": 1000, "1k_requests": 1000, "1k_seconds": 1000,
    "1k_characters": 1000, "1k_tokens": 1000, "1k_steps": 1000,
    "1m_characters": 10**6, "1m_tokens": 10**6, "1m_pixels": 10**6,
}  # fmt: skip
TIERS = [
    {"when": {"resolution": "4k"}, "usd_per_video": 3},
    {"when": {"resolution": ["1080p", "720p"]}, "usd_per_video": 2},
    {"usd_per_video": 1},
]
BY_SIZE = [
    {"when": {"@output_megapixels": {"lte": 4}}, "usd_per_image": 0.1},
    {"when": {"@output_megapixels": {"lte": 9}}, "usd_per_image": 0.2},
]
UNSURE = {"@output_megapixels": {"range": [3, 8], "why": "the model chooses the size"}}


def test_every_unit_has_its_size():
    sizes = {name.removeprefix("usd_per_"): size for name, size in UNITS.items()}
    assert {name: size for name, size in sizes.items() if size != 1} == SIZES
    assert all(name.startswith("usd_per_") for name in UNITS)


@pytest.mark.parametrize("unit", UNITS)
def test_a_quantity_of_one_unit_costs_its_rate(unit):
    found = price(line(int(UNITS[unit]), {unit: 0.25}))
    assert (found.low, found.high) == (Decimal("0.25"), Decimal("0.25"))
    assert found.lines[0].quantity_low == 1
    assert found.lines[0].unit == unit.removeprefix("usd_per_").replace("_", " ")


@pytest.mark.parametrize(("resolution", "usd"), [("4k", 3), ("1080p", 2), ("720p", 2), ("480p", 1)])
def test_the_first_rate_that_holds_applies(resolution, usd):
    assert price(line(1, *TIERS), {"resolution": resolution}).high == usd


def test_no_rate_that_holds_is_no_price():
    found = price(line(1, *TIERS[:2]), {"resolution": "8k"})
    assert (found.low, found.high) == (0, None)
    assert found.reason == "no published price for resolution=8k"


def test_what_was_asked_for_names_every_param_of_the_table():
    rates = [{"when": {"quality": "low", "size": "small", "@ten": 10}, "usd_per_image": 1}]
    found = price(line(1, *rates), {"quality": "high"})
    assert found.reason == "no published price for quality=high, size=nothing"


@pytest.mark.parametrize(
    ("value", "shown"), [(True, "true"), (4.50, "4.5"), ("x" * 41, "not a number"), ([1, 2], "1")]
)
def test_what_was_asked_for_is_said_shortly(value, shown):
    found = price(line(1, *TIERS[:1]), {"resolution": value})
    assert found.reason == f"no published price for resolution={shown}"


def test_rates_that_may_apply_make_a_range():
    row = {**ROW, "where": UNSURE, "lines": [line(1, *BY_SIZE)]}
    found = price(row)
    assert (found.low, found.high) == (Decimal("0.1"), Decimal("0.2"))
    assert found.reason == "which rate applies is not known before the run"


def test_a_size_beyond_the_table_may_have_no_price():
    beyond = {"@output_megapixels": {"range": [3, 10], "why": "the model chooses the size"}}
    found = price({**ROW, "where": beyond, "lines": [line(1, *BY_SIZE)]})
    assert found.high is None
    assert found.reason.startswith("no published price for these inputs")


def test_rates_that_are_the_same_need_no_reason():
    same = [{**BY_SIZE[0], "usd_per_image": 0.2}, BY_SIZE[1]]
    found = price({**ROW, "where": UNSURE, "lines": [line(1, *same)]})
    assert (found.low, found.high, found.reason) == (Decimal("0.2"), Decimal("0.2"), "")


@pytest.mark.parametrize(
    ("quantity", "usd"),
    [(0, "0"), (0.5, "0.03"), (1, "0.03"), (2, "0.045"), (3.5, "0.0675")],
)
def test_the_first_unit_has_a_price_of_its_own(quantity, usd):
    found = price(line(quantity, {"usd_per_megapixel": 0.015, "first": 0.03}))
    assert found.high == Decimal(usd)


def test_further_units_that_cost_nothing_bound_an_open_quantity():
    rate = {"usd_per_image": 0, "first": 0.03}
    found = price(line({"range": [1, None], "why": "who knows"}, rate))
    assert (found.low, found.high) == (Decimal("0.03"), Decimal("0.03"))


@pytest.mark.parametrize(
    ("params", "usd"),
    [
        ({}, "0.1"),
        ({"fps": 60}, "0.2"),
        ({"search": True}, "0.15"),
        ({"fps": 60, "search": True}, "0.3"),
        ({"fps": 60, "search": True, "steps": 32}, "0.6"),
    ],
)
def test_multipliers_that_hold_are_multiplied(params, usd):
    factors = [
        {"when": {"fps": 60}, "factor": 2},
        {"when": {"search": True}, "factor": 1.5},
        {"when": {"steps": "present"}, "by": {"quotient": [{"param": "steps"}, 16]}},
    ]
    found = price(line(1, 0.1, multipliers=factors), params)
    assert (found.low, found.high) == (Decimal(usd), Decimal(usd))
    assert found.lines[0].rate == Decimal(usd)


def test_a_factor_that_may_apply_makes_a_range():
    factors = [{"when": {"@output_megapixels": {"gt": 4}}, "factor": 2}]
    row = {**ROW, "where": UNSURE, "lines": [line(1, 0.1, multipliers=factors)]}
    found = price(row)
    assert (found.low, found.high) == (Decimal("0.1"), Decimal("0.2"))
    assert found.reason == "which factor applies is not known before the run"


ROW = {"from": "2026-01-01", "source": "https://example.com/prices"}
