"""fal's HTTP APIs: the queue, direct runs, storage, the platform and the site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.sandbox.call import route
from vidi.sandbox.downloads import download
from vidi.sandbox.fal import history, platform, queue, requests, site, storage, usage
from vidi.sandbox.fal.keys import check_key, check_platform_key, check_upload_token
from vidi.sandbox.serving.addresses import CDN, PLATFORM, QUEUE, REST, RUN, SITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from vidi.sandbox.serving.addresses import Service
    from vidi.sandbox.state import Sandbox

_REQUEST = "/{app:path}/requests/{id}"
_PART = "/files/{id}/{name}/multipart/{upload}"

_ROUTES = (
    (QUEUE, "GET", f"{_REQUEST}/status/stream", queue.stream, queue.check_request_url),
    (QUEUE, "GET", f"{_REQUEST}/status", queue.status, queue.check_request_url),
    (QUEUE, "PUT", f"{_REQUEST}/cancel", queue.cancel, queue.check_request_url),
    (QUEUE, "GET", _REQUEST, queue.result, queue.check_request_url),
    (QUEUE, "POST", "/{endpoint:path}", queue.submit, check_key),
    (RUN, "POST", "/{endpoint:path}", queue.run, check_key),
    (REST, "POST", "/storage/auth/token", storage.issue_token, check_key),
    (REST, "POST", "/storage/upload/initiate", storage.initiate, check_key),
    (REST, "GET", "/requests/", requests.list_own, check_key),
    (REST, "GET", "/requests/{id}", requests.get_own, check_key),
    (CDN, "POST", "/files/upload", storage.upload, check_upload_token),
    (CDN, "POST", "/files/upload/multipart", storage.begin_parts, check_upload_token),
    (CDN, "PUT", f"{_PART}/{{number:int}}", storage.put_part, check_upload_token),
    (CDN, "POST", f"{_PART}/complete", storage.complete_parts, check_upload_token),
    (CDN, "PUT", "/files/{id}/{name}", storage.put_whole, None),
    (CDN, "GET", "/files/{id}/{name}", download, None),
    (PLATFORM, "GET", "/v1/models", platform.list_models, None),
    (PLATFORM, "GET", "/v1/models/pricing", platform.list_prices, check_platform_key),
    (PLATFORM, "GET", "/v1/models/requests/by-endpoint", history.list_requests, check_platform_key),
    (PLATFORM, "GET", "/v1/models/usage", usage.get_usage, check_platform_key),
    (PLATFORM, "GET", "/v1/models/analytics", usage.get_analytics, check_platform_key),
    (SITE, "GET", "/api/openapi/queue/openapi.json", site.get_openapi, None),
)


def fal_routes(sandbox: Sandbox) -> dict[Service, list[BaseRoute]]:
    """The routes of each of fal's services."""
    tables: dict[Service, list[BaseRoute]] = {}
    for service, method, path, handler, guard in _ROUTES:
        checked: Callable[[Request], Response | None] | None = guard
        tables.setdefault(service, []).append(
            route(sandbox, service, method, path, handler, checked)
        )
    return tables
