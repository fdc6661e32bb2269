"""A model as its template describes it: one JSON file, read into one frozen value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, TypedDict

from vidi.inference.models.ids import split_version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal
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
    FILE = "file"
    """Any bytes, such as trained weights: length and hash are checked, nothing is decoded."""


class CallFile(TypedDict, total=False):
    """`call` as a template's file holds it: one of the first three keys."""

    official: bool
    version: str
    deployment: str
    before: list[str]


class BillingFile(TypedDict):
    """`billing` as a template's file holds it."""

    unit: str
    unit_usd: Decimal | int
    as_of: str
    source: str


class TemplateFile(TypedDict, total=False):
    """A template as its file holds it, once template_schema.py has checked it."""

    id: str
    title: str
    category: str
    output_type: str
    output: str
    call: CallFile
    params: ParamSchema
    params_complete: bool
    pricing: Pricing
    billing: BillingFile
    example: dict[str, Json]
    timeout_s: int
    retired: str
    replaced_by: list[str]
    aliases: list[str]
    version: str
    schema_version: str
    sources: list[str]
    as_of: dict[str, str]
    confidence: dict[str, str]
    page: str


BY_NAME = "official"
"""In `Call.before`: it was run by its name."""


@dataclass(frozen=True, slots=True)
class Call:
    """How Replicate runs a model; exactly one of these says it.

    Official models are run by name: with the hash of a version the create is refused. Community
    models are run by their version: by name they are not found (both refusals are unpaid).
    """

    official: bool = False
    """By `owner/name`."""
    version: str = ""
    """By this version hash."""
    deployment: str = ""
    """By this `owner/name` of a deployment."""
    before: tuple[str, ...] = field(default=(), compare=False)
    """How the same model was run earlier: version hashes, or BY_NAME; what was bought so is had."""

    def to_json(self) -> dict[str, object]:
        """As a template's file holds it."""
        return {name: value for name, value in asdict(self).items() if value}


@dataclass(frozen=True, slots=True)
class Billing:
    """fal's base price: what one of the units costs that `X-Fal-Billable-Units` counts.

    It is not the page's price: units x `unit_usd` is the bill, whatever tier was run.
    """

    unit: str
    """fal's own word, such as `seconds`, `images` or `units`."""
    unit_usd: Decimal
    """USD of one unit; 1 or 0.01 where the units are dollars or cents."""
    as_of: str
    """When it was read, ISO 8601, to the day or the month."""
    source: str


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model: its inputs, its outputs and its prices, with the sources of each."""

    id: str
    """`replicate/OWNER/NAME` or `fal/ENDPOINT`; ids.py has the other forms."""
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
    replaced_by: tuple[str, ...] = ()
    """Ids of models for the same job, the nearest first."""
    aliases: tuple[str, ...] = ()
    """Other ids of this same model, such as those that it had before: the oldest first."""
    call: Call | None = None
    """How Replicate runs it; None at providers that know one way only."""
    billing: Billing | None = None
    """fal's base price; None where it is not known, or not of what is billed."""
    params_complete: bool = True
    """Whether every input is described; where not, an unknown one is a warning."""
    described_version: str = ""
    """The version whose params these are, where another one of it is run; else empty."""

    def __repr__(self) -> str:
        """Its id and what it makes: the rest fills a page."""
        return f"<ModelInfo {self.id}: {self.category}>"

    @property
    def version(self) -> str:
        """The version hash that the model is run by; empty where it is run in another way."""
        return self.call.version if self.call else ""

    @property
    def provider(self) -> str:
        """The part of the id before the first slash."""
        return self.id.partition("/")[0]

    @property
    def name(self) -> str:
        """The provider's own name of the model: the id without the provider and the version."""
        return split_version(self.id)[0].partition("/")[2]

    @property
    def identity(self) -> str:
        """What the model is called in fingerprints: its oldest id, of no version.

        A model that gets another id stays the same purchase, so nothing is bought again for it.
        """
        return split_version(self.aliases[0] if self.aliases else self.id)[0]

    @property
    def identities(self) -> tuple[tuple[str, str], ...]:
        """Name and version of this model in fingerprints: today's, then all that it ever had."""
        before = self.call.before if self.call else ()
        return _list_identities(self.id, self.aliases, self.version, before)

    @property
    def required_params(self) -> tuple[str, ...]:
        """The inputs that must be given."""
        return tuple(self.params.get("required", ()))

    @property
    def optional_params(self) -> tuple[str, ...]:
        """The inputs that may be left out."""
        return tuple(name for name in self.params["properties"] if name not in self.required_params)


@lru_cache(maxsize=1000)  # each inference of a plan asks for it
def _list_identities(
    own: str, aliases: tuple[str, ...], version: str, before: tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    versions = (version, *("" if each == BY_NAME else each for each in before))
    names = (split_version(each)[0] for each in (*(aliases[:1] or (own,)), *aliases, own))
    return tuple(dict.fromkeys((name, version) for name in names for version in versions))
