"""What a provider's documents say of one model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidi.errors import VidiError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.inference.models.template import OutputType
    from vidi.json_values import Json


class DocumentError(VidiError):
    """A provider's document of a model is not what such documents are."""

    exit_code = 1
    code = "document"


@dataclass(frozen=True, slots=True)
class BasePrice:
    """fal's one price of an endpoint. Tiers and surcharges of its page are not in it."""

    usd: Decimal
    unit: str
    """In fal's words, such as `images` or `1000 characters`."""
    source: str
    """Where it was read."""

    def __str__(self) -> str:
        return f"{self.usd.normalize():f} USD per {self.unit or 'unit'}"


@dataclass(frozen=True, slots=True)
class Discovery:
    """One model as its provider describes it."""

    id: str
    title: str
    category: str
    output_type: OutputType
    output: str
    """Where the assets are in an answer, in the notation of templates."""
    params: ParamSchema
    """The inputs as a template holds them."""
    example: Mapping[str, Json]
    """The smallest input."""
    page: str
    source: str
    """The address of the schema."""
    version: str = ""
    """Replicate: the hash that a community model is called by."""
    deployment: str = ""
    """Replicate: the `owner/name` of the deployment that it is called as."""
    retired: str = ""
    renamed_to: str = ""
    """The id that the provider calls it by now, where that is another than was asked for."""
    price: BasePrice | None = None
