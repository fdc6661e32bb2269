"""fal's documents of an endpoint: the OpenAPI of its queue, its entry in the list, its base price.

https://fal.ai/docs/platform-apis/v1/models and …/pricing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from vidi.inference.models.discovery.discovery import BasePrice, Discovery, DocumentError
from vidi.inference.models.discovery.example import build_example
from vidi.inference.models.discovery.file_params import file_kind
from vidi.inference.models.discovery.flatten import Flattener, dig
from vidi.inference.models.discovery.kinds import category_of, guess_kind, is_data, kind_of_field
from vidi.inference.models.discovery.params import build_params
from vidi.inference.models.discovery.words import one_line, title_of
from vidi.inference.models.template import OutputType
from vidi.json_values import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vidi.inference.models.param_schema import ParamSchema
    from vidi.json_values import Json, JsonMapping, JsonObject


LISTED = "https://api.fal.ai/v1/models"
PRICED = "https://api.fal.ai/v1/models/pricing"
SCHEMA = "https://fal.ai/api/openapi/queue/openapi.json"

CATEGORIES = {
    "image-to-image": "image-edit",
    "audio-to-audio": "audio-processing",
    "video-to-video": "video-edit",
    "audio-to-video": "avatar",
    "vision": "vision-language",
    "image-to-text": "vision-language",
    "audio-to-text": "speech-to-text",
}
"""fal's categories that templates call something else."""

UNSPECIFIC = ("text-to-audio",)
"""Categories that are several of ours: the inputs tell which."""

SENTENCES = ("pricing_info_override", "pricingInfoOverride", "pricing_info", "pricing")
"""Where an entry may hold its price as a sentence: fal.ai/api/models has the second."""

USUAL_OUTPUTS = {
    OutputType.IMAGE: "images[].url",
    OutputType.VIDEO: "video.url",
    OutputType.AUDIO: "audio.url",
    OutputType.TEXT: "output (text)",
    OutputType.JSON: "output (json)",
    OutputType.THREE_D: "model_mesh.url",
    OutputType.FILE: "diffusers_lora_file.url",
}
"""Where the assets usually are, for the few endpoints whose result has no schema."""

_MAIN_TEXTS = ("output", "text", "results", "caption", "transcription", "prompt")


def read_fal(model_id: str, openapi: Json, listed: Json = None, priced: Json = None) -> Discovery:
    """One endpoint from its documents.

    Args:
        model_id: `fal/ENDPOINT`.
        openapi: The OpenAPI document of its queue.
        listed: Its entry in the list of models, where there is one.
        priced: Its entry in the list of prices, where there is one.

    Raises:
        DocumentError: The OpenAPI document holds no schema that can be read.
    """
    name = model_id.removeprefix("fal/")
    flattener = Flattener(openapi)
    given = _flatten_input(flattener)
    order = as_list(given.get("x-fal-order-properties"))
    names = [each for each in order if isinstance(each, str)]
    properties = _fields_of(given)
    params = build_params(properties, given.get("required"), names)
    fields = _fields_of(_flatten_output(flattener))
    category = _category(openapi, listed)
    made = _kind_of(fields, category, params["properties"])
    known = "" if category in UNSPECIFIC else CATEGORIES.get(category, category)
    return Discovery(
        id=model_id,
        title=one_line(dig(listed, "metadata", "display_name"), 100) or title_of(name),
        category=known or category_of(made, params["properties"]),
        output_type=made,
        output=describe_output(fields, made),
        params=params,
        example=build_example(params, properties),
        page=f"https://fal.ai/models/{name}",
        source=f"{SCHEMA}?endpoint_id={name}",
        retired=read_retirement(listed),
        renamed_to=_other_name(name, openapi),
        price=read_price(priced),
    )


def _other_name(asked: str, openapi: Json) -> str:
    told = dig(openapi, "info", "x-fal-metadata", "endpointId")
    return f"fal/{told}" if isinstance(told, str) and told not in ("", asked) else ""


def read_price(priced: Json) -> BasePrice | None:
    """The base price of an entry in the list of prices; None where it names none in USD."""
    usd, unit = dig(priced, "unit_price"), dig(priced, "unit")
    if dig(priced, "currency") not in (None, "USD") or isinstance(usd, bool):
        return None
    if not isinstance(usd, int | Decimal) or usd < 0:
        return None
    name = dig(priced, "endpoint_id")
    return BasePrice(
        Decimal(usd), one_line(unit, 60).replace(";", ","), f"{PRICED}?endpoint_id={name}"
    )


