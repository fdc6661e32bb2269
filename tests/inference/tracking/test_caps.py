from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from support.ledgers import a_cap, same
from vidi.inference.tracking.caps import find_level, lower_caps, name_periods


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
def test_periods_are_of_utc(moment, day, week, month):
    assert name_periods("r", moment) == {"run": "r", "day": day, "week": week, "month": month}


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
