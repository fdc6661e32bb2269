"""Templates from what the providers say. The documents have the shapes of real ones."""

import json
from decimal import Decimal

import jsonschema_rs
import pytest

from vidi.inference.models.discovery.base_price import TIERS, price_row_of
from vidi.inference.models.discovery.billed_units import UNITS
from vidi.inference.models.discovery.cog import describe_output as describe_cog
from vidi.inference.models.discovery.cog import read_replicate
from vidi.inference.models.discovery.difference import compare_param, compare_params
from vidi.inference.models.discovery.discovery import BasePrice, DocumentError
from vidi.inference.models.discovery.example import example_of
from vidi.inference.models.discovery.file_params import file_kind
from vidi.inference.models.discovery.flatten import Flattener
from vidi.inference.models.discovery.kinds import category_of, guess_kind, kind_of_address
from vidi.inference.models.discovery.params import build_param, build_params
from vidi.inference.models.discovery.price_news import is_new_price, note_price, renew_pricing
from vidi.inference.models.discovery.queue_api import describe_output as describe_fal
from vidi.inference.models.discovery.queue_api import read_fal, read_price
from vidi.inference.models.discovery.template import (
    list_changes,
    make_template,
    merge_params,
    refresh_template,
)
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.discovery.words import one_line, title_of
from vidi.inference.models.registry import shipped_templates
from vidi.inference.models.template import OutputType
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


# --- references, allOf, null


@pytest.mark.parametrize(
    ("schema", "flat"),
    [
        ({"$ref": "#/defs/size"}, {"enum": ["a", "b"], "type": "string", "title": "size"}),
        (
            {"allOf": [{"$ref": "#/defs/size"}], "title": "Own"},
            {"enum": ["a", "b"], "type": "string", "title": "Own"},
        ),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None}, {"type": "integer"}),
        ({"oneOf": [{"type": "null"}, {"$ref": "#/defs/ref"}]}, {"type": "integer"}),
        ({"type": ["string", "null"]}, {"type": "string"}),
        ({"type": ["string", "integer"]}, {"type": ["string", "integer"]}),
        ({"anyOf": [{"type": "null"}]}, {}),
        (
            {"anyOf": [{"$ref": "#/defs/ref"}, {"type": "string"}]},
            {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        ),
        (
            {"type": "array", "items": {"$ref": "#/defs/ref"}},
            {"type": "array", "items": {"type": "integer"}},
        ),
        ({"properties": {"a": {"$ref": "#/defs/ref"}}}, {"properties": {"a": {"type": "integer"}}}),
        ({"items": [{}], "properties": []}, {}),
        ({"$ref": "#/defs/a~1b"}, {"type": "boolean"}),
        ("no schema", {}),
        (True, {}),
    ],
)
def test_flatten(schema, flat):
    document = {
        "defs": {
            "size": {"enum": ["a", "b"], "type": "string", "title": "size"},
            "ref": {"allOf": [{"type": "integer"}]},
            "a/b": {"type": "boolean"},
        }
    }
    assert Flattener(document).flatten(schema) == flat


@pytest.mark.parametrize("reference", ["#/defs/none", "https://example.com/a", 7])
def test_a_reference_to_nothing_is_an_error(reference):
    with pytest.raises(DocumentError, match="which is not in it"):
        Flattener({}).flatten({"$ref": reference})


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#/a"},
        {"properties": {"x": {"$ref": "#/a"}}},
        {"anyOf": [{"$ref": "#/a"}, {"$ref": "#/a"}]},
        {"allOf": [{"$ref": "#/a"}] * 60},
    ],
)
def test_a_schema_that_refers_to_itself_is_an_error(schema):
    with pytest.raises(DocumentError, match="refers to itself, or is larger than any real one"):
        Flattener({"a": schema}).flatten({"$ref": "#/a"})


# --- params


@pytest.mark.parametrize(
    ("name", "schema", "kind"),
    [
        ("image", URI, "image"),
        ("image_url", {"type": "string"}, "image"),
        ("image_url", {"type": "string", "format": "text"}, ""),
        ("image_url", {"type": "string", "enum": ["a"]}, ""),
        ("image_url", {"type": "integer"}, ""),
        ("video_url", {"type": "string"}, "video"),
        ("ref_audio_url", {"type": "string"}, "audio"),
        ("lora_url", {"type": "string"}, "file"),
        ("first_frame", URI, "image"),
        ("input", URI | {"description": "A video to upscale"}, "video"),
        ("input", URI, "file"),
        ("input", {"type": "string", "ui": {"field": "audio"}}, "audio"),
        ("input", {"type": "string", "_fal_ui_field": "video"}, "video"),
        ("input", {"type": "string", "ui": "odd"}, ""),
        ("curly", {"type": "string"}, ""),
    ],
)
def test_file_kind(name, schema, kind):
    assert file_kind(name, schema) == kind


