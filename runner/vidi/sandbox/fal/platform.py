"""`GET /v1/models` and `/v1/models/pricing`: the catalogue and its base prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.prices.money import json_number
from vidi.sandbox.answers.refusals import platform_error
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.facts.base_prices import find_base_price
from vidi.sandbox.fal.openapi import describe_endpoint
from vidi.sandbox.fal.pages import page_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from vidi.inference.models.template import ModelInfo

_MOST_ENDPOINTS = 50
_EXPANDED_PAGE = 10
_PLAIN_PAGE = 1000
_DAY = "2026-01-01T00:00:00.000Z"


async def list_models(call: Call) -> Response:
    """`GET /v1/models`: all endpoints, or those that `endpoint_id` names, as far as they exist."""
    query = call.request.query_params
    named = query.getlist("endpoint_id")
    expand = "openapi-3.0" in query.getlist("expand")
    found = _named(call, named) if named else _all(call)
    page = page_of(call.request, found, _EXPANDED_PAGE if expand else _PLAIN_PAGE)
    models = [_show(model, expand=expand) for model in page.items]
    return answer_json({"models": models, **page.turn()})


async def list_prices(call: Call) -> Response:
    """`GET /v1/models/pricing`: one unit price an endpoint, whatever its page says besides."""
    named = call.request.query_params.getlist("endpoint_id")
    if not 1 <= len(named) <= _MOST_ENDPOINTS:
        return platform_error(400)
    models = _named(call, named)
    if len(models) < len(named):
        return platform_error(404, "Endpoint not found")
    prices = [price for model in models if (price := _price(model))]
    return answer_json({"prices": prices, "next_cursor": None, "has_more": False})


def _named(call: Call, names: list[str]) -> list[ModelInfo]:
    found = (call.sandbox.find_model(f"fal/{name}") for name in names)
    return [model for model in found if model]


def _all(call: Call) -> list[ModelInfo]:
    return list(call.sandbox.registry.list_models(provider="fal"))


def _show(model: ModelInfo, *, expand: bool) -> dict[str, object]:
    shown: dict[str, object] = {
        "endpoint_id": model.name,
        "metadata": {
            "display_name": model.title,
            "category": model.category,
            "description": model.title,
            "status": "deprecated" if model.retired else "active",
            "tags": [],
            "updated_at": _DAY,
            "is_favorited": False,
            "thumbnail_url": f"https://v3.fal.media/files/sandbox/{model.name.rpartition('/')[2]}.jpg",
            "model_url": f"https://fal.run/{model.name}",
            "license_type": "commercial",
            "date": _DAY,
            "group": {"key": model.name.split("/")[1], "label": model.category},
            "highlighted": False,
            "kind": "training" if model.category == "training" else "inference",
            "pinned": False,
        },
    }
    return shown | ({"openapi": describe_endpoint(model)} if expand else {})


def _price(model: ModelInfo) -> dict[str, object] | None:
    base = find_base_price(model)
    if base is None:
        return None
    return {
        "endpoint_id": model.name,
        "unit_price": json_number(base.usd),
        "unit": base.unit,
        "currency": "USD",
    }
