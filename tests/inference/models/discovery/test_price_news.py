"""Whether a base price is news, and what becomes of it."""

from decimal import Decimal

import pytest

from support.models.provider_documents import TODAY, found_at_fal
from vidi.inference.models.discovery.discovery import BasePrice
from vidi.inference.models.discovery.price_news import is_new_price, note_price, renew_pricing


def priced(**rates):
    line = {"label": "images", "quantity": 1, "rates": [rates]}
    row = {"from": "2026-01-01", "source": "https://fal.ai/models/acme/paint", "lines": [line]}
    return {"rows": [row]}


def base(usd, unit="images"):
    return BasePrice(Decimal(usd), unit, "https://api.fal.ai")


@pytest.mark.parametrize(
    ("pricing", "price", "is_new"),
    [
        (priced(usd_per_image=Decimal("0.02")), base("0.02"), False),
        (priced(usd_per_image=Decimal("0.02")), base("0.03"), True),
        (priced(usd_per_image=Decimal("0.02")), None, False),
        (priced(usd_per_second=Decimal("0.1")), base("0.5", "5 seconds"), False),
        (priced(usd_per_second=Decimal("0.1")), base("6", "minutes"), False),
        (priced(usd_per_video=Decimal("0.5")), base("0.5", "5 seconds"), False),
        (priced(usd_per_image=Decimal("0.02")), base("1", "units"), False),
        (priced(usd_per_image=Decimal("0.02")), base("0.001", "compute seconds"), False),
        (priced(usd_per_compute_second=Decimal("0.002")), base("0.001", "compute seconds"), True),
        (priced(usd_per_image=2) | {"notes": "the API says 0.03."}, base("0.03"), False),
        ({"rows": [{"unpriced": "0.03 or so"}]}, base("0.03"), False),
        ({"rows": [{"unpriced": "nobody knows"}]}, base("0.03"), True),
        ({"rows": []}, base("0.03"), True),
        ({"rows": [], "notes": note_price(base("0.03"), TODAY)}, base("0.03"), False),
        ({"rows": [], "notes": note_price(base("0.03"), TODAY)}, base("0.04"), True),
        ({"rows": [], "notes": note_price(base("1", "units"), TODAY)}, base("2", "units"), True),
    ],
)
def test_is_new_price(pricing, price, is_new):
    assert is_new_price(pricing, price) is is_new


def test_a_rate_with_its_multipliers_is_known():
    pricing = priced(usd_per_image=Decimal("0.02"))
    assert not is_new_price(pricing, base("0.2"), [Decimal("0.2")])


def renewed(pricing, usd, unit="images", **more):
    return renew_pricing(pricing, found_at_fal(price=(Decimal(usd), unit), **more), TODAY)


def test_a_new_price_is_a_new_row_and_the_old_one_stays():
    old = priced(usd_per_image=Decimal("0.02"))
    new = renewed(old, "0.03")
    assert new["rows"][0] == old["rows"][0]
    assert new["rows"][1]["from"] == TODAY
    assert new["rows"][1]["lines"][0]["rates"] == [{"usd_per_image": Decimal("0.03")}]
    assert new["notes"] == (
        "fal's pricing API on 2026-11-23: 0.03 USD per images; tiers and surcharges stand on "
        "the page."
    )
    assert renewed(new, "0.03") == new


def test_what_nobody_knew_gets_its_first_row():
    old = {"rows": [{"from": "2026-01-01", "source": "x", "unpriced": "nobody knows"}]}
    assert len(renewed(old, "0.03")["rows"]) == 2
    assert len(renewed({"rows": []}, "0.03")["rows"]) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"rates": [{"usd_per_image": 1, "when": {"a": 1}}, {"usd_per_image": 2}]},
        {"rates": [{"usd_per_image": 1, "first": 3}]},
        {"rates": [{"usd_per_image": 1}], "multipliers": [{"factor": 2}]},
        {"rates": [{"usd_per_video": 1}]},
        {"unpriced": "it depends", "rates": []},
    ],
)
def test_rows_with_tiers_are_kept_and_the_base_price_is_noted(row):
    old = {"rows": [{"from": "2026-01-01", "lines": [{"label": "x", **row}]}], "notes": "Look."}
    new = renewed(old, "0.03")
    assert new["rows"] == old["rows"]
    assert new["notes"].startswith("Look. fal's pricing API on 2026-11-23: 0.03 USD per images;")


def test_a_price_of_nothing_or_in_units_adds_no_row():
    old = {"rows": [{"from": "2026-01-01", "source": "x", "unpriced": "nobody knows"}]}
    assert renewed(old, "0")["rows"] == old["rows"]
    assert renewed(old, "1", "units") == old
