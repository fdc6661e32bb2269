"""What a price rule may look at: effective params, input files and, after the run, what came."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from vidi.inference.models.prices.intervals import Interval, between, exactly, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.params.checked import InputFile
    from vidi.inference.models.price_rules import Expr
    from vidi.inference.models.prices.estimate import MediaFacts, Metered

OUTPUT_COUNTS = frozenset(
    [
        "num_outputs",
        "num_images",
        "n",
        "number_of_images",
        "num_samples",
        "max_images",
        "num_videos",
        "num_results",
        "number_of_outputs",
        "number_of_results",
        "batch_size",
        "batch_count",
        "image_count",
    ]
)
"""Params that ask for so many assets; after the run the assets themselves are counted."""

IMAGE_PIXELS = Decimal(1_048_576)
"""In a megapixel of an image, as fal bills it: 1024x1024 is one (recorded: one unit)."""
VIDEO_PIXELS = Decimal(1_000_000)
"""In a megapixel of a video: 121 frames of 1280x720 are 112 (https://fal.ai/models/fal-ai/ltx-2-19b)."""

_LARGEST = Decimal(10**12)
"""No quantity is larger: what is, is a mistake or an id."""
_NUMBER = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[A-Za-z%]*\s*")


@dataclass(frozen=True, slots=True)
class Facts:
    """The inputs of one inference as price rules see them."""

    properties: Mapping[str, ParamSchema]
    """The schemas of the params."""
    effective: Mapping[str, object]
    files: tuple[InputFile, ...]
    timeout_s: Decimal
    where: Mapping[str, Expr] = field(default_factory=dict)
    """The derived names that the price row defines, each with its `@`."""
    metered: Metered | None = None
    """What is known after the run; None before it."""
    pixels: Decimal = IMAGE_PIXELS
    """Pixels in a megapixel, unless a rule says otherwise."""
    used: set[str] = field(default_factory=set)
    """`metered` and `derived`, as soon as such a figure was looked at."""

    def values(self, names: str | Iterable[str]) -> list[object]:
        """The given values under one name or several, lists taken apart; see `values_at`."""
        every = (names,) if isinstance(names, str) else names
        return [value for name in every for value in values_at(self.effective, name)]

    def number(self, name: str) -> Interval | None:
        """The number in a param; a range where it holds a word such as `auto`; None if absent."""
        given = [value for value in values_at(self.effective, name) if is_given(value)]
        numbers = [number for value in given if (number := number_in(value)) is not None]
        if numbers:
            return Interval(numbers[0], numbers[0])
        if not given:
            return None
        return self.allowed(name, f"'{name}' is {shown(given[0])}")

    def allowed(self, name: str, why: str) -> Interval:
        """The range of the numbers that the schema of a param allows."""
        schema = self.properties.get(name, {})
        numbers = [number for number in map(number_in, _enum(schema)) if number is not None]
        if numbers:
            return between(min(numbers), max(numbers), why)
        high = number_in(schema.get("maximum"))
        low = number_in(schema.get("minimum")) or Decimal(0)
        return unknown(why) if high is None else between(low, high, why)

    @property
    def assets(self) -> tuple[MediaFacts, ...]:
        """What came out; empty before the run."""
        return self.metered.assets if self.metered else ()

    def asset_count(self) -> Interval | None:
        """How many assets came out; None before the run."""
        if not self.assets:
            return None
        self.used.add("derived")
        return exactly(len(self.assets))

    def asset_seconds(self) -> Interval | None:
        """The mean length of the assets in seconds; None where they have none."""
        lengths = [asset.duration_s for asset in self.assets if asset.duration_s]
        if not lengths:
            return None
        self.used.add("derived")
        return exactly(sum(lengths, Decimal(0)) / len(lengths))


def is_given(value: object) -> bool:
    """Whether a value counts as given: not null, not empty text, not an empty list."""
    return value is not None and value not in ("", [], ())


def number_in(value: object) -> Decimal | None:
    """The number that a value is or begins with; a negative one, such as -1 for `auto`, is none."""
    number = signed_number_in(value)
    return number if number is not None and number >= 0 else None


def signed_number_in(value: object) -> Decimal | None:
    """The number that a value is or begins with: `5`, `-1`, `"8s"`, `"1 MP"`."""
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value)
        return as_decimal(Decimal(match[1])) if match else None
    return as_decimal(value)


def as_decimal(value: object) -> Decimal | None:
    """A JSON number as the decimal that its text shows; None for what is no quantity."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() and abs(number) <= _LARGEST else None


def shown(value: object) -> str:
    """A value in a reason, short."""
    return value if isinstance(value, str) and len(value) <= 40 else "not a number"


def values_at(params: Mapping[str, object], path: str) -> list[object]:
    """The values under a name or a path such as `image_size.width` or `inputs[].text`.

    A list at the end is taken apart; nulls are left out.
    """
    if path.isidentifier():
        return list(_apart(params.get(path)))
    found: list[object] = [params]
    for step in _steps(path):
        inside = [item for item in found if isinstance(item, Mapping)]
        found = [value for item in inside for value in _apart(item.get(step))]
    return found


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(step.removesuffix("[]") for step in path.split("."))


def _apart(value: object) -> Iterator[object]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value


def _enum(schema: ParamSchema) -> Iterator[object]:
    yield from schema.get("enum", ())
    for branch in schema.get("anyOf", ()):
        yield from _enum(branch)
