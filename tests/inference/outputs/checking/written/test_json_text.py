"""JSON of a size that is not parsed: its brackets and strings are followed to their end."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.errors import DownloadError
from vidi.inference.models.template import OutputType
from vidi.inference.outputs.checking.facts import Facts
from vidi.inference.outputs.checking.verify import verify
from vidi.inference.outputs.checking.written import json_text

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.sampled_from('\\"[]{},:ñ😀\n'), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
LARGE = 9 << 20
"""Bytes."""
PARTLY = "too large to be parsed: only its brackets are checked"
OPEN = r"^the JSON does not read: a bracket or a string of it does not end$"


def is_closed(content: bytes) -> bool:
    return json_text.is_closed(io.BytesIO(content), len(content))


@given(VALUES, st.booleans())
def test_what_is_json_is_closed(value, plain):
    assert is_closed(json.dumps(value, ensure_ascii=plain).encode())


@given(st.lists(VALUES, max_size=4).map(json.dumps), st.integers(0, 200))
def test_what_is_cut_is_not(content, end):
    """A list that lacks its end is never closed."""
    cut = content[: min(end, len(content) - 1)]
    assert not cut or not is_closed(cut.encode())


@pytest.mark.parametrize("content", [b"]", b"[}", b"{]", b"[[]", b'["', b'["\\"]', b"[]]", b'"'])
def test_what_does_not_fit_is_not(content):
    assert not is_closed(content)


@pytest.mark.parametrize("place", range(4))
def test_what_is_escaped_may_be_in_the_next_piece(place):
    """Pieces are of one MiB."""
    escaped = b'["' + b"x" * ((1 << 20) - 4 + place) + b'\\"]"]'
    assert is_closed(escaped)
    assert not is_closed(escaped[:-2])


def test_one_that_is_deeper_than_anybody_writes_is_not():
    assert not is_closed(b"[" * (2 << 20) + b"]" * (2 << 20))


@pytest.fixture
def check(tmp_path):
    def run(content: bytes, *kinds: OutputType, name: str = "x.json") -> Facts:
        path = tmp_path / "staged"
        path.write_bytes(content)
        return verify(path, kinds, name)

    return run


def test_a_large_one_is_kept_and_told(check):
    content = b'{"a": "' + b"x" * LARGE + b'"}'
    assert check(content, OutputType.JSON) == Facts("application/json", warning=PARTLY)


def test_a_large_one_that_does_not_end_is_refused(check):
    with pytest.raises(DownloadError, match=OPEN):
        check(b'{"a": "' + b"x" * LARGE, OutputType.JSON)


def test_a_large_text_may_begin_as_one(check):
    assert check(b"[Music " + b"x" * LARGE, OutputType.TEXT) == Facts("text/plain")


@pytest.mark.parametrize("value", ["1e999", "-1.5e-400", "1" * 5000, "NaN"])
def test_a_number_is_only_looked_at(check, value):
    assert check(b"[" + value.encode() + b"]", OutputType.JSON) == Facts("application/json")
