"""Inputs as templates hold them."""

import pytest

from support.models.provider_documents import URI
from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.file_params import file_kind
from vidi.inference.models.discovery.params import build_param, build_params
from vidi.inference.models.discovery.words import one_line, title_of


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
    with pytest.raises(DocumentError, match=f"(?m)^{message}$"):
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
