"""`/v1/models/{owner}/{name}` and its versions, as the template knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.sandbox.answers.answers import build_answer, replace_leaves
from vidi.sandbox.answers.plain import plain_json
from vidi.sandbox.answers.refusals import replicate_problem
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.facts.official import is_official, version_of
from vidi.sandbox.orders.checks import with_defaults
from vidi.sandbox.replicate.openapi import describe_model

if TYPE_CHECKING:
    from starlette.responses import Response

    from vidi.inference.models.template import ModelInfo

_SHOWN = "https://replicate.delivery/sandbox"
_DAY = "2026-01-01T00:00:00.000000Z"


async def get(call: Call) -> Response:
    """`GET /v1/models/{owner}/{name}`."""
    model = _model(call)
    return answer_json(_show(model)) if model else replicate_problem(404)


async def list_official(call: Call) -> Response:
    """`GET /v1/collections/official`: every official model, whole."""
    models = call.sandbox.registry.list_models(provider="replicate")
    served = [_show(model) for model in models if is_official(model) and not model.retired]
    return answer_json({"name": "Official models", "slug": "official", "models": served})


def _show(model: ModelInfo) -> dict[str, object]:
    """A model's document."""
    owner, _, name = model.name.partition("/")
    return {
        "url": f"https://replicate.com/{model.name}",
        "owner": owner,
        "name": name,
        "description": model.title,
        "visibility": "public",
        "is_official": is_official(model),
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 0,
        "cover_image_url": None,
        "default_example": _example(model),
        "latest_version": _version(model),
    }


async def list_versions(call: Call) -> Response:
    """`GET /v1/models/{owner}/{name}/versions`: official models have none to show."""
    model = _model(call)
    if model is None:
        return replicate_problem(404)
    if is_official(model):
        return replicate_problem(
            404, "This model is an official model and does not expose a list of versions."
        )
    return answer_json({"previous": None, "next": None, "results": [_version(model)]})


async def get_version(call: Call) -> Response:
    """`GET /v1/models/{owner}/{name}/versions/{version}`."""
    model = _model(call)
    if model is None or is_official(model) or version_of(model) != call.path("version"):
        return replicate_problem(404)
    return answer_json(_version(model))


def _model(call: Call) -> ModelInfo | None:
    return call.sandbox.find_model(f"replicate/{call.path('owner')}/{call.path('name')}")


def _example(model: ModelInfo) -> dict[str, object]:
    """The run that the model's page shows."""
    given = dict(model.example)
    made = build_answer(model, with_defaults(model, given)).get("output")
    output = replace_leaves(made, lambda leaf: f"{_SHOWN}/example.{leaf.order.format}")
    return {"input": plain_json(given), "output": output, "status": "succeeded"}


def _version(model: ModelInfo) -> dict[str, object]:
    return {
        "id": version_of(model),
        "created_at": _DAY,
        "cog_version": "0.16.0",
        "openapi_schema": describe_model(model),
    }
