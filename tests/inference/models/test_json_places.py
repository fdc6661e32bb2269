import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.inference.models.json_places import find_value, line_and_column

TEXT = '{\n  "a": [1, {"b": "x"}, []],\n  "c": {}\n}'
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ([], (1, 1)),
        (["a"], (2, 8)),
        (["a", 0], (2, 9)),
        (["a", 1, "b"], (2, 18)),
        (["a", 2], (2, 24)),
        (["c"], (3, 8)),
        (["a", 1, "missing"], (2, 12)),
        (["a", 9], (2, 8)),
        (["a", "b"], (2, 8)),
        (["a", 0, "b"], (2, 9)),
        (["missing", "b"], (1, 1)),
        (["c", 0], (3, 8)),
    ],
)
def test_places(path, place):
    assert line_and_column(TEXT, find_value(TEXT, path)) == place


def paths(value):
    yield []
    steps = value.items() if isinstance(value, dict) else ()
    for step, inner in enumerate(value) if isinstance(value, list) else steps:
        yield from ([step, *rest] for rest in paths(inner))


@given(VALUES, st.sampled_from([None, 1]))
def test_every_value_is_found_where_it_stands(value, indent):
    text = json.dumps(value, indent=indent)
    for path in paths(value):
        expected = value
        for step in path:
            expected = expected[step]
        found, _ = json.JSONDecoder().raw_decode(text, find_value(text, path))
        assert found == expected
