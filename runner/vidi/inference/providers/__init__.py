"""The providers: Replicate and fal.ai, behind one interface and one guarded transport.

Light to import: an SDK and the HTTP libraries are imported when a provider first talks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import UsageError
from vidi.inference.providers.fal import FalProvider
from vidi.inference.providers.replicate import ReplicateProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from vidi.inference.providers.provider import Provider
    from vidi.inference.settings import Settings

PROVIDERS: Mapping[str, type[ReplicateProvider | FalProvider]] = {
    "fal": FalProvider,
    "replicate": ReplicateProvider,
}
"""The first part of a model id, and who serves it."""


def open_provider(
    name: str, settings: Settings, wire: httpx.AsyncBaseTransport | None = None
) -> Provider:
    """Make the provider that serves the models whose ids begin with `name`.

    Args:
        name: The first part of a model id.
        settings: Where it is and who we are to it.
        wire: What to send through instead of the network, such as `httpx.ASGITransport`.

    Raises:
        UsageError: There is no such provider.
    """
    if name not in PROVIDERS:
        known = " and ".join(sorted(PROVIDERS))
        raise UsageError(f"there is no provider '{name}'", hint=f"Model ids begin with {known}.")
    return PROVIDERS[name](settings, wire)
