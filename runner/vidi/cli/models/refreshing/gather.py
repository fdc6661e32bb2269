"""What the providers say of all their models, asked as sparingly as they let us."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, VidiError
from vidi.inference.models.discovery.flatten import dig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vidi.inference.models.discovery.discovery import BasePrice, Discovery
    from vidi.inference.models.template import ModelInfo
    from vidi.inference.providers.documents import DocumentReader
    from vidi.json_values import Json


@dataclass(slots=True)
class Told:
    """What the providers said."""

    listed: Mapping[str, Json] = field(default_factory=dict)
    """fal's list: the entry of each id."""
    prices: Mapping[str, BasePrice] = field(default_factory=dict)
    """fal's base prices by id."""
    found: dict[str, Discovery | VidiError] = field(default_factory=dict)
    """What the schemas say that were read; the error where one could not be."""
    unread: list[str] = field(default_factory=list)
    """Lists that could not be read, in a sentence each."""


async def gather(
    reader: DocumentReader,
    models: Sequence[ModelInfo],
    known_ids: frozenset[str],
    schemas_of: Mapping[str, str],
    providers: Sequence[str],
) -> Told:
    """Ask the providers.

    Args:
        reader: Asks them.
        models: The templates that are there.
        known_ids: Every id that leads to one of them.
        schemas_of: fal's `updated_at` of the schema that each template was last compared with.
        providers: Whom to ask.

    Raises:
        CredentialsError: A key is missing or refused.
        VidiError: fal's list, or its prices, cannot be read: nothing could be told from the rest.
    """
    told = Told()
    asked: list[str] = []
    if "fal" in providers:
        endpoints = await reader.list_endpoints()
        told.listed = {f"fal/{name}": entry for name, entry in endpoints.items()}
        priced = await reader.list_prices(list(endpoints))
        told.prices = {f"fal/{name}": price for name, price in priced.items()}
        asked += _choose_schemas(told, models, known_ids, schemas_of)
    if "replicate" in providers:
        asked += [model.id for model in models if model.provider == "replicate"]
        asked += await _list_official(reader, told, known_ids)
    entries = {name.removeprefix("fal/"): entry for name, entry in told.listed.items()}
    told.found = await reader.discover_all(asked, listed=entries)
    return told


def updated_at(entry: Json) -> str:
    """When fal changed an endpoint last, in its own words; empty where it does not say."""
    return str(dig(entry, "metadata", "updated_at") or dig(entry, "updated_at") or "")


def _choose_schemas(
    told: Told,
    models: Sequence[ModelInfo],
    known_ids: frozenset[str],
    schemas_of: Mapping[str, str],
) -> list[str]:
    """The endpoints whose schema may be another now, the new ones, and those that left the list."""
    names = []
    for model in models:
        entry = told.listed.get(model.id)
        if model.provider != "fal" or (entry is None and model.retired):
            continue
        seen = schemas_of.get(model.id)
        if entry is None or not seen or seen != updated_at(entry):
            names.append(model.id)
    return [*names, *(name for name in told.listed if name not in known_ids)]


async def _list_official(reader: DocumentReader, told: Told, known: frozenset[str]) -> list[str]:
    """The official models of Replicate that have no template."""
    try:
        names = await reader.list_official()
    except CredentialsError:
        raise
    except VidiError as error:
        told.unread.append(f"Replicate's official collection: {error.message}")
        return []
    return [name for each in names if (name := f"replicate/{each}") not in known]
