"""Whole documents of both providers."""

from decimal import Decimal

import pytest

from support.models.provider_documents import (
    FILE,
    IMAGES,
    PROMPT,
    TODAY,
    URI,
    cog,
    found_at_fal,
    passes,
    queue,
)
from vidi.inference.models.discovery.cog import read_replicate
from vidi.inference.models.discovery.discovery import BasePrice, DocumentError
from vidi.inference.models.discovery.queue_api import read_fal, read_price
from vidi.inference.models.discovery.template import (
    make_template,
)


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
    with pytest.raises(DocumentError, match=f"(?m)^{message}$"):
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
        ({"file": FILE}, "", "file", "utility"),
        ({"image": FILE, "detections": {"type": "array"}}, "", "image", "text-to-image"),
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