@pytest.mark.parametrize(
    ("name", "schema", "built"),
    [
        ("a", {"type": "string", "title": "A  b"}, {"description": "A b", "type": "string"}),
        ("a", {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
         {"type": "integer", "minimum": 1, "maximum": 4, "default": 1}),
        ("a", {"type": "integer", "minimum": True, "default": "x"}, {"type": "integer"}),
        ("a", {"type": "integer", "minLength": -1, "default": 1},
         {"type": "integer", "minLength": -1}),
        ("a", {"enum": ["x", None, "x", True, 1]}, {"enum": ["x", True, 1]}),
        ("a", {"const": 5}, {"const": 5}),
        ("a", {"type": "file"}, {}),
        ("a", {"type": ["string", "integer", "odd"]}, {"type": ["string", "integer"]}),
        ("a", {"type": "string", "deprecated": True, "pattern": "["},
         {"type": "string", "deprecated": True}),
        ("image_urls", {"type": "array", "items": {"type": "string"}, "default": []},
         {"type": "array", "items": {"type": "string", "x-file": "image"}}),
        ("image", URI | {"default": ""}, {"type": "string", "x-file": "image"}),
        ("size", {"properties": {"width": {"type": "integer"}}, "required": ["width", "odd"]},
         {"type": "object", "properties": {"width": {"type": "integer"}}, "required": ["width"]}),
        ("size", {"type": "object", "properties": {"w": {}}, "required": 5},
         {"type": "object", "properties": {"w": {}}}),
        ("size", {"anyOf": [{"type": "string", "enum": ["hd"]}, {"type": "object"}]},
         {"anyOf": [{"type": "string", "enum": ["hd"]}, {"type": "object"}]}),
        ("openai_api_key", {"type": "string"}, {"type": "string", "x-secret": True}),
        ("token", {"type": "string", "format": "password"}, {"type": "string", "x-secret": True}),
        ("voice", {"type": "string", "examples": ["A", "B", "C"]},
         {"type": "string", "x-suggested": ["A", "B", "C"]}),
        ("prompt", {"type": "string", "examples": ["one sample"]}, {"type": "string"}),
    ],
)  # fmt: skip
def test_build_param(name, schema, built):
    assert build_param(name, schema) == built


def test_an_inline_answer_is_refused_and_a_lip_sync_mode_is_not():
    assert "x-refused" in build_param("sync_mode", {"type": "boolean"})
    assert build_param("sync_mode", {"enum": ["loop"]}) == {"enum": ["loop"]}


def test_params_stand_in_the_provider_s_order():
    params = build_params({"b": {}, "a": {}, "c": {}}, ["c", "gone"], ["a", "odd", "b", "a"])
    assert {name: each["x-order"] for name, each in params["properties"].items()} == {
        "a": 0, "b": 1, "c": 2,
    }  # fmt: skip
    assert params["required"] == ["c"]


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({}, "the schema has no inputs"),
        ({"\x1b[2J": {}}, r"the schema has an input with the name '\\x1b\[2J'"),
        ({" ": {}}, "the schema has an input with the name ' '"),
    ],
)
def test_inputs_that_make_no_template(properties, message):
    with pytest.raises(DocumentError, match=f"^{message}$"):
        build_params(properties, None, [])


@pytest.mark.parametrize(
    ("text", "line"),
    [("a\n b\t c", "a b c"), ("a\x1b[31mb", "a[31mb"), (None, ""), ("x" * 400, "x" * 299 + "…")],
)
def test_one_line(text, line):
    assert one_line(text) == line


def test_titles():
    assert title_of("flux-1.1_pro") == "Flux 1.1 Pro"
    assert title_of("fal-ai/FLUX") == "Fal Ai / FLUX"


# --- outputs and kinds


@pytest.mark.parametrize(
    ("schema", "output"),
    [
        (URI, "output"),
        ({"type": "array", "items": URI}, "output[]"),
        ({"type": "array", "items": {"type": "string"}, "x-cog-array-display": "concatenate"},
         "output[] (join)"),
        ({"type": "array", "items": {"type": "string"}}, "output (json)"),
        ({"type": "string"}, "output (text)"),
        ({"type": "number"}, "output (json)"),
        ({}, "output (json)"),
        ({"properties": {"mesh": URI, "views": {"type": "array", "items": URI}, "n": {}}},
         "output.mesh, output.views[]"),
        ({"properties": {"n": {"type": "number"}}}, "output (json)"),
        ({"type": "array", "items": {"properties": {"image": URI}}}, "output[].image"),
    ],
)  # fmt: skip
def test_outputs_of_replicate(schema, output):
    assert describe_cog(schema) == output


