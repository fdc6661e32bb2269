"""Amounts in USD as people read them."""

from __future__ import annotations

from decimal import Decimal

Number = Decimal | float

DASH = "\N{EN DASH}"
"""Stands for what is not known, and between the ends of a range."""


def format_amount(usd: Number) -> str:
    """Write dollars without the sign: at least 2 decimals, at most 6."""
    whole, _, decimals = f"{Decimal(str(usd)):.6f}".partition(".")
    return f"{whole}.{decimals.rstrip('0'):0<2}"


def format_usd(usd: Number | None) -> str:
    """Write dollars with the sign, or a dash where the amount is not known."""
    return DASH if usd is None else f"${format_amount(usd)}"
