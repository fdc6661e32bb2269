"""How far a price may be trusted: of each of the row, the template and the day."""

from dataclasses import replace
from datetime import date

import pytest

from support.models.priced import model_with
from vidi.inference.models.prices.standing import PriceStanding, price_standing

LINE = {"rates": [{"usd_per_image": 0.01}]}
DAY = date(2026, 9, 15)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"from": "2026-05"}, ("medium", "2026-05", 137)),
        ({"from": "2026-05-02"}, ("medium", "2026-05-02", 136)),
        ({"from": "2026-05", "checked": "2026-09-14"}, ("medium", "2026-09-14", 1)),
        ({"from": "2026-05", "checked": "2026-04-01"}, ("medium", "2026-05", 137)),
        ({"from": "2026-09-15", "confidence": "low"}, ("low", "2026-09-15", 0)),
        ({"from": "2026-05", "checked": "2026-09-20"}, ("medium", "2026-09-20", 0)),
    ],
    ids=str,
)
def test_the_last_look_at_a_row_counts(row, found):
    model = replace(
        model_with({**row, "lines": [LINE]}),
        confidence={"pricing": "medium"},
        as_of={"pricing": "2020-01-01"},
    )
    confidence, as_of, age = found
    for _ in range(2):  # as it is found, and as it is remembered
        standing = price_standing(model, DAY)
        assert standing == PriceStanding(confidence, as_of, age)
    assert standing.to_json() == {"confidence": confidence, "as_of": as_of, "age_days": age}


@pytest.mark.parametrize(
    ("confidence", "as_of", "found"),
    [
        ({"pricing": "high"}, {"pricing": "2026-09-05"}, PriceStanding("high", "2026-09-05", 10)),
        ({}, {"pricing": "yesterday"}, PriceStanding("low", "yesterday", None)),
        ({}, {}, PriceStanding("low", "", None)),
    ],
    ids=str,
)
def test_without_a_row_in_force_the_template_counts(confidence, as_of, found):
    """Its only row has ended."""
    model = model_with({"from": "2026-01", "until": "2026-02-28", "lines": [LINE]})
    assert price_standing(replace(model, confidence=confidence, as_of=as_of), DAY) == found
