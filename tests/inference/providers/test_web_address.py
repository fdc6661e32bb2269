"""What may be asked for as a URL."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidi.inference.providers.web_address import is_web_address


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ("https://api.replicate.com/v1/predictions/a?b=c", True),
        ("http://127.0.0.1:8000/fal-queue", True),
        ("http://[::1]:8000/", True),
        ("https://host:99999/", False),
        ("https://host:port/", False),
        ("https://[::1/", False),
        ("https:///path", False),
        ("ftp://host/", False),
        ("/v1/predictions", False),
        ("https://host/a b", False),
        ("https://host/\n", False),
        ("https://hóst/", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_only_whole_plain_urls_are_taken(value, good):
    assert is_web_address(value) is good


@given(st.text(alphabet="htps:/@[]%.?#0159 -_\x00a\n", max_size=20))
def test_httpx_takes_whatever_is_taken_here(tail):
    url = f"https://{tail}"
    if is_web_address(url):
        assert httpx.URL(url).scheme == "https"