@pytest.mark.parametrize(
    ("fields", "made", "output"),
    [
        ({"images": {"type": "array", "items": FILE}}, "image", "images[].url"),
        ({"image": FILE, "images": {"type": "array", "items": FILE}}, "image", "images[].url"),
        ({"video": FILE, "thumbnail": FILE}, "video", "video.url"),
        ({"vocals": FILE, "drums": FILE}, "audio", "vocals.url, drums.url"),
        ({"thumbnail": FILE}, "video", "thumbnail.url"),
        ({"video_url": {"type": "string"}}, "video", "video_url"),
        ({"seed": {"type": "integer"}, "output": {"type": "string"}}, "text", "output (text)"),
        ({"answer": {"type": "string"}}, "text", "answer (text)"),
        ({"scores": {"type": "array"}}, "json", "scores (json)"),
        ({}, "audio", "audio.url"),
    ],
)
def test_outputs_of_fal(fields, made, output):
    assert describe_fal(fields, OutputType(made)) == output


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://a.b/c.webp", "image"),
        ("https://a.b/c.MP4?x=1", "video"),
        ("https://a.b/c.mp3", "audio"),
        ("https://a.b/c.glb", "3d"),
        ("https://a.b/c.srt", "text"),
        ("https://a.b/c", None),
        ("https://[bad/c.png", None),
        (5, None),
    ],
)
def test_kind_of_address(url, kind):
    assert kind_of_address(url) == kind


@pytest.mark.parametrize(
    ("params", "text", "kind"),
    [
        ({"output_format": {"enum": ["png", "jpg"]}}, "makes videos", "image"),
        ({"format": {"enum": ["mp3"]}}, "", "audio"),
        ({}, "Image to video, in seconds", "video"),
        ({}, "Audio-driven video of a portrait", "video"),
        ({}, "text-to-speech in ten languages", "audio"),
        ({}, "turns a photo into a 3D mesh", "image"),
        ({}, "A 3D mesh maker", "3d"),
        ({"fps": {}}, "", "video"),
        ({}, "", "image"),
    ],
)
def test_guess_kind(params, text, kind):
    assert guess_kind(params, text) == kind


@pytest.mark.parametrize(
    ("made", "params", "category"),
    [
        ("image", {}, "text-to-image"),
        ("image", {"image": {"x-file": "image"}}, "image-edit"),
        ("video", {}, "text-to-video"),
        ("video", {"images": {"items": {"x-file": "image"}}}, "image-to-video"),
        ("video", {"video": {"x-file": "video"}}, "video-edit"),
        ("audio", {"text": {}}, "text-to-speech"),
        ("audio", {"prompt": {}}, "text-to-music"),
        ("text", {}, "llm"),
        ("text", {"image": {"x-file": "image"}}, "vision-language"),
        ("text", {"audio": {"x-file": "audio"}}, "speech-to-text"),
        ("3d", {}, "text-to-3d"),
        ("3d", {"image": {"x-file": "image"}}, "image-to-3d"),
        ("json", {}, "utility"),
    ],
)
def test_category_of(made, params, category):
    assert category_of(OutputType(made), params) == category


# --- whole documents


def test_a_model_of_replicate():
    reference = {"allOf": [{"$ref": "#/components/schemas/format"}]}
    properties = {
        "format": {**reference, "default": "webp", "x-order": 2},
        "prompt": {**PROMPT, "x-order": 0},
        "image": {**URI, "title": "Image", "nullable": True, "x-order": 1},
        "image_url": {"type": "string", "title": "Old"},
    }
    schemas = {"format": {"enum": ["webp", "png"], "type": "string", "title": "format"}}
    output = {"type": "array", "items": URI}
    found = read_replicate("replicate/acme/paint", cog(properties, output, schemas=schemas))
    assert list(found.params["properties"]) == ["prompt", "image", "format", "image_url"]
    assert found.params["properties"]["format"]["enum"] == ["webp", "png"]
    assert found.params["properties"]["image"]["x-file"] == "image"
    assert "x-file" not in found.params["properties"]["image_url"]
    assert (found.output, found.output_type, found.version) == ("output[]", "image", "")
    assert (found.title, found.category) == ("Paint (acme)", "image-edit")
    assert list(found.example) == ["prompt"]
    passes(make_template(found, TODAY))


def test_a_community_model_is_called_by_its_version():
    document = cog({"prompt": PROMPT}, required=(), is_official=False)
    assert read_replicate("replicate/acme/paint", document).version == "f" * 64


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"default_example": {"output": ["https://a.b/c.mp4"]}}, "video"),
        ({"default_example": {"output": {"n": 1, "url": "https://a.b/c.wav"}}}, "audio"),
        ({"default_example": {"output": None}, "description": "Makes a song"}, "audio"),
        ({"name": "text-to-3d"}, "3d"),
    ],
)
def test_what_a_model_of_replicate_makes(more, kind):
    found = read_replicate("replicate/acme/paint", cog({"prompt": PROMPT}, **more))
    assert found.output_type == kind


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ({"type": "string"}, "text"),
        ({"type": "object"}, "json"),
        ({"properties": {"mesh": URI}}, "3d"),
    ],
)
def test_the_output_schema_tells_what_it_makes(output, kind):
    found = read_replicate("replicate/acme/paint", cog({"prompt": PROMPT}, output))
    assert found.output_type == kind


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({}, "Replicate shows no schema of it"),
        ([], "Replicate shows no schema of it"),
        ({"latest_version": None}, "Replicate shows no schema of it"),
        (cog({}), "the schema has no inputs"),
        (
            {**cog({"prompt": PROMPT}), "is_official": False, "latest_version": {
                "openapi_schema": cog({"prompt": PROMPT})["latest_version"]["openapi_schema"]}},
            "Replicate names no version that it can be called by",
        ),
    ],
)  # fmt: skip
def test_documents_of_replicate_that_say_nothing(document, message):
    with pytest.raises(DocumentError, match=f"^{message}$"):
        read_replicate("replicate/acme/paint", document)


