"""What the first templates had wrong, corrected: errata.json says what is right, row by row.

The amounts stand in prices_by_hand.txt and are worked out there; here are how models are run, their
params, which of these are files, what lies inside lists and objects, and what has gone.
"""

import json
from pathlib import Path

import pytest

from vidi.inference.models.registry import ModelRegistry

ERRATA = json.loads(Path(__file__).with_name("errata.json").read_text("utf-8"))
STILL_CALLED = {"fal/wan/v2.6/text-to-video"}
"""Left fal's list, and came back in a later one."""


@pytest.fixture(scope="module")
def registry():
    return ModelRegistry()


@pytest.mark.parametrize("name", ERRATA["official"])
def test_it_is_run_by_its_name(registry, name):
    call = registry.get_template(f"replicate/{name}").call
    assert (call.official, call.version) == (True, "")


@pytest.mark.parametrize(("model", "param", "right"), ERRATA["params"])
def test_the_param_is_right(registry, model, param, right):
    schema = registry.get_template(model).params["properties"][param]
    branches = schema.get("anyOf", [schema])
    for key, value in right.items():
        found = [branch[key] for branch in (schema, *branches) if key in branch]
        assert found, f"{param} has no {key}"
        assert (
            set(value) <= set(found[0]) if key == "enum" else key == "x-file" or found[0] == value
        )


@pytest.mark.parametrize(("model", "param", "twin"), ERRATA["addresses"])
def test_the_file_is_an_address(registry, model, param, twin):
    schema = registry.get_template(model).params["properties"][param]
    assert schema["x-file-as"] == "url"
    assert "x-file" in schema
    assert schema.get("x-twin") == twin


@pytest.mark.parametrize(("model", "param"), ERRATA["weights"])
def test_weights_are_a_file_or_a_name(registry, model, param):
    schema = registry.get_template(model).params["properties"][param]
    assert schema.get("items", schema)["x-file-or-id"] is True


@pytest.mark.parametrize(("model", "param", "fields", "files", "complete"), ERRATA["nested"])
def test_every_field_is_described(registry, model, param, fields, files, complete):
    inner = inside(registry.get_template(model).params["properties"][param])
    assert set(fields) <= set(inner["properties"])
    marked = {name for name, field in inner["properties"].items() if "x-file" in item_of(field)}
    assert set(files) <= marked
    assert inner.get("additionalProperties", True) is not complete
    assert ("x-complete" in inner) is not complete


def inside(schema):
    """The object that a param is, or that its items are."""
    item = schema.get("items", schema)
    return next((each for each in item.get("anyOf", ()) if "properties" in each), item)


def item_of(schema):
    branches = schema.get("anyOf", [schema])
    return branches[0].get("items", branches[0])


@pytest.mark.parametrize("model", ERRATA["retired"])
def test_it_says_why_it_should_not_be_used(registry, model):
    found = registry.get_template(model)
    assert found.retired or model in found.aliases


@pytest.mark.parametrize("model", ERRATA["unlisted"])
def test_what_has_left_the_list_says_so(registry, model):
    found = registry.get_template(model)
    assert bool(found.retired or model in found.aliases) is (model not in STILL_CALLED)


def test_demucs_takes_a_list_of_stems(registry):
    stems = registry.get_template("fal/fal-ai/demucs").params["properties"]["stems"]
    named = ["vocals", "drums", "bass", "other", "guitar", "piano"]
    assert stems["items"] == {"type": "string", "enum": named}


@pytest.mark.parametrize("param", ["model_image", "garment_image"])
def test_fashn_takes_its_pictures_in_the_ordinary_way(registry, param):
    schema = registry.get_template("fal/fal-ai/fashn/tryon/v1.6").params["properties"][param]
    assert schema["x-file"] == "image"
    assert "x-file-as" not in schema
