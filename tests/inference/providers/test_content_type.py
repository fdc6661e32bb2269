"""The content type of an input file."""

from __future__ import annotations

import pytest

from vidi.inference.providers.content_type import BY_MAGIC, BY_SUFFIX, guess_content_type


@pytest.mark.parametrize(("suffix", "content_type"), BY_SUFFIX.items())
def test_the_suffix_decides(suffix, content_type):
    assert guess_content_type(f"x{suffix.upper()}", b"\x89PNG\r\n\x1a\n") == content_type


@pytest.mark.parametrize(("offset", "magic", "content_type"), BY_MAGIC)
def test_without_a_known_suffix_the_first_bytes_do(offset, magic, content_type):
    assert guess_content_type("file", bytes(offset) + magic + bytes(8)) == content_type


@pytest.mark.parametrize("head", [b"", b"hello"])
def test_anything_else_is_a_stream_of_bytes(head):
    assert guess_content_type("file.xyz", head) == "application/octet-stream"
