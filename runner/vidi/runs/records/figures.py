"""The manifest's figures as people read them: dollars, bytes, seconds and times."""

from __future__ import annotations

from datetime import UTC, datetime

from vidi.dollars import DASH, Number, format_usd

KILO = 1000
"""Files are measured in SI units, as file managers and providers do."""
_MINUTE, _HOUR = 60, 3600


def format_estimate(low: Number, high: Number | None) -> str:
    """Write an estimate as one price, as a range, or as unpriced where nothing bounds it."""
    if high is None:
        return f"{format_usd(low)} or more" if low else "unpriced"
    return format_usd(low) if low == high else f"{format_usd(low)}{DASH}{format_usd(high)}"


def format_bytes(size: int) -> str:
    """Write a file size to three digits, such as 48.2 kB."""
    if size < KILO:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= KILO
        # What would be rounded to 1000 belongs to the next unit.
        if value < KILO - 0.5 or unit == "TB":
            break
    return f"{value:.3g} {unit}" if value < KILO - 0.5 else f"{value:.0f} {unit}"


def format_seconds(seconds: Number | None) -> str:
    """Write a duration such as 2.4 s, 1 min 12 s or 2 h 5 min."""
    if seconds is None:
        return DASH
    whole = round(float(seconds))
    if whole < _MINUTE:
        return f"{float(seconds):.1f} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def format_time(moment: str | None) -> str:
    """Write an ISO 8601 time in UTC to the second, or as it is where it is none."""
    if moment is None:
        return DASH
    try:
        return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError):
        return moment


def seconds_between(start: str, end: str | None) -> float | None:
    """Measure from one ISO 8601 time to another, in seconds; None where one is not known."""
    if end is None:
        return None
    try:
        return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    except (TypeError, ValueError):  # no time, or one without its offset
        return None
