"""The official Replicate SDK, opened over our transport. Heavy: importing this imports the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from replicate import AsyncReplicate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vidi.inference.providers.transport.guard import Guard

API = "https://api.replicate.com/v1"
"""Always this host here: the guard maps it to VIDI_REPLICATE_URL."""


def list_aliases() -> Mapping[str, str]:
    """None: the base URL is given, so REPLICATE_BASE_URL cannot lead elsewhere."""
    return {}


def open_client(guard: Guard, key: str) -> AsyncReplicate:
    """Open the SDK with its own retries off."""
    return AsyncReplicate(
        bearer_token=key,
        base_url=API,
        max_retries=0,
        http_client=httpx.AsyncClient(transport=guard, trust_env=False),
    )
