"""Figures as people read them."""

from decimal import Decimal

import pytest

from vidi.dollars import format_amount, format_usd
from vidi.runs.records import figures

EN_DASH = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("usd", "says"),
    [
        (0, "0.00"),
        (1, "1.00"),
        (0.5, "0.50"),
        (0.003, "0.003"),
        (0.000001, "0.000001"),
        (Decimal("12.340000"), "12.34"),
        (Decimal("1E+3"), "1000.00"),
        (0.1 + 0.2, "0.30"),
    ],
)
def test_amounts(usd, says):
    assert format_amount(usd) == says


@pytest.mark.parametrize(("usd", "says"), [(None, EN_DASH), (0.25, "$0.25")])
def test_dollars(usd, says):
    assert format_usd(usd) == says


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        (0.1, 0.1, "$0.10"),
        (0.1, 0.2, f"$0.10{EN_DASH}$0.20"),
        (0.1, None, "$0.10 or more"),
        (0, None, "unpriced"),
    ],
)
def test_estimates(low, high, says):
    assert figures.format_estimate(low, high) == says


@pytest.mark.parametrize(
    ("size", "says"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (48213, "48.2 kB"),
        (999_499, "999 kB"),
        (999_999, "1 MB"),
        (1_500_000_000, "1.5 GB"),
        (2 * 10**12, "2 TB"),
        (2 * 10**15, "2000 TB"),
    ],
)
def test_bytes(size, says):
    assert figures.format_bytes(size) == says


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (None, EN_DASH),
        (0, "0.0 s"),
        (2.44, "2.4 s"),
        (Decimal("3.02"), "3.0 s"),
        (59.97, "1 min 0 s"),
        (72, "1 min 12 s"),
        (3599.6, "1 h 0 min"),
        (7500, "2 h 5 min"),
    ],
)
def test_seconds(seconds, says):
    assert figures.format_seconds(seconds) == says


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        (None, EN_DASH),
        ("2026-11-23T19:04:07Z", "2026-11-23 19:04:07 UTC"),
        ("2026-11-23T19:04:07.9-05:00", "2026-11-24 00:04:07 UTC"),
        ("yesterday", "yesterday"),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00+05:00"),
    ],
)
def test_times(moment, says):
    assert figures.format_time(moment) == says


@pytest.mark.parametrize(
    ("end", "seconds"), [(None, None), ("2026-11-23T14:04:09.500000-05:00", 2.5)]
)
def test_seconds_between(end, seconds):
    assert figures.seconds_between("2026-11-23T19:04:07Z", end) == seconds
