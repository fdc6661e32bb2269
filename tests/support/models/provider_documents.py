"""What the providers say of a model, in the shapes of their real documents."""

import jsonschema_rs

from vidi.inference.models.discovery.queue_api import read_fal
from vidi.inference.models.template_schema import TEMPLATE_SCHEMA

TODAY = "2026-11-23"
URI = {"type": "string", "format": "uri"}
FILE = {"type": "object", "properties": {"url": URI, "content_type": {"type": "string"}}}


def cog(properties, output=URI, *, required=("prompt",), schemas=None, **more):
    given = {"type": "object", "title": "Input", "properties": properties}
    given |= {"required": list(required)} if required else {}
    every = {"Input": given, "Output": output, **(schemas or {})}
    version = {"id": "f" * 64, "openapi_schema": {"components": {"schemas": every}}}
    return {"name": "paint", "is_official": True, "latest_version": version} | more


def queue(properties, output, *, required=("prompt",), order=None, schemas=None):
    given = {"type": "object", "properties": properties, "required": list(required)}
    given |= {"x-fal-order-properties": order} if order else {}
    every = {"PaintInput": given, "PaintOutput": {"properties": output}, **(schemas or {})}
    content = {
        name: {
            "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
        }
        for name in every
    }
    status = {"content": {"application/json": {"schema": {"properties": {"status": {}}}}}}
    return {
        "info": {"x-fal-metadata": {"endpointId": "acme/paint", "category": "text-to-image"}},
        "paths": {
            "/acme/paint/requests/{request_id}/status": {"get": {"responses": {"200": status}}},
            "/acme/paint": {"post": {"requestBody": content["PaintInput"]}},
            "/acme/paint/requests/{request_id}": {
                "get": {"responses": {"200": content["PaintOutput"]}}
            },
        },
        "components": {"schemas": every},
    }


PROMPT = {"type": "string", "title": "Prompt", "description": "What\nto   paint"}
IMAGES = {"images": {"type": "array", "items": FILE}, "seed": {"type": "integer"}}


def found_at_fal(properties=None, output=None, price=None, **more):
    openapi = queue({"prompt": PROMPT, **(properties or {})}, output or IMAGES, **more)
    priced = price and {
        "endpoint_id": "acme/paint", "unit_price": price[0], "unit": price[1], "currency": "USD"
    }  # fmt: skip
    return read_fal("fal/acme/paint", openapi, None, priced)


def passes(template):
    error = next(jsonschema_rs.Draft202012Validator(TEMPLATE_SCHEMA).iter_errors(template), None)
    assert error is None, error
    return template


def shape(properties, required=()):
    return {"properties": properties, "required": list(required)}
