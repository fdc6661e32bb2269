"""The facts of one model, as the catalogue has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROVIDERS = ("replicate", "fal")


@dataclass(frozen=True, slots=True)
class Fact:
    """One file of the catalogue; numbers with a point are Decimal."""

    file_name: str
    data: dict[str, Any]

    @property
    def id(self) -> str:
        """`replicate/OWNER/NAME` or `fal/ENDPOINT`."""
        return str(self.data["id"])

    @property
    def provider(self) -> str:
        """`replicate` or `fal`."""
        return self.id.partition("/")[0]

    @property
    def category(self) -> str:
        """Such as `text-to-image`."""
        return str(self.data["category"])

    @property
    def pricing(self) -> dict[str, Any]:
        """What is known of the price, in the catalogue's own words."""
        pricing: dict[str, Any] = self.data["pricing"]
        return pricing

    @property
    def notes(self) -> str:
        """What the catalogue says of the price in prose."""
        return str(self.pricing["notes"])

    @property
    def params(self) -> dict[str, dict[str, Any]]:
        """The inputs by name."""
        return {param["name"]: param for param in self.data["params"]}

    def first_of(self, *names: str) -> str | None:
        """The first of these names that is an input of this model."""
        return next((name for name in names if name in self.params), None)

    def source_image(self) -> str | None:
        """The image that is worked on, if there is one."""
        return self.first_of("image_url", "image_urls", "image", "input_image_url", "images")

    def files(self, kind: str) -> list[str]:
        """The inputs that take a file and have `kind` in their name."""
        return [
            name
            for name, param in self.params.items()
            if kind in name and (param["is_file"] or param.get("items") == "file")
        ]


def read_facts(catalogue: Path) -> Iterator[Fact]:
    """Every model of the catalogue, in the order of its file names."""
    for provider in PROVIDERS:
        for path in sorted((catalogue / provider).glob("*.json")):
            text = path.read_text(encoding="utf-8")
            yield Fact(path.name, json.loads(text, parse_float=Decimal))
