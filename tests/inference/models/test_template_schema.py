"""The schema of templates: complete, closed, and the one that is published."""

from pathlib import Path

import jsonschema_rs
import pytest

from support.models.templates import template
from vidi.inference.models.prices.quantities.quantity import FORMS
from vidi.inference.models.prices.schema import FORM_SCHEMAS
from vidi.inference.models.template_schema import TEMPLATE_SCHEMA, template_schema_text

PUBLISHED = Path(__file__).parents[3] / "docs" / "template.schema.json"
VALIDATOR = jsonschema_rs.Draft202012Validator(TEMPLATE_SCHEMA)
OPEN = {"$.properties.example", "$.$defs.quantity.then"}
"""Objects whose keys are anything (params), or are closed further in."""


def objects(schema, at="$"):
    """Every part of a schema that describes an object by its keys."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "maxProperties" not in schema:
            yield at, schema
        for key, inner in schema.items():
            yield from objects(inner, f"{at}.{key}")
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from objects(inner, f"{at}.{index}")


def test_it_is_a_schema():
    assert jsonschema_rs.meta.is_valid(TEMPLATE_SCHEMA)


def test_it_is_the_published_one():
    assert PUBLISHED.read_text("utf-8") == template_schema_text()


def test_no_object_takes_keys_that_nobody_knows():
    found = {at for at, schema in objects(TEMPLATE_SCHEMA) if "additionalProperties" not in schema}
    assert {at for at in found if not at.endswith(".if") and ".then" not in at} <= OPEN


def test_every_form_of_a_quantity_has_a_schema():
    assert set(FORM_SCHEMAS) == set(FORMS)


SAMPLES = {
    "call": {"official": True},
    "billing": {"unit": "images", "unit_usd": 1, "as_of": "2026-05", "source": "page"},
    "aliases": ["fal/acme/old-painter"],
    "replaced_by": ["fal/acme/painter-2"],
    "params_complete": False,
}
"""Of the keys whose value is no text."""


@pytest.mark.parametrize("key", sorted(TEMPLATE_SCHEMA["properties"]))
def test_what_must_be_there_and_what_may(key):
    rest = {name: value for name, value in template().items() if name != key}
    assert VALIDATOR.is_valid(rest) is (key not in TEMPLATE_SCHEMA["required"])
    assert VALIDATOR.is_valid({**rest, key: template().get(key, SAMPLES.get(key, "text"))})


@pytest.mark.parametrize(
    "call",
    [
        {},
        {"official": False},
        {"version": "latest"},
        {"deployment": "acme"},
        {"official": True, "version": "a" * 64},
        {"hash": "a" * 64},
    ],
)
def test_a_model_is_called_in_one_way(call):
    assert not VALIDATOR.is_valid({**template(), "call": call})
