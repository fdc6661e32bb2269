"""Quantities that the params say outright: numbers, counts, characters."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.prices.facts import OUTPUT_COUNTS, is_given
from vidi.inference.models.prices.intervals import Interval, between, exactly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidi.inference.models.price_rules import Form
    from vidi.inference.models.prices.facts import Facts


CHARACTERS_PER_TOKEN = 8
"""At least one token for so many characters; at most one a byte (byte-level BPE)."""


def param(rule: Form, facts: Facts) -> Interval | None:
    """The number in a param; for a count of outputs, after the run, what came out."""
    name = rule["param"]
    came = facts.asset_count() if name in OUTPUT_COUNTS else None
    return came or _number(name, rule, facts)


def seconds(rule: Form, facts: Facts) -> Interval | None:
    """The seconds in a param such as `"8s"`; for `auto`, after the run, those of the assets."""
    number = _number(rule["seconds"], rule, facts)
    return number if number is None or number.exact else facts.asset_seconds() or number


def count(rule: Form, facts: Facts) -> Interval:
    """How many values are given."""
    return exactly(sum(is_given(value) for value in facts.values(rule["count"])))


def characters(rule: Form, facts: Facts) -> Interval:
    """The characters of all the text under some names."""
    return exactly(sum(map(len, texts_in(facts.values(rule["characters"])))))


def tokens(rule: Form, facts: Facts) -> Interval:
    """The tokens of all the text under some names, between two bounds that always hold."""
    texts = list(texts_in(facts.values(rule["tokens"])))
    low = sum(map(len, texts)) // CHARACTERS_PER_TOKEN
    high = sum(len(text.encode(errors="replace")) for text in texts)
    return between(Decimal(low), Decimal(high), "the provider counts the tokens")


def texts_in(value: object) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)
    elif isinstance(value, dict):
        yield from texts_in(list(value.values()))


def _number(name: str, rule: Form, facts: Facts) -> Interval | None:
    number = facts.number(name)
    if number is not None and number.exact:
        return number
    if "else" in rule:
        return None
    return number or facts.allowed(name, f"'{name}' is not given and the model chooses")