def test_an_endpoint_of_fal():
    size = {"anyOf": [{"$ref": "#/components/schemas/Size"}, {"enum": ["hd"], "type": "string"}]}
    found = found_at_fal(
        {"image_size": {**size, "default": "hd"}, "seed": {"anyOf": [{"type": "integer"},
                                                                    {"type": "null"}]}},
        order=["prompt", "seed"],
        schemas={"Size": {"type": "object", "properties": {"width": {"type": "integer"}}}},
        price=(Decimal("0.025"), "images"),
    )  # fmt: skip
    assert list(found.params["properties"]) == ["prompt", "seed", "image_size"]
    assert found.params["properties"]["prompt"]["description"] == "What to paint"
    assert found.params["properties"]["image_size"]["anyOf"][1]["enum"] == ["hd"]
    assert (found.output, found.output_type) == ("images[].url", "image")
    assert (found.title, found.category) == ("Acme / Paint", "text-to-image")
    assert found.price == BasePrice(
        Decimal("0.025"), "images", "https://api.fal.ai/v1/models/pricing?endpoint_id=acme/paint"
    )
    passes(make_template(found, TODAY))


@pytest.mark.parametrize(
    ("output", "category", "kind", "ours"),
    [
        ({"video": FILE}, "image-to-video", "video", "image-to-video"),
        ({"audio": FILE}, "text-to-audio", "audio", "text-to-music"),
        ({"image": FILE}, "image-to-image", "image", "image-edit"),
        ({"model_mesh": FILE, "preview_video": FILE}, "image-to-3d", "3d", "image-to-3d"),
        ({"file": FILE}, "text-to-video", "video", "text-to-video"),
        ({"file": FILE}, "", "image", "text-to-image"),
        ({"output": {"type": "string"}}, "vision", "text", "vision-language"),
        ({"scores": {"type": "array"}}, "", "json", "utility"),
        ({"json": {"type": "string"}}, "text-to-json", "json", "text-to-json"),
        ({}, "text-to-speech", "audio", "text-to-speech"),
    ],
)
def test_what_an_endpoint_of_fal_makes(output, category, kind, ours):
    openapi = queue({"prompt": PROMPT}, output)
    openapi["info"] = {}
    metadata = {"category": category, "display_name": "Acme Paint", "status": "active"}
    found = read_fal("fal/acme/paint", openapi, {"metadata": metadata})
    assert (found.output_type, found.category, found.title) == (kind, ours, "Acme Paint")
    assert found.retired == ""


def test_an_endpoint_that_fal_retires():
    listed = {"metadata": {"status": "deprecated"}}
    found = read_fal("fal/acme/paint", queue({"prompt": PROMPT}, IMAGES), listed)
    assert make_template(found, TODAY)["retired"] == "fal lists it as deprecated"


@pytest.mark.parametrize("openapi", [{}, None, {"paths": {"/a": {"get": {}}}}, {"paths": []}])
def test_documents_of_fal_that_say_nothing(openapi):
    with pytest.raises(DocumentError, match="schema has no request to submit"):
        read_fal("fal/acme/paint", openapi)


@pytest.mark.parametrize(
    "priced",
    [
        None,
        {},
        {"unit_price": 1, "unit": "images", "currency": "EUR"},
        {"unit_price": "1", "unit": "images"},
        {"unit_price": True, "unit": "images"},
        {"unit_price": Decimal(-1), "unit": "images"},
    ],
)
def test_prices_that_are_none(priced):
    assert read_price(priced) is None


# --- price rows

