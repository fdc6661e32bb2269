"""Templates made and refreshed."""

from decimal import Decimal
from pathlib import Path

from support.models.provider_documents import (
    FILE,
    PROMPT,
    TODAY,
    URI,
    cog,
    found_at_fal,
    passes,
    queue,
    shape,
)
from vidi.inference.models.discovery.cog import read_replicate
from vidi.inference.models.discovery.difference import compare_param
from vidi.inference.models.discovery.params import build_params
from vidi.inference.models.discovery.queue_api import read_fal
from vidi.inference.models.discovery.template import (
    list_changes,
    make_template,
    merge_params,
    refresh_template,
)
from vidi.inference.models.discovery.template_text import render_template
from vidi.inference.models.ids import file_name
from vidi.inference.models.loading import read_template


def read(template):
    return read_template(render_template(template), Path(file_name(template["id"])))


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
    assert [str(change) for change in list_changes(read(old), second)] == [
        "style: values: new c; gone a",
        "image_urls: new: list of image files, required",
        "seed: no longer there",
    ]


def test_a_second_refresh_of_the_day_changes_nothing():
    found = found_at_fal({"seed": {"type": "integer"}}, price=(1, "images"))
    made = make_template(found, TODAY)
    assert render_template(refresh_template(made, found, TODAY)) == render_template(made)
    assert list_changes(read(made), found) == []


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
    assert [str(change) for change in list_changes(read(old), found)] == [
        "output: the schema reads as image.url; images[].url is kept",
        "fal lists it as deprecated",
        "base price: 2 USD per images now, was 1 USD per images; the price rows are kept",
    ]
    assert new["pricing"] == old["pricing"]
    assert (new["billing"]["unit_usd"], new["output"]) == (2, "images[].url")


def test_a_placeholder_is_no_base_price():
    old = make_template(found_at_fal(price=(1, "images")), TODAY)
    line = {"label": "images", "quantity": 1, "rates": [{"usd_per_image": 1}]}
    old["pricing"]["rows"] = [{"from": "2026-01-01", "source": "x", "lines": [line]}]
    found = found_at_fal(price=(Decimal("0.00017"), "compute seconds"))
    assert list_changes(read(old), found) == []
    assert refresh_template(old, found, TODAY)["billing"] == old["billing"]


def test_another_way_of_being_called_is_a_change():
    document = cog({"prompt": PROMPT}, is_official=False)
    found = read_replicate("replicate/acme/paint", document)
    old = make_template(found, TODAY)
    document["is_official"] = True
    again = read_replicate("replicate/acme/paint", document)
    (change,) = list_changes(read(old), again)
    assert str(change) == "called by name now, was called by version ffffffffffff"
    call = refresh_template(old, again, TODAY)["call"]
    assert call == {"official": True, "before": ["f" * 64]}


def test_fields_in_fields_are_compared_and_keep_their_marks():
    lora = {"type": "object", "properties": {"path": URI, "scale": {"type": "number"}}}
    first = found_at_fal({"loras": {"type": "array", "items": lora}})
    old = make_template(first, "2026-01-01")
    fields = old["params"]["properties"]["loras"]["items"]["properties"]
    fields["path"] |= {"description": "Weights", "x-file-or-id": True}
    named = {"type": "object", "properties": {
        "path": URI, "scale": {"type": "number", "maximum": 4}, "name": {"type": "string"},
    }}  # fmt: skip
    second = found_at_fal({"loras": {"type": "array", "items": named}})
    assert [str(change) for change in list_changes(read(old), second)] == [
        "loras[].scale: maximum 4 now, was none",
        "loras[].name: new: string, optional",
    ]
    new = passes(refresh_template(old, second, TODAY))
    merged = new["params"]["properties"]["loras"]["items"]["properties"]
    assert merged["path"] == fields["path"]
    assert merged["scale"]["maximum"] == 4
    assert "name" in merged


def test_words_from_outside_cannot_move_the_cursor():
    (change,) = compare_param("a", {"enum": ["x"]}, {"enum": ["x", "\x1b[2J"]})
    assert str(change) == "a: values: new [2J"
