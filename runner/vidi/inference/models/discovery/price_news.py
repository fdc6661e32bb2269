"""Whether fal's base price is still the one that a template knows, and what to do when it is not.

A base price often equals none of the prices on the page, so a difference says only that somebody
should look. What a template knows: the note of an earlier look, else its rates and every number in
its notes and reasons.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.discovery.base_price import price_row_of
from vidi.inference.models.discovery.billed_units import find_unit
from vidi.inference.models.prices.rates import UNITS
from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vidi.inference.models.discovery.discovery import BasePrice, Discovery
    from vidi.inference.models.price_rules import LineRule, PriceRow, Pricing
    from vidi.json_values import JsonObject


_AND = "; tiers and surcharges stand on the page."
_NOTE = re.compile(r"fal's pricing API on [\d-]{10}: (?P<price>[^;]+)" + re.escape(_AND))
COMPUTED = "usd_per_compute_second"
_NUMBER = re.compile(r"\d+(?:\.\d+)?")


def is_new_price(pricing: Pricing, price: BasePrice | None, rates: Sequence[Decimal] = ()) -> bool:
    """Whether the base price is none that the template knows.

    Args:
        pricing: The template's price rows and notes.
        price: fal's base price; None where fal names none, which is no news.
        rates: What the template charges per unit in its own example, multipliers included.
    """
    if price is None:
        return False
    noted = _NOTE.search(pricing.get("notes", ""))
    if noted:
        return noted["price"] != str(price)
    unit = find_unit(price.unit)
    rows = pricing["rows"]
    keys = {key for key, _ in _rates(rows)}
    if unit is None or (unit.key == COMPUTED and COMPUTED not in keys):
        return False  # not to be compared with what the page charges for
    known = {usd for key, usd in _rates(rows)} | {usd / UNITS[key] for key, usd in _rates(rows)}
    if {price.usd, price.usd / unit.size} & (known | set(rates)):
        return False
    texts = [pricing.get("notes", ""), *_reasons(rows)]
    numbers = {Decimal(number) for text in texts for number in _NUMBER.findall(text)}
    return price.usd not in numbers


def renew_pricing(
    old: Pricing, found: Discovery, today: str, rates: Sequence[Decimal] = ()
) -> Pricing:
    """The old pricing with one more row, where the price has changed and a row can say it.

    Rows are never changed. Where the last one has tiers, a base price says nothing about them: all
    rows are kept, and the note keeps the base price for the next look.
    """
    pricing = old.copy()
    if found.price is None or not is_new_price(old, found.price, rates):
        return pricing
    row = _next_row(old["rows"], found, today)
    if row is not None:
        pricing["rows"] = [*old["rows"], row]
    rest = _NOTE.sub("", old.get("notes", "")).strip()
    pricing["notes"] = f"{rest} {note_price(found.price, today)}".strip()
    return pricing


def note_price(price: BasePrice, today: str) -> str:
    """The note by which the next look notices another base price."""
    return f"fal's pricing API on {today}: {price}{_AND}"


def _next_row(rows: Sequence[PriceRow], found: Discovery, today: str) -> PriceRow | None:
    price = found.price
    last: PriceRow = rows[-1] if rows else {"unpriced": "no row"}
    if price is None or not price.usd:
        return None
    unit = find_unit(price.unit)
    simple = _only_rate(last)
    if unit and simple == unit.key:
        line: LineRule = {**last["lines"][0], "rates": [{unit.key: price.usd}]}
        renewed: PriceRow = {**last, "from": today, "source": price.source, "checked": today}
        return {**renewed, "confidence": "low", "lines": [line]}
    fresh = price_row_of(found, today)
    return fresh if "unpriced" in last and "lines" in fresh else None


def _only_rate(row: PriceRow) -> str:
    """The key of a row's one rate; empty where there is more to the row."""
    lines = row.get("lines", ())
    if len(lines) != 1 or "until" in row or lines[0].get("multipliers") or "when" in lines[0]:
        return ""
    rates = lines[0].get("rates", ())
    keys = list(rates[0]) if len(rates) == 1 else []
    return keys[0] if len(keys) == 1 else ""


def _rates(value: object) -> Iterator[tuple[str, Decimal]]:
    """Every rate in the rows, with its unit."""
    for part in _objects(value):
        yield from ((key, Decimal(str(usd))) for key, usd in part.items() if key in UNITS)


def _reasons(value: object) -> Iterator[str]:
    for part in _objects(value):
        yield from (str(part[key]) for key in ("unpriced", "why") if key in part)


def _objects(value: object) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        yield value
    for each in [*as_object(value).values(), *as_list(value)]:
        yield from _objects(each)