LINES = {
    "images": ({"num_images": {"type": "integer"}}, IMAGES, {"param": "num_images", "else": 1}),
    "videos": ({}, {"video": FILE}, 1),
    "audios": ({}, {"audio": FILE}, 1),
    "requests": ({}, IMAGES, 1),
    "generations": (
        {"num_images": {"type": "integer"}}, IMAGES,
        {"range": [1, {"param": "num_images", "else": 1}],
         "why": "fal does not say whether each output counts as one"},
    ),
    "megapixels": (
        {"image_size": {"type": "string"}}, IMAGES,
        {"output_megapixels": "image_size", "each": "up"},
    ),
    "seconds": ({"duration": {"type": "integer"}}, {"video": FILE}, {"seconds": "duration"}),
    "input seconds": ({"audio_url": URI}, {"text": {"type": "string"}}, {"length": "audio_url"}),
    "minutes": ({"duration": {"type": "integer"}}, {"audio": FILE}, {"seconds": "duration"}),
    "5 seconds": (
        {"duration": {"enum": ["5", "10"]}}, {"video": FILE},
        {"up": {"seconds": "duration"}, "to": 5},
    ),
    "10 seconds": (
        {"duration": {"type": "number"}}, {"audio": FILE},
        {"up": {"seconds": "duration"}, "to": 10},
    ),
    "30 seconds": (
        {"duration": {"type": "number"}}, {"audio": FILE},
        {"up": {"seconds": "duration"}, "to": 30},
    ),
    "16 frames": (
        {"num_frames": {"type": "integer"}}, {"video": FILE},
        {"up": {"param": "num_frames"}, "to": 16},
    ),
    "1000 characters": ({"text": {"type": "string"}}, {"audio": FILE}, {"characters": "text"}),
    "compute seconds": None,
    "1000 tokens": None,
    "1m tokens": None,
}  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_that_says_what_is_counted_makes_a_row(unit):
    properties, output, quantity = LINES[unit] or ({}, IMAGES, None)
    found = found_at_fal(properties, output, (Decimal("0.02"), unit))
    row = price_row_of(found, TODAY)
    assert (row["from"], row["checked"], row["confidence"]) == (TODAY, TODAY, "low")
    if quantity is None:
        assert row["unpriced"] == (
            f"fal's pricing API says 0.02 USD per {unit}, and not how many of them a run has; "
            "read https://fal.ai/models/acme/paint and write a price row"
        )
        return
    rate = {UNITS[unit].key: Decimal("0.02")}
    assert row["lines"] == [{"label": unit, "quantity": quantity, "rates": [rate]}]
    passes(make_template(found, TODAY))


@pytest.mark.parametrize(
    ("properties", "output", "unit"),
    [
        ({}, {"video": FILE}, "images"),
        ({}, IMAGES, "megapixels"),
        ({"image_size": {}, "image_url": URI}, IMAGES, "megapixels"),
        ({"image_size": {}}, {"video": FILE}, "megapixels"),
        ({}, {"video": FILE}, "seconds"),
        ({}, {"video": FILE}, "5 seconds"),
        ({"a_audio_url": URI, "b_audio_url": URI}, {"video": FILE}, "input seconds"),
        ({}, {"video": FILE}, "16 frames"),
        ({}, IMAGES, "units"),
        ({}, IMAGES, "credits"),
        ({}, IMAGES, ""),
    ],
)
def test_what_inputs_do_not_tell_stays_unpriced(properties, output, unit):
    row = price_row_of(found_at_fal(properties, output, (1, unit)), TODAY)
    assert f"USD per {unit or 'unit'}, and not how many" in row["unpriced"]


def test_characters_of_what():
    found = read_fal(
        "fal/acme/say",
        queue({"story": PROMPT}, {"audio": FILE}, required=["story"]),
        None,
        {"unit_price": 1, "unit": "1000 characters"},
    )
    assert "and not how many" in price_row_of(found, TODAY)["unpriced"]


@pytest.mark.parametrize("tier", TIERS)
def test_a_price_that_may_have_tiers_stays_unpriced(tier):
    found = found_at_fal({tier: {"enum": ["a", "b"]}}, price=(Decimal("0.02"), "images"))
    assert price_row_of(found, TODAY)["unpriced"].startswith(
        f"fal's pricing API says 0.02 USD per images, which may depend on {tier}; read "
    )


def test_width_and_height_are_a_size_too():
    sizes = {name: {"type": "integer"} for name in ("width", "height", "num_images")}
    row = price_row_of(found_at_fal(sizes, price=(1, "megapixels")), TODAY)
    (line,) = row["lines"]
    assert line["quantity"] == {
        "product": [
            {"param": "num_images", "else": 1},
            {"output_megapixels": ["width", "height"], "each": "up"},
        ]
    }


def test_no_price_is_never_a_price_of_zero():
    assert "which is no price" in price_row_of(found_at_fal(price=(0, "images")), TODAY)["unpriced"]
    assert price_row_of(found_at_fal(), TODAY)["unpriced"] == (
        "fal's pricing API names no price; read https://fal.ai/models/acme/paint and write a "
        "price row"
    )
    found = read_replicate("replicate/acme/paint", cog({"prompt": PROMPT}))
    assert price_row_of(found, TODAY)["unpriced"] == (
        "Replicate's API names no prices; read https://replicate.com/acme/paint and write a "
        "price row"
    )


# --- news of prices


