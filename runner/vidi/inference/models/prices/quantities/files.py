"""Quantities that the input files of one inference have: length, frames, size."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from vidi.inference.models.prices.facts import is_given, number_in
from vidi.inference.models.prices.intervals import (
    ONE,
    Interval,
    add,
    between,
    exactly,
    largest,
    rounded,
)
from vidi.inference.models.prices.pdf import pdf_pages
from vidi.inference.models.prices.probe import UnreadableMediaError, image_facts, media_facts

if TYPE_CHECKING:
    from pathlib import Path

    from vidi.inference.models.params.checked import InputFile
    from vidi.inference.models.price_rules import Form
    from vidi.inference.models.prices.facts import Facts

FileFact = Literal["length", "frames", "fps", "width", "height", "megapixels", "pages"]

_SUMMED = frozenset({"length", "frames", "megapixels", "pages"})
_OF_IMAGES = frozenset({"width", "height", "megapixels"})
_WORDS = {
    "length": "length",
    "frames": "number of frames",
    "fps": "frame rate",
    "width": "width",
    "height": "height",
    "megapixels": "size",
    "pages": "number of pages",
}


def file_quantity(fact: FileFact, rule: Form, facts: Facts) -> Interval | None:
    """One fact of the files under the names of a rule; None where no file is given.

    Lengths, frames and megapixels are added up; of rates and sides the greatest counts.
    """
    named = rule[fact]
    names = [named] if isinstance(named, str) else named
    found = [
        _of_file(fact, name, value, rule, facts)
        for name in names
        for value in facts.values(name)
        if is_given(value)
    ]
    if not found:
        return None if "else" in rule else exactly(0)
    total = add(found) if fact in _SUMMED else largest(found)
    if fact == "length" and len(found) == 1 and not total.exact:
        # What came out is as long as the one thing that went in, where that was a URL.
        return facts.asset_seconds() or total
    return total


def _of_file(fact: FileFact, name: str, value: object, rule: Form, facts: Facts) -> Interval:
    local = _local(name, value, facts.files)
    if local is None:
        return _of_remote(fact, name, rule)
    try:
        number = _probe(fact, local.path, Decimal(rule.get("px", facts.pixels)))
    except (UnreadableMediaError, OSError) as error:
        why = f"the {_WORDS[fact]} of {local.name} ('{name}') cannot be read: {error}"
        return _bounded(rule, why)
    if number is None:
        return _bounded(rule, f"{local.name} ('{name}') does not say its {_WORDS[fact]}")
    return _each(exactly(number), rule)


def _local(name: str, value: object, files: tuple[InputFile, ...]) -> InputFile | None:
    root = name.split(".", 1)[0].removesuffix("[]")
    return next((file for file in files if file.at[0] == root and file.name == value), None)


def _of_remote(fact: FileFact, name: str, rule: Form) -> Interval:
    return _bounded(rule, f"'{name}' is a URL: its {_WORDS[fact]} is not known before the run")


def _bounded(rule: Form, why: str) -> Interval:
    low, high = number_in(rule.get("low")), number_in(rule.get("high"))
    return _each(between(low or Decimal(0), high, rule.get("why", why)), rule)


def _each(one: Interval, rule: Form) -> Interval:
    return rounded(one, "up", ONE) if rule.get("each") == "up" else one


def _probe(fact: FileFact, path: Path, pixels: Decimal) -> Decimal | None:
    if fact == "pages":
        return _pages(path)
    found = image_facts(path) if fact in _OF_IMAGES else media_facts(path)
    if fact != "megapixels":
        number: Decimal | None = getattr(found, fact)
        return number
    if found.width is None or found.height is None:
        return None
    return found.width * found.height / pixels


def _pages(path: Path) -> Decimal | None:
    """Those of a PDF; a picture is one page."""
    pages = pdf_pages(path)
    if pages is not None:
        return pages
    try:
        return ONE if image_facts(path).width else None
    except UnreadableMediaError:
        return None
