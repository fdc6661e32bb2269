"""Where each service of the providers is: by its host name, or by a path prefix on one port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from starlette.requests import Request

ProviderName = Literal["replicate", "fal"]


@dataclass(frozen=True, slots=True)
class Service:
    """One HTTP service of a provider."""

    name: str
    provider: ProviderName
    host: str
    setting: str = ""
    """The VIDI_*_URL variable that moves it; empty where URLs alone lead to it."""

    @property
    def prefix(self) -> str:
        """Its path prefix where all services share one port."""
        return f"/{self.name}"


REPLICATE = Service("replicate", "replicate", "api.replicate.com", "VIDI_REPLICATE_URL")
DELIVERY = Service("replicate-delivery", "replicate", "replicate.delivery")
QUEUE = Service("fal-queue", "fal", "queue.fal.run", "VIDI_FAL_QUEUE_URL")
RUN = Service("fal-run", "fal", "fal.run")
REST = Service("fal-rest", "fal", "rest.fal.ai", "VIDI_FAL_REST_URL")
CDN = Service("fal-cdn", "fal", "v3.fal.media", "VIDI_FAL_CDN_URL")
PLATFORM = Service("fal-platform", "fal", "api.fal.ai", "VIDI_FAL_PLATFORM_URL")
SITE = Service("fal-site", "fal", "fal.ai", "VIDI_FAL_SITE_URL")
SERVICES = (REPLICATE, DELIVERY, QUEUE, RUN, REST, CDN, PLATFORM, SITE)

_HOSTS = frozenset(service.host for service in SERVICES)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Builds the URLs of an answer in the form that the request came in."""

    scheme: str
    shared: str = ""
    """Host and port that all services share; empty where each has its own host."""

    @classmethod
    def of(cls, request: Request) -> Addresses:
        """The form that this request came in."""
        url = request.url
        return cls(url.scheme) if url.hostname in _HOSTS else cls(url.scheme, url.netloc)

    def url(self, service: Service, path: str) -> str:
        """The absolute URL of `path`, which begins with a slash, at `service`."""
        if self.shared:
            return f"{self.scheme}://{self.shared}{service.prefix}{path}"
        return f"{self.scheme}://{service.host}{path}"


def sandbox_environment(base_url: str) -> dict[str, str]:
    """The settings that lead vidi to a served sandbox, with keys that it accepts.

    Args:
        base_url: Where `vidi sandbox` listens, such as `http://127.0.0.1:8000`.
    """
    base = base_url.rstrip("/")
    moved = {each.setting: base + each.prefix for each in SERVICES if each.setting}
    return {**moved, "REPLICATE_API_TOKEN": "sandbox-key", "FAL_KEY": "sandbox-key"}