def priced(**rates):
    line = {"label": "images", "quantity": 1, "rates": [rates]}
    row = {"from": "2026-01-01", "source": "https://fal.ai/models/acme/paint", "lines": [line]}
    return {"rows": [row]}


def base(usd, unit="images"):
    return BasePrice(Decimal(usd), unit, "https://api.fal.ai")


@pytest.mark.parametrize(
    ("pricing", "price", "is_new"),
    [
        (priced(usd_per_image=Decimal("0.02")), base("0.02"), False),
        (priced(usd_per_image=Decimal("0.02")), base("0.03"), True),
        (priced(usd_per_image=Decimal("0.02")), None, False),
        (priced(usd_per_second=Decimal("0.1")), base("0.5", "5 seconds"), False),
        (priced(usd_per_second=Decimal("0.1")), base("6", "minutes"), False),
        (priced(usd_per_video=Decimal("0.5")), base("0.5", "5 seconds"), False),
        (priced(usd_per_image=Decimal("0.02")), base("1", "units"), False),
        (priced(usd_per_image=Decimal("0.02")), base("0.001", "compute seconds"), False),
        (priced(usd_per_compute_second=Decimal("0.002")), base("0.001", "compute seconds"), True),
        (priced(usd_per_image=2) | {"notes": "the API says 0.03."}, base("0.03"), False),
        ({"rows": [{"unpriced": "0.03 or so"}]}, base("0.03"), False),
        ({"rows": [{"unpriced": "nobody knows"}]}, base("0.03"), True),
        ({"rows": []}, base("0.03"), True),
        ({"rows": [], "notes": note_price(base("0.03"), TODAY)}, base("0.03"), False),
        ({"rows": [], "notes": note_price(base("0.03"), TODAY)}, base("0.04"), True),
        ({"rows": [], "notes": note_price(base("1", "units"), TODAY)}, base("2", "units"), True),
    ],
)
def test_is_new_price(pricing, price, is_new):
    assert is_new_price(pricing, price) is is_new


def test_a_rate_with_its_multipliers_is_known():
    pricing = priced(usd_per_image=Decimal("0.02"))
    assert not is_new_price(pricing, base("0.2"), [Decimal("0.2")])


def renewed(pricing, usd, unit="images", **more):
    return renew_pricing(pricing, found_at_fal(price=(Decimal(usd), unit), **more), TODAY)


def test_a_new_price_is_a_new_row_and_the_old_one_stays():
    old = priced(usd_per_image=Decimal("0.02"))
    new = renewed(old, "0.03")
    assert new["rows"][0] == old["rows"][0]
    assert new["rows"][1]["from"] == TODAY
    assert new["rows"][1]["lines"][0]["rates"] == [{"usd_per_image": Decimal("0.03")}]
    assert new["notes"] == (
        "fal's pricing API on 2026-11-23: 0.03 USD per images; tiers and surcharges stand on "
        "the page."
    )
    assert renewed(new, "0.03") == new


def test_what_nobody_knew_gets_its_first_row():
    old = {"rows": [{"from": "2026-01-01", "source": "x", "unpriced": "nobody knows"}]}
    assert len(renewed(old, "0.03")["rows"]) == 2
    assert len(renewed({"rows": []}, "0.03")["rows"]) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"rates": [{"usd_per_image": 1, "when": {"a": 1}}, {"usd_per_image": 2}]},
        {"rates": [{"usd_per_image": 1, "first": 3}]},
        {"rates": [{"usd_per_image": 1}], "multipliers": [{"factor": 2}]},
        {"rates": [{"usd_per_video": 1}]},
        {"unpriced": "it depends", "rates": []},
    ],
)
def test_rows_with_tiers_are_kept_and_the_base_price_is_noted(row):
    old = {"rows": [{"from": "2026-01-01", "lines": [{"label": "x", **row}]}], "notes": "Look."}
    new = renewed(old, "0.03")
    assert new["rows"] == old["rows"]
    assert new["notes"].startswith("Look. fal's pricing API on 2026-11-23: 0.03 USD per images;")


def test_a_price_of_nothing_or_in_units_adds_no_row():
    old = {"rows": [{"from": "2026-01-01", "source": "x", "unpriced": "nobody knows"}]}
    assert renewed(old, "0")["rows"] == old["rows"]
    assert renewed(old, "1", "units") == old


