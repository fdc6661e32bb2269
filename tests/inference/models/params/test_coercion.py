"""Params as plain JSON values in the types that the schema asks for."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.models.params import MODEL, PARAMS, check, make_model, said
from support.turns import examples
from vidi.inference.models.params.schema import check_params
from vidi.jobs.reading.document import parse_document

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


def test_keys_that_are_no_text_become_text():
    checked = check(free={1: {2: float("nan")}})
    assert checked.params["free"] == {"1": {"2": None}}
    assert said(checked) == ["'free.1.2' must be a finite number, not nan | Write a number."]


def test_places_inside_keys_that_are_no_text_still_sort():
    assert len(check(free={1: {2: b""}}, seed="x").problems) == 2


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


@settings(deadline=None, max_examples=examples(500))
@given(params=st.dictionaries(st.sampled_from([*PARAMS, "zzz"]), JSON, max_size=4))
def test_no_value_breaks_the_check_and_what_passes_is_json(params):
    checked = check_params(MODEL, params, base=Path())
    assert all(each.message and each.hint for each in checked.problems)
    if not checked.errors:
        json.dumps(checked.params, allow_nan=False).encode()
        assert check_params(MODEL, checked.params, base=Path()).params == checked.params
