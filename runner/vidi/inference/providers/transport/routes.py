"""Where each request really goes, whether it may carry a key, and whether it costs money.

The providers' own host names are mapped to the settings that move them; every other URL is used as
it is. A request that could buy something is known by what it is not: anything that changes state
and is not in the list of free ones.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from urllib.parse import SplitResult

    from vidi.inference.settings import Settings

READS = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
"""Methods that change nothing, so cost nothing (`QUERY` is Replicate's model search)."""

DEFAULT_PORTS = {"http": 80, "https": 443}

FAL_CDN_DOMAIN = ".fal.media"
"""fal serves its CDN from numbered hosts (`v3`, `v3b`) of this domain."""


@dataclass(frozen=True, slots=True)
class Service:
    """One HTTP API of a provider."""

    provider: str
    hosts: tuple[str, ...]
    setting: str
    """The setting that moves it; empty for one that cannot be moved."""
    free: str = r"(?!)"
    """Matches `METHOD /path` of every request that changes state and is known to be free."""


SERVICES = (
    Service(
        provider="replicate",
        hosts=("api.replicate.com",),
        setting="VIDI_REPLICATE_URL",
        free=r"POST /v1/(files|predictions/[^/]+/cancel)|DELETE /v1/files/[^/]+",
    ),
    Service(
        provider="fal",
        hosts=("queue.fal.run", "queue.falrun.com"),
        setting="VIDI_FAL_QUEUE_URL",
        free=r"PUT /.+/requests/[^/]+/cancel",
    ),
    Service(provider="fal", hosts=("fal.run", "falrun.com"), setting=""),
    Service(
        provider="fal",
        hosts=("rest.fal.ai",),
        setting="VIDI_FAL_REST_URL",
        free=r"POST /storage/(auth/token|upload/initiate)",
    ),
    Service(
        provider="fal",
        hosts=("v3.fal.media",),
        setting="VIDI_FAL_CDN_URL",
        free=r"POST /files/upload(/multipart)?|POST /.+/multipart/[^/]+/complete"
        r"|PUT /.+/multipart/[^/]+/\d+",
    ),
    Service(
        provider="fal",
        hosts=("api.fal.ai",),
        setting="VIDI_FAL_PLATFORM_URL",
        free=r"POST /v1/models/pricing/estimate",
    ),
    Service(provider="fal", hosts=("fal.ai",), setting="VIDI_FAL_SITE_URL"),
)
"""Every API that we talk to. The backup domains are those of fal-client 1.0.3."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where one request goes."""

    url: str
    trusted: bool
    """Whether it may carry the provider's key."""
    paid: bool
    """Whether it could buy something."""


Origin: TypeAlias = tuple[str, str, int | None]
"""Scheme, host, port."""


class _Base(NamedTuple):
    """Where a setting puts a service."""

    service: Service
    parts: SplitResult
    origin: Origin
    path: str
    """Without a slash at its end."""


@dataclass(frozen=True)
class Routes:
    """The way to one provider, as the settings lay it."""

    provider: str
    settings: Settings
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Further host names that an SDK was told to use, each with the setting it stands for."""

    def resolve(self, method: str, url: str) -> Target:
        """Map a URL that an SDK built, or that a provider returned."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        service = self._own_service(host) if _on_default_port(parts) else None
        if service and service.setting:
            mapped = self._moved(service, parts)
            return Target(mapped, trusted=True, paid=_is_paid(method, parts.path, (service,)))
        candidates = self._services_at(parts)
        if host.endswith(FAL_CDN_DOMAIN) and self.provider == "fal":
            candidates = [*candidates, *self._services_of("VIDI_FAL_CDN_URL")]
            trusted = parts.scheme == "https" and _on_default_port(parts)
            return Target(url, trusted=trusted, paid=_is_paid(method, parts.path, candidates))
        base = max((len(self._bases[each.setting].path) for each in candidates), default=0)
        paid = _is_paid(method, parts.path[base:], candidates)
        return Target(url, trusted=self._is_setting_origin(parts), paid=paid)

    def owns(self, url: str) -> bool:
        """Whether a URL is one of the provider's own API: by its host, or where a setting is."""
        try:
            parts = urlsplit(url)
            service = self._own_service((parts.hostname or "").lower())
            if service is not None and _on_default_port(parts):
                return bool(service.setting)
            return bool(self._services_at(parts))
        except ValueError:
            return False

    def _own_service(self, host: str) -> Service | None:
        setting = self.aliases.get(host)
        for service in self._services():
            if host in service.hosts or (setting and setting == service.setting):
                return service
        return None

    def _moved(self, service: Service, parts: SplitResult) -> str:
        base = self._bases[service.setting]
        path = base.path + (parts.path or "/")
        return urlunsplit((base.parts.scheme, base.parts.netloc, path, parts.query, ""))

    @cached_property
    def _bases(self) -> Mapping[str, _Base]:
        """Where each setting leads, by its name; read once, as every URL is held against them."""
        bases = {}
        for service in self._services():
            if service.setting:
                parts = urlsplit(self.settings.urls[service.setting])
                path = parts.path.rstrip("/")
                bases[service.setting] = _Base(service, parts, _origin(parts), path)
        return bases

    def _services(self) -> Iterable[Service]:
        return (each for each in SERVICES if each.provider == self.provider)

    def _services_of(self, setting: str) -> list[Service]:
        return [each for each in self._services() if each.setting == setting]

    def _services_at(self, parts: SplitResult) -> list[Service]:
        """The services whose setting is the longest beginning of this URL."""
        origin, path = _origin(parts), f"{parts.path}/"
        found = [
            base
            for base in self._bases.values()
            if base.origin == origin and path.startswith(f"{base.path}/")
        ]
        longest = max((len(base.path) for base in found), default=0)
        return [base.service for base in found if len(base.path) == longest]

    def _is_setting_origin(self, parts: SplitResult) -> bool:
        origin = _origin(parts)
        return any(base.origin == origin for base in self._bases.values())


def _is_paid(method: str, path: str, services: Iterable[Service]) -> bool:
    if method.upper() in READS:
        return False
    asked = f"{method.upper()} {path.rstrip('/')}"
    return not any(re.fullmatch(service.free, asked) for service in services)


def _origin(parts: SplitResult) -> Origin:
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port


def _on_default_port(parts: SplitResult) -> bool:
    return parts.scheme in DEFAULT_PORTS and parts.port in {None, *DEFAULT_PORTS.values()}
