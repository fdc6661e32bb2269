"""What fal's billable units may measure where nobody knows what one costs."""

from decimal import Decimal

import pytest

from support.models.price_rules import checked_params, cost, line, make_priced
from vidi.inference.models.prices.pricing import Actual, Metered, settle
from vidi.inference.models.prices.rates import COUNTED

OPEN = {"metric": "compute_seconds", "high": "timeout"}
PER_SECOND = {"usd_per_compute_second": 0.01}


class Asset:
    width, height, duration_s = 1000, 1000, None


def by_units(rule, units, **params):
    return cost(rule, Metered(billable_units=Decimal(units)), params)


def estimated(usd):
    return Actual(Decimal(usd), "estimated")


@pytest.mark.parametrize("unit", COUNTED)
@pytest.mark.parametrize(("units", "expected"), [("2", "1"), ("1.3", "0.5")])
def test_things_that_only_come_whole_are_not_billed_in_parts(unit, units, expected):
    assert by_units(line(1, {f"usd_per_{unit}": 0.5}), units) == estimated(expected)


@pytest.mark.parametrize(
    ("units", "usd"),
    [
        *(("0.07", "0.5"), ("0.08", "0.5"), ("15.04", "1.504"), ("320", "32"), ("321", "0.5")),
        ("-5", "0.5"),
    ],
)
def test_units_count_unless_they_are_orders_away(units, usd):
    assert by_units(line(5, {"usd_per_second": 0.1}), units) == estimated(usd)


@pytest.mark.parametrize(("units", "usd"), [("0", 3), ("12.5", 3), ("600", 6)])
def test_units_of_what_nobody_could_foresee(units, usd):
    assert by_units(line(OPEN, PER_SECOND), units) == estimated(usd)


@pytest.mark.parametrize(
    ("rule", "units"),
    [
        pytest.param(line({"range": [0, None], "why": "?"}, PER_SECOND), "9999", id="no bound"),
        pytest.param([line(OPEN, PER_SECOND), line({"count": "extra"}, 5)], "999", id="nothing of"),
        pytest.param(
            line(OPEN, PER_SECOND, multipliers=[{"when": {"hd": True}, "factor": 2}]),
            *("999",),
            id="a factor that does not hold",
        ),
        pytest.param(line(OPEN, PER_SECOND, when={"hd": None}), "999", id="a condition"),
    ],
)
def test_one_line_counts_at_one_rate(rule, units):
    assert by_units(rule, units) == estimated(Decimal(units) / 100)


@pytest.mark.parametrize(
    ("rule", "usd"),
    [
        ([line(OPEN, PER_SECOND), line(1, {"usd_per_image": 1})], 4),
        (line(OPEN, PER_SECOND, multipliers=[{"when": {"hd": True}, "factor": 2}]), 6),
        (line(OPEN, {**PER_SECOND, "first": 1}), "3.99"),
    ],
)
def test_units_of_several_prices_are_not_guessed_at(rule, usd):
    assert by_units(rule, "999", hd=True) == estimated(usd)


def test_units_are_those_of_the_rate_not_of_the_quantity():
    assert by_units(line(90, {"usd_per_minute": 0.6}), "1.75") == estimated("1.05")


def test_the_deadline_of_the_entry_bounds_what_nobody_metered():
    model = make_priced(line(OPEN, PER_SECOND))
    actual = settle(model, checked_params(), Metered(), timeout_s=12.5)
    assert actual == estimated("0.125")


@pytest.mark.parametrize(
    ("metrics", "assets", "expected"),
    [
        ({"image_output_count": 2}, (), Actual(Decimal("0.08"), "metered")),
        ({}, (Asset(), Asset(), Asset()), Actual(Decimal("0.12"), "derived")),
        ({}, (), Actual(Decimal("0.04"), "estimated")),
    ],
)
def test_a_figure_of_the_provider_goes_before_what_came_and_that_before_what_was_asked(
    metrics, assets, expected
):
    rule = line(1, {"usd_per_image": 0.04}, metered_by="image_output_count")
    assert cost(rule, Metered(metrics, None, assets)) == expected


def test_a_cost_is_only_as_sure_as_its_weakest_figure():
    size = line({"output_megapixels": {}, "px": 1_000_000}, {"usd_per_megapixel": 0.01})
    count = line(1, {"usd_per_image": 0.04}, metered_by="image_output_count")
    actual = cost([count, size], Metered({"image_output_count": 1}, None, (Asset(),)))
    assert actual == Actual(Decimal("0.05"), "derived")
