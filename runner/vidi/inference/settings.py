"""Where the providers are and who we are to them, from the environment and `.env`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from vidi.errors import UsageError
from vidi.known_secrets import SHORTEST_SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.parse import SplitResult

PROVIDER_URLS = {
    "VIDI_REPLICATE_URL": "https://api.replicate.com",
    "VIDI_FAL_QUEUE_URL": "https://queue.fal.run",
    "VIDI_FAL_REST_URL": "https://rest.fal.ai",
    "VIDI_FAL_CDN_URL": "https://v3.fal.media",
    "VIDI_FAL_PLATFORM_URL": "https://api.fal.ai",
    "VIDI_FAL_SITE_URL": "https://fal.ai",
}
"""Each setting that moves a provider's host, and the host that it moves."""

RECONCILE = "VIDI_RECONCILE_SECONDS"
"""The variable that bounds how long a provider is asked for a submit of unknown outcome."""

KEYS = {"replicate": "REPLICATE_API_TOKEN", "fal": "FAL_KEY"}
"""The variable that holds each provider's key."""

ADMIN_KEY = "FAL_ADMIN_KEY"
"""The variable that holds a key of fal that may read what was billed; nothing is bought with it."""

LONGEST_RECONCILE_S = 600


@dataclass(frozen=True, slots=True)
class Settings:
    """The providers' addresses and keys of one process. The keys never show in a repr."""

    urls: Mapping[str, str] = field(default_factory=lambda: dict(PROVIDER_URLS))
    """Setting name to base URL, without a trailing slash; may be http, may carry a path."""
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Provider name to key; a provider without a key is absent."""
    reconcile_s: float = 10.0
    """Seconds to go on asking for a submit whose outcome is unknown: providers' lists lag."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read every setting from `environ`; an empty variable counts as unset.

        Raises:
            UsageError: A VIDI_*_URL is not an http or https URL, a key is not one line of ASCII,
                or a number of seconds is none.
        """
        urls = {
            name: _checked_url(name, environ.get(name, "").strip() or default)
            for name, default in PROVIDER_URLS.items()
        }
        keys = {
            provider: _checked_key(name, environ[name].strip())
            for provider, name in KEYS.items()
            if environ.get(name, "").strip()
        }
        reconcile_s = read_seconds(environ, RECONCILE, "10", LONGEST_RECONCILE_S)
        return cls(urls=urls, keys=keys, reconcile_s=reconcile_s)

    @property
    def loopback_allowed(self) -> bool:
        """Whether any setting points at this machine, which permits downloads from it."""
        return any(is_loopback(urlsplit(url).hostname or "") for url in self.urls.values())

    def redact(self, text: str) -> str:
        """Replace every key, and both halves of a fal key, in a text that may be shown."""
        for provider, key in self.keys.items():
            for secret in (key, *key.split(":")):
                if len(secret) >= SHORTEST_SECRET:
                    text = text.replace(secret, f"[{KEYS[provider]}]")
        return text


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _checked_url(name: str, url: str) -> str:
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"{name} is not a web address: {url}",
            hint=f"Write it as https://host or http://host:port/prefix, or unset {name}.",
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise UsageError(
            f"{name} may hold a host, a port and a path, and nothing else",
            hint=f"Take the part before @, or after ? or #, out of {name}.",
        )
    return url.rstrip("/")


def read_seconds(environ: Mapping[str, str], name: str, usual: str, most: int) -> float:
    """Read a setting that is a number of seconds; `usual` where it is not set.

    Raises:
        UsageError: It is none, or not from 0 to `most`.
    """
    text = environ.get(name, "").strip() or usual
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= most:
        raise UsageError(
            f"{name} is not a number of seconds: {text}",
            hint=f"Set it to a number from 0 to {most}, or unset it.",
        )
    return seconds


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where the port is not a number up to 65535
    except ValueError:
        return None
    return parts


def _checked_key(name: str, key: str) -> str:
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError(
            f"{name} is not a key: it holds a space, a line end or a letter outside ASCII",
            hint=f"Copy the key again and set {name} to it alone.",
        )
    return key
