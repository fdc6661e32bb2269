"""`GET /api/openapi/queue/openapi.json`: an endpoint's schema, without a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.sandbox.answers.refusals import fal_refusal
from vidi.sandbox.call import Call, answer_json
from vidi.sandbox.fal.openapi import describe_endpoint

if TYPE_CHECKING:
    from starlette.responses import Response


async def get_openapi(call: Call) -> Response:
    """The schema of the endpoint that `endpoint_id` names."""
    name = call.request.query_params.get("endpoint_id", "")
    model = call.sandbox.find_model(f"fal/{name}")
    return answer_json(describe_endpoint(model)) if model else fal_refusal(404, "App not found")
