"""The providers' documents of their models, asked for with GETs that cost nothing.

Light: httpx and the wire are imported when the first document is asked for. Everything goes through
the guard, which sends a key to its own provider alone and refuses whatever could buy something.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import quote

from vidi.errors import CredentialsError, PollError, VidiError
from vidi.inference.models.discovery.cog import read_replicate
from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.flatten import dig
from vidi.inference.models.discovery.queue_api import (
    LISTED,
    PRICED,
    SCHEMA,
    read_fal,
    read_price,
)
from vidi.inference.models.ids import deployment_of, split_version
from vidi.inference.models.template import Billing
from vidi.inference.providers.account import FAL, REPLICATE
from vidi.inference.providers.asking import HINT, DocumentClient, NoSuchModelError
from vidi.inference.providers.fal.usage import USAGE, query_usage, read_usage
from vidi.inference.providers.replicate.answers import API
from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from vidi.json_values import Json

    Entries = dict[str, Json | VidiError]
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from vidi.inference.models.discovery.discovery import BasePrice, Discovery

ACCOUNTS = {"replicate": REPLICATE, "fal": FAL}
MOST_PAGES = 100
MOST_NAMES = 50
"""Endpoints in one question to fal's platform (https://fal.ai/docs/platform-apis)."""


@dataclass(slots=True)
class DocumentReader(DocumentClient):
    """Asks the providers what they say of their models: see `DocumentClient` for its fields."""

    async def discover(self, model_id: str) -> Discovery:
        """Read one model.

        Raises:
            NoSuchModelError: The provider does not have it.
            DocumentError: What the provider says of it cannot be read.
            CredentialsError: The key is missing or refused.
            PollError: No answer came.
        """
        found = (await self.discover_all([model_id]))[model_id]
        if isinstance(found, VidiError):
            raise found
        return found

    async def discover_all(
        self, model_ids: Iterable[str], listed: Mapping[str, Json] | None = None
    ) -> dict[str, Discovery | VidiError]:
        """Read many models, some at a time; the error in place of each that cannot be read.

        Args:
            model_ids: Their ids.
            listed: fal's list, where it is known already.

        Raises:
            CredentialsError: A key is missing or refused.
        """
        names = list(dict.fromkeys(model_ids))
        for provider in dict.fromkeys(name.partition("/")[0] for name in names):
            self.key_of(ACCOUNTS[provider])
        endpoints = [name.removeprefix("fal/") for name in names if name.startswith("fal/")]
        entries, priced = await asyncio.gather(
            self._ask_by_fifty(LISTED, "models", endpoints if listed is None else ()),
            self._ask_by_fifty(PRICED, "prices", endpoints),
        )
        every = entries if listed is None else dict(listed)
        found = await asyncio.gather(*(self._discover(name, every, priced) for name in names))
        for each in found:
            if isinstance(each, CredentialsError):
                raise each
        return dict(zip(names, found, strict=True))

    async def list_endpoints(self) -> dict[str, Json]:
        """Fal's whole list, page by page: the entry of each endpoint.

        Raises:
            CredentialsError: The key is missing or refused.
            VidiError: A page cannot be read.
        """
        self.key_of(FAL)
        found: dict[str, Json] = {}
        cursor: str | None = ""
        seen: set[str] = set()
        while cursor is not None:
            page = await self.ask_json(FAL, LISTED, [("cursor", cursor)] if cursor else ())
            entries = as_list(as_object(page).get("models"))
            found |= {str(dig(each, "endpoint_id")): each for each in entries}
            told = dig(page, "next_cursor")
            cursor = told if isinstance(told, str) and told and told not in seen else None
            seen.add(told if isinstance(told, str) else "")
        return found

    async def list_official(self) -> list[str]:
        """`owner/name` of each model in Replicate's collection of official models.

        Raises:
            CredentialsError: The key is missing or refused.
            VidiError: There is none, or it cannot be read.
        """
        document = await self.ask_json(REPLICATE, f"{API}/collections/official")
        models = as_list(as_object(document).get("models"))
        return [f"{dig(each, 'owner')}/{dig(each, 'name')}" for each in models]

    async def list_prices(self, endpoints: Sequence[str]) -> dict[str, BasePrice]:
        """Fal's base price of each endpoint, where it names one.

        Raises:
            CredentialsError: The key is missing or refused.
            PollError: No answer came.
        """
        priced = await self._ask_by_fifty(PRICED, "prices", endpoints)
        found = {}
        for name, entry in priced.items():
            if isinstance(entry, VidiError):
                raise entry
            if (price := read_price(entry)) is not None:
                found[name] = price
        return found

    async def read_base_prices(self, endpoints: Sequence[str]) -> dict[str, Billing]:
        """What fal bills its endpoints by, as far as it says so.

        Raises:
            CredentialsError: The key is missing or refused.
        """
        self.key_of(FAL)
        asked_at = datetime.now(UTC).date().isoformat()
        priced = await self._ask_by_fifty(PRICED, "prices", endpoints)
        prices = {
            name: read_price(entry)
            for name, entry in priced.items()
            if not isinstance(entry, VidiError)
        }
        return {
            name: Billing(price.unit, price.usd, asked_at, price.source)
            for name, price in prices.items()
            if price is not None
        }

    async def read_usage(self, since: date, until: date) -> dict[str, Decimal]:
        """What fal has billed in a span of days, both included, in USD by endpoint.

        Raises:
            CredentialsError: The key is missing, or may not read that: it takes an admin key.
            PollError: No answer came.
            DocumentError: What it says cannot be read.
        """
        billed: dict[str, Decimal] = {}
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self.ask_json(FAL, USAGE, query_usage(since, until, cursor))
            for endpoint, usd in read_usage(page).items():
                billed[endpoint] = billed.get(endpoint, Decimal(0)) + usd
            following = dig(page, "next_cursor")
            if not following or dig(page, "has_more") is False:
                return billed
            cursor = str(following)
        raise DocumentError(f"fal.ai's usage has over {MOST_PAGES} pages")

    async def _discover(
        self, model_id: str, listed: Mapping[str, Json | VidiError], priced: Entries
    ) -> Discovery | VidiError:
        provider, _, name = model_id.partition("/")
        try:
            if provider == "replicate":
                return read_replicate(model_id, await self._read_replicate(model_id))
            entry, price = listed.get(name), priced.get(name)
            if isinstance(entry, VidiError):
                return entry
            if isinstance(price, VidiError):
                return price
            return await self._read_endpoint(name, entry, price)
        except VidiError as error:
            return error

    async def _read_replicate(self, model_id: str) -> Json:
        """The document of a model, with the version in it that the id means."""
        base, version = split_version(model_id)
        name = base.removeprefix("replicate/")
        if deployment := deployment_of(model_id):
            # {"owner", "name", "current_release": {"model": "owner/name", "version": …}}
            told = await self.ask_json(REPLICATE, f"{API}/deployments/{quote(deployment)}")
            name = str(dig(told, "current_release", "model") or "")
            version = str(dig(told, "current_release", "version") or "")
        document = await self.ask_json(REPLICATE, f"{API}/models/{quote(name)}")
        if not version or dig(document, "latest_version", "id") == version:
            return document
        asked = f"{API}/models/{quote(name)}/versions/{quote(version)}"
        return {**as_object(document), "latest_version": await self.ask_json(REPLICATE, asked)}

    async def _read_endpoint(self, name: str, listed: Json, priced: Json) -> Discovery:
        """One endpoint of fal. It exists if it is listed, or if its schema can be read."""
        try:
            openapi = await self._ask_schema(name)
            return read_fal(f"fal/{name}", openapi, listed, priced)
        except NoSuchModelError as error:
            if listed is None:
                raise
            raise DocumentError(f"fal.ai lists it, and shows no schema: {error.message}") from error
        except DocumentError as error:
            if listed is not None:
                raise
            told = f"fal.ai does not list it: {error.message}"
            raise NoSuchModelError(told, hint=HINT) from error

    async def _ask_schema(self, name: str) -> Json:
        """The schema from the public page, else what the platform shows to the owner of the key.

        The second is the way to workflows and apps of one's own, which no page shows.
        """
        try:
            return await self.ask_json(FAL, SCHEMA, [("endpoint_id", name)])
        except NoSuchModelError:
            query = [("endpoint_id", name), ("expand", "openapi-3.0")]
            answer = as_object(await self.ask_json(FAL, LISTED, query))
            entries = [each for each in as_list(answer.get("models")) if dig(each, "openapi")]
            if not entries:
                raise
            return dig(entries[0], "openapi")

    async def _ask_by_fifty(self, url: str, key: str, names: Sequence[str]) -> Entries:
        """Fal's entries by endpoint, fifty to a question; the error where there is one."""
        parts = [names[at : at + MOST_NAMES] for at in range(0, len(names), MOST_NAMES)]
        found: Entries = {}
        for entries in await asyncio.gather(*(self._ask_about(url, key, part) for part in parts)):
            found |= entries
        return found

    async def _ask_about(self, url: str, key: str, names: Sequence[str]) -> Entries:
        try:
            answer = await self.ask_json(FAL, url, [("endpoint_id", name) for name in names])
        except NoSuchModelError:
            return {} if len(names) == 1 else await self._ask_one_by_one(url, key, names)
        except DocumentError as error:
            if len(names) == 1:
                return {names[0]: error}
            return await self._ask_one_by_one(url, key, names)
        except PollError as error:
            return dict.fromkeys(names, error)
        rows = [each for each in as_list(as_object(answer).get(key)) if isinstance(each, dict)]
        return {str(each.get("endpoint_id")): each for each in rows}

    async def _ask_one_by_one(self, url: str, key: str, names: Sequence[str]) -> Entries:
        """One unknown name may spoil a question about many."""
        found: Entries = {}
        for entries in await asyncio.gather(*(self._ask_about(url, key, [n]) for n in names)):
            found |= entries
        return found