def describe_output(fields: Mapping[str, JsonObject], made: OutputType) -> str:
    """Where the assets are: the files of the kind that the model makes, else all of them.

    Data that comes beside them, such as `detections`, was paid for, too.
    """
    if not fields:
        return USUAL_OUTPUTS[made]
    files = [(where, name) for where, name in _files(fields) if f"{name}s" not in fields]
    if files:
        same = [where for where, name in files if kind_of_field(name) in {made, None}]
        return ", ".join([*(same or [where for where, _ in files]), *_data(fields)])
    texts = [name for name, each in fields.items() if each.get("type") == "string"]
    main = [name for name in _MAIN_TEXTS if name in texts] or texts
    if made is OutputType.TEXT and main:
        return f"{main[0]} (text)"
    return f"{next(iter(fields))} (json)"


def _data(fields: Mapping[str, JsonObject]) -> Iterator[str]:
    """The fields beside the files that hold data."""
    held = {where.partition(".")[0].removesuffix("[]") for where, _ in _files(fields)}
    for name, field in fields.items():
        if name not in held and is_data(name, field):
            yield f"{name} (json)"


def _files(fields: Mapping[str, JsonObject]) -> Iterator[tuple[str, str]]:
    """Each field with a file, in the notation of templates, and its name."""
    for name, schema in fields.items():
        if "url" in _fields_of(schema):
            yield f"{name}.url", name
        elif "url" in _fields_of(as_object(schema.get("items"))):
            yield f"{name}[].url", name
        elif file_kind(name, schema):
            yield name, name
        else:
            yield from _inner_files(name, schema)


def _inner_files(name: str, schema: JsonObject) -> Iterator[tuple[str, str]]:
    """The files in the objects of a list, such as `adapters[].lora_file.url`."""
    inside = _fields_of(as_object(schema.get("items")))
    for where, inner in _files(inside):
        if where.endswith(".url"):
            yield f"{name}[].{where}", inner


def _fields_of(schema: JsonMapping) -> dict[str, JsonObject]:
    """The schemas of an object's fields, by name."""
    fields = as_object(schema.get("properties"))
    return {name: as_object(each) for name, each in fields.items()}


def _flatten_input(flattener: Flattener) -> JsonObject:
    for path in _paths(flattener.document):
        schema = dig(path, "post", "requestBody", "content", "application/json", "schema")
        if schema is not None:
            return flattener.flatten(schema)
    raise DocumentError("fal.ai's schema has no request to submit")


def _flatten_output(flattener: Flattener) -> JsonObject:
    """The result's schema; not that of the queue's status, which other paths answer."""
    for name, path in as_object(dig(flattener.document, "paths")).items():
        if not str(name).endswith("/requests/{request_id}"):
            continue
        for schema in (
            dig(path, "get", "responses", code, "content", "application/json", "schema")
            for code in ("200", "default")
        ):
            if schema is not None:
                return flattener.flatten(schema)
    return {}


def _paths(openapi: Json) -> list[Json]:
    return list(as_object(dig(openapi, "paths")).values())


def _category(openapi: Json, listed: Json) -> str:
    told = dig(listed, "metadata", "category") or dig(openapi, "info", "x-fal-metadata", "category")
    return one_line(told, 60)


def read_retirement(listed: Json) -> str:
    """Why an endpoint of the list is of the past; empty where it is not."""
    status = one_line(dig(listed, "metadata", "status"), 60)
    return "" if status in {"", "active"} else f"fal lists it as {status}"


def read_sentence(listed: Json) -> str:
    """The price in fal's own words, where the list has it; empty where it has not."""
    told = (dig(listed, "metadata", key) or dig(listed, key) for key in SENTENCES)
    return next((text for each in told if (text := one_line(each))), "")


def _kind_of(
    fields: Mapping[str, JsonObject], category: str, params: Mapping[str, ParamSchema]
) -> OutputType:
    files = [name for _, name in _files(fields)]
    target = category.rpartition("-to-")[2]
    if not fields:
        return guess_kind(params, target.replace("-", " "))
    if not files:
        has_text = any(each.get("type") == "string" for each in fields.values())
        return OutputType.JSON if target == "json" or not has_text else OutputType.TEXT
    named = {kind for name in files if (kind := kind_of_field(name))}
    told = guess_kind({}, target)
    if told in named:
        return told
    ordered = (OutputType.VIDEO, OutputType.THREE_D, OutputType.AUDIO, OutputType.IMAGE)
    fallback = guess_kind(params) if told is OutputType.FILE else told
    return next((kind for kind in ordered if kind in named), fallback)