# --- examples


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("a", {"type": "integer", "minimum": 3}, 3),
        ("a", {"type": "number"}, 1),
        ("a", {"type": "boolean"}, False),
        ("a", {"type": ["integer", "string"]}, 1),
        ("a", {"enum": ["x", "y"]}, "x"),
        ("a", {"const": 7}, 7),
        ("a", {"default": "d", "type": "string"}, "d"),
        ("image", {"type": "string", "x-file": "image"}, "./input.png"),
        ("a", {"anyOf": [{"enum": ["hd"]}, {}]}, "hd"),
        ("a", {"anyOf": [{"type": "string"}], "default": "square"}, "square"),
        ("images", {"type": "array", "items": {"x-file": "image"}}, ["./input.png"]),
        ("a", {"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
        (
            "a",
            {"type": "object", "properties": {"b": {"enum": [1]}, "c": {}}, "required": ["b"]},
            {"b": 1},
        ),
        ("text", {"type": "string"}, "A paper boat drifts down a rainy street."),
        ("prompt", {"type": "string", "maxLength": 12}, "a lighthouse"),
    ],
)
def test_example_of(name, schema, value):
    assert example_of(name, schema) == value


def test_examples_are_as_long_as_they_must_be_and_bounded():
    assert len(example_of("text", {"type": "string", "minLength": 100})) >= 100
    assert len(example_of("text", {"type": "string", "minLength": 10**12})) < 20_000
    assert len(example_of("a", {"type": "array", "minItems": 10**12})) == 10_000


def test_the_provider_s_own_sample_says_more_than_ours():
    raw = {"examples": ["es"]}
    assert example_of("language", {"type": "string"}, raw) == "es"
    assert example_of("prompt", {"type": "string"}, raw).startswith("a lighthouse")


# --- differences


def shape(properties, required=()):
    return {"properties": properties, "required": list(required)}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (shape({}), shape({"a": {"type": "integer"}}), [("added", "a: new: integer, optional")]),
        (shape({}), shape({"a": {"type": "string", "x-file": "image"}}, ["a"]),
         [("added", "a: new: image file, required")]),
        (shape({"a": {"x-legacy": True}}), shape({"a": {"type": "array", "items": {}}}),
         [("added", "a: new: list, optional")]),
        (shape({"a": {}}), shape({}), [("removed", "a: no longer there")]),
        (shape({"a": {"x-legacy": True}}), shape({}), []),
        (shape({"a": {}}), shape({"a": {}}, ["a"]), [("required", "a: required now")]),
        (shape({"a": {}}, ["a"]), shape({"a": {}}), [("optional", "a: no longer required")]),
    ],
)  # fmt: skip
def test_compare_params(old, new, said):
    assert [(change.kind, str(change)) for change in compare_params(old, new)] == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, []),
        ({"enum": [5, 10]}, {"enum": ["5", "10"]}, []),
        ({"enum": ["a", "b"]}, {"enum": ["b", "c"]}, [("enum", "values: new c; gone a")]),
        ({"enum": ["a"]}, {}, [("enum", "takes any value now")]),
        ({}, {"enum": ["a", "b"]}, [("enum", "takes only a, b now")]),
        ({"anyOf": [{"enum": ["a"]}, {}]}, {"anyOf": [{}, {"enum": ["a", "b"]}]},
         [("enum", "values: new b")]),
        ({"items": {"enum": ["a"]}}, {"items": {"enum": ["b"]}},
         [("enum", "values: new b; gone a")]),
        ({"type": "integer"}, {"type": "number"}, [("type", "number now, was integer")]),
        ({"type": "string", "x-file": "image"}, {"type": "string"}, []),
        ({"type": "array", "items": {"type": "string", "x-file": "image"}},
         {"type": "array", "items": {"type": "string", "x-file": "file"}}, []),
        ({}, {"type": "number"}, []),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}, []),
        ({"default": Decimal("1.0")}, {"default": 1}, []),
        ({"default": 1}, {"default": 2}, [("default", "default 2 now, was 1")]),
        ({"default": False}, {}, [("default", "default none now, was False")]),
        ({"maximum": 4}, {"maximum": 8}, [("limits", "maximum 8 now, was 4")]),
        ({}, {"maxLength": 9}, [("limits", "maxLength 9 now, was none")]),
        ({"description": "x"}, {"description": "y"}, []),
    ],
)  # fmt: skip
def test_compare_param(old, new, said):
    changes = [(change.kind, change.message) for change in compare_param("a", old, new)]
    assert changes == said


# --- templates, made and refreshed


def test_a_refresh_keeps_what_people_wrote_and_takes_what_the_provider_says():
    first = found_at_fal(
        {"seed": {"type": "integer"}, "style": {"enum": ["a", "b"]}}, price=(1, "units")
    )
    old = make_template(first, "2026-01-01")
    old["title"] = "My Paint"
    old["sources"].append("a person")
    old["params"]["properties"]["style"] |= {"description": "How it looks", "x-enum-open": True}
    second = found_at_fal(
        {"style": {"enum": ["b", "c"]}, "image_urls": {"type": "array", "items": URI}},
        required=["prompt", "image_urls"], price=(1, "units"),
    )  # fmt: skip
    new = passes(refresh_template(old, second, TODAY))
    properties = new["params"]["properties"]
    assert list(properties) == ["prompt", "style", "image_urls", "seed"]
    assert properties["style"] == {
        "description": "How it looks", "x-enum-open": True, "enum": ["b", "c"], "x-order": 1,
    }  # fmt: skip
    assert properties["seed"] == {
        "description": "Gone since 2026-11-23", "type": "integer", "deprecated": True,
        "x-legacy": True, "x-order": 3,
    }  # fmt: skip
    assert new["title"] == "My Paint"
    assert new["example"]["image_urls"] == ["./input.png"]
    assert new["pricing"] == old["pricing"]
    assert new["sources"] == ["a person", f"{second.source} (the provider's schema, {TODAY})"]
    assert new["as_of"] == {"params": TODAY, "pricing": "2026-01-01"}
    assert [str(change) for change in list_changes(old, new, second)] == [
        "style: values: new c; gone a",
        "image_urls: new: list of image files, required",
        "seed: no longer there",
    ]


