"""Where the providers are and who we are to them, from the environment and `.env`."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from vidi.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER_URLS = {
    "VIDI_REPLICATE_URL": "https://api.replicate.com",
    "VIDI_FAL_QUEUE_URL": "https://queue.fal.run",
    "VIDI_FAL_REST_URL": "https://rest.fal.ai",
    "VIDI_FAL_CDN_URL": "https://v3.fal.media",
    "VIDI_FAL_PLATFORM_URL": "https://api.fal.ai",
    "VIDI_FAL_SITE_URL": "https://fal.ai",
}
"""Each setting that moves a provider's host, and the host that it moves."""

KEYS = {"replicate": "REPLICATE_API_TOKEN", "fal": "FAL_KEY"}
"""The variable that holds each provider's key."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The providers' addresses and keys of one process. The keys never show in a repr."""

    urls: Mapping[str, str] = field(default_factory=lambda: dict(PROVIDER_URLS))
    """Setting name to base URL, without a trailing slash; may be http, may carry a path."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Provider name to key; a provider without a key is absent."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read every setting from `environ`; an empty variable counts as unset.

        Raises:
            UsageError: A VIDI_*_URL is not an http or https URL.
        """
        urls = {
            name: _checked_url(name, environ.get(name) or default)
            for name, default in PROVIDER_URLS.items()
        }
        keys = {
            provider: environ[name].strip()
            for provider, name in KEYS.items()
            if environ.get(name, "").strip()
        }
        return cls(urls=urls, keys=keys)

    @property
    def loopback_allowed(self) -> bool:
        """Whether any setting points at this machine, which permits downloads from it."""
        return any(is_loopback(urlsplit(url).hostname or "") for url in self.urls.values())


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _checked_url(name: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"{name} is not a web address: {url}",
            hint=f"Write it as https://host or http://host:port/prefix, or unset {name}.",
        )
    return url.rstrip("/")
