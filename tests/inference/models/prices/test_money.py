from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.inference.models.prices.money import (
    json_number,
    settled,
    to_micro,
    up_to_block,
    up_to_micro,
)

AMOUNTS = st.decimals(0, 10**12, places=9)


@pytest.mark.parametrize(
    ("usd", "rounded"),
    [("0.003", "0.003"), ("0.0000001", "0.000001"), ("1.0000005", "1.000001"), ("0", "0")],
)
def test_an_estimate_is_rounded_up_to_a_millionth(usd, rounded):
    assert up_to_micro(Decimal(usd)) == Decimal(rounded)


@pytest.mark.parametrize(
    ("usd", "rounded"),
    [("0.0000014", "0.000001"), ("0.0000015", "0.000002"), ("0.0000025", "0.000002")],
)
def test_a_cost_is_rounded_to_the_nearest_millionth_halves_to_even(usd, rounded):
    assert to_micro(Decimal(usd)) == Decimal(rounded)


def test_the_trace_of_a_division_does_not_cost_another_millionth():
    third = Decimal(1) / 3
    assert up_to_micro(third * 3 * Decimal("0.01")) == Decimal("0.01")
    assert settled(third * 3) == 1


@pytest.mark.parametrize(
    ("number", "block", "rounded"),
    [("0", 5, 0), ("0.1", 5, 5), ("5", 5, 5), ("5.01", 5, 10), ("90", 16, 96), ("91", 30, 120)],
)
def test_blocks_are_rounded_up(number, block, rounded):
    assert up_to_block(Decimal(number), Decimal(block)) == rounded


@given(AMOUNTS)
def test_rounding_up_never_undercuts_and_adds_less_than_a_millionth(usd):
    assert 0 <= up_to_micro(usd) - usd < Decimal("0.000001")


def test_numbers_of_any_size_can_be_rounded():
    assert up_to_micro(Decimal(10) ** 100) == to_micro(Decimal(10) ** 100) == Decimal(10) ** 100
    assert up_to_micro(Decimal(f"{10**20}.5")) == Decimal(f"{10**20}.5")


@pytest.mark.parametrize(("number", "written"), [("3", "3"), ("3.0", "3"), ("0.003", "0.003")])
def test_json_numbers_read_like_the_decimal(number, written):
    assert str(json_number(Decimal(number))) == written
