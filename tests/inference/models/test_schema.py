"""Params against templates: every message, every conversion, every shipped model."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from param_schemas import make_model, values_of
from vidi.inference.models.choices import number_in
from vidi.inference.models.registry import ModelRegistry
from vidi.inference.models.schema import check_params
from vidi.jobs.document import parse_document

SIZE = {
    "anyOf": [
        {"type": "string", "enum": ["square", "wide"]},
        {
            "type": "object",
            "properties": {
                "width": {"type": "integer", "minimum": 64, "maximum": 4096},
                "height": {"type": "integer", "default": 512},
            },
            "required": ["width", "height"],
            "additionalProperties": False,
        },
    ],
    "default": "wide",
}
SCENE = {
    "type": "object",
    "properties": {
        "text": {"type": "string", "minLength": 1},
        "seconds": {"type": "integer", "enum": [5, 10], "default": 5},
    },
    "required": ["text"],
}
VOICES = [f"Voice {number}" for number in range(1, 21)]
PARAMS = {
    "prompt": {"type": "string", "minLength": 2, "maxLength": 10},
    "ratio": {"type": "string", "enum": ["1:1", "16:9", "9:16"], "default": "1:1"},
    "duration": {"type": "string", "enum": ["5", "10"]},
    "seconds": {"type": "integer", "enum": [4, 8]},
    "speed": {"type": "string", "enum": ["0.5", "1.0", "2"]},
    "flag": {"type": "string", "enum": ["true", "false"]},
    "voice": {"type": "string", "enum": VOICES},
    "tolerance": {"type": "string", "enum": ["1", "2"], "x-enum-open": True},
    "factor": {"type": "number", "enum": [4], "x-enum-open": True},
    "mode": {"const": "fast"},
    "seed": {"type": "integer"},
    "count": {"type": "integer", "minimum": 1, "maximum": 4, "default": 1},
    "steps": {"type": "integer", "minimum": 1},
    "cap": {"type": "integer", "maximum": 100},
    "scale": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
    "width": {"type": "integer", "multipleOf": 16, "minimum": 64, "maximum": 4096},
    "strict": {"type": "number", "multipleOf": 10, "minimum": 3, "maximum": 7},
    "guidance": {"type": "number"},
    "loop": {"type": "boolean"},
    "either": {"type": ["integer", "boolean"]},
    "language": {"type": "string", "pattern": "^[a-z]{2}$"},
    "size": SIZE,
    "amount": {"anyOf": [{"type": "integer", "maximum": 9}, {"type": "string", "enum": ["auto"]}]},
    "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2},
    "pair": {"type": "array", "minItems": 2, "items": {"type": "integer"}},
    "scenes": {"type": "array", "items": SCENE},
    "options": {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}},
    "free": {"type": "object"},
    "none": {"type": "object", "additionalProperties": False},
    "anything": {},
    "token": {"type": "string", "minLength": 3, "pattern": "^r8", "x-secret": True},
    "kind": {"type": "string", "enum": ["a"], "x-secret": True},
    "gone": {"type": "string", "deprecated": True, "x-legacy": True},
    "old": {"type": "integer", "deprecated": True},
    "sync_mode": {"type": "boolean", "x-refused": "the provider then stores no result"},
}
MODEL = make_model(PARAMS, ["prompt"])
KNOWN = (
    "Known params: prompt, ratio, duration, seconds, speed, flag, voice, tolerance, factor, mode, "
    "seed, count, steps, cap, scale, width, strict, guidance, loop, either, … (14 more)."
)
SIZES = "'size' must be one of 'square', 'wide' or a mapping with width and height, not "
TWELVE = ", ".join(f"'Voice {number}'" for number in range(1, 13))


def check(**params):
    return check_params(MODEL, {"prompt": "cat", **params}, base=Path())


def said(checked):
    return [f"{each.message} | {each.hint}" for each in checked.problems]


MISTAKES = [
    ({"promt": "a"}, ["unknown param 'promt' | Did you mean 'prompt'?"]),
    ({"zzz": None}, [f"unknown param 'zzz' | {KNOWN}"]),
    ({"gon": 1}, [f"unknown param 'gon' | {KNOWN}"]),
    ({"prompt": None}, ["'prompt' is required | Add 'prompt' to the params."]),
    ({"prompt": 2024}, ["'prompt' must be text, not 2024 | Put it in quotes: \"2024\"."]),
    ({"prompt": True}, ["'prompt' must be text, not true | Put it in quotes: \"true\"."]),
    ({"prompt": ["a"]}, ["'prompt' must be text, not a list | Write one text, not a list."]),
    ({"prompt": {"a": 1}}, ["'prompt' must be text, not a mapping | Write a text."]),
    (
        {"prompt": "a"},
        ["'prompt' has 1 character; at least 2 are needed | Add 1 character."],
    ),
    (
        {"prompt": "ñandúes 🦤🦤🦤🦤"},
        ["'prompt' has 12 characters; at most 10 are allowed | Take 2 characters out."],
    ),
    (
        {"ratio": "16x9"},
        ["'ratio' must be one of '1:1', '16:9', '9:16', not '16x9' | Did you mean '16:9'?"],
    ),
    (
        {"ratio": "zzz"},
        ["'ratio' must be one of '1:1', '16:9', '9:16', not 'zzz' | Write one of these values."],
    ),
    (
        {"ratio": ["1:1"]},
        [
            "'ratio' must be one of '1:1', '16:9', '9:16', not a list | "
            "Write one of '1:1', '16:9', '9:16'."
        ],
    ),
    ({"duration": 7}, ["'duration' must be one of '5', '10', not 7 | Write one of these values."]),
    ({"duration": "05"}, ["'duration' must be one of '5', '10', not '05' | Did you mean '5'?"]),
    ({"seconds": True}, ["'seconds' must be one of 4, 8, not true | Write one of these values."]),
    ({"seconds": "4s"}, ["'seconds' must be one of 4, 8, not '4s' | Did you mean '4'?"]),
    (
        {"voice": "voice12"},
        [
            f"'voice' must be one of {TWELVE}, … (8 more), not 'voice12' | "
            "Did you mean 'Voice 12' or 'Voice 2' or 'Voice 1'?"
        ],
    ),
    (
        {"voice": "Rachel"},
        [
            f"'voice' must be one of {TWELVE}, … (8 more), not 'Rachel' | "
            "`vidi models show` lists all values."
        ],
    ),
    (
        {"tolerance": 3},
        ["'tolerance' must be one of '1', '2', not 3 | Write one of these values."],
    ),
    ({"factor": 5}, ["'factor' must be 4, not 5 | Write 4."]),
    ({"mode": "slow"}, ["'mode' must be 'fast', not 'slow' | Write 'fast'."]),
    (
        {"seed": "twelve"},
        ["'seed' must be a whole number, not the text 'twelve' | Write a whole number."],
    ),
    ({"seed": "5"}, ["'seed' must be a whole number, not the text '5' | Drop the quotes: 5."]),
    (
        {"seed": "5.5"},
        ["'seed' must be a whole number, not the text '5.5' | Write a whole number."],
    ),
    ({"seed": 5.5}, ["'seed' must be a whole number, not 5.5 | Write a whole number."]),
    ({"seed": True}, ["'seed' must be a whole number, not true | Write a whole number."]),
    ({"seed": [5]}, ["'seed' must be a whole number, not a list | Write a whole number."]),
    ({"count": 0}, ["'count' must be at least 1, not 0 | Write a number from 1 to 4."]),
    ({"count": 9}, ["'count' must be at most 4, not 9 | Write a number from 1 to 4."]),
    ({"steps": 0}, ["'steps' must be at least 1, not 0 | Write 1 or more."]),
    ({"cap": 101}, ["'cap' must be at most 100, not 101 | Write 100 or less."]),
    (
        {"scale": 0},
        ["'scale' must be more than 0, not 0 | Write more than 0 and less than 1."],
    ),
    (
        {"scale": 1.0},
        ["'scale' must be less than 1, not 1.0 | Write more than 0 and less than 1."],
    ),
    ({"width": 1000}, ["'width' must be a multiple of 16, not 1000 | Write 992 or 1008."]),
    (
        {"width": 4100},
        [
            "'width' must be at most 4096, not 4100 | Write a number from 64 to 4096.",
            "'width' must be a multiple of 16, not 4100 | Write 4096.",
        ],
    ),
    ({"strict": 5}, ["'strict' must be a multiple of 10, not 5 | Write a multiple of 10."]),
    (
        {"guidance": "0.7"},
        ["'guidance' must be a number, not the text '0.7' | Drop the quotes: 0.7."],
    ),
    (
        {"guidance": float("nan")},
        ["'guidance' must be a finite number, not nan | Write a number."],
    ),
    (
        {"anything": [float("-inf")]},
        ["'anything[0]' must be a finite number, not -inf | Write a number."],
    ),
    (
        {"guidance": Decimal("NaN")},
        ["'guidance' must be a finite number, not nan | Write a number."],
    ),
    (
        {"loop": "true"},
        ["'loop' must be true or false, not the text 'true' | Drop the quotes: true."],
    ),
    ({"loop": "No"}, ["'loop' must be true or false, not the text 'No' | Write false."]),
    ({"loop": "x"}, ["'loop' must be true or false, not the text 'x' | Write true or false."]),
    ({"loop": 1}, ["'loop' must be true or false, not 1 | Write true."]),
    ({"loop": 2}, ["'loop' must be true or false, not 2 | Write true or false."]),
    ({"loop": {}}, ["'loop' must be true or false, not a mapping | Write true or false."]),
    (
        {"either": "x"},
        [
            "'either' must be a whole number or true or false, not the text 'x' | "
            "Write a whole number or true or false."
        ],
    ),
    (
        {"language": "eng"},
        [
            "'language' must have the form ^[a-z]{2}$, not the text 'eng' | "
            "Write it in the form of that pattern."
        ],
    ),
    ({"size": "1024x768"}, [f"{SIZES}'1024x768' | Write {{width: 1024, height: 768}}."]),
    ({"size": "squar"}, [f"{SIZES}'squar' | Did you mean 'square'?"]),
    ({"size": 7}, [f"{SIZES}7 | Write one of these values."]),
    (
        {"size": [1, 2]},
        [f"{SIZES}a list | Write one of 'square', 'wide' or a mapping with width and height."],
    ),
    (
        {"size": {"width": 8, "depth": 1, "x": 2}},
        [
            "'size.width' must be at least 64, not 8 | Write a number from 64 to 4096.",
            "unknown param 'size.depth' | Did you mean 'width'?",
            "unknown param 'size.x' | Known params: width, height.",
            "'size.height' is required | Add 'height' to 'size'.",
        ],
    ),
    (
        {"size": {"width": None, "height": "5"}},
        [
            "'size.height' must be a whole number, not the text '5' | Drop the quotes: 5.",
            "'size.width' is required | Add 'width' to 'size'.",
        ],
    ),
    ({"amount": 10}, ["'amount' must be at most 9, not 10 | Write 9 or less."]),
    (
        {"amount": "aut"},
        ["'amount' must be a whole number or 'auto', not 'aut' | Did you mean 'auto'?"],
    ),
    (
        {"amount": True},
        ["'amount' must be a whole number or 'auto', not true | Write a whole number or 'auto'."],
    ),
    ({"tags": "a"}, ["'tags' must be a list, not the text 'a' | Write it as a list: ['a']."]),
    ({"tags": {"a": 1}}, ["'tags' must be a list, not a mapping | Write a list."]),
    ({"tags": []}, ["'tags' has 0 items; at least 1 is needed | Add 1 item."]),
    (
        {"tags": ["a", 1, None]},
        [
            "'tags' has 3 items; at most 2 are allowed | Take 1 item out.",
            "'tags[1]' must be text, not 1 | Put it in quotes: \"1\".",
            "'tags[2]' must be text, not null | Write a text.",
        ],
    ),
    ({"pair": (1,)}, ["'pair' has 1 item; at least 2 are needed | Add 1 item."]),
    (
        {"scenes": [{"text": "", "seconds": "7"}, {}]},
        [
            "'scenes[0].text' has 0 characters; at least 1 is needed | Add 1 character.",
            "'scenes[0].seconds' must be one of 5, 10, not '7' | Write one of these values.",
            "'scenes[1].text' is required | Add 'text' to 'scenes[1]'.",
        ],
    ),
    (
        {"options": 5},
        ["'options' must be a mapping, not 5 | Write a mapping with a and b."],
    ),
    ({"free": "x"}, ["'free' must be a mapping, not the text 'x' | Write a mapping."]),
    ({"none": {"a": 1}}, ["unknown param 'none.a' | Take it out: there are no params."]),
    (
        {"token": "x"},
        [
            "'token' has 1 character; at least 3 are needed | Add 2 characters.",
            "'token' must have the form ^r8, not this text | Write it in the form of that pattern.",
        ],
    ),
    ({"token": 1234}, ["'token' must be text, not a number | Put it in quotes."]),
    ({"token": True}, ["'token' must be text, not true or false | Put it in quotes."]),
    ({"token": []}, ["'token' must be text, not a list | Write one text, not a list."]),
    ({"kind": "b"}, ["'kind' must be 'a', not this text | Write 'a'."]),
    (
        {"gone": "x"},
        ["'gone' is not sent: the model no longer takes it | Take it out."],
    ),
    (
        {"old": "x"},
        [
            "'old' is deprecated | Take it out: a later version of the model may refuse it.",
            "'old' must be a whole number, not the text 'x' | Write a whole number.",
        ],
    ),
    (
        {"sync_mode": True},
        [
            "'sync_mode' must not be true: the provider then stores no result | "
            "Write false, or take it out."
        ],
    ),
    (
        {"prompt": "a\ud800b"},
        [
            "'prompt' has a broken character: half of a surrogate pair | "
            "Write the character itself, as UTF-8."
        ],
    ),
    (
        {"free": {"\udfff": 1}},
        [
            "'free.\\udfff' has a broken character: half of a surrogate pair | "
            "Write the character itself, as UTF-8."
        ],
    ),
    (
        {"anything": b"x"},
        [
            "'anything' must be text, a number, true, false, a list or a mapping, "
            "not a bytes object | Write a value that JSON has."
        ],
    ),
    (
        {"seed": "x" * 100},
        [f"'seed' must be a whole number, not the text '{'x' * 59}…' | Write a whole number."],
    ),
]


@pytest.mark.parametrize(("params", "messages"), MISTAKES)
def test_what_is_wrong_is_said(params, messages):
    assert said(check(**params)) == messages


def test_the_order_is_that_of_the_params_and_what_is_missing_comes_last():
    params = {"seed": "x", "gone": "a", "tags": [1], "zzz": 1, "count": 9}
    problems = check_params(MODEL, params, base=Path()).problems
    assert [(each.path, each.on_key, each.code, each.severity) for each in problems] == [
        (("seed",), False, "wrong-type", "error"),
        (("gone",), True, "legacy-param", "warning"),
        (("tags", 0), False, "wrong-type", "error"),
        (("zzz",), True, "unknown-param", "error"),
        (("count",), False, "bad-value", "error"),
        ((), True, "missing-param", "error"),
    ]


def test_keys_that_are_no_text_become_text():
    checked = check(free={1: {2: float("nan")}})
    assert checked.params["free"] == {"1": {"2": None}}
    assert said(checked) == ["'free.1.2' must be a finite number, not nan | Write a number."]


def test_places_inside_keys_that_are_no_text_still_sort():
    assert len(check(free={1: {2: b""}}, seed="x").problems) == 2


@pytest.mark.parametrize("name", ["deprecated-param", "legacy-param"])
def test_warnings_forbid_nothing(name):
    checked = check(gone="x", old=1)
    assert name in [each.code for each in checked.problems]
    assert checked.errors == ()


CONVERSIONS = [
    ("duration", 5, "5"),
    ("duration", 5.0, "5"),
    ("duration", "10", "10"),
    ("seconds", "8", 8),
    ("seconds", 8.0, 8),
    ("speed", 0.5, "0.5"),
    ("speed", 1, "1.0"),
    ("speed", Decimal(2), "2"),
    ("flag", True, "true"),
    ("flag", "false", "false"),
    ("tolerance", 1, 1),
    ("tolerance", "1", "1"),
    ("factor", 4, 4),
    ("factor", "4", "4"),
    ("mode", "fast", "fast"),
    ("seed", 5.0, 5),
    ("seed", Decimal(7), 7),
    ("guidance", 5, 5),
    ("guidance", 5.0, 5.0),
    ("guidance", Decimal("0.7"), 0.7),
    ("loop", False, False),
    ("sync_mode", False, False),
    ("size", "square", "square"),
    ("size", {"width": 64.0, "height": 64}, {"width": 64, "height": 64}),
    ("amount", 3.0, 3),
    ("amount", "auto", "auto"),
    ("tags", ("a",), ["a"]),
    ("scenes", [{"text": "a", "seconds": "10"}], [{"text": "a", "seconds": 10}]),
    ("options", {"a": None, "b": None}, {}),
    ("free", {"a": None, "b": [1.0, Path("x")]}, {"a": None, "b": [1.0, "x"]}),
    ("anything", None, None),
    ("ratio", None, None),
    ("gone", "x", None),
    ("gone", None, None),
    ("anything", "é🦤", "é🦤"),
]


@pytest.mark.parametrize(("name", "given", "sent"), CONVERSIONS)
def test_nothing_is_lost_in_a_conversion(name, given, sent):
    checked = check(**{name: given})
    assert checked.errors == ()
    assert (checked.params.get(name), type(checked.params.get(name))) == (sent, type(sent))


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


@pytest.mark.parametrize("given", [{}, {"sync_mode": None}, {"sync_mode": False}])
def test_a_refused_switch_that_is_on_by_default_is_sent_as_false(given):
    switch = {"type": "boolean", "x-refused": "it loses what was paid for", "default": True}
    checked = check_params(make_model({"sync_mode": switch}), given, base=Path())
    assert checked.params == checked.effective == {"sync_mode": False}


def test_what_comes_from_yaml_leaves_as_plain_values():
    given = parse_document("a.yaml", "prompt: cat\nscenes: [{text: a}]").root
    params = check_params(MODEL, given, base=Path()).params
    assert [type(each) for each in (params, params["scenes"], params["scenes"][0])] == [
        dict,
        list,
        dict,
    ]


def test_a_model_that_was_read_again_has_its_own_rules():
    for limit in range(1, 2100):
        model = make_model({"count": {"type": "integer", "maximum": limit}})
        checked = check_params(model, {"count": limit + 1}, base=Path())
        assert [each.path for each in checked.problems] == [("count",)]


# ---- every shipped template


@pytest.fixture(scope="module")
def models():
    return ModelRegistry().list_models()


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
        assert [each.message for each in checked.problems] == ["unknown param 'prompt_of_nobody'"]


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


@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_template_allows_passes_and_converts_to_itself(models, data):
    model = data.draw(st.sampled_from(models))
    params = data.draw(values_of(model.params))
    checked = check_params(model, params, base=Path())
    assert checked.errors == (), said(checked)
    again = check_params(model, checked.params, base=Path())
    assert repr(again.params) == repr(checked.params)
    assert again.effective == checked.effective


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.just("\ud800"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(deadline=None, max_examples=500)
@given(params=st.dictionaries(st.sampled_from([*PARAMS, "zzz"]), JSON, max_size=4))
def test_no_value_breaks_the_check_and_what_passes_is_json(params):
    checked = check_params(MODEL, params, base=Path())
    assert all(each.message and each.hint for each in checked.problems)
    if not checked.errors:
        json.dumps(checked.params, allow_nan=False).encode()
        assert check_params(MODEL, checked.params, base=Path()).params == checked.params
