"""Schemas without references, `allOf` and null."""

import pytest

from vidi.inference.models.discovery.discovery import DocumentError
from vidi.inference.models.discovery.flatten import Flattener


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
