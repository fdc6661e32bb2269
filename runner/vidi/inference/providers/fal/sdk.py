"""The official fal SDK, opened over our transport. Heavy: importing this imports the SDK.

fal-client 1.0.3 takes no transport and no client, so the three places where it makes one are
overridden here. `tests/inference/providers/test_sdk_contract.py` fails when they move.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import httpx
from fal_client import AsyncClient
from fal_client.auth import FAL_QUEUE_RUN_HOST, AuthCredentials
from fal_client.client import (
    CDN_URL,
    USER_AGENT,
    AsyncCDNTokenManager,
    AsyncMultipartUpload,
    AsyncRequestHandle,
    CDNToken,
)

from vidi.inference.providers.web_address import is_web_address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from vidi.inference.providers.transport.guard import Guard


class GuardedTokens(AsyncCDNTokenManager):
    """The CDN's short-lived tokens, asked for through the guard."""

    def __init__(self, auth: AuthCredentials, client: httpx.AsyncClient, guard: Guard) -> None:
        super().__init__(auth)
        self._client = client
        self._guard = guard

    async def _refresh_token(self) -> CDNToken:
        response = await self._client.post(self._url, headers=self._headers, json={})
        data = response.json()
        base = data["base_url"]
        if not (is_web_address(base) and self._guard.trusts(base)):
            base = CDN_URL  # a file, and the token with it, go to fal and nowhere else
        return CDNToken(
            token=data["token"],
            token_type=data["token_type"],
            base_upload_url=base,
            expires_at=datetime.fromisoformat(data["expires_at"]),
        )


class GuardedFal(AsyncClient):
    """fal's client, whose every request goes through the guard."""

    def __init__(self, guard: Guard, key: str) -> None:
        super().__init__(key=key)
        auth = AuthCredentials("Key", key)
        agent = {"User-Agent": USER_AGENT}
        self._keyed = httpx.AsyncClient(
            transport=guard, trust_env=False, headers={**agent, **auth.as_headers()}
        )
        self._keyless = httpx.AsyncClient(transport=guard, trust_env=False, headers=agent)
        self._tokens = GuardedTokens(auth, self._keyless, guard)

    @property
    async def _client(self) -> httpx.AsyncClient:
        return self._keyed

    @property
    async def _token_manager(self) -> GuardedTokens:
        return self._tokens

    @asynccontextmanager
    async def _cdn_client(self) -> AsyncIterator[httpx.AsyncClient]:
        yield self._keyless

    async def upload_in_parts(self, path: Path, content_type: str, name: str) -> str:
        """Upload a large file; the SDK's own way would name it as this disk does.

        Args:
            path: The file.
            content_type: What it is.
            name: What it is to be called; ASCII.
        """
        upload = AsyncMultipartUpload(
            file_name=name,
            client=self._keyless,
            token_manager=self._tokens,
            content_type=content_type,
        )
        await upload.create()
        turns = asyncio.Semaphore(upload.max_concurrency)

        async def send(number: int) -> None:
            async with turns:
                data = await asyncio.to_thread(_read_part, path, number, upload.chunk_size)
                await upload.upload_part(number, data)

        count = math.ceil(path.stat().st_size / upload.chunk_size)
        await asyncio.gather(*(send(number) for number in range(1, count + 1)))
        return await upload.complete()

    def handle(self, request_id: str, urls: Mapping[str, str]) -> AsyncRequestHandle:
        """Take up a request by the URLs that came with its receipt."""
        return AsyncRequestHandle(
            request_id=request_id,
            response_url=urls.get("response", ""),
            status_url=urls.get("status", ""),
            cancel_url=urls.get("cancel", ""),
            client=self._keyed,
        )


def _read_part(path: Path, number: int, size: int) -> bytes:
    """One part of a file; parts count from 1."""
    with path.open("rb") as file:
        file.seek((number - 1) * size)
        return file.read(size)


def list_aliases() -> Mapping[str, str]:
    """The SDK submits to the host that `FAL_QUEUE_RUN_HOST` named when it was imported."""
    return {FAL_QUEUE_RUN_HOST.partition(":")[0]: "VIDI_FAL_QUEUE_URL"}


def open_client(guard: Guard, key: str) -> GuardedFal:
    """Open the SDK over the guard."""
    return GuardedFal(guard, key)
