from datetime import date
from decimal import Decimal

import pytest

from support.models.params import make_model
from support.models.price_rules import checked_params, line, price
from vidi.inference.models.prices.pricing import estimate

SOURCE = {"source": "https://example.com/prices"}
HISTORY = [
    {**SOURCE, "from": "2026-03", "lines": [line(1, 1)]},
    {**SOURCE, "from": "2026-06-15", "lines": [line(1, 2)]},
    {**SOURCE, "from": "2026-09-01", "until": "2026-09-30", "lines": [line(1, 1.4)]},
    {**SOURCE, "from": "2026-12-01", "lines": [line(1, 3)]},
]


@pytest.mark.parametrize(
    ("day", "usd"),
    [
        ("2026-03-01", "1"),
        ("2026-06-14", "1"),
        ("2026-06-15", "2"),
        ("2026-08-31", "2"),
        ("2026-09-01", "1.4"),
        ("2026-09-30", "1.4"),
        ("2026-10-01", "2"),
        ("2026-11-30", "2"),
        ("2026-12-01", "3"),
        ("2027-01-01", "3"),
    ],
)
def test_the_last_row_that_is_in_force_prices(day, usd):
    assert price(HISTORY, on=date.fromisoformat(day)).high == Decimal(usd)


@pytest.mark.parametrize("rows", [HISTORY, [HISTORY[2]]], ids=["before all", "before the only one"])
def test_no_row_in_force_is_no_price(rows):
    found = price(rows, on=date(2026, 2, 28))
    assert (found.low, found.high, found.unpriced) == (0, None, True)
    assert found.reason == "no price is known for 2026-02-28"


def test_a_promotion_that_ended_leaves_no_price_behind():
    found = price([HISTORY[2]], on=date(2026, 10, 1))
    assert found.reason == "no price is known for 2026-10-01"


def test_no_rows_at_all_are_no_price():
    found = estimate(make_model({}), checked_params())
    assert (found.high, found.reason) == (None, "no price is known for this model")


def test_a_row_says_itself_why_there_is_no_price():
    found = price({**SOURCE, "from": "2026-01", "unpriced": "credits have no rate"})
    assert (found.low, found.high, found.lines) == (0, None, ())
    assert found.reason == "credits have no rate"


def row(*lines, **others):
    return {**SOURCE, "from": "2026-01-01", "lines": lines, **others}


def test_lines_are_summed():
    found = price(row(line(2, 0.02), line(1, 0.015)))
    assert found.high == Decimal("0.055")
    assert [(each.low, each.since) for each in found.lines] == [
        (Decimal("0.04"), "2026-01-01"),
        (Decimal("0.015"), "2026-01-01"),
    ]


def test_a_line_that_does_not_count_is_not_in_the_breakdown():
    found = price(row(line(1, 0.1), line(1, 5, when={"audio": True})), {"audio": False})
    assert (found.high, len(found.lines)) == (Decimal("0.1"), 1)


def test_a_row_whose_lines_all_fall_away_costs_nothing():
    found = price(row(line(1, 5, when={"own_key": None})), {"own_key": "sk-0"})
    assert (found.low, found.high, found.reason) == (0, 0, "")


def test_a_line_that_may_count_makes_a_range():
    found = price(row(line(1, 0.1), line(1, 0.2, when={"@output_megapixels": {"gt": 4}})))
    assert (found.low, found.high) == (Decimal("0.1"), Decimal("0.3"))
    assert found.reason == "whether 'it' counts is not known before the run"


@pytest.mark.parametrize(("search", "high"), [(False, Decimal("0.1")), (True, None)])
def test_a_line_without_a_price_takes_the_price_from_all(search, high):
    fee = {"label": "fee", "when": {"search": True}, "unpriced": "the fee of a search is not known"}
    found = price(row(line(1, 0.1), fee), {"search": search})
    assert found.high == high
    assert found.low == Decimal("0.1")
    assert found.reason == ("the fee of a search is not known" if search else "")


@pytest.mark.parametrize(("seconds", "usd"), [(10, "0.2"), (40, "0.2"), (41, "0.205")])
def test_a_minimum_of_the_total(seconds, usd):
    rule = row(line({"param": "seconds"}, {"usd_per_second": 0.005}), minimum_usd=0.20)
    assert price(rule, {"seconds": seconds}).high == Decimal(usd)


@pytest.mark.parametrize(("count", "usd"), [(1, "0.02"), (2, "0.03"), (4, "0.05")])
def test_the_total_rounded_up_to_a_cent(count, usd):
    rule = row(line({"param": "num_images"}, 0.011), line(1, 0.004), round_total_up_to_usd=0.01)
    assert price(rule, {"num_images": count}).high == Decimal(usd)


def test_the_minimum_comes_before_the_rounding():
    rule = row(line(1, 0.001), minimum_usd=0.011, round_total_up_to_usd=0.01)
    assert price(rule).high == Decimal("0.02")


@pytest.mark.parametrize(
    ("seconds", "usd"), [("2.5", "0.4"), ("4", "0.4"), ("4.2", "0.5"), ("5", "0.5")]
)
def test_a_quantity_is_rounded_and_then_has_its_minimum(seconds, usd):
    rule = line({"seconds": "duration"}, {"usd_per_second": 0.1}, round={"mode": "up"}, minimum=4)
    assert price(rule, {"duration": seconds}).high == Decimal(usd)


def test_the_breakdown_counts_in_units():
    rate = {"usd_per_minute": 0.10}
    (shown,) = price(line({"param": "s"}, rate, round={"mode": "up", "to": 60}), {"s": 61}).lines
    assert (shown.quantity_low, shown.unit, shown.rate) == (2, "minute", Decimal("0.1"))
    assert (shown.source, shown.since) == ("https://example.com/prices", "2026-01")


@pytest.mark.parametrize(("most", "reason"), [(0.6, ""), (1.6, "who knows")])
def test_a_range_that_rounding_closes_needs_no_reason(most, reason):
    found = price(line({"range": [0.4, most], "why": "who knows"}, {"usd_per_token": 0.000001}))
    assert found.low == Decimal("0.000001")
    assert (found.reason, found.low == found.high) == (reason, not reason)
