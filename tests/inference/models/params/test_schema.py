"""Params against templates: defaults, rules, and every shipped model."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.models.params import check, make_model, said, values_of
from support.models.share import share
from support.turns import examples
from vidi.inference.models.loading import load_template
from vidi.inference.models.params.choices import number_in
from vidi.inference.models.params.schema import check_params


def test_defaults_are_effective_and_not_sent():
    checked = check(scenes=[{"text": "a"}], size={"width": 64, "height": 64})
    assert checked.params == {
        "prompt": "cat",
        "scenes": [{"text": "a"}],
        "size": {"width": 64, "height": 64},
    }
    assert checked.effective == {
        **checked.params,
        "scenes": [{"text": "a", "seconds": 5}],
        "ratio": "1:1",
        "count": 1,
    }


def test_defaults_are_never_shared():
    model = make_model({"colors": {"type": "array", "default": ["red"]}})
    check_params(model, {}, base=Path()).effective["colors"].append("blue")
    assert check_params(model, {}, base=Path()).effective == {"colors": ["red"]}


def test_decimals_of_a_template_are_plain_numbers():
    model = make_model(
        {"scale": {"type": "number", "minimum": Decimal("0.1"), "default": Decimal("0.5")}}
    )
    checked = check_params(model, {}, base=Path())
    assert repr(checked.effective) == "{'scale': 0.5}"
    assert said(check_params(model, {"scale": 0}, base=Path())) == [
        "'scale' must be at least 0.1, not 0 | Write 0.1 or more."
    ]


def test_a_model_that_was_read_again_has_its_own_rules():
    for limit in range(1, 2100):
        model = make_model({"count": {"type": "integer", "maximum": limit}})
        checked = check_params(model, {"count": limit + 1}, base=Path())
        assert [each.path for each in checked.problems] == [("count",)]


@pytest.fixture(scope="module")
def models():
    """Those of this run: a share, or all of them."""
    return [load_template(path) for path in share()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the files that the examples name."""
    made = tmp_path_factory.mktemp("examples")
    for name in ("input.png", "input.mp3", "input.mp4", "input.pdf"):
        (made / name).write_bytes(b"x")
    return made


def test_every_example_passes_and_names_its_files(models, folder):
    wrong = {}
    for model in models:
        checked = check_params(model, model.example, base=folder)
        files = {file.path for file in checked.files}
        if checked.problems or not all(path.is_relative_to(folder) for path in files):
            wrong[model.id] = said(checked)
        if json.loads(json.dumps(checked.params)) != checked.params:
            wrong[model.id] = checked.params
    assert wrong == {}


def test_every_model_refuses_an_unknown_param(models, folder):
    for model in models:
        checked = check_params(model, {**model.example, "prompt_of_nobody": 1}, base=folder)
        told = [each.message for each in checked.problems]
        if model.params_complete:
            assert told == ["unknown param 'prompt_of_nobody'"]
        else:
            assert told == ["'prompt_of_nobody' is sent, but not described: it may be a mistake"]


def test_a_typo_is_found_at_every_depth(models):
    for model in models:
        for name, schema in model.params["properties"].items():
            for value, complete in with_a_typo(schema):
                checked = check_params(model, {name: value}, base=Path())
                found = [each for each in checked.problems if each.path[-1:] == ("typo_of_mine",)]
                assert [each.severity for each in found] == ["error" if complete else "warning"]


def with_a_typo(schema):
    """A value for each object in a schema, with an unknown field there; is it wholly described?"""
    if "properties" in schema:
        known = "additionalProperties" in schema or "x-complete" in schema
        if known:
            yield {"typo_of_mine": 1}, "x-complete" not in schema
        for name, field in schema["properties"].items():
            yield from (({name: value}, complete) for value, complete in with_a_typo(field))
    elif "items" in schema:
        yield from (([value], complete) for value, complete in with_a_typo(schema["items"]))
    for branch in schema.get("anyOf", ()):
        yield from with_a_typo(branch)


def test_every_model_misses_what_is_required(models):
    for model in models:
        missing = [f"'{name}' is required" for name in model.required_params]
        assert [each.message for each in check_params(model, {}, base=Path()).problems] == missing


def test_every_value_of_an_enum_is_taken_in_both_forms(models, folder):
    for model in models:
        for name, field in model.params["properties"].items():
            for value in field.get("enum", ()):
                for form in forms(value, field):
                    checked = check_params(model, {**model.example, name: form}, base=folder)
                    sent = form if field.get("x-enum-open") else value
                    assert checked.errors == (), (model.id, said(checked))
                    assert checked.params.get(name, sent) == sent


def forms(value, field):
    """A value as it is, and as the number or the text that means the same and no other."""
    number = number_in(value)
    same = [each for each in field["enum"] if number_in(each) == number]
    if number is None or len(same) > 1:
        return [value]
    return [value, str(value)] if not isinstance(value, str) else [value, number]


def test_every_default_is_taken(models, folder):
    for model in models:
        defaults = {
            name: field["default"]
            for name, field in model.params["properties"].items()
            if "default" in field and "x-refused" not in field
        }
        checked = check_params(model, {**model.example, **defaults}, base=folder)
        assert checked.errors == (), (model.id, said(checked))


def test_no_model_runs_with_a_refused_switch_on(models, folder):
    for model in models:
        checked = check_params(model, model.example, base=folder)
        for name, field in model.params["properties"].items():
            if "x-refused" in field:
                assert checked.effective.get(name, False) is False


@settings(deadline=None, max_examples=examples(300), suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_template_allows_passes_and_converts_to_itself(models, data):
    model = data.draw(st.sampled_from(models))
    params = data.draw(values_of(model.params))
    checked = check_params(model, params, base=Path())
    assert checked.errors == (), said(checked)
    again = check_params(model, checked.params, base=Path())
    assert repr(again.params) == repr(checked.params)
    assert again.effective == checked.effective


OPEN = {
    "type": "object",
    "properties": {"prompt": {"type": "string"}, "scale": {"type": "number"}},
    "x-complete": False,
}
TWICE = "'{}' is sent, but not described: it may be a mistake | Did you mean 'scale'?"


def test_an_unknown_name_in_what_is_not_wholly_described_is_sent_with_a_warning():
    model = make_model({"loras": {"type": "array", "items": OPEN}})
    given = {"loras": [{"prompt": "a", "scal": 1}]}
    checked = check_params(model, given, base=Path())
    assert (checked.params, checked.errors) == (given, ())
    assert said(checked) == [TWICE.format("loras[0].scal")]


def test_an_unknown_param_of_a_model_that_is_not_wholly_described():
    model = replace(make_model({"scale": {"type": "number"}}), params_complete=False)
    checked = check_params(model, {"scal": 1}, base=Path())
    assert (checked.params, checked.errors) == ({"scal": 1}, ())
    assert said(checked) == [TWICE.format("scal")]


def test_an_older_form_of_a_value_is_taken_with_a_warning():
    rate = {"type": "number", "minimum": 24, "maximum": 120}
    field = {"anyOf": [rate, {"enum": ["30fps"], "deprecated": True}], "default": 30}
    checked = check_params(make_model({"target_fps": field}), {"target_fps": "30fps"}, base=Path())
    assert (checked.params, checked.errors) == ({"target_fps": "30fps"}, ())
    assert said(checked)[0].startswith("'target_fps' has an older form: '30fps' | ")
    assert check_params(make_model({"target_fps": field}), {"target_fps": 7}, base=Path()).errors
