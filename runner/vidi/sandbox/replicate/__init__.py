"""Replicate's HTTP API: https://replicate.com/docs/reference/http."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.sandbox.call import route
from vidi.sandbox.downloads import download
from vidi.sandbox.replicate import files, models, predictions
from vidi.sandbox.replicate.account import check_token, get_account, list_hardware
from vidi.sandbox.serving.addresses import DELIVERY, REPLICATE

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from vidi.sandbox.serving.addresses import Service
    from vidi.sandbox.state import Sandbox

_ROUTES = (
    ("POST", "/v1/predictions", predictions.create),
    ("GET", "/v1/predictions", predictions.list_all),
    ("GET", "/v1/predictions/{id}", predictions.get),
    ("POST", "/v1/predictions/{id}/cancel", predictions.cancel),
    ("POST", "/v1/models/{owner}/{name}/predictions", predictions.create_official),
    ("POST", "/v1/deployments/{owner}/{name}/predictions", predictions.create_deployed),
    ("GET", "/v1/models/{owner}/{name}", models.get),
    ("GET", "/v1/collections/official", models.list_official),
    ("GET", "/v1/models/{owner}/{name}/versions", models.list_versions),
    ("GET", "/v1/models/{owner}/{name}/versions/{version}", models.get_version),
    ("POST", "/v1/files", files.create),
    ("GET", "/v1/files", files.list_all),
    ("GET", "/v1/files/{id}", files.get),
    ("DELETE", "/v1/files/{id}", files.delete),
    ("GET", "/v1/account", get_account),
    ("GET", "/v1/hardware", list_hardware),
)


def replicate_routes(sandbox: Sandbox) -> dict[Service, list[BaseRoute]]:
    """The routes of the API and of the host that delivers outputs."""
    api = [
        route(sandbox, REPLICATE, method, path, handler, check_token)
        for method, path, handler in _ROUTES
    ]
    by_link = route(sandbox, REPLICATE, "GET", "/v1/files/{id}/download", files.download_upload)
    delivered = route(sandbox, DELIVERY, "GET", "/files/{id}/{name}", download)
    return {REPLICATE: [*api, by_link], DELIVERY: [delivered]}
