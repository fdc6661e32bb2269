"""The smallest input that a schema allows."""

import pytest

from vidi.inference.models.discovery.example import example_of


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
