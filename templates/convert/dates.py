"""When a price was read, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facts import Fact


def day_of(text: str | None) -> str | None:
    """The first day that a date of the catalogue covers: `2026-05` is 2026-05-01."""
    found = re.match(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?", text or "")
    if not found:
        return None
    year, month, day = found.groups()
    return f"{year}-{month or '01'}-{day or '01'}"


def month_of(text: str) -> str:
    """A date of the catalogue to the day or the month, whichever it knows."""
    found = re.match(r"\d{4}-\d\d(-\d\d)?", text)
    return found.group() if found else f"{text[:4]}-01"


def price_page(fact: Fact) -> str:
    """Where the provider itself publishes the price."""
    text = f"{fact.data['page']}/llms.txt"
    quoted = any(source.startswith(text) for source in fact.data["sources"])
    return text if quoted else str(fact.data["page"])
