import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from support.ledgers import a_cap, same
from vidi.inference.tracking.caps import (
    Cap,
    describe_level,
    find_level,
    lower_caps,
    name_periods,
    refuse_by_cap,
)
from vidi.inference.tracking.limits import lower_limits


@pytest.mark.parametrize(
    ("moment", "day", "week", "month"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), "2026-11-23", "2026-W48", "2026-11"),
        (datetime(2027, 1, 1, tzinfo=UTC), "2027-01-01", "2026-W53", "2027-01"),
        # 22:30 on New Year's Eve, five hours west of Greenwich
        (datetime(2026, 12, 31, 22, 30, tzinfo=timezone(timedelta(hours=-5))),
         "2027-01-01", "2026-W53", "2027-01"),
    ],
)  # fmt: skip
def test_periods_are_of_utc_wherever_the_machine_is(monkeypatch, moment, day, week, month):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert name_periods("r", moment) == {"run": "r", "day": day, "week": week, "month": month}
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("spent", "reserved", "level"),
    [("0", "0.49", 0), ("0.25", "0.25", 50), ("0.79", "0", 50), ("0.5", "0.3", 80),
     ("0.99", "0.009999", 80), ("1", "0", 100), ("2", "0", 100)],
)  # fmt: skip
def test_levels(spent, reserved, level):
    assert find_level(a_cap("day", "1"), same(spent, reserved)) == level


def test_the_lowest_cap_of_each_kind_holds():
    low, high, week = a_cap("day", "1"), a_cap("day", "2"), a_cap("week", "5")
    assert lower_caps({"day": high, "week": week}, {}, {"day": low}) == (low, week)
    assert lower_caps() == ()
    assert low.usd == Decimal(1)


@pytest.mark.parametrize(
    ("kind", "hint"),
    [
        ("run", "Raise VIDI_BUDGET_RUN."),
        ("week", "Raise VIDI_BUDGET_WEEK, or wait for the next week (UTC)."),
    ],
)
@pytest.mark.parametrize(
    ("spent", "reserved", "left", "told"),
    [
        ("0.25", "0.20", "$0.15", "$0.25 spent, $0.20 reserved"),
        ("0.7", "0", "$0.00", "$0.70 spent, $0.00 reserved"),
        ("0.5", "0.099999", "$0.000001", "$0.50 spent, $0.099999 reserved"),
    ],
)
def test_a_refusal_says_what_is_left_and_what_to_change(kind, hint, spent, reserved, left, told):
    refusal = refuse_by_cap(a_cap(kind, "0.6"), same(spent, reserved), Decimal("0.2"))
    assert refusal.message == (
        f"this needs up to $0.20, and {left} is left of the {kind}'s budget of $0.60: {told}"
    )
    assert refusal.hint == hint


def test_a_level_is_told_with_the_setting_that_says_it():
    told = describe_level(a_cap("day", "1"), same("0.5", "0.31"), 80)
    assert told == (
        "80 % of the day's budget of $1.00 is taken: $0.50 spent, $0.31 reserved (VIDI_BUDGET_DAY)"
    )


def test_of_two_that_are_alike_the_first_is_named():
    one, other = Cap("day", Decimal(1), "VIDI_BUDGET_DAY"), Cap("day", Decimal(1), "vidi.toml")
    assert lower_caps({"day": one}, {"day": other}) == (one,)


def test_the_lowest_limit_of_each_provider_holds():
    first = {"fal": {"creates_per_minute": 60, "concurrency": 4}, "replicate": {"concurrency": 9}}
    second = {"fal": {"creates_per_minute": 90, "concurrency": 3}, "replicate": {"concurrency": 9}}
    limits = lower_limits(first, {}, second)
    assert limits.creates == {"fal": 60}
    assert limits.places == {"fal": 3, "replicate": 9}