def test_a_second_refresh_of_the_day_changes_nothing():
    found = found_at_fal({"seed": {"type": "integer"}}, price=(1, "images"))
    made = make_template(found, TODAY)
    assert render_template(refresh_template(made, found, TODAY)) == render_template(made)
    assert list_changes(made, made, found) == []


def test_files_that_a_person_told_apart_stay_told_apart():
    old = shape({"a": {"type": "array", "items": {"type": "string", "x-file": "video"}}})
    new = build_params({"a": {"type": "array", "items": URI, "minItems": 1}}, [], [])
    merged = merge_params(old, new, TODAY)["properties"]["a"]
    assert merged["items"] == {"type": "string", "x-file": "video"}
    assert merged["minItems"] == 1


def test_a_param_that_is_no_text_any_more_is_no_file():
    old = shape({"a": {"type": "string", "x-file": "image"}})
    new = shape({"a": {"type": "integer", "description": "A number"}})
    merged = merge_params(old, new, TODAY)["properties"]["a"]
    assert merged == {"type": "integer", "description": "A number", "x-order": 0}


def test_what_comes_back_is_no_legacy():
    old = shape({"a": {"x-legacy": True, "deprecated": True}, "b": {"x-legacy": True}})
    merged = merge_params(old, shape({"a": {"type": "integer"}}), TODAY)["properties"]
    assert merged == {"a": {"type": "integer", "x-order": 0}, "b": {"x-legacy": True, "x-order": 1}}


def test_changes_of_the_model_as_a_whole():
    old = make_template(found_at_fal(price=(1, "images")), TODAY)
    listed = {"metadata": {"status": "deprecated"}}
    priced = {"unit_price": 2, "unit": "images"}
    openapi = queue({"prompt": PROMPT}, {"image": FILE})
    found = read_fal("fal/acme/paint", openapi, listed, priced)
    new = refresh_template(old, found, TODAY)
    assert [str(change) for change in list_changes(old, new, found)] == [
        "fal lists it as deprecated",
        "output: the schema reads as image.url; images[].url is kept",
        "price: fal's base price is 2 USD per images now; a row is added, the old ones stay",
    ]


def test_a_base_price_beside_tiers_is_told_and_adds_no_row():
    old = make_template(found_at_fal(price=(1, "images")), TODAY)
    del old["pricing"]["notes"]
    old["pricing"]["rows"][0]["lines"][0]["multipliers"] = [{"factor": 3}]
    found = found_at_fal(price=(2, "images"))
    new = refresh_template(old, found, TODAY)
    assert [str(change) for change in list_changes(old, new, found)] == [
        "price: fal's base price is 2 USD per images now; the rows are kept: compare them with "
        "https://fal.ai/models/acme/paint"
    ]


def test_another_version_is_a_change():
    document = cog({"prompt": PROMPT}, is_official=False)
    found = read_replicate("replicate/acme/paint", document)
    old = make_template(found, TODAY)
    document["is_official"] = True
    again = read_replicate("replicate/acme/paint", document)
    new = refresh_template(old, again, TODAY)
    (change,) = list_changes(old, new, again)
    assert str(change) == "version: called by name now, was ffffffffffff"
    assert "version" not in new


def test_words_from_outside_cannot_move_the_cursor():
    (change,) = compare_param("a", {"enum": ["x"]}, {"enum": ["x", "\x1b[2J"]})
    assert str(change) == "a: values: new [2J"


# --- the text of a file


def test_shipped_templates_are_written_as_they_are():
    paths = sorted(shipped_templates().glob("*/*.json"))
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    other = [
        path.name
        for path, text in texts.items()
        if render_template(json.loads(text, parse_float=Decimal)) != text
    ]
    assert len(texts) == 700
    assert other == []


def test_long_lists_are_filled_and_empty_ones_stay_on_their_line():
    text = render_template({"a": ["x" * 30] * 5, "b": [], "c": [{"d": "y" * 100}]})
    assert json.loads(text) == {"a": ["x" * 30] * 5, "b": [], "c": [{"d": "y" * 100}]}
    assert max(map(len, text.splitlines())) < 120
