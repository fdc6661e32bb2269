"""A model as its template describes it: one JSON file, read into one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.price_rules import Pricing
    from vidi.json_values import Json


class OutputType(StrEnum):
    """What a model makes."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"
    THREE_D = "3d"
    JSON = "json"


class TemplateFile(TypedDict, total=False):
    """A template as its file holds it, once template_schema.py has checked it."""

    id: str
    title: str
    category: str
    output_type: str
    output: str
    params: ParamSchema
    pricing: Pricing
    example: dict[str, Json]
    timeout_s: int
    retired: str
    version: str
    sources: list[str]
    as_of: dict[str, str]
    confidence: dict[str, str]
    page: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model: its inputs, its outputs and its prices, with the sources of each."""

    id: str
    """`replicate/OWNER/NAME` or `fal/ENDPOINT`."""
    title: str
    category: str
    """Such as `text-to-image`."""
    output_type: OutputType
    output: str
    """Where the assets are in the provider's answer, such as `images[].url`."""
    params: ParamSchema
    """JSON Schema (2020-12) of the inputs."""
    pricing: Pricing
    """Price rows, as docs/prices.md describes them."""
    example: Mapping[str, object]
    """The smallest valid input."""
    timeout_s: int
    """How long one inference may take, in seconds, from submit to result."""
    sources: tuple[str, ...]
    as_of: Mapping[str, str]
    """The date of `params` and of `pricing`, ISO 8601, to the day or the month."""
    confidence: Mapping[str, str]
    """`high`, `medium` or `low` for `params` and for `pricing`."""
    page: str
    path: Path
    """The template file that this was read from."""
    retired: str = ""
    """Why the model should not be used any more; empty while it is served."""
    version: str = ""
    """Replicate: the version hash that a community model is called by."""

    @property
    def provider(self) -> str:
        """The part of the id before the first slash."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """The provider's own name of the model: the id without the provider."""
        return self.id.partition("/")[2]

    @property
    def required_params(self) -> tuple[str, ...]:
        """The inputs that must be given."""
        return tuple(self.params.get("required", ()))

    @property
    def optional_params(self) -> tuple[str, ...]:
        """The inputs that may be left out."""
        return tuple(name for name in self.params["properties"] if name not in self.required_params)
