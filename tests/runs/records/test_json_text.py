"""JSON in pieces is the very text that it is as a whole, and is taken apart again."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.runs.records.json_text import (
    LongList,
    render_in_pieces,
    render_json,
    render_row_by_row,
    split_row_by_row,
)

TEXTS = st.text(max_size=8) | st.sampled_from(
    ["\u2028", '"inferences": []', '\n  "inferences": [', "\n    },\n    {", "\n    }\n  ]", "]"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.decimals(-9, 9, places=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=3), max_size=5)
HEADS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2)
TAILS = st.dictionaries(st.sampled_from("xyz"), VALUES, max_size=2)


def document_of(head, rows, tail):
    return {"schema_version": 2, **head, "inferences": rows, **tail}


def in_pieces(text, size):
    return (text[start : start + size] for start in range(0, len(text), size))


@given(HEADS, ROWS, TAILS)
def test_row_by_row_it_is_the_same_text(head, rows, tail):
    document = document_of(head, rows, tail)
    assert "".join(render_row_by_row(document, "inferences")) == render_json(document)


@given(HEADS, ROWS.filter(bool), TAILS, st.integers(1, 200))
def test_each_row_is_found_again_and_then_the_rest(head, rows, tail, size):
    document = document_of(head, rows, tail)
    *found, rest = split_row_by_row(in_pieces(render_json(document), size), "inferences")
    plain = json.loads(render_json(document))
    assert [json.loads(row) for row in found] == plain["inferences"]
    assert json.loads(rest) == {**plain, "inferences": []}


@given(HEADS, ROWS, TAILS, st.data())
def test_what_is_cut_short_is_not_taken_for_whole(head, rows, tail, data):
    text = render_json(document_of(head, rows, tail))
    cut = text[: data.draw(st.integers(0, len(text) - 3))]
    with pytest.raises(ValueError, match=r".*"):
        [json.loads(part) for part in split_row_by_row([cut], "inferences")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"inferences": [{"id": "a"}]}',
        json.dumps({"inferences": [{"id": "a"}]}, indent=4),
        json.dumps({"inferences": [{"id": "a"}]}, indent="\t"),
        '{\n  "inferences": []\n}',
        '{\n  "inferences": [\n    {' + " " * (9 << 19),
        " " * (9 << 19),
    ],
)
def test_another_form_is_not_guessed_at(text):
    with pytest.raises(ValueError, match=r"no such list|no end of a row"):
        list(split_row_by_row(in_pieces(text, 1 << 16), "inferences"))


@given(st.lists(ROWS, max_size=3), VALUES, st.randoms())
def test_lists_that_are_put_off_are_written_where_they_stand(lists, other, random):
    put_off = [LongList(iter(rows)) for rows in lists]
    document = {"jobs": [{"inferences": each, "other": other} for each in put_off], "end": other}
    whole = {"jobs": [{"inferences": each, "other": other} for each in lists], "end": other}
    random.shuffle(put_off)
    never = LongList(iter([1]))
    assert "".join(render_in_pieces(document, [never, *put_off])) == render_json(
        whole, indented=False
    )


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 100])
def test_a_long_list_is_made_while_it_is_written(count):
    made = []

    def make():
        for number in range(count):
            made.append(number)
            yield {"id": number, "usd": Decimal("0.1")}

    rows = LongList(make())
    pieces = render_in_pieces({"rows": rows}, [rows])
    text = next(pieces)
    assert made == []
    text += next(pieces)
    assert len(made) <= 32
    text += "".join(pieces)
    assert [row["id"] for row in json.loads(text)["rows"]] == list(range(count))
