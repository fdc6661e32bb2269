"""Replicate's document of a model: `GET /v1/models/{owner}/{name}`, with cog's OpenAPI schema.

https://replicate.com/docs/reference/http#models.get
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vidi.inference.models.discovery.discovery import Discovery, DocumentError
from vidi.inference.models.discovery.example import build_example
from vidi.inference.models.discovery.flatten import Flattener, dig
from vidi.inference.models.discovery.kinds import (
    category_of,
    guess_kind,
    is_data,
    kind_of_address,
    kind_of_field,
)
from vidi.inference.models.discovery.params import build_params
from vidi.inference.models.discovery.words import one_line, title_of
from vidi.inference.models.ids import deployment_of, split_version
from vidi.inference.models.prices.quantities.params import texts_in
from vidi.inference.models.template import OutputType
from vidi.json_values import as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.json_values import Json, JsonMapping, JsonObject


JOINED = "concatenate"
MARKED = {"(text)": OutputType.TEXT, "(join)": OutputType.TEXT, "(json)": OutputType.JSON}


def read_replicate(model_id: str, document: Json) -> Discovery:
    """One model from its document.

    Raises:
        DocumentError: It has no schema that can be read.
    """
    schema = dig(document, "latest_version", "openapi_schema")
    schemas = as_object(dig(schema, "components", "schemas"))
    if not isinstance(schemas.get("Input"), dict):
        raise DocumentError(
            "Replicate shows no schema of it",
            hint="The model has no version that can be run, or keeps its schema to itself.",
        )
    flattener = Flattener(schema)
    given = flattener.flatten(schemas["Input"])
    # Every file has a format here: a text without one is a text, whatever its name.
    properties = {
        name: {"format": "text", **as_object(each)}
        for name, each in as_object(given.get("properties")).items()
    }
    params = build_params(properties, given.get("required"), _order(properties))
    output = describe_output(flattener.flatten(schemas.get("Output", {})))
    made = _kind_of(output, document, params["properties"])
    base, pinned = split_version(model_id)
    deployment = deployment_of(model_id)
    owner, _, name = (deployment or base.removeprefix("replicate/")).partition("/")
    kind = "deployments/" if deployment else ""
    page = f"https://replicate.com/{kind}{owner}/{name}"
    return Discovery(
        id=model_id,
        title=f"{title_of(name)} ({owner})",
        category=category_of(made, params["properties"]),
        output_type=made,
        output=output,
        params=params,
        example=build_example(params, properties),
        page=f"{page}/versions/{pinned}" if pinned else page,
        source=f"https://api.replicate.com/v1/{kind or 'models/'}{owner}/{name}",
        version="" if deployment else pinned or _version_of(document),
        deployment=deployment,
        renamed_to="" if deployment else _other_name(f"{owner}/{name}", document),
    )


def _other_name(asked: str, document: Json) -> str:
    owner, name = dig(document, "owner"), dig(document, "name")
    told = f"{owner}/{name}" if isinstance(owner, str) and isinstance(name, str) else asked
    return "" if told == asked else f"replicate/{told}"


def describe_output(schema: JsonMapping) -> str:
    """Where the assets are, from cog's `Output` schema."""
    if _is_address(schema):
        return "output"
    items = schema.get("items")
    if schema.get("type") == "array" and isinstance(items, dict):
        return _describe_list(schema, items)
    if isinstance(schema.get("properties"), dict):
        found = list(_addresses("output", schema))
        return ", ".join([*found, *_data(found, schema)]) if found else "output (json)"
    return "output (text)" if schema.get("type") == "string" else "output (json)"


def _describe_list(schema: JsonMapping, items: JsonMapping) -> str:
    if _is_address(items):
        return "output[]"
    if items.get("type") == "string" and schema.get("x-cog-array-display") == JOINED:
        return "output[] (join)"
    found = list(_addresses("output[]", items))
    return ", ".join(found) if found else "output (json)"


def _addresses(where: str, schema: JsonMapping) -> Iterator[str]:
    """The fields of an object that hold files."""
    for name, each in as_object(schema.get("properties")).items():
        field = as_object(each)
        if _is_address(field):
            yield f"{where}.{name}"
        elif _is_address(as_object(field.get("items"))):
            yield f"{where}.{name}[]"


def _data(found: list[str], schema: JsonMapping) -> Iterator[str]:
    """The fields beside the files that hold data, such as `detections`."""
    held = {where.split(".")[1].removesuffix("[]") for where in found}
    for name, each in as_object(schema.get("properties")).items():
        if name not in held and is_data(name, as_object(each)):
            yield f"output.{name} (json)"


def _is_address(schema: JsonMapping) -> bool:
    return schema.get("type") == "string" and schema.get("format") == "uri"


def _kind_of(output: str, document: Json, params: Mapping[str, ParamSchema]) -> OutputType:
    marker = output.partition(" ")[2]
    if marker in MARKED:
        return MARKED[marker]
    shown = dig(document, "default_example", "output")
    if kind := kind_of_address(next(texts_in(shown), "")):
        return kind
    if "." in output and (kind := kind_of_field(output.partition(".")[2])):
        return kind
    name = str(dig(document, "name") or "").replace("-", " ")
    return guess_kind(params, name, one_line(dig(document, "description")))


def _order(properties: Mapping[str, JsonObject]) -> list[str]:
    """The names by `x-order`; those without one keep their place after them."""

    def key(name: str) -> tuple[bool, int]:
        order = properties[name].get("x-order")
        return (not isinstance(order, int), order if isinstance(order, int) else 0)

    return sorted(properties, key=key)


def _version_of(document: Json) -> str:
    """The hash by which a community model is called; official ones are called by name."""
    version = dig(document, "latest_version", "id")
    if dig(document, "is_official") is True:
        return ""
    if not isinstance(version, str) or not version:
        raise DocumentError("Replicate names no version that it can be called by")
    return version
