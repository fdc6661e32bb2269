"""What is different between two sets of params."""

from decimal import Decimal

import pytest

from support.models.provider_documents import shape
from vidi.inference.models.discovery.difference import compare_param, compare_params


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
