"""The providers: Replicate and fal.ai, behind one interface and one guarded transport.

Light to import: an SDK and the HTTP libraries are imported when a provider first talks, and the
providers of plug-ins when a model of theirs is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.errors import CredentialsError, UsageError
from vidi.inference.models.provider_names import PLUG_INS, provider_names
from vidi.inference.providers.account import FAL, REPLICATE
from vidi.inference.providers.fal.provider import FalProvider
from vidi.inference.providers.provider import Provider
from vidi.inference.providers.replicate.provider import ReplicateProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

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
        UsageError: There is no such provider, or its plug-in cannot be used.
    """
    if name in PROVIDERS:
        return PROVIDERS[name](settings, wire)
    return _open_plug_in(name, settings, wire)


def describe_keyless(name: str) -> CredentialsError:
    """The refusal to ask a provider that has no key."""
    accounts = {account.provider: account for account in (REPLICATE, FAL)}
    if name in accounts:
        return accounts[name].no_key()
    return CredentialsError(
        f"the provider '{name}' is not available: it has no key",
        hint="Its own documentation says where it looks for one.",
    )


def _open_plug_in(name: str, settings: Settings, wire: httpx.AsyncBaseTransport | None) -> Provider:
    from importlib.metadata import entry_points

    points = tuple(entry_points(group=PLUG_INS, name=name))
    if not points:
        *others, last = sorted(provider_names())
        known = f"{', '.join(others)} and {last}"
        raise UsageError(f"there is no provider '{name}'", hint=f"Model ids begin with {known}.")
    try:
        provider = points[0].load()
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"the provider '{name}' cannot be loaded from {points[0].value}: {error}",
            hint="Install its distribution again.",
        ) from error
    if not (isinstance(provider, type) and issubclass(provider, Provider)):
        raise UsageError(
            f"the provider '{name}' ({points[0].value}) is no vidi.inference.Provider",
            hint="docs/add-a-provider.md shows one.",
        )
    return provider(settings, wire)  # type: ignore[call-arg]  # a provider is made so, by contract
